"""The secondary network of a substation: a spine between the columns of buildings, a lane along each row, services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.buildings import LANE_M, Building, Estate
from data.demo.chains import Chain, Cut, NodeList
from data.demo.organisation import Substation

OUTLET_VALVE_M = 4.0
WALL_M = 2.0
"""From a wall to the service that runs along it."""
_RISE_M = 2.5


def lay_secondary(
    nodes: NodeList, station_node: int, station: Substation, estate: Estate, buildings: Sequence[Building]
) -> list[Chain]:
    """Lay a substation's tree: a spine between the columns, a lane along each row, a service to each building."""
    owner = nodes.references[station_node]
    rows: dict[float, list[int]] = {}
    for index in station.buildings:
        rows.setdefault(round(float(buildings[index].inlet_ab[1]), 3), []).append(index)
    chains: list[Chain] = []
    before = station_node
    for front in sorted(rows):
        spine = nodes.add("tee", estate.frame.to_xy(np.array([[station.ab[0], front - LANE_M]]))[0])
        cuts: tuple[Cut, ...] = ((OUTLET_VALVE_M, "valve"),) if before == station_node else ()
        chains.append(_straight(nodes, before, spine, owner, cuts))
        row = sorted(rows[front], key=lambda index: float(buildings[index].inlet_ab[0]))
        west = [index for index in row if buildings[index].inlet_ab[0] < station.ab[0]]
        for lane in (west[::-1], row[len(west) :]):
            chains += _lane(nodes, spine, owner, [(index, buildings[index].inlet_ab) for index in lane], estate)
        before = spine
    return chains


def _lane(
    nodes: NodeList, spine: int, owner: int, inlets: Sequence[tuple[int, NDArray[np.float64]]], estate: Estate
) -> list[Chain]:
    """Lay a lane with a tee for each building but the last, into which it turns."""
    chains: list[Chain] = []
    before = spine
    for place, (index, inlet) in enumerate(inlets):
        end = nodes.add("building_inlet", estate.frame.to_xy(inlet[None])[0], index)
        turn = estate.frame.to_xy((inlet - np.array([0.0, LANE_M]))[None])[0]
        if place == len(inlets) - 1:
            path = np.array([nodes.positions[before], turn, nodes.positions[end]])
            chains.append(Chain(before, end, path, False, owner))
        else:
            tee = nodes.add("tee", turn)
            chains += [_straight(nodes, before, tee, owner), _straight(nodes, tee, end, owner)]
            before = tee
    return chains


def _straight(nodes: NodeList, start: int, end: int, owner: int, cuts: tuple[Cut, ...] = ()) -> Chain:
    return Chain(start, end, np.array([nodes.positions[start], nodes.positions[end]]), False, owner, cuts)


def lay_long_services(
    nodes: NodeList, station_node: int, station: Substation, estate: Estate, buildings: Sequence[Building]
) -> list[Chain]:
    """Lay a substation's tree with a tee for every two buildings.

    A service rises beside the gable and runs along the far wall, where the entrances are.
    """
    owner = nodes.references[station_node]
    rows: dict[float, list[int]] = {}
    for index in station.buildings:
        rows.setdefault(round(float(buildings[index].inlet_ab[1]), 3), []).append(index)
    chains: list[Chain] = []
    before = station_node
    for front in sorted(rows):
        spine = nodes.add("tee", estate.frame.to_xy(np.array([[station.ab[0], front - LANE_M]]))[0])
        chains.append(_straight(nodes, before, spine, owner))
        row = [_Entrance(index, buildings[index], estate) for index in rows[front]]
        row.sort(key=lambda entrance: entrance.a)
        west = [entrance for entrance in row if entrance.a < station.ab[0]]
        for lane, towards_east in ((west[::-1], False), (row[len(west) :], True)):
            chains += _long_lane(nodes, spine, owner, lane, estate, towards_east=towards_east)
        before = spine
    return chains


class _Entrance:
    """Where a building's service ends, in the frame of its estate: gables, far wall, inlet."""

    __slots__ = ("a", "east", "far", "front", "index", "west")

    def __init__(self, index: int, building: Building, estate: Estate) -> None:
        ring = estate.frame.to_ab(shapely.get_coordinates(building.outline.exterior))
        self.index = index
        self.front = float(building.inlet_ab[1])
        self.west, self.east = float(ring[:, 0].min()), float(ring[:, 0].max())
        self.far = float(ring[:, 1].max())
        # only the western wing of an L or U is sure to reach the far wall
        self.a = float(building.inlet_ab[0]) if len(ring) == 5 else self.west + 3.0

    def way(self, begin: NDArray[np.float64], *, round_east: bool) -> NDArray[np.float64]:
        """Return the service from a point on the lane round one gable to the inlet."""
        side = self.east + WALL_M if round_east else self.west - WALL_M
        beyond = self.far + WALL_M
        rise = [side, self.front - LANE_M + _RISE_M]
        return np.array([begin, rise, [side, beyond], [self.a, beyond], [self.a, self.far]])


def _long_lane(
    nodes: NodeList, spine: int, owner: int, lane: Sequence[_Entrance], estate: Estate, *, towards_east: bool
) -> list[Chain]:
    """Lay a lane that leads away from the spine, with a tee between every two buildings."""
    chains: list[Chain] = []
    before = spine
    for first, second in _pairs(lane):
        level = first.front - LANE_M
        begin = nodes.positions[before]
        if second is None:
            start = estate.frame.to_ab(begin[None])[0]
            side = first.west - WALL_M if towards_east else first.east + WALL_M
            turned = first.way(np.array([side, level]), round_east=not towards_east)
            path = estate.frame.to_xy(np.vstack([start, turned[0], turned[2:]]))
            path[0] = begin
            chains.append(_service(nodes, before, path, first, owner))
            continue
        between = (first.east + second.west if towards_east else first.west + second.east) / 2.0
        tee = nodes.add("tee", estate.frame.to_xy(np.array([[between, level]]))[0])
        chains.append(_straight(nodes, before, tee, owner))
        for entrance, round_east in ((first, towards_east), (second, not towards_east)):
            path = estate.frame.to_xy(entrance.way(np.array([between, level]), round_east=round_east))
            chains.append(_service(nodes, tee, path, entrance, owner))
        before = tee
    return chains


def _pairs(lane: Sequence[_Entrance]) -> Iterator[tuple[_Entrance, _Entrance | None]]:
    for place in range(0, len(lane), 2):
        yield lane[place], lane[place + 1] if place + 1 < len(lane) else None


def _service(nodes: NodeList, start: int, path: NDArray[np.float64], entrance: _Entrance, owner: int) -> Chain:
    path[0] = nodes.positions[start]
    end = nodes.add("building_inlet", path[-1], entrance.index)
    return Chain(start, end, path, False, owner)
