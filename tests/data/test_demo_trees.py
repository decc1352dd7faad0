"""The preset `--network tree`: the same city, its primary network without a loop."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from data.demo.chains import Chain, NodeList
from data.demo.city import write_city
from data.demo.tree_preset import keep_tree
from data.errors import BadDemo
from data.imports.run import run_import
from data.network import read_network
from data.pool import connect
from tests.data.demo_files import Delivery, side_graph


@pytest.fixture(scope="module")
def sample_trees(tmp_path_factory) -> Delivery:
    return Delivery(write_city(tmp_path_factory.mktemp("trees"), clean=True, network="tree").parent)


def primary_graph(city: Delivery) -> tuple[nx.MultiGraph, dict[str, int]]:
    """Return the primary supply side with every valve open, and the nodes of things."""
    built = side_graph(city, "supply", ties_as_they_are=False)
    pipes = city.pipes[city.pipes["side"] == "supply"]
    primary = set(np.flatnonzero((pipes["network_level"] != "secondary").to_numpy()))
    return nx.MultiGraph((a, b) for a, b, pipe in built.graph.edges(data="pipe") if pipe in primary), built.node_of


def loops(graph: nx.MultiGraph) -> int:
    return graph.number_of_edges() - graph.number_of_nodes() + nx.number_connected_components(graph)


# ---------------------------------------------------------------- pruning


def test_rings_are_opened_ties_left_out_stubs_pruned_and_helpers_stand_by():
    """Plant P feeds station S over a ring; a stub leads nowhere; helper H hangs on the ring; Q lies behind a closed tie.

        P - a - b - S      a - c - b closes the ring; c - d is a stub; b - tie - Q - T
    """  # fmt: skip
    nodes = NodeList()
    place = {
        name: nodes.add(kind, np.array(xy, dtype=float), reference)
        for name, kind, xy, reference in (
            ("P", "plant", (0, 0), 0), ("a", "tee", (100, 0), -1), ("b", "tee", (200, 0), -1), ("c", "tee", (150, 90), -1),
            ("d", "tee", (150, 200), -1), ("S", "substation", (300, 0), 0), ("H", "boiler_house", (200, 50), 1),
            ("Q", "boiler_house", (200, -400), 2), ("T", "substation", (200, -500), 1),
        )
    }  # fmt: skip

    def chain(start: str, end: str, kind: str = "") -> Chain:
        path = np.array([nodes.positions[place[start]], nodes.positions[place[end]]])
        return Chain(place[start], place[end], path, True, -1, ((10.0, kind),) if kind else ())

    drawn = [chain(*ends) for ends in ("Pa", "ac", "cb", "cd", "bS", "bH", "QT")]
    drawn += [chain("a", "b", "tie_open"), chain("b", "Q", "tie_closed")]
    kept, chains, idle = keep_tree(nodes, drawn, [False, True, False])
    names = {tuple(xy): name for name, xy in zip("PabcdSHQT", ((each[0], each[1]) for each in nodes.positions), strict=True)}
    named = ["".join(names[tuple(kept.positions[node])] for node in (each.start, each.end)) for each in chains]
    assert sorted(named) == ["Pa", "QT", "ab", "bH", "bS"]
    assert next(each for each, ends in zip(chains, named, strict=True) if ends == "ab").cuts == ((10.0, "valve"),)
    assert len(kept.kinds) == 7
    assert idle == (1,)


def test_a_boiler_house_whose_tree_would_feed_nobody_stands_by():
    nodes = NodeList()
    drawn = [
        nodes.add(kind, np.array([x, 0.0]), reference)
        for kind, x, reference in (
            ("boiler_house", 0.0, 0),
            ("substation", 10.0, 0),
            ("tee", 90.0, -1),
            ("boiler_house", 100.0, 1),
        )
    ]
    paths = [np.array([nodes.positions[start], nodes.positions[start + 1]]) for start in drawn[:-1]]
    chains = [Chain(start, start + 1, path, True, -1) for start, path in zip(drawn, paths, strict=False)]
    _, kept, idle = keep_tree(nodes, chains, [False, False])
    assert idle == (1,)
    assert len(kept) == 3


def test_an_unknown_preset_is_refused_with_those_that_there_are(tmp_path):
    with pytest.raises(BadDemo, match=r"'star' is not a preset .* rings, tree"):
        write_city(tmp_path, network="star")


# ---------------------------------------------------------------- cities


@pytest.mark.parametrize("name", ["sample_trees", "thin_trees"])
def test_the_primary_network_has_no_loop_and_one_running_source_for_each_zone(name, request):
    city: Delivery = request.getfixturevalue(name)
    graph, node_of = primary_graph(city)
    assert loops(graph) == 0
    assert not city.valves["tie"].any()
    running = city.sources[city.sources["running"].astype(str).str.lower() == "true"]
    assert not (running["peak_only"].astype(str).str.lower() == "true").any()
    nodes = {node_of[code] for code in running["code"]}
    parts = list(nx.connected_components(graph))
    assert [len(nodes & part) for part in parts] == [1] * len(running)
    assert all(node_of[code] in graph for code in city.sources["code"])
    assert all(node_of[f"primary:{code}"] in graph for code in city.substations["编号"])


def test_trees_hold_the_same_city_with_less_pipe(thin_city, thin_trees):
    graph, _ = primary_graph(thin_city)
    assert loops(graph) == 454
    for layer in ("buildings.geojson", "estates.geojson", "water_tanks.csv", "weather_stations.csv"):
        assert (thin_city.folder / layer).read_bytes() == (thin_trees.folder / layer).read_bytes()
    length = [city.pipes.groupby("network_level")["length_m"].sum() for city in (thin_city, thin_trees)]
    assert length[1]["transmission"] == pytest.approx(length[0]["transmission"])
    assert length[1]["secondary"] == pytest.approx(length[0]["secondary"])
    assert length[1]["primary"] < 0.8 * length[0]["primary"]
    assert len(thin_trees.stations) == len(thin_city.stations)


@pytest.mark.parametrize("name", ["sample_trees", "thin_trees"])
def test_the_import_and_the_network_room_find_nothing_wrong(name, request, database_url):
    city: Delivery = request.getfixturevalue(name)
    report = run_import(city.folder / "manifest.toml", database_url, seat="test")
    assert [problem for problem in report.problems if problem.severity != "note"] == []
    with connect(database_url) as connection:
        assert read_network(connection, 1).findings == ()
