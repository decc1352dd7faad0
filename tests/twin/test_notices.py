"""Subscriptions to notices: which alarms, when, how many messages, what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import BadNotice
from twin.kinds import KINDS
from twin.notices import (
    DEFAULT_SUBSCRIPTION,
    GROUPS,
    AlarmFacts,
    Line,
    QuietHours,
    Step,
    Subscription,
    Wanted,
    compose,
    held_until,
    pause_s,
    send_at,
    subscription_from_json,
)

T0 = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)  # noon in Changchun
HERE = "Asia/Shanghai"
COLD = AlarmFacts(7, 2, "secondary_supply_temperature_low", "substation", 30, 1)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Wanted(), True),
        (Wanted(groups=("substation",)), True),
        (Wanted(groups=("company",)), True),
        (Wanted(groups=("heat_source", "heat_user")), False),
        (Wanted(kinds=("substation",), areas=(30,), companies=(1,), levels=(2,)), True),
        (Wanted(areas=(31,)), False),
        (Wanted(companies=(2,)), False),
        (Wanted(levels=(1,)), False),
        (Wanted(rules=("secondary_supply_temperature_low",)), True),
        (Wanted(rules=("another",)), False),
    ],
)
def test_an_alarm_is_wanted_when_every_part_that_names_something_names_it(wanted: Wanted, holds: bool) -> None:
    assert wanted.holds(COLD) is holds


def test_the_five_levels_of_push_are_kinds_of_the_catalogue() -> None:
    assert list(GROUPS) == ["company", "plant_branch", "heat_source", "substation", "heat_user"]
    named = [kind for kinds in GROUPS.values() for kind in kinds]
    assert set(named) <= set(KINDS)
    assert len(named) == len(set(named))


def test_a_rule_that_may_not_pop_up_does_so_only_for_who_names_it() -> None:
    silent = replace(COLD, popup=False)
    assert not Step("web").takes(silent, Wanted())
    assert Step("web").takes(silent, Wanted(rules=(silent.rule_code,)))
    assert Step("email", to="a@b.cn").takes(silent, Wanted())
    assert not Step("web", level=1).takes(COLD, Wanted())


def test_a_subscription_is_read_as_it_was_written() -> None:
    steps = (Step("web"), Step("webhook", 5, to="http://h/x", level=2, format="bot", digest="sm3", secret="x"))
    made = Subscription("夜班", steps, Wanted(groups=("substation",), levels=(1, 2)), QuietHours("22:00", "06:00", 2), lang="en")
    assert subscription_from_json(made.as_json()) == made
    assert subscription_from_json(DEFAULT_SUBSCRIPTION.as_json()) == DEFAULT_SUBSCRIPTION


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "  "}, "name is empty"),
        ({"steps": ()}, "0 steps"),
        ({"steps": (Step("web", 1),)}, "first step comes at once"),
        ({"steps": (Step("web"), Step("push", 5), Step("email", 5, to="a@b.cn"))}, "more than 5"),
        ({"steps": (Step("email"),)}, "needs address"),
        ({"steps": (Step("push", to="x"),)}, "has no address"),
        ({"steps": (Step("webhook", to="http://x/", seat_id=3),)}, "not to seat 3"),
        ({"steps": (Step("web", secret="x"),)}, "no secret"),
        ({"steps": (Step("web", level=4),)}, "level is 4"),
        ({"steps": (Step("pigeon"),)}, "channels are web"),  # type: ignore[arg-type]
        ({"wanted": Wanted(groups=("everything",))}, "groups are company"),
        ({"wanted": Wanted(levels=(0,))}, "levels are 1"),
        ({"quiet": QuietHours("25:00", "06:00")}, "HH:MM"),
        ({"quiet": QuietHours("06:00", "06:00")}, "no length"),
        ({"most_per_10_min": 0}, "1 to 100"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused_and_says_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadNotice, match=says):
        replace(Subscription("x", (Step("web"),)), **changes)


@pytest.mark.parametrize(
    ("clock", "level", "until"),
    [
        ("2026-01-15T21:59+08:00", 2, None),
        ("2026-01-15T22:00+08:00", 2, "2026-01-16T06:00+08:00"),
        ("2026-01-16T05:59:59+08:00", 3, "2026-01-16T06:00+08:00"),
        ("2026-01-16T06:00+08:00", 3, None),
        ("2026-01-15T23:00+08:00", 1, None),
    ],
)
def test_quiet_hours_hold_all_but_the_most_urgent_until_the_morning_of_the_city(
    clock: str, level: int, until: str | None
) -> None:
    held = held_until(datetime.fromisoformat(clock).astimezone(UTC), HERE, QuietHours("22:00", "06:00"), level)
    assert held == (None if until is None else datetime.fromisoformat(until))


def test_the_first_waits_a_moment_a_flood_a_minute_and_the_bound_ten_minutes() -> None:
    assert send_at(T0, [], most_per_10_min=3) == T0 + timedelta(seconds=1)
    assert send_at(T0, [(T0 - minutes(0.1), 1)], most_per_10_min=3) == T0 + timedelta(seconds=1)
    assert send_at(T0, [(T0 - minutes(0.1), 3000)], most_per_10_min=3) == T0 - minutes(0.1) + minutes(1)
    sent = [(T0 - minutes(9), 1), (T0 - minutes(8), 1), (T0 - minutes(7), 1)]
    assert send_at(T0, sent, most_per_10_min=3) == T0 + minutes(1)


@given(st.lists(st.floats(0, 3600), min_size=1, max_size=200), st.integers(1, 10))
def test_no_ten_minutes_ever_hold_more_messages_than_the_bound_and_every_alarm_is_told(arrivals: list[float], most: int) -> None:
    """Plays an hour second by second: whatever comes when, all of it is told, and never too often."""
    waiting = sorted(arrivals)
    sent: list[tuple[datetime, int]] = []
    for second in range(2 * 3600):
        now = T0 + timedelta(seconds=second)
        due = [at for at in waiting if T0 + timedelta(seconds=at) <= now]
        recent = [one for one in sent if one[0] > now - minutes(10)]
        if due and send_at(T0 + timedelta(seconds=due[0]), recent, most_per_10_min=most) <= now:
            sent.append((now, len(due)))
            waiting = waiting[len(due) :]
    assert not waiting
    assert sum(count for _, count in sent) == len(arrivals)
    for at, _ in sent:
        assert len([other for other, _ in sent if at <= other < at + minutes(10)]) <= most


def test_pauses_grow_and_end() -> None:
    pauses = [pause_s(tries) for tries in range(1, 9)]
    assert pauses[-1] is None
    known = [pause for pause in pauses if pause is not None]
    assert known == sorted(known)
    assert len(known) == 7


def line(number: int, level: int, **more: Any) -> Line:
    return Line(number, f"换热站{number}", "二次供水温度过低", "Secondary supply low", level, "20 °C", "35 °C", T0, **more)


def test_a_message_tells_the_worst_first_and_counts_the_rest() -> None:
    one = compose([line(1, 2, advice="检查阀门")], zone=HERE, lang="zh")
    assert one.title == "2级报警：换热站1 二次供水温度过低"
    assert one.body == "[2级] 换热站1 二次供水温度过低，20 °C（限值 35 °C），2026-01-15 12:00:00\n  处置建议：检查阀门"
    many = compose([line(n, 3) for n in range(1, 3000)] + [line(3000, 1, active=False)], zone=HERE, lang="zh", after_min=5)
    assert many.title == "【5 分钟未确认】3000 条报警（最高 1 级）：换热站3000 二次供水温度过低 等"
    lines = many.body.splitlines()
    assert len(lines) == 21
    assert lines[0].endswith("，已恢复")
    assert "2980" in lines[-1]
    assert "3000 alarms" in compose([line(n, 3) for n in range(3000)], zone=HERE, lang="en").title
