"""Features as a Scope shows them: filtered and rounded rows, whatever box or filter asks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import orjson
import pytest
from shapely.geometry import shape

from data.assets import grid_deg
from data.features import CRS84, Matched, Query, count_features, read_extents, read_features
from data.filters import parse_filter
from data.pool import open_pool
from tests.conftest import create_database, drop_database
from tests.handmade_town import COMPANY_A, COVERS, DISTRICT_WEST, TOWN, insert_town
from twin.errors import OutsideScope
from twin.features import collections
from twin.scope import EVERYTHING, Scope

SCOPES = (
    Scope(areas=(DISTRICT_WEST,)),
    Scope(company_ids=(COMPANY_A,)),
    Scope(layers=("pipe", "substation")),
    Scope(areas=(DISTRICT_WEST,), company_ids=(COMPANY_A,), layers=("pipe",)),
)
GRID = Scope(precision_m=150.0)


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield the address of the handmade town."""
    url = create_database(server_url)
    insert_town(url, [*TOWN, *COVERS])
    yield url
    drop_database(url)


def read(url: str, scope: Scope, query: Query) -> list[asyncpg.Record]:
    """Return all features, and check the count and the pages on the way."""

    async def go() -> list[asyncpg.Record]:
        pool = await open_pool(url, size=1)
        try:
            rows = await read_features(pool, scope, 1, query, limit=10_000)
            ids = [row["asset_id"] for row in rows]
            matched = await count_features(pool, scope, 1, query)
            assert matched == Matched(len(ids), min(ids, default=0), max(ids, default=0))
            page = await read_features(pool, scope, 1, query, after=matched.first_id, last=matched.last_id, limit=3)
            assert [row["asset_id"] for row in page] == ids[1:4]
            return rows
        finally:
            await pool.close()

    return asyncio.run(go())


@pytest.mark.parametrize("scope", SCOPES, ids=range(len(SCOPES)))
def test_a_restricted_read_is_the_whole_one_filtered(town_url: str, scope: Scope) -> None:
    some = 0
    for kind in collections():
        whole, seen = (read(town_url, each, Query(kind.name)) for each in (EVERYTHING, scope))
        expected = [
            row["asset_id"]
            for row in whole
            if scope.allows_layer(kind.name)
            and (scope.areas is None or row["area_id"] in scope.areas)
            and (scope.company_ids is None or row["company_id"] is None or row["company_id"] in scope.company_ids)
        ]
        assert [row["asset_id"] for row in seen] == expected, kind.name
        some += len(expected)
    assert some > 0


def test_the_extent_counts_what_the_scope_shows(town_url: str) -> None:
    async def go(scope: Scope) -> dict[str, int]:
        pool = await open_pool(town_url, size=1)
        try:
            return {name: extent.count for name, extent in (await read_extents(pool, scope, 1)).items()}
        finally:
            await pool.close()

    for scope in (EVERYTHING, *SCOPES):
        expected = {kind.name: len(read(town_url, scope, Query(kind.name))) for kind in collections()}
        assert asyncio.run(go(scope)) == {name: count for name, count in expected.items() if count}


def test_box_and_filter_see_the_rounded_place_only(town_url: str) -> None:
    (true,) = read(town_url, EVERYTHING, Query("substation"))
    (shown,) = read(town_url, GRID, Query("substation"))
    at, rounded = (shape(orjson.loads(row["geometry"])) for row in (true, shown))
    dx, dy = grid_deg(GRID)
    assert dx is not None
    assert dy is not None
    assert (rounded.x, rounded.y) == pytest.approx((round(at.x / dx) * dx, round(at.y / dy) * dy), abs=1e-7)
    assert at.distance(rounded) > 1e-5, "the town's substation lies off the grid"
    around = at.buffer(at.distance(rounded) / 4).bounds
    text = f"S_INTERSECTS(geometry, BBOX({','.join(map(str, around))}))"
    for query in (Query("substation", bbox={"bbox": list(around)}), Query("substation", expression=parse_filter(text))):
        assert len(read(town_url, EVERYTHING, query)) == 1
        assert read(town_url, GRID, query) == []


def test_another_city_is_outside(town_url: str) -> None:
    with pytest.raises(OutsideScope):
        read(town_url, Scope(cities=(2,)), Query("pipe", crs=CRS84))
