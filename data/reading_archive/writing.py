"""A day of one schema written into the archive: what is hot, what is archived and what comes in, merged, verified, then named.

Files are written beside those that readers use; only the swap of manifest rows (`DaySwap.commit`, in the caller's transaction)
makes them count. A part whose sources got nothing new keeps its file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from data.errors import BadArchivedReadings
from data.pool import Connection
from data.reading_archive.copies import ALL_SOURCES, DayKind, read_hot
from data.reading_archive.manifest import Part, day_folder, keep_for_readers, list_parts, swap_parts
from data.reading_archive.merging import Merged, merge
from data.reading_archive.parquet_files import (
    TEMPORARY,
    WrittenFile,
    group_rows,
    groups,
    make_folder,
    part_rows,
    read_file,
    split_files,
    sync_folder,
    write_file,
)
from data.reading_archive.records import Content, Records, content_of, record_dtype
from data.statements import sql

INCOMING: Final = 2
"""Number of the stream of what comes in; 0 is `reading_frame`, 1 the archive."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class DaySwap:
    """What writing a day has changed, not yet named by the manifest.

    Attributes
    ----------
    kind
        The day.
    removed, added
        Files that go and files that come.
    duplicates
        Incoming frames that were there with the same values.
    conflicts
        Incoming or archived frames whose key is taken by other values.
    incoming_conflicts
        How many of them came in.
    """

    kind: DayKind
    removed: list[Part] = field(default_factory=list)
    added: list[Part] = field(default_factory=list)
    duplicates: int = 0
    conflicts: list[Records] = field(default_factory=list)
    incoming_conflicts: int = 0

    def note(self, merged: Merged) -> None:
        """Take what a merge has left out."""
        incoming = merged.lost_stream == INCOMING
        self.duplicates += int(np.count_nonzero(incoming & ~merged.lost_differs))
        self.incoming_conflicts += int(np.count_nonzero(incoming & merged.lost_differs))
        if merged.lost_differs.any():
            self.conflicts.append(merged.lost[merged.lost_differs])

    def commit(self, connection: Connection, var_dir: Path) -> None:
        """Let the new files count, inside the caller's transaction, and keep conflicts aside."""
        keep_for_readers(var_dir, self.removed)
        swap_parts(connection, self.removed, self.added)
        store_conflicts(connection, self.kind, self.conflicts)

    def discard(self, var_dir: Path) -> None:
        """Remove the new files."""
        for part in self.added:
            (var_dir / part.path).unlink(missing_ok=True)


def store_conflicts(connection: Connection, kind: DayKind, conflicts: Sequence[Records]) -> None:
    """Keep frames aside whose key is taken by other values."""
    rows = [
        {
            "city_id": kind.city_id,
            "schema_id": kind.schema_id,
            "source_id": int(record["source_id"]),
            "observed_at": _at(int(record["observed_ms"])),
            "payload": record["payload"].tobytes(),
        }
        for block in conflicts
        for record in block
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql("reading_archive_conflict"), rows)


def _at(epoch_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=epoch_ms)


def write_day(connection: Connection, var_dir: Path, kind: DayKind, *, incoming: Records | None = None) -> DaySwap:
    """Write the files of a day anew where something has come, and read them back.

    Parameters
    ----------
    connection
        For reading; not in use by anything else.
    var_dir
        Below it the archive lies.
    kind
        The day.
    incoming
        Further frames, sorted by (source, time), each key once; they give way to what is stored.

    Raises
    ------
    BadArchivedReadings
        When a file that is read is damaged, or one that was written does not read back the same.

    Notes
    -----
    Memory: a row group of each stream (2 M values), however long the day is. The caller holds the lock of the archive.
    """
    swap = DaySwap(kind)
    parts = list_parts(connection, city_id=kind.city_id, schema_id=kind.schema_id, first_day=kind.day, last_day=kind.day)
    generation = max((part.generation for part in parts), default=0) + 1
    numbers = iter(range(max((part.part for part in parts), default=0) + 1, 2**31))
    came = np.zeros(0, record_dtype(kind.schema)) if incoming is None else incoming
    try:
        for first, last, part in segments(parts):
            hot = _peeked(read_hot(connection, kind, first=first, last=last))
            own = came[np.searchsorted(came["source_id"], first) : np.searchsorted(came["source_id"], last, side="right")]
            if hot is None and not len(own):
                continue
            old = iter(()) if part is None else read_file(var_dir / part.path, kind.schema)
            merged = _noted(merge([hot or iter(()), old, _chunks(own, group_rows(kind.schema))]), swap)
            _write_segment(var_dir, swap, part, merged, generation=generation, numbers=numbers)
    except BaseException:
        swap.discard(var_dir)
        raise
    return swap


def segments(parts: Sequence[Part]) -> Iterator[tuple[int, int, Part | None]]:
    """Yield the ranges of sources of the files of a day and those between them, which have no file."""
    lowest, highest = ALL_SOURCES
    for part in parts:
        if lowest < part.first_source_id:
            yield lowest, part.first_source_id - 1, None
        yield part.first_source_id, part.last_source_id, part
        lowest = part.last_source_id + 1
    if lowest <= highest:
        yield lowest, highest, None


def _peeked(blocks: Iterator[Records]) -> Iterator[Records] | None:
    """Return the blocks, or None when there are none."""
    first = next(blocks, None)
    return None if first is None else chain((first,), blocks)


def _chunks(records: Records, rows: int) -> Iterator[Records]:
    return (records[start : start + rows] for start in range(0, len(records), rows))


def _noted(blocks: Iterator[Merged], swap: DaySwap) -> Iterator[Records]:
    for block in blocks:
        swap.note(block)
        yield block.records


def _write_segment(
    var_dir: Path, swap: DaySwap, part: Part | None, merged: Iterator[Records], *, generation: int, numbers: Iterator[int]
) -> None:
    """Write the files of one range of sources; when nothing has changed the old file stays."""
    kind = swap.kind
    folder = var_dir / day_folder(kind.city_id, kind.schema, kind.day)
    make_folder(folder, var_dir)
    blocks = groups(merged, group_rows(kind.schema))
    written: list[Part] = []
    for number, file_blocks in enumerate(split_files(blocks, part_rows(kind.schema))):
        place = part.part if part is not None and number == 0 else next(numbers)
        temporary = folder / f"part-{place:05d}-g{generation}.{os.getpid()}{TEMPORARY}"
        try:
            file = write_file(temporary, kind.schema, file_blocks)
            verify_file(temporary, kind, file.content)
            written.append(_named(var_dir, kind, file, place=place, generation=generation))
        finally:
            temporary.unlink(missing_ok=True)
        swap.added.append(written[-1])
    sync_folder(folder)
    if part is None:
        return
    if [each.content_sm3 for each in written] == [part.content_sm3]:
        (var_dir / swap.added.pop().path).unlink()
    else:
        swap.removed.append(part)


def verify_file(path: Path, kind: DayKind, content: Content) -> None:
    """Read a file back and hold what it says against what was written.

    Raises
    ------
    BadArchivedReadings
        When it holds other frames.
    """
    found = content_of(read_file(path, kind.schema))
    if (found.frames, found.sm3) != (content.frames, content.sm3):
        raise BadArchivedReadings(
            f"{path} of {kind} holds {found.frames} frames with SM3 {found.sm3}; written were {content.frames} with {content.sm3}"
        )


def _named(var_dir: Path, kind: DayKind, file: WrittenFile, *, place: int, generation: int) -> Part:
    """Give a verified file its name, which no other file ever had, and return its row of the manifest."""
    content = file.content
    name = f"part-{place:05d}-g{generation}-{content.sm3[:12]}.parquet"
    path = f"{day_folder(kind.city_id, kind.schema, kind.day)}/{name}"
    file.temporary.rename(var_dir / path)
    return Part(
        city_id=kind.city_id,
        schema_id=kind.schema_id,
        day=kind.day,
        part=place,
        path=path,
        frames=content.frames,
        values_count=content.values,
        bytes=file.bytes,
        content_sm3=content.sm3,
        first_source_id=content.first_source_id,
        last_source_id=content.last_source_id,
        first_at=_at(content.first_ms),
        last_at=_at(content.last_ms),
        generation=generation,
        verified_at=datetime.now(UTC),
    )
