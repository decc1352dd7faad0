"""Reads tables, CSV and XLSX, and the positions that stand in their columns."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import geopandas
import numpy as np
import openpyxl
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.errors import ReadingError, UnknownColumn, UnknownLayer, UnreadableFile, WrongEncoding
from gis.file_checks import require_safe_archive

CoordinateFormat: TypeAlias = Literal["degrees", "metres", "sexagesimal"]

LONGEST_TEXT: Final = 100_000
"""Characters of one field; a longer one is nearly always a quotation mark that was never closed."""

_SEXAGESIMAL: Final = re.compile(
    r"^\s*(?P<sign>[-+])?\s*(?P<d>\d{1,3})\s*[°度:\s]\s*(?P<m>\d{1,2})\s*['′分:\s]\s*(?P<s>\d{1,2}(?:\.\d+)?)?\s*"
    r"(?:\"|″|''|秒)?\s*(?P<side>[NSEW北南东西])?\s*$"
)
_SIXTIETHS: Final = (("d", 1.0), ("m", 60.0), ("s", 3600.0))
# what a spreadsheet program would run: =..., @SUM(..., and +cmd|..., -2+3+cmd|...
_FORMULA: Final = re.compile(r"\s*(?:=\s*[\w+\-\"'(@$.]|@\w+\s*\(|[+\-][^,;]*[A-Za-z_]\w*\s*[(|!])")
# a field that begins like one; only then are the fields themselves looked at
_LIKE_FORMULA: Final = re.compile(rb"(?:^|[\n\r,;\t\"])[ \t]*(?:[=@]|[+\-][^\n\r,;\t\"]{0,200}[(|!])")
_OUTWARD: Final = re.compile(r"HYPERLINK|WEBSERVICE|RTD|DDE|CALL\(|EXEC\(|\[\d+\]|\|", re.IGNORECASE)
_SHEET_FORMULA: Final = re.compile(rb"<f[ >/]")
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class GeometryColumns:
    """Where a table keeps its positions.

    Attributes
    ----------
    x, y
        Names of the columns with lon/east and lat/north; empty when `wkt` is used.
    wkt
        Name of a column with well-known text; empty when `x`, `y` are used.
    format
        How x and y are written: `degrees` and `metres` are plain numbers, `sexagesimal` is 125°19'12.3".
    """

    x: str = ""
    y: str = ""
    wkt: str = ""
    format: CoordinateFormat = "degrees"


def require_columns(frame: pd.DataFrame, names: Sequence[str], *, where: str) -> None:
    """Raise `UnknownColumn` unless the frame has all columns; the message lists those it has."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        has = ", ".join(str(name) for name in frame.columns if name != "geometry")
        raise UnknownColumn(f"{where}: there is no column {', '.join(map(repr, missing))}; the columns are {has}")


# ---------------------------------------------------------------- CSV


def read_csv(path: Path, encoding: str | None) -> pd.DataFrame:
    """Read a CSV file; a mark of byte order is no part of the first column.

    Raises
    ------
    WrongEncoding
        When its text is not in the encoding; UTF-8 that is declared GBK is found too, though GBK would take most of it.
    UnreadableFile
        When it is no table, has rows of more fields than columns, holds formulas, or a field of over 100,000 characters.
    """
    content = path.read_bytes()
    text_encoding = _encoding_of(path, content, encoding)
    try:
        with warnings.catch_warnings():
            # fields beyond the last column would be dropped, or push all others one column to the right
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, encoding=text_encoding, low_memory=False, index_col=False)
    except LookupError:
        raise WrongEncoding(f"{path}: {encoding!r} is not a known encoding; try utf-8 or gbk") from None
    except UnicodeDecodeError as error:
        raise WrongEncoding(
            f"{path}: byte {error.start} (0x{error.object[error.start]:02x}) is not {encoding or 'utf-8'};"
            " state the encoding (gbk, utf-8)"
        ) from None
    except pd.errors.ParserWarning:
        raise UnreadableFile(
            f"{path}: cannot be read as CSV: rows have more fields than there are columns in its first line"
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnreadableFile(f"{path}: cannot be read as CSV: {error}") from error
    if _LIKE_FORMULA.search(content):
        _refuse_formulas(path, table)
    # without a field of several lines no field is longer than the longest line
    if content.count(b"\n") > len(table) + 1 or _longest_line(content) > LONGEST_TEXT:
        _refuse_gigantic(path, table)
    return table


def _encoding_of(path: Path, content: bytes, encoding: str | None) -> str:
    """Return the name for the decoder; say what is there when the stated one cannot be right."""
    name = (encoding or "utf-8").lower().replace("-", "").replace("_", "")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        if name.startswith("utf16"):
            return "utf-16"
        raise WrongEncoding(
            f'{path}: its text is UTF-16 ("Unicode text" of Excel), not {encoding or "utf-8"}; write encoding = "utf-16"'
        )
    if b"\x00" in content:
        row = content[: content.index(b"\x00")].count(b"\n")
        raise UnreadableFile(f"{path}: cannot be read as CSV: line {row + 1} holds a NUL byte; export it again as text")
    if name.startswith("gb") and is_utf8(content):
        raise WrongEncoding(f'{path}: its text is utf-8, not {encoding}; write encoding = "utf-8"')
    return "utf-8-sig" if name == "utf8" else str(encoding)


def is_utf8(content: bytes) -> bool:
    """Tell whether bytes are Chinese text in UTF-8: valid, and made of Chinese characters where it is not ASCII.

    GBK takes most of UTF-8's bytes for other characters, but text of GBK is practically never valid UTF-8, and where a short one
    is, what comes out is not Chinese. Cost: 0.1 s for 100 MB.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    others = [character for character in text[:1_000_000] if character > "\x7f"]
    chinese = sum("\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in others)
    return bool(others) and chinese >= 0.9 * len(others)


def _longest_line(content: bytes) -> int:
    ends = np.flatnonzero(np.frombuffer(content, dtype=np.uint8) == ord("\n"))
    return int(np.diff(np.concatenate(([0], ends, [len(content)]))).max())


def _refuse_gigantic(path: Path, table: pd.DataFrame) -> None:
    for name in _texts(table):
        long = np.flatnonzero(table[name].str.len().to_numpy(dtype=np.float64, na_value=0.0) > LONGEST_TEXT)
        if len(long):
            size = len(table[name].iloc[long[0]])
            raise UnreadableFile(
                f"{path}: row {long[0] + 1}, column {name!r}: {size:,} characters in one field, {LONGEST_TEXT:,} are taken; is a"
                " quotation mark missing?"
            )


def _refuse_formulas(path: Path, table: pd.DataFrame) -> None:
    """Raise when texts are formulas: they would run in the spreadsheet program of whoever opens an export."""
    found = list(_formulas(table))
    if found:
        named = "; ".join(f"row {row}, column {name!r}: {text[:60]!r}" for row, name, text in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        raise UnreadableFile(f"{path}: holds formulas ({named}{more}); replace them by their values")


def _formulas(table: pd.DataFrame) -> Iterator[tuple[int, str, str]]:
    for name in table.columns:
        if _FORMULA.match(str(name)):
            yield 0, str(name), str(name)
    for name in _texts(table):
        column = table[name]
        mask = column.str.match(_FORMULA).to_numpy(dtype=object) == True  # noqa: E712 - None where it is no text
        for row in np.flatnonzero(mask):
            yield int(row) + 1, str(name), str(column.iloc[row])


def _texts(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if table[name].dtype == object]


# ---------------------------------------------------------------- workbooks


def read_xlsx(path: Path, sheet: str | None) -> pd.DataFrame:
    """Read a sheet of a workbook; of computed cells the stored values.

    Raises
    ------
    UnknownLayer
        When there is no such sheet.
    UnreadableFile
        When it is no workbook, would become too large, or holds a formula without a stored value or one that leads out of it.
    """
    require_safe_archive(path, workbook=True)
    try:
        with pd.ExcelFile(path, engine="calamine") as book:
            if sheet is not None and sheet not in book.sheet_names:
                raise UnknownLayer(f"{path}: there is no sheet {sheet!r}; the sheets are {', '.join(map(str, book.sheet_names))}")
            name = str(book.sheet_names[0] if sheet is None else sheet)
            table = book.parse(name)
        if _has_formulas(path):
            _refuse_unfit_formulas(path, name)
    except ReadingError:
        raise
    except Exception as error:  # openpyxl raises a dozen kinds for a broken workbook
        raise UnreadableFile(f"{path}: cannot be read as a workbook: {error}") from error
    _refuse_formulas(path, table)
    _refuse_gigantic(path, table)
    return table


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(_SHEET_FORMULA.search(archive.read(name)) for name in sheets)


def _refuse_unfit_formulas(path: Path, sheet: str) -> None:
    """Raise for formulas whose value is not stored (it would be lost), or that call or link something outside the sheet."""
    books = [openpyxl.load_workbook(path, read_only=True, data_only=data_only) for data_only in (False, True)]
    try:
        unfit = []
        for formulas, values in zip(*(book[sheet].iter_rows() for book in books), strict=False):
            stored = {cell.coordinate: cell.value for cell in values if cell.value is not None}
            unfit += [
                f"{cell.coordinate} {str(cell.value)[:60]!r}"
                for cell in formulas
                if cell.data_type == "f" and (cell.coordinate not in stored or _OUTWARD.search(str(cell.value)))
            ]
            if len(unfit) >= _NAMED:
                break
    finally:
        for book in books:
            book.close()
    if unfit:
        raise UnreadableFile(
            f"{path}: sheet {sheet!r} holds formulas without a stored value, or that call something outside it"
            f" ({'; '.join(unfit[:_NAMED])}); replace them by their values"
        )


# ---------------------------------------------------------------- positions


def with_positions(
    table: pd.DataFrame, columns: GeometryColumns | None, *, where: str
) -> tuple[geopandas.GeoDataFrame, tuple[tuple[int, str], ...]]:
    """Return a table with its positions as geometry, rows numbered from 1, and the rows whose position cannot be read.

    Raises
    ------
    UnknownColumn
        When a column of positions is not there.
    """
    numbered = _trimmed(table).set_axis(pd.RangeIndex(1, len(table) + 1), axis=0)
    geometry, bad = np.full(len(table), None, dtype=object), np.zeros(len(table), dtype=bool)
    shown = pd.Series("", index=numbered.index)
    if columns is not None and columns.wkt:
        require_columns(numbered, [columns.wkt], where=where)
        shown = numbered[columns.wkt]
        text = shown.where(shown.notna(), None).to_numpy(dtype=object)
        geometry = shapely.from_wkt([None if t is None else str(t) for t in text], on_invalid="ignore")
        bad = shapely.is_missing(geometry) & shown.notna().to_numpy()
    elif columns is not None:
        require_columns(numbered, [columns.x, columns.y], where=where)
        x, y = (_numbers(numbered[name], columns.format) for name in (columns.x, columns.y))
        shown = numbered[columns.x].astype(str) + ", " + numbered[columns.y].astype(str)
        given = (numbered[columns.x].notna() | numbered[columns.y].notna()).to_numpy()
        good = np.isfinite(x) & np.isfinite(y)
        geometry[good] = shapely.points(x[good], y[good])
        bad = given & ~good
    frame = geopandas.GeoDataFrame(numbered, geometry=geometry)
    rows = tuple((int(row), str(text)[:80]) for row, text in zip(np.flatnonzero(bad) + 1, shown[bad], strict=True))
    return frame, rows


def _trimmed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with blanks around its column names removed, unless two names would become one."""
    names = [str(name).strip() for name in table.columns]
    return table.set_axis(names, axis=1) if len(set(names)) == len(names) else table


def _numbers(column: pd.Series, format_: CoordinateFormat) -> NDArray[np.float64]:
    if format_ != "sexagesimal":
        return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    parts = column.astype(str).str.extract(_SEXAGESIMAL)
    value = sum(pd.to_numeric(parts[name]).fillna(0.0 if name == "s" else np.nan) / by for name, by in _SIXTIETHS)
    negative = parts["sign"].eq("-") | parts["side"].isin(["S", "W", "南", "西"])
    return np.where(negative, -value, value).astype(np.float64)
