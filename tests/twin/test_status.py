from __future__ import annotations

import numpy as np
import pytest

from twin.quality import Quality, flag_values, may_raise_alarm
from twin.status import AlarmLevel, Status, WarningLevel, status_codes, status_of_level


@pytest.mark.parametrize(("level", "status"), [(AlarmLevel.FIRST, 7), (AlarmLevel.SECOND, 6), (AlarmLevel.THIRD, 5)])
def test_each_alarm_level_has_its_red(level: AlarmLevel, status: int) -> None:
    assert status_of_level(level) == status
    codes = status_codes(np.array([level.value], np.uint8), np.array([True]), np.array([True]))
    assert codes.tolist() == [status]


def test_alarm_levels_and_warning_levels_never_mix() -> None:
    assert len(AlarmLevel) == 3
    assert len(WarningLevel) == 4
    assert not any(alarm == warning for alarm in AlarmLevel for warning in WarningLevel)


def test_silence_is_grey_and_never_heard_is_no_data() -> None:
    level = np.zeros(3, np.uint8)
    codes = status_codes(level, np.array([False, True, True]), np.array([False, False, True]))
    assert codes.tolist() == [Status.NO_DATA, Status.NORMAL, Status.STALE]


def test_the_range_test_can_only_make_a_flag_worse() -> None:
    values = np.array([[50.0, 150.0, np.nan, 50.0, 150.0]])
    given = np.array([[Quality.NOT_EVALUATED, Quality.GOOD, Quality.GOOD, Quality.SUSPECT, Quality.MISSING]], np.uint8)
    flags = flag_values(values, given, np.zeros(5), np.full(5, 100.0))
    assert flags.tolist() == [[Quality.GOOD, Quality.FAIL, Quality.MISSING, Quality.SUSPECT, Quality.MISSING]]


def test_only_good_and_unevaluated_values_may_raise_an_alarm() -> None:
    flags = np.array(sorted(Quality), np.uint8)
    assert may_raise_alarm(flags).tolist() == [True, True, False, False, False]
