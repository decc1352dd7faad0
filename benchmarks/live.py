"""Measures the live channel: how soon a reading is on the screens of many viewers while a whole city reports.

    make bench-live
    python -m benchmarks.live --share 0.05 --seconds 20 --no-flood     # a twentieth of the city, to see that it runs: a minute

The scratch city, the server and the load are those of `benchmarks.ingest`. Progress goes to stderr; the only line on stdout holds
the figures. docs/bench-live.md tells how.

| field | meaning |
|---|---|
| viewers, points | WebSockets, and points of all sources |
| reading_to_viewer_p50_ms, reading_to_viewer_p99_ms | from sending a reading until a viewer has decoded what shows it |
| unseen | readings that a viewer was not shown within 10 s |
| delta_kb_12000, delta_encode_ms | 12,000 changed rooms: bytes of the deflated delta, processor time of making it |
| snapshot_mb | the largest snapshot of a theme, deflated |
| resume_ms | from connecting again after 10 s away until the one delta is decoded |
| replay_start_ms, replay_times | a replay at city size: until its snapshot is decoded; its speed when it is asked for 3600 |
| replay_step_s | how much of the past lies between two of its states then |
| flags_all_ms, alarm_pass_ms, rules, intake_us | processor time of one look at the city, see `benchmarks.live_pass` |
| flood_... | a flood of alarms folded into incidents, see `benchmarks.live_flood` |
| replay_mb | memory that one replay adds to the server |
| load1 | load of the machine in the last minute, the larger of start and end |
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from websockets.sync.client import connect

from api.settings import read_settings
from benchmarks import live_flood as flood
from benchmarks.city_load import ready, started
from benchmarks.ingest_city import REST_S, BenchCity, due_batches, register, scratch_city
from benchmarks.ingest_stores import say
from benchmarks.live_pass import measure_pass
from benchmarks.live_viewers import THEMES
from benchmarks.serving import served, settle
from data.pool import open_pool
from data.readings import days_of, ensure_partitions, store_frames
from twin import delta
from twin.live import LIVE_THEMES, LatestFrames, build_city
from twin.readings import Batch, Source
from twin.scope import Scope
from twin.simulator.city import advance
from twin.simulator.instruments import look, values
from twin.status import Status

CHANGES = 12_000
_PROBED, _PROBE_S, _UNSEEN_S = 20, 0.5, 10.0
_AWAY_S = 10.0
_COLD_DEGC, _WARM_DEGC = 25.0, 45.0
_LARGEST = 64 * 2**20
_REPLAY_LEAD_MINUTES, _REPLAY_AGO_S = 6, 300.0


@dataclass(frozen=True)
class _Probe:
    """One reading whose way is followed: what it says and when it was sent."""

    theme: delta.Theme
    asset_id: int
    units: int
    status: int
    sent_s: float


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60, help="length of the load")
    parser.add_argument("--share", type=float, default=1.0, help="of the city, to try it; figures are those of a smaller city")
    parser.add_argument("--past", type=int, default=20, help="minutes of the past that are stored to be replayed, more than 6")
    parser.add_argument("--no-flood", action="store_true", help="leave out the flood, which needs the city of bench-city-clean")
    options = parser.parse_args()
    # told to end, it puts away its server and its database
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    load1 = os.getloadavg()[0]
    with scratch_city(read_settings(), share=options.share) as empty:
        city = asyncio.run(register(empty))
        points = sum(len(source.schema.points) for source in city.sources.values())
        say(f"city of {len(city.sources)} sources")
        figures: dict[str, Any] = {"viewers": options.viewers, "points": points} | _measure_delta(city)
        until_s = time.time() // 60 * 60 - _REPLAY_AGO_S
        asyncio.run(_fill(city, until_s, options.past))
        with served(city.settings, READINGS_KEEP_MINUTES="0") as (address, pid):
            _await_live(address)
            settle(pid, limit_s=REST_S)
            figures |= _measure_way(city, address, viewers=options.viewers, seconds=options.seconds)
            figures |= _measure_snapshot(address) | _measure_replay(address, pid, until_s, options.past)
        pass_figures = measure_pass(city)
    figures |= {name: pass_figures[name] for name in ("flags_all_ms", "alarm_pass_ms", "rules", "intake_us")}
    if not options.no_flood:
        figures |= flood.measure_city()
    figures["load1"] = round(max(load1, os.getloadavg()[0]), 2)
    print(json.dumps({name: figures[name] for name in _ORDER if name in figures}))  # noqa: T201 - the one line of figures


_ORDER = (
    *("viewers", "points", "reading_to_viewer_p50_ms", "reading_to_viewer_p99_ms", "unseen", "delta_kb_12000", "delta_encode_ms"),
    *("snapshot_mb", "resume_ms", "flags_all_ms", "alarm_pass_ms", "rules", "intake_us"),
    *("flood_alarms", "flood_incidents", "flood_root_right", "unrelated_visible", "flood_lost", "flood_s", "flood_look_ms"),
    *("replay_start_ms", "replay_times", "replay_step_s", "replay_mb", "load1"),
)


def _await_live(address: str) -> None:
    end = time.monotonic() + 120
    while httpx.get(f"{address}/live/state", params={"city": 1}, timeout=60).status_code != 200:
        if time.monotonic() > end:
            raise SystemExit("benchmarks.live: the server has no live state of the city")
        time.sleep(0.5)


# ---------------------------------------------------------------- one delta, in this process


def _measure_delta(city: BenchCity) -> dict[str, float]:
    """Let all rooms of a city report, then some of them with what they say ten minutes later, and make the delta."""
    state = build_city(1, 1, list(city.sources.values()), [])
    now_s = time.time()
    simulation = city.simulation(now_s)
    spent, size, changed = [], 0, 0
    group = next(group for group in simulation.groups if group.kind == "room_sensor")
    ids = city.source_ids(group)
    for number in range(12):
        simulation = advance(simulation, 600.0)
        moment = look(simulation)
        rows = np.arange(len(group)) if number == 0 else np.arange(number % 5, len(group), max(len(group) // CHANGES, 1))
        times = np.full(len(rows), (round(now_s) + number) * 1000, np.int64)
        batch = city.batch(group, ids, rows, times, values(moment, group, rows, times)).batch
        order = np.argsort(batch.source_ids)
        state.restore(batch.schema_id, LatestFrames(*(array[order] for array in _columns(batch))))
        before = state.seq
        state.refresh(int(times[0]))
        message = state.message("room_temperature_degc", Scope(), since=before)
        if number and message is not None:
            began = time.process_time()
            size = len(delta.deflate(delta.encode(message)))
            spent.append(((time.process_time() - began) * 1000.0, size, len(message.asset_ids)))
    median = np.median(np.array(spent), axis=0)
    changed = int(median[2])
    say(f"delta of {changed} rooms: {median[1] / 1000:.1f} kB, {median[0]:.2f} ms")
    each = CHANGES / max(changed, 1)
    return {"delta_kb_12000": round(float(median[1]) * each / 1000, 1), "delta_encode_ms": round(float(median[0]) * each, 2)}


def _columns(batch: Batch) -> tuple[np.ndarray, ...]:
    """Return the columns of latest frames."""
    return batch.source_ids, batch.observed_ms, batch.observed_ms, batch.values, batch.quality


# ---------------------------------------------------------------- the way of a reading


def _measure_way(city: BenchCity, address: str, *, viewers: int, seconds: int) -> dict[str, float]:
    """Let the city report and many watch; follow readings of some substations and rooms on their way."""
    probed = {kind: _some(city, kind) for kind in ("substation", "room_sensor")}
    left_out = {source.code for sources in probed.values() for source in sources}
    others = {code: source for code, source in city.sources.items() if code not in left_out}
    folder = city.settings.var_dir
    watched, out, plan, answers = (folder / name for name in ("watched.npy", "seen.npy", "live.plan", "live.npz"))
    np.save(watched, [source.asset_id for sources in probed.values() for source in sources])
    start_s, _ = ready(replace(city, sources=others, counts=_counts(others)), plan, seconds, 1.0)
    command = [sys.executable, "-m", "benchmarks.live_viewers", address, str(watched), str(out), "--viewers", str(viewers)]
    # some seconds before the load, so that all have their snapshots
    lasting_s = start_s - time.time() + seconds + 5.0
    with (
        subprocess.Popen([*command, "--seconds", str(lasting_s)]) as watching,
        started(address, plan, answers, start_s, city.secret_file) as generator,
    ):
        time.sleep(max(start_s - time.time(), 0.0))
        probes = _probe(address, probed, seconds)
        resume_ms = _resume_ms(address)
        generator.communicate()
    if watching.returncode or generator.returncode:
        raise SystemExit(f"benchmarks.live: viewers ended with {watching.returncode}, the load with {generator.returncode}")
    waits_ms, unseen = _waits(probes, np.load(out), viewers)
    say(f"{len(probes)} readings to {viewers} viewers: {len(waits_ms)} seen, {unseen} not; load {os.getloadavg()[0]:.1f}")
    p50, p99 = np.percentile(waits_ms, (50, 99))
    times = {"reading_to_viewer_p50_ms": round(float(p50), 1), "reading_to_viewer_p99_ms": round(float(p99), 1)}
    return {**times, "unseen": unseen, "resume_ms": resume_ms}


def _some(city: BenchCity, kind: str) -> list[Source]:
    return [source for source in city.sources.values() if source.kind == kind][:_PROBED]


def _counts(sources: Mapping[str, Source]) -> dict[str, int]:
    kinds = [source.kind for source in sources.values()]
    return {kind: kinds.count(kind) for kind in set(kinds)}


def _probe(address: str, probed: Mapping[str, list[Source]], seconds: int) -> list[_Probe]:
    """Send a reading of one substation and one room after the other, each with a value of its own; return what was sent."""
    found: list[_Probe] = []
    with httpx.Client(base_url=address, timeout=60) as client:
        end = time.monotonic() + seconds - _UNSEEN_S
        number = 0
        while time.monotonic() < end:
            cold = number // _PROBED % 2 == 0
            tenth = number % 40 / 10
            station, room = (probed[kind][number % _PROBED] for kind in ("substation", "room_sensor"))
            shown = {"secondary_supply_temperature_degc": (_COLD_DEGC if cold else _WARM_DEGC) + tenth}
            sent_s, warm = time.time(), {"room_temperature_degc": 18.0 + tenth}
            frames = [_frame(station, shown, sent_s), _frame(room, warm, sent_s)]
            client.post("/readings", json={"frames": frames}).raise_for_status()
            status = int(Status.ALARM_LEVEL_1 if cold else Status.NORMAL)
            units = round(shown["secondary_supply_temperature_degc"] * 10)
            found.append(_Probe(delta.SECONDARY_SUPPLY_TEMPERATURE, station.asset_id, units, status, sent_s))
            found.append(_Probe(delta.STATUS, station.asset_id, delta.NO_VALUE, status, sent_s))
            found.append(_Probe(delta.ROOM_TEMPERATURE, room.asset_id, round((18.0 + tenth) * 10), int(Status.NORMAL), sent_s))
            number += 1
            time.sleep(max(0.0, sent_s + _PROBE_S - time.time()))
    return found


def _frame(source: Source, shown: Mapping[str, float], at_s: float) -> dict[str, Any]:
    given = [shown.get(point.name) for point in source.schema.points]
    schema = f"{source.schema.code}/{source.schema.version}"
    return {"source": source.code, "schema": schema, "observed_at": round(at_s * 1000), "values": given}


def _waits(probes: Sequence[_Probe], seen: np.ndarray, viewers: int) -> tuple[list[float], int]:
    """Return how long each viewer of its theme waited for each reading, in milliseconds, and how many never got it."""
    waits: list[float] = []
    unseen = 0
    for probe in probes:
        mine = (seen[:, 1] == probe.theme.code) & (seen[:, 2] == probe.asset_id) & (seen[:, 3] == probe.units)
        mine &= (seen[:, 4].astype(np.int64) >> 4 == probe.status) & (seen[:, 5] > probe.sent_s)
        mine &= seen[:, 5] < probe.sent_s + _UNSEEN_S
        rows = seen[mine]
        for number in range(viewers):
            if THEMES[number % len(THEMES)] == probe.theme:
                own = rows[rows[:, 0] == number, 5]
                unseen += not own.size
                waits += [(float(own.min()) - probe.sent_s) * 1000.0] if own.size else []
    return waits, unseen


def _resume_ms(address: str) -> float:
    """Be away from each theme for ten seconds while the city reports, and come back."""
    left = {theme: httpx.get(f"{address}/live/state", params={"theme": theme}, timeout=60).json() for theme in LIVE_THEMES}
    time.sleep(_AWAY_S)
    spent = []
    for theme, state in left.items():
        began = time.perf_counter()
        query = f"city=1&theme={theme}&since={state['epoch']}:{state['seq']}"
        with connect(f"{address.replace('http', 'ws', 1)}/live?{query}", compression=None, max_size=_LARGEST) as socket:
            message = delta.decode(delta.inflate(_bytes(socket.recv(timeout=60))))
        spent.append((time.perf_counter() - began) * 1000.0)
        if message.kind is not delta.MessageKind.DELTA:
            raise SystemExit(f"benchmarks.live: {theme} resumed by a snapshot")
        say(f"resumed {theme}: {len(message.asset_ids)} changes, {spent[-1]:.0f} ms")
    return round(max(spent), 1)


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode()


def _measure_snapshot(address: str) -> dict[str, float]:
    headers = {"Accept": "application/octet-stream"}
    sizes = [
        len(httpx.get(f"{address}/live/state", params={"theme": theme}, headers=headers, timeout=60).content)
        for theme in LIVE_THEMES
    ]
    return {"snapshot_mb": round(max(sizes) / 1e6, 2)}


# ---------------------------------------------------------------- a replay


async def _fill(city: BenchCity, until_s: float, minutes: int) -> None:
    """Store the last minutes before a time, as they would have come in."""
    pool = await open_pool(city.settings.database_url, size=2)
    simulation = city.simulation(until_s - minutes * 60.0)
    ids = {group.name: city.source_ids(group) for group in simulation.groups}
    try:
        async with pool.acquire() as connection:
            for slot in range(minutes * 6):
                end_s = until_s - minutes * 60.0 + 10.0 * (slot + 1)
                simulation = advance(simulation, 10.0)
                batches = due_batches(city, look(simulation), ids, end_s - 10.0, end_s)
                await ensure_partitions(connection, days_of(batches))
                never = [np.full(len(item.batch), -1, np.int64) for item in batches]
                async with connection.transaction():
                    await store_frames(connection, batches, received_ms=round(end_s * 1000), newest_ms=never)
    finally:
        await pool.close()
    say(f"{minutes} minutes of the past are stored")


def _measure_replay(address: str, pid: int, until_s: float, minutes: int) -> dict[str, float]:
    """Begin a replay some minutes after the first that is stored, then play to the last as fast as can be."""
    at_ms, last_ms = round((until_s - (minutes - _REPLAY_LEAD_MINUTES) * 60.0) * 1000), round(until_s * 1000)
    before_mb, began = _resident_mb(pid), time.perf_counter()
    query = f"city=1&theme=status&replay={at_ms}&speed=3600"
    shown: list[tuple[int, float]] = []
    with connect(f"{address.replace('http', 'ws', 1)}/live?{query}", compression=None, max_size=_LARGEST) as socket:
        first = delta.decode(delta.inflate(_bytes(socket.recv(timeout=120))))
        start_ms, began = (time.perf_counter() - began) * 1000.0, time.perf_counter()
        reached = first.as_of_ms
        while reached < last_ms:
            message = delta.decode(delta.inflate(_bytes(socket.recv(timeout=120))))
            if message.as_of_ms > reached:
                reached = message.as_of_ms
                shown.append((reached, time.perf_counter() - began))
        grown_mb = _resident_mb(pid) - before_mb
    heard = int(np.count_nonzero(first.packed >> 4 != Status.NO_DATA))
    # what lies after the last minute that is stored costs nothing
    times = (min(reached, last_ms) - first.as_of_ms) / 1000.0 / shown[-1][1]
    steps_s = np.diff([first.as_of_ms, *(at for at, _ in shown)]) / 1000.0
    say(f"replay: {heard} of {len(first.asset_ids)} assets heard at its start, {times:.0f} times as fast as time")
    say(f"replay: {len(shown)} steps of {np.median(steps_s):.0f} s, the last at {shown[-1][1]:.1f} s")
    figures = {
        "replay_start_ms": start_ms,
        "replay_times": times,
        "replay_step_s": float(np.median(steps_s)),
        "replay_mb": grown_mb,
    }
    return {name: round(figure, 1) for name, figure in figures.items()}


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
