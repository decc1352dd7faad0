"""The drawn quarter as tables: one frame per kind, with the columns of `twin/kinds.py`, in metres of the quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.buildings import STOREY_M, Building, Estate, estate_outline
from data.demo.chains import Network
from data.demo.flows import DN_SERIES_MM, INSULATION_MM, OUTER_MM, WALL_MM, Flows
from data.demo.ground import Ground, height_m
from data.demo.names import company_names
from data.demo.organisation import Source, Substation, draw_halls
from data.demo.streets import Streets

DEPTH_M = {True: 1.4, False: 1.0}
"""From the ground to the crown of the pipe, by primary or not."""
SIDES = (("supply", "G", 1.0), ("return", "H", -1.0))
"""Side, its letter in codes (供, 回), the direction of its offset."""
SOURCE_KINDS = {"plant": "电厂", "boiler_house": "锅炉房"}
"""What stands in the list of sources for each kind."""
_SIDE_ZH = {"supply": "供水", "return": "回水"}
_ZONE_ZH = {1: "", 2: "高区", 3: "超高区"}
_INLET_LETTERS = {1: "RK", 2: "RG", 3: "RC"}


@dataclass(frozen=True, slots=True)
class DemoCity:
    """Everything that was drawn, before it becomes tables.

    Attributes
    ----------
    adcode
        Code of the district that holds the quarter.
    size_place
        Of each trench: place in DN_SERIES_MM.
    trench_adcode
        Of each trench: code of its district; None = `adcode` for all.
    idle
        Indexes of the heat sources that do not run.
    """

    adcode: str
    ground: Ground
    streets: Streets
    estates: tuple[Estate, ...]
    buildings: tuple[Building, ...]
    substations: tuple[Substation, ...]
    sources: tuple[Source, ...]
    network: Network
    flows: Flows
    size_place: NDArray[np.int64]
    rng_seed: int
    trench_adcode: NDArray[np.str_] | None = None
    idle: tuple[int, ...] = ()


def company_code(index: int) -> str:
    """Return the code of a company."""
    return f"QY{index + 1:02d}"


def estate_code(index: int) -> str:
    """Return the code of an estate."""
    return f"XQ{index + 1:04d}"


def building_code(index: int) -> str:
    """Return the code of a building."""
    return f"LD{index + 1:06d}"


def substation_code(index: int) -> str:
    """Return the code of a substation."""
    return f"HRZ{index + 1:04d}"


def source_code(sources: tuple[Source, ...], index: int) -> str:
    """Return the code of a heat source."""
    return f"{'DC' if sources[index].kind == 'plant' else 'GLF'}{index + 1:02d}"


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


def _frame(columns: Mapping[str, object], geometry: object) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns, geometry=geometry)


def companies() -> pd.DataFrame:
    """Return the companies; they have no geometry."""
    names = company_names()
    return pd.DataFrame(
        {
            "code": [company_code(index) for index in range(len(names))],
            "name": names,
            "licence": [f"示例热许{index + 1:03d}" for index in range(len(names))],
        }
    )


def roads(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the streets and avenues."""
    drawn = city.streets.roads
    columns = {
        "code": [f"DL{index + 1:04d}" for index in range(len(drawn))],
        "name": [road.name for road in drawn],
        "road_class": [road.road_class for road in drawn],
    }
    return _frame(columns, [shapely.LineString(road.path) for road in drawn])


def water(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the river and the pond."""
    return _frame({"code": ["SX0001", "SX0002"], "name": ["示例河", "示例湖"]}, [city.streets.river, city.streets.pond])


def green(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return parks and the banks of the river."""
    shapes = city.streets.green
    parks = ("人民公园", "北湖公园")
    columns = {
        "code": [f"LH{index + 1:04d}" for index in range(len(shapes))],
        "name": [parks[index] if index < len(parks) else "滨河绿地" for index in range(len(shapes))],
    }
    return _frame(columns, list(shapes))


def estates(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the estates that hold buildings."""
    first: dict[int, int] = {}
    for index, station in enumerate(city.substations):
        for building in station.buildings:
            first.setdefault(city.buildings[building].estate, index)
    rows = [(index, city.estates[index], first[index]) for index in sorted(first)]
    columns = {
        "code": [estate_code(index) for index, _, _ in rows],
        "name": [estate.name for _, estate, _ in rows],
        "substation_code": [substation_code(station) for _, _, station in rows],
        "address": [_address(city, estate) for _, estate, _ in rows],
        "installed_year": [estate.year_built for _, estate, _ in rows],
        "company_code": [company_code(city.substations[station].company) for _, _, station in rows],
    }
    return _frame(columns, [estate_outline(estate) for _, estate, _ in rows])


def _address(city: DemoCity, estate: Estate) -> str:
    return f"{city.streets.roads[estate.block.street].name}{100 * (estate.block.column + 1) + estate.block.row}号"


def _substation_of(city: DemoCity) -> list[str]:
    of = [""] * len(city.buildings)
    for index, station in enumerate(city.substations):
        for building in station.buildings:
            of[building] = substation_code(index)
    return of


def buildings(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the buildings."""
    drawn = city.buildings
    columns = {
        "code": [building_code(index) for index in range(len(drawn))],
        "name": [f"{city.estates[each.estate].name}{each.number}号楼" for each in drawn],
        "storeys": [each.storeys for each in drawn],
        "height_m": [round(each.storeys * STOREY_M + 1.2, 1) for each in drawn],
        "height_source": [each.height_source for each in drawn],
        "building_type": [each.use for each in drawn],
        "year_built": [each.year_built for each in drawn],
        "estate_code": [estate_code(each.estate) for each in drawn],
        "energy_class": [each.energy_class for each in drawn],
        "critical_use": [each.critical_use or None for each in drawn],
        "substation_code": _substation_of(city),
        "heated_area_m2": [each.heated_area_m2 for each in drawn],
        "heat_user_count": [each.heat_user_count for each in drawn],
        "heat_load_mw": [each.heat_load_mw for each in drawn],
        "address": [_address(city, city.estates[each.estate]) for each in drawn],
    }
    return _frame(columns, [each.outline for each in drawn])


def halls(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the buildings of the heat sources: industrial, without heat of their own."""
    drawn = draw_halls(city.sources)
    columns = {
        "code": [f"LD9{index + 1:05d}" for index in range(len(drawn))],
        "name": [hall.name for hall in drawn],
        "height_m": [hall.height_m for hall in drawn],
        "height_source": "attribute",
        "building_type": "工业建筑",
    }
    return _frame(columns, [hall.outline for hall in drawn])


def sources(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return plants and boiler houses, told apart by `source_kind`; all are running."""
    drawn = city.sources
    columns = {
        "code": [source_code(drawn, index) for index in range(len(drawn))],
        "name": [source.name for source in drawn],
        "source_kind": [SOURCE_KINDS[source.kind] for source in drawn],
        "design_power_mw": [source.design_power_mw for source in drawn],
        "company_code": [company_code(source.company) for source in drawn],
        "running": ["false" if index in city.idle else "true" for index in range(len(drawn))],
        "peak_only": ["true" if source.peak_only else "false" for source in drawn],
    }
    return _frame(columns, [shapely.Point(source.xy) for source in drawn])


def substations(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the substations."""
    drawn = city.substations
    columns = {
        "code": [substation_code(index) for index in range(len(drawn))],
        "name": [each.name for each in drawn],
        "source_code": [source_code(city.sources, int(index)) for index in city.flows.source],
        "system_count": [each.system_count for each in drawn],
        "design_power_mw": [round(each.load_mw * 1.15, 2) for each in drawn],
        "heated_area_m2": [each.heated_area_m2 for each in drawn],
        "company_code": [company_code(each.company) for each in drawn],
        "address": [_address(city, city.estates[each.estate]) for each in drawn],
        "installed_year": [each.installed_year for each in drawn],
    }
    return _frame(columns, [shapely.Point(each.xy) for each in drawn])


def inlets(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return the heat inlets of the buildings."""
    network = city.network
    at = np.flatnonzero(network.node_kind == "building_inlet")
    index = network.node_reference[at]
    of = _substation_of(city)
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
    return _frame(columns, shapely.points(network.node_xy[at]))


def _company_of_trench(city: DemoCity) -> NDArray[np.str_]:
    own = np.array([company_code(each.company) for each in city.substations] + [company_code(0)])
    codes: NDArray[np.str_] = own[city.network.owner]
    return codes


def _year_of_trench(city: DemoCity) -> NDArray[np.int64]:
    """Mains are the older the further west; branches and trees are as old as their substation."""
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
    levels = np.where(network.transmission, "0", np.where(network.primary, "1", "2"))
    adcodes = [city.adcode] * len(numbers) if city.trench_adcode is None else city.trench_adcode.tolist()
    shared = _pipe_columns(city, depth)
    shared["pair_code"] = [f"GX{number}" for number in numbers]
    frames = []
    for side, letter, sign in SIDES:
        xyz = np.column_stack([network.vertex_xy + sign * 0.5 * network.vertex_offset, z])
        lines = shapely.linestrings(xyz.round(4), indices=network.vertex_trench)
        names = np.where(network.transmission, "长输管网", np.where(network.primary, "一次网", "二次网"))
        columns = {
            "code": [f"{adcode}RS{level}{letter}{n}" for adcode, level, n in zip(adcodes, levels, numbers, strict=True)],
            "name": np.char.add(names, f"{_SIDE_ZH[side]}管"),
            "side": side,
            **shared,
            "flow_direction": _flow_direction(city, side),
            "start_code": codes[side][network.start],
            "end_code": codes[side][network.end],
            "length_m": shapely.length(lines).round(2),
        }
        frames.append(_frame(columns, lines))
    return pd.concat(frames, ignore_index=True)


def _pipe_columns(city: DemoCity, depth: NDArray[np.float64]) -> dict[str, object]:
    network, place = city.network, city.size_place
    dn = DN_SERIES_MM[place]
    year = _year_of_trench(city)
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
        "insulation_method": "4",
        "anticorrosion_method": "06",
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
            "name": np.char.add(names, f"（{_SIDE_ZH[side]}）"),
            "side": side,
            "network_level": np.where(primary, "primary", "secondary"),
            "pair_code": [f"FD{place + 1:06d}" for place in range(len(at))],
            "normal_state": np.where(kinds == "tie_closed", "closed", "open"),
            "operability": np.where(tie, "usable", bad),
            "dn": _widest_at(city)[at],
            "tie": tie,
            "burial_depth_m": np.where(primary, DEPTH_M[True], DEPTH_M[False]),
            "company_code": _company_of_trench(city)[trench],
        }
        frames.append(_frame(columns, shapely.points((network.node_xy + sign * 0.5 * network.node_offset)[at].round(4))))
    return pd.concat(frames, ignore_index=True)


def pipe_points(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return tees, elbows, compensators, fixed supports, drains at low and vents at high points."""
    network = city.network
    at = np.flatnonzero(np.isin(network.node_kind, ["tee", "joint", "compensator"]))
    columns = {
        "code": node_codes(city)["supply"][at],
        "name": "",
        "point_type": _point_types(city)[at],
        "company_code": _company_of_trench(city)[_one_trench_at(network)[at]],
    }
    columns["name"] = columns["point_type"]
    return _frame(columns, shapely.points(network.node_xy[at].round(4)))


def _point_types(city: DemoCity) -> NDArray[np.str_]:
    network = city.network
    degree = np.bincount(np.concatenate([network.start, network.end]), minlength=len(network.node_kind))
    ground = height_m(city.ground, network.node_xy)
    lowest, highest = np.full(len(ground), np.inf), np.full(len(ground), -np.inf)
    for here, there in ((network.start, network.end), (network.end, network.start)):
        np.minimum.at(lowest, here, ground[there])
        np.maximum.at(highest, here, ground[there])
    joint = np.where(ground < lowest, "泄水", np.where(ground > highest, "放气", "固定支架"))
    types: NDArray[np.str_] = np.select(
        [network.node_kind == "compensator", network.node_kind == "joint", degree >= 3], ["补偿器", joint, "三通"], "弯头"
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
    return _frame(columns, shapely.points(network.node_xy[at].round(4)))


def weather_stations(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return two weather stations: in the first park and at the plant."""
    at = [city.streets.green[0].representative_point(), shapely.Point(city.sources[0].xy + np.array([40.0, 25.0]))]
    return _frame({"code": ["QX0001", "QX0002"], "name": ["人民公园气象站", "热电厂气象站"]}, at)


def room_sensors(city: DemoCity, count: int) -> geopandas.GeoDataFrame:
    """Return room temperature sensors in that many different buildings."""
    rng = np.random.default_rng([city.rng_seed, 8])
    picked = np.sort(rng.permutation(len(city.buildings))[:count])
    columns = {
        "code": [f"SW{place + 1:06d}" for place in range(len(picked))],
        "name": [f"{city.estates[city.buildings[each].estate].name}{city.buildings[each].number}号楼室温" for each in picked],
        "building_code": [building_code(int(each)) for each in picked],
    }
    return _frame(columns, [city.buildings[each].outline.representative_point() for each in picked])


def heating_devices(city: DemoCity, count: int) -> geopandas.GeoDataFrame:
    """Return clean-heating devices of households in a band west of the quarter, off the network."""
    rng = np.random.default_rng([city.rng_seed, 9])
    west = min(float(city.streets.crossings[..., 0].min()), 0.0)
    xy = np.column_stack([rng.uniform(west - 420.0, west - 60.0, count), rng.uniform(-1200.0, 1200.0, count)])
    kinds = rng.choice(["空气源热泵", "生物质锅炉", "电采暖", "太阳能"], count, p=[0.45, 0.25, 0.2, 0.1])
    columns = {
        "code": [f"QJ{place + 1:06d}" for place in range(count)],
        "name": kinds,
        "device_type": kinds,
        "company_code": company_code(3),
    }
    return _frame(columns, shapely.points(xy.round(3)))
