"""The binary message of live state: a snapshot or the difference since a sequence number.

Little-endian. Header of 32 bytes: magic `HTL1`, kind u8, theme u8, flags u16 (1 = of a replay, 2 = ids of segments), epoch
u32, seq u64, as_of_ms i64, count u32.
Then columns by rising asset_id: gap u16 (difference to the asset_id before; before the first it is 0; 0xFFFF = the real gap
follows in the trailing list), value i16 in units of the theme's scale (-32768 = none), status << 4 | quality u8; then the
u32 list of the long gaps. Both kinds have the same columns; a theme without values sends -32768.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from twin.arrays import Float64Array, Int16Array, Int64Array, UInt8Array
from twin.errors import BadFrame

MAGIC = b"HTL1"
HEADER = struct.Struct("<4sBBHIQqI")
NO_VALUE = -32768
FLAG_PAST = 1
"""Flag of a message that shows the past: a replay, never the present."""
FLAG_SEGMENTS = 2
"""Flag of a message whose ids are those of topology segments."""
_LONG_GAP = 0xFFFF
_MAX_UNITS = 32767
_BYTES_PER_ITEM = 5


class MessageKind(IntEnum):
    """What a message holds."""

    SNAPSHOT = 0
    DELTA = 1


@dataclass(frozen=True, slots=True)
class Theme:
    """What the colours of a map stand for: code on the wire, name, and the step of its 16-bit values (0 = no value)."""

    code: int
    name: str
    scale: float


STATUS = Theme(0, "status", 0.0)
SECONDARY_SUPPLY_TEMPERATURE = Theme(1, "secondary_supply_temperature_degc", 0.1)
ROOM_TEMPERATURE = Theme(2, "room_temperature_degc", 0.1)
FLOW = Theme(3, "flow_m3_per_h", 0.1)
QUALITY_SCORE = Theme(4, "quality_score", 0.01)
OPEN_ALARMS = Theme(5, "open_alarms", 1.0)

THEMES: Mapping[str, Theme] = {
    theme.name: theme for theme in (STATUS, SECONDARY_SUPPLY_TEMPERATURE, ROOM_TEMPERATURE, FLOW, QUALITY_SCORE, OPEN_ALARMS)
}
"""All themes of the wire format by name; new ones are appended."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, decoded.

    Attributes
    ----------
    kind
        Snapshot or delta.
    theme
        Code of the theme.
    epoch
        Changes whenever older sequence numbers mean nothing any more.
    seq
        Sequence number of the state after this message.
    as_of_ms
        Time of the state, epoch milliseconds.
    asset_ids
        Rising asset ids, shape (n,).
    units
        Values in units of the theme's scale, shape (n,); `NO_VALUE` = none.
    packed
        `status << 4 | quality`, shape (n,).
    past
        Whether it shows the past, in a replay.
    segments
        Whether its ids are those of topology segments.
    """

    kind: MessageKind
    theme: int
    epoch: int
    seq: int
    as_of_ms: int
    asset_ids: Int64Array
    units: Int16Array
    packed: UInt8Array
    past: bool = False
    segments: bool = False


def to_units(values: Float64Array, scale: float) -> Int16Array:
    """Turn values into units of `scale`; NaN becomes `NO_VALUE`, values beyond 16 bits stop at the end of the range."""
    if scale == 0.0:
        return np.full(values.shape, NO_VALUE, np.int16)
    missing = np.isnan(values)
    units = np.clip(np.rint(np.where(missing, 0.0, values) / scale), -_MAX_UNITS, _MAX_UNITS)
    return np.where(missing, NO_VALUE, units).astype(np.int16)


def from_units(units: Int16Array, scale: float) -> Float64Array:
    """Turn units back into values; NaN where there is none."""
    return np.where(units == NO_VALUE, np.nan, units * scale)


def encode(message: Message) -> bytes:
    """Encode a message, uncompressed.

    Raises
    ------
    BadFrame
        When the asset ids do not rise.
    """
    gaps = np.diff(message.asset_ids, prepend=0)
    if gaps.size and (gaps[1:].min(initial=1) < 1 or gaps[0] < 0):
        raise BadFrame("asset ids of a live message must rise")
    long = gaps >= _LONG_GAP
    count = int(gaps.size)
    flags = FLAG_PAST * message.past | FLAG_SEGMENTS * message.segments
    head = (MAGIC, int(message.kind), message.theme, flags, message.epoch, message.seq, message.as_of_ms, count)
    return b"".join(
        (
            HEADER.pack(*head),
            np.where(long, _LONG_GAP, gaps).astype("<u2").tobytes(),
            message.units.astype("<i2").tobytes(),
            message.packed.astype(np.uint8).tobytes(),
            gaps[long].astype("<u4").tobytes(),
        )
    )


def decode(data: bytes) -> Message:
    """Decode an uncompressed message.

    Raises
    ------
    BadFrame
        When the magic is another, the kind is unknown, or the length does not fit the count.
    """
    if len(data) < HEADER.size or data[:4] != MAGIC:
        raise BadFrame(
            f"a live message starts with {MAGIC!r} and has at least {HEADER.size} bytes; got {data[:4]!r}, {len(data)}"
        )
    _, kind, theme, flags, epoch, seq, as_of_ms, count = HEADER.unpack_from(data)
    body = len(data) - HEADER.size
    if kind > MessageKind.DELTA or body < count * _BYTES_PER_ITEM:
        raise BadFrame(f"a live message of kind {kind} with {count} items has {body} bytes after its header")
    gaps = np.frombuffer(data, "<u2", count, HEADER.size).astype(np.int64)
    units = np.frombuffer(data, "<i2", count, HEADER.size + 2 * count).astype(np.int16)
    packed = np.frombuffer(data, np.uint8, count, HEADER.size + 4 * count).copy()
    long = gaps == _LONG_GAP
    if body != count * _BYTES_PER_ITEM + 4 * int(long.sum()):
        raise BadFrame(f"a live message with {count} items, {int(long.sum())} of long gap, cannot have {body} bytes of body")
    gaps[long] = np.frombuffer(data, "<u4", int(long.sum()), HEADER.size + _BYTES_PER_ITEM * count)
    past, segments = bool(flags & FLAG_PAST), bool(flags & FLAG_SEGMENTS)
    return Message(MessageKind(kind), theme, epoch, seq, as_of_ms, np.cumsum(gaps), units, packed, past, segments)


def deflate(data: bytes) -> bytes:
    """Compress a whole message once for all who get it (zlib format, RFC 1950: browsers call it `deflate`)."""
    return zlib.compress(data, 1)


def inflate(data: bytes) -> bytes:
    """Undo `deflate`."""
    return zlib.decompress(data)
