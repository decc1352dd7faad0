"""Reads statistics for a caller: lengths by class and band, substations, users and buildings.

Lengths are summed from `tile_pipe`, the copy of the pipes that the tiles are made of, so a table and the map beside it never
differ; the version of that copy goes with every answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.lengths import LengthSum
from twin.scope import Scope

_SUPPLY = 1


@dataclass(frozen=True, slots=True)
class StatisticsVersion:
    """Zone of the city, version of the assets now, and of those that the lengths were summed from (with the time)."""

    zone: str
    assets_version: int
    counted_version: int
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What part of a city is asked for: assets of one area or company; None = all."""

    area_id: int | None = None
    company_id: int | None = None


@dataclass(frozen=True, slots=True)
class MainStations:
    """Main stations of one kind; None = no station gives it."""

    kind: str
    station_count: int
    design_power_mw: float | None
    design_flow_t_per_h: float | None
    first_year: int | None
    last_year: int | None


@dataclass(frozen=True, slots=True)
class Lengths:
    """Supply pipes summed by what tables ask, and what could not be counted because the delivery does not say its side."""

    sums: Sequence[LengthSum]
    without_side_count: int
    without_side_m: float
    stations: Sequence[MainStations]


@dataclass(frozen=True, slots=True)
class Substation:
    """What counts of a substation: stated area, area and number of buildings that it serves, attributes."""

    stated_area_m2: float | None
    served_area_m2: float | None
    building_count: int
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class UserCount:
    """Heat users of one use and state; None = not given."""

    resident: bool | None
    connected: bool | None
    heating: bool | None
    user_count: int
    heated_area_m2: float


@dataclass(frozen=True, slots=True)
class BuildingCount:
    """Buildings of one type and energy class; empty text = not given."""

    building_type: str
    energy_class: str
    building_count: int
    heat_user_count: float
    heated_area_m2: float


async def statistics_version(pool: Pool, city_id: int) -> StatisticsVersion:
    """Return what the lengths of a city are of.

    Raises
    ------
    NotFound
        When there is no such city, or its pipes have not been measured.
    """
    row = await pool.fetchrow(sql("statistics_version"), city_id)
    if row is None:
        raise NotFound(f"there is no city {city_id}")
    if row["counted_at"] is None:
        raise NotFound(f"the pipes of city {city_id} are not measured; `heat-twin tiles rebuild` measures them")
    return StatisticsVersion(**row)


async def read_lengths(pool: Pool, scope: Scope, city_id: int, part: Part) -> Lengths:
    """Sum the visible supply pipes. Cost: 0.1 s for 97,000."""
    parameters = _parameters(scope, city_id, part)
    rows = await pool.fetch(sql("statistics_lengths"), *parameters)
    without_side = [row for row in rows if row["side"] != _SUPPLY]
    stations = await pool.fetch(sql("statistics_stations"), *parameters)
    return Lengths(
        sums=[_length_sum(row) for row in rows if row["side"] == _SUPPLY],
        without_side_count=sum(row["pipe_count"] for row in without_side),
        without_side_m=sum(row["length_m"] for row in without_side),
        stations=[MainStations(**row) for row in stations],
    )


async def read_substations(pool: Pool, scope: Scope, city_id: int, part: Part) -> list[Substation]:
    """Return what counts of each visible substation. Cost: 60 ms for 3,500."""
    rows = await pool.fetch(sql("statistics_substations"), *_parameters(scope, city_id, part))
    return [Substation(row["heated_area_m2"], row["served_area_m2"], row["building_count"], row["attributes"]) for row in rows]


async def count_users(pool: Pool, scope: Scope, city_id: int, part: Part) -> list[UserCount]:
    """Count the visible heat users by use, connection and heating; nobody is named.

    Raises
    ------
    OutsideScope
        When the scope does not hold the register.
    """
    scope.require_layer("heat_user")
    return [UserCount(**row) for row in await pool.fetch(sql("statistics_users"), *_parameters(scope, city_id, part))]


async def count_buildings(pool: Pool, scope: Scope, city_id: int, part: Part) -> list[BuildingCount]:
    """Count the visible buildings by type and energy class."""
    return [BuildingCount(**row) for row in await pool.fetch(sql("statistics_buildings"), *_parameters(scope, city_id, part))]


def _parameters(scope: Scope, city_id: int, part: Part) -> tuple[object, ...]:
    return (*scope_parameters(scope, city_id).as_tuple(), part.area_id, part.company_id)


def _length_sum(row: asyncpg.Record) -> LengthSum:
    return LengthSum(**{name: value for name, value in row.items() if name != "side"})
