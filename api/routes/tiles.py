"""Vector tiles: the list of tilesets, their TileJSON and the tiles themselves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from api.answers import encoded_answer, preferred_encoding
from api.dependencies import CallerDep, CityDep, PoolDep
from data.tiles import read_tile_city, read_version, read_versions
from tiles.cache import TileCache
from tiles.tilesets import TILESETS, tileset_of
from tiles.vector import check_tile, make_tile, require_visible, tilejson

router = APIRouter(prefix="/tiles", tags=["tiles"])
MVT = "application/vnd.mapbox-vector-tile"
OLDER = "Heat-Twin-Older"
"""Header of a tile that shows older assets than there are."""


def get_tile_cache(request: Request) -> TileCache:
    """Return the tile cache of the process."""
    cache: TileCache = request.app.state.tile_cache
    return cache


TileCacheDep = Annotated[TileCache, Depends(get_tile_cache)]


class TilesetModel(BaseModel):
    """A built tileset."""

    tileset: str = Field(examples=["network"])
    description: str
    assets_version: int = Field(description="Version of the assets that the tiles show.")
    older: bool = Field(description="True: the assets have changed since; the tiles follow within seconds.")
    url: str = Field(description="Its TileJSON.", examples=["http://127.0.0.1:8000/tiles/network.json?city=1"])


@router.get("")
async def tilesets(request: Request, caller: CallerDep, pool: PoolDep, city: CityDep) -> list[TilesetModel]:
    """List the tilesets that are built for the city; one that is not built is not listed."""
    versions = await read_versions(pool, city)
    return [
        TilesetModel(
            tileset=name,
            description=TILESETS[name].description,
            assets_version=version.assets_version,
            older=version.older,
            url=f"{request.base_url}tiles/{name}.json?city={city}",
        )
        for name, version in versions.items()
        if name in TILESETS and any(caller.scope.allows_layer(kind) for kind in TILESETS[name].kinds)
    ]


@router.get("/{tileset}.json")
async def tileset_json(
    *, request: Request, response: Response, caller: CallerDep, pool: PoolDep, city: CityDep, tileset: str
) -> dict[str, Any]:
    """Describe a tileset as TileJSON 3: zooms, bounds, layers, attributes and their codes."""
    found = tileset_of(tileset)
    require_visible(found, caller.scope)
    version = await read_version(pool, city, tileset)
    template = f"{request.base_url}tiles/{tileset}/{{z}}/{{x}}/{{y}}.mvt?city={city}"
    response.headers["Cache-Control"] = "private, no-cache"
    return tilejson(found, await read_tile_city(pool, city), version, template)


@router.get(
    "/{tileset}/{z}/{x}/{y}.mvt",
    response_class=Response,
    responses={200: {"content": {MVT: {}}}, 204: {"description": "Nothing is in this tile."}, 304: {"description": "Unchanged."}},
)
async def tile(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    cache: TileCacheDep,
    city: CityDep,
    tileset: str,
    z: Annotated[int, Path(examples=[14])],
    x: Annotated[int, Path(examples=[13895])],
    y: Annotated[int, Path(examples=[5978])],
) -> Response:
    """Return one vector tile (MVT 2.1, Web Mercator, XYZ) as the caller may see it; 204 when nothing is in it."""
    found = tileset_of(tileset)
    check_tile(z, x, y, minzoom=found.minzoom, maxzoom=found.maxzoom, what=f"tileset {tileset!r}")
    require_visible(found, caller.scope)
    version = await read_version(pool, city, tileset)
    key = ("tiles", tileset, city, caller.scope.rights_class, z, x, y, version.text)
    entry = await cache.get(key, preferred_encoding(request), lambda: make_tile(pool, found, caller.scope, city, (z, x, y)))
    answer = encoded_answer(request, entry, MVT)
    if version.older:
        answer.headers[OLDER] = "true"
    return answer
