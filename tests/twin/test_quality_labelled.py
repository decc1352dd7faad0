"""Rules of data quality on real readings: what they find of labelled faults, and what they flag where nothing is labelled."""

from __future__ import annotations

import pytest

from tests.twin.labelled_readings import DATA, air_rules, air_unit_scores, meter_flags, substation_flags
from twin.quality_rules.shipped import SHIPPED_RULES

pytestmark = pytest.mark.skipif(
    not (DATA / "telemetry-labelled-faults").exists(), reason="the real sets of readings are not here"
)


def test_faults_of_an_air_unit_are_found_by_formulas_and_not_by_the_shipped_rules() -> None:
    shipped, formulas = air_unit_scores(list(SHIPPED_RULES)), air_unit_scores(air_rules())
    assert (shipped["days"], shipped["faulty"]) == (15, 14)
    assert shipped["found"] == 0  # its values are plausible: nothing but the process is wrong
    assert (formulas["found"], formulas["false"]) == (9, 0)
    assert formulas["event_f_half"] == pytest.approx(0.9, abs=0.001)


def test_every_fall_of_a_real_register_is_flagged_once() -> None:
    found = substation_flags()
    assert found["falls"] > 0
    by_rule = found["by_rule"]
    assert isinstance(by_rule, dict)
    assert by_rule["register_back"] == found["falls"]
    assert by_rule["secondary_below_primary"] == 36  # both values of the 18 frames in which heat flows, of 17,254


def test_three_years_of_a_sound_heat_meter_have_no_flag() -> None:
    assert meter_flags()["by_rule"] == {}
