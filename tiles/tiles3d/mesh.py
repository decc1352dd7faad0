"""Footprints become solids: roofs by earcut, one quad a wall, flat shaded, without a floor nobody sees.

All work but the triangulation itself is done on arrays of the whole city.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

from tiles.tiles3d.frame import Frame

_SHORTEST_WALL_M = 1e-3


@dataclass(frozen=True)
class Mesh:
    """Triangles of many solids, in the order of their owners.

    Attributes
    ----------
    positions_m
        East, north, up in the frame of the tileset, shape (vertices, 3).
    normals
        Unit vectors in the same frame, shape (vertices, 3).
    owners
        Row of the solid each vertex belongs to, rising, shape (vertices,).
    triangles
        Vertex numbers, counter-clockwise seen from outside, in the order of their owners, shape (triangles, 3).
    lifts_m
        Height above the ellipsoid of the ground that each vertex stands on, shape (vertices,); None for 0. `positions_m` are
        those over a ground of 0; `lifted` adds it.
    """

    positions_m: NDArray[np.float64]
    normals: NDArray[np.float64]
    owners: NDArray[np.int64]
    triangles: NDArray[np.int64]
    lifts_m: NDArray[np.float64] | None = None

    @cached_property
    def _triangle_owners(self) -> NDArray[np.int64]:
        return self.owners[self.triangles[:, 0]]

    def part(self, first: int, last: int) -> Mesh:
        """Return the mesh of owners `first` to `last - 1`, which become 0, 1, ...; arrays are views where they can be."""
        start, end = np.searchsorted(self.owners, [first, last])
        begin, stop = np.searchsorted(self._triangle_owners, [first, last])
        return Mesh(
            self.positions_m[start:end],
            self.normals[start:end],
            self.owners[start:end] - first,
            self.triangles[begin:stop] - start,
            None if self.lifts_m is None else self.lifts_m[start:end],
        )

    def lifted(self, frame: Frame) -> Mesh:
        """Return the mesh on the ground's height above the ellipsoid: each vertex moves along its own vertical."""
        if self.lifts_m is None:
            return self
        positions = self.positions_m + frame.verticals(self.positions_m) * self.lifts_m[:, None]
        return Mesh(positions, self.normals, self.owners, self.triangles)


@dataclass(frozen=True, slots=True)
class _Outline:
    """Ring vertices of all footprints, each ring closed by its first vertex.

    `bottom_m` and `top_m` have shape (n, 3); `rings`, `polygons`, `owners` give the ring, polygon and solid of a vertex.
    """

    bottom_m: NDArray[np.float64]
    top_m: NDArray[np.float64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    owners: NDArray[np.int64]


def extrude(footprints_wgs84: NDArray[Any], frame: Frame, *, lift_m: NDArray[np.float64], height_m: NDArray[np.float64]) -> Mesh:
    """Return the solids over polygons and multipolygons (with holes).

    Parameters
    ----------
    footprints_wgs84
        shapely geometries, lon/lat degrees; any ring direction.
    frame
        Frame of the tileset.
    lift_m
        Ground that each solid stands on, above the ellipsoid; goes into `Mesh.lifts_m`.
    height_m
        Height of each solid, > 0.

    Cost: about 1 s for 50,000 buildings.
    """
    outline = _outline(footprints_wgs84, frame, height_m)
    walls, roofs = _walls(outline), _roofs(outline)
    owners = np.concatenate([walls.owners, roofs.owners])
    order = np.argsort(owners, kind="stable")
    new_number = np.empty(len(order), dtype=np.int64)
    new_number[order] = np.arange(len(order))
    triangles = new_number[np.concatenate([walls.triangles, roofs.triangles + len(walls.owners)])]
    sorted_owners = owners[order]
    triangles = triangles[np.argsort(sorted_owners[triangles[:, 0]], kind="stable")]
    positions = np.concatenate([walls.positions_m, roofs.positions_m])[order]
    normals = np.concatenate([walls.normals, roofs.normals])[order]
    return Mesh(positions, normals, sorted_owners, triangles, lift_m[sorted_owners])


def _outline(footprints: NDArray[Any], frame: Frame, height_m: NDArray[np.float64]) -> _Outline:
    polygons, polygon_owner = shapely.get_parts(footprints, return_index=True)
    # outer rings counter-clockwise, holes clockwise: the solid is always on the left of a wall
    rings, ring_polygon = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    lonlat, ring = shapely.get_coordinates(rings, return_index=True)
    polygon = ring_polygon[ring]
    owner = polygon_owner[polygon]
    bottom = frame.local(lonlat, np.zeros(len(lonlat)))
    top = bottom + frame.verticals(bottom) * height_m[owner][:, None]
    return _Outline(bottom, top, ring, polygon, owner)


def _walls(outline: _Outline) -> Mesh:
    start = np.flatnonzero(outline.rings[:-1] == outline.rings[1:])
    along = outline.bottom_m[start + 1] - outline.bottom_m[start]
    length = np.hypot(along[:, 0], along[:, 1])
    keep = length > _SHORTEST_WALL_M
    start, along, length = start[keep], along[keep], length[keep]
    corners = [outline.bottom_m[start], outline.bottom_m[start + 1], outline.top_m[start + 1], outline.top_m[start]]
    outward = np.column_stack([along[:, 1] / length, -along[:, 0] / length, np.zeros(len(start))])
    first = 4 * np.arange(len(start))[:, None]
    return Mesh(
        np.stack(corners, axis=1).reshape(-1, 3),
        np.repeat(outward, 4, axis=0),
        np.repeat(outline.owners[start], 4),
        (first + np.array([0, 1, 2, 0, 2, 3])).reshape(-1, 3),
    )


def _roofs(outline: _Outline) -> Mesh:
    closing = np.append(outline.rings[:-1] != outline.rings[1:], True)
    kept = np.flatnonzero(~closing)
    top, rings, polygons = outline.top_m[kept], outline.rings[kept], outline.polygons[kept]
    triangles = _orient(_triangulate(np.ascontiguousarray(top[:, :2]), rings, polygons), top)
    normals = np.tile([0.0, 0.0, 1.0], (len(top), 1))
    return Mesh(top, normals, outline.owners[kept], triangles)


def _triangulate(xy: NDArray[np.float64], rings: NDArray[np.int64], polygons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangulate each polygon; vertex numbers are those of `xy`."""
    polygon_start = np.flatnonzero(np.append(True, polygons[1:] != polygons[:-1]))
    polygon_end = np.append(polygon_start[1:], len(xy))
    ring_end = np.flatnonzero(np.append(rings[1:] != rings[:-1], True)) + 1
    first_ring = np.searchsorted(ring_end, polygon_start, "right")
    after_ring = np.searchsorted(ring_end, polygon_end, "right")
    parts = []
    for start, end, first, after in zip(polygon_start, polygon_end, first_ring, after_ring, strict=True):
        # near its own corner, so that the test for "inside" keeps its digits
        local = xy[start:end] - xy[start]
        found = mapbox_earcut.triangulate_float64(local, (ring_end[first:after] - start).astype(np.uint32))
        parts.append(found.astype(np.int64) + start)
    return np.concatenate(parts).reshape(-1, 3) if parts else np.empty((0, 3), dtype=np.int64)


def _orient(triangles: NDArray[np.int64], positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn triangles counter-clockwise seen from above and drop those without an area."""
    a, b, c = (positions[triangles[:, corner], :2] for corner in range(3))
    doubled = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    turned = np.where((doubled < 0)[:, None], triangles[:, ::-1], triangles)
    upright: NDArray[np.int64] = turned[np.abs(doubled) > 1e-9]
    return upright
