"""The live room of the API process: live state of every city, the intake, the clock, and the messages for subscribers.

Subscribers have no queue. Each one remembers the sequence number of what it got last; when something changes it gets one
merged delta from there. Messages are encoded and deflated once for all subscribers of the same theme, scope and number.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

from api.errors import BadRequest
from api.intake import Intake
from api.latest_keeper import CHECKPOINT_S, FOLLOW_S, LatestKeeper
from data.alarm_rules import list_limits, list_rules, rules_changed
from data.alarms import end_shelves, list_active, store_pass, store_values
from data.arrivals import zone_of
from data.errors import DataError, NotFound
from data.pool import Pool
from data.readings import DATABASE_ERRORS, CityBatch, ensure_partitions
from data.sources import city_versions, ensure_sources, list_sources
from twin import delta
from twin.errors import TwinError
from twin.live import LIVE_THEMES, LiveCity, build_city, live_rights
from twin.readings import Batch, Result, merge, prepare
from twin.scope import Scope
from twin.senders import SenderSources

logger = logging.getLogger(__name__)

TICK_S = 0.25
"""Shortest time between two deltas."""
CLOCK_S = 1.0
"""How often status is checked for silence."""
VALUES_S = 10.0
"""How often the latest and the furthest values of open alarms are written down."""
CATALOGUE_S = 2.0
"""How often imports of other processes are looked for."""
DAYS_S = 600.0
"""How often the partitions of today and tomorrow are seen to."""
_LAST_CHECKPOINT_S = 30.0

ArrivalListener: TypeAlias = Callable[[int, Batch, Sequence[Result], int], None]
"""Called after a commit with the city, frames of one schema, what became of each, and their arrival as epoch milliseconds."""
CommitGuard: TypeAlias = Callable[[asyncpg.Connection, Sequence[CityBatch]], Awaitable[None]]
"""Called inside the transaction that stores frames; what it writes is committed with them, and only then."""
RefusalListener: TypeAlias = Callable[[int, str, Mapping[Result, int], Sequence[str]], None]
"""Called by whoever answers a sender: city, sender, refused frames by result, unknown source codes (at most 100)."""


def now_ms() -> int:
    """Return the present time as epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LiveRoom:
    """Live state of all cities. One per process, as `app.state.live`; use it as an async context manager."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._cities: dict[int, LiveCity] = {}
        self._versions: dict[int, int] = {}
        self._rules: dict[int, int] = {}
        self._zones: dict[int, ZoneInfo] = {}
        self._keeper = LatestKeeper(pool)
        self._loading = asyncio.Lock()
        self._senders = SenderSources()
        self._messages: dict[tuple[int, str, Scope, int | None], bytes | None] = {}
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()
        self.lock = asyncio.Lock()
        self.intake = Intake(pool, self)
        self.subscribers = 0
        self.arrival_listeners: list[ArrivalListener] = []
        self.refusal_listeners: list[RefusalListener] = []
        self.commit_guards: list[CommitGuard] = []

    async def __aenter__(self) -> LiveRoom:
        await self._keeper.begin()
        await self._catalogue()
        running = (self.intake.run(), self._clock(), self._watch(), self._follow(), self._make_days(), self._alarms())
        self._tasks = [asyncio.create_task(task) for task in running]
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
        try:
            async with asyncio.timeout(_LAST_CHECKPOINT_S):
                await self.write_checkpoint()
        except (*DATABASE_ERRORS, DataError) as failure:
            logger.warning("the latest state was not written at the end, the next start reads it from the ledger: %s", failure)

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

    async def reload(self, city_id: int, *, anew: bool = False) -> LiveCity:
        """Read sources, rules and open alarms again; every subscriber gets a new snapshot.

        Frames are taken over from the present state; those of a city that is not loaded yet come from the store, and with
        `anew` those of every city do. Intake waits only for the last step.
        """
        async with self._loading:
            sources, rules = await list_sources(self._pool, city_id), await list_rules(self._pool, city_id)
            limits = await list_limits(self._pool, city_id)
            city = await asyncio.to_thread(build_city, city_id, secrets.randbits(32), sources, rules, limits)
            async with self.lock:
                before = self._cities.get(city_id)
                if before is None or anew:
                    heard = await self._keeper.restore(city)
                else:
                    heard = sum(city.restore(schema_id, frames) for schema_id, frames in before.heard().items())
                    city.set_alarms(await list_active(self._pool, city_id))
                city.refresh(now_ms())
                self._cities[city_id] = city
        logger.info("city %d: %d sources, %d with a last frame, %d open alarms", city_id, len(sources), heard, city.active_alarms)
        self.announce()
        return city

    async def _catalogue(self) -> None:
        """Load cities whose assets have changed since they were last looked at, and rules that were edited."""
        edits = await rules_changed(self._pool)  # before the rules are read: an edit meanwhile is seen the next time
        versions = await city_versions(self._pool)
        for city_id, version in versions.items():
            if self._versions.get(city_id) != version:
                await ensure_sources(self._pool, city_id)
                await self.reload(city_id)
                self._versions[city_id], self._rules[city_id] = version, edits.get(city_id, 0)
            elif self._rules[city_id] != edits.get(city_id, 0):
                await self.reload_rules(city_id)
                self._rules[city_id] = edits.get(city_id, 0)

    async def reload_rules(self, city_id: int) -> None:
        """Read the rules of a city again, here; other servers do within two seconds. Delays begin anew."""
        city = self.require_city(city_id)
        async with self.lock:
            rules, limits = await list_rules(self._pool, city_id), await list_limits(self._pool, city_id)
            city.set_rules(rules, limits)
            city.set_alarms(await list_active(self._pool, city_id))
        self.committed()

    # ------------------------------------------------------------ alarms on the clock

    async def _alarms(self) -> None:
        """Let the clock decide on alarms once a second: delays, silence, rules of several points, shelves that end."""
        noted_s = time.monotonic()
        while True:
            await asyncio.sleep(CLOCK_S)
            try:
                await end_shelves(self._pool)
                for city_id in list(self._cities):
                    await self.pass_alarms(city_id)
                if time.monotonic() - noted_s >= VALUES_S:
                    noted_s = time.monotonic()
                    for city_id, city in list(self._cities.items()):
                        await store_values(self._pool, city_id, city.alarm_values())
            except (*DATABASE_ERRORS, DataError, TwinError) as error:
                logger.warning("alarms could not be decided, they will be with the next look: %s", error)

    async def pass_alarms(self, city_id: int) -> int:
        """Decide on the alarms of a city now; returns how many opened and closed. When the store is away nothing changes."""
        if city_id not in self._zones:
            self._zones[city_id] = ZoneInfo(await zone_of(self._pool, city_id))
        async with self.lock:
            city, now = self.require_city(city_id), now_ms()
            done = city.alarm_pass(now, datetime.now(self._zones[city_id]).date())
            changes = done.changes
            quiet = await store_pass(self._pool, city_id, changes, now_ms=now) if changes else []
            city.apply_pass(done)
            city.keep_quiet(quiet)
        if changes:
            self.committed()
        return len(changes)

    # ------------------------------------------------------------ readings

    async def submit(self, city_id: int, frames: Sequence[Any], scope: Scope, *, sender: str = "") -> list[Result]:
        """Check frames, commit those that fit, and return the result of each. `sender`: whose turn they take (`Intake.put`).

        Raises
        ------
        Busy
            When the intake queue is full.
        DatabaseUnavailable
            When the commit failed.
        """
        self.intake.require_room(len(frames))
        city = self.require_city(city_id)
        prepared = prepare(frames, self._senders.of(city_id, city.sources, scope), now_ms=now_ms())
        answers = await self.intake.put(city_id, prepared, sender=sender) if len(prepared) else []
        return merge(prepared, answers)

    def committed(self, commits: Iterable[tuple[int, int]] = ()) -> None:
        """Wake the clock: live state has moved, by these own commits (number and transaction) or by another server's."""
        self._keeper.remember(commits)
        self._moved.set()

    async def guard(self, connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> None:
        """Let the guards write what must be committed with frames, or not at all."""
        for guard in self.commit_guards:
            await guard(connection, batches)

    def arrived(self, city_id: int, batch: Batch, results: Sequence[Result], received_ms: int) -> None:
        """Tell the listeners what became of committed frames. They must be quick; one that fails is logged and passed over."""
        for listener in self.arrival_listeners:
            try:
                listener(city_id, batch, results, received_ms)
            except Exception:  # the frames are committed: a listener must not take back the answer
                logger.exception("a listener failed on %d frames of city %d", len(batch), city_id)

    def refused(self, city_id: int, sender: str, counts: Mapping[Result, int], unknown: Sequence[str]) -> None:
        """Tell the listeners which frames of a sender were refused.

        Parameters
        ----------
        sender
            App id, seat, or `mqtt:<company>`.
        counts
            Refused frames by result.
        unknown
            Codes of sources that are not registered, at most 100.
        """
        for listener in self.refusal_listeners:
            try:
                listener(city_id, sender, counts, unknown)
            except Exception:  # what counts refusals must not change the answer
                logger.exception("a listener failed on refused frames of city %d", city_id)

    # ------------------------------------------------------------ clock

    async def _clock(self) -> None:
        """Refresh what is shown after commits, and once a second for silence."""
        while True:
            # not wait_for: in Python 3.11 it swallows a cancellation that comes with the event, and the server never stops
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOCK_S):
                    await self._moved.wait()
            self._moved.clear()
            shown = [city.refresh(now_ms()) for city in self._cities.values()]
            if any(shown):
                self.announce()
            await asyncio.sleep(TICK_S)

    async def _watch(self) -> None:
        """Pick up imports, and what a failed commit left open."""
        while True:
            await asyncio.sleep(CATALOGUE_S)
            try:
                await self._catalogue()
            except (*DATABASE_ERRORS, DataError, TwinError) as error:
                logger.warning("live state could not look for changed cities: %s", error)

    async def _follow(self) -> None:
        """Follow what other servers commit, and write the latest state down once in a while."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            try:
                await self.catch_up()
                if time.monotonic() - self._keeper.checkpoint_s >= CHECKPOINT_S:
                    await self.write_checkpoint()
            except (*DATABASE_ERRORS, DataError, TwinError) as error:
                logger.warning("live state could not follow the store: %s", error)

    async def catch_up(self) -> None:
        """Make live what other servers have committed."""
        lost = self._keeper.lost
        async with self.lock:
            moved = await self._keeper.follow(self._cities)
        if lost:
            for city_id in list(self._cities):
                await self.reload(city_id, anew=True)
        if moved:
            self.committed()

    async def write_checkpoint(self) -> None:
        """Write the latest state of all cities down."""
        async with self.lock:
            checkpoint = self._keeper.copy(self._cities)
        await self._keeper.write(checkpoint)

    async def _make_days(self) -> None:
        """Make the partitions of the coming days before the first frame asks for them."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await ensure_partitions(connection, coming_days(datetime.now(UTC)))
            except (*DATABASE_ERRORS, DataError) as error:
                logger.warning("the partitions of the coming days could not be made: %s", error)
            await asyncio.sleep(DAYS_S)

    def announce(self) -> None:
        """Wake all subscribers; old messages are of no use any more."""
        self._messages.clear()
        happened, self.changed = self.changed, asyncio.Event()
        happened.set()

    # ------------------------------------------------------------ messages

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """Count a subscriber in, and out again."""
        self.subscribers += 1
        try:
            yield
        finally:
            self.subscribers -= 1

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


def coming_days(now: datetime) -> set[date]:
    """Return the UTC days whose partitions are made before they are needed: today, tomorrow, and the day after."""
    return {(now + timedelta(days=ahead)).date() for ahead in range(3)}


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
