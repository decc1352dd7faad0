"""What the keeper of the archive does: repack closed days, archive kinds whose hot days are over, drop what is too old, clean.

Each step is whole or not at all, and says afterwards in the store what is done, so that the next look goes on where a killed
process stopped. One keeper works at a time, whoever starts it (an advisory lock).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias

from data.pool import Connection, connect
from data.reading_archive.copies import DayKind
from data.reading_archive.manifest import Part, list_parts, swap_parts, sweep
from data.reading_archive.repacking import (
    Partition,
    drop_empty,
    late_frames_noted,
    list_kinds,
    list_partitions,
    rewrite,
    swap,
)
from data.reading_archive.retention import RetentionTable, read_retention, years_before
from data.reading_archive.schemas import Schemas, read_schemas
from data.reading_archive.writing import write_day
from data.statements import sql

Say: TypeAlias = Callable[[str, float], None]
"""Called with what is done now and the done share 0..1; may raise `JobCancelled`."""


@dataclass(frozen=True, slots=True)
class DayTask:
    """A partition to rewrite.

    Attributes
    ----------
    day
        UTC day.
    kinds
        (city, schema) that it holds.
    expired
        Those whose hot days are over: into the archive and out of the partition.
    """

    day: date
    kinds: frozenset[tuple[int, int]]
    expired: frozenset[tuple[int, int]]


@dataclass
class KeptReport:
    """What a look of the keeper did.

    Attributes
    ----------
    repacked
        Days whose partition was rewritten.
    dropped
        Days whose partition is empty now and gone.
    archived
        Frames that left `reading_frame`, by `schema/version day`.
    bytes_written
        Of Parquet.
    forgotten
        Files of days that are older than the archive keeps.
    swept
        Files that nobody named.
    """

    repacked: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    archived: dict[str, int] = field(default_factory=dict)
    bytes_written: int = 0
    forgotten: int = 0
    swept: int = 0


@contextmanager
def archive_lock(database_url: str, *, wait: bool) -> Iterator[bool]:
    """Become the one writer of the archive while the block runs; yields False when another one is (and `wait` is not set).

    The lock belongs to a connection of its own: it ends with this process, however that ends.
    """
    with connect(database_url, autocommit=True) as guard:
        if wait:
            guard.execute(sql("reading_archive_lock_wait"))
            yield True
        else:
            row = guard.execute(sql("reading_archive_lock")).fetchone()
            yield row is not None and bool(row[0])


def due_days(connection: Connection, *, now: datetime, late: timedelta) -> list[DayTask]:
    """Return the partitions that are to be rewritten, oldest first.

    Parameters
    ----------
    now
        The present time.
    late
        So long after its end a day still gets frames; then it is closed.
    """
    schemas, retention = read_schemas(connection), read_retention(connection)
    restored = {(city, number, day) for city, number, day in _restored(connection, now)}
    written = _last_written(connection)
    tasks = []
    for partition in list_partitions(connection):
        end = datetime.combine(partition.day, time(), UTC) + timedelta(days=1)
        recent = written.get(partition.day)
        # late frames of an archived day are gathered before its files are written anew
        gathers = partition.packed_bytes is None and not partition.is_broken_off and recent is not None and recent + late > now
        if end + late > now or gathers:
            continue
        task = _task(connection, partition, schemas, retention, now=now)
        expired = frozenset(key for key in task.expired if (*key, partition.day) not in restored)
        if expired or not partition.is_packed or partition.is_broken_off or not task.kinds:
            tasks.append(DayTask(task.day, task.kinds, expired))
    return tasks


def _task(connection: Connection, partition: Partition, schemas: Schemas, retention: RetentionTable, *, now: datetime) -> DayTask:
    kinds = partition.kinds if partition.kinds is not None else tuple(list_kinds(connection, partition.day))
    end = datetime.combine(partition.day, time(), UTC) + timedelta(days=1)
    known = [key for key in kinds if key in schemas]
    expired = [key for key in known if end + timedelta(days=retention.of(key[0], schemas[key].code).hot_days) <= now]
    return DayTask(partition.day, frozenset(kinds), frozenset(expired))


def _restored(connection: Connection, now: datetime) -> list[tuple[int, int, date]]:
    rows = connection.execute(sql("reading_restored_list"), {"now": now}).fetchall()
    return [(city, number, day) for city, number, day in rows]


def _last_written(connection: Connection) -> dict[date, datetime]:
    found: dict[date, datetime] = {}
    for part in list_parts(connection):
        found[part.day] = max(part.verified_at, found.get(part.day, part.verified_at))
    return found


def keep_day(connection: Connection, var_dir: Path, task: DayTask, report: KeptReport) -> None:
    """Rewrite one partition: expired kinds into the archive, verified there, the others sorted anew.

    Parameters
    ----------
    connection
        In autocommit mode and used for nothing else.
    """
    schemas = read_schemas(connection)
    with late_frames_noted(connection, task.day):
        for city_id, schema_id in sorted(task.expired):
            kind = DayKind(city_id, schema_id, schemas[city_id, schema_id], task.day)
            written = write_day(connection, var_dir, kind)
            with connection.transaction():
                written.commit(connection, var_dir)
            report.bytes_written += sum(part.bytes for part in written.added)
            report.archived[f"{kind.schema.code}/{kind.schema.version} {task.day}"] = sum(part.frames for part in written.added)
        rewrite(connection, task.day, task.expired)
        swap(connection, task.day, task.kinds - task.expired)
    if not task.kinds - task.expired and drop_empty(connection, task.day):
        report.dropped.append(f"{task.day}")
    else:
        report.repacked.append(f"{task.day}")


def forget_days(connection: Connection, *, now: datetime) -> list[Part]:
    """Take the days out of the manifest that are older than the archive keeps; their files go with the next sweep."""
    schemas, retention = read_schemas(connection), read_retention(connection)
    old = [part for part in list_parts(connection) if _is_too_old(part, schemas, retention, now)]
    if old:
        with connection.transaction():
            swap_parts(connection, old, [])
    return old


def _is_too_old(part: Part, schemas: Schemas, retention: RetentionTable, now: datetime) -> bool:
    schema = schemas.get((part.city_id, part.schema_id))
    years = None if schema is None else retention.of(part.city_id, schema.code).archive_years
    return years is not None and part.day < years_before(now.date(), years)


def keep(connection: Connection, var_dir: Path, *, now: datetime, late: timedelta, say: Say) -> KeptReport:
    """Do all that is due; the caller holds `archive_lock`.

    Parameters
    ----------
    connection
        In autocommit mode and used for nothing else.
    var_dir
        Below it the archive lies.
    now, late
        As for `due_days`.
    say
        Told before each day.
    """
    report = KeptReport()
    tasks = due_days(connection, now=now, late=late)
    for number, task in enumerate(tasks):
        say(f"day {task.day}", number / len(tasks))
        keep_day(connection, var_dir, task, report)
    connection.execute(sql("reading_restored_clean"), {"now": now})
    report.forgotten = len(forget_days(connection, now=now))
    report.swept = len(sweep(connection, var_dir))
    return report
