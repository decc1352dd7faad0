"""How long readings are kept, by kind."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.reading_archive.retention import KindRetention, list_retention, set_retention
from twin.retention import MAX_ARCHIVE_YEARS, MAX_HOT_DAYS, Retention

router = APIRouter(prefix="/readings", tags=["readings"])


class RetentionBody(BaseModel):
    """How long a kind is kept."""

    kind: str = Field(description="Code of the frame schemas.", examples=["substation"])
    hot_days: int = Field(ge=1, le=MAX_HOT_DAYS, description="Days in the store of every day.", examples=[14])
    archive_years: int | None = Field(
        ge=1, le=MAX_ARCHIVE_YEARS, description="Years in the archive; null = for ever.", examples=[4]
    )


class RetentionModel(RetentionBody):
    """How long a kind is kept, and who said so."""

    seat: str | None = Field(description="Who set it; null = the default.")
    changed_at: datetime | None


@router.get("/retention")
async def get_retention(caller: CallerDep, city: CityDep, pool: PoolDep) -> list[RetentionModel]:
    """List how long the readings of each kind are kept."""
    caller.scope.require_layer("readings")
    return [_model(found) for found in await list_retention(pool, city)]


@router.put("/retention")
async def put_retention(body: RetentionBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> RetentionModel:
    """Set how long the readings of a kind are kept; the seat is stored."""
    return _model(await set_retention(pool, city, body.kind, Retention(body.hot_days, body.archive_years), seat=caller.seat))


def _model(found: KindRetention) -> RetentionModel:
    return RetentionModel(
        kind=found.kind,
        hot_days=found.retention.hot_days,
        archive_years=found.retention.archive_years,
        seat=found.seat,
        changed_at=found.changed_at,
    )
