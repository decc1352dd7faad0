"""Customer lists (用户清单): of a plan, or of any set of buildings."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from api.customer_lists import MEDIA, customers_answer
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.routes.plans import PlanIdPath
from data import plans
from data.customers import ListFormat

router = APIRouter(tags=["plans"])

AssetId = Annotated[int, Field(ge=1, le=2**31 - 1)]
FormPath = Annotated[ListFormat, Path(description="Of the file.", examples=["csv"])]
_MOST_BUILDINGS = 500_000
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file. `X-Export-Rows` counts its rows.", "content": {media: {} for media in MEDIA.values()}}
}


class CustomersBody(BaseModel):
    """Whose customers."""

    model_config = ConfigDict(extra="forbid")

    asset_ids: list[AssetId] = Field(
        min_length=1, max_length=_MOST_BUILDINGS, description="Buildings; assets of other kinds are passed over.", examples=[[30]]
    )


@router.get("/plans/{plan_id}/customers.{form}", response_class=FileResponse, responses=_FILES)
async def get_plan_customers(
    *,
    request: Request,
    plan_id: PlanIdPath,
    form: FormPath,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    settings: SettingsDep,
) -> FileResponse:
    """Write out who loses heat by a plan: estate, building, door, users, area, phone; of a plan that has not ended as of now."""
    plan = await plans.read_plan(pool, caller.scope, city, plan_id)
    building_ids = list(plan.lost.building_ids)
    if plan.state in {"planned", "running"}:
        network = await request.app.state.networks.get(city)
        rows = await request.app.state.plan_losses.lost(network, [plan])
        building_ids = network.assets.asset_id[rows].tolist()
    return await customers_answer(settings, caller, city, building_ids, form, plan_id=plan_id)


@router.post("/customers.csv", response_class=FileResponse, responses=_FILES)
async def post_customers_csv(body: CustomersBody, caller: CallerDep, city: CityDep, settings: SettingsDep) -> FileResponse:
    """Write out the customers in any set of buildings, for example those that a trace found lost, as CSV."""
    return await customers_answer(settings, caller, city, body.asset_ids, "csv")


@router.post("/customers.xlsx", response_class=FileResponse, responses=_FILES)
async def post_customers_xlsx(body: CustomersBody, caller: CallerDep, city: CityDep, settings: SettingsDep) -> FileResponse:
    """Write out the customers in any set of buildings, for example those that a trace found lost, as XLSX."""
    return await customers_answer(settings, caller, city, body.asset_ids, "xlsx")
