"""Values between stations: ordinary kriging over the nearest stations with a variogram fitted to the values.

Chosen by leave-one-out error over simpler methods (docs/fields.md has the figures): weights fall with distance as the values
themselves do, stations that stand together do not count twice, and the nugget keeps the noise of one instrument from becoming a
bump. An estimate never leaves the range of the stations it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial import cKDTree

Floats: TypeAlias = NDArray[np.float64]

NEIGHBOURS: Final = 12
"""Stations that an estimate is made from."""
_CLASSES: Final = 12
_MOST_FITTED: Final = 500
"""Stations that the variogram is fitted to; of more, evenly many."""
_FEWEST_FITTED: Final = 8
_AT_ONCE: Final = 8192


@dataclass(frozen=True, slots=True)
class Variogram:
    """Half the mean squared difference of two values `h` metres apart: nugget + sill x (1 - exp(-h / range))."""

    nugget: float
    sill: float
    range_m: float

    def at(self, distance_m: Floats) -> Floats:
        """Return the variogram of two different stations at each distance."""
        found: Floats = self.nugget + self.sill * (1.0 - np.exp(-distance_m / self.range_m))
        return found


def fit_variogram(xy_m: Floats, values: Floats) -> Variogram:
    """Fit a variogram to stations; with few of them it has no nugget and the range of their extent.

    Parameters
    ----------
    xy_m
        Positions in metres, shape (n, 2), no two the same.
    values
        Shape (n,).

    Cost: pairs of at most 500 stations, 30 ms.
    """
    step = -(-len(xy_m) // _MOST_FITTED)
    xy, own = xy_m[::step], values[::step]
    first, second = np.triu_indices(len(xy), 1)
    apart = np.hypot(*(xy[first] - xy[second]).T)
    extent = float(apart.max(initial=1.0))
    if len(xy) < _FEWEST_FITTED or not np.ptp(own) > 0:
        return Variogram(0.0, 1.0, extent)
    half_square = 0.5 * (own[first] - own[second]) ** 2
    near = apart <= extent / 2.0
    place = np.minimum((apart[near] / (extent / 2.0) * _CLASSES).astype(int), _CLASSES - 1)
    count = np.bincount(place, minlength=_CLASSES)
    kept = count > 0
    distance = np.bincount(place, apart[near], _CLASSES)[kept] / count[kept]
    mean = np.bincount(place, half_square[near], _CLASSES)[kept] / count[kept]
    return _fitted(distance, mean, np.sqrt(count[kept]), extent)


def _fitted(distance: Floats, mean: Floats, weight: Floats, extent: float) -> Variogram:
    """Return the best of variograms whose ranges are tried one by one; nugget and sill are linear then, and not negative."""
    best, least = Variogram(0.0, 1.0, extent), np.inf
    for range_m in np.geomspace(extent / 60.0, 2.0 * extent, 16).tolist():
        terms = np.column_stack([np.ones_like(distance), 1.0 - np.exp(-distance / range_m)])
        (nugget, sill), off = nnls(terms * weight[:, None], mean * weight)
        if off < least and sill > 0:
            best, least = Variogram(float(nugget), float(sill), range_m), off
    return best


def krige(xy_m: Floats, values: Floats, at_m: Floats, variogram: Variogram) -> Floats:
    """Return estimates at places.

    Parameters
    ----------
    xy_m, values
        Stations, at least one; no two at the same place.
    at_m
        Shape (m, 2), metres.

    Cost: one system of 13 equations a place; 15 ms of processor for a thousand.
    """
    if len(xy_m) == 1:
        return np.full(len(at_m), float(values[0]))
    tree, count = cKDTree(xy_m), min(NEIGHBOURS, len(xy_m))
    parts = [_part(tree, values, at_m[i : i + _AT_ONCE], variogram, count) for i in range(0, len(at_m), _AT_ONCE)]
    return np.concatenate(parts) if parts else np.empty(0)


def _part(tree: cKDTree, values: Floats, at_m: Floats, variogram: Variogram, count: int) -> Floats:
    apart, which = tree.query(at_m, count)
    place = np.asarray(tree.data)[which]
    between = np.hypot(*np.moveaxis(place[:, :, None] - place[:, None, :], -1, 0))
    system = np.ones((len(at_m), count + 1, count + 1))
    system[:, :count, :count] = variogram.at(between)
    # a station does not differ from itself; the last row makes the weights sum to one
    diagonal = np.arange(count)
    system[:, diagonal, diagonal] = 0.0
    system[:, count, count] = 0.0
    wanted = np.ones((len(at_m), count + 1, 1))
    wanted[:, :count, 0] = variogram.at(apart)
    weights = np.linalg.solve(system, wanted)[:, :count, 0]
    near = values[which]
    estimate: Floats = np.clip((weights * near).sum(axis=1), near.min(axis=1), near.max(axis=1))
    return estimate
