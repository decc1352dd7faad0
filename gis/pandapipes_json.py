"""Reads a pandapipes net (JSON) table by table, without importing pandapipes.

Positions come from the `geo` column where a table has one (GeoJSON geometry, in whatever axis order the net was written). A
pipe without a line of its own is straight between its junctions; a consumer, pump or valve lies at the first of its junctions
that has a position. Junction numbers are kept in a column `index`, as pandapipes itself refers to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.errors import UnknownLayer, UnreadableFile

_ENDS = (
    ("from_junction", "to_junction"),
    ("flow_junction", "return_junction"),
    ("junction", "element"),
    ("junction",),
)


def read_pandapipes(path: Path, table: str | None) -> geopandas.GeoDataFrame:
    """Read one table of a net (`junction` when None).

    Returns
    -------
    A frame with the table's columns, `index` (the number that other tables use) and `geometry`; no CRS.

    Raises
    ------
    UnreadableFile
        When the file is not a pandapipes net.
    UnknownLayer
        When the net has no such table; the message lists those it has.
    """
    tables = _tables(path)
    name = "junction" if table is None else table
    if name not in tables:
        raise UnknownLayer(f"{path}: the net has no table {name!r}; its tables are {', '.join(sorted(tables))}")
    frame = _frame(path, tables, name)
    geometry = _own_geometry(frame)
    if name != "junction" and "junction" in tables:
        junctions = _frame(path, tables, "junction")
        geometry = _from_junctions(frame, geometry, junctions)
    columns = frame.drop(columns=["geo"], errors="ignore").rename_axis(index="index").reset_index()
    return geopandas.GeoDataFrame(columns, geometry=geometry)


def _tables(path: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        net = json.loads(path.read_bytes())
        items = net["_object"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"{path}: is not a pandapipes net in JSON ({error}); a GeoJSON file must end in .geojson") from error
    return {key: value for key, value in items if isinstance(value, dict) and value.get("_class") == "DataFrame"}


def _frame(path: Path, tables: Mapping[str, Mapping[str, Any]], name: str) -> pd.DataFrame:
    item = tables[name]
    try:
        return pd.read_json(
            StringIO(item["_object"]), orient=item.get("orient", "split"), precise_float=True, convert_dates=False, dtype=False
        )
    except (ValueError, KeyError) as error:
        raise UnreadableFile(f"{path}: table {name!r} cannot be read: {error}") from error


def _own_geometry(frame: pd.DataFrame) -> NDArray[np.object_]:
    geometry = np.full(len(frame), None, dtype=object)
    if "geo" not in frame:
        return geometry
    text = [None if not value else value if isinstance(value, str) else json.dumps(value) for value in frame["geo"]]
    read: NDArray[np.object_] = shapely.from_geojson(np.array(text, dtype=object), on_invalid="ignore")
    return read


def _from_junctions(frame: pd.DataFrame, own: NDArray[np.object_], junctions: pd.DataFrame) -> NDArray[np.object_]:
    ends = next((names for names in _ENDS if set(names) <= set(frame.columns)), None)
    if ends is None:
        return own
    position = pd.Series(_own_geometry(junctions), index=junctions.index)
    at = [position.reindex(frame[name]).to_numpy(dtype=object) for name in ends]
    known = [~shapely.is_missing(points) for points in at]
    result = own.copy()
    missing = shapely.is_missing(own)
    if ends == _ENDS[0] and "length_km" in frame:
        both = missing & known[0] & known[1]
        pairs = np.stack([shapely.get_coordinates(points[both]) for points in at], axis=1)
        result[both] = shapely.linestrings(pairs)
        return result
    for points, there in zip(at, known, strict=True):
        take = shapely.is_missing(result) & there
        result[take] = points[take]
    return result
