"""Keeps the archive of readings: closed days repacked, kinds whose hot days are over moved into Parquet, nobody presses a button.

The server looks every few minutes whether something is due and starts a process of its own then (`python -m api.reading_keeper`),
of low priority, which is one job of the ledger. However many servers look, one process writes the archive at a time (an
advisory lock); one that was killed has left nothing that counts, and the next goes on.

Cost: a query over the partitions at each look; times of the work itself in docs/archive-of-readings.md.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final

from api.logs import configure
from api.settings import PREFIX, Settings, read_settings
from api.watching import Watcher
from data.jobs import job
from data.pool import connect
from data.reading_archive.keeping import KeptReport, archive_lock, due_days, keep

logger = logging.getLogger(__name__)

RETRY_S: Final = 600.0
"""Work that failed is tried again after this long."""
_NICENESS: Final = 10


class ReadingKeeper:
    """Looks after the archive while it is entered; with `keep_minutes` 0 it does nothing.

    Parameters
    ----------
    settings
        Of the server; the process that works gets the same database, var dir and late hours.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        every_s = settings.readings_keep_minutes * 60.0
        self._watcher = Watcher("keep the archive of readings", self._look, every_s=every_s, retry_s=RETRY_S) if every_s else None
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> ReadingKeeper:
        if self._watcher is not None:
            self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._watcher is not None:
            await self._watcher.stop()
        if self._process is not None and self._process.poll() is None:
            # what it has not committed is not there; the next server finds the day due
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)

    async def _look(self) -> None:
        if await asyncio.to_thread(_is_due, self._settings):
            await self._work()

    async def _work(self) -> None:
        names = {
            "DATABASE_URL": self._settings.database_url,
            "VAR_DIR": str(self._settings.var_dir),
            "READINGS_LATE_HOURS": str(self._settings.readings_late_hours),
        }
        environment = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        environment |= {PREFIX + name: text for name, text in names.items()}
        self._process = subprocess.Popen([sys.executable, "-m", "api.reading_keeper"], env=environment, stdin=subprocess.DEVNULL)
        if await asyncio.to_thread(self._process.wait):
            logger.error("the archive of readings was not kept; see its job and the log above")


def _is_due(settings: Settings) -> bool:
    with connect(settings.database_url, autocommit=True) as connection:
        late = timedelta(hours=settings.readings_late_hours)
        return bool(due_days(connection, now=datetime.now(UTC), late=late))


def keep_archive(settings: Settings, *, seat: str, wait: bool, say: Callable[[str, float], None]) -> KeptReport | None:
    """Do all that is due as one job; None when another process does it.

    Parameters
    ----------
    settings
        With the `database_url` of a running database.
    seat
        Who asked; stored in the ledger.
    wait
        Wait for another process instead.
    say
        Told what is done now, and the done share 0..1.
    """
    with archive_lock(settings.database_url, wait=wait) as mine:
        if not mine:
            return None
        with (
            connect(settings.database_url, autocommit=True) as connection,
            job(settings.database_url, "keep_readings", seat=seat) as task,
        ):

            def step(message: str, share: float) -> None:
                task.progress(share, message)
                say(message, share)

            late = timedelta(hours=settings.readings_late_hours)
            report = keep(connection, settings.var_dir, now=datetime.now(UTC), late=late, say=step)
            task.result = asdict(report)
    return report


def main() -> None:
    """Keep the archive once, below the priority of the server that started this."""
    os.nice(_NICENESS)
    settings = read_settings()
    configure(settings.log_format)
    report = keep_archive(settings, seat="program", wait=False, say=lambda _message, _share: None)
    if report is not None:
        logger.info("archive of readings: %s", asdict(report))


if __name__ == "__main__":
    main()
