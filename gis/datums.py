"""The registry of datums: every system a Chinese delivery may be in, and how it becomes WGS-84.

| text | system | operation |
|---|---|---|
| `wgs84` | WGS-84 degrees | none |
| `cgcs2000` | CGCS2000 degrees | identity, by decision; decimetres |
| `gcj02`, `bd09` | degrees of the shifted web maps | `gis.gcj02` |
| `gk(cgcs2000,3,126,plain)` | Gauss-Krueger metres, zone width 3 or 6, central meridian, `plain` or `prefix` (zone in front of the easting) | projection by PROJ |
| `xian80`, `beijing54`, `gk(xian80,..)` | old datums | refuse without `[datums.xian80]` parameters |
| `epsg:N` | any EPSG system | PROJ's first operation that is not a ballpark |
| `local(NAME)` | a city's own grid | four parameters, or six, onto a `gk(..)`, then that |
| `twice(gcj02)`, `twice(bd09)` | WGS-84 that was taken for GCJ-02 (BD-09) and converted once more | the last conversion undone, exactly |

A null datum shift is never taken silently. Height is not touched: 1985 heights are not ellipsoid heights.
"""  # noqa: E501 - a table row cannot be wrapped

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import geopandas
import numpy as np
from numpy.typing import NDArray

from gis import gcj02
from gis.errors import DatumNeedsParameters, UnknownDatum
from gis.geometry import coordinates_of, geometry_sha256, with_coordinates
from gis.parameters import Affine, Parameters, SevenParameters, Similarity, from_base_grid, to_base_grid
from gis.projections import (
    CGCS2000_EPSG,
    Operation,
    apply,
    crs_of_epsg,
    epsg_operation,
    exact_operation,
    is_cgcs2000,
    pipeline_operation,
    require_area,
)

Floats: TypeAlias = NDArray[np.float64]
Family: TypeAlias = Literal["wgs84", "cgcs2000", "gcj02", "bd09", "xian80", "beijing54", "gk", "epsg", "local", "twice"]
Unit: TypeAlias = Literal["degree", "metre"]

CGCS2000_ACCURACY_M = 0.5
"""CGCS2000 and WGS-84 share their ellipsoid to 0.1 mm; the frames differ by plate motion since epoch 2000: decimetres."""

_IDENTITY = "identity CGCS2000 = WGS-84 by decision (plate motion since epoch 2000 not modelled: decimetres)"
_GK = re.compile(r"gk\((?P<datum>[a-z0-9]+),(?P<width>\d+),(?P<meridian>\d+(?:\.\d+)?),(?P<form>[a-z]+)\)")
_EPSG = re.compile(r"epsg:(?P<code>\d+)")
_TWICE = re.compile(r"twice\((?P<base>gcj02|bd09)\)")
_LOCAL = re.compile(r"(?i:local)\((?P<name>[^()]+)\)")
_NAMES = "wgs84, cgcs2000, gcj02, bd09, gk(cgcs2000,3,126,plain), gk(..,prefix), xian80, beijing54, epsg:N, local(NAME), twice(gcj02)"
_ELLIPSOIDS = {"xian80": "+a=6378140 +rf=298.257", "beijing54": "+ellps=krass"}
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Datum:
    """One datum, as `parse_datum` returns it.

    Attributes
    ----------
    text
        Canonical text.
    family
        Which rule converts it.
    base
        Geodetic datum below a `gk`; else empty.
    zone_width_deg, meridian_deg, prefix
        Of a `gk`: 3 or 6, central meridian in degrees, whether eastings begin with the zone number.
    epsg
        Code of an `epsg`; 0 otherwise.
    grid
        The `gk` below a `local`; the datum that was undone once too often, of a `twice`.
    parameters
        Of a `local` (four or six) or of an old datum (seven); None when the delivery gives none.
    """

    text: str
    family: Family
    base: str = ""
    zone_width_deg: int = 0
    meridian_deg: float = 0.0
    prefix: bool = False
    epsg: int = 0
    grid: Datum | None = None
    parameters: Parameters | None = None

    @property
    def unit(self) -> Unit:
        """Unit of its coordinates."""
        if self.family == "epsg":
            return "degree" if crs_of_epsg(self.epsg).is_geographic else "metre"
        return "metre" if self.family in {"gk", "local"} else "degree"


@dataclass(frozen=True, slots=True)
class ConversionRecord:
    """What was done to one layer; the ledger of conversions stores it.

    Attributes
    ----------
    datum
        Canonical text of the source datum.
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
    """

    datum: str
    operation: str
    accuracy_m: float | None
    vertex_count: int
    round_trip_max_m: float | None
    input_sha256: bytes
    output_sha256: bytes


def parse_datum(text: str, parameters: Mapping[str, Parameters] | None = None) -> Datum:
    """Read a datum's name.

    Parameters
    ----------
    text
        A name of the table above; case and blanks do not matter.
    parameters
        By name (`local(NAME)`, `xian80`, `beijing54`), from the `[datums.NAME]` tables of the delivery.

    Raises
    ------
    UnknownDatum
        When the registry does not hold it; the message lists what it holds.
    DatumNeedsParameters
        When a `local(NAME)` has no parameters.
    """
    known = {} if parameters is None else parameters
    stripped = re.sub(r"\s+", "", text)
    plain = stripped.lower()
    if plain in {"wgs84", "cgcs2000", "gcj02", "bd09"}:
        return Datum(plain, plain)  # type: ignore[arg-type]  # the four are families
    if plain in {"xian80", "beijing54"}:
        return Datum(plain, plain, parameters=known.get(plain))  # type: ignore[arg-type]
    if match := _GK.fullmatch(plain):
        return _parse_gk(plain, match, known)
    if match := _EPSG.fullmatch(plain):
        crs_of_epsg(int(match["code"]))
        return Datum(plain, "epsg", epsg=int(match["code"]))
    if match := _TWICE.fullmatch(plain):
        return Datum(plain, "twice", grid=parse_datum(match["base"]))
    if match := _LOCAL.fullmatch(stripped):
        return _parse_local(match["name"], known)
    raise UnknownDatum(f"{text!r} is not a datum; known are {_NAMES}")


def _parse_gk(text: str, match: re.Match[str], known: Mapping[str, Parameters]) -> Datum:
    base, width, meridian, form = match["datum"], int(match["width"]), float(match["meridian"]), match["form"]
    if base not in {"cgcs2000", "xian80", "beijing54"}:
        raise UnknownDatum(f"{text!r}: the datum {base!r} must be cgcs2000, xian80 or beijing54")
    if width not in {3, 6}:
        raise UnknownDatum(f"{text!r}: the zone width {width} must be 3 or 6 degrees")
    if form not in {"plain", "prefix"}:
        raise UnknownDatum(f"{text!r}: {form!r} must be plain (easting 500 km at the meridian) or prefix (zone in front)")
    if meridian not in (range(75, 136, 3) if width == 3 else range(75, 136, 6)):
        raise UnknownDatum(
            f"{text!r}: {meridian:g} is no central meridian of {width}-degree zones in China (75, {75 + width}, ... 135)"
        )
    return Datum(
        text, "gk", base=base, zone_width_deg=width, meridian_deg=meridian, prefix=form == "prefix", parameters=known.get(base)
    )


def _parse_local(name: str, known: Mapping[str, Parameters]) -> Datum:
    found = known.get(name)
    if not isinstance(found, (Similarity, Affine)):
        raise DatumNeedsParameters(
            f"local({name}) needs a table [datums.{name}] with base and control_points, or with base, dx_m, dy_m, rotation_deg"
            " and scale (four parameters)"
        )
    grid = parse_datum(found.base, known)
    if grid.family != "gk":
        raise UnknownDatum(f"[datums.{name}] base = {found.base!r} must be a Gauss-Krueger grid such as gk(cgcs2000,3,126,plain)")
    return Datum(f"local({name})", "local", grid=grid, parameters=found)


# ---------------------------------------------------------------- conversion


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
        As the registry says.

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
    """Convert WGS-84 degrees (shape (n, 2), lon/lat) to a datum; the exact inverse of `to_wgs84`."""
    return _conversion(datum).backward(np.asarray(xy, dtype=np.float64))


def describe(datum: Datum) -> tuple[str, float | None]:
    """Return the text of the operation to WGS-84 and its stated accuracy in metres (None = unknown)."""
    conversion = _conversion(datum)
    return conversion.text, conversion.accuracy_m


def convert_frame(frame: geopandas.GeoDataFrame, datum: Datum) -> tuple[geopandas.GeoDataFrame, ConversionRecord]:
    """Convert all geometries of a layer to WGS-84.

    All coordinates go through one array; z, None, empty geometries and the mix of 2D and 3D are kept.

    Returns
    -------
    A new frame with CRS EPSG:4326, and the record of what was done. Cost: 6 s for 1.7 million vertices of GCJ-02 with both
    hashes and the way back.

    Raises
    ------
    DatumNeedsParameters, ConversionRefused
        As `to_wgs84`.
    """
    geometry = frame.geometry.to_numpy()
    xy = coordinates_of(geometry)
    lonlat = to_wgs84(xy, datum)
    converted = with_coordinates(geometry, lonlat)
    text, accuracy_m = describe(datum)
    record = ConversionRecord(
        datum=datum.text,
        operation=text,
        accuracy_m=accuracy_m,
        vertex_count=len(xy),
        round_trip_max_m=_round_trip_m(xy, from_wgs84(lonlat, datum), datum.unit),
        input_sha256=geometry_sha256(geometry),
        output_sha256=geometry_sha256(converted),
    )
    result = frame.set_geometry(geopandas.GeoSeries(converted, index=frame.index, crs="EPSG:4326"), inplace=False)
    return result, record


def _round_trip_m(before: Floats, after: Floats, unit: Unit) -> float | None:
    finite = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    if not finite.any():
        return None
    step = after[finite] - before[finite]
    if unit == "degree":
        step = step * _METRES_PER_DEGREE
        step[:, 0] *= np.cos(np.radians(np.clip(before[finite][:, 1], -90.0, 90.0)))
    return float(np.hypot(step[:, 0], step[:, 1]).max())


_BY_FORMULA: Mapping[str, _Conversion] = {
    "wgs84": _Conversion(np.copy, np.copy, "identity", 0.0),
    "cgcs2000": _Conversion(np.copy, np.copy, _IDENTITY, CGCS2000_ACCURACY_M),
    "gcj02": _Conversion(
        gcj02.wgs84_from_gcj02,
        gcj02.gcj02_from_wgs84,
        f"GCJ-02 published formula, inverse in {gcj02.GCJ02_ROUNDS} fixed rounds; accuracy on the ground unknown",
        None,
    ),
    "bd09": _Conversion(
        gcj02.wgs84_from_bd09,
        gcj02.bd09_from_wgs84,
        f"BD-09 published formula, inverse in {gcj02.BD09_ROUNDS} fixed rounds, then GCJ-02; accuracy on the ground unknown",
        None,
    ),
}


@cache
def _conversion(datum: Datum) -> _Conversion:
    if datum.family in _BY_FORMULA:
        return _BY_FORMULA[datum.family]
    if datum.family == "local":
        return _local(datum)
    if datum.family == "twice":
        return _undone(datum)
    if datum.family == "epsg" and not is_cgcs2000(datum.epsg):
        return _by_operation(epsg_operation(datum.epsg), checked=True)
    if datum.family in {"xian80", "beijing54"} or datum.base in {"xian80", "beijing54"}:
        return _by_operation(_old_datum(datum), checked=False)
    code = datum.epsg or _gk_epsg(datum)
    operation = exact_operation(code, CGCS2000_EPSG)
    return _by_operation(operation, checked=False, text=f"{operation.text} + {_IDENTITY}", accuracy_m=CGCS2000_ACCURACY_M)


def _by_operation(
    operation: Operation, *, checked: bool, text: str | None = None, accuracy_m: float | None = None
) -> _Conversion:
    return _Conversion(
        lambda xy: apply(operation, xy),
        lambda lonlat: apply(operation, lonlat, inverse=True),
        operation.text if text is None else text,
        operation.accuracy_m if text is None else accuracy_m,
        operation if checked else None,
    )


def _gk_epsg(datum: Datum) -> int:
    """Return the EPSG code of a CGCS2000 Gauss-Krueger grid (3-degree 4513-4554, 6-degree 4491-4512)."""
    if datum.zone_width_deg == 3:
        return round(datum.meridian_deg / 3) - 25 + (4513 if datum.prefix else 4534)
    return round((datum.meridian_deg + 3) / 6) - 13 + (4491 if datum.prefix else 4502)


def _undone(datum: Datum) -> _Conversion:
    """Take back one conversion to WGS-84: what was converted twice is WGS-84 in the place of GCJ-02 or BD-09."""
    assert datum.grid is not None
    once = _conversion(datum.grid)
    return _Conversion(once.backward, once.forward, f"converted twice, the second time undone: {once.text}", once.accuracy_m)


def _local(datum: Datum) -> _Conversion:
    assert datum.grid is not None
    assert isinstance(datum.parameters, (Similarity, Affine))
    below, plane = _conversion(datum.grid), datum.parameters
    number = "six" if isinstance(plane, Affine) else "four"
    text = f"{number} parameters of {datum.text} onto {datum.grid.text} ({plane.source or 'source not stated'}) + {below.text}"
    return _Conversion(
        lambda xy: below.forward(to_base_grid(xy, plane)),
        lambda lonlat: from_base_grid(below.backward(lonlat), plane),
        text,
        plane.accuracy_m if plane.accuracy_m is not None else below.accuracy_m,
        below.operation,
    )


def _old_datum(datum: Datum) -> Operation:
    """Build the operation of Xian 1980 or Beijing 1954 from the seven parameters of the delivery."""
    name = datum.base or datum.family
    seven = datum.parameters
    if not isinstance(seven, SevenParameters):
        raise DatumNeedsParameters(
            f"{datum.text}: no public datum shift exists from {name} to WGS-84 (PROJ would silently move nothing and be up to"
            f" 90 m wrong); give a table [datums.{name}] with dx_m, dy_m, dz_m, rx_arcsec, ry_arcsec, rz_arcsec, scale_ppm from"
            " the survey office, or a local(NAME) with four parameters from control points"
        )
    ellipsoid = _ELLIPSOIDS[name]
    start = "+step +proj=unitconvert +xy_in=deg +xy_out=rad"
    if datum.family == "gk":
        zone = round(datum.meridian_deg / 3) if datum.zone_width_deg == 3 else round((datum.meridian_deg + 3) / 6)
        false_easting_m = 500_000 + (zone * 1_000_000 if datum.prefix else 0)
        start = f"+step +inv +proj=tmerc +lat_0=0 +lon_0={datum.meridian_deg:g} +k=1 +x_0={false_easting_m} +y_0=0 {ellipsoid}"
    shift = (
        f"+x={seven.dx_m!r} +y={seven.dy_m!r} +z={seven.dz_m!r} +rx={seven.rx_arcsec!r} +ry={seven.ry_arcsec!r}"
        f" +rz={seven.rz_arcsec!r} +s={seven.scale_ppm!r} +convention=position_vector"
    )
    pipeline = (
        f"+proj=pipeline {start} +step +proj=push +v_3 +step +proj=cart {ellipsoid} +step +proj=helmert {shift}"
        " +step +inv +proj=cart +ellps=GRS80 +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    text = f"{datum.text} to CGCS2000 by seven parameters {shift} ({seven.source or 'source not stated'}) + {_IDENTITY}"
    return pipeline_operation(pipeline, text=text, accuracy_m=seven.accuracy_m)
