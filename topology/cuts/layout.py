"""What of a network does not depend on states, grouped for the kernels of `topology.cuts.kernels`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.codes import EXCHANGER, SOURCE, SUPPLY
from topology.cuts.kernels import ACROSS, DOWN, FROM, RETURN_AT, SUPPLY_AT, UP, grouped
from topology.network import Network

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """What of a network does not depend on states, grouped for look-ups; `x_start[i]:x_start[i + 1]` is the group of `i`.

    Columns of the tables are named in `topology.cuts.kernels`.

    Attributes
    ----------
    start, near
        What is at each segment: links with the segment at their other end; `near` has shape (places, 3).
    links
        Links (as in `topology.build.segment_net.Links`) with what is asked of them; shape (links, 5).
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


def lay_out(network: Network) -> Layout:
    """Group what a drawing holds. Cost: docs/isolation.md."""
    net, edges = network.state.net, network.edges
    pipe = np.arange(edges.pipe_count, dtype=np.int32)
    paired = pipe[edges.pair[pipe] >= 0]
    at = network.segments.of_node[edges.u[np.concatenate([pipe, paired])]]
    pipe_start, pipe_order = grouped(_plain(at), net.segment_count)
    edge_start, edge_at = grouped(_plain(edges.row), network.assets.asset_id.size)
    start, near = near_links(net.links.kind, net.links.a, net.links.b, net.segment_count)
    pair = edges.pair[net.links.edge]
    pair_row = np.where(pair >= 0, edges.row[np.maximum(pair, 0)], -1)
    service_start, service_at, services = _services(network)
    return Layout(
        start=start,
        near=near,
        links=table(net.links.a, net.links.b, net.partner, net.links.row, pair_row),
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


def table(*columns: NDArray[np.generic]) -> IntArray:
    """Put columns side by side as the kernels want them."""
    return np.ascontiguousarray(np.stack(columns, axis=1), np.int32)


def near_links(kind: NDArray[np.uint8], a: IntArray, b: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Put every link at both of its ends (0 <= end < count), seen from there; a source only at the one that it feeds."""
    two_ends = np.flatnonzero(a >= 0).astype(np.int32)
    number = np.arange(len(b), dtype=np.int32)
    from_a = np.where(kind[two_ends] == EXCHANGER, DOWN, ACROSS)
    from_b = np.select([kind == EXCHANGER, kind == SOURCE], [UP, FROM], ACROSS)
    start, order = grouped(_plain(np.concatenate([a[two_ends], b])), count)
    near = table(np.concatenate([two_ends, number]), np.concatenate([b[two_ends], a]), np.concatenate([from_a, from_b]))
    return start, near[order]


def _services(network: Network) -> tuple[IntArray, IntArray, IntArray]:
    net, services = network.state.net, network.services
    by_building = net.building_services
    home = np.full(len(services.inlet_row), -1, np.int32)
    home[by_building.item] = np.repeat(np.arange(len(by_building.start) - 1), np.diff(by_building.start))
    columns = table(services.inlet_row, services.building_row, net.supply_segment, net.return_segment, home)
    service = np.arange(len(home), dtype=np.int32)
    at, who = np.concatenate([columns[:, SUPPLY_AT], columns[:, RETURN_AT]]), np.concatenate([service, service])
    start, order = grouped(at[at >= 0], net.segment_count)
    return start, who[at >= 0][order], columns
