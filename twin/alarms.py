"""Threshold rules and the states of their alarms, evaluated on whole arrays.

A rule has a limit and a deadband: it raises beyond the limit and clears only when the value has come back by the deadband
(ISA-18.2 / IEC 62682 call it hysteresis), so a value that dances on its limit makes one alarm, not a hundred. Bad data
neither raises nor clears.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import BoolArray, Float64Array, UInt8Array
from twin.errors import BadRule
from twin.quality import may_raise_alarm
from twin.status import AlarmLevel


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """One rule: alarm of `level` while `point` of frames of `schema_code` is above or below its limit.

    Attributes
    ----------
    rule_id
        Number within the city.
    code, name_zh, name_en
        Names.
    schema_code, point
        What is watched.
    above, below
        Limits in the point's unit; exactly one is given.
    deadband
        How far the value must come back, in the point's unit.
    level
        Alarm level of CJ/T 545.
    """

    rule_id: int
    code: str
    name_zh: str
    name_en: str
    schema_code: str
    point: str
    above: float | None
    below: float | None
    deadband: float
    level: AlarmLevel

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise BadRule(f"rule {self.code!r} must have exactly one of above and below")
        if self.deadband < 0:
            raise BadRule(f"rule {self.code!r} has deadband {self.deadband:g}; it must not be negative")

    @property
    def limit(self) -> float:
        """The limit, in the point's unit."""
        limit = self.above if self.above is not None else self.below
        assert limit is not None  # one of them is given
        return limit


DEFAULT_RULE = ThresholdRule(
    rule_id=1,
    code="secondary_supply_temperature_low",
    name_zh="二次供水温度过低",
    name_en="Secondary supply temperature low",
    schema_code="substation",
    point="secondary_supply_temperature_degc",
    above=None,
    below=35.0,
    deadband=2.0,
    level=AlarmLevel.FIRST,
)
"""The rule that every city starts with: a substation whose secondary supply is this cold in the season heats nobody."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Which alarms a row of values raises and clears, as masks over the values."""

    raised: BoolArray
    cleared: BoolArray


def evaluate(rule: ThresholdRule, values: Float64Array, quality: UInt8Array, active: BoolArray) -> Changes:
    """Find the changes that new values bring.

    Parameters
    ----------
    rule
        The rule.
    values, quality
        One value and flag per source.
    active
        Whether the alarm of each source is open now.
    """
    counts = may_raise_alarm(quality) & ~np.isnan(values)
    if rule.above is not None:
        beyond, back = values > rule.above, values <= rule.above - rule.deadband
    else:
        beyond, back = values < rule.limit, values >= rule.limit + rule.deadband
    return Changes(raised=counts & beyond & ~active, cleared=counts & back & active)
