"""Makes and keeps vector tiles for everybody who asks this process: the routes and the door before them share it.

A request is prepared once (names, rights, city, what is built), then its address and rights class lead to the cache by two
look-ups; the version of the tile comes from the news (`api/tile_news.py`). Nothing asks the database but the statement of a tile
that is not held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from api.answers import RawHeaders, ready_answer
from api.errors import Busy
from api.settings import Settings
from api.tile_news import TileNews
from data.errors import NotFound
from data.pool import Pool
from data.tiles import rounding_grid_m
from tiles.cache import Encoding, Entry, TileCache
from tiles.cells import Box
from tiles.datums import reach_of
from tiles.selections import Selection
from tiles.vector import check_tile, draw_tile, require_visible
from twin.scope import Scope

MVT: Final = "application/vnd.mapbox-vector-tile"
OLDER: Final = "Heat-Twin-Older"
"""Header of a tile that shows older assets than there are."""
KIND: Final = "tiles"
"""First word of the cache keys."""
HEAVY_MAXZOOM: Final = 12
"""Tiles up to this zoom wait for one another, so that those of higher zooms need not wait for them."""
_RETRY_S: Final = 5
_OLDER_RAW: Final = (OLDER.lower().encode(), b"true")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose tiles: the Scope of a seat and its rights class, worked out once."""

    scope: Scope
    rights: str


@dataclass(frozen=True, slots=True)
class TileAddress:
    """What an address asks for; `city_id` None = the lowest one that the seat may see."""

    selection: Selection
    zxy: tuple[int, int, int]
    city_id: int | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that may be answered.

    Attributes
    ----------
    address, visitor, city_id
        What, for whom, of which city.
    names
        Tilesets that the zoom has.
    tile
        Names the tile for its version: place, tilesets, datum, rounding grid.
    head
        The cache key without the version.
    older
        True when the assets have changed since the tiles were built.
    """

    address: TileAddress
    visitor: Visitor
    city_id: int
    names: tuple[str, ...]
    tile: Hashable
    head: Hashable
    older: bool


class TileRoom:
    """The tiles of a process.

    Parameters
    ----------
    settings
        Say how long a tile may take.
    pool
        Connections of the process.
    cache
        Holds encoded tiles.
    news
        Tell what is built and what has changed.
    """

    def __init__(self, settings: Settings, pool: Pool, cache: TileCache, news: TileNews) -> None:
        self._limit_s = settings.tile_seconds
        self._pool = pool
        self._cache = cache
        self.news = news
        self._heavy = asyncio.Semaphore(max(1, settings.pool_size // 2))

    async def prepare(self, visitor: Visitor, address: TileAddress) -> Prepared:
        """Check a request against the tileset's zooms, the seat's rights and what is built.

        Raises
        ------
        BadTile
            When there is no such tile.
        OutsideScope
            When the seat may not see the city or a tileset; the message names it.
        NotFound
            When there is no such city, or a tileset of it is not built.
        """
        selection, (z, x, y) = address.selection, address.zxy
        check_tile(z, x, y, minzoom=selection.minzoom, maxzoom=selection.maxzoom, what=_what(selection))
        for tileset in selection.tilesets:
            require_visible(tileset, visitor.scope)
        city_id, older = await self._built(visitor.scope, address)
        names = tuple(tileset.name for tileset in selection.at(z))
        grid_m = rounding_grid_m(visitor.scope)
        tile = (city_id, names, selection.datum, z, x, y, grid_m)
        head = (city_id, names, selection.datum, selection.wanted, visitor.rights, z, x, y)
        return Prepared(address, visitor, city_id, names, tile, head, older)

    def held(self, prepared: Prepared, encoding: Encoding) -> Entry | None:
        """Return the tile when it is held and nothing has changed since."""
        return self._cache.held((KIND, prepared.head, self._version(prepared)), encoding)

    async def entry(self, prepared: Prepared, encoding: Encoding) -> Entry:
        """Return the tile, drawn now when it is not held; see `TileCache.get`.

        Raises
        ------
        Busy
            When it took longer than the setting allows; its query was cancelled.
        """
        key = (KIND, prepared.head, self._version(prepared))
        return await self._cache.get(key, encoding, lambda: self._draw(prepared))

    def _version(self, prepared: Prepared) -> int:
        return self.news.version(prepared.tile, prepared.city_id, prepared.names, lambda: _reach(prepared))

    async def _draw(self, prepared: Prepared) -> bytes:
        z = prepared.address.zxy[0]
        try:
            async with asyncio.timeout(self._limit_s):
                if z > HEAVY_MAXZOOM:
                    return await self._run(prepared)
                async with self._heavy:
                    return await self._run(prepared)
        except TimeoutError:
            raise Busy(
                f"tile {'/'.join(map(str, prepared.address.zxy))} of {prepared.address.selection.name} took over"
                f" {self._limit_s} s (HEAT_TWIN_TILE_SECONDS); its query was cancelled",
                retry_after_s=_RETRY_S,
            ) from None

    async def _run(self, prepared: Prepared) -> bytes:
        address = prepared.address
        return await draw_tile(self._pool, address.selection, prepared.visitor.scope, prepared.city_id, address.zxy)

    async def _built(self, scope: Scope, address: TileAddress) -> tuple[int, bool]:
        """Return the city that is meant, and whether one of the tilesets shows older assets; looks again before it gives up."""
        if address.city_id is not None:
            scope.require_city(address.city_id)
        city_id = self._city(scope, address.city_id)
        built = {} if city_id is None else self.news.built.get(city_id, {})
        if city_id is None or any(name not in built for name in address.selection.names):
            await self.news.look()
            city_id = self._city(scope, address.city_id)
            if city_id is None:
                wanted = "no city has been imported yet" if address.city_id is None else f"there is no city {address.city_id}"
                raise NotFound(f"{wanted}; `heat-twin demo` loads the sample city")
            built = self.news.built[city_id]
        missing = [name for name in address.selection.names if name not in built]
        if missing:
            raise NotFound(f"tileset {missing[0]!r} of city {city_id} is not built; `heat-twin tiles rebuild` builds it")
        return city_id, any(built[name].older for name in address.selection.names)

    def _city(self, scope: Scope, city_id: int | None) -> int | None:
        if city_id is not None:
            return city_id if city_id in self.news.built else None
        return next((one for one in self.news.built if scope.cities is None or one in scope.cities), None)


def _what(selection: Selection) -> str:
    return f"tileset {selection.name!r}" if len(selection.tilesets) == 1 else f"tilesets {selection.name!r}"


def _reach(prepared: Prepared) -> Box:
    grid_m = rounding_grid_m(prepared.visitor.scope) or 0.0
    west, south, east, north = reach_of(prepared.address.selection.datum, *prepared.address.zxy)
    return west - grid_m, south - grid_m, east + grid_m, north + grid_m


def tile_answer(prepared: Prepared, entry: Entry, if_none_match: str) -> tuple[int, RawHeaders, bytes]:
    """Return status, headers and body of a tile; the route and the door answer alike."""
    status, raw, body = ready_answer(entry, MVT, if_none_match=if_none_match)
    if prepared.older:
        raw.append(_OLDER_RAW)
    return status, raw, body
