"""What follows from the states of valves, exchangers and sources: zones, who is fed, dominators, blocks.

The *elements* are the root (number 0), the segments, and every edge that is not a pipe (valve, exchanger half, source half), so
that an answer for any of them is a slice. Supply and return are separate below the root: a consumer is fed when both reach it.

A refresh finds who is fed and both trees; every list that hangs on them is laid out when it is first asked for, once a state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.build.edges import Edges, Services
from topology.build.segment_net import Links, SegmentNet, Things, gates_of, link_arrays, links_of, side_arrays
from topology.build.segments import Segments
from topology.codes import EXCHANGER, ROOT, VALVE
from topology.states.dominators import BlockTree, DominatorTree
from topology.states.lost import Lost, lost_buildings, lost_inlets
from topology.states.refresh import blocks_of, dominators_of, flood_links, services_fed
from topology.states.uneven import uneven_exchangers

__all__ = [
    "Fed",
    "Links",
    "Slices",
    "State",
    "element_of_edge",
    "exchanger_zones",
    "flood",
    "flood_net",
    "links_of",
    "read_state",
    "slices",
    "things",
]

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Fed:
    """Who is fed, by flooding.

    Attributes
    ----------
    zone
        Connected component of each segment over open valves, without exchangers.
    zone_fed
        True for zones that a running source or a working exchanger feeds.
    passes
        Links that let water through: open valves, running sources, exchangers fed on both sides.
    works
        Exchanger links of substations whose primary network is fed on both sides.
    service
        Services fed on both sides.
    """

    zone: IntArray
    zone_fed: BoolArray
    passes: BoolArray
    works: BoolArray
    service: BoolArray


@dataclass(frozen=True, slots=True)
class Slices:
    """Asset rows laid out so that the rows of a range of positions are one slice.

    Attributes
    ----------
    start
        Offset of each position, shape (positions + 1,).
    rows
        Asset rows by position.
    """

    start: IntArray
    rows: IntArray

    def between(self, first: int, last: int) -> IntArray:
        """Return the rows of the positions `first <= p < last`."""
        return self.rows[self.start[first] : self.start[last]]

    def at(self, positions: NDArray[np.integer[Any]]) -> IntArray:
        """Return the rows of several positions."""
        first = self.start[positions]
        size = self.start[positions + 1] - first
        shift = np.repeat(first - np.concatenate([[0], np.cumsum(size)[:-1]]), size) if len(size) else size
        found: IntArray = self.rows[shift + np.arange(len(shift))]
        return found


@dataclass(frozen=True, eq=False)
class State:
    """Everything that changes with a valve or a source.

    Attributes
    ----------
    net
        The segments and links, which stay.
    fed
        Who is fed.
    dominators, blocks
        Trees over the elements.
    """

    net: SegmentNet = field(repr=False)
    fed: Fed
    dominators: DominatorTree
    blocks: BlockTree

    @property
    def links(self) -> Links:
        """The links of the segment graph."""
        return self.net.links

    @cached_property
    def buildings(self) -> Lost:
        """Buildings by preorder number: what an element takes along is one slice."""
        return lost_buildings(self.net, self.dominators, self.fed.zone, self.fed.passes, self.fed.service)

    @cached_property
    def inlets(self) -> Lost:
        """Inlets likewise."""
        return lost_inlets(self.net, self.dominators, self.fed.zone, self.fed.passes, self.fed.service)

    @cached_property
    def lost(self) -> Slices:
        """Rows by preorder number of the dominator tree: what an element takes with it is `lost.between(first, last)`."""
        return _lost(self)

    @cached_property
    def reach(self) -> Slices:
        """Rows by depth-first number of the blocks, within one zone."""
        return Slices(*_by_position(self, self.blocks.first, int(self.blocks.last[ROOT])))

    @cached_property
    def of_zone(self) -> Slices:
        """Rows by zone: what an exchanger feeds."""
        zone = np.concatenate([np.array([-1], np.int32), self.fed.zone, self.fed.zone[self.links.b]])
        return Slices(*_by_position(self, zone, len(self.fed.zone_fed)))

    @cached_property
    def _exchangers(self) -> tuple[IntArray, IntArray]:
        exchanger = np.flatnonzero(self.fed.passes & (self.links.kind == EXCHANGER))
        return exchanger_zones(self.links, self.fed, self.blocks.first[1 + self.links.a[exchanger]])

    @property
    def exchanger_at(self) -> IntArray:
        """Depth-first number of the primary segment of working exchanger halves, rising."""
        return self._exchangers[0]

    @property
    def exchanger_zone(self) -> IntArray:
        """The zones that hang on the exchanger halves of `exchanger_at`."""
        return self._exchangers[1]

    @cached_property
    def uneven_at(self) -> IntArray:
        """Preorder numbers of exchangers of zones whose supply and return hang on different exchangers.

        Slices of `lost` do not hold there and a flood answers; those of `buildings` hold everywhere.
        """
        links, net = self.links, self.net
        uneven = uneven_exchangers(net.link_arrays, net.sides, self.fed.zone, self.fed.passes)
        return np.sort(self.dominators.first[1 + links.a[uneven]])


def element_of_edge(edge: int, edges: Edges, segments: Segments) -> int:
    """Return the element of an edge: of a pipe its segment."""
    if edge < edges.pipe_count:
        return 1 + int(segments.of_node[edges.u[edge]])
    return 1 + segments.count + edge - edges.pipe_count


_NOTHING = np.zeros(0, np.bool_)


def flood_net(net: SegmentNet, state: NDArray[np.uint8], *, removed: BoolArray | None = None) -> Fed:
    """Find who is fed, with some elements taken out.

    Parameters
    ----------
    net
        Segments and links.
    state
        State of each link.
    removed
        Elements that are out, shape (elements,); None = none.

    Notes
    -----
    An exchanger works when its primary supply and its primary return are fed. Cost: see docs/topology.md, below a millisecond for
    a city.
    """
    gone = _NOTHING if removed is None else removed
    zone, zone_fed, passes, works = flood_links(net.link_arrays, state, gone, net.segment_count)
    return Fed(zone, zone_fed, passes, works, services_fed(net.sides, zone, zone_fed))


def flood(
    links: Links, state: NDArray[np.uint8], services: Services, segments: Segments, *, removed: BoolArray | None = None
) -> Fed:
    """Find who is fed, as `flood_net`, where no `SegmentNet` is at hand; what it would have prepared is derived again (1 ms)."""
    gone = _NOTHING if removed is None else removed
    zone, zone_fed, passes, works = flood_links(link_arrays(links), state, gone, segments.count)
    return Fed(zone, zone_fed, passes, works, services_fed(side_arrays(services, segments), zone, zone_fed))


def read_state(net: SegmentNet, state: NDArray[np.uint8]) -> State:
    """Derive what depends on the states of the links.

    Notes
    -----
    Cost: see docs/topology.md; linear in links and services.
    """
    fed = flood_net(net, state)
    blocks = blocks_of(net.link_arrays, net.incident.start, net.incident.item, net.entries, fed.passes)
    tree = dominators_of(net.link_arrays, fed.zone, fed.passes, blocks)
    return State(net, fed, DominatorTree(*tree), BlockTree(blocks.first, blocks.last, blocks.parent, blocks.head))


def _gates(state: State) -> BoolArray:
    return gates_of(state.fed.passes, state.fed.works, state.fed.service)


def _by_position(state: State, at: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Lay out all rows by a position of their elements; those of elements at -1 are left out."""
    things, consumers = state.net.things, state.net.consumers
    gates = _gates(state)
    start = np.zeros(size + 1, np.int32)
    for part in (things, consumers):
        count_things(part, gates, at, start)
    np.cumsum(start, out=start)
    rows, free = np.empty(start[-1], np.int32), start[:-1].copy()
    for part in (things, consumers):
        place_things(part, gates, at, free, rows)
    return start, rows


def _lost(state: State) -> Slices:
    """Lay out rows by preorder number; a building stands only where all of its inlets fall."""
    net, at = state.net, state.dominators.first
    gates, things = _gates(state), net.things
    consumers = ((state.buildings, net.building_row), (state.inlets, net.inlet_row))
    start = np.zeros(int(state.dominators.last[ROOT]) + 1, np.int32)
    for found, _ in consumers:
        start[1:] += np.diff(found.start)
    count_things(things, gates, at, start)
    np.cumsum(start, out=start)
    rows, free = np.empty(start[-1], np.int32), start[:-1].copy()
    place_things(things, gates, at, free, rows)
    for found, row in consumers:
        place_runs(found.start, row[found.place], free, rows)
    return Slices(start, rows)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def count_things(things: Things, gates: BoolArray, at: IntArray, count: IntArray) -> None:
    """Count what stands at each position, into the place after it."""
    for element in range(things.start.size - 1):
        if at[element] >= 0:
            for k in range(things.start[element], things.start[element + 1]):
                if gates[things.gate[k]]:
                    count[at[element] + 1] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def place_things(things: Things, gates: BoolArray, at: IntArray, free: IntArray, rows: IntArray) -> None:
    """Write the rows that stand at each position to its next free places."""
    for element in range(things.start.size - 1):
        position = at[element]
        if position >= 0:
            for k in range(things.start[element], things.start[element + 1]):
                if gates[things.gate[k]]:
                    rows[free[position]] = things.row[k]
                    free[position] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def place_runs(start: IntArray, row: IntArray, free: IntArray, rows: IntArray) -> None:
    """Write rows that are already in the order of their positions."""
    for position in range(start.size - 1):
        for k in range(start[position], start[position + 1]):
            rows[free[position]] = row[k]
            free[position] += 1


def things(
    edges: Edges, services: Services, links: Links, fed: Fed, *, edge_at: IntArray, node_at: IntArray
) -> tuple[IntArray, IntArray]:
    """Pair asset rows with positions, given the position of every edge and node; -1 = not reached.

    Pipes and open valves bring the row of their pair along, so that an answer of one side names both. Substations stand at their
    primary nodes; inlets and buildings, where fed, at their services.
    """
    valve = links.edge[fed.passes & (links.kind == VALVE)]
    edge = np.concatenate([np.arange(edges.pipe_count), valve])
    paired = edge[edges.pair[edge] >= 0]
    at = [edge_at[edge], edge_at[paired], node_at[edges.u[links.edge[fed.works]]]]
    rows = [edges.row[edge], edges.row[edges.pair[paired]], links.row[fed.works]]
    for node in (services.supply_node, services.return_node):
        for row in (services.inlet_row, services.building_row):
            named = fed.service & (node >= 0) & (row >= 0)
            at.append(node_at[node[named]])
            rows.append(row[named])
    return np.concatenate(at).astype(np.int32), np.concatenate(rows).astype(np.int32)


def exchanger_zones(links: Links, fed: Fed, at: IntArray) -> tuple[IntArray, IntArray]:
    """Pair the position of every working exchanger half with the zones of both halves, by rising position.

    An exchanger stops as a whole: what its supply half loses, its return side loses too.
    """
    exchanger = np.flatnonzero(fed.passes & (links.kind == EXCHANGER))
    row = links.row[exchanger]
    by_row = np.argsort(row, kind="stable")
    run = np.cumsum(np.concatenate([[0], np.diff(row[by_row]) != 0])) if len(row) else row
    size = np.bincount(run) if len(row) else row
    first = np.concatenate([[0], np.cumsum(size)[:-1]]) if len(row) else row
    # every half of a station with every half of it
    one = np.repeat(by_row, size[run])
    other = by_row[np.repeat(first[run], size[run]) + _within(size[run])]
    order = np.argsort(at[one], kind="stable")
    return at[one][order].astype(np.int32), fed.zone[links.b[exchanger[other]]][order].astype(np.int32)


def _within(size: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Count 0, 1, ... within each run of the given sizes."""
    end = np.cumsum(size)
    counted: NDArray[np.int64] = np.arange(int(end[-1]) if len(end) else 0) - np.repeat(end - size, size)
    return counted


def slices(position: IntArray, rows: IntArray, size: int) -> Slices:
    """Lay rows out by position; those at -1 are left out."""
    rows, position = rows[position >= 0], position[position >= 0]
    order = np.argsort(position, kind="stable")
    start = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(position, minlength=size), out=start[1:])
    return Slices(start, rows[order])
