"""The city at one moment: weather, network, substations and buildings that follow the physics, and bursts.

A `Simulation` is built from the sources that a server lists and a seed; `advance` returns the next one and never changes the
old. The same sources, seed and times give the same city.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from topology.hydraulics.heating_curve import CHANGCHUN
from twin.air import urban_shares
from twin.arrays import BoolArray, Float64Array, Int64Array
from twin.errors import BadFault
from twin.physics import (
    Climate,
    approach,
    flow_m3_per_h,
    heat_power_mw,
    outdoor_temperature,
    primary_supply_set_point,
    secondary_drop,
    secondary_supply_set_point,
)
from twin.schemas import FrameSchema
from twin.simulator.chance import keys_of, normal
from twin.simulator.network import PrimaryNetwork, ZoneSolution, build_network
from twin.simulator.sources import AMBIENT_KINDS, Group, SimulatedSource, gather

CURVE: Final = replace(CHANGCHUN, room_degc=20.0)
"""The city's heating curve, that of the what-ifs, held for warmer rooms: operators run 20 degC, the standard asks for 18."""
CLIMATE: Final = Climate()
HEAT_SOURCE_KINDS: Final = ("plant", "boiler_house")
METER_START_S: Final = 1_577_836_800
"""2020-01-01: the meters count from here."""
_VALVE_S = 300.0
"""Time constant of a control valve and its exchanger."""
_BUILDING_S = 40 * 3600.0
"""Time constant of a heated building."""
_BURST_S = 25.0
"""Time constant of the pressure behind a burst."""
_CHILL_S = 60.0
"""Time constant of the water behind a burst. Real pipes cool over an hour or more; a demonstration cannot wait for that."""
_GROUND_DEGC = 8.0
_RETURN_COOLING = 0.5
"""The return lies in the same ground and is about half as warm above it."""
_LEAK_SHARE = 5e-4
"""Make-up water as a share of the circulation."""
_FAULT = re.compile(r"burst:(?P<pipe>.+)")


@dataclass(frozen=True, slots=True)
class Design:
    """What does not change: the network, arrays with one row a substation, and the phases of the weather."""

    substation_ids: Int64Array
    network: PrimaryNetwork
    trim_k: Float64Array
    phases: Float64Array
    urban_share: Mapping[str, Float64Array]


@dataclass(frozen=True, slots=True)
class State:
    """What moves: arrays with one row a substation; that of the zones, and the last three with one row a heat source.

    Attributes
    ----------
    supply
        Share of the pressure that the primary network still gives: 1 healthy, 0 behind a burst.
    primary_supply_degc, secondary_supply_degc, room_degc
        Temperatures.
    heat_total_gj, flow_total_m3, makeup_total_m3
        Registers.
    zone_supply_degc
        At the sources.
    source_heat_total_gj, source_flow_total_m3, source_makeup_total_m3
        Registers of the heat sources.
    """

    supply: Float64Array
    primary_supply_degc: Float64Array
    secondary_supply_degc: Float64Array
    room_degc: Float64Array
    heat_total_gj: Float64Array
    flow_total_m3: Float64Array
    makeup_total_m3: Float64Array
    zone_supply_degc: Float64Array
    source_heat_total_gj: Float64Array
    source_flow_total_m3: Float64Array
    source_makeup_total_m3: Float64Array


@dataclass(frozen=True)
class Simulation:
    """A city at one moment.

    Attributes
    ----------
    groups
        Whom it sends for.
    seed
        Of everything that is drawn.
    clock_s
        Epoch seconds of the physics (which may run faster than the wall clock).
    """

    groups: tuple[Group, ...]
    seed: int
    clock_s: float
    design: Design
    state: State

    @property
    def outdoor_degc(self) -> float:
        """Outdoor temperature now."""
        return float(outdoor_temperature(self.clock_s, CLIMATE, self.design.phases))

    def __len__(self) -> int:
        return sum(len(group) for group in self.groups)


def parse_fault(text: str) -> str:
    """Return the code of the pipe that `burst:PIPE_CODE` names.

    Raises
    ------
    BadFault
        When it is something else.
    """
    found = _FAULT.fullmatch(text)
    if found is None:
        raise BadFault(f"fault is {text!r}; it must be burst:PIPE_CODE")
    return found["pipe"]


def start(
    sources: Sequence[SimulatedSource],
    schemas: Mapping[str, FrameSchema],
    *,
    seed: int,
    clock_s: float,
    zones: Sequence[ZoneSolution] = (),
) -> Simulation:
    """Return the city in balance with the weather of that time.

    Parameters
    ----------
    sources
        Whom to send for.
    schemas
        By `CODE/VERSION`; sources of others are left out.
    seed
        Same seed, same city.
    clock_s
        Epoch seconds.
    zones
        The last solves of the city's zones, where there are any.
    """
    groups = gather(sources, schemas, seed=seed)
    design = _design(groups, seed, zones)
    network = design.network
    outdoor = float(outdoor_temperature(clock_s, CLIMATE, design.phases))
    supply = float(primary_supply_set_point(outdoor, CURVE))
    # where a meter would stand that has run beyond full load since 2020: a restart never turns a register back
    full_s = 1.3 * (clock_s - METER_START_S)
    heat = network.meter_mw * full_s / 1000
    every = np.ones(len(network.heat_source_ids))
    state = State(
        supply=np.ones(len(heat)),
        primary_supply_degc=_arriving(network, supply),
        secondary_supply_degc=secondary_supply_set_point(outdoor, CURVE) + design.trim_k,
        room_degc=np.full(len(heat), CURVE.room_degc),
        heat_total_gj=heat,
        flow_total_m3=heat * 6.0,
        makeup_total_m3=network.meter_mw * full_s * 2e-5,
        zone_supply_degc=np.full(network.zones, supply),
        # as if each had fed the whole city
        source_heat_total_gj=every * 1.1 * heat.sum(),
        source_flow_total_m3=every * heat.sum() * 6.0,
        source_makeup_total_m3=every * network.meter_mw.sum() * full_s * 2e-5,
    )
    return Simulation(groups, seed, clock_s, design, state)


def _design(groups: Sequence[Group], seed: int, zones: Sequence[ZoneSolution]) -> Design:
    random = np.random.default_rng(seed)
    ids = _assets(groups, ("substation",))
    keys = keys_of([f"substation {asset_id}" for asset_id in ids.tolist()])
    drop_k = CURVE.supply_degc - CURVE.return_degc
    return Design(
        substation_ids=ids,
        network=build_network(ids, keys, _assets(groups, HEAT_SOURCE_KINDS), zones, design_drop_k=drop_k, seed=seed),
        trim_k=0.8 * normal(keys, seed, "trim"),
        phases=random.uniform(0, 2 * np.pi, 3),
        urban_share={g.name: urban_shares(g.lonlat, seed) for g in groups if g.kind in AMBIENT_KINDS},
    )


def _assets(groups: Sequence[Group], kinds: Collection[str]) -> Int64Array:
    found = [group.asset_ids for group in groups if group.kind in kinds]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _arriving(network: PrimaryNetwork, supply_degc: float) -> Float64Array:
    """Return the temperature of the water that arrives at each station; the pipes lose by how much it is over the ground."""
    return supply_degc - network.cooling_k * (supply_degc - _GROUND_DEGC) / (CURVE.supply_degc - _GROUND_DEGC)


def advance(simulation: Simulation, dt_s: float, *, speed: float = 1.0, cut_off: Collection[int] = ()) -> Simulation:
    """Return the city `dt_s` seconds later.

    Parameters
    ----------
    dt_s
        Seconds of the wall clock.
    speed
        How much faster weather and buildings run; meters and faults keep the wall clock.
    cut_off
        Asset ids of the substations behind a burst; others recover.
    """
    design, now = simulation.design, simulation.state
    clock_s = simulation.clock_s + dt_s * speed
    outdoor = float(outdoor_temperature(clock_s, CLIMATE, design.phases))
    lost = np.isin(design.substation_ids, list(cut_off))
    shown = _figures(design, now)
    supply = float(primary_supply_set_point(outdoor, CURVE))
    secondary = secondary_supply_set_point(outdoor, CURVE) + design.trim_k
    loss_mw_per_k = design.network.power_mw / (CURVE.room_degc - CURVE.outdoor_degc)
    state = State(
        supply=approach(now.supply, np.where(lost, 0.0, 1.0), dt_s, _BURST_S),
        primary_supply_degc=_chilled(now.primary_supply_degc, _arriving(design.network, supply), lost, dt_s, speed),
        secondary_supply_degc=_chilled(now.secondary_supply_degc, secondary, lost, dt_s, speed),
        room_degc=approach(now.room_degc, outdoor + shown.secondary_power_mw / loss_mw_per_k, dt_s * speed, _BUILDING_S),
        heat_total_gj=now.heat_total_gj + shown.power_mw * dt_s / 1000,
        flow_total_m3=now.flow_total_m3 + shown.flow_m3_per_h * dt_s / 3600,
        makeup_total_m3=now.makeup_total_m3 + shown.flow_m3_per_h * _LEAK_SHARE * dt_s / 3600,
        zone_supply_degc=approach(now.zone_supply_degc, supply, dt_s * speed, _VALVE_S),
        source_heat_total_gj=now.source_heat_total_gj + shown.source_power_mw * dt_s / 1000,
        source_flow_total_m3=now.source_flow_total_m3 + shown.source_flow_m3_per_h * dt_s / 3600,
        source_makeup_total_m3=now.source_makeup_total_m3 + shown.source_flow_m3_per_h * _LEAK_SHARE * dt_s / 3600,
    )
    return replace(simulation, clock_s=clock_s, state=state)


def _chilled(value: Float64Array, healthy: Float64Array, lost: BoolArray, dt_s: float, speed: float) -> Float64Array:
    """Move a water temperature to its set point, or to the ground's behind a burst."""
    return np.where(lost, approach(value, _GROUND_DEGC + 10.0, dt_s, _CHILL_S), approach(value, healthy, dt_s * speed, _VALVE_S))


@dataclass(frozen=True, slots=True)
class Figures:
    """What the instruments would show without noise: one row a substation, one a zone, one a heat source."""

    primary_supply_degc: Float64Array
    primary_return_degc: Float64Array
    primary_supply_mpa: Float64Array
    primary_return_mpa: Float64Array
    flow_m3_per_h: Float64Array
    power_mw: Float64Array
    secondary_supply_degc: Float64Array
    secondary_return_degc: Float64Array
    secondary_power_mw: Float64Array
    zone_flow_m3_per_h: Float64Array
    zone_supply_degc: Float64Array
    zone_return_degc: Float64Array
    source_flow_m3_per_h: Float64Array
    source_power_mw: Float64Array


def figures(simulation: Simulation) -> Figures:
    """Return what the instruments of substations and heat sources show now, without noise."""
    return _figures(simulation.design, simulation.state)


def _figures(design: Design, state: State) -> Figures:
    network = design.network
    drop = secondary_drop(state.secondary_supply_degc, state.room_degc, CURVE)
    share = drop / CURVE.secondary_drop_k
    demand = network.power_mw * share
    secondary_return = state.secondary_supply_degc - drop
    terminal = (CURVE.return_degc - CURVE.secondary_return_degc) * share
    primary_return = np.minimum(secondary_return + terminal, state.primary_supply_degc - 1.0)
    primary_drop = state.primary_supply_degc - primary_return
    # the valve opens no further than to one and a half times the design flow, however cold the water is
    design_drop = np.full(len(drop), CURVE.supply_degc - CURVE.return_degc)
    largest = 1.5 * flow_m3_per_h(network.power_mw, design_drop)
    flow = np.minimum(flow_m3_per_h(demand, primary_drop), largest) * state.supply
    zone_flow = np.bincount(network.zone, flow, minlength=network.zones).astype(np.float64)
    pressures = _pressures(network, zone_flow, state.supply)
    zone_return = _zone_return(network, state, flow, zone_flow, primary_return)
    zone_power = heat_power_mw(zone_flow, state.zone_supply_degc - zone_return)
    fed, share = network.heat_source_zone, network.heat_source_share
    return Figures(
        primary_supply_degc=state.primary_supply_degc,
        primary_return_degc=primary_return,
        primary_supply_mpa=pressures[0],
        primary_return_mpa=pressures[1],
        flow_m3_per_h=flow,
        power_mw=heat_power_mw(flow, primary_drop),
        secondary_supply_degc=state.secondary_supply_degc,
        secondary_return_degc=secondary_return,
        secondary_power_mw=demand,
        zone_flow_m3_per_h=zone_flow,
        zone_supply_degc=state.zone_supply_degc,
        zone_return_degc=zone_return,
        source_flow_m3_per_h=zone_flow[fed] * share,
        source_power_mw=zone_power[fed] * share,
    )


def _pressures(network: PrimaryNetwork, zone_flow: Float64Array, supply: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return supply and return pressures: friction goes with the square of the zone's flow; a burst empties both sides."""
    spared = (1.0 - np.minimum(zone_flow / network.design_flow_m3_per_h, 1.5) ** 2)[network.zone]
    forth = np.maximum(network.supply_mpa + network.supply_friction_mpa * spared, 0.0)
    back = np.maximum(network.return_mpa - network.return_friction_mpa * spared, 0.0)
    return forth * supply + 0.02 * (1.0 - supply), back * supply + 0.02 * (1.0 - supply)


def _zone_return(
    network: PrimaryNetwork, state: State, flow: Float64Array, zone_flow: Float64Array, station_return: Float64Array
) -> Float64Array:
    """Return what comes back to the sources of each zone: the stations' returns mixed, cooled on their way."""
    over = np.maximum(station_return - _GROUND_DEGC, 0.0) / (CURVE.return_degc - _GROUND_DEGC)
    arrived = np.bincount(network.zone, flow * (station_return - _RETURN_COOLING * network.cooling_k * over), network.zones)
    moves = zone_flow > 1e-6
    return np.where(moves, arrived / np.where(moves, zone_flow, 1.0), state.zone_supply_degc)
