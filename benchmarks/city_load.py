"""A load of a whole city, simulated and serialised before its start, and sent by a process of its own (`load.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.ingest_city import APP_IDS, BenchCity
from benchmarks.load import Plan, write_plan
from twin.arrays import Int64Array
from twin.simulator.bodies import Reports, bodies
from twin.simulator.city import advance
from twin.simulator.instruments import look, values
from twin.simulator.schedule import due

_BATCH_FRAMES = 500
_CONNECTIONS = 16


@dataclass
class Sent:
    """A load that is ready to go: its plan; source, time and number of values of each frame in the order of sending."""

    plan: Plan = field(default_factory=lambda: Plan([], [], []))
    keys: list[Int64Array] = field(default_factory=list)


def ready(city: BenchCity, plan: Path, seconds: int, scale: float) -> tuple[float, Sent]:
    """Write a plan in time for its start, which the frames carry; a busy machine is given more time."""
    for lead_s in (12.0 + 0.08 * seconds * scale, 36.0 + 0.3 * seconds * scale):
        start_s = float(np.ceil(time.time() + lead_s))
        sent = _prepare(city, start_s, seconds, scale)
        write_plan(plan, sent.plan)
        sent.plan.bodies.clear()
        if time.time() < start_s - 2.0:
            return start_s, sent
    raise SystemExit(f"benchmarks: the load was not ready within {lead_s:.0f} s; the machine is too busy")


def _prepare(city: BenchCity, start_s: float, seconds: int, scale: float) -> Sent:
    """Simulate and serialise a load: what is due in one second is sent evenly over the next one, class by class."""
    sent, simulation = Sent(), city.simulation(start_s)
    ids = {group.name: city.source_ids(group) for group in simulation.groups}
    for second in range(seconds):
        simulation = advance(simulation, 1.0)
        moment = look(simulation)
        by_kind: dict[str, list[Reports]] = {}
        keys: dict[str, list[Int64Array]] = {}
        for group in simulation.groups:
            span = start_s + second, start_s + second + 1
            rows, observed_ms = due(group.period_s / scale, group.phase, *span)
            shown = values(moment, group, rows, observed_ms)
            codes = [group.codes[row] for row in rows.tolist()]
            by_kind.setdefault(group.kind, []).append(Reports(group.name, codes, group.company_ids[rows], observed_ms, shown))
            points = np.full(len(rows), len(group.schema.points))
            keys.setdefault(group.kind, []).append(np.column_stack([ids[group.name][rows], observed_ms, points]).astype(np.int64))
        # in the order of the bodies
        sent.keys += [part for kind in by_kind for part in keys[kind]]
        found = [one for kind in by_kind.values() for one in bodies(kind, _BATCH_FRAMES)]
        for number, (body, count) in enumerate(found):
            sent.plan.due_s.append(second + 1 + number / len(found))
            sent.plan.bodies.append(body)
            sent.plan.frames.append(count)
    return sent


def generate(address: str, plan: Path, out: Path, start_s: float, secret_file: Path) -> dict[str, float]:
    """Send a plan, and return what the generator tells of itself."""
    with started(address, plan, out, start_s, secret_file) as process:
        told: dict[str, float] = json.loads(process.communicate()[0])
    if process.returncode:
        raise SystemExit(f"benchmarks: the load generator ended with {process.returncode}")
    return told


def started(address: str, plan: Path, out: Path, start_s: float, secret_file: Path) -> subprocess.Popen[bytes]:
    """Start the generator of a plan and leave it to its work."""
    command = [sys.executable, "-m", "benchmarks.load", address, str(plan), str(out), "--start", str(start_s)]
    command += ["--connections", str(_CONNECTIONS), "--secret-file", str(secret_file)]
    command += [part for app_id in APP_IDS for part in ("--app-id", app_id)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)
