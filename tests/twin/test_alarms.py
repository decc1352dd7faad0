from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.alarms import DEFAULT_RULE, ThresholdRule, evaluate
from twin.errors import BadRule
from twin.quality import Quality
from twin.schemas import DEFAULT_SCHEMAS
from twin.status import AlarmLevel

HIGH = ThresholdRule(2, "hot", "热", "hot", "substation", "primary_return_temperature_degc", 70.0, None, 5.0, AlarmLevel.THIRD)


def _states(rule: ThresholdRule, values: list[float], quality: int = Quality.GOOD) -> list[bool]:
    """Follow one source through its values."""
    active, seen = np.array([False]), []
    for value in values:
        changes = evaluate(rule, np.array([value]), np.array([quality], np.uint8), active)
        active = (active | changes.raised) & ~changes.cleared
        seen.append(bool(active[0]))
    return seen


def test_a_low_alarm_raises_below_its_limit_and_clears_a_deadband_above_it() -> None:
    assert _states(DEFAULT_RULE, [35.0, 34.9, 35.0, 36.9, 37.0, 36.0]) == [False, True, True, True, False, False]


def test_a_high_alarm_is_the_mirror_image() -> None:
    assert _states(HIGH, [70.0, 70.1, 70.0, 65.1, 65.0, 69.0]) == [False, True, True, True, False, False]


@given(
    st.lists(st.floats(-50, 150) | st.just(float("nan")), min_size=1, max_size=30),
    st.sampled_from([Quality.SUSPECT, Quality.FAIL, Quality.MISSING]),
)
def test_bad_data_neither_raises_nor_clears(values: list[float], quality: Quality) -> None:
    assert not any(_states(DEFAULT_RULE, values, quality))
    flags = np.full(len(values), quality, np.uint8)
    changes = evaluate(DEFAULT_RULE, np.array(values), flags, np.ones(len(values), np.bool_))
    assert not changes.cleared.any()


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40), st.floats(0, 10))
def test_the_array_agrees_with_a_loop_written_from_the_definition(values: list[float], deadband: float) -> None:
    rule = replace(DEFAULT_RULE, deadband=deadband)
    active, expected = False, []
    for value in values:
        if not active and value < 35.0:
            active = True
        elif active and value >= 35.0 + deadband:
            active = False
        expected.append(active)
    assert _states(rule, values) == expected


@pytest.mark.parametrize("wrong", [{"below": None}, {"above": 50.0}, {"deadband": -1.0}])
def test_a_rule_that_cannot_be_evaluated_is_refused(wrong: dict[str, float | None]) -> None:
    with pytest.raises(BadRule, match="secondary_supply_temperature_low"):
        replace(DEFAULT_RULE, **wrong)  # type: ignore[arg-type]


def test_the_default_rule_watches_a_point_that_its_schema_has() -> None:
    assert DEFAULT_SCHEMAS[DEFAULT_RULE.schema_code].column(DEFAULT_RULE.point) is not None
