"""Small models of fittings, made by rule: each is one closed-looking mesh that its instances stretch and turn.

Coordinates: x along the pipe, y to its left, z up, the axis of the pipe at 0. But for the chamber, lengths are in outer radii of
the pipe. A chamber is one unit wide and one deep, from its cover at 0 down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiles.tiles3d.mesh import Mesh
from tiles.tiles3d.tubes import Axes, tubes

_SIDES = 10


def _rod(start: tuple[float, float, float], end: tuple[float, float, float], radius: float, sides: int = _SIDES) -> Mesh:
    """Return a closed cylinder between two points."""
    points = np.array([start, end])
    lean = np.array([0.0, 0.0, 1.0]) if abs(points[1, 2] - points[0, 2]) < 1e-9 else np.array([0.0, 1.0, 0.0])
    axis = Axes(points, np.tile(lean, (2, 1)), np.zeros(2), np.array([0, 2]), np.array([radius]), np.array([sides]), "lids")
    return tubes(axis)


def _block(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    """Return a box: a rod of four sides, stretched."""
    box = _rod((0, 0, -0.5), (0, 0, 0.5), np.sqrt(0.5), 4)
    turned = box.positions_m.copy()
    quarter = np.sqrt(0.5)
    x, y = turned[:, 0] * quarter - turned[:, 1] * quarter, turned[:, 0] * quarter + turned[:, 1] * quarter
    size, middle = np.subtract(high, low), np.add(high, low) / 2
    positions = np.column_stack([x, y, turned[:, 2]]) * size + middle
    return _flat(positions, box.triangles)


def _flat(positions: NDArray[np.float64], triangles: NDArray[np.int64]) -> Mesh:
    """Return a mesh with the normals of its faces."""
    corners = positions[triangles.ravel()]
    a, b, c = corners[0::3], corners[1::3], corners[2::3]
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    count = len(corners)
    return Mesh(corners, np.repeat(normals, 3, axis=0), np.zeros(count, dtype=np.int64), np.arange(count).reshape(-1, 3))


def _together(*parts: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(part.positions_m) for part in parts[:-1])])
    positions = np.concatenate([part.positions_m for part in parts])
    triangles = np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=True)])
    normals = np.concatenate([part.normals for part in parts])
    return Mesh(positions, normals, np.zeros(len(positions), dtype=np.int64), triangles)


def _valve() -> Mesh:
    body, bonnet = _rod((-1.2, 0, 0), (1.2, 0, 0), 1.5), _rod((0, 0, 1.0), (0, 0, 2.6), 0.6)
    flanges = [_rod((x - 0.2, 0, 0), (x + 0.2, 0, 0), 1.9) for x in (-1.4, 1.4)]
    return _together(body, *flanges, bonnet, _rod((0, 0, 2.6), (0, 0, 3.4), 0.2, 6), _rod((0, 0, 3.3), (0, 0, 3.5), 1.3))


def _chamber() -> Mesh:
    return _together(_block((-0.5, -0.5, -1.0), (0.5, 0.5, -0.05)), _rod((0, 0, -0.05), (0, 0, 0.0), 0.2, 12))


def _compensator() -> Mesh:
    rings = [_rod((x - 0.18, 0, 0), (x + 0.18, 0, 0), 1.7) for x in np.linspace(-1.6, 1.6, 5)]
    return _together(_rod((-2.2, 0, 0), (2.2, 0, 0), 1.25), *rings)


def _drain() -> Mesh:
    return _together(_rod((0, 0, -3.5), (0, 0, -0.8), 0.4), _rod((-0.5, 0, -2.4), (0.5, 0, -2.4), 0.8))


def _vent() -> Mesh:
    return _together(_rod((0, 0, 0.8), (0, 0, 3.5), 0.4), _rod((-0.5, 0, 2.4), (0.5, 0, 2.4), 0.8))


def _support() -> Mesh:
    return _block((-1.0, -2.0, -2.0), (1.0, 2.0, 2.0))


def _sleeve() -> Mesh:
    return _rod((-1.5, 0, 0), (1.5, 0, 0), 1.2)


_MAKERS: Final[Mapping[str, Callable[[], Mesh]]] = {
    "valve": _valve,
    "chamber": _chamber,
    "compensator": _compensator,
    "drain": _drain,
    "vent": _vent,
    "fixed_support": _support,
    "sleeve": _sleeve,
}
MODELS: Final[tuple[str, ...]] = tuple(_MAKERS)
"""Names of the models; a located point without a model of its own is a sleeve."""


def model(name: str) -> Mesh:
    """Return a model by its name."""
    return _MAKERS[name]()
