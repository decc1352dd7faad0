"""A real Mosquitto and publishers for the tests of readings over MQTT."""

from __future__ import annotations

import base64
import hashlib
import secrets
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
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
    login: tuple[str, str] | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The authority of a broker with a login; it made the certificate of the broker."""
        return self.folder / "ca.pem"

    def set_password(self, password: str) -> None:
        """Give the user of the login a password, as Mosquitto keeps it (PBKDF2); a running broker takes it at once."""
        assert self.login is not None
        salt = secrets.token_bytes(12)
        digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
        line = f"{self.login[0]}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"
        (self.folder / "passwords").write_text(line)
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def _guard(self) -> str:
        """Return the lines for TLS and a login."""
        assert self.login is not None
        if not self.ca_file.exists():
            _write_certificates(self.folder)
            self.set_password(self.login[1])
        return f"certfile {self.folder}/broker.pem\nkeyfile {self.folder}/broker.key\npassword_file {self.folder}/passwords\n"

    def start(self) -> None:
        program = find_mosquitto()
        if program is None:
            missing("mosquitto is not installed (as root: apt-get install mosquitto)")
        assert program is not None
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        # as the user of the tests: pytest's folders are closed to others
        text = configuration(data, self.port) + "user root\n"
        if self.login is not None:
            text = text.replace("allow_anonymous true", "allow_anonymous false") + self._guard()
        (self.folder / "mosquitto.conf").write_text(text)
        with (self.folder / "log").open("ab") as log:
            self.process = start_mosquitto(program, self.folder / "mosquitto.conf", user=None, log=log)
        wait_for(self._answers, what="mosquitto")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
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


def _write_certificates(folder: Path) -> None:
    """Write a private authority (`ca.pem`), and certificate and key of a broker on 127.0.0.1."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Heating authority", "broker")]
    for number, file in enumerate(("ca", "broker")):
        builder = (
            x509.CertificateBuilder(issuer_name=names[0], subject_name=names[number], public_key=keys[number].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        )
        made = builder.sign(keys[0], hashes.SHA256())
        (folder / f"{file}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "broker.key").write_bytes(keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


@contextmanager
def run_broker(folder: Path, login: tuple[str, str] | None = None) -> Iterator[Broker]:
    """Run a Mosquitto; with a login it takes nobody else, and only over TLS."""
    broker = Broker(folder, free_port(), login)
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
    reasons: dict[int, int] = field(default_factory=dict)
    """What the broker acknowledged each message with (PUBACK), by its number on the wire."""
    _sent: dict[int, bytes] = field(default_factory=dict)
    _next: int = 0

    def publish(
        self,
        frames: list[dict[str, Any]] | bytes,
        *,
        company: str | None = None,
        city: int | str = 1,
        headers: Mapping[str, str] | None = None,
        response_topic: str | None = None,
        content_type: str | None = None,
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
        if content_type is not None:
            properties.ContentType = content_type
        made = self.client.publish(f"heat/{city}/{company or self.company}/frames", body, qos=1, properties=properties)
        self._sent[made.mid] = mark
        return mark

    def reason(self, mark: bytes) -> int:
        """Wait for the reason code with which the broker acknowledged a message."""
        number = next(mid for mid, sent in self._sent.items() if sent == mark)
        wait_for(lambda: number in self.reasons, what="the acknowledgement of the broker")
        return self.reasons[number]

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

    if broker.login is not None:
        client.username_pw_set(*broker.login)
        client.tls_set_context(ssl.create_default_context(cafile=broker.ca_file))
    client.on_publish = lambda _client, _data, mid, reason, _properties: found.reasons.update({mid: reason.value})
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
