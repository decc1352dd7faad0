"""Load generator of the intake: sends prepared batches of frames at their times over many connections and keeps every answer.

    python -m benchmarks.load ADDRESS PLAN OUT --start EPOCH_S --connections 16 [--app-id ID ... --secret-file FILE]

A process of its own, so that it takes nothing of the server's time by sharing its interpreter. The schedule is open: a batch is
due at its time whether the earlier ones are answered or not, and its latency counts from that time until the answer is whole,
waiting for a free connection included. A batch that the server refuses for now (429, 503) is sent again after `Retry-After`, as a
gateway does, with the latency still counted from its first time. Bodies are serialised before; each is signed when it is sent,
since time and nonce matter; several API keys take turns, one a gateway.

PLAN is written by `write_plan`; OUT gets a NumPy file with one row a batch (when it was due and answered, in seconds after the
start; refusals; HTTP status of the end) and one a frame (the index of its result in `RESULTS`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pickle
import secrets
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import orjson
import uvloop

from api.auth.signatures import sign
from twin.readings import Result

RESULTS = tuple(result.value for result in Result)
"""What became of a frame, by index; 255 = nothing was answered."""
UNANSWERED = 255
_GIVE_UP_S = 120.0
"""How long after the last batch was due the generator waits for answers."""


@dataclass(frozen=True)
class Plan:
    """Batches in order of time: seconds after the start, bodies, and how many frames each holds."""

    due_s: list[float]
    bodies: list[bytes]
    frames: list[int]


@dataclass
class _Outcome:
    """What became of one batch."""

    answered_s: float = -1.0
    refused: int = 0
    status: int = 0
    results: bytes = b""


def write_plan(path: Path, plan: Plan) -> None:
    """Write what is to be sent."""
    with path.open("wb") as file:
        pickle.dump((plan.due_s, plan.bodies, plan.frames), file, protocol=5)


def main() -> None:
    """Send a plan."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("address")
    parser.add_argument("plan", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=float, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--app-id", action="append", default=[])
    parser.add_argument("--secret-file", type=Path)
    options = parser.parse_args()
    with options.plan.open("rb") as file:
        plan = Plan(*pickle.load(file))  # noqa: S301 - written by this benchmark a moment ago
    secret = options.secret_file.read_bytes().strip() if options.secret_file else b""
    load = _Load(options.address, plan, options.start, options.app_id, secret)
    cpu = time.process_time()
    outcomes = uvloop.run(load.run(options.connections))
    _write(options.out, plan, outcomes)
    late = max((at - due for at, due in zip(load.sent_s, plan.due_s, strict=True)), default=0.0)
    sys.stdout.write(json.dumps({"cpu_s": round(time.process_time() - cpu, 2), "latest_send_s": round(late, 3)}) + "\n")


def _write(path: Path, plan: Plan, outcomes: Sequence[_Outcome]) -> None:
    empty = [bytes([UNANSWERED]) * count for count in plan.frames]
    results = b"".join(one.results or none for one, none in zip(outcomes, empty, strict=True))
    np.savez(
        path,
        due_s=np.array(plan.due_s),
        answered_s=np.array([one.answered_s for one in outcomes]),
        refused=np.array([one.refused for one in outcomes]),
        status=np.array([one.status for one in outcomes]),
        results=np.frombuffer(results, np.uint8),
    )


class _Load:
    """The open-loop sender of one plan."""

    def __init__(self, address: str, plan: Plan, start_s: float, app_ids: Sequence[str], secret: bytes) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._plan, self._start_s = plan, start_s
        self._app_ids, self._secret = app_ids, secret
        self._codes = {name: bytes([index]) for index, name in enumerate(RESULTS)}
        self._outcomes = [_Outcome() for _ in plan.bodies]
        self._ready: deque[int] = deque()
        self._wake = asyncio.Condition()
        self._open = len(plan.bodies)
        self.sent_s = [0.0] * len(plan.bodies)

    def _now_s(self) -> float:
        return time.time() - self._start_s

    async def run(self, connections: int) -> list[_Outcome]:
        """Send everything and return what became of it."""
        gateways = [asyncio.create_task(self._gateway()) for _ in range(connections)]
        for number, due_s in enumerate(self._plan.due_s):
            await asyncio.sleep(max(0.0, due_s - self._now_s()))
            await self._queue(number)
        deadline_s = self._now_s() + _GIVE_UP_S
        while self._open and self._now_s() < deadline_s:
            await asyncio.sleep(0.02)
        for gateway in gateways:
            gateway.cancel()
        await asyncio.gather(*gateways, return_exceptions=True)
        return self._outcomes

    async def _queue(self, number: int) -> None:
        async with self._wake:
            self._ready.append(number)
            self._wake.notify()

    async def _gateway(self) -> None:
        """One connection: takes what is due, one at a time; connects again when the server closed it."""
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while True:
            async with self._wake:
                await self._wake.wait_for(lambda: bool(self._ready))
                number = self._ready.popleft()
            self.sent_s[number] = self.sent_s[number] or self._now_s()
            try:
                streams = streams or await asyncio.open_connection(self._host, self._port, limit=2**20)
                status, retry_s, body = await self._ask(*streams, number)
            except (OSError, asyncio.IncompleteReadError):
                streams = None
                await self._again(number, 0.5)
                continue
            if status in {429, 503}:
                await self._again(number, retry_s)
            else:
                self._settle(number, status, body)

    async def _again(self, number: int, after_s: float) -> None:
        self._outcomes[number].refused += 1
        asyncio.get_running_loop().call_later(after_s, lambda: asyncio.ensure_future(self._queue(number)))

    def _settle(self, number: int, status: int, body: bytes) -> None:
        outcome = self._outcomes[number]
        outcome.answered_s, outcome.status = self._now_s(), status
        if status == 200:
            outcome.results = b"".join(map(self._codes.__getitem__, orjson.loads(body)["results"]))
        self._open -= 1

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> tuple[int, float, bytes]:
        """Return status, seconds to stay away, and body of one request."""
        body = self._plan.bodies[number]
        writer.write(self._head(body, self._app_ids[number % len(self._app_ids)] if self._app_ids else ""))
        writer.write(body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        lines = dict(line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        answer = await reader.readexactly(int(lines.get(b"content-length", b"0")))
        return int(head.split(b" ", 2)[1]), float(lines.get(b"retry-after", b"1")), answer

    def _head(self, body: bytes, app_id: str) -> bytes:
        lines = [
            "POST /readings HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        if app_id:
            timestamp, nonce = str(int(time.time())), secrets.token_hex(12)
            signature = sign(self._secret, "sm3", timestamp=timestamp, nonce=nonce, body=body)
            lines += [f"X-App-Id: {app_id}", f"X-Timestamp: {timestamp}", f"X-Nonce: {nonce}", f"X-Signature: {signature}"]
        return "\r\n".join([*lines, "", ""]).encode()


if __name__ == "__main__":
    main()
