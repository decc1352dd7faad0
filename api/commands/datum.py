"""`heat-twin datum undo`: take back a conversion that was made once too often, file to file."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import Annotated, Literal

import typer

from data.undoing import undo_conversion

datum_app = typer.Typer(help="Datums of files.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(datum_app, name="datum")


@datum_app.callback()
def _group() -> None:
    """Datums of files."""


@datum_app.command()
def undo(
    file: Annotated[Path, typer.Argument(help="File whose coordinates were converted to WGS-84 twice.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .gpkg, .geojson or .shp.")],
    datum: Annotated[Literal["gcj02", "bd09"], typer.Option(help="What it was taken for the second time.")] = "gcj02",
    layer: Annotated[str | None, typer.Option(help="Layer of a GeoPackage; default: the first.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the text of a Shapefile: gbk, utf-8.")] = None,
) -> None:
    """Undo the second of two conversions exactly, and write the ledger entry beside the file."""
    report = undo_conversion(
        file,
        out,
        datum,
        layer=layer,
        encoding=encoding,
        seat=f"command line: {getpass.getuser()}",
        now=dt.datetime.now(dt.UTC),
    )
    trip = 0.0 if report.round_trip_max_m is None else report.round_trip_max_m * 1000
    typer.echo(f"{out}: {report.vertex_count:,} vertices in WGS-84, there and back {trip:.6f} mm")
