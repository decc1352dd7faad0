"""Tables as CSV and XLSX that a spreadsheet program opens without running what stands in a cell.

In CSV a text that such a program would take for a formula gets an apostrophe in front; in XLSX every text is written as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import xlsxwriter

from data.errors import BadExport

Cell: TypeAlias = str | int | float | bool | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters that begin a formula or a command, half and full width (OWASP, CSV injection)."""
GUARD = "'"
MAX_ROWS = 1_048_576
"""Rows of an XLSX sheet, its head among them."""
MAX_CELL = 32_767
"""Characters of an XLSX cell."""


def guarded(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("一号站")
    ("'=1+1", '一号站')
    """
    return GUARD + text if text.startswith(FORMULA_STARTS) else text


def _written(cell: Cell) -> Cell:
    """Return a cell as CSV takes it: texts guarded, a zero without sign."""
    if isinstance(cell, str):
        return guarded(cell)
    return 0.0 if isinstance(cell, float) and cell == 0.0 else cell


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a table as CSV as `csv_bytes` does, row by row, and return how many rows it has."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([guarded(name) for name in head])
        for row in rows:
            writer.writerow([_written(cell) for cell in row])
            count += 1
    return count


def write_xlsx(path: Path, name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a table as a workbook as `xlsx_bytes` does, row by row, and return how many rows it has.

    Raises
    ------
    BadExport
        When there are more rows than a sheet holds; what was written must be removed.

    Notes
    -----
    Only one row is held in memory; rows wait in temporary files beside the workbook.
    """
    options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(path, options) as book:
        sheet = _sheet(book, name, head)
        for count, row in enumerate(rows, start=1):
            if count >= MAX_ROWS:
                raise BadExport(f"more than {MAX_ROWS - 1} rows do not fit into an XLSX sheet; CSV holds them")
            write_row(sheet, count, row)
    return count


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as CSV: UTF-8 with a byte order mark (Excel reads it so), lines end in CR LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guarded(name) for name in head])
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def xlsx_bytes(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as a workbook with one sheet; the head stays in sight."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = _sheet(book, name, head)
        for number, row in enumerate(rows, start=1):
            write_row(sheet, number, row)
    return buffer.getvalue()


def _sheet(book: xlsxwriter.Workbook, name: str, head: Sequence[str]) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet(name[:31])
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for column, text in enumerate(head):
        sheet.write_string(0, column, text, bold)
    return sheet


def write_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: Sequence[Cell]) -> None:
    """Write one row of a sheet; texts as texts, None as nothing."""
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, column, cell)
        elif isinstance(cell, bool):
            sheet.write_boolean(number, column, cell)
        elif cell is not None:
            sheet.write_number(number, column, cell)
