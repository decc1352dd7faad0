"""Counts what arrives: by source and hour in arrays of the process, written to the store every minute and at the end.

An hour is counted from memory; what was written of it before is added when somebody asks or when it is written. The mark that an
hour has uncounted frames is committed with the frames (`guard`), so that after a crash exactly those hours are counted again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType

import asyncpg
import numpy as np
import psycopg

from api.live_room import LiveRoom
from data.arrivals import (
    UNREGISTERED_KEPT,
    Heard,
    Key,
    add_refusals,
    add_unregistered,
    clean,
    close_hour,
    counted_since,
    forget_sources,
    mark_open,
    open_hours,
    read_counts,
    recount,
    rewrite_counts,
    write_counts,
)
from data.errors import DataError
from data.pool import Connection, Pool, connect
from data.readings import DATABASE_ERRORS, CityBatch
from twin.arrivals import (
    HOUR_MS,
    HourCounts,
    Roster,
    SourceWindow,
    added,
    bad_values_of,
    count_frames,
    group_totals,
    make_roster,
    no_rows,
    pack,
)
from twin.errors import TwinError
from twin.frames import payload_dtype
from twin.readings import Batch, Result

logger = logging.getLogger(__name__)

WRITE_S = 60.0
"""How often counts are written."""
HELD_HOURS_MAX = 500
"""Hours held in memory before they are written early: a long back-fill touches thousands of them."""
SOURCES_KEPT_DAYS = 40
"""What single sources sent is kept so long; totals are kept for ever."""
_HOT_HOURS = 2
"""Hours before the running one that are expected to change; their mark is written once."""
_CLOSED_AFTER_HOURS = 4
_QUIET_S = 30.0
_SENDERS_MAX = 1000
_WINDOWS_A_SCHEMA = 2
_FAILURES = (*DATABASE_ERRORS, DataError, TwinError)


def now_ms() -> int:
    """Return the present time as epoch milliseconds."""
    return time.time_ns() // 1_000_000


def hour_of(epoch_ms: int) -> int:
    """Return the beginning of an hour."""
    return epoch_ms // HOUR_MS * HOUR_MS


class Windows:
    """Sums by source over hours that are over; few, as each holds a row for every source."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int, tuple[int, ...]], SourceWindow] = OrderedDict()

    def get(self, key: tuple[int, int, tuple[int, ...]]) -> SourceWindow | None:
        """Return a kept sum."""
        return self._kept.get(key)

    def keep(self, key: tuple[int, int, tuple[int, ...]], window: SourceWindow) -> None:
        """Keep a sum in place of older ones of its schema."""
        for other in [other for other in self._kept if other[:2] == key[:2]][: 1 - _WINDOWS_A_SCHEMA]:
            del self._kept[other]
        self._kept[key] = window

    def forget(self, key: Key) -> None:
        """Forget the sums that hold an hour."""
        for other in [other for other in self._kept if other[:2] == key[:2] and key[2] in other[2]]:
            del self._kept[other]


class ArrivalsRoom:
    """Counts of all cities. One per process, as `app.state.arrivals`; an async context manager, inside that of the live room."""

    def __init__(self, database_url: str, pool: Pool, live: LiveRoom) -> None:
        self._url, self.pool, self.live = database_url, pool, live
        self._hours: dict[Key, HourCounts] = {}
        self._marked: set[Key] = set()
        self._rosters: dict[tuple[int, int], tuple[object, Roster]] = {}
        self._since: dict[int, int] = {}
        self._refused: dict[tuple[int, int], dict[tuple[str, str], int]] = {}
        self._unregistered: dict[int, OrderedDict[tuple[str, str], Heard]] = {}
        self._early = asyncio.Event()
        self._writing = asyncio.Lock()
        self._recounting: set[Key] = set()
        self._recounted: set[Key] = set()
        self._stopping = False
        self._forgotten_hour = 0
        self._snapshot = ExitStack()
        self.windows = Windows()
        self.refused_frames: dict[str, int] = {}

    async def __aenter__(self) -> ArrivalsRoom:
        # seen before the first frame of this process is committed: those are counted as they come
        connection = await asyncio.to_thread(self._snapshot.enter_context, connect(self._url))
        pending = await asyncio.to_thread(open_hours, connection)
        self._recounting = {key for key, _ in pending}
        for city_id in list(self.live.cities):
            await self.since(city_id)
        self.live.arrival_listeners.append(self.heard)
        self.live.refusal_listeners.append(self.refused)
        self.live.commit_guards.append(self.guard)
        self._recount = asyncio.create_task(self._count_again(connection, pending))
        self._writer = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping = True
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer
        await self._recount
        self._marked.clear()  # what is still committed marks its hour again
        while self.live.intake.queued_frames:
            await asyncio.sleep(0.02)
        with suppress(*_FAILURES):
            await self.write(closing=True)

    # ------------------------------------------------------------ what is heard

    async def guard(self, connection: asyncpg.Connection, batches: Sequence[CityBatch]) -> None:
        """Mark the hours of frames as open inside their transaction; in the common case they are marked already."""
        found: set[Key] = set()
        for item in batches:
            for hour in np.unique(item.batch.observed_ms // HOUR_MS).tolist():
                found.add((item.city_id, item.batch.schema_id, hour * HOUR_MS))
        missing = sorted(found - self._marked)
        if missing:
            await mark_open(connection, missing)

    def heard(self, city_id: int, batch: Batch, results: Sequence[Result], received_ms: int) -> None:
        """Count committed frames. Cost: 0.2 us a frame and some 100 us a batch."""
        roster = self.roster(city_id, batch.schema_id)
        if roster is None:
            return
        count = len(batch)
        duplicate = np.fromiter((result is Result.DUPLICATE for result in results), np.bool_, count)
        conflict = np.fromiter((result is Result.CONFLICT for result in results), np.bool_, count)
        delay_s = (received_ms - batch.observed_ms) // 1000
        bad = bad_values_of(batch.quality)
        hours = batch.observed_ms // HOUR_MS
        for hour in np.unique(hours).tolist():
            at = np.flatnonzero(hours == hour)
            found = count_frames(
                roster, batch.source_ids[at], delay_s[at], bad[at], duplicate=duplicate[at], conflict=conflict[at]
            )
            key = (city_id, batch.schema_id, hour * HOUR_MS)
            self._held(key, roster, received_ms).add(*found)
            if self._is_hot(key, received_ms) and not self._stopping:
                self._marked.add(key)
        if len(self._hours) > HELD_HOURS_MAX:
            self._early.set()

    def _held(self, key: Key, roster: Roster, at_ms: int) -> HourCounts:
        """Return the counts in memory of an hour; new ones hold all sources of a hot hour."""
        counts = self._hours.get(key)
        if counts is None:
            ids = roster.source_ids if self._is_hot(key, at_ms) else np.zeros(0, np.int32)
            counts = self._hours[key] = HourCounts(no_rows(ids))
        return counts

    @staticmethod
    def _is_hot(key: Key, at_ms: int) -> bool:
        running = hour_of(at_ms)
        return running - _HOT_HOURS * HOUR_MS <= key[2] <= running + HOUR_MS

    def refused(self, city_id: int, sender: str, counts: Mapping[Result, int], unknown: Sequence[str]) -> None:
        """Count refused frames, and remember codes that no source has."""
        at_ms = now_ms()
        held = self._refused.setdefault((city_id, hour_of(at_ms)), {})
        for result, frames in counts.items():
            key = (sender, result.value)
            if key in held or len(held) < _SENDERS_MAX:
                held[key] = held.get(key, 0) + frames
            self.refused_frames[result.value] = self.refused_frames.get(result.value, 0) + frames
        strangers = self._unregistered.setdefault(city_id, OrderedDict()) if unknown else OrderedDict()
        for code in unknown:
            named = (clean(code), clean(sender))
            heard = strangers.pop(named, None) or Heard(at_ms, at_ms)
            heard.last_ms, heard.messages = at_ms, heard.messages + 1
            strangers[named] = heard
        while len(strangers) > UNREGISTERED_KEPT:
            strangers.popitem(last=False)

    # ------------------------------------------------------------ who is registered

    def roster(self, city_id: int, schema_id: int) -> Roster | None:
        """Return the sources of a schema; made anew when the live room has read them anew."""
        city = self.live.city(city_id)
        block = None if city is None else city.blocks.get(schema_id)
        if city is None or block is None:
            return None
        kept = self._rosters.get((city_id, schema_id))
        if kept is None or kept[0] is not block:
            rows = block.asset_rows
            roster = make_roster(
                len(block.sources[0].schema.points),
                block.source_ids,
                block.period_ms // 1000,
                kinds=np.asarray(city.kinds, "S48")[rows],
                company_ids=city.company_ids[rows],
                area_ids=city.area_ids[rows],
            )
            kept = self._rosters[(city_id, schema_id)] = (block, roster)
        return kept[1]

    async def since(self, city_id: int) -> int:
        """Return the moment since which frames of a city are expected."""
        if city_id not in self._since:
            self._since[city_id] = await counted_since(self.pool, city_id, now_ms())
        return self._since[city_id]

    def known_since(self, city_id: int) -> int:
        """Return what `since` returned last; now, when nobody has asked it."""
        return self._since.get(city_id, now_ms())

    def schema_ids(self, city_id: int) -> list[int]:
        """Return the schemas that have sources."""
        city = self.live.city(city_id)
        return [] if city is None else sorted(city.blocks)

    def in_memory(self, key: Key) -> HourCounts | None:
        """Return what is in memory of an hour, which may be less than has come before the process started."""
        return self._hours.get(key)

    def holds(self, key: Key) -> bool:
        """Tell whether an hour is in memory."""
        return key in self._hours

    def holds_any(self, city_id: int, start_ms: int, end_ms: int) -> bool:
        """Tell whether any hour of a time is in memory."""
        return any(key[0] == city_id and start_ms <= key[2] < end_ms for key in self._hours)

    @property
    def recounting(self) -> bool:
        """True while hours are counted again after a crash; their figures are too low."""
        return bool(self._recounting)

    # ------------------------------------------------------------ whole counts

    async def whole(self, key: Key) -> HourCounts | None:
        """Return all counts of an hour that is in memory, with what is stored of it; None when it is not in memory."""
        counts = self._hours.get(key)
        if counts is None or counts.whole:
            return counts
        recounting = key in self._recounting
        stored = await read_counts(self.pool, key)
        counts = self._hours.get(key)
        if counts is None or counts.whole:
            return counts
        if recounting:
            counts = counts.copy()
        if stored is not None:
            changed = counts.changed
            counts.add(stored.rows, stored.delays)
            counts.changed = changed
        elif (roster := self.roster(key[0], key[1])) is not None:
            counts.rows = added(no_rows(roster.source_ids), counts.rows)
        counts.whole = not recounting
        return counts

    async def ensure(self, key: Key, at_ms: int) -> HourCounts | None:
        """Return all counts of an hour, taking it into memory."""
        roster = self.roster(key[0], key[1])
        if roster is None:
            return None
        counts = self._held(key, roster, at_ms)
        if len(counts.rows) < len(roster.source_ids) and self._is_hot(key, at_ms):
            counts.rows = added(no_rows(roster.source_ids), counts.rows)  # sources that were registered since
        return await self.whole(key)

    # ------------------------------------------------------------ writing

    async def _run(self) -> None:
        """Write every minute, earlier when much is held."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._early.wait(), WRITE_S)
            self._early.clear()
            try:
                await self.write()
            except _FAILURES as error:
                logger.warning("counts of arrivals could not be written, they are kept: %s", error)
            except Exception:  # counting must go on
                logger.exception("counts of arrivals could not be written, they are kept")

    async def write(self, *, closing: bool = False) -> None:
        """Write what has changed.

        Parameters
        ----------
        closing
            True at the end of the process: hours that are counted whole are closed.
        """
        async with self._writing:
            at_ms = now_ms()
            self._marked = {key for key in self._marked if self._is_hot(key, at_ms)}
            for city_id in list(self.live.cities):
                await self.since(city_id)
            for key in sorted(self._hours):
                if key not in self._recounting:
                    await self._write_hour(key, at_ms, closing=closing)
            await self._close_recounted(at_ms, closing=closing)
            await self._write_refusals()
            await self._write_unregistered()
            await self._forget(at_ms)

    async def write_strangers(self) -> None:
        """Write refusals and unregistered sources, so that who asks the store is told of all."""
        if self._refused or self._unregistered:
            async with self._writing:
                await self._write_refusals()
                await self._write_unregistered()

    async def _write_hour(self, key: Key, at_ms: int, *, closing: bool) -> None:
        counts, roster = await self.whole(key), self.roster(key[0], key[1])
        if counts is None or roster is None:
            return
        changed, counts.changed = counts.changed, False
        if changed:
            frozen = counts.copy()
            since = await self.since(key[0])
            try:
                totals = group_totals(frozen, roster, key[2], at_ms, since_ms=since)
                data = await asyncio.to_thread(lambda: (pack(frozen.rows), pack(totals)))
                await write_counts(self.pool, key, *data)
                self.windows.forget(key)
            except BaseException:
                counts.changed = True
                raise
        settled = not changed and key[2] < hour_of(at_ms) - _CLOSED_AFTER_HOURS * HOUR_MS
        if closing and not counts.changed:
            await close_hour(self.pool, key, quiet_s=0)
        elif settled and not counts.changed:
            await close_hour(self.pool, key, quiet_s=_QUIET_S)
            if not counts.changed:
                del self._hours[key]

    async def _close_recounted(self, at_ms: int, *, closing: bool) -> None:
        """Close hours that were counted again and of which nothing has come since."""
        for key in sorted(self._recounted):
            if key in self._hours:
                self._recounted.discard(key)  # they are closed as all others
                continue
            over = closing or key[2] < hour_of(at_ms) - _CLOSED_AFTER_HOURS * HOUR_MS
            if over and await close_hour(self.pool, key, quiet_s=0 if closing else _QUIET_S):
                self._recounted.discard(key)

    async def _write_refusals(self) -> None:
        for (city_id, hour_ms), counts in list(self._refused.items()):
            taken = self._refused.pop((city_id, hour_ms))
            if taken:
                try:
                    await add_refusals(self.pool, city_id, hour_ms, taken)
                except BaseException:
                    again = self._refused.setdefault((city_id, hour_ms), {})
                    for key, frames in counts.items():
                        again[key] = again.get(key, 0) + frames
                    raise

    async def _write_unregistered(self) -> None:
        for city_id in list(self._unregistered):
            heard = self._unregistered.pop(city_id)
            if heard:
                try:
                    await add_unregistered(self.pool, city_id, heard)
                except BaseException:
                    self._unregistered.setdefault(city_id, heard)
                    raise

    async def _forget(self, at_ms: int) -> None:
        if self._forgotten_hour != hour_of(at_ms):
            self._forgotten_hour = hour_of(at_ms)
            for city_id in list(self.live.cities):
                await forget_sources(self.pool, city_id, at_ms - SOURCES_KEPT_DAYS * 24 * HOUR_MS)

    # ------------------------------------------------------------ after a crash

    async def _count_again(self, connection: Connection, pending: Sequence[tuple[Key, bytes | None]]) -> None:
        """Count the frames of open hours again, the newest first."""
        try:
            for key, stored in pending:
                if self._stopping:
                    return
                if await self._count_hour(connection, key, stored):
                    self._recounting.discard(key)
                    self._recounted.add(key)
        except (*_FAILURES, psycopg.Error) as error:
            # what is left stays open: it is counted by the next start
            logger.warning("%d hours could not be counted again: %s", len(self._recounting), error)
        finally:
            await asyncio.to_thread(self._snapshot.close)

    async def _count_hour(self, connection: Connection, key: Key, stored: bytes | None) -> bool:
        """Count one hour again; False when it stays as it is: nobody reports by its schema any more, or the process ends."""
        roster, city = self.roster(key[0], key[1]), self.live.city(key[0])
        if roster is None or city is None:
            return False
        layout = payload_dtype(city.blocks[key[1]].sources[0].schema)
        quality_at = int(layout.fields["quality"][1]) if layout.fields is not None else 0
        since = await self.since(key[0])

        def work() -> bool:
            counts = recount(connection, key, stored, roster, quality_at=quality_at, stopped=lambda: self._stopping)
            if counts is not None:
                with connect(self._url, autocommit=True) as writer:
                    rewrite_counts(writer, key, counts, roster, now_ms=now_ms(), since_ms=since)
            return counts is not None

        return await asyncio.to_thread(work)
