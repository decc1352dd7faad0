"""Chance that depends on a pixel's number in a picture only, so that windows of any cut fit each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def pixel_noise(row: int, column: int, shape: tuple[int, int], seed: int) -> Floats:
    """Return a number in [0, 1) for each pixel, unlike its neighbours'.

    Parameters
    ----------
    row, column
        Of the first pixel; may be negative.
    """
    with np.errstate(over="ignore"):
        down = (np.arange(row, row + shape[0]).astype(np.uint32) * np.uint32(0x9E3779B1))[:, None]
        right = (np.arange(column, column + shape[1]).astype(np.uint32) * np.uint32(0x85EBCA77))[None, :]
        mixed = (down ^ right) + np.uint32(seed * 0x27D4EB2F & 0xFFFFFFFF)
        # the last rounds of MurmurHash3: every bit of the number moves every bit of the result
        mixed ^= mixed >> np.uint32(16)
        mixed *= np.uint32(0x85EBCA6B)
        mixed ^= mixed >> np.uint32(13)
        mixed *= np.uint32(0xC2B2AE35)
        mixed ^= mixed >> np.uint32(16)
    found: Floats = (mixed >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return found


def smooth_noise(row: int, column: int, shape: tuple[int, int], size: float, seed: int) -> Floats:
    """Return a number in [0, 1) for each pixel that changes over `size` pixels."""
    first_row, first_column = int(np.floor(row / size)), int(np.floor(column / size))
    down = (np.arange(shape[0]) + row) / size - first_row
    right = (np.arange(shape[1]) + column) / size - first_column
    knots = pixel_noise(first_row, first_column, (int(down[-1]) + 2, int(right[-1]) + 2), seed)
    return lerp(knots, down.astype(np.float32), right.astype(np.float32))


def lerp(knots: Floats, down: Floats, right: Floats) -> Floats:
    """Return values between knots of a lattice.

    Parameters
    ----------
    knots
        Shape (k, m).
    down, right
        Places in it, rows and columns of the result.
    """
    top, left = np.minimum(down.astype(int), len(knots) - 2), np.minimum(right.astype(int), knots.shape[1] - 2)
    share = (down - top)[:, None]
    rows = knots[top] * (1 - share) + knots[top + 1] * share
    share = (right - left)[None, :]
    found: Floats = (rows[:, left] * (1 - share) + rows[:, left + 1] * share).astype(np.float32)
    return found
