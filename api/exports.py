"""Runs an export as a job of the ledger: who wrote which layer out, in which system, how many rows."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.errors import Busy
from api.settings import Settings
from data.errors import BadExport, Conflict, JobCancelled
from data.export import ExportPlan, ExportReport, Format, export_datum, require_layer, write_export
from data.jobs import job
from data.ledger import ENTRY_SUFFIX
from data.pool import connect
from data.registers import asked_values
from gis.parameters import Parameters
from twin.registers import REGISTERS
from twin.scope import Scope

AT_ONCE = 2
"""Exports that one process writes at the same time; each holds one core and the geometries of its layer."""
_LEFT_OVER_S = 24 * 3600
_free = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What somebody wants written; texts as given.

    Attributes
    ----------
    city_id
        The city.
    layer
        Asset kind or register.
    format
        Of the file.
    datum
        Name in the registry.
    area_id, company_id
        Only assets of this district or company; rows of a register: of this district or parent.
    where
        `name:value` texts: only rows of a register with these values.
    """

    city_id: int
    layer: str
    format: Format
    datum: str
    area_id: int | None = None
    company_id: int | None = None
    where: Sequence[str] = ()


def _values(scope: Scope, order: ExportOrder) -> Mapping[str, object]:
    if not order.where:
        return {}
    if order.layer not in REGISTERS:
        raise BadExport(f"where: {order.layer} is no register; rows of {', '.join(REGISTERS)} can be chosen by their values")
    return asked_values(REGISTERS[order.layer], scope, order.where)


def run_export(
    settings: Settings,
    scope: Scope,
    order: ExportOrder,
    *,
    seat: str,
    path: Path | None = None,
    folder: Path | None = None,
    parameters: Mapping[str, Parameters] | None = None,
) -> tuple[Path, ExportReport]:
    """Write one layer to a file, as a job.

    Parameters
    ----------
    settings
        With `database_url` of a migrated PostGIS.
    scope, seat
        What the caller may read, and the name for the records.
    order
        What to write.
    path, folder
        The file, or the folder for a file with a name of its own.
    parameters
        Of local and old datums beyond those of the city's deliveries.

    Raises
    ------
    BadFilter, BadExport, UnknownDatum, DatumNeedsParameters, ConversionRefused, OutsideScope
        As `write_export`; no file is left.
    Conflict
        When somebody cancelled the job.
    """
    require_layer(order.layer)
    scope.require_city(order.city_id)
    scope.require_layer(order.layer)
    values = _values(scope, order)
    with connect(settings.database_url) as connection:
        datum = export_datum(connection, order.city_id, order.datum, parameters)
        connection.rollback()
        plan = ExportPlan(order.city_id, order.layer, order.format, datum, order.area_id, order.company_id, values)
        target = path if path is not None else (folder or settings.var_dir) / plan.file_name
        noted: dict[str, object] = {"layer": order.layer, "format": order.format, "datum": datum.text}
        noted |= {"area_id": order.area_id, "company_id": order.company_id, "where": list(order.where), "file": target.name}
        try:
            with job(settings.database_url, "export", city_id=order.city_id, seat=seat, parameters=noted) as task:
                task.progress(0.0, f"{order.layer} as {order.format} in {datum.text}")
                report = write_export(connection, scope, plan, target, seat=seat, made_at=dt.datetime.now(dt.UTC))
                task.result = {**noted, **_result(target, report)}
        except JobCancelled as error:
            remove(target)
            raise Conflict(str(error)) from None
        except BaseException:
            remove(target)
            raise
    return target, report


def _result(path: Path, report: ExportReport) -> dict[str, object]:
    entry = {} if report.entry is None else {name: value for name, value in report.entry.items() if name != "sketch"}
    return {
        "rows": report.rows,
        "bytes": path.stat().st_size,
        "guarded": report.guarded,
        "left_out": report.left_out,
        "entry": entry,
    }


def remove(path: Path) -> None:
    """Remove a file and the entry beside it, as far as they exist."""
    for each in (path, path.with_name(path.name + ENTRY_SUFFIX)):
        each.unlink(missing_ok=True)


@contextmanager
def one_of_few() -> Iterator[None]:
    """Hold one of the places for exports of this process.

    Raises
    ------
    Busy
        When all are taken.
    """
    if not _free.acquire(blocking=False):
        raise Busy(f"{AT_ONCE} exports are being written; try again in a moment", retry_after_s=10)
    try:
        yield
    finally:
        _free.release()


def spool_folder(settings: Settings) -> Path:
    """Make a folder for one answer, and clear what a crash left behind a day ago."""
    spool = settings.var_dir / "exports"
    spool.mkdir(parents=True, exist_ok=True)
    for old in spool.iterdir():
        if time.time() - old.stat().st_mtime > _LEFT_OVER_S:
            shutil.rmtree(old, ignore_errors=True)
    folder = spool / uuid.uuid4().hex
    folder.mkdir()
    return folder


def bundled(path: Path) -> Path:
    """Return a ZIP with a file and the entry beside it."""
    entry = path.with_name(path.name + ENTRY_SUFFIX)
    bundle = path.with_name(path.name + ".zip")
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for each in (path, entry):
            if each.exists():
                archive.write(each, each.name)
    return bundle
