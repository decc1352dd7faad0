"""Figures of arrivals over a time: hours out of memory and store, whole days out of the store once they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from api.arrivals_room import ArrivalsRoom, hour_of
from data.arrivals import StoredTotals, read_days, read_source_rows, read_totals, write_day
from twin.arrivals import (
    HOUR_MS,
    SOURCE_ROW,
    Figures,
    GroupRows,
    Roster,
    SourceWindow,
    figures_of,
    group_totals,
    hours_between,
    summed,
    unpack,
    visible_groups,
)
from twin.scope import Scope

_HOURS_AT_MOST_DAYS = 3
"""Longer times are answered by whole days where possible."""
_SETTLED_MS = 48 * HOUR_MS
"""A day is summed once for all when it has been over so long; a frame that comes later makes it anew."""


@dataclass(frozen=True, eq=False)
class Part:
    """Figures of one schema by group over an hour or a day."""

    schema_id: int
    start_ms: int
    length_ms: int
    rows: GroupRows


@dataclass(frozen=True, slots=True)
class Window:
    """A time of a city, as of `at_ms`; hours that begin in it belong to it."""

    city_id: int
    start_ms: int
    end_ms: int
    at_ms: int

    def part(self, start_ms: int, end_ms: int) -> Window:
        """Return a part of it."""
        return Window(self.city_id, start_ms, end_ms, self.at_ms)

    @property
    def hours(self) -> list[int]:
        """Beginnings of its hours, none that lies ahead."""
        return hours_between(self.start_ms, min(self.end_ms, self.at_ms + 1))


async def hour_parts(room: ArrivalsRoom, window: Window) -> list[Part]:
    """Return the figures of all hours of a time, the running one as of now."""
    city_id, at_ms = window.city_id, window.at_ms
    since = await room.since(city_id)
    found = await read_totals(room.pool, city_id, window.start_ms, window.end_ms)
    stored = {(item.schema_id, item.start_ms): item for item in found}
    schema_ids = sorted({schema_id for schema_id, _ in stored} | set(room.schema_ids(city_id)))
    parts = []
    for hour in window.hours:
        for schema_id in schema_ids:
            rows = await _hour_rows(room, (city_id, schema_id, hour), stored.get((schema_id, hour)), since=since, at_ms=at_ms)
            if rows is not None:
                parts.append(Part(schema_id, hour, HOUR_MS, rows))
    return parts


async def _hour_rows(
    room: ArrivalsRoom, key: tuple[int, int, int], stored: StoredTotals | None, *, since: int, at_ms: int
) -> GroupRows | None:
    """Return the figures of one hour: of memory where it is there, as written where that was after its end, else counted."""
    hour, roster = key[2], room.roster(key[0], key[1])
    running = hour == hour_of(at_ms)
    written_late = stored is not None and (stored.written_ms or 0) >= hour + HOUR_MS
    if roster is None or (written_late and not room.holds(key)):
        return None if stored is None else stored.totals
    if running or stored is not None or room.holds(key):
        counts = await room.ensure(key, at_ms)
        if counts is not None and not running and not written_late:
            counts.changed = True  # what was written of it expected only a part of the hour
        return group_totals(counts, roster, hour, at_ms, since_ms=since)
    return group_totals(None, roster, hour, at_ms, since_ms=since) if hour + HOUR_MS > since else None


def local_days(start_ms: int, end_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return beginning and end of the whole days of a zone that lie in a time."""
    day = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days: list[tuple[int, int]] = []
    while True:
        following = (day + timedelta(days=1)).replace(fold=0)
        begins, ends = round(day.timestamp() * 1000), round(following.timestamp() * 1000)
        if ends > end_ms:
            return days
        if begins >= start_ms:
            days.append((begins, ends))
        day = following


async def window_parts(room: ArrivalsRoom, window: Window, zone: ZoneInfo) -> list[Part]:
    """Return the figures of a time: by hour when it is short, else by day with the hours at both ends."""
    settled = min(window.end_ms, window.at_ms - _SETTLED_MS)
    days = [day for day in local_days(window.start_ms, settled, zone) if not room.holds_any(window.city_id, *day)]
    if window.end_ms - window.start_ms <= _HOURS_AT_MOST_DAYS * 24 * HOUR_MS or not days:
        return await hour_parts(room, window)
    first, last = days[0][0], days[-1][1]
    parts = await _day_parts(room, window, days)
    held = [day for day in local_days(first, last, zone) if day not in days]
    for begins, ends in ((window.start_ms, first), *held, (last, window.end_ms)):
        parts += await hour_parts(room, window.part(begins, ends)) if begins < ends else []
    return parts


async def _day_parts(room: ArrivalsRoom, window: Window, days: Sequence[tuple[int, int]]) -> list[Part]:
    stored = await read_days(room.pool, window.city_id, days[0][0], days[-1][1])
    lengths = {begins: ends - begins for begins, ends in days}
    kept = [item for item in stored if item.start_ms in lengths]
    parts = [Part(item.schema_id, item.start_ms, lengths[item.start_ms], item.totals) for item in kept]
    there = {part.start_ms for part in parts}
    for begins, ends in days:
        if begins not in there:
            parts += await _make_day(room, window.part(begins, ends))
    return parts


async def _make_day(room: ArrivalsRoom, day: Window) -> list[Part]:
    hours, made = await hour_parts(room, day), []
    for schema_id in sorted({part.schema_id for part in hours}):
        rows = summed(part.rows for part in hours if part.schema_id == schema_id)
        await write_day(room.pool, day.city_id, schema_id, day.start_ms, rows)
        made.append(Part(schema_id, day.start_ms, day.end_ms - day.start_ms, rows))
    return made


# ---------------------------------------------------------------- figures


def seen(parts: Iterable[Part], scope: Scope) -> list[Part]:
    """Return the parts with only those groups that a scope holds."""
    return [
        Part(part.schema_id, part.start_ms, part.length_ms, part.rows[visible_groups(part.rows["key"], scope)]) for part in parts
    ]


def grouped(parts: Sequence[Part], key_of: Callable[[Part, np.void], object]) -> dict[object, Figures]:
    """Return the figures of parts by a key of each group, for instance its company."""
    by_schema: dict[int, list[GroupRows]] = {}
    for part in parts:
        by_schema.setdefault(part.schema_id, []).append(part.rows)
    wholes = [Part(schema_id, 0, 0, summed(tables)) for schema_id, tables in by_schema.items()]
    keys = [key_of(whole, key) for whole in wholes for key in whole.rows["key"]]
    if not keys:
        return {}
    rows, numbers = np.concatenate([whole.rows for whole in wholes]), {key: i for i, key in enumerate(dict.fromkeys(keys))}
    places = np.array([numbers[key] for key in keys])
    return {key: figures_of(rows[places == number]) for key, number in numbers.items()}


def course(parts: Sequence[Part]) -> list[tuple[int, int, Figures]]:
    """Return the figures of all groups together over time: beginning, length, figures."""
    spans = sorted({(part.start_ms, part.length_ms) for part in parts})
    by_span: dict[tuple[int, int], list[GroupRows]] = {span: [] for span in spans}
    for part in parts:
        by_span[(part.start_ms, part.length_ms)].append(part.rows)
    return [(start, length, figures_of(np.concatenate(tables))) for (start, length), tables in by_span.items()]


# ---------------------------------------------------------------- single sources


async def source_window(room: ArrivalsRoom, window: Window, schema_id: int) -> SourceWindow | None:
    """Return what each source of a schema has sent over a time; None where the schema has no source.

    Cost: 5 ms an hour for 120,000 sources, once; hours that are over are remembered.
    """
    roster, city_id, at_ms = room.roster(window.city_id, schema_id), window.city_id, window.at_ms
    if roster is None:
        return None
    since = await room.since(city_id)
    held = [hour for hour in window.hours if room.holds((city_id, schema_id, hour)) or hour == hour_of(at_ms)]
    past = tuple(hour for hour in window.hours if hour not in held)
    sums = await _past_window(room, (city_id, schema_id, past), roster, since)
    for hour in held:
        counts = await room.ensure((city_id, schema_id, hour), at_ms)
        sums.add(None if counts is None else counts.rows, hour, at_ms, since_ms=since)
    return sums


async def _past_window(room: ArrivalsRoom, key: tuple[int, int, tuple[int, ...]], roster: Roster, since: int) -> SourceWindow:
    city_id, schema_id, hours = key
    kept = room.windows.get(key)
    if kept is not None and kept.roster is roster:
        return kept.copy()
    stored = await read_source_rows(room.pool, city_id, schema_id, hours[0], hours[-1] + 1) if hours else {}

    def work() -> SourceWindow:
        sums = SourceWindow.empty(roster)
        for hour in hours:
            rows = unpack(stored[hour], SOURCE_ROW) if hour in stored else None
            sums.add(rows, hour, hour + HOUR_MS, since_ms=since)
        return sums

    made = await asyncio.to_thread(work)
    room.windows.keep(key, made)
    return made.copy()
