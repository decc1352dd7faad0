"""Loads a delivery: import, then every derived copy that the change made stale, as one job of the ledger.

The derived copies (tile tables, rasters, 3D Tiles, problems) each know what they were built from, so a copy that is current is
left alone and one that a crash left behind is built by the next load, or by the server (`api/refreshing.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from psycopg import IsolationLevel
from psycopg.errors import SerializationFailure

from api.settings import Settings
from api.solids import rebuild_solids
from data import coverage, rollout_refresh, tile_tables
from data.checks.run import CheckReport, run_checks
from data.cities import city_ids
from data.consumers import read_normal_states
from data.errors import NotFound
from data.hydraulics import read_hydraulic_tables
from data.imports.report import RasterReport
from data.imports.run import ImportReport, run_import
from data.intervals import write_intervals
from data.jobs import Job, job
from data.network import read_network_tables
from data.pool import Connection, connect
from data.rasters import put_raster, raster_ground, raster_path
from data.tile_tables import TileReport
from tiles.raster_files import AS_IT_SAYS, Reading, add_file
from tiles.tiles3d.shelf import Published
from topology.answers.pipe_facts import pipe_criticalities, pipe_feeders
from topology.build.network_class import UNDETERMINED, derived_classes
from topology.cuts.capacity import read_capacity
from topology.network import build_network
from topology.tables import NetworkTables

Progress: TypeAlias = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Derived:
    """Derived copies after `derive`: tile rows (None: current), 3D Tiles by layer, what was built, what the checks found."""

    tiles: TileReport | None
    solids: Mapping[str, Published]
    built: tuple[str, ...]
    checks: CheckReport | None


_TRIES: Final = 4
"""Of a rebuild that edits come in between of; after that it fails, and the next edit or the next look begins another."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes
    ----------
    job_id
        Its row in the ledger.
    imported
        Report of the import.
    tiles
        Rows of the tile tables; None when they were current.
    rasters
        Raster layers that the manifest named.
    solids
        The 3D Tiles that are served now.
    built
        Names of the derived copies that were built: `tiles`, `rollout`, `raster`, `tiles3d`, `problems`.
    checks
        What the checks found; None when nothing had changed.
    """

    job_id: int
    imported: ImportReport
    tiles: TileReport | None
    rasters: tuple[str, ...]
    solids: Mapping[str, Published]
    built: tuple[str, ...]
    checks: CheckReport | None


def load_manifest(
    manifest: Path,
    settings: Settings,
    *,
    seat: str,
    progress: Progress | None = None,
    data_root: Path | None = None,
    city_id: int | None = None,
    strict: bool = False,
) -> LoadReport:
    """Import one manifest and bring every derived copy of its city up to date.

    Parameters
    ----------
    manifest
        TOML file of the delivery.
    settings
        With `database_url` of a migrated PostGIS, and the var dir.
    seat
        Who loads; stored with the import and the job.
    progress
        Called with a message and the done share 0..1.
    data_root
        Folder of the manifest's files; None = the manifest's own.
    city_id
        Loads into another city id than the manifest's.
    strict
        Refuse the delivery when any row has a fault.

    Raises
    ------
    BadManifest, ImportFailed
        As `run_import`; nothing was written.
    BadRaster
        When a raster of the manifest does not fit; the assets are imported then.
    JobCancelled
        When somebody cancelled the job.
    """
    with job(settings.database_url, "load", seat=seat, parameters={"manifest": manifest.name}) as task:
        step = _both(task, progress)
        part = partial(_part, step, 0.0, 0.6)
        imported = run_import(
            manifest,
            settings.database_url,
            seat=seat,
            progress=part,
            data_root=data_root,
            city_id=city_id,
            strict=strict,
        )
        task.belongs_to(imported.city_id)
        report = _derive(settings, task.job_id, imported, step)
        task.result = _result(report)
        return report


def _both(task: Job, progress: Progress | None) -> Progress:
    def step(message: str, fraction: float) -> None:
        task.progress(fraction, message)
        if progress is not None:
            progress(message, fraction)

    return step


def _part(step: Progress, first: float, last: float, message: str, fraction: float) -> None:
    """Report the progress of one part of the job as a share of the whole."""
    step(message, first + (last - first) * fraction)


def _derive(settings: Settings, job_id: int, imported: ImportReport, step: Progress) -> LoadReport:
    derived = derive(
        settings, imported.city_id, partial(_part, step, 0.6, 1.0), rasters=imported.rasters, changed=imported.changed
    )
    layers = tuple(raster.layer for raster in imported.rasters)
    return LoadReport(job_id, imported, derived.tiles, layers, derived.solids, derived.built, derived.checks)


def derive(
    settings: Settings, city_id: int, step: Progress, *, rasters: Sequence[RasterReport] = (), changed: bool = True
) -> Derived:
    """Bring every derived copy of a city up to date: tile tables, sums of the rollout, the rasters given, 3D Tiles, problems.

    What is current is left alone; the checks run when assets have `changed` or the tile tables were old.

    Cost: the tile tables and 3D Tiles of the whole city (ARCHITECTURE.md), and its checks (docs/checks.md).
    """
    built = []
    step("tile tables", 0.0)
    tiles = rebuild_tiles(settings, city_id)
    if tiles is not None:
        built.append("tiles")
    step("rollout", 0.3)
    with connect(settings.database_url) as connection:
        if rollout_refresh.refresh(connection, city_id) is not None:
            built.append("rollout")
    step("rasters", 0.35)
    for raster in rasters:
        file, attribution = Path(raster.path), raster.attribution
        if add_raster(settings, city_id, file, layer=raster.layer, style=raster.style, attribution=attribution):
            built.append("raster")
    step("3D Tiles", 0.4)
    solids = rebuild_solids(settings, city_id, progress=partial(_part, step, 0.4, 0.6))
    if any(fresh for _, fresh in solids.values()):
        built.append("tiles3d")
    checks = None
    if changed or tiles is not None:
        with connect(settings.database_url) as connection:
            checks = run_checks(connection, city_id, progress=partial(_part, step, 0.6, 1.0))
        built.append("problems")
    return Derived(tiles, {name: each for name, (each, _) in solids.items()}, tuple(dict.fromkeys(built)), checks)


def _result(report: LoadReport) -> Mapping[str, Any]:
    return {
        "city_id": report.imported.city_id,
        "changed": report.imported.changed,
        "built": list(report.built),
        "tile_rows": None if report.tiles is None else dict(report.tiles.rows),
        "left_out": {} if report.tiles is None else dict(report.tiles.left_out),
        "solids": {name: each.features_out for name, each in report.solids.items()},
    }


def rebuild_tiles(settings: Settings, city_id: int, *, force: bool = False) -> TileReport | None:
    """Rebuild the tile tables of a city, what serves its buildings, and the intervals, from its assets and its network.

    None when both are current (unless forced). Two rebuilds of one city wait for each other; one that an edit came in between of
    begins anew.
    """
    with connect(settings.database_url) as connection:
        tile_tables.lock_building(connection, city_id)
        # one snapshot: an edit that commits meanwhile is in no copy, and its version in none of them
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        for _ in range(_TRIES - 1):
            with suppress(SerializationFailure), connection.transaction():
                return _rebuild_tiles(settings, connection, city_id, force=force)
        return _rebuild_tiles(settings, connection, city_id, force=force)


def _rebuild_tiles(settings: Settings, connection: Connection, city_id: int, *, force: bool) -> TileReport | None:
    # asked in any case: this question opens the snapshot
    if tile_tables.is_current(connection, city_id) and coverage.is_current(connection, city_id) and not force:
        return None
    tables = read_network_tables(connection, city_id)
    network = build_network(tables)
    capacity = read_capacity(network.assets, read_hydraulic_tables(connection, city_id))
    normal = network.with_states(read_normal_states(connection, city_id), valve_version=network.valve_version)
    coverage.rebuild(connection, city_id, network)
    # last: the rows that it writes hold up edits until this transaction ends
    report = tile_tables.rebuild(
        connection,
        city_id,
        network.segment_id_of_pipe(),
        classes=_classes(tables),
        source_ids=pipe_feeders(normal, capacity),
        criticalities=pipe_criticalities(normal, capacity),
    )
    # in a transaction of its own: a server may be writing later ones
    with connect(settings.database_url, autocommit=True) as other:
        write_intervals(other, network)
    return report


def _classes(tables: NetworkTables) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the pipes whose ends tell their network class, and that class; the others keep their declared level."""
    classes = derived_classes(tables)
    known = classes != UNDETERMINED
    return tables.pipes["asset_id"].to_numpy(np.int64)[known], classes[known]


def add_raster(
    settings: Settings,
    city_id: int,
    file: Path,
    *,
    layer: str,
    style: str,
    attribution: str,
    reading: Reading = AS_IT_SAYS,
    report: Progress | None = None,
) -> bool:
    """Convert a raster file and register it as a layer; False when the layer shows this very file already.

    The layer shows the old file or the new one, never a part: the new one is whole before it is named, and named in one
    statement.

    Raises
    ------
    BadRaster
        When the file cannot be read, does not touch the city or does not fit the style.
    NotFound
        When there is no such city.
    """
    with connect(settings.database_url) as connection:
        near = raster_ground(connection, city_id)
    path = add_file(file, settings.var_dir, city_id, layer, style, reading=reading, near=near, report=report)
    with connect(settings.database_url) as connection:
        before = raster_path(connection, city_id, layer)
        put_raster(connection, city_id, layer=layer, path=path, style=style, attribution=attribution)
    if before is not None and before != path:
        (settings.var_dir / before).unlink(missing_ok=True)
    return before != path


def all_cities(settings: Settings, city_id: int | None) -> list[int]:
    """Return the named city, or every city of the deployment.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    with connect(settings.database_url) as connection:
        known = city_ids(connection)
    if city_id is not None and city_id not in known:
        raise NotFound(f"there is no city {city_id}; cities are {', '.join(map(str, known)) or 'none yet'}")
    return known if city_id is None else [city_id]
