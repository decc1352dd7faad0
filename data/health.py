"""Does the database answer, and with what."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from data.errors import DatabaseUnavailable
from data.pool import Pool
from data.statements import sql


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """What the database says of itself; `problem` is empty when it is ready."""

    ready: bool
    postgresql: str = ""
    postgis: str = ""
    schema_revision: str = ""
    problem: str = ""


async def read_health(pool: Pool) -> DatabaseHealth:
    """Ask the database for its versions; never raises for a database that is away."""
    try:
        row = await pool.fetchrow(sql("health"), timeout=3)
    except (DatabaseUnavailable, asyncpg.PostgresError):
        return DatabaseHealth(ready=False, problem="the database does not answer; try `heat-twin db status`")
    assert row is not None  # a select without from always has a row
    problem = "" if row["cities"] else "no city has been imported yet; `heat-twin demo` loads the sample city"
    return DatabaseHealth(not problem, row["postgresql"], row["postgis"], row["revision"], problem)
