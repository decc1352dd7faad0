"""Alarm rules: what they are, what they were, and edits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from api.alarm_models import AlarmRuleBody, AlarmRuleEdit, AlarmRuleModel, rule_model
from api.dependencies import CallerDep, CityDep, PoolDep
from data.alarm_rules import all_rules, require_rule, rule_versions, site_limits, store_limit, store_rule
from twin.alarms import Condition, ThresholdRule, level_of, points_without_limit

router = APIRouter(tags=["alarms"])
RuleCode = Annotated[
    str, Path(min_length=1, max_length=200, pattern="^[a-z0-9_]+$", examples=["secondary_supply_temperature_low"])
]


class PointName(BaseModel):
    """A point of a schema."""

    schema_code: str = Field(examples=["substation"])
    point: str = Field(examples=["tap_water_tank_level_m"])


class AlarmRulesAnswer(BaseModel):
    """Rules of a city, and points that the standards want alarmed but nobody has given a limit."""

    items: list[AlarmRuleModel]
    without_limit: list[PointName]


class AlarmRuleVersionModel(BaseModel):
    """One edit: the rule as it was from then on."""

    version: int = Field(examples=[2])
    seat: str
    note: str
    changed_at: datetime
    rule: AlarmRuleBody


class AlarmRuleVersionsAnswer(BaseModel):
    """A rule and its edits, newest first."""

    rule: AlarmRuleModel
    versions: list[AlarmRuleVersionModel]


@router.get("/alarms/rules")
async def get_rules(caller: CallerDep, city: CityDep, pool: PoolDep) -> AlarmRulesAnswer:
    """List the alarm rules of the city, those that are switched off too."""
    caller.scope.require_layer("alarms")
    rules = await all_rules(pool, city)
    missing = [PointName(schema_code=code, point=point) for code, point in points_without_limit(each.rule for each in rules)]
    return AlarmRulesAnswer(items=[rule_model(each) for each in rules], without_limit=missing)


@router.get("/alarms/rules/{code}")
async def get_rule(code: RuleCode, caller: CallerDep, city: CityDep, pool: PoolDep) -> AlarmRuleVersionsAnswer:
    """Tell one rule and its edits."""
    caller.scope.require_layer("alarms")
    rule = rule_model(await require_rule(pool, city, code))
    versions = [
        AlarmRuleVersionModel.model_validate(each, from_attributes=True) for each in await rule_versions(pool, city, code)
    ]
    return AlarmRuleVersionsAnswer(rule=rule, versions=versions)


@router.put("/alarms/rules/{code}")
async def put_rule(
    code: RuleCode, request: Request, caller: CallerDep, city: CityDep, *, pool: PoolDep, body: AlarmRuleEdit
) -> AlarmRuleModel:
    """Write a rule, new or changed. It counts from the next look at the clock; other servers follow within two seconds."""
    stored = await store_rule(pool, city, _rule(code, body), seat=caller.seat, note=body.note)
    await request.app.state.live.reload_rules(city)
    return rule_model(stored)


class SiteLimitBody(BaseModel):
    """The limit of one condition of a rule at one source."""

    source: str = Field(max_length=200, examples=["substation:SUB-0001"])
    place: int = Field(0, ge=0, le=7, description="Condition of the rule: 0 = the first, 1 = the first of `also` ...")
    limit: float | None = Field(description="In the unit of the point; null = the rule's own counts again.", examples=[3.0])
    note: str = Field(min_length=1, max_length=2000, examples=["该站补水泵较小"])


class SiteLimitModel(BaseModel):
    """A limit that a rule has at one source in place of its own."""

    source: str = Field(examples=["substation:SUB-0001"])
    asset_id: int = Field(examples=[12])
    asset_name: str
    place: int = Field(examples=[0])
    limit_value: float = Field(examples=[3.0])
    seat: str
    note: str
    changed_at: datetime


class SiteLimitsAnswer(BaseModel):
    """Limits of a rule at single sources."""

    items: list[SiteLimitModel]


@router.get("/alarms/rules/{code}/limits")
async def get_limits(code: RuleCode, caller: CallerDep, city: CityDep, pool: PoolDep) -> SiteLimitsAnswer:
    """List the limits that a rule has at single sources in place of its own."""
    await require_rule(pool, city, code)
    found = await site_limits(pool, caller.scope, city, code)
    return SiteLimitsAnswer(items=[SiteLimitModel.model_validate(each, from_attributes=True) for each in found])


@router.put("/alarms/rules/{code}/limits")
async def put_limit(
    code: RuleCode, request: Request, caller: CallerDep, city: CityDep, *, pool: PoolDep, body: SiteLimitBody
) -> SiteLimitsAnswer:
    """Set the limit of a rule at one source; the delays of all rules begin anew."""
    await store_limit(
        pool, caller.scope, city, code, body.source, place=body.place, limit=body.limit, seat=caller.seat, note=body.note
    )
    await request.app.state.live.reload_rules(city)
    return await get_limits(code, caller, city, pool)


def _rule(code: str, body: AlarmRuleBody) -> ThresholdRule:
    return ThresholdRule(
        rule_id=0,
        code=code,
        name_zh=body.name_zh,
        name_en=body.name_en,
        schema_code=body.schema_code,
        point=body.point,
        above=body.above,
        below=body.below,
        deadband=body.deadband,
        level=level_of(body.level),
        per_h=body.per_h,
        also=tuple(Condition(each.point, each.above, each.below, each.deadband, each.per_h) for each in body.also),
        on_delay_s=body.on_delay_s,
        off_delay_s=body.off_delay_s,
        season=body.season,
        enabled=body.enabled,
        upstream_healthy=body.upstream_healthy,
        by_device=body.by_device,
        pop_up=body.pop_up,
        advice=body.advice,
    )
