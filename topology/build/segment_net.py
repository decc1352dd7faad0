"""The network reduced to segments and links: what a refresh walks. It depends on the drawing only and is made once at build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topology.assets import AssetTable
from topology.build.edges import Edges, Services
from topology.build.grouped import Grouped, grouped
from topology.build.segments import Segments
from topology.codes import EXCHANGER, SOURCE, VALVE
from topology.states.refresh import LinkArrays, SideArrays

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Links:
    """Edges that are not pipes, as links between segments; arrays of shape (links,).

    Attributes
    ----------
    edge
        Number of the edge; its element is `1 + segment count + position`.
    kind
        Kind of the edge.
    a, b
        Segments; `a` of a source is -1.
    row
        Row of the asset.
    """

    edge: IntArray
    kind: NDArray[np.uint8]
    a: IntArray
    b: IntArray
    row: IntArray


class Things(NamedTuple):
    """Asset rows by element, each with a gate that says when it stands there.

    Attributes
    ----------
    start
        Offset of each element, shape (elements + 1,).
    row
        Asset rows.
    gate
        0 = always; else a number of `gates_of`.
    mate
        Element at which the same row stands too, since pipes and valves bring their pair along; -1 = none.
    """

    start: IntArray
    row: IntArray
    gate: IntArray
    mate: IntArray


@dataclass(frozen=True, slots=True)
class AssetElements:
    """Elements by asset id.

    Attributes
    ----------
    one
        Element of the assets that have exactly one.
    several
        Elements of the others: sources and substations have one a side, buildings and what no pipe meets none.
    """

    one: Mapping[int, int]
    several: Mapping[int, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class SegmentNet:
    """Segments and links with everything about them that no valve changes.

    Elements are the root (0), the segments (`1 + segment`) and the links (`1 + segment count + link`).

    Attributes
    ----------
    links
        Valves, exchanger halves and source halves.
    segment_count
        Number of segments.
    incident
        Links by segment: a valve at both of its segments, an exchanger or source half at the one it feeds.
    entries
        Links through which water enters a part: sources first, then exchanger halves.
    link_arrays
        The links as kernels take them, with the dense number of the substation and the other half of exchanger halves.
    sides
        Segments of each service, -1 where that side is not drawn.
    building_row
        Rows of the buildings that have services, rising.
    building_services
        Services by place in `building_row`.
    edges, services, segments, assets
        What it was made from.
    station_row, station_node
        Assets that sit on a pipe without interrupting it.
    """

    links: Links
    segment_count: int
    incident: Grouped
    entries: IntArray
    link_arrays: LinkArrays
    sides: SideArrays
    building_row: IntArray
    building_services: Grouped
    edges: Edges
    services: Services
    segments: Segments
    assets: AssetTable
    station_row: IntArray
    station_node: IntArray

    @property
    def supply_segment(self) -> IntArray:
        """Supply segment of each service, -1 where that side is not drawn."""
        return self.sides.supply

    @property
    def return_segment(self) -> IntArray:
        """Return segment of each service, -1 where that side is not drawn."""
        return self.sides.back

    @property
    def partner(self) -> IntArray:
        """The other half of each exchanger half, -1 elsewhere; shape (links,)."""
        return self.link_arrays.partner

    @property
    def element_count(self) -> int:
        """Number of elements."""
        return 1 + self.segment_count + len(self.links.edge)

    @cached_property
    def elements(self) -> AssetElements:
        """Elements that fall with each asset; found once a drawing (0.1 s for 300,000 assets)."""
        return _asset_elements(self)

    @cached_property
    def building_id(self) -> IntArray:
        """Asset ids of `building_row`."""
        return self.assets.asset_id[self.building_row]

    @cached_property
    def inlet_services(self) -> Grouped:
        """Services that have an inlet, each a group of its own."""
        named = np.flatnonzero(self.services.inlet_row >= 0).astype(np.int32)
        return Grouped(np.arange(len(named) + 1, dtype=np.int32), named)

    @cached_property
    def inlet_row(self) -> IntArray:
        """Rows of the inlets by place in `inlet_services`."""
        return self.services.inlet_row[self.inlet_services.item]

    @cached_property
    def things(self) -> Things:
        """Pipes, valves and substations by element; pipes and open valves bring the row of their pair along."""
        return _things(self)

    @cached_property
    def consumers(self) -> Things:
        """Inlets and buildings by element, one entry for each drawn side of a service; the gate is that of the service."""
        return _consumers(self)


def links_of(edges: Edges, segments: Segments) -> Links:
    """Return the edges that are not pipes as links between segments."""
    part = slice(edges.pipe_count, None)
    a, b = edges.u[part], edges.v[part]
    return Links(
        edge=np.arange(edges.pipe_count, len(edges.kind), dtype=np.int32),
        kind=edges.kind[part],
        a=np.where(a >= 0, segments.of_node[np.maximum(a, 0)], -1).astype(np.int32) if len(a) else a,
        b=segments.of_node[b] if len(b) else b,
        row=edges.row[part],
    )


def segment_net(
    edges: Edges, services: Services, segments: Segments, assets: AssetTable, *, stations: tuple[IntArray, IntArray]
) -> SegmentNet:
    """Reduce a drawing to segments and links; `stations` are the rows and nodes of what sits on a pipe.

    Notes
    -----
    Cost: 6 ms for 20,000 links and 70,000 services; the rows by element follow at the first answer that lists pipes (30 ms).
    """
    links = links_of(edges, segments)
    valve = np.flatnonzero(links.kind == VALVE).astype(np.int32)
    link = np.concatenate([np.arange(len(links.edge), dtype=np.int32), valve])
    by_segment = grouped(np.concatenate([links.b, links.a[valve]]), segments.count)
    named = np.flatnonzero(services.building_row >= 0).astype(np.int32)
    present = np.zeros(assets.asset_id.size, bool)
    present[services.building_row[named]] = True
    place = np.cumsum(present, dtype=np.int32) - np.int32(1)
    by_building = grouped(place[services.building_row[named]], int(np.count_nonzero(present)))
    return SegmentNet(
        links=links,
        segment_count=segments.count,
        incident=Grouped(by_segment.start, link[by_segment.item]),
        entries=np.concatenate([np.flatnonzero(links.kind == kind) for kind in (SOURCE, EXCHANGER)]).astype(np.int32),
        link_arrays=link_arrays(links),
        sides=side_arrays(services, segments),
        building_row=np.flatnonzero(present).astype(np.int32),
        building_services=Grouped(by_building.start, named[by_building.item]),
        edges=edges,
        services=services,
        segments=segments,
        assets=assets,
        station_row=stations[0],
        station_node=stations[1],
    )


def segments_of(node: IntArray, segments: Segments) -> IntArray:
    """Return the segment of each node, -1 where there is none."""
    if not len(node):
        return node
    return np.where(node >= 0, segments.of_node[np.maximum(node, 0)], -1).astype(np.int32)


def side_arrays(services: Services, segments: Segments) -> SideArrays:
    """Return the segments of each service."""
    return SideArrays(segments_of(services.supply_node, segments), segments_of(services.return_node, segments))


def link_arrays(links: Links) -> LinkArrays:
    """Return links as kernels take them: substations of exchanger halves are numbered, halves know each other."""
    exchanger = np.flatnonzero(links.kind == EXCHANGER).astype(np.int32)
    _, number = np.unique(links.row[exchanger], return_inverse=True)
    station = np.full(len(links.edge), -1, np.int32)
    station[exchanger] = number
    halves = grouped(number.astype(np.int32), int(number.max(initial=-1)) + 1)
    partner = np.full(len(links.edge), -1, np.int32)
    two = np.flatnonzero(np.diff(halves.start) >= 2)
    one, other = exchanger[halves.item[halves.start[two]]], exchanger[halves.item[halves.start[two] + 1]]
    partner[one], partner[other] = other, one
    return LinkArrays(links.kind, links.a, links.b, station, partner)


def gates_of(passes: NDArray[np.bool_], works: NDArray[np.bool_], service: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Put the gates of `Things` into one array: always, links that pass, exchanger halves that work, services that are fed."""
    return np.concatenate([[True], passes, works, service])


def _by_element(element: IntArray, row: IntArray, gate: IntArray, mate: IntArray, *, count: int) -> Things:
    groups = grouped(element, count)
    return Things(groups.start, row[groups.item], gate[groups.item], mate[groups.item])


def _things(net: SegmentNet) -> Things:
    edges, links, of_node = net.edges, net.links, net.segments.of_node
    count = len(links.edge)
    pipe = np.arange(edges.pipe_count, dtype=np.int32)
    valve = np.flatnonzero(links.kind == VALVE).astype(np.int32)
    exchanger = np.flatnonzero(links.kind == EXCHANGER).astype(np.int32)
    edge = np.concatenate([pipe, links.edge[valve]])
    element = np.concatenate([1 + of_node[edges.u[pipe]], 1 + net.segment_count + valve])
    gate = np.concatenate([np.zeros(len(pipe), np.int32), 1 + valve])
    paired = edges.pair[edge] >= 0
    of_edge = np.full(len(edges.kind), -1, np.int32)
    of_edge[edge] = element
    mate = np.where(paired, of_edge[edges.pair[edge]], -1)
    return _by_element(
        np.concatenate([element, element[paired], 1 + links.a[exchanger]]).astype(np.int32),
        np.concatenate([edges.row[edge], edges.row[edges.pair[edge[paired]]], links.row[exchanger]]),
        np.concatenate([gate, gate[paired], 1 + count + exchanger]).astype(np.int32),
        np.concatenate([mate, mate[paired], np.full(len(exchanger), -1)]).astype(np.int32),
        count=net.element_count,
    )


def _consumers(net: SegmentNet) -> Things:
    services, count = net.services, len(net.links.edge)
    element, rows, gate = [], [], []
    for segment in net.sides:
        for row in (services.inlet_row, services.building_row):
            named = np.flatnonzero((segment >= 0) & (row >= 0)).astype(np.int32)
            element.append(1 + segment[named])
            rows.append(row[named])
            gate.append(1 + 2 * count + named)
    whole = np.concatenate(element).astype(np.int32)
    alone = np.full(len(whole), -1, np.int32)
    return _by_element(whole, np.concatenate(rows), np.concatenate(gate).astype(np.int32), alone, count=net.element_count)


def _asset_elements(net: SegmentNet) -> AssetElements:
    edges, of_node, assets = net.edges, net.segments.of_node, net.assets
    station_row, station_node = net.station_row, net.station_node
    element = np.arange(1 + net.segment_count - edges.pipe_count, 1 + net.segment_count + len(net.links.edge), dtype=np.int32)
    element[: edges.pipe_count] = 1 + of_node[edges.u[: edges.pipe_count]]
    row = np.concatenate([edges.row, station_row])
    element = np.concatenate([element, 1 + of_node[station_node]])
    size = np.bincount(row, minlength=assets.asset_id.size)
    single = size[row] == 1
    several: dict[int, tuple[int, ...]] = dict.fromkeys(assets.asset_id[size == 0].tolist(), ())
    order = np.argsort(row[~single], kind="stable")
    ids = assets.asset_id[row[~single][order]].tolist()
    for asset_id, at in zip(ids, element[~single][order].tolist(), strict=True):
        several[asset_id] = tuple(sorted({*several.get(asset_id, ()), at}))
    one = dict(zip(assets.asset_id[row[single]].tolist(), element[single].tolist(), strict=True))
    one |= {asset_id: found[0] for asset_id, found in several.items() if len(found) == 1}
    return AssetElements(one, {asset_id: found for asset_id, found in several.items() if len(found) != 1})
