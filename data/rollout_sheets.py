"""Sheets of the rollout's registers: templates that an officer fills in, and filled ones brought in through the ordinary import.

A sheet is all or nothing. Its cells are understood and held against the archive first (`twin/rollout_sheets.py`), so every fault
is told with its row, column, value and what would be right; then the rows become a delivery of one layer, which the import writes
in one transaction as a change of the archive. What it replaces stays as a version.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from data import rollout_refresh
from data.errors import BadSheet, NotFound
from data.imports.run import run_import
from data.pool import Connection, Pool, connect
from data.sheet_reading import SheetRows, read_sheet
from data.sheets import csv_bytes
from data.statements import scope_parameters, sql
from twin.errors import UnknownKind
from twin.registers import MASK, REGISTERS, Register, masked
from twin.rollout_sheets import (
    EXAMPLE,
    NUMBER_HEAD,
    SHEETS,
    Cell,
    Remark,
    SheetColumn,
    Value,
    code_of,
    column_of_head,
    columns_of,
    read_cell,
)
from twin.scope import Scope

MOST_REMARKS: Final = 500
"""Remarks that an answer lists; it says how many there are."""
MOST_CHANGES: Final = 100
_GUIDE: Final = "填表说明"
_PLACE: Final = ("lon", "lat")


@dataclass(frozen=True, slots=True)
class CellRemark:
    """One thing said of a cell: row as Excel shows it, head of the column, what stands there."""

    row: int
    column: str
    value: str
    remark: Remark


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a row does to the register: `new` or `changed`, and each column that differs with the values before and after."""

    row: int
    code: str
    status: str
    differences: tuple[tuple[str, Value, Value], ...]


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What became of a sheet.

    Attributes
    ----------
    rows
        Rows with content, without the example.
    new, changed, unchanged
        Rows by what they do to the register; all 0 when there are errors.
    written
        True when they were brought in.
    change_id
        The change of the archive; None when nothing was written.
    changes
        The first `MOST_CHANGES` rows that are new or differ.
    errors, notes
        At most `MOST_REMARKS` of each; the counts are whole.
    """

    rows: int
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    written: bool = False
    change_id: int | None = None
    changes: tuple[RowChange, ...] = ()
    errors: tuple[CellRemark, ...] = ()
    notes: tuple[CellRemark, ...] = ()
    error_count: int = 0
    note_count: int = 0


def sheet_register(name: str) -> Register:
    """Return the register that a sheet is of.

    Raises
    ------
    UnknownKind
        When it has none; the message lists those that have.
    """
    if name not in SHEETS:
        raise UnknownKind(f"{name!r} has no sheet; registers with one are {', '.join(SHEETS)}")
    return REGISTERS[name]


# ---------------------------------------------------------------- templates


def template_csv(register: Register) -> bytes:
    """Return the heads and one example row as CSV."""
    columns = columns_of(register)
    return csv_bytes([NUMBER_HEAD, *map(_marked, columns)], [[EXAMPLE, *map(_shown, columns)]])


def template_xlsx(register: Register) -> bytes:
    """Return a workbook to fill in: heads, one example row, lists to choose from, and a sheet that explains each column."""
    buffer = io.BytesIO()
    columns = columns_of(register)
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        _fill_in_sheet(book, register, columns)
        _guide_sheet(book, register, columns)
    return buffer.getvalue()


def _marked(column: SheetColumn) -> str:
    return f"{column.head}*" if column.required else column.head


def _shown(column: SheetColumn) -> Value:
    """Return the example of a column as an officer would write it."""
    meaning = column.attribute.codes.get(str(column.example))
    return column.example if meaning is None else meaning.partition(" ")[0]


def _fill_in_sheet(book: xlsxwriter.Workbook, register: Register, columns: Sequence[SheetColumn]) -> None:
    sheet = book.add_worksheet(register.kind.name_zh)
    head, needed = book.add_format({"bold": True, "bg_color": "#eeeeee"}), book.add_format({"bold": True, "bg_color": "#fff2cc"})
    grey, text = (
        book.add_format({"italic": True, "font_color": "#888888", "num_format": "@"}),
        book.add_format({"num_format": "@"}),
    )
    sheet.write_string(0, 0, NUMBER_HEAD, head)
    sheet.write_string(1, 0, EXAMPLE, grey)
    for place, column in enumerate(columns, start=1):
        sheet.write_string(0, place, _marked(column), needed if column.required else head)
        example = _shown(column)
        if isinstance(example, (int, float)):
            sheet.write_number(1, place, example, grey)
        elif example is not None:
            sheet.write_string(1, place, str(example), grey)
        # as text, or a spreadsheet program makes a date of a month
        sheet.set_column(
            place, place, max(10, 2 * len(column.head)), None if column.attribute.type in {"number", "integer"} else text
        )
        if choices := _choices(column):
            sheet.data_validation(1, place, 20_000, place, {"validate": "list", "source": choices})
    sheet.freeze_panes(1, 1)


def _choices(column: SheetColumn) -> list[str]:
    if column.attribute.type == "boolean":
        return ["是", "否"]
    return [meaning.partition(" ")[0] for meaning in column.attribute.codes.values()]


def _guide_sheet(book: xlsxwriter.Workbook, register: Register, columns: Sequence[SheetColumn]) -> None:
    sheet = book.add_worksheet(_GUIDE)
    wide = book.add_format({"text_wrap": True, "valign": "top"})
    lines = [["列", "必填", "填写内容", "可填代码", "name"]]
    lines += [
        [c.head, "是" if c.required else "", _what(c), "、".join(c.attribute.codes.values()), c.attribute.name] for c in columns
    ]
    lines.append(
        [
            "",
            "",
            f"一行一条记录；同一{register.kind.name_zh}再次填报会整行替换，旧版本保留。序号为“{EXAMPLE}”的行不读取。",
            "",
            "",
        ]
    )
    for number, line in enumerate(lines):
        for place, cell in enumerate(line):
            sheet.write_string(number, place, cell, wide)
    sheet.set_column(0, 4, 30)


def _what(column: SheetColumn) -> str:
    special = {"month": "月份 YYYY-MM", "season": "采暖季 YYYY-YYYY", "area_code": "行政区或开发区代码（或其唯一名称）"}
    words = {
        "number": "数字",
        "integer": "整数",
        "boolean": "是或否",
        "date": "日期 YYYY-MM-DD",
        "datetime": "时间 YYYY-MM-DD HH:MM",
        "code": "从列表中选择",
        "text": "文字",
    }
    return special.get(column.attribute.name, words[column.attribute.type])


# ---------------------------------------------------------------- filled sheets


def take_sheet(
    database_url: str,
    scope: Scope,
    city_id: int,
    register: Register,
    content: bytes,
    *,
    seat: str,
    reason: str = "",
    dry_run: bool = True,
) -> SheetReport:
    """Read a filled sheet, hold it against the archive, and bring it in unless it has a fault or is only tried.

    Raises
    ------
    BadSheet
        When it cannot be read as a whole.
    OutsideScope
        When the scope does not hold the city or the register.
    """
    scope.require_city(city_id)
    scope.require_layer(register.name)
    filled = read_sheet(content, sheet=register.kind.name_zh)
    with connect(database_url) as connection:
        archive = _Archive.of(connection, city_id, register)
        sheet = _understood(filled, register, archive)
        archive.load_rows(connection, city_id, register, sheet.codes)
        _check_rows(sheet, register, archive, scope)
    if sheet.errors or not sheet.rows:
        return _report(sheet)
    changes = _compared(sheet, register, archive)
    if not scope.personal:
        changes = [replace(change, differences=_hidden(change, sheet, register)) for change in changes]
    if dry_run or not changes:
        return _report(sheet, changes)
    change_id = _bring_in(database_url, city_id, register, sheet, archive, seat=seat, reason=reason)
    return _report(sheet, changes, change_id=change_id)


@dataclass(slots=True)
class _Row:
    """One row: number in Excel, values by attribute, code."""

    number: int
    values: dict[str, Value]
    code: str = ""


@dataclass(slots=True)
class _Sheet:
    columns: tuple[SheetColumn, ...]
    rows: list[_Row] = field(default_factory=list)
    errors: list[CellRemark] = field(default_factory=list)
    notes: list[CellRemark] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        return [row.code for row in self.rows if row.code]

    def say(self, row: int, column: str, value: object, *remarks: Remark) -> None:
        for remark in remarks:
            said = CellRemark(row, column, "" if value is None else str(value)[:80], remark)
            (self.errors if remark.severity == "error" else self.notes).append(said)

    def head(self, attribute: str) -> str:
        return next((column.head for column in self.columns if column.attribute.name == attribute), attribute)


@dataclass(slots=True)
class _Archive:
    """What the archive knows of what a sheet may name: city, parents by code and by name, stored rows by code."""

    city: tuple[Any, ...]
    parents: Mapping[str, tuple[str, int, int | None]]
    by_name: Mapping[str, str]
    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, city_id: int, register: Register) -> _Archive:
        city = connection.execute(sql("sheet_city"), {"city_id": city_id}).fetchone()
        if city is None:
            raise NotFound(f"there is no city {city_id}")
        found = connection.execute(sql("sheet_parents"), {"city_id": city_id, "kinds": list(register.parent.kinds)}).fetchall()
        names = [name for _, name, _, _ in found]
        return cls(
            city,
            {code: (name, asset_id, area_id) for code, name, asset_id, area_id in found},
            {name: code for code, name, _, _ in found if name and names.count(name) == 1} if len(names) < 500 else {},
        )

    def load_rows(self, connection: Connection, city_id: int, register: Register, codes: Sequence[str]) -> None:
        values = {"city_id": city_id, "kind": register.name, "codes": list(codes)}
        self.rows = {row[0]: row for row in connection.execute(sql("sheet_rows"), values).fetchall()}


def _understood(filled: SheetRows, register: Register, archive: _Archive) -> _Sheet:
    sheet = _Sheet(columns_of(register))
    (head_row, heads), *rows = filled.rows
    places = _places(sheet, head_row, heads)
    example = next((place for place, head in enumerate(heads) if str(head or "").strip() == NUMBER_HEAD), None)
    for number, cells in rows:
        if example is not None and example < len(cells) and str(cells[example] or "").strip() == EXAMPLE:
            continue
        if any(place < len(cells) and cells[place] is not None for place in places) or _is_merged(filled, number, places):
            sheet.rows.append(_row(sheet, filled, number, cells, places))
    for row in sheet.rows:
        _find_parent(sheet, register, archive, row)
        row.code = code_of(register, row.values)
    return sheet


def _is_merged(filled: SheetRows, number: int, places: Mapping[int, SheetColumn]) -> bool:
    return any((number, place + 1) in filled.merged for place in places)


def _places(sheet: _Sheet, head_row: int, heads: Sequence[Cell]) -> dict[int, SheetColumn]:
    """Return which column each head means.

    Raises
    ------
    BadSheet
        When a needed column is missing, or a head comes twice: it is probably another sheet.
    """
    found: dict[int, SheetColumn] = {}
    for place, head in enumerate(heads):
        text = str(head or "").strip()
        column = column_of_head(sheet.columns, text) if text and text != NUMBER_HEAD else None
        if column in found.values():
            raise BadSheet(f"第 {head_row} 行表头“{text}”出现两次 the head {text!r} stands twice in row {head_row}")
        if column is not None:
            found[place] = column
        elif text and text != NUMBER_HEAD:
            note = Remark("unknown_head", "模板里没有这一列，未读取", "is no column of the template and was not read", "note")
            sheet.say(head_row, text, text, note)
    missing = [column.head for column in sheet.columns if column.required and column not in found.values()]
    if missing:
        raise BadSheet(
            f"第 {head_row} 行缺少表头：{'、'.join(missing)}；请使用本登记表的模板"
            f" row {head_row} lacks the heads {', '.join(missing)}; use the template of this register"
        )
    return found


def _row(sheet: _Sheet, filled: SheetRows, number: int, cells: Sequence[Cell], places: Mapping[int, SheetColumn]) -> _Row:
    values: dict[str, Value] = {}
    for place, column in places.items():
        cell = cells[place] if place < len(cells) else None
        at = (number, place + 1)
        if at in filled.merged:
            zh, en = (
                f"合并单元格 {filled.merged[at]}；请取消合并并逐行填写",
                f"is part of the merged cells {filled.merged[at]}; unmerge and fill each",
            )
            sheet.say(number, column.head, cell, Remark("merged_cell", zh, en))
            continue
        if at in filled.formulas:
            sheet.say(number, column.head, cell, _of_formula(cell))
        read = read_cell(column, cell)
        sheet.say(number, column.head, cell, *read.remarks)
        values[column.attribute.name] = read.value
        if column.required and read.value is None and not read.failed and at not in filled.formulas:
            sheet.say(number, column.head, cell, Remark("missing", "必填，不能为空", "is needed and must not be empty"))
    return _Row(number, values)


def _of_formula(cell: Cell) -> Remark:
    if cell is None or (isinstance(cell, str) and cell.startswith("#")):
        return Remark(
            "formula_error", "公式没有结果或结果为错误值；请填数值", "is a formula without a result, or an error; write the value"
        )
    return Remark("formula", f"公式，按结果 {cell} 读取", f"is a formula; its result {cell} was read", "note")


def _find_parent(sheet: _Sheet, register: Register, archive: _Archive, row: _Row) -> None:
    """Hold the area or village of a row against the archive; a name that only one has is taken for its code."""
    name = register.parent.attribute
    code = row.values.get(name)
    if code is None or code in archive.parents:
        return
    if str(code) in archive.by_name:
        row.values[name] = archive.by_name[str(code)]
        note = Remark("name_for_code", f"按名称读取为 {row.values[name]}", f"is a name; {row.values[name]} was read", "note")
        sheet.say(row.number, sheet.head(name), code, note)
        return
    some = "、".join(f"{known} {told[0]}" for known, told in list(archive.parents.items())[-12:])
    there = ", ".join(list(archive.parents)[-12:])
    zh, en = f"本城市没有这个代码；如：{some}", f"is not of this city; there are {there}"
    sheet.say(row.number, sheet.head(name), code, Remark("unknown_area", zh, en))


def _check_rows(sheet: _Sheet, register: Register, archive: _Archive, scope: Scope) -> None:
    """Report rows that come twice, and those of areas that the seat may not write."""
    seen: dict[str, int] = {}
    for row in sheet.rows:
        if not row.code:
            continue
        if row.code in seen:
            zh, en = (
                f"与第 {seen[row.code]} 行是同一条记录（{row.code}）",
                f"is the same record ({row.code}) as row {seen[row.code]}",
            )
            sheet.say(row.number, sheet.columns[0].head, row.code, Remark("double_row", zh, en))
        seen.setdefault(row.code, row.number)
        if scope.areas is not None and not _is_allowed(row, register, archive, scope.areas):
            zh, en = "不在您的管辖范围内", "is outside of what this seat may write"
            name = register.parent.attribute
            sheet.say(row.number, sheet.head(name), row.values.get(name), Remark("outside_scope", zh, en))


def _is_allowed(row: _Row, register: Register, archive: _Archive, areas: Sequence[int]) -> bool:
    """Tell whether the area of a row, and of the row that it would replace, are among these."""
    held = [archive.parents.get(str(row.values.get(register.parent.attribute)), ("", -1, None))[1:]]
    if row.code in archive.rows:
        held.append(archive.rows[row.code][2:4])
    return all(any(area in areas for area in each if area is not None) for each in held)


def _compared(sheet: _Sheet, register: Register, archive: _Archive) -> list[RowChange]:
    """Return the rows that are new or differ; what a sheet leaves out of name and place stays."""
    changes: list[RowChange] = []
    for row in sheet.rows:
        stored = archive.rows.get(row.code)
        before: dict[str, Value] = {}
        if stored is not None:
            _, name, _, _, attributes, lon, lat = stored
            row.values["name"] = row.values.get("name") or name or None
            if register.kind.geometry == "point" and row.values.get("lon") is None and row.values.get("lat") is None:
                row.values |= {"lon": lon, "lat": lat}
            before = attributes | {"name": name or None, "lon": lon, "lat": lat}
        after = _stored(register, row.values, archive.city[2])
        names = [column.attribute.name for column in sheet.columns if column.attribute.name != "code"]
        differing = [name for name in names if before.get(name) != after.get(name)]
        if stored is None or differing:
            told = tuple((sheet.head(name), before.get(name), after.get(name)) for name in differing)
            changes.append(RowChange(row.number, row.code, "new" if stored is None else "changed", told))
    return changes


def _hidden(change: RowChange, sheet: _Sheet, register: Register) -> tuple[tuple[str, Value, Value], ...]:
    """Return what differs with personal values masked: what was stored is not for every seat."""
    heads = {sheet.head(name) for name in register.personal}
    return tuple((head, MASK, MASK) if head in heads else (head, old, new) for head, old, new in change.differences)


def _stored(register: Register, values: Mapping[str, Value], zone: str) -> dict[str, Value]:
    """Return the values of a row as the archive would hold them."""
    kept = {name: values.get(name) for name in ("name", *_PLACE)}
    for attribute in register.kind.attributes:
        value = values.get(attribute.name)
        if value is not None:
            kept[attribute.name] = _in_utc(str(value), zone) if attribute.type == "datetime" else value
    return kept


def _in_utc(text: str, zone: str) -> str:
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _report(sheet: _Sheet, changes: Sequence[RowChange] = (), *, change_id: int | None = None) -> SheetReport:
    count = 0 if sheet.errors else len(sheet.rows)
    return SheetReport(
        rows=len(sheet.rows),
        new=sum(change.status == "new" for change in changes),
        changed=sum(change.status == "changed" for change in changes),
        unchanged=count - len(changes),
        written=change_id is not None,
        change_id=change_id,
        changes=tuple(changes[:MOST_CHANGES]),
        errors=tuple(sheet.errors[:MOST_REMARKS]),
        notes=tuple(sheet.notes[:MOST_REMARKS]),
        error_count=len(sheet.errors),
        note_count=len(sheet.notes),
    )


# ---------------------------------------------------------------- through the import


def _bring_in(
    database_url: str, city_id: int, register: Register, sheet: _Sheet, archive: _Archive, *, seat: str, reason: str
) -> int | None:
    """Write the rows as a delivery of one layer and import it; the sums of the rollout follow at once."""
    names = ["code", "name", *(attribute.name for attribute in register.kind.attributes)]
    placed = any(row.values.get("lon") is not None for row in sheet.rows)
    with tempfile.TemporaryDirectory(prefix="heat-twin-sheet-") as folder:
        file, manifest = Path(folder) / f"{register.name}.csv", Path(folder) / f"sheet-{register.name}.toml"
        with file.open("w", encoding="utf-8", newline="") as target:
            rows = csv.writer(target, lineterminator="\n")
            rows.writerow([*names, *(_PLACE if placed else ())])
            for row in sheet.rows:
                values = row.values | {"code": row.code}
                rows.writerow([_written(values.get(name)) for name in [*names, *(_PLACE if placed else ())]])
        manifest.write_text(_manifest(city_id, register, archive.city, names, reason=reason, placed=placed), encoding="utf-8")
        report = run_import(manifest, database_url, seat=seat, strict=register.kind.geometry == "none")
    with connect(database_url, autocommit=True) as connection:
        rollout_refresh.refresh(connection, city_id)
        found = connection.execute(sql("sheet_change"), {"city_id": city_id, "import_id": report.import_id}).fetchone()
    return None if found is None else int(found[0])


def _written(value: Value) -> str:
    if value is None:
        return ""
    return str(value)


def _manifest(city_id: int, register: Register, city: Sequence[Any], names: Sequence[str], *, reason: str, placed: bool) -> str:
    """Return the manifest; the city stays as it is."""
    name_zh, name_en, zone, synthetic, attribution, extent, geoid = city
    lines = [f"reason = {_toml(reason or 'sheet')}", "", "[city]", f"id = {city_id}"]
    told = {"name": name_zh, "name_en": name_en, "zone": zone, "synthetic": synthetic, "attribution": attribution}
    told |= {name: value for name, value in (("extent", extent), ("geoid_height_m", geoid)) if value is not None}
    lines += [f"{name} = {_toml(value)}" for name, value in told.items()]
    lines += ["", "[[layer]]", f"file = {_toml(register.name + '.csv')}", f"kind = {_toml(register.name)}", 'encoding = "utf-8"']
    if placed:
        lines += ['datum = "wgs84"', 'datum_evidence = "head of the template"']
    lines += ["", "[layer.columns]", *(f"{name} = {_toml(name)}" for name in names)]
    if placed:
        lines += ["", "[layer.geometry]", 'x = "lon"', 'y = "lat"']
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# ---------------------------------------------------------------- versions


@dataclass(frozen=True, slots=True)
class RowVersion:
    """A row of a register as it was at a time, with the change that wrote it; personal values masked as the scope asks."""

    valid_from_at: dt.datetime
    valid_to_at: dt.datetime | None
    name: str
    attributes: Mapping[str, object]
    change_id: int | None
    seat: str
    reason: str
    source: str


async def read_versions(pool: Pool, scope: Scope, city_id: int, register: Register, code: str) -> list[RowVersion]:
    """Return what a row is and was, newest first.

    Raises
    ------
    NotFound
        When there is no such row, or the scope does not hold it.
    """
    scope.require_layer(register.name)
    rows = await pool.fetch(sql("sheet_versions"), *scope_parameters(scope, city_id).as_tuple(), register.name, code)
    if not rows:
        raise NotFound(f"there is no row {code!r} in {register.name}")
    return [_version(register, scope, row) for row in rows]


def _version(register: Register, scope: Scope, row: Mapping[str, Any]) -> RowVersion:
    shown = masked(register, row["attributes"] | {"name": row["name"]}, personal=scope.personal)
    name = str(shown.pop("name"))
    told = [str(row[each] or "") for each in ("seat", "reason", "source")]
    return RowVersion(row["valid_from_at"], row["valid_to_at"], name, shown, row["change_id"], *told)
