"""Kills the server and the database at random during load, and counts what was acknowledged and is not there.

    python -m benchmarks.crash [--runs 20]       # prints one line of JSON
    python -m benchmarks.crash --overload        # three times what the machine takes, for two minutes

Several gateways push signed batches with unique keys (device time and source) as fast as they are answered; half of them send
days old enough to be archived. Each run kills one thing with SIGKILL at a random moment: the server, all processes of the
database, or one of them together with `heat-twin readings archive`, which repacks days and moves them into Parquet. A batch that
was not acknowledged is sent again until it is. Before that everything stored is read by other drivers (psycopg, pyarrow) and
compared with what was sent, byte for byte.

| field | meaning |
|---|---|
| runs, acknowledged | kills, and frames whose answer was `accepted` or `duplicate` |
| lost | acknowledged frames that are not there, or not with the values that were sent |
| duplicates | keys that are stored twice |
| torn | batches of which a part is stored |
| first_ack_after_s | from starting what was killed (database recovery included) to the next acknowledgement, the worst |
| archived | frames that were in Parquet at the end |
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from api.settings import read_settings
from benchmarks.crash_city import Victims, victims
from benchmarks.crash_overload import GATEWAYS, overload
from benchmarks.crash_senders import BATCH, Checked, Gateway, check_stored

SENDERS = 6
_DAY_MS = 86_400_000
_AGES = {"substation": 17, "heating_device": 5, "room_sensor": 5}
"""Days back of the frames that are to be archived: past the hot days of each kind."""
_TARGETS = ("server", "database", "archive and server", "archive and database")


@dataclass
class Counts:
    """What the runs have found."""

    runs: int = 0
    lost: int = 0
    duplicates: int = 0
    torn: int = 0
    acknowledged: int = 0
    archived: int = 0
    first_ack_after_s: float = 0.0

    def add(self, checked: Checked) -> None:
        """Count what one comparison has found."""
        self.lost += checked.lost
        self.duplicates += checked.duplicates
        self.torn += checked.torn
        self.archived, self.acknowledged = checked.archived, checked.acknowledged


def run(these: Victims, runs: int, *, load_s: float = 4.0) -> Counts:
    """Kill so often and return what was found."""
    go, counts, chance = threading.Event(), Counts(), np.random.default_rng(7)
    gateways = make_gateways(these, go)
    for gateway in gateways:
        gateway.start()
    go.set()
    _wait_for_answer(gateways, time.monotonic())
    for number in range(runs):
        target = _TARGETS[number % len(_TARGETS)]
        go.set()
        time.sleep(load_s / 4)
        archive = these.start_archive() if "archive" in target else None
        time.sleep(chance.uniform(load_s / 4, load_s) + (chance.uniform(3, 12) if archive else 0))
        these.kill_database() if "database" in target else these.kill_server()
        if archive is not None:
            archive.send_signal(signal.SIGKILL)
            archive.wait()
        go.clear()
        began = time.monotonic()
        if "database" in target:
            these.start_database()
        recovery_s = time.monotonic() - began
        these.wait_for_quiet()
        checked = check_stored(these, gateways)
        counts.add(checked)
        began = time.monotonic()
        if these.server is None:
            these.start_server()
        go.set()
        after_s = recovery_s + _wait_for_answer(gateways, began)
        counts.runs, counts.first_ack_after_s = counts.runs + 1, max(counts.first_ack_after_s, after_s)
        _say(f"run {number + 1}: {target} killed, {checked.stored:,} frames stored, first answer after {after_s:.1f} s; {counts}")
    for gateway in gateways:
        gateway.over = True
    for gateway in gateways:
        gateway.join(timeout=120)
    _stop_at_wrong(gateways)
    counts.add(check_stored(these, gateways))
    return counts


def make_gateways(these: Victims, go: threading.Event) -> list[Gateway]:
    """Return the senders: for each kind one of the present time and one of old days, on sources of their own."""
    gateways: list[Gateway] = []
    for kind, sources in these.sources.items():
        half = len(sources) // 2
        for old, own in ((False, sources[:half]), (True, sources[half:])):
            age_ms = _AGES[kind] * _DAY_MS if old else 3_600_000
            gateways.append(Gateway(len(gateways), these.port, own[: max(BATCH, half)], age_ms, go))
    return gateways


def _wait_for_answer(gateways: list[Gateway], began: float) -> float:
    """Wait for the first acknowledgement since a time; returns the seconds from there to it."""
    while all(gateway.last_ack_s < began for gateway in gateways):
        time.sleep(0.01)
        _stop_at_wrong(gateways)
    return min(gateway.last_ack_s for gateway in gateways if gateway.last_ack_s >= began) - began


def _stop_at_wrong(gateways: list[Gateway]) -> None:
    wrong = next((gateway.wrong for gateway in gateways if gateway.wrong), "")
    if wrong:
        raise SystemExit(f"benchmarks.crash: {wrong}")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--overload", action="store_true", help="overload the intake instead of killing anything")
    parser.add_argument("--seconds", type=float, default=120, help="how long the overload lasts")
    parser.add_argument("--times", type=float, default=3, help="how many times what the machine takes is offered")
    options = parser.parse_args()
    figures: dict[str, Any]
    if options.overload:
        with victims(read_settings(), senders=GATEWAYS + 1) as these:
            figures = overload(these, options.seconds, options.times)
    else:
        with victims(read_settings(), senders=SENDERS) as these:
            figures = asdict(run(these, options.runs))
        figures["first_ack_after_s"] = round(figures["first_ack_after_s"], 1)
        figures["load1"] = round(os.getloadavg()[0], 2)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
