"""PMTiles (version 3): many tiles in one file that a map reads by ranges of bytes.

Layout: header and root directory in the first 16 KB, then the tiles in the order of the Hilbert curve ("clustered"), then the
metadata and the leaf directories. Tiles are written as they come, so that only the directory is held in memory, and a file is
never read again to be put together. Formats by the `pmtiles` package; its own writer keeps an object a tile and a second copy of
all tiles.

The file takes its name when it is whole. Until then it is `NAME.part`, locked by its writer: what a killed writer leaves is
known by the lock that nobody holds, and removed by `sweep`.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import json
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from pmtiles.tile import (
    Compression,
    Entry,
    HeaderDict,
    TileType,
    serialize_directory,
    serialize_header,
    tileid_to_zxy,
    zxy_to_tileid,
)

from tiles.errors import BadArchive, NoRoom
from tiles.held_tiles import Address

SUFFIX: Final = ".pmtiles"
MEDIA_TYPE: Final = "application/vnd.pmtiles"
_PART: Final = ".part"
_HEADER_BYTES, _ROOT_ENDS = 127, 16_384
_FIRST_LEAF_TILES = 4096
_GZIP_LEVEL = 6
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True, slots=True)
class ArchiveHead:
    """What an archive says of itself.

    Attributes
    ----------
    metadata
        The JSON object of PMTiles; of vector tiles it has `vector_layers`.
    bounds
        Of the tiles, in degrees of their datum; None = unknown.
    kind
        Of the tiles.
    """

    metadata: Mapping[str, Any]
    bounds: Box | None
    kind: TileType


@dataclass(frozen=True, slots=True)
class ArchiveSize:
    """How large an archive is: addressed tiles, different tiles, bytes of the file, first and last zoom."""

    tiles: int
    contents: int
    size_bytes: int
    minzoom: int
    maxzoom: int


class ArchiveWriter:
    """Writes tiles one after the other; made by `new_archive`.

    Memory: 24 bytes a tile and some 150 bytes a different tile, beside the tile at hand.
    """

    def __init__(self, file: BinaryIO, *, compress: bool, max_bytes: int | None) -> None:
        self._file = file
        self._compress = compress
        self._max_bytes = max_bytes
        self._ids, self._offsets, self._lengths, self._runs = array("Q"), array("Q"), array("I"), array("I")
        self._known: dict[bytes, int] = {}
        self._tile_bytes = 0
        self._tiles = 0
        file.seek(_ROOT_ENDS)

    @property
    def size_bytes(self) -> int:
        """Bytes written so far."""
        return _ROOT_ENDS + self._tile_bytes

    @property
    def tiles(self) -> int:
        """Tiles added so far."""
        return self._tiles

    def add(self, address: Address, body: bytes) -> None:
        """Add a tile; the addresses must rise along the curve, an empty tile is not one.

        Raises
        ------
        NoRoom
            When the archive would be larger than it may be.
        """
        tile_id = zxy_to_tileid(*address)
        assert not self._ids or tile_id >= self._ids[-1] + self._runs[-1], "tiles must come along the curve"
        packed = gzip.compress(body, _GZIP_LEVEL, mtime=0) if self._compress else body
        digest = hashlib.blake2b(body, digest_size=16).digest()
        offset = self._known.get(digest)
        if offset is None:
            offset = self._tile_bytes
            self._append(packed)
            self._known[digest] = offset
            self._tile_bytes += len(packed)
        self._tiles += 1
        if self._ids and self._offsets[-1] == offset and tile_id == self._ids[-1] + self._runs[-1]:
            self._runs[-1] += 1
            return
        for column, value in ((self._ids, tile_id), (self._offsets, offset), (self._lengths, len(packed)), (self._runs, 1)):
            column.append(value)

    def _append(self, body: bytes) -> None:
        if self._max_bytes is not None and self._file.tell() + len(body) > self._max_bytes:
            raise NoRoom(f"the archive would be larger than the {self._max_bytes / 1e6:,.0f} MB that are left for it")
        self._file.write(body)

    def finish(self, head: ArchiveHead) -> ArchiveSize:
        """Write metadata, directories and header.

        Raises
        ------
        BadArchive
            When there is no tile.
        NoRoom
            As `add`.
        """
        if not self._ids:
            raise BadArchive("no tile holds anything that may be seen: there is nothing to put into an archive")
        metadata = gzip.compress(json.dumps(head.metadata, ensure_ascii=False).encode(), mtime=0)
        self._append(metadata)
        leaves_at = self._file.tell()
        root, leaves_bytes = self._write_leaves(leaves_at)
        self._file.seek(0)
        self._file.write(serialize_header(self._header(head, len(root), len(metadata), leaves_bytes)))
        self._file.write(root)
        zooms = self._zooms()
        size = leaves_at + leaves_bytes
        return ArchiveSize(self._tiles, len(self._known), size, *zooms)

    def _write_leaves(self, start: int) -> tuple[bytes, int]:
        """Write leaf directories at `start` and return the root directory with their bytes; small ones are the root itself."""
        root = serialize_directory(self._entries(0, _FIRST_LEAF_TILES)) if len(self._ids) <= _FIRST_LEAF_TILES else b""
        if root and len(root) <= _ROOT_ENDS - _HEADER_BYTES:
            return root, 0
        leaf_tiles = _FIRST_LEAF_TILES
        while True:
            self._file.seek(start)
            self._file.truncate()
            links = [self._write_leaf(start, first, leaf_tiles) for first in range(0, len(self._ids), leaf_tiles)]
            root = serialize_directory(links)
            if len(root) <= _ROOT_ENDS - _HEADER_BYTES:
                return root, self._file.tell() - start
            leaf_tiles *= 2

    def _write_leaf(self, start: int, first: int, count: int) -> Entry:
        """Write the leaf directory of some entries and return the root's entry for it (a run of 0)."""
        leaf = serialize_directory(self._entries(first, count))
        offset = self._file.tell() - start
        self._append(leaf)
        return Entry(self._ids[first], offset, len(leaf), 0)

    def _entries(self, first: int, count: int) -> list[Entry]:
        part = slice(first, first + count)
        columns = (self._ids[part], self._offsets[part], self._lengths[part], self._runs[part])
        return [Entry(*each) for each in zip(*columns, strict=True)]

    def _zooms(self) -> tuple[int, int]:
        return tileid_to_zxy(self._ids[0])[0], tileid_to_zxy(self._ids[-1])[0]

    def _header(self, head: ArchiveHead, root_bytes: int, metadata_bytes: int, leaves_bytes: int) -> HeaderDict:
        minzoom, maxzoom = self._zooms()
        west, south, east, north = (round(value * 1e7) for value in head.bounds or (-180.0, -85.0, 180.0, 85.0))
        metadata_at = _ROOT_ENDS + self._tile_bytes
        return {
            "version": 3,
            "root_offset": _HEADER_BYTES,
            "root_length": root_bytes,
            "metadata_offset": metadata_at,
            "metadata_length": metadata_bytes,
            "leaf_directory_offset": metadata_at + metadata_bytes,
            "leaf_directory_length": leaves_bytes,
            "tile_data_offset": _ROOT_ENDS,
            "tile_data_length": self._tile_bytes,
            "addressed_tiles_count": self._tiles,
            "tile_entries_count": len(self._ids),
            "tile_contents_count": len(self._known),
            "clustered": True,
            "internal_compression": Compression.GZIP,
            "tile_compression": Compression.GZIP if self._compress else Compression.NONE,
            "tile_type": head.kind,
            "min_zoom": minzoom,
            "max_zoom": maxzoom,
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_zoom": min(max(minzoom, 12), maxzoom),
            "center_lon_e7": (west + east) // 2,
            "center_lat_e7": (south + north) // 2,
        }


@contextmanager
def new_archive(path: Path, *, compress: bool, max_bytes: int | None = None) -> Iterator[ArchiveWriter]:
    """Yield a writer; the file has its name once the block ends well, else nothing is left.

    Parameters
    ----------
    path
        Of the archive; one that is there is replaced.
    compress
        True: tiles are packed by gzip (vector tiles); False: they are as they come (pictures).
    max_bytes
        Largest size; None = as the disk allows.

    Raises
    ------
    NoRoom
        When it would be larger, or the disk is full.
    BadArchive
        When the file cannot be written there.
    """
    part = path.with_name(path.name + _PART)
    file = _locked(part)
    try:
        with file:
            yield ArchiveWriter(file, compress=compress, max_bytes=max_bytes)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom(f"there is no room for the archive: {error.strerror}") from error
        raise
    finally:
        part.unlink(missing_ok=True)


def _locked(part: Path) -> BinaryIO:
    """Open a file of which this process is the only writer."""
    try:
        # not emptied before the lock is held: somebody else may be writing it
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640), "r+b")
    except OSError as error:
        raise BadArchive(f"cannot write {part}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
    except BlockingIOError:
        file.close()
        raise BadArchive(f"{part.name.removesuffix(_PART)} is being written by another process") from None
    return file


def sweep(folder: Path) -> Sequence[Path]:
    """Remove what killed writers left in a folder, and return it."""
    left = []
    for part in folder.glob(f"**/*{SUFFIX}{_PART}"):
        try:
            with part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
                left.append(part)
        except OSError:  # somebody writes it, or it was removed meanwhile
            continue
    return left
