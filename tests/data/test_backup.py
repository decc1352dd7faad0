"""Backup and restore with a real PostGIS: everything comes back, or nothing was changed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import asyncpg
import pytest

from data import server_programs
from data.backup import DUMP, FILES, backup_path, write_backup
from data.backup_file import BackupFile, new_backup, read_backup
from data.errors import BadBackup, Conflict, DatabaseUnavailable, SchemaMismatch
from data.migrate import current_revision, head_revision, upgrade
from data.models3d import Model3d, models_of, put_model
from data.pool import connect
from data.readings import ensure_partitions
from data.restore import RestoreReport, restore_backup
from tests.cities import TinyAsset, insert_city
from tests.conftest import LoadedSample, _database, create_database, drop_database
from tests.data.import_helpers import table_dump

AT = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
LEFT_OUT = {"pipe_fact", "asset_summary", "interval_element", "interval_pipe", "interval_version", "session", "session_ticket"}


def quiet(_message: str, _fraction: float) -> None:
    pass


def back_up(url: str, path: Path, var_dir: Path, *state_files: str) -> BackupFile:
    write_backup(url, path, var_dir=var_dir, state_files=state_files, seat="tests", at=AT, progress=quiet)
    backup = read_backup(path)
    backup.verify(quiet)
    return backup


def restore(url: str, backup: BackupFile, var_dir: Path, **options: bool) -> RestoreReport:
    return restore_backup(url, backup, var_dir=var_dir, progress=quiet, **options)


def kept(url: str) -> dict[str, list[str]]:
    return {name: rows for name, rows in table_dump(url).items() if not name.startswith("tile_") and name not in LEFT_OUT}


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def databases(url: str) -> set[str]:
    """Return the names of the server's databases that belong to this one."""
    with connect(_database(url, "postgres")) as connection:
        return {
            row[0]
            for row in connection.execute(
                "select datname from pg_database where starts_with(datname, %s)", (name_of(url),)
            ).fetchall()
        }


@pytest.fixture
def tiny_url(database_url: str) -> str:
    """Return the address of a database with three assets."""
    insert_city(database_url, [TinyAsset("company", "C1"), TinyAsset("substation", "S1"), TinyAsset("building", "B1")])
    return database_url


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """Yield the address of another migrated database without rows."""
    url = create_database(server_url)
    yield url
    drop_database(url)


def test_every_row_and_file_comes_back_into_an_empty_database(sample: LoadedSample, empty_url: str, tmp_path: Path) -> None:
    backup = back_up(sample.url, tmp_path / "b.tar", sample.var_dir)
    rasters = [name.removeprefix(FILES) for name in backup.parts if name.startswith(FILES)]
    assert {PurePosixPath(name).name.partition("-")[0] for name in rasters} == {"ground", "satellite"}
    report = restore(empty_url, backup, tmp_path / "var")
    assert kept(empty_url) == kept(sample.url)
    for name in rasters:
        assert (tmp_path / "var" / name).read_bytes() == (sample.var_dir / name).read_bytes()
    assert report.rows == backup.manifest["rows"]
    assert report.city_ids == [1]
    derived = table_dump(empty_url)
    assert [name for name, rows in derived.items() if rows and (name.startswith("tile_") or name in LEFT_OUT)] == []
    with connect(empty_url) as connection:
        analyzed = connection.execute("select reltuples > 5000 from pg_class where relname = 'asset'").fetchone()
    assert analyzed == (True,)


def test_definitions_come_back_too(tiny_url: str, empty_url: str, tmp_path: Path) -> None:
    restore(empty_url, back_up(tiny_url, tmp_path / "b.tar", tmp_path), tmp_path)
    statement = (
        "select indexdef from pg_indexes where schemaname = 'public' union all"
        " select conrelid::regclass || ' ' || conname || pg_get_constraintdef(oid) from pg_constraint"
        " where connamespace = 'public'::regnamespace union all"
        " select objoid::regclass || '.' || objsubid || ' ' || description from pg_description d"
        " where classoid = 'pg_class'::regclass and objsubid > 0 order by 1"
    )
    with connect(tiny_url) as before, connect(empty_url) as after:
        found = before.execute(statement).fetchall()
        assert len(found) > 100
        assert after.execute(statement).fetchall() == found


def test_the_manifest_says_what_is_inside(tiny_url: str, tmp_path: Path) -> None:
    manifest = back_up(tiny_url, tmp_path / "b.tar", tmp_path).manifest
    assert manifest["schema_revision"] == head_revision()
    assert manifest["created_at"] == "2026-11-21T17:30:00+00:00"
    assert manifest["made_by"] == "tests"
    assert manifest["postgresql"] >= 150000
    assert manifest["postgis"].startswith("3.")
    assert manifest["rows"]["asset"] == 3
    city = manifest["cities"][0]
    assert (city["city_id"], city["name_zh"], city["assets_version"], city["rows"]["asset"]) == (1, "小城", 1, 3)


def test_a_folder_gets_a_file_named_by_the_time(tmp_path: Path) -> None:
    assert backup_path(tmp_path, AT) == tmp_path / "heat-twin-20261121T173000Z.tar"
    assert backup_path(tmp_path / "b.tar", AT) == tmp_path / "b.tar"


def test_state_files_come_along_when_they_exist_and_only_their_owner_reads_them(
    tiny_url: str, empty_url: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.key").write_bytes(b"k" * 32)
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path, "secret.key", "demo/none.loaded")
    report = restore(empty_url, backup, tmp_path / "var")
    assert report.files == ["secret.key"]
    assert (tmp_path / "var" / "secret.key").read_bytes() == b"k" * 32
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o077 == 0


def test_a_raster_that_is_gone_is_told_and_does_not_stop_the_backup(tiny_url: str, tmp_path: Path) -> None:
    with connect(tiny_url) as connection:
        connection.execute("insert into raster_layer values (1, 'ground', 'raster/1/gone.tif', 'hillshade')")
    report = write_backup(tiny_url, tmp_path / "b.tar", var_dir=tmp_path, seat="tests", at=AT, progress=quiet)
    assert report.missing_files == ["raster/1/gone.tif"]
    assert read_backup(tmp_path / "b.tar").manifest["missing_files"] == ["raster/1/gone.tif"]


def test_models_come_along_with_all_their_files(tiny_url: str, empty_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "models3d" / "1" / "plant" / "0a"
    folder.mkdir(parents=True)
    (folder / "ground.json").write_text("{}")
    (folder / "m-0.glb").write_bytes(b"glTF")
    model = Model3d("plant", "三号", "gltf", "models3d/1/plant/0a", "a.glb", "0" * 64, (1, 2, 3, 4), {}, {}, "", "", "tests")
    with connect(tiny_url) as connection:
        put_model(connection, 1, model)
        put_model(connection, 1, replace(model, name="gone", folder="models3d/1/gone/0b"))
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    assert read_backup(tmp_path / "b.tar").manifest["missing_files"] == ["models3d/1/gone/0b"]
    restore(empty_url, backup, tmp_path / "var")
    assert (tmp_path / "var" / model.folder / "m-0.glb").read_bytes() == b"glTF"
    with connect(empty_url) as connection:
        assert [found.name for found in models_of(connection, 1)] == ["gone", "plant"]


def test_a_password_is_on_no_command_line(tiny_url: str, empty_url: str, tmp_path: Path, monkeypatch) -> None:
    seen: list[list[str]] = []
    real = server_programs.open_program

    def spied(arguments, **options):
        seen.append([str(part) for part in arguments])
        return real(arguments, **options)

    monkeypatch.setattr(server_programs, "open_program", spied)
    restore(empty_url, back_up(tiny_url, tmp_path / "b.tar", tmp_path), tmp_path)
    password = urlsplit(tiny_url).password
    assert password
    assert [Path(arguments[0]).name for arguments in seen] == ["pg_dump", "pg_restore", "pg_restore"]
    assert [part for arguments in seen for part in arguments if password in part] == []


def test_programs_that_fit_the_server_are_taken(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"none is installed; as root: apt-get install postgresql-client-16"):
        server_programs.find_clients(16, root=tmp_path)
    for major in (15, 16, 18):
        folder = tmp_path / str(major) / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.1 (Debian {major}.1-1)'\n")
        (folder / "pg_dump").chmod(0o755)
    assert server_programs.find_clients(16, root=tmp_path) == tmp_path / "16" / "bin"
    assert server_programs.find_clients(17, root=tmp_path) == tmp_path / "18" / "bin"
    with pytest.raises(DatabaseUnavailable, match=r"19 or newer are needed, only 15, 16, 18 is installed"):
        server_programs.find_clients(19, root=tmp_path)


def test_nothing_is_left_beside(tiny_url: str, empty_url: str, tmp_path: Path) -> None:
    restore(empty_url, back_up(tiny_url, tmp_path / "b.tar", tmp_path), tmp_path)
    assert databases(empty_url) == {name_of(empty_url)}


# ---------------------------------------------------------------- while others work


def test_a_backup_is_of_one_moment_and_nobody_waits_for_it(tiny_url: str, empty_url: str, tmp_path: Path) -> None:
    """Rows that are written, and days of readings that begin, while it runs."""
    written = []

    def meanwhile(message: str, _fraction: float) -> None:
        if not written and message.startswith("counting"):
            with connect(tiny_url) as connection:
                connection.execute("update asset set name = 'later'")
                connection.execute(
                    "insert into valve_state (city_id, asset_id, state, origin, seat) values (1, 2, 'open', 'reported', 's')"
                )
            written.append(message)
        if message.startswith("dumping") and len(written) == 1:
            asyncio.run(_begin_a_day(tiny_url, date(2026, 11, 22)))
            written.append(message)

    write_backup(tiny_url, tmp_path / "b.tar", var_dir=tmp_path, seat="tests", at=AT, progress=meanwhile)
    assert len(written) == 2
    restore(empty_url, read_backup(tmp_path / "b.tar"), tmp_path)
    with connect(empty_url) as connection:
        assert connection.execute("select count(*) from asset where name = 'later'").fetchone() == (0,)
        assert connection.execute("select count(*) from valve_state").fetchone() == (0,)


async def _begin_a_day(url: str, day: date) -> None:
    connection = await asyncpg.connect(url, server_settings={"lock_timeout": "5000"})
    try:
        await ensure_partitions(connection, {day})
        await ensure_partitions(connection, {day})
    finally:
        await connection.close()


def test_a_day_of_readings_begins_while_somebody_reads(database_url: str) -> None:
    with connect(database_url) as reader:
        reader.execute("select count(*) from reading_frame")
        asyncio.run(_begin_a_day(database_url, date(2027, 1, 2)))
        rows = reader.execute("select inhrelid::regclass::text from pg_inherits where inhparent = 'reading_frame'::regclass")
        assert rows.fetchall() == [("reading_frame_20270102",)]
        indexes = reader.execute(
            "select count(*) from pg_index i join pg_inherits h on h.inhrelid = i.indexrelid"
            " where i.indrelid = 'reading_frame_20270102'::regclass"
        )
        assert indexes.fetchone() == (2,)


# ---------------------------------------------------------------- refused, with nothing changed


def test_a_database_that_holds_something_is_left_alone(tiny_url: str, tmp_path: Path) -> None:
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    with connect(tiny_url) as connection:
        connection.execute("update asset set name = 'later'")
    before = table_dump(tiny_url)
    with pytest.raises(Conflict, match=r"not empty \(3 rows in asset, 3 rows in asset_key, 1 rows in city\); --replace"):
        restore(tiny_url, backup, tmp_path)
    assert table_dump(tiny_url) == before


def test_with_replace_the_backup_takes_its_place(tiny_url: str, tmp_path: Path) -> None:
    before = kept(tiny_url)
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    with connect(tiny_url) as connection:
        connection.execute("update asset set name = 'later'")
    restore(tiny_url, backup, tmp_path, replace=True)
    assert kept(tiny_url) == before
    assert databases(tiny_url) == {name_of(tiny_url)}


def test_a_database_in_use_is_left_alone(tiny_url: str, tmp_path: Path) -> None:
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    with connect(tiny_url), pytest.raises(Conflict, match="is in use by 1 connection; stop `heat-twin serve`"):
        restore(tiny_url, backup, tmp_path, replace=True)


def test_somebody_who_connects_meanwhile_keeps_the_old_database(tiny_url: str, tmp_path: Path) -> None:
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    before = table_dump(tiny_url)
    with pytest.raises(Conflict, match="somebody connected"), connect_late(tiny_url) as progress:
        restore_backup(tiny_url, backup, var_dir=tmp_path, replace=True, progress=progress)
    assert table_dump(tiny_url) == before
    assert databases(tiny_url) == {name_of(tiny_url)}


@contextmanager
def connect_late(url: str) -> Iterator[Callable[[str, float], None]]:
    """Yield a progress function that connects to the database at its first call and stays."""
    opened = []

    def progress(_message: str, _fraction: float) -> None:
        if not opened:
            context = connect(url)
            opened.append((context, context.__enter__()))

    yield progress
    opened[0][0].__exit__(None, None, None)


def rewritten(backup: BackupFile, path: Path, *, dump: bytes | None = None, **changed: object) -> BackupFile:
    """Return a whole backup with another manifest or dump."""
    with new_backup(path) as writer:
        for name in backup.parts:
            writer.add(name, [dump] if dump is not None and name == DUMP else backup.chunks(name))
        writer.finish({key: value for key, value in backup.manifest.items() if key != "parts"} | changed)
    return read_backup(path)


def test_a_newer_schema_asks_for_the_newer_program(tiny_url: str, empty_url: str, tmp_path: Path) -> None:
    backup = rewritten(back_up(tiny_url, tmp_path / "b.tar", tmp_path), tmp_path / "n.tar", schema_revision="9999", program="9.0")
    with pytest.raises(
        SchemaMismatch, match=r"written by heat-twin 9\.0 with schema revision '9999'.*install the newer heat-twin"
    ):
        restore(empty_url, backup, tmp_path)


def test_a_newer_server_is_named(tiny_url: str, empty_url: str, tmp_path: Path) -> None:
    backup = rewritten(back_up(tiny_url, tmp_path / "b.tar", tmp_path), tmp_path / "n.tar", postgresql=990001)
    with pytest.raises(BadBackup, match="comes from PostgreSQL 99; this server is PostgreSQL"):
        restore(empty_url, backup, tmp_path)


def test_an_older_schema_is_brought_up(server_url: str, empty_url: str, tmp_path: Path) -> None:
    url = create_database(server_url, "template1")
    try:
        upgrade(url, "0001")
        with connect(url) as connection:
            connection.execute("insert into city (city_id, name_zh, name_en, zone) values (3, '旧城', 'Old', 'Asia/Shanghai')")
        backup = back_up(url, tmp_path / "b.tar", tmp_path)
        assert current_revision(url) == "0001", "a backup changes nothing"
    finally:
        drop_database(url)
    report = restore(empty_url, backup, tmp_path)
    assert (report.from_revision, report.revision) == ("0001", head_revision())
    assert current_revision(empty_url) == head_revision()
    with connect(empty_url) as connection:
        assert connection.execute("select name_zh from city").fetchall() == [("旧城",)]


def test_a_database_never_migrated_is_nothing_to_back_up(server_url: str, tmp_path: Path) -> None:
    url = create_database(server_url, "template1")
    try:
        with pytest.raises(SchemaMismatch, match="holds no schema"):
            back_up(url, tmp_path / "b.tar", tmp_path)
    finally:
        drop_database(url)
    assert list(tmp_path.iterdir()) == []


def test_other_rows_than_stated_leave_the_old_database(tiny_url: str, tmp_path: Path) -> None:
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    rows = dict(backup.manifest["rows"]) | {"asset": 4}
    before = table_dump(tiny_url)
    with pytest.raises(BadBackup, match=r"the database has 3 rows in asset after the restore, the backup states 4"):
        restore(tiny_url, rewritten(backup, tmp_path / "n.tar", rows=rows), tmp_path, replace=True)
    assert table_dump(tiny_url) == before
    assert databases(tiny_url) == {name_of(tiny_url)}


def test_a_dump_that_ends_too_early_leaves_the_old_database(tiny_url: str, tmp_path: Path) -> None:
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    half = b"".join(backup.chunks(DUMP))[:-2000]
    before = table_dump(tiny_url)
    with pytest.raises(DatabaseUnavailable, match="restoring the database failed"):
        restore(tiny_url, rewritten(backup, tmp_path / "n.tar", dump=half), tmp_path, replace=True)
    assert table_dump(tiny_url) == before


def test_a_role_that_may_make_no_database_is_told_what_it_needs(tiny_url: str, tmp_path: Path) -> None:
    backup = back_up(tiny_url, tmp_path / "b.tar", tmp_path)
    parts = urlsplit(tiny_url)
    with connect(tiny_url) as connection:
        connection.execute("create role small login password 'p' in role pg_read_all_data")
    try:
        url = parts._replace(netloc="small:p@").geturl()
        with pytest.raises(DatabaseUnavailable, match=r"may not make a database beside .* alter role"):
            restore(url, backup, tmp_path, replace=True)
    finally:
        with connect(tiny_url) as connection:
            connection.execute("drop role small")


# ---------------------------------------------------------------- killed


def cli(url: str, var_dir: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
    environment |= {"HEAT_TWIN_DATABASE_URL": url, "HEAT_TWIN_VAR_DIR": str(var_dir)}
    return subprocess.Popen([sys.executable, "-m", "api.cli", *words], env=environment, stdin=subprocess.DEVNULL)


def kill_when(process: subprocess.Popen[bytes], happens: Callable[[], object]) -> None:
    """Kill a process as a power cut would, in the middle of what it does."""
    end = time.monotonic() + 60
    while not happens():
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_backup_is_no_backup_and_the_next_one_is(sample: LoadedSample, tmp_path: Path) -> None:
    draft = tmp_path / ".b.tar.part"
    kill_when(
        cli(sample.url, sample.var_dir, "db", "backup", str(tmp_path / "b.tar")),
        lambda: draft.exists() and draft.stat().st_size > 100_000,
    )
    assert list(tmp_path.iterdir()) == [draft]
    with pytest.raises(BadBackup, match="no whole backup"):
        read_backup(draft)
    back_up(sample.url, tmp_path / "c.tar", sample.var_dir)
    assert list(tmp_path.iterdir()) == [tmp_path / "c.tar"]


def test_a_killed_restore_leaves_the_old_database_and_the_next_one_clears_up(
    sample: LoadedSample, tiny_url: str, tmp_path: Path
) -> None:
    backup = back_up(sample.url, tmp_path / "b.tar", sample.var_dir)
    before = table_dump(tiny_url)
    kill_when(
        cli(tiny_url, tmp_path / "var", "db", "restore", str(backup.path), "--replace"),
        lambda: databases(tiny_url) - {name_of(tiny_url)},
    )
    assert table_dump(tiny_url) == before
    assert len(databases(tiny_url)) == 2
    _wait_until_nobody_is_there(tiny_url)
    restore(tiny_url, backup, tmp_path / "var", replace=True)
    assert kept(tiny_url) == kept(sample.url)
    assert databases(tiny_url) == {name_of(tiny_url)}


def _wait_until_nobody_is_there(url: str) -> None:
    """Wait for the programs that the killed one had started: they end when their pipe does."""
    left = (databases(url) - {name_of(url)}).pop()
    end = time.monotonic() + 30
    with connect(_database(url, "postgres"), autocommit=True) as connection:
        while connection.execute("select 1 from pg_stat_activity where datname = %s", (left,)).fetchone():
            assert time.monotonic() < end
            time.sleep(0.05)


def test_the_command_tells_what_it_wrote_and_what_is_wrong(tiny_url: str, tmp_path: Path, capfd) -> None:
    assert cli(tiny_url, tmp_path / "var", "db", "backup", str(tmp_path / "b.tar")).wait() == 0
    assert f"{tmp_path}/b.tar: " in capfd.readouterr().out
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert archive.getnames()[0] == DUMP
    assert cli(tiny_url, tmp_path / "var", "db", "restore", str(tmp_path / "b.tar")).wait() == 1
    assert capfd.readouterr().err.startswith("heat-twin: the database is not empty")
