"""Sends a simulated city to a server: a client of the public interface like any gateway.

It asks the server what there is (`GET /sources`, `GET /schemas`), how the zones were solved (`GET /zones`), what a burst pipe
cuts off (`GET /assets/{id}/impact`), and sends frames in batches: by `POST /readings` over several connections, or by a broker. A
busy or restarting server is asked again with growing pauses; frames keep their time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

import httpx
import orjson

from api.errors import Refused
from api.simulator_broker import BrokerLine, BrokerOptions
from api.simulator_server import ApiKey, Server, Stopped
from twin.arrays import Float64Array
from twin.simulator.bodies import Reports
from twin.simulator.city import Simulation, advance, start
from twin.simulator.faults import FaultShares, FaultyLine
from twin.simulator.instruments import look, values
from twin.simulator.schedule import Arrival, due, periods_s, phases

BATCH_FRAMES: Final = 500
REDISCOVER_S: Final = 60.0
"""How often the simulator looks for new sources."""
_BUSY_FRAMES_PER_S = 100.0
_BUSY_GATHER_S, _CALM_GATHER_S = 1.0, 5.0
"""How long frames are gathered before they are sent: of a city, and of a sample."""
_MOST_WAITING = 4
"""Bodies a connection may have waiting; then the city waits too, and its frames keep their time."""

__all__ = ["BATCH_FRAMES", "REDISCOVER_S", "Refused", "SimulatorOptions", "run_simulator"]


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """What to simulate, and how it is sent.

    Attributes
    ----------
    city
        City id; None = the server's default.
    burst_pipe
        Code of a pipe that bursts after the first frames.
    speed
        How much faster weather and buildings run.
    station_period_s
        Seconds between two frames of a station in place of the registered ones.
    scale
        How much more often than registered everybody reports.
    arrival
        How reports spread over their period.
    seed
        Of everything that is drawn.
    faults
        What goes wrong on the way; None = nothing.
    labels
        File that gets a line of JSON for each fault.
    connections, batch_frames
        How many requests run at once, and frames in each at most.
    key
        Signs the requests; None = unsigned, as demo mode takes them.
    broker
        Sends the frames by MQTT; None = by HTTP.
    """

    city: int | None = None
    burst_pipe: str | None = None
    speed: float = 1.0
    station_period_s: float | None = None
    scale: float = 1.0
    arrival: Arrival = "spread"
    seed: int = 1
    faults: FaultShares | None = None
    labels: Path | None = None
    connections: int = 4
    batch_frames: int = BATCH_FRAMES
    key: ApiKey | None = field(default=None, repr=False)
    broker: BrokerOptions | None = None


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
    with httpx.Client(base_url=url, timeout=60) as client:
        server = Server(client, options.city, stop, say, options.key)
        try:
            with _line(server, options, stop, say) as line, _Sender(line, options, say) as sender:
                for _ in _rounds(server, sender, options, _Wall(stop, say, clock)):
                    sent += 1
                    if sent == rounds:
                        break
        except Stopped:
            say("stopped")
    return sent


@dataclass(frozen=True, slots=True)
class _Wall:
    """The world outside: when to stop, whom to tell, what time it is."""

    stop: threading.Event
    say: Callable[[str], None]
    clock: Callable[[], float]


class _Line(Protocol):
    """How frames are sent."""

    def parcels(self, reports: Iterable[Reports], batch_frames: int) -> Iterator[Callable[[], dict[str, int]]]:
        """Yield a call for each batch; it sends it and returns the counts of its results."""


@contextmanager
def _line(server: Server, options: SimulatorOptions, stop: threading.Event, say: Callable[[str], None]) -> Iterator[_Line]:
    """Yield the line to send over; one by a broker waits for a city as well."""
    if options.broker is None:
        yield server
        return
    server.sources()
    with BrokerLine(options.broker, server.city_id(), server.companies(), stop, say) as line:
        yield line


class _Sender:
    """Sends bodies over several connections; what the server refused is told once a minute at most."""

    def __init__(self, line: _Line, options: SimulatorOptions, say: Callable[[str], None]) -> None:
        self._line, self._options, self._say = line, options, say
        self._pool = ThreadPoolExecutor(options.connections, thread_name_prefix="gateway")
        self._waiting: deque[Future[dict[str, int]]] = deque()
        self._refused: dict[str, int] = {}
        self._told_s = -60.0
        self._labels: IO[bytes] | None = None

    def __enter__(self) -> _Sender:
        if self._options.labels is not None:
            self._labels = self._options.labels.open("ab")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._settle(0)
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
            if self._labels is not None:
                self._labels.close()

    def send(self, reports: list[Reports]) -> None:
        """Queue frames; waits while every connection has enough to do."""
        for send in self._line.parcels(reports, self._options.batch_frames):
            self._waiting.append(self._pool.submit(send))
            self._settle(_MOST_WAITING * self._options.connections)

    def _settle(self, most: int) -> None:
        while self._waiting and (len(self._waiting) > most or self._waiting[0].done()):
            counts = self._waiting.popleft().result()
            for result in counts.keys() - {"accepted", "duplicate"}:
                self._refused[result] = self._refused.get(result, 0) + counts[result]
        if self._refused and time.monotonic() - self._told_s >= 60.0:
            self._say(f"the server refused frames: {self._refused}")
            self._refused, self._told_s = {}, time.monotonic()

    def label(self, line: FaultyLine | None) -> None:
        """Write what went wrong to the file of labels."""
        labels = [] if line is None else line.labels()
        if self._labels is not None:
            self._labels.writelines(orjson.dumps(label.as_json(), option=orjson.OPT_APPEND_NEWLINE) for label in labels)
            self._labels.flush()


class _Rhythm:
    """Whom the city sends for and when: periods and phases of every group, and the line that carries the frames."""

    def __init__(self, simulation: Simulation, options: SimulatorOptions) -> None:
        groups = simulation.groups
        self.periods = [periods_s(g, scale=options.scale, station_period_s=options.station_period_s) for g in groups]
        self.phases = [phases(group, options.arrival) for group in groups]
        self.line = None if options.faults is None else FaultyLine(groups, seed=options.seed, shares=options.faults)
        self.frames_per_s = float(sum((1.0 / period).sum() for period in self.periods))

    @property
    def gather_s(self) -> float:
        """How long frames are gathered."""
        longest = _BUSY_GATHER_S if self.frames_per_s >= _BUSY_FRAMES_PER_S else _CALM_GATHER_S
        shortest: list[Float64Array] = [period.min() for period in self.periods if len(period)]
        return min([longest, *map(float, shortest)])

    def reports(self, simulation: Simulation, start_s: float | None, end_s: float) -> list[Reports]:
        """Return what is sent of the frames due from `start_s` (None: the last one of each) up to `end_s`, and what waited."""
        moment, found = look(simulation), []
        for group, period, phase in zip(simulation.groups, self.periods, self.phases, strict=True):
            rows, observed_ms = due(period, phase, end_s - period if start_s is None else start_s, end_s)
            if not rows.size:
                continue
            shown = values(moment, group, rows, observed_ms)
            if self.line is not None:
                found += self.line.carry(group, rows, observed_ms, shown)
            else:
                codes = [group.codes[row] for row in rows.tolist()]
                found.append(Reports(group.name, codes, group.company_ids[rows], observed_ms, shown))
        if self.line is not None:
            found += self.line.arrivals(end_s)
        return found


def _rounds(server: Server, sender: _Sender, options: SimulatorOptions, wall: _Wall) -> Iterator[None]:
    simulation, version = _discover(server, options, wall.clock())
    rhythm = _Rhythm(simulation, options)
    wall.say(_greeting(simulation, rhythm))
    cut_off: Collection[int] = ()
    last = found_at = wall.clock()
    # of a small city everybody reports at the start, so that nothing stays grey
    first_s = None if rhythm.frames_per_s < _BUSY_FRAMES_PER_S else last - rhythm.gather_s
    while not wall.stop.is_set():
        sender.send(rhythm.reports(simulation, first_s, last))
        sender.label(rhythm.line)
        yield
        if options.burst_pipe is not None and not cut_off:
            cut_off = server.cut_off_by(options.burst_pipe)
            lost = len(cut_off & set(simulation.design.substation_ids.tolist()))
            wall.say(f"pipe {options.burst_pipe} bursts and cuts off {lost} substations")
        # frames keep the rhythm of the first one, however long sending took
        wall.stop.wait(max(0.0, last + rhythm.gather_s - wall.clock()))
        now = max(wall.clock(), last + rhythm.gather_s)
        simulation = advance(simulation, now - last, speed=options.speed, cut_off=cut_off)
        first_s, last = last, now
        if now - found_at >= REDISCOVER_S:
            found_at = now
            if _has_changed(server, simulation, version):
                simulation, version = _discover(server, options, now)
                before, rhythm = rhythm.line, _Rhythm(simulation, options)
                if before is not None and rhythm.line is not None:
                    rhythm.line.take_over(before)
    wall.say("stopped")


def _greeting(simulation: Simulation, rhythm: _Rhythm) -> str:
    rate = f"{rhythm.frames_per_s:.1f} frames a second"
    return f"simulating {len(simulation)} sources, {rate}; {simulation.outdoor_degc:.1f} degC outdoors"


def _has_changed(server: Server, simulation: Simulation, version: int | None) -> bool:
    """Tell whether the server has other assets by now, or the first solve of the network."""
    is_solved = simulation.design.network.zones > 1
    return server.version() != version or (not is_solved and server.solved_zones() > 0)


def _discover(server: Server, options: SimulatorOptions, clock_s: float) -> tuple[Simulation, int | None]:
    """Return the city that the server has now, and its version."""
    sources, schemas = server.sources()
    version = server.version()
    return start(sources, schemas, seed=options.seed, clock_s=clock_s, zones=server.zones()), version
