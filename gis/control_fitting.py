"""Least squares of a map between two systems: in the plane (four or six parameters) or between ellipsoids (seven).

All three are linear in what is sought, so each fit is one small solution: `target = shift + linear @ start`. The linear part has
two unknowns (four parameters), four (six parameters), or four (seven parameters: a scale and three small rotations).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Model: TypeAlias = Literal["similarity", "affine", "helmert"]

DETERMINED_BY: Final = {"similarity": 2.0, "affine": 3.0, "helmert": 7.0 / 3.0}
"""Points that determine the map, each by as many numbers as it has coordinates."""

_DROP: Final = 3.0
_CHANCE: Final = 0.01
_NOISE_M: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Pairs:
    """The same points in two systems.

    Attributes
    ----------
    start, target
        Shape (n, 2) in the plane, (n, 3) geocentric; metres.
    plane
        Unit vectors east and north at each point, shape (n, 2, 3); None in the plane.
    """

    start: Floats
    target: Floats
    plane: Floats | None = None

    def without(self, place: int) -> Pairs:
        """Return all but one."""
        rest = np.arange(len(self.start)) != place
        return Pairs(self.start[rest], self.target[rest], None if self.plane is None else self.plane[rest])


def solve(pairs: Pairs, model: Model) -> Floats:
    """Return the map as rows [shift, factors], one for each coordinate of the target."""
    start_mean, target_mean = pairs.start.mean(axis=0), pairs.target.mean(axis=0)
    start, target = pairs.start - start_mean, pairs.target - target_mean
    if model == "affine":
        linear = np.linalg.lstsq(start, target, rcond=None)[0].T
    elif model == "similarity":
        linear = _similar(start, target)
    else:
        linear = _turned(start, target)
    return np.column_stack((target_mean - linear @ start_mean, linear))


def moved(matrix: Floats, xy: Floats) -> Floats:
    """Apply a map to points."""
    result: Floats = matrix[:, 0] + xy @ matrix[:, 1:].T
    return result


def steps_m(matrix: Floats, pairs: Pairs) -> Floats:
    """Return given minus computed target, shape (n, 2), in the plane of the target or east and north on the ground."""
    steps: Floats = pairs.target - moved(matrix, pairs.start)
    return steps if pairs.plane is None else np.einsum("nij,nj->ni", pairs.plane, steps)


def rms_of(steps: Floats, model: Model) -> float:
    """Return the mean error of a position, over what is left of the points after those that determine the map."""
    left = len(steps) - DETERMINED_BY[model]
    return float(np.sqrt((steps**2).sum() / left)) if left > 0 else 0.0


def leave_one_out(pairs: Pairs, model: Model) -> tuple[Floats, Floats]:
    """Return for each point the error at it of the map fitted without it, in metres, and that map's RMS."""
    count = len(pairs.start)
    errors_m, rms_m = np.zeros(count), np.zeros(count)
    for place in range(count):
        rest = pairs.without(place)
        matrix = solve(rest, model)
        errors_m[place] = np.hypot(*steps_m(matrix, pairs)[place])
        rms_m[place] = rms_of(steps_m(matrix, rest), model)
    return errors_m, rms_m


def suspect(rms_m: float, rms_without_m: Floats, model: Model) -> int | None:
    """Return the point whose removal lowers the RMS by a factor of 3 and more than chance explains in one of 100 surveys."""
    count = len(rms_without_m)
    place = int(np.argmin(rms_without_m))
    without_m = float(rms_without_m[place])
    if rms_m < max(_DROP * without_m, _NOISE_M):
        return None
    freedom = count - DETERMINED_BY[model]
    share = (without_m**2 * (freedom - 1)) / (rms_m**2 * freedom)
    return place if count * share ** (freedom - 1) < _CHANCE else None


def _similar(start: Floats, target: Floats) -> Floats:
    (x, y), square = start.T, float((start**2).sum())
    a = float((x * target[:, 0] + y * target[:, 1]).sum()) / square
    b = float((x * target[:, 1] - y * target[:, 0]).sum()) / square
    return np.array([[a, -b], [b, a]])


def _turned(start: Floats, target: Floats) -> Floats:
    """Return scale times a small rotation, position-vector convention: [[m, -c, b], [c, m, -a], [-b, a, m]]."""
    x, y, z = start.T
    none = np.zeros(len(x))
    rows = np.stack((
        np.column_stack((x, none, z, -y)),
        np.column_stack((y, -z, none, x)),
        np.column_stack((z, y, -x, none)),
    ), axis=1)  # fmt: skip
    scale, a, b, c = np.linalg.lstsq(rows.reshape(-1, 4), target.reshape(-1), rcond=None)[0]
    return np.array([[scale, -c, b], [c, scale, -a], [-b, a, scale]])
