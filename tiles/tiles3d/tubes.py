"""Lines become tubes: rings of corners round each segment, mitred where two segments meet, closed where a line ends alone.

Compiled loops write all corners of all tubes. The first ring is laid out from the vertical; at each bend the ring turns by the
smallest rotation, so that a tube never twists and the rings of both segments meet in the plane that halves the bend. A bend
sharper than 150 degrees is cut square, as no pipe is bent that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tiles.tiles3d.mesh import Mesh

SHORTEST_M = 1e-3
"""Segments below are dropped."""
_SHARPEST = -0.866
"""Cosine of the sharpest bend that is mitred."""
_RISER = 0.02
"""Sine of the angle to the vertical below which a segment rises straight up."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Axes of many tubes.

    Attributes
    ----------
    positions_m
        Vertices over a ground of 0, in the frame of the tileset, shape (n, 3).
    verticals
        Upward unit vectors there, shape (n, 3).
    lifts_m
        Height of the ground above the ellipsoid there, shape (n,).
    starts
        First vertex of each tube and, last, the number of vertices; shape (tubes + 1,).
    radii_m
        Outer radius of each tube.
    corners
        Corners of its ring: 3 or more.
    closed
        Whether its first and its last end are closed, shape (tubes, 2).
    """

    positions_m: NDArray[np.float64]
    verticals: NDArray[np.float64]
    lifts_m: NDArray[np.float64]
    starts: NDArray[np.int64]
    radii_m: NDArray[np.float64]
    corners: NDArray[np.int64]
    closed: NDArray[np.bool_]


def tubes(axes: Axes) -> Mesh:
    """Return the tubes, in the order of their axes.

    A tube of k segments and n corners has 2 n k vertices and as many triangles, and n vertices and n - 2 triangles more for each
    closed end.

    Cost: about 0.1 us a vertex.
    """
    segments = np.diff(axes.starts) - 1
    ends = axes.closed.sum(axis=1)
    vertices = axes.corners * (2 * segments + ends)
    triangles = 2 * axes.corners * segments + (axes.corners - 2) * ends
    first_vertex, first_triangle = _offsets(vertices), _offsets(triangles)
    points, faces = np.empty((first_vertex[-1], 7)), np.empty((first_triangle[-1], 3), dtype=np.int64)
    axis = np.column_stack([axes.positions_m, axes.verticals, axes.lifts_m])
    _sweep(axis, axes.starts, axes.radii_m, np.column_stack([axes.corners, first_vertex[:-1]]), points)
    _skin(segments, np.column_stack([axes.corners, first_vertex[:-1], first_triangle[:-1]]), faces)
    _close(axis, axes.starts, np.column_stack([axes.corners, first_vertex[:-1], first_triangle[:-1]]), axes.closed, points, faces)
    owners = np.repeat(np.arange(len(segments)), vertices)
    return Mesh(points[:, :3], points[:, 3:6], owners, faces, points[:, 6])


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets: NDArray[np.int64] = np.concatenate([[0], np.cumsum(counts)])
    return offsets


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _sweep(
    axis: NDArray[np.float64],
    starts: NDArray[np.int64],
    radii: NDArray[np.float64],
    places: NDArray[np.int64],
    points: NDArray[np.float64],
) -> None:
    """Write two rings a segment: position, normal, lift of each corner; `places` has corners and first vertex of each tube."""
    for tube in range(len(radii)):
        count, vertex, radius = places[tube, 0], places[tube, 1], radii[tube]
        first, last = starts[tube], starts[tube + 1] - 1
        sx, sy, sz = 0.0, 0.0, 0.0
        for segment in range(first, last):
            dx, dy, dz, _ = _direction(axis, segment)
            sx, sy, sz = _ring(axis, first, segment, sx, sy, sz)
            tx, ty, tz = sy * dz - sz * dy, sz * dx - sx * dz, sx * dy - sy * dx
            for end in range(2):
                at = segment + end
                bx, by, bz, shorter = _bend(axis, first, last, segment, end)
                steep = dx * bx + dy * by + dz * bz
                for corner in range(count):
                    angle = 2.0 * np.pi * corner / count
                    c, s = np.cos(angle), np.sin(angle)
                    nx, ny, nz = c * sx + s * tx, c * sy + s * ty, c * sz + s * tz
                    slide = 0.0 if steep < 1e-6 else radius * (nx * bx + ny * by + nz * bz) / steep
                    slide = min(max(slide, -0.5 * shorter), 0.5 * shorter)
                    points[vertex, 0] = axis[at, 0] + radius * nx - dx * slide
                    points[vertex, 1] = axis[at, 1] + radius * ny - dy * slide
                    points[vertex, 2] = axis[at, 2] + radius * nz - dz * slide
                    points[vertex, 3], points[vertex, 4], points[vertex, 5] = nx, ny, nz
                    points[vertex, 6] = axis[at, 6]
                    vertex += 1


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _direction(axis: NDArray[np.float64], segment: int) -> tuple[float, float, float, float]:
    """Return the unit vector along a segment and its length."""
    x = axis[segment + 1, 0] - axis[segment, 0]
    y = axis[segment + 1, 1] - axis[segment, 1]
    z = axis[segment + 1, 2] - axis[segment, 2]
    length = max(np.sqrt(x * x + y * y + z * z), 1e-12)
    return x / length, y / length, z / length, length


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _ring(  # noqa: PLR0917 - a vector by its numbers
    axis: NDArray[np.float64], first: int, segment: int, px: float, py: float, pz: float
) -> tuple[float, float, float]:
    """Return where the ring of a segment begins: to the right under the vertical, or that of the segment before it, p, turned."""
    dx, dy, dz, _ = _direction(axis, segment)
    if segment > first:
        ox, oy, oz, _ = _direction(axis, segment - 1)
        cosine = ox * dx + oy * dy + oz * dz
        if cosine >= _SHARPEST:
            share = (px * dx + py * dy + pz * dz) / (1.0 + cosine)
            x, y, z = _unit(px - share * (ox + dx), py - share * (oy + dy), pz - share * (oz + dz))
            return x, y, z
    ux, uy, uz = axis[segment, 3], axis[segment, 4], axis[segment, 5]
    x, y, z = dy * uz - dz * uy, dz * ux - dx * uz, dx * uy - dy * ux
    if x * x + y * y + z * z <= _RISER * _RISER:  # straight up: any direction across
        x, y, z = (dz, 0.0, -dx) if abs(dy) < 0.9 else (0.0, dz, -dy)
    x, y, z = _unit(x, y, z)
    return x, y, z


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _unit(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return a vector of length 1."""
    size = max(np.sqrt(x * x + y * y + z * z), 1e-12)
    return x / size, y / size, z / size


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _bend(axis: NDArray[np.float64], first: int, last: int, segment: int, end: int) -> tuple[float, float, float, float]:
    """Return the normal of the plane in which a segment ends (its own direction where it ends square) and the shorter length."""
    other = segment + 1 if end == 1 else segment - 1
    dx, dy, dz, length = _direction(axis, segment)
    if other < first or other >= last:
        return dx, dy, dz, length
    ox, oy, oz, beyond = _direction(axis, other)
    if dx * ox + dy * oy + dz * oz < _SHARPEST:
        return dx, dy, dz, length
    return dx + ox, dy + oy, dz + oz, min(length, beyond)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _skin(segments: NDArray[np.int64], places: NDArray[np.int64], faces: NDArray[np.int64]) -> None:
    """Join the two rings of each segment; `places` has corners, first vertex and first triangle of each tube."""
    for tube in range(len(segments)):
        count, vertex, face = places[tube, 0], places[tube, 1], places[tube, 2]
        for _ in range(segments[tube]):
            for corner in range(count):
                low, following = vertex + corner, vertex + (corner + 1) % count
                faces[face, 0], faces[face, 1], faces[face, 2] = low, low + count, following
                faces[face + 1, 0], faces[face + 1, 1], faces[face + 1, 2] = following, low + count, following + count
                face += 2
            vertex += 2 * count


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _close(  # noqa: PLR0917 - what is read, what is written
    axis: NDArray[np.float64],
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    closed: NDArray[np.bool_],
    points: NDArray[np.float64],
    faces: NDArray[np.int64],
) -> None:
    """Put a lid on closed ends, with corners of its own so that its edge stays sharp."""
    for tube in range(len(places)):
        count, segments = places[tube, 0], starts[tube + 1] - starts[tube] - 1
        vertex, face = places[tube, 1] + 2 * count * segments, places[tube, 2] + 2 * count * segments
        for end in range(2):
            if not closed[tube, end]:
                continue
            ring = places[tube, 1] if end == 0 else places[tube, 1] + count * (2 * segments - 1)
            sign = -1.0 if end == 0 else 1.0
            x, y, z, _ = _direction(axis, starts[tube] if end == 0 else starts[tube + 1] - 2)
            for corner in range(count):
                points[vertex + corner] = points[ring + corner]
                points[vertex + corner, 3], points[vertex + corner, 4], points[vertex + corner, 5] = sign * x, sign * y, sign * z
            for corner in range(1, count - 1):
                faces[face, 0] = vertex
                faces[face, 1] = vertex + (corner if end == 0 else corner + 1)
                faces[face, 2] = vertex + (corner + 1 if end == 0 else corner)
                face += 1
            vertex += count
