"""The latest state of a city in the store: a checkpoint of a few large rows, and a ledger of the commits since.

Every group commit writes one row to `reading_commit`: which sources moved to which frame. Once in a while the latest frames
of a whole city are written as one value of bytes a schema and some ten thousand sources (`latest_checkpoint`), and the ledger
rows that it covers are removed. A server that starts reads the checkpoint, the ledger, and by their keys the frames that the
ledger names: nothing is sought in history. One that runs reads in the ledger what another has committed.

A row of the ledger carries the number of its transaction, so that none is missed that became visible late: all rows from the
oldest transaction that was under way at the last look are looked at again, and those that are known passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import numpy as np

from data.pool import Pool
from data.reading_copy import EPOCH_2000_MS
from data.readings import from_ms
from data.statements import sql
from twin.arrays import Int32Array, Int64Array
from twin.errors import BadFrame
from twin.frames import decode_payloads, encode_payloads, payload_dtype
from twin.live import LatestFrames, LiveCity
from twin.live_blocks import SourceBlock, newest_of_each
from twin.schemas import FrameSchema

PART_SOURCES: Final = 20_000
"""Sources in one row of a checkpoint: 6 MB of stations."""
KEYS_AT_ONCE: Final = 50_000
"""Frames that are looked up by one statement."""
_MOVED: Final = np.dtype([("source_id", "<i4"), ("observed_ms", "<i8")])


@dataclass(frozen=True, slots=True)
class Commit:
    """One row of the ledger: what a group commit did to the latest state of a city.

    Attributes
    ----------
    commit_id, transaction
        Its number, and that of its transaction.
    city_id, received_ms
        City, and time of arrival of its frames.
    alarms
        Number of alarms that it opened and closed.
    source_ids, observed_ms
        The frames that became the latest of their sources.
    """

    commit_id: int
    transaction: int
    city_id: int
    received_ms: int
    alarms: int
    source_ids: Int32Array
    observed_ms: Int64Array


# ---------------------------------------------------------------- ledger


async def add_commit(
    connection: asyncpg.Connection,
    city_id: int,
    moved: Sequence[tuple[Int32Array, Int64Array]],
    *,
    received_ms: int,
    alarms: int,
) -> tuple[int, int]:
    """Write one row of the ledger inside the transaction that stores the frames; returns (commit_id, transaction).

    Parameters
    ----------
    moved
        Sources and times of frames, as `twin.live.Plan.moved` gives them.
    """
    packed = np.empty(sum(len(ids) for ids, _ in moved), _MOVED)
    packed["source_id"] = np.concatenate([np.zeros(0, np.int32), *(ids for ids, _ in moved)])
    packed["observed_ms"] = np.concatenate([np.zeros(0, np.int64), *(times for _, times in moved)])
    row = await connection.fetchrow(sql("reading_commit_add"), city_id, received_ms, alarms, packed.tobytes())
    return row["commit_id"], row["transaction_id"]


async def read_commits(pool: Pool, horizon: int, known: Sequence[int]) -> tuple[int, list[Commit]]:
    """Return the commits of transactions from `horizon` on that are not among `known`, and the horizon of the next look."""
    rows = await pool.fetch(sql("reading_commit_list"), horizon, known)
    return rows[0]["horizon"], [_commit(row) for row in rows if row["commit_id"] is not None]


def _commit(row: asyncpg.Record) -> Commit:
    moved = np.frombuffer(row["moved"], _MOVED)
    return Commit(
        row["commit_id"],
        row["transaction_id"],
        row["city_id"],
        row["received_ms"],
        row["alarms"],
        moved["source_id"].astype(np.int32),
        moved["observed_ms"].astype(np.int64),
    )


async def follow_commits(pool: Pool, city: LiveCity, commits: Sequence[Commit]) -> int:
    """Bring live state up to commits of its city; returns the number of sources that moved. Alarms are not touched."""
    if not commits:
        return 0
    source_ids = np.concatenate([commit.source_ids for commit in commits])
    observed_ms = np.concatenate([commit.observed_ms for commit in commits])
    received_ms = np.concatenate([np.full(len(commit.source_ids), commit.received_ms, np.int64) for commit in commits])
    moved = 0
    for schema_id, block in city.blocks.items():
        rows = block.rows_of(source_ids)
        newer = np.flatnonzero((rows >= 0) & (observed_ms > block.observed_ms[rows]))
        newer = newer[newest_of_each(source_ids[newer], observed_ms[newer])]
        for start in range(0, len(newer), KEYS_AT_ONCE):
            keys = newer[start : start + KEYS_AT_ONCE]
            frames = await _look_up(pool, (city.city_id, schema_id), block, source_ids[keys], observed_ms[keys])
            # the keys are by rising source: each frame finds the arrival of its own
            arrivals = received_ms[keys][np.searchsorted(source_ids[keys], frames.source_ids)]
            found = LatestFrames(frames.source_ids, frames.observed_ms, arrivals, frames.values, frames.quality)
            moved += city.restore(schema_id, found, fresh=True)
    return moved


async def _look_up(
    pool: Pool, of: tuple[int, int], block: SourceBlock, source_ids: Int32Array, observed_ms: Int64Array
) -> LatestFrames:
    """Return the stored frames of these keys; `of` is (city_id, schema_id)."""
    times = [from_ms(at) for at in observed_ms.tolist()]
    packed = await pool.fetchval(sql("reading_latest_keys"), *of, source_ids.tolist(), times, min(times), max(times))
    return _unpack(block.sources[0].schema, packed or b"")


def _unpack(schema: FrameSchema, packed: bytes) -> LatestFrames:
    """Read what `reading_latest_keys` and `reading_latest_history` put together: in network byte order, time as PostgreSQL's."""
    layout = np.dtype([("source_id", ">i4"), ("observed_us", ">i8"), ("delay_s", ">i4"), ("payload", payload_dtype(schema))])
    if len(packed) % layout.itemsize:
        raise BadFrame(f"{len(packed)} bytes are no frames of schema {schema.code}/{schema.version}")
    rows = np.frombuffer(packed, layout)
    observed_ms = rows["observed_us"].astype(np.int64) // 1000 + EPOCH_2000_MS
    received_ms = observed_ms + rows["delay_s"].astype(np.int64) * 1000
    return LatestFrames(rows["source_id"].astype(np.int32), observed_ms, received_ms, *decode_payloads(schema, rows["payload"]))


# ---------------------------------------------------------------- checkpoint


def _checkpoint_dtype(schema: FrameSchema) -> np.dtype[np.void]:
    return np.dtype([("source_id", "<i4"), ("observed_ms", "<i8"), ("received_ms", "<i8"), ("payload", payload_dtype(schema))])


def pack_checkpoint(schema: FrameSchema, frames: LatestFrames) -> list[bytes]:
    """Return the parts of the checkpoint of one schema."""
    rows = np.empty(len(frames), _checkpoint_dtype(schema))
    rows["source_id"], rows["observed_ms"], rows["received_ms"] = frames.source_ids, frames.observed_ms, frames.received_ms
    rows["payload"] = encode_payloads(schema, frames.values, frames.quality)
    return [rows[start : start + PART_SOURCES].tobytes() for start in range(0, len(rows), PART_SOURCES)]


def unpack_checkpoint(schema: FrameSchema, part: bytes) -> LatestFrames:
    """Read one part of a checkpoint.

    Raises
    ------
    BadFrame
        When the bytes are no whole number of frames of this schema.
    """
    layout = _checkpoint_dtype(schema)
    if len(part) % layout.itemsize:
        raise BadFrame(f"{len(part)} bytes of a checkpoint are no frames of schema {schema.code}/{schema.version}")
    rows = np.frombuffer(part, layout)
    columns = (rows["source_id"].astype(np.int32), rows["observed_ms"].astype(np.int64), rows["received_ms"].astype(np.int64))
    return LatestFrames(*columns, *decode_payloads(schema, rows["payload"]))


async def store_checkpoint(
    pool: Pool, parts: Mapping[tuple[int, int], Sequence[bytes]], *, horizon: int, known: Sequence[int], before: datetime
) -> None:
    """Write the latest state of cities and remove the ledger rows that it covers, in one transaction.

    Parameters
    ----------
    parts
        By (city_id, schema_id).
    horizon, known
        Commits that are in it: all of transactions before `horizon`, and those of `known`.
    before
        Only ledger rows older than this are removed: another server may still have to read the younger ones.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("reading_checkpoint_lock"))
        for (city_id, schema_id), data in parts.items():
            for part, packed in enumerate(data):
                await connection.execute(sql("reading_checkpoint_store"), city_id, schema_id, part, packed)
        for city_id in sorted({city for city, _ in parts}):
            wanted = [(schema, len(data)) for (city, schema), data in parts.items() if city == city_id]
            await connection.execute(
                sql("reading_checkpoint_trim"), city_id, [schema for schema, _ in wanted], [count for _, count in wanted]
            )
            await connection.execute(sql("reading_commit_trim"), city_id, horizon, known, before)


# ---------------------------------------------------------------- a server starts


async def restore_latest(pool: Pool, city: LiveCity, *, since: datetime) -> int:
    """Fill the live state of a city from checkpoint and ledger; returns the number of sources with a frame.

    Parameters
    ----------
    since
        A city without a checkpoint (it comes from an older program) is filled from the history from here on.
    """
    # the ledger first: what a checkpoint made after this look removes from it, that checkpoint holds
    commits = [_commit(row) for row in await pool.fetch(sql("reading_commit_of_city"), city.city_id)]
    parts = await pool.fetch(sql("reading_checkpoint_list"), city.city_id)
    for row in parts:
        block = city.blocks.get(row["schema_id"])
        if block is not None:
            city.restore(row["schema_id"], unpack_checkpoint(block.sources[0].schema, row["data"]))
    await follow_commits(pool, city, commits)
    if not parts:
        # after the ledger, which knows the arrival to the millisecond; a stored frame knows it to the second
        await _restore_from_history(pool, city, since)
    return sum(len(frames) for frames in city.heard().values())


async def _restore_from_history(pool: Pool, city: LiveCity, since: datetime) -> None:
    for row in await pool.fetch(sql("reading_latest_history"), city.city_id, since):
        block = city.blocks.get(row["schema_id"])
        if block is not None:
            city.restore(row["schema_id"], _unpack(block.sources[0].schema, row["packed"]))
