"""Runs an import: one transaction, into which layer after layer is read, converted and staged; it writes everything or nothing.

A layer goes into a temporary table by binary COPY as soon as it is read, and is dropped before the next one is, so the memory is
that of the largest layer. After the last one the stores compare and write in SQL (`asset_store.py`, `rate_store.py`). Files that
fail are collected over all layers and named in one message; then the transaction rolls back.

Cost: linear in rows. A city of 604,646 rows (200,000 pipes, 50,000 buildings, 3,500 substations) takes 21 s of processor time
here and 38 s in PostgreSQL, over half of that in the insert with its indexes, and 0.9 GB at the peak. With every layer kept until
the transaction and texts made value by value it was 44 s, 51 s and 3.9 GB.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from psycopg.types.json import Jsonb

from data.errors import BadManifest, ImportFailed
from data.imports.asset_store import AssetStore
from data.imports.local_grids import FittedGrid, fit_grids, with_fitted
from data.imports.manifest import Manifest, RasterEntry, inherited, read_manifest
from data.imports.problems import Problems
from data.imports.rate_store import RateStore
from data.imports.register_store import RegisterStore
from data.imports.report import ImportReport, RasterReport, conversion_reports, count_rows, grid_reports, layer_reports
from data.imports.staging import Staged, StagedLayer, StagedRates, StagedRegister, layer_names, stage_layer
from data.imports.transaction import Progress, Store, Transaction
from data.pool import connect
from data.statements import sql
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


def run_import(
    manifest: Path,
    database_url: str,
    *,
    seat: str,
    progress: Progress | None = None,
    data_root: Path | None = None,
    city_id: int | None = None,
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
    layers = _begun(_staged_layers(delivery, problems, say))
    with connect(database_url) as connection:
        transaction = Transaction(connection, delivery.city_id, problems)
        report = _import(transaction, delivery, layers, seat=seat, started=started, say=say)
    say("unchanged" if not report.changed else "imported", 1.0)
    logger.info("import of city %d: %s", report.city_id, "unchanged" if not report.changed else f"run {report.import_id}")
    return report


def _silent(_: str, __: float) -> None:
    return


def _open(path: Path, data_root: Path | None, city_id: int | None, problems: Problems) -> _Delivery:
    manifest = read_manifest(path)
    if city_id is not None:
        manifest = manifest.model_copy(update={"city": manifest.city.model_copy(update={"id": city_id})})
    folder = path.absolute().parent if data_root is None else data_root.absolute()
    return _Delivery(path, manifest, folder, *fit_grids(manifest, folder, problems))


# ---------------------------------------------------------------- reading


def _staged_layers(delivery: _Delivery, problems: Problems, say: Progress) -> Iterator[Staged]:
    """Yield layer after layer, until a file fails: then read on only to find every other file that fails.

    Raises
    ------
    ImportFailed
        At the end, naming all of them.
    """
    errors = [f"{delivery.path.name} {error}" for error in delivery.grid_errors.values()]
    errors += [error for entry in delivery.manifest.raster if (error := _missing_raster(delivery, entry))]
    missing = False
    for number, name in enumerate(layer_names(delivery.manifest)):
        say(f"reading {name}", _READING * number / max(1, len(delivery.manifest.layer)))
        try:
            if _lacks_grid(delivery, number):
                continue  # said once, by the datum
            if errors:
                _stage(delivery, number, name, problems)
            else:
                yield _stage(delivery, number, name, problems)
        except GisError as error:
            errors.append(f"{_where(delivery, number)}: {error}")
            missing = missing or isinstance(error, FileMissing)
        except (BadManifest, ImportFailed) as error:
            errors.append(str(error))
    if errors:
        hint = f"\n  files are looked for in {delivery.folder}; --data-root names another folder" if missing else ""
        text = "\n".join(f"  {error}" for error in errors)
        raise ImportFailed(f"{delivery.path.name}: nothing was imported\n{text}{hint}")


def _begun(layers: Iterator[Staged]) -> Iterator[Staged]:
    """Return the layers with the first one ready: a delivery whose first file fails needs no database."""
    return _from(list(islice(layers, 1)), layers)


def _from(ready: list[Staged], layers: Iterator[Staged]) -> Iterator[Staged]:
    while ready:
        yield ready.pop()  # and hold it no longer, as `itertools.chain` would
    yield from layers


def _stage(delivery: _Delivery, number: int, name: str, problems: Problems) -> Staged:
    entry, where = delivery.manifest.layer[number], _where(delivery, number)
    datums = with_fitted(delivery.manifest, delivery.grids)
    return stage_layer(delivery.manifest, entry, name=name, folder=delivery.folder, where=where, problems=problems, datums=datums)


def _lacks_grid(delivery: _Delivery, number: int) -> bool:
    """Tell whether a layer is in a grid whose control points could not be used."""
    datum = (inherited(delivery.manifest, delivery.manifest.layer[number]).datum or "").replace(" ", "")
    return any(datum.lower() == f"local({name})".lower() for name in delivery.grid_errors)


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
    transaction: Transaction, delivery: _Delivery, layers: Iterator[Staged], *, seat: str, started: float, say: Progress
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
    transaction: Transaction, layers: Iterator[Staged], stores: Mapping[type[Staged], Store], say: Callable[[float], None]
) -> None:
    place = 0.5
    for layer in layers:
        say(place)
        stores[type(layer)].take(transaction, transaction.add_layer(layer), layer)
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
    for conversion in report.conversions:
        row = asdict(conversion) | key
        row |= {name: bytes.fromhex(row[name]) for name in ("input_sha256", "output_sha256")}
        transaction.connection.execute(sql("import_conversion_insert"), row)


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
