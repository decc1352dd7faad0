"""Files of the network, read back by the programs they are for: NetworkX and pandapipes."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings

from tests.topology.builders import Sketch, tree
from tests.topology.strategies import sketches
from tests.topology.test_hydraulics import sized, two_consumers
from topology.codes import CLOSED, SOURCE
from topology.errors import NotSolvable
from topology.export import drawing_graph, graphml, zone_json
from topology.graph import segment_graph
from topology.hydraulics.solve import solve_zone
from topology.network import build_network


def read_back(graph: nx.MultiGraph) -> nx.MultiGraph:
    return nx.parse_graphml("".join(graphml(graph)), node_type=int, force_multigraph=True)


@settings(max_examples=12, deadline=None)
@given(sketches())
def test_networkx_reads_the_segment_graph_back(sketch: Sketch) -> None:
    graph = segment_graph(build_network(sketch.tables()))
    back = read_back(graph)
    assert back.is_directed()
    assert back.graph["network_version"] == graph.graph["network_version"]
    assert set(back) == set(graph)
    for node, data in graph.nodes(data=True):
        texts = {name: ",".join(map(str, value)) for name, value in data.items() if isinstance(value, list)}
        assert back.nodes[node] == {**data, **texts}
    assert sorted((u, v, sorted(data.items())) for u, v, data in back.edges(data=True)) == sorted(
        (u, v, sorted(data.items())) for u, v, data in graph.edges(data=True)
    )


@settings(max_examples=12, deadline=None)
@given(sketches())
def test_the_whole_drawing_has_every_edge_and_comes_back(sketch: Sketch) -> None:
    network = build_network(sketch.tables())
    graph = drawing_graph(network)
    assert graph.number_of_edges() == len(network.edges.kind)
    pipes = sorted(data["asset_id"] for _, _, data in graph.edges(data=True) if data["kind"] == "pipe")
    assert pipes == sorted(sketch.tables().pipes["asset_id"])
    back = read_back(graph)
    assert not back.is_directed()
    assert sorted(data["asset_id"] for _, _, data in back.edges(data=True)) == sorted(
        data["asset_id"] for _, _, data in graph.edges(data=True)
    )
    # what hangs together over open valves and running sources is what the network says is fed or not
    for u, v, data in list(graph.edges(data=True)):
        if data["state"] == "closed":
            graph.remove_edges_from([(u, v, k) for k, d in graph[u][v].items() if d["asset_id"] == data["asset_id"]])
    edges = network.edges
    running = edges.v[(edges.kind == SOURCE) & (edges.state != CLOSED)]
    reached = set().union(*(nx.node_connected_component(graph, int(node)) for node in running)) if running.size else set()
    fed = network.state.fed
    for node in range(network.node_count):
        if fed.zone_fed[fed.zone[network.segments.of_node[node]]]:
            assert node in reached


def test_letters_that_xml_minds_are_escaped() -> None:
    graph: nx.MultiGraph = nx.MultiGraph(name='<"&>')
    graph.add_node(1, text="a & b < c")
    back = read_back(graph)
    assert (back.graph["name"], back.nodes[1]["text"]) == ('<"&>', "a & b < c")


def test_pandapipes_loads_a_zone_and_solves_it() -> None:
    pandapipes = pytest.importorskip("pandapipes")
    sketch = two_consumers()
    tables = sized(sketch, {20: 10.0, 21: 6.0})
    network = build_network(sketch.tables())
    net = pandapipes.from_json_string(zone_json(network, tables, 1))
    assert set(net.pipe["asset_id"]) == set(tables.pipes["asset_id"])
    assert list(net.sink["asset_id"]) == list(net.source["asset_id"]) == [20, 21]
    pandapipes.pipeflow(net, friction_model="swamee-jain")
    assert net.converged
    solved = solve_zone(network, tables, 1)
    assert net.res_junction["p_bar"].to_numpy() / 10 == pytest.approx(solved.nodes.pressure_mpa, abs=1e-4)
    with pytest.raises(NotSolvable):
        zone_json(network, tables, 999)


def test_a_tree_is_one_graph() -> None:
    graph = drawing_graph(build_network(tree().tables()))
    assert {data["kind"] for _, _, data in graph.edges(data=True)} == {"pipe", "valve", "exchanger", "source"}
