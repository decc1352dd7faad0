"""Data quality (数据质量): rules, what they flag now and in history, scores by company, kind and day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.quality_answers import (
    FlaggedAnswer,
    FlagsAnswer,
    MarksAnswer,
    QualityGroupBy,
    QualityRuleEdit,
    QualityRuleModel,
    QualityRulesAnswer,
    QualityVersionsAnswer,
    ScoresAnswer,
    TryAnswer,
    TryBody,
    rule_json,
)
from api.quality_figures import rule_models, score_rows
from api.quality_room import QualityRoom
from api.quality_views import list_flagged, live_flags, marks_of, try_now, try_on_history
from api.routes.history import HistoryDep, span_of
from data.errors import NotFound
from data.quality_checks import judged_by_rule
from data.quality_rules import rule_versions, write_rule
from data.sources import sources_of_asset
from twin.quality_rules.model import QualityRule, require_points, rule_from_json

router = APIRouter(prefix="/quality", tags=["quality"])

_MOST_DAYS = 400
_MARK_DAYS = 31
_DAY_MS = 86_400_000


def quality_room(request: Request) -> QualityRoom:
    """Return the quality room of the process."""
    room: QualityRoom = request.app.state.quality
    return room


RoomDep = Annotated[QualityRoom, Depends(quality_room)]
CodePath = Annotated[str, Path(max_length=64, pattern="^[a-z0-9_]+$", examples=["range"])]
AssetQuery = Annotated[int, Query(alias="asset", ge=1, le=2**31 - 1, examples=[12])]


# ---------------------------------------------------------------- rules


@router.get("/rules")
async def get_rules(caller: CallerDep, city: CityDep, pool: PoolDep, room: RoomDep) -> QualityRulesAnswer:
    """List the rules of a city with what each flags now, and how many of its flags persons have found false."""
    caller.scope.require_layer("readings")
    judged = await judged_by_rule(pool, caller.scope, city)
    return rule_models(await room.rules(city), room.city(city), caller.scope, judged=judged)


@router.post("/rules")
async def post_rule(body: QualityRuleEdit, caller: CallerDep, city: CityDep, pool: PoolDep, room: RoomDep) -> QualityRuleModel:
    """Add a rule in the name of the caller's seat."""
    return await _write(body, caller, city, pool, room, on_version=0)


@router.put("/rules/{code}")
async def put_rule(
    code: CodePath, body: QualityRuleEdit, *, caller: CallerDep, city: CityDep, pool: PoolDep, room: RoomDep
) -> QualityRuleModel:
    """Write a new version of a rule in the name of the caller's seat; every version stays."""
    if body.code != code:
        raise BadRequest(f"code is {body.code!r} in the body and {code!r} in the path; a rule keeps its code")
    versions = await rule_versions(pool, city, code)
    if versions[0].rule.kind != body.kind:
        raise BadRequest(f"kind is {body.kind!r}; a rule keeps its kind, {versions[0].rule.kind!r}")
    if body.version == 0:
        raise BadRequest("version is 0; it must be the version that was edited")
    return await _write(body, caller, city, pool, room, on_version=body.version)


async def _write(  # the parts of one request
    body: QualityRuleEdit, caller: CallerDep, city: int, pool: PoolDep, room: QualityRoom, *, on_version: int
) -> QualityRuleModel:
    rule = await _read(body, city, room)
    await room.rules(city)  # the shipped ones are there first: their codes are taken
    written = await write_rule(pool, city, rule, on_version=on_version, seat=caller.seat, note=body.note)
    room.rules_changed(city)
    return rule_models([written], None, caller.scope).rules[0]


async def _read(body: TryBody | QualityRuleEdit, city: int, room: QualityRoom) -> QualityRule:
    rule = rule_from_json(rule_json(body.rule if isinstance(body, TryBody) else body))
    require_points(rule, await room.schemas(city))
    return rule


@router.get("/rules/{code}/versions")
async def get_versions(code: CodePath, caller: CallerDep, city: CityDep, pool: PoolDep) -> QualityVersionsAnswer:
    """List the versions of a rule, the newest first, with who wrote them and why."""
    caller.scope.require_layer("readings")
    return QualityVersionsAnswer(versions=rule_models(await rule_versions(pool, city, code), None, caller.scope).rules)


@router.post("/rules/try")
async def post_try(
    body: TryBody, *, caller: CallerDep, city: CityDep, pool: PoolDep, room: RoomDep, history: HistoryDep
) -> TryAnswer:
    """Try a rule out before it is switched on: what it flags now, and in the history of some assets. Nothing is kept."""
    caller.scope.require_layer("readings")
    rule = await _read(body, city, room)
    end_ms = span_of(None, body.to)[1]
    start_ms = max(end_ms - round(body.days * _DAY_MS), 0)
    sources = [source for one in body.assets for source in await sources_of_asset(pool, caller.scope, city, one)]
    if body.assets and not sources:
        raise NotFound(f"no source reports on assets {', '.join(map(str, body.assets))} in city {city}")
    now = await try_now(room.city(city), caller.scope, rule)
    past = await try_on_history(history, city, sources, rule, (start_ms, end_ms)) if sources else None
    return TryAnswer(now=now, history=past)


# ---------------------------------------------------------------- flags


@router.get("/flags")
async def get_flags(asset: AssetQuery, caller: CallerDep, city: CityDep, pool: PoolDep, room: RoomDep) -> FlagsAnswer:
    """Tell which rules flag which points of an asset now, and why."""
    caller.scope.require_layer("readings")
    sources = await sources_of_asset(pool, caller.scope, city, asset)
    if not sources:
        raise NotFound(f"no source reports on asset {asset} in city {city}")
    return live_flags(room.city(city), asset, sources)


@router.get("/marks")
async def get_marks(
    asset: AssetQuery,
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    room: RoomDep,
    history: HistoryDep,
    from_: Annotated[int | None, Query(alias="from", description="Epoch milliseconds; default: 24 h before `to`.")] = None,
    to: Annotated[int | None, Query(description="Epoch milliseconds, not included; default: now.")] = None,
) -> MarksAnswer:
    """Mark the values of an asset's history that the enabled rules flag; at most 31 days."""
    caller.scope.require_layer("readings")
    start_ms, end_ms = span_of(from_, to)
    if end_ms - start_ms > _MARK_DAYS * _DAY_MS + 2000:
        raise BadRequest(f"from is {from_}, to is {to}; they must be at most {_MARK_DAYS} days apart")
    sources = await sources_of_asset(pool, caller.scope, city, asset)
    if not sources:
        raise NotFound(f"no source reports on asset {asset} in city {city}")
    rules = [stored.rule for stored in await room.rules(city)]
    return await marks_of(history, city, sources, rules, (start_ms, end_ms))


@router.get("/assets")
async def get_flagged(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    room: RoomDep,
    rule: Annotated[str | None, Query(max_length=64, description="Only values that this rule flags.", examples=["range"])] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    kind: Annotated[str | None, Query(max_length=48, examples=["substation"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> FlaggedAnswer:
    """List sources with flagged values now, the lowest score first."""
    caller.scope.require_layer("readings")
    return await list_flagged(pool, room.city(city), caller.scope, rule=rule, company_id=company_id, kind=kind, limit=limit)


# ---------------------------------------------------------------- scores


@router.get("/scores")
async def get_scores(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    room: RoomDep,
    by: Annotated[QualityGroupBy, Query(description="What a line is about.")] = "company",
    from_: Annotated[date | None, Query(alias="from", description="First day; default: `to`.", examples=["2026-11-22"])] = None,
    to: Annotated[date | None, Query(description="Last day, of the city; default: today.", examples=["2026-11-22"])] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only this company.")] = None,
    kind: Annotated[str | None, Query(max_length=48, description="Only this kind.", examples=["substation"])] = None,
) -> ScoresAnswer:
    """Score companies, kinds or days, with what each rule costs."""
    caller.scope.require_layer("readings")
    if from_ is not None and to is not None and not 0 <= (to - from_).days < _MOST_DAYS:
        raise BadRequest(f"from is {from_}, to is {to}; from must not lie after to, and at most {_MOST_DAYS} days before it")
    return await score_rows(pool, room, caller.scope, city, by=by, first=from_, last=to, company_id=company_id, kind=kind)
