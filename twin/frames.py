"""Frames of one schema as arrays, and the bytes that a stored frame is made of.

The payload of a frame holds all 32-bit gauges, then all 64-bit totals, then one QARTOD flag a point, each in schema order and
in network byte order (as PostgreSQL's `float4send` and `float8send` write them). One value of bytes costs 45 bytes a frame
less than `real[]`, `double precision[]` and flags in columns of their own: 136 instead of 180 bytes a frame with its index in
the mix of a city, and half the time of a commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

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
