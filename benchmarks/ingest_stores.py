"""Parts of the intake's benchmark that look at the store: the peer of one row a value, sizes, acknowledged keys read back.

The peer is the reasonable best of its form: narrow rows (point number, time, value, flag), an index (point, time) and a BRIN over
the time, COPY in binary encoded by numpy, one transaction a batch. It checks no key twice, which the product does.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np

from benchmarks.ingest_city import CITY_ID, BenchCity, due_batches
from data.pool import open_pool
from data.readings import CityBatch, days_of, ensure_partitions, store_frames
from twin.arrays import Int64Array
from twin.readings import Result
from twin.simulator.city import advance
from twin.simulator.instruments import look, values

_EPOCH_2000_MS = 946_684_800_000
_COPY_HEAD, _COPY_END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_POINTS = 100
"""Point numbers of a source in the peer's table."""
_PEER = """
create table bench_value (
    point_id integer not null,
    observed_at timestamptz not null,
    value double precision not null,
    quality smallint not null
);
create index on bench_value (point_id, observed_at);
create index on bench_value using brin (observed_at)
"""
_SIZE = """
select coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint
  from pg_inherits i
 where i.inhparent = 'reading_frame'::regclass
"""
_KEYS = """
select source_id, (extract(epoch from observed_at) * 1000)::bigint
  from reading_frame
 where city_id = $1 and observed_at >= to_timestamp($2) and observed_at < to_timestamp($3)
"""


def say(text: str) -> None:
    """Tell progress on stderr."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def values_of(batches: Sequence[CityBatch]) -> int:
    """Return how many values frames hold."""
    return sum(item.batch.values.size for item in batches)


async def frames_size(connection: asyncpg.Connection) -> int:
    """Return the bytes of all stored frames with their indexes."""
    return int(await connection.fetchval(_SIZE))


# ---------------------------------------------------------------- the peer


@dataclass(frozen=True, slots=True)
class Ratio:
    """Values a second of the product's store and of the peer, and bytes a value of the peer."""

    ours: float
    peer: float
    peer_bytes_per_value: float


async def against_row_per_value(city: BenchCity, *, start_s: float, seconds: int) -> Ratio:
    """Store the same seconds of the city's mix by the product and by the peer, in turns, a commit a batch."""
    pool = await open_pool(city.settings.database_url, size=2)
    spent, count = [0.0, 0.0], 0
    try:
        async with pool.acquire() as connection:
            await connection.execute(_PEER)
            simulation = city.simulation(start_s)
            ids = {group.name: city.source_ids(group) for group in simulation.groups}
            for number in range(seconds):
                simulation = advance(simulation, 1.0)
                batches = due_batches(city, look(simulation), ids, start_s + number, start_s + number + 1)
                steps = [(0, _store), (1, _store_peer)]
                for place, step in steps if number % 2 else reversed(steps):
                    spent[place] += await step(connection, batches)
                count += values_of(batches)
            size = int(await connection.fetchval("select pg_total_relation_size('bench_value')"))
            await connection.execute("drop table bench_value")
    finally:
        await pool.close()
    return Ratio(count / spent[0], count / spent[1], size / count)


async def _store(connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> float:
    """Store frames as the intake does and return the seconds."""
    days = days_of(batches)
    await ensure_partitions(connection, days)
    # what the intake knows of its sources: each was heard a minute ago
    newest = [item.batch.observed_ms - 60_000 for item in batches]
    started = time.perf_counter()
    async with connection.transaction():
        results = await store_frames(connection, batches, received_ms=time.time_ns() // 1_000_000, newest_ms=newest)
    spent = time.perf_counter() - started
    if any(result is not Result.ACCEPTED for part in results for result in part):
        raise SystemExit("benchmarks.ingest: a new frame was not accepted")
    return spent


async def _store_peer(connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> float:
    started = time.perf_counter()
    source = io.BytesIO(b"".join((_COPY_HEAD, *map(_peer_rows, batches), _COPY_END)))
    async with connection.transaction():
        await connection.copy_to_table("bench_value", source=source, format="binary")
    return time.perf_counter() - started


def _peer_rows(item: CityBatch) -> bytes:
    """Encode frames as one row a value."""
    batch = item.batch
    count = batch.values.shape[1]
    layout = [("fields", ">i2"), ("a", ">i4"), ("point", ">i4"), ("b", ">i4"), ("at", ">i8"), ("c", ">i4"), ("value", ">f8")]
    rows = np.empty(batch.values.size, np.dtype([*layout, ("d", ">i4"), ("quality", ">i2")]))
    rows["fields"], rows["a"], rows["b"], rows["c"], rows["d"] = 4, 4, 8, 8, 2
    rows["point"] = (batch.source_ids[:, None].astype(np.int64) * _POINTS + np.arange(count)).ravel()
    rows["at"] = np.repeat((batch.observed_ms - _EPOCH_2000_MS) * 1000, count)
    rows["value"], rows["quality"] = batch.values.ravel(), batch.quality.ravel()
    return rows.tobytes()


# ---------------------------------------------------------------- a day in the store of every day


async def fill_day(city: BenchCity, *, start_s: float, stations: int, minutes: int) -> tuple[int, float]:
    """Store so many minutes of some substations in order of arrival; returns their values and the bytes that they take.

    Each substation reports once a minute, so that a day of one is 1,440 frames spread over the whole partition.
    """
    pool = await open_pool(city.settings.database_url, size=2)
    try:
        async with pool.acquire() as connection:
            before, count = await frames_size(connection), 0
            simulation = city.simulation(start_s)
            group = next(group for group in simulation.groups if group.kind == "substation")
            ids = city.source_ids(group)
            chosen = np.linspace(0, len(group) - 1, stations).astype(np.int64)
            for minute in range(minutes):
                simulation = advance(simulation, 60.0)
                observed_ms = ((start_s + 60.0 * (minute + group.phase[chosen])) * 1000.0).astype(np.int64)
                shown = values(look(simulation), group, chosen, observed_ms)
                batch = city.batch(group, ids, chosen, observed_ms, shown)
                await _store(connection, [batch])
                count += batch.batch.values.size
            return count, float(await frames_size(connection) - before)
    finally:
        await pool.close()


# ---------------------------------------------------------------- what was acknowledged


async def missing_keys(city: BenchCity, keys: Int64Array, start_s: float, end_s: float) -> int:
    """Return how many of the acknowledged keys are not stored.

    Parameters
    ----------
    keys
        `source_id` and time of each acknowledged frame in epoch milliseconds, shape (n, 2).
    start_s, end_s
        Epoch seconds between which they lie.
    """
    connection = await asyncpg.connect(city.settings.database_url)
    try:
        buffer = io.BytesIO()
        await connection.copy_from_query(_KEYS, CITY_ID, start_s - 60.0, end_s + 60.0, output=buffer, format="binary")
    finally:
        await connection.close()
    layout = np.dtype([("fields", ">i2"), ("a", ">i4"), ("source", ">i4"), ("b", ">i4"), ("at", ">i8")])
    head = len(_COPY_HEAD)
    stored = np.frombuffer(buffer.getbuffer()[head:-2], layout)
    return int(np.count_nonzero(~np.isin(_packed(keys[:, 0], keys[:, 1]), _packed(stored["source"], stored["at"]))))


def _packed(source: Int64Array, observed_ms: Int64Array) -> Int64Array:
    """Return one number a key: the source above the milliseconds since 2020."""
    return source.astype(np.int64) * 2**43 + (observed_ms.astype(np.int64) - 1_577_836_800_000)
