"""Quality alarms (数据质量告警): listed and counted; from a value's alarm its work order leads on (`/quality/checks`)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.quality_alarm_answers import (
    AlarmGroupBy,
    QualityAlarmKindName,
    QualityAlarmModel,
    QualityAlarmsAnswer,
    QualityAlarmTotalModel,
    QualityAlarmTotalsAnswer,
)
from data.quality_alarms import count_quality_alarms, list_quality_alarms
from twin.kinds import KINDS

router = APIRouter(prefix="/quality", tags=["quality"])
_MOST_DAYS = 400


@router.get("/alarms")
async def get_quality_alarms(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    state: Annotated[
        Literal["unfinished", "open", "sent", "answered", "closed"] | None,
        Query(description="Default: all.", examples=["unfinished"]),
    ] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only of this company.")] = None,
    kind: Annotated[QualityAlarmKindName | None, Query(description="Only of this kind.", examples=["value"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> QualityAlarmsAnswer:
    """List quality alarms, the unfinished ones first, of those the newest."""
    caller.scope.require_layer("readings")
    total, found = await list_quality_alarms(
        pool, caller.scope, city, state=state, company_id=company_id, kind=kind, limit=limit, offset=offset
    )
    return QualityAlarmsAnswer(total=total, items=[QualityAlarmModel(**asdict(one)) for one in found])


@router.get("/alarms/totals")
async def get_quality_alarm_totals(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    by: Annotated[AlarmGroupBy, Query(description="kind = of the asset, alarm = of the alarm.")] = "company",
    from_: Annotated[date | None, Query(alias="from", description="First day; default: `to`.", examples=["2026-11-22"])] = None,
    to: Annotated[date | None, Query(description="Last day, of the city; default: today.", examples=["2026-11-22"])] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only this company.")] = None,
) -> QualityAlarmTotalsAnswer:
    """Count the quality alarms raised on some days, and how far their work orders are; never counted with alarms of operation."""
    if from_ is not None and to is not None and not 0 <= (to - from_).days < _MOST_DAYS:
        raise BadRequest(f"from is {from_}, to is {to}; from must not lie after to, and at most {_MOST_DAYS} days before it")
    found = await count_quality_alarms(
        pool, caller.scope, city, by=by, first=from_ if from_ is not None else to, last=to, company_id=company_id
    )
    items = [QualityAlarmTotalModel(**asdict(one)) for one in found]
    if by == "kind":
        for item in items:
            item.name = KINDS[item.key].name_zh
    return QualityAlarmTotalsAnswer(by=by, items=items)
