"""`heat-twin raster`: raster layers that somebody brings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.database import open_database
from api.loading import add_raster
from api.settings import read_settings
from api.terminal import progress_bar
from data.jobs import Job, job
from tiles.raster_files import Reading

_SEAT = "command line"

raster = typer.Typer(name="raster", help="Raster layers.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    raster.callback()(_group)
    app.add_typer(raster)


def _group() -> None:
    """Keep the name of a group whose only command would else take its place."""


@raster.command()
def add(
    *,
    file: Annotated[Path, typer.Argument(help="GeoTIFF, JPEG 2000, or JPEG or PNG with a world file.")],
    layer: Annotated[str, typer.Option(help="Name of the layer; `ground` is what buildings stand on.")],
    style: Annotated[str, typer.Option(help="hillshade, terrain or colour.")] = "hillshade",
    attribution: Annotated[str, typer.Option(help="Whose data it is.")] = "",
    crs: Annotated[str | None, typer.Option(help="Reference system, where the file names none: EPSG:4551.")] = None,
    datum: Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02 or bd09: what its degrees really are.")] = "wgs84",
    nodata: Annotated[float | None, typer.Option(help="Value that means no data, where the file names none.")] = None,
    city: Annotated[int, typer.Option("--city", help="City id.")] = 1,
) -> None:
    """Check a raster file, make it a layer of a city, or replace the layer of that name."""
    reading = Reading(crs, datum, nodata)
    with (
        progress_bar() as bar,
        open_database(read_settings()) as settings,
        job(settings.database_url, "raster", city_id=city, seat=_SEAT, parameters={"layer": layer, "file": file.name}) as task,
    ):
        report = _both(task, bar)
        changed = add_raster(
            settings, city, file, layer=layer, style=style, attribution=attribution, reading=reading, report=report
        )
    typer.echo(f"raster layer {layer!r} of city {city} {'added' if changed else 'unchanged'}")


def _both(task: Job, bar: Callable[[str, float], None]) -> Callable[[str, float], None]:
    def report(message: str, share: float) -> None:
        task.progress(share, message)
        bar(message, share)

    return report
