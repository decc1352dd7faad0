"""What many alarms share: `POST /causes` for alarms that are named, `GET /causes` for those that are open now."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from api.cause_answers import CausesAnswer, answer_causes, working_sensors
from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from data.alarms import open_since
from data.network import visible_rows

router = APIRouter(tags=["causes"])

_MOST = 50_000
_FEW = 2
"""With fewer alarms nothing is shared, and no footprints are worth preparing."""
AssetIdItem = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CausesBody(BaseModel):
    """Which alarms to explain."""

    alarmed: list[AssetIdItem] = Field(
        max_length=_MOST, description="Assets that ring: substations, buildings, inlets.", examples=[[1201, 1202, 1207]]
    )
    silent: list[AssetIdItem] | None = Field(
        None,
        max_length=_MOST,
        description="Assets with a sensor that works and does not ring; default: all that report now and have no open alarm.",
        examples=[[1203]],
    )
    alarm_age_s: dict[AssetIdItem, Annotated[float, Field(ge=0, le=10**9)]] = Field(
        default_factory=dict, max_length=_MOST, description="Since how many seconds each rings.", examples=[{"1201": 340.0}]
    )


@router.post("/causes")
async def post_causes(*, request: Request, body: CausesBody, caller: CallerDep, city: CityDep) -> CausesAnswer:
    """Tell which places explain a set of alarms, best first; ids that nobody knows (or this seat may not see) are named."""
    network = await request.app.state.networks.get(city)
    silent = working_sensors(request.app, city) if body.silent is None else np.array(body.silent, np.int64)
    asked = np.unique(np.array(body.alarmed, np.int64))
    rows = network.assets.rows_of(asked)
    seen = (rows >= 0) & visible_rows(network, caller.scope)[np.maximum(rows, 0)] if len(rows) else rows >= 0
    answer = await _answer(request, caller, city, (asked[seen], silent, dict(body.alarm_age_s)))
    return answer.model_copy(update={"unknown": sorted({*answer.unknown, *asked[~seen].tolist()})})


@router.get("/causes")
async def get_causes(
    *,
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    ages: Annotated[bool, Query(description="Hold causes against the ages of the alarms.")] = True,
) -> CausesAnswer:
    """Tell which places explain the alarms that are open now, in the whole city; the answer holds what this seat may see."""
    caller.scope.require_layer("alarms")
    since = await open_since(pool, city)
    now = datetime.now(UTC)
    age_s = {asset_id: max(0.0, (now - raised_at).total_seconds()) for asset_id, raised_at in since.items()} if ages else {}
    alarmed = np.array(sorted(since), np.int64)
    return await _answer(request, caller, city, (alarmed, working_sensors(request.app, city), age_s))


async def _answer(
    request: Request, caller: Caller, city: int, evidence: tuple[NDArray[np.int64], NDArray[np.int64], dict[int, float]]
) -> CausesAnswer:
    """Explain alarms, silent sensors and ages."""
    alarmed, silent, age_s = evidence
    room = request.app.state.causes
    engine, prepared = await room.engine(city)
    if not prepared and len(alarmed) >= _FEW:
        room.prepare(city)
    found = await asyncio.to_thread(engine.diagnose, alarmed, silent, age_s)
    return answer_causes(engine.network, caller.scope, found, alarms=len(alarmed), sensors=len(silent), prepared=prepared)
