"""CSV and Parquet files as batches of Arrow columns, each row with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from data.errors import BadReadingFile
from data.reading_files.manifest import FileManifest
from twin.arrays import Int64Array

_BLOCK_BYTES: Final = 16 * 2**20
_BATCH_VALUES: Final = 1_000_000
_BATCH_ROWS: Final = (8_192, 131_072)
"""Fewest and most rows of a batch of Parquet: its columns become rows, which is quick while these fit the cache."""


@dataclass(frozen=True)
class RowBatch:
    """Some rows of a file.

    Attributes
    ----------
    columns
        By name: texts of a CSV, typed columns of a Parquet file.
    lines
        Line of each row in the file (Parquet: number of the row, from 1), shape (n,).
    torn
        Lines that have not as many fields as the head, with their text.
    """

    columns: dict[str, pa.Array]
    lines: Int64Array
    torn: list[tuple[int, str]]


def read_rows(path: Path, manifest: FileManifest) -> Iterator[RowBatch]:
    """Yield the rows of a file.

    Raises
    ------
    BadReadingFile
        When it cannot be read, or lacks a column.
    """
    try:
        if (manifest.format or _format_of(path)) == "parquet":
            yield from _read_parquet(path, manifest)
        else:
            yield from _read_csv(path, manifest)
    except (OSError, UnicodeError, LookupError, pa.ArrowException) as error:
        raise BadReadingFile(
            f"{path} cannot be read as {manifest.format or _format_of(path)} in {manifest.encoding}: {error}"
        ) from error


def _format_of(path: Path) -> str:
    return "parquet" if path.suffix.lower() in {".parquet", ".pq"} else "csv"


def _read_csv(path: Path, manifest: FileManifest) -> Iterator[RowBatch]:
    torn: list[tuple[int, str]] = []

    def set_aside(row: Any) -> str:
        torn.append((row.number, row.text or ""))
        return "skip"

    reader = pa_csv.open_csv(
        path,
        # one thread: only so the lines of skipped rows are known
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, encoding=manifest.encoding),
        parse_options=pa_csv.ParseOptions(delimiter=manifest.delimiter, ignore_empty_lines=False, invalid_row_handler=set_aside),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(manifest.columns, pa.string()), strings_can_be_null=False
        ),
    )
    _require(path, manifest, reader.schema.names)
    line, told = 2, 0
    for batch in reader:
        # the reader is ahead of the batch it gives: some of the torn lines may lie behind it
        lines = _lines(line, batch.num_rows, [number for number, _ in torn])
        line = int(lines[-1]) + 1 if len(lines) else line
        yield RowBatch({name: batch.column(name) for name in manifest.columns}, lines, torn[told:])
        told = len(torn)


def _lines(first: int, count: int, skipped: list[int]) -> Int64Array:
    """Return the lines of rows where some lines between them were skipped."""
    lines = np.arange(first, first + count + len(skipped), dtype=np.int64)
    return lines[~np.isin(lines, skipped)][:count]


def _read_parquet(path: Path, manifest: FileManifest) -> Iterator[RowBatch]:
    with pq.ParquetFile(path) as file:
        _require(path, manifest, file.schema_arrow.names)
        line = 1
        rows = min(max(_BATCH_VALUES // len(manifest.columns), _BATCH_ROWS[0]), _BATCH_ROWS[1])
        for batch in file.iter_batches(rows, columns=manifest.columns):
            lines = np.arange(line, line + batch.num_rows, dtype=np.int64)
            line += batch.num_rows
            yield RowBatch({name: _decoded(batch.column(name)) for name in manifest.columns}, lines, [])


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _require(path: Path, manifest: FileManifest, names: list[str]) -> None:
    lacking = [name for name in manifest.columns if name not in names]
    if lacking:
        raise BadReadingFile(f"{path.name} has no column {', '.join(map(repr, lacking))}; it has {', '.join(names)}")
