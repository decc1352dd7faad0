"""Looks for work again and again beside the requests of a server; whatever goes wrong is logged and tried again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import psycopg

from data.errors import DataError
from topology.errors import TopologyError

logger = logging.getLogger(__name__)

_KNOWN = (DataError, TopologyError, psycopg.Error, asyncpg.PostgresError)
"""These say themselves what happened; of any other the log gets the stack."""


class Watcher:
    """Calls `look` every few seconds, and at once when it is woken.

    Parameters
    ----------
    what
        What it does, for the log: `write intervals`.
    look
        Finds out whether there is something to do, and does it.
    every_s
        Seconds between two looks.
    retry_s
        Seconds until the next look after one that failed.
    """

    def __init__(self, what: str, look: Callable[[], Awaitable[None]], *, every_s: float, retry_s: float) -> None:
        self._what = what
        self._look = look
        self._every_s = every_s
        self._retry_s = retry_s
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look now; a call during a look brings another one after it."""
        self._woken.set()

    def start(self) -> None:
        """Begin to look; the first look comes after `every_s`."""
        self._task = asyncio.create_task(self._watch(), name=self._what)

    async def stop(self) -> None:
        """Break off what runs, and look no more."""
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._every_s)
            self._woken.clear()
            try:
                await self._look()
            except _KNOWN as error:
                logger.warning("cannot %s: %s", self._what, error)
                await asyncio.sleep(self._retry_s)
            except Exception:
                logger.exception("cannot %s", self._what)
                await asyncio.sleep(self._retry_s)
