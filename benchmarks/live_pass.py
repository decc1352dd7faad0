"""Processor time of one look at a whole city, in this process: flags of all values, the clock over all alarms, the intake.

    python -m benchmarks.live_pass                 # the whole city, no database: half a minute
    python -m benchmarks.live_pass --share 0.05

| field | meaning |
|---|---|
| sources, values, rules, quality_rules | what reports, points of the latest frames, rules of alarms and of data quality |
| flags_all_ms | all values judged by the shipped rules of data quality |
| alarm_pass_ms | the clock decides on all alarms of all sources |
| intake_us | planning and applying one frame of the city's mix, alarms that its arrival decides included |

Medians of processor time; the machine's load changes them little. docs/bench-live.md tells more.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from api.settings import Settings
from benchmarks.ingest_city import COUNTS, BenchCity, due_batches
from twin.alarms import shipped_rules
from twin.live import LiveCity, build_city
from twin.quality_rules.balance import balanced_rules
from twin.quality_rules.live import Latest, Watch, make_watch
from twin.quality_rules.shipped import SHIPPED_RULES
from twin.readings import Source
from twin.schemas import DEFAULT_SCHEMAS
from twin.simulator.city import advance
from twin.simulator.instruments import look

_ROUNDS = 9
_DEVICES = ("electric_heating_set", "biomass_stove", "solar_heating_set")
_WINTER = date(2026, 1, 15)
_INTAKE_S = 10


def plain_city(share: float = 1.0) -> BenchCity:
    """Return the city of the benchmarks without a database: substations, clean-heating devices of three kinds, rooms."""
    counts = {kind: int(count * share) for kind, count in COUNTS.items()}
    sources: list[Source] = []
    for kind, count in counts.items():
        for place in range(count):
            number = len(sources) + 1
            schema = DEFAULT_SCHEMAS[_DEVICES[place % len(_DEVICES)] if kind == "heating_device" else kind]
            place_of = 1 + list(DEFAULT_SCHEMAS).index(schema.code)
            sources.append(Source(number, f"{kind}:{place}", number, kind, None, None, place_of, schema, 60))
    return BenchCity(Settings(), counts, {source.code: source for source in sources}, Path())


def measure_pass(city: BenchCity) -> dict[str, float]:
    """Let everybody of a city report for some minutes, then measure."""
    rules = [replace(rule, rule_id=number) for number, rule in enumerate(shipped_rules(), 1)]
    state = build_city(1, 1, list(city.sources.values()), rules)
    now_s = 1_768_435_200.0
    simulation = city.simulation(now_s)
    ids = {group.name: city.source_ids(group) for group in simulation.groups}
    spent: list[float] = []
    for minute in range(3):
        for part in range(60 // _INTAKE_S):
            start_s = now_s + 60 * minute + _INTAKE_S * part
            simulation = advance(simulation, float(_INTAKE_S))
            batches = [each.batch for each in due_batches(city, look(simulation), ids, start_s, start_s + _INTAKE_S)]
            began = time.process_time()
            for batch in batches:
                # one commit holds what came in a tenth of the span
                for rows in np.array_split(np.arange(len(batch)), 10):
                    state.apply(state.plan(batch.take(rows)), received_ms=round((start_s + _INTAKE_S) * 1000))
            spent.append((time.process_time() - began) * 1e6 / max(sum(map(len, batches)), 1))
    now_ms = round((now_s + 180) * 1000)
    watches = _watches(state)
    _take_in(state, watches, now_ms)
    return {
        "sources": len(city.sources),
        "values": sum(watch.last.size for watch in watches.values()),
        "rules": len(rules),
        "quality_rules": len(SHIPPED_RULES),
        "flags_all_ms": round(_median_ms(lambda: _flag_all(watches, now_ms)), 1),
        "alarm_pass_ms": round(_median_ms(lambda: state.alarm_pass(now_ms, _WINTER)), 2),
        "intake_us": round(float(np.median(spent[2:])), 2),
    }


def _watches(state: LiveCity) -> dict[int, Watch]:
    balanced = balanced_rules(SHIPPED_RULES)
    rules = [rule for rule in SHIPPED_RULES if rule not in balanced]
    return {
        schema_id: make_watch(block.sources[0].schema, block.source_ids, block.period_ms, rules)
        for schema_id, block in state.blocks.items()
    }


def _take_in(state: LiveCity, watches: Mapping[int, Watch], now_ms: int) -> None:
    for schema_id, watch in watches.items():
        block = state.blocks[schema_id]
        rows = np.arange(len(block.source_ids))
        watch.look(Latest(rows, block.values, block.quality, block.observed_ms, block.received_ms), now_ms=now_ms)


def _flag_all(watches: Mapping[int, Watch], now_ms: int) -> None:
    """Judge the latest frame of every source, as after an edited rule."""
    for watch in watches.values():
        watch.flags_all(now_ms=now_ms)


def _median_ms(work: Callable[[], object]) -> float:
    work()
    spent = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1000.0)
    return float(np.median(spent))


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_pass")
    parser.add_argument("--share", type=float, default=1.0, help="of the city")
    print(json.dumps(measure_pass(plain_city(parser.parse_args().share))))  # noqa: T201 - the one line of figures


if __name__ == "__main__":
    main()
