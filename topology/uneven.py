"""Exchangers behind which the slices of one side alone do not tell which pipes are lost."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.codes import EXCHANGER, SOURCE
from topology.refresh import BoolArray, ByteArray, IntArray


def uneven_exchangers(
    kind: ByteArray,
    a: IntArray,
    b: IntArray,
    station: IntArray,
    supply: IntArray,
    back: IntArray,
    zone: IntArray,
    passes: BoolArray,
) -> NDArray[np.intp]:
    """Return the exchanger links behind which one side alone does not tell who is lost.

    1. The zone of one half is fed by other exchangers (or by a source) than the zone of the other half.
    2. A consumer of the zone is drawn on one side only.
    3. One side of the primary network is not drawn and the other stands for it.
    4. The zone is fed by an exchanger with one half beside others with two.

    Notes
    -----
    Cost: 0.3 ms for 20,000 links and 70,000 services.
    """
    return np.flatnonzero(_uneven(kind, a, b, station, supply, back, zone, passes))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _uneven(
    kind: ByteArray,
    a: IntArray,
    b: IntArray,
    station: IntArray,
    supply: IntArray,
    back: IntArray,
    zone: IntArray,
    passes: BoolArray,
) -> BoolArray:
    zones = 1
    for segment in range(zone.size):
        zones = max(zones, zone[segment] + 1)
    stations = 1
    for link in range(kind.size):
        stations = max(stations, station[link] + 1)
    sourced = np.zeros(zones, np.bool_)
    one_sided = np.zeros(zones, np.bool_)
    halves = np.full((stations, 2), -1, np.int32)
    for link in range(kind.size):
        if passes[link] and kind[link] == SOURCE:
            sourced[zone[b[link]]] = True
        elif passes[link] and kind[link] == EXCHANGER:
            halves[station[link], 0 if halves[station[link], 0] < 0 else 1] = link
    for i in range(supply.size):
        if supply[i] >= 0 and back[i] < 0:
            one_sided[zone[supply[i]]] = True
        elif supply[i] < 0 and back[i] >= 0:
            one_sided[zone[back[i]]] = True
    mate = np.full(zones, -1, np.int32)
    many = np.zeros(zones, np.bool_)
    alone = np.zeros(zones, np.bool_)
    for of in range(stations):
        if halves[of, 1] < 0:
            if halves[of, 0] >= 0:
                alone[zone[b[halves[of, 0]]]] = True
            continue
        for k in range(2):
            here, there = zone[b[halves[of, k]]], zone[b[halves[of, 1 - k]]]
            many[here] |= mate[here] >= 0 and mate[here] != there
            mate[here] = there
    uneven = np.zeros(kind.size, np.bool_)
    for of in range(stations):
        one, two = halves[of, 0], halves[of, 1]
        if one < 0:
            continue
        here = zone[b[one]]
        bad = alone[here] and mate[here] >= 0
        if two >= 0:
            there = zone[b[two]]
            bad |= alone[there] and mate[there] >= 0
            bad |= many[here] or many[there] or sourced[here] != sourced[there]
            bad |= one_sided[here] or one_sided[there] or a[one] == a[two]
        if bad:
            uneven[one] = True
            if two >= 0:
                uneven[two] = True
    return uneven
