"""The manifest: which file holds which part of a day, swapped in one transaction; files that nobody names are removed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from data.errors import Conflict
from data.pool import Connection
from data.reading_archive.parquet_files import TEMPORARY, sync_folder
from data.statements import sql
from twin.schemas import FrameSchema

FOLDER: Final = "readings"
GRACE_S: Final = 600.0
"""A file that was replaced stays this long for those who had read its name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive; see `data.tables.reading_archive`."""

    city_id: int
    schema_id: int
    day: date
    part: int
    path: str
    frames: int
    values_count: int
    bytes: int
    content_sm3: str
    first_source_id: int
    last_source_id: int
    first_at: datetime
    last_at: datetime
    generation: int
    verified_at: datetime


def day_folder(city_id: int, schema: FrameSchema, day: date) -> str:
    """Return the folder of a day, relative to the var dir."""
    return f"{FOLDER}/city={city_id}/schema={quote(schema.code, safe='')}-{schema.version}/day={day:%Y-%m-%d}"


def list_parts(
    connection: Connection,
    *,
    city_id: int | None = None,
    schema_id: int | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
) -> list[Part]:
    """Return the files of a city, schema and days (None = all), by city, schema, day and first source."""
    values = {"city_id": city_id, "schema_id": schema_id, "first_day": first_day, "last_day": last_day}
    return [Part(*row) for row in connection.execute(sql("reading_archive_parts"), values).fetchall()]


def swap_parts(connection: Connection, removed: Sequence[Part], added: Sequence[Part]) -> None:
    """Put new files in the place of old ones, inside the caller's transaction: readers see all of it or nothing.

    Raises
    ------
    Conflict
        When an old one is not there any more.
    """
    for part in removed:
        key = {"city_id": part.city_id, "schema_id": part.schema_id, "day": part.day, "part": part.part, "path": part.path}
        if connection.execute(sql("reading_archive_remove"), key).fetchone() is None:
            raise Conflict(f"{part.path} is not in the manifest any more; somebody else has written this day")
    for part in added:
        connection.execute(sql("reading_archive_add"), {name: getattr(part, name) for name in Part.__slots__})


def keep_for_readers(var_dir: Path, removed: Sequence[Part]) -> None:
    """Let the time of grace of replaced files begin; called before the swap commits."""
    for part in removed:
        path = var_dir / part.path
        if path.exists():
            path.touch()


def sweep(connection: Connection, var_dir: Path, *, grace_s: float = GRACE_S) -> list[str]:
    """Remove the files below the archive's folder that the manifest does not name, once their time of grace is over.

    Such are files that were replaced, and those of a process that died before its swap. The caller holds the lock of the
    archive's writers. Returns their paths.
    """
    folder = var_dir / FOLDER
    row = connection.execute(sql("reading_archive_paths")).fetchone()
    named = set() if row is None or row[0] is None else set(row[0])
    removed = []
    for file in folder.rglob("*"):
        path = file.relative_to(var_dir).as_posix()
        if file.is_file() and path not in named and _is_ours(file) and time.time() - file.stat().st_mtime > grace_s:
            file.unlink()
            removed.append(path)
    for parent in {(var_dir / path).parent for path in removed}:
        sync_folder(parent)
    return sorted(removed)


def _is_ours(file: Path) -> bool:
    return file.name.startswith("part-") and file.name.endswith((".parquet", TEMPORARY))
