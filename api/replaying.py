"""Plays one replay to one WebSocket: messages as of `WS /live`, commands the other way."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import orjson
from fastapi import WebSocket

from api.errors import BadRequest
from api.live_room import TICK_S
from api.replay_room import LONGEST_S, Player, require_past, require_speed
from api.segment_room import PastSegments
from twin import delta
from twin.scope import Scope

_LONGEST_STEP_S = 1.0
"""What a viewer has not taken for longer is not made up for: its replay has stood still."""
_LONGEST_COMMAND = 200
ENDED = 1000
"""Close code of a replay that is over."""


def start_of(query: Mapping[str, str]) -> tuple[int, float]:
    """Return from when, and how fast, a subscription wants to replay.

    Raises
    ------
    BadRequest
        When a parameter does not fit.
    """
    if "since" in query:
        raise BadRequest("since cannot go with replay; begin again at the as_of_ms of the last message")
    return require_past(round(_number("replay", query["replay"]))), require_speed(_number("speed", query.get("speed", "1")))


def _number(name: str, given: object) -> float:
    try:
        number = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BadRequest(f"{name} is {given!r}; it must be a number")
    return number


@dataclass
class Playing:
    """One replay and its viewer.

    Attributes
    ----------
    at_ms
        Where to begin (anew); None once it plays.
    speed
        Seconds of the past a second; 0 = paused.
    segments
        The segments of it, sent after each message of assets when they have changed; None = not wanted.
    told
        Set when the viewer has said something.
    """

    socket: WebSocket
    player: Player
    theme: str
    scope: Scope
    at_ms: int | None
    speed: float
    segments: PastSegments | None = None
    told: asyncio.Event = field(default_factory=asyncio.Event)
    _counted_s: float = 0.0
    """Up to when time has been counted, by the steady clock."""

    async def play(self) -> None:
        """Send a snapshot of the beginning, then a delta a tick; ends with the reason, a close code 1000."""
        end_s = time.monotonic() + LONGEST_S
        since: int | None = None
        while time.monotonic() < end_s:
            if self.at_ms is not None:
                wanted, self.at_ms, since = self.at_ms, None, None
                await self.player.seek(wanted)
                self._counted_s = time.monotonic()
            message = self.player.replay.message(self.theme, self.scope, since=since)
            since = message.seq
            began_s = time.monotonic()
            await self.socket.send_bytes(delta.deflate(delta.encode(message)))
            await self._send_segments()
            self._counted_s += max(time.monotonic() - began_s - _LONGEST_STEP_S, 0.0)
            if self.player.is_over(self.speed):
                await self.socket.close(ENDED, "the replay has come to the present")
                return
            await self._tick(end_s)
        await self.socket.close(ENDED, f"a replay lasts {LONGEST_S / 3600:g} h at most")

    async def _send_segments(self) -> None:
        replay = self.player.replay
        found = None if self.segments is None else await self.segments.message(replay.city, replay.at_ms)
        if found is not None:
            await self.socket.send_bytes(delta.deflate(delta.encode(found)))

    async def _tick(self, end_s: float) -> None:
        """Let a tick pass and play what it was worth; paused, wait for the viewer."""
        while not self.speed and self.at_ms is None and time.monotonic() < end_s:
            await self._heard(end_s - time.monotonic())
            self._counted_s = time.monotonic()
        if self.at_ms is None and self.speed:
            speed = self.speed
            await self._heard(TICK_S)
            now_s = time.monotonic()
            spent_s, self._counted_s = now_s - self._counted_s, now_s
            await self.player.step(spent_s * min(speed, self.speed) * 1000.0, speed)

    async def _heard(self, seconds: float) -> None:
        """Wait so long, or until the viewer says something."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.told.wait()
        self.told.clear()

    async def listen(self) -> None:
        """Take commands until the viewer leaves: a JSON object with `at` (epoch milliseconds), `speed`, or both.

        Raises
        ------
        BadRequest
            When one makes no sense.
        """
        while (message := await self.socket.receive())["type"] != "websocket.disconnect":
            self._take(message.get("text") or "")
            self.told.set()

    def _take(self, text: str) -> None:
        command = _command(text)
        if "speed" in command:
            self.speed = require_speed(_number("speed", command["speed"]))
        if "at" in command:
            self.at_ms = require_past(round(_number("at", command["at"])))


def _command(text: str) -> dict[str, object]:
    try:
        command = orjson.loads(text) if len(text) <= _LONGEST_COMMAND else None
    except orjson.JSONDecodeError:
        command = None
    if not isinstance(command, dict) or not command or not command.keys() <= {"at", "speed"}:
        raise BadRequest(f"a command is {text[:40]!r}; it must be a JSON object with at, speed or both")
    return command
