"""Columns of texts as numbers and times; what does not fit is named row by row, the rest is converted at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.arrays import BoolArray, Float64Array, Int64Array

_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_OFFSET: Final = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
_ISO: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
_EPOCHS: Final = {"epoch_ms": 1, "epoch_s": 1000}
_LARGEST: Final = float(np.finfo(np.float32).max)
_SMALL: Final = 1e6
"""Six digits always fit a 32-bit float."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column: NaN = missing; `bad` marks texts that are no numbers, and numbers that no slot holds."""

    values: Float64Array
    bad: BoolArray


@dataclass(frozen=True)
class Times:
    """Times of a column.

    Attributes
    ----------
    epoch_ms
        Of the first of two possible moments.
    later_ms
        How much later the second possible moment is: an hour in the repeated hour of autumn, else 0.
    bad
        True where the text is no time, `skipped` where the local time does not exist (the skipped hour of spring).
    """

    epoch_ms: Int64Array
    later_ms: Int64Array
    bad: BoolArray
    skipped: BoolArray


def to_numbers(column: pa.Array, *, decimal: str, missing: Sequence[str]) -> Numbers:
    """Convert a column of texts or numbers."""
    if not _is_text(column.type):
        values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        return Numbers(values, np.abs(values) > _LARGEST)
    texts = pc.utf8_trim_whitespace(column)
    texts = pc.if_else(pc.is_in(texts, pa.array(missing, texts.type)), pa.scalar(None, texts.type), texts)
    if decimal != ".":
        # a point in such a file is no decimal mark
        texts = pc.replace_substring(pc.replace_substring(texts, ".", "?"), decimal, ".")
    try:
        values = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
        good = pc.is_null(texts).to_numpy(zero_copy_only=False) | (np.abs(values) <= _LARGEST)
        return Numbers(values, ~good)
    except pa.ArrowInvalid:
        fits = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), fill_value=True)
        values = pc.cast(pc.if_else(fits, texts, pa.scalar(None, texts.type)), pa.float64()).to_numpy(zero_copy_only=False)
        return Numbers(values, ~fits.to_numpy(zero_copy_only=False) | (np.abs(values) > _LARGEST))


def more_digits_than_a_gauge(values: Float64Array) -> BoolArray:
    """Tell which values a 32-bit gauge would give back with other digits; NaN never."""
    places = np.flatnonzero(np.isfinite(values))
    # thousandths first: what instruments send is mostly decided at once, and only the rest is looked at again
    for power in (1000.0, 100.0, 10.0, 1.0):
        left = values[places]
        scaled = np.round(left * power)
        places = places[~((np.abs(scaled) < _SMALL) & (scaled / power == left))]
    more = np.zeros(values.shape, np.bool_)
    if not places.size:
        return more
    unique, back = np.unique(values[places], return_inverse=True)
    with np.errstate(over="ignore"):
        narrow = unique.astype(np.float32)
    # the shortest digits of the 32-bit number, read again
    shown = pc.cast(pc.cast(pa.array(narrow), pa.string()), pa.float64()).to_numpy(zero_copy_only=False)
    more[places] = (shown != unique)[back]
    return more


# ---------------------------------------------------------------- times


def to_times(column: pa.Array, *, format_: str | None, zone: str) -> Times:
    """Convert a column of texts, numbers or times.

    Parameters
    ----------
    format_
        As strptime; `epoch_s`, `epoch_ms`; None = ISO 8601.
    zone
        Of times without an offset.
    """
    if pa.types.is_timestamp(column.type):
        times = pc.cast(column, pa.timestamp("ms", column.type.tz), safe=False)
        return _zoned(times) if column.type.tz else _local(times, zone)
    if format_ in _EPOCHS:
        numbers = to_numbers(column, decimal=".", missing=())
        bad = numbers.bad | np.isnan(numbers.values)
        epoch_ms = np.round(np.where(bad, 0.0, numbers.values) * _EPOCHS[str(format_)]).astype(np.int64)
        return Times(epoch_ms, np.zeros_like(epoch_ms), bad, np.zeros_like(bad))
    texts = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    if format_ is not None:
        return _local(pc.strptime(texts, format=format_, unit="ms", error_is_null=True), zone)
    return _iso(texts, zone)


def _iso(texts: pa.Array, zone: str) -> Times:
    fits = pc.fill_null(pc.match_substring_regex(texts, _ISO), fill_value=False)
    offset = pc.fill_null(pc.match_substring_regex(texts, _OFFSET), fill_value=False)
    offset = pc.and_(offset, pc.greater(pc.utf8_length(texts), 10))
    nothing = pa.scalar(None, pa.string())
    parts = []
    if pc.any(pc.and_(fits, offset)).as_py():
        parts.append((offset, _zoned(_cast(pc.if_else(pc.and_(fits, offset), texts, nothing), pa.timestamp("ms", "UTC")))))
    if not parts or pc.any(pc.and_not(fits, offset)).as_py():
        local = _cast(pc.if_else(pc.and_not(fits, offset), texts, nothing), pa.timestamp("ms"))
        parts.append((pc.invert(offset), _local(local, zone)))
    if len(parts) == 1:
        return parts[0][1]
    mask = parts[0][0].to_numpy(zero_copy_only=False)
    one, other = parts[0][1], parts[1][1]
    return Times(*(np.where(mask, getattr(one, name), getattr(other, name)) for name in Times.__dataclass_fields__))


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast texts; one that does not fit (30 February) becomes null, found by halving."""
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.array([None], kind)
        half = len(texts) // 2
        return pa.concat_arrays([_cast(texts.slice(0, half), kind), _cast(texts.slice(half), kind)])


def _zoned(times: pa.Array) -> Times:
    bad = pc.is_null(times).to_numpy(zero_copy_only=False)
    epoch_ms = _epoch_ms(times)
    return Times(epoch_ms, np.zeros_like(epoch_ms), bad, np.zeros_like(bad))


def _local(times: pa.Array, zone: str) -> Times:
    """Bring local times to UTC, with both moments of the repeated hour."""
    bad = pc.is_null(times).to_numpy(zero_copy_only=False)
    if zone == "UTC":
        return _zoned(times)
    first = pc.assume_timezone(times, zone, ambiguous="earliest", nonexistent="earliest")
    second = pc.assume_timezone(times, zone, ambiguous="latest", nonexistent="earliest")
    # the moments of a skipped hour read as another local time
    skipped = pc.fill_null(pc.not_equal(pc.local_timestamp(first), times), fill_value=False).to_numpy(zero_copy_only=False)
    epoch_ms = _epoch_ms(first)
    return Times(epoch_ms, np.where(bad | skipped, 0, _epoch_ms(second) - epoch_ms), bad, skipped)


def _epoch_ms(times: pa.Array) -> Int64Array:
    plain = pc.fill_null(pc.cast(times, pa.int64()), 0)
    epoch_ms: Int64Array = plain.to_numpy(zero_copy_only=False)
    return epoch_ms


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
