"""Readings as tables of Arrow, and as the files made of them: CSV, Arrow streams, Parquet."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from twin.frames import Frames
from twin.history import Curve, curve_of_frames, value_type
from twin.schemas import Point

FileFormat: TypeAlias = Literal["csv", "parquet"]
MEDIA: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
_TIME: Final = pa.timestamp("ms", "UTC")


def curve_table(source: str, curve: Curve) -> pa.Table:
    """Return a curve as a table: source, time, and of each point its value, quality and, of buckets, what else there is."""
    count = len(curve)
    columns: dict[str, Any] = {"source": pa.array([source] * count, pa.string()), "observed_at": pa.array(curve.at_ms, _TIME)}
    if curve.frames is not None:
        columns["frames"] = pa.array(curve.frames, pa.int32())
    for each in curve.points:
        parts = {"min": each.least, "max": each.greatest, "increase": each.rise, "count": each.good, "quality": each.quality}
        columns[each.point.name] = _plain(each.values)
        columns |= {f"{each.point.name}__{name}": _plain(values) for name, values in parts.items() if values is not None}
    return pa.table(columns)


def _plain(values: np.ndarray) -> pa.Array:
    return pa.array(np.ascontiguousarray(values), from_pandas=True)


def table_bytes(tables: Sequence[pa.Table], file_format: str) -> bytes:
    """Return tables, one after the other, as the bytes of one file; a column that a table lacks is empty there."""
    whole = pa.concat_tables(tables, promote_options="default")
    sink = io.BytesIO()
    if file_format == "csv":
        pa_csv.write_csv(_printable(whole), sink)
    elif file_format == "parquet":
        pq.write_table(whole, sink, compression="zstd")
    else:
        with pa.ipc.new_stream(sink, whole.schema) as stream:
            stream.write_table(whole)
    return sink.getvalue()


def _printable(table: pa.Table) -> pa.Table:
    """Return a table whose times are texts of ISO 8601."""
    place = table.schema.get_field_index("observed_at")
    texts = np.datetime_as_string(table["observed_at"].to_numpy().astype("datetime64[ms]"), unit="ms", timezone="UTC")
    return table.set_column(place, "observed_at", pa.array(texts, pa.string()))


class FrameFile:
    """Writes frames of several sources and schemas to one file; a point that a schema lacks is empty there.

    Parameters
    ----------
    path
        The file.
    sources
        Codes by number.
    points
        Columns, in this order.
    """

    def __init__(self, path: Path, file_format: FileFormat, sources: Mapping[int, str], points: Sequence[Point]) -> None:
        self._sources = sources
        self._points = points
        self._csv = file_format == "csv"
        schema = self._table([]).schema
        options = pa_csv.WriteOptions()
        self._writer: Any = (
            pa_csv.CSVWriter(path, _printable(schema.empty_table()).schema, write_options=options)
            if self._csv
            else pq.ParquetWriter(path, schema, compression="zstd")
        )
        self.rows = 0

    def write(self, frames: Frames) -> None:
        """Append frames of one schema."""
        table = self._table([frames])
        self._writer.write_table(_printable(table) if self._csv else table)
        self.rows += len(frames)

    def close(self) -> None:
        """End the file."""
        self._writer.close()

    def _table(self, parts: Sequence[Frames]) -> pa.Table:
        source_ids = np.concatenate([np.empty(0, np.int32), *(part.source_ids for part in parts)])
        delay_s = np.concatenate([np.empty(0, np.int32), *(part.delay_s for part in parts)])
        observed_ms = np.concatenate([np.empty(0, np.int64), *(part.observed_ms for part in parts)])
        columns: dict[str, Any] = {
            "source": pa.array([self._sources[each] for each in source_ids.tolist()], pa.string()),
            "observed_at": pa.array(observed_ms, _TIME),
            "delay_s": pa.array(delay_s, pa.int32()),
        }
        for point in self._points:
            # frames are by source, then time: they stay in that order
            values, quality = _column(parts, point)
            columns[point.name] = pa.array(values, from_pandas=True)
            columns[f"{point.name}__quality"] = pa.array(quality, pa.uint8())
        return pa.table(columns)


def _column(parts: Sequence[Frames], point: Point) -> tuple[np.ndarray, np.ndarray]:
    if not parts:
        return np.empty(0, value_type(point)), np.empty(0, np.uint8)
    part = parts[0]
    # the places stand in for times, so that the order of several sources is kept
    placed = Frames(part.schema_id, part.schema, part.source_ids, np.arange(len(part)), part.delay_s, part.values, part.quality)
    column = curve_of_frames([placed], [point]).points[0]
    return column.values, column.quality
