"""The intake alone, over a real database: the bound of its queue, and what a lost database does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from api import intake
from api.errors import Busy
from api.live_room import LiveRoom
from data.errors import DatabaseUnavailable
from data.pool import connect, open_pool
from tests.api.live_helpers import S1, TINY_CITY, frame, now_ms, substation_values
from tests.cities import insert_city
from twin.readings import Batch, Prepared, Result, prepare
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
        await asyncio.wait_for(changed.wait(), 60)
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


def test_listeners_hear_of_committed_frames_and_one_that_fails_takes_nothing_back(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        heard: list[tuple[int, list[int], list[Result], int]] = []

        def fails(*_: object) -> None:
            raise RuntimeError("a listener that fails")

        def listen(city_id: int, batch: Batch, results: Sequence[Result], received_ms: int) -> None:
            heard.append((city_id, batch.observed_ms.tolist(), list(results), received_ms))

        room.arrival_listeners += [fails, listen]
        start = now_ms() - 60_000
        assert await room.submit(1, _frames(2, start), EVERYTHING) == [Result.ACCEPTED] * 2
        assert await room.submit(1, _frames(1, start), EVERYTHING) == [Result.DUPLICATE]
        assert [(city, times, results) for city, times, results, _ in heard] == [
            (1, [start, start + 1], [Result.ACCEPTED] * 2),
            (1, [start], [Result.DUPLICATE]),
        ]
        assert all(abs(received - now_ms()) < 60_000 for *_, received in heard)

    _run(database_url, work)


def test_senders_take_turns_when_not_all_fits_into_one_commit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who sends many requests of old frames does not keep another one's single request waiting behind all of them."""
    monkeypatch.setattr(intake, "MAX_COMMIT_FRAMES", 20)

    async def work(room: LiveRoom) -> None:
        start, order = now_ms() - 3_600_000, []
        sources = room.require_city(1).sources

        async def send(sender: str, number: int) -> None:
            frames = _frames(10, start + number * 10)
            await room.intake.put(1, prepare(frames, sources, now_ms=now_ms()), sender=sender)
            order.append(sender)

        await asyncio.gather(*(send("many", number) for number in range(10)), send("one", 10))
        assert order.index("one") < 3
        assert len(order) == 11

    _run(database_url, work)


def test_a_request_that_cannot_be_stored_leaves_the_others_of_its_group_alone(database_url: str) -> None:
    async def work(room: LiveRoom) -> None:
        sources, at = room.require_city(1).sources, now_ms() - 60_000
        good = [prepare(_frames(2, at + number * 2), sources, now_ms=now_ms()) for number in range(3)]
        bad = prepare(_frames(1), sources, now_ms=now_ms())
        broken = replace(bad.batches[0], values=np.zeros((1, 7)), quality=np.zeros((1, 7), np.uint8))
        sent = [*good[:2], Prepared(bad.results, (replace(broken, observed_ms=np.array([2**62])),)), good[2]]
        answers = await asyncio.gather(*(room.intake.put(1, each) for each in sent), return_exceptions=True)
        assert [isinstance(answer, Exception) for answer in answers] == [False, False, True, False]

    _run(database_url, work)
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from reading_frame").fetchone() == (6,)


def test_a_slow_machine_refuses_sooner() -> None:
    queue = intake.Intake(None, None)  # type: ignore[arg-type]
    assert queue.room_frames == intake.MAX_QUEUED_FRAMES
    queue._note_speed(10_000, 2.0)
    assert queue.room_frames == 15_000
    for _ in range(50):
        queue._note_speed(2_000, 4.0)
    assert queue.room_frames == intake.LEAST_QUEUED_FRAMES
