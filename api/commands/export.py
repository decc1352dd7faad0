"""`heat-twin export`: a layer of the archive as a file in any datum."""

from __future__ import annotations

import getpass
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from api.database import open_database
from api.exports import ExportOrder, run_export
from api.settings import Settings, read_settings
from data.errors import BadExport
from data.export import FORMATS, Format
from data.imports.local_grids import fit_grids, with_fitted
from data.imports.manifest import locate_manifest, read_manifest
from data.imports.problems import Problems
from data.ledger import ENTRY_SUFFIX
from data.network import first_city
from data.pool import connect
from gis.parameters import Parameters
from twin.scope import EVERYTHING


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command(name="export")(export)


def export(
    *,
    kind: Annotated[str, typer.Option("--kind", help="Asset kind or register: pipe, building, heat_user, ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; its ending tells the format.")],
    format_: Annotated[
        str | None, typer.Option("--format", help="gpkg, parquet, csv or xlsx; default: the file's ending.")
    ] = None,
    datum: Annotated[
        str, typer.Option("--datum", help="System of the coordinates: wgs84, gcj02, bd09, local(NAME), ...")
    ] = "wgs84",
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
    area: Annotated[int | None, typer.Option("--area", help="Only assets of this district (asset id).")] = None,
    company: Annotated[int | None, typer.Option("--company", help="Only assets of this company (asset id).")] = None,
    manifest: Annotated[
        str | None, typer.Option("--manifest", help="Take local grids and old datums from this manifest.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
) -> None:
    """Write a layer to a file in any datum, with its entry of the ledger of conversions beside it."""
    wanted = _format(format_ or out.suffix.removeprefix("."))
    _require_room(out, force=force)
    parameters = None if manifest is None else _parameters(manifest)
    # beside the wanted file first: one that is there stays until the new one is whole
    with open_database(read_settings()) as settings, tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder:
        order = ExportOrder(_city(settings, city), kind, wanted, datum, area, company)
        seat = f"command line: {getpass.getuser()}"
        written = Path(folder) / out.name
        _, report = run_export(settings, EVERYTHING, order, seat=seat, path=written, parameters=parameters)
        beside = out.with_name(out.name + ENTRY_SUFFIX)
        beside.unlink(missing_ok=True)
        for part in sorted(Path(folder).iterdir()):
            part.replace(out.with_name(part.name))
    more = f", {report.guarded} texts with an apostrophe in front" if report.guarded else ""
    more += f", {report.left_out} geometries too long for a cell" if report.left_out else ""
    typer.echo(f"{report.rows} rows of {kind} in {datum} to {out}{more}, {report.seconds:.1f} s")
    if report.entry is not None:
        typer.echo(f"conversion noted in {beside}: {report.entry['operation']}")


def _format(text: str) -> Format:
    for each in FORMATS:
        if each == text.lower():
            return each
    raise BadExport(f"{text!r} is not a format; formats are {', '.join(FORMATS)}")


def _require_room(out: Path, *, force: bool) -> None:
    if not out.absolute().parent.is_dir():
        raise BadExport(f"{out}: there is no folder {out.absolute().parent}")
    if out.is_dir():
        raise BadExport(f"{out} is a folder; name a file")
    if out.exists() and not force:
        raise BadExport(f"{out} exists; name another file or give --force")


def _city(settings: Settings, city: int | None) -> int:
    with connect(settings.database_url) as connection:
        return first_city(connection) if city is None else city


def _parameters(name: str) -> dict[str, Parameters]:
    path = locate_manifest(name)
    manifest = read_manifest(path)
    fitted, errors = fit_grids(manifest, path.parent, Problems())
    if errors:
        raise BadExport("; ".join(errors.values()))
    return dict(with_fitted(manifest, fitted))
