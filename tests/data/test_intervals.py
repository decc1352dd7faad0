"""Intervals in the store: plain SQL says the same as the network, and says when it is out of date."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psycopg
import pytest

from data.intervals import write_intervals
from data.network import read_network
from data.pool import connect
from tests.ring_town import PIPE_OF, N, insert_ring
from topology.answers.impact import impact
from topology.assets import KIND_CODE, KINDS
from topology.network import Network

NAMED = {"pipe", "valve", "substation", "building"}
"""Inlets fall with their buildings and stand in no row."""


@pytest.fixture(scope="module")
def network(sample_url: str) -> Network:
    with connect(sample_url) as connection:
        return read_network(connection, 1)


def lost_by_sql(connection: psycopg.Connection, asset_id: int) -> list[tuple[int, str, bool]]:
    rows = connection.execute("select asset_id, kind, exact, stale from impact_of(1, %s)", (asset_id,)).fetchall()
    assert not any(stale for *_, stale in rows)
    return [(number, kind, exact) for number, kind, exact, _ in rows]


def some(network: Network, kind: str, count: int, seed: int) -> list[int]:
    rows = np.flatnonzero(network.assets.kind == KIND_CODE[kind])
    chosen = np.random.default_rng(seed).choice(rows, size=min(count, len(rows)), replace=False)
    return network.assets.asset_id[chosen].tolist()


def test_sql_says_the_same_as_the_network(network: Network, sample_url: str) -> None:
    asked = [i for kind in ("substation", "plant", "boiler_house", "relay_pump_station") for i in some(network, kind, 10_000, 0)]
    asked += [i for kind in ("pipe", "valve") for i in some(network, kind, 150, 1)]
    inexact = 0
    with connect(sample_url) as connection:
        for asset_id in asked:
            found = impact(network, asset_id)
            kinds = {int(network.assets.asset_id[row]): KINDS[network.assets.kind[row]] for row in found.lost}
            expected = {number: kind for number, kind in kinds.items() if kind in NAMED}
            rows = lost_by_sql(connection, asset_id)
            buildings = connection.execute("select asset_id from lost_buildings_of(1, %s)", (asset_id,)).fetchall()
            assert {number for (number,) in buildings} == {number for number, kind in expected.items() if kind == "building"}
            if all(exact for *_, exact in rows):
                assert {number: kind for number, kind, _ in rows} == expected, asset_id
            inexact += not all(exact for *_, exact in rows)
    assert inexact < len(asked) / 10


def test_the_view_has_a_row_for_every_side_of_what_is_fed(network: Network, sample_url: str) -> None:
    with connect(sample_url) as connection:
        rows = connection.execute("select asset_id, tin, tout from element_interval where city_id = 1 and kind <> 'building'")
        stored = {(a, tin, tout) for a, tin, tout in rows}
        kinds = connection.execute("select distinct kind from element_interval where city_id = 1").fetchall()
    asset_id, tin, tout = network.intervals()
    consumer = np.isin(
        network.assets.kind[network.assets.rows_of(asset_id)], [KIND_CODE["building"], KIND_CODE["building_inlet"]]
    )
    told = set(zip(asset_id[~consumer].tolist(), tin[~consumer].tolist(), tout[~consumer].tolist(), strict=True))
    assert stored == told
    assert ("building",) in kinds


def test_the_statements_of_the_page_run(sample_url: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "intervals.md").read_text(encoding="utf-8")
    statements = [text for text in page.split("```sql\n")[1].split("```")[0].split(";\n") if text.strip()]
    assert len(statements) == 3
    with connect(sample_url) as connection:
        stations = connection.execute("select asset_id from asset where kind = 'substation' and valid_to_at is null").fetchall()
        for statement in statements[:2]:
            rows = connection.execute(statement.replace("(1, 12)", f"(1, {stations[0][0]})")).fetchall()
            assert rows
        areas = connection.execute(statements[2]).fetchall()
    assert 0 < len(areas) <= len(stations)


def test_old_intervals_say_so_and_name_nothing(database_url: str) -> None:
    insert_ring(database_url)
    with connect(database_url) as connection:
        never = connection.execute("select asset_id, stale from impact_of(1, %s)", (N,)).fetchall()
        assert never == [(None, True)]
        report = write_intervals(connection, read_network(connection, 1))
        assert report.written
        fresh = connection.execute("select asset_id, stale from lost_buildings_of(1, %s) order by 1", (N,)).fetchall()
        assert fresh == [(201, False), (202, False)]
        connection.execute("insert into valve_state select 1, 11, 'closed', 'reported', 'x', '', now()")
        connection.execute("update city set valve_version = valve_version + 1")
        for function in ("impact_of", "lost_buildings_of"):
            assert connection.execute(f"select asset_id, stale from {function}(1, %s)", (N,)).fetchall() == [(None, True)]
        assert connection.execute("select bool_and(stale) from element_interval").fetchone() == (True,)
        old = read_network(connection, 1)
        assert write_intervals(connection, old).written
        # the other way round the ring is all that is left
        lost = connection.execute("select asset_id from lost_buildings_of(1, %s) order by 1", (PIPE_OF["21", "S"],)).fetchall()
        assert lost == [(201,), (202,), (203,), (204,)]
        assert not write_intervals(connection, old).written
