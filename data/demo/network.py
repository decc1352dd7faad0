"""The network: primary mains in rings along the streets, branches to substations, secondary trees to the buildings.

It is drawn as **trenches** between **nodes**; each trench becomes a supply and a return pipe in `files`. A trench is
first part of a longer chain (crossing to tee, tee to substation) that is cut where a valve, a joint or a compensator sits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString
from shapely.ops import substring

from data.demo.buildings import LANE_M, Building, Estate
from data.demo.organisation import Source, Substation
from data.demo.sizes import CitySize
from data.demo.streets import Path, Streets

SPACING_M = 0.8
"""Between the axes of supply and return."""
TAPER_M = 1.5
"""Over which both sides leave a shared point."""
PIECE_M = 36.0
"""Longest piece of a main."""
NEAR_M = 4.0
"""Branches that would leave a main closer than this share a tee."""
CROSSING_VALVE_M = 14.0
BRANCH_VALVE_M = 8.0
STATION_VALVE_M = 5.0
OUTLET_VALVE_M = 4.0
Cut = tuple[float, str]
"""Distance along a chain in metres and the kind of node there."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A line of pipe between two real nodes, before it is cut.

    Attributes
    ----------
    owner
        Index of the substation whose branch or secondary network it is part of; -1 for mains.
    """

    start: int
    end: int
    path: Path
    primary: bool
    owner: int
    cuts: tuple[Cut, ...] = ()


@dataclass(slots=True)
class NodeList:
    """Nodes in the order they are drawn: kind, position, and the index of the thing they stand for."""

    kinds: list[str] = field(default_factory=list)
    positions: list[NDArray[np.float64]] = field(default_factory=list)
    references: list[int] = field(default_factory=list)

    def add(self, kind: str, xy: NDArray[np.float64], reference: int = -1) -> int:
        """Append a node and return its number."""
        self.kinds.append(kind)
        self.positions.append(xy)
        self.references.append(reference)
        return len(self.kinds) - 1


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes and trenches as arrays.

    Attributes
    ----------
    node_kind
        plant, boiler_house, substation, building_inlet, tee, valve, tie_open, tie_closed, joint, compensator.
    node_xy, node_offset
        Position of the trench's axis (N, 2) and the way from the return pipe's end to the supply pipe's (zero where both
        meet).
    node_reference
        Index of the source, substation or building.
    start, end, primary, owner
        Of each trench: node numbers, network level, index of the substation (-1: main).
    vertex_xy, vertex_offset, vertex_trench
        All vertices of all trenches in order, the way across from return to supply pipe, the trench of each.
    """

    node_kind: NDArray[np.str_]
    node_xy: NDArray[np.float64]
    node_offset: NDArray[np.float64]
    node_reference: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    primary: NDArray[np.bool_]
    owner: NDArray[np.int64]
    vertex_xy: NDArray[np.float64]
    vertex_offset: NDArray[np.float64]
    vertex_trench: NDArray[np.int64]

    def lengths_m(self) -> NDArray[np.float64]:
        """Return the length of each trench's axis."""
        step = np.hypot(*np.diff(self.vertex_xy, axis=0).T)
        same = np.diff(self.vertex_trench) == 0
        lengths = np.bincount(self.vertex_trench[1:][same], weights=step[same], minlength=len(self.start))
        return lengths.astype(np.float64)


def draw_network(
    size: CitySize,
    streets: Streets,
    *,
    sources: tuple[Source, ...],
    estates: tuple[Estate, ...],
    substations: tuple[Substation, ...],
    buildings: tuple[Building, ...],
) -> Network:
    """Lay every pipe of the quarter.

    Returns
    -------
    Network
        Both levels; a substation is one node at which primary and secondary trenches end.
    """
    nodes = NodeList()
    stations = [nodes.add("substation", station.xy, index) for index, station in enumerate(substations)]
    feeds = [nodes.add(source.kind, source.xy, index) for index, source in enumerate(sources)]
    chains: list[Chain] = []
    taps: dict[int, list[tuple[float, int]]] = {street: [] for street in size.main_streets}
    for index, station in enumerate(substations):
        estate = estates[station.estate]
        tap = _tap(nodes, taps[estate.block.street], streets.streets[estate.block.street], station.xy, -estate.frame.away)
        chains.append(_branch(nodes, tap, stations[index], owner=index))
    for source, feed in zip(sources, feeds, strict=True):
        tap = _tap(nodes, taps[source.street], streets.streets[source.street], source.xy, -source.frame.away)
        chains.append(_branch(nodes, tap, feed, owner=-1))
    chains += _mains(size, streets, nodes, taps)
    for index, station in enumerate(substations):
        chains += _secondary(nodes, stations[index], station, estates[station.estate], buildings)
    return _cut_chains(nodes, chains)


def _tap(
    nodes: NodeList, taps: list[tuple[float, int]], street: Path, xy: NDArray[np.float64], direction: NDArray[np.float64]
) -> int:
    """Add the tee where a straight branch from `xy` meets the main in the street; return its node."""
    line = LineString(street)
    meets = LineString([xy, xy + 900.0 * direction]).intersection(line)
    distance = min(line.project(point) for point in shapely.get_parts(meets))
    for other, node in taps:
        if abs(other - distance) < NEAR_M:
            return node
    taps.append((distance, nodes.add("tee", np.array(line.interpolate(distance).coords[0]))))
    return taps[-1][1]


def _branch(nodes: NodeList, tap: int, end: int, *, owner: int) -> Chain:
    """Return the straight branch from a tee to a substation or source, with a valve at either end."""
    path = np.array([nodes.positions[tap], nodes.positions[end]])
    length = float(np.hypot(*(path[1] - path[0])))
    inner = () if owner >= 0 else _joints(BRANCH_VALVE_M, length - STATION_VALVE_M)
    return Chain(tap, end, path, True, owner, ((BRANCH_VALVE_M, "valve"), *inner, (length - STATION_VALVE_M, "valve")))


def _joints(begin: float, end: float) -> tuple[Cut, ...]:
    """Cut a stretch into equal pieces no longer than PIECE_M; every second cut carries a compensator."""
    pieces = int(np.ceil((end - begin) / PIECE_M))
    at = np.linspace(begin, end, pieces + 1)[1:-1]
    return tuple((float(distance), "compensator" if place % 2 == 0 else "joint") for place, distance in enumerate(at))


def _mains(size: CitySize, streets: Streets, nodes: NodeList, taps: dict[int, list[tuple[float, int]]]) -> list[Chain]:
    """Lay the mains: all main streets, the ring avenues, the avenues of ties."""
    edges = _avenue_edges(size)
    crossing: dict[tuple[int, int], int] = {}
    for avenue, low, high in edges:
        for street in (low, high):
            if (avenue, street) not in crossing:
                crossing[avenue, street] = nodes.add("tee", streets.crossings[street, avenue])
    chains: list[Chain] = []
    for street in size.main_streets:
        line = LineString(streets.streets[street])
        stops = [(line.project(shapely.Point(nodes.positions[node])), node) for (_, j), node in crossing.items() if j == street]
        ordered = sorted(stops + taps[street])
        rings = {node for _, node in stops}
        chains += [_main(nodes, line, a, b, rings) for a, b in pairwise(ordered)]
    for avenue, low, high in edges:
        line = LineString(streets.avenues[avenue])
        ends = [
            (line.project(shapely.Point(nodes.positions[node])), node) for node in (crossing[avenue, low], crossing[avenue, high])
        ]
        tie = "tie_closed" if (avenue, low, high) in size.closed_ties else "tie_open"
        chains.append(_main(nodes, line, ends[0], ends[1], {node for _, node in ends}, tie=tie))
    return chains


def _avenue_edges(size: CitySize) -> list[tuple[int, int, int]]:
    """Return the edges (avenue, lower street, upper street) that carry a main."""
    steps = list(pairwise(size.main_streets))
    edges = [(avenue, low, high) for avenue in size.main_avenues for low, high in steps]
    return edges + [edge for edge in size.closed_ties if edge[0] not in size.main_avenues]


def _main(
    nodes: NodeList, line: LineString, first: tuple[float, int], last: tuple[float, int], rings: set[int], *, tie: str = ""
) -> Chain:
    """Return the stretch of a main between two tees, with a valve next to each crossing of mains."""
    path = np.asarray(substring(line, first[0], last[0]).coords).copy()
    path[0], path[-1] = nodes.positions[first[1]], nodes.positions[last[1]]
    length = last[0] - first[0]
    stops: list[Cut] = [(0.0, "")]
    if first[1] in rings and length > 3.0 * CROSSING_VALVE_M:
        stops.append((CROSSING_VALVE_M, "valve"))
    if tie:
        stops.append((length / 2.0, tie))
    if last[1] in rings and length > 3.0 * CROSSING_VALVE_M:
        stops.append((length - CROSSING_VALVE_M, "valve"))
    stops.append((length, ""))
    cuts = [cut for cut in stops if cut[1]]
    for (begin, _), (end, _) in pairwise(stops):
        cuts += _joints(begin, end)
    return Chain(first[1], last[1], path, True, -1, tuple(sorted(cuts)))


def _secondary(
    nodes: NodeList, station_node: int, station: Substation, estate: Estate, buildings: tuple[Building, ...]
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


def _cut_chains(nodes: NodeList, chains: list[Chain]) -> Network:
    """Cut the chains into trenches and put everything into arrays."""
    offsets = [np.zeros(2)] * len(nodes.kinds)
    rows: list[tuple[int, int, bool, int]] = []
    vertices, sideways, of_trench = [], [], []
    for chain in chains:
        xy, offset, at = _vertices(chain)
        stops = [chain.start]
        for (_, kind), vertex in zip(chain.cuts, at[1:-1], strict=True):
            stops.append(nodes.add(kind, xy[vertex]))
            offsets.append(offset[vertex])
        stops.append(chain.end)
        for piece in range(len(stops) - 1):
            part = slice(at[piece], at[piece + 1] + 1)
            vertices.append(xy[part])
            sideways.append(offset[part])
            of_trench.append(np.full(len(xy[part]), len(rows)))
            rows.append((stops[piece], stops[piece + 1], chain.primary, chain.owner))
    trenches = np.array(rows, dtype=np.int64)
    return Network(
        np.array(nodes.kinds),
        np.array(nodes.positions),
        np.array(offsets),
        np.array(nodes.references, dtype=np.int64),
        trenches[:, 0],
        trenches[:, 1],
        trenches[:, 2].astype(np.bool_),
        trenches[:, 3],
        np.concatenate(vertices),
        np.concatenate(sideways),
        np.concatenate(of_trench),
    )


def _vertices(chain: Chain) -> tuple[NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Return vertices of a chain, the way from return to supply pipe at each, and which vertices are ends and cuts.

    The sides run parallel and come together at both ends, over TAPER_M or a quarter of a short chain. The drawn
    direction has the supply on its right.
    """
    steps = np.diff(chain.path, axis=0)
    lengths = np.hypot(*steps.T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    total = along[-1]
    taper = min(TAPER_M, total / 4.0)
    wanted = np.unique(np.concatenate([along, [taper, total - taper], [cut[0] for cut in chain.cuts]]))
    xy = np.column_stack([np.interp(wanted, along, chain.path[:, 0]), np.interp(wanted, along, chain.path[:, 1])])
    unit = steps / lengths[:, None]
    before = unit[np.clip(np.searchsorted(along, wanted, "left") - 1, 0, len(unit) - 1)]
    after = unit[np.clip(np.searchsorted(along, wanted, "right") - 1, 0, len(unit) - 1)]
    normal = np.column_stack([(before + after)[:, 1], -(before + after)[:, 0]])
    # the mitre: the sum of two unit vectors is 2 cos(half the turn) long, the offset must be 1 / cos(half the turn)
    offset = SPACING_M * 2.0 * normal / (normal**2).sum(axis=1)[:, None]
    offset[[0, -1]] = 0.0
    xy[0], xy[-1] = chain.path[0], chain.path[-1]
    ends = np.searchsorted(wanted, [0.0, *(cut[0] for cut in chain.cuts), total])
    return xy, offset, [int(vertex) for vertex in ends]


@dataclass(frozen=True, slots=True)
class Flows:
    """What flows where in the normal state.

    Attributes
    ----------
    load_mw
        Heat carried by each trench; 0 for the ones that close a ring.
    towards_end
        1 where supply flows from start to end, 0 the other way, -1 where it is not determined by the tree.
    source
        Of each substation: index of the source that feeds it.
    """

    load_mw: NDArray[np.float64]
    towards_end: NDArray[np.int8]
    source: NDArray[np.int64]


def trace_flows(network: Network, load_mw: NDArray[np.float64], building_load_mw: NDArray[np.float64]) -> Flows:
    """Follow the shortest supply way from the sources to the substations and from those to the buildings.

    Parameters
    ----------
    load_mw
        Of each substation.
    building_load_mw
        Of each building.
    """
    length = network.lengths_m()
    is_source = np.isin(network.node_kind, ["plant", "boiler_house"])
    blocked = network.node_kind == "tie_closed"
    open_way = network.primary & ~blocked[network.start] & ~blocked[network.end]
    is_station = network.node_kind == "substation"
    demand = np.zeros(len(network.node_kind))
    demand[is_station] = load_mw[network.node_reference[is_station]]
    first = _forest(network, length, open_way, is_source, demand)
    is_inlet = network.node_kind == "building_inlet"
    demand = np.zeros(len(network.node_kind))
    demand[is_inlet] = building_load_mw[network.node_reference[is_inlet]]
    second = _forest(network, length, ~network.primary, is_station, demand)
    fed = np.full(len(load_mw), -1)
    fed[network.node_reference[is_station]] = network.node_reference[first[2][is_station]]
    return Flows(first[0] + second[0], np.maximum(first[1], second[1]), fed)


def _forest(
    network: Network,
    length: NDArray[np.float64],
    usable: NDArray[np.bool_],
    roots: NDArray[np.bool_],
    demand: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int8], NDArray[np.int64]]:
    """Return load and direction of every trench in the forest of shortest ways, and the root of every node."""
    count = len(network.node_kind)
    start, end = network.start[usable], network.end[usable]
    graph = coo_array((length[usable], (start, end)), shape=(count, count)).tocsr()
    distance, parent, root = dijkstra(
        graph, directed=False, indices=np.flatnonzero(roots), min_only=True, return_predecessors=True
    )
    carried = demand.copy()
    for node in np.argsort(np.where(np.isfinite(distance), distance, -1.0))[::-1]:
        if parent[node] >= 0:
            carried[parent[node]] += carried[node]
    down = (parent[network.end] == network.start) & usable
    up = (parent[network.start] == network.end) & usable
    load = np.where(down, carried[network.end], np.where(up, carried[network.start], 0.0))
    direction = np.where(down, 1, np.where(up, 0, -1)).astype(np.int8)
    return load, direction, root.astype(np.int64)


DN_SERIES_MM = np.array(
    [25, 32, 40, 50, 65, 80, 100, 125, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1200]
)
"""Nominal diameters of district heating pipes."""
OUTER_MM = np.array(
    [34, 42, 48, 60, 76, 89, 108, 133, 159, 219, 273, 325, 377, 426, 478, 529, 630, 720, 820, 920, 1020, 1220], dtype=np.float64
)
"""Outer diameters of the steel pipe, GB/T 29047-2021."""
WALL_MM = np.array([3, 3, 3, 3.5, 4, 4, 4, 4.5, 4.5, 6, 6, 7, 7, 7, 7, 8, 9, 10, 10, 12, 13, 14], dtype=np.float64)
INSULATION_MM = np.array(
    [30, 30, 31, 32, 30, 33, 41, 42, 40, 45, 57, 60, 60, 60, 60, 62, 70, 70, 70, 70, 70, 80], dtype=np.float64
)
MAIN_DN_MM = 400
"""Smallest diameter of a main: a ring must carry heat both ways."""
FRICTION_PA_PER_M = 150.0
_ROUGHNESS_M = 0.0005


def size_index(network: Network, load_mw: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each trench the place in DN_SERIES_MM of the smallest pipe that stays under FRICTION_PA_PER_M.

    Fully rough flow, R = 6.88e-3 k^0.25 G^2 / (rho d^5.25) (R in Pa/m, G in t/h, k and d in m), the formula of Chinese
    design manuals; 50 K between supply and return on the primary side, 15 K on the secondary.
    """
    span_k = np.where(network.primary, 50.0, 15.0)
    density = np.where(network.primary, 965.0, 988.0)
    flow_t_per_h = load_mw * 3.6e6 / (4.19 * span_k) / 1000.0
    needed_m = (6.88e-3 * _ROUGHNESS_M**0.25 * flow_t_per_h**2 / (density * FRICTION_PA_PER_M)) ** (1.0 / 5.25)
    inner_m = (OUTER_MM - 2.0 * WALL_MM) / 1000.0
    place = np.minimum(np.searchsorted(inner_m, needed_m), len(inner_m) - 1)
    smallest = np.where(network.primary & (network.owner < 0), np.searchsorted(DN_SERIES_MM, MAIN_DN_MM), 0)
    chosen: NDArray[np.int64] = np.maximum(place, smallest)
    return chosen
