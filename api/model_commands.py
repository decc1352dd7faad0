"""`heat-twin tiles3d add|list|remove|export`: 3D models that somebody brings, and tilesets as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.database import open_database
from api.loading import all_cities
from api.models3d import Papers, add_model, drop_model, export_tileset, registered_models
from api.settings import read_settings
from data.jobs import job
from data.pool import connect
from data.surfaces import put_surfaces, read_surface_file
from tiles.errors import BadArchive
from tiles.tiles3d.foreign import Wish

_SEAT = "command line"
OneCity = Annotated[int, typer.Option("--city", help="City id.")]
Name = Annotated[str, typer.Argument(help="Name of the model.")]


def register_on(group: typer.Typer) -> None:
    """Add the commands to the group `tiles3d`."""
    group.command()(add)
    group.command(name="list")(list_models)
    group.command()(remove)
    group.command()(export)
    group.command()(surfaces)


def add(
    *,
    file: Annotated[Path, typer.Argument(help="A .glb, .gltf, .ifc, .las, .laz or .3tz, or a folder with a tileset.json.")],
    name: Annotated[str, typer.Option("--name", help="Of its tileset: a-z, 0-9, - and _.")],
    city: OneCity = 1,
    lon: Annotated[float | None, typer.Option("--lon", help="Longitude of its origin, WGS-84.")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="Latitude of its origin.")] = None,
    height: Annotated[float | None, typer.Option("--height", help="Metres of its origin above the ground; default 0.")] = None,
    altitude: Annotated[float | None, typer.Option("--altitude", help="Metres of its origin above the sea instead.")] = None,
    heading: Annotated[float, typer.Option("--heading", help="Where its y axis looks, degrees clockwise from north.")] = 0.0,
    scale: Annotated[float, typer.Option("--scale", help="Metres a unit of the file.")] = 1.0,
    crs: Annotated[str | None, typer.Option("--crs", help="Reference system of LAS or IFC coordinates: EPSG:4547.")] = None,
    geoid: Annotated[
        float | None, typer.Option("--geoid", help="Metres of the sea above the ellipsoid there; default: what the city states.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="For people; default: the name.")] = "",
    attribution: Annotated[str, typer.Option("--attribution", help="Whose data it is.")] = "",
    licence: Annotated[str, typer.Option("--licence", help="What may be done with it.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of the model of that name.")] = False,
) -> None:
    """Check a 3D model (glTF, IFC, LAS, 3D Tiles) and make it a tileset of a city ([tiles3d-models.md](tiles3d-models.md))."""
    wish = Wish(lon, lat, height, altitude, heading, scale, crs)
    papers = Papers(title, attribution, licence)
    with open_database(read_settings()) as settings:
        model, changed = add_model(settings, city, file, name, wish, papers=papers, geoid_m=geoid, replace=replace, seat=_SEAT)
    facts = model.facts
    counts = ", ".join(f"{facts[key]} {key}" for key in ("tiles", "triangles", "points", "rows") if facts.get(key))
    typer.echo(f"3D model {name!r} of city {city} {'added' if changed else 'unchanged'}: {model.kind}, {counts}")
    for note in facts.get("notes", []):
        typer.echo(f"  {note}")


def list_models(city: OneCity = 1) -> None:
    """List the 3D models of a city."""
    with open_database(read_settings()) as settings:
        all_cities(settings, city)
        for model in registered_models(settings, city):
            west, south, east, north = model.bounds
            place = f"{(west + east) / 2:.5f}, {(south + north) / 2:.5f}"
            whose = f", {model.attribution}" if model.attribution else ""
            typer.echo(f"{model.name}: {model.kind}, {model.title}, at {place}, from {model.file}{whose}")


def remove(*, name: Name, city: OneCity = 1) -> None:
    """Remove a 3D model and its files."""
    with open_database(read_settings()) as settings:
        drop_model(settings, city, name)
    typer.echo(f"3D model {name!r} of city {city} removed")


def export(
    *,
    name: Annotated[str, typer.Argument(help="Name of the tileset.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, NAME.3tz.")],
    datum: Annotated[str, typer.Option("--datum", help="ellipsoid (globes) or ground (flat maps).")] = "ellipsoid",
    city: OneCity = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
) -> None:
    """Write a 3D tileset as one file (.3tz) that viewers open and `tiles3d add` takes back."""
    if out.suffix.lower() != ".3tz":
        raise BadArchive(f"{out.name} must end in .3tz")
    if out.exists() and not force:
        raise BadArchive(f"{out} exists; name another file or give --force")
    with open_database(read_settings()) as settings:
        files, size = export_tileset(settings, city, name, datum, out)
    typer.echo(f"{name} ({datum}) to {out}: {files} files, {size / 1e6:.2f} MB")


def surfaces(
    *,
    file: Annotated[Path, typer.Argument(help="Vector file: polygons with heights, one or several rows a building.")],
    key: Annotated[str, typer.Option("--key", help="Column with the code of the building.")],
    city: OneCity = 1,
    crs: Annotated[str | None, typer.Option("--crs", help="Reference system, where the file names none: EPSG:25833.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="Column with the kind of a surface.")] = "",
    left_out: Annotated[str, typer.Option("--leave-out", help="Kinds that are not drawn, joined by commas: Closure.")] = "",
) -> None:
    """Keep surveyed surfaces (LoD2 roofs and walls) beside the buildings of the same code, which are drawn by them then."""
    found = read_surface_file(file, key=key, crs=crs, kind=kind, left_out=tuple(filter(None, left_out.split(","))))
    with open_database(read_settings()) as settings:
        all_cities(settings, city)
        parameters = {"surfaces": file.name}
        with (
            job(settings.database_url, "model3d", city_id=city, seat=_SEAT, parameters=parameters) as task,
            connect(settings.database_url) as connection,
        ):
            report = put_surfaces(connection, city, found, file=file.name, seat=_SEAT)
            task.result = {"buildings": report.buildings, "changed": report.changed, "unknown": len(report.unknown_codes)}
    typer.echo(f"city {city}: {report.buildings} buildings have surfaces of {file.name}, {report.changed} of them changed")
    if report.unknown_codes:
        shown = ", ".join(report.unknown_codes[:5])
        typer.echo(f"  no building for {len(report.unknown_codes)} codes: {shown}")
