"""The only door to PROJ: `always_xy` is set here and each operation is made once per process.

A new Transformer costs 65 ms, so one per feature would take hours; `functools.cache` keeps one per pair of systems. PROJ is
asked to name its operation, because it answers a null shift silently where it knows no better one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from gis.errors import ConversionRefused, UnknownDatum

Floats: TypeAlias = NDArray[np.float64]
"""Coordinates of shape (n, 2) in x/y order (lon/lat or east/north)."""

WGS84_EPSG = 4326
CGCS2000_EPSG = 4490
CGCS2000_IDENTITY = "identity CGCS2000 = WGS-84 by decision (plate motion since epoch 2000 not modelled: decimetres)"
_BALLPARK = "ballpark"


@dataclass(frozen=True, slots=True)
class Operation:
    """One way from a system to WGS-84 (or CGCS2000), with what PROJ says about it.

    Attributes
    ----------
    transformer
        The PROJ operation, x/y order.
    text
        Its name as PROJ gives it.
    accuracy_m
        Stated accuracy in metres; None = unknown.
    area
        Name of its area of use.
    bounds
        West, south, east, north of that area in degrees; None = the world.
    """

    transformer: Transformer
    text: str
    accuracy_m: float | None
    area: str
    bounds: tuple[float, float, float, float] | None


def apply(operation: Operation, xy: Floats, *, inverse: bool = False) -> Floats:
    """Run an operation on points of shape (n, 2); what PROJ cannot convert becomes infinite, NaN stays NaN."""
    direction = TransformDirection.INVERSE if inverse else TransformDirection.FORWARD
    if len(xy) == 1:  # pyproj takes an array of one for a scalar, and warns
        return np.array([operation.transformer.transform(float(xy[0, 0]), float(xy[0, 1]), direction=direction)])
    x, y = operation.transformer.transform(xy[:, 0], xy[:, 1], direction=direction)
    return np.column_stack((np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)))


@cache
def crs_of_epsg(code: int) -> CRS:
    """Return the system of an EPSG code.

    Raises
    ------
    UnknownDatum
        When PROJ's database does not hold it.
    """
    try:
        return CRS.from_epsg(code)
    except CRSError:
        raise UnknownDatum(f"epsg:{code} is not a known coordinate system; write a code of the EPSG registry") from None


def is_cgcs2000(code: int) -> bool:
    """Tell whether an EPSG code is CGCS2000 (China 2000), geographic or projected."""
    geographic = crs_of_epsg(code).geodetic_crs
    return geographic is not None and geographic.datum is not None and geographic.datum.name == "China 2000"


@cache
def exact_operation(source_epsg: int, target_epsg: int) -> Operation:
    """Return the operation between two systems of one datum: a projection, exact by definition."""
    transformer = Transformer.from_crs(crs_of_epsg(source_epsg), crs_of_epsg(target_epsg), always_xy=True)
    return _described(transformer)


@cache
def epsg_operation(code: int) -> Operation:
    """Return the operation from an EPSG system to WGS-84 that PROJ ranks first and that is not a ballpark.

    The choice depends on the system only, never on the coordinates, so that a vertex converts alike alone and in its layer;
    `require_area` then checks the coordinates against it.

    Raises
    ------
    UnknownDatum
        When the code does not exist.
    ConversionRefused
        When PROJ knows only a ballpark, that is a null shift.
    """
    with warnings.catch_warnings():
        # a better grid that is not installed is no reason to fail; the text of the operation says what ran
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(crs_of_epsg(code), crs_of_epsg(WGS84_EPSG), always_xy=True)
    fit = [item for item in group.transformers if _BALLPARK not in item.description.lower() and item.accuracy >= 0]
    if not fit:
        raise ConversionRefused(
            f"PROJ knows no datum shift from epsg:{code} ({crs_of_epsg(code).name}) to WGS-84, only a ballpark that moves"
            " nothing; name the shift: a local(NAME) datum with parameters from control points"
        )
    return _described(fit[0])


def pipeline_operation(pipeline: str, *, text: str, accuracy_m: float | None) -> Operation:
    """Return the operation of a PROJ pipeline, with our own words for it."""
    return Operation(Transformer.from_pipeline(pipeline), text, accuracy_m, "as its parameters", None)


def require_area(operation: Operation, lonlat_wgs84: Floats, *, datum: str) -> None:
    """Check that converted coordinates lie where the operation may be used, give or take 0.1 degree.

    Raises
    ------
    ConversionRefused
        With the operation, its area and the extent of the coordinates.
    """
    finite = lonlat_wgs84[np.isfinite(lonlat_wgs84).all(axis=1)]
    if operation.bounds is None or not len(finite):
        return
    west, south, east, north = operation.bounds
    (left, bottom), (right, top) = finite.min(axis=0), finite.max(axis=0)
    if left >= west - 0.1 and bottom >= south - 0.1 and right <= east + 0.1 and top <= north + 0.1:
        return
    raise ConversionRefused(
        f"{datum}: the operation {operation.text!r} is for {operation.area!r}, but the coordinates span"
        f" {left:.3f} {bottom:.3f} to {right:.3f} {top:.3f} degrees; give the datum that the data really has"
    )


def _described(transformer: Transformer) -> Operation:
    steps = [step for step in transformer.description.split(" + ") if not step.startswith("axis order change")]
    area = transformer.area_of_use
    bounds: tuple[float, float, float, float] | None = None
    # an area across the date line (west > east) is not checked
    if area is not None and area.west <= area.east:
        bounds = (area.west, area.south, area.east, area.north)
    return Operation(
        transformer,
        " + ".join(steps) or "identity",
        None if transformer.accuracy < 0 else float(transformer.accuracy),
        "the world" if area is None else area.name,
        bounds,
    )
