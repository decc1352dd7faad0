"""Who loses heat when one element is shut, as one slice of one array; and the same numbering for plain SQL.

A building is *lost* when each of its services is, a service when its supply or its return is, and a side when no way from any
running source to it is left. Two kinds of ways end at a side:

1. its own: the dominators of the segment it hangs on;
2. across: every exchanger that feeds its zone stops when the *other* side of that exchanger's primary network is cut. The
   elements that stop them all are the dominators of the nearest common dominator of those other halves.

Each is a chain from the root downwards, so what cuts a service off is a union of at most four chains, kept by their lower ends;
what cuts off a building with several inlets is the intersection of such unions, which is again one of at most four chains (the
nearest common dominators of their ends). Nearly always two ends are left, one a side; written at the preorder numbers of
its ends a building is then found in the slice of exactly those elements that cut it off, also where supply and return of a
secondary network hang on different exchangers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit

from topology.build.grouped import Grouped
from topology.build.segment_net import SegmentNet
from topology.codes import ROOT, VALVE
from topology.states.refresh import BoolArray, IntArray, LinkArrays, TreeArrays

ENDS = 4
"""Most chains of one consumer."""


@dataclass(frozen=True, eq=False)
class Lost:
    """Consumers (buildings, or inlets) by preorder number of the dominator tree.

    Attributes
    ----------
    start
        Offset of each preorder number, shape (numbers + 1,).
    place
        Places in the list of consumers, by preorder number.
    low, high
        What each element takes along is `place[low:high]`; shape (elements,).
    twice
        Elements whose slice may name a consumer twice.
    consumer_id
        Asset ids by place.
    """

    start: IntArray
    place: IntArray
    low: IntArray
    high: IntArray
    twice: BoolArray
    consumer_id: IntArray

    @cached_property
    def asset_id(self) -> IntArray:
        """Asset ids in the order of `place`."""
        return self.consumer_id[self.place]

    def of(self, element: int) -> IntArray:
        """Return the asset ids of the consumers that fall with an element, an array of the caller's own."""
        found = self.asset_id[self.low[element] : self.high[element]]
        return np.unique(found) if self.twice[element] else found.copy()


def lost_buildings(net: SegmentNet, tree: TreeArrays, zone: IntArray, across: IntArray, service: BoolArray) -> Lost:
    """Lay buildings out by what cuts them off.

    Parameters
    ----------
    net
        Who is served where.
    tree
        The dominator tree.
    zone, across
        Zone of each segment; lower end of the chain across of each zone (`chains_across`).
    service
        Services that are fed.

    Notes
    -----
    Cost: see docs/topology.md; a few milliseconds for a city.
    """
    return _lost(net.building_services, net.building_id, tree, hangs=_hangs(net, zone, across), service=service)


def lost_inlets(net: SegmentNet, tree: TreeArrays, zone: IntArray, across: IntArray, service: BoolArray) -> Lost:
    """Lay inlets out likewise."""
    ids = net.assets.asset_id[net.inlet_row]
    return _lost(net.inlet_services, ids, tree, hangs=_hangs(net, zone, across), service=service)


def _lost(groups: Grouped, consumer_id: IntArray, tree: TreeArrays, *, hangs: Hangs, service: BoolArray) -> Lost:
    ends, doubled = group_ends(groups.start, groups.item, service, hangs, tree)
    start, place, low, high, twice = lay_out_by_number(ends, doubled, tree.first, tree.last, int(tree.last[ROOT]))
    return Lost(start, place, low, high, twice, consumer_id)


class Hangs(NamedTuple):
    """Where services hang: segments of both sides (-1 = not drawn), zones of segments, chains across of zones (0 = none)."""

    supply: IntArray
    back: IntArray
    zone: IntArray
    across: IntArray


def _hangs(net: SegmentNet, zone: IntArray, across: IntArray) -> Hangs:
    return Hangs(net.sides.supply, net.sides.back, zone, across)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def is_above(tree: TreeArrays, one: int, other: int) -> bool:
    """Tell whether one element dominates another, or is it; both must be reached."""
    return bool(tree.first[one] <= tree.first[other] and tree.first[other] < tree.last[one])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _common(tree: TreeArrays, one: int, other: int) -> int:
    while not is_above(tree, one, other):
        one = tree.parent[one]
    return one


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def chains_across(links: LinkArrays, zone: IntArray, passes: BoolArray, tree: TreeArrays) -> IntArray:
    """Return for each zone the lower end of the chain that stops all its exchangers by their other halves; 0 = none."""
    across = np.full(zone.size, -1, np.int32)
    for link in range(links.kind.size):
        if not passes[link] or links.kind[link] == VALVE:
            continue
        of = zone[links.b[link]]
        other = 0  # a running source, or an exchanger without another half: nothing across stops it
        if links.partner[link] >= 0:
            other = 1 + zone.size + links.partner[link]
        across[of] = other if across[of] < 0 else _common(tree, across[of], other)
    return np.maximum(across, 0)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add_end(tree: TreeArrays, ends: IntArray, count: int, node: int) -> int:
    """Add a chain by its lower end unless another one holds it already; chains that it holds go out."""
    kept = 0
    for i in range(count):
        if is_above(tree, node, ends[i]):
            return count
        if not is_above(tree, ends[i], node):
            ends[kept] = ends[i]
            kept += 1
    ends[kept] = node
    return kept + 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def service_ends(tree: TreeArrays, hangs: Hangs, i: int, ends: IntArray) -> int:
    """Write the lower ends of the chains that cut off service `i`, and return their number."""
    count = 0
    for segment in (hangs.supply[i], hangs.back[i]):
        if segment >= 0:
            count = _add_end(tree, ends, count, 1 + segment)
    for segment in (hangs.supply[i], hangs.back[i]):
        if segment >= 0 and hangs.across[hangs.zone[segment]] > 0:
            count = _add_end(tree, ends, count, hangs.across[hangs.zone[segment]])
    return count


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def branches(tree: TreeArrays) -> IntArray:
    """Number the subtrees below the root, by preorder number: nodes of different ones have only the root in common."""
    branch = np.zeros(tree.last[0], np.int32)
    for node in range(tree.parent.size):
        if tree.parent[node] == 0:
            branch[tree.first[node]] = 1
    for number in range(1, branch.size):
        branch[number] += branch[number - 1]
    return branch


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _joint_ends(tree: TreeArrays, branch: IntArray, ends: IntArray, more: IntArray) -> IntArray:
    """Return the ends of the chains that are in both unions."""
    both = np.empty(ENDS + 1, np.int32)
    count = 0
    for one in ends:
        for other in more:
            if branch[tree.first[one]] == branch[tree.first[other]]:
                count = _add_end(tree, both, count, _common(tree, one, other))
    return both[:count]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def group_ends(start: IntArray, services: IntArray, fed: BoolArray, hangs: Hangs, tree: TreeArrays) -> tuple[IntArray, BoolArray]:
    """Return for each group of services the ends of the chains that cut all of them off, shape (groups, 4), -1 = none.

    The second array tells where two ends lie on one side, so that a slice may name the group twice.
    """
    groups = start.size - 1
    branch = branches(tree)
    found = np.full((groups, ENDS), -1, np.int32)
    doubled = np.zeros(groups, np.bool_)
    buffer = np.empty(ENDS + 1, np.int32)
    more = np.empty(ENDS + 1, np.int32)
    for group in range(groups):
        ends = buffer[:0]
        begun = False
        for k in range(start[group], start[group + 1]):
            if not fed[services[k]]:
                continue
            if begun:
                ends = _joint_ends(tree, branch, ends, more[: service_ends(tree, hangs, services[k], more)])
            else:
                ends = buffer[: service_ends(tree, hangs, services[k], buffer)]
                begun = True
        for one in range(ends.size):
            found[group, one] = ends[one]
            for other in range(one):
                doubled[group] |= branch[tree.first[ends[one]]] == branch[tree.first[ends[other]]]
    return found, doubled


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def lay_out_by_number(
    ends: IntArray, doubled: BoolArray, first: IntArray, last: IntArray, numbers: int
) -> tuple[IntArray, IntArray, IntArray, IntArray, BoolArray]:
    """Write each group at the numbers of its ends: start, groups by number, slice of each element, slices with doubles."""
    start = np.zeros(numbers + 1, np.int32)
    doubles = np.zeros(numbers + 1, np.int32)
    for group in range(ends.shape[0]):
        for k in range(ENDS):
            if ends[group, k] < 0:
                break
            start[first[ends[group, k]] + 1] += 1
            if doubled[group]:
                doubles[first[ends[group, k]] + 1] += 1
    for number in range(numbers):
        start[number + 1] += start[number]
        doubles[number + 1] += doubles[number]
    place = np.empty(start[numbers], np.int32)
    free = start[:-1].copy()
    for group in range(ends.shape[0]):
        for k in range(ENDS):
            if ends[group, k] < 0:
                break
            number = first[ends[group, k]]
            place[free[number]] = group
            free[number] += 1
    low = np.zeros(first.size, np.int32)
    high = np.zeros(first.size, np.int32)
    twice = np.zeros(first.size, np.bool_)
    for element in range(first.size):
        if first[element] >= 0:
            low[element], high[element] = start[first[element]], start[last[element]]
            twice[element] = doubles[last[element]] > doubles[first[element]]
    twice[0] = True
    return start, place, low, high, twice
