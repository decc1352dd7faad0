"""The simulator's city: substations, heat sources, rooms and weather that follow the physics, and faults.

A `Simulation` is built from the sources that a server lists and a seed; `advance` returns the next one and never changes
the old. The same sources, seed and times give the same frames.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from topology.hydraulics.heating_curve import HeatingCurve
from twin.air import pollution_ug_per_m3, urban_shares, warmer_k
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

CURVE = HeatingCurve(room_degc=20.0, supply_degc=115.0, secondary_supply_degc=70.0)
"""Of the simulated stations: warmer rooms than the standard asks for, as operators run them."""
CLIMATE = Climate()

AMBIENT_KINDS = ("weather_station", "air_station")
"""Kinds whose readings depend on where they stand."""
_METER_START_S = 1_577_836_800  # 2020-01-01
_VALVE_S = 300.0
"""Time constant of a control valve and its exchanger."""
_BUILDING_S = 40 * 3600.0
"""Time constant of a heated building."""
_BURST_S = 25.0
"""Time constant of the pressure behind a burst."""
_CHILL_S = 60.0
"""Time constant of the water behind a burst. Real pipes cool over an hour or more; a demonstration cannot wait for that."""
_GROUND_DEGC = 8.0
_TERMINAL_K = 3.0
"""How much warmer the primary return is than the secondary return."""
_FAULT = re.compile(r"burst:(?P<pipe>.+)")


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """A source to send for: its code, its schema with the names of the points, what it stands at, and where (WGS-84 degrees)."""

    code: str
    schema: str
    points: tuple[str, ...]
    kind: str
    asset_id: int
    substation_id: int | None = None
    lonlat: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """What does not change: arrays with one row a substation, and the phases of the weather."""

    substation_ids: Int64Array
    power_mw: Float64Array
    pressure_mpa: Float64Array
    trim_k: Float64Array
    phases: Float64Array
    room_offset_k: Mapping[str, float]
    urban_share: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class State:
    """What moves: arrays with one row a substation.

    Attributes
    ----------
    supply
        Share of the pressure that the primary network still gives: 1 healthy, 0 behind a burst.
    primary_supply_degc, secondary_supply_degc, room_degc
        Temperatures.
    heat_total_gj, flow_total_m3, makeup_total_m3
        Registers.
    """

    supply: Float64Array
    primary_supply_degc: Float64Array
    secondary_supply_degc: Float64Array
    room_degc: Float64Array
    heat_total_gj: Float64Array
    flow_total_m3: Float64Array
    makeup_total_m3: Float64Array


@dataclass(frozen=True)
class Simulation:
    """A city at one moment.

    Attributes
    ----------
    sources
        Whom it sends for.
    seed
        Of everything that is drawn.
    clock_s
        Epoch seconds of the physics (which may run faster than the wall clock).
    steps
        How often it was advanced.
    """

    sources: tuple[SimulatedSource, ...]
    seed: int
    clock_s: float
    steps: int
    design: Design
    state: State

    @property
    def outdoor_degc(self) -> float:
        """Outdoor temperature now."""
        return float(outdoor_temperature(self.clock_s, CLIMATE, self.design.phases))


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


def start(sources: Sequence[SimulatedSource], *, seed: int, clock_s: float) -> Simulation:
    """Return the city in balance with the weather of that time.

    Parameters
    ----------
    sources
        Whom to send for.
    seed
        Same seed, same city.
    clock_s
        Epoch seconds.
    """
    ordered = tuple(sorted(sources, key=lambda source: source.code))
    ids = np.array(sorted({source.asset_id for source in ordered if source.kind == "substation"}), np.int64)
    random = np.random.default_rng(seed)
    phases = random.uniform(0, 2 * np.pi, 3)
    design = Design(
        substation_ids=ids,
        power_mw=random.uniform(1.5, 6.0, ids.size),
        pressure_mpa=random.uniform(0.75, 0.95, ids.size),
        trim_k=random.normal(0.0, 0.8, ids.size),
        phases=phases,
        room_offset_k={source.code: float(random.normal(0.0, 0.9)) for source in ordered if source.kind == "room_sensor"},
        urban_share=_urban_share(ordered, seed),
    )
    outdoor = float(outdoor_temperature(clock_s, CLIMATE, phases))
    # where a meter would stand that has run beyond full load since 2020: a restart never turns a register back
    full_s = 1.3 * (clock_s - _METER_START_S)
    heat = design.power_mw * full_s / 1000
    state = State(
        supply=np.ones(ids.size),
        primary_supply_degc=np.full(ids.size, float(primary_supply_set_point(outdoor, CURVE))),
        secondary_supply_degc=secondary_supply_set_point(outdoor, CURVE) + design.trim_k,
        room_degc=np.full(ids.size, CURVE.room_degc),
        heat_total_gj=heat,
        flow_total_m3=heat * 6.0,
        makeup_total_m3=design.power_mw * full_s * 2e-5,
    )
    return Simulation(ordered, seed, clock_s, 0, design, state)


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
    figures = _figures(design, now)
    heat_w = figures.secondary_power_mw
    loss_mw_per_k = design.power_mw / (CURVE.room_degc - CURVE.outdoor_degc)
    state = State(
        supply=approach(now.supply, np.where(lost, 0.0, 1.0), dt_s, _BURST_S),
        primary_supply_degc=_chilled(now.primary_supply_degc, primary_supply_set_point(outdoor, CURVE), lost, dt_s, speed),
        secondary_supply_degc=_chilled(
            now.secondary_supply_degc, secondary_supply_set_point(outdoor, CURVE) + design.trim_k, lost, dt_s, speed
        ),
        room_degc=approach(now.room_degc, outdoor + heat_w / loss_mw_per_k, dt_s * speed, _BUILDING_S),
        heat_total_gj=now.heat_total_gj + figures.power_mw * dt_s / 1000,
        flow_total_m3=now.flow_total_m3 + figures.flow_m3_per_h * dt_s / 3600,
        makeup_total_m3=now.makeup_total_m3 + figures.flow_m3_per_h * 5e-4 * dt_s / 3600,
    )
    return replace(simulation, clock_s=clock_s, steps=simulation.steps + 1, state=state)


def _chilled(value: Float64Array, healthy: Float64Array, lost: BoolArray, dt_s: float, speed: float) -> Float64Array:
    """Move a water temperature to its set point, or to the ground's behind a burst."""
    return np.where(lost, approach(value, _GROUND_DEGC + 10.0, dt_s, _CHILL_S), approach(value, healthy, dt_s * speed, _VALVE_S))


def _urban_share(sources: Sequence[SimulatedSource], seed: int) -> Mapping[str, float]:
    """Return how much of the city there is around each station of weather and air."""
    stations = [source for source in sources if source.kind in AMBIENT_KINDS]
    shares = urban_shares([station.lonlat for station in stations], seed)
    return {station.code: share for station, share in zip(stations, shares.tolist(), strict=True)}


@dataclass(frozen=True, slots=True)
class Figures:
    """What the instruments of the substations would show; one row a substation."""

    primary_supply_degc: Float64Array
    primary_return_degc: Float64Array
    primary_supply_mpa: Float64Array
    primary_return_mpa: Float64Array
    flow_m3_per_h: Float64Array
    power_mw: Float64Array
    secondary_supply_degc: Float64Array
    secondary_return_degc: Float64Array
    secondary_power_mw: Float64Array


def _figures(design: Design, state: State) -> Figures:
    drop = secondary_drop(state.secondary_supply_degc, state.room_degc, CURVE)
    demand = design.power_mw * drop / CURVE.secondary_drop_k
    secondary_return = state.secondary_supply_degc - drop
    primary_return = np.minimum(secondary_return + _TERMINAL_K, state.primary_supply_degc - 1.0)
    primary_drop = state.primary_supply_degc - primary_return
    # the valve opens no further than to one and a half times the design flow, however cold the water is
    design_drop = CURVE.supply_degc - CURVE.secondary_return_degc - _TERMINAL_K
    largest = 1.5 * flow_m3_per_h(design.power_mw, np.full_like(design.power_mw, design_drop))
    flow = np.minimum(flow_m3_per_h(demand, primary_drop), largest) * state.supply
    return Figures(
        primary_supply_degc=state.primary_supply_degc,
        primary_return_degc=primary_return,
        primary_supply_mpa=design.pressure_mpa * state.supply + 0.02,
        primary_return_mpa=(design.pressure_mpa - 0.35) * state.supply + 0.02,
        flow_m3_per_h=flow,
        power_mw=heat_power_mw(flow, primary_drop),
        secondary_supply_degc=state.secondary_supply_degc,
        secondary_return_degc=secondary_return,
        secondary_power_mw=demand,
    )


def figures(simulation: Simulation) -> Figures:
    """Return what the instruments of the substations show now, without noise."""
    return _figures(simulation.design, simulation.state)


# ---------------------------------------------------------------- frames

_DIGITS = (("_degc", 2), ("_mpa", 4), ("_m3_per_h", 3), ("_mw", 5), ("_gj", 3), ("_m3", 3), ("_ug_per_m3", 1))


def frames(simulation: Simulation, observed_ms: int) -> list[dict[str, Any]]:
    """Return one frame a source, as `POST /readings` takes them.

    Parameters
    ----------
    observed_ms
        Epoch milliseconds that the frames carry.

    Notes
    -----
    Values are rounded as instruments do: temperatures to 0.01 degC, pressures to 0.1 kPa, flow to 0.001 m3/h, power to
    10 W. A point that the physics does not know is null.
    """
    values = _values(simulation)
    found = []
    for source in simulation.sources:
        own = values.get(source.code, {})
        row = [_rounded(name, own.get(name)) for name in source.points]
        found.append({"source": source.code, "schema": source.schema, "observed_at": observed_ms, "values": row})
    return found


def _rounded(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    return round(value, next((digits for suffix, digits in _DIGITS if name.endswith(suffix)), 3))


def _values(simulation: Simulation) -> dict[str, dict[str, float]]:
    """Return the values of each source by point."""
    substations = _substation_values(simulation)
    total = _source_values(simulation)
    outdoor = {"outdoor_temperature_degc": simulation.outdoor_degc}
    heat_sources = sum(source.kind in {"plant", "boiler_house"} for source in simulation.sources)
    found = {}
    for source in simulation.sources:
        if source.kind == "substation":
            found[source.code] = substations[source.asset_id] | outdoor
        elif source.kind in {"plant", "boiler_house"}:
            found[source.code] = _share(total, heat_sources) | outdoor
        elif source.kind == "room_sensor":
            found[source.code] = {"room_temperature_degc": _room(simulation, source)}
        elif source.kind in AMBIENT_KINDS:
            found[source.code] = _ambient(simulation, source)
    return found


def _ambient(simulation: Simulation, source: SimulatedSource) -> dict[str, float]:
    """Return what a station of weather or air would show where it stands."""
    share = simulation.design.urban_share[source.code]
    degc = simulation.outdoor_degc + warmer_k(share)
    if source.kind == "weather_station":
        return {"outdoor_temperature_degc": degc}
    return pollution_ug_per_m3(simulation.clock_s, degc, share, simulation.design.phases)


def _substation_values(simulation: Simulation) -> dict[int, dict[str, float]]:
    design, state, shown = simulation.design, simulation.state, figures(simulation)
    # noise of instruments; power stays flow x drop, so that the meter is consistent in itself
    random = np.random.default_rng([simulation.seed, simulation.steps])
    noise = random.normal(0.0, 1.0, (3, design.substation_ids.size))
    columns = {
        "primary_supply_temperature_degc": shown.primary_supply_degc,
        "primary_return_temperature_degc": shown.primary_return_degc,
        "primary_supply_pressure_mpa": np.maximum(shown.primary_supply_mpa + 0.001 * noise[0], 0.0),
        "primary_return_pressure_mpa": np.maximum(shown.primary_return_mpa + 0.001 * noise[1], 0.0),
        "primary_flow_m3_per_h": shown.flow_m3_per_h,
        "primary_flow_total_m3": state.flow_total_m3,
        "primary_heat_power_mw": shown.power_mw,
        "primary_heat_total_gj": state.heat_total_gj,
        "secondary_supply_temperature_degc": shown.secondary_supply_degc + 0.05 * noise[2],
        "secondary_return_temperature_degc": shown.secondary_return_degc,
        "secondary_supply_pressure_mpa": np.full_like(state.supply, 0.5),
        "secondary_return_pressure_mpa": np.full_like(state.supply, 0.3),
        "makeup_volume_total_m3": state.makeup_total_m3,
    }
    rows = np.column_stack(list(columns.values()))
    ids = design.substation_ids.tolist()
    return {asset_id: dict(zip(columns, row, strict=True)) for asset_id, row in zip(ids, rows.tolist(), strict=True)}


def _source_values(simulation: Simulation) -> dict[str, float]:
    """Return what all heat sources together would show at their common outlet."""
    shown, state = figures(simulation), simulation.state
    supply = float(primary_supply_set_point(simulation.outdoor_degc, CURVE))
    flow, power = float(shown.flow_m3_per_h.sum()), float(shown.power_mw.sum())
    per_flow = float(heat_power_mw(np.ones(1), np.ones(1))[0])
    drop = power / (flow * per_flow) if flow > 0 else 0.0
    return {
        "supply_temperature_degc": supply,
        "return_temperature_degc": supply - drop,
        "supply_pressure_mpa": 1.05,
        "return_pressure_mpa": 0.35,
        "flow_m3_per_h": flow,
        "heat_power_mw": power,
        "heat_total_gj": float(state.heat_total_gj.sum()),
        "makeup_volume_total_m3": float(state.makeup_total_m3.sum()),
    }


def _share(total: Mapping[str, float], count: int) -> dict[str, float]:
    """Return the part of one of `count` equal heat sources: amounts are shared, temperatures and pressures are not."""
    shared = {"flow_m3_per_h", "heat_power_mw", "heat_total_gj", "makeup_volume_total_m3"}
    return {name: value / count if name in shared else value for name, value in total.items()}


def _room(simulation: Simulation, source: SimulatedSource) -> float:
    """Return the temperature of a sensor's room: that of its substation's buildings, a little warmer or colder."""
    design, state = simulation.design, simulation.state
    rows = np.flatnonzero(design.substation_ids == source.substation_id)
    mean = float(state.room_degc[rows[0]]) if rows.size else CURVE.room_degc
    return mean + design.room_offset_k[source.code]
