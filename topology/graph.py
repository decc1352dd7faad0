"""The segment graph as a NetworkX object: for notebooks, exports and every algorithm that we did not write."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from topology.codes import EXCHANGER, ORIGINS, SOURCE, VALVE
from topology.network import Network

KIND_NAMES = {VALVE: "valve", EXCHANGER: "exchanger"}
ORIGIN_NAMES = {code: name for name, code in ORIGINS.items()}


def segment_graph(network: Network) -> nx.MultiDiGraph[int]:
    """Return segments as nodes, valves and exchangers as links.

    Nodes are numbered as in `Network.segments`, with attributes

    - `segment_id` smallest asset id of its pipes (0: the undrawn secondary side of a substation), `side` 1 supply, 2 return,
      `fed` whether a running source reaches it,
    - `area_id` of its first pipe, `pipe_length_m`,
    - `lowest_m`, `highest_m` heights of its pipe ends (1985 national datum), where the tables know any,
    - `substations` asset ids that it feeds, `sources` asset ids that feed it, running or not, `running` those that run,
    - `buildings`, `heat_user_count`, `heated_area_m2`, `heat_load_mw` of the buildings that hang on it (a building with several
      inlets counts at each).

    Links lead away from the sources: a valve is two opposite links, an exchanger one from the primary to the secondary segment.
    Their key is the number of the edge; attributes `asset_id`, `kind` valve | exchanger, `state` (`topology.codes`),
    `operability`, `origin` of the state (measured | reported | assumed), `passes` whether water passes now, `pair` asset id of
    the other side's valve or 0.

    Notes
    -----
    Cost: about 10 microseconds a segment and link; 0.1 s for a city.
    """
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(
        city_id=network.city_id, network_version=network.network_version, valve_version=network.valve_version
    )
    _add_segments(graph, network)
    _add_links(graph, network)
    return graph


def _add_segments(graph: nx.MultiDiGraph[int], network: Network) -> None:
    assets, edges, segments, fed = network.assets, network.edges, network.segments, network.state.fed
    pipe = edges.row[: edges.pipe_count]
    of_pipe = segments.of_node[edges.u[: edges.pipe_count]]
    length = np.bincount(of_pipe, weights=assets.length_m[pipe], minlength=segments.count)
    side = np.zeros(segments.count, np.int64)
    side[of_pipe] = edges.side[: edges.pipe_count]
    side[segments.of_node[edges.v[edges.pipe_count :]]] = edges.side[edges.pipe_count :]
    first = assets.rows_of(segments.segment_id)
    for segment in range(segments.count):
        graph.add_node(
            segment,
            segment_id=int(segments.segment_id[segment]),
            side=int(side[segment]),
            fed=bool(fed.zone_fed[fed.zone[segment]]),
            area_id=int(assets.area_id[first[segment]]) if first[segment] >= 0 else 0,
            pipe_length_m=float(length[segment]),
            substations=[],
            sources=[],
            running=[],
            buildings=0,
            heat_user_count=0,
            heated_area_m2=0.0,
            heat_load_mw=0.0,
        )
    _add_heights(graph, network, of_pipe)
    _add_consumers(graph, network)


def _add_heights(graph: nx.MultiDiGraph[int], network: Network, of_pipe: NDArray[np.int32]) -> None:
    pipes = network.drawn.tables.pipes
    for column in ("start_height_m", "end_height_m"):
        if column not in pipes.columns:
            return
        known = pipes[column].groupby(of_pipe).agg(["min", "max"]).dropna()
        for segment, low, high in known.itertuples():
            data = graph.nodes[int(segment)]
            data["lowest_m"] = min(float(low), data.get("lowest_m", math.inf))
            data["highest_m"] = max(float(high), data.get("highest_m", -math.inf))


def _add_consumers(graph: nx.MultiDiGraph[int], network: Network) -> None:
    assets, services, of_node, links = network.assets, network.services, network.segments.of_node, network.state.links
    for node in (services.supply_node, services.return_node):
        named = (node >= 0) & (services.building_row >= 0)
        for segment, row in zip(of_node[node[named]], services.building_row[named], strict=True):
            data = graph.nodes[int(segment)]
            data["buildings"] += 1
            for figure in ("heat_user_count", "heated_area_m2", "heat_load_mw"):
                data[figure] += getattr(assets, figure)[row].item()
    passes = network.state.fed.passes
    for kind, a, b, row, runs in zip(links.kind, links.a, links.b, links.row, passes, strict=True):
        if kind == EXCHANGER:
            graph.nodes[int(a)]["substations"].append(int(assets.asset_id[row]))
        elif kind == SOURCE:
            graph.nodes[int(b)]["sources"].append(int(assets.asset_id[row]))
            if runs:
                graph.nodes[int(b)]["running"].append(int(assets.asset_id[row]))


def _add_links(graph: nx.MultiDiGraph[int], network: Network) -> None:
    assets, edges, links = network.assets, network.edges, network.state.links
    for position in np.flatnonzero(links.kind != SOURCE):
        edge = int(links.edge[position])
        pair = int(edges.pair[edge])
        data = {
            "asset_id": int(assets.asset_id[edges.row[edge]]),
            "kind": KIND_NAMES[int(edges.kind[edge])],
            "state": int(edges.state[edge]),
            "operability": int(edges.operability[edge]),
            "origin": ORIGIN_NAMES[int(edges.origin[edge])],
            "passes": bool(network.state.fed.passes[position]),
            "pair": int(assets.asset_id[edges.row[pair]]) if pair >= 0 else 0,
        }
        a, b = int(links.a[position]), int(links.b[position])
        graph.add_edge(a, b, key=edge, **data)
        if edges.kind[edge] == VALVE:
            graph.add_edge(b, a, key=edge, **data)
