"""Parameters of a delivery's datums: as the manifest states them, or fitted to the control points that it names.

A local grid may stand on an old datum whose own parameters are fitted, so old datums come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data.imports.manifest import DatumEntry, Manifest
from data.imports.problems import Problems
from gis.control_points import ControlFit, fit_control_points, read_control_points, require_within
from gis.datum_names import OLD
from gis.errors import BadControlPoints, GisError
from gis.parameters import Parameters


@dataclass(frozen=True, slots=True)
class FittedGrid:
    """A local grid, or an old datum, that was fitted to control points.

    Attributes
    ----------
    name
        As in `local(NAME)`; or `xian80`, `beijing54`.
    file
        Table of the points, as the manifest names it.
    tolerance_m
        Largest residual that is taken.
    fit
        What came out.
    """

    name: str
    file: str
    tolerance_m: float
    fit: ControlFit

    @property
    def datum(self) -> str:
        """Name of the datum, as a layer writes it."""
        return self.name if self.name in OLD else f"local({self.name})"


def stated(manifest: Manifest) -> dict[str, Parameters]:
    """Return the parameters that stand in the manifest, by name."""
    return {name: parameters for name, entry in manifest.datums.items() if (parameters := entry.parameters()) is not None}


def fit_grids(manifest: Manifest, folder: Path, problems: Problems) -> tuple[list[FittedGrid], dict[str, str]]:
    """Fit every datum with control points.

    Parameters
    ----------
    manifest
        The delivery.
    folder
        What file names are relative to.
    problems
        Takes a warning for a point that is probably wrong, though within the tolerance.

    Returns
    -------
    The grids, and by name of the datum why one cannot be had.
    """
    fitted: list[FittedGrid] = []
    errors: dict[str, str] = {}
    for name, entry in sorted(manifest.datums.items(), key=lambda item: item[0] not in OLD):
        if entry.control_points is None:
            continue
        try:
            known = with_fitted(manifest, fitted)
            fitted.append(_fit(name, entry, entry.encoding or manifest.defaults.encoding, folder, known))
        except GisError as error:
            errors[name] = f"[datums.{name}]: {error}"
            continue
        _report_suspect(fitted[-1], problems)
    return fitted, errors


def with_fitted(manifest: Manifest, fitted: list[FittedGrid]) -> Mapping[str, Parameters]:
    """Return all parameters of the delivery by name."""
    return stated(manifest) | {grid.name: grid.fit.parameters for grid in fitted}


def is_on_grid(datum: str, name: str) -> bool:
    """Tell whether a datum, as a manifest writes it, needs the parameters `[datums.NAME]`."""
    plain = datum.replace(" ", "").lower()
    return plain in {f"local({name})".lower(), name if name in OLD else ""} or (name in OLD and plain.startswith(f"gk({name},"))


def _fit(name: str, entry: DatumEntry, encoding: str | None, folder: Path, known: Mapping[str, Parameters]) -> FittedGrid:
    assert entry.control_points is not None
    assert entry.base is not None
    if name in OLD and entry.model != "helmert":
        raise BadControlPoints(
            f'an old datum is fitted with model = "helmert" and grid = "gk({name},3,126,plain)" (or what x and y are in); a map'
            " in the plane is a local(NAME)"
        )
    path = folder / entry.control_points
    points = read_control_points(path, encoding=encoding, heights=entry.model == "helmert")
    source = entry.source or entry.control_points
    try:
        fit = fit_control_points(points, entry.base, model=entry.model, source=source, grid=entry.grid or "", known=known)
    except BadControlPoints as error:
        raise BadControlPoints(f"{path}: {error}") from None
    require_within(fit, points, entry.tolerance_m, where=str(path))
    return FittedGrid(name, entry.control_points, entry.tolerance_m, fit)


def _report_suspect(grid: FittedGrid, problems: Problems) -> None:
    fit = grid.fit
    if fit.suspect:
        row, off = next((n, r.left_out_m) for n, r in enumerate(fit.residuals, 1) if r.name == fit.suspect)
        fall = f"the RMS falls from {fit.rms_m:.3f} m to {fit.rms_without_suspect_m:.3f} m without it"
        text = f"{fit.suspect} is {off:.3f} m off; {fall}"
        problems.add(grid.file, f"datum {grid.name}", "control_point", [(row, text)])
