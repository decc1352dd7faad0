"""Where alarms can sit and what can be their cause: every asset and every candidate as numbers of the dominator tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology.codes import EXCHANGER, RETURN, ROOT, SOURCE, SUPPLY, VALVE
from topology.network import Network

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The present state of a network as the search for causes sees it. A *number* is a preorder number of the dominator tree.

    Attributes
    ----------
    size
        One past the largest number.
    row_of_id
        Row of each asset id, -1 where the network does not hold it; shape (largest id + 1,).
    at
        Number at which an asset hangs on the supply side (column 0) and on the return side (column 1), -1 = not fed there; shape
        (assets, 2).
    element, first, last
        Candidates: segments, running sources and working exchangers (one a side) that are fed, with their slice of numbers.
    is_source
        Which candidates are sources.
    place_of_element
        Index into the candidates of each element; -1 = none.
    station_row
        Rows of the working substations, rising; a *column* is an index into them.
    column_at
        Column of the substation below which a number lies; -1 = none.
    station_first, station_last
        Slice of numbers of each column, on one side.
    """

    size: int
    row_of_id: IntArray
    at: IntArray
    element: IntArray
    first: IntArray
    last: IntArray
    is_source: NDArray[np.bool_]
    place_of_element: IntArray
    station_row: IntArray
    column_at: IntArray
    station_first: IntArray
    station_last: IntArray

    def rows_of(self, asset_ids: NDArray[np.integer[Any]]) -> IntArray:
        """Return the row of each asset id, -1 where the network does not hold it."""
        known = (asset_ids >= 0) & (asset_ids < len(self.row_of_id))
        return np.where(known, self.row_of_id[np.where(known, asset_ids, 0)], -1).astype(np.int32)


def find_places(network: Network) -> Places:
    """Lay out the present state of a network for the search.

    Notes
    -----
    Cost: 40 ms for a city of 320,000 assets.
    """
    dominators, links = network.state.dominators, network.state.links
    size = int(dominators.last[ROOT])
    elements = _candidates(network)
    place_of_element = np.full(len(dominators.first), -1, np.int32)
    place_of_element[elements] = np.arange(len(elements), dtype=np.int32)
    exchanger = np.flatnonzero(network.state.fed.passes & (links.kind == EXCHANGER)).astype(np.int32)
    element = 1 + network.segments.count + exchanger
    rows, column = np.unique(links.row[exchanger], return_inverse=True)
    column_at = np.full(size, -1, np.int32)
    spans = dominators.last[element] - dominators.first[element]
    inside = np.repeat(dominators.first[element] - np.cumsum(spans) + spans, spans) + np.arange(spans.sum())
    column_at[inside] = np.repeat(column.astype(np.int32), spans)
    one = np.full(len(rows), -1, np.int32)
    one[column[::-1]] = element[::-1]  # the first half, supply where it is drawn
    return Places(
        size=size,
        row_of_id=_row_of_id(network.assets.asset_id),
        at=_positions(network),
        element=elements,
        first=dominators.first[elements],
        last=dominators.last[elements],
        is_source=_is_source(network, elements),
        place_of_element=place_of_element,
        station_row=rows.astype(np.int32),
        column_at=column_at,
        station_first=dominators.first[one],
        station_last=dominators.last[one],
    )


def _candidates(network: Network) -> IntArray:
    """Return segments with pipes, sources and exchangers that are fed."""
    links, fed = network.state.links, network.state.fed
    segment = 1 + np.flatnonzero(network.segments.segment_id > 0)
    device = 1 + network.segments.count + np.flatnonzero(fed.passes & ((links.kind == EXCHANGER) | (links.kind == SOURCE)))
    elements = np.concatenate([segment, device]).astype(np.int32)
    return elements[network.state.dominators.first[elements] >= 0]


def _is_source(network: Network, elements: IntArray) -> NDArray[np.bool_]:
    link = elements - 1 - network.segments.count
    kind = network.state.links.kind
    return (link >= 0) & (kind[np.maximum(link, 0)] == SOURCE) if len(kind) else np.zeros(len(elements), bool)


def _row_of_id(asset_id: IntArray) -> IntArray:
    """Asset ids are dense, so that a table of all of them is smaller than a search is slow."""
    table = np.full(int(asset_id.max(initial=0)) + 1, -1, np.int32)
    table[asset_id] = np.arange(len(asset_id), dtype=np.int32)
    return table


def _positions(network: Network) -> IntArray:
    """Return the number at which each asset hangs, by side.

    Pipes and stations hang on their segment, valves, substations and sources on themselves, inlets and buildings on the segment
    of their inlets; a building of several inlets on what dominates them all.
    """
    edges, segments, dominators = network.edges, network.segments, network.state.dominators
    at = np.full((len(network.assets.asset_id), 2), -1, np.int32)
    pipe = slice(0, edges.pipe_count)
    at[edges.row[pipe], edges.side[pipe] - SUPPLY] = dominators.first[1 + segments.of_node[edges.u[pipe]]]
    _put_stations(network, at)
    links = network.state.links
    for kind in (VALVE, EXCHANGER, SOURCE):
        link = np.flatnonzero((links.kind == kind) & network.state.fed.passes)
        side = edges.side[links.edge[link]]
        at[links.row[link], side - SUPPLY] = dominators.first[1 + segments.count + link]
    _put_services(network, at)
    return at


def _put_stations(network: Network, at: IntArray) -> None:
    if not len(network.station_row):
        return
    side_of_segment = np.zeros(network.segments.count, np.uint8)
    pipe = slice(0, network.edges.pipe_count)
    side_of_segment[network.segments.of_node[network.edges.u[pipe]]] = network.edges.side[pipe]
    segment = network.segments.of_node[network.station_node]
    side = np.where(side_of_segment[segment] == RETURN, 1, 0)
    at[network.station_row, side] = network.state.dominators.first[1 + segment]


def _put_services(network: Network, at: IntArray) -> None:
    services, dominators = network.services, network.state.dominators
    fed = np.flatnonzero(network.state.fed.service)
    for side, node in enumerate((services.supply_node, services.return_node)):
        mine = fed[node[fed] >= 0]
        element = 1 + network.segments.of_node[node[mine]]
        named = services.inlet_row[mine] >= 0
        at[services.inlet_row[mine][named], side] = dominators.first[element[named]]
        building = services.building_row[mine]
        order = np.argsort(building, kind="stable")
        order = order[building[order] >= 0]
        rows, start, count = np.unique(building[order], return_index=True, return_counts=True)
        at[rows, side] = dominators.first[element[order[start]]]
        for place in np.flatnonzero(count > 1):
            shared = _nearest_common(network, element[order[start[place] : start[place] + count[place]]])
            at[rows[place], side] = dominators.first[shared]  # the root's number lies in no candidate's slice


def _nearest_common(network: Network, elements: NDArray[np.integer[Any]]) -> int:
    """Return the nearest element that dominates all of some."""
    parent, first, last = network.state.dominators.parent, network.state.dominators.first, network.state.dominators.last
    node = int(elements[0])
    for other in elements[1:]:
        while not first[node] <= first[other] < last[node]:
            node = int(parent[node])
    return node
