"""Flows of substations that are short of pressure: cut until each takes what its open control valve lets through.

A station that is given its flow whatever the pressure would pump: the solver then answers with pressures that cannot be. Here a
station has its control valve fully open as soon as its differential falls below the least one, and its flow follows the square
root of what is left (Wagner, Shamir and Marks 1988, doi:10.1061/(ASCE)0733-9496(1988)114:3(276), for water networks). Which
stations are open is found by turns: solve, open those below, give those their flow again that take more than they want.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from topology.flow.solver import FlowSolver
from topology.hydraulics.drawing import Floats
from topology.hydraulics.pandapipes_net import Losses, OpenStations, Solved, solve
from topology.hydraulics.zone import Zone

Modes: TypeAlias = NDArray[np.int64]
SolveWith: TypeAlias = Callable[[Modes, float, Solved | None], Solved]
GIVEN, OPEN, _SHUT = 0, 1, 2
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

    Who is short is found by the own solver; pandapipes then solves with those open, and goes on where it does not agree.

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
    Cost: one solve of pandapipes, and one of the own solver a turn (3 to 20 turns of some milliseconds).
    """
    wanted = given.station_kg_per_s
    turns = Turns(zone, wanted, open_mpa, start)
    solver = quick_solver(zone, given)

    def quickly(mode: Modes, total: float, before: Solved | None) -> Solved:
        return solver.solve(
            np.where(mode == GIVEN, wanted, 0.0),
            given.feed_share * total,
            start=before,
            open_stations=OpenStations(mode == OPEN, wanted, open_mpa),
            held_mpa=held_mpa[0] - held_mpa[1],
            losses=given.losses,
        )

    def checked(mode: Modes, total: float, _: Solved | None) -> Solved:
        return solve(
            zone,
            station_kg_per_s=np.where(mode == GIVEN, wanted, 0.0),
            feed_kg_per_s=given.feed_share * total,
            temperature_degc=given.temperature_degc,
            roughness_mm=given.roughness_mm,
            local_share=given.local_share,
            held_mpa=held_mpa,
            # a shut one is a given flow of nothing
            open_stations=OpenStations(mode == OPEN, wanted, open_mpa),
            losses=given.losses,
        )

    found = turns.settle(quickly, held_mpa[0] - held_mpa[1])
    if not found.converged:
        turns = Turns(zone, wanted, open_mpa, start)
    return turns.settle(checked, 0.0)


def quick_solver(zone: Zone, given: Given) -> FlowSolver:
    """Return the own solver of a zone."""
    return FlowSolver(
        zone, roughness_mm=given.roughness_mm, local_share=given.local_share, temperature_degc=given.temperature_degc
    )


class Turns:
    """Which stations are open, shut or get what they want, turn by turn.

    Parameters
    ----------
    zone
        Whose stations they are.
    wanted_kg_per_s
        Of each station; nothing where it is cut off.
    open_mpa
        Differential below which a station is open.
    start
        Stations to begin with as open.
    shared
        True: every source gives its share of what is taken in all, which is found as well. By default where there are several.
    """

    def __init__(
        self,
        zone: Zone,
        wanted_kg_per_s: Floats,
        open_mpa: float,
        start: NDArray[np.bool_],
        *,
        shared: bool | None = None,
    ) -> None:
        self.mode: Modes = np.where(start & (wanted_kg_per_s > 0), OPEN, GIVEN)
        self._zone, self._wanted, self._open_mpa = zone, wanted_kg_per_s, open_mpa
        self._total = _Total(float(wanted_kg_per_s.sum()))
        self._shared = len(zone.feed_id) > 1 if shared is None else shared

    def settle(self, solve_with: SolveWith, held_mpa: float) -> Solved:
        """Solve until no station is on the wrong side; the modes stay for a solver that goes on from there.

        Parameters
        ----------
        solve_with
            Solves with given modes and a given sum of all that is taken; gets the last solution to begin with.
        held_mpa
            Supply less return at the first source, where the solved pressures leave it out.
        """
        zone, wanted, before = self._zone, self._wanted, None
        turned_back = np.zeros(len(wanted), np.int64)
        for _ in range(_TURNS):
            solved = solve_with(self.mode, self._total.assumed, before)
            if not solved.converged:
                return solved
            flow = wanted * (self.mode == GIVEN) if solved.station_kg_per_s is None else solved.station_kg_per_s
            differential = solved.pressure_mpa[zone.station_supply] - solved.pressure_mpa[zone.station_return] + held_mpa
            following = self._next(flow, differential)
            back = (self.mode == OPEN) & (following == GIVEN)
            following[back & (turned_back >= _PATIENCE)] = OPEN
            turned_back += back
            settled = not self._shared or self._total.found(float(flow.sum()))
            if settled and (following == self.mode).all():
                return replace(solved, station_kg_per_s=np.minimum(flow, wanted))
            self.mode, before = following, solved
        return replace(solved, station_kg_per_s=np.minimum(flow, wanted), converged=False)

    def _next(self, flow: Floats, differential: Floats) -> Modes:
        """Return the modes that a solved state asks for; of what nothing reaches (NaN) the same."""
        mode, wanted = self.mode, self._wanted
        following = mode.copy()
        following[(mode == GIVEN) & (wanted > 0) & (differential < self._open_mpa * (1.0 - _SLACK))] = OPEN
        following[(mode == OPEN) & (flow > wanted * (1.0 + _SLACK))] = GIVEN
        following[(mode == OPEN) & (flow < 0.0)] = _SHUT  # nothing runs backwards through a station
        following[(mode == _SHUT) & (differential > 0.0)] = OPEN
        return following


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
