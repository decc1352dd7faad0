"""A daily partition rewritten in the order of (source, time), without the kinds that are in the archive.

Frames that come while it runs are noted by a trigger and brought in by the swap, so nobody waits for the rewrite and nothing
is lost. The swap itself takes the lock of all readings for a moment; where a reader holds it off (a running backup) it gives
up after half a second and is tried again later, so that nobody queues behind it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import orjson
import psycopg

from data.errors import DatabaseUnavailable
from data.pool import Connection
from data.statements import sql

_TRIES: Final = 20
_PAUSE_S: Final = 3.0
_PREFIX: Final = "reading_frame_"


@dataclass(frozen=True, slots=True)
class Partition:
    """A daily partition.

    Attributes
    ----------
    day
        UTC day.
    bytes
        Of its frames now, without indexes.
    packed_bytes
        Of its frames when it was last repacked; None = never.
    kinds
        (city, schema) that it held then; None = not known.
    is_broken_off
        True when a process died that rewrote it.
    """

    day: date
    bytes: int
    packed_bytes: int | None
    kinds: tuple[tuple[int, int], ...] | None
    is_broken_off: bool

    @property
    def is_packed(self) -> bool:
        """True while what came after the last repack is less than a tenth."""
        return self.packed_bytes is not None and self.bytes <= 1.1 * self.packed_bytes + 2**20


def list_partitions(connection: Connection) -> list[Partition]:
    """Return the daily partitions, oldest first."""
    found = []
    for name, note, size, broken_off in connection.execute(sql("reading_repack_days")).fetchall():
        day = datetime.strptime(name.removeprefix(_PREFIX), "%Y%m%d").date()
        noted = orjson.loads(note) if note and note.startswith("{") else {}
        packed_bytes = noted.get("packed_bytes")
        # frames that came since may be of other kinds
        known = tuple((int(city), int(schema)) for city, schema in noted["kinds"]) if packed_bytes == size else None
        found.append(Partition(day, size, packed_bytes, known, broken_off))
    return found


def list_kinds(connection: Connection, day: date) -> dict[tuple[int, int], int]:
    """Return the frames of each (city, schema) in a partition. Cost: it is read once."""
    return {(city, schema): count for city, schema, count in connection.execute(_of(day, "reading_repack_kinds")).fetchall()}


@contextmanager
def late_frames_noted(connection: Connection, day: date) -> Iterator[None]:
    """Note every frame that comes into a day from now on, until `swap` takes them or the block ends.

    What was committed before is seen by every statement inside the block: what is dropped must be read there.
    """
    with_patience(connection, [_of(day, "reading_repack_clean"), _of(day, "reading_repack_capture")])
    try:
        yield
    finally:
        if not connection.broken and not connection.closed:
            with_patience(connection, [_of(day, "reading_repack_clean")])


def rewrite(connection: Connection, day: date, archived: Collection[tuple[int, int]]) -> None:
    """Fill the new table of a day with all frames but those of the archived (city, schema). Cost: about 5 us a frame."""
    # city 0 does not exist: the list is never empty
    pairs = ", ".join(f"({int(city)}, {int(schema)})" for city, schema in sorted({(0, 0), *archived}))
    with connection.transaction():
        connection.execute(sql("reading_repack_memory").encode())
        connection.execute(_of(day, "reading_repack_fill", archived=pairs))


def swap(connection: Connection, day: date, kinds: Collection[tuple[int, int]]) -> None:
    """Put the new table in the place of the partition, with the frames that came meanwhile; drop the old one.

    Parameters
    ----------
    kinds
        The (city, schema) that the new table was filled with.

    Raises
    ------
    DatabaseUnavailable
        When readers hold it off for a minute.
    """

    def put() -> bool:
        connection.execute(sql("reading_partition_lock").encode())
        connection.execute(_of(day, "reading_repack_lock"))
        connection.execute(_of(day, "reading_repack_late"))
        late = connection.execute(_of(day, "reading_repack_late_kinds")).fetchall()
        held = {"table": f"reading_packed_{day:%Y%m%d}", "kinds": orjson.dumps(sorted({*kinds, *late})).decode()}
        row = connection.execute(sql("reading_repack_note"), held).fetchone()
        assert row is not None  # a select without from has a row
        connection.execute(row[0].encode())
        connection.execute(_of(day, "reading_repack_swap"))
        return True

    _patiently(connection, put)


def drop_empty(connection: Connection, day: date) -> bool:
    """Drop the partition of a day that holds no frame; False when it holds some."""

    def drop() -> bool:
        connection.execute(sql("reading_partition_lock").encode())
        connection.execute(_of(day, "reading_repack_lock"))
        row = connection.execute(_of(day, "reading_repack_is_empty")).fetchone()
        if row is None or not row[0]:
            return False
        connection.execute(_of(day, "reading_repack_drop"))
        return True

    return _patiently(connection, drop)


def with_patience(connection: Connection, statements: Sequence[bytes]) -> None:
    """Run statements in one transaction that waits for no lock longer than half a second, again and again for a minute."""

    def run() -> bool:
        for statement in statements:
            connection.execute(statement)
        return True

    _patiently(connection, run)


def _patiently(connection: Connection, work: Callable[[], bool]) -> bool:
    for _ in range(_TRIES):
        try:
            with connection.transaction():
                connection.execute(sql("reading_repack_patience").encode())
                return work()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(_PAUSE_S)
    raise DatabaseUnavailable("readings are being read all the time (a backup?); the day is rewritten at the next look")


def _of(day: date, name: str, **parts: str) -> bytes:
    """Return a statement of a day: an identifier cannot be a parameter, this one is made of the digits of a date."""
    return sql(name).format(day=day, next_day=day + timedelta(days=1), **parts).encode()
