"""A city's own grid from control points: points whose coordinates are known in that grid and in a Gauss-Krueger grid.

The fit is least squares in the plane: a similarity (four parameters: shift, rotation, one scale) or an affine map (six: the axes
have scales of their own and need not be square). A fit of seven parameters would need heights in both systems and is not offered;
old national datums take the survey office's seven parameters instead (`gis.parameters.SevenParameters`).

Each point has a residual, and an error that the map fitted without it makes at it. A mistyped point is found by leaving it out:
the sum of squares then falls far more than chance explains (F test of two added unknowns, as in W. Baarda, "A testing procedure
for use in geodetic networks", 1968; with 2 unknowns the tail of F is a power, so no table is needed).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.errors import BadControlPoints
from gis.parameters import Affine, PlaneParameters, Similarity
from gis.reading import read_layer, require_columns

Floats: TypeAlias = NDArray[np.float64]
Model: TypeAlias = Literal["similarity", "affine"]

COLUMNS: Final = ("name", "x", "y", "x_base", "y_base")
LEAST_POINTS: Final = {"similarity": 4, "affine": 6}
"""Points that determine the map (2, 3), and 2 (3) more that check it."""
TOLERANCE_M: Final = 0.3
"""Largest residual that is taken when the manifest names none: several times what a survey's control points differ by."""

_DETERMINED_BY: Final = {"similarity": 2, "affine": 3}
_WORDS: Final = {"similarity": "four parameters", "affine": "six parameters (affine)"}
_LEAST_SPREAD: Final = 0.05
_DROP: Final = 3.0
_CHANCE: Final = 0.01
_EXCHANGED_DROP: Final = 10.0
_NOISE_M: Final = 1e-4


@dataclass(frozen=True, slots=True)
class ControlPoints:
    """Points known in both systems.

    Attributes
    ----------
    names
        Unique.
    local_m, base_m
        Shape (n, 2), east/north in metres in the city's grid and in the base grid.
    """

    names: tuple[str, ...]
    local_m: Floats
    base_m: Floats


@dataclass(frozen=True, slots=True)
class Residual:
    """How well one point fits.

    Attributes
    ----------
    name
        The point.
    dx_m, dy_m
        Given minus computed base coordinates.
    left_out_m
        Distance in metres between the given position and the one computed without this point.
    """

    name: str
    dx_m: float
    dy_m: float
    left_out_m: float

    @property
    def distance_m(self) -> float:
        """Length of the residual."""
        return float(np.hypot(self.dx_m, self.dy_m))


@dataclass(frozen=True, slots=True)
class ControlFit:
    """The map from a city's grid onto its base grid.

    Attributes
    ----------
    model
        Which map.
    parameters
        Ready for the datum registry; `accuracy_m` is the RMS, `source` says so in words.
    residuals
        One for each point, in their order.
    rms_m
        Mean error of a position: root of the sum of squared residual lengths over what is left of the points after those
        that determine the map.
    suspect
        Name of the point whose removal lowers the RMS several times, more than chance explains; empty when there is none.
    rms_without_suspect_m
        RMS without it; that of all points when there is none.
    """

    model: Model
    parameters: PlaneParameters
    residuals: tuple[Residual, ...]
    rms_m: float
    suspect: str
    rms_without_suspect_m: float

    @property
    def worst(self) -> Residual:
        """The largest residual."""
        return max(self.residuals, key=lambda residual: residual.distance_m)


def read_control_points(path: Path, *, encoding: str | None = None) -> ControlPoints:
    """Read a table (CSV or XLSX) with the columns name, x, y, x_base, y_base; metres, x is east and y is north.

    Raises
    ------
    FileMissing, UnreadableFile, WrongEncoding, UnknownColumn
        As `gis.reading.read_layer`.
    BadControlPoints
        When a name is missing or twice, or a coordinate is not a finite number; the message names row, column and value.
    """
    table = read_layer(path, encoding=encoding).frame
    require_columns(table, COLUMNS, where=str(path))
    names = table["name"].map(lambda value: "" if pd.isna(value) else str(value).strip())
    if (bare := names == "").any():
        raise BadControlPoints(f"{path}: row {names.index[bare][0]} has no name")
    if (twice := names.duplicated()).any():
        raise BadControlPoints(f"{path}: row {names.index[twice][0]}: the name {names[twice].iloc[0]!r} occurs twice")
    numbers = pd.DataFrame({column: pd.to_numeric(table[column], errors="coerce") for column in COLUMNS[1:]})
    for column in COLUMNS[1:]:
        bad = ~np.isfinite(numbers[column].to_numpy(dtype=np.float64))
        if bad.any():
            row = table.index[bad][0]
            raise BadControlPoints(f"{path}: row {row} ({names[row]}): {column} = {str(table.at[row, column])!r} is not a number")
    xy = numbers.to_numpy(dtype=np.float64)
    return ControlPoints(tuple(names), xy[:, :2].copy(), xy[:, 2:].copy())


def fit_control_points(points: ControlPoints, base: str, *, model: Model = "similarity", source: str = "") -> ControlFit:
    """Fit the map from the city's grid onto the base grid.

    Parameters
    ----------
    points
        At least 4 for a similarity, 6 for an affine map, not near one line.
    base
        Text of the Gauss-Krueger datum of the base coordinates, kept with the parameters.
    model
        Which map.
    source
        Where the points come from, for the record.

    Returns
    -------
    The fit. Cost: one small least-squares solution for each point.

    Raises
    ------
    BadControlPoints
        When there are too few points, or they lie near one line, or the scale is far from 1.

    Examples
    --------
    >>> local = np.array([[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]])
    >>> fit = fit_control_points(ControlPoints(("A", "B", "C", "D"), local, local + 500.0), "gk(cgcs2000,3,126,plain)")
    >>> round(fit.parameters.dx_m, 6), round(fit.rms_m, 6), fit.suspect
    (500.0, 0.0, '')
    """
    _require_enough(points, model)
    matrix = _solve(points.local_m, points.base_m, model)
    _require_scale(matrix, model)
    steps = points.base_m - _apply(matrix, points.local_m)
    rms_m = _rms(steps, model)
    left_out_m, rms_without_m = _leave_one_out(points, model)
    place = _suspect(rms_m, rms_without_m, model)
    residuals = tuple(
        Residual(name, float(dx), float(dy), float(left_out))
        for name, (dx, dy), left_out in zip(points.names, steps, left_out_m, strict=True)
    )
    return ControlFit(
        model=model,
        parameters=_parameters(matrix, base, model, rms_m, _words(model, residuals, rms_m, source)),
        residuals=residuals,
        rms_m=rms_m,
        suspect="" if place is None else points.names[place],
        rms_without_suspect_m=rms_m if place is None else float(rms_without_m[place]),
    )


def require_within(fit: ControlFit, points: ControlPoints, tolerance_m: float, *, where: str) -> None:
    """Hold the residuals to a tolerance.

    Raises
    ------
    BadControlPoints
        With the names and residuals above it, the point that is probably wrong, and a hint when x and y seem exchanged.
    """
    above = sorted((r for r in fit.residuals if r.distance_m > tolerance_m), key=lambda r: -r.distance_m)
    if not above:
        return
    listed = ", ".join(f"{residual.name} {residual.distance_m:.3f} m" for residual in above[:8])
    more = f" and {len(above) - 8} more" if len(above) > 8 else ""
    hint = ""
    if fit.suspect:
        off = next(residual.left_out_m for residual in fit.residuals if residual.name == fit.suspect)
        hint = f". Without {fit.suspect} the RMS is {fit.rms_without_suspect_m:.3f} m; that point is {off:.3f} m off"
    elif _exchanged(points, fit):
        hint = ". With x and y of the city's grid exchanged they fit: x must be east here (survey sheets write x for north)"
    raise BadControlPoints(
        f"{where}: residuals above the tolerance of {tolerance_m:g} m: {listed}{more} (RMS {fit.rms_m:.3f} m){hint}"
    )


# ---------------------------------------------------------------- what is refused


def _require_enough(points: ControlPoints, model: Model) -> None:
    count, least = len(points.names), LEAST_POINTS[model]
    if count < least:
        raise BadControlPoints(f"{count} control points ({', '.join(points.names)}); the model {model} needs {least} or more")
    spread = np.linalg.svd(points.local_m - points.local_m.mean(axis=0), compute_uv=False)
    if spread[1] < _LEAST_SPREAD * spread[0] or spread[0] == 0.0:
        raise BadControlPoints(
            f"the {count} control points lie nearly on one line (across it they spread {spread[1] / max(spread[0], 1e-300):.1%}"
            f" of what they do along it; {_LEAST_SPREAD:.0%} or more is needed); add points beside it"
        )


def _require_scale(matrix: Floats, model: Model) -> None:
    scales = np.linalg.svd(matrix[:, 1:], compute_uv=False)
    if not 0.9 < scales[1] <= scales[0] < 1.1:
        raise BadControlPoints(
            f"the {model} has scales {scales[0]:.6g} and {scales[1]:.6g}, which should be near 1; are both systems in metres,"
            " and x east in both?"
        )


# ---------------------------------------------------------------- least squares


def _solve(local_m: Floats, base_m: Floats, model: Model) -> Floats:
    """Return the map as rows [shift, factor of x, factor of y] for X and Y."""
    local_mean, base_mean = local_m.mean(axis=0), base_m.mean(axis=0)
    x, y = (local_m - local_mean).T
    to = base_m - base_mean
    if model == "affine":
        linear = np.linalg.lstsq(np.column_stack((x, y)), to, rcond=None)[0].T
    else:
        square = float((x * x + y * y).sum())
        a = float((x * to[:, 0] + y * to[:, 1]).sum()) / square
        b = float((x * to[:, 1] - y * to[:, 0]).sum()) / square
        linear = np.array([[a, -b], [b, a]])
    return np.column_stack((base_mean - linear @ local_mean, linear))


def _apply(matrix: Floats, xy: Floats) -> Floats:
    moved: Floats = matrix[:, 0] + xy @ matrix[:, 1:].T
    return moved


def _rms(steps: Floats, model: Model) -> float:
    left = len(steps) - _DETERMINED_BY[model]
    return float(np.sqrt((steps**2).sum() / left)) if left > 0 else 0.0


def _leave_one_out(points: ControlPoints, model: Model) -> tuple[Floats, Floats]:
    """Return for each point the error at it of the map fitted without it, and that map's RMS."""
    count = len(points.names)
    errors_m, rms_m = np.zeros(count), np.zeros(count)
    for place in range(count):
        rest = np.arange(count) != place
        matrix = _solve(points.local_m[rest], points.base_m[rest], model)
        steps = points.base_m - _apply(matrix, points.local_m)
        errors_m[place] = np.hypot(*steps[place])
        rms_m[place] = _rms(steps[rest], model)
    return errors_m, rms_m


def _suspect(rms_m: float, rms_without_m: Floats, model: Model) -> int | None:
    """Return the point whose removal lowers the RMS by a factor of 3 and more than chance explains in one of 100 surveys."""
    count = len(rms_without_m)
    place = int(np.argmin(rms_without_m))
    without_m = float(rms_without_m[place])
    if rms_m < max(_DROP * without_m, _NOISE_M):
        return None
    freedom = count - _DETERMINED_BY[model]
    share = (without_m**2 * (freedom - 1)) / (rms_m**2 * freedom)
    return place if count * share ** (freedom - 1) < _CHANCE else None


def _exchanged(points: ControlPoints, fit: ControlFit) -> bool:
    turned = points.local_m[:, ::-1]
    matrix = _solve(turned, points.base_m, fit.model)
    return _rms(points.base_m - _apply(matrix, turned), fit.model) * _EXCHANGED_DROP < fit.rms_m


def _parameters(matrix: Floats, base: str, model: Model, rms_m: float, source: str) -> PlaneParameters:
    (dx_m, a, minus_b), (dy_m, b, d) = (tuple(float(value) for value in row) for row in matrix)
    if model == "affine":
        return Affine(base, dx_m, dy_m, a, minus_b, b, d, accuracy_m=rms_m, source=source)
    return Similarity(
        base, dx_m, dy_m, float(np.degrees(np.arctan2(b, a))), float(np.hypot(a, b)), accuracy_m=rms_m, source=source
    )


def _words(model: Model, residuals: tuple[Residual, ...], rms_m: float, source: str) -> str:
    worst = max(residuals, key=lambda residual: residual.distance_m)
    text = (
        f"{len(residuals)} control points, {_WORDS[model]}, RMS {rms_m:.3f} m, largest {worst.distance_m:.3f} m at {worst.name}"
    )
    return f"{source}: {text}" if source else text
