"""The search for causes: log likelihood ratios of all candidates, best first, its alarms removed, again.

Score of a candidate = how much better "this failed" explains what rang and what kept silent than "nothing did", with the hit rate
estimated from its own stations. That is a scan statistic (M. Kulldorff: A spatial scan statistic. Communications in Statistics
26 (6), 1997) over the slices of the dominator tree and over hydraulic footprints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from topology.causes.footprints import CHANCES, FALL_PRIOR, LEAST_CHANCE, BoundFootprints
from topology.causes.kernels import LARGEST_RATE, Tables, Tally, alarms_of_rows, slice_counts, take_out, tally
from topology.causes.layout import Layout
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
_DEPENDENT = 3.0
"""Stations of one failure are mistaken together (a rougher pipe, a larger burst), so only every third one counts as a witness
when candidates are weighed against each other."""
_MARGIN = 8.0 * _DEPENDENT
"""Candidates worse than the best by more than this have less than a two-thousandth of its weight."""
_SHARED = 0.5
"""A candidate is a rival of the best one when it explains the same alarms: at least this share of its own."""
_SURE = 0.5
"""Least chance at which silence of a station below is worth a look."""
_REFIT = 8
"""With up to so many causes each is looked for again, given the others."""
_PASSES = 3
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


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a search is made on: the valve state of a network with its footprints."""

    places: Places
    prints: BoundFootprints
    layout: Layout

    @property
    def count(self) -> int:
        """Number of candidates."""
        return len(self.places.element) + len(self.prints.apart_row)


def search(ground: Ground, evidence: Evidence, stray: float) -> list[Found]:
    """Find causes, best first.

    1. The best candidate is taken with its alarms, until the next gains less than the logarithm of the number of candidates.
    2. When they are few, each is looked for again among its own alarms and those that nothing explains: the first ones were
       chosen while the alarms of the others were still there. Until nothing changes, `_PASSES` times at most.
    """
    if not ground.count or not evidence.rang:
        return []
    state = _Search(ground, evidence, stray)
    found = _greedy(state, [])
    for _ in range(_PASSES if 1 < len(found) <= _REFIT else 0):
        again = _greedy(state, _refitted(state, found))
        same = [each.place for each in again] == [each.place for each in found]
        found = again
        if same:
            break
    return sorted(found, key=lambda each: -each.score)


def _greedy(state: _Search, found: list[Found]) -> list[Found]:
    while len(found) < MOST_CAUSES:
        cause = state.best()
        if cause is None:
            break
        state.take(cause.explained)
        found = [*found, cause]
    return found


def _refitted(state: _Search, found: list[Found]) -> list[Found]:
    again = []
    for cause in found:
        state.give_back(cause.explained)
        better = state.best()
        if better is not None:
            state.take(better.explained)
            again.append(better)
    return again


class _Search:
    """One question: counts and scores over the points that are still open."""

    def __init__(self, ground: Ground, evidence: Evidence, stray: float) -> None:
        self._places, self._prints, self._layout, self._evidence = ground.places, ground.prints, ground.layout, evidence
        self._least, self._tables = float(np.log(ground.count)), _tables(stray)
        self._open = np.ones(len(evidence.row), bool)
        self._tally: Tally = tally(self._layout, self._tables, evidence.number, evidence.column, evidence.rang)

    def take(self, points: IntArray) -> None:
        """Take explained alarms out."""
        self._move(points, -1)

    def give_back(self, points: IntArray) -> None:
        """Put alarms back."""
        self._move(points, 1)

    def _move(self, points: IntArray, by: int) -> None:
        self._open[points] = by > 0
        number, column = self._evidence.number[points], self._evidence.column[points]
        take_out(self._layout, self._tables, self._tally, number, column, by)

    def best(self) -> Found | None:
        """Return the best candidate with its group; None when it gains too little."""
        scores = self._tally.score if self._evidence.times is None else self._held_against_ages()
        place = int(np.argmax(scores))
        if scores[place] <= self._least:
            return None
        chance, age_s = self._chances(place)
        rang = self._evidence.rang
        points = np.flatnonzero((chance >= LEAST_CHANCE) & self._open)
        split = int(np.searchsorted(points, rang))
        explained, silent = points[:split], points[split:]
        group, share, runner_up, distance = self._group(place, scores, explained)
        score = float(scores[place])
        sure = 1.0 / (1.0 + np.exp(min(self._least - score, 500.0)))
        return Found(
            place=place,
            hypothesis=int(self._tally.row[place]),
            group=group,
            tied=int(np.count_nonzero(scores[group] >= score - 1e-9)),
            explained=explained.astype(np.int32),
            silent=silent[chance[silent] >= _SURE].astype(np.int32),
            columns=self._columns(place),
            score=score,
            hit_rate=self._hit_rate(place),
            confidence=float(share * sure),
            runner_up=runner_up,
            distance=distance,
            age_s=age_s,
        )

    # ------------------------------------------------------------ one candidate

    def _row(self, place: int) -> tuple[IntArray, Floats]:
        """Return the stations of the best footprint of a place, and how likely each rings."""
        row = int(self._tally.row[place])
        part = slice(self._prints.start[row], self._prints.start[row + 1])
        return self._prints.column[part], CHANCES[self._prints.code[part], self._tally.row_severity[row]]

    def _chance_of_points(self, place: int) -> Floats:
        """Return how likely each point rings when the place has failed; 0 = it does not feel it."""
        if self._tally.row[place] != _BY_TREE:
            column, chance = self._row(place)
            of_column = np.zeros(len(self._places.station_row) + 1)  # the last one is that of points without a column
            of_column[column] = chance
            found: Floats = of_column[self._evidence.column]
            return found
        first, last = self._places.first[place], self._places.last[place]
        number = self._evidence.number
        inside: Floats = ((number >= first) & (number < last)).any(axis=1).astype(np.float64)
        return inside

    def _chances(self, place: int) -> tuple[Floats, float]:
        """Return the chances of the points as far as the ages allow, and the age of the cause."""
        chance = self._chance_of_points(place)
        times = self._evidence.times
        if times is None:
            return chance, float("nan")
        mine = (chance >= LEAST_CHANCE) & self._open
        fits, age_s = times.fits(self._start_number(place), self._by_water(place), mine, self._evidence.rang, self._tables.stray)
        return chance * fits, age_s

    def _held_against_ages(self) -> Floats:
        """Return scores, those of the best candidates without what cannot be theirs by its age; the others stay below these."""
        scores = self._tally.score.copy()
        order = np.argsort(-scores)[:_TIMED]
        order = order[scores[order] > self._least]
        for place in order:
            scores[place] = self._score_of(self._chances(int(place))[0])
        if len(order):
            rest = np.ones(len(scores), bool)
            rest[order] = False
            scores[rest] = np.minimum(scores[rest], scores[order].max())
        return scores

    def _score_of(self, chance: Floats) -> float:
        points = np.flatnonzero((chance > 0.0) & self._open)
        rang, quiet = _logarithms(chance[points, None] * HIT_RATES, self._tables.stray)
        split = int(np.searchsorted(points, self._evidence.rang))
        return max(0.0, float((rang[:split].sum(axis=0) + quiet[split:].sum(axis=0)).max()))

    def _hit_rate(self, place: int) -> float:
        row = int(self._tally.row[place])
        if row != _BY_TREE:
            return float(HIT_RATES[self._tally.row_rate[row]])
        share, stray = self._tally.alarms[place] / max(self._tally.sensors[place], 1), self._tables.stray
        return float(max(0.0, (share - stray) / (1.0 - stray)))

    def _columns(self, place: int) -> IntArray:
        """Return the substations that the place lets fall short, or takes."""
        if self._tally.row[place] != _BY_TREE:
            column, chance = self._row(place)
            return column[chance >= _SURE]
        column = np.unique(self._places.column_at[self._places.first[place] : self._places.last[place]])
        below: IntArray = column[column >= 0]
        return below

    def _start_number(self, place: int) -> int:
        return int(self._places.first[place]) if place < len(self._places.element) else -1

    def _by_water(self, place: int) -> bool:
        """Tell whether what the place does travels with the water: a source that gives no heat."""
        return bool(place < len(self._places.element) and self._places.is_source[place])

    # ------------------------------------------------------------ its rivals

    def _group(self, place: int, scores: Floats, explained: NDArray[np.intp]) -> tuple[IntArray, float, int, float]:
        """Return the places that cannot be told from the best one, the share of the likelihood they hold, and the next one."""
        near = np.flatnonzero(scores > max(scores[place] - _MARGIN, 0.0)).astype(np.int32)
        rivals = near[self._shares(near, explained)]
        rivals = np.concatenate([[place], rivals[rivals != place]]).astype(np.int32)
        rivals = rivals[np.argsort(-scores[rivals], kind="stable")]
        ranked = scores[rivals]
        weight = np.exp((ranked - ranked[0]) / _DEPENDENT)
        held = np.cumsum(weight) / weight.sum()
        last = min(int(np.searchsorted(held, CREDIBLE)), len(rivals) - 1)
        size = int(np.count_nonzero(ranked >= ranked[last] - 1e-9))  # ties of the last one belong to it
        runner_up = int(rivals[size]) if size < len(rivals) else -1
        distance = float(ranked[0] - ranked[size]) if runner_up >= 0 else float("nan")
        return rivals[:size], float(held[size - 1]), runner_up, distance

    def _shares(self, near: IntArray, explained: NDArray[np.intp]) -> BoolArray:
        """Tell which candidates explain mostly what the best one explains."""
        evidence, found = self._evidence, self._tally
        total, shared = np.zeros(len(near)), np.zeros(len(near))
        by_tree = found.row[near] == _BY_TREE
        tree = near[by_tree]
        if len(tree):
            same, _ = slice_counts(self._layout, evidence.number[explained], len(explained))
            total[by_tree], shared[by_tree] = found.alarms[tree], same[tree]
        column = evidence.column[explained]
        by_column = np.bincount(column[column >= 0], minlength=len(self._places.station_row)).astype(np.int32)
        rows = found.row[near[~by_tree]]
        of_rows = alarms_of_rows(self._layout, self._tables, found, rows, by_column, LEAST_CHANCE)
        total[~by_tree], shared[~by_tree] = of_rows
        return (total > 0) & (shared >= _SHARED * total)


@lru_cache(maxsize=4)
def _tables(stray: float) -> Tables:
    """Return what one alarm and one silent sensor say by severity, hit rate and code."""
    rang, quiet = _logarithms(CHANCES.T[:, None, :] * HIT_RATES[None, :, None], stray)
    return Tables(rang, quiet, CHANCES, FALL_PRIOR, stray)


def _logarithms(chance: Floats, stray: float) -> tuple[Floats, Floats]:
    """Return the logarithms of the ratios that an alarm, and silence, give of what rings by that chance."""
    rings = np.minimum(stray + (1.0 - stray) * chance, LARGEST_RATE)
    return np.log(rings / stray), np.log((1.0 - rings) / (1.0 - stray))
