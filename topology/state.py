"""What follows from the states of valves, exchangers and sources: zones, who is fed, dominators, blocks.

The *elements* are the root (number 0), the segments, and every edge that is not a pipe (valve, exchanger half, source half), so
that an answer for any of them is a slice. Supply and return are separate below the root: a consumer is fed when both reach it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from topology.assets import KIND_CODE, AssetTable
from topology.codes import CLOSED, EXCHANGER, ROOT, SOURCE, VALVE
from topology.dominators import BlockTree, DominatorTree, block_tree, dominator_tree
from topology.edges import Edges, Services
from topology.segments import Segments, components

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]
_BUILDING = KIND_CODE["building"]


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


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes with a valve.

    Attributes
    ----------
    links, fed
        The segment graph and who is fed.
    dominators, blocks
        Trees over the elements.
    lost
        Rows by preorder number of the dominator tree: what an element takes with it is `lost.between(first, last)`.
    reach
        Rows by depth-first number of the blocks, within one zone.
    of_zone
        Rows by zone: what an exchanger feeds.
    exchanger_at, exchanger_zone
        Depth-first number of the primary segment of working exchanger halves, rising, and the zones that hang on them.
    uneven_at
        Preorder numbers of exchangers of zones whose supply and return hang on different exchangers; slices do not hold there and
        a flood answers.
    """

    links: Links
    fed: Fed
    dominators: DominatorTree
    blocks: BlockTree
    lost: Slices
    reach: Slices
    of_zone: Slices
    exchanger_at: IntArray
    exchanger_zone: IntArray
    uneven_at: IntArray


def element_of_edge(edge: int, edges: Edges, segments: Segments) -> int:
    """Return the element of an edge: of a pipe its segment."""
    if edge < edges.pipe_count:
        return 1 + int(segments.of_node[edges.u[edge]])
    return 1 + segments.count + edge - edges.pipe_count


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


def flood(
    links: Links, state: NDArray[np.uint8], services: Services, segments: Segments, *, removed: BoolArray | None = None
) -> Fed:
    """Find who is fed, with some elements taken out.

    Parameters
    ----------
    links, services, segments
        The network.
    state
        State of each link.
    removed
        Elements that are out, shape (elements,); None = none.

    Notes
    -----
    An exchanger works when its primary supply and its primary return are fed. Cost: 2 ms for 20,000 links (scipy).
    """
    gone = np.zeros(1 + segments.count + len(links.edge), bool) if removed is None else removed
    segment_gone, link_gone = gone[1 : 1 + segments.count], gone[1 + segments.count :]
    a, b = np.maximum(links.a, 0), links.b
    usable = (state != CLOSED) & ~link_gone & ~(segment_gone[b] | ((links.a >= 0) & segment_gone[a]))
    valve = usable & (links.kind == VALVE)
    count, zone = components(links.a[valve], b[valve], segments.count)
    zone_fed = np.zeros(count, bool)
    zone_fed[zone[b[usable & (links.kind == SOURCE)]]] = True
    zone_fed[zone[np.flatnonzero(segment_gone)]] = False
    exchanger = links.kind == EXCHANGER
    of_row = np.ones(int(links.row.max(initial=-1)) + 1, bool)
    primary_fed = zone_fed[zone[a]] & ~link_gone if len(a) else exchanger
    np.logical_and.at(of_row, links.row[exchanger], primary_fed[exchanger])
    works = exchanger & of_row[links.row]
    passes = valve | (usable & (links.kind == SOURCE)) | (usable & works)
    zone_fed[zone[b[usable & works]]] = True
    return Fed(zone, zone_fed, passes, works, _services_fed(services, segments, zone, zone_fed))


def _services_fed(services: Services, segments: Segments, zone: IntArray, zone_fed: BoolArray) -> BoolArray:
    fed = np.ones(len(services.inlet_row), bool)
    for node in (services.supply_node, services.return_node):
        drawn = node >= 0
        fed[drawn] &= zone_fed[zone[segments.of_node[node[drawn]]]]
    return fed


def read_state(edges: Edges, services: Services, segments: Segments, assets: AssetTable) -> State:
    """Derive everything that depends on valve states.

    Notes
    -----
    Cost: see docs/topology.md; linear in links and assets.
    """
    links = links_of(edges, segments)
    fed = flood(links, edges.state[edges.pipe_count :], services, segments)
    count = 1 + segments.count + len(links.edge)
    on = np.flatnonzero(fed.passes).astype(np.int32)
    element = 1 + segments.count + on
    a, b = links.a[on] + 1, links.b[on] + 1  # a source's -1 becomes the root
    valve = links.kind[on] == VALVE
    tail = np.concatenate([a, element, b[valve], element[valve]]).astype(np.int32)
    head = np.concatenate([element, b, element[valve], a[valve]]).astype(np.int32)
    dominators = dominator_tree(tail, head, count, ROOT)
    above = np.where(links.kind[on] == EXCHANGER, ROOT, a)
    blocks = block_tree(
        np.concatenate([above, element]).astype(np.int32), np.concatenate([element, b]).astype(np.int32), count, ROOT
    )
    return _lay_out(
        edges=edges,
        services=services,
        segments=segments,
        assets=assets,
        links=links,
        fed=fed,
        dominators=dominators,
        blocks=blocks,
    )


def _lay_out(
    *,
    edges: Edges,
    services: Services,
    segments: Segments,
    assets: AssetTable,
    links: Links,
    fed: Fed,
    dominators: DominatorTree,
    blocks: BlockTree,
) -> State:
    element = np.concatenate(
        [1 + segments.of_node[edges.u[: edges.pipe_count]], np.arange(1 + segments.count, 1 + segments.count + len(links.edge))]
    )
    of_node = 1 + segments.of_node
    at, rows = things(edges, services, links, fed, edge_at=dominators.first[element], node_at=dominators.first[of_node])
    single = assets.kind[rows] != _BUILDING
    buildings_at, buildings = _buildings_once(services, segments, fed, dominators)
    behind, behind_rows = things(edges, services, links, fed, edge_at=blocks.first[element], node_at=blocks.first[of_node])
    zone = np.concatenate([[-1], fed.zone, fed.zone[links.b]]).astype(np.int32)
    zone_at, zone_rows = things(edges, services, links, fed, edge_at=zone[element], node_at=zone[of_node])
    exchanger = np.flatnonzero(fed.passes & (links.kind == EXCHANGER))
    exchanger_at, exchanger_zone = exchanger_zones(links, fed, blocks.first[1 + links.a[exchanger]])
    return State(
        links=links,
        fed=fed,
        dominators=dominators,
        blocks=blocks,
        lost=slices(
            np.concatenate([at[single], buildings_at]), np.concatenate([rows[single], buildings]), int(dominators.last[ROOT])
        ),
        reach=slices(behind, behind_rows, int(blocks.last[ROOT])),
        of_zone=slices(zone_at, zone_rows, len(fed.zone_fed)),
        exchanger_at=exchanger_at,
        exchanger_zone=exchanger_zone,
        uneven_at=np.sort(dominators.first[1 + links.a[_uneven(services, segments, links, fed)]]),
    )


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
    exchanger = fed.passes & (links.kind == EXCHANGER)
    halves = pd.DataFrame({"row": links.row[exchanger], "at": at, "zone": fed.zone[links.b[exchanger]]})
    pairs = halves[["row", "at"]].merge(halves[["row", "zone"]], on="row").sort_values("at", kind="stable")
    return pairs["at"].to_numpy(np.int32), pairs["zone"].to_numpy(np.int32)


def slices(position: IntArray, rows: IntArray, size: int) -> Slices:
    """Lay rows out by position; those at -1 are left out."""
    rows, position = rows[position >= 0], position[position >= 0]
    order = np.argsort(position, kind="stable")
    start = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(position, minlength=size), out=start[1:])
    return Slices(start, rows[order])


def _buildings_once(services: Services, segments: Segments, fed: Fed, dominators: DominatorTree) -> tuple[IntArray, IntArray]:
    """Give each building one position a side: with several inlets that of the nearest element that dominates them all."""
    named = np.flatnonzero(fed.service & (services.building_row >= 0))
    named = named[np.argsort(services.building_row[named], kind="stable")]
    rows, start = np.unique(services.building_row[named], return_index=True)
    bounds = np.append(start, len(named)).astype(np.int32)
    positions, kept = [], []
    for node in (services.supply_node, services.return_node):
        at = node[named]
        element = np.where(at >= 0, 1 + segments.of_node[np.maximum(at, 0)] if len(at) else at, ROOT).astype(np.int32)
        shared = _nearest_common(dominators.parent, dominators.first, dominators.last, bounds, element)
        positions.append(dominators.first[shared[shared != ROOT]])
        kept.append(rows[shared != ROOT])
    return np.concatenate(positions).astype(np.int32), np.concatenate(kept).astype(np.int32)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _nearest_common(parent: IntArray, first: IntArray, last: IntArray, bounds: IntArray, element: IntArray) -> IntArray:
    shared = np.empty(bounds.size - 1, np.int32)
    for group in range(bounds.size - 1):
        node = element[bounds[group]]
        for k in range(bounds[group] + 1, bounds[group + 1]):
            while not first[node] <= first[element[k]] < last[node]:
                node = parent[node]
        shared[group] = node
    return shared


def _uneven(services: Services, segments: Segments, links: Links, fed: Fed) -> NDArray[np.intp]:
    """Return the exchanger links behind which one side alone does not tell who is lost.

    1. The zone of one half is fed by other exchangers (or by a source) than the zone of the other half.
    2. A consumer of the zone is drawn on one side only.
    3. One side of the primary network is not drawn and the other stands for it.
    """
    exchanger = np.flatnonzero(fed.passes & (links.kind == EXCHANGER))
    zone = fed.zone[links.b[exchanger]]
    halves = pd.DataFrame({"row": links.row[exchanger], "zone": zone, "link": exchanger, "from": links.a[exchanger]})
    pairs = halves.merge(halves, on="row", suffixes=("", "_other"))
    pairs = pairs[pairs["link"] != pairs["link_other"]]
    # 1: supply and return zones correspond one to one, and either both or none has a source of its own
    mates = pairs.groupby("zone")["zone_other"].transform("nunique") + pairs.groupby("zone_other")["zone"].transform("nunique")
    alone = halves.groupby("row")["link"].transform("size") == 1
    sourced = np.zeros(len(fed.zone_fed), bool)
    sourced[fed.zone[links.b[fed.passes & (links.kind == SOURCE)]]] = True
    one_sided = np.zeros(len(fed.zone_fed), bool)
    for node, other in ((services.supply_node, services.return_node), (services.return_node, services.supply_node)):
        drawn = (node >= 0) & (other < 0)
        one_sided[fed.zone[segments.of_node[node[drawn]]]] = True  # 2
    here, there = pairs["zone"].to_numpy(), pairs["zone_other"].to_numpy()
    bad = (mates.to_numpy() > 2) | (sourced[here] != sourced[there]) | one_sided[here] | one_sided[there]
    bad |= (pairs["from"] == pairs["from_other"]).to_numpy()  # 3
    # an exchanger with one half beside others with two
    mixed = np.isin(zone, zone[alone.to_numpy()]) & np.isin(zone, here) if len(zone) else np.zeros(0, bool)
    rows = np.unique(np.concatenate([pairs["row"].to_numpy()[bad], halves["row"].to_numpy()[mixed]]))
    found: NDArray[np.intp] = exchanger[np.isin(links.row[exchanger], rows)]
    return found
