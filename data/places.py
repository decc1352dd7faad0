"""Questions of place: what is nearest, what lies in a shape or around it. Distances are metres on the WGS-84 ellipsoid.

Cost on a city of 956,000 assets: see docs/archive.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from data.assets import AssetItem, Position, asset_item, grid_deg
from data.errors import NotFound, UnfitValue
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class Near:
    """An asset and how far it is: to its nearest point, 0 inside a polygon."""

    item: AssetItem
    distance_m: float


@dataclass(frozen=True, slots=True)
class Place:
    """What to look for around or in a shape.

    Attributes
    ----------
    kinds
        Kinds of the catalogue; None = all.
    buffer_m
        Metres around the shape, on the ground.
    inside
        True: only what lies in it whole; with a buffer its border is a polygon, 0.1 % off at most.
    as_of
        Time with zone; None = now.
    """

    kinds: tuple[str, ...] | None = None
    buffer_m: float = 0.0
    inside: bool = False
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a shape holds: how many, by kind, and a page by rising id."""

    total: int
    counts: Mapping[str, int]
    items: tuple[AssetItem, ...]


async def nearest(
    pool: Pool,
    scope: Scope,
    city_id: int,
    position_wgs84: Position,
    *,
    kinds: tuple[str, ...] | None,
    farthest_m: float,
    as_of: datetime | None = None,
    limit: int,
) -> list[Near]:
    """Return the nearest visible assets, nearest first; none farther than `farthest_m`.

    A Scope that rounds coordinates gets the distances of the rounded places, themselves rounded to its grid.
    """
    names = None if kinds is None else list(kinds)
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(
        sql("asset_nearest", past=as_of is not None),
        *parameters,
        names,
        *position_wgs84,
        farthest_m,
        as_of,
        limit,
        *grid_deg(scope),
    )
    step = scope.precision_m
    return [Near(asset_item(row), _rounded(row["distance_m"], step)) for row in rows]


def _rounded(distance_m: float, step_m: float | None) -> float:
    return round(distance_m, 3) if step_m is None else round(distance_m / step_m) * step_m


async def within(
    pool: Pool,
    scope: Scope,
    city_id: int,
    shape: bytes,
    place: Place,
    *,
    without: int | None = None,
    limit: int,
    offset: int,
) -> Found:
    """Return the visible assets that a shape (EWKB, SRID 4326) and its surroundings meet.

    Parameters
    ----------
    without
        An asset that does not count: the one whose shape it is.
    """
    names = None if place.kinds is None else list(place.kinds)
    parameters = scope_parameters(scope, city_id).as_tuple()
    question = (names, shape.hex(), place.buffer_m, place.inside, place.as_of, without, limit, offset, *grid_deg(scope))
    past = place.as_of is not None
    row = await pool.fetchrow(sql("asset_within", past=past), *parameters, *question)
    assert row is not None  # a select of scalars has a row
    items = await pool.fetch(sql("asset_items", past=past), *parameters, row["asset_ids"], *grid_deg(scope), place.as_of)
    return Found(int(row["total"]), row["counts"], tuple(asset_item(item) for item in items))


async def shape_of(pool: Pool, scope: Scope, city_id: int, asset_id: int, *, as_of: datetime | None = None) -> bytes:
    """Return the shape of a visible asset as EWKB.

    Raises
    ------
    NotFound
        When there is no such asset (at that time).
    UnfitValue
        When it has no geometry.
    """
    parameters = (*scope_parameters(scope, city_id).as_tuple(), asset_id, as_of, *grid_deg(scope))
    row = await pool.fetchrow(sql("asset_shape", past=as_of is not None), *parameters)
    if row is None:
        raise NotFound(f"there is no asset {asset_id} in city {city_id}")
    if row["shape"] is None:
        raise UnfitValue(f"{row['kind']} {row['code']} (asset {asset_id}) has no geometry to look in")
    return bytes.fromhex(row["shape"])
