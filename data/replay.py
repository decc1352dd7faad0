"""What a replay is made of: frames and alarms of a past stretch."""

from __future__ import annotations

from dataclasses import dataclass

from data.history.hot import at
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.statements import sql
from twin.frames import Frames
from twin.live import LiveCity
from twin.replay import AHEAD_MS, MARKS, PastAlarm, PastMark, alarm_times, silent_sources


@dataclass(frozen=True, slots=True)
class Span:
    """What was observed up to (not with) `end_ms`, the alarms that were open at some time of the stretch, and their marks."""

    frames: list[Frames]
    alarms: list[PastAlarm]
    marks: list[PastMark]
    end_ms: int


async def read_span(pool: Pool, history: PostgresHistory, city_id: int, start_ms: int, end_ms: int) -> Span:
    """Return a stretch of the past of a city, whoever may see it: what is shown of it is filtered later.

    Raises
    ------
    BadArchivedReadings
        When a file of the archive cannot be read.
    """
    frames = await history.between(city_id, start_ms, end_ms)
    alarms, marks = await past_alarms(pool, city_id, start_ms, end_ms)
    return Span(frames, alarms, marks, end_ms)


async def read_hop(pool: Pool, history: PostgresHistory, city: LiveCity, *, start_ms: int, from_ms: int, to_ms: int) -> Span:
    """Return what a replay that has read up to `start_ms` needs to stand at `to_ms`, without reading all that lies between.

    Of frames: all from `from_ms` on, which must be at least a period before `to_ms` to be of use; of the stretch before, what the
    sources need that are silent in it, and those by which alarms turned. Of alarms and marks: all. `Replay.load` takes it as
    any other stretch; up to `to_ms` no state between may be shown.

    Parameters
    ----------
    city
        Only who its sources are is asked.

    Raises
    ------
    BadArchivedReadings
        When a file of the archive cannot be read.
    """
    from_ms, end_ms = max(start_ms, from_ms), max(start_ms, to_ms + AHEAD_MS)
    frames = await history.between(city.city_id, from_ms, end_ms)
    alarms, marks = await past_alarms(pool, city.city_id, start_ms, end_ms)
    if from_ms > start_ms:
        silent = silent_sources(city, frames, came_ms=to_ms)
        passed = {"start_ms": start_ms, "end_ms": from_ms}
        frames += await history.passed(city.city_id, silent, **passed, came_ms=to_ms)
        frames += await history.frames_at(city.city_id, *alarm_times(alarms, start_ms, from_ms))
    return Span(frames, alarms, marks, end_ms)


async def past_alarms(pool: Pool, city_id: int, start_ms: int, end_ms: int) -> tuple[list[PastAlarm], list[PastMark]]:
    """Return the alarms that were open at some time between two others, and what had kept them from ringing up to the end."""
    span = city_id, at(start_ms), at(end_ms)
    alarms = [PastAlarm(*row) for row in await pool.fetch(sql("replay_alarms"), *span)]
    rows = await pool.fetch(sql("replay_alarm_marks"), *span, list(MARKS)) if alarms else []
    return alarms, [PastMark(*row) for row in rows]
