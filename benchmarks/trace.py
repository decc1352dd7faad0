"""Asks the full-size ring city what a break cuts off: time of every answer, and what the libraries need that a user would pick.

    make bench-trace   # builds the city once, sets up the peers in build/bench, prints one line

All run in one process on the same city, at the valve states that it has. Every answer of a peer must equal ours, or the run stops
with the pipe on which they differ. Progress goes to stderr; the only line on stdout holds the figures.

| field | meaning |
|---|---|
| nodes, edges, segments, loops | of the network, both sides; independent rings of its segment graph |
| build_ms | tables to network |
| refresh_ms | a valve operated, and the first answer from what follows |
| refresh_all_ms | the same, and reach, degraded and the findings of the state too |
| lost_us | asset id in, asset ids of the buildings that lose heat out as an owned array; mean of 1,000 random pipes |
| isolation_ms_p50, isolation_ms_p95 | valves, drained water, loss, ranked alternatives, capacity; 1,000 random primary pipes |
| all_segments_ms | users lost and users short of every segment |
| ratio_networkx_flood | time of plain `networkx` for the same question divided by ours |
| ratio_networkx_view, ratio_rustworkx, ratio_igraph, ratio_scipy | the same for `subgraph_view` and the others (trace_peers.py) |
| ratio_cte, ratio_pgrouting | the same by a recursive query and by `pgr_drivingDistance`, in the city's own database |
| ratio_networkx_refresh | `networkx.immediate_dominators` and preorder of its tree on the same graph, divided by refresh_ms |
| ratio_rustworkx_refresh | `rustworkx.immediate_dominators` likewise |
| api_station_p99_ms, api_8000_ids_p99_ms | HTTP at 8 connections: impact of a station; of an asset with about 8,000 ids |
| whatif_zone_s | one what-if of the largest plant's zone in a warm worker |
| n1_all_segments_s | every segment of that zone shut in turn, with capacity and pressures |
| root_cause_*, leak_* | right answers out of simulated faults (trace_causes.py, trace_hydraulics.py) |
| load1 | load of the machine in the last minute at the start and at the end, the larger one |
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import networkx as nx
import numpy as np
import rustworkx as rx
from numpy.typing import NDArray

from api.database import open_database
from api.settings import Settings
from benchmarks import trace_causes, trace_http, trace_hydraulics, trace_peers, trace_what_if
from benchmarks.import_city import city_settings
from data.hydraulics import read_hydraulic_tables
from data.network import read_network_tables
from data.pool import connect
from topology.answers.impact import impact
from topology.assets import KIND_CODE
from topology.codes import OPEN, VALVE
from topology.cuts.capacity import read_capacity
from topology.cuts.criticality import criticality
from topology.cuts.isolation import isolate
from topology.hydraulics.tables import HydraulicTables
from topology.network import Network, build_network
from topology.tables import NetworkTables

QUESTIONS = 1000
REPEATS = 15
PEER_QUESTIONS = {
    "networkx": 10,
    "networkx_view": 3,
    "rustworkx": 10,
    "igraph": 15,
    "scipy": 15,
    "cte": 3,
    "pgrouting": 5,
}
"""How many pipes each peer is asked about; the slow ones fewer."""
_SEED = 1
_PRIMARY = (1, 2)


@dataclass(frozen=True, eq=False)
class _Case:
    """The city in hand."""

    settings: Settings
    tables: NetworkTables
    sizes: HydraulicTables
    network: Network


def main() -> None:
    """Measure everything, or with `--only` some parts."""
    parts: dict[str, Callable[[_Case], dict[str, Any]]] = {
        "network": _network,
        "lost": _lost,
        "isolation": _isolation,
        "refresh": _refresh,
        "http": _http,
        "whatif": lambda case: trace_what_if.measure(case.network, case.sizes),
        "hydraulics": lambda case: trace_hydraulics.measure(case.network, case.sizes),
        "causes": lambda case: trace_causes.measure(case.network, case.sizes),
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trace")
    parser.add_argument("--only", nargs="*", choices=list(parts), default=list(parts))
    wanted = parser.parse_args().only
    load = os.getloadavg()[0]
    figures: dict[str, Any] = {}
    with open_database(city_settings(clean=True)) as settings:
        case = _read(settings)
        for name in wanted:
            started = time.perf_counter()
            found = parts[name](case)
            figures |= found
            _say(f"{name}: {time.perf_counter() - started:.0f} s {json.dumps(found)}")
    figures["load1"] = round(max(load, os.getloadavg()[0]), 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


def _read(settings: Settings) -> _Case:
    with connect(settings.database_url) as connection:
        tables = read_network_tables(connection, 1)
        sizes = read_hydraulic_tables(connection, 1)
    return _Case(settings, tables, sizes, build_network(tables))


def _network(case: _Case) -> dict[str, Any]:
    network = case.network
    links = network.state.links
    inner = links.a >= 0
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(network.segments.count))
    graph.add_edges_from(zip(links.a[inner].tolist(), links.b[inner].tolist(), strict=True))
    loops = int(inner.sum()) - network.segments.count + nx.number_connected_components(graph)
    build = median(_seconds(lambda: build_network(case.tables)) for _ in range(3))
    return {
        "nodes": network.node_count,
        "edges": len(network.edges.kind),
        "segments": network.segments.count,
        "loops": loops,
        "build_ms": round(1000 * build, 1),
    }


def _lost(case: _Case) -> dict[str, Any]:
    network = case.network
    rng = np.random.default_rng(_SEED)
    pipes = rng.choice(network.edges.pipe_count, QUESTIONS, replace=False)
    asked = [int(asset_id) for asset_id in network.assets.asset_id[network.edges.row[pipes]]]
    network.lost_buildings(asked[0])
    own = _per_call(network.lost_buildings, asked)
    for asset_id in asked[:200]:
        rows = impact(network, asset_id).lost
        expected = network.assets.asset_id[rows[network.assets.kind[rows] == KIND_CODE["building"]]]
        _must_equal("impact", asset_id, np.sort(network.lost_buildings(asset_id)), expected)
    figures: dict[str, Any] = {"lost_us": round(1e6 * own, 2)}
    for name, seconds in _peers(case, pipes, asked):
        figures["ratio_networkx_flood" if name == "networkx" else f"ratio_{name}"] = round(seconds / own)
    return figures


def _peers(case: _Case, pipes: NDArray[np.integer[Any]], asked: Sequence[int]) -> Sequence[tuple[str, float]]:
    network, city = case.network, trace_peers.city_of(case.network)
    with connect(case.settings.database_url) as connection:
        connection.execute("create extension if not exists pgrouting")
        trace_peers.load_edges(connection, city)
        makers: dict[str, Callable[[], trace_peers.Flood]] = {
            "networkx": lambda: trace_peers.networkx_plain(city),
            "networkx_view": lambda: trace_peers.networkx_view(city),
            "rustworkx": lambda: trace_peers.rustworkx_flood(city),
            "igraph": lambda: trace_peers.igraph_flood(city),
            "scipy": lambda: trace_peers.scipy_flood(city),
            "cte": lambda: trace_peers.cte_flood(connection, city),
            "pgrouting": lambda: trace_peers.pgrouting_flood(connection, city),
        }
        found = []
        for name, number in PEER_QUESTIONS.items():
            flood = makers[name]()
            fed = city.fed(flood, np.zeros(0, np.int64))
            times = []
            for pipe, asset_id in zip(pipes[:number], asked[:number], strict=True):
                started = time.perf_counter()
                rows = city.lost(flood, int(pipe), fed)
                times.append(time.perf_counter() - started)
                _must_equal(name, asset_id, network.assets.asset_id[rows], np.sort(network.lost_buildings(asset_id)))
            found.append((name, median(times)))
            _say(f"{name}: {1000 * median(times):.1f} ms a question")
            del flood
            gc.collect()
        trace_peers.drop_edges(connection)
        connection.execute("drop extension if exists pgrouting")
    return found


def _isolation(case: _Case) -> dict[str, Any]:
    network = case.network
    capacity = read_capacity(network.assets, case.sizes)
    level = case.tables.pipes.set_index("asset_id")["level"]
    primary = level.index[level.isin(_PRIMARY)].to_numpy()
    asked = [int(each) for each in np.random.default_rng(_SEED).choice(primary, QUESTIONS, replace=False)]
    isolate(network, asked[:1], capacity=capacity)
    times = [_seconds(partial(isolate, network, [asset_id], capacity=capacity)) for asset_id in asked]
    criticality(network, capacity)
    every = median(_seconds(lambda: criticality(network, capacity)) for _ in range(REPEATS))
    return {
        "isolation_ms_p50": round(1000 * median(times), 3),
        "isolation_ms_p95": round(1000 * float(np.quantile(times, 0.95)), 3),
        "all_segments_ms": round(1000 * every, 1),
    }


def _refresh(case: _Case) -> dict[str, Any]:
    network = case.network
    edges = network.edges
    valve = np.flatnonzero((edges.kind == VALVE) & (edges.state == OPEN))
    chosen = np.random.default_rng(_SEED).choice(valve, REPEATS, replace=False)
    asked = int(network.assets.asset_id[edges.row[0]])
    own, every = [], []
    for number, edge in enumerate(chosen):
        states = {int(network.assets.asset_id[edges.row[edge]]): "closed"}
        started = time.perf_counter()
        after = network.with_states(states, valve_version=number)
        after.lost_buildings(asked)
        own.append(time.perf_counter() - started)
        impact(after, asked)
        every.append(time.perf_counter() - started)
    nx_s, rx_s = _peer_refresh(network)
    return {
        "refresh_ms": round(1000 * median(own), 2),
        "refresh_all_ms": round(1000 * median(every), 2),
        "ratio_networkx_refresh": round(nx_s / median(own), 1),
        "ratio_rustworkx_refresh": round(rx_s / median(own), 1),
    }


def _peer_refresh(network: Network) -> tuple[float, float]:
    """Time dominators and preorder of the same graph by two libraries; their tree must be ours."""
    tail, head = _arcs(network)
    arcs = list(zip(tail.tolist(), head.tolist(), strict=True))
    graph: nx.DiGraph[int] = nx.DiGraph(arcs)
    parents: dict[int, int] = {}

    def by_networkx() -> None:
        parents.clear()
        parents.update(nx.immediate_dominators(graph, 0))
        tree = nx.DiGraph((parent, node) for node, parent in parents.items() if node and parent is not None)
        dict(zip(nx.dfs_preorder_nodes(tree, 0), range(len(tree)), strict=False))

    nx_s = median(_seconds(by_networkx) for _ in range(3))
    ours = network.state.dominators.parent
    for node, parent in parents.items():
        if node and int(ours[node]) != parent:
            raise SystemExit(f"bench-trace: networkx says {parent} dominates element {node}, we say {int(ours[node])}")
    other = rx.PyDiGraph()
    other.add_nodes_from(range(len(ours)))
    other.extend_from_edge_list(arcs)

    def by_rustworkx() -> None:
        above = rx.immediate_dominators(other, 0)
        tree = rx.PyDiGraph()
        tree.add_nodes_from(range(len(ours)))
        tree.extend_from_edge_list([(parent, node) for node, parent in above.items() if node])
        rx.dfs_edges(tree, 0)

    return nx_s, median(_seconds(by_rustworkx) for _ in range(3))


def _arcs(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the arcs over which water can come: the root 0, segments, and every link as an element of its own."""
    links, passes = network.state.links, network.state.fed.passes
    on = np.flatnonzero(passes)
    element = 1 + network.segments.count + on
    a, b = links.a[on].astype(np.int64) + 1, links.b[on].astype(np.int64) + 1
    valve = links.kind[on] == VALVE
    return np.concatenate([a, element, b[valve], element[valve]]), np.concatenate([element, b, element[valve], a[valve]])


def _http(case: _Case) -> dict[str, Any]:
    figures: dict[str, Any] = trace_http.measure_city(case.settings, case.network)
    return figures


def _per_call(call: Callable[[int], Any], asked: Sequence[int]) -> float:
    """Return the mean seconds of a call, the median of several rounds."""
    rounds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        for asset_id in asked:
            call(asset_id)
        rounds.append((time.perf_counter() - started) / len(asked))
    return median(rounds)


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _must_equal(who: str, asset_id: int, found: NDArray[Any], ours: NDArray[Any]) -> None:
    if not np.array_equal(found, ours):
        raise SystemExit(f"bench-trace: {who} finds {len(found)} buildings that pipe {asset_id} takes along, we find {len(ours)}")


def _say(text: str) -> None:
    sys.stderr.write(f"bench-trace: {text}\n")


if __name__ == "__main__":
    main()
