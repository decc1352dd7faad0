from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import delta
from twin.errors import BadFrame


@st.composite
def messages(draw: st.DrawFn) -> delta.Message:
    ids = sorted(draw(st.sets(st.integers(0, 2**32 - 1), max_size=60)))
    count = len(ids)
    units = draw(st.lists(st.integers(-32768, 32767), min_size=count, max_size=count))
    packed = draw(st.lists(st.integers(0, 255), min_size=count, max_size=count))
    return delta.Message(
        draw(st.sampled_from(list(delta.MessageKind))),
        draw(st.integers(0, 5)),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(0, 2**64 - 1)),
        draw(st.integers(-(2**63), 2**63 - 1)),
        np.array(ids, np.int64),
        np.array(units, np.int16),
        np.array(packed, np.uint8),
    )


@given(messages())
def test_decoding_undoes_encoding(message: delta.Message) -> None:
    read = delta.decode(delta.inflate(delta.deflate(delta.encode(message))))
    assert (read.kind, read.theme, read.epoch, read.seq, read.as_of_ms) == (
        message.kind,
        message.theme,
        message.epoch,
        message.seq,
        message.as_of_ms,
    )
    assert read.asset_ids.tolist() == message.asset_ids.tolist()
    assert read.units.tolist() == message.units.tolist()
    assert read.packed.tolist() == message.packed.tolist()


def test_the_bytes_are_those_of_the_contract() -> None:
    message = delta.Message(
        delta.MessageKind.DELTA,
        1,
        0x01020304,
        5,
        6,
        np.array([7, 65_541, 131_076, 131_077]),
        np.array([523, -1, delta.NO_VALUE, 0], np.int16),
        np.array([0x11, 0x79, 0x49, 0x12], np.uint8),
    )
    # gaps: 7; 65534 still fits; 65535 is the mark itself and must go to the list; 1
    assert delta.encode(message).hex(" ", 4) == bytes.fromhex(
        "48544c31 01 01 0000 04030201 0500000000000000 0600000000000000 04000000"
        "0700 feff ffff 0100"
        "0b02 ffff 0080 0000"
        "11 79 49 12"
        "ffff0000"
    ).hex(" ", 4)


@given(st.floats(-3276.7, 3276.7))
def test_a_value_comes_back_within_half_a_step(value: float) -> None:
    units = delta.to_units(np.array([value]), 0.1)
    assert abs(float(delta.from_units(units, 0.1)[0]) - value) <= 0.05 + 1e-9


def test_missing_values_stay_missing_and_large_ones_stop_at_the_end_of_the_range() -> None:
    units = delta.to_units(np.array([np.nan, 1e9, -1e9, np.inf]), 0.1)
    assert units.tolist() == [delta.NO_VALUE, 32767, -32767, 32767]
    assert np.isnan(delta.from_units(units, 0.1)[0])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"HTL2" + data[4:], id="another magic"),
        pytest.param(lambda data: data[:-1], id="cut off"),
        pytest.param(lambda data: data + b"\0", id="too long"),
        pytest.param(lambda data: data[:4] + b"\x02" + data[5:], id="unknown kind"),
        pytest.param(lambda data: data[:10], id="no header"),
    ],
)
def test_a_damaged_message_is_refused(damage: object) -> None:
    data = delta.encode(
        delta.Message(delta.MessageKind.DELTA, 0, 1, 1, 1, np.array([1, 99_999]), np.zeros(2, np.int16), np.zeros(2, np.uint8))
    )
    assert callable(damage)
    with pytest.raises(BadFrame):
        delta.decode(damage(data))


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [-1, 3]])
def test_ids_that_do_not_rise_are_refused(ids: list[int]) -> None:
    message = delta.Message(delta.MessageKind.DELTA, 0, 1, 1, 1, np.array(ids), np.zeros(2, np.int16), np.zeros(2, np.uint8))
    with pytest.raises(BadFrame, match="must rise"):
        delta.encode(message)
