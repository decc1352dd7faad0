"""Reads the model space of a DXF drawing, the exchange format of CAD programs, through GDAL.

Each entity is a row: `Layer`, `Text`, `EntityHandle`, `Linetype`, `SubClasses`; a block reference (`INSERT`) is the point it was
inserted at, with `BlockName`, `BlockAngle` and a column for each of its attributes. GDAL would draw out every block instead, and
make a handful of lines of each valve. Arcs and circles become polylines.

What a drawing says about itself is not enough: it may name no code page, or a wrong one, and GDAL does not recode block names.
So the text is decoded here and handed to GDAL as UTF-8. A height of 0 in every vertex of an entity is that of a flat drawing.
"""

from __future__ import annotations

import codecs
import re
import warnings
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from gis.errors import UnknownLayer, UnreadableFile, WrongEncoding

_ENTITIES: Final = "entities"
_BINARY: Final = b"AutoCAD Binary DXF"
_DWG: Final = re.compile(rb"AC10\d\d|AC1\.\d")
_CODE_PAGE: Final = re.compile(rb"\$DWGCODEPAGE\s+3\s+(?:ANSI_|DOS)?(\w+)", re.IGNORECASE)
_HEADER_BYTES: Final = 65_536
_INTERNAL: Final = ["PaperSpace", "Block", "AttributeTag", "BlockScale", "BlockOCSNormal", "BlockOCSCoords", "BlockAttributes"]


def read_dxf(path: Path, layer: str | None = None, encoding: str | None = None) -> geopandas.GeoDataFrame:
    """Return the entities of the model space, without CRS.

    Parameters
    ----------
    path
        Text or binary DXF of any version GDAL knows.
    layer
        Must be None: the layers of a drawing are values of the column `Layer`.
    encoding
        Of text that is not UTF-8; None = the code page that the drawing states.

    Raises
    ------
    UnreadableFile
        When it is empty, a DWG, or no DXF that GDAL can read.
    WrongEncoding
        When its text is in neither UTF-8, `encoding` nor its own code page.
    UnknownLayer
        When a layer is asked for.
    """
    content = path.read_bytes()
    if not content:
        raise UnreadableFile(f"{path}: the file is empty (0 bytes)")
    if _DWG.match(content):
        raise UnreadableFile(
            f"{path}: this is a DWG drawing with the ending of a DXF; open it in the CAD program and save it as DXF"
        )
    source = content if content.startswith(_BINARY) else _as_utf8(path, content, encoding)
    frame = _entities(path, source)
    if layer is not None:
        found = ", ".join(sorted(frame["Layer"].dropna().unique()))
        raise UnknownLayer(f'{path}: choose layers of a drawing by where = {{ Layer = "{layer}" }}, not by layer; it has {found}')
    return _flattened(_with_attributes(frame[frame["PaperSpace"].ne(True)]))


def _entities(path: Path, source: bytes) -> geopandas.GeoDataFrame:
    try:
        with warnings.catch_warnings():
            # entities that GDAL cannot draw (views, images): it leaves them out
            warnings.simplefilter("ignore", RuntimeWarning)
            frame = pyogrio.read_dataframe(source, layer=_ENTITIES, INLINE_BLOCKS="NO", ENCODING="UTF-8")
    except (DataSourceError, DataLayerError, FeatureError) as error:
        raise UnreadableFile(f"{path}: cannot be read as DXF: {_reason(str(error))}") from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        frame = geopandas.GeoDataFrame(frame, geometry=np.full(len(frame), None, dtype=object))
    return frame.set_crs(None, allow_override=True)


def _reason(message: str) -> str:
    """Return what GDAL says without the names of its own source file and of the copy in memory."""
    if place := re.search(r"error at line \d+", message):
        return f"{place[0]} (is the file complete?)"
    return "it has no section that GDAL knows" if "not recognized" in message else message


def _as_utf8(path: Path, content: bytes, encoding: str | None) -> bytes:
    """Return the text as UTF-8; valid UTF-8 is taken as such, because text of another code page practically never is valid."""
    stated = _stated_encoding(content)
    for name in ("utf-8-sig", encoding, stated):
        if name is None:
            continue
        try:
            return content.decode(name).encode()
        except LookupError:
            raise WrongEncoding(f"{path}: {name!r} is not a known encoding; try utf-8 or gbk") from None
        except UnicodeDecodeError:
            continue
    says = f"its code page says {stated}" if stated else "it states no code page"
    tried = "" if encoding is None else f", nor {encoding}"
    raise WrongEncoding(f"{path}: its text is not utf-8{tried}; {says}. State another encoding (gbk)")


def _stated_encoding(content: bytes) -> str | None:
    match = _CODE_PAGE.search(content[:_HEADER_BYTES])
    if match is None:
        return None
    number = match[1].decode("ascii", errors="replace")
    name = {"936": "gb18030", "950": "big5"}.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _with_attributes(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return the frame with the attributes of block references (`TAG value`) as columns."""
    columns: dict[str, list[Any]] = {}
    if "BlockAttributes" in frame:
        for place, items in enumerate(frame["BlockAttributes"]):
            for item in items if isinstance(items, (list, np.ndarray)) else ():
                tag, _, value = str(item).partition(" ")
                columns.setdefault(tag, [None] * len(frame))[place] = value
    plain = frame.drop(columns=[name for name in _INTERNAL if name in frame])
    added = pd.DataFrame({tag: values for tag, values in columns.items() if tag not in plain}, index=frame.index, dtype=object)
    return geopandas.GeoDataFrame(pd.concat([added, plain], axis=1), geometry="geometry")


def _flattened(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    geometry = frame.geometry.to_numpy(dtype=object)
    xyz, owner = shapely.get_coordinates(geometry, include_z=True, return_index=True)
    raised = np.zeros(len(geometry), dtype=bool)
    raised[owner[np.nan_to_num(xyz[:, 2]) != 0.0]] = True
    flat = shapely.has_z(geometry) & ~raised
    result = geometry.copy()
    result[flat] = shapely.force_2d(geometry[flat])
    return frame.set_geometry(geopandas.GeoSeries(result, index=frame.index))
