"""Backups: everything that cannot be computed again, in one file.

A backup holds the database as of one moment (`pg_dump`, while readings keep coming in) and the files of the var dir that the
database names. What the program derives is left out and built anew by a restore: tile tables, sums, 3D Tiles. So are
sessions: after a restore everybody signs in again.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import psycopg

from data import server_programs as programs
from data.backup_file import BackupWriter, Part, new_backup
from data.errors import BadBackup, SchemaMismatch
from data.migrate import check_versions, current_revision, require_known
from data.pool import Connection, connect
from data.statements import sql

Progress: TypeAlias = Callable[[str, float], None]

DUMP: Final = "database.dump"
FILES: Final = "files/"
"""Parts below this are files of the var dir, by their path in it."""
LEFT_OUT: Final = (
    *("tile_*", "pipe_fact", "asset_summary", "interval_*", "session", "session_ticket"),
    # what a repack of readings holds beside the day
    *("reading_late_*", "reading_packed_*"),
)
"""Tables whose rows stay out (their definitions are kept): derived copies, and who is signed in."""

_CHUNK: Final = 2**20
_COMPRESSION: Final = 3
"""gzip level: 6, the default of pg_dump, takes twice the time for a twentieth of the size."""
_LOCK_WAIT_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds.

    Attributes
    ----------
    path
        The file.
    parts
        Its parts, in their order.
    rows
        Rows by table.
    missing_files
        Files that the database names and that were not there; a restore will lack them.
    """

    path: Path
    parts: Sequence[Part]
    rows: Mapping[str, int]
    missing_files: Sequence[str]


def backup_path(target: Path, at: datetime) -> Path:
    """Return the file that a backup goes to: `target` itself, or a file named by the time in the folder `target`."""
    return target / f"heat-twin-{at:%Y%m%dT%H%M%SZ}.tar" if target.is_dir() else target.absolute()


def write_backup(
    database_url: str,
    path: Path,
    *,
    var_dir: Path,
    state_files: Sequence[str] = (),
    seat: str,
    at: datetime,
    progress: Progress,
) -> BackupReport:
    """Write one backup.

    Parameters
    ----------
    database_url
        A database of this program's schema or an older one; it is not changed, and nobody has to stop.
    path
        From `backup_path`.
    var_dir
        Folder that the paths of rasters are relative to.
    state_files
        Further files of the var dir that belong to the rows (the key file), relative to it; taken when they exist.
    seat
        Who makes it.
    at
        Time of the backup, UTC.
    progress
        Called with a message and the done share 0..1.

    Raises
    ------
    BadBackup
        When the file cannot be written or the database cannot be dumped.
    Conflict
        When the file exists.
    SchemaMismatch
        When the database has no schema, or that of a newer program.

    Notes
    -----
    Cost: one pass over all rows to count and one to dump them; memory does not grow. Locks: none that anybody waits for,
    but a migration has to wait.
    """
    revision = current_revision(database_url)
    if revision is None:
        raise SchemaMismatch("the database holds no schema of heat twin, so there is nothing to back up")
    require_known(revision)
    with new_backup(path) as writer, _snapshot(database_url) as (connection, snapshot, server_major), ExitStack() as opened:
        files, missing = _open_files(opened, var_dir, [*_raster_paths(connection), *state_files], set(state_files))
        archived, gone = _link_files(opened, var_dir, [*_archive_paths(connection), *_model_paths(connection, var_dir)])
        progress("counting rows", 0.0)
        contents = read_contents(connection)
        dump = _Dump(database_url, programs.find_clients(server_major), snapshot, contents.rows)
        writer.add(DUMP, dump.chunks(progress))
        _add_files(writer, files, progress)
        _add_linked(writer, archived, progress)
        writer.finish(
            {
                "program": metadata.version("heat-twin"),
                "schema_revision": revision,
                "postgresql": connection.info.server_version,
                "pg_dump": dump.major,
                "postgis": check_versions(database_url)[1],
                "created_at": at.isoformat(),
                "made_by": seat,
                "cities": contents.cities,
                "rows": contents.rows,
                "state_files": [path for path in state_files if path in files],
                "missing_files": [*missing, *gone],
            }
        )
    progress("done", 1.0)
    return BackupReport(path, writer.parts, contents.rows, [*missing, *gone])


@contextmanager
def _snapshot(database_url: str) -> Iterator[tuple[Connection, str, int]]:
    """Yield a connection that keeps seeing one moment, the name by which others see it too, and the server's version."""
    with connect(database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute(sql("backup_snapshot")).fetchone()
        assert row is not None  # a select without from always has a row
        yield connection, str(row[0]), int(row[1])


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, without what is left out of backups: rows by table, and each city with its own."""

    rows: dict[str, int]
    cities: list[dict[str, Any]]


def read_contents(connection: Connection) -> Contents:
    """Count the rows of every table, and of every city in it. Cost: one pass over all rows."""
    patterns = [pattern.replace("_", r"\_").replace("*", "%") for pattern in LEFT_OUT]
    rows: dict[str, int] = {}
    by_city: dict[int, dict[str, int]] = {}
    for table, city_id, count in connection.execute(sql("backup_counts"), {"left_out": patterns}).fetchall():
        rows[table] = rows.get(table, 0) + count
        if city_id is not None:
            by_city.setdefault(city_id, {})[table] = count
    if "city" not in rows:
        return Contents(rows, [])
    cursor = connection.execute(sql("backup_cities"))
    names = [column.name for column in cursor.description or ()]
    cities = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return Contents(rows, [{**city, "rows": by_city.get(city["city_id"], {})} for city in cities])


class _Dump:
    """`pg_dump` of one snapshot as a stream."""

    def __init__(self, database_url: str, binaries: Path, snapshot: str, rows: Mapping[str, int]) -> None:
        self.major = programs.major_of(binaries, "pg_dump")
        self._environment = programs.client_environment(database_url)
        self._rows = rows
        self._command: list[str | Path] = [
            *(binaries / "pg_dump", "--format=custom", f"--compress={_COMPRESSION}", f"--snapshot={snapshot}", "--verbose"),
            # what else lives in an external database is not ours
            *("--schema=public", "--no-owner", "--no-privileges", f"--lock-wait-timeout={_LOCK_WAIT_MS}"),
            *(f"--exclude-table-data=public.{pattern}" for pattern in LEFT_OUT),
        ]

    def chunks(self, progress: Progress) -> Iterator[bytes]:
        """Yield the dump; progress follows the tables by their rows."""
        with tempfile.TemporaryFile() as said:
            process = programs.open_program(
                self._command, environment=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
            assert process.stdout is not None  # asked for
            steps = _Steps(said, self._rows)
            try:
                while chunk := process.stdout.read(_CHUNK):
                    yield chunk
                    progress(*steps.read())
            finally:
                process.stdout.close()
                process.wait()
            said.seek(0)
            if process.returncode != 0:
                text = said.read().decode(errors="replace")
                raise BadBackup(str(programs.explain("dumping the database", text)))


class _Steps:
    """Follows what a running `pg_dump --verbose` says of the table it is at."""

    _SIGN: Final = re.compile(r'dumping contents of table "?public"?\."?([a-z0-9_]+)')
    _DAY: Final = re.compile(r"(reading_frame)_\d{8}$")

    def __init__(self, said: BinaryIO, rows: Mapping[str, int]) -> None:
        self._descriptor = said.fileno()
        self._rows = dict(rows)
        self._total = max(1, sum(rows.values()))
        self._seen = self._done = self._running = 0
        self._message = "dumping"

    def read(self) -> tuple[str, float]:
        """Return what is dumped now and the share of rows before it."""
        # reading at a place of its own: the position of the file is the one that pg_dump writes at
        text = os.pread(self._descriptor, _CHUNK, self._seen)
        self._seen += len(text)
        for table in self._SIGN.findall(text.decode(errors="replace")):
            self._done += self._running
            # the days of the readings are counted as one table: the first of them takes all its rows
            self._running = self._rows.pop(self._DAY.sub(r"\1", table), 0)
            self._message = f"dumping {table}"
        return self._message, 0.05 + 0.85 * min(1.0, self._done / self._total)


# ---------------------------------------------------------------- files


def _raster_paths(connection: Connection) -> list[str]:
    return [str(row[2]) for row in connection.execute(sql("backup_rasters")).fetchall()]


def _archive_paths(connection: Connection) -> list[str]:
    """Return the files of archived readings; none where the database is of a program without an archive."""
    row = connection.execute(sql("backup_has_archive")).fetchone()
    if row is None or not row[0]:
        return []
    found = connection.execute(sql("reading_archive_paths")).fetchone()
    return sorted(found[0] or []) if found is not None else []


def _model_paths(connection: Connection, var_dir: Path) -> list[str]:
    """Return the files of 3D models; none where the database is of a program without them."""
    row = connection.execute(sql("backup_has_models")).fetchone()
    if row is None or not row[0]:
        return []
    folders = [str(found[0]) for found in connection.execute(sql("model3d_folders")).fetchall()]
    files = ([*(var_dir / folder).iterdir()] if (var_dir / folder).is_dir() else [var_dir / folder] for folder in folders)
    return sorted(str(path.relative_to(var_dir)) for found in files for path in found)


def _link_files(opened: ExitStack, var_dir: Path, paths: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    """Give each file a second name until the backup is written: one that is replaced meanwhile is still read as it was.

    There may be more than a process can hold open.
    """
    if not paths:
        return {}, []
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="backup-", dir=var_dir)))
    links: dict[str, Path] = {}
    missing: list[str] = []
    for number, path in enumerate(paths):
        link = folder / str(number)
        try:
            link.hardlink_to(var_dir / path)
            links[path] = link
        except OSError:
            missing.append(path)
    return links, missing


def _add_linked(writer: BackupWriter, links: Mapping[str, Path], progress: Progress) -> None:
    for number, (path, link) in enumerate(links.items()):
        progress(f"archived readings and models {number + 1} of {len(links)}", 0.96)
        with link.open("rb") as file:
            writer.add(FILES + path, iter(partial(file.read, _CHUNK), b""))


def _open_files(
    opened: ExitStack, var_dir: Path, paths: Sequence[str], optional: set[str]
) -> tuple[dict[str, BinaryIO], list[str]]:
    """Open all files at once: a raster that is replaced while the database is dumped is still read as it was."""
    files: dict[str, BinaryIO] = {}
    missing: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            files[path] = opened.enter_context((var_dir / path).open("rb"))
        except OSError:
            if path not in optional:
                missing.append(path)
    return files, missing


def _add_files(writer: BackupWriter, files: Mapping[str, BinaryIO], progress: Progress) -> None:
    for path, file in files.items():
        progress(f"adding {path}", 0.95)
        writer.add(FILES + path, iter(partial(file.read, _CHUNK), b""))
