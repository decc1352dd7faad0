"""Headers that every answer carries: what a page may load, who may frame it, no guessing of types; pages of other sites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        # decoders of meshes are WebAssembly; workers of the map are made from blobs
        "script-src 'self' 'wasm-unsafe-eval' blob:",
        "worker-src 'self' blob:",
        # Ant Design writes its styles into the page
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

RAW_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in _HEADERS.items())
"""The same for answers that do not pass the middleware."""


class SecurityHeaders:
    """ASGI middleware that adds the headers unless a route set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


_SIGNED_BY: Final = ("X-App-Id", "X-Timestamp", "X-Nonce", "X-Signature")
_READ_BY_PAGES: Final = ("ETag", "Heat-Twin-Older", "Content-Crs", "Link", "Retry-After")
_PREFLIGHT_S: Final = 600


def allow_origins(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of these origins read answers in a browser (CORS); without any, nothing is added.

    GET and HEAD only. Cookies are not allowed for, so a page of another site never acts for the person who is signed in
    here; it signs its requests with an API key of its own. A page's question before a signed request (OPTIONS) is answered
    here, because a browser sends it without a signature.
    """
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=("GET", "HEAD"),
            allow_headers=(*_SIGNED_BY, "If-None-Match"),
            expose_headers=_READ_BY_PAGES,
            max_age=_PREFLIGHT_S,
        )
