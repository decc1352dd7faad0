"""Delays, several points, silence, seasons and jumping clocks, against a slow model that is plain to read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from twin.alarms import DEFAULT_RULE, SILENCE, Condition, SteadyClock, ThresholdRule, shipped_rules
from twin.alarms.engine import MAX_STEP_MS
from twin.alarms.states import ACTIONS, MAX_SHELVED, Action, AlarmState, act
from twin.errors import BadAlarmAction, BadRule
from twin.live import LiveCity, build_city
from twin.quality import Quality
from twin.readings import Batch, Source
from twin.schemas import FrameSchema, Point
from twin.status import AlarmLevel

SCHEMA = FrameSchema("probe", 1, (Point("a_degc", "temperature", "degC"), Point("b_mpa", "pressure", "MPa")))
SOURCES = tuple(Source(i, f"probe:{i}", 10 + i, "probe", None, None, 1, SCHEMA, 3600) for i in (1, 2, 3))
BOTH = ThresholdRule(
    1, "both", "两", "both", "probe", "a_degc", 10.0, None, 2.0, AlarmLevel.SECOND,
    also=(Condition("b_mpa", None, 1.0, 0.5),), on_delay_s=4.0, off_delay_s=2.0, season="11-01/03-31",
)  # fmt: skip
FED = replace(BOTH, upstream_healthy=True)
WINTER, SUMMER = date(2026, 1, 15), date(2026, 7, 15)


def _city(*rules: ThresholdRule) -> LiveCity:
    return build_city(1, 1, SOURCES, rules)


def _send(city: LiveCity, row: int, at_ms: int, values: tuple[float, float], quality: tuple[int, int] = (1, 1)) -> None:
    batch = Batch(
        1, SCHEMA, np.zeros(1, np.int64), np.array([row + 1], np.int32), np.array([at_ms], np.int64),
        np.array([values]), np.array([quality], np.uint8),
    )  # fmt: skip
    city.apply(city.plan(batch), received_ms=at_ms)


@dataclass
class _Slow:
    """One source under one rule, written from the definition: a flag, a stopwatch, and the last values."""

    active: bool = False
    waited_since: int | None = None
    a: tuple[float, int] = (0.0, Quality.MISSING)
    b: tuple[float, int] = (0.0, Quality.MISSING)
    limit: float = 10.0
    fed: bool = True

    def wish(self, in_force: bool) -> bool | None:
        """True = what is said now is the other side of the flag; None = nothing can be said."""
        good_a, good_b = self.a[1] <= 2, self.b[1] <= 2
        a_met, a_over = good_a and self.a[0] > self.limit, good_a and self.a[0] <= self.limit - 2
        b_met, b_over = good_b and self.b[0] < 1, good_b and self.b[0] >= 1.5
        if not in_force or not self.fed:
            return self.active
        if a_over or b_over:
            return self.active
        if not (good_a and good_b):
            return None
        return not self.active and a_met and b_met

    def frame(self, a: tuple[float, int], b: tuple[float, int]) -> None:
        self.a, self.b = a, b
        fed, self.fed = self.fed, True  # a frame says nothing of who is fed
        if self.wish(in_force=True) is False:
            self.waited_since = None
        self.fed = fed

    def tick(self, now: int, in_force: bool) -> None:
        wish = self.wish(in_force)
        if wish is None:
            return
        if not wish:
            self.waited_since = None
            return
        self.waited_since = now if self.waited_since is None else self.waited_since
        if now - self.waited_since >= (2000 if self.active else 4000):
            self.active, self.waited_since = not self.active, None


@dataclass
class _SlowClock:
    now: int = 0
    last: int | None = None

    def at(self, wall: int) -> int:
        if self.last is not None and wall > self.last:
            self.now += min(wall - self.last, MAX_STEP_MS)
        self.last = wall
        return self.now


class AlarmsAgainstTheModel(RuleBasedStateMachine):
    """Frames come, clocks jump, seasons, limits and who is fed change, commits fail; arrays and model agree after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.city = _city(FED)
        self.slow = [_Slow() for _ in SOURCES]
        self.clock = _SlowClock()
        self.wall = 1_800_000_000_000
        self.frame_ms = 1_000
        self.day = WINTER
        self.limited = False

    @rule(
        row=st.integers(0, 2),
        a=st.sampled_from([0.0, 8.0, 9.0, 10.0, 11.0]),
        b=st.sampled_from([0.0, 1.0, 1.2, 1.5, 2.0]),
        flags=st.tuples(*[st.sampled_from([1, 1, 2, 3, 4, 9])] * 2),
    )
    def send(self, row: int, a: float, b: float, flags: tuple[int, int]) -> None:
        self.frame_ms += 1
        _send(self.city, row, self.frame_ms, (a, b), flags)
        self.slow[row].frame((a, flags[0]), (b, flags[1]))

    @rule(row=st.integers(0, 2))
    def send_late(self, row: int) -> None:
        """An older frame moves nothing."""
        if self.city.blocks[1].observed_ms[row] > 5:  # the first frame of a source is never late
            _send(self.city, row, 5, (99.0, 0.0))

    @rule(step=st.sampled_from([0, 500, 1000, 2000, 4000, 6000, 3_600_000, -1000, -3_600_000]))
    def tick(self, step: int) -> None:
        self.wall += step
        self.city.apply_pass(self.city.alarm_pass(self.wall, self.day))
        now = self.clock.at(self.wall)
        for slow in self.slow:
            slow.tick(now, self.day == WINTER)

    @rule()
    def failed_commit(self) -> None:
        """A pass whose commit fails changes nothing; the next one finds the same."""
        self.city.alarm_pass(self.wall, self.day)
        self.clock.at(self.wall)

    @rule(dark=st.sets(st.integers(0, 2)))
    def upstream(self, dark: set[int]) -> None:
        """Valves move or sources fail: some assets are fed by nobody."""
        self.city.set_upstream(np.array([SOURCES[row].asset_id for row in sorted(dark)] + [99], np.int64))
        for row, slow in enumerate(self.slow):
            slow.fed = row not in dark

    @rule(limits=st.dictionaries(st.integers(0, 2), st.sampled_from([8.5, 10.0, 10.5]), max_size=2))
    def edit_limits(self, limits: dict[int, float]) -> None:
        """Rules are read again with other limits of single sources: a rule whose limits are the same loses no delay."""
        before = [slow.limit for slow in self.slow]
        for row, slow in enumerate(self.slow):
            slow.limit = limits.get(row, 10.0)
        same = (not limits and not self.limited) or (
            before == [slow.limit for slow in self.slow] and bool(limits) == self.limited
        )
        self.limited = bool(limits)
        open_alarms = [(1, SOURCES[row].source_id, False) for row, slow in enumerate(self.slow) if slow.active]
        self.city.set_rules((FED,), {(1, 0): {SOURCES[row].source_id: limit for row, limit in limits.items()}})
        self.city.set_alarms(open_alarms)
        if not same:
            for slow in self.slow:
                slow.waited_since = None

    @rule(day=st.sampled_from([WINTER, SUMMER]))
    def season(self, day: date) -> None:
        self.day = day

    @invariant()
    def agree(self) -> None:
        assert self.city.blocks[1].active[0].tolist() == [slow.active for slow in self.slow]


# a source that was never heard says nothing: the model's missing values do the same
TestAlarmsAgainstTheModel = AlarmsAgainstTheModel.TestCase


def _ticks(city: LiveCity, begin_ms: int, seconds: int) -> list[bool]:
    seen = []
    for second in range(seconds):
        city.apply_pass(city.alarm_pass(begin_ms + second * 1000, WINTER))
        seen.append(bool(city.blocks[1].active[0, 0]))
    return seen


def test_rules_that_are_read_again_keep_the_rise_of_registers_and_a_delay_that_runs() -> None:
    meter = FrameSchema("meter", 1, (Point("water_total_m3", "volume", "m3", slot="total"),))
    loss = ThresholdRule(
        1, "loss", "失水", "loss", "meter", "water_total_m3", 5.0, None, 1.0, AlarmLevel.FIRST, per_h=True, on_delay_s=3.0
    )
    city = build_city(1, 1, (Source(1, "meter:1", 1, "meter", None, None, 1, meter, 3600),), (loss,))
    for at_ms, m3 in ((1_000, 100.0), (61_000, 110.0)):
        batch = Batch(
            1, meter, np.zeros(1, np.int64), np.array([1], np.int32), np.array([at_ms], np.int64),
            np.array([[m3]]), np.array([[1]], np.uint8),
        )  # fmt: skip
        city.apply(city.plan(batch), received_ms=at_ms)
    assert _ticks(city, 61_000, 2) == [False, False]
    city.set_rules((loss, replace(loss, rule_id=2, code="other")))
    city.set_alarms([])
    assert _ticks(city, 63_000, 2) == [False, True]


def test_a_station_without_a_healthy_source_rings_neither_on_arrival_nor_on_the_clock() -> None:
    at_once = ThresholdRule(1, "cold", "冷", "cold", "probe", "a_degc", None, 5.0, 1.0, AlarmLevel.FIRST, upstream_healthy=True)
    city = _city(at_once, replace(at_once, rule_id=2, code="slow", on_delay_s=2.0))
    city.set_upstream(np.array([SOURCES[0].asset_id]))
    for row in (0, 1):
        _send(city, row, 1, (0.0, 0.5))
    _ticks(city, 0, 5)
    assert city.blocks[1].active[:, :2].tolist() == [[False, True], [False, True]]
    assert city.failing_assets() == [SOURCES[1].asset_id]
    city.set_upstream(np.array([SOURCES[1].asset_id]))
    _ticks(city, 5_000, 4)
    assert city.blocks[1].active[:, :2].tolist() == [[True, False], [True, False]]


def test_a_clock_set_ahead_by_an_hour_raises_nothing_before_its_delay() -> None:
    city = _city(replace(BOTH, on_delay_s=60.0))
    _send(city, 0, 1, (11.0, 0.5))
    assert not any(_ticks(city, 1_000_000, 5))
    assert not any(_ticks(city, 1_000_000 + 3_600_000, 5))
    assert not any(_ticks(city, 1_000_000, 30))
    assert _ticks(city, 1_030_000, 30)[-1]


def test_silence_opens_an_alarm_and_the_next_frame_closes_it() -> None:
    offline = ThresholdRule(1, "off", "离线", "off", "probe", SILENCE, 10.0, None, 0.0, AlarmLevel.THIRD)
    city = _city(offline)
    assert not any(_ticks(city, 0, 30)), "who was never heard is not offline"
    _send(city, 0, 1, (11.0, 0.5))
    assert _ticks(city, 30_000, 14) == [False] * 10 + [True] * 4
    assert city.blocks[1].active.sum() == 1
    again = _city(offline)
    again.restore(1, city.blocks[1].heard())
    again.set_alarms([(1, 1, False)])
    assert all(_ticks(again, 0, 5)), "a restart is no sign of life"
    _send(again, 0, 2, (11.0, 0.5))
    assert not any(_ticks(again, 5_000, 5))


def test_an_offline_alarm_does_not_make_its_asset_red() -> None:
    city = _city(ThresholdRule(1, "off", "离线", "off", "probe", SILENCE, 10.0, None, 0.0, AlarmLevel.FIRST))
    _send(city, 0, 1, (11.0, 0.5))
    _ticks(city, 0, 15)
    city.refresh(2)
    assert city.active_alarms == 1
    assert city.status_of(11) == 1


def test_a_register_that_is_reset_rises_by_nothing() -> None:
    schema = FrameSchema("meter", 1, (Point("v_m3", "volume", "m3", slot="total"),))
    flow = ThresholdRule(1, "flow", "流", "flow", "meter", "v_m3", 5.0, None, 1.0, AlarmLevel.FIRST, per_h=True)
    city = build_city(1, 1, (Source(1, "meter:1", 1, "meter", None, None, 1, schema, 60),), (flow,))
    seen = []
    for minute, total in enumerate((100.0, 100.05, 101.0, 0.0, 0.01, 1.0)):
        batch = Batch(
            1, schema, np.zeros(1, np.int64), np.array([1], np.int32), np.array([minute * 60_000], np.int64),
            np.array([[total]]), np.ones((1, 1), np.uint8),
        )  # fmt: skip
        city.apply(city.plan(batch), received_ms=minute)
        city.apply_pass(city.alarm_pass(minute, WINTER))
        seen.append(bool(city.blocks[1].active[0, 0]))
    # 3 m3/h, 57 m3/h, reset (nothing is known: it stays), 0.6 m3/h, 59 m3/h
    assert seen == [False, False, True, True, False, True]


@pytest.mark.parametrize(
    ("season", "day", "held"),
    [
        ("11-15/03-15", date(2026, 11, 15), True),
        ("11-15/03-15", date(2026, 3, 15), True),
        ("11-15/03-15", date(2026, 3, 16), False),
        ("04-01/04-30", date(2026, 4, 30), True),
        ("04-01/04-30", date(2026, 5, 1), False),
        ("", date(2026, 7, 1), True),
    ],
)
def test_a_season_holds_its_first_and_its_last_day(season: str, day: date, held: bool) -> None:
    assert replace(DEFAULT_RULE, season=season).in_season(day) is held


@pytest.mark.parametrize(
    "wrong",
    [{"on_delay_s": -1.0}, {"off_delay_s": 1e9}, {"season": "winter"}, {"season": "02-30/03-01"}, {"deadband": float("nan")}],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, float | str]) -> None:
    with pytest.raises(BadRule):
        replace(DEFAULT_RULE, **wrong)  # type: ignore[arg-type]


def test_the_shipped_rules_hold_all_classes_and_both_signs_of_water_loss() -> None:
    rules = {each.code: each for each in shipped_rules()}
    assert len(rules) == len(shipped_rules())
    assert {rules[code].schema_code for code in rules if code.startswith("water_loss")} == {
        "plant", "heating_first_station", "substation",
    }  # fmt: skip
    assert rules["water_quality_ph_25c_low"].below == 7.0
    assert {each.level for each in rules.values()} == set(AlarmLevel)


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Person:
    """What a person would write on paper: a set of words and the end of the shelf."""

    words: set[str] = field(default_factory=set)
    until: datetime | None = None


class ActionsAgainstTheModel(RuleBasedStateMachine):
    """Actions in any order; each either changes exactly what it is named for, or is refused and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.paper, self.now = AlarmState(), _Person(), NOW

    @rule(hours=st.integers(0, 100))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(action=st.sampled_from(ACTIONS), hours=st.integers(-2, 200), note=st.sampled_from(["", "why"]))
    def do(self, action: Action, hours: int, note: str) -> None:
        until = self.now + timedelta(hours=hours) if action == "shelve" else None
        refused = (
            (action == "confirm" and "acknowledge" not in self.paper.words)
            or (action in {"comment", "shelve", "out_of_service", "judge_true", "judge_false"} and not note)
            or (action == "shelve" and not 0 < hours <= MAX_SHELVED / timedelta(hours=1))
        )
        if refused:
            with pytest.raises(BadAlarmAction):
                act(self.state, action, now=self.now, until=until, note=note)
            return
        self.state = act(self.state, action, now=self.now, until=until, note=note) or self.state
        self._write(action, until)

    def _write(self, action: Action, until: datetime | None) -> None:
        undone = {"return_to_service": "out_of_service", "judge_true": "judge_false", "judge_false": "judge_true"}
        self.paper.words -= {undone.get(action, "")}
        self.paper.words.add(action)
        if action in {"shelve", "unshelve"}:
            self.paper.until = until

    @invariant()
    def agree(self) -> None:
        words = self.paper.words
        assert self.state.acknowledged == ("acknowledge" in words)
        assert self.state.confirmed == ("confirm" in words)
        assert self.state.out_of_service == ("out_of_service" in words)
        assert self.state.false_alarm == (True if "judge_false" in words else False if "judge_true" in words else None)
        assert self.state.shelved(self.now) == (self.paper.until is not None and self.paper.until > self.now)
        assert self.state.active
        assert not self.state.suppressed


TestActionsAgainstTheModel = ActionsAgainstTheModel.TestCase


def test_a_steady_clock_never_goes_back() -> None:
    clock = SteadyClock()
    assert [clock.at(at) for at in (1_000, 2_000, 500, 1_500, 9_000_000)] == [0, 1_000, 1_000, 2_000, 2_000 + MAX_STEP_MS]
