"""Figures of the server for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.arrival_metrics import ArrivalMetrics
from api.dependencies import CallerDep
from api.live_room import LiveRoom
from data.alarms import alarm_kpis
from data.pool import Pool
from twin.scope import Scope as SeatScope

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


class AlarmFigures(Collector):
    """Own figures of the alarms of the last day, read from the store at most once a minute; labels are cities only."""

    def __init__(self) -> None:
        self._read_s = -KPI_S
        self._found: dict[int, Mapping[str, float | None]] = {}

    async def read(self, pool: Pool, cities: Iterable[int]) -> None:
        """Read the figures again when they are a minute old."""
        if time.monotonic() - self._read_s < KPI_S:
            return
        self._read_s, now = time.monotonic(), datetime.now(UTC)
        day, span = timedelta(days=1), timedelta(minutes=10)
        for city_id in cities:
            figures = (await alarm_kpis(pool, SeatScope(), city_id, now - day, now)).figures
            latest = (await alarm_kpis(pool, SeatScope(), city_id, now - span, now)).figures
            self._found[city_id] = {**figures, "latest": latest["raised"]}

    def collect(self) -> Iterable[Metric]:
        """Return the figures that were read."""
        for name, figure, text in _KPIS:
            gauge = GaugeMetricFamily(name, text, labels=["city"])
            for city_id, figures in self._found.items():
                if (value := figures.get(figure)) is not None:
                    gauge.add_metric([str(city_id)], float(value))
            yield gauge


KPI_S = 60.0
"""How old the figures of alarms may be."""
_KPIS = (
    ("heat_twin_alarms_raised_10_min", "latest", "Alarms raised in the last 10 minutes"),
    ("heat_twin_alarms_raised_day", "raised", "Alarms raised in the last day"),
    ("heat_twin_alarms_most_10_min", "most_in_10_min", "Most alarms in 10 minutes of the last day"),
    ("heat_twin_alarms_floods_day", "floods", "Spans of 10 minutes with more than 10 alarms in the last day"),
    ("heat_twin_alarms_standing", "standing", "Alarms open for more than 24 hours"),
    ("heat_twin_alarms_chattering", "chattering", "Rules at sources that rang three times within an hour in the last day"),
    ("heat_twin_alarms_acknowledge_p50_seconds", "acknowledge_p50_s", "Median time to acknowledge, of the last day"),
    ("heat_twin_alarms_acknowledge_p90_seconds", "acknowledge_p90_s", "90 of 100 were acknowledged within, of the last day"),
)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def get_metrics(request: Request, _caller: CallerDep) -> Response:
    """Return the figures of this process in Prometheus' text format."""
    live = CollectorRegistry()
    live.register(_LiveFigures(request.app.state.live))
    await request.app.state.alarm_figures.read(request.app.state.pool, list(request.app.state.live.cities))
    live.register(request.app.state.alarm_figures)
    live.register(ArrivalMetrics(request.app.state.arrivals))
    request.app.state.mqtt.refresh()
    live.register(request.app.state.channels)
    return Response(generate_latest(REGISTRY) + generate_latest(live), media_type=CONTENT_TYPE_LATEST)
