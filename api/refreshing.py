"""Rebuilds what edits have made stale: tile tables, 3D Tiles, problems. The server does it by itself; nobody presses a button.

An edit wakes the `Refresher`; it waits until the editing pauses, then starts a process of its own (`python -m api.refreshing`),
so that no request waits for a processor. That process is one job of the ledger. Edits of other processes, and those that a
stopped server left behind, are found by looking every few seconds. However many servers look, one process refreshes a city
at a time (an advisory lock); an edit that comes meanwhile is found by the next look.

Cost: nothing without edits; else a start of 2 s and `api.loading.derive`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from types import TracebackType
from typing import Final

from api.loading import derive
from api.logs import configure
from api.settings import PREFIX, Settings, read_settings
from api.watching import Watcher
from data.jobs import job
from data.pool import Pool, connect
from data.refreshes import CopyState, copy_states, try_lock

logger = logging.getLogger(__name__)

PAUSE_S: Final = 1.0
"""Nothing was edited for so long: then the rebuild starts."""
LONGEST_WAIT_S: Final = 10.0
"""Somebody who edits on and on gets a rebuild after this long all the same."""
LOOK_S: Final = 5.0
"""How often edits of other processes are looked for."""
RETRY_S: Final = 60.0
"""A rebuild that failed is tried again after this long, or at the next edit."""
_NICENESS: Final = 10


class Refresher:
    """Watches the cities of a server and keeps their derived copies up to date while it is entered.

    Parameters
    ----------
    settings
        Of the server; the process that rebuilds gets the same database and var dir.
    pool
        Connections for the cheap question whether something is stale.
    """

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self._watcher = Watcher("look for edits", self._look, every_s=LOOK_S, retry_s=LOOK_S)
        self._woken_at: dict[int, float] = {}
        self._failed: dict[int, tuple[int, float]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Refresher:
        self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        await self._watcher.stop()
        if self._process is not None and self._process.poll() is None:
            # its transaction rolls back, and the next server finds the city stale
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)

    def wake(self, city_id: int) -> None:
        """Say that a city was edited."""
        self._woken_at[city_id] = time.monotonic()
        self._watcher.wake()

    @property
    def running(self) -> bool:
        """True while this server rebuilds something."""
        return self._process is not None and self._process.poll() is None

    async def _look(self) -> None:
        for state in await copy_states(self._pool):
            if self._is_due(state):
                await self._wait_for_pause(state.city_id)
                await self._refresh(state)

    def _is_due(self, state: CopyState) -> bool:
        if state.edited_at is None and not state.of_older_program:
            return False
        version, failed_at = self._failed.get(state.city_id, (-1, 0.0))
        return version != state.present_version or time.monotonic() - failed_at > RETRY_S

    async def _wait_for_pause(self, city_id: int) -> None:
        first = time.monotonic()
        while time.monotonic() - first < LONGEST_WAIT_S:
            left = PAUSE_S - (time.monotonic() - self._woken_at.get(city_id, 0.0))
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def _refresh(self, state: CopyState) -> None:
        names = {"DATABASE_URL": self._settings.database_url, "VAR_DIR": str(self._settings.var_dir)}
        environment = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        environment |= {PREFIX + name: text for name, text in names.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api.refreshing", str(state.city_id)], env=environment, stdin=subprocess.DEVNULL
        )
        if await asyncio.to_thread(self._process.wait):
            logger.error("refreshing city %d failed; see its job and the log above", state.city_id)
            self._failed[state.city_id] = (state.present_version, time.monotonic())


def refresh_city(settings: Settings, city_id: int) -> bool:
    """Rebuild the derived copies of a city as a job; False when another process does it.

    The lock is held by a connection of its own: it ends with this process, however that ends.
    """
    with connect(settings.database_url, autocommit=True) as guard:
        if not try_lock(guard, city_id):
            return False
        with job(settings.database_url, "refresh", city_id=city_id, seat="program") as task:
            derived = derive(settings, city_id, lambda message, fraction: task.progress(fraction, message), changed=True)
            task.result = {
                "built": list(derived.built),
                "solids": {name: each.features_out for name, each in derived.solids.items()},
            }
    return True


def main() -> None:
    """Refresh the city named on the command line, below the priority of the server that started this."""
    os.nice(_NICENESS)
    settings = read_settings()
    configure(settings.log_format)
    refresh_city(settings, int(sys.argv[1]))


if __name__ == "__main__":
    main()
