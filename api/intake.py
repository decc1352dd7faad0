"""The intake of readings: a bounded queue and one writer that commits many senders' frames together.

A sender is answered after the commit, never before. One transaction holds frames, the ledger row of the latest state and the
alarms they change, so that a crash loses either all of a group or nothing that was acknowledged. A full queue refuses at
once (503): a service that queues without bound collapses when the machine is overloaded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import asyncpg
import numpy as np

from api.errors import Busy
from data.alarms import store_changes
from data.errors import DatabaseUnavailable
from data.latest import add_commit
from data.pool import Pool
from data.readings import DATABASE_ERRORS, CityBatch, days_of, ensure_partitions, store_frames
from twin.live import LiveCity, Plan
from twin.readings import Batch, Prepared, Result

logger = logging.getLogger(__name__)

MAX_QUEUED_FRAMES = 40_000
"""Frames that may wait for a commit; about ten seconds of a whole city, two of a burst."""
LEAST_QUEUED_FRAMES = 5_000
MAX_WAIT_S = 3.0
"""What the queue holds is committed in about this time: on a busy machine it is full sooner, down to `LEAST_QUEUED_FRAMES`."""
MAX_QUEUED_BYTES = 24 * 2**20
"""What they may weigh: a frame of 60 points weighs eight of 8 points."""
MAX_COMMIT_FRAMES = 10_000
MAX_COMMIT_BYTES = 6 * 2**20
GATHER_S = 0.05
"""How long the writer waits for company before it commits, unless a good part of a commit is there."""
GATHER_FRAMES = 2_000
COMMIT_LIMIT_S = 20.0
"""A commit that takes longer is given up; its senders are told to send again."""
_FRAME_BYTES = 64
_VALUE_BYTES = 9
_AWAY = (DatabaseUnavailable, OSError, asyncpg.InterfaceError, TimeoutError)
"""Errors that the next group would meet as well; others may be those of one request."""


class LiveState(Protocol):
    """What the intake needs of the live room."""

    lock: asyncio.Lock

    def city(self, city_id: int) -> LiveCity | None:
        """Return the live state of a city."""

    def committed(self, commits: Iterable[tuple[int, int]]) -> None:
        """Hear that live state has moved by these commits (number and transaction)."""

    async def guard(self, connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> None:
        """Write what must be committed with frames, inside their transaction."""

    def arrived(self, city_id: int, batch: Batch, results: Sequence[Result], received_ms: int) -> None:
        """Hear what became of frames, after their commit."""


@dataclass
class Parcel:
    """The checked frames of one request, and the answer it waits for (results of each batch)."""

    city_id: int
    prepared: Prepared
    done: asyncio.Future[list[list[Result]]]
    frames: int
    size: int


@dataclass
class _Group:
    """Frames of one schema of one city out of several parcels."""

    city_id: int
    batches: list[Batch] = field(default_factory=list)
    owners: list[tuple[int, int]] = field(default_factory=list)

    def joined(self) -> CityBatch:
        first = self.batches[0]
        if len(self.batches) == 1:
            return CityBatch(self.city_id, first)
        columns = ("positions", "source_ids", "observed_ms", "values", "quality")
        parts = {name: np.concatenate([getattr(batch, name) for batch in self.batches]) for name in columns}
        return CityBatch(self.city_id, Batch(first.schema_id, first.schema, **parts))


class Intake:
    """Bounded queue and group commit. Start it with `run()` as a task; end it with `stop()`."""

    def __init__(self, pool: Pool, live: LiveState, *, max_queued_frames: int = MAX_QUEUED_FRAMES) -> None:
        self._pool = pool
        self._live = live
        self.max_queued_frames = max_queued_frames
        self.max_queued_bytes = MAX_QUEUED_BYTES
        self._waiting: dict[str, deque[Parcel]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._days: set[date] = set()
        self._frames_per_s = float("inf")
        self.queued_frames = 0
        self.queued_bytes = 0

    @property
    def room_frames(self) -> int:
        """Frames that may wait at the present speed of commits."""
        return int(min(self.max_queued_frames, max(LEAST_QUEUED_FRAMES, self._frames_per_s * MAX_WAIT_S)))

    def require_room(self, frames: int, size: int = 0) -> None:
        """Raise `Busy` when so many frames of so many bytes do not fit into the queue any more."""
        full = self.queued_frames + frames > self.room_frames or self.queued_bytes + size > self.max_queued_bytes
        if self._stopping or (full and self.queued_frames):
            raise Busy(
                f"{self.queued_frames} frames of {self.queued_bytes} bytes wait for their commit; at most"
                f" {self.room_frames} of {self.max_queued_bytes} bytes may; send again later"
            )

    async def put(self, city_id: int, prepared: Prepared, *, sender: str = "") -> list[list[Result]]:
        """Queue frames and wait until they are committed; returns the results of each batch.

        Parameters
        ----------
        sender
            Whose they are: when not all fits into one commit, senders take turns, so that one who sends a day of old frames
            does not keep the others waiting.

        Raises
        ------
        Busy
            When the queue is full.
        DatabaseUnavailable
            When the commit failed; the frames may be sent again.
        """
        frames, size = len(prepared), _weight(prepared)
        self.require_room(frames, size)
        parcel = Parcel(city_id, prepared, asyncio.get_running_loop().create_future(), frames, size)
        self._waiting.setdefault(sender, deque()).append(parcel)
        self.queued_frames += frames
        self.queued_bytes += size
        self._wake.set()
        return await parcel.done

    async def run(self) -> None:
        """Commit groups until stopped and empty."""
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            if not self._stopping and self.queued_frames < GATHER_FRAMES:
                await asyncio.sleep(GATHER_S)
            parcels, began_s = self._take(), time.monotonic()
            frames = sum(parcel.frames for parcel in parcels)
            try:
                await self._commit(parcels)
            finally:
                self._note_speed(frames, time.monotonic() - began_s)
                self.queued_frames -= frames
                self.queued_bytes -= sum(parcel.size for parcel in parcels)

    def _note_speed(self, frames: int, took_s: float) -> None:
        """Follow the speed of large commits; small ones tell nothing of it."""
        if frames >= GATHER_FRAMES and took_s > 0:
            before, now = self._frames_per_s, frames / took_s
            self._frames_per_s = now if before == float("inf") else 0.7 * before + 0.3 * now

    def stop(self) -> None:
        """Refuse new frames and let `run` end after the last commit."""
        self._stopping = True
        self._wake.set()

    def _take(self) -> list[Parcel]:
        """Take the parcels of the next commit: one of each sender in turn, at least one, within the bounds."""
        taken: list[Parcel] = []
        frames = size = 0
        while self._waiting:
            sender = next(iter(self._waiting))
            first = self._waiting[sender][0]
            if taken and (frames + first.frames > MAX_COMMIT_FRAMES or size + first.size > MAX_COMMIT_BYTES):
                break
            parcels = self._waiting.pop(sender)
            taken.append(parcels.popleft())
            frames, size = frames + first.frames, size + first.size
            if parcels:
                self._waiting[sender] = parcels
        return taken

    async def _commit(self, parcels: Sequence[Parcel]) -> None:
        """Commit parcels and answer their senders; when one of them cannot be stored, the others are, without it."""
        try:
            results = await self._store(parcels)
        except _AWAY as error:
            logger.warning("a group of %d requests was not committed: %s", len(parcels), error)
            self._days.clear()
            _fail(parcels, DatabaseUnavailable(f"the readings could not be committed: {error}"))
        except Exception as error:  # one bad request must not end the intake; its sender hears of it
            self._days.clear()
            if len(parcels) > 1:
                half = len(parcels) // 2
                await self._commit(parcels[:half])
                await self._commit(parcels[half:])
                return
            logger.exception("a request of %d frames was not committed", parcels[0].frames)
            known = isinstance(error, DATABASE_ERRORS)
            _fail(parcels, DatabaseUnavailable(f"the readings could not be committed: {error}") if known else error)
        else:
            for parcel, result in zip(parcels, results, strict=True):
                if not parcel.done.done():
                    parcel.done.set_result(result)

    async def _store(self, parcels: Sequence[Parcel]) -> list[list[list[Result]]]:
        groups, received_ms = _group(parcels), time.time_ns() // 1_000_000
        joined = [group.joined() for group in groups]
        # the lock first: a reload holds it while it waits for a connection
        async with asyncio.timeout(COMMIT_LIMIT_S), self._live.lock, self._pool.acquire() as connection:
            await self._ensure_days(connection, joined)
            try:
                results = await self._transact(connection, joined, received_ms)
            except asyncpg.CheckViolationError:  # the partition of a day was archived meanwhile
                self._days.clear()
                await self._ensure_days(connection, joined)
                results = await self._transact(connection, joined, received_ms)
        for item, result in zip(joined, results, strict=True):
            self._live.arrived(item.city_id, item.batch, result, received_ms)
        return _by_parcel(parcels, groups, results)

    async def _ensure_days(self, connection: asyncpg.Connection, joined: Sequence[CityBatch]) -> None:
        missing = days_of(joined) - self._days
        if missing:
            await ensure_partitions(connection, missing)
            self._days |= missing

    async def _transact(
        self, connection: asyncpg.Connection, joined: Sequence[CityBatch], received_ms: int
    ) -> list[list[Result]]:
        """Store frames, what they do to live state, and alarms in one transaction; live state moves after it."""
        async with connection.transaction():
            await self._live.guard(connection, joined)
            newest = [_newest_ms(self._live.city(item.city_id), item.batch) for item in joined]
            results = await store_frames(connection, joined, received_ms=received_ms, newest_ms=newest)
            plans = self._plan(joined, results)
            commits, quiet = await _record(connection, plans, received_ms)
        for city, plan in plans:
            city.apply(plan, received_ms=received_ms)
        for city, alarms in quiet:
            city.keep_quiet(alarms)
        if plans:
            self._live.committed(commits)
        return results

    def _plan(self, joined: Sequence[CityBatch], results: Sequence[list[Result]]) -> list[tuple[LiveCity, Plan]]:
        plans = []
        for item, result in zip(joined, results, strict=True):
            city = self._live.city(item.city_id)
            count = result.count(Result.ACCEPTED)
            if city is None or not count:
                continue
            batch = item.batch
            if count < len(result):
                batch = batch.take(np.array([i for i, code in enumerate(result) if code is Result.ACCEPTED], np.int64))
            plans.append((city, city.plan(batch)))
        return plans


async def _record(
    connection: asyncpg.Connection, plans: Sequence[tuple[LiveCity, Plan]], received_ms: int
) -> tuple[list[tuple[int, int]], list[tuple[LiveCity, list[tuple[int, int]]]]]:
    """Write alarms and one ledger row a city; returns number and transaction of each row, and alarms that open quiet."""
    quiet: list[tuple[LiveCity, list[tuple[int, int]]]] = []
    for city, plan in plans:
        for step in plan.steps:
            if step.changes:
                kept = await store_changes(connection, city.city_id, step.changes)
                quiet += [(city, kept)] if kept else []
    commits = []
    for city_id in sorted({city.city_id for city, _ in plans}):
        mine = [plan for city, plan in plans if city.city_id == city_id and plan.steps]
        if mine:
            moved, alarms = [plan.moved() for plan in mine], sum(plan.changes for plan in mine)
            commits.append(await add_commit(connection, city_id, moved, received_ms=received_ms, alarms=alarms))
    return commits, quiet


def _newest_ms(city: LiveCity | None, batch: Batch) -> np.ndarray:
    # of a city that is not loaded nothing is known: no frame counts as new
    return np.full(len(batch), np.iinfo(np.int64).max) if city is None else city.newest_ms(batch)


def _weight(prepared: Prepared) -> int:
    return sum(_FRAME_BYTES * len(batch) + _VALUE_BYTES * batch.values.size for batch in prepared.batches)


def _fail(parcels: Sequence[Parcel], error: Exception) -> None:
    for parcel in parcels:
        if not parcel.done.done():
            parcel.done.set_exception(error)


def _group(parcels: Sequence[Parcel]) -> list[_Group]:
    """Join the batches of all parcels by city and schema, in order of arrival."""
    groups: dict[tuple[int, int], _Group] = {}
    for number, parcel in enumerate(parcels):
        for place, batch in enumerate(parcel.prepared.batches):
            group = groups.setdefault((parcel.city_id, batch.schema_id), _Group(parcel.city_id))
            group.batches.append(batch)
            group.owners.append((number, place))
    return list(groups.values())


def _by_parcel(parcels: Sequence[Parcel], groups: Sequence[_Group], results: Sequence[list[Result]]) -> list[list[list[Result]]]:
    found: list[list[list[Result]]] = [[[] for _ in parcel.prepared.batches] for parcel in parcels]
    for group, result in zip(groups, results, strict=True):
        start = 0
        for (number, place), batch in zip(group.owners, group.batches, strict=True):
            found[number][place] = result[start : start + len(batch)]
            start += len(batch)
    return found
