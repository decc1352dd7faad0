"""A picture of the city from above, rendered from what was drawn of it: fields, yards, water, roads, trees, roofs and shadows.

It is no photograph and does not pretend to be one: it gives a map something to lie on. Early March without snow: bare fields,
leafless trees, ice on the water, shadows to the north. Everything follows from the drawn shapes, the heights of the ground and
hashes of pixel numbers, so that windows fit each other without a seam, and the same city gives the same picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import geopandas
import numpy as np
import pandas as pd
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.windows import Window
from scipy.ndimage import label

from data.demo.delivery import ORIGIN_GK, gk
from data.demo.files import Layer
from data.demo.ground import Ground, height_m
from data.demo.noise import lerp, pixel_noise, smooth_noise
from gis.datums import from_wgs84, to_wgs84

Floats = NDArray[np.float32]
Picture = NDArray[np.float32]
"""Red, green, blue of each pixel, 0 to 255, shape (rows, columns, 3)."""

RADIUS_M: Final = 6_378_137.0
FINEST_ZOOM: Final = 16
"""Pixels of Web Mercator at that zoom are the smallest drawn: 1.7 m of ground at 44 degrees north."""
MARGIN_M: Final = 600.0
WINDOW: Final = 1024
SUN_HEIGHT: Final = 0.8
"""Tangent of the sun's altitude at noon of early March at 44 degrees north (39 degrees)."""
SUN_ASIDE: Final = 0.25
"""How far shadows lean to the east for one step to the north."""
TALLEST_M: Final = 110.0
CLUSTER_M: Final = 4000.0
"""Buildings in neighbouring squares of that size belong to one place; the largest place is drawn."""
TOWN_M: Final = 55.0
"""How far from an estate the ground is trodden."""
ROAD_WIDTH_M: Final[Mapping[str, float]] = {
    "motorway": 32.0, "trunk": 32.0, "primary": 30.0, "secondary": 22.0, "tertiary": 15.0, "residential": 9.0, "service": 6.0,
    "path": 3.5, "other": 8.0,
}  # fmt: skip
_FIELDS: Final = np.array(
    [[128, 108, 84], [141, 121, 95], [116, 99, 79], [150, 134, 104], [160, 146, 112], [122, 112, 86],
     [107, 103, 78], [135, 115, 98]],
    np.float32,
)  # fmt: skip
_ROOFS: Final = np.array(
    [[168, 166, 160], [150, 146, 140], [186, 184, 178], [158, 96, 78], [140, 84, 70], [122, 124, 128],
     [196, 190, 180], [104, 118, 142]],
    np.float32,
)  # fmt: skip
_METAL: Final = np.array([[96, 128, 160], [150, 158, 164], [176, 178, 176], [112, 140, 168]], np.float32)
_TOWN, _YARD, _GRASS, _ASPHALT, _ICE, _CROWN = (
    np.array(colour, np.float32)
    for colour in ([132, 122, 106], [150, 145, 136], [124, 118, 84], [104, 104, 106], [158, 170, 178], [84, 76, 62])
)


@dataclass(frozen=True)
class Scenery:
    """What is drawn, in pixels of the whole picture: shapes by what they are, with their trees, and the ground.

    Attributes
    ----------
    town, estates, green, water, roads, buildings
        Shapes; `town` is the ground around the estates.
    roof, height_m
        Colour and height of each building, shapes (n, 3) and (n,).
    """

    town: NDArray[np.object_]
    estates: NDArray[np.object_]
    green: NDArray[np.object_]
    water: NDArray[np.object_]
    roads: NDArray[np.object_]
    buildings: NDArray[np.object_]
    roof: Floats
    height_m: Floats
    ground: Ground


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels of Web Mercator: west and north edge in metres, metres a pixel, metres of ground a pixel, size."""

    west: float
    north: float
    size_m: float
    ground_m: float
    width: int
    height: int


def write_satellite(
    path: Path, layers: Sequence[Layer], ground: Ground, *, seed: int, most_pixels: int, report: Callable[[float], None]
) -> None:
    """Render the largest built-up place of a city with its surroundings as a GeoTIFF in Web Mercator.

    Parameters
    ----------
    path
        Is made.
    layers
        Of the delivery, before they are spoiled; frames in metres of the quarter.
    ground
        Heights.
    seed
        Same seed and city, same picture.
    most_pixels
        Of a place too large for them the pixels are larger.
    report
        Told the share that is done.

    Cost: 0.3 s of processor a million pixels, memory of one window: 3 s for the sample, under a minute for a whole city.
    """
    grid = lay_grid(_metres(shapely.point_on_surface(_frames(layers)["building"].geometry.to_numpy())), most_pixels)
    scenery = scenery_of(layers, grid, ground, seed)
    profile = {
        "driver": "GTiff", "width": grid.width, "height": grid.height, "count": 3, "dtype": "uint8", "crs": "EPSG:3857",
        "transform": Affine(grid.size_m, 0.0, grid.west, 0.0, -grid.size_m, grid.north), "tiled": True, "blockxsize": 512,
        "blockysize": 512, "compress": "jpeg", "photometric": "ycbcr", "jpeg_quality": 90, "bigtiff": "if_safer",
    }  # fmt: skip
    windows = list(_windows(grid))
    with rasterio.open(path, "w", **profile) as target:
        for number, window in enumerate(windows, start=1):
            target.write(np.moveaxis(render(scenery, grid, window, seed), -1, 0), window=window)
            report(number / len(windows))


def _windows(grid: Grid) -> Iterator[Window]:
    for row, column in product(range(0, grid.height, WINDOW), range(0, grid.width, WINDOW)):
        yield Window(column, row, min(WINDOW, grid.width - column), min(WINDOW, grid.height - row))


# ---------------------------------------------------------------- where


def _frames(layers: Sequence[Layer]) -> dict[str, geopandas.GeoDataFrame]:
    """Return the drawn shapes by kind."""
    found: dict[str, list[pd.DataFrame]] = {kind: [] for kind in ("building", "estate", "green", "water", "road")}
    for layer in layers:
        if layer.kind in found and layer.sheet is not None:
            found[layer.kind].append(layer.sheet.frame)
    return {kind: geopandas.GeoDataFrame(pd.concat(frames, ignore_index=True)) for kind, frames in found.items() if frames}


def _metres(points: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return Web Mercator metres of points in metres of the quarter."""
    return mercator(shapely.get_coordinates(points))


def mercator(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Web Mercator metres of metres of the quarter, shape (n, 2)."""
    lonlat = to_wgs84(xy + ORIGIN_GK, gk())
    return RADIUS_M * np.column_stack([np.radians(lonlat[:, 0]), np.arcsinh(np.tan(np.radians(lonlat[:, 1])))])


def lay_grid(middles_m: NDArray[np.float64], most_pixels: int) -> Grid:
    """Return the pixels of the largest place, with a margin, aligned to the tiles of the zoom that its size allows.

    Parameters
    ----------
    middles_m
        Of the buildings, in Web Mercator metres.
    most_pixels
        Pixels double until there are no more of them.
    """
    stretch = float(np.cosh(np.median(middles_m[:, 1]) / RADIUS_M))
    own = _largest_place(middles_m, CLUSTER_M * stretch)
    low, high = own.min(axis=0) - MARGIN_M * stretch, own.max(axis=0) + MARGIN_M * stretch
    zoom = FINEST_ZOOM
    while np.prod((high - low) / _pixel_m(zoom)) > most_pixels:
        zoom -= 1
    size_m = _pixel_m(zoom)
    west, south = np.floor(low / size_m) * size_m
    east, north = np.ceil(high / size_m) * size_m
    width, height = round((east - west) / size_m), round((north - south) / size_m)
    return Grid(float(west), float(north), size_m, size_m / stretch, width, height)


def _pixel_m(zoom: int) -> float:
    return float(2 * np.pi * RADIUS_M / 256 / 2**zoom)


def _largest_place(xy: NDArray[np.float64], side_m: float) -> NDArray[np.float64]:
    square = np.floor((xy - xy.min(axis=0)) / side_m).astype(int)
    filled = np.zeros(square.max(axis=0) + 1, bool)
    filled[tuple(square.T)] = True
    place = label(filled, structure=np.ones((3, 3)))[0][tuple(square.T)]
    own: NDArray[np.float64] = xy[place == np.bincount(place).argmax()]
    return own


def scenery_of(layers: Sequence[Layer], grid: Grid, ground: Ground, seed: int) -> Scenery:
    """Return what is drawn of a city in the pixels of a grid; layers as `write_satellite`."""
    frames = _frames(layers)
    buildings = frames["building"]
    random = np.random.default_rng([seed, 77])
    metal = (buildings["building_type"] == "工业建筑").to_numpy()
    roof = np.where(metal[:, None], _METAL[random.integers(len(_METAL), size=len(buildings))],
                    _ROOFS[random.integers(len(_ROOFS), size=len(buildings))])  # fmt: skip
    heights = pd.to_numeric(buildings["height_m"]).fillna(9.0).clip(3.0, TALLEST_M).to_numpy(np.float32)
    roads = frames["road"]
    half_m = roads["road_class"].map(ROAD_WIDTH_M).fillna(ROAD_WIDTH_M["other"]).to_numpy() / 2.0
    shapes = {kind: _pixels(frames[kind].geometry.to_numpy(), grid) for kind in frames if kind != "road"}
    if "estate" in shapes:
        shapes["town"] = _pixels(shapely.buffer(frames["estate"].geometry.to_numpy(), TOWN_M, quad_segs=1), grid)
    nothing = np.empty(0, object)
    return Scenery(
        town=shapes.get("town", nothing),
        estates=shapes.get("estate", nothing),
        green=shapes.get("green", nothing),
        water=shapes.get("water", nothing),
        roads=_pixels(shapely.buffer(roads.geometry.to_numpy(), half_m, quad_segs=2), grid),
        buildings=shapes["building"],
        roof=roof.astype(np.float32),
        height_m=heights,
        ground=ground,
    )


def _pixels(shapes: NDArray[np.object_], grid: Grid) -> NDArray[np.object_]:
    """Return shapes in metres of the quarter as pixels of the picture, row 0 in the north."""
    xy = mercator(shapely.get_coordinates(shapes))
    found: NDArray[np.object_] = shapely.set_coordinates(
        shapely.force_2d(shapes.copy()), np.column_stack([xy[:, 0] - grid.west, grid.north - xy[:, 1]]) / grid.size_m
    )
    return found


# ---------------------------------------------------------------- one window


@dataclass(frozen=True, slots=True)
class _Frame:
    """A window: first row and column in the picture (may be negative), and its shape."""

    row: int
    column: int
    shape: tuple[int, int]


def render(scenery: Scenery, grid: Grid, window: Window, seed: int) -> NDArray[np.uint8]:
    """Return one window of the picture, shape (rows, columns, 3); it begins at even rows and columns."""
    frame = _Frame(int(window.row_off), int(window.col_off), (int(window.height), int(window.width)))
    picture = _fields(grid, frame, seed)
    town, yard, green, water = (
        _burn(shapes, frame) > 0 for shapes in (scenery.town, scenery.estates, scenery.green, scenery.water)
    )
    road, beside = _road(scenery.roads, frame)
    fine = pixel_noise(frame.row, frame.column, frame.shape, seed)
    for mask, colour in ((town, _TOWN), (yard, _YARD), (green, _GRASS)):
        picture[mask] = colour
    _plant(picture, _density(yard, green, beside), frame, seed)
    picture[water] = _ICE
    picture[road] = _ASPHALT
    bright = (0.93 + 0.14 * fine) * _light(scenery.ground, grid, frame)
    _build(picture, bright, scenery, grid, frame)
    picture *= bright[..., None]
    drawn: NDArray[np.uint8] = picture.clip(0, 255).astype(np.uint8)
    return drawn


def _build(picture: Picture, bright: Floats, scenery: Scenery, grid: Grid, frame: _Frame) -> None:
    """Put roofs into the picture, and shadows into its brightness."""
    reach = int(np.ceil(TALLEST_M / SUN_HEIGHT / grid.ground_m)) + 2
    aside = int(np.ceil(reach * SUN_ASIDE))
    rows, columns = frame.shape
    # what stands south and west of the window throws its shadow into it
    place = _burn(scenery.buildings, _Frame(frame.row, frame.column - aside, (rows + reach, columns + aside)))
    if not place.any():
        return
    heights = np.where(place > 0, scenery.height_m[np.maximum(place - 1, 0)], np.float32(0.0))
    own = place[:rows, aside:]
    built = own > 0
    picture[built] = scenery.roof[own[built] - 1]
    bright[_shadow(heights, grid.ground_m)[:rows, aside:]] *= 0.52


def _fields(grid: Grid, frame: _Frame, seed: int) -> Picture:
    """Return the open country: long plots of a few colours, turned from place to place, with damp patches; by pixels of two."""
    rows, columns = ((side + 1) // 2 for side in frame.shape)
    row, column, ground_m = frame.row // 2, frame.column // 2, 2.0 * grid.ground_m
    south = (row + np.arange(rows, dtype=np.float32))[:, None] * np.float32(ground_m)
    east = (column + np.arange(columns, dtype=np.float32))[None, :] * np.float32(ground_m)
    bend = 60.0 * smooth_noise(row, column, (rows, columns), 1400.0 / ground_m, seed + 3)
    along, across = 0.94 * east + 0.34 * south + bend, -0.34 * east + 0.94 * south + bend
    belt = np.floor(across / 420.0)
    plot = belt * 7919.0 + np.floor((along + 97.0 * belt) / 68.0)
    colour = (plot.astype(np.int32).astype(np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed * 97 & 0xFFFF)) >> np.uint32(29)
    picture: Picture = _FIELDS[colour]
    damp = smooth_noise(row, column, (rows, columns), 180.0 / ground_m, seed + 4)
    picture *= (0.9 + 0.2 * damp)[..., None]
    picture = picture.repeat(2, axis=0).repeat(2, axis=1)
    return picture[: frame.shape[0], : frame.shape[1]]


def _road(shapes: NDArray[np.object_], frame: _Frame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where roads lie, and where the rows of trees beside them stand."""
    most = 5
    rows, columns = frame.shape
    wide = _burn(shapes, _Frame(frame.row - most, frame.column - most, (rows + 2 * most, columns + 2 * most))) > 0
    beside = np.zeros_like(wide)
    for step in (3, most):
        beside[step:] |= wide[:-step]
        beside[:-step] |= wide[step:]
        beside[:, step:] |= wide[:, :-step]
        beside[:, :-step] |= wide[:, step:]
    inner = (slice(most, -most), slice(most, -most))
    return wide[inner], (beside & ~wide)[inner]


def _density(yard: NDArray[np.bool_], green: NDArray[np.bool_], beside: NDArray[np.bool_]) -> Floats:
    """Return the share of places that carry a tree: dense in parks, thin in yards, a row along roads, few in fields."""
    density = np.where(green, np.float32(0.4), np.where(yard, np.float32(0.16), np.float32(0.004)))
    density[beside] = 0.45
    return density


def _plant(picture: Picture, density: Floats, frame: _Frame, seed: int) -> None:
    """Put crowns of three pixels on a lattice of such places; a crown is dark in the north, with its shadow."""
    rows, columns = frame.shape
    row, column = frame.row // 3, frame.column // 3
    chance = pixel_noise(row, column, (rows // 3 + 2, columns // 3 + 2), seed + 9)
    places = np.repeat(np.repeat(chance, 3, axis=0), 3, axis=1)
    stamp = np.array([[0.0, 0.6, 0.5], [0.7, 1.0, 0.8], [0.2, 0.75, 0.3]], np.float32)
    crown = np.tile(stamp, (chance.shape[0], chance.shape[1]))
    skip = (
        slice(frame.row - 3 * row, frame.row - 3 * row + rows),
        slice(frame.column - 3 * column, frame.column - 3 * column + columns),
    )
    cover = np.where(places[skip] < density, crown[skip], np.float32(0.0))
    here = cover > 0
    share = 0.75 * cover[here][:, None]
    picture[here] = picture[here] * (1.0 - share) + _CROWN * share


def _light(ground: Ground, grid: Grid, frame: _Frame) -> Floats:
    """Return how bright the ground lies in the sun: heights every sixteen pixels, interpolated."""
    rows, columns = frame.shape
    step = 16
    first_row, first_column = frame.row // step - 1, frame.column // step - 1
    down, right = (np.arange(n // step + 5) * step for n in (rows, columns))
    x = grid.west + (first_column * step + right) * grid.size_m
    y = grid.north - (first_row * step + down) * grid.size_m
    lonlat = np.stack(np.meshgrid(np.degrees(x / RADIUS_M), np.degrees(np.arctan(np.sinh(y / RADIUS_M)))), axis=-1)
    xy = from_wgs84(lonlat.reshape(-1, 2), gk()) - ORIGIN_GK
    heights = height_m(_near(ground, xy), xy).reshape(len(y), len(x))
    south, east = np.gradient(heights, step * grid.ground_m)
    coarse = np.clip(1.0 + 3.0 * (south + 0.4 * east), 0.75, 1.2).astype(np.float32)
    at_row = (np.arange(rows, dtype=np.float32) + frame.row - first_row * step) / step
    at_column = (np.arange(columns, dtype=np.float32) + frame.column - first_column * step) / step
    return lerp(coarse, at_row.astype(np.float32), at_column.astype(np.float32))


def _near(ground: Ground, xy: NDArray[np.float64]) -> Ground:
    """Return the ground with the hills that reach a place."""
    middle, reach = ground.hills[:, :2], 4.0 * ground.hills[:, 3:]
    near = ((middle + reach > xy.min(axis=0)) & (middle - reach < xy.max(axis=0))).all(axis=1)
    return Ground(ground.hills[near], ground.river, ground.rise, ground.wave_m, ground.range_m)


def _shadow(heights: Floats, ground_m: float) -> NDArray[np.bool_]:
    """Return where something to the south stands in the sun: it is walked towards the sun, pixel by pixel."""
    shadow = np.zeros(heights.shape, bool)
    tallest = float(heights.max())
    for step in range(1, int(tallest / SUN_HEIGHT / ground_m) + 1):
        aside = round(step * SUN_ASIDE)
        ray = np.float32(step * ground_m * SUN_HEIGHT)
        # a pixel lies in the shadow of what stands `step` rows south of it
        south, here = heights[step:, : heights.shape[1] - aside], heights[:-step, aside:]
        shadow[:-step, aside:] |= south - ray > here
    return shadow


def _near_shapes(shapes: NDArray[np.object_], frame: _Frame) -> NDArray[np.int64]:
    box = shapely.bounds(shapes)
    rows, columns = frame.shape
    near = (box[:, 0] < frame.column + columns) & (box[:, 2] > frame.column)
    near &= (box[:, 1] < frame.row + rows) & (box[:, 3] > frame.row)
    return np.flatnonzero(near)


def _burn(shapes: NDArray[np.object_], frame: _Frame) -> NDArray[np.int32]:
    """Return the number of the shape at each pixel, from 1; 0 where there is none."""
    near = _near_shapes(shapes, frame) if len(shapes) else np.empty(0, np.int64)
    if not near.size:
        return np.zeros(frame.shape, np.int32)
    values = [(shape, number + 1) for shape, number in zip(shapes[near], near.tolist(), strict=True)]
    found: NDArray[np.int32] = rasterize(
        values, out_shape=frame.shape, transform=Affine.translation(frame.column, frame.row), dtype="int32"
    )
    return found
