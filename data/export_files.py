"""Writers of one layer as GeoPackage, GeoParquet, CSV or XLSX, batch after batch.

Every format says which system its coordinates are in, and none lets a spreadsheet program run what stands in a cell.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
import xlsxwriter
from pyproj import CRS

from data.errors import BadExport
from data.sheets import MAX_CELL, MAX_ROWS, Cell, guarded, write_row
from gis.geometry import Geometries, coordinates_of

ColumnType: TypeAlias = Literal["text", "integer", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and what stands in it."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Layout:
    """What a writer must know before the first row.

    Attributes
    ----------
    layer
        Name of the layer or sheet.
    columns
        In order, without the geometry.
    shapes
        Sorts of geometry that will come: name (`LineString`) and whether with z.
    placed
        False for a layer that has no geometry at all.
    point
        True where tables give x, y and z instead of a text.
    row_count
        How many rows will come.
    srs
        System of the coordinates.
    shifted
        Its name in the registry.
    """

    layer: str
    columns: tuple[Column, ...]
    shapes: frozenset[tuple[str, bool]]
    placed: bool
    point: bool
    row_count: int
    srs: CRS
    shifted: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows: values by column, and geometries (None = no place) in the system of the file."""

    columns: Mapping[str, Sequence[Any]]
    geometry: Geometries


class Writer(Protocol):
    """Writes batches; `guarded` texts were made harmless, `left_out` geometries did not fit."""

    guarded: int
    left_out: int

    def write(self, batch: Batch) -> None:
        """Write rows."""

    def close(self) -> None:
        """Finish the file."""


@contextmanager
def open_writer(format_name: str, path: Path, layout: Layout) -> Iterator[Writer]:
    """Open a writer of a format; the file is whole when the block ends.

    Raises
    ------
    BadExport
        When the format cannot hold the layer.
    """
    writer = _WRITERS[format_name](path, layout)
    try:
        yield writer
    except BaseException:
        # what was begun is closed and of no use; the first error is the one to tell
        with suppress(Exception):
            writer.close()
        raise
    writer.close()


# ---------------------------------------------------------------- GeoPackage

_TYPES: Mapping[ColumnType, Any] = {"integer": np.int64, "number": np.float64, "boolean": np.bool_, "text": object}


class GpkgWriter:
    """One layer of a GeoPackage, appended by GDAL.

    A system without an EPSG code gets a definition of its own in `gpkg_spatial_ref_sys`: never 4326, which would claim WGS-84.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.guarded = self.left_out = 0
        self._path, self._layout = path, layout
        self._started = False

    def write(self, batch: Batch) -> None:
        """Append rows."""
        layout = self._layout
        values, masks = zip(*(_gdal_column(column, batch.columns[column.name]) for column in layout.columns), strict=True)
        options: dict[str, Any] = {"append": True} if self._started else {"layer_options": {"SPATIAL_INDEX": "YES"}}
        if layout.placed:
            options |= {"geometry_type": _geometry_type(layout.shapes), "crs": _gdal_srs(layout.srs)}
        pyogrio.raw.write(
            self._path,
            geometry=shapely.to_wkb(batch.geometry, flavor="iso") if layout.placed else None,
            field_data=list(values),
            fields=[column.name for column in layout.columns],
            field_mask=list(masks),
            layer=layout.layer,
            driver="GPKG",
            **options,
        )
        self._started = True

    def close(self) -> None:
        """Write an empty layer where no row came, and say in words what the system is."""
        if not self._started:
            self.write(Batch({column.name: [] for column in self._layout.columns}, np.zeros(0, dtype=object)))
        if self._layout.placed and self._layout.srs.to_epsg() is None:
            with sqlite3.connect(self._path) as base:
                # an own definition of GDAL has a number from 100000 on
                base.execute(
                    "update gpkg_spatial_ref_sys set description = ? where srs_id >= 100000",
                    (f"{self._layout.srs.name}: datum = {self._layout.shifted!r} in a heat twin manifest",),
                )
            base.close()


def _gdal_column(column: Column, values: Sequence[Any]) -> tuple[Any, Any]:
    missing = np.array([value is None for value in values], dtype=bool)
    if column.type == "text":
        return np.array([*values, None], dtype=object)[:-1], None
    filled = [0 if value is None else value for value in values]
    return np.array(filled, dtype=_TYPES[column.type]), missing


def _gdal_srs(srs: CRS) -> str:
    code = srs.to_epsg()
    return f"EPSG:{code}" if code is not None else srs.to_wkt()


def _geometry_type(shapes: frozenset[tuple[str, bool]]) -> str:
    names = {name for name, _ in shapes}
    name = names.pop() if len(names) == 1 else "Unknown"
    return f"2.5D {name}" if shapes and all(has_z for _, has_z in shapes) and name != "Unknown" else name


# ---------------------------------------------------------------- GeoParquet

_ARROW: Mapping[ColumnType, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
}


class ParquetWriter:
    """GeoParquet 1.1: geometry as WKB, its system as PROJJSON, one row group a batch."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.guarded = self.left_out = 0
        self._layout = layout
        own = [pa.field(column.name, _ARROW[column.type]) for column in layout.columns]
        schema = pa.schema([*own, pa.field("geometry", pa.binary())] if layout.placed else own)
        self._schema = schema.with_metadata({"geo": json.dumps(_geo(layout))}) if layout.placed else schema
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, batch: Batch) -> None:
        """Write a row group."""
        columns = {column.name: list(batch.columns[column.name]) for column in self._layout.columns}
        if self._layout.placed:
            columns["geometry"] = shapely.to_wkb(batch.geometry, flavor="iso").tolist()
        self._writer.write_table(pa.table(columns, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def _geo(layout: Layout) -> dict[str, Any]:
    types = sorted(f"{name} Z" if has_z else name for name, has_z in layout.shapes)
    column = {"encoding": "WKB", "geometry_types": types, "crs": layout.srs.to_json_dict()}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


# ---------------------------------------------------------------- tables


class CsvWriter:
    """CSV in UTF-8 with a byte order mark: x, y, z of points, else `wkt`; a first row of names."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.guarded = self.left_out = 0
        self._layout = layout
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([*(guarded(column.name) for column in layout.columns), *_place_names(layout)])

    def write(self, batch: Batch) -> None:
        """Write rows."""
        self._csv.writerows([self._safe(cell) for cell in row] for row in _rows(self._layout, batch))

    def _safe(self, cell: Cell) -> Cell:
        if not isinstance(cell, str):
            return repr(cell) if isinstance(cell, float) else cell
        safe = guarded(cell)
        self.guarded += safe != cell
        return safe

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class XlsxWriter:
    """One sheet, row after row; texts are texts and nothing is a formula."""

    def __init__(self, path: Path, layout: Layout) -> None:
        if layout.row_count >= MAX_ROWS:
            raise BadExport(
                f"{layout.layer} has {layout.row_count:,} rows; an XLSX sheet holds {MAX_ROWS - 1:,}."
                " Write gpkg, parquet or csv, or one district at a time (area_id)"
            )
        self.guarded = self.left_out = 0
        self._layout = layout
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(path, options)
        self._sheet = self._book.add_worksheet(layout.layer[:31])
        self._sheet.freeze_panes(1, 0)
        self._next = 1
        write_row(self._sheet, 0, [*(column.name for column in layout.columns), *_place_names(layout)])

    def write(self, batch: Batch) -> None:
        """Write rows; a geometry whose text is longer than a cell is left out and counted."""
        for row in _rows(self._layout, batch):
            cells = [None if isinstance(cell, str) and len(cell) > MAX_CELL else cell for cell in row]
            self.left_out += sum(1 for cell, given in zip(cells, row, strict=True) if cell is None and given is not None)
            write_row(self._sheet, self._next, cells)
            self._next += 1

    def close(self) -> None:
        """Write the workbook."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            self._book.close()


def _place_names(layout: Layout) -> list[str]:
    if not layout.placed:
        return []
    return ["x", "y", "z"] if layout.point else ["wkt"]


def _rows(layout: Layout, batch: Batch) -> Iterator[tuple[Cell, ...]]:
    values = [batch.columns[column.name] for column in layout.columns]
    return zip(*values, *_places(layout, batch.geometry), strict=True)


def _places(layout: Layout, geometry: Geometries) -> list[list[Any]]:
    if not layout.placed:
        return []
    if not layout.point:
        # 17 digits: what is read back is what was written
        return [np.asarray(shapely.to_wkt(geometry, rounding_precision=-1, trim=True), dtype=object).tolist()]
    xyz = np.full((len(geometry), 3), np.nan)
    there = ~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)
    xyz[there, :2] = coordinates_of(geometry[there])
    xyz[there, 2] = shapely.get_z(geometry[there])
    return [[None if value != value else value for value in column] for column in xyz.T.tolist()]  # noqa: PLR0124 - NaN


_WRITERS: Mapping[str, Any] = {"gpkg": GpkgWriter, "parquet": ParquetWriter, "csv": CsvWriter, "xlsx": XlsxWriter}
