"""When a message goes out: quiet hours, waiting for more of a flood, the bound of messages, pauses between tries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from twin.notices.model import QuietHours

GROUP_WAIT: Final = timedelta(seconds=1)
"""So long the first alarm waits for others that come with it."""
FLOOD_WAIT: Final = timedelta(seconds=60)
"""Least time between two messages while alarms flood in."""
FLOOD: Final = 10
"""More alarms than this in one message are a flood (ISA-18.2: more than 10 in 10 minutes)."""
WINDOW: Final = timedelta(minutes=10)
PAUSES_S: Final = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Pauses after the first, second ... failed try; after the last one the message is given up."""


def held_until(now: datetime, zone: str, quiet: QuietHours | None, level: int) -> datetime | None:
    """Return the end of the quiet hours that hold an alarm of a level back at a time; None = it may go out.

    >>> from datetime import UTC
    >>> held_until(datetime(2026, 1, 1, 15, 0, tzinfo=UTC), "Asia/Shanghai", QuietHours("22:00", "06:00"), 2).isoformat()
    '2026-01-02T06:00:00+08:00'
    """
    if quiet is None or level <= quiet.level:
        return None
    there = now.astimezone(ZoneInfo(zone))
    first, last = time.fromisoformat(quiet.first), time.fromisoformat(quiet.last)
    clock = there.time()
    over_midnight = last < first
    inside = (clock >= first or clock < last) if over_midnight else first <= clock < last
    if not inside:
        return None
    end = there.replace(hour=last.hour, minute=last.minute, second=0, microsecond=0)
    return end + timedelta(days=1) if over_midnight and clock >= first else end


def send_at(waiting_since: datetime, sent: Sequence[tuple[datetime, int]], *, most_per_10_min: int) -> datetime:
    """Return when the alarms that wait for one recipient go out, as one message.

    Parameters
    ----------
    waiting_since
        When the first of them came.
    sent
        Messages of the last ten minutes to this recipient, oldest first: when, and of how many alarms.
    most_per_10_min
        Bound of messages in ten minutes.

    1. The first waits `GROUP_WAIT` for others.
    2. After a message of a flood the next comes `FLOOD_WAIT` later.
    3. Over the bound it waits until the oldest message is ten minutes back.
    """
    at = waiting_since + GROUP_WAIT
    if sent and sent[-1][1] > FLOOD:
        at = max(at, sent[-1][0] + FLOOD_WAIT)
    if len(sent) >= most_per_10_min:
        at = max(at, sent[len(sent) - most_per_10_min][0] + WINDOW)
    return at


def pause_s(tries: int) -> float | None:
    """Return the pause after a number of failed tries, in seconds; None = give up."""
    return PAUSES_S[tries - 1] if tries <= len(PAUSES_S) else None
