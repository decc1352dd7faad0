"""Roll-ups of a server: made as readings pass, also after a kill, made again for late frames, kept as long as they should be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import pytest

import api.rolling
from api.rolling import RollingRoom
from data.history.blocks import read_blocks, write_blocks
from data.history.levels import KEEP_DAYS, LEVELS_S, MINUTE_S, WINDOW_S
from data.history.postgres import PostgresHistory
from data.pool import Pool, connect, open_pool
from data.readings import CityBatch, store_frames
from tests.conftest import create_database, drop_database
from tests.data.history_helpers import (
    CITY,
    DAY_MS,
    HEAT,
    HOUR_MS,
    OLD,
    PRESSURE,
    START_MS,
    SUPPLY,
    ZONE,
    Row,
    batches,
    expected,
    insert_history_city,
    row,
)  # fmt: skip
from twin.frames import Frames
from twin.rollups import DAY_S, HOUR_S, MEAN_TOLERANCE, reduce_frames

Work: TypeAlias = Callable[[PostgresHistory, Pool], Awaitable[None]]
SLOW, FAST = 1, 9
MIDNIGHT_MS = START_MS + 16 * HOUR_MS  # of the city's zone
POINTS = (SUPPLY, HEAT, PRESSURE)


@pytest.fixture(scope="module")
def run(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Work], None]]:
    """Yield what runs a piece of work over an empty store with two sources, one of which reports every ten seconds."""
    url = create_database(server_url)
    insert_history_city(url, {SLOW: 300, FAST: 10})
    var_dir = tmp_path_factory.mktemp("var")

    async def with_history(work: Work) -> None:
        pool = await open_pool(url)
        history = PostgresHistory(pool, var_dir)
        try:
            await work(history, pool)
        finally:
            history.close()
            await pool.close()

    def one(work: Work) -> None:
        with connect(url) as connection:
            connection.execute("truncate reading_frame, rollup_block, rollup_mark, rollup_progress")
        asyncio.run(with_history(work))

    yield one
    drop_database(url)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what sets the time of the roll-ups."""
    return lambda at_ms: monkeypatch.setattr(api.rolling, "now_ms", lambda: at_ms)


def _rows(start_ms: int, minutes: int) -> list[Row]:
    chance, found = np.random.default_rng(start_ms % 2**32), []
    for source_id, step_ms in ((SLOW, 300_000), (FAST, 10_000)):
        for at_ms in range(start_ms, start_ms + 60_000 * minutes, step_ms):
            values = np.round(chance.uniform(1, 90, 3), 2)
            values[chance.random(3) < 0.05] = np.nan
            flags = [9 if np.isnan(value) else int(chance.choice([1, 2, 3, 4])) for value in values]
            shown = float(np.float32(values[0])), float(values[1]), float(np.float32(values[2]))
            found.append(row(source_id, at_ms + 7, *shown, quality=flags))
    return found


def _frames(rows: list[Row]) -> Frames:
    (batch,) = batches(sorted(rows, key=lambda each: (each.source_id, each.at_ms)))
    return Frames(1, OLD, batch.source_ids, batch.observed_ms, np.zeros(len(rows), np.int32), batch.values, batch.quality)


async def _look(pool: Pool, history: PostgresHistory) -> None:
    """Let a server that has just started look once."""
    room = RollingRoom(pool, history, _live())
    try:
        await room._look()
    finally:
        room._threads.shutdown()


def _live() -> Any:
    return SimpleNamespace(commit_guards=[])


async def _agree(pool: Pool, rows: list[Row], every_s: int, until_ms: int) -> int:
    """Hold the stored roll-ups of a level against those of all frames before a time; returns how many there are."""
    found = await read_blocks(pool, CITY, 1, OLD, every_s, start_ms=0, end_ms=2 * START_MS)
    before = [each for each in rows if each.at_ms < until_ms]
    if not before:
        assert not len(found)
        return 0
    wanted = reduce_frames(_frames(before), every_s, ZONE)
    for name in ("source_ids", "start_ms", "frames", "least", "greatest", "last", "good", "worst"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), name)
    np.testing.assert_allclose(found.mean, wanted.mean, rtol=MEAN_TOLERANCE)
    return len(found)


async def _begin(pool: Pool, history: PostgresHistory, clock: Callable[[int], None], at_ms: int) -> None:
    """Let roll-ups of the city begin with a window, an hour before which nothing is stored."""
    clock(at_ms + HOUR_MS)
    await _look(pool, history)
    assert await history.rolled_until(CITY) == at_ms


def test_windows_hours_and_the_day_are_made_an_hour_after_their_end(run: Any, clock: Callable[[int], None]) -> None:
    start_ms = MIDNIGHT_MS - 2 * HOUR_MS
    rows = _rows(start_ms, 130)

    async def work(history: PostgresHistory, pool: Pool) -> None:
        await _begin(pool, history, clock, start_ms)
        await history.append(CITY, batches(rows), received_ms=start_ms)
        clock(MIDNIGHT_MS + HOUR_MS + 9 * 60_000)
        await _look(pool, history)
        assert await history.rolled_until(CITY) == MIDNIGHT_MS
        assert await _agree(pool, rows, WINDOW_S, MIDNIGHT_MS) == 24
        assert await _agree(pool, rows, HOUR_S, MIDNIGHT_MS) == 4
        assert await _agree(pool, rows, DAY_S, MIDNIGHT_MS) == 2
        # only of the source that reports more often than once a minute
        assert await _agree(pool, [each for each in rows if each.source_id == FAST], MINUTE_S, MIDNIGHT_MS) == 120
        clock(MIDNIGHT_MS + HOUR_MS + 10 * 60_000)
        await _look(pool, history)
        assert await _agree(pool, rows, WINDOW_S, MIDNIGHT_MS + 600_000) == 26

    run(work)


def test_a_curve_of_minutes_is_that_of_the_frames(run: Any, clock: Callable[[int], None]) -> None:
    rows = _rows(START_MS, 70)

    async def work(history: PostgresHistory, pool: Pool) -> None:
        await _begin(pool, history, clock, START_MS)
        await history.append(CITY, batches(rows), received_ms=START_MS)
        clock(START_MS + 2 * HOUR_MS)
        await _look(pool, history)
        for source_id in (FAST, SLOW):
            curve = await history.curve(CITY, source_id, POINTS, START_MS, START_MS + 2 * HOUR_MS, every_s=MINUTE_S, zone=ZONE)
            for found in curve.points:
                wanted = expected(rows, source_id, found.point, MINUTE_S)
                assert curve.at_ms.tolist() == sorted(wanted)
                buckets = [wanted[at_ms] for at_ms in curve.at_ms.tolist()]
                shown = [each.last if found.point.slot == "total" else each.mean for each in buckets]
                np.testing.assert_allclose(found.values, shown, rtol=MEAN_TOLERANCE)
                assert found.good is not None
                assert found.good.tolist() == [each.good for each in buckets]

    run(work)


@pytest.mark.parametrize("blocks_before", [0, 1, 5])
def test_a_server_killed_in_a_window_leaves_it_to_the_next_one(
    blocks_before: int, run: Any, clock: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _rows(START_MS, 60)
    written = [0]

    async def dying(connection: Any, blocks: Any) -> None:
        await write_blocks(connection, blocks)
        written[0] += 1
        if written[0] == blocks_before + 1:
            raise asyncio.CancelledError

    async def work(history: PostgresHistory, pool: Pool) -> None:
        await _begin(pool, history, clock, START_MS)
        await history.append(CITY, batches(rows), received_ms=START_MS)
        clock(START_MS + 2 * HOUR_MS)
        with monkeypatch.context() as patched:
            patched.setattr("data.history.making.write_blocks", dying)
            with pytest.raises(asyncio.CancelledError):
                await _look(pool, history)
        done_ms = await history.rolled_until(CITY)
        assert done_ms is not None
        assert START_MS <= done_ms < START_MS + HOUR_MS
        await _agree(pool, rows, WINDOW_S, done_ms)
        await _look(pool, history)
        assert await _agree(pool, rows, WINDOW_S, START_MS + HOUR_MS) == 12
        assert await _agree(pool, rows, HOUR_S, START_MS + HOUR_MS) == 2

    run(work)


def test_late_frames_are_marked_with_their_commit_and_rolled_up_again(run: Any, clock: Callable[[int], None]) -> None:
    rows = _rows(START_MS, 120)
    late, early = rows[5:9] + rows[-300:-280], rows[:5] + rows[9:-300] + rows[-280:]

    async def work(history: PostgresHistory, pool: Pool) -> None:
        await _begin(pool, history, clock, START_MS)
        await history.append(CITY, batches(early), received_ms=START_MS)
        clock(START_MS + 3 * HOUR_MS)
        await _look(pool, history)
        await _agree(pool, early, HOUR_S, START_MS + 2 * HOUR_MS)
        live = _live()
        async with RollingRoom(pool, history, live):
            (guard,) = live.commit_guards
            # as the intake does: the marks in the transaction of the frames; one that fails leaves neither
            for fails in (True, False):
                items = [CityBatch(CITY, batch) for batch in batches(late)]
                async with pool.acquire() as connection:
                    transaction = connection.transaction()
                    await transaction.start()
                    await store_frames(connection, items, received_ms=START_MS + 3 * HOUR_MS)
                    await guard(connection, items)
                    await (transaction.rollback() if fails else transaction.commit())
                assert await pool.fetchval("select count(*) from rollup_mark") == (0 if fails else 2)
        assert live.commit_guards == []
        # until they are made again a curve is taken from the frames there
        await _curve_agrees(history, rows)
        await _look(pool, history)
        assert await pool.fetchval("select count(*) from rollup_mark") == 0
        for every_s in (WINDOW_S, HOUR_S):
            await _agree(pool, rows, every_s, START_MS + 2 * HOUR_MS)
        await _agree(pool, [each for each in rows if each.source_id == FAST], MINUTE_S, START_MS + 2 * HOUR_MS)
        await _curve_agrees(history, rows)

    run(work)


async def _curve_agrees(history: PostgresHistory, rows: list[Row]) -> None:
    curve = await history.curve(CITY, FAST, [SUPPLY], START_MS, START_MS + 2 * HOUR_MS, every_s=HOUR_S, zone=ZONE)
    wanted = expected(rows, FAST, SUPPLY, HOUR_S)
    assert curve.points[0].good is not None
    assert curve.points[0].good.tolist() == [wanted[at_ms].good for at_ms in curve.at_ms.tolist()]


def test_each_level_is_kept_as_long_as_it_should_be(run: Any, clock: Callable[[int], None]) -> None:
    start_ms = MIDNIGHT_MS - HOUR_MS
    rows = _rows(start_ms, 60)

    async def levels(pool: Pool) -> set[int]:
        return {each["every_s"] for each in await pool.fetch("select distinct every_s from rollup_block")}

    async def work(history: PostgresHistory, pool: Pool) -> None:
        await _begin(pool, history, clock, start_ms)
        await history.append(CITY, batches(rows), received_ms=start_ms)
        clock(MIDNIGHT_MS + HOUR_MS)
        await _look(pool, history)
        assert await levels(pool) == set(LEVELS_S)
        left = set(LEVELS_S)
        for every_s, days in sorted(KEEP_DAYS.items()):
            if days is None:
                continue
            # no windows to make meanwhile: they are empty
            for over, kept in ((MIDNIGHT_MS - HOUR_MS + days * DAY_MS, True), (MIDNIGHT_MS + days * DAY_MS + 1, False)):
                await pool.execute("update rollup_progress set done_until_at = to_timestamp($1)", (over - HOUR_MS) / 1000)
                clock(over)
                await _look(pool, history)
                left = left if kept else left - {every_s}
                assert await levels(pool) == left
        assert left == {DAY_S}
        assert await _agree(pool, rows, DAY_S, MIDNIGHT_MS) == 2

    run(work)
