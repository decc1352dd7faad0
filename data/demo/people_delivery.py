"""Layers of people and of what watches them: households, heat users, sensors, devices, gateways, cameras, projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo import equipment, households, people
from data.demo.countryside import Area, air_stations, metres, near_villages, scattered
from data.demo.delivery import GRID, GRID_EVIDENCE, GRID_NAME, plain_layer, table_layer
from data.demo.files import Layer, Sheet, write_workbook
from data.demo.households import CITY_MIX, SAMPLE_MIX
from data.demo.outlines import District
from data.demo.projects import HEADERS, REGIONS, Site, draw_projects
from data.demo.rollout_delivery import rollout_layers
from data.demo.sizes import CitySize
from data.demo.tables import DemoCity
from gis.datums import parse_datum

ESTATES_WITH_USERS = 2
"""So many estates of a whole city have rows of heat users; everywhere else they are counts of the building."""
_SAMPLE_PROJECTS = 12
_SITES = 60
"""Places to choose from in each area."""


@dataclass(frozen=True, slots=True)
class Land:
    """Where people live.

    Attributes
    ----------
    districts
        The real ones.
    areas
        What projects and air quality are counted by.
    villages, weather
        In metres of the quarter.
    urban
        Built-up extent, metres.
    reach_m
        No house stands farther from the middle of its village.
    whole
        True for a whole city.
    """

    districts: Sequence[District]
    areas: Sequence[Area]
    villages: geopandas.GeoDataFrame
    weather: geopandas.GeoDataFrame
    urban: shapely.Geometry
    reach_m: float = households.REACH_M
    whole: bool = True


def land_of_sample(city: DemoCity, districts: Sequence[District], weather: geopandas.GeoDataFrame) -> Land:
    """Return four villages in a band west of the quarter, in the quarter's own district."""
    corners = city.streets.crossings.reshape(-1, 2)
    west = float(corners[:, 0].min()) - 240.0
    villages = near_villages(city.rng_seed, np.array([[west, y] for y in (-900.0, -300.0, 300.0, 900.0)]), districts)
    own = tuple(Area(each.adcode, each.name, "district", each.outline) for each in districts if each.adcode == city.adcode)
    urban = shapely.MultiPoint(np.array([each.xy for each in city.substations])).convex_hull
    return Land(districts, own, villages, weather, urban, reach_m=150.0, whole=False)


def people_layers(folder: Path, city: DemoCity, plan: CitySize, land: Land) -> list[Layer]:
    """Return the layers; every reference from one to another resolves."""
    mix = CITY_MIX if land.whole else SAMPLE_MIX
    seed = city.rng_seed
    homes = households.draw_households(
        seed, land.villages, land.districts, plan.quarters * plan.households, mix, reach_m=land.reach_m
    )
    devices = households.draw_devices(seed, homes, plan.quarters * plan.heating_devices, mix)
    place = equipment.sensors_everywhere if land.whole else equipment.sensors_here_and_there
    building = place(city, plan.quarters * plan.room_sensors)
    sensors = equipment.room_sensors(city, building)
    sensors, devices, gateways = equipment.bind_gateways(sensors, devices, city=city, building=building, villages=land.villages)
    estates = people.largest_estates(city, ESTATES_WITH_USERS) if land.whole else None
    users, sensors = people.with_sensors(people.draw_heat_users(city, estates), sensors)
    air = air_stations(land.weather, land.areas, land.districts)
    return [
        table_layer(folder, "weather_stations", "weather_station", land.weather),
        table_layer(folder, "air_stations", "air_station", air),
        table_layer(folder, "villages", "village", land.villages),
        table_layer(folder, "gateways", "gateway", gateways),
        table_layer(folder, "room_sensors", "room_sensor", sensors),
        table_layer(folder, "heating_devices", "heating_device", devices),
        table_layer(folder, "cameras", "camera", equipment.cameras(city)),
        plain_layer(folder, "heat_users", "heat_user", users),
        table_layer(folder, "households", "household", homes),
        _projects(folder, seed, land),
        *rollout_layers(
            folder,
            seed,
            districts=land.districts,
            counted=land.areas if land.whole else None,
            villages=land.villages,
            households=homes,
        ),
    ]


def _projects(folder: Path, seed: int, land: Land) -> Layer:
    """Return the projects as a workbook with Chinese heads, in the city's own grid."""
    drawn = draw_projects(seed, project_sites(seed, land), None if land.whole else _SAMPLE_PROJECTS)
    datum = parse_datum(f"local({GRID_NAME})", {GRID_NAME: GRID})
    sheet = Sheet(drawn, datum, partial(write_workbook, path=folder / "projects.xlsx", heads=HEADERS, name="项目库"))
    more = {"datum": datum.text, "datum_evidence": GRID_EVIDENCE}
    geometry = {"x": "东坐标", "y": "北坐标", "format": "metres"}
    return Layer("projects.xlsx", "retrofit_project", HEADERS, layer="项目库", more=more, geometry=geometry, sheet=sheet)


def project_sites(seed: int, land: Land) -> list[list[Site]]:
    """Return for each region where its projects may stand: built-up ground of districts and zones, of counties, and villages."""
    rng = np.random.default_rng([seed, 47])
    built: dict[str, list[Site]] = {"district": [], "county": [], "zone": []}
    rural: list[Site] = []
    villages = shapely.get_coordinates(land.villages.geometry.to_numpy())
    for area in land.areas:
        shape = shapely.transform(area.outline, metres)
        town = shapely.intersection(shape, land.urban)
        built[area.kind] += _sites_at(area, scattered(_SITES, shape if town.is_empty else town, None, rng))
        shapely.prepare(shape)
        rural += _sites_at(area, rng.permutation(villages[shapely.contains_xy(shape, villages)])[:_SITES])
    town_sites, county_sites = [*built["district"], *built["zone"]], built["county"]
    regions = [town_sites, county_sites or town_sites, rural]
    assert len(regions) == len(REGIONS)
    return regions


def _sites_at(area: Area, xy: NDArray[np.float64]) -> list[Site]:
    return [Site(area.code, area.name, place) for place in xy]
