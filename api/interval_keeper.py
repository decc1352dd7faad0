"""Keeps the preorder intervals of the store up to date, so that plain SQL traces (docs/intervals.md).

After a valve was operated or the drawing changed, the keeper waits until the operating pauses, takes the network that the server
holds anyway and writes its intervals in one transaction. Operations of other processes are found by the same look.
However many servers look, the first that gets there writes.

Cost: one small query every two seconds; after a change see docs/intervals.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType
from typing import Final

from api.networks import NetworkStore
from api.watching import Watcher
from data.intervals import IntervalReport, StaleCity, stale_cities, write_intervals
from data.pool import Pool, connect
from topology.network import Network

logger = logging.getLogger(__name__)

PAUSE_S: Final = 1.0
"""No state has changed for so long: then the intervals are written."""
LONGEST_WAIT_S: Final = 10.0
"""Where valves are operated on and on they are written after this long all the same."""
LOOK_S: Final = 2.0
"""How often changes, also those of other processes, are looked for."""
RETRY_S: Final = 30.0
"""When it did not work it is tried again after this long."""


class IntervalKeeper:
    """Writes the intervals of a server's cities while it is entered.

    Parameters
    ----------
    database_url
        Where they are written, by a connection of its own in a thread.
    pool
        Connections for the question whether some are old.
    networks
        The networks of the server.
    """

    def __init__(self, database_url: str, pool: Pool, networks: NetworkStore) -> None:
        self._database_url = database_url
        self._pool = pool
        self._networks = networks
        self._watcher = Watcher("write intervals", self._look, every_s=LOOK_S, retry_s=RETRY_S)

    async def __aenter__(self) -> IntervalKeeper:
        self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        await self._watcher.stop()

    async def _look(self) -> None:
        for city in await stale_cities(self._pool):
            await self._wait_for_pause(city)
            await self._write(city.city_id)

    async def _wait_for_pause(self, city: StaleCity) -> None:
        """Wait until the versions of a city stay for a moment."""
        first = time.monotonic()
        while time.monotonic() - first < LONGEST_WAIT_S:
            await asyncio.sleep(PAUSE_S)
            present = next((each for each in await stale_cities(self._pool) if each.city_id == city.city_id), city)
            if present == city:
                return
            city = present

    async def _write(self, city_id: int) -> None:
        network = await self._networks.get(city_id)
        report = await asyncio.to_thread(_write, self._database_url, network)
        if report.written:
            logger.info("intervals of city %d: %d rows in %.0f ms", city_id, report.rows, 1e3 * report.seconds)


def _write(database_url: str, network: Network) -> IntervalReport:
    with connect(database_url, autocommit=True) as connection:
        return write_intervals(connection, network)
