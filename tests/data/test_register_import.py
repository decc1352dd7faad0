"""Registers: rows that hang on an asset, imported with the same checks, written over when they change."""

from __future__ import annotations

from pathlib import Path

import shapely

from data.imports.run import run_import
from data.pool import connect
from tests.data.import_helpers import table_dump, write_layer, write_manifest

DISTRICTS = """
[[layer]]
file = "districts.geojson"
kind = "district"
[layer.columns]
code = "code"
name = "name"
"""
BUILDINGS = """
[[layer]]
file = "buildings.geojson"
kind = "building"
[layer.columns]
code = "code"
"""
COMPANIES = """
[[layer]]
file = "companies.csv"
kind = "company"
[layer.columns]
code = "code"
[[layer]]
file = "stations.csv"
kind = "substation"
[layer.columns]
code = "code"
company_code = "company"
"""
VILLAGES = """
[[layer]]
file = "villages.csv"
kind = "village"
[layer.columns]
code = "code"
[layer.geometry]
x = "x"
y = "y"
"""
USERS = """
[[layer]]
file = "users.csv"
kind = "heat_user"
key = "code"
[layer.columns]
code = "code"
building_code = "building"
unit = "unit"
door = "door"
heated_area_m2 = "area"
connected = "connected"
heating = "heating"
substation_code = "station"
"""
HOUSEHOLDS = """
[[layer]]
file = "households.csv"
kind = "household"
[layer.columns]
code = "code"
name = "name"
village_code = "village"
energy_type = "energy"
[layer.geometry]
x = "x"
y = "y"
"""
PROJECTS = """
[[layer]]
file = "projects.csv"
kind = "retrofit_project"
[layer.columns]
code = "code"
area_code = "area"
started_on = "started"
"""
USER_ROWS = "code,building,unit,door,area,connected,heating,station\n"


def _city(folder: Path, *, split: float = 125.4) -> None:
    boxes: list[object] = [shapely.box(125.0, 43.5, split, 44.2), shapely.box(split, 43.5, 125.8, 44.2)]
    write_layer(folder / "districts.geojson", boxes, code=["220101", "220102"], name=["甲区", "乙区"])
    houses: list[object] = [shapely.box(x, 43.8, x + 0.001, 43.801) for x in (125.3, 125.5)]
    write_layer(folder / "buildings.geojson", houses, code=["B1", "B2"])
    (folder / "companies.csv").write_text("code\nC1\n")
    (folder / "stations.csv").write_text("code,company\nS1,C1\n")
    (folder / "villages.csv").write_text("code,x,y\nV1,125.3,43.7\n")


def _users(folder: Path, *rows: str) -> None:
    (folder / "users.csv").write_text(USER_ROWS + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def _rows(url: str, columns: str, condition: str = "true") -> list[tuple[object, ...]]:
    with connect(url) as connection:
        return connection.execute(f"select {columns} from register_row where {condition} order by kind, row_id").fetchall()


def _id_of(url: str, kind: str, code: str) -> int:
    with connect(url) as connection:
        row = connection.execute("select asset_id from asset_key where kind = %s and code = %s", (kind, code)).fetchone()
    assert row is not None
    return int(row[0])


def test_rows_get_ids_of_their_own_and_hang_on_their_building(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    _users(tmp_path, "B1-2,B1,1,101,88.5,true,true,S1", "B1-1,B1,1,102,91,true,false,S1", "B2-1,B2,1,101,60,false,false,")
    manifest = write_manifest(tmp_path, DISTRICTS, COMPANIES, BUILDINGS, USERS)
    report = run_import(manifest, database_url, seat="test")
    west, east = _id_of(database_url, "district", "220101"), _id_of(database_url, "district", "220102")
    first, second = _id_of(database_url, "building", "B1"), _id_of(database_url, "building", "B2")
    company = _id_of(database_url, "company", "C1")
    assert _rows(database_url, "kind, row_id, code, asset_id, area_id, company_id") == [
        ("heat_user", 1, "B1-1", first, west, company),
        ("heat_user", 2, "B1-2", first, west, company),
        ("heat_user", 3, "B2-1", second, east, None),
    ]
    assert _rows(database_url, "attributes", "row_id = 2") == [
        (
            {
                "building_code": "B1",
                "unit": "1",
                "door": "101",
                "heated_area_m2": 88.5,
                "connected": True,
                "heating": True,
                "substation_code": "S1",
            },
        )
    ]
    assert report.layers[-1].new == 3
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from asset_key where kind = 'heat_user'").fetchone() == (0,)


def test_the_same_rows_again_change_nothing(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    _users(tmp_path, "U1,B1,1,101,88.5,true,true,S1")
    manifest = write_manifest(tmp_path, DISTRICTS, COMPANIES, BUILDINGS, USERS)
    run_import(manifest, database_url, seat="test")
    before = table_dump(database_url)
    again = run_import(manifest, database_url, seat="test")
    assert not again.changed
    assert again.layers[-1].unchanged == 1
    assert table_dump(database_url) == before


def test_a_changed_row_is_written_over_and_an_absent_one_stays(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    _users(tmp_path, "U2,B1,1,101,88.5,true,true,S1", "U3,B1,1,102,70,true,true,S1")
    manifest = write_manifest(tmp_path, BUILDINGS, USERS)
    first = run_import(manifest, database_url, seat="test")
    _users(tmp_path, "U1,B1,1,103,50,true,true,S1", "U2,B1,1,101,88.5,true,false,S1")
    report = run_import(manifest, database_url, seat="test")
    layer = report.layers[-1]
    assert (layer.new, layer.changed, layer.unchanged) == (1, 1, 0)
    assert _rows(database_url, "row_id, code, attributes ->> 'heating', import_id") == [
        (1, "U2", "false", report.import_id),
        (2, "U3", "true", first.import_id),
        (3, "U1", "true", report.import_id),
    ]


def test_a_change_of_a_register_alone_leaves_the_assets_as_they_are(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    _users(tmp_path, "U1,B1,1,101,88.5,true,true,S1")
    manifest = write_manifest(tmp_path, BUILDINGS, USERS)
    run_import(manifest, database_url, seat="test")
    before = table_dump(database_url)
    _users(tmp_path, "U1,B1,1,101,99,true,true,S1")
    run_import(manifest, database_url, seat="test")
    after = table_dump(database_url)
    assert {name for name, rows in after.items() if rows != before[name]} >= {"register_row", "import_run"}
    assert after["asset"] == before["asset"]
    assert after["asset_key"] == before["asset_key"]


def test_what_is_wrong_with_a_row_is_reported_by_the_same_rules(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    _users(tmp_path, "U1,B9,1,101,x,true,true,S9", "U1,B1,1,102,70,maybe,true,")
    (tmp_path / "households.csv").write_text("code,name,village,energy,x,y\nH1,甲1号,V1,coal,125.301,43.701\n", encoding="utf-8")
    (tmp_path / "projects.csv").write_text("code,area,started\nP1,999999,not a day\n")
    manifest = write_manifest(tmp_path, DISTRICTS, BUILDINGS, VILLAGES, USERS, HOUSEHOLDS, PROJECTS)
    report = run_import(manifest, database_url, seat="test")
    found = {(problem.rule, problem.file, problem.row) for problem in report.problems}
    assert found == {
        ("duplicate_code", "users.csv", 2),
        ("not_a_number", "users.csv", 1),
        ("bad_value", "users.csv", 2),
        ("missing_reference", "users.csv", 1),
        ("unknown_code", "households.csv", 1),
        ("bad_value", "projects.csv", 1),
        ("missing_reference", "projects.csv", 1),
    }
    named = [problem.message for problem in report.problems if problem.rule == "missing_reference"]
    assert any("names no district or zone" in message for message in named)
    assert _rows(database_url, "kind, asset_id", "kind <> 'household'") == [("heat_user", None), ("retrofit_project", None)]
    layers = {layer.kind: layer for layer in report.layers}
    assert (layers["heat_user"].new, layers["heat_user"].rejected) == (1, 1)


def test_a_row_with_a_position_lies_in_the_district_around_it(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    (tmp_path / "households.csv").write_text(
        "code,name,village,energy,x,y\nH1,甲1号,V1,solar,125.301,43.701\nH2,甲2号,V1,solar,125.5,43.7\n", encoding="utf-8"
    )
    run_import(write_manifest(tmp_path, DISTRICTS, VILLAGES, HOUSEHOLDS), database_url, seat="test")
    west, east = _id_of(database_url, "district", "220101"), _id_of(database_url, "district", "220102")
    village = _id_of(database_url, "village", "V1")
    assert _rows(database_url, "code, asset_id, area_id, round(st_x(geom)::numeric, 4)::float8") == [
        ("H1", village, west, 125.301),
        ("H2", village, east, 125.5),
    ]


def test_rows_are_linked_when_their_building_comes_later_and_move_with_the_border(database_url: str, tmp_path: Path) -> None:
    _city(tmp_path)
    _users(tmp_path, "U1,B1,1,101,88.5,true,true,S1")
    run_import(write_manifest(tmp_path, USERS), database_url, seat="test")
    assert _rows(database_url, "asset_id, area_id, company_id") == [(None, None, None)]
    report = run_import(write_manifest(tmp_path, DISTRICTS, COMPANIES, BUILDINGS), database_url, seat="test")
    assert report.relinked == 1
    ids = [_id_of(database_url, *key) for key in (("building", "B1"), ("district", "220101"), ("company", "C1"))]
    assert _rows(database_url, "asset_id, area_id, company_id") == [tuple(ids)]
    _city(tmp_path, split=125.2)
    run_import(write_manifest(tmp_path, DISTRICTS), database_url, seat="test")
    assert _rows(database_url, "area_id") == [(_id_of(database_url, "district", "220102"),)]
