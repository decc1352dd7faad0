"""What every question needs and none changes: candidates as a tree of slices, footprints by station and by place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology.causes.footprints import CHANCES, HYPOTHESES, LEVELS, BoundFootprints
from topology.causes.places import Places

IntArray = NDArray[np.int32]


class Layout(NamedTuple):
    """Arrays for the compiled search, made once a valve state.

    Attributes
    ----------
    holder_at
        Innermost candidate in whose slice each number lies; -1 = none.
    parent
        Innermost candidate around each candidate; -1 = none.
    order
        Candidates, each before its parent.
    severities
        With how many severities a footprint is tried: one where all its codes are levels.
    is_burst
        Which footprints are bursts, of any size alike; others have `footprints.FALL_PRIOR`.
    total
        Stations of each footprint by code, shape (footprints, codes).
    start, column, code
        Stations of the footprints, as in `BoundFootprints`.
    column_start, column_row, column_code
        The same by station: footprints of column `c` are `column_row[column_start[c] : column_start[c + 1]]`.
    member_start, member
        Places of the footprints, as in `BoundFootprints`.
    place_start, place_row
        The same by place.
    """

    holder_at: IntArray
    parent: IntArray
    order: IntArray
    severities: IntArray
    is_burst: NDArray[np.bool_]
    total: NDArray[np.int16]
    start: IntArray
    column: IntArray
    code: NDArray[np.uint8]
    column_start: IntArray
    column_row: IntArray
    column_code: NDArray[np.uint8]
    member_start: IntArray
    member: IntArray
    place_start: IntArray
    place_row: IntArray


def lay_out(places: Places, prints: BoundFootprints) -> Layout:
    """Prepare the arrays of a valve state.

    Notes
    -----
    Cost: docs/causes.md (a sort of the entries of all footprints).
    """
    order = np.lexsort((places.last, -places.first)).astype(np.int32)
    holder_at, parent = _nest(places.size, places.first, places.last, order[::-1].copy())
    rows = len(prints.hypothesis)
    row = np.repeat(np.arange(rows, dtype=np.int32), np.diff(prints.start))
    codes = len(CHANCES)
    total = np.bincount(row.astype(np.int64) * codes + prints.code, minlength=rows * codes).astype(np.int16).reshape(rows, codes)
    by_column = np.argsort(prints.column, kind="stable")
    by_place = np.argsort(prints.member, kind="stable")
    of_member = np.repeat(np.arange(rows, dtype=np.int32), np.diff(prints.member_start))
    count = len(places.element) + len(prints.apart_row)
    return Layout(
        holder_at=holder_at,
        parent=parent,
        order=order,
        severities=np.where(total[:, len(LEVELS) :].any(axis=1), CHANCES.shape[1], 1).astype(np.int32),
        is_burst=prints.hypothesis == HYPOTHESES.index("burst"),
        total=total,
        start=prints.start,
        column=prints.column,
        code=prints.code,
        column_start=_starts(prints.column, len(places.station_row)),
        column_row=row[by_column],
        column_code=prints.code[by_column],
        member_start=prints.member_start,
        member=prints.member,
        place_start=_starts(prints.member, count),
        place_row=of_member[by_place],
    )


def _starts(values: IntArray, count: int) -> IntArray:
    return np.concatenate([[0], np.cumsum(np.bincount(values, minlength=count))]).astype(np.int32)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _nest(size: int, first: IntArray, last: IntArray, outer_first: IntArray) -> tuple[IntArray, IntArray]:
    """Return the innermost candidate of each number and the one around each candidate; slices are nested or apart."""
    holder_at, parent = np.full(size, -1, np.int32), np.full(first.size, -1, np.int32)
    for candidate in outer_first:
        parent[candidate] = holder_at[first[candidate]]
        holder_at[first[candidate] : last[candidate]] = candidate
    return holder_at, parent
