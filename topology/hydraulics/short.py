"""Flows of substations that are short of pressure: cut until each takes what its open control valve lets through.

A station that is given its flow whatever the pressure would pump: the solver then answers with pressures that cannot be. Here a
station has its control valve fully open as soon as its differential falls below the least one, and its flow follows the square
root of what is left (Wagner, Shamir and Marks 1988, doi:10.1061/(ASCE)0733-9496(1988)114:3(276), for water networks). Which
stations are open is found by turns: solve, open those below, give those their flow again that take more than they want.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from topology.hydraulics.drawing import Floats
from topology.hydraulics.pandapipes_net import Losses, OpenStations, Solved, solve
from topology.hydraulics.zone import Zone

_GIVEN, _OPEN, _SHUT = 0, 1, 2
_TURNS = 30
_SLACK = 0.002
"""Share of flow and of differential by which a station must be on the wrong side before it changes; without it some swing."""
_PATIENCE = 2
"""A station that has gone back to its given flow this often stays open."""


@dataclass(frozen=True, eq=False)
class Given:
    """What a zone is asked to deliver.

    Attributes
    ----------
    station_kg_per_s
        Flow that each station wants.
    feed_share
        Share of each source of all that is delivered.
    temperature_degc
        Of supply and return.
    roughness_mm, local_share
        See `results.Operation`.
    losses
        Leaks.
    """

    station_kg_per_s: Floats
    feed_share: Floats
    temperature_degc: tuple[float, float]
    roughness_mm: float
    local_share: float
    losses: Losses

    def feed_kg_per_s(self, station_kg_per_s: Floats) -> Floats:
        """Return what each source gives when the stations take these flows."""
        return self.feed_share * float(station_kg_per_s.sum())


def solve_served(zone: Zone, given: Given, *, held_mpa: tuple[float, float], open_mpa: float, start: NDArray[np.bool_]) -> Solved:
    """Solve a zone in which nobody takes more than the differential carries.

    Parameters
    ----------
    zone, given
        What is asked for.
    held_mpa
        Pressures of supply and return at the first source.
    open_mpa
        Below this differential a station's valve is fully open; at it the wanted flow just passes.
    start
        Stations to begin with as open.

    Returns
    -------
    Solved
        With `station_kg_per_s`; pressures above the atmosphere. Not converged when the solver or the turns find no end.

    Notes
    -----
    Cost: one solve a turn, 3 to 12 turns.
    """
    wanted = given.station_kg_per_s
    mode = np.where(start & (wanted > 0), _OPEN, _GIVEN)
    turned_back = np.zeros(len(wanted), np.int64)
    total = _Total(float(wanted.sum()))
    for _ in range(_TURNS):
        solved = _solve(zone, given, held_mpa=held_mpa, open_mpa=open_mpa, mode=mode, total=total.assumed)
        if not solved.converged:
            return solved
        assert solved.station_kg_per_s is not None
        following = _next(zone, solved, wanted, mode, open_mpa)
        back = (mode == _OPEN) & (following == _GIVEN)
        following[back & (turned_back >= _PATIENCE)] = _OPEN
        turned_back += back
        settled = total.found(float(solved.station_kg_per_s.sum())) or len(zone.feed_id) == 1
        if settled and (following == mode).all():
            break
        mode = following
    assert solved.station_kg_per_s is not None
    return replace(solved, station_kg_per_s=np.minimum(solved.station_kg_per_s, wanted))


class _Total:
    """What all stations take together: the sources' shares need it before it is known. Found by the secant method."""

    def __init__(self, wanted: float) -> None:
        self.assumed = wanted
        self._wanted = wanted
        self._last: tuple[float, float] | None = None

    def found(self, taken: float) -> bool:
        """Note what was taken under what was assumed; True when they are the same. Sets the next assumption."""
        gap = taken - self.assumed
        if abs(gap) <= _SLACK * max(self.assumed, 1e-9):
            return True
        step = gap
        if self._last is not None and self._last[1] != gap:
            secant = -gap * (self.assumed - self._last[0]) / (gap - self._last[1])
            # the gap falls as more is assumed; another sign is a change of modes between the two
            step = secant if secant * gap > 0 else gap
        self._last = (self.assumed, gap)
        self.assumed = min(max(self.assumed + step, 0.02 * self._wanted), self._wanted)
        return False


def _solve(
    zone: Zone, given: Given, *, held_mpa: tuple[float, float], open_mpa: float, mode: NDArray[np.int64], total: float
) -> Solved:
    return solve(
        zone,
        station_kg_per_s=np.where(mode == _GIVEN, given.station_kg_per_s, 0.0),
        feed_kg_per_s=given.feed_share * total,
        temperature_degc=given.temperature_degc,
        roughness_mm=given.roughness_mm,
        local_share=given.local_share,
        held_mpa=held_mpa,
        # a shut one is a given flow of nothing
        open_stations=OpenStations(mode == _OPEN, given.station_kg_per_s, open_mpa),
        losses=given.losses,
    )


def _next(zone: Zone, solved: Solved, wanted: Floats, mode: NDArray[np.int64], open_mpa: float) -> NDArray[np.int64]:
    """Return the modes that the solved state asks for."""
    assert solved.station_kg_per_s is not None
    flow = solved.station_kg_per_s
    differential = solved.pressure_mpa[zone.station_supply] - solved.pressure_mpa[zone.station_return]
    following = mode.copy()
    following[(mode == _GIVEN) & (wanted > 0) & (differential < open_mpa * (1.0 - _SLACK))] = _OPEN
    following[(mode == _OPEN) & (flow > wanted * (1.0 + _SLACK))] = _GIVEN
    following[(mode == _OPEN) & (flow < 0.0)] = _SHUT  # nothing runs backwards through a station
    following[(mode == _SHUT) & (differential > 0.0)] = _OPEN
    return following
