"""The sample city goes through the ordinary import."""

from __future__ import annotations

import pytest

from data.imports.run import run_import
from data.network import read_network_tables
from data.pool import connect
from tests.conftest import LoadedSample
from tests.data.demo_files import Delivery
from topology.network import build_network


@pytest.fixture
def city(sample_city: Delivery) -> Delivery:
    return sample_city


def rows(url: str, statement: str) -> list[tuple]:
    with connect(url) as connection:
        return connection.execute(statement).fetchall()


def state(url: str) -> list[tuple]:
    return rows(
        url,
        "select city_id, asset_id, version, kind, code, source_key, company_id, area_id, pair_id, row_sha256, st_asewkb(geom),"
        " attributes::text, valid_from_at, valid_to_at, import_id from asset order by 1, 2, 3",
    )


def test_the_import_finds_nothing_wrong_and_a_second_one_changes_nothing(city, sample: LoadedSample, sample_copy_url):
    assert [problem for problem in sample.imported.problems if problem.severity != "info"] == []
    assert sample.imported.changed
    before = state(sample_copy_url)
    versions = rows(sample_copy_url, "select assets_version, network_version from city")
    second = run_import(city.folder / "manifest.toml", sample_copy_url, seat="test")
    assert not second.changed
    assert state(sample_copy_url) == before
    assert rows(sample_copy_url, "select assets_version, network_version from city") == versions


def test_everything_arrives_with_owner_district_and_pair(city, sample_url):
    counts = dict(rows(sample_url, "select kind, count(*) from asset where valid_to_at is null group by kind"))
    expected = {"district": 11, "company": 4, "substation": 60, "plant": 1, "boiler_house": 1, "pipe": len(city.pipes)}
    assert {kind: counts[kind] for kind in expected} == expected
    assert counts["building"] == len(city.geojson("buildings")) + len(city.geojson("halls"))
    assert counts["valve"] == len(city.valves)
    unlinked = (
        "select count(*) from asset where kind in ('pipe', 'valve', 'substation') and (company_id is null or area_id is null)"
    )
    assert rows(sample_url, unlinked) == [(0,)]
    pairs = "select count(*), min(n), max(n) from (select count(*) as n from asset where kind = 'pipe' group by pair_id) as pair"
    assert rows(sample_url, pairs) == [(len(city.pipes) // 2, 2, 2)]
    assert rows(sample_url, "select count(*), count(distinct area_id) from rollout_rate") == [(33, 11)]
    assert rows(sample_url, "select name_zh, synthetic, zone from city") == [("示例城区", True, "Asia/Shanghai")]


def test_the_companys_own_key_is_kept(sample_url):
    assert rows(sample_url, "select code from asset where kind = 'substation' and source_key = 'TZ-3001'") == [("HRZ0001",)]


def test_codes_that_look_like_numbers_stay_text(sample_url):
    found = rows(sample_url, "select distinct attributes->>'anticorrosion_method' from asset where kind = 'pipe'")
    assert set(found) <= {("01",), ("05",), ("06",)}
    assert ("220104",) in rows(sample_url, "select code from asset where kind = 'district'")


def test_ends_still_meet_in_the_store(sample_url):
    """PostGIS, on the sphere: every inlet is within 5 cm of an end of a secondary supply pipe."""
    loose = """
        with ends as (
            select st_force2d(st_endpoint(geom)) as point from asset
            where kind = 'pipe' and attributes->>'side' = 'supply' and attributes->>'network_level' = 'secondary'
        )
        select count(*) from asset as inlet
        where inlet.kind = 'building_inlet' and not exists (
            select from ends
            where st_dwithin(point, inlet.geom, 1e-6) and st_distance(point::geography, inlet.geom::geography) < 0.05
        )"""
    assert rows(sample_url, loose) == [(0,)]


def test_the_network_room_finds_nothing_to_complain_about(sample_url):
    with connect(sample_url) as connection:
        network = build_network(read_network_tables(connection, 1))
    assert network.findings == ()


def test_two_demo_cities_stand_side_by_side(sample_copy_url, second_city: Delivery):
    run_import(second_city.folder / "manifest.toml", sample_copy_url, seat="test")
    counts = rows(sample_copy_url, "select city_id, count(*) from asset where kind = 'substation' group by city_id order by 1")
    assert counts == [(1, 60), (2, 60)]
