"""Readings of sources written to a file, digit for digit as they were sent: hot days and archive together.

A 32-bit gauge is printed by its own shortest digits, a total as a 64-bit number; a value in another unit by the digits that
its slot holds (7 or 15).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from data.errors import BadReadingFile, NotFound
from data.pool import Connection
from data.reading_archive.copies import DayKind, read_hot
from data.reading_archive.manifest import list_parts
from data.reading_archive.merging import merge
from data.reading_archive.parquet_files import QUALITY, read_file, sync_folder
from data.reading_archive.records import Records, joined, to_frames
from data.reading_archive.repacking import list_partitions
from data.reading_archive.schemas import read_schemas
from data.reading_files.units import Conversion, conversion
from data.statements import sql
from twin.frames import Frames
from twin.schemas import FrameSchema, Point

FORMATS: Final = ("csv", "parquet")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class ExportOrder:
    """What is exported.

    Attributes
    ----------
    city_id
        City of the sources.
    sources
        Their codes; all must have one kind of schema.
    start, end
        From, up to (not with).
    points
        Names; None = all.
    units
        Unit of a point in the file, by name; others have ours.
    zone
        Time zone of the times in a CSV.
    time_format
        As strftime, local in `zone`; None = ISO 8601 with offset.
    quality
        Write the flags too.
    """

    city_id: int
    sources: Sequence[str]
    start: datetime
    end: datetime
    points: Sequence[str] | None = None
    units: Mapping[str, str] | None = None
    zone: str = "UTC"
    time_format: str | None = None
    quality: bool = False


def export_readings(connection: Connection, var_dir: Path, order: ExportOrder, path: Path, *, form: str) -> int:
    """Write a file and return the number of frames; it is whole or not there.

    Parameters
    ----------
    connection
        For reading.
    var_dir
        Below it the archive lies.
    order
        What is wanted.
    path
        A new file.
    form
        Of `FORMATS`.

    Raises
    ------
    BadReadingFile
        When the order cannot be met; the message says what can.
    NotFound
        When there is no such source.

    Notes
    -----
    Memory: the frames of one day of the sources. Rows are sorted by time within each source and day.
    """
    if form not in FORMATS:
        raise BadReadingFile(f"the format is {form!r}; it must be {' or '.join(FORMATS)}")
    if path.exists():
        raise BadReadingFile(f"{path} exists; name a new file")
    ids, schema = _sources(connection, order)
    columns = _columns(schema, order)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    count = 0
    try:
        with _Writer(temporary, form, order, columns) as writer:
            for frames in _frames(connection, var_dir, order, schema, sorted(ids)):
                writer.write(frames, ids)
                count += len(frames)
        temporary.rename(path)
        sync_folder(path.absolute().parent)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _sources(connection: Connection, order: ExportOrder) -> tuple[dict[int, str], FrameSchema]:
    rows = connection.execute(sql("reading_source_list"), {"city_id": order.city_id}).fetchall()
    known = {code: (source_id, schema_id) for code, source_id, schema_id in rows}
    lacking = [code for code in order.sources if code not in known]
    if lacking:
        raise NotFound(f"there is no source {', '.join(lacking)} in city {order.city_id}; see GET /sources")
    numbers = sorted({known[code][1] for code in order.sources})
    schemas = read_schemas(connection, order.city_id)
    if len({schemas[order.city_id, number].code for number in numbers}) != 1:
        raise BadReadingFile("the sources have different kinds of schemas; export each kind into a file of its own")
    return {known[code][0]: code for code in order.sources}, schemas[order.city_id, numbers[-1]]


def _columns(schema: FrameSchema, order: ExportOrder) -> list[tuple[Point, Conversion]]:
    names = [point.name for point in schema.points]
    unknown = [name for name in [*(order.points or ()), *(order.units or {})] if name not in names]
    if unknown:
        raise BadReadingFile(
            f"schema {schema.code}/{schema.version} has no point {', '.join(unknown)}; it has {', '.join(names)}"
        )
    wanted = [point for point in schema.points if order.points is None or point.name in order.points]
    return [(point, conversion((order.units or {}).get(point.name), point.unit, point=point.name)) for point in wanted]


def _frames(
    connection: Connection, var_dir: Path, order: ExportOrder, schema: FrameSchema, ids: Sequence[int]
) -> Iterator[Frames]:
    """Yield the frames day by day, of all versions of the schema."""
    low, high = int(order.start.timestamp() * 1000), int(order.end.timestamp() * 1000)
    schemas = [(number, own) for (_, number), own in read_schemas(connection, order.city_id).items() if own.code == schema.code]
    hot_days = {partition.day for partition in list_partitions(connection)}
    for day in _days(connection, order, hot_days):
        for number, own in schemas:
            kind = DayKind(order.city_id, number, own, day)
            blocks = list(_of_day(connection, var_dir, kind, ids, hot=day in hot_days))
            if blocks:
                records = joined(blocks)
                inside = (records["observed_ms"] >= low) & (records["observed_ms"] < high) & np.isin(records["source_id"], ids)
                yield to_frames(number, own, records[inside])


def _days(connection: Connection, order: ExportOrder, hot_days: set[date]) -> list[date]:
    first, last = order.start.astimezone(UTC).date(), (order.end.astimezone(UTC) - timedelta(milliseconds=1)).date()
    parts = list_parts(connection, city_id=order.city_id, first_day=first, last_day=last)
    return sorted({part.day for part in parts} | {day for day in hot_days if first <= day <= last})


def _of_day(connection: Connection, var_dir: Path, kind: DayKind, ids: Sequence[int], *, hot: bool) -> Iterator[Records]:
    parts = list_parts(connection, city_id=kind.city_id, schema_id=kind.schema_id, first_day=kind.day, last_day=kind.day)
    wanted = [part for part in parts if part.first_source_id <= ids[-1] and part.last_source_id >= ids[0]]
    archived = (block for part in wanted for block in read_file(var_dir / part.path, kind.schema, first=ids[0], last=ids[-1]))
    stored = read_hot(connection, kind, first=ids[0], last=ids[-1]) if hot else iter(())
    return (block.records for block in merge([stored, archived]))


class _Writer:
    """Writes frames as rows of a CSV or Parquet file."""

    def __init__(self, path: Path, form: str, order: ExportOrder, columns: Sequence[tuple[Point, Conversion]]) -> None:
        self._order, self._columns, self._form = order, columns, form
        self._file = path.open("wb")
        kinds = {"gauge": pa.float32(), "total": pa.float64()}
        fields = [
            pa.field("source", pa.string()),
            pa.field("observed_at", pa.string() if form == "csv" else pa.timestamp("ms", "UTC")),
        ]
        fields += [pa.field(point.name, kinds[point.slot]) for point, _ in columns]
        if order.quality:
            fields += [pa.field(point.name + QUALITY, pa.uint8()) for point, _ in columns]
        self._schema = pa.schema(fields)
        self._writer: Any = (
            pa_csv.CSVWriter(self._file, self._schema, write_options=pa_csv.WriteOptions(quoting_style=_quoting(order)))
            if form == "csv"
            else pq.ParquetWriter(self._file, self._schema, compression="zstd")
        )

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def write(self, frames: Frames, codes: Mapping[int, str]) -> None:
        """Write frames, those of each source by time."""
        times = pa.array(frames.observed_ms.astype("datetime64[ms]"), pa.timestamp("ms", "UTC"))
        arrays = [pa.array([codes[number] for number in frames.source_ids.tolist()], pa.string()), times]
        if self._form == "csv":
            arrays[1] = self._times(times)
        for point, units in self._columns:
            values = _values(frames, point, units)
            arrays.append(pa.array(values, from_pandas=True))
        if self._order.quality:
            arrays += [pa.array(_quality(frames, point)) for point, _ in self._columns]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def _times(self, times: pa.Array) -> pa.Array:
        local = pc.cast(times, pa.timestamp("ms", self._order.zone))
        if self._order.time_format is None:
            return pc.strftime(local, format="%Y-%m-%dT%H:%M:%S%z")
        return pc.strftime(pc.cast(local, pa.timestamp("s", self._order.zone), safe=False), format=self._order.time_format)


def _values(frames: Frames, point: Point, units: Conversion) -> np.ndarray[Any, Any]:
    """Return the values of a point in the wanted unit, in the width of its slot; NaN where a version has no such point."""
    place = frames.schema.column(point.name)
    kind = np.float32 if point.slot == "gauge" else np.float64
    if place is None:
        return np.full(len(frames), np.nan, kind)
    values = frames.values[:, place]
    if units.is_identity:
        return values.astype(kind)
    if point.slot == "total":
        # the unit was changed twice: 15 digits are what survives that
        return np.array([float(f"{value:.15g}") for value in units.to_theirs(values).tolist()])
    # by the digits that the gauge shows, not by those of its nearest 64-bit number
    shown = pc.cast(pc.cast(pa.array(values.astype(np.float32)), pa.string()), pa.float64()).to_numpy(zero_copy_only=False)
    return units.to_theirs(shown).astype(kind)


def _quality(frames: Frames, point: Point) -> np.ndarray[Any, Any]:
    place = frames.schema.column(point.name)
    return np.full(len(frames), 9, np.uint8) if place is None else np.ascontiguousarray(frames.quality[:, place])


def _quoting(order: ExportOrder) -> str:
    """Return `none` where no text needs quotes: pyarrow would put them around every text."""
    return "needed" if any(mark in text for text in (*order.sources, order.time_format or "") for mark in ',"\r\n') else "none"
