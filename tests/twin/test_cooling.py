"""The cooling model against its own equation, integrated by scipy, and against a plain median."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from twin.code_lists import ENERGY_CLASS
from twin.cooling import LOADS_W_PER_M2, START_DEGC, classes_of, hours_until, spread, time_constants_h


def test_every_energy_class_has_a_time_constant_that_saving_makes_longer() -> None:
    assert {name for name, _ in LOADS_W_PER_M2} == set(ENERGY_CLASS.codes)
    hours = time_constants_h()
    assert (np.diff(hours[:4]) > 0).all()
    assert hours[5] > hours[4]
    assert ((hours > 24) & (hours < 200)).all()


@pytest.mark.parametrize("outdoor_degc", [-30.0, -5.0, 10.0])
def test_hours_are_where_the_differential_equation_arrives(outdoor_degc: float) -> None:
    tau_h, limit_degc = 50.0, 18.0

    def reached(_: float, room: np.ndarray) -> float:
        return float(room[0] - limit_degc)

    reached.terminal = True  # type: ignore[attr-defined]
    solved = solve_ivp(lambda _, room: (outdoor_degc - room) / tau_h, (0, 1000), [START_DEGC], events=reached, rtol=1e-9)
    found = hours_until(limit_degc, outdoor_degc=outdoor_degc, time_constant_h=np.array([tau_h]))
    assert found[0] == pytest.approx(solved.t_events[0][0], rel=1e-5)


def test_rooms_never_fall_below_the_outdoor_temperature() -> None:
    assert math.isinf(hours_until(0.0, outdoor_degc=0.0, time_constant_h=np.array([50.0]))[0])
    assert spread(18.0, outdoor_degc=18.0, classes=np.zeros(3, np.uint8)).median is None
    assert spread(18.0, outdoor_degc=-10.0, classes=np.zeros(0, np.uint8)).min is None


@given(st.lists(st.integers(0, len(LOADS_W_PER_M2) - 1), min_size=1, max_size=40))
def test_the_spread_counts_every_building_once(classes: list[int]) -> None:
    hours = hours_until(18.0, outdoor_degc=-15.0, time_constant_h=time_constants_h()[classes])
    found = spread(18.0, outdoor_degc=-15.0, classes=np.array(classes, np.uint8))
    assert (found.min, found.median, found.max) == pytest.approx((hours.min(), float(np.median(hours)), hours.max()))


def test_the_class_decides_before_the_year() -> None:
    names = np.array(["三步节能", "", "", "", "", "节能", "unheard of"], object)
    years = np.array([1980, 1980, 1996, 2010, 2024, np.nan, np.nan])
    assert classes_of(names, years).tolist() == [2, 0, 1, 2, 3, 5, 0]
