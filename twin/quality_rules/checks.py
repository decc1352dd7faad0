"""Rules made ready for one frame schema, and what they say of frames: flags, the reason of each, and a score.

A score is a hundred times the share of values that count: a suspect value costs half, a failed or missing one all of itself. Each
value costs once: by the most severe rule that flags it, of several by the first kind in `RULE_KINDS`. So the costs by
rule add up to what the score lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from twin.arrays import BoolArray, Float64Array, Int64Array, UInt8Array
from twin.points.model import FrameSchema
from twin.quality import Quality
from twin.quality_rules.model import RULE_KINDS, QualityRule
from twin.quality_rules.rows import NEVER, Rows, missing_share

INTAKE: Final = 255
"""Stands in `Assessed.by` for a flag that came with the value: of its sender, or of the range when it was stored."""
NO_RULE: Final = 0
MAX_CHECKS: Final = 254
_MINUTE_MS: Final = 60_000.0
_CHUNK_VALUES: Final = 131_072
"""Values looked at together: few enough for the processor's cache, enough to make numpy's own cost small."""
COST: Final[dict[int, float]] = {int(Quality.SUSPECT): 0.5, int(Quality.FAIL): 1.0, int(Quality.MISSING): 1.0}
# numpy asks a member of an enumeration six questions at each comparison
_FAIL, _MISSING, _SUSPECT = (np.uint8(flag) for flag in (Quality.FAIL, Quality.MISSING, Quality.SUSPECT))
_COSTS: Final = np.array([COST.get(flag, 0.0) for flag in range(10)])

Test: TypeAlias = Callable[[Rows], BoolArray]
"""Tells of each frame which of the check's columns are flagged: shape (n, columns), or (n, 1) for all of them alike."""


@dataclass(frozen=True, eq=False)
class Check:
    """A rule made ready for a schema: `test` flags `columns` (rising)."""

    rule: QualityRule
    columns: Int64Array
    test: Test

    def hits(self, rows: Rows) -> BoolArray:
        """Return which of its columns the rule flags in each frame, shape (n, columns)."""
        with np.errstate(all="ignore"):
            found = np.broadcast_to(self.test(rows), (len(rows), len(self.columns)))
        return found if self.finds_missing else found & (rows.quality[:, self.columns] != _MISSING)

    @property
    def finds_missing(self) -> bool:
        """Whether it flags values that are not there; no other rule does."""
        return self.rule.kind == "completeness"


@dataclass(frozen=True)
class Assessed:
    """What rules say of frames.

    Attributes
    ----------
    flags
        QARTOD flags with those of the rules, shape (n, points).
    by
        Place of the check that gave the flag, counted from 1; `NO_RULE`, or `INTAKE`. Shape (n, points).
    checked
        Values of each frame that count: those that are there, and those that should be. Shape (n,).
    score
        0 to 100, NaN where nothing counts. Shape (n,).
    """

    flags: UInt8Array
    by: UInt8Array
    checked: Int64Array
    score: Float64Array

    @property
    def worst(self) -> UInt8Array:
        """Worst flag of the values that count in each frame; `GOOD` where none is flagged."""
        worst = np.full(len(self.by), Quality.GOOD, np.uint8)
        places = np.flatnonzero(self.by != NO_RULE)  # few: a maximum along short rows takes ten times as long
        np.maximum.at(worst, places // max(self.by.shape[1], 1), self.flags.ravel()[places])
        return worst

    def costs(self) -> tuple[Int64Array, UInt8Array, Float64Array]:
        """Return of each flagged value its row, the check that flags it and what it costs."""
        rows, columns = np.nonzero(self.by)
        return rows, self.by[rows, columns], _COSTS[self.flags[rows, columns]]


def make_checks(schema: FrameSchema, rules: Sequence[QualityRule]) -> tuple[Check, ...]:
    """Return the enabled rules that look at a schema, in the order in which they explain a value."""
    found = []
    order = sorted(rules, key=lambda rule: (-rule.severity, RULE_KINDS.index(rule.kind), rule.code))
    for rule in order:
        columns = np.array(_fitting(rule, schema), np.int64)
        if rule.enabled and columns.size:
            found.append(Check(rule, columns, _MAKERS[rule.kind](rule, schema, columns)))
    return tuple(found[:MAX_CHECKS])


def _fitting(rule: QualityRule, schema: FrameSchema) -> Sequence[int]:
    columns = rule.columns(schema)
    if rule.kind == "completeness" and rule.parameters.get("mandatory"):
        return [column for column in columns if schema.points[column].mandatory]
    if rule.kind in ("flat", "unit", "sentinel"):  # registers stand still when nothing flows, and pass every number
        return [column for column in columns if schema.points[column].slot == "gauge"]
    if rule.kind == "boundary" and rule.number("low") is None and rule.number("high") is None:
        return [column for column in columns if np.isfinite(schema.low[column]) or np.isfinite(schema.high[column])]
    return columns


def assess(rows: Rows, checks: Sequence[Check]) -> Assessed:
    """Flag frames by checks. Cost: 50 ns a value by the shipped rules (docs/quality.md)."""
    count, points = rows.values.shape
    flags, by = rows.quality.copy(), np.zeros((count, points), np.uint8)
    present = np.zeros(count, np.int64)
    step = max(1, _CHUNK_VALUES // max(points, 1))
    with np.errstate(all="ignore"):
        for start in range(0, count, step):
            part = slice(start, start + step)
            _assess_part(rows.take(part), checks, flags[part], by[part])
            missing = rows.quality[part] == _MISSING
            present[part] = points - (np.count_nonzero(missing, axis=1) if missing.any() else 0)
    places = np.flatnonzero(by != NO_RULE)  # of a mask: of bytes it takes ten times as long
    at, flagged = places // max(points, 1), flags.ravel()[places]
    checked = present + np.bincount(at[flagged == _MISSING], minlength=count)
    lost = np.bincount(at, _COSTS[flagged], minlength=count)
    with np.errstate(all="ignore"):
        score = np.where(checked > 0, 100.0 * (1.0 - lost / checked), np.nan)
    return Assessed(flags, by, checked, score)


def _assess_part(rows: Rows, checks: Sequence[Check], flags: UInt8Array, by: UInt8Array) -> None:
    """Write flags and reasons of a few frames into `flags` and `by`."""
    for number, check in enumerate(checks, start=1):
        hits = check.test(rows)
        if not hits.any():
            continue
        at, places = _places(np.broadcast_to(hits, (len(rows), len(check.columns))))
        columns = check.columns[places]
        free = by[at, columns] == NO_RULE
        if not check.finds_missing:
            free &= rows.quality[at, columns] != _MISSING
        at, columns = at[free], columns[free]
        by[at, columns] = number
        missing = rows.quality[at, columns] == _MISSING
        flag = np.maximum(rows.quality[at, columns], np.uint8(check.rule.severity))
        flags[at, columns] = np.where(missing, _MISSING, flag)
    # 3 and 4 by one comparison: smaller numbers wrap round
    told = rows.quality - _SUSPECT <= _FAIL - _SUSPECT
    if told.any():
        by[told & (by == NO_RULE)] = INTAKE


def _places(mask: BoolArray) -> tuple[Int64Array, Int64Array]:
    """Return rows and columns of the few that are true; a third of the time of `numpy.nonzero`."""
    flat = np.flatnonzero(mask)
    return np.divmod(flat, mask.shape[1])


# ---------------------------------------------------------------- kinds of rules


def _picked(columns: Int64Array, points: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return what takes columns out of (n, points); those that lie side by side without a copy."""
    if len(columns) == points:
        return lambda array: array
    first, last = int(columns[0]), int(columns[-1])
    if last - first + 1 == len(columns):
        return lambda array: array[:, first : last + 1]
    return lambda array: array.take(columns, axis=1)


def _sentinel(rule: QualityRule, schema: FrameSchema, columns: Int64Array) -> Test:
    pick, numbers = _picked(columns, len(schema.points)), rule.numbers("values")
    shown = np.array(numbers, np.float32).astype(np.float64)  # as a 32-bit gauge keeps it
    low, high = schema.low[columns], schema.high[columns]
    inside = [
        (place, column, [number for number in shown.tolist() if low[place] <= number <= high[place]])
        for place, column in enumerate(columns.tolist())
    ]

    def test(rows: Rows) -> BoolArray:
        values, failed = pick(rows.values), pick(rows.failed)
        found = np.zeros(values.shape, np.bool_)
        if failed.any():  # what lies outside the range was flagged when it came
            at = _places(failed)
            found[at] = np.isin(values[at], shown)
        for place, column, possible in inside:
            for number in possible:
                equal = rows.values[:, column] == number
                if equal.any():
                    found[:, place] |= equal
        return np.asarray(found, np.bool_)

    return test


def _unit(rule: QualityRule, schema: FrameSchema, columns: Int64Array) -> Test:
    pick, low, high = _picked(columns, len(schema.points)), schema.low[columns], schema.high[columns]
    factors, offsets = rule.numbers("factors"), rule.numbers("offsets")

    def test(rows: Rows) -> BoolArray:
        failed = pick(rows.failed)
        found = np.zeros(failed.shape, np.bool_)
        if failed.any():  # what lies outside the range was flagged when it came
            at = _places(failed)
            values, least, most = pick(rows.values)[at], low[at[1]], high[at[1]]
            fits = np.zeros(values.shape, np.bool_)
            for changed in (*(values * factor for factor in factors), *(values + offset for offset in offsets)):
                fits |= (changed >= least) & (changed <= most)
            found[at] = fits & ((values < least) | (values > most))
        return np.asarray(found, np.bool_)

    return test


def _format(rule: QualityRule, _schema: FrameSchema, columns: Int64Array) -> Test:
    places, allowed, whole = columns.tolist(), rule.numbers("allowed"), bool(rule.parameters.get("whole"))

    def test(rows: Rows) -> BoolArray:
        wrong = np.zeros((len(rows), len(places)), np.bool_)
        for place, column in enumerate(places):
            values = rows.values[:, column]
            strange = values != np.rint(values) if whole else np.zeros(len(rows), np.bool_)
            if allowed:
                strange |= ~np.isin(values, allowed)
            if strange.any():
                wrong[:, place] = strange & ~np.isnan(values)
        return wrong

    return test


def _boundary(rule: QualityRule, schema: FrameSchema, columns: Int64Array) -> Test:
    pick, low, high = _picked(columns, len(schema.points)), rule.number("low"), rule.number("high")
    own = low is not None or high is not None
    lows = np.full(len(columns), -np.inf if low is None else low) if own else schema.low[columns]
    highs = np.full(len(columns), np.inf if high is None else high) if own else schema.high[columns]

    def test(rows: Rows) -> BoolArray:
        values = pick(rows.values)
        return np.asarray((values < lows) | (values > highs))

    def flagged(rows: Rows) -> BoolArray:
        # what lies outside the schema's range was flagged when it came: only those need a look
        failed = pick(rows.failed)
        if not failed.any():
            return np.asarray(failed)
        at, found = _places(failed), np.zeros(failed.shape, np.bool_)
        values = pick(rows.values)[at]
        found[at] = (values < lows[at[1]]) | (values > highs[at[1]])
        return found

    return test if own else flagged


def _completeness(rule: QualityRule, schema: FrameSchema, columns: Int64Array) -> Test:
    pick, mandatory = _picked(columns, len(schema.points)), bool(rule.parameters.get("mandatory"))

    def test(rows: Rows) -> BoolArray:
        missing = pick(rows.quality) == _MISSING
        return np.asarray(missing if mandatory or not missing.any() else missing & pick(rows.seen), np.bool_)

    return test


def _duplicate(rule: QualityRule, _schema: FrameSchema, _columns: Int64Array) -> Test:
    frames = rule.number("frames") or 2.0
    return lambda rows: (rows.repeats + 1 >= frames)[:, None]


def _flat(rule: QualityRule, schema: FrameSchema, columns: Int64Array) -> Test:
    pick, zero = _picked(columns, len(schema.points)), bool(rule.parameters.get("zero"))
    longest_ms = (rule.number("minutes") or 0.0) * _MINUTE_MS

    def test(rows: Rows) -> BoolArray:
        long_ago = rows.observed_ms - longest_ms
        still = pick(rows.since_ms) <= long_ago[:, None]
        if not still.any():
            return still
        values = pick(rows.values)
        return np.asarray(still & ~np.isnan(values) & (zero | (values != 0.0)))

    return test


def _jump(rule: QualityRule, _schema: FrameSchema, columns: Int64Array) -> Test:
    rise, fall = rule.number("rise_per_min"), rule.number("fall_per_min")
    places = columns.tolist()

    def test(rows: Rows) -> BoolArray:
        found = np.zeros((len(rows), len(places)), np.bool_)
        for place, column in enumerate(places):
            change = rows.values[:, column] - rows.before[:, column]
            # a value that came a second later may differ by as much as after a minute: instruments do not report evenly.
            # So few can have jumped, and of those alone the time between is looked at
            steep = np.zeros(len(rows), np.bool_) if rise is None else change > rise
            at = np.flatnonzero(steep if fall is None else steep | (change < -fall))
            if at.size:
                minutes = np.maximum((rows.observed_ms[at] - rows.before_ms[at]) / _MINUTE_MS, 1.0)
                up = np.zeros(at.size, np.bool_) if rise is None else change[at] > rise * minutes
                found[at, place] = up if fall is None else up | (change[at] < -fall * minutes)
        return found

    return test


def _related(rule: QualityRule, schema: FrameSchema, _columns: Int64Array) -> Test:
    expression = rule.expression
    assert expression is not None  # a rule of this kind has one
    places = {name: schema.column(name) for name in expression.names}

    def test(rows: Rows) -> BoolArray:
        return expression.broken({name: rows.values[:, place] for name, place in places.items()})[:, None]

    return test


def _neighbour(rule: QualityRule, _schema: FrameSchema, columns: Int64Array) -> Test:
    difference = rule.number("difference") or 0.0

    def test(rows: Rows) -> BoolArray:
        nothing = np.full(len(rows), np.nan)
        near = np.stack([rows.near.get(int(column), nothing) for column in columns], axis=1)
        return np.asarray(np.abs(rows.values[:, columns] - near) > difference)

    return test


def _balance(rule: QualityRule, _schema: FrameSchema, _columns: Int64Array) -> Test:
    loss, gain = rule.number("loss") or 0.0, rule.number("gain") or 0.0

    def test(rows: Rows) -> BoolArray:
        figures = rows.balances.get(rule.code)
        if figures is None:
            return np.zeros((len(rows), 1), np.bool_)
        share = missing_share(figures)
        return np.asarray((share > loss) | (share < -gain))[:, None]

    return test


def _timeliness(rule: QualityRule, _schema: FrameSchema, _columns: Int64Array) -> Test:
    periods, ahead_s = rule.number("periods"), rule.number("ahead_s")

    def test(rows: Rows) -> BoolArray:
        late = np.zeros(len(rows), np.bool_)
        if not len(rows):
            return late[:, None]
        # the longest and the shortest delay tell of most frames that none is late
        delay_ms = rows.received_ms - rows.observed_ms
        if periods is not None and delay_ms.max() > periods * rows.period_ms.min():
            late |= (rows.received_ms != NEVER) & (delay_ms > periods * rows.period_ms)
        if ahead_s is not None and delay_ms.min() < -1000.0 * ahead_s:
            late |= (rows.received_ms != NEVER) & (delay_ms < -1000.0 * ahead_s)
        if periods is not None and rows.overdue_ms.any():
            late |= rows.overdue_ms > periods * rows.period_ms
        return late[:, None]

    return test


_MAKERS: Final[dict[str, Callable[[QualityRule, FrameSchema, Int64Array], Test]]] = {
    "sentinel": _sentinel,
    "unit": _unit,
    "format": _format,
    "boundary": _boundary,
    "completeness": _completeness,
    "duplicate": _duplicate,
    "flat": _flat,
    "jump": _jump,
    "related": _related,
    "neighbour": _neighbour,
    "balance": _balance,
    "timeliness": _timeliness,
}
