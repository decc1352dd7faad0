"""A broker of a few bytes: it speaks MQTT 5 on a socket by the standard alone, and keeps every byte that matters to a test."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE, _PINGREQ = 1, 3, 4, 8, 12
_SIZES = {0x11: 4, 0x21: 2, 0x27: 4, 0x22: 2, 0x17: 1, 0x19: 1}
"""Bytes of the properties that a CONNECT may have, but those of text (MQTT 5, 2.2.2.2)."""


def _length(size: int) -> bytes:
    found = bytearray()
    while size >= 128:
        found.append(size % 128 | 128)
        size //= 128
    return bytes([*found, size])


def _text(data: str | bytes) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return struct.pack("!H", len(raw)) + raw


@dataclass
class Wire:
    """What a client sent, and a way to send to it.

    Attributes
    ----------
    greetings
        What the first connections are answered with in place of a success: a reason code of CONNACK, or bytes as they are.
    properties, credentials, connected_s
        Of each CONNECT: its numbers by identifier, user and password, and when it came.
    acknowledged
        Reason code of each PUBACK by packet identifier.
    published
        Topic and packet of what the client published.
    """

    port: int
    greetings: list[int | bytes]
    properties: list[dict[int, int]] = field(default_factory=list)
    credentials: list[tuple[str, str]] = field(default_factory=list)
    connected_s: list[float] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)
    published: list[tuple[str, bytes]] = field(default_factory=list)
    subscribed: threading.Event = field(default_factory=threading.Event)
    _socket: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def deliver(self, mid: int, topic: str, payload: bytes, user: Mapping[str, str] | None = None, content: str = "") -> None:
        """Send one PUBLISH of quality 1 to the client."""
        assert self._socket is not None
        properties = b"".join(b"\x26" + _text(name) + _text(value) for name, value in (user or {}).items())
        properties += b"\x03" + _text(content) if content else b""
        rest = _text(topic) + struct.pack("!H", mid) + _length(len(properties)) + properties + payload
        self._socket.sendall(b"\x32" + _length(len(rest)) + rest)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            with suppress(ConnectionError):
                try:
                    self._socket, _ = listener.accept()
                except OSError:
                    return
                with self._socket:
                    self._talk(self._socket)

    def _talk(self, client: socket.socket) -> None:
        while True:
            head = _exactly(client, 1)[0]
            size = shift = 0
            while True:
                byte = _exactly(client, 1)[0]
                size, shift = size | (byte & 127) << shift, shift + 7
                if byte < 128:
                    break
            packet = _exactly(client, size)
            kind = head >> 4
            if kind == _CONNECT and not self._greet(client, packet):
                return
            if kind == _SUBSCRIBE:
                client.sendall(b"\x90\x04" + packet[:2] + b"\x00\x01")
                self.subscribed.set()
            if kind == _PUBACK:
                self.acknowledged[struct.unpack("!H", packet[:2])[0]] = packet[2] if size > 2 else 0
            if kind == _PUBLISH:
                topic = packet[2 : 2 + struct.unpack("!H", packet[:2])[0]].decode()
                client.sendall(b"\x40\x02" + packet[2 + len(topic) : 4 + len(topic)])
                self.published.append((topic, packet))
            if kind == _PINGREQ:
                client.sendall(b"\xd0\x00")

    def _greet(self, client: socket.socket, packet: bytes) -> bool:
        self.connected_s.append(time.monotonic())
        self._note(packet)
        greeting = self.greetings.pop(0) if self.greetings else 0
        client.sendall(bytes([0x20, 3, 0, greeting, 0]) if isinstance(greeting, int) else greeting)
        return greeting == 0

    def _note(self, packet: bytes) -> None:
        """Keep what a CONNECT says (3.1): name and version, flags, keep alive, properties, client id, user, password."""
        assert packet[:7] == b"\x00\x04MQTT\x05"
        flags, end = packet[7], 11 + packet[10]
        numbers, at = {}, 11
        while at < end:
            size = _SIZES[packet[at]]
            numbers[packet[at]] = int.from_bytes(packet[at + 1 : at + 1 + size])
            at += 1 + size
        texts = []
        while at < len(packet):
            size = struct.unpack("!H", packet[at : at + 2])[0]
            texts.append(packet[at + 2 : at + 2 + size].decode())
            at += 2 + size
        self.properties.append(numbers)
        self.credentials.append((texts[1], texts[2]) if flags & 0xC0 == 0xC0 else ("", ""))


def _exactly(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = client.recv(size - len(found))
        if not part:
            raise ConnectionError("the client has left")
        found += part
    return found


@contextmanager
def wire_broker(greetings: Sequence[int | bytes] = ()) -> Iterator[Wire]:
    """Listen on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener.getsockname()[1], list(greetings))
        thread = threading.Thread(target=wire._serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            if wire._socket is not None:
                with suppress(OSError):
                    wire._socket.shutdown(socket.SHUT_RDWR)
            thread.join(10)
