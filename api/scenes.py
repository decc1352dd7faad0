"""What there is to draw in a scene of a city, for a caller."""

from __future__ import annotations

import asyncio

from api.settings import Settings
from api.solids import published_solids
from data.errors import NotFound
from data.pool import Pool
from data.rollout import read_district_rates
from data.tiles import read_tile_city, read_versions
from tiles.errors import DamagedTileset
from tiles.scenes import SOLIDS, SceneCity
from tiles.tiles3d.layers import SOLID_LAYERS
from twin.scope import Scope


async def scene_city(pool: Pool, settings: Settings, scope: Scope, city_id: int) -> SceneCity:
    """Find out which parts of a scene the caller may see and the city has.

    Raises
    ------
    NotFound
        When nothing of the city is drawn yet.
    """
    city = await read_tile_city(pool, city_id)
    if city.bbox_wgs84 is None:
        raise NotFound(f"city {city_id} has nothing to draw yet; `heat-twin tiles rebuild` builds its tiles")
    parts = set()
    if scope.allows_layer("pipe") and "network" in await read_versions(pool, city_id):
        parts.add("network")
    if scope.allows_layer("rollout") and await read_district_rates(pool, scope, city_id):
        parts.add("rates")
    parts |= {f"{name}3d" for name in await asyncio.to_thread(_built_solids, settings, city_id, scope)}
    return SceneCity(city_id, city.bbox_wgs84, frozenset(parts))


def _built_solids(settings: Settings, city_id: int, scope: Scope) -> list[str]:
    """Return the names of the 3D tilesets that the scope sees and the city has built."""
    seen = [name for name, layer in SOLID_LAYERS.items() if name in SOLIDS and layer.seen_by(scope)]
    return [name for name in seen if _is_built(settings, city_id, name, scope)]


def _is_built(settings: Settings, city_id: int, name: str, scope: Scope) -> bool:
    try:
        published_solids(settings, city_id, name, scope)
    except (NotFound, DamagedTileset):
        return False
    return True
