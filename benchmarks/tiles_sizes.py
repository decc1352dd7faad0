"""How long a tile takes on one connection, and how large the largest is."""

from __future__ import annotations

import gzip
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

from api.settings import Settings
from benchmarks.tiles_list import ZoomXY
from data.pool import Connection, Pool, open_pool
from data.tiles import read_tile_city
from tiles.tilesets import TILESETS, Tileset
from tiles.vector import make_tile
from twin.scope import Scope

CITY = 1
_REPEATS = 3
_GZIP_LEVEL = 6
_LAST_WHOLE_ZOOM = 14
_HEAVY = 12
_PIPES = """
select asset_id from tile_pipe
 where city_id = %s and medium = 1 and geom && st_tileenvelope(%s, %s, %s) order by asset_id limit %s
"""
COMPOSITE = ("base", "network", "coverage", "assets")


async def measure(settings: Settings, tiles: Sequence[ZoomXY]) -> dict[str, Any]:
    """Time single tiles and look for the largest.

    Parameters
    ----------
    settings
        With the `database_url`.
    tiles
        The fixed list.
    """
    pool = await open_pool(settings.database_url, size=1, statement_timeout_s=60)
    try:
        figures = await _times(pool, tiles)
        return figures | await _largest(pool)
    finally:
        await pool.close()


async def _times(pool: Pool, tiles: Sequence[ZoomXY]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    network = TILESETS["network"]
    for zoom in (10, 11, 12):
        found = [await _best(pool, [network], zxy) for zxy in tiles if zxy[0] == zoom]
        figures[f"z{zoom}_ms"] = round(max(seconds for seconds, _ in found) * 1000, 2)
        several = [await _best(pool, [TILESETS[name] for name in COMPOSITE], zxy) for zxy in tiles if zxy[0] == zoom]
        figures[f"composite_z{zoom}_ms"] = round(max(seconds for seconds, _ in several) * 1000, 2)
    found = [await _best(pool, [network], zxy) for zxy in tiles if zxy[0] == 14]
    figures["z14_ms"] = round(sum(seconds for seconds, _ in found) / len(found) * 1000, 2)
    figures["z14_kb"] = round(sum(len(body) for _, body in found) / len(found) / 1000, 1)
    figures["z14_gzip_kb"] = round(sum(_gzip_kb(body) for _, body in found) / len(found), 1)
    return figures


async def _best(pool: Pool, tilesets: Sequence[Tileset], zxy: ZoomXY) -> tuple[float, bytes]:
    """Return the seconds of the quickest of some tries, and the tile."""
    times = []
    body = b""
    for _ in range(_REPEATS + 1):
        started = time.perf_counter()
        body = b"".join([await make_tile(pool, tileset, Scope(), CITY, zxy) for tileset in tilesets])
        times.append(time.perf_counter() - started)
    return min(times), body


def _gzip_kb(body: bytes) -> float:
    return len(gzip.compress(body, _GZIP_LEVEL, mtime=0)) / 1000


async def _largest(pool: Pool) -> dict[str, Any]:
    """Return the largest tile: every tile to z14, then what lies under the largest ones."""
    bounds = (await read_tile_city(pool, CITY)).bbox_wgs84
    assert bounds is not None  # the city was loaded
    worst, by_tileset = (0.0, ""), {}
    for name, tileset in TILESETS.items():
        sizes: dict[ZoomXY, float] = {}
        last = min(_LAST_WHOLE_ZOOM, tileset.maxzoom)
        for zoom in range(tileset.minzoom, last + 1):
            sizes |= await _sizes(pool, tileset, _covering(bounds, zoom))
        heavy = sorted((zxy for zxy in sizes if zxy[0] == last), key=lambda zxy: -sizes[zxy])[:_HEAVY]
        for zoom in range(last + 1, tileset.maxzoom + 1):
            sizes |= await _sizes(pool, tileset, [child for zxy in heavy for child in _under(zxy, zoom)])
        largest = max(sizes, key=lambda zxy: sizes[zxy])
        by_tileset[name] = round(sizes[largest], 1)
        worst = max(worst, (sizes[largest], f"{name} {largest[0]}/{largest[1]}/{largest[2]}"))
    return {"max_gzip_kb": round(worst[0], 1), "max_gzip_tile": worst[1], "max_gzip_kb_by_tileset": by_tileset}


async def _sizes(pool: Pool, tileset: Tileset, tiles: Iterable[ZoomXY]) -> dict[ZoomXY, float]:
    return {zxy: _gzip_kb(await make_tile(pool, tileset, Scope(), CITY, zxy)) for zxy in tiles}


def _covering(bounds: tuple[float, float, float, float], zoom: int) -> list[ZoomXY]:
    west, south, east, north = bounds
    left, top = _place(west, north, zoom)
    right, bottom = _place(east, south, zoom)
    return [(zoom, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def _place(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    mercator = math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
    return int((longitude + 180) / 360 * 2**zoom), int((1 - mercator / math.pi) / 2 * 2**zoom)


def _under(zxy: ZoomXY, zoom: int) -> list[ZoomXY]:
    z, x, y = zxy
    side = 2 ** (zoom - z)
    return [(zoom, x * side + right, y * side + down) for right in range(side) for down in range(side)]


def pipes_in(connection: Connection, city_id: int, zxy: ZoomXY, *, most: int) -> list[int]:
    """Return the first heat pipes of a tile."""
    return [int(row[0]) for row in connection.execute(_PIPES, (city_id, *zxy, most)).fetchall()]
