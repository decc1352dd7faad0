"""Sheets that a district officer fills in: which columns a register's sheet has, and what a cell may say.

One cell comes in as a spreadsheet holds it (text, number, date, truth) and leaves as what the import reads, with notes about what
was mended (blanks, full-width digits, dates as numbers) or the reason why it cannot be read, in Chinese and English.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from twin.kinds import Attribute
from twin.registers import MASK, REGISTERS, Register

Cell: TypeAlias = str | int | float | bool | dt.date | dt.datetime | None
Value: TypeAlias = str | int | float | bool | None

SHEETS: Final = tuple(name for name in REGISTERS if name != "heat_user")
"""Registers that have a sheet."""
CODE_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "rollout_report": ("area_code", "month", "region"),
    "rollout_target": ("area_code", "year", "region", "energy_type"),
    "energy_use": ("village_code", "season", "fuel", "household_group"),
}
"""Registers whose code is made of these columns: one month cannot be told twice under two codes."""
NUMBER_HEAD, EXAMPLE = "序号", "示例"
"""First column of a sheet, and what stands there in the row that only shows how to fill it in."""
_NEEDED: Final = {"rollout_report": ("region",)}
_DAY_ZERO: Final = dt.date(1899, 12, 30)
_SERIALS: Final = (20_000, 80_000)
"""Days of Excel's calendar that a date may be written as: 1954 to 2119."""
_TRUE, _FALSE = {"是", "有", "true", "1", "yes", "y"}, {"否", "无", "false", "0", "no", "n"}
_EXAMPLES: Final[Mapping[str, Value]] = {
    "area_code": "220104",
    "village_code": "CT00001",
    "month": "2026-10",
    "season": "2025-2026",
    "year": 2026,
    "installed_year": 2025,
    "retrofit_score": 5,
    "supplier_score": 4,
    "lon": 125.32,
    "lat": 43.88,
    "storeys": 1,
    "region": "农村",
    "heated_area_m2": 1250000,
    "target_rate": 0.85,
    "id_number": "00000000000000001X",
    "phone": "000-00000001",
}


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column: attribute, head with its unit, whether it must be filled in, an example."""

    attribute: Attribute
    head: str
    required: bool
    example: Value


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of a cell: a stable rule, and words in Chinese and English."""

    rule: str
    zh: str
    en: str
    severity: Literal["error", "note"] = "error"


@dataclass(frozen=True, slots=True)
class Read:
    """A cell as it was understood: its value (None = empty or unreadable) and what is to be said."""

    value: Value
    remarks: tuple[Remark, ...] = ()

    @property
    def failed(self) -> bool:
        """True when the cell cannot be taken."""
        return any(remark.severity == "error" for remark in self.remarks)


def columns_of(register: Register) -> tuple[SheetColumn, ...]:
    """Return the columns of a register's sheet: code (where it is not made), name, attributes, position."""
    made = register.name in CODE_PARTS
    code = () if made else (Attribute("code", "text", "编号", required=True),)
    place = (
        (Attribute("lon", "number", "经度", "°，WGS-84"), Attribute("lat", "number", "纬度", "°，WGS-84"))
        if register.kind.geometry == "point"
        else ()
    )
    attributes = (*code, Attribute("name", "text", "名称"), *register.kind.attributes, *place)
    needed = _NEEDED.get(register.name, ())
    return tuple(
        SheetColumn(
            each,
            f"{each.label_zh}（{each.unit}）" if each.unit else each.label_zh,
            each.required or each.name in needed,
            _example(each),
        )
        for each in attributes
    )


def _example(attribute: Attribute) -> Value:
    if attribute.name in _EXAMPLES:
        return _EXAMPLES[attribute.name]
    if attribute.codes:
        return next(iter(attribute.codes))
    by_type: Mapping[str, Value] = {
        "date": "2026-10-31",
        "datetime": "2026-10-31 08:30",
        "boolean": "是",
        "integer": 100,
        "number": 1000,
    }
    return by_type.get(attribute.type)


def column_of_head(columns: tuple[SheetColumn, ...], head: str) -> SheetColumn | None:
    """Return the column that a head means: its text with or without the unit, or the attribute's name."""
    text = _plain(head)
    bare = re.sub(r"[（(].*?[）)]$", "", text)
    for wanted in (text, bare):
        for column in columns:
            if wanted in {_plain(column.head), _plain(column.attribute.label_zh), column.attribute.name}:
                return column
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("*", "")


# ---------------------------------------------------------------- cells


def read_cell(column: SheetColumn, cell: Cell) -> Read:
    """Understand one cell.

    Examples
    --------
    >>> from twin.registers import REGISTERS
    >>> month = next(c for c in columns_of(REGISTERS["rollout_report"]) if c.attribute.name == "month")
    >>> read_cell(month, "2026-13").remarks[0].rule, read_cell(month, "２０２６年９月").value
    ('wrong_month', '2026-09')
    """
    notes: tuple[Remark, ...] = ()
    if isinstance(cell, str):
        cell, notes = _mended(column.attribute, cell)
    if cell is None or cell == "":
        return Read(None, notes)
    if cell == MASK:
        return _refused(
            "masked_value", "是打码值，不能写回；请填真实内容或清空本列", "is a masked value; write what it is, or leave it empty"
        )
    found = _READERS.get(column.attribute.name, _BY_TYPE[column.attribute.type])(column.attribute, cell)
    return Read(found.value, (*notes, *found.remarks))


def _mended(attribute: Attribute, text: str) -> tuple[str, tuple[Remark, ...]]:
    """Return a text without blanks around it and, where it is no free text, in half width; and what was mended."""
    notes: list[Remark] = []
    bare = text.strip(" \t\r\n\u3000\xa0\ufeff\u200b")
    if bare != text:
        notes.append(Remark("blanks", "首尾空格已去掉", "blanks around it were taken off", "note"))
    free = attribute.type == "text" and not attribute.name.endswith("_code") and attribute.name not in {"code", "month", "season"}
    half = bare if free else unicodedata.normalize("NFKC", bare)
    if half != bare:
        notes.append(Remark("full_width", f"全角字符已转为半角：{half}", f"full-width characters were read as {half}", "note"))
    return half, tuple(notes)


def _refused(rule: str, zh: str, en: str) -> Read:
    return Read(None, (Remark(rule, zh, en),))


def _text(attribute: Attribute, cell: Cell) -> Read:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, (dt.date, dt.datetime)):
        cell = cell.isoformat()
    text = str(cell)
    if len(text) > 200 and attribute.name != "description":
        return _refused("too_long", f"有 {len(text)} 个字符，最多 200 个", f"has {len(text)} characters; 200 are taken")
    if any(ord(letter) < 32 for letter in text):
        return _refused("control_character", "含有控制字符（如换行）", "holds a control character, a line break for instance")
    return Read(text)


def _number(attribute: Attribute, cell: Cell) -> Read:
    notes: tuple[Remark, ...] = ()
    if isinstance(cell, str):
        text = cell.replace(",", "")
        percent = text.endswith("%")
        try:
            number = float(text.rstrip("%")) / (100.0 if percent else 1.0)
        except ValueError:
            return _refused("not_a_number", "不是数字；只填数字，不带单位", "is not a number; write digits without a unit")
        if text != cell or percent:
            notes = (Remark("number_spelt", f"按 {number:g} 读取", f"was read as {number:g}", "note"),)
    elif isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return _refused("not_a_number", "不是数字（单元格可能是日期格式）", "is not a number; is the cell formatted as a date?")
    else:
        number = float(cell)
    return _in_range(attribute, number, notes)


def _in_range(attribute: Attribute, number: float, notes: tuple[Remark, ...]) -> Read:
    if not abs(number) <= 1e15:
        return _refused("not_a_number", "不是有限的数字", "is not a finite number")
    low, high = _LIMITS.get(attribute.name, (0.0, 1e15))
    if not low <= number <= high:
        return _refused("out_of_range", f"应在 {low:g} 到 {high:g} 之间", f"must lie between {low:g} and {high:g}")
    return Read(int(number) if number.is_integer() and attribute.type == "integer" else number, notes)


_LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "target_rate": (0.0, 1.0),
    "retrofit_score": (1.0, 5.0),
    "supplier_score": (1.0, 5.0),
    "lon": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "year": (2000.0, 2100.0),
    "installed_year": (1950.0, 2100.0),
    "storeys": (1.0, 120.0),
}


def _integer(attribute: Attribute, cell: Cell) -> Read:
    read = _number(attribute, cell)
    if isinstance(read.value, float):
        return _refused("not_whole", "应为整数", "must be a whole number")
    return read


def _boolean(_: Attribute, cell: Cell) -> Read:
    text = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).lower()
    if text in _TRUE | _FALSE:
        return Read(text in _TRUE)
    return _refused("not_yes_or_no", "应填“是”或“否”", "must be 是 (yes) or 否 (no)")


def _code(attribute: Attribute, cell: Cell) -> Read:
    text = str(cell)
    for code, meaning in attribute.codes.items():
        if text.lower() in {code.lower(), meaning.lower(), meaning.partition(" ")[0].lower()}:
            return Read(code)
    known = "、".join(meaning.partition(" ")[0] for meaning in attribute.codes.values())
    return _refused("unknown_code", f"不在代码表中；可填：{known}", f"is not in the list; there are {', '.join(attribute.codes)}")


def _date(_: Attribute, cell: Cell) -> Read:
    day = _day(cell)
    if day is not None:
        return Read(day.isoformat(), _serial_note(cell, day.isoformat()))
    return _refused(
        "wrong_date", "不是有效日期；应为 YYYY-MM-DD，如 2026-10-31", "is no date; write YYYY-MM-DD, for instance 2026-10-31"
    )


def _day(cell: Cell) -> dt.date | None:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _DAY_ZERO + dt.timedelta(days=int(cell)) if _SERIALS[0] <= cell <= _SERIALS[1] else None
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", str(cell))
    if found is None:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def _serial_note(cell: Cell, text: str) -> tuple[Remark, ...]:
    if isinstance(cell, (int, float)):
        return (
            Remark("excel_serial", f"Excel 日期序号，按 {text} 读取", f"a date as Excel counts days; read as {text}", "note"),
        )
    return ()


def _moment(_: Attribute, cell: Cell) -> Read:
    if isinstance(cell, dt.datetime):
        return Read(cell.replace(tzinfo=None).isoformat(" ", "seconds"))
    if isinstance(cell, float) and not cell.is_integer() and _SERIALS[0] <= cell <= _SERIALS[1]:
        moment = dt.datetime.combine(_DAY_ZERO, dt.time()) + dt.timedelta(minutes=round(cell * 1440))
        return Read(moment.isoformat(" ", "seconds"), _serial_note(cell, moment.isoformat(" ", "minutes")))
    day, clock = (*str(cell).replace("T", " ").split(" ", 1), "")[:2]
    date = _day(cell if not isinstance(cell, str) else day)
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", clock) if isinstance(cell, str) and clock else None
    hour, minute, second = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    if date is None or (isinstance(cell, str) and clock and not found) or hour > 23 or minute > 59 or second > 59:
        return _refused(
            "wrong_date",
            "不是有效时间；应为 YYYY-MM-DD HH:MM，如 2026-10-31 08:30",
            "is no time; write YYYY-MM-DD HH:MM, for instance 2026-10-31 08:30",
        )
    return Read(f"{date.isoformat()} {hour:02d}:{minute:02d}:{second:02d}")


def _month(_: Attribute, cell: Cell) -> Read:
    day = _day(cell)
    if day is not None:
        return Read(f"{day:%Y-%m}", _serial_note(cell, f"{day:%Y-%m}"))
    found = re.fullmatch(r"(20\d{2})[-/.年](\d{1,2})月?", str(cell))
    if found is None or not 1 <= int(found[2]) <= 12:
        return _refused(
            "wrong_month", "不是有效月份；应为 YYYY-MM，如 2026-10", "is no month; write YYYY-MM, for instance 2026-10"
        )
    return Read(f"{found[1]}-{int(found[2]):02d}")


def _season(_: Attribute, cell: Cell) -> Read:
    found = re.fullmatch(r"(20\d{2})[-/—~至](20\d{2})(?:年?采暖季)?", str(cell))
    if found is None or int(found[2]) != int(found[1]) + 1:
        return _refused(
            "wrong_season",
            "不是采暖季；应为 YYYY-YYYY，如 2025-2026",
            "is no heating season; write YYYY-YYYY, for instance 2025-2026",
        )
    return Read(f"{found[1]}-{found[2]}")


_Reader: TypeAlias = Callable[[Attribute, Cell], Read]
_BY_TYPE: Final[Mapping[str, _Reader]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "code": _code,
    "date": _date,
    "datetime": _moment,
}
_READERS: Final[Mapping[str, _Reader]] = {"month": _month, "season": _season}


def code_of(register: Register, values: Mapping[str, Value]) -> str:
    """Return the code of a row: as written, or made of its parts."""
    parts = CODE_PARTS.get(register.name)
    if parts is None:
        return str(values.get("code") or "")
    return "-".join(str(values[part]) for part in parts if values.get(part) not in {None, ""})
