"""Roll-ups: those of finer ones are those of the frames, whatever the frames are; a block gives back what went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.arrays import Int64Array
from twin.errors import BadFrame
from twin.frames import Frames
from twin.history import projected
from twin.quality import FLAGS
from twin.rollups import (
    DAY_S,
    HOUR_S,
    Rollups,
    coarser,
    decode_rollups,
    encode_rollups,
    joined,
    merged,
    no_rollups,
    reduce_frames,
)
from twin.schemas import FrameSchema, Point

ZONE = "Asia/Shanghai"
START_MS = 1_795_219_200_000
SCHEMA = FrameSchema(
    "pump",
    1,
    (
        Point("flow_m3_per_h", "flow", "m3/h"),
        Point("heat_total_gj", "heat", "GJ", slot="total"),
        Point("p_mpa", "pressure", "MPa"),
    ),
)
EXACT = ("source_ids", "start_ms", "frames", "least", "greatest", "last", "good", "worst")


@st.composite
def frames(draw: st.DrawFn) -> Frames:
    """Draw frames of some sources over two days, in order, with missing and flagged values."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 300))
    span_ms = draw(st.sampled_from([600_000, 3_600_000, 2 * 86_400_000]))
    keys = np.unique(np.stack([chance.integers(1, 5, count), START_MS + chance.integers(0, span_ms, count)]), axis=1)
    count = keys.shape[1]
    values = np.where(chance.random((count, 3)) < 0.2, np.nan, np.round(chance.uniform(1, 900, (count, 3)), 2))
    values[:, [0, 2]] = values[:, [0, 2]].astype(np.float32)
    quality = np.where(np.isnan(values), 9, chance.choice(sorted(FLAGS), (count, 3), p=[0.6, 0.1, 0.1, 0.1, 0.1])).astype(
        np.uint8
    )
    return Frames(1, SCHEMA, keys[0].astype(np.int32), keys[1], np.zeros(count, np.int32), values, quality)


def taken(drawn: Frames, order: Int64Array) -> Frames:
    """Return frames in another order."""
    return Frames(
        1,
        SCHEMA,
        drawn.source_ids[order],
        drawn.observed_ms[order],
        drawn.delay_s[order],
        drawn.values[order],
        drawn.quality[order],
    )


def _equal(one: Rollups, other: Rollups) -> None:
    for name in EXACT:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    np.testing.assert_allclose(one.mean, other.mean, rtol=4e-7)


@settings(deadline=None)
@given(frames())
def test_coarser_levels_are_those_of_the_frames(drawn: Frames) -> None:
    minutes = reduce_frames(drawn, 60, ZONE)
    windows = coarser(minutes, 600, ZONE)
    _equal(windows, reduce_frames(drawn, 600, ZONE))
    hours = coarser(windows, HOUR_S, ZONE)
    _equal(hours, reduce_frames(drawn, HOUR_S, ZONE))
    _equal(coarser(hours, DAY_S, ZONE), reduce_frames(drawn, DAY_S, ZONE))
    assert int(hours.frames.sum()) == len(drawn)


@settings(deadline=None)
@given(frames(), st.integers(0, 2**32 - 1))
def test_frames_in_any_order_have_the_same_rollups(drawn: Frames, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(drawn))
    _equal(reduce_frames(taken(drawn, order), 600, ZONE), reduce_frames(drawn, 600, ZONE))


@settings(deadline=None)
@given(frames(), st.sampled_from([60, 600, HOUR_S, DAY_S]))
def test_a_block_gives_back_every_bit(drawn: Frames, every_s: int) -> None:
    rollups = reduce_frames(drawn, every_s, ZONE)
    again = decode_rollups(SCHEMA, encode_rollups(rollups))
    for name in (*EXACT, "mean"):
        one, other = getattr(rollups, name), getattr(again, name)
        assert np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes(), name


@settings(deadline=None)
@given(frames(), st.sets(st.sampled_from(["flow_m3_per_h", "heat_total_gj", "p_mpa", "no_such_point"])))
def test_some_points_of_a_block_are_those_of_the_whole(drawn: Frames, names: set[str]) -> None:
    whole = reduce_frames(drawn, HOUR_S, ZONE)
    some = decode_rollups(SCHEMA, encode_rollups(whole), names)
    _equal(some, projected(whole, [point for point in SCHEMA.points if point.name in names]))


@settings(deadline=None)
@given(frames(), st.integers(0, 2**32 - 1))
def test_what_is_made_again_takes_the_place_of_what_was(drawn: Frames, seed: int) -> None:
    whole = reduce_frames(drawn, 600, ZONE)
    wrong = np.random.default_rng(seed).random(len(whole)) < 0.5
    stale = whole.take(wrong)
    stale = Rollups(SCHEMA, **{name: getattr(stale, name) + (name == "frames") for name in (*EXACT, "mean")})
    _equal(merged(SCHEMA, [stale, whole]), whole)
    _equal(merged(SCHEMA, [whole, no_rollups(SCHEMA)]), whole)
    assert len(joined(SCHEMA, [stale, whole])) == len(stale) + len(whole)


def test_a_block_of_another_schema_is_refused() -> None:
    with pytest.raises(BadFrame, match=r"3 points is stored under schema room/1, which has 1"):
        decode_rollups(FrameSchema("room", 1, (Point("t_degc", "temperature", "degC"),)), encode_rollups(no_rollups(SCHEMA)))
