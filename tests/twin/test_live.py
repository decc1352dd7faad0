from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import delta
from twin.alarms import DEFAULT_RULE
from twin.live import NEVER, STALE_PERIODS, LiveCity, build_city
from twin.quality import Quality
from twin.readings import Source, prepare
from twin.schemas import DEFAULT_SCHEMAS
from twin.scope import EVERYTHING, Scope
from twin.status import Status

NOW = 1_795_255_200_000
SUBSTATION, WEATHER = DEFAULT_SCHEMAS["substation"], DEFAULT_SCHEMAS["weather_station"]
SUPPLY = "secondary_supply_temperature_degc"
SOURCES = (
    Source(1, "substation:a", 10, "substation", 1, 100, 1, SUBSTATION, 60),
    Source(2, "substation:b", 20, "substation", 2, 200, 1, SUBSTATION, 60),
    Source(3, "weather_station:w", 70_000, "weather_station", None, 100, 2, WEATHER, 60),
)
THEMES = (delta.STATUS.name, SUPPLY, delta.OPEN_ALARMS.name)


def _city() -> LiveCity:
    city = build_city(1, 77, SOURCES, (DEFAULT_RULE,))
    city.refresh(NOW)
    return city


def _receive(city: LiveCity, *readings: tuple[str, int, float | None], quality: int | None = None) -> list[bool]:
    """Send supply temperatures (source, time, value); returns raised or cleared of each alarm change."""
    column = SUBSTATION.column(SUPPLY)
    assert column is not None
    frames = []
    for code, at, value in readings:
        values: list[float | None] = [1.0] * len(SUBSTATION.points)
        values[column] = value
        flags = None if quality is None else [quality] * len(values)
        frames.append({"source": code, "schema": "substation", "observed_at": at, "values": values, "quality": flags})
    changes = []
    for batch in prepare(frames, city.sources, now_ms=NOW).batches:
        plan = city.plan(batch)
        changes += [change.raised for step in plan.steps for change in step.changes]
        city.apply(plan, received_ms=max(at for _, at, _ in readings))
    return changes


def _shown(city: LiveCity, theme: str, scope: Scope = EVERYTHING) -> dict[int, tuple[int, int]]:
    message = city.message(theme, scope, since=None)
    assert message is not None
    return dict(zip(message.asset_ids.tolist(), zip(message.units.tolist(), message.packed.tolist(), strict=True), strict=True))


def test_planning_changes_nothing() -> None:
    city = _city()
    before = [_shown(city, theme) for theme in THEMES]
    frame = {"source": "substation:a", "schema": "substation", "observed_at": NOW, "values": [20.0] * len(SUBSTATION.points)}
    plan = city.plan(prepare([frame], city.sources, now_ms=NOW).batches[0])
    assert [change.raised for change in plan.steps[0].changes] == [True]
    assert city.refresh(NOW) is False
    assert [_shown(city, theme) for theme in THEMES] == before


def test_a_late_frame_moves_neither_state_nor_alarm() -> None:
    city = _city()
    assert _receive(city, ("substation:a", NOW, 50.0)) == []
    assert _receive(city, ("substation:a", NOW - 1000, 20.0)) == []
    assert _receive(city, ("substation:a", NOW, 20.0)) == []
    city.refresh(NOW)
    assert _shown(city, SUPPLY)[10] == (500, Status.NORMAL << 4 | Quality.GOOD)


def test_frames_of_one_source_in_one_batch_are_followed_in_time() -> None:
    city = _city()
    readings = [("substation:a", NOW + 2, 20.0), ("substation:a", NOW, 20.0), ("substation:a", NOW + 1, 50.0)]
    assert _receive(city, *readings) == [True, False, True]
    city.refresh(NOW)
    assert city.status_of(10) == Status.ALARM_LEVEL_1
    assert city.active_alarms == 1


@pytest.mark.parametrize("quality", [Quality.SUSPECT, Quality.FAIL, Quality.MISSING])
def test_bad_data_is_shown_with_its_flag_and_raises_nothing(quality: Quality) -> None:
    city = _city()
    assert _receive(city, ("substation:a", NOW, 20.0), quality=int(quality)) == []
    city.refresh(NOW)
    assert _shown(city, SUPPLY)[10] == (200, Status.NORMAL << 4 | quality)


def test_an_asset_is_stale_after_three_missed_periods_and_normal_again_with_the_next_frame() -> None:
    city = _city()
    _receive(city, ("substation:a", NOW, 50.0))
    limit = NOW + STALE_PERIODS * 60_000
    city.refresh(limit)
    assert city.status_of(10) == Status.NORMAL
    assert city.refresh(limit + 1) is True
    assert city.status_of(10) == Status.STALE
    _receive(city, ("substation:a", limit + 2, 50.0))
    city.refresh(limit + 2)
    assert city.status_of(10) == Status.NORMAL


def test_an_open_alarm_outlives_silence() -> None:
    city = _city()
    _receive(city, ("substation:a", NOW, 20.0))
    city.refresh(NOW + 10**9)
    assert city.status_of(10) == Status.ALARM_LEVEL_1


def test_nobody_heard_is_no_data() -> None:
    city = _city()
    assert {asset: packed >> 4 for asset, (_, packed) in _shown(city, "status").items()} == {10: 0, 20: 0, 70_000: 0}
    assert city.status_of(999) == Status.NO_DATA


def test_a_theme_holds_only_assets_that_can_show_it() -> None:
    assert list(_shown(_city(), SUPPLY)) == [10, 20]
    assert list(_shown(_city(), "open_alarms")) == [10, 20, 70_000]


def test_a_scope_sees_its_own_assets_and_those_without_owner() -> None:
    city = _city()
    assert list(_shown(city, "status", Scope(company_ids=(1,)))) == [10, 70_000]
    assert list(_shown(city, "status", Scope(areas=(100,)))) == [10, 70_000]
    assert list(_shown(city, "status", Scope(layers=("substation",), areas=(200,)))) == [20]
    _receive(city, ("substation:b", NOW, 50.0))
    seq = city.seq
    city.refresh(NOW)
    assert city.message("status", Scope(company_ids=(1,)), since=seq) is None


_STEP = st.lists(
    st.tuples(st.sampled_from(["substation:a", "substation:b"]), st.integers(0, 300_000), st.floats(10, 60) | st.none()),
    min_size=1,
    max_size=4,
)


@given(st.lists(_STEP, max_size=12), st.data())
def test_merged_deltas_from_any_point_lead_to_the_same_state_as_a_snapshot(
    steps: list[list[tuple[str, int, float | None]]], data: st.DataObject
) -> None:
    city = _city()
    theme = data.draw(st.sampled_from(THEMES))
    held, seq = _shown(city, theme), city.seq
    for number, step in enumerate(steps):
        _receive(city, *[(code, NOW + at, value) for code, at, value in step])
        city.refresh(NOW + number * 50_000)
        # a slow client takes only some of the deltas
        if data.draw(st.booleans()):
            message = city.message(theme, EVERYTHING, since=seq)
            if message is not None:
                rows = zip(message.units.tolist(), message.packed.tolist(), strict=True)
                held |= dict(zip(message.asset_ids.tolist(), rows, strict=True))
            seq = city.seq
    last = city.message(theme, EVERYTHING, since=seq)
    if last is not None:
        rows = zip(last.units.tolist(), last.packed.tolist(), strict=True)
        held |= dict(zip(last.asset_ids.tolist(), rows, strict=True))
    assert held == _shown(city, theme)


def test_restored_state_is_the_state_before() -> None:
    city, again = _city(), _city()
    _receive(city, ("substation:a", NOW, 20.0))
    city.refresh(NOW)
    block = city.blocks[1]
    assert again.restore(1, block.heard()) == 1
    again.set_alarms([(DEFAULT_RULE.rule_id, 1, False)])
    again.refresh(NOW)
    for theme in THEMES:
        assert _shown(again, theme) == _shown(city, theme)


def test_frames_of_a_schema_or_source_that_is_gone_and_older_ones_are_not_restored() -> None:
    city, other = _city(), _city()
    _receive(city, ("substation:a", NOW, 50.0))
    frames = city.blocks[1].heard()
    assert other.restore(99, frames) == 0
    assert other.restore(1, replace(frames, source_ids=np.array([77], np.int32))) == 0
    assert other.blocks[1].observed_ms.tolist() == [NEVER, NEVER]
    assert city.restore(1, frames) == 0


def test_a_city_that_is_built_anew_carries_its_frames_over() -> None:
    city, again = _city(), _city()
    _receive(city, ("substation:a", NOW, 50.0))
    city.refresh(NOW)
    assert [again.restore(schema_id, frames) for schema_id, frames in city.heard().items()] == [1, 0]
    again.refresh(NOW)
    assert [_shown(again, theme) for theme in THEMES] == [_shown(city, theme) for theme in THEMES]


def test_values_are_shown_as_the_store_will_give_them_back() -> None:
    city = _city()
    _receive(city, ("substation:a", NOW, 52.35))
    column = SUBSTATION.column(SUPPLY)
    assert column is not None
    assert city.blocks[1].values[0, column] == np.float32(52.35)


def test_an_asset_with_two_sources_shows_the_worse_of_them() -> None:
    twice = replace(SOURCES[2], source_id=9, code="second", asset_id=10)
    city = build_city(1, 1, (*SOURCES, twice), (DEFAULT_RULE,))
    city.refresh(NOW)
    _receive(city, ("substation:a", NOW, 50.0))
    city.refresh(NOW)
    assert _shown(city, "status")[10] == (delta.NO_VALUE, Status.NORMAL << 4 | Quality.MISSING)
    city.refresh(NOW + 10**9)
    assert city.status_of(10) == Status.STALE


def test_where_no_rule_watches_only_the_newest_frame_of_a_source_counts() -> None:
    city = build_city(1, 1, SOURCES, ())
    _receive(city, ("substation:a", NOW, 50.0), ("substation:b", NOW, 1.0), ("substation:a", NOW - 1, 40.0))
    city.refresh(NOW)
    assert {asset: units for asset, (units, _) in _shown(city, SUPPLY).items()} == {10: 500, 20: 10}


def test_a_rule_of_a_point_that_the_schema_lacks_is_left_out() -> None:
    city = build_city(1, 1, SOURCES, (replace(DEFAULT_RULE, point="no_such_point"),))
    assert _receive(city, ("substation:a", NOW, 20.0)) == []


def test_a_city_without_sources_has_an_empty_state() -> None:
    city = build_city(1, 1, (), (DEFAULT_RULE,))
    assert city.refresh(NOW) is False
    assert _shown(city, "status") == {}


@pytest.mark.parametrize("apart", [1, 3, 1000])
def test_the_row_of_a_source_is_found_by_its_number_and_strangers_have_none(apart: int) -> None:
    sources = [
        Source(5 + apart * i, f"R{i}", 1 + i, "room_sensor", None, None, 1, DEFAULT_SCHEMAS["room_sensor"], 60) for i in range(4)
    ]
    block = build_city(1, 1, sources, []).blocks[1]
    asked = [0, 4, 5, 6, 5 + apart, 5 + 3 * apart, 6 + 3 * apart, 2**31 - 1]
    known = {source.source_id: row for row, source in enumerate(sources)}
    assert block.rows_of(np.array(asked, np.int32)).tolist() == [known.get(number, -1) for number in asked]
