"""Valves and heat sources: operated, listed where they are not normal, and as they were."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.routes.archive import LimitQuery, OffsetQuery
from api.routes.assets import AssetIdPath
from data import valves
from data.network import StateOrigin, ValveState
from data.pool import Pool
from data.valves import Operability, Operated, Operation, ReportedOperability

router = APIRouter(tags=["network"])

AssetId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Position = tuple[float, float]
_MOST_VALVES = 1000
_OPERABILITY = (
    "Whether it can be operated, as seen on the spot; left out: nothing new; as_drawn: what the drawing says counts again."
)
_EXPECTED = "Version of the states that the caller decided on; another one now answers 409. Left out: any."


class OperationBody(BaseModel):
    """A valve and what it was brought to."""

    model_config = ConfigDict(extra="forbid")

    asset_id: AssetId = Field(examples=[11])
    state: ValveState = Field(examples=["closed"])
    operability: ReportedOperability | None = Field(None, description=_OPERABILITY, examples=["usable"])


class ValveStateBody(BaseModel):
    """A valve was operated, or its state was seen."""

    state: ValveState = Field(examples=["closed"])
    origin: StateOrigin = Field("reported", description="measured, reported by a person, or assumed", examples=["reported"])
    note: str = Field("", max_length=2000, examples=["抢修关阀"])
    operability: ReportedOperability | None = Field(None, description=_OPERABILITY, examples=["usable"])
    expected_valve_version: int | None = Field(None, ge=0, le=2**63 - 1, description=_EXPECTED, examples=[None])


class ValveStatesBody(BaseModel):
    """Several valves were operated: all are recorded or none, under one version."""

    model_config = ConfigDict(extra="forbid")

    valves: list[OperationBody] = Field(min_length=1, max_length=_MOST_VALVES, description="In the order of operation.")
    origin: StateOrigin = Field("reported", description="measured, reported by a person, or assumed", examples=["reported"])
    note: str = Field("", max_length=2000, examples=["检修关阀"])
    expected_valve_version: int | None = Field(None, ge=0, le=2**63 - 1, description=_EXPECTED, examples=[None])


class ValveStateAnswer(BaseModel):
    """The state as recorded."""

    asset_id: int
    state: ValveState
    origin: StateOrigin
    seat: str = Field(description="Who recorded it.")
    valve_version: int = Field(description="Version of the city's valve states; the next answers carry it.")
    operability: Operability = Field(description="What counts now: reported, else as drawn.")
    changed: bool = Field(description="False: it was in that state already; recorded all the same.")
    state_before: ValveState
    changed_at: datetime
    message: str = Field(description="What happened, for people.", examples=["valve 11 (热力阀) is closed; it was open"])


class ValveStatesAnswer(BaseModel):
    """Several states as recorded."""

    valve_version: int = Field(description="The one version that all of them made.")
    items: list[ValveStateAnswer]


class OffNormalModel(BaseModel):
    """A valve that is not in its normal state (异位阀门)."""

    asset_id: int = Field(examples=[11])
    code: str
    name: str
    normal_state: ValveState = Field(examples=["open"])
    state: ValveState = Field(examples=["closed"])
    origin: StateOrigin
    operability: Operability
    seat: str = Field(description="Who recorded it last.")
    note: str = Field(description="Why, as recorded last.", examples=["检修计划 3"])
    changed_at: datetime = Field(description="Time of the last record.")
    since_at: datetime = Field(description="Since when it has been in this state.")
    position: Position | None = Field(description="longitude, latitude in WGS-84 degrees")


class OffNormalAnswer(BaseModel):
    """Valves off normal, the last operated first."""

    total: int
    items: list[OffNormalModel]


class HistoryEntryModel(BaseModel):
    """One record of a valve."""

    operation_id: int
    state: ValveState
    operability: Operability | None = Field(description="As reported; null: as drawn.")
    origin: StateOrigin
    seat: str
    note: str
    changed_at: datetime
    valve_version: int = Field(description="Version of the city's states that it made.")


class HistoryAnswer(BaseModel):
    """What was recorded of a valve, the last first."""

    asset_id: int
    code: str
    name: str
    normal_state: ValveState | None = Field(description="Counts before the first record.")
    state: ValveState
    operability: Operability
    drawn_operability: Operability | None = Field(description="As the archive says, whatever was reported.")
    total: int
    items: list[HistoryEntryModel]


class SourceStateBody(BaseModel):
    """A heat source was started or stopped."""

    running: bool = Field(examples=[False])
    origin: StateOrigin = Field("reported", description="measured, reported by a person, or assumed", examples=["reported"])
    note: str = Field("", max_length=2000, examples=["停炉检修"])
    expected_valve_version: int | None = Field(None, ge=0, le=2**63 - 1, description=_EXPECTED, examples=[None])


class SourceStateAnswer(BaseModel):
    """A source as recorded."""

    asset_id: int
    name: str
    running: bool
    running_before: bool
    changed: bool = Field(description="False: so it was already; recorded all the same.")
    origin: StateOrigin
    seat: str
    changed_at: datetime
    valve_version: int = Field(description="Version of the city's states; the next answers carry it.")


class SourceModel(BaseModel):
    """Whether a plant or boiler house runs."""

    asset_id: int
    kind: str = Field(examples=["boiler_house"])
    code: str
    name: str
    running: bool
    normally_running: bool = Field(description="A boiler house for peaks only stands still unless somebody starts it.")
    origin: StateOrigin | None = Field(description="null: nobody has said anything, the normal state counts")
    seat: str | None
    note: str | None
    changed_at: datetime | None
    position: Position | None = Field(description="longitude, latitude in WGS-84 degrees")


class SourcesAnswer(BaseModel):
    """Sources of a city."""

    items: list[SourceModel]


@router.post("/valves/states")
async def post_valve_states(body: ValveStatesBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> ValveStatesAnswer:
    """Record the states of several valves in one transaction, under one version, in the name of the caller's seat."""
    operations = [Operation(each.asset_id, each.state, each.operability) for each in body.valves]
    done = await _record(pool, caller, city, operations, body)
    return ValveStatesAnswer(valve_version=done[0].valve_version, items=[_answer(each, caller, body.origin) for each in done])


@router.post("/valves/{asset_id}/state")
async def post_valve_state(
    asset_id: AssetIdPath, body: ValveStateBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ValveStateAnswer:
    """Record the state of a valve in the name of the caller's seat; the next trace counts with it."""
    done = await _record(pool, caller, city, [Operation(asset_id, body.state, body.operability)], body)
    return _answer(done[0], caller, body.origin)


@router.get("/valves/off-normal")
async def get_off_normal(
    *, caller: CallerDep, city: CityDep, pool: PoolDep, limit: LimitQuery = 100, offset: OffsetQuery = 0
) -> OffNormalAnswer:
    """List the valves that are not in their normal state: since when, by whom, why."""
    total, items = await valves.list_off_normal(pool, caller.scope, city, limit=limit, offset=offset)
    return OffNormalAnswer(total=total, items=[OffNormalModel(**asdict(item)) for item in items])


@router.get("/valves/{asset_id}/history")
async def get_valve_history(
    *, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, pool: PoolDep, limit: LimitQuery = 100, offset: OffsetQuery = 0
) -> HistoryAnswer:
    """Tell what was recorded of a valve, the last first."""
    valve = await valves.read_valve(pool, caller.scope, city, asset_id)
    total, items = await valves.valve_history(pool, caller.scope, city, asset_id, limit=limit, offset=offset)
    return HistoryAnswer(**asdict(valve), total=total, items=[HistoryEntryModel(**asdict(item)) for item in items])


@router.get("/sources/states")
async def get_source_states(caller: CallerDep, city: CityDep, pool: PoolDep) -> SourcesAnswer:
    """List the plants and boiler houses of a city, running or not, and who said so."""
    found = await valves.list_sources(pool, caller.scope, city)
    return SourcesAnswer(items=[SourceModel(**asdict(item)) for item in found])


@router.post("/sources/{asset_id}/state")
async def post_source_state(
    asset_id: AssetIdPath, body: SourceStateBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> SourceStateAnswer:
    """Record that a plant or boiler house runs or stands still; the next trace counts with it."""
    done = await valves.set_source_state(
        pool,
        caller.scope,
        city,
        asset_id,
        running=body.running,
        origin=body.origin,
        seat=caller.seat,
        note=body.note,
        expected_valve_version=body.expected_valve_version,
    )
    changed = done.running != done.running_before
    return SourceStateAnswer(**asdict(done), changed=changed, origin=body.origin, seat=caller.seat)


async def _record(
    pool: Pool, caller: Caller, city: int, operations: list[Operation], body: ValveStateBody | ValveStatesBody
) -> list[Operated]:
    return await valves.set_valve_states(
        pool,
        caller.scope,
        city,
        operations,
        origin=body.origin,
        seat=caller.seat,
        note=body.note,
        expected_valve_version=body.expected_valve_version,
    )


def _answer(done: Operated, caller: Caller, origin: StateOrigin) -> ValveStateAnswer:
    return ValveStateAnswer(
        asset_id=done.asset_id,
        state=done.state,
        origin=origin,
        seat=caller.seat,
        valve_version=done.valve_version,
        operability=done.operability,
        changed=done.changed,
        state_before=done.state_before,
        changed_at=done.changed_at,
        message=done.message,
    )
