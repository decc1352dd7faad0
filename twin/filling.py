"""Filling (填补) of missing values by a stated method: beside the readings, never in their place.

interpolate 线性插值   on the straight line between the good values on both sides
last 前值             the last good value
mean, median, mode    of the good values of the asked time (均值、中位数、众数)
profile 同时段         the mean of the same ten minutes of the seven days before

A hole lies between two good values of a curve; what begins or ends it is no hole. A value is good unless it is missing or failed.
Holes that last longer than a limit stay empty. A register (累计量) only rises, so it is filled by its neighbours only:
`interpolate` and `last`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from twin.arrays import BoolArray, Float64Array, Int64Array
from twin.history import Curve, PointCurve
from twin.quality import Quality

FillMethod: TypeAlias = Literal["interpolate", "last", "mean", "median", "mode", "profile"]
FILL_METHODS: tuple[FillMethod, ...] = get_args(FillMethod)
OF_REGISTERS: Final[tuple[FillMethod, ...]] = ("interpolate", "last")
PROFILE_DAYS: Final = 7
PROFILE_S: Final = 600
MOST_FILLED: Final = 20_000
"""Values of one point that are filled at most; the oldest."""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class Filled:
    """Values that stand in for missing ones, by rising time, shape (n,)."""

    at_ms: Int64Array
    values: Float64Array


NOTHING: Final = Filled(np.zeros(0, np.int64), np.zeros(0))


def fill(
    curve: Curve, point: PointCurve, method: FillMethod, *, step_ms: int, longest_ms: int, before: Curve | None = None
) -> Filled:
    """Fill the holes of one point.

    Parameters
    ----------
    curve
        Frames or buckets; `point` is one of its points.
    step_ms
        Expected time between them.
    longest_ms
        Holes between good values that are further apart stay empty.
    before
        For `profile`: the same point alone, in buckets of `PROFILE_S`, from `PROFILE_DAYS` before the curve to its end.

    Notes
    -----
    Costs 5 ms for 20,000 frames.
    """
    if point.point.slot == "total" and method not in OF_REGISTERS:
        return NOTHING
    good = _good(point)
    times = hole_times(curve.at_ms, good, step_ms=step_ms, longest_ms=longest_ms)
    known_ms, known = curve.at_ms[good], np.asarray(point.values, np.float64)[good]
    if not times.size:
        return NOTHING
    if method == "interpolate":
        return Filled(times, np.interp(times, known_ms, known))
    if method == "last":
        return Filled(times, known[np.searchsorted(known_ms, times) - 1])
    if method == "profile":
        return _with_values(times, np.full(times.size, np.nan) if before is None else _profile(before, times))
    return Filled(times, np.full(times.size, _middle(known, method)))


def hole_times(at_ms: Int64Array, good: BoolArray, *, step_ms: int, longest_ms: int) -> Int64Array:
    """Return the times that are to be filled: of frames whose value is not good, and of frames that never came.

    Parameters
    ----------
    at_ms
        Times of the frames, rising, shape (n,).
    good
        Whether each has a good value, shape (n,).
    """
    places = np.flatnonzero(good)
    if places.size < 2:
        return np.zeros(0, np.int64)
    first, last = at_ms[places[0]], at_ms[places[-1]]
    wide = np.diff(at_ms[places])
    holes = np.flatnonzero(wide > longest_ms)
    bad = at_ms[~good & (at_ms > first) & (at_ms < last)]
    never = _grid(at_ms, first, last, step_ms)
    times = np.union1d(bad, never)
    # the hole in which each time lies
    inside = np.searchsorted(at_ms[places], times) - 1
    return np.asarray(times[~np.isin(inside, holes)][:MOST_FILLED], np.int64)


def _grid(at_ms: Int64Array, first: int, last: int, step_ms: int) -> Int64Array:
    """Return the times at which frames should have come and did not: every step after the last that did."""
    times = at_ms[(at_ms >= first) & (at_ms <= last)]
    lacking = np.maximum(np.rint(np.diff(times) / step_ms).astype(np.int64) - 1, 0)
    ends = np.cumsum(lacking)
    lacking = np.where(ends <= 4 * MOST_FILLED, lacking, 0)
    starts = np.repeat(times[:-1], lacking)
    number = np.arange(lacking.sum()) - np.repeat(np.cumsum(lacking) - lacking, lacking)
    return np.asarray(starts + (number + 1) * step_ms, np.int64)


def _good(point: PointCurve) -> BoolArray:
    values = np.asarray(point.values, np.float64)
    return np.asarray(~np.isnan(values) & (point.quality < Quality.FAIL))


def _middle(known: Float64Array, method: FillMethod) -> float:
    if method == "mean":
        return float(known.mean())
    if method == "median":
        return float(np.median(known))
    values, counts = np.unique(known, return_counts=True)
    return float(values[counts.argmax()])


def _profile(before: Curve, times: Int64Array) -> Float64Array:
    """Return the mean of the same ten minutes of the days before; NaN where none of them has a good value."""
    point = before.points[0]
    good = _good(point)
    slots, known = before.at_ms[good] // (PROFILE_S * 1000), np.asarray(point.values, np.float64)[good]
    wanted = (times[:, None] - DAY_MS * np.arange(1, PROFILE_DAYS + 1)[None, :]) // (PROFILE_S * 1000)
    if not slots.size:
        return np.full(times.size, np.nan)
    places = np.minimum(np.searchsorted(slots, wanted), slots.size - 1)
    found = np.where(slots[places] == wanted, known[places], np.nan)
    count = np.count_nonzero(~np.isnan(found), axis=1)
    total = np.nansum(found, axis=1)
    return np.asarray(np.divide(total, count, out=np.full(times.size, np.nan), where=count > 0))


def _with_values(times: Int64Array, values: Float64Array) -> Filled:
    has = ~np.isnan(values)
    return Filled(times[has], values[has])
