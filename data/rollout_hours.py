"""Hours of use and room temperatures that were sampled from live state: adding to them, and reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the devices of a city: sums of room temperatures by district, group and type; hours by village."""

    at: datetime
    districts: Sequence[int]
    groups: Sequence[str]
    types: Sequence[str]
    room_degc: Sequence[float]
    room_count: Sequence[float]
    villages: Sequence[int]
    in_use_hours: Sequence[float]
    heating_hours: Sequence[float]


@dataclass(frozen=True, slots=True)
class HourTemperatures:
    """Mean temperatures of one hour; None where nothing was measured."""

    hour_at: datetime
    monitored_degc: float | None
    control_degc: float | None
    insulated_degc: float | None
    outdoor_degc: float | None


async def take_turn(pool: Pool, city_id: int, at: datetime, *, every_s: float) -> datetime | None:
    """Return when the last sample was taken, and make this the last one; None when it is not due, or another process has it.

    The first sample of a city counts as one taken `every_s` after another.
    """
    row = await pool.fetchrow(sql("rollout_sample_take"), city_id, at, every_s)
    if row is None:
        return None
    before: datetime | None = row["before_at"]
    return at - timedelta(seconds=every_s) if before is None else before


async def add_sample(pool: Pool, city_id: int, sample: Sample) -> None:
    """Add a sample to its hour and its day, both or neither."""
    hour = sample.at.replace(minute=0, second=0, microsecond=0)
    rooms = (sample.districts, sample.groups, sample.types, sample.room_degc, sample.room_count)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("rollout_hour_add"), city_id, hour, *map(list, rooms))
        hours = (sample.villages, sample.in_use_hours, sample.heating_hours)
        await connection.execute(sql("rollout_use_add"), city_id, sample.at, *map(list, hours))


async def read_temperatures(
    pool: Pool,
    scope: Scope,
    city_id: int,
    day: date,
    *,
    device_type: str | None,
    energy: str | None,
    district_id: int | None,
) -> list[HourTemperatures]:
    """Return the hours of a local day that were sampled.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city or the layer `rollout`.
    """
    scope.require_layer("rollout")
    parameters = scope_parameters(scope, city_id).as_tuple()
    kinds = (
        None if energy is None else [row["device_type"] for row in await pool.fetch(sql("rollout_energy_types"), city_id, energy)]
    )
    rows = await pool.fetch(sql("rollout_temperatures"), *parameters, day, device_type, kinds, district_id)
    return [HourTemperatures(**row) for row in rows]


async def read_use(pool: Pool, scope: Scope, city_id: int, since: date) -> Mapping[int, tuple[float, float]]:
    """Return device hours on and device hours possible since a day, by visible area.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city or the layer `rollout`.
    """
    scope.require_layer("rollout")
    rows = await pool.fetch(sql("rollout_use_list"), *scope_parameters(scope, city_id).as_tuple(), since)
    return {row["area_id"]: (row["in_use_hours"], row["heating_hours"]) for row in rows}
