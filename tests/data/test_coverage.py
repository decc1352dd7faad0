"""Coverage of the sample city: the generator's truth comes back, what is spoiled shows, only assets and network make it stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data.coverage import CoverageReport, is_current, rebuild
from data.network import read_network
from data.pool import connect
from tests.cities import TinyAsset, insert_city
from tests.conftest import LoadedSample
from tests.data.demo_files import Delivery


def fetch(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]


def execute(url: str, statement: str, *values: object) -> None:
    with connect(url) as connection:
        connection.execute(statement, values)  # type: ignore[arg-type]


def derive(url: str, city_id: int = 1) -> CoverageReport:
    with connect(url) as connection:
        return rebuild(connection, city_id, read_network(connection, city_id))


def delivery_of(manifest: Path) -> Delivery:
    return Delivery(manifest.parent)


def test_who_serves_whom_is_what_the_city_was_drawn_with(sample: LoadedSample) -> None:
    inlets = delivery_of(sample.manifest).inlets
    truth = set(zip(inlets["building_code"], inlets["substation_code"], strict=True))
    found = fetch(
        sample.url,
        "select b.code, s.code from served_building x"
        " join asset b on b.city_id = x.city_id and b.asset_id = x.asset_id and b.valid_to_at is null"
        " join asset s on s.city_id = x.city_id and s.asset_id = x.substation_id and s.valid_to_at is null",
    )
    assert set(found) == truth
    assert len(truth) > 900
    assert fetch(sample.url, "select distinct evidence from served_building") == [(1,)]


def test_every_declared_area_of_a_clean_city_agrees(sample: LoadedSample) -> None:
    states = fetch(sample.url, "select of_kind, state, count(*) from coverage where state <> 'none' group by 1, 2 order by 1, 2")
    assert [(kind, state) for kind, state, _ in states] == [
        (kind, "agrees") for kind in ("boiler_house", "company", "estate", "licence", "plant", "substation")
    ]
    assert fetch(sample.url, "select count(*) from coverage where state = 'agrees' and agreement <> 1") == [(0,)]
    inside = fetch(sample.url, "select count(*) from served_building where inside & 8 = 0 or inside & 16 = 0 or inside & 1 = 0")
    assert inside == [(0,)]


def test_served_grounds_are_valid_hold_their_buildings_and_do_not_overlap(sample: LoadedSample) -> None:
    assert fetch(sample.url, "select count(*) from coverage where not st_isvalid(served_geom)") == [(0,)]
    lost = fetch(
        sample.url,
        "select count(*) from served_building b"
        " join coverage c on c.city_id = b.city_id and c.of_kind = 'substation' and c.asset_id = b.substation_id"
        " join asset a on a.city_id = b.city_id and a.asset_id = b.asset_id and a.valid_to_at is null"
        " where not st_covers(c.served_geom, st_pointonsurface(a.geom))",
    )
    assert lost == [(0,)]
    shared, whole = fetch(
        sample.url,
        "select sum(st_area(st_intersection(one.served_geom, two.served_geom)::geography)), max(t.m2) from coverage one"
        " join coverage two on two.of_kind = one.of_kind and two.asset_id > one.asset_id and two.served_geom && one.served_geom"
        " cross join (select sum(st_area(served_geom::geography)) as m2 from coverage where of_kind = 'substation') t"
        " where one.of_kind = 'substation'",
    )[0]
    assert (shared or 0) < 0.002 * whole


def test_ground_is_derived_where_none_is_declared(sample_copy_url: str) -> None:
    [(code, asset_id)] = fetch(sample_copy_url, "select code, asset_id from asset where kind = 'plant' and valid_to_at is null")
    execute(
        sample_copy_url,
        "update asset set valid_to_at = now() where kind = 'coverage_area' and attributes ->> 'of_code' = %s",
        code,
    )
    report = derive(sample_copy_url)
    assert report.derived == 1
    row = fetch(
        sample_copy_url,
        "select state, agreement, declared_geom is null, st_area(served_geom::geography) > 1e6, served_count"
        " from coverage where of_kind = 'plant' and asset_id = %s",
        asset_id,
    )
    assert row[0][:4] == ("derived", None, True, True)
    assert row[0][4] > 100


def test_an_area_drawn_over_a_neighbour_shows_foreign_and_missing_buildings(sample_copy_url: str) -> None:
    # two substations change their areas: each then holds the other's buildings and none of its own
    execute(
        sample_copy_url,
        "with pair as (select a.asset_id, a.geom, row_number() over (order by a.asset_id) as n from asset a"
        " where a.kind = 'coverage_area' and a.attributes ->> 'of_kind' = 'substation' and a.valid_to_at is null"
        " order by a.asset_id limit 2)"
        " update asset a set geom = other.geom from pair one join pair other on other.n = 3 - one.n"
        " where a.asset_id = one.asset_id",
    )
    derive(sample_copy_url)
    rows = fetch(
        sample_copy_url,
        "select agreement, served_count, inside_count, cardinality(outside_ids), cardinality(foreign_ids) from coverage"
        " where of_kind = 'substation' and state = 'differs' order by asset_id",
    )
    assert len(rows) == 2
    (one, two) = rows
    assert one[0] == two[0] == 0.0
    assert one[2] == two[2] == 0
    assert (one[3], one[4]) == (one[1], two[1])
    assert (two[3], two[4]) == (two[1], one[1])


def test_operating_a_valve_changes_nothing(sample_copy_url: str) -> None:
    before = fetch(sample_copy_url, "select asset_id, substation_id, source_id from served_building order by 1")
    execute(
        sample_copy_url,
        "insert into valve_state select city_id, asset_id, 'closed', 'reported', 'test', '', now() from asset"
        " where kind = 'valve' and valid_to_at is null",
    )
    execute(sample_copy_url, "update city set valve_version = valve_version + 1")
    with connect(sample_copy_url) as connection:
        assert is_current(connection, 1)
    derive(sample_copy_url)
    assert fetch(sample_copy_url, "select asset_id, substation_id, source_id from served_building order by 1") == before


@pytest.mark.parametrize("version", ["assets_version", "network_version"])
def test_a_change_of_assets_or_network_makes_it_stale(sample_copy_url: str, version: str) -> None:
    with connect(sample_copy_url) as connection:
        assert is_current(connection, 1)
        connection.execute(f"update city set {version} = {version} + 1")  # type: ignore[arg-type]
        assert not is_current(connection, 1)
    derive(sample_copy_url)
    with connect(sample_copy_url) as connection:
        assert is_current(connection, 1)


def test_deriving_twice_gives_the_same_bytes(sample_copy_url: str) -> None:
    statement = "select of_kind, asset_id, state, agreement, md5(st_asbinary(served_geom)) from coverage order by 1, 2"
    derive(sample_copy_url)
    before = fetch(sample_copy_url, statement)
    derive(sample_copy_url)
    assert fetch(sample_copy_url, statement) == before


def test_a_city_without_network_follows_what_is_declared(database_url: str) -> None:
    square = "POLYGON((125.3 43.8,125.301 43.8,125.301 43.801,125.3 43.801,125.3 43.8))"
    house = "POLYGON((125.3005 43.8005,125.3006 43.8005,125.3006 43.8006,125.3005 43.8006,125.3005 43.8005))"
    ids = insert_city(
        database_url,
        [
            TinyAsset("company", "C"),
            TinyAsset("substation", "S", company_id=1),
            TinyAsset("building", "B1", attributes={"substation_code": "S", "heated_area_m2": 500}, wkt=house),
            TinyAsset("building", "B2", attributes={"heated_area_m2": 100}, wkt="POLYGON EMPTY"),
            TinyAsset("building", "B3", wkt=house),
            TinyAsset("coverage_area", "A", attributes={"of_kind": "substation", "of_code": "S"}, wkt=square),
        ],
    )
    report = derive(database_url)
    assert report == CoverageReport(buildings=2, unserved=1, declared=1, derived=1)
    served = fetch(database_url, "select asset_id, substation_id, supplier_id, evidence, inside from served_building order by 1")
    assert served == [(ids["B1"], ids["S"], ids["C"], 2, 8), (ids["B2"], None, None, 0, 0)]


def test_an_empty_city_has_an_empty_coverage(database_url: str) -> None:
    insert_city(database_url, [])
    assert derive(database_url) == CoverageReport(0, 0, 0, 0)
