"""Kernels of a refresh: who is fed, and both trees, straight from the fixed arrays of a `SegmentNet`.

Elements are the root (0), segments (`1 + segment`) and links (`1 + segment count + link`). Compiled by numba at the first call
(cached on disk afterwards).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.codes import CLOSED, EXCHANGER, SOURCE, VALVE

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]


@njit(cache=True)  # type: ignore[untyped-decorator]
def find(parent: IntArray, node: int) -> int:
    """Return the representative of a node, shortening its way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True)  # type: ignore[untyped-decorator]
def zones_of(kind: ByteArray, a: IntArray, b: IntArray, usable: BoolArray, count: int) -> tuple[int, IntArray]:
    """Label the parts that usable valves join, in the order of their first segment."""
    parent = np.arange(count).astype(np.int32)
    for link in range(kind.size):
        if usable[link] and kind[link] == VALVE:
            one, other = find(parent, a[link]), find(parent, b[link])
            # the smaller number stays: it is the first segment of its zone
            if one < other:
                parent[other] = one
            else:
                parent[one] = other
    zone = np.empty(count, np.int32)
    zones = 0
    for segment in range(count):
        top = find(parent, segment)
        if top == segment:
            zone[segment] = zones
            zones += 1
        else:
            zone[segment] = zone[top]
    return zones, zone


@njit(cache=True)  # type: ignore[untyped-decorator]
def flood_links(
    kind: ByteArray, a: IntArray, b: IntArray, station: IntArray, state: ByteArray, removed: BoolArray, count: int
) -> tuple[IntArray, BoolArray, BoolArray, BoolArray]:
    """Find zones, which of them are fed, which links pass and which exchanger halves work; `removed` may be empty."""
    links = kind.size
    usable = np.empty(links, np.bool_)
    stations = 0
    for link in range(links):
        usable[link] = state[link] != CLOSED
        if removed.size:
            out = removed[1 + count + link] or removed[1 + b[link]] or (a[link] >= 0 and removed[1 + a[link]])
            usable[link] = usable[link] and not out
        stations = max(stations, station[link] + 1)
    zones, zone = zones_of(kind, a, b, usable, count)
    fed = np.zeros(zones, np.bool_)
    for link in range(links):
        if kind[link] == SOURCE and usable[link]:
            fed[zone[b[link]]] = True
    runs = np.ones(stations, np.bool_)
    for link in range(links):
        if kind[link] == EXCHANGER and not (fed[zone[a[link]]] and not (removed.size and removed[1 + count + link])):
            runs[station[link]] = False
    works = np.zeros(links, np.bool_)
    passes = usable.copy()
    for link in range(links):
        if kind[link] == EXCHANGER:
            works[link] = runs[station[link]]
            passes[link] = usable[link] and works[link]
    for link in range(links):
        if kind[link] == EXCHANGER and passes[link]:
            fed[zone[b[link]]] = True
    return zone, fed, passes, works


@njit(cache=True)  # type: ignore[untyped-decorator]
def services_fed(supply: IntArray, back: IntArray, zone: IntArray, zone_fed: BoolArray) -> BoolArray:
    """Tell which services are fed on every side that is drawn."""
    fed = np.empty(supply.size, np.bool_)
    for i in range(supply.size):
        fed[i] = (supply[i] < 0 or zone_fed[zone[supply[i]]]) and (back[i] < 0 or zone_fed[zone[back[i]]])
    return fed


@njit(cache=True)  # type: ignore[untyped-decorator]
def blocks_of(
    kind: ByteArray,
    a: IntArray,
    b: IntArray,
    start: IntArray,
    incident: IntArray,
    entries: IntArray,
    passes: BoolArray,
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Number the elements depth first with exchanger halves hung on the root: first, last, parent, head, order of visit.

    J. Hopcroft, R. Tarjan: Algorithm 447, efficient algorithms for graph manipulation. Comm. ACM 16 (6), 1973.
    """
    segments = start.size - 1
    count = 1 + segments + kind.size
    first = np.full(count, -1, np.int32)
    last = np.full(count, -1, np.int32)
    parent = np.full(count, -1, np.int32)
    head = np.full(count, -1, np.int32)
    low = np.empty(count, np.int32)
    cursor = np.zeros(count, np.int32)
    cursor[1 : 1 + segments] = start[:-1]
    order = np.empty(count, np.int32)
    stack = np.empty(count, np.int32)
    depth, numbered = 0, 1
    stack[0] = order[0] = 0
    first[0] = low[0] = head[0] = 0
    while depth >= 0:
        node = stack[depth]
        at = cursor[node]
        other = -1
        if node == 0:
            more = at < entries.size
            if more and passes[entries[at]]:
                other = 1 + segments + entries[at]
        elif node <= segments:
            more = at < start[node]
            if more and passes[incident[at]]:
                other = 1 + segments + incident[at]
        else:
            link = node - 1 - segments
            more = at < 2
            if at == 1:
                other = 1 + b[link]
            elif at == 0:
                other = 1 + a[link] if kind[link] == VALVE else 0
        if more:
            cursor[node] = at + 1
            if other < 0:
                continue
            if first[other] < 0:
                parent[other] = node
                first[other] = low[other] = numbered
                order[numbered] = other
                numbered += 1
                depth += 1
                stack[depth] = other
            elif first[other] < low[node]:
                low[node] = first[other]
        else:
            last[node] = numbered
            depth -= 1
            if depth >= 0 and low[node] < low[stack[depth]]:
                low[stack[depth]] = low[node]
    for i in range(1, numbered):
        node = order[i]
        # a node opens a block when nothing below it reaches above its parent (low counts the parent itself)
        head[node] = node if low[node] >= first[parent[node]] else head[parent[node]]
    return first, last, parent, head, order[:numbered]


@njit(cache=True)  # type: ignore[untyped-decorator]
def nearest_above(parent: IntArray, depth: IntArray, one: int, other: int) -> int:
    """Return the nearest common node above two nodes of a tree."""
    while one != other:
        if depth[one] >= depth[other]:
            one = parent[one]
        else:
            other = parent[other]
    return one


@njit(cache=True)  # type: ignore[untyped-decorator]
def dominators_of(
    kind: ByteArray,
    a: IntArray,
    b: IntArray,
    zone: IntArray,
    passes: BoolArray,
    parent: IntArray,
    head: IntArray,
    order: IntArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """Derive the dominator tree from the blocks: immediate dominator, first and one past the last preorder number.

    1. Within a zone water runs both ways, so what cuts a place off are the cut vertices above its block.
    2. An exchanger half hangs on the primary segment it is fed from; exchangers never feed exchangers.
    3. What no place of a secondary zone dominates alone hangs on the nearest common dominator of all that feeds the zone.
    """
    segments = zone.size
    count = 1 + segments + kind.size
    size_of = np.zeros(count, np.int32)
    top = np.full(zone.size + 1, -1, np.int32)
    mixed = np.zeros(zone.size + 1, np.bool_)
    for link in range(kind.size):
        if kind[link] == EXCHANGER and passes[link]:
            mixed[zone[b[link]]] = True
    above = np.full(count, -1, np.int32)
    depth = np.zeros(count, np.int32)
    sequence = np.empty(order.size, np.int32)
    done = 0
    # 1: everything but secondary zones
    for i in range(1, order.size):
        node = order[i]
        link = node - 1 - segments
        if link >= 0 and kind[link] == EXCHANGER:
            continue
        of = zone[node - 1] if link < 0 else zone[b[link]]
        if link >= 0 and kind[link] == SOURCE:
            if mixed[of]:
                top[of] = 0
        elif mixed[of]:
            continue
        above[node] = parent[head[node]]
        depth[node] = depth[above[node]] + 1
        sequence[done] = node
        done += 1
    # 2
    for link in range(kind.size):
        if kind[link] == EXCHANGER and passes[link]:
            node, of = 1 + segments + link, zone[b[link]]
            above[node] = 1 + a[link]
            top[of] = 1 + a[link] if top[of] < 0 else nearest_above(above, depth, top[of], 1 + a[link])
            sequence[done] = node
            done += 1
    # 3
    for i in range(1, order.size):
        node = order[i]
        if above[node] < 0:
            link = node - 1 - segments
            local = parent[head[node]]
            of = zone[node - 1] if link < 0 else zone[b[link]]
            above[node] = top[of] if local == 0 else local
            sequence[done] = node
            done += 1
    first = np.full(count, -1, np.int32)
    last = np.full(count, -1, np.int32)
    for i in range(done - 1, -1, -1):
        node = sequence[i]
        size_of[node] += 1
        size_of[above[node]] += size_of[node]
    free = np.zeros(count, np.int32)
    first[0], last[0], free[0] = 0, done + 1, 1
    for i in range(done):
        node = sequence[i]
        first[node] = free[above[node]]
        last[node] = first[node] + size_of[node]
        free[above[node]] = last[node]
        free[node] = first[node] + 1
    return above, first, last
