"""Alarms: the list, the log of one, figures, and the stream of what happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from api.alarm_models import AlarmModel, alarm_model
from api.alarm_news import stream_news
from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from data.alarms import AlarmFilter, AlarmFilterState, alarm_kpis, last_transition, list_alarms, list_alarms_at, list_transitions

router = APIRouter(tags=["alarms"])
AlarmId = Annotated[int, Path(examples=[7])]
MAX_PERIOD = timedelta(days=366)


class AlarmsAnswer(BaseModel):
    """Alarms, open ones first, then by level and time."""

    items: list[AlarmModel]
    total: int = Field(description="How many there are on all pages; 0 beyond the last one.", examples=[1])


class TransitionModel(BaseModel):
    """One line of the log of an alarm."""

    transition_id: int = Field(examples=[31])
    transition: str = Field(description="raised, cleared, acknowledged, confirmed, shelved ...", examples=["acknowledged"])
    seat: str = Field(description="Who did it; rules = the program.", examples=["rules"])
    happened_at: datetime
    note: str = Field(examples=["抢修队已出发"])


class TransitionsAnswer(BaseModel):
    """The log of one alarm, oldest first."""

    items: list[TransitionModel]


class RuleKpi(BaseModel):
    """One rule in a period."""

    rule_code: str = Field(examples=["secondary_supply_temperature_low"])
    rule_name_zh: str
    rule_name_en: str
    raised: int
    judged: int = Field(description="Alarms with a verdict.")
    false_alarms: int
    false_rate: float | None = Field(description="Share of the judged that were false; null = none was judged.")


class KpisAnswer(BaseModel):
    """Own figures of the alarms raised in a period (ISA-18.2, EEMUA 191)."""

    since: datetime
    until: datetime
    operators: int
    raised: int
    per_operator_10_min: float = Field(description="Mean; 1 is the goal, 2 manageable, 5 too many.")
    most_in_10_min: int = Field(description="Most alarms in one span of 10 minutes.")
    floods: int = Field(description="Spans of 10 minutes with more than 10 alarms.")
    open: int
    standing: int = Field(description="Open for more than 24 hours.")
    chattering: int = Field(description="Rules at sources that rang three times within an hour.")
    acknowledged: int
    acknowledge_p50_s: float | None
    acknowledge_p90_s: float | None
    rules: list[RuleKpi]


@router.get("/alarms")
async def get_alarms(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    state: Annotated[
        Literal["active", "cleared", "unacknowledged", "unconfirmed", "shelved", "suppressed", "out_of_service", "all"],
        Query(description="Open alarms only, or those in another state, or all."),
    ] = "active",
    level: Annotated[int | None, Query(ge=1, le=3)] = None,
    area: Annotated[int | None, Query(description="District of the asset.", ge=1, le=2**31 - 1)] = None,
    company: Annotated[int | None, Query(description="Owner of the asset.", ge=1, le=2**31 - 1)] = None,
    kind: Annotated[str | None, Query(description="Kind of the asset.", max_length=100, examples=["substation"])] = None,
    rule: Annotated[str | None, Query(description="Code of the rule.", max_length=200)] = None,
    asset: Annotated[int | None, Query(description="Asset that it rings at.", ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    at: Annotated[AwareDatetime | None, Query(description="Those open at this past time, as they were then.")] = None,
) -> AlarmsAnswer:
    """List the alarms whose assets the caller may see."""
    wanted: AlarmFilterState | None = None if state == "all" else state
    if at is not None:
        then, total = await list_alarms_at(pool, caller.scope, city, at, limit=limit)
        return AlarmsAnswer(items=[alarm_model(alarm) for alarm in then], total=total)
    where = AlarmFilter(wanted, None, level, area, company, kind, rule, asset)
    found, total = await list_alarms(pool, caller.scope, city, where, limit=limit, offset=offset)
    return AlarmsAnswer(items=[alarm_model(alarm) for alarm in found], total=total)


@router.get("/alarms/kpis")
async def get_kpis(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    since: Annotated[AwareDatetime | None, Query(description="Default: a day before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
    operators: Annotated[int, Query(ge=1, le=10_000, description="Persons who share these alarms.")] = 1,
) -> KpisAnswer:
    """Tell how many alarms there were and how they were handled."""
    end = until or datetime.now(UTC)
    start = since or end - timedelta(days=1)
    if not timedelta(0) < end - start <= MAX_PERIOD:
        raise BadRequest(f"since {start} to until {end} is no period of up to {MAX_PERIOD.days} days")
    found = await alarm_kpis(pool, caller.scope, city, start, end)
    raised = found.figures["raised"] or 0
    mean = raised / operators / ((end - start) / timedelta(minutes=10))
    rules = [
        RuleKpi(**each, false_rate=each["false_alarms"] / each["judged"] if each["judged"] else None) for each in found.rules
    ]
    spans = {"since": start, "until": end, "operators": operators, "per_operator_10_min": round(mean, 6)}
    return KpisAnswer.model_validate({**found.figures, **spans, "rules": rules})


@router.get("/alarms/stream", response_class=StreamingResponse)
async def get_stream(
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    last_event_id: Annotated[str, Header(description="Number of the last event that came; sent by browsers.")] = "",
) -> StreamingResponse:
    """Tell what happens to alarms as it happens: server-sent events `alarm`, with the line of the log as JSON."""
    known = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19
    since = int(last_event_id) if known else await last_transition(pool, city)
    caller.scope.require_layer("alarms")
    room = request.app.state.live
    room.require_city(city)
    events = stream_news(room, pool, caller.scope, city, since=since, left=request.is_disconnected)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get("/alarms/{alarm_id}/transitions")
async def get_transitions(alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep) -> TransitionsAnswer:
    """Tell what has happened to an alarm: who did what, when, and what was said."""
    found = await list_transitions(pool, caller.scope, city, alarm_id)
    return TransitionsAnswer(items=[TransitionModel.model_validate(each, from_attributes=True) for each in found])
