r"""Signatures of requests by programs: HMAC-SM3 (GB/T 32905) or HMAC-SHA-256 over time, nonce and raw body.

X-App-Id, X-Timestamp (s), X-Nonce
X-Signature = hex(HMAC(secret, timestamp + "\n" + nonce + "\n" + body))
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from api.errors import NotSignedIn

Digest: TypeAlias = Literal["sm3", "sha256"]

WINDOW_S = 300
"""How far the clock of a program may be from ours."""
_MAX_NONCE = 128


def _hmac(secret: bytes, digest: Digest, timestamp: str, nonce: str, body: bytes) -> HMAC:
    code = HMAC(secret, hashes.SM3() if digest == "sm3" else hashes.SHA256())
    code.update(f"{timestamp}\n{nonce}\n".encode())
    code.update(body)
    return code


def sign(secret: bytes, digest: Digest, *, timestamp: str, nonce: str, body: bytes) -> str:
    """Return the hexadecimal signature of a request.

    >>> sign(b"key", "sha256", timestamp="1700000000", nonce="a", body=b"{}")[:16]
    '94177bdd80166ade'
    """
    return _hmac(secret, digest, timestamp, nonce, body).finalize().hex()


def verify(secret: bytes, digest: Digest, signature: str, *, timestamp: str, nonce: str, body: bytes) -> None:
    """Raise `NotSignedIn` unless the signature fits. The comparison takes the same time wherever it differs."""
    try:
        given = bytes.fromhex(signature)
        _hmac(secret, digest, timestamp, nonce, body).verify(given)
    except (ValueError, InvalidSignature):
        raise NotSignedIn("X-Signature does not fit: it must be hex(HMAC(secret, timestamp \\n nonce \\n body))") from None


def check_time(timestamp: str, nonce: str, *, now_s: float, oldest_s: float = WINDOW_S) -> None:
    """Raise `NotSignedIn` unless the time lies within the window and the nonce can be remembered.

    `oldest_s` is how far back it may lie, for what waits on its way.
    """
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise NotSignedIn(f"X-Timestamp is {timestamp[:20]!r}; it must be whole seconds since 1970-01-01 UTC")
    if not -WINDOW_S <= now_s - int(timestamp) <= oldest_s:
        raise NotSignedIn(
            f"X-Timestamp is {abs(int(timestamp) - now_s):.0f} s away from the server's clock;"
            f" {oldest_s if now_s > int(timestamp) else WINDOW_S:.0f} s are allowed"
        )
    if not 1 <= len(nonce) <= _MAX_NONCE or "\x00" in nonce:
        raise NotSignedIn(f"X-Nonce has {len(nonce)} characters; it must have 1 to {_MAX_NONCE}")
