"""Live state, its checkpoint and its ledger: a server that starts, and two that run over one database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import latest_keeper
from api.live_room import LiveRoom, coming_days
from data.errors import DatabaseUnavailable
from data.pool import Pool, connect, open_pool
from tests.api.live_helpers import S1, TINY_CITY, frame, now_ms, substation_values
from tests.cities import insert_city
from twin.live import LiveCity
from twin.readings import Result
from twin.scope import EVERYTHING
from twin.status import Status

COLD = substation_values(secondary_supply_temperature_degc=20.0)


def _run(database_url: str, work: Callable[[Pool], Awaitable[None]]) -> None:
    async def main() -> None:
        pool = await open_pool(database_url, size=3)
        try:
            await work(pool)
        finally:
            await pool.close()

    insert_city(database_url, TINY_CITY)
    asyncio.run(main())


def _state(city: LiveCity) -> list[tuple[object, ...]]:
    """Return all that live state knows, as comparable values."""
    return [
        (
            schema_id,
            block.observed_ms.tolist(),
            block.received_ms.tolist(),
            np.nan_to_num(block.values, nan=-1e9).tolist(),
            block.quality.tolist(),
            block.active.tolist(),
        )
        for schema_id, block in sorted(city.blocks.items())
    ]


_FRAMES = st.lists(
    st.tuples(st.sampled_from(["substation:S1", "substation:S2"]), st.integers(0, 20), st.floats(10, 60)), min_size=1, max_size=6
)


def test_state_after_a_start_is_the_state_before_the_kill(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With checkpoints at any moment between commits, and ledger rows removed as soon as one covers them."""
    monkeypatch.setattr(latest_keeper, "LEDGER_S", 0.0)
    insert_city(database_url, TINY_CITY)
    start = now_ms() - 60_000

    async def kill_and_start(steps: list[tuple[list[tuple[str, int, float]], bool]]) -> None:
        pool = await open_pool(database_url, size=3)
        try:
            await pool.execute(
                "truncate reading_frame, reading_conflict, reading_commit, latest_checkpoint, alarm, alarm_transition"
            )
            async with LiveRoom(pool) as room:
                for frames, checkpoint in steps:
                    values = [(s, t, substation_values(secondary_supply_temperature_degc=v)) for s, t, v in frames]
                    await room.submit(1, [frame(source, start + at, shown) for source, at, shown in values], EVERYTHING)
                    if checkpoint:
                        await room.write_checkpoint()
                # while the first one still runs, as after a kill: nothing was written at an end
                async with LiveRoom(pool) as again:
                    assert _state(again.require_city(1)) == _state(room.require_city(1))
        finally:
            await pool.close()

    @settings(max_examples=4, deadline=None)
    @given(st.lists(st.tuples(_FRAMES, st.booleans()), min_size=1, max_size=4))
    def check(steps: list[tuple[list[tuple[str, int, float]], bool]]) -> None:
        asyncio.run(kill_and_start(steps))

    check()


def test_a_server_follows_what_another_one_commits(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        async with LiveRoom(pool) as one, LiveRoom(pool) as two:
            at = now_ms() - 1000
            assert await one.submit(1, [frame("substation:S1", at, COLD)], EVERYTHING) == [Result.ACCEPTED]
            assert await two.submit(1, [frame("substation:S2", at, COLD)], EVERYTHING) == [Result.ACCEPTED]
            for room in (one, two):
                await room.catch_up()
                room.require_city(1).refresh(now_ms())
            assert _state(one.require_city(1)) == _state(two.require_city(1))
            assert two.require_city(1).status_of(S1) == Status.ALARM_LEVEL_1
            # what the other one has stored is known here, whatever this one was told
            assert await two.submit(1, [frame("substation:S1", at, COLD)], EVERYTHING) == [Result.DUPLICATE]
            assert await two.submit(1, [frame("substation:S1", at + 1)], EVERYTHING) == [Result.ACCEPTED]
            await one.catch_up()
            one.require_city(1).refresh(now_ms())
            assert one.require_city(1).status_of(S1) == Status.NORMAL

    _run(database_url, work)


def test_frames_that_another_server_stored_meanwhile_are_duplicates_and_conflicts(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        async with LiveRoom(pool) as one, LiveRoom(pool) as two:
            at = now_ms() - 1000
            mine: list[dict[str, Any]] = [frame("substation:S1", at), frame("substation:S2", at)]
            theirs: list[dict[str, Any]] = [
                frame("substation:S1", at),
                frame("substation:S2", at, COLD),
                frame("substation:S1", at + 1),
            ]
            await one.submit(1, mine, EVERYTHING)
            # the second one has not looked at the ledger: all three seem new to it
            assert await two.submit(1, theirs, EVERYTHING) == [Result.DUPLICATE, Result.CONFLICT, Result.ACCEPTED]

    _run(database_url, work)
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from reading_frame").fetchone() == (3,)


def test_a_commit_whose_answer_was_lost_becomes_live(database_url: str) -> None:
    """As far as this server knows it failed; the ledger says that it did not."""

    async def work(pool: Pool) -> None:
        async with LiveRoom(pool) as room:
            lost = await _commit_with_a_lost_answer(pool, room, frame("substation:S1", now_ms() - 1000, COLD))
            assert isinstance(lost, DatabaseUnavailable)
            assert await pool.fetchval("select count(*) from reading_frame") == 1
            await room.catch_up()
            room.require_city(1).refresh(now_ms())
            assert room.require_city(1).status_of(S1) == Status.ALARM_LEVEL_1

    _run(database_url, work)


async def _commit_with_a_lost_answer(pool: Pool, room: LiveRoom, sent: dict[str, Any]) -> BaseException | None:
    """Send a frame; the connection ends right after the commit, before live state hears of it."""
    city = room.require_city(1)
    moved = city.apply

    def lost(*_: object, **__: object) -> None:
        raise OSError("the connection has gone")

    city.apply = lost  # type: ignore[assignment]
    try:
        answers = await asyncio.gather(room.submit(1, [sent], EVERYTHING), return_exceptions=True)
    finally:
        city.apply = moved  # type: ignore[method-assign]
    return answers[0] if isinstance(answers[0], BaseException) else None


def test_the_partitions_of_the_coming_days_are_there_before_a_frame_asks(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        async with LiveRoom(pool):
            for _ in range(100):
                days = await pool.fetch(
                    "select inhrelid::regclass::text from pg_inherits where inhparent = 'reading_frame'::regclass"
                )
                if len(days) == 3:
                    break
                await asyncio.sleep(0.05)
        assert {row[0] for row in days} == {f"reading_frame_{day:%Y%m%d}" for day in coming_days(datetime.now(UTC))}

    _run(database_url, work)


def test_an_archived_day_is_made_again_for_a_late_frame(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        async with LiveRoom(pool) as room:
            at = now_ms() - 5 * 86_400_000
            assert await room.submit(1, [frame("substation:S1", at)], EVERYTHING) == [Result.ACCEPTED]
            name = f"reading_frame_{datetime.fromtimestamp(at / 1000, UTC):%Y%m%d}"
            await pool.execute(f"alter table reading_frame detach partition {name}")
            await pool.execute(f"drop table {name}")
            late = [frame("substation:S1", at + 1), frame("substation:S2", at)]
            assert await room.submit(1, late, EVERYTHING) == [Result.ACCEPTED] * 2

    _run(database_url, work)
