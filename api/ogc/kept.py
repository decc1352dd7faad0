"""What the OGC API keeps until the assets of a city change: extents of its collections, counts of its queries.

A page of features tells how many there are on all pages, and which collections there are. Counting reads what all pages
together read, so it is done once for each version of the assets and each rights class, not once a page.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from data.features import Extent, Matched, Query, count_features, read_assets_version, read_extents
from data.pool import Pool
from twin.scope import Scope

COUNT_S = 2.0
"""Longest time of a count; a page whose count takes longer says nothing of how many there are."""
_ENTRIES = 2000
_NOT_OF_THE_COUNT = frozenset({"f", "city", "limit", "after", "crs"})
_Key: TypeAlias = tuple[int, str, int, str]
_Entry: TypeAlias = Matched | Mapping[str, Extent] | None


class Kept:
    """Counts and extents by city, rights class, version of the assets and request; the least used leaves first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    async def extents(self, pool: Pool, scope: Scope, city_id: int) -> Mapping[str, Extent]:
        """Return the extent of each kind of which the caller may see something."""
        found = await self._get(pool, scope, city_id, "", lambda: read_extents(pool, scope, city_id))
        assert isinstance(found, Mapping)
        return found

    async def matched(self, request: Request, pool: Pool, scope: Scope, city_id: int, query: Query) -> Matched | None:
        """Return how many features the request finds on all pages; None when counting takes longer than `COUNT_S`."""
        asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _NOT_OF_THE_COUNT)
        text = hashlib.sha256(repr((query.kind, asked)).encode()).hexdigest()

        async def count() -> Matched | None:
            try:
                async with asyncio.timeout(COUNT_S):
                    return await count_features(pool, scope, city_id, query)
            except TimeoutError:
                return None

        found = await self._get(pool, scope, city_id, text, count)
        assert found is None or isinstance(found, Matched)
        return found

    async def _get(self, pool: Pool, scope: Scope, city_id: int, text: str, make: Callable[[], Awaitable[_Entry]]) -> _Entry:
        scope.require_city(city_id)
        # read first: what is counted meanwhile may be newer than its key, never older
        key = (city_id, scope.rights_class, await read_assets_version(pool, city_id), text)
        if key not in self._entries:
            self._entries[key] = await make()
        found = self._entries[key]
        self._entries.move_to_end(key)
        while len(self._entries) > _ENTRIES:
            self._entries.popitem(last=False)
        return found


async def get_kept(request: Request) -> Kept:
    """Return what the process keeps."""
    kept: Kept = request.app.state.features_kept
    return kept


KeptDep = Annotated[Kept, Depends(get_kept)]
