"""How long readings of each kind are kept: the defaults of `twin.retention`, and what seats have set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import sql
from twin.retention import Retention, check_retention, default_retention


@dataclass(frozen=True, slots=True)
class KindRetention:
    """How long a kind is kept in a city; `seat` and `changed_at` are None where the default holds."""

    kind: str
    retention: Retention
    seat: str | None
    changed_at: datetime | None


async def list_retention(pool: Pool, city_id: int) -> list[KindRetention]:
    """Return every kind of the city's schemas with how long it is kept."""
    found = []
    for kind, hot_days, archive_years, seat, changed_at in await pool.fetch(sql("reading_retention_read"), city_id):
        retention = default_retention(kind) if seat is None else Retention(hot_days, archive_years)
        found.append(KindRetention(kind, retention, seat, changed_at))
    return found


async def set_retention(pool: Pool, city_id: int, kind: str, retention: Retention, *, seat: str) -> KindRetention:
    """Set how long a kind is kept.

    Raises
    ------
    BadRetention
        When days or years make no sense.
    NotFound
        When the city has no schema of that code.
    """
    check_retention(kind, retention)
    known = [each.kind for each in await list_retention(pool, city_id)]
    if kind not in known:
        raise NotFound(f"city {city_id} has no kind {kind!r} of readings; it has {', '.join(known) or 'none'}")
    await pool.execute(sql("reading_retention_set"), city_id, kind, retention.hot_days, retention.archive_years, seat)
    return next(each for each in await list_retention(pool, city_id) if each.kind == kind)


@dataclass(frozen=True, slots=True)
class RetentionTable:
    """What holds in all cities at one moment."""

    rows: Sequence[tuple[int, str, Retention]]

    def of(self, city_id: int, kind: str) -> Retention:
        """Return how long a kind is kept in a city."""
        found = (retention for city, own, retention in self.rows if (city, own) == (city_id, kind))
        return next(found, default_retention(kind))


def read_retention(connection: Connection) -> RetentionTable:
    """Return what seats have set in all cities."""
    rows = connection.execute(sql("reading_retention_list"), {"city_id": None}).fetchall()
    return RetentionTable([(city, kind, Retention(hot, years)) for city, kind, hot, years, _seat, _at in rows])


def years_before(day: date, years: int) -> date:
    """Return the same day some years earlier; for 29 February the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
