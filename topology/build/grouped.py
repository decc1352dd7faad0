"""`Grouped`: items laid out by a number, so that the items of a range of numbers are one slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Items grouped by a number: those of number `n` are `item[start[n]:start[n + 1]]`.

    Attributes
    ----------
    start
        Offset of each number, shape (numbers + 1,).
    item
        The items by number.
    """

    start: IntArray
    item: IntArray

    def between(self, first: int, last: int) -> IntArray:
        """Return the items of the numbers `first <= n < last`."""
        return self.item[self.start[first] : self.start[last]]

    def at(self, numbers: NDArray[np.integer[Any]]) -> IntArray:
        """Return the items of several numbers."""
        first = self.start[numbers]
        size = self.start[numbers + 1] - first
        shift = np.repeat(first - np.concatenate([[0], np.cumsum(size)[:-1]]), size) if len(size) else size
        found: IntArray = self.item[shift + np.arange(len(shift))]
        return found


def grouped(number: IntArray, count: int) -> Grouped:
    """Group the positions of `number` (0 <= number < count) by their number, keeping their order."""
    start = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(number, minlength=count), out=start[1:])
    return Grouped(start, np.argsort(number, kind="stable").astype(np.int32))


def laid_out(position: IntArray, items: IntArray, size: int) -> Grouped:
    """Lay items out by a position of each (below `size`); those at -1 are left out."""
    items, position = items[position >= 0], position[position >= 0]
    groups = grouped(position, size)
    return Grouped(groups.start, items[groups.item])
