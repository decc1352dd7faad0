"""Shortest ways through the drawing by pipe length, over valves as they stand; compiled by numba.

The drawing is an undirected graph of nodes. Pipes count their length, valves and exchangers nothing. A closed valve is shut, or,
where it is asked what would happen if it were opened, costs so much that a way opens as few of them as it can.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.build.edges import Edges
from topology.codes import CLOSED, EXCHANGER, PIPE, SOURCE, VALVE
from topology.network import Network

Floats = NDArray[np.float64]
IntArray = NDArray[np.int32]

CLOSED_VALVE_M = 1e9
"""What a closed valve costs where it may be opened: more than all pipes of a city, so that few valves come before short ways."""
_NONE = -1


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Edges at each node; those of node `n` stand at `start[n]:start[n + 1]`. Does not depend on states.

    Attributes
    ----------
    start
        Shape (nodes + 1,).
    edge, other
        Number of the edge, and the node at its other end.
    """

    start: IntArray
    edge: IntArray
    other: IntArray


@dataclass(frozen=True, slots=True)
class Ways:
    """Shortest ways from a set of nodes.

    Attributes
    ----------
    length_m
        Of each node: pipe length plus `CLOSED_VALVE_M` for each closed valve on the way; inf = no way.
    by
        Edge by which the node is reached, -1 = a start or not reached.
    before
        Node before it on the way, -1 likewise.
    """

    length_m: Floats
    by: IntArray
    before: IntArray

    def edges_to(self, node: int) -> IntArray:
        """Return the edges of the way to a node, beginning at that node."""
        found = []
        while self.before[node] >= 0:
            found.append(self.by[node])
            node = int(self.before[node])
        return np.array(found, np.int32)


_KEPT: dict[int, tuple[weakref.ref[NDArray[np.int32]], Adjacency]] = {}


def adjacency(edges: Edges, node_count: int) -> Adjacency:
    """Return the edges at each node, without those of sources; kept as long as the drawing is.

    Notes
    -----
    Cost: 40 ms for 400,000 edges, once a drawing; valve states do not matter.
    """
    key = id(edges.u)
    kept = _KEPT.get(key)
    if kept is not None and kept[0]() is edges.u and len(kept[1].start) == node_count + 1:
        return kept[1]
    made = _adjacency(edges, node_count)
    _KEPT[key] = (weakref.ref(edges.u, lambda _: _KEPT.pop(key, None)), made)
    return made


def _adjacency(edges: Edges, node_count: int) -> Adjacency:
    edge = np.flatnonzero((edges.kind != SOURCE) & (edges.u >= 0) & (edges.v >= 0) & (edges.u != edges.v)).astype(np.int32)
    u, v = edges.u[edge], edges.v[edge]
    at = np.concatenate([u, v])
    order = np.argsort(at, kind="stable")
    start = np.zeros(node_count + 1, np.int32)
    np.cumsum(np.bincount(at, minlength=node_count), out=start[1:])
    return Adjacency(start, np.concatenate([edge, edge])[order], np.concatenate([v, u])[order])


def ways(
    network: Network,
    starts: NDArray[np.integer],
    *,
    towards_sources: bool = False,
    open_valves: bool = False,
    stop_at: NDArray[np.bool_] | None = None,
) -> Ways:
    """Find the shortest ways from any of some nodes.

    Parameters
    ----------
    network
        At the state that is asked about.
    starts
        Nodes at distance 0.
    towards_sources
        True: exchangers are passed from the secondary to the primary network only.
    open_valves
        True: closed valves may be passed at `CLOSED_VALVE_M` each.
    stop_at
        Nodes, shape (nodes,): the first one reached ends the search; None = go everywhere.

    Notes
    -----
    Dijkstra with a binary heap. Cost: 0.1 microseconds a node and its logarithm; milliseconds for the primary network of a city.
    """
    edges = network.edges
    graph = adjacency(edges, network.node_count)
    targets = np.zeros(1, np.bool_) if stop_at is None else stop_at
    length = np.zeros(len(edges.kind))
    length[: edges.pipe_count] = network.assets.length_m[edges.row[: edges.pipe_count]]
    found = _dijkstra(
        graph.start,
        graph.edge,
        graph.other,
        length,
        edges.kind,
        edges.state,
        edges.u,
        np.unique(starts).astype(np.int32),
        targets,
        towards_sources,
        open_valves,
    )
    return Ways(*found)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _dijkstra(  # noqa: PLR0917 - compiled: arrays by position
    start: IntArray,
    edge: IntArray,
    other: IntArray,
    length: Floats,
    kind: NDArray[np.uint8],
    state: NDArray[np.uint8],
    u: IntArray,
    starts: IntArray,
    targets: NDArray[np.bool_],
    towards_sources: bool,
    open_valves: bool,
) -> tuple[Floats, IntArray, IntArray]:
    nodes = start.size - 1
    distance = np.full(nodes, np.inf)
    by = np.full(nodes, _NONE, np.int32)
    before = np.full(nodes, _NONE, np.int32)
    place = np.full(nodes, _NONE, np.int32)
    heap = np.empty(nodes, np.int32)
    size = 0
    for node in starts:
        distance[node] = 0.0
        size = _rise(heap, place, distance, node, size)
    asked = targets.size == nodes
    while size > 0:
        node = heap[0]
        size = _take_first(heap, place, distance, size)
        if asked and targets[node]:
            break
        for k in range(start[node], start[node + 1]):
            cost = _cost(edge[k], node, length, kind, state, u, towards_sources, open_valves)
            if cost < 0.0:
                continue
            there = other[k]
            if distance[node] + cost < distance[there]:
                distance[there] = distance[node] + cost
                by[there] = edge[k]
                before[there] = node
                size = _rise(heap, place, distance, there, size)
    return distance, by, before


@njit(cache=True)  # type: ignore[untyped-decorator]
def _cost(  # noqa: PLR0917 - compiled: arrays by position
    edge: int,
    node: int,
    length: Floats,
    kind: NDArray[np.uint8],
    state: NDArray[np.uint8],
    u: IntArray,
    towards_sources: bool,
    open_valves: bool,
) -> float:
    """Return what an edge costs from a node; negative = it may not be passed."""
    if kind[edge] == PIPE:
        return float(length[edge])
    if kind[edge] == VALVE:
        if state[edge] != CLOSED:
            return 0.0
        return CLOSED_VALVE_M if open_valves else -1.0
    if kind[edge] == EXCHANGER and towards_sources and u[edge] == node:
        return -1.0
    return 0.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _rise(heap: IntArray, place: IntArray, distance: Floats, node: int, size: int) -> int:
    """Put a node into the heap, or move it up after its distance fell; return the size."""
    at = place[node]
    if at < 0:
        at = size
        size += 1
    while at > 0:
        parent = (at - 1) // 2
        if distance[heap[parent]] <= distance[node]:
            break
        heap[at] = heap[parent]
        place[heap[at]] = at
        at = parent
    heap[at] = node
    place[node] = at
    return size


@njit(cache=True)  # type: ignore[untyped-decorator]
def _take_first(heap: IntArray, place: IntArray, distance: Floats, size: int) -> int:
    """Take the nearest node out of the heap; return the size. A settled node never rises again: its distance is the least."""
    size -= 1
    node = heap[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and distance[heap[child + 1]] < distance[heap[child]]:
            child += 1
        if distance[node] <= distance[heap[child]]:
            break
        heap[at] = heap[child]
        place[heap[at]] = at
        at = child
    heap[at] = node
    place[node] = at
    return size
