"""Both trees against NetworkX on random graphs."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from topology.states.dominators import block_tree, dominator_tree

ARCS = st.integers(2, 9).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20))
)


def arrays(arcs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(arcs, np.int32).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@settings(max_examples=300, deadline=None)
@given(ARCS)
def test_dominators_are_those_of_networkx(given_arcs: tuple[int, list[tuple[int, int]]]) -> None:
    count, arcs = given_arcs
    tree = dominator_tree(*arrays(arcs), count)
    graph = nx.DiGraph(arcs)
    graph.add_nodes_from(range(count))
    parents = {node: int(tree.parent[node]) for node in range(1, count) if tree.first[node] >= 0}
    expected = {node: parent for node, parent in nx.immediate_dominators(graph, 0).items() if node != 0}
    assert parents == expected


@settings(max_examples=200, deadline=None)
@given(ARCS)
def test_a_subtree_is_one_slice(given_arcs: tuple[int, list[tuple[int, int]]]) -> None:
    count, arcs = given_arcs
    tree = dominator_tree(*arrays(arcs), count)
    graph = nx.DiGraph(arcs)
    graph.add_nodes_from(range(count))
    reached = nx.descendants(graph, 0) | {0}
    for out in reached - {0}:
        rest = graph.subgraph(set(graph) - {out})
        cut = reached - (nx.descendants(rest, 0) | {0})
        assert {n for n in range(count) if tree.first[out] <= tree.first[n] < tree.last[out]} == cut


@settings(max_examples=200, deadline=None)
@given(ARCS)
def test_blocks_hold_exactly_the_nodes_with_a_simple_way_through(given_arcs: tuple[int, list[tuple[int, int]]]) -> None:
    count, arcs = given_arcs
    blocks = block_tree(*arrays(arcs), count)
    graph = nx.Graph(arcs)
    graph.add_nodes_from(range(count))
    through: dict[int, set[int]] = {node: set() for node in range(1, count)}
    for end in range(1, count):
        for way in nx.all_simple_paths(graph, 0, end):
            for node in way[1:]:
                through[node].add(end)
    for node in range(1, count):
        if blocks.first[node] < 0:
            assert not through[node]
            continue
        head = blocks.head[node]
        found = {n for n in range(count) if blocks.first[head] <= blocks.first[n] < blocks.last[head]}
        assert found == through[node]
