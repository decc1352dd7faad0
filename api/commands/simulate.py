"""`heat-twin simulate`: sends plausible readings of a whole city to a server, with faults on demand."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api.errors import BadRequest
from api.mqtt.address import parse_address
from api.simulator import BATCH_FRAMES, SimulatorOptions, run_simulator
from api.simulator_broker import BrokerOptions
from api.simulator_server import ApiKey, read_key
from twin.simulator.city import parse_fault
from twin.simulator.faults import FaultShares
from twin.simulator.schedule import require_arrival


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(simulate)


def simulate(
    *,
    url: Annotated[str, typer.Option("--url", help="Base address of the server.")] = "http://127.0.0.1:8000",
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
    fault: Annotated[str | None, typer.Option("--fault", help="burst:PIPE_CODE; what that pipe cuts off goes cold.")] = None,
    faults: Annotated[bool, typer.Option("--faults", help="Late, double, bad, stuck, silent senders; an outage a day.")] = False,
    labels: Annotated[Path | None, typer.Option("--labels", help="Append a line of JSON for each of the faults.")] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=3600, help="How much faster weather and buildings run.")] = 1.0,
    period: Annotated[
        float | None, typer.Option("--period", min=0.1, help="Seconds between two frames of a station; default: as registered.")
    ] = None,
    scale: Annotated[float, typer.Option("--scale", min=0.01, max=100, help="Everybody reports so much more often.")] = 1.0,
    arrival: Annotated[str, typer.Option("--arrival", help="spread, or burst: 80 % in the first 5 s of a minute.")] = "spread",
    connections: Annotated[int, typer.Option("--connections", min=1, max=64, help="Requests at once.")] = 4,
    batch: Annotated[int, typer.Option("--batch", min=1, max=5000, help="Frames in a request at most.")] = BATCH_FRAMES,
    mqtt: Annotated[str | None, typer.Option("--mqtt", help="Send by this broker: mqtt://user@host:port or mqtts://...")] = None,
    mqtt_password_file: Annotated[
        Path | None, typer.Option("--mqtt-password-file", help="File with the broker's password.")
    ] = None,
    mqtt_ca_file: Annotated[Path | None, typer.Option("--mqtt-ca-file", help="Certificates to hold the broker against.")] = None,
    app_id: Annotated[str | None, typer.Option("--app-id", help="Sign with this API key.")] = None,
    secret_file: Annotated[Path | None, typer.Option("--secret-file", help="File with the key's secret.")] = None,
    digest: Annotated[str, typer.Option("--digest", help="sm3 or sha256, as the key.")] = "sm3",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same readings.")] = 1,
) -> None:
    """Send readings of a simulated city by POST /readings or a broker until Ctrl-C."""
    key = _key(app_id, secret_file, digest)
    options = SimulatorOptions(
        city=city,
        burst_pipe=None if fault is None else parse_fault(fault),
        speed=speed,
        station_period_s=period,
        scale=scale,
        arrival=require_arrival(arrival),
        seed=seed,
        faults=FaultShares() if faults or labels is not None else None,
        labels=labels,
        connections=connections,
        batch_frames=batch,
        key=key,
        broker=_broker(mqtt, mqtt_password_file, mqtt_ca_file, key),
    )
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    run_simulator(url, options, stop=stop, say=typer.echo, clock=time.time)


def _key(app_id: str | None, secret_file: Path | None, digest: str) -> ApiKey | None:
    """Return the API key to sign with; None where none is named."""
    if app_id is None and secret_file is None:
        return None
    if app_id is None or secret_file is None:
        raise BadRequest("--app-id and --secret-file belong together: name both or none")
    if digest == "sm3":
        return read_key(app_id, secret_file, "sm3")
    if digest == "sha256":
        return read_key(app_id, secret_file, "sha256")
    raise BadRequest(f"--digest is {digest!r}; it must be sm3 or sha256")


def _broker(url: str | None, password_file: Path | None, ca_file: Path | None, key: ApiKey | None) -> BrokerOptions | None:
    """Return the broker to send by; None where none is named."""
    if url is None:
        if password_file is not None or ca_file is not None:
            raise BadRequest("--mqtt-password-file and --mqtt-ca-file belong to --mqtt: name the broker")
        return None
    address = parse_address(url, name="--mqtt")
    if password_file is not None:
        try:
            address = replace(address, password=password_file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"the file of the broker's password is {str(password_file)!r}: {error}") from None
    return BrokerOptions(address, ca_file, key)
