"""`heat-twin simulate`: sends plausible readings of a whole city to a server, with faults on demand."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Annotated

import typer

from api.simulator import SimulatorOptions, run_simulator
from twin.simulate import parse_fault


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(simulate)


def simulate(
    *,
    url: Annotated[str, typer.Option("--url", help="Base address of the server.")] = "http://127.0.0.1:8000",
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
    fault: Annotated[str | None, typer.Option("--fault", help="burst:PIPE_CODE; what that pipe cuts off goes cold.")] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=3600, help="How much faster weather and buildings run.")] = 1.0,
    period: Annotated[float, typer.Option("--period", min=0.1, help="Seconds between two frames of a source.")] = 10.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same readings.")] = 1,
) -> None:
    """Send readings of a simulated city through POST /readings until Ctrl-C."""
    pipe = None if fault is None else parse_fault(fault)
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    options = SimulatorOptions(city=city, burst_pipe=pipe, speed=speed, period_s=period, seed=seed)
    run_simulator(url, options, stop=stop, say=typer.echo, clock=time.time)
