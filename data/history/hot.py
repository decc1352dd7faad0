"""Frames of the hot partitions read as arrays: never one object a row.

All frames of a schema have the same length, so what PostgreSQL sends is one array of a structured type.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np

from data.history.contract import Schemas
from data.pool import Pool
from data.statements import sql
from twin.arrays import Int32Array, Int64Array
from twin.errors import BadFrame
from twin.frames import Frames, PayloadPart, decode_part, decode_payloads, payload_dtype, payload_part
from twin.replay import LATEST_MS
from twin.schemas import FrameSchema

_EPOCH_2000_MS = 946_684_800_000
_COPY_HEAD_BYTES = 19
_COPY_END = b"\xff\xff"
_EARLIEST_MS, _LATEST_MS = 0, 4_102_444_800_000  # 1970 and 2100: no frame lies outside, and PostgreSQL's times hold both
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(epoch_ms: int) -> datetime:
    """Return the UTC time of epoch milliseconds, brought into 1970 to 2100: no frame lies outside."""
    return _EPOCH + timedelta(milliseconds=min(max(epoch_ms, _EARLIEST_MS), _LATEST_MS))


async def source_frames(
    pool: Pool,
    schemas: Callable[..., Awaitable[Schemas]],
    city_id: int,
    source_id: int,
    points: Collection[str],
    *,
    start_ms: int,
    end_ms: int,
    limit: int | None = None,
) -> list[Frames]:
    """Return the frames of one source, one `Frames` a schema, each by rising time; at most `limit` in all, the oldest.

    Parameters
    ----------
    schemas
        Returns the schemas of the city, those of the given numbers among them.
    points
        Only these are read: the frames have a schema of these alone, and `delay_s` is 0.

    Notes
    -----
    Cost: one point of a substation over 24 h (1,440 frames) 2.5 ms of the database and 1 ms here, where its pages are cached; all
    60 of them 4 ms and 2 ms.
    """
    known = await schemas()
    rows = await _source_rows(pool, known, city_id, source_id, points, start_ms=start_ms, end_ms=end_ms, limit=limit)
    lacking = {row["schema_id"] for row in rows} - known.keys()
    if lacking:
        # registered by another process
        known = await schemas(*lacking)
        rows = await _source_rows(pool, known, city_id, source_id, points, start_ms=start_ms, end_ms=end_ms, limit=limit)
    return [_from_stretches(row, payload_part(known[row["schema_id"]], points), source_id) for row in rows]


async def _source_rows(
    pool: Pool,
    known: Schemas,
    city_id: int,
    source_id: int,
    points: Collection[str],
    *,
    start_ms: int,
    end_ms: int,
    limit: int | None,
) -> list[asyncpg.Record]:
    places: list[list[int | None]] = [[None] * max(known, default=0) for _ in range(4)]
    for number, schema in known.items():
        values, flags = (part := payload_part(schema, points)).values, part.flags
        for place, one in zip(places, (values.start + 1, values.size, flags.start + 1, flags.size), strict=True):
            place[number - 1] = one
    return await pool.fetch(sql("history_source_frames"), city_id, source_id, at(start_ms), at(end_ms), limit, *places)


def _from_stretches(row: asyncpg.Record, part: PayloadPart, source_id: int) -> Frames:
    count = row["frames"]
    values, quality = decode_part(part, count, row["shown"], row["flags"])
    observed_ms = np.frombuffer(row["at"], ">i8").astype(np.int64) // 1000 + _EPOCH_2000_MS
    order: slice | Int64Array = slice(None)
    if not (observed_ms[1:] > observed_ms[:-1]).all():
        order = np.argsort(observed_ms)
    sources, delay_s = np.full(count, source_id, np.int32), np.zeros(count, np.int32)
    return Frames(row["schema_id"], part.schema, sources, observed_ms[order], delay_s, values[order], quality[order])


async def latest_frames(pool: Pool, schemas: Schemas, city_id: int, source_ids: Sequence[int]) -> list[Frames]:
    """Return the newest frame of each source; `delay_s` is not kept there and 0."""
    return _by_schema(schemas, await pool.fetch(sql("history_latest"), city_id, list(source_ids)))


async def last_frames(
    pool: Pool, schemas: Schemas, city_id: int, source_ids: Sequence[int], *, start_ms: int, end_ms: int
) -> list[Frames]:
    """Return the newest frame of each source between two times that had come by the second one.

    Cost: 20 us of the database a source and day.
    """
    rows = await pool.fetch(sql("replay_last_frames"), city_id, list(source_ids), at(start_ms), at(end_ms))
    return _by_schema(schemas, rows)


async def passed_frames(
    pool: Pool, schemas: Schemas, city_id: int, source_ids: Sequence[int], *, start_ms: int, end_ms: int, came_ms: int
) -> list[Frames]:
    """Return hot frames as `PostgresHistory.passed` does.

    Cost: 20 us of the database a source and day.
    """
    values = list(source_ids), at(start_ms), at(end_ms), at(came_ms), LATEST_MS // 1000
    return _by_schema(schemas, await pool.fetch(sql("replay_passed_frames"), city_id, *values))


async def frames_at(
    pool: Pool, schemas: Schemas, city_id: int, source_ids: Sequence[int], times_ms: Sequence[int]
) -> list[Frames]:
    """Return the hot frames of some sources at some times, the two read side by side."""
    values = list(source_ids), [at(each) for each in times_ms], at(min(times_ms)), at(max(times_ms) + 1)
    return _by_schema(schemas, await pool.fetch(sql("replay_frames_at"), city_id, *values))


def _by_schema(schemas: Schemas, rows: Sequence[asyncpg.Record]) -> list[Frames]:
    """Put frames of single sources together, one `Frames` a schema."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    for row in rows:
        found.setdefault(row["schema_id"], []).append((row["source_id"], row["rows"]))
    return [
        _from_rows(schema_id, schemas[schema_id], np.array([each for each, _ in own], np.int32), b"".join(row for _, row in own))
        for schema_id, own in found.items()
    ]


def _from_rows(schema_id: int, schema: FrameSchema, source_ids: Int32Array, rows: bytes) -> Frames:
    layout = np.dtype([("at", ">i8"), ("delay_s", ">i4"), ("payload", payload_dtype(schema))])
    if len(rows) % layout.itemsize:
        raise BadFrame(
            f"{len(rows)} bytes of frames are no multiple of {layout.itemsize}, that of {schema.code}/{schema.version}"
        )
    return _frames(schema_id, schema, source_ids, np.frombuffer(rows, layout))


def _frames(schema_id: int, schema: FrameSchema, source_ids: Int32Array, rows: np.ndarray) -> Frames:
    values, quality = decode_payloads(schema, rows["payload"])
    observed_ms = rows["at"].astype(np.int64) // 1000 + _EPOCH_2000_MS
    return Frames(schema_id, schema, source_ids, observed_ms, rows["delay_s"].astype(np.int32), values, quality)


async def window_rows(
    connection: asyncpg.Connection, schema_id: int, city_id: int, start_ms: int, end_ms: int, *, source_ids: Sequence[int] | None
) -> bytes:
    """Return the frames of a schema between two times as PostgreSQL's binary COPY; `window_frames` reads it.

    Cost: 0.8 us of processor a frame on each side.
    """
    parts: list[bytes] = []

    async def keep(data: bytes) -> None:
        parts.append(bytes(data))

    arguments: list[object] = [city_id, schema_id, at(start_ms), at(end_ms)]
    statement = sql("history_window")
    if source_ids is not None:
        statement = sql("history_window_sources")
        arguments.append(list(source_ids))
    await connection.copy_from_query(statement, *arguments, output=keep, format="binary")
    return b"".join(parts)


def window_frames(schema_id: int, schema: FrameSchema, copied: bytes) -> Frames:
    """Return the frames that a COPY brought.

    Raises
    ------
    BadFrame
        When a row is not of this schema.
    """
    layout = np.dtype(
        [
            ("fields", ">i2"),
            ("source_size", ">i4"),
            ("source_id", ">i4"),
            ("at_size", ">i4"),
            ("at", ">i8"),
            ("delay_size", ">i4"),
            ("delay_s", ">i4"),
            ("payload_size", ">i4"),
            ("payload", payload_dtype(schema)),
        ]
    )
    body = copied[_COPY_HEAD_BYTES : -len(_COPY_END)]
    if len(body) % layout.itemsize:
        raise BadFrame(f"{len(body)} bytes of rows are no multiple of {layout.itemsize}, that of {schema.code}/{schema.version}")
    rows = np.frombuffer(body, layout)
    return _frames(schema_id, schema, rows["source_id"].astype(np.int32), rows)
