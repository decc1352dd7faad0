"""Replays: past hours of a city played to single viewers through the messages of live state.

Each replay has a state of its own, so there are few (`MOST_REPLAYS`), and none lasts longer than `LONGEST_S`. Its clock runs as
fast as it is asked to and as its viewer takes messages. Where that is faster than all frames can be read, it hops: it stands
at one time until the next is ready, and each is the state that playing every frame would have made. Every message says
which time it shows.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from api.errors import BadRequest, Busy
from api.live_room import LiveRoom, now_ms
from api.replay_pace import Pace, timed
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.replay import Span, past_alarms, read_hop, read_span
from twin.frames import Frames
from twin.live import STALE_PERIODS, unheard_city
from twin.replay import AHEAD_MS, PastAlarm, PastMark, Replay, bytes_per_s, longest_period_ms, silent_sources, usual_period_ms

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
_MARGIN_MS = 10_000
"""A hop reads all frames of one usual period before it, and of so much more: those come a little late."""
_SHORTEST_HOP_MS = 1_000
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
class _Hop:
    """A time that is being made ready: what is read for it, how long a stretch whole, and the speed that it was planned for."""

    to_ms: int
    read_s: float
    speed: float
    reading: asyncio.Task[tuple[Span, float]]


@dataclass
class Player:
    """One replay: reads ahead, and moves its state to the time that is asked for."""

    pool: Pool
    history: PostgresHistory
    live: LiveRoom
    city_id: int
    pace: Pace = field(default_factory=Pace)
    _replay: Replay | None = None
    _reading: asyncio.Task[tuple[Span, float]] | None = field(default=None, repr=False)
    _hop: _Hop | None = field(default=None, repr=False)
    _owed_ms: float = 0.0

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
        reading, hop = self._reading, self._hop
        self._reading, self._hop, self._owed_ms = None, None, 0.0
        for task in (reading, None if hop is None else hop.reading):
            if task is not None:
                await _ended(task)

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
        span, read_s = await timed(partial(read_span, self.pool, self.history, self.city_id, start_ms, at_ms + AHEAD_MS))
        self.pace.read(read_s, (lead_ms + AHEAD_MS) / 1000.0)
        open_then, marks = await past_alarms(self.pool, self.city_id, start_ms, start_ms + 1)
        last = await self.history.last_before(self.city_id, silent_sources(city, span.frames), start_ms)
        self._replay = Replay(city, start_ms, start_ms)
        _, played_s = await timed(partial(asyncio.to_thread, self._begin, last, open_then, marks, span, at_ms))
        self.pace.played(played_s, lead_ms / 1000.0)

    def _begin(self, last: list[Frames], open_then: list[PastAlarm], marks: list[PastMark], span: Span, at_ms: int) -> None:
        self.replay.begin(last, open_then, marks)
        self._land(span, at_ms)

    def _land(self, span: Span, at_ms: int) -> None:
        self.replay.load(span.frames, span.alarms, span.marks, until_ms=span.end_ms)
        self.replay.advance(at_ms)

    async def step(self, span_ms: float, speed: float) -> None:
        """Play so much more; reads ahead for the next steps.

        Where all frames of it cannot be read by then, it stands still until a time further on is ready, and goes there.
        """
        if self.pace.must_hop(speed, hopping=self._hop is not None):
            await self._hop_on(span_ms, speed)
        else:
            await self._play_on(span_ms, speed)

    # ------------------------------------------------------------ every frame

    async def _play_on(self, span_ms: float, speed: float) -> None:
        if self._hop is not None:
            await self.close()
        replay, to_ms = self.replay, min(self.replay.at_ms + round(span_ms), now_ms() - PRESENT_MS)
        if to_ms > replay.playable_ms:
            span = await self._next(speed)
            await asyncio.to_thread(replay.load, span.frames, span.alarms, span.marks, until_ms=span.end_ms)
        before_ms = replay.at_ms
        _, spent_s = await timed(partial(asyncio.to_thread, replay.advance, to_ms))
        self.pace.played(spent_s, (replay.at_ms - before_ms) / 1000.0)
        if self._reading is None and replay.playable_ms - replay.at_ms < self._chunk_ms(speed):
            self._reading = self._read(speed)

    def _chunk_ms(self, speed: float) -> int:
        most_ms = _CHUNK_BYTES / max(bytes_per_s(self.replay.city), 1.0) * 1000.0
        return max(_SHORTEST_CHUNK_MS, round(min(most_ms, speed * _CHUNK_S * 1000.0)))

    def _read(self, speed: float) -> asyncio.Task[tuple[Span, float]]:
        start_ms = self.replay.loaded_ms
        end_ms = max(start_ms, min(start_ms + self._chunk_ms(speed), now_ms() - PRESENT_MS + AHEAD_MS))
        return asyncio.create_task(timed(partial(read_span, self.pool, self.history, self.city_id, start_ms, end_ms)))

    async def _next(self, speed: float) -> Span:
        """Return the stretch that is being read, or the one after what is loaded."""
        reading, self._reading = self._reading or self._read(speed), None
        span, spent_s = await reading
        self.pace.read(spent_s, (span.end_ms - self.replay.loaded_ms) / 1000.0)
        return span

    # ------------------------------------------------------------ hops

    async def _hop_on(self, span_ms: float, speed: float) -> None:
        """Go to the next time when it is ready and due; until then play what there is."""
        replay = self.replay
        if self._reading is not None or (self._hop is not None and self._hop.speed != speed):
            await self.close()
        self._owed_ms += span_ms
        hop = self._hop or self._plan_hop(speed, replay.at_ms, replay.loaded_ms)
        self._hop = hop
        if hop.reading.done() and replay.at_ms + self._owed_ms >= hop.to_ms:
            await self._land_hop(hop, speed)
        elif (to_ms := min(round(replay.at_ms + self._owed_ms), hop.to_ms, replay.playable_ms)) > replay.at_ms:
            self._owed_ms -= to_ms - replay.at_ms
            await asyncio.to_thread(replay.advance, to_ms)

    async def _land_hop(self, hop: _Hop, speed: float) -> None:
        span, read_s = await hop.reading
        moved_ms = hop.to_ms - self.replay.at_ms
        # more than another hop is not made up for
        self._owed_ms = min(self._owed_ms - moved_ms, moved_ms)
        # the next one is read while this one is played and shown
        self._hop = self._plan_hop(speed, hop.to_ms, span.end_ms)
        _, played_s = await timed(partial(asyncio.to_thread, self._land, span, hop.to_ms))
        self.pace.hopped(read_s + played_s, hop.read_s)

    def _plan_hop(self, speed: float, at_ms: int, loaded_ms: int) -> _Hop:
        """Begin to read for the time that is due when it will have been read."""
        back_ms = usual_period_ms(self.replay.city) + _MARGIN_MS
        ready_s = self.pace.hop_s((back_ms + AHEAD_MS) / 1000.0)
        ahead_ms = max(round(self._owed_ms + ready_s * speed * 1000.0), _SHORTEST_HOP_MS)
        to_ms = max(at_ms, min(at_ms + ahead_ms, now_ms() - PRESENT_MS))
        from_ms = max(loaded_ms, to_ms - back_ms)
        city, span = self.replay.city, {"start_ms": loaded_ms, "from_ms": from_ms, "to_ms": to_ms}
        reading = asyncio.create_task(timed(partial(read_hop, self.pool, self.history, city, **span)))
        return _Hop(to_ms, max(to_ms + AHEAD_MS - from_ms, 0) / 1000.0, speed, reading)


async def _ended(task: asyncio.Task[tuple[Span, float]]) -> None:
    """Cancel a task and wait for its end; that it had failed matters to nobody any more."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
