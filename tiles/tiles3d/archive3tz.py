"""One-file tilesets: .3tz, a zip whose last entry is an index of the others (3D Tiles Archive Format 1.3).

The index `@3dtilesIndex1@` holds for each file the MD5 of its path and where its local header starts, sorted by the hash read
as two little-endian 64-bit numbers: a reader finds a file by two short reads, without the directory of the zip. The same files
give the same bytes: sorted names, the zip's first date, one level of deflate.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, Protocol
from urllib.parse import unquote

import zstandard

from tiles.errors import BadTileset3D
from tiles.tiles3d.gltf_file import require

INDEX: Final = "@3dtilesIndex1@"
"""Name of the last entry."""
LARGEST_FILE: Final = 1_000_000_000
"""Bytes of the largest file that is read from a model somebody brings."""
_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LEVEL: Final = 6
_ZSTANDARD: Final = 93
"""Method of the zip format for Zstandard, which Python's zipfile of 3.11 does not know."""


def write_3tz(path: Path, files: Mapping[str, Path]) -> int:
    """Write an archive, whole or not at all, and return its size in bytes.

    Parameters
    ----------
    path
        File to write; a file of that name is replaced.
    files
        Name inside the archive (with `/`) to file; `tileset.json` is among them.

    Raises
    ------
    BadTileset3D
        When there is no `tileset.json`.
    """
    require("tileset.json" in files, "an archive of 3D Tiles needs a tileset.json")
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "w", allowZip64=True) as archive:
            for name in sorted(files):
                archive.writestr(_entry(name, zipfile.ZIP_DEFLATED), files[name].read_bytes())
            index = _index_bytes((info.filename, info.header_offset) for info in archive.infolist())
            archive.writestr(_entry(INDEX, zipfile.ZIP_STORED), index)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path.stat().st_size


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DATE)
    entry.compress_type, entry.create_system, entry.external_attr = method, 3, 0o100644 << 16
    entry._compresslevel = _LEVEL if method == zipfile.ZIP_DEFLATED else None  # type: ignore[attr-defined]
    return entry


def _index_bytes(entries: Iterable[tuple[str, int]]) -> bytes:
    rows = [(*_hash(name), offset) for name, offset in entries]
    return b"".join(struct.pack("<QQQ", *row) for row in sorted(rows))


def _hash(name: str) -> tuple[int, int]:
    low, high = struct.unpack("<QQ", hashlib.md5(name.encode(), usedforsecurity=False).digest())
    return low, high


class Files(Protocol):
    """Where the files of a tileset lie: a folder or an archive."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file; raise `BadTileset3D` when there is none, or it is too large."""


class Folder:
    """Files of a folder; no name leads out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, name: str) -> bytes:
        """Return the bytes of a file below the folder."""
        path = (self._folder / inside(name)).resolve()
        require(path.is_relative_to(self._folder), f"{name} lies outside of the folder of the tileset")
        require(path.is_file(), f"{name} does not exist")
        require(path.stat().st_size <= LARGEST_FILE, f"{name} has {path.stat().st_size} bytes, more than {LARGEST_FILE}")
        return path.read_bytes()


class Archive:
    """Files of a .3tz, found by its index; an archive without an index is read by the directory of its zip.

    Raises
    ------
    BadTileset3D
        When the file is no zip, or its index disagrees with its entries.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._entries = {info.filename: info for info in archive.infolist() if not info.is_dir()}
                index = archive.read(INDEX) if INDEX in self._entries else b""
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise BadTileset3D(f"{path.name} is no .3tz: it cannot be read as a zip") from None
        if index:
            self._check_index(index)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files without the index, sorted."""
        return tuple(sorted(set(self._entries) - {INDEX}))

    def _check_index(self, index: bytes) -> None:
        name = self._path.name
        require(len(index) % 24 == 0, f"the index of {name} has {len(index)} bytes, not 24 a file")
        rows = list(struct.iter_unpack("<QQQ", index))
        require(rows == sorted(rows), f"the index of {name} is not sorted")
        found = {(low, high): offset for low, high, offset in rows}
        for entry in self.names:
            offset = found.get(_hash(entry))
            right = self._entries[entry].header_offset
            require(offset is not None, f"the index of {name} lacks {entry}")
            require(offset == right, f"the index of {name} says that {entry} starts at {offset}, it starts at {right}")

    def read(self, name: str) -> bytes:
        """Return the bytes of a file of the archive."""
        entry = self._entries.get(inside(name))
        require(entry is not None, f"{name} is not in {self._path.name}")
        assert entry is not None
        require(entry.file_size <= LARGEST_FILE, f"{name} has {entry.file_size} bytes, more than {LARGEST_FILE}")
        try:
            if entry.compress_type == _ZSTANDARD:
                return self._zstandard(entry)
            with zipfile.ZipFile(self._path) as archive:
                return archive.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, zstandard.ZstdError) as error:
            raise BadTileset3D(f"{name} of {self._path.name} cannot be read: {error}") from None

    def _zstandard(self, entry: zipfile.ZipInfo) -> bytes:
        with self._path.open("rb") as file:
            file.seek(entry.header_offset)
            header = file.read(30)
            require(header[:4] == b"PK\3\4", f"{entry.filename} has no local header")
            file.seek(sum(struct.unpack_from("<HH", header, 26)), os.SEEK_CUR)
            packed = file.read(entry.compress_size)
        content = zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(entry.file_size, 1))
        require(zlib.crc32(content) == entry.CRC, f"{entry.filename} does not have its checksum")
        return content


def inside(name: str) -> str:
    """Return a relative address with its `.` and `..` worked out.

    Raises
    ------
    BadTileset3D
        When it leads out of the tileset, or to another server.
    """
    require("://" not in name and not name.startswith(("/", "data:", "//")), f"it points to {name!r}, outside of the tileset")
    parts: list[str] = []
    for part in PurePosixPath(name.replace("\\", "/")).parts:
        if part == "..":
            require(bool(parts), f"it points to {name!r}, outside of the tileset")
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def beside(name: str, uri: str) -> str:
    """Return the name of the file that an address in another file means; a query after it is left off.

    Raises
    ------
    BadTileset3D
        As `inside`.
    """
    require("://" not in uri and not uri.startswith("//"), f"it points to {uri!r}, outside of the tileset")
    return inside(str(PurePosixPath(name).parent / unquote(uri.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0])))
