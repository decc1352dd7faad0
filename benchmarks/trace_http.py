"""Times impacts over HTTP: 8 connections on loopback, each asking its next question as soon as it has the answer to the last.

    python -m benchmarks.trace_http ADDRESS --stations 12 13 --large 20 21   # a server that runs already

`make bench-trace` serves the full-size city and calls `measure_city`. The client speaks HTTP/1.1 by hand, so that it takes little
of the machine; it does not ask for compression.

| field | meaning |
|---|---|
| api_station_p50_ms, api_station_p99_ms | impact of a substation |
| api_8000_ids_p50_ms, api_8000_ids_p99_ms | impact of an asset whose lists name about 8,000 assets, all ids in the answer |
| api_station_cpu_ms, api_8000_ids_cpu_ms | CPU time of one answer in the process of the server, without the database |
| api_8000_ids | how many ids such an answer names, mean |
| api_8000_ids_kb | its size |
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import orjson

from api.settings import Settings
from benchmarks.serving import START_S, cpu_s, served, settle
from topology.answers.impact import impact
from topology.assets import KIND_CODE
from topology.network import Network

CONNECTIONS = 8
SECONDS = 12.0
"""How long each kind of question is asked."""
WANTED_IDS = 8000
_SEED = 1


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds of every answer, and the last body."""

    seconds: list[float]
    body: bytes


def measure(
    address: str, station_ids: Sequence[int], large_ids: Sequence[int], *, city_id: int = 1, pid: int | None = None
) -> dict[str, Any]:
    """Measure a server that answers without a sign-in (demo mode).

    Parameters
    ----------
    address
        As `http://127.0.0.1:8000`.
    station_ids
        Substations, asked in turn.
    large_ids
        Assets whose answers name about 8,000 assets.
    city_id
        Their city.
    pid
        Process of the server, to tell its CPU time; None where it is not at hand.
    """
    figures: dict[str, Any] = {}
    for name, asset_ids in (("api_station", station_ids), ("api_8000_ids", large_ids)):
        paths = [f"/assets/{asset_id}/impact?city={city_id}" for asset_id in asset_ids]
        asyncio.run(_ask(address, paths, seconds=1.5))  # networks, facts and compiled code are there
        before = cpu_s(pid)
        found = asyncio.run(_ask(address, paths, seconds=SECONDS))
        if pid is not None:
            figures[f"{name}_cpu_ms"] = round(1000 * (cpu_s(pid) - before) / len(found.seconds), 2)
        for quantile in (50, 99):
            figures[f"{name}_p{quantile}_ms"] = round(1000 * float(np.percentile(found.seconds, quantile)), 2)
        figures[f"{name}_asked"] = len(found.seconds)
        if name == "api_8000_ids":
            lists = orjson.loads(found.body)
            figures["api_8000_ids"] = sum(len(lists[part]["asset_ids"]) for part in ("reach", "lost", "degraded"))
            figures["api_8000_ids_kb"] = round(len(found.body) / 1000)
    return figures


async def _ask(address: str, paths: Sequence[str], *, seconds: float) -> _Times:
    """Ask in turn over `CONNECTIONS` connections until the time is over."""
    place = urlsplit(address)
    turn = itertools.cycle(paths)
    end = time.perf_counter() + seconds
    times = _Times([], b"")
    bodies: list[bytes] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 20)
        while time.perf_counter() < end:
            path = next(turn)
            started = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            body = await _answer(reader, path)
            times.seconds.append(time.perf_counter() - started)
            bodies[:] = [body]
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return _Times(times.seconds, bodies[0])


async def _answer(reader: asyncio.StreamReader, path: str) -> bytes:
    """Read one answer with a stated length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, length = head.split(" ", 2)[1], 0
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    body = await reader.readexactly(length)
    if status != "200":
        raise SystemExit(f"trace_http: {path} answered {status}: {body[:300].decode(errors='replace')}")
    return body


def measure_city(settings: Settings, network: Network) -> dict[str, Any]:
    """Serve a city in a process of its own and measure it.

    Parameters
    ----------
    settings
        With the `database_url` of a running PostGIS that holds the city.
    network
        Of that city, to choose what is asked about.
    """
    rng = np.random.default_rng(_SEED)
    kind = network.assets.kind
    stations = network.assets.asset_id[kind == KIND_CODE["substation"]]
    stations = rng.choice(stations, min(200, stations.size), replace=False).tolist()
    large = large_assets(network)
    with served(settings) as (address, pid):
        httpx.get(f"{address}/assets/{stations[0]}/impact?city={network.city_id}", timeout=START_S).raise_for_status()
        settle(pid)
        return measure(address, stations, large, city_id=network.city_id, pid=pid)


def large_assets(network: Network, *, most: int = 20) -> list[int]:
    """Return assets whose answers name about `WANTED_IDS` assets (all lists together): the nearest of 600 pipes."""
    rng = np.random.default_rng(_SEED)
    assets = network.assets
    pipes = rng.choice(np.flatnonzero(assets.kind == KIND_CODE["pipe"]), min(600, int((assets.kind == 0).sum())), replace=False)
    others = np.flatnonzero(np.isin(assets.kind, [KIND_CODE["plant"], KIND_CODE["boiler_house"]]))
    size: dict[int, int] = {}
    for row in np.concatenate([others, pipes]).tolist():
        found = impact(network, int(assets.asset_id[row]))
        size[int(assets.asset_id[row])] = len(found.reach) + len(found.lost) + len(found.degraded)
    return sorted(size, key=lambda asset_id: abs(size[asset_id] - WANTED_IDS))[:most]


def main() -> None:
    """Measure a server that runs already."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trace_http")
    parser.add_argument("address")
    parser.add_argument("--stations", nargs="+", type=int, required=True)
    parser.add_argument("--large", nargs="+", type=int, required=True)
    parser.add_argument("--city", type=int, default=1)
    given = parser.parse_args()
    figures = measure(given.address, given.stations, given.large, city_id=given.city)
    figures["load1"] = round(os.getloadavg()[0], 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


if __name__ == "__main__":
    main()
