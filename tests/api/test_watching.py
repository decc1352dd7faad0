"""What is looked for again and again goes on after any failure, and the log says what failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from api import interval_keeper
from api.interval_keeper import IntervalKeeper
from api.networks import NetworkStore
from api.watching import Watcher
from data.errors import NotFound
from data.intervals import stale_cities
from data.pool import Pool, connect, open_pool
from tests.ring_town import insert_ring

SOON_S = 0.01


async def until(found: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(2000):
        if await found():
            return
        await asyncio.sleep(SOON_S)
    raise AssertionError(f"waited in vain for {what}")


@pytest.mark.plain
@pytest.mark.parametrize(("error", "stack"), [(ZeroDivisionError("nobody thought of it"), True), (NotFound("no city"), False)])
def test_a_look_that_fails_is_made_again(error: Exception, stack: bool, caplog: pytest.LogCaptureFixture) -> None:
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise error

    async def run() -> None:
        watcher = Watcher("look", look, every_s=SOON_S, retry_s=SOON_S)
        watcher.start()

        async def enough() -> bool:
            return looks > 4

        await until(enough, "the fifth look")
        await watcher.stop()

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    said = [record for record in caplog.records if record.name == "api.watching"]
    assert [record.getMessage() for record in said] == ["cannot look" if stack else "cannot look: no city"] * 2
    assert [record.exc_info is not None for record in said] == [stack] * 2


@pytest.mark.plain
def test_being_woken_brings_a_look_at_once_also_during_one() -> None:
    async def run() -> int:
        looks, inside, go_on = 0, asyncio.Event(), asyncio.Event()

        async def look() -> None:
            nonlocal looks
            looks += 1
            inside.set()
            await go_on.wait()

        watcher = Watcher("look", look, every_s=3600, retry_s=3600)
        watcher.start()
        watcher.wake()
        await inside.wait()
        watcher.wake()
        go_on.set()

        async def twice() -> bool:
            return looks == 2

        await until(twice, "the second look")
        await watcher.stop()
        return looks

    assert asyncio.run(run()) == 2


def test_intervals_that_could_not_be_written_are_written_later(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    insert_ring(database_url)
    for name in ("LOOK_S", "PAUSE_S", "RETRY_S"):
        monkeypatch.setattr(interval_keeper, name, SOON_S)
    statement = "alter table {} rename to {}"

    async def current(pool: Pool) -> bool:
        return not await stale_cities(pool)

    async def failed() -> bool:
        return any(record.name == "api.watching" for record in caplog.records)

    async def run() -> None:
        pool = await open_pool(database_url, size=2)
        async with IntervalKeeper(database_url, pool, NetworkStore(database_url, pool)):
            await until(failed, "a write that fails")
            with connect(database_url) as connection:
                connection.execute(statement.format("elsewhere", "interval_element"))
            await until(lambda: current(pool), "intervals")
        await pool.close()

    with connect(database_url) as connection:
        connection.execute(statement.format("interval_element", "elsewhere"))
    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    with connect(database_url) as connection:
        assert connection.execute("select count(*) > 0 from interval_element").fetchone() == (True,)
