"""A heating season through the alarm engine with a clock of its own: what its alarms come to for the persons who answer them.

    python -m benchmarks.live_season                       # 180 days of 350 substations, the share of one of ten operators
    python -m benchmarks.live_season --days 10 --share 0.02

Substations report every five minutes; rules, delays and quality are those of the product, alarms are stored by its statements in
a scratch database, and the figures are those of `GET /alarms/kpis` (`data.alarms.alarm_kpis`). What fails is drawn from a seed,
in numbers chosen here (no published figures of a season were at hand): bursts that cut off neighbours for hours, lines that are
down, and bad values. Nobody acknowledges.

| field | meaning |
|---|---|
| days, stations, frames | what was played |
| times | how much faster than time it ran |
| raised, per_operator_10_min, most_in_10_min, floods, standing, chattering | as in docs/alarms.md, one operator |
| level_1, level_2, level_3 | alarms by level |
| calm_days_share | days whose worst 10 minutes had no more than 10 alarms |
| bursts, stations_cut, lines_down, bad_values | what was made to fail |
| load1 | load of the machine in the last minute |
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from api.settings import read_settings
from benchmarks.ingest_city import CITY_ID, BenchCity, register, scratch_city
from benchmarks.ingest_stores import say
from data.alarm_rules import list_rules
from data.alarms import alarm_kpis, store_changes
from data.pool import Pool, open_pool
from twin.arrays import Float64Array, Int64Array
from twin.live import AlarmChange, LiveCity, build_city
from twin.readings import Batch
from twin.scope import EVERYTHING
from twin.simulator.city import Simulation, advance
from twin.simulator.instruments import look, values
from twin.simulator.sources import Group

STEP_S, LOOK_S = 300, 60
"""Time between two reports, and between two looks of the clock: delays are up to so much longer than in the product."""
BEGIN = datetime(2025, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
BURSTS_PER_STATION, BURST_H, BURST_STATIONS = 40 / 3500, (2.0, 12.0), (3, 60)
DOWN_PER_STATION, DOWN_H = 2.0, (0.1, 6.0)
BAD_SHARE = 0.005
_SEED = 7
_WRONG = 9_999.0


@dataclass(frozen=True)
class Failures:
    """What fails: rows of stations with first and last second since the begin."""

    burst_rows: list[Int64Array]
    bursts_s: Float64Array
    down_rows: Int64Array
    down_s: Float64Array


@dataclass
class Played:
    """What has happened so far."""

    frames: int = 0
    bad: int = 0
    raised: list[int] = field(default_factory=list)


def draw(stations: int, days: float, random: np.random.Generator) -> Failures:
    """Draw the failures of a season; shorter spans get their share."""
    share, length_s = days / 180.0, days * 86_400.0
    bursts = max(1, round(stations * BURSTS_PER_STATION * share))
    sizes = random.integers(*BURST_STATIONS, bursts).clip(max=stations)
    firsts = random.integers(0, stations - sizes + 1)
    down = random.poisson(stations * DOWN_PER_STATION * share)
    return Failures(
        [np.arange(first, first + size) for first, size in zip(firsts, sizes, strict=True)],
        _spans(random, bursts, BURST_H, length_s),
        random.integers(0, stations, down),
        _spans(random, down, DOWN_H, length_s),
    )


def _spans(random: np.random.Generator, count: int, hours: tuple[float, float], length_s: float) -> Float64Array:
    begin = random.uniform(0, length_s, count)
    low, high = np.log(hours)
    return np.column_stack([begin, begin + 3600.0 * np.exp(random.uniform(low, high, count))])


@dataclass
class Season:
    """What is played: the city, its live state, what fails, and what has happened."""

    city: BenchCity
    pool: Pool
    state: LiveCity
    simulation: Simulation
    group: Group
    failures: Failures
    random: np.random.Generator
    played: Played = field(default_factory=Played)

    async def step(self, since_s: float) -> None:
        """Let the stations whose line is up report, then look at the clock until they report again."""
        failures, now_ms = self.failures, round((BEGIN.timestamp() + since_s) * 1000)
        cut = [
            rows for rows, (first, last) in zip(failures.burst_rows, failures.bursts_s, strict=True) if first <= since_s < last
        ]
        lost = self.group.asset_ids[np.concatenate(cut)].tolist() if cut else ()
        self.simulation = advance(self.simulation, STEP_S, cut_off=lost)
        down = failures.down_rows[(failures.down_s[:, 0] <= since_s) & (since_s < failures.down_s[:, 1])]
        plan = self.state.plan(self._frames(np.setdiff1d(np.arange(len(self.group)), down), now_ms))
        await self._store([change for step in plan.steps for change in step.changes])
        self.state.apply(plan, received_ms=now_ms)
        for look_s in range(0, STEP_S, LOOK_S):
            for second in range(look_s, look_s + LOOK_S, 5):  # the steady clock takes a jump of five seconds at most
                self.state.clock.at(now_ms + second * 1000)
            done = self.state.alarm_pass(now_ms + (look_s + LOOK_S) * 1000, (BEGIN + timedelta(seconds=since_s)).date())
            await self._store(done.changes)
            self.state.apply_pass(done)

    def _frames(self, rows: Int64Array, now_ms: int) -> Batch:
        observed_ms = np.full(len(rows), now_ms, np.int64)
        told = values(look(self.simulation), self.group, rows, observed_ms)
        bad = self.random.random(told.shape) < BAD_SHARE
        told[bad] = _WRONG
        self.played.frames, self.played.bad = self.played.frames + len(rows), self.played.bad + int(bad.sum())
        return self.city.batch(self.group, self.city.source_ids(self.group), rows, observed_ms, told).batch

    async def _store(self, changes: Sequence[AlarmChange]) -> None:
        if changes:
            async with self.pool.acquire() as connection, connection.transaction():
                await store_changes(connection, CITY_ID, changes)
            self.played.raised += [change.observed_ms for change in changes if change.raised]


async def play(city: BenchCity, pool: Pool, days: float) -> tuple[Season, float]:
    """Play the span; returns what happened and the seconds that it took."""
    state = build_city(CITY_ID, 1, list(city.sources.values()), await list_rules(pool, CITY_ID))
    simulation, random = city.simulation(BEGIN.timestamp()), np.random.default_rng(_SEED)
    group = next(each for each in simulation.groups if each.kind == "substation")
    season = Season(city, pool, state, simulation, group, draw(len(group), days, random), random)
    began_s = time.perf_counter()
    for number in range(int(days * 86_400 / STEP_S)):
        await season.step(number * STEP_S)
        if number % (86_400 // STEP_S * 10) == 0:
            say(f"day {number * STEP_S // 86_400}: {len(season.played.raised)} alarms, {time.perf_counter() - began_s:.0f} s")
    return season, time.perf_counter() - began_s


async def measure(city: BenchCity, days: float) -> dict[str, Any]:
    """Play a season and count."""
    pool = await open_pool(city.settings.database_url, size=2)
    try:
        season, took_s = await play(city, pool, days)
        until = BEGIN + timedelta(days=days)
        found = await alarm_kpis(pool, EVERYTHING, CITY_ID, BEGIN.astimezone(UTC), until.astimezone(UTC))
    finally:
        await pool.close()
    played, failures = season.played, season.failures
    slots = Counter(at_ms // 600_000 for at_ms in played.raised)
    worst: Counter[int] = Counter()
    for slot, count in slots.items():
        worst[slot // 144] = max(worst[slot // 144], count)
    kpis = found.figures
    for rule in found.rules:
        say(f"{rule['rule_code']}: {rule['raised']}")
    names = ("raised", "most_in_10_min", "floods", "open", "standing", "chattering", "level_1", "level_2", "level_3")
    return {
        "days": days,
        "stations": city.counts["substation"],
        "frames": played.frames,
        "times": round(days * 86_400 / took_s),
        **{name: kpis[name] for name in names},
        "per_operator_10_min": round((kpis["raised"] or 0) / (days * 144), 4),
        "calm_days_share": round(1 - sum(count > 10 for count in worst.values()) / days, 4),
        "bursts": len(failures.burst_rows),
        "stations_cut": sum(map(len, failures.burst_rows)),
        "lines_down": len(failures.down_rows),
        "bad_values": played.bad,
    }


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_season")
    parser.add_argument("--days", type=float, default=180.0)
    parser.add_argument("--share", type=float, default=0.1, help="of the city's substations")
    options = parser.parse_args()
    with scratch_city(read_settings(), share=options.share) as empty:
        city = asyncio.run(register(empty))
        figures = asyncio.run(measure(city, options.days))
    print(json.dumps(figures | {"load1": round(os.getloadavg()[0], 2)}))  # noqa: T201 - the one line of figures


if __name__ == "__main__":
    main()
