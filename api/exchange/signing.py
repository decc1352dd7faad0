r"""Signatures of exchange calls: HMAC-SM3 (or HMAC-SHA-256, by key) with the secret of an API key.

sign = hex(HMAC(secret, text)); text = every parameter sent but `sign` as `name=value`, decoded, in ASCII order of the names,
joined by "\n", UTF-8. `data` enters as the hexadecimal digest (SM3 or SHA-256, by key) of its UTF-8 bytes, so that no line holds
another line.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from api.auth.identity import Identity
from api.auth.signatures import WINDOW_S, Digest
from api.exchange.answers import Code, ExchangeRefused
from api.exchange.forms import Form
from data.pool import Pool
from data.seats import StoredSeat

_MAX_APP_ID: Final = 100
_MAX_DIGITS: Final = 12


def _hash(digest: Digest) -> hashes.HashAlgorithm:
    return hashes.SM3() if digest == "sm3" else hashes.SHA256()


def text_to_sign(given: Mapping[str, str], digest: Digest) -> bytes:
    r"""Return the text that a signature covers.

    >>> text_to_sign({"table": "t", "appID": "a", "data": "[]"}, "sha256")[:20]
    b'appID=a\\ndata=4f53cda'
    """
    lines = []
    for name in sorted(given):
        value = given[name]
        if name == "data":
            hashing = hashes.Hash(_hash(digest))
            hashing.update(value.encode())
            value = hashing.finalize().hex()
        lines.append(f"{name}={value}")
    return "\n".join(lines).encode()


def sign(given: Mapping[str, str], secret: bytes, digest: Digest) -> str:
    """Return the signature of a call's parameters."""
    code = HMAC(secret, _hash(digest))
    code.update(text_to_sign(given, digest))
    return code.finalize().hex()


async def find_seat(form: Form, pool: Pool, identity: Identity) -> StoredSeat:
    """Return the seat of the key that signed a call.

    Raises
    ------
    ExchangeRefused
        10003 when its time is off, 10004 when nobody has that appID, 10002 when the signature does not fit.
    """
    _check_time(form["timestamp"])
    app_id = form["appID"]
    key, secret, digest = await identity.secret_of(pool, app_id[:_MAX_APP_ID])
    if key is None or len(app_id) > _MAX_APP_ID:
        raise ExchangeRefused(Code.UNALLOCATED_APP_ID, f"appID {app_id[:50]!r} names no active key")
    _verify(form, secret, digest)
    return key.seat


def _check_time(text: str) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise ExchangeRefused(
            Code.PARAMETERS_INVALID, f"timestamp is {text[:20]!r}; it must be whole seconds since 1970-01-01T00:00:00Z"
        )
    away_s = abs(int(text) - time.time())
    if away_s > WINDOW_S:
        raise ExchangeRefused(
            Code.TIME_LAPSE, f"timestamp is {away_s:.0f} s away from the server's clock; {WINDOW_S} s are allowed"
        )


def _verify(form: Form, secret: bytes, digest: Digest) -> None:
    code = HMAC(secret, _hash(digest))
    try:
        code.update(text_to_sign(form.given, digest))
        code.verify(bytes.fromhex(form.sign))
    except (ValueError, InvalidSignature):
        raise ExchangeRefused(
            Code.SIGNATURE_FAILED, "sign does not fit; docs/exchange.md says which text it is made of, and has an example"
        ) from None
