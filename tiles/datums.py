"""Tiles in the shifted systems of Chinese web maps: where a tile of GCJ-02 or BD-09 takes its rows from, and how they are moved.

The stored copies are Web Mercator metres over WGS-84. A tile of GCJ-02 is drawn from them by an affine map, fitted to the
published formula over the tile (`gis.gcj02`): over one tile the shift is nearly linear. BD-09 adds waves of 13 km length and 43 m
height, which no affine map follows: its tiles take the affine map to GCJ-02, and the statement then applies the published formula
to every vertex.

Greatest distance between the affine map and the formula on the mainland (1,500 tiles a zoom, also on the kink of the formula at
105 E; metres of Web Mercator, and pixels of a tile of 512; a pixel of zoom 18 is 0.6 m):

    z16 0.02 m      z14 0.34 m 0.07 px    z12 5.6 m 0.30 px    z10 42 m 0.55 px    z8 81 m 0.27 px
    z15 0.09 m      z13 1.4 m  0.15 px    z11 19 m  0.50 px    z9 53 m  0.34 px

The scope's rounding comes before the shift: a restricted tile is that of the rounded rows in every datum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from gis.errors import UnknownDatum
from gis.gcj02 import GCJ02_ROUNDS, bd09_from_wgs84, gcj02_from_bd09, gcj02_from_wgs84
from gis.kernels import in_threads, shift_gcj02
from gis.mainland import inside_mainland
from tiles.mercator import Box, Floats, degrees_of, metres_of, tile_box

TileDatum: TypeAlias = Literal["wgs84", "gcj02", "bd09"]

TILE_DATUMS: Final[tuple[TileDatum, ...]] = get_args(TileDatum)
NOTES: Final = {
    "gcj02": "GCJ-02: for display on AMap and Tencent maps, not the truth",
    "bd09": "BD-09: for display on Baidu maps, not the truth",
}
"""What the attribution of shifted tiles adds."""
MARGIN: Final = 64 / 4096
"""Of a tile's width: rows so far outside are drawn too."""
_POINTS_A_SIDE = 5


@dataclass(frozen=True, slots=True)
class TileMap:
    """How the rows of one tile are moved.

    Attributes
    ----------
    numbers
        Six of `ST_Affine` from WGS-84 to GCJ-02, then six from the tile's datum back to WGS-84 (EPSG:3857 metres).
    datum
        Of the tile.
    """

    numbers: tuple[float, ...]
    datum: TileDatum

    @property
    def bent(self) -> bool:
        """True when the statement applies the formula of BD-09 to every vertex after the affine map."""
        return self.datum == "bd09"


def datum_named(name: str) -> TileDatum:
    """Return the datum of that name.

    Raises
    ------
    UnknownDatum
        When tiles do not come in it; the message lists those they come in.
    """
    for datum in TILE_DATUMS:
        if datum == name:
            return datum
    raise UnknownDatum(f"crs {name[:40]!r} is not one that tiles come in; they are {', '.join(TILE_DATUMS)}")


@lru_cache(maxsize=20_000)
def tile_map(datum: TileDatum, z: int, x: int, y: int) -> TileMap | None:
    """Return how the rows of a tile are moved; None when they stay: WGS-84, and tiles without any ground of the mainland.

    A tile on the border of the mainland is moved as a whole, also where the formula does not apply.

    Cost: 0.2 ms, once a tile.
    """
    if datum == "wgs84":
        return None
    west, south, east, north = tile_box(z, x, y, margin=MARGIN)
    columns, rows = np.meshgrid(np.linspace(west, east, _POINTS_A_SIDE), np.linspace(south, north, _POINTS_A_SIDE))
    there = np.column_stack([columns.ravel(), rows.ravel()])
    lonlat_gcj02 = gcj02_from_bd09(degrees_of(there)) if datum == "bd09" else degrees_of(there)
    # the formula alone, without its border: the map of a tile must not have a step
    lonlat_wgs84 = in_threads(shift_gcj02, lonlat_gcj02, -1.0, GCJ02_ROUNDS)
    if not inside_mainland(lonlat_wgs84).any():
        return None
    xy_wgs84 = metres_of(lonlat_wgs84)
    return TileMap((*_affine(xy_wgs84, metres_of(lonlat_gcj02)), *_affine(there, xy_wgs84)), datum)


def reach_of(datum: TileDatum, z: int, x: int, y: int) -> Box:
    """Return where the rows of a tile may lie, in metres of EPSG:3857 over WGS-84."""
    box = tile_box(z, x, y, margin=MARGIN)
    moved = tile_map(datum, z, x, y)
    if moved is None:
        return box
    a, b, d, e, right_m, up_m = moved.numbers[6:]
    west, south, east, north = box
    corners = [(a * px + b * py + right_m, d * px + e * py + up_m) for px in (west, east) for py in (south, north)]
    return min(p[0] for p in corners), min(p[1] for p in corners), max(p[0] for p in corners), max(p[1] for p in corners)


def shifted_bounds(bbox_wgs84: Box, datum: TileDatum) -> Box:
    """Return bounds in degrees of a datum that hold a box of WGS-84 degrees."""
    if datum == "wgs84":
        return bbox_wgs84
    west, south, east, north = bbox_wgs84
    columns, rows = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
    corners = np.column_stack([columns.ravel(), rows.ravel()])
    there = gcj02_from_wgs84(corners) if datum == "gcj02" else bd09_from_wgs84(corners)
    (left, low), (right, high) = there.min(axis=0).tolist(), there.max(axis=0).tolist()
    return left, low, right, high


def _affine(source: Floats, target: Floats) -> tuple[float, ...]:
    """Return a, b, d, e, xoff, yoff of `ST_Affine` that takes the points nearest to their targets (least squares)."""
    middle = source.mean(axis=0)
    design = np.column_stack([source - middle, np.ones(len(source))])
    (a, d), (b, e), (right_m, up_m) = np.linalg.lstsq(design, target, rcond=None)[0].tolist()
    return a, b, d, e, right_m - a * middle[0] - b * middle[1], up_m - d * middle[0] - e * middle[1]
