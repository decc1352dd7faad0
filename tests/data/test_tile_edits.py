"""Tile rows follow edits: an edit writes what a rebuild would, and listeners hear of what has changed and of nothing else."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import numpy as np
import orjson
import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.archive import Edit, apply_edits, restore_version, revert_change
from data.pool import connect
from data.tile_tables import TILESETS, rebuild
from data.valves import Operation, operate
from data.zone_solutions import end_sweep
from tests.handmade_town import COMPANY_B, COVERS, LAT, LON, TOWN, insert_town
from twin.scope import EVERYTHING

TABLES = ("tile_pipe", "tile_pipe_zoom", "tile_building", "tile_point", "tile_base", "tile_coverage")
SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))
FACTS: dict[str, Any] = {
    "classes": (np.array([22]), np.array([4])),
    "source_ids": (np.array([20, 22, 24]), np.array([13, 13, 10])),
    "criticalities": (np.array([20, 21, 22]), np.array([3, 3, 5])),
}
PAIRED = tuple(
    replace(row, attributes=row.attributes | {"pair_code": f"T{row.pair_id}"}) if row.pair_id else row for row in (*TOWN, *COVERS)
)
WHO: dict[str, Any] = {"seat": "测试", "reason": "survey", "origin": "edit"}


def build(url: str, city_id: int = 1) -> None:
    with connect(url) as connection:
        rebuild(connection, city_id, SEGMENTS, **FACTS)


def copies(url: str, city_id: int = 1) -> dict[str, list[tuple[Any, ...]]]:
    with connect(url) as connection:
        return {
            table: connection.execute(f"select t.*::text from {table} t where city_id = %s order by 1", (city_id,)).fetchall()
            for table in TABLES
        }


def run(url: str, *works: Callable[[asyncpg.Connection], Awaitable[Any]]) -> None:
    async def task() -> None:
        connection = await asyncpg.connect(url)
        try:
            for work in works:
                await work(connection)
        finally:
            await connection.close()

    asyncio.run(task())


def edit(url: str, *edits: Edit) -> None:
    run(url, lambda connection: apply_edits(connection, 1, edits, **WHO))


def ewkb(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True))


@pytest.fixture
def town(database_url: str) -> str:
    insert_town(database_url, PAIRED)
    build(database_url)
    return database_url


class News:
    """What a listener hears while it is entered."""

    def __init__(self, url: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self._url = url

    def __enter__(self) -> News:
        self._connection = psycopg.connect(self._url, autocommit=True)
        self._connection.execute("listen heat_twin_tiles")
        return self

    def __exit__(self, *_: object) -> None:
        # what was committed before this asks for a round trip has been sent
        self.heard = [orjson.loads(item.payload) for item in self._connection.notifies(timeout=0.2)]
        self._connection.close()


def test_an_unchanged_rebuild_writes_and_tells_nothing(town: str) -> None:
    before = copies(town)
    with News(town) as news:
        build(town)
    assert news.heard == []
    assert copies(town) == before
    with connect(town) as connection:
        assert connection.execute("select count(*) from tile_version").fetchone() == (len(TILESETS),)


def test_a_first_build_tells_of_every_tileset(database_url: str) -> None:
    insert_town(database_url, PAIRED)
    with News(database_url) as news:
        build(database_url)
    assert {item["tileset"] for item in news.heard} == {"network", "buildings", "assets", "base", "coverage"}
    assert all(item["city"] == 1 for item in news.heard)


def test_a_moved_pipe_tells_of_the_old_and_the_new_place_and_shows_at_once(town: str) -> None:
    before = cells(town, "asset_id = 27")
    with News(town) as news:
        edit(town, Edit(27, geometry=ewkb(shapely.LineString([(LON + 0.2, LAT), (LON + 0.21, LAT)]))))
    after = cells(town, "asset_id = 27")
    assert before != after
    assert {item["tileset"] for item in news.heard} == {"network"}
    told = shapely.union_all([shapely.box(*box) for item in news.heard for box in item["boxes"]])
    assert told.covers(shapely.box(*before))
    assert told.covers(shapely.box(*after))
    assert all(float(value).is_integer() for item in news.heard for box in item["boxes"] for value in box)
    assert told.area < 2 * shapely.box(*before).union(shapely.box(*after)).envelope.area


def cells(url: str, condition: str) -> tuple[float, float, float, float]:
    statement = (
        "select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e) from (select st_extent(geom) as e from tile_pipe where {}) x"
    )
    with connect(url) as connection:
        row = connection.execute(statement.format(condition)).fetchone()
    assert row is not None
    west, south, east, north = row
    return west, south, east, north


def test_a_retired_supply_pipe_leaves_the_trench_to_the_return_and_comes_back(town: str) -> None:
    before = copies(town)
    edit(town, Edit(20, retire=True))
    with connect(town) as connection:
        assert connection.execute("select asset_id from tile_pipe where trench and asset_id in (20, 21)").fetchall() == [(21,)]
        merged = connection.execute("select row_id from tile_pipe_zoom where zoom = 13 and segment_id in (20, 21) order by 1")
        assert merged.fetchall() == [(21,), (22,)]
    run(town, lambda connection: revert_change(connection, 1, 1, seat="测试", reason="no"))
    assert copies(town) == before


def test_buildings_and_areas_follow_the_object_that_they_name(town: str) -> None:
    edit(town, Edit(10, retire=True), Edit(13, retire=True))
    with connect(town) as connection:
        assert connection.execute("select substation_id from tile_building where asset_id = 30").fetchone() == (None,)
        assert connection.execute("select of_id from tile_coverage where asset_id = 51").fetchone() == (None,)
    after = copies(town)
    build(town)
    assert copies(town) == after


def test_a_moved_district_takes_its_assets_along(town: str) -> None:
    edit(town, Edit(2, geometry=ewkb(shapely.box(LON - 0.03, LAT - 0.03, LON + 0.03, LAT + 0.03))), Edit(1, retire=True))
    with connect(town) as connection:
        assert connection.execute("select distinct area_id from tile_pipe where asset_id in (20, 22)").fetchall() == [(2,)]
    after = copies(town)
    build(town)
    assert copies(town) == after


def test_operating_a_valve_tells_nothing(town: str) -> None:
    with News(town) as news:
        states = [Operation(11, "closed")]
        run(town, lambda connection: operate(connection, EVERYTHING, 1, states, origin="reported", seat="测试"))
    assert news.heard == []


def test_the_first_sweep_of_a_drawing_brings_temperatures_and_later_ones_do_not(town: str) -> None:
    def sweep(degc: float, network_version: int, valve_version: int) -> list[tuple[Any, ...]]:
        with connect(town, autocommit=True) as connection:
            connection.execute("delete from zone_pipe")
            new = (
                "insert into zone_pipe (city_id, asset_id, source_id, flow_direction, temperature_degc) values (1, %s, 13, 0, %s)"
            )
            for asset_id, more in ((20, 0.0), (22, 4.0)):
                connection.execute(new, (asset_id, degc + more))
            end_sweep(connection, 1, [13], (network_version, valve_version))
            shown = "select temperature_degc from tile_pipe where asset_id = 20 union all"
            shown += " select temperature_degc from tile_pipe_zoom where segment_id = 20 and zoom = 13"
            return connection.execute(shown).fetchall()

    assert sweep(100.2, 1, 1) == [(100,), (102,)]
    with News(town) as news:
        assert sweep(90.2, 1, 2) == [(100,), (102,)]
    assert news.heard == []
    with News(town) as news:
        assert sweep(90.2, 2, 2) == [(90,), (92,)]
    assert {item["tileset"] for item in news.heard} == {"network"}
    after = copies(town)
    build(town)
    assert copies(town) == after


def test_no_table_of_readings_or_states_tells(town: str) -> None:
    telling = (
        "select distinct c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid"
        " where p.proname in ('tile_tell', 'problem_tell')"
    )
    with connect(town) as connection:
        assert {row[0] for row in connection.execute(telling)} == {*TABLES, "problem"}


def test_problems_tell_when_what_is_drawn_changes(town: str) -> None:
    new = (
        "insert into problem (city_id, problem_id, rule, key, asset_ids, asset_count, kind, geom, present)"
        " values (1, 1, 'same_place', 'k', '{20}', 1, 'pipe', st_setsrid(st_makepoint(125.32, 43.88), 4326), true)"
    )
    for statement, tells in (
        (new, True),
        ("update problem set reason = 'later'", False),
        ("update problem set present = false, gone_at = now()", True),
        ("delete from problem", True),
    ):
        with News(town) as news, connect(town) as connection:
            connection.execute(statement)
            connection.commit()
        assert [item["tileset"] for item in news.heard] == ["problems"] * tells, statement


def test_many_cells_come_in_several_payloads_and_very_many_as_all(town: str) -> None:
    spread = (
        "insert into tile_base (city_id, asset_id, kind, minzoom, name, geom)"
        " select 1, 1000 + n, 'road', 8, '', st_setsrid(st_makepoint(-19000000.5 + 5000 * n, -18000000.5), 3857)"
        " from generate_series(1, {}) n"
    )
    for count, payloads in ((300, 3), (1500, 1)):
        with News(town) as news, connect(town) as connection:
            connection.execute("delete from tile_base where asset_id > 1000 and st_y(st_centroid(geom)) > 0")
            connection.execute(spread.format(count))
            connection.commit()
        assert len(news.heard) == payloads
        assert all(len(orjson.dumps(item)) <= 7500 for item in news.heard)
        assert news.heard[0].get("all", False) == (count == 1500)
        with connect(town) as connection:
            connection.execute("delete from tile_base where asset_id > 1000")


CITIES = itertools.count(100)
"""A city for each example: a database for each would take longer."""
PIPES, ANY = [20, 21, 22, 23, 24, 25, 26, 27], [2, 10, 11, 12, 13, 14, 30, 31, 40, 42, 50, 51, 52]
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "pair_code": st.sampled_from(["T20", "T22", "T24", "T9", None]),
        "side": st.sampled_from(["supply", "return", None]),
        "network_level": st.sampled_from(["primary", "secondary", None]),
        "medium": st.sampled_from(["gas", "heat", None]),
        "dn": st.sampled_from([100, 800, None]),
        "material": st.sampled_from(["钢", "PE", None]),
        "installed_year": st.sampled_from([1999, 2020, None]),
        "company_code": st.sampled_from([f"company-{COMPANY_B}", None]),
    },
)
STEPS = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(PIPES), ATTRIBUTES),
    st.tuples(st.just("move"), st.sampled_from(PIPES + ANY), st.floats(-0.02, 0.02)),
    st.tuples(st.just("retire"), st.sampled_from(PIPES + ANY), st.none()),
    st.tuples(st.just("restore"), st.sampled_from(PIPES + ANY), st.none()),
    st.tuples(st.just("name"), st.sampled_from(ANY), st.text("甲乙", max_size=3)),
)


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_after_any_edits_the_copies_are_those_of_a_rebuild(database_url: str, steps: list[tuple[str, int, Any]]) -> None:
    city_id = next(CITIES)
    insert_town(database_url, PAIRED, city_id=city_id)
    build(database_url, city_id)
    run(database_url, *(lambda connection, step=step: take(connection, city_id, *step) for step in steps))
    followed = copies(database_url, city_id)
    build(database_url, city_id)
    assert followed == copies(database_url, city_id)


async def take(connection: asyncpg.Connection, city_id: int, what: str, asset_id: int, value: Any) -> None:
    """Do one step, unless it does not apply: what is retired cannot change, and nothing may change at all."""
    shape = await connection.fetchval(
        "select st_asewkb(geom) from asset where city_id = $1 and asset_id = $2 and valid_to_at is null", city_id, asset_id
    )
    if what == "restore":
        if shape is None:
            await restore_version(connection, city_id, asset_id, 1, seat="测试", reason="back")
    elif shape is not None and value != {}:
        moved = shapely.transform(shapely.from_wkb(shape), lambda places: places + value) if what == "move" and value else None
        change = {
            "change": lambda: Edit(asset_id, value),
            "move": lambda: Edit(asset_id, geometry=None if moved is None else ewkb(moved)),
            "retire": lambda: Edit(asset_id, retire=True),
            "name": lambda: Edit(asset_id, name=value),
        }[what]()
        if not await unchanged(connection, city_id, change):
            await apply_edits(connection, city_id, [change], **WHO)


async def unchanged(connection: asyncpg.Connection, city_id: int, change: Edit) -> bool:
    row = await connection.fetchrow(
        "select name, attributes::text as attributes from asset where city_id = $1 and asset_id = $2 and valid_to_at is null",
        city_id,
        change.asset_id,
    )
    assert row is not None
    attributes = orjson.loads(row["attributes"])
    wished = {name: value for name, value in (attributes | dict(change.attributes)).items() if value is not None}
    return not change.retire and change.geometry is None and change.name in {None, row["name"]} and wished == attributes
