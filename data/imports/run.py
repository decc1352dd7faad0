"""Runs an import: one transaction, into which layer after layer is read, converted and staged; it writes everything or nothing.

A layer goes into a temporary table by binary COPY as soon as it is read, and is dropped before the next one is, so the memory is
that of the largest layer. Pipes are read last: by then the places of valves and chambers are known, and vertices are put on the
pipes there before they are converted. After the last one the stores compare and write in SQL (`asset_store.py`, `rate_store.py`).
Files that fail, and layers that the archive objects to (`trust.py`), are collected over all layers and named in one message; then
the transaction rolls back.

Cost: linear in rows. A city of 604,646 rows (200,000 pipes, 50,000 buildings, 3,500 substations) takes 21 s of processor time
here and 38 s in PostgreSQL, over half of that in the insert with its indexes, and 0.9 GB at the peak. With every layer kept until
the transaction and texts made value by value it was 44 s, 51 s and 3.9 GB.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from data import ledger
from data.errors import BadManifest, ImportFailed
from data.imports.asset_store import AssetStore
from data.imports.local_grids import FittedGrid, fit_grids, is_on_grid, with_fitted
from data.imports.manifest import LayerEntry, Manifest, RasterEntry, inherited, read_manifest
from data.imports.placing import NODED_KINDS
from data.imports.problems import Problem, Problems
from data.imports.rate_store import RateStore
from data.imports.register_store import RegisterStore
from data.imports.report import (
    ImportReport,
    RasterReport,
    conversion_reports,
    count_rows,
    grid_reports,
    layer_reports,
    problem_line,
)
from data.imports.staging import Staged, StagedLayer, StagedRates, StagedRegister, layer_names, stage_layer
from data.imports.transaction import Progress, Store, Transaction
from data.imports.trust import Archive, objection
from data.pool import connect
from data.statements import sql
from gis.datums import parse_datum
from gis.errors import FileMissing, GisError
from twin.kinds import KINDS
from twin.registers import REGISTERS

logger = logging.getLogger(__name__)

_READING = 0.6
"""Share of the progress until every layer is read and staged."""

__all__ = ["ImportReport", "run_import"]


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A manifest, where its files are, and the grids fitted to its control points (or by name why one could not be)."""

    path: Path
    manifest: Manifest
    folder: Path
    grids: list[FittedGrid]
    grid_errors: Mapping[str, str]

    @property
    def city_id(self) -> int:
        return self.manifest.city.id

    @property
    def order(self) -> list[int]:
        """Numbers of the layers in the order of reading: pipes after what may lie on them."""
        return sorted(range(len(self.manifest.layer)), key=lambda number: self.manifest.layer[number].kind in NODED_KINDS)


@dataclass(slots=True)
class _Reading:
    """What is known while the layers of a delivery are read.

    Attributes
    ----------
    problems
        Of rows.
    errors
        Why layers cannot be taken, by number of the layer (-1 = of the delivery); filled by the reading and by the checks that
        need the database.
    missing
        True when a file is not there.
    points
        Places that may lie on pipes, by datum.
    """

    problems: Problems
    errors: list[tuple[int, str]] = field(default_factory=list)
    missing: bool = False
    points: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)

    def points_in(self, datum: str) -> NDArray[np.float64]:
        return np.concatenate([np.zeros((0, 2)), *self.points.get(datum, [])])


def run_import(
    manifest: Path,
    database_url: str,
    *,
    seat: str,
    progress: Progress | None = None,
    data_root: Path | None = None,
    city_id: int | None = None,
    strict: bool = False,
) -> ImportReport:
    """Bring a delivery into the store, whole or not at all.

    Parameters
    ----------
    manifest
        Path of the TOML file.
    database_url
        A migrated PostGIS.
    seat
        Who imports; stored with the run.
    progress
        Called with a message and the done share 0..1.
    data_root
        Folder that file names are relative to; None = the manifest's folder.
    city_id
        Imports into another city id than the manifest's.
    strict
        Refuse the delivery when any row has a fault (warning or error of the report), instead of importing what can be kept.

    Returns
    -------
    The report. The same delivery again changes no row of any table, and the report says so.

    Raises
    ------
    BadManifest
        When the manifest cannot be used.
    ImportFailed
        When files cannot be read or converted; the message has one line for each. Nothing was written.
    DatabaseUnavailable
        When the database cannot be reached.
    """
    started = time.monotonic()
    say = progress if progress is not None else _silent
    problems = Problems()
    delivery = _open(manifest, data_root, city_id, problems)
    reading = _Reading(problems)
    layers = _begun(_staged_layers(delivery, reading, say))
    with connect(database_url) as connection:
        summaries = [Staged(name=name, entry=entry, read=0) for name, entry in _named(delivery.manifest)]
        transaction = Transaction(connection, delivery.city_id, problems, summaries)
        report = _import(transaction, delivery, _unobjected(transaction, layers, reading), seat=seat, started=started, say=say)
        if strict:
            _require_faultless(report)
    say("unchanged" if not report.changed else "imported", 1.0)
    logger.info("import of city %d: %s", report.city_id, "unchanged" if not report.changed else f"run {report.import_id}")
    return report


def _require_faultless(report: ImportReport) -> None:
    """Raise `ImportFailed` with the first problem of each rule and layer, unless there are only notes."""
    first: dict[tuple[str, str], Problem] = {}
    for problem in report.problems:
        if problem.severity != "note":
            first.setdefault((problem.layer, problem.rule), problem)
    if first:
        counts = {(item.layer, item.rule): item.rows for item in report.problem_counts}
        lines = (f"  {counts[key]:,} x {problem.rule}: {problem_line(problem)}" for key, problem in first.items())
        raise ImportFailed(f"{report.manifest}: nothing was imported, because strict refuses every fault\n" + "\n".join(lines))


def _silent(_: str, __: float) -> None:
    return


def _open(path: Path, data_root: Path | None, city_id: int | None, problems: Problems) -> _Delivery:
    manifest = read_manifest(path)
    if city_id is not None:
        manifest = manifest.model_copy(update={"city": manifest.city.model_copy(update={"id": city_id})})
    folder = path.absolute().parent if data_root is None else data_root.absolute()
    return _Delivery(path, manifest, folder, *fit_grids(manifest, folder, problems))


# ---------------------------------------------------------------- reading


def _staged_layers(delivery: _Delivery, reading: _Reading, say: Progress) -> Iterator[tuple[int, Staged]]:
    """Yield layer after layer with its number, until one fails: then read on only to find every other one that does.

    Raises
    ------
    ImportFailed
        At the end, naming all of them.
    """
    reading.errors += [(-1, f"{delivery.path.name} {error}") for error in delivery.grid_errors.values()]
    reading.errors += [(-1, error) for entry in delivery.manifest.raster if (error := _missing_raster(delivery, entry))]
    names = layer_names(delivery.manifest)
    for place, number in enumerate(delivery.order):
        say(f"reading {names[number]}", _READING * place / max(1, len(names)))
        if _lacks_grid(delivery, number):
            continue  # said once, by the datum
        layer = _staged(delivery, number, names[number], reading)
        if layer is not None and not reading.errors:
            yield number, layer
        del layer  # the next one is read before the loop would let go of it
    if reading.errors:
        hint = f"\n  files are looked for in {delivery.folder}; --data-root names another folder" if reading.missing else ""
        text = "\n".join(f"  {error}" for _, error in sorted(reading.errors, key=lambda item: item[0]))
        raise ImportFailed(f"{delivery.path.name}: nothing was imported\n{text}{hint}")


def _staged(delivery: _Delivery, number: int, name: str, reading: _Reading) -> Staged | None:
    """Return a layer, or None when it failed."""
    try:
        layer = _stage(delivery, number, name, reading)
    except GisError as error:
        reading.errors.append((number, f"{_where(delivery, number)}: {error}"))
        reading.missing = reading.missing or isinstance(error, FileMissing)
        return None
    except (BadManifest, ImportFailed) as error:
        reading.errors.append((number, str(error)))
        return None
    if layer.points is not None and layer.conversion is not None:
        reading.points.setdefault(layer.conversion.datum, []).append(layer.points)
    return layer


def _begun(layers: Iterator[tuple[int, Staged]]) -> Iterator[tuple[int, Staged]]:
    """Return the layers with the first one ready: a delivery whose first file fails needs no database."""
    return _from(list(islice(layers, 1)), layers)


def _from(ready: list[tuple[int, Staged]], layers: Iterator[tuple[int, Staged]]) -> Iterator[tuple[int, Staged]]:
    while ready:
        yield ready.pop()  # and hold it no longer, as `itertools.chain` would
    yield from layers


def _unobjected(
    transaction: Transaction, layers: Iterator[tuple[int, Staged]], reading: _Reading
) -> Iterator[tuple[int, Staged]]:
    """Yield the layers that the archive has nothing against; the others are named with those that fail."""
    archive = Archive(transaction.connection, transaction.city_id)
    for number, layer in layers:
        if error := objection(archive, layer):
            reading.errors.append((number, f"layer {number + 1} ({layer.entry.file} > {layer.entry.kind}): {error}"))
        else:
            yield number, layer
        del layer  # as in `_take_all`


def _named(manifest: Manifest) -> Iterator[tuple[str, LayerEntry]]:
    return zip(layer_names(manifest), manifest.layer, strict=True)


def _stage(delivery: _Delivery, number: int, name: str, reading: _Reading) -> Staged:
    entry, where = delivery.manifest.layer[number], _where(delivery, number)
    return stage_layer(
        delivery.manifest,
        entry,
        name=name,
        folder=delivery.folder,
        where=where,
        problems=reading.problems,
        datums=with_fitted(delivery.manifest, delivery.grids),
        points=reading.points_in(_datum_text(delivery, number)) if entry.kind in NODED_KINDS else None,
    )


def _datum_text(delivery: _Delivery, number: int) -> str:
    """Return the datum of a layer as its conversion names it; empty when it is not stated or not known."""
    values = inherited(delivery.manifest, delivery.manifest.layer[number])
    try:
        return parse_datum(values.datum or values.crs or "", with_fitted(delivery.manifest, delivery.grids)).text
    except GisError:
        return ""


def _lacks_grid(delivery: _Delivery, number: int) -> bool:
    """Tell whether a layer is in a grid whose control points could not be used."""
    datum = inherited(delivery.manifest, delivery.manifest.layer[number]).datum or ""
    return any(is_on_grid(datum, name) for name in delivery.grid_errors)


def _where(delivery: _Delivery, number: int) -> str:
    entry = delivery.manifest.layer[number]
    return f"{delivery.path.name} layer {number + 1} ({entry.file} > {entry.kind})"


def _missing_raster(delivery: _Delivery, entry: RasterEntry) -> str:
    file = delivery.folder / entry.file
    return "" if file.is_file() else f"{delivery.path.name}: raster {entry.layer!r}: there is no file {file}"


def _digest(delivery: _Delivery) -> bytes:
    """Return the hash of the manifest and of every file it names."""
    digest = hashlib.sha256(delivery.path.read_bytes())
    for name in sorted(delivery.manifest.files()):
        with (delivery.folder / name).open("rb") as file:
            digest.update(name.encode() + b"\x00" + hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


# ---------------------------------------------------------------- writing


def _stores() -> Mapping[type[Staged], Store]:
    """Return the store of each class of layers, in the order they write."""
    return {StagedLayer: AssetStore(), StagedRegister: RegisterStore(), StagedRates: RateStore()}


def _import(
    transaction: Transaction,
    delivery: _Delivery,
    layers: Iterator[tuple[int, Staged]],
    *,
    seat: str,
    started: float,
    say: Progress,
) -> ImportReport:
    """Do the transaction of an import; the caller's context commits it, or rolls back when this raises."""
    connection, city = transaction.connection, {"city_id": delivery.city_id}
    connection.execute(sql("import_lock"), city)
    stores = _stores()
    for store in stores.values():
        store.open(transaction)
    _take_all(transaction, layers, stores, lambda done: say("staging rows", _READING * done / len(delivery.manifest.layer)))
    city_changed = _write_city(transaction, delivery.manifest)
    written = [store.write(transaction, say) for store in stores.values()]
    say("closing", 0.95)
    if any(written):
        connection.execute(sql("import_bump"), {**city, "network": transaction.network_changed})
    changed, digest = any(written) or city_changed, _digest(delivery)
    recorded = changed or not _is_repeated(transaction, digest)
    report = _report(transaction, delivery, recorded=recorded, changed=changed, seconds=time.monotonic() - started)
    if recorded:
        _write_run(transaction, report, manifest_sha256=digest, seat=seat)
        _write_change(transaction, report, seat=seat, reason=delivery.manifest.reason)
    return report


def _take_all(
    transaction: Transaction,
    layers: Iterator[tuple[int, Staged]],
    stores: Mapping[type[Staged], Store],
    say: Callable[[float], None],
) -> None:
    place = 0.5
    for number, layer in layers:
        say(place)
        transaction.put_layer(number, layer)
        stores[type(layer)].take(transaction, number, layer)
        place += 1.0
        del layer  # the next one is read before the loop would let go of it; enumerate would hold it too


def _write_city(transaction: Transaction, manifest: Manifest) -> bool:
    city = manifest.city
    values = {
        "city_id": city.id,
        "name_zh": city.name,
        "name_en": city.name_en or city.name,
        "zone": city.zone,
        "synthetic": city.synthetic,
        "attribution": _attribution(manifest),
        "extent": None if city.extent is None else list(city.extent),
        "geoid_height_m": city.geoid_height_m,
    }
    return transaction.connection.execute(sql("import_city"), values).fetchone() is not None


def _attribution(manifest: Manifest) -> str:
    """Return what the city must show: its own text, or those of its layers."""
    of_layers = (inherited(manifest, entry).attribution or "" for entry in manifest.layer)
    return manifest.city.attribution or "; ".join(dict.fromkeys(text for text in of_layers if text))


def _is_repeated(transaction: Transaction, digest: bytes) -> bool:
    row = transaction.connection.execute(sql("import_last"), {"city_id": transaction.city_id}).fetchone()
    return row is not None and bytes(row[1]) == digest


def _write_run(transaction: Transaction, report: ImportReport, *, manifest_sha256: bytes, seat: str) -> None:
    key = {"city_id": report.city_id, "import_id": report.import_id}
    values = {**key, "manifest_sha256": manifest_sha256, "seat": seat, "report": Jsonb(report.as_dict())}
    transaction.connection.execute(sql("import_run_insert"), values)
    assert report.import_id is not None
    entries = {layer.name: layer.ledger for layer in transaction.layers if layer.ledger is not None}
    ledger.record(transaction.connection, report.city_id, report.import_id, entries, seat=seat)


def _write_change(transaction: Transaction, report: ImportReport, *, seat: str, reason: str) -> None:
    """Write the import as a change of the archive: who, why, from which layers, how many rows."""
    counts = dict.fromkeys(("added", "changed", "register_added", "register_changed"), 0) | {"retired": 0}
    for layer in report.layers:
        if layer.kind in KINDS or layer.kind in REGISTERS:
            prefix = "" if layer.kind in KINDS else "register_"
            counts[f"{prefix}added"] += layer.new
            counts[f"{prefix}changed"] += layer.changed
    values = {
        "city_id": transaction.city_id,
        "change_id": transaction.change_id(),
        "at": transaction.at(),
        "seat": seat,
        "reason": reason or "import",
        "source": report.manifest,
        "import_id": transaction.import_id(),
        "layers": [layer.name for layer in report.layers],
        "counts": Jsonb(counts),
    }
    transaction.connection.execute(sql("import_change_insert"), values)


def _report(transaction: Transaction, delivery: _Delivery, *, recorded: bool, changed: bool, seconds: float) -> ImportReport:
    return ImportReport(
        manifest=delivery.path.name,
        city_id=delivery.city_id,
        city_name=delivery.manifest.city.name,
        import_id=transaction.import_id() if recorded else None,
        changed=changed,
        layers=layer_reports(transaction.layers, transaction.counts),
        conversions=conversion_reports(transaction.layers),
        grids=grid_reports(delivery.grids),
        rasters=tuple(_raster(delivery, entry) for entry in delivery.manifest.raster),
        problems=tuple(transaction.problems.listed),
        problem_counts=count_rows(transaction.problems.counts),
        relinked=transaction.relinked,
        seconds=round(seconds, 3),
    )


def _raster(delivery: _Delivery, entry: RasterEntry) -> RasterReport:
    return RasterReport(entry.layer, str(delivery.folder / entry.file), entry.style, entry.attribution)
