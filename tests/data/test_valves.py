"""Operating valves and sources: every operation is kept, and the states of any time can be asked."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from data.errors import Conflict, NotFound
from data.network import read_network
from data.pool import Pool, connect, open_pool
from data.valves import (
    Operation,
    list_off_normal,
    list_sources,
    read_valve,
    set_source_state,
    set_valve_states,
    states_at,
    valve_history,
)
from tests.handmade_town import COMPANY_B
from tests.ring_town import PLANT, insert_ring
from twin.scope import EVERYTHING, Scope

T = TypeVar("T")
OPEN_ALL = {11: "open", 12: "open", 21: "open", 22: "open", 31: "open"}


@pytest.fixture
def ring_url(database_url: str) -> str:
    insert_ring(database_url)
    return database_url


def run(url: str, work: Callable[[Pool], Awaitable[T]]) -> T:
    async def inside() -> T:
        pool = await open_pool(url)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(inside())


def operate(pool: Pool, *operations: Operation, **more: object) -> Awaitable[list]:
    return set_valve_states(pool, EVERYTHING, 1, operations, **{"origin": "reported", "seat": "li", **more})


def test_several_valves_make_one_version_and_the_states_of_any_time_can_be_asked(ring_url: str) -> None:
    async def work(pool: Pool) -> None:
        start = dt.datetime.now(dt.UTC)
        done = await operate(pool, Operation(12, "closed"), Operation(11, "closed"))
        assert [(each.asset_id, each.valve_version, each.changed) for each in done] == [(12, 1, True), (11, 1, True)]
        await operate(pool, Operation(11, "open"))
        stopped = await set_source_state(pool, EVERYTHING, 1, PLANT, running=False, origin="reported", seat="li")
        assert (stopped.valve_version, stopped.running_before) == (3, True)
        now = dt.datetime.now(dt.UTC)
        assert await states_at(pool, 1, start) == (OPEN_ALL, {PLANT: True, 14: False})
        assert await states_at(pool, 1, done[0].changed_at) == (OPEN_ALL | {11: "closed", 12: "closed"}, {PLANT: True, 14: False})
        assert await states_at(pool, 1, now) == (OPEN_ALL | {12: "closed"}, {PLANT: False, 14: False})

    run(ring_url, work)
    with connect(ring_url) as connection:
        written = connection.execute("select asset_id, state from valve_state_history order by operation_id").fetchall()
    assert written == [(12, "closed"), (11, "closed"), (11, "open")]


def test_the_same_state_again_is_recorded_and_said(ring_url: str) -> None:
    async def work(pool: Pool) -> None:
        (first,) = await operate(pool, Operation(11, "open"))
        assert not first.changed
        assert "its normal state" in first.message
        await operate(pool, Operation(11, "closed"), seat="wang")
        (again,) = await operate(pool, Operation(11, "closed"), seat="li", note="seen")
        assert "closed already" in again.message
        assert "by wang" in again.message
        total, entries = await valve_history(pool, EVERYTHING, 1, 11, limit=2, offset=0)
        assert (total, [entry.seat for entry in entries]) == (3, ["li", "wang"])
        assert (await valve_history(pool, EVERYTHING, 1, 11, limit=2, offset=9)) == (3, [])
        total, (off,) = await list_off_normal(pool, EVERYTHING, 1, limit=10, offset=0)
        # since when: the first of the two records that say closed; who and why: the last
        assert (total, off.asset_id, off.note, off.since_at) == (1, 11, "seen", entries[1].changed_at)

    run(ring_url, work)


def test_all_or_nothing_and_only_at_the_version_decided_on(ring_url: str) -> None:
    async def work(pool: Pool) -> None:
        with pytest.raises(NotFound, match="no valve 401"):
            await operate(pool, Operation(11, "closed"), Operation(401, "closed"))
        with pytest.raises(Conflict, match="2 times"):
            await operate(pool, Operation(11, "closed"), Operation(11, "open"))
        await operate(pool, Operation(11, "closed"), expected_valve_version=0)
        with pytest.raises(Conflict, match="version 1, not 0"):
            await operate(pool, Operation(12, "closed"), expected_valve_version=0)
        assert (await states_at(pool, 1, dt.datetime.now(dt.UTC)))[0] == OPEN_ALL | {11: "closed"}

    run(ring_url, work)


def test_a_report_of_operability_hides_what_is_drawn_and_can_be_taken_back(ring_url: str) -> None:
    async def work(pool: Pool) -> None:
        await operate(pool, Operation(11, "open", "stuck"))
        await operate(pool, Operation(11, "closed"))
        valve = await read_valve(pool, EVERYTHING, 1, 11)
        assert (valve.operability, valve.drawn_operability) == ("stuck", "usable")
        with connect(ring_url) as connection:
            network = read_network(connection, 1)
            row = network.assets.rows_of([11])[0]
            assert set(network.edges.operability[network.edges.row == row].tolist()) == {1}
        await operate(pool, Operation(11, "closed", "as_drawn"))
        assert (await read_valve(pool, EVERYTHING, 1, 11)).operability == "usable"

    run(ring_url, work)


def test_a_scope_operates_and_sees_only_what_it_holds(ring_url: str) -> None:
    foreign = Scope(cities=(1,), company_ids=(COMPANY_B,))

    async def work(pool: Pool) -> None:
        await operate(pool, Operation(11, "closed"))
        assert await list_off_normal(pool, foreign, 1, limit=10, offset=0) == (0, [])
        assert await list_sources(pool, foreign, 1) == []
        for refused in (
            set_valve_states(pool, foreign, 1, [Operation(11, "open")], origin="reported", seat="x"),
            set_source_state(pool, foreign, 1, PLANT, running=False, origin="reported", seat="x"),
            valve_history(pool, foreign, 1, 11, limit=1, offset=0),
        ):
            with pytest.raises(NotFound):
                await refused

    run(ring_url, work)


def test_operations_that_come_together_get_versions_in_the_order_of_their_times(ring_url: str) -> None:
    async def work(pool: Pool) -> None:
        states = ["closed", "open"] * 10
        done = await asyncio.gather(*(operate(pool, Operation(11, state)) for state in states))
        assert sorted(each[0].valve_version for each in done) == list(range(1, 21))
        _, entries = await valve_history(pool, EVERYTHING, 1, 11, limit=100, offset=0)
        assert [entry.valve_version for entry in entries] == list(range(20, 0, -1))
        times = [entry.changed_at for entry in entries]
        assert times == sorted(times, reverse=True)
        assert (await states_at(pool, 1, dt.datetime.now(dt.UTC)))[0][11] == entries[0].state

    run(ring_url, work)
