"""GCJ-02 and BD-09, the two shifted systems of Chinese web maps: forward by formula, inverse by fixed rounds.

GCJ-02 (国测局坐标, "Mars coordinates") is used by AMap and Tencent, BD-09 (百度坐标) by Baidu on top of it. The forward formula
is the published one (radius 6378245 m, squared eccentricity 0.00669342162296594323). Nobody outside has the official
one, so the accuracy against the ground is unknown without control points; what is exact is the inverse of the formula.

The inverse is a fixed-point iteration. Each round gains 2.3 digits (steps in degrees 6.7e-3, 3.0e-5, 1.4e-7, 6.7e-10, 3.2e-12,
2.8e-14), so six rounds reach machine precision (4e-12 degrees on the meridian of 105 E, where the formula has a kink). The
number of rounds is fixed on purpose: stopping by a tolerance gives the same vertex other last bits alone than in its layer,
and exact joins between layers break.

Nothing outside the mainland is moved (`gis.mainland`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gis.mainland import BOUNDS, inside_mainland

Floats: TypeAlias = NDArray[np.float64]
"""Coordinates of shape (n, 2), lon/lat in degrees."""

RADIUS_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
GCJ02_ROUNDS = 6
BD09_ROUNDS = 8
_BLOCK = 8192
_BD09_TURN = np.pi * 3000.0 / 180.0


def gcj02_from_wgs84(lonlat_wgs84: Floats) -> Floats:
    """Shift WGS-84 degrees to GCJ-02 degrees.

    Parameters
    ----------
    lonlat_wgs84
        Shape (n, 2). Points outside the mainland, and NaN, come back as they are.

    Returns
    -------
    A new array of the same shape. Cost: 0.6 s for 1.7 million vertices.
    """
    return _forward(lonlat_wgs84, _gcj02)


def wgs84_from_gcj02(lonlat_gcj02: Floats) -> Floats:
    """Undo `gcj02_from_wgs84` to machine precision.

    A GCJ-02 value is moved when its preimage lies on the mainland. In a strip of about 600 m along the coarse border a value
    may have no preimage or two; it then stays, or takes the one on the mainland.

    Returns
    -------
    A new array of the same shape. Cost: 3 s for 1.7 million vertices.
    """
    return _inverse(lonlat_gcj02, _gcj02_inverse)


def bd09_from_wgs84(lonlat_wgs84: Floats) -> Floats:
    """Shift WGS-84 degrees to BD-09 lon/lat degrees; the rules of `gcj02_from_wgs84` hold."""
    return _forward(lonlat_wgs84, lambda lonlat: _bd09(_gcj02(lonlat)))


def wgs84_from_bd09(lonlat_bd09: Floats) -> Floats:
    """Undo `bd09_from_wgs84` to machine precision (eight rounds, then six)."""
    return _inverse(lonlat_bd09, lambda lonlat: _gcj02_inverse(_bd09_inverse(lonlat)))


def bd09_from_gcj02(lonlat_gcj02: Floats) -> Floats:
    """Shift GCJ-02 degrees to BD-09 degrees, everywhere (this step knows no border)."""
    return _bd09(np.array(lonlat_gcj02, dtype=np.float64))


def gcj02_from_bd09(lonlat_bd09: Floats) -> Floats:
    """Undo `bd09_from_gcj02` in eight rounds; the closed form that is published everywhere is off by up to 181 mm."""
    return _bd09_inverse(np.array(lonlat_bd09, dtype=np.float64))


def _forward(lonlat: Floats, shift: Callable[[Floats], Floats]) -> Floats:
    result = np.array(lonlat, dtype=np.float64)
    mask = inside_mainland(result)
    result[mask] = _in_blocks(result[mask], shift)
    return result


def _in_blocks(lonlat: Floats, function: Callable[[Floats], Floats]) -> Floats:
    """Apply a function of each point block by block: the two dozen temporaries of a round then stay in the processor's cache."""
    result = np.empty_like(lonlat)
    for start in range(0, len(lonlat), _BLOCK):
        result[start : start + _BLOCK] = function(lonlat[start : start + _BLOCK])
    return result


def _inverse(lonlat: Floats, unshift: Callable[[Floats], Floats]) -> Floats:
    result = np.array(lonlat, dtype=np.float64)
    # the formula is only evaluated near China: NaN and far places would raise floating-point warnings
    near = _near(result)
    candidate = _in_blocks(result[near], unshift)
    accepted = inside_mainland(candidate)
    result[np.flatnonzero(near)[accepted]] = candidate[accepted]
    return result


def _near(lonlat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = BOUNDS
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    near: NDArray[np.bool_] = (lon > west - 0.1) & (lon < east + 0.1) & (lat > south - 0.1) & (lat < north + 0.1)
    return near


def _gcj02(lonlat: Floats) -> Floats:
    """Apply the published offset; every point is taken as on the mainland."""
    lon, lat = np.ascontiguousarray(lonlat[:, 0]), np.ascontiguousarray(lonlat[:, 1])
    x, y = lon - 105.0, lat - 35.0
    root, product = np.sqrt(np.abs(x)), 0.1 * x * y
    wave_2 = np.sin(2.0 * np.pi * x)
    wave = (20.0 * _sine_of_triple(wave_2) + 20.0 * wave_2) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + product + 0.2 * root + wave
    third = np.sin(np.pi * y / 3.0)
    north_m += (20.0 * _sine_of_triple(third) + 40.0 * third) * 2.0 / 3.0
    north_m += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + product + 0.1 * root + wave
    third = np.sin(np.pi * x / 3.0)
    east_m += (20.0 * _sine_of_triple(third) + 40.0 * third) * 2.0 / 3.0
    east_m += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    latitude = np.radians(lat)
    sine = np.sin(latitude)
    magic = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    meridian_m = RADIUS_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel_m = RADIUS_M / np.sqrt(magic) * np.cos(latitude)
    return np.column_stack((lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)))


def _sine_of_triple(sine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sin(3a) from sin(a): sines are the whole cost of the formula."""
    triple: NDArray[np.float64] = sine * (3.0 - 4.0 * sine * sine)
    return triple


def _gcj02_inverse(lonlat: Floats) -> Floats:
    guess = lonlat
    for _ in range(GCJ02_ROUNDS):
        guess = guess - (_gcj02(guess) - lonlat)
    return guess


def _bd09(lonlat: Floats) -> Floats:
    x, y = np.ascontiguousarray(lonlat[:, 0]), np.ascontiguousarray(lonlat[:, 1])
    distance = np.sqrt(x * x + y * y) + 0.00002 * np.sin(y * _BD09_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD09_TURN)
    return np.column_stack((distance * np.cos(angle) + 0.0065, distance * np.sin(angle) + 0.006))


def _bd09_inverse(lonlat: Floats) -> Floats:
    guess = lonlat
    for _ in range(BD09_ROUNDS):
        guess = guess - (_bd09(guess) - lonlat)
    return guess
