"""The shortest way between two assets by pipe length, over open valves and through exchangers, on one side of the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import row_of
from topology.answers.ways import CLOSED_VALVE_M, ways
from topology.assets import KINDS
from topology.codes import CLOSED, EXCHANGER, PIPE, RETURN, SUPPLY, VALVE
from topology.errors import NotTraceable
from topology.findings import Finding
from topology.network import Network

Rows = NDArray[np.int32]

PATH = "shortest way by pipe length over open valves (unknown ones pass) and through exchangers, on one side (Dijkstra)"


@dataclass(frozen=True, slots=True)
class Path:
    """A way from one asset to another; rows of `Network.assets` in the order of the way.

    Attributes
    ----------
    found
        False: every way leads over a closed valve; `closed` names those of the way with the fewest, and the way is that one.
    side
        `codes.SUPPLY`, or `RETURN` where one of the two has no supply side.
    rows
        Everything passed, the two ends with it; a pipe or valve as it is drawn on that side.
    pipes, valves, substations
        What of it is a pipe, a valve, a substation whose exchanger is passed.
    closed
        Closed valves on the way; empty when it is found.
    length_m
        Of the pipes between the two, those that are an end themselves not counted.
    findings
        Why there is no open way.
    """

    found: bool
    side: int
    rows: Rows
    pipes: Rows
    valves: Rows
    substations: Rows
    closed: Rows
    length_m: float
    findings: tuple[Finding, ...]


def path(network: Network, asset_id: int, to_id: int) -> Path:
    """Return the shortest way between two assets.

    Raises
    ------
    NotTraceable
        When the network does not hold one of them, both are the same, one meets no pipe, or no pipe joins them at all.

    Notes
    -----
    Cost: one search that ends at the goal; 20 ms across a whole city, less for near assets (docs/trace.md).
    """
    if asset_id == to_id:
        raise NotTraceable(f"both ends of the path are asset {asset_id}; name two different ones")
    rows = (row_of(network, asset_id), row_of(network, to_id))
    for side in (SUPPLY, RETURN):
        ends = [nodes_of(network, row, side) for row in rows]
        if not all(end.size for end in ends):
            continue
        for open_valves in (False, True):
            goal = np.zeros(network.node_count, bool)
            goal[ends[1]] = True
            found = ways(network, ends[0], open_valves=open_valves, stop_at=goal)
            nearest = int(ends[1][np.argmin(found.length_m[ends[1]])])
            if np.isfinite(found.length_m[nearest]):
                return _path(network, rows, side, found.edges_to(nearest)[::-1], float(found.length_m[nearest]))
    for row in rows:
        if not any(nodes_of(network, row, side).size for side in (SUPPLY, RETURN)):
            raise NotTraceable(f"{_named(network, row)} is drawn off the network: no pipe meets it, so no way leads there")
    raise NotTraceable(f"no pipes join {_named(network, rows[0])} and {_named(network, rows[1])}, whatever valves are opened")


def nodes_of(network: Network, row: int, side: int) -> Rows:
    """Return the nodes at which an asset stands on one side; a pipe or valve of the other side counts by its pair.

    Of a substation both its primary and its secondary node; none for what no pipe meets.
    """
    edges, services = network.edges, network.services
    kind = KINDS[network.assets.kind[row]]
    if kind in {"building", "building_inlet"}:
        mine = (services.inlet_row == row) | (services.building_row == row)
        nodes = (services.supply_node if side == SUPPLY else services.return_node)[mine]
    else:
        own = np.flatnonzero(edges.row == row)
        own = np.concatenate([own, edges.pair[own[edges.pair[own] >= 0]]])
        own = own[edges.side[own] == side]
        nodes = np.concatenate([edges.u[own], edges.v[own], _station_nodes(network, row, side)])
    found: Rows = np.unique(nodes[nodes >= 0]).astype(np.int32)
    return found


def _station_nodes(network: Network, row: int, side: int) -> Rows:
    """Nodes on a pipe of that side on which a station (or a valve that interrupts nothing) sits."""
    at: Rows = network.station_node[network.station_row == row]
    if not at.size:
        return at
    edges = network.edges
    ends = (edges.kind == PIPE) & (edges.side == side)
    here = np.unique(np.concatenate([edges.u[ends], edges.v[ends]]))
    kept: Rows = at[np.isin(at, here)]
    return kept


def _named(network: Network, row: int) -> str:
    return f"{KINDS[network.assets.kind[row]]} {network.assets.asset_id[row]}"


def _path(network: Network, ends: tuple[int, int], side: int, edge: Rows, length_m: float) -> Path:
    edges = network.edges
    kind, inner = edges.kind[edge], edges.row[edge]
    closed = edge[(kind == VALVE) & (edges.state[edge] == CLOSED)]
    return Path(
        found=not closed.size,
        side=side,
        rows=_once(np.concatenate([_on_side(network, ends[0], side), inner, _on_side(network, ends[1], side)])),
        pipes=inner[kind == PIPE],
        valves=inner[kind == VALVE],
        substations=inner[kind == EXCHANGER],
        closed=edges.row[closed],
        length_m=length_m - CLOSED_VALVE_M * closed.size,
        findings=(_blocked(network, ends, closed),) if closed.size else (),
    )


def _on_side(network: Network, row: int, side: int) -> Rows:
    """Return a pipe or valve as it is drawn on a side; every other asset as it is."""
    edges = network.edges
    own = np.flatnonzero((edges.row == row) & (edges.kind <= VALVE))
    own = np.concatenate([own, edges.pair[own[edges.pair[own] >= 0]]])
    drawn = edges.row[own[edges.side[own] == side]]
    found: Rows = drawn[:1] if drawn.size else np.array([row], np.int32)
    return found


def _once(rows: Rows) -> Rows:
    return np.array(list(dict.fromkeys(rows.tolist())), np.int32)


def _blocked(network: Network, ends: tuple[int, int], closed: Rows) -> Finding:
    assets = network.assets
    row = network.edges.row[closed[0]]
    valves = tuple(int(i) for i in assets.asset_id[network.edges.row[closed]])
    message = (
        f"no open way joins {_named(network, ends[0])} and {_named(network, ends[1])}; the one over the fewest closed valves "
        f"needs these opened: {', '.join(map(str, valves))}"
    )
    return Finding("no_open_way", valves, (float(assets.lon[row]), float(assets.lat[row])), message)
