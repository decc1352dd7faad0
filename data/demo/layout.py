"""Where the quarters of a large city lie, which plant feeds them, and where their mains are tied.

Forty-four quarters stand on a lattice around the old town, a river between the fourth and fifth column; six are towns of
the counties. The lattice's corridors, the strips between quarters, carry no buildings: river, transmission mains and the
links between neighbouring quarters lie there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from data.demo.network import avenue_edges
from data.demo.sizes import CitySize

Cell = tuple[int, int]
"""Column from the west and row from the south of the lattice."""

LATTICE = 7
MISSING: frozenset[Cell] = frozenset({(0, 0), (6, 0), (0, 6), (6, 6), (0, 1)})
FRINGE: frozenset[Cell] = frozenset({(1, 0), (5, 0), (6, 1), (6, 2), (6, 5), (5, 6), (2, 6), (1, 6), (0, 5), (0, 2)})
"""Quarters that live on boiler houses of their own."""
OLD_TOWN: frozenset[Cell] = frozenset({(2, 3), (3, 3), (2, 4), (3, 4)})
"""Quarters of the old town, on the western bank of the river."""
OLD_PITCH = 0.85
"""Distance of lots in the old town, by that elsewhere."""
TOWNS: tuple[tuple[str, float, float], ...] = (
    ("双阳", 125.660, 43.525),
    ("九台", 125.840, 44.150),
    ("农安", 125.180, 44.430),
    ("德惠", 125.700, 44.530),
    ("榆树", 126.550, 44.830),
    ("公主岭", 124.820, 43.505),
)
"""Name, longitude and latitude (WGS-84) of the towns."""
CENTRE_M = np.array([2000.0, 3000.0])
"""Middle of the lattice from the sample's origin, GK metres."""
GAP_M = 440.0
RIVER_COLUMN = 3
"""The river runs east of this column of the lattice."""
RIVER_GAP_M = 900.0
TURN_DEG = 2.2
PLANTS = 6
TIES = 180
PEAK_HOUSES, OWN_HOUSES = 80, 80


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter.

    Attributes
    ----------
    name
        Chinese, for names of things in it.
    cell
        Place on the lattice; None for a town.
    plant
        Index of the plant that feeds it; -1 where boiler houses of its own do.
    plan
        Its own plan, with its place and ties.
    """

    number: int
    name: str
    cell: Cell | None
    plant: int
    plan: CitySize


@dataclass(frozen=True, slots=True)
class Link:
    """A main between two neighbouring quarters, the second east or north of the first."""

    first: int
    second: int
    eastward: bool
    tie: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Quarters, links between them, positions (6, 2) of the plants in metres, the x of the river's corridor."""

    quarters: tuple[Quarter, ...]
    links: tuple[Link, ...]
    plants: NDArray[np.float64]
    river_x: float


def lay_out(plan: CitySize, towns_m: NDArray[np.float64], rng: np.random.Generator) -> Layout:
    """Place the quarters.

    Parameters
    ----------
    plan
        Plan of a quarter.
    towns_m
        Middles (n, 2) of the towns in metres.
    """
    grid = Lattice(plan)
    cells = [cell for cell in product(range(LATTICE), range(LATTICE)) if cell not in MISSING]
    plants = grid.plants()
    centres = {cell: grid.centre(cell) for cell in cells}
    fed = [cell for cell in cells if cell not in FRINGE]
    plant_of = _share_plants(np.array([centres[cell] for cell in fed]), plants)
    feeding = dict(zip(fed, plant_of.tolist(), strict=True))
    places: list[tuple[Cell | None, NDArray[np.float64]]] = [(cell, centres[cell]) for cell in cells]
    places += [(None, middle) for middle in towns_m]
    links = _links(cells, feeding)
    closed = sum(link.tie == "tie_closed" for link in links)
    ties = _share_ties(TIES - closed, [feeding.get(cell, -1) if cell else -1 for cell, _ in places])
    houses = _share_houses([feeding.get(cell, -1) if cell else -1 for cell, _ in places])
    quarters = []
    for number, (cell, middle) in enumerate(places):
        plant = feeding.get(cell, -1) if cell else -1
        name = _name(cell) if cell else TOWNS[number - len(cells)][0]
        own = _own_plan(plan, middle, (ties[number], houses[number]), rng, fed=plant >= 0)
        if cell in OLD_TOWN:
            own = replace(own, old=True, pitch_scale=OLD_PITCH * own.pitch_scale)
        quarters.append(Quarter(number, name, cell, plant, own))
    return Layout(tuple(quarters), links, plants, grid.river_x)


class Lattice:
    """Positions on the lattice, metres from the sample's origin."""

    def __init__(self, plan: CitySize) -> None:
        self.width, self.height = plan.columns * plan.block_width_m, plan.rows * plan.block_height_m
        gaps = np.full(LATTICE - 1, GAP_M)
        gaps[RIVER_COLUMN] = RIVER_GAP_M
        west = np.concatenate([[0.0], np.cumsum(self.width + gaps)])
        south = np.arange(LATTICE) * (self.height + GAP_M)
        self.x = west + self.width / 2.0 - (west[-1] + self.width) / 2.0 + CENTRE_M[0]
        self.y = south + self.height / 2.0 - (south[-1] + self.height) / 2.0 + CENTRE_M[1]
        self.river_x = float(self.x[RIVER_COLUMN] + (self.width + RIVER_GAP_M) / 2.0)

    def centre(self, cell: Cell) -> NDArray[np.float64]:
        """Return the middle of a cell."""
        return np.array([self.x[cell[0]], self.y[cell[1]]])

    def corridor_x(self, column: int, *, east: bool) -> float:
        """Return the x of the corridor on one side of a column, beside the river where that runs there."""
        gap = 2.0 * 230.0 if column == RIVER_COLUMN + (0 if east else 1) else GAP_M
        return float(self.x[column] + (1.0 if east else -1.0) * (self.width + gap) / 2.0)

    def corridor_y(self, row: int, *, north: bool) -> float:
        """Return the y of the corridor on one side of a row."""
        return float(self.y[row] + (1.0 if north else -1.0) * (self.height + GAP_M) / 2.0)

    def plants(self) -> NDArray[np.float64]:
        """Return where the plants stand: at the ends of corridors, 15 to 31 km outside the lattice."""
        west, east = self.x[0] - self.width / 2.0, self.x[-1] + self.width / 2.0
        south, north = self.y[0] - self.height / 2.0, self.y[-1] + self.height / 2.0
        return np.array(
            [
                [west - 15000.0, self.corridor_y(1, north=True)],
                [west - 16000.0, self.corridor_y(4, north=True)],
                [east + 17000.0, self.corridor_y(2, north=True)],
                [east + 31000.0, self.corridor_y(4, north=True)],
                [self.corridor_x(4, east=True), south - 15000.0],
                [self.corridor_x(1, east=True), north + 22000.0],
            ]
        )


def _name(cell: Cell) -> str:
    return "西" * (cell[0] < 2) + "东" * (cell[0] > 4) + "南" * (cell[1] < 2) + "北" * (cell[1] > 4) + "城"


def _share_plants(centres: NDArray[np.float64], plants: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give every quarter the nearest plant that is not full."""
    distance = np.hypot(*(centres[:, None] - plants[None]).transpose(2, 0, 1))
    room = np.full(len(plants), -(-len(centres) // len(plants)))
    plant = np.full(len(centres), -1)
    for place in np.argsort(distance, axis=None, kind="stable"):
        quarter, choice = divmod(int(place), len(plants))
        if plant[quarter] < 0 and room[choice]:
            plant[quarter] = choice
            room[choice] -= 1
    return plant


def _links(cells: list[Cell], feeding: dict[Cell, int]) -> tuple[Link, ...]:
    """Link all neighbours: open within a plant's quarters, by a closed tie elsewhere."""
    number = {cell: index for index, cell in enumerate(cells)}
    links = []
    for cell in cells:
        for other, eastward in (((cell[0] + 1, cell[1]), True), ((cell[0], cell[1] + 1), False)):
            if other in number:
                same = cell in feeding and feeding[cell] == feeding.get(other)
                links.append(Link(number[cell], number[other], eastward, "" if same else "tie_closed"))
    return tuple(links)


def _share_ties(total: int, plants: list[int]) -> list[int]:
    """Give the quarters on boiler houses five ties each, the others what remains in turn."""
    ties = [5 if plant < 0 else 0 for plant in plants]
    fed = [index for index, plant in enumerate(plants) if plant >= 0]
    for place in range(total - sum(ties)):
        ties[fed[place % len(fed)]] += 1
    return ties


def _share_houses(plants: list[int]) -> list[int]:
    houses = [0] * len(plants)
    for total, mine in ((PEAK_HOUSES, [plant >= 0 for plant in plants]), (OWN_HOUSES, [plant < 0 for plant in plants])):
        members = [index for index, is_mine in enumerate(mine) if is_mine]
        for place in range(total):
            houses[members[place % len(members)]] += 1
    return houses


def _own_plan(
    plan: CitySize, middle: NDArray[np.float64], counts: tuple[int, int], rng: np.random.Generator, *, fed: bool
) -> CitySize:
    """Return the plan of one quarter: where it lies, which blocks hold boiler houses, where its ties are.

    Own boiler houses feed two zones, south and north of closed ties in all avenues; a quarter of a plant has one closed
    tie, the others are open.
    """
    avenues = (0, 2, int(rng.choice([3, 4])), 5, plan.columns)
    edges = avenue_edges(replace(plan, main_avenues=avenues))
    ties, houses = counts
    order = [edges[place] for place in (2, 7, 4, 1, 8, 0, 3, 9, 6, 5)]
    low = [edge for edge in edges if edge[1] == plan.main_streets[0]]
    closed = order[:1] if fed else low
    opened = [edge for edge in order if edge not in closed][: ties - len(closed)]
    free = [(column, row) for column in range(plan.columns) for row in range(plan.rows) if (column, row) not in plan.park_blocks]
    south = [block for block in free if block[1] <= plan.main_streets[0]]
    north = [block for block in free if block[1] > plan.main_streets[0]]
    blocks = [pool[int(rng.integers(len(pool)))] for pool in (south, north)]
    blocks += [free[int(place)] for place in rng.permutation(len(free)) if free[int(place)] not in blocks][: houses - 2]
    return replace(
        plan,
        origin_m=(float(middle[0]), float(middle[1])),
        turn_deg=float(rng.uniform(-TURN_DEG, TURN_DEG)),
        main_avenues=avenues,
        closed_ties=tuple(closed),
        open_ties=tuple(opened),
        boiler_blocks=tuple(blocks[:houses]),
    )
