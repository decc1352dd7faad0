"""Senders of the crash benchmark: each sends one batch after the other until it is acknowledged, and keeps what it sent."""

from __future__ import annotations

import http.client
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from api.auth.signatures import sign
from benchmarks.crash_city import SECRET, Stored, Victims, app_id, read_stored
from twin.readings import Source

BATCH = 200


@dataclass
class Parcel:
    """One batch with its keys and values as they must be stored."""

    body: bytes
    stored: Stored


@dataclass
class Gateway(threading.Thread):
    """A sender: one batch after the other, each until it is acknowledged.

    Attributes
    ----------
    sources, age_ms, batch
        For whom it reports, how old its frames are, and how many are in a batch.
    go
        It sends while this is set.
    pause_s, away_s
        How long it rests after an acknowledgement, and after a refusal.
    ticks
        Times of its batches, for gateways that report on the same sources; None = times of its own.
    pace
        Returns when the next request may be sent, for gateways that together offer no more than so much; None = at once.
    gives_up
        A batch that is refused after it is over is not sent again.
    latencies_s
        Of each batch, from its first sending to its acknowledgement.
    """

    number: int
    port: int
    sources: list[Source]
    age_ms: int
    go: threading.Event
    batch: int = BATCH
    pause_s: float = 0.0
    away_s: float = 0.2
    ticks: Iterator[int] | None = None
    pace: Callable[[], None] | None = None
    gives_up: bool = False
    acknowledged: Stored = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)
    refused: int = 0
    flying: Parcel | None = None
    last_ack_s: float = 0.0
    over: bool = False
    wrong: str = ""

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, daemon=True)
        self._random = np.random.default_rng(self.number)
        self._at_ms = time.time_ns() // 1_000_000 - self.age_ms
        self._next = 0
        self._began_s = 0.0

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Send until told that it is over and everything is acknowledged."""
        connection: http.client.HTTPConnection | None = None
        while not self.over or self.flying is not None:
            self.go.wait()
            if self.flying is None:
                time.sleep(self.pause_s)
                self.flying, self._began_s = self._draw(), time.monotonic()
            if self.pace is not None:
                self.pace()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                status, answer = self._send(connection, self.flying.body)
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.05)
                continue
            if status == 200:
                self._settle(answer)
            elif status in {429, 503}:
                self.refused += 1
                if self.over and self.gives_up:
                    return
                time.sleep(self.away_s)
            else:
                self.wrong = f"{status}: {answer[:300]!r}"
                return

    def _settle(self, answer: bytes) -> None:
        assert self.flying is not None
        results = orjson.loads(answer)["results"]
        if not set(results) <= {"accepted", "duplicate"}:
            self.wrong = f"a frame of this benchmark was answered {set(results)}"
            self.over = True
        self.acknowledged |= self.flying.stored
        self.flying = None
        self.last_ack_s = time.monotonic()
        self.latencies_s.append(self.last_ack_s - self._began_s)

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(12)
        signature = sign(SECRET, "sm3", timestamp=timestamp, nonce=nonce, body=body)
        names = {"X-App-Id": app_id(self.number), "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}
        connection.request("POST", "/readings", body, names | {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _draw(self) -> Parcel:
        """Draw a batch; a source comes once, and all of them pass before the time moves on."""
        if self._next + self.batch > len(self.sources):
            self._next = 0
        chosen = self.sources[self._next : self._next + self.batch]
        self._next += self.batch
        self._at_ms = self._at_ms + 7 if self.ticks is None else next(self.ticks)
        schema = chosen[0].schema
        values = self._random.uniform(1.0, 40.0, (len(chosen), len(schema.points)))
        frames = [
            {"source": source.code, "schema": schema.code, "observed_at": self._at_ms, "values": row}
            for source, row in zip(chosen, values.tolist(), strict=True)
        ]
        gauges, totals = values[:, schema.gauge_columns].astype(">f4"), values[:, schema.total_columns].astype(">f8")
        stored = {
            (source.source_id, self._at_ms): gauges[row].tobytes() + totals[row].tobytes() for row, source in enumerate(chosen)
        }
        return Parcel(orjson.dumps({"frames": frames}), stored)


@dataclass(frozen=True)
class Checked:
    """What a comparison of everything stored with everything sent has found, in frames; `torn` in batches."""

    stored: int
    archived: int
    acknowledged: int
    lost: int
    duplicates: int
    torn: int


def check_stored(these: Victims, gateways: Sequence[Gateway]) -> Checked:
    """Compare what is stored with what was sent, byte for byte."""
    flying = [gateway.flying for gateway in gateways if gateway.flying is not None]
    acknowledged = [dict(gateway.acknowledged) for gateway in gateways]
    found = read_stored(these)
    torn = 0
    for parcel in flying:
        there = sum(found.frames.get(key) == values for key, values in parcel.stored.items())
        torn += there not in {0, len(parcel.stored)}
    return Checked(
        stored=len(found.frames),
        archived=found.archived,
        acknowledged=sum(map(len, acknowledged)),
        lost=sum(found.frames.get(key) != values for sent in acknowledged for key, values in sent.items()),
        duplicates=found.twice,
        torn=torn,
    )
