"""Mains that reach beyond one quarter: from the plants to the quarters, and between neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.ops import substring

from data.demo.chains import CROSSING_VALVE_M, Chain, Cut, NodeList, joints, main_cuts
from data.demo.layout import Lattice, Layout, Link, Quarter
from data.demo.sizes import CitySize
from data.demo.stations import MainStation, number_stations, stops_of
from data.demo.streets import Path, Streets

SECTION_M = 2500.0
"""Between the valves of a transmission main."""
PIECE_M = 600.0
SIDEWAYS_M = 4.0
"""Between transmission mains in one corridor."""
YARD_M = 160.0
"""From a plant to where its mains part."""
PLANT_VALVE_M = 120.0
"""From a plant to the first valve, where its mains are metres apart."""
Crossings = dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Branch:
    """A plant's main to one quarter: index of plant and quarter, the way (n, 2) in metres."""

    plant: int
    quarter: int
    path: Path


def fed_directly(layout: Layout, branches: int) -> list[Quarter]:
    """Return the quarters that get a branch of their own; the others are the best linked with neighbours of their plant."""
    fed = [quarter for quarter in layout.quarters if quarter.plant >= 0]
    open_links = Counter(number for link in layout.links if not link.tie for number in (link.first, link.second))
    members = Counter(quarter.plant for quarter in fed)
    left_out: set[int] = set()
    for plant, _ in members.most_common(len(fed) - branches):
        own = [quarter.number for quarter in fed if quarter.plant == plant]
        left_out.add(max(own, key=lambda number: open_links[number]))
    return [quarter for quarter in fed if quarter.number not in left_out]


def lay_branches(
    layout: Layout,
    plan: CitySize,
    nodes: NodeList,
    crossings: Sequence[Crossings],
    *,
    plants: Sequence[int],
    branches: int,
) -> tuple[list[Branch], list[MainStation], list[Chain]]:
    """Lay the branches of the plants along the corridors, with their stations.

    Parameters
    ----------
    crossings
        Of each quarter: node by (avenue, street).
    plants
        Node of each plant.
    """
    grid = Lattice(plan)
    laid, ends = [], []
    for place, quarter in enumerate(fed_directly(layout, branches)):  # each has a lane of its own in every corridor
        plant = layout.plants[quarter.plant]
        eastward = bool(plant[0] < grid.centre(_cell(quarter))[0])
        avenue = 0 if eastward else plan.columns
        street = plan.main_streets[0 if plant[1] < grid.centre(_cell(quarter))[1] else -1]
        ends.append(crossings[quarter.number][avenue, street])
        aside = (place - branches / 2.0) * SIDEWAYS_M
        path = _way(grid, plant, quarter, nodes.positions[ends[-1]], aside, eastward=eastward)
        laid.append(Branch(quarter.plant, quarter.number, path))
    stops = [stops_of(branch.path) for branch in laid]
    stations = number_stations([branch.plant for branch in laid], [each[-1] for each in stops], [len(each) for each in stops])
    chains: list[Chain] = []
    first = 0
    for branch, end, own in zip(laid, ends, stops, strict=True):
        chains += _stretches(nodes, branch, (plants[branch.plant], end), own, first)
        first += len(own)
    return laid, [station for own in stations for station in own], chains


def _stretches(nodes: NodeList, branch: Branch, ends: tuple[int, int], stops: Sequence[float], first: int) -> list[Chain]:
    """Return the branch in stretches between its stations, the last one primary; `first` numbers the first station."""
    line = LineString(branch.path)
    bounds = [0.0, *stops, line.length]
    stations = [
        nodes.add("main_station", np.array(line.interpolate(at).coords[0]), first + place) for place, at in enumerate(stops)
    ]
    stretches = []
    for (start, end), (low, high) in zip(pairwise([ends[0], *stations, ends[1]]), pairwise(bounds), strict=True):
        path = np.asarray(substring(line, low, high).coords).copy()
        path[0], path[-1] = nodes.positions[start], nodes.positions[end]
        if end == ends[1]:
            stretches.append(Chain(start, end, path, True, -1, main_cuts(high - low, PIECE_M, valves=(False, True))))
            continue
        cuts = _sections(high - low, PLANT_VALVE_M if start == ends[0] else CROSSING_VALVE_M)
        stretches.append(Chain(start, end, path, True, -1, cuts, transmission=True))
    return stretches


def _cell(quarter: Quarter) -> tuple[int, int]:
    assert quarter.cell is not None  # towns have no plant
    return quarter.cell


def _way(
    grid: Lattice, plant: NDArray[np.float64], quarter: Quarter, end: NDArray[np.float64], aside: float, *, eastward: bool
) -> Path:
    """Return the way from a plant along corridors to the side of a quarter that faces it."""
    column, row = _cell(quarter)
    last_x = grid.corridor_x(column, east=not eastward) + aside
    rows = np.array([plant[1] < grid.y[0], plant[1] > grid.y[-1]])
    if not rows.any():  # the plant stands at the end of a west-east corridor
        yard = plant + np.array([YARD_M if eastward else -YARD_M, aside])
        corners = [plant, yard, [last_x, yard[1]], [last_x, end[1] + aside]]
    else:
        yard = plant + np.array([aside, YARD_M if rows[0] else -YARD_M])
        level = grid.corridor_y(row, north=not bool(rows[0])) + aside
        corners = [plant, yard, [yard[0], level], [last_x, level], [last_x, end[1] + aside]]
        if abs(last_x - yard[0]) < GAP_REACH_M:  # the corridor of the plant is that of the quarter
            corners = [plant, yard, [yard[0], end[1] + aside]]
    return np.array([*corners, end], dtype=np.float64)


GAP_REACH_M = 460.0


def _sections(length: float, first_valve_m: float) -> tuple[Cut, ...]:
    """Return the cuts of a stretch: valves at the ends and every few kilometres, joints between."""
    parts = max(1, round(length / SECTION_M))
    valves = [first_valve_m, *np.linspace(0.0, length, parts + 1)[1:-1].tolist(), length - CROSSING_VALVE_M]
    cuts: list[Cut] = [(valve, "valve") for valve in valves]
    for begin, end in pairwise(valves):
        cuts += joints(begin, end, PIECE_M)
    return tuple(sorted(cuts))


def lay_links(layout: Layout, streets: Sequence[Streets], nodes: NodeList, crossings: Sequence[Crossings]) -> list[Chain]:
    """Lay the mains between neighbouring quarters."""
    chains = []
    for link in layout.links:
        start, end, path = _link(layout, link, streets, nodes, crossings)
        length = float(np.hypot(*np.diff(path, axis=0).T).sum())
        piece = layout.quarters[link.first].plan.piece_m
        cuts = main_cuts(length, piece, valves=(True, True), tie=link.tie)
        chains.append(Chain(start, end, path, True, -1, cuts))
    return chains


def _link(
    layout: Layout, link: Link, streets: Sequence[Streets], nodes: NodeList, crossings: Sequence[Crossings]
) -> tuple[int, int, Path]:
    """Return both nodes and the way between; to the north it follows the middle avenues."""
    first, second = layout.quarters[link.first].plan, layout.quarters[link.second].plan
    if link.eastward:
        middle = first.main_streets[1]
        start, end = crossings[link.first][first.columns, middle], crossings[link.second][0, middle]
        return start, end, np.array([nodes.positions[start], nodes.positions[end]])
    below, above = first.main_avenues[2], second.main_avenues[2]
    top, bottom = first.main_streets[-1], second.main_streets[0]
    start, end = crossings[link.first][below, top], crossings[link.second][above, bottom]
    path = np.vstack([streets[link.first].avenues[below][2 * top :], streets[link.second].avenues[above][: 2 * bottom + 1]])
    path[0], path[-1] = nodes.positions[start], nodes.positions[end]
    return start, end, path
