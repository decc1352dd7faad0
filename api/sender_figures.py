"""Figures of senders for Prometheus: bodies and signatures that were refused, and how far the senders' clocks are off."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from api.routes.metrics import REGISTRY

REFUSED_BODIES = Counter(
    "heat_twin_refused_bodies", "Requests refused before their body was read, by kind of error", ["kind"], registry=REGISTRY
)
SIGNATURES = Counter("heat_twin_signatures", "Signed requests by what became of their signature", ["result"], registry=REGISTRY)
CLOCK_SKEW_S = Gauge(
    "heat_twin_sender_clock_skew_s",
    "Seconds that the clock of a program was ahead of ours at its last signed request",
    ["app_id"],
    registry=REGISTRY,
)
