"""Layers whose rows are in more than one system: degrees among metres, zone numbers on some eastings only, two datums.

A single stray row is a fault of that row; from `LEAST_ROWS` on it is a layer put together from two, and no datum is right for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.datums import Datum
from gis.detect_datum import LEAST_POINTS, Trusted
from gis.detect_readings import METRES_PER_DEGREE, Reading, readings_of

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

LEAST_ROWS: Final = 3
_LEAST_SHARE: Final = 0.1
_FITS_M: Final = 30.0
_AWAY_M: Final = 100.0
_OVER_CHANCE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Mixture:
    """Two groups of rows.

    Attributes
    ----------
    first, second
        What each group is in.
    rows
        Positions (from 0) of the rows of the smaller group.
    smaller
        Which of the two that is.
    row_count
        All rows with coordinates.
    """

    first: str
    second: str
    rows: Integers
    smaller: str
    row_count: int


def mixed_units(xy: Floats, owner: Integers) -> Mixture | None:
    """Find degrees among metres, or eastings with and without a zone number.

    Parameters
    ----------
    xy
        Vertices as delivered, shape (n, 2).
    owner
        Row of each vertex, from 0.

    Returns
    -------
    None unless each of two groups has `LEAST_ROWS` rows. Cost: two passes over the vertices.
    """
    finite = np.isfinite(xy).all(axis=1)
    if not finite.any():
        return None
    size = np.abs(xy[finite])
    rows, first = np.unique(owner[finite], return_index=True)
    large, small = size[first].max(axis=1), size[first].min(axis=1)
    # longitudes and latitudes of China in either order: 0, 0 stands for a missing position in many files
    degrees = (large >= 70) & (large <= 180) & (small >= 2) & (small <= 60)
    metres = small > 1e4
    with_zone = metres & (large >= 1e7) & (large < 4.6e7)
    without = metres & (large < 7.2e6)
    return _groups(rows, degrees, metres, "degrees", "metres") or _groups(
        rows, without, with_zone, "eastings without zone number", "eastings with zone number"
    )


def _groups(rows: Integers, one: NDArray[np.bool_], other: NDArray[np.bool_], first: str, second: str) -> Mixture | None:
    counts = int(one.sum()), int(other.sum())
    if min(counts) < LEAST_ROWS:
        return None
    fewer = one if counts[0] <= counts[1] else other
    return Mixture(first, second, rows[fewer], first if fewer is one else second, len(rows))


def mixed_datums(xy: Floats, rows: Integers, datum: Datum, trusted: Trusted) -> Mixture | None:
    """Find rows that fit the trusted assets in another system than the rest of the layer.

    A row is of the declared datum when a trusted asset lies within 30 m of it; it is of another one when that brings it within
    30 m and the declared leaves it over 100 m off. Each group needs a tenth of the rows, and the second must be three times
    what chance puts near a trusted asset.

    Parameters
    ----------
    xy
        Places as delivered (`anchors_of`), shape (n, 2), all finite.
    rows
        Row of each place.
    datum
        The declared one.
    trusted
        Known places.
    """
    lonlat = trusted.lonlat[np.isfinite(trusted.lonlat).all(axis=1)]
    if len(xy) < LEAST_POINTS or len(lonlat) < LEAST_POINTS:
        return None
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(np.median(lonlat[:, 1]))), 1.0])
    tree = cKDTree(lonlat * scale)
    declared = Reading(datum)
    near = _distances_m(tree, declared.lonlat(xy) * scale)
    fits = near < _FITS_M
    if fits.mean() < _LEAST_SHARE:
        return None
    for other in readings_of(xy, near=None, known={}, declared=None):
        if other.turned or other.datum.text == datum.text:
            continue
        there = _distances_m(tree, other.lonlat(xy) * scale) < _FITS_M
        second = there & (near > _AWAY_M)
        chance = float(there[fits].mean()) * float((near > _AWAY_M).sum())
        if second.mean() >= _LEAST_SHARE and second.sum() >= max(LEAST_ROWS, _OVER_CHANCE * chance):
            return _groups(rows, fits, second, datum.text, other.text)
    return None


def _distances_m(tree: cKDTree, points: Floats) -> Floats:
    distance = np.full(len(points), np.inf)
    finite = np.isfinite(points).all(axis=1)
    if finite.any():
        distance[finite] = tree.query(points[finite])[0]
    return distance
