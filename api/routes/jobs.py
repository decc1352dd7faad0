"""The job ledger: what runs, what ran, cancel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.jobs import cancel_job, list_jobs

router = APIRouter(prefix="/jobs", tags=["jobs"])


class JobModel(BaseModel):
    """A job of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    job_id: int = Field(examples=[7])
    city_id: int | None = Field(examples=[1])
    kind: str = Field(examples=["load"])
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    seat: str = Field(description="Who started it.", examples=["program"])
    progress: float = Field(description="0..1", examples=[0.4])
    message: str = Field(description="What it does now, or did last.", examples=["tiles"])
    cancel_requested: bool
    result: Any = Field(description="What it gave; null before it is done.")
    error: str | None = Field(description="Why it failed or was cancelled.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@router.get("")
async def jobs(
    pool: PoolDep,
    city: CityDep,
    state: Annotated[Literal["queued", "running", "done", "failed", "cancelled"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[JobModel]:
    """List the jobs of the city (and those of no city), newest first."""
    return [JobModel.model_validate(row) for row in await list_jobs(pool, city, state=state, limit=limit)]


@router.post("/{job_id}/cancel")
async def cancel(caller: CallerDep, pool: PoolDep, city: CityDep, job_id: int) -> JobModel:
    """Ask a job to stop (409 when it has ended)."""
    caller.require("manage_jobs")
    return JobModel.model_validate(await cancel_job(pool, job_id, city))
