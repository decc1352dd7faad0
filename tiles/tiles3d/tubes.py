"""Lines become tubes: rings of corners round each segment, mitred where two segments meet, closed by a cone where a line ends.

Compiled loops write all corners of all tubes. The first ring is laid out from the vertical; at each bend the ring turns by the
smallest rotation, so that a tube never twists and the rings of both segments meet in the plane that halves the bend. Up to a bend
of 40 degrees both segments share one ring, whose normals lie between theirs: arcs of short segments look round. A bend sharper
than 150 degrees is cut square, as no pipe is bent that way.

A cone is as long as its tube is thick (radius): where two pipes meet at an angle, the cones of both fill the gap between them,
and where a thick pipe meets a thin one they look like the reducer that is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tiles.tiles3d.mesh import Mesh

SHORTEST_M = 1e-3
"""Segments below are dropped."""
_SHARPEST = -0.866
"""Cosine of the sharpest bend that is mitred."""
_ROUND = 0.766
"""Cosine of the sharpest bend whose two segments share a ring."""
_RISER = 0.02
"""Sine of the angle to the vertical below which a segment rises straight up."""


_ENDS = {"open": 0, "lids": 1, "cones": 2}
_CONES = 2


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
    ends
        How a tube ends: `lids` are flat and have a sharp edge, `cones` are as long as the radius.
    """

    positions_m: NDArray[np.float64]
    verticals: NDArray[np.float64]
    lifts_m: NDArray[np.float64]
    starts: NDArray[np.int64]
    radii_m: NDArray[np.float64]
    corners: NDArray[np.int64]
    ends: Literal["open", "lids", "cones"]


def tubes(axes: Axes) -> Mesh:
    """Return the tubes, in the order of their axes.

    A tube of k segments and n corners has n vertices for each end, each bend and once more for each bend over 40 degrees, and two
    triangles for each corner of a segment; a cone takes a vertex and n triangles more, a lid n vertices and n - 2 triangles.

    Cost: about 0.05 us a vertex.
    """
    count = len(axes.radii_m)
    segments = np.diff(axes.starts) - 1
    rings = np.empty(count, dtype=np.int64)
    _count_rings(axes.positions_m, axes.starts, rings)
    n = axes.corners
    zero = np.zeros_like(n)
    added, fans = {"open": (zero, zero), "lids": (n, n - 2), "cones": (zero + 1, n)}[axes.ends]
    vertices, triangles = axes.corners * rings + 2 * added, 2 * (axes.corners * segments + fans)
    first_vertex, first_triangle = _offsets(vertices), _offsets(triangles)
    points, normals = np.empty((first_vertex[-1], 3)), np.empty((first_vertex[-1], 3))
    lifts, faces = np.empty(first_vertex[-1]), np.empty((first_triangle[-1], 3), dtype=np.int64)
    places = np.column_stack([axes.corners, first_vertex[:-1], first_triangle[:-1]])
    axis = np.column_stack([axes.positions_m, axes.verticals, axes.lifts_m])
    _sweep(axis, axes.starts, axes.radii_m, places, _ENDS[axes.ends], points, normals, lifts, faces)
    return Mesh(points, normals, np.repeat(np.arange(count), vertices), faces, lifts)


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets: NDArray[np.int64] = np.concatenate([[0], np.cumsum(counts)])
    return offsets


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _count_rings(axis: NDArray[np.float64], starts: NDArray[np.int64], rings: NDArray[np.int64]) -> None:
    """Write how many rings each tube has."""
    for tube in range(len(rings)):
        first, last = starts[tube], starts[tube + 1] - 1
        found = last - first + 1
        for segment in range(first, last - 1):
            found += 0 if _is_round(axis, segment) else 1
        rings[tube] = found


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _is_round(axis: NDArray[np.float64], segment: int) -> bool:
    """Tell whether a segment and the next share a ring."""
    dx, dy, dz, _ = _direction(axis, segment)
    ox, oy, oz, _ = _direction(axis, segment + 1)
    meets: bool = dx * ox + dy * oy + dz * oz >= _ROUND
    return meets


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _sweep(  # noqa: PLR0917 - what is read, what is written
    axis: NDArray[np.float64],
    starts: NDArray[np.int64],
    radii: NDArray[np.float64],
    places: NDArray[np.int64],
    ends: int,
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    lifts: NDArray[np.float64],
    faces: NDArray[np.int64],
) -> None:
    """Write all rings, cones and triangles; `places` has corners, first vertex and first triangle of each tube."""
    spokes = np.empty((2, 64, 3))
    for tube in range(len(radii)):
        count, vertex, face = places[tube, 0], places[tube, 1], places[tube, 2]
        first, last = starts[tube], starts[tube + 1] - 1
        low, high = vertex, vertex
        sx, sy, sz = 0.0, 0.0, 0.0
        for segment in range(first, last):
            dx, dy, dz, _ = _direction(axis, segment)
            sx, sy, sz = _ring(axis, first, segment, sx, sy, sz)
            now = spokes[segment % 2]
            _spread(sx, sy, sz, sy * dz - sz * dy, sz * dx - sx * dz, sx * dy - sy * dx, now[:count])
            if segment > first and _is_round(axis, segment - 1):
                low = high
                _soften(now[:count], normals[low : low + count])
            else:
                low = vertex
                _place(axis, first, last, segment, 0, radii[tube], now[:count], points[low : low + count])
                normals[low : low + count] = now[:count]
                lifts[low : low + count] = axis[segment, 6]
                vertex += count
            high = vertex
            _place(axis, first, last, segment, 1, radii[tube], now[:count], points[high : high + count])
            normals[high : high + count] = now[:count]
            lifts[high : high + count] = axis[segment + 1, 6]
            vertex += count
            face = _skin(low, high, count, face, faces)
        for end in range(2 if ends else 0):
            ring = places[tube, 1] if end == 0 else high
            at = first if end == 0 else last
            dx, dy, dz, _ = _direction(axis, first if end == 0 else last - 1)
            sign = -1.0 if end == 0 else 1.0
            out = np.array([sign * dx, sign * dy, sign * dz])
            added = 1 if ends == _CONES else count
            normals[vertex : vertex + added] = out
            lifts[vertex : vertex + added] = axis[at, 6]
            if ends == _CONES:
                points[vertex] = axis[at, :3] + radii[tube] * out
                face = _fan(vertex, ring, 0, count, end, face, faces)
            else:
                points[vertex : vertex + count] = points[ring : ring + count]
                face = _fan(vertex, vertex, 1, count - 1, end, face, faces)
            vertex += added


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _spread(  # noqa: PLR0917 - two vectors by their numbers
    sx: float, sy: float, sz: float, tx: float, ty: float, tz: float, spokes: NDArray[np.float64]
) -> None:
    """Write the unit vectors from the axis to the corners of a ring that begins at s and turns towards t."""
    for corner in range(len(spokes)):
        angle = 2.0 * np.pi * corner / len(spokes)
        c, s = np.cos(angle), np.sin(angle)
        spokes[corner, 0], spokes[corner, 1], spokes[corner, 2] = c * sx + s * tx, c * sy + s * ty, c * sz + s * tz


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _soften(spokes: NDArray[np.float64], normals: NDArray[np.float64]) -> None:
    """Turn the normals of a shared ring half-way to those of its second segment."""
    for corner in range(len(spokes)):
        x, y, z = (
            normals[corner, 0] + spokes[corner, 0],
            normals[corner, 1] + spokes[corner, 1],
            normals[corner, 2] + spokes[corner, 2],
        )
        normals[corner, 0], normals[corner, 1], normals[corner, 2] = _unit(x, y, z)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _place(  # noqa: PLR0917 - what is read, what is written
    axis: NDArray[np.float64],
    first: int,
    last: int,
    segment: int,
    end: int,
    radius: float,
    spokes: NDArray[np.float64],
    points: NDArray[np.float64],
) -> None:
    """Write the corners of a segment at one end: on its cylinder, in the plane in which it ends."""
    dx, dy, dz, _ = _direction(axis, segment)
    bx, by, bz, shorter = _bend(axis, first, last, segment, end)
    steep = dx * bx + dy * by + dz * bz
    for corner in range(len(spokes)):
        nx, ny, nz = spokes[corner, 0], spokes[corner, 1], spokes[corner, 2]
        slide = 0.0 if steep < 1e-6 else radius * (nx * bx + ny * by + nz * bz) / steep
        slide = min(max(slide, -0.5 * shorter), 0.5 * shorter)
        points[corner, 0] = axis[segment + end, 0] + radius * nx - dx * slide
        points[corner, 1] = axis[segment + end, 1] + radius * ny - dy * slide
        points[corner, 2] = axis[segment + end, 2] + radius * nz - dz * slide


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
def _skin(low: int, high: int, count: int, face: int, faces: NDArray[np.int64]) -> int:
    """Join two rings from a triangle on; return the triangle after them."""
    for corner in range(count):
        after = (corner + 1) % count
        faces[face, 0], faces[face, 1], faces[face, 2] = low + corner, high + corner, low + after
        faces[face + 1, 0], faces[face + 1, 1], faces[face + 1, 2] = low + after, high + corner, high + after
        face += 2
    return face


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fan(middle: int, ring: int, begin: int, stop: int, end: int, face: int, faces: NDArray[np.int64]) -> int:  # noqa: PLR0917
    """Join a vertex with sides `begin` to `stop - 1` of a ring from a triangle on; return the triangle after them."""
    for corner in range(begin, stop):
        after = ring + corner + 1 if begin else ring + (corner + 1) % stop
        faces[face, 0] = middle
        faces[face, 1] = ring + corner if end == 0 else after
        faces[face, 2] = after if end == 0 else ring + corner
        face += 1
    return face
