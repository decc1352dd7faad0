"""Footprints of buildings: slabs, L, U, courts, combs, stepped and bent slabs, crosses, twin slabs, blocks on a podium.

All are drawn in a frame whose first axis runs along the street: the front touches the line of its lot's row, so that one
straight lane serves the row, and the entrance lies on the far side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, box

Shape = Polygon | MultiPolygon
Span = tuple[float, float]

REACH_M = 5.0
"""Straight wall that an inlet needs beside it, towards the middle, for those of further systems."""
_APART_M = 5.0
"""Between the blocks of one building."""
_FLAT_M = 12.0
"""Straight part in the middle of a bent slab."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """A footprint in the frame of its estate.

    Attributes
    ----------
    outline
        Several polygons for a building of several blocks.
    inlet_ab
        Where pipes enter on the front.
    entrance_ab
        Where they enter on the far side.
    """

    outline: Shape
    inlet_ab: NDArray[np.float64]
    entrance_ab: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A shape with its front's left end at (0, 0): where the front is straight, and the entrance; None = opposite the inlet."""

    outline: Shape
    front: Span
    entrance: tuple[float, float] | None


def footprint(shape: str, corner: NDArray[np.float64], length: float, depth: float, place: float) -> Footprint:
    """Return a footprint.

    Parameters
    ----------
    shape
        A key of `SHAPES`.
    corner
        Left end of the front (2,), in the estate's frame, metres.
    length, depth
        Along the front and away from it, metres; shapes with wings become deeper.
    place
        Of the inlet along the front, 0 to 1.
    """
    plan = SHAPES[shape](length, max(depth, DEPTH_M.get(shape, 0.0)))
    at = float(np.clip(place * length, *plan.front))
    entrance = (at, float(shapely.bounds(plan.outline)[3])) if plan.entrance is None else plan.entrance
    outline = shapely.transform(plan.outline, lambda ab: ab + corner)
    return Footprint(outline, corner + np.array([at, 0.0]), corner + np.array(entrance))


def _slab(length: float, depth: float) -> _Plan:
    return _Plan(box(0.0, 0.0, length, depth), (REACH_M, length - REACH_M), None)


def _l(length: float, depth: float) -> _Plan:
    wing = min(14.0, 0.45 * depth)
    return _cut(length, depth, box(wing, wing, length + 1.0, depth + 1.0))


def _u(length: float, depth: float) -> _Plan:
    wing = min(14.0, 0.45 * depth)
    return _cut(length, depth, box(wing, wing, length - wing, depth + 1.0))


def _court(length: float, depth: float) -> _Plan:
    return _cut(length, depth, box(14.0, 14.0, length - 14.0, depth - 14.0))


def _comb(length: float, depth: float) -> _Plan:
    """Three wings behind a slab, as schools are built."""
    tooth, base = 0.2 * length, 0.42 * depth
    gaps = [box(left, base, left + tooth, depth + 1.0) for left in (tooth, 3.0 * tooth)]
    return _cut(length, depth, *gaps)


def _cut(length: float, depth: float, *away: Polygon) -> _Plan:
    """Return a rectangle less some others; its western wing reaches the far wall."""
    outline = box(0.0, 0.0, length, depth).difference(shapely.union_all(away))
    assert isinstance(outline, Polygon)  # wings are wider than nothing
    return _Plan(outline, (REACH_M, length - REACH_M), (3.0, depth))


def _h(length: float, depth: float) -> _Plan:
    """Two slabs joined by a narrow one, as hospitals are built."""
    slab, join = 0.36 * depth, 0.16 * length
    sides = [box(left, slab, left + (length - join) / 2.0, depth - slab) for left in (-1.0, (length + join) / 2.0 + 1.0)]
    return _cut(length, depth, *sides)


def _step(length: float, depth: float) -> _Plan:
    """Two halves of a slab, the eastern one further back."""
    half, back = length / 2.0, 0.3 * depth
    ring = [
        (0, 0),
        (half, 0),
        (half, back),
        (length, back),
        (length, depth + back),
        (half, depth + back),
        (half, depth),
        (0, depth),
    ]
    return _Plan(Polygon(ring), (REACH_M, half - 2.0 * REACH_M), (length - 3.0, depth + back))


def _cross(length: float, depth: float) -> _Plan:
    """Four wings around a core, as towers are built."""
    arm_a, arm_b = (length - 2.0 * REACH_M - 2.0) / 2.0, 0.3 * depth
    corners = [
        box(left, low, left + arm_a + 1.0, low + arm_b + 1.0)  # 1 m over the edge, where rounding would leave slivers
        for left in (-1.0, length - arm_a)
        for low in (-1.0, depth - arm_b)
    ]
    outline = box(0.0, 0.0, length, depth).difference(shapely.union_all(corners))
    assert isinstance(outline, Polygon)  # the arms meet in the core
    return _Plan(outline, (length / 2.0, length / 2.0), (length / 2.0, depth))


def _round(length: float, depth: float) -> _Plan:
    """A block with round corners."""
    radius = min(6.0, 0.3 * depth)
    outline = box(radius, radius, length - radius, depth - radius).buffer(radius, quad_segs=5)
    return _Plan(outline, (length / 2.0, length / 2.0), (length / 2.0, depth))


def _arc(length: float, depth: float) -> _Plan:
    """A slab whose ends bend away from the street."""
    turns = np.radians(np.array([-32.0, -24.0, -16.0, -8.0, 8.0, 16.0, 24.0, 32.0]))
    side = (length - _FLAT_M) / 2.0 / np.cos(turns[-4:]).sum()
    right = np.cumsum(
        np.vstack([[_FLAT_M / 2.0, 0.0], *([side * np.cos(turn), side * np.sin(turn)] for turn in turns[-4:])]), axis=0
    )
    front = np.vstack([right[::-1] * np.array([-1.0, 1.0]), right])
    along = np.gradient(front, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    far = front + depth * normal
    flat = slice(len(right) - 1, len(right) + 1)
    far[flat, 1] = depth
    middle = length / 2.0
    ring = np.vstack([front, far[::-1]]) + np.array([middle, 0.0])
    return _Plan(Polygon(ring), (middle, middle), (middle, depth))


def _twin(length: float, depth: float) -> _Plan:
    """Two slabs of one building, side by side."""
    half = (length - _APART_M) / 2.0
    outline = MultiPolygon([box(0.0, 0.0, half, depth), box(half + _APART_M, 0.0, length, depth)])
    return _Plan(outline, (REACH_M, half - 2.0 * REACH_M), (3.0, depth))


def _podium(length: float, depth: float) -> _Plan:
    """A low block along the street, two blocks behind it."""
    low, half = 0.4 * (depth - _APART_M), (length - 2.0 * _APART_M) / 2.0
    behind = low + _APART_M
    blocks = [
        box(0.0, 0.0, length, low),
        box(0.0, behind, half, depth),
        box(length - half, behind, length, depth),
    ]
    return _Plan(MultiPolygon(blocks), (REACH_M, length - REACH_M), (3.0, depth))


SHAPES: Mapping[str, Callable[[float, float], _Plan]] = {
    "slab": _slab,
    "l": _l,
    "u": _u,
    "court": _court,
    "comb": _comb,
    "h": _h,
    "step": _step,
    "cross": _cross,
    "round": _round,
    "arc": _arc,
    "twin": _twin,
    "podium": _podium,
}
"""Plans by name: length and depth in, in metres."""

DEPTH_M: Mapping[str, float] = {"l": 20.0, "u": 24.0, "court": 40.0, "comb": 28.0, "h": 30.0, "podium": 30.0}
"""Least depth of shapes with wings."""
