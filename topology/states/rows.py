"""Asset rows laid out by a position of their elements, so that an answer is a slice; compiled by numba."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import njit

from topology.build.grouped import Grouped
from topology.build.segment_net import SegmentNet, Things
from topology.codes import ROOT
from topology.states.lost import Lost, is_above
from topology.states.refresh import BoolArray, IntArray, TreeArrays


def rows_by_position(net: SegmentNet, gates: BoolArray, at: IntArray, size: int) -> Grouped:
    """Lay out all rows by a position of their elements.

    Parameters
    ----------
    net
        Rows by element.
    gates
        Which of them stand there (`topology.build.segment_net.gates_of`).
    at
        Position of each element below `size`; rows of elements at -1 are left out.
    size
        Number of positions.
    """
    start = np.zeros(size + 1, np.int32)
    for part in (net.things, net.consumers):
        count_things(part, gates, at, start)
    np.cumsum(start, out=start)
    rows, free = np.empty(start[-1], np.int32), start[:-1].copy()
    for part in (net.things, net.consumers):
        place_things(part, gates, at, free, rows)
    return Grouped(start, rows)


def rows_lost(
    things: Things,
    gates: BoolArray,
    consumers: Iterable[tuple[Lost, IntArray]],
    zones: IntArray,
    *,
    tree: TreeArrays,
    across: IntArray,
) -> Grouped:
    """Lay out rows by preorder number of the dominator tree, so that the subtree of an element holds what is lost with it.

    1. Pipes, valves and substations stand at their elements: what cuts these off lies above them in the tree.
    2. An exchanger stops as a whole. What stops every exchanger of a zone by the other half of each (`across`) takes the zone
       along, so the rows of the zone stand at the lower end of that chain too, unless they stand below it by their pairs.
    3. Buildings and inlets stand where `topology.states.lost` puts them.

    Parameters
    ----------
    things
        Rows by element.
    gates
        Which of them stand there.
    consumers
        Buildings and inlets with the rows of their places.
    zones
        Zone of each element.
    tree, across
        The dominator tree; the lower end of the chain across of each zone.
    """
    consumers = list(consumers)
    at = tree.first
    number, row = things_across(things, gates, zones, tree, across)
    start = np.zeros(int(tree.last[ROOT]) + 1, np.int32)
    start[1:] += np.bincount(number, minlength=start.size - 1).astype(np.int32)
    for found, _ in consumers:
        start[1:] += np.diff(found.start)
    count_things(things, gates, at, start)
    np.cumsum(start, out=start)
    rows, free = np.empty(start[-1], np.int32), start[:-1].copy()
    place_things(things, gates, at, free, rows)
    for found, of_place in consumers:
        place_runs(found.start, of_place[found.place], free, rows)
    place_rows(number, row, free, rows)
    return Grouped(start, rows)


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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def place_rows(position: IntArray, row: IntArray, free: IntArray, rows: IntArray) -> None:
    """Write rows to the next free places of their positions."""
    for i in range(position.size):
        rows[free[position[i]]] = row[i]
        free[position[i]] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def things_across(
    things: Things, gates: BoolArray, zones: IntArray, tree: TreeArrays, across: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the preorder numbers and rows of what stands at the chain across of its zone only for that chain's sake."""
    number = np.empty(things.row.size, np.int32)
    row = np.empty(things.row.size, np.int32)
    count = 0
    for element in range(1, things.start.size - 1):
        if tree.first[element] < 0:
            continue
        end = across[zones[element]]
        if end == 0 or is_above(tree, end, element):
            continue
        for k in range(things.start[element], things.start[element + 1]):
            mate = things.mate[k]
            if gates[things.gate[k]] and (mate < 0 or tree.first[mate] < 0 or not is_above(tree, end, mate)):
                number[count], row[count] = tree.first[end], things.row[k]
                count += 1
    return number[:count], row[:count]
