"""What the instruments show: values of the due sources of a group as an array, rounded as instruments do.

A point is computed by what it measures. Substations, heat sources, rooms, weather and air have columns out of the physics; a
point that is another name of one of them (`network_side_medium_flow_m3_per_h`, a further secondary circuit) takes its
column; what the physics does not know (a tank's level, a voltage) moves slowly round a value of its own. Everything hangs on the
seed, the source, the time and the point only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from twin.air import pollution_ug_per_m3, warmer_k
from twin.arrays import Float64Array, Int64Array
from twin.physics import DAY_S, WATER_J_PER_KG_K, WATER_KG_PER_M3
from twin.simulator.chance import Keys, at_times, normal, of_points, uniform
from twin.simulator.city import CURVE, HEAT_SOURCE_KINDS, METER_START_S, Figures, Simulation, figures
from twin.simulator.sources import STATION_KINDS, Group

Columns: TypeAlias = dict[str, Float64Array]

_DIGITS: Final = (
    ("_degc", 2), ("_mpa", 4), ("_m3_per_h", 3), ("_mw", 5), ("_gj", 3), ("_m3", 3), ("_ug_per_m3", 1), ("_kwh", 2), ("_kw", 2),
    ("_m", 2), ("_percent", 1), ("_v", 1), ("_a", 2), ("_kg", 1), ("_state", 0), ("_s", 0),
)  # fmt: skip
_GATEWAY_DIGITS: Final = (("_degc", 1), ("_percent", 0), ("_gj", 2), *_DIGITS)
"""Of cheap devices behind a gateway."""
_NOISE: Final = (("_mpa", 0.001), ("_v", 1.5))
_GATEWAY_NOISE: Final = (("_degc", 0.07), ("humidity_percent", 0.6), ("_kw", 0.05), ("_a", 0.15), *_NOISE)
_SYSTEMS = 4
_FURTHER = re.compile(r"(secondary|primary)_([2-9])_")
_SAME: Final[Mapping[str, str]] = {
    "secondary_branch_return_temperature_degc": "secondary_return_temperature_degc",
    "secondary_branch_return_pressure_mpa": "secondary_return_pressure_mpa",
    "makeup_volume_per_system_m3": "secondary_makeup_volume_total_m3",
    "primary_branch_return_temperature_degc": "primary_return_temperature_degc",
    "primary_branch_condensate_temperature_degc": "primary_return_temperature_degc",
    "secondary_supply_or_branch_flow_m3_per_h": "secondary_flow_m3_per_h",
    "secondary_supply_or_branch_heat_gj": "secondary_heat_total_gj",
    "constant_pressure_point_pressure_mpa": "secondary_return_pressure_mpa",
    "network_side_medium_temperature_degc": "primary_supply_temperature_degc",
    "network_side_medium_pressure_mpa": "primary_supply_pressure_mpa",
    "network_side_medium_flow_m3_per_h": "primary_flow_m3_per_h",
    "network_side_heat_load_mw": "primary_heat_power_mw",
    "network_side_heat_total_gj": "primary_heat_total_gj",
    "user_side_medium_temperature_degc": "secondary_supply_temperature_degc",
    "user_side_medium_pressure_mpa": "secondary_supply_pressure_mpa",
    "user_side_makeup_volume_m3": "makeup_volume_total_m3",
    "supply_main_temperature_degc": "supply_temperature_degc",
    "supply_main_pressure_mpa": "supply_pressure_mpa",
    "supply_main_flow_m3_per_h": "flow_m3_per_h",
    "return_main_temperature_degc": "return_temperature_degc",
    "return_main_pressure_mpa": "return_pressure_mpa",
    "return_main_flow_m3_per_h": "flow_m3_per_h",
    "primary_water_temperature_degc": "supply_temperature_degc",
    "primary_water_pressure_mpa": "supply_pressure_mpa",
    "heat_supply_total_gj": "heat_total_gj",
    "supply_main_total_heat_gj": "heat_total_gj",
    "active_power_kw": "power_kw",
}
"""Other names of one measurement, of substations, heat sources and devices."""
_STATION_SAME: Final[Mapping[str, str]] = {**_SAME, "supply_main_total_heat_gj": "primary_heat_total_gj"}


@dataclass(frozen=True)
class Moment:
    """The city as all instruments of one moment see it; computed once, asked by every group."""

    simulation: Simulation
    shown: Figures
    station_columns: Columns
    source_columns: Columns


@dataclass(frozen=True)
class _Due:
    """The sources that report: their group, rows in it, times, and draws."""

    moment: Moment
    group: Group
    rows: Int64Array
    observed_ms: Int64Array
    keys: Keys

    @property
    def seed(self) -> int:
        return self.moment.simulation.seed

    @property
    def clock_s(self) -> Float64Array:
        return self.observed_ms / 1000.0


def look(simulation: Simulation) -> Moment:
    """Read all meters of the network once."""
    shown = figures(simulation)
    return Moment(simulation, shown, _station_columns(simulation, shown), _source_columns(simulation, shown))


def values(moment: Moment, group: Group, rows: Int64Array, observed_ms: Int64Array) -> Float64Array:
    """Return what the sources `rows` of a group show at their times, shape (n, points); NaN where nothing is known.

    Notes
    -----
    Values lie in the range of their points. Cost: 0.1 us a value for thousands of frames.
    """
    due = _Due(moment, group, rows, observed_ms, group.keys[rows])
    columns = _COLUMNS.get(group.kind, _others)(due)
    found = np.empty((len(rows), len(group.schema.points)))
    for place, point in enumerate(group.schema.points):
        column = _column(due, columns, point.name, point.slot == "total")
        found[:, place] = column if column is not None else _slow(due, point.name, point.low, point.high)
    _add_noise(due, found)
    found = np.clip(found, group.schema.low, group.schema.high)
    scale = 10.0 ** _digits(group)
    return np.asarray(np.rint(found * scale) / scale, np.float64)


def _digits(group: Group) -> Float64Array:
    table = _DIGITS if group.kind in STATION_KINDS else _GATEWAY_DIGITS
    names = [point.name for point in group.schema.points]
    return np.array([next((digits for suffix, digits in table if name.endswith(suffix)), 3) for name in names], np.float64)


def _add_noise(due: _Due, found: Float64Array) -> None:
    """Add what instruments flicker by. Temperatures, flow and power of a heat meter have none: it stays consistent in itself."""
    points, table = due.group.schema.points, _NOISE if due.group.kind in STATION_KINDS else _GATEWAY_NOISE
    noisy = [(i, deviation) for i, point in enumerate(points) for suffix, deviation in table if point.name.endswith(suffix)]
    if noisy:
        keys = of_points(at_times(due.keys, due.observed_ms), len(noisy))
        places, deviations = np.array([i for i, _ in noisy]), np.array([deviation for _, deviation in noisy])
        found[:, places] += deviations * normal(keys, due.seed, "noise")


# ---------------------------------------------------------------- columns


def _column(due: _Due, columns: Columns, name: str, is_total: bool) -> Float64Array | None:
    """Return the column of a point: by its name, as another name, or as one of several circuits."""
    same = (_STATION_SAME if due.group.kind == "substation" else _SAME).get(name, name)
    if same in columns:
        return columns[same]
    further = _FURTHER.match(name)
    if further is not None:
        return _of_circuit(due, columns, name.replace(f"_{further[2]}_", "_", 1), int(further[2]))
    if is_total:
        return _register(due, name)
    if name.endswith("_state"):
        return np.where(uniform(due.keys, due.seed, name) < 0.97, 1.0, 0.0)
    return None


def _of_circuit(due: _Due, columns: Columns, name: str, number: int) -> Float64Array | None:
    """Return the value of a further circuit: amounts in equal parts, the rest a little beside the first."""
    base = columns.get(name)
    if base is None or name.endswith(("_gj", "_m3", "_m3_per_h")):
        return base
    spread = 1.5 if name.endswith("_degc") else 0.02
    return base + spread * normal(due.keys, due.seed, f"circuit {number}")


def _register(due: _Due, name: str) -> Float64Array:
    """Return a register that has counted steadily since 2020."""
    rate = uniform(due.keys, due.seed, f"rate {name}", 0.2, 2.0)
    return rate * (due.clock_s - METER_START_S) / 3600.0


def _slow(due: _Due, name: str, low: float | None, high: float | None) -> Float64Array:
    """Return a value of its own that swings by a few percent within some hours, in the lower middle of its range."""
    width = (1.0 if high is None else high) - (0.0 if low is None else low)
    size = next((size for suffix, size in _USUAL if name.endswith(suffix)), 0.2 * width)
    spread = 0.02 if name.endswith(("_v", "power_factor")) else 0.2
    own = uniform(due.keys, due.seed, f"middle {name}", 1.0 - spread, 1.0 + spread)
    middle = (0.0 if low is None else max(low, 0.0)) + size * own
    period_s = uniform(due.keys, due.seed, f"swing {name}", 2.0, 9.0) * 3600.0
    phase = uniform(due.keys, due.seed, f"start {name}", 0.0, 2 * math.pi)
    return middle * (1.0 + 0.15 * spread * np.sin(2 * math.pi * due.clock_s / period_s + phase))


_USUAL: Final = (
    ("flue_gas_temperature_degc", 140.0), ("condensate_temperature_degc", 90.0), ("tank_temperature_degc", 45.0), ("_degc", 40.0),
    ("battery_percent", 80.0), ("combustible_gas_percent", 0.5), ("_percent", 38.0), ("_mpa", 0.4), ("_v", 225.0), ("_a", 9.0),
    ("_kw", 4.0), ("_m", 1.6), ("_m3_per_h", 12.0), ("power_factor", 0.93), ("_s", 60.0),
)  # fmt: skip


def _station_columns(simulation: Simulation, shown: Figures) -> Columns:
    """Return what the substations show, one row a substation."""
    state = simulation.state
    secondary_drop = np.maximum(shown.secondary_supply_degc - shown.secondary_return_degc, 0.5)
    flow = shown.secondary_power_mw * 1e6 * 3600 / (WATER_KG_PER_M3 * WATER_J_PER_KG_K * secondary_drop)
    return {
        "primary_supply_temperature_degc": shown.primary_supply_degc,
        "primary_return_temperature_degc": shown.primary_return_degc,
        "primary_supply_pressure_mpa": shown.primary_supply_mpa,
        "primary_return_pressure_mpa": shown.primary_return_mpa,
        "primary_flow_m3_per_h": shown.flow_m3_per_h,
        "primary_flow_total_m3": state.flow_total_m3,
        "primary_heat_power_mw": shown.power_mw,
        "primary_heat_total_gj": state.heat_total_gj,
        "secondary_supply_temperature_degc": shown.secondary_supply_degc,
        "secondary_return_temperature_degc": shown.secondary_return_degc,
        "secondary_supply_pressure_mpa": np.full_like(state.supply, 0.5),
        "secondary_return_pressure_mpa": np.full_like(state.supply, 0.3),
        "makeup_volume_total_m3": state.makeup_total_m3,
        "secondary_flow_m3_per_h": flow / _SYSTEMS,
        "secondary_heat_total_gj": state.heat_total_gj / _SYSTEMS,
        "secondary_makeup_volume_total_m3": state.makeup_total_m3 / _SYSTEMS,
        "room_temperature_degc": state.room_degc,
    }


def _source_columns(simulation: Simulation, shown: Figures) -> Columns:
    """Return what the heat sources show, one row a source: their share of what the stations of their zone take."""
    network, state = simulation.design.network, simulation.state
    zone = network.heat_source_zone
    return {
        "supply_temperature_degc": shown.zone_supply_degc[zone],
        "return_temperature_degc": shown.zone_return_degc[zone],
        "supply_pressure_mpa": network.heat_source_mpa[:, 0],
        "return_pressure_mpa": network.heat_source_mpa[:, 1],
        "flow_m3_per_h": shown.source_flow_m3_per_h,
        "heat_power_mw": shown.source_power_mw,
        "heat_total_gj": state.source_heat_total_gj,
        "makeup_volume_total_m3": state.source_makeup_total_m3,
        "supply_main_flow_total_m3": state.source_flow_total_m3,
        "return_main_flow_total_m3": state.source_flow_total_m3,
    }


def _take(columns: Columns, ids: Int64Array, wanted: Int64Array) -> Columns:
    """Return the rows of some assets; of an asset that is not there, the mean of all."""
    if not len(ids):
        return {}
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    known = ids[place] == wanted
    if known.all():
        return {name: column[place] for name, column in columns.items()}
    return {name: np.where(known, column[place], column.mean()) for name, column in columns.items()}


def _outdoor(due: _Due) -> Float64Array:
    return np.full(len(due.rows), due.moment.simulation.outdoor_degc)


def _of_substations(due: _Due) -> Columns:
    found = _take(due.moment.station_columns, due.moment.simulation.design.substation_ids, due.group.asset_ids[due.rows])
    keys = at_times(due.keys, due.observed_ms)
    for name in ("secondary_supply_temperature_degc", "secondary_return_temperature_degc"):
        found[name] = found[name] + 0.05 * normal(keys, due.seed, name)
    return found | {"outdoor_temperature_degc": _outdoor(due)}


def _of_heat_sources(due: _Due) -> Columns:
    network = due.moment.simulation.design.network
    found = _take(due.moment.source_columns, network.heat_source_ids, due.group.asset_ids[due.rows])
    return found | {"outdoor_temperature_degc": _outdoor(due)}


def _of_rooms(due: _Due) -> Columns:
    simulation = due.moment.simulation
    known = _take({"room": simulation.state.room_degc}, simulation.design.substation_ids, due.group.substation_ids[due.rows])
    room = known.get("room", np.full(len(due.rows), CURVE.room_degc))
    start = uniform(due.keys, due.seed, "day", 0.0, 2 * math.pi)
    swing = 0.25 * np.sin(2 * math.pi * due.clock_s / DAY_S + start)
    days = (due.clock_s - METER_START_S) / DAY_S / 900.0 + uniform(due.keys, due.seed, "battery")
    return {
        "room_temperature_degc": room + 0.9 * normal(due.keys, due.seed, "room") + swing,
        "battery_percent": 100.0 - 80.0 * (days % 1.0),
        "outdoor_temperature_degc": _outdoor(due),
    }


def _of_pressure_points(due: _Due) -> Columns:
    simulation, columns = due.moment.simulation, due.moment.station_columns
    found = _take(columns, simulation.design.substation_ids, due.group.substation_ids[due.rows])
    if not found:
        return {}
    return {
        "pressure_mpa": found["primary_supply_pressure_mpa"],
        "downstream_pressure_mpa": np.maximum(found["primary_supply_pressure_mpa"] - 0.002, 0.0),
        "temperature_degc": found["primary_supply_temperature_degc"],
    }


def _ambient(due: _Due) -> Columns:
    """Return what stations of weather and air would show where they stand."""
    simulation = due.moment.simulation
    shares = simulation.design.urban_share[due.group.name][due.rows].tolist()
    degc = [simulation.outdoor_degc + warmer_k(share) for share in shares]
    if due.group.kind == "weather_station":
        return {"outdoor_temperature_degc": np.array(degc)}
    rows = [
        pollution_ug_per_m3(simulation.clock_s, one, share, simulation.design.phases)
        for one, share in zip(degc, shares, strict=True)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def _device_columns(due: _Due) -> Columns:
    """Return what a heater of a house of its own shows: it gives what the house loses, or stands still."""
    outdoor = _outdoor(due)
    room = uniform(due.keys, due.seed, "room", 17.0, 21.0)
    start = uniform(due.keys, due.seed, "day", 0.0, 2 * math.pi)
    room = room + 0.4 * np.sin(2 * math.pi * due.clock_s / DAY_S + start)
    runs = uniform(due.keys, due.seed, "runs") < 0.96
    loss_kw_per_k = uniform(due.keys, due.seed, "loss", 0.12, 0.3)
    power = np.where(runs, loss_kw_per_k * np.maximum(room - outdoor, 0.0), 0.0)
    usual_kw = 20.0 * loss_kw_per_k
    stopped_h = 24.0 * 365.0 * uniform(due.keys, due.seed, "stopped", 0.5, 4.0)
    hours = np.where(runs, (due.clock_s - METER_START_S) / 3600.0, stopped_h)
    lift = 2.0 * power
    return {
        "on_off_state": runs.astype(np.float64),
        "power_kw": power,
        "auxiliary_power_kw": 0.3 * power,
        "energy_total_kwh": usual_kw * hours,
        "heat_total_gj": usual_kw * hours * 3.6e-3,
        "fuel_total_kg": usual_kw * hours / 4.2,
        "current_a": power * 1000.0 / 225.0 / 0.95,
        "supply_temperature_degc": room + 8.0 + 1.6 * lift,
        "return_temperature_degc": room + 6.0 + 1.1 * lift,
        "outlet_air_temperature_degc": room + 1.5 * lift,
        "return_air_temperature_degc": room - 0.5,
        "collector_temperature_degc": outdoor + 20.0 + 15.0 * np.sin(2 * math.pi * (due.clock_s / DAY_S + 0.083)),
        "room_temperature_degc": room,
        "outdoor_temperature_degc": outdoor,
    }


def _of_branches(due: _Due) -> Columns:
    """Return what all heat sources show together, as the branches of a plant do; the flow is the branch's own."""
    means = {name: np.full(len(due.rows), column.mean()) for name, column in due.moment.source_columns.items() if len(column)}
    shown = ("supply_temperature_degc", "return_temperature_degc", "supply_pressure_mpa", "return_pressure_mpa")
    return {name: means[name] for name in shown if name in means}


def _of_inlets(due: _Due) -> Columns:
    """Return what arrives of the secondary network of the substation at a building."""
    simulation = due.moment.simulation
    found = _take(due.moment.station_columns, simulation.design.substation_ids, due.group.substation_ids[due.rows])
    if not found:
        return {}
    supply = found["secondary_supply_temperature_degc"] - 0.8
    return {
        "supply_temperature_degc": supply,
        "uploaded_temperature_degc": supply,
        "return_temperature_degc": found["secondary_return_temperature_degc"] + 0.3,
        "supply_pressure_mpa": found["secondary_supply_pressure_mpa"] - 0.02,
        "uploaded_pressure_mpa": found["secondary_supply_pressure_mpa"] - 0.02,
        "return_pressure_mpa": found["secondary_return_pressure_mpa"] + 0.02,
    }


def _others(due: _Due) -> Columns:
    return {"outdoor_temperature_degc": _outdoor(due)}


_COLUMNS: Final[Mapping[str, Callable[[_Due], Columns]]] = {
    "substation": _of_substations,
    **dict.fromkeys(HEAT_SOURCE_KINDS, _of_heat_sources),
    "room_sensor": _of_rooms,
    "pressure_point": _of_pressure_points,
    "weather_station": _ambient,
    "air_station": _ambient,
    "gas_station": _others,
    "plant_branch": _of_branches,
    "building_inlet": _of_inlets,
    "heating_device": _device_columns,
}
