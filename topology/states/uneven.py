"""Exchangers behind which the slices of one side alone do not tell which pipes are lost."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.codes import EXCHANGER, SOURCE
from topology.states.refresh import BoolArray, IntArray, LinkArrays, SideArrays


def uneven_exchangers(links: LinkArrays, sides: SideArrays, zone: IntArray, passes: BoolArray) -> NDArray[np.intp]:
    """Return the exchanger links behind which one side alone does not tell who is lost.

    1. The zone of one half is fed by other exchangers (or by a source) than the zone of the other half.
    2. A consumer of the zone is drawn on one side only.
    3. One side of the primary network is not drawn and the other stands for it.
    4. The zone is fed by an exchanger with one half beside others with two.

    Notes
    -----
    Cost: see docs/topology.md; linear in links and services.
    """
    halves = _halves(links, passes)
    return np.flatnonzero(_uneven(links, halves, zone, _odd_zones(links, sides, zone, passes)))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _halves(links: LinkArrays, passes: BoolArray) -> IntArray:
    """Return the working exchanger halves of each substation, -1 = none, shape (substations, 2)."""
    stations = 0
    for link in range(links.kind.size):
        stations = max(stations, links.station[link] + 1)
    halves = np.full((stations, 2), -1, np.int32)
    for link in range(links.kind.size):
        if passes[link] and links.kind[link] == EXCHANGER:
            of = links.station[link]
            halves[of, 0 if halves[of, 0] < 0 else 1] = link
    return halves


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _odd_zones(links: LinkArrays, sides: SideArrays, zone: IntArray, passes: BoolArray) -> NDArray[np.uint8]:
    """Mark zones: 1 a source feeds it, 2 a consumer of it is drawn on one side only."""
    odd = np.zeros(zone.size, np.uint8)
    for link in range(links.kind.size):
        if passes[link] and links.kind[link] == SOURCE:
            odd[zone[links.b[link]]] |= 1
    for i in range(sides.supply.size):
        if sides.supply[i] >= 0 and sides.back[i] < 0:
            odd[zone[sides.supply[i]]] |= 2
        elif sides.supply[i] < 0 and sides.back[i] >= 0:
            odd[zone[sides.back[i]]] |= 2
    return odd


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _uneven(links: LinkArrays, halves: IntArray, zone: IntArray, odd: NDArray[np.uint8]) -> BoolArray:
    mate = np.full(zone.size, -1, np.int32)
    many = np.zeros(zone.size, np.bool_)
    alone = np.zeros(zone.size, np.bool_)
    for of in range(len(halves)):
        one, two = halves[of, 0], halves[of, 1]
        if two >= 0:
            here, there = zone[links.b[one]], zone[links.b[two]]
            many[here] |= mate[here] >= 0 and mate[here] != there
            mate[here] = there
            many[there] |= mate[there] >= 0 and mate[there] != here
            mate[there] = here
        elif one >= 0:
            alone[zone[links.b[one]]] = True
    uneven = np.zeros(links.kind.size, np.bool_)
    for number in range(len(halves)):
        one, two = halves[number, 0], halves[number, 1]
        bad = False
        for half in (one, two):
            if half >= 0:
                of = zone[links.b[half]]
                bad |= (alone[of] and mate[of] >= 0) or many[of] or (two >= 0 and odd[of] & 2 > 0)
        if two >= 0:
            bad |= (odd[zone[links.b[one]]] & 1) != (odd[zone[links.b[two]]] & 1) or links.a[one] == links.a[two]
            uneven[two] = bad
        if one >= 0:
            uneven[one] = bad
    return uneven
