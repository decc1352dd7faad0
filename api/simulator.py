"""Sends a simulated city to a server: a client of the public interface like any gateway.

It asks the server what there is (`GET /sources`, `GET /schemas`), what a burst pipe cuts off (`GET /assets/{id}/impact`), and
sends frames by `POST /readings`. A busy or restarting server is asked again with growing pauses; frames keep their time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from api.errors import Refused
from twin.simulate import AMBIENT_KINDS, SimulatedSource, Simulation, advance, frames, start

BATCH_FRAMES = 500
_PAGE = 1000
REDISCOVER_S = 60.0
"""How often the simulator looks for new sources."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """What to simulate: city id (None: the server's default), burst pipe's code, speed of the weather, seconds a frame, seed."""

    city: int | None = None
    burst_pipe: str | None = None
    speed: float = 1.0
    period_s: float = 10.0
    seed: int = 1


class Stopped(Exception):
    """Raised inside the simulator when it was asked to stop."""


class _Server:
    """The server as the simulator sees it; every call is repeated until it is answered or the simulator is stopped."""

    def __init__(self, client: httpx.Client, city: int | None, stop: threading.Event, say: Callable[[str], None]) -> None:
        self._client = client
        self._parameters: dict[str, Any] = {} if city is None else {"city": city}
        self._stop = stop
        self._say = say

    def call(self, method: str, path: str, *, body: Any = None, **parameters: Any) -> Any:
        """Return the JSON answer of one request.

        Raises
        ------
        Refused
            When the server says that the request is wrong (4xx), which repeating cannot mend.
        Stopped
            When the simulator was stopped while waiting.
        """
        pause, told = _FIRST_PAUSE_S, False
        while not self._stop.is_set():
            reason, asked = self._try(method, path, body, self._parameters | parameters)
            if not isinstance(reason, str):
                return reason.json()
            if not told:
                self._say(f"{method} {path}: {reason}; trying again")
                told = True
            self._stop.wait(max(pause, asked))
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        raise Stopped

    def _try(self, method: str, path: str, body: Any, parameters: dict[str, Any]) -> tuple[httpx.Response | str, float]:
        """Return the answer, or why there is none and how long the server wants to be left alone."""
        try:
            answer = self._client.request(method, path, json=body, params=parameters)
        except httpx.TransportError as error:
            return f"{type(error).__name__} {error}".strip(), 0.0
        if answer.status_code >= 500:
            given = answer.headers.get("retry-after", "")
            return f"answered {answer.status_code}", float(given) if given.isdigit() else 0.0
        if answer.is_error:
            raise Refused(f"{method} {path} was refused with {answer.status_code}: {answer.text[:300]}")
        return answer, 0.0

    def sources(self) -> list[SimulatedSource]:
        """Return the sources of the city; waits while there is no city or nothing in it."""
        while not self._stop.is_set():
            try:
                found = self._sources()
            except Refused as error:
                # 404 before the first import; anything else is for the user to see
                if " 404" not in str(error):
                    raise
                found = []
            if found:
                return found
            self._stop.wait(2.0)
        raise Stopped

    def _sources(self) -> list[SimulatedSource]:
        points = {
            f"{schema['code']}/{schema['version']}": tuple(point["name"] for point in schema["points"])
            for schema in self.call("GET", "/schemas")
        }
        places = self._places()
        return [
            SimulatedSource(
                item["code"],
                item["schema"],
                points[item["schema"]],
                item["asset_kind"],
                item["asset_id"],
                item["substation_id"],
                places.get(item["asset_id"]),
            )
            for item in self.call("GET", "/sources")
        ]

    def _places(self) -> dict[int, tuple[float, float]]:
        """Return where the stations of weather and air stand; what a seat sees rounded or not at all stays so."""
        found: dict[int, tuple[float, float]] = {}
        offset = 0
        while True:
            items = self.call("GET", "/assets", kind=list(AMBIENT_KINDS), limit=_PAGE, offset=offset)["items"]
            found |= {item["asset_id"]: tuple(item["position"]) for item in items if item["position"] is not None}
            offset += len(items)
            if len(items) < _PAGE:
                return found

    def cut_off_by(self, pipe: str) -> set[int]:
        """Return the ids of the assets that the burst of a pipe cuts off.

        Raises
        ------
        Refused
            When there is no such pipe, or it cuts off nothing.
        """
        found = self.call("GET", "/assets", kind="pipe", code=pipe)["items"]
        if not found:
            raise Refused(f"there is no pipe {pipe!r}; GET /assets?kind=pipe lists them")
        lost = self.call("GET", f"/assets/{found[0]['asset_id']}/impact")["lost"]
        if not lost["substations"]:
            raise Refused(f"a burst of pipe {pipe!r} cuts off no substation; choose one nearer to the heat source")
        return set(lost["asset_ids"])

    def send(self, batch: Sequence[dict[str, Any]]) -> dict[str, int]:
        """Send frames and return how many had which result."""
        counts: dict[str, int] = self.call("POST", "/readings", body={"frames": batch})["counts"]
        return counts


def run_simulator(
    url: str,
    options: SimulatorOptions,
    *,
    stop: threading.Event,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.time,
    rounds: int | None = None,
) -> int:
    """Send readings until stopped; returns the number of rounds sent.

    Parameters
    ----------
    url
        Base address of the server.
    options
        What to simulate.
    stop
        Set it to end; the simulator leaves within a moment, also while it waits for a server.
    say
        Gets a line now and then.
    clock
        Epoch seconds of the wall.
    rounds
        End after so many; None = only when stopped.

    Raises
    ------
    Refused
        When the server refuses, or the burst pipe does not exist or cuts off nothing.
    """
    sent = 0
    with httpx.Client(base_url=url, timeout=30) as client:
        server = _Server(client, options.city, stop, say)
        try:
            for _ in _rounds(server, options, stop, say, clock):
                sent += 1
                if sent == rounds:
                    break
        except Stopped:
            say("stopped")
    return sent


def _rounds(
    server: _Server, options: SimulatorOptions, stop: threading.Event, say: Callable[[str], None], clock: Callable[[], float]
) -> Any:
    sources = server.sources()
    cut_off: Collection[int] = ()
    simulation = start(sources, seed=options.seed, clock_s=clock())
    say(f"simulating {len(sources)} sources every {options.period_s:g} s; {simulation.outdoor_degc:.1f} degC outdoors")
    last = found_at = clock()
    while not stop.is_set():
        _send(server, frames(simulation, int(last * 1000)), say)
        yield
        if options.burst_pipe is not None and not cut_off:
            cut_off = server.cut_off_by(options.burst_pipe)
            lost = sum(source.asset_id in cut_off for source in sources if source.kind == "substation")
            say(f"pipe {options.burst_pipe} bursts and cuts off {lost} substations")
        # frames keep the rhythm of the first one, however long sending took
        stop.wait(max(0.0, last + options.period_s - clock()))
        now = max(clock(), last + options.period_s)
        simulation = advance(simulation, now - last, speed=options.speed, cut_off=cut_off)
        last = now
        if now - found_at >= REDISCOVER_S:
            simulation, found_at = _again(simulation, server.sources()), now
    say("stopped")


def _send(server: _Server, everything: Sequence[dict[str, Any]], say: Callable[[str], None]) -> None:
    for first in range(0, len(everything), BATCH_FRAMES):
        counts = server.send(everything[first : first + BATCH_FRAMES])
        refused = {result: count for result, count in counts.items() if result not in {"accepted", "duplicate"}}
        if refused:
            say(f"the server refused frames: {refused}")


def _again(simulation: Simulation, sources: Sequence[SimulatedSource]) -> Simulation:
    """Go on with the same city, or start anew when its sources have changed."""
    if sorted(source.code for source in sources) == [source.code for source in simulation.sources]:
        return simulation
    return start(sources, seed=simulation.seed, clock_s=simulation.clock_s)
