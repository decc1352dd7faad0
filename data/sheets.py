"""Tables as CSV and XLSX that a spreadsheet program opens without running what stands in a cell.

In CSV a text that such a program would take for a formula gets an apostrophe in front; in XLSX every text is written as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import xlsxwriter

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
        sheet = book.add_worksheet(name[:31])
        bold = book.add_format({"bold": True})
        for column, text in enumerate(head):
            sheet.write_string(0, column, text, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            write_row(sheet, number, row)
    return buffer.getvalue()


def write_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: Sequence[Cell]) -> None:
    """Write one row of a sheet; texts as texts, None as nothing."""
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, column, cell)
        elif isinstance(cell, bool):
            sheet.write_boolean(number, column, cell)
        elif cell is not None:
            sheet.write_number(number, column, cell)
