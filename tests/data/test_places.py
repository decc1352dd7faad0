"""Questions of place, compared with measuring every asset: metres on the ellipsoid, shapes, buffers, times."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
import pyproj
import pytest
import shapely

from data.archive import Edit, apply_edits
from data.errors import NotFound, UnfitValue
from data.places import Place, nearest, shape_of, within
from data.pool import Pool, connect, open_pool
from tests.conftest import LoadedSample
from tests.handmade_town import COMPANY_A, DISTRICT_EAST, DISTRICT_WEST, LAT, LON, insert_town
from twin.scope import EVERYTHING, Scope

T = TypeVar("T")
GEOD = pyproj.Geod(ellps="WGS84")
MIDDLE = (125.32, 43.88)


def ask(url: str, question: Callable[[Pool], Awaitable[T]]) -> T:
    async def task() -> T:
        pool = await open_pool(url)
        try:
            return await question(pool)
        finally:
            await pool.close()

    return asyncio.run(task())


def ewkb(geometry: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(geometry, 4326), include_srid=True))


@pytest.fixture(scope="module")
def points(sample: LoadedSample) -> Mapping[int, tuple[str, float, float]]:
    """Return kind and place of every point of the sample city."""
    with connect(sample.url) as connection:
        rows = connection.execute(
            "select asset_id, kind, st_x(geom), st_y(geom) from asset"
            " where valid_to_at is null and st_geometrytype(geom) = 'ST_Point'"
        ).fetchall()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def measured(points: Mapping[int, tuple[str, float, float]], kind: str, place: tuple[float, float]) -> list[tuple[float, int]]:
    """Return distance and id of every point of a kind, nearest first."""
    chosen = [(asset_id, lon, lat) for asset_id, (name, lon, lat) in points.items() if name == kind]
    ids, lons, lats = (np.array(column) for column in zip(*chosen, strict=True))
    distances = GEOD.inv(np.full(len(ids), place[0]), np.full(len(ids), place[1]), lons, lats)[2]
    return sorted(zip(distances.tolist(), ids.tolist(), strict=True))


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.004, 0.001), (-0.003, 0.006), (0.05, -0.05)])
def test_the_nearest_are_those_that_measuring_all_finds(
    sample: LoadedSample, points: Mapping[int, tuple[str, float, float]], offset: tuple[float, float]
) -> None:
    centre = np.median([place[1:] for place in points.values()], axis=0)
    place = (float(centre[0] + offset[0]), float(centre[1] + offset[1]))
    for kind, limit in (("valve", 12), ("building_inlet", 5), ("substation", 3)):
        found = ask(
            sample.url,
            lambda pool, kind=kind, limit=limit: nearest(
                pool, EVERYTHING, 1, place, kinds=(kind,), farthest_m=50_000, limit=limit
            ),
        )
        expected = measured(points, kind, place)[:limit]
        assert [near.distance_m for near in found] == pytest.approx([distance for distance, _ in expected], abs=0.002)
        assert {near.item.asset_id for near in found} == {asset_id for _, asset_id in expected}


def test_the_nearest_by_metres_is_not_the_nearest_by_degrees(database_url: str) -> None:
    insert_town(database_url, [])
    # 0.0010 degrees east are 80 m, 0.0009 degrees north are 100 m
    with connect(database_url) as connection:
        for asset_id, place in ((1, (LON + 0.0010, LAT)), (2, (LON, LAT + 0.0009))):
            connection.execute(
                "insert into asset (city_id, asset_id, version, kind, code, geom, row_sha256)"
                " values (1, %s, 1, 'valve', %s, st_setsrid(st_makepoint(%s, %s), 4326), '')",
                (asset_id, str(asset_id), *place),
            )
    found = ask(database_url, lambda pool: nearest(pool, EVERYTHING, 1, (LON, LAT), kinds=None, farthest_m=1000, limit=1))
    assert [near.item.asset_id for near in found] == [1]
    assert found[0].distance_m == pytest.approx(80.4, abs=0.1)
    none = ask(database_url, lambda pool: nearest(pool, EVERYTHING, 1, (LON, LAT), kinds=None, farthest_m=80, limit=1))
    assert none == []


@pytest.mark.parametrize("buffer_m", [15.0, 120.0, 1000.0])
def test_a_buffer_is_in_metres_on_the_ground(
    sample: LoadedSample, points: Mapping[int, tuple[str, float, float]], buffer_m: float
) -> None:
    place = next((lon, lat) for kind, lon, lat in points.values() if kind == "valve")
    shape = ewkb(shapely.Point(place))
    question = Place(kinds=("valve",), buffer_m=buffer_m)
    found = ask(sample.url, lambda pool: within(pool, EVERYTHING, 1, shape, question, limit=1000, offset=0))
    expected = {asset_id for distance, asset_id in measured(points, "valve", place) if distance <= buffer_m}
    assert {item.asset_id for item in found.items} == expected
    assert found.counts == {"valve": len(expected)}


def test_a_drawn_shape_selects_what_shapely_selects(sample: LoadedSample) -> None:
    with connect(sample.url) as connection:
        rows = connection.execute(
            "select asset_id, kind, st_asbinary(geom) from asset where valid_to_at is null and geom is not null"
        ).fetchall()
    geometry = shapely.force_2d(shapely.from_wkb([bytes(row[2]) for row in rows]))
    west, south, east, north = shapely.total_bounds(geometry)
    xs, ys = np.linspace(west, east, 7), np.linspace(south, north, 7)
    star = shapely.Polygon(
        [(xs[1], ys[1]), (xs[3], ys[2]), (xs[5], ys[1]), (xs[4], ys[3]), (xs[5], ys[5]), (xs[3], ys[4]), (xs[1], ys[5])]
    )
    ids = np.array([row[0] for row in rows])
    for inside, test in ((False, shapely.intersects), (True, shapely.covers)):
        expected = ids[test(star, geometry)]
        place = Place(inside=inside)
        found = ask(sample.url, lambda pool, place=place: within(pool, EVERYTHING, 1, ewkb(star), place, limit=100, offset=50))
        assert found.total == len(expected)
        assert [item.asset_id for item in found.items] == sorted(expected.tolist())[50:150]
        assert sum(found.counts.values()) == found.total


def test_places_go_through_the_scope_and_the_time(database_url: str) -> None:
    insert_town(database_url)
    before = datetime.now(UTC)

    async def retire() -> None:
        pool = await open_pool(database_url)
        async with pool.acquire() as connection:
            await apply_edits(connection, 1, [Edit(11, retire=True)], seat="s", reason="r", origin="edit")
        await pool.close()

    asyncio.run(retire())
    west = ask(database_url, lambda pool: shape_of(pool, EVERYTHING, 1, DISTRICT_WEST))

    def found(scope: Scope, **more: object) -> dict[str, int]:
        place = Place(**more)  # type: ignore[arg-type]  # names of Place
        answer = ask(database_url, lambda pool: within(pool, scope, 1, west, place, without=DISTRICT_WEST, limit=100, offset=0))
        return dict(answer.counts)

    assert found(EVERYTHING, kinds=("valve",)) == {}
    assert found(EVERYTHING, kinds=("valve",), as_of=before) == {"valve": 1}
    assert found(Scope(areas=(DISTRICT_EAST,)), kinds=("valve", "building"), as_of=before, buffer_m=500) == {"building": 2}
    assert found(Scope(company_ids=(COMPANY_A,)), kinds=("pipe",)) == {"pipe": 5}
    assert found(Scope(layers=("road",))) == {"road": 2}


def test_a_shape_that_is_not_there_is_said(database_url: str) -> None:
    insert_town(database_url)
    with pytest.raises(NotFound, match="no asset 999"):
        ask(database_url, lambda pool: shape_of(pool, EVERYTHING, 1, 999))
    with pytest.raises(UnfitValue, match=f"company company-{COMPANY_A} .* has no geometry"):
        ask(database_url, lambda pool: shape_of(pool, EVERYTHING, 1, COMPANY_A))
