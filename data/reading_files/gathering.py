"""Rows of a file gathered on the disk as numbers, and set in the order of (source, time): memory does not follow the file.

Each row becomes a fixed-length record: source, time, line, one 64-bit number a column. Only the keys are held in memory
(28 bytes a row); the values of a day are read back when that day is written.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.reading_files.manifest import FileManifest
from data.reading_files.tables import RowBatch, read_rows
from data.reading_files.texts import Times, more_digits_than_a_gauge, to_numbers, to_times
from twin.arrays import BoolArray, Float64Array, Int64Array

EARLIEST_MS: Final = 631_152_000_000
"""1990: meters with memories are younger; a time before it is a clock that was never set."""
NEWEST_MS: Final = 86_400_000


class AsideReport:
    """Rows that were put aside, each with line, column, value and what would be right, as a CSV file.

    Parameters
    ----------
    path
        Written when the first row is put aside.
    name
        Of the file that the rows are from.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.count = 0
        self.first: list[str] = []
        self._name = name
        self._file: IO[str] | None = None

    def __enter__(self) -> AsideReport:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, line: int, column: str, value: str, right: str) -> None:
        """Note one row."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(["file", "line", "column", "value", "right"])
        csv.writer(self._file).writerow([self._name, line, column, value, right])
        self.count += 1
        if len(self.first) < 20:
            self.first.append(f"{self._name}, line {line}, column {column}: {value!r}; {right}")


@dataclass
class ColumnFacts:
    """What was seen of a column: whether a 32-bit gauge would change digits, and where first.

    Nothing of one whose digits nobody asks for (`PointColumn.asks_for_digits`).
    """

    more_digits: int = 0
    first_line: int = 0
    first_value: float = 0.0
    values: int = 0

    def note(self, values: Float64Array, lines: Int64Array) -> None:
        """Take the values of some rows."""
        self.values += int(np.count_nonzero(~np.isnan(values)))
        more = more_digits_than_a_gauge(values)
        if more.any():
            if not self.more_digits:
                place = int(np.argmax(more))
                self.first_line, self.first_value = int(lines[place]), float(values[place])
            self.more_digits += int(np.count_nonzero(more))


@dataclass
class Gathered:
    """The rows of a file.

    Attributes
    ----------
    rows
        Records on the disk: `number` of the source in `codes`, `ms`, `later_ms`, `line`, `point` (long form), `values`.
    codes
        Codes of the sources, by number.
    facts
        Of each column.
    count
        Rows of the file, those put aside included.
    """

    rows: np.ndarray[Any, np.dtype[np.void]]
    codes: list[str]
    facts: Sequence[ColumnFacts]
    count: int


def row_dtype(manifest: FileManifest) -> np.dtype[np.void]:
    """Return the layout of a gathered row."""
    width = 1 if manifest.is_long else len(manifest.points)
    return np.dtype(
        [("number", "i4"), ("point", "i4"), ("ms", "i8"), ("later_ms", "i4"), ("line", "i8"), ("values", "f8", (width,))]
    )


@dataclass
class _Parser:
    """Turns batches of a file into records."""

    manifest: FileManifest
    aside: AsideReport
    known: Callable[[str], bool]
    now_ms: int
    codes: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.facts = [ColumnFacts() for _ in self.manifest.points]

    def parse(self, batch: RowBatch) -> np.ndarray[Any, np.dtype[np.void]]:
        """Return the good rows of a batch; the others are put aside, each with its first problem."""
        manifest, lines = self.manifest, batch.lines
        self.count += len(lines) + len(batch.torn)
        for number, text in batch.torn:
            self.aside.put(number, "", text[:200], "the line must have as many fields as the head")
        rows = np.empty(len(lines), row_dtype(manifest))
        rows["line"], rows["point"] = lines, 0
        good = np.ones(len(lines), np.bool_)
        self._times(batch, rows, good)
        self._sources(batch, rows, good)
        if manifest.is_long:
            self._long_values(batch, rows, good)
        else:
            self._wide_values(batch, rows, good)
        return rows[good]

    def _times(self, batch: RowBatch, rows: np.ndarray[Any, Any], good: BoolArray) -> None:
        manifest = self.manifest
        column = batch.columns[manifest.time_column]
        times = to_times(column, format_=manifest.time_format, zone=manifest.zone)
        rows["ms"], rows["later_ms"] = times.epoch_ms, times.later_ms
        form = manifest.time_format or "YYYY-MM-DD HH:MM:SS"
        self._aside(batch, manifest.time_column, times.bad, good, f"it must be a time, {form}")
        self._aside(
            batch, manifest.time_column, times.skipped, good, f"this hour does not exist in {manifest.zone}: clocks were put on"
        )
        self._aside(batch, manifest.time_column, _out_of_range(times, self.now_ms), good, "it must lie between 1990 and now")

    def _sources(self, batch: RowBatch, rows: np.ndarray[Any, Any], good: BoolArray) -> None:
        manifest = self.manifest
        if manifest.source_column is None:
            rows["number"] = self._number(str(manifest.source_code))
            return
        texts = pc.utf8_trim_whitespace(pc.cast(batch.columns[manifest.source_column], pa.string()))
        encoded = pc.dictionary_encode(pc.fill_null(texts, ""))
        codes = [manifest.source_prefix + text for text in encoded.dictionary.to_pylist()]
        numbers = np.array([self._number(code) if self.known(code) else -1 for code in codes], np.int32)
        rows["number"] = numbers[encoded.indices.to_numpy(zero_copy_only=False)] if codes else 0
        self._aside(batch, manifest.source_column, rows["number"] < 0, good, "no such source is registered (GET /sources)")

    def _number(self, code: str) -> int:
        return self.codes.setdefault(code, len(self.codes))

    def _wide_values(self, batch: RowBatch, rows: np.ndarray[Any, Any], good: BoolArray) -> None:
        manifest = self.manifest
        for place, point in enumerate(manifest.points):
            numbers = to_numbers(batch.columns[point.column], decimal=manifest.decimal, missing=manifest.missing)
            self._aside(batch, point.column, numbers.bad, good, f"it must be a number with the decimal mark {manifest.decimal!r}")
            rows["values"][:, place] = numbers.values
        kept, lines = rows["values"][good], batch.lines[good]
        for place, (point, facts) in enumerate(zip(manifest.points, self.facts, strict=True)):
            if point.asks_for_digits:
                facts.note(kept[:, place], lines)

    def _long_values(self, batch: RowBatch, rows: np.ndarray[Any, Any], good: BoolArray) -> None:
        manifest = self.manifest
        names = {point.column: place for place, point in enumerate(manifest.points)}
        texts = pc.fill_null(pc.utf8_trim_whitespace(pc.cast(batch.columns[str(manifest.point_column)], pa.string())), "")
        encoded = pc.dictionary_encode(texts)
        places = np.array([names.get(text, -1) for text in encoded.dictionary.to_pylist()], np.int32)
        rows["point"] = places[encoded.indices.to_numpy(zero_copy_only=False)] if len(places) else 0
        right = f"it must be one of {', '.join(list(names)[:8])}"
        self._aside(batch, str(manifest.point_column), rows["point"] < 0, good, right)
        numbers = to_numbers(batch.columns[str(manifest.value_column)], decimal=manifest.decimal, missing=manifest.missing)
        right = f"it must be a number with the decimal mark {manifest.decimal!r}"
        self._aside(batch, str(manifest.value_column), numbers.bad, good, right)
        rows["values"][:, 0] = numbers.values
        for place, (point, facts) in enumerate(zip(manifest.points, self.facts, strict=True)):
            if point.asks_for_digits:
                own = good & (rows["point"] == place)
                facts.note(rows["values"][own, 0], batch.lines[own])

    def _aside(self, batch: RowBatch, column: str, bad: BoolArray, good: BoolArray, right: str) -> None:
        """Put rows aside that are bad here and were good so far."""
        for place in np.flatnonzero(bad & good).tolist():
            value = batch.columns[column][place].as_py()
            self.aside.put(int(batch.lines[place]), column, "" if value is None else str(value)[:200], right)
        good &= ~bad


def _out_of_range(times: Times, now_ms: int) -> BoolArray:
    return (times.epoch_ms < EARLIEST_MS) | (times.epoch_ms > now_ms + NEWEST_MS)


def gather_rows(
    path: Path, manifest: FileManifest, folder: IO[bytes], *, aside: AsideReport, known: Callable[[str], bool], now_ms: int
) -> Gathered:
    """Read a file whole, once.

    Parameters
    ----------
    path, manifest
        The file and how it is read.
    folder
        An open temporary file, which gets the records.
    aside
        Gets the rows that do not fit.
    known
        Tells whether there is a source of that code.
    now_ms
        The present time; what lies more than a day ahead is put aside.

    Raises
    ------
    BadReadingFile
        When the file cannot be read or lacks a column.
    """
    parser = _Parser(manifest, aside, known, now_ms)
    for batch in read_rows(path, manifest):
        folder.write(parser.parse(batch).tobytes())
    folder.flush()
    layout = row_dtype(manifest)
    size = folder.tell() // layout.itemsize
    rows = np.memmap(folder, layout, "r", shape=(size,)) if size else np.empty(0, layout)
    return Gathered(rows, list(parser.codes), parser.facts, parser.count)


def temporary_file(var_dir: Path) -> IO[bytes]:
    """Return a temporary file in the var dir that is gone when it is closed, however that happens."""
    return tempfile.TemporaryFile(dir=var_dir)


# ---------------------------------------------------------------- the repeated hour


def settle_repeated_hours(rows: np.ndarray[Any, Any], policy: str) -> tuple[Int64Array, int]:
    """Return the time of each row with the repeated hour of autumn told apart, and how many rows were taken for the first.

    Parameters
    ----------
    policy
        `first`, `second`, or `order`: in the order of the file the local time runs through the hour twice; rows before it goes
        back are of the first time. Where it runs through once only, it is the first.
    """
    times = np.array(rows["ms"], np.int64)
    places = np.flatnonzero(rows["later_ms"])
    if policy == "second":
        times[places] += rows["later_ms"][places]
        return times, 0
    if policy == "first" or not len(places):
        return times, len(places)
    second: list[int] = []
    for number in np.unique(rows["number"][places]).tolist():
        own = np.flatnonzero(rows["number"] == number)
        backwards = bool(times[own[0]] > times[own[-1]])
        mine = places[rows["number"][places] == number]
        second += _second_time((mine[::-1] if backwards else mine).tolist(), times)
    times[second] += rows["later_ms"][second]
    return times, len(places) - len(second)


def _second_time(places: Sequence[int], times: Int64Array) -> list[int]:
    """Return the rows of one source, in the order of time, that are of the second run through the hour."""
    found: list[int] = []
    last, again = None, False
    for place in places:
        at = int(times[place])
        if last is None or at - last > 3 * 3_600_000:
            again = False
        elif at <= last:
            again = True
        last = at
        if again:
            found.append(place)
    return found
