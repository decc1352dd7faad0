"""Reading frames in the store: group commit with COPY, daily partitions, the checkpoint of the latest frames, history.

A frame is stored once: its key is `(city, source, time by the device's clock)`. The same frame again changes nothing; the
same key with other values is kept aside in `reading_conflict`. Staging is a temp table emptied at commit, which costs half of
truncating an unlogged one; COPY buffers are encoded by numpy, not from tuples.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import asyncpg
import numpy as np

from data.errors import DatabaseUnavailable
from data.pool import Pool
from data.statements import sql
from twin.arrays import Float32Array, Float64Array, UInt8Array
from twin.live import LiveCity, restore_frames
from twin.readings import Batch, Result

_COLUMNS = ("n", "city_id", "source_id", "observed_at", "schema_id", "gauges", "totals", "quality")
_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"
_FLOAT4_OID, _FLOAT8_OID = 700, 701
_EPOCH_2000_MS = 946_684_800_000
_RESTORE_DAYS = 3
DATABASE_ERRORS = (DatabaseUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
"""What a lost or unwilling database raises."""


@dataclass(frozen=True, slots=True)
class CityBatch:
    """Frames of one schema of one city, on their way to the store."""

    city_id: int
    batch: Batch


# ---------------------------------------------------------------- COPY buffers


def _array_fields(name: str, count: int, item: str) -> list[tuple[str, str] | tuple[str, str, int]]:
    """Return the columns of one array value in PostgreSQL's binary format; an empty array has no dimension."""
    head: list[tuple[str, str] | tuple[str, str, int]] = [
        (f"{name}_size", ">i4"),
        (f"{name}_dimensions", ">i4"),
        (f"{name}_nulls", ">i4"),
        (f"{name}_oid", ">i4"),
    ]
    if count == 0:
        return head
    size = np.dtype(item).itemsize
    items = [(f"{name}_items", f"V{count * (4 + size)}")]
    return [*head, (f"{name}_length", ">i4"), (f"{name}_lower", ">i4"), *items]


def _fill_array(rows: np.ndarray, name: str, values: Float32Array | Float64Array, item: str, oid: int) -> None:
    count, size = values.shape[1], np.dtype(item).itemsize
    rows[f"{name}_oid"] = oid
    if count == 0:
        rows[f"{name}_size"] = 12
        return
    rows[f"{name}_size"] = 20 + count * (4 + size)
    rows[f"{name}_dimensions"], rows[f"{name}_length"], rows[f"{name}_lower"] = 1, count, 1
    items = np.empty(values.shape, np.dtype([("size", ">i4"), ("value", item)]))
    items["size"], items["value"] = size, values
    rows[f"{name}_items"] = items.view(f"V{count * (4 + size)}").reshape(len(values))


def copy_rows(city_id: int, batch: Batch, first: int) -> bytes:
    """Encode a batch as rows of PostgreSQL's binary COPY, without head and end.

    Parameters
    ----------
    city_id
        City of the frames.
    batch
        The frames.
    first
        Number of the first row; rows are numbered in order.
    """
    gauges, totals, points = batch.gauges, batch.totals, batch.quality.shape[1]
    fields: list[tuple[str, str] | tuple[str, str, int]] = [("fields", ">i2")]
    plain = {"n": ">i4", "city_id": ">i2", "source_id": ">i4", "observed_at": ">i8", "schema_id": ">i4"}
    for name, kind in plain.items():
        fields += [(f"{name}_size", ">i4"), (name, kind)]
    fields += _array_fields("gauges", gauges.shape[1], ">f4") + _array_fields("totals", totals.shape[1], ">f8")
    fields += [("quality_size", ">i4"), ("quality", f"V{points}")]
    rows = np.zeros(len(batch), np.dtype(fields))
    rows["fields"] = len(_COLUMNS)
    for name, kind in plain.items():
        rows[f"{name}_size"] = np.dtype(kind).itemsize
    rows["n"] = np.arange(first, first + len(batch))
    rows["city_id"], rows["source_id"], rows["schema_id"] = city_id, batch.source_ids, batch.schema_id
    rows["observed_at"] = (batch.observed_ms - _EPOCH_2000_MS) * 1000
    _fill_array(rows, "gauges", gauges, ">f4", _FLOAT4_OID)
    _fill_array(rows, "totals", totals, ">f8", _FLOAT8_OID)
    rows["quality_size"] = points
    rows["quality"] = np.ascontiguousarray(batch.quality).view(f"V{points}").reshape(len(batch))
    return rows.tobytes()


def _copy_buffer(batches: Sequence[CityBatch]) -> io.BytesIO:
    parts, first = [_COPY_HEAD], 0
    for item in batches:
        parts.append(copy_rows(item.city_id, item.batch, first))
        first += len(item.batch)
    return io.BytesIO(b"".join((*parts, _COPY_END)))


# ---------------------------------------------------------------- partitions


def days_of(batches: Sequence[CityBatch]) -> set[date]:
    """Return the UTC days that the frames fall on."""
    days: set[int] = set()
    for item in batches:
        days.update(np.unique(item.batch.observed_ms // 86_400_000).tolist())
    return {date(1970, 1, 1) + timedelta(days=day) for day in days}


async def ensure_partitions(connection: asyncpg.Connection, days: set[date]) -> None:
    """Make the daily partitions that are missing, in a transaction of their own."""
    async with connection.transaction():
        await connection.execute(sql("reading_partition_lock"))
        for day in sorted(days):
            # an identifier cannot be a parameter; this one is made of digits of a date
            await connection.execute(sql("reading_partition").format(day=day, next_day=day + timedelta(days=1)))


# ---------------------------------------------------------------- storing


async def store_frames(connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> list[list[Result]]:
    """Store frames inside the caller's transaction and say of each what became of it.

    Parameters
    ----------
    connection
        Inside a transaction; partitions of the days exist.
    batches
        The frames. The first of two with the same key wins.

    Returns
    -------
    For each batch the result of each frame: accepted, duplicate or conflict.
    """
    await connection.execute(sql("reading_staging"))
    await connection.copy_to_table("reading_staging", source=_copy_buffer(batches), columns=_COLUMNS, format="binary")
    accepted = {row["n"] for row in await connection.fetch(sql("reading_store"))}
    count = sum(len(item.batch) for item in batches)
    differing: set[int] = set()
    if len(accepted) < count:
        low = min(int(item.batch.observed_ms.min()) for item in batches)
        high = max(int(item.batch.observed_ms.max()) for item in batches)
        rows = await connection.fetch(sql("reading_conflict_store"), from_ms(low), from_ms(high))
        differing = {row["n"] for row in rows}
    await connection.execute(sql("reading_latest_store"), sorted(accepted))
    return _results(batches, accepted, differing)


def _results(batches: Sequence[CityBatch], accepted: set[int], differing: set[int]) -> list[list[Result]]:
    found, first = [], 0
    for item in batches:
        numbers = range(first, first + len(item.batch))
        found.append([_result(n, accepted, differing) for n in numbers])
        first += len(item.batch)
    return found


def _result(n: int, accepted: set[int], differing: set[int]) -> Result:
    if n in accepted:
        return Result.ACCEPTED
    return Result.CONFLICT if n in differing else Result.DUPLICATE


# ---------------------------------------------------------------- reading back


def from_ms(epoch_ms: int) -> datetime:
    """Return the UTC time of epoch milliseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)


async def restore_latest(pool: Pool, city: LiveCity, *, now: datetime) -> int:
    """Fill live state from the checkpoint, and from history where a crash emptied it; returns the number of sources."""
    rows = await pool.fetch(sql("reading_latest"), city.city_id, now - timedelta(days=_RESTORE_DAYS))
    blocks = {source.source_id: city.blocks[source.schema_id] for source in city.sources.values()}
    restored = 0
    for row in rows:
        block = blocks.get(row["source_id"])
        if block is not None:
            restored += restore_frames(
                block,
                row["source_id"],
                row["observed_ms"],
                gauges=np.array(row["gauges"], np.float32),
                totals=np.array(row["totals"], np.float64),
                quality=np.frombuffer(row["quality"], np.uint8),
            )
    return restored


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """One frame of history."""

    observed_ms: int
    schema_id: int
    gauges: list[float]
    totals: list[float]
    quality: UInt8Array


async def read_history(
    pool: Pool, city_id: int, source_id: int, *, start: datetime, end: datetime, limit: int
) -> list[StoredFrame]:
    """Return the frames of a source from `start` up to (not with) `end`, oldest first, at most `limit`."""
    rows = await pool.fetch(sql("reading_history"), city_id, source_id, start, end, limit)
    return [
        StoredFrame(row["observed_ms"], row["schema_id"], row["gauges"], row["totals"], np.frombuffer(row["quality"], np.uint8))
        for row in rows
    ]
