"""What rules look at: frames of one schema as rows, each with what is known of the same source before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from twin.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.quality import Quality

NEVER = -1
"""Time of what was never seen."""
OUTLET, TAKEN, STATIONS = 0, 1, 2
"""Columns of `Rows.balances`."""


@dataclass(frozen=True)
class Rows:
    """Frames of one schema; arrays of shape (n,) or (n, points).

    Attributes
    ----------
    values, quality
        As stored, with the flags of the intake; NaN = missing.
    observed_ms, received_ms
        By the device's clock, and when it came; `received_ms` is `NEVER` where that is not known.
    period_ms
        Expected time between frames.
    before, before_ms
        The frame before; NaN where there is none or its value was bad (what follows a bad value is no jump), and `NEVER`.
    since_ms
        Since when each value is what it is.
    repeats
        How many frames before this one were the same in all values.
    seen
        Whether the source has ever sent the point.
    overdue_ms
        For how long nothing has come; 0 where a frame is looked at for its own sake.
    near
        By point: median of the same point of the other sources around; NaN where too few are known.
    balances
        By rule: what the heat sources of its zone give out, what the substations take in, how many those are; shape (n, 3).
    """

    values: Float64Array
    quality: UInt8Array
    observed_ms: Int64Array
    received_ms: Int64Array
    period_ms: Int64Array
    before: Float64Array
    before_ms: Int64Array
    since_ms: Int64Array
    repeats: Int32Array
    seen: BoolArray
    overdue_ms: Int64Array
    near: Mapping[int, Float64Array] = field(default_factory=dict)
    balances: Mapping[str, Float64Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.observed_ms)

    @cached_property
    def failed(self) -> BoolArray:
        """Values that were refused when they came: outside their range, or so flagged by their sender."""
        return np.asarray(self.quality == np.uint8(Quality.FAIL))

    def take(self, rows: slice | Int64Array) -> Rows:
        """Return some of the frames."""
        return Rows(
            self.values[rows],
            self.quality[rows],
            self.observed_ms[rows],
            self.received_ms[rows],
            self.period_ms[rows],
            self.before[rows],
            self.before_ms[rows],
            self.since_ms[rows],
            self.repeats[rows],
            self.seen[rows],
            self.overdue_ms[rows],
            {column: median[rows] for column, median in self.near.items()},
            {code: figures[rows] for code, figures in self.balances.items()},
        )


def rows_of_frames(observed_ms: Int64Array, values: Float64Array, quality: UInt8Array, *, period_ms: int) -> Rows:
    """Return the frames of one source over time as rows.

    Parameters
    ----------
    observed_ms
        Rising, shape (n,).
    values, quality
        Shape (n, points).
    """
    count, points = values.shape
    before = np.vstack([np.full((1, points), np.nan), values[:-1]])[:count]
    bad = np.vstack([np.zeros((1, points), np.bool_), bad_values(quality[:-1])])[:count]
    before_ms = np.concatenate([[NEVER], observed_ms[:-1]])[:count].astype(np.int64)
    same = (values == before) | (np.isnan(values) & np.isnan(before))
    if count:
        same[0] = False
    places = np.broadcast_to(np.arange(count)[:, None], same.shape)
    since_ms = observed_ms[np.maximum.accumulate(np.where(same, 0, places), axis=0)]
    whole = same.all(axis=1)
    started = np.maximum.accumulate(np.where(whole, 0, np.arange(count)))
    return Rows(
        values,
        quality,
        observed_ms,
        np.full(count, NEVER, np.int64),
        np.full(count, period_ms, np.int64),
        np.where(bad, np.nan, before),
        before_ms,
        since_ms,
        (np.arange(count) - started).astype(np.int32),
        np.logical_or.accumulate(~np.isnan(values), axis=0),
        np.zeros(count, np.int64),
    )


def missing_share(figures: Float64Array) -> Float64Array:
    """Return the share of what sources give out that the stations do not show; negative where they show more. Shape (n,)."""
    with np.errstate(all="ignore"):
        return np.asarray((figures[:, OUTLET] - figures[:, TAKEN]) / np.where(figures[:, OUTLET] > 0, figures[:, OUTLET], np.nan))


def bad_values(quality: UInt8Array) -> BoolArray:
    """Return which values were doubted or refused when they came."""
    return np.asarray(quality >= Quality.SUSPECT)


def overdue_ms(received_ms: Int64Array, period_ms: Int64Array, *, now_ms: int, periods: float) -> Int64Array:
    """Return for how long each source is silent; 0 within `periods` of its last frame, and where it was never heard."""
    age = now_ms - received_ms
    return np.where((received_ms != NEVER) & (age > periods * period_ms), age, 0)
