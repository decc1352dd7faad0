"""Zones: the last scheduled solve of each, and the pressure line in it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.zone_answers import LAYERS, LinePoint, Sight, ZoneModel, line_model
from data.errors import NotFound
from data.zone_solutions import StationRow, ZoneRow, list_stations, list_zones, read_heads
from topology.hydraulics.pressure_line import pressure_line, station_losses_m
from topology.hydraulics.what_if_answer import line_figures, number
from twin.scope import Scope

router = APIRouter(prefix="/zones", tags=["hydraulics"])

SourceIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="The source that holds the zone's pressure.", examples=[12])]


class ZonesAnswer(BaseModel):
    """The zones of a city that were solved."""

    city_id: int
    zones: list[ZoneModel]


class LineAnswer(BaseModel):
    """The pressure line (水压图) from a source to a station, out of the last solve."""

    source_id: int
    station_id: int
    station_name: str
    solved_at: datetime
    stale: bool = Field(description="True: the drawing or a valve has changed since.")
    network_version: int
    valve_version: int
    points: list[LinePoint]


class StationFigures(BaseModel):
    """What the last solve says of one substation; pressures above the atmosphere."""

    asset_id: int
    supply_mpa: float | None = Field(examples=[0.86])
    return_mpa: float | None = Field(examples=[0.41])
    supply_loss_m: float | None = Field(description="Head lost on the way from the source; pumps on the way give head.")
    return_loss_m: float | None = Field(description="Head lost on the way back to the source.")
    flow_m3_per_h: float | None
    flow_share: float | None = Field(description="Of the flow its load needs.", examples=[1.0])
    supply_degc: float | None = Field(description="Of the water that arrives.", examples=[108.4])


class StationsAnswer(BaseModel):
    """The substations of a zone in its last solve."""

    source_id: int
    solved_at: datetime
    stale: bool = Field(description="True: the drawing or a valve has changed since.")
    network_version: int
    valve_version: int
    stations: list[StationFigures]


@router.get("")
async def get_zones(request: Request, caller: CallerDep, city: CityDep, pool: PoolDep) -> ZonesAnswer:
    """List the zones whose source the caller may see, each with its last solve."""
    _require_layers(caller.scope)
    rows = await list_zones(pool, caller.scope, city)
    if not rows:
        return ZonesAnswer(city_id=city, zones=[])
    sight = Sight(await request.app.state.networks.get(city), caller.scope)
    return ZonesAnswer(city_id=city, zones=[_zone(row, sight) for row in rows])


@router.get("/{source_id}/stations")
async def get_stations(source_id: SourceIdPath, caller: CallerDep, city: CityDep, pool: PoolDep) -> StationsAnswer:
    """List the visible substations of a zone with pressures, flow and temperature of the last solve."""
    _require_layers(caller.scope)
    heads = await read_heads(pool, caller.scope, city, source_id)
    ids, forth, back = station_losses_m(heads.net)
    losses = {row[0]: row[1:] for row in zip(ids.tolist(), forth.tolist(), back.tolist(), strict=True)}
    stations = [
        _station(row, losses.get(row.asset_id, (math.nan, math.nan)))
        for row in await list_stations(pool, caller.scope, city, source_id)
    ]
    return StationsAnswer(
        source_id=source_id,
        solved_at=heads.solved_at,
        stale=heads.stale,
        network_version=heads.network_version,
        valve_version=heads.valve_version,
        stations=stations,
    )


@router.get("/{source_id}/line")
async def get_line(
    *,
    request: Request,
    source_id: SourceIdPath,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    station_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Default: the worst station.")] = None,
) -> LineAnswer:
    """Draw the pressure line of a zone to one of its stations."""
    _require_layers(caller.scope)
    heads = await read_heads(pool, caller.scope, city, source_id)
    sight = Sight(await request.app.state.networks.get(city), caller.scope)
    if station_id is not None and not sight.holds(station_id):
        raise NotFound(f"there is no substation {station_id} in city {city}")
    line = await line_model(pool, caller.scope, city, line_figures(pressure_line(heads.net, station_id)), sight)
    if line is None:
        raise NotFound(f"the worst station of the zone of source {source_id} is not visible from this seat; name a station_id")
    return LineAnswer(
        source_id=line.source_id,
        station_id=line.station_id,
        station_name=sight.name(line.station_id),
        solved_at=heads.solved_at,
        stale=heads.stale,
        network_version=heads.network_version,
        valve_version=heads.valve_version,
        points=line.points,
    )


def _station(row: StationRow, losses_m: tuple[float, float]) -> StationFigures:
    return StationFigures(
        asset_id=row.asset_id,
        supply_mpa=number(row.supply_mpa, 4),
        return_mpa=number(row.return_mpa, 4),
        supply_loss_m=number(losses_m[0], 2),
        return_loss_m=number(losses_m[1], 2),
        flow_m3_per_h=number(row.flow_m3_per_h, 2),
        flow_share=number(row.flow_share, 3),
        supply_degc=None if row.supply_degc is None else number(row.supply_degc, 2),
    )


def _require_layers(scope: Scope) -> None:
    for layer in LAYERS:
        scope.require_layer(layer)


def _zone(row: ZoneRow, sight: Sight) -> ZoneModel:
    state = sight.state(row.summary)
    return ZoneModel(
        source_id=row.source_id,
        name=row.name,
        code=row.code,
        solved_at=row.solved_at,
        stale=row.stale,
        converged=row.converged,
        stations=state.stations,
        load_mw=state.load_mw,
        worst_station_id=state.worst_station_id,
        worst_differential_mpa=state.least_differential_mpa,
        problems=sight.problems(row.problems),
        summary=state,
    )
