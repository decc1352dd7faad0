"""Rows that are wrong: each is reported with file, row and rule, and nothing is lost that can be kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas
import numpy as np
import orjson
import pandas as pd
import pytest
import shapely
import xlsxwriter

from data.errors import ImportFailed
from data.imports.copying import TRAILER, copy_columns, integers
from data.imports.manifest import ColumnEntry, read_manifest
from data.imports.problems import LISTED_ROWS, Problems
from data.imports.staging import StagedLayer, layer_names, stage_layer
from data.imports.values import as_text, attribute_values, attributes_json, source_column
from tests.data.import_helpers import CITY, PIPES, write_layer, write_manifest
from twin.kinds import Attribute

pytestmark = pytest.mark.plain

VALVES = """
[[layer]]
file = "valves.csv"
kind = "valve"
key = "no"
[layer.geometry]
x = "x"
y = "y"
[layer.columns]
code = "code"
side = { from = "side", codes = { S = "supply", R = "return" } }
normal_state = "state"
dn = { from = "dn_m", unit = "m" }
tie = "tie"
burial_depth_m = { from = "depth_cm", unit = "cm" }
"""
HEADER = "no,code,side,state,dn_m,tie,depth_cm,x,y\n"


def _stage(folder: Path, *layers: str, city: str = CITY, number: int = 0) -> tuple[StagedLayer, Problems]:
    manifest = read_manifest(write_manifest(folder, *layers, city=city))
    problems = Problems()
    name = layer_names(manifest)[number]
    staged = stage_layer(manifest, manifest.layer[number], name=name, folder=folder, where="test", problems=problems)
    assert isinstance(staged, StagedLayer)
    return staged, problems


def _rows(problems: Problems) -> list[tuple[int | None, str]]:
    return [(problem.row, problem.rule) for problem in problems.listed]


def _valve(folder: Path, *rows: str) -> tuple[StagedLayer, Problems]:
    (folder / "valves.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return _stage(folder, VALVES)


def test_units_codes_and_types_become_ours(tmp_path: Path) -> None:
    staged, problems = _valve(tmp_path, "1,V-1,S,open,0.5,是,120,125.3,43.8")
    assert staged.attributes[0] == (b'{"burial_depth_m":1.2,"dn":500,"normal_state":"open","side":"supply","tie":true}')
    assert staged.codes.tolist() == ["V-1"]
    assert staged.source_keys.tolist() == ["1"]
    assert not problems.listed


@pytest.mark.parametrize(
    ("row", "rule", "left_out"),
    [
        ("1,V,X,open,0.5,1,120,125.3,43.8", "unknown_code", "side"),
        ("1,V,S,ajar,0.5,1,120,125.3,43.8", "unknown_code", "normal_state"),
        ("1,V,S,open,big,1,120,125.3,43.8", "not_a_number", "dn"),
        ("1,V,S,open,0.5005,1,120,125.3,43.8", "bad_value", "dn"),
        ("1,V,S,open,0.5,maybe,120,125.3,43.8", "bad_value", "tie"),
        ("1,V,S,open,inf,1,120,125.3,43.8", "not_a_number", "dn"),
    ],
)
def test_a_value_that_does_not_fit_is_left_out_and_reported(tmp_path: Path, row: str, rule: str, left_out: str) -> None:
    staged, problems = _valve(tmp_path, "0,V0,S,open,0.5,1,120,125.3,43.8", row)
    assert _rows(problems) == [(2, rule)]
    assert problems.listed[0].file == "valves.csv"
    assert left_out in problems.listed[0].message
    assert f'"{left_out}"'.encode() not in staged.attributes[1]
    assert f'"{left_out}"'.encode() in staged.attributes[0]


@pytest.mark.parametrize(
    ("position", "rule"),
    [
        (",", "no_geometry"),
        ("abc,43.8", "unreadable_position"),
        ("125.3,", "unreadable_position"),
        ("125.3,44.9", "outside_city"),
    ],
)
def test_a_row_without_usable_position_is_kept_without_geometry(tmp_path: Path, position: str, rule: str) -> None:
    staged, problems = _valve(tmp_path, "0,V0,S,open,0.5,1,120,125.3,43.8", f"1,V1,S,open,0.5,1,120,{position}")
    assert _rows(problems) == [(2, rule)]
    assert staged.wkb[1] is None
    assert staged.wkb[0] is not None
    assert staged.codes.tolist() == ["V0", "V1"]


def test_lines_without_length_empty_ones_and_wrong_types_are_reported(tmp_path: Path) -> None:
    geometry = [
        shapely.LineString([(125.3, 43.8), (125.31, 43.8)]),
        shapely.LineString([(125.3, 43.8), (125.3, 43.8)]),
        None,
        shapely.Point(125.3, 43.8),
    ]
    write_layer(tmp_path / "pipes.geojson", geometry, code=["a", "b", "c", "d"])
    layer = """
[[layer]]
file = "pipes.geojson"
kind = "pipe"
[layer.columns]
code = "code"
side = { value = "supply" }
network_level = { value = "primary" }
"""
    staged, problems = _stage(tmp_path, layer)
    assert sorted(_rows(problems)) == [(2, "zero_length"), (3, "no_geometry"), (4, "wrong_geometry")]
    assert [wkb is None for wkb in staged.wkb] == [False, True, True, True]


def test_a_polygon_for_a_point_kind_gives_a_point_inside_it(tmp_path: Path) -> None:
    write_layer(tmp_path / "s.geojson", [shapely.box(125.3, 43.8, 125.31, 43.81)], code=["a"])
    staged, problems = _stage(tmp_path, '\n[[layer]]\nfile = "s.geojson"\nkind = "substation"\n[layer.columns]\ncode = "code"\n')
    assert _rows(problems) == [(1, "wrong_geometry")]
    point = shapely.from_wkb(staged.wkb[0])
    assert point.geom_type == "Point"
    assert shapely.box(125.3, 43.8, 125.31, 43.81).contains(point)
    assert shapely.get_srid(point) == 4326


def test_a_layer_that_lies_elsewhere_stops_the_import_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "valves.csv").write_text(HEADER + "1,V,S,open,0.5,1,120,42445349.9,4860713.8\n")
    city = CITY.replace('datum = "wgs84"', 'datum = "gk(cgcs2000,3,126,plain)"')
    with pytest.raises(ImportFailed, match=r"none of its 1 geometries lies in the city's extent"):
        _stage(tmp_path, VALVES, city=CITY.replace('datum = "wgs84"', 'datum = "gk(cgcs2000,3,129,prefix)"'))
    (tmp_path / "valves.csv").write_text(HEADER + "1,V,S,open,0.5,1,120,445349.9,4860713.8\n")
    with pytest.raises(ImportFailed, match="central meridian"):
        _stage(tmp_path, VALVES, city=city.replace("126", "129"))
    staged, problems = _stage(tmp_path, VALVES, city=city)
    assert not problems.listed
    assert shapely.from_wkb(staged.wkb[0]).x == pytest.approx(125.32, abs=1e-6)


def test_northing_first_is_found_by_the_extent_and_turned_round(tmp_path: Path) -> None:
    (tmp_path / "valves.csv").write_text(HEADER + "1,V,S,open,0.5,1,120,4860713.8,445349.9\n")
    staged, problems = _stage(tmp_path, VALVES, city=CITY.replace('datum = "wgs84"', 'datum = "gk(cgcs2000,3,126,plain)"'))
    assert _rows(problems) == [(None, "swapped_axes")]
    assert "turned round" in staged.evidence
    assert shapely.from_wkb(staged.wkb[0]).y == pytest.approx(43.88, abs=1e-6)


def test_codes_come_from_the_key_when_there_are_none_and_it_is_said(tmp_path: Path) -> None:
    geometry = [shapely.box(125.3, 43.8, 125.31, 43.81)] * 2 + [shapely.box(125.4, 43.8, 125.41, 43.81)]
    write_layer(tmp_path / "w.geojson", geometry, id=[8002009.0, 17.0, None])
    layer = '\n[[layer]]\nfile = "w.geojson"\nkind = "water"\nkey = "id"\n'
    staged, problems = _stage(tmp_path, layer)
    assert _rows(problems) == [(None, "codes_from_key"), (3, "codes_from_content")]
    assert staged.codes.tolist()[:2] == ["8002009", "17"]
    assert staged.codes[2].startswith("x")
    again, _ = _stage(tmp_path, layer)
    assert again.codes.tolist() == staged.codes.tolist()


def test_where_takes_only_the_rows_it_names(tmp_path: Path) -> None:
    (tmp_path / "valves.csv").write_text(
        HEADER + "1,V1,S,open,0.5,1,120,125.3,43.8\n2,V2,R,open,0.5,1,120,125.3,43.8\n3,V3,R,closed,0.5,1,120,125.3,43.8\n"
    )
    staged, _ = _stage(tmp_path, VALVES.replace('key = "no"', 'key = "no"\nwhere = { side = ["R"], state = "closed" }'))
    assert staged.codes.tolist() == ["V3"]
    assert staged.rows.tolist() == [3]


def test_a_heat_pipe_without_side_is_reported_and_a_gas_pipe_is_not(tmp_path: Path) -> None:
    write_layer(
        tmp_path / "p.geojson",
        [shapely.LineString([(125.3, 43.8), (125.31, 43.8)])] * 2,
        code=["a", "b"],
        medium=["heat", "gas"],
        side=[None, None],
    )
    layer = """
[[layer]]
file = "p.geojson"
kind = "pipe"
[layer.columns]
code = "code"
medium = "medium"
side = "side"
network_level = { value = "primary" }
"""
    assert _rows(_stage(tmp_path, layer)[1]) == [(1, "missing_value")]


def test_patterns_are_tried_in_order() -> None:
    entry = ColumnEntry.model_validate({"from": "name", "match": {"return_*": "return", "*": "supply"}})
    frame = pd.DataFrame({"name": ["return_pipe", "pipe", None]})
    assert source_column(entry, frame).tolist() == ["return", "supply", None]


def test_texts_of_numbers_lose_the_point_zero() -> None:
    assert as_text(pd.Series([8002009.0, 1.5, np.nan])).tolist() == ["8002009", "1.5", None]
    assert as_text(pd.Series([" a ", "", None, 3.0], dtype=object)).tolist() == ["a", None, None, "3"]
    assert as_text(pd.Series([1, 2])).tolist() == ["1", "2"]


def test_equal_attributes_give_equal_bytes_whatever_their_order() -> None:
    a, b = pd.Series([1.25, None], dtype=object), pd.Series(["é", "x"], dtype=object)
    assert attributes_json({"b": b, "a": a}, 2).tolist() == attributes_json({"a": a, "b": b}, 2).tolist()
    assert attributes_json({"b": b, "a": a}, 2)[1] == b'{"b":"x"}'
    assert attributes_json({}, 2).tolist() == [b"{}", b"{}"]


def test_only_the_first_rows_of_a_rule_are_listed_but_all_are_counted() -> None:
    problems = Problems()
    problems.add("f", "l", "no_geometry", ((row, "") for row in range(LISTED_ROWS + 5)))
    problems.add("f", "m", "no_geometry", [(1, "")])
    assert len(problems.listed) == LISTED_ROWS + 1
    assert problems.count("no_geometry") == LISTED_ROWS + 6


class _Copy:
    def __init__(self) -> None:
        self.content = b""

    def __enter__(self) -> _Copy:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def copy(self, _: str) -> _Copy:
        return self

    def write(self, block: bytes) -> None:
        self.content += block


def test_the_copy_stream_is_the_documented_binary_format() -> None:
    """Layout of the PostgreSQL manual, COPY, Binary Format; the store tests let PostgreSQL itself read it."""
    target = _Copy()
    copy_columns(target, "copy", [integers(np.array([7, -1])), [b"ab", None]])  # type: ignore[arg-type]
    rows = target.content[19:-2]
    assert rows == (
        b"\x00\x02" + b"\x00\x00\x00\x04\x00\x00\x00\x07" + b"\x00\x00\x00\x02ab"
        b"\x00\x02" + b"\x00\x00\x00\x04\xff\xff\xff\xff" + b"\xff\xff\xff\xff"
    )
    assert target.content.endswith(TRAILER)


def test_full_width_codes_are_read_as_usual_ones_and_it_is_said(tmp_path: Path) -> None:
    line = shapely.LineString([(125.3, 43.8), (125.31, 43.8)])
    columns = {"no": ["1", "2"], "code": ["Ｐ０１", "管2"], "side": ["ｓｕｐｐｌｙ", "return"]}
    more = {"dn": [100, 100], "pair": ["Ａ１", "A1 "], "owner": ["Ｈ１", "H1　"]}
    write_layer(tmp_path / "pipes.geojson", [line, line], **columns, **more)
    staged, problems = _stage(tmp_path, PIPES)
    assert staged.codes.tolist() == ["P01", "管2"]
    read = [orjson.loads(text) for text in staged.attributes]
    assert [(row["side"], row["pair_code"], row["company_code"]) for row in read] == [
        ("supply", "A1", "H1"),
        ("return", "A1", "H1"),
    ]
    assert [(problem.rule, problem.row, problem.severity) for problem in problems.listed] == 4 * [("full_width", 1, "note")]


WORKBOOK = """
[[layer]]
file = "projects.xlsx"
layer = "小室"
kind = "chamber"
key = "编号"
[layer.geometry]
x = "x"
y = "y"
[layer.columns]
code = "编号"
name = "名称"
"""


def test_a_workbook_of_another_program_is_read_with_its_chinese_headers(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "projects.xlsx") as book:
        sheet = book.add_worksheet("小室")
        sheet.write_row(0, 0, ["编号 ", " 名称", "x", "y"])
        sheet.write_row(1, 0, ["ＸＳ０１ ", " 晨阳路　", 125.3, 43.8])
        sheet.write_row(2, 0, [7, "", 125.3, 43.8])
    staged, problems = _stage(tmp_path, WORKBOOK)
    assert staged.codes.tolist() == ["XS01", "7"]
    assert staged.names.tolist() == ["晨阳路", ""]
    assert _rows(problems) == [(1, "full_width")]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2010-10-20", "2010-10-20"),
        ("2010/1/5", "2010-01-05"),
        ("2010年10月20日", "2010-10-20"),
        ("２０１０．１０．２０ ", "2010-10-20"),
        (dt.datetime(2010, 10, 20), "2010-10-20"),
        ("2010-13-20", None),
        ("20.10.2010", None),
    ],
)
def test_dates_are_read_as_they_are_written_in_china(written: object, day: str | None) -> None:
    column = pd.Series([written, None], dtype=object)
    values, rejected = _values(Attribute("built_on", "date", "建成日期"), column)
    assert values == [day, None]
    assert rejected == ([] if day else [("bad_value", 0)])


@pytest.mark.parametrize(
    ("written", "number"),
    [("１２．５ ", 12.5), (" 45", 45.0), ("1,234,567.5", 1_234_567.5), ("－３", -3.0), ("1,23", None), ("12 m", None), (7, 7.0)],
)
def test_numbers_may_be_full_width_or_have_separators_of_thousands(written: object, number: float | None) -> None:
    values, rejected = _values(Attribute("area_m2", "number", "面积"), pd.Series([written, "1"], dtype=object))
    assert values == [number, 1.0]
    assert rejected == ([] if number is not None else [("not_a_number", 0)])


def _values(attribute: Attribute, column: pd.Series) -> tuple[list[object], list[tuple[str, int]]]:
    rejected: list[tuple[str, int]] = []

    def reject(rule: str, broken: pd.Series, _: pd.Series) -> None:
        rejected.extend((rule, int(row)) for row in broken.index[broken])

    values = attribute_values(attribute, ColumnEntry.model_validate({"from": "x"}), column, where="test", reject=reject)
    return values.tolist(), rejected


DRAWING = """
[[layer]]
file = "a.dxf"
kind = "building"
datum = "gk(cgcs2000,3,126,plain)"
key = "EntityHandle"
where = { Layer = "建筑" }
[[layer]]
file = "a.dxf"
kind = "road"
datum = "gk(cgcs2000,3,126,plain)"
key = "EntityHandle"
where = { Layer = "道路" }
"""


def test_closed_lines_of_a_drawing_are_polygons_where_the_kind_is_one(tmp_path: Path) -> None:
    ring = shapely.LineString([(443_900, 4_851_700), (443_950, 4_851_700), (443_950, 4_851_730), (443_900, 4_851_700)])
    frame = geopandas.GeoDataFrame({"Layer": ["建筑", "道路"]}, geometry=[ring, ring], crs=4551)
    frame.to_file(tmp_path / "a.dxf", driver="DXF", engine="pyogrio")
    building, problems = _stage(tmp_path, DRAWING)
    road, _ = _stage(tmp_path, DRAWING, number=1)
    assert shapely.from_wkb(building.wkb[0]).geom_type == "Polygon"
    assert shapely.from_wkb(road.wkb[0]).geom_type == "LineString"
    assert [rule for _, rule in _rows(problems) if rule != "codes_from_key"] == []
