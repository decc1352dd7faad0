"""Buffers of PostgreSQL's binary COPY for reading frames, encoded by numpy and not from tuples."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from twin.frames import encode_payloads, payload_dtype
from twin.readings import Batch

COLUMNS: Final = ("city_id", "schema_id", "source_id", "observed_at", "delay_s", "payload")
STAGED_COLUMNS: Final = ("n", *COLUMNS)
EPOCH_2000_MS: Final = 946_684_800_000
"""PostgreSQL counts microseconds from 2000-01-01."""

_HEAD: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END: Final = b"\xff\xff"
_PLAIN: Final = {"n": ">i4", "city_id": ">i2", "schema_id": ">i2", "source_id": ">i4", "observed_at": ">i8", "delay_s": ">i4"}


@dataclass(frozen=True, slots=True)
class CityBatch:
    """Frames of one schema of one city, on their way to the store."""

    city_id: int
    batch: Batch


@cache
def _row_dtype(payload: np.dtype[np.void], columns: tuple[str, ...]) -> np.dtype[np.void]:
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for name in columns[:-1]:
        fields += [(f"{name}_size", ">i4"), (name, _PLAIN[name])]
    return np.dtype([*fields, ("payload_size", ">i4"), ("payload", payload)])


def copy_rows(city_id: int, batch: Batch, received_ms: int, *, first: int | None = None) -> bytes:
    """Encode a batch as rows of PostgreSQL's binary COPY, without head and end.

    Parameters
    ----------
    city_id
        City of the frames.
    batch
        The frames.
    received_ms
        Time of arrival, epoch milliseconds.
    first
        Number of the first row, for rows of the staging table: they are numbered in order. None = rows of `reading_frame`.
    """
    columns = COLUMNS if first is None else STAGED_COLUMNS
    rows = np.empty(len(batch), _row_dtype(payload_dtype(batch.schema), columns))
    rows["fields"] = len(columns)
    for name in columns[:-1]:
        rows[f"{name}_size"] = np.dtype(_PLAIN[name]).itemsize
    if first is not None:
        rows["n"] = np.arange(first, first + len(batch))
    rows["city_id"], rows["source_id"], rows["schema_id"] = city_id, batch.source_ids, batch.schema_id
    rows["observed_at"] = (batch.observed_ms - EPOCH_2000_MS) * 1000
    rows["delay_s"] = (received_ms - batch.observed_ms) // 1000
    rows["payload_size"] = rows.dtype["payload"].itemsize
    rows["payload"] = encode_payloads(batch.schema, batch.values, batch.quality)
    return rows.tobytes()


def copy_buffer(batches: Sequence[CityBatch], received_ms: int) -> io.BytesIO:
    """Return the whole COPY of frames into `reading_frame`."""
    return io.BytesIO(b"".join((_HEAD, *(copy_rows(item.city_id, item.batch, received_ms) for item in batches), _END)))


def staging_buffer(batches: Sequence[CityBatch], received_ms: int) -> io.BytesIO:
    """Return the whole COPY of frames into the staging table, numbered in order through all batches."""
    parts, first = [_HEAD], 0
    for item in batches:
        parts.append(copy_rows(item.city_id, item.batch, received_ms, first=first))
        first += len(item.batch)
    return io.BytesIO(b"".join((*parts, _END)))
