"""Layers of a delivery: which file, datum and encoding each kind comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import geopandas
import numpy as np
import pandas as pd
import shapely

from data.demo import network_tables, outlines, station_tables, tables
from data.demo.answers import ANSWER_SHEET, write_answers
from data.demo.dirt import spoil
from data.demo.drawings import write_drawing
from data.demo.files import (
    DELIVERY_DATE,
    Layer,
    Sheet,
    to_datum,
    write_csv,
    write_geojson,
    write_geopackage,
    write_manifest,
    write_shapefile,
)
from data.demo.tables import DemoCity
from gis.datums import Datum, parse_datum, to_wgs84
from gis.parameters import Similarity, from_base_grid

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
"""The city grid as it is; deliveries hold only its control points, from which the import finds it."""
GRID_NAME = "demo_grid"
GRID_EVIDENCE = "control points of the survey office (made up)"
CONTROL_POINTS = "control_points.csv"
CONTROL_NOISE_M = 0.003
CONTROL_TOLERANCE_M = 0.03
MARK = "示例数据（合成）synthetic"
SATELLITE = "satellite.tif"
RENDERED = f"{MARK}；由程序绘制，非卫星影像 rendered by the program, not a photograph"


def gk() -> Datum:
    """Return the datum of the network's files."""
    return parse_datum(GK_TEXT)


def in_datum(frame: geopandas.GeoDataFrame, datum: Datum) -> geopandas.GeoDataFrame:
    """Return a frame in metres of the quarter in the datum it is delivered in."""
    shapes = frame.geometry.to_numpy()
    has_z = bool(shapely.has_z(shapes).any())
    coordinates = shapely.get_coordinates(shapes, include_z=has_z)
    coordinates[:, :2] = to_wgs84(coordinates[:, :2] + ORIGIN_GK, gk())
    return to_datum(frame.set_geometry(shapely.set_coordinates(shapes.copy(), coordinates)), datum)


def columns_of(frame: pd.DataFrame) -> dict[str, str]:
    """Return the columns of a frame as targets of the same name."""
    return {str(name): str(name) for name in frame.columns if name != "geometry"}


def geojson_layer(folder: Path, name: str, kind: str, frame: geopandas.GeoDataFrame) -> Layer:
    """Return a layer as it comes from a web map: GeoJSON in GCJ-02."""
    file = f"{name}.geojson"
    sheet = Sheet(frame, parse_datum("gcj02"), partial(write_geojson, path=folder / file))
    evidence = "drawn over an AMap base map (made up)"
    return Layer(file, kind, columns_of(frame), more={"datum": "gcj02", "datum_evidence": evidence}, sheet=sheet)


def table_layer(folder: Path, name: str, kind: str, frame: geopandas.GeoDataFrame) -> Layer:
    """Return points as a table in the city's own grid."""
    file, grid = f"{name}.csv", f"local({GRID_NAME})"
    sheet = Sheet(frame, parse_datum(grid, {GRID_NAME: GRID}), partial(write_csv, path=folder / file))
    more = {"datum": grid, "datum_evidence": GRID_EVIDENCE}
    geometry = {"x": "x", "y": "y", "format": "metres"}
    return Layer(file, kind, columns_of(frame), more=more, geometry=geometry, sheet=sheet)


def drawing_layer(folder: Path, name: str, frame: geopandas.GeoDataFrame, city: DemoCity) -> Layer:
    """Return chambers as a drawing in the city's own grid: a text each, over the centre lines of the roads.

    A drawing holds only the code; a value that all rows share goes into the manifest.
    """
    file, grid = f"{name}.dxf", f"local({GRID_NAME})"
    datum = parse_datum(grid, {GRID_NAME: GRID})
    roads = in_datum(tables.roads(city), datum).geometry.to_list()
    write = partial(write_drawing, path=folder / file, layer=CHAMBER_LAYER, background={ROAD_LAYER: roads})
    shared = {column: {"value": frame[column].iloc[0]} for column in ("burial_depth_m", "company_code")}
    more = {"datum": grid, "datum_evidence": GRID_EVIDENCE, "encoding": "gbk"}
    where = {"Layer": CHAMBER_LAYER}
    return Layer(file, "chamber", {"code": "Text", **shared}, more=more, where=where, sheet=Sheet(frame, datum, write))


CHAMBER_LAYER, ROAD_LAYER = "小室", "道路中心线"
"""Layers of the drawing."""


def write_control_points(folder: Path, seed: int, reach_m: float) -> None:
    """Write twelve points known in the city's grid and in Gauss-Krueger metres, with the errors of a survey.

    Parameters
    ----------
    reach_m
        How far from the middle of the quarter the outer ring of them lies; half of them stand on one of 0.4 of that.
    """
    rng = np.random.default_rng([seed, 53])
    turn = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False) + rng.uniform(-0.2, 0.2, 12)
    reach = reach_m * np.where(np.arange(12) % 2, 1.0, 0.4) * rng.uniform(0.8, 1.0, 12)
    base = (ORIGIN_GK + reach[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])).round(3)
    local = from_base_grid(base, GRID) + rng.normal(0.0, CONTROL_NOISE_M, (12, 2))
    table = pd.DataFrame(np.hstack([local, base]).round(3), columns=["x", "y", "x_base", "y_base"])
    table.insert(0, "name", [f"示例控制点{index + 1:02d}" for index in range(12)])
    write_csv(table, folder / CONTROL_POINTS)


def plain_layer(folder: Path, name: str, kind: str, frame: pd.DataFrame) -> Layer:
    """Return a table without positions."""
    file = f"{name}.csv"
    return Layer(file, kind, columns_of(frame), sheet=Sheet(frame, None, partial(write_csv, path=folder / file)))


def with_dirt(folder: Path, layers: Sequence[Layer], *, seed: int, clean: bool) -> Sequence[Layer]:
    """Return the layers with dirt, whose answer sheet is written; a clean city has neither."""
    sheet = folder / ANSWER_SHEET
    if clean:
        sheet.unlink(missing_ok=True)
        return layers
    spoiled, answers = spoil(layers, seed)
    write_answers(answers, sheet)
    return spoiled


def write_sheets(layers: Sequence[Layer], report: Callable[[str, float], None]) -> None:
    """Write what the layers hold; a sheet that several layers share is written once.

    Parameters
    ----------
    report
        Told which file is being written, and the share that is done.
    """
    sheets = {id(layer.sheet): (layer.file, layer.sheet) for layer in layers if layer.sheet is not None}
    for number, (file, sheet) in enumerate(sheets.values()):
        report(f"writing {file}", number / len(sheets))
        frame = sheet.frame
        if sheet.datum is not None:
            frame = in_datum(geopandas.GeoDataFrame(frame), sheet.datum)
        sheet.write(_swapped(frame) if sheet.swapped else frame)


def _swapped(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    return frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]))


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
    "branch_code": "支线编号",
    "management": "管理权限",
    "exchange_form": "换热形式",
    "connection_form": "连接形式",
    "automation": "自动化",
    "special_type": "特殊类型",
    "unified_code": "统一代码",
    "unified_code_state": "代码状态",
}
"""Names of the Shapefile's fields; GBK holds five characters in the ten bytes that a field may have."""


def write_stations(folder: Path, city: DemoCity) -> list[Layer]:
    """Return the heat sources, and the substations as a Shapefile in GBK."""
    frame = station_tables.with_branches(city, tables.substations(city))
    fields = {name: field for name, field in SUBSTATION_FIELDS.items() if name in frame}
    sheet = Sheet(frame, gk(), partial(_write_substations, path=folder / "substations.shp"))
    more = {"datum": GK_TEXT, "datum_evidence": "survey of the company (made up)", "encoding": "gbk", "key": SUBSTATION_KEY}
    return [
        *write_sources(folder, city),
        Layer("substations.shp", "substation", fields, more=more, sheet=sheet),
    ]


def _write_substations(frame: geopandas.GeoDataFrame, path: Path) -> None:
    keys = [f"TZ-{3001 + index}" for index in range(len(frame))]
    write_shapefile(frame.rename(columns=SUBSTATION_FIELDS).assign(**{SUBSTATION_KEY: keys}), path, epsg=GK_EPSG)


def write_sources(folder: Path, city: DemoCity) -> list[Layer]:
    """Return one list of all heat sources, from which each kind takes its rows."""
    frame = tables.sources(city)
    both = table_layer(folder, "sources", "plant", frame)
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


def write_network(folder: Path, city: DemoCity, more: Mapping[str, geopandas.GeoDataFrame] = MappingProxyType({})) -> list[Layer]:
    """Return pipes, valves, inlets and further layers by kind, all of one GeoPackage, which is made anew."""
    frames = {
        "pipe": network_tables.pipes(city),
        "valve": network_tables.valves(city),
        "building_inlet": network_tables.inlets(city),
        **station_tables.station_frames(city),
        **more,
    }
    path = folder / "network.gpkg"
    path.unlink(missing_ok=True)
    return [survey_layer(path, name, frame) for name, frame in frames.items()]


def write_points(folder: Path, city: DemoCity) -> list[Layer]:
    """Return the points of the network that join no pipe: fittings, chambers, tanks, where pressure is watched."""
    return [
        table_layer(folder, "pipe_points", "pipe_point", network_tables.pipe_points(city)),
        drawing_layer(folder, "chambers", network_tables.chambers(city), city),
        table_layer(folder, "water_tanks", "water_tank", station_tables.water_tanks(city)),
        table_layer(folder, "pressure_points", "pressure_point", station_tables.pressure_points(city)),
    ]


def survey_layer(path: Path, kind: str, frame: geopandas.GeoDataFrame) -> Layer:
    """Return a layer of a GeoPackage in the datum of the company's survey."""
    sheet = Sheet(frame, gk(), partial(write_geopackage, path=path, layer=kind, epsg=GK_EPSG))
    datum = {"datum": GK_TEXT, "datum_evidence": "survey of the company (made up)"}
    return Layer(path.name, kind, columns_of(frame), layer=kind, more=datum, sheet=sheet)


def write_city_manifest(path: Path, city_id: int, layers: list[Layer], *, name: tuple[str, str], real_outlines: bool) -> None:
    """Write the manifest; the name is Chinese and English."""
    credit = f"{MARK}; {outlines.ATTRIBUTION}" if real_outlines else MARK
    write_manifest(
        path,
        city={
            "id": city_id,
            "name": name[0],
            "name_en": name[1],
            "zone": "Asia/Shanghai",
            "synthetic": True,
            "attribution": credit,
            "extent": [124.0, 43.0, 127.5, 45.5],
        },
        defaults={"encoding": "utf-8", "licence": "CC0-1.0", "attribution": MARK, "as_of": DELIVERY_DATE},
        datums={
            GRID_NAME: {
                "base": GRID.base,
                "control_points": CONTROL_POINTS,
                "tolerance_m": CONTROL_TOLERANCE_M,
                "source": GRID.source,
            }
        },
        layers=layers,
        rasters=[
            {"layer": "ground", "file": "ground.tif", "style": "hillshade", "attribution": MARK},
            {"layer": "satellite", "file": SATELLITE, "style": "colour", "attribution": RENDERED},
        ],
    )
