"""The dominator tree as rows for a store, which it can rewrite after every valve: pipes stand there as their segments.

Numbers are those of `topology.intervals`. Which segment a pipe belongs to changes with the drawing only, so these rows are apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.codes import EXCHANGER, SOURCE
from topology.network import Network

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]

SEGMENT = 255
"""Stands for a kind: the row of a segment."""


@dataclass(frozen=True, slots=True)
class IntervalRows:
    """Rows of the dominator tree, arrays of shape (rows,); what no running source reaches is left out.

    Attributes
    ----------
    asset_id
        Valve, substation (a row for each half), source or building (a row for each end of what cuts it off); of a segment the
        smallest asset id of its pipes.
    kind
        Its kind, a code of `topology.assets.KINDS`, or `SEGMENT`.
    pair_id
        Valve of the other side, which an answer names with it; 0 = none.
    tin, tout
        Preorder numbers that it takes along when it is shut: `tin <= n < tout`; buildings cut nothing off.
    exact
        False where supply and return behind it hang on different exchangers: of pipes, valves and substations only a flood tells
        what falls with it. Buildings are right there too.
    """

    asset_id: IntArray
    kind: ByteArray
    pair_id: IntArray
    tin: IntArray
    tout: IntArray
    exact: BoolArray


@dataclass(frozen=True, slots=True)
class SegmentRows:
    """Pipes, and what sits on one without interrupting it, with their segments; no valve changes them. Shape (rows,).

    Attributes
    ----------
    asset_id, kind
        The asset.
    pair_id
        Pipe of the other side; 0 = none.
    segment_id
        Smallest asset id of the segment's pipes.
    """

    asset_id: IntArray
    kind: ByteArray
    pair_id: IntArray
    segment_id: IntArray


def interval_rows(network: Network) -> IntervalRows:
    """Return the numbers of everything that a running source reaches.

    Notes
    -----
    Cost: see docs/intervals.md; some tens of milliseconds for a city.
    """
    parts = (_segments(network), _links(network), _buildings(network))
    asset_id, kind, pair_id, tin, tout = (np.concatenate([part[column] for part in parts]) for column in range(5))
    uneven = network.state.uneven_at
    exact = np.searchsorted(uneven, tin) == np.searchsorted(uneven, tout)
    return IntervalRows(asset_id, kind, pair_id, tin, tout, exact)


def segment_rows(network: Network) -> SegmentRows:
    """Return the pipes, pumps and other things on pipes with their segments."""
    edges, assets, segments = network.edges, network.assets, network.segments
    pipe = edges.pipe_count
    row = np.concatenate([edges.row[:pipe], network.station_row])
    node = np.concatenate([edges.u[:pipe], network.station_node])
    pair = edges.pair[:pipe]
    pair_id = np.where(pair >= 0, assets.asset_id[edges.row[pair]], 0)
    alone = np.zeros(len(network.station_row), np.int32)
    return SegmentRows(
        asset_id=assets.asset_id[row],
        kind=assets.kind[row].astype(np.uint8),
        pair_id=np.concatenate([pair_id, alone]).astype(np.int32),
        segment_id=segments.segment_id[segments.of_node[node]],
    )


def _segments(network: Network) -> tuple[IntArray, ByteArray, IntArray, IntArray, IntArray]:
    tree, segment_id = network.state.dominators, network.segments.segment_id
    reached = np.flatnonzero((segment_id > 0) & (tree.first[1 : 1 + network.segments.count] >= 0))
    kind = np.full(len(reached), SEGMENT, np.uint8)
    none = np.zeros(len(reached), np.int32)
    return segment_id[reached], kind, none, tree.first[1 + reached], tree.last[1 + reached]


def _links(network: Network) -> tuple[IntArray, ByteArray, IntArray, IntArray, IntArray]:
    """Return valves, halves of exchangers and of sources: all edges but pipes, each an element."""
    edges, assets, tree = network.edges, network.assets, network.state.dominators
    first = tree.first[1 + network.segments.count :]
    reached = np.flatnonzero(first >= 0)
    edge = edges.pipe_count + reached
    pair = edges.pair[edge]
    whole = (edges.kind[edge] == EXCHANGER) | (edges.kind[edge] == SOURCE)
    pair_id = np.where((pair >= 0) & ~whole, assets.asset_id[edges.row[pair]], 0).astype(np.int32)
    row = edges.row[edge]
    last = tree.last[1 + network.segments.count + reached]
    return assets.asset_id[row], assets.kind[row].astype(np.uint8), pair_id, first[reached], last


def _buildings(network: Network) -> tuple[IntArray, ByteArray, IntArray, IntArray, IntArray]:
    lost, assets = network.state.buildings, network.assets
    number = np.repeat(np.arange(len(lost.start) - 1, dtype=np.int32), np.diff(lost.start))
    row = network.net.building_row[lost.place]
    return assets.asset_id[row], assets.kind[row].astype(np.uint8), np.zeros(len(row), np.int32), number, number
