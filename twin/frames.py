"""Frames of one schema as arrays, and the bytes that a stored frame is made of.

The payload of a frame holds all 32-bit gauges, then all 64-bit totals, then one QARTOD flag a point, each in schema order and
in network byte order (as PostgreSQL's `float4send` and `float8send` write them). One value of bytes costs 45 bytes a frame
less than `real[]`, `double precision[]` and flags in columns of their own: 136 instead of 180 bytes a frame with its index in
the mix of a city, and half the time of a commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from twin.arrays import Float64Array, Int32Array, Int64Array, UInt8Array
from twin.errors import BadFrame
from twin.schemas import FrameSchema


@dataclass(frozen=True)
class Frames:
    """Stored frames of one schema; row i of each array belongs together.

    Attributes
    ----------
    schema_id, schema
        What the columns mean.
    source_ids
        Shape (n,).
    observed_ms
        Epoch milliseconds by the device's clock, shape (n,).
    delay_s
        Seconds from `observed_ms` to the arrival, shape (n,); negative = the device's clock is ahead of ours.
    values
        NaN = missing, shape (n, points). Gauges are exact 32-bit values: print them as such to get the digits that were sent.
    quality
        QARTOD flags, shape (n, points).
    """

    schema_id: int
    schema: FrameSchema
    source_ids: Int32Array
    observed_ms: Int64Array
    delay_s: Int32Array
    values: Float64Array
    quality: UInt8Array

    def __len__(self) -> int:
        return len(self.source_ids)


def payload_dtype(schema: FrameSchema) -> np.dtype[np.void]:
    """Return the layout of the payload of one frame."""
    return _layout(len(schema.gauge_columns), len(schema.total_columns))


@cache
def _layout(gauges: int, totals: int) -> np.dtype[np.void]:
    return np.dtype([("gauges", ">f4", (gauges,)), ("totals", ">f8", (totals,)), ("quality", "u1", (gauges + totals,))])


def encode_payloads(schema: FrameSchema, values: Float64Array, quality: UInt8Array) -> np.ndarray:
    """Return the payloads of frames, shape (n,), of `payload_dtype(schema)`.

    Parameters
    ----------
    values, quality
        Shape (n, points) in schema order.
    """
    payloads = np.empty(len(values), payload_dtype(schema))
    payloads["gauges"] = values[:, schema.gauge_columns]
    payloads["totals"] = values[:, schema.total_columns]
    payloads["quality"] = quality
    return payloads


def decode_payloads(schema: FrameSchema, payloads: bytes | np.ndarray) -> tuple[Float64Array, UInt8Array]:
    """Return values and flags of frames, both of shape (n, points) in schema order.

    Raises
    ------
    BadFrame
        When the bytes are no whole number of payloads of this schema.
    """
    layout = payload_dtype(schema)
    if isinstance(payloads, bytes):
        if len(payloads) % layout.itemsize:
            raise BadFrame(
                f"{len(payloads)} bytes of stored frames are no multiple of {layout.itemsize}, the size of a frame of "
                f"schema {schema.code}/{schema.version}"
            )
        payloads = np.frombuffer(payloads, layout)
    values = np.empty((len(payloads), len(schema.points)))
    values[:, schema.gauge_columns] = payloads["gauges"]
    values[:, schema.total_columns] = payloads["totals"]
    return values, np.ascontiguousarray(payloads["quality"])


@dataclass(frozen=True)
class PayloadPart:
    """Where some points of a schema lie in a payload: the bytes from the first of their values to the last, and so their flags.

    Attributes
    ----------
    whole
        The schema.
    columns
        Places of the points in it, rising.
    """

    whole: FrameSchema
    columns: tuple[int, ...]

    @cached_property
    def schema(self) -> FrameSchema:
        """The schema with these points alone."""
        return FrameSchema(self.whole.code, self.whole.version, tuple(self.whole.points[column] for column in self.columns))

    @cached_property
    def values(self) -> Stretch:
        """The bytes of their values."""
        gauges, totals = self.whole.gauge_columns, self.whole.total_columns
        places = {column: (4 * place, ">f4") for place, column in enumerate(gauges)}
        places |= {column: (4 * len(gauges) + 8 * place, ">f8") for place, column in enumerate(totals)}
        return _stretch([places[column] for column in self.columns])

    @cached_property
    def flags(self) -> Stretch:
        """The bytes of their flags."""
        first = payload_dtype(self.whole).itemsize - len(self.whole.points)
        return _stretch([(first + column, "u1") for column in self.columns])


def payload_part(schema: FrameSchema, names: Collection[str]) -> PayloadPart:
    """Return where the points of these names lie; those that the schema lacks are left out."""
    return PayloadPart(schema, tuple(column for column, point in enumerate(schema.points) if point.name in names))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some bytes of a payload, counted from 0: the numbers that are read out of them, each with its offset there and its form."""

    start: int
    size: int
    fields: tuple[tuple[int, str], ...]

    def columns(self, stretches: bytes, count: int) -> list[np.ndarray]:
        """Return the numbers of `count` frames whose stretches stand one after the other, an array a field."""
        layout: Any = {
            "names": [f"{place}" for place in range(len(self.fields))],
            "formats": [form for _, form in self.fields],
            "offsets": [offset for offset, _ in self.fields],
            "itemsize": self.size,
        }
        # an empty layout reads nothing
        read = np.frombuffer(stretches, np.dtype(layout)) if self.fields else np.empty(count)
        return [read[name] for name in layout["names"]]


def _stretch(fields: Sequence[tuple[int, str]]) -> Stretch:
    """Return the stretch between the first and the last of some numbers of a payload, gaps included."""
    start = min((offset for offset, _ in fields), default=0)
    end = max((offset + int(form[-1]) for offset, form in fields), default=0)
    return Stretch(start, end - start, tuple((offset - start, form) for offset, form in fields))


def decode_part(part: PayloadPart, count: int, values: bytes, flags: bytes) -> tuple[Float64Array, UInt8Array]:
    """Return values and flags of some points, both of shape (count, points of the part).

    Parameters
    ----------
    values, flags
        The stretches of the frames, one after the other.

    Raises
    ------
    BadFrame
        When they are not those of so many frames.
    """
    sizes = count * part.values.size, count * part.flags.size
    if (len(values), len(flags)) != sizes:
        raise BadFrame(
            f"{len(values)} bytes of values and {len(flags)} of flags are stored of {count} frames of schema "
            f"{part.whole.code}/{part.whole.version}; it must be {sizes[0]} and {sizes[1]}"
        )
    shown, quality = np.empty((count, len(part.columns))), np.empty((count, len(part.columns)), np.uint8)
    for place, column in enumerate(part.values.columns(values, count)):
        shown[:, place] = column
    for place, column in enumerate(part.flags.columns(flags, count)):
        quality[:, place] = column
    return shown, quality


def as_stored(schema: FrameSchema, values: Float64Array) -> Float64Array:
    """Return values as they come back from the store: gauges are rounded to 32 bits, totals stay as they are.

    Parameters
    ----------
    values
        Shape (n, points) in schema order.
    """
    if not schema.gauge_columns:
        return values
    stored = values.astype(np.float32).astype(np.float64)
    stored[:, schema.total_columns] = values[:, schema.total_columns]
    return stored
