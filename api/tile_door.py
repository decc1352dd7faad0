"""The door before the application: vector tiles are answered here, before routing and middlewares.

A cached tile costs two look-ups and the sending. What the door does not understand to the letter (another method, a number that
is none, a signed request) goes on to the application, whose route does the same by the same `TileRoom`. Who may see what is
decided by the gate's own `Admission`; a decision is remembered for a second, and dropped as soon as a session of this process
ends or changes.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple, cast
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import encoding_for
from api.auth.gate import Admission
from api.dependencies import Caller
from api.error_answers import error_response
from api.errors import KNOWN_ERRORS
from api.headers import RAW_HEADERS
from api.routes.metrics import count_request
from api.tile_room import Prepared, TileAddress, TileRoom, Visitor, tile_answer
from gis.errors import GisError
from tiles.cache import Entry
from tiles.errors import TilesError
from tiles.selections import selection_of

ROUTE: Final = "/tiles/{names}/{z}/{x}/{y}.mvt"
"""Template of the address, as the figures name it."""

_PATH: Final = re.compile(r"/tiles/([^/]+)/(\d{1,3})/(\d{1,9})/(\d{1,9})\.mvt")
_CITY: Final = re.compile(r"\d{1,9}")
_REMEMBERED_S: Final = 1.0
_REMEMBERED_MAX: Final = 20_000
_WATCH_AFTER_S: Final = 0.05
"""A tile that takes longer is watched: when its client leaves, it is not drawn for nobody."""
_CLIENT_LEFT: Final = 499


class _Headers(NamedTuple):
    """The headers that decide about a tile, as they came."""

    host: bytes
    cookie: bytes
    accept_encoding: bytes
    if_none_match: bytes
    signed: bool


class _Request(NamedTuple):
    """What an ASGI server hands over, and the headers that were read of it."""

    scope: Scope
    receive: Receive
    send: Send
    headers: _Headers


class _Admitted(NamedTuple):
    """A remembered decision of the gate."""

    until_s: float
    generation: int
    visitor: Visitor


class TileDoor:
    """ASGI application around the application.

    Parameters
    ----------
    app
        Gets what is not for the door.
    admission
        Decides who may pass; the gate's own.
    """

    def __init__(self, app: ASGIApp, *, admission: Admission) -> None:
        self._app = app
        self._admission = admission
        self._admitted: dict[tuple[bytes, bytes], _Admitted] = {}
        self._prepared: dict[tuple[str, str, bytes], Prepared] = {}
        self._prepared_number = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a tile, or pass the request on."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.endswith(".mvt") or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        started, headers = time.perf_counter(), _read_headers(scope)
        room: TileRoom = scope["app"].state.tile_room
        hit = self._hit(room, scope, headers)
        if hit is not None:
            status = await _send_tile(scope, send, *hit, headers)
        else:
            address = address_of(path, scope["query_string"])
            if address is None or headers.signed:
                await self._app(scope, receive, send)
                return
            status = await self._answer(_Request(scope, receive, send, headers), room, address)
        count_request(scope["method"], ROUTE, status, time.perf_counter() - started)

    def _hit(self, room: TileRoom, scope: Scope, headers: _Headers) -> tuple[Prepared, Entry] | None:
        """Return a tile that is held, for a seat that is known; nothing waits here."""
        visitor = self._known_visitor(headers)
        if visitor is None:
            return None
        if self._prepared_number != room.news.built_number:
            self._prepared.clear()
            self._prepared_number = room.news.built_number
        prepared = self._prepared.get((visitor.rights, scope["path"], scope["query_string"]))
        if prepared is None:
            return None
        entry = room.held(prepared, encoding_for(headers.accept_encoding.decode("latin-1")))
        return None if entry is None else (prepared, entry)

    async def _answer(self, request: _Request, room: TileRoom, address: TileAddress) -> int:
        """Answer a tile that must be drawn, or an error; returns the status."""
        scope, receive, send, headers = request
        try:
            visitor = self._known_visitor(headers) or await self._admit(scope, receive, headers)
            prepared = await self._prepare(room, scope, visitor, address)
            entry = await _while_wanted(room, prepared, headers, receive)
        except KNOWN_ERRORS as error:
            refusal = error_response(error)
            refusal.raw_headers.extend(RAW_HEADERS)
            await refusal(scope, receive, send)
            return refusal.status_code
        if entry is None:
            return _CLIENT_LEFT
        return await _send_tile(scope, send, prepared, entry, headers)

    def _known_visitor(self, headers: _Headers) -> Visitor | None:
        found = self._admitted.get((headers.host, headers.cookie))
        if found is None or headers.signed or found.generation != self._admission.identity.generation:
            return None
        return found.visitor if found.until_s > time.monotonic() else None

    async def _admit(self, scope: Scope, receive: Receive, headers: _Headers) -> Visitor:
        generation = self._admission.identity.generation
        await self._admission.admit(scope, receive)
        caller = cast(Caller, scope["state"]["caller"])
        visitor = Visitor(caller.scope, caller.scope.rights_class)
        if len(self._admitted) >= _REMEMBERED_MAX:
            self._admitted.clear()
        self._admitted[headers.host, headers.cookie] = _Admitted(time.monotonic() + _REMEMBERED_S, generation, visitor)
        return visitor

    async def _prepare(self, room: TileRoom, scope: Scope, visitor: Visitor, address: TileAddress) -> Prepared:
        key = (visitor.rights, scope["path"], scope["query_string"])
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = await room.prepare(visitor, address)
            if len(self._prepared) >= _REMEMBERED_MAX:
                self._prepared.clear()
            self._prepared[key] = prepared
        return prepared


def _read_headers(scope: Scope) -> _Headers:
    host = cookie = accept_encoding = if_none_match = b""
    signed = False
    # of a header that comes twice the first counts, as for the gate
    for name, value in scope["headers"]:
        if name == b"host":
            host = host or value
        elif name == b"cookie":
            cookie = cookie or value
        elif name == b"accept-encoding":
            accept_encoding = accept_encoding or value
        elif name == b"if-none-match":
            if_none_match = if_none_match or value
        elif name == b"x-app-id":
            signed = True
    return _Headers(host, cookie, accept_encoding, if_none_match, signed)


@lru_cache(maxsize=_REMEMBERED_MAX)
def address_of(path: str, query: bytes) -> TileAddress | None:
    """Return what an address asks for; None when the route must say what is wrong with it."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    city = given.get("city")
    if city is not None and _CITY.fullmatch(city) is None:
        return None
    try:
        selection = selection_of(match[1], given.get("crs", "wgs84"), given.get("with", ""))
    except (TilesError, GisError):
        return None
    return TileAddress(selection, (int(match[2]), int(match[3]), int(match[4])), None if city is None else int(city))


async def _while_wanted(room: TileRoom, prepared: Prepared, headers: _Headers, receive: Receive) -> Entry | None:
    """Return the tile; None when its client left before it was drawn."""
    drawing = asyncio.ensure_future(room.entry(prepared, encoding_for(headers.accept_encoding.decode("latin-1"))))
    try:
        await asyncio.wait((drawing,), timeout=_WATCH_AFTER_S)
        if drawing.done():
            return drawing.result()
        leaving = asyncio.ensure_future(_until_left(receive))
        try:
            await asyncio.wait((drawing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
        return drawing.result() if drawing.done() else None
    finally:
        if not drawing.done():
            drawing.cancel()
            with suppress(asyncio.CancelledError, *KNOWN_ERRORS):
                await drawing


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_tile(scope: Scope, send: Send, prepared: Prepared, entry: Entry, headers: _Headers) -> int:
    status, raw, body = tile_answer(prepared, entry, headers.if_none_match.decode("latin-1"))
    raw.extend(RAW_HEADERS)
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
    return status
