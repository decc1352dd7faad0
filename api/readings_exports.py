"""Readings of several assets as one file: a job of the ledger, as every export, with the seat that asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from api.errors import PayloadTooLarge
from api.settings import Settings
from data.errors import Conflict, JobCancelled, NotFound
from data.history.files import FileFormat, FrameFile
from data.history.postgres import PostgresHistory
from data.jobs import Job, job
from data.pool import Pool
from data.sources import list_schemas
from data.statements import scope_parameters, sql
from twin.readings import Source
from twin.schemas import Point
from twin.scope import Scope

MAX_SOURCES = 5_000
MAX_FRAMES = 3_000_000
"""Frames of one file, by the periods of its sources; a substation's season is 260,000."""


@dataclass(frozen=True, slots=True)
class ReadingsOrder:
    """What somebody wants written: sources, points (None = all of them), a time and a format."""

    city_id: int
    sources: Sequence[Source]
    points: Sequence[Point]
    start_ms: int
    end_ms: int
    format: FileFormat

    @property
    def file_name(self) -> str:
        """A name that tells when the readings begin and end."""
        return f"readings-{self.city_id}-{self.start_ms // 1000}-{self.end_ms // 1000}.{self.format}"


async def sources_to_export(
    pool: Pool, scope: Scope, city_id: int, asset_ids: Sequence[int] | None, kinds: Sequence[str] | None
) -> list[Source]:
    """Return the sources of some assets and of some kinds that a seat sees.

    Raises
    ------
    NotFound
        When there are none.
    PayloadTooLarge
        When there are more than a file may hold.
    """
    parameters = (*scope_parameters(scope, city_id).as_tuple(), asset_ids, kinds, MAX_SOURCES + 1)
    rows = await pool.fetch(sql("history_export_sources"), *parameters)
    if not rows:
        raise NotFound(f"no source that this seat sees reports on these assets or kinds in city {city_id}")
    if len(rows) > MAX_SOURCES:
        raise PayloadTooLarge(f"more than {MAX_SOURCES} sources report there; ask for fewer assets or kinds")
    schemas = {stored.schema_id: stored.schema for stored in await list_schemas(pool, city_id)}
    return [
        Source(source_id, code, asset_id, kind, company_id, area_id, schema_id, schemas[schema_id], period_s)
        for source_id, code, asset_id, kind, company_id, area_id, schema_id, period_s in rows
    ]


async def write_readings(
    settings: Settings, history: PostgresHistory, order: ReadingsOrder, *, seat: str, folder: Path
) -> tuple[Path, int]:
    """Write readings to a file in a folder, as a job; returns the file and its rows.

    Raises
    ------
    PayloadTooLarge
        When the sources send more frames in that time than a file may hold.
    Conflict
        When somebody cancelled the job.
    """
    span_s = (order.end_ms - order.start_ms) / 1000
    frames = sum(span_s / source.period_s for source in order.sources)
    if frames > MAX_FRAMES:
        raise PayloadTooLarge(
            f"{len(order.sources)} sources send about {frames:.0f} frames in that time; a file holds {MAX_FRAMES}: ask for a "
            "shorter time, or for roll-ups of single assets"
        )
    path = folder / order.file_name
    noted: dict[str, object] = {"layer": "readings", "format": order.format, "file": path.name, "sources": len(order.sources)}
    noted |= {"from": order.start_ms, "to": order.end_ms, "points": [point.name for point in order.points]}
    with ExitStack() as opened:
        entered = job(settings.database_url, "export", city_id=order.city_id, seat=seat, parameters=noted)
        task = await asyncio.to_thread(opened.enter_context, entered)
        try:
            rows = await _write(history, order, path, task)
        except JobCancelled as error:
            raise Conflict(str(error)) from None
        task.result = {**noted, "rows": rows, "bytes": path.stat().st_size}
    return path, rows


async def _write(history: PostgresHistory, order: ReadingsOrder, path: Path, task: Job) -> int:
    codes = {source.source_id: source.code for source in order.sources}
    file = await asyncio.to_thread(FrameFile, path, order.format, codes, order.points)
    try:
        async for frames in history.export(order.city_id, sorted(codes), order.start_ms, order.end_ms):
            await asyncio.to_thread(file.write, frames)
            done = (int(frames.observed_ms[-1]) - order.start_ms) / (order.end_ms - order.start_ms)
            await asyncio.to_thread(task.progress, done, f"{file.rows} frames")
    finally:
        await asyncio.to_thread(file.close)
    return file.rows
