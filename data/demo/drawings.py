"""Writes drawings as CAD programs exchange them: ASCII DXF with text in GBK.

GDAL's own writer keeps no text of a point, so the few entities that are needed are written here; reading them back is GDAL's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import geopandas
import shapely

TEXT_HEIGHT_M = 2.5
_FIRST_HANDLE = 0x100
_HEAD = (
    ("0", "SECTION"), ("2", "HEADER"), ("9", "$ACADVER"), ("1", "AC1015"), ("9", "$DWGCODEPAGE"), ("3", "ANSI_936"),
    ("0", "ENDSEC"), ("0", "SECTION"), ("2", "ENTITIES"),
)  # fmt: skip
Group = tuple[str, str]
"""Group code and value."""


def write_drawing(
    frame: geopandas.GeoDataFrame, path: Path, *, layer: str, background: Mapping[str, Sequence[shapely.Geometry]]
) -> None:
    """Write points as texts and lines as polylines.

    Parameters
    ----------
    frame
        Points with `code`, which becomes the text; rows without a point are left out, as a drawing has no place for them.
    layer
        Of the texts.
    background
        Lines by layer, in the same coordinates.
    """
    handles = (f"{number:X}" for number in count(_FIRST_HANDLE))
    groups = list(_HEAD)
    for name, lines in background.items():
        for line in lines:
            groups += _polyline(name, next(handles), line)
    for code, point in zip(frame["code"], frame.geometry, strict=True):
        if point is not None and not point.is_empty:
            groups += _text(layer, next(handles), str(code), point)
    groups += [("0", "ENDSEC"), ("0", "EOF")]
    path.write_bytes("".join(f"{code}\r\n{value}\r\n" for code, value in groups).encode("gbk"))


def _text(layer: str, handle: str, text: str, point: shapely.Point) -> Iterator[Group]:
    yield from _entity("TEXT", layer, handle, "AcDbText")
    yield from (("10", f"{point.x:.4f}"), ("20", f"{point.y:.4f}"), ("30", "0.0"))
    yield from (("40", str(TEXT_HEIGHT_M)), ("1", text), ("100", "AcDbText"))


def _polyline(layer: str, handle: str, line: shapely.Geometry) -> Iterator[Group]:
    vertices = shapely.get_coordinates(line)
    yield from _entity("LWPOLYLINE", layer, handle, "AcDbPolyline")
    yield from (("90", str(len(vertices))), ("70", "0"))
    for x, y in vertices.tolist():
        yield from (("10", f"{x:.4f}"), ("20", f"{y:.4f}"))


def _entity(kind: str, layer: str, handle: str, subclass: str) -> Iterator[Group]:
    yield from (("0", kind), ("5", handle), ("100", "AcDbEntity"), ("8", layer), ("100", subclass))
