"""`heat-twin serve`: the server with its database, and the simulator beside it when asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from api import serving
from api.settings import read_settings


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(serve)


def serve(
    simulate: Annotated[bool, typer.Option("--simulate", help="Run the simulator of readings beside the server.")] = False,
    broker: Annotated[
        bool, typer.Option("--broker", help="Run a private MQTT broker where Mosquitto is installed and no other one is named.")
    ] = False,
) -> None:
    """Serve the viewer and the API until Ctrl-C; starts the private database when it is not running."""
    serving.serve(read_settings(), simulate=simulate, broker=broker)
