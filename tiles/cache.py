"""A cache of ready-to-send bytes: bounded, encoded once, computed once at a time.

The key of an entry names everything that decides its bytes (tileset, city, rights class, tile, version, encoding), so an
entry is never wrong, only unused; old versions leave by age. Single-threaded: it lives on the event loop of one process.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Encoding: TypeAlias = Literal["identity", "gzip"]
_OVERHEAD_BYTES = 512
"""Rough cost of an entry beside its body, so that a million empty tiles are bounded too."""
_GZIP_LEVEL = 6
_MIN_GZIP_BYTES = 128


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it goes over the wire.

    Attributes
    ----------
    body
        Encoded bytes; empty for a tile without features.
    etag
        Strong entity tag, quoted; differs between encodings of the same content.
    encoding
        `gzip` or `identity`.
    """

    body: bytes
    etag: str
    encoding: Encoding


def encode(body: bytes, encoding: Encoding) -> Entry:
    """Compress a body when asked (and when it is worth it) and give it its strong tag.

    The same body and encoding give the same bytes and tag on every process.
    """
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    if encoding == "gzip" and len(body) >= _MIN_GZIP_BYTES:
        return Entry(gzip.compress(body, _GZIP_LEVEL, mtime=0), f'"{digest}-gzip"', "gzip")
    return Entry(body, f'"{digest}"', "identity")


class TileCache:
    """Least-recently-used cache of `Entry`, bounded in bytes.

    Parameters
    ----------
    max_bytes
        Bound of all bodies together; 0 keeps nothing (computations are still shared).
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._running: dict[Hashable, asyncio.Task[Entry]] = {}
        self._bytes = 0
        self.hits = 0
        self.misses = 0

    @property
    def size_bytes(self) -> int:
        """Bytes held now, overhead included."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: Hashable, encoding: Encoding, compute: Callable[[], Awaitable[bytes]]) -> Entry:
        """Return the entry of a key, computing it when it is not held.

        Parameters
        ----------
        key
            Names everything that decides the body, without the encoding.
        encoding
            What the client accepts.
        compute
            Makes the body; runs once however many callers ask for the key at the same time, and goes on when one of
            them leaves. Its exception reaches every caller that waits and is not kept.
        """
        full_key = (key, encoding)
        held = self._entries.get(full_key)
        if held is not None:
            self._entries.move_to_end(full_key)
            self.hits += 1
            return held
        task = self._running.get(full_key)
        if task is None:
            self.misses += 1
            task = asyncio.create_task(self._compute(full_key, encoding, compute))
            self._running[full_key] = task
            task.add_done_callback(lambda done: self._finish(full_key, done))
        else:
            self.hits += 1
        return await asyncio.shield(task)

    async def _compute(self, key: Hashable, encoding: Encoding, compute: Callable[[], Awaitable[bytes]]) -> Entry:
        body = await compute()
        entry = await asyncio.to_thread(encode, body, encoding) if len(body) > 65_536 else encode(body, encoding)
        self._keep(key, entry)
        return entry

    def _finish(self, key: Hashable, task: asyncio.Task[Entry]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # every caller may have left: an exception nobody reads is no news then

    def _keep(self, key: Hashable, entry: Entry) -> None:
        size = len(entry.body) + _OVERHEAD_BYTES
        if size > self._max_bytes:
            return
        self._entries[key] = entry
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= len(oldest.body) + _OVERHEAD_BYTES
