"""The network as a whole: what is wrong with it, and the states of its valves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.impacts import FindingModel, visible_findings
from api.routes.assets import AssetIdPath
from data.network import StateOrigin, ValveState, set_valve_state, visible_rows
from topology.findings import RULES

router = APIRouter(tags=["network"])


class FindingsAnswer(BaseModel):
    """What is wrong with the network, a page of it."""

    city_id: int
    network_version: int
    valve_version: int
    counts: dict[str, int] = Field(description="Findings by rule, of all pages.", examples=[{"loose_end": 3}])
    rules: dict[str, str] = Field(description="Meaning of the rules found.")
    items: list[FindingModel]


class ValveStateBody(BaseModel):
    """A valve was operated, or its state was seen."""

    state: ValveState = Field(examples=["closed"])
    origin: StateOrigin = Field("reported", description="measured, reported by a person, or assumed", examples=["reported"])
    note: str = Field("", max_length=2000, examples=["抢修关阀"])


class ValveStateAnswer(BaseModel):
    """The state as recorded."""

    asset_id: int
    state: ValveState
    origin: StateOrigin
    seat: str = Field(description="Who recorded it.")
    valve_version: int = Field(description="Version of the city's valve states; the next answers carry it.")


@router.get("/network/findings")
async def get_findings(
    *,
    request: Request,
    caller: CallerDep,
    city: CityDep,
    rule: Annotated[str | None, Query(description="Only this rule.", examples=["loose_end"])] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> FindingsAnswer:
    """List what is wrong with the network of a city, with places."""
    network = await request.app.state.networks.get(city)
    chosen = tuple(item for item in network.findings if rule is None or item.rule == rule)
    shown = visible_findings(network, caller.scope, visible_rows(network, caller.scope), chosen)
    counts: dict[str, int] = {}
    for item in shown:
        counts[item["rule"]] = counts.get(item["rule"], 0) + 1
    return FindingsAnswer(
        city_id=city,
        network_version=network.network_version,
        valve_version=network.valve_version,
        counts=counts,
        rules={name: RULES[name] for name in counts},
        items=[FindingModel(**item) for item in shown[offset : offset + limit]],
    )


@router.post("/valves/{asset_id}/state")
async def post_valve_state(
    asset_id: AssetIdPath, body: ValveStateBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ValveStateAnswer:
    """Record the state of a valve in the name of the caller's seat; the next trace counts with it."""
    version = await set_valve_state(
        pool, caller.scope, city, asset_id, state=body.state, origin=body.origin, seat=caller.seat, note=body.note
    )
    return ValveStateAnswer(asset_id=asset_id, state=body.state, origin=body.origin, seat=caller.seat, valve_version=version)
