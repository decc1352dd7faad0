"""The preset `--network tree`: a primary network without loops, each zone fed by one source.

A network for comparison: closed ties and the links behind them are left out, then every main that is not on the
shortest way from a source to somebody, then the stubs that this leaves. Plants and boiler houses that stand alone feed a
tree each; the others stand by at a leaf: peak boiler houses, and boiler houses whose tree would feed nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from data.demo.chains import Chain, NodeList

_TRANSMISSION_SHARE = 1e-3
"""Of its length, by which a branch counts: so little that every branch feeds the quarter that it leads to."""
_SOURCES = ("plant", "boiler_house")


def keep_tree(nodes: NodeList, chains: Sequence[Chain], peak: Sequence[bool]) -> tuple[NodeList, list[Chain], tuple[int, ...]]:
    """Keep the trees of the primary network, and all of the secondary one.

    Parameters
    ----------
    nodes, chains
        Of a network with rings.
    peak
        Of each source: whether it only helps others.

    Returns
    -------
    The nodes and chains that remain, numbered anew, and the indexes of the sources that stand by.
    """
    usable = [chain for chain in chains if chain.primary and not any(kind == "tie_closed" for _, kind in chain.cuts)]
    by_source = {nodes.references[node]: node for node, kind in enumerate(nodes.kinds) if kind in _SOURCES}
    feeding = {source for source in by_source if not peak[source]}
    while True:
        kept, root = _forest(nodes, usable, [by_source[source] for source in sorted(feeding)])
        fed = {int(root[node]) for node, kind in enumerate(nodes.kinds) if kind == "substation"}
        useless = {source for source in feeding if by_source[source] not in fed}
        if not useless:
            break
        feeding -= useless
    primary = _without_stubs(nodes, [_untied(chain) for chain in kept])
    secondary = [chain for chain in chains if not chain.primary]
    return *_numbered_anew(nodes, [*primary, *secondary]), tuple(sorted(set(by_source) - feeding))


def _forest(nodes: NodeList, chains: Sequence[Chain], roots: Sequence[int]) -> tuple[list[Chain], NDArray[np.int64]]:
    """Return the chains on shortest ways from the roots, and the root of each node, negative for none."""
    ends = np.array([(chain.start, chain.end) for chain in chains])
    length = np.array([_way_m(chain) for chain in chains])
    ends.sort(axis=1)
    order = np.lexsort((length, ends[:, 1], ends[:, 0]))
    first = np.concatenate([[True], (np.diff(ends[order], axis=0) != 0).any(axis=1)])
    shortest = order[first]  # of several chains between two nodes
    count = len(nodes.kinds)
    graph = coo_array((length[shortest], tuple(ends[shortest].T)), shape=(count, count)).tocsr()
    _, before, root = dijkstra(graph, directed=False, indices=list(roots), min_only=True, return_predecessors=True)
    low, high = ends[shortest].T
    used = np.sort(shortest[(before[low] == high) | (before[high] == low)])
    return [chains[place] for place in used], root.astype(np.int64)


def _way_m(chain: Chain) -> float:
    length = float(np.hypot(*np.diff(chain.path, axis=0).T).sum())
    return length * _TRANSMISSION_SHARE if chain.transmission else length


def _untied(chain: Chain) -> Chain:
    """Return the chain with plain valves for its ties: in a tree there is nothing to tie."""
    return replace(chain, cuts=tuple((at, "valve" if kind == "tie_open" else kind) for at, kind in chain.cuts))


def _without_stubs(nodes: NodeList, chains: list[Chain]) -> list[Chain]:
    """Return the chains that lead to somebody: no end is a tee at which nothing else ends."""
    while True:
        degree = np.bincount([node for chain in chains for node in (chain.start, chain.end)], minlength=len(nodes.kinds))
        kept = [
            chain for chain in chains if all(degree[node] > 1 or nodes.kinds[node] != "tee" for node in (chain.start, chain.end))
        ]
        if len(kept) == len(chains):
            return kept
        chains = kept


def _numbered_anew(nodes: NodeList, chains: Sequence[Chain]) -> tuple[NodeList, list[Chain]]:
    """Return only the nodes at which chains end, and the chains with their numbers."""
    used = sorted({node for chain in chains for node in (chain.start, chain.end)})
    kept = NodeList()
    for node in used:
        kept.add(
            nodes.kinds[node], nodes.positions[node], nodes.references[node], system=nodes.systems[node], share=nodes.shares[node]
        )
    number = {node: place for place, node in enumerate(used)}
    return kept, [replace(chain, start=number[chain.start], end=number[chain.end]) for chain in chains]
