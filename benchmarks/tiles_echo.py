"""A bare ASGI app that returns ready answers: what uvicorn costs when the application costs nothing.

`ECHO_ANSWERS` names a pickle of `{target: (headers, body)}`, made by `benchmarks.tiles` out of the answers of the product.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

_ANSWERS: dict[bytes, tuple[list[tuple[bytes, bytes]], bytes]] = (
    pickle.loads(Path(os.environ["ECHO_ANSWERS"]).read_bytes())  # noqa: S301 - written by the benchmark itself a moment ago
    if "ECHO_ANSWERS" in os.environ
    else {}
)


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """Answer a target (path and query) with its bytes."""
    if scope["type"] != "http":
        raise RuntimeError("the echo app speaks HTTP only")
    found = _ANSWERS.get(scope["raw_path"] + b"?" + scope["query_string"])
    headers, body = found if found is not None else ([], b"ready")
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
