"""The secondary network of a substation: a spine between the columns of buildings, a lane along each row, services.

Each system of the substation has a tree of its own; they run side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.buildings import LANE_M, Building, Estate
from data.demo.chains import Chain, NodeList
from data.demo.organisation import Substation
from data.demo.systems import INLET_SHIFT_M, SYSTEM_SHIFT_M, share_of

OUTLET_VALVE_M = 4.0
WALL_M = 2.0
"""From a wall to the service that runs along it."""
_RISE_M = 2.5


@dataclass(frozen=True, slots=True)
class _System:
    """One system of a substation while its tree is laid."""

    nodes: NodeList
    owner: int
    estate: Estate
    buildings: Sequence[Building]
    number: int
    count: int

    @property
    def lane_m(self) -> float:
        """From a facade to the axis of its lane."""
        return LANE_M + self.aside_m

    @property
    def aside_m(self) -> float:
        """From the first system's trench."""
        return (self.number - 1) * SYSTEM_SHIFT_M

    def to_xy(self, ab: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a position (2,) or a way (n, 2) of the estate's frame in metres of the quarter."""
        xy = self.estate.frame.to_xy(np.atleast_2d(ab))
        return xy if ab.ndim == 2 else xy[0]

    def tee(self, ab: NDArray[np.float64]) -> int:
        """Add a tee."""
        return self.nodes.add("tee", self.to_xy(ab))

    def share(self, index: int) -> float:
        """Return the share of a building that the system feeds."""
        return share_of(self.buildings[index].storeys, self.number, self.count)

    def inlet(self, xy: NDArray[np.float64], index: int) -> int:
        """Add the inlet of a building."""
        return self.nodes.add("building_inlet", xy, index, system=self.number, share=self.share(index))

    def straight(self, start: int, end: int, *, valve: bool = False) -> Chain:
        """Return the straight chain between two nodes, with a valve near its start or without."""
        path = np.array([self.nodes.positions[start], self.nodes.positions[end]])
        at = min(OUTLET_VALVE_M, float(np.hypot(*(path[1] - path[0]))) / 2.0)
        return Chain(start, end, path, False, self.owner, ((at, "valve"),) if valve else ())


_Lane = Callable[[_System, int, Sequence[int], bool], list[Chain]]
"""Lays the lane of some buildings from a node of the spine; the last argument: towards the east."""


def lay_secondary(
    nodes: NodeList, station_node: int, station: Substation, estate: Estate, buildings: Sequence[Building]
) -> list[Chain]:
    """Lay a substation's trees: a spine between the columns, a lane along each row, a service to each building."""
    return _trees(nodes, station_node, station, estate, buildings, lay_lane=_lane, outlet=True)


def lay_long_services(
    nodes: NodeList, station_node: int, station: Substation, estate: Estate, buildings: Sequence[Building]
) -> list[Chain]:
    """Lay a substation's trees with a tee for every two buildings.

    A service rises beside the gable and runs along the far wall, where the entrances are.
    """
    return _trees(nodes, station_node, station, estate, buildings, lay_lane=_long_lane, outlet=False)


def _trees(
    nodes: NodeList,
    station_node: int,
    station: Substation,
    estate: Estate,
    buildings: Sequence[Building],
    *,
    lay_lane: _Lane,
    outlet: bool,
) -> list[Chain]:
    chains: list[Chain] = []
    for number in range(1, station.system_count + 1):
        system = _System(nodes, nodes.references[station_node], estate, buildings, number, station.system_count)
        chains += _tree(system, station_node, station, lay_lane=lay_lane, outlet=outlet)
    return chains


def _tree(system: _System, station_node: int, station: Substation, *, lay_lane: _Lane, outlet: bool) -> list[Chain]:
    """Lay the tree of one system: along the spine, from which lanes part to the west and to the east."""
    rows: dict[float, list[int]] = {}
    for index in station.buildings:
        if system.share(index) > 0.0:
            rows.setdefault(round(float(system.buildings[index].inlet_ab[1]), 3), []).append(index)
    chains: list[Chain] = []
    before = station_node
    for front in sorted(rows):
        spine = system.tee(np.array([station.ab[0] + system.aside_m, front - system.lane_m]))
        chains.append(system.straight(before, spine, valve=outlet and before == station_node))
        row = sorted(rows[front], key=lambda index: _west_to_east(system.buildings[index], system))
        west = [index for index in row if _west_to_east(system.buildings[index], system) < station.ab[0]]
        for lane, towards_east in ((west[::-1], False), (row[len(west) :], True)):
            chains += lay_lane(system, spine, lane, towards_east)
        before = spine
    return chains


def _west_to_east(building: Building, system: _System) -> float:
    return _inlet_a(building, float(building.inlet_ab[0]), system)


def _inlet_a(building: Building, first_a: float, system: _System) -> float:
    """Return where along the wall the inlet of a system lies: beside the first one, towards the building's middle."""
    if system.number == 1:
        return first_a
    middle = system.estate.frame.to_ab(shapely.get_coordinates(building.outline.centroid))[0, 0]
    return first_a + (1.0 if first_a < middle else -1.0) * (system.number - 1) * INLET_SHIFT_M


# ---------------------------------------------------------------- short services


def _lane(system: _System, spine: int, lane: Sequence[int], _towards_east: bool) -> list[Chain]:
    """Lay a lane with a tee for each building but the last, into which it turns."""
    chains: list[Chain] = []
    before = spine
    for place, index in enumerate(lane):
        building = system.buildings[index]
        at = np.array([_west_to_east(building, system), building.inlet_ab[1]])
        end = system.inlet(system.to_xy(at), index)
        below = at - np.array([0.0, system.lane_m])
        if place == len(lane) - 1:
            positions = system.nodes.positions
            path = np.array([positions[before], system.to_xy(below), positions[end]])
            chains.append(Chain(before, end, path, False, system.owner))
        else:
            tee = system.tee(below)
            chains += [system.straight(before, tee), system.straight(tee, end)]
            before = tee
    return chains


# ---------------------------------------------------------------- long services


class _Entrance:
    """Where a building's service ends, in the frame of its estate: gables, far wall, inlet."""

    __slots__ = ("a", "east", "far", "front", "index", "system", "wall_b", "west")

    def __init__(self, index: int, system: _System) -> None:
        building = system.buildings[index]
        ring = system.estate.frame.to_ab(shapely.get_coordinates(building.outline))
        self.index, self.system = index, system
        self.front = float(building.inlet_ab[1])
        self.west, self.east = float(ring[:, 0].min()), float(ring[:, 0].max())
        self.far = float(ring[:, 1].max())
        self.a = _inlet_a(building, float(building.entrance_ab[0]), system)
        self.wall_b = float(building.entrance_ab[1])

    @property
    def wall_m(self) -> float:
        """From the building to the service that runs round it."""
        return WALL_M + self.system.aside_m

    def way(self, begin: NDArray[np.float64], *, round_east: bool) -> NDArray[np.float64]:
        """Return the service from a point on the lane round one gable to the inlet."""
        side = self.east + self.wall_m if round_east else self.west - self.wall_m
        beyond = self.far + self.wall_m
        rise = [side, self.front - self.system.lane_m + _RISE_M]
        return np.array([begin, rise, [side, beyond], [self.a, beyond], [self.a, self.wall_b]])


def _long_lane(system: _System, spine: int, lane: Sequence[int], towards_east: bool) -> list[Chain]:
    """Lay a lane that leads away from the spine: the first building hangs on the spine, then a tee stands between every two."""
    chains: list[Chain] = []
    entrances = [_Entrance(index, system) for index in lane]
    before = spine
    for entrance in entrances[:1]:
        begin = system.estate.frame.to_ab(system.nodes.positions[spine][None])[0]
        path = system.to_xy(entrance.way(begin, round_east=not towards_east))
        chains.append(_service(system, spine, path, entrance))
    for first, second in _pairs(entrances[1:]):
        level = first.front - system.lane_m
        begin = system.nodes.positions[before]
        if second is None:
            start = system.estate.frame.to_ab(begin[None])[0]
            side = first.west - first.wall_m if towards_east else first.east + first.wall_m
            turned = first.way(np.array([side, level]), round_east=not towards_east)
            path = system.to_xy(np.vstack([start, turned[0], turned[2:]]))
            chains.append(_service(system, before, path, first))
            continue
        between = (first.east + second.west if towards_east else first.west + second.east) / 2.0 + system.aside_m
        tee = system.tee(np.array([between, level]))
        chains.append(system.straight(before, tee))
        for entrance, round_east in ((first, towards_east), (second, not towards_east)):
            path = system.to_xy(entrance.way(np.array([between, level]), round_east=round_east))
            chains.append(_service(system, tee, path, entrance))
        before = tee
    return chains


def _pairs(lane: Sequence[_Entrance]) -> Iterator[tuple[_Entrance, _Entrance | None]]:
    for place in range(0, len(lane), 2):
        yield lane[place], lane[place + 1] if place + 1 < len(lane) else None


def _service(system: _System, start: int, path: NDArray[np.float64], entrance: _Entrance) -> Chain:
    path[0] = system.nodes.positions[start]
    end = system.inlet(path[-1], entrance.index)
    return Chain(start, end, path, False, system.owner)
