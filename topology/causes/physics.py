"""What stations feel when something in a zone fails: their differentials out of the solved network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.flow.solver import FlowSolver, Held, Leak
from topology.hydraulics.pandapipes_net import Solved, water_at
from topology.hydraulics.zone import Zone

Floats = NDArray[np.float64]

WORST_MPA = 0.10
"""What the worst station has when all is well: `topology.hydraulics.solve` chooses the pressures of a source by it."""
OPEN_MPA = 0.05
"""Below it a station's control valve is fully open and its flow follows the square root of the differential."""
RETURN_MPA = 0.30
"""Held at the return of the source; what drives water out of a burst is the supply pressure above the atmosphere."""
LARGEST_MPA = 2.5
"""A zone that needs more at its source is drawn wrongly (or not at all like this), and is given no footprints."""
DEAD_MPA = -1.0
"""Stands for the differential of a station that no source reaches."""
HALF_WAY = 0.5
"""So far a turn goes at first."""
CAUTIOUS = 0.7
"""So much less far it goes after one that made things worse."""
NEAR = 0.02
"""Share of the zone's flow below which turns are mixed (`mixing`)."""
LEAST_OUT = 0.01
"""Least share of a burst that a turn begins with; a service pipe lets through hardly more of what would burst a main."""
_SETTLED = 0.0005
"""Share of the zone's flow by which a turn may still change it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that fails.

    Attributes
    ----------
    removed_pipes
        Places of the pipes that carry nothing.
    leak_pipe, leak_kg_per_s
        Pipe that has burst (-1 = none), and what would run out at the usual pressure there.
    stopped_feeds
        Places of sources that stand.
    stopped_lifts
        Asset ids of relay pump stations that stand.
    """

    removed_pipes: tuple[int, ...] = ()
    leak_pipe: int = -1
    leak_kg_per_s: float = 0.0
    stopped_feeds: tuple[int, ...] = ()
    stopped_lifts: tuple[int, ...] = ()


def together(failures: tuple[Failure, ...]) -> Failure:
    """Return several failures as one; of bursts the first."""
    leaks = [each for each in failures if each.leak_pipe >= 0]
    return Failure(
        tuple(sorted({pipe for each in failures for pipe in each.removed_pipes})),
        leaks[0].leak_pipe if leaks else -1,
        leaks[0].leak_kg_per_s if leaks else 0.0,
        tuple(sorted({feed for each in failures for feed in each.stopped_feeds})),
        tuple(sorted({lift for each in failures for lift in each.stopped_lifts})),
    )


class ZoneModel:
    """A zone at its load, and what it becomes.

    Parameters
    ----------
    zone
        See `topology.hydraulics.zone`.
    roughness_mm
        Of the pipe walls; one number, or one for each pipe.
    load_share
        Load of each station as a share of that in the zone; one number, or one for each.
    temperature_degc
        Of supply and return.
    local_share
        See `FlowSolver`.
    turns
        Most turns in which flows of short stations and bursts are found.

    Attributes
    ----------
    usable
        False: the zone has no station, the solver found no state, or the source would need more than `LARGEST_MPA`.
    normal_mpa
        Differential of each station when all is well.
    """

    def __init__(
        self,
        zone: Zone,
        *,
        roughness_mm: float | Floats = 0.5,
        load_share: float | Floats = 1.0,
        temperature_degc: tuple[float, float] = (110.0, 60.0),
        local_share: float = 0.2,
        turns: int = 40,
    ) -> None:
        self.zone = zone
        self._turns = turns
        self._given = {"roughness_mm": roughness_mm, "local_share": local_share, "temperature_degc": temperature_degc}
        self._solver = self._solver_of(zone)
        water = water_at(*temperature_degc)
        per_mw = 1e6 / (water.heat_capacity_j_per_kg_k * (temperature_degc[0] - temperature_degc[1]))
        self.station_kg_per_s: Floats = zone.station_load_mw * load_share * per_mw
        share = zone.feed_load_mw / max(zone.feed_load_mw.sum(), 1e-9)
        self._feed: Floats = share * self.station_kg_per_s.sum()
        self._healthy = self._solver.solve(self.station_kg_per_s, self._feed)
        apart = self._apart(self._healthy)
        self._lift_mpa = max(WORST_MPA - float(np.nanmin(apart, initial=np.inf)), 0.0) if len(apart) else 0.0
        self.normal_mpa: Floats = apart + self._lift_mpa
        self.usable = bool(self._healthy.converged and len(apart) and self._lift_mpa <= LARGEST_MPA and np.isfinite(apart).all())

    def _solver_of(self, zone: Zone) -> FlowSolver:
        return FlowSolver(zone, **self._given)  # type: ignore[arg-type]  # a dict of three kinds

    def _apart(self, solved: Solved) -> Floats:
        return solved.pressure_mpa[self.zone.station_supply] - solved.pressure_mpa[self.zone.station_return]

    def differential_mpa(self, failure: Failure) -> Floats | None:
        """Return the differential of each station under a failure; `DEAD_MPA` where nothing reaches it, None without a solution.

        Stations short of pressure take what their open valve lets through, a burst loses what its pressure drives out; both are
        found by turns. The first source holds its pressures and balances, others give their share; where the first one stands, or
        does not reach a part, the next source of that part holds the pressures that it has when all is well.

        Notes
        -----
        Cost: 1 to 40 solves of a millisecond (zone of 4,400 pipes, docs/leaks.md).
        """
        solver = self._solver
        if failure.stopped_lifts:
            lift = np.where(np.isin(self.zone.lift_id, failure.stopped_lifts), 0.0, self.zone.lift_mpa)
            solver = self._solver_of(replace(self.zone, lift_mpa=lift))
        wanted = self.station_kg_per_s
        share, lost = np.ones(len(wanted)), failure.leak_kg_per_s
        found: Floats | None = None
        start: Solved | None = self._healthy
        turn = _Turns(wanted)
        for _ in range(self._turns):
            solved = self._solve(solver, share * wanted, failure, lost, start)
            if solved is None:
                return found
            apart = self._apart(solved) + self._lift_mpa
            found = np.where(np.isfinite(apart), apart, DEAD_MPA)
            out = failure.leak_kg_per_s * self._drive(solved, failure, lost)
            share, moved = turn.next(share, self._shares(apart, share))
            if max(moved, abs(out - lost)) <= _SETTLED * wanted.sum():
                break
            lost, start = float(np.sqrt(lost * out)), solved
        return found

    def _shares(self, apart: Floats, now: Floats) -> Floats:
        """Return the share of its flow that each station takes next.

        Losses on the way grow with the square of the flow. If all took the share `x` of what they take now, a station's
        differential would be `given - lost x^2`; its open valve lets `x` through at `OPEN_MPA x^2`. The smaller `x` holds.
        """
        given = self._lift_mpa
        lost = np.maximum(given - np.where(np.isfinite(apart), apart, given), 0.0) / np.maximum(now, 0.05) ** 2
        share: Floats = np.minimum(np.sqrt(given / (OPEN_MPA + lost)), 1.0)
        return share

    def _drive(self, solved: Solved, failure: Failure, lost: float) -> float:
        """Return what a burst loses next as a share of what it would at the usual pressure.

        What it lets fall grows with the square of its own flow, as in `_shares`: of `usual - fall x^2` the share `x` is left.
        """
        if failure.leak_pipe < 0:
            return 0.0
        now, usual = (self._above_air(each, failure.leak_pipe) for each in (solved, self._healthy))
        if not np.isfinite(now):
            return 0.0
        usual = max(usual, 0.05)
        fall = max(usual - now, 0.0) / max(lost / failure.leak_kg_per_s, LEAST_OUT) ** 2
        return float(np.sqrt(usual / (usual + fall)))

    def _above_air(self, solved: Solved, pipe: int) -> float:
        """Return the pressure in the middle of a pipe, where it bursts; its flow is that of its end at `u`."""
        u = self.zone.pipe_u[pipe]
        is_supply = self.zone.node_side[u] == self.zone.node_side[self.zone.feed_supply[0]]
        half_way = float(solved.pressure_mpa[u]) - 0.5 * float(self._solver.losses(solved)[pipe])
        return half_way + RETURN_MPA + (self._lift_mpa if is_supply else 0.0)

    def _solve(self, solver: FlowSolver, flow: Floats, failure: Failure, lost: float, start: Solved | None) -> Solved | None:
        feed = self._feed.copy()
        feed[list(failure.stopped_feeds)] = 0.0
        running = [place for place in range(len(feed)) if place not in failure.stopped_feeds]
        if not running:
            return None
        leak = Leak(failure.leak_pipe, 0.5, lost) if failure.leak_pipe >= 0 and lost > 0 else None
        holders = [running[0]]
        removed = np.array(failure.removed_pipes, np.int64) if failure.removed_pipes else None
        for _ in running:
            solved = solver.solve(flow, feed, removed_pipes=removed, leak=leak, held=self._held(holders), start=start)
            if not solved.converged:
                return None
            ends = solved.pressure_mpa[self.zone.feed_supply] + solved.pressure_mpa[self.zone.feed_return]
            apart = [place for place in running if place not in holders and not np.isfinite(ends[place])]
            if not apart:
                return solved
            holders.append(apart[0])
        return solved

    def _held(self, holders: list[int]) -> Held:
        at = np.array(holders, np.int64)
        supply, back = (self._healthy.pressure_mpa[ends[at]] for ends in (self.zone.feed_supply, self.zone.feed_return))
        return Held(at, supply, back)


class _Turns:
    """Goes towards a fixed point: half the way a turn, and mixed with the turn before where it comes near.

    Where mixing made things worse once it is left.
    """

    def __init__(self, wanted: Floats) -> None:
        self._wanted, self._moved, self._mixed, self._spoilt = wanted, np.inf, False, False
        self._share, self._gap, self._step = np.ones(len(wanted)), np.zeros(len(wanted)), HALF_WAY

    def next(self, share: Floats, after: Floats) -> tuple[Floats, float]:
        """Return the shares to go on with, and how much flow is still astray."""
        gap, wanted = after - share, self._wanted
        before, self._moved = self._moved, float(np.abs(gap * wanted).sum())
        self._spoilt |= self._mixed and self._moved > before
        self._step *= CAUTIOUS if self._moved > before else 1.0
        self._mixed = not self._spoilt and self._moved < min(before, NEAR * wanted.sum())
        by = mixing(wanted, gap, self._gap) if self._mixed else 0.0
        found = share + self._step * gap - by * (share - self._share + self._step * (gap - self._gap))
        self._share, self._gap = share, gap
        return np.clip(found, LEAST_OUT, 1.0), self._moved


@njit(cache=True)  # type: ignore[untyped-decorator]
def mixing(weight: Floats, gap: Floats, before: Floats) -> float:
    """Return how much of the last turn to mix into the next (Anderson 1965 with one turn of memory)."""
    over, under = 0.0, 1e-30
    for i in range(gap.size):
        change = (gap[i] - before[i]) * weight[i]
        over += change * gap[i] * weight[i]
        under += change * change
    return float(min(max(over / under, -5.0), 0.9))
