"""`heat-twin demo`: draw the synthetic city and bring it in through the ordinary import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.database import open_database
from api.loading import load_manifest
from api.settings import Settings, read_settings
from api.terminal import progress_bar
from data.demo.city import write_city
from data.demo.sizes import size_of
from data.demo.stored import StoredCity, find_stored
from data.errors import BadDemo
from data.pool import connect

_SEAT = "command line"
_DRAWING = 0.2
"""Share of the bar for drawing; the rest is the import and what is derived from it."""

Step = Callable[[str, float], None]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(demo)


def demo(
    *,
    size: Annotated[
        str, typer.Option("--size", help="sample: one quarter of 1,000 buildings; city: 50,000 buildings, minutes.")
    ] = "sample",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same files, byte for byte.")] = 1,
    city_id: Annotated[int, typer.Option("--city-id", min=1, max=32767, help="Id of the city.")] = 1,
    network: Annotated[
        str, typer.Option("--network", help="rings: as a city is; tree: a primary network without loops, for comparison.")
    ] = "rings",
    clean: Annotated[bool, typer.Option("--clean", help="Leave out the dirt and its answer sheet.")] = False,
    if_absent: Annotated[bool, typer.Option("--if-absent", help="Do nothing when the city is there already.")] = False,
    folder: Annotated[Path | None, typer.Option("--folder", help="Write the files here instead of the var dir.")] = None,
    files_only: Annotated[bool, typer.Option("--files-only", help="Write the files, import nothing.")] = False,
) -> None:
    """Write a synthetic city as files in Chinese datums and load it."""
    size_of(size, network)
    settings = read_settings()
    name = f"{size}{'-tree' if network == 'tree' else ''}{'-clean' if clean else ''}-{seed}-{city_id}"
    target = folder or settings.var_dir / "demo" / name
    write = partial(write_city, target, size=size, seed=seed, city_id=city_id, network=network, clean=clean)
    with progress_bar() as step:
        if files_only:
            typer.echo(write(progress=step))
            return
        with open_database(settings) as ready:
            done = settings.var_dir / "demo" / f"{name}.loaded"
            if not _is_wanted(ready, city_id, done, if_absent=if_absent):
                typer.echo(f"city {city_id} is there already")
                return
            manifest = write(progress=_part(step, 0.0, _DRAWING))
            report = load_manifest(manifest, ready, seat=_SEAT, progress=_part(step, _DRAWING, 1.0))
    done.parent.mkdir(parents=True, exist_ok=True)
    done.write_text(f"{manifest}\n", encoding="utf-8")
    rows = sum(layer.read for layer in report.imported.layers)
    for layer in report.imported.layers:
        typer.echo(f"{layer.read:>9,}  {layer.name}")
    state = "loaded" if report.imported.changed else "was loaded already"
    typer.echo(f"city {city_id} ({report.imported.city_name}, synthetic) {state}: {rows} rows from {manifest}")


def _is_wanted(settings: Settings, city_id: int, done: Path, *, if_absent: bool) -> bool:
    """Return whether the city is to be loaded, given what the store holds and which loads were finished.

    A load that was interrupted is taken up again; a city that is not this demo city is left alone.

    Raises
    ------
    BadDemo
        When the city's id belongs to another city and `if_absent` is not set.
    """
    with connect(settings.database_url) as connection:
        stored = find_stored(connection, city_id)
    if stored is None:
        return True
    other = _other(stored, done)
    if if_absent:
        return not other and not done.exists()
    if other:
        raise BadDemo(f"city {city_id} is {other}; choose another id with --city-id")
    return True


def _other(stored: StoredCity, done: Path) -> str:
    """Return what else the stored city is, empty when it may be this demo city."""
    if not stored.synthetic:
        return f"{stored.name_zh!r}, which is no demo city"
    finished = [path.stem for path in done.parent.glob(f"*-{stored.city_id}.loaded") if path != done]
    return f"the demo city {finished[0]}" if finished and not done.exists() else ""


def _part(step: Step, first: float, last: float) -> Step:
    return lambda message, fraction: step(message, first + (last - first) * fraction)
