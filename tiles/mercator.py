"""Web Mercator (EPSG:3857): metres and degrees, and where a tile of the XYZ grid lies."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north: metres of EPSG:3857, or degrees."""
Floats: TypeAlias = NDArray[np.float64]
"""Points of shape (n, 2)."""

EARTH_RADIUS_M: Final = 6_378_137.0
HALF_WORLD_M: Final = float(np.pi * EARTH_RADIUS_M)


def tile_box(z: int, x: int, y: int, *, margin: float = 0.0) -> Box:
    """Return the bounds of a tile in metres, `margin` of its width wider on every side."""
    width_m = 2 * HALF_WORLD_M / 2**z
    west, north = x * width_m - HALF_WORLD_M, HALF_WORLD_M - y * width_m
    more_m = margin * width_m
    return west - more_m, north - width_m - more_m, west + width_m + more_m, north + more_m


def metres_of(lonlat: Floats) -> Floats:
    """Return metres of longitude and latitude."""
    radians = np.radians(lonlat)
    return np.column_stack([radians[:, 0], np.arcsinh(np.tan(radians[:, 1]))]) * EARTH_RADIUS_M


def degrees_of(xy_m: Floats) -> Floats:
    """Return longitude and latitude of metres."""
    angles = xy_m / EARTH_RADIUS_M
    lonlat: Floats = np.degrees(np.column_stack([angles[:, 0], np.arctan(np.sinh(angles[:, 1]))]))
    return lonlat
