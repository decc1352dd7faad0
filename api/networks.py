"""`NetworkStore`: one built network a city in the API process, replaced when the city's versions have moved on."""

from __future__ import annotations

import asyncio
import logging

from data.network import Versions, current_versions, read_network, read_valve_states
from data.pool import Pool, connect
from topology.network import Network

logger = logging.getLogger(__name__)


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
        self._networks: dict[int, Network] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def get(self, city_id: int) -> Network:
        """Return the network of a city at its present versions.

        The first call builds it, once however many wait for it; the event loop is never blocked. After a valve was operated only
        what depends on states is derived anew.

        Raises
        ------
        NotFound
            When there is no such city.
        """
        network = self._networks.get(city_id)
        if network is not None and _fits(network, await current_versions(self._pool, city_id)):
            return network
        async with self._locks.setdefault(city_id, asyncio.Lock()):
            network = self._networks.get(city_id)
            versions = await current_versions(self._pool, city_id)
            if network is None or not _fits(network, versions):
                network = await asyncio.to_thread(self._load, city_id, versions, network)
                self._networks[city_id] = network
            return network

    async def held(self, city_id: int) -> Network | None:
        """Return the network of a city if it is built and fits the present versions; None starts nothing."""
        network = self._networks.get(city_id)
        return network if network is not None and _fits(network, await current_versions(self._pool, city_id)) else None

    def _load(self, city_id: int, versions: Versions, old: Network | None) -> Network:
        with connect(self._database_url) as connection:
            if old is None or old.network_version != versions.network_version:
                network = read_network(connection, city_id)
            else:
                states, valve_version = read_valve_states(connection, city_id)
                network = old.with_valve_states(states, valve_version=valve_version)
        logger.info("network of city %d: version %d, valves %d", city_id, network.network_version, network.valve_version)
        return network


def _fits(network: Network, versions: Versions) -> bool:
    return (network.network_version, network.valve_version) == (versions.network_version, versions.valve_version)
