"""Lost buildings as slices, states put into a network, and intervals: against a flood of the tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.oracle import Oracle
from tests.topology.strategies import sketches
from tests.topology.test_impact import ids, ring
from topology.answers.impact import impact
from topology.errors import NotTraceable
from topology.network import Network, build_network
from topology.tables import NetworkTables

BRIEF = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


def in_states(tables: NetworkTables, valves: dict[int, str], sources: dict[int, bool]) -> NetworkTables:
    """The same drawing with states written into its rows."""
    rows = {"valves": tables.valves.copy(), "sources": tables.sources.copy()}
    for asset_id, state in valves.items():
        rows["valves"].loc[rows["valves"]["asset_id"] == asset_id, "state"] = state
    rows["sources"]["running"] = [sources.get(int(row.asset_id), bool(row.running)) for row in rows["sources"].itertuples()]
    return replace(tables, **rows)


def drawn_states(data: st.DataObject, tables: NetworkTables) -> tuple[dict[int, str], dict[int, bool]]:
    valves = sorted(map(int, tables.valves["asset_id"]))
    states = st.sampled_from(["open", "closed", "unknown"])
    return (
        data.draw(st.dictionaries(st.sampled_from(valves), states) if valves else st.just({})),
        data.draw(st.dictionaries(st.sampled_from(sorted(map(int, tables.sources["asset_id"]))), st.booleans())),
    )


def asked_of(tables: NetworkTables, oracle: Oracle) -> list[int]:
    points = (tables.substations, tables.sources, tables.inlets, tables.buildings)
    asked = [*oracle.side, *(int(i) for frame in points for i in frame["asset_id"])]
    return asked + [valve for valve, _ in oracle.valves.values()]


def lost_with(oracle: Oracle, asset_id: int) -> set[int]:
    removed = oracle.segments.get(asset_id, frozenset({asset_id}))
    buildings = set(oracle.tables.buildings["asset_id"])
    if asset_id in buildings:
        return {asset_id} & oracle.fed()
    return (oracle.fed() - oracle.fed(removed)) & buildings


@BRIEF
@given(sketches(), st.data())
def test_lost_buildings_equal_a_flood_in_any_state(sketch: Sketch, data: st.DataObject) -> None:
    tables = sketch.tables()
    valves, sources = drawn_states(data, tables)
    network = build_network(tables).with_states(valves, sources, valve_version=3)
    oracle = Oracle(in_states(tables, valves, sources))
    for asset_id in asked_of(tables, oracle):
        found = network.lost_buildings(asset_id)
        assert len(found) == len(set(found.tolist())), asset_id
        assert set(found.tolist()) == lost_with(oracle, asset_id), asset_id


@BRIEF
@given(sketches(), st.data())
def test_states_put_into_a_network_give_what_building_it_so_gives(sketch: Sketch, data: st.DataObject) -> None:
    tables = sketch.tables()
    valves, sources = drawn_states(data, tables)
    changed = build_network(tables).with_states(valves, sources, valve_version=3)
    built = build_network(in_states(tables, valves, sources))
    assert changed.findings == built.findings
    for asset_id in built.assets.asset_id.tolist():
        one, two = impact(changed, asset_id), impact(built, asset_id)
        assert (one.lost.tolist(), one.reach.tolist()) == (two.lost.tolist(), two.reach.tolist()), asset_id


@BRIEF
@given(sketches())
def test_intervals_name_the_buildings_that_fall_with_what_stands_in_one_segment(sketch: Sketch) -> None:
    tables = sketch.tables()
    network = build_network(tables)
    asset_id, tin, tout = network.intervals()
    oracle = Oracle(tables)
    building = np.isin(asset_id, tables.buildings["asset_id"].to_numpy(np.int64))
    for asked in [*oracle.side, *(valve for valve, _ in oracle.valves.values())]:
        found: set[int] = set()
        for first, last in zip(tin[asset_id == asked], tout[asset_id == asked], strict=True):
            found |= set(asset_id[building & (tin >= first) & (tin < last)].tolist())
        assert found == lost_with(oracle, asked), asked


def buildings(network: Network, asset_id: int) -> set[int]:
    return set(network.lost_buildings(asset_id).tolist())


def test_the_array_belongs_to_the_caller() -> None:
    network = build_network(tree().tables())
    first = network.lost_buildings(101)
    first[:] = 0
    assert buildings(network, 101) == {30, 31}


def test_a_stopped_source_feeds_nobody_and_a_started_one_takes_over() -> None:
    s = ring(closed=203)
    s.source(2, 3, running=False)
    network = build_network(s.tables())
    assert buildings(network, 1) == {30, 31}
    both = network.with_states(sources={2: True}, valve_version=1)
    assert buildings(both, 1) == set()
    assert buildings(both.with_states(sources={1: False}, valve_version=2), 2) == {30, 31}
    assert buildings(network.with_states(sources={1: False}, valve_version=1), 1) == set()


def test_a_source_is_cut_on_both_sides_at_once() -> None:
    # source 1 gives substation 20 its supply and 21 its return; each half alone stops one of them, both together stop both
    s = Sketch()
    s.source(1, 0)
    s.source(2, 10)
    for pipe, start, end, side in ((100, 0, 1, 1), (101, 10, 1, 2), (102, 0, 2, 2), (103, 10, 2, 1)):
        s.pipe(pipe, start, end, sides=(side,))
    for i, at in ((0, 1), (1, 2)):
        s.substation(20 + i, at)
        s.pipe(110 + i, at, 5, level=3)
    s.inlet(50, 5, 30)
    s.building(30)
    network = build_network(s.tables())
    assert [buildings(network, pipe) for pipe in (100, 102 + RETURN_OFFSET)] == [set(), set()]
    assert [buildings(network, source) for source in (1, 2)] == [{30}, {30}]
    assert all(30 in ids(network, impact(network, source).lost) for source in (1, 2))


def test_a_return_cut_stops_the_exchangers_of_another_supply() -> None:
    s = Sketch()
    s.source(1, 0)
    for i, at in ((0, 1), (1, 2)):
        s.pipe(100 + 10 * i, 0, at - 0.5)
        s.valve(200 + i, at - 0.5)
        s.pipe(101 + 10 * i, at - 0.5, at)
        s.substation(20 + i, at)
    s.pipe(120, 1, 5, level=3, sides=(1,))
    s.pipe(121, 2, 5, level=3, sides=(2,))
    s.inlet(50, 5, 30)
    s.building(30)
    network = build_network(s.tables())
    # its supply hangs on substation 20, its return on 21: both sides of both can stop it
    for pipe in (101, 101 + RETURN_OFFSET, 111, 111 + RETURN_OFFSET):
        assert buildings(network, pipe) == {30}
    assert buildings(network, 100) == {30}


def test_reported_operability_and_origin_come_with_the_states() -> None:
    network = build_network(tree().tables())
    changed = network.with_states(
        {200: "closed"}, valve_version=1, operability={200: "stuck", 201: "no_access"}, origins={200: "measured"}
    )
    edge = {int(network.assets.asset_id[row]): at for at, row in enumerate(network.edges.row) if network.edges.kind[at] == 2}
    edges = changed.edges
    assert [(edges.state[edge[v]], edges.operability[edge[v]], edges.origin[edge[v]]) for v in (200, 201)] == [
        (0, 1, 2),
        (1, 2, 0),
    ]
    assert network.edges.operability[edge[200]] == 0


def test_several_floods_agree_with_single_slices() -> None:
    network = build_network(tree().tables())
    element = network.net.elements.one[104]
    fed = network.flood([element])
    gone = network.services.inlet_row[network.state.fed.service & ~fed.service]
    assert ids(network, gone) == {51}


def test_an_asset_off_the_network_is_a_clear_error() -> None:
    network = build_network(tree().tables())
    with pytest.raises(NotTraceable, match="asset 999 is not part of the hot-water network of city 1"):
        network.lost_buildings(999)
