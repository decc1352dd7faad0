"""The exchange interface of CJJ/T 312-2021 appendix B: generic push and query, signed by their parameters (docs/exchange.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.auth.gate import caller_of
from api.auth.identity import Identified
from api.channels import TAKEN, Channel
from api.dependencies import Caller
from api.errors import PasswordMustChange, PayloadTooLarge
from api.exchange.answers import Code, ExchangeRefused, answer, refusal
from api.exchange.basic import BasicPush
from api.exchange.forms import PUSH_PARAMETERS, QUERY_PARAMETERS, Form, parse_form, require_form_type, require_version
from api.exchange.query import query_basic
from api.exchange.realtime import RealtimePush
from api.exchange.rows import RowAnswer, parse_rows, summary
from api.exchange.signing import find_seat
from api.exchange.tables import TABLES, Table
from api.exchange.where import parse_where
from data.cities import resolve_city

router = APIRouter(tags=["exchange"], prefix="/eUrbanMIS/api/v1")

MAX_FORM_BYTES: Final = 12 * 2**20
"""Largest form: what is 4 MiB of JSON may be three times as long in a form."""
_REALTIME: Final = "realtime"

_EXAMPLE_PUSH: Final = {
    "group": "realtime",
    "table": "device_realtime_reading",
    "data": '[{"BSM":"1","SSLXDM":"SZSSLX_GRGW","SZSSDM":"HRZ012","SSMC":"热力站012","DWBSM":"P1","JCXDM":"JCX_0014",'
    '"JCXZ":52.3,"JCSBSJ":"2026-11-22 08:00:00","JCXMS":"二次供水温度"}]',
    "appID": "gateway-1",
    "timestamp": 1795255200,
    "sign": "0" * 64,
    "version": "1.0",
}
_EXAMPLE_ANSWER: Final = {
    "code": 201,
    "message": "Created",
    "data": {
        "total": 1,
        "stored": 1,
        "known": 0,
        "refused": 0,
        "rows": [{"row": 1, "BSM": "1", "code": 201, "result": "stored"}],
    },
}
_EXAMPLE_ROWS: Final = {
    "code": 200,
    "message": "OK",
    "data": {
        "total": 1,
        "page": 1,
        "size": 100,
        "rows": [{"BSM": "P1", "SSLXDM": "SZSSLX_GRGW", "SSMC": "热力站012", "GC": None}],
    },
}
_ANSWER: Final = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "integer", "description": "Status or error code of the platform requirements, 6.1."},
        "message": {"type": "string", "description": "Its name."},
        "error": {"type": "string", "description": "What is wrong and what would be right."},
        "data": {"type": "object", "description": "Rows asked for, or what became of each row pushed."},
    },
}


def _json(description: str, example: Any = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _ANSWER}
    return {"description": description, "content": {"application/json": content | ({"example": example} if example else {})}}


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: _json("10001 parameters invalid, or some rows refused"),
    401: _json("10002 signature failed, 10003 time lapse"),
    403: _json("10004 appID not allocated, 403 not within the rights of the appID"),
    413: _json("10001 the form is too large"),
    500: _json("10005 interface server error"),
    503: _json("10005 for now: send again after Retry-After"),
}
_TEXTS: Final = {
    "group": "Data group: basic or realtime.",
    "table": "Data table, see docs/exchange.md.",
    "data": "JSON array of rows, at most 5,000.",
    "where": "Conditions, for instance BSM=P1 and PAGE_SIZE=50.",
    "appID": "Id of an API key.",
    "timestamp": "Seconds since 1970 UTC, at most 300 s off.",
    "sign": "Hexadecimal HMAC-SM3 or HMAC-SHA-256.",
    "version": "1.0, or absent.",
}
_PROPERTIES: Final = {
    name: {"type": "integer" if name == "timestamp" else "string", "description": _TEXTS[name]} for name in PUSH_PARAMETERS
}
_PUSH_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": [name for name in PUSH_PARAMETERS if name != "version"],
                    "properties": _PROPERTIES,
                },
                "example": _EXAMPLE_PUSH,
            }
        },
    }
}
_QUERY_EXAMPLES: Final = _EXAMPLE_PUSH | {"group": "basic", "table": "monitoring_point", "where": "BSM=P1"}
_QUERY_FORM: Final = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": name not in {"version", "where"},
            "description": _TEXTS[name],
            "schema": {"type": "integer" if name == "timestamp" else "string"},
            "example": _QUERY_EXAMPLES[name],
        }
        for name in QUERY_PARAMETERS
    ]
}


@router.post(
    "/pushdata",
    response_class=Response,
    status_code=201,
    responses={201: _json("All rows are stored, or were there already", _EXAMPLE_ANSWER), **_REFUSALS},
    openapi_extra=_PUSH_FORM,
)
async def push_data(request: Request) -> Response:
    """Take rows of a table; the answer comes after the commit and tells of each row what became of it (通用数据推送接口)."""
    return await _answered(request, partial(_push, request))


@router.get(
    "/getdata",
    response_class=Response,
    responses={200: _json("A page of rows", _EXAMPLE_ROWS), **_REFUSALS},
    openapi_extra=_QUERY_FORM,
)
async def get_data(request: Request) -> Response:
    """Return rows of a table that the appID may read (通用数据查询接口)."""
    return await _answered(request, partial(_query, request))


async def _answered(request: Request, serve: Callable[[], Awaitable[Response]]) -> Response:
    """Serve a call and count it; whatever fails is answered by a code of the exchange."""
    channel: Channel = request.app.state.channels.exchange
    try:
        response = await serve()
    except Exception as error:  # the interface promises a JSON answer with a code, never a stack trace
        response = refusal(error)
        channel.note(f"refused_{response.status_code}")
    else:
        channel.note(TAKEN)
    return response


async def _push(request: Request) -> Response:
    form = await asyncio.to_thread(parse_form, await _body(request), known=PUSH_PARAMETERS)
    caller, city_id = await _caller(request, form)
    require_form_type(request.headers.get("content-type", ""))
    table = _table(form)
    rows = await asyncio.to_thread(parse_rows, form["data"], table)
    state = request.app.state
    if table.group == _REALTIME:
        push = RealtimePush(state.pool, state.live, caller, city_id, form["appID"], state.channels.exchange)
        answers = await push.store(rows)
    else:
        answers = await BasicPush(state.pool, state.live, caller, city_id, state.exchange_lock).store(table, rows)
    return _pushed(answers)


def _pushed(answers: list[RowAnswer]) -> Response:
    data = summary(answers)
    if not data["refused"]:
        return answer(Code.CREATED, data=data)
    error = f"{data['refused']} of {data['total']} rows were refused, see data.rows; the others are stored"
    return answer(Code.PARAMETERS_INVALID, error=error, data=data)


async def _query(request: Request) -> Response:
    form = parse_form(request.url.query.encode(), known=QUERY_PARAMETERS)
    caller, city_id = await _caller(request, form)
    table = _table(form)
    if table.group == _REALTIME:
        raise ExchangeRefused(
            Code.PARAMETERS_INVALID, f"table {table.name} is pushed only; readings are read by GET /assets/{{asset_id}}/readings"
        )
    return answer(
        Code.OK, data=await query_basic(request.app.state.pool, caller, city_id, table, parse_where(form["where"], table))
    )


async def _caller(request: Request, form: Form) -> tuple[Caller, int]:
    """Return who signed a call, and the city of the seat."""
    pool = request.app.state.pool
    seat = await find_seat(form, pool, request.app.state.identity)
    if seat.must_change_password:
        raise PasswordMustChange("the one-time password of this seat must be changed first")
    require_version(form)
    caller = caller_of(Identified(seat, "key"))
    return caller, await resolve_city(pool, caller.scope, None)


def _table(form: Form) -> Table:
    table = TABLES.get(form["table"])
    if table is None or table.group != form["group"]:
        there = ", ".join(f"{item.group}/{item.name} ({item.label_zh})" for item in TABLES.values())
        asked = f"{form['group'][:50]}/{form['table'][:50]}"
        raise ExchangeRefused(Code.PARAMETERS_INVALID, f"there is no table {asked!r} to exchange; tables are {there}")
    return table


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM_BYTES:
            raise PayloadTooLarge(f"the form has more than {MAX_FORM_BYTES} bytes; send fewer rows")
        parts.append(part)
    return b"".join(parts)
