"""Heating physics of the simulator: weather, heating curve, heat balance of substations and buildings. Pure and vectorised.

Sizes and curves are those of a northern Chinese city on hot-water heating with central quality regulation (集中质调节): the
flow stays, the temperatures follow the weather. Formulas: quality regulation with radiator exponent, as in CJJ/T 34 and every
textbook of district heating (He Ping, Sun Gang: 供热工程); heat = flow x density x heat capacity x temperature drop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from topology.hydraulics.heating_curve import HeatingCurve
from twin.arrays import Float64Array

WATER_KG_PER_M3 = 971.8
"""Density of water at 80 degC."""
WATER_J_PER_KG_K = 4197.0
"""Heat capacity of water at 80 degC."""
DAY_S = 86_400.0
YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Climate:
    """Weather of a heating season.

    Attributes
    ----------
    yearly_mean_degc, yearly_swing_k
        Mean and half the difference between July and January.
    daily_swing_k
        Half the difference between afternoon and dawn.
    zone_h
        Local time minus UTC.
    season_limit_degc
        Above it nobody heats; the simulator shows the last heating day then.
    """

    yearly_mean_degc: float = 5.5
    yearly_swing_k: float = 21.0
    daily_swing_k: float = 4.5
    zone_h: float = 8.0
    season_limit_degc: float = 5.0


def outdoor_temperature(clock_s: Float64Array | float, climate: Climate, phases: Float64Array) -> Float64Array:
    """Return the outdoor temperature in degC.

    Parameters
    ----------
    clock_s
        Epoch seconds.
    climate
        Yearly and daily course.
    phases
        Three phases in radians: weather fronts of 11, 5.3 and 3.1 days.
    """
    local_s = np.asarray(clock_s, np.float64) + climate.zone_h * 3600
    day = local_s / DAY_S
    year = -climate.yearly_swing_k * np.cos(2 * math.pi * (day % YEAR_DAYS - 15) / YEAR_DAYS)
    hour = climate.daily_swing_k * np.cos(2 * math.pi * (day % 1.0 - 14.5 / 24))
    fronts = np.zeros_like(day)
    for swing, period, phase in zip((2.0, 1.5, 1.0), (11.0, 5.3, 3.1), phases.tolist(), strict=True):
        fronts = fronts + swing * np.sin(2 * math.pi * day / period + phase)
    warmest_mean = climate.season_limit_degc - climate.daily_swing_k
    return np.minimum(climate.yearly_mean_degc + year + fronts, warmest_mean) + hour


def relative_load(outdoor_degc: Float64Array | float, curve: HeatingCurve) -> Float64Array:
    """Return the heat load as a share of the design load: never below 0.3, which keeps the water moving, never above 1."""
    share = (curve.room_degc - np.asarray(outdoor_degc, np.float64)) / (curve.room_degc - curve.outdoor_degc)
    return np.clip(share, 0.3, 1.0)


def secondary_supply_set_point(outdoor_degc: Float64Array | float, curve: HeatingCurve) -> Float64Array:
    """Return the set point of the secondary supply temperature in degC (quality regulation with constant flow)."""
    load = relative_load(outdoor_degc, curve)
    mean: Float64Array = curve.mean_over_room_k * np.power(load, 1 / (1 + curve.exponent))
    return curve.room_degc + mean + curve.secondary_drop_k / 2 * load


def primary_supply_set_point(outdoor_degc: Float64Array | float, curve: HeatingCurve) -> Float64Array:
    """Return the supply temperature of the primary network in degC."""
    load = relative_load(outdoor_degc, curve)
    secondary, above = secondary_supply_set_point(outdoor_degc, curve), curve.supply_degc - curve.secondary_supply_degc
    return np.asarray(secondary + above * load, np.float64)


def secondary_drop(supply_degc: Float64Array, room_degc: Float64Array, curve: HeatingCurve) -> Float64Array:
    """Return the temperature drop in K at which the radiators give off just what the water loses.

    Solves drop = design drop x ((supply - drop / 2 - room) / design)^(1 + b) by bisection: 30 halvings, exact to 1e-7 K.
    """
    over_room = np.maximum(supply_degc - room_degc, 0.0)
    low, high = np.zeros_like(over_room), 2 * over_room
    for _ in range(30):
        middle = (low + high) / 2
        mean = np.maximum(over_room - middle / 2, 0.0) / curve.mean_over_room_k
        too_small = curve.secondary_drop_k * mean ** (1 + curve.exponent) > middle
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return np.asarray((low + high) / 2, np.float64)


def approach(value: Float64Array, target: Float64Array | float, dt_s: float, time_constant_s: float) -> Float64Array:
    """Return where a first-order lag stands after `dt_s`: exact for any step."""
    moved: Float64Array = value + (target - value) * -math.expm1(-dt_s / time_constant_s)
    return moved


def heat_power_mw(flow_m3_per_h: Float64Array, drop_k: Float64Array) -> Float64Array:
    """Return the heat power in MW that a flow carries over a temperature drop."""
    return flow_m3_per_h / 3600 * WATER_KG_PER_M3 * WATER_J_PER_KG_K * drop_k / 1e6


def flow_m3_per_h(power_mw: Float64Array, drop_k: Float64Array) -> Float64Array:
    """Return the flow in m3/h that carries a heat power over a temperature drop (> 0)."""
    return power_mw * 1e6 / (WATER_KG_PER_M3 * WATER_J_PER_KG_K * drop_k) * 3600
