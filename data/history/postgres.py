"""History in PostgreSQL and Parquet: hot frames, archived frames and roll-ups put together as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from data.history.blocks import read_blocks, read_source
from data.history.contract import Schemas
from data.history.hot import at, frames_at, last_frames, latest_frames, passed_frames, source_frames, window_frames, window_rows
from data.history.levels import Known, bucket_end, bucket_start, fine_s, segments, sound_segments
from data.history.making import mark_late
from data.history.merging import merged_frames, taken
from data.history.parquet import ParquetReader
from data.pool import Pool
from data.readings import CityBatch, days_of, ensure_partitions, store_frames
from data.sources import list_schemas, sources_of_asset
from data.statements import sql
from twin.frames import Frames
from twin.history import Curve, curve_of_frames, curve_of_rollups
from twin.live_blocks import newest_of_each
from twin.readings import Batch, Result, Source
from twin.rollups import DAY_S, Rollups, coarser, joined, reduce_frames
from twin.schemas import Point
from twin.scope import Scope

_HOT_BACK_MS, _ARCHIVE_BACK_MS, _NAMED_BACK_MS = 3 * DAY_S * 1000, 3_600_000, 3 * 3_600_000
_NAMED = 500


class PostgresHistory:
    """The history of a deployment without other services (`data.history.contract.History`).

    Parameters
    ----------
    pool
        Of a migrated database.
    var_dir
        Where the archive lies. Close it with `close()`.
    """

    def __init__(self, pool: Pool, var_dir: Path) -> None:
        self._pool = pool
        self.reader = ParquetReader(var_dir)
        self._schemas: dict[int, Schemas] = {}

    def close(self) -> None:
        """Let go of the archive."""
        self.reader.close()

    async def schemas(self, city_id: int, *needed: int) -> Schemas:
        """Return the schemas of a city by number; read again only when one that is needed is not known."""
        known = self._schemas.get(city_id)
        if known is None or any(number not in known for number in needed):
            known = {stored.schema_id: stored.schema for stored in await list_schemas(self._pool, city_id)}
            self._schemas[city_id] = known
        return known

    async def sources_of_asset(self, scope: Scope, city_id: int, asset_id: int) -> list[Source]:
        """Return the sources that report on one asset; none when the scope does not hold it."""
        return await sources_of_asset(self._pool, scope, city_id, asset_id, schemas=partial(self.schemas, city_id))

    # ------------------------------------------------------------ writing

    async def append(self, city_id: int, batches: Sequence[Batch], *, received_ms: int) -> list[list[Result]]:
        """Store frames in one transaction; those that come late mark their roll-ups."""
        items = [CityBatch(city_id, batch) for batch in batches]
        async with self._pool.acquire() as connection:
            await ensure_partitions(connection, days_of(items))
            async with connection.transaction():
                await mark_late(connection, items, now_ms=received_ms)
                return [list(results) for results in await store_frames(connection, items, received_ms=received_ms)]

    # ------------------------------------------------------------ frames

    async def latest(self, city_id: int, source_ids: Sequence[int]) -> list[Frames]:
        """Return the newest frame of each source that has one, out of the checkpoint; `delay_s` is 0 there."""
        return await latest_frames(self._pool, await self._fresh(city_id), city_id, source_ids)

    async def _fresh(self, city_id: int) -> Schemas:
        """Return all schemas of a city, those that another process has registered included."""
        newest = await self._pool.fetchval(sql("history_newest_schema"), city_id)
        return await self.schemas(city_id, *([] if newest is None else [newest]))

    async def _source_frames(
        self, city_id: int, source_id: int, points: Sequence[Point], start_ms: int, end_ms: int, *, limit: int | None = None
    ) -> list[Frames]:
        """Return hot and archived frames of one source, those of a schema in one part."""
        names, span = frozenset(point.name for point in points), (start_ms, end_ms)
        known = partial(self.schemas, city_id)
        hot = await source_frames(self._pool, known, city_id, source_id, names, start_ms=start_ms, end_ms=end_ms, limit=limit)
        # asked after the hot ones: what is archived in between is then read twice, not never
        files = await self.reader.files(self._pool, city_id, *span, source_ids=[source_id])
        schemas = await self.schemas(city_id, *files)
        archived = await self.reader.read(files, schemas, *span, source_ids=[source_id], points=names, limit=limit)
        return without_repeats(hot, archived)

    async def export(self, city_id: int, source_ids: Sequence[int], start_ms: int, end_ms: int) -> AsyncIterator[Frames]:
        """Yield all frames of some sources: day after day (UTC), one schema at a time, by source and time."""
        schemas = await self._fresh(city_id)
        for day_ms in range(int(start_ms // (1000 * DAY_S)) * 1000 * DAY_S, end_ms, 1000 * DAY_S):
            first_ms, last_ms = max(day_ms, start_ms), min(day_ms + 1000 * DAY_S, end_ms)
            for schema_id in await self._present(city_id, source_ids, first_ms, last_ms):
                frames = await self._window(city_id, schema_id, first_ms, last_ms, schemas=schemas, source_ids=source_ids)
                if len(frames):
                    yield frames

    async def between(self, city_id: int, start_ms: int, end_ms: int) -> list[Frames]:
        """Return all frames of a city between two times, hot and archived, one `Frames` a schema.

        Cost: 2 us of processor a hot frame, database and reading together; an archived day is looked through as a whole.
        """
        rows = await self._pool.fetch(sql("replay_schemas"), city_id, at(start_ms), at(end_ms))
        numbers = [row["schema_id"] for row in rows]
        schemas = await self.schemas(city_id, *numbers)
        return [await self._window(city_id, number, start_ms, end_ms, schemas=schemas, source_ids=None) for number in numbers]

    async def last_before(self, city_id: int, source_ids: Sequence[int], before_ms: int) -> list[Frames]:
        """Return the last frame of each source that was observed, and had come, before a time.

        Looks back three days in hot frames; three hours in archived ones, whose files are read through, or one hour for
        more than 500 sources.
        """
        schemas = await self._fresh(city_id)
        span = {"start_ms": before_ms - _HOT_BACK_MS, "end_ms": before_ms}
        hot = await last_frames(self._pool, schemas, city_id, source_ids, **span)
        # naming many sources is slower than reading all and sifting
        named = source_ids if len(source_ids) <= _NAMED else None
        back_ms = _ARCHIVE_BACK_MS if named is None else _NAMED_BACK_MS
        archived = await self.reader.frames(self._pool, schemas, city_id, before_ms - back_ms, before_ms, source_ids=named)
        return [*hot, *(_last_of(part, source_ids, before_ms) for part in archived)]

    async def passed(self, city_id: int, source_ids: Sequence[int], *, start_ms: int, end_ms: int, came_ms: int) -> list[Frames]:
        """Return what a replay needs of a stretch that it passes over, to stand at `came_ms`.

        That is, of each source, the last frame of the stretch that had come by then, and those after it, which come later.

        Cost: 20 us of the database a source; archived files are looked through as a whole.
        """
        if start_ms >= end_ms or not len(source_ids):
            return []
        schemas, span = await self._fresh(city_id), {"start_ms": start_ms, "end_ms": end_ms, "came_ms": came_ms}
        hot = await passed_frames(self._pool, schemas, city_id, source_ids, **span)
        # asked after the hot ones: what is archived in between is then read twice, not never
        return [*hot, *await self.reader.passed(self._pool, schemas, city_id, source_ids, **span)]

    async def frames_at(self, city_id: int, source_ids: Sequence[int], times_ms: Sequence[int]) -> list[Frames]:
        """Return the frames of some sources at some times, the two read side by side; those that there are.

        Cost: 20 us of the database each; archived files are looked through as a whole.
        """
        if not len(source_ids):
            return []
        schemas = await self._fresh(city_id)
        hot = await frames_at(self._pool, schemas, city_id, source_ids, times_ms)
        return [*hot, *await self.reader.frames_at(self._pool, schemas, city_id, source_ids, times_ms)]

    async def _present(self, city_id: int, source_ids: Sequence[int], start_ms: int, end_ms: int) -> list[int]:
        """Return the schemas of which these sources may have frames between two times."""
        rows = await self._pool.fetch(sql("history_schemas_of"), city_id, at(start_ms), at(end_ms), list(source_ids))
        return [row["schema_id"] for row in rows]

    async def _window(
        self, city_id: int, schema_id: int, start_ms: int, end_ms: int, *, schemas: Schemas, source_ids: Sequence[int] | None
    ) -> Frames:
        async with self._pool.acquire() as connection:
            copied = await window_rows(connection, schema_id, city_id, start_ms, end_ms, source_ids=source_ids)
        archived = await self.reader.frames(
            self._pool, schemas, city_id, start_ms, end_ms, source_ids=source_ids, schema_id=schema_id
        )
        hot = window_frames(schema_id, schemas[schema_id], copied)
        return merged_frames(schema_id, schemas[schema_id], [hot, *archived])

    # ------------------------------------------------------------ curves and buckets

    async def curve(
        self,
        city_id: int,
        source_id: int,
        points: Sequence[Point],
        start_ms: int,
        end_ms: int,
        *,
        every_s: int = 0,
        zone: str = "UTC",
        limit: int | None = None,
    ) -> Curve:
        """Return one source over time; buckets come from the coarsest roll-ups that fit, the last ones from frames.

        Cost: 24 h of one point 5 ms hot; a season of hours of it 0.1 s.
        """
        if every_s == 0:
            frames = await self._source_frames(
                city_id, source_id, points, start_ms, end_ms, limit=None if limit is None else limit + 1
            )
            return curve_of_frames(frames, points, limit=limit)
        first_ms = bucket_start(start_ms, every_s, zone)
        before_ms = bucket_start(first_ms - 1, every_s, zone)
        known, schemas = await self._known(city_id, source_id), await self._fresh(city_id)
        names, parts = frozenset(point.name for point in points), list[Rollups]()
        for segment in sound_segments(known, before_ms, bucket_end(end_ms, every_s, zone), every_s, zone):
            if segment.level_s:
                span = {"start_ms": segment.start_ms, "end_ms": segment.end_ms}
                parts += await read_source(self._pool, city_id, source_id, schemas, segment.level_s, **span, points=names)
            else:
                frames = await self._source_frames(city_id, source_id, points, segment.start_ms, segment.end_ms)
                parts += [reduce_frames(each, fine_s(every_s, zone, start_ms), zone) for each in frames]
        return curve_of_rollups(parts, points, every_s=every_s, zone=zone, from_ms=first_ms)

    async def rollup(
        self,
        city_id: int,
        schema_id: int,
        start_ms: int,
        end_ms: int,
        every_s: int,
        *,
        zone: str = "UTC",
        source_ids: Sequence[int] | None = None,
    ) -> Rollups:
        """Return the buckets of the sources of one schema, by source and time; None = all sources."""
        schemas = await self.schemas(city_id, schema_id)
        schema, known = schemas[schema_id], await self._known(city_id, None)
        first_ms = bucket_start(start_ms, every_s, zone)
        parts: list[Rollups] = []
        for segment in segments(known, first_ms, bucket_end(end_ms, every_s, zone), every_s, zone):
            span = {"start_ms": segment.start_ms, "end_ms": segment.end_ms}
            if segment.level_s:
                parts.append(
                    await read_blocks(self._pool, city_id, schema_id, schema, segment.level_s, **span, source_ids=source_ids)
                )
            else:
                frames = await self._window(
                    city_id, schema_id, segment.start_ms, segment.end_ms, schemas=schemas, source_ids=source_ids
                )
                parts.append(await asyncio.to_thread(reduce_frames, frames, fine_s(every_s, zone, start_ms), zone))
        return coarser(joined(schema, parts), every_s, zone)

    async def zone(self, city_id: int) -> str:
        """Return the IANA zone of the days of a city."""
        return (await self._known(city_id, None)).zone

    async def rolled_until(self, city_id: int) -> int | None:
        """Return up to when roll-ups are made, epoch milliseconds; None = none are."""
        return (await self._known(city_id, None)).done_ms

    async def _known(self, city_id: int, source_id: int | None) -> Known:
        row = await self._pool.fetchrow(sql("history_known"), city_id, source_id)
        if row is None:
            return Known(None, "UTC", fast=False, now_ms=0)
        done, marked = row["done_until_at"], row["marked_from_at"]
        return Known(
            None if done is None else round(done.timestamp() * 1000),
            row["zone"],
            row["fast"],
            round(row["now"].timestamp() * 1000),
            None if marked is None else (round(marked.timestamp() * 1000), round(row["marked_until_at"].timestamp() * 1000)),
        )


def _last_of(frames: Frames, source_ids: Sequence[int], before_ms: int) -> Frames:
    """Return the newest frame of each of some sources, of those that had come before a time."""
    came_ms = frames.observed_ms + frames.delay_s.astype(np.int64) * 1000
    known = taken(frames, np.isin(frames.source_ids, source_ids) & (came_ms < before_ms))
    return taken(known, newest_of_each(known.source_ids, known.observed_ms))


def without_repeats(hot: Sequence[Frames], archived: Sequence[Frames]) -> list[Frames]:
    """Return frames of one source without those of the archive that are hot as well."""
    times = np.concatenate([np.empty(0, np.int64), *(part.observed_ms for part in hot)])
    rest = [taken(part, ~np.isin(part.observed_ms, times)) for part in archived]
    return [*hot, *(part for part in rest if len(part))]
