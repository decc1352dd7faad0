"""Streams of server-sent events: they end when the client has left, and when the server stops.

A stream never ends by itself, and a server that stops waits for answers under way: without being told, it would wait for the
last browser window to close.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse


def prepare_streams(app: FastAPI) -> None:
    """Give an application what tells its streams to end."""
    app.state.streams_end = asyncio.Event()


def end_streams(app: Any) -> None:
    """Tell all streams of an application to end; called when its server begins to stop, in the server's loop."""
    app.state.streams_end.set()


class EventStream(StreamingResponse):
    """Server-sent events; the API's document names them, so that no client takes them for an answer that ends."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], status_code: int = 200) -> None:
        super().__init__(events, status_code, headers={"Cache-Control": "no-store"})


class Listening:
    """Somebody who listens to a stream."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._end: asyncio.Event = request.app.state.streams_end

    async def goes_on(self) -> bool:
        """Tell whether there is anybody to send to."""
        return not self._end.is_set() and not await self._request.is_disconnected()

    async def pause(self, seconds: float) -> None:
        """Wait, but not when the server stops."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._end.wait(), seconds)
