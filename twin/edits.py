"""What an edit of an asset may say, by the catalogue: attributes with their types, codes and units, and the geometry.

Stricter than an import, which leaves out what does not fit and reports it: an edit is typed by somebody who can correct it, so it
is refused as a whole, with a sentence for each thing that is wrong.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from gis.geometry import geodesic_length_m
from twin.errors import BadEdit
from twin.kinds import Attribute, Kind
from twin.unified_code import problem_of

Extent: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

LONGEST_TEXT: Final = 2000
MOST_VERTICES: Final = 100_000
_LARGEST_INTEGER: Final = 2**53
_SHORTEST_LINE_M: Final = 0.001
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "point": ("Point",),
    "line": ("LineString", "MultiLineString"),
    "polygon": ("Polygon", "MultiPolygon"),
}
_GEOMETRIES: Final = frozenset(
    ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
)
_OF_HEAT_PIPES: Final = {"network_level", "side"}
"""Needed of heat pipes only: a gas pipe has neither."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that names another asset by its code."""

    attribute: str
    kind: str
    code: str


def fitted_attributes(kind: Kind, patch: Mapping[str, object], stored: Mapping[str, object]) -> dict[str, object | None]:
    """Return a patch as it is stored: texts without blanks around them, whole numbers as integers, None for "no value".

    Parameters
    ----------
    kind
        Kind of the asset.
    patch
        Attributes to set; None or an empty text removes one.
    stored
        Attributes of the asset as they are.

    Raises
    ------
    BadEdit
        With everything that does not fit: names that the kind does not have, values of another type, codes out of their list, a
        needed attribute that would go.
    """
    faults: list[str] = []
    fitted: dict[str, object | None] = {}
    for name, value in patch.items():
        attribute = kind.attribute(name)
        if attribute is None:
            known = ", ".join(item.name for item in kind.attributes) or "none"
            faults.append(f"a {kind.name} has no attribute {name[:60]!r}; it has {known}")
            continue
        try:
            fitted[name] = None if value is None or value == "" else _FIT[attribute.type](attribute, value)
        except BadEdit as error:
            faults.append(f"{name} ({attribute.label_zh}) = {_shown(value)} {error}")
    faults += _lacking(kind, {**stored, **fitted}, fitted)
    if faults:
        raise BadEdit("; ".join(faults))
    return fitted


def references_of(kind: Kind, fitted: Mapping[str, object | None]) -> list[Reference]:
    """Return what a fitted patch names by code; each must exist."""
    attributes = ((attribute, fitted.get(attribute.name)) for attribute in kind.attributes if attribute.reference)
    return [Reference(attribute.name, attribute.reference, str(value)) for attribute, value in attributes if value is not None]


def fitted_name(name: str) -> str:
    """Return a name without blanks around it.

    Raises
    ------
    BadEdit
        When it is too long or holds a NUL character.
    """
    text = name.strip()
    if not _is_storable(text):
        raise BadEdit(f"name = {_shown(name)} must have at most {LONGEST_TEXT} characters and no NUL")
    return text


def fitted_geometry(kind: Kind, geojson: Mapping[str, object], extent: Extent | None) -> bytes:
    """Return a GeoJSON geometry (WGS-84, z in metres kept) as EWKB with SRID 4326.

    Parameters
    ----------
    kind
        Kind of the asset: a pipe is a line, a building a polygon.
    geojson
        The geometry, not a feature.
    extent
        Where the city is; None = anywhere on the globe.

    Raises
    ------
    BadEdit
        When it is no geometry, empty, of another type than the kind's, invalid (the message says why and where), or lies outside.
    """
    if kind.geometry == "none":
        raise BadEdit(f"a {kind.name} has no geometry")
    geometry = read_shape(geojson)
    allowed = _TYPES.get(kind.geometry)
    if allowed is not None and geometry.geom_type not in allowed:
        raise BadEdit(f"geometry is a {geometry.geom_type}; a {kind.name} ({kind.name_zh}) is a {' or '.join(allowed)}")
    if shapely.get_dimensions(geometry) == 1 and geodesic_length_m(np.array([geometry]))[0] < _SHORTEST_LINE_M:
        raise BadEdit("geometry is a line without length: both ends are at one place")
    _require_inside(geometry, extent)
    return bytes(shapely.to_wkb(shapely.set_srid(geometry, 4326), include_srid=True))


def read_shape(geojson: Mapping[str, object]) -> BaseGeometry:
    """Return the geometry of a GeoJSON document, valid and on the globe.

    Raises
    ------
    BadEdit
        When it is anything else.
    """
    name = geojson.get("type")
    if not isinstance(name, str) or name not in _GEOMETRIES:
        raise BadEdit(f"geometry.type is {_shown(name)}; it must be one of {', '.join(sorted(_GEOMETRIES))}")
    try:
        geometry = shapely.from_geojson(orjson.dumps(dict(geojson)))
    except (shapely.GEOSException, orjson.JSONEncodeError, ValueError, TypeError) as error:
        raise BadEdit(f"geometry cannot be read as GeoJSON: {str(error)[:200]}") from None
    if geometry.is_empty:
        raise BadEdit("geometry is empty; leave it out to keep the one that is stored")
    count = int(shapely.get_num_coordinates(geometry))
    if count > MOST_VERTICES:
        raise BadEdit(f"geometry has {count} vertices; {MOST_VERTICES} are the most")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise BadEdit("geometry has a coordinate that is not a finite number")
    west, south, east, north = geometry.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise BadEdit(f"geometry spans {west:g} {south:g} to {east:g} {north:g}; coordinates are degrees, longitude first")
    if not shapely.is_valid(geometry):
        raise BadEdit(f"geometry is invalid: {shapely.is_valid_reason(geometry)}")
    return geometry


def _require_inside(geometry: BaseGeometry, extent: Extent | None) -> None:
    if extent is None:
        return
    west, south, east, north = geometry.bounds
    if not (west >= extent[0] and south >= extent[1] and east <= extent[2] and north <= extent[3]):
        raise BadEdit(
            f"geometry spans {west:.5f} {south:.5f} to {east:.5f} {north:.5f}, which is not inside the city's extent"
            f" {' '.join(f'{value:g}' for value in extent)}; coordinates are WGS-84 degrees, longitude first"
        )


def _lacking(kind: Kind, merged: Mapping[str, object], fitted: Mapping[str, object | None]) -> list[str]:
    """Name the needed attributes that the patch itself would take away; what an import left open may stay open."""
    gas = merged.get("medium") == "gas"
    needed = [a for a in kind.attributes if a.required and not (gas and a.name in _OF_HEAT_PIPES)]
    return [
        f"{attribute.name} ({attribute.label_zh}) is needed of a {kind.name} and cannot be removed"
        for attribute in needed
        if attribute.name in fitted and merged.get(attribute.name) is None
    ]


# ---------------------------------------------------------------- values by type


def _text(attribute: Attribute, value: object) -> str:
    if not isinstance(value, str):
        raise BadEdit("is not a text")
    text = value.strip()
    if not text or not _is_storable(text):
        raise BadEdit(f"must have 1 to {LONGEST_TEXT} characters and no NUL")
    if attribute.name == "unified_code" and (problem := problem_of(text)) is not None:
        raise BadEdit(problem)
    return text


def _is_storable(text: str) -> bool:
    """Tell whether the database can keep a text: no NUL, no half of a surrogate pair, and not too long."""
    return len(text) <= LONGEST_TEXT and not any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text)


def _code(attribute: Attribute, value: object) -> str:
    text = _text(attribute, value)
    if text not in attribute.codes:
        codes = ", ".join(f"{code} ({meaning})" for code, meaning in attribute.codes.items())
        raise BadEdit(f"is not one of {codes}")
    return text


def _number(attribute: Attribute, value: object) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadEdit(f"is not a number{_in_unit(attribute)}")
    # compared first: an integer of a thousand digits has no float
    if not (abs(value) < _LARGEST_INTEGER and math.isfinite(value)):
        raise BadEdit(f"is not a finite number{_in_unit(attribute)}")
    return float(value)


def _integer(attribute: Attribute, value: object) -> int:
    number = _number(attribute, value)
    if number != int(number):
        raise BadEdit(f"is not a whole number{_in_unit(attribute)}")
    return int(number)


def _boolean(_: Attribute, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadEdit("is neither true nor false")
    return value


def _date(_: Attribute, value: object) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise BadEdit("is not a date like 2024-10-20") from None


def _datetime(_: Attribute, value: object) -> str:
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadEdit("is not a time with its zone like 2024-10-20T08:30:00+08:00")
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_unit(attribute: Attribute) -> str:
    return f" of {attribute.unit}" if attribute.unit else ""


_FIT: Final[Mapping[str, Callable[[Attribute, object], object]]] = {
    "text": _text,
    "code": _code,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}


def _shown(value: object) -> str:
    return repr(value)[:80]
