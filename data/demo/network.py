"""The network: primary mains in rings along the streets, branches to substations, secondary trees to the buildings.

It is drawn as **trenches** between **nodes**; each trench becomes a supply and a return pipe in `files`. A trench is
first part of a longer chain (crossing to tee, tee to substation) that is cut where a valve, a joint or a compensator sits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.ops import substring

from data.demo.buildings import Building, Estate
from data.demo.chains import Chain, Network, NodeList, cut_chains, joints, main_cuts
from data.demo.organisation import Source, Substation
from data.demo.services import lay_long_services, lay_secondary
from data.demo.sizes import CitySize
from data.demo.stations import Store, lay_accumulators
from data.demo.streets import Path, Streets
from data.demo.tree_preset import keep_tree

NEAR_M = 4.0
"""Branches that would leave a main closer than this share a tee."""
BRANCH_VALVE_M = 8.0
SAME_M = 1e-6
"""Vertices closer than this are one."""
STATION_VALVE_M = 5.0


def draw_network(
    size: CitySize,
    streets: Streets,
    *,
    sources: tuple[Source, ...],
    estates: tuple[Estate, ...],
    substations: tuple[Substation, ...],
    buildings: tuple[Building, ...],
    accumulators: tuple[Store, ...] = (),
) -> tuple[Network, tuple[int, ...]]:
    """Lay every pipe of the quarter.

    Returns
    -------
    Both levels of the network; a substation is one node at which primary and secondary trenches end. And the indexes of
    the sources that stand by.
    """
    nodes = NodeList()
    chains, _ = lay_quarter(
        nodes, size, streets, sources=sources, sites=estates, substations=substations, buildings=buildings, first=(0, 0)
    )
    chains += lay_accumulators(nodes, accumulators)
    idle: tuple[int, ...] = ()
    if size.tree:
        nodes, chains, idle = keep_tree(nodes, chains, [source.peak_only for source in sources])
    return cut_chains(nodes, chains), idle


def lay_quarter(
    nodes: NodeList,
    size: CitySize,
    streets: Streets,
    *,
    sources: Sequence[Source],
    sites: Sequence[Estate],
    substations: Sequence[Substation],
    buildings: Sequence[Building],
    first: tuple[int, int],
) -> tuple[list[Chain], dict[tuple[int, int], int]]:
    """Lay the chains of one quarter.

    Parameters
    ----------
    nodes
        Is added to.
    sites
        Estates that the substations name.
    buildings
        Those that the substations name.
    first
        Index of the first substation and of the first source in the whole city.

    Returns
    -------
    The chains, and the nodes where mains cross by (avenue, street).
    """
    stations = [nodes.add("substation", station.xy, first[0] + index) for index, station in enumerate(substations)]
    feeds = [nodes.add(source.kind, source.xy, first[1] + index) for index, source in enumerate(sources)]
    chains: list[Chain] = []
    taps: dict[int, list[tuple[float, int]]] = {street: [] for street in size.main_streets}
    for index, station in enumerate(substations):
        estate = sites[station.estate]
        tap = _tap(nodes, taps[estate.block.street], streets.streets[estate.block.street], station.xy, -estate.frame.away)
        chains.append(_branch(size, nodes, tap, stations[index], owner=first[0] + index))
    for source, feed in zip(sources, feeds, strict=True):
        tap = _tap(nodes, taps[source.street], streets.streets[source.street], source.xy, -source.frame.away)
        chains.append(_branch(size, nodes, tap, feed, owner=-1))
    mains, crossing = _mains(size, streets, nodes, taps)
    chains += mains
    lay = lay_long_services if size.long_services else lay_secondary
    for index, station in enumerate(substations):
        chains += lay(nodes, stations[index], station, sites[station.estate], buildings)
    return chains, crossing


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


def _branch(size: CitySize, nodes: NodeList, tap: int, end: int, *, owner: int) -> Chain:
    """Return the straight branch from a tee to a substation or source, with a valve at either end or at the tee only."""
    path = np.array([nodes.positions[tap], nodes.positions[end]])
    length = float(np.hypot(*(path[1] - path[0])))
    if size.long_services:
        return Chain(tap, end, path, True, owner, ((min(BRANCH_VALVE_M, length / 2.0), "valve"),))
    inner = () if owner >= 0 else joints(BRANCH_VALVE_M, length - STATION_VALVE_M, size.piece_m)
    return Chain(tap, end, path, True, owner, ((BRANCH_VALVE_M, "valve"), *inner, (length - STATION_VALVE_M, "valve")))


def _mains(
    size: CitySize, streets: Streets, nodes: NodeList, taps: dict[int, list[tuple[float, int]]]
) -> tuple[list[Chain], dict[tuple[int, int], int]]:
    """Lay the mains: all main streets, the ring avenues, the avenues of ties. Returns the crossings' nodes as well."""
    edges = avenue_edges(size)
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
        chains += [_main(size, nodes, line, a, b, rings=rings) for a, b in pairwise(ordered)]
    for avenue, low, high in edges:
        line = LineString(streets.avenues[avenue])
        ends = [
            (line.project(shapely.Point(nodes.positions[node])), node) for node in (crossing[avenue, low], crossing[avenue, high])
        ]
        tie = tie_kind(size, (avenue, low, high))
        chains.append(_main(size, nodes, line, ends[0], ends[1], rings={node for _, node in ends}, tie=tie))
    return chains, crossing


def tie_kind(size: CitySize, edge: tuple[int, int, int]) -> str:
    """Return the kind of node in the middle of an avenue's main, empty for none."""
    if edge in size.closed_ties:
        return "tie_closed"
    return "tie_open" if size.open_ties is None or edge in size.open_ties else ""


def avenue_edges(size: CitySize) -> list[tuple[int, int, int]]:
    """Return the edges (avenue, lower street, upper street) that carry a main."""
    steps = list(pairwise(size.main_streets))
    edges = [(avenue, low, high) for avenue in size.main_avenues for low, high in steps]
    return edges + [edge for edge in size.closed_ties if edge[0] not in size.main_avenues]


def _main(
    size: CitySize,
    nodes: NodeList,
    line: LineString,
    first: tuple[float, int],
    last: tuple[float, int],
    *,
    rings: set[int],
    tie: str = "",
) -> Chain:
    """Return the stretch of a main between two tees, with a valve next to each crossing of mains."""
    path = np.asarray(substring(line, first[0], last[0]).coords).copy()
    path[0], path[-1] = nodes.positions[first[1]], nodes.positions[last[1]]
    path = path[np.concatenate([[True], np.hypot(*np.diff(path, axis=0).T) > SAME_M])]
    ends = (first[1] in rings, last[1] in rings)
    return Chain(first[1], last[1], path, True, -1, main_cuts(last[0] - first[0], size.piece_m, valves=ends, tie=tie))
