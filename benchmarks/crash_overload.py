"""More senders than the queue holds: what is refused, what is lost, how soon all is as before, and the memory of the server.

Called by `python -m benchmarks.crash --overload`. A probe sends a small batch five times a second all along. First a few
gateways push as fast as they are answered, which tells what the machine can take. Then many push batches of 1,000 frames, send a
refused one again almost at once and pay no attention to Retry-After. At the end everything acknowledged is read back.

| field | meaning |
|---|---|
| capacity_frames_per_s | taken from the few gateways |
| offered_frames_per_s, accepted_frames_per_s | during the overload; refused ones are offered again and again |
| refused | requests answered with 429 or 503 |
| acknowledged, lost, duplicates | as in `benchmarks.crash` |
| probe_before_ms, probe_during_ms | latency of the probe until its acknowledgement, refusals included: 95th percentile |
| back_to_normal_s | from the end of the overload until the probe is as quick as it was |
| rss_before_mb, rss_during_mb, rss_after_mb | memory of the server, the largest of each time |
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

GATEWAYS = 60
FEW = 4
_FRAMES = 1_000
_CALM_S, _PROBE_S = 10.0, 0.2
_BACK_LIMIT_S = 60.0


def overload(these: Victims, seconds: float) -> dict[str, Any]:
    """Measure; `these` has `GATEWAYS + 1` keys."""
    go = threading.Event()
    go.set()
    ticks = count(time.time_ns() // 1_000_000 - 3_600_000)
    rooms = these.sources["room_sensor"]
    probe = Gateway(GATEWAYS, these.port, rooms[:20], 0, go, batch=20, pause_s=_PROBE_S, away_s=0.1)
    few, many = _gateways(these, ticks, FEW, away_s=0.2), _gateways(these, ticks, GATEWAYS, away_s=0.02)
    probe.start()
    figures: dict[str, Any] = {}
    took_s = _push(few, _CALM_S)
    figures["capacity_frames_per_s"] = round(sum(len(g.acknowledged) for g in few) / took_s)
    time.sleep(3.0)
    before = len(probe.latencies_s)
    watch = _Memory(these)
    time.sleep(5.0)
    rss_before = watch.take()
    calm = probe.latencies_s[before:]
    before = len(probe.latencies_s)
    took_s = _push(many, seconds)
    during, rss_during = probe.latencies_s[before:], watch.take()
    normal_s = max(2 * float(np.percentile(calm, 95)), 0.3)
    figures["back_to_normal_s"] = round(_back_after_s(probe, normal_s), 1)
    time.sleep(5.0)
    figures |= {
        "offered_frames_per_s": round(sum(len(g.acknowledged) + g.refused * _FRAMES for g in many) / took_s),
        "accepted_frames_per_s": round(sum(len(g.acknowledged) for g in many) / took_s),
        "refused": sum(g.refused for g in many),
        "probe_before_ms": round(1000 * float(np.percentile(calm, 95))),
        "probe_during_ms": round(1000 * float(np.percentile(during, 95))) if during else None,
        "rss_before_mb": rss_before,
        "rss_during_mb": rss_during,
        "rss_after_mb": watch.take(),
    }
    watch.over = True
    _end([probe])
    found = check_stored(these, [*few, *many, probe])
    figures |= {"acknowledged": found.acknowledged, "lost": found.lost, "duplicates": found.duplicates}
    return figures | {"load1": round(os.getloadavg()[0], 2)}


def _gateways(these: Victims, ticks: Iterator[int], number: int, *, away_s: float) -> list[Gateway]:
    """Return gateways that share the devices; no two batches have the same time."""
    go, devices = threading.Event(), these.sources["heating_device"]
    go.set()
    return [Gateway(n, these.port, devices, 0, go, batch=_FRAMES, away_s=away_s, ticks=ticks) for n in range(number)]


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


def _back_after_s(probe: Gateway, normal_s: float) -> float:
    """Return after how many seconds five answers in a row were as quick as before."""
    began, seen = time.monotonic(), len(probe.latencies_s)
    while time.monotonic() - began < _BACK_LIMIT_S:
        latest = probe.latencies_s[seen:]
        if len(latest) >= 5 and max(latest[-5:]) <= normal_s:
            break
        time.sleep(0.05)
    return time.monotonic() - began


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
