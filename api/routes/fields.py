"""Live fields: the list with legends, tiles, values at a place, stations."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.answers import encoded_answer
from api.dependencies import CallerDep, CityDep
from api.errors import BadRequest
from api.field_room import FieldRoom, Wanted, require_visible, visible, wanted_now
from api.routes.raster import Column, DatumQuery, Row, Zoom
from api.routes.tiles import TileCacheDep
from data.readings import from_ms
from tiles.fields import FIELDS, MAXZOOM, MINZOOM, bounds_of, field_of, render_field, value_at
from tiles.fields import Field as FieldKind
from tiles.vector import check_tile

router = APIRouter(prefix="/fields", tags=["fields"])

NameInPath = Annotated[str, Path(examples=["outdoor_temperature_degc"])]
AtQuery = Annotated[
    AwareDatetime | None,
    Query(description="ISO time with zone: what was known then; default: now.", examples=["2026-11-21T08:00:00Z"]),
]


class LegendItem(BaseModel):
    """One entry of a legend."""

    value: float = Field(description="What the colour stands for; of a class, where it begins.", examples=[-10.0])
    colour: str = Field(examples=["#8073ac"])
    label_zh: str = Field(description="Name of a class, else empty.")
    label_en: str


class FieldModel(BaseModel):
    """A field that has stations which report now."""

    field: str = Field(examples=["outdoor_temperature_degc"])
    title_zh: str
    title_en: str
    unit: str = Field(examples=["°C"])
    tiles: str = Field(examples=["http://127.0.0.1:8000/fields/outdoor_temperature_degc/{z}/{x}/{y}.png?city=1"])
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north in WGS-84 degrees")
    minzoom: int
    maxzoom: int
    as_of_at: datetime = Field(description="Time of the newest reading.")
    stations: int = Field(description="How many count now.", examples=[12])
    reach_m: float = Field(description="Nothing is drawn farther from a station.")
    households: int = Field(description="Fewest households behind a value; 1 where stations are shown as they are.")
    legend_kind: Literal["classes", "ramp"] = Field(description="ramp: colours between two entries are mixed.")
    source: str = Field(description="Standard that the classes come from, else empty.")
    legend: list[LegendItem]


class FieldValue(BaseModel):
    """A field at one place."""

    field: str
    value: float | None = Field(description="null beyond the reach of the stations.", examples=[-12.4])
    unit: str
    nearest_station_m: float | None = Field(description="null when no station reports.", examples=[830.0])
    stations: int
    as_of_at: datetime | None


async def get_field_room(request: Request) -> FieldRoom:
    """Return the fields of the process."""
    state = request.app.state
    if not hasattr(state, "fields"):
        state.fields = FieldRoom(state.pool, state.live)
    room: FieldRoom = state.fields
    return room


RoomDep = Annotated[FieldRoom, Depends(get_field_room)]


@router.get("")
async def fields(request: Request, caller: CallerDep, room: RoomDep, city: CityDep) -> list[FieldModel]:
    """List the fields whose stations report now, with their legends; others are not listed."""
    seen = [each for each in FIELDS.values() if visible(each, caller.scope)]
    models = [await _model(request, room, wanted_now(each, city, caller.scope)) for each in seen]
    return [model for model in models if model is not None]


async def _model(request: Request, room: FieldRoom, wanted: Wanted) -> FieldModel | None:
    stations, field = await room.stations(wanted), wanted.field
    if stations.observed_ms is None:
        return None
    return FieldModel(
        field=field.name,
        title_zh=field.title_zh,
        title_en=field.title_en,
        unit=field.unit,
        tiles=f"{request.base_url}fields/{field.name}/{{z}}/{{x}}/{{y}}.png?city={wanted.city_id}",
        bounds=bounds_of(field, stations),
        minzoom=MINZOOM,
        maxzoom=MAXZOOM,
        as_of_at=from_ms(stations.observed_ms),
        stations=len(stations),
        reach_m=field.reach_m,
        households=int(stations.households.min()),
        legend_kind="classes" if field.classes else "ramp",
        source=field.source,
        legend=[
            LegendItem(value=stop.value, colour=stop.colour, label_zh=stop.label_zh, label_en=stop.label_en)
            for stop in field.stops
        ],
    )


@router.get("/{field}/value")
async def field_value(
    *,
    caller: CallerDep,
    room: RoomDep,
    city: CityDep,
    field: NameInPath,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, examples=[125.3])],
    lat: Annotated[float, Query(ge=-85, le=85, allow_inf_nan=False, examples=[43.86])],
    at: AtQuery = None,
) -> FieldValue:
    """Return a field at one place (WGS-84), with the distance to the nearest station."""
    wanted = _wanted(field, caller, city, at)
    stations, surface = await room.stations(wanted), await room.surface(wanted)
    value, apart = await asyncio.to_thread(value_at, wanted.field, surface, (lon, lat))
    return FieldValue(
        field=field,
        value=None if value is None else round(value, 2),
        unit=wanted.field.unit,
        nearest_station_m=None if apart is None else round(apart, 1),
        stations=len(stations),
        as_of_at=None if stations.observed_ms is None else from_ms(stations.observed_ms),
    )


@router.get("/{field}/stations.geojson")
async def field_stations(
    *, caller: CallerDep, room: RoomDep, city: CityDep, field: NameInPath, at: AtQuery = None
) -> dict[str, Any]:
    """Return the stations of a field with their values; rooms as means of households only."""
    wanted = _wanted(field, caller, city, at)
    found = await room.stations(wanted)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]},
            "properties": {
                "asset_id": asset_id or None,
                "name": name or None,
                "value": round(value, 2),
                "unit": wanted.field.unit,
                "households": households if wanted.field.households else None,
            },
        }
        for (lon, lat), value, households, asset_id, name in zip(
            found.lonlat.tolist(),
            found.values.tolist(),
            found.households.tolist(),
            found.asset_ids.tolist(),
            found.names,
            strict=True,
        )
    ]
    return {"type": "FeatureCollection", "features": features}


@router.get(
    "/{field}/{z}/{x}/{y}.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def field_tile(
    *,
    request: Request,
    caller: CallerDep,
    room: RoomDep,
    cache: TileCacheDep,
    city: CityDep,
    field: NameInPath,
    z: Zoom,
    x: Column,
    y: Row,
    crs: DatumQuery = "wgs84",
    at: AtQuery = None,
) -> Response:
    """Return one tile of 256 pixels, transparent beyond the reach of the stations."""
    wanted = _wanted(field, caller, city, at)
    check_tile(z, x, y, minzoom=MINZOOM, maxzoom=MAXZOOM, what=f"field {field!r}")

    async def compute() -> bytes:
        surface = await room.surface(wanted)
        return await asyncio.to_thread(render_field, wanted.field, surface, (z, x, y), crs)

    entry = await cache.get(("field", wanted.key, crs, z, x, y), "identity", compute)
    return encoded_answer(request, entry, "image/png")


def _wanted(name: str, caller: CallerDep, city: int, at: datetime | None) -> Wanted:
    field: FieldKind = field_of(name)
    require_visible(field, caller.scope)
    if at is not None and not datetime(2000, 1, 1, tzinfo=UTC) <= at <= datetime.now(UTC):
        raise BadRequest(f"at is {at.isoformat()}; it must be a time in the past, after 2000")
    return wanted_now(field, city, caller.scope, at)
