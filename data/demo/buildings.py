"""Estates and buildings: rows of them in the blocks, with what heat they take.

Each block is drawn in a frame of its own whose second axis points away from the street that carries the primary main,
so that a substation, its lanes and its rows lie the same way everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from data.demo.footprints import DEPTH_M, Footprint, Shape, footprint
from data.demo.names import HOSPITAL, SCHOOL, estate_names
from data.demo.sizes import CitySize
from data.demo.streets import Block, Streets, is_old
from data.demo.systems import ZONE_STOREYS

Position = NDArray[np.float64]
"""One position (2,), metres."""

STOREY_M = 2.9
LANE_M = 5.0
"""From a facade to the axis of the lane in front of it, where the secondary pipes lie."""


@dataclass(frozen=True, slots=True)
class Style:
    """How an estate is built: pitch of its lots (along and away from the street), sizes, storeys, years."""

    pitch_m: tuple[float, float]
    length_m: tuple[float, float]
    depth_m: tuple[float, float]
    storeys: tuple[int, int]
    years: tuple[int, int]
    shapes: tuple[str, ...]
    load_w_per_m2: tuple[float, float]


_SLABS = ("slab", "slab", "slab", "slab", "l", "step", "twin", "round")
_WALKUPS = ("slab", "slab", "slab", "slab", "slab", "slab", "l", "l", "step", "u", "comb", "twin", "arc")
STYLES: Mapping[str, Style] = {
    "old": Style((68.0, 43.0), (40.0, 52.0), (11.0, 13.0), (4, 7), (1978, 1998), ("slab", "slab", "step", "l"), (45.0, 58.0)),
    "court": Style(
        (82.0, 74.0), (52.0, 62.0), (40.0, 48.0), (3, 8), (1985, 2012), ("court", "u", "l", "court", "podium"), (40.0, 55.0)
    ),
    "slab": Style((82.0, 62.0), (50.0, 62.0), (13.0, 15.0), (9, 18), (2000, 2016), _SLABS, (34.0, 42.0)),
    "walkup": Style((82.0, 54.0), (50.0, 64.0), (12.0, 14.0), (5, 7), (1988, 2010), _WALKUPS, (40.0, 52.0)),
    "tower": Style((66.0, 70.0), (25.0, 32.0), (20.0, 24.0), (24, 33), (2010, 2024), ("slab", "cross", "round"), (28.0, 35.0)),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A turned frame: `xy = origin + a * along + b * away`."""

    origin: Position
    along: Position
    away: Position

    def to_xy(self, ab: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions (n, 2) in metres of the quarter for positions in the frame."""
        return self.origin + ab[:, :1] * self.along + ab[:, 1:] * self.away

    def to_ab(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions (n, 2) in the frame."""
        return np.column_stack([(xy - self.origin) @ self.along, (xy - self.origin) @ self.away])


@dataclass(frozen=True, slots=True)
class Building:
    """One building with its heat.

    Attributes
    ----------
    outline
        Footprint; courts have a hole, buildings of several blocks several polygons.
    inlet_ab, entrance_ab
        Heat inlet on the facade towards the lane, and on the far side, in the estate's frame.
    column, row
        Place among the lots of the estate.
    lot_a
        Middle of the column of lots along the first axis of the frame.
    """

    estate: int
    number: int
    column: int
    row: int
    lot_a: float
    outline: Shape
    inlet_ab: Position
    entrance_ab: Position
    storeys: int
    height_source: str
    year_built: int
    use: str
    critical_use: str
    energy_class: str
    heated_area_m2: float
    heat_user_count: int
    heat_load_mw: float


@dataclass(frozen=True, slots=True)
class Estate:
    """One estate on one block, or on the part of it that `outline` bounds."""

    name: str
    style: str
    block: Block
    frame: Frame
    year_built: int
    pitch_scale: float = 1.0
    outline: Polygon | None = None

    def pitch_m(self) -> Position:
        """Return the pitch of its lots, along and away from the street."""
        return np.array(STYLES[self.style].pitch_m) * self.pitch_scale


def frame_of(block: Block) -> Frame:
    """Return the frame of a block: the first axis along its street with a main, the second away from it."""
    centre = np.array(block.inner.centroid.coords[0])
    ring = np.asarray(block.outline.exterior.coords)[:8]  # south-west corner first, two vertices a side
    along = ring[2] - ring[0] if block.street_below else ring[4] - ring[6]
    along = along / np.hypot(*along)
    if not block.street_below:
        along = -along
    return Frame(centre, along, np.array([-along[1], along[0]]))


def frame_at(xy: Position) -> Frame:
    """Return a frame that is not turned."""
    return Frame(xy, np.array([1.0, 0.0]), np.array([0.0, 1.0]))


def draw_estates(size: CitySize, streets: Streets, rng: np.random.Generator) -> tuple[Estate, ...]:
    """Give every block that is no park, plant or boiler house an estate."""
    taken = {size.plant_block, size.boiler_block, *size.boiler_blocks, *size.park_blocks}
    blocks = [block for block in streets.blocks if (block.column, block.row) not in taken]
    names = estate_names(len(blocks), rng)
    estates = []
    for block, name in zip(blocks, names, strict=True):
        style = "old" if is_old(size, block) else str(rng.choice(list(size.styles)))
        year = int(rng.integers(*STYLES[style].years))
        estates.append(Estate(name, style, block, frame_of(block), year, size.pitch_scale))
    return tuple(estates)


def draw_buildings(size: CitySize, estates: tuple[Estate, ...], rng: np.random.Generator) -> tuple[Building, ...]:
    """Fill the estates with buildings and keep `size.buildings` of them, or all when there are fewer lots."""
    drawn = draw_lots(estates, rng)
    keep = np.sort(rng.permutation(len(drawn))[: size.buildings])
    kept = [drawn[index] for index in keep]
    special = _special_uses(len(estates), rng)
    numbers: dict[int, int] = {}
    buildings = []
    for building in kept:
        number = numbers[building.estate] = numbers.get(building.estate, 0) + 1
        use = special.get(building.estate, "") if number == 1 else ""
        buildings.append(with_use(replace(building, number=number), use, estates[building.estate]))
    return tuple(buildings)


def draw_lots(estates: tuple[Estate, ...], rng: np.random.Generator) -> list[Building]:
    """Return a building for every lot of the estates."""
    return [building for index, estate in enumerate(estates) for building in _fill(index, estate, rng)]


def _special_uses(estates: int, rng: np.random.Generator) -> dict[int, str]:
    """Return the estates whose first building is a school or a hospital."""
    picked = rng.permutation(estates)[: max(3, estates // 5)]
    return {int(estate): HOSPITAL if place % 4 == 0 else SCHOOL for place, estate in enumerate(picked)}


def with_use(building: Building, use: str, estate: Estate) -> Building:
    """Return the building as a school or hospital, in the shape of one where its lot has room; unchanged for an empty use."""
    if not use:
        return building
    critical = "医院" if use == HOSPITAL else "学校"
    reshaped = _reshaped(building, "h" if use == HOSPITAL else "comb", estate)
    return replace(reshaped, use="公共建筑", critical_use=critical, heat_user_count=1)


def _reshaped(building: Building, shape: str, estate: Estate) -> Building:
    """Return the building in another shape, with as many storeys as give the same floor area.

    A tower stays as it is: its storeys decide how many systems its substation has.
    """
    if building.storeys > ZONE_STOREYS[0]:
        return building
    west, front, east, far = shapely.bounds(shapely.transform(building.outline, estate.frame.to_ab))
    room = estate.pitch_m() - ROOM_M
    length, depth = max(east - west, PUBLIC_LENGTH_M), max(far - front, DEPTH_M[shape])
    if length > room[0] or depth > room[1]:
        return building
    drawn = footprint(shape, np.array([building.lot_a - length / 2.0, front]), length, depth, 0.5)
    if not _inner(estate).contains(drawn.outline):
        return building
    storeys = min(max(3, round(building.heated_area_m2 / (FLOOR_SHARE * drawn.outline.area))), ZONE_STOREYS[0])
    return replace(
        building,
        outline=shapely.transform(drawn.outline, estate.frame.to_xy),
        inlet_ab=drawn.inlet_ab,
        entrance_ab=drawn.entrance_ab,
        storeys=storeys,
    )


PUBLIC_LENGTH_M = 44.0
"""Least length of a school or hospital."""
ROOM_M = np.array([18.0, 16.0])
"""Of the distance of lots, along and away from the street: what stays free for lanes and services."""
FLOOR_SHARE = 0.9
"""Heated share of the floors."""


def _inner(estate: Estate) -> Polygon:
    """Return what may be built on, in the estate's frame."""
    return Polygon(estate.frame.to_ab(np.asarray(estate.block.inner.exterior.coords)))


def _fill(index: int, estate: Estate, rng: np.random.Generator) -> list[Building]:
    style = STYLES[estate.style]
    inner = _inner(estate)
    shapely.prepare(inner)
    low, high = np.array(inner.bounds[:2]), np.array(inner.bounds[2:])
    pitch = estate.pitch_m()
    columns, rows = np.maximum(1, (high - low) // pitch).astype(int)
    start = (low + high - np.array([columns - 1, rows - 1]) * pitch) / 2.0
    drawn = []
    for row in range(rows):
        for column in range(columns):
            lot = start + np.array([column, row]) * pitch
            shape = _footprint(lot, style, rng, row_pitch_m=float(pitch[1]))
            if inner.contains(shape.outline):
                drawn.append(_building(estate, index, (column, row), rng, lot_a=float(lot[0]), shape=shape))
    return drawn


def _footprint(lot: Position, style: Style, rng: np.random.Generator, *, row_pitch_m: float) -> Footprint:
    """Return a footprint around the middle of a lot, in the estate's frame.

    The front of every shape lies on the same line of the lot row, so that one straight lane serves the row.
    """
    length, depth = rng.uniform(*style.length_m), rng.uniform(*style.depth_m)
    shape = style.shapes[int(rng.integers(len(style.shapes)))]
    corner = lot + np.array([-length / 2.0, 2.0 * LANE_M - row_pitch_m / 2.0])
    return footprint(shape, corner, length, depth, 0.5 + rng.uniform(-0.3, 0.3))


def _building(
    estate: Estate,
    index: int,
    place: tuple[int, int],
    rng: np.random.Generator,
    *,
    lot_a: float,
    shape: Footprint,
) -> Building:
    style = STYLES[estate.style]
    storeys = int(rng.integers(style.storeys[0], style.storeys[1] + 1))
    year = min(2025, estate.year_built + int(rng.integers(0, 3)))
    area = round(FLOOR_SHARE * shape.outline.area * storeys, 1)
    public = rng.random() < 0.06
    return Building(
        estate=index,
        number=0,
        column=place[0],
        row=place[1],
        lot_a=lot_a,
        outline=shapely.transform(shape.outline, estate.frame.to_xy),
        inlet_ab=shape.inlet_ab,
        entrance_ab=shape.entrance_ab,
        storeys=storeys,
        height_source="attribute" if rng.random() < 0.7 else "storeys",
        year_built=year,
        use="公共建筑" if public else "居住建筑",
        critical_use="",
        energy_class=_energy_class(year),
        heated_area_m2=area,
        heat_user_count=max(1, int(area // (400.0 if public else 87.0))),
        heat_load_mw=round(area * rng.uniform(*style.load_w_per_m2) / 1e6, 5),
    )


def _energy_class(year: int) -> str:
    """Return the energy grade of a residential building by the year of the standard it was built to."""
    if year < 1996:
        return "非节能及一步节能"
    if year < 2007:
        return "二步节能"
    return "三步节能" if year < 2019 else "四步及以上节能"


def estate_outline(estate: Estate) -> Polygon:
    """Return the outline of an estate: its own, or its block's inner ground, a little wider."""
    if estate.outline is not None:
        return estate.outline
    return estate.block.inner.buffer(SIDE_MARGIN_M, join_style="mitre")


SIDE_MARGIN_M = 8.0
