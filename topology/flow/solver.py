"""Steady pressures and flows of a zone in about a millisecond: `FlowSolver`. docs/leaks.md has the method and its numbers.

The same equations as `topology.hydraulics.pandapipes_net`, solved on the rings alone: trees and pipes in series are taken
out exactly (`core`), and Newton's method runs on what is left, in the shape of the global gradient algorithm (Todini and
Pilati 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from topology.codes import SUPPLY
from topology.flow.core import Core, Mask, gather, offsets, reduce_network, run_rises, spread_runs, spread_trees
from topology.flow.friction import LEAST_REYNOLDS, Floats, Friction, Ints, darcy_factors, edge_losses, pipe_friction
from topology.flow.newton import newton
from topology.hydraulics.pandapipes_net import NO_LOSSES, Losses, OpenStations, Solved, viscosity_pa_s, water_at
from topology.hydraulics.zone import Zone

GRAVITY_M_PER_S2 = 9.81
"""As pandapipes has it, so that both agree."""
_ATMOSPHERE_MPA = 0.101325
_LEAST_LENGTH_M = 0.01
"""What `pandapipes_net` gives a shorter pipe."""
_PUMP_ROUNDS = 6
_FIRST_KG_PER_S = 50.0
_LEAST_SHARE = 0.01
"""Below this share of its full flow an open station's loss is a straight line: it is some Pa there."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Water that leaves one pipe: its place in the zone's arrays, where along it (0 = at `u`, 1 = at `v`), how much."""

    pipe: int
    share: float
    kg_per_s: float


@dataclass(frozen=True, eq=False)
class Held:
    """Sources that hold pressures and balance the flow: places in the zone's arrays of sources, pressures of both sides.

    The pressures are above those of the zone's first source, as in `Solved`.
    """

    feed: Ints
    supply_mpa: Floats
    return_mpa: Floats


@dataclass(frozen=True, eq=False)
class _Net:
    """The edges of one question: the pipes, the lifts, the second halves of leaking pipes, stations that are open."""

    u: Ints
    v: Ints
    rise: Floats
    friction: Friction
    usable: Mask
    nodes: int


class FlowSolver:
    """Solves one zone again and again; supply and return apart, one holder of pressure each.

    Parameters
    ----------
    zone
        See `topology.hydraulics.zone.cut_zone`.
    roughness_mm
        Of the pipe walls; one number, or one for each pipe.
    local_share
        Losses of bends, valves and compensators as a share of the friction of the straight pipe.
    temperature_degc
        Of supply and return; it sets density and viscosity.

    Notes
    -----
    Agrees with `pandapipes_net.solve` within 1e-5 MPa and 0.001 kg/s (or 1e-6 of the largest flow). Differences by intent:
    nodes that nothing holds have pressure NaN and their stations take nothing; below a Reynolds number of 100 the loss is
    a straight line (Swamee and Jain's formula has a pole near 7).
    """

    def __init__(
        self, zone: Zone, *, roughness_mm: float | Floats, local_share: float, temperature_degc: tuple[float, float]
    ) -> None:
        self.zone = zone
        self._temperature_degc = temperature_degc
        self.pipes, self.lifts = len(zone.pipe_id), len(zone.lift_id)
        self._pipe_friction = self._friction_of(zone, roughness_mm, local_share, temperature_degc)
        self._net = self._edges(zone, temperature_degc)
        self._held = _first()
        self._core = self._reduced(self._net, self._holds(self._held))

    def changed(self, zone: Zone) -> FlowSolver:
        """Return a solver of the same pipes with other ends, nodes or lifts."""
        other = FlowSolver.__new__(FlowSolver)
        other.zone, other._temperature_degc = zone, self._temperature_degc
        other.pipes, other.lifts = len(zone.pipe_id), len(zone.lift_id)
        other._pipe_friction = self._pipe_friction
        other._net = other._edges(zone, self._temperature_degc)
        other._held = _first()
        other._core = other._reduced(other._net, other._holds(other._held))
        return other

    def without(
        self, removed_pipes: NDArray[np.integer] | NDArray[np.bool_] | Sequence[int], held: Held | None = None
    ) -> FlowSolver:
        """Return a solver of the zone without some pipes, and with other holders of pressure where they are given."""
        other = copy(self)
        other._held = held or self._held
        removed = np.asarray(removed_pipes)
        usable = self._net.usable.copy()
        usable[np.flatnonzero(removed) if removed.dtype == bool else removed.astype(np.int64)] = False
        other._net = replace(self._net, usable=usable)
        other._core = other._reduced(other._net, other._holds(other._held))
        return other

    @staticmethod
    def _friction_of(
        zone: Zone, roughness_mm: float | Floats, local_share: float, temperature_degc: tuple[float, float]
    ) -> Friction:
        density, viscosity = _water(*temperature_degc)
        side = np.where(zone.node_side[zone.pipe_u] == SUPPLY, 0, 1)
        length = np.maximum(zone.pipe_length_m, _LEAST_LENGTH_M) * (1.0 + local_share)
        roughness = np.broadcast_to(np.asarray(roughness_mm, float) / 1000.0, side.shape)
        return pipe_friction(
            length_m=length,
            diameter_m=zone.pipe_diameter_mm / 1000.0,
            roughness_m=roughness,
            density_kg_per_m3=density[side],
            viscosity_pa_s=viscosity[side],
        )

    def _edges(self, zone: Zone, temperature_degc: tuple[float, float]) -> _Net:
        density, _ = _water(*temperature_degc)
        u, v = np.concatenate([zone.pipe_u, zone.lift_u]), np.concatenate([zone.pipe_v, zone.lift_v])
        weight = density[np.where(zone.node_side[u] == SUPPLY, 0, 1)] * GRAVITY_M_PER_S2 / 1e6
        height = zone.node_height_m
        rise = weight * (height[u] - height[v]) + _air_mpa(height[u]) - _air_mpa(height[v])
        rise[self.pipes :] += zone.lift_mpa
        joint = np.zeros(self.lifts)
        friction = Friction(*(np.concatenate([each, joint]) for each in self._pipe_friction))
        return _Net(u, v, rise, friction, np.ones(len(u), bool), len(zone.node_side))

    def solve(
        self,
        station_kg_per_s: Floats,
        feed_kg_per_s: Floats,
        *,
        removed_pipes: NDArray[np.integer] | NDArray[np.bool_] | Sequence[int] | None = None,
        leak: Leak | Sequence[Leak] | None = None,
        start: Solved | None = None,
        held: Held | None = None,
        open_stations: OpenStations | None = None,
        held_mpa: float = 0.0,
        losses: Losses = NO_LOSSES,
    ) -> Solved:
        """Solve both sides with given flows at stations and at every source that does not hold the pressure.

        Parameters
        ----------
        station_kg_per_s, feed_kg_per_s
            Flow of each station and of each source; that of a source that holds the pressure, and of open stations, is not used.
        removed_pipes
            Pipes that carry nothing: places in the zone's arrays, or a mask of them. Several questions about the same ones are
            faster by `without`.
        leak
            Water that leaves pipes; the holder makes it up.
        start
            A solution of nearly the same question, to begin with.
        held
            Who holds the pressures; by default the first source, on both sides.
        open_stations, held_mpa
            Stations whose flow follows from the differential, and what the first source holds: its supply less its return.
        losses
            Water that leaves nodes.

        Returns
        -------
        Solved
            As `pandapipes_net.solve` has it. Nodes that no holder reaches: pressure NaN, flow 0. A pipe with a leak has the flow
            of its end at `u`. `converged` is False where Newton's method found nothing.

        Notes
        -----
        A lift against which the water runs lifts nothing, as in pandapipes. Cost: docs/leaks.md.
        """
        if removed_pipes is not None or held is not None:
            solver = self.without(() if removed_pipes is None else removed_pipes, held)
            return solver.solve(
                station_kg_per_s,
                feed_kg_per_s,
                leak=leak,
                start=start,
                open_stations=open_stations,
                held_mpa=held_mpa,
                losses=losses,
            )
        zone, held = self.zone, self._held
        leaks = [leak] if isinstance(leak, Leak) else list(leak or ())
        net, first = self._net, None if start is None else _flows(start)
        if leaks:
            net = _with_leaks(net, leaks)
            first = None if first is None else np.concatenate([first, np.zeros(len(leaks))])
        opened = np.zeros(0, np.int64)
        if open_stations is not None:
            alive = self._core.alive[zone.station_supply] & self._core.alive[zone.station_return]
            opened = np.flatnonzero(open_stations.mask & alive)
            net = _with_open(net, zone, open_stations, opened, held_mpa)
            station_kg_per_s = np.where(open_stations.mask, 0.0, station_kg_per_s)
            first = None if first is None or start is None else np.concatenate([first, _through(start, open_stations, opened)])
        core = self._core if net is self._net else self._reduced(net, self._holds(held))
        taken = self._taken(core.alive, station_kg_per_s, feed_kg_per_s, held)
        np.add.at(taken, losses.node, losses.kg_per_s)
        taken = np.concatenate([taken, [each.kg_per_s for each in leaks]]) * core.alive
        pressure = np.full(net.nodes, np.nan)
        pressure[zone.feed_supply[held.feed]], pressure[zone.feed_return[held.feed]] = held.supply_mpa, held.return_mpa
        flow, converged = self._with_pumps(net, core, taken, pressure, first)
        solved = self._solved(net, core, taken, pressure, flow, converged=converged, held=held)
        if open_stations is None or not converged:
            return solved
        through = station_kg_per_s.copy()
        through[opened] = flow[len(flow) - len(opened) :]
        return replace(solved, station_kg_per_s=through)

    def slopes(self, solved: Solved) -> Floats:
        """Return the derivative of each pipe's loss by its flow, MPa per kg/s."""
        return np.asarray(edge_losses(self._pipe_friction, solved.flow_kg_per_s)[1])

    def losses(self, solved: Solved) -> Floats:
        """Return what friction takes in each pipe from `u` to `v`, MPa."""
        return np.asarray(edge_losses(self._pipe_friction, solved.flow_kg_per_s)[0])

    def roughness_exponent(self, solved: Solved) -> Floats:
        """Return by which power of the roughness each pipe's loss grows."""
        part = self._pipe_friction
        number = np.maximum(part.reynolds * np.abs(solved.flow_kg_per_s), LEAST_REYNOLDS)
        inside = part.rough + 5.74 * number**-0.9
        power: Floats = -2.0 * part.rough / (inside * np.log(inside))
        return power

    def _holds(self, held: Held) -> Ints:
        return np.concatenate([self.zone.feed_supply[held.feed], self.zone.feed_return[held.feed]])

    @staticmethod
    def _reduced(net: _Net, holders: Ints) -> Core:
        holds = np.zeros(net.nodes, bool)
        holds[holders] = True
        return reduce_network(net.u, net.v, net.usable, holds)

    def _taken(self, alive: Mask, station: Floats, feed: Floats, held: Held) -> Floats:
        """Return what leaves the pipes at each node; a station or source that one side does not reach takes and gives nothing."""
        zone = self.zone
        station = np.where(alive[zone.station_supply] & alive[zone.station_return], station, 0.0)
        given = np.where(alive[zone.feed_supply] & alive[zone.feed_return], feed, 0.0)
        given[held.feed] = 0.0
        node = np.concatenate([zone.station_supply, zone.station_return, zone.feed_supply, zone.feed_return])
        each = np.concatenate([station, -station, -given, given])
        return np.asarray(np.bincount(node, weights=each, minlength=len(zone.node_side)), np.float64)

    def _with_pumps(self, net: _Net, core: Core, taken: Floats, pressure: Floats, start: Floats | None) -> tuple[Floats, bool]:
        """Solve, and stop lifts against which the water runs until none does; fills in `pressure`."""
        lifts = slice(self.pipes, self.pipes + self.lifts)
        off = np.zeros(self.lifts, bool) if start is None else start[lifts] < 0.0
        for _ in range(_PUMP_ROUNDS):
            rise = net.rise.copy()
            rise[lifts] -= np.where(off, self.zone.lift_mpa, 0.0)
            flow, converged = _newton(replace(net, rise=rise), core, taken, pressure, start)
            turned = flow[lifts] < 0.0
            if not converged or (turned == off).all():
                break
            off = turned
            start = flow
        return flow, converged

    def _solved(
        self, net: _Net, core: Core, taken: Floats, pressure: Floats, flow: Floats, *, converged: bool, held: Held
    ) -> Solved:
        nodes, pipes = len(self.zone.node_side), self.pipes
        if not converged:
            nan = np.full(pipes, np.nan)
            return Solved(False, np.full(nodes, np.nan), nan, np.full(self.lifts, np.nan), nan, float("nan"))
        astray = np.bincount(net.v, flow, net.nodes) - np.bincount(net.u, flow, net.nodes) - taken
        astray[self._holds(held)] = 0.0
        own = flow[:pipes].copy()
        factor = np.asarray(darcy_factors(self._pipe_friction, own))
        lost = float(np.abs(astray[core.alive]).max(initial=0.0))
        return Solved(True, pressure[:nodes], own, flow[pipes : pipes + self.lifts].copy(), factor, lost)


def _first() -> Held:
    zero = np.zeros(1)
    return Held(np.zeros(1, np.int64), zero, zero)


def _flows(start: Solved) -> Floats:
    return np.concatenate([start.flow_kg_per_s, start.lift_flow_kg_per_s])


def _through(start: Solved, stations: OpenStations, opened: Ints) -> Floats:
    """Return what flows through open stations to begin with."""
    return (stations.full_kg_per_s if start.station_kg_per_s is None else start.station_kg_per_s)[opened]


def _newton(net: _Net, core: Core, taken: Floats, pressure: Floats, start: Floats | None) -> tuple[Floats, bool]:
    """Solve with fixed lifts; fills in `pressure` and returns the flows of all edges."""
    load, flow = gather(core, net.u, net.v, taken)
    before, inside = offsets(core, load)
    runs, converged = (_first_guess(net, core, start), before), True
    if len(inside):
        meets, a, b = core.key >= 0, core.chain_a, core.chain_b
        demand = np.bincount(core.key[b] + 1, weights=inside, minlength=core.keys + 1)[1:]
        demand[core.key[meets]] += load[meets]
        held = np.where(meets, 0.0, pressure)
        push = run_rises(core, net.u, net.rise) + held[a] - held[b]
        through, met, converged = newton(core, net.friction, runs, push, demand)
        pressure[meets] = met[core.key[meets]]
        runs = (through, before)
    spread_runs(core, net.friction, (net.u, net.rise), runs, (flow, pressure))
    spread_trees(core, net.friction, (net.u, net.v), net.rise, (flow, pressure))
    return flow, converged


def _first_guess(net: _Net, core: Core, start: Floats | None) -> Floats:
    """Return what enters each run: as in a solution given, else a flow that is none of anybody's."""
    first, node = core.chain_edge[core.chain_start[:-1]], core.chain_node[core.chain_start[:-1]]
    if start is not None:
        return np.where(net.u[first] == node, start[first], -start[first])
    return np.full(len(first), _FIRST_KG_PER_S)


def _with_leaks(net: _Net, leaks: Sequence[Leak]) -> _Net:
    """Part the pipes that leak: the first half keeps the number, the second one and the node between are added at the end."""
    u, v, usable, nodes = net.u.copy(), net.v.copy(), net.usable.copy(), net.nodes
    for each in leaks:
        _checked(each, net)
    pipe = np.array([each.pipe for each in leaks], np.int64)
    share = np.array([each.share for each in leaks])
    if len(np.unique(pipe)) < len(pipe):
        raise ValueError("two leaks in one pipe; give their sum, or leaks of different pipes")
    middle = nodes + np.arange(len(leaks))
    factor, rise = net.friction.factor.copy(), net.rise.copy()
    second = (factor[pipe] * (1.0 - share), rise[pipe] * (1.0 - share))
    factor[pipe] *= share
    rise[pipe] *= share
    friction = Friction(
        np.concatenate([factor, second[0]]),
        np.concatenate([net.friction.reynolds, net.friction.reynolds[pipe]]),
        np.concatenate([net.friction.rough, net.friction.rough[pipe]]),
    )
    ends = np.concatenate([u, middle]), np.concatenate([v, v[pipe]])
    ends[1][pipe] = middle
    return _Net(*ends, np.concatenate([rise, second[1]]), friction, np.concatenate([usable, usable[pipe]]), nodes + len(leaks))


def _with_open(net: _Net, zone: Zone, stations: OpenStations, opened: Ints, held_mpa: float) -> _Net:
    """Join supply and return at open stations; what the first source holds drives the water through them."""
    full = stations.full_kg_per_s[opened]
    more = Friction(stations.full_mpa / full**2, np.zeros(len(opened)), _LEAST_SHARE * full)
    return _Net(
        np.concatenate([net.u, zone.station_supply[opened]]),
        np.concatenate([net.v, zone.station_return[opened]]),
        np.concatenate([net.rise, np.full(len(opened), held_mpa)]),
        Friction(*(np.concatenate(pair) for pair in zip(net.friction, more, strict=True))),
        np.concatenate([net.usable, np.ones(len(opened), bool)]),
        net.nodes,
    )


def _checked(leak: Leak, net: _Net) -> None:
    if not 0 <= leak.pipe < len(net.u):
        raise ValueError(f"pipe {leak.pipe} of a leak is no place in the zone's arrays")
    if not 0.0 <= leak.share <= 1.0:
        raise ValueError(f"a leak lies between 0 and 1 of its pipe, not at {leak.share}")


@lru_cache(maxsize=64)
def _water(supply_degc: float, return_degc: float) -> tuple[Floats, Floats]:
    """Return density and viscosity of supply and return."""
    density = water_at(supply_degc, return_degc).density_kg_per_m3
    return np.array(density), np.array(viscosity_pa_s(supply_degc, return_degc))


def _air_mpa(height_m: Floats) -> Floats:
    """Return the pressure of the air at a height (the barometric formula of pandapipes): gauges show what is above it."""
    return np.asarray(_ATMOSPHERE_MPA * np.power(1.0 - height_m * 0.0065 / 288.15, 5.255))
