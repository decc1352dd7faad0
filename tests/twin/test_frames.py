"""The payload of a stored frame: what goes in comes out, bit for bit, and equal frames have equal bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import BadFrame
from twin.frames import Stretch, decode_part, decode_payloads, encode_payloads, payload_dtype, payload_part
from twin.quality import FLAGS
from twin.schemas import DEFAULT_SCHEMAS, FrameSchema

SCHEMAS = st.sampled_from(sorted(DEFAULT_SCHEMAS.values(), key=lambda schema: schema.code))


@settings(deadline=None)
@given(SCHEMAS, st.data())
def test_frames_come_back_as_they_were(schema: FrameSchema, data: st.DataObject) -> None:
    count, points = data.draw(st.integers(0, 4)), len(schema.points)
    numbers = st.one_of(st.floats(width=32, allow_infinity=False), st.just(float("nan")))
    values = np.array([[data.draw(numbers) for _ in range(points)] for _ in range(count)]).reshape(count, points)
    quality = np.array([[data.draw(st.sampled_from(sorted(FLAGS))) for _ in range(points)] for _ in range(count)], np.uint8)
    quality = quality.reshape(count, points)
    payloads = encode_payloads(schema, values, quality)
    again, flags = decode_payloads(schema, payloads.tobytes())
    np.testing.assert_array_equal(again, values)
    np.testing.assert_array_equal(flags, quality)
    assert encode_payloads(schema, again, flags).tobytes() == payloads.tobytes()


def test_registers_keep_the_digits_that_a_32_bit_float_would_change() -> None:
    schema = DEFAULT_SCHEMAS["substation"]
    values = np.zeros((1, len(schema.points)))
    column = schema.column("primary_heat_total_gj")
    assert column is not None
    values[0, column] = 123456789.25
    assert decode_payloads(schema, encode_payloads(schema, values, np.ones(values.shape, np.uint8)))[0][0, column] == 123456789.25


def test_the_layout_is_the_one_of_the_network() -> None:
    schema = DEFAULT_SCHEMAS["weather_station"]
    assert payload_dtype(schema).itemsize == 5
    assert encode_payloads(schema, np.array([[20.5]]), np.array([[1]], np.uint8)).tobytes() == struct.pack("!fB", 20.5, 1)


def test_torn_bytes_are_refused_with_what_would_be_right() -> None:
    with pytest.raises(BadFrame, match=r"7 bytes .* no multiple of 15"):
        decode_payloads(DEFAULT_SCHEMAS["room_sensor"], bytes(7))


@settings(deadline=None)
@given(SCHEMAS, st.data())
def test_some_points_read_out_of_their_bytes_alone_are_those_of_the_whole(schema: FrameSchema, data: st.DataObject) -> None:
    count, points = data.draw(st.integers(0, 3)), len(schema.points)
    chance = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    values, quality = chance.normal(50, 400, (count, points)), chance.choice(sorted(FLAGS), (count, points)).astype(np.uint8)
    payloads = encode_payloads(schema, np.where(chance.random((count, points)) < 0.1, np.nan, values), quality)
    names = data.draw(st.sets(st.sampled_from([*(point.name for point in schema.points), "no_such_point"])))
    part = payload_part(schema, names)
    shown, flags = decode_part(part, count, _cut(payloads, part.values), _cut(payloads, part.flags))
    whole, all_flags = decode_payloads(schema, payloads)
    columns = [column for column, point in enumerate(schema.points) if point.name in names]
    assert part.schema.points == tuple(schema.points[column] for column in columns)
    np.testing.assert_array_equal(shown, whole[:, columns])
    np.testing.assert_array_equal(flags, all_flags[:, columns])


def _cut(payloads: np.ndarray, stretch: Stretch) -> bytes:
    return b"".join(bytes(payload.tobytes())[stretch.start : stretch.start + stretch.size] for payload in payloads)


def test_stretches_of_another_length_are_refused() -> None:
    part = payload_part(DEFAULT_SCHEMAS["room_sensor"], {"room_temperature_degc"})
    with pytest.raises(BadFrame, match=r"7 bytes of values and 2 of flags .* must be 8 and 2"):
        decode_part(part, 2, bytes(7), bytes(2))
