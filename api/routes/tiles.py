"""Vector tiles: the list of tilesets, their TileJSON and the tiles themselves."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers import PRIVATE, preferred_encoding
from api.dependencies import CallerDep, CityDep, CityQuery, PoolDep
from api.tile_room import MVT, TileAddress, TileRoom, Visitor, tile_answer
from data.tiles import read_tile_city, read_version, read_versions
from tiles.cache import TileCache
from tiles.selections import selection_of
from tiles.tilesets import TILESETS
from tiles.vector import describe, require_visible

router = APIRouter(prefix="/tiles", tags=["tiles"])


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


NamesPath = Annotated[str, Path(description="One tileset, or several joined by commas: one answer.", examples=["network"])]
CrsQuery = Annotated[str, Query(description="Datum of the grid: wgs84, gcj02 or bd09.", examples=["wgs84"])]
WithQuery = Annotated[
    str,
    Query(alias="with", description="Optional attributes joined by commas, or `all`; the TileJSON lists them.", examples=[""]),
]


@router.get("/{names}.json")
async def tileset_json(
    *,
    request: Request,
    response: Response,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    names: NamesPath,
    crs: CrsQuery = "wgs84",
    wanted: WithQuery = "",
) -> dict[str, Any]:
    """Describe tilesets as TileJSON 3: zooms, bounds, layers, attributes and their codes."""
    selection = selection_of(names, crs, wanted)
    for tileset in selection.tilesets:
        require_visible(tileset, caller.scope)
    versions = [await read_version(pool, city, name) for name in selection.names]
    query = urlencode({"city": city} | ({"crs": crs} if crs != "wgs84" else {}) | ({"with": wanted} if wanted else {}), safe=",")
    template = f"{request.base_url}tiles/{selection.name}/{{z}}/{{x}}/{{y}}.mvt?{query}"
    response.headers["Cache-Control"] = PRIVATE
    return describe(selection, await read_tile_city(pool, city), min(each.assets_version for each in versions), template)


@router.get(
    "/{names}/{z}/{x}/{y}.mvt",
    response_class=Response,
    responses={
        200: {"content": {MVT: {}}},
        204: {"description": "Nothing is in this tile."},
        304: {"description": "Unchanged."},
        503: {"description": "The tile took too long; its query was cancelled. `Retry-After` says when to come again."},
    },
)
async def tile(
    *,
    request: Request,
    caller: CallerDep,
    names: NamesPath,
    z: Annotated[int, Path(examples=[14])],
    x: Annotated[int, Path(examples=[13895])],
    y: Annotated[int, Path(examples=[5978])],
    city: CityQuery = None,
    crs: CrsQuery = "wgs84",
    wanted: WithQuery = "",
) -> Response:
    """Return one vector tile (MVT 2.1, Web Mercator, XYZ) as the caller may see it; 204 when nothing is in it."""
    room: TileRoom = request.app.state.tile_room
    address = TileAddress(selection_of(names, crs, wanted), (z, x, y), city)
    prepared = await room.prepare(Visitor(caller.scope, caller.scope.rights_class), address)
    entry = await room.entry(prepared, preferred_encoding(request))
    status, headers, body = tile_answer(prepared, entry, request.headers.get("if-none-match", ""))
    response = Response(body, status)
    response.raw_headers = headers
    return response
