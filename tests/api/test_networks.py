"""`NetworkStore`: what a server holds of its cities, and when it looks again."""

from __future__ import annotations

import asyncio

from api.networks import NetworkStore
from data.pool import open_pool
from data.valves import set_valve_state
from tests.api.test_assets import ROWS
from tests.handmade_town import insert_town
from topology.codes import CLOSED, VALVE
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
