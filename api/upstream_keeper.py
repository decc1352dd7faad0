"""Tells live state whom no healthy heat source feeds, for the alarm rules that ask."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Final

from api.live_room import LiveRoom
from api.networks import NetworkStore
from data.errors import DataError
from data.readings import DATABASE_ERRORS
from topology.answers.upstream import unsupplied

logger = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""How often valves and the alarms of sources are looked at."""


class UpstreamKeeper:
    """Floods the network without the sources that fail whenever one of them, a valve or live state has changed.

    A source fails while it is shut, or an alarm of level 1 is open at it. A network that is not built yet says nothing: then all
    are taken as fed. Use it as an async context manager.
    """

    def __init__(self, live: LiveRoom, networks: NetworkStore) -> None:
        self._live, self._networks = live, networks
        self._known: dict[int, object] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> UpstreamKeeper:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._task is not None  # __aenter__
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for city_id in list(self._live.cities):
                try:
                    await self.look(city_id)
                except (*DATABASE_ERRORS, DataError) as error:
                    logger.warning("who is fed could not be looked at, it will be with the next look: %s", error)

    async def look(self, city_id: int) -> None:
        """Bring live state up to date with the network and the alarms of its sources; cheap when nothing has changed."""
        city = self._live.require_city(city_id)
        if not city.needs_upstream:
            return
        network = await self._networks.held(city_id)
        if network is None:
            return
        failing = tuple(city.failing_assets())
        state = (city.epoch, network.network_version, network.valve_version, failing)
        if self._known.get(city_id) != state:
            without = await asyncio.to_thread(unsupplied, network, failing)
            async with self._live.lock:
                city.set_upstream(without)
            self._known[city_id] = state
