from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.alarm_rules import list_rules
from data.pool import Pool, connect, open_pool
from data.readings import CityBatch, days_of, ensure_partitions, from_ms, store_frames
from data.sources import ensure_sources, list_sources
from tests.cities import TinyAsset, insert_city
from twin.alarms import shipped_rules
from twin.readings import Batch, Result
from twin.schemas import FrameSchema, Point

NOON_MS = 1_795_262_400_000  # 2026-11-21 12:00 UTC
ALL_SLOTS = FrameSchema(
    "all",
    1,
    (
        Point("flow_m3_per_h", "flow", "m3/h"),
        Point("heat_total_gj", "heat", "GJ", slot="total"),
        Point("supply_pressure_mpa", "pressure", "MPa"),
    ),
)
ONLY_TOTALS = FrameSchema("totals", 1, (Point("heat_total_gj", "heat", "GJ", slot="total"),))
ONLY_GAUGES = FrameSchema("gauges", 1, (Point("flow_m3_per_h", "flow", "m3/h"),))


def _batch(schema: FrameSchema, rows: list[tuple[int, int, list[float]]]) -> CityBatch:
    count = len(rows)
    return CityBatch(
        7,
        Batch(
            3,
            schema,
            np.arange(count),
            np.array([row[0] for row in rows], np.int32),
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.float64).reshape(count, len(schema.points)),
            np.full((count, len(schema.points)), 1, np.uint8),
        ),
    )


def _with_pool(url: str, work: Callable[[Pool], Awaitable[None]], *, size: int = 1) -> None:
    async def main() -> None:
        pool = await open_pool(url, size=size)
        try:
            await work(pool)
        finally:
            await pool.close()

    asyncio.run(main())


def _store(url: str, *batches: CityBatch) -> list[list[Result]]:
    results: list[list[Result]] = []

    async def work(pool: Pool) -> None:
        async with pool.acquire() as connection:
            await ensure_partitions(connection, days_of(batches))
            async with connection.transaction():
                results.extend(await store_frames(connection, batches, received_ms=NOON_MS + 2500))

    _with_pool(url, work)
    return results


def _stored(url: str) -> list[tuple[object, ...]]:
    with connect(url) as connection:
        return connection.execute(
            "select city_id, source_id, observed_at, schema_id, delay_s, payload from reading_frame order by 2, 3"
        ).fetchall()


def test_what_numpy_encodes_another_driver_reads(database_url: str) -> None:
    """The COPY buffer is written by hand; psycopg, which knows nothing of it, reads the table."""
    rows = [(1, NOON_MS, [1.5, 123456789.25, 0.85]), (2, NOON_MS + 1, [-2.0, 2.0**53, 0.0])]
    assert _store(database_url, _batch(ALL_SLOTS, rows)) == [[Result.ACCEPTED, Result.ACCEPTED]]
    first, second = _stored(database_url)
    assert first[:5] == (7, 1, datetime(2026, 11, 21, 12, tzinfo=UTC), 3, 2)
    assert first[5] == struct.pack("!ffd3B", 1.5, 0.85, 123456789.25, 1, 1, 1)
    assert second[2] == from_ms(NOON_MS + 1)
    assert second[5] == struct.pack("!ffd3B", -2.0, 0.0, 2.0**53, 1, 1, 1)


def test_a_schema_without_gauges_or_without_totals_has_nothing_in_their_place(database_url: str) -> None:
    _store(database_url, _batch(ONLY_TOTALS, [(1, NOON_MS, [5.0])]), _batch(ONLY_GAUGES, [(2, NOON_MS, [6.0])]))
    assert [row[5] for row in _stored(database_url)] == [struct.pack("!dB", 5.0, 1), struct.pack("!fB", 6.0, 1)]


def test_missing_values_are_equal_to_each_other(database_url: str) -> None:
    batch = _batch(ALL_SLOTS, [(1, NOON_MS, [np.nan, np.nan, 1.0])])
    assert _store(database_url, batch) == [[Result.ACCEPTED]]
    assert _store(database_url, batch) == [[Result.DUPLICATE]]


def test_staging_is_empty_for_the_next_group_on_the_same_connection(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        for second in range(3):
            batch = _batch(ONLY_GAUGES, [(1, NOON_MS + second, [1.0])])
            async with pool.acquire() as connection:
                await ensure_partitions(connection, days_of([batch]))
                async with connection.transaction():
                    assert await store_frames(connection, [batch], received_ms=NOON_MS) == [[Result.ACCEPTED]]

    _with_pool(database_url, work)
    assert len(_stored(database_url)) == 3


def test_days_are_those_of_utc() -> None:
    batch = _batch(ONLY_GAUGES, [(1, NOON_MS - 12 * 3_600_000 - 1, [1.0]), (1, NOON_MS - 12 * 3_600_000, [1.0])])
    assert [str(day) for day in sorted(days_of([batch]))] == ["2026-11-20", "2026-11-21"]


def test_two_programs_may_want_the_same_day_at_once(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        async def ensure() -> None:
            async with pool.acquire() as connection:
                await ensure_partitions(connection, days_of([_batch(ONLY_GAUGES, [(1, NOON_MS, [1.0])])]))

        await asyncio.gather(*(ensure() for _ in range(4)))

    _with_pool(database_url, work, size=4)
    with connect(database_url) as connection:
        assert connection.execute("select to_regclass('reading_frame_20261121') is not null").fetchone() == (True,)


_GROUP = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5), st.integers(0, 1)), min_size=1, max_size=8)
_HINT = st.fixed_dictionaries({source: st.integers(-1, 6) for source in (1, 2, 3)})


def test_the_straight_way_gives_what_the_way_by_key_gives(database_url: str) -> None:
    """Whatever is repeated, late or contradictory, and however wrong the hint of what is new: same results, same rows."""

    async def store(pool: Pool, item: CityBatch, newest: np.ndarray | None) -> list[Result]:
        async with pool.acquire() as connection, connection.transaction():
            hint = None if newest is None else [newest]
            return (await store_frames(connection, [item], received_ms=NOON_MS, newest_ms=hint))[0]

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(_GROUP, _HINT), min_size=1, max_size=4))
    def compare(groups: list[tuple[list[tuple[int, int, int]], dict[int, int]]]) -> None:
        async def work(pool: Pool) -> None:
            await pool.execute("truncate reading_frame, reading_conflict")
            for rows, hint in groups:
                batch = _batch(ONLY_GAUGES, [(source, NOON_MS + at, [float(value)]) for source, at, value in rows]).batch
                newest = np.array([NOON_MS + hint[source] for source, _, _ in rows])
                by_key = await store(pool, CityBatch(1, batch), None)
                assert await store(pool, CityBatch(2, batch), newest) == by_key
            for table in ("reading_frame", "reading_conflict"):
                columns = f"source_id, observed_at, schema_id, payload from {table}"
                one, two = [await pool.fetch(f"select {columns} where city_id = $1 order by 1, 2, 4", city) for city in (1, 2)]
                assert one == two

        loop.run_until_complete(work(pool))

    loop = asyncio.new_event_loop()
    pool = loop.run_until_complete(open_pool(database_url, size=1))
    try:
        loop.run_until_complete(_ensure_noon(pool))
        compare()
    finally:
        loop.run_until_complete(pool.close())
        loop.close()


async def _ensure_noon(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await ensure_partitions(connection, days_of([_batch(ONLY_GAUGES, [(1, NOON_MS, [1.0])])]))


def test_two_servers_that_store_the_same_keys_at_once_get_the_results_of_one_after_the_other(database_url: str) -> None:
    item = _batch(ONLY_GAUGES, [(source, NOON_MS, [1.0]) for source in (1, 2, 3)])
    differing = _batch(ONLY_GAUGES, [(source, NOON_MS, [1.0 if source == 2 else 2.0]) for source in (4, 3, 2)])
    nothing_known = [np.full(3, -1)]

    async def work(pool: Pool) -> None:
        await _ensure_noon(pool)
        async with pool.acquire() as one, pool.acquire() as two:
            first = one.transaction()
            await first.start()
            await store_frames(one, [item], received_ms=NOON_MS, newest_ms=nothing_known)
            async with two.transaction():
                waiting = asyncio.create_task(store_frames(two, [differing], received_ms=NOON_MS, newest_ms=nothing_known))
                await asyncio.sleep(0.2)
                assert not waiting.done()
                await first.commit()
                assert await waiting == [[Result.ACCEPTED, Result.CONFLICT, Result.DUPLICATE]]

    _with_pool(database_url, work, size=2)
    assert len(_stored(database_url)) == 4


def test_a_missing_partition_is_told_apart_from_a_bad_frame(database_url: str) -> None:
    """The intake makes the partition and stores again: it relies on this error."""
    item = _batch(ONLY_GAUGES, [(1, NOON_MS, [1.0])])

    async def work(pool: Pool) -> None:
        async with pool.acquire() as connection:
            for hint in (None, [np.full(1, -1)]):
                transaction = connection.transaction()
                await transaction.start()
                with pytest.raises(asyncpg.CheckViolationError):
                    await store_frames(connection, [item], received_ms=NOON_MS, newest_ms=hint)
                await transaction.rollback()

    _with_pool(database_url, work)


def test_sources_and_the_shipped_rules_are_registered_once(database_url: str) -> None:
    insert_city(database_url, [TinyAsset("substation", "B"), TinyAsset("substation", "A"), TinyAsset("road", "R")])

    async def work(pool: Pool) -> None:
        await asyncio.gather(*(ensure_sources(pool, 1) for _ in range(3)))
        sources = await list_sources(pool, 1)
        assert [(source.source_id, source.code, source.asset_id) for source in sources] == [
            (1, "substation:A", 2),
            (2, "substation:B", 1),
        ]
        rules = await list_rules(pool, 1)
        assert [(rule.rule_id, rule.code) for rule in rules] == [(i, each.code) for i, each in enumerate(shipped_rules(), 1)]
        assert (rules[0].code, rules[0].below, rules[0].level.value) == ("secondary_supply_temperature_low", 35.0, 1)
        water_loss = next(rule for rule in rules if rule.code == "water_loss_substation")
        assert [condition.point for condition in water_loss.also] == ["constant_pressure_point_pressure_mpa"]

    _with_pool(database_url, work, size=3)


def test_one_alarm_of_a_rule_and_source_is_open_at_a_time(database_url: str) -> None:
    insert_city(database_url, [TinyAsset("substation", "A")])
    row = "insert into alarm (city_id, rule_id, asset_id, source_id, level, active, value, limit_value, raised_at)"
    with connect(database_url, autocommit=True) as connection:
        connection.execute(f"{row} values (1, 1, 1, 1, 1, false, 1, 1, now()), (1, 1, 1, 1, 1, true, 1, 1, now())")
        try:
            connection.execute(f"{row} values (1, 1, 1, 1, 1, true, 1, 1, now())")
        except psycopg.errors.UniqueViolation:
            return
    raise AssertionError("the store took a second open alarm")


def test_a_rolled_back_group_leaves_nothing(database_url: str) -> None:
    batch = _batch(ONLY_GAUGES, [(1, NOON_MS, [1.0])])

    async def work(pool: Pool) -> None:
        async with pool.acquire() as connection:
            await ensure_partitions(connection, days_of([batch]))
            transaction = connection.transaction()
            await transaction.start()
            assert await store_frames(connection, [batch], received_ms=NOON_MS) == [[Result.ACCEPTED]]
            await transaction.rollback()

    _with_pool(database_url, work)
    assert _stored(database_url) == []
