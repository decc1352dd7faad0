"""Authorities for heat supply of the city and its areas, and which of them a company answers to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import geopandas
import numpy as np
import pandas as pd
import shapely

from data.demo.countryside import Area, lonlat, metres
from data.demo.tables import DemoCity

CITY_AUTHORITY = "ZG220100"
_LICENCE_YEARS = (2027, 2032)


def authority_code(area: str) -> str:
    """Return the code of the authority of an area."""
    return f"ZG{area}"


def authorities(city_code: str, areas: Sequence[Area], city_xy: tuple[float, float]) -> geopandas.GeoDataFrame:
    """Return the city's authority, at a position in metres, and one for each area, in its middle."""
    areas = [area for area in areas if area.code != city_code]
    points = shapely.point_on_surface(np.array([area.outline for area in areas], dtype=object))
    middles = metres(shapely.get_coordinates(points))
    columns = {
        "code": [authority_code(city_code), *(authority_code(area.code) for area in areas)],
        "name": ["示例市供热主管部门", *(f"{area.name.removeprefix('示例')}供热主管部门(示例)" for area in areas)],
        "authority_level": ["city", *("district" for _ in areas)],
        "adcode": [city_code, *(area.code if area.kind != "zone" else None for area in areas)],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(np.vstack([city_xy, *middles]).round(2)))


def licensed(companies: pd.DataFrame, city: DemoCity, areas: Sequence[Area], seed: int) -> pd.DataFrame:
    """Return the companies with the end of their licence and the authority they answer to.

    That is the zone's or the district's in which most of the substations lie; a company without any runs mains through
    several districts and answers to the city.
    """
    years = np.random.default_rng([seed, 52]).integers(*_LICENCE_YEARS, len(companies))
    found = _most_common_area(city, areas)
    codes = [authority_code(found[index]) if index in found else CITY_AUTHORITY for index in range(len(companies))]
    return companies.assign(licence_until=[f"{year}-10-31" for year in years], authority_code=codes)


def _most_common_area(city: DemoCity, areas: Sequence[Area]) -> dict[int, str]:
    """Return for each company the area with most of its substations; zones come before the districts they overlap."""
    position = lonlat(np.array([station.xy for station in city.substations]))
    where = np.full(len(position), "", dtype=object)
    for area in sorted(areas, key=lambda area: area.kind == "zone"):
        shapely.prepare(area.outline)
        where[shapely.contains_xy(area.outline, position)] = area.code
    votes: dict[int, Counter[str]] = {}
    for station, code in zip(city.substations, where.tolist(), strict=True):
        if code:
            votes.setdefault(station.company, Counter())[code] += 1
    return {company: counts.most_common(1)[0][0] for company, counts in votes.items()}
