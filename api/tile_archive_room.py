"""Archives of tiles in the server: made in the background one after the other, kept on the shelf until they end, logged."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from api.dependencies import Caller
from api.errors import Busy
from api.settings import Settings
from api.tile_archive_shelf import ArchiveRecord, ArchiveShelf
from api.tile_archives import ArchiveMark, ArchiveOrder, Stopped, build_archive, check_order, mark_of, noted, result_of
from api.watching import Watcher
from data.errors import DataError, JobCancelled
from data.jobs import create_job, run_job
from data.pool import Pool, connect
from data.tile_archives import Taking, note_archive
from tiles.archives import SUFFIX
from tiles.errors import TilesError
from twin.errors import TwinError
from twin.scope import Scope

logger = logging.getLogger(__name__)

CLEAN_S: Final = 300.0
"""How often what has expired is deleted; an archive that is asked for after its time is deleted at once."""
NOTED_S: Final = 3600.0
"""A seat that reads ranges of an archive is noted in the ledger once in so long."""
_CONNECTIONS: Final = 1
"""An archive in the background leaves the database to the people."""


class ArchiveRoom:
    """Makes archives while it is entered.

    Parameters
    ----------
    settings
        Of the server.
    pool
        For the questions before a build; the build has connections of its own.
    """

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self.shelf = ArchiveShelf(settings.var_dir, settings.archive_mb * 1_000_000)
        self._settings = settings
        self._pool = pool
        self._stop = threading.Event()
        self._build: asyncio.Task[None] | None = None
        self._watcher = Watcher("delete expired archives", self._clean, every_s=CLEAN_S, retry_s=CLEAN_S)
        self._noted: dict[tuple[str, str], float] = {}

    async def __aenter__(self) -> ArchiveRoom:
        await self._clean()
        self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        await self._watcher.stop()
        self._stop.set()
        if self._build is not None:
            await self._build

    async def _clean(self) -> None:
        await asyncio.to_thread(self.shelf.clean, datetime.now(UTC))

    async def start(self, caller: Caller, order: ArchiveOrder, expires_at: datetime | None) -> ArchiveMark:
        """Begin to make an archive; it is on the shelf when its job is done.

        Raises
        ------
        OutsideScope, NotFound, BadArchive
            As `check_order` and `mark_of`.
        NoRoom
            When the archives fill their bound already.
        Busy
            When another one is being made.
        """
        organisation = "" if caller.stored is None else caller.stored.seat.organisation.name
        now = datetime.now(UTC)
        mark = mark_of(caller.scope, seat=caller.seat, organisation=organisation, made_at=now, expires_at=expires_at)
        await check_order(self._pool, caller.scope, order)
        room_bytes = self.shelf.room_bytes()
        if self._build is not None and not self._build.done():
            raise Busy("an archive of tiles is being made; one at a time, try again in a while", retry_after_s=15)
        created = asyncio.get_running_loop().create_future()
        self._build = asyncio.create_task(self._run(caller.scope, order, mark, room_bytes, created))
        await created
        return mark

    async def _run(
        self, scope: Scope, order: ArchiveOrder, mark: ArchiveMark, room_bytes: int, created: asyncio.Future[int]
    ) -> None:
        try:
            job_id = await asyncio.to_thread(self._create, order, mark)
        except Exception as error:
            created.set_exception(error)
            return
        created.set_result(job_id)
        try:
            await asyncio.to_thread(self._make, job_id, scope, order, mark, room_bytes)
        except (TilesError, DataError, TwinError, JobCancelled, Stopped) as error:
            logger.warning("archive %s (job %d) was not made: %s", mark.archive_id, job_id, error)
        except Exception:
            logger.exception("archive %s (job %d) was not made", mark.archive_id, job_id)

    def _create(self, order: ArchiveOrder, mark: ArchiveMark) -> int:
        with connect(self._settings.database_url, autocommit=True) as connection:
            return create_job(connection, "archive", city_id=order.city_id, seat=mark.seat, parameters=noted(order, mark))

    def _make(self, job_id: int, scope: Scope, order: ArchiveOrder, mark: ArchiveMark, room_bytes: int) -> None:
        path = self.shelf.folder(order.city_id, mark.rights_class) / f"{mark.archive_id}{SUFFIX}"
        with connect(self._settings.database_url, autocommit=True) as connection, run_job(connection, job_id) as task:
            record = build_archive(
                self._settings, scope, order, mark, path,
                task=task, max_bytes=room_bytes, connections=_CONNECTIONS, stopped=self._stop.is_set,
            )  # fmt: skip
            self.shelf.put(record)
            task.result = result_of(record)

    async def note(self, caller: Caller, record: ArchiveRecord, *, whole: bool) -> None:
        """Write into the ledger that a seat takes an archive: every whole one; of ranges the first in an hour."""
        key = (caller.seat, record.archive_id)
        now = time.monotonic()
        if not whole and now - self._noted.get(key, -NOTED_S) < NOTED_S:
            return
        self._noted = {each: at for each, at in self._noted.items() if now - at < NOTED_S} | {key: now}
        await self._log("archive_download", caller, record)

    async def remove(self, caller: Caller, record: ArchiveRecord) -> None:
        """Delete an archive, and say in the ledger who did."""
        self.shelf.remove(record)
        await self._log("archive_delete", caller, record)

    async def _log(self, kind: Taking, caller: Caller, record: ArchiveRecord) -> None:
        parameters = {"archive_id": record.archive_id, "rights_class": record.rights_class, **record.order}
        await note_archive(self._pool, kind, record.city_id, seat=caller.seat, parameters=parameters)
