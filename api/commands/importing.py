"""`heat-twin import`: bring a delivery into the store."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.loading import load_manifest
from api.serving import open_database
from api.settings import read_settings
from data.imports.manifest import locate_manifest


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command(name="import")(import_)


def import_(
    manifest: Annotated[str, typer.Argument(help="Path of a manifest (TOML), or the name of one that ships: schutterwald.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder that the manifest's file names are relative to; default: the manifest's own.")
    ] = None,
    city_id: Annotated[
        int | None, typer.Option(min=1, max=32767, help="Import into this city instead of the manifest's.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file.")] = None,
) -> None:
    """Import a delivery, whole or not at all; the same delivery again changes nothing."""
    if report is not None and not report.absolute().parent.is_dir():
        raise typer.BadParameter(f"{report}: there is no folder {report.absolute().parent}", param_hint="--report")
    with open_database(read_settings()) as settings:
        loaded = load_manifest(
            locate_manifest(manifest),
            settings,
            seat=f"command line: {getpass.getuser()}",
            progress=_show if sys.stderr.isatty() else None,
            data_root=data_root,
            city_id=city_id,
        )
    if report is not None:
        report.write_bytes(orjson.dumps(loaded.imported.as_dict(), option=orjson.OPT_INDENT_2))
    typer.echo(loaded.imported.as_text(), nl=False)


def _show(message: str, fraction: float) -> None:
    sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {message}" + ("\n" if fraction >= 1 else ""))
