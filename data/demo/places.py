"""The administrative tree below the districts: subdistricts and communities out of blocks, townships around villages.

Communities are groups of blocks, subdistricts groups of communities. The blocks at the edge of a quarter reach out to the
quarter's cell, so that the strips between quarters belong to somebody. A block belongs to the district that holds its middle:
like a real one, the border of a subdistrict follows streets, and leaves the line of the district by half a block at most.
What is left of a district is split between townships.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from data.demo.layout import GAP_M, RIVER_COLUMN, Lattice, Quarter
from data.demo.names import AreaNames, township_stems
from data.demo.streets import Block, Road, Streets

Cells = NDArray[np.float64]
"""West, south, east, north (n, 4) of the ground around each quarter, metres."""

TOWNSHIP_KM2 = 250.0
"""Countryside of one township."""
_FEW_BLOCKS = 6
"""A quarter's blocks in one district that are fewer than this go to the district of most of its blocks."""
_SUBDISTRICT_BLOCKS = 12
"""Fewer blocks than this make one subdistrict."""
_ORDINALS = "一二三四五六七八九十"
_COLUMNS, _ROWS = 3, 3
"""Into how many strips communities cut a quarter each way."""


@dataclass(frozen=True, slots=True)
class Area:
    """An area of the tree: code, name, code of what it is part of, extent in metres."""

    code: str
    name: str
    parent: str
    extent: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Places:
    """The tree below the districts.

    Attributes
    ----------
    block_extents
        Of every block with its share of the strips around the quarter; they tile the cells.
    block_community
        Index of the community of each block.
    """

    subdistricts: tuple[Area, ...]
    communities: tuple[Area, ...]
    townships: tuple[Area, ...]
    block_extents: tuple[Polygon, ...]
    block_community: NDArray[np.int64]


def lattice_cells(quarters: Sequence[Quarter]) -> Cells:
    """Return the cells of a whole city: neighbours meet in the middle of the strip between them, on the river's axis too."""
    cells = []
    for quarter in quarters:
        grid = Lattice(quarter.plan)
        half = np.array([grid.width + GAP_M, grid.height + GAP_M]) / 2.0
        middle = np.array(quarter.plan.origin_m)
        west, south, east, north = *(middle - half), *(middle + half)
        if quarter.cell and quarter.cell[0] == RIVER_COLUMN:
            east = grid.river_x
        elif quarter.cell and quarter.cell[0] == RIVER_COLUMN + 1:
            west = grid.river_x
        cells.append((west, south, east, north))
    return np.array(cells)


def quarter_cell(streets: Streets) -> Cells:
    """Return the cell of a city of one quarter."""
    corners = streets.crossings.reshape(-1, 2)
    cell: Cells = np.concatenate([corners.min(axis=0) - GAP_M / 2.0, corners.max(axis=0) + GAP_M / 2.0])
    return cell[None]


def draw_places(
    streets: Streets,
    cells: Cells,
    districts: Mapping[str, shapely.Geometry],
    villages_xy: NDArray[np.float64],
    *,
    countryside: shapely.Geometry | None = None,
    rng: np.random.Generator,
) -> Places:
    """Draw the tree.

    Parameters
    ----------
    streets
        Blocks in the order of the quarters.
    cells
        One for each quarter, from `lattice_cells` or `quarter_cell`.
    districts
        Outlines in metres by code.
    villages_xy
        Positions (n, 2) in metres around which townships are drawn.
    countryside
        Where townships may lie; None = wherever a district is no cell.
    """
    quarter_of = np.arange(len(streets.blocks)) // (len(streets.blocks) // len(cells))
    extents = tuple(_extent(block, cells[quarter], streets) for block, quarter in zip(streets.blocks, quarter_of, strict=True))
    adcodes = _adcodes(streets.blocks, quarter_of, districts)
    subdistrict_of = _number(_subdistrict_keys(streets.blocks, quarter_of, adcodes, rng))
    community_of = _number(_community_keys(streets.blocks, subdistrict_of))
    stems = [_stem(streets.roads, streets.blocks, quarter_of, index) for index in range(len(streets.blocks))]
    subdistricts = _areas(extents, subdistrict_of, adcodes.tolist(), stems, "街道")
    parents = [subdistricts[index].code for index in subdistrict_of]
    communities = _areas(extents, community_of, parents, stems, "社区")
    ground = shapely.union_all(shapely.box(*cells.T))
    open_land = {
        code: shapely.difference(outline if countryside is None else shapely.intersection(outline, countryside), ground)
        for code, outline in districts.items()
    }
    names = AreaNames()
    townships = tuple(town for code, land in open_land.items() for town in _townships(code, land, villages_xy, names, rng))
    return Places(subdistricts, communities, townships, extents, community_of)


# ---------------------------------------------------------------- blocks


def _extent(block: Block, cell: NDArray[np.float64], streets: Streets) -> Polygon:
    """Return the outline of a block, grown to the edge of the quarter's cell where no other block lies before it."""
    rows, columns = (count - 1 for count in _shape(streets))
    ring = np.asarray(block.outline.exterior.coords)
    west, south, east, north = cell
    # both ends exact, else neighbours would miss each other by a rounding error
    x, y = (
        low * (1.0 - share) + high * share
        for low, high, share in (
            (west, east, (block.column + np.array([0.0, 0.5, 1.0])) / columns),
            (south, north, (block.row + np.array([0.0, 0.5, 1.0])) / rows),
        )
    )
    flaps = [block.outline]
    if block.row == 0:
        flaps.append(_flap(ring[0:3], np.column_stack([x, np.full(3, south)])))
    if block.column == columns - 1:
        flaps.append(_flap(ring[2:5], np.column_stack([np.full(3, east), y])))
    if block.row == rows - 1:
        flaps.append(_flap(ring[4:7], np.column_stack([x[::-1], np.full(3, north)])))
    if block.column == 0:
        flaps.append(_flap(ring[[6, 7, 0]], np.column_stack([np.full(3, west), y[::-1]])))
    extent = shapely.union_all(flaps)
    assert isinstance(extent, Polygon)  # each flap shares an edge with the block
    return extent


def _shape(streets: Streets) -> tuple[int, int]:
    """Return how many streets and avenues a quarter has."""
    return max(block.row for block in streets.blocks) + 2, max(block.column for block in streets.blocks) + 2


def _flap(edge: NDArray[np.float64], outer: NDArray[np.float64]) -> Polygon:
    return Polygon(np.vstack([edge, outer[::-1]]))


def _adcodes(
    blocks: Sequence[Block], quarter_of: NDArray[np.int64], districts: Mapping[str, shapely.Geometry]
) -> NDArray[np.str_]:
    """Return the code of the district of each block; a few stray blocks of a quarter go with the others."""
    middle = shapely.get_coordinates(shapely.centroid(np.array([block.outline for block in blocks])))
    codes = np.full(len(blocks), next(iter(districts)))
    for code, outline in districts.items():
        shapely.prepare(outline)
        codes[shapely.contains_xy(outline, middle)] = code
    for quarter in range(int(quarter_of[-1]) + 1):
        own = quarter_of == quarter
        found, counts = np.unique(codes[own], return_counts=True)
        few = np.isin(codes, found[counts < _FEW_BLOCKS]) & own
        codes[few] = found[counts.argmax()]
    return codes


def _subdistrict_keys(
    blocks: Sequence[Block], quarter_of: NDArray[np.int64], adcodes: NDArray[np.str_], rng: np.random.Generator
) -> list[tuple[int, str, int]]:
    """Return quarter, district and strip of each block; a quarter has one to three strips from west to east."""
    columns = max(block.column for block in blocks) + 1
    parts = rng.integers(1, 4, int(quarter_of[-1]) + 1)
    keys = []
    for block, quarter, code in zip(blocks, quarter_of.tolist(), adcodes.tolist(), strict=True):
        together = int(((quarter_of == quarter) & (adcodes == code)).sum())
        strips = 1 if together < _SUBDISTRICT_BLOCKS else int(parts[quarter])
        keys.append((quarter, code, strips * block.column // columns))
    return _joined(keys, blocks, _FEW_BLOCKS - 2)


def _community_keys(blocks: Sequence[Block], subdistrict_of: NDArray[np.int64]) -> list[tuple[int, str, int]]:
    columns, rows = (max(getattr(block, side) for block in blocks) + 1 for side in ("column", "row"))
    keys = [
        (subdistrict, "", _COLUMNS * (_ROWS * block.row // rows) + _COLUMNS * block.column // columns)
        for block, subdistrict in zip(blocks, subdistrict_of.tolist(), strict=True)
    ]
    return _joined(keys, blocks, 2)


def _joined(keys: list[tuple[int, str, int]], blocks: Sequence[Block], fewest: int) -> list[tuple[int, str, int]]:
    """Give groups of fewer blocks than `fewest` the key of the nearest block of another group with the same first two parts."""
    counts: dict[tuple[int, str, int], int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    joined = list(keys)
    for index, key in enumerate(keys):
        if counts[key] >= fewest:
            continue
        others = [other for other, theirs in enumerate(keys) if theirs[:2] == key[:2] and counts[theirs] >= fewest]
        if others:
            here = blocks[index]
            away = [abs(blocks[other].column - here.column) + abs(blocks[other].row - here.row) for other in others]
            joined[index] = keys[others[int(np.argmin(away))]]
    return joined


def _number(keys: Sequence[tuple[int, str, int]]) -> NDArray[np.int64]:
    """Return a number for each key, counted in the order of the keys."""
    numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([numbers[key] for key in keys])


def _stem(roads: Sequence[Road], blocks: Sequence[Block], quarter_of: NDArray[np.int64], index: int) -> str:
    """Return the name, without 路, of the street below a block."""
    streets, avenues = max(block.row for block in blocks) + 2, max(block.column for block in blocks) + 2
    road = roads[int(quarter_of[index]) * (streets + avenues) + blocks[index].row]
    return road.name.removesuffix("路")


def _areas(
    extents: Sequence[Polygon],
    group_of: NDArray[np.int64],
    parents: Sequence[str],
    stems: Sequence[str],
    kind: str,
) -> tuple[Area, ...]:
    """Return an area for each group of blocks; codes count on within the parent, three digits behind its code."""
    counts: Counter[str] = Counter()
    named: Counter[str] = Counter()
    shapes = np.array(extents, dtype=object)
    areas = []
    for group in range(int(group_of.max()) + 1):
        members = np.flatnonzero(group_of == group).tolist()
        parent = parents[members[0]]
        stem = min((stems[member] for member in members), key=lambda name: named[name])
        counts[parent] += 1
        named[stem] += 1
        name = stem + (f"第{_ORDINALS[named[stem] - 1]}" if named[stem] > 1 else "") + kind
        areas.append(Area(f"{parent}{counts[parent]:03d}", name, parent, shapely.union_all(shapes[members])))
    return tuple(areas)


# ---------------------------------------------------------------- countryside


def _townships(
    adcode: str, land: shapely.Geometry, villages_xy: NDArray[np.float64], names: AreaNames, rng: np.random.Generator
) -> list[Area]:
    """Split the countryside of a district between its townships; codes from 100 on, as in GB/T 10114."""
    if shapely.is_empty(land):
        return []
    shapely.prepare(land)
    own = villages_xy[shapely.contains_xy(land, villages_xy)]
    count = max(1, round(float(shapely.area(land)) / 1e6 / TOWNSHIP_KM2))
    seats = _spread(own, count) if len(own) else shapely.get_coordinates(shapely.point_on_surface(land))
    if len(seats) == 1:
        extents = [land]
    else:
        cells = shapely.voronoi_polygons(shapely.MultiPoint(seats), extend_to=shapely.envelope(land), ordered=True)
        extents = [_surface(shape) for shape in shapely.intersection(shapely.get_parts(cells), land)]
    stems = township_stems(len(seats), rng)
    kinds = np.where(rng.random(len(seats)) < TOWN_SHARE, "镇", "乡").tolist()
    return [
        Area(f"{adcode}{(100 if kind == '镇' else 200) + number:03d}", names.unique(stem + kind), adcode, extent)
        for number, (stem, kind, extent) in enumerate(zip(stems, kinds, extents, strict=True))
    ]


TOWN_SHARE = 0.7
"""Share of townships that are towns (镇); the others are 乡."""


def _spread(xy: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return that many of the positions, each next one as far as possible from those before."""
    chosen = [int(np.hypot(*(xy - xy.mean(axis=0)).T).argmin())]
    nearest = np.full(len(xy), np.inf)
    for _ in range(min(count, len(xy)) - 1):
        nearest = np.minimum(nearest, np.hypot(*(xy - xy[chosen[-1]]).T))
        chosen.append(int(nearest.argmax()))
    return xy[chosen]


def _surface(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a shape."""
    return shapely.union_all([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])


# ---------------------------------------------------------------- tables


def areas_frame(areas: Sequence[Area]) -> geopandas.GeoDataFrame:
    """Return areas with the columns of their kind."""
    columns = {
        "code": [area.code for area in areas],
        "name": [area.name for area in areas],
        "adcode": [area.code for area in areas],
        "parent_code": [area.parent for area in areas],
    }
    return geopandas.GeoDataFrame(columns, geometry=[area.extent for area in areas])


def with_townships(villages: geopandas.GeoDataFrame, townships: Sequence[Area]) -> geopandas.GeoDataFrame:
    """Return villages with the code of the township that each lies in; the nearest one where its line is crossed."""
    extents = np.array([area.extent for area in townships], dtype=object)
    village, town = shapely.STRtree(extents).query_nearest(villages.geometry.to_numpy(), all_matches=False)
    codes = np.array([area.code for area in townships])
    assert (village == np.arange(len(villages))).all()  # one each, in order
    return villages.assign(parent_code=codes[town])
