"""Roads between the quarters, rings around them, motorways and country roads; crossings of everything that has a name.

Streets go on over the strips between quarters; two rings of expressways run in such strips, a motorway around all of them
and one to every town; country roads join townships, towns and the ends of streets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.demo.buildings import LANE_M, Estate
from data.demo.layout import LATTICE, Lattice, Layout
from data.demo.places import Area
from data.demo.streets import Path, Road, Streets
from data.demo.tables import DemoCity

MOTORWAY, EXPRESSWAY, ARTERIAL, COUNTRY_ROAD, LANE = "高速公路", "快速路", "主干路", "省道", "支路"
_WIDTH_M = {MOTORWAY: 34.0, EXPRESSWAY: 50.0, ARTERIAL: 30.0, COUNTRY_ROAD: 14.0, LANE: 7.0}
RINGS = (("二环", 1), ("三环", 0))
"""Name of a ring of expressways, and the column and row of the lattice, from outside, behind which it runs."""
ROUND_M = 700.0
BELTWAY_M = 3200.0
"""From the lattice out to the motorway around it."""
_AVENUES = (2, 5)
"""Those that go on into the next quarter."""
COUNTRY_REACH_M = 30e3
"""Longest country road between two places."""
_SAME_M = 30.0
_FAR_M = 2000.0


@dataclass(frozen=True, slots=True)
class _Gate:
    """A place where a country road begins: the end of a street, or the seat of a township."""

    name: str
    xy: NDArray[np.float64]
    quarter: int


def draw_roads(layout: Layout, streets: Streets, townships: Sequence[Area], rng: np.random.Generator) -> tuple[Road, ...]:
    """Draw the roads outside the quarters.

    Parameters
    ----------
    streets
        Of all quarters, in their order.
    townships
        Their seats are joined.
    """
    grid = Lattice(layout.quarters[0].plan)
    crossings = _by_quarter(layout, streets)
    gates = _gates(layout, streets, crossings)
    built: NDArray[np.object_] = shapely.convex_hull(shapely.multipoints([quarter.reshape(-1, 2) for quarter in crossings]))
    beltway = _beltway(grid)
    return (
        *_joins(layout, streets, crossings),
        *_rings(grid),
        _road("示例绕城高速公路", MOTORWAY, beltway),
        *_motorways(layout, beltway, rng),
        *_plant_roads(layout, gates, rng),
        *_country_roads([*gates, *_seats(townships)], shapely.buffer(built, -_SAME_M), rng),
    )


def _road(name: str, road_class: str, path: Path) -> Road:
    return Road(name, road_class, _WIDTH_M[road_class], path.round(2))


def _by_quarter(layout: Layout, streets: Streets) -> NDArray[np.float64]:
    """Return the crossings (quarters, streets, avenues, 2)."""
    plan = layout.quarters[0].plan
    return streets.crossings.reshape(len(layout.quarters), plan.rows + 1, plan.columns + 1, 2)


def _names(streets: Streets, per_quarter: tuple[int, int], quarter: int) -> tuple[list[str], list[str]]:
    """Return the names of a quarter's streets and avenues."""
    rows, columns = per_quarter
    first = quarter * (rows + columns)
    own = [road.name for road in streets.roads[first : first + rows + columns]]
    return own[:rows], own[rows:]


def _joins(layout: Layout, streets: Streets, crossings: NDArray[np.float64]) -> list[Road]:
    """Continue the main streets and some avenues over the strip to the next quarter."""
    shape = crossings.shape[1:3]
    joins: list[Road] = []
    for link in layout.links:
        names = _names(streets, shape, link.first)
        here, there = crossings[link.first], crossings[link.second]
        if link.eastward:
            joins += [
                _road(f"{names[0][row]}东延段", ARTERIAL, np.array([here[row, -1], there[row, 0]]))
                for row in layout.quarters[link.first].plan.main_streets
            ]
        else:
            joins += [
                _road(f"{names[1][column]}北延段", ARTERIAL, np.array([here[-1, column], there[0, column]]))
                for column in _AVENUES
            ]
    return joins


def _rings(grid: Lattice) -> list[Road]:
    """Return the sides of the rings, which meet in the middle of their round corners."""
    roads = []
    for name, outside in RINGS:
        low, high = outside, LATTICE - 1 - outside
        west, east = grid.corridor_x(low, east=True), grid.corridor_x(high, east=False)
        south, north = grid.corridor_y(low, north=True), grid.corridor_y(high, north=False)
        ring = _rounded(west, south, east, north, ROUND_M)
        quarter = len(ring) // 4
        for place, side in enumerate("东北西南"):
            path = np.vstack([ring, ring])[place * quarter : (place + 1) * quarter + 1]
            roads.append(_road(f"{side}{name}快速路", EXPRESSWAY, path))
    return roads


def _rounded(west: float, south: float, east: float, north: float, radius: float) -> Path:
    """Return a rectangle with round corners, anticlockwise from the middle of the south-eastern corner, without its end."""
    corners = [(east, south, -90.0), (east, north, 0.0), (west, north, 90.0), (west, south, 180.0)]
    parts = []
    for x, y, begin in corners:
        turn = np.radians(np.linspace(begin, begin + 90.0, 9))
        middle = np.array([x - radius * np.sign(x - (west + east) / 2.0), y - radius * np.sign(y - (south + north) / 2.0)])
        parts.append(middle + radius * np.column_stack([np.cos(turn), np.sin(turn)]))
    return np.roll(np.vstack(parts), -4, axis=0)


def _beltway(grid: Lattice) -> Path:
    half = np.array([grid.width, grid.height]) / 2.0 + BELTWAY_M
    ring = _rounded(grid.x[0] - half[0], grid.y[0] - half[1], grid.x[-1] + half[0], grid.y[-1] + half[1], 6000.0)
    return np.vstack([ring, ring[:1]])


def _motorways(layout: Layout, beltway: Path, rng: np.random.Generator) -> list[Road]:
    """Return a motorway from the beltway to each town, which it passes at the side."""
    line = shapely.LineString(beltway)
    roads = []
    for town in (quarter for quarter in layout.quarters if quarter.cell is None):
        middle = np.array(town.plan.origin_m)
        start = np.array(line.interpolate(line.project(shapely.Point(middle))).coords[0])
        ahead = (middle - start) / np.hypot(*(middle - start))
        aside = middle + BELTWAY_M * np.array([-ahead[1], ahead[0]])
        path = np.vstack([_winding(start, aside, 0.03, rng), aside + 9000.0 * ahead])
        roads.append(_road(f"示例长{town.name[0]}高速公路", MOTORWAY, path))
    return roads


def _winding(start: NDArray[np.float64], end: NDArray[np.float64], share: float, rng: np.random.Generator) -> Path:
    """Return a way that leaves the straight line by up to that share of its length."""
    step = end - start
    length = float(np.hypot(*step))
    along = np.linspace(0.0, 1.0, max(4, int(length / 700.0)))
    waves = np.sin(np.pi * along) * np.sin(np.outer(rng.uniform(1.5, 5.0, 2), along * np.pi) + rng.uniform(0.0, 6.0, (2, 1))).sum(
        0
    )
    way: Path = start + along[:, None] * step + 0.5 * share * waves[:, None] * np.array([-step[1], step[0]])
    return way


def draw_lanes(city: DemoCity) -> tuple[Road, ...]:
    """Return the lanes (巷) through the blocks of old estates, in front of every other row of houses.

    They are named after the street with a main that the block touches.
    """
    fronts: dict[tuple[float, float], set[float]] = {}
    estates: dict[tuple[float, float], Estate] = {}
    for building in city.buildings:
        estate = city.estates[building.estate]
        if estate.style == "old":
            key = (float(estate.frame.origin[0]), float(estate.frame.origin[1]))
            estates.setdefault(key, estate)
            fronts.setdefault(key, set()).add(round(float(building.inlet_ab[1]), 2))
    counts: Counter[int] = Counter()
    lanes = []
    for key, estate in estates.items():
        for front in sorted(fronts[key])[1::2]:
            across = estate.frame.to_xy(np.array([[-_FAR_M, front - LANE_M], [_FAR_M, front - LANE_M]]))
            parts = shapely.get_parts(estate.block.outline.intersection(shapely.LineString(across)))
            street = estate.block.street
            counts[street] += 1
            name = f"{city.streets.roads[street].name}{counts[street]}巷"
            lanes.append(_road(name, LANE, shapely.get_coordinates(max(parts, key=shapely.length))))
    return tuple(lanes)


# ---------------------------------------------------------------- country roads


def _gates(layout: Layout, streets: Streets, crossings: NDArray[np.float64]) -> list[_Gate]:
    """Return the ends of the middle street and avenue of each quarter where no neighbour stands before them."""
    joined = {(link.first, link.eastward, False) for link in layout.links}
    joined |= {(link.second, link.eastward, True) for link in layout.links}
    row, column = crossings.shape[1] // 2, crossings.shape[2] // 2
    gates = []
    for quarter, own in enumerate(crossings):
        streets_of, avenues_of = _names(streets, crossings.shape[1:3], quarter)
        for name, xy, eastward, backward in (
            (streets_of[row], own[row, -1], True, False),
            (streets_of[row], own[row, 0], True, True),
            (avenues_of[column], own[-1, column], False, False),
            (avenues_of[column], own[0, column], False, True),
        ):
            if (quarter, eastward, backward) not in joined:
                gates.append(_Gate(name.removesuffix("大街").removesuffix("路"), xy, quarter))
    return gates


def _seats(townships: Sequence[Area]) -> list[_Gate]:
    points = shapely.get_coordinates(shapely.point_on_surface(np.array([area.extent for area in townships])))
    return [_Gate(area.name[:-1], xy, -1 - index) for index, (area, xy) in enumerate(zip(townships, points, strict=True))]


def _plant_roads(layout: Layout, gates: Sequence[_Gate], rng: np.random.Generator) -> list[Road]:
    ends = np.array([gate.xy for gate in gates])
    roads = []
    for index, plant in enumerate(layout.plants):
        nearest = ends[int(np.hypot(*(ends - plant).T).argmin())]
        side = np.array([-300.0 if plant[0] > nearest[0] else 300.0, -80.0])
        roads.append(_road(f"示例电厂{index + 1}号公路", ARTERIAL, _winding(nearest, plant + side, 0.02, rng)))
    return roads


def _country_roads(gates: Sequence[_Gate], built: NDArray[np.object_], rng: np.random.Generator) -> list[Road]:
    """Join neighbours: those between which, in the circle over their distance, no third one lies (Gabriel graph)."""
    xy = np.array([gate.xy for gate in gates])
    first, second = np.triu_indices(len(gates), 1)
    reach = np.hypot(*(xy[first] - xy[second]).T) / 2.0
    nearest, _ = cKDTree(xy).query((xy[first] + xy[second]) / 2.0)
    lines = shapely.linestrings(np.stack([xy[first], xy[second]], axis=1))
    quarter = np.array([gate.quarter for gate in gates])
    keep = (nearest > reach - 1e-6) & (reach < COUNTRY_REACH_M / 2.0) & (quarter[first] != quarter[second])
    town = shapely.union_all(built)
    shapely.prepare(town)
    keep &= ~shapely.intersects(town, lines)
    roads: dict[str, Road] = {}
    for a, b in zip(first[keep].tolist(), second[keep].tolist(), strict=True):
        name = f"{gates[a].name}{gates[b].name}公路"
        path = _winding(xy[a], xy[b], 0.05, rng)
        if shapely.intersects(town, shapely.LineString(path)):
            path = xy[[a, b]]  # only the straight way is sure to keep clear of houses
        roads.setdefault(name, _road(name, COUNTRY_ROAD, path))
    return list(roads.values())


# ---------------------------------------------------------------- crossings


def crossings_frame(streets: Streets, quarters: int = 1) -> geopandas.GeoDataFrame:
    """Return the crossings with the names of both roads.

    Parameters
    ----------
    streets
        The roads of the quarters in their order, then others; motorways cross nothing on the level, lanes have no crossing
        of their own.
    quarters
        How many quarters there are.
    """
    rows, columns = max(block.row for block in streets.blocks) + 2, max(block.column for block in streets.blocks) + 2
    inside = streets.crossings.reshape(quarters, rows, columns, 2)
    names = [
        f"{row}与{column}交叉口"
        for quarter in range(quarters)
        for row in _names(streets, (rows, columns), quarter)[0]
        for column in _names(streets, (rows, columns), quarter)[1]
    ]
    more = list(_outside(streets.roads[quarters * (rows + columns) :], inside.reshape(-1, 2)))
    xy = np.vstack([inside.reshape(-1, 2), *(place[None] for place, _ in more)])
    names += [name for _, name in more]
    columns_ = {"code": [f"LK{index + 1:05d}" for index in range(len(names))], "name": names}
    return geopandas.GeoDataFrame(columns_, geometry=shapely.points(xy.round(2)))


def _outside(roads: Sequence[Road], known_xy: NDArray[np.float64]) -> Iterable[tuple[NDArray[np.float64], str]]:
    """Yield where two roads outside the quarters meet, once each place."""
    level = [road for road in roads if road.road_class not in {MOTORWAY, LANE}]
    if not level:
        return
    lines = np.array([shapely.LineString(road.path) for road in level])
    first, second = shapely.STRtree(lines).query(lines, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    places, pair = shapely.get_coordinates(shapely.intersection(lines[first], lines[second]), return_index=True)
    taken: list[NDArray[np.float64]] = []
    near, _ = cKDTree(known_xy).query(places)
    for place, index, distance in zip(places, pair.tolist(), near.tolist(), strict=True):
        if distance < _SAME_M or any(np.hypot(*(place - other)) < _SAME_M for other in taken):
            continue
        taken.append(place)
        yield place, f"{level[first[index]].name}与{level[second[index]].name}交叉口"
