"""Reading frames: from what a device sends to arrays that fit its schema.

`prepare` takes a whole batch: each frame gets a result, and those that fit are gathered in one `Batch` of arrays a schema.
A batch in which everything fits is checked column by column; only when something does not fit, frame by frame, which costs three
times as much and says of each frame what is wrong. Nothing here knows a server or a database.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from operator import attrgetter, itemgetter, ne
from types import NoneType
from typing import Any

import numpy as np

from twin.arrays import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array
from twin.quality import FLAGS, Quality, flag_values
from twin.schemas import FrameSchema

OLDEST_MS = 400 * 86_400_000
"""How far back a frame may lie: one heating season and its comparison."""
NEWEST_MS = 86_400_000
"""How far ahead a frame may lie: clocks are wrong, but not by more than a day."""

LARGEST_TOTAL = 2.0**53
"""Beyond it a 64-bit float does not hold every whole number: a register would come back with other digits."""
LARGEST_GAUGE = float(np.finfo(np.float32).max)

_NUMBERS = {int, float, NoneType}
_BARE_FIELDS = 4
"""Fields of a frame without flags."""


class Result(Enum):
    """What became of one frame."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    UNKNOWN_SOURCE = "unknown_source"
    BAD_SCHEMA = "bad_schema"
    BAD_LENGTH = "bad_length"
    BAD_VALUE = "bad_value"
    BAD_QUALITY = "bad_quality"
    BAD_TIME = "bad_time"
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

    Notes
    -----
    Costs about 1 us a frame of 8 points where all frames fit, 3 us where one does not.
    """
    prepared = _prepare_columns(frames, sources, now_ms)
    return prepare_singly(frames, sources, now_ms=now_ms) if prepared is None else prepared


def merge(prepared: Prepared, answers: Sequence[Sequence[Result]]) -> list[Result]:
    """Return the result of every frame, in order.

    Parameters
    ----------
    answers
        Results of the stored frames, one sequence a batch of `prepared`.
    """
    results = list(prepared.results)
    for batch, answer in zip(prepared.batches, answers, strict=True):
        if len(batch) == len(results):
            return list(answer)  # one batch holds all frames in their order
        for position, result in zip(batch.positions.tolist(), answer, strict=True):
            results[position] = result
    assert all(results)  # each frame was refused or stored
    return [result for result in results if result is not None]


# ---------------------------------------------------------------- column by column


def _prepare_columns(frames: Sequence[Any], sources: Mapping[str, Source], now_ms: int) -> Prepared | None:
    """Check whole columns of frames; None when anything does not fit, without saying what."""
    try:
        found = [sources[frame["source"]] for frame in frames]
        batches = tuple(
            _columns_of(frames if positions is None else [frames[place] for place in positions], found, positions, now_ms)
            for positions in _places_by_schema(found)
        )
    except (KeyError, TypeError, ValueError, OverflowError):  # a field is missing, of another type, or out of range
        return None
    return Prepared((None,) * len(frames), batches)


def _places_by_schema(found: Sequence[Source]) -> Sequence[Sequence[int] | None]:
    """Return the places of the frames of each schema; one None in their stead when all have the same (or there are none)."""
    ids = list(map(attrgetter("schema_id"), found))
    if len(set(ids)) <= 1:
        return [None] if ids else []
    places: dict[int, list[int]] = {}
    for place, schema_id in enumerate(ids):
        places.setdefault(schema_id, []).append(place)
    return list(places.values())


def _columns_of(rows: Sequence[Any], found: Sequence[Source], places: Sequence[int] | None, now_ms: int) -> Batch:
    """Gather frames of one schema.

    Raises
    ------
    KeyError, TypeError, ValueError, OverflowError
        When a frame does not fit.
    """
    own = found if places is None else [found[place] for place in places]
    schema, count = own[0].schema, len(own[0].schema.points)
    if not set(map(itemgetter("schema"), rows)) <= {schema.code, f"{schema.code}/{schema.version}"}:
        raise ValueError("schema")
    values = _value_columns(list(map(itemgetter("values"), rows)), count)
    return Batch(
        schema_id=own[0].schema_id,
        schema=schema,
        positions=np.arange(len(rows)) if places is None else np.array(places, np.int64),
        source_ids=np.array(list(map(attrgetter("source_id"), own)), np.int32),
        observed_ms=_time_column(list(map(itemgetter("observed_at"), rows)), now_ms),
        values=_require_slots(values, schema),
        quality=flag_values(values, _flag_columns(rows, count), schema.low, schema.high),
    )


def _value_columns(lists: list[Any], count: int) -> Float64Array:
    if set(map(type, lists)) != {list} or set(map(len, lists)) != {count}:
        raise ValueError("values")
    flat = list(chain.from_iterable(lists))
    types = set(map(type, flat))
    # by exact type: True is an int to Python, but no measurement
    if not types <= _NUMBERS:
        raise ValueError("values")
    # an array of the standard library reads numbers in half the time, but no None
    values = np.array(flat, np.float64) if NoneType in types else np.frombuffer(array("d", flat))
    if np.count_nonzero(np.isnan(values)) != (flat.count(None) if NoneType in types else 0):
        raise ValueError("values")
    return values.reshape(-1, count)


def _require_slots(values: Float64Array, schema: FrameSchema) -> Float64Array:
    if not _fits_slots(values, schema).all():
        raise ValueError("values")
    return values


def _time_column(times: list[Any], now_ms: int) -> Int64Array:
    if set(map(type, times)) != {int} or min(times) < now_ms - OLDEST_MS or max(times) > now_ms + NEWEST_MS:
        raise ValueError("observed_at")
    return np.array(times, np.int64)


def _flag_columns(rows: Sequence[Any], count: int) -> UInt8Array:
    """Return the flags that were sent, `NOT_EVALUATED` where none were."""
    if set(map(len, rows)) == {_BARE_FIELDS}:  # the four that were read, so no flags
        return np.full((len(rows), count), Quality.NOT_EVALUATED, np.uint8)
    unknown = [int(Quality.NOT_EVALUATED)] * count
    lists = [unknown if (given := row.get("quality")) is None else given for row in rows]
    if set(map(type, lists)) != {list} or set(map(len, lists)) != {count}:
        raise ValueError("quality")
    flat = list(chain.from_iterable(lists))
    if set(map(type, flat)) != {int} or not set(flat) <= FLAGS:
        raise ValueError("quality")
    return np.frombuffer(bytes(flat), np.uint8).reshape(-1, count)


# ---------------------------------------------------------------- frame by frame


def prepare_singly(frames: Sequence[Any], sources: Mapping[str, Source], *, now_ms: int) -> Prepared:
    """Do what `prepare` does, frame by frame; each frame that does not fit gets the reason."""
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
        fits = _fits_slots(batch.values, batch.schema)
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
    count = len(source.schema.points)
    result = _check_time(observed, now_ms) or _check_values(values, count) or _check_quality(quality, count)
    return (result, None) if result is not None else (None, source)


def _check_time(observed: Any, now_ms: int) -> Result | None:
    if type(observed) is not int:
        return Result.BAD_TIME
    if observed < now_ms - OLDEST_MS:
        return Result.TOO_OLD
    return Result.FUTURE if observed > now_ms + NEWEST_MS else None


def _check_values(values: Any, count: int) -> Result | None:
    if not isinstance(values, list):
        return Result.BAD_VALUE
    if len(values) != count:
        return Result.BAD_LENGTH
    types = set(map(type, values))
    fits = types <= _NUMBERS and not any(map(_is_no_measurement, values) if int in types else map(ne, values, values))
    return None if fits else Result.BAD_VALUE


def _is_no_measurement(value: Any) -> bool:
    """Tell whether a number is NaN or too large for any slot."""
    return value is not None and (value != value or abs(value) > LARGEST_GAUGE)  # noqa: PLR0124 - NaN differs from itself


def _check_quality(quality: Any, count: int) -> Result | None:
    fits = quality is None or (isinstance(quality, list) and len(quality) == count and _are_flags(quality))
    return None if fits else Result.BAD_QUALITY


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


def _fits_slots(values: Float64Array, schema: FrameSchema) -> BoolArray:
    """Tell which frames have values that their slots hold: 32-bit gauges, and registers with all their digits."""
    largest = np.full(len(schema.points), LARGEST_TOTAL)
    largest[schema.gauge_columns] = LARGEST_GAUGE
    fits: BoolArray = ~np.logical_or.reduce(np.abs(values) > largest, axis=1)
    return fits


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
