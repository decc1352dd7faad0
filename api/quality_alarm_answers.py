"""What the routes of quality alarms answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

from api.quality_check_answers import CheckStateName, ValueVerdict

QualityAlarmKindName: TypeAlias = Literal["value", "doubt", "upload_stopped", "upload_invalid"]
AlarmGroupBy: TypeAlias = Literal["company", "kind", "alarm", "day"]


class QualityAlarmModel(BaseModel):
    """One quality alarm."""

    quality_alarm_id: int = Field(examples=[4])
    kind: QualityAlarmKindName = Field(
        description="value = a rule flagged it for long; doubt = a person sent it to the company; upload_stopped,"
        " upload_invalid = of a company.",
        examples=["value"],
    )
    company_id: int | None = Field(description="Whose data it is; null = nobody owns the asset.", examples=[1])
    company_name: str
    asset_id: int = Field(description="Of an upload the company itself.", examples=[12])
    asset_name: str
    asset_kind: str = Field(examples=["substation"])
    check_id: int | None = Field(description="Its work order, `/quality/checks/{check_id}`; null = of an upload.", examples=[3])
    point: str = Field(description="Empty = the whole frame, or an upload.", examples=["primary_supply_temperature_degc"])
    rule: str = Field(examples=["range"])
    why_zh: str = Field(examples=["-9999 是占位值"])
    why_en: str = Field(examples=["-9999 stands for no value"])
    raised_at: datetime
    over_at: datetime | None = Field(description="When the work order was closed or the upload came back.")
    state: CheckStateName = Field(description="Of the work order; an upload is open or closed.", examples=["open"])
    verdict: ValueVerdict | None


class QualityAlarmsAnswer(BaseModel):
    """A page of quality alarms."""

    total: int = Field(examples=[1])
    items: list[QualityAlarmModel]


class QualityAlarmTotalModel(BaseModel):
    """One line of counts."""

    key: str = Field(description="Company id (empty = nobody), kind, or day of the city.", examples=["2026-11-22"])
    name: str = Field(description="Of a company or kind.")
    raised: int = Field(examples=[5])
    open: int = Field(description="Of those, not yet sent to the company or judged.", examples=[2])
    sent: int = Field(examples=[1])
    answered: int = Field(examples=[1])
    closed: int = Field(examples=[1])
    false_flags: int = Field(description="Closed ones whose value was right.", examples=[0])


class QualityAlarmTotalsAnswer(BaseModel):
    """Counts, the most alarms first."""

    by: AlarmGroupBy
    items: list[QualityAlarmTotalModel]
