"""Footprints become solids: one quad a wall, a fan or earcut for the roof, flat shaded, without a floor nobody sees.

Compiled loops do all but the triangulation of roofs with holes. What becomes of a solid depends on its own
footprint only, to the last bit: sums run over one solid after the other, never over blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import mapbox_earcut
import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from tiles.tiles3d.frame import Frame

_SHORTEST_WALL_M = 1e-3
_SMALLEST_M2 = 1e-9
Footprints: TypeAlias = NDArray[Any] | list[bytes]
"""Polygons and multipolygons as shapely geometries or as little-endian WKB without heights."""


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
        return Mesh(frame.raised(self.positions_m, self.lifts_m), self.normals, self.owners, self.triangles)


@dataclass(frozen=True, slots=True)
class _Rings:
    """Rings of all solids as open lists of vertices, one after the other; outer rings counter-clockwise, holes clockwise.

    Attributes
    ----------
    bottom_m
        Vertices on a ground of 0, shape (vertices, 3).
    starts
        First vertex of each ring, and the number of vertices, shape (rings + 1,).
    polygons, owners
        Polygon and solid of each ring, rising, shape (rings,).
    """

    bottom_m: NDArray[np.float64]
    starts: NDArray[np.int64]
    polygons: NDArray[np.int64]
    owners: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    def following(self) -> NDArray[np.int64]:
        """Return the vertex after each vertex, round its ring."""
        following = np.arange(1, len(self.bottom_m) + 1)
        following[self.starts[1:] - 1] = self.starts[:-1]
        return following


def extrude(footprints_wgs84: Footprints, frame: Frame, *, lift_m: NDArray[np.float64], height_m: NDArray[np.float64]) -> Mesh:
    """Return the solids over polygons and multipolygons (with holes).

    Parameters
    ----------
    footprints_wgs84
        shapely geometries, or their little-endian WKB; lon/lat degrees, valid; any ring direction.
    frame
        Frame of the tileset.
    lift_m
        Ground that each solid stands on, above the ellipsoid; goes into `Mesh.lifts_m`.
    height_m
        Height of each solid, > 0.

    Cost: about 0.6 s for 50,000 buildings.
    """
    rings = _rings(footprints_wgs84, frame)
    return _raise(rings, frame, lift_m, height_m)


def boxes(footprints_wgs84: Footprints, frame: Frame, *, lift_m: NDArray[np.float64], height_m: NDArray[np.float64]) -> Mesh:
    """Return an upright box round each polygon of each solid, along its walls: 20 vertices and 10 triangles a polygon.

    Parameters
    ----------
    footprints_wgs84, frame, lift_m, height_m
        As `extrude`.

    Cost: about 0.1 s for 50,000 buildings.
    """
    rings = _rings(footprints_wgs84, frame)
    return _raise(_box_rings(rings, frame), frame, lift_m, height_m)


def _rings(footprints: Footprints, frame: Frame) -> _Rings:
    outlines = footprints if isinstance(footprints, list) else _wkb(footprints)
    data = np.frombuffer(b"".join(outlines), dtype=np.uint8)
    starts = np.cumsum([0, *map(len, outlines)])
    rings, vertices = _scan(data, starts, np.empty((0, 3), np.int64), np.empty((0, 2)))
    found, lonlat = np.empty((rings, 3), dtype=np.int64), np.empty((vertices, 2))
    _scan(data, starts, found, lonlat)
    bottom = frame.local(lonlat, np.zeros(vertices))
    ring_starts = np.append(found[:, 0], vertices)
    _turn(bottom, ring_starts, found[:, 1])
    return _Rings(bottom, ring_starts, found[:, 1].copy(), found[:, 2].copy())


def _wkb(footprints: NDArray[Any]) -> list[bytes]:
    outlines: list[bytes] = shapely.to_wkb(footprints, output_dimension=2, byte_order=1).tolist()
    return outlines


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _u4(data: NDArray[np.uint8], at: int) -> int:
    return int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _scan(
    data: NDArray[np.uint8], starts: NDArray[np.int64], rings: NDArray[np.int64], lonlat: NDArray[np.float64]
) -> tuple[int, int]:
    """Read little-endian WKB of polygons and multipolygons; return how many rings and vertices there are.

    Where there is room, fill in first vertex, polygon and solid of each ring, and the vertices without the closing one.
    """
    ring, vertex, polygon = 0, 0, 0
    fill = len(rings) > 0
    coordinate = np.empty(1, dtype=np.float64)
    bits = coordinate.view(np.uint64)
    for solid in range(len(starts) - 1):
        at = starts[solid]
        parts = 1
        if _u4(data, at + 1) == 6:
            parts = _u4(data, at + 5)
            at += 9
        for _ in range(parts):
            count = _u4(data, at + 5)
            at += 9
            for _ in range(count):
                points = _u4(data, at)
                at += 4
                if fill:
                    rings[ring, 0], rings[ring, 1], rings[ring, 2] = vertex, polygon, solid
                    for point in range(points - 1):
                        for axis in range(2):
                            first = at + 16 * point + 8 * axis
                            bits[0] = np.uint64(_u4(data, first)) | np.uint64(_u4(data, first + 4)) << np.uint64(32)
                            lonlat[vertex + point, axis] = coordinate[0]
                at += 16 * points
                vertex += points - 1
                ring += 1
            polygon += 1
    return ring, vertex


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _turn(points: NDArray[np.float64], starts: NDArray[np.int64], polygons: NDArray[np.int64]) -> None:
    """Turn outer rings counter-clockwise and holes clockwise, in place."""
    for ring in range(len(polygons)):
        first, last = starts[ring], starts[ring + 1] - 1
        doubled = 0.0
        for vertex in range(first, last):  # near its own corner, to keep digits
            x, y = points[vertex, 0] - points[first, 0], points[vertex, 1] - points[first, 1]
            doubled += x * (points[vertex + 1, 1] - points[first, 1]) - y * (points[vertex + 1, 0] - points[first, 0])
        outer = ring == 0 or polygons[ring] != polygons[ring - 1]
        if (doubled > 0) == outer:
            continue
        while first < last:
            for axis in range(3):
                points[first, axis], points[last, axis] = points[last, axis], points[first, axis]
            first, last = first + 1, last - 1


def _box_rings(rings: _Rings, frame: Frame) -> _Rings:
    """Return one rectangle round each polygon, turned as its walls are: the mean of their directions modulo a right angle."""
    outer = np.flatnonzero(np.append(True, rings.polygons[1:] != rings.polygons[:-1]))
    vertex = np.flatnonzero(np.repeat(np.isin(np.arange(len(rings.sizes)), outer), rings.sizes))
    starts = np.concatenate([[0], np.cumsum(rings.sizes[outer])])
    polygon = np.repeat(np.arange(len(outer)), rings.sizes[outer])
    along = (rings.bottom_m[rings.following()] - rings.bottom_m)[vertex]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), _SHORTEST_WALL_M)
    fourfold = ((along[:, 0] + 1j * along[:, 1]) / length) ** 4 * length
    east, north = (np.bincount(polygon, part, minlength=len(outer)) for part in (fourfold.real, fourfold.imag))
    angle = np.arctan2(north, east) / 4
    cos, sin = np.cos(angle), np.sin(angle)
    corner = rings.bottom_m[rings.starts[outer]]
    local = rings.bottom_m[vertex] - corner[polygon]
    u = local[:, 0] * cos[polygon] + local[:, 1] * sin[polygon]
    v = local[:, 1] * cos[polygon] - local[:, 0] * sin[polygon]
    low_u, low_v = (np.minimum.reduceat(part, starts[:-1]) for part in (u, v))
    high_u, high_v = (np.maximum.reduceat(part, starts[:-1]) for part in (u, v))
    us, vs = np.stack([low_u, high_u, high_u, low_u], axis=1), np.stack([low_v, low_v, high_v, high_v], axis=1)
    x, y = us * cos[:, None] - vs * sin[:, None], us * sin[:, None] + vs * cos[:, None]
    up = frame.verticals(corner)
    z = -(x * up[:, :1] + y * up[:, 1:2]) / up[:, 2:]  # level at its place: across its own vertical
    bottom = (np.stack([x, y, z], axis=2) + corner[:, None]).reshape(-1, 3)
    return _Rings(bottom, 4 * np.arange(len(outer) + 1), rings.polygons[outer], rings.owners[outer])


def _raise(rings: _Rings, frame: Frame, lift_m: NDArray[np.float64], height_m: NDArray[np.float64]) -> Mesh:
    """Return the solids over rings.

    Each corner of a ring has five vertices on two places: the feet of the walls before and after it, their tops, the roof. Their
    order packs well: each place is written once and then repeated.
    """
    count = len(rings.bottom_m)
    positions, normals = np.empty((5 * count, 3)), np.empty((5 * count, 3))
    walls = _walls(rings.bottom_m, rings.starts, _upward(rings, frame, height_m), rings.owners, positions, normals)
    lids = _roofs(rings)
    corner_owners = np.repeat(rings.owners, rings.sizes)
    triangles = np.empty((2 * int(walls.sum()) + len(lids), 3), dtype=np.int64)
    _join(walls, rings.starts, rings.owners, lids, corner_owners, triangles)
    owners = np.repeat(corner_owners, 5)
    return Mesh(positions, normals, owners, triangles, lift_m[owners])


def _upward(rings: _Rings, frame: Frame, height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return from the bottom to the top of each solid, along the vertical at its first vertex."""
    first_ring = np.searchsorted(rings.owners, np.arange(len(height_m)))
    upward: NDArray[np.float64] = frame.verticals(rings.bottom_m[rings.starts[first_ring]]) * height_m[:, None]
    return upward


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _walls(  # noqa: PLR0917 - arrays
    bottom: NDArray[np.float64],
    starts: NDArray[np.int64],
    upward: NDArray[np.float64],
    owners: NDArray[np.int64],
    positions: NDArray[np.float64],
    normals: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Write the five vertices of each corner; tell after which corners a wall is long enough to be seen."""
    seen = np.empty(len(bottom), dtype=np.bool_)
    for ring in range(len(owners)):
        first, end, solid = starts[ring], starts[ring + 1], owners[ring]
        for corner in range(first, end):
            after = corner + 1 if corner + 1 < end else first
            x, y = bottom[after, 0] - bottom[corner, 0], bottom[after, 1] - bottom[corner, 1]
            length = np.sqrt(x * x + y * y)
            seen[corner] = length > _SHORTEST_WALL_M
            east, north = (y / length, -x / length) if seen[corner] else (1.0, 0.0)
            for axis in range(3):
                foot = bottom[corner, axis]
                top = foot + upward[solid, axis]
                positions[5 * corner, axis] = positions[5 * corner + 1, axis] = foot
                for vertex in range(5 * corner + 2, 5 * corner + 5):
                    positions[vertex, axis] = top
            for vertex in (5 * corner + 1, 5 * corner + 3, 5 * after, 5 * after + 2):
                normals[vertex, 0], normals[vertex, 1], normals[vertex, 2] = east, north, 0.0
            normals[5 * corner + 4, 0], normals[5 * corner + 4, 1], normals[5 * corner + 4, 2] = 0.0, 0.0, 1.0
    return seen


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _join(  # noqa: PLR0917 - arrays
    walls: NDArray[np.bool_],
    starts: NDArray[np.int64],
    owners: NDArray[np.int64],
    lids: NDArray[np.int64],
    corner_owners: NDArray[np.int64],
    triangles: NDArray[np.int64],
) -> None:
    """Write the triangles: of each solid first the walls, then the roof."""
    made, lid = 0, 0
    for ring in range(len(owners)):
        first, end = starts[ring], starts[ring + 1]
        for corner in range(first, end):
            if walls[corner]:
                after = corner + 1 if corner + 1 < end else first
                foot, next_foot, next_top, top = 5 * corner + 1, 5 * after, 5 * after + 2, 5 * corner + 3
                triangles[made, 0], triangles[made, 1], triangles[made, 2] = foot, next_foot, next_top
                triangles[made + 1, 0], triangles[made + 1, 1], triangles[made + 1, 2] = foot, next_top, top
                made += 2
        if ring + 1 < len(owners) and owners[ring + 1] == owners[ring]:
            continue
        while lid < len(lids) and corner_owners[lids[lid, 0]] == owners[ring]:
            for axis in range(3):
                triangles[made, axis] = 5 * lids[lid, axis] + 4
            lid, made = lid + 1, made + 1


def _roofs(rings: _Rings) -> NDArray[np.int64]:
    """Return the triangles of all polygons in the order of the polygons; vertex numbers are those of the rings."""
    first_ring = np.flatnonzero(np.append(True, rings.polygons[1:] != rings.polygons[:-1]))
    end_ring = np.append(first_ring[1:], len(rings.polygons))
    # a polygon of n vertices and h holes has n + 2h - 2 triangles at most
    room = rings.starts[end_ring] - rings.starts[first_ring] + 2 * (end_ring - first_ring) - 4
    place = np.cumsum(room) - room
    triangles = np.empty((int(room.sum()), 3), dtype=np.int64)
    counts = _cut(rings.bottom_m, rings.starts, first_ring, end_ring, place, triangles)
    for polygon in np.flatnonzero(counts < 0).tolist():
        found = _earcut(rings, int(first_ring[polygon]), int(end_ring[polygon]))
        counts[polygon] = len(found)
        triangles[place[polygon] : place[polygon] + len(found)] = found
    kept: NDArray[np.int64] = triangles[np.arange(len(triangles)) - np.repeat(place, room) < np.repeat(counts, room)]
    return kept


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _cut(  # noqa: PLR0917 - arrays
    points: NDArray[np.float64],
    starts: NDArray[np.int64],
    first_ring: NDArray[np.int64],
    end_ring: NDArray[np.int64],
    place: NDArray[np.int64],
    triangles: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Write the triangles of polygons without holes, each from its place on; return how many, -1 for what is not done here."""
    counts = np.full(len(first_ring), -1, dtype=np.int64)
    for polygon in range(len(first_ring)):
        if end_ring[polygon] - first_ring[polygon] > 1:
            continue
        first, end = starts[first_ring[polygon]], starts[first_ring[polygon] + 1]
        before, after = np.arange(first - 1, end - 1), np.arange(first + 1, end + 1)
        before[0], after[-1] = end - 1, first
        counts[polygon] = _clip_ears(points, first, before, after, triangles, place[polygon])
    return counts


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _clip_ears(  # noqa: PLR0917 - a ring by its links
    points: NDArray[np.float64],
    first: int,
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    triangles: NDArray[np.int64],
    place: int,
) -> int:
    """Clip corners of a counter-clockwise ring that hold no other corner until three are left; -1 when there is none to clip.

    A fan where the ring is convex. Corners without an area are dropped.
    """
    left, tried, made, corner = len(before), 0, 0, first + 1
    while left > 2:
        a, c = before[corner - first], after[corner - first]
        doubled = _doubled(points, a, corner, c)
        flat = abs(doubled) <= _SMALLEST_M2
        if not flat and (doubled < 0 or not _empty(points, a, corner, c, first, before, after)):
            corner, tried = c, tried + 1
            if tried > left:
                return -1
            continue
        if not flat:
            triangles[place + made, 0], triangles[place + made, 1], triangles[place + made, 2] = a, corner, c
            made += 1
        after[a - first], before[c - first] = c, a
        left, tried, corner = left - 1, 0, c
    return made


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _doubled(points: NDArray[np.float64], a: int, b: int, c: int) -> float:
    """Return twice the area of a triangle, negative where it runs clockwise."""
    area: float = (points[b, 0] - points[a, 0]) * (points[c, 1] - points[a, 1]) - (points[b, 1] - points[a, 1]) * (
        points[c, 0] - points[a, 0]
    )
    return area


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _empty(  # noqa: PLR0917 - a triangle and a ring by its links
    points: NDArray[np.float64], a: int, b: int, c: int, first: int, before: NDArray[np.int64], after: NDArray[np.int64]
) -> bool:
    """Tell whether no other corner of a ring that turns right lies in a triangle or on its edge."""
    other = after[c - first]
    while other != a:
        if (
            _doubled(points, before[other - first], other, after[other - first]) <= 0
            and _doubled(points, a, b, other) >= 0
            and _doubled(points, b, c, other) >= 0
            and _doubled(points, c, a, other) >= 0
        ):
            return False
        other = after[other - first]
    return True


def _earcut(rings: _Rings, first: int, end: int) -> NDArray[np.int64]:
    """Triangulate the polygon of rings `first` to `end - 1`."""
    start = int(rings.starts[first])
    xy = rings.bottom_m[start : rings.starts[end], :2]
    # near its own corner, so that the test for "inside" keeps its digits
    cut = mapbox_earcut.triangulate_float64(xy - xy[0], (rings.starts[first + 1 : end + 1] - start).astype(np.uint32))
    return _upright(cut.astype(np.int64).reshape(-1, 3), xy) + start


def _upright(triangles: NDArray[np.int64], xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn triangles counter-clockwise seen from above and drop those without an area."""
    a, b, c = (xy[triangles[:, corner]] for corner in range(3))
    doubled = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    turned = np.where((doubled < 0)[:, None], triangles[:, ::-1], triangles)
    upright: NDArray[np.int64] = turned[np.abs(doubled) > _SMALLEST_M2]
    return upright
