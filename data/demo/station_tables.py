"""Main stations, accumulators, tanks and pressure points as tables, with what flows through them in the normal state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.chains import Network
from data.demo.network_tables import SIDES, pipe_codes, year_of_trench
from data.demo.relay_heads import heads_mpa
from data.demo.stations import STATION_KINDS, MainStation, Store
from data.demo.streets import Path
from data.demo.tables import DemoCity, accumulator_code, branch_code, company_code, source_code

PUMP_MW = 120.0
"""Heat that one pump moves; a further one stands by."""
_SPREAD: Mapping[str, int] = MappingProxyType({"transmission": 110, "mains": 80, "crossings": 40})
_SPREAD_QUARTER: Mapping[str, int] = MappingProxyType({"transmission": 0, "mains": 8, "crossings": 5})
"""How many places with pressure points a city and a single quarter have."""


def station_frames(city: DemoCity) -> dict[str, geopandas.GeoDataFrame]:
    """Return the things that stand on the network, one frame for each kind that the city has."""
    frames = {kind: _main_stations(city, kind) for kind in STATION_KINDS}
    frames["accumulator"] = _accumulators(city)
    return {kind: frame for kind, frame in frames.items() if len(frame)}


# ---------------------------------------------------------------- main stations


def _main_stations(city: DemoCity, kind: str) -> geopandas.GeoDataFrame:
    network = city.network
    nodes = {int(network.node_reference[node]): int(node) for node in np.flatnonzero(network.node_kind == "main_station")}
    mine = [(nodes[index], station) for index, station in enumerate(city.stations) if station.kind == kind]
    ways = _ways(network)
    load = [float(city.flows.load_mw[ways[node][-1]]) for node, _ in mine] if mine else []
    year = year_of_trench(city)
    columns: dict[str, object] = {
        "code": [station.code for _, station in mine],
        "name": [_name(city, station) for _, station in mine],
        "branch_code": [branch_code(station.branch) for _, station in mine],
        "company_code": company_code(0),
        "installed_year": [int(year[ways[node][-1]]) for node, _ in mine],
    }
    if kind == "relay_pump_station":
        heads = heads_mpa(city, {nodes[index]: station for index, station in enumerate(city.stations)}, ways)
        columns |= {
            "pump_count": [int(np.ceil(each / PUMP_MW)) + 1 for each in load],
            "head_mpa": [heads[station.branch] for _, station in mine],
            "pumped_side": "both",
        }
    else:
        columns["design_power_mw"] = [round(1.15 * each, 1) for each in load]
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(network.node_xy[[node for node, _ in mine]].reshape(-1, 2)))


def _name(city: DemoCity, station: MainStation) -> str:
    plant = city.sources[station.plant].name
    number = "" if station.is_end else f"{station.place}号"
    return f"{plant}{station.branch + 1}号支线{number}{STATION_KINDS[station.kind]}"


def _ways(network: Network) -> dict[int, list[int]]:
    """Return for each main station the trenches between the one before it, or the plant, and itself, in order."""
    mains = np.flatnonzero(network.transmission)
    into = dict(zip(network.end[mains].tolist(), mains.tolist(), strict=True))  # a stretch is drawn away from the plant
    ways: dict[int, list[int]] = {}
    for node in np.flatnonzero(network.node_kind == "main_station").tolist():
        way: list[int] = []
        at = node
        while not way or network.node_kind[at] not in {"plant", "main_station"}:
            way.append(into[at])
            at = int(network.start[into[at]])
        ways[node] = way[::-1]
    return ways


def branch_of_substation(city: DemoCity) -> NDArray[np.int64]:
    """Return for each substation the branch that feeds it in the normal state, -1 for none."""
    network, towards = city.network, city.flows.towards_end
    above = np.arange(len(network.node_kind))  # the node before each one on the way of the heat
    for feeds, start, end in ((1, network.start, network.end), (0, network.end, network.start)):
        way = network.primary & (towards == feeds)
        above[end[way]] = start[way]
    branch = np.full(len(above), -1)
    at = np.flatnonzero(network.node_kind == "main_station")
    branch[at] = [city.stations[index].branch for index in network.node_reference[at]]
    above[at] = at
    while not np.array_equal(above, above[above]):
        above = above[above]
    of = np.full(len(city.substations), -1)
    at = np.flatnonzero(network.node_kind == "substation")
    of[network.node_reference[at]] = branch[above[at]]
    return of


def with_branches(city: DemoCity, substations: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return the substations with the branch that feeds each of them, where the city has branches."""
    if not city.stations:
        return substations
    codes = [branch_code(index) if index >= 0 else None for index in branch_of_substation(city).tolist()]
    return substations.assign(branch_code=codes)


def plant_branches(city: DemoCity, paths: Sequence[Path]) -> geopandas.GeoDataFrame:
    """Return the plants' branches along the axis of their trench."""
    network, ways = city.network, _ways(city.network)
    load, plant = np.zeros(len(paths)), [0] * len(paths)
    for node, way in ways.items():
        station = city.stations[network.node_reference[node]]
        plant[station.branch] = station.plant
        load[station.branch] = max(load[station.branch], city.flows.load_mw[way].max())
    columns = {
        "code": [branch_code(index) for index in range(len(paths))],
        "name": [f"{city.sources[each].name}{index + 1}号支线" for index, each in enumerate(plant)],
        "plant_code": [source_code(city.sources, each) for each in plant],
        "design_power_mw": (1.15 * load).round(1),
        "company_code": company_code(0),
    }
    return geopandas.GeoDataFrame(columns, geometry=[shapely.LineString(path) for path in paths])


# ---------------------------------------------------------------- stores


def _accumulators(city: DemoCity) -> geopandas.GeoDataFrame:
    codes = [accumulator_code(index) for index in range(len(city.accumulators))]
    return _stores(city, city.accumulators, codes, "储热器")


def water_tanks(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the tanks beside the heat sources; no pipe is drawn to them."""
    return _stores(city, city.tanks, [f"CSG{index + 1:03d}" for index in range(len(city.tanks))], "储水罐")


def _stores(city: DemoCity, stores: Sequence[Store], codes: Sequence[str], name: str) -> geopandas.GeoDataFrame:
    columns = {
        "code": codes,
        "name": [f"{city.sources[store.source].name}{name}" for store in stores],
        "source_code": [source_code(city.sources, store.source) for store in stores],
        "volume_m3": [store.volume_m3 for store in stores],
        "company_code": [company_code(city.sources[store.source].company) for store in stores],
        "installed_year": [store.installed_year for store in stores],
    }
    return geopandas.GeoDataFrame(columns, geometry=[shapely.Point(store.xy) for store in stores])


# ---------------------------------------------------------------- pressure points


def pressure_points(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return where trunk pressure is watched, on both sides.

    At section valves of transmission and of mains, at the valves around the strainers of main stations, where branches
    enter a quarter's mains and where mains cross.
    """
    network = city.network
    places = _places(city)
    nodes = np.array([node for node, _ in places])
    trench = np.full(len(network.node_kind), -1)
    trench[network.start], trench[network.end] = np.arange(len(network.start)), np.arange(len(network.end))
    number = len(places)
    frames = []
    for place, (side, letter, sign) in enumerate(SIDES):
        at = network.node_xy[nodes] + sign * 0.5 * network.node_offset[nodes]
        columns = {
            "code": [f"YL{place * number + index + 1:06d}" for index in range(number)],
            "name": ["供水压力" if side == "supply" else "回水压力"] * number,
            "side": side,
            "pipe_code": pipe_codes(city, letter)[trench[nodes]],
            "place": [kind for _, kind in places],
            "company_code": company_code(0),
        }
        frames.append(geopandas.GeoDataFrame(columns, geometry=shapely.points(at.round(4))))
    merged: geopandas.GeoDataFrame = pd.concat(frames, ignore_index=True)
    return merged


def _places(city: DemoCity) -> list[tuple[int, str]]:
    """Return nodes with pressure points and why, each node once."""
    network = city.network
    count = _SPREAD if city.stations else _SPREAD_QUARTER
    ends = np.concatenate([network.start, network.end])
    both = {"transmission": network.transmission, "mains": network.primary & (network.owner < 0) & ~network.transmission}
    touched = {name: np.bincount(ends[np.tile(which, 2)], minlength=len(network.node_kind)) for name, which in both.items()}
    valve, tee = network.node_kind == "valve", network.node_kind == "tee"
    chosen: dict[int, str] = {}
    for node in _beside_stations(network):
        chosen.setdefault(node, "strainer")
    for name, degree in touched.items():
        for node in _spread(np.flatnonzero(valve & (degree == 2)), count[name]):
            chosen.setdefault(node, "section_valve")
    for node in [*_entries(network), *_spread(np.flatnonzero(tee & (touched["mains"] >= 4)), count["crossings"])]:
        chosen.setdefault(node, "branch_node")
    return sorted(chosen.items())


def _spread(nodes: NDArray[np.int64], count: int) -> list[int]:
    """Return that many of the nodes, evenly spread over their order."""
    picked = np.unique(np.linspace(0, len(nodes) - 1, min(count, len(nodes))).round().astype(np.int64))
    return [int(node) for node in nodes[picked]]


def _beside_stations(network: Network) -> list[int]:
    """Return the valves next to the main stations at the ends of branches, before and behind their strainers."""
    at_station = network.node_kind == "main_station"
    tail = at_station[network.start] & network.primary & ~network.transmission
    ends = np.isin(network.end, network.start[tail]) & network.transmission
    near = np.concatenate([network.end[tail], network.start[ends]])
    return [int(node) for node in np.unique(near[network.node_kind[near] == "valve"])]


def _entries(network: Network) -> list[int]:
    """Return the tees where the last pipe of a branch meets the mains of a quarter."""
    tails = network.start[(network.node_kind[network.start] == "main_station") & ~network.transmission]
    behind = np.flatnonzero(np.isin(network.start, tails) & ~network.transmission)
    nodes = []
    for trench in behind.tolist():
        at = trench
        while network.node_kind[network.end[at]] != "tee":
            at = int(np.flatnonzero(network.start == network.end[at])[0])
        nodes.append(int(network.end[at]))
    return nodes
