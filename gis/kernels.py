"""Compiled loops over vertices: the shift of GCJ-02 and BD-09 with its fixed rounds, and Gauss-Krueger.

Each kernel writes `out` from `xy` (shape (n, 2), one vertex a row) with the same operations for every row, whatever its place:
additions, multiplications, divisions, square roots and roundings to whole numbers, each correctly rounded by IEEE 754. Sines are
polynomials of our own, because the processor's library gives a vector of four other last bits than a single value. No fast
math is allowed, so nothing is reordered or contracted to fused operations. Hence **a vertex gets the same bits alone, in any
layer and on any number of threads**, and what met exactly before meets exactly after.

Kernels know nothing of borders (`gis.mainland`) and of what is allowed (`gis.datums`); NaN gives NaN. Compiled by numba at the
first call (some seconds, once per machine: kept on disk), without the interpreter's lock, so `in_threads` can share the rows
out.
"""

# ruff: noqa: PLR0917 - kernels take numbers, not bags of them
from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Coordinates of shape (n, 2)."""
Kernel: TypeAlias = Callable[..., None]

RADIUS_M: Final = 6378245.0
ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
"""Ellipsoid of the published formula of GCJ-02."""

_BLOCK: Final = 1024
_ROWS_PER_THREAD: Final = 50_000
_MERIDIAN_DEG: Final = 180.0 / math.pi / (RADIUS_M * (1.0 - ECCENTRICITY_SQUARED))
_PARALLEL_DEG: Final = 180.0 / math.pi / RADIUS_M
_BD09_TURN: Final = 3000.0 / 180.0
_ROUND: Final = 1.5 * 2.0**52
_SIN: Final = tuple((-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(10))
"""Series of sin(pi r): for |r| <= 0.5 what is left out is under 3e-16."""


def in_threads(kernel: Kernel, xy: Floats, *arguments: float | Floats) -> Floats:
    """Run a kernel on all rows, in as many threads as there are processors when there are many rows.

    Parameters
    ----------
    kernel
        Called as `kernel(xy, out, *arguments)`.
    xy
        Shape (n, 2); any strides.

    Returns
    -------
    `out`, a new array of the same shape.
    """
    # numba compiles anew for every other layout, and for what may not be written
    rows: Floats = np.require(xy, np.float64, ["C_CONTIGUOUS", "WRITEABLE"])
    out = np.empty_like(rows)
    threads = min(os.cpu_count() or 1, len(rows) // _ROWS_PER_THREAD)
    if threads < 2:
        kernel(rows, out, *arguments)
        return out
    bounds = np.linspace(0, len(rows), threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        parts = [pool.submit(kernel, rows[a:b], out[a:b], *arguments) for a, b in pairwise(bounds)]
        for part in parts:
            part.result()
    return out


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def shift_gcj02(xy: Floats, out: Floats, sign: float, rounds: int) -> None:
    """Add the offset of GCJ-02 (`sign` 1, one round), or find what it was added to (`sign` -1, six rounds)."""
    _shift(xy, out, sign, rounds, _gcj02_offset)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def shift_bd09(xy: Floats, out: Floats, sign: float, rounds: int) -> None:
    """Add the offset of BD-09 to GCJ-02 degrees (`sign` 1, one round), or find what it was added to (-1, eight rounds)."""
    _shift(xy, out, sign, rounds, _bd09_offset)


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _shift(xy: Floats, out: Floats, sign: float, rounds: int, offset: Callable[[float, float], tuple[float, float]]) -> None:
    lon, lat, lon_0, lat_0 = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, len(xy), _BLOCK):
        count = min(_BLOCK, len(xy) - start)
        for i in range(count):
            lon[i] = lon_0[i] = xy[start + i, 0]
            lat[i] = lat_0[i] = xy[start + i, 1]
        for _ in range(rounds):
            for i in range(count):
                east_deg, north_deg = offset(lon[i], lat[i])
                lon[i] = lon_0[i] + sign * east_deg
                lat[i] = lat_0[i] + sign * north_deg
        for i in range(count):
            out[start + i, 0], out[start + i, 1] = lon[i], lat[i]


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _sin_pi(turn: float) -> float:
    """Return sin(pi turn)."""
    # adding and taking away 1.5 * 2**52 rounds to the nearest whole number, in any lane of the processor
    whole = (turn + _ROUND) - _ROUND
    r = turn - whole
    odd = 0.5 * whole - ((0.5 * whole + _ROUND) - _ROUND)
    sign = 1.0 - 8.0 * odd * odd
    q = r * r
    series = _SIN[5] + q * (_SIN[6] + q * (_SIN[7] + q * (_SIN[8] + q * _SIN[9])))
    series = _SIN[0] + q * (_SIN[1] + q * (_SIN[2] + q * (_SIN[3] + q * (_SIN[4] + q * series))))
    result: float = sign * (r * series)
    return result


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _triple(sine: float) -> float:
    """Return sin(3a) from sin(a): sines are most of the cost of the formula."""
    return sine * (3.0 - 4.0 * sine * sine)


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _gcj02_offset(lon: float, lat: float) -> tuple[float, float]:
    """Return the published offset in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root, product = np.sqrt(np.abs(x)), 0.1 * x * y
    wave_2 = _sin_pi(2.0 * x)
    wave = 20.0 * _triple(wave_2) + 20.0 * wave_2
    third_y, third_x = _sin_pi(y / 3.0), _sin_pi(x / 3.0)
    waves_y = 20.0 * _triple(third_y) + 40.0 * third_y + 160.0 * _sin_pi(y / 12.0) + 320.0 * _sin_pi(y / 30.0)
    waves_x = 20.0 * _triple(third_x) + 40.0 * third_x + 150.0 * _sin_pi(x / 12.0) + 300.0 * _sin_pi(x / 30.0)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + product + 0.2 * root + (wave + waves_y) * (2.0 / 3.0)
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + product + 0.1 * root + (wave + waves_x) * (2.0 / 3.0)
    sine = _sin_pi(lat / 180.0)
    cosine = np.sqrt(1.0 - sine * sine)
    magic = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    root_magic = np.sqrt(magic)
    return east_m * root_magic * _PARALLEL_DEG / cosine, north_m * magic * root_magic * _MERIDIAN_DEG


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _bd09_offset(x: float, y: float) -> tuple[float, float]:
    """Return the published offset of BD-09 to GCJ-02 in degrees.

    The published text turns the vector (x, y) by a small angle and makes it longer, through polar coordinates; this is the
    same without them. The angle is under 3e-6, so its sine and cosine are two terms each.
    """
    longer = 0.00002 * _sin_pi(y * _BD09_TURN) / np.sqrt(x * x + y * y + 1e-300)
    angle = 0.000003 * _sin_pi(x * _BD09_TURN + 0.5)
    sine, cosine_less_1 = angle * (1.0 - angle * angle / 6.0), -0.5 * angle * angle
    east_deg = x * cosine_less_1 - y * sine
    north_deg = y * cosine_less_1 + x * sine
    return east_deg + longer * (x + east_deg) + 0.0065, north_deg + longer * (y + north_deg) + 0.006


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def farthest_m(before: Floats, after: Floats, metres_per_degree: float) -> float:
    """Return the largest distance between two rows of one number, in metres; what is not finite does not count, -1 without any.

    Degrees when `metres_per_degree` is above 0 (longitudes then count less with latitude), metres when it is 0.
    """
    largest = -1.0
    for i in range(len(before)):
        x, y = after[i, 0] - before[i, 0], after[i, 1] - before[i, 1]
        if metres_per_degree > 0.0:
            x, y = x * metres_per_degree * _sin_pi(before[i, 1] / 180.0 + 0.5), y * metres_per_degree
        square = x * x + y * y
        if largest < square < np.inf:
            largest = square
    return -1.0 if largest < 0.0 else math.sqrt(largest)


# ---------------------------------------------------------------- Gauss-Krueger

FARTHEST_DEG: Final = 40.0
"""Degrees of longitude from the central meridian beyond which the series of Gauss-Krueger are not used."""
_FARTHEST: Final = FARTHEST_DEG / 180.0
_SINH: Final = tuple(1.0 / math.factorial(2 * k + 1) for k in range(10))
_ODD: Final = tuple(1.0 / (2 * k + 1) for k in range(12))


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def to_gauss_krueger(
    xy: Floats, out: Floats, meridian_deg: float, easting_m: float, radius_m: float, conformal: Floats, plane: Floats
) -> None:
    """Project degrees to metres; infinite beyond `FARTHEST_DEG` from the meridian (`gis.gauss_krueger` explains the terms)."""
    c1, c2, c3, c4, c5, c6 = conformal[0], conformal[1], conformal[2], conformal[3], conformal[4], conformal[5]
    p1, p2, p3, p4, p5, p6 = plane[0], plane[1], plane[2], plane[3], plane[4], plane[5]
    first, second = np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, len(xy), _BLOCK):
        count = min(_BLOCK, len(xy) - start)
        for i in range(count):
            first[i], second[i] = xy[start + i, 0], xy[start + i, 1]
        for i in range(count):
            turn, latitude = (first[i] - meridian_deg) / 180.0, second[i] / 180.0
            sine, cosine = _sin_pi(latitude), _sin_pi(latitude + 0.5)
            step = _sines(2.0 * sine * cosine, cosine * cosine - sine * sine, c1, c2, c3, c4, c5, c6)
            square = step * step
            step_sine = step * (1.0 - square * (1.0 - square / 20.0) / 6.0)
            step_cosine = 1.0 - square * (1.0 - square / 12.0) / 2.0
            sine, cosine = sine * step_cosine + cosine * step_sine, cosine * step_cosine - sine * step_sine
            # on the sphere: x, y, z of the place, seen from the side of the meridian
            x, y, z = cosine * _sin_pi(turn + 0.5), cosine * _sin_pi(turn), sine
            square = x * x + z * z
            east, north = (
                _area_of_tangent_half(y / (1.0 + np.sqrt(square)), -1.0),
                _area_of_tangent_half(z / (np.sqrt(square) + x), 1.0),
            )
            more_north, more_east = _complex_sines(
                2.0 * x * z / square, (x * x - z * z) / square, 2.0 * y / square, (1.0 + y * y) / square, p1, p2, p3, p4, p5, p6
            )
            far = (np.abs(turn) > _FARTHEST) | (np.abs(latitude) > 0.5)
            first[i] = np.inf if far else easting_m + radius_m * (east + more_east)
            second[i] = np.inf if far else radius_m * (north + more_north)
        for i in range(count):
            out[start + i, 0], out[start + i, 1] = first[i], second[i]


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def from_gauss_krueger(
    xy: Floats, out: Floats, meridian_deg: float, easting_m: float, radius_m: float, geodetic: Floats, plane: Floats
) -> None:
    """Undo `to_gauss_krueger`; infinite for what is no place of the projection."""
    g1, g2, g3, g4, g5, g6 = geodetic[0], geodetic[1], geodetic[2], geodetic[3], geodetic[4], geodetic[5]
    p1, p2, p3, p4, p5, p6 = plane[0], plane[1], plane[2], plane[3], plane[4], plane[5]
    first, second = np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, len(xy), _BLOCK):
        count = min(_BLOCK, len(xy) - start)
        for i in range(count):
            first[i], second[i] = xy[start + i, 0], xy[start + i, 1]
        for i in range(count):
            east, north = (first[i] - easting_m) / radius_m, second[i] / radius_m
            far = (np.abs(east) > 1.0) | (np.abs(north) > 0.5 * math.pi)
            sinh = _sinh(east)
            cosh_2 = 1.0 + 2.0 * sinh * sinh
            turn = north * (2.0 / math.pi)
            less_north, less_east = _complex_sines(
                _sin_pi(turn), _sin_pi(turn + 0.5), 2.0 * sinh * np.sqrt(1.0 + sinh * sinh), cosh_2, p1, p2, p3, p4, p5, p6
            )
            sinh = _sinh(east - less_east)
            turn = (north - less_north) / math.pi
            sine, cosine = _sin_pi(turn), _sin_pi(turn + 0.5)
            across = np.sqrt(sinh * sinh + cosine * cosine)
            cosh = np.sqrt(1.0 + sinh * sinh)
            longitude = _area_of_tangent_half(sinh / (across + cosine), 1.0)
            latitude = _area_of_tangent_half(sine / (cosh + across), 1.0)
            sine, cosine = sine / cosh, across / cosh
            latitude += _sines(2.0 * sine * cosine, cosine * cosine - sine * sine, g1, g2, g3, g4, g5, g6)
            first[i] = np.inf if far else meridian_deg + longitude * (180.0 / math.pi)
            second[i] = np.inf if far else latitude * (180.0 / math.pi)
        for i in range(count):
            out[start + i, 0], out[start + i, 1] = first[i], second[i]


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _sinh(value: float) -> float:
    """Return the hyperbolic sine of -1 to 1 (what is left out is under 2e-20)."""
    q = value * value
    series = _SINH[5] + q * (_SINH[6] + q * (_SINH[7] + q * (_SINH[8] + q * _SINH[9])))
    return value * (_SINH[0] + q * (_SINH[1] + q * (_SINH[2] + q * (_SINH[3] + q * (_SINH[4] + q * series)))))


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _area_of_tangent_half(tangent: float, sign: float) -> float:
    """Return 2 atan(t) for |t| <= 1 (`sign` 1), or 2 atanh(t) for |t| <= 0.6 (`sign` -1): halved twice, then a series."""
    t = tangent / (1.0 + np.sqrt(1.0 + sign * tangent * tangent))
    t = t / (1.0 + np.sqrt(1.0 + sign * t * t))
    q = -sign * t * t
    series = _ODD[6] + q * (_ODD[7] + q * (_ODD[8] + q * (_ODD[9] + q * (_ODD[10] + q * _ODD[11]))))
    series = _ODD[0] + q * (_ODD[1] + q * (_ODD[2] + q * (_ODD[3] + q * (_ODD[4] + q * (_ODD[5] + q * series)))))
    area: float = 8.0 * t * series
    return area


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _sines(sine: float, cosine: float, c1: float, c2: float, c3: float, c4: float, c5: float, c6: float) -> float:
    """Return `c1 sin(a) + c2 sin(2a) + ... + c6 sin(6a)` by C. W. Clenshaw's recurrence."""
    double = 2.0 * cosine
    b5 = c5 + double * c6
    b4 = c4 + double * b5 - c6
    b3 = c3 + double * b4 - b5
    b2 = c2 + double * b3 - b4
    return sine * (c1 + double * b2 - b3)


@njit(forceinline=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _complex_sines(
    sine: float, cosine: float, sinh: float, cosh: float, c1: float, c2: float, c3: float, c4: float, c5: float, c6: float
) -> tuple[float, float]:
    """Return the same sum for the complex angle whose parts have these sines, real part first."""
    re, im = 2.0 * cosine * cosh, -2.0 * sine * sinh
    r5, i5 = c5 + re * c6, im * c6
    r4, i4 = c4 + re * r5 - im * i5 - c6, re * i5 + im * r5
    r3, i3 = c3 + re * r4 - im * i4 - r5, re * i4 + im * r4 - i5
    r2, i2 = c2 + re * r3 - im * i3 - r4, re * i3 + im * r3 - i4
    r1, i1 = c1 + re * r2 - im * i2 - r3, re * i2 + im * r2 - i3
    re, im = sine * cosh, cosine * sinh
    return r1 * re - i1 * im, r1 * im + i1 * re
