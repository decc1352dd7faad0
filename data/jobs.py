"""The job ledger: every long task is a row of `job` with its state, progress, result or error.

    with job(database_url, "load", city_id=1, seat="program") as task:
        task.progress(0.5, "tiles")
        task.result = {"rows": 10}

The ledger writes through a connection of its own, so progress is seen at once and a failure survives the rollback of the
work. A running job holds an advisory lock: a job whose process died is known by its free lock and is marked failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from data.errors import Conflict, JobCancelled, NotFound
from data.pool import Connection, Pool, connect
from data.statements import sql


class Job:
    """A running job.

    Attributes
    ----------
    job_id
        Its number.
    result
        What it gives when it ends well; set by the task, JSON.
    """

    def __init__(self, connection: Connection, job_id: int) -> None:
        self._connection = connection
        self.job_id = job_id
        self.result: Mapping[str, Any] = {}

    def progress(self, fraction: float, message: str) -> None:
        """Note how far the task is (0..1, never falls) and what it does now.

        Raises
        ------
        JobCancelled
            When somebody asked to cancel it; the task should let it pass.
        """
        values = {"job_id": self.job_id, "progress": min(max(fraction, 0.0), 1.0), "message": message}
        row = self._connection.execute(sql("job_progress"), values).fetchone()
        if row is not None and row[0]:
            raise JobCancelled(f"job {self.job_id} was cancelled during {message!r}")

    def belongs_to(self, city_id: int) -> None:
        """Name the city of a job that learns it while running."""
        self._connection.execute(sql("job_set_city"), {"job_id": self.job_id, "city_id": city_id})


def create_job(
    connection: Connection, kind: str, *, city_id: int | None, seat: str, parameters: Mapping[str, Any] | None = None
) -> int:
    """Write a queued job and return its number. Jobs whose process died are marked failed on the way."""
    connection.execute(sql("job_reap"))
    values = {"kind": kind, "city_id": city_id, "seat": seat, "parameters": orjson.dumps(parameters or {}).decode()}
    row = connection.execute(sql("job_create"), values).fetchone()
    assert row is not None  # insert .. returning has one row
    return int(row[0])


@contextmanager
def run_job(connection: Connection, job_id: int) -> Iterator[Job]:
    """Run a queued job: the block is the task.

    An exception of the block marks the job failed (or cancelled) and passes on.

    Parameters
    ----------
    connection
        In autocommit mode and used for nothing else.
    job_id
        From `create_job`.

    Raises
    ------
    Conflict
        When the job is not queued any more.
    """
    connection.execute(sql("job_lock"), {"job_id": job_id})
    if connection.execute(sql("job_start"), {"job_id": job_id}).fetchone() is None:
        raise Conflict(f"job {job_id} is not waiting to run: it runs already, has ended or was cancelled")
    job = Job(connection, job_id)
    try:
        yield job
    except JobCancelled as error:
        _finish(connection, job, "cancelled", str(error))
        raise
    except BaseException as error:
        _finish(connection, job, "failed", f"{type(error).__name__}: {error}")
        raise
    _finish(connection, job, "done", None)


def _finish(connection: Connection, job: Job, state: str, error: str | None) -> None:
    result = orjson.dumps(job.result).decode() if state == "done" else None
    connection.execute(sql("job_finish"), {"job_id": job.job_id, "state": state, "result": result, "error": error})


@contextmanager
def job(
    database_url: str, kind: str, *, city_id: int | None = None, seat: str, parameters: Mapping[str, Any] | None = None
) -> Iterator[Job]:
    """Create a job and run the block as its task, inline."""
    with connect(database_url, autocommit=True) as connection:
        job_id = create_job(connection, kind, city_id=city_id, seat=seat, parameters=parameters)
        with run_job(connection, job_id) as running:
            yield running


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the ledger holds it; `progress` is 0..1, `state` queued, running, done, failed or cancelled."""

    job_id: int
    city_id: int | None
    kind: str
    state: str
    seat: str
    progress: float
    message: str
    cancel_requested: bool
    result: Any
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


async def list_jobs(pool: Pool, city_id: int | None, *, state: str | None = None, limit: int = 50) -> Sequence[JobRow]:
    """Return jobs, newest first: those of the city and those of no city (None = all)."""
    await pool.execute(sql("job_reap"))
    return [JobRow(**row) for row in await pool.fetch(sql("job_list"), city_id, state, None, limit)]


async def cancel_job(pool: Pool, job_id: int, city_id: int | None) -> JobRow:
    """Ask a job to stop; a queued one is cancelled at once, a running one at its next progress note.

    Raises
    ------
    NotFound
        When there is no such job.
    Conflict
        When it has ended.
    """
    cancelled = await pool.fetchval(sql("job_cancel"), job_id, city_id)
    row = await pool.fetchrow(sql("job_list"), city_id, None, job_id, 1)
    if row is None:
        raise NotFound(f"there is no job {job_id}")
    if cancelled is None:
        raise Conflict(f"job {job_id} has ended ({row['state']}); only queued and running jobs can be cancelled")
    return JobRow(**row)
