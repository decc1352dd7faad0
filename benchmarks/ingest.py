"""Measures the intake of a whole city's readings: acknowledged after commit, nothing lost, sizes, reading back, back-fill.

    make bench-ingest
    python -m benchmarks.ingest --only sustained --seconds 60      # a part of it

A scratch city of 3,500 substations, 110,000 devices and 120,000 room sensors (`ingest_city.py`); the real server over it in a
process of its own; the load out of another process (`load.py`), signed, in gateway batches. Progress goes to stderr; the only
line on stdout holds the figures. docs/bench-ingest.md tells how.

| field | meaning |
|---|---|
| frames_per_s, values_per_s | acknowledged in 5 minutes of 58 substations x 60, 1,833 devices x 8, 2,000 rooms x 3 a second |
| burst_values_per_s | acknowledged a second when 200,000 values of this mix come each second for 30 s, until the last ack |
| ack_p50_ms, ack_p99_ms | from the time at which a batch was due to its whole answer, in the 5 minutes |
| lost | acknowledged keys (source, time) that are not in the database afterwards |
| bytes_per_value_hot_station | growth of tables and indexes over the values: a day of substations |
| bytes_per_value_hot_mix | the same of the 5 minutes |
| bytes_per_value_archive | Parquet of an archived day, each class weighted by its share of the mix |
| curve_24h_hot_ms, curve_24h_archive_ms | one point of a substation over 24 h (1,440 frames) by HTTP, caches dropped before |
| curve_season_ms | one point of a substation over 180 days in hours (4,320 buckets) by HTTP, caches dropped before |
| latest_all_ms | GET /live/state of the whole city |
| backfill_frames_per_s | files of old readings straight into the archive, the command as a whole |
| ratio_row_per_value | values a second of the product's store over those of a table with one row a value, same data and minute |
| load1 | load of the machine in the last minute, the larger of start and end of the 5 minutes |
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import numpy as np

from api.settings import read_settings
from benchmarks.city_load import Sent, generate, ready
from benchmarks.ingest_archive import measure_archive
from benchmarks.ingest_city import REST_S, BenchCity, register, scratch_city
from benchmarks.ingest_curves import drop_caches, measure_curves
from benchmarks.ingest_season import measure_season
from benchmarks.ingest_stores import against_row_per_value, fill_day, frames_size, missing_keys, say
from benchmarks.load import RESULTS
from benchmarks.serving import served, settle, tree_cpu_s
from data import cluster as clusters
from twin.arrays import Float64Array, Int64Array

PARTS = ("peer", "sustained", "burst", "latest", "hot", "archive", "season")
BURST_VALUES_PER_S = 200_000.0
_MIX_VALUES_PER_S = 3_500 / 60 * 60 + 110_000 / 60 * 8 + 120_000 / 60 * 3
_ACKNOWLEDGED = frozenset({"accepted", "duplicate"})
_DAY_S = 86_400
_HOT_STATIONS, _HOT_MINUTES = 240, 1_440


@dataclass(frozen=True)
class _Answered:
    """What became of a load."""

    latency_ms: Float64Array
    elapsed_s: float
    frames: int
    values: int
    keys: Int64Array
    refused: int


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be given more than once")
    parser.add_argument("--seconds", type=int, default=300, help="length of the steady load")
    parser.add_argument("--burst-seconds", type=int, default=30)
    parser.add_argument("--share", type=float, default=1.0, help="of the city, to try it; figures are those of a smaller city")
    options = parser.parse_args()
    parts = frozenset(options.only or PARTS)
    figures: dict[str, Any] = {}
    # told to end, it puts away its server and its database
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with scratch_city(read_settings(), share=options.share) as empty:
        city = asyncio.run(register(empty))
        say(f"city of {len(city.sources)} sources")
        figures["synchronous_commit"] = asyncio.run(_synchronous_commit(city))
        if "peer" in parts:
            figures |= _measure_peer(city)
        if parts & {"sustained", "burst", "latest"}:
            figures |= _measure_live(city, parts, seconds=options.seconds, burst_seconds=options.burst_seconds)
        if "hot" in parts:
            figures |= _measure_hot(city)
        if "archive" in parts:
            figures |= measure_archive(city)
        if "season" in parts:
            figures |= measure_season(city)
    say(f"synchronous_commit is {figures.pop('synchronous_commit')}")
    figures["load1"] = figures.get("load1", round(os.getloadavg()[0], 2))
    print(json.dumps({name: figures[name] for name in _ORDER if name in figures}))  # noqa: T201 - the one line of figures


_ORDER = (
    *("frames_per_s", "values_per_s", "burst_values_per_s", "ack_p50_ms", "ack_p99_ms", "lost"),
    *("bytes_per_value_hot_station", "bytes_per_value_hot_mix", "bytes_per_value_archive"),
    *("curve_24h_hot_ms", "curve_24h_archive_ms", "curve_season_ms"),
    *("latest_all_ms", "backfill_frames_per_s", "ratio_row_per_value", "load1"),
)


async def _synchronous_commit(city: BenchCity) -> str:
    """Ask the running database whether a commit waits for the disk; ends the run when it does not."""
    connection = await asyncpg.connect(city.settings.database_url)
    try:
        found = [str(await connection.fetchval(f"show {name}")) for name in ("synchronous_commit", "fsync")]
    finally:
        await connection.close()
    if found != ["on", "on"]:
        raise SystemExit(f"benchmarks.ingest: synchronous_commit and fsync are {found}; they must be on")
    return found[0]


def _measure_peer(city: BenchCity) -> dict[str, float]:
    # a day of its own, so that nothing of it lies in the tables that are measured later
    start_s = (time.time() // _DAY_S - 3) * _DAY_S + 3600
    found = asyncio.run(against_row_per_value(city, start_s=start_s, seconds=30))
    say(
        f"store: {found.ours:,.0f} values/s; a row per value: {found.peer:,.0f} values/s, "
        f"{found.peer_bytes_per_value:.1f} B/value; load {os.getloadavg()[0]:.1f}"
    )
    return {"ratio_row_per_value": round(found.ours / found.peer, 2)}


# ---------------------------------------------------------------- load


def _measure_live(city: BenchCity, parts: frozenset[str], *, seconds: int, burst_seconds: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with served(city.settings) as (address, pid):
        _await_live(address)
        settle(pid, limit_s=REST_S)
        if "sustained" in parts:
            figures |= _sustained(city, address, pid, seconds)
        if "burst" in parts:
            figures |= _burst(city, address, pid, burst_seconds, figures.get("lost", 0))
        if "latest" in parts:
            figures["latest_all_ms"] = _latest_all_ms(address)
    return figures


def _sustained(city: BenchCity, address: str, pid: int, seconds: int) -> dict[str, float]:
    before = asyncio.run(_size(city))
    load1 = os.getloadavg()[0]
    answered, start_s = _run(city, address, pid, seconds=seconds, scale=1.0, name="sustained")
    grown = asyncio.run(_size(city)) - before
    lost = asyncio.run(missing_keys(city, answered.keys, start_s, start_s + seconds + 1))
    return {
        "frames_per_s": round(answered.frames / answered.elapsed_s, 1),
        "values_per_s": round(answered.values / answered.elapsed_s, 1),
        "ack_p50_ms": round(float(np.percentile(answered.latency_ms, 50)), 1),
        "ack_p99_ms": round(float(np.percentile(answered.latency_ms, 99)), 1),
        "lost": lost,
        "bytes_per_value_hot_mix": round(grown / max(answered.values, 1), 2),
        "load1": round(max(load1, os.getloadavg()[0]), 2),
    }


def _burst(city: BenchCity, address: str, pid: int, seconds: int, lost: float) -> dict[str, float]:
    scale = BURST_VALUES_PER_S / _MIX_VALUES_PER_S
    answered, start_s = _run(city, address, pid, seconds=seconds, scale=scale, name="burst")
    missing = asyncio.run(missing_keys(city, answered.keys, start_s, start_s + seconds + 1))
    return {"burst_values_per_s": round(answered.values / answered.elapsed_s, 1), "lost": lost + missing}


async def _size(city: BenchCity) -> int:
    connection = await asyncpg.connect(city.settings.database_url)
    try:
        return await frames_size(connection)
    finally:
        await connection.close()


def _run(city: BenchCity, address: str, pid: int, *, seconds: int, scale: float, name: str) -> tuple[_Answered, float]:
    """Prepare a load, let the generator send it, and read what became of it."""
    folder = city.settings.var_dir
    plan, out = folder / f"{name}.plan", folder / f"{name}.npz"
    start_s, sent = ready(city, plan, seconds, scale)
    say(f"{name}: {sum(sent.plan.frames):,} frames in {len(sent.plan.frames):,} batches are ready")
    database = clusters.private_cluster(city.settings.var_dir).pid or 0
    cpu_s, database_s = tree_cpu_s(pid), tree_cpu_s(database)
    told = generate(address, plan, out, start_s, city.secret_file)
    cores = (tree_cpu_s(pid) - cpu_s) / seconds, (tree_cpu_s(database) - database_s) / seconds, told["cpu_s"] / seconds
    answered = _read(sent, out, seconds)
    say(
        f"{name}: {answered.frames:,} frames acknowledged, {answered.refused} refusals answered by sending again, last ack after "
        f"{answered.elapsed_s:.1f} s; p50 {np.percentile(answered.latency_ms, 50):.0f} ms, p99 "
        f"{np.percentile(answered.latency_ms, 99):.0f} ms, max {answered.latency_ms.max():.0f} ms; cores: server {cores[0]:.2f}, "
        f"database {cores[1]:.2f}, generator {cores[2]:.2f}; latest send {told['latest_send_s']} s; load {os.getloadavg()[0]:.1f}"
    )
    plan.unlink()
    return answered, start_s


def _read(sent: Sent, out: Path, seconds: int) -> _Answered:
    with np.load(out) as arrays:
        due_s, answered_s, results = arrays["due_s"], arrays["answered_s"], arrays["results"]
        status, refused = arrays["status"], int(arrays["refused"].sum())
    wrong = {int(code): int(np.count_nonzero(status == code)) for code in np.unique(status) if code != 200}
    if wrong:
        say(f"batches that ended otherwise than by 200: {wrong}")
    done = answered_s >= 0
    acknowledged = np.isin(results, [index for index, name in enumerate(RESULTS) if name in _ACKNOWLEDGED])
    others = {RESULTS[code]: int(np.count_nonzero(results == code)) for code in np.unique(results) if code < len(RESULTS)}
    say(f"results: {others}")
    keys = np.concatenate(sent.keys)[acknowledged]
    # the first batch is due after one second: the rate is that over the time in which batches were due, or longer
    elapsed_s = max(float(seconds), float(answered_s.max(initial=0.0)) - 1.0)
    return _Answered(
        latency_ms=(answered_s - due_s)[done] * 1000.0,
        elapsed_s=elapsed_s,
        frames=int(acknowledged.sum()),
        values=int(keys[:, 2].sum()),
        keys=keys[:, :2],
        refused=refused,
    )


def _await_live(address: str) -> None:
    """Wait until the server has the live state of the city."""
    _until(lambda: httpx.get(f"{address}/live/state", params={"city": 1, "theme": "status"}, timeout=60).status_code == 200)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        if time.monotonic() > end:
            raise SystemExit("benchmarks.ingest: the server has no live state of the city")
        time.sleep(0.5)


def _latest_all_ms(address: str) -> float:
    spent = []
    with httpx.Client(base_url=address, timeout=60, headers={"Accept": "application/octet-stream"}) as client:
        for _ in range(15):
            started = time.perf_counter()
            answer = client.get("/live/state", params={"city": 1, "theme": "status"})
            spent.append((time.perf_counter() - started) * 1000.0)
            answer.raise_for_status()
    say(f"latest of all: {len(answer.content):,} bytes, first {spent[0]:.0f} ms")
    return round(float(np.median(spent)), 1)


# ---------------------------------------------------------------- hot


def _measure_hot(city: BenchCity) -> dict[str, float]:
    """Fill yesterday with substations, then read 24 h of some of them through a server that has not read them before."""
    start_s = (time.time() // _DAY_S - 1) * _DAY_S
    count, size = asyncio.run(fill_day(city, start_s=start_s, stations=_HOT_STATIONS, minutes=_HOT_MINUTES))
    say(f"a day of {_HOT_STATIONS} substations: {count:,} values, {size / 1e6:,.0f} MB")
    drop_caches(city)
    # the archive's keeper stays away: the day is read as it came
    with served(city.settings, READINGS_KEEP_MINUTES="0") as (address, pid):
        _await_live(address)
        settle(pid, limit_s=REST_S)
        curves = measure_curves(city, address, start_s=start_s, stations=_HOT_STATIONS)
    return {"bytes_per_value_hot_station": round(size / count, 2), "curve_24h_hot_ms": curves.warm_ms}


if __name__ == "__main__":
    main()
