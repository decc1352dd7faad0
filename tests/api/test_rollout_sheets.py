"""Sheets of the rollout: templates, faults cell by cell, all or nothing, versions; files made by programs other than ours."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import openpyxl
import pytest

from data.errors import BadSheet
from data.pool import connect, open_pool
from data.rollout_sheets import SheetReport, read_versions, sheet_register, take_sheet, template_csv, template_xlsx
from data.sheet_reading import MOST_BYTES, MOST_ROWS
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from tests.handmade_town import DISTRICT_EAST, DISTRICT_WEST, insert_town
from twin.errors import OutsideScope, UnknownKind
from twin.registers import REGISTERS
from twin.rollout_sheets import SHEETS, columns_of, read_cell
from twin.scope import EVERYTHING

REPORT = REGISTERS["rollout_report"]
HEADS = ["序号", "区域代码*", "月份*", "区域*", "取暖总面积（m²）", "清洁取暖面积：电（m²）", "常住户数（户）"]


@pytest.fixture(scope="module")
def codes(town_url: str) -> tuple[str, str]:
    """Return the codes of the western and the eastern district."""
    with connect(town_url) as connection:
        found = dict(connection.execute("select asset_id, code from asset where kind = 'district'").fetchall())
    return found[DISTRICT_WEST], found[DISTRICT_EAST]


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield a town of two districts without any report."""
    url = town(server_url)
    yield url
    drop_database(url)


def town(server_url: str) -> str:
    url = create_database(server_url)
    insert_town(url)
    with connect(url) as connection:
        connection.execute(
            "insert into asset_key (city_id, kind, code, asset_id) select city_id, kind, code, asset_id from asset"
            " on conflict do nothing"
        )
    return url


def workbook(
    rows: Sequence[Sequence[object]], *, name: str = "推广月报", merged: str = "", heads: Sequence[str] = HEADS
) -> bytes:
    """Write a workbook with openpyxl, as others do."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    for row in (heads, *rows):
        sheet.append(list(row))
    if merged:
        sheet.merge_cells(merged)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def table(rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> bytes:
    """Write a CSV; GBK has no ², and programs write a question mark for it."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([HEADS, *rows])
    return buffer.getvalue().encode(encoding, errors="replace")


def tried(url: str, content: bytes, **more: Any) -> SheetReport:
    return take_sheet(url, more.pop("scope", EVERYTHING), 1, REPORT, content, seat="测试", **more)


def told(report: SheetReport) -> list[tuple[int, str, str]]:
    assert report.error_count == len(report.errors)
    assert not report.written
    return [(each.row, each.column, each.remark.rule) for each in report.errors]


def stored(url: str) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(
            "select code, attributes from register_row where kind = 'rollout_report' order by code"
        ).fetchall()


# ---------------------------------------------------------------- templates


@pytest.mark.parametrize("name", SHEETS)
def test_a_template_opens_with_heads_an_example_lists_and_a_guide_and_its_own_example_is_not_read(town_url, name):
    register = sheet_register(name)
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx(register)))
    sheet = book[register.kind.name_zh]
    heads = [cell.value.rstrip("*") for cell in sheet[1]]
    assert heads == ["序号", *(column.head for column in columns_of(register))]
    assert sheet["A2"].value == "示例"
    coded = [c for c in columns_of(register) if c.attribute.codes or c.attribute.type == "boolean"]
    assert len(sheet.data_validations.dataValidation) == len(coded)
    guide = [row[0].value for row in book["填表说明"].iter_rows()]
    assert set(heads[1:]) <= set(guide)
    for content in (template_xlsx(register), template_csv(register)):
        report = take_sheet(town_url, EVERYTHING, 1, register, content, seat="测试")
        assert (report.rows, report.error_count, report.note_count) == (0, 0, 0)


def test_the_example_of_every_column_can_be_read():
    for name in SHEETS:
        for column in columns_of(REGISTERS[name]):
            assert not read_cell(column, column.example).failed, (name, column.head)


def test_a_register_without_sheet_is_named():
    with pytest.raises(UnknownKind, match="'heat_user' has no sheet; registers with one are household"):
        sheet_register("heat_user")


# ---------------------------------------------------------------- bringing in


def test_a_sheet_is_brought_in_once_and_again_changes_nothing_and_versions_stay(server_url, codes):
    url = town(server_url)
    before = named(url)
    west, east = codes
    rows = [["", west, "2026-10", "农村", 1000, 100, 7], ["", east, "2026-10", "城区", 2000.5, None, None]]
    assert (tried(url, table(rows)).new, stored(url)) == (2, [])
    first = tried(url, table(rows), dry_run=False, reason="10 月月报")
    assert (first.new, first.changed, first.written) == (2, 0, True)
    assert dict(stored(url)) == {
        f"{east}-2026-10-城区": {"area_code": east, "month": "2026-10", "region": "城区", "heated_area_m2": 2000.5},
        f"{west}-2026-10-农村": {
            **{"area_code": west, "month": "2026-10", "region": "农村", "heated_area_m2": 1000},
            **{"clean_electric_m2": 100, "household_count": 7},
        },
    }
    again = tried(url, workbook(rows), dry_run=False, reason="再次")
    assert (again.new, again.changed, again.unchanged, again.written, again.change_id) == (0, 0, 2, False, None)
    rows[0][4] = 1200
    second = tried(url, workbook(rows), dry_run=False, reason="更正")
    assert (second.new, second.changed, second.unchanged, second.written) == (0, 1, 1, True)
    assert [(c.row, c.status, c.differences) for c in second.changes] == [(2, "changed", (("取暖总面积（m²）", 1000, 1200.0),))]
    versions = versions_of(url, f"{west}-2026-10-农村")
    assert [(v.attributes["heated_area_m2"], v.reason, v.seat) for v in versions] == [
        (1200, "更正", "测试"),
        (1000, "10 月月报", "测试"),
    ]
    assert versions[0].valid_to_at is None
    assert versions[1].valid_to_at == versions[0].valid_from_at
    assert [v.change_id for v in versions] == [second.change_id, first.change_id]
    assert named(url) == before
    drop_database(url)


def named(url: str) -> tuple[Any, ...]:
    """Return what is said of the city itself."""
    with connect(url) as connection:
        return connection.execute("select name_zh, name_en, zone, synthetic, attribution, extent from city").fetchone()


def versions_of(url: str, code: str, **scope: Any) -> list[Any]:
    async def read() -> list[Any]:
        pool = await open_pool(url, size=1)
        try:
            return await read_versions(pool, replace(EVERYTHING, **scope), 1, REPORT, code)
        finally:
            await pool.close()

    return asyncio.run(read())


def test_one_fault_keeps_the_whole_sheet_out(town_url, codes):
    rows = [["", codes[0], "2026-10", "农村", 1000, 100, 7], ["", codes[0], "2026-13", "农村", 1000, 100, 7]]
    assert told(tried(town_url, table(rows), dry_run=False, reason="x")) == [(3, "月份", "wrong_month")]
    assert stored(town_url) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_csv_comes_in_the_encodings_that_offices_write(town_url, codes, encoding):
    report = tried(town_url, table([["", codes[0], "2026-10", "农村", 1000, 100, 7]], encoding))
    assert (report.error_count, report.new) == (0, 1)


# ---------------------------------------------------------------- cells


def test_cells_are_mended_and_it_is_said(town_url, codes):
    west = codes[0]
    rows = [
        ["", f"{west}　", "２０２６－０９", " 农村", "１２００", "1,000.5", 7.0],
        ["", west, dt.date(2026, 8, 1), "农村", 1, 2, 3],
        ["", west, 46204, "农村", 1, 2, 3],
    ]
    report = tried(town_url, workbook(rows))
    assert told(report) == []
    rules = [(each.row, each.column, each.remark.rule) for each in report.notes]
    assert (2, "区域代码", "blanks") in rules
    assert (2, "月份", "full_width") in rules
    assert (2, "取暖总面积（m²）", "full_width") in rules
    assert (2, "清洁取暖面积：电（m²）", "number_spelt") in rules
    assert (4, "月份", "excel_serial") in rules
    assert report.new == 3


@pytest.mark.parametrize(
    ("place", "cell", "rule"),
    [
        (1, "220199", "unknown_area"),
        (1, None, "missing"),
        (2, "2026-13", "wrong_month"),
        (2, "2026年0月", "wrong_month"),
        (2, "2026/2/30", "wrong_month"),
        (2, 7, "wrong_month"),
        (3, "郊区", "unknown_code"),
        (3, None, "missing"),
        (4, "约1000", "not_a_number"),
        (4, -1, "out_of_range"),
        (4, dt.date(2026, 1, 1), "not_a_number"),
        (5, "nan", "not_a_number"),
        (6, 7.5, "not_whole"),
        (6, "***", "masked_value"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_row_and_column(town_url, codes, place, cell, rule):
    row: list[object] = ["", codes[0], "2026-10", "农村", 1000, 100, 7]
    row[place] = cell
    assert told(tried(town_url, workbook([["示例", "x", "", "", "", "", ""], row]))) == [(3, HEADS[place].rstrip("*"), rule)]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("reported_at", "2026-02-30 08:00", None),
        ("reported_at", "2026-02-28 25:00", None),
        ("reported_at", "2026/2/8 8:05", "2026-02-08 08:05:00"),
        ("reported_at", 46061.5, "2026-02-08 12:00:00"),
        ("reported_at", dt.datetime(2026, 2, 8, 7, 30), "2026-02-08 07:30:00"),
        ("ticket_kind", "投诉", "complaint"),
        ("urgency", "蓝 blue", "blue"),
    ],
)
def test_times_and_codes_as_offices_write_them(name, cell, value):
    column = next(c for c in columns_of(REGISTERS["service_ticket"]) if c.attribute.name == name)
    assert read_cell(column, cell).value == value


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("finished_on", "2026/2/30", None),
        ("finished_on", "2026年3月5日", "2026-03-05"),
        ("finished_on", 46061, "2026-02-08"),
        ("finished_on", 7, None),
        ("permanent", "是", True),
        ("permanent", 0, False),
        ("permanent", "也许", None),
    ],
)
def test_days_and_truths_as_offices_write_them(name, cell, value):
    column = next(c for c in columns_of(REGISTERS["household"]) if c.attribute.name == name)
    assert read_cell(column, cell).value == value


def test_merged_cells_are_told_each_with_its_range(town_url, codes):
    rows = [["", codes[0], "2026-09", "农村", 1, 2, 3], ["", codes[0], "2026-10", "农村", 1, 2, 3]]
    report = tried(town_url, workbook(rows, merged="B2:B3"))
    assert told(report) == [(2, "区域代码", "merged_cell"), (3, "区域代码", "merged_cell")]
    assert "B2:B3" in report.errors[0].remark.zh


def test_a_formula_is_read_by_its_result_and_one_without_is_told(town_url, codes):
    rows = [["", codes[0], "2026-10", "农村", "=1000+200", 2, 3]]
    assert told(tried(town_url, workbook(rows))) == [(2, "取暖总面积（m²）", "formula_error")]
    calculated = with_result(workbook(rows), "1200")
    report = tried(town_url, calculated)
    assert told(report) == []
    assert [(each.row, each.value, each.remark.rule) for each in report.notes] == [(2, "1200.0", "formula")]


def with_result(content: bytes, result: str) -> bytes:
    """Put the result of its formulas into a workbook, as a spreadsheet program would."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            text = old.read(member)
            if member.filename.startswith("xl/worksheets/"):
                assert b"<v></v>" in text or b"<v />" in text or b"<v/>" in text
                for empty in (b"<v></v>", b"<v />", b"<v/>"):
                    text = text.replace(empty, f"<v>{result}</v>".encode())
            new.writestr(member.filename, text)
    return buffer.getvalue()


def test_the_same_row_twice_is_told_with_the_first(town_url, codes):
    rows = [["", codes[0], "2026-10", "农村", 1, 2, 3], ["", codes[0], "2026/10", "农村", 9, 2, 3]]
    report = tried(town_url, table(rows))
    assert [(each.row, each.remark.rule) for each in report.errors] == [(3, "double_row")]
    assert "第 2 行" in report.errors[0].remark.zh


def test_a_seat_of_one_district_writes_there_only(town_url, codes):
    rows = [["", codes[0], "2026-10", "农村", 1, 2, 3], ["", codes[1], "2026-10", "农村", 1, 2, 3]]
    scope = replace(EVERYTHING, areas=(DISTRICT_WEST,))
    assert told(tried(town_url, table(rows), scope=scope)) == [(3, "区域代码", "outside_scope")]
    with pytest.raises(OutsideScope):
        tried(town_url, table(rows), scope=replace(EVERYTHING, layers=("pipe",)))


# ---------------------------------------------------------------- hostile files


def test_files_that_are_no_sheet_are_refused_as_a_whole(town_url):
    good = workbook([])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("hello.txt", "hello")
    for content, why in (
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"x" * (MOST_BYTES + 1), "bytes"),
        (b"\xd0\xcf\x11\xe0old", "XLS"),
        (good[: len(good) // 2], "workbook"),
        (bomb.getvalue(), "zip bomb"),
        (plain.getvalue(), "workbook"),
        (b"\x00\x01\x02", "NUL"),
        (b"a,b,c\n1,2,3\n", "lacks the heads"),
        (workbook([], heads=[*HEADS, "月份"]), "twice"),
        (("序号,区域代码,月份,区域\n" + ",1,2026-01,农村\n" * (MOST_ROWS + 1)).encode(), "rows"),
    ):
        with pytest.raises(BadSheet, match=why):
            tried(town_url, content)


def test_a_wrong_sheet_is_named(town_url):
    book = openpyxl.Workbook()
    book.active.title = "一月"
    book.create_sheet("二月")
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(BadSheet, match="没有名为“推广月报”的表，只有：一月、二月"):
        tried(town_url, buffer.getvalue())


def test_a_hundred_thousand_rows_are_counted_and_refused(town_url):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("推广月报")
    for _ in range(100_001):
        sheet.append([1])
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(BadSheet, match="100,000 rows"):
        tried(town_url, buffer.getvalue())


# ---------------------------------------------------------------- over HTTP


def test_an_officer_downloads_tries_mends_and_brings_in(server_url, codes, tmp_path_factory):
    url = town(server_url)
    with serve(url, tmp_path_factory.mktemp("sheets")) as address, httpx.Client(base_url=address, timeout=60) as client:
        seats = client.get("/seats").json()
        sign_in = lambda role: client.post(  # noqa: E731
            "/session", json={"seat_id": next(seat["seat_id"] for seat in seats if seat["role"] == role)}
        ).raise_for_status()
        bad, good = (table([["", codes[0], month, "农村", 1, 2, 3]]) for month in ("2026-13", "2026-12"))
        sign_in("viewer" if any(seat["role"] == "viewer" for seat in seats) else "operator")
        assert client.post("/rollout/sheets/rollout_report?city=1", content=good).status_code == 403
        sign_in("administrator")
        answer = client.get("/rollout/templates/rollout_report.xlsx")
        assert answer.status_code == 200
        assert "rollout_report.xlsx" in answer.headers["content-disposition"]
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames == ["推广月报", "填表说明"]
        assert client.get("/rollout/templates/rollout_report.pdf").status_code == 422
        assert client.get("/rollout/templates/heat_user.csv").status_code == 422
        post = lambda content, **query: client.post(  # noqa: E731
            "/rollout/sheets/rollout_report", params={"city": 1, **query}, content=content
        )
        answer = post(bad)
        assert answer.status_code == 200
        assert [(e["row"], e["column"], e["value"], e["rule"]) for e in answer.json()["errors"]] == [
            (2, "月份", "2026-13", "wrong_month")
        ]
        assert post(bad, dry_run=False, reason="试").status_code == 422
        assert post(good, dry_run=False).status_code == 400
        assert post(b"", dry_run=False, reason="试").json()["error"]["kind"] == "BadSheet"
        brought = post(good, dry_run=False, reason="12 月月报").json()
        assert (brought["new"], brought["written"]) == (1, True)
        code = f"{codes[0]}-2026-12-农村"
        found = client.get("/rollout/sheets/rollout_report/versions", params={"city": 1, "code": code}).json()
        assert [version["reason"] for version in found["versions"]] == ["12 月月报"]
        missing = client.get("/rollout/sheets/rollout_report/versions", params={"city": 1, "code": "X"})
        assert missing.status_code == 404
    drop_database(url)
