"""Reads delivered files into frames, without believing their claims about coordinates.

A GeoJSON file says it is WGS-84 by definition and is often GCJ-02, so a frame comes back without a CRS; what the file itself
states is given beside it. Row numbers are those of the file: the index of a frame counts features from 1.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from gis.dxf import read_dxf
from gis.errors import FileMissing, FileOutside, ReadingError, UnknownColumn, UnknownLayer, UnreadableFile, WrongEncoding
from gis.pandapipes_json import read_pandapipes

T = TypeVar("T")
CoordinateFormat: TypeAlias = Literal["degrees", "metres", "sexagesimal"]

_VECTOR: Final = {".geojson", ".gpkg", ".shp", ".fgb", ".kml", ".gml"}
_CUT_CHARACTERS: Final = 0.1
"""Share of rows of a Shapefile that may hold a character cut in two."""

_SEXAGESIMAL: Final = re.compile(
    r"^\s*(?P<sign>[-+])?\s*(?P<d>\d{1,3})\s*[°度:\s]\s*(?P<m>\d{1,2})\s*['′分:\s]\s*(?P<s>\d{1,2}(?:\.\d+)?)?\s*"
    r"(?:\"|″|''|秒)?\s*(?P<side>[NSEW北南东西])?\s*$"
)


@dataclass(frozen=True, slots=True)
class GeometryColumns:
    """Where a table keeps its positions.

    Attributes
    ----------
    x, y
        Names of the columns with lon/east and lat/north; empty when `wkt` is used.
    wkt
        Name of a column with well-known text; empty when `x`, `y` are used.
    format
        How x and y are written: `degrees` and `metres` are plain numbers, `sexagesimal` is 125°19'12.3".
    """

    x: str = ""
    y: str = ""
    wkt: str = ""
    format: CoordinateFormat = "degrees"


@dataclass(frozen=True, slots=True)
class ReadLayer:
    """One layer as it was delivered.

    Attributes
    ----------
    frame
        Columns of the file and `geometry` (None where there is none), without CRS; the index is the row in the file, from 1.
    declared_epsg
        EPSG code that the file states about itself; None when it states none.
    unreadable
        Row numbers whose position could not be read, with the offending text.
    """

    frame: geopandas.GeoDataFrame
    declared_epsg: int | None
    unreadable: tuple[tuple[int, str], ...] = ()


def read_layer(
    path: Path, *, layer: str | None = None, encoding: str | None = None, geometry: GeometryColumns | None = None
) -> ReadLayer:
    """Read one layer of a file.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile, DXF, CSV, XLSX, or pandapipes JSON.
    layer
        Layer of a GeoPackage, sheet of a workbook, table of a pandapipes net; None = the only or first one.
    encoding
        Of the text, for Shapefile, DXF and CSV (`gbk`, `utf-8`); None = what the file says, else UTF-8.
    geometry
        Position columns of a table; None = the file has geometry of its own, or none.

    Raises
    ------
    FileMissing, UnreadableFile, WrongEncoding, UnknownLayer, UnknownColumn
        Each naming the file and what would be right.
    """
    if not path.is_file():
        raise FileMissing(f"{path}: there is no such file")
    suffix = path.suffix.lower()
    if suffix in _VECTOR:
        return _read_vector(path, layer, encoding)
    if suffix == ".dxf":
        return _numbered(read_dxf(path, layer, encoding), None)
    if suffix == ".json":
        return _numbered(read_pandapipes(path, layer), None)
    if suffix in {".csv", ".txt"}:
        return _with_positions(path, _read_csv(path, encoding), geometry)
    if suffix in {".xlsx", ".xlsm"}:
        return _with_positions(path, _read_xlsx(path, layer), geometry)
    known = ", ".join(sorted(_VECTOR | {".dxf", ".json", ".csv", ".xlsx"}))
    hint = "; open the drawing in the CAD program and save it as DXF" if suffix == ".dwg" else ""
    raise UnreadableFile(f"{path}: the ending {suffix!r} is not one of {known}{hint}")


def within(folder: Path, name: str) -> Path:
    """Return the path of a file of a delivery.

    Raises
    ------
    FileOutside
        When it leads out of the folder: by `..`, as an absolute path, or through a symbolic link.
    """
    root = folder.resolve()
    path = folder / name
    if not path.resolve().is_relative_to(root):
        raise FileOutside(
            f"{name}: leads out of the delivery's folder {root} (to {path.resolve()}); copy the file into it, or name a folder that"
            " holds all files by --data-root"
        )
    return path


def require_columns(frame: pd.DataFrame, names: Sequence[str], *, where: str) -> None:
    """Raise `UnknownColumn` unless the frame has all columns; the message lists those it has."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        has = ", ".join(str(name) for name in frame.columns if name != "geometry")
        raise UnknownColumn(f"{where}: there is no column {', '.join(map(repr, missing))}; the columns are {has}")


def _numbered(frame: geopandas.GeoDataFrame, declared_epsg: int | None) -> ReadLayer:
    result = frame.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)
    return ReadLayer(result, declared_epsg)


# ---------------------------------------------------------------- vector files


def _read_vector(path: Path, layer: str | None, encoding: str | None) -> ReadLayer:
    if not path.stat().st_size:
        raise UnreadableFile(f"{path}: cannot be read as {path.suffix.lstrip('.')}: the file is empty (0 bytes)")
    names = _guard(path, lambda: [str(row[0]) for row in pyogrio.list_layers(path)])
    if layer is not None and layer not in names:
        raise UnknownLayer(f"{path}: there is no layer {layer!r}; the layers are {', '.join(names)}")
    if path.suffix.lower() == ".shp":
        _check_encoding(path.with_suffix(".dbf"), encoding or _code_page(path))
    with warnings.catch_warnings():
        # a GeoPackage with an odd last-change time and the like; what matters is checked below
        warnings.simplefilter("ignore", RuntimeWarning)
        frame = _guard(path, lambda: pyogrio.read_dataframe(path, layer=layer, encoding=encoding))
    if not isinstance(frame, geopandas.GeoDataFrame):
        frame = geopandas.GeoDataFrame(frame, geometry=np.full(len(frame), None, dtype=object))
    epsg = None if frame.crs is None else frame.crs.to_epsg()
    frame = frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame
    return _numbered(frame.set_crs(None, allow_override=True), epsg)


def _code_page(path: Path) -> str | None:
    cpg = path.with_suffix(".cpg")
    return cpg.read_text(encoding="ascii", errors="replace").strip() or None if cpg.is_file() else None


def _check_encoding(dbf: Path, encoding: str | None) -> None:
    """Raise when the text of a dBASE file is not in the encoding: the driver would put question marks without a word.

    A few rows may fail: fields of fixed width often cut a Chinese character in two.
    """
    if encoding is None or not dbf.is_file():
        return
    content = dbf.read_bytes()
    header = int.from_bytes(content[8:10], "little")
    size = int.from_bytes(content[10:12], "little")
    starts = range(header, len(content) - size + 1, size)
    errors = [
        error for row, at in enumerate(starts, 1) if (error := _decodes(content[at : at + size], encoding, f"{dbf}: row {row}"))
    ]
    if len(errors) > _CUT_CHARACTERS * len(starts):
        raise errors[0]


def _decodes(content: bytes, encoding: str, where: str) -> WrongEncoding | None:
    try:
        content.decode(encoding)
    except LookupError:
        return WrongEncoding(f"{where}: {encoding!r} is not a known encoding; try utf-8 or gbk")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} (0x{content[error.start]:02x})"
        return WrongEncoding(f"{where}: {byte} is not {encoding}; try another encoding (gbk, utf-8)")
    return None


def _guard(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except (DataSourceError, DataLayerError) as error:
        raise UnreadableFile(f"{path}: cannot be read as {path.suffix.lstrip('.')}: {error}") from error
    except UnicodeDecodeError as error:
        raise WrongEncoding(f"{path}: its text is not {error.encoding}; state another encoding (gbk, utf-8)") from error


# ---------------------------------------------------------------- tables


def _read_csv(path: Path, encoding: str | None) -> pd.DataFrame:
    text_encoding = "utf-8-sig" if encoding is None or encoding.lower().replace("-", "") == "utf8" else encoding
    try:
        return pd.read_csv(path, encoding=text_encoding, low_memory=False)
    except LookupError:
        raise WrongEncoding(f"{path}: {encoding!r} is not a known encoding; try utf-8 or gbk") from None
    except UnicodeDecodeError as error:
        raise WrongEncoding(
            f"{path}: byte {error.start} (0x{error.object[error.start]:02x}) is not {encoding or 'utf-8'};"
            " state the encoding (gbk, utf-8)"
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnreadableFile(f"{path}: cannot be read as CSV: {error}") from error


def _read_xlsx(path: Path, sheet: str | None) -> pd.DataFrame:
    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            if sheet is not None and sheet not in book.sheet_names:
                raise UnknownLayer(f"{path}: there is no sheet {sheet!r}; the sheets are {', '.join(map(str, book.sheet_names))}")
            return book.parse(0 if sheet is None else sheet)
    except ReadingError:
        raise
    except Exception as error:  # openpyxl raises a dozen kinds for a broken workbook
        raise UnreadableFile(f"{path}: cannot be read as a workbook: {error}") from error


def _with_positions(path: Path, table: pd.DataFrame, columns: GeometryColumns | None) -> ReadLayer:
    numbered = _trimmed(table).set_axis(pd.RangeIndex(1, len(table) + 1), axis=0)
    geometry, bad = np.full(len(table), None, dtype=object), np.zeros(len(table), dtype=bool)
    shown = pd.Series("", index=numbered.index)
    if columns is not None and columns.wkt:
        require_columns(numbered, [columns.wkt], where=str(path))
        shown = numbered[columns.wkt]
        text = shown.where(shown.notna(), None).to_numpy(dtype=object)
        geometry = shapely.from_wkt([None if t is None else str(t) for t in text], on_invalid="ignore")
        bad = shapely.is_missing(geometry) & shown.notna().to_numpy()
    elif columns is not None:
        require_columns(numbered, [columns.x, columns.y], where=str(path))
        x, y = (_numbers(numbered[name], columns.format) for name in (columns.x, columns.y))
        shown = numbered[columns.x].astype(str) + ", " + numbered[columns.y].astype(str)
        given = (numbered[columns.x].notna() | numbered[columns.y].notna()).to_numpy()
        good = np.isfinite(x) & np.isfinite(y)
        geometry[good] = shapely.points(x[good], y[good])
        bad = given & ~good
    frame = geopandas.GeoDataFrame(numbered, geometry=geometry)
    rows = tuple((int(row), str(text)[:80]) for row, text in zip(np.flatnonzero(bad) + 1, shown[bad], strict=True))
    return ReadLayer(frame, None, rows)


def _trimmed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with blanks around its column names removed, unless two names would become one."""
    names = [str(name).strip() for name in table.columns]
    return table.set_axis(names, axis=1) if len(set(names)) == len(names) else table


def _numbers(column: pd.Series, format_: CoordinateFormat) -> NDArray[np.float64]:
    if format_ != "sexagesimal":
        return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    parts = column.astype(str).str.extract(_SEXAGESIMAL)
    value = sum(pd.to_numeric(parts[name]).fillna(0.0 if name == "s" else np.nan) / by for name, by in _SIXTIETHS)
    negative = parts["sign"].eq("-") | parts["side"].isin(["S", "W", "南", "西"])
    return np.where(negative, -value, value).astype(np.float64)


_SIXTIETHS: Final = (("d", 1.0), ("m", 60.0), ("s", 3600.0))
