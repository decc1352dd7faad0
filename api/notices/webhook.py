"""Posts a message to an address: JSON, signed, never following a redirection."""

from __future__ import annotations

import secrets
import time
from typing import Final

import httpx
import orjson

from api.auth.signatures import Digest, sign
from api.errors import NotDelivered
from api.notices.messages import Outgoing, as_bot_text, as_json

APP_ID: Final = "heat-twin"
_MOST_ANSWER: Final = 65_536
FINAL: Final = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})
"""Answers that the same message would get again."""


async def post_webhook(
    client: httpx.AsyncClient, message: Outgoing, *, url: str, form: str, secret: bytes, digest: Digest
) -> None:
    """Post a message.

    Raises
    ------
    NotDelivered
        When the receiver cannot be reached, refuses, or its robot answers with an error code.
    """
    body = orjson.dumps(as_bot_text(message) if form == "bot" else as_json(message))
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.key}
    if secret:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        signature = sign(secret, digest, timestamp=timestamp, nonce=nonce, body=body)
        headers |= {"X-App-Id": APP_ID, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}
    status, answer = await post(client, url, body, headers)
    if status >= 300:
        raise NotDelivered(f"the receiver answered {status}: {answer[:200].decode(errors='replace')}", final=status in FINAL)
    if form == "bot":
        _require_taken(answer)


async def post(client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Post a body and return status and answer, of which at most 64 kB are read.

    Raises
    ------
    NotDelivered
        When the receiver cannot be reached or takes too long.
    """
    try:
        async with client.stream("POST", url, content=body, headers=headers) as answer:
            read = b""
            async for part in answer.aiter_raw(8192):
                read += part
                if len(read) >= _MOST_ANSWER:
                    break
            return answer.status_code, read
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotDelivered(f"cannot reach the receiver: {type(error).__name__} {error}".strip()) from None


def _require_taken(answer: bytes) -> None:
    """A robot says no with status 200 and a code in its answer."""
    try:
        said = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return
    code = said.get("errcode", 0) if isinstance(said, dict) else 0
    if code:
        raise NotDelivered(f"the robot answered errcode {code}: {str(said.get('errmsg', ''))[:200]}")
