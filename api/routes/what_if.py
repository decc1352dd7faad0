"""What-ifs: ask, look how far it is, read the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.zone_answers import LAYERS, LineModel, ProblemFigures, ShortStation, Sight, StateFigures, line_model
from data.assets import read_kind
from data.errors import NotFound
from data.pool import Pool
from data.what_ifs import WhatIfRow, ask_what_if, read_what_if
from topology.hydraulics.scenario import LARGEST_LEAK_KG_PER_S, Leak, Scenario, check_scenario
from topology.network import Network
from twin.scope import Scope

router = APIRouter(prefix="/whatif", tags=["hydraulics"])

AssetId = Annotated[int, Field(ge=1, le=2**31 - 1)]
AssetIds = Annotated[list[AssetId], Field(max_length=200)]
JobIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="From POST /whatif.", examples=[7])]


class LeakBody(BaseModel):
    """Water that runs out in the middle of a pipe."""

    model_config = ConfigDict(extra="forbid")

    asset_id: AssetId
    kg_per_s: float = Field(gt=0, le=LARGEST_LEAK_KG_PER_S, examples=[5.0])


class WhatIfBody(BaseModel):
    """What is tried on the zone of one source; nothing of it happens."""

    model_config = ConfigDict(extra="forbid")

    source_id: AssetId | None = Field(None, description="Source whose zone it is.", examples=[12])
    asset_id: AssetId | None = Field(None, description="Or anything that lies in the zone.")
    close: AssetIds = Field([], description="Valves to close, each side for itself.", examples=[[301, 302]])
    open: AssetIds = Field([], description="Valves to open.", examples=[[]])
    stop_pumps: AssetIds = Field([], description="Relay pump stations that stand.", examples=[[]])
    stop_sources: AssetIds = Field([], description="Plants and boiler houses that stop.", examples=[[]])
    leaks: Annotated[list[LeakBody], Field(max_length=20)] = Field([], examples=[[]])
    outdoor_degc: float | None = Field(
        None, ge=-60, le=60, description="Load and temperatures follow the heating curve.", examples=[-10.0]
    )


class AskedAnswer(BaseModel):
    """The what-if waits."""

    job_id: int = Field(description="For GET /whatif/{job_id}, GET /jobs and POST /jobs/{job_id}/cancel.", examples=[7])


class WhatIfResult(BaseModel):
    """The zone before and after the change, as far as the caller may see it."""

    source_id: int
    network_version: int
    valve_version: int
    solved_at: datetime
    converged: bool
    before: StateFigures
    after: StateFigures
    short_stations: list[ShortStation] = Field(description="Flow cut to what their differential carries, the worst first.")
    topology_off: list[int] = Field(description="Substations newly off by the flood of the network.")
    solver_off: list[int] = Field(description="Substations newly without feed in the solve.")
    off_before: list[int] = Field(description="Substations of these zones that are off at present.")
    agrees: bool = Field(description="True: flood and solve name the same substations as off.")
    problems: list[ProblemFigures]
    problems_before: list[ProblemFigures]
    flows_turned: list[int] = Field(description="Pipes whose water runs the other way.")
    flows_stopped: list[int] = Field(description="Pipes whose water stands or that are cut off.")
    pressure_line: LineModel | None = Field(description="To the worst station, after the change.")
    pressure_line_before: LineModel | None = Field(description="To the same station, before.")
    outside_scope: int = Field(description="Further stations and pipes that this seat may not see.")


class WhatIfAnswer(BaseModel):
    """A what-if: how far it is, and its result when it is done."""

    job_id: int
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(description="0..1", examples=[0.4])
    message: str
    error: str | None = Field(description="Why there is no result.")
    seat: str = Field(description="Who asked.")
    asked: WhatIfBody
    asked_at: datetime
    result: WhatIfResult | None


@router.post("", status_code=202)
async def post_what_if(request: Request, body: WhatIfBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> AskedAnswer:
    """Try valves, pumps, sources, leaks or an outdoor temperature on one zone; the answer comes by GET /whatif/{job_id}."""
    _require_layers(caller.scope)
    network = await request.app.state.networks.get(city)
    scenario = _scenario(body)
    await _require_visible(pool, network, caller.scope, scenario.asset_ids())
    check_scenario(network, scenario)
    room = request.app.state.what_ifs
    await room.require_place()
    job_id = await ask_what_if(pool, city, seat=caller.seat, parameters=body.model_dump(exclude_none=True))
    room.wake()
    return AskedAnswer(job_id=job_id)


@router.get("/{job_id}")
async def get_what_if(request: Request, job_id: JobIdPath, caller: CallerDep, city: CityDep, pool: PoolDep) -> WhatIfAnswer:
    """Tell how far a what-if is, and its result; kept for 30 days."""
    _require_layers(caller.scope)
    row = await read_what_if(pool, city, job_id)
    network = await request.app.state.networks.get(city)
    await _require_visible(pool, network, caller.scope, _scenario(WhatIfBody(**row.parameters)).asset_ids())
    return WhatIfAnswer.model_validate(
        {
            "job_id": row.job_id,
            "state": row.state,
            "progress": row.progress,
            "message": row.message,
            "error": row.error,
            "seat": row.seat,
            "asked": row.parameters,
            "asked_at": row.created_at,
            "result": await _result(pool, caller.scope, city, network, row),
        }
    )


def _scenario(body: WhatIfBody) -> Scenario:
    return Scenario(
        source_id=body.source_id,
        asset_id=body.asset_id,
        close=tuple(body.close),
        open=tuple(body.open),
        stop_pumps=tuple(body.stop_pumps),
        stop_sources=tuple(body.stop_sources),
        leaks=tuple(Leak(each.asset_id, each.kg_per_s) for each in body.leaks),
        outdoor_degc=body.outdoor_degc,
    )


def _require_layers(scope: Scope) -> None:
    for layer in LAYERS:
        scope.require_layer(layer)


async def _require_visible(pool: Pool, network: Network, scope: Scope, asset_ids: tuple[int, ...]) -> None:
    """Raise `NotFound` for what does not exist or may not be seen; what is no part of the network is told by the check."""
    seen = set(Sight(network, scope).of(asset_ids))
    for asset_id in asset_ids:
        if asset_id not in seen:
            await read_kind(pool, scope, network.city_id, asset_id)


async def _result(pool: Pool, scope: Scope, city_id: int, network: Network, row: WhatIfRow) -> WhatIfResult | None:
    if row.result is None or row.solved_at is None:
        return None
    found, sight = dict(row.result), Sight(network, scope)
    if not sight.holds(found["source_id"]):
        raise NotFound(f"there is no what-if {row.job_id} in city {city_id}")
    lists = {name: found[name] for name in ("topology_off", "solver_off", "off_before", "flows_turned", "flows_stopped")}
    shown: dict[str, Any] = {name: sight.of(ids) for name, ids in lists.items()}
    short = sight.short(found["short_stations"])
    hidden = sum(len(ids) - len(shown[name]) for name, ids in lists.items()) + len(found["short_stations"]) - len(short)
    states: dict[str, Any] = {name: sight.state(found[name]) for name in ("before", "after")}
    problems: dict[str, Any] = {name: sight.problems(found[name]) for name in ("problems", "problems_before")}
    return WhatIfResult(
        source_id=found["source_id"],
        network_version=found["network_version"],
        valve_version=found["valve_version"],
        solved_at=row.solved_at,
        converged=found["converged"],
        agrees=found["agrees"],
        short_stations=short,
        pressure_line=await line_model(pool, scope, city_id, found["pressure_line"], sight),
        pressure_line_before=await line_model(pool, scope, city_id, found["pressure_line_before"], sight),
        outside_scope=hidden,
        **states,
        **problems,
        **shown,
    )
