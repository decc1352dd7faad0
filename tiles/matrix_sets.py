"""The tile matrix set of all tiles: WebMercatorQuad of 2D Tile Matrix Set 2.0 (OGC 17-083r4); which of its tiles a box meets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from tiles.mercator import HALF_WORLD_M

WEB_MERCATOR_QUAD: Final = "WebMercatorQuad"
URI: Final = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
CRS: Final = "http://www.opengis.net/def/crs/EPSG/0/3857"
MATRICES: Final = range(25)
_PIXEL_M: Final = 0.00028
"""Size of a pixel by which the standard turns cell sizes into scales."""
_TILE_PIXELS: Final = 256
_NORTHERNMOST_DEG: Final = math.degrees(math.atan(math.sinh(math.pi)))

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


def tile_matrix_set() -> dict[str, Any]:
    """Return the definition of WebMercatorQuad (annex D.1 of the standard) as JSON."""
    return {
        "id": WEB_MERCATOR_QUAD,
        "title": "Google Maps Compatible for the World",
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_tile_matrix(zoom) for zoom in MATRICES],
    }


def cell_size_m(zoom: int) -> float:
    """Return the size of a cell (pixel) of a matrix in metres of EPSG:3857."""
    return math.ldexp(2 * HALF_WORLD_M / _TILE_PIXELS, -zoom)


def _tile_matrix(zoom: int) -> dict[str, Any]:
    return {
        "id": str(zoom),
        "scaleDenominator": cell_size_m(zoom) / _PIXEL_M,
        "cellSize": cell_size_m(zoom),
        "pointOfOrigin": [-HALF_WORLD_M, HALF_WORLD_M],
        "tileWidth": _TILE_PIXELS,
        "tileHeight": _TILE_PIXELS,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def tile_limits(box: Box, zooms: Iterable[int]) -> list[dict[str, Any]]:
    """Return the first and last row and column that a box meets, by matrix."""
    west, south, east, north = box
    found = []
    for zoom in zooms:
        left, top = _tile_at(west, north, zoom)
        right, bottom = _tile_at(east, south, zoom)
        found.append({"tileMatrix": str(zoom), "minTileRow": top, "maxTileRow": bottom, "minTileCol": left, "maxTileCol": right})
    return found


def _tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Return column and row of the tile that holds a place."""
    count = 2**zoom
    bounded = math.radians(max(-_NORTHERNMOST_DEG, min(_NORTHERNMOST_DEG, lat)))
    column = (lon + 180) / 360 * count
    row = (1 - math.asinh(math.tan(bounded)) / math.pi) / 2 * count
    return _within(column, count), _within(row, count)


def _within(number: float, count: int) -> int:
    return max(0, min(count - 1, math.floor(number)))
