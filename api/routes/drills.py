"""Drills (演练): begin one, let alarms ring in it, handle them, end it. Nothing of it touches what is real."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from data import drills
from data.pool import Pool

router = APIRouter(tags=["drills"])
DrillId = Annotated[int, Path(ge=1, le=2**62, examples=[3])]
DrillAlarmId = Annotated[int, Path(ge=1, le=2**62, examples=[5])]


class DrillModel(BaseModel):
    """One drill."""

    drill_id: int = Field(examples=[3])
    name: str = Field(examples=["一级网爆管应急演练"])
    seat: str = Field(description="Who began it.")
    started_at: datetime
    ends_at: datetime = Field(description="Ends by itself then.")
    ended_at: datetime | None = Field(description="When a person ended it before its time.")
    ended_by: str | None
    running: bool


class DrillAlarmModel(BaseModel):
    """One alarm of a drill; it is none of the real ones."""

    drill_alarm_id: int = Field(examples=[5])
    drill_id: int = Field(examples=[3])
    asset_id: int = Field(examples=[12])
    asset_name: str
    asset_kind: str = Field(examples=["substation"])
    rule_code: str = Field(examples=["secondary_supply_temperature_low"])
    rule_name_zh: str = Field(examples=["二次供水温度过低"])
    rule_name_en: str = Field(examples=["Secondary supply temperature low"])
    level: int = Field(description="Alarm level of its rule.", examples=[1])
    seat: str = Field(description="Who let it ring.")
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cleared_at: datetime | None
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class DrillsAnswer(BaseModel):
    """Drills, the newest first."""

    items: list[DrillModel]


class DrillAnswer(BaseModel):
    """A drill and its alarms at visible assets."""

    drill: DrillModel
    alarms: list[DrillAlarmModel]


class DrillBody(BaseModel):
    """A drill to begin."""

    name: str = Field(min_length=1, max_length=200, examples=["一级网爆管应急演练"])
    ends_at: AwareDatetime = Field(description="Within 24 hours.", examples=["2026-11-23T08:00:00+08:00"])


class DrillAlarmBody(BaseModel):
    """An alarm to ring in a drill."""

    asset_id: int = Field(ge=1, le=2**31 - 1, examples=[12])
    rule_code: str = Field(min_length=1, max_length=200, examples=["secondary_supply_temperature_low"])


@router.get("/drills")
async def get_drills(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    running: Annotated[bool, Query(description="Only the one that runs now.")] = False,
) -> DrillsAnswer:
    """List the drills of the city; every seat sees that one runs."""
    found = await drills.list_drills(pool, caller.scope, city, running=running)
    return DrillsAnswer(items=[DrillModel.model_validate(each, from_attributes=True) for each in found])


@router.get("/drills/{drill_id}")
async def get_drill(drill_id: DrillId, caller: CallerDep, city: CityDep, pool: PoolDep) -> DrillAnswer:
    """Tell one drill and its alarms."""
    return await _answer(pool, caller, city, drill_id)


@router.post("/drills")
async def post_drill(caller: CallerDep, city: CityDep, pool: PoolDep, body: DrillBody) -> DrillModel:
    """Begin a drill; one at a time in a city."""
    drill = await drills.start_drill(pool, caller.scope, city, body.name, ends_at=body.ends_at, seat=caller.seat)
    return DrillModel.model_validate(drill, from_attributes=True)


@router.post("/drills/{drill_id}/end")
async def post_end(drill_id: DrillId, caller: CallerDep, city: CityDep, pool: PoolDep) -> DrillModel:
    """End a drill before its time."""
    drill = await drills.end_drill(pool, caller.scope, city, drill_id, seat=caller.seat)
    return DrillModel.model_validate(drill, from_attributes=True)


@router.post("/drills/{drill_id}/alarms")
async def post_alarm(drill_id: DrillId, caller: CallerDep, city: CityDep, pool: PoolDep, body: DrillAlarmBody) -> DrillAnswer:
    """Let an alarm ring in a drill. Live state, the real list, figures and notices do not know of it."""
    await drills.raise_drill_alarm(
        pool, caller.scope, city, drill_id, asset_id=body.asset_id, rule_code=body.rule_code, seat=caller.seat
    )
    return await _answer(pool, caller, city, drill_id)


@router.post("/drills/{drill_id}/alarms/{drill_alarm_id}/acknowledge")
async def post_acknowledge(
    drill_id: DrillId, drill_alarm_id: DrillAlarmId, caller: CallerDep, city: CityDep, pool: PoolDep
) -> DrillAnswer:
    """Acknowledge an alarm of a drill."""
    await drills.step_drill_alarm(pool, caller.scope, city, drill_id, drill_alarm_id, acknowledge=True, seat=caller.seat)
    return await _answer(pool, caller, city, drill_id)


@router.post("/drills/{drill_id}/alarms/{drill_alarm_id}/clear")
async def post_clear(
    drill_id: DrillId, drill_alarm_id: DrillAlarmId, caller: CallerDep, city: CityDep, pool: PoolDep
) -> DrillAnswer:
    """Let an alarm of a drill end."""
    await drills.step_drill_alarm(pool, caller.scope, city, drill_id, drill_alarm_id, acknowledge=False, seat=caller.seat)
    return await _answer(pool, caller, city, drill_id)


async def _answer(pool: Pool, caller: Caller, city: int, drill_id: int) -> DrillAnswer:
    drill = await drills.require_drill(pool, caller.scope, city, drill_id)
    alarms = await drills.list_drill_alarms(pool, caller.scope, city, drill_id)
    return DrillAnswer(
        drill=DrillModel.model_validate(drill, from_attributes=True), alarms=[_alarm_model(alarm) for alarm in alarms]
    )


def _alarm_model(alarm: drills.DrillAlarm) -> DrillAlarmModel:
    values = {name: getattr(alarm, name) for name in DrillAlarmModel.model_fields if name != "position"}
    return DrillAlarmModel(**values, position=alarm.position_wgs84)
