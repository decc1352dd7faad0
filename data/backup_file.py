"""The file of a backup: a tar whose parts come first and whose manifest comes last.

Parts are streamed, so a dump of unknown size needs no second copy on disk. The manifest names every part with its size and
SHA-256, and the last part is the SHA-256 of the manifest: a file that ends anywhere before it is no backup.

Any tar program can look into it: `tar tf FILE`, `tar xOf FILE manifest.json`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

import orjson

from data.errors import BadBackup, Conflict

FORMAT: Final = 1
"""Rises when an older program could not read the file any more."""
MANIFEST: Final = "manifest.json"
_MANIFEST_HASH: Final = "manifest.sha256"
_PART: Final = ".part"
_CHUNK: Final = 2**20


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a backup."""

    name: str
    bytes: int
    sha256: str


# ---------------------------------------------------------------- writing


class BackupWriter:
    """Adds parts to an open file; made by `new_backup`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.parts: list[Part] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> Part:
        """Stream one part into the file.

        Parameters
        ----------
        name
            Path within the backup, with `/`.
        chunks
            Its content; the size needs not be known before.
        """
        part = self._write(name, chunks)
        self.parts.append(part)
        return part

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, with the list of parts, and its hash."""
        parts = [{"name": part.name, "bytes": part.bytes, "sha256": part.sha256} for part in self.parts]
        text = orjson.dumps({"format": FORMAT, **manifest, "parts": parts}, option=orjson.OPT_INDENT_2)
        written = self._write(MANIFEST, [text])
        self._write(_MANIFEST_HASH, [f"{written.sha256}\n".encode()])
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))

    def _write(self, name: str, chunks: Iterable[bytes]) -> Part:
        """Write a header that is filled in when the size is known, then the content, padded to whole blocks."""
        head = self._file.tell()
        self._file.write(_header(name, 0))
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            self._file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        self._file.write(bytes(-size % tarfile.BLOCKSIZE))
        end = self._file.tell()
        self._file.seek(head)
        self._file.write(_header(name, size))
        self._file.seek(end)
        return Part(name, size, digest.hexdigest())


def _header(name: str, size: int) -> bytes:
    """Return the tar header of a part; its length depends on the name only."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.GNU_FORMAT)


@contextmanager
def new_backup(path: Path) -> Iterator[BackupWriter]:
    """Open a new backup. It takes its name when the block ends well, and is whole and on the disk then.

    Until then it is `.NAME.part`: a killed backup leaves that, and the next one in this folder removes it.

    Raises
    ------
    Conflict
        When there is such a file, or another backup writes it now.
    BadBackup
        When the folder cannot be written, or the disk is full.
    """
    if path.exists():
        raise Conflict(f"{path} exists; a backup never writes over another: name a new file, or a folder")
    draft = path.with_name(f".{path.name}{_PART}")
    try:
        _remove_left_over(path.parent)
        with _open_locked(draft) as file:
            try:
                yield BackupWriter(file)
                file.flush()
                os.fsync(file.fileno())
                draft.rename(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise BadBackup(f"the disk of {path.parent} is full; no backup was written") from None
        raise BadBackup(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None


def _open_locked(draft: Path) -> BinaryIO:
    file = os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # another backup may have taken it for a left-over between the opening and the lock
        held = draft.exists() and os.path.samestat(os.fstat(file.fileno()), draft.stat())
    except BlockingIOError:
        held = False
    if not held:
        file.close()
        raise Conflict(f"another backup writes {draft} now; wait for it or name another file")
    file.truncate(0)
    return file


def _remove_left_over(folder: Path) -> None:
    """Remove the drafts of backups that were killed: nobody holds their lock."""
    for draft in folder.glob(f".*.tar{_PART}"):
        with suppress(BlockingIOError, FileNotFoundError), draft.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A backup whose manifest was read and fits its own hash.

    Attributes
    ----------
    path
        The file.
    manifest
        What `BackupWriter.finish` wrote.
    parts
        By name, with the place of their first byte in the file.
    """

    path: Path
    manifest: Mapping[str, Any]
    parts: Mapping[str, tuple[int, Part]]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read one part, a megabyte at a time.

        Raises
        ------
        BadBackup
            When there is no such part or the file ends too early.
        """
        if name not in self.parts:
            raise BadBackup(f"{self.path} has no part {name!r}")
        first, part = self.parts[name]
        left = part.bytes
        with self.path.open("rb") as file:
            file.seek(first)
            while left:
                chunk = file.read(min(left, _CHUNK))
                if not chunk:
                    raise BadBackup(f"{self.path} ends within {name!r}: the file is truncated")
                left -= len(chunk)
                yield chunk

    def verify(self, progress: Callable[[str, float], None]) -> None:
        """Read every part once and hold it against its hash.

        Raises
        ------
        BadBackup
            Naming the part that is not what was written.
        """
        total = max(1, sum(part.bytes for _, part in self.parts.values()))
        done = 0
        for name, (_, part) in self.parts.items():
            digest = hashlib.sha256()
            for chunk in self.chunks(name):
                digest.update(chunk)
                done += len(chunk)
                progress(f"checking {name}", done / total)
            if digest.hexdigest() != part.sha256:
                raise BadBackup(f"{self.path} is damaged: {name!r} is not what the backup wrote (its SHA-256 differs)")


def read_backup(path: Path) -> BackupFile:
    """Open a backup: its manifest is read and checked, its parts are found but not read.

    Raises
    ------
    BadBackup
        When the file is missing, is none of ours, is truncated, or was written in a newer format.
    """
    if path.is_dir() or not path.exists():
        raise BadBackup(f"{path} is {'a folder' if path.is_dir() else 'not there'}; name the file of a backup")
    members = _members(path)
    manifest = _read_manifest(path, members)
    parts: dict[str, tuple[int, Part]] = {}
    for stated in manifest["parts"]:
        part = Part(stated["name"], stated["bytes"], stated["sha256"])
        member = members.get(part.name)
        if member is None or member.size != part.bytes:
            raise BadBackup(f"{path} is damaged: {part.name!r} is missing or has another size than its manifest says")
        if PurePosixPath(part.name).is_absolute() or ".." in PurePosixPath(part.name).parts:
            raise BadBackup(f"{path} names a part {part.name!r} that leads out of the backup")
        parts[part.name] = (member.offset_data, part)
    return BackupFile(path, manifest, parts)


def _members(path: Path) -> dict[str, tarfile.TarInfo]:
    try:
        with tarfile.open(path, "r:") as archive:
            return {member.name: member for member in archive.getmembers()}
    except (tarfile.TarError, UnicodeError, ValueError):
        raise BadBackup(f"{path} is no whole backup: it is truncated, damaged, or another kind of file") from None
    except OSError as error:
        raise BadBackup(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None


def _read_manifest(path: Path, members: Mapping[str, tarfile.TarInfo]) -> dict[str, Any]:
    if MANIFEST not in members or _MANIFEST_HASH not in members:
        raise BadBackup(f"{path} is no whole backup: its manifest, which is written last, is missing; the file is truncated")
    with path.open("rb") as file:
        text, stated = (_member_bytes(file, members[name]) for name in (MANIFEST, _MANIFEST_HASH))
    if hashlib.sha256(text).hexdigest() != stated.decode("ascii", errors="replace").strip():
        raise BadBackup(f"{path} is damaged: its manifest is not what the backup wrote (its SHA-256 differs)")
    try:
        manifest: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadBackup(f"{path} is no backup of heat twin: its manifest is no JSON") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise BadBackup(f"{path} is no backup of heat twin: its manifest states no format")
    if manifest["format"] > FORMAT:
        raise BadBackup(
            f"{path} was written by heat-twin {manifest.get('program')} in format {manifest['format']}; this program reads up to"
            f" {FORMAT}: install the newer heat-twin"
        )
    return manifest


def _member_bytes(file: BinaryIO, member: tarfile.TarInfo) -> bytes:
    file.seek(member.offset_data)
    return file.read(member.size)
