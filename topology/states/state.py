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
from numpy.typing import NDArray

from topology.build.edges import Edges, Services
from topology.build.grouped import Grouped
from topology.build.segment_net import Links, SegmentNet, gates_of, link_arrays, links_of, side_arrays
from topology.build.segments import Segments
from topology.codes import EXCHANGER, ROOT, VALVE
from topology.states.dominators import BlockTree, DominatorTree
from topology.states.lost import Lost, chains_across, lost_buildings, lost_inlets
from topology.states.refresh import TreeArrays, blocks_of, dominators_of, flood_links, services_fed
from topology.states.rows import rows_by_position, rows_lost
from topology.states.uneven import uneven_exchangers

__all__ = [
    "Fed",
    "Links",
    "State",
    "element_of_edge",
    "exchanger_zones",
    "flood",
    "flood_net",
    "links_of",
    "read_state",
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
    def tree(self) -> TreeArrays:
        """The dominator tree as kernels take it."""
        return TreeArrays(self.dominators.parent, self.dominators.first, self.dominators.last)

    @cached_property
    def across(self) -> IntArray:
        """Lower end of the chain that stops all exchangers of a zone by their other halves; 0 = none, shape (zones,)."""
        across: IntArray = chains_across(self.net.link_arrays, self.fed.zone, self.fed.passes, self.tree)
        return across

    @cached_property
    def buildings(self) -> Lost:
        """Buildings by preorder number: what an element takes along is one slice."""
        return lost_buildings(self.net, self.tree, self.fed.zone, self.across, self.fed.service)

    @cached_property
    def inlets(self) -> Lost:
        """Inlets likewise."""
        return lost_inlets(self.net, self.tree, self.fed.zone, self.across, self.fed.service)

    @cached_property
    def lost(self) -> Grouped:
        """Rows by preorder number of the dominator tree: what an element takes with it is `lost.between(first, last)`.

        A row may stand there twice.
        """
        consumers = ((self.buildings, self.net.building_row), (self.inlets, self.net.inlet_row))
        return rows_lost(self.net.things, self._gates, consumers, self._zones, tree=self.tree, across=self.across)

    @cached_property
    def reach(self) -> Grouped:
        """Rows by depth-first number of the blocks, within one zone."""
        return rows_by_position(self.net, self._gates, self.blocks.first, int(self.blocks.last[ROOT]))

    @cached_property
    def of_zone(self) -> Grouped:
        """Rows by zone: what an exchanger feeds."""
        return rows_by_position(self.net, self._gates, self._zones, len(self.fed.zone_fed))

    @property
    def _zones(self) -> IntArray:
        """The zone of each element; -1 of the root."""
        return np.concatenate([np.array([-1], np.int32), self.fed.zone, self.fed.zone[self.links.b]])

    @property
    def _gates(self) -> BoolArray:
        return gates_of(self.fed.passes, self.fed.works, self.fed.service)

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

        Behind them one interval of numbers does not tell which pipes are lost (`topology.answers.interval_rows`); `lost` does.
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
