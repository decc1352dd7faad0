"""A city's own grid, or an old national datum, from control points: points known in it and in CGCS2000.

Three models, each by least squares (`gis.control_fitting`):

- `similarity`: four parameters in the plane (shift, rotation, one scale), from the city's grid onto a Gauss-Krueger grid;
- `affine`: six (the axes have scales of their own and need not be square);
- `helmert`: seven between ellipsoids (three shifts, three rotations, one scale), from a grid of Xian 1980 or Beijing 1954 to
  CGCS2000; it needs heights in both.

Each point has a residual, and an error that the map fitted without it makes at it. A mistyped point is found by leaving it out:
the sum of squares then falls far more than chance explains (F test of two added unknowns, as in W. Baarda, "A testing procedure
for use in geodetic networks", 1968; with 2 unknowns the tail of F is a power, so no table is needed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.control_fitting import Model, Pairs, leave_one_out, moved, rms_of, solve, steps_m, suspect
from gis.datum_names import OLD, parse_datum
from gis.datums import to_wgs84
from gis.errors import BadControlPoints
from gis.old_datums import CGCS2000_ELLIPSOID, ELLIPSOIDS, east_north, geocentric_m, own_degrees
from gis.parameters import Affine, Parameters, SevenParameters, Similarity
from gis.reading import read_layer, require_columns

__all__ = [
    "LEAST_POINTS",
    "TOLERANCE_M",
    "ControlFit",
    "ControlPoints",
    "Model",
    "Residual",
    "fit_control_points",
    "read_control_points",
    "require_within",
]

Floats: TypeAlias = NDArray[np.float64]

COLUMNS: Final = ("name", "x", "y", "x_base", "y_base")
HEIGHT_COLUMNS: Final = ("h", "h_base")
LEAST_POINTS: Final = {"similarity": 4, "affine": 6, "helmert": 5}
"""Points that determine the map (2, 3, 3), and two or three more that check it."""
TOLERANCE_M: Final = 0.3
"""Largest residual that is taken when the manifest names none: several times what a survey's control points differ by."""

_WORDS: Final = {"similarity": "four parameters", "affine": "six parameters (affine)", "helmert": "seven parameters (Helmert)"}
_LEAST_SPREAD: Final = 0.05
_EXCHANGED_DROP: Final = 10.0
_LARGEST_ARCSEC: Final = 120.0
_LARGEST_PPM: Final = 500.0
_ARCSEC: Final = 180.0 * 3600.0 / np.pi
_NONE: Final[Mapping[str, Parameters]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ControlPoints:
    """Points known in both systems.

    Attributes
    ----------
    names
        Unique.
    local_m, base_m
        Shape (n, 2), east/north in metres in the city's grid and in the base grid (lon/lat when the system is of degrees).
    heights_m
        Shape (n, 2), heights in both systems; None when the table has none.
    """

    names: tuple[str, ...]
    local_m: Floats
    base_m: Floats
    heights_m: Floats | None = None


@dataclass(frozen=True, slots=True)
class Residual:
    """How well one point fits.

    Attributes
    ----------
    name
        The point.
    dx_m, dy_m
        Given minus computed position, east and north in metres on the ground.
    left_out_m
        Distance in metres between the given position and the one computed without this point.
    position
        WGS-84 lon/lat of the given base coordinates: where to draw it on a map.
    """

    name: str
    dx_m: float
    dy_m: float
    left_out_m: float
    position: tuple[float, float]

    @property
    def distance_m(self) -> float:
        """Length of the residual."""
        return float(np.hypot(self.dx_m, self.dy_m))


@dataclass(frozen=True, slots=True)
class ControlFit:
    """The map from a city's grid onto its base grid, or from an old datum to CGCS2000.

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
    parameters: Parameters
    residuals: tuple[Residual, ...]
    rms_m: float
    suspect: str
    rms_without_suspect_m: float

    @property
    def worst(self) -> Residual:
        """The largest residual."""
        return max(self.residuals, key=lambda residual: residual.distance_m)


def read_control_points(path: Path, *, encoding: str | None = None, heights: bool = False) -> ControlPoints:
    """Read a table (CSV or XLSX) with the columns name, x, y, x_base, y_base; metres, x is east and y is north.

    Parameters
    ----------
    path
        The table.
    encoding
        Of a CSV.
    heights
        Whether the columns h and h_base (metres) are needed, as the model helmert does.

    Raises
    ------
    FileMissing, UnreadableFile, WrongEncoding, UnknownColumn
        As `gis.reading.read_layer`.
    BadControlPoints
        When a name is missing or twice, or a coordinate is not a finite number; the message names row, column and value.
    """
    table = read_layer(path, encoding=encoding).frame
    columns = (*COLUMNS, *HEIGHT_COLUMNS) if heights else COLUMNS
    require_columns(table, columns, where=str(path))
    names = table["name"].map(lambda value: "" if pd.isna(value) else str(value).strip())
    if (bare := names == "").any():
        raise BadControlPoints(f"{path}: row {names.index[bare][0]} has no name")
    if (twice := names.duplicated()).any():
        raise BadControlPoints(f"{path}: row {names.index[twice][0]}: the name {names[twice].iloc[0]!r} occurs twice")
    numbers = pd.DataFrame({column: pd.to_numeric(table[column], errors="coerce") for column in columns[1:]})
    for column in columns[1:]:
        bad = ~np.isfinite(numbers[column].to_numpy(dtype=np.float64))
        if bad.any():
            row = table.index[bad][0]
            raise BadControlPoints(f"{path}: row {row} ({names[row]}): {column} = {str(table.at[row, column])!r} is not a number")
    values = numbers.to_numpy(dtype=np.float64)
    return ControlPoints(tuple(names), values[:, :2].copy(), values[:, 2:4].copy(), values[:, 4:].copy() if heights else None)


def fit_control_points(
    points: ControlPoints,
    base: str,
    *,
    model: Model = "similarity",
    source: str = "",
    grid: str = "",
    known: Mapping[str, Parameters] = _NONE,
) -> ControlFit:
    """Fit the map from the city's grid onto the base grid, or from an old datum to CGCS2000.

    Parameters
    ----------
    points
        At least 4 for a similarity, 6 for an affine map, 5 with heights for seven parameters; not near one line.
    base
        Text of the datum of the base coordinates, kept with the parameters: a Gauss-Krueger grid; for seven parameters one of
        CGCS2000, or `cgcs2000` itself.
    model
        Which map.
    source
        Where the points come from, for the record.
    grid
        For seven parameters: what x and y are in, `xian80`, `beijing54` or a `gk(..)` of one of them.
    known
        Parameters of other datums by name, when the base needs them.

    Returns
    -------
    The fit. Cost: one small least-squares solution for each point.

    Raises
    ------
    BadControlPoints
        When there are too few points, or they lie near one line, or heights are missing, or scale or rotation cannot be those
        of two surveys of one place.
    UnknownDatum, DatumNeedsParameters
        When the base, or the grid, is none.

    Examples
    --------
    >>> local = np.array([[500_000.0, 4_860_000.0], [501_000.0, 4_860_000.0], [501_000.0, 4_861_000.0], [500_000.0, 4_861_000.0]])
    >>> fit = fit_control_points(ControlPoints(("A", "B", "C", "D"), local, local + 500.0), "gk(cgcs2000,3,126,plain)")
    >>> round(fit.parameters.dx_m, 6), round(fit.rms_m, 6), fit.suspect
    (500.0, 0.0, '')
    """
    _require_enough(points, model)
    pairs = _between_ellipsoids(points, base, grid) if model == "helmert" else Pairs(points.local_m, points.base_m)
    matrix = solve(pairs, model)
    _require_scale(matrix, model)
    rms_m = rms_of(steps_m(matrix, pairs), model)
    left_out_m, rms_without_m = leave_one_out(pairs, model)
    place = suspect(rms_m, rms_without_m, model)
    residuals = _residuals(points, base, known, _ground_steps_m(points, pairs, matrix, base, known), left_out_m)
    words = _words(model, residuals, rms_m, source)
    return ControlFit(
        model=model,
        parameters=_seven(matrix, rms_m, words, grid) if model == "helmert" else _plane(matrix, base, model, rms_m, words),
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
    elif fit.model != "helmert" and _exchanged(points, fit):
        hint = ". With x and y of the city's grid exchanged they fit: x must be east here (survey sheets write x for north)"
    raise BadControlPoints(
        f"{where}: residuals above the tolerance of {tolerance_m:g} m: {listed}{more} (RMS {fit.rms_m:.3f} m){hint}"
    )


# ---------------------------------------------------------------- what is refused


def _require_enough(points: ControlPoints, model: Model) -> None:
    count, least = len(points.names), LEAST_POINTS[model]
    if count < least:
        raise BadControlPoints(f"{count} control points ({', '.join(points.names)}); the model {model} needs {least} or more")
    if model == "helmert" and points.heights_m is None:
        raise BadControlPoints("the model helmert needs heights in both systems, the columns h and h_base")
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
    if model == "helmert":
        ppm = (float(matrix[0, 1]) - 1.0) * 1e6
        turn = max(abs(part) * _ARCSEC for part in (matrix[2, 2], matrix[0, 3], matrix[1, 1]))
        if abs(ppm) > _LARGEST_PPM or turn > _LARGEST_ARCSEC:
            raise BadControlPoints(
                f"the seven parameters would turn by {turn:.0f} seconds of arc and change the scale by {ppm:.0f} ppm, which no"
                f" datum shift does ({_LARGEST_ARCSEC:.0f} and {_LARGEST_PPM:.0f} at most); are `grid` and `base` what the"
                " coordinates are in, with the right central meridian, and x east in both?"
            )


# ---------------------------------------------------------------- from the table to the map and the residuals


def _between_ellipsoids(points: ControlPoints, base: str, grid: str) -> Pairs:
    """Return geocentric coordinates of both systems."""
    old, new = parse_datum(grid) if grid else None, parse_datum(base)
    if old is None or (old.base or old.family) not in OLD:
        raise BadControlPoints(f"seven parameters lead from an old datum: grid = {grid!r} must be like gk(xian80,3,126,plain)")
    if (new.base or new.family) not in {"cgcs2000", "wgs84"}:
        raise BadControlPoints(f"seven parameters lead to CGCS2000: base = {base!r} must be like gk(cgcs2000,3,126,plain)")
    assert points.heights_m is not None
    before, after = own_degrees(points.local_m, old), to_wgs84(points.base_m, new)
    _require_places(points, before, grid)
    _require_places(points, after, base)
    return Pairs(
        geocentric_m(before, points.heights_m[:, 0], ELLIPSOIDS[old.base or old.family]),
        geocentric_m(after, points.heights_m[:, 1], CGCS2000_ELLIPSOID),
        east_north(after),
    )


def _require_places(points: ControlPoints, lonlat: Floats, datum: str) -> None:
    if bad := [name for name, place in zip(points.names, lonlat, strict=True) if not np.isfinite(place).all()]:
        raise BadControlPoints(
            f"{', '.join(bad[:8])}: the coordinates are no place of {datum}; is a zone prefix missing or too many?"
        )


def _ground_steps_m(points: ControlPoints, pairs: Pairs, matrix: Floats, base: str, known: Mapping[str, Parameters]) -> Floats:
    """Return given minus computed position in metres east and north on the ground."""
    if pairs.plane is not None:
        return steps_m(matrix, pairs)
    datum = parse_datum(base, known)
    given, computed = (to_wgs84(xy, datum) for xy in (points.base_m, moved(matrix, points.local_m)))
    _require_places(points, given, base)
    _require_places(points, computed, base)
    none = np.zeros(len(given))
    step = geocentric_m(given, none, CGCS2000_ELLIPSOID) - geocentric_m(computed, none, CGCS2000_ELLIPSOID)
    ground: Floats = np.einsum("nij,nj->ni", east_north(given), step)
    return ground


def _residuals(
    points: ControlPoints, base: str, known: Mapping[str, Parameters], steps: Floats, left_out_m: Floats
) -> tuple[Residual, ...]:
    lonlat = to_wgs84(points.base_m, parse_datum(base, known))
    return tuple(
        Residual(name, float(dx), float(dy), float(left_out), (float(lon), float(lat)))
        for name, (dx, dy), left_out, (lon, lat) in zip(points.names, steps, left_out_m, lonlat, strict=True)
    )


def _exchanged(points: ControlPoints, fit: ControlFit) -> bool:
    pairs = Pairs(points.local_m[:, ::-1], points.base_m)
    return rms_of(steps_m(solve(pairs, fit.model), pairs), fit.model) * _EXCHANGED_DROP < fit.rms_m


def _plane(matrix: Floats, base: str, model: Model, rms_m: float, source: str) -> Similarity | Affine:
    (dx_m, a, minus_b), (dy_m, b, d) = (tuple(float(value) for value in row) for row in matrix)
    if model == "affine":
        return Affine(base, dx_m, dy_m, a, minus_b, b, d, accuracy_m=rms_m, source=source)
    return Similarity(
        base, dx_m, dy_m, float(np.degrees(np.arctan2(b, a))), float(np.hypot(a, b)), accuracy_m=rms_m, source=source
    )


def _seven(matrix: Floats, rms_m: float, source: str, grid: str) -> SevenParameters:
    """Read shift, rotations in seconds and scale off [[m, -c, b], [c, m, -a], [-b, a, m]], as `control_fitting` writes it."""
    shift, scale = matrix[:, 0], float(matrix[0, 1])
    rx, ry, rz = (float(turn) / scale * _ARCSEC for turn in (matrix[2, 2], matrix[0, 3], matrix[1, 1]))
    dx_m, dy_m, dz_m = (float(part) for part in shift)
    return SevenParameters(dx_m, dy_m, dz_m, rx, ry, rz, (scale - 1.0) * 1e6, accuracy_m=rms_m, source=source, grid=grid)


def _words(model: Model, residuals: tuple[Residual, ...], rms_m: float, source: str) -> str:
    worst = max(residuals, key=lambda residual: residual.distance_m)
    text = (
        f"{len(residuals)} control points, {_WORDS[model]}, RMS {rms_m:.3f} m, largest {worst.distance_m:.3f} m at {worst.name}"
    )
    return f"{source}: {text}" if source else text
