"""Which tiles of a city hold something: the list behind archives and warming.

The tile tables are asked from zoom 0 down: only the children of a tile that holds rows (at its zoom or a later one) are looked
at, so the cost follows what the city holds, not the extent of the pyramid, and one stray asset far away costs a few tiles a zoom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pmtiles.tile import zxy_to_tileid

from data.held_tiles import Reach, read_held
from data.pool import Pool
from tiles.datums import TileDatum, reach_of
from tiles.selections import Selection
from tiles.tilesets import Tileset
from twin.scope import Scope

Address: TypeAlias = tuple[int, int, int]
"""Zoom, column, row (XYZ, row 0 in the north)."""

_WAVES_OF_BD09_M: Final = 100.0
"""No affine map follows the waves of BD-09: rows may lie so far beyond the reach."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn, for whom, of which city: tilesets whose layers share a tile, and their datum; a scope; a city id."""

    selection: Selection
    scope: Scope
    city_id: int


async def tiles_that_hold(pool: Pool, drawing: Drawing, *, zooms: tuple[int, int] | None = None) -> list[Address]:
    """Return the tiles in which a drawing holds something, along the Hilbert curve zoom by zoom.

    Parameters
    ----------
    pool
        Of the process, or a snapshot.
    drawing
        What is drawn.
    zooms
        First and last zoom; default: all that the selection has. A tileset counts inside its own zooms only.

    Cost: about 0.1 ms a tile and tileset, in WGS-84; the shift of another datum takes 0.2 ms a tile more.
    """
    first, last = zooms or (drawing.selection.minzoom, drawing.selection.maxzoom)
    found: set[Address] = set()
    for tileset in drawing.selection.tilesets:
        found |= await _held(pool, drawing, tileset, (max(first, tileset.minzoom), min(last, tileset.maxzoom)))
    return along_the_curve(found)


async def _held(pool: Pool, drawing: Drawing, tileset: Tileset, zooms: tuple[int, int]) -> set[Address]:
    found: set[Address] = set()
    tiles: Sequence[tuple[int, int]] = [(0, 0)]
    for zoom in range(zooms[1] + 1):
        reaches = [_reach(drawing.selection.datum, zoom, x, y) for x, y in tiles]
        answer = await read_held(pool, tileset.name, drawing.scope, drawing.city_id, zoom=zoom, reaches=reaches)
        if zoom >= zooms[0]:
            found.update((zoom, x, y) for x, y in answer.held)
        tiles = [(2 * x + right, 2 * y + down) for x, y in answer.below for right in (0, 1) for down in (0, 1)]
    return found


def _reach(datum: TileDatum, zoom: int, x: int, y: int) -> Reach:
    west, south, east, north = reach_of(datum, zoom, x, y)
    more = _WAVES_OF_BD09_M if datum == "bd09" else 0.0
    return x, y, west - more, south - more, east + more, north + more


def along_the_curve(tiles: Iterable[Address]) -> list[Address]:
    """Return tiles by zoom and, inside a zoom, along the Hilbert curve of PMTiles.

    >>> along_the_curve([(1, 1, 0), (1, 0, 0), (0, 0, 0), (1, 1, 1), (1, 0, 1)])
    [(0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)]
    """
    return sorted(tiles, key=lambda tile: zxy_to_tileid(*tile))
