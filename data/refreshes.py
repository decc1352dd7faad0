"""What the derived copies of a city show: the present assets, or older ones that a change has made stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data.pool import Connection, Pool
from data.statements import sql


@dataclass(frozen=True, slots=True)
class CopyState:
    """What the tile tables of a city were built from.

    Attributes
    ----------
    present_version, shown_version
        Version of the assets, and the one that the copies show.
    built_at
        When they were built.
    edited_at
        The last edit that no refresh began after; None when there is none (an import builds its own copies).
    """

    city_id: int
    present_version: int
    shown_version: int
    built_at: datetime
    edited_at: datetime | None

    @property
    def older(self) -> bool:
        """True when the copies show older assets than there are."""
        return self.shown_version < self.present_version

    @property
    def of_older_program(self) -> bool:
        """True when a migration has said that the copies must be built anew (it writes version 0)."""
        return self.shown_version == 0


async def copy_states(pool: Pool, city_id: int | None = None) -> list[CopyState]:
    """Return the state of each city whose copies were ever built (or of one)."""
    return [CopyState(**row) for row in await pool.fetch(sql("refresh_states"), city_id)]


def try_lock(connection: Connection, city_id: int) -> bool:
    """Become the one process that refreshes a city, until the connection closes; False when another one is."""
    row = connection.execute(sql("refresh_try_lock"), {"city_id": city_id}).fetchone()
    return row is not None and bool(row[0])
