"""Measures tiles at city size: 300 fixed tiles z10-z16 against the bare statement, tipg and a bare ASGI app.

    make bench-tiles   # builds the city once, sets up the peers in build/bench, prints one line

Progress goes to stderr; the only line on stdout holds the figures. CPU times come from the process tables and do not count the
client; every contender asks the same tiles in the same minutes, in three interleaved rounds; figures are medians of the rounds.

| field | meaning |
|---|---|
| sql_cpu_ms | CPU of the database for one tile, the product's statement called by asyncpg, nothing else |
| server_cpu_ms | CPU of the server's process for one tile, nothing cached, not compressed |
| db_cpu_ms | CPU of the database for one tile asked through the server |
| tipg_cpu_ms | CPU of tipg and its database for one tile of the full source layer |
| vs_tipg_cpu | the last divided by the sum of the two above it |
| p50_ms, p95_ms, tipg_p50_ms, tipg_p95_ms | answers by the clock, 8 connections |
| kb, tipg_kb | mean size of a tile, not compressed |
| cached_per_s, echo_per_s | answers a second from the cache (gzip), and of a bare ASGI app with the same bytes; by wrk |
| cached_vs_echo | the first divided by the second, median of the rounds |
| not_modified_per_s | the same question with `If-None-Match` |
| z10_ms, z11_ms, z12_ms | the dearest of that zoom's tiles, one connection, best of three |
| composite_z10_ms, .. | the same of base, network, coverage and assets in one tile |
| z14_ms, z14_kb, z14_gzip_kb | mean of the 60 tiles of z14, the trench, one connection, best of three |
| max_gzip_kb, max_gzip_tile | the largest tile of all tilesets (z8-z14 all; of z15, z16 those under the largest of z14) |
| herd_queries | tile statements that the database saw when 32 connections asked one cold tile at once |
| edit_to_tile_ms | an edit is sent, and the first tile that shows it has come; median of five |
| load1 | load of the machine in the last minute at the start and at the end, the larger one |
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np

from api.database import open_database
from api.settings import Settings
from benchmarks import tiles_peers, tiles_sizes
from benchmarks.import_city import city_settings
from benchmarks.serving import cpu_s, served, settle, tree_cpu_s
from benchmarks.tiles_list import Asked, ZoomXY, ask_each, ask_http, choose_tiles
from data.cluster import private_cluster
from data.pool import connect, open_pool
from tiles.tilesets import TILESETS
from tiles.vector import make_tile
from twin.scope import Scope

CITY = 1
ROUNDS = 3
_WRK_S = 4
_HERD = 32
_EDITS = 5
_SEEN_S = 30.0
_REFRESH_S = 300.0
_POLL_S = 0.005
_UNCOMPRESSED = "Accept-Encoding: identity\r\n"


@dataclass(frozen=True, eq=False)
class _Case:
    """The city in hand."""

    settings: Settings
    tiles: list[ZoomXY]
    database_pid: int
    folder: Path


def main() -> None:
    """Measure everything, or with `--only` some parts."""
    parts: dict[str, Callable[[_Case], dict[str, Any]]] = {
        "uncached": _uncached,
        "cached": _cached,
        "sizes": lambda case: asyncio.run(tiles_sizes.measure(case.settings, case.tiles)),
        "herd": _herd,
        "edit": _edit,
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiles")
    parser.add_argument("--only", nargs="*", choices=list(parts), default=list(parts))
    wanted = parser.parse_args().only
    load = os.getloadavg()[0]
    figures: dict[str, Any] = {}
    settings = city_settings(clean=True)
    with open_database(settings) as opened, tempfile.TemporaryDirectory() as folder:
        pid = private_cluster(settings.var_dir).pid
        assert pid is not None  # it was started a moment ago
        with connect(opened.database_url) as connection:
            tiles = choose_tiles(connection, CITY)
        case = _Case(opened, tiles, pid, Path(folder))
        for name in wanted:
            started = time.perf_counter()
            found = parts[name](case)
            figures |= found
            _say(f"{name}: {time.perf_counter() - started:.0f} s {json.dumps(found)}")
    figures["load1"] = round(max(load, os.getloadavg()[0]), 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - progress


def _paths(tiles: list[ZoomXY], tilesets: str = "network") -> list[str]:
    return [f"/tiles/{tilesets}/{z}/{x}/{y}.mvt?city={CITY}" for z, x, y in tiles]


# ---------------------------------------------------------------- nothing cached


@dataclass(frozen=True, eq=False)
class _Contender:
    """One way to get all tiles, and its processes beside the database (None: the benchmark's own, not counted)."""

    ask: Callable[[], Asked]
    pid: int | None


def _uncached(case: _Case) -> dict[str, Any]:
    with connect(case.settings.database_url) as connection:
        tiles_peers.fill_source(connection, CITY)
    try:
        with (
            served(case.settings, TILE_CACHE_MB="0") as (ours, pid),
            tiles_peers.tipg(case.settings.database_url) as (peer, peer_pid),
            _bare(case) as ask_bare,
        ):
            settle(pid)
            contenders = {
                "sql": _Contender(ask_bare, None),
                "ours": _Contender(partial(_ask, ours, _paths(case.tiles)), pid),
                "tipg": _Contender(partial(_ask, peer, tiles_peers.tipg_paths(case.tiles)), peer_pid),
            }
            return _uncached_figures(_rounds(case, contenders), len(case.tiles))
    finally:
        with connect(case.settings.database_url) as connection:
            tiles_peers.drop_source(connection)


def _ask(address: str, paths: list[str]) -> Asked:
    return asyncio.run(ask_http(address, paths, connections=8, headers=_UNCOMPRESSED))


@contextmanager
def _bare(case: _Case) -> Iterator[Callable[[], Asked]]:
    """Yield what makes all tiles by the product's statements over four connections, and nothing else."""
    tileset, scope = TILESETS["network"], Scope()
    with asyncio.Runner() as runner:
        pool = runner.run(open_pool(case.settings.database_url, size=4))
        try:
            yield lambda: runner.run(ask_each(case.tiles, lambda zxy: make_tile(pool, tileset, scope, CITY, zxy), at_once=4))
        finally:
            runner.run(pool.close())


def _rounds(case: _Case, contenders: dict[str, _Contender]) -> dict[str, list[tuple[float, float, Asked]]]:
    """Return CPU seconds of the database and of the server, and the answers, of every contender and round."""
    for contender in contenders.values():
        contender.ask()  # caches of the database and prepared statements
    found: dict[str, list[tuple[float, float, Asked]]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            database, server = tree_cpu_s(case.database_pid), cpu_s(contender.pid)
            asked = contender.ask()
            cost = (tree_cpu_s(case.database_pid) - database, cpu_s(contender.pid) - server, asked)
            found[name].append(cost)
    return found


def _uncached_figures(rounds: dict[str, list[tuple[float, float, Asked]]], tiles: int) -> dict[str, Any]:
    def milliseconds(name: str, part: int) -> float:
        return 1000 * median((one[0], one[1])[part] for one in rounds[name]) / tiles

    ours, peer = milliseconds("ours", 0) + milliseconds("ours", 1), milliseconds("tipg", 0) + milliseconds("tipg", 1)
    figures: dict[str, Any] = {
        "sql_cpu_ms": milliseconds("sql", 0),
        "server_cpu_ms": milliseconds("ours", 1),
        "db_cpu_ms": milliseconds("ours", 0),
        "tipg_cpu_ms": peer,
        "vs_tipg_cpu": peer / ours,
    }
    for name, prefix in (("ours", ""), ("tipg", "tipg_")):
        seconds = np.concatenate([asked.seconds for *_, asked in rounds[name]])
        figures[f"{prefix}p50_ms"], figures[f"{prefix}p95_ms"] = (1000 * np.percentile(seconds, (50, 95))).tolist()
        figures[f"{prefix}per_s"] = median(tiles / asked.wall_s for *_, asked in rounds[name])
        figures[f"{prefix}kb"] = sum(rounds[name][0][2].sizes) / tiles / 1000
    return {name: round(value, 2) for name, value in figures.items()}


# ---------------------------------------------------------------- cached


def _cached(case: _Case) -> dict[str, Any]:
    paths = _paths(case.tiles)
    accepted = {"Accept-Encoding": "gzip"}
    with served(case.settings) as (address, pid):
        settle(pid)
        with httpx.Client(base_url=address, headers=accepted) as client:
            answers = {path: _raw(client, path) for path in paths}
        known = [(path, accepted | {"If-None-Match": headers["etag"]}) for path, (headers, _) in answers.items()]
        with tiles_peers.echo(answers, case.folder) as (bare, _):
            rates: list[tuple[float, float, float]] = []
            for _ in range(ROUNDS):
                ask = partial(tiles_peers.wrk, folder=case.folder, seconds=_WRK_S)
                plain = [(path, accepted) for path in paths]
                rates.append((ask(address, plain), ask(bare, plain), ask(address, known)))
    return {
        "cached_per_s": round(median(ours for ours, _, _ in rates)),
        "echo_per_s": round(median(echoed for _, echoed, _ in rates)),
        "cached_vs_echo": round(median(ours / echoed for ours, echoed, _ in rates), 3),
        "not_modified_per_s": round(median(unchanged for *_, unchanged in rates)),
    }


def _raw(client: httpx.Client, path: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and the bytes of an answer as they came over the wire."""
    with client.stream("GET", path) as answer:
        answer.raise_for_status()
        return dict(answer.headers), b"".join(answer.iter_raw())


# ---------------------------------------------------------------- many at once, edits


def _herd(case: _Case) -> dict[str, Any]:
    """Count in the log of the database how often a tile was made that 32 connections asked at once."""
    heavy = min(case.tiles, key=lambda zxy: zxy[0])
    log = private_cluster(replace(case.settings, database_url="").var_dir).log_path
    with connect(case.settings.database_url, autocommit=True) as connection:
        connection.execute("alter system set log_statement = 'all'")
        connection.execute("select pg_reload_conf()")
        try:
            with served(case.settings) as (address, pid):
                settle(pid)
                offset = log.stat().st_size
                paths = _paths([heavy] * _HERD, "base,network,assets,coverage")
                asyncio.run(ask_http(address, paths, connections=_HERD, headers="Accept-Encoding: gzip\r\n"))
                time.sleep(0.5)
                said = log.read_bytes()[offset:].decode(errors="replace")
        finally:
            connection.execute("alter system reset log_statement")
            connection.execute("select pg_reload_conf()")
    statements = [one for one in said.split("LOG:")[1:] if "st_asmvt(" in one and one.lstrip().startswith("execute")]
    return {"herd_queries": len(statements)}


def _edit(case: _Case) -> dict[str, Any]:
    """Change the diameter of pipes and wait for the tile to show it; take the changes back at the end."""
    z, x, y = next(zxy for zxy in case.tiles if zxy[0] == 16)
    path = _paths([(z, x, y)])[0]
    with connect(case.settings.database_url) as connection:
        pipes = tiles_sizes.pipes_in(connection, CITY, (z, x, y), most=_EDITS)
    with served(case.settings) as (address, pid), httpx.Client(base_url=address, timeout=60) as client:
        settle(pid)
        seconds, changes = [], []
        try:
            for asset_id in pipes:
                found, change = _edit_seen(client, path, asset_id)
                seconds.append(found)
                changes.append(change)
        finally:
            for change in reversed(changes):
                client.post(f"/changes/{change}/revert?city={CITY}", json={"reason": "benchmark"}).raise_for_status()
            _wait_for_refresh(client)
    return {"edit_to_tile_ms": round(1000 * median(seconds), 1), "edit_to_tile_max_ms": round(1000 * max(seconds), 1)}


def _edit_seen(client: httpx.Client, path: str, asset_id: int) -> tuple[float, int]:
    """Return the seconds from sending an edit to the tile that shows it, and the change."""
    before = client.get(path).headers["etag"]
    started = time.perf_counter()
    body = {"attributes": {"dn": 65 + asset_id % 100}, "reason": "benchmark"}
    answer = client.patch(f"/assets/{asset_id}?city={CITY}", json=body)
    answer.raise_for_status()
    while time.perf_counter() - started < _SEEN_S:
        if client.get(path).headers["etag"] != before:
            return time.perf_counter() - started, answer.json()["change_id"]
        time.sleep(_POLL_S)
    raise SystemExit(f"tiles: {path} does not show the edit of pipe {asset_id} within {_SEEN_S:.0f} s")


def _wait_for_refresh(client: httpx.Client) -> None:
    """Leave the city as it was: with copies that are up to date."""
    end = time.monotonic() + _REFRESH_S
    while time.monotonic() < end:
        if not any(tileset["older"] for tileset in client.get(f"/tiles?city={CITY}").json()):
            return
        time.sleep(1.0)
    _say("the copies were not up to date again in time; the next server goes on with them")


if __name__ == "__main__":
    main()
