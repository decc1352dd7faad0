"""The intake alone, over a real database: the bound of its queue, and what a lost database does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.errors import Busy
from api.live_room import LiveRoom
from data.errors import DatabaseUnavailable
from data.pool import connect, open_pool
from tests.api.live_helpers import S1, TINY_CITY, frame, now_ms, substation_values
from tests.cities import insert_city
from twin.readings import Result
from twin.scope import EVERYTHING, Scope
from twin.status import Status


def _run(database_url: str, work: Callable[[LiveRoom], Awaitable[None]]) -> None:
    async def main() -> None:
        pool = await open_pool(database_url, size=2)
        try:
            async with LiveRoom(pool) as room:
                await work(room)
        finally:
            await pool.close()

    insert_city(database_url, TINY_CITY)
    asyncio.run(main())


def _frames(count: int, start: int | None = None) -> list[dict[str, Any]]:
    first = now_ms() - 60_000 if start is None else start
    return [frame("weather_station:W1", first + i, [(first + i) % 50.0]) for i in range(count)]


def test_a_full_queue_refuses_at_once_and_keeps_what_it_took(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        room.intake.max_queued_frames = 25
        start = now_ms() - 60_000
        senders = [asyncio.create_task(room.submit(1, _frames(10, start + i * 10), EVERYTHING)) for i in range(5)]
        answers = await asyncio.gather(*senders, return_exceptions=True)
        taken = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert [type(answer) for answer in answers].count(Busy) == 3
        assert taken == [[Result.ACCEPTED] * 10] * 2
        assert room.intake.queued_frames == 0
        # and there is room again
        assert await room.submit(1, _frames(10, start + 500), EVERYTHING) == [Result.ACCEPTED] * 10

    _run(database_url, work)
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from reading_frame").fetchone() == (30,)


def test_a_commit_that_fails_acknowledges_nothing_and_the_state_follows_the_store(database_url: str) -> None:
    cold = frame("substation:S1", now_ms(), substation_values(secondary_supply_temperature_degc=20.0))

    async def work(room: LiveRoom) -> None:
        with connect(database_url, autocommit=True) as connection:
            connection.execute("alter table alarm_transition rename to alarm_transition_away")
            with pytest.raises(DatabaseUnavailable):
                await room.submit(1, [cold], EVERYTHING)
            assert connection.execute("select count(*) from reading_frame").fetchone() == (0,)
            assert room.require_city(1).active_alarms == 0
            connection.execute("alter table alarm_transition_away rename to alarm_transition")
        assert await room.submit(1, [cold], EVERYTHING) == [Result.ACCEPTED]
        assert room.require_city(1).active_alarms == 1

    _run(database_url, work)


def test_a_lost_connection_is_an_error_to_the_sender_and_heals(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        assert await room.submit(1, _frames(1), EVERYTHING) == [Result.ACCEPTED]
        with connect(database_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        results = []
        for attempt in range(20):
            try:
                results = await room.submit(1, _frames(1), EVERYTHING)
                break
            except DatabaseUnavailable:
                await asyncio.sleep(0.05 * attempt)
        assert results in ([Result.ACCEPTED], [Result.DUPLICATE])

    _run(database_url, work)


def test_a_sender_that_leaves_does_not_disturb_the_others(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        start = now_ms() - 60_000
        leaving = asyncio.create_task(room.submit(1, _frames(5, start), EVERYTHING))
        staying = asyncio.create_task(room.submit(1, _frames(5, start + 5), EVERYTHING))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying == [Result.ACCEPTED] * 5
        assert await room.submit(1, _frames(10, start), EVERYTHING) == [Result.DUPLICATE] * 10

    _run(database_url, work)


def test_a_gateway_sends_only_for_the_sources_of_its_company(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        own, other = frame("substation:S1", now_ms()), frame("substation:S2", now_ms())
        results = await room.submit(1, [own, other], Scope(company_ids=(1,)))
        assert results == [Result.ACCEPTED, Result.UNKNOWN_SOURCE]
        message, since = room.message(1, "status", Scope(company_ids=(2,)), None)
        assert message is not None
        assert room.message(1, "status", Scope(company_ids=(2,)), since)[0] is None

    _run(database_url, work)


def test_the_same_news_is_encoded_once_for_all(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        first, since = room.message(1, "status", EVERYTHING, None)
        assert room.message(1, "status", Scope(cities=(1,)), None)[0] is first
        changed = room.changed
        await room.submit(1, [frame("substation:S1", now_ms())], EVERYTHING)
        await asyncio.wait_for(changed.wait(), 10)
        assert room.status_of(1, S1) == Status.NORMAL
        news = room.message(1, "status", EVERYTHING, since)[0]
        assert news is not None
        assert room.message(1, "status", EVERYTHING, since)[0] is news

    _run(database_url, work)


def test_frames_that_wait_when_the_server_stops_are_still_committed(database_url: str) -> None:
    waiting: list[asyncio.Task[list[Result]]] = []

    async def work(room: LiveRoom) -> None:
        waiting.append(asyncio.create_task(room.submit(1, _frames(10), EVERYTHING)))
        await asyncio.sleep(0)

    _run(database_url, work)
    assert waiting[0].result() == [Result.ACCEPTED] * 10
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from reading_frame").fetchone() == (10,)
