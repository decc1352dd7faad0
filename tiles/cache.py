"""A cache of ready-to-send bytes: bounded, encoded once, computed once at a time.

The key of an entry names everything that decides its bytes (tileset, city, rights class, tile, version, encoding), so an
entry is never wrong, only unused; old versions leave by age. Single-threaded: it lives on the event loop of one process.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeAlias, TypeVar

import brotli
import zstandard

T = TypeVar("T")
Encoding: TypeAlias = Literal["identity", "gzip", "zstd", "br"]
PREFERRED: Final[tuple[Encoding, ...]] = ("zstd", "br", "gzip", "identity")
"""What a client gets that accepts several alike: zstd is as small as gzip for an eighth of the processor's time."""
_OVERHEAD_BYTES = 512
"""Rough cost of an entry beside its body, so that a million empty tiles are bounded too."""
_GZIP_LEVEL, _ZSTD_LEVEL, _BROTLI_LEVEL = 6, 3, 5
_MIN_COMPRESSED_BYTES = 128
_IN_THREAD_BYTES = 65_536
"""Larger bodies are compressed in a thread: the event loop answers others meanwhile."""

_COMPRESS: Final[Mapping[Encoding, Callable[[bytes], bytes]]] = {
    "identity": lambda body: body,
    "gzip": lambda body: gzip.compress(body, _GZIP_LEVEL, mtime=0),
    "zstd": lambda body: zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body),
    "br": lambda body: brotli.compress(body, quality=_BROTLI_LEVEL),
}
_EXPAND: Final[Mapping[Encoding, Callable[[bytes], bytes]]] = {
    "identity": lambda body: body,
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
}


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
        Of the body; `identity` also where compressing is not worth it.
    """

    body: bytes
    etag: str
    encoding: Encoding


def encode(body: bytes, encoding: Encoding) -> Entry:
    """Compress a body when asked (and when it is worth it) and give it its strong tag.

    The same body and encoding give the same bytes and tag on every process.
    """
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    if encoding == "identity" or len(body) < _MIN_COMPRESSED_BYTES:
        return Entry(body, f'"{digest}"', "identity")
    return Entry(_COMPRESS[encoding](body), f'"{digest}-{encoding}"', encoding)


@dataclass(slots=True, eq=False)
class _Running(Generic[T]):
    """A computation and how many wait for it."""

    task: asyncio.Task[T]
    waiting: int = field(default=0)


class _Shared(Generic[T]):
    """Computations by key, one at a time for each; one that nobody waits for any more is cancelled."""

    def __init__(self) -> None:
        self._running: dict[Hashable, _Running[T]] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._running

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """Return what `compute` gives, which runs once for all who ask meanwhile; its exception reaches all of them."""
        running = self._running.get(key)
        if running is None or running.task.cancelling():
            running = self._running[key] = _Running(asyncio.ensure_future(_awaited(compute)))
            running.task.add_done_callback(lambda _, mine=running: self._finish(key, mine))  # type: ignore[misc]
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if running.waiting == 0 and not running.task.done():
                running.task.cancel()

    def _finish(self, key: Hashable, running: _Running[T]) -> None:
        if self._running.get(key) is running:
            del self._running[key]
        if not running.task.cancelled():
            running.task.exception()  # every caller may have left: an exception nobody reads is no news then


async def _awaited(compute: Callable[[], Awaitable[T]]) -> T:
    return await compute()


class TileCache:
    """Least-recently-used cache of `Entry`, bounded in bytes.

    Parameters
    ----------
    max_bytes
        Bound of all bodies together; 0 keeps nothing (computations are still shared).
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[Hashable, Encoding], Entry] = OrderedDict()
        self._bodies: _Shared[bytes] = _Shared()
        self._encoded: _Shared[Entry] = _Shared()
        self._bytes = 0
        self.hits = 0
        self.misses = 0

    @property
    def size_bytes(self) -> int:
        """Bytes held now, overhead included."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def held(self, key: Hashable, encoding: Encoding) -> Entry | None:
        """Return the entry of a key when it is held."""
        full_key = (key, encoding)
        held = self._entries.get(full_key)
        if held is not None:
            self._entries.move_to_end(full_key)
            self.hits += 1
        return held

    async def get(self, key: Hashable, encoding: Encoding, compute: Callable[[], Awaitable[bytes]]) -> Entry:
        """Return the entry of a key, computing it when it is not held.

        Parameters
        ----------
        key
            Names everything that decides the body, without the encoding.
        encoding
            What the client accepts.
        compute
            Makes the body; runs once however many callers ask for the key at the same time, in whatever encodings, and goes on
            when one of them leaves. When the last one has left it is cancelled. Its exception reaches every caller that waits
            and is not kept.
        """
        held = self.held(key, encoding)
        if held is not None:
            return held
        full_key = (key, encoding)
        if full_key in self._encoded:
            self.hits += 1
        else:
            self.misses += 1
        return await self._encoded.get(full_key, lambda: self._encode(key, encoding, compute))

    def drop(self, kind: str) -> None:
        """Forget the entries whose key begins with that word."""
        for full_key in [one for one in self._entries if isinstance(one[0], tuple) and one[0][:1] == (kind,)]:
            self._bytes -= _size(self._entries.pop(full_key))

    async def _encode(self, key: Hashable, encoding: Encoding, compute: Callable[[], Awaitable[bytes]]) -> Entry:
        other = self._other_encoding(key)
        body = await self._bodies.get(key, compute) if other is None else _EXPAND[other.encoding](other.body)
        entry = await asyncio.to_thread(encode, body, encoding) if len(body) > _IN_THREAD_BYTES else encode(body, encoding)
        self._keep((key, encoding), entry)
        return entry

    def _other_encoding(self, key: Hashable) -> Entry | None:
        """Return an entry of the same body: to expand it is cheaper than to compute it again."""
        return next((held for name in PREFERRED if (held := self._entries.get((key, name))) is not None), None)

    def _keep(self, full_key: tuple[Hashable, Encoding], entry: Entry) -> None:
        if _size(entry) > self._max_bytes:
            return
        before = self._entries.pop(full_key, None)
        self._bytes += _size(entry) - (0 if before is None else _size(before))
        self._entries[full_key] = entry
        while self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(entry: Entry) -> int:
    return len(entry.body) + _OVERHEAD_BYTES


def negotiate(accepted: str) -> Encoding:
    """Return the encoding that an `Accept-Encoding` asks for (RFC 9110 12.5.3): the highest q-value, alike by `PREFERRED`.

    What is not listed and not covered by `*` is not sent; `identity` is always possible unless it is refused, and a refusal
    of everything is answered with it all the same.
    """
    weights = dict(_weight(part) for part in accepted.lower().split(",") if part.strip())
    others = weights.get("*", 0.0)

    def weight(encoding: Encoding) -> float:
        if encoding == "identity":
            # not listed it is acceptable, but the last choice
            return weights.get("identity", weights.get("*", 1e-6))
        return weights.get(encoding, weights.get("x-gzip", others) if encoding == "gzip" else others)

    # max keeps the first of equals
    best = max(PREFERRED, key=weight)
    return best if weight(best) > 0 else "identity"


def _weight(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), min(max(float(value), 0.0), 1.0)
    except ValueError:
        return name.strip(), 0.0
