"""Reading frames: from what a device sends to arrays that fit its schema.

`prepare` takes a whole batch: each frame gets a result, and those that fit are gathered in one `Batch` of arrays a schema.
Nothing here knows a server or a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import Any

import numpy as np

from twin.arrays import Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.quality import FLAGS, Quality, flag_values
from twin.schemas import FrameSchema

OLDEST_MS = 400 * 86_400_000
"""How far back a frame may lie: one heating season and its comparison."""
NEWEST_MS = 86_400_000
"""How far ahead a frame may lie: clocks are wrong, but not by more than a day."""

_NUMBERS = {int, float, NoneType}


class Result(Enum):
    """What became of one frame."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    UNKNOWN_SOURCE = "unknown_source"
    BAD_SCHEMA = "bad_schema"
    BAD_VALUE = "bad_value"
    TOO_OLD = "too_old"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that sends frames about one asset.

    Attributes
    ----------
    source_id
        Number within the city.
    code
        Natural key, `<kind>:<code>` of the asset for those made by the program.
    asset_id, kind, company_id, area_id
        The asset it reports on, with what the Scope asks of it.
    schema_id
        Number of the frame schema within the city.
    schema
        That schema.
    period_s
        Expected time between frames, in seconds.
    """

    source_id: int
    code: str
    asset_id: int
    kind: str
    company_id: int | None
    area_id: int | None
    schema_id: int
    schema: FrameSchema
    period_s: int


@dataclass(frozen=True)
class Batch:
    """Frames of one schema as arrays; row i of each belongs together.

    Attributes
    ----------
    schema_id, schema
        What the columns mean.
    positions
        Place of each frame in the batch it came in, shape (n,).
    source_ids
        Shape (n,).
    observed_ms
        Epoch milliseconds by the device's clock, shape (n,).
    values
        As sent, NaN = missing, shape (n, points).
    quality
        QARTOD flags, shape (n, points).
    """

    schema_id: int
    schema: FrameSchema
    positions: Int64Array
    source_ids: Int32Array
    observed_ms: Int64Array
    values: Float64Array
    quality: UInt8Array

    def __len__(self) -> int:
        return len(self.source_ids)

    @property
    def gauges(self) -> Float32Array:
        """The 32-bit slots, shape (n, gauges)."""
        return self.values[:, self.schema.gauge_columns].astype(np.float32)

    @property
    def totals(self) -> Float64Array:
        """The 64-bit slots, shape (n, totals)."""
        return self.values[:, self.schema.total_columns]

    def take(self, rows: Int64Array) -> Batch:
        """Return some of the frames."""
        return Batch(
            self.schema_id,
            self.schema,
            self.positions[rows],
            self.source_ids[rows],
            self.observed_ms[rows],
            self.values[rows],
            self.quality[rows],
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked batch: results of the frames that were refused (None for the others), and the arrays of the rest."""

    results: tuple[Result | None, ...]
    batches: tuple[Batch, ...]

    def __len__(self) -> int:
        return sum(len(batch) for batch in self.batches)


def prepare(frames: Sequence[Any], sources: Mapping[str, Source], *, now_ms: int) -> Prepared:
    """Check frames and gather those that fit.

    Parameters
    ----------
    frames
        `{"source", "schema", "observed_at", "values", "quality"?}` as parsed from JSON; anything else is refused singly.
    sources
        The sources that the sender may report for, by code.
    now_ms
        Time of arrival, epoch milliseconds.
    """
    results: list[Result | None] = []
    gathered: dict[int, list[int]] = {}
    for position, frame in enumerate(frames):
        result, source = _check(frame, sources, now_ms)
        results.append(result)
        if source is not None:
            gathered.setdefault(source.schema_id, []).append(position)
    batches = []
    for positions in gathered.values():
        batch = _gather(frames, positions, sources)
        fits = _fits_slots(batch)
        for position in batch.positions[~fits].tolist():
            results[position] = Result.BAD_VALUE
        batches.append(batch.take(np.flatnonzero(fits)))
    return Prepared(tuple(results), tuple(batch for batch in batches if len(batch)))


def _check(frame: Any, sources: Mapping[str, Source], now_ms: int) -> tuple[Result | None, Source | None]:
    """Return the reason to refuse a frame, else its source."""
    if not isinstance(frame, dict):
        return Result.BAD_VALUE, None
    code = frame.get("source")
    source = sources.get(code) if isinstance(code, str) else None
    if source is None:
        return Result.UNKNOWN_SOURCE, None
    if frame.get("schema") not in (source.schema.code, f"{source.schema.code}/{source.schema.version}"):
        return Result.BAD_SCHEMA, None
    observed, values, quality = frame.get("observed_at"), frame.get("values"), frame.get("quality")
    result = _check_time(observed, now_ms) or _check_columns(values, quality, len(source.schema.points))
    return (result, None) if result is not None else (None, source)


def _check_time(observed: Any, now_ms: int) -> Result | None:
    if type(observed) is not int:
        return Result.BAD_VALUE
    if observed < now_ms - OLDEST_MS:
        return Result.TOO_OLD
    return Result.FUTURE if observed > now_ms + NEWEST_MS else None


def _check_columns(values: Any, quality: Any, count: int) -> Result | None:
    if not isinstance(values, list):
        return Result.BAD_VALUE
    if len(values) != count:
        return Result.BAD_SCHEMA
    # by exact type: True is an int to Python, but no measurement
    if not set(map(type, values)) <= _NUMBERS:
        return Result.BAD_VALUE
    if quality is not None and not (isinstance(quality, list) and len(quality) == count and _are_flags(quality)):
        return Result.BAD_VALUE
    return None


def _are_flags(quality: list[Any]) -> bool:
    return all(type(flag) is int and flag in FLAGS for flag in quality)


def _gather(frames: Sequence[Any], positions: Sequence[int], sources: Mapping[str, Source]) -> Batch:
    rows = [frames[position] for position in positions]
    first = sources[rows[0]["source"]]
    unknown = [int(Quality.NOT_EVALUATED)] * len(first.schema.points)
    values = np.array([row["values"] for row in rows], np.float64)
    given = np.array([row.get("quality") or unknown for row in rows], np.uint8)
    return Batch(
        schema_id=first.schema_id,
        schema=first.schema,
        positions=np.array(positions, np.int64),
        source_ids=np.array([sources[row["source"]].source_id for row in rows], np.int32),
        observed_ms=np.array([row["observed_at"] for row in rows], np.int64),
        values=values,
        quality=flag_values(values, given, first.schema.low, first.schema.high),
    )


def _fits_slots(batch: Batch) -> Any:
    """Tell which frames have values that a 32-bit gauge can hold."""
    largest = np.finfo(np.float32).max
    gauges = batch.values[:, batch.schema.gauge_columns]
    return ~(np.abs(gauges) > largest).any(axis=1)


def rounds(source_ids: Int32Array, observed_ms: Int64Array) -> Iterator[Int64Array]:
    """Yield rows so that no source comes twice in one round and each source's rounds go forward in time.

    A group commit seldom holds two frames of a source, so there is mostly one round; a back-fill has as many as it has
    frames of one source.
    """
    order = np.lexsort((observed_ms, source_ids))
    if not order.size:
        return
    ordered = source_ids[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    rank = np.arange(order.size) - np.repeat(starts, np.diff(np.r_[starts, order.size]))
    for number in range(int(rank.max()) + 1):
        yield order[rank == number]
