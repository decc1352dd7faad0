"""Raster layers: the list, what each one is (TileJSON), and the tiles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers import encoded_answer
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.routes.tiles import TileCacheDep
from api.settings import Settings
from data.pool import Pool
from data.rasters import RasterLayer, list_rasters, read_raster
from tiles.cache import Entry, TileCache
from tiles.datums import TileDatum
from tiles.errors import LayerGone
from tiles.raster import (
    MAXZOOM,
    MEDIA_TYPES,
    MINZOOM,
    TILE_PIXELS,
    Form,
    HeightStyle,
    TileLook,
    raster_extent,
    render_tile,
    restyled,
)
from tiles.vector import check_tile
from twin.scope import RASTER

router = APIRouter(prefix="/raster", tags=["raster"])

DatumQuery = Annotated[TileDatum, Query(alias="crs", description="Datum of the client's map.", examples=["wgs84"])]
StyleQuery = Annotated[
    HeightStyle | None,
    Query(description="Another look at a layer of heights than its own; a layer of colours has one look.", examples=["terrain"]),
]
Zoom = Annotated[int, Path(examples=[14])]
Column = Annotated[int, Path(examples=[13895])]
Row = Annotated[int, Path(examples=[5965])]
_PICTURES: dict[int | str, dict[str, Any]] = {200: {"content": {media: {} for media in MEDIA_TYPES.values()}}}


class RasterModel(BaseModel):
    """A raster layer."""

    layer: str = Field(examples=["ground"])
    style: str = Field(examples=["hillshade"])
    attribution: str
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north in WGS-84 degrees")
    minzoom: int
    maxzoom: int
    tiles: str = Field(description="Address of a tile.", examples=["http://127.0.0.1:8000/raster/ground/{z}/{x}/{y}.png?city=1"])


class RasterTileJson(BaseModel):
    """A raster layer as TileJSON 3.0.0, with the size of its tiles."""

    tilejson: Literal["3.0.0"] = "3.0.0"
    name: str = Field(examples=["satellite"])
    attribution: str
    scheme: Literal["xyz"] = "xyz"
    tiles: list[str] = Field(examples=[["http://127.0.0.1:8000/raster/satellite/{z}/{x}/{y}.png?city=1&crs=wgs84"]])
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north in WGS-84 degrees")
    minzoom: int
    maxzoom: int
    vector_layers: list[None] = Field(default=[], description="Empty: a picture has none.", max_length=0)
    tile_size: int = Field(alias="tileSize", examples=[256])
    style: str = Field(examples=["colour"])


@router.get("")
async def rasters(request: Request, caller: CallerDep, pool: PoolDep, settings: SettingsDep, city: CityDep) -> list[RasterModel]:
    """List the raster layers of the city; none for a seat that may not see layer `raster`."""
    if not caller.scope.allows_layer(RASTER):
        return []
    found = await list_rasters(pool, city)
    return [model for layer in found if (model := await _model(request, settings, layer, city)) is not None]


async def _model(request: Request, settings: Settings, found: RasterLayer, city: int) -> RasterModel | None:
    """Describe a layer; None when its file is gone."""
    try:
        extent = await asyncio.to_thread(raster_extent, settings.var_dir / found.path, found.style)
    except LayerGone:
        return None
    return RasterModel(
        layer=found.layer,
        style=found.style,
        attribution=found.attribution,
        bounds=extent.bounds,
        minzoom=extent.minzoom,
        maxzoom=extent.maxzoom,
        tiles=f"{request.base_url}raster/{found.layer}/{{z}}/{{x}}/{{y}}.png?city={city}",
    )


@router.get("/{layer}.json", response_model_by_alias=True)
async def raster_tilejson(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    settings: SettingsDep,
    city: CityDep,
    layer: Annotated[str, Path(examples=["ground"])],
    crs: DatumQuery = "wgs84",
) -> RasterTileJson:
    """Describe one raster layer as TileJSON."""
    caller.scope.require_layer(RASTER)
    found = await read_raster(pool, city, layer)
    extent = await asyncio.to_thread(raster_extent, settings.var_dir / found.path, found.style)
    template = f"{request.base_url}raster/{layer}/{{z}}/{{x}}/{{y}}.png?city={city}&crs={crs}"
    return RasterTileJson(
        name=layer,
        attribution=found.attribution,
        tiles=[template],
        bounds=extent.bounds,
        minzoom=extent.minzoom,
        maxzoom=extent.maxzoom,
        tileSize=TILE_PIXELS,
        style=found.style,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a tile asks for, and what answers it."""

    request: Request
    pool: Pool
    settings: Settings
    cache: TileCache
    city: int
    layer: str
    zxy: tuple[int, int, int]
    datum: TileDatum
    style: HeightStyle | None

    async def answer(self, pixels: int, form: Form) -> Response:
        """Return the tile out of the cache; when the layer is replaced meanwhile, that of its new file."""
        found = await read_raster(self.pool, self.city, self.layer)
        try:
            entry = await self._entry(found, pixels, form)
        except LayerGone:
            again = await read_raster(self.pool, self.city, self.layer)
            if again.path == found.path:
                raise
            entry = await self._entry(again, pixels, form)
        return encoded_answer(self.request, entry, MEDIA_TYPES[form])

    async def _entry(self, found: RasterLayer, pixels: int, form: Form) -> Entry:
        style = found.style if self.style is None else restyled(self.layer, found.style, self.style)
        path, look = self.settings.var_dir / found.path, TileLook(style, pixels, self.datum, form)
        # the path names the content: another file has another one
        key = ("raster", found.path, look, self.zxy)
        return await self.cache.get(key, "identity", lambda: asyncio.to_thread(render_tile, path, look, self.zxy))


async def get_asked(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    settings: SettingsDep,
    cache: TileCacheDep,
    city: CityDep,
    layer: Annotated[str, Path(examples=["ground"])],
    z: Zoom,
    x: Column,
    y: Row,
    crs: DatumQuery = "wgs84",
    style: StyleQuery = None,
) -> Asked:
    """Return what a tile's address asks for.

    Raises
    ------
    OutsideScope
        When the seat may not see rasters.
    BadTile
        When there is no such tile.
    """
    caller.scope.require_layer(RASTER)
    check_tile(z, x, y, minzoom=MINZOOM, maxzoom=MAXZOOM, what=f"raster layer {layer!r}")
    return Asked(request, pool, settings, cache, city, layer, (z, x, y), crs, style)


AskedDep = Annotated[Asked, Depends(get_asked)]


@router.get("/{layer}/{z}/{x}/{y}@2x.{form}", response_class=Response, responses=_PICTURES)
async def raster_tile_2x(asked: AskedDep, form: Form) -> Response:
    """Return one tile of 512 pixels; transparent where the layer has no data."""
    return await asked.answer(2 * TILE_PIXELS, form)


@router.get("/{layer}/{z}/{x}/{y}.{form}", response_class=Response, responses=_PICTURES)
async def raster_tile(asked: AskedDep, form: Form) -> Response:
    """Return one tile of 256 pixels; transparent where the layer has no data."""
    return await asked.answer(TILE_PIXELS, form)


@router.get("/{layer}/{z}/{x}/{y}", response_class=Response, responses=_PICTURES)
async def raster_tile_by_accept(asked: AskedDep) -> Response:
    """Return one tile of 256 pixels as WebP when `Accept` names it, else as PNG."""
    form: Form = "webp" if "image/webp" in asked.request.headers.get("accept", "").lower() else "png"
    answer = await asked.answer(TILE_PIXELS, form)
    answer.headers.append("Vary", "Accept")
    return answer
