"""Shortest ways, sources, supply areas and declared chains: by hand, and against NetworkX on random networks."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.strategies import sketches
from tests.topology.test_impact import ids
from topology.answers.chain import chain
from topology.answers.path import nodes_of, path
from topology.answers.supply import sources, supply_area
from topology.answers.upstream import unsupplied
from topology.answers.ways import CLOSED_VALVE_M, ways
from topology.codes import CLOSED, EXCHANGER, PIPE, SOURCE, SUPPLY, VALVE
from topology.errors import NotTraceable
from topology.network import Network, build_network


def two_plants(*, tie: str = "closed") -> Sketch:
    """Two plants with a station and a building each; a tie between their mains; a third source stands still."""
    s = Sketch()
    s.source(1, 0)
    s.source(2, 10)
    s.source(3, 20, running=False)
    for pipe, start, end in ((100, 0, 1), (101, 1, 2), (102, 2, 5), (103, 5, 9), (104, 9, 10), (105, 9, 20)):
        s.pipe(pipe, start, end)
    s.valve(200, 5, state=tie)
    s.substation(20, 2)
    s.substation(21, 9)
    s.pipe(110, 2, 50, level=3)
    s.pipe(111, 9, 60, level=3)
    s.building(30, substation=20)
    s.building(31, substation=20)  # declared to the wrong one
    s.inlet(40, 50, 30)
    s.inlet(41, 60, 31)
    s.rows["substations"][0]["source_id"] = 1
    s.rows["substations"][1]["source_id"] = 1
    return s


def test_who_no_healthy_source_feeds_follows_valves_and_the_sources_that_fail() -> None:
    apart, joined = build_network(two_plants().tables()), build_network(two_plants(tie="open").tables())
    assert unsupplied(apart, []).tolist() == []
    assert unsupplied(apart, [2]).tolist() == [21, 31, 41]
    assert unsupplied(apart, [1, 20, 31, 9999]).tolist() == [20, 30, 40], "a station that fails takes nobody's source away"
    assert unsupplied(joined, [2]).tolist() == unsupplied(joined, [1]).tolist() == []
    assert unsupplied(joined, [1, 2]).tolist() == [20, 21, 30, 31, 40, 41]


def graph_of(network: Network, *, towards_sources: bool, open_valves: bool) -> nx.DiGraph:
    """Return the drawing as NetworkX sees it, straight from the edges."""
    edges, graph = network.edges, nx.DiGraph()
    graph.add_nodes_from(range(network.node_count))

    def add(u: int, v: int, cost: float) -> None:
        if not graph.has_edge(u, v) or graph[u][v]["weight"] > cost:
            graph.add_edge(u, v, weight=cost)

    for kind, u, v, row, state in zip(edges.kind, edges.u, edges.v, edges.row, edges.state, strict=True):
        if kind == SOURCE or u == v:
            continue
        shut = kind == VALVE and state == CLOSED
        if shut and not open_valves:
            continue
        cost = float(network.assets.length_m[row]) if kind == PIPE else CLOSED_VALVE_M if shut else 0.0
        add(int(v), int(u), cost)
        if kind != EXCHANGER or not towards_sources:
            add(int(u), int(v), cost)
    return graph


@settings(max_examples=25, deadline=None)
@given(sketches(), st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_ways_are_the_shortest(sketch: Sketch, towards_sources: bool, open_valves: bool, random: object) -> None:
    network = build_network(sketch.tables())
    if not network.node_count:
        return
    start = random.randrange(network.node_count)  # type: ignore[attr-defined]
    found = ways(network, np.array([start]), towards_sources=towards_sources, open_valves=open_valves)
    graph = graph_of(network, towards_sources=towards_sources, open_valves=open_valves)
    expected = nx.single_source_dijkstra_path_length(graph, start)
    for node in range(network.node_count):
        assert found.length_m[node] == pytest.approx(expected.get(node, np.inf))
        if node in expected and node != start:
            way = found.edges_to(node)
            costs = [network.assets.length_m[network.edges.row[e]] for e in way if network.edges.kind[e] == PIPE]
            closed = sum(network.edges.kind[e] == VALVE and network.edges.state[e] == CLOSED for e in way)
            assert sum(costs) + closed * CLOSED_VALVE_M == pytest.approx(expected[node])


@settings(max_examples=20, deadline=None)
@given(sketches())
def test_sources_now_are_those_that_a_flood_reaches(sketch: Sketch) -> None:
    network = build_network(sketch.tables())
    edges, assets = network.edges, network.assets
    graph = graph_of(network, towards_sources=True, open_valves=False)
    for row in range(assets.asset_id.size):
        side = next((side for side in (1, 2) if nodes_of(network, row, side).size), None)
        if side is None:
            with pytest.raises(NotTraceable):
                sources(network, int(assets.asset_id[row]))
            continue
        found = sources(network, int(assets.asset_id[row]))
        starts = edges.u[(edges.row == row) & (edges.side == side) & (edges.kind == EXCHANGER)]
        starts = starts if starts.size else nodes_of(network, row, side)
        reached = set().union(*(nx.descendants(graph, int(node)) | {int(node)} for node in starts))
        mine = (edges.kind == SOURCE) & (edges.side == side) & np.isin(edges.v, list(reached))
        assert {each.row for each in found.now} == set(edges.row[mine & (edges.state != CLOSED)].tolist())
        assert {each.row for each in found.now} & {each.row for each in found.could} == set()


def test_sources_name_the_way_and_what_must_be_opened() -> None:
    network = build_network(two_plants().tables())
    found = sources(network, 30)
    assert [(network.assets.asset_id[each.row], each.length_m) for each in found.now] == [(1, 200.0 + 4800.0)]
    could = {int(network.assets.asset_id[each.row]): each for each in found.could}
    assert {i: each.valves.size for i, each in could.items()} == {2: 1, 3: 1}
    assert (could[2].running, could[3].running) == (True, False)
    assert could[2].length_m == pytest.approx(4800 + 300 + 400 + 100)
    assert network.assets.asset_id[could[2].substation] == 20
    tied = sources(build_network(two_plants(tie="open").tables()), 30)
    assert len(tied.now) == 2


def test_a_path_runs_in_order_and_says_what_is_shut() -> None:
    network = build_network(two_plants(tie="open").tables())

    def names(rows: np.ndarray) -> list[int]:
        return [int(i) for i in network.assets.asset_id[rows]]

    found = path(network, 1, 31)
    assert (found.found, found.side) == (True, SUPPLY)
    assert names(found.pipes) == [100, 101, 102, 103, 111]
    assert names(found.rows) == [1, 100, 101, 102, 200, 103, 21, 111, 31]
    assert names(found.valves) == [200]
    assert names(found.substations) == [21]
    assert found.length_m == pytest.approx(100 + 100 + 300 + 400 + 5100)
    assert names(path(network, 31, 1).pipes) == [111, 103, 102, 101, 100]
    # a pipe of the return side counts by its pair
    assert names(path(network, 101 + RETURN_OFFSET, 103).pipes) == [102]
    shut = path(build_network(two_plants().tables()), 1, 31)
    assert (shut.found, shut.findings[0].rule) == (False, "no_open_way")
    assert names(shut.closed) == [200]
    assert shut.length_m == found.length_m


def test_what_has_no_path_is_named() -> None:
    sketch = two_plants()
    sketch.substation(22, 99)
    sketch.pipe(120, 200, 201)
    network = build_network(sketch.tables())
    with pytest.raises(NotTraceable, match="both ends of the path are asset 20"):
        path(network, 20, 20)
    with pytest.raises(NotTraceable, match="substation 22 is drawn off the network"):
        path(network, 20, 22)
    with pytest.raises(NotTraceable, match="no pipes join substation 20 and pipe 120"):
        path(network, 20, 120)
    with pytest.raises(NotTraceable, match="asset 999 is not part"):
        path(network, 20, 999)


def test_supply_area_compares_traced_and_declared() -> None:
    network = build_network(two_plants().tables())
    one, two = supply_area(network, [1]), supply_area(network, [2])
    assert {20, 30} <= ids(network, one.traced)
    assert ids(network, one.declared) == {20, 21, 30, 31}
    assert ids(network, one.only_declared) == {21, 31}
    assert ids(network, one.only_traced) == set()
    assert ids(network, two.only_traced) == {21, 31}
    station = supply_area(network, [21])
    assert (ids(network, station.only_traced), ids(network, station.only_declared)) == ({31}, set())
    assert supply_area(network, [101]).declared is None
    assert ids(network, supply_area(network, [100, 104]).traced) >= {20, 21, 30, 31}


def test_the_chain_tells_where_tables_and_drawing_differ() -> None:
    network = build_network(two_plants().tables())

    def links(asset_id: int) -> list[tuple[str, int, list[int], bool]]:
        named = network.assets.asset_id
        return [
            (
                link.role,
                int(named[link.declared]) if link.declared >= 0 else 0,
                [int(named[r]) for r in link.traced],
                link.differs,
            )
            for link in chain(network, asset_id)
        ]

    assert links(30) == [("user", 30, [30], False), ("substation", 20, [20], False), ("source", 1, [1], False)]
    assert links(31) == [("user", 31, [31], False), ("substation", 20, [21], True), ("source", 1, [2], True)]
    assert links(41) == links(31)
    assert links(21) == [("substation", 21, [21], False), ("source", 1, [2], True)]
    assert links(110) == [("substation", 0, [20], False), ("source", 0, [1], False)]
    assert links(101) == [("source", 0, [1], False)]
    assert links(3) == [("source", 3, [3], False)]


def test_a_tree_has_one_way() -> None:
    network = build_network(tree().tables())
    assert [int(network.assets.asset_id[each.row]) for each in sources(network, 31).now] == [1]
