"""The stream of what happens to alarms, as server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

import orjson

from api.listening import Listening
from api.live_room import LiveRoom
from data.alarms import list_news
from data.pool import Pool
from twin.scope import Scope

LOOK_S: Final = 0.5
"""How often a stream asks the live room whether alarms have moved; it asks the store only when they have."""
BEAT_S: Final = 15.0
"""A line of comment so often tells proxies and browsers that the stream lives."""


async def stream_news(
    room: LiveRoom, pool: Pool, scope: Scope, city_id: int, *, since: int, listening: Listening
) -> AsyncIterator[bytes]:
    """Yield events `alarm` with the number of the log as id, from the one after `since` on, while somebody is listening."""
    seen, beat_s = -1, time.monotonic()
    yield b"retry: 3000\n\n"
    while await listening.goes_on():
        moved = room.require_city(city_id).alarm_seq
        news = await list_news(pool, scope, city_id, since=since) if moved != seen else []
        for item in news:
            since = item["transition_id"]
            yield b"id: %d\nevent: alarm\ndata: %s\n\n" % (since, orjson.dumps(item))
        if news:
            continue  # a page was full, or more has come meanwhile
        seen = moved
        if time.monotonic() - beat_s >= BEAT_S:
            beat_s = time.monotonic()
            yield b": alive\n\n"
        await listening.pause(LOOK_S)
