"""GCJ-02 and BD-09, the two shifted systems of Chinese web maps: forward by formula, inverse by fixed rounds.

GCJ-02 (国测局坐标, "Mars coordinates") is used by AMap and Tencent, BD-09 (百度坐标) by Baidu on top of it. The forward formula
is the published one (radius 6378245 m, squared eccentricity 0.00669342162296594323). Nobody outside has the official
one, so the accuracy against the ground is unknown without control points; what is exact is the inverse of the formula.

The inverse is a fixed-point iteration. Each round gains 2.3 digits (steps in degrees 6.7e-3, 3.0e-5, 1.4e-7, 6.7e-10, 3.2e-12,
2.8e-14), so six rounds reach machine precision (4e-12 degrees on the meridian of 105 E, where the formula has a kink). The
number of rounds is fixed on purpose: stopping by a tolerance gives the same vertex other last bits alone than in its layer,
and exact joins between layers break.

The formula itself is compiled (`gis.kernels`); plain numpy after the published text checks it in the tests.

Nothing outside the mainland is moved (`gis.mainland`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gis.kernels import in_threads, shift_bd09, shift_gcj02
from gis.mainland import BOUNDS, inside_mainland

Floats: TypeAlias = NDArray[np.float64]
"""Coordinates of shape (n, 2), lon/lat in degrees."""

GCJ02_ROUNDS = 6
BD09_ROUNDS = 8


def gcj02_from_wgs84(lonlat_wgs84: Floats) -> Floats:
    """Shift WGS-84 degrees to GCJ-02 degrees.

    Parameters
    ----------
    lonlat_wgs84
        Shape (n, 2). Points outside the mainland, and NaN, come back as they are.

    Returns
    -------
    A new array of the same shape. Cost: 0.05 s for 1.7 million vertices of one city.
    """
    return _forward(lonlat_wgs84, _gcj02)


def wgs84_from_gcj02(lonlat_gcj02: Floats) -> Floats:
    """Undo `gcj02_from_wgs84` to machine precision.

    A GCJ-02 value is moved when its preimage lies on the mainland. In a strip of about 600 m along the coarse border a value
    may have no preimage or two; it then stays, or takes the one on the mainland.

    Returns
    -------
    A new array of the same shape. Cost: 0.25 s of one processor for 1.7 million vertices of one city.
    """
    return _inverse(lonlat_gcj02, _gcj02_inverse)


def bd09_from_wgs84(lonlat_wgs84: Floats) -> Floats:
    """Shift WGS-84 degrees to BD-09 lon/lat degrees; the rules of `gcj02_from_wgs84` hold."""
    return _forward(lonlat_wgs84, lambda lonlat: bd09_from_gcj02(_gcj02(lonlat)))


def wgs84_from_bd09(lonlat_bd09: Floats) -> Floats:
    """Undo `bd09_from_wgs84` to machine precision (eight rounds, then six)."""
    return _inverse(lonlat_bd09, lambda lonlat: _gcj02_inverse(gcj02_from_bd09(lonlat)))


def bd09_from_gcj02(lonlat_gcj02: Floats) -> Floats:
    """Shift GCJ-02 degrees to BD-09 degrees, everywhere (this step knows no border)."""
    return in_threads(shift_bd09, lonlat_gcj02, 1.0, 1)


def gcj02_from_bd09(lonlat_bd09: Floats) -> Floats:
    """Undo `bd09_from_gcj02` in eight rounds; the closed form that is published everywhere is off by up to 181 mm."""
    return in_threads(shift_bd09, lonlat_bd09, -1.0, BD09_ROUNDS)


def _gcj02(lonlat: Floats) -> Floats:
    """Apply the published offset; every point is taken as on the mainland."""
    return in_threads(shift_gcj02, lonlat, 1.0, 1)


def _gcj02_inverse(lonlat: Floats) -> Floats:
    return in_threads(shift_gcj02, lonlat, -1.0, GCJ02_ROUNDS)


def _forward(lonlat: Floats, shift: Callable[[Floats], Floats]) -> Floats:
    return _where(inside_mainland(lonlat), lonlat, shift)


def _inverse(lonlat: Floats, unshift: Callable[[Floats], Floats]) -> Floats:
    # the formula means nothing far from China: a place there must not be thrown onto the mainland
    near = _near(lonlat)
    candidate = _where(near, lonlat, unshift)
    stays = ~(near & inside_mainland(candidate))
    if stays.any():
        candidate[stays] = lonlat[stays]
    return candidate


def _where(mask: NDArray[np.bool_], lonlat: Floats, function: Callable[[Floats], Floats]) -> Floats:
    """Apply a function of each point where the mask is true; a new array."""
    if mask.all():
        return function(lonlat)
    result = np.array(lonlat, dtype=np.float64)
    result[mask] = function(result[mask])
    return result


def _near(lonlat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = BOUNDS
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    near: NDArray[np.bool_] = (lon > west - 0.1) & (lon < east + 0.1) & (lat > south - 0.1) & (lat < north + 0.1)
    return near
