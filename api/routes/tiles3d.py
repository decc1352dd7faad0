"""3D Tiles: tileset.json and its content files, in two height datums."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.answers import encoded_answer, preferred_encoding
from api.dependencies import CallerDep, CityDep, SettingsDep
from api.loading import published_buildings
from api.routes.tiles import TileCacheDep
from tiles.tiles3d.build import Published, buildings_folder, read_content, read_tileset, rights_of

router = APIRouter(prefix="/3dtiles", tags=["3D tiles"])


class HeightDatum(StrEnum):
    """What height 0 is: the ellipsoid (globes) or the ground (flat maps)."""

    ELLIPSOID = "ellipsoid"
    GROUND = "ground"


async def _published(caller: CallerDep, settings: SettingsDep, city: int) -> tuple[Path, Published]:
    caller.scope.require_layer("building")
    published = await asyncio.to_thread(published_buildings, settings, city, caller.scope)
    return buildings_folder(settings.var_dir, city, rights_of(caller.scope)), published


@router.get("/buildings/{datum}/tileset.json", response_class=Response, responses={200: {"content": {"application/json": {}}}})
async def tileset(
    *, request: Request, caller: CallerDep, settings: SettingsDep, cache: TileCacheDep, city: CityDep, datum: HeightDatum
) -> Response:
    """Return the tile tree of the buildings (3D Tiles 1.1); content addresses carry the city."""
    folder, published = await _published(caller, settings, city)
    key = ("tiles3d", str(folder), published.build, datum.value, "tileset.json")
    entry = await cache.get(
        key,
        preferred_encoding(request),
        lambda: asyncio.to_thread(read_tileset, folder, published, datum.value, f"?city={city}"),
    )
    return encoded_answer(request, entry, "application/json")


@router.get("/buildings/{datum}/{name}", response_class=Response, responses={200: {"content": {"model/gltf-binary": {}}}})
async def content(
    *,
    request: Request,
    caller: CallerDep,
    settings: SettingsDep,
    cache: TileCacheDep,
    city: CityDep,
    datum: HeightDatum,
    name: str,
) -> Response:
    """Return one content file (glb). Its name holds a hash of its bytes."""
    folder, published = await _published(caller, settings, city)
    key = ("tiles3d", str(folder), published.build, datum.value, name)
    entry = await cache.get(
        key, preferred_encoding(request), lambda: asyncio.to_thread(read_content, folder, published, datum.value, name)
    )
    return encoded_answer(request, entry, "model/gltf-binary")
