"""A drawing edited through the archive: reading what changed gives the network that reading everything gives."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import numpy as np
import pandas as pd
import pytest
import shapely

from data.archive import Edit, apply_edits, restore_version, revert_change
from data.network import NetworkRead, read_marked
from data.network_changes import bring_up_to_date
from data.pool import connect
from topology.answers.impact import impact
from topology.network import build_network
from topology.tables import COLUMNS

WHO = {"seat": "test", "reason": "survey"}


class Town:
    """The sample city with the rows that a server holds of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        with connect(url) as connection:
            self.read = read_marked(connection, 1)

    def edit(self, edits: Sequence[Edit]) -> int:
        async def run() -> int:
            connection = await asyncpg.connect(self.url)
            try:
                return await apply_edits(connection, 1, edits, origin="edit", **WHO)
            finally:
                await connection.close()

        return asyncio.run(run())

    def undo(self, change_id: int) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await revert_change(connection, 1, change_id, **WHO)
            finally:
                await connection.close()

        asyncio.run(run())

    def bring_back(self, asset_id: int) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await restore_version(connection, 1, asset_id, 1, **WHO)
            finally:
                await connection.close()

        asyncio.run(run())

    def check(self) -> NetworkRead:
        """Bring the rows up to date, compare them with everything read anew, and keep them."""
        with connect(self.url) as connection:
            self.read = bring_up_to_date(connection, self.read)
            whole = read_marked(connection, 1)
        assert self.read.tables.network_version == whole.tables.network_version
        for name in COLUMNS:
            pd.testing.assert_frame_equal(getattr(self.read.tables, name), getattr(whole.tables, name), check_dtype=True)
        return whole


@pytest.fixture
def town(sample_copy_url: str) -> Town:
    return Town(sample_copy_url)


def test_edits_of_every_kind_are_read_alone_and_give_the_same_network(town: Town) -> None:
    before = town.read.tables
    pipes, rng = before.pipes, np.random.default_rng(5)
    moved, emptied, retired, turned = (int(i) for i in rng.choice(pipes["asset_id"], 4, replace=False))
    far = shapely.set_srid(shapely.LineString([(125.3, 43.9), (125.301, 43.9)]), 4326)
    town.edit([Edit(moved, geometry=bytes(shapely.to_wkb(far, include_srid=True)))])
    town.edit([Edit(emptied, attributes={"medium": "gas"}), Edit(turned, attributes={"network_level": "transmission"})])
    retirement = town.edit([Edit(retired, retire=True), Edit(int(before.valves["asset_id"].iloc[3]), retire=True)])
    town.check()
    assert {emptied, retired}.isdisjoint(town.read.tables.pipes["asset_id"])
    town.undo(retirement)
    town.check()
    assert retired in set(town.read.tables.pipes["asset_id"])


def test_what_others_name_may_come_and_go(town: Town) -> None:
    before = town.read.tables
    station, source = int(before.substations["asset_id"].iloc[0]), int(before.sources["asset_id"].iloc[0])
    building = int(before.buildings["asset_id"].iloc[0])
    town.edit([Edit(station, retire=True), Edit(source, retire=True), Edit(building, retire=True)])
    town.check()
    assert (town.read.tables.substations["source_id"] != source).all()
    town.bring_back(source)
    town.check()
    assert (town.read.tables.substations["source_id"] == source).any()


def test_links_that_are_set_in_place_are_found(town: Town) -> None:
    asset_id = int(town.read.tables.buildings["asset_id"].iloc[7])
    with connect(town.url) as connection:
        connection.execute("update asset set company_id = 4711 where city_id = 1 and asset_id = %s", (asset_id,))
    town.check()
    found = town.read.tables.buildings.set_index("asset_id")["company_id"]
    assert (found == 4711).sum() == 1
    assert found[asset_id] == 4711


def test_the_network_of_the_changed_rows_is_the_network_of_all_rows(town: Town) -> None:
    cut = int(town.read.tables.pipes["asset_id"].iloc[100])
    town.edit([Edit(cut, retire=True)])
    whole = town.check()
    patched, anew = build_network(town.read.tables), build_network(whole.tables)
    assert cut not in patched.assets.asset_id
    assert patched.findings == anew.findings
    for asset_id in np.random.default_rng(2).choice(anew.assets.asset_id, 40, replace=False).tolist():
        one, two = impact(patched, asset_id), impact(anew, asset_id)
        assert (one.lost.tolist(), one.reach.tolist()) == (two.lost.tolist(), two.reach.tolist())


def test_after_a_change_of_everything_everything_is_read(town: Town) -> None:
    with connect(town.url) as connection:
        connection.execute("update asset set company_id = 12 where city_id = 1")
    town.check()
    assert (town.read.tables.pipes["company_id"] == 12).all()
