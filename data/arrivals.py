"""Counts of what has arrived, in the store: one row of packed bytes for each schema and hour, not a row a source.

A row is *open* while frames of its hour may be stored that it does not count: the mark is committed with the frames, the counts
are written a minute later. After a crash the open hours are counted again from the frames themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import asyncpg
import numpy as np
from psycopg import IsolationLevel

from data.pool import Connection, Pool
from data.readings import from_ms
from data.statements import scope_parameters, sql
from twin.arrivals import (
    GROUP_ROW,
    HOUR_MS,
    SOURCE_ROW,
    GroupRows,
    HourCounts,
    Roster,
    bad_values_of,
    count_frames,
    group_totals,
    no_rows,
    pack,
    recounted,
    unpack,
)
from twin.scope import Scope

UNREGISTERED_KEPT = 10_000
"""Unregistered sources of a city that are remembered; the newest ones."""
CONFLICTS_COUNTED = 10_000
"""Conflicts are counted up to here."""
_MAX_CODE = 200
_COPY_HEAD_BYTES = 19
_COPY_END_BYTES = 2
_CHUNK_BYTES = 4 * 2**20
_TOTALS_KEPT = 512
"""Unpacked totals that are remembered; a day of a city has some 400."""

Key = tuple[int, int, int]
"""City, schema, and the beginning of an hour in epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class StoredTotals:
    """Figures of one schema and hour (or day) as they were written."""

    schema_id: int
    start_ms: int
    totals: GroupRows
    written_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Frames of one sender that were refused for one reason."""

    sender: str
    result: str
    frames: int
    last_hour_ms: int


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A code that no source has (or none in the scope of its sender: `registered`), and who sends it."""

    code: str
    sender: str
    first_ms: int
    last_ms: int
    messages: int
    registered: bool


@dataclass(frozen=True, slots=True)
class ConflictingFrame:
    """A frame that was kept aside, with what is stored under its key (None where that is in the archive)."""

    conflict_id: int
    source_code: str
    asset_id: int
    asset_name: str
    kind: str
    observed_ms: int
    received_ms: int
    schema_id: int
    payload: bytes
    stored_schema_id: int | None
    stored_payload: bytes | None
    stored_received_ms: int | None


# ---------------------------------------------------------------- hours


async def zone_of(pool: Pool, city_id: int) -> str:
    """Return the zone of a city's daily figures."""
    return str(await pool.fetchval(sql("arrival_zone"), city_id))


async def counted_since(pool: Pool, city_id: int, now_ms: int) -> int:
    """Return the moment since which a city is counted; the first time, `now_ms`."""
    since: datetime = await pool.fetchval(sql("arrival_since"), city_id, from_ms(now_ms))
    return round(since.timestamp() * 1000)


async def mark_open(connection: asyncpg.Connection, keys: Sequence[Key]) -> None:
    """Say inside the transaction of frames that these hours have frames which are not counted yet."""
    columns = ([key[0] for key in keys], [key[1] for key in keys], [from_ms(key[2]) for key in keys])
    await connection.execute(sql("arrival_mark"), *columns)


async def read_counts(pool: Pool, key: Key) -> HourCounts | None:
    """Return the counts of an hour as they were written; None where nothing was."""
    row = await pool.fetchrow(sql("arrival_counts"), key[0], key[1], from_ms(key[2]))
    if row is None or row["counts"] is None:
        return None
    return HourCounts(unpack(row["counts"], SOURCE_ROW), _delays(row["totals"]))


def _delays(totals: bytes | None) -> dict[bytes, Any]:
    rows = np.zeros(0, GROUP_ROW) if totals is None else unpack(totals, GROUP_ROW)
    return {row["key"].tobytes(): row["delays"].copy() for row in rows if row["delays"].any()}


async def write_counts(pool: Pool, key: Key, counts: bytes, totals: bytes) -> None:
    """Write the packed counts and totals of an hour; it stays as open as it was."""
    await pool.execute(sql("arrival_write"), key[0], key[1], from_ms(key[2]), counts, totals)


async def close_hour(pool: Pool, key: Key, *, quiet_s: float) -> bool:
    """Say that all frames of an hour are counted, unless some were stored in the last `quiet_s` seconds; tells whether it did."""
    return bool(await pool.fetchval(sql("arrival_close"), key[0], key[1], from_ms(key[2]), quiet_s))


async def read_totals(pool: Pool, city_id: int, start_ms: int, end_ms: int) -> list[StoredTotals]:
    """Return the totals of all hours that begin in a time."""
    rows = await pool.fetch(sql("arrival_totals"), city_id, from_ms(start_ms), from_ms(end_ms))
    return [StoredTotals(row["schema_id"], row["hour_ms"], unpack(row["totals"], GROUP_ROW), row["written_ms"]) for row in rows]


@lru_cache(maxsize=_TOTALS_KEPT)
def _unpacked(totals: bytes) -> GroupRows:
    """Return totals as they were packed, remembered: those of hours that are over are asked for again and again."""
    rows = unpack(totals, GROUP_ROW)
    rows.flags.writeable = False
    return rows


async def read_source_rows(pool: Pool, city_id: int, schema_id: int, start_ms: int, end_ms: int) -> dict[int, bytes]:
    """Return the packed counts by source of one schema, by hour."""
    rows = await pool.fetch(sql("arrival_sources"), city_id, schema_id, from_ms(start_ms), from_ms(end_ms))
    return {row["hour_ms"]: row["counts"] for row in rows}


async def write_day(pool: Pool, city_id: int, schema_id: int, day_ms: int, totals: GroupRows) -> None:
    """Write the totals of a day that is over."""
    await pool.execute(sql("arrival_day_write"), city_id, schema_id, from_ms(day_ms), pack(totals))


async def read_days(pool: Pool, city_id: int, start_ms: int, end_ms: int) -> list[StoredTotals]:
    """Return the totals of all days that begin in a time."""
    rows = await pool.fetch(sql("arrival_days"), city_id, from_ms(start_ms), from_ms(end_ms))
    return [StoredTotals(row["schema_id"], row["day_ms"], unpack(row["totals"], GROUP_ROW)) for row in rows]


async def forget_sources(pool: Pool, city_id: int, before_ms: int) -> None:
    """Forget what single sources sent before a time; the totals stay."""
    await pool.execute(sql("arrival_forget"), city_id, from_ms(before_ms))


# ---------------------------------------------------------------- counting again


def open_hours(connection: Connection) -> list[tuple[Key, bytes | None]]:
    """Return the hours with frames that may not be counted, newest first, with their packed counts.

    The connection sees the store as of this moment until its transaction ends: what is committed later is not counted again.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    rows = connection.execute(sql("arrival_open")).fetchall()
    return [((city_id, schema_id, hour_ms), counts) for city_id, schema_id, hour_ms, counts in rows]


def recount(
    connection: Connection, key: Key, stored: bytes | None, roster: Roster, *, quality_at: int, stopped: Callable[[], bool]
) -> HourCounts | None:
    """Count the frames of an hour from the frames themselves.

    Parameters
    ----------
    connection
        As `open_hours` left it.
    stored
        What was written of this hour.
    quality_at
        Place of the first flag in the payload of a frame, from 0.
    stopped
        Asked now and then; once it says True there is no answer.

    Cost: 0.6 us a frame in the database and as much here; memory does not grow with them.
    """
    found = HourCounts(no_rows(np.zeros(0, np.int32)))
    for frames in _frames(connection, key, roster.points, quality_at):
        if stopped():
            return None
        delay_s = frames["delay_s"].astype(np.int64)
        found.add(*count_frames(roster, frames["source_id"].astype(np.int32), delay_s, bad_values_of(frames["quality"])))
    before = no_rows(np.zeros(0, np.int32)) if stored is None else unpack(stored, SOURCE_ROW)
    return HourCounts(recounted(before, found.rows), found.delays, whole=True)


def _frames(connection: Connection, key: Key, points: int, quality_at: int) -> Iterator[np.ndarray]:
    """Yield source, delay and flags of the frames of an hour, some 50,000 at a time."""
    layout = np.dtype(
        [
            *(("fields", ">i2"), ("source_size", ">i4"), ("source_id", ">i4")),
            *(("delay_size", ">i4"), ("delay_s", ">i4")),
            *(("quality_size", ">i4"), ("quality", "u1", (points,))),
        ]
    )
    wanted = {"city_id": key[0], "schema_id": key[1], "from": from_ms(key[2]), "to": from_ms(key[2] + HOUR_MS)}
    held, skip = bytearray(), _COPY_HEAD_BYTES
    with connection.cursor() as cursor, cursor.copy(sql("arrival_recount"), {**wanted, "quality_at": quality_at + 1}) as copy:
        for block in copy:
            held += block
            if len(held) > _CHUNK_BYTES:
                count = (len(held) - skip - _COPY_END_BYTES) // layout.itemsize
                yield np.frombuffer(bytes(held[skip : skip + count * layout.itemsize]), layout)
                del held[: skip + count * layout.itemsize]
                skip = 0
    rest = bytes(held[skip : len(held) - _COPY_END_BYTES])
    yield np.frombuffer(rest, layout)


def rewrite_counts(connection: Connection, key: Key, counts: HourCounts, roster: Roster, *, now_ms: int, since_ms: int) -> None:
    """Write the counts of an hour that was counted again."""
    totals = group_totals(counts, roster, key[2], now_ms, since_ms=since_ms)
    where = {"city_id": key[0], "schema_id": key[1], "hour_at": from_ms(key[2])}
    connection.execute(sql("arrival_rewrite"), {**where, "counts": pack(counts.rows), "totals": pack(totals)})


# ---------------------------------------------------------------- refusals and unregistered sources


async def add_refusals(pool: Pool, city_id: int, hour_ms: int, counts: Mapping[tuple[str, str], int]) -> None:
    """Add refused frames by sender and result."""
    senders, results = [clean(key[0]) for key in counts], [key[1] for key in counts]
    await pool.execute(sql("arrival_refusal_add"), city_id, from_ms(hour_ms), senders, results, list(counts.values()))


async def list_refusals(pool: Pool, city_id: int, start_ms: int, end_ms: int, *, senders: Sequence[str] | None) -> list[Refused]:
    """Return refused frames by sender and result, the most frequent first."""
    seen = None if senders is None else list(senders)
    rows = await pool.fetch(sql("arrival_refusal_list"), city_id, from_ms(start_ms), from_ms(end_ms), seen)
    return [Refused(**dict(row)) for row in rows]


@dataclass
class Heard:
    """Messages that named an unregistered code since they were last written."""

    first_ms: int
    last_ms: int
    messages: int = 0


def clean(text: str) -> str:
    """Return a text of a stranger as PostgreSQL holds it: no NUL, no halves of pairs, at most 200 characters."""
    return text[:_MAX_CODE].replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


async def add_unregistered(pool: Pool, city_id: int, heard: Mapping[tuple[str, str], Heard]) -> None:
    """Add what was heard of codes that no source has, and keep the newest `UNREGISTERED_KEPT`."""
    keys, values = list(heard), list(heard.values())
    await pool.execute(
        sql("arrival_unregistered_add"),
        city_id,
        [key[0] for key in keys],
        [key[1] for key in keys],
        [from_ms(value.first_ms) for value in values],
        [from_ms(value.last_ms) for value in values],
        [value.messages for value in values],
    )
    await pool.execute(sql("arrival_unregistered_trim"), city_id, UNREGISTERED_KEPT)


async def list_unregistered(
    pool: Pool, city_id: int, *, senders: Sequence[str] | None, holding: str | None, limit: int, offset: int
) -> tuple[int, list[Unregistered]]:
    """Return how many unregistered sources were heard, and a page of them: the last heard first.

    Parameters
    ----------
    senders
        Whose; None = all.
    holding
        Only codes with this text in them.
    """
    seen, like = None if senders is None else list(senders), None if holding is None else f"%{_plain(holding)}%"
    rows = await pool.fetch(sql("arrival_unregistered_list"), city_id, seen, limit, offset, like)
    if not rows and offset:
        rows_before = await pool.fetch(sql("arrival_unregistered_list"), city_id, seen, 1, 0, like)
        return (rows_before[0]["total"] if rows_before else 0), []
    columns = ("code", "sender", "first_ms", "last_ms", "messages", "registered")
    return (rows[0]["total"] if rows else 0), [Unregistered(**{name: row[name] for name in columns}) for row in rows]


def _plain(text: str) -> str:
    """Return a text that means itself in a pattern."""
    return clean(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# ---------------------------------------------------------------- names and conflicts


async def asset_names(pool: Pool, scope: Scope, city_id: int, asset_ids: Sequence[int]) -> dict[int, str]:
    """Return the names (or codes) of assets that a scope holds."""
    rows = await pool.fetch(sql("arrival_names"), *scope_parameters(scope, city_id).as_tuple(), list(asset_ids))
    return {row["asset_id"]: row["name"] or row["code"] for row in rows}


async def asset_codes(pool: Pool, scope: Scope, city_id: int, asset_ids: Sequence[int]) -> list[str]:
    """Return the codes of assets that a scope holds."""
    rows = await pool.fetch(sql("arrival_names"), *scope_parameters(scope, city_id).as_tuple(), list(asset_ids))
    return [row["code"] for row in rows]


async def list_conflicts(
    pool: Pool, scope: Scope, city_id: int, *, asset_id: int | None, source: str | None, limit: int, offset: int
) -> tuple[int, list[ConflictingFrame]]:
    """Return the number of frames kept aside (at most `CONFLICTS_COUNTED`), and a page of them, newest first."""
    asked = (*scope_parameters(scope, city_id).as_tuple(), asset_id, source)
    total = await pool.fetchval(sql("reading_conflict_count"), *asked, CONFLICTS_COUNTED)
    rows = await pool.fetch(sql("reading_conflict_list"), *asked, limit, offset)
    return total, [ConflictingFrame(**dict(row)) for row in rows]
