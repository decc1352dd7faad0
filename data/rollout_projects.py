"""Reads the projects of the clean-heating rollout (改造项目): where each stands, how far it is, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from data.assets import Position, escape_like, grid_deg
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

REGISTER: Final = "retrofit_project"
MOST: Final = 5_000
"""A map draws all projects at once; a city plans some hundred."""


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Which projects; None = any.

    Attributes
    ----------
    area_id
        District or zone: what hangs on it, and what stands in it.
    stage, kind, technical_type
        As the register says them.
    search
        Part of the code or name; case does not matter.
    """

    area_id: int | None = None
    stage: str | None = None
    kind: str | None = None
    technical_type: str | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """One project; `area_id` is the district or zone that it is counted by, `district_id` the district it stands in."""

    row_id: int
    code: str
    name: str
    area_id: int | None
    area_name: str | None
    area_kind: str | None
    district_id: int | None
    position_wgs84: Position | None
    attributes: Mapping[str, object]

    def number(self, name: str) -> float | None:
        """Return a number among the attributes; None where there is none."""
        value = self.attributes.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def text(self, name: str) -> str | None:
        """Return a text among the attributes; None where there is none."""
        value = self.attributes.get(name)
        return None if value is None or value == "" else str(value)

    @property
    def completion(self) -> float | None:
        """Share of its scale that is done, 0..1 and more where more was built than planned; None without a scale."""
        scale, done = self.number("scale_m2"), self.number("done_m2")
        return None if not scale or done is None else done / scale

    def total_cny(self, what: str) -> float | None:
        """Return the sum of the three sources of money, `planned` or `paid`; None when none of them is given."""
        parts = [self.number(f"{what}_{source}_cny") for source in ("central", "local", "company")]
        given = [part for part in parts if part is not None]
        return sum(given) if given else None

    @property
    def payment_rate(self) -> float | None:
        """Share of the planned money that is paid; None where nothing is planned."""
        planned, paid = self.total_cny("planned"), self.total_cny("paid")
        return None if not planned or paid is None else paid / planned


async def list_projects(
    pool: Pool, scope: Scope, city_id: int, wanted: ProjectFilter, *, limit: int, offset: int
) -> tuple[int, list[Project]]:
    """Return how many visible projects fit, and a page of them: the largest first.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city or the register of projects.

    Cost: reads every project of the city, some hundred.
    """
    scope.require_layer(REGISTER)
    parameters = (*scope_parameters(scope, city_id).as_tuple(), *_filters(wanted))
    total = int(await pool.fetchval(sql("rollout_project_count"), *parameters))
    rows = await pool.fetch(sql("rollout_project_list"), *parameters, *grid_deg(scope), limit, offset)
    return total, [_project(row) for row in rows]


def _filters(wanted: ProjectFilter) -> tuple[object, ...]:
    pattern = None if wanted.search is None else f"%{escape_like(wanted.search)}%"
    return wanted.area_id, wanted.stage, wanted.kind, wanted.technical_type, pattern


def _project(row: asyncpg.Record) -> Project:
    return Project(
        row_id=row["row_id"],
        code=row["code"],
        name=row["name"],
        area_id=row["area_id"],
        area_name=row["area_name"],
        area_kind=row["area_kind"],
        district_id=row["district_id"],
        position_wgs84=None if row["lon"] is None else (row["lon"], row["lat"]),
        attributes=row["attributes"],
    )
