"""What a Scope shows is what the filtered, rounded rows show: lists, search, boxes, places, extents, counts, statistics.

The rows are read bare and cut down here in Python, with shapely; the product's own statements are what is held against them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.assets import AssetFilter, grid_deg, list_assets
from data.features import Query, count_features, read_extents, read_features
from data.places import Place, nearest, shape_of, within
from data.pool import Pool, connect, open_pool
from data.statistics import Part, count_buildings, read_substations
from tests.conftest import create_database, drop_database
from tests.handmade_town import (
    COMPANY_A,
    COMPANY_B,
    COVERS,
    DISTRICT_EAST,
    DISTRICT_WEST,
    LAT,
    LON,
    SUBSTATION,
    TOWN,
    insert_town,
)
from twin.features import collections
from twin.scope import Scope

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A row as it is stored."""

    asset_id: int
    kind: str
    code: str
    name: str
    company_id: int | None
    area_id: int | None
    geometry: shapely.Geometry | None


@dataclass(frozen=True)
class Town:
    """The town's database and its rows."""

    url: str
    rows: tuple[Row, ...]

    def ask(self, question: Callable[[Pool], Awaitable[T]]) -> T:
        async def go() -> T:
            pool = await open_pool(self.url, size=1)
            try:
                return await question(pool)
            finally:
                await pool.close()

        return asyncio.run(go())


@pytest.fixture(scope="module")
def town(server_url: str) -> Iterator[Town]:
    """Yield the handmade town, with a few served buildings in both districts."""
    url = create_database(server_url)
    insert_town(url, [*TOWN, *COVERS])
    with connect(url) as connection:
        for building, area in ((30, DISTRICT_EAST), (31, DISTRICT_WEST), (32, DISTRICT_EAST)):
            connection.execute(
                "insert into served_building (city_id, asset_id, substation_id, evidence, inside, heated_area_m2, area_id)"
                " values (1, %s, %s, 1, 0, %s, %s)",
                (building, SUBSTATION, building * 10.0, area),
            )
        rows = connection.execute(
            "select asset_id, kind, code, name, company_id, area_id, st_asbinary(st_force2d(geom)) from asset order by 1"
        ).fetchall()
    yield Town(url, tuple(Row(*row[:-1], None if row[-1] is None else shapely.from_wkb(bytes(row[-1]))) for row in rows))
    drop_database(url)


def seen(rows: tuple[Row, ...], scope: Scope) -> list[Row]:
    """Return the rows that the scope holds."""
    return [
        row
        for row in rows
        if (scope.layers is None or row.kind in scope.layers)
        and (scope.areas is None or row.area_id in scope.areas)
        and (scope.company_ids is None or row.company_id is None or row.company_id in scope.company_ids)
    ]


def rounded(geometry: shapely.Geometry | None, scope: Scope) -> shapely.Geometry | None:
    """Return a geometry on the scope's grid; None where nothing is left of it."""
    if geometry is None or scope.precision_m is None:
        return geometry
    steps = np.array(grid_deg(scope), dtype=float)
    moved = shapely.transform(geometry, lambda at: np.round(at / steps) * steps)
    if shapely.get_dimensions(geometry) == 0:
        return moved
    size = shapely.area(moved) if shapely.get_dimensions(geometry) == 2 else shapely.length(moved)
    return None if size < 1e-16 else moved


def kinds_of(rows: list[Row]) -> set[str]:
    return {row.kind for row in rows} & {kind.name for kind in collections()}


_KINDS = sorted({row.kind for row in [*TOWN, *COVERS]})
SCOPES = st.builds(
    Scope,
    layers=st.none() | st.lists(st.sampled_from(_KINDS), min_size=1, unique=True).map(tuple),
    areas=st.none() | st.sampled_from([(DISTRICT_WEST,), (DISTRICT_EAST,), (DISTRICT_WEST, DISTRICT_EAST)]),
    company_ids=st.none() | st.sampled_from([(COMPANY_A,), (COMPANY_B,)]),
    precision_m=st.none() | st.sampled_from([25.0, 150.0]),
)
EXAMPLES = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EXAMPLES
@given(scope=SCOPES)
def test_lists_counts_and_search_are_those_of_the_rows(town: Town, scope: Scope) -> None:
    mine = seen(town.rows, scope)

    async def go(pool: Pool) -> None:
        for wanted, right in (
            (AssetFilter(), lambda row: True),
            (AssetFilter(search="站"), lambda row: "站" in row.name),
            (AssetFilter(search="pipe-2"), lambda row: "pipe-2" in row.code),
            (AssetFilter(code="pipe-24"), lambda row: row.code == "pipe-24"),
        ):
            expected = [row.asset_id for row in mine if right(row)]
            total, items = await list_assets(pool, scope, 1, wanted, limit=1000, offset=0)
            assert (total, [item.asset_id for item in items]) == (len(expected), expected)
        for kind in kinds_of(list(town.rows)):
            expected = [row.asset_id for row in mine if row.kind == kind]
            rows = await read_features(pool, scope, 1, Query(kind), limit=100)
            assert [row["asset_id"] for row in rows] == expected
            assert (await count_features(pool, scope, 1, Query(kind))).count == len(expected)

    town.ask(go)


@EXAMPLES
@given(scope=SCOPES)
def test_extents_are_those_of_the_rounded_rows(town: Town, scope: Scope) -> None:
    mine = seen(town.rows, scope)
    extents = town.ask(lambda pool: read_extents(pool, scope, 1))
    assert {name: extent.count for name, extent in extents.items()} == {
        kind: sum(row.kind == kind for row in mine) for kind in {row.kind for row in mine}
    }
    for kind, extent in extents.items():
        places = [shown for row in mine if row.kind == kind and (shown := rounded(row.geometry, scope)) is not None]
        if not places:
            assert extent.bbox_wgs84 is None
        else:
            assert extent.bbox_wgs84 == pytest.approx(tuple(shapely.total_bounds(places)), abs=1e-9)


@EXAMPLES
@given(scope=SCOPES, east=st.floats(-0.012, 0.012), north=st.floats(-0.012, 0.012), size=st.floats(0.0005, 0.01))
def test_a_box_meets_rounded_places_only(town: Town, scope: Scope, east: float, north: float, size: float) -> None:
    box = (LON + east, LAT + north, LON + east + size, LAT + north + size)
    shape = shapely.box(*box)

    async def go(pool: Pool) -> tuple[set[int], set[int], dict[str, int]]:
        _, listed = await list_assets(pool, scope, 1, AssetFilter(bbox_wgs84=box), limit=1000, offset=0)
        ewkb = bytes(shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True))
        found = await within(pool, scope, 1, ewkb, Place(), limit=1000, offset=0)
        assert found.total == len(found.items) == sum(found.counts.values())
        return {item.asset_id for item in listed}, {item.asset_id for item in found.items}, dict(found.counts)

    listed, found, counts = town.ask(go)
    boxes, meets = set(), set()
    for row in seen(town.rows, scope):
        shown = rounded(row.geometry, scope)
        if shown is None and row.geometry is not None:
            continue  # smaller than the grid: shown as a point, which the product chooses
        if shown is not None and shapely.box(*shown.bounds).intersects(shape):
            boxes.add(row.asset_id)
        if shown is not None and shapely.make_valid(shown).intersects(shape):
            meets.add(row.asset_id)
    small = {row.asset_id for row in town.rows if row.geometry is not None and rounded(row.geometry, scope) is None}
    assert listed - small == boxes
    assert found - small == meets
    assert set(counts) <= {row.kind for row in seen(town.rows, scope)}


def test_no_distance_tells_more_than_the_grid(town: Town) -> None:
    scope = Scope(precision_m=150.0, layers=("substation",))
    (station,) = [row for row in town.rows if row.kind == "substation"]
    assert station.geometry is not None
    shown = rounded(station.geometry, scope)
    assert shown is not None
    at = (LON + 0.004, LAT + 0.003)

    async def go(pool: Pool) -> list[int]:
        found = []
        for farthest in range(1, 1000, 7):
            near = await nearest(pool, scope, 1, at, kinds=None, farthest_m=float(farthest), limit=5)
            found.append(len(near))
        return found

    counts = town.ask(go)
    reached = 1 + 7 * counts.index(1)
    metre = np.array([80_280.0, 111_100.0])
    apart = float(np.hypot(*((np.array(shown.coords[0]) - at) * metre)))
    exact = float(np.hypot(*((np.array(station.geometry.coords[0]) - at) * metre)))
    assert abs(apart - exact) > 20, "the town's substation lies off the grid"
    assert abs(reached - apart) < 12


def test_the_shape_of_an_asset_is_its_rounded_one(town: Town) -> None:
    scope = Scope(precision_m=150.0)
    (station,) = [row for row in town.rows if row.kind == "substation"]
    shape = shapely.from_wkb(town.ask(lambda pool: shape_of(pool, scope, 1, station.asset_id)))
    shown = rounded(station.geometry, scope)
    assert shapely.equals_exact(shape, shown, 1e-9)


@EXAMPLES
@given(scope=SCOPES)
def test_statistics_count_what_the_scope_holds(town: Town, scope: Scope) -> None:
    mine = seen(town.rows, scope)

    async def go(pool: Pool) -> tuple[int, list[Any]]:
        buildings = await count_buildings(pool, scope, 1, Part())
        return sum(row.building_count for row in buildings), await read_substations(pool, scope, 1, Part())

    buildings, stations = town.ask(go)
    visible = [row.asset_id for row in mine if row.kind == "building"]
    assert buildings == len(visible)
    assert len(stations) == sum(row.kind == "substation" for row in mine)
    for station in stations:
        assert station.building_count == len(visible)
        assert (station.served_area_m2 or 0.0) == sum(each * 10.0 for each in visible)
