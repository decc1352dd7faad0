"""The stream of web messages, as server-sent events: what pops up on the screens of a seat."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

from api.listening import Listening
from api.notice_models import PopupModel, popup_models, quality_popup_models
from api.notice_room import NoticeRoom
from data.notices import list_popups
from data.pool import Pool
from data.quality_alarms import list_quality_popups
from twin.scope import Scope

LOOK_S: Final = 0.25
BEAT_S: Final = 15.0
MOST_ALARMS: Final = 20
"""Alarms that one event names; its `total` says how many there are."""


async def read_popups(pool: Pool, scope: Scope, city_id: int, seat_id: int | None, *, since: int, zone: str) -> list[PopupModel]:
    """Return the web messages after a number that still matter to a seat, with their alarms, oldest first."""
    found = await list_popups(pool, scope, city_id, seat_id, since=since, most_alarms=MOST_ALARMS)
    models = await popup_models(pool, scope, city_id, found)
    quality = await list_quality_popups(pool, scope, city_id, seat_id, since=since)
    models += await quality_popup_models(pool, scope, city_id, quality, zone=zone)
    return sorted(models, key=lambda model: model.notice_id)


async def stream_popups(  # what one stream needs
    room: NoticeRoom, pool: Pool, scope: Scope, city_id: int, seat_id: int | None, *, since: int | None, listening: Listening
) -> AsyncIterator[bytes]:
    """Yield an event `open` with what is still to be answered, unless `since` says where to go on; then events `notice`."""
    beat_s, zone = time.monotonic(), room.zone(city_id)
    yield b"retry: 3000\n\n"
    if since is None:
        since = room.last_web(city_id)
        for popup in await read_popups(pool, scope, city_id, seat_id, since=0, zone=zone):
            if popup.notice_id <= since:
                yield _event("open", popup)
    while await listening.goes_on():
        last = room.last_web(city_id)
        if last > since:
            for popup in await read_popups(pool, scope, city_id, seat_id, since=since, zone=zone):
                yield _event("notice", popup)
            since = last
        if time.monotonic() - beat_s >= BEAT_S:
            beat_s = time.monotonic()
            yield b": alive\n\n"
        await listening.pause(LOOK_S)


def _event(name: str, popup: PopupModel) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (popup.notice_id, name.encode(), popup.model_dump_json().encode())
