"""Alarms: the list, the log of one, figures, and the stream of what happens."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from api.alarm_models import AlarmModel, alarm_model, unit_of
from api.alarm_news import stream_news
from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.listening import EventStream, Listening
from data.alarms import (
    AlarmFilter,
    AlarmFilterState,
    AlarmGroup,
    AlarmRecord,
    RecordFilter,
    alarm_kpis,
    alarm_totals,
    last_transition,
    list_alarms,
    list_alarms_at,
    list_records,
    list_transitions,
)
from data.arrivals import zone_of
from twin.measuring import HEATING_NETWORK

router = APIRouter(tags=["alarms"])
AlarmId = Annotated[int, Path(examples=[7])]
MAX_PERIOD = timedelta(days=366)
GRADES: tuple[tuple[float, Literal["good", "manageable", "too_many"]], ...] = ((1, "good"), (2, "manageable"), (5, "too_many"))
"""Bounds of the mean of an operator and 10 minutes (EEMUA 191)."""


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


class WindowKpi(BaseModel):
    """A span of 10 minutes."""

    begins_at: datetime
    raised: int


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
    cleared: int = Field(description="Of the raised those that are over.")
    level_1: int = Field(description="Of the raised those of level 1; the goal is 5 of 100.")
    level_2: int = Field(description="Of the raised those of level 2; the goal is 15 of 100.")
    level_3: int = Field(description="Of the raised those of level 3; the goal is 80 of 100.")
    grade: Literal["good", "manageable", "too_many", "overload"] = Field(
        description="Of the mean: up to 1 good, up to 2 manageable, up to 5 too many, else overload (EEMUA 191)."
    )
    windows: list[WindowKpi] = Field(description="The spans of 10 minutes with most alarms, at most ten.")
    rules: list[RuleKpi]


class AlarmRecordModel(BaseModel):
    """One device alarm (设备报警) of CJ/T 545; `exchange` holds it under the names of the standard."""

    alarm_id: int = Field(examples=[7])
    alarm_code: str = Field(description="BJDM", examples=["secondary_supply_temperature_low"])
    alarm_name: str = Field(description="BJMC", examples=["二次供水温度过低"])
    asset_id: int = Field(examples=[12])
    asset_kind: str = Field(examples=["substation"])
    asset_name: str
    device: str = Field(description="SBDM: the measuring device, else the source.", examples=["substation:SUB-0001"])
    part: str = Field(description="BJBW: where the device stands, else the asset.")
    item: str = Field(description="JCXDM: monitored item, else the point.", examples=["JCX_0014"])
    unit: str = Field(examples=["degC"])
    first_value: float
    first_at: datetime
    first_level: int = Field(examples=[1])
    current_value: float
    current_at: datetime
    highest_value: float = Field(description="Furthest beyond the limit, of values looked at every 10 s.")
    highest_at: datetime
    highest_level: int = Field(description="Of all alarms at this point meanwhile.", examples=[1])
    ended_at: datetime | None
    type: int = Field(description="0 measured (实测值), 1 derived by analysis (分析值).", examples=[0])
    exchange: dict[str, str | int | float | None] = Field(description="Field codes of the standard.")


class AlarmRecordsAnswer(BaseModel):
    """Records of device alarms, newest first."""

    items: list[AlarmRecordModel]


class AlarmTotalModel(BaseModel):
    """Alarms of one group."""

    key: str | None = Field(description="2026-11, level, kind, number of the district or owner, or rule.", examples=["2026-11"])
    name: str | None
    raised: int
    open: int
    handled: int = Field(description="Acknowledged by a person.")
    not_handled: int
    judged: int = Field(description="With a verdict.")
    false_alarms: int


class AlarmTotalsAnswer(BaseModel):
    """Alarms raised in a period by group."""

    items: list[AlarmTotalModel]


def _span(since: datetime | None, until: datetime | None, default: timedelta = timedelta(days=1)) -> tuple[datetime, datetime]:
    end = until or datetime.now(UTC)
    start = since or end - default
    if not timedelta(0) < end - start <= MAX_PERIOD:
        raise BadRequest(f"since {start} to until {end} is no period of up to {MAX_PERIOD.days} days")
    return start, end


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
    incident: Annotated[int | None, Query(description="Incident that holds it.", ge=1, le=2**63 - 1)] = None,
    folded: Annotated[bool | None, Query(description="true: held by an incident; false: by none.")] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    at: Annotated[AwareDatetime | None, Query(description="Those open at this past time, as they were then.")] = None,
) -> AlarmsAnswer:
    """List the alarms whose assets the caller may see."""
    wanted: AlarmFilterState | None = None if state == "all" else state
    if at is not None:
        then, total = await list_alarms_at(pool, caller.scope, city, at, limit=limit)
        return AlarmsAnswer(items=[alarm_model(alarm) for alarm in then], total=total)
    where = AlarmFilter(wanted, None, level, area, company, kind, rule, asset, incident, folded)
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
    start, end = _span(since, until)
    found = await alarm_kpis(pool, caller.scope, city, start, end)
    raised = found.figures["raised"] or 0
    mean = raised / operators / ((end - start) / timedelta(minutes=10))
    grade = next((word for most, word in GRADES if mean <= most), "overload")
    rules = [
        RuleKpi(**each, false_rate=each["false_alarms"] / each["judged"] if each["judged"] else None) for each in found.rules
    ]
    spans = {"since": start, "until": end, "operators": operators, "per_operator_10_min": round(mean, 6)}
    return KpisAnswer.model_validate({**found.figures, **spans, "grade": grade, "rules": rules, "windows": found.windows})


@router.get("/alarms/records")
async def get_records(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    since: Annotated[AwareDatetime | None, Query(description="Raised from; default: a day before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Raised before; default: now.")] = None,
    open_only: Annotated[bool, Query(alias="open", description="Only those that have not ended.")] = False,
    asset: Annotated[int | None, Query(description="Asset that they are at.", ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> AlarmRecordsAnswer:
    """Tell alarms as the device alarm records (设备报警) of CJ/T 545: first, current and highest value with time and level."""
    start, end = _span(since, until)
    wanted = RecordFilter(start, end, active=open_only, asset_id=asset)
    found = await list_records(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    zone = ZoneInfo(await zone_of(pool, city))
    return AlarmRecordsAnswer(items=[record_model(each, zone) for each in found])


@router.get("/alarms/totals")
async def get_totals(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    by: Annotated[AlarmGroup, Query(description="What to count by.")] = "month",
    since: Annotated[AwareDatetime | None, Query(description="Default: a year before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
) -> AlarmTotalsAnswer:
    """Count the alarms of a period by time, level, kind, district, owner or rule: handled, not handled, judged false."""
    start, end = _span(since, until, MAX_PERIOD)
    found = await alarm_totals(pool, caller.scope, city, start, end, by=by, zone=await zone_of(pool, city))
    return AlarmTotalsAnswer(items=[AlarmTotalModel(**asdict(each), not_handled=each.raised - each.handled) for each in found])


@router.get("/alarms/stream", response_class=EventStream)
async def get_stream(
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    last_event_id: Annotated[str, Header(description="Number of the last event that came; sent by browsers.")] = "",
) -> EventStream:
    """Tell what happens to alarms as it happens: server-sent events `alarm`, with the line of the log as JSON."""
    known = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19
    since = int(last_event_id) if known else await last_transition(pool, city)
    caller.scope.require_layer("alarms")
    room = request.app.state.live
    room.require_city(city)
    events = stream_news(room, pool, caller.scope, city, since=since, listening=Listening(request))
    return EventStream(events)


@router.get("/alarms/{alarm_id}/transitions")
async def get_transitions(alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep) -> TransitionsAnswer:
    """Tell what has happened to an alarm: who did what, when, and what was said."""
    found = await list_transitions(pool, caller.scope, city, alarm_id)
    return TransitionsAnswer(items=[TransitionModel.model_validate(each, from_attributes=True) for each in found])


def record_model(found: AlarmRecord, zone: ZoneInfo) -> AlarmRecordModel:
    """Return a record as sent; times of the exchange are those of the city's zone without it."""
    device, part, item = found.device_code or found.source or "", found.part or found.asset_name, found.item or found.point
    end = None if found.ended_at is None else _local(found.ended_at, zone)
    exchange: dict[str, str | int | float | None] = {
        "BSM": f"{found.alarm_id:020d}",
        "SSLXDM": found.facility_type or HEATING_NETWORK,
        "SZSSDM": found.asset_code,
        "SZSSMC": found.asset_name,
        "DWBSM": found.point_bsm or "",
        "BJDM": found.alarm_code,
        "BJMC": found.alarm_name,
        "SBDM": device,
        "BJBW": part,
        "JCXDM": item,
        "CCBJZ": found.first_value,
        "CCBJSJ": _local(found.first_at, zone),
        "DQBJZ": found.current_value,
        "DQBJSJ": _local(found.current_at, zone),
        "DQBJJB": str(found.level),
        "ZGBJZ": found.highest_value,
        "ZGBJSJ": _local(found.highest_at, zone),
        "BJZGJB": str(found.highest_level),
        "BJJSSJ": end,
        "BJLX": str(int(found.derived)),
    }
    names = AlarmRecordModel.model_fields.keys() & AlarmRecord.__dataclass_fields__.keys() - {"part", "item"}
    values: dict[str, Any] = {name: getattr(found, name) for name in names}
    values |= {"device": device, "part": part, "item": item, "unit": unit_of(found.point, per_h=found.per_h)}
    return AlarmRecordModel(**values, first_level=found.level, type=int(found.derived), exchange=exchange)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
