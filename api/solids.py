"""3D Tiles of a city: brought up to date after a change, and built for a restricted Scope when it first asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from api.settings import Settings
from data.cities import city_geoid_height_m, read_assets_version
from data.errors import NotFound
from data.pool import Connection, connect
from data.rasters import raster_path
from tiles.errors import DamagedTileset, UnknownTileset
from tiles.tiles3d.building_memory import ChangedMeanwhile
from tiles.tiles3d.engine import Workers, build, inline, made_from, no_progress
from tiles.tiles3d.ground import LevelGround, RasterGround
from tiles.tiles3d.layer import Ground
from tiles.tiles3d.layers import SOLID_LAYERS, SolidLayer, solid_layer
from tiles.tiles3d.shelf import EVERYBODY, Published, is_whole, read_published, tileset_folder
from twin.scope import EVERYTHING, Scope

GROUND_LAYER: Final = "ground"
"""Name of the raster layer that solids stand on."""
Progress: TypeAlias = Callable[[str, float], None]


def solids_folder(settings: Settings, city_id: int, layer: SolidLayer, scope: Scope = EVERYTHING) -> Path:
    """Name the folder of what a Scope sees of a layer."""
    return tileset_folder(settings.var_dir, city_id, layer.name, layer.rights(scope))


def rebuild_solids(
    settings: Settings,
    city_id: int,
    *,
    layers: Iterable[str] = (),
    force: bool = False,
    progress: Progress = lambda message, fraction: None,
    workers: Workers = inline,
) -> Mapping[str, tuple[Published, bool]]:
    """Bring 3D Tiles of a city up to date.

    Parameters
    ----------
    layers
        Names of tilesets; empty for all.
    force
        Whether to look at what is current as well; what has been drawn from the same is not drawn again.
    workers
        Who draws.

    Returns
    -------
    Mapping
        By tileset: what is served, and whether it was built now.

    Raises
    ------
    UnknownTileset
        When a name is none.
    NoRoom
        When the disk is full; what is served stays.
    """
    wanted = [solid_layer(name) for name in layers] or list(SOLID_LAYERS.values())
    done = {}
    with connect(settings.database_url) as connection:
        for number, layer in enumerate(wanted):
            told = partial(_share, progress, f"3D Tiles: {layer.name}", number, len(wanted))
            told(0.0)
            done[layer.name] = rebuild_layer(settings, connection, city_id, layer, force=force, progress=told, workers=workers)
    return done


def _share(progress: Progress, message: str, number: int, count: int, fraction: float) -> None:
    progress(message, (number + fraction) / count)


def rebuild_layer(
    settings: Settings,
    connection: Connection,
    city_id: int,
    layer: SolidLayer,
    *,
    force: bool = False,
    progress: Callable[[float], None] = no_progress,
    workers: Workers = inline,
) -> tuple[Published, bool]:
    """Bring one layer up to date, as a connection sees the city; see `rebuild_solids`."""
    ground = ground_of(settings, connection, city_id)
    source = made_from(read_assets_version(connection, city_id), ground.token)
    folder = solids_folder(settings, city_id, layer)
    published = None if force else _published_whole(folder)
    if published is not None and published.made_from == source:
        return published, False
    if layer.recall is not None:
        with suppress(ChangedMeanwhile):
            recalled = layer.recall(connection, city_id, folder)
            published = build(folder, recalled.features, ground, source, progress=progress, workers=workers)
            recalled.remember()
            return published, True
    features = layer.read(connection, city_id, EVERYTHING)
    return build(folder, features, ground, source, progress=progress, workers=workers), True


def _published_whole(folder: Path) -> Published | None:
    """Return what is served, None where somebody damaged it: it is built again then."""
    published = _readable(folder)
    return published if published is not None and is_whole(folder, published) else None


def _readable(folder: Path) -> Published | None:
    try:
        return read_published(folder)
    except DamagedTileset:
        return None


def ground_of(settings: Settings, connection: Connection, city_id: int) -> Ground:
    """Return the ground of a city: its raster layer `ground`, level where it has none, with the geoid height of the city."""
    path = raster_path(connection, city_id, GROUND_LAYER)
    stated_m = city_geoid_height_m(connection, city_id)
    geoid_m, told = (0.0, "not stated, 0 taken") if stated_m is None else (stated_m, f"{stated_m:g} m")
    if path is None:
        return LevelGround(geoid_m)
    return RasterGround(settings.var_dir / path, f"{path}, geoid height {told}", geoid_m)


def published_solids(settings: Settings, city_id: int, tileset: str, scope: Scope) -> tuple[Path, Published]:
    """Return the folder and the build that a Scope may see; that of a restricted Scope is built when first asked for.

    Raises
    ------
    UnknownTileset
        When there is no such tileset.
    NotFound
        When nothing is built, or the city (as the Scope sees it) has nothing to draw.
    OutsideScope
        When the Scope sees none of its kinds.
    """
    layer = solid_layer(tileset)
    if not layer.seen_by(scope):
        scope.require_layer(layer.kinds[0])
    everything = read_published(solids_folder(settings, city_id, layer))
    if everything is None:
        raise NotFound(f"the 3D Tiles {tileset!r} of city {city_id} are not built; `heat-twin tiles3d build` builds them")
    folder = solids_folder(settings, city_id, layer, scope)
    published = everything if layer.rights(scope) == EVERYBODY else _restricted(settings, city_id, layer, scope, everything)
    if not published.features_out:
        raise NotFound(f"city {city_id} has no {tileset} to show")
    return folder, published


def _restricted(settings: Settings, city_id: int, layer: SolidLayer, scope: Scope, everything: Published) -> Published:
    folder = solids_folder(settings, city_id, layer, scope)
    published = _readable(folder)  # asked for with every tile: whether all files are there is not looked at
    if published is not None and published.made_from == everything.made_from:
        return published
    with connect(settings.database_url) as connection:
        ground = ground_of(settings, connection, city_id)
        return build(folder, layer.read(connection, city_id, scope), ground, everything.made_from)


def all_published_solids(settings: Settings, city_id: int, scope: Scope) -> Mapping[str, tuple[Path, Published]]:
    """Return every tileset that is built and that a Scope sees, by name."""
    found = {}
    for name, layer in SOLID_LAYERS.items():
        if not layer.seen_by(scope):
            continue
        try:
            found[name] = published_solids(settings, city_id, name, scope)
        except (NotFound, UnknownTileset, DamagedTileset):
            continue
    return found
