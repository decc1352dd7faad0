"""The job ledger: states, progress seen at once, cancelling, failures that outlive a rollback, dead processes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from data.errors import Conflict, JobCancelled, NotFound
from data.jobs import JobRow, cancel_job, create_job, job, list_jobs, run_job
from data.pool import Pool, connect, open_pool
from data.statements import sql


def ask(url: str, work: Any) -> Any:
    """Run `work(pool)` with a pool of its own."""

    async def run() -> Any:
        pool = await open_pool(url, size=1)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def jobs(url: str) -> list[JobRow]:
    def work(pool: Pool) -> Coroutine[Any, Any, Any]:
        return list_jobs(pool, None)

    return list(ask(url, work))


def test_a_job_that_ends_well_keeps_its_result(database_url: str) -> None:
    with job(database_url, "tiles", seat="tests", parameters={"city": 1}) as task:
        task.progress(0.25, "half of a half")
        assert [(row.state, row.progress, row.message) for row in jobs(database_url)] == [("running", 0.25, "half of a half")]
        task.result = {"rows": 7}
    (row,) = jobs(database_url)
    assert (row.state, row.progress, row.result, row.error, row.seat) == ("done", 1.0, {"rows": 7}, None, "tests")
    assert row.started_at is not None
    assert row.finished_at is not None
    assert row.created_at <= row.started_at <= row.finished_at


def fail_half_way(url: str) -> None:
    with connect(url) as connection, job(url, "tiles", seat="tests"):
        connection.execute("create table half_done (x int)")
        raise ZeroDivisionError("by nought")


def test_a_failure_is_kept_though_the_work_rolls_back(database_url: str) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_half_way(database_url)
    (row,) = jobs(database_url)
    assert (row.state, row.error) == ("failed", "ZeroDivisionError: by nought")
    with connect(database_url) as connection:
        assert connection.execute("select to_regclass('half_done')").fetchone() == (None,)


def test_progress_never_falls(database_url: str) -> None:
    with job(database_url, "tiles", seat="tests") as task:
        task.progress(0.6, "a")
        task.progress(0.2, "b")
        assert [(row.progress, row.message) for row in jobs(database_url)] == [(pytest.approx(0.6), "b")]


def run_into_a_cancel(url: str) -> None:
    with job(url, "tiles", seat="tests") as task:
        ask(url, lambda pool: cancel_job(pool, task.job_id, None))
        task.progress(0.5, "next")


def test_a_cancelled_job_stops_at_its_next_note(database_url: str) -> None:
    with pytest.raises(JobCancelled, match="was cancelled during 'next'"):
        run_into_a_cancel(database_url)
    (row,) = jobs(database_url)
    assert (row.state, row.cancel_requested) == ("cancelled", True)


def test_a_queued_job_is_cancelled_at_once_and_does_not_run(database_url: str) -> None:
    with connect(database_url, autocommit=True) as connection:
        job_id = create_job(connection, "tiles", city_id=None, seat="tests")
        assert ask(database_url, lambda pool: cancel_job(pool, job_id, None)).state == "cancelled"
        with pytest.raises(Conflict, match="not waiting to run"), run_job(connection, job_id):
            pytest.fail("a cancelled job ran")


def test_what_has_ended_or_never_was_cannot_be_cancelled(database_url: str) -> None:
    with job(database_url, "tiles", seat="tests") as task:
        pass
    with pytest.raises(Conflict, match=r"has ended \(done\)"):
        ask(database_url, lambda pool: cancel_job(pool, task.job_id, None))
    with pytest.raises(NotFound, match="there is no job 999"):
        ask(database_url, lambda pool: cancel_job(pool, 999, None))


def test_a_job_whose_process_died_is_found_and_one_that_lives_is_left_alone(database_url: str) -> None:
    with connect(database_url, autocommit=True) as dead:
        lost = create_job(dead, "tiles", city_id=None, seat="tests")
        dead.execute(sql("job_start"), {"job_id": lost})  # without its lock: as after a crash
    with job(database_url, "tiles", seat="tests") as alive:
        states = {row.job_id: (row.state, row.error) for row in jobs(database_url)}
    assert states[lost] == ("failed", "the process that ran it ended")
    assert states[alive.job_id] == ("running", None)


def test_a_cancelled_job_whose_process_died_is_cancelled_not_failed(database_url: str) -> None:
    with connect(database_url, autocommit=True) as dead:
        lost = create_job(dead, "tiles", city_id=None, seat="tests")
        dead.execute(sql("job_start"), {"job_id": lost})
        dead.execute("update job set cancel_requested = true where job_id = %s", (lost,))
    assert {row.job_id: row.state for row in jobs(database_url)}[lost] == "cancelled"
