"""Reads a filled sheet (XLSX or CSV) as rows of cells with the numbers that Excel shows, within bounds."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import openpyxl
import python_calamine
from openpyxl.utils import get_column_letter

from data.errors import BadSheet
from data.sheets import FORMULA_STARTS, GUARD
from gis.errors import GisError
from gis.file_checks import require_safe_archive
from twin.rollout_sheets import Cell

MOST_BYTES: Final = 8 * 2**20
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 100
_MOST_UNPACKED: Final = 128 * 2**20


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Rows of a sheet.

    Attributes
    ----------
    rows
        Number as Excel shows it and cells of each row that is not empty; the head is the first.
    merged
        Cells (row, column; both from 1) that are part of a merged range, and the range in Excel's words.
    formulas
        Cells that hold a formula.
    """

    rows: Sequence[tuple[int, Sequence[Cell]]]
    merged: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: frozenset[tuple[int, int]] = frozenset()


def read_sheet(content: bytes, *, sheet: str) -> SheetRows:
    """Read the sheet of that name out of a workbook (or its only one), or a CSV in UTF-8 or GBK.

    Raises
    ------
    BadSheet
        When the file is empty, too large, none of these, or does not hold the sheet.
    """
    if not content.strip():
        raise BadSheet("文件是空的 the file is empty")
    if len(content) > MOST_BYTES:
        raise BadSheet(
            f"文件有 {len(content):,} 字节，最多 {MOST_BYTES:,} the file has {len(content):,} bytes; {MOST_BYTES:,} are taken"
        )
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadSheet("是旧版 XLS 或加密的工作簿；请另存为 XLSX this is an old XLS or an encrypted workbook; save it as XLSX")
    found = _workbook(content, sheet) if content.startswith(b"PK") else _csv(content)
    if not found.rows:
        raise BadSheet("文件里没有内容 the sheet holds nothing")
    return found


def _bounded(count: int, width: int) -> None:
    if count - 1 > MOST_ROWS or width > MOST_COLUMNS:
        raise BadSheet(
            f"表有 {count - 1:,} 行 {width:,} 列，最多 {MOST_ROWS:,} 行 {MOST_COLUMNS} 列；更多请用 heat-twin import"
            f" the sheet has {count - 1:,} rows and {width:,} columns; {MOST_ROWS:,} and {MOST_COLUMNS} are taken,"
            " larger deliveries come in by heat-twin import"
        )


# ---------------------------------------------------------------- workbooks


def _workbook(content: bytes, sheet: str) -> SheetRows:
    _require_modest(content)
    try:
        with python_calamine.load_workbook(io.BytesIO(content)) as book:
            name = _sheet_name(book.sheet_names, sheet)
            found = book.get_sheet_by_name(name)
            # both are the number of the last one, from 0
            _bounded(found.total_height + 1, found.total_width + 1)
            rows = found.to_python(skip_empty_area=False)
            ranges = found.merged_cell_ranges or []
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise BadSheet(f"读不出工作簿 this workbook cannot be read: {error}; 请用 Excel 重新保存 save it again") from None
    numbered = [(number, [_cell(cell) for cell in row]) for number, row in enumerate(rows, start=1)]
    kept = [(number, row) for number, row in numbered if any(cell is not None for cell in row)]
    return SheetRows(kept, _merged_cells(ranges, len(rows)), _formula_cells(content, name))


def _require_modest(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="heat-twin-sheet-", suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        try:
            require_safe_archive(Path(file.name), workbook=True)
        except GisError as error:
            raise BadSheet(f"不是可用的工作簿 this is no workbook to read: {str(error).partition(': ')[2]}") from None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > _MOST_UNPACKED:
        raise BadSheet(
            f"工作簿解压后有 {unpacked:,} 字节，最多 {_MOST_UNPACKED:,}"
            f" the workbook would become {unpacked:,} bytes; {_MOST_UNPACKED:,} are taken"
        )


def _sheet_name(names: Sequence[str], wanted: str) -> str:
    if wanted in names:
        return wanted
    if len(names) == 1:
        return names[0]
    there = "、".join(names[:10])
    raise BadSheet(f"工作簿里没有名为“{wanted}”的表，只有：{there} the workbook has no sheet named {wanted!r}, only those")


def _cell(cell: object) -> Cell:
    if cell is None or cell == "":
        return None
    if isinstance(cell, (str, bool, int, float, dt.datetime, dt.date)):
        return cell
    return str(cell)


def _merged_cells(ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]], height: int) -> dict[tuple[int, int], str]:
    cells: dict[tuple[int, int], str] = {}
    for (top, left), (bottom, right) in ranges:
        name = f"{_letters(left + 1)}{top + 1}:{_letters(right + 1)}{bottom + 1}"
        for row in range(top, min(bottom, height) + 1):
            cells.update(dict.fromkeys(((row + 1, column + 1) for column in range(left, min(right, MOST_COLUMNS) + 1)), name))
    return cells


def _letters(column: int) -> str:
    return str(get_column_letter(column))


def _formula_cells(content: bytes, name: str) -> frozenset[tuple[int, int]]:
    """Return the cells with a formula or an error; the sheet is read a second time only when it has some."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [member for member in archive.namelist() if member.startswith("xl/worksheets/") and member.endswith(".xml")]
        texts = [archive.read(member) for member in sheets]
    if any(b"<!DOCTYPE" in text[:2000] or b"<!ENTITY" in text[:2000] for text in texts):
        raise BadSheet("工作簿含有外部实体 the workbook declares XML entities; save it again with a spreadsheet program")
    if not any(b"<f>" in text or b"<f " in text or b't="e"' in text for text in texts):
        return frozenset()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        cells = [
            (int(cell.row or 0), int(cell.column or 0))
            for row in book[name].iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS)
            for cell in row
            if getattr(cell, "data_type", "n") in {"f", "e"}
        ]
        book.close()
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise BadSheet(f"读不出工作簿里的公式 the formulas of this workbook cannot be read: {error}") from None
    return frozenset(cells)


# ---------------------------------------------------------------- CSV


def _csv(content: bytes) -> SheetRows:
    text = _decoded(content)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=False))
    except csv.Error as error:
        raise BadSheet(f"读不出 CSV this CSV cannot be read: {error}") from None
    _bounded(len(rows), max(map(len, rows), default=0))
    numbered = [(number, [_unguarded(cell) or None for cell in row]) for number, row in enumerate(rows, start=1)]
    return SheetRows([(number, row) for number, row in numbered if any(cell and cell.strip() for cell in row)])


def _decoded(content: bytes) -> str:
    if b"\x00" in content:
        raise BadSheet("不是 CSV 或 XLSX 文件 this is neither CSV nor XLSX: it holds NUL bytes")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSheet("不是 UTF-8 也不是 GBK 编码 the text is neither UTF-8 nor GBK; save it as CSV UTF-8")


def _unguarded(cell: str) -> str:
    """Return a cell without the apostrophe that our exports put before what could be a formula."""
    return cell[len(GUARD) :] if cell.startswith(GUARD) and cell[len(GUARD) :].startswith(FORMULA_STARTS) else cell
