"""Readings: intake of frames, their sources and schemas, and history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.errors import BadRequest, PayloadTooLarge
from api.live_room import LiveRoom
from api.routes.metrics import FRAMES
from data.errors import NotFound
from data.pool import Pool
from data.readings import from_ms, read_history
from data.sources import StoredSchema, list_schemas, list_source_assets, list_sources, register_schema, register_source
from twin.errors import BadFrame
from twin.history import Series, gather
from twin.readings import Result, Source

router = APIRouter(tags=["readings"])

MAX_BODY_BYTES = 8 * 2**20
MAX_FRAMES = 5_000
"""Frames in one request; gateways send 100 to 1,000."""
MAX_HISTORY_FRAMES = 20_000


class FrameModel(BaseModel):
    """One reading frame."""

    source: str = Field(description="Code of the source.", examples=["substation:S001"])
    schema_: str = Field(alias="schema", description="Code of its frame schema, or CODE/VERSION.", examples=["weather_station"])
    observed_at: int = Field(description="Time by the device's clock, epoch milliseconds.", examples=[1795255200000])
    values: list[float | None] = Field(description="One value a point, in schema order; null = missing.", examples=[[-12.4]])
    quality: list[int] | None = Field(None, description="QARTOD flags 1, 2, 3, 4, 9, one a point.", examples=[[1]])


class ReadingsBody(BaseModel):
    """A batch of frames; the same body by HTTP and by a broker."""

    frames: list[FrameModel] = Field(max_length=MAX_FRAMES)


class ReadingsAnswer(BaseModel):
    """What became of each frame. It comes after the commit: an accepted frame is on disk."""

    results: list[Result] = Field(description="One a frame, in order.", examples=[["accepted", "duplicate"]])
    counts: dict[Result, int] = Field(description="How many of each.", examples=[{"accepted": 1, "duplicate": 1}])


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


class SchemaBody(BaseModel):
    """A frame schema to register."""

    code: str = Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$", examples=["weather_station"])
    points: list[PointModel] = Field(min_length=1)


class SchemaModel(BaseModel):
    """A registered frame schema."""

    schema_id: int
    code: str
    version: int
    points: list[PointModel]


class SourceBody(BaseModel):
    """A source to register; the asset by id, or by kind and code."""

    code: str = Field(min_length=1, max_length=200, examples=["substation:S001"])
    schema_: str = Field(alias="schema", description="CODE for its newest version, or CODE/VERSION.", examples=["substation"])
    period_s: int = Field(60, ge=1, le=86_400, description="Expected seconds between frames; three missed = stale.")
    asset_id: int | None = Field(None, examples=[12])
    asset_kind: str | None = Field(None, examples=["substation"])
    asset_code: str | None = Field(None, examples=["S001"])


class SourceModel(BaseModel):
    """A registered source."""

    code: str
    asset_id: int
    asset_kind: str
    asset_name: str
    substation_id: int | None = Field(description="The substation that serves the asset, where one is declared.")
    schema_: str = Field(alias="schema", examples=["substation/1"])
    period_s: int


class SeriesPoint(BaseModel):
    """Values of one point, one a frame."""

    name: str
    unit: str
    values: list[float | None]
    quality: list[int]


class SeriesModel(BaseModel):
    """History of one source."""

    source: str
    observed_at: list[int] = Field(description="Epoch milliseconds.")
    points: list[SeriesPoint]
    truncated: bool = Field(description=f"True when there are more frames than {MAX_HISTORY_FRAMES}; ask for a shorter time.")


class HistoryAnswer(BaseModel):
    """Readings of one asset."""

    asset_id: int
    series: list[SeriesModel]


def live_room(request: Request) -> LiveRoom:
    """Return the live room of the process."""
    room: LiveRoom = request.app.state.live
    return room


async def _body(request: Request) -> bytes:
    """Read a body, refused as soon as it is over the limit."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        raise PayloadTooLarge(f"the body has {announced} bytes; at most {MAX_BODY_BYTES} are taken, send smaller batches")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"the body has more than {MAX_BODY_BYTES} bytes; send smaller batches")
        parts.append(part)
    return b"".join(parts)


def parse_frames(body: bytes) -> list[Any]:
    """Return the frames of a body; each is checked later, on its own.

    Raises
    ------
    BadFrame
        When it is not JSON of the shape `{"frames": [...]}`.
    PayloadTooLarge
        When it holds too many frames.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadFrame(f"the body is not JSON: {error}") from None
    frames = data.get("frames") if isinstance(data, dict) else None
    if not isinstance(frames, list):
        raise BadFrame('the body must be {"frames": [...]}')
    if len(frames) > MAX_FRAMES:
        raise PayloadTooLarge(f"the body has {len(frames)} frames; at most {MAX_FRAMES} are taken, send smaller batches")
    return frames


_BODY_SCHEMA = ReadingsBody.model_json_schema(ref_template="#/components/schemas/{model}")


def _inline(schema: JsonValue, definitions: dict[str, JsonValue]) -> JsonValue:
    """Put the definitions in the place of their references, as OpenAPI has no room for `$defs` here."""
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _inline(definitions[reference.rsplit("/", 1)[-1]], definitions)
    return {key: _inline(value, definitions) for key, value in schema.items() if key != "$defs"}


_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _inline(_BODY_SCHEMA, _BODY_SCHEMA.get("$defs", {}))}},
    }
}


@router.post("/readings", openapi_extra=_REQUEST_BODY)
async def post_readings(request: Request, caller: CallerDep, city: CityDep) -> ReadingsAnswer:
    """Take reading frames; the answer comes after the commit and says of each frame what became of it."""
    caller.scope.require_layer("readings")
    frames = parse_frames(await _body(request))
    results = await live_room(request).submit(city, frames, caller.scope)
    counts = {result: results.count(result) for result in Result if result in results}
    for result, count in counts.items():
        FRAMES.labels(result.value).inc(count)
    return ReadingsAnswer(results=results, counts=counts)


@router.get("/schemas")
async def get_schemas(caller: CallerDep, city: CityDep, pool: PoolDep) -> list[SchemaModel]:
    """List the frame schemas of a city, oldest first."""
    caller.scope.require_layer("readings")
    return [_schema_model(stored) for stored in await list_schemas(pool, city)]


@router.post("/schemas")
async def post_schema(body: SchemaBody, _caller: CallerDep, city: CityDep, pool: PoolDep) -> SchemaModel:
    """Register a frame schema; other points under a known code make a new version, the same points change nothing."""
    stored = await register_schema(pool, city, body.code, [point.model_dump() for point in body.points])
    return _schema_model(stored)


def _schema_model(stored: StoredSchema) -> SchemaModel:
    schema = stored.schema
    points = [PointModel(**point.as_json()) for point in schema.points]
    return SchemaModel(schema_id=stored.schema_id, code=schema.code, version=schema.version, points=points)


@router.get("/sources")
async def get_sources(caller: CallerDep, city: CityDep, pool: PoolDep) -> list[SourceModel]:
    """List the sources whose assets the caller may see."""
    caller.scope.require_layer("readings")
    return await _sources(pool, caller, city)


async def _sources(pool: Pool, caller: Caller, city: int) -> list[SourceModel]:
    assets = {asset.source_id: asset for asset in await list_source_assets(pool, caller.scope, city)}
    return [
        SourceModel(
            code=source.code,
            asset_id=source.asset_id,
            asset_kind=source.kind,
            asset_name=assets[source.source_id].name,
            substation_id=assets[source.source_id].substation_id,
            schema=f"{source.schema.code}/{source.schema.version}",
            period_s=source.period_s,
        )
        for source in await list_sources(pool, city)
        if source.source_id in assets
    ]


@router.post("/sources")
async def post_source(request: Request, body: SourceBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> SourceModel:
    """Register a source of an asset, or change the one of that code."""
    if (body.asset_id is None) == (body.asset_code is None or body.asset_kind is None):
        raise BadRequest("name the asset either by asset_id or by asset_kind and asset_code")
    await register_source(
        pool,
        caller.scope,
        city,
        body.code,
        schema=body.schema_,
        period_s=body.period_s,
        asset_id=body.asset_id,
        asset_kind=body.asset_kind,
        asset_code=body.asset_code,
    )
    await live_room(request).reload(city)
    return next(source for source in await _sources(pool, caller, city) if source.code == body.code)


@router.get("/assets/{asset_id}/readings")
async def get_readings(
    asset_id: Annotated[int, Path(examples=[12])],
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    from_: Annotated[int | None, Query(alias="from", description="Epoch milliseconds; default: 24 h before `to`.")] = None,
    to: Annotated[int | None, Query(description="Epoch milliseconds, not included; default: now.")] = None,
    points: Annotated[str | None, Query(description="Names separated by commas; default: all.")] = None,
) -> HistoryAnswer:
    """Return the readings of an asset as they came, with their quality flags."""
    caller.scope.require_layer("readings")
    start, end = _span(from_, to)
    visible = {asset.source_id for asset in await list_source_assets(pool, caller.scope, city) if asset.asset_id == asset_id}
    sources = [source for source in await list_sources(pool, city) if source.source_id in visible]
    if not sources:
        raise NotFound(f"no source reports on asset {asset_id} in city {city}")
    wanted = None if points is None else [name.strip() for name in points.split(",") if name.strip()]
    schemas = {stored.schema_id: stored.schema for stored in await list_schemas(pool, city)}
    _require_points(wanted, sources)
    series = []
    for source in sources:
        frames = await read_history(pool, city, source.source_id, start=start, end=end, limit=MAX_HISTORY_FRAMES + 1)
        gathered = gather(frames[:MAX_HISTORY_FRAMES], schemas, source.schema, wanted)
        series.append(_series_model(source.code, gathered, truncated=len(frames) > MAX_HISTORY_FRAMES))
    return HistoryAnswer(asset_id=asset_id, series=series)


def _span(from_ms_: int | None, to_ms: int | None) -> tuple[datetime, datetime]:
    try:
        end = datetime.now(UTC) + timedelta(seconds=1) if to_ms is None else from_ms(to_ms)
        start = end - timedelta(days=1) if from_ms_ is None else from_ms(from_ms_)
    except OverflowError:
        raise BadRequest(f"from is {from_ms_}, to is {to_ms}; both must be epoch milliseconds") from None
    if start >= end:
        raise BadRequest(f"from is {from_ms_}, to is {to_ms}; from must lie before to")
    return start, end


def _require_points(wanted: list[str] | None, sources: list[Source]) -> None:
    known = sorted({point.name for source in sources for point in source.schema.points})
    unknown = [name for name in wanted or [] if name not in known]
    if unknown:
        raise BadRequest(f"points names {', '.join(unknown)}; the asset has {', '.join(known)}")


def _series_model(code: str, series: Series, *, truncated: bool) -> SeriesModel:
    points = [
        SeriesPoint(name=item.point.name, unit=item.point.unit, values=item.values, quality=item.quality)
        for item in series.points
    ]
    return SeriesModel(source=code, observed_at=series.observed_ms, points=points, truncated=truncated)
