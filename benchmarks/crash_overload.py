"""More than the machine can take: what is refused, what is lost, how soon all is as before, and the memory of the server.

    python -m benchmarks.crash --overload [--seconds 120] [--times 3]        # make bench-overload

A probe sends a small batch five times a second all along. First a few gateways push as fast as they are answered, which tells
what the machine can take. Then many push batches of 1,000 frames at a fixed rate, three times as much: a request that is refused
is one of them, and is sent again without heed of Retry-After. When the time is over, each waits for the answer to its last
request, and everything acknowledged is read back.

| field | meaning |
|---|---|
| capacity_frames_per_s, times | what the few gateways got acknowledged, and how many times that is offered |
| offered_frames_per_s, accepted_frames_per_s | during the overload, refused requests included |
| refused_requests | answered with 429 or 503 |
| acknowledged, lost, duplicates | frames, as in `benchmarks.crash` |
| probe_before_ms, probe_during_ms | latency of the probe until its acknowledgement, refusals included: 95th percentile |
| normal_after_s | from the end of the overload until five answers in a row are as quick as before |
| memory_mb_before, memory_mb_peak, memory_mb_after | of the server (VmRSS), the largest of each time |
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crash_city import Victims
from benchmarks.crash_senders import Gateway, check_stored
from benchmarks.serving import settle

GATEWAYS = 60
FEW = 4
_FRAMES = 1_000
_CALM_S, _PROBE_S = 15.0, 0.2
_BACK_LIMIT_S = 60.0


class _Pace:
    """Requests of many gateways at one rate; what could not be sent in time is not made up for."""

    def __init__(self, requests_per_s: float) -> None:
        self._gap_s = 1.0 / requests_per_s
        self._lock = threading.Lock()
        self._next_s = time.monotonic()
        self.sent = 0

    def wait(self) -> None:
        """Return when the next request may be sent."""
        with self._lock:
            self._next_s = at_s = max(self._next_s + self._gap_s, time.monotonic() - 1.0)
        time.sleep(max(0.0, at_s - time.monotonic()))
        with self._lock:
            self.sent += 1


def overload(these: Victims, seconds: float, times: float) -> dict[str, Any]:
    """Measure; `these` has `GATEWAYS + 1` keys."""
    assert these.server is not None
    settle(these.server.pid)  # compiled kernels, the first look at the network
    go = threading.Event()
    go.set()
    ticks = count(time.time_ns() // 1_000_000 - 3_600_000)
    rooms = these.sources["room_sensor"]
    probe = Gateway(GATEWAYS, these.port, rooms[:20], 0, go, batch=20, pause_s=_PROBE_S, away_s=0.1)
    few = _gateways(these, ticks, FEW, away_s=0.2)
    probe.start()
    took_s = _push(few, _CALM_S)
    capacity = sum(len(g.acknowledged) for g in few) / took_s
    time.sleep(3.0)
    before = len(probe.latencies_s)
    watch = _Memory(these)
    time.sleep(5.0)
    memory_before = watch.take()
    calm = probe.latencies_s[before:]
    before = len(probe.latencies_s)
    pace = _Pace(times * capacity / _FRAMES)
    many = _gateways(these, ticks, GATEWAYS, away_s=0.0, pace=pace)
    began = time.monotonic()
    for gateway in many:
        gateway.start()
    time.sleep(seconds)
    ended, took_s, offered = time.monotonic(), time.monotonic() - began, pace.sent
    accepted, refused = sum(len(g.acknowledged) for g in many), sum(g.refused for g in many)
    _end(many)
    during, memory_peak = probe.latencies_s[before:], watch.take()
    normal_s = max(2 * float(np.percentile(calm, 95)), 0.3)
    figures = {
        "capacity_frames_per_s": round(capacity),
        "times": times,
        "offered_frames_per_s": round(offered * _FRAMES / took_s),
        "accepted_frames_per_s": round(accepted / took_s),
        "refused_requests": refused,
        "normal_after_s": round(_back_after_s(probe, normal_s, ended), 1),
        "probe_before_ms": round(1000 * float(np.percentile(calm, 95))),
        "probe_during_ms": round(1000 * float(np.percentile(during, 95))) if during else None,
        "memory_mb_before": memory_before,
        "memory_mb_peak": memory_peak,
    }
    time.sleep(5.0)
    figures["memory_mb_after"] = watch.take()
    watch.over = True
    _end([probe])
    found = check_stored(these, [*few, *many, probe])
    figures |= {"acknowledged": found.acknowledged, "lost": found.lost, "duplicates": found.duplicates}
    return figures | {"load1": round(os.getloadavg()[0], 2)}


def _gateways(these: Victims, ticks: Iterator[int], number: int, *, away_s: float, pace: _Pace | None = None) -> list[Gateway]:
    """Return gateways that share the devices; no two batches have the same time."""
    go, devices = threading.Event(), these.sources["heating_device"]
    go.set()
    more: dict[str, Any] = {} if pace is None else {"pace": pace.wait, "gives_up": True}
    return [Gateway(n, these.port, devices, 0, go, batch=_FRAMES, away_s=away_s, ticks=ticks, **more) for n in range(number)]


def _push(gateways: Sequence[Gateway], seconds: float) -> float:
    """Let gateways send for so long, and until the last batch is acknowledged; returns the seconds it took."""
    began = time.monotonic()
    for gateway in gateways:
        gateway.start()
    time.sleep(seconds)
    _end(gateways)
    return time.monotonic() - began


def _end(gateways: Sequence[Gateway]) -> None:
    for gateway in gateways:
        gateway.over = True
    for gateway in gateways:
        gateway.join(timeout=120)
        if gateway.wrong or gateway.is_alive():
            raise SystemExit(f"benchmarks.crash: {gateway.wrong or 'a sender got no acknowledgement in two minutes'}")


def _back_after_s(probe: Gateway, normal_s: float, ended: float) -> float:
    """Return how many seconds after the end five answers in a row were as quick as before."""
    seen = len(probe.latencies_s)
    while time.monotonic() - ended < _BACK_LIMIT_S:
        latest = probe.latencies_s[seen:]
        if len(latest) >= 5 and max(latest[-5:]) <= normal_s:
            break
        time.sleep(0.05)
    return time.monotonic() - ended


class _Memory:
    """Looks at the memory of the server ten times a second."""

    def __init__(self, these: Victims) -> None:
        assert these.server is not None
        self._status = Path(f"/proc/{these.server.pid}/status")
        self._largest = 0.0
        self.over = False
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self.over:
            lines = dict(line.split(":", 1) for line in self._status.read_text(encoding="ascii").splitlines())
            self._largest = max(self._largest, int(lines["VmRSS"].split()[0]) / 1024)
            time.sleep(0.1)

    def take(self) -> float:
        """Return the largest since this was asked last, in MB."""
        largest, self._largest = self._largest, 0.0
        return round(largest)
