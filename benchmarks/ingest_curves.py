"""Part of the intake's benchmark: curves of 24 hours by HTTP, from a database and a page cache that have not seen them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from benchmarks.ingest_city import BenchCity
from benchmarks.ingest_stores import say
from data import cluster as clusters

POINT = "secondary_supply_temperature_degc"
_DAY_MS = 86_400_000
_CURVES = 15


def drop_caches(city: BenchCity) -> None:
    """Start the database anew and ask the kernel to forget its files and those of the archive."""
    cluster = clusters.private_cluster(city.base.var_dir)
    clusters.stop(cluster)
    for folder in (cluster.folder, city.base.var_dir / "readings"):
        for path in folder.rglob("*"):
            if path.is_file():
                _forget(path)
    clusters.start(cluster)


def _forget(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@dataclass(frozen=True, slots=True)
class Curves:
    """Median milliseconds of a curve: `cold_ms` the first time, `warm_ms` when the database has its pages in memory."""

    cold_ms: float
    warm_ms: float


def measure_curves(city: BenchCity, address: str, *, start_s: float, stations: int) -> Curves:
    """Ask for a curve over a day from `start_s`, each of another substation of the `stations` that were filled, then all again.

    The first request, which opens files and connections, counts with the others.
    """
    codes = sorted(code for code, source in city.sources.items() if source.kind == "substation")
    chosen = [codes[int(place)] for place in np.linspace(0, len(codes) - 1, stations)]
    chosen = chosen[:: max(1, stations // _CURVES)][:_CURVES]
    with httpx.Client(base_url=address, timeout=60) as client:
        client.get("/cities").raise_for_status()
        first, second = ([_curve_ms(client, city, code, int(start_s * 1000)) for code in chosen] for _ in range(2))
    curves = Curves(round(float(np.median(first)), 1), round(float(np.median(second)), 1))
    say(f"curves: first {first[0]:.0f} ms, longest {max(first):.0f} ms, median {curves.cold_ms} ms, again {curves.warm_ms} ms")
    return curves


def _curve_ms(client: httpx.Client, city: BenchCity, code: str, start_ms: int) -> float:
    asked: dict[str, int | str] = {"city": 1, "from": start_ms, "to": start_ms + _DAY_MS, "points": POINT}
    started = time.perf_counter()
    answer = client.get(f"/assets/{city.sources[code].asset_id}/readings", params=asked)
    spent_ms = (time.perf_counter() - started) * 1000.0
    frames = len(answer.raise_for_status().json()["series"][0]["observed_at"])
    if frames != 1_440:
        raise SystemExit(f"benchmarks.ingest: the curve of {code} has {frames} frames; it must have 1,440")
    return spent_ms
