"""The definition of the clean-heating rate."""

from __future__ import annotations

import pytest

from twin.rollout import CLEAN_HEATING_RATE, clean_heating_rate


@pytest.mark.parametrize(("clean", "heated", "rate"), [(80.0, 100.0, 0.8), (0.0, 50.0, 0.0), (50.0, 50.0, 1.0), (0.0, 0.0, None)])
def test_the_rate_is_the_clean_share_of_the_heated_area(clean: float, heated: float, rate: float | None) -> None:
    assert clean_heating_rate(clean, heated) == rate


def test_the_formula_names_the_columns_and_gives_the_same() -> None:
    columns = {"clean_area_m2": 30.0, "heated_area_m2": 40.0}
    clean, heated = CLEAN_HEATING_RATE.formula.split(" / ")
    assert columns[clean] / columns[heated] == clean_heating_rate(**columns)
