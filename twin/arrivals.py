"""Who reports, how late, how complete: counts of arrived frames by source and hour, and the figures made of them.

An hour is that of `observed_at`: a frame that comes two hours late completes the hour in which it was observed. The figures:

expected (应到)
    What a source sends from the beginning of an hour (or the moment since which anybody counts) to its end, or to now:
    `floor(elapsed / period)`; a source that reports less than once an hour is expected for its share of a frame. A punctual
    source has always sent as many.
received (实到)
    Distinct frames stored, at most as many as are expected: who sends twice as often does not hide who is silent.
arrival rate (到报率)
    received / expected.
in time (及时)
    Received frames that came at most `LATE_PERIODS` periods after their time; in-time rate (及时率) = in time / expected.
good values (完好)
    Values of all stored frames whose flag is not 4 (fail) or 9 (missing); good rate (完好率) = good / all values.

Nothing here knows a server or a database.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.errors import BadFrame
from twin.quality import Quality
from twin.scope import Scope

HOUR_MS = 3_600_000
_HOUR_S = 3600
LATE_PERIODS = 3
"""A frame that comes more than so many periods after its time is late."""
INCOMPLETE_BELOW = 0.95
"""A source with a lower arrival rate is incomplete (不完整)."""
LATE_ABOVE = 0.05
"""A source of whose frames a larger share is late is late (迟报)."""
SKEW_LEAST_FRAMES = 3
AHEAD_S = 2
"""A clock is ahead when even the latest of the frames seems to come more than so many seconds before its time."""
BEHIND_S = 60
"""A clock is behind when even the quickest frame takes longer than this, and all take the same time within a quarter."""
_STEADY = 0.25
DELAY_EDGES_S: tuple[int, ...] = (-60, -5, -1, 0, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400)
"""Largest whole second of each class in which delays are counted; one more class lies above."""
_CLASSES = len(DELAY_EDGES_S) + 1
_EDGES = np.array(DELAY_EDGES_S, np.int64)
_NO_MIN, _NO_MAX = np.iinfo(np.int32).max, np.iinfo(np.int32).min

SourceRows = NDArray[np.void]
"""One row a source, by rising source_id, of `SOURCE_ROW`."""
GroupRows = NDArray[np.void]
"""One row a group, of `GROUP_ROW`."""

SOURCE_ROW = np.dtype(
    [
        ("source_id", "<i4"),
        ("accepted", "<u4"),
        ("late", "<u4"),
        ("duplicate", "<u4"),
        ("conflict", "<u4"),
        ("bad_values", "<u4"),
        ("delay_min_s", "<i4"),
        ("delay_max_s", "<i4"),
        ("delay_sum_s", "<i8"),
    ]
)
_SUMS = ("accepted", "late", "duplicate", "conflict", "bad_values", "delay_sum_s")
GROUP_KEY = np.dtype([("kind", "S48"), ("company_id", "<i4"), ("area_id", "<i4")])
_FIGURES = ("sources", "expected", "received", "in_time", "accepted", "late", "duplicate", "conflict", "values", "bad_values")
GROUP_ROW = np.dtype([("key", GROUP_KEY), *((name, "<f8") for name in _FIGURES), ("delays", "<i8", (_CLASSES,))])


def no_rows(source_ids: Int32Array) -> SourceRows:
    """Return rows of sources of which nothing has arrived."""
    rows = np.zeros(len(source_ids), SOURCE_ROW)
    rows["source_id"], rows["delay_min_s"], rows["delay_max_s"] = source_ids, _NO_MIN, _NO_MAX
    return rows


def added(one: SourceRows, other: SourceRows) -> SourceRows:
    """Return the sum of two tables, of all sources that either has."""
    ids = np.union1d(one["source_id"], other["source_id"]).astype(np.int32)
    total = no_rows(ids)
    for part in (one, other):
        places = np.searchsorted(ids, part["source_id"])
        for name in _SUMS:
            total[name][places] += part[name]
        total["delay_min_s"][places] = np.minimum(total["delay_min_s"][places], part["delay_min_s"])
        total["delay_max_s"][places] = np.maximum(total["delay_max_s"][places], part["delay_max_s"])
    return total


def recounted(stored: SourceRows, found: SourceRows) -> SourceRows:
    """Return what is known after a crash: counts of frames as found in the store, of repeats and conflicts as last written.

    Where more was written than is found (frames that were moved to the archive since), what was written stays.
    """
    ids = np.union1d(stored["source_id"], found["source_id"]).astype(np.int32)
    old, new = (added(no_rows(ids), part) for part in (stored, found))
    known = old["accepted"] > new["accepted"]
    total = np.where(known, old, new)
    for name in ("duplicate", "conflict"):
        total[name] = old[name]
    return total


def pack(rows: np.ndarray) -> bytes:
    """Return a table as compressed bytes, column by column: most of them repeat themselves."""
    columns = b"".join(np.ascontiguousarray(rows[name]).tobytes() for name in rows.dtype.names or ())
    return zlib.compress(columns, 1)


def unpack(data: bytes, layout: np.dtype[np.void]) -> np.ndarray:
    """Return the table that `pack` made.

    Raises
    ------
    BadFrame
        When the bytes are not a table of this layout.
    """
    try:
        plain = zlib.decompress(data)
    except zlib.error as error:
        raise BadFrame(f"stored arrival counts cannot be read: {error}") from None
    count, rest = divmod(len(plain), layout.itemsize)
    if rest:
        raise BadFrame(f"stored arrival counts have {len(plain)} bytes; rows have {layout.itemsize}")
    rows, start = np.zeros(count, layout), 0
    for name in layout.names or ():
        column = layout[name]
        rows[name] = np.frombuffer(plain, column, count, start)
        start += column.itemsize * count
    return rows


# ---------------------------------------------------------------- who is registered


@dataclass(frozen=True, eq=False)
class Roster:
    """The registered sources of one schema, by rising source_id.

    Attributes
    ----------
    points
        Values of a frame.
    source_ids, period_s
        Shape (n,).
    groups
        Kind, company and area of each group of sources, of `GROUP_KEY`; a source without company or area has 0.
    group_of
        Group of each source, shape (n,).
    """

    points: int
    source_ids: Int32Array
    period_s: Int64Array
    groups: NDArray[np.void]
    group_of: Int64Array

    def rows_of(self, source_ids: Int32Array) -> Int64Array:
        """Return the row of each source; -1 for those that are not registered (any more)."""
        if not len(self.source_ids):
            return np.full(len(source_ids), -1, np.int64)
        rows = np.minimum(np.searchsorted(self.source_ids, source_ids), len(self.source_ids) - 1)
        return np.where(self.source_ids[rows] == source_ids, rows, -1)


def make_roster(
    points: int,
    source_ids: Int32Array,
    period_s: Int64Array,
    *,
    kinds: Sequence[str] | NDArray[Any],
    company_ids: Int64Array,
    area_ids: Int64Array,
) -> Roster:
    """Make a roster of sources in rising order; 0 = no company, no area."""
    keys = np.zeros(len(source_ids), GROUP_KEY)
    keys["kind"], keys["company_id"], keys["area_id"] = np.asarray(kinds, "S48"), company_ids, area_ids
    groups, group_of = np.unique(keys, return_inverse=True)
    return Roster(points, source_ids, period_s, groups, group_of.reshape(-1))


# ---------------------------------------------------------------- counting


@dataclass
class HourCounts:
    """What has arrived of one schema for one hour. Mutable: counting is one addition a batch.

    Attributes
    ----------
    rows
        By source.
    delays
        Frames by class of delay for each group, by the bytes of its key.
    whole
        True when this is all that has arrived; False = it has to be added to what is stored.
    changed
        True when it differs from what was written last.
    """

    rows: SourceRows
    delays: dict[bytes, Int64Array] = field(default_factory=dict)
    whole: bool = False
    changed: bool = False

    def add(self, found: SourceRows, delays: Mapping[bytes, Int64Array]) -> None:
        """Add counts to these."""
        places = np.searchsorted(self.rows["source_id"], found["source_id"])
        inside = places < len(self.rows)
        inside[inside] = self.rows["source_id"][places[inside]] == found["source_id"][inside]
        if inside.all():
            self._add_at(places, found)
        else:
            self.rows = added(self.rows, found)
        for key, counts in delays.items():
            self.delays[key] = self.delays.get(key, 0) + counts
        self.changed = True

    def _add_at(self, places: Int64Array, found: SourceRows) -> None:
        rows = self.rows
        for name in _SUMS:
            rows[name][places] += found[name]
        rows["delay_min_s"][places] = np.minimum(rows["delay_min_s"][places], found["delay_min_s"])
        rows["delay_max_s"][places] = np.maximum(rows["delay_max_s"][places], found["delay_max_s"])

    def copy(self) -> HourCounts:
        """Return counts that stay as they are."""
        return HourCounts(self.rows.copy(), {key: counts.copy() for key, counts in self.delays.items()}, self.whole, self.changed)


def count_frames(
    roster: Roster,
    source_ids: Int32Array,
    delay_s: Int64Array,
    bad_values: Int64Array,
    *,
    duplicate: BoolArray | None = None,
    conflict: BoolArray | None = None,
) -> tuple[SourceRows, dict[bytes, Int64Array]]:
    """Count frames of one schema and hour by source, and their delays by group.

    Parameters
    ----------
    delay_s
        From the time of observation to the arrival, shape (n,).
    bad_values
        Failed and missing values of each frame, shape (n,).
    duplicate, conflict
        Frames that were not stored; they count as such and for nothing else.
    """
    none = np.zeros(len(source_ids), np.bool_)
    duplicate, conflict = none if duplicate is None else duplicate, none if conflict is None else conflict
    ids, places = np.unique(source_ids, return_inverse=True)
    rows, own = no_rows(ids.astype(np.int32)), roster.rows_of(source_ids)
    stored = ~(duplicate | conflict)
    late = stored & (own >= 0) & (delay_s > LATE_PERIODS * roster.period_s[own]) if len(roster.source_ids) else none
    for name, mask in (("accepted", stored), ("late", late), ("duplicate", duplicate), ("conflict", conflict)):
        rows[name] = np.bincount(places, mask, len(ids))
    at, delays = places[stored], delay_s[stored]
    rows["bad_values"] = np.bincount(at, bad_values[stored], len(ids))
    rows["delay_sum_s"] = np.bincount(at, delays, len(ids))
    np.minimum.at(rows["delay_min_s"], at, delays)
    np.maximum.at(rows["delay_max_s"], at, delays)
    known = own[stored] >= 0
    return rows, _delays_by_group(roster, own[stored][known], delays[known])


def _delays_by_group(roster: Roster, rows: Int64Array, delay_s: Int64Array) -> dict[bytes, Int64Array]:
    if not len(rows):
        return {}
    classes = np.searchsorted(_EDGES, delay_s)
    groups, at = np.unique(roster.group_of[rows], return_inverse=True)
    counts = np.bincount(at * _CLASSES + classes, minlength=len(groups) * _CLASSES).reshape(-1, _CLASSES)
    return {roster.groups[group].tobytes(): counts[place].astype(np.int64) for place, group in enumerate(groups)}


def bad_values_of(quality: UInt8Array) -> Int64Array:
    """Return how many values of each frame failed or are missing; `quality` has shape (n, points)."""
    bad: Int64Array = ((quality == Quality.FAIL) | (quality == Quality.MISSING)).sum(axis=1)
    return bad


# ---------------------------------------------------------------- figures


def expected_frames(period_s: Int64Array, hour_ms: int, now_ms: int, since_ms: int = 0) -> Float64Array:
    """Return how many frames each source should have sent in an hour by now; the definition stands at the head of the module.

    Parameters
    ----------
    since_ms
        Moment since which anybody counts: nothing is expected of the time before.
    """
    elapsed_s = max(min(now_ms, hour_ms + HOUR_MS) - max(hour_ms, since_ms), 0) / 1000
    share = elapsed_s / np.maximum(period_s, 1)
    return np.where(period_s <= _HOUR_S, np.floor(share), share)


def capped(frames: NDArray[Any], expected: Float64Array, period_s: Int64Array) -> Float64Array:
    """Return as many of the frames as are expected; of a source that reports less than once an hour at most one."""
    most = np.where(period_s <= _HOUR_S, expected, 1.0)
    most_counted: Float64Array = np.minimum(frames.astype(np.float64), most)
    return most_counted


def group_totals(counts: HourCounts | None, roster: Roster, hour_ms: int, now_ms: int, *, since_ms: int = 0) -> GroupRows:
    """Return the figures of one schema and hour by group.

    Parameters
    ----------
    counts
        None = nothing has arrived.
    since_ms
        Moment since which anybody counts.
    """
    totals = np.zeros(len(roster.groups), GROUP_ROW)
    totals["key"], size = roster.groups, len(roster.groups)
    expected = expected_frames(roster.period_s, hour_ms, now_ms, since_ms)

    def put(name: str, values: NDArray[Any]) -> None:
        totals[name] = np.bincount(roster.group_of, values, size)

    totals["sources"] = np.bincount(roster.group_of, minlength=size)
    put("expected", expected)
    if counts is not None:
        rows = _aligned(counts.rows, roster)
        put("received", capped(rows["accepted"], expected, roster.period_s))
        put("in_time", capped(rows["accepted"] - rows["late"], expected, roster.period_s))
        for name in ("accepted", "late", "duplicate", "conflict", "bad_values"):
            put(name, rows[name])
        totals["values"] = totals["accepted"] * roster.points
        for place, group in enumerate(roster.groups):
            totals["delays"][place] = counts.delays.get(group.tobytes(), 0)
    return totals


def _aligned(rows: SourceRows, roster: Roster) -> SourceRows:
    """Return one row for each source of a roster."""
    if np.array_equal(rows["source_id"], roster.source_ids):
        return rows
    aligned, places = no_rows(roster.source_ids), roster.rows_of(rows["source_id"])
    known = places >= 0
    aligned[places[known]] = rows[known]
    return aligned


def summed(tables: Iterable[GroupRows]) -> GroupRows:
    """Return the sum of tables of groups; `sources` is the largest of them, as the same sources come every hour.

    Cost: 5 ms for a day of hours, as most tables have the same groups in the same order.
    """
    by_groups: dict[bytes, list[GroupRows]] = {}
    for table in tables:
        if len(table):
            by_groups.setdefault(table["key"].tobytes(), []).append(table)
    parts = [_summed_alike(alike) for alike in by_groups.values()]
    if len(parts) <= 1:
        return parts[0] if parts else np.zeros(0, GROUP_ROW)
    whole = np.concatenate(parts)
    keys, places = np.unique(whole["key"], return_inverse=True)
    total, places = np.zeros(len(keys), GROUP_ROW), places.reshape(-1)
    total["key"] = keys
    for name in _FIGURES:
        if name == "sources":
            np.maximum.at(total[name], places, whole[name])
        else:
            total[name] = np.bincount(places, whole[name], len(keys))
    np.add.at(total["delays"], places, whole["delays"])
    return total


def _summed_alike(tables: Sequence[GroupRows]) -> GroupRows:
    """Return the sum of tables that have the same groups in the same order."""
    total = tables[0].copy()
    for table in tables[1:]:
        for name in _FIGURES:
            if name == "sources":
                total[name] = np.maximum(total[name], table[name])
            else:
                total[name] += table[name]
        total["delays"] += table["delays"]
    return total


def visible_groups(keys: NDArray[np.void], scope: Scope) -> BoolArray:
    """Tell which groups a scope holds; a group without an owner is visible, as an asset without one is."""
    mask = np.ones(len(keys), np.bool_)
    if scope.layers is not None:
        mask &= np.isin(keys["kind"], np.array(scope.layers, "S48"))
    if scope.areas is not None:
        mask &= np.isin(keys["area_id"], scope.areas)
    if scope.company_ids is not None:
        mask &= (keys["company_id"] == 0) | np.isin(keys["company_id"], scope.company_ids)
    return mask


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some sources over some time; rates are None where nothing was expected or received."""

    sources: int
    expected: int
    received: int
    in_time: int
    accepted: int
    late: int
    duplicate: int
    conflict: int
    values: int
    bad_values: int
    delays: tuple[int, ...]

    @property
    def arrival_rate(self) -> float | None:
        """到报率."""
        return _rate(self.received, self.expected)

    @property
    def in_time_rate(self) -> float | None:
        """及时率."""
        return _rate(self.in_time, self.expected)

    @property
    def good_rate(self) -> float | None:
        """完好率."""
        return _rate(self.values - self.bad_values, self.values)

    def delay_percentile_s(self, share: float) -> float | None:
        """Return the delay within which this share of the frames came, in seconds, by straight lines within the classes."""
        total = sum(self.delays)
        if total == 0:
            return None
        wanted, below = share * total, 0
        for place, count in enumerate(self.delays):
            if below + count >= wanted and count:
                # whole seconds were cut off: a delay of 0 lies between 0 and 1 s
                low = DELAY_EDGES_S[max(place - 1, 0)] + 1
                high = DELAY_EDGES_S[min(place, len(DELAY_EDGES_S) - 1)] + 1
                return low + (high - low) * (wanted - below) / count
            below += count
        return float(DELAY_EDGES_S[-1])


def _rate(part: float, whole: float) -> float | None:
    return None if whole <= 0 else min(part / whole, 1.0)


def figures_of(rows: GroupRows) -> Figures:
    """Return the figures of all groups together."""
    numbers = {name: round(float(rows[name].sum())) for name in _FIGURES}
    return Figures(**numbers, delays=tuple(rows["delays"].sum(axis=0).tolist()))


# ---------------------------------------------------------------- single sources


@dataclass
class SourceWindow:
    """What each source of a roster has sent over a window: sums by source, in the roster's order."""

    roster: Roster
    rows: SourceRows
    expected: Float64Array
    received: Float64Array

    @classmethod
    def empty(cls, roster: Roster) -> SourceWindow:
        """Return a window of no hours."""
        count = len(roster.source_ids)
        return cls(roster, no_rows(roster.source_ids), np.zeros(count), np.zeros(count))

    def add(self, stored: SourceRows | None, hour_ms: int, now_ms: int, *, since_ms: int = 0) -> None:
        """Add one hour; None = nothing was written of it.

        A source that has no row in an hour was registered later and is not expected in it.
        """
        roster = self.roster
        expected = expected_frames(roster.period_s, hour_ms, now_ms, since_ms)
        if stored is None:
            self.expected += expected
            return
        rows, total = _aligned(stored, roster), self.rows
        if rows is not stored:
            known = np.zeros(len(roster.source_ids), np.bool_)
            places = roster.rows_of(stored["source_id"])
            known[places[places >= 0]] = True
            expected = np.where(known, expected, 0.0)
        self.expected += expected
        self.received += capped(rows["accepted"], expected, roster.period_s)
        for name in _SUMS:
            total[name] += rows[name]
        total["delay_min_s"] = np.minimum(total["delay_min_s"], rows["delay_min_s"])
        total["delay_max_s"] = np.maximum(total["delay_max_s"], rows["delay_max_s"])

    def copy(self) -> SourceWindow:
        """Return a window that can be added to."""
        return SourceWindow(self.roster, self.rows.copy(), self.expected.copy(), self.received.copy())

    @property
    def rate(self) -> Float64Array:
        """Arrival rate of each source, NaN where nothing was expected."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.expected > 0, np.minimum(self.received / self.expected, 1.0), np.nan)

    @property
    def incomplete(self) -> BoolArray:
        """Which sources sent too few frames."""
        with np.errstate(invalid="ignore"):
            return self.rate < INCOMPLETE_BELOW

    @property
    def late(self) -> BoolArray:
        """Which sources sent too many of their frames late."""
        late: BoolArray = self.rows["late"] > LATE_ABOVE * np.maximum(self.rows["accepted"], 1)
        return late

    @property
    def skewed(self) -> BoolArray:
        """Whose clocks seem wrong: every frame from the future, or all late by nearly the same time."""
        low, high = self.rows["delay_min_s"].astype(np.int64), self.rows["delay_max_s"].astype(np.int64)
        behind = (low > BEHIND_S) & (high - low <= _STEADY * low)
        skewed: BoolArray = (self.rows["accepted"] >= SKEW_LEAST_FRAMES) & ((high < -AHEAD_S) | behind)
        return skewed


def hours_between(start_ms: int, end_ms: int) -> list[int]:
    """Return the beginnings of all hours that lie in a time, the first and the last ones whole."""
    return list(range(start_ms // HOUR_MS * HOUR_MS, end_ms, HOUR_MS))
