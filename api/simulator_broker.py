"""The broker as the simulator sees it: publishes readings over MQTT 5 like any gateway, and reads what became of them."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from api.errors import Refused
from api.mqtt.address import BrokerAddress, tls_context
from api.simulator_server import ApiKey, Stopped
from twin.simulator.bodies import Reports, bodies_by_company

_AGAIN_S: Final = 30.0
"""A message without a result is published again after so long; what was stored already is a duplicate."""
_LOOK_S: Final = 0.5
_PAUSES_S: Final = (1, 60)


@dataclass(frozen=True, slots=True)
class BrokerOptions:
    """Which broker to send by, its certificates (None = those of the machine), and the key to sign with (None = unsigned)."""

    address: BrokerAddress
    ca_file: Path | None = None
    key: ApiKey | None = field(default=None, repr=False)


class BrokerLine:
    """Sends bodies by a broker and waits for their results. Enter it to connect; safe for several threads.

    Parameters
    ----------
    options
        The broker.
    city_id, companies
        City, and codes of its companies by asset id: the topics. Frames of nobody go by the first company.
    stop, say
        Set to end; gets a line when the broker cannot be used.
    """

    def __init__(
        self,
        options: BrokerOptions,
        city_id: int,
        companies: Mapping[int, str],
        stop: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        if not companies:
            raise Refused("the city has no company; readings over MQTT are published under the code of one")
        self._options, self._city_id, self._companies = options, city_id, companies
        self._stop, self._say = stop, say
        self._heard = threading.Condition()
        self._asked: dict[bytes, dict[str, Any] | None] = {}
        self._listening = threading.Event()
        self._told = ""
        self._client = self._make_client()

    def _make_client(self) -> paho.Client:
        client, address = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5), self._options.address
        client.reconnect_delay_set(*_PAUSES_S)
        if address.user:
            client.username_pw_set(address.user, address.password or None)
        if address.tls:
            client.tls_set_context(tls_context(self._options.ca_file, name="--mqtt-ca-file"))
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: self._tell("cannot be reached")
        client.on_disconnect = lambda *_: self._listening.clear()
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def __enter__(self) -> BrokerLine:
        self._client.connect_async(self._options.address.host, self._options.address.port)
        self._client.loop_start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def parcels(self, reports: Iterable[Reports], batch_frames: int) -> Iterator[Callable[[], dict[str, int]]]:
        """Yield a call for each message; it publishes it and returns the counts of its results."""
        first = next(iter(self._companies))
        known = {
            company_id: company_id if company_id in self._companies else first for one in reports for company_id in one.owners
        }
        for company_id, body in bodies_by_company(reports, batch_frames, known):
            yield partial(self.send, self._companies[company_id], body)

    def send(self, company: str, body: bytes) -> dict[str, int]:
        """Publish frames under a company until there is a result; returns how many frames had which.

        Raises
        ------
        Refused
            When the server refuses the message as a whole.
        Stopped
            When the simulator was stopped while waiting.
        """
        mark = secrets.token_bytes(12)
        with self._heard:
            self._asked[mark] = None
        try:
            answer = self._ask(company, body, mark)
        finally:
            with self._heard:
                del self._asked[mark]
        if "error" in answer:
            raise Refused(f"the message was refused: {answer['error']['reason']}: {answer['error']['message']}")
        counts: dict[str, int] = answer["counts"]
        return counts

    def _ask(self, company: str, body: bytes, mark: bytes) -> dict[str, Any]:
        again_s = 0.0
        while not self._stop.is_set():
            if not self._listening.wait(_LOOK_S):
                again_s = 0.0  # a result that came meanwhile is gone
                continue
            if time.monotonic() >= again_s:
                self._publish(company, body, mark)
                again_s = time.monotonic() + _AGAIN_S
            with self._heard:
                self._heard.wait_for(lambda: self._asked[mark] is not None, timeout=_LOOK_S)
                answer = self._asked[mark]
            if answer is not None:
                return answer
        raise Stopped

    def _publish(self, company: str, body: bytes, mark: bytes) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho
        properties.CorrelationData = mark
        properties.ContentType = "application/json"
        if self._options.key is not None:
            properties.UserProperty = list(self._options.key.headers(body).items())
        topic = f"heat/{self._city_id}/{quote(company, safe='')}/frames"
        self._client.publish(topic, body, qos=1, properties=properties)

    # ------------------------------------------------------------ in the thread of the client

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._tell(f"refuses the connection: {reason}")
        else:
            client.subscribe(f"heat/{self._city_id}/+/results", qos=1)

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            self._tell(f"refuses the subscription of the results: {refused[0]}")
            return
        self._told = ""
        self._listening.set()

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        mark = getattr(message.properties, "CorrelationData", None)
        with self._heard:
            if mark in self._asked:  # results of other gateways come as well
                self._asked[mark] = orjson.loads(message.payload)
                self._heard.notify_all()

    def _tell(self, problem: str) -> None:
        if problem != self._told:
            self._say(f"the broker {self._options.address} {problem}; trying again")
        self._told = problem
