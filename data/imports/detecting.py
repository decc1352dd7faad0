"""The dry run of an import: which system is each layer in, without a word of the manifest believed and nothing written.

Evidence, in this order: current assets of the same kind in the archive, all assets of the archive, the layers of the delivery
whose system is known by then, the city's extent. The declared datum is compared with what was found, never used to find it; only
plane layers whose datum is declared with evidence vouch for others unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import numpy as np
import pyogrio
from numpy.typing import NDArray

from data.errors import BadManifest, DataError
from data.imports.local_grids import fit_grids, with_fitted
from data.imports.manifest import CityEntry, Inherited, LayerEntry, Manifest, inherited, read_manifest
from data.imports.problems import Problems
from data.imports.staging import layer_names
from data.ledger import entry_beside
from gis.datums import Datum, parse_datum
from gis.detect_claims import claims_of, contradictions
from gis.detect_datum import LEAST_MARGIN, LEAST_POINTS, Finding, Trusted, anchors_of, detect_datum, sampled
from gis.detect_mixed import mixed_datums, mixed_units
from gis.detect_readings import Reading
from gis.errors import GisError, UnreadableFile
from gis.parameters import Parameters
from gis.reading import GeometryColumns, read_layer, within
from twin.kinds import KINDS

Floats: TypeAlias = NDArray[np.float64]
Verdict: TypeAlias = Literal["fits", "contradicts", "undeclared", "unclear", "no places", "failed"]

MOST_PLACES: Final = 200_000
"""Places of one layer that are kept to hold other layers against."""
_NAMED_ROWS: Final = 5
_X_NAMES: Final = ("lon", "lng", "longitude", "x", "east", "easting", "经度", "东坐标", "横坐标", "x坐标")
_Y_NAMES: Final = ("lat", "latitude", "y", "north", "northing", "纬度", "北坐标", "纵坐标", "y坐标")


class Evidence(Protocol):
    """What the archive knows; `data.imports.trust.Archive` is one."""

    def trusted(self, kind: str | None) -> Trusted | None:
        """Return places of the current assets of a kind (None = of all)."""


@dataclass(frozen=True, slots=True)
class LayerDetection:
    """What was found about one layer.

    Attributes
    ----------
    name, file
        Which.
    declared
        Datum of the manifest; empty = none.
    proposed
        What the numbers say; empty = nothing can be said.
    margin
        Next best over best distance.
    verdict
        `fits` and `contradicts` compare the two; `undeclared`: a proposal without a declaration; `unclear`: no proposal.
    seen
        The evidence, sentence by sentence.
    write
        Lines for the manifest; empty when they stand there or nothing can be said.
    """

    name: str
    file: str
    declared: str
    proposed: str
    margin: float
    verdict: Verdict
    seen: tuple[str, ...]
    write: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found about a delivery."""

    delivery: str
    layers: tuple[LayerDetection, ...]

    @property
    def contradicts(self) -> bool:
        """True when a declared datum is wrong or a file cannot be read."""
        return any(layer.verdict in {"contradicts", "failed"} for layer in self.layers)

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """Return a table, and below it the evidence of each layer."""
        rows = [("layer", "declared", "proposed", "margin", "verdict")]
        rows += [
            (d.name, d.declared or "-", d.proposed or "-", f"{d.margin:.1f}" if d.proposed else "-", d.verdict)
            for d in self.layers
        ]
        width = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        lines = [f"{self.delivery}: nothing is written", ""]
        lines += ["  ".join(cell.ljust(width[place]) for place, cell in enumerate(row)).rstrip() for row in rows]
        for layer in self.layers:
            lines += ["", layer.name, *(f"  saw: {sentence}" for sentence in layer.seen)]
            lines += [f"  write: {line}" for line in layer.write.splitlines()]
        return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Layer:
    """A layer while it is looked at."""

    entry: LayerEntry
    name: str
    file: str
    values: Inherited
    declared: Datum | None = None
    xy: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    claims: tuple[Any, ...] = ()
    finding: Finding | None = None
    notes: list[str] = field(default_factory=list)
    failed: bool = False
    evidenced: bool = False

    @property
    def settled(self) -> bool:
        return self.finding is not None and self.finding.proposed is not None

    def reading(self) -> Reading | None:
        """Return how its numbers are read: as found, else as declared."""
        if self.finding is not None and self.finding.proposed is not None:
            return self.finding.proposed
        return None if self.declared is None else Reading(self.declared)


def detect_delivery(manifest: Path, *, archive: Evidence | None, data_root: Path | None = None) -> Detection:
    """Look at every layer of a delivery; nothing is written, and a manifest without any datum will do.

    Parameters
    ----------
    manifest
        Path of the TOML file.
    archive
        Assets of the city that are trusted; None = there are none.
    data_root
        Folder that file names are relative to; None = the manifest's folder.

    Raises
    ------
    BadManifest
        When the manifest cannot be used. What is wrong with a file is said at its layer.
    """
    content = read_manifest(manifest)
    folder = manifest.absolute().parent if data_root is None else data_root.absolute()
    grids, errors = fit_grids(content, folder, Problems())
    known = with_fitted(content, grids)
    layers = [_read(content, entry, name, folder, known) for entry, name in zip(content.layer, layer_names(content), strict=True)]
    found = _looked_at(layers, content.city.extent, known, archive)
    notes = [f"[datums.{name}] {error}" for name, error in errors.items()]
    if notes and found:
        found[0] = replace(found[0], seen=(*notes, *found[0].seen))
    return Detection(manifest.name, tuple(found))


def detect_file(file: Path, *, archive: Evidence | None, extent: tuple[float, float, float, float] | None) -> Detection:
    """Look at every layer of one file without a manifest.

    Raises
    ------
    gis.errors.GisError
        When the file cannot be read.
    """
    city = CityEntry(id=1, name="-", extent=extent)
    names = _inner_layers(file)
    # a bare file has no kind; any point kind lets the manifest's model take it, and none is looked up in the archive
    entries = tuple(LayerEntry(file=file.name, layer=name, kind="chamber", geometry=_positions(file, name)) for name in names)
    content = Manifest(city=city, layer=entries)
    labels = [file.name if name is None else f"{file.name}:{name}" for name in names]
    layers = [_read(content, entry, label, file.absolute().parent, {}) for entry, label in zip(entries, labels, strict=True)]
    found = _looked_at(layers, extent, {}, None if archive is None else _AnyKind(archive))
    return Detection(file.name, tuple(found))


@dataclass(frozen=True, slots=True)
class _AnyKind:
    """The archive for a layer of unknown kind."""

    archive: Evidence

    def trusted(self, _: str | None) -> Trusted | None:
        return self.archive.trusted(None)


# ---------------------------------------------------------------- reading


def _inner_layers(file: Path) -> list[str | None]:
    if file.suffix.lower() != ".gpkg":
        return [None]
    read_layer(file)  # says what is wrong with the file, if anything is
    return [str(row[0]) for row in pyogrio.list_layers(file)]


def _positions(file: Path, layer: str | None) -> Any:
    """Return the position columns of a table that a person would take for such."""
    if file.suffix.lower() not in {".csv", ".txt", ".xlsx", ".xlsm"}:
        return None
    columns = {str(name).strip().lower(): str(name) for name in read_layer(file, layer=layer).frame.columns}
    x = next((columns[name] for name in _X_NAMES if name in columns), None)
    y = next((columns[name] for name in _Y_NAMES if name in columns), None)
    if x is None or y is None:
        has = ", ".join(columns.values())
        raise UnreadableFile(f"{file}: no columns of positions were recognised among {has}; write a manifest that names them")
    return {"x": x, "y": y}


def _read(content: Manifest, entry: LayerEntry, name: str, folder: Path, known: Mapping[str, Parameters]) -> _Layer:
    values = inherited(content, entry)
    layer = _Layer(entry, name, entry.file, values)
    text = values.datum or values.crs
    try:
        path = within(folder, entry.file)
        columns: GeometryColumns | None = None if entry.geometry is None else entry.geometry.columns()
        delivered = read_layer(path, layer=entry.layer, encoding=values.encoding, geometry=columns)
        geometry = delivered.frame.geometry.to_numpy(dtype=object)
        xy, owner = anchors_of(geometry)
        every = max(1, -(-len(xy) // MOST_PLACES))
        layer.xy, layer.rows = xy[::every], delivered.frame.index.to_numpy(dtype=np.int64)[owner[::every]]
        layer.claims = claims_of(path, delivered.declared_epsg)
        _hold_beside(layer, path, geometry)
        if (mixture := mixed_units(xy, owner)) is not None:
            rows = ", ".join(str(row) for row in delivered.frame.index[mixture.rows[:_NAMED_ROWS]])
            layer.notes.append(f"two systems: {len(mixture.rows):,} rows are {mixture.smaller} (row {rows}, ...)")
            layer.failed = True
        layer.declared = None if text is None else parse_datum(text, known)
    except (GisError, DataError) as error:
        layer.notes.append(str(error))
        layer.failed = True
    layer.evidenced = bool(values.datum_evidence) and layer.declared is not None
    return layer


def _hold_beside(layer: _Layer, path: Path, geometry: NDArray[np.object_]) -> None:
    try:
        beside = entry_beside(path)
    except BadManifest as error:
        layer.notes.append(str(error))
        return
    if beside is not None:
        fits = "and the file is that one" if beside.fits(geometry) else "but the file has changed since"
        layer.notes.append(f"{beside.evidence} says {beside.datum}, {fits}")


# ---------------------------------------------------------------- looking


def _looked_at(
    layers: Sequence[_Layer],
    extent: tuple[float, float, float, float] | None,
    known: Mapping[str, Parameters],
    archive: Evidence | None,
) -> list[LayerDetection]:
    for layer in layers:
        layer.finding = _by_archive(layer, known, archive)
    for layer in layers:
        if not layer.settled:
            layer.finding = _better(layer.finding, detect_datum(layer.xy, extent=extent, known=known, declared=layer.declared))
    for layer in layers:
        if layer.finding is None or not layer.finding.by_trusted or not layer.settled:
            _by_delivery(layer, layers, known)
    return [_verdict(layer) for layer in layers]


def _by_archive(layer: _Layer, known: Mapping[str, Parameters], archive: Evidence | None) -> Finding | None:
    if archive is None or len(layer.xy) < LEAST_POINTS:
        return None
    best: Finding | None = None
    for kind in (layer.entry.kind, None):
        trusted = archive.trusted(kind) if kind is None or kind in KINDS else None
        if trusted is None:
            continue
        best = _better(best, detect_datum(layer.xy, trusted=trusted, known=known, declared=layer.declared))
        _note_mixture(layer, trusted)
        if best is not None and best.proposed is not None:
            return best
    return best


def _note_mixture(layer: _Layer, trusted: Trusted) -> None:
    if layer.declared is None or layer.failed:
        return
    chosen = slice(None, None, max(1, len(layer.xy) // 2000))
    mixture = mixed_datums(layer.xy[chosen], layer.rows[chosen], layer.declared, trusted)
    if mixture is not None:
        rows = ", ".join(str(row) for row in mixture.rows[:_NAMED_ROWS])
        layer.notes.append(
            f"two systems: {len(mixture.rows):,} of {mixture.row_count:,} rows looked at are {mixture.smaller} (row {rows}, ...)"
        )
        layer.failed = True


def _by_delivery(layer: _Layer, layers: Sequence[_Layer], known: Mapping[str, Parameters]) -> None:
    """Hold a layer against the others whose system is known; a finding without proposal does not replace one with."""
    others = [item for item in layers if item is not layer and _is_known(item)]
    places = [_lonlat(item) for item in others]
    if not places:
        return
    what = f"{len(others)} other layers of the delivery" if len(others) > 1 else f"the layer {others[0].name}"
    trusted = Trusted(np.concatenate(places), what)
    found = detect_datum(layer.xy, trusted=trusted, known=known, declared=layer.declared)
    if found.proposed is not None or layer.finding is None or not layer.settled:
        layer.finding = _better(layer.finding, found)
        _note_mixture(layer, trusted)


def _is_known(layer: _Layer) -> bool:
    """Tell whether a layer may vouch for others: found among trusted assets, or in plane coordinates that fit the city."""
    if layer.failed or not len(layer.xy):
        return False
    if layer.settled and layer.finding is not None and layer.finding.by_trusted and layer.finding.margin >= 2 * LEAST_MARGIN:
        return True
    plane = layer.declared is not None and layer.declared.unit == "metre" and layer.declared.family in {"gk", "local", "epsg"}
    if plane and layer.evidenced:
        return layer.finding is None or layer.declared is None or layer.finding.against(layer.declared) < LEAST_MARGIN
    proposed = layer.finding.proposed if layer.finding is not None else None
    return proposed is not None and proposed.datum.unit == "metre"


def _lonlat(layer: _Layer) -> Floats:
    reading = layer.reading()
    assert reading is not None
    lonlat = reading.lonlat(layer.xy)
    return lonlat[np.isfinite(lonlat).all(axis=1)]


def _better(one: Finding | None, other: Finding) -> Finding:
    """Return the finding that says more."""
    if one is None or (one.proposed is None and (other.proposed is not None or not one.seen)):
        return other
    return one


# ---------------------------------------------------------------- verdicts


def _verdict(layer: _Layer) -> LayerDetection:
    finding = layer.finding if layer.finding is not None else Finding(None, 1.0)
    declared = layer.declared.text if layer.declared is not None else layer.values.datum or layer.values.crs or ""
    proposed = finding.proposed
    seen = [*layer.notes, *finding.seen]
    if finding.refusal and len(layer.xy) and not layer.failed:
        seen.append(finding.refusal)
    if proposed is None and layer.declared is None:
        seen += [f"{claim.text}; that is a claim, which a manifest with the city's extent checks" for claim in layer.claims]
    seen += contradictions(layer.claims, sampled(layer.xy), proposed or layer.reading())
    verdict = _compared(layer, finding)
    write = ""
    if proposed is not None and verdict != "fits" and not layer.failed:
        write = _to_write(proposed, finding, table=layer.entry.geometry is not None)
    return LayerDetection(
        name=layer.name,
        file=layer.file,
        declared=declared,
        proposed="" if proposed is None else proposed.text,
        margin=round(finding.margin, 1),
        verdict=verdict,
        seen=tuple(seen),
        write=write,
    )


def _compared(layer: _Layer, finding: Finding) -> Verdict:
    if layer.failed:
        return "failed"
    if not len(layer.xy):
        return "no places"
    proposed = finding.proposed
    if layer.declared is None:
        return "undeclared" if proposed is not None else "unclear"
    if proposed is None:
        return "unclear"
    if proposed.number_format in {"seconds", "packed"}:
        return "contradicts"
    # axes that are swapped are turned round by the import itself: compared is the datum
    return "contradicts" if finding.against(layer.declared, turned=proposed.turned) >= LEAST_MARGIN else "fits"


def _to_write(proposed: Reading, finding: Finding, *, table: bool) -> str:
    lines = [f'datum = "{proposed.datum.text}"', f'datum_evidence = "detected, margin {finding.margin:.0f}"']
    if table:
        lines.append(f'[layer.geometry] format = "{proposed.datum.unit}s"')
    if proposed.number_format in {"seconds", "packed"}:
        lines.append(f"and convert the columns to degrees first: they are {proposed.text}")
    return "\n".join(lines)
