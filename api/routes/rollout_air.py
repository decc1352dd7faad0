"""Air quality by district and zone: the newest value of a pollutant, and its course."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.rollout_room import newest_of
from api.routes.readings import live_room
from api.routes.rollout import AreaKind
from data.errors import NotFound
from data.history.postgres import PostgresHistory
from data.rollout import AreaFilter, RolloutArea, list_areas, list_figures
from data.rollout_live import read_air_stations
from twin.air_quality import CLASSES_ZH, POINTS, Pollutant, class_of, index_of

router = APIRouter(prefix="/rollout", tags=["rollout"])

_HOUR_MS = 3_600_000
_KINDS: tuple[AreaKind, ...] = ("district", "zone")
PollutantQuery = Annotated[Pollutant, Query(examples=["pm25"])]


class AirAreaModel(BaseModel):
    """One pollutant of one area."""

    area_id: int = Field(examples=[3])
    kind: AreaKind
    name: str = Field(examples=["双阳区"])
    value: float | None = Field(description="Mean of its stations, µg/m³; null where none was heard lately.", examples=[48.5])
    station_count: int = Field(description="Stations in the mean.")
    left_out: int = Field(description="Stations without a fresh good value.")
    iaqi: float | None = Field(description="Individual index, HJ 633-2012.", examples=[69.3])
    aqi_class: int | None = Field(description="1 excellent to 6 severely polluted.", examples=[2])
    lon: float | None = Field(description="Of a point inside, WGS-84 degrees.")
    lat: float | None
    clean_heating_rate: float | None = Field(description="Beside it: the share of heated area that is heated cleanly.")


class AirAnswer(BaseModel):
    """One pollutant of all visible districts and zones."""

    pollutant: Pollutant
    unit: str = Field(examples=["µg/m³"])
    as_of: datetime
    classes_zh: list[str]
    items: list[AirAreaModel]


@router.get("/air")
async def air(request: Request, caller: CallerDep, pool: PoolDep, city: CityDep, pollutant: PollutantQuery = "pm25") -> AirAnswer:
    """Return the newest value of a pollutant by district and zone, with its class and the clean-heating rate beside it."""
    live = live_room(request).require_city(city)
    stations = await read_air_stations(pool, city)
    assets, values = newest_of(live, "air_station", POINTS[pollutant])
    newest = dict(zip(assets.tolist(), values.tolist(), strict=True))
    items = []
    for kind in _KINDS:
        places = {area.area_id: area for area in await list_areas(pool, caller.scope, city, AreaFilter(kind))}
        for area in await list_figures(pool, caller.scope, city, AreaFilter(kind)):
            own = [station for station, area_id in stations.items() if area_id == area.area_id]
            heard = [newest[station] for station in own if station in newest]
            mean = float(np.mean(heard)) if heard else None
            index = None if mean is None else index_of(pollutant, mean)
            items.append(
                AirAreaModel(
                    area_id=area.area_id,
                    kind=kind,
                    name=area.name,
                    value=mean,
                    station_count=len(heard),
                    left_out=len(own) - len(heard),
                    iaqi=index,
                    aqi_class=None if index is None else class_of(index),
                    lon=places[area.area_id].lon,
                    lat=places[area.area_id].lat,
                    clean_heating_rate=area.figures["clean_heating_rate"],
                )
            )
    as_of = datetime.fromtimestamp(live.as_of_ms / 1000.0, UTC)
    return AirAnswer(pollutant=pollutant, unit="µg/m³", as_of=as_of, classes_zh=list(CLASSES_ZH), items=items)


class AirHourModel(BaseModel):
    """Mean of one hour."""

    hour_at: datetime
    value: float = Field(description="µg/m³", examples=[51.2])
    station_count: int


class AirHours(BaseModel):
    """Course of a pollutant in one area; hours without values are not there."""

    area_id: int
    name: str
    pollutant: Pollutant
    items: list[AirHourModel]


@router.get("/air/{area_id}/hours")
async def air_hours(
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    area_id: Annotated[int, Path(ge=1, le=2**31 - 1, examples=[3])],
    *,
    pollutant: PollutantQuery = "pm25",
    hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24,
) -> AirHours:
    """Return the hourly means of a district's or zone's stations up to now."""
    area = await _area(pool, caller, city, area_id)
    stations = await read_air_stations(pool, city)
    own = {station for station, at in stations.items() if at == area.area_id}
    live = live_room(request).require_city(city)
    sources = [source for source in live.sources.values() if source.asset_id in own]
    end_ms = time.time_ns() // 1_000_000
    start_ms = (end_ms // _HOUR_MS - hours + 1) * _HOUR_MS
    history: PostgresHistory = request.app.state.history
    sums: dict[int, list[float]] = {}
    for source in sources:
        point = next((each for each in source.schema.points if each.name == POINTS[pollutant]), None)
        if point is None:
            continue
        curve = await history.curve(city, source.source_id, [point], start_ms, end_ms, every_s=3600)
        for at, value in zip(curve.at_ms.tolist(), curve.points[0].values.tolist(), strict=True):
            if np.isfinite(value):
                sums.setdefault(at, []).append(float(value))
    items = [
        AirHourModel(hour_at=datetime.fromtimestamp(at / 1000.0, UTC), value=float(np.mean(values)), station_count=len(values))
        for at, values in sorted(sums.items())
    ]
    return AirHours(area_id=area.area_id, name=area.name, pollutant=pollutant, items=items)


async def _area(pool: PoolDep, caller: CallerDep, city: int, area_id: int) -> RolloutArea:
    found = [each for each in await list_areas(pool, caller.scope, city, AreaFilter(area_id=area_id)) if each.kind in _KINDS]
    if not found:
        raise NotFound(f"there is no district or zone {area_id}; /rollout/areas lists them")
    return found[0]
