"""Declared areas against what is really served, and ground derived from the buildings where nothing is declared.

What is compared is heated area: an area agrees with its object to the share that the buildings which are both served and inside
have in all that are served or inside. A building lies where a point on its footprint lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.geometry import repair

Ids: TypeAlias = NDArray[np.int32]
Shapes: TypeAlias = NDArray[np.object_]
CoverageState: TypeAlias = Literal["agrees", "differs", "derived", "unserved", "none"]

OF_KINDS = ("company", "plant", "boiler_house", "substation", "estate", "licence")
"""What areas are of, by bit of `served_building.inside`; `licence` is what a company is licensed to heat."""
SUPPLY_KINDS = ("company", "plant", "boiler_house", "substation")
"""Kinds whose areas make a building covered: an estate is a place to live, and a licence no pipe."""
REACH_M = 50.0
"""Ground counts as served up to here from a building, so that rows of buildings and both sides of a street grow together."""
_ARC = 2  # segments a quarter circle: 50 m round a corner need no more
_GRID_M = 0.01
_SIMPLE_M = 0.5
_CRACK_M = 1.0  # between neighbours that were simplified apart, twice the above


@dataclass(frozen=True, slots=True)
class Comparison:
    """Objects of one kind in the given order; arrays of shape (objects,), lists hold asset ids of buildings by rising id.

    Attributes
    ----------
    served_count, inside_count
        Buildings that the object serves, and those of them inside its declared area.
    heated_area_m2
        Of the served buildings.
    agreement
        0..1 by heated area (by count where no area is known); NaN = nothing to compare.
    outside, foreign, unserved
        Served but outside; inside but served by another object of the kind; inside and served by nobody.
    state
        `agrees`, `differs`; `derived`: no area is declared; `unserved`: an area, but nobody is served; `none`: neither.
    """

    served_count: NDArray[np.int64]
    inside_count: NDArray[np.int64]
    heated_area_m2: NDArray[np.float64]
    agreement: NDArray[np.float64]
    outside: Sequence[Ids]
    foreign: Sequence[Ids]
    unserved: Sequence[Ids]
    state: Sequence[CoverageState]


def buildings_inside(points: Shapes, areas: Shapes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which areas hold which points, as two arrays of indexes; areas may be None. Cost: 0.2 s for 50,000 points."""
    area, point = shapely.STRtree(points).query(areas, predicate="covers")
    return area, point


def compare(
    object_ids: Ids,
    declared: NDArray[np.bool_],
    inside: tuple[NDArray[np.intp], NDArray[np.intp]],
    building_ids: Ids,
    *,
    server_ids: Ids,
    heated_area_m2: NDArray[np.float64],
    placed: NDArray[np.bool_],
) -> Comparison:
    """Compare the declared areas of the objects of one kind with the buildings that they serve.

    Parameters
    ----------
    object_ids
        Rising asset ids.
    declared
        Whether an object has a declared area.
    inside
        Of `buildings_inside`, by index of object and of building.
    building_ids
        Rising asset ids of the heated buildings.
    server_ids
        Object that serves each building; 0 = none.
    heated_area_m2
        Of each building.
    placed
        Whether a building has a place; one without is neither inside nor outside.

    Notes
    -----
    Arrays throughout; cost: 30 ms for 50,000 buildings and 6,500 objects.
    """
    size = len(object_ids)
    server = _index_of(server_ids, object_ids)
    of, building = inside
    own = server[building] == of
    at_home = np.zeros(len(building_ids), bool)
    at_home[building[own]] = True
    # outside counts where there is an area to be outside of
    out = np.flatnonzero((server >= 0) & placed & ~at_home & declared[np.maximum(server, 0)]) if size else np.zeros(0, np.intp)
    foreign, unserved = ~own & (server_ids[building] > 0), ~own & (server_ids[building] <= 0)
    served = np.flatnonzero(server >= 0)
    served_count = np.bincount(server[served], minlength=size)
    heated = np.bincount(server[served], weights=heated_area_m2[served], minlength=size).astype(np.float64)
    inside_count = np.bincount(of[own], minlength=size)
    lists = [
        _lists(server[out], building_ids[out], size),
        _lists(of[foreign], building_ids[building[foreign]], size),
        _lists(of[unserved], building_ids[building[unserved]], size),
    ]
    agreement = _agreement(inside, own, server, out=out, heated_area_m2=heated_area_m2, size=size)
    agreement[~declared] = np.nan
    wrong = np.array([[len(ids) for ids in part] for part in lists]).sum(axis=0)
    return Comparison(
        served_count=served_count,
        inside_count=inside_count,
        heated_area_m2=heated,
        agreement=agreement,
        outside=lists[0],
        foreign=lists[1],
        unserved=lists[2],
        state=[_state(*each) for each in zip(declared.tolist(), served_count.tolist(), wrong.tolist(), strict=True)],
    )


def _agreement(
    inside: tuple[NDArray[np.intp], NDArray[np.intp]],
    own: NDArray[np.bool_],
    server: NDArray[np.int64],
    *,
    out: NDArray[np.intp],
    heated_area_m2: NDArray[np.float64],
    size: int,
) -> NDArray[np.float64]:
    of, building = inside
    both, either = np.zeros((2, size)), np.zeros((2, size))
    for row, weight in enumerate((heated_area_m2, np.ones_like(heated_area_m2))):
        both[row] = np.bincount(of[own], weights=weight[building[own]], minlength=size)
        either[row] = np.bincount(of, weights=weight[building], minlength=size)
        either[row] += np.bincount(server[out], weights=weight[out], minlength=size)
    by_count = either[0] <= 0
    with np.errstate(invalid="ignore"):
        share: NDArray[np.float64] = np.where(by_count, both[1] / either[1], both[0] / either[0])
    return share


def _state(declared: bool, served_count: int, wrong_count: int) -> CoverageState:
    if not declared:
        return "derived" if served_count else "none"
    if not served_count:
        return "unserved"
    return "differs" if wrong_count else "agrees"


def _index_of(ids: Ids, known: Ids) -> NDArray[np.int64]:
    """Return the place of each id among rising known ones, -1 = not among them."""
    if not len(known):
        return np.full(len(ids), -1)
    place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[place] == ids, place, -1)


def _lists(of: NDArray[np.integer], ids: Ids, size: int) -> list[Ids]:
    order = np.lexsort((ids, of))
    return np.split(ids[order], np.cumsum(np.bincount(of, minlength=size))[:-1]) if size else []


# ---------------------------------------------------------------- ground


def building_grounds(footprints_m: Shapes, points_m: NDArray[np.float64]) -> Shapes:
    """Return the ground of each building: what lies within `REACH_M` of it, shared with its neighbours.

    A place belongs to the building whose point is nearest; a footprint always belongs to its building. So the grounds of two
    objects, which are unions of these, meet but do not overlap, but for footprints that do and a metre of simplification.

    Parameters
    ----------
    footprints_m
        Polygons in metres, none missing or empty; what is no valid polygon is repaired.
    points_m
        A point on each, shape (n, 2).

    Returns
    -------
    Polygons and multipolygons, valid. Cost: 6 s for 50,000 (one Voronoi diagram, one buffer and one intersection each).
    """
    if not len(points_m):
        return np.zeros(0, dtype=object)
    fixed, _ = repair(footprints_m)
    fixed = np.where(shapely.is_empty(fixed), _points(points_m), fixed)  # a repair may leave nothing
    near = shapely.buffer(fixed, REACH_M, quad_segs=_ARC)
    parts = shapely.intersection(near, _cells(points_m))
    grounds: Shapes = shapely.union(parts, shapely.buffer(fixed, _GRID_M, quad_segs=1, join_style="mitre"))
    return grounds


def _cells(points_m: NDArray[np.float64]) -> Shapes:
    """Return the Voronoi cell of each point; points at one place share theirs."""
    places, of = np.unique(points_m.round(3), axis=0, return_inverse=True)
    low, high = places.min(axis=0) - 3 * REACH_M, places.max(axis=0) + 3 * REACH_M
    frame = shapely.box(*low, *high)
    if len(places) < 2:
        return np.full(len(points_m), frame, dtype=object)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(places), extend_to=frame))
    # the diagram comes in an order of its own: each cell is that of the place inside it
    cell, place = shapely.STRtree(_points(places)).query(cells, predicate="contains")
    ordered = np.empty(len(places), dtype=object)
    ordered[place] = cells[cell]
    missing = shapely.is_missing(ordered)
    if missing.any():
        # a place on the edge of its cell by rounding: no wider than to its nearest neighbour
        distance, _ = cKDTree(places).query(places[missing], k=2)
        ordered[missing] = shapely.buffer(_points(places[missing]), distance[:, 1] / 2)
    found: Shapes = ordered[of.reshape(-1)]
    return found


def _points(xy: NDArray[np.float64]) -> Shapes:
    return np.asarray(shapely.points(xy), dtype=object)


def alike(*server_ids: Ids) -> NDArray[np.int32]:
    """Return a number from 1 on for each building, the same for buildings that have all their servers in common."""
    _, number = np.unique(np.column_stack(server_ids), axis=0, return_inverse=True)
    return (number.reshape(-1) + 1).astype(np.int32)


def grown_together(grounds: Shapes, server_ids: Ids, object_ids: Ids) -> Shapes:
    """Return the ground of each object: the union of those of the buildings that it serves, None where it serves none.

    Parameters
    ----------
    grounds
        Of the buildings.
    server_ids
        Object of each; 0 = none.
    object_ids
        Rising asset ids.

    Returns
    -------
    Valid polygons and multipolygons, simplified by half a metre. Cost: 5 s of one core for 50,000 grounds of 3,500 objects.
    """
    # on one grid: edges of neighbours are the same up to rounding, and would leave cracks
    return _by_object(grounds, server_ids, object_ids, _union)


def joined(grounds: Shapes, server_ids: Ids, object_ids: Ids) -> Shapes:
    """Return the same of grounds that grew together before: cracks of up to a metre between them are closed.

    Cost: 2 s of one core for 3,500 grounds.
    """
    return _by_object(grounds, server_ids, object_ids, _closed)


def _by_object(grounds: Shapes, server_ids: Ids, object_ids: Ids, merged: Callable[[Shapes], Any]) -> Shapes:
    result = np.full(len(object_ids), None, dtype=object)
    server = _index_of(server_ids, object_ids)
    use = np.flatnonzero((server >= 0) & ~shapely.is_missing(grounds) & ~shapely.is_empty(grounds))
    use = use[np.argsort(server[use], kind="stable")]
    if not len(use):
        return result
    groups, number = np.unique(server[use], return_inverse=True)
    parts, of = shapely.get_parts(grounds[use], return_index=True)
    whole = np.asarray(shapely.multipolygons(parts, indices=number[of]), dtype=object)
    result[groups], _ = repair(np.asarray(merged(whole), dtype=object))
    return result


def _union(whole: Shapes) -> Any:
    return shapely.simplify(shapely.union_all(whole.reshape(-1, 1), axis=1, grid_size=_GRID_M), _SIMPLE_M)


def _closed(whole: Shapes) -> Any:
    wide = shapely.buffer(whole, _CRACK_M, quad_segs=1, join_style="mitre")
    return shapely.buffer(wide, -_CRACK_M, quad_segs=1, join_style="mitre")
