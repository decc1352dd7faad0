"""Compiled loops of `topology.cuts.ties` and `topology.cuts.passages`; tables as in `topology.cuts.kernels`."""

# ruff: noqa: PLR0917 - compiled functions take arrays by place
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.cuts.kernels import ACROSS, FIRST, HALF, LINK, LOST, OTHER, SECONDARY, WAY, A, feed_again

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]
_SLACK = 1e-9


@njit(cache=True)  # type: ignore[untyped-decorator]
def ties(
    start: IntArray,
    near: IntArray,
    closed: BoolArray,
    usable: BoolArray,
    tree: IntArray,
    mark: ByteArray,
    lost: IntArray,
) -> IntArray:
    """Return closed valves that a crew can open beside what is lost, shape (n, 4).

    Columns: link, lost segment, the fed segment at its other end or -1, the lost segment at its other end or -1. A valve between
    two lost segments is named from both; what lay dead before the cut, or is taken out, is no end.
    """
    size = 0
    for s in lost:
        size += start[s + 1] - start[s]
    found = np.empty((size, 4), np.int32)
    n = 0
    for s in lost:
        if mark[s] != LOST:
            continue
        for e in range(start[s], start[s + 1]):
            k, o = near[e, LINK], near[e, OTHER]
            if near[e, WAY] != ACROSS or not closed[k] or not usable[k]:
                continue
            fed = mark[o] == 0 and tree[o, FIRST] >= 0
            if fed or (mark[o] == LOST and o != s):
                found[n, 0], found[n, 1] = k, s
                found[n, 2] = o if fed else -1
                found[n, 3] = -1 if fed else o
                n += 1
    return found[:n].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def lost_parts(
    start: IntArray, near: IntArray, passes: BoolArray, mark: ByteArray, gone: BoolArray, lost: IntArray
) -> tuple[IntArray, IntArray]:
    """Number what open valves hold together among lost segments; returns the part of each segment (-1 = none) and its size."""
    part = np.full(start.size - 1, -1, np.int32)
    size = np.zeros(lost.size, np.int32)
    stack = np.empty(lost.size, np.int32)
    count = 0
    for top in lost:
        if mark[top] != LOST or part[top] >= 0:
            continue
        part[top] = count
        stack[0] = top
        depth = 1
        while depth > 0:
            depth -= 1
            s = stack[depth]
            size[count] += 1
            for e in range(start[s], start[s + 1]):
                k, o = near[e, LINK], near[e, OTHER]
                if near[e, WAY] == ACROSS and passes[k] and not gone[k] and mark[o] == LOST and part[o] < 0:
                    part[o] = count
                    stack[depth] = o
                    depth += 1
        count += 1
    return part, size[:count].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def give_back(
    start: IntArray,
    near: IntArray,
    links: IntArray,
    passes: BoolArray,
    tree: IntArray,
    lost: IntArray,
    dead: IntArray,
    mark: ByteArray,
    gone: BoolArray,
) -> tuple[IntArray, IntArray]:
    """Feed what is lost through valves that `passes` now holds; `mark` and `gone` are changed.

    Returns the segments that stay lost and the exchangers that stay dead. A substation works again when both halves are fed.
    """
    first = lost[tree[lost, SECONDARY] == 0] if lost.size else lost
    second = lost[tree[lost, SECONDARY] == 1] if lost.size else lost
    feed_again(start, near, passes, tree, mark, gone, first)
    dry = np.empty(dead.size, np.int32)
    n = 0
    for k in dead:
        other = links[k, HALF]
        if mark[links[k, A]] == 0 and (other < 0 or not passes[other] or mark[links[other, A]] == 0):
            gone[k] = False
        else:
            dry[n] = k
            n += 1
    feed_again(start, near, passes, tree, mark, gone, second)
    still = np.empty(lost.size, np.int32)
    m = 0
    for s in lost:
        if mark[s] != 0:
            still[m] = s
            m += 1
    return still[:m].copy(), dry[:n].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def tightest(power: Floats, load: Floats, rated: Floats, first: int) -> tuple[BoolArray, float]:
    """Find the zones about one of them whose load exceeds most what can reach them, by a smallest cut (Ford and Fulkerson 1956).

    Parameters
    ----------
    power, load
        Of each zone.
    rated
        What can pass between two zones, the same both ways; shape (zones, zones).
    first
        A zone that is among them.

    Returns
    -------
    The zones, as many as are equally tight, and power in them plus what can pass to them less their load.
    """
    n = power.size
    free = np.zeros((n + 2, n + 2))
    free[:n, :n] = rated
    for i in range(n):
        free[n, i] = power[i]
        free[i, n + 1] = load[i]
    free[first, n + 1] = np.inf
    least = _SLACK * (1.0 + power.sum() + load.sum())
    before = np.empty(n + 2, np.int64)
    queue = np.empty(n + 2, np.int64)
    while _way(free, before, queue, least):
        least_free, v = np.inf, n + 1
        while v != n:
            least_free = min(least_free, free[before[v], v])
            v = before[v]
        v = n + 1
        while v != n:
            free[before[v], v] -= least_free
            free[v, before[v]] += least_free
            v = before[v]
    inside = before[:n] < 0
    spare = 0.0
    for i in range(n):
        if inside[i]:
            spare += power[i] - load[i]
            for j in range(n):
                if not inside[j]:
                    spare += rated[j, i]
    return inside, spare


@njit(cache=True)  # type: ignore[untyped-decorator]
def _way(free: Floats, before: NDArray[np.int64], queue: NDArray[np.int64], least: float) -> bool:
    """Find a shortest way with something free from the last but one to the last; `before` is changed."""
    count = before.size
    before[:] = -1
    before[count - 2] = count - 2
    queue[0] = count - 2
    at, end = 0, 1
    while at < end:
        u = queue[at]
        at += 1
        for v in range(count):
            if before[v] < 0 and free[u, v] > least:
                before[v] = u
                queue[end] = v
                end += 1
    return bool(before[count - 1] >= 0)
