"""Pressures and flows of the primary network that hangs on one heat source: `solve_zone`. docs/hydraulics.md has the model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from topology.codes import SUPPLY
from topology.hydraulics.gates import (
    BOILING_MARGIN_MPA,
    LEAST_DIFFERENTIAL_MPA,
    LEAST_RETURN_MPA,
    RULES,
    boiling_mpa,
    problems,
)
from topology.hydraulics.pandapipes_net import GRAVITY_M_PER_S2, NO_LOSSES, Losses, Solved, Water, solve, water_at
from topology.hydraulics.results import (
    NORMAL,
    Feed,
    Lifts,
    NodePressures,
    Operation,
    PipeFlows,
    Problem,
    StationPressures,
    ZoneHydraulics,
)
from topology.hydraulics.short import Given, quick_solver, solve_served
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Floats, Zone, cut_zone
from topology.network import Network

__all__ = [
    "LEAST_DIFFERENTIAL_MPA",
    "NORMAL",
    "RULES",
    "Feed",
    "Lifts",
    "NodePressures",
    "Operation",
    "PipeFlows",
    "Problem",
    "SolvedZone",
    "StationPressures",
    "ZoneHydraulics",
    "boiling_mpa",
    "solve_cut",
    "solve_zone",
]
_STEP_MPA = 0.01


@dataclass(frozen=True, eq=False)
class SolvedZone:
    """A solved zone with what it was solved from: the cut, and the flows in kg/s (of each source: what it gives)."""

    zone: Zone
    result: ZoneHydraulics
    solved: Solved
    station_kg_per_s: Floats
    feed_kg_per_s: Floats
    losses: Losses


def solve_zone(network: Network, tables: HydraulicTables, source_id: int, *, operation: Operation = NORMAL) -> ZoneHydraulics:
    """Solve the primary network that is connected with a running source.

    Stations take what their load needs, other sources give their share by design power, the named source the rest. Its pressures
    are those of `operation`, or the lowest that serve everybody.

    Parameters
    ----------
    network
        At the valve state that is asked about.
    tables
        Sizes of the same city.
    source_id
        A running plant or boiler house.
    operation
        How it is run.

    Raises
    ------
    NotSolvable
        When there is no such source, it does not run, or nothing of the zone has a diameter.

    Notes
    -----
    A zone without any substation, or one that does not converge, is an answer with that problem. Cost: docs/hydraulics.md.
    """
    zone = cut_zone(network, tables, source_id)
    return solve_cut(zone, versions=(network.network_version, network.valve_version), operation=operation).result


def solve_cut(
    zone: Zone,
    *,
    versions: tuple[int, int],
    operation: Operation = NORMAL,
    cut_short: bool = False,
    losses: Losses = NO_LOSSES,
) -> SolvedZone:
    """Solve a zone that is cut out already.

    Parameters
    ----------
    zone
        From `zone.cut_zone`.
    versions
        Of the network and of the valve states, for the records.
    operation
        How it is run.
    cut_short
        True: a substation whose differential does not carry its flow gets less, as much as its open valve lets through, and the
        zone is solved again (`short`); pressures chosen here then stay below `limit_mpa`. False: every substation gets
        its flow, whatever pressure that takes, and who would be short is only told.
    losses
        Leaks.
    """
    water = water_at(operation.supply_degc, operation.return_degc)
    per_mw = 1e6 / (water.heat_capacity_j_per_kg_k * (operation.supply_degc - operation.return_degc))
    given = Given(
        station_kg_per_s=zone.station_load_mw * operation.load_share * per_mw,
        feed_share=_share(zone.feed_load_mw),
        temperature_degc=(operation.supply_degc, operation.return_degc),
        roughness_mm=operation.roughness_mm,
        local_share=operation.local_share,
        losses=losses,
    )
    short = _short_of(zone, given, operation, water) if cut_short else None
    if short is not None:
        operation, start = short
        solved = _served(zone, given, operation, start)
    else:
        solved = _forced(zone, given)
        operation = _operated(zone, solved, operation, water)
        if cut_short:
            operation = _bounded(zone, operation, water)
            solved = _cut_short(zone, solved, given, operation)
    station = given.station_kg_per_s if solved.station_kg_per_s is None else solved.station_kg_per_s
    result = _result(zone, solved, operation, water, given=given, station=station, versions=versions)
    result = replace(result, problems=tuple(problems(zone, solved, result)))
    return SolvedZone(zone, result, solved, station, given.feed_kg_per_s(station), losses)


def _share(load: Floats) -> Floats:
    total = load.sum()
    return load / total if total > 0 else np.where(np.arange(len(load)) == 0, 1.0, 0.0)


def _operated(zone: Zone, solved: Solved, operation: Operation, water: Water) -> Operation:
    """Choose the pressures at the source that the operation leaves open."""
    if not solved.converged:
        return operation
    back, supply = solved.pressure_mpa[zone.node_side != SUPPLY], solved.pressure_mpa[zone.node_side == SUPPLY]
    hold = operation.return_mpa
    if hold is None:
        needed = max(LEAST_RETURN_MPA - float(back.min()), _standing(zone, water))
        hold = _up(max(operation.usual_return_mpa, needed))
    held = operation.supply_mpa
    if held is None:
        boils = boiling_mpa(operation.supply_degc) + BOILING_MARGIN_MPA
        differential = solved.pressure_mpa[zone.station_supply] - solved.pressure_mpa[zone.station_return] - hold
        serves = operation.worst_differential_mpa - float(differential.min(initial=0.0))
        held = _up(max(serves, boils - float(supply.min())))
    return replace(operation, supply_mpa=held, return_mpa=hold)


def _standing(zone: Zone, water: Water) -> float:
    """Return the pressure at the return of the source that keeps the highest point of the zone full when the pumps stop."""
    above = float(zone.node_height_m.max() - zone.node_height_m[zone.feed_return[0]])
    return LEAST_RETURN_MPA + water.density_kg_per_m3[1] * GRAVITY_M_PER_S2 * above / 1e6


def _bounded(zone: Zone, operation: Operation, water: Water) -> Operation:
    """Hold no more at the source than the pipes bear, where forced flows ask for more or have no solution at all."""
    supply, back = operation.supply_mpa, operation.return_mpa
    if supply is not None and back is not None and max(supply, back) <= operation.limit_mpa:
        return operation
    hold = _up(max(operation.usual_return_mpa, _standing(zone, water)))
    return replace(operation, supply_mpa=operation.limit_mpa, return_mpa=min(hold, operation.limit_mpa))


def _forced(zone: Zone, given: Given) -> Solved:
    """Solve with the flow that every station wants."""
    return solve(
        zone,
        station_kg_per_s=given.station_kg_per_s,
        feed_kg_per_s=given.feed_kg_per_s(given.station_kg_per_s),
        temperature_degc=given.temperature_degc,
        roughness_mm=given.roughness_mm,
        local_share=given.local_share,
        losses=given.losses,
    )


def _short_of(zone: Zone, given: Given, operation: Operation, water: Water) -> tuple[Operation, NDArray[np.bool_]] | None:
    """Return the pressures held and who is short at them, by the own solver; None when nobody is, or it finds nothing."""
    wanted = given.station_kg_per_s
    forced = quick_solver(zone, given).solve(wanted, given.feed_kg_per_s(wanted), losses=given.losses)
    if not forced.converged:
        return None
    operation = _bounded(zone, _operated(zone, forced, operation, water), water)
    short = _too_low(zone, forced, operation) & (wanted > 0)
    return (operation, short) if short.any() else None


def _too_low(zone: Zone, forced: Solved, operation: Operation) -> NDArray[np.bool_]:
    pressure, held = forced.pressure_mpa, (operation.supply_mpa or 0.0) - (operation.return_mpa or 0.0)
    low: NDArray[np.bool_] = pressure[zone.station_supply] - pressure[zone.station_return] + held < LEAST_DIFFERENTIAL_MPA
    return low


def _cut_short(zone: Zone, forced: Solved, given: Given, operation: Operation) -> Solved:
    """Return a state in which nobody takes more than the differential carries; pressures as `forced` has them."""
    short = np.ones(len(zone.station_id), bool)
    if forced.converged:
        short = _too_low(zone, forced, operation)
        if not (short & (given.station_kg_per_s > 0)).any():
            return forced
    return _served(zone, given, operation, short)


def _served(zone: Zone, given: Given, operation: Operation, start: NDArray[np.bool_]) -> Solved:
    held = (operation.supply_mpa or 0.0, operation.return_mpa or 0.0)
    solved = solve_served(zone, given, held_mpa=held, open_mpa=LEAST_DIFFERENTIAL_MPA, start=start)
    return replace(solved, pressure_mpa=solved.pressure_mpa - np.where(zone.node_side == SUPPLY, *held))


def _up(pressure_mpa: float) -> float:
    """Round up to what a gauge shows."""
    return round(math.ceil(pressure_mpa / _STEP_MPA - 1e-6) * _STEP_MPA, 3)


def _result(
    zone: Zone,
    solved: Solved,
    operation: Operation,
    water: Water,
    *,
    given: Given,
    station: Floats,
    versions: tuple[int, int],
) -> ZoneHydraulics:
    is_supply = zone.node_side == SUPPLY
    density = np.where(is_supply, *water.density_kg_per_m3)
    offset = np.where(is_supply, operation.supply_mpa or 0.0, operation.return_mpa or 0.0)
    pressure = solved.pressure_mpa + offset
    lift_density = density[zone.lift_u] if len(zone.lift_u) else np.zeros(0)
    mw_per_kg = water.heat_capacity_j_per_kg_k * (operation.supply_degc - operation.return_degc) / 1e6
    fed = given.feed_kg_per_s(station)
    own = station.sum() - fed[1:].sum()
    wanted = given.station_kg_per_s
    return ZoneHydraulics(
        source_id=zone.source_id,
        network_version=versions[0],
        valve_version=versions[1],
        operation=operation,
        converged=solved.converged,
        feeds=_feeds(zone, pressure, np.concatenate([[own], fed[1:]]), density, mw_per_kg),
        nodes=NodePressures(
            zone.node_side, zone.node_height_m, pressure, zone.node_height_m + 1e6 * pressure / (density * GRAVITY_M_PER_S2)
        ),
        pipes=_pipes(zone, solved, density),
        stations=StationPressures(
            zone.station_id,
            zone.station_load_mw * operation.load_share,
            3600.0 * station / water.density_kg_per_m3[0],
            pressure[zone.station_supply],
            pressure[zone.station_return],
            np.divide(station, wanted, out=np.ones(len(wanted)), where=wanted > 0),
        ),
        lifts=Lifts(
            zone.lift_id, pressure[zone.lift_u], pressure[zone.lift_v], 3600.0 * solved.lift_flow_kg_per_s / lift_density
        ),
        problems=(),
        height_unknown=zone.height_unknown,
        diameter_unknown=zone.diameter_unknown,
        leak_kg_per_s=float(given.losses.kg_per_s.sum()),
    )


def _pipes(zone: Zone, solved: Solved, density: Floats) -> PipeFlows:
    pipe_density = density[zone.pipe_u]
    diameter_m = zone.pipe_diameter_mm / 1000.0
    velocity = np.abs(solved.flow_kg_per_s) / (pipe_density * math.pi / 4.0 * diameter_m**2)
    return PipeFlows(
        zone.pipe_id,
        zone.pipe_u,
        zone.pipe_v,
        3600.0 * solved.flow_kg_per_s / pipe_density,
        velocity,
        solved.friction_factor / diameter_m * pipe_density * velocity**2 / 2.0,
    )


def _feeds(zone: Zone, pressure: Floats, given: Floats, density: Floats, mw_per_kg: float) -> tuple[Feed, ...]:
    return tuple(
        Feed(
            int(zone.feed_id[place]),
            float(pressure[zone.feed_supply[place]]),
            float(pressure[zone.feed_return[place]]),
            float(3600.0 * given[place] / density[zone.feed_supply[place]]),
            float(given[place] * mw_per_kg),
        )
        for place in range(len(zone.feed_id))
    )
