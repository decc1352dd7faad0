"""The tile tables: every asset lands in one, merged rows follow segments, a rebuild replaces all or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import pytest

from data import tile_tables
from data.pool import connect
from data.tile_tables import TileReport, rebuild
from tests.handmade_town import COMPANY_A, COVERS, TOWN, Row, insert_town

SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))


def fetch(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]


def build(url: str, city_id: int = 1) -> TileReport:
    with connect(url) as connection:
        return rebuild(connection, city_id, SEGMENTS)


@pytest.fixture
def town_url(database_url: str) -> str:
    insert_town(database_url)
    return database_url


def test_every_asset_with_a_place_is_in_a_tile_table(town_url: str) -> None:
    report = build(town_url)
    assert report.left_out == {}  # a company may be without a place
    counts = {"tile_pipe": 8, "tile_pipe_zoom": 12, "tile_building": 3, "tile_point": 5, "tile_base": 6, "tile_coverage": 0}
    assert report.rows == counts


def test_an_asset_of_the_wrong_dimension_is_reported_and_not_lost_silently(database_url: str) -> None:
    insert_town(database_url, [Row(1, "building", "POINT(125.3 43.9)"), Row(2, "pipe", None)])
    with connect(database_url) as connection:
        assert rebuild(connection, 1, None).left_out == {"building": 1, "pipe": 1}


def test_one_pipe_of_each_pair_stands_for_the_trench_and_a_lone_return_for_itself(town_url: str) -> None:
    build(town_url)
    assert fetch(town_url, "select asset_id from tile_pipe where trench order by 1") == [(20,), (22,), (24,), (26,), (27,)]


def test_low_zooms_hold_one_row_a_segment_and_leave_the_secondary_network_to_z12(town_url: str) -> None:
    build(town_url)
    rows = fetch(town_url, "select zoom, array_agg(segment_id order by segment_id) from tile_pipe_zoom group by 1 order by 1")
    assert rows == [(10, [20, 27]), (11, [20, 27]), (12, [20, 24, 26, 27]), (13, [20, 24, 26, 27])]
    assert fetch(town_url, "select st_geometrytype(geom) from tile_pipe_zoom where zoom = 13 and segment_id = 20") == [
        ("ST_LineString",)
    ]


def test_a_segment_of_two_companies_stays_two_rows(database_url: str) -> None:
    rows = [row if row.asset_id != 22 else Row(22, "pipe", row.wkt, company_id=None, attributes=row.attributes) for row in TOWN]
    insert_town(database_url, rows)
    build(database_url)
    found = fetch(database_url, "select company_id from tile_pipe_zoom where zoom = 13 and segment_id = 20 order by 1")
    assert found == [(COMPANY_A,), (None,)]


def test_heights_come_from_the_attribute_then_the_storeys_then_the_default(town_url: str) -> None:
    build(town_url)
    assert fetch(town_url, "select asset_id, height_dm, substation_id from tile_building order by 1") == [
        (30, 215, 10),
        (31, 180, None),
        (32, 90, None),
    ]


def test_road_words_become_classes_and_unknown_ones_other(town_url: str) -> None:
    build(town_url)
    assert fetch(town_url, "select asset_id, class, minzoom from tile_base where kind = 'road' order by 1") == [
        (40, "primary", 10),
        (41, "", 13),
    ]


def test_a_rebuild_that_fails_leaves_the_old_copies(town_url: str) -> None:
    build(town_url)
    before = fetch(town_url, "select * from tile_pipe order by asset_id")
    with connect(town_url) as connection:
        connection.execute('update asset set attributes = attributes || \'{"dn": "no number"}\' where asset_id = 27')
    with connect(town_url) as connection, pytest.raises(psycopg.errors.InvalidTextRepresentation):
        rebuild(connection, 1, None)
    assert fetch(town_url, "select * from tile_pipe order by asset_id") == before


def test_copies_are_current_until_the_assets_change(town_url: str) -> None:
    build(town_url)
    with connect(town_url) as connection:
        assert tile_tables.is_current(connection, 1)
        connection.execute("update city set assets_version = assets_version + 1")
        assert not tile_tables.is_current(connection, 1)


def test_rebuilding_one_city_leaves_another_alone(town_url: str) -> None:
    insert_town(town_url, city_id=2)
    build(town_url, 2)
    before = fetch(town_url, "select * from tile_pipe where city_id = 2 order by asset_id")
    build(town_url, 1)
    assert fetch(town_url, "select * from tile_pipe where city_id = 2 order by asset_id") == before
    assert fetch(town_url, "select count(*) from tile_pipe where city_id = 1") == [(8,)]


def test_a_coverage_area_knows_what_it_covers(database_url: str) -> None:
    insert_town(database_url, [*TOWN, *COVERS])
    assert build(database_url).left_out == {}
    found = fetch(database_url, "select asset_id, kind, of_kind, of_id, minzoom, name from tile_coverage order by 1")
    assert found == [
        (50, "coverage_area", "company", COMPANY_A, 8, ""),
        (51, "coverage_area", "plant", 13, 8, "热电厂范围"),
        (52, "licence_area", "licence", COMPANY_A, 8, ""),
        (53, "coverage_area", "school", None, 12, ""),
    ]


def test_the_summary_counts_every_current_asset_once_by_kind_level_district_and_owner(town_url: str) -> None:
    with connect(town_url) as connection:
        connection.execute("update asset set valid_to_at = now() where asset_id = 40")
    build(town_url)
    found = fetch(
        town_url, "select kind, level, sum(asset_count), sum(placed_count) from asset_summary group by 1, 2 order by 1, 2"
    )
    assert sum(row[2] for row in found) == len(TOWN) - 1
    assert ("company", "", 2, 0) in found
    assert ("road", "", 1, 1) in found
    assert ("pipe", "primary", 5, 5) in found
    assert ("pipe", "secondary", 3, 3) in found
    owners = fetch(
        town_url, "select company_id, asset_count from asset_summary where kind = 'pipe' and level = 'primary' order by 1"
    )
    assert owners == [(COMPANY_A, 4), (None, 1)]


def test_the_summary_measures_supply_pipes_of_the_heat_network_only(town_url: str) -> None:
    build(town_url)
    (metres,) = fetch(town_url, "select sum(supply_length_m) from asset_summary where kind = 'pipe' and level = 'primary'")[0]
    # pipe 20 is 900 east, 900 south; pipe 22 is 300 east: its return and the gas pipe do not count
    assert metres == pytest.approx(np.hypot(900, 900) + 300, rel=2e-3)
