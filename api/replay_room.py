"""Replays: past hours of a city played to single viewers through the messages of live state.

Each replay has a state of its own, so there are few (`MOST_REPLAYS`), and none lasts longer than `LONGEST_S`. Its clock runs as
fast as it is asked to, as fast as frames can be read, and as fast as its viewer takes messages, whichever is slowest: no
frame is passed over, and every message says which time it shows.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import numpy as np

from api.errors import BadRequest, Busy
from api.live_room import LiveRoom, now_ms
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.replay import Span, past_alarms, read_span
from twin.frames import Frames
from twin.live import STALE_PERIODS, LiveCity, unheard_city
from twin.replay import AHEAD_MS, PastAlarm, PastMark, Replay, bytes_per_s, longest_period_ms

MOST_REPLAYS = 4
"""Replays that one server plays at once."""
LONGEST_S = 7200.0
"""A replay ends after so long, paused or not."""
FASTEST = 3600.0
"""Seconds of the past in one second."""
PRESENT_MS = 120_000
"""A replay ends so long before now: what is younger may not have come yet, and is live."""
_LEAD_MS, _LONGEST_LEAD_MS = 300_000, 3_600_000
"""So much before its start is read: as long as a source may be silent before it is stale, within these bounds."""
_CHUNK_BYTES, _CHUNK_S = 16 * 2**20, 2.0
"""Frames are read so much, or for so many seconds of playing, at a time."""
_SHORTEST_CHUNK_MS = 5_000
_NEAR_MS = 10_000
"""So near to the end it has come to it: the end moves on while frames are read."""


class ReplayRoom:
    """Gives places to replays. One per process, as `app.state.replays`."""

    def __init__(self, pool: Pool, history: PostgresHistory, live: LiveRoom) -> None:
        self._pool, self._history, self._live = pool, history, live
        self.playing = 0

    @asynccontextmanager
    async def place(self, city_id: int) -> AsyncIterator[Player]:
        """Take a place for a replay of a city and give it back at the end.

        Raises
        ------
        Busy
            When all places are taken.
        """
        if self.playing >= MOST_REPLAYS:
            raise Busy(f"{MOST_REPLAYS} replays are being played, the most at once; try again later", retry_after_s=30)
        self.playing += 1
        player = Player(self._pool, self._history, self._live, city_id)
        try:
            yield player
        finally:
            self.playing -= 1
            await player.close()


def require_past(at_ms: int) -> int:
    """Return a time that can be replayed.

    Raises
    ------
    BadRequest
        When it is not over yet.
    """
    last_ms = now_ms() - PRESENT_MS
    if not 0 <= at_ms <= last_ms:
        raise BadRequest(f"replay is {at_ms}; it must be epoch milliseconds up to {PRESENT_MS // 1000} s before now, {last_ms}")
    return at_ms


def require_speed(speed: float) -> float:
    """Return a speed that can be played.

    Raises
    ------
    BadRequest
        When it is negative or too large.
    """
    if not 0 <= speed <= FASTEST:
        raise BadRequest(f"speed is {speed:g}; it must be 0 (paused) to {FASTEST:g} seconds of the past a second")
    return speed


@dataclass
class Player:
    """One replay: reads ahead, and moves its state to the time that is asked for."""

    pool: Pool
    history: PostgresHistory
    live: LiveRoom
    city_id: int
    _replay: Replay | None = None
    _reading: asyncio.Task[Span] | None = field(default=None, repr=False)

    @property
    def replay(self) -> Replay:
        """The state that is played; `seek` makes it."""
        assert self._replay is not None
        return self._replay

    def is_over(self, speed: float) -> bool:
        """Tell whether it has come to the present; one that plays no faster than time itself never does."""
        return speed > 1.0 and self.replay.at_ms >= now_ms() - PRESENT_MS - _NEAR_MS

    async def close(self) -> None:
        """Let go of what is being read."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def seek(self, at_ms: int) -> None:
        """Make the state of a time, from nothing.

        Cost: reading the frames of some minutes before it, and the last ones of sources that were silent in them.

        Raises
        ------
        NotFound
            When the city has no live state.
        """
        await self.close()
        now = self.live.require_city(self.city_id)
        city = await asyncio.to_thread(unheard_city, now, secrets.randbits(32))
        lead_ms = min(max(STALE_PERIODS * longest_period_ms(city), _LEAD_MS), _LONGEST_LEAD_MS)
        start_ms = at_ms - lead_ms
        span = await read_span(self.pool, self.history, self.city_id, start_ms, at_ms + AHEAD_MS)
        open_then, marks = await past_alarms(self.pool, self.city_id, start_ms, start_ms + 1)
        last = await self.history.last_before(self.city_id, _silent(city, span), start_ms)
        self._replay = Replay(city, start_ms, start_ms)
        await asyncio.to_thread(self._begin, last, open_then, marks, span, at_ms)

    def _begin(self, last: list[Frames], open_then: list[PastAlarm], marks: list[PastMark], span: Span, at_ms: int) -> None:
        self.replay.begin(last, open_then, marks)
        self.replay.load(span.frames, span.alarms, span.marks, until_ms=span.end_ms)
        self.replay.advance(at_ms)

    async def step(self, span_ms: float, speed: float) -> None:
        """Play so much more, or as much of it as can be read by then; reads ahead for the next steps."""
        replay, to_ms = self.replay, min(self.replay.at_ms + round(span_ms), now_ms() - PRESENT_MS)
        if to_ms > replay.playable_ms:
            span = await self._next(speed)
            await asyncio.to_thread(replay.load, span.frames, span.alarms, span.marks, until_ms=span.end_ms)
        await asyncio.to_thread(replay.advance, to_ms)
        if self._reading is None and replay.playable_ms - replay.at_ms < self._chunk_ms(speed):
            self._reading = self._read(speed)

    def _chunk_ms(self, speed: float) -> int:
        most_ms = _CHUNK_BYTES / max(bytes_per_s(self.replay.city), 1.0) * 1000.0
        return max(_SHORTEST_CHUNK_MS, round(min(most_ms, speed * _CHUNK_S * 1000.0)))

    def _read(self, speed: float) -> asyncio.Task[Span]:
        start_ms = self.replay.loaded_ms
        end_ms = max(start_ms, min(start_ms + self._chunk_ms(speed), now_ms() - PRESENT_MS + AHEAD_MS))
        return asyncio.create_task(read_span(self.pool, self.history, self.city_id, start_ms, end_ms))

    async def _next(self, speed: float) -> Span:
        """Return the stretch that is being read, or the one after what is loaded."""
        reading, self._reading = self._reading or self._read(speed), None
        return await reading


def _silent(city: LiveCity, span: Span) -> list[int]:
    """Return the sources of a city of which there is no frame in a stretch."""
    heard = np.unique(np.concatenate([np.zeros(0, np.int32), *(part.source_ids for part in span.frames)]))
    return [
        source_id for block in city.blocks.values() for source_id in block.source_ids[~np.isin(block.source_ids, heard)].tolist()
    ]
