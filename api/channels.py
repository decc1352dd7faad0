"""What has come in by which way: requests, messages and pushes by what became of them, and when the last one came.

Counted since the start of the process, for `GET /intake/channels` and `GET /metrics`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

HTTP: Final = "http"
MQTT: Final = "mqtt"
EXCHANGE: Final = "exchange"
TAKEN: Final = "taken"
"""Said of a message whose frames each got their result."""


@dataclass
class Channel:
    """One way in.

    Attributes
    ----------
    connected
        It can take something now.
    address
        Where it listens or to what it is connected; never with a password.
    problem
        Why it cannot, empty when it can.
    messages
        Requests, messages or pushes by what became of them: `taken` or the reason of the refusal.
    frames
        Reading frames by result.
    last_ms
        When the last one came, epoch milliseconds; None = none yet.
    reconnects, in_flight_messages, in_flight_bytes
        Of a broker's connection.
    """

    name: str
    connected: bool = True
    address: str = ""
    problem: str = ""
    messages: Counter[str] = field(default_factory=Counter)
    frames: Counter[str] = field(default_factory=Counter)
    last_ms: int | None = None
    reconnects: int = 0
    in_flight_messages: int = 0
    in_flight_bytes: int = 0

    def note(self, outcome: str, frames: Mapping[str, int] | None = None) -> None:
        """Count one message and its frames."""
        self.messages[outcome] += 1
        self.frames.update(frames or {})
        self.last_ms = time.time_ns() // 1_000_000


class Channels(Collector):
    """All ways in, as `app.state.channels`."""

    def __init__(self) -> None:
        self.http = Channel(HTTP)
        self.mqtt = Channel(MQTT, connected=False, problem="no broker is named (HEAT_TWIN_MQTT_URL)")
        self.exchange = Channel(EXCHANGE)

    @property
    def all(self) -> tuple[Channel, ...]:
        """The channels in their order."""
        return (self.http, self.mqtt, self.exchange)

    def collect(self) -> Iterable[Metric]:
        """Return the present figures for Prometheus."""
        messages = CounterMetricFamily("heat_twin_intake_messages", "Messages by way in and result", labels=["channel", "result"])
        frames = CounterMetricFamily(
            "heat_twin_intake_frames", "Reading frames by way in and result", labels=["channel", "result"]
        )
        for channel in self.all:
            for outcome, count in channel.messages.items():
                messages.add_metric([channel.name, outcome], count)
            for result, count in channel.frames.items():
                frames.add_metric([channel.name, result], count)
        yield messages
        yield frames
        mqtt = self.mqtt
        yield GaugeMetricFamily("heat_twin_mqtt_connected", "1 while a broker is connected", float(mqtt.connected))
        yield CounterMetricFamily("heat_twin_mqtt_reconnects", "Connections to the broker after the first", mqtt.reconnects)
        yield GaugeMetricFamily("heat_twin_mqtt_in_flight_messages", "Messages not acknowledged yet", mqtt.in_flight_messages)
        yield GaugeMetricFamily("heat_twin_mqtt_in_flight_bytes", "Their bytes", mqtt.in_flight_bytes)
