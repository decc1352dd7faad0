"""From a cookie, an API key or a ticket to a seat."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from api.auth import signatures, vault
from api.auth.nonces import NonceBook
from api.errors import BadRequest, NotSignedIn
from api.sender_figures import CLOCK_SKEW_S, SIGNATURES
from api.settings import Settings
from data import seats
from data.pool import Pool
from data.seats import DemoSeat, StoredSeat

COOKIE: Final = "heat_twin_session"
SESSION_LIFETIME_S: Final = 12 * 3600.0
TICKET_LIFETIME_S: Final = 30.0

_OFFICE = "市供热管理办公室"
DEMO_SEATS: Final = (
    DemoSeat("demo-dispatcher", "调度员", "dispatcher", _OFFICE),
    DemoSeat("demo-supervisor", "领导", "viewer", _OFFICE),
    DemoSeat("demo-planner", "规划员", "planner", _OFFICE),
    DemoSeat("demo-administrator", "管理员", "administrator", _OFFICE),
)
"""Seats of the demo switcher in every city; the first is taken by a request without a cookie."""

_CACHED_S = 5.0
_FORGET_EVERY_S = 60.0
_LONG_BODY = 2**18
"""Bodies that are hashed in a thread: SM3 of more than this holds the event loop up for over a millisecond."""
_CACHED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Identified:
    """Who a request comes from, and by which means."""

    stored: StoredSeat
    means: Literal["cookie", "key", "ticket", "demo"]


def hash_token(token: str) -> bytes:
    """Return what the database keeps of a token or ticket."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """Return a random token of 256 bits."""
    return secrets.token_urlsafe(32)


class Identity:
    """Finds seats. Sessions and the demo seat are kept for 5 s, so that tiles do not ask the database each time."""

    def __init__(self, settings: Settings, *, now_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._now_s = now_s
        self._sessions: OrderedDict[bytes, tuple[float, StoredSeat]] = OrderedDict()
        self._default: StoredSeat | None = None
        self._keys: OrderedDict[str, tuple[float, seats.ProgramKey, bytes, signatures.Digest]] = OrderedDict()
        self._nonces = NonceBook()
        self._key: bytes | None = None
        self._next_forget_s = 0.0
        self.generation = 0
        """Rises whenever a session of this process has ended or changed: whoever remembers a decision must decide anew."""

    @property
    def demo_mode(self) -> bool:
        """True when the seat switcher stands in for passwords."""
        return self._settings.demo_mode

    async def by_cookie(self, pool: Pool, token: str) -> StoredSeat | None:
        """Return the seat of a session; None when it has ended."""
        hashed, now_s = hash_token(token), self._now_s()
        cached = self._sessions.get(hashed)
        if cached is not None and cached[0] > now_s:
            return cached[1]
        before = self.generation
        found = await seats.find_session(pool, hashed, demo_mode=self.demo_mode)
        self._sessions.pop(hashed, None)
        # a session that ended while the database was asked must not come back
        if found is not None and self.generation == before:
            self._sessions[hashed] = (now_s + _CACHED_S, found)
            while len(self._sessions) > _CACHED_MAX:
                self._sessions.popitem(last=False)
        return found

    def forget_session(self, token: str) -> None:
        """Forget a session that has ended or changed."""
        self._sessions.pop(hash_token(token), None)
        self.generation += 1

    def forget_sessions(self) -> None:
        """Forget all cached sessions; the next request of each asks the database."""
        self._sessions.clear()
        self.generation += 1

    async def by_ticket(self, pool: Pool, ticket: str) -> StoredSeat | None:
        """Return the seat of a ticket and use the ticket up."""
        return await seats.take_ticket(pool, hash_token(ticket), demo_mode=self.demo_mode)

    async def by_default(self, pool: Pool) -> StoredSeat | None:
        """Return the demo seat of a request that carries nothing; None outside demo mode."""
        if not self.demo_mode:
            return None
        if self._default is None:
            wanted = DEMO_SEATS[0].login
            self._default = next((one for one in await seats.list_demo_seats(pool) if one.seat.login == wanted), None)
        return self._default

    async def by_signature(self, pool: Pool, headers: Mapping[str, str], body: bytes) -> StoredSeat:
        """Return the seat of a signed request.

        Raises
        ------
        NotSignedIn
            When a header is missing, the key unknown, the time off, the signature wrong or the nonce used before.
        """
        try:
            app_id, seat = await self._signed_by(pool, headers, body)
            # only now: a wrong signature must not use up somebody's nonce
            if not await self._nonces.remember(pool, app_id, headers["x-nonce"]):
                raise NotSignedIn("X-Nonce was used before; each request needs a new one")
        except NotSignedIn:
            SIGNATURES.labels("refused").inc()
            raise
        now_s = self._now_s()
        SIGNATURES.labels("good").inc()
        CLOCK_SKEW_S.labels(app_id).set(int(headers["x-timestamp"]) - now_s)
        await self._forget_nonces(pool, now_s)
        return seat

    def check_signed(self, headers: Mapping[str, str]) -> None:
        """Look at what can be told of a signed request before its body is read.

        Raises
        ------
        NotSignedIn
            When a header is missing or the time is off.
        """
        try:
            _, timestamp, nonce, _ = _signed_headers(headers)
            signatures.check_time(timestamp, nonce, now_s=self._now_s())
        except NotSignedIn:
            SIGNATURES.labels("refused").inc()
            raise

    async def _signed_by(self, pool: Pool, headers: Mapping[str, str], body: bytes) -> tuple[str, StoredSeat]:
        app_id, timestamp, nonce, signature = _signed_headers(headers)
        signatures.check_time(timestamp, nonce, now_s=self._now_s())
        key, secret, digest = await self.secret_of(pool, app_id)
        check = partial(signatures.verify, secret, digest, signature, timestamp=timestamp, nonce=nonce, body=body)
        if len(body) > _LONG_BODY:
            await asyncio.to_thread(check)
        else:
            check()
        if key is None:
            raise NotSignedIn("X-App-Id names no active API key")
        return app_id, key.seat

    async def by_lasting_signature(
        self, pool: Pool, headers: Mapping[str, str], body: bytes, *, oldest_s: float
    ) -> tuple[str, StoredSeat]:
        """Return app id and seat of a signed message that may have waited in a broker, and may be delivered again.

        Its time may be up to `oldest_s` back, and its nonce is not remembered: only for what is harmless when repeated.

        Raises
        ------
        NotSignedIn, BadRequest
            When a header is missing, the key unknown, the time off or the signature wrong.
        """
        app_id, timestamp, nonce, signature = _signed_headers(headers)
        signatures.check_time(timestamp, nonce, now_s=self._now_s(), oldest_s=oldest_s)
        key, secret, digest = await self.secret_of(pool, app_id)
        signatures.verify(secret, digest, signature, timestamp=timestamp, nonce=nonce, body=body)
        if key is None:
            raise NotSignedIn("X-App-Id names no active API key")
        return app_id, key.seat

    async def secret_of(self, pool: Pool, app_id: str) -> tuple[seats.ProgramKey | None, bytes, signatures.Digest]:
        """Return an active API key with its secret and digest; for an unknown one None and a secret that nobody has.

        A key is kept for 5 s: revoking it takes so long to reach every process.
        """
        now_s = self._now_s()
        kept = self._keys.get(app_id)
        if kept is not None and kept[0] > now_s:
            return kept[1:]
        key = await seats.find_key(pool, app_id)
        secret, digest = self._secret(app_id, key)
        self._keys.pop(app_id, None)
        if key is not None:
            self._keys[app_id] = (now_s + _CACHED_S, key, secret, digest)
            while len(self._keys) > _CACHED_MAX:
                self._keys.popitem(last=False)
        return key, secret, digest

    def _secret(self, app_id: str, key: seats.ProgramKey | None) -> tuple[bytes, signatures.Digest]:
        if self._key is None:
            self._key = vault.load_key(self._settings.var_dir)
        if key is None:
            # an unknown id costs what a known one costs
            return secrets.token_bytes(32), "sha256"
        return vault.decrypt(self._key, key.secret_encrypted, app_id=app_id), "sm3" if key.digest == "sm3" else "sha256"

    async def _forget_nonces(self, pool: Pool, now_s: float) -> None:
        if now_s >= self._next_forget_s:
            self._next_forget_s = now_s + _FORGET_EVERY_S
            await seats.forget_nonces(pool)


def _signed_headers(headers: Mapping[str, str]) -> tuple[str, str, str, str]:
    names = ("X-App-Id", "X-Timestamp", "X-Nonce", "X-Signature")
    values = [headers.get(name.lower(), "") for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise NotSignedIn(f"a signed request needs {', '.join(names)}; missing: {', '.join(missing)}")
    app_id, timestamp, nonce, signature = values
    if len(app_id) > 100:
        raise BadRequest("X-App-Id is longer than 100 characters")
    return app_id, timestamp, nonce, signature
