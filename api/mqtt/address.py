"""The address of a broker: `mqtt://user:password@host:port`, or `mqtts://` over TLS."""

from __future__ import annotations

from dataclasses import dataclass, field
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


def parse_address(url: str) -> BrokerAddress:
    """Return the parts of a broker's address.

    Raises
    ------
    BadSetting
        When it is none. The message does not repeat it: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadSetting(f"HEAT_TWIN_MQTT_URL cannot be read; it must be {_RIGHT}") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadSetting(f"HEAT_TWIN_MQTT_URL is something else; it must be {_RIGHT}")
    if parts.password and not parts.username:
        raise BadSetting(f"HEAT_TWIN_MQTT_URL has a password without a user; it must be {_RIGHT}")
    return BrokerAddress(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        tls=parts.scheme == "mqtts",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
