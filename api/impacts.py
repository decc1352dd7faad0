"""Puts answers of the topology into the API's shape: filtered by the caller's Scope, with geometry on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from data.assets import read_geometries, read_kind, round_position
from data.network import visible_rows
from data.pool import Pool
from topology.assets import KINDS
from topology.errors import NotTraceable
from topology.findings import Finding
from topology.impact import Figures, figures, impact
from topology.network import Network
from topology.trace import Trace
from twin.scope import Scope

Answer: TypeAlias = dict[str, Any]
_MOST_FINDINGS = 100


class SubstationModel(BaseModel):
    """A substation by id and name."""

    asset_id: int
    name: str


class FiguresModel(BaseModel):
    """Assets of one list, as far as the caller may see them, and what they add up to."""

    asset_ids: list[int] = Field(description="Rising; pipes and valves of both sides, substations, sources, inlets, buildings.")
    counts: dict[str, int] = Field(description="By kind.", examples=[{"pipe": 14, "substation": 2, "building": 31}])
    substations: list[SubstationModel]
    heat_user_count: int = Field(examples=[1240])
    heated_area_m2: float = Field(examples=[98_000.0])
    heat_load_mw: float = Field(examples=[4.3])
    pipe_length_m: float = Field(description="Supply and return together.", examples=[812.5])
    outside_scope: int = Field(description="Further assets that this seat may not see.", examples=[0])


class FindingModel(BaseModel):
    """Something wrong in the network."""

    rule: str = Field(examples=["pair_missing"])
    asset_ids: list[int]
    kinds: list[str] = Field(description="Kind of each asset, in the same order.", examples=[["pipe"]])
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")
    message: str


class MethodsModel(BaseModel):
    """How each list was found."""

    reach: str
    lost: str
    degraded: str


class ImpactAnswer(BaseModel):
    """What an alarm on an asset cuts off."""

    asset_id: int = Field(examples=[12])
    city_id: int = Field(examples=[1])
    network_version: int = Field(description="Version of the drawing that was asked.")
    valve_version: int = Field(description="Version of the valve states that was asked.")
    reach: FiguresModel = Field(description="Fed through it, on rings both ways: an upper bound.")
    lost: FiguresModel = Field(description="No open way from any running source is left: certain.")
    degraded: FiguresModel = Field(description="Reach without lost: pressure and capacity are not judged.")
    methods: MethodsModel
    findings: list[FindingModel] = Field(description="What is wrong around the answer.")
    geometry: dict[str, object] | None = Field(
        description="FeatureCollection of reach: id = asset_id, properties asset_id, kind, set (lost or degraded)."
    )


class TraceAnswer(BaseModel):
    """What lies before or behind an asset."""

    asset_id: int = Field(examples=[12])
    city_id: int = Field(examples=[1])
    network_version: int
    valve_version: int
    found: FiguresModel
    method: str
    geometry: dict[str, object] | None = Field(
        description="FeatureCollection: id = asset_id, properties asset_id, kind, set (found)."
    )


async def answer_impact(pool: Pool, network: Network, scope: Scope, asset_id: int, *, geometry: bool) -> Answer:
    """Answer an impact for a caller.

    Raises
    ------
    NotFound
        When the asset does not exist or the scope does not hold it.
    NotTraceable
        When it is not part of the network.
    """
    await _require_traceable(pool, network, scope, asset_id)
    found = impact(network, asset_id)
    visible = visible_rows(network, scope)
    lists = {name: figures(network.assets, getattr(found, name), visible) for name in ("reach", "lost", "degraded")}
    lost = set(lists["lost"].asset_ids.tolist())
    return {
        "asset_id": found.asset_id,
        "city_id": found.city_id,
        "network_version": found.network_version,
        "valve_version": found.valve_version,
        **{name: _figures(part) for name, part in lists.items()},
        "methods": dict(found.methods),
        "findings": visible_findings(network, scope, visible, found.findings)[:_MOST_FINDINGS],
        "geometry": await _features(
            pool, scope, network.city_id, lists["reach"].asset_ids, lambda i: "lost" if i in lost else "degraded"
        )
        if geometry
        else None,
    }


async def answer_trace(
    pool: Pool, network: Network, scope: Scope, asset_id: int, trace: Callable[[Network, int], Trace], *, geometry: bool
) -> Answer:
    """Answer an upstream or downstream trace for a caller; raises as `answer_impact`."""
    await _require_traceable(pool, network, scope, asset_id)
    found = trace(network, asset_id)
    shown = figures(network.assets, found.rows, visible_rows(network, scope))
    return {
        "asset_id": found.asset_id,
        "city_id": found.city_id,
        "network_version": found.network_version,
        "valve_version": found.valve_version,
        "found": _figures(shown),
        "method": found.method,
        "geometry": await _features(pool, scope, network.city_id, shown.asset_ids, lambda _: "found") if geometry else None,
    }


async def _require_traceable(pool: Pool, network: Network, scope: Scope, asset_id: int) -> None:
    """Tell an asset that nobody knows (or may see) from one that is no part of the heat network."""
    kind = await read_kind(pool, scope, network.city_id, asset_id)
    if network.assets.rows_of(np.array([asset_id]))[0] < 0:
        raise NotTraceable(f"asset {asset_id} is a {kind} and not part of the hot-water network; nothing is fed through it")


def visible_findings(network: Network, scope: Scope, visible: NDArray[np.bool_], findings: tuple[Finding, ...]) -> list[Answer]:
    """Return the findings all assets of which the caller may see, positions rounded to the scope."""
    shown = []
    for item in findings:
        rows = network.assets.rows_of(np.array(item.asset_ids))
        if visible[rows[rows >= 0]].all():
            kinds = [KINDS[network.assets.kind[row]] if row >= 0 else "" for row in rows]
            shown.append(
                {
                    "rule": item.rule,
                    "asset_ids": list(item.asset_ids),
                    "kinds": kinds,
                    "position": round_position(item.position, scope),
                    "message": item.message,
                }
            )
    return shown


def _figures(part: Figures) -> Answer:
    return {
        "asset_ids": part.asset_ids.tolist(),
        "counts": dict(part.counts),
        "substations": [{"asset_id": asset_id, "name": name} for asset_id, name in part.substations],
        "heat_user_count": part.heat_user_count,
        "heated_area_m2": part.heated_area_m2,
        "heat_load_mw": part.heat_load_mw,
        "pipe_length_m": part.pipe_length_m,
        "outside_scope": part.outside_scope,
    }


async def _features(pool: Pool, scope: Scope, city_id: int, asset_ids: NDArray[np.int32], set_of: Callable[[int], str]) -> Answer:
    """Read the geometries in one statement and put their GeoJSON into a collection without parsing it."""
    rows = await read_geometries(pool, scope, city_id, asset_ids.tolist())
    features = [
        {
            "type": "Feature",
            "id": row.asset_id,
            "properties": {"asset_id": row.asset_id, "kind": row.kind, "set": set_of(row.asset_id)},
            "geometry": None if row.geometry is None else orjson.Fragment(row.geometry),
        }
        for row in rows
    ]
    return {"type": "FeatureCollection", "features": features}
