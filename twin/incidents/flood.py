"""Floods of alarms: more than ten in ten minutes for each operator (EEMUA 191, ISA-18.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SPAN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Flood:
    """Whether alarms come faster than people can follow.

    Attributes
    ----------
    flood, since
        Whether there is one, and since when.
    raised
        Alarms of the last ten minutes.
    limit
        More than so many begin a flood.
    """

    flood: bool
    since: datetime | None
    raised: int
    limit: int


NO_FLOOD: Final = Flood(flood=False, since=None, raised=0, limit=10)


def flood_after(before: Flood, raised: int, *, now: datetime, per_operator: int, operators: int) -> Flood:
    """Return whether there is a flood; it begins above the limit and ends at half of it, so that it does not flicker.

    Parameters
    ----------
    raised
        Alarms of the last ten minutes.
    per_operator, operators
        Alarms in ten minutes that one operator can follow, and how many share them.
    """
    limit = per_operator * operators
    flood = raised > limit or (before.flood and raised > limit // 2)
    since = None if not flood else before.since or now
    return Flood(flood=flood, since=since, raised=raised, limit=limit)
