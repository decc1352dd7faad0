"""Made-up city gas, hazards, findings of patrols, accidents and no-burn zones, all at or along what is drawn already."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas
import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from data.demo.delivery import geojson_layer, table_layer
from data.demo.files import Layer
from data.demo.network_tables import pipe_codes
from data.demo.tables import DemoCity

_GAS, _HAZARDS, _FINDINGS, _ACCIDENTS = 74, 75, 76, 77
"""Streams."""
HAZARDS, HAZARD_SOURCES, FINDINGS, ACCIDENTS = 60, 8, 40, 20
GAS_ROADS: Final = 60
GAS_PIECE_M: Final = 300.0
_ASIDE_M: Final = 4.0
"""From the middle of a road to its gas main."""
_OPERATOR: Final = "示例燃气公司"
_STATIONS: Final = ("城市气源门站", "主要调压站", "LNG站", "CNG站")
_HEAT_HAZARDS: Final = ("管道占压", "小室积水", "井盖破损", "补偿器渗漏", "保温脱落", "支架锈蚀")
_GAS_HAZARDS: Final = {"00101": "交叉穿越", "00102": "违章占压", "00103": "管网老化腐蚀", "00104": "管网泄漏"}
_FINDING_TEXTS: Final = ("井盖缺失", "管线上方施工", "阀门井积水", "标识牌损坏", "地面塌陷迹象", "蒸汽冒出")
_ACCIDENT_KINDS: Final = ("爆管", "泄漏", "设备故障", "停电停热")
Places = NDArray[np.float64]


def safety_layers(folder: Path, city: DemoCity, urban: shapely.Geometry) -> list[Layer]:
    """Return the layers; `urban` is the built-up extent in metres of the quarter."""
    pipes, stations = gas(city)
    return [
        geojson_layer(folder, "gas_pipes", "gas_pipe", pipes),
        geojson_layer(folder, "gas_stations", "gas_station", stations),
        table_layer(folder, "hazards", "hazard", hazards(city, pipes)),
        table_layer(folder, "hazard_sources", "hazard_source", hazard_sources(city, stations)),
        table_layer(folder, "patrol_findings", "patrol_finding", findings(city)),
        table_layer(folder, "accidents", "accident", accidents(city)),
        geojson_layer(folder, "no_burn_zones", "no_burn_zone", no_burn_zones(urban)),
    ]


def gas(city: DemoCity) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """Return gas mains beside some of the roads, in pieces, and the stations they begin at."""
    rng = np.random.default_rng([city.rng_seed, _GAS])
    roads = [road for road in city.streets.roads if road.road_class in {"主干路", "次干路", "快速路"}][::2][:GAS_ROADS]
    lines, ends, stations = [], [], []
    for number, road in enumerate(roads):
        beside = shapely.offset_curve(shapely.LineString(road.path), road.width_m / 2.0 - _ASIDE_M, join_style="mitre")
        main = max(shapely.get_parts(beside), key=shapely.length)
        pieces = max(1, round(main.length / GAS_PIECE_M))
        cuts = shapely.line_interpolate_point(main, np.linspace(0.0, 1.0, pieces + 1), normalized=True)
        lines += [_between(main, first, first + 1, pieces) for first in range(pieces)]
        ends += [(f"RQ{number + 1:03d}{first:04d}", f"RQ{number + 1:03d}{first + 1:04d}") for first in range(pieces)]
        if number % 5 == 0:
            stations.append(cuts[0])
    dn = rng.choice([110, 160, 200, 315, 400], len(lines))
    pressure = np.where(dn >= 315, 0.4, 0.2)
    columns = {
        "code": [f"RQG{number + 1:05d}" for number in range(len(lines))],
        "name": "燃气管",
        "dn": dn,
        "pressure_mpa": pressure,
        "pressure_class": np.where(pressure > 0.3, "中压A", "中压B"),
        "material": np.where(dn >= 315, "L245 钢管", "PE100 聚乙烯管"),
        "burial_depth_m": 1.2,
        "burial_method": "1",
        "start_code": [first for first, _ in ends],
        "end_code": [last for _, last in ends],
        "operator": _OPERATOR,
        "installed_year": rng.integers(1998, 2024, len(lines)),
    }
    return geopandas.GeoDataFrame(columns, geometry=lines), _stations(stations)


def _between(main: shapely.LineString, first: int, last: int, pieces: int) -> shapely.Geometry:
    return shapely.ops.substring(main, first / pieces, last / pieces, normalized=True)


def _stations(points: list[shapely.Point]) -> geopandas.GeoDataFrame:
    types = [_STATIONS[number % len(_STATIONS)] for number in range(len(points))]
    columns = {
        "code": [f"RQZ{number + 1:03d}" for number in range(len(points))],
        "name": [f"示例{number + 1}号{name}" for number, name in enumerate(types)],
        "station_type": types,
        "inlet_pressure_mpa": [1.6 if name == "城市气源门站" else 0.4 for name in types],
        "outlet_pressure_mpa": [0.4 if name == "城市气源门站" else 0.2 for name in types],
        "capacity_m3_per_h": [20000.0 if name == "城市气源门站" else 3000.0 for name in types],
        "operator": _OPERATOR,
        "installed_year": 2008,
    }
    return geopandas.GeoDataFrame(columns, geometry=points)


def hazards(city: DemoCity, gas_pipes: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return risk hazards: three of four at the heat network (which has no third classes), the others on gas pipes."""
    rng = np.random.default_rng([city.rng_seed, _HAZARDS])
    of_heat = np.arange(HAZARDS) % 4 != 3
    codes, places = _at_pipes(city, rng, HAZARDS)
    gas_row = np.resize(rng.permutation(len(gas_pipes)), HAZARDS)
    on_gas = shapely.get_coordinates(shapely.line_interpolate_point(gas_pipes.geometry.to_numpy()[gas_row], 0.5, normalized=True))
    third = rng.choice(list(_GAS_HAZARDS), HAZARDS)
    words = np.where(of_heat, rng.choice(_HEAT_HAZARDS, HAZARDS), [_GAS_HAZARDS[code] for code in third])
    reported, closed = _times(rng, HAZARDS)
    columns = {
        "code": [f"YH{number + 1:04d}" for number in range(HAZARDS)],
        "name": words,
        "major_class": "01",
        "minor_class": np.where(of_heat, "005", "001"),
        "third_class": [None if heat else code for heat, code in zip(of_heat, third, strict=True)],
        "level": rng.choice(["1", "2", "3", "4"], HAZARDS, p=[0.05, 0.2, 0.5, 0.25]),
        "description": [f"巡检发现{word}" for word in words.tolist()],
        "state": ["处置完成" if at else "处置中" for at in closed],
        "reported_at": reported,
        "closed_at": closed,
        "handling_unit": np.where(of_heat, "示例供热运营公司", _OPERATOR),
        "of_kind": np.where(of_heat, "pipe", "gas_pipe"),
        "of_code": np.where(of_heat, codes, gas_pipes["code"].to_numpy()[gas_row]),
        "address": [f"{city.streets.roads[number % len(city.streets.roads)].name}{number + 1}号" for number in range(HAZARDS)],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(np.where(of_heat[:, None], places, on_gas).round(2)))


def hazard_sources(city: DemoCity, stations: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return hazard sources: gas stations and heat sources."""
    points = [*stations.geometry, *(shapely.Point(source.xy) for source in city.sources)][:HAZARD_SOURCES]
    names = [*stations["name"], *(source.name for source in city.sources)][:HAZARD_SOURCES]
    is_gas = np.arange(len(points)) < len(stations)
    columns = {
        "code": [f"WX{number + 1:03d}" for number in range(len(points))],
        "name": names,
        "major_class": np.where(is_gas, "02", "01"),
        "minor_class": np.where(is_gas, "0201", "0101"),
        "danger_level": np.where(is_gas, 1, 2),
        "competent_unit": np.where(is_gas, _OPERATOR, "示例供热运营公司"),
        "influence_area_km2": np.where(is_gas, 0.25, 0.08),
        "service_life_a": 30,
    }
    return geopandas.GeoDataFrame(columns, geometry=points)


def findings(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return suspected problems found on patrol along the heat network."""
    rng = np.random.default_rng([city.rng_seed, _FINDINGS])
    codes, places = _at_pipes(city, rng, FINDINGS)
    found, closed = _times(rng, FINDINGS)
    words = rng.choice(_FINDING_TEXTS, FINDINGS)
    columns = {
        "code": [f"XC{number + 1:04d}" for number in range(FINDINGS)],
        "name": words,
        "inspection_item": rng.choice(["管网巡查", "小室巡查", "换热站巡查"], FINDINGS),
        "record": [f"巡查记录：{word}" for word in words.tolist()],
        "found_at": found,
        "closed_at": closed,
        "status": ["5" if at else "3" for at in closed],
        "of_kind": "pipe",
        "of_code": codes,
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(places.round(2)))


def accidents(city: DemoCity) -> geopandas.GeoDataFrame:
    """Return accidents of the network with the heated area they cut off and when heat was back."""
    rng = np.random.default_rng([city.rng_seed, _ACCIDENTS])
    codes, places = _at_pipes(city, rng, ACCIDENTS)
    kinds = rng.choice(_ACCIDENT_KINDS, ACCIDENTS)
    hour = rng.integers(0, 24 * 150, ACCIDENTS)
    lasted = rng.integers(2, 40, ACCIDENTS)
    columns = {
        "code": [f"SG{number + 1:04d}" for number in range(ACCIDENTS)],
        "name": [f"供热管网{kind}" for kind in kinds.tolist()],
        "accident_kind": kinds,
        "accident_source": rng.choice(["监测报警", "群众举报", "企业上报"], ACCIDENTS),
        "occurred_at": _clock(hour),
        "restored_at": _clock(hour + lasted),
        "affected_area_m2": np.round(rng.lognormal(10.5, 1.0, ACCIDENTS), -2),
        "of_kind": "pipe",
        "of_code": codes,
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(places.round(2)))


def no_burn_zones(urban: shapely.Geometry) -> geopandas.GeoDataFrame:
    """Return no-burn zones: three parts of the built-up extent as areas, two sites as points."""
    west, south, east, north = shapely.bounds(urban).tolist()
    cuts = (west, west + 0.45 * (east - west), west + 0.8 * (east - west), east)
    parts = [shapely.intersection(urban, shapely.box(cuts[i], south, cuts[i + 1], north)) for i in range(3)]
    hulls = [shapely.convex_hull(part) for part in parts]
    points = [shapely.point_on_surface(parts[0]), shapely.point_on_surface(parts[2])]
    columns = {
        "code": [f"JR{number + 1:03d}" for number in range(5)],
        "name": ["西部禁燃区", "中心禁燃区", "东部拟划禁燃区", "示例中学禁燃点", "示例医院禁燃点"],
        "state": ["in_force", "key_control", "planned", "in_force", "lifted"],
        "effective_from": ["2019-11-01", "2017-11-01", None, "2020-11-01", "2018-11-01"],
        "effective_until": [None, None, None, None, "2024-04-30"],
        "progress_percent": [100.0, 100.0, 35.0, 100.0, None],
        "document": "示例政发〔2017〕1号",
    }
    return geopandas.GeoDataFrame(columns, geometry=[*hulls, *points])


def _at_pipes(city: DemoCity, rng: np.random.Generator, count: int) -> tuple[NDArray[np.str_], Places]:
    """Return so many supply pipes by code, and the middle of each."""
    network = city.network
    row = rng.choice(len(network.start), count, replace=False)
    middle = (network.node_xy[network.start[row]] + network.node_xy[network.end[row]]) / 2.0
    return pipe_codes(city, "G")[row], middle


def _times(rng: np.random.Generator, count: int) -> tuple[list[str], list[str | None]]:
    """Return when things were reported in the season before, and when closed: None for a third of them."""
    hour = rng.integers(0, 24 * 180, count)
    later = _clock(hour + rng.integers(3, 240, count))
    is_open = rng.random(count) < 0.35
    return _clock(hour), [None if open_ else at for open_, at in zip(is_open.tolist(), later, strict=True)]


def _clock(hour: NDArray[np.int64]) -> list[str]:
    """Return local times so many hours into the heating season."""
    times = np.datetime64("2025-10-20T00:00", "m") + hour.astype("timedelta64[h]").astype("timedelta64[m]")
    return [str(time).replace("T", " ") for time in times]
