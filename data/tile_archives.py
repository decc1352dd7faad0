"""What the ledger knows of archives of tiles: the job that makes one, and who took it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import orjson

from data.pool import Pool
from data.statements import sql

Taking: TypeAlias = Literal["archive_download", "archive_delete"]


@dataclass(frozen=True, slots=True)
class ArchiveJob:
    """The job of an archive; `state` is that of the ledger, `lost` a job that nobody began within a minute."""

    job_id: int
    state: str
    seat: str
    parameters: Mapping[str, Any]
    progress: float
    message: str
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    lost: bool

    @property
    def under_way(self) -> bool:
        """True while the archive may still come."""
        return self.state == "running" or (self.state == "queued" and not self.lost)


async def read_archive_job(
    pool: Pool, city_id: int, rights_class: str, *, archive_id: str | None = None, order: Mapping[str, Any] | None = None
) -> ArchiveJob | None:
    """Return the newest job that makes (or made) an archive of a rights class; None when there is none.

    Parameters
    ----------
    pool
        Of the process.
    city_id, rights_class
        Whose archives.
    archive_id
        Of that id.
    order
        Whose parameters hold these.
    """
    await pool.execute(sql("job_reap"))
    wanted = {"rights_class": rights_class, **(order or {})} | ({} if archive_id is None else {"archive_id": archive_id})
    row = await pool.fetchrow(sql("tile_archive_job"), city_id, wanted)
    return None if row is None else ArchiveJob(**row)


async def note_archive(pool: Pool, kind: Taking, city_id: int, *, seat: str, parameters: Mapping[str, Any]) -> None:
    """Write into the ledger that a seat took or deleted an archive."""
    await pool.execute(sql("tile_archive_note"), city_id, kind, seat, dict(parameters))


def as_json(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters as the ledger holds them: times as texts."""
    stored: Mapping[str, Any] = orjson.loads(orjson.dumps(parameters))
    return stored
