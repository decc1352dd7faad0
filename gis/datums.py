"""Points and whole layers from any datum of the registry to WGS-84 and back, with a record of what was done.

`gis.datum_names` says which datums there are. A null datum shift is never taken silently, an operation is never used outside its
area, and a vertex converts to the same bits alone and in its layer. Height is not touched: 1985 heights are not ellipsoid
heights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeAlias

import geopandas
import numpy as np
from numpy.typing import NDArray

from gis import baidu_mercator, gauss_krueger, gcj02
from gis.datum_names import OLD, Datum, Family, Unit, epsg_of, parse_datum
from gis.errors import ConversionRefused
from gis.geometry import coordinates_of, geometry_sha256, with_coordinates
from gis.kernels import farthest_m
from gis.old_datums import helmert_operation
from gis.parameters import Affine, SevenParameters, Similarity, from_base_grid, to_base_grid
from gis.projections import (
    CGCS2000_EPSG,
    CGCS2000_IDENTITY,
    Operation,
    apply,
    epsg_operation,
    exact_operation,
    is_cgcs2000,
    require_area,
)

__all__ = [
    "CGCS2000_ACCURACY_M",
    "ConversionRecord",
    "Datum",
    "Family",
    "Unit",
    "convert_frame",
    "describe",
    "frame_from_wgs84",
    "from_wgs84",
    "parse_datum",
    "to_wgs84",
]

Floats: TypeAlias = NDArray[np.float64]
Bounds: TypeAlias = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y."""
Direction: TypeAlias = Literal["to_wgs84", "from_wgs84"]

CGCS2000_ACCURACY_M = 0.5
"""CGCS2000 and WGS-84 share their ellipsoid to 0.1 mm; the frames differ by plate motion since epoch 2000: decimetres."""

_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class ConversionRecord:
    """What was done to one layer; the ledger of conversions stores it.

    Attributes
    ----------
    datum
        Canonical text of the datum that is not WGS-84: the source of `convert_frame`, the target of `frame_from_wgs84`.
    operation
        Text of the operation that ran.
    accuracy_m
        Stated accuracy in metres; None = unknown.
    vertex_count
        Number of vertices converted.
    round_trip_max_m
        Largest distance in metres after converting back. It proves the code, not the map; None without vertices.
    input_sha256, output_sha256
        Hash of all geometries before and after.
    direction
        Which way.
    input_bounds, output_bounds
        Of the finite vertices before and after, in the unit of their datum; None without one.
    """

    datum: str
    operation: str
    accuracy_m: float | None
    vertex_count: int
    round_trip_max_m: float | None
    input_sha256: bytes
    output_sha256: bytes
    direction: Direction = "to_wgs84"
    input_bounds: Bounds | None = None
    output_bounds: Bounds | None = None


# ---------------------------------------------------------------- points


@dataclass(frozen=True, slots=True)
class _Conversion:
    forward: Callable[[Floats], Floats]
    backward: Callable[[Floats], Floats]
    text: str
    accuracy_m: float | None
    operation: Operation | None = None


def to_wgs84(xy: Floats, datum: Datum) -> Floats:
    """Convert points to WGS-84 degrees.

    Parameters
    ----------
    xy
        Shape (n, 2), lon/lat or east/north in the datum's unit. NaN stays NaN.
    datum
        From `parse_datum`.

    Returns
    -------
    A new array of shape (n, 2), lon/lat.

    Raises
    ------
    DatumNeedsParameters, ConversionRefused
        As the registry says; the bounding box of the result must lie in the operation's area of use.

    Examples
    --------
    >>> to_wgs84(np.array([[500000.0, 0.0]]), parse_datum("gk(cgcs2000,3,126,plain)")).round(6).tolist()
    [[126.0, 0.0]]
    """
    conversion = _conversion(datum)
    result = conversion.forward(np.asarray(xy, dtype=np.float64))
    if conversion.operation is not None:
        require_area(conversion.operation, result, datum=datum.text)
    return result


def from_wgs84(xy: Floats, datum: Datum) -> Floats:
    """Convert WGS-84 degrees (shape (n, 2), lon/lat) to a datum; the exact inverse of `to_wgs84`, with the same refusals."""
    conversion = _conversion(datum)
    lonlat = np.asarray(xy, dtype=np.float64)
    if conversion.operation is not None:
        require_area(conversion.operation, lonlat, datum=datum.text)
    return conversion.backward(lonlat)


def describe(datum: Datum) -> tuple[str, float | None]:
    """Return the text of the operation to WGS-84 and its stated accuracy in metres (None = unknown)."""
    conversion = _conversion(datum)
    return conversion.text, conversion.accuracy_m


# ---------------------------------------------------------------- layers


def convert_frame(frame: geopandas.GeoDataFrame, datum: Datum) -> tuple[geopandas.GeoDataFrame, ConversionRecord]:
    """Convert all geometries of a layer to WGS-84.

    All coordinates go through one array; z, None, empty geometries and the mix of 2D and 3D are kept.

    Returns
    -------
    A new frame with CRS EPSG:4326, and the record of what was done. Cost: 0.7 s for 1.7 million vertices of GCJ-02 with both
    hashes and the way back (`make bench-crs`).

    Raises
    ------
    DatumNeedsParameters, ConversionRefused
        As `to_wgs84`.
    """
    return _moved(frame, datum, "to_wgs84", crs="EPSG:4326")


def frame_from_wgs84(frame: geopandas.GeoDataFrame, datum: Datum) -> tuple[geopandas.GeoDataFrame, ConversionRecord]:
    """Convert all geometries of a WGS-84 layer to a datum; `convert_frame` undoes it.

    Returns
    -------
    A new frame, and the record of what was done. Its CRS is the datum's EPSG code; None for shifted web maps and local
    grids, which have none and must not pass for WGS-84.

    Raises
    ------
    ConversionRefused
        When the layer says that it is not in WGS-84, or as `to_wgs84`.
    DatumNeedsParameters
        As `to_wgs84`.
    """
    if frame.crs is not None and frame.crs.to_epsg() != 4326:
        raise ConversionRefused(f"the layer is in {frame.crs.name}, not in WGS-84 (EPSG:4326); convert it to WGS-84 first")
    code = epsg_of(datum)
    return _moved(frame, datum, "from_wgs84", crs=None if code is None else f"EPSG:{code}")


def _moved(
    frame: geopandas.GeoDataFrame, datum: Datum, direction: Direction, *, crs: str | None
) -> tuple[geopandas.GeoDataFrame, ConversionRecord]:
    there, back = (to_wgs84, from_wgs84) if direction == "to_wgs84" else (from_wgs84, to_wgs84)
    geometry = frame.geometry.to_numpy()
    before = coordinates_of(geometry)
    after = _never_nan(there(before, datum), before)
    converted = with_coordinates(geometry, after)
    text, accuracy_m = describe(datum)
    record = ConversionRecord(
        datum=datum.text,
        operation=text if direction == "to_wgs84" else f"inverse of: {text}",
        accuracy_m=accuracy_m,
        vertex_count=len(before),
        round_trip_max_m=_distance_max_m(before, back(after, datum), datum.unit if direction == "to_wgs84" else "degree"),
        input_sha256=geometry_sha256(geometry, before),
        output_sha256=geometry_sha256(converted, after),
        direction=direction,
        input_bounds=_bounds(before),
        output_bounds=_bounds(after),
    )
    series = geopandas.GeoSeries(converted, index=frame.index, crs=crs)
    moved = frame.set_geometry(series, inplace=False)
    if crs is None:  # set_geometry keeps the old one then
        moved.set_crs(None, allow_override=True, inplace=True)
    return moved, record


def _never_nan(after: Floats, before: Floats) -> Floats:
    """Make infinite what is no place although its numbers were numbers: a ring that begins with NaN cannot be built."""
    if not np.isfinite(after).all():
        after[np.isnan(after).any(axis=1) & ~np.isnan(before).any(axis=1)] = np.inf
    return after


def _distance_max_m(before: Floats, after: Floats, unit: Unit) -> float | None:
    distance_m = farthest_m(before, after, _METRES_PER_DEGREE if unit == "degree" else 0.0)
    return None if distance_m < 0.0 else distance_m


def _bounds(xy: Floats) -> Bounds | None:
    finite = xy if np.isfinite(xy).all() else xy[np.isfinite(xy).all(axis=1)]
    if not len(finite):
        return None
    x, y = finite[:, 0], finite[:, 1]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


# ---------------------------------------------------------------- operations

_GCJ02_TEXT = f"GCJ-02 published formula, inverse in {gcj02.GCJ02_ROUNDS} fixed rounds; accuracy on the ground unknown"
_BD09_TEXT = f"BD-09 published formula, inverse in {gcj02.BD09_ROUNDS} fixed rounds, then GCJ-02; accuracy on the ground unknown"
_BY_FORMULA: Mapping[str, _Conversion] = {
    "wgs84": _Conversion(np.copy, np.copy, "identity", 0.0),
    "cgcs2000": _Conversion(np.copy, np.copy, CGCS2000_IDENTITY, CGCS2000_ACCURACY_M),
    "gcj02": _Conversion(gcj02.wgs84_from_gcj02, gcj02.gcj02_from_wgs84, _GCJ02_TEXT, None),
    "bd09": _Conversion(gcj02.wgs84_from_bd09, gcj02.bd09_from_wgs84, _BD09_TEXT, None),
    "bd09mc": _Conversion(
        lambda xy: gcj02.wgs84_from_bd09(baidu_mercator.bd09_from_metres(xy)),
        lambda lonlat: baidu_mercator.metres_from_bd09(gcj02.bd09_from_wgs84(lonlat)),
        f"Baidu's published polynomials of BD-09 metres, inverse by Newton's method, then {_BD09_TEXT}",
        None,
    ),
}


@cache
def _conversion(datum: Datum) -> _Conversion:
    if datum.family in _BY_FORMULA:
        return _BY_FORMULA[datum.family]
    if datum.family in OLD or datum.base in OLD:
        return _by_operation(helmert_operation(datum))
    return _BY_FAMILY[datum.family](datum)


def _epsg(datum: Datum) -> _Conversion:
    if not is_cgcs2000(datum.epsg):
        operation = epsg_operation(datum.epsg)
        return _by_operation(operation, checked=operation)
    # its Gauss-Krueger grids have names of their own and do not come here
    operation = exact_operation(datum.epsg, CGCS2000_EPSG)
    return replace(_by_operation(operation), text=f"{operation.text} + {CGCS2000_IDENTITY}", accuracy_m=CGCS2000_ACCURACY_M)


def _by_operation(operation: Operation, *, checked: Operation | None = None) -> _Conversion:
    return _Conversion(
        lambda xy: apply(operation, xy),
        lambda lonlat: apply(operation, lonlat, inverse=True),
        operation.text,
        operation.accuracy_m,
        checked,
    )


def _gauss_krueger(datum: Datum) -> _Conversion:
    meridian_deg, easting_m = datum.meridian_deg, datum.false_easting_m
    text = (
        f"inverse of Gauss-Krueger of CGCS2000, {datum.zone_width_deg}-degree zone {datum.zone}, meridian {meridian_deg:g} E at"
        f" easting {easting_m:.0f} m + {CGCS2000_IDENTITY}"
    )
    return _Conversion(
        lambda xy: gauss_krueger.degrees_of(xy, meridian_deg, easting_m),
        lambda lonlat: gauss_krueger.metres_of(lonlat, meridian_deg, easting_m),
        text,
        CGCS2000_ACCURACY_M,
    )


def _undone(datum: Datum) -> _Conversion:
    """Take back one conversion to WGS-84: what was converted twice is WGS-84 in the place of GCJ-02 or BD-09."""
    assert datum.grid is not None
    once = _conversion(datum.grid)
    return _Conversion(once.backward, once.forward, f"converted twice, the second time undone: {once.text}", once.accuracy_m)


def _local(datum: Datum) -> _Conversion:
    assert datum.grid is not None
    below, plane = _conversion(datum.grid), datum.parameters
    if isinstance(plane, SevenParameters):
        return _Conversion(below.forward, below.backward, f"{datum.text} is {below.text}", below.accuracy_m, below.operation)
    assert isinstance(plane, (Similarity, Affine))
    number = "six" if isinstance(plane, Affine) else "four"
    text = f"{number} parameters of {datum.text} onto {datum.grid.text} ({plane.source or 'source not stated'}) + {below.text}"
    return _Conversion(
        lambda xy: below.forward(to_base_grid(xy, plane)),
        lambda lonlat: from_base_grid(below.backward(lonlat), plane),
        text,
        _both_accuracies(plane.accuracy_m, below.accuracy_m),
        below.operation,
    )


def _both_accuracies(plane_m: float | None, below_m: float | None) -> float | None:
    """Return the accuracy of two independent steps in metres: root of the sum of squares of those that are known."""
    known = [each for each in (plane_m, below_m) if each is not None]
    return math.hypot(*known) if known else None


_BY_FAMILY: Mapping[str, Callable[[Datum], _Conversion]] = {
    "gk": _gauss_krueger,
    "epsg": _epsg,
    "local": _local,
    "twice": _undone,
}
