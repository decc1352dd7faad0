"""What-ifs in the ledger: asked, waiting, done. Results are kept for 30 days beside their job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import sql


@dataclass(frozen=True, slots=True)
class Asked:
    """A what-if that waits: who asked, in which city, what."""

    city_id: int
    seat: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """A what-if as the ledger has it; `result` is None before it is done."""

    job_id: int
    state: str
    progress: float
    message: str
    error: str | None
    seat: str
    parameters: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None
    result: Mapping[str, Any] | None
    solved_at: datetime | None


async def ask_what_if(pool: Pool, city_id: int, *, seat: str, parameters: Mapping[str, Any]) -> int:
    """Write a what-if that waits for a worker and return its job."""
    return int(await pool.fetchval(sql("what_if_create"), city_id, seat, dict(parameters)))


async def count_waiting(pool: Pool) -> int:
    """Return how many what-ifs wait or run; those whose process died are marked failed on the way."""
    await pool.execute(sql("job_reap"))
    return int(await pool.fetchval(sql("what_if_waiting")))


async def next_waiting(pool: Pool) -> tuple[int, int] | None:
    """Return job and city of the what-if that has waited longest."""
    row = await pool.fetchrow(sql("what_if_next"))
    return None if row is None else (int(row["job_id"]), int(row["city_id"]))


async def is_cancelled(pool: Pool, job_id: int) -> bool:
    """Tell whether somebody asked a job to stop."""
    row = await pool.fetchrow(sql("job_flag"), job_id)
    return row is None or bool(row["cancel_requested"])


async def abort(pool: Pool, job_id: int, reason: str) -> None:
    """Mark a job whose process is gone: cancelled where somebody asked for it, else failed."""
    await pool.execute(sql("job_abort"), job_id, reason)


async def read_what_if(pool: Pool, city_id: int, job_id: int) -> WhatIfRow:
    """Return a what-if.

    Raises
    ------
    NotFound
        When the city has no such what-if.
    """
    await pool.execute(sql("job_reap"))
    row = await pool.fetchrow(sql("what_if_one"), job_id, city_id)
    if row is None:
        raise NotFound(f"there is no what-if {job_id} in city {city_id}")
    return WhatIfRow(**row)


def claim(connection: Connection, job_id: int) -> Asked | None:
    """Take a waiting what-if for as long as the connection lives; None = another process has it."""
    taken = connection.execute(sql("job_try_lock"), {"job_id": job_id}).fetchone()
    if taken is None or not taken[0]:
        return None
    row = connection.execute(sql("what_if_asked"), {"job_id": job_id}).fetchone()
    return None if row is None else Asked(int(row[0]), str(row[1]), row[2])


def put_result(connection: Connection, city_id: int, job_id: int, *, seat: str, result: Mapping[str, Any]) -> None:
    """Keep a result; those of more than 30 days ago go."""
    values = {"city_id": city_id, "job_id": job_id, "seat": seat, "result": orjson.dumps(result).decode()}
    connection.execute(sql("what_if_put"), values)
