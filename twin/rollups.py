"""Roll-ups: what the frames of a stretch of time come to, as arrays, and the bytes that a block of them is stored as.

A row says of one source and one bucket of time: how many frames there were; of each gauge the least, greatest and mean value
and of each total the last one, out of values flagged 1 or 2 only; how many those were; and the worst flag of all values. Rows of
a coarser level come from those of a finer one: least, greatest, last, counts and flags are then equal to the bit to those made
from the frames, and the mean, a 32-bit number like the gauge itself, to `MEAN_TOLERANCE`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import zstandard

from twin.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.errors import BadFrame
from twin.frames import Frames, payload_part
from twin.quality import may_raise_alarm
from twin.schemas import FrameSchema

MEAN_TOLERANCE: Final = 4e-7
"""Relative; three roundings of 32-bit means (10 minutes, hour, day), each at most 2^-24 of the greatest value that counts."""
HOUR_S: Final = 3600
DAY_S: Final = 86_400
_HEAD: Final = np.dtype([("rows", "<u4"), ("points", "<u2"), ("gauges", "<u2")])
_LEVEL: Final = 3


@dataclass(frozen=True)
class Rollups:
    """Roll-ups of one schema; row i of each array belongs together, one row a source and bucket.

    Attributes
    ----------
    schema
        What the columns mean.
    source_ids
        Shape (n,).
    start_ms
        Where the bucket begins, epoch milliseconds, shape (n,).
    frames
        Frames in the bucket, shape (n,).
    least, greatest, mean
        Of each gauge, NaN where no value counts, shape (n, gauges).
    last
        Of each total, NaN where no value counts, shape (n, totals).
    good
        Values that count, of each point in schema order, shape (n, points).
    worst
        Worst QARTOD flag of all values, shape (n, points).
    """

    schema: FrameSchema
    source_ids: Int32Array
    start_ms: Int64Array
    frames: Int32Array
    least: Float32Array
    greatest: Float32Array
    mean: Float32Array
    last: Float64Array
    good: Int32Array
    worst: UInt8Array

    def __len__(self) -> int:
        return len(self.source_ids)

    def take(self, rows: Int64Array | BoolArray | slice) -> Rollups:
        """Return some of the rows."""
        return Rollups(self.schema, **{name: getattr(self, name)[rows] for name in _ARRAYS})


_ARRAYS: Final = ("source_ids", "start_ms", "frames", "least", "greatest", "mean", "last", "good", "worst")


def no_rollups(schema: FrameSchema) -> Rollups:
    """Return no rows of a schema."""
    gauges, totals, points = len(schema.gauge_columns), len(schema.total_columns), len(schema.points)
    floats = np.empty((0, gauges), np.float32)
    return Rollups(
        schema,
        np.empty(0, np.int32),
        np.empty(0, np.int64),
        np.empty(0, np.int32),
        floats,
        floats,
        floats,
        np.empty((0, totals)),
        np.empty((0, points), np.int32),
        np.empty((0, points), np.uint8),
    )


# ---------------------------------------------------------------- buckets


def bucket_starts(at_ms: Int64Array, every_s: int, zone: str) -> Int64Array:
    """Return where the buckets of times begin.

    Parameters
    ----------
    at_ms
        Epoch milliseconds, shape (n,).
    every_s
        Length of a bucket. Up to an hour they lie on UTC; longer ones begin at midnight in `zone` and fill its days, or
        several days, counted from 1970-01-01 there.
    zone
        IANA name.
    """
    step = every_s * 1000
    if every_s <= HOUR_S:
        return at_ms // step * step
    hours, place = np.unique(at_ms // (HOUR_S * 1000), return_inverse=True)
    tz = ZoneInfo(zone)
    starts = [_local_start(int(hour) * HOUR_S, every_s, tz) for hour in hours]
    return np.array(starts, np.int64)[place.reshape(at_ms.shape)]


def _local_start(epoch_s: int, every_s: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(epoch_s, zone).replace(tzinfo=UTC).timestamp()
    begun = datetime.fromtimestamp(local // every_s * every_s, UTC)
    return round(begun.replace(tzinfo=zone).timestamp() * 1000)


# ---------------------------------------------------------------- making


def reduce_frames(frames: Frames, every_s: int, zone: str) -> Rollups:
    """Return the roll-ups of frames, by source and time.

    Cost: 0.2 us a value; a city's 2.3 million frames of ten minutes (12 million values) take 3 s of processor.
    """
    if not len(frames):
        return no_rollups(frames.schema)
    start_ms = bucket_starts(frames.observed_ms, every_s, zone)
    order = _order(frames.source_ids, frames.observed_ms)
    source_ids, start_ms = frames.source_ids[order], start_ms[order]
    values, quality = frames.values[order], frames.quality[order]
    schema, first = frames.schema, _firsts(source_ids, start_ms)
    good = may_raise_alarm(quality) & ~np.isnan(values)
    counts = np.add.reduceat(good, first, axis=0, dtype=np.int32)
    gauges = np.where(good[:, schema.gauge_columns], values[:, schema.gauge_columns], np.nan)
    sums = np.add.reduceat(np.nan_to_num(gauges, copy=True, nan=0.0), first, axis=0)
    return Rollups(
        schema,
        source_ids[first],
        start_ms[first],
        np.diff(np.append(first, len(order))).astype(np.int32),
        np.fmin.reduceat(gauges, first, axis=0).astype(np.float32),
        np.fmax.reduceat(gauges, first, axis=0).astype(np.float32),
        _mean(sums, counts[:, schema.gauge_columns]),
        _last(values[:, schema.total_columns], good[:, schema.total_columns], first),
        counts,
        np.maximum.reduceat(quality, first, axis=0),
    )


def coarser(rollups: Rollups, every_s: int, zone: str) -> Rollups:
    """Return the roll-ups of longer buckets, out of those that lie in them."""
    if not len(rollups):
        return rollups
    order = _order(rollups.source_ids, rollups.start_ms)
    fine = rollups.take(order)
    start_ms = bucket_starts(fine.start_ms, every_s, zone)
    first, schema = _firsts(fine.source_ids, start_ms), fine.schema
    counts = np.add.reduceat(fine.good, first, axis=0, dtype=np.int32)
    weights = fine.good[:, schema.gauge_columns]
    sums = np.add.reduceat(np.nan_to_num(fine.mean, copy=True, nan=0.0) * weights.astype(np.float64), first, axis=0)
    return Rollups(
        schema,
        fine.source_ids[first],
        start_ms[first],
        np.add.reduceat(fine.frames, first, dtype=np.int32),
        np.fmin.reduceat(fine.least, first, axis=0),
        np.fmax.reduceat(fine.greatest, first, axis=0),
        _mean(sums, counts[:, schema.gauge_columns]),
        _last(fine.last, ~np.isnan(fine.last), first),
        counts,
        np.maximum.reduceat(fine.worst, first, axis=0),
    )


def merged(schema: FrameSchema, parts: Sequence[Rollups]) -> Rollups:
    """Join roll-ups by source and time; of two rows for the same bucket the later part's stays."""
    whole = joined(schema, parts)
    if not len(whole):
        return whole
    # lexsort is stable: equal keys stay in the order of their parts
    order = _order(whole.source_ids, whole.start_ms)
    source_ids, start_ms = whole.source_ids[order], whole.start_ms[order]
    stays = np.append((source_ids[1:] != source_ids[:-1]) | (start_ms[1:] != start_ms[:-1]), True)
    return whole.take(order[stays])


def joined(schema: FrameSchema, parts: Sequence[Rollups]) -> Rollups:
    """Return the rows of all parts, one part after the other."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return no_rollups(schema)
    return Rollups(schema, **{name: np.concatenate([getattr(part, name) for part in filled]) for name in _ARRAYS})


def _order(source_ids: Int32Array, at_ms: Int64Array) -> Int64Array:
    later = (source_ids[1:] > source_ids[:-1]) | ((source_ids[1:] == source_ids[:-1]) & (at_ms[1:] >= at_ms[:-1]))
    return np.arange(len(at_ms)) if later.all() else np.lexsort((at_ms, source_ids))


def _firsts(source_ids: Int32Array, start_ms: Int64Array) -> Int64Array:
    changes = (source_ids[1:] != source_ids[:-1]) | (start_ms[1:] != start_ms[:-1])
    return np.flatnonzero(np.append(True, changes))


def _mean(sums: Float64Array, counts: Int32Array) -> Float32Array:
    means: Float64Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means.astype(np.float32)


def _last(values: Float64Array, counts: BoolArray, first: Int64Array) -> Float64Array:
    if not values.shape[1]:
        return np.empty((len(first), 0))
    rows = np.maximum.reduceat(np.where(counts, np.arange(len(values))[:, None], -1), first, axis=0)
    found = np.take_along_axis(values, np.maximum(rows, 0), axis=0)
    return np.where(rows >= 0, found, np.nan)


# ---------------------------------------------------------------- bytes

_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "source_ids": ("<i4", "<i4"),
    "start_ms": ("<i8", "<i8"),
    "frames": ("<i4", "<i4"),
    "least": ("<f4", "<i4"),
    "greatest": ("<f4", "<i4"),
    "mean": ("<f4", "<i4"),
    "last": ("<f8", "<i8"),
    "good": ("<i4", "<i4"),
    "worst": ("u1", "i1"),
}
"""How each array is stored, and the integers that its bits are read as."""


def encode_rollups(rollups: Rollups) -> bytes:
    """Return roll-ups as one compressed value of bytes.

    Column stands after column, and in a column each number is the step of its bits, read as an integer, from the row before:
    what hardly changes becomes small numbers and zeros, and every number comes back to the bit. That is a third less than the
    plain columns; sorting the bytes into planes besides made it more.
    """
    head = np.zeros(1, _HEAD)
    head["rows"], head["points"] = len(rollups), len(rollups.schema.points)
    head["gauges"] = len(rollups.schema.gauge_columns)
    columns = [_steps(getattr(rollups, name), *kinds) for name, kinds in _COLUMNS.items()]
    return zstandard.ZstdCompressor(level=_LEVEL).compress(b"".join([head.tobytes(), *columns]))


def _steps(column: np.ndarray, kind: str, bits: str) -> bytes:
    whole = np.ascontiguousarray(column, kind).view(bits)
    return np.diff(whole, axis=0, prepend=np.zeros_like(whole[:1])).tobytes("F")


def decode_rollups(schema: FrameSchema, payload: bytes, names: Collection[str] | None = None) -> Rollups:
    """Return the roll-ups of a stored block.

    Parameters
    ----------
    names
        Only these points are decoded: the roll-ups have a schema of these alone. None = all.

    Raises
    ------
    BadFrame
        When the block is not of this schema.
    """
    data = zstandard.ZstdDecompressor().decompress(payload)
    head = np.frombuffer(data, _HEAD, 1)[0]
    rows, points, gauges = int(head["rows"]), len(schema.points), len(schema.gauge_columns)
    if (int(head["points"]), int(head["gauges"])) != (points, gauges):
        named = f"schema {schema.code}/{schema.version}"
        raise BadFrame(f"a block of roll-ups of {head['points']} points is stored under {named}, which has {points}")
    widths = {"least": gauges, "greatest": gauges, "mean": gauges, "last": points - gauges, "good": points, "worst": points}
    part = None if names is None else payload_part(schema, names)
    wanted = {} if part is None else _places_of(schema, part.columns)
    arrays: dict[str, Any] = {}
    offset = _HEAD.itemsize
    for name, (kind, bits) in _COLUMNS.items():
        width = widths.get(name, 1)
        steps = np.frombuffer(data, bits, rows * width, offset).reshape((rows, width), order="F")
        offset += steps.nbytes
        shown = steps[:, wanted[name]] if name in wanted else steps
        column = np.cumsum(shown, axis=0, dtype=bits).view(kind)
        arrays[name] = column if name in widths else column[:, 0]
    return Rollups(schema if part is None else part.schema, **arrays)


def _places_of(schema: FrameSchema, columns: Collection[int]) -> dict[str, list[int]]:
    """Return which of its columns each array of roll-ups keeps of some points."""
    gauges = [place for place, column in enumerate(schema.gauge_columns) if column in columns]
    totals = [place for place, column in enumerate(schema.total_columns) if column in columns]
    points = list(columns)
    return {"least": gauges, "greatest": gauges, "mean": gauges, "last": totals, "good": points, "worst": points}
