"""The eight spatial functions of CQL2, in text and JSON, held against shapely over every geometry of the handmade town."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest
import shapely

from data.features import Query, read_features
from data.filters import parse_filter
from data.pool import Pool, connect, open_pool
from tests.conftest import create_database, drop_database
from tests.handmade_town import COVERS, LAT, LON, TOWN, Row, insert_town
from twin.scope import EVERYTHING, Scope

KINDS = ("pipe", "building", "substation", "water", "district", "coverage_area")
FUNCTIONS: dict[str, Callable[[shapely.Geometry, shapely.Geometry], bool]] = {
    "S_INTERSECTS": shapely.intersects,
    "S_DISJOINT": shapely.disjoint,
    "S_WITHIN": shapely.within,
    "S_CONTAINS": shapely.contains,
    "S_EQUALS": shapely.equals,
    "S_TOUCHES": shapely.touches,
    "S_OVERLAPS": shapely.overlaps,
    "S_CROSSES": shapely.crosses,
}


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield the address of the handmade town."""
    url = create_database(server_url)
    insert_town(url, [*TOWN, *COVERS])
    yield url
    drop_database(url)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_spatial_functions_are_shapelys(town_url: str, name: str) -> None:
    with connect(town_url) as connection:
        rows = connection.execute(
            "select kind, asset_id, st_asbinary(st_force2d(geom)) from asset where geom is not null order by asset_id"
        ).fetchall()
    stored = {kind: {row[1]: shapely.from_wkb(bytes(row[2])) for row in rows if row[0] == kind} for kind in KINDS}
    some = [geometry for kind in KINDS for geometry in list(stored[kind].values())[:1]]
    given = [*some, shapely.box(LON - 0.002, LAT - 0.002, LON + 0.001, LAT + 0.001), shapely.Point(LON, LAT)]

    async def found(pool: Pool, kind: str, text: str, language: str) -> list[int]:
        expression = parse_filter(text, language)  # type: ignore[arg-type]
        return [row["asset_id"] for row in await read_features(pool, EVERYTHING, 1, Query(kind, expression), limit=100)]

    async def go() -> int:
        pool, hits = await open_pool(town_url, size=1), 0
        try:
            for kind in KINDS:
                for geometry in given:
                    expected = [key for key, value in stored[kind].items() if FUNCTIONS[name](value, geometry)]
                    text = f"{name}(geometry, {shapely.to_wkt(geometry, rounding_precision=-1)})"
                    node = {"op": name.lower(), "args": [{"property": "geometry"}, json.loads(shapely.to_geojson(geometry))]}
                    assert await found(pool, kind, text, "cql2-text") == expected, (kind, text)
                    assert await found(pool, kind, json.dumps(node), "cql2-json") == expected, (kind, text)
                    hits += len(expected)
            return hits
        finally:
            await pool.close()

    assert asyncio.run(go()) > 0


def test_areas_that_cross_themselves_are_answered_for(server_url: str) -> None:
    crossing = f"POLYGON(({LON} {LAT},{LON + 0.01} {LAT},{LON + 0.01} {LAT + 0.01},{LON} {LAT + 0.01},{LON} {LAT}),"
    crossing += (
        f"({LON + 0.005} {LAT + 0.005},{LON + 0.015} {LAT + 0.005},{LON + 0.015} {LAT + 0.006},{LON + 0.005} {LAT + 0.005}))"
    )
    assert not shapely.from_wkt(crossing).is_valid
    url = create_database(server_url)
    insert_town(url, [Row(1, "building", crossing)])
    box = f"BBOX({LON - 1},{LAT - 1},{LON + 1},{LAT + 1})"

    async def go(scope: Scope, name: str) -> int:
        pool = await open_pool(url, size=1)
        try:
            query = Query("building", parse_filter(f"{name}(geometry, {box})"))
            return len(await read_features(pool, scope, 1, query, limit=5))
        finally:
            await pool.close()

    for scope in (EVERYTHING, Scope(precision_m=100.0)):
        for name in FUNCTIONS:
            assert asyncio.run(go(scope, name)) == (name in {"S_INTERSECTS", "S_WITHIN"}), name
    drop_database(url)
