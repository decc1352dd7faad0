"""Reads which village and areas each heating device belongs to, and the devices of a village."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.arrays import BoolArray, Float64Array, Int64Array
from twin.registers import REGISTERS
from twin.rollout import ELECTRIC_TYPES
from twin.scope import Scope

GROUPS = ("retrofitted", "control", "insulated")
"""Groups whose rooms are compared: retrofitted without insulation, not retrofitted, retrofitted and insulated."""


@dataclass(frozen=True, slots=True)
class DevicePlaces:
    """Heating devices of a city with where they belong; arrays with one row a device, by rising asset_id.

    Attributes
    ----------
    area_ids
        Rising ids of the areas of the tree, the city (0) first.
    levels
        Row in `area_ids` of each device's village, township, district, zone and city; -1 = none.
    group, type_index, types
        Place in GROUPS; place in `types`.
    rated_kw, draws_power
        Rated power (NaN = unknown), and whether it is drawn from the grid.
    """

    asset_ids: Int64Array
    area_ids: Int64Array
    levels: tuple[Int64Array, ...]
    group: Int64Array
    type_index: Int64Array
    types: tuple[str, ...]
    rated_kw: Float64Array
    draws_power: BoolArray


@dataclass(frozen=True, slots=True)
class VillageDevice:
    """One device of a village; `name` only where the seat may read personal data, as it is often the resident's door."""

    asset_id: int
    code: str
    name: str
    device_type: str
    power_kw: float | None


async def read_places(pool: Pool, city_id: int) -> DevicePlaces:
    """Return where all heating devices of a city belong. Cost: half a second for 110,000."""
    areas = await pool.fetch(sql("rollout_live_areas"), city_id)
    area_ids = np.array([row["area_id"] for row in areas], np.int64)
    row_of = {int(each): row for row, each in enumerate(area_ids.tolist())}
    rows = await pool.fetch(sql("rollout_live_devices"), city_id)
    types = sorted({row["device_type"] for row in rows})
    place_of = {name: place for place, name in enumerate(types)}

    def level(name: str) -> Int64Array:
        return np.array([-1 if row[name] is None else row_of[row[name]] for row in rows], np.int64)

    return DevicePlaces(
        asset_ids=np.array([row["asset_id"] for row in rows], np.int64),
        area_ids=area_ids,
        levels=tuple(level(name) for name in ("village_id", "township_id", "district_id", "zone_id", "city_id")),
        group=np.array([GROUPS.index(row["household_group"]) for row in rows], np.int64),
        type_index=np.array([place_of[row["device_type"]] for row in rows], np.int64),
        types=tuple(types),
        rated_kw=np.array([np.nan if row["power_kw"] is None else row["power_kw"] for row in rows], np.float64),
        draws_power=np.array([row["device_type"] in ELECTRIC_TYPES for row in rows], np.bool_),
    )


async def village_devices(
    pool: Pool, scope: Scope, city_id: int, village_id: int, *, limit: int, offset: int
) -> tuple[int, Sequence[VillageDevice]]:
    """Return how many visible devices a village has, and a page of them by code.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city or the layer `rollout`.
    """
    scope.require_layer("rollout")
    rows = await pool.fetch(
        sql("rollout_village_devices"), *scope_parameters(scope, city_id).as_tuple(), village_id, limit, offset
    )
    shown = scope.personal or "name" not in REGISTERS["household"].personal
    found = [
        VillageDevice(
            row["asset_id"], row["code"], row["name"] if shown else row["device_type"], row["device_type"], row["power_kw"]
        )
        for row in rows
    ]
    return (rows[0]["total"] if rows else 0), found


async def read_stamp(pool: Pool, city_id: int) -> object:
    """Return what changes when places may have: the time of the last refresh of the sums."""
    row = await pool.fetchrow(sql("rollout_state"), city_id)
    return None if row is None else row["refreshed_at"]


async def read_air_stations(pool: Pool, city_id: int) -> Mapping[int, int | None]:
    """Return the air stations of a city with the district or zone that each counts for."""
    return {row["asset_id"]: row["area_id"] for row in await pool.fetch(sql("rollout_air_stations"), city_id)}
