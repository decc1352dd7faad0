"""Pressures and flows of the primary network that hangs on one heat source: `solve_zone`. docs/hydraulics.md has the model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from topology.codes import SUPPLY
from topology.hydraulic_tables import HydraulicTables
from topology.hydraulic_zone import Floats, Ints, Zone, cut_zone
from topology.network import Network
from topology.pandapipes_net import GRAVITY_M_PER_S2, Solved, Water, solve, water_at

RULES: Mapping[str, str] = {
    "no_station": "no substation is connected with the source on both sides",
    "one_sided_station": "substations that the source reaches on one side only",
    "not_converged": "the solver found no state",
    "not_a_number": "a pressure or a flow is not a number",
    "mass_balance": "what flows into a node does not flow out again",
    "differential_too_small": "substations whose supply is less than the least differential above their return",
    "pressure_too_high": "a pressure above what the pipes are made for",
    "boiling": "the supply is nearer to boiling than the margin",
    "return_too_low": "the return is below the least pressure, air may be drawn in",
    "source_overloaded": "the source has to give more heat than it can",
}
"""Gates of physical sense: what a solved zone is held against."""

LEAST_DIFFERENTIAL_MPA = 0.05
"""Below it a substation's control valve and exchanger get no design flow."""
LEAST_RETURN_MPA = 0.05
"""CJJ 34-2010 7.4.2: nowhere in the return of a hot-water network below 50 kPa."""
BOILING_MARGIN_MPA = 0.03
"""CJJ 34-2010 7.4.1: the supply stays 30-50 kPa above the pressure at which the water boils."""
LARGEST_IMBALANCE = 1e-4
"""Share of the source's flow that may go astray in a node."""
_ATMOSPHERE_MPA = 0.101325
_STEP_MPA = 0.01


@dataclass(frozen=True, slots=True)
class Operation:
    """How the zone is run, and what is taken for granted about its pipes. Pressures are above the atmosphere.

    Attributes
    ----------
    supply_degc, return_degc
        Temperatures on the primary side; their difference makes heat to flow.
    supply_mpa, return_mpa
        Held at the source; None = the lowest that serves every substation and keeps every node above the least pressure.
    worst_differential_mpa
        What the worst substation shall get where `supply_mpa` is None.
    usual_return_mpa
        Where `return_mpa` is None it is not below this.
    roughness_mm
        Of the pipe wall; CJJ 34-2010 7.3: 0.5 mm for hot water.
    local_share
        Losses of bends, valves and compensators as a share of the friction of the straight pipe.
    limit_mpa
        Class of the pipes: 1.6, or 2.5 with long transmission mains.
    """

    supply_degc: float = 110.0
    return_degc: float = 60.0
    supply_mpa: float | None = None
    return_mpa: float | None = None
    worst_differential_mpa: float = 0.10
    usual_return_mpa: float = 0.30
    roughness_mm: float = 0.5
    local_share: float = 0.2
    limit_mpa: float = 2.5


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of the zone: asset id, pressures at its nodes, what it gives."""

    source_id: int
    supply_mpa: float
    return_mpa: float
    flow_m3_per_h: float
    power_mw: float


@dataclass(frozen=True, eq=False)
class NodePressures:
    """Per node: side (`codes.SUPPLY`, `RETURN`), height of the axis, pressure, and head (height plus pressure) in metres."""

    side: NDArray[np.uint8]
    height_m: Floats
    pressure_mpa: Floats
    head_m: Floats


@dataclass(frozen=True, eq=False)
class PipeFlows:
    """Per pipe: asset id, nodes, flow (positive as drawn), velocity, friction of the straight pipe."""

    asset_id: Ints
    u: Ints
    v: Ints
    flow_m3_per_h: Floats
    velocity_m_per_s: Floats
    friction_pa_per_m: Floats


@dataclass(frozen=True, eq=False)
class StationPressures:
    """Per consumer: asset id, load, primary flow, pressures of both sides; the differential is what its primary side may lose.

    Consumers are substations, and isolating and relay energy stations for the part towards the plant.
    """

    asset_id: Ints
    load_mw: Floats
    flow_m3_per_h: Floats
    supply_mpa: Floats
    return_mpa: Floats

    @property
    def differential_mpa(self) -> Floats:
        """Supply minus return."""
        return self.supply_mpa - self.return_mpa


@dataclass(frozen=True, eq=False)
class Lifts:
    """Per relay pump and side: asset id, pressures before and behind it, flow in pumping direction."""

    asset_id: Ints
    inlet_mpa: Floats
    outlet_mpa: Floats
    flow_m3_per_h: Floats


@dataclass(frozen=True, slots=True)
class Problem:
    """What makes no physical sense: key of `RULES`, the assets concerned, the worst value in words."""

    rule: str
    asset_ids: tuple[int, ...]
    message: str


@dataclass(frozen=True, eq=False)
class ZoneHydraulics:
    """Pressures and flows of one zone at one state of the valves.

    Attributes
    ----------
    source_id
        The source that holds the pressure.
    network_version, valve_version
        What it was solved for.
    operation
        As solved: `supply_mpa` and `return_mpa` are numbers, unless nothing converged.
    converged
        False: all pressures and flows are NaN.
    feeds
        Sources of the zone, `source_id` first.
    nodes, pipes, stations, lifts
        See there; pipes and stations count in the order of their asset ids.
    problems
        Gates that are not passed.
    height_unknown, diameter_unknown
        How many nodes and pipes got a stand-in.
    """

    source_id: int
    network_version: int
    valve_version: int
    operation: Operation
    converged: bool
    feeds: tuple[Feed, ...]
    nodes: NodePressures
    pipes: PipeFlows
    stations: StationPressures
    lifts: Lifts
    problems: tuple[Problem, ...]
    height_unknown: int
    diameter_unknown: int

    @property
    def worst_station_id(self) -> int:
        """Asset id of the substation with the smallest differential; 0 where there is none."""
        differential = self.stations.differential_mpa
        return int(self.stations.asset_id[np.argmin(differential)]) if self.converged and len(differential) else 0


def solve_zone(
    network: Network, tables: HydraulicTables, source_id: int, *, operation: Operation = Operation()
) -> ZoneHydraulics:
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
    water = water_at(operation.supply_degc, operation.return_degc)
    per_mw = 1e6 / (water.heat_capacity_j_per_kg_k * (operation.supply_degc - operation.return_degc))
    station = zone.station_load_mw * per_mw
    feed = zone.feed_load_mw * per_mw
    solved = solve(
        zone,
        station_kg_per_s=station,
        feed_kg_per_s=feed,
        temperature_degc=(operation.supply_degc, operation.return_degc),
        roughness_mm=operation.roughness_mm,
        local_share=operation.local_share,
    )
    operation = _operated(zone, solved, operation, water)
    result = _result(network, zone, solved, operation, water, station=station, feed=feed, mw_per_kg=1.0 / per_mw)
    return replace(result, problems=tuple(_problems(zone, solved, result)))


def boiling_mpa(temperature_degc: float) -> float:
    """Return the pressure above the atmosphere at which water boils (Antoine, 99 to 374 degC, within 1 %)."""
    return math.pow(10.0, 8.14019 - 1810.94 / (244.485 + temperature_degc)) * 133.322e-6 - _ATMOSPHERE_MPA


def _operated(zone: Zone, solved: Solved, operation: Operation, water: Water) -> Operation:
    """Choose the pressures at the source that the operation leaves open."""
    if not solved.converged:
        return operation
    back, supply = solved.pressure_mpa[zone.node_side != SUPPLY], solved.pressure_mpa[zone.node_side == SUPPLY]
    hold = operation.return_mpa
    if hold is None:
        above = float(zone.node_height_m.max() - zone.node_height_m[zone.feed_return[0]])
        standing = water.density_kg_per_m3[1] * GRAVITY_M_PER_S2 * above / 1e6  # the pumps stop: the highest point stays full
        needed = LEAST_RETURN_MPA + max(-float(back.min()), standing)
        hold = _up(max(operation.usual_return_mpa, needed))
    held = operation.supply_mpa
    if held is None:
        boils = boiling_mpa(operation.supply_degc) + BOILING_MARGIN_MPA
        differential = solved.pressure_mpa[zone.station_supply] - solved.pressure_mpa[zone.station_return] - hold
        serves = operation.worst_differential_mpa - float(differential.min(initial=0.0))
        held = _up(max(serves, boils - float(supply.min())))
    return replace(operation, supply_mpa=held, return_mpa=hold)


def _up(pressure_mpa: float) -> float:
    """Round up to what a gauge shows."""
    return round(math.ceil(pressure_mpa / _STEP_MPA - 1e-6) * _STEP_MPA, 3)


def _result(
    network: Network,
    zone: Zone,
    solved: Solved,
    operation: Operation,
    water: Water,
    *,
    station: Floats,
    feed: Floats,
    mw_per_kg: float,
) -> ZoneHydraulics:
    is_supply = zone.node_side == SUPPLY
    density = np.where(is_supply, *water.density_kg_per_m3)
    offset = np.where(is_supply, operation.supply_mpa or 0.0, operation.return_mpa or 0.0)
    pressure = solved.pressure_mpa + offset
    flow = solved.flow_kg_per_s
    pipe_density = density[zone.pipe_u]
    diameter_m = zone.pipe_diameter_mm / 1000.0
    velocity = np.abs(flow) / (pipe_density * math.pi / 4.0 * diameter_m**2)
    lift_density = density[zone.lift_u] if len(zone.lift_u) else np.zeros(0)
    own = station.sum() - feed[1:].sum()
    given = np.concatenate([[own], feed[1:]])
    return ZoneHydraulics(
        source_id=zone.source_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        operation=operation,
        converged=solved.converged,
        feeds=_feeds(zone, pressure, given, density, mw_per_kg),
        nodes=NodePressures(
            zone.node_side, zone.node_height_m, pressure, zone.node_height_m + 1e6 * pressure / (density * GRAVITY_M_PER_S2)
        ),
        pipes=PipeFlows(
            zone.pipe_id,
            zone.pipe_u,
            zone.pipe_v,
            3600.0 * flow / pipe_density,
            velocity,
            solved.friction_factor / diameter_m * pipe_density * velocity**2 / 2.0,
        ),
        stations=StationPressures(
            zone.station_id,
            zone.station_load_mw,
            3600.0 * station / water.density_kg_per_m3[0],
            pressure[zone.station_supply],
            pressure[zone.station_return],
        ),
        lifts=Lifts(
            zone.lift_id, pressure[zone.lift_u], pressure[zone.lift_v], 3600.0 * solved.lift_flow_kg_per_s / lift_density
        ),
        problems=(),
        height_unknown=zone.height_unknown,
        diameter_unknown=zone.diameter_unknown,
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


def _problems(zone: Zone, solved: Solved, result: ZoneHydraulics) -> Iterator[Problem]:
    """Hold a result against the gates."""
    if zone.one_sided_ids:
        count = len(zone.one_sided_ids)
        yield Problem(
            "one_sided_station", zone.one_sided_ids, f"{count} substations are reached on one side only; nothing flows there"
        )
    if not len(zone.station_id):
        yield Problem("no_station", (zone.source_id,), f"no substation is connected with source {zone.source_id} on both sides")
    if not solved.converged:
        yield Problem("not_converged", (zone.source_id,), f"the solver found no state for the zone of source {zone.source_id}")
        return
    pressure, flow = result.nodes.pressure_mpa, result.pipes.flow_m3_per_h
    if not (np.isfinite(pressure).all() and np.isfinite(flow).all()):
        count = int((~np.isfinite(pressure)).sum() + (~np.isfinite(flow)).sum())
        yield Problem("not_a_number", (zone.source_id,), f"{count} pressures and flows are not numbers")
    total = float(zone.station_load_mw.sum())
    through = max(float(np.abs(solved.flow_kg_per_s).max(initial=0.0)), 1e-3)
    if not solved.imbalance_kg_per_s <= LARGEST_IMBALANCE * through:
        yield Problem("mass_balance", (zone.source_id,), f"{solved.imbalance_kg_per_s:.4f} kg/s are lost or made in a node")
    own, power = result.feeds[0].power_mw, zone.feed_power_mw[0]
    if own > power:
        text = f"source {zone.source_id} has to give {own:.0f} of {total:.0f} MW and can give {power:.0f} MW"
        yield Problem("source_overloaded", (zone.source_id,), text)
    yield from _pressure_problems(zone, result)


def _pressure_problems(zone: Zone, result: ZoneHydraulics) -> Iterator[Problem]:
    pressure, operation = result.nodes.pressure_mpa, result.operation
    differential = result.stations.differential_mpa
    short = result.stations.asset_id[~(differential >= LEAST_DIFFERENTIAL_MPA)]
    if len(short):
        text = f"{len(short)} substations get less than {LEAST_DIFFERENTIAL_MPA} MPa, the worst {differential.min():.3f} MPa"
        yield Problem("differential_too_small", tuple(int(i) for i in short), text)
    for rule, wrong, side, limit, text in (
        ("pressure_too_high", pressure > operation.limit_mpa, None, operation.limit_mpa, "above {:.2f} MPa, up to {:.2f} MPa"),
        (
            "boiling",
            pressure < boiling_mpa(operation.supply_degc) + BOILING_MARGIN_MPA - 1e-9,
            True,
            boiling_mpa(operation.supply_degc) + BOILING_MARGIN_MPA,
            "below {:.2f} MPa, down to {:.2f} MPa",
        ),
        ("return_too_low", pressure < LEAST_RETURN_MPA - 1e-9, False, LEAST_RETURN_MPA, "below {:.2f} MPa, down to {:.2f} MPa"),
    ):
        bad = wrong if side is None else wrong & ((zone.node_side == SUPPLY) == side)
        if bad.any():
            ids = np.unique(zone.pipe_id[bad[zone.pipe_u] | bad[zone.pipe_v]])
            worst = pressure[bad].max() if side is None else pressure[bad].min()
            yield Problem(rule, tuple(int(i) for i in ids), f"{int(bad.sum())} nodes are " + text.format(limit, worst))
