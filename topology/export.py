"""The network as files: the segment graph or the whole drawing as GraphML, the zone of a source as a pandapipes net.

GraphML is written here line by line: NetworkX (3.6) builds a tree of the whole document in memory first, several times the size
of the graph. What is written is read back by NetworkX in the tests.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

import networkx as nx
import numpy as np

from topology.codes import EXCHANGER, OPERABILITIES, SOURCE, STATES, VALVE
from topology.hydraulics.pandapipes_net import (  # the one place that makes nets; nothing here converts
    BAR_PER_MPA,
    NO_LOSSES,
    net_of_zone,
    take_flows,
)
from topology.hydraulics.results import NORMAL, Operation
from topology.hydraulics.solve import SolvedZone, solve_cut
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import cut_zone
from topology.network import Network

Value: TypeAlias = str | int | float | bool
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_TYPES: Mapping[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}
_EDGE_KINDS = {VALVE: "valve", EXCHANGER: "exchanger", SOURCE: "source"}
_STATE_NAMES = {code: name for name, code in STATES.items()}
_OPERABILITY_NAMES = {code: name for name, code in OPERABILITIES.items()}


def drawing_graph(network: Network) -> nx.MultiGraph[int]:
    """Return the whole drawing: one node for each meeting place of ends, one edge for each pipe, valve, exchanger and source.

    Nodes have `segment_id`, and `lon`, `lat` where a pipe begins there. Edges have as key the number of the edge, and `asset_id`,
    `kind` pipe | valve | exchanger | source, `side` 1 supply, 2 return, `length_m`, `state` open | closed | unknown,
    `operability`, `pair` asset id on the other side or 0. A source hangs on a node of its own, -1 minus its number.

    Notes
    -----
    Cost: 5 microseconds an edge, 400 bytes of memory each; 2 s and 200 MB for a city. For exports, notebooks and checks: the
    questions are answered on arrays.
    """
    graph: nx.MultiGraph[int] = nx.MultiGraph(
        city_id=network.city_id, network_version=network.network_version, valve_version=network.valve_version
    )
    graph.add_nodes_from(_drawn_nodes(network))
    edges, assets = network.edges, network.assets
    asset_id = assets.asset_id[edges.row]
    paired = np.where(edges.pair >= 0, asset_id[edges.pair], 0)
    for number in range(len(edges.kind)):
        kind, u = int(edges.kind[number]), int(edges.u[number])
        graph.add_edge(
            u if u >= 0 else -1 - number,
            int(edges.v[number]),
            key=number,
            asset_id=int(asset_id[number]),
            kind=_EDGE_KINDS.get(kind, "pipe"),
            side=int(edges.side[number]),
            length_m=float(assets.length_m[edges.row[number]]),
            state=_STATE_NAMES[int(edges.state[number])],
            operability=_OPERABILITY_NAMES[int(edges.operability[number])],
            pair=int(paired[number]),
        )
    return graph


def _drawn_nodes(network: Network) -> Iterator[tuple[int, dict[str, Value]]]:
    edges, assets, segments = network.edges, network.assets, network.segments
    first = np.full(network.node_count, -1, np.int64)
    first[edges.u[: edges.pipe_count]] = edges.row[: edges.pipe_count]
    for node in range(network.node_count):
        data: dict[str, Value] = {"segment_id": int(segments.segment_id[segments.of_node[node]])}
        lon, lat = assets.lon[first[node]], assets.lat[first[node]]
        if first[node] >= 0 and math.isfinite(lon):
            data |= {"lon": float(lon), "lat": float(lat)}
        yield node, data


def graphml(graph: nx.MultiGraph[Any]) -> Iterator[str]:
    """Yield a graph as GraphML, line by line.

    Attributes are written as boolean, long, double or string by their first value; lists become texts with commas between.

    Notes
    -----
    Cost: 5 microseconds an attribute, no memory beyond the graph.
    """
    nodes, edges = graph.nodes(data=True), graph.edges(data=True)
    keys = {
        "graph": _keys("g", [graph.graph]),
        "node": _keys("n", (data for _, data in nodes)),
        "edge": _keys("e", (data for _, _, data in edges)),
    }
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<graphml xmlns={quoteattr(_NAMESPACE)}>\n"
    for where, of in keys.items():
        for name, (key, kind) in of.items():
            yield f'<key id="{key}" for="{where}" attr.name={quoteattr(name)} attr.type="{_TYPES[kind]}"/>\n'
    yield f'<graph edgedefault="{"directed" if graph.is_directed() else "undirected"}">\n'
    yield from _data(graph.graph, keys["graph"])
    for node, data in nodes:
        yield f'<node id="{node}">' + "".join(_data(data, keys["node"])) + "</node>\n"
    for number, (u, v, data) in enumerate(edges):
        text = "".join(_data(data, keys["edge"]))
        yield f'<edge id="{number}" source="{u}" target="{v}">{text}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _keys(prefix: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, type]]:
    """Give every attribute a key and the type of its first value."""
    found: dict[str, tuple[str, type]] = {}
    for data in rows:
        for name, value in data.items():
            if name not in found:
                kind = type(value)
                found[name] = (f"{prefix}{len(found)}", kind if kind in _TYPES else str)
    return found


def _data(values: Mapping[str, Any], keys: Mapping[str, tuple[str, type]]) -> Iterator[str]:
    for name, value in values.items():
        yield f'<data key="{keys[name][0]}">{_text(value)}</data>'


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def zone_net(network: Network, tables: HydraulicTables, source_id: int, *, operation: Operation = NORMAL) -> Any:
    """Return the primary network of a running source as a pandapipes net that solves as it is.

    Junctions, pipes, pumps, sinks and sources carry the asset id they stand for in the column `asset_id` (0 = none). Each
    substation takes its flow from the supply by a sink and gives it back by a source; the two external grids hold the pressures
    of the operation at the named source.

    Raises
    ------
    NotSolvable
        When there is no such source, it does not run, or nothing of the zone has a diameter.
    """
    zone = cut_zone(network, tables, source_id)
    solved = solve_cut(zone, versions=(network.network_version, network.valve_version), operation=operation)
    used = solved.result.operation
    net = net_of_zone(zone, (used.supply_degc, used.return_degc), used.roughness_mm, used.local_share)
    take_flows(net, zone, solved.station_kg_per_s, solved.feed_kg_per_s, NO_LOSSES)
    if used.supply_mpa is not None and used.return_mpa is not None:
        net.ext_grid["p_bar"] = [used.supply_mpa * BAR_PER_MPA, used.return_mpa * BAR_PER_MPA]
    net.name = f"city {network.city_id} source {source_id} network {network.network_version} valves {network.valve_version}"
    _name_parts(net, solved)
    return net


def _name_parts(net: Any, solved: SolvedZone) -> None:
    """Write the asset id of pipes, pumps, sinks, sources and external grids beside them."""
    zone = solved.zone
    net.pipe["asset_id"] = zone.pipe_id
    if len(zone.lift_id):
        net.pump["asset_id"] = zone.lift_id
    net.ext_grid["asset_id"] = int(zone.source_id)
    on = solved.station_kg_per_s > 0
    others = zone.feed_id[1:]
    if len(net.sink):
        net.sink["asset_id"] = np.concatenate([zone.station_id[on], others])
    if len(net.source):
        net.source["asset_id"] = np.concatenate([zone.station_id[on], others])


def zone_json(network: Network, tables: HydraulicTables, source_id: int, *, operation: Operation = NORMAL) -> str:
    """Return the zone of a source as the JSON that `pandapipes.from_json_string` loads; see `zone_net`."""
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    text: str = pandapipes.to_json(zone_net(network, tables, source_id, operation=operation), indent=None)
    json.loads(text)  # a value that JSON does not know (a NaN that was not written as null) fails here, not at the reader
    return text
