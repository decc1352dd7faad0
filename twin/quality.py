"""Quality flags of single values: the primary flags of QARTOD, as in `ioos_qc`.

Values are flagged, never deleted: the raw value stays beside its flag.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from twin.arrays import BoolArray, Float64Array, UInt8Array


class Quality(IntEnum):
    """Primary flag of a value (U.S. IOOS, Manual for the Use of Real-Time Oceanographic Data Quality Control Flags)."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


FLAGS = frozenset(int(flag) for flag in Quality)


def flag_values(values: Float64Array, given: UInt8Array, low: Float64Array, high: Float64Array) -> UInt8Array:
    """Flag values by gross range and merge with the flags that the sender gave.

    Parameters
    ----------
    values
        Shape (frames, points); NaN = missing.
    given
        Flags of the sender, same shape; `NOT_EVALUATED` where it gave none.
    low, high
        Range of each point, shape (points,); infinite where there is none.

    Returns
    -------
    Flags of the same shape: `MISSING` for NaN, `FAIL` outside the range; inside it the sender's flag, where an unevaluated
    value becomes `GOOD`. A sender can make a flag worse than the range test, never better.
    """
    missing = np.isnan(values)
    with np.errstate(invalid="ignore"):
        outside = (values < low) | (values > high)
    inside = np.where(given == Quality.NOT_EVALUATED, Quality.GOOD, given)
    flags = np.where(outside, np.maximum(Quality.FAIL, inside), inside)
    return np.where(missing, Quality.MISSING, flags).astype(np.uint8)


def may_raise_alarm(quality: UInt8Array) -> BoolArray:
    """Tell which values may raise or clear a process alarm: suspect, failed and missing ones never do."""
    return quality <= Quality.NOT_EVALUATED
