from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import readings
from twin.quality import Quality
from twin.readings import NEWEST_MS, OLDEST_MS, Prepared, Result, Source, merge, prepare, prepare_singly, rounds
from twin.schemas import DEFAULT_SCHEMAS, FrameSchema, Point

NOW = 1_795_255_200_000
METER = FrameSchema(
    "meter", 1, (Point("flow_m3_per_h", "flow", "m3/h", low=0, high=100), Point("heat_total_gj", "heat", "GJ", slot="total"))
)
SOURCES = {
    "meter:1": Source(1, "meter:1", 10, "substation", None, None, 1, METER, 60),
    "meter:2": Source(2, "meter:2", 20, "substation", None, None, 1, METER, 60),
    "weather:1": Source(3, "weather:1", 30, "weather_station", None, None, 2, DEFAULT_SCHEMAS["weather_station"], 60),
}


def _frame(**given: Any) -> dict[str, Any]:
    return {"source": "meter:1", "schema": "meter", "observed_at": NOW, "values": [1.5, 2.5]} | given


def test_frames_are_gathered_by_schema_with_their_places() -> None:
    frames = [_frame(), _frame(source="weather:1", schema="weather_station", values=[-9.5]), _frame(source="meter:2")]
    prepared = prepare(frames, SOURCES, now_ms=NOW)
    assert prepared.results == (None, None, None)
    assert [(batch.schema_id, batch.positions.tolist(), batch.source_ids.tolist()) for batch in prepared.batches] == [
        (1, [0, 2], [1, 2]),
        (2, [1], [3]),
    ]


@pytest.mark.parametrize(
    ("frame", "result"),
    [
        (_frame(source="meter:9"), Result.UNKNOWN_SOURCE),
        (_frame(source=["meter:1"]), Result.UNKNOWN_SOURCE),
        (_frame(schema="weather_station"), Result.BAD_SCHEMA),
        (_frame(schema="meter/2"), Result.BAD_SCHEMA),
        (_frame(schema=["meter"]), Result.BAD_SCHEMA),
        (_frame(values=[1.5]), Result.BAD_LENGTH),
        (_frame(values=[]), Result.BAD_LENGTH),
        (_frame(values=[1.5, "2.5"]), Result.BAD_VALUE),
        (_frame(values=[1.5, True]), Result.BAD_VALUE),
        (_frame(values=[1e39, 0]), Result.BAD_VALUE),
        (_frame(values=[10**400, 0]), Result.BAD_VALUE),
        (_frame(values=[0, 2**53 + 2]), Result.BAD_VALUE),
        (_frame(values=[0, 1e29]), Result.BAD_VALUE),
        (_frame(values=[math.nan, 2.5]), Result.BAD_VALUE),
        (_frame(values=[1.5, math.inf]), Result.BAD_VALUE),
        (_frame(values="1.5, 2.5"), Result.BAD_VALUE),
        (_frame(quality=[1]), Result.BAD_QUALITY),
        (_frame(quality=[]), Result.BAD_QUALITY),
        (_frame(quality=[1, 5]), Result.BAD_QUALITY),
        (_frame(quality=[1, True]), Result.BAD_QUALITY),
        (_frame(quality=[1, 1.0]), Result.BAD_QUALITY),
        (_frame(observed_at="now"), Result.BAD_TIME),
        (_frame(observed_at=float(NOW)), Result.BAD_TIME),
        (_frame(observed_at=None), Result.BAD_TIME),
        (_frame(observed_at=0), Result.TOO_OLD),
        (_frame(observed_at=4_070_908_800_000), Result.FUTURE),
        (_frame(observed_at=10**30), Result.FUTURE),
        (_frame(observed_at=NOW - OLDEST_MS - 1), Result.TOO_OLD),
        (_frame(observed_at=NOW + NEWEST_MS + 1), Result.FUTURE),
        ("meter:1", Result.BAD_VALUE),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_alone(frame: Any, result: Result) -> None:
    prepared = prepare([frame, _frame(schema="meter/1")], SOURCES, now_ms=NOW)
    assert prepared.results == (result, None)
    assert [batch.positions.tolist() for batch in prepared.batches] == [[1]]


def test_null_is_missing_and_a_value_out_of_range_is_kept_and_flagged() -> None:
    batch = prepare([_frame(values=[None, 7.0]), _frame(values=[250.0, 7.0])], SOURCES, now_ms=NOW).batches[0]
    assert batch.quality.tolist() == [[Quality.MISSING, Quality.GOOD], [Quality.FAIL, Quality.GOOD]]
    assert np.isnan(batch.values[0, 0])
    assert batch.values[1, 0] == 250.0


@given(st.floats(-(2.0**53), 2.0**53) | st.integers(-(2**53), 2**53))
def test_a_register_keeps_every_digit(value: float) -> None:
    batch = prepare([_frame(values=[1.0, value])], SOURCES, now_ms=NOW).batches[0]
    assert batch.totals[0, 0] == value


_CODES = st.sampled_from([*SOURCES, "meter:9", "", 1, None, True])
_SCHEMAS = st.sampled_from(["meter", "meter/1", "meter/2", "weather_station", "weather_station/1", None, []])
_TIMES = st.sampled_from(
    [NOW, NOW - OLDEST_MS, NOW - OLDEST_MS - 1, NOW + NEWEST_MS, NOW + NEWEST_MS + 1, 10**30, -1.5, "1", True]
)
_NUMBERS = st.one_of(
    st.none(), st.floats(), st.integers(), st.sampled_from([1e39, 2**53, 2**53 + 1, 2**64, 10**400]), st.booleans(), st.text()
)
_FLAGS = st.one_of(st.none(), st.lists(st.sampled_from([1, 2, 3, 4, 9, 0, -1, 256, 1.0, True, None]), max_size=3), st.just("12"))
_SOUND = st.builds(
    _frame, source=st.sampled_from(["meter:1", "meter:2"]), values=st.lists(st.floats(-90, 90), min_size=2, max_size=2)
)
_FLAGGED = st.builds(
    _frame, values=st.just([None, 7]), quality=st.lists(st.sampled_from([1, 2, 3, 4, 9]), min_size=2, max_size=2)
)
_OUTDOOR = st.builds(_frame, source=st.just("weather:1"), schema=st.just("weather_station"), values=st.just([-12.5]))
_BROKEN = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={"source": _CODES, "schema": _SCHEMAS, "observed_at": _TIMES, "values": st.lists(_NUMBERS), "quality": _FLAGS},
    ).map(lambda given: _frame(**given)),
    st.dictionaries(st.sampled_from(["source", "schema", "values"]), st.sampled_from(["meter:1", "meter", 1]), max_size=3),
    st.sampled_from([None, 1, "meter:1", [], {}]),
)


def _shown(prepared: Prepared) -> Any:
    """Return a checked batch as plain values, its parts by schema."""
    columns = ("positions", "source_ids", "observed_ms", "values", "quality")
    parts = {
        batch.schema_id: [
            (column.dtype.str, column.shape, column.tobytes()) for column in (getattr(batch, name) for name in columns)
        ]
        for batch in prepared.batches
    }
    return prepared.results, parts


@given(st.lists(_SOUND | _FLAGGED | _OUTDOOR, max_size=12), st.lists(_BROKEN, max_size=2), st.randoms())
def test_columns_and_single_frames_are_checked_alike(sound: list[Any], broken: list[Any], shuffled: Random) -> None:
    for frames in (sound, [*sound, *broken]):
        shuffled.shuffle(frames)
        assert _shown(prepare(frames, SOURCES, now_ms=NOW)) == _shown(prepare_singly(frames, SOURCES, now_ms=NOW))


def test_a_batch_in_which_all_fits_is_not_looked_at_frame_by_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(readings, "prepare_singly")
    frames = [_frame(), _frame(quality=[1, 3]), _frame(source="weather:1", schema="weather_station", values=[None])]
    assert len(prepare(frames, SOURCES, now_ms=NOW)) == 3


def test_results_come_back_in_the_order_of_the_frames() -> None:
    frames = [_frame(), _frame(source="weather:1", schema="weather_station", values=[-9.5]), "no frame", _frame(source="meter:2")]
    prepared = prepare(frames, SOURCES, now_ms=NOW)
    answers = [[Result.ACCEPTED, Result.CONFLICT], [Result.DUPLICATE]]
    assert merge(prepared, answers) == [Result.ACCEPTED, Result.DUPLICATE, Result.BAD_VALUE, Result.CONFLICT]
    assert merge(prepare(frames[:1], SOURCES, now_ms=NOW), [[Result.ACCEPTED]]) == [Result.ACCEPTED]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 20)), max_size=60))
def test_rounds_hold_each_source_once_and_go_forward_in_time(keys: list[tuple[int, int]]) -> None:
    ids = np.array([key[0] for key in keys], np.int32)
    times = np.array([key[1] for key in keys], np.int64)
    seen: dict[int, int] = {}
    rows: list[int] = []
    for found in rounds(ids, times):
        assert len(set(ids[found].tolist())) == len(found)
        for row in found.tolist():
            assert times[row] >= seen.get(int(ids[row]), -1)
            seen[int(ids[row])] = int(times[row])
            rows.append(row)
    assert sorted(rows) == list(range(len(keys)))
