"""Figures of arrivals for Prometheus: by city and kind, never by source."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.arrival_sources import silent_parts
from api.arrival_totals import Part, grouped
from api.arrivals_room import ArrivalsRoom, hour_of, now_ms
from twin.arrivals import HOUR_MS, Figures, group_totals

_OF_KIND = ["city", "kind"]


class ArrivalMetrics(Collector):
    """Figures read from the arrivals room when they are asked for."""

    def __init__(self, room: ArrivalsRoom) -> None:
        self._room = room

    def collect(self) -> Iterable[Metric]:
        """Return the present figures; those of frames are of the running hour."""
        at_ms = now_ms()
        expected = GaugeMetricFamily(
            "heat_twin_arrival_expected_frames", "Frames expected in the running hour by now", labels=_OF_KIND
        )
        received = GaugeMetricFamily("heat_twin_arrival_received_frames", "Expected frames that have come", labels=_OF_KIND)
        silent = GaugeMetricFamily(
            "heat_twin_arrival_silent_sources", "Sources that are silent or were never heard", labels=_OF_KIND
        )
        for city_id, city in self._room.live.cities.items():
            for kind, figures in _by_kind(self._running(city_id, at_ms)):
                expected.add_metric([str(city_id), kind], figures.expected)
                received.add_metric([str(city_id), kind], figures.received)
            for kind, figures in _by_kind(silent_parts(self._room, city, at_ms)):
                silent.add_metric([str(city_id), kind], figures.late + figures.conflict)
        refused = CounterMetricFamily("heat_twin_arrival_refused_frames", "Frames refused, by result", labels=["result"])
        for result, frames in self._room.refused_frames.items():
            refused.add_metric([result], frames)
        yield from (expected, received, silent, refused)

    def _running(self, city_id: int, at_ms: int) -> list[Part]:
        hour, since = hour_of(at_ms), self._room.known_since(city_id)
        parts: list[Part] = []
        for schema_id in self._room.schema_ids(city_id):
            roster = self._room.roster(city_id, schema_id)
            if roster is not None:
                counts = self._room.in_memory((city_id, schema_id, hour))
                parts.append(Part(schema_id, hour, HOUR_MS, group_totals(counts, roster, hour, at_ms, since_ms=since)))
        return parts


def _by_kind(parts: list[Part]) -> list[tuple[str, Figures]]:
    found = grouped(parts, lambda _part, key: key["kind"].decode())
    return [(str(kind), figures) for kind, figures in found.items()]
