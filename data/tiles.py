"""Reads tiles: one statement a tile, and what is built of a city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data.errors import NotFound
from data.listening import Ear
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

_WIDEST_MERCATOR_SCALE = 1.75
"""1 / cos(55 degrees): China lies south of 54 N, so a grid of so many Mercator metres is never finer on the ground."""


@dataclass(frozen=True, slots=True)
class TileVersion:
    """A tileset of a city: which assets it shows, when it was built, and which assets there are now."""

    tileset: str
    assets_version: int
    built_at: datetime
    present_version: int = 0

    @property
    def older(self) -> bool:
        """True when the assets have changed since; the server rebuilds the tiles then."""
        return self.assets_version < self.present_version

    @property
    def text(self) -> str:
        """The version as one word; part of every cache key."""
        return f"{self.assets_version}-{int(self.built_at.timestamp() * 1e6):x}"


@dataclass(frozen=True, slots=True)
class TileCity:
    """What a TileJSON says of the city; the extent is west, south, east, north in degrees, None when nothing is drawn."""

    name_zh: str
    name_en: str
    attribution: str
    bbox_wgs84: tuple[float, float, float, float] | None


def rounding_grid_m(scope: Scope) -> float | None:
    """Return the grid, in Web Mercator metres, to which a Scope rounds coordinates; None = as stored.

    The grid is the same for the whole map, so that neighbouring tiles round alike.
    """
    return None if scope.precision_m is None else scope.precision_m * _WIDEST_MERCATOR_SCALE


async def read_tile(
    pool: Pool,
    statement: str,
    scope: Scope,
    city_id: int,
    zxy: tuple[int, int, int],
    *,
    codes: Sequence[Sequence[str]] = (),
    moved: Sequence[float] | None = None,
) -> bytes:
    """Run one tile statement and return the encoded MVT; empty bytes for a tile without features.

    Parameters
    ----------
    pool
        Pool of the process.
    statement
        Text of `sql` or `joined_sql`; its parameters are the Scope, z, x, y, the rounding grid, `moved`, then `codes`.
    scope
        Who asks.
    city_id
        The city.
    zxy
        Zoom, column and row in the XYZ scheme (row 0 is north).
    codes
        Code tables: a text's position (from 1) is its code.
    moved
        Six numbers of `ST_Affine` from WGS-84 to the datum of the tile's grid (EPSG:3857 metres), then the six of the way
        back; None = a tile in WGS-84.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    tile: bytes = await pool.fetchval(statement, *parameters, *zxy, rounding_grid_m(scope), moved, *codes)
    return tile


async def read_versions(pool: Pool, city_id: int) -> dict[str, TileVersion]:
    """Return the tilesets that are built for a city, by name."""
    rows = await pool.fetch(sql("tile_versions"), city_id, None)
    return {row["tileset"]: TileVersion(**row) for row in rows}


async def read_tile_cities(source: Pool | Ear) -> dict[int, dict[str, TileVersion]]:
    """Return what is built of every city: city to tileset to version; a city without tiles has an empty table."""
    cities: dict[int, dict[str, TileVersion]] = {}
    for row in await source.fetch(sql("tile_cities")):
        built = cities.setdefault(row["city_id"], {})
        if row["tileset"] is not None:
            built[row["tileset"]] = TileVersion(row["tileset"], row["assets_version"], row["built_at"], row["present_version"])
    return cities


async def read_version(pool: Pool, city_id: int, tileset: str) -> TileVersion:
    """Return the version of one tileset of a city.

    Raises
    ------
    NotFound
        When it has not been built.
    """
    row = await pool.fetchrow(sql("tile_versions"), city_id, tileset)
    if row is None:
        raise NotFound(f"tileset {tileset!r} of city {city_id} is not built; `heat-twin tiles rebuild` builds it")
    return TileVersion(**row)


async def read_tile_city(pool: Pool, city_id: int) -> TileCity:
    """Return what a TileJSON says of the city."""
    row = await pool.fetchrow(sql("tile_extent"), city_id)
    if row is None:
        raise NotFound(f"there is no city {city_id}")
    bbox = None if row["west"] is None else (row["west"], row["south"], row["east"], row["north"])
    return TileCity(row["name_zh"], row["name_en"], row["attribution"], bbox)
