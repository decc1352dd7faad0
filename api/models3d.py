"""3D models that somebody brings: checked, placed, put on disk and into the register as one job of the ledger."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from api.settings import Settings
from api.solids import GROUND_LAYER, published_solids
from data.cities import city_geoid_height_m
from data.errors import Conflict, NotFound
from data.jobs import job
from data.models3d import Model3d, models_of, put_model, remove_model
from data.pool import connect
from data.rasters import raster_ground, raster_path
from tiles.errors import BadArchive, NoRoom
from tiles.raster import sample_heights
from tiles.tiles3d.archive3tz import write_3tz
from tiles.tiles3d.foreign import Wish, build_model, check_name, digest_of, model_files, model_folder, sweep_model
from tiles.tiles3d.foreign import remove_model as remove_files
from tiles.tiles3d.layers import SOLID_LAYERS
from tiles.tiles3d.placing import Ground
from tiles.tiles3d.shelf import published_files
from twin.errors import OutsideScope
from twin.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Papers:
    """What is told about a model: its title for people, whose data it is, what may be done with it."""

    title: str = ""
    attribution: str = ""
    licence: str = ""


def add_model(
    settings: Settings,
    city_id: int,
    file: Path,
    name: str,
    wish: Wish,
    *,
    papers: Papers,
    geoid_m: float | None,
    replace: bool,
    seat: str,
) -> tuple[Model3d, bool]:
    """Check a model, place it in a city and register it; False when this very file stands there already in this very way.

    Without `geoid_m` the sea stands above the ellipsoid as the city's manifest states, 0 where it does not.

    Raises
    ------
    BadModel
        When it cannot be read, is not valid or does not say where it stands; nothing was written.
    Conflict
        When the name is taken and `replace` is not given.
    NotFound
        When there is no such city.
    NoRoom
        When the disk is full.
    """
    check_name(name)
    with connect(settings.database_url) as connection:
        city = raster_ground(connection, city_id)
        before = next(iter(models_of(connection, city_id, name)), None)
        raster = raster_path(connection, city_id, GROUND_LAYER)
        stated_m = city_geoid_height_m(connection, city_id)
    geoid_m = (stated_m or 0.0) if geoid_m is None else geoid_m
    told = {key: value for key, value in asdict(wish).items() if value is not None} | {"geoid_m": geoid_m}
    if before is not None and _same(before, file, told, papers, settings):
        return before, False
    if before is not None and not replace:
        raise Conflict(f"city {city_id} has a 3D model {name!r} already ({before.file}); give --replace or another name")
    with job(settings.database_url, "model3d", city_id=city_id, seat=seat, parameters={"name": name, "file": file.name}) as task:
        folder = model_folder(settings.var_dir, city_id, name)
        ground_at = partial(_ground, None if raster is None else settings.var_dir / raster, geoid_m)
        built = build_model(file, folder, settings.var_dir, wish, ground_at=ground_at, city=city)
        model = Model3d(
            name, papers.title or name, built.kind, built.folder, file.name, built.sha256, built.box, built.facts, told,
            papers.attribution, papers.licence, seat,
        )  # fmt: skip
        with connect(settings.database_url) as connection:
            put_model(connection, city_id, model)
        sweep_model(folder, Path(built.folder).name)
        task.result = {"name": name, **built.facts}
    return model, True


def _same(before: Model3d, file: Path, told: Mapping[str, object], papers: Papers, settings: Settings) -> bool:
    wanted = (papers.title or before.name, papers.attribution, papers.licence)
    if (before.title, before.attribution, before.licence) != wanted or dict(before.wish) != told:
        return False
    return file.exists() and before.sha256 == digest_of(file) and (settings.var_dir / before.folder).is_dir()


def _ground(raster: Path | None, geoid_m: float, lon_deg: float, lat_deg: float) -> Ground:
    if raster is None:
        return Ground(None, geoid_m)
    height_m = float(sample_heights(raster, np.array([[lon_deg, lat_deg]]))[0])
    return Ground(height_m if np.isfinite(height_m) else None, geoid_m)


def drop_model(settings: Settings, city_id: int, name: str) -> None:
    """Take a model out of the register and remove its files.

    Raises
    ------
    NotFound
        When the city has none of that name.
    """
    with connect(settings.database_url) as connection:
        remove_model(connection, city_id, name)
    remove_files(model_folder(settings.var_dir, city_id, name))


def registered_models(settings: Settings, city_id: int) -> Sequence[Model3d]:
    """Return the models of a city by name."""
    with connect(settings.database_url) as connection:
        return models_of(connection, city_id)


def tileset_files(settings: Settings, city_id: int, name: str, datum: str, scope: Scope) -> dict[str, Path]:
    """Return the files of a tileset, a layer of the city or a model, by the names that they have in an archive.

    Raises
    ------
    NotFound
        When the city has none of that name.
    OutsideScope
        When the Scope does not hold it.
    UnknownTileset
        When there is no such datum.
    """
    if name in SOLID_LAYERS:
        return published_files(*published_solids(settings, city_id, name, scope), datum)
    if not scope.sees_models():
        raise OutsideScope(f"the 3D model {name!r} is not visible from this seat")
    with connect(settings.database_url) as connection:
        model = next(iter(models_of(connection, city_id, name)), None)
    if model is None:
        raise NotFound(f"city {city_id} has no 3D tileset {name!r}; GET /3dtiles?city={city_id} lists what there is")
    return model_files(settings.var_dir / model.folder, datum)


def export_tileset(
    settings: Settings, city_id: int, name: str, datum: str, out: Path, *, scope: Scope = EVERYTHING
) -> tuple[int, int]:
    """Write a tileset as one file (.3tz); return its files and its size in bytes.

    Raises
    ------
    NotFound, OutsideScope, UnknownTileset
        As `tileset_files`.
    NoRoom
        When the disk is full; nothing of it is left.
    BadArchive
        When the file cannot be written there.
    """
    files = tileset_files(settings, city_id, name, datum, scope)
    try:
        return len(files), write_3tz(out, files)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(f"the disk has no room for {out.name}; nothing of it was kept") from None
        raise BadArchive(f"cannot write {out}: {error.strerror}") from None
