"""The rules that every city starts with, made of the column `alarm` of the table of points.

Three kinds of entry become rules by themselves: a requirement carries its number (`requirement <= 5.0`), a signal is 0 or 1
(`leak`, `smoke`, ...), and a limit (`limit`) has its number in `LIMITS` below. What is left over has
no rule until somebody gives it a number: limits that depend on the site (tank levels, pressures of a pump station), and
states whose codes the standards do not define. `points_without_limit` lists it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from twin.alarms.rules import SILENCE, Condition, ThresholdRule, check_against
from twin.points.model import FrameSchema, Point
from twin.schemas import DEFAULT_SCHEMAS
from twin.status import AlarmLevel

DEFAULT_RULE: Final = ThresholdRule(
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
"""The first rule of a city: a substation whose secondary supply is this cold in the season heats nobody."""

SIGNALS: Final[Mapping[str, AlarmLevel]] = {
    "leak": AlarmLevel.FIRST,
    "smoke": AlarmLevel.FIRST,
    "floor_water": AlarmLevel.SECOND,
    "intrusion": AlarmLevel.SECOND,
    "video_alarm": AlarmLevel.THIRD,
}
"""Words of the column `alarm` whose point is a signal: 1 = it rings."""

LIMITS: Final[tuple[tuple[str, str, str, float, float, AlarmLevel], ...]] = (
    # schema, point, side, limit, deadband, level
    ("substation", "primary_return_temperature_degc", "above", 80.0, 3.0, AlarmLevel.THIRD),
    ("substation", "secondary_supply_temperature_degc", "above", 85.0, 3.0, AlarmLevel.SECOND),
    ("substation", "secondary_supply_pressure_mpa", "above", 1.0, 0.05, AlarmLevel.SECOND),
    ("substation", "secondary_supply_pressure_mpa", "below", 0.1, 0.05, AlarmLevel.SECOND),
    ("substation", "constant_pressure_point_pressure_mpa", "above", 0.8, 0.05, AlarmLevel.THIRD),
    ("substation", "constant_pressure_point_pressure_mpa", "below", 0.1, 0.05, AlarmLevel.SECOND),
    ("isolating_station", "primary_return_temperature_degc", "above", 90.0, 3.0, AlarmLevel.THIRD),
    ("plant", "primary_water_temperature_degc", "above", 135.0, 3.0, AlarmLevel.SECOND),
    ("plant", "primary_water_pressure_mpa", "above", 2.0, 0.1, AlarmLevel.SECOND),
    ("heating_first_station", "primary_water_temperature_degc", "above", 135.0, 3.0, AlarmLevel.SECOND),
    ("heating_first_station", "primary_water_pressure_mpa", "above", 2.0, 0.1, AlarmLevel.SECOND),
    ("accumulator", "storage_temperature_degc", "above", 110.0, 3.0, AlarmLevel.THIRD),
    ("heating_network", "pipeline_temperature_degc", "above", 135.0, 3.0, AlarmLevel.SECOND),
    ("heating_network", "pipeline_pressure_mpa", "above", 2.0, 0.1, AlarmLevel.SECOND),
    ("pressure_point", "temperature_degc", "above", 135.0, 3.0, AlarmLevel.SECOND),
    ("pressure_point", "pressure_mpa", "above", 2.0, 0.1, AlarmLevel.SECOND),
    ("local_monitoring_station", "room_temperature_degc", "above", 40.0, 2.0, AlarmLevel.THIRD),
    ("gas_station", "combustible_gas_percent", "above", 1.0, 0.2, AlarmLevel.FIRST),
)
"""Limits of points of the kind `limit`: cautious numbers that hold for any city, to be narrowed by those who know theirs."""
SETTLE_S: Final = 60.0
"""Delay of the shipped limits: a value has to stay there so long."""
OFFLINE_AFTER_S: Final = 900.0
"""Silence after which a station is offline (离线)."""
_OFFLINE: Final[tuple[tuple[str, str, str, AlarmLevel], ...]] = (
    ("plant", "热源", "Heat source", AlarmLevel.SECOND),
    ("boiler_house", "锅炉房", "Boiler house", AlarmLevel.SECOND),
    ("relay_pump_station", "中继泵站", "Relay pump station", AlarmLevel.SECOND),
    ("substation", "热力站", "Substation", AlarmLevel.THIRD),
    ("isolating_station", "隔压站", "Isolating station", AlarmLevel.THIRD),
    ("gas_station", "燃气站", "Gas station", AlarmLevel.THIRD),
)
_WATER_LOSS: Final[tuple[tuple[str, str, Condition, Condition], ...]] = (
    (
        "plant",
        "water_loss_plant",
        Condition("network_makeup_flow_m3_per_h", 150.0, None, 30.0),
        Condition("return_main_pressure_mpa", None, 0.2, 0.05),
    ),
    (
        "heating_first_station",
        "water_loss_heating_first_station",
        Condition("network_makeup_flow_m3_per_h", 150.0, None, 30.0),
        Condition("return_main_pressure_mpa", None, 0.2, 0.05),
    ),
    (
        "substation",
        "water_loss_substation",
        Condition("makeup_volume_total_m3", 5.0, None, 2.0, per_h=True),
        Condition("constant_pressure_point_pressure_mpa", None, 0.15, 0.05),
    ),
)
"""Make-up flow up and fixed-pressure point down (失水): the first sign of a burst."""
_REQUIREMENT: Final = re.compile(r"requirement (?:<= (?P<most>[\d.]+)|(?P<from>[\d.]+)-(?P<to>[\d.]+))")
_LEVEL_ZH: Final = {AlarmLevel.FIRST: "一级", AlarmLevel.SECOND: "二级", AlarmLevel.THIRD: "三级"}
_SIDES: Final = {"above": ("过高", "high"), "below": ("过低", "low")}


def shipped_rules() -> list[ThresholdRule]:
    """Return all rules that ship; their `rule_id` is 0 but for the first, a city gives the numbers."""
    rules = [DEFAULT_RULE, *_water_loss(), *_offline(), *_limits()]
    for schema in DEFAULT_SCHEMAS.values():
        for point in schema.points:
            rules.extend(_of_word(schema, point))
    for rule in rules:
        check_against(rule, DEFAULT_SCHEMAS[rule.schema_code])
    return rules


def device_rule(schema_code: str, point: Point, side: Literal["above", "below"], level: AlarmLevel) -> ThresholdRule:
    """Return the rule that takes the thresholds of one level and side which measuring devices of a point have (监测项阈值)."""
    word_zh, word_en = _SIDES[side]
    above, below = (0.0, None) if side == "above" else (None, 0.0)
    return ThresholdRule(
        rule_id=0,
        code=f"device_{schema_code}_{point.name}_{word_en}_{level.value}",
        name_zh=f"{point.label_zh or point.name}{word_zh}（{_LEVEL_ZH[level]}阈值）",
        name_en=f"{point.label_en or point.name} {word_en} (threshold of level {level.value})",
        schema_code=schema_code,
        point=point.name,
        above=above,
        below=below,
        deadband=0.0,
        level=level,
        off_delay_s=SETTLE_S,
        by_device=True,
    )


def points_without_limit(rules: Iterable[ThresholdRule]) -> list[tuple[str, str]]:
    """Return (schema, point) of the points that the standards want alarmed and no rule watches."""
    watched = {(rule.schema_code, condition.point) for rule in rules for condition in rule.conditions}
    wanted = ((schema.code, point.name) for schema in DEFAULT_SCHEMAS.values() for point in schema.points if point.alarm)
    return [pair for pair in wanted if pair not in watched]


def _of_word(schema: FrameSchema, point: Point) -> Iterator[ThresholdRule]:
    """Make the rules that an entry of the column `alarm` says in full."""
    if point.alarm in SIGNALS:
        name = (f"{point.label_zh.removesuffix('报警')}报警", f"{point.label_en}: alarm")
        yield _rule(schema.code, point.name, name, Condition(point.name, 0.5, None), level=SIGNALS[point.alarm], suffix="signal")
    found = _REQUIREMENT.fullmatch(point.alarm)
    if found is None:
        return
    above = float(found["most"] or found["to"])
    yield _limit(schema.code, point, Condition(point.name, above, None), AlarmLevel.THIRD)
    if found["from"]:
        yield _limit(schema.code, point, Condition(point.name, None, float(found["from"])), AlarmLevel.THIRD)


def _limits() -> Iterator[ThresholdRule]:
    for schema_code, name, side, limit, deadband, level in LIMITS:
        point = next(each for each in DEFAULT_SCHEMAS[schema_code].points if each.name == name)
        above, below = (limit, None) if side == "above" else (None, limit)
        yield _limit(schema_code, point, Condition(name, above, below, deadband), level, on_delay_s=SETTLE_S)


def _limit(schema_code: str, point: Point, condition: Condition, level: AlarmLevel, *, on_delay_s: float = 0.0) -> ThresholdRule:
    side = "below" if condition.above is None else "above"
    word_zh, word_en = _SIDES[side]
    names = (f"{point.label_zh}{word_zh}", f"{point.label_en} {word_en}")
    return _rule(schema_code, point.name, names, condition, level=level, suffix=word_en, on_delay_s=on_delay_s)


def _offline() -> Iterator[ThresholdRule]:
    for schema_code, name_zh, name_en, level in _OFFLINE:
        condition = Condition(SILENCE, OFFLINE_AFTER_S, None)
        yield _rule(schema_code, SILENCE, (f"{name_zh}离线", f"{name_en} offline"), condition, level=level, suffix="long")


def _water_loss() -> Iterator[ThresholdRule]:
    for schema_code, code, makeup, pressure in _WATER_LOSS:
        yield ThresholdRule(
            rule_id=0,
            code=code,
            name_zh="失水：补水量大且定压点压力低",
            name_en="Water loss: make-up flow up and fixed-pressure point down",
            schema_code=schema_code,
            point=makeup.point,
            above=makeup.above,
            below=None,
            deadband=makeup.deadband,
            level=AlarmLevel.FIRST,
            per_h=makeup.per_h,
            also=(pressure,),
            on_delay_s=30.0,
        )


def _rule(
    schema_code: str,
    point: str,
    names: tuple[str, str],
    condition: Condition,
    *,
    level: AlarmLevel,
    suffix: str,
    on_delay_s: float = 0.0,
) -> ThresholdRule:
    return ThresholdRule(
        rule_id=0,
        code=f"{schema_code}_{point}_{suffix}",
        name_zh=names[0],
        name_en=names[1],
        schema_code=schema_code,
        point=point,
        above=condition.above,
        below=condition.below,
        deadband=condition.deadband,
        level=level,
        on_delay_s=on_delay_s,
    )
