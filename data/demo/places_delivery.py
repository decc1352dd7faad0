"""Layers of places and of who answers for them: the administrative tree, crossings, authorities, companies, served ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely

from data.demo import tables
from data.demo.authorities import authorities, licensed
from data.demo.countryside import Area, areas, metres, villages, zones
from data.demo.coverage import coverage_frame, licence_frame
from data.demo.delivery import CITY_ADCODE, geojson_layer, plain_layer, table_layer
from data.demo.files import Layer
from data.demo.names import company_names, large_company_name
from data.demo.outlines import District
from data.demo.places import Places, areas_frame, draw_places, lattice_cells, quarter_cell, with_townships
from data.demo.records import company_record
from data.demo.roads import crossings_frame, draw_lanes, draw_roads
from data.demo.streets import Road
from data.demo.tables import DemoCity
from data.demo.whole import COMPANIES, WholeCity

_BAND_M = 1500.0
"""Width of the sample's countryside, west of its quarter."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A city with its places.

    Attributes
    ----------
    city
        With the roads outside its quarters.
    villages
        With the township each is part of.
    areas
        Districts and zones, each with an authority.
    urban
        Built-up extent.
    covered
        All districts together.
    """

    city: DemoCity
    quarters: int
    places: Places
    villages: geopandas.GeoDataFrame
    areas: tuple[Area, ...]
    urban: shapely.Geometry
    covered: shapely.Geometry


def settle(whole: WholeCity, districts: Sequence[District], covered: shapely.Geometry) -> Settled:
    """Return a whole city with its tree, villages and roads.

    Parameters
    ----------
    covered
        All districts together, in metres.
    """
    city, seed = whole.city, whole.city.rng_seed
    drawn = villages(seed, covered, whole.urban, districts)
    places = draw_places(
        city.streets,
        lattice_cells(whole.layout.quarters),
        {district.adcode: shapely.transform(district.outline, metres) for district in districts},
        shapely.get_coordinates(drawn.geometry.to_numpy()),
        rng=np.random.default_rng([seed, 50]),
    )
    roads = draw_roads(whole.layout, city.streets, places.townships, np.random.default_rng([seed, 51]))
    return Settled(
        _with_roads(city, (*roads, *draw_lanes(city))),
        len(whole.layout.quarters),
        places,
        with_townships(drawn, places.townships),
        areas(districts, zones(seed, covered)),
        whole.urban,
        covered,
    )


def settle_sample(city: DemoCity, districts: Sequence[District], drawn: geopandas.GeoDataFrame) -> Settled:
    """Return a city of one quarter with its tree; one township lies west of it, where the villages are."""
    own = [district for district in districts if district.adcode == city.adcode] or list(districts)
    cell = quarter_cell(city.streets)
    west, south, _, north = cell[0]
    places = draw_places(
        city.streets,
        cell,
        {district.adcode: shapely.transform(district.outline, metres) for district in own},
        shapely.get_coordinates(drawn.geometry.to_numpy()),
        countryside=shapely.box(west - _BAND_M, south, west, north),
        rng=np.random.default_rng([city.rng_seed, 50]),
    )
    urban = shapely.union_all([block.outline for block in city.streets.blocks])
    villages_ = with_townships(drawn, places.townships)
    return Settled(_with_roads(city, draw_lanes(city)), 1, places, villages_, areas(own), urban, covered=urban)


def _with_roads(city: DemoCity, roads: Sequence[Road]) -> DemoCity:
    return replace(city, streets=replace(city.streets, roads=(*city.streets.roads, *roads)))


def company_list(settled: Settled) -> pd.DataFrame:
    """Return the companies with licence and authority."""
    if settled.quarters == 1:
        listed = tables.companies()
    else:
        listed = pd.DataFrame(
            {
                "code": [tables.company_code(index) for index in range(COMPANIES)],
                "name": [company_names()[0], *(large_company_name(index) for index in range(1, COMPANIES))],
                "licence": [f"示例热许{index + 1:03d}" for index in range(COMPANIES)],
            }
        )
    return company_record(licensed(listed, settled.city, settled.areas, settled.city.rng_seed), settled.city.rng_seed)


def organisation_layers(folder: Path, settled: Settled) -> list[Layer]:
    """Return authorities, companies, what these may serve, and what is served, by five kinds."""
    city, companies = settled.city, company_list(settled)
    x, y = shapely.get_coordinates(shapely.centroid(settled.urban))[0].tolist()
    return [
        table_layer(folder, "authorities", "authority", authorities(CITY_ADCODE, settled.areas, (x, y))),
        plain_layer(folder, "companies", "company", companies),
        geojson_layer(folder, "licence_areas", "licence_area", licence_frame(city, settled.places, companies)),
        geojson_layer(
            folder, "coverage", "coverage_area", coverage_frame(city, settled.urban, CITY_ADCODE, companies["name"].tolist())
        ),
    ]


def place_layers(folder: Path, settled: Settled) -> list[Layer]:
    """Return the administrative tree below the districts, and the crossings."""
    places = settled.places
    return [
        geojson_layer(folder, "subdistricts", "subdistrict", areas_frame(places.subdistricts)),
        geojson_layer(folder, "communities", "community", areas_frame(places.communities)),
        geojson_layer(folder, "townships", "township", areas_frame(places.townships)),
        table_layer(folder, "crossings", "crossing", crossings_frame(settled.city.streets, settled.quarters)),
    ]
