"""Makes the roll-ups of all cities beside the requests of a server, and again what frames came late for.

However many servers look, each window is made by the first that gets there. Arrays are computed in one thread of low priority.

Cost of a city of 233,695 sources: docs/history.md.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final

import asyncpg

from api.live_room import LiveRoom, now_ms
from api.watching import Watcher
from data.history.levels import KEEP_DAYS, WINDOW_S
from data.history.making import GRACE_S, Maker, RollCity, mark_late, roll_cities
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.reading_copy import CityBatch
from twin.rollups import HOUR_S

logger = logging.getLogger(__name__)

LOOK_S: Final = 10.0
RETRY_S: Final = 30.0
_NICE: Final = 10
_CLOSED_A_LOOK: Final = 20


class RollingRoom:
    """Makes roll-ups while it is entered.

    Parameters
    ----------
    pool
        Connections of the server.
    history
        Of the server.
    live
        Its transactions note which frames come late.
    """

    def __init__(self, pool: Pool, history: PostgresHistory, live: LiveRoom) -> None:
        self._pool = pool
        self._live = live
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="roll-ups", initializer=_yield_to_others)
        self._maker = Maker(pool, history.reader, self._threads)
        self._watcher = Watcher("make roll-ups", self._look, every_s=LOOK_S, retry_s=RETRY_S)
        self._forgotten_at: float | None = None

    async def __aenter__(self) -> RollingRoom:
        self._live.commit_guards.append(_mark)
        self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        await self._watcher.stop()
        self._live.commit_guards.remove(_mark)
        self._threads.shutdown(cancel_futures=True)

    async def _look(self) -> None:
        for city in await roll_cities(self._pool):
            await self._windows(city)
        if self._forgotten_at is None or time.monotonic() - self._forgotten_at > HOUR_S:
            for city in await roll_cities(self._pool):
                await self._maker.forget(city, now_ms(), KEEP_DAYS)
            self._forgotten_at = time.monotonic()

    async def _windows(self, city: RollCity) -> None:
        done_ms = await self._maker.begin(city, now_ms())
        while done_ms + 1000 * (WINDOW_S + GRACE_S) <= now_ms():
            began = time.perf_counter()
            await self._maker.window(city, done_ms)
            done_ms += 1000 * WINDOW_S
            logger.info("roll-ups of city %d up to %d: %.0f ms", city.city_id, done_ms, 1e3 * (time.perf_counter() - began))
        while await self._maker.marked(city, done_ms):
            pass
        for _ in range(_CLOSED_A_LOOK):
            if not await self._maker.close_one(city, done_ms):
                break


async def _mark(connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> None:
    await mark_late(connection, batches, now_ms=now_ms())


def _yield_to_others() -> None:
    """Let a thread of Linux run after those that answer requests."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
