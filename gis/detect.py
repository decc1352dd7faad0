"""What is wrong with a layer as a whole: swapped axes, a datum that lands elsewhere.

Nothing is guessed: a finding needs evidence, which is the city's extent, or a latitude that cannot exist.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.datums import Datum, to_wgs84
from gis.errors import ConversionRefused
from gis.geometry import Geometries

Floats: TypeAlias = NDArray[np.float64]
Extent: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

MARGIN_DEG: Final = 0.02
"""Tolerance around an extent, about 2 km."""

_SAMPLE: Final = 2000


def find_swapped_axes(xy: Floats, datum: Datum, extent: Extent | None) -> str:
    """Tell whether the axes of a layer are swapped (latitude or northing first), and on what evidence.

    1. With an extent: fewer than 10 % of the points lie in it as they are, more than 90 % do when turned round.
    2. Without one, in degrees: more than 90 % of the second values are no latitudes (beyond 90), and the first values are.
    3. Without one, in metres of a Gauss-Krueger grid: the first value is a northing of China (over 1,800 km) and the second
       an easting without zone (under 1,000 km); surveyors write X for north.

    Parameters
    ----------
    xy
        Shape (n, 2) in the datum; at most 2,000 evenly chosen points are looked at.
    datum
        The declared datum.
    extent
        Of the city; None = unknown.

    Returns
    -------
    The evidence in words, or an empty text when the axes are right or nothing proves the contrary.
    """
    points = _sample(xy)
    if not len(points):
        return ""
    if extent is not None:
        as_is, turned = _share_inside(points, datum, extent), _share_inside(points[:, ::-1], datum, extent)
        if as_is < 0.1 and turned > 0.9:
            return f"{as_is:.0%} of the points lie in the city's extent as they are, {turned:.0%} when turned round"
        return ""
    first, second = points[:, 0], points[:, 1]
    if datum.unit == "degree" and np.mean(np.abs(second) > 90) > 0.9 and np.mean(np.abs(first) <= 90) > 0.9:
        return f"second values up to {np.abs(second).max():.4f} are no latitudes"
    if (
        datum.family == "gk"
        and np.mean(first > 1.8e6) > 0.9
        and np.mean((second > 0) & (second < 1e6)) > 0.9
        and not datum.prefix
    ):
        return (
            f"first values around {np.median(first):.0f} m are northings, second values around {np.median(second):.0f} m eastings"
        )
    return ""


def outside(geometries: Geometries, extent: Extent) -> NDArray[np.bool_]:
    """Tell for each WGS-84 geometry whether it lies wholly outside an extent (with `MARGIN_DEG`); None and empty do not."""
    west, south, east, north = extent
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        away: NDArray[np.bool_] = (
            (bounds[:, 2] < west - MARGIN_DEG)
            | (bounds[:, 0] > east + MARGIN_DEG)
            | (bounds[:, 3] < south - MARGIN_DEG)
            | (bounds[:, 1] > north + MARGIN_DEG)
        )
    return away


def hint_for(xy: Floats, datum: Datum) -> str:
    """Say what may be wrong when a layer lands outside its city; empty when nothing can be said."""
    points = _sample(xy)
    if not len(points):
        return ""
    if datum.family == "gk" and not datum.prefix and np.median(points[:, 0]) >= 1e7:
        return f"eastings around {np.median(points[:, 0]):.0f} carry a zone prefix: write gk(..,prefix)"
    if datum.family == "gk":
        return "a wrong central meridian moves everything by 240 km or more"
    if datum.unit == "degree" and np.median(np.abs(points)) > 360:
        return "the values look like metres, not degrees"
    return ""


def _sample(xy: Floats) -> Floats:
    finite = xy[np.isfinite(xy).all(axis=1)]
    return finite[:: max(1, len(finite) // _SAMPLE)]


def _share_inside(xy: Floats, datum: Datum, extent: Extent) -> float:
    west, south, east, north = extent
    try:
        lonlat = to_wgs84(np.ascontiguousarray(xy), datum)
    except ConversionRefused:
        return 0.0
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    inside = (lon > west - MARGIN_DEG) & (lon < east + MARGIN_DEG) & (lat > south - MARGIN_DEG) & (lat < north + MARGIN_DEG)
    return float(inside.mean())
