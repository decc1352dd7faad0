"""Words for codes, times, names and addresses in one form, unified codes, and the 23 layers by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.imports.manifest import read_manifest
from data.imports.run import run_import
from data.pool import connect
from tests.data.import_helpers import write_manifest
from twin.unified_code import assigned_codes

HAZARDS = """
[[layer]]
file = "hazards.csv"
kind = "hazard"
[layer.geometry]
x = "x"
y = "y"
[layer.columns]
code = "code"
name = "name"
address = "address"
major_class = "major"
minor_class = { value = "005" }
level = "level"
reported_at = "reported"
"""
VALVES = """
[[layer]]
file = "valves.csv"
kind = "valve"
[layer.geometry]
x = "x"
y = "y"
[layer.columns]
code = "code"
unified_code = "uic"
unified_code_state = { value = "assigned" }
"""
FIRST, SECOND = assigned_codes("220102", "valve", 2)


def _table(path: Path, *rows: str) -> None:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _hazards(folder: Path, *rows: str) -> Path:
    _table(folder / "hazards.csv", "code,name,address,major,level,reported,x,y", *rows)
    return write_manifest(folder, HAZARDS)


def _rules(report: object) -> dict[str, int]:
    counts: dict[str, int] = {}
    for problem in report.problems:
        counts[problem.rule] = counts.get(problem.rule, 0) + 1
    return counts


def _attributes(url: str, code: str) -> dict[str, object]:
    with connect(url) as connection:
        row = connection.execute("select name, attributes from asset where code = %s and valid_to_at is null", (code,)).fetchone()
    assert row is not None
    return {"name": row[0], **row[1]}


def test_a_hazard_comes_with_words_times_and_names_of_all_kinds(tmp_path: Path, database_url: str) -> None:
    manifest = _hazards(
        tmp_path,
        "H1,綠園區（東）　３號樓,綠園區三號樓,市政设施,重大风险,2024年10月20日 8时30分,125.3,43.8",
        "H2,绿园区(东)3号楼,绿园区3栋,01,1,2024-10-20T00:30:00Z,125.31,43.8",
    )
    report = run_import(manifest, database_url, seat="test")
    one, two = _attributes(database_url, "H1"), _attributes(database_url, "H2")
    assert one["name"] == two["name"] == "绿园区(东)3号楼"
    assert one["name_delivered"] == "綠園區（東）　３號樓"
    assert "name_delivered" not in two
    assert one["address"] == "綠園區三號樓"
    assert one["address_key"] == two["address_key"]
    assert one["major_class"] == two["major_class"] == "01"
    assert one["level"] == two["level"] == "1"
    assert one["reported_at"] == two["reported_at"] == "2024-10-20T00:30:00Z"
    assert _rules(report) == {"word_for_code": 2, "normalised": 1}
    assert not run_import(manifest, database_url, seat="test").changed


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("2024-10-20 08:30:15", "2024-10-20T00:30:15Z"),
        ("2024/10/20 8:30", "2024-10-20T00:30:00Z"),
        ("２０２４-１０-２０", "2024-10-19T16:00:00Z"),
        ("2024年10月20日8时30分15秒", "2024-10-20T00:30:15Z"),
        ("2024-10-20T08:30:15+09:00", "2024-10-19T23:30:15Z"),
    ],
)
def test_a_time_without_zone_is_the_city_s(tmp_path: Path, database_url: str, cell: str, at: str) -> None:
    run_import(_hazards(tmp_path, f"H1,a,b,01,1,{cell},125.3,43.8"), database_url, seat="test")
    assert _attributes(database_url, "H1")["reported_at"] == at


@pytest.mark.parametrize(("cell", "rule"), [("neulich", "bad_value"), ("2024-13-40", "bad_value")])
def test_what_is_no_time_is_left_out(tmp_path: Path, database_url: str, cell: str, rule: str) -> None:
    report = run_import(_hazards(tmp_path, f"H1,a,b,01,1,{cell},125.3,43.8"), database_url, seat="test")
    assert _rules(report) == {rule: 1}
    assert "reported_at" not in _attributes(database_url, "H1")


def test_a_word_that_two_codes_have_is_no_code(tmp_path: Path, database_url: str) -> None:
    _table(tmp_path / "hazards.csv", "code,third,x,y", "H1,其他,125.3,43.8", "H2,管网泄漏,125.3,43.8")
    layer = """
[[layer]]
file = "hazards.csv"
kind = "hazard"
[layer.geometry]
x = "x"
y = "y"
[layer.columns]
code = "code"
major_class = { value = "01" }
minor_class = { value = "001" }
level = { value = 4 }
third_class = "third"
"""
    report = run_import(write_manifest(tmp_path, layer), database_url, seat="test")
    assert _rules(report) == {"unknown_code": 1, "word_for_code": 1}
    assert _attributes(database_url, "H2")["third_class"] == "00104"


def test_a_unified_code_is_checked_and_belongs_to_one_asset(tmp_path: Path, database_url: str) -> None:
    wrong = FIRST[:-1] + str((int(FIRST[-1]) + 1) % 10)
    _table(tmp_path / "valves.csv", "code,uic,x,y", f"V1,{FIRST},125.3,43.8", f"V2,{FIRST},125.3,43.8", f"V3,{wrong},125.3,43.8")
    report = run_import(write_manifest(tmp_path, VALVES), database_url, seat="test")
    assert _rules(report) == {"unified_code_twice": 1, "bad_unified_code": 1}
    assert _attributes(database_url, "V1")["unified_code"] == FIRST
    assert "unified_code" not in _attributes(database_url, "V2") | _attributes(database_url, "V3")


def test_a_unified_code_of_a_stored_asset_is_taken_until_that_asset_gives_it_up(tmp_path: Path, database_url: str) -> None:
    _table(tmp_path / "valves.csv", "code,uic,x,y", f"V1,{FIRST},125.3,43.8")
    run_import(write_manifest(tmp_path, VALVES), database_url, seat="test")
    _table(tmp_path / "valves.csv", "code,uic,x,y", f"V9,{FIRST},125.3,43.8")
    assert _rules(run_import(write_manifest(tmp_path, VALVES), database_url, seat="test")) == {"unified_code_twice": 1}
    _table(tmp_path / "valves.csv", "code,uic,x,y", f"V1,{SECOND},125.3,43.8", f"V9,{FIRST},125.3,43.8")
    assert _rules(run_import(write_manifest(tmp_path, VALVES), database_url, seat="test")) == {}
    assert _attributes(database_url, "V9")["unified_code"] == FIRST


def test_a_manifest_may_name_the_layers_of_a_hand_over(tmp_path: Path) -> None:
    layers = "".join(
        f'[[layer]]\nfile = "a.geojson"\nkind = "{name}"\n[layer.columns]\ncode = "no"\n'
        for name in ("substation_extent", "estate_extent", "estate_point", "plant_pipe", "road")
    )
    entries = read_manifest(write_manifest(tmp_path, layers)).layer
    assert [entry.kind for entry in entries] == ["coverage_area", "estate", "object_point", "pipe", "road"]
    assert entries[0].columns["of_kind"].value == "substation"
    assert entries[2].columns["of_kind"].value == "estate"
    assert entries[3].columns["drawn_by"].value == "plant"
    assert set(entries[4].columns) == {"code"}
