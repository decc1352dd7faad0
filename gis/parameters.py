"""Parameters of datums that no registry holds: a city's own grid (four, or six) and old datums (seven)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Similarity:
    """Four parameters of a plane similarity from a city's grid onto a Gauss-Krueger grid.

    With r the rotation (counter-clockwise) and m the scale: `X = dx + m (x cos r - y sin r)`, `Y = dy + m (x sin r + y cos r)`.

    Attributes
    ----------
    base
        Text of the Gauss-Krueger datum that X, Y are in.
    dx_m, dy_m
        Shift in metres.
    rotation_deg
        Rotation in degrees.
    scale
        Ratio near 1.
    accuracy_m
        Stated accuracy in metres; None = unknown.
    source
        Where the parameters come from (survey contract, control points).
    """

    base: str
    dx_m: float
    dy_m: float
    rotation_deg: float = 0.0
    scale: float = 1.0
    accuracy_m: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Affine:
    """Six parameters of a plane affine map from a city's grid onto a Gauss-Krueger grid.

    `X = dx + xx x + xy y`, `Y = dy + yx x + yy y`.

    Attributes
    ----------
    base
        Text of the Gauss-Krueger datum that X, Y are in.
    dx_m, dy_m
        Shift in metres.
    xx, xy, yx, yy
        Factors.
    accuracy_m
        Stated accuracy in metres; None = unknown.
    source
        Where the parameters come from.
    """

    base: str
    dx_m: float
    dy_m: float
    xx: float
    xy: float
    yx: float
    yy: float
    accuracy_m: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class SevenParameters:
    """Seven parameters of a Helmert transformation to CGCS2000, position-vector convention (EPSG method 9606).

    Attributes
    ----------
    dx_m, dy_m, dz_m
        Shift in metres.
    rx_arcsec, ry_arcsec, rz_arcsec
        Rotations in seconds of arc.
    scale_ppm
        Scale difference in parts per million.
    accuracy_m
        Stated accuracy in metres; None = unknown.
    source
        Where the parameters come from.
    grid
        Of a local system: the grid of an old datum that its coordinates are in, `gk(xian80,3,126,plain)`; empty for the
        national datum itself.
    """

    dx_m: float
    dy_m: float
    dz_m: float
    rx_arcsec: float = 0.0
    ry_arcsec: float = 0.0
    rz_arcsec: float = 0.0
    scale_ppm: float = 0.0
    accuracy_m: float | None = None
    source: str = ""
    grid: str = ""


PlaneParameters: TypeAlias = Similarity | Affine
Parameters: TypeAlias = PlaneParameters | SevenParameters


@np.errstate(invalid="ignore")
def to_base_grid(xy: Floats, plane: PlaneParameters) -> Floats:
    """Move points (shape (n, 2), metres) from the city's grid onto its base grid; what is infinite is nowhere (NaN)."""
    x, y = xy[:, 0], xy[:, 1]
    if isinstance(plane, Affine):
        return np.column_stack((plane.dx_m + plane.xx * x + plane.xy * y, plane.dy_m + plane.yx * x + plane.yy * y))
    cosine, sine = _rotation(plane)
    return np.column_stack(
        (plane.dx_m + plane.scale * (x * cosine - y * sine), plane.dy_m + plane.scale * (x * sine + y * cosine))
    )


@np.errstate(invalid="ignore")
def from_base_grid(xy: Floats, plane: PlaneParameters) -> Floats:
    """Undo `to_base_grid`."""
    if isinstance(plane, Affine):
        x, y = xy[:, 0] - plane.dx_m, xy[:, 1] - plane.dy_m
        determinant = plane.xx * plane.yy - plane.xy * plane.yx
        return np.column_stack((plane.yy * x - plane.xy * y, plane.xx * y - plane.yx * x)) / determinant
    four = plane
    cosine, sine = _rotation(four)
    x, y = (xy[:, 0] - four.dx_m) / four.scale, (xy[:, 1] - four.dy_m) / four.scale
    return np.column_stack((x * cosine + y * sine, y * cosine - x * sine))


def _rotation(four: Similarity) -> tuple[float, float]:
    angle = math.radians(four.rotation_deg)
    return math.cos(angle), math.sin(angle)
