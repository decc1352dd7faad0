"""The live room of the API process: live state of every city, the intake, the clock, and the messages for subscribers.

Subscribers have no queue. Each one remembers the sequence number of what it got last; when something changes it gets one
merged delta from there. Messages are encoded and deflated once for all subscribers of the same theme, scope and number.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from api.errors import BadRequest
from api.intake import Intake
from data.alarms import list_active, list_rules
from data.errors import DataError, NotFound
from data.pool import Pool
from data.readings import DATABASE_ERRORS, restore_latest
from data.sources import city_versions, ensure_sources, list_sources
from twin import delta
from twin.errors import TwinError
from twin.live import LIVE_THEMES, LiveCity, build_city, live_rights
from twin.readings import Prepared, Result, Source, prepare
from twin.scope import Scope

logger = logging.getLogger(__name__)

TICK_S = 0.25
"""Shortest time between two deltas."""
CLOCK_S = 1.0
"""How often status is checked for silence."""
CATALOGUE_S = 2.0
"""How often imports of other processes are looked for."""


def now_ms() -> int:
    """Return the present time as epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LiveRoom:
    """Live state of all cities. One per process, as `app.state.live`; use it as an async context manager."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._cities: dict[int, LiveCity] = {}
        self._versions: dict[int, int] = {}
        self._distrusted: set[int] = set()
        self._messages: dict[tuple[int, str, Scope, int | None], bytes | None] = {}
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()
        self.lock = asyncio.Lock()
        self.intake = Intake(pool, self)
        self.subscribers = 0

    async def __aenter__(self) -> LiveRoom:
        await self._catalogue()
        self._tasks = [asyncio.create_task(task) for task in (self.intake.run(), self._clock(), self._watch())]
        for task in self._tasks:
            task.add_done_callback(_tell)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.intake.stop()
        writer, *others = self._tasks
        await writer
        for task in others:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    # ------------------------------------------------------------ cities

    def city(self, city_id: int) -> LiveCity | None:
        """Return the live state of a city; None when it is not loaded."""
        return self._cities.get(city_id)

    def require_city(self, city_id: int) -> LiveCity:
        """Return the live state of a city.

        Raises
        ------
        NotFound
            When the city does not exist (or was imported less than two seconds ago).
        """
        city = self._cities.get(city_id)
        if city is None:
            raise NotFound(f"city {city_id} has no live state yet; it is picked up {CATALOGUE_S:g} s after its import")
        return city

    @property
    def cities(self) -> Mapping[int, LiveCity]:
        """All cities by id."""
        return self._cities

    def status_of(self, city_id: int, asset_id: int) -> int:
        """Return the status code of an asset (`twin.status.Status`); 0 where nothing reports."""
        city = self._cities.get(city_id)
        return 0 if city is None else city.status_of(asset_id)

    async def reload(self, city_id: int) -> LiveCity:
        """Read sources, rules, latest frames and open alarms again; every subscriber gets a new snapshot."""
        async with self.lock:
            sources, rules = await list_sources(self._pool, city_id), await list_rules(self._pool, city_id)
            city = build_city(city_id, secrets.randbits(32), sources, rules)
            restored = await restore_latest(self._pool, city, now=datetime.now(UTC))
            for rule_id, source_id in await list_active(self._pool, city_id):
                city.open_alarm(rule_id, source_id)
            city.refresh(now_ms())
            self._cities[city_id] = city
        logger.info(
            "city %d: %d sources, %d with a last frame, %d open alarms", city_id, len(sources), restored, city.active_alarms
        )
        self._announce()
        return city

    async def _catalogue(self) -> None:
        """Load cities whose assets have changed since they were last looked at."""
        versions = await city_versions(self._pool)
        for city_id, version in versions.items():
            if self._versions.get(city_id) != version:
                await ensure_sources(self._pool, city_id)
                await self.reload(city_id)
                self._versions[city_id] = version
        for city_id in self._distrusted & set(versions):
            await self.reload(city_id)
            self._distrusted.discard(city_id)

    def distrust(self, city_ids: set[int]) -> None:
        """Reload these cities from the store as soon as it answers."""
        self._distrusted |= city_ids

    # ------------------------------------------------------------ readings

    async def submit(self, city_id: int, frames: Sequence[Any], scope: Scope) -> list[Result]:
        """Check frames, commit those that fit, and return the result of each.

        Raises
        ------
        Busy
            When the intake queue is full.
        DatabaseUnavailable
            When the commit failed.
        """
        self.intake.require_room(len(frames))
        city = self.require_city(city_id)
        prepared = prepare(frames, _visible(city, scope), now_ms=now_ms())
        answers = await self.intake.put(city_id, prepared) if len(prepared) else []
        return _merge(prepared, answers)

    def committed(self) -> None:
        """Wake the clock: a commit has changed live state."""
        self._moved.set()

    # ------------------------------------------------------------ clock

    async def _clock(self) -> None:
        """Refresh what is shown after commits, and once a second for silence."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), CLOCK_S)
            self._moved.clear()
            shown = [city.refresh(now_ms()) for city in self._cities.values()]
            if any(shown):
                self._announce()
            await asyncio.sleep(TICK_S)

    async def _watch(self) -> None:
        """Pick up imports, and what a failed commit left open."""
        while True:
            await asyncio.sleep(CATALOGUE_S)
            try:
                await self._catalogue()
            except (*DATABASE_ERRORS, DataError, TwinError) as error:
                logger.warning("live state could not look for changed cities: %s", error)

    def _announce(self) -> None:
        """Wake all subscribers; old messages are of no use any more."""
        self._messages.clear()
        happened, self.changed = self.changed, asyncio.Event()
        happened.set()

    # ------------------------------------------------------------ messages

    def message(
        self, city_id: int, theme: str, scope: Scope, since: tuple[int, int] | None
    ) -> tuple[bytes | None, tuple[int, int]]:
        """Return the deflated message that brings a subscriber up to date, and what to remember for the next one.

        Parameters
        ----------
        since
            (epoch, seq) of what it has; an unknown epoch or a number from the future gets a snapshot, like None.

        Returns
        -------
        None in place of the message when it has everything.
        """
        city = self.require_city(city_id)
        known = since is not None and since[0] == city.epoch and since[1] <= city.seq
        start = since[1] if since is not None and known else None
        key = (city_id, theme, live_rights(scope), start)
        if key not in self._messages:
            found = city.message(theme, scope, since=start)
            self._messages[key] = None if found is None else delta.deflate(delta.encode(found))
        return self._messages[key], (city.epoch, city.seq)


def _tell(task: asyncio.Task[None]) -> None:
    """Log what ended a task that should run as long as the server; nobody else would see it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("a task of the live room has ended", exc_info=error)


def require_theme(name: str) -> str:
    """Return a theme that is filled.

    Raises
    ------
    BadRequest
        When there is no such theme, or nothing fills it yet.
    """
    if name not in LIVE_THEMES:
        raise BadRequest(f"theme is {name!r}; it must be one of {', '.join(LIVE_THEMES)}")
    return name


def _visible(city: LiveCity, scope: Scope) -> Mapping[str, Source]:
    """Return the sources whose assets a scope holds; all of them, without a copy, for a full scope."""
    if scope.layers is None and scope.areas is None and scope.company_ids is None:
        return city.sources
    return {code: source for code, source in city.sources.items() if city.sees(scope, source.asset_id)}


def _merge(prepared: Prepared, answers: Sequence[Sequence[Result]]) -> list[Result]:
    results = list(prepared.results)
    for batch, answer in zip(prepared.batches, answers, strict=False):
        for position, result in zip(batch.positions.tolist(), answer, strict=True):
            results[position] = result
    assert all(results)  # each frame was refused or stored
    return [result for result in results if result is not None]
