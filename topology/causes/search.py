"""The search for causes: log likelihood ratios of all candidates, best first, its alarms removed, again.

Score of a candidate = how much better "this failed" explains what rang and what kept silent than "nothing did", with the hit rate
estimated from its own stations. That is a scan statistic (M. Kulldorff: A spatial scan statistic. Communications in Statistics
26 (6), 1997) over the slices of the dominator tree and over hydraulic footprints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.causes.footprints import LEVELS, BoundFootprints
from topology.causes.kernels import LARGEST_RATE, best_of_places, scan_footprints, scan_tree, sums_of_rows
from topology.causes.places import Places
from topology.causes.times import Times

IntArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]
Floats = NDArray[np.float64]

HIT_RATES: Floats = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, LARGEST_RATE])
"""Hit rates that a footprint is tried with; a slice of the tree has its own rate in closed form."""
CREDIBLE = 0.97
"""Share of the likelihood that a group of candidates holds which cannot be told apart."""
MOST_CAUSES = 50
_BY_TREE = -1
_TOP_LEVEL = len(LEVELS) - 1
_DEPENDENT = 3.0
"""Stations of one failure are mistaken together (a rougher pipe, a larger burst), so only every third one counts as a witness
when candidates are weighed against each other."""
_MARGIN = 8.0 * _DEPENDENT
"""Candidates worse than the best by more than this have less than a two-thousandth of its weight."""
_SHARED = 0.5
"""A candidate is a rival of the best one when it explains the same alarms: at least this share of its own."""
_SURE = 2
"""Least level at which silence of a station below is worth a look."""
_TIMED = 64
"""So many of the best candidates are held against the ages of the alarms."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Stations with a sensor, those that rang first.

    Attributes
    ----------
    row
        Asset rows, shape (points,).
    rang
        How many of them rang; the rest is silent.
    number
        Preorder numbers of both sides, shape (points, 2); -1 = none.
    column
        Column of the substation that each belongs to; -1 = none.
    times
        Ages of the alarms and times of travel; None where no age is known.
    """

    row: IntArray
    rang: int
    number: IntArray
    column: IntArray
    times: Times | None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One cause in numbers.

    Attributes
    ----------
    place, hypothesis
        The best candidate, and which hypothesis of it (`_BY_TREE` = it cuts off).
    group
        Places that cannot be told apart, best first.
    tied
        How many of them score exactly as the first.
    explained, silent
        Points.
    columns
        Columns that the cause takes or lets fall short.
    score, hit_rate, confidence
        See `topology.causes.root_cause.Cause`.
    runner_up, distance
        Best place outside the group (-1 = none) and how much lower its score is.
    age_s
        Since when, where ages are known; else NaN.
    """

    place: int
    hypothesis: int
    group: IntArray
    tied: int
    explained: IntArray
    silent: IntArray
    columns: IntArray
    score: float
    hit_rate: float
    confidence: float
    runner_up: int
    distance: float
    age_s: float


def search(places: Places, prints: BoundFootprints, evidence: Evidence, stray: float) -> list[Found]:
    """Find causes, best first, until the next one gains less than the logarithm of the number of candidates."""
    count = len(places.element) + len(prints.pump_row)
    open_points = np.ones(len(evidence.row), bool)
    found: list[Found] = []
    while count and len(found) < MOST_CAUSES and open_points[: evidence.rang].any():
        round_ = _Round(places, prints, evidence, open_points, stray)
        cause = round_.best(np.log(count))
        if cause is None:
            break
        found.append(cause)
        open_points[cause.explained] = False
    return found


class _Round:
    """One step of the search: sums over the points that are still open."""

    def __init__(self, places: Places, prints: BoundFootprints, evidence: Evidence, open_points: BoolArray, stray: float) -> None:
        self._places, self._prints, self._evidence, self._open, self._stray = places, prints, evidence, open_points, stray
        self._alarms = self._sums(np.flatnonzero(open_points[: evidence.rang]))
        self._sensors = self._sums(np.flatnonzero(open_points))
        self._tables = _tables(stray)
        self._scores, self._hypothesis, self._rate = self._score_all()

    def _sums(self, points: NDArray[np.intp]) -> IntArray:
        """Return how many of some points come before each number."""
        counts = np.bincount(self._evidence.number[points].ravel() + 1, minlength=self._places.size + 1)
        counts[0] = 0
        return np.cumsum(counts).astype(np.int32)

    def _by_column(self, sums: IntArray) -> IntArray:
        below: IntArray = sums[self._places.station_last] - sums[self._places.station_first]
        return below

    def _score_all(self) -> tuple[Floats, IntArray, NDArray[np.uint8]]:
        places, prints = self._places, self._prints
        scores = np.zeros(len(places.element) + len(prints.pump_row))
        scores[: len(places.element)] = scan_tree(places.first, places.last, self._alarms, self._sensors, self._stray)
        alarms, sensors = self._by_column(self._alarms), self._by_column(self._sensors)
        found, rate = scan_footprints(prints.start, prints.column, prints.level, alarms, sensors, *self._tables)
        return scores, best_of_places(scores, found, prints.member_start, prints.member), rate

    def best(self, least: float) -> Found | None:
        """Return the best candidate with its group; None when it gains less than `least`."""
        if self._evidence.times is not None:
            self._hold_against_ages(least)
        place = int(np.argmax(self._scores))
        if self._scores[place] <= least:
            return None
        level, age_s = self._levels(place)
        points = np.flatnonzero((level >= 0) & self._open)
        explained = points[points < self._evidence.rang]
        silent = points[(points >= self._evidence.rang) & (level[points] >= _SURE)]
        group, share, runner_up, distance = self._group(place, explained)
        score = float(self._scores[place])
        sure = 1.0 / (1.0 + np.exp(min(least - score, 500.0)))
        return Found(
            place=place,
            hypothesis=int(self._hypothesis[place]),
            group=group,
            tied=int(np.count_nonzero(self._scores[group] >= score - 1e-9)),
            explained=explained.astype(np.int32),
            silent=silent.astype(np.int32),
            columns=self._columns(place),
            score=score,
            hit_rate=self._hit_rate(place),
            confidence=float(share * sure),
            runner_up=runner_up,
            distance=distance,
            age_s=age_s,
        )

    # ------------------------------------------------------------ one candidate

    def _span(self, place: int) -> tuple[int, int]:
        return int(self._places.first[place]), int(self._places.last[place])

    def _row_of_levels(self, hypothesis: int) -> NDArray[np.int8]:
        part = slice(self._prints.start[hypothesis], self._prints.start[hypothesis + 1])
        level = np.full(len(self._places.station_row) + 1, -1, np.int8)  # the last one is that of points without a column
        level[self._prints.column[part]] = self._prints.level[part]
        return level

    def _level_of_points(self, place: int) -> NDArray[np.int8]:
        """Return how surely each point rings when the place has failed; -1 = not at all."""
        hypothesis = int(self._hypothesis[place])
        if hypothesis != _BY_TREE:
            return self._row_of_levels(hypothesis)[self._evidence.column]
        first, last = self._span(place)
        number = self._evidence.number
        return np.where(((number >= first) & (number < last)).any(axis=1), _TOP_LEVEL, -1).astype(np.int8)

    def _levels(self, place: int) -> tuple[NDArray[np.int8], float]:
        """Return the levels of the points as far as the ages allow, and the age of the cause."""
        level = self._level_of_points(place)
        times = self._evidence.times
        if times is None:
            return level, float("nan")
        fits, age_s = times.fits(self._start_number(place), self._by_water(place), (level >= 0) & self._open, self._evidence.rang)
        return np.where(fits, level, np.int8(-1)), age_s

    def _hold_against_ages(self, least: float) -> None:
        """Score the best candidates again without what cannot be theirs by its age; the others keep an upper bound below them."""
        order = np.argsort(-self._scores)[:_TIMED]
        order = order[self._scores[order] > least]
        for place in order:
            level, _ = self._levels(int(place))
            self._scores[place] = self._score_of(level)
        rest = np.ones(len(self._scores), bool)
        rest[order] = False
        if len(order):
            self._scores[rest] = np.minimum(self._scores[rest], self._scores[order].max())

    def _score_of(self, level: NDArray[np.int8]) -> float:
        points = (level >= 0) & self._open
        rang = np.bincount(level[: self._evidence.rang][points[: self._evidence.rang]], minlength=len(LEVELS))
        quiet = np.bincount(level[self._evidence.rang :][points[self._evidence.rang :]], minlength=len(LEVELS))
        return max(0.0, float((rang @ self._tables[0] + quiet @ self._tables[1]).max()))

    def _hit_rate(self, place: int) -> float:
        hypothesis = int(self._hypothesis[place])
        if hypothesis != _BY_TREE:
            return float(HIT_RATES[self._rate[hypothesis]])
        first, last = self._span(place)
        rung, sensors = self._alarms[last] - self._alarms[first], self._sensors[last] - self._sensors[first]
        return float(max(0.0, (rung / sensors - self._stray) / (1.0 - self._stray)))

    def _columns(self, place: int) -> IntArray:
        """Return the substations that the place lets fall short, or takes."""
        hypothesis = int(self._hypothesis[place])
        if hypothesis != _BY_TREE:
            part = slice(self._prints.start[hypothesis], self._prints.start[hypothesis + 1])
            return self._prints.column[part][self._prints.level[part] >= _SURE]
        first, last = self._span(place)
        column = np.unique(self._places.column_at[first:last])
        below: IntArray = column[column >= 0]
        return below

    def _start_number(self, place: int) -> int:
        return int(self._places.first[place]) if place < len(self._places.element) else -1

    def _by_water(self, place: int) -> bool:
        """Tell whether what the place does travels with the water: a source that gives no heat."""
        return bool(place < len(self._places.element) and self._places.is_source[place])

    # ------------------------------------------------------------ its rivals

    def _group(self, place: int, explained: IntArray | NDArray[np.intp]) -> tuple[IntArray, float, int, float]:
        """Return the places that cannot be told from the best one, the share of the likelihood they hold, and the next one."""
        near = np.flatnonzero(self._scores > max(self._scores[place] - _MARGIN, 0.0)).astype(np.int32)
        rivals = near[self._shares(near, explained)]
        rivals = np.concatenate([[place], rivals[rivals != place]]).astype(np.int32)
        rivals = rivals[np.argsort(-self._scores[rivals], kind="stable")]
        scores = self._scores[rivals]
        weight = np.exp((scores - scores[0]) / _DEPENDENT)
        held = np.cumsum(weight) / weight.sum()
        last = int(np.searchsorted(held, CREDIBLE))
        last = min(last, len(rivals) - 1)
        size = int(np.count_nonzero(scores >= scores[last] - 1e-9))  # ties of the last one belong to it
        runner_up = int(rivals[size]) if size < len(rivals) else -1
        distance = float(scores[0] - scores[size]) if runner_up >= 0 else float("nan")
        return rivals[:size], float(held[size - 1]), runner_up, distance

    def _shares(self, near: IntArray, explained: IntArray | NDArray[np.intp]) -> BoolArray:
        """Tell which candidates explain mostly what the best one explains."""
        same = self._sums(np.asarray(explained, np.intp))
        total, shared = np.zeros(len(near)), np.zeros(len(near))
        by_tree = self._hypothesis[near] == _BY_TREE
        tree = near[by_tree]
        first, last = self._places.first[tree], self._places.last[tree]
        total[by_tree] = self._alarms[last] - self._alarms[first]
        shared[by_tree] = same[last] - same[first]
        rows = self._hypothesis[near[~by_tree]]
        for sums, into in ((self._alarms, total), (same, shared)):
            into[~by_tree] = sums_of_rows(rows, self._prints.start, self._prints.column, self._by_column(sums))
        return (total > 0) & (shared >= _SHARED * total)


def _tables(stray: float) -> tuple[Floats, Floats]:
    """Return the logarithms of what one alarm and one silent sensor say, by level and hit rate."""
    chance = stray + (1.0 - stray) * np.outer(np.array(LEVELS), HIT_RATES)
    chance = np.minimum(chance, LARGEST_RATE)
    return np.log(chance / stray), np.log((1.0 - chance) / (1.0 - stray))
