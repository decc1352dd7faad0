"""Problems of the archive: what the checks found, the repairs they propose, and decisions about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.routes.assets import parse_bbox
from data.checks.deciding import accept, accept_rule, dismiss, revert
from data.checks.reading import (
    ProblemFilter,
    ProblemItem,
    ProblemShapes,
    by_severity,
    count_problems,
    list_problems,
    read_problem,
)
from twin.checks import RULES, Group, Rule, Severity, State
from twin.kinds import KINDS
from twin.registers import REGISTERS

router = APIRouter(tags=["problems"])

ProblemIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="Problem id within the city.", examples=[7])]
_ID = Query(ge=1, le=2**31 - 1)


class RepairModel(BaseModel):
    """What would mend a problem."""

    action: str = Field(description="Key of the action.", examples=["set_value"])
    text_zh: str = Field(examples=["将“层数”改为6"])
    text_en: str = Field(examples=["set storeys to 6"])


class ProblemModel(BaseModel):
    """One problem."""

    problem_id: int = Field(description="Stays with the problem from run to run.", examples=[7])
    rule: str = Field(examples=["storeys_impossible"])
    group: Group
    severity: Severity
    state: State = Field(
        description="open; accepted: repaired; dismissed; reverted: a repair taken back; gone: not found any more"
    )
    asset_ids: list[int] = Field(description="Assets concerned, the first 1000.", examples=[[12]])
    asset_count: int = Field(description="How many assets are concerned.", examples=[1])
    kind: str = Field(description="Kind of its asset, or the register of its row.", examples=["building"])
    code: str
    name: str
    register_name: str | None = Field(alias="register", description="Register of its row; null for an asset.")
    row_code: str | None = Field(description="Code of the register row; null for an asset.")
    area_id: int | None
    company_id: int | None
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")
    message_zh: str
    message_en: str
    repair: RepairModel | None = Field(description="null: nothing is certain enough to propose")
    found_at: datetime
    gone_at: datetime | None
    decided_by: str | None = Field(description="Seat of the last decision.")
    decided_at: datetime | None
    reason: str | None
    change_id: int | None = Field(description="Change of the archive that the last decision made.")


class ProblemsAnswer(BaseModel):
    """A page of problems, the gravest rules first."""

    total: int = Field(description="How many fit the filter; the page may hold fewer.", examples=[1])
    items: list[ProblemModel]


class ProblemAnswer(ProblemModel):
    """One problem with the shapes and values that its repair would change."""

    geometry_before: dict[str, Any] | None = Field(description="GeoJSON geometry, WGS-84; of several assets a collection")
    geometry_after: dict[str, Any] | None = Field(description="After the repair; null without one, or when it retires the asset.")
    attributes_before: dict[str, Any] | None
    attributes_after: dict[str, Any] | None


class RuleModel(BaseModel):
    """One rule with what it means and how many problems the caller may see."""

    rule: str = Field(examples=["storeys_impossible"])
    group: Group
    severity: Severity
    label_zh: str
    label_en: str
    meaning_zh: str
    meaning_en: str
    source: str = Field(description="Standard and clause; empty: our own.")
    repairable: bool = Field(description="True: repairs are proposed where they are certain.")
    open: int
    accepted: int
    dismissed: int
    reverted: int


class RulesAnswer(BaseModel):
    """Every rule, the gravest first."""

    rules: list[RuleModel]


class DecisionBody(BaseModel):
    """Why."""

    reason: str = Field(min_length=1, max_length=2000, examples=["现场核实"])


class AcceptRuleBody(DecisionBody):
    """Which repairs to accept together."""

    rule: str = Field(examples=["storeys_impossible"])
    area_id: int | None = Field(None, ge=1, le=2**31 - 1, description="Only in this district.")
    company_id: int | None = Field(None, ge=1, le=2**31 - 1, description="Only of this owner.")


class AcceptRuleAnswer(BaseModel):
    """What was written."""

    accepted: int = Field(description="Repairs written.")
    refused: int = Field(description="Repairs out of date, at odds with another, or of assets that the caller may not change.")
    change_id: int | None = Field(description="The change that holds them all; null: none was written.")


@router.get("/problems")
async def get_problems(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    rule: Annotated[str | None, Query(max_length=100, examples=["storeys_impossible"])] = None,
    group: Annotated[Group | None, Query()] = None,
    severity: Annotated[Severity | None, Query()] = None,
    state: Annotated[State | None, Query(description="Default: any.")] = None,
    kind: Annotated[str | None, Query(max_length=100, description="Kind of asset, or register.", examples=["building"])] = None,
    area_id: Annotated[int | None, _ID] = None,
    company_id: Annotated[int | None, _ID] = None,
    asset_id: Annotated[int | None, _ID] = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees", examples=["125.2,43.8,125.4,43.9"])] = None,
    q: Annotated[str | None, Query(max_length=100, description="Part of the name or code.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> ProblemsAnswer:
    """List the problems all assets of which the caller may see."""
    wanted = ProblemFilter(
        rules=_rules(rule, group, severity),
        state=state,
        kind=_known_kind(kind),
        area_id=area_id,
        company_id=company_id,
        asset_id=asset_id,
        bbox_wgs84=None if bbox is None else parse_bbox(bbox),
        search=q or None,
    )
    total, items = await list_problems(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return ProblemsAnswer(total=total, items=[ProblemModel(**_fields(item)) for item in items])


@router.get("/problems/rules")
async def get_rules(caller: CallerDep, city: CityDep, pool: PoolDep) -> RulesAnswer:
    """List every rule with how many problems of it the caller may see."""
    counts = await count_problems(pool, caller.scope, city)
    return RulesAnswer(rules=[_rule_model(RULES[name], counts[name]) for name in by_severity(RULES)])


@router.get("/problems/{problem_id}")
async def get_problem(problem_id: ProblemIdPath, caller: CallerDep, city: CityDep, pool: PoolDep) -> ProblemAnswer:
    """Show one problem with what its repair would change."""
    return _answer(*await read_problem(pool, caller.scope, city, problem_id))


@router.post("/problems/accept")
async def post_accept_rule(
    *, body: AcceptRuleBody, request: Request, caller: CallerDep, city: CityDep, pool: PoolDep
) -> AcceptRuleAnswer:
    """Write the repairs of all problems of a rule that wait for a decision, as one change of the archive."""
    done = await accept_rule(
        pool,
        caller.scope,
        city,
        body.rule,
        area_id=body.area_id,
        company_id=body.company_id,
        seat=caller.seat,
        reason=body.reason,
    )
    request.app.state.refresher.wake(city)
    return AcceptRuleAnswer(accepted=done.accepted, refused=done.refused, change_id=done.change_id)


@router.post("/problems/{problem_id}/accept")
async def post_accept(
    *, problem_id: ProblemIdPath, body: DecisionBody, request: Request, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProblemAnswer:
    """Write the proposed repair of one problem."""
    await accept(pool, caller.scope, city, problem_id, seat=caller.seat, reason=body.reason)
    request.app.state.refresher.wake(city)
    return _answer(*await read_problem(pool, caller.scope, city, problem_id))


@router.post("/problems/{problem_id}/dismiss")
async def post_dismiss(
    problem_id: ProblemIdPath, body: DecisionBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProblemAnswer:
    """Say that a problem is none; later runs leave it so."""
    await dismiss(pool, caller.scope, city, problem_id, seat=caller.seat, reason=body.reason)
    return _answer(*await read_problem(pool, caller.scope, city, problem_id))


@router.post("/problems/{problem_id}/revert")
async def post_revert(
    *, problem_id: ProblemIdPath, body: DecisionBody, request: Request, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProblemAnswer:
    """Take an accepted repair or a dismissal back; the assets are again what they were."""
    await revert(pool, caller.scope, city, problem_id, seat=caller.seat, reason=body.reason)
    request.app.state.refresher.wake(city)
    return _answer(*await read_problem(pool, caller.scope, city, problem_id))


def _rules(rule: str | None, group: Group | None, severity: Severity | None) -> tuple[str, ...]:
    if rule is not None and rule not in RULES:
        raise BadRequest(f"rule={rule!r} is not a rule; GET /problems/rules lists them")
    return tuple(
        each.name
        for each in RULES.values()
        if rule in {None, each.name} and group in {None, each.group} and severity in {None, each.severity}
    )


def _known_kind(kind: str | None) -> str | None:
    if kind is not None and kind not in KINDS and kind not in REGISTERS:
        raise BadRequest(f"kind={kind!r} is neither a kind of asset nor a register")
    return kind


def _rule_model(rule: Rule, counts: dict[str, int]) -> RuleModel:
    states = {state: counts.get(state, 0) for state in ("open", "accepted", "dismissed", "reverted")}
    words = {name: getattr(rule, name) for name in ("label_zh", "label_en", "meaning_zh", "meaning_en", "source")}
    fields: dict[str, Any] = {"severity": rule.severity, "repairable": rule.repairable, **words, **states}
    return RuleModel(rule=rule.name, group=rule.group, **fields)


def _fields(item: ProblemItem) -> dict[str, Any]:
    repair = item.repair
    return {
        "problem_id": item.problem_id,
        "rule": item.rule.name,
        "group": item.rule.group,
        "severity": item.rule.severity,
        "state": item.state,
        "asset_ids": list(item.asset_ids),
        "asset_count": item.asset_count,
        "kind": item.kind,
        "code": item.code,
        "name": item.name,
        "register": item.register,
        "row_code": item.code if item.register else None,
        "area_id": item.area_id,
        "company_id": item.company_id,
        "position": item.position_wgs84,
        "message_zh": item.message_zh,
        "message_en": item.message_en,
        "repair": None if repair is None else RepairModel(action=repair.action, text_zh=repair.text_zh, text_en=repair.text_en),
        "found_at": item.found_at,
        "gone_at": item.gone_at,
        "decided_by": item.decided_by,
        "decided_at": item.decided_at,
        "reason": item.reason,
        "change_id": item.change_id,
    }


def _answer(item: ProblemItem, shapes: ProblemShapes) -> ProblemAnswer:
    return ProblemAnswer(
        **_fields(item),
        geometry_before=shapes.geometry_before,
        geometry_after=shapes.geometry_after,
        attributes_before=shapes.attributes_before,
        attributes_after=shapes.attributes_after,
    )
