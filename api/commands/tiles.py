"""`heat-twin tiles|tiles3d|scene`: the derived pictures of a city."""

from __future__ import annotations

import asyncio
import getpass
import json
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from api.auth.signatures import Digest
from api.database import open_database
from api.errors import BadRequest
from api.loading import all_cities, rebuild_tiles
from api.model_commands import register_on
from api.scenes import scene_city
from api.settings import Settings, read_settings
from api.solid_checks import look_through
from api.solids import rebuild_solids, solids_folder
from api.terminal import progress_bar
from api.tile_archives import Stopped, build_archive, mark_of, noted, order_of, result_of
from api.tile_warming import ApiKey, WarmOptions, WarmReport, warm_tiles
from data import accounts
from data.errors import NotFound
from data.jobs import job
from data.network import first_city
from data.pool import connect, open_pool
from data.tiles import read_versions
from tiles.errors import BadArchive
from tiles.held_tiles import Drawing, tiles_that_hold
from tiles.scenes import SCENES, build_scene
from tiles.selections import Selection, selection_of
from tiles.tiles3d.engine import Workers, inline
from tiles.tiles3d.layers import SOLID_LAYERS, solid_layer
from tiles.tiles3d.shelf import Published
from tiles.tiles3d.workers import cluster as drawn_by_cluster
from tiles.tiles3d.workers import processes as drawn_by_processes
from tiles.tilesets import TILESETS
from twin.scope import EVERYTHING, Scope
from twin.seats import Organisation, Seat, role_of, scope_of

_SEAT = "command line"
CityOption = Annotated[int | None, typer.Option("--city", help="City id; without it, every city.")]
LowestCityOption = Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")]
CrsOption = Annotated[str, typer.Option("--crs", help="Datum of the tiles: wgs84, gcj02 or bd09.")]
WithOption = Annotated[str, typer.Option("--with", help="Optional attributes of pipes joined by commas, or all.")]
LayersOption = Annotated[str, typer.Option("--layer", help="Tilesets joined by commas; default: all.")]
OneCityOption = Annotated[int, typer.Option("--city", help="City id.")]

tiles = typer.Typer(name="tiles", help="Vector tiles.", no_args_is_help=True)
tiles3d = typer.Typer(name="tiles3d", help="3D Tiles.", no_args_is_help=True)
scene = typer.Typer(name="scene", help="Scenes for deck.gl.", no_args_is_help=True)
register_on(tiles3d)


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


@tiles.command(name="export")
def export_tiles(
    *,
    names: Annotated[str | None, typer.Argument(help="Tilesets joined by commas: base,network.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, NAME.pmtiles.")],
    raster: Annotated[str | None, typer.Option("--raster", help="A raster layer, in place of tilesets.")] = None,
    city: LowestCityOption = None,
    crs: CrsOption = "wgs84",
    wanted: WithOption = "",
    zooms: Annotated[str, typer.Option("--zooms", help="First and last zoom, 8-14; default: all.")] = "",
    seat: Annotated[str | None, typer.Option("--seat", help="Login of the seat whose rights the archive has.")] = None,
    scope: Annotated[
        str | None, typer.Option("--scope", help='A Scope as JSON: {"company_ids": [3], "precision_m": 50}.')
    ] = None,
    expires_at: Annotated[
        str | None, typer.Option("--expires-at", help="When it ends, with its zone; default: in 30 days.")
    ] = None,
    max_mb: Annotated[int | None, typer.Option("--max-mb", min=1, help="Largest size in megabytes.")] = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, max=16, help="Connections to the database.")] = 2,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
) -> None:
    """Write an archive of tiles (PMTiles) with the rights of a seat; its watermark says whose it is and when it ends."""
    if out.exists() and not force:
        raise BadArchive(f"{out} exists; name another file or give --force")
    until = _time(expires_at)
    with open_database(read_settings()) as settings, _term_stops() as stop, progress_bar() as shown:
        order = order_of(_city(settings, city), names, raster=raster, crs=crs, wanted=wanted, zooms=_zooms(zooms))
        rights, label, organisation = _rights(settings, seat, scope)
        mark = mark_of(rights, seat=label, organisation=organisation, made_at=datetime.now(UTC), expires_at=until)
        parameters = {**noted(order, mark), "file": out.name}
        with job(settings.database_url, "archive", city_id=order.city_id, seat=label, parameters=parameters) as task:
            record = build_archive(
                settings, rights, order, mark, out, task=task, shown=shown, stopped=stop.is_set, connections=at_once,
                max_bytes=None if max_mb is None else max_mb * 1_000_000,
            )  # fmt: skip
            task.result = result_of(record)
    size = f"{record.tiles} tiles z{record.minzoom}-z{record.maxzoom}, {record.size_bytes / 1e6:.2f} MB"
    typer.echo(
        f"{order.name} to {out}: {size}; archive {record.archive_id} of {label}, ends {record.expires_at:%Y-%m-%d %H:%M} UTC"
    )


@contextmanager
def _term_stops() -> Iterator[threading.Event]:
    """Yield what SIGTERM sets; the work stops at its next step and cleans up."""
    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    try:
        yield stop
    except Stopped as error:
        raise BadArchive(f"no archive was written: {error}") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _city(settings: Settings, city: int | None) -> int:
    if city is not None:
        return all_cities(settings, city)[0]
    with connect(settings.database_url) as connection:
        return first_city(connection)


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise BadArchive(f"--expires-at is {text!r}; it must be a time with its zone: 2026-12-31T16:00:00Z") from None


def _zooms(text: str) -> tuple[int | None, int | None]:
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text)
    if text and found is None:
        raise BadArchive(f"--zooms is {text!r}; it must be first and last zoom: 8-14")
    return (None, None) if found is None else (int(found[1]), int(found[2]))


def _rights(settings: Settings, login: str | None, scope: str | None) -> tuple[Scope, str, str]:
    """Return the Scope of the archive, and the seat and organisation of its watermark."""
    label = f"{_SEAT}: {getpass.getuser()}"
    if login is None:
        return (EVERYTHING if scope is None else _scope(scope)), label, ""
    if scope is not None:
        raise BadRequest("--seat and --scope are given; the rights are those of one of them")
    with connect(settings.database_url) as connection:
        row = next((row for row in accounts.list_seats(connection) if row.login == login), None)
    if row is None:
        raise NotFound(f"there is no seat with login {login!r}; `heat-twin seats list` shows all")
    kind: Any = row.organisation_type
    works_for = Organisation(row.organisation, kind, row.city_id, row.asset_id)
    role = role_of(row.role)
    return scope_of(works_for, role), Seat(row.seat_id, row.person, login, works_for, role).label, row.organisation


def _scope(text: str) -> Scope:
    known = {each.name for each in fields(Scope)}
    try:
        given = json.loads(text)
        unknown = set(given) - known
        if unknown:
            raise BadRequest(f"--scope names {', '.join(sorted(unknown))}; a Scope has {', '.join(sorted(known))}")
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        return Scope(**values)
    except (ValueError, TypeError):
        raise BadRequest(f"--scope is {text[:80]!r}; it must be a JSON object with some of {', '.join(sorted(known))}") from None


@tiles.command()
def warm(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(help="Tilesets as the maps ask for them; default: every built one by itself.")
    ] = None,
    url: Annotated[str, typer.Option("--url", help="Base address of the server.")] = "http://127.0.0.1:8000",
    city: LowestCityOption = None,
    crs: CrsOption = "wgs84",
    wanted: WithOption = "",
    zooms: Annotated[str, typer.Option("--zooms", help="First and last zoom.")] = "8-14",
    at_once: Annotated[int, typer.Option("--at-once", min=1, max=64, help="Requests under way.")] = 4,
    seat: Annotated[str | None, typer.Option("--seat", help="Demo seat: its number or role; default: the server's.")] = None,
    app_id: Annotated[str | None, typer.Option("--app-id", help="API key that signs the requests.")] = None,
    secret_file: Annotated[Path | None, typer.Option("--secret-file", help="File with the secret of the key.")] = None,
    digest: Annotated[str, typer.Option("--digest", help="Of the key: sm3 or sha256.")] = "sm3",
) -> None:
    """Ask a running server for the tiles that hold something, so that its cache is warm; exit code 1 when some failed."""
    options = WarmOptions(url.rstrip("/"), at_once, _key(app_id, secret_file, digest), seat)
    failed = 0
    with open_database(read_settings()) as settings, progress_bar() as shown:
        city_id = _city(settings, city)
        for drawing in asyncio.run(_drawings(settings, city_id, names or [], crs, wanted)):
            report = asyncio.run(_warm(settings, options, drawing, _zooms(zooms), shown))
            failed += report.failed
            typer.echo(_told(drawing.selection.name, report))
    if failed:
        raise typer.Exit(1)


async def _drawings(settings: Settings, city_id: int, names: list[str], crs: str, wanted: str) -> list[Drawing]:
    pool = await open_pool(settings.database_url, size=1)
    try:
        built = await read_versions(pool, city_id)
    finally:
        await pool.close()
    given = names or [name for name in TILESETS if name in built]
    return [Drawing(_selection(each, crs, wanted, strict=bool(names)), EVERYTHING, city_id) for each in given]


def _selection(name: str, crs: str, wanted: str, *, strict: bool) -> Selection:
    """Return a selection; of tilesets that nobody named, those without optional attributes carry none."""
    carries = strict or any(TILESETS[each].optional for each in name.split(","))
    return selection_of(name, crs, wanted if carries else "")


async def _warm(
    settings: Settings, options: WarmOptions, drawing: Drawing, zooms: tuple[int | None, int | None], shown: Any
) -> WarmReport:
    selection = drawing.selection
    first, last = max(zooms[0] or 0, selection.minzoom), min(zooms[1] or selection.maxzoom, selection.maxzoom)
    pool = await open_pool(settings.database_url, size=1)
    try:
        addresses = await tiles_that_hold(pool, drawing, zooms=(first, last)) if first <= last else []
    finally:
        await pool.close()
    query = {"city": str(drawing.city_id)}
    query |= {} if selection.datum == "wgs84" else {"crs": selection.datum}
    query |= {"with": ",".join(selection.wanted)} if selection.wanted else {}
    return await warm_tiles(
        options, selection.name, query, addresses, told=lambda done, total: shown(selection.name, done / total)
    )


def _key(app_id: str | None, secret_file: Path | None, digest: str) -> ApiKey | None:
    if (app_id is None) != (secret_file is None):
        raise BadRequest("--app-id and --secret-file belong together")
    if app_id is None or secret_file is None:
        return None
    if digest not in {"sm3", "sha256"}:
        raise BadRequest(f"--digest is {digest!r}; it must be sm3 or sha256")
    try:
        secret = secret_file.read_bytes().strip()
    except OSError as error:
        raise BadRequest(f"cannot read {secret_file}: {error.strerror}") from None
    return ApiKey(app_id, secret, cast(Digest, digest))


def _told(name: str, report: WarmReport) -> str:
    line = f"{name}: {report.tiles} tiles, {report.size_bytes / 1e6:.2f} MB, {report.seconds:.1f} s"
    line += f", {report.empty} empty" if report.empty else ""
    return line + (f", {report.failed} failed: {'; '.join(report.errors)}" if report.failed else "")


@tiles3d.command()
def build(
    city: CityOption = None,
    layer: LayersOption = "",
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="Processes of this machine that draw.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Dask scheduler whose workers draw: tcp://10.0.0.5:8786.")
    ] = None,
) -> None:
    """Build 3D Tiles from the assets, check what is new and publish it in one step."""
    if cluster is not None and processes > 1:
        raise BadRequest("--processes and --cluster are given; either this machine draws or the cluster")
    with open_database(read_settings()) as settings, _workers(settings, processes, cluster) as workers:
        for city_id in all_cities(settings, city):
            built = _built(settings, city_id, _layers(layer), workers)
            for name, published in built.items():
                typer.echo(f"city {city_id}: {_told_solids(settings, city_id, name, published)}")


def _layers(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _workers(settings: Settings, count: int, address: str | None) -> AbstractContextManager[Workers]:
    if address is not None:
        return drawn_by_cluster(address, settings.var_dir.resolve())
    return drawn_by_processes(count) if count > 1 else nullcontext(inline)


def _built(settings: Settings, city_id: int, names: list[str], workers: Workers) -> dict[str, Published]:
    parameters = {"layers": names or list(SOLID_LAYERS)}
    ledger = job(settings.database_url, "tiles3d", city_id=city_id, seat=_SEAT, parameters=parameters)
    with progress_bar() as shown, ledger as task:

        def told(message: str, fraction: float) -> None:
            shown(message, fraction)
            task.progress(fraction, message)

        solids = rebuild_solids(settings, city_id, layers=names, force=True, progress=told, workers=workers)
        built = {name: published for name, (published, _) in solids.items()}
        task.result = {
            name: {"features_in": each.features_in, "features_out": each.features_out, "left_out": each.left_out}
            for name, each in built.items()
        }
    return built


def _told_solids(settings: Settings, city_id: int, name: str, published: Published) -> str:
    left_out = ", ".join(f"{count} {reason}" for reason, count in published.left_out.items())
    without = f"; left out: {left_out}" if left_out else ""
    if not published.build:
        return f"no {name}{without}"
    folder = solids_folder(settings, city_id, solid_layer(name)) / published.build
    drawn = f"{published.features_out} {name} in {published.tiles} tiles, {published.triangles} triangles"
    return f"{drawn}, {published.size_bytes / 1e6:.1f} MB, checked: {folder}{without}"


@tiles3d.command()
def check(city: CityOption = None, layer: LayersOption = "") -> None:
    """Read all 3D Tiles that are served back: our own check, py3dtiles, gltf-validator; exit code 1 when one finds a fault."""
    wrong = False
    with open_database(read_settings()) as settings:
        for city_id in all_cities(settings, city):
            for name in _layers(layer) or SOLID_LAYERS:
                for line in look_through(settings, city_id, solid_layer(name)):
                    wrong |= line.wrong
                    typer.echo(f"city {city_id}: {line.text}")
    if wrong:
        raise typer.Exit(1)


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
