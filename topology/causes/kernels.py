"""Compiled sums and scores behind the search for causes.

All candidates are counted and scored once a question; when alarms are taken out, only what holds one of their stations is again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.causes.footprints import SURE
from topology.causes.layout import Layout

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]

LARGEST_RATE = 0.98
"""No candidate is so sure that one silent station rules it out."""
_PATIENCE = 2


class Tables(NamedTuple):
    """What one alarm (`rang`) and one silent sensor (`quiet`) say: logarithms of ratios, shape (severities, hit rates, codes).

    `chances` is `footprints.CHANCES`, `prior` `footprints.FALL_PRIOR`, `stray` the rate of stray alarms.
    """

    rang: Floats
    quiet: Floats
    chances: Floats
    prior: Floats
    stray: float


class Tally(NamedTuple):
    """Counts and scores of one question; changed while alarms are taken out.

    Attributes
    ----------
    alarms, sensors, tree_score
        Of each candidate's slice.
    rung, still
        Alarms and silent sensors of each footprint by code.
    row_score, row_severity, row_rate
        Best score of each footprint, and the severity and hit rate that give it.
    score, row
        Best score of each place, and the footprint that gives it (-1 = its slice).
    column_alarms
        Alarms by station.
    """

    alarms: IntArray
    sensors: IntArray
    tree_score: Floats
    rung: NDArray[np.int16]
    still: NDArray[np.int16]
    row_score: Floats
    row_severity: IntArray
    row_rate: IntArray
    score: Floats
    row: IntArray
    column_alarms: IntArray


@njit(cache=True)  # type: ignore[untyped-decorator]
def tally(layout: Layout, tables: Tables, number: IntArray, column: IntArray, rang: int) -> Tally:
    """Count the points of a question and score everything.

    Parameters
    ----------
    number, column
        Of each point: its numbers on both sides, its station; -1 = none.
    rang
        The first so many points are alarms, the others silent sensors.
    """
    alarms, sensors = slice_counts(layout, number, rang)
    tree_score = np.zeros(alarms.size)
    for c in range(alarms.size):
        tree_score[c] = scan_score(alarms[c], sensors[c], tables.stray)
    stations = layout.column_start.size - 1
    column_alarms, silent = np.zeros(stations, np.int32), np.zeros(stations, np.int32)
    for i in range(column.size):
        if column[i] >= 0:
            column_alarms[column[i]] += i < rang
            silent[column[i]] += i >= rang
    rung, still = _row_counts(layout, column_alarms, silent)
    rows, places = rung.shape[0], layout.place_start.size - 1
    found = Tally(
        alarms,
        sensors,
        tree_score,
        rung,
        still,
        np.zeros(rows),
        np.full(rows, tables.prior.size // 2, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(places),
        np.full(places, -1, np.int32),
        column_alarms,
    )
    for j in range(rows):
        _score_row(layout, tables, found, j)
    for p in range(places):
        _best_of_place(layout, found, p)
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def slice_counts(layout: Layout, number: IntArray, rang: int) -> tuple[IntArray, IntArray]:
    """Return how many alarms, and how many points in all, lie in the slice of each candidate."""
    alarms, points = np.zeros(layout.parent.size, np.int32), np.zeros(layout.parent.size, np.int32)
    for i in range(number.shape[0]):
        for side in range(2):
            holder = layout.holder_at[number[i, side]] if number[i, side] >= 0 else -1
            if holder >= 0:
                points[holder] += 1
                alarms[holder] += i < rang
    for c in layout.order:
        if layout.parent[c] >= 0:
            points[layout.parent[c]] += points[c]
            alarms[layout.parent[c]] += alarms[c]
    return alarms, points


@njit(cache=True)  # type: ignore[untyped-decorator]
def _row_counts(layout: Layout, alarms: IntArray, silent: IntArray) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Count alarms and silent sensors of each footprint by code; most stations are silent, only the others are gone through."""
    rung, still = np.zeros_like(layout.total), layout.total.copy()
    for c in range(alarms.size):
        rings, more = alarms[c], silent[c] - 1
        if rings == 0 and more == 0:
            continue
        for k in range(layout.column_start[c], layout.column_start[c + 1]):
            rung[layout.column_row[k], layout.column_code[k]] += rings
            still[layout.column_row[k], layout.column_code[k]] += more
    return rung, still


@njit(cache=True)  # type: ignore[untyped-decorator]
def take_out(  # noqa: PLR0917 - compiled functions take arrays by place
    layout: Layout, tables: Tables, found: Tally, number: IntArray, column: IntArray, by: int
) -> None:
    """Take alarms out of everything that holds them (`by` -1), or put them back (`by` 1), and score that again."""
    rows, places = np.zeros(found.row_score.size, np.bool_), np.zeros(found.score.size, np.bool_)
    for i in range(column.size):
        if column[i] >= 0:
            found.column_alarms[column[i]] += by
            for k in range(layout.column_start[column[i]], layout.column_start[column[i] + 1]):
                found.rung[layout.column_row[k], layout.column_code[k]] += by
                rows[layout.column_row[k]] = True
        for side in range(2):
            c = layout.holder_at[number[i, side]] if number[i, side] >= 0 else -1
            while c >= 0:
                found.alarms[c] += by
                found.sensors[c] += by
                places[c] = True
                c = layout.parent[c]
    for c in range(found.tree_score.size):
        if places[c]:
            found.tree_score[c] = scan_score(found.alarms[c], found.sensors[c], tables.stray)
    for j in range(rows.size):
        if rows[j]:
            _score_row(layout, tables, found, j)
            for k in range(layout.member_start[j], layout.member_start[j + 1]):
                places[layout.member[k]] = True
    for p in range(places.size):
        if places[p]:
            _best_of_place(layout, found, p)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _best_of_place(layout: Layout, found: Tally, place: int) -> None:
    """Let a place keep its best explanation: its slice, or one of its footprints."""
    found.score[place] = found.tree_score[place] if place < found.tree_score.size else 0.0
    found.row[place] = -1
    for k in range(layout.place_start[place], layout.place_start[place + 1]):
        j = layout.place_row[k]
        if found.row_score[j] > found.score[place]:
            found.score[place] = found.row_score[j]
            found.row[place] = j


@njit(cache=True)  # type: ignore[untyped-decorator]
def scan_score(rung: int, sensors: int, stray: float) -> float:
    """Return the log likelihood ratio of `rung` alarms among `sensors` stations, at their own rate against the stray rate.

    It is 0 where the rate is no higher than the stray rate, and with fewer than two alarms: one is its station's own matter.
    """
    if rung < 2:
        return 0.0
    rate = min(rung / sensors, LARGEST_RATE)
    if rate <= stray:
        return 0.0
    return float(rung * np.log(rate / stray) + (sensors - rung) * np.log((1.0 - rate) / (1.0 - stray)))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _score_row(layout: Layout, tables: Tables, found: Tally, row: int) -> None:
    """Find the severity and the hit rate that explain best what the stations of a footprint do; 0 with fewer than two alarms.

    Both are climbed: the hit rate from the share that rang (the score is concave in it), the severity from the last best one,
    over one step that is no better.
    """
    rung, still = found.rung[row], found.still[row]
    found.row_score[row] = 0.0
    if rung.sum() < 2:
        return
    used = np.flatnonzero((rung != 0) | (still != 0))
    count = layout.severities[row]
    first = min(found.row_severity[row], count - 1)
    best, best_rate = _at_severity(layout, tables, (rung, still, used), row, first)
    found.row_severity[row] = first
    for step in (-1, 1):
        severity, worse = first + step, 0
        while 0 <= severity < count and worse < _PATIENCE:
            score, rate = _at_severity(layout, tables, (rung, still, used), row, severity)
            worse += 1
            if score > best:
                best, best_rate, found.row_severity[row], worse = score, rate, severity, 0
            severity += step
    found.row_score[row], found.row_rate[row] = max(best, 0.0), best_rate


@njit(cache=True)  # type: ignore[untyped-decorator]
def _at_severity(
    layout: Layout,
    tables: Tables,
    counts: tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int64]],
    row: int,
    severity: int,
) -> tuple[float, int]:
    """Return the best score at one severity, and its hit rate."""
    rung, still, used = counts
    unsure, rates = np.empty(used.size, np.int64), tables.rang.shape[1]
    rang, sensors, sure_rang, sure_still, count = 0.0, 1e-9, 0, 0, 0
    for code in used:
        chance = tables.chances[code, severity]
        if chance == 1.0:
            sure_rang += rung[code]
            sure_still += still[code]
        elif chance > 0.0:
            rang += chance * rung[code]
            sensors += chance * (rung[code] + still[code])
            unsure[count] = code
            count += 1
    part = (rung, still, unsure[:count], sure_rang, sure_still)
    rang, sensors = rang + sure_rang, sensors + sure_rang + sure_still
    rate = min(max(int(rang / sensors * rates + 0.5) - 1, 0), rates - 1)
    score = _at(tables, part, severity, rate)
    for step in (-1, 1):
        while 0 <= rate + step < rates:
            further = _at(tables, part, severity, rate + step)
            if further <= score:
                break
            score, rate = further, rate + step
    if layout.severities[row] > 1 and not layout.is_burst[row]:
        score += tables.prior[severity]
    return score, rate


@njit(cache=True)  # type: ignore[untyped-decorator]
def _at(
    tables: Tables, part: tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int64], int, int], severity: int, rate: int
) -> float:
    """Score the counts of a footprint: those of its unsure codes one by one, those that ring for certain as one."""
    rung, still, unsure, sure_rang, sure_still = part
    score = sure_rang * tables.rang[severity, rate, SURE] + sure_still * tables.quiet[severity, rate, SURE]
    for code in unsure:
        score += rung[code] * tables.rang[severity, rate, code] + still[code] * tables.quiet[severity, rate, code]
    return float(score)


@njit(cache=True)  # type: ignore[untyped-decorator]
def alarms_of_rows(  # noqa: PLR0917
    layout: Layout, tables: Tables, found: Tally, rows: IntArray, same: IntArray, least: float
) -> tuple[IntArray, IntArray]:
    """Return how many alarms some footprints explain at their best severity, and how many of `same` (by station) are in it."""
    total, shared = np.zeros(rows.size, np.int32), np.zeros(rows.size, np.int32)
    for i in range(rows.size):
        severity = found.row_severity[rows[i]]
        for k in range(layout.start[rows[i]], layout.start[rows[i] + 1]):
            if found.column_alarms[layout.column[k]] > 0 and tables.chances[layout.code[k], severity] >= least:
                total[i] += found.column_alarms[layout.column[k]]
                shared[i] += same[layout.column[k]]
    return total, shared
