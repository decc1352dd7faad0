"""The archives of tiles that a server holds: files under the var dir, each with what it is beside it.

    archives/{city}/{rights class}/{archive}.pmtiles    the archive
    archives/{city}/{rights class}/{archive}.json       what it is; stays for a while when the archive has expired

The folder is the truth, so several servers over one var dir serve the same. A rights class has a folder of its own: nobody finds
another one's archives.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tiles.archives import SUFFIX, sweep
from tiles.errors import ArchiveExpired, NoRoom

_KNOWN_AFTER: Final = timedelta(days=90)
"""So long after its time an archive is told to have expired; later it is unknown."""
_ORPHAN_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """What one archive is.

    Attributes
    ----------
    archive_id
        Its name.
    city_id, rights_class
        Whose it is.
    order
        What was asked for (`api.tile_archives.ArchiveOrder.parameters`, without the time it ends).
    made_at, expires_at
        When it was begun, and when it ends.
    seat, organisation
        Who had it made.
    tiles, size_bytes, minzoom, maxzoom
        What became of it.
    """

    archive_id: str
    city_id: int
    rights_class: str
    order: dict[str, Any]
    made_at: datetime
    expires_at: datetime
    seat: str
    organisation: str
    tiles: int
    size_bytes: int
    minzoom: int
    maxzoom: int

    @property
    def etag(self) -> str:
        """Strong tag: an archive is never written again."""
        return f'"{self.archive_id}-{self.size_bytes:x}"'


class ArchiveShelf:
    """The archives under a var dir; cheap enough to be asked with every request.

    Parameters
    ----------
    var_dir
        Of the settings.
    max_bytes
        Bound of all archives together.
    """

    def __init__(self, var_dir: Path, max_bytes: int) -> None:
        self._root = var_dir / "archives"
        self._max_bytes = max_bytes
        self._read: dict[Path, tuple[int, ArchiveRecord]] = {}

    def folder(self, city_id: int, rights_class: str) -> Path:
        """Return the folder of a rights class; it exists then."""
        folder = self._folder(city_id, rights_class)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _folder(self, city_id: int, rights_class: str) -> Path:
        return self._root / str(city_id) / rights_class[:24]

    def path(self, record: ArchiveRecord) -> Path:
        """Return the file of an archive."""
        return self._folder(record.city_id, record.rights_class) / f"{record.archive_id}{SUFFIX}"

    def put(self, record: ArchiveRecord) -> None:
        """Show an archive whose file is whole."""
        described = self.path(record).with_suffix(".json")
        unfinished = described.with_suffix(".json.part")
        unfinished.write_text(json.dumps(asdict(record), default=_text, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(described)

    def records(self, city_id: int, rights_class: str) -> list[ArchiveRecord]:
        """Return the archives of a rights class, those that have expired too, newest first."""
        found = self._described(self._folder(city_id, rights_class))
        mine = (record for record in found if record.rights_class == rights_class)
        return sorted(mine, key=lambda record: record.made_at, reverse=True)

    def find(self, city_id: int, rights_class: str, archive_id: str) -> ArchiveRecord | None:
        """Return one archive of a rights class."""
        return next((each for each in self.records(city_id, rights_class) if each.archive_id == archive_id), None)

    def _described(self, folder: Path) -> Iterator[ArchiveRecord]:
        try:
            entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".json")]
        except FileNotFoundError:
            return
        for entry in entries:
            path = Path(entry.path)
            try:
                changed = entry.stat().st_mtime_ns
                if path not in self._read or self._read[path][0] != changed:
                    self._read[path] = (changed, _record(json.loads(path.read_text(encoding="utf-8"))))
            except FileNotFoundError:  # somebody deleted it meanwhile
                continue
            yield self._read[path][1]

    def open_file(self, record: ArchiveRecord, now: datetime) -> os.stat_result:
        """Return the state of an archive's file.

        Raises
        ------
        ArchiveExpired
            When its time is over: its file is deleted then.
        """
        if record.expires_at > now:
            try:
                return self.path(record).stat()
            except FileNotFoundError:
                pass
        self.path(record).unlink(missing_ok=True)
        raise ArchiveExpired(f"archive {record.archive_id} ended at {record.expires_at:%Y-%m-%dT%H:%M:%SZ}; order a new one")

    def remove(self, record: ArchiveRecord) -> None:
        """Delete an archive; nobody hears of it again."""
        self.path(record).unlink(missing_ok=True)
        self.path(record).with_suffix(".json").unlink(missing_ok=True)

    def room_bytes(self) -> int:
        """Return how many bytes the next archive may have.

        Raises
        ------
        NoRoom
            When there are none left.
        """
        left = self._max_bytes - sum(map(_size_bytes, self._root.glob(f"*/*/*{SUFFIX}*")))
        if left <= 0:
            raise NoRoom(
                f"the archives of this server fill their {self._max_bytes / 1e6:,.0f} MB (HEAT_TWIN_ARCHIVE_MB);"
                " delete one, or wait until one ends"
            )
        return left

    def clean(self, now: datetime) -> None:
        """Delete what has expired, what was forgotten, and what killed writers left behind."""
        sweep(self._root)
        for folder in self._root.glob("*/*"):
            for record in list(self._described(folder)):
                if record.expires_at <= now:
                    self.path(record).unlink(missing_ok=True)
                if record.expires_at + _KNOWN_AFTER <= now:
                    self.remove(record)
        for path in self._root.glob(f"*/*/*{SUFFIX}"):
            if not path.with_suffix(".json").exists() and time.time() - path.stat().st_mtime > _ORPHAN_S:
                path.unlink(missing_ok=True)


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat()


def _record(stored: dict[str, Any]) -> ArchiveRecord:
    times = {name: datetime.fromisoformat(stored[name]) for name in ("made_at", "expires_at")}
    return ArchiveRecord(**{each.name: stored[each.name] for each in fields(ArchiveRecord)} | times)
