"""A real Mosquitto and publishers for the tests of readings over MQTT."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from api.mqtt.broker import configuration, find_mosquitto, start_mosquitto
from tests.api.serving import free_port, wait_for
from tests.conftest import missing


@dataclass
class Broker:
    """A Mosquitto that a test may kill and start again; its queue lies in a folder of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = find_mosquitto()
        if program is None:
            missing("mosquitto is not installed (as root: apt-get install mosquitto)")
        assert program is not None
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        # as the user of the tests: pytest's folders are closed to others
        text = configuration(data, self.port) + "user root\n"
        (self.folder / "mosquitto.conf").write_text(text)
        with (self.folder / "log").open("ab") as log:
            self.process = start_mosquitto(program, self.folder / "mosquitto.conf", user=None, log=log)
        wait_for(self._answers, what="mosquitto")

    def _answers(self) -> bool:
        probe = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        try:
            probe.connect("127.0.0.1", self.port)
        except OSError:
            return False
        probe.disconnect()
        return True

    def kill(self) -> None:
        """Kill it; what it has not saved is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as its service does; it saves its queue."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=20)


@contextmanager
def run_broker(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder, free_port())
    broker.start()
    try:
        yield broker
    finally:
        if broker.process is not None and broker.process.poll() is None:
            broker.stop()


@dataclass
class Gateway:
    """A publisher with the answers to what it published, by correlation data."""

    client: paho.Client
    company: str
    answers: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    everything: list[tuple[str, bytes]] = field(default_factory=list)
    _next: int = 0

    def publish(
        self,
        frames: list[dict[str, Any]] | bytes,
        *,
        company: str | None = None,
        city: int | str = 1,
        headers: Mapping[str, str] | None = None,
        response_topic: str | None = None,
    ) -> bytes:
        """Publish one message by QoS 1 and return its correlation data."""
        body = frames if isinstance(frames, bytes) else orjson.dumps({"frames": frames})
        self._next += 1
        mark = f"{id(self)}-{self._next}".encode()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.CorrelationData = mark
        if headers:
            properties.UserProperty = list(headers.items())
        if response_topic is not None:
            properties.ResponseTopic = response_topic
        self.client.publish(f"heat/{city}/{company or self.company}/frames", body, qos=1, properties=properties)
        return mark

    def answer(self, mark: bytes) -> dict[str, Any]:
        """Wait for the answer to one message."""
        return wait_for(lambda: self.answers.get(mark), what="the answer over MQTT")

    def ask(self, frames: list[dict[str, Any]] | bytes, **options: Any) -> dict[str, Any]:
        return self.answer(self.publish(frames, **options))

    def settled(self) -> bool:
        """Tell whether the broker has taken everything that was published."""
        return not self.client.want_write() and not self.client._out_messages


@contextmanager
def gateway(broker: Broker, company: str = "C1") -> Iterator[Gateway]:
    """Connect a publisher that listens to the results of its company."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.reconnect_delay_set(1, 1)
    found = Gateway(client, company)
    listening = threading.Event()

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        found.everything.append((message.topic, message.payload))
        found.answers[getattr(message.properties, "CorrelationData", b"")] = orjson.loads(message.payload)

    def on_connect(connected: paho.Client, *_: Any) -> None:
        connected.subscribe([(f"heat/+/{company}/results", 1), (f"heat/1/{company}/answers/#", 1)])

    client.on_message = on_message
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: listening.set()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        assert listening.wait(20)
        yield found
    finally:
        client.disconnect()
        client.loop_stop()


def until(holds: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    wait_for(holds, what=what, limit_s=limit_s)


def pause() -> None:
    time.sleep(0.05)
