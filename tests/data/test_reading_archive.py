from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from data.backup import FILES, write_backup
from data.backup_file import read_backup
from data.errors import BadArchivedReadings
from data.pool import connect
from data.reading_archive.keeping import KeptReport, archive_lock, keep
from data.reading_archive.manifest import Part, list_parts, sweep
from data.reading_archive.repacking import late_frames_noted, rewrite, swap
from data.reading_archive.restoring import restore_day, verify_parts
from tests.data.archive_helpers import DAY, Frame, insert_frames, minute_frames, payload, seed, stored_frames

LATE = timedelta(days=1)


def look(url: str, var_dir: Path, *, days_after: float) -> KeptReport:
    now = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=days_after)
    with connect(url, autocommit=True) as connection:
        return keep(connection, var_dir, now=now, late=LATE, say=lambda _message, _share: None)


def test_a_day_is_repacked_then_leaves_kind_by_kind(database_url: str, tmp_path: Path) -> None:
    seed(database_url, {"pump:1": 1, "room:1": 2, "pump:2": 1})
    frames = minute_frames(1, 3, 30) + minute_frames(2, 2, 40) + minute_frames(1, 1, 30)
    insert_frames(database_url, frames)
    before = stored_frames(database_url)

    assert look(database_url, tmp_path, days_after=1.5) == KeptReport()
    assert look(database_url, tmp_path, days_after=2.1).repacked == [f"{DAY}"]
    assert look(database_url, tmp_path, days_after=2.2) == KeptReport()
    assert stored_frames(database_url) == before

    report = look(database_url, tmp_path, days_after=4.1)
    assert report.archived == {f"room_sensor/1 {DAY}": 40}
    assert stored_frames(database_url) == [frame for frame in before if frame[0] == 1]

    report = look(database_url, tmp_path, days_after=15.1)
    assert report.dropped == [f"{DAY}"]
    assert stored_frames(database_url) == []
    with connect(database_url) as connection:
        parts = list_parts(connection)
    assert [(part.schema_id, part.frames, part.first_source_id, part.last_source_id) for part in parts] == [
        (1, 60, 1, 3),
        (2, 40, 2, 2),
    ]
    found = duckdb.sql(
        f"select source_id, epoch_ms(observed_at), delay_s, flow_m3_per_h, heat_total_gj, supply_pressure_mpa__quality"
        f" from read_parquet('{tmp_path / parts[0].path}', hive_partitioning = false) order by all limit 2 offset 29"
    ).fetchall()
    start = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp() * 1000)
    assert found == [(1, start + 29 * 60_000, 2, 87.25, 100000.029, 1), (3, start, 2, 80.0, 100000.0, 1)]


SOURCES = {"pump:1": 1, "room:1": 2, "pump:2": 1}
NOON = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)


def parts_of(url: str) -> list[Part]:
    with connect(url) as connection:
        return list_parts(connection)


def archived_day(url: str, var_dir: Path) -> list[Frame]:
    """Archive a day of all sources; returns the frames that were in it."""
    seed(url, SOURCES)
    insert_frames(url, minute_frames(1, 1, 20) + minute_frames(2, 2, 20) + minute_frames(1, 3, 20))
    frames = stored_frames(url)
    look(url, var_dir, days_after=15.1)
    assert stored_frames(url) == []
    return frames


def restored(url: str, var_dir: Path, code: str) -> None:
    with connect(url, autocommit=True) as connection:
        until = datetime(2027, 1, 1, tzinfo=UTC)
        restore_day(connection, var_dir, city_id=1, code=code, day=DAY, until=until, seat="tests")


def test_frames_that_come_while_a_day_is_rewritten_stay(database_url: str) -> None:
    seed(database_url, SOURCES)
    frames = minute_frames(1, 1, 10) + minute_frames(2, 2, 10)
    insert_frames(database_url, frames)
    late = [(1, 1, NOON, 7200, payload(1, 1.0, 2.0, 0.5)), (2, 2, NOON, 7200, payload(2, 20.0))]
    with connect(database_url, autocommit=True) as connection, late_frames_noted(connection, DAY):
        rewrite(connection, DAY, {(1, 2)})
        insert_frames(database_url, late)
        swap(connection, DAY, {(1, 1)})
    left = [frame for frame in frames if frame[0] == 1] + late
    assert stored_frames(database_url) == sorted(left, key=lambda frame: (frame[1], frame[2]))
    with connect(database_url) as connection:
        indexes = connection.execute(
            "select amname from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam"
            f" where i.indrelid = 'reading_frame_{DAY:%Y%m%d}'::regclass order by 1"
        ).fetchall()
        left_over = connection.execute("select relname from pg_class where relname ~ '^reading_(late|packed)'").fetchall()
    assert (indexes, left_over) == ([("brin",), ("btree",)], [])


_KILLED = """
import os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
from data.pool import connect
from data.reading_archive import keeping
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
point, url, var_dir, now = sys.argv[1:]
if point == "written":
    write = keeping.write_day
    keeping.write_day = lambda *given, **more: (write(*given, **more), die())
else:
    setattr(keeping, point, die)
with connect(url, autocommit=True) as connection:
    keeping.keep(
        connection, Path(var_dir), now=datetime.fromisoformat(now), late=timedelta(days=1), say=lambda *_: None
    )
"""


def test_a_kill_at_any_point_loses_nothing_and_the_next_goes_on(database_url: str, tmp_path: Path) -> None:
    seed(database_url, SOURCES)
    insert_frames(database_url, minute_frames(1, 1, 20) + minute_frames(2, 2, 20) + minute_frames(1, 3, 20))
    frames = stored_frames(database_url)
    now = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=15)
    # before the manifest, after it and before the rewrite, before the swap
    for point in ("written", "rewrite", "swap"):
        command = [sys.executable, "-c", _KILLED, point, database_url, str(tmp_path), now.isoformat()]
        assert subprocess.run(command, check=False, cwd=Path.cwd()).returncode == -9
        assert stored_frames(database_url) == frames
        late = (1, 1, NOON + timedelta(seconds=len(frames)), 9, payload(1, 1.0, 2.0, 0.5))
        insert_frames(database_url, [late])
        frames = sorted([*frames, late], key=lambda frame: (frame[1], frame[2]))
    look(database_url, tmp_path, days_after=15)
    assert stored_frames(database_url) == []
    for code in ("pump", "room_sensor"):
        restored(database_url, tmp_path, code)
    assert stored_frames(database_url) == frames


def test_a_restored_day_is_exact_and_stays_until_its_time(database_url: str, tmp_path: Path) -> None:
    frames = archived_day(database_url, tmp_path)
    restored(database_url, tmp_path, "pump")
    assert stored_frames(database_url) == [frame for frame in frames if frame[0] == 1]
    restored(database_url, tmp_path, "pump")
    look(database_url, tmp_path, days_after=20)
    assert stored_frames(database_url) == [frame for frame in frames if frame[0] == 1]
    before = parts_of(database_url)
    look(database_url, tmp_path, days_after=100)
    assert stored_frames(database_url) == []
    assert parts_of(database_url) == before


def test_late_frames_of_an_archived_day_are_written_into_its_files(database_url: str, tmp_path: Path) -> None:
    archived_day(database_url, tmp_path)
    (before,) = (part for part in parts_of(database_url) if part.schema_id == 1)
    repeat = minute_frames(1, 1, 1)[0]
    changed = (*minute_frames(1, 3, 1)[0][:4], payload(1, 9.0, 9.0, 0.9))
    insert_frames(database_url, [repeat, changed, (1, 3, NOON, 5, payload(1, 1.0, 2.0, 0.5))])
    look(database_url, tmp_path, days_after=100)
    (after,) = (part for part in parts_of(database_url) if part.schema_id == 1)
    assert (after.generation, after.frames, after.part) == (2, before.frames + 1, before.part)
    with connect(database_url, autocommit=True) as connection:
        kept_aside = connection.execute("select source_id, payload from reading_conflict").fetchall()
        assert sweep(connection, tmp_path) == []
        assert sweep(connection, tmp_path, grace_s=-1.0) == [before.path]
    # what had come first is in the archive no more, but it is not lost
    assert kept_aside == [(3, minute_frames(1, 3, 1)[0][4])]


def test_a_damaged_or_missing_file_is_told_and_not_restored(database_url: str, tmp_path: Path) -> None:
    archived_day(database_url, tmp_path)
    pumps, rooms = (tmp_path / part.path for part in parts_of(database_url))
    content = bytearray(pumps.read_bytes())
    content[len(content) // 3] ^= 0xFF
    pumps.write_bytes(content)
    rooms.unlink()
    with connect(database_url) as connection:
        found = verify_parts(connection, tmp_path, list_parts(connection))
    assert (found.files, len(found.wrong)) == (0, 2)
    for code in ("pump", "room_sensor"):
        with pytest.raises(BadArchivedReadings):
            restored(database_url, tmp_path, code)
    assert stored_frames(database_url) == []


def test_one_process_writes_the_archive_at_a_time(database_url: str) -> None:
    with archive_lock(database_url, wait=False) as first, archive_lock(database_url, wait=False) as second:
        assert (first, second) == (True, False)


def test_days_older_than_the_archive_keeps_are_forgotten(database_url: str, tmp_path: Path) -> None:
    archived_day(database_url, tmp_path)
    assert look(database_url, tmp_path, days_after=4 * 366).forgotten == 1
    assert [part.schema_id for part in parts_of(database_url)] == [2]


def test_a_backup_holds_the_files_of_the_archive(database_url: str, tmp_path: Path) -> None:
    archived_day(database_url, tmp_path)
    parts = parts_of(database_url)
    (tmp_path / parts[1].path).unlink()
    path = tmp_path / "b.tar"
    report = write_backup(database_url, path, var_dir=tmp_path, seat="tests", at=NOON, progress=lambda *_: None)
    assert FILES + parts[0].path in read_backup(path).parts
    assert report.missing_files == [parts[1].path]
    assert [file for file in tmp_path.iterdir() if file.name.startswith("backup-")] == []
