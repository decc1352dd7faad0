"""Scenes: one deck.gl document that the web page and a notebook draw alike."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.scenes import scene_city
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
