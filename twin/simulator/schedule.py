"""When sources report: each at its own period and phase."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np

from twin.arrays import Float64Array, Int64Array
from twin.errors import BadFault
from twin.simulator.sources import STATION_KINDS, Group

Arrival: TypeAlias = Literal["spread", "burst"]
"""`spread`: evenly over the period. `burst`: 80 % in its first twelfth, the first 5 s of a minute."""
_BURST_SHARE, _BURST_PART = 0.8, 1 / 12


def require_arrival(text: str) -> Arrival:
    """Return the profile of that name.

    Raises
    ------
    BadFault
        When there is none.
    """
    for name in get_args(Arrival):
        if text == name:
            found: Arrival = name
            return found
    raise BadFault(f"arrival is {text!r}; it must be {' or '.join(get_args(Arrival))}")


def phases(group: Group, arrival: Arrival) -> Float64Array:
    """Return at which share of its period each source reports."""
    if arrival == "spread":
        return group.phase
    early = group.phase < _BURST_SHARE
    late = _BURST_PART + (group.phase - _BURST_SHARE) / (1 - _BURST_SHARE) * (1 - _BURST_PART)
    return np.where(early, group.phase / _BURST_SHARE * _BURST_PART, late)


def periods_s(group: Group, *, scale: float, station_period_s: float | None) -> Float64Array:
    """Return the seconds between two frames of each source.

    Parameters
    ----------
    scale
        How much more often than registered everybody reports.
    station_period_s
        In place of the registered period of stations; None = as registered.
    """
    if station_period_s is not None and group.kind in STATION_KINDS:
        return np.full(len(group), station_period_s / scale)
    return group.period_s / scale


def due(
    period_s: Float64Array, phase: Float64Array, start_s: Float64Array | float, end_s: float
) -> tuple[Int64Array, Int64Array]:
    """Return who reports from `start_s` up to (not with) `end_s`, and when.

    Parameters
    ----------
    period_s, phase
        Of the sources, shape (n,).
    start_s, end_s
        Epoch seconds; `start_s` may be one for each source.

    Returns
    -------
    Rows, by rising time of each source, and epoch milliseconds; a source may come more than once. Consecutive spans of time
    give each report once.
    """
    first = np.ceil(start_s / period_s - phase).astype(np.int64)
    last = np.ceil(end_s / period_s - phase).astype(np.int64)
    rows = np.repeat(np.arange(len(period_s)), last - first)
    starts = np.repeat(np.cumsum(last - first) - (last - first), last - first)
    number = first[rows] + np.arange(len(rows)) - starts
    return rows, np.floor((number + phase[rows]) * period_s[rows] * 1000.0).astype(np.int64)
