"""Bad input: each fault has its own clear message, and nothing is written."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter

from data.errors import ImportFailed
from data.imports.run import run_import
from gis.datums import from_wgs84, parse_datum
from tests.data.import_helpers import CITY, table_dump, write_manifest

PLACES = np.random.default_rng(1).uniform((125.2, 43.7), (125.5, 44.0), (30, 2)).round(6)
TABLE = """
[[layer]]
file = "{file}"
kind = "valve"
key = "no"
{more}
[layer.geometry]
x = "x"
y = "y"
[layer.columns]
code = "no"
name = "name"
dn = "dn"
normal_state = "state"
"""
LAYER = '[[layer]]\nfile = "{file}"\nkind = "{kind}"\n{more}\n[layer.columns]\ncode = "no"\nname = "name"\n'
ROWS = "no,name,dn,state,x,y\n" + "".join(f"V-{n},阀{n},200,open,{x},{y}\n" for n, (x, y) in enumerate(PLACES, 1))


def _refused(manifest: Path, says: str, url: str = "postgresql://nowhere", *, strict: bool = False) -> str:
    """Import, and return why it was refused; with a database: leaving it as it was."""
    before = None if "nowhere" in url else table_dump(url)
    with pytest.raises(ImportFailed, match=says) as caught:
        run_import(manifest, url, seat="test", strict=strict)
    assert before is None or table_dump(url) == before
    assert "nothing was imported" in str(caught.value)
    return str(caught.value)


def _table(folder: Path, content: bytes | str, *, file: str = "valves.csv", more: str = "") -> Path:
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    return write_manifest(folder, TABLE.format(file=file, more=more))


def _frame(kind: str = "point", names: list[str] | None = None) -> geopandas.GeoDataFrame:
    geometry = shapely.points(PLACES) if kind == "point" else shapely.buffer(shapely.points(PLACES), 1e-4)
    columns = {"no": [f"C-{n}" for n in range(30)], "name": names or [f"换热站{n}号" for n in range(30)]}
    return geopandas.GeoDataFrame(columns, geometry=geometry, crs=4326)


def _vector(
    folder: Path, file: str, *, kind: str = "chamber", more: str = "", write: bool = True, encoding: str = "utf-8"
) -> Path:
    if write:
        options = {"encoding": encoding} if file.endswith(".shp") else {}
        _frame().to_file(folder / file, engine="pyogrio", **options)
    return write_manifest(folder, LAYER.format(file=file, kind=kind, more=more))


# ---------------------------------------------------------------- datums


def test_no_datum_says_what_to_write(tmp_path: Path) -> None:
    manifest = _table(tmp_path, ROWS)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('datum = "wgs84"', ""), encoding="utf-8")
    _refused(manifest, 'no datum; write datum = "gcj02"')


@pytest.mark.parametrize(
    ("declared", "actual", "says"),
    [
        ("gk(cgcs2000,3,123,plain)", "gk(cgcs2000,3,126,plain)", r"numbers fit as gk\(cgcs2000,3,126,plain\)"),
        ("gk(cgcs2000,3,126,plain)", "gk(cgcs2000,3,126,prefix)", r"numbers fit as gk\(cgcs2000,3,126,prefix\)"),
        ("wgs84", "gk(cgcs2000,3,126,plain)", r"numbers fit as gk\(cgcs2000,3,126,plain\)"),
    ],
)
def test_a_datum_that_lands_elsewhere_is_named_with_the_one_that_fits(
    tmp_path: Path, declared: str, actual: str, says: str
) -> None:
    xy = from_wgs84(PLACES, parse_datum(actual))
    rows = "no,name,dn,state,x,y\n" + "".join(f"V-{n},a,200,open,{x},{y}\n" for n, (x, y) in enumerate(xy, 1))
    _refused(_table(tmp_path, rows, more=f'datum = "{declared}"'), f"none of its .* Is the datum right.*{says}")


def test_rows_in_degrees_among_rows_in_metres_are_named(tmp_path: Path) -> None:
    lines = ROWS.splitlines()
    xy = from_wgs84(PLACES, parse_datum("gk(cgcs2000,3,126,plain)"))
    for row in (4, 9, 17):
        lines[row] = f"V-{row},a,200,open,{xy[row - 1][0]},{xy[row - 1][1]}"
    says = r"two systems: 3 of 30 rows are metres \(row 4, 9, 17\), the others degrees"
    manifest = _table(tmp_path, "\n".join(lines))
    _refused(manifest, says)


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("file", ["a.csv", "a.geojson", "a.gpkg", "a.shp", "a.xlsx", "a.dxf", "a.json", "a.zip"])
def test_an_empty_file_is_called_empty(tmp_path: Path, file: str) -> None:
    (tmp_path / file).touch()
    _refused(_vector(tmp_path, file, write=False), r"the file is empty \(0 bytes\)")


def _cut(suffix: str, size: int) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        part = folder / f"a.{suffix}"
        part.write_bytes(part.read_bytes()[:size])

    return cut


def _remove(suffix: str) -> Callable[[Path], None]:
    return lambda folder: (folder / f"a.{suffix}").unlink()


def _of_another_layer(folder: Path) -> None:
    _frame().iloc[:20].to_file(folder / "b.shp", engine="pyogrio")
    (folder / "a.dbf").write_bytes((folder / "b.dbf").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_remove("shx"), r"a\.shx is missing; a Shapefile is \.shp, \.shx and \.dbf together"),
        (_remove("dbf"), r"a\.dbf is missing"),
        (_cut("shp", 500), r"a\.shp is cut off after 500 of \d+ bytes"),
        (_cut("shp", 50), r"a\.shp does not begin like a part of a Shapefile"),
        (_cut("shx", 200), r"a\.shx is cut off after 200 of 340 bytes"),
        (_cut("dbf", 1000), r"a\.dbf is cut off after row \d+ of 30"),
        (_cut("dbf", 0), r"a\.dbf is empty \(0 bytes\)"),
        (_cut("dbf", 20), r"a\.dbf is cut off in its header"),
        (_of_another_layer, r"a\.shx has 30 shapes and a\.dbf 20 rows"),
    ],
)
def test_a_shapefile_with_a_part_missing_cut_or_exchanged_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    manifest = _vector(tmp_path, "a.shp")
    spoil(tmp_path)
    _refused(manifest, says)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("a.csv", b"PK\x03\x04" + b"\0" * 90, "is a ZIP archive or a workbook .XLSX., not text"),
        ("a.csv", b"\xd0\xcf\x11\xe0" + b"\0" * 90, "is an old Office file"),
        ("a.csv", b"<html><body><table><tr>", "is a web page .HTML., not text"),
        ("a.xlsx", b"no,name\n1,2\n", "is text, not a ZIP archive or a workbook"),
        ("a.gpkg", b"PK\x03\x04" + b"\0" * 90, "is a ZIP archive or a workbook .XLSX., not a GeoPackage"),
        ("a.shp", b'{"type": "FeatureCollection", "features": []}', "is JSON, not a Shapefile"),
        ("a.geojson", b"<!DOCTYPE html><html>", "is a web page .HTML., not JSON"),
        ("a.dxf", b"AC1032" + b"\0" * 90, "a DWG drawing with the ending of a DXF"),
    ],
)
def test_a_file_that_is_not_what_its_ending_says_is_named_by_what_it_is(
    tmp_path: Path, file: str, content: bytes, says: str
) -> None:
    (tmp_path / file).write_bytes(content)
    _refused(_vector(tmp_path, file, write=False), says)


@pytest.mark.parametrize("name", ["../outside.geojson", "/etc/passwd", "link.geojson", "folder/../../outside.geojson"])
def test_a_file_outside_the_delivery_is_not_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "delivery"
    (folder / "folder").mkdir(parents=True)
    _frame().to_file(tmp_path / "outside.geojson", engine="pyogrio")
    (folder / "link.geojson").symlink_to(tmp_path / "outside.geojson")
    _refused(_vector(folder, name, write=False), "leads out of the delivery's folder")


def test_a_link_within_the_delivery_is_followed(database_url: str, tmp_path: Path) -> None:
    manifest = _vector(tmp_path, "a.geojson")
    (tmp_path / "a.geojson").rename(tmp_path / "b.geojson")
    (tmp_path / "a.geojson").symlink_to("b.geojson")
    assert run_import(manifest, database_url, seat="t").layers[0].new == 30


# ---------------------------------------------------------------- encodings


def test_gbk_that_is_declared_utf8_and_the_other_way_round_are_told(tmp_path: Path) -> None:
    _refused(_table(tmp_path, ROWS.encode("gbk"), more='encoding = "utf-8"'), r"byte \d+ .* is not utf-8; state the encoding")
    _refused(_table(tmp_path, ROWS, more='encoding = "gbk"'), 'its text is utf-8, not gbk; write encoding = "utf-8"')


def test_shapefiles_in_another_encoding_than_declared_are_told(tmp_path: Path) -> None:
    manifest = _vector(tmp_path, "a.shp", encoding="gbk", more='encoding = "utf-8"')
    (tmp_path / "a.cpg").unlink()
    _refused(manifest, r"row 1: byte \d+ .* is not utf-8")
    (tmp_path / "b").mkdir()
    _refused(_vector(tmp_path / "b", "a.shp", more='encoding = "gbk"'), "its text is utf-8, not gbk")


def test_gbk_in_a_geojson_is_told(tmp_path: Path) -> None:
    manifest = _vector(tmp_path, "a.geojson")
    path = tmp_path / "a.geojson"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    _refused(manifest, "is not utf-8|cannot be read as geojson")


def test_utf16_of_a_spreadsheet_program_is_told_and_read_when_it_is_named(database_url: str, tmp_path: Path) -> None:
    _refused(_table(tmp_path, ROWS.encode("utf-16")), 'its text is UTF-16 .* write encoding = "utf-16"')
    manifest = _table(tmp_path, ROWS.encode("utf-16"), more='encoding = "utf-16"')
    assert run_import(manifest, database_url, seat="t").layers[0].new == 30


def test_marks_of_byte_order_are_no_fault(database_url: str, tmp_path: Path) -> None:
    manifest = _table(tmp_path, ROWS.encode("utf-8-sig"))
    _frame().to_file(tmp_path / "a.geojson", engine="pyogrio")
    plain = (tmp_path / "a.geojson").read_bytes()
    (tmp_path / "a.geojson").write_bytes(b"\xef\xbb\xbf" + plain)
    manifest.write_bytes(
        b"\xef\xbb\xbf" + manifest.read_bytes() + LAYER.format(file="a.geojson", kind="chamber", more="").encode()
    )
    report = run_import(manifest, database_url, seat="t")
    assert [layer.new for layer in report.layers] == [30, 30]


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK(""http://a.example"",""x"")',
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        " =A1",
    ],
)
def test_a_csv_with_formulas_is_refused_with_row_and_column(tmp_path: Path, text: str) -> None:
    rows = ROWS.replace("阀7", f'"{text}"')
    _refused(_table(tmp_path, rows), r"holds formulas \(row 7, column 'name': ")


def test_what_only_looks_like_a_formula_is_taken(database_url: str, tmp_path: Path) -> None:
    names = ["-5", "+86 431 8888", "-1层(地下)", "@机房", "=", "== 备用 ==", "-", "a=b"]
    rows = ROWS
    for number, name in enumerate(names, 1):
        rows = rows.replace(f",阀{number},", f",{name},")
    assert run_import(_table(tmp_path, rows), database_url, seat="t").layers[0].new == 30


def _workbook(folder: Path, write: Callable[[xlsxwriter.worksheet.Worksheet], object]) -> Path:
    with xlsxwriter.Workbook(str(folder / "a.xlsx")) as book:
        sheet = book.add_worksheet("阀门")
        for row, line in enumerate(ROWS.splitlines()):
            for column, value in enumerate(line.split(",")):
                sheet.write(row, column, float(value) if row and column in {2, 4, 5} else value)
        write(sheet)
    return write_manifest(folder, TABLE.format(file="a.xlsx", more=""))


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://a.example","x")', "=[1]Sheet1!A1", '=WEBSERVICE("http://a.example")'])
def test_a_workbook_whose_cells_lead_out_of_it_is_refused(tmp_path: Path, formula: str) -> None:
    _refused(
        _workbook(tmp_path, lambda sheet: sheet.write_formula(3, 1, formula, None, "x")),
        r"holds formulas .* call something outside it \(B4 '=",
    )


def test_a_workbook_with_computed_cells_is_read_by_their_stored_values(database_url: str, tmp_path: Path) -> None:
    report = run_import(
        _workbook(tmp_path, lambda sheet: sheet.write_formula(3, 2, "=100*2.5", None, 250)), database_url, seat="t"
    )
    assert report.layers[0].new == 30
    assert report.problems == ()


def test_a_computed_cell_without_a_stored_value_would_be_lost(tmp_path: Path) -> None:
    manifest = _workbook(tmp_path, lambda _: None)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book["阀门"]["C4"] = "=100*2.5"
    book.save(tmp_path / "a.xlsx")
    _refused(manifest, r"formulas without a stored value.*C4 '=100\*2\.5'")


def test_a_text_cell_that_looks_like_a_formula_is_refused_too(tmp_path: Path) -> None:
    _refused(_workbook(tmp_path, lambda sheet: sheet.write_string(3, 1, "=1+1")), "row 3, column 'name': '=1")


def test_rows_of_more_fields_than_columns_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{line},more\n" if n else f"{line}\n" for n, line in enumerate(ROWS.splitlines()))
    _refused(_table(tmp_path, rows), "rows have more fields than there are columns")
    _refused(_table(tmp_path, ROWS + "V-31,a,200,open,125.3,43.8,7,8\n"), "cannot be read as CSV")


def test_a_field_that_swallows_the_rest_of_the_file_is_refused(tmp_path: Path) -> None:
    rows = ROWS.replace("阀3", '"阀3') + "x" * 200_000 + '"\n'
    _refused(
        _table(tmp_path, rows),
        r"row \d+, column '\w+': 200,\d+ characters in one field.*quotation mark missing",
    )


def test_codes_too_long_for_an_index_are_refused(tmp_path: Path) -> None:
    _refused(
        _table(tmp_path, ROWS.replace("V-5,", f"{'V' * 5000},")),
        r"row 5: code = 'VVV.*\.\.\. has 5,000 characters; 200 are taken",
    )


def test_nul_characters_are_refused_with_their_line(tmp_path: Path) -> None:
    _refused(_table(tmp_path, ROWS.replace("阀5", "a\0b")), "line 6 holds a NUL byte")


# ---------------------------------------------------------------- archives


def _zip(folder: Path, *names: str, name: str = "a.zip") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in names:
            archive.write(folder / member, member)
    return folder / name


def test_a_zipped_shapefile_is_read(database_url: str, tmp_path: Path) -> None:
    _frame().to_file(tmp_path / "站.shp", engine="pyogrio", encoding="utf-8")
    _zip(tmp_path, *(f"站.{suffix}" for suffix in ("shp", "shx", "dbf", "prj", "cpg")))
    assert run_import(_vector(tmp_path, "a.zip", write=False), database_url, seat="t").layers[0].new == 30


def test_of_several_zipped_files_one_must_be_named(database_url: str, tmp_path: Path) -> None:
    for name in ("a.geojson", "b.geojson"):
        _frame().to_file(tmp_path / name, engine="pyogrio")
    _zip(tmp_path, "a.geojson", "b.geojson", name="c.zip")
    _refused(_vector(tmp_path, "c.zip", write=False), r"name one of its files by layer; it has a\.geojson, b\.geojson")
    manifest = _vector(tmp_path, "c.zip", write=False, more='layer = "b.geojson"')
    assert run_import(manifest, database_url, seat="t").layers[0].new == 30


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 100_000_000)
    says = _refused(
        _vector(tmp_path, "a.zip", write=False), r"would become 100,000,000 bytes \([\d,]+ times as many\); it was not unpacked"
    )
    assert "zip bomb" in says


def test_a_workbook_that_is_a_bomb_is_not_opened(tmp_path: Path) -> None:
    manifest = _workbook(tmp_path, lambda _: None)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * 200_000_000)
    _refused(manifest, "zip bomb")


@pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv", "C:\\evil.csv", "a\\..\\..\\evil.csv"])
def test_members_that_lead_out_of_an_archive_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "no\n1\n")
    _refused(_vector(tmp_path, "a.zip", write=False), "leads out of the archive's folder")


def test_links_archives_and_secrets_in_an_archive_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    manifest = _vector(tmp_path, "a.zip", write=False)
    _refused(manifest, "is a link")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner.zip", b"x")
    _refused(manifest, "is an archive within the archive")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "no\n1\n")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    _refused(manifest, "needs a password")


def test_an_archive_that_is_cut_off_or_lies_is_refused(tmp_path: Path) -> None:
    _frame().to_file(tmp_path / "a.geojson", engine="pyogrio")
    whole = _zip(tmp_path, "a.geojson").read_bytes()
    manifest = _vector(tmp_path, "a.zip", write=False)
    (tmp_path / "a.zip").write_bytes(whole[: len(whole) // 2])
    _refused(manifest, "cannot be read as a ZIP archive")
    spoilt = bytearray(whole)
    spoilt[60:80] = b"\xff" * 20
    (tmp_path / "a.zip").write_bytes(spoilt)
    _refused(manifest, "cannot be unpacked")


# ---------------------------------------------------------------- rows, strictly


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("V-2,a,DN200,open,125.3,43.8", "not_a_number"),
        ("V-2,a,200,ajar,125.3,43.8", "unknown_code"),
        ("V-1,a,200,open,125.3,43.8", "duplicate_code"),
        ("V-2,a,200,open,nan,43.8", "unreadable_position"),
        ("V-2,a,200,open,inf,43.8", "unreadable_position"),
        ("V-2,a,200,open,far,43.8", "unreadable_position"),
        ("V-2,a,200,open,12.3,43.8", "outside_city"),
    ],
)
def test_a_fault_of_one_row_is_reported_and_in_strict_nothing_is_written(
    database_url: str, tmp_path: Path, row: str, rule: str
) -> None:
    manifest = _table(tmp_path, f"no,name,dn,state,x,y\nV-1,a,200,open,125.31,43.8\n{row}\n")
    _refused(manifest, rf"strict refuses every fault\n  1 x {rule}: \w+: valves\.csv row 2: {rule}: ", database_url, strict=True)
    report = run_import(manifest, database_url, seat="t")
    assert [(item.rule, item.row) for item in report.problems] == [(rule, 2)]


@pytest.mark.parametrize(
    ("wkt", "rule"),
    [
        ("POLYGON ((125.3 43.8, 125.4 43.9, 125.4 43.8, 125.3 43.9, 125.3 43.8))", "invalid_geometry"),
        ("POLYGON ((125.3 43.8, 125.4 nan, 125.4 43.9, 125.3 43.8))", "not_finite"),
        ("POLYGON ((125.3 43.8, inf 43.8, 125.4 43.9, 125.3 43.8))", "not_finite"),
        ("POLYGON EMPTY", "empty_geometry"),
    ],
)
def test_rings_that_cross_themselves_and_coordinates_that_are_no_numbers(
    database_url: str, tmp_path: Path, wkt: str, rule: str
) -> None:
    good = shapely.box(125.3, 43.8, 125.31, 43.81)
    with np.errstate(invalid="ignore"):
        frame = geopandas.GeoDataFrame({"no": ["A", "B"], "name": ["", ""]}, geometry=[good, shapely.from_wkt(wkt)], crs=4326)
        frame.to_file(tmp_path / "a.gpkg", engine="pyogrio")
    manifest = _vector(tmp_path, "a.gpkg", kind="green", write=False)
    _refused(manifest, rf"1 x {rule}: warning: a\.gpkg row 2", database_url, strict=True)
    report = run_import(manifest, database_url, seat="t")
    assert [(item.rule, item.row) for item in report.problems] == [(rule, 2)]
    assert report.layers[0].new == 2


def test_a_faultless_delivery_passes_strictly(database_url: str, tmp_path: Path) -> None:
    assert run_import(_table(tmp_path, ROWS), database_url, seat="t", strict=True).layers[0].new == 30
    assert len(pd.read_csv(tmp_path / "valves.csv")) == 30
    assert CITY
