"""Cities: which there are and which one a request means."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import sql
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class City:
    """One city of the deployment."""

    city_id: int
    name_zh: str
    name_en: str
    zone: str
    synthetic: bool
    attribution: str
    assets_version: int
    bbox_wgs84: tuple[float, float, float, float] | None


async def list_cities(pool: Pool, scope: Scope) -> list[City]:
    """Return the visible cities by rising id, with the extent of their assets (west, south, east, north)."""
    rows = await pool.fetch(sql("city_list"), None if scope.cities is None else list(scope.cities))
    return [_city(row) for row in rows]


def _city(row: asyncpg.Record) -> City:
    bbox = None if row["west"] is None else (row["west"], row["south"], row["east"], row["north"])
    return City(
        city_id=row["city_id"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        zone=row["zone"],
        synthetic=row["synthetic"],
        attribution=row["attribution"],
        assets_version=row["assets_version"],
        bbox_wgs84=bbox,
    )


async def resolve_city(pool: Pool, scope: Scope, city_id: int | None) -> int:
    """Return the city that a request means: the named one, else the lowest visible one.

    Raises
    ------
    OutsideScope
        When the scope does not hold the named city.
    NotFound
        When there is no such city, or none at all.
    """
    if city_id is not None:
        scope.require_city(city_id)
    row = await pool.fetchval(sql("city_resolve"), city_id, None if scope.cities is None else list(scope.cities))
    if row is None:
        wanted = "no city has been imported yet" if city_id is None else f"there is no city {city_id}"
        raise NotFound(f"{wanted}; `heat-twin demo` loads the sample city")
    return int(row)


def city_ids(connection: Connection) -> list[int]:
    """Return the ids of all cities, rising."""
    return [int(row[0]) for row in connection.execute(sql("city_ids")).fetchall()]


def read_assets_version(connection: Connection, city_id: int) -> int:
    """Return the version of a city's assets.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    versions = {int(row[0]): int(row[1]) for row in connection.execute(sql("city_ids")).fetchall()}
    if city_id not in versions:
        raise NotFound(f"there is no city {city_id}")
    return versions[city_id]


def city_geoid_height_m(connection: Connection, city_id: int) -> float | None:
    """Return the height of the national height datum above the WGS-84 ellipsoid in a city; None when no manifest stated it."""
    row = connection.execute(sql("city_geoid"), {"city_id": city_id}).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def city_extent(connection: Connection, city_id: int) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north in degrees as a manifest of the city stated them; None when none did, or no such city."""
    row = connection.execute(sql("city_extent"), {"city_id": city_id}).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = row[0]
    return west, south, east, north
