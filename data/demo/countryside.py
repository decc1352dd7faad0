"""What lies around and between the quarters: zones, villages with their devices, weather stations, room sensors."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.outlines import District
from data.demo.tables import building_code
from data.demo.whole import WholeCity

WEATHER, VILLAGES = 150, 2_200
DEVICE_TYPES = (
    ("空气源热泵", 0.3), ("生物质锅炉", 0.22), ("生物质炉具", 0.12), ("电采暖", 0.08), ("太阳能", 0.05), ("电锅炉", 0.04),
    ("蓄热式电暖器", 0.03), ("碳晶电热板", 0.02), ("电热膜", 0.02), ("发热电缆", 0.02), ("地源热泵", 0.02), ("水源热泵", 0.01),
    ("燃气壁挂炉", 0.03), ("燃气锅炉", 0.01), ("醇基燃料锅炉", 0.01), ("洁净型煤炉具", 0.01), ("太阳能加辅助热源", 0.01),
)  # fmt: skip
"""The seventeen kinds of clean-heating devices with their share."""
ZONES = (
    ("KFQ01", "示例经济技术开发区", (6500.0, 500.0), (5200.0, 3800.0)),
    ("KFQ02", "示例高新技术产业开发区", (-6500.0, -5500.0), (3600.0, 4800.0)),
    ("KFQ03", "示例净月开发区", (9500.0, -11500.0), (6500.0, 5200.0)),
    ("KFQ04", "示例汽车产业开发区", (-9500.0, 3500.0), (3400.0, 4600.0)),
    ("KFQ05", "示例莲花山度假区", (26000.0, 3000.0), (7000.0, 6000.0)),
    ("KFQ06", "示例北部新区", (4000.0, 20500.0), (6800.0, 6000.0)),
)
"""Code, name, middle in metres from the origin and half-axes of the zones, which overlap districts."""
_RINGS = np.linspace(0.0, 2.0 * np.pi, 90, endpoint=False)
_VILLAGE_FIRST = "东西南北前后上下大小新老三四五六七八"
_VILLAGE_MIDDLE = "李王张刘赵杨柳榆松山河岗沟家官兴隆双"
_VILLAGE_LAST = ("屯", "村", "窝堡", "店")


def zones(seed: int, covered: shapely.Geometry) -> geopandas.GeoDataFrame:
    """Return the six development zones: uneven ovals cut off where the city ends.

    Parameters
    ----------
    covered
        All districts together, in metres.
    """
    rng = np.random.default_rng([seed, 21])
    shapes = []
    for _, _, middle, half in ZONES:
        phase = rng.uniform(0.0, 6.0, 3)
        waves = np.array([0.1, 0.08, 0.03]) * np.sin(np.outer(_RINGS, [2.0, 3.0, 7.0]) + phase)
        ring = np.column_stack([np.cos(_RINGS), np.sin(_RINGS)]) * (1.0 + waves.sum(axis=1))[:, None] * half + middle
        shapes.append(shapely.intersection(shapely.Polygon(ring), covered))
    columns = {"code": [zone[0] for zone in ZONES], "name": [zone[1] for zone in ZONES], "parent_code": "220100"}
    return geopandas.GeoDataFrame(columns, geometry=shapes)


def villages(seed: int, covered: shapely.Geometry, urban: shapely.Geometry) -> geopandas.GeoDataFrame:
    """Return villages, spread evenly over the districts outside the built-up extent."""
    rng = np.random.default_rng([seed, 22])
    xy = _scattered(VILLAGES, covered, shapely.buffer(urban, 600.0), rng)
    middle, last = rng.integers(len(_VILLAGE_MIDDLE), size=(2, VILLAGES)), rng.integers(len(_VILLAGE_LAST), size=VILLAGES)
    first = rng.integers(len(_VILLAGE_FIRST), size=VILLAGES)
    names = [
        _VILLAGE_FIRST[a] + _VILLAGE_MIDDLE[b] + _VILLAGE_LAST[c]
        for a, b, c in zip(first.tolist(), middle[0].tolist(), last.tolist(), strict=True)
    ]
    columns = {"code": [f"CT{index + 1:05d}" for index in range(VILLAGES)], "name": names}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(2)))


def _scattered(
    count: int, covered: shapely.Geometry, avoided: shapely.Geometry | None, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return that many positions inside one shape and outside another."""
    shapely.prepare(covered)
    west, south, east, north = shapely.bounds(covered)
    kept = np.empty((0, 2))
    while len(kept) < count:
        xy = np.column_stack([rng.uniform(west, east, 2 * count), rng.uniform(south, north, 2 * count)])
        good = shapely.contains_xy(covered, xy)
        if avoided is not None:
            shapely.prepare(avoided)
            good &= ~shapely.contains_xy(avoided, xy)
        kept = np.vstack([kept, xy[good]])
    return kept[:count]


def heating_devices(seed: int, settlements: geopandas.GeoDataFrame, count: int) -> geopandas.GeoDataFrame:
    """Return the devices of rural households, scattered around their village."""
    rng = np.random.default_rng([seed, 23])
    size = rng.gamma(2.0, 1.0, len(settlements))
    village = np.sort(rng.choice(len(settlements), count, p=size / size.sum()))
    xy = shapely.get_coordinates(settlements.geometry.to_numpy())[village] + rng.normal(0.0, 160.0, (count, 2))
    share = np.array([share for _, share in DEVICE_TYPES])
    kind = np.array([name for name, _ in DEVICE_TYPES])[rng.choice(len(share), count, p=share / share.sum())]
    names = settlements["name"].to_numpy(dtype=str)[village]
    columns = {"code": _codes("QJ", count), "name": np.char.add(names, kind), "device_type": kind}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(3)))


def room_sensors(whole: WholeCity, count: int) -> geopandas.GeoDataFrame:
    """Return fixed room temperature points: two in every building, a third where most people live."""
    city = whole.city
    users = np.array([building.heat_user_count for building in city.buildings])
    counts = np.full(len(users), count // len(users))
    counts[np.argsort(-users, kind="stable")[: count - int(counts.sum())]] += 1
    building = np.repeat(np.arange(len(users)), counts)
    inside = shapely.point_on_surface(np.array([each.outline for each in city.buildings]))
    xy = shapely.get_coordinates(inside)[building] + np.random.default_rng([city.rng_seed, 24]).uniform(-1.4, 1.4, (count, 2))
    names = np.array([f"{city.estates[each.estate].name}{each.number}号楼室温" for each in city.buildings])
    codes = np.array([building_code(index) for index in range(len(users))])
    columns = {"code": _codes("SW", count), "name": names[building], "building_code": codes[building]}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(3)))


def weather_stations(seed: int, covered: shapely.Geometry) -> geopandas.GeoDataFrame:
    """Return the weather stations."""
    xy = _scattered(WEATHER, covered, None, np.random.default_rng([seed, 25]))
    names = [f"示例{index + 1}号气象站" for index in range(WEATHER)]
    columns = {"code": [f"QX{index + 1:04d}" for index in range(WEATHER)], "name": names}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(2)))


def _codes(prefix: str, count: int) -> NDArray[np.str_]:
    return np.char.add(prefix, np.char.zfill(np.arange(1, count + 1).astype(str), 6))


def adcodes_at(xy_deg: NDArray[np.float64], districts: Sequence[District], default: str) -> NDArray[np.str_]:
    """Return the code of the district that holds each position."""
    codes = np.full(len(xy_deg), default)
    for district in districts:
        shapely.prepare(district.outline)
        codes[shapely.contains_xy(district.outline, xy_deg)] = district.adcode
    return codes
