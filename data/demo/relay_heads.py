"""What relay pumps must lift: the friction of their branch at the flow that it really carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.demo.flows import friction_pa_per_m
from data.demo.stations import MainStation
from data.demo.tables import DemoCity

LOCAL_LOSSES = 1.2
"""Losses with bends, valves and compensators against those of the straight pipe, as in `topology.hydraulics.solve.Operation`."""
PLANT_HEAD_MPA = 0.25
"""What the pumps of a plant spend on a branch, each side; the relay pumps lift what is lost beyond."""
PASSAGES = ("isolating_station", "relay_energy_station")
"""Stations that heat passes and water does not."""
RESERVE = 1.15
"""Design power of a passage against what it passes."""
LEAST_SHARE = 0.1
"""Of its design power a plant gives at least this to the part of the network that its water reaches."""


def heads_mpa(city: DemoCity, stations: Mapping[int, MainStation], ways: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """Return what the pumps at each station of a branch lift, each side: an equal share of what the plant leaves over.

    All branches of a plant then end with nearly the same pressures, however long, and rings between them carry little.

    Parameters
    ----------
    stations
        By node.
    ways
        Trenches between the station before, or the plant, and each node of `stations`.
    """
    friction = friction_pa_per_m(city.network, city.flows.load_mw, city.size_place) * city.network.lengths_m()
    passed = {node: float(city.flows.load_mw[ways[node][-1]]) for node, each in stations.items() if each.kind in PASSAGES}
    of_plant, of_branch = _shares(city, stations, passed)
    lost: dict[int, float] = {}
    pumps: Counter[int] = Counter()
    for node, station in stations.items():
        share = of_branch.get(station.branch, of_plant[station.plant])
        way_mpa = LOCAL_LOSSES * share**2 * float(friction[ways[node]].sum()) / 1e6
        lost[station.branch] = lost.get(station.branch, 0.0) + way_mpa
        pumps[station.branch] += station.kind == "relay_pump_station"
    return {branch: round(max((lost[branch] - PLANT_HEAD_MPA) / pumps[branch], 0.0), 3) for branch in lost if pumps[branch]}


def _shares(
    city: DemoCity, stations: Mapping[int, MainStation], passed: Mapping[int, float]
) -> tuple[dict[int, float], dict[int, float]]:
    """Return what flows against what is traced, of each plant and of each branch that ends at a passage.

    The sources of a part of the network that water can move in share its load by power; a passage is a consumer of the part
    towards its plant and a source of the part beyond, which may be the same one.
    """
    part = _parts(city, passed)
    behind = part[len(city.network.node_kind) :]
    loads, of_source = _loads(city, part)
    feeds, power = _feeds(city)
    mw = np.array(list(passed.values()))
    plant_of = np.array([stations[node].plant for node in passed], dtype=np.int64)
    plants = {int(city.network.node_reference[node]): place for place, node in enumerate(feeds) if _is_plant(city, node)}
    for plant, place in plants.items():
        power[place] = max(power[place] - RESERVE * mw[plant_of == plant].sum(), LEAST_SHARE * power[place])
    weights = np.concatenate([power, RESERVE * mw])
    each_mw = loads / np.maximum(np.bincount(np.concatenate([part[feeds], behind]), weights=weights, minlength=len(loads)), 1e-9)
    of_plant = {}
    for plant, place in plants.items():
        here = part[feeds[place]]
        traced = of_source[plant, here] - mw[(plant_of == plant) & (behind == here)].sum()
        of_plant[plant] = float(power[place] * each_mw[here] / traced) if traced > 0.0 else 1.0
    of_branch = {stations[node].branch: float(RESERVE * each_mw[to]) for node, to in zip(passed, behind, strict=True)}
    return of_plant, of_branch


def _is_plant(city: DemoCity, node: int) -> bool:
    return str(city.network.node_kind[node]) == "plant"


def _loads(city: DemoCity, part: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the load of each part, and what of it is traced to each source, shape (sources, parts), in MW."""
    at = np.flatnonzero(city.network.node_kind == "substation")
    index = city.network.node_reference[at]
    load = np.array([city.substations[each].load_mw for each in index])
    traced = np.zeros((len(city.sources), int(part.max()) + 1))
    np.add.at(traced, (city.flows.source[index], part[at]), load)
    return traced.sum(axis=0), traced


def _parts(city: DemoCity, passed: Mapping[int, float]) -> NDArray[np.int32]:
    """Return the part of each node, and behind them of the far side of each passage, with normally closed ties closed."""
    network, count = city.network, len(city.network.node_kind)
    closed = network.node_kind == "tie_closed"
    open_way = network.primary & ~closed[network.start] & ~closed[network.end]
    ends = np.array([network.start, network.end])
    for place, node in enumerate(passed):
        ends[:, ~network.transmission] = np.where(
            ends[:, ~network.transmission] == node, count + place, ends[:, ~network.transmission]
        )
    u, v = ends[:, open_way]
    total = count + len(passed)
    _, part = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(total, total)), directed=False)
    parts: NDArray[np.int32] = part
    return parts


def _feeds(city: DemoCity) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nodes of the running sources and their design power in MW."""
    network = city.network
    nodes = np.flatnonzero(np.isin(network.node_kind, ["plant", "boiler_house"]))
    nodes = nodes[~np.isin(network.node_reference[nodes], city.idle)]
    return nodes, np.array([city.sources[index].design_power_mw for index in network.node_reference[nodes]])
