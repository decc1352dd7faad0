"""Questions to the network: `POST /trace`, and short forms of it with the asset in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from api.dependencies import Caller, CallerDep, CityDep, CityQuery, PoolDep
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
from data.cities import resolve_city

router = APIRouter(tags=["traces"])

FormatQuery = Annotated[
    AnswerFormat,
    Query(
        alias="format",
        description="json; geojson: a streamed FeatureCollection, the head as foreign members; ids: only the lists' ids.",
    ),
]
_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/geo+json": {}}}}


async def _traced_city(request: Request, caller: CallerDep, city: CityQuery = None) -> int:
    """Return the city of the request, checked against the Scope; whether a named one exists, its network tells."""
    if city is None:
        return await resolve_city(request.app.state.pool, caller.scope, None)
    caller.scope.require_city(city)
    return city


TracedCityDep = Annotated[int, Depends(_traced_city)]


@dataclass(frozen=True, slots=True)
class _Short:
    """What every short form takes."""

    request: Request
    caller: Caller
    city_id: int
    options: Mapping[str, Any]

    async def ask(self, name: QuestionName, asset_id: int, **more: Any) -> Response:
        """Put a question about one asset."""
        app = self.request.app
        question = Question(name, (asset_id,), **self.options, **more)
        return await answer(rooms_of(app), app.state.pool, self.caller.scope, self.city_id, question)


async def _short(
    *,
    request: Request,
    caller: CallerDep,
    city: TracedCityDep,
    ids: Annotated[Ids, Query(description="What asset_ids of the lists holds.")] = "assets",
    geometry: GeometryQuery = False,
    file_format: FormatQuery = "json",
    as_of: Annotated[
        AwareDatetime | None, Query(description="Valve and source states of that time, on the present drawing.")
    ] = None,
) -> _Short:
    return _Short(request, caller, city, {"ids": ids, "geometry": geometry, "format": file_format, "as_of": as_of})


ShortDep = Annotated[_Short, Depends(_short)]


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
    city: TracedCityDep,
    pool: PoolDep,
    file_format: FormatQuery = "json",
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
        format=file_format,
        repair_h=body.repair_h,
        outdoor_degc=body.outdoor_degc,
    )
    return await answer(rooms_of(request.app), pool, caller.scope, city, question)


@router.get("/assets/{asset_id}/impact", response_model=ImpactAnswer, responses=_STREAM)
async def get_impact(
    asset_id: AssetIdPath,
    short: ShortDep,
    repair_h: Annotated[float | None, Query(ge=0, le=10_000, description="Hours until heat is back.")] = None,
    outdoor_degc: Annotated[float | None, Query(ge=-60, le=50, description="Default: the weather stations.")] = None,
) -> Response:
    """Tell what an alarm on this asset cuts off: reach, lost, degraded, and what that means for people."""
    return await short.ask("impact", asset_id, repair_h=repair_h, outdoor_degc=outdoor_degc)


@router.get("/assets/{asset_id}/isolation", response_model=IsolationAnswer, responses=_STREAM)
async def get_isolation(
    asset_id: AssetIdPath,
    short: ShortDep,
    stuck: Annotated[
        list[int] | None, Query(max_length=1000, description="Valves that cannot be closed; several allowed.")
    ] = None,
) -> Response:
    """Tell which valves shut off a break here, what drains, who loses heat, and which closed valves give heat back."""
    return await short.ask("isolation", asset_id, stuck=tuple(stuck or ()))


@router.get("/assets/{asset_id}/path", response_model=PathAnswer, responses=_STREAM)
async def get_path(
    asset_id: AssetIdPath,
    to: Annotated[int, Query(ge=1, le=2**31 - 1, description="Asset id of the other end.", examples=[348])],
    short: ShortDep,
) -> Response:
    """Tell the shortest way between two assets by pipe length over open valves."""
    return await short.ask("path", asset_id, to=to)


_PLAIN: Final[Mapping[QuestionName, tuple[type[BaseModel], str]]] = {
    "downstream": (TraceAnswer, "Tell what is fed through this asset: pipes, substations, buildings behind it."),
    "upstream": (TraceAnswer, "Tell through what this asset is fed: pipes, valves, substations and heat sources before it."),
    "connected": (TraceAnswer, "Tell what stands in one water with this asset over open valves."),
    "sources": (SourcesAnswer, "Tell which running sources reach this asset now, and which could."),
    "supply_area": (
        SupplyAreaAnswer,
        "Tell whom this plant, branch, boiler house, substation or pipe serves: traced and declared, with the differences.",
    ),
    "declared": (
        DeclaredAnswer,
        "Tell the declared chain of this asset beside the traced one: user, substation, source, branch, company.",
    ),
}
"""Questions that take nothing but the asset, with their answers and descriptions."""


def _register(name: QuestionName, model: type[BaseModel], description: str) -> None:
    async def get_plain(asset_id: AssetIdPath, short: ShortDep) -> Response:
        return await short.ask(name, asset_id)

    path = f"/assets/{{asset_id}}/{name}"
    options: dict[str, Any] = {"response_model": model, "responses": _STREAM, "description": description}
    router.add_api_route(path, get_plain, name=f"get_{name}", **options)


for _name, (_model, _description) in _PLAIN.items():
    _register(_name, _model, _description)


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
