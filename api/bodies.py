"""Bodies of requests: bounded in size, in time, and in how many are held at once; their encodings.

`BodyGuard` stands before the gate, so that nothing is read of what will be refused: a body that announces too many bytes, one
that comes while the server holds as much as it can. A body without a length is cut off at the limit, one that comes too slowly
at the end of its time. A connection whose body was not read to its end is closed with the answer.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import brotli
import zstandard
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_answers import error_response
from api.errors import KNOWN_ERRORS, Busy, PayloadTooLarge, TooSlow, UnsupportedBody
from api.sender_figures import REFUSED_BODIES
from twin.errors import BadFrame

BODY_LIMIT: Final = 16 * 2**20
"""Bytes of the largest body that any route takes."""
HELD_LIMIT: Final = 64 * 2**20
"""Bytes of bodies that are held at once, packed and unpacked ones together."""
ENCODINGS: Final = ("gzip", "zstd", "br", "deflate")
_ZSTD_WINDOW: Final = 2**23
"""Largest window that RFC 9659 lets a sender of zstd ask for."""
_PARTS: Final = 16
"""Gzip files and zstd frames may follow one another; each costs a copy of what comes after it."""
_IN_PLACE: Final = 2**16
"""Smaller bodies are unpacked in the event loop: handing them to a thread costs more."""


class BodyBudget:
    """How many bytes of bodies are held at once."""

    def __init__(self, limit: int = HELD_LIMIT) -> None:
        self.limit = limit
        self.held = 0

    def take(self, size: int) -> None:
        """Hold more bytes.

        Raises
        ------
        Busy
            When that would be too many.
        """
        if self.held + size > self.limit:
            raise Busy(f"bodies of {self.held} bytes are being read; at most {self.limit} are held at once; send again later")
        self.held += size

    def give_back(self, size: int) -> None:
        """Hold fewer bytes."""
        self.held -= size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Hold bytes for a while."""
        self.take(size)
        try:
            yield
        finally:
            self.give_back(size)


Check = Callable[[Scope, Headers], None]
"""Raises an error of the API when a request must be refused before its body is read."""


class BodyGuard:
    """ASGI middleware: bounds the body of every request.

    Parameters
    ----------
    app
        What comes behind it.
    budget
        Shared by all requests.
    seconds
        Longest time in which a body must have come.
    checks
        Of a path, what must hold before its body is read, and the most bytes it takes.
    """

    def __init__(self, app: ASGIApp, *, budget: BodyBudget, seconds: float, checks: dict[str, tuple[Check, int]]) -> None:
        self._app = app
        self._budget = budget
        self._seconds = seconds
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse its body."""
        if scope["type"] != "http" or not _has_body(headers := Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        check, limit = self._checks.get(scope["path"], (None, BODY_LIMIT)) if scope["method"] == "POST" else (None, BODY_LIMIT)
        body = _GuardedBody(receive, self._budget, limit, self._seconds)
        try:
            body.announce(headers.get("content-length"))
            if check is not None:
                check(scope, headers)
        except KNOWN_ERRORS as error:
            body.close()
            await _refuse(error, scope, receive, send)
            return
        try:
            await self._app(scope, body.receive, _Answer(send, scope, receive, body).send)
        finally:
            body.close()


class _GuardedBody:
    """The body of one request on its way in."""

    def __init__(self, receive: Receive, budget: BodyBudget, limit: int, seconds: float) -> None:
        self._receive = receive
        self._budget = budget
        self._limit = limit
        self._seconds = seconds
        self._until: float | None = None
        self._held = 0
        self._read = 0
        self.whole = False
        self.refusal: Busy | PayloadTooLarge | TooSlow | None = None

    def announce(self, length: str | None) -> None:
        """Hold the bytes that the head of the request announces.

        Raises
        ------
        PayloadTooLarge, Busy
            When they are too many for the route, or for now.
        """
        if length is not None and length.isascii() and length.isdigit():
            if len(length) > 15 or int(length) > self._limit:
                raise PayloadTooLarge(f"the body has {length[:30]} bytes; at most {self._limit} are taken, send smaller batches")
            self._hold(int(length))

    async def receive(self) -> Message:
        """Give the next message, as ASGI has it.

        Raises
        ------
        PayloadTooLarge, Busy, TooSlow
            When the body is refused.
        """
        if self.whole:
            return await self._receive()
        try:
            message = await self._next()
        except (PayloadTooLarge, Busy, TooSlow) as error:
            self.refusal = error
            raise
        return message

    async def _next(self) -> Message:
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(f"the body did not come within {self._seconds:g} s: {self._read} bytes did") from None
        self._read += len(message.get("body", b""))
        self.whole = message["type"] == "http.disconnect" or not message.get("more_body", False)
        if self._read > self._limit:
            raise PayloadTooLarge(f"the body has more than {self._limit} bytes; send smaller batches")
        if self._read > self._held:
            self._hold(self._read - self._held)
        return message

    def _hold(self, size: int) -> None:
        self._budget.take(size)
        self._held += size

    def close(self) -> None:
        """Give back what is held."""
        self._budget.give_back(self._held)
        self._held = 0


class _Answer:
    """The answer of one request on its way out."""

    def __init__(self, send: Send, scope: Scope, receive: Receive, body: _GuardedBody) -> None:
        self._send = send
        self._request = scope, receive
        self._body = body
        self._replaced = False

    async def send(self, message: Message) -> None:
        """Pass a message on; what a route makes of a refused body is replaced by the refusal."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            if self._body.refusal is not None:
                self._replaced = True
                await _refuse(self._body.refusal, *self._request, self._send)
                return
            if not self._body.whole:
                message = {**message, "headers": [*message.get("headers", []), (b"connection", b"close")]}
        await self._send(message)


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer and close the connection: the rest of the body is not wanted."""
    REFUSED_BODIES.labels(type(error).__name__).inc()
    answer = error_response(error)
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)


# ---------------------------------------------------------------- encodings


class _Unpacker(Protocol):
    def __call__(self, body: bytes, limit: int) -> bytes:
        """Return at most one byte more than the limit."""


def require_json(content_type: str) -> None:
    """Raise `UnsupportedBody` when a body of readings says that it is something else than JSON; saying nothing is fine."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in {"", "application/json"}:
        raise UnsupportedBody(f"Content-Type is {media_type[:50]!r}; readings are sent as application/json")


def require_encoding(headers: Headers) -> str:
    """Return the encoding of a body, `identity` for none.

    Raises
    ------
    UnsupportedBody
        When it is none that can be undone.
    """
    name = headers.get("content-encoding", "identity").strip().lower() or "identity"
    name = {"x-gzip": "gzip"}.get(name, name)
    if name != "identity" and name not in ENCODINGS:
        raise UnsupportedBody(f"Content-Encoding is {name[:50]!r}; it must be one of {', '.join(ENCODINGS)}, or absent")
    return name


async def unpack(body: bytes, encoding: str, *, limit: int, budget: BodyBudget) -> bytes:
    """Undo the encoding of a body.

    Raises
    ------
    PayloadTooLarge
        When more than `limit` bytes come out of it; no more than that is unpacked.
    BadFrame
        When it is not whole, or of another encoding.
    Busy
        When too many bodies are held.
    """
    if encoding == "identity":
        return body
    with budget.holding(limit):
        if len(body) > _IN_PLACE:
            found = await asyncio.to_thread(unpack_bytes, body, encoding, limit=limit)
        else:
            found = unpack_bytes(body, encoding, limit=limit)
    return found


def unpack_bytes(body: bytes, encoding: str, *, limit: int) -> bytes:
    """Do what `unpack` does, in place."""
    try:
        found = _UNPACKERS[encoding](body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        raise BadFrame(f"the body is not whole {encoding}: {error}") from None
    if len(found) > limit:
        raise PayloadTooLarge(f"the unpacked body has more than {limit} bytes; send smaller batches")
    return found


def _inflate(body: bytes, limit: int, window: int) -> bytes:
    found, rest = bytearray(), body
    for _ in range(_PARTS):
        member = zlib.decompressobj(window)
        found += member.decompress(rest, limit + 1 - len(found))
        if len(found) > limit:
            return bytes(found)
        if not member.eof:
            raise EOFError("it ends too early")
        rest = member.unused_data
        if not rest:
            return bytes(found)
    raise EOFError(f"it has more than {_PARTS} parts")


def _unpack_gzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, limit, 16 + zlib.MAX_WBITS)


def _unpack_deflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 8.4.1.2 means zlib's frame; some senders leave it away
    framed = len(body) >= 2 and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, limit, zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)


def _unpack_zstd(body: bytes, limit: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    with decompressor.stream_reader(body, read_across_frames=True) as reader:
        found = reader.read(limit + 1)
    # a reader does not tell whether the last frame was whole; what is known to be small can be unpacked again at once
    rest, parts = body, 0
    while len(found) <= limit and (rest or not parts):
        frame = decompressor.decompressobj()
        frame.decompress(rest)
        if not frame.eof:
            raise EOFError("it ends too early")
        rest, parts = frame.unused_data, parts + 1
        if parts > _PARTS:
            raise EOFError(f"it has more than {_PARTS} parts")
    return found


def _unpack_brotli(body: bytes, limit: int) -> bytes:
    decompressor = brotli.Decompressor()
    found: bytes = decompressor.process(body, output_buffer_limit=limit + 1)
    while len(found) <= limit and not decompressor.is_finished():
        more = decompressor.process(b"", output_buffer_limit=limit + 1 - len(found))
        if not more:
            raise EOFError("it ends too early")
        found += more
    return found


_UNPACKERS: Final[dict[str, _Unpacker]] = {
    "gzip": _unpack_gzip,
    "deflate": _unpack_deflate,
    "zstd": _unpack_zstd,
    "br": _unpack_brotli,
}
