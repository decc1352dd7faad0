"""Streets, blocks, river and parks: the paper on which everything else is drawn.

Metres east and north of the quarter's middle. Streets run from west to east, avenues from south to north; the
north-western corner is older and crooked, in a quarter of the old town everything is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.names import street_names
from data.demo.sizes import CitySize

Path = NDArray[np.float64]
"""Vertices (n, 2) of a line, metres."""

MAIN_WIDTH_M = 40.0
SIDE_WIDTH_M = 24.0
RIVER_WIDTH_M = 56.0
RIVERSIDE_M = 25.0
BEND_M, OLD_BEND_M = 3.0, 16.0
"""How far a street bends off the straight line between two crossings, and in the old town."""
SETBACK_M = 16.0
"""Between the edge of a street and what is built in a block."""


@dataclass(frozen=True, slots=True)
class Road:
    """A named street or avenue with its width."""

    name: str
    road_class: str
    width_m: float
    path: Path


@dataclass(frozen=True, slots=True)
class Block:
    """The ground between four streets.

    Attributes
    ----------
    column, row
        Place in the plan.
    outline
        Along the axes of the streets.
    inner
        What may be built on: inside the setback, on one bank of the river.
    street
        Index of the street with a primary main that the block touches.
    street_below
        True when that street is the southern edge.
    """

    column: int
    row: int
    outline: Polygon
    inner: Polygon
    street: int
    street_below: bool


@dataclass(frozen=True, slots=True)
class Streets:
    """The plan: crossings (rows + 1, columns + 1, 2), roads, blocks, water and green."""

    crossings: NDArray[np.float64]
    streets: tuple[Path, ...]
    avenues: tuple[Path, ...]
    roads: tuple[Road, ...]
    blocks: tuple[Block, ...]
    river_axis: Path
    river: Polygon
    pond: BaseGeometry
    green: tuple[Polygon, ...]


def draw_river(size: CitySize, rng: np.random.Generator) -> Path:
    """Return the axis of the river from south to north; it stays within its column of blocks."""
    half_height = size.rows * size.block_height_m / 2.0
    x0 = (size.river_column + 0.75 - size.columns / 2.0) * size.block_width_m
    y = np.linspace(-half_height - 700.0, half_height + 700.0, 90)
    x = x0 + 22.0 * np.sin(y / 420.0 + rng.uniform(0.0, 2.0 * np.pi))
    return np.column_stack([x, y])


def draw_streets(size: CitySize, river_axis: Path, rng: np.random.Generator) -> Streets:
    """Draw the plan of the quarter.

    Parameters
    ----------
    size
        Number and size of blocks, which of them are parks.
    river_axis
        From `draw_river`.
    """
    crossings = _crossings(size, rng)
    bend_m = OLD_BEND_M if size.old else BEND_M
    streets = tuple(_bent(row, bend_m, rng) for row in crossings)
    avenues = tuple(_bent(column, bend_m, rng) for column in crossings.transpose(1, 0, 2))
    river = LineString(river_axis).buffer(RIVER_WIDTH_M / 2.0, cap_style="flat")
    blocks = tuple(
        _block(size, streets, avenues, river, (column, row)) for row in range(size.rows) for column in range(size.columns)
    )
    parks = [block.inner for block in blocks if (block.column, block.row) in size.park_blocks]
    pond = _pond(parks[0])
    green = [_largest(park.difference(pond)) for park in parks] + _banks(size, blocks, river)
    return Streets(
        crossings, streets, avenues, _roads(size, streets, avenues, rng), blocks, river_axis, river, pond, tuple(green)
    )


def _crossings(size: CitySize, rng: np.random.Generator) -> NDArray[np.float64]:
    x = (np.arange(size.columns + 1) - size.columns / 2.0) * size.block_width_m
    y = (np.arange(size.rows + 1) - size.rows / 2.0) * size.block_height_m
    grid = np.stack(np.meshgrid(x, y), axis=-1) + rng.uniform(-5.0, 5.0, (size.rows + 1, size.columns + 1, 2))
    old = np.array([x[0] + 0.25 * (x[-1] - x[0]), y[0] + 0.75 * (y[-1] - y[0])])
    weight = _oldness(grid - old, size)[..., None]
    turned = (grid - old)[..., ::-1] * np.array([-1.0, 1.0]) * np.tan(np.radians(5.0))
    wiggle = 16.0 * np.sin(grid[..., ::-1] / 260.0 + rng.uniform(0.0, 6.0, 2))
    crooked: NDArray[np.float64] = grid + weight * (turned + wiggle)
    if size.old:
        crooked += _winding(grid, size, rng)
    if size.turn_deg:
        angle = np.radians(size.turn_deg)
        crooked = crooked @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    crooked += size.origin_m
    return crooked


def _winding(grid: NDArray[np.float64], size: CitySize, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return by how much the crossings of the old town lie off the grid; nothing at its edge, where other quarters go on."""
    half = np.array([size.columns * size.block_width_m, size.rows * size.block_height_m]) / 2.0
    fade = (1.0 - np.clip(np.abs(grid) / half, 0.0, 1.0) ** 4).prod(axis=-1, keepdims=True)
    across = grid[..., ::-1]
    waves = 60.0 * np.sin(across / 420.0 + rng.uniform(0.0, 6.0, 2)) + 26.0 * np.sin(across / 170.0 + rng.uniform(0.0, 6.0, 2))
    winding: NDArray[np.float64] = fade * waves
    return winding


def _oldness(offset: NDArray[np.float64], size: CitySize) -> NDArray[np.float64]:
    reach = 0.28 * np.array([size.columns * size.block_width_m, size.rows * size.block_height_m])
    weight: NDArray[np.float64] = np.exp(-((offset / reach) ** 2).sum(axis=-1))
    return weight


def is_old(size: CitySize, block: Block) -> bool:
    """Return True for a block of the older corner in the north-west, or of the old town."""
    corner = block.column < 0.5 * size.columns and block.row >= 0.5 * size.rows
    return size.old or corner


def _bent(nodes: Path, bend_m: float, rng: np.random.Generator) -> Path:
    """Put a vertex between neighbouring crossings, a few metres off the straight line."""
    middle = (nodes[1:] + nodes[:-1]) / 2.0 + rng.uniform(-bend_m, bend_m, (len(nodes) - 1, 2))
    path = np.empty((len(nodes) + len(middle), 2))
    path[0::2], path[1::2] = nodes, middle
    return path


def _block(size: CitySize, streets: tuple[Path, ...], avenues: tuple[Path, ...], river: Polygon, place: tuple[int, int]) -> Block:
    """Take the vertices of the four edges in counter-clockwise order."""
    column, row = place
    south, north = streets[row][2 * column : 2 * column + 3], streets[row + 1][2 * column : 2 * column + 3]
    west, east = avenues[column][2 * row : 2 * row + 3], avenues[column + 1][2 * row : 2 * row + 3]
    outline = Polygon(np.vstack([south, east[1:], north[::-1][1:], west[::-1][1:]]))
    below = row in size.main_streets
    inner = outline.buffer(-MAIN_WIDTH_M / 2.0 - SETBACK_M, join_style="mitre").difference(river.buffer(RIVERSIDE_M))
    return Block(column, row, outline, _largest(inner), row if below else row + 1, below)


def _largest(shape: BaseGeometry) -> Polygon:
    """Return the largest polygon of a shape."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area)


def _pond(park: Polygon) -> Polygon:
    """Return a pond with an island."""
    centre = park.centroid
    pond = affinity.scale(centre.buffer(70.0, quad_segs=8), 1.3, 0.8)
    return _largest(pond.difference(centre.buffer(14.0, quad_segs=4)))


def _banks(size: CitySize, blocks: tuple[Block, ...], river: Polygon) -> list[Polygon]:
    """Return the green strip on both banks, block by block."""
    strips: list[Polygon] = []
    bank = river.buffer(RIVERSIDE_M - 3.0).difference(river)
    for block in blocks:
        if block.column == size.river_column:
            strip = block.outline.buffer(-MAIN_WIDTH_M / 2.0 - 2.0, join_style="mitre").intersection(bank)
            strips += [part for part in shapely.get_parts(strip) if part.area > 500.0]
    return strips


def _roads(size: CitySize, streets: tuple[Path, ...], avenues: tuple[Path, ...], rng: np.random.Generator) -> tuple[Road, ...]:
    stems = street_names(len(streets) + len(avenues), rng)
    mains = [index in size.main_streets for index in range(len(streets))]
    mains += [index in size.main_avenues for index in range(len(avenues))]
    kinds = ["路"] * len(streets) + ["大街"] * len(avenues)
    return tuple(
        Road(stem + kind, "主干路" if main else "次干路", MAIN_WIDTH_M if main else SIDE_WIDTH_M, path)
        for stem, kind, main, path in zip(stems, kinds, mains, [*streets, *avenues], strict=True)
    )
