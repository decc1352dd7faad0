"""Sources of readings and their frame schemas: registering, singly or in bulk, and listing."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.routes.readings import live_room
from data.errors import Conflict, NotFound
from data.source_registry import (
    Outcome,
    SourceEntry,
    SourceFilter,
    every_page,
    list_page,
    register_schemas,
    register_sources,
    retire_sources,
)
from data.sources import StoredSchema, list_schemas
from twin.errors import TwinError
from twin.schemas import MAX_PERIOD_S

router = APIRouter(tags=["readings"])

MAX_ENTRIES: Final = 5_000
"""Sources or codes in one request."""
MAX_SCHEMAS: Final = 100
MAX_PAGE: Final = 10_000
_DONE: Final = frozenset({"registered", "changed", "unchanged", "retired"})


class PointModel(BaseModel):
    """One point of a frame schema."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Ends in its unit.", examples=["primary_flow_m3_per_h"])
    quantity: str = Field(description="Name of a quantity.", examples=["flow"])
    unit: str = Field("", description="The one unit of the quantity; may be left out.", examples=["m3/h"])
    side: str = Field("", examples=["primary"])
    slot: str = Field("gauge", description="gauge = 32-bit, total = 64-bit register.", examples=["gauge"])
    min: float | None = Field(None, description="Values below are flagged as failed.", examples=[0])
    max: float | None = Field(None, description="Values above are flagged as failed.", examples=[5000])
    label_zh: str = Field("", examples=["一次侧总瞬时流量"])
    label_en: str = Field("", examples=["Primary flow"])
    period_s: int = Field(60, ge=0, le=MAX_PERIOD_S, description="Expected seconds between values; 0 = not continuous.")
    mandatory: bool = Field(False, description="Whether its source asks for it (shall), not only recommends it (should).")
    clause: str = Field("", description="Where it is asked for.", examples=["2.5; CJJ/T 241-2016 5.6.1 (2)"])
    alarm: str = Field("", description="What its source wants alarmed: limit, fault, power_failure ...", examples=["limit"])


class SchemaBody(BaseModel):
    """A frame schema to register."""

    code: str = Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$", examples=["weather_station"])
    points: list[PointModel] = Field(min_length=1)


class SchemasBody(BaseModel):
    """Frame schemas to register together; what does not fit is told one by one."""

    schemas: list[Any] = Field(max_length=MAX_SCHEMAS, json_schema_extra={"items": {"$ref": "#/components/schemas/SchemaBody"}})


class SchemaModel(BaseModel):
    """A registered frame schema."""

    schema_id: int
    code: str
    version: int
    points: list[PointModel]


class SourceBody(BaseModel):
    """A source to register; the asset by id, or by kind and code."""

    code: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$", examples=["substation:S001"])
    schema_: str = Field(alias="schema", description="CODE for its newest version, or CODE/VERSION.", examples=["substation"])
    period_s: int = Field(60, ge=1, le=86_400, description="Expected seconds between frames; three missed = stale.")
    asset_id: int | None = Field(None, ge=0, le=2**31 - 1, examples=[12])
    asset_kind: str | None = Field(None, max_length=200, pattern=r"^[^\x00]*$", examples=["substation"])
    asset_code: str | None = Field(None, max_length=200, pattern=r"^[^\x00]*$", examples=["S001"])


class SourcesBody(BaseModel):
    """Sources to register together, in one transaction; what does not fit is told one by one."""

    sources: list[Any] = Field(max_length=MAX_ENTRIES, json_schema_extra={"items": {"$ref": "#/components/schemas/SourceBody"}})


class CodesBody(BaseModel):
    """Codes of sources."""

    codes: list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]] = Field(
        max_length=MAX_ENTRIES, examples=[["heating_device:D001"]]
    )


class EntryResult(BaseModel):
    """What became of one entry of a request in bulk."""

    code: str | None = Field(description="As sent, where the entry has one.")
    result: str = Field(
        description="registered, changed, unchanged, retired; or no_asset, no_schema, taken, twice, unknown_source, bad_entry."
    )
    message: str = Field("", description="What would be right.")


class BulkAnswer(BaseModel):
    """What became of each entry, in order; those that fit are written."""

    results: list[EntryResult]
    counts: dict[str, int] = Field(description="How many of each.", examples=[{"registered": 998, "no_asset": 2}])


class SourceModel(BaseModel):
    """A registered source."""

    source_id: int = Field(description="`after` of the next page.")
    code: str
    asset_id: int
    asset_kind: str
    asset_name: str
    substation_id: int | None = Field(description="The substation that serves the asset, where one is declared.")
    schema_: str = Field(alias="schema", examples=["substation/1"])
    period_s: int
    company_id: int | None = Field(description="Asset id of the company that owns the asset.")
    retired: bool = Field(description="True when it is out of use: its frames are refused.")


# ---------------------------------------------------------------- schemas


@router.get("/schemas")
async def get_schemas(caller: CallerDep, city: CityDep, pool: PoolDep) -> list[SchemaModel]:
    """List the frame schemas of a city, oldest first."""
    caller.scope.require_layer("readings")
    return [_schema_model(stored) for stored in await list_schemas(pool, city)]


@router.post("/schemas")
async def post_schema(
    body: SchemaBody | SchemasBody, _caller: CallerDep, city: CityDep, pool: PoolDep
) -> SchemaModel | BulkAnswer:
    """Register a frame schema, or many; other points under a known code make a new version, the same points change nothing."""
    if isinstance(body, SchemaBody):
        found = (await register_schemas(pool, city, [_points_of(body)]))[0]
        if isinstance(found, TwinError):
            raise found
        return _schema_model(found)
    read = [_read(SchemaBody, entry) for entry in body.schemas]
    done = iter(await register_schemas(pool, city, [_points_of(entry) for entry in read if isinstance(entry, SchemaBody)]))
    outcomes = [entry if isinstance(entry, Outcome) else _schema_outcome(next(done)) for entry in read]
    return _bulk_answer([_code_of(entry) for entry in body.schemas], outcomes)


def _points_of(body: SchemaBody) -> tuple[str, list[dict[str, Any]]]:
    return body.code, [point.model_dump() for point in body.points]


def _schema_outcome(found: StoredSchema | TwinError) -> Outcome:
    if isinstance(found, TwinError):
        return Outcome("bad_entry", str(found))
    return Outcome("registered", f"{found.schema.code}/{found.schema.version}")


def _schema_model(stored: StoredSchema) -> SchemaModel:
    schema = stored.schema
    points = [PointModel(**point.as_json()) for point in schema.points]
    return SchemaModel(schema_id=stored.schema_id, code=schema.code, version=schema.version, points=points)


# ---------------------------------------------------------------- sources


@router.get("/sources", response_model=list[SourceModel])
async def get_sources(
    request: Request,
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    kind: Annotated[str | None, Query(pattern=r"^[^\x00]*$", description="Kind of the asset.", examples=["substation"])] = None,
    asset_id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    company: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Asset id of the owner.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern=r"^[^\x00]*$", description="Part of a code or of the asset's name.")
    ] = None,
    retired: Annotated[bool, Query(description="True: those out of use instead.")] = False,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="`source_id` of the last one that is known.")] = 0,
    limit: Annotated[int | None, Query(ge=1, le=MAX_PAGE, description="Default: all of them, in one stream.")] = None,
) -> Response:
    """List the sources whose assets the caller may see, by rising `source_id`.

    With `limit` a page, and the address of the next one in the header `Link`; without it all of them, read and sent in pieces.
    """
    caller.scope.require_layer("readings")
    wanted = SourceFilter(kind=kind, asset_id=asset_id, company_id=company, q=q, retired=retired)
    if limit is None and not after:
        pages = every_page(pool, caller.scope, city, wanted)
        return StreamingResponse(_as_one_list(pages), media_type="application/json")
    page = await list_page(pool, caller.scope, city, wanted, after=after, limit=limit or MAX_PAGE)
    answer = Response(orjson.dumps(page), media_type="application/json")
    if len(page) == (limit or MAX_PAGE):
        address = request.url.include_query_params(after=page[-1]["source_id"], limit=limit or MAX_PAGE)
        answer.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
    return answer


async def _as_one_list(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    start = b"["
    async for page in pages:
        if page:
            yield start + orjson.dumps(page)[1:-1]
            start = b","
    yield b"]" if start == b"," else b"[]"


@router.post("/sources")
async def post_source(
    request: Request, body: SourceBody | SourcesBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> SourceModel | BulkAnswer:
    """Register a source of an asset, or many in one transaction; a known code is changed, a retired one taken back into use."""
    entries = [_read(SourceBody, entry) for entry in body.sources] if isinstance(body, SourcesBody) else [body]
    judged = [_asset_named_once(entry) for entry in entries]
    fitting = [_entry(entry) for entry in judged if isinstance(entry, SourceBody)]
    done = await register_sources(pool, caller.scope, city, fitting, seat=caller.seat)
    await _reload(request, city, done)
    following = iter(done)
    outcomes = [entry if isinstance(entry, Outcome) else next(following) for entry in judged]
    if isinstance(body, SourcesBody):
        return _bulk_answer([_code_of(entry) for entry in body.sources], outcomes)
    _require_done(outcomes[0])
    page = await list_page(pool, caller.scope, city, SourceFilter(code=body.code), limit=1)
    return SourceModel(**page[0])


@router.post("/sources/retire")
async def post_retired_sources(request: Request, body: CodesBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> BulkAnswer:
    """Take sources out of use: their frames are refused as unknown from now on, their history stays."""
    outcomes = await retire_sources(pool, caller.scope, city, body.codes, seat=caller.seat)
    await _reload(request, city, outcomes)
    return _bulk_answer(body.codes, outcomes)


async def _reload(request: Request, city: int, outcomes: Iterable[Outcome]) -> None:
    """Let live state know of changed sources."""
    if any(outcome.result in {"registered", "changed", "retired"} for outcome in outcomes):
        await live_room(request).reload(city)


def _read(model: type[SourceBody] | type[SchemaBody], entry: Any) -> Any:
    """Return one entry of a bulk as its model, or why it is none."""
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return Outcome("bad_entry", f"{'.'.join(map(str, first['loc'])) or 'entry'}: {first['msg']}")


def _asset_named_once(entry: SourceBody | Outcome) -> SourceBody | Outcome:
    if isinstance(entry, Outcome) or (entry.asset_id is None) != (entry.asset_code is None or entry.asset_kind is None):
        return entry
    return Outcome("bad_entry", "name the asset either by asset_id or by asset_kind and asset_code")


def _entry(body: SourceBody) -> SourceEntry:
    by_id = body.asset_id is not None
    return SourceEntry(
        body.code,
        body.schema_,
        body.period_s,
        body.asset_id,
        None if by_id else body.asset_kind,
        None if by_id else body.asset_code,
    )


def _require_done(outcome: Outcome) -> None:
    """Raise what a single registration is refused with."""
    if outcome.result in _DONE:
        return
    raise {"bad_entry": BadRequest, "taken": Conflict}.get(outcome.result, NotFound)(outcome.message)


def _code_of(entry: Any) -> str | None:
    code = entry.get("code") if isinstance(entry, dict) else None
    return code if isinstance(code, str) else None


def _bulk_answer(codes: Sequence[str | None], outcomes: Sequence[Outcome]) -> BulkAnswer:
    results = [
        EntryResult(code=code, result=outcome.result, message=outcome.message)
        for code, outcome in zip(codes, outcomes, strict=True)
    ]
    return BulkAnswer(results=results, counts=Counter(outcome.result for outcome in outcomes))
