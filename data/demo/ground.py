"""The ground: gentle hills that fall towards a river, as a function of position and as a raster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Positions (n, 2) in metres east and north of the quarter's origin."""
Values = NDArray[np.float64]
"""One number for each position."""

LOWEST_M = 190.0
HIGHEST_M = 230.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Heights of a made-up plain: a slope, a few hills, small waves, a valley along the river.

    Attributes
    ----------
    hills
        Rows of (x, y, height in metres, radius in metres).
    river
        Axis of the river (n, 2), from south to north.
    rise
        Slope of the plain towards the north.
    wave_m
        Height of the small waves of 300 m length.
    range_m
        No height lies outside.
    """

    hills: NDArray[np.float64]
    river: Points
    rise: float = 0.002
    wave_m: float = 0.4
    range_m: tuple[float, float] = (LOWEST_M, HIGHEST_M)


def draw_ground(river: Points, half_width_m: float, rng: np.random.Generator) -> Ground:
    """Place the hills.

    Parameters
    ----------
    river
        Axis of the river, rising in y.
    half_width_m
        Half the width of the quarter; hills lie in it and a little around it.
    """
    count = 9
    xy = rng.uniform(-1.2 * half_width_m, 1.2 * half_width_m, (count, 2))
    height = rng.uniform(-3.0, 12.0, (count, 1))
    radius = rng.uniform(250.0, 700.0, (count, 1))
    return Ground(np.hstack([xy, height, radius]), river)


def height_m(ground: Ground, xy: Points) -> Values:
    """Return the height of the ground above the sea (1985 national datum) in metres.

    Parameters
    ----------
    xy
        Positions (n, 2) in metres from the origin of the quarter. Cost: n x hills.
    """
    x, y = xy[:, 0], xy[:, 1]
    distance = np.abs(x - np.interp(y, ground.river[:, 1], ground.river[:, 0]))
    heights = 205.0 + 6.0 * (1.0 - np.exp(-distance / 350.0)) + ground.rise * y
    heights += ground.wave_m * np.sin(x / 52.0 + y / 190.0) * np.sin(y / 61.0 - x / 240.0)
    for hill_x, hill_y, height, radius in ground.hills:
        heights += height * np.exp(-((x - hill_x) ** 2 + (y - hill_y) ** 2) / (2.0 * radius**2))
    return np.clip(heights - 5.0 * np.exp(-((distance / 60.0) ** 2)), *ground.range_m)
