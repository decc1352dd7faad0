"""Compiled loops of isolation, alternatives, capacity and criticality; tables as in `topology.cuts.kernels`."""

# ruff: noqa: PLR0917 - compiled functions take arrays by place
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.cuts.kernels import (
    ACROSS,
    DOWN,
    FIRST,
    FROM,
    HALF,
    INLET,
    LINK,
    OTHER,
    RETURN_AT,
    ROW,
    SECONDARY,
    SUPPLY_AT,
    UP,
    WAY,
    A,
)

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]

POWER, LOAD, UNKNOWN, RUNNING, USERS = 0, 1, 2, 3, 4
"""Columns of sums over a part: known power of running sources, load, running sources of unknown power, running sources, users."""
A_LINK, INSIDE, OUTSIDE = 0, 1, 2
"""Columns of an edge: the valve's link, the segments inside and outside of what is shut."""
_FIRST, _GROWN = 1, 2
_SLACK = 1e-7


@njit(cache=True)  # type: ignore[untyped-decorator]
def grow(
    start: IntArray, near: IntArray, closed: BoolArray, usable: BoolArray, starts: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Grow a set of segments through every open valve that cannot be closed.

    Returns
    -------
    segments, edge, through
        The grown set; valves on its edge with the segments inside and outside, shape (n, 3); the open valves that could not be
        closed, but for those between two segments of the first set.
    """
    inside = np.zeros(start.size - 1, np.uint8)
    found = np.empty(start.size - 1, np.int32)
    n = 0
    for s in starts:
        if not inside[s]:
            inside[s] = _FIRST
            found[n] = s
            n += 1
    i = valves = 0
    while i < n:
        s = found[i]
        i += 1
        valves += start[s + 1] - start[s]
        for e in range(start[s], start[s + 1]):
            k, o = near[e, LINK], near[e, OTHER]
            if near[e, WAY] == ACROSS and not closed[k] and not usable[k] and not inside[o]:
                inside[o] = _GROWN
                found[n] = o
                n += 1
    edge = np.empty((valves, 3), np.int32)
    through = np.empty(valves, np.int32)
    at = passed = 0
    for s in found[:n]:
        for e in range(start[s], start[s + 1]):
            k, o = near[e, LINK], near[e, OTHER]
            if near[e, WAY] != ACROSS:
                continue
            if not inside[o]:
                edge[at, 0], edge[at, 1], edge[at, 2] = k, s, o
                at += 1
            elif not closed[k] and not usable[k] and s < o and inside[s] + inside[o] > 2 * _FIRST:
                through[passed] = k
                passed += 1
    return found[:n].copy(), edge[:at].copy(), through[:passed].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def on_the_spot(
    start: IntArray,
    near: IntArray,
    links: IntArray,
    passes: BoolArray,
    tree: IntArray,
    mark: ByteArray,
    gone: BoolArray,
    service_start: IntArray,
    service_at: IntArray,
    services: IntArray,
    inside: IntArray,
) -> tuple[IntArray, IntArray]:
    """Return the rows of what feeds shut segments where no valve of the network helps, some twice.

    The first are substations and inlets that stand on something fed with their other side, and substations that feed a shut
    segment; the second are running sources.
    """
    size = 0
    for s in inside:
        size += start[s + 1] - start[s] + service_start[s + 1] - service_start[s]
    rows, sources = np.empty(size, np.int32), np.empty(size, np.int32)
    n = m = 0
    for s in inside:
        for e in range(start[s], start[s + 1]):
            k, way = near[e, LINK], near[e, WAY]
            if way == ACROSS or not passes[k]:
                continue
            if way == FROM:
                sources[m] = links[k, ROW]
                m += 1
                continue
            other = links[k, HALF]
            through = way == DOWN and other >= 0 and mark[links[other, A]] == 0 and tree[links[other, A], FIRST] >= 0
            if through or (way == UP and not gone[k]):
                rows[n] = links[k, ROW]
                n += 1
        for i in range(service_start[s], service_start[s + 1]):
            service = services[service_at[i]]
            o = service[RETURN_AT] if service[SUPPLY_AT] == s else service[SUPPLY_AT]
            if service[INLET] >= 0 and o >= 0 and mark[o] == 0 and tree[o, FIRST] >= 0:
                rows[n] = service[INLET]
                n += 1
    return rows[:n].copy(), sources[:m].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def sum_part(
    start: IntArray,
    near: IntArray,
    passes: BoolArray,
    mark: ByteArray,
    gone: BoolArray,
    of_link: Floats,
    of_segment: Floats,
    label: IntArray,
    number: int,
    seed: int,
) -> Floats:
    """Label the part of the network that open valves join to a segment and add up what stands on it (columns above)."""
    total = np.zeros(of_segment.shape[1])
    stack = np.empty(start.size - 1, np.int32)
    stack[0] = seed
    label[seed] = number
    depth = 1
    while depth > 0:
        depth -= 1
        s = stack[depth]
        total += of_segment[s]
        for e in range(start[s], start[s + 1]):
            k, o = near[e, LINK], near[e, OTHER]
            if gone[k] or not passes[k]:
                continue
            if near[e, WAY] == ACROSS:
                if label[o] < 0 and mark[o] == 0:
                    label[o] = number
                    stack[depth] = o
                    depth += 1
            elif near[e, WAY] != UP:
                total += of_link[k]
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def entry_of(start: IntArray, near: IntArray, passes: BoolArray, mark: ByteArray, gone: BoolArray, seed: np.int32) -> np.int32:
    """Return the primary segment from which a working exchanger feeds the part of a secondary segment; itself where none does."""
    seen = np.zeros(start.size - 1, np.bool_)
    stack = np.full(start.size - 1, seed, np.int32)
    seen[seed] = True
    depth = 1
    while depth > 0:
        depth -= 1
        s = stack[depth]
        for e in range(start[s], start[s + 1]):
            k, o = near[e, LINK], near[e, OTHER]
            if gone[k] or not passes[k]:
                continue
            if near[e, WAY] == UP:
                return np.int32(o)
            if near[e, WAY] == ACROSS and mark[o] == 0 and not seen[o]:
                seen[o] = True
                stack[depth] = o
                depth += 1
    return seed


@njit(cache=True)  # type: ignore[untyped-decorator]
def homes(
    home_start: IntArray, home_at: IntArray, services: IntArray, fed: BoolArray, tree: IntArray, feeder: IntArray
) -> tuple[IntArray, BoolArray]:
    """Return for each building the segments of the primary network that feed it, supply and return, and whether directly.

    Of several inlets the first one that is fed counts; -1 where that side is not drawn or the building not fed.
    """
    at = np.full((home_start.size - 1, 2), -1, np.int32)
    direct = np.zeros((home_start.size - 1, 2), np.bool_)
    for home in range(home_start.size - 1):
        for i in range(home_start[home], home_start[home + 1]):
            if not fed[home_at[i]]:
                continue
            for side in range(2):
                s = services[home_at[i], SUPPLY_AT + side]
                if s >= 0:
                    direct[home, side] = tree[s, SECONDARY] == 0
                    at[home, side] = s if direct[home, side] else feeder[s]
            break
    return at, direct


@njit(cache=True)  # type: ignore[untyped-decorator]
def own_sums(start: IntArray, near: IntArray, passes: BoolArray, of_link: Floats, of_segment: Floats) -> Floats:
    """Add up what stands on each segment: its own, its running sources, its working exchangers."""
    own = of_segment.copy()
    for s in range(start.size - 1):
        for e in range(start[s], start[s + 1]):
            if passes[near[e, LINK]] and (near[e, WAY] == DOWN or near[e, WAY] == FROM):
                own[s] += of_link[near[e, LINK]]
    return own


@njit(cache=True)  # type: ignore[untyped-decorator]
def _short(part: Floats) -> bool:
    """Tell whether a part with running sources, all of known power, has less power than load."""
    return bool(part[RUNNING] > 0.5 and part[UNKNOWN] < 0.5 and part[POWER] < part[LOAD] * (1.0 - _SLACK) - _SLACK)


@njit(cache=True)  # type: ignore[untyped-decorator]
def short_without_each(start: IntArray, near: IntArray, passes: BoolArray, tree: IntArray, own: Floats) -> tuple[Floats, Floats]:
    """Return for every primary segment the users of the parts that are short of power once it is out, in one pass.

    Depth first over the primary network without the root above its sources. What is below a child that reaches nothing above the
    segment becomes a part of its own; the rest of the zone is another. A zone that is short already counts nowhere; the second
    array tells the users of such zones by segment.
    """
    count = start.size - 1
    number, low = np.full(count, -1, np.int32), np.empty(count, np.int32)
    below, apart = own.copy(), np.zeros_like(own)
    short, already = np.zeros(count), np.zeros(count)
    cursor, stack, seen = start[:-1].copy(), np.empty(count, np.int32), np.empty(count, np.int32)
    for root in range(count):
        if number[root] >= 0 or tree[root, FIRST] < 0 or tree[root, SECONDARY] == 1:
            continue
        stack[0] = seen[0] = root
        number[root] = low[root] = 0
        depth, n = 0, 1
        while depth >= 0:
            s = stack[depth]
            if cursor[s] < start[s + 1]:
                e = cursor[s]
                cursor[s] += 1
                o = near[e, OTHER]
                if near[e, WAY] != ACROSS or not passes[near[e, LINK]]:
                    continue
                if number[o] < 0:
                    number[o] = low[o] = n
                    seen[n] = o
                    n += 1
                    depth += 1
                    stack[depth] = o
                else:
                    low[s] = min(low[s], number[o])
                continue
            depth -= 1
            if depth >= 0:
                _close(stack[depth], s, number, low, below, apart, short)
        _rest(seen[:n], own, below[root].copy(), apart, short, already)
    return short, already


@njit(cache=True)  # type: ignore[untyped-decorator]
def _close(above: int, s: int, number: IntArray, low: IntArray, below: Floats, apart: Floats, short: Floats) -> None:
    """Hand a finished segment to the one above it."""
    below[above] += below[s]
    if low[s] >= number[above]:
        apart[above] += below[s]
        if _short(below[s]):
            short[above] += below[s, USERS]
    else:
        low[above] = min(low[above], low[s])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _rest(zone: IntArray, own: Floats, total: Floats, apart: Floats, short: Floats, already: Floats) -> None:
    """Judge what is left of the zone beside the parts below each segment."""
    if _short(total):
        for s in zone:
            short[s] = 0.0
            already[s] = total[USERS]
        return
    for s in zone:
        rest = total - own[s] - apart[s]
        if _short(rest):
            short[s] += rest[USERS]
