"""Estates of a large city: the ground of a substation, split between rows of buildings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry import Polygon, box

from data.demo.buildings import LANE_M, Building, Estate, estate_outline
from data.demo.organisation import Substation

_FAR_M = 5000.0


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a substation serves: its place, rows of buildings by their front, bounds along the street."""

    station: int
    rows: tuple[tuple[float, tuple[int, ...]], ...]
    bounds: tuple[float, float]


def split_estates(
    sites: Sequence[Estate], substations: Sequence[Substation], buildings: Sequence[Building], count: int
) -> tuple[list[Estate], list[int]]:
    """Split the sites into estates.

    Parameters
    ----------
    sites
        One for each block.
    substations
        Those of the sites; each gets at least one estate.
    buildings
        Those that the substations name.
    count
        Number of estates wanted; fewer when there are not as many rows.

    Returns
    -------
    Estates without names, and the index of its estate for each building.
    """
    grounds = [_ground(sites, substations, buildings, index) for index in range(len(substations))]
    parts = _share(count, grounds)
    estates: list[Estate] = []
    of = [-1] * len(buildings)
    for ground, number in zip(grounds, parts, strict=True):
        site = sites[substations[ground.station].estate]
        outline = estate_outline(site)
        chunks = [chunk.tolist() for chunk in np.array_split(np.arange(len(ground.rows)), number)]
        for chunk in chunks:
            low = -_FAR_M if chunk[0] == 0 else ground.rows[chunk[0]][0] - 2.0 * LANE_M
            high = _FAR_M if chunk[-1] == len(ground.rows) - 1 else ground.rows[chunk[-1] + 1][0] - 2.0 * LANE_M
            for row in chunk:
                for building in ground.rows[row][1]:
                    of[building] = len(estates)
            part = shapely.transform(box(ground.bounds[0], low, ground.bounds[1], high), site.frame.to_xy)
            estates.append(replace(site, name="", outline=_polygon(outline.intersection(part))))
    return estates, of


def _ground(sites: Sequence[Estate], substations: Sequence[Substation], buildings: Sequence[Building], index: int) -> _Ground:
    station = substations[index]
    rows: dict[float, list[int]] = {}
    for building in station.buildings:
        rows.setdefault(round(float(buildings[building].inlet_ab[1]), 3), []).append(building)
    return _Ground(
        index,
        tuple((front, tuple(rows[front])) for front in sorted(rows)),
        _bounds(sites, substations, buildings, index),
    )


def _bounds(
    sites: Sequence[Estate], substations: Sequence[Substation], buildings: Sequence[Building], index: int
) -> tuple[float, float]:
    """Return where the ground of a substation ends along the street: half-way to its neighbours' buildings."""
    own = [buildings[building].lot_a for building in substations[index].buildings]
    low, high = -_FAR_M, _FAR_M
    for other, sign in ((index - 1, -1), (index + 1, 1)):
        if not 0 <= other < len(substations) or substations[other].estate != substations[index].estate:
            continue
        theirs = [buildings[building].lot_a for building in substations[other].buildings]
        if sign < 0:
            low = (max(theirs) + min(own)) / 2.0
        else:
            high = (max(own) + min(theirs)) / 2.0
    return low, high


def _share(count: int, grounds: Sequence[_Ground]) -> list[int]:
    """Give every ground one part, then the next to whoever has most buildings for each, never more than its rows."""
    size = np.array([sum(len(row[1]) for row in ground.rows) for ground in grounds])
    rows = np.array([len(ground.rows) for ground in grounds])
    parts = np.ones(len(grounds), dtype=np.int64)
    for _ in range(count - len(grounds)):
        need = np.where(parts < rows, size / parts, -1.0)
        if need.max() < 0.0:
            break
        parts[int(need.argmax())] += 1
    return [int(part) for part in parts]


def _polygon(shape: shapely.Geometry) -> Polygon:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area)
