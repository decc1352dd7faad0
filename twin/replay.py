"""A past stretch of a city played again: stored frames and alarms become live once more, in the order in which they came.

The state at a time is made of the frames that had **arrived** by then, so a frame that was sent late is not known before it
was. Arrivals are stored in whole seconds after the time of the frame: between two of them a replay can be a second early.
Live state itself (`twin.live`) does the rest, so what a replay shows is what the server showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from twin import delta
from twin.arrays import Int64Array
from twin.frames import Frames
from twin.live import LatestFrames, LiveCity
from twin.live_blocks import SourceBlock, newest_of_each
from twin.quality import Quality
from twin.schemas import FrameSchema
from twin.scope import Scope

LATEST_MS = 86_400_000
"""A frame that came later than this after its time is not played: it was history when it came."""
AHEAD_MS = 60_000
"""How far clocks may run ahead of arrival: so much more is loaded than is played."""
_FRAME_BYTES, _POINT_BYTES = 24, 9
"""What one waiting frame takes: source and times, then value and flag of each point."""


@dataclass(frozen=True, slots=True)
class PastAlarm:
    """An alarm that was open at some time between two others.

    Attributes
    ----------
    rule_id, source_id
        Which alarm.
    raised_ms, cleared_ms
        By the device's clock, epoch milliseconds; `cleared_ms` None = still open.
    """

    rule_id: int
    source_id: int
    raised_ms: int
    cleared_ms: int | None


@dataclass(frozen=True, slots=True)
class PastMark:
    """Something that kept the alarms of a rule at a source from ringing, or ended it: a word of `MARKS`, and when."""

    rule_id: int
    source_id: int
    transition: str
    at_ms: int


_CLEARED, _RAISED = "cleared", "raised"
MARKS: Mapping[str, tuple[str, bool]] = {
    "shelved": ("shelf", True),
    "unshelved": ("shelf", False),
    "out_of_service": ("service", True),
    "in_service": ("service", False),
}
"""Words of the transition log that begin or end a mark, and which mark. A new alarm keeps them; suppressed ones stay red."""


@dataclass(frozen=True, slots=True, order=True)
class _Turn:
    """An alarm that opens or closes at a time, or is marked: `word` is of `MARKS`, or raised or cleared."""

    at_ms: int
    word: str
    rule_id: int
    source_id: int


@dataclass
class _Alarms:
    """Open alarms by rule and source, and the marks that keep them from ringing."""

    open: set[tuple[int, int]] = field(default_factory=set)
    marks: dict[tuple[int, int], set[str]] = field(default_factory=dict)

    def turn(self, turn: _Turn) -> None:
        """Take one turn in."""
        key = turn.rule_id, turn.source_id
        if turn.word == _CLEARED:
            self.open.discard(key)
        elif turn.word == _RAISED:
            self.open.add(key)
        else:
            mark, begins = MARKS[turn.word]
            marks = self.marks.setdefault(key, set())
            (marks.add if begins else marks.discard)(mark)

    def listed(self) -> list[tuple[int, int, bool]]:
        """Return what `LiveCity.set_alarms` takes."""
        return [(*key, bool(self.marks.get(key))) for key in sorted(self.open)]


@dataclass
class Replay:
    """A past stretch of one city. Mutable; only its owner changes it.

    Attributes
    ----------
    city
        Its state at `at_ms`; nobody else may change it.
    at_ms
        How far it is, epoch milliseconds.
    loaded_ms
        Up to when frames and alarms were handed over.
    """

    city: LiveCity
    at_ms: int
    loaded_ms: int
    _alarms: _Alarms = field(default_factory=_Alarms)
    _told_ms: dict[tuple[int, int], int] = field(default_factory=dict)
    _turns: list[_Turn] = field(default_factory=list)
    _waiting: dict[int, LatestFrames] = field(default_factory=dict)

    @property
    def playable_ms(self) -> int:
        """Up to when it can be played with what is loaded."""
        return self.loaded_ms - AHEAD_MS

    # ------------------------------------------------------------ what is handed over

    def begin(self, last: Iterable[Frames], alarms: Iterable[PastAlarm], marks: Iterable[PastMark]) -> None:
        """Take the last frames and the open alarms, with their marks, of the time before anything is played."""
        for schema_id, frames in self._of_blocks(last):
            self.city.restore(schema_id, frames)
        turns = [_Turn(mark.at_ms, mark.transition, mark.rule_id, mark.source_id) for mark in marks]
        turns += [_Turn(alarm.raised_ms, _RAISED, alarm.rule_id, alarm.source_id) for alarm in alarms]
        for turn in sorted(turn for turn in turns if turn.at_ms < self.at_ms):
            self._alarms.turn(turn)
        self._told_ms = {(turn.rule_id, turn.source_id): self.at_ms for turn in turns}
        self.city.set_alarms(self._alarms.listed())

    def load(
        self, frames: Sequence[Frames], alarms: Sequence[PastAlarm], marks: Sequence[PastMark] = (), *, until_ms: int
    ) -> None:
        """Take what was observed from `loaded_ms` up to (not with) `until_ms`; it is played when its time comes."""
        span = range(self.loaded_ms, until_ms)
        arrivals = _arrivals(frames, {alarm.source_id for alarm in alarms})
        for alarm in alarms:
            times = ((alarm.raised_ms, _RAISED), (alarm.cleared_ms, _CLEARED))
            for at_ms, word in times:
                if at_ms is not None and at_ms in span:
                    due_ms = arrivals.get((alarm.source_id, at_ms), at_ms)
                    self._turns.append(_Turn(due_ms, word, alarm.rule_id, alarm.source_id))
        for mark in marks:
            key = mark.rule_id, mark.source_id
            turn = _Turn(mark.at_ms, mark.transition, *key)
            if mark.at_ms in span:
                self._turns.append(turn)
            elif mark.at_ms >= self._told_ms.get(key, 0):
                # while it had no alarm nothing was handed over of it
                self._alarms.turn(turn)
        self._told_ms |= dict.fromkeys(((alarm.rule_id, alarm.source_id) for alarm in alarms), until_ms)
        self._turns.sort()
        for schema_id, part in self._of_blocks(frames):
            self._wait(schema_id, part)
        self.loaded_ms = until_ms

    def _wait(self, schema_id: int, frames: LatestFrames) -> None:
        """Put frames among those that wait, by arrival."""
        frames = frames.take(np.flatnonzero(frames.received_ms - frames.observed_ms <= LATEST_MS))
        waiting = self._waiting.get(schema_id)
        joined = frames if waiting is None or not len(waiting) else _joined(waiting, frames)
        self._waiting[schema_id] = joined.take(np.argsort(joined.received_ms, kind="stable"))

    def _of_blocks(self, frames: Iterable[Frames]) -> Iterable[tuple[int, LatestFrames]]:
        """Yield frames by the schema that their sources have now: a source may have moved to a newer one since."""
        for part in frames:
            for schema_id, block in self.city.blocks.items():
                mine = np.flatnonzero(block.rows_of(part.source_ids) >= 0)
                if mine.size:
                    yield schema_id, _as_latest(part, mine, block)

    # ------------------------------------------------------------ time

    def advance(self, to_ms: int) -> None:
        """Play up to a time, at most up to `playable_ms`, and show it.

        Cost: 0.2 us a frame that is played, and what `LiveCity.refresh` costs.
        """
        to_ms = max(self.at_ms, min(to_ms, self.playable_ms))
        for schema_id, waiting in self._waiting.items():
            count = int(np.searchsorted(waiting.received_ms, to_ms, side="right"))
            if count:
                due = waiting.take(np.arange(count))
                self.city.restore(schema_id, due.take(newest_of_each(due.source_ids, due.observed_ms)))
                self._waiting[schema_id] = waiting.take(np.arange(count, len(waiting)))
        self._turn(to_ms)
        self.at_ms = to_ms
        self.city.refresh(to_ms)

    def _turn(self, to_ms: int) -> None:
        """Open, close and mark the alarms whose time has come."""
        due = [turn for turn in self._turns if turn.at_ms <= to_ms]
        if not due:
            return
        self._turns = self._turns[len(due) :]
        for turn in due:
            self._alarms.turn(turn)
        self.city.set_alarms(self._alarms.listed())

    # ------------------------------------------------------------ what is sent

    def message(self, theme: str, scope: Scope, *, since: int | None) -> delta.Message:
        """Return a snapshot (`since` None) or the delta since a sequence number, marked as past; without changes it is empty."""
        found = self.city.message(theme, scope, since=since)
        if found is not None:
            return replace(found, past=True)
        none = np.zeros(0, np.int64)
        head = (delta.MessageKind.DELTA, delta.THEMES[theme].code, self.city.epoch, self.city.seq, self.at_ms)
        return delta.Message(*head, none, none.astype(np.int16), none.astype(np.uint8), past=True)


def silent_sources(city: LiveCity, frames: Sequence[Frames], *, came_ms: int | None = None) -> list[int]:
    """Return the sources of a city without a frame among these, or without one that is played and had come by `came_ms`."""
    heard = [np.zeros(0, np.int32)]
    for part in frames:
        come = np.ones(len(part), np.bool_)
        if came_ms is not None:
            delay_ms = part.delay_s.astype(np.int64) * 1000
            come = (part.observed_ms + delay_ms <= came_ms) & (delay_ms <= LATEST_MS)
        heard.append(part.source_ids[come])
    known = np.unique(np.concatenate(heard))
    return [each for block in city.blocks.values() for each in block.source_ids[~np.isin(block.source_ids, known)].tolist()]


def alarm_times(alarms: Iterable[PastAlarm], start_ms: int, end_ms: int) -> tuple[list[int], list[int]]:
    """Return the sources and times at which alarms turned from one time up to (not with) another: two lists of one length."""
    span = range(start_ms, end_ms)
    turned = {(each.source_id, at_ms) for each in alarms for at_ms in (each.raised_ms, each.cleared_ms) if at_ms in span}
    keys = sorted((source_id, at_ms) for source_id, at_ms in turned if at_ms is not None)
    return [source_id for source_id, _ in keys], [at_ms for _, at_ms in keys]


def bytes_per_s(city: LiveCity) -> float:
    """Return how much memory the frames of one second take that all sources of a city send at their periods."""
    found = 0.0
    for block in city.blocks.values():
        found += float(np.sum(1000.0 / block.period_ms)) * (_FRAME_BYTES + _POINT_BYTES * len(block.sources[0].schema.points))
    return found


def longest_period_ms(city: LiveCity) -> int:
    """Return the longest period of a city's sources; 0 without any."""
    return max((int(block.period_ms.max()) for block in city.blocks.values()), default=0)


def usual_period_ms(city: LiveCity) -> int:
    """Return the period within which nine in ten of a city's sources report; 0 without any."""
    periods = np.concatenate([np.zeros(0, np.int64), *(block.period_ms for block in city.blocks.values())])
    return int(np.quantile(periods, 0.9, method="higher")) if periods.size else 0


def _arrivals(frames: Iterable[Frames], source_ids: set[int]) -> Mapping[tuple[int, int], int]:
    """Return when the frames of some sources came, by source and time."""
    wanted = np.array(sorted(source_ids), np.int32)
    found: dict[tuple[int, int], int] = {}
    for part in frames:
        rows = np.flatnonzero(np.isin(part.source_ids, wanted))
        observed_ms = part.observed_ms[rows]
        came_ms = observed_ms + part.delay_s[rows].astype(np.int64) * 1000
        found |= zip(zip(part.source_ids[rows].tolist(), observed_ms.tolist(), strict=True), came_ms.tolist(), strict=True)
    return found


def _as_latest(frames: Frames, rows: Int64Array, block: SourceBlock) -> LatestFrames:
    observed_ms = frames.observed_ms[rows]
    received_ms = observed_ms + frames.delay_s[rows].astype(np.int64) * 1000
    schema, values, quality = block.sources[0].schema, frames.values[rows], frames.quality[rows]
    if schema != frames.schema:
        values, quality = _moved(frames.schema, schema, frames, rows)
    return LatestFrames(frames.source_ids[rows], observed_ms, received_ms, values, quality)


def _moved(old: FrameSchema, new: FrameSchema, frames: Frames, rows: Int64Array) -> tuple[np.ndarray, np.ndarray]:
    """Bring frames of one schema to another, by the names of points; what the old one lacks is missing."""
    shape = len(rows), len(new.points)
    values, quality = np.full(shape, np.nan), np.full(shape, int(Quality.MISSING), np.uint8)
    for place, point in enumerate(new.points):
        column = old.column(point.name)
        if column is not None:
            values[:, place], quality[:, place] = frames.values[rows, column], frames.quality[rows, column]
    return values, quality


def _joined(one: LatestFrames, other: LatestFrames) -> LatestFrames:
    names = ("source_ids", "observed_ms", "received_ms", "values", "quality")
    return LatestFrames(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in names))
