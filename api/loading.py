"""Loads a delivery: import, then every derived copy, as one job of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from api.settings import Settings
from data import tile_tables
from data.imports.run import ImportReport, run_import
from data.jobs import Job, job
from data.network import read_network_tables
from data.pool import connect
from topology.network import build_network

Progress: TypeAlias = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did: the import's report, and which derived copies were built."""

    job_id: int
    imported: ImportReport
    built: tuple[str, ...]


def load_manifest(
    manifest: Path,
    settings: Settings,
    *,
    seat: str,
    progress: Progress | None = None,
    data_root: Path | None = None,
    city_id: int | None = None,
) -> LoadReport:
    """Import one manifest and bring every derived copy of the city up to date; options as in `data.imports.run.run_import`."""
    with job(settings.database_url, "load", seat=seat, parameters={"manifest": manifest.name}) as task:
        step = _both(task, progress)
        imported = run_import(
            manifest,
            settings.database_url,
            seat=seat,
            progress=lambda text, part: step(text, 0.5 * part),
            data_root=data_root,
            city_id=city_id,
        )
        task.belongs_to(imported.city_id)
        built = rebuild_tiles(settings, imported.city_id, step)
        task.result = {"city_id": imported.city_id, "built": list(built)}
        return LoadReport(task.job_id, imported, built)


def _both(task: Job, progress: Progress | None) -> Progress:
    def step(text: str, fraction: float) -> None:
        task.progress(fraction, text)
        if progress is not None:
            progress(text, fraction)

    return step


def rebuild_tiles(settings: Settings, city_id: int, step: Progress) -> tuple[str, ...]:
    """Rebuild the tile tables unless they show the present assets."""
    with connect(settings.database_url) as connection:
        if tile_tables.is_current(connection, city_id):
            return ()
        step("network segments", 0.55)
        network = build_network(read_network_tables(connection, city_id))
        step("tile tables", 0.6)
        tile_tables.rebuild(connection, city_id, network.segment_id_of_pipe())
    return ("tiles",)
