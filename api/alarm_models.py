"""Alarms and their rules as they are sent and received."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from data.alarm_rules import StoredRule
from data.alarms import Alarm
from twin.quantities import unit_of_point

_EXAMPLE_RULE = "secondary_supply_temperature_low"


class AlarmModel(BaseModel):
    """One alarm."""

    alarm_id: int = Field(examples=[7])
    asset_id: int = Field(examples=[12])
    asset_name: str
    asset_kind: str = Field(examples=["substation"])
    rule_code: str = Field(examples=[_EXAMPLE_RULE])
    rule_name_zh: str = Field(examples=["二次供水温度过低"])
    rule_name_en: str = Field(examples=["Secondary supply temperature low"])
    point: str = Field(examples=["secondary_supply_temperature_degc"])
    unit: str = Field(examples=["degC"])
    level: int = Field(description="Alarm level of CJ/T 545, 1 highest .. 3.", examples=[1])
    value: float = Field(description="Value that raised it.", examples=[31.5])
    limit_value: float = Field(examples=[35.0])
    active: bool
    acknowledged: bool
    confirmed: bool = Field(description="What was done about it is confirmed.")
    shelved_until: datetime | None = Field(description="End of its shelf; null = not shelved.")
    suppressed: bool = Field(description="Kept from ringing by the program: its incident rings for it.")
    out_of_service: bool = Field(description="Kept from ringing by a person, for maintenance.")
    false_alarm: bool | None = Field(description="Verdict: true = false alarm; null = nobody has judged.")
    standing: bool = Field(description="Open for more than 24 hours.")
    chattering: bool = Field(description="Its rule rang three times at its source within the last hour.")
    incident_id: int | None = Field(description="Incident that holds it; null = it stands for itself.", examples=[3])
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_by: str | None = Field(description="Seat that acknowledged it first.")
    acknowledged_at: datetime | None
    current_value: float | None = Field(description="Latest good value while it is open; null = none since.", examples=[29.0])
    highest_value: float | None = Field(
        description="Furthest beyond the limit; null = the value that raised it.", examples=[28.5]
    )
    pop_up: bool = Field(description="Its rule comes before the eyes of whoever works at a screen.")
    advice: str = Field(description="What its rule says to do about it.", examples=["检查一次侧阀门"])
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


def alarm_model(alarm: Alarm) -> AlarmModel:
    """Return an alarm as sent; its unit is that of its point."""
    values = {name: getattr(alarm, name) for name in AlarmModel.model_fields if hasattr(alarm, name)}
    return AlarmModel(**values, unit=unit_of(alarm.point, per_h=alarm.per_h), position=alarm.position_wgs84)


def unit_of(point: str, *, per_h: bool) -> str:
    """Return the unit of a point, or of its rise per hour."""
    return f"{unit_of_point(point)}/h" if per_h else unit_of_point(point)


class ConditionModel(BaseModel):
    """One limit of one point; exactly one of above and below is given."""

    point: str = Field(description="Point of the frame, or silence_s.", examples=["secondary_supply_temperature_degc"])
    above: float | None = Field(None, examples=[None])
    below: float | None = Field(None, examples=[35.0])
    deadband: float = Field(0.0, description="How far the value must come back.", examples=[2.0])
    per_h: bool = Field(False, description="The rise of a register per hour, not its reading.")


class AlarmRuleBody(ConditionModel):
    """A rule as a person writes it: its first condition, and what else it needs."""

    name_zh: str = Field(min_length=1, max_length=200, examples=["二次供水温度过低"])
    name_en: str = Field(min_length=1, max_length=200, examples=["Secondary supply temperature low"])
    schema_code: str = Field(max_length=100, examples=["substation"])
    level: int = Field(description="Alarm level of CJ/T 545: 1 (highest), 2, 3.", examples=[1])
    also: list[ConditionModel] = Field([], description="Further conditions of the same frame; all must be met.")
    on_delay_s: float = Field(0.0, description="Seconds that it must last before the alarm opens.", examples=[60.0])
    off_delay_s: float = Field(0.0, description="Seconds that it must be over before the alarm closes.", examples=[0.0])
    upstream_healthy: bool = Field(False, description="Only where a healthy heat source feeds the asset over open valves.")
    by_device: bool = Field(False, description="The limit is the threshold of this level of each measuring device.")
    pop_up: bool = Field(False, description="Comes before the eyes of whoever works at a screen.")
    advice: str = Field("", max_length=1000, description="What to do about it.", examples=["检查一次侧阀门"])
    season: str = Field("", description="First and last day in force, MM-DD/MM-DD; empty = always.", examples=["11-01/03-31"])
    enabled: bool = True


class AlarmRuleEdit(AlarmRuleBody):
    """An edit of a rule, with its reason."""

    note: str = Field(min_length=1, max_length=2000, examples=["今冬严寒期下限"])


class AlarmRuleModel(AlarmRuleBody):
    """A rule of a city."""

    code: str = Field(examples=[_EXAMPLE_RULE])
    unit: str = Field(examples=["degC"])
    version: int = Field(description="Rises with every edit.", examples=[1])
    changed_by: str = Field(description="Seat that edited it last; empty = as it ships.")
    changed_at: datetime


def rule_model(stored: StoredRule) -> AlarmRuleModel:
    """Return a rule as sent."""
    rule = stored.rule
    given: dict[str, Any] = rule.as_json()
    unit = unit_of(rule.point, per_h=rule.per_h)
    return AlarmRuleModel(**given, unit=unit, version=rule.version, changed_by=stored.seat, changed_at=stored.changed_at)
