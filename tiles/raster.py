"""Tiles and heights out of raster layers: cut from cloud-optimised GeoTIFFs (`tiles.raster_files` makes them) and styled.

Styles: `hillshade` (heights in metres become light and shadow), `terrain` (heights as RGB for terrain meshes) and
`colour` (one grey or three colour bands of bytes, as they are).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
import rasterio
import rasterio.errors
from numba import njit
from numpy.typing import NDArray
from PIL import Image
from rasterio._err import CPLE_BaseError  # what GDAL says where rasterio has no words of its own
from rasterio.warp import transform, transform_bounds
from rio_tiler.errors import RioTilerError
from rio_tiler.io import Reader
from scipy.ndimage import map_coordinates

from gis.gcj02 import wgs84_from_bd09, wgs84_from_gcj02
from tiles.datums import TileDatum
from tiles.errors import BadRaster, LayerGone, UnknownTileset
from tiles.mercator import HALF_WORLD_M, degrees_of, metres_of

MINZOOM, MAXZOOM = 6, 18
TILE_PIXELS = 256
VERTICAL_EXAGGERATION = 8.0
"""Heights are stretched before shading: a city's ground is flat."""
SUN_AZIMUTH_DEG, SUN_ALTITUDE_DEG = 315.0, 45.0
"""Light from the north-west, as maps are drawn."""
_MARGIN_PIXELS = 2
"""Ground beyond the tile that its edge pixels need: one for the slope, one for the smoothing."""
_WEBP_QUALITY: Final = 80
_LATTICE: Final = 17

Form: TypeAlias = Literal["png", "webp"]
HeightStyle: TypeAlias = Literal["hillshade", "terrain"]
"""The styles of a file of heights: one file has both."""
MEDIA_TYPES: Final[Mapping[Form, str]] = {"png": "image/png", "webp": "image/webp"}
_TO_WGS84: Final[Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
    "wgs84": lambda lonlat: lonlat,
    "gcj02": wgs84_from_gcj02,
    "bd09": wgs84_from_bd09,
}

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


def restyled(layer: str, own: str, wanted: HeightStyle) -> HeightStyle:
    """Return the style in which a layer is wanted.

    Raises
    ------
    BadRaster
        When the layer holds colours and no heights.
    """
    if own not in get_args(HeightStyle):
        raise BadRaster(f"raster layer {layer!r} holds {own}s, not heights: it has no style {wanted!r}")
    return wanted


# ---------------------------------------------------------------- tiles


@dataclass(frozen=True, slots=True)
class TileLook:
    """How a tile is wanted.

    Attributes
    ----------
    style
        One of `STYLES`.
    pixels
        Width and height: 256, or 512 for screens of twice the density.
    datum
        Datum of the client's grid: the tile shows what lies there in that datum.
    form
        `png`, or `webp` (with loss for colour, without for heights).
    """

    style: str
    pixels: int = TILE_PIXELS
    datum: TileDatum = "wgs84"
    form: Form = "png"


def render_tile(path: Path, look: TileLook, zxy: tuple[int, int, int]) -> bytes:
    """Return one tile as a picture with transparency where there is no data; outside the file it is wholly transparent.

    Parameters
    ----------
    path
        From `tiles.raster_files.add_file`.
    look
        Style, size, datum, format.
    zxy
        XYZ in the Web Mercator grid of `look.datum`.

    Raises
    ------
    LayerGone
        When the file has been replaced since its name was read, or cannot be read any more.

    Cost: 10 ms of processor for 256 pixels.
    """
    styled, valid = _pixels(path, look, zxy)
    return (
        _nothing(look.pixels, look.form)
        if styled is None
        else encode_picture(styled, valid, look.form, exact=look.style != "colour")
    )


def _pixels(path: Path, look: TileLook, zxy: tuple[int, int, int]) -> tuple[NDArray[np.uint8] | None, NDArray[np.bool_]]:
    """Return the bytes of a tile and where they count; None where nothing does."""
    nothing = None, np.zeros((look.pixels, look.pixels), np.bool_)
    ground = _ground(zxy, look)
    try:
        # a tile far out has no overview that fits; that is no news
        with warnings.catch_warnings(), rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), Reader(str(path)) as reader:
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            if not _touch(ground.box, transform_bounds(reader.crs, "EPSG:3857", *reader.bounds)):
                return nothing
            image = reader.part(
                ground.box, dst_crs="EPSG:3857", bounds_crs="EPSG:3857", width=ground.columns, height=ground.rows,
                resampling_method="bilinear", reproject_method="bilinear",
            )  # fmt: skip
    except (rasterio.errors.RasterioError, CPLE_BaseError, RioTilerError) as error:
        raise LayerGone(f"the file of the raster layer cannot be read: {type(error).__name__}") from error
    masked = np.broadcast_to(np.asarray(image.array.mask), image.array.shape)[0]
    bands, valid = _unbent(image.array.data, ~masked & np.isfinite(image.array.data[0]), ground)
    if not valid.any():
        return nothing
    styled = STYLES[look.style](bands, valid, _pixel_m(zxy[0], zxy[2], look.pixels))
    inner = slice(_MARGIN_PIXELS, -_MARGIN_PIXELS)
    return styled[:, inner, inner], valid[inner, inner]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a tile with its margin shows: a box in WGS-84 Web Mercator metres and its size in pixels of the tile.

    `at` says for each pixel of the tile its row and column in the box, shape (2, rows, columns); None = they are the same.
    """

    box: tuple[float, float, float, float]
    columns: int
    rows: int
    at: NDArray[np.float64] | None = None


def _ground(zxy: tuple[int, int, int], look: TileLook) -> _Ground:
    """Return the ground of a tile in the grid of its datum, half a pixel exact: the shift is taken at 17 x 17 places.

    Raises
    ------
    UnknownTileset
        When there is no such datum.
    """
    z, x, y = zxy
    side = 2 * HALF_WORLD_M / 2**z
    pixel = side / look.pixels
    count = look.pixels + 2 * _MARGIN_PIXELS
    if look.datum == "wgs84":
        west = x * side - HALF_WORLD_M - _MARGIN_PIXELS * pixel
        north = HALF_WORLD_M - y * side + _MARGIN_PIXELS * pixel
        return _Ground((west, north - count * pixel, west + count * pixel, north), count, count)
    there = tile_lattice(zxy, look.datum, look.pixels, _MARGIN_PIXELS) / pixel
    left, bottom = np.floor(there.min(axis=0)) - 2
    right, top = np.ceil(there.max(axis=0)) + 2
    at = np.stack([top - there[:, 1] - 0.5, there[:, 0] - left - 0.5]).reshape(2, _LATTICE, _LATTICE)
    box = (left * pixel, bottom * pixel, right * pixel, top * pixel)
    return _Ground(tuple(map(float, box)), int(right - left), int(top - bottom), spread(at, count))  # type: ignore[arg-type]


def tile_lattice(zxy: tuple[int, int, int], datum: str, pixels: int, margin: int = 0) -> NDArray[np.float64]:
    """Return WGS-84 Web Mercator metres of 17 x 17 pixels of a tile, row by row, shape (289, 2).

    Parameters
    ----------
    zxy, datum
        Tile of the Web Mercator grid of that datum.
    pixels, margin
        Pixels along the tile, and beyond each edge; the first and last place are the middles of the outermost ones.

    Raises
    ------
    UnknownTileset
        When there is no such datum.
    """
    if datum not in _TO_WGS84:
        raise UnknownTileset(f"{datum!r} is not a datum of tiles; datums are {', '.join(_TO_WGS84)}")
    z, x, y = zxy
    side = 2 * HALF_WORLD_M / 2**z
    along = (np.linspace(0.5, pixels + 2 * margin - 0.5, _LATTICE) - margin) * side / pixels
    column, row = np.meshgrid(along, along)
    west, north = x * side - HALF_WORLD_M, HALF_WORLD_M - y * side
    drawn = np.column_stack([west + column.ravel(), north - row.ravel()])
    return drawn if datum == "wgs84" else metres_of(_TO_WGS84[datum](degrees_of(drawn)))


def spread(lattice: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return planes known at evenly spaced places, at each of count x count pixels."""
    place = np.linspace(0.0, _LATTICE - 1.0, count)
    grid = np.stack(np.meshgrid(place, place, indexing="ij"))
    return np.stack([map_coordinates(plane, grid, order=1) for plane in lattice])


def _unbent(bands: NDArray[Any], valid: NDArray[np.bool_], ground: _Ground) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return what lies in the box pixel by pixel of the tile."""
    if ground.at is None:
        return bands, valid
    there = map_coordinates(valid.astype(np.uint8), ground.at, order=0).astype(np.bool_)
    filled = np.where(valid, bands, 0)
    return np.stack([map_coordinates(band, ground.at, order=1, mode="nearest") for band in filled]), there


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def _pixel_m(z: int, y: int, pixels: int = TILE_PIXELS) -> float:
    """Return the metres of ground a pixel in the middle of the tile."""
    latitude = np.arctan(np.sinh(np.pi * (1 - 2 * (y + 0.5) / 2**z)))
    return float(2 * HALF_WORLD_M * np.cos(latitude) / (pixels * 2**z))


def encode_picture(bands: NDArray[np.uint8], valid: NDArray[np.bool_], form: Form, *, exact: bool = False) -> bytes:
    """Return one or three bands of bytes, shape (bands, rows, columns), as a picture that is transparent where nothing counts.

    Parameters
    ----------
    exact
        WebP without loss: for pixels that are numbers.
    """
    # what is not seen is one value, which packs to nothing
    planes = [np.where(valid, band, 0) for band in bands] + [np.where(valid, 255, 0)]
    if form == "webp" and len(bands) == 1:
        planes = [planes[0]] * 3 + planes[1:]
    mode = "LA" if len(planes) == 2 else "RGBA"
    picture = Image.fromarray(np.ascontiguousarray(np.stack(planes, axis=-1).astype(np.uint8)), mode)
    return _encoded(picture, form, exact=exact)


def _encoded(picture: Image.Image, form: Form, *, exact: bool) -> bytes:
    out = BytesIO()
    if form == "png":
        picture.save(out, "PNG", compress_level=6)
    elif exact:
        picture.save(out, "WEBP", lossless=True, quality=40, method=2)
    else:
        picture.save(out, "WEBP", quality=_WEBP_QUALITY, method=2)
    return out.getvalue()


@lru_cache(maxsize=8)
def _nothing(pixels: int, form: Form) -> bytes:
    return encode_picture(np.zeros((1, pixels, pixels), np.uint8), np.zeros((pixels, pixels), np.bool_), form, exact=True)


def transparent_tile(pixels: int = TILE_PIXELS, form: Form = "png") -> bytes:
    """Return the tile without anything in it."""
    return _nothing(pixels, form)


# ---------------------------------------------------------------- what a layer covers


@dataclass(frozen=True, slots=True)
class RasterExtent:
    """Where a layer lies: west, south, east, north in WGS-84 degrees, first and last zoom worth asking for."""

    bounds: tuple[float, float, float, float]
    minzoom: int
    maxzoom: int


@lru_cache(maxsize=256)
def raster_extent(path: Path, style: str) -> RasterExtent:
    """Return what a file of ours covers; beyond its last zoom a picture has no more to show, heights are shaded smoothly.

    Raises
    ------
    LayerGone
        When it cannot be read.
    """
    try:
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), rasterio.open(path) as dataset:
            west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
            x0, _, x1, _ = transform_bounds(dataset.crs, "EPSG:3857", *dataset.bounds)
            native = int(np.ceil(np.log2(2 * HALF_WORLD_M / TILE_PIXELS * dataset.width / (x1 - x0)) - 0.2))
    except (rasterio.errors.RasterioError, ValueError) as error:
        raise LayerGone(f"the file of the raster layer cannot be read: {type(error).__name__}") from error
    maxzoom = min(MAXZOOM, max(MINZOOM, native)) if style == "colour" else MAXZOOM
    return RasterExtent((west, south, east, north), MINZOOM, maxzoom)


# ---------------------------------------------------------------- heights


_Heights: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
_KEPT_PIXELS = 8_000_000
"""Rasters up to this many pixels (32 MB as they mostly are) are read whole and kept, at most two."""


def sample_heights(path: Path, lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights in metres at points, bilinear between pixel middles; NaN outside and where there is no data.

    Parameters
    ----------
    path
        A height raster of any reference system.
    lonlat_deg
        WGS-84, shape (n, 2).

    Cost: reads the part of the raster under the points' extent; a small raster is read once and kept.
    """
    grid = _height_grid(path, path.stat().st_mtime_ns)
    x, y = lonlat_deg.T if grid.wgs84 else transform("EPSG:4326", grid.crs, *lonlat_deg.T)
    column, row = ~grid.to_world @ (np.asarray(x), np.asarray(y))
    row, column = np.asarray(row) - 0.5, np.asarray(column) - 0.5
    if grid.height * grid.width <= _KEPT_PIXELS:
        top, left = 0, 0
        part = _all_heights(path, grid.written_ns)
    else:
        (top, bottom), (left, right) = _under(row, grid.height), _under(column, grid.width)
        part = _heights_of(path, ((top, bottom), (left, right)))
    inside = _inside(row, grid.height) & _inside(column, grid.width)
    heights: NDArray[np.float64] = np.where(inside, _bilinear(part, row - top, column - left), np.nan)
    return heights


@dataclass(frozen=True, slots=True)
class _HeightGrid:
    """Where the pixels of a height raster lie."""

    written_ns: int
    crs: Any
    wgs84: bool
    to_world: Any
    height: int
    width: int


@lru_cache(maxsize=4)
def _height_grid(path: Path, written_ns: int) -> _HeightGrid:
    with rasterio.open(path) as dataset:
        wgs84 = bool(dataset.crs == "EPSG:4326")
        return _HeightGrid(written_ns, dataset.crs, wgs84, dataset.transform, dataset.height, dataset.width)


@lru_cache(maxsize=2)
def _all_heights(path: Path, written_ns: int) -> _Heights:
    return _heights_of(path, None)


def _heights_of(path: Path, window: tuple[tuple[int, int], tuple[int, int]] | None) -> _Heights:
    """Return heights of a window or of all, NaN where there is no data."""
    with rasterio.open(path) as dataset:
        read = dataset.read(1, masked=True, window=window)
        heights: _Heights = read.astype(np.promote_types(read.dtype, np.float32)).filled(np.nan)
    return heights


def _inside(place: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    """Tell which places, counted from the middle of the first pixel, lie on one of so many pixels."""
    inside: NDArray[np.bool_] = (place >= -0.5) & (place <= size - 0.5)
    return inside


def _under(place: NDArray[np.float64], size: int) -> tuple[int, int]:
    """Return the first pixel and the one after the last that places inside need; one pixel where there are none."""
    needed = place[_inside(place, size)]
    if not len(needed):
        return 0, 1
    return max(int(np.floor(needed.min())), 0), min(int(np.floor(needed.max())) + 2, size)


def heights_within(
    path: Path, bounds_deg: tuple[float, float, float, float]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a function as `sample_heights` for points within west, south, east, north in degrees; it reads the file once.

    Cost: reads the part of the raster under the bounds.
    """
    with rasterio.open(path) as dataset:
        crs = dataset.crs
        west, south, east, north = transform_bounds("EPSG:4326", crs, *bounds_deg, densify_pts=21)
        columns, rows = ~dataset.transform @ (np.array([west, east, west, east]), np.array([south, south, north, north]))
        left, right = (np.clip([columns.min() - 2, columns.max() + 3], 0, dataset.width)).astype(int)
        top, bottom = (np.clip([rows.min() - 2, rows.max() + 3], 0, dataset.height)).astype(int)
        to_pixels, size = ~dataset.transform, (dataset.height, dataset.width)
        part = dataset.read(1, masked=True, window=((top, bottom), (left, right))).astype(np.float64).filled(np.nan)

    def heights(lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transform("EPSG:4326", crs, lonlat_deg[:, 0], lonlat_deg[:, 1])
        column, row = to_pixels @ (np.asarray(x), np.asarray(y))
        inside = (column >= 0) & (column <= size[1]) & (row >= 0) & (row <= size[0])
        if part.size == 0:
            return np.full(len(lonlat_deg), np.nan)
        return np.where(inside, _bilinear(part, row - 0.5 - top, column - 0.5 - left), np.nan)

    return heights


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _bilinear(grid: _Heights, row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = grid.shape
    heights = np.empty(len(row))
    for point in range(len(row)):
        if np.isnan(row[point]) or np.isnan(column[point]):
            heights[point] = np.nan
            continue
        y, x = min(max(row[point], 0.0), rows - 1.0), min(max(column[point], 0.0), columns - 1.0)
        top, left = int(y), int(x)
        bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
        down, across = y - top, x - left
        upper = grid[top, left] * (1 - across) + grid[top, right] * across
        lower = grid[bottom, left] * (1 - across) + grid[bottom, right] * across
        heights[point] = upper * (1 - down) + lower * down
    return heights
