"""The MQTT 5 client: paho on a thread of its own, acknowledging only what it is told to.

Flow control is twofold. The broker holds back after `RECEIVE_MAXIMUM` messages without an acknowledgement, and the thread stops
reading its socket while more than `IN_FLIGHT_BYTES` wait for their commit, so that TCP holds the broker back. The session
outlives the connection: what was not acknowledged comes again, and what comes while the server is down waits in the broker.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from api.mqtt.address import BrokerAddress, tls_context

logger = logging.getLogger(__name__)

TOPIC: Final = "heat/+/+/frames"
RECEIVE_MAXIMUM: Final = 1000
"""Messages that the broker sends without an acknowledgement; group commit needs many small ones at once."""
IN_FLIGHT_BYTES: Final = 8 * 2**20
"""Bytes that wait for their commit; one message alone may be larger."""
MAX_PACKET_BYTES: Final = 9 * 2**20
"""Largest packet that is taken: a body of 8 MiB with its properties. The broker's own limit must not be higher."""
SESSION_S: Final = 7 * 86_400
"""How long the broker keeps messages for a server that is away."""
KEEPALIVE_S: Final = 30
FIRST_PAUSE_S: Final = 1
LONGEST_PAUSE_S: Final = 60
_COMPRESSED_WEIGHT: Final = 8
_CREDENTIALS: Final = (0x86, 0x87)
"""Reason codes of a broker that does not take user and password."""
_MAX_RESULTS: Final = 1000
"""Results that may wait for the broker; beyond them they are not sent, since the frames may be sent again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker delivered it.

    Attributes
    ----------
    mid, qos
        Its number on the wire and its quality of service; 0 needs no acknowledgement.
    connection
        Number of the connection it came over: the next one delivers it again.
    topic, payload
        As sent.
    encoding
        User property `Content-Encoding`, lower case; empty = none.
    content_type
        Property Content Type; empty = none.
    properties
        User properties by lower-case name; the first of a name counts.
    response_topic, correlation
        Where the sender wants the answer, and what it should carry.
    """

    mid: int
    qos: int
    connection: int
    topic: str
    payload: bytes
    encoding: str
    properties: Mapping[str, str]
    response_topic: str
    correlation: bytes | None
    content_type: str = ""

    @property
    def weight(self) -> int:
        """Bytes to count against the bound; what is compressed grows."""
        return len(self.payload) * (_COMPRESSED_WEIGHT if self.encoding else 1)


class _Client(paho.Client):
    """Paho's client, able to say in an acknowledgement why a message is refused, and why there is no connection."""

    failure: Exception | None = None
    """Why the last attempt to connect failed; None when it did not."""

    def reconnect(self) -> MQTTErrorCode:
        """Try once to connect; whatever goes wrong is an `OSError`, the only one after which paho tries again."""
        self.failure = None
        try:
            return super().reconnect()
        except Exception as error:
            self.failure = error
            raise OSError(str(error)) from error

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """Shake hands; unlike paho, close the socket when that fails."""
        assert self._ssl_context is not None
        wrapped = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        wrapped.settimeout(self.connect_timeout)
        try:
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what the broker sends; what is no MQTT ends the connection and not the thread."""
        try:
            return super().loop_read(max_packets)
        except Exception as error:  # paho raises what its decoders stumble over, of any kind
            logger.warning("MQTT: the broker sent what is none: %s", error)
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)

    def puback(self, mid: int, reason: int) -> None:
        """Acknowledge a message of quality 1; 0 = success, 0x80 and more = refused (MQTT 5, 3.4.2.1)."""
        if reason == 0:
            self.ack(mid, 1)
            return
        # paho's own `ack` cannot carry a reason; the length of the properties may be left out when there are none
        packet = struct.pack("!BBHB", paho.PUBACK, 3, mid, reason)
        self._packet_queue(paho.PUBACK, packet, mid, 1)


class Courier:
    """Brings messages from a broker and takes acknowledgements and results to it.

    Parameters
    ----------
    address
        The broker.
    client_id
        Names the session in the broker; two servers with the same one throw each other out.
    deliver
        Called with each message, in the thread of the client. It must not wait.
    ca_file
        Certificates that a broker over TLS is held against; None = those of the machine.
    """

    def __init__(
        self, address: BrokerAddress, client_id: str, deliver: Callable[[Delivery], None], *, ca_file: Path | None = None
    ) -> None:
        self.address = address
        self._deliver = deliver
        self._room = threading.Condition()
        self._closing = False
        self.connection = 0
        """Number of the present connection; 0 before the first one."""
        self.connected = False
        self.problem = ""
        """Why there is no connection, or no subscription; empty when all is well."""
        self.in_flight_messages = 0
        self.in_flight_bytes = 0
        self._client = _client(address, client_id, ca_file)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect, in a thread of its own; it tries again with growing pauses."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        self._client.connect_async(
            self.address.host, self.address.port, keepalive=KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Leave the broker, which keeps the session, and end the thread. Takes up to two seconds."""
        with self._room:
            self._closing = True
            self._room.notify_all()
        self._client.disconnect()
        self._client.loop_stop()
        self.connected = False

    def settle(self, delivery: Delivery, reason: int | None) -> None:
        """Acknowledge a message with a reason code, or with None let it go unacknowledged; its room is free again."""
        if reason is not None and delivery.qos == 1 and delivery.connection == self.connection and self.connected:
            self._client.puback(delivery.mid, reason)
        with self._room:
            self.in_flight_messages -= 1
            self.in_flight_bytes -= delivery.weight
            self._room.notify_all()

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None) -> None:
        """Send a result, when there is a connection to send it over."""
        if not self.connected:
            return
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho
        properties.ContentType = "application/json"
        if correlation is not None:
            properties.CorrelationData = correlation
        self._client.publish(topic, payload, qos=1, properties=properties)

    # ------------------------------------------------------------ in the thread of the client

    def _on_connect(self, client: paho.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            hint = "; look at user and password in HEAT_TWIN_MQTT_URL" if reason.value in _CREDENTIALS else ""
            self._tell(f"the broker refuses the connection: {reason}{hint}")
            return
        self.connection += 1
        self.connected = True
        logger.info("MQTT: connected to %s (%s)", self.address, "session goes on" if flags.session_present else "new session")
        client.subscribe(TOPIC, options=SubscribeOptions(qos=1, noLocal=True, retainHandling=2))

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        self._tell(_unreachable(self._client.failure))

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        was, self.connected = self.connected, False
        if self._closing:
            return
        if was:
            self._tell(f"the connection is lost: {reason}")
        elif not self.problem:  # else the refusal is known already
            self._tell(f"what listens there does not speak MQTT 5: {reason}")

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            self._tell(f"the broker refuses the subscription of {TOPIC}: {refused[0]}")
        else:
            self.problem = ""

    def _tell(self, problem: str) -> None:
        """Keep a problem, and log it once until there is another or none."""
        if problem != self.problem:
            logger.warning("MQTT: %s (%s); trying again", problem, self.address)
        self.problem = problem

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        delivery = _delivery(message, self.connection)
        with self._room:
            self._room.wait_for(lambda: self._closing or self._has_room(delivery.weight))
            if self._closing:
                return
            self.in_flight_messages += 1
            self.in_flight_bytes += delivery.weight
        self._deliver(delivery)

    def _has_room(self, weight: int) -> bool:
        fits = self.in_flight_bytes + weight <= IN_FLIGHT_BYTES and self.in_flight_messages < 2 * RECEIVE_MAXIMUM
        return fits or self.in_flight_messages == 0


def _client(address: BrokerAddress, client_id: str, ca_file: Path | None) -> _Client:
    client = _Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True)
    client.reconnect_delay_set(FIRST_PAUSE_S, LONGEST_PAUSE_S)
    client.max_queued_messages_set(_MAX_RESULTS)
    client.connect_timeout = 5.0
    if address.user:
        client.username_pw_set(address.user, address.password or None)
    if address.tls:
        client.tls_set_context(tls_context(ca_file))
    return client


def _unreachable(error: Exception | None) -> str:
    """Return in words why a broker cannot be reached."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of the broker does not hold: {error.verify_message};"
            " HEAT_TWIN_MQTT_CA_FILE names the certificates of a private authority"
        )
    if isinstance(error, ssl.SSLError):
        return f"no TLS with the broker: {error.reason or error}"
    return "the broker cannot be reached" if error is None else f"the broker cannot be reached: {error}"


def _delivery(message: paho.MQTTMessage, connection: int) -> Delivery:
    given = message.properties
    pairs = getattr(given, "UserProperty", [])
    properties = {name.lower(): value for name, value in reversed(pairs)}
    encoding = properties.get("content-encoding", "").strip().lower()
    try:
        topic = message.topic
    except UnicodeDecodeError:
        topic = ""
    return Delivery(
        mid=message.mid,
        qos=message.qos,
        connection=connection,
        topic=topic,
        payload=bytes(message.payload),
        encoding="" if encoding == "identity" else encoding,
        properties=properties,
        response_topic=getattr(given, "ResponseTopic", ""),
        correlation=getattr(given, "CorrelationData", None),
        content_type=getattr(given, "ContentType", ""),
    )
