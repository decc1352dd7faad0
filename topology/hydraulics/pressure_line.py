"""The pressure line (水压图): heads along the way of the water from the source to a station."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from topology.codes import RETURN, SUPPLY
from topology.errors import NotSolvable
from topology.hydraulics.drawing import Floats, Ints
from topology.hydraulics.gates import boiling_mpa
from topology.hydraulics.pandapipes_net import GRAVITY_M_PER_S2, water_at
from topology.hydraulics.solve import SolvedZone

_STANDING_M_PER_S = 0.005
_STANDING_WEIGHT = 1000.0
"""A pipe in which the water stands counts as this much longer: the way is that of the water where there is one."""
_LEAST_M = 1e-3


@dataclass(frozen=True, eq=False)
class PressureLine:
    """Heads in metres above the sea along the supply, source first; arrays of shape (points,).

    Attributes
    ----------
    source_id, station_id
        Where it begins and ends.
    distance_m
        From the source along the supply pipes.
    asset_id, is_forward
        The pipe (or relay pump station) that leads to the point, and whether the way goes as it is drawn; the first point has the
        source. A pump is two points at one distance.
    axis_m
        Height of the pipe's axis.
    supply_m, return_m
        Pressure heads; the return at the same share of its own way back.
    static_m
        The level when all pumps stand and the make-up holds the return pressure of the source: one height everywhere.
    boiling_m
        Head below which the supply boils there.
    """

    source_id: int
    station_id: int
    distance_m: Floats
    asset_id: Ints
    is_forward: NDArray[np.bool_]
    axis_m: Floats
    supply_m: Floats
    return_m: Floats
    static_m: Floats
    boiling_m: Floats


@dataclass(frozen=True, eq=False)
class HeadNet:
    """Heads of a solved zone as arrays: all that a pressure line needs, and small enough to be kept.

    Attributes
    ----------
    source
        Asset id, supply node, return node of the source.
    side, axis_m, head_m
        Per node: `codes.SUPPLY` or `RETURN`, height of the axis, pressure head above the sea.
    edge_id, edge_u, edge_v, edge_m, edge_stands
        Pipes, then relay pumps (length 0): asset id, nodes, length, whether the water stands.
    station_id, station_supply, station_return, station_mpa
        Consumers with their nodes and differentials.
    boils_m
        Height of the column above the axis at which the supply boils.
    """

    source: Ints
    side: NDArray[np.uint8]
    axis_m: Floats
    head_m: Floats
    edge_id: Ints
    edge_u: Ints
    edge_v: Ints
    edge_m: Floats
    edge_stands: NDArray[np.bool_]
    station_id: Ints
    station_supply: Ints
    station_return: Ints
    station_mpa: Floats
    boils_m: Floats


@dataclass(frozen=True, eq=False)
class _Way:
    node: Ints
    edge: Ints
    distance_m: Floats


def head_net(solved: SolvedZone) -> HeadNet:
    """Take from a solved zone what pressure lines are drawn from.

    Raises
    ------
    NotSolvable
        When the zone did not converge.
    """
    zone, result = solved.zone, solved.result
    if not result.converged:
        raise NotSolvable(f"the solver found no state for the zone of source {zone.source_id}, so there is no pressure line")
    water = water_at(result.operation.supply_degc, result.operation.return_degc)
    boils = max(boiling_mpa(result.operation.supply_degc), 0.0) * 1e6 / (water.density_kg_per_m3[0] * GRAVITY_M_PER_S2)
    stands = result.pipes.velocity_m_per_s < _STANDING_M_PER_S
    return HeadNet(
        source=np.array([zone.source_id, zone.feed_supply[0], zone.feed_return[0]], np.int64),
        side=zone.node_side,
        axis_m=zone.node_height_m,
        head_m=result.nodes.head_m,
        edge_id=np.concatenate([zone.pipe_id, zone.lift_id]).astype(np.int64),
        edge_u=np.concatenate([zone.pipe_u, zone.lift_u]).astype(np.int64),
        edge_v=np.concatenate([zone.pipe_v, zone.lift_v]).astype(np.int64),
        edge_m=np.concatenate([zone.pipe_length_m, np.zeros(len(zone.lift_id))]),
        edge_stands=np.concatenate([stands, np.zeros(len(zone.lift_id), bool)]),
        station_id=zone.station_id,
        station_supply=zone.station_supply,
        station_return=zone.station_return,
        station_mpa=result.stations.differential_mpa,
        boils_m=np.array([boils]),
    )


def pressure_line(net: HeadNet, station_id: int | None = None) -> PressureLine:
    """Return the line from the source to a station.

    Parameters
    ----------
    net
        Heads of a solved zone.
    station_id
        A substation of the zone; None = the one with the smallest differential.

    Raises
    ------
    NotSolvable
        When the zone has no station, or not this one.

    Notes
    -----
    Cost: 20 ms for a zone of 4,000 nodes.
    """
    place = _station(net, station_id)
    source_id, supply, back = (int(each) for each in net.source)
    there = _way(net, SUPPLY, supply, int(net.station_supply[place]))
    home = _way(net, RETURN, back, int(net.station_return[place]))
    stretch = there.distance_m[-1] / home.distance_m[-1] if home.distance_m[-1] > 0 else 1.0
    axis = net.axis_m[there.node]
    return PressureLine(
        source_id=source_id,
        station_id=int(net.station_id[place]),
        distance_m=there.distance_m,
        asset_id=np.concatenate([[source_id], net.edge_id[there.edge]]).astype(np.int64),
        is_forward=np.concatenate([[True], net.edge_u[there.edge] == there.node[:-1]]),
        axis_m=axis,
        supply_m=net.head_m[there.node],
        return_m=np.interp(there.distance_m, home.distance_m * stretch, net.head_m[home.node]),
        static_m=np.full(len(axis), float(net.head_m[back])),
        boiling_m=axis + net.boils_m[0],
    )


def station_losses_m(net: HeadNet) -> tuple[Ints, Floats, Floats]:
    """Return the stations of a zone, and the head lost from the source to each and from each back to it, in metres.

    Relay pumps give head, so that a loss behind one may be negative. Of a station drawn twice the first counts.
    """
    _, supply, back = (int(each) for each in net.source)
    ids, first = np.unique(net.station_id, return_index=True)
    forth = net.head_m[supply] - net.head_m[net.station_supply[first]]
    home = net.head_m[net.station_return[first]] - net.head_m[back]
    return ids.astype(np.int64), forth, home


def _station(net: HeadNet, station_id: int | None) -> int:
    ids, source_id = net.station_id, int(net.source[0])
    if not len(ids):
        raise NotSolvable(f"the zone of source {source_id} has no substation, so there is no pressure line")
    if station_id is None:
        return int(np.argmin(net.station_mpa))
    found = np.flatnonzero(ids == station_id)
    if not len(found):
        raise NotSolvable(f"substation {station_id} is not in the zone of source {source_id}")
    return int(found[0])


def _way(net: HeadNet, side: int, first: int, last: int) -> _Way:
    """Return the shortest way along pipes in which water flows; `edge` counts pipes, then pumps."""
    size = len(net.side)
    weight = np.maximum(net.edge_m, _LEAST_M) * np.where(net.edge_stands, _STANDING_WEIGHT, 1.0)
    mine = np.flatnonzero(net.side[net.edge_u] == side)
    # of parallel pipes only the shorter counts; a sparse matrix would add them up
    mine = mine[np.argsort(weight[mine], kind="stable")]
    low, high = np.minimum(net.edge_u[mine], net.edge_v[mine]), np.maximum(net.edge_u[mine], net.edge_v[mine])
    _, kept = np.unique(low * size + high, return_index=True)
    mine, low, high = mine[kept], low[kept], high[kept]
    graph = coo_array((weight[mine], (low, high)), shape=(size, size)).tocsr()
    before = dijkstra(graph, directed=False, indices=first, return_predecessors=True)[1]
    edge_of = {(int(a), int(b)): int(e) for a, b, e in zip(low, high, mine, strict=True)}
    nodes, edges = [last], []
    while nodes[-1] != first:
        node, previous = nodes[-1], int(before[nodes[-1]])
        edges.append(edge_of[min(node, previous), max(node, previous)])
        nodes.append(previous)
    edge = np.array(edges[::-1], np.int64)
    return _Way(np.array(nodes[::-1], np.int64), edge, np.concatenate([[0.0], np.cumsum(net.edge_m[edge])]))
