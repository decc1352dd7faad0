"""Scenes: one deck.gl document that the web page and a notebook draw alike."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import encoded_answer, preferred_encoding
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.routes.tiles import TileCacheDep
from api.scenes import scene_city
from data.bearers import read_bearers
from data.contents import read_version
from tiles.scenes import SCENES, build_scene, check_scene

router = APIRouter(prefix="/scenes", tags=["scenes"])


@router.get("")
async def scenes() -> list[str]:
    """List the names of the scenes."""
    return list(SCENES)


@router.get("/{name}.json")
async def scene(
    *, request: Request, caller: CallerDep, pool: PoolDep, settings: SettingsDep, city: CityDep, name: str
) -> dict[str, Any]:
    """Return a scene of the city as pydeck writes it: views, camera, layers with addresses (never data)."""
    found = await scene_city(pool, settings, caller.scope, city)
    return check_scene(await asyncio.to_thread(build_scene, name, found, str(request.base_url).rstrip("/")))


class BearersAnswer(BaseModel):
    """Which solid of the 3D view shows an asset that has no solid of its own; pairs, by rising asset id."""

    model_config = ConfigDict(json_schema_extra={"example": {"asset_ids": [1034, 1035], "solid_ids": [338, 342]}})

    asset_ids: list[int] = Field(description="Heat inlets, plants, boiler houses, substations, devices, plant branches.")
    solid_ids: list[int] = Field(description="The building that each stands in; for a plant branch each of its pipes.")


@router.get("/bearers", response_model=BearersAnswer, responses={304: {"description": "Unchanged."}})
async def bearers(*, request: Request, caller: CallerDep, pool: PoolDep, cache: TileCacheDep, city: CityDep) -> Response:
    """Tell which building or pipe bears the colour of what stands in it: an alarm of a heat inlet colours its building."""
    version = await read_version(pool, city)

    async def compute() -> bytes:
        found = await read_bearers(pool, caller.scope, city)
        return BearersAnswer(asset_ids=found.asset_ids, solid_ids=found.solid_ids).model_dump_json().encode()

    key = ("bearers", city, caller.scope.rights_class, version.assets_version)
    entry = await cache.get(key, preferred_encoding(request), compute)
    return encoded_answer(request, entry, "application/json")
