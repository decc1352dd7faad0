"""Reads assets for a caller: the list, one asset in detail (also of a past time), geometries of many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import asyncpg
import orjson

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

Position: TypeAlias = tuple[float, float]
"""Longitude and latitude in WGS-84 degrees."""

_METRES_PER_DEGREE = 111_195.0  # of latitude, on the mean sphere
_NORTHERNMOST_DEG = 54.0


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Which assets to list; None = any.

    Attributes
    ----------
    kinds
        Kinds of the catalogue.
    code, source_key
        Exact code, exact key in the delivered file.
    search
        Part of the name or code; case does not matter.
    bbox_wgs84
        West, south, east, north: assets whose bounding box (of the rounded place, where the Scope rounds) meets it.
    unified_code
        Code of CJ/T 553.
    attributes
        Values that the attributes have.
    as_of
        Time with zone: the versions valid then; None = the current ones.
    """

    kinds: tuple[str, ...] | None = None
    code: str | None = None
    source_key: str | None = None
    search: str | None = None
    bbox_wgs84: tuple[float, float, float, float] | None = None
    unified_code: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    as_of: datetime | None = None

    def parameters(self) -> tuple[object, ...]:
        """Return `$5 .. $12` of the list statements."""
        pattern = None if self.search is None else f"%{escape_like(self.search)}%"
        bbox = None if self.bbox_wgs84 is None else list(self.bbox_wgs84)
        kinds = None if self.kinds is None else list(self.kinds)
        values = orjson.dumps(dict(self.attributes)).decode() if self.attributes else None
        return (kinds, self.code, self.source_key, pattern, bbox, self.unified_code, values, self.as_of)


@dataclass(frozen=True, slots=True)
class AssetItem:
    """One row of the list."""

    asset_id: int
    kind: str
    code: str
    name: str
    company_id: int | None
    area_id: int | None
    position_wgs84: Position | None


@dataclass(frozen=True, slots=True)
class Named:
    """An asset by id and name."""

    asset_id: int
    name: str


@dataclass(frozen=True, slots=True)
class AssetDetail:
    """One version of an asset.

    Attributes
    ----------
    geometry
        GeoJSON text (WGS-84), None where it has none.
    """

    asset_id: int
    version: int
    kind: str
    code: str
    name: str
    source_key: str
    pair_id: int | None
    company: Named | None
    area: Named | None
    attributes: Mapping[str, object]
    position_wgs84: Position | None
    geometry: str | None
    valid_from_at: datetime
    valid_to_at: datetime | None


@dataclass(frozen=True, slots=True)
class AssetGeometry:
    """Geometry of one asset as GeoJSON text; None where it has none."""

    asset_id: int
    kind: str
    geometry: str | None


def grid_deg(scope: Scope) -> tuple[float, float] | tuple[None, None]:
    """Return the steps (lon, lat) in degrees to which a scope rounds coordinates, (None, None) for as stored.

    A step is `precision_m` northward and at least that eastward anywhere south of 54 degrees.
    """
    if scope.precision_m is None:
        return None, None
    step = scope.precision_m / _METRES_PER_DEGREE
    return step / math.cos(math.radians(_NORTHERNMOST_DEG)), step


def round_position(position: Position | None, scope: Scope) -> Position | None:
    """Round a position as the statements do."""
    dx, dy = grid_deg(scope)
    if position is None or dx is None or dy is None:
        return position
    return round(position[0] / dx) * dx, round(position[1] / dy) * dy


def find_asset_ids(connection: Connection, city_id: int, text: str) -> list[int]:
    """Return the assets with that code, or else with that asset id; at most ten."""
    asset_id = int(text) if text.isdecimal() and len(text) < 10 else -1
    rows = connection.execute(sql("asset_find"), {"city_id": city_id, "text": text, "asset_id": asset_id}).fetchall()
    found = [int(row[0]) for row in rows]
    # a code that looks like a number wins over the asset id
    coded = [found_id for found_id in found if found_id != asset_id]
    return coded or found


async def list_assets(
    pool: Pool, scope: Scope, city_id: int, wanted: AssetFilter, *, limit: int, offset: int
) -> tuple[int, list[AssetItem]]:
    """Return how many visible assets fit, and a page of them by rising id."""
    parameters = (*scope_parameters(scope, city_id).as_tuple(), *wanted.parameters(), *grid_deg(scope))
    past = wanted.as_of is not None
    rows = await pool.fetch(sql("asset_list", past=past), *parameters, limit, offset)
    # counted apart: a window over all rows would compute every position before the page is cut
    total = int(await pool.fetchval(sql("asset_count", past=past), *parameters))
    return total, [asset_item(row) for row in rows]


def asset_item(row: asyncpg.Record) -> AssetItem:
    """Return a row of the statements that list assets."""
    return AssetItem(
        asset_id=row["asset_id"],
        kind=row["kind"],
        code=row["code"],
        name=row["name"],
        company_id=row["company_id"],
        area_id=row["area_id"],
        position_wgs84=_position(row),
    )


async def read_asset(pool: Pool, scope: Scope, city_id: int, asset_id: int, *, as_of: datetime | None = None) -> AssetDetail:
    """Return the current version of an asset, or the one that was valid at a time (with zone).

    Raises
    ------
    NotFound
        When there is no such asset (at that time), or the scope does not hold it.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    row = await pool.fetchrow(sql("asset_detail"), *parameters, asset_id, as_of, *grid_deg(scope))
    if row is None:
        when = "" if as_of is None else f" at {as_of.isoformat()}"
        raise NotFound(f"there is no asset {asset_id} in city {city_id}{when}")
    return AssetDetail(
        asset_id=row["asset_id"],
        version=row["version"],
        kind=row["kind"],
        code=row["code"],
        name=row["name"],
        source_key=row["source_key"],
        pair_id=row["pair_id"],
        company=_named(row["company_id"], row["company_name"]),
        area=_named(row["area_id"], row["area_name"]),
        attributes=row["attributes"],
        position_wgs84=_position(row),
        geometry=row["geometry"],
        valid_from_at=row["valid_from_at"],
        valid_to_at=row["valid_to_at"],
    )


async def read_kind(pool: Pool, scope: Scope, city_id: int, asset_id: int) -> str:
    """Return the kind of a visible asset.

    Raises
    ------
    NotFound
        When there is no such asset, or the scope does not hold it.
    """
    kind = await pool.fetchval(sql("asset_kind"), *scope_parameters(scope, city_id).as_tuple(), asset_id)
    if kind is None:
        raise NotFound(f"there is no asset {asset_id} in city {city_id}")
    return str(kind)


async def read_geometries(pool: Pool, scope: Scope, city_id: int, asset_ids: Sequence[int]) -> list[AssetGeometry]:
    """Return the geometries of those assets that the scope holds, by rising id, in one statement."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("asset_geometries"), *parameters, list(asset_ids), *grid_deg(scope))
    return [AssetGeometry(row["asset_id"], row["kind"], row["geometry"]) for row in rows]


async def read_items(pool: Pool, scope: Scope, city_id: int, asset_ids: Sequence[int]) -> list[AssetItem]:
    """Return those assets that the scope holds as the list shows them, by rising id, in one statement."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("asset_items"), *parameters, list(asset_ids), *grid_deg(scope), None)
    return [asset_item(row) for row in rows]


def _position(row: asyncpg.Record) -> Position | None:
    return None if row["lon"] is None else (row["lon"], row["lat"])


def _named(asset_id: int | None, name: str | None) -> Named | None:
    return None if asset_id is None else Named(asset_id, name or "")


def escape_like(text: str) -> str:
    """Return a text in which `%` and `_` stand for themselves in a pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
