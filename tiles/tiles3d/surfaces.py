"""Surfaces of buildings as a survey gives them (CityGML LoD2: roofs, walls, ground) become meshes, as they are.

Each polygon is triangulated in its own plane, with its holes, and shaded flat by its own normal. Nothing is extruded, snapped or
closed. A building stands on its lowest point: its heights count from there, and that point's own height is kept beside them, so
that one mesh serves both height datums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

from tiles.tiles3d.frame import Frame
from tiles.tiles3d.mesh import Mesh

_SMALLEST_M2: Final = 1e-4
_SMALLEST_TRIANGLE_M2: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Polygons of buildings, in the order of their owners.

    Attributes
    ----------
    polygons_z
        shapely polygons, longitude, latitude and height above the sea in metres, shape (n,).
    owners
        Row of the building each belongs to, rising, shape (n,).
    """

    polygons_z: NDArray[Any]
    owners: NDArray[np.int64]


def base_heights_m(surfaces: Surfaces, count: int) -> NDArray[np.float64]:
    """Return the lowest height of each building above the sea, shape (count,); NaN for one without surfaces."""
    points, polygon = shapely.get_coordinates(surfaces.polygons_z, include_z=True, return_index=True)
    lowest = np.full(count, np.inf)
    np.fmin.at(lowest, surfaces.owners[polygon], points[:, 2])
    return np.where(np.isfinite(lowest), lowest, np.nan)


def surface_mesh(surfaces: Surfaces, frame: Frame, *, base_m: NDArray[np.float64]) -> Mesh:
    """Return the triangles of surfaces; a building's look does not depend on the others.

    Parameters
    ----------
    surfaces
        Polygons, with an outer ring counter-clockwise seen from outside. A building whose rings all run the other way (as files
        that went through shapefiles have them) is turned over as a whole.
    frame
        Frame of the tileset.
    base_m
        Height from which each building's heights count, by owner: `base_heights_m` for a ground of 0, 0 for heights above
        the sea.

    Notes
    -----
    Polygons of less than a square centimetre are left out. Cost: about 20 microseconds a polygon.
    """
    corners = _Corners.of(surfaces, frame, base_m)
    normals, areas = _normals(corners)
    turned = _inside_out(surfaces, corners, normals * areas[:, None], len(base_m))
    normals = np.where(turned[surfaces.owners][:, None], -normals, normals)
    kept = areas > _SMALLEST_M2
    vertices, triangles = _triangulated(corners, normals, kept)
    return Mesh(
        corners.points_m[vertices],
        normals[corners.polygons[vertices]],
        surfaces.owners[corners.polygons[vertices]],
        triangles,
    )


@dataclass(frozen=True, slots=True)
class _Corners:
    """Ring vertices without the closing ones, in the order of the polygons.

    `points_m` has shape (n, 3); `rings`, `polygons` give the ring and polygon of a vertex; `outer` tells those of outer rings.
    """

    points_m: NDArray[np.float64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    outer: NDArray[np.bool_]

    @classmethod
    def of(cls, surfaces: Surfaces, frame: Frame, base_m: NDArray[np.float64]) -> _Corners:
        rings, ring_polygon = shapely.get_rings(surfaces.polygons_z, return_index=True)
        lonlat_z, ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
        first_ring = np.append(True, ring_polygon[1:] != ring_polygon[:-1])
        open_ends = np.flatnonzero(np.append(ring[:-1] == ring[1:], False))
        ring, lonlat_z = ring[open_ends], lonlat_z[open_ends]
        polygon = ring_polygon[ring]
        height_m = lonlat_z[:, 2] - base_m[surfaces.owners[polygon]]
        return cls(frame.local(lonlat_z[:, :2], height_m), ring, polygon, first_ring[ring])


def _next_in_ring(corners: _Corners) -> NDArray[np.int64]:
    """Return for each vertex the one after it in its ring."""
    starts = np.flatnonzero(np.append(True, corners.rings[1:] != corners.rings[:-1]))
    after = np.arange(1, len(corners.rings) + 1)
    after[np.append(starts[1:], len(corners.rings)) - 1] = starts
    return after


def _normals(corners: _Corners) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the unit normal and the area of each polygon's outer ring (Newell's sum, about its first corner)."""
    count = int(corners.polygons[-1]) + 1 if len(corners.polygons) else 0
    first = np.searchsorted(corners.polygons, np.arange(count))
    local = corners.points_m - corners.points_m[first][corners.polygons]
    crossed = np.cross(local, local[_next_in_ring(corners)])
    doubled = np.column_stack([np.bincount(corners.polygons, crossed[:, axis] * corners.outer, count) for axis in range(3)])
    length = np.linalg.norm(doubled, axis=1)
    return doubled / np.maximum(length, 1e-300)[:, None], length / 2


def _inside_out(surfaces: Surfaces, corners: _Corners, normals: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    """Tell the buildings whose surfaces enclose a negative volume: all of their rings run the wrong way.

    The volume is summed about the middle of the building, so that a missing floor or an open side does not turn its sign.
    """
    owner = surfaces.owners[corners.polygons]
    many = np.maximum(np.bincount(owner, minlength=count), 1)
    middle = np.column_stack([np.bincount(owner, corners.points_m[:, axis], count) / many for axis in range(3)])
    first = np.searchsorted(corners.polygons, np.arange(len(normals)))
    reach = np.einsum("ij,ij->i", corners.points_m[first] - middle[surfaces.owners], normals)
    inside_out: NDArray[np.bool_] = np.bincount(surfaces.owners, reach, count) < 0
    return inside_out


def _triangulated(
    corners: _Corners, normals: NDArray[np.float64], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the vertices that are drawn, and triangles of them, counter-clockwise seen against the normals."""
    flat = _in_planes(corners, normals)
    starts = np.searchsorted(corners.polygons, np.arange(len(normals) + 1))
    ring_ends = np.flatnonzero(np.append(corners.rings[1:] != corners.rings[:-1], True)) + 1
    parts, shift, drawn = [], 0, kept[corners.polygons]
    for polygon in np.flatnonzero(kept):
        start, end = starts[polygon], starts[polygon + 1]
        ends = ring_ends[np.searchsorted(ring_ends, start, "right") : np.searchsorted(ring_ends, end, "right")] - start
        found = mapbox_earcut.triangulate_float64(flat[start:end], ends.astype(np.uint32)).reshape(-1, 3)
        parts.append(found.astype(np.int64) + shift)
        shift += end - start
    vertices = np.flatnonzero(drawn)
    triangles = np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)
    return vertices, _facing(triangles, corners.points_m[vertices], normals[corners.polygons[vertices]])


def _in_planes(corners: _Corners, normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each vertex in its polygon's own plane, about the polygon's first corner."""
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = np.cross(helper, normals)
    across /= np.maximum(np.linalg.norm(across, axis=1), 1e-300)[:, None]
    along = np.cross(normals, across)
    first = np.searchsorted(corners.polygons, np.arange(len(normals)))
    local = corners.points_m - corners.points_m[first][corners.polygons]
    axes = across[corners.polygons], along[corners.polygons]
    return np.ascontiguousarray(np.column_stack([np.einsum("ij,ij->i", local, axis) for axis in axes]))


def _facing(triangles: NDArray[np.int64], points: NDArray[np.float64], normals: NDArray[np.float64]) -> NDArray[np.int64]:
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    side = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[triangles[:, 0]])
    turned: NDArray[np.int64] = np.where((side < 0)[:, None], triangles[:, ::-1], triangles)
    drawn: NDArray[np.int64] = turned[np.abs(side) > 2 * _SMALLEST_TRIANGLE_M2]
    return drawn
