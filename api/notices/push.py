"""Web push (RFC 8030): a message for browsers whose page is closed, encrypted for each (RFC 8291), signed (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import http_ece
import httpx
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from api.auth.vault import read_secret
from api.errors import BadRequest, NotDelivered
from api.notices.messages import Outgoing, cut
from api.notices.webhook import post
from data.notices import PushEndpoint

_BODY_BYTES: Final = 2000
"""Push services take 4,096 bytes in all."""
_TITLE_BYTES: Final = 400
_LIFETIME_S: Final = 24 * 3600
_GONE: Final = frozenset({404, 410})
_CONTACT: Final = "mailto:heat-twin@localhost.localdomain"


class Gone(NotDelivered):
    """Raised when a browser has taken its subscription back."""


class Pusher:
    """Signs and encrypts with the key of this deployment, `push.key` in the var dir, made when it is first needed."""

    def __init__(self, var_dir: Path, contact: str) -> None:
        self._path = var_dir / "push.key"
        self._contact = f"mailto:{contact}" if contact else _CONTACT
        self._known: Vapid02 | None = None

    @property
    def _vapid(self) -> Vapid02:
        if self._known is None:
            self._known = Vapid02.from_pem(read_secret(self._path, _new_key))
        return self._known

    @property
    def public_key(self) -> str:
        """The key that a browser subscribes with (`applicationServerKey`), base64url."""
        point = self._vapid.public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).decode().rstrip("=")

    async def push(self, client: httpx.AsyncClient, message: Outgoing, to: PushEndpoint) -> None:
        """Hand a message to the push service of a browser.

        Raises
        ------
        Gone
            When the browser has taken its subscription back.
        NotDelivered
            When the service cannot be reached or refuses.
        """
        parts = urlsplit(to.endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": self._contact}
        headers: dict[str, str] = {
            **self._vapid.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_LIFETIME_S),
            "Urgency": "high" if message.level <= 1 else "normal",
            # a repeat that the browser has not fetched yet takes the place of the first
            "Topic": hashlib.sha256(message.key.encode()).hexdigest()[:32],
        }
        status, answer = await post(client, to.endpoint, encrypt(message, to), headers)
        if status in _GONE:
            raise Gone(f"the browser has taken its subscription back ({status})", final=True)
        if status >= 300:
            raise NotDelivered(f"the push service answered {status}: {answer[:200].decode(errors='replace')}")


def encrypt(message: Outgoing, to: PushEndpoint) -> bytes:
    """Return the body for one browser."""
    shown = {"title": cut(message.title, _TITLE_BYTES), "body": cut(message.body, _BODY_BYTES)}
    content = orjson.dumps(shown | {"tag": message.key, "url": f"/?city={message.city_id}"})
    sealed: bytes = http_ece.encrypt(
        content,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=read_key(to.p256dh),
        auth_secret=read_key(to.auth),
        version="aes128gcm",
    )
    return sealed


def read_key(text: str) -> bytes:
    """Return the bytes of a key as browsers write it (base64url without padding)."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_keys(p256dh: str, auth: str) -> None:
    """Raise `BadRequest` unless the keys of a browser are a point of P-256 and 16 bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), read_key(p256dh))
        fits = len(read_key(auth)) == 16
    except (ValueError, binascii.Error):
        fits = False
    if not fits:
        raise BadRequest("keys do not fit: p256dh must be a point of P-256 (65 bytes), auth 16 bytes, both in base64url")


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
