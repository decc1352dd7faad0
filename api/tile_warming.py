"""Asks a running server for the tiles that hold something, so that its cache is warm before people come: a client like maps."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from api.auth.signatures import Digest, sign
from api.errors import Refused
from tiles.held_tiles import Address

_TRIES: Final = 3
_LONGEST_PAUSE_S: Final = 10.0
_TOLD: Final = 5
_TIMEOUT_S: Final = 60.0
_BROWSERS: Final = {"http": "gzip, deflate", "https": "gzip, deflate, br, zstd"}
"""Encodings that browsers ask for; the server keeps a tile in the one that it is asked for."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program's key: its id, its secret, the digest of its signatures."""

    app_id: str
    secret: bytes
    digest: Digest


@dataclass(frozen=True, slots=True)
class WarmOptions:
    """How to ask.

    Attributes
    ----------
    url
        Base address of the server.
    at_once
        Requests under way.
    key
        Signs every request; None = the seat that the server gives without one (demo mode).
    demo_seat
        Number or role of a demo seat to sit in; None = the server's default.
    """

    url: str
    at_once: int = 4
    key: ApiKey | None = None
    demo_seat: str | None = None


@dataclass(slots=True)
class WarmReport:
    """What came back: tiles with something in them, empty ones, bytes as sent, seconds, and what went wrong."""

    tiles: int = 0
    empty: int = 0
    size_bytes: int = 0
    seconds: float = 0.0
    failed: int = 0
    errors: list[str] = field(default_factory=list)

    def note_error(self, message: str) -> None:
        """Count an error, and keep the first few in words."""
        self.failed += 1
        if len(self.errors) < _TOLD:
            self.errors.append(message)


async def warm_tiles(
    options: WarmOptions, names: str, query: dict[str, str], addresses: Sequence[Address], *, told: Callable[[int, int], None]
) -> WarmReport:
    """Ask for tiles, a few at a time.

    Parameters
    ----------
    options
        Where and how.
    names
        One tileset, or several joined by commas: as the maps ask for them, for that is what the server keeps.
    query
        `city`, and `crs` and `with` where the maps send them.
    addresses
        Which tiles.
    told
        Hears how many are done, and of how many.

    Raises
    ------
    Refused
        When there is no server, or it refuses the seat or the tileset: repeating cannot mend it.
    """
    limits = httpx.Limits(max_connections=options.at_once, max_keepalive_connections=options.at_once)
    async with httpx.AsyncClient(base_url=options.url, limits=limits, timeout=_TIMEOUT_S) as client:
        warming = _Warming(client, options)
        await warming.sit()
        template = await warming.template(names, query)
        return await warming.ask_all(template, addresses, told)


class _Warming:
    """One round of asking."""

    def __init__(self, client: httpx.AsyncClient, options: WarmOptions) -> None:
        self._client = client
        self._options = options
        self._encodings = _BROWSERS[urlsplit(options.url).scheme or "http"]
        self._report = WarmReport()

    async def sit(self) -> None:
        """Take a demo seat, when one is named."""
        wanted = self._options.demo_seat
        if wanted is None:
            return
        seats = (await self._get("/seats")).json()
        seat = next((each for each in seats if wanted in {str(each["seat_id"]), each["role"]}), None)
        if seat is None:
            raise Refused(f"{self._options.url} has no demo seat {wanted!r}; GET /seats lists them")
        (await self._client.post("/session", json={"seat_id": seat["seat_id"]})).raise_for_status()

    async def template(self, names: str, query: dict[str, str]) -> str:
        """Return the address of a tile, as the TileJSON names it, without the host."""
        document = (await self._get(f"/tiles/{names}.json", query)).json()
        parts = urlsplit(str(document["tiles"][0]))
        return f"{parts.path}?{parts.query}"

    async def ask_all(self, template: str, addresses: Sequence[Address], told: Callable[[int, int], None]) -> WarmReport:
        """Ask for every tile, by several workers."""
        began = time.monotonic()
        left = deque(addresses)

        async def work() -> None:
            while left:
                z, x, y = left.popleft()
                await self._ask(template.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y)))
                told(len(addresses) - len(left), len(addresses))

        async with asyncio.TaskGroup() as group:
            for _ in range(self._options.at_once):
                group.create_task(work())
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _ask(self, path: str) -> None:
        """Ask for one tile and count what comes; a busy server is asked again."""
        reason = ""
        for _ in range(_TRIES):
            try:
                status, size_bytes, pause_s = await self._once(path)
            except httpx.TransportError as error:
                reason, pause_s = f"{type(error).__name__} {error}".strip(), 1.0
            else:
                if status in {200, 204}:
                    self._report.tiles += status == 200
                    self._report.empty += status == 204
                    self._report.size_bytes += size_bytes
                    return
                reason = f"answered {status}"
                if status != 503:
                    break
            await asyncio.sleep(min(pause_s, _LONGEST_PAUSE_S))
        self._report.note_error(f"{path}: {reason}")

    async def _once(self, path: str) -> tuple[int, int, float]:
        """Return the status, the bytes as sent, and how long the server wants to be left alone."""
        headers = {"Accept-Encoding": self._encodings, **self._signature()}
        async with self._client.stream("GET", path, headers=headers) as answer:
            # unpacking would cost more than asking
            size_bytes = sum([len(chunk) async for chunk in answer.aiter_raw()])
            given = answer.headers.get("retry-after", "")
            return answer.status_code, size_bytes, float(given) if given.isdigit() else 1.0

    async def _get(self, path: str, query: dict[str, str] | None = None) -> httpx.Response:
        try:
            answer = await self._client.get(path, params=query, headers=self._signature())
        except httpx.TransportError as error:
            raise Refused(f"{self._options.url} does not answer: {type(error).__name__} {error}") from None
        if answer.is_error:
            raise Refused(f"GET {path} was refused with {answer.status_code}: {_message(answer)}")
        return answer

    def _signature(self) -> dict[str, str]:
        key = self._options.key
        if key is None:
            return {}
        timestamp, nonce = str(int(time.time())), secrets.token_hex(12)
        signature = sign(key.secret, key.digest, timestamp=timestamp, nonce=nonce, body=b"")
        return {"X-App-Id": key.app_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return answer.text[:200]
