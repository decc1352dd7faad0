"""Blocks of the whole drawing in its present state: the ground of traces and of the direction of every pipe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.build.edges import Edges, Services
from topology.build.grouped import Grouped, laid_out
from topology.codes import EXCHANGER, SOURCE
from topology.states.dominators import BlockTree, block_tree
from topology.states.state import State, exchanger_zones, things

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing numbered from its running sources.

    Attributes
    ----------
    root
        Node above all sources; primary and secondary networks hang on it separately.
    blocks
        Blocks over nodes.
    far
        Of each edge the end that lies deeper; -1 where shut or not reached.
    block
        Of each edge the head of its block; -1 likewise.
    direction
        +1 where water from the sources runs as drawn, -1 against it, 0 where both ways are possible (rings) or none.
    rows
        Asset rows by number of the blocks.
    exchanger_at, exchanger_zone
        Number of the primary node of working exchanger halves, rising, and the zones that hang on them.
    """

    root: int
    blocks: BlockTree
    far: IntArray
    block: IntArray
    direction: NDArray[np.int8]
    rows: Grouped
    exchanger_at: IntArray
    exchanger_zone: IntArray


def number_drawing(edges: Edges, services: Services, state: State, node_count: int) -> Drawing:
    """Number the drawing; `Network.drawing` keeps it, so that only the first trace pays.

    Notes
    -----
    Cost: see docs/topology.md.
    """
    root = node_count
    usable = np.concatenate([np.ones(edges.pipe_count, bool), state.fed.passes])
    u = np.where((edges.kind == EXCHANGER) | (edges.kind == SOURCE), root, edges.u).astype(np.int32)
    blocks = block_tree(u[usable], edges.v[usable], root + 1, root)
    first = blocks.first
    usable &= first[edges.v] >= 0
    forward = first[edges.v] > first[u]
    far = np.where(usable, np.where(forward, edges.v, u), -1).astype(np.int32)
    block = np.where(usable, blocks.head[far], -1).astype(np.int32)
    number = np.bincount(block[usable & (u != edges.v)], minlength=root + 1)
    bridge = usable & (u != edges.v) & (number[block] == 1)
    position, rows = things(edges, services, state.links, state.fed, edge_at=np.where(far >= 0, first[far], -1), node_at=first)
    exchanger = state.fed.passes & (state.links.kind == EXCHANGER)
    exchanger_at, exchanger_zone = exchanger_zones(state.links, state.fed, first[edges.u[edges.pipe_count :][exchanger]])
    return Drawing(
        root=root,
        blocks=blocks,
        far=far,
        block=block,
        direction=np.where(bridge, np.where(forward, 1, -1), 0).astype(np.int8),
        rows=laid_out(position, rows, int(first.max(initial=0)) + 1),
        exchanger_at=exchanger_at,
        exchanger_zone=exchanger_zone,
    )
