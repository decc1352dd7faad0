"""`heat-twin import`: bring a delivery into the store, or look at its datums first; `heat-twin datum undo`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.database import open_connection, open_database
from api.settings import Settings, read_settings
from data.cities import city_extent
from data.cluster import private_cluster
from data.imports.detecting import Detection, detect_delivery, detect_file
from data.imports.manifest import locate_manifest, read_manifest
from data.imports.trust import Archive


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command(name="import")(import_)


def import_(  # noqa: PLR0917 - options of a command line
    manifest: Annotated[
        str,
        typer.Argument(help="Path of a manifest (TOML), or the name of one that ships: schutterwald; with --detect also a file."),
    ],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder that the manifest's file names are relative to; default: the manifest's own.")
    ] = None,
    city_id: Annotated[
        int | None,
        typer.Option("--city-id", "--city", min=1, max=32767, help="Import into this city instead of the manifest's."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Import nothing when any row has a fault.")] = False,
    detect: Annotated[
        bool,
        typer.Option(
            "--detect", help="Write nothing; say which datum each layer is in. Exit code 1 when a declared one is wrong."
        ),
    ] = False,
) -> None:
    """Import a delivery, whole or not at all; the same delivery again changes nothing."""
    if report is not None and not report.absolute().parent.is_dir():
        raise typer.BadParameter(f"{report}: there is no folder {report.absolute().parent}", param_hint="--report")
    if detect:
        _detect(manifest, data_root, city_id, report)
        return
    from api.loading import load_manifest  # noqa: PLC0415 - every derived copy's libraries: seconds, which --detect need not wait

    with open_database(read_settings()) as settings:
        loaded = load_manifest(
            locate_manifest(manifest),
            settings,
            seat=f"command line: {getpass.getuser()}",
            progress=_show if sys.stderr.isatty() else None,
            data_root=data_root,
            city_id=city_id,
            strict=strict,
        )
    if report is not None:
        report.write_bytes(orjson.dumps(loaded.imported.as_dict(), option=orjson.OPT_INDENT_2))
    typer.echo(loaded.imported.as_text(), nl=False)


def _show(message: str, fraction: float) -> None:
    sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {message}" + ("\n" if fraction >= 1 else ""))


# ---------------------------------------------------------------- detection


def _detect(name: str, data_root: Path | None, city_id: int | None, report: Path | None) -> None:
    found = _detection(name, data_root, city_id)
    if report is not None:
        report.write_bytes(orjson.dumps(found.as_dict(), option=orjson.OPT_INDENT_2))
    typer.echo(found.as_text(), nl=False)
    if found.contradicts:
        raise typer.Exit(1)


def _detection(name: str, data_root: Path | None, city_id: int | None) -> Detection:
    bare = Path(name)
    if bare.suffix.lower() != ".toml" and bare.is_file():
        with _archive(read_settings(), city_id) as archive:
            extent = None if archive is None else city_extent(archive.connection, archive.city_id)
            return detect_file(bare, archive=archive, extent=extent)
    manifest = locate_manifest(name)
    wanted = city_id if city_id is not None else read_manifest(manifest).city.id
    with _archive(read_settings(), wanted) as archive:
        return detect_delivery(manifest, archive=archive, data_root=data_root)


@contextmanager
def _archive(settings: Settings, city_id: int | None) -> Iterator[Archive | None]:
    """Yield the assets of a city to compare with; None when there is no database yet, or no city is named."""
    if city_id is None or not (settings.database_url or private_cluster(settings.var_dir).exists):
        yield None
        return
    with open_connection(settings) as connection:
        yield Archive(connection, city_id)
        connection.rollback()  # nothing was written, and nothing is to be
