"""The zone of `physics.ZoneModel`, solved many times as fast: good enough to tell who is short, not for a pressure line.

What is left out: the friction factors stay those of the healthy zone (at the roughness of old steel pipes they hardly depend on
the flow), Newton's method ends at `_TOLERANCE_MPA`, the water of a burst comes all from one end of its pipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.causes.physics import CAUTIOUS, DEAD_MPA, HALF_WAY, LEAST_OUT, NEAR, OPEN_MPA, RETURN_MPA, ZoneModel, mixing
from topology.codes import SUPPLY
from topology.flow.core import Core, gather, offsets, reduce_network
from topology.flow.newton import envelope_of, matrix_of, solve_envelope
from topology.flow.solver import FlowSolver

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TOLERANCE_MPA = 2e-5
_ITERATIONS = 40
_DAMPED_AFTER = 12
_TURNS = 40
_SETTLED = 0.0005
"""Share of the zone's flow by which a turn may still change it."""
_LEAST_SHARE = 0.05
"""Friction factors are those of at least this share of the largest velocity that is usual."""
_USUAL_M_PER_S = 1.0
_STRAIGHT_MPA_PER_KG_PER_S = 1e-8
"""So that a pipe without flow has a derivative."""


class _Pipes(NamedTuple):
    """Edges (pipes, then lifts): ends, loss = `factor` x flow x |flow|, what drives them, number of pipes, lift of the rest."""

    u: Ints
    v: Ints
    factor: Floats
    rise: Floats
    pipes: int
    lift_mpa: Floats


class _Ends(NamedTuple):
    """Stations by their nodes with what they want, sources with what they give; `usual_mpa`: see `ZoneModel`."""

    supply: Ints
    back: Ints
    wanted: Floats
    feed_supply: Ints
    feed_back: Ints
    usual_mpa: float


class _Burst(NamedTuple):
    """A burst.

    Its node, the water lost at the usual pressure, that pressure above the air, what to add to the node's pressure for it, and
    the friction between the burst and the node (MPa per kg/s squared).
    """

    node: int
    kg_per_s: float
    usual_mpa: float
    added_mpa: float
    half: float


@dataclass(slots=True)
class _State:
    """Where the next solution begins: what enters each run, shares of station flows and of the burst, lifts that stand."""

    through: Floats
    share: Floats
    out: float
    off: NDArray[np.bool_]


class QuickZone:
    """Answers who falls short in a zone under many failures.

    Parameters
    ----------
    model
        The zone at its load; must be usable.
    """

    def __init__(self, model: ZoneModel) -> None:
        self.model, zone = model, model.zone
        solver: FlowSolver = model._solver
        net, self._healthy = solver._net, model._healthy
        self._usable = net.usable
        friction, flow = net.friction, np.concatenate([self._healthy.flow_kg_per_s, self._healthy.lift_flow_kg_per_s])
        area = np.pi / 4.0 * (zone.pipe_diameter_mm / 1000.0) ** 2
        least = np.concatenate([_LEAST_SHARE * _USUAL_M_PER_S * 950.0 * area, np.full(len(zone.lift_id), 1.0)])
        number = np.maximum(friction.reynolds * np.maximum(np.abs(flow), least), 4000.0)
        darcy = 0.25 / np.log10(friction.rough + 5.74 * number**-0.9) ** 2
        factor = np.where(friction.factor > 0, friction.factor * darcy, 0.0)
        self._pipes = _Pipes(net.u, net.v, factor, net.rise, len(zone.pipe_id), zone.lift_mpa)
        self._ends = _Ends(
            zone.station_supply, zone.station_return, model.station_kg_per_s, zone.feed_supply, zone.feed_return, model._lift_mpa
        )
        self._flow = flow
        self._core, self._holders = self._reduced(self._usable, [0])
        self._state = self._first(self._core)
        self.normal_mpa = self._solve(self._core, self._holders, model._feed, self._pipes, None, self._state)[0]

    def burst(self, pipe: int, sizes_kg_per_s: Floats) -> Floats:
        """Return the differentials of all stations for bursts of rising size in the middle of one pipe; shape (sizes, stations).

        Notes
        -----
        Rows after one without a solution are NaN.
        """
        zone, model = self.model.zone, self.model
        node = int(zone.pipe_v[pipe] if self._flow[pipe] >= 0.0 else zone.pipe_u[pipe])
        added = RETURN_MPA + (model._lift_mpa if zone.node_side[node] == SUPPLY else 0.0)
        usual = max(float(self._healthy.pressure_mpa[node]) + added, 0.05)
        found = np.full((len(sizes_kg_per_s), len(model.station_kg_per_s)), np.nan)
        state = self._state
        for place, size in enumerate(sizes_kg_per_s.tolist()):
            burst = _Burst(node, size, usual, added, 0.5 * float(self._pipes.factor[pipe]))
            apart, state = self._solve(self._core, self._holders, model._feed, self._pipes, burst, state)
            if not np.isfinite(apart).any():
                break
            found[place] = apart
        return found

    def shut(self, pipes: list[int]) -> Floats | None:
        """Return the differentials when some pipes carry nothing; None without a solution."""
        usable = self._usable.copy()
        usable[pipes] = False
        core, holders = self._reduced(usable, list(range(len(self.model.zone.feed_id))))
        return self._asked(core, holders, self.model._feed, self._pipes)

    def stopped(self, feed: int) -> Floats | None:
        """Return the differentials when a source stands and others run."""
        running = [place for place in range(len(self.model.zone.feed_id)) if place != feed]
        given = self.model._feed.copy()
        given[feed] = 0.0
        core, holders = self._reduced(self._usable, running)
        return self._asked(core, holders, given, self._pipes)

    def without_lift(self, station_id: int) -> Floats | None:
        """Return the differentials when a relay pump station stands."""
        zone = self.model.zone
        lift = np.where(zone.lift_id == station_id, 0.0, zone.lift_mpa)
        rise = self._pipes.rise.copy()
        rise[self._pipes.pipes :] += lift - zone.lift_mpa
        pipes = self._pipes._replace(rise=rise, lift_mpa=lift)
        return self._asked(self._core, self._holders, self.model._feed, pipes)

    def _asked(self, core: Core, holders: list[int], feed: Floats, pipes: _Pipes) -> Floats | None:
        apart, _ = self._solve(core, holders, feed, pipes, None, self._first(core))
        return apart if np.isfinite(apart).any() else None

    def _reduced(self, usable: NDArray[np.bool_], running: list[int]) -> tuple[Core, list[int]]:
        """Return the rings that are left, and who holds the pressures: the first source, and one of each part that it misses."""
        zone, net = self.model.zone, self._pipes
        holders = running[:1]
        while True:
            holds = np.zeros(len(zone.node_side), bool)
            holds[zone.feed_supply[holders]] = True
            holds[zone.feed_return[holders]] = True
            core = reduce_network(net.u, net.v, usable, holds)
            fed = core.alive[zone.feed_supply] & core.alive[zone.feed_return]
            apart = [place for place in running if place not in holders and not fed[place]]
            if not apart:
                return core, holders
            holders.append(apart[0])

    def _first(self, core: Core) -> _State:
        first, node = core.chain_edge[core.chain_start[:-1]], core.chain_node[core.chain_start[:-1]]
        through = np.where(self._pipes.u[first] == node, self._flow[first], -self._flow[first])
        return _State(through, np.ones(len(self._ends.wanted)), 1.0, self._flow[self._pipes.pipes :] < 0.0)

    def _solve(  # noqa: PLR0917
        self, core: Core, holders: list[int], feed: Floats, pipes: _Pipes, burst: _Burst | None, state: _State
    ) -> tuple[Floats, _State]:
        zone = self.model.zone
        pressure = np.full(len(zone.node_side), np.nan)
        for ends in (zone.feed_supply[holders], zone.feed_return[holders]):
            pressure[ends] = self._healthy.pressure_mpa[ends]
        given = feed.copy()
        given[holders] = 0.0
        asked = burst or _Burst(-1, 0.0, 1.0, 0.0, 0.0)
        through, share, off = state.through.copy(), state.share.copy(), state.off.copy()
        apart, out = _settle(core, pipes, self._ends, given, asked, pressure, (through, share, off), state.out)
        return apart, _State(through, share, out, off)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _settle(  # noqa: PLR0917 - compiled functions take arrays by place
    core: Core,
    pipes: _Pipes,
    ends: _Ends,
    feed: Floats,
    burst: _Burst,
    pressure: Floats,
    state: tuple[Floats, Floats, NDArray[np.bool_]],
    out: float,
) -> tuple[Floats, float]:
    """Find by turns what short stations and the burst take; changes `state`, returns differentials (NaN = no solution)."""
    through, share, off = state
    apart = np.full(share.size, np.nan)
    whole, step, moved, mixed, spoilt = ends.wanted.sum(), HALF_WAY, np.inf, False, False
    gap, last_gap, last_share = np.zeros(share.size), np.zeros(share.size), share.copy()
    for _ in range(_TURNS):
        taken = _taken(core, ends, feed, burst, share, out, pressure.size)
        turned = _pressures(core, pipes, taken, pressure, through, off)
        if turned < 0:
            return np.full(share.size, np.nan), out
        moved, before = 0.0, moved
        for i in range(share.size):
            apart[i] = pressure[ends.supply[i]] - pressure[ends.back[i]] + ends.usual_mpa
            lost = max(ends.usual_mpa - apart[i], 0.0) / max(share[i], 0.05) ** 2 if np.isfinite(apart[i]) else 0.0
            after = min(np.sqrt(ends.usual_mpa / (OPEN_MPA + lost)), 1.0)
            gap[i] = after - share[i]
            moved += abs(gap[i]) * ends.wanted[i]
            if not np.isfinite(apart[i]):
                apart[i] = DEAD_MPA
        if burst.node >= 0:
            above = pressure[burst.node] + burst.added_mpa + burst.half * (out * burst.kg_per_s) ** 2
            lost = max(burst.usual_mpa - above, 0.0) / max(out, LEAST_OUT) ** 2 if np.isfinite(above) else np.inf
            after = np.sqrt(burst.usual_mpa / (burst.usual_mpa + lost))
            moved = max(moved, abs(after - out) * burst.kg_per_s)
            out = np.sqrt(after * out)
        if moved <= _SETTLED * whole and turned == 0:
            break
        spoilt = spoilt or (mixed and moved > before)
        step *= CAUTIOUS if moved > before else 1.0
        mixed = not spoilt and moved < min(before, NEAR * whole)
        by = mixing(ends.wanted, gap, last_gap) if mixed else 0.0
        for i in range(share.size):
            now = share[i]
            share[i] += step * gap[i] - by * (now - last_share[i] + step * (gap[i] - last_gap[i]))
            share[i] = min(max(share[i], LEAST_OUT), 1.0)
            last_share[i], last_gap[i] = now, gap[i]
    return apart, out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _taken(  # noqa: PLR0917
    core: Core, ends: _Ends, feed: Floats, burst: _Burst, share: Floats, out: float, nodes: int
) -> Floats:
    """Return what leaves the pipes at each node."""
    taken = np.zeros(nodes)
    for i in range(share.size):
        if core.alive[ends.supply[i]] and core.alive[ends.back[i]]:
            taken[ends.supply[i]] += share[i] * ends.wanted[i]
            taken[ends.back[i]] -= share[i] * ends.wanted[i]
    for i in range(feed.size):
        if core.alive[ends.feed_supply[i]] and core.alive[ends.feed_back[i]]:
            taken[ends.feed_supply[i]] -= feed[i]
            taken[ends.feed_back[i]] += feed[i]
    if burst.node >= 0 and core.alive[burst.node]:
        taken[burst.node] += out * burst.kg_per_s
    return taken


@njit(cache=True)  # type: ignore[untyped-decorator]
def _pressures(  # noqa: PLR0917
    core: Core, pipes: _Pipes, taken: Floats, pressure: Floats, through: Floats, off: NDArray[np.bool_]
) -> int:
    """Solve with given flows; fills in `pressure`, `through` and the lifts against which the water runs.

    Returns how many of these have changed; -1 = no solution.
    """
    load, flow = gather(core, pipes.u, pipes.v, taken)
    before, inside = offsets(core, load)
    rise = pipes.rise.copy()
    for i in range(off.size):
        rise[pipes.pipes + i] -= pipes.lift_mpa[i] if off[i] else 0.0
    push, demand = _push(core, pipes.u, rise, pressure), _demand(core, load, inside)
    if inside.size and not _rings(core, pipes.factor, push, demand, (through, before), pressure):
        return -1
    _spread(core, pipes, rise, through, before, flow, pressure)
    turned = 0
    for i in range(off.size):
        against = flow[pipes.pipes + i] < 0.0
        turned += against != off[i]
        off[i] = against
    return turned


@njit(cache=True)  # type: ignore[untyped-decorator]
def _demand(core: Core, load: Floats, inside: Floats) -> Floats:
    """Return what each meeting point takes, with what is taken inside the runs that end there."""
    demand = np.zeros(core.keys)
    for n in range(load.size):
        if core.key[n] >= 0:
            demand[core.key[n]] += load[n]
    for k in range(inside.size):
        if core.key[core.chain_b[k]] >= 0:
            demand[core.key[core.chain_b[k]]] += inside[k]
    return demand


@njit(cache=True)  # type: ignore[untyped-decorator]
def _push(core: Core, u: Ints, rise: Floats, pressure: Floats) -> Floats:
    """Return what drives the water along each run besides the pressures at its meeting points."""
    push = np.zeros(core.chain_a.size)
    for k in range(push.size):
        for i in range(core.chain_start[k], core.chain_start[k + 1]):
            e = core.chain_edge[i]
            push[k] += rise[e] if u[e] == core.chain_node[i] else -rise[e]
        if core.key[core.chain_a[k]] < 0:
            push[k] += pressure[core.chain_a[k]]
        if core.key[core.chain_b[k]] < 0:
            push[k] -= pressure[core.chain_b[k]]
    return push


@njit(cache=True)  # type: ignore[untyped-decorator]
def _rings(  # noqa: PLR0917
    core: Core, factor: Floats, push: Floats, demand: Floats, runs: tuple[Floats, Floats], pressure: Floats
) -> bool:
    """Find what enters each run (global gradient algorithm, see `flow.newton`); changes it, fills in meeting points' pressures.

    `runs` are what enters each run and what is taken before each of its edges.
    """
    through, before = runs
    a, b = core.key[core.chain_a], core.key[core.chain_b]
    envelope = envelope_of(demand.size, a, b)
    slope, gap, met, worst = np.empty(a.size), np.empty(a.size), np.zeros(demand.size), 0.0
    for iteration in range(_ITERATIONS):
        right = -demand
        for k in range(a.size):
            lost, slope[k] = 0.0, 0.0
            for i in range(core.chain_start[k], core.chain_start[k + 1]):
                flow = through[k] - before[i]
                part = factor[core.chain_edge[i]] * abs(flow) + _STRAIGHT_MPA_PER_KG_PER_S
                lost += part * flow
                slope[k] += 2.0 * part
            gap[k] = push[k] - lost
            along = through[k] + gap[k] / slope[k]
            if a[k] >= 0:
                right[a[k]] -= along
            if b[k] >= 0:
                right[b[k]] += along
        met[:] = solve_envelope(envelope, matrix_of(envelope, a, b, 1.0 / slope), right)
        worst = 0.0
        for k in range(a.size):
            gap[k] += (met[a[k]] if a[k] >= 0 else 0.0) - (met[b[k]] if b[k] >= 0 else 0.0)
            worst = max(worst, abs(gap[k]))
            through[k] += gap[k] / slope[k] * (0.5 if iteration > _DAMPED_AFTER else 1.0)
        if not np.isfinite(met.sum()):
            return False
        if worst < _TOLERANCE_MPA:
            break
    for n in range(pressure.size):
        if core.key[n] >= 0:
            pressure[n] = met[core.key[n]]
    return worst < 100.0 * _TOLERANCE_MPA


@njit(cache=True)  # type: ignore[untyped-decorator]
def _spread(  # noqa: PLR0917
    core: Core, pipes: _Pipes, rise: Floats, through: Floats, before: Floats, flow: Floats, pressure: Floats
) -> None:
    """Fill in the flows of the runs' edges and the pressures of everything but meeting points: along the runs, up the trees."""
    for k in range(through.size):
        for i in range(core.chain_start[k], core.chain_start[k + 1]):
            e, at, along = core.chain_edge[i], core.chain_node[i], through[k] - before[i]
            sign = 1.0 if pipes.u[e] == at else -1.0
            flow[e] = sign * along
            if i + 1 < core.chain_start[k + 1]:
                pressure[core.chain_node[i + 1]] = pressure[at] + sign * rise[e] - pipes.factor[e] * along * abs(along)
    for j in range(core.order.size - 1, -1, -1):
        n = core.order[j]
        e = core.up_edge[n]
        sign = 1.0 if pipes.v[e] == n else -1.0
        loss = pipes.factor[e] * flow[e] * abs(flow[e])
        pressure[n] = pressure[pipes.u[e] + pipes.v[e] - n] + sign * (rise[e] - loss)
