"""Reads delivered files into frames, without believing their claims about coordinates.

A GeoJSON file says it is WGS-84 by definition and is often GCJ-02, so a frame comes back without a CRS; what the file itself
states is given beside it. Row numbers are those of the file: the index of a frame counts features from 1.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import geopandas
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gis.dxf import read_dxf
from gis.errors import FileMissing, FileOutside, ReadingError, UnknownLayer, UnreadableFile, WrongEncoding
from gis.file_checks import require_fit, require_whole_shapefile, unpack
from gis.pandapipes_json import read_pandapipes
from gis.tables import CoordinateFormat, GeometryColumns, is_utf8, read_csv, read_xlsx, require_columns, with_positions

__all__ = ["CoordinateFormat", "GeometryColumns", "ReadLayer", "read_layer", "require_columns", "within"]

T = TypeVar("T")

_VECTOR: Final = {".geojson", ".gpkg", ".shp", ".fgb", ".kml", ".gml"}
_READABLE: Final = _VECTOR | {".dxf", ".json", ".csv", ".txt", ".xlsx", ".xlsm"}
_CUT_CHARACTERS: Final = 0.1
"""Share of rows of a Shapefile that may hold a character cut in two."""


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
    require_fit(path)
    if suffix == ".zip":
        return _read_zip(path, layer, encoding, geometry)
    if suffix in _VECTOR:
        return _read_vector(path, layer, encoding)
    if suffix == ".dxf":
        return _numbered(read_dxf(path, layer, encoding), None)
    if suffix == ".json":
        return _numbered(read_pandapipes(path, layer), None)
    if suffix in {".csv", ".txt"}:
        return _with_positions(path, read_csv(path, encoding), geometry)
    if suffix in {".xlsx", ".xlsm"}:
        return _with_positions(path, read_xlsx(path, layer), geometry)
    known = ", ".join(sorted(_VECTOR | {".dxf", ".json", ".csv", ".xlsx", ".zip"}))
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
            f"{name}: leads out of the delivery's folder {root} (to {path.resolve()}); copy the file into it, or name a folder"
            " that holds all files by --data-root"
        )
    return path


def _with_positions(path: Path, table: pd.DataFrame, columns: GeometryColumns | None) -> ReadLayer:
    frame, unreadable = with_positions(table, columns, where=str(path))
    return ReadLayer(frame, None, unreadable)


def _read_zip(path: Path, layer: str | None, encoding: str | None, geometry: GeometryColumns | None) -> ReadLayer:
    """Read the only file of an archive, or the one that `layer` names (`pipes.shp`)."""
    with tempfile.TemporaryDirectory(prefix="heat-twin-zip-") as folder:
        files = [file for file in unpack(path, Path(folder)) if file.suffix.lower() in _READABLE]
        chosen = [file for file in files if layer in {None, file.name, file.relative_to(folder).as_posix()}]
        if len(chosen) != 1:
            has = ", ".join(file.relative_to(folder).as_posix() for file in files) or "no file that can be read"
            wanted = "name one of its files by layer" if layer is None else f"there is no single file {layer!r}"
            raise UnknownLayer(f"{path}: {wanted}; it has {has}")
        try:
            return read_layer(chosen[0], encoding=encoding, geometry=geometry)
        except ReadingError as error:
            raise type(error)(str(error).replace(f"{folder}/", f"{path}:")) from None


def _numbered(frame: geopandas.GeoDataFrame, declared_epsg: int | None) -> ReadLayer:
    result = frame.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)
    return ReadLayer(result, declared_epsg)


# ---------------------------------------------------------------- vector files


def _read_vector(path: Path, layer: str | None, encoding: str | None) -> ReadLayer:
    if path.suffix.lower() == ".shp":
        require_whole_shapefile(path)
    with warnings.catch_warnings():
        # a GeoPackage with an odd last-change time and the like; what matters is checked below
        warnings.simplefilter("ignore", RuntimeWarning)
        names = _guard(path, lambda: [str(row[0]) for row in pyogrio.list_layers(path)])
        if layer is not None and layer not in names:
            raise UnknownLayer(f"{path}: there is no layer {layer!r}; the layers are {', '.join(names)}")
        if path.suffix.lower() == ".shp":
            _check_encoding(path.with_suffix(".dbf"), encoding or _code_page(path))
        # the first layer by its name, else a warning; open rings are closed, a line of one vertex is no geometry
        wanted = layer if layer is not None or not names else names[0]
        frame = _guard(path, lambda: pyogrio.read_dataframe(path, layer=wanted, encoding=encoding, on_invalid="fix"))
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
    start = int.from_bytes(content[8:10], "little")
    if is_utf8(content[start:]) and encoding.lower().replace("-", "").startswith("gb"):
        raise WrongEncoding(f'{dbf}: its text is utf-8, not {encoding}; write encoding = "utf-8"')
    size = int.from_bytes(content[10:12], "little")
    starts = range(start, len(content) - size + 1, size)
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
