"""Parameters of datums that no registry holds: a city's own grid (four) and old datums (seven)."""

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


Parameters: TypeAlias = Similarity | SevenParameters


def apply_similarity(xy: Floats, four: Similarity) -> Floats:
    """Move points (shape (n, 2), metres) from the city's grid onto its base grid."""
    cosine, sine = _rotation(four)
    x, y = xy[:, 0], xy[:, 1]
    return np.column_stack((four.dx_m + four.scale * (x * cosine - y * sine), four.dy_m + four.scale * (x * sine + y * cosine)))


def undo_similarity(xy: Floats, four: Similarity) -> Floats:
    """Undo `apply_similarity`."""
    cosine, sine = _rotation(four)
    x, y = (xy[:, 0] - four.dx_m) / four.scale, (xy[:, 1] - four.dy_m) / four.scale
    return np.column_stack((x * cosine + y * sine, y * cosine - x * sine))


def _rotation(four: Similarity) -> tuple[float, float]:
    angle = math.radians(four.rotation_deg)
    return math.cos(angle), math.sin(angle)
