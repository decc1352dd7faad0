"""Live state: a WebSocket of snapshots and deltas, and the same state by one GET."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated, Literal, TypeAlias, cast, get_args

from fastapi import APIRouter, Query, Request, Response, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field

from api.dependencies import Caller, CallerDep, CityDep, get_ws_caller
from api.errors import ApiError, BadRequest, status_of
from api.live_room import LiveRoom, require_theme
from api.replay_room import ReplayRoom
from api.replaying import Playing, start_of
from api.routes.readings import live_room
from api.segment_room import PastSegments, SegmentRoom
from data.cities import resolve_city
from data.errors import DataError
from twin import delta
from twin.errors import TwinError

router = APIRouter(tags=["live"])

_SINCE = re.compile(r"(\d{1,10}):(\d{1,19})")
BINARY = "application/octet-stream"
CLOSE_BASE = 4000
"""Close codes are 4000 + the HTTP status of the error; the reason is its message."""
Ids: TypeAlias = Literal["assets", "segments"]
"""What the ids of live state stand for."""
BOTH = "assets,segments"
"""A replay that sends both, told apart by the flag of its messages."""


class LiveState(BaseModel):
    """Live state of one theme."""

    epoch: int
    seq: int
    as_of_ms: int
    theme: str
    items: list[tuple[int, float | None, int, int]] = Field(
        description="asset_id (or segment_id), value in the theme's unit or null, status code, QARTOD flag",
        examples=[[[12, 52.3, 1, 1]]],
    )


@router.get("/live/state", responses={200: {"content": {BINARY: {}}, "description": "JSON, or the snapshot of WS /live"}})
async def get_live_state(
    request: Request,
    caller: CallerDep,
    city: CityDep,
    theme: Annotated[str, Query(examples=["status"])] = "status",
    ids: Annotated[Ids, Query(description="`segments`: the theme `status` of topology segments", examples=["assets"])] = "assets",
) -> LiveState:
    """Return the live state of all visible assets: JSON, or with `Accept: application/octet-stream` the binary snapshot."""
    caller.scope.require_layer("readings")
    room, name = live_room(request), _theme_of(theme, ids)
    live_city = room.require_city(city)
    segments: SegmentRoom = request.app.state.segments
    if ids == "segments":
        await segments.look(city)
    if BINARY in request.headers.get("accept", ""):
        of_segments = ids == "segments"
        data, _ = segments.message(city, caller.scope, None) if of_segments else room.message(city, name, caller.scope, None)
        return Response(data, media_type=BINARY, headers={"Cache-Control": "no-store"})  # type: ignore[return-value]
    message = segments.snapshot(city, caller.scope) if ids == "segments" else live_city.snapshot(name, caller.scope)
    return _state(name, message)


def _theme_of(theme: str, ids: Ids) -> str:
    """Return a theme that is served for these ids.

    Raises
    ------
    BadRequest
        When it is not.
    """
    name = require_theme(theme)
    if ids == "segments" and name != delta.STATUS.name:
        raise BadRequest(f"theme is {name!r}; segments have a status only: theme=status")
    return name


def _state(theme: str, message: delta.Message) -> LiveState:
    scale = delta.THEMES[theme].scale
    items = [
        (asset_id, None if units == delta.NO_VALUE else round(units * scale, 6), packed >> 4, packed & 15)
        for asset_id, units, packed in zip(
            message.asset_ids.tolist(), message.units.tolist(), message.packed.tolist(), strict=True
        )
    ]
    return LiveState(epoch=message.epoch, seq=message.seq, as_of_ms=message.as_of_ms, theme=theme, items=items)


class Subscription(BaseModel):
    """What one WebSocket asked for."""

    city_id: int
    theme: str
    since: tuple[int, int] | None
    ids: Ids = "assets"
    both: bool = False


async def _subscription(query: Mapping[str, str], room_caller: Caller, socket: WebSocket) -> Subscription:
    """Read the query of a WebSocket.

    Raises
    ------
    BadRequest
        When a parameter does not fit; the message says what would.
    """
    ids, since, city = query.get("ids", "assets"), query.get("since"), query.get("city")
    kind, both = _ids_of(ids, replay="replay" in query)
    if query.get("bbox"):
        raise BadRequest("bbox is not served yet; leave it out to get the whole city")
    found = None if since is None else _SINCE.fullmatch(since)
    if since is not None and found is None:
        raise BadRequest(f"since is {since!r}; it must be EPOCH:SEQ of an earlier message")
    if city is not None and not city.isdecimal():
        raise BadRequest(f"city is {city!r}; it must be a number")
    room_caller.scope.require_layer("readings")
    return Subscription(
        city_id=await resolve_city(socket.app.state.pool, room_caller.scope, None if city is None else int(city)),
        theme=_theme_of(query.get("theme", "status"), kind),
        since=None if found is None else (int(found[1]), int(found[2])),
        ids=kind,
        both=both,
    )


def _ids_of(ids: str, *, replay: bool) -> tuple[Ids, bool]:
    """Return the ids of a subscription, and whether segments come beside assets.

    Raises
    ------
    BadRequest
        When they are none, or not those of a replay (of the present).
    """
    allowed = ("assets", BOTH) if replay else get_args(Ids)
    if ids not in allowed:
        raise BadRequest(f"ids is {ids!r}; {'of a replay ' if replay else ''}it must be one of {' or '.join(allowed)}")
    return cast("Ids", ids.partition(",")[0]), ids == BOTH


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Send a snapshot (or the delta since `since`), then numbered deltas as things change."""
    await socket.accept()
    room: LiveRoom = socket.app.state.live
    try:
        caller = await get_ws_caller(socket)
        wanted = await _subscription(socket.query_params, caller, socket)
        room.require_city(wanted.city_id)
        if "replay" in socket.query_params:
            await _replay(socket, caller, wanted)
            return
        if wanted.ids == "segments":
            await socket.app.state.segments.look(wanted.city_id)
    except (ApiError, DataError, TwinError) as error:
        # a browser sees no HTTP answer to a refused upgrade, but it does see a close code and its reason
        await socket.close(CLOSE_BASE + status_of(error), str(error).encode()[:120].decode(errors="ignore"))
        return
    with room.subscribed(), _watching(socket.app.state.segments, wanted):
        await _until_first(_send(socket, room, caller, wanted), _drain(socket))


@contextmanager
def _watching(segments: SegmentRoom, wanted: Subscription) -> Iterator[None]:
    """Let the valves be followed as long as somebody watches segments."""
    step = int(wanted.ids == "segments")
    segments.watch(wanted.city_id, step)
    try:
        yield
    finally:
        segments.watch(wanted.city_id, -step)


async def _replay(socket: WebSocket, caller: Caller, wanted: Subscription) -> None:
    """Play a past hour to one subscriber, who may seek, pause and change the speed meanwhile."""
    at_ms, speed = start_of(socket.query_params)
    replays: ReplayRoom = socket.app.state.replays
    async with replays.place(wanted.city_id) as player:
        state = socket.app.state
        segments = PastSegments(state.pool, state.networks, caller.scope) if wanted.both else None
        playing = Playing(socket, player, wanted.theme, caller.scope, at_ms, speed, segments)
        await _until_first(playing.play(), playing.listen())


async def _send(socket: WebSocket, room: LiveRoom, caller: Caller, wanted: Subscription) -> None:
    """Bring one subscriber up to date, again and again. A slow one waits in `send_bytes` and then gets one merged delta."""
    since = wanted.since
    segments: SegmentRoom = socket.app.state.segments
    while True:
        changed = room.changed
        if wanted.ids == "segments":
            message, since = segments.message(wanted.city_id, caller.scope, since)
        else:
            message, since = room.message(wanted.city_id, wanted.theme, caller.scope, since)
        if message is None:
            await changed.wait()
        else:
            await socket.send_bytes(message)


async def _drain(socket: WebSocket) -> None:
    """Read until the client leaves; what it says means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _until_first(*work: Coroutine[None, None, None]) -> None:
    """Run coroutines until one ends, then end the others."""
    tasks = [asyncio.create_task(item) for item in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await task
