"""Live fields of the process: places per catalogue, surfaces per minute, both computed once however many ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from api.live_room import LiveRoom, now_ms
from data.fields import source_places, values_at
from data.pool import Pool
from tiles.fields import Field, Places, Stations, Surface, gather_stations, group_households, make_surface
from twin.live import NEVER, STALE_PERIODS, LiveCity
from twin.quality import Quality
from twin.scope import Scope

READINGS: Final = "readings"
_MINUTE_MS: Final = 60_000
_KEPT: Final = 64
_MOST_AHEAD_MS: Final = 60_000


class FieldRoom:
    """Live fields; one per process."""

    def __init__(self, pool: Pool, live: LiveRoom) -> None:
        self._pool, self._live = pool, live
        self._kept: OrderedDict[Hashable, asyncio.Task[Any]] = OrderedDict()

    async def stations(self, wanted: Wanted) -> Stations:
        """Return what the stations of a field say, as the Scope sees them."""

        async def compute() -> Stations:
            places = await self._places(wanted)
            values, observed = await self._values(wanted, places)
            return await asyncio.to_thread(gather_stations, wanted.field, places, values, observed)

        found: Stations = await self._once(("stations", wanted.key), compute)
        return found

    async def surface(self, wanted: Wanted) -> Surface | None:
        """Return a field between its stations."""

        async def compute() -> Surface | None:
            return await asyncio.to_thread(make_surface, wanted.field, await self.stations(wanted))

        found: Surface | None = await self._once(("surface", wanted.key), compute)
        return found

    async def _places(self, wanted: Wanted) -> Places:
        city = self._live.require_city(wanted.city_id)

        async def compute() -> Places:
            found = await source_places(self._pool, wanted.scope, wanted.city_id, wanted.field.kind)
            group = np.arange(len(found.names))
            if wanted.field.households:
                group = await asyncio.to_thread(group_households, found.lonlat, found.household)
            return Places(found.source_ids, found.asset_ids, found.names, found.lonlat, group, found.household)

        places: Places = await self._once(
            ("places", wanted.city_id, wanted.field.kind, wanted.scope.rights_class, city.epoch), compute
        )
        return places

    async def _values(self, wanted: Wanted, places: Places) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        city = self._live.require_city(wanted.city_id)
        if wanted.at_ms is None:
            return live_values(city, wanted.field.point, places.source_ids, now_ms())
        kind, point = wanted.field.kind, wanted.field.point
        sources = [s for s in city.sources.values() if s.kind == kind and s.schema.column(point) is not None]
        at = datetime.fromtimestamp(wanted.at_ms / 1000, UTC)
        return await values_at(self._pool, wanted.city_id, sources, point=point, at=at, source_ids=places.source_ids)

    async def _once(self, key: Hashable, compute: Callable[[], Awaitable[Any]]) -> Any:
        """Return what is kept under a key, computed once; what failed is not kept."""
        task = self._kept.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._kept[key] = asyncio.ensure_future(compute())
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(task)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field of a city for a Scope, now (by the minute) or at a past time."""

    field: Field
    city_id: int
    scope: Scope
    minute: int
    at_ms: int | None = None

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What decides the values."""
        return (self.field.name, self.city_id, self.scope.rights_class, self.minute, self.at_ms)


def wanted_now(field: Field, city_id: int, scope: Scope, at: datetime | None = None) -> Wanted:
    """Return what is asked for: with `at` the state of that time, else of the present minute."""
    at_ms = None if at is None else int(at.timestamp() * 1000)
    return Wanted(field, city_id, scope, now_ms() // _MINUTE_MS if at_ms is None else 0, at_ms)


def live_values(
    city: LiveCity, point: str, source_ids: NDArray[np.int32], at_ms: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what sources say now and when they were read; NaN where it is stale, suspect, failed or missing.

    Cost: one comparison over the sources; 2 ms for 120,000.
    """
    values, observed = np.full(len(source_ids), np.nan), np.zeros(len(source_ids), np.int64)
    for block in city.blocks.values():
        column = block.sources[0].schema.column(point)
        if column is None or not len(source_ids):
            continue
        row = block.rows_of(source_ids)
        here = row >= 0
        own = row[here]
        fresh = (block.observed_ms[own] != NEVER) & (at_ms - block.observed_ms[own] <= STALE_PERIODS * block.period_ms[own])
        fresh &= block.observed_ms[own] <= at_ms + _MOST_AHEAD_MS
        good = fresh & (block.quality[own, column] <= Quality.NOT_EVALUATED)
        values[here] = np.where(good, block.values[own, column], np.nan)
        observed[here] = block.observed_ms[own]
    return values, observed


def visible(field: Field, scope: Scope) -> bool:
    """Tell whether a Scope holds the readings and the stations of a field."""
    return scope.allows_layer(READINGS) and scope.allows_layer(field.kind)


def require_visible(field: Field, scope: Scope) -> None:
    """Raise `OutsideScope` unless a Scope holds the readings and the stations of a field."""
    scope.require_layer(READINGS)
    scope.require_layer(field.kind)
