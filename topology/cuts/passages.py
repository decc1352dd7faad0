"""Passages: isolating stations (隔压站) and relay energy stations, where heat passes an exchanger of a rated power and water not.

In the segment graph such a station interrupts nothing. Here the segments that one stands on are parted at it into *reaches*; all
other segments are one reach each. Reaches that valves join are a *zone* of water; between zones no more passes than is rated.

How much can reach a zone is bounded by every set of zones about it: power of the running sources in the set and what is rated of
the passages into it, against the load in it. The tightest set is found by a smallest cut. A passage counts both ways: whichever
way heat goes, no more than its rated power passes, so that *short* stays certain. A station that pipes go round bounds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE
from topology.build.segment_net import SegmentNet
from topology.build.segments import components
from topology.cuts.cuts import cut_index
from topology.cuts.layout import near_links, table
from topology.cuts.tie_kernels import tightest
from topology.network import Network

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]
PASSAGES = ("isolating_station", "relay_energy_station")
_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Reaches:
    """The segments of a drawing, parted at passages; does not depend on states.

    Attributes
    ----------
    count
        Number of reaches; the first ones have the numbers of their segments.
    segment
        Segment of each reach.
    start, near
        As in `topology.cuts.layout.Layout`, by reach.
    a, b
        Reaches at the ends of each link.
    supply, back
        Reaches of each service; -1 = not drawn.
    passages
        The two reaches beside a passage with the row of the station; shape (n, 3).
    """

    count: int
    segment: IntArray
    start: IntArray
    near: IntArray
    a: IntArray
    b: IntArray
    supply: IntArray
    back: IntArray
    passages: IntArray


_REACHES: WeakKeyDictionary[SegmentNet, Reaches] = WeakKeyDictionary()


def reaches_of(network: Network) -> Reaches:
    """Return the reaches of a network; made once a drawing.

    Notes
    -----
    Cost: some milliseconds for a city with passages, nothing for one without.
    """
    net = network.state.net
    found = _REACHES.get(net)
    if found is None:
        found = _REACHES[net] = _reaches(network)
    return found


def _reaches(network: Network) -> Reaches:
    net, layout = network.state.net, cut_index(network).layout
    kinds = network.assets.kind[network.station_row]
    at = np.isin(kinds, [KIND_CODE[kind] for kind in PASSAGES])
    rows, nodes = network.station_row[at], network.station_node[at]
    segment = np.arange(net.segment_count, dtype=np.int32)
    if not len(rows):
        sides = (net.supply_segment, net.return_segment)
        return Reaches(
            len(segment), segment, layout.start, layout.near, net.links.a, net.links.b, *sides, table(rows, rows, rows)
        )
    reach, segment, passages = _part(network, rows, nodes)
    edges, services = network.edges, network.services
    u, v = edges.u[edges.pipe_count :], edges.v[edges.pipe_count :]
    a, b = _at(reach, u), _at(reach, v)
    start, near = near_links(net.links.kind, a, b, len(segment))
    sides = (_at(reach, services.supply_node), _at(reach, services.return_node))
    return Reaches(len(segment), segment, start, near, a, b, *sides, passages)


def _at(reach: IntArray, node: IntArray) -> IntArray:
    found: IntArray = np.where(node >= 0, reach[np.maximum(node, 0)], -1).astype(np.int32)
    return found


def _part(network: Network, rows: IntArray, nodes: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the reach of each node (of a passage one beside it), the segment of each reach, and the passages."""
    edges, of_node, count = network.edges, network.segments.of_node, network.segments.count
    parted = np.zeros(count, np.bool_)
    parted[of_node[nodes]] = True
    pipe = np.flatnonzero(parted[of_node[edges.u[: edges.pipe_count]]])
    ends = np.stack([edges.u[pipe], edges.v[pipe]])
    # every pipe that ends at a passage ends there by itself
    passage = np.zeros(network.node_count, np.bool_)
    passage[nodes] = True
    here = passage[ends]
    own = ends.copy()
    own[here] = network.node_count + np.arange(np.count_nonzero(here))
    used, inverse = np.unique(own, return_inverse=True)
    own = inverse.reshape(ends.shape).astype(np.int32)
    number, label = components(own[0], own[1], len(used))
    # one reach keeps the number of its segment, so that most numbers stay
    at = of_node[ends[0]]
    part_segment = np.empty(number, np.int32)
    part_segment[label[own[0]]] = at
    _, first = np.unique(part_segment, return_index=True)
    fresh = np.ones(number, np.bool_)
    fresh[first] = False
    part_reach = part_segment.copy()
    part_reach[fresh] = count + np.arange(np.count_nonzero(fresh), dtype=np.int32)
    reach = of_node.copy()
    reach[ends] = part_reach[label[own]]
    segment = np.concatenate([np.arange(count, dtype=np.int32), part_segment[fresh]])
    return reach, segment, _passages(rows, nodes, ends[here], part_reach[label[own[here]]])


def _passages(rows: IntArray, nodes: IntArray, end: IntArray, reach: IntArray) -> IntArray:
    found = []
    for row, node in zip(rows.tolist(), nodes.tolist(), strict=True):
        beside = np.unique(reach[end == node]).tolist()
        found += [(one, other, row) for i, one in enumerate(beside) for other in beside[i + 1 :]]
    return np.array(found, np.int32).reshape(-1, 3)


# ---------------------------------------------------------------- what can reach a zone


@dataclass(frozen=True, slots=True)
class Zones:
    """Zones of water that passages join; arrays of shape (zones,).

    Attributes
    ----------
    power, load
        Known power of running sources, and load.
    unknown
        Whether sources of unknown power run there.
    between
        Passages: the two zones and the row of the station; shape (n, 3).
    rated
        Rated power of each passage; NaN = unknown.
    """

    power: Floats
    load: Floats
    unknown: NDArray[np.bool_]
    between: IntArray
    rated: Floats


@dataclass(frozen=True, slots=True)
class Bound:
    """What can reach a zone at most.

    Attributes
    ----------
    station_rows
        Rows of the passages that bound it; empty = the running sources do.
    power_mw, load_mw
        What can reach the tightest set of zones about it, and the load in that set.
    enough
        Whether that power covers that load; None where something unknown decides.
    """

    station_rows: tuple[int, ...]
    power_mw: float
    load_mw: float
    enough: bool | None


def bound_of(zones: Zones, about: Iterable[int]) -> Bound:
    """Return what bounds the heat of some zones: of the tightest one.

    Parameters
    ----------
    zones
        All that passages join to them, themselves among them.
    about
        The zones, at least one.

    Notes
    -----
    What is unknown counts as nothing when *enough* is told, and as plenty when *short* is. Cost: microseconds for a dozen zones.
    """
    plenty = float(zones.load.sum() + np.nansum(zones.power) + np.nansum(zones.rated)) + 1.0
    places = set(about)
    least = _bound(zones, places, unknown_mw=0.0)
    if least.enough:
        return least
    unsure = zones.unknown.any() or np.isnan(zones.rated).any()
    most = _bound(zones, places, unknown_mw=plenty) if unsure else least
    if most.enough:
        return Bound(least.station_rows, least.power_mw, least.load_mw, None)
    return most


def _bound(zones: Zones, about: Iterable[int], *, unknown_mw: float) -> Bound:
    count = len(zones.power)
    power = zones.power + unknown_mw * zones.unknown
    rated = np.zeros((count, count))
    passing = np.where(np.isnan(zones.rated), unknown_mw, zones.rated)
    np.add.at(rated, (zones.between[:, 0], zones.between[:, 1]), passing)
    np.add.at(rated, (zones.between[:, 1], zones.between[:, 0]), passing)
    inside, spare = min((tightest(power, zones.load, rated, place) for place in about), key=lambda each: float(each[1]))
    crossing = inside[zones.between[:, 0]] != inside[zones.between[:, 1]]
    load = float(zones.load[inside].sum())
    rows = tuple(sorted(set(zones.between[crossing, 2].tolist())))
    return Bound(rows, load + float(spare), load, bool(spare >= -_SLACK * load))


def merged(zones: Zones, together: Sequence[int], added_mw: float) -> tuple[Zones, IntArray]:
    """Make some zones one, which takes more load; returns the zones and the new number of each old one."""
    first = together[0]
    number = np.arange(len(zones.power), dtype=np.int32)
    number[list(together)] = first
    kept = np.unique(number)
    number = np.searchsorted(kept, number).astype(np.int32)
    between = zones.between.copy()
    between[:, :2] = number[between[:, :2]]
    apart = between[:, 0] != between[:, 1]
    load = np.asarray(np.bincount(number, zones.load, len(kept)), np.float64)
    load[number[first]] += added_mw
    found = Zones(
        power=np.asarray(np.bincount(number, zones.power, len(kept)), np.float64),
        load=load,
        unknown=np.bincount(number, zones.unknown, len(kept)) > 0,
        between=between[apart],
        rated=zones.rated[apart],
    )
    return found, number
