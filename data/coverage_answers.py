"""Reads coverage for a caller: objects with their areas, the buildings that differ, districts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.assets import grid_deg
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.coverage import OF_KINDS, SUPPLY_KINDS
from twin.scope import Scope

SUPPLY_BITS = sum(1 << OF_KINDS.index(kind) for kind in SUPPLY_KINDS)
"""Bits of `served_building.inside` that make a building covered."""


@dataclass(frozen=True, slots=True)
class CoverageVersion:
    """Version of the assets now, and of those that the coverage was derived from (with the time)."""

    assets_version: int
    derived_version: int
    built_at: datetime


@dataclass(frozen=True, slots=True)
class CoveredObject:
    """An object with its declared and its served ground.

    Attributes
    ----------
    declared_m2, served_m2
        Sizes on the ellipsoid; None = no such ground.
    declared, served
        GeoJSON texts; None = none, or not asked for.

    The rest is as in the table `coverage`.
    """

    of_kind: str
    asset_id: int
    kind: str
    code: str
    name: str
    state: str
    served_count: int
    inside_count: int
    heated_area_m2: float
    agreement: float | None
    outside_count: int
    foreign_count: int
    unserved_count: int
    company_id: int | None
    area_id: int | None
    declared_m2: float | None
    served_m2: float | None
    declared: str | None
    served: str | None


@dataclass(frozen=True, slots=True)
class MisplacedBuilding:
    """A building in which an object differs from its area: `relation` outside, foreign or unserved; and who serves it."""

    relation: str
    asset_id: int
    code: str
    name: str
    heated_area_m2: float
    substation_id: int | None
    source_id: int | None
    supplier_id: int | None
    estate_id: int | None


@dataclass(frozen=True, slots=True)
class DistrictCoverage:
    """Heated buildings of a district (None = in no district): how many lie in a declared area, how many hang on no network."""

    asset_id: int | None
    kind: str | None
    code: str | None
    name: str | None
    area_m2: float | None
    building_count: int
    heated_count: int
    heated_area_m2: float
    covered_count: int
    covered_area_m2: float
    unconnected_count: int
    unconnected_area_m2: float
    uncovered_ids: Sequence[int]
    unconnected_ids: Sequence[int]


async def coverage_version(pool: Pool, city_id: int) -> CoverageVersion:
    """Return what the coverage of a city was derived from.

    Raises
    ------
    NotFound
        When there is no such city, or nothing was derived yet.
    """
    row = await pool.fetchrow(sql("coverage_version"), city_id)
    if row is None:
        raise NotFound(f"there is no city {city_id}")
    if row["built_at"] is None:
        raise NotFound(f"the coverage of city {city_id} is not derived; `heat-twin tiles rebuild` derives it")
    return CoverageVersion(**row)


async def list_coverage(
    pool: Pool,
    scope: Scope,
    city_id: int,
    of_kind: str,
    *,
    state: str | None,
    asset_id: int | None,
    geometry: bool,
    limit: int,
    offset: int,
) -> tuple[Mapping[str, int], list[CoveredObject]]:
    """Return the number of visible objects by state, and a page of those wanted: the worst agreement first, then by id."""
    parameters = (*scope_parameters(scope, city_id).as_tuple(), of_kind)
    counts = {row["state"]: int(row["object_count"]) for row in await pool.fetch(sql("coverage_count"), *parameters)}
    rows = await pool.fetch(sql("coverage_list"), *parameters, state, *grid_deg(scope), geometry, asset_id, limit, offset)
    return counts, [CoveredObject(**row) for row in rows]


async def list_misplaced(
    pool: Pool, scope: Scope, city_id: int, of_kind: str, *, asset_id: int, relation: str | None
) -> list[MisplacedBuilding]:
    """Return the visible buildings in which an object differs from its declared area."""
    parameters = (*scope_parameters(scope, city_id).as_tuple(), of_kind, asset_id, relation)
    return [MisplacedBuilding(**row) for row in await pool.fetch(sql("coverage_misplaced"), *parameters)]


async def list_districts(pool: Pool, scope: Scope, city_id: int, *, limit: int, offset: int) -> list[DistrictCoverage]:
    """Return the districts of the visible buildings, by id; a page of the building ids of each. Cost: 0.1 s for 50,000."""
    parameters = (*scope_parameters(scope, city_id).as_tuple(), SUPPLY_BITS, limit, offset)
    return [DistrictCoverage(**row) for row in await pool.fetch(sql("coverage_districts"), *parameters)]
