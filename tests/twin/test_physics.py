from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.hydraulics.heating_curve import CHANGCHUN, regulate
from twin import physics
from twin.physics import Climate
from twin.simulator.city import CURVE

CLIMATE = Climate()
PHASES = np.array([0.3, 1.7, 4.0])
JANUARY_15_NOON_S = 1_768_449_600.0  # 2026-01-15 12:00 in Changchun


def test_the_curve_meets_its_design_point() -> None:
    supply = physics.secondary_supply_set_point(CURVE.outdoor_degc, CURVE)
    assert float(supply) == pytest.approx(CURVE.secondary_supply_degc)
    drop = physics.secondary_drop(np.array([float(supply)]), np.array([CURVE.room_degc]), CURVE)
    assert float(drop[0]) == pytest.approx(CURVE.secondary_drop_k, abs=1e-6)


@given(st.floats(-30, 15), st.floats(0.1, 10))
def test_colder_weather_needs_warmer_water(outdoor: float, colder_by: float) -> None:
    for curve in (physics.secondary_supply_set_point, physics.primary_supply_set_point):
        assert curve(outdoor - colder_by, CURVE) >= curve(outdoor, CURVE)


def test_simulator_and_what_ifs_have_one_curve_but_for_the_rooms() -> None:
    for outdoor in (-21.1, -10.0, 3.0):
        asked = regulate(outdoor, CURVE)
        assert float(physics.primary_supply_set_point(outdoor, CURVE)) == pytest.approx(asked.supply_degc)
    assert replace(CURVE, room_degc=CHANGCHUN.room_degc) == CHANGCHUN


@given(st.floats(-21, 5))
def test_in_balance_the_curve_holds_the_design_room_temperature(outdoor: float) -> None:
    """At the set point the radiators give exactly the share of the design load that the weather asks for."""
    supply = physics.secondary_supply_set_point(outdoor, CURVE)
    drop = physics.secondary_drop(np.array([float(supply)]), np.array([CURVE.room_degc]), CURVE)
    assert float(drop[0]) / CURVE.secondary_drop_k == pytest.approx(float(physics.relative_load(outdoor, CURVE)), abs=1e-6)


@given(st.floats(15, 95), st.floats(5, 30))
def test_the_drop_solves_its_equation(supply: float, room: float) -> None:
    drop = float(physics.secondary_drop(np.array([supply]), np.array([room]), CURVE)[0])
    mean = max(supply - room - drop / 2, 0.0) / CURVE.mean_over_room_k
    assert drop == pytest.approx(CURVE.secondary_drop_k * mean ** (1 + CURVE.exponent), abs=1e-4)


@given(st.floats(0.01, 50), st.floats(1, 80))
def test_flow_and_power_undo_each_other(power: float, drop: float) -> None:
    flow = physics.flow_m3_per_h(np.array([power]), np.array([drop]))
    assert float(physics.heat_power_mw(flow, np.array([drop]))[0]) == pytest.approx(power)


def test_one_cubic_metre_an_hour_over_ten_kelvin_carries_eleven_kilowatts() -> None:
    # 1 m3/h x 971.8 kg/m3 x 4.197 kJ/(kg K) x 10 K / 3600 s
    assert float(physics.heat_power_mw(np.ones(1), np.full(1, 10.0))[0]) == pytest.approx(0.01133, abs=1e-5)


@given(st.floats(0, 100), st.floats(-20, 100), st.floats(1, 1000), st.floats(1, 1000))
def test_a_lag_does_not_depend_on_how_the_time_is_cut(value: float, target: float, first_s: float, second_s: float) -> None:
    start = np.array([value])
    once = physics.approach(start, target, first_s + second_s, 300.0)
    twice = physics.approach(physics.approach(start, target, first_s, 300.0), target, second_s, 300.0)
    assert float(once[0]) == pytest.approx(float(twice[0]), abs=1e-9)


def test_january_is_cold_afternoons_are_warmest_and_summer_never_comes() -> None:
    hours = JANUARY_15_NOON_S + np.arange(-12, 12) * 3600
    day = physics.outdoor_temperature(hours, CLIMATE, PHASES)
    assert -26 < float(day.mean()) < -10
    assert int(day.argmax()) in {14, 15}
    year = physics.outdoor_temperature(JANUARY_15_NOON_S + np.arange(0, 365 * 24) * 3600, CLIMATE, PHASES)
    assert float(year.max()) <= CLIMATE.season_limit_degc
    assert float(year.min()) > -35
