"""Levels of roll-ups, and which of them answers a curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from twin.arrays import Int64Array
from twin.rollups import DAY_S, HOUR_S, bucket_starts

MINUTE_S: Final = 60
WINDOW_S: Final = 600
LEVELS_S: Final = (MINUTE_S, WINDOW_S, HOUR_S, DAY_S)
KEEP_DAYS: Final[Mapping[int, int | None]] = {MINUTE_S: 30, WINDOW_S: 400, HOUR_S: 5 * 366, DAY_S: None}
"""Days that roll-ups are kept; None = for ever. Ten minutes: this season and the one before; hours: five years."""
STEPS_S: Final = (60, 300, 600, 1800, HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S)
"""Lengths of buckets that are chosen from where none is asked for; beyond the last one, whole numbers of days."""


def floor_ms(at_ms: Int64Array, every_s: int) -> Int64Array:
    """Return where UTC buckets of times begin."""
    return at_ms // (1000 * every_s) * (1000 * every_s)


def day_floor(at_ms: int, zone: str) -> int:
    """Return the midnight in a zone before or at a time, epoch milliseconds."""
    return bucket_start(at_ms, DAY_S, zone)


def bucket_start(at_ms: int, every_s: int, zone: str) -> int:
    """Return where the bucket of a time begins."""
    return int(bucket_starts(np.array([at_ms]), every_s, zone)[0])


def bucket_end(end_ms: int, every_s: int, zone: str) -> int:
    """Return where the bucket of the last millisecond before a time ends."""
    last = bucket_start(end_ms - 1, every_s, zone)
    # days are an hour longer or shorter where clocks change
    slack_ms = 2 * 3_600_000 if every_s > HOUR_S else 0
    return bucket_start(last + 1000 * every_s + slack_ms, every_s, zone)


def fitting_every_s(span_ms: int, most: int, period_s: int) -> int:
    """Return the length of buckets that show a span in at most so many; 0 = the frames themselves fit.

    Parameters
    ----------
    span_ms
        Length of the time.
    most
        Most points wanted; two more buckets may be cut by its ends and count.
    period_s
        Seconds between two frames.
    """
    room = max(most - 2, 1)
    if span_ms <= 1000 * period_s * room:
        return 0
    for every_s in STEPS_S:
        if every_s > period_s and span_ms <= 1000 * every_s * room:
            return every_s
    days = -(-span_ms // (1000 * DAY_S * room))
    return int(days) * DAY_S


# ---------------------------------------------------------------- which level answers


@dataclass(frozen=True, slots=True)
class Known:
    """How far roll-ups reach.

    Attributes
    ----------
    done_ms
        Windows up to here are made; None = none.
    zone
        IANA zone of the daily ones.
    fast
        True where the source has roll-ups of one minute.
    now_ms
        Present time: older roll-ups than `KEEP_DAYS` are gone.
    marked_ms
        From when to when there are hours of the source that have to be made again; None = none.
    """

    done_ms: int | None
    zone: str
    fast: bool
    now_ms: int
    marked_ms: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time that one level answers; level 0 = the frames themselves."""

    level_s: int
    start_ms: int
    end_ms: int


def days_come_from(zone: str, at_ms: int) -> int:
    """Return the level that days of a zone are made from: hours, unless its midnight lies within an hour of UTC."""
    offset = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    seconds = 0 if offset is None else round(offset.total_seconds())
    return HOUR_S if seconds % HOUR_S == 0 else WINDOW_S if seconds % WINDOW_S == 0 else 0


def fine_s(every_s: int, zone: str, at_ms: int) -> int:
    """Return the level that frames are reduced to beside stored roll-ups of one bucket: fine, as last values need their order."""
    if every_s % WINDOW_S == 0 and (every_s <= HOUR_S or days_come_from(zone, at_ms)):
        return WINDOW_S
    return MINUTE_S if every_s % MINUTE_S == 0 else every_s


def segments(known: Known, start_ms: int, end_ms: int, every_s: int, zone: str) -> list[Segment]:
    """Split a time, that buckets fill, into stretches by level: the coarsest roll-ups, where they end finer ones, then frames.

    Parameters
    ----------
    every_s
        Length of the buckets; only levels that fill them serve.
    zone
        IANA zone that buckets of more than an hour follow.
    """
    found: list[Segment] = []
    at_ms = start_ms
    for level_s in _serving(known, every_s, zone, start_ms):
        assert known.done_ms is not None
        keep = KEEP_DAYS[level_s]
        oldest_ms = 0 if keep is None else _ceiling(known.now_ms - 1000 * DAY_S * keep, every_s, zone)
        until_ms = (
            day_floor(known.done_ms, known.zone) if level_s == DAY_S else known.done_ms // (1000 * level_s) * 1000 * level_s
        )
        if at_ms < min(oldest_ms, end_ms):
            found.append(Segment(0, at_ms, min(oldest_ms, end_ms)))
            at_ms = found[-1].end_ms
        if at_ms < min(until_ms, end_ms):
            found.append(Segment(level_s, at_ms, min(until_ms, end_ms)))
            at_ms = found[-1].end_ms
    if at_ms < end_ms:
        found.append(Segment(0, at_ms, end_ms))
    return found


def sound_segments(known: Known, start_ms: int, end_ms: int, every_s: int, zone: str) -> list[Segment]:
    """Split a time as `segments` does, with the frames themselves where roll-ups have to be made again."""
    if known.marked_ms is None:
        return segments(known, start_ms, end_ms, every_s, zone)
    first_ms = min(max(start_ms, bucket_start(known.marked_ms[0], every_s, zone)), end_ms)
    last_ms = max(min(end_ms, bucket_end(known.marked_ms[1], every_s, zone)), first_ms)
    before = segments(known, start_ms, first_ms, every_s, zone)
    again = [Segment(0, first_ms, last_ms)] if first_ms < last_ms else []
    return [*before, *again, *segments(known, last_ms, end_ms, every_s, zone)]


def _serving(known: Known, every_s: int, zone: str, at_ms: int) -> list[int]:
    """Return the levels of which whole buckets fill those wanted, the coarsest first."""
    if known.done_ms is None:
        return []
    finest = days_come_from(zone, at_ms) if every_s > HOUR_S else every_s
    return [
        level_s
        for level_s in reversed(LEVELS_S)
        if every_s % level_s == 0
        and (level_s != DAY_S or zone == known.zone)
        and (level_s == DAY_S or level_s <= finest)
        and (level_s != MINUTE_S or known.fast)
    ]


def _ceiling(at_ms: int, every_s: int, zone: str) -> int:
    return bucket_start(at_ms, every_s, zone) + 1000 * every_s
