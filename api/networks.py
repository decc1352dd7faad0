"""`NetworkStore`: one built network a city in the API process, replaced when the city's versions have moved on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from data.network import (
    NetworkRead,
    RecordedStates,
    Versions,
    city_ids,
    current_versions,
    read_marked,
    read_recorded_states,
)
from data.network_changes import bring_up_to_date
from data.pool import Pool, connect
from topology.network import Network, build_network

logger = logging.getLogger(__name__)

_WARM_AFTER_S = 1.0
"""How long a server that has just started serves first."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A network with the rows it was built from, which later changes are told from."""

    network: Network
    read: NetworkRead


class _SharedVersions:
    """Asks for the present versions of cities, once for all callers that wait.

    A query that has been sent may have seen the database before a caller came, so the caller waits for the next one: what it gets
    was read after it asked.

    Parameters
    ----------
    pool
        Where it asks.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sent: dict[int, asyncio.Task[Versions]] = {}
        self._next: dict[int, asyncio.Task[Versions]] = {}

    async def get(self, city_id: int) -> Versions:
        """Return the present versions of a city.

        Raises
        ------
        NotFound
            When there is no such city.
        """
        task = self._next.get(city_id)
        if task is None:
            task = self._next[city_id] = asyncio.create_task(self._ask(city_id, self._sent.get(city_id)))
            task.add_done_callback(_seen)
        # a caller that goes away leaves the others their answer
        return await asyncio.shield(task)

    async def _ask(self, city_id: int, before: asyncio.Task[Versions] | None) -> Versions:
        if before is not None:
            await asyncio.wait([before])
        sent = self._sent[city_id] = self._next.pop(city_id)
        try:
            return await current_versions(self._pool, city_id)
        finally:
            if self._sent.get(city_id) is sent:
                del self._sent[city_id]


def _seen(task: asyncio.Task[Versions]) -> None:
    """Take the error of a query whose callers have all gone away."""
    if not task.cancelled():
        task.exception()


class NetworkStore:
    """Holds the networks; requests in flight keep the one they took.

    Parameters
    ----------
    database_url
        Where a network is read from, by a connection of its own in a thread.
    pool
        Connections for the one cheap query by which every request learns the present versions.
    """

    def __init__(self, database_url: str, pool: Pool) -> None:
        self._database_url = database_url
        self._pool = pool
        self._versions = _SharedVersions(pool)
        self._held: dict[int, _Held] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def get(self, city_id: int) -> Network:
        """Return the network of a city at its present versions.

        The first call builds it, once however many wait for it; the event loop is never blocked. After a valve was operated only
        what depends on states is derived anew; after the drawing was changed only the rows written since are read.

        Raises
        ------
        NotFound
            When there is no such city.
        """
        held = self._held.get(city_id)
        if held is not None and _fits(held.network, await self._versions.get(city_id)):
            return held.network
        async with self._locks.setdefault(city_id, asyncio.Lock()):
            held = self._held.get(city_id)
            versions = await self._versions.get(city_id)
            if held is None or not _fits(held.network, versions):
                held = await asyncio.to_thread(self._load, city_id, versions, held)
                self._held[city_id] = held
            return held.network

    async def held(self, city_id: int) -> Network | None:
        """Return the network of a city if it is built and fits the present versions; None starts nothing."""
        held = self._held.get(city_id)
        if held is None or not _fits(held.network, await self._versions.get(city_id)):
            return None
        return held.network

    @asynccontextmanager
    async def warming(self, then: Callable[[Network], Awaitable[None]] | None = None) -> AsyncIterator[None]:
        """Build the networks of all cities in the background, so that the first question finds them; ends with the block.

        Parameters
        ----------
        then
            What to do with each of them as soon as it is built; None = nothing.
        """
        task = asyncio.create_task(self._warm(then))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.warning("networks were not built in the background: %s", error)

    async def _warm(self, then: Callable[[Network], Awaitable[None]] | None) -> None:
        await asyncio.sleep(_WARM_AFTER_S)
        for city_id in await city_ids(self._pool):
            network = await self.get(city_id)
            if then is not None:
                await then(network)

    def _load(self, city_id: int, versions: Versions, held: _Held | None) -> _Held:
        started = time.perf_counter()
        with connect(self._database_url) as connection:
            if held is None:
                read = read_marked(connection, city_id)
            elif held.network.network_version != versions.network_version:
                read = bring_up_to_date(connection, held.read)
            else:
                read = held.read
            states = read_recorded_states(connection, city_id)
        network = build_network(read.tables) if held is None or read is not held.read else held.network
        network = _with_recorded(network, states)
        logger.info(
            "network of city %d: version %d, states %d, ready in %.0f ms",
            city_id,
            network.network_version,
            network.valve_version,
            1e3 * (time.perf_counter() - started),
        )
        return _Held(network, read)


def _with_recorded(network: Network, states: RecordedStates) -> Network:
    if network.valve_version == states.valve_version:
        return network
    return network.with_states(
        states.valves,
        states.sources,
        valve_version=states.valve_version,
        operability=states.operability,
        origins=states.origins,
    )


def _fits(network: Network, versions: Versions) -> bool:
    return (network.network_version, network.valve_version) == (versions.network_version, versions.valve_version)
