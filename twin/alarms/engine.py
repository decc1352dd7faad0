"""Rules evaluated on whole arrays: what a frame alone decides, and what only the clock can.

`evaluate` is the first: a rule of one condition without delay changes with the frame that crosses its limit. `decide` is the
second: it looks at the latest values of all sources of a block at once, keeps for each how long it has been on the other side,
and changes those whose delay is over. Bad data neither raises nor clears: it leaves timers as they are, and none is up while
the value at hand is bad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.alarms.rules import Condition, ThresholdRule
from twin.arrays import BoolArray, Float64Array, Int64Array, UInt8Array
from twin.quality import may_raise_alarm

IDLE: Final = -1
"""Of a timer that does not run."""
MAX_STEP_MS: Final = 5_000
"""What one look at the clock may add to the steady time."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Which alarms a row of values raises and clears, as masks over the values."""

    raised: BoolArray
    cleared: BoolArray


@dataclass(frozen=True, slots=True)
class Looked:
    """What a rule says of each source: met (all conditions beyond), over (one of them back), and whether data allows to judge."""

    met: BoolArray
    over: BoolArray
    counts: BoolArray


@dataclass
class SteadyClock:
    """Milliseconds that only go on. A wall clock that jumps back adds nothing, one that jumps ahead at most `MAX_STEP_MS`.

    Delays are measured by it, so that a clock set right by an hour neither raises ten thousand alarms nor loses one.
    """

    steady_ms: int = 0
    _last_ms: int | None = None

    def at(self, now_ms: int) -> int:
        """Return the steady time of a look at the wall clock."""
        if self._last_ms is not None:
            self.steady_ms += min(max(now_ms - self._last_ms, 0), MAX_STEP_MS)
        self._last_ms = now_ms
        return self.steady_ms


def evaluate(
    rule: ThresholdRule, values: Float64Array, quality: UInt8Array, active: BoolArray, limits: Float64Array | None = None
) -> Changes:
    """Find the changes that new values bring by the first condition of a rule alone, at once.

    Parameters
    ----------
    rule
        The rule.
    values, quality
        One value and flag per source.
    active
        Whether the alarm of each source is open now.
    limits
        Limit of each source in place of the rule's own; NaN = not watched.
    """
    looked = look(rule.conditions[0], values, may_raise_alarm(quality), limits)
    return Changes(raised=looked.counts & looked.met & ~active, cleared=looked.counts & looked.over & active)


def look(condition: Condition, values: Float64Array, good: BoolArray, limits: Float64Array | None = None) -> Looked:
    """Hold values against one condition; missing values (NaN) cannot be judged.

    `limits`: limit of each source in place of the condition's own; where it is NaN the condition is over.
    """
    counts = good & ~np.isnan(values)
    limit = np.float64(condition.limit) if limits is None else limits
    if condition.above is not None:
        met, over = values > limit, values <= limit - condition.deadband
    else:
        met, over = values < limit, values >= limit + condition.deadband
    return Looked(met, over | np.isnan(limit), counts)


def both(first: Looked, second: Looked) -> Looked:
    """Join two conditions: met when both are, over as soon as one is. One that cannot be judged cannot stop the other's end."""
    over = (first.over & first.counts) | (second.over & second.counts)
    counts = (first.counts & second.counts) | over
    return Looked(first.met & second.met & ~over, over, counts)


def decide(
    rule: ThresholdRule, looked: Looked, in_force: BoolArray, active: BoolArray, since_ms: Int64Array, *, steady_ms: int
) -> tuple[Changes, Int64Array]:
    """Let the clock decide: which alarms open and close now, and since when the others have been on the other side.

    Parameters
    ----------
    looked
        What the latest values say.
    in_force
        Where the rule is in force; elsewhere its alarms close (after their delay) and none opens.
    active, since_ms
        Open alarms, and the steady time since which each source has been on the other side; `IDLE` = it is not.
    steady_ms
        Now, by a `SteadyClock`.

    Returns
    -------
    Changes, and the timers after them.
    """
    over, counts = looked.over | ~in_force, looked.counts | ~in_force
    toward = np.where(active, over, looked.met & in_force)
    begun = np.where(since_ms == IDLE, steady_ms, since_ms)
    since = np.where(counts, np.where(toward, begun, IDLE), since_ms)
    delay_ms = np.where(active, rule.off_delay_s * 1000.0, rule.on_delay_s * 1000.0)
    up = counts & toward & (steady_ms - since >= delay_ms)
    return Changes(raised=up & ~active, cleared=up & active), np.where(up, IDLE, since)
