"""What an alarm rule is: conditions over points of one frame, delays, when it is in force, its level.

A condition has a limit and a deadband: it is met beyond the limit and over only when the value has come back by the deadband
(ISA-18.2 / IEC 62682 call it hysteresis), so a value that dances on its limit makes one alarm, not a hundred. A rule raises when
all its conditions have been met for `on_delay_s` and clears when one of them has been over for `off_delay_s`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeAlias

from twin.errors import BadRule
from twin.points.model import FrameSchema
from twin.status import AlarmLevel

SILENCE: Final = "silence_s"
"""Stands for a point that every source has: seconds since its last frame arrived (离线)."""
MAX_DELAY_S: Final = 86_400
MAX_CONDITIONS: Final = 8
MAX_ADVICE: Final = 1000
Limits: TypeAlias = Mapping[tuple[int, int], Mapping[int, float]]
"""Limits of single sources: by rule and place of the condition, then by source_id, in the unit of the point."""
_SEASON = re.compile(r"(\d{2})-(\d{2})/(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Condition:
    """One limit of one point.

    Attributes
    ----------
    point
        Point of the frame, or `silence_s`.
    above, below
        Limits in the point's unit (a unit per hour with `per_h`); exactly one is given.
    deadband
        How far the value must come back, in the same unit.
    per_h
        The rise of a register per hour between two frames is looked at, not its reading.
    """

    point: str
    above: float | None
    below: float | None
    deadband: float = 0.0
    per_h: bool = False

    @property
    def limit(self) -> float:
        """The limit, in the point's unit."""
        limit = self.above if self.above is not None else self.below
        assert limit is not None  # one of them is given
        return limit

    def as_json(self) -> dict[str, Any]:
        """Return it as stored in `alarm_rule.also` and as sent."""
        return {
            "point": self.point,
            "above": self.above,
            "below": self.below,
            "deadband": self.deadband,
            "per_h": self.per_h,
        }


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """One rule: alarm of `level` while `point` of frames of `schema_code` is beyond its limit, and all of `also` are met.

    Attributes
    ----------
    rule_id
        Number within the city.
    code, name_zh, name_en
        Names.
    schema_code
        Whose frames are watched.
    point, above, below, deadband, per_h
        The first condition (`Condition`); its value is what an alarm shows.
    level
        Alarm level of CJ/T 545.
    also
        Further conditions of the same frame; all must be met.
    on_delay_s, off_delay_s
        Seconds that it must last before the alarm opens or closes, by the clock of the server.
    season
        Days of the year on which it is in force, `11-15/03-15` both included; empty = the whole year.
    enabled, version
        Switched on; number of the edit, from 1.
    upstream_healthy
        In force only where a healthy heat source feeds the asset over open valves: a station is cold because of itself.
    by_device
        Its limit is the one of this level that each measuring device has (监测项阈值); the number here only says which side.
        Devices without one are not watched.
    pop_up, advice
        Whether an alarm comes before the eyes of whoever works at a screen, and what to do about it.
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
    per_h: bool = False
    also: tuple[Condition, ...] = ()
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    season: str = ""
    enabled: bool = True
    version: int = 1
    upstream_healthy: bool = False
    by_device: bool = False
    pop_up: bool = False
    advice: str = ""

    def __post_init__(self) -> None:
        for condition in self.conditions:
            _check_condition(self.code, condition)
        for name, delay_s in (("on_delay_s", self.on_delay_s), ("off_delay_s", self.off_delay_s)):
            if not 0 <= delay_s <= MAX_DELAY_S:
                raise BadRule(f"rule {self.code!r} has {name} {delay_s:g}; it must be 0 to {MAX_DELAY_S} seconds")
        if len(self.also) >= MAX_CONDITIONS:
            raise BadRule(
                f"rule {self.code!r} has {len(self.also) + 1} conditions; at most {MAX_CONDITIONS} can be held together"
            )
        if self.season:
            _season(self.code, self.season)
        if self.by_device and (self.point == SILENCE or self.per_h):
            raise BadRule(
                f"rule {self.code!r} takes the thresholds of devices; those are for a value, not for its rise or silence"
            )
        if len(self.advice) > MAX_ADVICE:
            raise BadRule(f"rule {self.code!r} has advice of {len(self.advice)} characters; at most {MAX_ADVICE} fit")

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions, the one whose value is shown first."""
        return (Condition(self.point, self.above, self.below, self.deadband, self.per_h), *self.also)

    @property
    def limit(self) -> float:
        """The limit of the first condition, in the point's unit."""
        return self.conditions[0].limit

    def as_json(self) -> dict[str, Any]:
        """Return the rule as stored with its versions and as sent; without its numbers."""
        return {
            "code": self.code,
            "name_zh": self.name_zh,
            "name_en": self.name_en,
            "schema_code": self.schema_code,
            **self.conditions[0].as_json(),
            "level": self.level.value,
            "also": [condition.as_json() for condition in self.also],
            "on_delay_s": self.on_delay_s,
            "off_delay_s": self.off_delay_s,
            "season": self.season,
            "enabled": self.enabled,
            "upstream_healthy": self.upstream_healthy,
            "by_device": self.by_device,
            "pop_up": self.pop_up,
            "advice": self.advice,
        }

    def with_limit(self, place: int, limit: float) -> ThresholdRule:
        """Return the rule with another limit of one condition (0 = the first), the side as it is.

        Raises
        ------
        BadRule
            When it has no such condition, or the limit is no number.
        """
        if not 0 <= place < len(self.conditions):
            raise BadRule(f"rule {self.code!r} has no condition {place}; its conditions are 0 to {len(self.conditions) - 1}")
        old = self.conditions[place]
        above, below = (limit, None) if old.above is not None else (None, limit)
        if place == 0:
            return replace(self, above=above, below=below)
        changed = replace(old, above=above, below=below)
        return replace(self, also=(*self.also[: place - 1], changed, *self.also[place:]))

    @property
    def at_once(self) -> bool:
        """Whether a frame alone decides: one condition on a value, no delay. All other rules are decided on the clock."""
        first = not self.also and self.point != SILENCE and not self.per_h
        return first and not (self.on_delay_s or self.off_delay_s or self.season)

    @property
    def about_data(self) -> bool:
        """Whether it tells of missing data, not of heat: such an alarm does not make its asset red."""
        return self.point == SILENCE

    def in_season(self, day: date) -> bool:
        """Tell whether the rule is in force on a day of the city."""
        if not self.season:
            return True
        first, last = _season(self.code, self.season)
        today = (day.month, day.day)
        return first <= today <= last if first <= last else today >= first or today <= last


def level_of(number: int) -> AlarmLevel:
    """Return the alarm level of that number.

    Raises
    ------
    BadRule
        When it is not 1, 2 or 3.
    """
    if number not in {level.value for level in AlarmLevel}:
        raise BadRule(f"level is {number}; alarm levels are 1 (highest), 2 and 3")
    return AlarmLevel(number)


def condition_from_json(given: Mapping[str, Any]) -> Condition:
    """Read a condition as `Condition.as_json` wrote it."""
    return Condition(given["point"], given["above"], given["below"], given["deadband"], given["per_h"])


def check_against(rule: ThresholdRule, schema: FrameSchema) -> None:
    """Refuse a rule that its schema cannot feed, or whose deadband no value can ever come back by.

    Raises
    ------
    BadRule
        Which names the point and what would be right.
    """
    points = {point.name: point for point in schema.points}
    for place, condition in enumerate(rule.conditions):
        if condition.point == SILENCE:
            continue
        point = points.get(condition.point)
        if point is None:
            raise BadRule(f"rule {rule.code!r} watches {condition.point!r}, which frames of {schema.code!r} do not hold")
        if condition.per_h:
            if point.slot != "total":
                raise BadRule(f"rule {rule.code!r}: {point.name} is not a register; only registers rise per hour")
            continue
        if rule.by_device and place == 0:
            continue
        low, high = point.low, point.high
        if condition.above is not None and low is not None and condition.above - condition.deadband < low:
            raise BadRule(
                f"rule {rule.code!r} never clears: {point.name} would have to fall to"
                f" {condition.above - condition.deadband:g} {point.unit}, its range begins at {low:g}"
            )
        if condition.below is not None and high is not None and condition.below + condition.deadband > high:
            raise BadRule(
                f"rule {rule.code!r} never clears: {point.name} would have to rise to"
                f" {condition.below + condition.deadband:g} {point.unit}, its range ends at {high:g}"
            )


def _check_condition(code: str, condition: Condition) -> None:
    if (condition.above is None) == (condition.below is None):
        raise BadRule(f"rule {code!r} must have exactly one of above and below for {condition.point!r}")
    if not math.isfinite(condition.limit):
        raise BadRule(f"rule {code!r} has limit {condition.limit:g} for {condition.point!r}; it must be a number")
    if not (condition.deadband >= 0 and math.isfinite(condition.deadband)):
        raise BadRule(f"rule {code!r} has deadband {condition.deadband:g}; it must be a number that is not negative")
    floor_s = 0 if condition.above is None else condition.above - condition.deadband
    if condition.point == SILENCE and (condition.above is None or floor_s <= 0):
        raise BadRule(f"rule {code!r}: {SILENCE} needs a limit above, and a deadband smaller than it")
    if condition.per_h and condition.above is not None and floor_s < 0:
        raise BadRule(f"rule {code!r} never clears: {condition.point} would have to run backwards")


def _season(code: str, text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    found = _SEASON.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        months = [int(part) for part in found.groups()]
        for month, day in (months[:2], months[2:]):
            date(2024, month, day)  # a leap year: 02-29 is a day
    except ValueError:
        raise BadRule(f"rule {code!r} has season {text!r}; it must be like 11-15/03-15 (first and last day)") from None
    return (months[0], months[1]), (months[2], months[3])
