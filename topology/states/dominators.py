"""Dominators of a flow graph, and its blocks: the two trees from which every answer is a slice.

An element *a* dominates *b* when every way from the root to *b* passes *a*: shut *a* and *b* is cut off, whatever rings
there are. Elements whose ways from the root *may* pass *a* (some way without repetition does) lie in the blocks below *a*.

Compiled by numba at the first call (about 3 s, cached on disk afterwards); each kernel runs in time proportional to the
number of arcs, a few milliseconds for the 20,000 elements of a city.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class DominatorTree:
    """The dominator tree, numbered in preorder.

    Attributes
    ----------
    parent
        Immediate dominator of each node; -1 for the root and for what the root does not reach.
    first, last
        Preorder number of the node, and one past the largest number in its subtree; -1 where not reached. `b` is dominated by
        `a` exactly when `first[a] <= first[b] < last[a]`.
    """

    parent: IntArray
    first: IntArray
    last: IntArray


@dataclass(frozen=True, slots=True)
class BlockTree:
    """Depth-first numbering of an undirected graph with its blocks (biconnected components).

    Attributes
    ----------
    first
        Depth-first number; -1 where the root does not reach.
    last
        One past the largest number in the depth-first subtree.
    parent
        Parent in the depth-first tree; -1 for the root.
    head
        Node that opens the block in which the node hangs below the root. Some way without repetition from the root to `b` passes
        `a` exactly when `first[head[a]] <= first[b] < last[head[a]]`: subtree of a block = everything behind its entry.
    """

    first: IntArray
    last: IntArray
    parent: IntArray
    head: IntArray


def csr(tail: IntArray, head: IntArray, count: int) -> tuple[IntArray, IntArray, IntArray]:
    """Group arcs by their tail: returns `start` (count + 1), the heads, and the arc numbers in that order."""
    order = np.argsort(tail, kind="stable").astype(np.int32)
    start = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(tail, minlength=count), out=start[1:])
    return start, head[order].astype(np.int32), order


def dominator_tree(tail: IntArray, head: IntArray, count: int, root: int = 0) -> DominatorTree:
    """Find the dominators of a directed graph.

    Parameters
    ----------
    tail, head
        Arcs, shape (m,).
    count
        Number of nodes.
    root
        Node above all sources.

    Notes
    -----
    K. D. Cooper, T. J. Harvey, K. Kennedy: A simple, fast dominance algorithm. Rice University, TR-06-33870, 2001.
    """
    start, heads, _ = csr(tail, head, count)
    back, tails, _ = csr(head, tail, count)
    postorder = _postorder(start, heads, root)
    parent = _immediate_dominators(postorder, back, tails, root)
    children = np.flatnonzero(parent >= 0).astype(np.int32)
    down, nodes, _ = csr(parent[children], children, count)
    first, last = _preorder(down, nodes, root)
    return DominatorTree(parent, first, last)


def block_tree(u: IntArray, v: IntArray, count: int, root: int = 0) -> BlockTree:
    """Number an undirected graph depth first and find its blocks.

    Parameters
    ----------
    u, v
        Edges, shape (m,); loops and parallel edges are allowed.
    count
        Number of nodes.
    root
        Node from which to go.

    Notes
    -----
    J. Hopcroft, R. Tarjan: Algorithm 447, efficient algorithms for graph manipulation. Comm. ACM 16 (6), 1973.
    """
    start, heads, _ = csr(np.concatenate([u, v]), np.concatenate([v, u]), count)
    return BlockTree(*_blocks(start, heads, root))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _postorder(start: IntArray, heads: IntArray, root: int) -> IntArray:
    count = start.size - 1
    seen = np.zeros(count, np.bool_)
    cursor = start[:-1].copy()
    stack = np.empty(count, np.int32)
    order = np.empty(count, np.int32)
    done = 0
    depth = 0
    stack[0] = root
    seen[root] = True
    while depth >= 0:
        node = stack[depth]
        if cursor[node] < start[node + 1]:
            following = heads[cursor[node]]
            cursor[node] += 1
            if not seen[following]:
                seen[following] = True
                depth += 1
                stack[depth] = following
        else:
            order[done] = node
            done += 1
            depth -= 1
    return order[:done]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _immediate_dominators(postorder: IntArray, back: IntArray, tails: IntArray, root: int) -> IntArray:
    count = back.size - 1
    number = np.full(count, -1, np.int32)
    for i in range(postorder.size):
        number[postorder[i]] = i
    parent = np.full(count, -1, np.int32)
    parent[root] = root
    changed = True
    while changed:
        changed = False
        for i in range(postorder.size - 2, -1, -1):
            node = postorder[i]
            found = -1
            for k in range(back[node], back[node + 1]):
                other = tails[k]
                if number[other] < 0 or parent[other] < 0:
                    continue
                if found < 0:
                    found = other
                    continue
                while other != found:
                    if number[other] < number[found]:
                        other = parent[other]
                    else:
                        found = parent[found]
            if parent[node] != found:
                parent[node] = found
                changed = True
    parent[root] = -1
    return parent


@njit(cache=True)  # type: ignore[untyped-decorator]
def _preorder(start: IntArray, children: IntArray, root: int) -> tuple[IntArray, IntArray]:
    count = start.size - 1
    first = np.full(count, -1, np.int32)
    last = np.full(count, -1, np.int32)
    cursor = start[:-1].copy()
    stack = np.empty(count, np.int32)
    depth = 0
    stack[0] = root
    first[root] = 0
    numbered = 1
    while depth >= 0:
        node = stack[depth]
        if cursor[node] < start[node + 1]:
            child = children[cursor[node]]
            cursor[node] += 1
            first[child] = numbered
            numbered += 1
            depth += 1
            stack[depth] = child
        else:
            last[node] = numbered
            depth -= 1
    return first, last


@njit(cache=True)  # type: ignore[untyped-decorator]
def _blocks(start: IntArray, heads: IntArray, root: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    count = start.size - 1
    first = np.full(count, -1, np.int32)
    last = np.full(count, -1, np.int32)
    parent = np.full(count, -1, np.int32)
    low = np.empty(count, np.int32)
    order = np.empty(count, np.int32)
    cursor = start[:-1].copy()
    stack = np.empty(count, np.int32)
    depth = 0
    stack[0] = root
    first[root] = low[root] = 0
    order[0] = root
    numbered = 1
    while depth >= 0:
        node = stack[depth]
        if cursor[node] < start[node + 1]:
            other = heads[cursor[node]]
            cursor[node] += 1
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
    head = np.full(count, -1, np.int32)
    head[root] = root
    for i in range(1, numbered):
        node = order[i]
        # a node opens a block when nothing below it reaches above its parent (low counts the parent itself)
        head[node] = node if low[node] >= first[parent[node]] else head[parent[node]]
    return first, last, parent, head
