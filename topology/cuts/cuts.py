"""Cuts: who loses heat when segments and links are taken out, found by looking only at what hangs behind them.

A tree of shortest ways from the running sources spans every segment that is fed. What does not hang on a cut in that tree
keeps its way; only the subtrees below a cut can lose theirs, and get it back where a link joins them to something outside.
Any number of cuts at once is answered alike, and the answer equals a flood of everything
(`topology.answers.impact.lost_by_flood`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from topology.build.segment_net import Links, SegmentNet
from topology.codes import CLOSED, EXCHANGER, OPERABILITIES, SOURCE, VALVE
from topology.cuts.kernels import (
    BUILDING,
    FIRST,
    INLET,
    PAIR_ROW,
    PARENT,
    ROW,
    SECONDARY,
    consumers_lost,
    cut_off,
    spanning_tree,
    things_lost,
)
from topology.cuts.layout import Layout, lay_out, table
from topology.network import Network

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]
_MANY = 20_000
"""More rows than this are made unique by a mask, fewer by sorting."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The tree of shortest ways (in segments) from the running sources, in one state.

    Attributes
    ----------
    passes
        Links that let water through.
    closed
        Valves that are closed.
    usable
        Valves that a crew can operate.
    service_fed
        Services that are fed.
    tree
        Of each segment the link over which it is reached, its preorder number and one past that of what is below it (-1 = not
        fed), and 1 where exchangers feed it; shape (segments, 4).
    level
        Links between the segment and a source; -1 = not fed.
    order
        Segments in preorder.
    """

    passes: BoolArray
    closed: BoolArray
    usable: BoolArray
    service_fed: BoolArray
    tree: IntArray
    level: IntArray
    order: IntArray

    @property
    def fed(self) -> BoolArray:
        """Segments that are fed."""
        fed: BoolArray = self.tree[:, FIRST] >= 0
        return fed


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut leaves.

    Attributes
    ----------
    mark
        Of each segment: 0 untouched, 1 lost, 2 taken out.
    gone
        Links that were taken out, and the exchangers that stand still for it.
    lost
        Segments that were fed and no longer are; those taken out among them.
    dead
        Exchanger links that stand still for it.
    """

    mark: NDArray[np.uint8]
    gone: BoolArray
    lost: IntArray
    dead: IntArray


@dataclass(frozen=True, slots=True)
class CutIndex:
    """A network prepared for cuts; `cut_index` keeps one for each network that is alive."""

    layout: Layout
    ways: Ways


_LAYOUTS: WeakKeyDictionary[SegmentNet, Layout] = WeakKeyDictionary()
_INDEXES: WeakKeyDictionary[Network, CutIndex] = WeakKeyDictionary()


def cut_index(network: Network) -> CutIndex:
    """Return the network prepared for cuts; made once a state, its layout once a drawing.

    Notes
    -----
    Cost: docs/isolation.md. Two threads that ask at once both make it, and one of them stays.
    """
    index = _INDEXES.get(network)
    if index is None:
        net = network.state.net
        layout = _LAYOUTS.get(net) or lay_out(network)
        _LAYOUTS[net] = layout
        index = _INDEXES[network] = CutIndex(layout, _ways(network, layout))
    return index


def cut(network: Network, segments: Sequence[int] | IntArray, links: Sequence[int] | IntArray = ()) -> Cut:
    """Take segments and links out and find what is no longer fed.

    Parameters
    ----------
    network
        In the state that is asked about.
    segments
        Numbers of segments.
    links
        Positions in `network.state.links`; an exchanger half stands for its substation.

    Notes
    -----
    Cost: what hangs below the cuts in the tree of shortest ways; microseconds for a street, the zone for its plant.
    """
    index, net = cut_index(network), network.state.net.links
    layout, ways = index.layout, index.ways
    out, shut = np.array(links, np.int32), np.array(segments, np.int32)
    gone = np.zeros(len(net.kind), np.bool_)
    station = net.kind[out] == EXCHANGER
    gone[out[~station]] = True
    below = _ends_below(net, ways.tree, out[~station]) if len(out) else out
    found = cut_off(layout.start, layout.near, layout.links, ways.passes, ways.tree, ways.order, shut, below, out[station], gone)
    mark, lost, dead = found
    return Cut(mark, gone, lost, dead)


def _ends_below(links: Links, tree: IntArray, out: IntArray) -> IntArray:
    """Return the segments that are reached over these links."""
    ends = np.concatenate([links.a[out], links.b[out]])
    both = np.concatenate([out, out])
    below: IntArray = ends[(ends >= 0) & (tree[np.maximum(ends, 0), PARENT] == both)]
    return below


def lost_consumers(network: Network, found: Cut) -> tuple[IntArray, IntArray]:
    """Return the rows of the inlets and of the buildings that a cut loses, some of them twice."""
    index = cut_index(network)
    layout, fed = index.layout, index.ways.service_fed
    lost: tuple[IntArray, IntArray] = consumers_lost(
        layout.service_start,
        layout.service_at,
        layout.services,
        fed,
        layout.home_start,
        layout.home_at,
        found.mark,
        found.lost,
    )
    return lost


def lost_rows(network: Network, found: Cut, *, links: IntArray | None = None) -> IntArray:
    """Return the rows that a cut loses: pipes and valves with their pairs, substations, inlets, buildings; rising.

    Parameters
    ----------
    network, found
        The cut.
    links
        Links that were taken out: of those valves that passed water are lost themselves.
    """
    index = cut_index(network)
    layout, ways = index.layout, index.ways
    rows = [
        things_lost(
            layout.start,
            layout.near,
            layout.links,
            ways.passes,
            ways.tree,
            layout.pipe_start,
            layout.pipe_rows,
            found.mark,
            found.lost,
        ),
        layout.links[found.dead, ROW],
        *lost_consumers(network, found),
    ]
    if links is not None and len(links):
        net = network.state.links
        valve = links[(net.kind[links] == VALVE) & ways.passes[links] & (ways.tree[net.b[links], FIRST] >= 0)]
        own = layout.links[valve][:, [ROW, PAIR_ROW]].reshape(-1)
        rows.append(own[own >= 0])
    return _once(network, np.concatenate(rows))


def _once(network: Network, rows: IntArray) -> IntArray:
    if len(rows) < _MANY:
        unique: IntArray = np.unique(rows)
        return unique
    mask = np.zeros(network.assets.asset_id.size, bool)
    mask[rows] = True
    return np.flatnonzero(mask).astype(np.int32)


def lost_without(network: Network, elements: Sequence[int], *, ends: Sequence[int] = ()) -> IntArray:
    """Return the rows that are fed now and not without some elements; equals `topology.answers.impact.lost_by_flood`.

    Parameters
    ----------
    network
        In the state that is asked about.
    elements
        Numbers of elements (see `topology.states.state`).
    ends
        Rows of inlets and buildings that are shut besides.
    """
    element = np.array(elements, np.int32) - np.int32(1)
    segment = element < network.segments.count
    links = element[~segment] - np.int32(network.segments.count)
    found = cut(network, element[segment], links)
    rows = lost_rows(network, found, links=links)
    if not ends:
        return rows
    return _once(network, np.concatenate([rows, _ends_lost(network, found, np.array(ends, np.int32))]))


def _ends_lost(network: Network, found: Cut, ends: IntArray) -> IntArray:
    """Return the rows of fed inlets that are shut, and of their buildings that no inlet feeds any more."""
    index, net = cut_index(network), network.state.net
    services, fed = index.layout.services, index.ways.service_fed
    shut = fed & (np.isin(services[:, INLET], ends) | np.isin(services[:, BUILDING], ends))
    served = fed & ~shut
    for segment in (net.supply_segment, net.return_segment):
        served &= (segment < 0) | (found.mark[np.maximum(segment, 0)] == 0)
    buildings = np.setdiff1d(services[shut, BUILDING], services[served, BUILDING])
    rows: IntArray = np.concatenate([services[shut, INLET], buildings])
    return rows[rows >= 0]


def edges_of(network: Network, row: int) -> IntArray:
    """Return the edges of an asset. Cost: a look-up."""
    layout = cut_index(network).layout
    return layout.edge_at[layout.edge_start[row] : layout.edge_start[row + 1]]


def _ways(network: Network, layout: Layout) -> Ways:
    fed, links = network.state.fed, network.state.links
    passes = np.array(fed.passes, np.bool_)
    below = np.zeros(len(fed.zone_fed), np.bool_)
    below[fed.zone[links.b[links.kind == EXCHANGER]]] = True
    running = np.flatnonzero((links.kind == SOURCE) & passes)
    tree, level, order = spanning_tree(layout.start, layout.near, passes, table(links.b[running], running))
    tree[:, SECONDARY] = below[fed.zone]
    valve = links.kind == VALVE
    closed = valve & (network.edges.state[links.edge] == CLOSED)
    usable = valve & (network.edges.operability[links.edge] == OPERABILITIES["usable"])
    return Ways(passes, closed, usable, np.array(fed.service, np.bool_), tree, level, order)
