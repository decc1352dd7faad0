"""Figures of the server for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.arrival_metrics import ArrivalMetrics
from api.dependencies import CallerDep
from api.live_room import LiveRoom

router = APIRouter(tags=["system"])

REGISTRY = CollectorRegistry()
REQUESTS = Counter("heat_twin_requests", "HTTP requests answered", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "heat_twin_request_seconds",
    "Time until the last byte of an answer",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
FRAMES = Counter("heat_twin_frames", "Reading frames by what became of them", ["result"], registry=REGISTRY)


class RequestMeter:
    """ASGI middleware that counts requests by the template of their route, never by their path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            count_request(scope["method"], getattr(scope.get("route"), "path", "other"), status, time.perf_counter() - started)


_COUNTERS: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer by method, template of its route, and status."""
    key = (method, route, status)
    found = _COUNTERS.get(key)
    if found is None:
        # looking a counter up by its labels costs more than counting
        found = _COUNTERS[key] = (REQUESTS.labels(method, route, str(status)), SECONDS.labels(route))
    found[0].inc()
    found[1].observe(seconds)


class _LiveFigures(Collector):
    """Figures read from the live room when they are asked for."""

    def __init__(self, room: LiveRoom) -> None:
        self._room = room

    def collect(self) -> Iterable[Metric]:
        """Return the present figures."""
        yield GaugeMetricFamily("heat_twin_queued_frames", "Frames that wait for their commit", self._room.intake.queued_frames)
        yield GaugeMetricFamily("heat_twin_subscribers", "Open subscriptions of live state", self._room.subscribers)
        alarms = GaugeMetricFamily("heat_twin_active_alarms", "Open alarms", labels=["city"])
        for city_id, city in self._room.cities.items():
            alarms.add_metric([str(city_id)], city.active_alarms)
        yield alarms


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def get_metrics(request: Request, _caller: CallerDep) -> Response:
    """Return the figures of this process in Prometheus' text format."""
    live = CollectorRegistry()
    live.register(_LiveFigures(request.app.state.live))
    live.register(ArrivalMetrics(request.app.state.arrivals))
    request.app.state.mqtt.refresh()
    live.register(request.app.state.channels)
    return Response(generate_latest(REGISTRY) + generate_latest(live), media_type=CONTENT_TYPE_LATEST)
