"""`NetworkStore`: what a server holds of its cities, and when it looks again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from api.networks import NetworkStore
from api.tracing.criticals import Criticals
from api.tracing.facts import FactStore
from api.tracing.warming import ask_everything, warm
from data.errors import NotFound
from data.network import ValveState
from data.pool import open_pool
from data.valves import set_valve_state
from tests.api.test_assets import ROWS
from tests.handmade_town import insert_town
from tests.topology.builders import Sketch
from topology.codes import CLOSED, VALVE
from topology.network import Network, build_network
from twin.scope import Scope


def test_a_pipe_that_is_edited_away_is_gone_in_the_next_answer_and_stays_in_the_one_in_flight(database_url: str) -> None:
    insert_town(database_url, ROWS)

    async def run() -> None:
        pool = await open_pool(database_url)
        try:
            store = NetworkStore(database_url, pool)
            first = await store.get(1)
            await set_valve_state(pool, Scope(), 1, 11, state="closed", origin="measured", seat="test")
            pipe = int(first.assets.asset_id[first.edges.row[0]])
            async with pool.acquire() as connection:
                await connection.execute("delete from asset where asset_id = $1", pipe)
                await connection.execute("update city set network_version = network_version + 1")
            later = await store.get(1)
            assert pipe in first.assets.asset_id
            assert pipe not in later.assets.asset_id
            # the row of the valve was not read again; its state was
            assert (later.edges.state[later.edges.kind == VALVE] == CLOSED).any()
            assert later.valve_version == 1
        finally:
            await pool.close()

    asyncio.run(run())


def test_a_server_builds_the_networks_of_its_cities_before_anybody_asks(database_url: str) -> None:
    insert_town(database_url, ROWS)

    async def run() -> None:
        pool = await open_pool(database_url)
        try:
            await pool.execute("update city set assets_version = 1")
            store = NetworkStore(database_url, pool)
            async with store.warming():
                assert await store.held(1) is None
                while await store.held(1) is None:
                    await asyncio.sleep(0.05)
        finally:
            await pool.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_askers_at_once_share_looks_at_the_versions_and_none_sees_an_older_one(database_url: str) -> None:
    insert_town(database_url, ROWS)

    async def run() -> None:
        pool = await open_pool(database_url)
        try:
            store = NetworkStore(database_url, pool)
            await store.get(1)
            states: tuple[ValveState, ...] = ("closed", "open", "closed")
            for number, state in enumerate(states, start=1):
                early = [asyncio.create_task(store.get(1)) for _ in range(3)]
                await asyncio.sleep(0)  # a look is on its way while the valve is operated
                await set_valve_state(pool, Scope(), 1, 11, state=state, origin="measured", seat="test")
                late = await asyncio.gather(*(store.get(1) for _ in range(20)))
                assert {network.valve_version for network in late} == {number}
                assert {network.valve_version for network in await asyncio.gather(*early)} <= {number - 1, number}
            with pytest.raises(NotFound, match="there is no city 7"):
                await store.get(7)
        finally:
            await pool.close()

    asyncio.run(run())


def test_every_question_is_asked_once_before_anybody_asks_also_of_a_network_without_anything(database_url: str) -> None:
    insert_town(database_url, ROWS)
    asked = []

    async def run() -> None:
        pool = await open_pool(database_url)
        try:
            await pool.execute("update city set assets_version = 1")
            store, facts, criticals = NetworkStore(database_url, pool), FactStore(database_url), Criticals()

            async def then(network: Network) -> None:
                await warm(facts, criticals, network)
                asked.append(network)

            async with store.warming(then):
                while not asked:
                    await asyncio.sleep(0.05)
            assert asked[0] is await store.get(1)
            known = await facts.get(asked[0])
            empty = build_network(Sketch().tables())
            ask_everything(empty, replace(known, assets=empty.assets))
        finally:
            await pool.close()

    asyncio.run(asyncio.wait_for(run(), 60))
