"""The intake of readings: a bounded queue and one writer that commits many senders' frames together.

A sender is answered after the commit, never before. One transaction holds frames, the checkpoint of the latest ones and the
alarms they change, so that a crash loses either all of a group or nothing that was acknowledged. A full queue refuses at
once (503): a service that queues without bound collapses when the machine is overloaded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np

from api.errors import Busy
from data.alarms import store_changes
from data.errors import DatabaseUnavailable
from data.pool import Pool
from data.readings import DATABASE_ERRORS, CityBatch, days_of, ensure_partitions, store_frames
from twin.live import LiveCity, Plan
from twin.readings import Batch, Prepared, Result

logger = logging.getLogger(__name__)

MAX_QUEUED_FRAMES = 20_000
"""Frames that may wait for a commit; about five seconds of a whole city."""
MAX_COMMIT_FRAMES = 10_000
GATHER_S = 0.05
"""How long the writer waits for company before it commits."""


class LiveState(Protocol):
    """What the intake needs of the live room."""

    lock: asyncio.Lock

    def city(self, city_id: int) -> LiveCity | None:
        """Return the live state of a city."""

    def committed(self) -> None:
        """Hear that live state has moved."""

    def distrust(self, city_ids: set[int]) -> None:
        """Hear that a commit failed in a way that leaves open what is stored."""


@dataclass
class Parcel:
    """The checked frames of one request, and the answer it waits for (results of each batch)."""

    city_id: int
    prepared: Prepared
    done: asyncio.Future[list[list[Result]]]


@dataclass
class _Group:
    """Frames of one schema of one city out of several parcels."""

    city_id: int
    batches: list[Batch] = field(default_factory=list)
    owners: list[tuple[int, int]] = field(default_factory=list)

    def joined(self) -> CityBatch:
        first = self.batches[0]
        columns = ("positions", "source_ids", "observed_ms", "values", "quality")
        parts = {name: np.concatenate([getattr(batch, name) for batch in self.batches]) for name in columns}
        return CityBatch(self.city_id, Batch(first.schema_id, first.schema, **parts))


class Intake:
    """Bounded queue and group commit. Start it with `run()` as a task; end it with `stop()`."""

    def __init__(self, pool: Pool, live: LiveState, *, max_queued_frames: int = MAX_QUEUED_FRAMES) -> None:
        self._pool = pool
        self._live = live
        self.max_queued_frames = max_queued_frames
        self._parcels: list[Parcel] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._days: set[date] = set()
        self.queued_frames = 0

    def require_room(self, frames: int) -> None:
        """Raise `Busy` when so many frames do not fit into the queue any more."""
        if self._stopping or self.queued_frames + frames > self.max_queued_frames:
            raise Busy(
                f"{self.queued_frames} frames wait for their commit; at most {self.max_queued_frames} may; send again later"
            )

    async def put(self, city_id: int, prepared: Prepared) -> list[list[Result]]:
        """Queue frames and wait until they are committed; returns the results of each batch.

        Raises
        ------
        Busy
            When the queue is full.
        DatabaseUnavailable
            When the commit failed; the frames may be sent again.
        """
        self.require_room(len(prepared))
        parcel = Parcel(city_id, prepared, asyncio.get_running_loop().create_future())
        self._parcels.append(parcel)
        self.queued_frames += len(prepared)
        self._wake.set()
        return await parcel.done

    async def run(self) -> None:
        """Commit groups until stopped and empty."""
        while self._parcels or not self._stopping:
            if not self._parcels:
                self._wake.clear()
                await self._wake.wait()
                continue
            if not self._stopping:
                await asyncio.sleep(GATHER_S)
            await self._commit(self._take())

    def stop(self) -> None:
        """Refuse new frames and let `run` end after the last commit."""
        self._stopping = True
        self._wake.set()

    def _take(self) -> list[Parcel]:
        taken: list[Parcel] = []
        frames = 0
        while self._parcels and (not taken or frames + len(self._parcels[0].prepared) <= MAX_COMMIT_FRAMES):
            parcel = self._parcels.pop(0)
            frames += len(parcel.prepared)
            taken.append(parcel)
        return taken

    async def _commit(self, parcels: Sequence[Parcel]) -> None:
        try:
            results = await self._store(parcels)
        except DATABASE_ERRORS as error:
            logger.warning("a group of %d requests was not committed: %s", len(parcels), error)
            self._live.distrust({parcel.city_id for parcel in parcels})
            self._days.clear()
            self._fail(parcels, DatabaseUnavailable(f"the readings could not be committed: {error}"))
        except Exception as error:  # one bad group must not end the intake; its senders hear of it
            logger.exception("a group of %d requests was not committed", len(parcels))
            self._live.distrust({parcel.city_id for parcel in parcels})
            self._fail(parcels, error)
        else:
            for parcel, result in zip(parcels, results, strict=True):
                if not parcel.done.done():
                    parcel.done.set_result(result)
        finally:
            self.queued_frames -= sum(len(parcel.prepared) for parcel in parcels)

    @staticmethod
    def _fail(parcels: Sequence[Parcel], error: Exception) -> None:
        for parcel in parcels:
            if not parcel.done.done():
                parcel.done.set_exception(error)

    async def _store(self, parcels: Sequence[Parcel]) -> list[list[list[Result]]]:
        groups = _group(parcels)
        joined = [group.joined() for group in groups]
        # the lock first: a reload holds it while it waits for a connection
        async with self._live.lock, self._pool.acquire() as connection:
            missing = days_of(joined) - self._days
            if missing:
                await ensure_partitions(connection, missing)
                self._days |= missing
            async with connection.transaction():
                results = await store_frames(connection, joined)
                plans = self._plan(joined, results)
                for city, plan in plans:
                    for step in plan.steps:
                        await store_changes(connection, city.city_id, step.changes)
            self._apply(plans)
        return _by_parcel(parcels, groups, results)

    def _plan(self, joined: Sequence[CityBatch], results: Sequence[list[Result]]) -> list[tuple[LiveCity, Plan]]:
        plans = []
        for item, result in zip(joined, results, strict=True):
            city = self._live.city(item.city_id)
            accepted = np.array([i for i, code in enumerate(result) if code is Result.ACCEPTED], np.int64)
            if city is not None and accepted.size:
                plans.append((city, city.plan(item.batch.take(accepted))))
        return plans

    def _apply(self, plans: Sequence[tuple[LiveCity, Plan]]) -> None:
        received_ms = time.time_ns() // 1_000_000
        for city, plan in plans:
            city.apply(plan, received_ms=received_ms)
        if plans:
            self._live.committed()


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
