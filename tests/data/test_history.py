"""One suite for every store of history: what is asked of PostgreSQL with Parquet is asked of ClickHouse."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from data.history.clickhouse import ClickHouseHistory
from data.history.contract import History, Schemas
from data.history.making import Maker, roll_cities
from data.history.postgres import PostgresHistory
from data.pool import Pool, open_pool
from tests.conftest import create_database, drop_database
from tests.data.chdb_engine import ChdbEngine, chdb_engine
from tests.data.history_helpers import (
    CITY,
    DAY_MS,
    FLOW,
    HEAT,
    HOUR_MS,
    POINTS,
    PRESSURE,
    SCHEMAS,
    START_MS,
    SUPPLY,
    ZONE,
    Row,
    batches,
    expected,
    insert_history_city,
    row,
    season,
    write_archive,
)
from twin.history import Curve, PointCurve
from twin.readings import Batch, Result
from twin.rollups import DAY_S, HOUR_S, MEAN_TOLERANCE
from twin.schemas import FrameSchema

Ask: TypeAlias = Callable[[History], Awaitable[None]]
Store: TypeAlias = Callable[[Ask], None]
"""Lets a question be asked of a store that holds the season; what a test adds has sources of its own."""
LATER_MS = START_MS + 4 * DAY_MS
ROLLED_MS = START_MS + 2 * DAY_MS - 5 * HOUR_MS
ROWS = season()
A, D, C = Result.ACCEPTED, Result.DUPLICATE, Result.CONFLICT


async def _append(history: History, rows: list[Row], *, received_ms: int = LATER_MS) -> list[list[Result]]:
    return [list(each) for each in await history.append(CITY, batches(rows), received_ms=received_ms)]


async def _roll(history: PostgresHistory, pool: Pool) -> None:
    """Make the roll-ups: the first day out of its marks, the second window by window; then what came late; then close periods."""
    maker = Maker(pool, history.reader)
    city = next(each for each in await roll_cities(pool) if each.city_id == CITY)
    done = await maker.begin(city, START_MS + DAY_MS + HOUR_MS)
    while done < ROLLED_MS:
        await maker.window(city, done)
        done += 600_000
    while await maker.marked(city, done):
        pass
    while await maker.close_one(city, done):
        pass


@contextmanager
def _postgres(
    server_url: str, var_dir: Path
) -> Iterator[tuple[str, Callable[[Callable[[PostgresHistory, Pool], Awaitable[None]]], None]]]:
    url = create_database(server_url)
    insert_history_city(url)

    async def with_history(work: Callable[[PostgresHistory, Pool], Awaitable[None]]) -> None:
        pool = await open_pool(url)
        history = PostgresHistory(pool, var_dir)
        try:
            await work(history, pool)
        finally:
            history.close()
            await pool.close()

    try:
        yield url, lambda work: asyncio.run(with_history(work))
    finally:
        drop_database(url)


async def _clickhouse(engine: ChdbEngine) -> ClickHouseHistory:
    async def schemas(_city_id: int) -> Schemas:
        return SCHEMAS

    history = ClickHouseHistory(engine, schemas)
    await history.prepare()
    return history


@pytest.fixture(scope="module", params=["hot", "rolled up", "archived and rolled up", "ClickHouse"])
def store(request: pytest.FixtureRequest, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    kind: str = request.param
    if kind == "ClickHouse":
        pytest.importorskip("chdb")
        with chdb_engine() as engine:
            history = asyncio.run(_clickhouse(engine))
            asyncio.run(_append(history, ROWS))
            yield lambda ask: asyncio.run(ask(history))  # type: ignore[arg-type]
        return
    var_dir = tmp_path_factory.mktemp("var")

    async def fill(history: PostgresHistory, pool: Pool) -> None:
        await _append(history, ROWS, received_ms=START_MS)
        if kind.startswith("archived"):
            sources = sorted({each.source_id for each in ROWS})
            days = [frames async for frames in history.export(CITY, sources, START_MS, START_MS + DAY_MS)]
            for number, frames in enumerate(days):
                write_archive(url, var_dir, frames, part=number)
        if kind != "hot":
            await _roll(history, pool)

    with _postgres(server_url, var_dir) as (url, run):
        run(fill)
        yield lambda ask: run(lambda history, _pool: ask(history))


def _same(found: PointCurve, wanted: list[float]) -> None:
    np.testing.assert_array_equal(found.values.astype(np.float64), np.array(wanted))


def test_frames_come_back_to_the_bit_over_a_change_of_schema(store: Store) -> None:
    async def ask(history: History) -> None:
        curve = await history.curve(CITY, 2, POINTS, START_MS, START_MS + 2 * DAY_MS)
        own = sorted((each for each in ROWS if each.source_id == 2), key=lambda each: each.at_ms)
        assert curve.at_ms.tolist() == [each.at_ms for each in own]
        assert (curve.every_s, curve.truncated, curve.frames) == (0, False, None)
        flow, heat, supply = curve.points
        _same(heat, [each.values[1] for each in own])
        _same(supply, [each.values[0] for each in own])
        _same(flow, [each.values[3] if each.schema_id == 2 else math.nan for each in own])
        assert flow.quality.tolist() == [each.quality[3] if each.schema_id == 2 else 9 for each in own]
        assert (heat.values.dtype.name, supply.values.dtype.name) == ("float64", "float32")

    store(ask)


@pytest.mark.parametrize("every_s", [600, 1800, HOUR_S, DAY_S])
def test_buckets_are_those_of_plain_sums(store: Store, every_s: int) -> None:
    async def ask(history: History) -> None:
        for source_id in (1, 2):
            curve = await history.curve(
                CITY, source_id, POINTS, START_MS - DAY_MS, START_MS + 3 * DAY_MS, every_s=every_s, zone=ZONE
            )
            for found in curve.points:
                _agree(curve, found, ROWS, source_id)

    store(ask)


def _agree(curve: Curve, found: PointCurve, rows: list[Row], source_id: int) -> None:
    wanted = expected(rows, source_id, found.point, curve.every_s)
    buckets = [wanted[start] for start in sorted(wanted)]
    assert curve.at_ms.tolist() == sorted(wanted)
    assert curve.frames is not None
    assert found.good is not None
    assert curve.frames.tolist() == [each.frames for each in buckets]
    assert found.good.tolist() == [each.good for each in buckets]
    assert found.quality.tolist() == [each.worst for each in buckets]
    if found.point.slot == "total":
        _same(found, [each.last for each in buckets])
        assert found.least is None
        return
    assert found.least is not None
    assert found.greatest is not None
    np.testing.assert_array_equal(found.least, np.array([each.least for each in buckets], np.float32))
    np.testing.assert_array_equal(found.greatest, np.array([each.greatest for each in buckets], np.float32))
    np.testing.assert_allclose(found.values, [each.mean for each in buckets], rtol=MEAN_TOLERANCE)


def test_a_total_rises_from_bucket_to_bucket_and_not_over_a_changed_meter(store: Store) -> None:
    async def ask(history: History) -> None:
        start_ms = START_MS + 6 * HOUR_MS
        curve = await history.curve(CITY, 2, [HEAT], start_ms, START_MS + 2 * DAY_MS, every_s=HOUR_S)
        wanted = expected(ROWS, 2, HEAT, HOUR_S)
        last, rises = math.nan, {}
        for start, bucket in sorted(wanted.items()):
            if start >= start_ms - HOUR_MS and bucket.good:
                rises[start] = bucket.last - last if bucket.last >= last else math.nan
                last = bucket.last
        rise = curve.points[0].rise
        assert rise is not None
        np.testing.assert_array_equal(rise, [rises.get(start, math.nan) for start in curve.at_ms.tolist()])
        # the meter was changed once, and the schema has changed without one
        assert np.isnan(rise).sum() == sum(math.isnan(rises.get(start, math.nan)) for start in curve.at_ms.tolist()) >= 1

    store(ask)


def test_buckets_of_many_sources_are_those_of_each(store: Store) -> None:
    async def ask(history: History) -> None:
        span = START_MS, START_MS + 2 * DAY_MS
        for every_s in (HOUR_S, DAY_S):
            found = await history.rollup(CITY, 2, *span, every_s, zone=ZONE)
            assert {2, 70} == set(found.source_ids.tolist())
            assert (np.diff(found.source_ids) >= 0).all()
            one = await history.rollup(CITY, 2, *span, every_s, zone=ZONE, source_ids=[70])
            np.testing.assert_array_equal(one.start_ms, found.start_ms[found.source_ids == 70])
            np.testing.assert_array_equal(one.mean, found.mean[found.source_ids == 70])
            newer = [each for each in ROWS if each.schema_id == 2]
            wanted = expected(newer, 70, FLOW, every_s)
            assert one.start_ms.tolist() == sorted(wanted)
            np.testing.assert_array_equal(one.greatest[:, 2], np.array([wanted[s].greatest for s in sorted(wanted)], np.float32))
        assert len(await history.rollup(CITY, 2, *span, HOUR_S, source_ids=[])) == 0

    store(ask)


def test_the_newest_frame_of_each_source(store: Store) -> None:
    async def ask(history: History) -> None:
        found = {
            source: (at, values.tolist())
            for part in await history.latest(CITY, [1, 2, 70, 5000])
            for source, at, values in zip(part.source_ids.tolist(), part.observed_ms.tolist(), part.values, strict=True)
        }
        assert set(found) == {1, 2, 70}
        for source, (at, values) in found.items():
            newest = max((each for each in ROWS if each.source_id == source), key=lambda each: each.at_ms)
            assert at == newest.at_ms
            np.testing.assert_array_equal(values, newest.values)

    store(ask)


def test_an_export_has_every_frame_once_in_order(store: Store) -> None:
    async def ask(history: History) -> None:
        found = []
        async for part in history.export(CITY, [1, 70], START_MS + HOUR_MS, START_MS + 2 * DAY_MS):
            assert len({int(each) // DAY_MS for each in part.observed_ms.tolist()}) == 1
            keys = list(zip(part.source_ids.tolist(), part.observed_ms.tolist(), strict=True))
            assert keys == sorted(keys)
            found += keys
        wanted = [(each.source_id, each.at_ms) for each in ROWS if each.source_id != 2 and each.at_ms >= START_MS + HOUR_MS]
        assert sorted(found) == sorted(wanted)

    store(ask)


def test_a_repeat_is_a_duplicate_and_another_value_a_conflict(store: Store) -> None:
    at = START_MS + DAY_MS + 7
    first = row(201, at, 50.0, 987654321.123, math.nan)
    other = row(201, at, 50.5, 987654321.123, math.nan)

    async def ask(history: History) -> None:
        assert await _append(history, [first]) == [[A]]
        assert await _append(history, [first, other, row(202, at, 1.0, 2.0, 3.0), first]) == [[D, C, A, D]]
        flagged = row(201, at, 50.0, 987654321.123, math.nan, quality=[3, 1, 9])
        newer = row(201, at, 50.0, 987654321.123, math.nan, 4.0, schema_id=2)
        assert await _append(history, [flagged, newer]) == [[C], [C]]
        curve = await history.curve(CITY, 201, [SUPPLY, HEAT, PRESSURE], START_MS, START_MS + 3 * DAY_MS)
        _same(curve.points[0], [50.0])
        _same(curve.points[1], [987654321.123])
        _same(curve.points[2], [math.nan])
        assert curve.points[2].quality.tolist() == [9]

    store(ask)


def test_late_frames_are_in_the_buckets(store: Store) -> None:
    early = [row(301, START_MS + n * 600_000, 60.0, 10.0 + n, 0.5) for n in range(6, 200)]
    late = [row(301, START_MS + 5 * HOUR_MS + n * 1000, 140.0 + n, 40.0, 0.5) for n in range(1, 4)]

    async def ask(history: History) -> None:
        await _append(history, early)
        for rows in (early, early + late):
            if rows is not early:
                await _append(history, late)
            if isinstance(history, PostgresHistory) and await history.rolled_until(CITY) is not None:
                await _roll(history, history._pool)
            for every_s in (600, HOUR_S, DAY_S):
                curve = await history.curve(CITY, 301, POINTS, START_MS, START_MS + 2 * DAY_MS, every_s=every_s, zone=ZONE)
                for found in curve.points:
                    _agree(curve, found, rows, 301)

    store(ask)


def test_where_there_is_nothing_an_answer_is_empty(store: Store) -> None:
    async def ask(history: History) -> None:
        for every_s in (0, 600, DAY_S):
            curve = await history.curve(CITY, 999, POINTS, START_MS, START_MS + DAY_MS, every_s=every_s, zone=ZONE)
            assert (len(curve), [len(each.values) for each in curve.points]) == (0, [0, 0, 0])
        assert await history.latest(CITY, [999]) == []
        assert [each async for each in history.export(CITY, [999], START_MS, START_MS + DAY_MS)] == []
        assert len(await history.rollup(CITY, 1, START_MS - 9 * DAY_MS, START_MS - 8 * DAY_MS, HOUR_S)) == 0

    store(ask)


def test_no_more_frames_than_asked_for_the_oldest_first(store: Store) -> None:
    rows = [row(401, START_MS + n * 60_000, float(n), 1.0, 1.0) for n in range(20)]

    async def ask(history: History) -> None:
        await _append(history, rows)
        curve = await history.curve(CITY, 401, [SUPPLY], START_MS, START_MS + DAY_MS, limit=5)
        assert (curve.truncated, curve.points[0].values.tolist()) == (True, [0, 1, 2, 3, 4])
        assert not (await history.curve(CITY, 401, [SUPPLY], START_MS, START_MS + DAY_MS, limit=20)).truncated

    store(ask)


def test_a_point_that_an_older_schema_lacks_has_its_frames_all_the_same(store: Store) -> None:
    async def ask(history: History) -> None:
        for every_s in (0, 600, HOUR_S, DAY_S):
            curve = await history.curve(CITY, 2, [FLOW], START_MS, START_MS + 2 * DAY_MS, every_s=every_s, zone=ZONE)
            if every_s:
                _agree(curve, curve.points[0], ROWS, 2)
            else:
                assert curve.at_ms.tolist() == sorted(each.at_ms for each in ROWS if each.source_id == 2)

    store(ask)


def test_a_schema_that_another_process_registers_is_read_when_its_first_frame_is(server_url: str, tmp_path: Path) -> None:
    newer = FrameSchema("station", 3, (PRESSURE, SUPPLY))
    late = Batch(
        3, newer, np.arange(2), np.array([501, 501], np.int32), START_MS + np.array([0, 60_000]),
        np.array([[0.5, 61.0], [0.25, 62.0]]), np.ones((2, 2), np.uint8),
    )  # fmt: skip

    async def ask(history: PostgresHistory, pool: Pool) -> None:
        await _append(history, [row(501, START_MS - 60_000, 60.0, 1.0, 0.75)])
        assert len(await history.curve(CITY, 501, [SUPPLY], START_MS - HOUR_MS, START_MS + HOUR_MS)) == 1
        points = [point.as_json() for point in newer.points]
        async with pool.acquire() as connection:
            await connection.execute("insert into frame_schema values ($1, 3, 'station', 3, $2)", CITY, points)
        await PostgresHistory(pool, tmp_path).append(CITY, [late], received_ms=LATER_MS)
        curve = await history.curve(CITY, 501, [PRESSURE, SUPPLY], START_MS - HOUR_MS, START_MS + HOUR_MS)
        _same(curve.points[0], [0.75, 0.5, 0.25])
        _same(curve.points[1], [60.0, 61.0, 62.0])

    with _postgres(server_url, tmp_path) as (_, run):
        run(ask)
