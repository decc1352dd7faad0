"""A gateway for tests: a program with an API key that signs what it sends."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from api.auth import signatures, vault
from api.auth.signatures import Digest
from data import accounts
from data.pool import connect
from twin.seats import Organisation, Role

OFFICE = Organisation("office", "city")


@dataclass(frozen=True)
class Gateway:
    """Sends signed requests with one key."""

    http: httpx.Client
    app_id: str
    digest: Digest = "sm3"
    secret: bytes = field(default=b"the secret of the gateway", repr=False)

    def signed(self, body: bytes, *, timestamp: float | None = None, nonce: str = "") -> dict[str, str]:
        """Return the headers that sign a body."""
        stamp, once = str(int(time.time() if timestamp is None else timestamp)), nonce or uuid.uuid4().hex
        signature = signatures.sign(self.secret, self.digest, timestamp=stamp, nonce=once, body=body)
        return {"X-App-Id": self.app_id, "X-Timestamp": stamp, "X-Nonce": once, "X-Signature": signature}

    def post(self, body: bytes, path: str = "/readings", **headers: str) -> httpx.Response:
        """Send a body as it is."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, content=body, headers={"Content-Type": "application/json", **self.signed(body), **given})

    def send(self, frames: Sequence[Mapping[str, Any]]) -> list[str]:
        """Send frames and return their results."""
        answer = self.post(orjson.dumps({"frames": frames}))
        assert answer.status_code == 200, answer.text
        results: list[str] = answer.json()["results"]
        return results


def add_gateway(
    database_url: str,
    var_dir: Path,
    http: httpx.Client,
    app_id: str,
    *,
    digest: Digest = "sm3",
    organisation: Organisation = OFFICE,
    role: Role = "administrator",
) -> Gateway:
    """Add a seat for a program with an API key."""
    gateway = Gateway(http, app_id, digest)
    encrypted = vault.encrypt(vault.load_key(var_dir), gateway.secret, app_id=app_id)
    with connect(database_url) as connection:
        accounts.add_seat(connection, login=app_id, person=app_id, organisation=organisation, role=role, password_hash=None)
        accounts.add_key(connection, login=app_id, app_id=app_id, secret_encrypted=encrypted, digest=digest)
    return gateway
