"""Holds the search for causes: one engine a city and valve state, and the process that prepares its footprints.

Footprints take minutes for a city, so they are prepared by a process of its own, at low priority, and kept in files under the var
dir, one a zone, named by what they depend on: after a valve was operated only the zones that it touches are solved again, and
several servers on one var dir share them. Until they are there, an engine without them answers, and says so.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from api.cause_files import Versions, cause_folder, read_footprints
from api.networks import NetworkStore
from api.settings import Settings
from api.worker_environment import worker_environment
from topology.causes.root_cause import CauseEngine
from topology.network import Network

logger = logging.getLogger(__name__)

RETRY_S = 60.0
"""A worker that failed is started again after so long at the earliest."""
LOOK_S = 2.0
"""How often the files of another process are looked for."""


class CauseRoom:
    """One per process, as `app.state.causes`; use it as an async context manager."""

    def __init__(self, settings: Settings, networks: NetworkStore) -> None:
        self._settings, self._networks = settings, networks
        self._engines: dict[int, tuple[CauseEngine, bool]] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._looked: dict[int, float] = {}
        self._started: dict[int, float] = {}
        self._workers: dict[int, subprocess.Popen[bytes]] = {}

    async def __aenter__(self) -> CauseRoom:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for worker in self._workers.values():
            if worker.poll() is None:
                worker.kill()
            await asyncio.to_thread(worker.wait)

    async def engine(self, city_id: int) -> tuple[CauseEngine, bool]:
        """Return the engine of a city at its present versions, and whether it knows the hydraulics.

        Raises
        ------
        NotFound
            When there is no such city.
        """
        network = await self._networks.get(city_id)
        async with self._locks.setdefault(city_id, asyncio.Lock()):
            held = self._engines.get(city_id)
            if held is None or held[0].network is not network or (not held[1] and self._may_look(city_id)):
                held = await asyncio.to_thread(self._make, network, held)
                self._engines[city_id] = held
            return held

    def prepare(self, city_id: int) -> None:
        """Start to prepare the footprints of a city, unless that is under way or failed a moment ago."""
        worker = self._workers.get(city_id)
        if worker is not None and worker.poll() is None:
            return
        if time.monotonic() - self._started.get(city_id, -RETRY_S) < RETRY_S:
            return
        self._started[city_id] = time.monotonic()
        command = [sys.executable, "-m", "api.cause_worker", str(city_id)]
        self._workers[city_id] = subprocess.Popen(command, env=worker_environment(self._settings), stdin=subprocess.DEVNULL)
        logger.info("preparing the hydraulic footprints of city %d", city_id)

    def _may_look(self, city_id: int) -> bool:
        now = time.monotonic()
        if now - self._looked.get(city_id, -LOOK_S) < LOOK_S:
            return False
        self._looked[city_id] = now
        return True

    def _make(self, network: Network, held: tuple[CauseEngine, bool] | None) -> tuple[CauseEngine, bool]:
        versions = Versions(network.city_id, network.network_version, network.valve_version)
        footprints = read_footprints(self._folder, versions)
        if footprints is None and held is not None and held[0].network is network:
            return held
        return CauseEngine(network, footprints), footprints is not None

    @property
    def _folder(self) -> Path:
        return cause_folder(self._settings.var_dir)

    @property
    def workers(self) -> Mapping[int, int]:
        """Process ids of the workers that run, by city."""
        return {city_id: worker.pid for city_id, worker in self._workers.items() if worker.poll() is None}
