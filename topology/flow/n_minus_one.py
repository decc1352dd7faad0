"""What happens to a zone when one segment is shut, for every segment: who is cut off, who is short, what the sources can give.

`n_minus_one` answers for all, `footprints` gives the differentials as matrices. docs/leaks.md has the model and what it costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topology.build.segments import components
from topology.flow.core import Mask
from topology.flow.cuts import Cut, CutZone, part_zone
from topology.flow.friction import Floats, Ints
from topology.flow.solver import FlowSolver, Held
from topology.hydraulics.gates import LEAST_DIFFERENTIAL_MPA
from topology.hydraulics.pandapipes_net import OpenStations, Solved
from topology.hydraulics.short import GIVEN, OPEN, Modes, Turns
from topology.hydraulics.zone import Zone
from topology.network import Network

_SHORT = 0.99


@dataclass(frozen=True, eq=False)
class Case:
    """How a zone is run: its solver, flows, what the named source holds, and the solution with everything open.

    Attributes
    ----------
    zone, solver
        The zone, pipe by pipe.
    station_kg_per_s, feed_kg_per_s
        Flow of each station and of each source.
    held_mpa
        Supply less return at the named source.
    solved
        Everything open.
    """

    zone: Zone
    solver: FlowSolver
    station_kg_per_s: Floats
    feed_kg_per_s: Floats
    held_mpa: float
    solved: Solved

    def differential_mpa(self, solved: Solved) -> Floats:
        """Return supply less return at each station."""
        zone = self.zone
        return np.asarray(solved.pressure_mpa[zone.station_supply] - solved.pressure_mpa[zone.station_return] + self.held_mpa)


@dataclass(frozen=True, eq=False)
class Outages:
    """The zone after each cut; one row a cut.

    Attributes
    ----------
    segment_id
        Smallest id of the segments shut together: supply and return, and what their twins join.
    pipe_length_m
        Of the pipes shut, both sides.
    stations_off, load_off_mw
        Stations that no running source reaches on both sides any more, and their load.
    stations_short, load_short_mw
        Stations still fed that get less than they need, and what they miss.
    worst_differential_mpa
        Smallest at a station that is fed; NaN where none is.
    power_mw, load_mw
        What the sources that are left can give to those still fed, and what these need; a part of its own that cannot serve its
        load counts with its power only (NaN power counts as its share).
    missing_mw
        Load that the sources of its part cannot give.
    converged
        False: the pressures are not known.
    differential_mpa
        At each station, shape (cuts, stations); NaN = cut off.
    """

    segment_id: Ints
    pipe_length_m: Floats
    stations_off: Ints
    load_off_mw: Floats
    stations_short: Ints
    load_short_mw: Floats
    worst_differential_mpa: Floats
    power_mw: Floats
    load_mw: Floats
    missing_mw: Floats
    converged: Mask
    differential_mpa: Floats


def make_case(
    zone: Zone, solver: FlowSolver, *, station_kg_per_s: Floats, feed_kg_per_s: Floats, worst_differential_mpa: float = 0.10
) -> Case:
    """Run a zone so that the worst station gets a differential, as `hydraulics.Operation` does."""
    solved = solver.solve(station_kg_per_s, feed_kg_per_s)
    case = Case(zone, solver, station_kg_per_s, feed_kg_per_s, 0.0, solved)
    held = worst_differential_mpa - float(case.differential_mpa(solved).min(initial=0.0))
    return Case(zone, solver, station_kg_per_s, feed_kg_per_s, held, solved)


def n_minus_one(network: Network, case: Case) -> Outages:
    """Shut every segment of a zone, one after the other, supply and return twins together.

    1. Valves around the segment close; what it held together falls apart (`topology.flow.cuts`).
    2. In each part that is left the named source, or the strongest one, holds the pressures that it had; the others give what
       they gave.
    3. A station whose differential falls below 0.05 MPa is open as far as it goes: its flow falls with the root of the
       differential (Wagner 1988), so that no station pumps. Solved again until no other one is short.

    Notes
    -----
    Cost: docs/leaks.md; a zone of 4,400 pipes and 415 stations takes seconds.
    """
    parted = part_zone(network, case.zone)
    rows = [_outage(case, parted, cut) for cut in parted.cuts]
    columns = [np.array(each) for each in zip(*rows, strict=True)] if rows else [np.zeros(0)] * 11
    segment = np.array([cut.segment_id for cut in parted.cuts], np.int64)
    differential = columns[10].reshape(len(rows), len(case.zone.station_id))
    return Outages(
        segment_id=segment,
        pipe_length_m=columns[0],
        stations_off=columns[1].astype(np.int64),
        load_off_mw=columns[2],
        stations_short=columns[3].astype(np.int64),
        load_short_mw=columns[4],
        worst_differential_mpa=columns[5],
        power_mw=columns[6],
        load_mw=columns[7],
        missing_mw=columns[8],
        converged=columns[9].astype(bool),
        differential_mpa=differential,
    )


def _outage(case: Case, parted: CutZone, cut: Cut) -> tuple[object, ...]:
    zone = case.zone
    solver, station_off, feed_off = parted.without(case.solver, cut)
    held, fed, label = _holders(case, solver.zone, parted.mask(cut), station_off, feed_off)
    station = np.where(fed, case.station_kg_per_s, 0.0)
    feed = np.where(feed_off, 0.0, case.feed_kg_per_s)
    share, solved = _settled(case, solver, cut, (station, feed), held)
    load = zone.station_load_mw
    differential = _differential(case, solver.zone, solved)
    differential[~fed] = np.nan
    power, missing = _capacity(zone, fed, label, feed_off)
    short = fed & (share < _SHORT) & (station > 0)
    worst = np.nanmin(differential) if fed.any() and solved.converged else np.nan
    return (
        float(zone.pipe_length_m[cut.pipes].sum()),
        int((~fed).sum()),
        float(load[~fed].sum()),
        int(short.sum()),
        float((load * (1.0 - share))[short].sum()),
        worst,
        power,
        float(load[fed].sum()),
        missing,
        solved.converged,
        differential,
    )


def _holders(
    case: Case, zone: Zone, removed: Mask, station_off: Mask, feed_off: Mask
) -> tuple[Held | None, Mask, tuple[Ints, Ints]]:
    """Return who holds each part that is left, who is fed, and the part of each station and source."""
    u, v = np.concatenate([zone.pipe_u[~removed], zone.lift_u]), np.concatenate([zone.pipe_v[~removed], zone.lift_v])
    count, part = components(u.astype(np.int32), v.astype(np.int32), len(zone.node_side))
    pair = part[zone.feed_supply].astype(np.int64) * count + part[zone.feed_return]
    station = part[zone.station_supply].astype(np.int64) * count + part[zone.station_return]
    running = np.flatnonzero(~feed_off)
    power = np.nan_to_num(zone.feed_power_mw, nan=0.0)
    rank = running[np.lexsort((-power[running], running != 0))]
    _, first = np.unique(pair[rank], return_index=True)
    holders = np.sort(rank[first])
    fed = np.isin(station, pair[running]) & ~station_off
    if not len(holders):
        return None, fed, (station, pair)
    before = case.solved.pressure_mpa
    # pressures of the holders as they were; the original zone has the original nodes
    held = Held(holders, before[case.zone.feed_supply[holders]], before[case.zone.feed_return[holders]])
    return held, fed, (station, pair)


def _settled(case: Case, solver: FlowSolver, cut: Cut, flows: tuple[Floats, Floats], held: Held | None) -> tuple[Floats, Solved]:
    """Solve, with those open that are short of pressure; return the share that each gets."""
    station, feed = flows
    if held is None:
        empty = np.full(len(solver.zone.node_side), np.nan)
        return np.ones(len(station)), Solved(
            True, empty, np.zeros(solver.pipes), np.zeros(solver.lifts), np.zeros(solver.pipes), 0.0
        )
    left = solver.without(cut.pipes, held)
    intact = case.solved if len(case.solved.lift_flow_kg_per_s) == solver.lifts else None

    def solve_with(mode: Modes, _: float, before: Solved | None) -> Solved:
        given, stations = np.where(mode == GIVEN, station, 0.0), OpenStations(mode == OPEN, station, LEAST_DIFFERENTIAL_MPA)
        start = before or intact
        found = left.solve(given, feed, start=start, open_stations=stations, held_mpa=case.held_mpa)
        if found.converged or start is None:
            return found
        return left.solve(given, feed, open_stations=stations, held_mpa=case.held_mpa)

    turns = Turns(solver.zone, station, LEAST_DIFFERENTIAL_MPA, np.zeros(len(station), bool), shared=False)
    solved = turns.settle(solve_with, case.held_mpa)
    got = station if solved.station_kg_per_s is None else solved.station_kg_per_s
    return np.divide(got, station, out=np.ones(len(station)), where=station > 0), solved


def _differential(case: Case, zone: Zone, solved: Solved) -> Floats:
    return np.asarray(solved.pressure_mpa[zone.station_supply] - solved.pressure_mpa[zone.station_return] + case.held_mpa)


def _capacity(zone: Zone, fed: Mask, parts: tuple[Ints, Ints], feed_off: Mask) -> tuple[float, float]:
    """Return the power of the sources that are left where somebody is fed, and the load that their parts cannot be given."""
    station, feed = parts
    power = np.where(np.isnan(zone.feed_power_mw), zone.feed_load_mw, zone.feed_power_mw)
    total, missing = 0.0, 0.0
    for part in np.unique(station[fed]):
        here = float(power[(feed == part) & ~feed_off].sum())
        total += here
        missing += max(0.0, float(zone.station_load_mw[fed & (station == part)].sum()) - here)
    return total, missing
