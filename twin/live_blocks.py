"""Latest frames of the sources of one schema, as arrays, and the alarms that frames open and close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from twin.alarms.engine import IDLE, Changes, Looked, both, decide, evaluate, look
from twin.alarms.rules import SILENCE, Condition, Limits, ThresholdRule
from twin.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.points.model import FrameSchema
from twin.quality import Quality, may_raise_alarm
from twin.readings import Batch, Source

_MAX_RISE_H = 2.0
"""Two frames further apart say nothing of the rise of a register now."""
_SPARSEST = 8
"""Numbers for each source of a block up to which a table tells its row."""
NEVER = -1
"""Time of the last frame of a source that was never heard."""
Rows: TypeAlias = "Int64Array | slice"
"""Rows of a block; `EVERY` = all of them, without a copy."""
EVERY = slice(None)


@dataclass
class SourceBlock:
    """Latest frames of all sources of one schema; arrays have one row a source, by rising source_id.

    Attributes
    ----------
    sources, source_ids, asset_rows, period_ms
        Who they are; `asset_rows` are rows of the city's assets.
    observed_ms, received_ms
        Of the latest frame; `NEVER` where there is none.
    values, quality
        Of the latest frame, shape (n, points). Gauges are as the store keeps them, 32-bit.
    worst
        Worst flag of the latest frame.
    late
        Whether it was overdue when last looked at.
    touched
        Whether frame or alarms have changed since last looked at.
    rules, active
        The rules that watch this schema, and which of their alarms are open, shape (rules, n).
    quiet
        Which open alarms are shelved or out of service, same shape.
    since_ms
        Steady time since which a value is on the other side, same shape; `IDLE` = it is not.
    heard_ms, fresh
        Steady time at which a source was heard last, and whether this process has heard it itself.
    rises
        Rise per hour of the registers that rules look at, by column, between the two latest frames; NaN = not known.
    upstream
        Whether a healthy heat source feeds the asset of each source, as far as the network says.
    given_limits, limits
        Limits of single sources as given, and as arrays over the sources by place of rule and condition.
    at_once
        Which rules a frame alone decides, shape (rules,).
    score, flagged
        Quality score of the latest frame (NaN = not judged), and the worst flag that rules of data quality give it.
    """

    sources: Sequence[Source]
    source_ids: Int32Array
    asset_rows: Int64Array
    period_ms: Int64Array
    observed_ms: Int64Array
    received_ms: Int64Array
    values: Float64Array
    quality: UInt8Array
    worst: UInt8Array
    late: BoolArray
    touched: BoolArray
    rules: tuple[ThresholdRule, ...]
    active: BoolArray
    quiet: BoolArray
    since_ms: Int64Array
    heard_ms: Int64Array
    fresh: BoolArray
    rises: dict[int, Float64Array]
    upstream: BoolArray
    given_limits: Limits
    limits: dict[tuple[int, int], Float64Array]
    score: Float64Array
    flagged: UInt8Array
    at_once: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))

    def judge(self, rows: Int64Array, score: Float64Array, flagged: UInt8Array) -> None:
        """Note what the rules of data quality say of the latest frames of some sources."""
        before = self.score[rows]
        same = ((score == before) | (np.isnan(score) & np.isnan(before))) & (flagged == self.flagged[rows])
        self.touched[rows[~same]] = True
        self.score[rows], self.flagged[rows] = score, flagged

    def rows_of(self, source_ids: Int32Array) -> Int64Array:
        """Return the row of each source; -1 for those that are not here."""
        table = self._places
        if table is not None:
            at = source_ids.astype(np.int64) - (int(self.source_ids[0]) - 1)
            found: Int64Array = table[np.clip(at, 0, len(table) - 1)]
            return found
        rows = np.minimum(np.searchsorted(self.source_ids, source_ids), len(self.source_ids) - 1)
        return np.where(self.source_ids[rows] == source_ids, rows, -1)

    @cached_property
    def _places(self) -> Int64Array | None:
        """Row of each number from just before the first source to just after the last; None = they lie too far apart.

        A search for each frame was a fifth of what it costs to plan and apply it.
        """
        first, last = int(self.source_ids[0]), int(self.source_ids[-1])
        if last - first >= _SPARSEST * len(self.source_ids):
            return None
        table = np.full(last - first + 3, -1, np.int64)
        table[self.source_ids.astype(np.int64) - (first - 1)] = np.arange(len(self.source_ids))
        return table

    def column(self, names: Sequence[str]) -> int | None:
        """Return the column of the first of these points that the schema has."""
        columns = (self.sources[0].schema.column(name) for name in names)
        return next((column for column in columns if column is not None), None)

    def put(self, rows: Int64Array, frames: LatestFrames, *, steady_ms: int = 0, fresh: bool = False) -> None:
        """Make frames the latest of the sources in `rows`.

        Parameters
        ----------
        steady_ms
            Now, by the steady clock.
        fresh
            They come from the line now; else they are put back out of the store.
        """
        for column, rises in self.rises.items():
            rises[rows] = self._rise(rows, frames, column)
        self.heard_ms[rows], self.fresh[rows] = steady_ms, fresh
        self.observed_ms[rows], self.received_ms[rows] = frames.observed_ms, frames.received_ms
        self.values[rows], self.quality[rows] = frames.values, frames.quality
        self.worst[rows] = frames.quality.max(axis=1, initial=0)
        self.touched[rows] = True

    def _rise(self, rows: Int64Array, frames: LatestFrames, column: int) -> Float64Array:
        """Return what a register rises per hour from the frames at hand to these; NaN where either is missing or bad."""
        hours = (frames.observed_ms - self.observed_ms[rows]) / 3_600_000
        good = may_raise_alarm(frames.quality[:, column]) & may_raise_alarm(self.quality[rows, column])
        good &= (self.observed_ms[rows] != NEVER) & (hours > 0) & (hours <= _MAX_RISE_H)
        rise = frames.values[:, column] - self.values[rows, column]
        # a register that runs backwards was changed or reset: nothing flowed back
        good &= rise >= 0
        per_h: Float64Array = np.divide(rise, hours, out=np.full(len(rows), np.nan), where=good)
        return per_h

    # ------------------------------------------------------------ alarms on the clock

    def set_rules(self, rules: Sequence[ThresholdRule], limits: Limits) -> None:
        """Take these rules and limits of single sources instead; `LiveCity.set_alarms` puts the open alarms back.

        What is known of rules that stay as they are goes on: timers, open alarms, the rise of registers.
        """
        schema, count = self.sources[0].schema, len(self.sources)
        before = {rule: place for place, rule in enumerate(self.rules)}
        known, state = self.limits, (self.active, self.quiet, self.since_ms)
        self.rules = rules_of(schema, rules)
        shape = len(self.rules), count
        self.active, self.quiet = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        self.since_ms = np.full(shape, IDLE, np.int64)
        self.given_limits, self.limits = limits, self._limits(limits)
        for place, rule in enumerate(self.rules):
            old = before.get(rule)
            if old is not None and _same_limits(rule, known, old, self.limits, place):
                self.active[place], self.quiet[place], self.since_ms[place] = (array[old] for array in state)
        registers = {schema.column(each.point) for rule in self.rules for each in rule.conditions if each.per_h}
        rises = self.rises
        self.rises = {column: rises.get(column, np.full(count, np.nan)) for column in registers if column is not None}
        self.at_once = np.array([rule.at_once for rule in self.rules], np.bool_)
        self.touched[:] = True

    def _limits(self, given: Limits) -> dict[tuple[int, int], Float64Array]:
        found = {}
        for place, rule in enumerate(self.rules):
            for part, condition in enumerate(rule.conditions):
                own = given.get((rule.rule_id, part), {})
                by_device = rule.by_device and part == 0
                if not own and not by_device:
                    continue
                array = np.full(len(self.sources), np.nan if by_device else condition.limit)
                rows = self.rows_of(np.fromiter(own, np.int32, len(own)))
                array[rows[rows >= 0]] = np.fromiter(own.values(), np.float64, len(own))[rows >= 0]
                found[place, part] = array
        return found

    def limit_of(self, place: int, row: int) -> float:
        """Return the limit that the first condition of a rule has for a source."""
        own = self.limits.get((place, 0))
        return self.rules[place].limit if own is None else float(own[row])

    @property
    def frames_decide(self) -> bool:
        """Whether any rule is decided by a frame alone, so that every frame of a batch must be looked at."""
        return bool(self.at_once.any())

    def stop_timers(self, rows: Int64Array, steady_ms: int) -> None:
        """Stop the timers of sources whose new value is on the side of their alarm's state: it was not there all the time.

        Cost: one look at the timers of `rows`; only sources whose timers run are held against their rules.
        """
        if not len(self.rules) or self.at_once.all():
            return
        running = (self.since_ms[:, rows] != IDLE) & ~self.at_once[:, None]
        for place in np.flatnonzero(running.any(axis=1)).tolist():
            timed = rows[running[place]]
            looked = self.look_at(place, steady_ms, timed)[0]
            toward = np.where(self.active[place, timed], looked.over, looked.met)
            self.since_ms[place, timed[looked.counts & ~toward]] = IDLE

    def look_at(self, place: int, steady_ms: int, rows: Rows = EVERY) -> tuple[Looked, Float64Array]:
        """Hold the latest values of sources against the rule at a place; returns the values of its first condition too."""
        first: tuple[Looked, Float64Array] | None = None
        for part, condition in enumerate(self.rules[place].conditions):
            own = self.limits.get((place, part))
            looked, values = self._look_one(condition, steady_ms, None if own is None else own[rows], rows)
            first = (looked, values) if first is None else (both(first[0], looked), first[1])
        assert first is not None  # a rule has a condition
        return first

    def _look_one(
        self, condition: Condition, steady_ms: int, limits: Float64Array | None, rows: Rows
    ) -> tuple[Looked, Float64Array]:
        heard = self.received_ms[rows] != NEVER
        if condition.point == SILENCE:
            values = (steady_ms - self.heard_ms[rows]) / 1000
            looked = look(condition, values, heard, limits)
            # a source that was put back out of the store is not heard again yet
            return Looked(looked.met, looked.over & self.fresh[rows], heard), values
        column = self.sources[0].schema.column(condition.point)
        assert column is not None  # rules_of
        good = heard & ~self.late[rows] & may_raise_alarm(self.quality[rows, column])
        values = self.rises[column][rows] if condition.per_h else self.values[rows, column]
        return look(condition, values, good, limits), values

    def decide(self, in_force: Sequence[bool], steady_ms: int, now_ms: int) -> Decision:
        """Let the clock decide on all rules: what opens and closes, and the timers after it. Nothing is changed here.

        Parameters
        ----------
        in_force
            Whether each rule is in force today.
        now_ms
            The wall clock, for the record.

        Cost: 6 numpy passes over the sources for each rule.
        """
        since, changes = self.since_ms.copy(), []
        for place, rule in enumerate(self.rules):
            looked, values = self.look_at(place, steady_ms)
            allowed = self.upstream & in_force[place] if rule.upstream_healthy else np.full(len(self.sources), in_force[place])
            found, since[place] = decide(rule, looked, allowed, self.active[place], self.since_ms[place], steady_ms=steady_ms)
            for row in np.flatnonzero(found.raised | found.cleared).tolist():
                raised = bool(found.raised[row])
                limit = self.limit_of(place, row)
                changes.append(AlarmChange(rule, self.sources[row], raised, float(values[row]), now_ms, limit))
        return Decision(since, tuple(changes))

    def heard(self) -> LatestFrames:
        """Return a copy of the latest frames of all sources that have one."""
        every = LatestFrames(self.source_ids, self.observed_ms, self.received_ms, self.values, self.quality)
        return every.take(np.flatnonzero(self.observed_ms != NEVER))

    def take_touched(self, now_ms: int, stale_periods: int) -> Int64Array:
        """Return the rows that have changed, or have fallen silent, since this was asked last."""
        late = (self.received_ms != NEVER) & (now_ms - self.received_ms > stale_periods * self.period_ms)
        rows = np.flatnonzero(self.touched | (late != self.late))
        self.late = late
        self.touched[rows] = False
        return rows


@dataclass(frozen=True, slots=True)
class LatestFrames:
    """Latest frames of sources of one schema, at most one a source; columns as in `SourceBlock`."""

    source_ids: Int32Array
    observed_ms: Int64Array
    received_ms: Int64Array
    values: Float64Array
    quality: UInt8Array

    def __len__(self) -> int:
        return len(self.source_ids)

    def take(self, rows: Int64Array) -> LatestFrames:
        """Return some of the frames."""
        return LatestFrames(
            self.source_ids[rows], self.observed_ms[rows], self.received_ms[rows], self.values[rows], self.quality[rows]
        )


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One alarm that opens or closes.

    Attributes
    ----------
    rule, source
        Which alarm.
    raised
        True = opens, False = closes.
    value
        The value that did it, in the point's unit.
    observed_ms
        When, by the device's clock.
    limit
        The limit that counted at this source.
    """

    rule: ThresholdRule
    source: Source
    raised: bool
    value: float
    observed_ms: int
    limit: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the clock decides for a block: timers of shape (rules, n), and the alarms that open and close."""

    since_ms: Int64Array
    changes: tuple[AlarmChange, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One round of frames that are newer than what is live, with the alarm changes they bring."""

    rows: Int64Array
    frames: Int64Array
    changes: tuple[AlarmChange, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """The alarms of the sources of one batch, followed from round to round.

    Attributes
    ----------
    members
        Rows of the sources.
    active
        Their open alarms, shape (rules, members); follows what is found.
    """

    block: SourceBlock
    batch: Batch
    members: Int64Array
    active: BoolArray

    def changes(self, places: Int64Array, frames: Int64Array) -> list[AlarmChange]:
        """Evaluate every rule that a frame alone decides on one round.

        Parameters
        ----------
        places
            Place of the source of each frame in `members`; no source comes twice.
        frames
            The frames of this round.
        """
        found = []
        for place in np.flatnonzero(self.block.at_once).tolist():
            rule, active = self.block.rules[place], self.active[place]
            column = self.batch.schema.column(rule.point)
            if column is None:
                continue
            values = self.batch.values[frames, column]
            rows = self.members[places]
            own = self.block.limits.get((place, 0))
            limits = None if own is None else own[rows]
            changes: Changes = evaluate(rule, values, self.batch.quality[frames, column], active[places], limits)
            opened = changes.raised & self.block.upstream[rows] if rule.upstream_healthy else changes.raised
            for i in np.flatnonzero(opened | changes.cleared).tolist():
                raised, row = bool(opened[i]), int(rows[i])
                active[places[i]] = raised
                seen_ms, limit = int(self.batch.observed_ms[frames[i]]), self.block.limit_of(place, row)
                found.append(AlarmChange(rule, self.block.sources[row], raised, float(values[i]), seen_ms, limit))
        return found


def newest_of_each(source_ids: Int32Array, observed_ms: Int64Array) -> Int64Array:
    """Return the place of the newest frame of each source, by rising source."""
    order: Int64Array = np.lexsort((observed_ms, source_ids))
    if not order.size:
        return order
    ordered = source_ids[order]
    newest: Int64Array = order[np.r_[ordered[1:] != ordered[:-1], True]]
    return newest


def rules_of(schema: FrameSchema, rules: Sequence[ThresholdRule]) -> tuple[ThresholdRule, ...]:
    """Return the rules that watch a schema and whose points it holds: an earlier version may lack some."""

    def held(condition: Condition) -> bool:
        return condition.point == SILENCE or schema.column(condition.point) is not None

    return tuple(rule for rule in rules if rule.schema_code == schema.code and all(map(held, rule.conditions)))


def _same_limits(
    rule: ThresholdRule,
    before: Mapping[tuple[int, int], Float64Array],
    old: int,
    after: Mapping[tuple[int, int], Float64Array],
    new: int,
) -> bool:
    """Tell whether a rule has the limits at single sources that it had; `old`, `new`: its place then and now."""
    nothing = np.zeros(0)
    return all(
        np.array_equal(before.get((old, part), nothing), after.get((new, part), nothing), equal_nan=True)
        for part in range(len(rule.conditions))
    )


def make_block(
    sources: Sequence[Source], asset_ids: Int64Array, rules: Sequence[ThresholdRule], limits: Limits | None = None
) -> SourceBlock:
    """Return the block of sources of one schema, none heard; `sources` by rising source_id."""
    schema, count = sources[0].schema, len(sources)
    none = np.zeros((0, count), np.bool_)
    block = SourceBlock(
        sources=sources,
        source_ids=np.array([source.source_id for source in sources], np.int32),
        asset_rows=np.searchsorted(asset_ids, [source.asset_id for source in sources]),
        period_ms=np.array([source.period_s * 1000 for source in sources], np.int64),
        observed_ms=np.full(count, NEVER, np.int64),
        received_ms=np.full(count, NEVER, np.int64),
        values=np.full((count, len(schema.points)), np.nan),
        quality=np.full((count, len(schema.points)), Quality.MISSING, np.uint8),
        worst=np.full(count, Quality.MISSING, np.uint8),
        late=np.zeros(count, np.bool_),
        touched=np.ones(count, np.bool_),
        rules=(),
        active=none,
        quiet=none,
        since_ms=np.full((0, count), IDLE, np.int64),
        heard_ms=np.zeros(count, np.int64),
        fresh=np.zeros(count, np.bool_),
        rises={},
        upstream=np.ones(count, np.bool_),
        given_limits={},
        limits={},
        score=np.full(count, np.nan),
        flagged=np.zeros(count, np.uint8),
    )
    block.set_rules(rules, limits or {})
    return block
