"""Whether tiles, 3D and problems show the present assets yet."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.errors import NotFound
from data.refreshes import copy_states

router = APIRouter(tags=["archive"])


class RefreshAnswer(BaseModel):
    """What the derived copies of a city show."""

    city_id: int
    present_version: int = Field(description="Version of the assets.", examples=[5])
    shown_version: int = Field(description="Version that tiles and 3D show.", examples=[4])
    older: bool = Field(description="True: the copies show older assets; the server rebuilds them.", examples=[True])
    built_at: datetime = Field(description="When they were built.")
    edited_at: datetime | None = Field(description="The last edit that waits for a refresh.")


@router.get("/refresh")
async def get_refresh(_: CallerDep, city: CityDep, pool: PoolDep) -> RefreshAnswer:
    """Tell whether the derived copies show the present assets; after an edit they follow within seconds (`GET /jobs`)."""
    states = await copy_states(pool, city)
    if not states:
        raise NotFound(f"the tiles of city {city} are not built; `heat-twin tiles rebuild` builds them")
    state = states[0]
    return RefreshAnswer(
        city_id=city,
        present_version=state.present_version,
        shown_version=state.shown_version,
        older=state.older,
        built_at=state.built_at,
        edited_at=state.edited_at,
    )
