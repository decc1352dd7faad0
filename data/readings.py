"""Reading frames in the store: group commit with COPY, daily partitions.

A frame is stored once: its key is `(city, source, time by the device's clock)`. The same frame again changes nothing; the
same key with other values is kept aside in `reading_conflict`. Frames newer than anything known of their source are copied
straight into the table, which costs half of the way by a staging table; all others, and all of them when that guess was
wrong, take the way that asks of each key whether it is there. What becomes of a frame is the same by both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import numpy as np

from data.errors import DatabaseUnavailable
from data.reading_copy import COLUMNS, STAGED_COLUMNS, CityBatch, copy_buffer, staging_buffer
from data.statements import sql
from twin.arrays import BoolArray, Int64Array
from twin.readings import Batch, Result

__all__ = [
    "DATABASE_ERRORS",
    "CityBatch",
    "days_of",
    "ensure_partitions",
    "from_ms",
    "store_frames",
]

DATABASE_ERRORS = (DatabaseUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
"""What a lost or unwilling database raises."""


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


async def store_frames(
    connection: asyncpg.Connection,
    batches: Sequence[CityBatch],
    *,
    received_ms: int,
    newest_ms: Sequence[Int64Array] | None = None,
) -> list[list[Result]]:
    """Store frames inside the caller's transaction and say of each what became of it.

    Parameters
    ----------
    connection
        Inside a transaction; partitions of the days exist.
    batches
        The frames. The first of two with the same key wins.
    received_ms
        Time of arrival, epoch milliseconds.
    newest_ms
        For each batch, the time of the newest known frame of the source of each frame: a hint that makes it quick, never
        one that changes a result. Without it every key is looked up.

    Returns
    -------
    For each batch the result of each frame: accepted, duplicate or conflict.

    Raises
    ------
    asyncpg.CheckViolationError
        When the partition of a day is gone.
    """
    if newest_ms is None:
        return await _store_by_key(connection, batches, received_ms)
    fresh = [_fresh(item.batch, newest) for item, newest in zip(batches, newest_ms, strict=True)]
    quick = [CityBatch(item.city_id, _sorted(item.batch, mask)) for item, mask in zip(batches, fresh, strict=True) if mask.any()]
    if quick and not await _copy_straight(connection, quick, received_ms):
        return await _store_by_key(connection, batches, received_ms)
    rest = [
        CityBatch(item.city_id, item.batch.take(np.flatnonzero(~mask)))
        for item, mask in zip(batches, fresh, strict=True)
        if not mask.all()
    ]
    found = iter(await _store_by_key(connection, rest, received_ms) if rest else [])
    return [_merged(mask, [] if mask.all() else next(found)) for mask in fresh]


def _fresh(batch: Batch, newest_ms: Int64Array) -> BoolArray:
    """Tell which frames are newer than all that is known of their source, and alone with their key in the batch."""
    order = np.lexsort((batch.observed_ms, batch.source_ids))
    sources, times = batch.source_ids[order], batch.observed_ms[order]
    same = (sources[1:] == sources[:-1]) & (times[1:] == times[:-1])
    repeated = np.zeros(len(batch), np.bool_)
    repeated[order] = np.r_[False, same] | np.r_[same, False]
    fresh: BoolArray = (batch.observed_ms > newest_ms) & ~repeated
    return fresh


def _sorted(batch: Batch, mask: BoolArray) -> Batch:
    """Return the masked frames by source and time: so the index is written in its own order, by every server alike."""
    rows = np.flatnonzero(mask)
    return batch.take(rows[np.lexsort((batch.observed_ms[rows], batch.source_ids[rows]))])


async def _copy_straight(connection: asyncpg.Connection, batches: Sequence[CityBatch], received_ms: int) -> bool:
    """Copy frames into the table; False, and nothing stored, when another server has stored one of the keys meanwhile."""
    try:
        async with connection.transaction():
            await connection.copy_to_table(
                "reading_frame", source=copy_buffer(batches, received_ms), columns=COLUMNS, format="binary"
            )
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
        return False
    return True


async def _store_by_key(connection: asyncpg.Connection, batches: Sequence[CityBatch], received_ms: int) -> list[list[Result]]:
    await connection.execute(sql("reading_staging"))
    await connection.copy_to_table(
        "reading_staging", source=staging_buffer(batches, received_ms), columns=STAGED_COLUMNS, format="binary"
    )
    accepted = {row["n"] for row in await connection.fetch(sql("reading_store"))}
    count = sum(len(item.batch) for item in batches)
    differing: set[int] = set()
    if len(accepted) < count:
        low = min(int(item.batch.observed_ms.min()) for item in batches)
        high = max(int(item.batch.observed_ms.max()) for item in batches)
        rows = await connection.fetch(sql("reading_conflict_store"), from_ms(low), from_ms(high))
        differing = {row["n"] for row in rows}
    found, first = [], 0
    for item in batches:
        found.append([_result(n, accepted, differing) for n in range(first, first + len(item.batch))])
        first += len(item.batch)
    return found


def _merged(fresh: BoolArray, others: Sequence[Result]) -> list[Result]:
    """Return the results of a batch in its order: those copied straight are new."""
    results = [Result.ACCEPTED] * len(fresh)
    for place, result in zip(np.flatnonzero(~fresh).tolist(), others, strict=True):
        results[place] = result
    return results


def _result(n: int, accepted: set[int], differing: set[int]) -> Result:
    if n in accepted:
        return Result.ACCEPTED
    return Result.CONFLICT if n in differing else Result.DUPLICATE


# times


def from_ms(epoch_ms: int) -> datetime:
    """Return the UTC time of epoch milliseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)
