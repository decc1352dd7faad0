"""The drawn network as tables: pipes of both sides, valves, inlets, points, chambers; in metres of the quarter."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.chains import Network
from data.demo.flows import DN_SERIES_MM, OUTER_MM, WALL_MM
from data.demo.ground import height_m
from data.demo.records import with_unified_codes
from data.demo.tables import (
    DemoCity,
    accumulator_code,
    building_code,
    company_code,
    source_code,
    substation_code,
    substation_of,
)
from twin.laying import INSULATION_MM

DEPTH_M = {True: 1.4, False: 1.0}
"""From the ground to the crown of the pipe, by primary or not."""
SIDES = (("supply", "G", 1.0), ("return", "H", -1.0))
"""Side, its letter in codes (供, 回), the direction of its offset."""
_SIDE_ZH = {"supply": "供水", "return": "回水"}
_ZONE_ZH = {1: "", 2: "高区", 3: "超高区"}
_INLET_LETTERS = {1: "RK", 2: "RG", 3: "RC"}


def node_codes(city: DemoCity) -> dict[str, NDArray[np.str_]]:
    """Return the code of every node for each side; only valves have one of their own on each side.

    Pipe point numbers have at most 8 characters (GB/T 36625.5-2019 element 0810001).
    """
    kinds, references = city.network.node_kind, city.network.node_reference
    shared = np.array([f"GD{place + 1:06d}" for place in range(len(kinds))])
    at = np.flatnonzero(kinds == "substation")
    shared[at] = [substation_code(int(index)) for index in references[at]]
    at = np.flatnonzero(kinds == "building_inlet")
    shared[at] = _inlet_codes(city.network, at)
    at = np.flatnonzero(np.isin(kinds, ["plant", "boiler_house"]))
    shared[at] = [source_code(city.sources, int(index)) for index in references[at]]
    at = np.flatnonzero(kinds == "main_station")
    shared[at] = [city.stations[index].code for index in references[at]]
    at = np.flatnonzero(kinds == "accumulator")
    shared[at] = [accumulator_code(int(index)) for index in references[at]]
    valves = valve_nodes(city.network)
    codes = {}
    for side, letter, _ in SIDES:
        codes[side] = shared.copy()
        codes[side][valves] = [f"F{letter}{place + 1:06d}" for place in range(len(valves))]
    return codes


def inlet_code(index: int, system: int = 1) -> str:
    """Return the code of the inlet of a building's low (入口), high (高区) or topmost (超高区) zone."""
    return f"{_INLET_LETTERS[system]}{index + 1:06d}"


def _inlet_codes(network: Network, at: NDArray[np.int64]) -> list[str]:
    pairs = zip(network.node_reference[at].tolist(), network.node_system[at].tolist(), strict=True)
    return [inlet_code(index, system) for index, system in pairs]


def valve_nodes(network: Network) -> NDArray[np.int64]:
    """Return the nodes that are valves."""
    return np.flatnonzero(np.isin(network.node_kind, ["valve", "tie_open", "tie_closed"]))


def inlets(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the heat inlets of the buildings."""
    network = city.network
    at = np.flatnonzero(network.node_kind == "building_inlet")
    index = network.node_reference[at]
    of = substation_of(city)
    columns = {
        "code": _inlet_codes(network, at),
        "name": [
            f"{city.estates[city.buildings[each].estate].name}{city.buildings[each].number}号楼{_ZONE_ZH[system]}热力入口"
            for each, system in zip(index, network.node_system[at].tolist(), strict=True)
        ],
        "building_code": [building_code(int(each)) for each in index],
        "substation_code": [of[each] for each in index],
        "system_number": network.node_system[at],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(network.node_xy[at]))


def _company_of_trench(city: DemoCity) -> NDArray[np.str_]:
    own = np.array([company_code(each.company) for each in city.substations] + [company_code(0)])
    codes: NDArray[np.str_] = own[city.network.owner]
    return codes


def year_of_trench(city: DemoCity) -> NDArray[np.int64]:
    """Return the year of each trench: mains are the older the further west; branches and trees are as old as their substation."""
    own = np.array([each.installed_year for each in city.substations] + [0])
    x = city.network.node_xy[city.network.start, 0]
    mains = np.clip((2001 + 0.006 * x).astype(np.int64), 1980, 2021)
    years: NDArray[np.int64] = np.where(city.network.owner >= 0, own[city.network.owner], mains)
    return years


def pipes(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return supply and return pipe of every trench with z on the pipe's axis (ground - depth to crown - half a diameter)."""
    network, place = city.network, city.size_place
    codes = node_codes(city)
    depth = np.where(network.primary, DEPTH_M[True], DEPTH_M[False])
    ground = height_m(city.ground, network.vertex_xy)
    z = ground - (depth + OUTER_MM[place] / 2000.0)[network.vertex_trench]
    numbers = [f"{number + 1:07d}" for number in range(len(network.start))]
    shared = _pipe_columns(city, depth)
    shared["pair_code"] = [f"GX{number}" for number in numbers]
    frames = []
    for side, letter, sign in SIDES:
        xyz = np.column_stack([network.vertex_xy + sign * 0.5 * network.vertex_offset, z])
        lines = shapely.linestrings(xyz.round(4), indices=network.vertex_trench)
        names = np.where(network.transmission, "长输管网", np.where(network.primary, "一次网", "二次网"))
        columns = {
            "code": pipe_codes(city, letter),
            "name": np.char.add(names, f"{_SIDE_ZH[side]}管"),
            "side": side,
            **shared,
            "flow_direction": _flow_direction(city, side),
            "start_code": codes[side][network.start],
            "end_code": codes[side][network.end],
            "length_m": shapely.length(lines).round(2),
        }
        frames.append(geopandas.GeoDataFrame(columns, geometry=lines))
    return pd.concat(frames, ignore_index=True)


def pipe_codes(city: DemoCity, letter: str) -> NDArray[np.str_]:
    """Return the code of the pipe of each trench on the side of that letter, 17 characters (element 0810003)."""
    network = city.network
    levels = np.where(network.transmission, "0", np.where(network.primary, "1", "2")).tolist()
    adcodes = [city.adcode] * len(levels) if city.trench_adcode is None else city.trench_adcode.tolist()
    pairs = enumerate(zip(adcodes, levels, strict=True), start=1)
    return np.array([f"{adcode}RS{level}{letter}{number:07d}" for number, (adcode, level) in pairs])


def _pipe_columns(city: DemoCity, depth: NDArray[np.float64]) -> dict[str, object]:
    network, place = city.network, city.size_place
    dn = DN_SERIES_MM[place]
    year = year_of_trench(city)
    return {
        "network_level": np.where(network.transmission, "transmission", np.where(network.primary, "primary", "secondary")),
        "medium": "heat",
        "dn": dn,
        "outer_diameter_mm": OUTER_MM[place],
        "wall_mm": WALL_MM[place],
        "insulation_mm": INSULATION_MM[place],
        "burial_depth_m": depth,
        "burial_method": _burial_method(city, year),
        "material": np.where(dn >= 250, "Q235B 螺旋缝焊接钢管", "20# 无缝钢管"),
        "insulation_method": np.where(year < 1985, "2", "4"),
        "anticorrosion_method": np.select([year < 1992, year < 2002], ["01", "05"], "06"),
        "drawn_by": np.where(network.transmission, "plant", "company"),
        "z_source": "from_depth",
        "installed_year": year,
        "company_code": _company_of_trench(city),
    }


def _burial_method(city: DemoCity, year: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return direct burial, trench for old mains, casing under the river (element 0810008)."""
    network = city.network
    lines = shapely.linestrings(network.vertex_xy, indices=network.vertex_trench)
    old_main = network.primary & (year < 1998)
    method: NDArray[np.str_] = np.where(shapely.intersects(lines, city.streets.river), "4", np.where(old_main, "2", "1"))
    return method


def _flow_direction(city: DemoCity, side: str) -> NDArray[np.str_]:
    """Return element 0820002; water in the return flows against the supply of the same trench."""
    towards_end = city.flows.towards_end
    forward = 1 if side == "supply" else 0
    direction: NDArray[np.str_] = np.where(towards_end < 0, "2", np.where(towards_end == forward, "0", "1"))
    return direction


def _widest_at(city: DemoCity) -> NDArray[np.int64]:
    """Return for each node the largest diameter that meets it, in mm."""
    widest = np.zeros(len(city.network.node_kind), dtype=np.int64)
    for ends in (city.network.start, city.network.end):
        np.maximum.at(widest, ends, DN_SERIES_MM[city.size_place])
    return widest


def _one_trench_at(network: Network) -> NDArray[np.int64]:
    trench = np.zeros(len(network.node_kind), dtype=np.int64)
    for ends in (network.end, network.start):
        trench[ends] = np.arange(len(network.start))
    return trench


def valves(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the valves of both sides; 6 in 100 cannot be worked."""
    network = city.network
    at = valve_nodes(network)
    kinds = network.node_kind[at]
    trench = _one_trench_at(network)[at]
    level = np.where(network.transmission, "transmission", np.where(network.primary, "primary", "secondary"))[trench]
    primary = network.primary[trench]
    tie = np.char.startswith(kinds, "tie")
    codes = node_codes(city)
    rng = np.random.default_rng([city.rng_seed, 7])
    frames = []
    for side, _, sign in SIDES:
        bad = rng.choice(["usable", "stuck", "no_access", "tagged_out"], len(at), p=[0.94, 0.03, 0.02, 0.01])
        names = np.where(tie, "联络阀", np.where(primary, "一次网阀门", "二次网阀门"))
        columns = {
            "code": codes[side][at],
            "name": np.char.add(names, f"({_SIDE_ZH[side]})"),
            "side": side,
            "network_level": level,
            "pair_code": [f"FD{place + 1:06d}" for place in range(len(at))],
            "normal_state": np.where(kinds == "tie_closed", "closed", "open"),
            "operability": np.where(tie, "usable", bad),
            "dn": _widest_at(city)[at],
            "tie": tie,
            "burial_depth_m": np.where(primary, DEPTH_M[True], DEPTH_M[False]),
            "company_code": _company_of_trench(city)[trench],
        }
        frames.append(
            geopandas.GeoDataFrame(
                columns, geometry=shapely.points((network.node_xy + sign * 0.5 * network.node_offset)[at].round(4))
            )
        )
    return with_unified_codes(pd.concat(frames, ignore_index=True), city.adcode, "valve")


def pipe_points(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return tees, elbows, compensators, fixed supports, drains at low and vents at high points."""
    network = city.network
    at = np.flatnonzero(np.isin(network.node_kind, ["tee", "joint", "compensator"]))
    types = _point_types(city)[at]
    columns = {
        "code": node_codes(city)["supply"][at],
        "name": [_POINT_NAMES[kind] for kind in types.tolist()],
        "point_type": types,
        "company_code": _company_of_trench(city)[_one_trench_at(network)[at]],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(network.node_xy[at].round(4)))


_POINT_NAMES: Mapping[str, str] = {
    "compensator": "补偿器",
    "drain": "泄水",
    "vent": "放气",
    "fixed_support": "固定支架",
    "tee": "三通",
    "elbow": "弯头",
}


def _point_types(city: DemoCity) -> NDArray[np.str_]:
    network = city.network
    degree = np.bincount(np.concatenate([network.start, network.end]), minlength=len(network.node_kind))
    ground = height_m(city.ground, network.node_xy)
    lowest, highest = np.full(len(ground), np.inf), np.full(len(ground), -np.inf)
    for here, there in ((network.start, network.end), (network.end, network.start)):
        np.minimum.at(lowest, here, ground[there])
        np.maximum.at(highest, here, ground[there])
    joint = np.where(ground < lowest, "drain", np.where(ground > highest, "vent", "fixed_support"))
    types: NDArray[np.str_] = np.select(
        [network.node_kind == "compensator", network.node_kind == "joint", degree >= 3], ["compensator", joint, "tee"], "elbow"
    )
    return types


def chambers(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the chambers at the tees of the primary network."""
    network = city.network
    at = np.flatnonzero((network.node_kind == "tee") & network.primary[_one_trench_at(network)])
    columns = {
        "code": [f"XS{place + 1:06d}" for place in range(len(at))],
        "name": [f"{place + 1}号小室" for place in range(len(at))],
        "burial_depth_m": 2.4,
        "company_code": company_code(0),
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(network.node_xy[at].round(4)))
