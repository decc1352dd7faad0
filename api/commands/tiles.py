"""`heat-twin tiles|tiles3d|scene`: the derived pictures of a city."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.database import open_database
from api.loading import all_cities, rebuild_buildings, rebuild_tiles
from api.scenes import scene_city
from api.settings import Settings, read_settings
from data.jobs import job
from data.pool import open_pool
from tiles.scenes import SCENES, build_scene
from tiles.tiles3d.build import buildings_folder
from tiles.tiles3d.check import check_tileset
from twin.scope import EVERYTHING

_SEAT = "command line"
CityOption = Annotated[int | None, typer.Option("--city", help="City id; without it, every city.")]
OneCityOption = Annotated[int, typer.Option("--city", help="City id.")]

tiles = typer.Typer(name="tiles", help="Vector tiles.", no_args_is_help=True)
tiles3d = typer.Typer(name="tiles3d", help="3D Tiles.", no_args_is_help=True)
scene = typer.Typer(name="scene", help="Scenes for deck.gl.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for group in (tiles, tiles3d, scene):
        group.callback()(_group)
        app.add_typer(group)


def _group() -> None:
    """Keep the name of a group whose only command would else take its place."""


@tiles.command()
def rebuild(city: CityOption = None) -> None:
    """Fill the tile tables anew from the assets."""
    with open_database(read_settings()) as settings:
        for city_id in all_cities(settings, city):
            with job(settings.database_url, "tiles", city_id=city_id, seat=_SEAT) as task:
                report = rebuild_tiles(settings, city_id, force=True)
                assert report is not None  # forced
                task.result = {"tile_rows": dict(report.rows), "left_out": dict(report.left_out)}
            rows = ", ".join(f"{name} {count}" for name, count in report.rows.items())
            left_out = ", ".join(f"{kind} {count}" for kind, count in report.left_out.items())
            typer.echo(f"city {city_id}: {rows}" + (f"; without a fitting geometry: {left_out}" if left_out else ""))


@tiles3d.command()
def build(city: CityOption = None) -> None:
    """Build the 3D Tiles of the buildings and check them."""
    with open_database(read_settings()) as settings:
        for city_id in all_cities(settings, city):
            with job(settings.database_url, "tiles3d", city_id=city_id, seat=_SEAT) as task:
                published, _ = rebuild_buildings(settings, city_id, force=True)
                task.result = {"buildings": published.building_count, "left_out": list(published.left_out)}
            typer.echo(f"city {city_id}: {_checked(settings, city_id, published.build)}")


def _checked(settings: Settings, city_id: int, build_name: str) -> str:
    if not build_name:
        return "no buildings"
    folder = buildings_folder(settings.var_dir, city_id) / build_name
    report = check_tileset(folder / "ellipsoid")
    check_tileset(folder / "ground")
    return f"{report.features} buildings in {report.tiles} tiles, {report.triangles} triangles, checked: {folder}"


@scene.command()
def export(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(SCENES)}.")] = "overview",
    city: OneCityOption = 1,
    base_url: Annotated[str, typer.Option(help="Address of the server that the layers are read from.")] = "http://127.0.0.1:8000",
    out: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
) -> None:
    """Write a scene as JSON: for a notebook (`pydeck`) or a page (`@deck.gl/json`)."""
    with open_database(read_settings()) as settings:
        all_cities(settings, city)
        text = asyncio.run(_scene(settings, name, city, base_url.rstrip("/")))
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")


async def _scene(settings: Settings, name: str, city_id: int, base_url: str) -> str:
    pool = await open_pool(settings.database_url, size=1)
    try:
        return build_scene(name, await scene_city(pool, settings, EVERYTHING, city_id), base_url)
    finally:
        await pool.close()
