"""Compiled loops of `topology.cuts.cuts`. Tables are arrays of integers with one row a thing, so that few arguments do.

Compiled at the first call and cached on disk afterwards.
"""

# ruff: noqa: PLR0917 - compiled functions take arrays by place
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]

LINK, OTHER, WAY = 0, 1, 2
"""Columns of `near`: link at a segment, segment at its other end (-1 = a source), and what it is seen from here."""
ACROSS, DOWN, UP, FROM = 0, 1, 2, 3
"""A valve, an exchanger to what this segment feeds, an exchanger that feeds this segment, a source."""
PARENT, FIRST, LAST, SECONDARY = 0, 1, 2, 3
"""Columns of `tree`: link over which a segment is reached, preorder number, one past that of what is below; -1 = not fed."""
LOST, OUT = 1, 2
"""Marks of segments; 0 = untouched."""
A, B, HALF, ROW, PAIR_ROW = 0, 1, 2, 3, 4
"""Columns of `links`: segments from and to which it leads, other half of an exchanger, rows of the asset and the valve's pair."""
INLET, BUILDING, SUPPLY_AT, RETURN_AT, HOME = 0, 1, 2, 3, 4
"""Columns of `services`: rows, segments of both sides, number of the building; -1 = none."""


@njit(cache=True)  # type: ignore[untyped-decorator]
def grouped(group: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Sort positions by group (0 <= group < count): returns `start` (count + 1) and the positions."""
    start = np.zeros(count + 1, np.int32)
    for g in group:
        start[g + 1] += 1
    for g in range(count):
        start[g + 1] += start[g]
    cursor = start.copy()
    order = np.empty(group.size, np.int32)
    for i in range(group.size):
        order[cursor[group[i]]] = i
        cursor[group[i]] += 1
    return start, order


@njit(cache=True)  # type: ignore[untyped-decorator]
def spanning_tree(start: IntArray, near: IntArray, passes: BoolArray, roots: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Go breadth first from what running sources feed.

    Parameters
    ----------
    start, near
        What is at each segment.
    passes
        Links that let water through.
    roots
        Segments with their running source's link, shape (n, 2).

    Returns
    -------
    tree, level, order
        `tree` without its last column, links on the way from a source, segments in preorder.
    """
    count = start.size - 1
    tree = np.full((count, 4), -1, np.int32)
    level = np.full(count, -1, np.int32)
    above = np.full(count, -1, np.int32)
    queue = np.empty(count, np.int32)
    n = 0
    for i in range(roots.shape[0]):
        s = roots[i, 0]
        if level[s] < 0:
            tree[s, PARENT], level[s] = roots[i, 1], 1
            queue[n] = s
            n += 1
    i = 0
    while i < n:
        s = queue[i]
        i += 1
        for e in range(start[s], start[s + 1]):
            o = near[e, OTHER]
            if near[e, WAY] <= DOWN and level[o] < 0 and passes[near[e, LINK]]:
                tree[o, PARENT], level[o], above[o] = near[e, LINK], level[s] + 1, s
                queue[n] = o
                n += 1
    return tree, level, _number(queue[:n], above, tree)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _number(queue: IntArray, above: IntArray, tree: IntArray) -> IntArray:
    """Preorder of a tree given breadth first: sizes from the leaves up, numbers from the roots down."""
    size = np.zeros(above.size, np.int32)
    for i in range(queue.size - 1, -1, -1):
        s = queue[i]
        size[s] += 1
        if above[s] >= 0:
            size[above[s]] += size[s]
    free = np.zeros(above.size, np.int32)
    order = np.empty(queue.size, np.int32)
    roots = 0
    for s in queue:
        if above[s] < 0:
            number = roots
            roots += size[s]
        else:
            number = free[above[s]]
            free[above[s]] += size[s]
        free[s] = number + 1
        tree[s, FIRST], tree[s, LAST] = number, number + size[s]
        order[number] = s
    return order


@njit(cache=True)  # type: ignore[untyped-decorator]
def cut_off(  # noqa: PLR0912 - three steps over the same arrays
    start: IntArray,
    near: IntArray,
    links: IntArray,
    passes: BoolArray,
    tree: IntArray,
    order: IntArray,
    segments: IntArray,
    below: IntArray,
    stations: IntArray,
    gone: BoolArray,
) -> tuple[ByteArray, IntArray, IntArray]:
    """Find what a cut loses; returns the marks, the lost segments (those taken out among them) and the exchangers that stop.

    1. The primary segments below a cut are doubtful; those joined to something fed outside, or to a source, are not.
    2. A substation stops when either half stands on what is lost or out.
    3. The same as 1 for the secondary segments below a cut or a substation that stopped.

    Parameters
    ----------
    start, near, links, passes, tree, order
        The network.
    segments
        Segments that are taken out.
    below
        Segments that hang on valves or sources that are taken out.
    stations
        Exchangers that are taken out.
    gone
        Links that are taken out; exchangers that stop are added.
    """
    mark = np.zeros(start.size - 1, np.uint8)
    doubt = np.empty(start.size - 1, np.int32)
    for s in segments:
        mark[s] = OUT
    n = 0
    for tops in (segments, below):
        for s in tops:
            if tree[s, SECONDARY] == 0:
                n = _below(tree, order, s, mark, doubt, n)
    feed_again(start, near, passes, tree, mark, gone, doubt[:n])
    dead = np.empty(passes.size, np.int32)
    size = 0
    for k in stations:
        size = _stop(links, passes, k, gone, dead, size)
    for part in (segments, doubt[:n]):
        for s in part:
            if mark[s] != 0:
                for e in range(start[s], start[s + 1]):
                    if near[e, WAY] == DOWN and passes[near[e, LINK]]:
                        size = _stop(links, passes, near[e, LINK], gone, dead, size)
    primary = n
    for k in dead[:size]:
        if tree[links[k, B], PARENT] == k:
            n = _below(tree, order, links[k, B], mark, doubt, n)
    for tops in (segments, below):
        for s in tops:
            if tree[s, SECONDARY] == 1:
                n = _below(tree, order, s, mark, doubt, n)
    feed_again(start, near, passes, tree, mark, gone, doubt[primary:n])
    return mark, _lost(tree, mark, doubt[:n], segments), dead[:size].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def _below(tree: IntArray, order: IntArray, top: int, mark: ByteArray, doubt: IntArray, n: int) -> int:
    """Doubt what hangs below a segment, itself included, as far as it is of the same class."""
    for i in range(tree[top, FIRST], tree[top, LAST]):
        s = order[i]
        if mark[s] == 0 and tree[s, SECONDARY] == tree[top, SECONDARY]:
            mark[s] = LOST
            doubt[n] = s
            n += 1
    return n


@njit(cache=True)  # type: ignore[untyped-decorator]
def feed_again(
    start: IntArray, near: IntArray, passes: BoolArray, tree: IntArray, mark: ByteArray, gone: BoolArray, doubt: IntArray
) -> None:
    """Clear the mark of those doubtful segments that something fed still reaches; `mark` is changed."""
    stack = np.empty(doubt.size, np.int32)
    for top in doubt:
        if mark[top] != LOST or not _touches_fed(start, near, passes, tree, mark, gone, top):
            continue
        mark[top] = 0
        depth = 1
        stack[0] = top
        while depth > 0:
            depth -= 1
            s = stack[depth]
            for e in range(start[s], start[s + 1]):
                k, o = near[e, LINK], near[e, OTHER]
                if near[e, WAY] == ACROSS and mark[o] == LOST and passes[k] and not gone[k]:
                    mark[o] = 0
                    stack[depth] = o
                    depth += 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _touches_fed(
    start: IntArray, near: IntArray, passes: BoolArray, tree: IntArray, mark: ByteArray, gone: BoolArray, s: int
) -> bool:
    for e in range(start[s], start[s + 1]):
        k, o = near[e, LINK], near[e, OTHER]
        if gone[k] or not passes[k]:
            continue
        if near[e, WAY] >= UP:
            return True
        if near[e, WAY] == ACROSS and o != s and mark[o] == 0 and tree[o, FIRST] >= 0:
            return True
    return False


@njit(cache=True)  # type: ignore[untyped-decorator]
def _stop(links: IntArray, passes: BoolArray, k: int, gone: BoolArray, dead: IntArray, n: int) -> int:
    """Take out both halves of a substation that stops."""
    other = links[k, HALF]
    for half in (k, other):
        if half >= 0 and not gone[half] and passes[half]:
            gone[half] = True
            dead[n] = half
            n += 1
    return n


@njit(cache=True)  # type: ignore[untyped-decorator]
def _lost(tree: IntArray, mark: ByteArray, doubt: IntArray, segments: IntArray) -> IntArray:
    lost = np.empty(doubt.size + segments.size, np.int32)
    n = 0
    for s in doubt:
        if mark[s] == LOST:
            lost[n] = s
            n += 1
    for s in segments:
        if tree[s, FIRST] >= 0:
            lost[n] = s
            n += 1
    return lost[:n].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def things_lost(
    start: IntArray,
    near: IntArray,
    links: IntArray,
    passes: BoolArray,
    tree: IntArray,
    pipe_start: IntArray,
    pipe_rows: IntArray,
    mark: ByteArray,
    lost: IntArray,
) -> IntArray:
    """Return the rows of lost pipes and valves with their pairs, some of them several times."""
    size = 0
    for s in lost:
        size += pipe_start[s + 1] - pipe_start[s] + 2 * (start[s + 1] - start[s])
    rows = np.empty(size, np.int32)
    n = 0
    for s in lost:
        for i in range(pipe_start[s], pipe_start[s + 1]):
            rows[n] = pipe_rows[i]
            n += 1
        for e in range(start[s], start[s + 1]):
            k, o = near[e, LINK], near[e, OTHER]
            # a valve beside the cut still has water; only one between two lost segments is lost
            if near[e, WAY] == ACROSS and passes[k] and mark[o] != 0 and tree[o, FIRST] >= 0:
                rows[n] = links[k, ROW]
                n += 1
                if links[k, PAIR_ROW] >= 0:
                    rows[n] = links[k, PAIR_ROW]
                    n += 1
    return rows[:n]


@njit(cache=True)  # type: ignore[untyped-decorator]
def consumers_lost(
    service_start: IntArray,
    service_at: IntArray,
    services: IntArray,
    fed: BoolArray,
    home_start: IntArray,
    home_at: IntArray,
    mark: ByteArray,
    lost: IntArray,
) -> tuple[IntArray, IntArray]:
    """Return the rows of lost inlets and of lost buildings, some of them several times; a building with all of its inlets."""
    size = 0
    for s in lost:
        size += service_start[s + 1] - service_start[s]
    inlets, buildings = np.empty(size, np.int32), np.empty(size, np.int32)
    n = m = 0
    for s in lost:
        for i in range(service_start[s], service_start[s + 1]):
            service = service_at[i]
            if not fed[service]:
                continue
            if services[service, INLET] >= 0:
                inlets[n] = services[service, INLET]
                n += 1
            home = services[service, HOME]
            if home >= 0 and not _still_served(services, fed, home_at[home_start[home] : home_start[home + 1]], mark):
                buildings[m] = services[service, BUILDING]
                m += 1
    return inlets[:n], buildings[:m]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _still_served(services: IntArray, fed: BoolArray, of_home: IntArray, mark: ByteArray) -> bool:
    for service in of_home:
        supply, back = services[service, SUPPLY_AT], services[service, RETURN_AT]
        if fed[service] and (supply < 0 or mark[supply] == 0) and (back < 0 or mark[back] == 0):
            return True
    return False
