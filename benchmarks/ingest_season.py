"""Part of the intake's benchmark: the curve of a season (180 days of hours) of one substation out of its roll-ups, by HTTP.

Roll-ups of hours of 240 substations lie in the form that they have once their days are over. Their values are made up (walks,
rounded as instruments do), encoded and stored by the product itself, day after day; their making is not measured here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import numpy as np

from benchmarks.ingest_city import CITY_ID, REST_S, BenchCity
from benchmarks.ingest_curves import POINT, Curves, drop_caches
from benchmarks.ingest_stores import say
from benchmarks.serving import served, settle
from data.history.blocks import block_rows, write_blocks
from data.pool import connect, open_pool
from twin.arrays import Float64Array, Int32Array
from twin.rollups import HOUR_S, Rollups
from twin.schemas import FrameSchema

STATIONS, _DAYS, _ASKED = 240, 180, 15
_DAY_MS = 86_400_000
_PROGRESS = """
insert into rollup_progress (city_id, done_until_at) values (%s, to_timestamp(%s))
on conflict (city_id) do update set done_until_at = excluded.done_until_at
"""


def measure_season(city: BenchCity) -> dict[str, float]:
    """Return curve_season_ms: the median of the first time that each substation is asked for, caches dropped before."""
    end_ms = int(time.time()) // 86_400 * _DAY_MS
    start_ms = end_ms - _DAYS * _DAY_MS
    count, size = asyncio.run(_fill(city, start_ms))
    say(f"a season of hours of {STATIONS} substations: {count:,} blocks, {size / 1e6:,.0f} MB of payload")
    with connect(city.settings.database_url) as connection:
        connection.execute("analyze rollup_block")
        # nothing waits to be made again
        connection.execute("truncate rollup_mark")
        connection.execute(_PROGRESS, (CITY_ID, end_ms / 1000))
    drop_caches(city)
    with served(city.settings, READINGS_KEEP_MINUTES="0") as (address, pid):
        settle(pid, limit_s=REST_S)
        curves = _ask(city, address, start_ms, end_ms)
    say(f"season: first time {curves.cold_ms} ms, again {curves.warm_ms} ms")
    return {"curve_season_ms": curves.cold_ms}


async def _fill(city: BenchCity, start_ms: int) -> tuple[int, int]:
    pool = await open_pool(city.settings.database_url, size=1)
    chosen = _stations(city)
    source = city.sources[chosen[0]]
    ids = np.array(sorted(city.sources[code].source_id for code in chosen), np.int32)
    count = size = 0
    try:
        for number, rollups in enumerate(_days(source.schema, ids, start_ms)):
            rows = block_rows(CITY_ID, source.schema_id, HOUR_S, rollups, closed=True)
            async with pool.acquire() as connection, connection.transaction():
                if number == 0:
                    await connection.execute("delete from rollup_block where schema_id = $1", source.schema_id)
                await write_blocks(connection, rows)
            count, size = count + len(rows), size + sum(len(row[-1]) for row in rows)
    finally:
        await pool.close()
    return count, size


def _days(schema: FrameSchema, ids: Int32Array, start_ms: int) -> Iterator[Rollups]:
    """Yield the hours of one day after the other, by source and time."""
    chance, shape = np.random.default_rng(1), (len(ids), 24, len(schema.points))
    gauges, totals = schema.gauge_columns, schema.total_columns
    levels: Float64Array = chance.uniform(20, 90, (len(ids), 1, len(schema.points)))
    for day in range(_DAYS):
        walk = np.abs(levels + np.cumsum(chance.normal(0, 0.3, shape), axis=1))
        rise = levels + np.cumsum(chance.uniform(0, 2, shape), axis=1)
        spread = np.abs(chance.normal(0, 0.5, shape)).round(2)
        levels = np.where(np.isin(np.arange(shape[2]), totals), rise, walk)[:, -1:]
        mean, last = walk.reshape(-1, shape[2])[:, gauges], rise.round(3).reshape(-1, shape[2])[:, totals]
        apart = spread.reshape(-1, shape[2])[:, gauges]
        hours = start_ms + day * _DAY_MS + 1000 * HOUR_S * np.arange(24)
        rows = len(ids) * 24
        yield Rollups(
            schema,
            np.repeat(ids, 24),
            np.tile(hours, len(ids)),
            np.full(rows, 60, np.int32),
            (mean - apart).round(2).astype(np.float32),
            (mean + apart).round(2).astype(np.float32),
            mean.astype(np.float32),
            last,
            np.full((rows, shape[2]), 60, np.int32),
            np.ones((rows, shape[2]), np.uint8),
        )


def _stations(city: BenchCity) -> list[str]:
    """Return the first substations of the city: their neighbours share their blocks, as in a whole city."""
    found = [source for source in city.sources.values() if source.kind == "substation"]
    return [source.code for source in sorted(found, key=lambda source: source.source_id)[:STATIONS]]


def _ask(city: BenchCity, address: str, start_ms: int, end_ms: int) -> Curves:
    chosen = _stations(city)
    chosen = chosen[:: max(1, len(chosen) // _ASKED)][:_ASKED]
    with httpx.Client(base_url=address, timeout=60) as client:
        client.get("/cities").raise_for_status()
        first, second = ([_season_ms(client, city, code, start_ms, end_ms) for code in chosen] for _ in range(2))
    return Curves(round(float(np.median(first)), 1), round(float(np.median(second)), 1))


def _season_ms(client: httpx.Client, city: BenchCity, code: str, start_ms: int, end_ms: int) -> float:
    asked: dict[str, int | str] = {"city": CITY_ID, "from": start_ms, "to": end_ms, "points": POINT, "every": str(HOUR_S)}
    started = time.perf_counter()
    answer = client.get(f"/assets/{city.sources[code].asset_id}/readings", params=asked)
    spent_ms = (time.perf_counter() - started) * 1000.0
    hours = len(answer.raise_for_status().json()["series"][0]["observed_at"])
    if hours != 24 * _DAYS:
        raise SystemExit(f"benchmarks.ingest: the season of {code} has {hours} hours; it must have {24 * _DAYS}")
    return spent_ms
