"""Cuts: who loses heat when segments and links are taken out, found by looking only at what hangs behind them.

A tree of shortest ways from the running sources spans every segment that is fed. What does not hang on a cut in that tree
keeps its way; only the subtrees below a cut can lose theirs, and get it back where a link joins them to something outside.
Any number of cuts at once is answered alike, and the answer equals a flood of everything (`topology.impact.lost_by_flood`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from topology.codes import CLOSED, EXCHANGER, OPERABILITIES, SOURCE, SUPPLY, VALVE
from topology.cut_kernels import (
    ACROSS,
    BUILDING,
    DOWN,
    FIRST,
    FROM,
    INLET,
    PAIR_ROW,
    PARENT,
    RETURN_AT,
    ROW,
    SECONDARY,
    SUPPLY_AT,
    UP,
    consumers_lost,
    cut_off,
    grouped,
    spanning_tree,
    things_lost,
)
from topology.network import Network
from topology.segment_net import Links, SegmentNet

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]
_MANY = 20_000
"""More rows than this are made unique by a mask, fewer by sorting."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What of a network does not depend on states, grouped for look-ups; `x_start[i]:x_start[i + 1]` is the group of `i`.

    Columns of the tables are named in `topology.cut_kernels`.

    Attributes
    ----------
    start, near
        What is at each segment: links with the segment at their other end; `near` has shape (places, 3).
    links
        Links (as in `topology.segment_net.Links`) with what is asked of them; shape (links, 5).
    pipe_start, pipe_rows
        Rows of the pipes of each segment, and of their pairs.
    service_start, service_at
        Services at each segment.
    services
        Rows and segments of each service; shape (services, 5).
    home_start, home_at
        Services of each building.
    edge_start, edge_at
        Edges by row of the asset.
    length_m
        Length of the pipes of each segment.
    side
        1 supply, 2 return, of each segment.
    """

    start: IntArray
    near: IntArray
    links: IntArray
    pipe_start: IntArray
    pipe_rows: IntArray
    service_start: IntArray
    service_at: IntArray
    services: IntArray
    home_start: IntArray
    home_at: IntArray
    edge_start: IntArray
    edge_at: IntArray
    length_m: Floats
    side: NDArray[np.uint8]


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
        layout = _LAYOUTS.get(net) or _layout(network)
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
    """Return the rows that are fed now and not without some elements; equals `topology.impact.lost_by_flood`.

    Parameters
    ----------
    network
        In the state that is asked about.
    elements
        Numbers of elements (see `topology.state`).
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


def _layout(network: Network) -> Layout:
    net, edges = network.state.net, network.edges
    pipe = np.arange(edges.pipe_count, dtype=np.int32)
    paired = pipe[edges.pair[pipe] >= 0]
    at = network.segments.of_node[edges.u[np.concatenate([pipe, paired])]]
    pipe_start, pipe_order = grouped(_plain(at), net.segment_count)
    edge_start, edge_at = grouped(_plain(edges.row), network.assets.asset_id.size)
    start, near = _near(net)
    pair = edges.pair[net.links.edge]
    pair_row = np.where(pair >= 0, edges.row[np.maximum(pair, 0)], -1)
    service_start, service_at, services = _services(network)
    return Layout(
        start=start,
        near=near,
        links=_table(net.links.a, net.links.b, net.partner, net.links.row, pair_row),
        pipe_start=pipe_start,
        pipe_rows=_plain(edges.row[np.concatenate([pipe, edges.pair[paired]])][pipe_order]),
        service_start=service_start,
        service_at=service_at,
        services=services,
        home_start=_plain(net.building_services.start),
        home_at=_plain(net.building_services.item),
        edge_start=edge_start,
        edge_at=edge_at,
        length_m=_length_m(network),
        side=_sides(network),
    )


def _length_m(network: Network) -> Floats:
    edges, segments = network.edges, network.segments
    rows, at = edges.row[: edges.pipe_count], segments.of_node[edges.u[: edges.pipe_count]]
    length = np.zeros(segments.count)
    np.add.at(length, at, np.nan_to_num(network.assets.length_m[rows]))
    return length


def _sides(network: Network) -> NDArray[np.uint8]:
    """Return the side of each segment by its pipes; of one without pipes by what feeds it."""
    edges, segments = network.edges, network.segments
    side = np.full(segments.count, SUPPLY, np.uint8)
    beyond = slice(edges.pipe_count, None)
    side[segments.of_node[edges.v[beyond]]] = edges.side[beyond]
    pipes = slice(0, edges.pipe_count)
    side[segments.of_node[edges.u[pipes]]] = edges.side[pipes]
    return side


def _plain(values: NDArray[np.generic]) -> IntArray:
    """Copy, so that kernels see one type of array, whoever made it."""
    return np.array(values, np.int32)


def _table(*columns: NDArray[np.generic]) -> IntArray:
    return np.ascontiguousarray(np.stack(columns, axis=1), np.int32)


def _near(net: SegmentNet) -> tuple[IntArray, IntArray]:
    """Put every link at both of its segments, seen from there; a source only at the one that it feeds."""
    links = net.links
    two_ends = np.flatnonzero(links.a >= 0).astype(np.int32)
    number = np.arange(len(links.b), dtype=np.int32)
    from_a = np.where(links.kind[two_ends] == EXCHANGER, DOWN, ACROSS)
    from_b = np.select([links.kind == EXCHANGER, links.kind == SOURCE], [UP, FROM], ACROSS)
    start, order = grouped(_plain(np.concatenate([links.a[two_ends], links.b])), net.segment_count)
    near = _table(
        np.concatenate([two_ends, number]),
        np.concatenate([links.b[two_ends], links.a]),
        np.concatenate([from_a, from_b]),
    )
    return start, near[order]


def _services(network: Network) -> tuple[IntArray, IntArray, IntArray]:
    net, services = network.state.net, network.services
    by_building = net.building_services
    home = np.full(len(services.inlet_row), -1, np.int32)
    home[by_building.item] = np.repeat(np.arange(len(by_building.start) - 1), np.diff(by_building.start))
    table = _table(services.inlet_row, services.building_row, net.supply_segment, net.return_segment, home)
    service = np.arange(len(home), dtype=np.int32)
    at, who = np.concatenate([table[:, SUPPLY_AT], table[:, RETURN_AT]]), np.concatenate([service, service])
    start, order = grouped(at[at >= 0], net.segment_count)
    return start, who[at >= 0][order], table


def _ways(network: Network, layout: Layout) -> Ways:
    fed, links = network.state.fed, network.state.links
    passes = np.array(fed.passes, np.bool_)
    below = np.zeros(len(fed.zone_fed), np.bool_)
    below[fed.zone[links.b[links.kind == EXCHANGER]]] = True
    running = np.flatnonzero((links.kind == SOURCE) & passes)
    tree, level, order = spanning_tree(layout.start, layout.near, passes, _table(links.b[running], running))
    tree[:, SECONDARY] = below[fed.zone]
    valve = links.kind == VALVE
    closed = valve & (network.edges.state[links.edge] == CLOSED)
    usable = valve & (network.edges.operability[links.edge] == OPERABILITIES["usable"])
    return Ways(passes, closed, usable, np.array(fed.service, np.bool_), tree, level, order)
