"""What lies around and between the quarters: zones, villages, weather and air stations, and the areas things are counted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.delivery import ORIGIN_GK, gk
from data.demo.outlines import District
from gis.datums import from_wgs84, to_wgs84

WEATHER, VILLAGES = 150, 2_200
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


@dataclass(frozen=True, slots=True)
class Area:
    """An area that rates and projects are counted by: `kind` is district, county or zone; outline in degrees."""

    code: str
    name: str
    kind: str
    outline: shapely.Geometry


def areas(districts: Sequence[District], drawn_zones: geopandas.GeoDataFrame | None = None) -> tuple[Area, ...]:
    """Return districts, counties and zones (in metres); a zone overlaps districts."""
    found = [
        Area(each.adcode, each.name, "county" if each.name.endswith(("县", "市")) else "district", each.outline)
        for each in districts
    ]
    if drawn_zones is not None:
        rows = zip(drawn_zones["code"], drawn_zones["name"], drawn_zones.geometry, strict=True)
        found += [Area(code, name, "zone", shapely.transform(shape, lonlat)) for code, name, shape in rows]
    return tuple(found)


def lonlat(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return degrees for metres of the quarter."""
    return to_wgs84(xy + ORIGIN_GK, gk())


def metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return metres of the quarter for degrees."""
    xy: NDArray[np.float64] = from_wgs84(degrees, gk()) - ORIGIN_GK
    return xy


def villages(
    seed: int, covered: shapely.Geometry, urban: shapely.Geometry, districts: Sequence[District]
) -> geopandas.GeoDataFrame:
    """Return villages, spread evenly over the districts outside the built-up extent."""
    rng = np.random.default_rng([seed, 22])
    xy = scattered(VILLAGES, covered, shapely.buffer(urban, 600.0), rng)
    return _villages(xy, rng, districts)


def near_villages(seed: int, xy: NDArray[np.float64], districts: Sequence[District]) -> geopandas.GeoDataFrame:
    """Return villages in these places."""
    return _villages(xy, np.random.default_rng([seed, 22]), districts)


def _villages(xy: NDArray[np.float64], rng: np.random.Generator, districts: Sequence[District]) -> geopandas.GeoDataFrame:
    count = len(xy)
    middle, last = rng.integers(len(_VILLAGE_MIDDLE), size=(2, count)), rng.integers(len(_VILLAGE_LAST), size=count)
    first = rng.integers(len(_VILLAGE_FIRST), size=count)
    names = [
        _VILLAGE_FIRST[a] + _VILLAGE_MIDDLE[b] + _VILLAGE_LAST[c]
        for a, b, c in zip(first.tolist(), middle[0].tolist(), last.tolist(), strict=True)
    ]
    adcode = adcodes_at(lonlat(xy.round(2)), districts, districts[0].adcode)
    columns = {"code": [f"CT{index + 1:05d}" for index in range(count)], "name": names, "adcode": adcode, "parent_code": adcode}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(2)))


def scattered(
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


def weather_stations(seed: int, covered: shapely.Geometry) -> geopandas.GeoDataFrame:
    """Return the weather stations."""
    xy = scattered(WEATHER, covered, None, np.random.default_rng([seed, 25]))
    names = [f"示例{index + 1}号气象站" for index in range(WEATHER)]
    columns = {"code": [f"QX{index + 1:04d}" for index in range(WEATHER)], "name": names}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy.round(2)))


def air_stations(
    weather: geopandas.GeoDataFrame, counted: Sequence[Area], districts: Sequence[District]
) -> geopandas.GeoDataFrame:
    """Return air quality stations: one beside every weather station, and one for each area, with the area's own code.

    `adcode` is what the values count for: the district at a weather station, the district or zone of the others.
    """
    beside = shapely.get_coordinates(weather.geometry.to_numpy()) + np.array([6.0, 4.0])
    middles = shapely.get_coordinates(shapely.point_on_surface([area.outline for area in counted]))
    xy = np.vstack([beside, metres(middles)]).round(2)
    columns = {
        "code": [f"KQ{index + 1:04d}" for index in range(len(xy))],
        "name": [*(f"{name}空气监测点" for name in weather["name"]), *(f"{area.name}空气质量站" for area in counted)],
        "adcode": [*adcodes_at(lonlat(beside), districts, districts[0].adcode), *(area.code for area in counted)],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(xy))


def codes(prefix: str, count: int, digits: int = 7) -> NDArray[np.str_]:
    """Return numbered codes from 1."""
    return np.char.add(prefix, np.char.zfill(np.arange(1, count + 1).astype(str), digits))


def adcodes_at(xy_deg: NDArray[np.float64], districts: Sequence[District], default: str) -> NDArray[np.str_]:
    """Return the code of the district that holds each position."""
    found = np.full(len(xy_deg), default, dtype=f"U{max(6, len(default))}")
    for district in districts:
        shapely.prepare(district.outline)
        found[shapely.contains_xy(district.outline, xy_deg)] = district.adcode
    return found
