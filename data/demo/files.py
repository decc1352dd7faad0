"""Writes frames as files of the sorts that utilities deliver, byte for byte the same for the same frames.

Times that drivers put into files (GeoPackage, dBASE) are fixed to DELIVERY_DATE.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
import xlsxwriter
from affine import Affine
from numpy.typing import NDArray

from gis.datums import Datum, from_wgs84

DELIVERY_DATE = "2026-11-01"
NODATA = -9999.0
DEGREE_DECIMALS = 8
METRE_DECIMALS = 4


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """A table of the delivery that is still to be written.

    Attributes
    ----------
    frame
        Columns as `twin/kinds.py` names them, positions in metres of the quarter; without geometry for a plain table.
    datum
        Of the file's numbers; None for a plain table.
    write
        Writes the frame, whose positions are then in the datum.
    swapped
        True puts the second axis first.
    """

    frame: pd.DataFrame
    datum: Datum | None
    write: Callable[[pd.DataFrame], None]
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One `[[layer]]` of the manifest.

    Attributes
    ----------
    columns
        Target to column of the file, or to a table with `value` for all rows.
    more
        Further keys: key, datum, datum_evidence, encoding, attribution, licence.
    geometry
        x, y and format of a table with positions.
    where
        Values that a row must have.
    sheet
        The table, where it is written at the end (`data.demo.delivery.write_sheets`); None = written already.
    """

    file: str
    kind: str
    columns: Mapping[str, str | Mapping[str, str | float]]
    layer: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    geometry: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    sheet: Sheet | None = field(default=None, compare=False, repr=False)


def to_datum(frame: geopandas.GeoDataFrame, datum: Datum) -> geopandas.GeoDataFrame:
    """Return a WGS-84 frame in another datum, rounded as surveyors write it, z kept, without CRS."""
    decimals = DEGREE_DECIMALS if datum.unit == "degree" else METRE_DECIMALS
    shapes = frame.geometry.to_numpy()
    has_z = bool(shapely.has_z(shapes).any())
    coordinates = shapely.get_coordinates(shapes, include_z=has_z)
    coordinates[:, :2] = from_wgs84(coordinates[:, :2], datum).round(decimals)
    written = shapely.set_coordinates(shapes.copy(), coordinates)
    areas = shapely.get_dimensions(written) == 2
    # corners that rounding has put into one
    written[areas] = shapely.remove_repeated_points(written[areas])
    return frame.set_geometry(written, crs=None)


def write_geojson(frame: geopandas.GeoDataFrame, path: Path) -> None:
    """Write GeoJSON in UTF-8, one feature a line."""
    properties = json.loads(frame.drop(columns="geometry").to_json(orient="records", force_ascii=False))
    features = [
        json.dumps({"type": "Feature", "properties": record, "geometry": shape and json.loads(shape)}, ensure_ascii=False)
        for record, shape in zip(properties, shapely.to_geojson(frame.geometry.to_numpy()), strict=True)
    ]
    head = json.dumps({"type": "FeatureCollection", "name": path.stem}, ensure_ascii=False)[:-1]
    path.write_text(head + ', "features": [\n' + ",\n".join(features) + "\n]}\n", encoding="utf-8", newline="\n")


def write_csv(frame: pd.DataFrame, path: Path, *, encoding: str = "utf-8") -> None:
    """Write a table; a geometry of points becomes the columns `x` and `y`."""
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    if isinstance(frame, geopandas.GeoDataFrame):
        points = frame.geometry.to_numpy()
        table = table.assign(x=shapely.get_x(points), y=shapely.get_y(points))
    table.to_csv(path, index=False, encoding=encoding, lineterminator="\n")


def write_workbook(frame: geopandas.GeoDataFrame, path: Path, *, heads: Mapping[str, str], name: str) -> None:
    """Write points as a sheet of an Excel workbook.

    Parameters
    ----------
    heads
        Columns to write and the texts above them; the positions follow as 东坐标 and 北坐标.
    name
        Of the sheet.
    """
    points = frame.geometry.to_numpy()
    table = frame[list(heads)].rename(columns=heads).assign(东坐标=shapely.get_x(points), 北坐标=shapely.get_y(points))
    with xlsxwriter.Workbook(path, {"in_memory": True, "default_date_format": "yyyy-mm-dd", "nan_inf_to_errors": False}) as book:
        # without a fixed time the file would differ from day to day
        book.set_properties({"created": dt.datetime.fromisoformat(DELIVERY_DATE), "author": "heat twin", "comments": "示例数据"})
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, list(table.columns), book.add_format({"bold": True}))
        for number, row in enumerate(table.astype(object).where(table.notna(), None).itertuples(index=False), start=1):
            sheet.write_row(number, 0, row)
        sheet.freeze_panes(1, 0)


def write_shapefile(frame: geopandas.GeoDataFrame, path: Path, *, epsg: int, encoding: str = "GBK") -> None:
    """Write a Shapefile with its text in an encoding, by default the one that Chinese desktop programs write."""
    options = {"DBF_DATE_LAST_UPDATE": DELIVERY_DATE}
    pyogrio.write_dataframe(frame.set_crs(epsg), path, driver="ESRI Shapefile", encoding=encoding, layer_options=options)


def write_geopackage(frame: geopandas.GeoDataFrame, path: Path, *, layer: str, epsg: int) -> None:
    """Add a layer to a GeoPackage that states an EPSG code."""
    with _frozen_time():
        pyogrio.write_dataframe(frame.set_crs(epsg), path, driver="GPKG", layer=layer, append=path.exists())


@contextmanager
def _frozen_time() -> Iterator[None]:
    """Let GDAL write DELIVERY_DATE as the time of the last change."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{DELIVERY_DATE}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_heights(heights: NDArray[np.float64], path: Path, *, west: float, north: float, cell_deg: tuple[float, float]) -> None:
    """Write heights (rows from north to south) as a float32 GeoTIFF in EPSG:4326 with `nodata` set."""
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": heights.shape[0],
        "width": heights.shape[1],
        "crs": "EPSG:4326",
        "transform": Affine(cell_deg[0], 0.0, west, 0.0, -cell_deg[1], north),
        "nodata": NODATA,
        "compress": "deflate",
        "predictor": 3,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(heights.astype(np.float32), 1)


def write_manifest(
    path: Path,
    *,
    city: Mapping[str, object],
    defaults: Mapping[str, object],
    datums: Mapping[str, Mapping[str, object]],
    layers: Sequence[Layer],
    rasters: Sequence[Mapping[str, object]],
) -> None:
    """Write the manifest of the delivery (format: docs/manifest.md)."""
    lines = ["# Made by `heat-twin demo`: a synthetic city. Nothing in it is real but the outlines of the districts.", ""]
    lines += _table("[city]", city) + _table("[defaults]", defaults)
    for name, parameters in datums.items():
        lines += _table(f"[datums.{name}]", parameters)
    for layer in layers:
        own: dict[str, object] = {"file": layer.file}
        if layer.layer:
            own["layer"] = layer.layer
        lines += _table("[[layer]]", {**own, "kind": layer.kind, **layer.more})
        lines += _table("[layer.columns]", layer.columns)
        if layer.geometry:
            lines += _table("[layer.geometry]", layer.geometry)
        if layer.where:
            lines += _table("[layer.where]", layer.where)
    for raster in rasters:
        lines += _table("[[raster]]", raster)
    text = "\n".join(lines)
    path.write_text(text, encoding="utf-8", newline="\n")


def _table(head: str, values: Mapping[str, object]) -> list[str]:
    return [head, *(f"{name} = {_toml(value)}" for name, value in values.items()), ""]


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + " }"
    # JSON text and numbers, true and false and lists of them are TOML as well
    return json.dumps(value, ensure_ascii=False)
