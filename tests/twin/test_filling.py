"""Filling of missing values: each method, the limit of a hole, registers, and that nothing is filled at the ends."""

from __future__ import annotations

import numpy as np
import pytest

from twin.filling import DAY_MS, FILL_METHODS, Filled, FillMethod, fill, hole_times
from twin.history import Curve, PointCurve
from twin.quality import Quality
from twin.schemas import DEFAULT_SCHEMAS

MINUTE = 60_000
NOW = 1_795_219_200_000
GAUGE = next(point for point in DEFAULT_SCHEMAS["substation"].points if point.name == "primary_supply_temperature_degc")
REGISTER = next(point for point in DEFAULT_SCHEMAS["substation"].points if point.name == "primary_heat_total_gj")


def _curve(at_min: list[float], values: list[float | None], flags: list[int] | None = None, point: object = GAUGE) -> Curve:
    shown = np.array([np.nan if value is None else value for value in values])
    quality = np.where(np.isnan(shown), Quality.MISSING, Quality.GOOD) if flags is None else np.array(flags)
    at_ms = NOW + (np.array(at_min) * MINUTE).astype(np.int64)
    return Curve(0, at_ms, None, (PointCurve(point, shown, quality.astype(np.uint8)),))  # type: ignore[arg-type]


def _fill(curve: Curve, method: FillMethod, *, longest_min: float = 60, before: Curve | None = None) -> Filled:
    return fill(curve, curve.points[0], method, step_ms=MINUTE, longest_ms=round(longest_min * MINUTE), before=before)


@pytest.mark.parametrize(
    ("method", "wanted"),
    [("interpolate", [12, 13]), ("last", [11, 11]), ("mean", [13.2, 13.2]), ("median", [14, 14]), ("mode", [11, 11])],
)
def test_each_method_fills_a_frame_without_a_value_and_one_that_never_came(method: FillMethod, wanted: list[float]) -> None:
    # minute 2 has no value, minute 3 no frame
    curve = _curve([0, 1, 2, 4, 5, 6], [11.0, 11.0, None, 14.0, 15.0, 15.0])
    filled = _fill(curve, method)
    assert ((filled.at_ms - NOW) / MINUTE).tolist() == [2, 3]
    assert filled.values.tolist() == pytest.approx(wanted)


def test_a_failed_value_is_filled_and_a_suspect_one_stands() -> None:
    curve = _curve([0, 1, 2, 3], [10.0, -9999.0, 12.0, 13.0], [1, 4, 3, 1])
    filled = _fill(curve, "interpolate")
    assert ((filled.at_ms - NOW) / MINUTE).tolist() == [1]
    assert filled.values.tolist() == [11.0]


def test_a_hole_longer_than_the_limit_stays_and_so_do_the_ends() -> None:
    curve = _curve([0, 1, 12, 13, 15, 16], [None, 1.0, 2.0, 3.0, 5.0, None])
    assert ((_fill(curve, "last", longest_min=10).at_ms - NOW) / MINUTE).tolist() == [14]
    assert ((_fill(curve, "last", longest_min=11).at_ms - NOW) / MINUTE).tolist() == [*range(2, 12), 14]


def test_a_register_is_filled_by_its_neighbours_only() -> None:
    curve = _curve([0, 1, 2], [100.0, None, 102.0], point=REGISTER)
    assert _fill(curve, "interpolate").values.tolist() == [101.0]
    for method in ("mean", "median", "mode", "profile"):
        assert _fill(curve, method).values.size == 0


def test_the_profile_is_the_mean_of_the_same_minutes_of_the_days_before() -> None:
    curve = _curve([0, 1, 2], [50.0, None, 50.0])
    days = [NOW - day * DAY_MS for day in (2, 1)]
    at_ms = np.array([days[0], days[0] + 600_000, days[1], NOW])
    shown = np.array([40.0, 99.0, 44.0, 50.0])
    before = Curve(600, at_ms, np.ones(4, np.int32), (PointCurve(GAUGE, shown, np.full(4, 1, np.uint8)),))
    assert _fill(curve, "profile", before=before).values.tolist() == [42.0]
    assert _fill(curve, "profile").values.size == 0


@pytest.mark.parametrize("method", FILL_METHODS)
def test_nothing_is_made_of_nothing(method: FillMethod) -> None:
    assert _fill(_curve([], []), method).at_ms.size == 0
    assert _fill(_curve([0, 1], [None, None]), method).at_ms.size == 0
    assert _fill(_curve([0, 1, 2], [1.0, 2.0, 3.0]), method).at_ms.size == 0


def test_frames_far_apart_make_no_endless_answer() -> None:
    at_ms = np.array([0, 10**13], np.int64)
    assert hole_times(at_ms, np.array([True, True]), step_ms=1000, longest_ms=10**14).size <= 20_000
