"""Restoring a backup: beside the present database first, then both change places in one step.

Until that step nothing that is there is touched, so a restore that fails or is killed leaves everything as it was; what a
killed one left beside is removed by the next.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from data import server_programs as programs
from data.backup import DUMP, FILES, read_contents
from data.backup_file import BackupFile
from data.beside import database_beside, maintained, require_free, swap
from data.errors import BadBackup, Conflict, SchemaMismatch
from data.migrate import check_versions, head_revision, migrate, require_known
from data.pool import connect
from data.statements import sql

Progress: TypeAlias = Callable[[str, float], None]

_OURS: Final = ("alembic_version", "job", "spatial_ref_sys")
"""Tables whose rows do not make a database worth keeping."""


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did.

    Attributes
    ----------
    rows
        Rows by table, counted in the restored database.
    city_ids
        The cities that are there now; their derived copies are not built yet.
    from_revision, revision
        Schema of the backup, and of the database now.
    files
        Files put into the var dir.
    """

    rows: Mapping[str, int]
    city_ids: Sequence[int]
    from_revision: str
    revision: str
    files: Sequence[str]


def check_fit(backup: BackupFile, database_url: str) -> None:
    """Hold a backup against this program and a server, before anything is done.

    Raises
    ------
    SchemaMismatch
        When the backup's schema is newer than this program.
    BadBackup
        When the server is older than the one that the backup comes from.
    """
    stated = backup.manifest
    try:
        require_known(stated["schema_revision"])
    except SchemaMismatch:
        raise SchemaMismatch(
            f"{backup.path} was written by heat-twin {stated['program']} with schema revision {stated['schema_revision']!r}; this"
            f" program knows revisions up to {head_revision()!r}: install the newer heat-twin, then restore"
        ) from None
    server, _ = check_versions(database_url)
    if server // 10000 < stated["postgresql"] // 10000:
        raise BadBackup(
            f"{backup.path} comes from PostgreSQL {stated['postgresql'] // 10000}; this server is PostgreSQL {server // 10000}:"
            " restore into the same or a newer version"
        )


def restore_backup(
    database_url: str, backup: BackupFile, *, var_dir: Path, replace: bool = False, progress: Progress
) -> RestoreReport:
    """Bring a checked backup into a database and its files into the var dir.

    Parameters
    ----------
    database_url
        The database that the backup takes the place of. Nobody else may be connected.
    backup
        From `read_backup`; `verify` it first.
    var_dir
        Where files go.
    replace
        Take the place of a database that holds something; without it that is refused.
    progress
        Called with a message and the done share 0..1.

    Raises
    ------
    Conflict
        When the database holds something, is in use, or another restore of it runs.
    BadBackup, SchemaMismatch
        When the backup does not fit, or the restored rows are not those that it states.
    DatabaseUnavailable
        When a database cannot be made beside (rights, disk).

    Notes
    -----
    Cost: the disk holds the present and the restored database for a while.
    """
    check_fit(backup, database_url)
    with maintained(database_url) as (server, name):
        require_free(server, name)
        if not replace:
            _require_empty(database_url)
        with database_beside(server, database_url, name) as (beside, beside_url):
            _load(backup, beside_url, progress)
            progress("counting rows", 0.75)
            rows, city_ids = _verified(backup, beside_url)
            progress("schema and statistics", 0.85)
            revision = _finish(beside_url)
            late = set(backup.manifest["state_files"])
            files = _put_files(backup, var_dir, progress, leave=late)
            swap(server, name, beside)
    # the key file of the present database, which a failing restore leaves in place, would go with these
    files += _put_files(backup, var_dir, progress, leave=set(files))
    progress("restored", 1.0)
    return RestoreReport(rows, city_ids, str(backup.manifest["schema_revision"]), revision, files)


# ---------------------------------------------------------------- loading


def _require_empty(database_url: str) -> None:
    with connect(database_url) as connection:
        rows = read_contents(connection).rows
    held = {table: count for table, count in rows.items() if count and table not in _OURS}
    if held:
        largest = sorted(held, key=lambda table: -held[table])[:3]
        raise Conflict(
            f"the database is not empty ({', '.join(f'{held[table]:,} rows in {table}' for table in largest)});"
            " --replace puts the backup in its place, and what it holds is gone then: back it up first"
        )


def _load(backup: BackupFile, beside_url: str, progress: Progress) -> None:
    """Run `pg_restore` in one transaction."""
    with connect(beside_url) as connection:
        newest = max(connection.info.server_version // 10000, backup.manifest["pg_dump"])
    program = programs.find_clients(newest) / "pg_restore"
    environment = programs.client_environment(beside_url)
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        wanted.write(_contents_without_schema(backup, program))
        wanted.flush()
        command: list[str | Path] = [
            *(program, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
            *(f"--use-list={wanted.name}", f"--dbname={environment['PGDATABASE']}"),
        ]
        _feed(command, _followed(backup, progress), environment)


def _followed(backup: BackupFile, progress: Progress) -> Iterator[bytes]:
    """Yield the dump and tell how much of it was taken."""
    sent, total = 0, max(1, backup.parts[DUMP][1].bytes)
    for chunk in backup.chunks(DUMP):
        yield chunk
        sent += len(chunk)
        progress("restoring the database", 0.7 * sent / total)


def _contents_without_schema(backup: BackupFile, program: Path) -> str:
    """Return the dump's list of contents without the schema `public`, which is there in every new database."""
    listed = _feed([program, "--list"], backup.chunks(DUMP), {})
    return "".join(line for line in listed.splitlines(keepends=True) if " SCHEMA - public " not in line)


def _feed(command: Sequence[str | Path], chunks: Iterator[bytes], environment: Mapping[str, str]) -> str:
    """Run a program on a stream and return what it prints.

    Raises
    ------
    DatabaseUnavailable
        When it fails, with the cause.
    """
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
        process = programs.open_program(
            command, environment=environment, stdin=subprocess.PIPE, stdout=printed.fileno(), stderr=said
        )
        assert process.stdin is not None  # asked for
        try:
            # a program that has read enough, or has failed, closes its end
            with suppress(BrokenPipeError):
                for chunk in chunks:
                    process.stdin.write(chunk)
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
        if process.returncode != 0:
            raise programs.explain("restoring the database", _text(said))
        return _text(printed)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _verified(backup: BackupFile, beside_url: str) -> tuple[dict[str, int], list[int]]:
    """Count the restored rows, table by table and city by city; raise `BadBackup` where they are not those of the backup."""
    with connect(beside_url) as connection:
        found = read_contents(connection)
    _require_equal("the database", backup.manifest["rows"], found.rows)
    there = {city["city_id"]: city["rows"] for city in found.cities}
    for city in backup.manifest["cities"]:
        _require_equal(f"city {city['city_id']}", city["rows"], there.get(city["city_id"], {}))
    return found.rows, list(there)


def _require_equal(place: str, stated: Mapping[str, int], found: Mapping[str, int]) -> None:
    for table in sorted({*stated, *found}):
        if stated.get(table, 0) != found.get(table, 0):
            raise BadBackup(
                f"{place} has {found.get(table, 0):,} rows in {table} after the restore, the backup states"
                f" {stated.get(table, 0):,}; nothing was changed"
            )


def _finish(beside_url: str) -> str:
    """Bring the schema to this program's and let the planner know the tables; returns the revision."""
    revision = migrate(beside_url)
    with connect(beside_url, autocommit=True) as connection:
        connection.execute(sql("restore_analyze"))
    return revision


# ---------------------------------------------------------------- files


def _put_files(backup: BackupFile, var_dir: Path, progress: Progress, *, leave: set[str]) -> list[str]:
    """Write files of the backup into the var dir, each whole or not at all."""
    put = []
    for name in backup.parts:
        path = name.removeprefix(FILES)
        if path == name or path in leave:
            continue
        progress(f"putting {path}", 0.95)
        _put_file(var_dir / path, backup.chunks(name))
        put.append(path)
    return put


def _put_file(path: Path, chunks: Iterator[bytes]) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.writelines(chunks)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BadBackup(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None
