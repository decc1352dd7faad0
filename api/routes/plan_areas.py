"""Where a plan takes heat away: its buildings, those of the plans that it meets in time, what is worked on; for the map."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.plan_losses import PlanLosses
from api.routes.plans import PlanIdPath
from data import plans
from data.assets import AssetGeometry, read_geometries
from data.plans import Plan
from topology.errors import NotTraceable
from topology.network import Network

router = APIRouter(tags=["plans"])

Sets = dict[str, NDArray[np.int32]]


class PlanAreaModel(BaseModel):
    """A FeatureCollection of buildings and of what is worked on: id = asset_id, properties asset_id and set."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]] = Field(
        description="The property `set`: plan (lost while this plan runs), other (while one that meets it in time runs), "
        "both (while either runs), only_together (lost only because both run); work and other_work (what is worked on)."
    )


@router.get("/plans/{plan_id}/area")
async def get_plan_area(
    *, request: Request, plan_id: PlanIdPath, caller: CallerDep, city: CityDep, pool: PoolDep
) -> PlanAreaModel:
    """Return the buildings that lose heat while a plan runs, and those of the plans that it meets in time."""
    plan = await plans.read_plan(pool, caller.scope, city, plan_id)
    network: Network = await request.app.state.networks.get(city)
    active = await plans.active_plans(pool, caller.scope, city)
    sets = await _sets(network, request.app.state.plan_losses, plan, active)
    set_of = {asset_id: name for name, ids in sets.items() for asset_id in ids.tolist()}
    rows = await read_geometries(pool, caller.scope, city, sorted(set_of))
    return PlanAreaModel(type="FeatureCollection", features=[_feature(row, set_of[row.asset_id]) for row in rows])


async def _sets(network: Network, losses: PlanLosses, plan: Plan, active: list[Plan]) -> Sets:
    """Return asset ids by set; a later set takes an asset from an earlier one."""
    work = np.array(plan.asset_ids, np.int32)
    saved = {"plan": np.array(plan.lost.building_ids, np.int32), "work": work}
    if plan.state in {"finished", "cancelled"}:
        return saved
    try:
        own = await losses.lost(network, [plan])
        met = await losses.conflicts(network, plan, active, datetime.now(UTC))
    except NotTraceable:
        return saved
    other, together = (_union(each) for each in ([one.apart[1] for one in met], [one.only_together for one in met]))
    rows = {"plan": own, "other": other, "both": np.intersect1d(own, other), "only_together": together}
    other_work = np.array([asset_id for one in met for asset_id in one.other.asset_ids], np.int32)
    return {name: network.assets.asset_id[found] for name, found in rows.items()} | {"other_work": other_work, "work": work}


def _union(rows: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.int32)


def _feature(row: AssetGeometry, name: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.asset_id,
        "properties": {"asset_id": row.asset_id, "set": name},
        "geometry": None if row.geometry is None else orjson.loads(row.geometry),
    }
