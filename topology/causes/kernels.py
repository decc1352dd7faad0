"""Compiled sums behind the search for causes: one pass over all candidates, no memory of its own."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]

LARGEST_RATE = 0.98
"""No candidate is so sure that one silent station rules it out."""


@njit(cache=True)  # type: ignore[untyped-decorator]
def scan_tree(first: IntArray, last: IntArray, alarms: IntArray, sensors: IntArray, stray: float) -> Floats:
    """Score every candidate whose stations are a slice of the tree.

    Parameters
    ----------
    first, last
        Slice of each candidate, shape (candidates,).
    alarms, sensors
        Number of alarms, and of stations with a sensor, before each number of the tree; shape (numbers + 1,).
    stray
        Rate of stray alarms.

    Returns
    -------
    Log likelihood ratio against "no cause here", the alarm rate being that of the candidate's own stations; 0 where it is no
    higher than the stray rate, and with fewer than two alarms.
    """
    score = np.zeros(first.size)
    for c in range(first.size):
        rung = alarms[last[c]] - alarms[first[c]]
        if rung > 1:  # a single alarm is its station's own matter
            score[c] = scan_score(rung, sensors[last[c]] - sensors[first[c]], stray)
    return score


@njit(cache=True)  # type: ignore[untyped-decorator]
def scan_score(rung: int, sensors: int, stray: float) -> float:
    """Return the log likelihood ratio of `rung` alarms among `sensors` stations, at their own rate against the stray rate."""
    rate = min(rung / sensors, LARGEST_RATE)
    if rate <= stray:
        return 0.0
    return float(rung * np.log(rate / stray) + (sensors - rung) * np.log((1.0 - rate) / (1.0 - stray)))


@njit(cache=True)  # type: ignore[untyped-decorator]
def scan_footprints(  # noqa: PLR0917 - compiled functions take arrays by place
    start: IntArray, column: IntArray, level: NDArray[np.uint8], alarms: IntArray, sensors: IntArray, rang: Floats, quiet: Floats
) -> tuple[Floats, NDArray[np.uint8]]:
    """Score every hypothesis whose stations are a list, each with a level of how likely it is to ring.

    Parameters
    ----------
    start, column, level
        Rows of hypotheses: `column[start[j] : start[j + 1]]` are their stations.
    alarms, sensors
        By column.
    rang, quiet
        Logarithm of the ratio that one alarm, or one silent sensor, gives; shape (levels, hit rates).

    Returns
    -------
    Best score of each hypothesis over the hit rates (0 with fewer than two alarms), and the index of that rate.
    """
    levels, rates = rang.shape
    score, best = np.zeros(start.size - 1), np.zeros(start.size - 1, np.uint8)
    rung, still = np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    for j in range(start.size - 1):
        total = 0
        for k in range(start[j], start[j + 1]):
            total += alarms[column[k]]
        if total < 2:
            continue
        rung[:] = 0
        still[:] = 0
        for k in range(start[j], start[j + 1]):
            here = alarms[column[k]]
            rung[level[k]] += here
            still[level[k]] += sensors[column[k]] - here
        for rate in range(rates):
            found = 0.0
            for each in range(levels):
                found += rung[each] * rang[each, rate] + still[each] * quiet[each, rate]
            if found > score[j]:
                score[j] = found
                best[j] = rate
    return score, best


@njit(cache=True)  # type: ignore[untyped-decorator]
def best_of_places(score: Floats, found: Floats, member_start: IntArray, member: IntArray) -> IntArray:
    """Let every place keep its best hypothesis: raises `score`, returns the hypothesis of each place, -1 = what the tree says."""
    hypothesis = np.full(score.size, -1, np.int32)
    for j in range(found.size):
        for k in range(member_start[j], member_start[j + 1]):
            if found[j] > score[member[k]]:
                score[member[k]] = found[j]
                hypothesis[member[k]] = j
    return hypothesis


@njit(cache=True)  # type: ignore[untyped-decorator]
def sums_of_rows(rows: IntArray, start: IntArray, column: IntArray, alarms: IntArray) -> IntArray:
    """Add up the alarms of some hypotheses."""
    total = np.zeros(rows.size, np.int32)
    for i in range(rows.size):
        for k in range(start[rows[i]], start[rows[i] + 1]):
            total[i] += alarms[column[k]]
    return total
