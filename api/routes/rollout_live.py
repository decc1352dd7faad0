"""The rollout out of readings: devices in use, room temperatures, network state, electric load, curves of groups."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.rollout_room import LiveRollout, RolloutRoom
from api.routes.rollout import AreaKind, WantedDep
from data.arrivals import zone_of
from data.rollout import list_areas
from data.rollout_hours import read_temperatures, read_use
from data.rollout_live import VillageDevice, village_devices
from twin.rollout_live import GUARANTEE_DEGC, LIVE_FIGURES

router = APIRouter(prefix="/rollout", tags=["rollout"])

Energy: TypeAlias = Literal["electric", "biomass", "solar"]
_Id = 2**31 - 1
_HEATING_YEAR_STARTS = (7, 1)


class LiveFigureModel(BaseModel):
    """How a live figure is defined."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["use_rate"])
    name_zh: str = Field(examples=["设备使用率"])
    formula: str
    unit: str
    source: str
    decimals: int


class LiveAreaModel(BaseModel):
    """Live figures of one area; null where no device tells."""

    area_id: int = Field(examples=[3])
    kind: AreaKind
    code: str = Field(examples=["220112"])
    name: str = Field(examples=["双阳区"])
    parent_id: int | None
    device_count: float | None
    connected_count: float | None = Field(description="Heard at least once.")
    online_count: float | None
    in_use_count: float | None = Field(description="Online and on.")
    use_rate: float | None = Field(description="in_use_count / connected_count.", examples=[0.94])
    season_use_rate: float | None = Field(description="Device hours on / device hours possible since 1 July, as far as sampled.")
    mean_room_temperature_degc: float | None = Field(examples=[19.2])
    mean_room_temperature_in_use_degc: float | None
    room_temperature_guarantee_rate: float | None = Field(description="Share of measured rooms at the limit or above.")
    online_rate: float | None
    offline_rate: float | None
    damage_rate: float | None = Field(description="In maintenance or with an open alarm, of all devices.")
    live_load_mw: float | None = Field(description="Power drawn from the grid now.")


class LiveAnswer(BaseModel):
    """Live figures of some areas, with their definitions."""

    as_of: datetime
    limit_degc: float = Field(description="Rooms at or above are warm enough.", examples=[GUARANTEE_DEGC])
    figures: list[LiveFigureModel]
    items: list[LiveAreaModel]


def rollout_room(request: Request) -> RolloutRoom:
    """Return the room of the process that adds up devices."""
    room: RolloutRoom = request.app.state.rollout
    return room


@router.get("/live")
async def live(request: Request, caller: CallerDep, pool: PoolDep, city: CityDep, wanted: WantedDep) -> LiveAnswer:
    """Return what the heating devices of areas do now, a few seconds old at most."""
    areas = await list_areas(pool, caller.scope, city, wanted)
    now = await rollout_room(request).now(city)
    use = await read_use(pool, caller.scope, city, _season_starts(await zone_of(pool, city)))
    row_of = {int(area): row for row, area in enumerate(now.places.area_ids.tolist())}
    items = []
    for area in areas:
        figures = now.sums.figures(row_of[area.area_id]) if area.area_id in row_of else {f.name: None for f in LIVE_FIGURES}
        on, possible = use.get(area.area_id, (0.0, 0.0))
        season = on / possible if possible > 0 else None
        whose = {"area_id": area.area_id, "kind": area.kind, "code": area.code, "name": area.name, "parent_id": area.parent_id}
        items.append(LiveAreaModel.model_validate(whose | figures | {"season_use_rate": season}))
    definitions = [LiveFigureModel.model_validate(figure) for figure in LIVE_FIGURES]
    return LiveAnswer(as_of=now.as_of, limit_degc=GUARANTEE_DEGC, figures=definitions, items=items)


def _season_starts(zone: str) -> date:
    today = datetime.now(ZoneInfo(zone)).date()
    first = today.year if (today.month, today.day) >= _HEATING_YEAR_STARTS else today.year - 1
    return date(first, *_HEATING_YEAR_STARTS)


class DeviceModel(BaseModel):
    """One heating device of a village."""

    asset_id: int = Field(examples=[812])
    code: str = Field(examples=["QJ000012"])
    name: str = Field(description="The device's type for seats that may not read personal data.")
    device_type: str = Field(examples=["颗粒炉+散热器"])
    rated_kw: float | None
    status: int = Field(description="Status code of contracts: 0 no data, 1 normal, 2 off, 3 maintenance, 4 stale, 5 to 7 alarm.")
    connected: bool
    online: bool
    on: bool
    room_temperature_degc: float | None
    load_kw: float | None = Field(description="Drawn from the grid now.")


class DevicesAnswer(BaseModel):
    """Heating devices of a village by code."""

    total: int
    items: list[DeviceModel]


@router.get("/live/devices")
async def devices(
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    village: Annotated[int, Query(ge=1, le=_Id, description="asset_id of the village.", examples=[512])],
    *,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DevicesAnswer:
    """Return the devices of a village: on or off, in the network or not, room temperature."""
    total, found = await village_devices(pool, caller.scope, city, village, limit=limit, offset=offset)
    now = await rollout_room(request).now(city)
    status_of = request.app.state.live.status_of
    return DevicesAnswer(total=total, items=[_device(each, now, status_of(city, each.asset_id)) for each in found])


def _device(each: VillageDevice, now: LiveRollout, status: int) -> DeviceModel:
    row = int(np.searchsorted(now.places.asset_ids, each.asset_id))
    known = row < len(now.places.asset_ids) and now.places.asset_ids[row] == each.asset_id
    states = now.states
    room = float(states.room_degc[row]) if known and states.online[row] else float("nan")
    return DeviceModel(
        asset_id=each.asset_id,
        code=each.code,
        name=each.name,
        device_type=each.device_type,
        rated_kw=each.power_kw,
        status=status,
        connected=known and bool(states.connected[row]),
        online=known and bool(states.online[row]),
        on=known and bool(states.in_use[row]),
        room_temperature_degc=None if np.isnan(room) else room,
        load_kw=float(states.load_kw[row]) if known and states.in_use[row] else None,
    )


class HourModel(BaseModel):
    """Mean temperatures of one hour, °C; null where nothing was measured."""

    model_config = ConfigDict(from_attributes=True)

    hour_at: datetime
    monitored_degc: float | None = Field(description="Retrofitted households.")
    control_degc: float | None = Field(description="Households that were not retrofitted.")
    insulated_degc: float | None = Field(description="Retrofitted and insulated.")
    outdoor_degc: float | None


class TemperaturesAnswer(BaseModel):
    """Hours of a day."""

    day: date
    items: list[HourModel]


@router.get("/temperatures")
async def temperatures(
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    *,
    day: Annotated[date | None, Query(description="In the zone of the city; default: today.", examples=["2026-11-23"])] = None,
    energy: Annotated[Energy | None, Query(description="Only devices of this energy.")] = None,
    device_type: Annotated[str | None, Query(max_length=100, examples=["颗粒炉+散热器"])] = None,
    area: Annotated[int | None, Query(ge=1, le=_Id, description="Only households of this district.")] = None,
) -> TemperaturesAnswer:
    """Return hourly room temperatures of monitored, not retrofitted and insulated households against outdoors.

    Sampled every five minutes while the server runs; hours before its first start are not there.
    """
    shown = day or datetime.now(ZoneInfo(await zone_of(pool, city))).date()
    found = await read_temperatures(pool, caller.scope, city, shown, device_type=device_type, energy=energy, district_id=area)
    return TemperaturesAnswer(day=shown, items=[HourModel.model_validate(each) for each in found])
