"""Building: what becomes an edge, what becomes a finding, what the segment graph says."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from topology.codes import EXCHANGER, SOURCE, VALVE
from topology.errors import BadTables
from topology.findings import RULES
from topology.graph import segment_graph
from topology.network import build_network
from topology.tables import NetworkTables, empty_table


def rules(sketch: Sketch) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for item in build_network(sketch.tables()).findings:
        found.setdefault(item.rule, set()).update(item.asset_ids)
    return found


def test_an_empty_city_is_an_empty_network() -> None:
    network = build_network(NetworkTables(1))
    assert network.findings == ()
    assert network.segment_id_of_pipe()[0].size == 0


def test_a_clean_tree_has_no_findings() -> None:
    assert rules(tree()) == {}


def test_every_edge_knows_its_pair() -> None:
    network = build_network(tree().tables())
    edges = network.edges
    assert (edges.pair >= 0).all()
    assert (edges.pair[edges.pair] == np.arange(len(edges.kind))).all()
    assert (edges.side[edges.pair] != edges.side).all()
    assert [int((edges.kind == kind).sum()) for kind in (VALVE, EXCHANGER, SOURCE)] == [4, 4, 2]


def _loose(s: Sketch) -> None:
    s.pipe(120, 2, 9)


def _unfed(s: Sketch) -> None:
    s.pipe(120, 50, 51)


def _single(s: Sketch) -> None:
    s.pipe(120, 3, 3.2, sides=(1,))


def _zero(s: Sketch) -> None:
    s.pipe(120, 2, 2)


def _nowhere(s: Sketch) -> None:
    s.pipe(120, float("nan"), float("nan"))


def _valve_at_tee(s: Sketch) -> None:
    s.valve(220, 2)


def _one_sided(s: Sketch) -> None:
    s.rows["valves"][1]["state"] = "closed"


def _twice(s: Sketch) -> None:
    s.pipe(120, 1, 2)
    s.pipe(121, 3, 9)


def _crossed(s: Sketch) -> None:
    # an end of a supply pipe on the return node at 1, while its own return pipe goes to 9
    s.pipe(120, 2, 8.5, sides=(1,))
    s.pipe(121, 8, 8.5, sides=(2,))
    s.pipe(122, 8.5, 9, sides=(2,))


def _nearly(s: Sketch) -> None:
    for i, at in ((0, 3.2), (1, 3.2 + 0.07 / 81.2)):
        s.pipe(120 + 2 * i, 2, at)
        s.pipe(121 + 2 * i, at, 3)


def _detour(s: Sketch) -> None:
    s.rows["pipes"][0]["length_m"] = 3.5 * 81.2


def _ring(s: Sketch) -> None:
    s.pipe(120, 2, 2.5)
    s.pipe(121, 2.5, 3)


def _declared_elsewhere(s: Sketch) -> None:
    s.rows["buildings"][0]["substation_id"] = 21


def _declared_to_idle(s: Sketch) -> None:
    s.source(2, 77, running=False)
    s.rows["substations"][1]["source_id"] = 2


def _declared_to_other_zone(s: Sketch) -> None:
    s.source(2, 4)
    s.rows["valves"][2]["state"] = s.rows["valves"][3]["state"] = "closed"
    s.rows["substations"][1]["source_id"] = 1


CASES: list[tuple[str, Callable[[Sketch], object], set[int]]] = [
    ("loose_end", _loose, {120, 120 + RETURN_OFFSET}),
    ("part_without_source", _unfed, {120, 120 + RETURN_OFFSET}),
    ("pair_missing", _single, {120}),
    ("zero_length_pipe", _zero, {120, 120 + RETURN_OFFSET}),
    ("pipe_without_geometry", _nowhere, {120, 120 + RETURN_OFFSET}),
    ("valve_not_between_two_pipes", _valve_at_tee, {220, 220 + RETURN_OFFSET}),
    ("one_sided_valve", _one_sided, {200, 200 + RETURN_OFFSET}),
    ("part_not_fed", _one_sided, {101 + RETURN_OFFSET, 102 + RETURN_OFFSET, 103 + RETURN_OFFSET, 104 + RETURN_OFFSET}),
    ("substation_without_primary", lambda s: s.substation(25, 6), {25}),
    ("substation_without_secondary", lambda s: s.substation(25, 2), {25}),
    ("source_off_network", lambda s: s.source(2, 77), {2}),
    ("station_off_network", lambda s: s.point("stations", 70, 77, kind="accumulator"), {70}),
    ("inlet_off_network", lambda s: s.inlet(55, 77, 30), {55}),
    ("inlet_without_building", lambda s: s.inlet(55, 5, 0), {55}),
    ("building_without_inlet", lambda s: s.building(35, substation=20), {35}),
    ("building_not_connected", lambda s: s.building(35), {35}),
    ("duplicate_pipe", _twice, {101, 120, 101 + RETURN_OFFSET, 120 + RETURN_OFFSET}),
    ("supply_joined_to_return", _crossed, {120, 122 + RETURN_OFFSET}),
    ("near_nodes", _nearly, {121, 123}),
    ("pipe_longer_than_ends", _detour, {100}),
    ("ring_without_valve", _ring, {102, 120, 121}),
    ("declared_substation_differs", _declared_elsewhere, {30, 21}),
    ("declared_source_differs", _declared_to_idle, {21, 2}),
    ("declared_source_differs", _declared_to_other_zone, {21, 1}),
]


@pytest.mark.parametrize(("rule", "change", "assets"), CASES, ids=[case[0] for case in CASES])
def test_what_is_wrong_is_a_finding_with_its_assets(rule: str, change: Callable[[Sketch], object], assets: set[int]) -> None:
    sketch = tree()
    change(sketch)
    assert assets <= rules(sketch)[rule]
    assert rule in RULES


def test_chains_that_the_drawing_confirms_are_no_findings() -> None:
    sketch = tree()
    for building, substation in zip(sketch.rows["buildings"], (20, 21), strict=True):
        building["substation_id"] = substation
    for substation in sketch.rows["substations"]:
        substation["source_id"] = 1
    assert rules(sketch) == {}


def test_a_wrong_chain_is_one_finding_however_many_inlets_and_sides() -> None:
    sketch = tree()
    _declared_elsewhere(sketch)
    sketch.inlet(56, 5, 30)
    found = [item for item in build_network(sketch.tables()).findings if item.rule == "declared_substation_differs"]
    assert [item.asset_ids for item in found] == [(30, 21)]


def test_a_chain_is_judged_in_the_present_valve_state() -> None:
    sketch = tree()
    _declared_to_other_zone(sketch)
    network = build_network(sketch.tables())
    joined = network.with_valve_states({201: "open", 201 + RETURN_OFFSET: "open"}, valve_version=1)
    rules_of = [{item.rule for item in each.findings} for each in (network, joined)]
    assert ["declared_source_differs" in found for found in rules_of] == [True, False]


def test_two_pipes_between_the_same_nodes_by_different_ways_are_no_duplicates() -> None:
    sketch = tree()
    sketch.pipe(120, 1, 2)
    for pipe in sketch.rows["pipes"][-2:]:
        pipe["length_m"] = 100.5
    assert "duplicate_pipe" not in rules(sketch)


def test_a_table_without_a_column_is_named() -> None:
    with pytest.raises(BadTables, match="table 'valves' lacks state"):
        NetworkTables(1, valves=empty_table("valves").drop(columns="state"))


def test_unknown_valves_pass() -> None:
    sketch = tree()
    sketch.rows["valves"][0]["state"] = "unknown"
    assert "part_not_fed" not in rules(sketch)


def test_ends_nearer_than_five_centimetres_are_one_node() -> None:
    sketch = tree()
    pipes = sketch.rows["pipes"]
    pipes[2]["start_lon"] = float(str(pipes[2]["start_lon"])) + 0.03 / 81_000
    assert rules(sketch) == {}
    pipes[2]["start_lon"] = float(str(pipes[2]["start_lon"])) + 0.1 / 81_000
    assert "loose_end" in rules(sketch)


def test_the_segment_graph_carries_figures_and_links() -> None:
    network = build_network(tree().tables())
    graph = segment_graph(network)
    assert nx.number_of_nodes(graph) == 10
    by_id = {data["segment_id"]: (node, data) for node, data in graph.nodes(data=True)}
    node, data = by_id[100]
    assert (data["side"], data["sources"], data["fed"], data["pipe_length_m"]) == (1, [1], True, 100.0)
    assert by_id[101][1]["substations"] == [20]
    assert by_id[111][1]["buildings"] == 1
    assert by_id[111][1]["heated_area_m2"] == 1000.0
    links = {data["asset_id"]: data for _, _, data in graph.out_edges(node, data=True)}
    valve = {"asset_id": 200, "kind": "valve", "state": 1, "operability": 0, "origin": "assumed", "passes": True, "pair": 10200}
    assert links == {200: valve}
    assert data["running"] == [1]
    reached = {graph.nodes[n]["segment_id"] for n in nx.descendants(graph, node)}
    assert reached == {101, 104, 110, 111}


def test_the_segment_graph_knows_heights_and_stopped_sources() -> None:
    tables = tree().tables()
    tables.pipes["start_height_m"], tables.pipes["end_height_m"] = 210.0, float("nan")
    tables.pipes.loc[0, "end_height_m"] = 207.5
    graph = segment_graph(build_network(tables).with_states(sources={1: False}, valve_version=1))
    by_id = {data["segment_id"]: data for _, data in graph.nodes(data=True)}
    assert (by_id[100]["lowest_m"], by_id[100]["highest_m"]) == (207.5, 210.0)
    assert (by_id[100]["sources"], by_id[100]["running"], by_id[100]["fed"]) == ([1], [], False)


def test_building_does_not_change_its_tables() -> None:
    tables = tree().tables()
    before = {name: getattr(tables, name).copy() for name in ("pipes", "valves", "inlets", "buildings")}
    build_network(tables)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, getattr(tables, name))
