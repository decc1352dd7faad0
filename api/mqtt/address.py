"""The address of a broker: `mqtt://user:password@host:port`, or `mqtts://` over TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from api.errors import BadSetting

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_RIGHT: Final = "mqtt://user:password@host:port, or mqtts://... over TLS; user, password and port may be left out"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens, and as whom to come. Its text never holds the password."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.user + '@' if self.user else ''}{host}:{self.port}"


def parse_address(url: str, *, name: str = "HEAT_TWIN_MQTT_URL") -> BrokerAddress:
    """Return the parts of a broker's address, which `name` says where it was given.

    Raises
    ------
    BadSetting
        When it is none. The message does not repeat it: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadSetting(f"{name} cannot be read; it must be {_RIGHT}") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadSetting(f"{name} is something else; it must be {_RIGHT}")
    if parts.password and not parts.username:
        raise BadSetting(f"{name} has a password without a user; it must be {_RIGHT}")
    return BrokerAddress(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        tls=parts.scheme == "mqtts",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def tls_context(ca_file: Path | None, *, name: str = "HEAT_TWIN_MQTT_CA_FILE") -> ssl.SSLContext:
    """Return what a broker's certificate is held against: a file of certificates, or those of the machine.

    Raises
    ------
    BadSetting
        When the file cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise BadSetting(
            f"{name} is {str(ca_file)!r}: {error.strerror or error}; it must be a file of certificates (PEM)"
        ) from None


def require_address(url: str, ca_file: Path | None) -> None:
    """Raise `BadSetting` when the address or the file of certificates does not fit, or one does not need the other."""
    address = parse_address(url) if url else None
    if ca_file is None:
        return
    if address is None or not address.tls:
        raise BadSetting("HEAT_TWIN_MQTT_CA_FILE counts over TLS only; HEAT_TWIN_MQTT_URL must begin with mqtts://")
    tls_context(ca_file)
