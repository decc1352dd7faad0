"""Incidents: alarms folded under the places that explain them, what persons do about them, and fault statistics."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.incident_answers import Eye, flood_model
from api.incident_models import (
    CauseBody,
    FaultRow,
    FaultsAnswer,
    FloodModel,
    IncidentDetail,
    IncidentsAnswer,
    NoteBody,
    ReasonBody,
    SplitBody,
)
from api.incident_room import person_answer
from data.alarms import AlarmFilter, list_alarms
from data.errors import NotFound
from data.incidents import (
    IncidentFilter,
    StoppedHeat,
    act_on_incident,
    count_incidents,
    list_incidents,
    list_log,
    list_stops,
    open_assets,
    require_incident,
    set_cause,
    split_alarm,
)
from data.network import visible_rows
from data.pool import Pool
from topology.assets import KIND_CODE
from topology.network import Network
from twin.incidents.states import IncidentAction
from twin.incidents.statistics import Stop, fault_table, labels
from twin.scope import Scope

router = APIRouter(tags=["incidents"])
IncidentId = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[3])]
AtQuery = Annotated[AwareDatetime | None, Query(description="As it was at this past time.")]
_ID = Query(ge=1, le=2**31 - 1)
_STANDING = ("open", "repairing", "restored")
MAX_PERIOD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for which incident, and of what server."""

    request: Request
    caller: Caller
    city: int
    pool: Pool
    incident_id: int

    async def eye(self) -> Eye:
        """Return what the caller may see."""
        return await _eye(self.request, self.caller, self.city)

    async def detail(self, at: datetime | None = None) -> IncidentDetail:
        """Return the incident as it is, or was."""
        row = await require_incident(self.pool, self.caller.scope, self.city, self.incident_id, at=at)
        log = await list_log(self.pool, self.city, self.incident_id, at=at)
        return (await self.eye()).detail(row, log, await open_assets(self.pool, self.city, self.incident_id))

    async def act(self, action: IncidentAction, note: str) -> IncidentDetail:
        """Do something with it in the name of the caller's seat."""
        scope, seat = self.caller.scope, self.caller.seat
        await act_on_incident(self.pool, scope, self.city, self.incident_id, action, seat=seat, note=note)
        return await self.detail()


async def _asked(*, request: Request, incident_id: IncidentId, caller: CallerDep, city: CityDep, pool: PoolDep) -> _Asked:
    return _Asked(request, caller, city, pool, incident_id)


AskedDep = Annotated[_Asked, Depends(_asked)]


@router.get("/incidents")
async def get_incidents(
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    state: Annotated[
        Literal["standing", "open", "repairing", "restored", "closed", "all"], Query(description="standing: not closed.")
    ] = "standing",
    level: Annotated[int | None, Query(ge=1, le=3, description="Highest level of its open alarms.")] = None,
    area: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="District of one of its alarmed assets.")] = None,
    company: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Owner of one of its alarmed assets.")] = None,
    kind: Annotated[str | None, Query(max_length=100, description="Kind of one of its alarmed assets.")] = None,
    hypothesis: Annotated[str | None, Query(max_length=50, description="What happened.", examples=["burst"])] = None,
    since: Annotated[AwareDatetime | None, Query(description="Begun at or after.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Begun before.")] = None,
    drill: Annotated[bool | None, Query(description="Only those of exercises, or only real ones.")] = None,
    at: AtQuery = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> IncidentsAnswer:
    """List the incidents of which the caller may see an alarm; the others are a count."""
    states = None if state == "all" else _STANDING if state == "standing" else (state,)
    then = at or datetime.now(UTC)
    plain = IncidentFilter(then, states=states)
    wanted = IncidentFilter(then, None, states, level, area, company, kind, hypothesis, since, until, drill)
    found, total = await list_incidents(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    visible = total if wanted == plain and offset == 0 else (await list_incidents(pool, caller.scope, city, plain, limit=1))[1]
    eye = await _eye(request, caller, city)
    return IncidentsAnswer(
        items=await asyncio.to_thread(lambda: [eye.incident(row) for row in found]),
        total=total,
        outside_scope=max(0, await count_incidents(pool, city, then, states) - visible),
        unfolded=(await list_alarms(pool, caller.scope, city, AlarmFilter("active", folded=False), limit=1))[1],
        flood=flood_model(request.app.state.incidents.flood_of(city)),
    )


@router.get("/alarms/flood")
async def get_flood(request: Request, caller: CallerDep, city: CityDep) -> FloodModel:
    """Tell whether alarms come faster than people can follow: viewers group them then."""
    caller.scope.require_layer("alarms")
    return flood_model(request.app.state.incidents.flood_of(city))


@router.get("/incidents/statistics")
async def get_statistics(
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    since: Annotated[AwareDatetime | None, Query(description="Default: 30 days before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
) -> FaultsAnswer:
    """Count the faults that began within a period by the heated area they stopped (GB/T 43097-2023, 供热故障数据统计)."""
    caller.scope.require_layer("alarms")
    now = datetime.now(UTC)
    end = until or now
    start = since or end - timedelta(days=30)
    if not timedelta(0) < end - start <= MAX_PERIOD:
        raise BadRequest(f"since {start} to until {end} is no period of up to {MAX_PERIOD.days} days")
    network: Network = await request.app.state.networks.get(city)
    total = _heated_area(network, caller.scope)
    eye = Eye(network, caller.scope)
    stops = [_seen_stop(eye, each) for each in await list_stops(pool, city, start, end, now)]
    table = fault_table(stops, now=now, since=start, until=end, total_area_m2=total)
    rows = [
        FaultRow(no=number, name_zh=zh, name_en=en, unit=unit, value=table.rows[number])
        for number, (zh, en, unit) in labels().items()
    ]
    return FaultsAnswer(since=start, until=end, rows=rows, undecided=table.undecided, total_area_m2=round(total, 1))


@router.get("/incidents/{incident_id}")
async def get_incident(asked: AskedDep, at: AtQuery = None) -> IncidentDetail:
    """Return one incident with its lists and its log, now or as it was."""
    return await asked.detail(at)


@router.post("/incidents/{incident_id}/take")
async def post_take(asked: AskedDep, body: NoteBody | None = None) -> IncidentDetail:
    """Take an incident: somebody sees to its repair."""
    return await asked.act("take", "" if body is None else body.note)


@router.post("/incidents/{incident_id}/log")
async def post_log(asked: AskedDep, body: ReasonBody) -> IncidentDetail:
    """Write a line into the log of an incident."""
    return await asked.act("note", body.note)


@router.post("/incidents/{incident_id}/restore")
async def post_restore(asked: AskedDep, body: ReasonBody) -> IncidentDetail:
    """Say that heat is back; a new alarm opens it again."""
    return await asked.act("restore", body.note)


@router.post("/incidents/{incident_id}/close")
async def post_close(asked: AskedDep, body: NoteBody | None = None) -> IncidentDetail:
    """Close an incident that is restored."""
    return await asked.act("close", "" if body is None else body.note)


@router.post("/incidents/{incident_id}/dismiss")
async def post_dismiss(asked: AskedDep, body: ReasonBody) -> IncidentDetail:
    """Close an incident that was no fault; it counts in no statistics."""
    return await asked.act("dismiss", body.note)


@router.post("/incidents/{incident_id}/reopen")
async def post_reopen(asked: AskedDep, body: ReasonBody) -> IncidentDetail:
    """Open an incident again that was restored or closed."""
    return await asked.act("reopen", body.note)


@router.post("/incidents/{incident_id}/cause")
async def post_cause(asked: AskedDep, body: CauseBody) -> IncidentDetail:
    """Name the place that is really the cause; the search does not change it any more, and who is without heat is found anew."""
    app, scope, city = asked.request.app, asked.caller.scope, asked.city
    network: Network = await app.state.networks.get(city)
    row = network.assets.row_of(body.asset_id)
    if row < 0 or not visible_rows(network, scope)[row]:
        raise NotFound(f"there is no asset {body.asset_id} in the network of city {city}")
    await require_incident(asked.pool, scope, city, asked.incident_id)
    ringing = await open_assets(asked.pool, city, asked.incident_id)
    facts = await app.state.rooms.facts.get(network)
    answer = await asyncio.to_thread(person_answer, network, facts, body.asset_id, set(ringing))
    await set_cause(asked.pool, scope, city, asked.incident_id, answer, seat=asked.caller.seat, note=body.note)
    return await asked.detail()


@router.post("/incidents/{incident_id}/split")
async def post_split(asked: AskedDep, body: SplitBody) -> IncidentDetail:
    """Take an alarm out of an incident for good: it has another reason, and rings for itself again."""
    caller, which = asked.caller, (asked.city, asked.incident_id, body.alarm_id)
    await split_alarm(asked.pool, caller.scope, *which, seat=caller.seat, note=body.note)
    return await asked.detail()


# ------------------------------------------------------------ steps


async def _eye(request: Request, caller: Caller, city: int) -> Eye:
    return Eye(await request.app.state.networks.get(city), caller.scope)


def _heated_area(network: Network, scope: Scope) -> float:
    """Return the heated area of all buildings that a scope holds, in m2."""
    assets = network.assets
    counted = (assets.kind == KIND_CODE["building"]) & visible_rows(network, scope)
    return float(assets.heated_area_m2[counted].sum())


def _seen_stop(eye: Eye, stopped: StoppedHeat) -> Stop:
    """Return a stop with the area that the caller may see."""
    area = float(np.array(stopped.building_area_m2, float)[eye.mask(stopped.building_ids)].sum())
    return Stop(area, stopped.stop.started_at, stopped.stop.restored_at)
