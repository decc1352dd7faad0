"""Frames of the archive: DuckDB reads the Parquet files that the manifest names, and no others.

One thread with one connection reads for all: DuckDB uses the processors itself, and connections in several threads have
crashed Python (duckdb-python #435).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import numpy as np

from data.errors import BadArchivedReadings
from data.history.contract import Schemas
from data.history.hot import at
from data.pool import Pool
from data.statements import sql
from twin.frames import Frames, payload_part
from twin.quality import Quality
from twin.replay import LATEST_MS
from twin.schemas import FrameSchema


class ParquetReader:
    """Reads the archive below a var dir."""

    def __init__(self, var_dir: Path) -> None:
        self._var_dir = var_dir
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive of readings")
        self._connection: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """End the thread; what is being read is read to its end."""
        self._thread.shutdown(cancel_futures=True)

    async def frames(
        self,
        pool: Pool | asyncpg.Connection,
        schemas: Schemas,
        city_id: int,
        start_ms: int,
        end_ms: int,
        *,
        source_ids: Sequence[int] | None = None,
        schema_id: int | None = None,
        points: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Frames]:
        """Return archived frames, one `Frames` a schema, by source and time.

        Parameters
        ----------
        source_ids, schema_id
            Only these; None = all.
        points
            Only these points: the frames then have a schema of these alone. None = all.
        limit
            Most frames of each schema, the oldest of one source.

        Raises
        ------
        BadArchivedReadings
            When a file that the manifest names cannot be read.
        """
        span = start_ms, end_ms
        files = await self.files(pool, city_id, *span, source_ids=source_ids, schema_id=schema_id)
        return await self.read(files, schemas, *span, source_ids=source_ids, points=points, limit=limit)

    async def files(
        self,
        pool: Pool | asyncpg.Connection,
        city_id: int,
        start_ms: int,
        end_ms: int,
        *,
        source_ids: Sequence[int] | None = None,
        schema_id: int | None = None,
    ) -> dict[int, list[str]]:
        """Return the files that may hold such frames, by the number of their schema."""
        wanted = None if source_ids is None else list(source_ids)
        rows = await pool.fetch(sql("history_archive_files"), city_id, at(start_ms), at(end_ms), wanted, schema_id)
        files: dict[int, list[str]] = {}
        for row in rows:
            files.setdefault(row["schema_id"], []).append(str(self._var_dir / row["path"]))
        return files

    async def read(
        self,
        files: Mapping[int, list[str]],
        schemas: Schemas,
        start_ms: int,
        end_ms: int,
        *,
        source_ids: Sequence[int] | None = None,
        points: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Frames]:
        """Return the frames of such files; as `frames`."""
        chosen = {"all": source_ids is None, "sources": [] if source_ids is None else list(source_ids), "limit": limit}
        parameters = {"start": at(start_ms), "end": at(end_ms), **chosen}
        return await self._run("history_archive_frames", files, schemas, parameters, points=points)

    async def passed(
        self, pool: Pool, schemas: Schemas, city_id: int, source_ids: Sequence[int], *, start_ms: int, end_ms: int, came_ms: int
    ) -> list[Frames]:
        """Return archived frames as `PostgresHistory.passed` does."""
        files = await self.files(pool, city_id, start_ms, end_ms, source_ids=source_ids)
        chosen = {"sources": list(source_ids), "came": at(came_ms), "late": LATEST_MS // 1000}
        return await self._run("replay_archive_passed", files, schemas, {"start": at(start_ms), "end": at(end_ms), **chosen})

    async def frames_at(
        self, pool: Pool, schemas: Schemas, city_id: int, source_ids: Sequence[int], times_ms: Sequence[int]
    ) -> list[Frames]:
        """Return the archived frames of some sources at some times, the two read side by side."""
        span = min(times_ms), max(times_ms) + 1
        files = await self.files(pool, city_id, *span, source_ids=source_ids)
        chosen = {"sources": list(source_ids), "times": [at(each) for each in times_ms]}
        bounds = {"start": at(span[0]), "end": at(span[1])}
        return await self._run("replay_archive_frames_at", files, schemas, {**bounds, **chosen})

    async def _run(
        self,
        statement: str,
        files: Mapping[int, list[str]],
        schemas: Schemas,
        parameters: Mapping[str, Any],
        *,
        points: Collection[str] | None = None,
    ) -> list[Frames]:
        loop, found = asyncio.get_running_loop(), []
        for number, paths in files.items():
            schema = _part_of(schemas[number], points)
            read = loop.run_in_executor(self._thread, self._read, statement, number, schema, paths, parameters)
            found.append(await read)
        return [frames for frames in found if len(frames)]

    def _read(self, named: str, schema_id: int, schema: FrameSchema, paths: list[str], parameters: Mapping[str, Any]) -> Frames:
        if self._connection is None:
            self._connection = duckdb.connect()
        names = ", ".join(f"{_quoted(p.name)}, {_quoted(p.name + '__quality')}" for p in schema.points)
        # identifiers cannot be parameters; names of points are Python identifiers, checked where a schema is made
        statement = sql(named).replace("{columns}", names)
        try:
            columns = self._connection.execute(statement, {"paths": paths, **parameters}).fetchnumpy()
        except duckdb.Error as error:
            raise BadArchivedReadings(f"the archive of {schema.code}/{schema.version} cannot be read: {error}") from error
        return _frames(schema_id, schema, columns)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _part_of(schema: FrameSchema, points: Collection[str] | None) -> FrameSchema:
    return schema if points is None else payload_part(schema, points).schema


def _frames(schema_id: int, schema: FrameSchema, columns: Mapping[str, Any]) -> Frames:
    count = len(columns["source_id"])
    values = np.empty((count, len(schema.points)))
    quality = np.empty((count, len(schema.points)), np.uint8)
    for number, point in enumerate(schema.points):
        values[:, number] = np.ma.filled(columns[point.name].astype(np.float64), np.nan)
        quality[:, number] = np.ma.filled(columns[f"{point.name}__quality"], Quality.MISSING)
    observed_ms = np.asarray(columns["observed_ms"], np.int64)
    sources, delay_s = np.asarray(columns["source_id"], np.int32), np.asarray(columns["delay_s"], np.int32)
    return Frames(schema_id, schema, sources, observed_ms, delay_s, values, quality)
