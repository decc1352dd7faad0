"""Xian 1980 and Beijing 1954: their ellipsoids, and the way from them to CGCS2000 by seven parameters of a delivery."""

from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from gis.datum_names import Datum
from gis.errors import DatumNeedsParameters
from gis.parameters import SevenParameters
from gis.projections import CGCS2000_IDENTITY, Operation, apply, pipeline_operation

Floats: TypeAlias = NDArray[np.float64]
Ellipsoid: TypeAlias = tuple[float, float]
"""Semi-major axis in metres, reciprocal flattening."""

CGCS2000_ELLIPSOID: Final[Ellipsoid] = (6378137.0, 298.257222101)
ELLIPSOIDS: Final[dict[str, Ellipsoid]] = {"xian80": (6378140.0, 298.257), "beijing54": (6378245.0, 298.3)}
"""IAG 1975 and Krassowsky 1940."""


def helmert_operation(datum: Datum) -> Operation:
    """Return the operation from an old datum (degrees or a `gk` of it) to CGCS2000 degrees.

    Heights are held: a point has height 0 on both ellipsoids, so the way back is right to some millimetres.

    Raises
    ------
    DatumNeedsParameters
        Without seven parameters.
    """
    name = datum.base or datum.family
    seven = datum.parameters
    if not isinstance(seven, SevenParameters):
        raise DatumNeedsParameters(
            f"{datum.text}: no public datum shift exists from {name} to WGS-84 (PROJ would silently move nothing and be up to"
            f" 90 m wrong); give a table [datums.{name}] with dx_m, dy_m, dz_m, rx_arcsec, ry_arcsec, rz_arcsec, scale_ppm from"
            " the survey office, or with control_points and heights; or a local(NAME) with four parameters from control points"
        )
    shift = (
        f"+x={seven.dx_m!r} +y={seven.dy_m!r} +z={seven.dz_m!r} +rx={seven.rx_arcsec!r} +ry={seven.ry_arcsec!r}"
        f" +rz={seven.rz_arcsec!r} +s={seven.scale_ppm!r} +convention=position_vector"
    )
    pipeline = (
        f"+proj=pipeline {_to_radians(datum)} +step +proj=push +v_3 +step +proj=cart {_ellipsoid(name)}"
        f" +step +proj=helmert {shift}"
        " +step +inv +proj=cart +ellps=GRS80 +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    text = f"{datum.text} to CGCS2000 by seven parameters {shift} ({seven.source or 'source not stated'}) + {CGCS2000_IDENTITY}"
    return pipeline_operation(pipeline, text=text, accuracy_m=seven.accuracy_m)


def own_degrees(xy: Floats, datum: Datum) -> Floats:
    """Return degrees on the datum's own ellipsoid, without any shift, for points (shape (n, 2)) of it or of a `gk` of it."""
    return apply(_own(datum), xy)


def geocentric_m(lonlat: Floats, height_m: Floats, ellipsoid: Ellipsoid) -> Floats:
    """Return geocentric X, Y, Z (shape (n, 3)) of degrees (shape (n, 2)) and ellipsoid heights (shape (n,))."""
    semi_major_m, reciprocal = ellipsoid
    squared = (2.0 - 1.0 / reciprocal) / reciprocal
    lon, lat = np.radians(lonlat[:, 0]), np.radians(lonlat[:, 1])
    normal_m = semi_major_m / np.sqrt(1.0 - squared * np.sin(lat) ** 2)
    across_m = (normal_m + height_m) * np.cos(lat)
    return np.column_stack(
        (across_m * np.cos(lon), across_m * np.sin(lon), (normal_m * (1.0 - squared) + height_m) * np.sin(lat))
    )


def east_north(lonlat: Floats) -> Floats:
    """Return the unit vectors east and north at points (shape (n, 2)), shape (n, 2, 3) in geocentric axes."""
    lon, lat = np.radians(lonlat[:, 0]), np.radians(lonlat[:, 1])
    east = np.stack((-np.sin(lon), np.cos(lon), np.zeros(len(lon))), axis=-1)
    north = np.stack((-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)), axis=-1)
    return np.stack((east, north), axis=1)


@cache
def _own(datum: Datum) -> Operation:
    pipeline = f"+proj=pipeline {_to_radians(datum)} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    return Operation(Transformer.from_pipeline(pipeline), f"degrees of {datum.text}", None, "as its parameters", None)


def _to_radians(datum: Datum) -> str:
    if datum.family != "gk":
        return "+step +proj=unitconvert +xy_in=deg +xy_out=rad"
    plane = f"+lat_0=0 +lon_0={datum.meridian_deg:g} +k=1 +x_0={datum.false_easting_m:.0f} +y_0=0"
    return f"+step +inv +proj=tmerc {plane} {_ellipsoid(datum.base)}"


def _ellipsoid(name: str) -> str:
    semi_major_m, reciprocal = ELLIPSOIDS[name]
    return f"+a={semi_major_m!r} +rf={reciprocal!r}"
