"""What a replay is made of: frames and alarms of a past stretch."""

from __future__ import annotations

from dataclasses import dataclass

from data.history.hot import at
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.statements import sql
from twin.frames import Frames
from twin.replay import PastAlarm


@dataclass(frozen=True, slots=True)
class Span:
    """What was observed up to (not with) `end_ms`, and the alarms that were open at some time of the stretch."""

    frames: list[Frames]
    alarms: list[PastAlarm]
    end_ms: int


async def read_span(pool: Pool, history: PostgresHistory, city_id: int, start_ms: int, end_ms: int) -> Span:
    """Return a stretch of the past of a city, whoever may see it: what is shown of it is filtered later.

    Raises
    ------
    BadArchivedReadings
        When a file of the archive cannot be read.
    """
    return Span(await history.between(city_id, start_ms, end_ms), await past_alarms(pool, city_id, start_ms, end_ms), end_ms)


async def past_alarms(pool: Pool, city_id: int, start_ms: int, end_ms: int) -> list[PastAlarm]:
    """Return the alarms that were open at some time between two others."""
    rows = await pool.fetch(sql("replay_alarms"), city_id, at(start_ms), at(end_ms))
    return [PastAlarm(*row) for row in rows]
