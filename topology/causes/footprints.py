"""Hydraulic footprints: for each thing that can fail, the stations that then fall short, by how surely they ring.

On a ring nothing is cut off when a segment is shut; pressure and flow sink at some stations, and only a solved network says at
which. A footprint is prepared once a valve state and costs nothing to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from topology.causes.places import Places
from topology.codes import SOURCE
from topology.network import Network

IntArray = NDArray[np.int32]

LEVELS: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
"""How likely a station falls under its alarm limit; a level is an index into it."""
BURST_SHARES: NDArray[np.float64] = np.geomspace(0.1, 1.0, 9)
"""Bursts that are tried, as shares of the zone's flow: what would run out at the usual pressure."""
FALL_SHARES: NDArray[np.float64] = np.linspace(0.8, 1.2, 9)
"""Of anything else that fails: how much more or less pressures may fall than foreseen, everywhere alike (rough pipes, load)."""
FALL_PRIOR: NDArray[np.float64] = -0.5 * ((FALL_SHARES - 1.0) / 0.08) ** 2
"""Logarithm of how likely that is: normal, with a standard deviation of 8 %."""
_MIDDLES = np.arange(-1.0, 9.01, 0.5)
_NEVER = 0.01
_WIDTHS = (0.35, 1.0, 3.5)
HYPOTHESES: tuple[str, ...] = ("shut", "burst", "source_stopped", "pump_stopped")
"""What can have happened: a segment lets nothing through, a segment loses water, a source or a relay pump stands."""


def _curves() -> NDArray[np.float64]:
    """Return how likely a station rings by the step of severity: normal distribution functions of many middles and widths."""
    middle, width = (each.ravel()[:, None] for each in np.meshgrid(_MIDDLES, _WIDTHS, indexing="ij"))
    curves: NDArray[np.float64] = ndtr((np.arange(len(BURST_SHARES)) - middle) / width)
    curves[curves < _NEVER] = 0.0
    curves[curves > 1.0 - _NEVER] = 1.0
    return curves


CHANCES: NDArray[np.float64] = np.concatenate([np.repeat(np.array(LEVELS)[:, None], len(BURST_SHARES), axis=1), _curves()])
"""How likely a station rings by its code (row) and the severity (column): one of `BURST_SHARES` for a burst, of `FALL_SHARES` for
anything else. Codes below `len(LEVELS)` are levels, the same at any severity."""
SURE = len(LEVELS) - 1
"""The code that rings for certain."""
LEAST_CHANCE = 0.05
"""Stations less likely than this do not belong to a footprint."""


@dataclass(frozen=True, slots=True, eq=False)
class Footprints:
    """Footprints of many hypotheses, by asset ids, so that they outlive the network they were made from.

    Attributes
    ----------
    hypothesis
        Index into `HYPOTHESES` of each, shape (n,).
    size
        Of a burst the flow of the zone in kg/s, which `BURST_SHARES` are shares of; else 0; shape (n,).
    member_start, member_id
        What has failed: segment ids (supply and return of a trench together), or the source, or the pump station; the members of
        hypothesis `j` are `member_id[member_start[j] : member_start[j + 1]]`.
    start, station_id, code
        Stations that feel it, the same way, with an index into the rows of `CHANCES`.
    """

    hypothesis: NDArray[np.uint8]
    size: NDArray[np.float32]
    member_start: IntArray
    member_id: IntArray
    start: IntArray
    station_id: IntArray
    code: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class BoundFootprints:
    """Footprints in the numbers of one `Places`: members are places, stations columns; a hypothesis without either is left out.

    Places from `len(Places.element)` on are the assets of `apart_row`: relay pump stations, isolating stations that feed a zone.
    """

    hypothesis: NDArray[np.uint8]
    size: NDArray[np.float32]
    member_start: IntArray
    member: IntArray
    start: IntArray
    column: IntArray
    code: NDArray[np.uint8]
    apart_row: IntArray


def level_of(chance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest level of a chance to ring; -1 below half the lowest one."""
    edges = (np.array(LEVELS[1:]) + np.array(LEVELS[:-1])) / 2.0
    return np.where(chance < LEVELS[0] / 2.0, -1, np.digitize(chance, edges))


def code_of(chance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the curve nearest to the chances by severity; -1 where all of them are small.

    Parameters
    ----------
    chance
        Shape (stations, severities).
    """
    curves = CHANCES[len(LEVELS) :]
    apart = (curves**2).sum(axis=1) - 2.0 * chance @ curves.T
    found: NDArray[np.int64] = np.where(chance.max(axis=1) < LEAST_CHANCE, -1, len(LEVELS) + np.argmin(apart, axis=1))
    return found


def make_footprints(rows: Sequence[tuple[str, float, Sequence[int], NDArray[np.integer], NDArray[np.integer]]]) -> Footprints:
    """Pack rows of (hypothesis, size, member ids, station ids, codes)."""
    members = [np.asarray(row[2], np.int32) for row in rows]
    return Footprints(
        hypothesis=np.array([HYPOTHESES.index(row[0]) for row in rows], np.uint8),
        size=np.array([row[1] for row in rows], np.float32),
        member_start=_starts([len(each) for each in members]),
        member_id=np.concatenate([np.zeros(0, np.int32), *members]),
        start=_starts([len(row[3]) for row in rows]),
        station_id=np.concatenate([np.zeros(0, np.int32), *(row[3].astype(np.int32) for row in rows)]),
        code=np.concatenate([np.zeros(0, np.uint8), *(row[4].astype(np.uint8) for row in rows)]),
    )


def joined(parts: Sequence[Footprints]) -> Footprints:
    """Put the footprints of several zones together."""
    if not parts:
        return make_footprints([])
    return Footprints(
        hypothesis=np.concatenate([part.hypothesis for part in parts]),
        size=np.concatenate([part.size for part in parts]),
        member_start=_starts(np.concatenate([np.diff(part.member_start) for part in parts])),
        member_id=np.concatenate([part.member_id for part in parts]),
        start=_starts(np.concatenate([np.diff(part.start) for part in parts])),
        station_id=np.concatenate([part.station_id for part in parts]),
        code=np.concatenate([part.code for part in parts]),
    )


def bind(footprints: Footprints, network: Network, places: Places) -> BoundFootprints:
    """Translate footprints into the numbers of the present state; what is not fed now is left out."""
    of_source = _places_of_sources(network, places)
    apart = _stand_apart(footprints, places, of_source)
    place = _place_of_member(footprints, network, places, of_source, apart)
    column_of_row = np.full(len(network.assets.asset_id) + 1, -1, np.int32)
    column_of_row[places.station_row] = np.arange(len(places.station_row), dtype=np.int32)
    column = column_of_row[places.rows_of(footprints.station_id)]
    member_start, member = _without(footprints.member_start, place, place >= 0)
    start, columns = _without(footprints.start, column, column >= 0)
    kept = (np.diff(member_start) > 0) & (np.diff(start) > 0)
    code = footprints.code[column >= 0]
    of_member, of_row = np.repeat(kept, np.diff(member_start)), np.repeat(kept, np.diff(start))
    return BoundFootprints(
        hypothesis=footprints.hypothesis[kept],
        size=footprints.size[kept],
        member_start=_starts(np.diff(member_start)[kept]),
        member=member[of_member],
        start=_starts(np.diff(start)[kept]),
        column=columns[of_row],
        code=code[of_row],
        apart_row=places.rows_of(apart),
    )


def _places_of_sources(network: Network, places: Places) -> IntArray:
    """Return the place of the running source of each asset row, of its supply half; -1 = none."""
    links = network.state.links
    link = np.flatnonzero((links.kind == SOURCE) & network.state.fed.passes)[::-1]
    of_row = np.full(len(network.assets.asset_id) + 1, -1, np.int32)
    of_row[links.row[link]] = places.place_of_element[1 + network.segments.count + link]
    return of_row


def _stand_apart(footprints: Footprints, places: Places, of_source: IntArray) -> IntArray:
    """Return the assets that fail and are no element of the tree, rising: relay pumps, isolating stations."""
    device = np.isin(footprints.hypothesis, [HYPOTHESES.index("source_stopped"), HYPOTHESES.index("pump_stopped")])
    ids = np.unique(footprints.member_id[np.repeat(device, np.diff(footprints.member_start))])
    rows = places.rows_of(ids)
    return ids[(rows >= 0) & (of_source[rows] < 0)]


def _place_of_member(footprints: Footprints, network: Network, places: Places, of_source: IntArray, apart: IntArray) -> IntArray:
    """Return the place of each member."""
    kind = np.repeat(footprints.hypothesis, np.diff(footprints.member_start))
    ids = footprints.member_id
    segment = np.isin(kind, [HYPOTHESES.index("shut"), HYPOTHESES.index("burst")])
    place = of_source[places.rows_of(ids)]
    stands_apart = np.isin(ids, apart)
    place[stands_apart] = len(places.element) + np.searchsorted(apart, ids[stands_apart])
    order = np.argsort(network.segments.segment_id, kind="stable")
    known = network.segments.segment_id[order]
    found = np.minimum(np.searchsorted(known, ids[segment]), max(len(known) - 1, 0))
    fits = known[found] == ids[segment] if len(known) else np.zeros(0, bool)
    place[segment] = np.where(fits, places.place_of_element[1 + order[found]] if len(known) else -1, -1)
    return place


def _starts(sizes: Sequence[int] | NDArray[np.integer]) -> IntArray:
    return np.concatenate([[0], np.cumsum(np.asarray(sizes, np.int64))]).astype(np.int32)


def _without(start: IntArray, values: IntArray, kept: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Drop entries from rows."""
    before = np.concatenate([[0], np.cumsum(kept)])
    return before[start].astype(np.int32), values[kept]
