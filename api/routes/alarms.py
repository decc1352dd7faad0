"""Alarms: the list and the acknowledgement."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.alarms import Alarm, acknowledge_alarm, list_alarms, list_alarms_at
from twin.quantities import unit_of_point

router = APIRouter(tags=["alarms"])


class AlarmModel(BaseModel):
    """One alarm."""

    alarm_id: int = Field(examples=[7])
    asset_id: int = Field(examples=[12])
    asset_name: str
    asset_kind: str = Field(examples=["substation"])
    rule_code: str = Field(examples=["secondary_supply_temperature_low"])
    rule_name_zh: str = Field(examples=["二次供水温度过低"])
    rule_name_en: str = Field(examples=["Secondary supply temperature low"])
    point: str = Field(examples=["secondary_supply_temperature_degc"])
    unit: str = Field(examples=["degC"])
    level: int = Field(description="Alarm level of CJ/T 545, 1 highest .. 3.", examples=[1])
    value: float = Field(description="Value that raised it.", examples=[31.5])
    limit_value: float = Field(examples=[35.0])
    active: bool
    acknowledged: bool
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_by: str | None = Field(description="Seat that acknowledged it first.")
    acknowledged_at: datetime | None
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class AlarmsAnswer(BaseModel):
    """Alarms, open ones first, then by level and time."""

    items: list[AlarmModel]


class AcknowledgeBody(BaseModel):
    """What the person who acknowledges has to say."""

    note: str = Field("", max_length=2000, examples=["抢修队已出发"])


def _model(alarm: Alarm) -> AlarmModel:
    return AlarmModel(
        alarm_id=alarm.alarm_id,
        asset_id=alarm.asset_id,
        asset_name=alarm.asset_name,
        asset_kind=alarm.asset_kind,
        rule_code=alarm.rule_code,
        rule_name_zh=alarm.rule_name_zh,
        rule_name_en=alarm.rule_name_en,
        point=alarm.point,
        unit=unit_of_point(alarm.point),
        level=alarm.level,
        value=alarm.value,
        limit_value=alarm.limit_value,
        active=alarm.active,
        acknowledged=alarm.acknowledged,
        raised_at=alarm.raised_at,
        cleared_at=alarm.cleared_at,
        acknowledged_by=alarm.acknowledged_by,
        acknowledged_at=alarm.acknowledged_at,
        position=alarm.position_wgs84,
    )


@router.get("/alarms")
async def get_alarms(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    state: Annotated[Literal["active", "all"], Query(description="Open alarms only, or closed ones too.")] = "active",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    at: Annotated[AwareDatetime | None, Query(description="Those open at this past time, as they were then.")] = None,
) -> AlarmsAnswer:
    """List the alarms whose assets the caller may see."""
    if at is not None:
        return AlarmsAnswer(items=[_model(alarm) for alarm in await list_alarms_at(pool, caller.scope, city, at, limit=limit)])
    found = await list_alarms(pool, caller.scope, city, active=True if state == "active" else None, limit=limit)
    return AlarmsAnswer(items=[_model(alarm) for alarm in found])


@router.post("/alarms/{alarm_id}/acknowledge")
async def post_acknowledge(
    alarm_id: Annotated[int, Path(examples=[7])],
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    body: AcknowledgeBody | None = None,
) -> AlarmModel:
    """Acknowledge an alarm in the name of the caller's seat; again changes nothing."""
    note = "" if body is None else body.note
    return _model(await acknowledge_alarm(pool, caller.scope, city, alarm_id, seat=caller.seat, note=note))
