"""What flows where in the normal state, and how wide the pipes must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from data.demo.chains import Network
from twin.laying import STEEL_OUTER_MM


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


def trace_flows(
    network: Network,
    load_mw: NDArray[np.float64],
    building_load_mw: NDArray[np.float64],
    *,
    idle: Sequence[int] = (),
    way_m: NDArray[np.float64] | None = None,
) -> Flows:
    """Follow the shortest supply way from the sources to the substations and from those to the buildings.

    Parameters
    ----------
    load_mw
        Of each substation.
    building_load_mw
        Of each building.
    idle
        Indexes of the sources that do not run.
    way_m
        How far each trench seems to the water; None = its length.
    """
    length = network.lengths_m() if way_m is None else way_m
    is_source = np.isin(network.node_kind, ["plant", "boiler_house"]) & ~np.isin(network.node_reference, idle)
    blocked = network.node_kind == "tie_closed"
    open_way = network.primary & ~blocked[network.start] & ~blocked[network.end]
    is_station = network.node_kind == "substation"
    demand = np.zeros(len(network.node_kind))
    demand[is_station] = load_mw[network.node_reference[is_station]]
    first = _forest(network, length, open_way, is_source, demand)
    is_inlet = network.node_kind == "building_inlet"
    demand = np.zeros(len(network.node_kind))
    demand[is_inlet] = building_load_mw[network.node_reference[is_inlet]] * network.node_share[is_inlet]
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
OUTER_MM = STEEL_OUTER_MM
WALL_MM = np.array([3, 3, 3, 3.5, 4, 4, 4, 4.5, 4.5, 6, 6, 7, 7, 7, 7, 8, 9, 10, 10, 12, 13, 14], dtype=np.float64)
MAIN_DN_MM = 400
"""Smallest diameter of a main: a ring must carry heat both ways."""
FRICTION_PA_PER_M = 150.0
"""Of branches and secondary pipes."""
MAIN_PA_PER_M = 70.0
"""Of primary mains: the upper end of the economic 30 to 70 Pa/m of CJJ 34-2010 7.3."""
TRANSMISSION_PA_PER_M = 50.0
"""Of transmission mains, whose friction is pumped over tens of kilometres."""
_ROUGHNESS_M = 0.0005


def size_index(network: Network, load_mw: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each trench the place in DN_SERIES_MM of the smallest pipe that stays under the friction of its class.

    Fully rough flow, R = 6.88e-3 k^0.25 G^2 / (rho d^5.25) (R in Pa/m, G in t/h, k and d in m), the formula of Chinese
    design manuals; 50 K between supply and return on the primary side, 15 K on the secondary.
    """
    main = network.primary & (network.owner < 0)
    limit = np.where(network.transmission, TRANSMISSION_PA_PER_M, np.where(main, MAIN_PA_PER_M, FRICTION_PA_PER_M))
    flow_t_per_h, density = _flow(network, load_mw)
    needed_m = (6.88e-3 * _ROUGHNESS_M**0.25 * flow_t_per_h**2 / (density * limit)) ** (1.0 / 5.25)
    inner_m = (OUTER_MM - 2.0 * WALL_MM) / 1000.0
    place = np.minimum(np.searchsorted(inner_m, needed_m), len(inner_m) - 1)
    smallest = np.where(main, np.searchsorted(DN_SERIES_MM, MAIN_DN_MM), 0)
    chosen: NDArray[np.int64] = np.maximum(place, smallest)
    return chosen


def _flow(network: Network, load_mw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return flow in t/h and density in kg/m3: 50 K between supply and return on the primary side, 15 K on the secondary."""
    span_k = np.where(network.primary, 50.0, 15.0)
    return load_mw * 3.6e6 / (4.19 * span_k) / 1000.0, np.where(network.primary, 965.0, 988.0)


def friction_pa_per_m(network: Network, load_mw: NDArray[np.float64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the friction of each trench in the normal state, one side, by the formula of `size_index`."""
    flow_t_per_h, density = _flow(network, load_mw)
    inner_m = ((OUTER_MM - 2.0 * WALL_MM) / 1000.0)[place]
    friction: NDArray[np.float64] = 6.88e-3 * _ROUGHNESS_M**0.25 * flow_t_per_h**2 / (density * inner_m**5.25)
    return friction
