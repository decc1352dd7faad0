"""GCJ-02 and BD-09 after the text that is published everywhere, in plain numpy: checks the compiled loops of `gis.kernels`."""

from __future__ import annotations

import numpy as np

RADIUS_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
TURN = np.pi * 3000.0 / 180.0


def gcj02_from_wgs84(lonlat: np.ndarray) -> np.ndarray:
    x, y = lonlat[:, 0] - 105.0, lonlat[:, 1] - 35.0
    both = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + both
    north_m += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + both
    east_m += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = lonlat[:, 1] / 180.0 * np.pi
    magic = 1.0 - ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    north_deg = north_m * 180.0 / (RADIUS_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic)) * np.pi)
    east_deg = east_m * 180.0 / (RADIUS_M / np.sqrt(magic) * np.cos(latitude) * np.pi)
    return lonlat + np.column_stack((east_deg, north_deg))


def bd09_from_gcj02(lonlat: np.ndarray) -> np.ndarray:
    x, y = lonlat[:, 0], lonlat[:, 1]
    z = np.sqrt(x * x + y * y) + 0.00002 * np.sin(y * TURN)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * TURN)
    return np.column_stack((z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006))


def undone(forward, lonlat: np.ndarray, rounds: int) -> np.ndarray:
    guess = lonlat
    for _ in range(rounds):
        guess = guess - (forward(guess) - lonlat)
    return guess
