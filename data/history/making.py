"""Makes roll-ups: each closed ten minutes once from the frames, hours from ten minutes, days from hours; late frames anew.

A window is made `GRACE_S` after its end, when nearly all frames of it have come; until then curves are made from the frames
themselves. A frame that comes later still leaves a mark in its own transaction (`mark_late`), and its hour is made again. How far
a city has come is a row of `rollup_progress`, written with the roll-ups: a crash repeats a window, it loses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile
from typing import Final, TypeVar

import asyncpg
import numpy as np

from data.history.blocks import BlockRow, block_rows, close_period, period_s, read_blocks, write_blocks
from data.history.contract import Schemas
from data.history.hot import at, window_frames, window_rows
from data.history.levels import LEVELS_S, MINUTE_S, WINDOW_S, Segment, day_floor, days_come_from, floor_ms
from data.history.merging import merged_frames, taken
from data.history.parquet import ParquetReader
from data.pool import Pool
from data.readings import CityBatch
from data.sources import list_schemas
from data.statements import sql
from twin.arrays import Int32Array
from twin.frames import Frames
from twin.rollups import DAY_S, HOUR_S, Rollups, coarser, reduce_frames
from twin.schemas import FrameSchema

GRACE_S: Final = 3600
"""A window is made so long after its end: of frames that come up to an hour late none has to be made again."""
_COMMIT_S: Final = 60
"""A commit takes less than this; what arrives in the last seconds of the grace is marked as late to be safe."""
MARKS_AT_ONCE: Final = 50_000
HOURS_AT_ONCE: Final = 100
"""Hours that are made again in one transaction: short ones show what is done, and a crash repeats little."""

T = TypeVar("T")


@dataclass(frozen=True)
class RollCity:
    """What has to be known of a city.

    Attributes
    ----------
    city_id, zone
        The city and the IANA zone of its days.
    schemas
        By number.
    fast
        Sources that report more often than once a minute: only these have roll-ups of one minute.
    """

    city_id: int
    zone: str
    schemas: Schemas
    fast: Int32Array


async def roll_cities(pool: Pool) -> list[RollCity]:
    """Return the cities with what their roll-ups need."""
    found = []
    for row in await pool.fetch(sql("rollup_cities")):
        schemas = {stored.schema_id: stored.schema for stored in await list_schemas(pool, row["city_id"])}
        found.append(RollCity(row["city_id"], row["zone"], schemas, np.array(row["fast"], np.int32)))
    return found


# ---------------------------------------------------------------- marks


async def mark_late(connection: asyncpg.Connection, batches: Sequence[CityBatch], *, now_ms: int) -> int:
    """Mark the hours of frames that come after their window may have been made, in the transaction that stores them.

    Returns
    -------
    How many marks were written; mostly none, and then the database is not asked.
    """
    marks: list[tuple[int, int, int, datetime]] = []
    for item in batches:
        batch = item.batch
        closed_ms = floor_ms(batch.observed_ms, WINDOW_S) + 1000 * (WINDOW_S + GRACE_S - _COMMIT_S)
        late = np.flatnonzero(closed_ms <= now_ms)
        if late.size:
            hours = np.stack([batch.source_ids[late], floor_ms(batch.observed_ms[late], HOUR_S) // 1000])
            marks += [
                (item.city_id, batch.schema_id, source, at(1000 * hour)) for source, hour in np.unique(hours, axis=1).T.tolist()
            ]
    if marks:
        await connection.copy_records_to_table(
            "rollup_mark", records=marks, columns=("city_id", "schema_id", "source_id", "start_at")
        )
    return len(marks)


async def mark_days(store: Pool | asyncpg.Connection, city_id: int, days: Sequence[tuple[int, datetime]]) -> None:
    """Mark whole UTC days of schemas: what was filled in straight from files has to be rolled up.

    Parameters
    ----------
    days
        Number of the schema, and the midnight (UTC) that the day begins with.
    """
    await store.execute(sql("rollup_mark_days"), city_id, [schema for schema, _ in days], [day for _, day in days])


# ---------------------------------------------------------------- making


class Maker:
    """Makes the roll-ups of one city.

    Parameters
    ----------
    pool
        Connections of the process.
    reader
        Of the archive.
    executor
        Where arrays are computed; None = the default one of the loop.
    """

    def __init__(self, pool: Pool, reader: ParquetReader, executor: Executor | None = None) -> None:
        self._pool = pool
        self._reader = reader
        self._executor = executor

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)

    async def begin(self, city: RollCity, now_ms: int) -> int:
        """Return where the next window begins; at the first time all days that hold frames are marked."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.fetchval(sql("rollup_done"), city.city_id)
            if done is None:
                done = at(int(floor_ms(np.array([now_ms - 1000 * GRACE_S]), WINDOW_S)[0]))
                await connection.execute(sql("rollup_begin"), city.city_id, done)
                await connection.execute(sql("rollup_mark_stored"), city.city_id)
        return int(1000 * done.timestamp())

    async def window(self, city: RollCity, start_ms: int) -> None:
        """Make the window that begins at a time, the hour and the day that end with it, and write how far the city is."""
        end_ms = start_ms + 1000 * WINDOW_S
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(sql("rollup_advance"), city.city_id, at(start_ms), at(end_ms)):
                return  # another server has made it
            for schema_id, schema in city.schemas.items():
                copied = await window_rows(connection, schema_id, city.city_id, start_ms, end_ms, source_ids=None)
                await write_blocks(connection, await self._run(_window_rows, city, schema_id, schema, copied))
            if end_ms % (1000 * HOUR_S) == 0:
                hour = Segment(WINDOW_S, end_ms - 1000 * HOUR_S, end_ms)
                await self._coarser(connection, city, HOUR_S, hour)
            if day_floor(end_ms, city.zone) == end_ms:
                start_ms = day_floor(end_ms - 1, city.zone)
                day = Segment(days_come_from(city.zone, start_ms), start_ms, end_ms)
                await self._coarser(connection, city, DAY_S, day)

    async def _coarser(
        self,
        connection: asyncpg.Connection,
        city: RollCity,
        every_s: int,
        fine: Segment,
        sources: Mapping[int, Int32Array | None] | None = None,
    ) -> None:
        """Make roll-ups of one bucket out of finer ones; of all schemas, or of some sources (None = all) of some schemas."""
        for schema_id in city.schemas if sources is None else sources:
            schema, wanted = city.schemas[schema_id], None if sources is None else sources[schema_id]
            span = {"start_ms": fine.start_ms, "end_ms": fine.end_ms}
            found = await read_blocks(connection, city.city_id, schema_id, schema, fine.level_s, **span, source_ids=wanted)
            await write_blocks(connection, await self._run(_coarser_rows, city, schema_id, every_s, found))

    async def marked(self, city: RollCity, done_ms: int) -> int:
        """Make again what is marked; returns the number of marks that are done with.

        One transaction takes the marks of single sources as far as they stand before one of a whole day, or that one.
        """
        found = await self._pool.fetch(sql("rollup_marks"), city.city_id, MARKS_AT_ONCE)
        marks = found[:1] if found and found[0]["source_id"] == 0 else list(takewhile(lambda row: row["source_id"] != 0, found))
        hours = _marked_hours([(row["schema_id"], row["source_id"], row["start_at"]) for row in marks])
        if marks and marks[0]["source_id"] != 0:
            hours = dict(islice(hours.items(), HOURS_AT_ONCE))
            marks = [row for row in marks if (row["schema_id"], round(1000 * row["start_at"].timestamp())) in hours]
        days: dict[int, dict[int, Int32Array | None]] = {}
        async with self._pool.acquire() as connection, connection.transaction():
            for (schema_id, start_ms), sources in hours.items():
                if start_ms < done_ms and await self._hour_again(
                    connection, city, schema_id, start_ms, sources=sources, done_ms=done_ms
                ):
                    of_day = days.setdefault(day_floor(start_ms, city.zone), {})
                    of_day[schema_id] = _either(of_day.get(schema_id, sources), sources)
            for day_ms, wanted in days.items():
                end_ms = _next_day(day_ms, city.zone)
                if end_ms <= done_ms:
                    day = Segment(days_come_from(city.zone, day_ms), day_ms, end_ms)
                    await self._coarser(connection, city, DAY_S, day, wanted)
            await connection.execute(sql("rollup_unmark"), [row["mark_id"] for row in marks])
        return len(marks)

    async def _hour_again(
        self,
        connection: asyncpg.Connection,
        city: RollCity,
        schema_id: int,
        start_ms: int,
        *,
        sources: Int32Array | None,
        done_ms: int,
    ) -> bool:
        """Make one hour of some sources (None = all) anew, as far as its windows are made; False when it has no frames."""
        if schema_id not in city.schemas:
            return False
        end_ms, count = start_ms + 1000 * HOUR_S, 0
        # an hour of a whole city does not fit the memory; one of a few sources is read at once
        step_ms = 1000 * (WINDOW_S if sources is None else HOUR_S)
        for first_ms in range(start_ms, min(end_ms, done_ms), step_ms):
            frames = await self._frames(connection, city, schema_id, first_ms, min(first_ms + step_ms, done_ms), sources=sources)
            await write_blocks(connection, await self._run(_fine_rows, city, schema_id, frames))
            count += len(frames)
        if count and end_ms <= done_ms:
            await self._coarser(connection, city, HOUR_S, Segment(WINDOW_S, start_ms, end_ms), {schema_id: sources})
        return count > 0

    async def _frames(
        self,
        connection: asyncpg.Connection,
        city: RollCity,
        schema_id: int,
        start_ms: int,
        end_ms: int,
        *,
        sources: Int32Array | None,
    ) -> Frames:
        """Return hot and archived frames of one schema."""
        wanted, schema = None if sources is None else sources.tolist(), city.schemas[schema_id]
        copied = await window_rows(connection, schema_id, city.city_id, start_ms, end_ms, source_ids=wanted)
        archived = await self._reader.frames(
            connection, city.schemas, city.city_id, start_ms, end_ms, source_ids=wanted, schema_id=schema_id
        )
        hot = await self._run(window_frames, schema_id, schema, copied)
        return await self._run(merged_frames, schema_id, schema, [hot, *archived])

    # ------------------------------------------------------------ keeping

    async def close_one(self, city: RollCity, done_ms: int) -> bool:
        """Bring the blocks of one period that is over into their closed form; False when there is none."""
        for every_s in LEVELS_S:
            length_s = period_s(every_s)
            over = at(done_ms // (1000 * length_s) * 1000 * length_s)
            row = await self._pool.fetchrow(sql("rollup_open"), city.city_id, every_s, over)
            if row is not None and row["schema_id"] in city.schemas:
                start_ms = round(row["first_at"].timestamp()) // length_s * length_s * 1000
                schema = city.schemas[row["schema_id"]]
                async with self._pool.acquire() as connection, connection.transaction():
                    await close_period(
                        connection, city.city_id, row["schema_id"], schema, every_s, part=row["part"], start_ms=start_ms
                    )
                return True
        return False

    async def forget(self, city: RollCity, now_ms: int, keep_days: Mapping[int, int | None]) -> None:
        """Delete roll-ups that are older than their level is kept."""
        for every_s, days in keep_days.items():
            if days is not None:
                await self._pool.execute(sql("rollup_forget"), city.city_id, every_s, at(now_ms - days * 1000 * DAY_S))


def _window_rows(city: RollCity, schema_id: int, schema: FrameSchema, copied: bytes) -> list[BlockRow]:
    return _fine_rows(city, schema_id, window_frames(schema_id, schema, copied))


def _fine_rows(city: RollCity, schema_id: int, frames: Frames) -> list[BlockRow]:
    rows = block_rows(city.city_id, schema_id, WINDOW_S, reduce_frames(frames, WINDOW_S, city.zone))
    fast = np.isin(frames.source_ids, city.fast)
    if fast.any():
        minutes = reduce_frames(taken(frames, np.flatnonzero(fast)), MINUTE_S, city.zone)
        rows += block_rows(city.city_id, schema_id, MINUTE_S, minutes)
    return rows


def _coarser_rows(city: RollCity, schema_id: int, every_s: int, fine: Rollups) -> list[BlockRow]:
    return block_rows(city.city_id, schema_id, every_s, coarser(fine, every_s, city.zone))


def _marked_hours(marks: Sequence[tuple[int, int, datetime]]) -> dict[tuple[int, int], Int32Array | None]:
    """Return the sources of each marked (schema, hour); None = all: source 0 stands for a whole day of all sources."""
    gathered: dict[tuple[int, int], set[int]] = {}
    for schema_id, source_id, start in marks:
        first = round(start.timestamp()) // HOUR_S
        for hour in range(first, first + (24 if source_id == 0 else 1)):
            gathered.setdefault((schema_id, 1000 * HOUR_S * hour), set()).add(source_id)
    return {key: None if 0 in found else np.array(sorted(found), np.int32) for key, found in sorted(gathered.items())}


def _either(one: Int32Array | None, other: Int32Array | None) -> Int32Array | None:
    return None if one is None or other is None else np.union1d(one, other).astype(np.int32)


def _next_day(day_ms: int, zone: str) -> int:
    # a day with a change of clocks has 23 or 25 hours
    return day_floor(day_ms + 1000 * (DAY_S + 2 * HOUR_S), zone)
