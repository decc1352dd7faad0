"""Parquet files of archived readings: written with the encodings that a sample chose, synced, read back block by block.

One file holds frames of one city, schema and UTC day, sorted by (source, time); row groups end where a source ends, so that
their statistics leave out what a reader does not want. Columns: `source_id` int32, `observed_at` timestamp[ms, UTC],
`delay_s` int32; then each point by its name, float (gauge) or double (total), null = missing; then `<point>__quality` uint8.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import BadArchivedReadings
from data.reading_archive.records import Content, Records, joined, record_dtype, with_one_nan
from twin.schemas import FrameSchema

GROUP_VALUES: Final = 2_000_000
"""Values of a row group: what is held in memory at once."""
PART_VALUES: Final = 128_000_000
"""Values of a file, about 200 MB: what late frames or a back-fill have to write anew."""
QUALITY: Final = "__quality"
TEMPORARY: Final = ".tmp"
_SAMPLE: Final = 16_384
_WORTH_A_SAMPLE: Final = 4096
"""Frames from which on trying costs less than it saves; below them by dictionary."""
_LEVEL: Final = 3
"""zstd: level 9 takes three times as long for 4 to 8 % less."""
_ENCODINGS: Final[Mapping[str, str | None]] = {"dictionary": None, "split": "BYTE_STREAM_SPLIT", "plain": "PLAIN"}
_WHOLE_NUMBERS: Final = {"observed_at": "DELTA_BINARY_PACKED", "delay_s": "DELTA_BINARY_PACKED"}


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that is whole on the disk, under a temporary name.

    Attributes
    ----------
    temporary
        Where it lies.
    bytes
        Its size.
    content
        What it holds.
    """

    temporary: Path
    bytes: int
    content: Content


def group_rows(schema: FrameSchema) -> int:
    """Return how many frames a row group holds."""
    return max(1024, GROUP_VALUES // len(schema.points))


def part_rows(schema: FrameSchema) -> int:
    """Return how many frames a file holds."""
    return max(1024, PART_VALUES // len(schema.points))


def file_schema(schema: FrameSchema) -> pa.Schema:
    """Return the columns of a file."""
    kinds = {"gauge": pa.float32(), "total": pa.float64()}
    return pa.schema(
        [
            pa.field("source_id", pa.int32(), nullable=False),
            pa.field("observed_at", pa.timestamp("ms", "UTC"), nullable=False),
            pa.field("delay_s", pa.int32(), nullable=False),
            *(pa.field(point.name, kinds[point.slot]) for point in schema.points),
            *(pa.field(point.name + QUALITY, pa.uint8(), nullable=False) for point in schema.points),
        ]
    )


def to_table(schema: FrameSchema, records: Records) -> pa.Table:
    """Return records as the columns of a file."""
    columns = [
        pa.array(records["source_id"].astype(np.int32)),
        pa.array(records["observed_ms"].astype("datetime64[ms]"), pa.timestamp("ms", "UTC")),
        pa.array(records["delay_s"].astype(np.int32)),
    ]
    for name, place in _places(schema):
        kind = np.float32 if name == "gauges" else np.float64
        columns.append(pa.array(records["payload"][name][:, place].astype(kind), from_pandas=True))
    columns += [pa.array(np.ascontiguousarray(records["payload"]["quality"][:, i])) for i in range(len(schema.points))]
    return pa.Table.from_arrays(columns, schema=file_schema(schema))


def from_table(schema: FrameSchema, table: pa.Table) -> Records:
    """Return the columns of a file as records."""
    records = np.empty(table.num_rows, record_dtype(schema))
    records["source_id"] = table["source_id"].to_numpy()
    records["observed_ms"] = table["observed_at"].cast(pa.int64()).to_numpy()
    records["delay_s"] = table["delay_s"].to_numpy()
    for point, (name, place) in zip(schema.points, _places(schema), strict=True):
        records["payload"][name][:, place] = table[point.name].to_numpy()
    for place, point in enumerate(schema.points):
        records["payload"]["quality"][:, place] = table[point.name + QUALITY].to_numpy()
    return with_one_nan(records)


def _places(schema: FrameSchema) -> list[tuple[str, int]]:
    """Return in which part of the payload each point lies, and where there."""
    of_gauges = {column: place for place, column in enumerate(schema.gauge_columns)}
    of_totals = {column: place for place, column in enumerate(schema.total_columns)}
    return [("gauges", of_gauges[i]) if i in of_gauges else ("totals", of_totals[i]) for i in range(len(schema.points))]


# ---------------------------------------------------------------- encodings


def choose_encodings(table: pa.Table) -> dict[str, str | None]:
    """Return the encoding of each column that made its values in a sample smallest; None = dictionary.

    Notes
    -----
    Measured at zstd 3, bytes a value: temperatures to 0.1 K plain 0.7, dictionary 0.9; flows to 0.01 m3/h dictionary 1.7,
    plain 2.2; registers to 0.1 kWh split 0.8, plain 1.7, dictionary 3.6; registers to 0.01 m3 plain 3.2, split 4.1,
    dictionary 5.2. No encoding is best for all, so a sample decides. Flags are nearly all equal: dictionary.
    """
    sample = table.slice(0, _SAMPLE)
    chosen: dict[str, str | None] = {}
    for field in table.schema:
        if field.name in _WHOLE_NUMBERS:
            chosen[field.name] = _WHOLE_NUMBERS[field.name]
        elif pa.types.is_floating(field.type) and sample.num_rows >= _WORTH_A_SAMPLE:
            one = sample.select([field.name])
            chosen[field.name] = min(_ENCODINGS.values(), key=lambda encoding: _encoded_bytes(one, encoding))
        else:
            chosen[field.name] = None
    return chosen


def _encoded_bytes(one: pa.Table, encoding: str | None) -> int:
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, one.schema, **_writer_options({one.schema.names[0]: encoding})) as writer:
        writer.write_table(one)
    return buffer.tell()


def _writer_options(encodings: Mapping[str, str | None]) -> dict[str, Any]:
    by_dictionary = [name for name, encoding in encodings.items() if encoding is None]
    others = {name: encoding for name, encoding in encodings.items() if encoding is not None}
    return {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": by_dictionary or False,
        "column_encoding": others or None,
        "write_statistics": ["source_id", "observed_at"],
    }


# ---------------------------------------------------------------- writing


def write_file(path: Path, schema: FrameSchema, blocks: Iterator[Records]) -> WrittenFile:
    """Write blocks of sorted records under a temporary name, and sync them.

    Parameters
    ----------
    path
        Its temporary name; the folder exists.
    schema
        Of the records.
    blocks
        Row groups; at least one.
    """
    content, writer = Content(), None
    columns = file_schema(schema)
    with path.open("wb") as file:
        try:
            for block in blocks:
                content.add(block)
                table = to_table(schema, block)
                if writer is None:
                    writer = pq.ParquetWriter(file, columns, **_writer_options(choose_encodings(table)))
                writer.write_table(table, row_group_size=len(block))
        finally:
            if writer is not None:
                writer.close()
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    return WrittenFile(path, size, content)


def groups(blocks: Iterator[Records], rows: int) -> Iterator[Records]:
    """Cut sorted records into row groups of about `rows` frames that end where a source ends, where sources are not longer."""
    held: list[Records] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        while count >= rows:
            records = joined(held)
            cut = _group_end(records, rows)
            yield records[:cut]
            held, count = [records[cut:]], count - cut
    if count:
        yield joined(held)


def _group_end(records: Records, rows: int) -> int:
    source_ids = records["source_id"]
    last = source_ids[rows - 1]
    start = int(np.searchsorted(source_ids, last))
    return start if start >= rows // 2 else rows


def split_files(blocks: Iterator[Records], rows: int) -> Iterator[Iterator[Records]]:
    """Cut row groups into files of about `rows` frames that end where a source ends; each must be used up before the next."""
    ahead: list[Records] = [block for block in (next(blocks, None),) if block is not None]

    def one() -> Iterator[Records]:
        count, last = 0, None
        while ahead:
            first = int(ahead[0]["source_id"][0])
            if count >= rows and first != last:
                return
            block = ahead.pop()
            count, last = count + len(block), int(block["source_id"][-1])
            yield block
            ahead.extend(block for block in (next(blocks, None),) if block is not None)

    while ahead:
        yield one()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, below: Path) -> None:
    """Make a folder and those between it and `below`, durably."""
    missing = [each for each in (folder, *folder.parents) if each.is_relative_to(below) and not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


# ---------------------------------------------------------------- reading


def read_file(path: Path, schema: FrameSchema, *, first: int | None = None, last: int | None = None) -> Iterator[Records]:
    """Yield the row groups of a file; of sources `first` to `last` only, where they are given.

    Raises
    ------
    BadArchivedReadings
        When the file is not there, is no Parquet file, or has other columns.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadArchivedReadings(f"{path} cannot be read: {error}") from error
    with file:
        if not file.schema_arrow.equals(file_schema(schema)):
            raise BadArchivedReadings(f"{path} has other columns than schema {schema.code}/{schema.version}")
        for number in range(file.num_row_groups):
            if _is_outside(file.metadata.row_group(number), first, last):
                continue
            try:
                records = from_table(schema, file.read_row_group(number))
            except (OSError, ValueError, pa.ArrowException) as error:
                raise BadArchivedReadings(f"{path} cannot be read: {error}") from error
            yield _only(records, first, last)


def _is_outside(group: pq.RowGroupMetaData, first: int | None, last: int | None) -> bool:
    statistics = group.column(0).statistics
    return (first is not None and statistics.max < first) or (last is not None and statistics.min > last)


def _only(records: Records, first: int | None, last: int | None) -> Records:
    if first is None and last is None:
        return records
    low = 0 if first is None else int(np.searchsorted(records["source_id"], first))
    high = len(records) if last is None else int(np.searchsorted(records["source_id"], last, side="right"))
    return records[low:high]
