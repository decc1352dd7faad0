"""The room of the hydraulic solver: one warm worker process, what-ifs first, then the zones that are due.

The ledger is the queue: a what-if is a row of `job`, so that it is still there after a restart, and several servers on one
database share the work. The worker is started when there is something to do, kept, and started anew when it died. Cancelling and
the time limit end its process, whatever the solver is doing.

Zones are solved when the drawing or a valve has changed and then stayed for a while, and every `zone_solve_minutes` anyway.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Final

import orjson

from api.errors import Busy
from api.settings import Settings
from api.watching import Watcher
from api.worker_environment import worker_environment
from data.pool import Pool
from data.what_ifs import abort, count_waiting, is_cancelled, next_waiting
from data.zone_solutions import zone_states

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 8
"""What-ifs that may wait or run; more are told to come again."""
LIMIT_S: Final = 300.0
"""A what-if or a zone that takes longer is ended."""
GRACE_S: Final = 1.0
"""A cancelled what-if may end by itself for so long, then its process is killed."""
PAUSE_S: Final = 10.0
"""Nothing was edited for so long: then the zones are solved."""
LOOK_S: Final = 3.0
"""How often what-ifs and edits of other processes are looked for."""
_FIRST_S: Final = 20.0
"""After the start of a server its zones wait for so long."""
_RETRY_S: Final = 60.0
_POLL_S: Final = 0.25


class WorkerDied(Exception):
    """Raised when the worker process ended while it was asked."""


class Worker:
    """The process; started by the first question, and again after it died."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """Number of the running process."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    async def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a command and wait for its answer.

        Raises
        ------
        WorkerDied
            When the process ended before it answered.
        """
        if self.process_id is None:
            self._process = await asyncio.to_thread(self._start)
        return await asyncio.to_thread(self._exchange, command)

    def _exchange(self, command: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(orjson.dumps(command) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError) as error:
            raise WorkerDied(f"the solver's process ended: {error}") from error
        if not line:
            raise WorkerDied(f"the solver's process ended with code {process.wait()}")
        answer: dict[str, Any] = orjson.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._release()
        command = [sys.executable, "-m", "api.what_if_worker"]
        return subprocess.Popen(command, env=worker_environment(self._settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def kill(self) -> None:
        """End the process at once; what it had locked is free then."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()

    async def close(self) -> None:
        """End the process and wait for it."""
        self.kill()
        await asyncio.to_thread(self._release)

    def _release(self) -> None:
        """Wait for an ended process and close its pipes."""
        if self._process is None:
            return
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class WhatIfRoom:
    """Gives the worker its work while it is entered.

    Parameters
    ----------
    settings
        Of the server; the worker gets the same database and var dir.
    pool
        Connections for the ledger.
    """

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self.worker = Worker(settings)
        self._watcher = Watcher("look for what-ifs", self._look, every_s=LOOK_S, retry_s=LOOK_S)
        self._seen: dict[int, tuple[tuple[int, int], float]] = {}
        self._not_before = time.monotonic() + _FIRST_S

    async def __aenter__(self) -> WhatIfRoom:
        self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.worker.kill()
        await self._watcher.stop()
        await self.worker.close()

    async def require_place(self) -> None:
        """Raise `Busy` when as many what-ifs wait as may."""
        waiting = await count_waiting(self._pool)
        if waiting >= MOST_WAITING:
            raise Busy(f"{waiting} what-ifs wait or run; try again in a moment", retry_after_s=5)

    def wake(self) -> None:
        """Say that a what-if waits."""
        self._watcher.wake()

    async def _look(self) -> None:
        while await self._work():
            pass

    async def _work(self) -> bool:
        """Do one thing; False when there is nothing to do."""
        waiting = await next_waiting(self._pool)
        if waiting is not None:
            await self._run_what_if(waiting[0])
            return True
        city_id = await self._due()
        if city_id is None:
            return False
        return await self._solve_zone(city_id)

    async def _run_what_if(self, job_id: int) -> None:
        asked = self._ask({"do": "what_if", "job_id": job_id})
        reason = await self._watched(asked, job_id)
        try:
            answer = await asked
        except WorkerDied as error:
            logger.warning("what-if %d: %s", job_id, error)
            await abort(self._pool, job_id, reason or str(error))
            return
        if "error" in answer:
            await abort(self._pool, job_id, str(answer["error"]))
        elif not answer["did"]:
            await asyncio.sleep(LOOK_S)  # another server has it, and the ledger still says that it waits

    def _ask(self, command: dict[str, Any]) -> asyncio.Task[dict[str, Any]]:
        """Ask the worker beside what goes on; that its process ends while the room is closed is no news."""
        asked = asyncio.create_task(self.worker.ask(command))
        asked.add_done_callback(lambda done: done.cancelled() or done.exception())
        return asked

    async def _watched(self, asked: asyncio.Task[dict[str, Any]], job_id: int) -> str:
        """Wait for an answer; end the process when the job was cancelled or takes too long, and say why."""
        started, cancelled_at = time.monotonic(), None
        while not (await asyncio.wait([asked], timeout=_POLL_S))[0]:
            now = time.monotonic()
            if cancelled_at is None and await is_cancelled(self._pool, job_id):
                cancelled_at = now
            if cancelled_at is not None and now - cancelled_at > GRACE_S:
                self.worker.kill()
                return f"what-if {job_id} was cancelled"
            if now - started > LIMIT_S:
                self.worker.kill()
                return f"what-if {job_id} took longer than {LIMIT_S:.0f} s"
        return ""

    async def _due(self) -> int | None:
        """Return a city whose zones are to be solved now."""
        minutes = self._settings.zone_solve_minutes
        if not minutes or time.monotonic() < self._not_before:
            return None
        for state in await zone_states(self._pool):
            versions = (state.network_version, state.valve_version)
            seen, since = self._seen.get(state.city_id, ((-1, -1), 0.0))
            if seen != versions:
                self._seen[state.city_id] = (versions, since := time.monotonic())
            waited = time.monotonic() - since
            age_s = None if state.swept_at is None else time.time() - state.swept_at.timestamp()
            if (state.moved_on and waited >= PAUSE_S) or (age_s is not None and age_s > 60 * minutes):
                return state.city_id
        return None

    async def _solve_zone(self, city_id: int) -> bool:
        asked = self._ask({"do": "sweep", "city_id": city_id})
        if not (await asyncio.wait([asked], timeout=LIMIT_S))[0]:
            self.worker.kill()
        try:
            answer = await asked
        except WorkerDied as error:
            answer = {"error": str(error)}
        if "error" in answer or answer.get("left", -1) < 0:
            logger.warning("zones of city %d: %s", city_id, answer.get("error", "another server solves them"))
            self._not_before = time.monotonic() + _RETRY_S
        return True
