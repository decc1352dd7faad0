"""When a hundred alarms ring: which one place explains them. docs/causes.md has the method and what it can and cannot tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE
from topology.causes.footprints import HYPOTHESES, BoundFootprints, Footprints, bind, make_footprints
from topology.causes.labels import Labels, metres_apart
from topology.causes.layout import lay_out
from topology.causes.places import Places, find_places
from topology.causes.search import Evidence, Found, Ground, search
from topology.causes.times import Times, arrival_times
from topology.network import Network

IntArray = NDArray[np.int32]

STRAY_RATE = 0.005
"""Share of stations that ring for no shared reason, before the alarms themselves say better."""
_BELIEF = 400.0
"""So many stations' worth of belief in `STRAY_RATE`."""
_CUT_OFF = "cut_off"
_PRIMARY_CONSUMER = KIND_CODE["substation"]


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """The best explanation of the same alarms outside the group.

    Attributes
    ----------
    segment_ids, asset_ids
        As in `Cause`.
    distance
        How much lower its score is: it is `exp(distance)` times less likely.
    distance_m
        From the place of the cause as the crow flies; NaN = unknown.
    """

    segment_ids: tuple[int, ...]
    asset_ids: tuple[int, ...]
    distance: float
    distance_m: float


@dataclass(frozen=True, slots=True)
class Cause:
    """One place that explains alarms.

    Attributes
    ----------
    kind
        What the most likely candidate is: `segment`, `source`, `substation` or `pump`.
    hypothesis
        What happened there: `cut_off` (its stations have no other way), `shut` (they fall short), `burst`, `source_stopped`,
        `pump_stopped`.
    segment_ids
        Segments that cannot be told apart by these alarms, most likely first; supply and return.
    tied_ids
        Segments, substations, sources and pumps of the group that explain everything exactly as well as the first.
    asset_ids
        Their pipes, and the substations, sources and pumps among the candidates of the group; rising.
    position
        Longitude and latitude (WGS-84 degrees) in the middle of the most likely candidate; None where unknown.
    length_m
        Trench length of the group.
    explained
        Alarms that it explains, by asset id.
    silent_below
        Stations with a sensor that should ring and do not: go and look.
    unmeasured_below
        Substations that should feel it and have no sensor.
    hit_rate
        Share of its stations that rang, estimated, stray alarms taken out.
    score
        Log likelihood ratio against "no shared cause".
    confidence
        Probability of the group, all candidates being equally likely beforehand.
    age_s
        Since when, where ages of alarms are known; else NaN.
    runner_up
        What explains the same alarms next best.
    """

    kind: str
    hypothesis: str
    segment_ids: tuple[int, ...]
    tied_ids: tuple[int, ...]
    asset_ids: tuple[int, ...]
    position: tuple[float, float] | None
    length_m: float
    explained: tuple[int, ...]
    silent_below: tuple[int, ...]
    unmeasured_below: int
    hit_rate: float
    score: float
    confidence: float
    age_s: float
    runner_up: RunnerUp | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found for a set of alarms.

    Attributes
    ----------
    causes
        Best first.
    stray
        Alarms that no shared cause explains.
    not_fed
        Alarms of assets that the present valve state cuts off: that is their reason.
    unknown
        Alarms of assets that the network does not hold.
    stray_rate
        Estimated.
    """

    causes: tuple[Cause, ...]
    stray: tuple[int, ...]
    not_fed: tuple[int, ...]
    unknown: tuple[int, ...]
    stray_rate: float


class CauseEngine:
    """Finds causes for one network at one state of its valves; immutable, safe to share among threads.

    Parameters
    ----------
    network
        The network; `valve_version` and `network_version` of an answer are its.
    footprints
        Hydraulic footprints of the same valve state (`topology.causes.prepare`); without them only what is cut off can be told,
        and a segment of a ring cuts off nothing.

    Notes
    -----
    Cost: docs/causes.md.
    """

    def __init__(self, network: Network, footprints: Footprints | None = None) -> None:
        self.network = network
        self._places: Places = find_places(network)
        self._prints: BoundFootprints = bind(footprints or make_footprints([]), network, self._places)
        self._ground = Ground(self._places, self._prints, lay_out(self._places, self._prints))
        self._labels = Labels(network, self._places, self._prints)
        self._arrival: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def root_cause(
        self, alarmed: Iterable[int], silent: Iterable[int] = (), alarm_age_s: Mapping[int, float] | None = None
    ) -> list[Cause]:
        """Return the causes that explain the alarms, best first; see `diagnose`."""
        return list(self.diagnose(alarmed, silent, alarm_age_s).causes)

    def diagnose(
        self, alarmed: Iterable[int], silent: Iterable[int] = (), alarm_age_s: Mapping[int, float] | None = None
    ) -> Diagnosis:
        """Explain a set of alarms.

        Parameters
        ----------
        alarmed
            Assets that ring: substations, buildings, inlets, anything of the network; others are named `unknown`.
        silent
            Assets with a sensor that works and does not ring. What is in neither is counted as unmeasured and says nothing.
        alarm_age_s
            Since when an alarm is open; those without are taken at any age.

        Notes
        -----
        The order of ids does not matter. The stray rate is estimated from what stays unexplained, and the search repeated with it
        when it is more than twice what was assumed; a lower one changes nothing worth the time. Cost: docs/causes.md.
        """
        rang, quiet = _ids(alarmed), _ids(silent)
        rows = self._places.rows_of(rang)
        fed = (self._places.at[rows] >= 0).any(axis=1) & (rows >= 0)
        evidence = self._evidence(rows[fed], self._places.rows_of(quiet), alarm_age_s)
        stray = STRAY_RATE
        found = search(self._ground, evidence, stray)
        better = _stray_rate(evidence, found)
        if better > 2.0 * stray:
            stray = better
            found = search(self._ground, evidence, stray)
        explained = np.zeros(evidence.rang, bool)
        for cause in found:
            explained[cause.explained] = True
        asset_id = self.network.assets.asset_id
        return Diagnosis(
            causes=tuple(self._named(cause, evidence) for cause in found),
            stray=_tuple(asset_id[evidence.row[: evidence.rang][~explained]]),
            not_fed=_tuple(rang[(rows >= 0) & ~fed]),
            unknown=_tuple(rang[rows < 0]),
            stray_rate=stray,
        )

    def _named(self, found: Found, evidence: Evidence) -> Cause:
        """Return a cause by ids."""
        labels, asset_id = self._labels, self.network.assets.asset_id
        segment_ids, asset_ids, length_m = labels.members(found.group)
        measured = np.zeros(len(self._places.station_row) + 1, bool)
        measured[evidence.column[self.network.assets.kind[evidence.row] == _PRIMARY_CONSUMER]] = True
        position = labels.position(found.place)
        return Cause(
            kind=labels.kind(found.place),
            hypothesis=_CUT_OFF if found.hypothesis < 0 else HYPOTHESES[self._prints.hypothesis[found.hypothesis]],
            segment_ids=segment_ids,
            tied_ids=labels.ids(found.group[: found.tied]),
            asset_ids=asset_ids,
            position=position,
            length_m=length_m,
            explained=_tuple(asset_id[evidence.row[found.explained]]),
            silent_below=_tuple(asset_id[evidence.row[found.silent]]),
            unmeasured_below=int(np.count_nonzero(~measured[found.columns])),
            hit_rate=found.hit_rate,
            score=found.score,
            confidence=found.confidence,
            age_s=found.age_s,
            runner_up=self._runner_up(found, position),
        )

    def _runner_up(self, found: Found, position: tuple[float, float] | None) -> RunnerUp | None:
        if found.runner_up < 0:
            return None
        segment_ids, asset_ids, _ = self._labels.members(np.array([found.runner_up], np.int32))
        apart = metres_apart(position, self._labels.position(found.runner_up))
        return RunnerUp(segment_ids, asset_ids, found.distance, apart)

    def _evidence(self, alarmed: IntArray, silent: IntArray, alarm_age_s: Mapping[int, float] | None) -> Evidence:
        places = self._places
        silent = silent[silent >= 0]
        rings = np.zeros(len(places.at), bool)
        rings[alarmed] = True
        silent = silent[(places.at[silent] >= 0).any(axis=1) & ~rings[silent]]
        row = np.concatenate([alarmed, silent])
        number = places.at[row]
        column = np.where(number >= 0, places.column_at[np.maximum(number, 0)], -1).max(axis=1, initial=-1)
        times = self._times(row, len(alarmed), alarm_age_s) if alarm_age_s else None
        return Evidence(row, len(alarmed), number, column.astype(np.int32), times)

    def _times(self, row: IntArray, rang: int, alarm_age_s: Mapping[int, float]) -> Times:
        if self._arrival is None:
            self._arrival = self._arrivals()
        by_row, by_number = self._arrival
        age = np.full(len(row), np.nan)
        ids = self.network.assets.asset_id[row[:rang]].tolist()
        given = np.array([alarm_age_s.get(i, math.nan) for i in ids], float)
        age[:rang] = np.where(np.isfinite(given) & (given >= 0.0), given, np.nan)
        return Times(age, by_row[row], by_number)

    def _arrivals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the times of travel to each asset and to each number of the tree: the first moment."""
        network, places = self.network, self._places
        at_node = arrival_times(network)
        at_element = np.full(len(network.state.dominators.first), np.inf)
        np.minimum.at(at_element, 1 + network.segments.of_node, at_node)
        links = network.state.links
        a = np.where(links.a >= 0, at_element[1 + np.maximum(links.a, 0)], 0.0) if len(links.a) else np.zeros(0)
        at_element[1 + network.segments.count :] = a
        at_element[0] = 0.0
        first = network.state.dominators.first
        by_number = np.zeros(places.size)
        by_number[first[first >= 0]] = at_element[first >= 0]
        by_row = np.where(places.at >= 0, by_number[np.maximum(places.at, 0)], np.inf).min(axis=1, initial=np.inf)
        return by_row, by_number


def _stray_rate(evidence: Evidence, found: list[Found]) -> float:
    """Estimate the stray rate from the stations that no cause explains (mean of a beta distribution)."""
    explained = sum(len(cause.explained) for cause in found)
    rest = evidence.rang - explained
    silent = len(evidence.row) - evidence.rang
    return (rest + _BELIEF * STRAY_RATE) / (rest + silent + _BELIEF)


def _ids(values: Iterable[int]) -> NDArray[np.int64]:
    """Return distinct ids, rising, so that their order cannot matter."""
    given = values if isinstance(values, np.ndarray) else np.fromiter(values, np.int64)
    return np.unique(given).astype(np.int64)


def _tuple(ids: NDArray[np.generic]) -> tuple[int, ...]:
    return tuple(np.sort(ids).tolist())
