"""Curves: what one source reported over time, frame by frame or bucket by bucket, over all versions of its schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from twin.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.frames import Frames
from twin.quality import Quality
from twin.rollups import Rollups, coarser, joined
from twin.schemas import FrameSchema, Point

Values: TypeAlias = NDArray[Any]
"""float32 of a gauge (prints the digits that were sent), float64 of a total."""


@dataclass(frozen=True)
class PointCurve:
    """One point over the times of a curve; arrays of shape (n,).

    Attributes
    ----------
    point
        As the schema that was asked with has it.
    values
        As reported; of buckets the mean of a gauge and the last value of a total. NaN = none.
    quality
        QARTOD flags; of buckets the worst.
    least, greatest
        Of a gauge's values that count (flag 1 or 2); None of single frames and of totals.
    good
        How many values count; None of single frames.
    rise
        Of a total: what it has risen by since the last value before; NaN where none is known or the register went back. None of
        single frames and of gauges.
    """

    point: Point
    values: Values
    quality: UInt8Array
    least: Float32Array | None = None
    greatest: Float32Array | None = None
    good: Int32Array | None = None
    rise: Float64Array | None = None


@dataclass(frozen=True)
class Curve:
    """Readings of one source.

    Attributes
    ----------
    every_s
        Length of the buckets; 0 = single frames.
    at_ms
        Times of the frames or where the buckets begin, rising, epoch milliseconds, shape (n,).
    frames
        Frames in each bucket, shape (n,); None of single frames.
    points
        One a point that was asked for.
    truncated
        True when there are more frames than asked for.
    """

    every_s: int
    at_ms: Int64Array
    frames: Int32Array | None
    points: tuple[PointCurve, ...]
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.at_ms)


def value_type(point: Point) -> type[np.floating[Any]]:
    """Return the type that a point's values are printed as."""
    return np.float64 if point.slot == "total" else np.float32


# ---------------------------------------------------------------- single frames


def curve_of_frames(parts: Sequence[Frames], points: Sequence[Point], *, limit: int | None = None) -> Curve:
    """Return the frames of one source as they came, at most `limit`; a frame whose schema lacks a point is missing there."""
    at_ms = np.concatenate([np.empty(0, np.int64), *(part.observed_ms for part in parts)])
    order = np.argsort(at_ms, kind="stable")
    truncated = limit is not None and len(order) > limit
    order = order[:limit]
    columns = tuple(_raw_column(parts, point, order) for point in points)
    return Curve(0, at_ms[order], None, columns, truncated)


def _raw_column(parts: Sequence[Frames], point: Point, order: Int64Array) -> PointCurve:
    kind = value_type(point)
    values: list[Values] = [np.empty(0, kind)]
    flags: list[UInt8Array] = [np.empty(0, np.uint8)]
    for part in parts:
        column = part.schema.column(point.name)
        if column is None:
            values.append(np.full(len(part), np.nan, kind))
            flags.append(np.full(len(part), Quality.MISSING, np.uint8))
            continue
        stored = value_type(part.schema.points[column])
        values.append(_retyped(part.values[:, column].astype(stored), kind))
        flags.append(part.quality[:, column])
    return PointCurve(point, np.concatenate(values)[order], np.concatenate(flags)[order])


def _retyped(values: Values, kind: type[np.floating[Any]]) -> Values:
    if values.dtype == np.float32 and kind is np.float64:
        # a point that was a gauge and became a total keeps the digits that were sent
        return values.astype(np.str_).astype(np.float64)
    return values.astype(kind)


# ---------------------------------------------------------------- buckets


def projected(rollups: Rollups, points: Sequence[Point]) -> Rollups:
    """Return roll-ups with other points; one that the schema lacks, or has in another slot, is missing."""
    target = FrameSchema(rollups.schema.code, 0, tuple(points))
    if rollups.schema.points == target.points:
        return rollups
    count = len(rollups)
    found = [_column_of(rollups.schema, point) for point in points]
    return Rollups(
        target,
        rollups.source_ids,
        rollups.start_ms,
        rollups.frames,
        _slots(rollups, target, found, "least"),
        _slots(rollups, target, found, "greatest"),
        _slots(rollups, target, found, "mean"),
        _slots(rollups, target, found, "last"),
        _taken(rollups.good, found, np.zeros((count, len(points)), np.int32)),
        _taken(rollups.worst, found, np.full((count, len(points)), Quality.MISSING, np.uint8)),
    )


def _column_of(schema: FrameSchema, point: Point) -> int | None:
    column = schema.column(point.name)
    return column if column is not None and schema.points[column].slot == point.slot else None


def _slots(rollups: Rollups, target: FrameSchema, found: Sequence[int | None], name: str) -> Values:
    own = rollups.schema.total_columns if name == "last" else rollups.schema.gauge_columns
    wanted = target.total_columns if name == "last" else target.gauge_columns
    array: Values = getattr(rollups, name)
    places = {column: place for place, column in enumerate(own)}
    columns = [None if found[each] is None else places[int(found[each] or 0)] for each in wanted]
    return _taken(array, columns, np.full((len(rollups), len(wanted)), np.nan, array.dtype))


def _taken(array: Values, columns: Sequence[int | None], empty: Values) -> Values:
    for place, column in enumerate(columns):
        if column is not None:
            empty[:, place] = array[:, column]
    return empty


def curve_of_rollups(parts: Sequence[Rollups], points: Sequence[Point], *, every_s: int, zone: str, from_ms: int) -> Curve:
    """Return the buckets of one source, joined from roll-ups that may be finer and of several versions of its schema.

    Parameters
    ----------
    parts
        None holds a bucket that another one holds for the same schema.
    from_ms
        Buckets that begin earlier only tell what totals rise from.
    """
    schema = FrameSchema("curve", 0, tuple(points))
    whole = coarser(joined(schema, [projected(part, points) for part in parts]), every_s, zone)
    shown = whole.start_ms >= from_ms
    columns, gauges, totals = [], iter(range(len(points))), iter(range(len(points)))
    for number, point in enumerate(points):
        rest = {"quality": whole.worst[shown, number], "good": whole.good[shown, number]}
        if point.slot == "total":
            last = whole.last[:, next(totals)]
            columns.append(PointCurve(point, last[shown], rise=_rise(last, shown), **rest))
        else:
            place = next(gauges)
            spread = {"least": whole.least[shown, place], "greatest": whole.greatest[shown, place]}
            columns.append(PointCurve(point, whole.mean[shown, place], **spread, **rest))
    return Curve(every_s, whole.start_ms[shown], whole.frames[shown], tuple(columns))


def _rise(last: Float64Array, shown: BoolArray) -> Float64Array:
    """Return what a total rises by from one known value to the next; of the bucket in which the next one lies."""
    known = np.flatnonzero(~np.isnan(last))
    rise = np.full(len(last), np.nan)
    steps = np.diff(last[known])
    rise[known[1:]] = np.where(steps >= 0, steps, np.nan)
    found: Float64Array = rise[shown]
    return found
