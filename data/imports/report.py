"""The report of an import: what was read, what changed, how it was converted, what is wrong; as JSON and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data.imports.local_grids import FittedGrid
from data.imports.problems import Problem
from data.imports.staging import Staged


@dataclass(frozen=True, slots=True)
class LayerReport:
    """Counts of one layer.

    Attributes
    ----------
    name, file, kind
        Which layer.
    read
        Rows in the file (after `where`).
    new, changed, unchanged
        Rows by what they did to the store.
    rejected
        Rows that were not imported; each has a problem of severity `error`.
    """

    name: str
    file: str
    kind: str
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """How one layer became WGS-84; hashes as hexadecimal digits."""

    layer: str
    datum: str
    evidence: str
    operation: str
    accuracy_m: float | None
    vertex_count: int
    round_trip_max_m: float | None
    input_sha256: str
    output_sha256: str


@dataclass(frozen=True, slots=True)
class ControlPointReport:
    """How well one control point fits: given minus computed metres, and the error at it of the fit without it.

    `position` is its longitude and latitude.
    """

    name: str
    dx_m: float
    dy_m: float
    left_out_m: float
    position: tuple[float, float]


@dataclass(frozen=True, slots=True)
class GridReport:
    """How a local grid was fitted to control points; `suspect` is the point that is probably wrong, or empty."""

    datum: str
    file: str
    model: str
    rms_m: float
    max_m: float
    tolerance_m: float
    suspect: str
    points: tuple[ControlPointReport, ...]


@dataclass(frozen=True, slots=True)
class RasterReport:
    """A raster of the manifest, for the raster room."""

    layer: str
    path: str
    style: str
    attribution: str


@dataclass(frozen=True, slots=True)
class ProblemCount:
    """How often a rule was broken in a layer."""

    layer: str
    rule: str
    rows: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Everything an import has to say.

    Attributes
    ----------
    manifest
        File name of the manifest.
    city_id, city_name
        The city.
    import_id
        Key in `import_run`; None when nothing changed and nothing was written.
    changed
        False when the delivery was already in the store, row for row.
    layers, conversions, grids, rasters
        One entry each; grids are those fitted to control points.
    problems
        The first rows of each rule and layer; `problem_counts` holds the full numbers.
    relinked
        Stored rows whose company, district or pair became known by this delivery.
    seconds
        Duration.
    """

    manifest: str
    city_id: int
    city_name: str
    import_id: int | None
    changed: bool
    layers: tuple[LayerReport, ...]
    conversions: tuple[ConversionReport, ...]
    grids: tuple[GridReport, ...]
    rasters: tuple[RasterReport, ...]
    problems: tuple[Problem, ...]
    problem_counts: tuple[ProblemCount, ...]
    relinked: int
    seconds: float

    def count(self, rule: str, layer: str | None = None) -> int:
        """Return how many rows broke a rule, in all layers or those whose name contains a text."""
        return sum(c.rows for c in self.problem_counts if c.rule == rule and (layer is None or layer in c.layer))

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the report for people."""
        lines = [f"{self.manifest}: city {self.city_id} {self.city_name}, {self._outcome()} ({self.seconds:.1f} s)"]
        lines += ["", f"{'read':>9} {'new':>9} {'changed':>9} {'unchanged':>9} {'rejected':>9}  layer"]
        lines += [
            f"{item.read:>9,} {item.new:>9,} {item.changed:>9,} {item.unchanged:>9,} {item.rejected:>9,}  {item.name}"
            for item in self.layers
        ]
        lines += ["", *(_conversion_line(item) for item in self.conversions)] if self.conversions else []
        lines += ["", *(line for item in self.grids for line in _grid_lines(item))] if self.grids else []
        lines += ["", *(f"{item.rows:>9,} x {item.rule}  in {item.layer}" for item in self.problem_counts)]
        lines += [f"  {problem_line(item)}" for item in _first_of_each(self.problems)]
        return "\n".join(lines) + "\n"

    def _outcome(self) -> str:
        if not self.changed:
            return "unchanged"
        return f"import {self.import_id}" + (f", {self.relinked:,} stored rows linked anew" if self.relinked else "")


def _conversion_line(item: ConversionReport) -> str:
    accuracy = "unknown" if item.accuracy_m is None else f"{item.accuracy_m:.2f} m"
    trip = "none" if item.round_trip_max_m is None else f"{item.round_trip_max_m * 1000:.6f} mm"
    return (
        f"  {item.layer}: {item.datum} ({item.evidence}), {item.vertex_count:,} vertices, accuracy {accuracy},"
        f" there and back {trip}: {item.operation}"
    )


def _grid_lines(item: GridReport) -> list[str]:
    head = (
        f"  {item.datum}: {item.model} by {len(item.points)} control points of {item.file}, RMS {item.rms_m:.3f} m, largest"
        f" {item.max_m:.3f} m (tolerance {item.tolerance_m:g} m)" + (f", check {item.suspect}" if item.suspect else "")
    )
    table = [f"    {'dx m':>9} {'dy m':>9} {'without it m':>13}  control point"]
    return [head, *table, *(f"    {p.dx_m:>9.3f} {p.dy_m:>9.3f} {p.left_out_m:>13.3f}  {p.name}" for p in item.points)]


def _first_of_each(problems: tuple[Problem, ...], *, most: int = 3) -> list[Problem]:
    seen: dict[tuple[str, str], int] = {}
    shown: list[Problem] = []
    for problem in problems:
        key = (problem.layer, problem.rule)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= most:
            shown.append(problem)
    return shown


def problem_line(item: Problem) -> str:
    """Return a problem as one line: severity, file, row, rule, what is wrong."""
    row = "" if item.row is None else f" row {item.row}"
    return f"{item.severity}: {item.file}{row}: {item.rule}: {item.message}"


def count_rows(counts: Mapping[tuple[str, str], int]) -> tuple[ProblemCount, ...]:
    """Return the counts of a problem collection in a stable order."""
    return tuple(ProblemCount(layer, rule, rows) for (layer, rule), rows in sorted(counts.items()))


def layer_reports(layers: Sequence[Staged], counts: Mapping[tuple[int, str], int]) -> tuple[LayerReport, ...]:
    """Return the counts of each layer; `counts` is by (layer number, status), what has no status was rejected."""
    return tuple(_layer_report(number, layer, counts) for number, layer in enumerate(layers))


def _layer_report(number: int, layer: Staged, counts: Mapping[tuple[int, str], int]) -> LayerReport:
    new, changed, unchanged = (counts.get((number, status), 0) for status in ("new", "changed", "unchanged"))
    rejected = layer.read - new - changed - unchanged
    return LayerReport(layer.name, layer.entry.file, layer.entry.kind, layer.read, new, changed, unchanged, rejected)


def grid_reports(grids: Sequence[FittedGrid]) -> tuple[GridReport, ...]:
    """Return the residuals of the grids that were fitted to control points."""
    return tuple(
        GridReport(
            datum=grid.datum,
            file=grid.file,
            model=grid.fit.model,
            rms_m=grid.fit.rms_m,
            max_m=grid.fit.worst.distance_m,
            tolerance_m=grid.tolerance_m,
            suspect=grid.fit.suspect,
            points=tuple(ControlPointReport(r.name, r.dx_m, r.dy_m, r.left_out_m, r.position) for r in grid.fit.residuals),
        )
        for grid in grids
    )


def conversion_reports(layers: Sequence[Staged]) -> tuple[ConversionReport, ...]:
    """Return how the layers with coordinates were converted."""
    return tuple(
        ConversionReport(
            layer=layer.name,
            datum=record.datum,
            evidence=layer.evidence,
            operation=record.operation,
            accuracy_m=record.accuracy_m,
            vertex_count=record.vertex_count,
            round_trip_max_m=record.round_trip_max_m,
            input_sha256=record.input_sha256.hex(),
            output_sha256=record.output_sha256.hex(),
        )
        for layer in layers
        if (record := layer.conversion) is not None
    )
