"""Offsets (坐标偏转信息): how far maps in GCJ-02 and BD-09 show places from where they are."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.errors import NotFound
from data.tiles import read_tile_city
from gis.mainland import inside_mainland
from gis.offsets import MapDatum, grid_over, offsets_of, place_of

router = APIRouter(tags=["datums"])

_DECIMALS = 9
"""A tenth of a millimetre."""


class OffsetModel(BaseModel):
    """Where a map shows the place."""

    datum: MapDatum = Field(examples=["gcj02"])
    position: tuple[float, float] = Field(description="lon, lat in that datum.", examples=[[125.3262, 43.8823]])
    east_m: float = Field(description="So far east of the place it is shown; metres on the ground.", examples=[497.1])
    north_m: float = Field(description="So far north.", examples=[257.2])
    distance_m: float = Field(examples=[559.7])


class OffsetAnswer(BaseModel):
    """A place and the offsets there."""

    position: tuple[float, float] = Field(description="lon, lat in WGS-84.", examples=[[125.32, 43.88]])
    shifted: bool = Field(description="False outside China's mainland: maps show the place where it is.")
    offsets: list[OffsetModel]


class OffsetFeatures(BaseModel):
    """The offsets over a city as a GeoJSON FeatureCollection."""

    type: str = Field("FeatureCollection", examples=["FeatureCollection"])
    features: list[dict[str, Any]]


@router.get("/datums/offset")
def get_offset(
    _: CallerDep,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, examples=[125.32])],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, examples=[43.88])],
    datum: Annotated[Literal["wgs84", "gcj02", "bd09"], Query(description="Of `lon` and `lat`.")] = "wgs84",
) -> OffsetAnswer:
    """Tell where a place is and where maps in GCJ-02 (AMap, Tencent) and BD-09 (Baidu) show it.

    By the published formulas; how far those are from the ground only control points can say.
    """
    place = place_of(np.array([[lon, lat]]), datum)
    return OffsetAnswer(
        position=_rounded(place[0]),
        shifted=bool(inside_mainland(place)[0]),
        offsets=[_model(place, datum) for datum in ("gcj02", "bd09")],
    )


def _model(place: Any, datum: MapDatum) -> OffsetModel:
    found = offsets_of(place, datum)
    east_m, north_m, distance_m = (round(float(x[0]), 4) for x in (found.east_m, found.north_m, found.distance_m))
    return OffsetModel(datum=datum, position=_rounded(found.lonlat[0]), east_m=east_m, north_m=north_m, distance_m=distance_m)


def _rounded(lonlat: Any) -> tuple[float, float]:
    return round(float(lonlat[0]), _DECIMALS), round(float(lonlat[1]), _DECIMALS)


@router.get("/datums/offsets.geojson")
async def get_offsets(
    _: CallerDep,
    city: CityDep,
    pool: PoolDep,
    datum: Annotated[MapDatum, Query()] = "gcj02",
    count: Annotated[int, Query(ge=2, le=100, description="Places along each side of the city's extent.")] = 20,
) -> OffsetFeatures:
    """Return the offset over the city as a layer: a line from each place to where maps show it (GeoJSON, WGS-84).

    Properties: `east_m`, `north_m`, `distance_m`.
    """
    extent = (await read_tile_city(pool, city)).bbox_wgs84
    if extent is None:
        raise NotFound(f"city {city} has no extent yet; import something with a position")
    places = grid_over(extent, count)
    # in a thread, as the route above: the first call in a process loads, or compiles, the loop
    found = await asyncio.to_thread(offsets_of, places, datum)
    lines = np.stack((places, found.lonlat), axis=1).round(_DECIMALS).tolist()
    numbers = np.column_stack((found.east_m, found.north_m, found.distance_m)).round(3).tolist()
    return OffsetFeatures(type="FeatureCollection", features=list(map(_feature, lines, numbers)))


def _feature(line: list[list[float]], metres: list[float]) -> dict[str, object]:
    properties = dict(zip(("east_m", "north_m", "distance_m"), metres, strict=True))
    return {"type": "Feature", "geometry": {"type": "LineString", "coordinates": line}, "properties": properties}
