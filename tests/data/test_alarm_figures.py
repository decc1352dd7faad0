"""Figures of alarms count what a slow look at the alarms and their whole log counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

import pytest

from data.alarm_rules import list_rules
from data.alarms import act_on_alarm, alarm_kpis, alarm_totals, store_changes
from data.pool import Pool, connect, open_pool
from data.sources import ensure_sources, list_sources
from tests.cities import TinyAsset, insert_city
from twin.live import AlarmChange
from twin.scope import EVERYTHING

BEGIN = datetime(2026, 1, 10, 15, 30, tzinfo=UTC)
"""Half past eleven in the evening of the city: alarms of both days."""


async def _play(pool: Pool, random: Random) -> None:
    """Let alarms of a few rules ring, end and be answered by chance; some ring often."""
    sources, rules = await list_sources(pool, 1), (await list_rules(pool, 1))[:3]
    opened: set[tuple[int, int]] = set()
    at = BEGIN
    for _ in range(240):
        at += timedelta(seconds=random.choice((20, 60, 120, 700)))
        rule, source = random.choice(rules), random.choice(sources)
        key = rule.rule_id, source.source_id
        change = AlarmChange(rule, source, key not in opened, 1.0, round(at.timestamp() * 1000), 2.0)
        opened ^= {key}
        async with pool.acquire() as connection, connection.transaction():
            await store_changes(connection, 1, [change])
    for alarm_id in random.sample(range(1, 70), 30):
        await act_on_alarm(pool, EVERYTHING, 1, alarm_id, "acknowledge", seat="a")
        await act_on_alarm(pool, EVERYTHING, 1, alarm_id, "acknowledge", seat="b")


def _slowly(alarms: list[dict[str, Any]], waits_s: list[float]) -> dict[str, float]:
    slots = Counter(int(alarm["raised_at"].timestamp()) // 600 for alarm in alarms)
    rang: dict[tuple[int, int], list[datetime]] = {}
    for alarm in alarms:
        rang.setdefault((alarm["rule_id"], alarm["source_id"]), []).append(alarm["raised_at"])
    often = [times for times in rang.values() if any(c - a <= timedelta(hours=1) for a, c in zip(times, times[2:], strict=False))]
    return {
        "raised": len(alarms),
        "level_1": sum(alarm["level"] == 1 for alarm in alarms),
        "cleared": sum(not alarm["active"] for alarm in alarms),
        "most_in_10_min": max(slots.values()),
        "chattering": len(often),
        "acknowledged": len(waits_s),
        "acknowledge_p50_s": median(waits_s),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_of_a_period_are_those_of_a_slow_count(database_url: str, seed: int) -> None:
    insert_city(database_url, [TinyAsset("substation", "A"), TinyAsset("substation", "B")])
    since, until = BEGIN + timedelta(minutes=10), BEGIN + timedelta(hours=30)

    async def work() -> tuple[Any, Any]:
        pool = await open_pool(database_url, size=2)
        try:
            await _play(pool, Random(seed))
            figures = await alarm_kpis(pool, EVERYTHING, 1, since, until)
            return figures, await alarm_totals(pool, EVERYTHING, 1, since, until, by="day", zone="Asia/Shanghai")
        finally:
            await pool.close()

    with connect(database_url, autocommit=True) as connection:
        asyncio.run(_register(database_url))
        found, days = asyncio.run(work())
        cursor = connection.execute(
            "select rule_id, source_id, level, active, raised_at from alarm where raised_at >= %s and raised_at < %s"
            " order by alarm_id",
            (since, until),
        )
        names = [column.name for column in cursor.description or ()]
        alarms = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        waits = connection.execute(
            "select extract(epoch from min(t.happened_at) - l.raised_at)::float8 from alarm l join alarm_transition t using"
            " (city_id, alarm_id) where t.transition = 'acknowledged' and l.raised_at >= %s and l.raised_at < %s"
            " group by l.alarm_id, l.raised_at",
            (since, until),
        ).fetchall()
    slow = _slowly(alarms, [wait for (wait,) in waits])
    half = slow.pop("acknowledge_p50_s")
    assert slow["chattering"] > 0
    assert slow["acknowledged"] > 5
    assert {name: found.figures[name] for name in slow} == slow
    assert found.figures["acknowledge_p50_s"] == pytest.approx(half)
    assert sum(rule["raised"] for rule in found.rules) == slow["raised"]
    assert found.windows[0]["raised"] == slow["most_in_10_min"]
    local = Counter(str((alarm["raised_at"] + timedelta(hours=8)).date()) for alarm in alarms)
    assert {day.key: day.raised for day in days} == local


async def _register(url: str) -> None:
    pool = await open_pool(url, size=2)
    try:
        await ensure_sources(pool, 1)
    finally:
        await pool.close()
