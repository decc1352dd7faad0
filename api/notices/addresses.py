"""Where notices may go: only hosts that a setting names, so that no seat can make the server knock at others (SSRF)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from api.errors import ChannelClosed

MAX_URL: Final = 1000
_PATTERN: Final = re.compile(r"(\*\.)?[a-z0-9.\-]+(:\d{1,5})?|\[[0-9a-f:]+\](:\d{1,5})?")
_MAIL: Final = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*")
_USUAL_PORTS: Final = {"http": 80, "https": 443}


def is_host_pattern(text: str) -> bool:
    """Tell whether a text is a host in small letters, with `*.` before it for those below, with a port after it or not."""
    return _PATTERN.fullmatch(text) is not None


def is_mail(text: str) -> bool:
    """Tell whether a text is one plain address of e-mail: nothing in it can become a header or a second recipient."""
    return len(text) <= 254 and _MAIL.fullmatch(text) is not None


def require_reachable(url: str, allowed: Sequence[str]) -> str:
    """Return an address if the setting `notice_hosts` names its host.

    The name is compared, not what it resolves to: who runs the server vouches for the hosts, private ones too. Redirections
    are never followed.

    Raises
    ------
    ChannelClosed
        When it is no address of the web, holds a password, or its host is not named.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ChannelClosed(f"{url[:100]!r} is no address; it must be http(s)://host/...") from None
    if len(url) > MAX_URL or parts.scheme not in _USUAL_PORTS or not parts.hostname or not url.isascii() or not url.isprintable():
        raise ChannelClosed(f"{url[:100]!r} is no address of up to {MAX_URL} characters; it must be http(s)://host/...")
    if parts.username is not None or parts.password is not None:
        raise ChannelClosed(f"the address at {parts.hostname} holds a name or password; sign with a secret instead")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if not any(_fits(host, port or _USUAL_PORTS[parts.scheme], parts.scheme, pattern) for pattern in allowed):
        named = ", ".join(allowed) or "none"
        shown = host if port is None else f"{host}:{port}"
        raise ChannelClosed(f"notices may not go to {shown}; HEAT_TWIN_NOTICE_HOSTS names: {named}")
    return url


def _fits(host: str, port: int, scheme: str, pattern: str) -> bool:
    name, _, number = pattern.rpartition(":") if re.search(r":\d+$", pattern) else (pattern, "", "")
    if port != (int(number) if number else _USUAL_PORTS[scheme]):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
