"""The network as a whole: what is wrong with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep
from api.tracing.findings import FindingModel, visible_findings
from data.network import visible_rows
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
