"""Answers with ready bytes: strong ETag, 304, the encoding that the client accepts."""

from __future__ import annotations

from fastapi import Request, Response

from tiles.cache import Encoding, Entry

PRIVATE = "private, no-cache"
"""Kept by the client only (rights differ between seats) and asked again each time, which a 304 answers."""


def preferred_encoding(request: Request) -> Encoding:
    """Return `gzip` when the client accepts it (and does not refuse it with q=0), else `identity`."""
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return "identity" if quality.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} else "gzip"
    return "identity"


def matches(request: Request, etag: str) -> bool:
    """Tell whether the client holds the answer with that tag (`If-None-Match`, weak comparison as RFC 9110 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    return any(part.strip().removeprefix("W/") in {etag, "*"} for part in given.split(",")) if given else False


def encoded_answer(request: Request, entry: Entry, media_type: str, *, cache_control: str = PRIVATE) -> Response:
    """Answer with a cached entry: 304 when the client holds it, 204 when it is empty, else 200 with the bytes."""
    headers = {"ETag": entry.etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding, Cookie, X-App-Id"}
    if matches(request, entry.etag):
        return Response(status_code=304, headers=headers)
    if not entry.body:
        return Response(status_code=204, headers=headers)
    if entry.encoding != "identity":
        headers["Content-Encoding"] = entry.encoding
    return Response(entry.body, media_type=media_type, headers=headers)
