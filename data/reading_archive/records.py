"""Frames as canonical records: the bytes that a content checksum is made of, the same for rows of PostgreSQL and of Parquet.

A record is source (4 bytes), time (8, epoch milliseconds), delay (4, seconds) and the payload of `twin.frames`, all in network
byte order without gaps; every missing value is the one quiet NaN. Records are sorted by (source, time).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from cryptography.hazmat.primitives.hashes import SM3, Hash

from data.errors import BadArchivedReadings
from twin.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.frames import Frames, decode_payloads, encode_payloads, payload_dtype
from twin.schemas import FrameSchema

Records: TypeAlias = np.ndarray[Any, np.dtype[np.void]]
"""Shape (n,), of `record_dtype(schema)`."""
DAY_MS = 86_400_000
COPY_HEAD_BYTES = 19
COPY_END = b"\xff\xff"
_EPOCH_2000_MS = 946_684_800_000


def record_dtype(schema: FrameSchema) -> np.dtype[np.void]:
    """Return the layout of one canonical record."""
    return np.dtype(
        [("source_id", ">i4"), ("observed_ms", ">i8"), ("delay_s", ">i4"), ("payload", payload_dtype(schema))],
    )


def copied_dtype(schema: FrameSchema) -> np.dtype[np.void]:
    """Return the layout of one row of `copy (select source_id, observed_at, delay_s, payload ..) .. (format binary)`."""
    return np.dtype(
        [
            ("fields", ">i2"),
            *(("source_size", ">i4"), ("source_id", ">i4"), ("time_size", ">i4"), ("observed_us", ">i8")),
            *(("delay_size", ">i4"), ("delay_s", ">i4"), ("payload_size", ">i4"), ("payload", payload_dtype(schema))),
        ]
    )


def from_copied(schema: FrameSchema, rows: bytes) -> Records:
    """Read whole rows of a binary COPY.

    Raises
    ------
    BadArchivedReadings
        When a row has not the length that the schema says.
    """
    layout = copied_dtype(schema)
    size = layout["payload"].itemsize
    read = np.frombuffer(rows, layout) if len(rows) % layout.itemsize == 0 else None
    if read is None or not (read["payload_size"] == size).all():
        raise BadArchivedReadings(
            f"stored frames of schema {schema.code}/{schema.version} have not the {size} bytes that its {len(schema.points)} "
            f"points take; they cannot be archived"
        )
    records = np.empty(len(read), record_dtype(schema))
    records["source_id"], records["delay_s"] = read["source_id"], read["delay_s"]
    records["observed_ms"] = read["observed_us"] // 1000 + _EPOCH_2000_MS
    records["payload"] = read["payload"]
    return with_one_nan(records)


def from_arrays(
    schema: FrameSchema,
    *,
    source_ids: Int32Array,
    observed_ms: Int64Array,
    delay_s: Int32Array,
    values: Float64Array,
    quality: UInt8Array,
) -> Records:
    """Make records of arrays, in their order."""
    records = np.empty(len(source_ids), record_dtype(schema))
    records["source_id"], records["observed_ms"], records["delay_s"] = source_ids, observed_ms, delay_s
    records["payload"] = encode_payloads(schema, values, quality)
    return with_one_nan(records)


def with_one_nan(records: Records) -> Records:
    """Write every missing value with the same bits, in place; returns the records."""
    for name in ("gauges", "totals"):
        values = records["payload"][name]
        values[np.isnan(values)] = np.nan
    return records


def to_frames(schema_id: int, schema: FrameSchema, records: Records) -> Frames:
    """Return records as the arrays that the rest of the program reads."""
    values, quality = decode_payloads(schema, np.ascontiguousarray(records["payload"]))
    return Frames(
        schema_id,
        schema,
        records["source_id"].astype(np.int32),
        records["observed_ms"].astype(np.int64),
        records["delay_s"].astype(np.int32),
        values,
        quality,
    )


def joined(blocks: Sequence[Records]) -> Records:
    """Return blocks one after the other; at least one. `np.concatenate` would turn their bytes into the machine's order."""
    if len(blocks) == 1:
        return blocks[0]
    records = np.empty(sum(map(len, blocks)), blocks[0].dtype)
    start = 0
    for block in blocks:
        records[start : start + len(block)] = block
        start += len(block)
    return records


def sort_keys(records: Records) -> Int64Array:
    """Return one number a record that sorts like (source, time) among the records of one day."""
    keys: Int64Array = records["source_id"].astype(np.int64) * DAY_MS + records["observed_ms"].astype(np.int64) % DAY_MS
    return keys


def is_sorted(records: Records) -> bool:
    """Tell whether records of one day rise by (source, time) and no key comes twice."""
    keys = sort_keys(records)
    return bool((keys[1:] > keys[:-1]).all())


def same_payload(left: Records, right: Records) -> BoolArray:
    """Tell which records carry the same values and flags, row by row."""
    return np.asarray((_payload_bytes(left) == _payload_bytes(right)).all(axis=1), np.bool_)


def _payload_bytes(records: Records) -> UInt8Array:
    payloads = np.ascontiguousarray(records["payload"])
    return payloads.view(np.uint8).reshape(len(records), payloads.dtype.itemsize)


def count_values(records: Records) -> int:
    """Return how many values are not missing."""
    return sum(int(np.count_nonzero(~np.isnan(records["payload"][name]))) for name in ("gauges", "totals"))


@dataclass
class Content:
    """What a sorted sequence of records holds, gathered block by block; `sm3` is its checksum (GB/T 32905-2016)."""

    frames: int = 0
    values: int = 0
    first_source_id: int = 0
    last_source_id: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def __post_init__(self) -> None:
        self._hash = Hash(SM3())

    def add(self, records: Records) -> None:
        """Take the next records."""
        if not len(records):
            return
        low, high = int(records["observed_ms"].min()), int(records["observed_ms"].max())
        if not self.frames:
            self.first_source_id, self.first_ms, self.last_ms = int(records["source_id"][0]), low, high
        self.frames += len(records)
        self.values += count_values(records)
        self.last_source_id = int(records["source_id"][-1])
        self.first_ms, self.last_ms = min(self.first_ms, low), max(self.last_ms, high)
        self._hash.update(np.ascontiguousarray(records).view(np.uint8).data)

    @property
    def sm3(self) -> str:
        """The checksum of all records so far."""
        return self._hash.copy().finalize().hex()


def content_of(blocks: Iterable[Records]) -> Content:
    """Return what blocks of sorted records hold."""
    content = Content()
    for block in blocks:
        content.add(block)
    return content
