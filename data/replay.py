"""What a replay is made of: frames and alarms of a past stretch."""

from __future__ import annotations

from dataclasses import dataclass

from data.history.hot import at
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.statements import sql
from twin.frames import Frames
from twin.replay import MARKS, PastAlarm, PastMark


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


async def past_alarms(pool: Pool, city_id: int, start_ms: int, end_ms: int) -> tuple[list[PastAlarm], list[PastMark]]:
    """Return the alarms that were open at some time between two others, and what had kept them from ringing up to the end."""
    span = city_id, at(start_ms), at(end_ms)
    alarms = [PastAlarm(*row) for row in await pool.fetch(sql("replay_alarms"), *span)]
    rows = await pool.fetch(sql("replay_alarm_marks"), *span, list(MARKS)) if alarms else []
    return alarms, [PastMark(*row) for row in rows]
