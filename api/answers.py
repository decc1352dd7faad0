"""Answers with ready bytes: strong ETag, 304, the encoding that the client accepts."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from fastapi import Request, Response

from tiles.cache import Encoding, Entry, negotiate

PRIVATE = "private, no-cache"
"""Kept by the client only (rights differ between seats) and asked again each time, which a 304 answers."""
VARY: Final = "Accept-Encoding, Cookie, X-App-Id"
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

encoding_for = lru_cache(maxsize=1_000)(negotiate)
"""`negotiate`, remembered: clients send few different texts."""


def preferred_encoding(request: Request) -> Encoding:
    """Return the encoding that the client likes best of those there are."""
    return encoding_for(request.headers.get("accept-encoding", ""))


def holds(if_none_match: str, etag: str) -> bool:
    """Tell whether `If-None-Match` names the tag (weak comparison as RFC 9110 13.1.2)."""
    return any(part.strip().removeprefix("W/") in {etag, "*"} for part in if_none_match.split(",")) if if_none_match else False


def matches(request: Request, etag: str) -> bool:
    """Tell whether the client holds the answer with that tag."""
    return holds(request.headers.get("if-none-match", ""), etag)


def ready_answer(
    entry: Entry, media_type: str, *, if_none_match: str = "", cache_control: str = PRIVATE
) -> tuple[int, RawHeaders, bytes]:
    """Return status, headers and body: 304 when the client holds the entry, 204 when it is empty, else 200 with the bytes."""
    headers: RawHeaders = [
        (b"etag", entry.etag.encode("latin-1")),
        (b"cache-control", cache_control.encode("latin-1")),
        (b"vary", VARY.encode("latin-1")),
    ]
    if if_none_match and holds(if_none_match, entry.etag):
        return 304, headers, b""
    if not entry.body:
        return 204, headers, b""
    if entry.encoding != "identity":
        headers.append((b"content-encoding", entry.encoding.encode("latin-1")))
    headers.append((b"content-length", str(len(entry.body)).encode("latin-1")))
    headers.append((b"content-type", media_type.encode("latin-1")))
    return 200, headers, entry.body


def encoded_answer(request: Request, entry: Entry, media_type: str, *, cache_control: str = PRIVATE) -> Response:
    """Answer with a cached entry; see `ready_answer`."""
    if_none_match = request.headers.get("if-none-match", "")
    status, headers, body = ready_answer(entry, media_type, if_none_match=if_none_match, cache_control=cache_control)
    response = Response(body, status_code=status)
    response.raw_headers = headers
    return response
