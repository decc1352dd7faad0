from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.quality import Quality
from twin.readings import NEWEST_MS, OLDEST_MS, Result, Source, prepare, rounds
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
        (_frame(values=[1.5]), Result.BAD_SCHEMA),
        (_frame(values=[1.5, "2.5"]), Result.BAD_VALUE),
        (_frame(values=[1.5, True]), Result.BAD_VALUE),
        (_frame(values=[1e39, 0]), Result.BAD_VALUE),
        (_frame(values="1.5, 2.5"), Result.BAD_VALUE),
        (_frame(quality=[1]), Result.BAD_VALUE),
        (_frame(quality=[1, 5]), Result.BAD_VALUE),
        (_frame(observed_at="now"), Result.BAD_VALUE),
        (_frame(observed_at=NOW / 1000), Result.BAD_VALUE),
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


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_a_register_keeps_every_digit(value: float) -> None:
    batch = prepare([_frame(values=[1.0, value])], SOURCES, now_ms=NOW).batches[0]
    assert batch.totals[0, 0] == value


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
