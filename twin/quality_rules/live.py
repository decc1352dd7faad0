"""Rules on live state: what each source of a schema sent before, and what rules say of its latest frame.

A `Watch` follows one block of live state. It looks only at frames that it has not seen and at sources that fall silent or come
back; both are few. Of several frames of a source between two looks it sees the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.points.model import FrameSchema
from twin.quality import Quality
from twin.quality_rules.checks import NO_RULE, Assessed, Check, assess, make_checks
from twin.quality_rules.model import QualityRule
from twin.quality_rules.rows import NEVER, Rows, bad_values, overdue_ms

FORGIVEN = 6.0
"""A second of a flag is forgotten after so many without it: a flag of more than a seventh of the time is brought up one day."""
SILENT_PERIODS = 3.0
"""Where no rule of timeliness says otherwise, a source is silent after so many periods."""


@dataclass(frozen=True)
class Latest:
    """Frames of some sources as live state holds them; `rows` are rows of the block."""

    rows: Int64Array
    values: Float64Array
    quality: UInt8Array
    observed_ms: Int64Array
    received_ms: Int64Array


@dataclass(frozen=True)
class Look:
    """What one look found: the rows of the block, which of them have a new frame, the frames with their past, and the verdict."""

    rows: Int64Array
    fresh: BoolArray
    frames: Rows
    assessed: Assessed


@dataclass
class Watch:
    """The sources of one schema and their past; arrays have one row a source, by rising source_id. Mutable.

    Attributes
    ----------
    schema, source_ids, period_ms
        Who they are.
    checks
        The rules that look at them.
    seen_ms
        Time of the last frame that was looked at; `NEVER` before the first.
    last, since_ms, repeats, seen
        Its values and their past, as in `Rows`.
    before, before_ms
        The frame before it.
    silent
        Whether nothing has come for too long.
    score, worst
        Of the last look; NaN and `NOT_EVALUATED` before the first.
    flags, by
        Of each value, as in `Assessed`.
    flagged_s, brought_up
        For how long each value has been flagged of late (`note`), and whether it has been brought up for that.
    """

    schema: FrameSchema
    source_ids: Int32Array
    period_ms: Int64Array
    checks: tuple[Check, ...]
    seen_ms: Int64Array
    last: Float64Array
    since_ms: Int64Array
    repeats: Int32Array
    seen: BoolArray
    before: Float64Array
    before_ms: Int64Array
    silent: BoolArray
    score: Float64Array
    worst: UInt8Array
    checked: Int64Array
    flags: UInt8Array
    by: UInt8Array
    quality: UInt8Array
    received_ms: Int64Array
    flagged_s: Float32Array
    brought_up: BoolArray
    near: dict[int, Float64Array] = field(default_factory=dict)
    balances: dict[str, Float64Array] = field(default_factory=dict)

    # ------------------------------------------------------------ looking

    def due(self, observed_ms: Int64Array, received_ms: Int64Array, *, now_ms: int) -> Int64Array:
        """Return the rows that have a new frame, have fallen silent or come back. Cost: 1 us for 1,000 sources."""
        silent = overdue_ms(received_ms, self.period_ms, now_ms=now_ms, periods=self.patience) > 0
        return np.flatnonzero((observed_ms != self.seen_ms) | (silent != self.silent))

    @property
    def patience(self) -> float:
        """Periods after which a source is silent: the least that a rule of timeliness of the schema says."""
        asked = [check.rule.number("periods") for check in self.checks if check.rule.kind == "timeliness"]
        return min((periods for periods in asked if periods is not None), default=SILENT_PERIODS)

    def look(self, latest: Latest, *, now_ms: int) -> Look:
        """Take frames in and assess them."""
        at = latest.rows
        fresh = latest.observed_ms != self.seen_ms[at]
        self._remember(latest, fresh)
        overdue = overdue_ms(latest.received_ms, self.period_ms[at], now_ms=now_ms, periods=self.patience)
        self.silent[at] = overdue > 0
        frames = self.rows(at, overdue)
        assessed = assess(frames, self.checks)
        self.score[at], self.worst[at], self.checked[at] = assessed.score, assessed.worst, assessed.checked
        self.flags[at], self.by[at] = assessed.flags, assessed.by
        return Look(at, fresh, frames, assessed)

    def _remember(self, latest: Latest, fresh: BoolArray) -> None:
        at, values = latest.rows[fresh], latest.values[fresh]
        known = (self.seen_ms[at] != NEVER)[:, None]
        last = self.last[at]
        same = known & ((values == last) | (np.isnan(values) & np.isnan(last)))
        self.before[at] = np.where(bad_values(self.quality[at]), np.nan, last)
        self.before_ms[at] = self.seen_ms[at]
        self.since_ms[at] = np.where(same, self.since_ms[at], latest.observed_ms[fresh][:, None])
        self.repeats[at] = np.where(same.all(axis=1), self.repeats[at] + 1, 0)
        self.seen[at] |= ~np.isnan(values)
        self.last[at], self.seen_ms[at] = values, latest.observed_ms[fresh]
        self.quality[at], self.received_ms[at] = latest.quality[fresh], latest.received_ms[fresh]

    def rows(self, at: Int64Array, overdue: Int64Array) -> Rows:
        """Return the last frames of some sources with their past."""
        return Rows(
            self.last[at],
            self.quality[at],
            self.seen_ms[at],
            self.received_ms[at],
            self.period_ms[at],
            self.before[at],
            self.before_ms[at],
            self.since_ms[at],
            self.repeats[at],
            self.seen[at],
            overdue,
            {column: median[at] for column, median in self.near.items()},
            {code: figures[at] for code, figures in self.balances.items()},
        )

    def flags_all(self, *, now_ms: int) -> Assessed:
        """Assess the last frame of every source, and keep the verdict: what a change of rules costs.

        Nothing is copied but what the rules write. Cost: 30 ms for 1.45 million values (docs/quality.md).
        """
        overdue = overdue_ms(self.received_ms, self.period_ms, now_ms=now_ms, periods=self.patience)
        self.silent[:] = overdue > 0
        assessed = assess(self._all(overdue), self.checks)
        heard = self.seen_ms != NEVER
        self.score, self.worst = assessed.score.copy(), assessed.worst
        self.checked, self.flags, self.by = assessed.checked.copy(), assessed.flags, assessed.by
        if not heard.all():
            self.score[~heard], self.checked[~heard] = np.nan, 0
            self.by = np.where(heard[:, None], assessed.by, np.uint8(NO_RULE))
        return assessed

    def _all(self, overdue: Int64Array) -> Rows:
        return Rows(
            self.last,
            self.quality,
            self.seen_ms,
            self.received_ms,
            self.period_ms,
            self.before,
            self.before_ms,
            self.since_ms,
            self.repeats,
            self.seen,
            overdue,
            self.near,
            self.balances,
        )

    # ------------------------------------------------------------ flags that last

    def note(self, elapsed_s: float) -> None:
        """Count for how long values have been flagged: up while they are, down `FORGIVEN` times slower while they are not.

        Cost: 2 ms for 1.1 million values.
        """
        flagged = self.by != NO_RULE
        self.flagged_s += np.where(flagged, np.float32(elapsed_s), np.float32(-elapsed_s / FORGIVEN))
        np.maximum(self.flagged_s, 0.0, out=self.flagged_s)
        self.brought_up &= self.flagged_s > 0.0

    def ripe(self, after_s: float) -> tuple[Int64Array, Int64Array]:
        """Return rows and columns of the values that are flagged, have been for `after_s`, and were not brought up for it yet."""
        rows, columns = np.nonzero((self.by != NO_RULE) & (self.flagged_s >= after_s) & ~self.brought_up)
        return rows, columns

    # ------------------------------------------------------------ rules and sources that change

    def with_rules(self, rules: Sequence[QualityRule]) -> None:
        """Take other rules; every frame is looked at again by `again`."""
        self.checks = make_checks(self.schema, rules)

    def again(self, *, now_ms: int) -> Look:
        """Assess every source that was ever heard once more."""
        at = np.flatnonzero(self.seen_ms != NEVER)
        return self.look(
            Latest(at, self.last[at], self.quality[at], self.seen_ms[at], self.received_ms[at]),
            now_ms=now_ms,
        )

    def taken_over(self, other: Watch) -> None:
        """Take the past of the sources that another watch has followed, when live state was loaded again."""
        if not len(other.source_ids) or other.schema.points != self.schema.points:
            return
        rows = np.minimum(np.searchsorted(other.source_ids, self.source_ids), len(other.source_ids) - 1)
        mine = np.flatnonzero(other.source_ids[rows] == self.source_ids)
        for name in ("seen_ms", "last", "since_ms", "repeats", "seen", "before", "before_ms", "silent", "score", "worst"):
            getattr(self, name)[mine] = getattr(other, name)[rows[mine]]
        for name in ("checked", "flags", "by", "quality", "received_ms", "flagged_s", "brought_up"):
            getattr(self, name)[mine] = getattr(other, name)[rows[mine]]


def make_watch(schema: FrameSchema, source_ids: Int32Array, period_ms: Int64Array, rules: Sequence[QualityRule]) -> Watch:
    """Return a watch that has seen nothing.

    What rules look at by points (`last`, `since_ms`, `before`) lies in memory point by point: a rule of two points of eight reads
    a quarter of it.
    """
    count, points = len(source_ids), len(schema.points)
    return Watch(
        schema=schema,
        source_ids=source_ids,
        period_ms=period_ms,
        checks=make_checks(schema, rules),
        seen_ms=np.full(count, NEVER, np.int64),
        last=np.full((count, points), np.nan, order="F"),
        since_ms=np.full((count, points), NEVER, np.int64, order="F"),
        repeats=np.zeros(count, np.int32),
        seen=np.zeros((count, points), np.bool_),
        before=np.full((count, points), np.nan, order="F"),
        before_ms=np.full(count, NEVER, np.int64),
        silent=np.zeros(count, np.bool_),
        score=np.full(count, np.nan),
        worst=np.full(count, Quality.NOT_EVALUATED, np.uint8),
        checked=np.zeros(count, np.int64),
        flags=np.full((count, points), Quality.MISSING, np.uint8),
        by=np.zeros((count, points), np.uint8),
        quality=np.full((count, points), Quality.MISSING, np.uint8),
        received_ms=np.full(count, NEVER, np.int64),
        flagged_s=np.zeros((count, points), np.float32),
        brought_up=np.zeros((count, points), np.bool_),
    )


# ---------------------------------------------------------------- neighbours


def neighbour_points(rules: Sequence[QualityRule]) -> Mapping[str, int]:
    """Return the points that rules compare between neighbours, with how many sources a median needs."""
    found: dict[str, int] = {}
    for rule in rules:
        if rule.kind == "neighbour" and rule.enabled:
            for point in rule.points:
                found[point] = min(found.get(point, 1000), int(rule.number("least") or 3))
    return found


def medians(values: Float64Array, groups: Int64Array, *, least: int) -> Float64Array:
    """Return for each value the median of its group; of all where the group has fewer than `least`, NaN where even those are few.

    Parameters
    ----------
    values
        NaN = does not count, shape (n,).
    groups
        Shape (n,).

    Notes
    -----
    Costs one sort: 20 ms for 250,000 values.
    """
    counts = np.flatnonzero(~np.isnan(values))
    if len(counts) < least:
        return np.full(len(values), np.nan)
    order = counts[np.lexsort((values[counts], groups[counts]))]
    names, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    middle = starts + sizes // 2
    median = np.where(sizes % 2, values[order[middle]], 0.5 * (values[order[middle - 1]] + values[order[middle]]))
    overall = float(np.median(values[counts]))
    median = np.where(sizes >= least, median, overall)
    places = np.minimum(np.searchsorted(names, groups), len(names) - 1)
    found: Float64Array = np.where(names[places] == groups, median[places], overall)
    return found


def compare_neighbours(
    watches: Sequence[Watch], areas: Sequence[Int64Array], rules: Sequence[QualityRule], *, now_ms: int
) -> None:
    """Bring the medians of the neighbours up to date.

    Parameters
    ----------
    areas
        District of each source of each watch; 0 = none.
    now_ms
        Sources that are silent do not count.
    """
    for name, least in neighbour_points(rules).items():
        columns = [watch.schema.column(name) for watch in watches]
        having = [number for number, column in enumerate(columns) if column is not None]
        if not having:
            continue
        values = [_fresh(watches[number], columns[number] or 0, now_ms) for number in having]
        groups = np.concatenate([areas[number] for number in having])
        found = medians(np.concatenate(values), groups, least=least)
        for number, part in zip(having, np.split(found, np.cumsum([len(one) for one in values])[:-1]), strict=True):
            watches[number].near[columns[number] or 0] = part


def _fresh(watch: Watch, column: int, now_ms: int) -> Float64Array:
    counts = (watch.quality[:, column] < Quality.SUSPECT) & (now_ms - watch.received_ms <= SILENT_PERIODS * watch.period_ms)
    return np.where(counts, watch.last[:, column], np.nan)
