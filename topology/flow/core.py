"""Reduces a pipe network to its rings: trees hanging on it and pipes in series are taken out exactly, and put back after."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.flow.friction import Floats, Friction, Ints, edge_loss

Mask = NDArray[np.bool_]


class Core(NamedTuple):
    """What is left of a network, and the order in which the rest is put back. Edges and nodes keep their numbers.

    Attributes
    ----------
    alive
        Nodes that a holder of pressure reaches.
    order, up_edge
        Nodes of the trees from their leaves to the core, and each node's edge towards it (-1 = a node of the core).
    key
        Number of each meeting point of three or more core edges that holds no pressure, among those; else -1. Neighbours have
        near numbers, so that the envelope of their matrix is narrow, and both sides lie apart.
    keys
        How many of them there are.
    chain_start, chain_edge, chain_node
        Edges of each run between meeting points or holders, and the node before each edge; run `k` is
        `chain_edge[chain_start[k]:chain_start[k + 1]]`.
    chain_a, chain_b
        Nodes at both ends of each run.
    """

    alive: Mask
    order: Ints
    up_edge: Ints
    key: Ints
    keys: int
    chain_start: Ints
    chain_edge: Ints
    chain_node: Ints
    chain_a: Ints
    chain_b: Ints


class Network(NamedTuple):
    """Edges by their ends, and the edges of each node: `edges[start[n]:start[n + 1]]`."""

    u: Ints
    v: Ints
    start: Ints
    edges: Ints


def reduce_network(u: Ints, v: Ints, usable: Mask, holds: Mask) -> Core:
    """Strip trees, then join the core's edges to runs.

    1. Nodes without a way to one that holds pressure are left out.
    2. A node with one edge that holds no pressure hangs on a tree: its flow is what is taken behind it.
    3. What is left are rings and the ways between them and the holders; a run passes nodes with two edges.

    Parameters
    ----------
    u, v
        Ends of each edge.
    usable
        Edges that may carry water; one whose ends are the same node carries none.
    holds
        Of each node: whether its pressure is given.

    Notes
    -----
    Cost: linear; 0.2 ms for 4,400 pipes.
    """
    net = Network(u, v, *_links(holds.size, u, v, usable & (u != v)))
    alive = _reached(net, holds)
    free = usable & (u != v) & alive[u]
    order, up_edge, degree = _stripped(net, free, alive, holds)
    key = np.where(alive & ~holds & (degree > 2), 0, -1)
    keys = int(key.size + key.sum())
    chain_start, chain_edge, chain_node, chain_a, chain_b = _runs(net, free, alive & (holds | (key == 0)))
    key[key == 0] = np.arange(keys)
    near = _near_numbers(keys, key[chain_a], key[chain_b])
    key[key >= 0] = near
    return Core(alive, order, up_edge, key, keys, chain_start, chain_edge, chain_node, chain_a, chain_b)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _links(nodes: int, u: Ints, v: Ints, usable: Mask) -> tuple[Ints, Ints]:
    start = np.zeros(nodes + 1, np.int64)
    for e in range(u.size):
        if usable[e]:
            start[u[e] + 1] += 1
            start[v[e] + 1] += 1
    for n in range(nodes):
        start[n + 1] += start[n]
    place, edges = start[:-1].copy(), np.empty(start[-1], np.int64)
    for e in range(u.size):
        if usable[e]:
            for n in (u[e], v[e]):
                edges[place[n]] = e
                place[n] += 1
    return start, edges


@njit(cache=True)  # type: ignore[untyped-decorator]
def _reached(net: Network, holds: Mask) -> Mask:
    alive, queue, tail = holds.copy(), np.empty(holds.size, np.int64), 0
    for n in range(holds.size):
        if holds[n]:
            queue[tail] = n
            tail += 1
    head = 0
    while head < tail:
        n = queue[head]
        head += 1
        for i in range(net.start[n], net.start[n + 1]):
            other = net.u[net.edges[i]] + net.v[net.edges[i]] - n
            if not alive[other]:
                alive[other] = True
                queue[tail] = other
                tail += 1
    return alive


@njit(cache=True)  # type: ignore[untyped-decorator]
def _stripped(net: Network, free: Mask, alive: Mask, holds: Mask) -> tuple[Ints, Ints, Ints]:
    """Take the trees out of `free`; return their nodes from the leaves, each one's edge, and what edges every node keeps."""
    degree = net.start[1:] - net.start[:-1]
    order, up_edge, count, head = np.empty(holds.size, np.int64), np.full(holds.size, -1, np.int64), 0, 0
    for n in range(holds.size):
        if alive[n] and degree[n] == 1 and not holds[n]:
            order[count] = n
            count += 1
    while head < count:
        n = order[head]
        head += 1
        for i in range(net.start[n], net.start[n + 1]):
            e = net.edges[i]
            if free[e]:
                free[e] = False
                up_edge[n] = e
                other = net.u[e] + net.v[e] - n
                degree[n] -= 1
                degree[other] -= 1
                if degree[other] == 1 and not holds[other]:
                    order[count] = other
                    count += 1
    return order[:count].copy(), up_edge, degree


@njit(cache=True)  # type: ignore[untyped-decorator]
def _runs(net: Network, free: Mask, ends: Mask) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Follow the edges of `free` from one of `ends` to the next; uses `free` up."""
    total = free.sum()
    chain_edge, chain_node = np.empty(total, np.int64), np.empty(total, np.int64)
    chain_start, chain_a, chain_b = np.zeros(total + 1, np.int64), np.empty(total, np.int64), np.empty(total, np.int64)
    chains, place = 0, 0
    for n in np.flatnonzero(ends):
        for i in range(net.start[n], net.start[n + 1]):
            e, at = net.edges[i], n
            if not free[e]:
                continue
            while free[e]:
                free[e] = False
                chain_edge[place], chain_node[place] = e, at
                place += 1
                at = net.u[e] + net.v[e] - at
                e = e if ends[at] else _next(net, free, at, e)
            chain_a[chains], chain_b[chains] = n, at
            chains += 1
            chain_start[chains] = place
    return chain_start[: chains + 1].copy(), chain_edge, chain_node, chain_a[:chains].copy(), chain_b[:chains].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def _next(net: Network, free: Mask, node: int, edge: int) -> int:
    """Return the edge of a node that is still free, or the one given."""
    for i in range(net.start[node], net.start[node + 1]):
        if free[net.edges[i]]:
            return int(net.edges[i])
    return edge


@njit(cache=True)  # type: ignore[untyped-decorator]
def _near_numbers(count: int, a: Ints, b: Ints) -> Ints:
    """Number the meeting points by reverse Cuthill and McKee; the neighbours of a point in the order of the runs."""
    start, edges = _links(count, a, b, (a >= 0) & (b >= 0) & (a != b))
    number, queue, head, tail = np.full(count, -1, np.int64), np.empty(count, np.int64), 0, 0
    for first in np.argsort(start[1:] - start[:-1]):
        if number[first] >= 0:
            continue
        number[first], queue[tail] = count - 1 - tail, first
        tail += 1
        while head < tail:
            n = queue[head]
            head += 1
            for i in range(start[n], start[n + 1]):
                other = a[edges[i]] + b[edges[i]] - n
                if number[other] < 0:
                    number[other], queue[tail] = count - 1 - tail, other
                    tail += 1
    return number


@njit(cache=True)  # type: ignore[untyped-decorator]
def gather(core: Core, u: Ints, v: Ints, taken: Floats) -> tuple[Floats, Floats]:
    """Return what each node and the trees on it take, and the flow of the trees' edges (0 elsewhere), from `u` to `v`."""
    load, flow = taken.copy(), np.zeros(u.size)
    for n in core.order:
        e = core.up_edge[n]
        load[u[e] + v[e] - n] += load[n]
        flow[e] = load[n] if v[e] == n else -load[n]
    return load, flow


@njit(cache=True)  # type: ignore[untyped-decorator]
def offsets(core: Core, load: Floats) -> tuple[Floats, Floats]:
    """Return for each edge of a run what is taken between the run's start and the edge, and what each run takes in all."""
    before, total = np.zeros(core.chain_edge.size), np.zeros(core.chain_a.size)
    for k in range(total.size):
        for i in range(core.chain_start[k] + 1, core.chain_start[k + 1]):
            total[k] += load[core.chain_node[i]]
            before[i] = total[k]
    return before, total


@njit(cache=True)  # type: ignore[untyped-decorator]
def run_losses(core: Core, friction: Friction, through: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Return the pressure that each run loses when `through` enters it, and its derivative by that."""
    lost, slope = np.zeros(through.size), np.zeros(through.size)
    for k in range(through.size):
        for i in range(core.chain_start[k], core.chain_start[k + 1]):
            loss, by_flow = edge_loss(friction, core.chain_edge[i], through[k] - before[i])
            lost[k] += loss
            slope[k] += by_flow
    return lost, slope


@njit(cache=True)  # type: ignore[untyped-decorator]
def run_rises(core: Core, u: Ints, rise: Floats) -> Floats:
    """Return the sum of `rise` (from `u` to `v`) along each run."""
    total = np.zeros(core.chain_a.size)
    for k in range(total.size):
        for i in range(core.chain_start[k], core.chain_start[k + 1]):
            e = core.chain_edge[i]
            total[k] += rise[e] if u[e] == core.chain_node[i] else -rise[e]
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def spread_runs(
    core: Core, friction: Friction, rises: tuple[Ints, Floats], runs: tuple[Floats, Floats], found: tuple[Floats, Floats]
) -> None:
    """Fill in the flows of the runs' edges and the pressures inside the runs.

    `rises` are `u` and the rise of each edge, `runs` what enters each run and what is taken before each of its edges, `found` the
    flows and the pressures to fill in.
    """
    (u, rise), (through, before), (flow, pressure) = rises, runs, found
    for k in range(through.size):
        for i in range(core.chain_start[k], core.chain_start[k + 1]):
            e, at = core.chain_edge[i], core.chain_node[i]
            along = through[k] - before[i]
            sign = 1.0 if u[e] == at else -1.0
            flow[e] = sign * along
            if i + 1 < core.chain_start[k + 1]:
                loss, _ = edge_loss(friction, e, along)
                pressure[core.chain_node[i + 1]] = pressure[at] + sign * rise[e] - loss


@njit(cache=True)  # type: ignore[untyped-decorator]
def spread_trees(core: Core, friction: Friction, ends: tuple[Ints, Ints], rise: Floats, found: tuple[Floats, Floats]) -> None:
    """Fill in the pressures of the trees from the flows of their edges."""
    (u, v), (flow, pressure) = ends, found
    for j in range(core.order.size - 1, -1, -1):
        n = core.order[j]
        e = core.up_edge[n]
        sign = 1.0 if v[e] == n else -1.0
        loss, _ = edge_loss(friction, e, sign * flow[e])
        pressure[n] = pressure[u[e] + v[e] - n] + sign * rise[e] - loss
