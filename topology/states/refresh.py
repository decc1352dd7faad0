"""Kernels of a refresh: who is fed, and both trees, straight from the fixed arrays of a `SegmentNet`.

Elements are the root (0), segments (`1 + segment`) and links (`1 + segment count + link`). Compiled by numba at the first call
(cached on disk afterwards).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.codes import CLOSED, EXCHANGER, SOURCE, VALVE

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]


class LinkArrays(NamedTuple):
    """Arrays of the links: kind, segments; of exchanger halves the number of the substation and the other half (-1 = none)."""

    kind: ByteArray
    a: IntArray
    b: IntArray
    station: IntArray
    partner: IntArray


class SideArrays(NamedTuple):
    """Segments of each service; -1 where that side is not drawn."""

    supply: IntArray
    back: IntArray


class TreeArrays(NamedTuple):
    """A tree with its preorder: parent, first number, one past the last number below; -1 where not reached."""

    parent: IntArray
    first: IntArray
    last: IntArray


class BlockArrays(NamedTuple):
    """The tree of a depth-first visit with the head of the block that each element hangs in, and the order of the visit."""

    first: IntArray
    last: IntArray
    parent: IntArray
    head: IntArray
    order: IntArray


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def find(parent: IntArray, node: int) -> int:
    """Return the representative of a node, shortening its way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def zones_of(links: LinkArrays, usable: BoolArray, count: int) -> tuple[int, IntArray]:
    """Label the parts that usable valves join, in the order of their first segment."""
    parent = np.arange(count).astype(np.int32)
    for link in range(links.kind.size):
        if usable[link] and links.kind[link] == VALVE:
            one, other = find(parent, links.a[link]), find(parent, links.b[link])
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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def usable_links(links: LinkArrays, state: ByteArray, removed: BoolArray, count: int) -> BoolArray:
    """Tell which links are not shut, neither themselves nor one of their ends; `removed` may be empty."""
    usable = np.empty(links.kind.size, np.bool_)
    for link in range(usable.size):
        usable[link] = state[link] != CLOSED
        if removed.size:
            a = links.a[link]
            if removed[1 + count + link] or removed[1 + links.b[link]] or (a >= 0 and removed[1 + a]):
                usable[link] = False
    return usable


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def flood_links(
    links: LinkArrays, state: ByteArray, removed: BoolArray, count: int
) -> tuple[IntArray, BoolArray, BoolArray, BoolArray]:
    """Find zones, which of them are fed, which links pass and which exchanger halves work; `removed` may be empty."""
    usable = usable_links(links, state, removed, count)
    zones, zone = zones_of(links, usable, count)
    fed = np.zeros(zones, np.bool_)
    exchangers = 0
    for link in range(usable.size):
        if links.kind[link] == SOURCE and usable[link]:
            fed[zone[links.b[link]]] = True
        exchangers = max(exchangers, links.station[link] + 1)
    runs = np.ones(exchangers, np.bool_)
    for link in range(usable.size):
        if links.kind[link] == EXCHANGER:
            out = removed.size > 0 and removed[1 + count + link]
            if out or not fed[zone[links.a[link]]]:
                runs[links.station[link]] = False
    works = np.zeros(usable.size, np.bool_)
    passes = usable.copy()
    for link in range(usable.size):
        if links.kind[link] == EXCHANGER:
            works[link] = runs[links.station[link]]
            passes[link] = usable[link] and works[link]
    for link in range(usable.size):
        if links.kind[link] == EXCHANGER and passes[link]:
            fed[zone[links.b[link]]] = True
    return zone, fed, passes, works


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def services_fed(sides: SideArrays, zone: IntArray, zone_fed: BoolArray) -> BoolArray:
    """Tell which services are fed on every side that is drawn."""
    fed = np.empty(sides.supply.size, np.bool_)
    for i in range(fed.size):
        supply, back = sides.supply[i], sides.back[i]
        fed[i] = (supply < 0 or zone_fed[zone[supply]]) and (back < 0 or zone_fed[zone[back]])
    return fed


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _ends(links: LinkArrays, link: int, at: int) -> int:
    """Return the element at one end of a link (0 or 1); exchanger and source halves hang on the root."""
    if at == 1:
        return int(1 + links.b[link])
    return int(1 + links.a[link]) if links.kind[link] == VALVE else 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def blocks_of(links: LinkArrays, start: IntArray, incident: IntArray, entries: IntArray, passes: BoolArray) -> BlockArrays:
    """Number the elements depth first, with exchanger halves hung on the root, and find their blocks.

    J. Hopcroft, R. Tarjan: Algorithm 447, efficient algorithms for graph manipulation. Comm. ACM 16 (6), 1973.
    """
    segments = start.size - 1
    count = 1 + segments + links.kind.size
    first, last = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    parent, low = np.full(count, -1, np.int32), np.empty(count, np.int32)
    # the root's neighbours, then those of the segments, lie in one row; a link has two
    neighbours = np.concatenate((entries, incident))
    cursor, end = np.zeros(count, np.int32), np.full(count, 2, np.int32)
    end[0] = entries.size
    cursor[1 : 1 + segments] = start[:-1] + np.int32(entries.size)
    end[1 : 1 + segments] = start[1:] + np.int32(entries.size)
    order, stack = np.empty(count, np.int32), np.empty(count, np.int32)
    depth, numbered = 0, 1
    stack[0] = order[0] = first[0] = low[0] = 0
    while depth >= 0:
        node = stack[depth]
        if cursor[node] == end[node]:
            last[node] = numbered
            depth -= 1
            if depth >= 0 and low[node] < low[stack[depth]]:
                low[stack[depth]] = low[node]
            continue
        at = cursor[node]
        cursor[node] = at + 1
        if node <= segments:
            if not passes[neighbours[at]]:
                continue
            other = 1 + segments + neighbours[at]
        else:
            other = _ends(links, node - 1 - segments, at)
        if first[other] < 0:
            parent[other] = node
            first[other] = low[other] = numbered
            order[numbered] = other
            numbered += 1
            depth += 1
            stack[depth] = other
        elif first[other] < low[node]:
            low[node] = first[other]
    return BlockArrays(first, last, parent, _heads(first, low, parent, order[:numbered]), order[:numbered])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _heads(first: IntArray, low: IntArray, parent: IntArray, order: IntArray) -> IntArray:
    head = np.full(first.size, -1, np.int32)
    head[0] = 0
    for i in range(1, order.size):
        node = order[i]
        # a node opens a block when nothing below it reaches above its parent (low counts the parent itself)
        head[node] = node if low[node] >= first[parent[node]] else head[parent[node]]
    return head


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def nearest_above(parent: IntArray, depth: IntArray, one: int, other: int) -> int:
    """Return the nearest common node above two nodes of a tree."""
    while one != other:
        if depth[one] >= depth[other]:
            one = parent[one]
        else:
            other = parent[other]
    return one


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def dominators_of(links: LinkArrays, zone: IntArray, passes: BoolArray, blocks: BlockArrays) -> TreeArrays:
    """Derive the dominator tree, numbered in preorder, from the blocks.

    1. Within a zone water runs both ways, so what cuts a place off are the cut vertices above its block.
    2. An exchanger half hangs on the primary segment it is fed from; exchangers never feed exchangers.
    3. What no place of a secondary zone dominates alone hangs on the nearest common dominator of all that feeds the zone.
    """
    kind, order = links.kind, blocks.order
    segments = zone.size
    top = np.full(segments + 1, -1, np.int32)
    secondary = np.zeros(segments + 1, np.bool_)
    for link in range(kind.size):
        if kind[link] == EXCHANGER and passes[link]:
            secondary[zone[links.b[link]]] = True
    above = np.full(blocks.first.size, -1, np.int32)
    depth = np.zeros(blocks.first.size, np.int32)
    sequence = np.empty(order.size, np.int32)
    done = 0
    for i in range(1, order.size):  # 1, all but secondary zones
        node = order[i]
        link = node - 1 - segments
        of = zone[node - 1] if link < 0 else zone[links.b[link]]
        source = link >= 0 and kind[link] == SOURCE
        if source and secondary[of]:
            top[of] = 0
        if source or (not secondary[of] and not (link >= 0 and kind[link] == EXCHANGER)):
            above[node] = blocks.parent[blocks.head[node]]
            depth[node] = depth[above[node]] + 1
            sequence[done] = node
            done += 1
    for link in range(kind.size):  # 2
        if kind[link] == EXCHANGER and passes[link]:
            of, entry = zone[links.b[link]], 1 + links.a[link]
            above[1 + segments + link] = entry
            top[of] = entry if top[of] < 0 else nearest_above(above, depth, top[of], entry)
            sequence[done] = 1 + segments + link
            done += 1
    for i in range(1, order.size):  # 1 in secondary zones, and 3
        node = order[i]
        if above[node] < 0:
            local = blocks.parent[blocks.head[node]]
            of = zone[node - 1] if node <= segments else zone[links.b[node - 1 - segments]]
            above[node] = top[of] if local == 0 else local
            sequence[done] = node
            done += 1
    tree: TreeArrays = _numbered(above, sequence[:done])
    return tree


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _numbered(parent: IntArray, sequence: IntArray) -> TreeArrays:
    """Number a tree in preorder; `sequence` names every node but the root after its parent."""
    size = np.zeros(parent.size, np.int32)
    for i in range(sequence.size - 1, -1, -1):
        node = sequence[i]
        size[node] += 1
        size[parent[node]] += size[node]
    first, last = np.full(parent.size, -1, np.int32), np.full(parent.size, -1, np.int32)
    free = np.zeros(parent.size, np.int32)
    first[0], last[0], free[0] = 0, sequence.size + 1, 1
    for i in range(sequence.size):
        node = sequence[i]
        first[node] = free[parent[node]]
        last[node] = first[node] + size[node]
        free[parent[node]] = last[node]
        free[node] = first[node] + 1
    return TreeArrays(parent, first, last)
