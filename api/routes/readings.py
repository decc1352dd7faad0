"""Readings: intake of frames."""

from __future__ import annotations

import json
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, JsonValue
from starlette.requests import ClientDisconnect

from api.bodies import BodyBudget, require_encoding, unpack
from api.channels import TAKEN
from api.dependencies import CallerDep, CityDep
from api.errors import BadRequest, PayloadTooLarge
from api.live_room import LiveRoom
from api.overload import sender_of
from api.receipts import receipt
from twin.errors import BadFrame
from twin.readings import Result

router = APIRouter(tags=["readings"])

MAX_BODY_BYTES = 8 * 2**20
MAX_FRAMES = 5_000
"""Frames in one request; gateways send 100 to 1,000."""


class FrameModel(BaseModel):
    """One reading frame."""

    source: str = Field(description="Code of the source.", examples=["substation:S001"])
    schema_: str = Field(alias="schema", description="Code of its frame schema, or CODE/VERSION.", examples=["weather_station"])
    observed_at: int = Field(description="Time by the device's clock, epoch milliseconds.", examples=[1795255200000])
    values: list[float | None] = Field(description="One value a point, in schema order; null = missing.", examples=[[-12.4]])
    quality: list[int] | None = Field(None, description="QARTOD flags 1, 2, 3, 4, 9, one a point.", examples=[[1]])


class ReadingsBody(BaseModel):
    """A batch of frames; the same body by HTTP and by a broker."""

    frames: list[FrameModel] = Field(max_length=MAX_FRAMES)


class ReadingsAnswer(BaseModel):
    """What became of each frame. It comes after the commit: an accepted frame is on disk."""

    results: list[Result] = Field(description="One a frame, in order.", examples=[["accepted", "duplicate"]])
    counts: dict[Result, int] = Field(description="How many of each.", examples=[{"accepted": 1, "duplicate": 1}])


def live_room(request: Request) -> LiveRoom:
    """Return the live room of the process."""
    room: LiveRoom = request.app.state.live
    return room


async def _body(request: Request) -> bytes:
    """Return the unpacked body."""
    try:
        packed = await request.body()
    except ClientDisconnect:
        raise BadRequest("the sender left before its body was whole") from None
    budget: BodyBudget = request.app.state.bodies
    return await unpack(packed, require_encoding(request.headers), limit=MAX_BODY_BYTES, budget=budget)


def parse_frames(body: bytes) -> list[Any]:
    """Return the frames of a body; each is checked later, on its own.

    `NaN` and `Infinity` are no JSON, but programs write them: they are read, and refused with their frame only.

    Raises
    ------
    BadFrame
        When it is not JSON of the shape `{"frames": [...]}`.
    PayloadTooLarge
        When it holds too many frames.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        data = _parse_leniently(body, error)
    frames = data.get("frames") if isinstance(data, dict) else None
    if not isinstance(frames, list):
        raise BadFrame('the body must be {"frames": [...]}')
    if len(frames) > MAX_FRAMES:
        raise PayloadTooLarge(f"the body has {len(frames)} frames; at most {MAX_FRAMES} are taken, send smaller batches")
    return frames


def _parse_leniently(body: bytes, error: orjson.JSONDecodeError) -> Any:
    """Read a body again that holds NaN, Infinity or a number too large for any float."""
    try:
        return json.loads(body.decode(), parse_int=_whole_number)
    except (ValueError, RecursionError):
        raise BadFrame(f"the body is not JSON: {error}") from None


def _whole_number(digits: str) -> int | float:
    """Read a whole number; one of absurd length as a float, which takes no time that grows with its square."""
    return int(digits) if len(digits) < 20 else float(digits)


_BODY_SCHEMA = ReadingsBody.model_json_schema(ref_template="#/components/schemas/{model}")


def _inline(schema: JsonValue, definitions: dict[str, JsonValue]) -> JsonValue:
    """Put the definitions in the place of their references, as OpenAPI has no room for `$defs` here."""
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _inline(definitions[reference.rsplit("/", 1)[-1]], definitions)
    return {key: _inline(value, definitions) for key, value in schema.items() if key != "$defs"}


_REFUSALS: dict[int | str, dict[str, Any]] = {
    408: {"description": "The body did not come in its time."},
    413: {"description": "The body has too many bytes or frames."},
    415: {"description": "The body has another type or encoding than those that are read."},
    429: {"description": "The sender is over its rate; Retry-After says when to come again."},
    503: {"description": "The queue is full or the database away; nothing of the request is stored. See Retry-After."},
}
_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _inline(_BODY_SCHEMA, _BODY_SCHEMA.get("$defs", {}))}},
    }
}


@router.post("/readings", openapi_extra=_REQUEST_BODY, response_model=ReadingsAnswer, responses=_REFUSALS)
async def post_readings(request: Request, caller: CallerDep, city: CityDep) -> Response:
    """Take reading frames; the answer comes after the commit and says of each frame what became of it."""
    caller.scope.require_layer("readings")
    room, sender, rates = live_room(request), sender_of(request.scope), request.app.state.sender_rates
    frames = parse_frames(await _body(request))
    rates.charge(sender, len(frames))
    results = await room.submit(city, frames, caller.scope, sender=sender)
    named = request.headers.get("x-app-id") or caller.seat
    # made by hand: a model of 5,000 results takes longer than their check
    made = receipt(room.refused, city, named, frames, results)
    request.app.state.channels.http.note(TAKEN, made.counts)
    return Response(made.as_json(), media_type="application/json")
