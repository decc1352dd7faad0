"""Raster layers: files become cloud-optimised GeoTIFFs, tiles are cut and styled from them.

Styles: `hillshade` (heights in metres become light and shadow), `terrain` (heights as RGB for terrain meshes) and
`colour` (one grey or three colour bands of bytes, as they are).
"""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.errors
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.warp import transform, transform_bounds
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.utils import render

from tiles.errors import BadRaster

logger = logging.getLogger(__name__)

MINZOOM, MAXZOOM = 6, 18
TILE_PIXELS = 256
VERTICAL_EXAGGERATION = 8.0
"""Heights are stretched before shading: a city's ground is flat."""
SUN_AZIMUTH_DEG, SUN_ALTITUDE_DEG = 315.0, 45.0
"""Light from the north-west, as maps are drawn."""
_EARTH_CIRCUMFERENCE_M = 2 * np.pi * 6_378_137.0
_LAYER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MARGIN_PIXELS = 2
"""Ground beyond the tile that its edge pixels need: one for the slope, one for the smoothing."""

Style = Callable[[NDArray[Any], NDArray[np.bool_], float], NDArray[np.uint8]]
"""Bands with margin, where they are valid, metres of ground a pixel: bands of bytes with margin."""


def hillshade(heights_m: NDArray[np.float64], pixel_m: float) -> NDArray[np.uint8]:
    """Return light (0 dark .. 255 bright) on the ground by Horn's slope (1981); flat ground is 180.

    Parameters
    ----------
    heights_m
        Shape (rows, columns), row 0 in the north; NaN where unknown. Beyond the rim of the array or of the known ground
        the ground goes on flat, so that no rim looks like a cliff.
    pixel_m
        Metres of ground a pixel.
    """
    middle = heights_m * VERTICAL_EXAGGERATION
    padded = np.pad(middle, 1, mode="edge")
    rows, columns = heights_m.shape

    def neighbour(down: int, right: int) -> NDArray[np.float64]:
        shifted = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        return np.where(np.isnan(shifted), middle, shifted)

    north_east, south_east = neighbour(-1, 1), neighbour(1, 1)
    north_west, south_west = neighbour(-1, -1), neighbour(1, -1)
    east_slope = north_east + 2 * neighbour(0, 1) + south_east - north_west - 2 * neighbour(0, -1) - south_west
    north_slope = north_west + 2 * neighbour(-1, 0) + north_east - south_west - 2 * neighbour(1, 0) - south_east
    dx, dy = east_slope / (8 * pixel_m), north_slope / (8 * pixel_m)
    azimuth, altitude = np.radians([SUN_AZIMUTH_DEG, SUN_ALTITUDE_DEG])
    towards_sun = -dx * np.sin(azimuth) - dy * np.cos(azimuth)
    light = (np.sin(altitude) + np.cos(altitude) * towards_sun) / np.sqrt(1 + dx**2 + dy**2)
    shade: NDArray[np.uint8] = np.nan_to_num(255 * light.clip(0, 1), nan=0).round().astype(np.uint8)
    return shade


def _hillshade(bands: NDArray[Any], valid: NDArray[np.bool_], pixel_m: float) -> NDArray[np.uint8]:
    return hillshade(np.where(valid, bands[0].astype(np.float64), np.nan), pixel_m)[None]


def _terrain(bands: NDArray[Any], valid: NDArray[np.bool_], pixel_m: float) -> NDArray[np.uint8]:
    """Encode heights as RGB: height = -10000 + (R * 65536 + G * 256 + B) / 10 (Mapbox Terrain-RGB v1)."""
    steps = np.where(valid, np.rint((bands[0].astype(np.float64) + 10_000) * 10), 0).astype(np.uint32)
    return np.stack([steps >> 16 & 255, steps >> 8 & 255, steps & 255]).astype(np.uint8)


def _colour(bands: NDArray[Any], valid: NDArray[np.bool_], pixel_m: float) -> NDArray[np.uint8]:
    return bands[:3].astype(np.uint8)


STYLES: Mapping[str, Style] = {"hillshade": _hillshade, "terrain": _terrain, "colour": _colour}


def add_file(source: Path, var_dir: Path, city_id: int, layer: str, style: str) -> str:
    """Convert a raster into a cloud-optimised GeoTIFF with overviews under the var dir.

    Parameters
    ----------
    source
        Any raster with a coordinate reference system that GDAL reads.
    var_dir
        The file becomes `raster/{city}/{layer}-{hash}.tif` below it; the hash is that of the source.
    city_id, layer, style
        What it is; `layer` in lower case, digits, underscores.

    Returns
    -------
    The path relative to the var dir. A file that is there already is not converted again.

    Raises
    ------
    BadRaster
        When the file cannot be read, has no reference system or does not fit the style.
    """
    if _LAYER_NAME.fullmatch(layer) is None:
        raise BadRaster(f"layer name {layer!r} does not fit; lower-case letters, digits and underscores do (at most 40)")
    if style not in STYLES:
        raise BadRaster(f"{style!r} is not a raster style; styles are {', '.join(STYLES)}")
    relative = f"raster/{city_id}/{layer}-{_file_digest(source)}.tif"
    target = var_dir / relative
    if not target.exists():
        _convert(source, target, style)
    return relative


def _file_digest(source: Path) -> str:
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise BadRaster(f"cannot read raster {source.name}: {error.strerror}") from None


def _convert(source: Path, target: Path, style: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    try:
        with rasterio.open(source) as dataset:
            _require_fit(dataset, source.name, style)
            rasterio.shutil.copy(
                dataset,
                unfinished,
                driver="COG",
                COMPRESS="DEFLATE",
                BLOCKSIZE=TILE_PIXELS,
                OVERVIEW_RESAMPLING="AVERAGE",
                NUM_THREADS="1",
            )
        unfinished.replace(target)
    except rasterio.errors.RasterioError as error:
        raise BadRaster(f"cannot read raster {source.name}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _require_fit(dataset: Any, name: str, style: str) -> None:
    if dataset.crs is None:
        raise BadRaster(f"raster {name} has no coordinate reference system; write it into the file (gdal_edit.py -a_srs)")
    if style == "colour" and any(kind != "uint8" for kind in dataset.dtypes[:3]):
        raise BadRaster(f"raster {name} has bands of {dataset.dtypes[0]}; style 'colour' needs bytes (uint8)")


def render_tile(path: Path, style: str, zxy: tuple[int, int, int]) -> bytes:
    """Return one tile as PNG with transparency where there is no data; outside the file it is wholly transparent.

    Parameters
    ----------
    path
        From `add_file`.
    style
        One of `STYLES`.
    zxy
        Web Mercator XYZ.

    Cost: about 10 ms.
    """
    z, x, y = zxy
    try:
        with warnings.catch_warnings(), Reader(str(path)) as reader:
            # a tile far out has no overview that fits; that is no news
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            resampling = "nearest" if style == "colour" else "bilinear"
            image = reader.tile(
                x, y, z, tilesize=TILE_PIXELS, buffer=_MARGIN_PIXELS, resampling_method=resampling, reproject_method=resampling
            )
    except TileOutsideBounds:
        return transparent_tile()
    masked = np.broadcast_to(np.asarray(image.array.mask), image.array.shape)[0]
    valid = ~masked & np.isfinite(image.array.data[0])
    styled = STYLES[style](image.array.data, valid, _pixel_m(z, y))
    inner = slice(_MARGIN_PIXELS, -_MARGIN_PIXELS)
    return _png(styled[:, inner, inner], valid[inner, inner])


def _pixel_m(z: int, y: int) -> float:
    """Return the metres of ground a pixel in the middle of the tile."""
    latitude = np.arctan(np.sinh(np.pi * (1 - 2 * (y + 0.5) / 2**z)))
    return float(_EARTH_CIRCUMFERENCE_M * np.cos(latitude) / (TILE_PIXELS * 2**z))


def _png(bands: NDArray[np.uint8], valid: NDArray[np.bool_]) -> bytes:
    image: bytes = render(bands, valid.astype(np.uint8) * 255, img_format="PNG", ZLEVEL=6)
    return image


@cache
def transparent_tile() -> bytes:
    """Return the tile without anything in it."""
    return _png(np.zeros((1, TILE_PIXELS, TILE_PIXELS), np.uint8), np.zeros((TILE_PIXELS, TILE_PIXELS), np.bool_))


def bounds_wgs84(path: Path) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a file in degrees."""
    with rasterio.open(path) as dataset:
        west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    return west, south, east, north


def sample_heights(path: Path, lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights in metres at points, bilinear between pixel middles; NaN outside and where there is no data.

    Parameters
    ----------
    path
        A height raster of any reference system.
    lonlat_deg
        WGS-84, shape (n, 2).

    Cost: reads the part of the raster under the points' extent.
    """
    with rasterio.open(path) as dataset:
        x, y = transform("EPSG:4326", dataset.crs, lonlat_deg[:, 0], lonlat_deg[:, 1])
        column, row = ~dataset.transform @ (np.asarray(x), np.asarray(y))
        heights = dataset.read(1, masked=True).astype(np.float64).filled(np.nan)
    return _bilinear(heights, np.asarray(row) - 0.5, np.asarray(column) - 0.5)


def _bilinear(grid: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = grid.shape
    inside = (row >= -0.5) & (row <= rows - 0.5) & (column >= -0.5) & (column <= columns - 0.5)
    row, column = row.clip(0, rows - 1), column.clip(0, columns - 1)
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    bottom, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    down, across = row - top, column - left
    upper = grid[top, left] * (1 - across) + grid[top, right] * across
    lower = grid[bottom, left] * (1 - across) + grid[bottom, right] * across
    return np.where(inside, upper * (1 - down) + lower * down, np.nan)
