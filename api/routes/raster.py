"""Raster layers: the list and the tiles."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api.answers import encoded_answer
from api.dependencies import CityDep, PoolDep, SettingsDep
from api.routes.tiles import TileCacheDep
from data.rasters import list_rasters, read_raster
from tiles.raster import MAXZOOM, MINZOOM, bounds_wgs84, render_tile
from tiles.vector import check_tile

router = APIRouter(prefix="/raster", tags=["raster"])


class RasterModel(BaseModel):
    """A raster layer."""

    layer: str = Field(examples=["ground"])
    style: str = Field(examples=["hillshade"])
    attribution: str
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north in WGS-84 degrees")
    minzoom: int
    maxzoom: int
    tiles: str = Field(description="Address of a tile.", examples=["http://127.0.0.1:8000/raster/ground/{z}/{x}/{y}.png?city=1"])


@router.get("")
async def rasters(request: Request, pool: PoolDep, settings: SettingsDep, city: CityDep) -> list[RasterModel]:
    """List the raster layers of the city."""
    return [
        RasterModel(
            layer=found.layer,
            style=found.style,
            attribution=found.attribution,
            bounds=await asyncio.to_thread(bounds_wgs84, settings.var_dir / found.path),
            minzoom=MINZOOM,
            maxzoom=MAXZOOM,
            tiles=f"{request.base_url}raster/{found.layer}/{{z}}/{{x}}/{{y}}.png?city={city}",
        )
        for found in await list_rasters(pool, city)
    ]


@router.get("/{layer}/{z}/{x}/{y}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def raster_tile(
    *,
    request: Request,
    pool: PoolDep,
    settings: SettingsDep,
    cache: TileCacheDep,
    city: CityDep,
    layer: str,
    z: Annotated[int, Path(examples=[14])],
    x: Annotated[int, Path(examples=[13895])],
    y: Annotated[int, Path(examples=[5965])],
) -> Response:
    """Return one tile of 256 pixels; transparent where the layer has no data."""
    check_tile(z, x, y, minzoom=MINZOOM, maxzoom=MAXZOOM, what=f"raster layer {layer!r}")
    found = await read_raster(pool, city, layer)
    path = settings.var_dir / found.path
    key = ("raster", city, found.path, found.style, z, x, y)
    entry = await cache.get(key, "identity", lambda: asyncio.to_thread(render_tile, path, found.style, (z, x, y)))
    return encoded_answer(request, entry, "image/png")
