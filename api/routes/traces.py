"""Questions to the network: `POST /trace`, and short forms of it with the asset in the address."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.routes.assets import AssetIdPath, GeometryQuery
from api.tracing.answering import answer
from api.tracing.asking import AnswerFormat, Ids, Question, QuestionName
from api.tracing.criticals import critical_segments
from api.tracing.models import (
    CriticalityAnswer,
    DeclaredAnswer,
    ImpactAnswer,
    IsolationAnswer,
    PathAnswer,
    SourcesAnswer,
    SupplyAreaAnswer,
    TraceAnswer,
    TraceBody,
)
from api.tracing.rooms import rooms_of

router = APIRouter(tags=["traces"])

FormatQuery = Annotated[
    AnswerFormat,
    Query(description="json; geojson: a streamed FeatureCollection, the head as foreign members; ids: only the lists' ids."),
]
_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"application/geo+json": {}}}}


async def _short(
    ids: Annotated[Ids, Query(description="What asset_ids of the lists holds.")] = "assets",
    geometry: GeometryQuery = False,
    format: FormatQuery = "json",  # noqa: A002 - the name in the address
    as_of: Annotated[
        AwareDatetime | None, Query(description="Valve and source states of that time, on the present drawing.")
    ] = None,
) -> dict[str, Any]:
    """What every short form takes."""
    return {"ids": ids, "geometry": geometry, "format": format, "as_of": as_of}


ShortDep = Annotated[dict[str, Any], Depends(_short)]


@router.post(
    "/trace",
    response_model=ImpactAnswer | IsolationAnswer | TraceAnswer | SourcesAnswer | SupplyAreaAnswer | PathAnswer | DeclaredAnswer,
    responses=_STREAM,
)
async def post_trace(
    *,
    request: Request,
    body: TraceBody,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    format: FormatQuery = "json",  # noqa: A002
) -> Response:
    """Ask the network; `valves` and `sources` are a sandbox that changes nothing but this answer."""
    question = Question(
        name=body.question,
        asset_ids=tuple(dict.fromkeys(body.asset_ids)),
        to=body.to,
        valves=body.valves,
        sources=body.sources,
        stuck=tuple(body.stuck),
        as_of=body.as_of,
        ids=body.ids,
        geometry=body.geometry,
        format=format,
        repair_h=body.repair_h,
        outdoor_degc=body.outdoor_degc,
    )
    return await answer(rooms_of(request.app), pool, caller.scope, city, question)


@router.get("/assets/{asset_id}/impact", response_model=ImpactAnswer, responses=_STREAM)
async def get_impact(
    *,
    request: Request,
    asset_id: AssetIdPath,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    short: ShortDep,
    repair_h: Annotated[float | None, Query(ge=0, le=10_000, description="Hours until heat is back.")] = None,
    outdoor_degc: Annotated[float | None, Query(ge=-60, le=50, description="Default: the weather stations.")] = None,
) -> Response:
    """Tell what an alarm on this asset cuts off: reach, lost, degraded, and what that means for people."""
    question = Question("impact", (asset_id,), repair_h=repair_h, outdoor_degc=outdoor_degc, **short)
    return await answer(rooms_of(request.app), pool, caller.scope, city, question)


async def _one(
    request: Request, name: QuestionName, asset_id: int, caller: Caller, *, city: int, short: dict[str, Any]
) -> Response:
    return await answer(rooms_of(request.app), request.app.state.pool, caller.scope, city, Question(name, (asset_id,), **short))


@router.get("/assets/{asset_id}/isolation", response_model=IsolationAnswer, responses=_STREAM)
async def get_isolation(
    *,
    request: Request,
    asset_id: AssetIdPath,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    short: ShortDep,
    stuck: Annotated[
        list[int] | None, Query(max_length=1000, description="Valves that cannot be closed; several allowed.")
    ] = None,
) -> Response:
    """Tell which valves shut off a break here, what drains, who loses heat, and which closed valves give heat back."""
    question = Question("isolation", (asset_id,), stuck=tuple(stuck or ()), **short)
    return await answer(rooms_of(request.app), pool, caller.scope, city, question)


@router.get("/assets/{asset_id}/downstream", response_model=TraceAnswer, responses=_STREAM)
async def get_downstream(
    *, request: Request, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, short: ShortDep
) -> Response:
    """Tell what is fed through this asset: pipes, substations, buildings behind it."""
    return await _one(request, "downstream", asset_id, caller, city=city, short=short)


@router.get("/assets/{asset_id}/upstream", response_model=TraceAnswer, responses=_STREAM)
async def get_upstream(*, request: Request, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, short: ShortDep) -> Response:
    """Tell through what this asset is fed: pipes, valves, substations and heat sources before it."""
    return await _one(request, "upstream", asset_id, caller, city=city, short=short)


@router.get("/assets/{asset_id}/connected", response_model=TraceAnswer, responses=_STREAM)
async def get_connected(
    *, request: Request, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, short: ShortDep
) -> Response:
    """Tell what stands in one water with this asset over open valves."""
    return await _one(request, "connected", asset_id, caller, city=city, short=short)


@router.get("/assets/{asset_id}/sources", response_model=SourcesAnswer, responses=_STREAM)
async def get_sources(*, request: Request, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, short: ShortDep) -> Response:
    """Tell which running sources reach this asset now, and which could."""
    return await _one(request, "sources", asset_id, caller, city=city, short=short)


@router.get("/assets/{asset_id}/supply_area", response_model=SupplyAreaAnswer, responses=_STREAM)
async def get_supply_area(
    *, request: Request, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, short: ShortDep
) -> Response:
    """Tell whom this plant, branch, boiler house, substation or pipe serves: traced and declared, with the differences."""
    return await _one(request, "supply_area", asset_id, caller, city=city, short=short)


@router.get("/assets/{asset_id}/declared", response_model=DeclaredAnswer, responses=_STREAM)
async def get_declared(*, request: Request, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, short: ShortDep) -> Response:
    """Tell the declared chain of this asset beside the traced one: user, substation, source, branch, company."""
    return await _one(request, "declared", asset_id, caller, city=city, short=short)


@router.get("/assets/{asset_id}/path", response_model=PathAnswer, responses=_STREAM)
async def get_path(
    *,
    request: Request,
    asset_id: AssetIdPath,
    to: Annotated[int, Query(ge=1, le=2**31 - 1, description="Asset id of the other end.", examples=[348])],
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    short: ShortDep,
) -> Response:
    """Tell the shortest way between two assets by pipe length over open valves."""
    return await answer(rooms_of(request.app), pool, caller.scope, city, Question("path", (asset_id,), to=to, **short))


@router.get("/network/criticality")
async def get_criticality(
    *,
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> CriticalityAnswer:
    """List the segments by what they take along when they are shut, in the normal state of the valves, worst first."""
    page = slice(offset, offset + limit)
    rooms = rooms_of(request.app)
    found = await critical_segments(rooms, request.app.state.criticals, pool, caller.scope, city_id=city, page=page)
    return CriticalityAnswer.model_validate(found)
