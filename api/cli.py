"""The command `heat-twin`."""

from __future__ import annotations

import sys

import typer

from api.errors import ApiError
from data.errors import DataError
from twin.errors import TwinError

app = typer.Typer(name="heat-twin", help="Geospatial digital twin of a city's heating.", no_args_is_help=True)


def main() -> None:
    """Run a command; an error that has a known cause is one line on stderr and exit code 1."""
    try:
        app()
    except (ApiError, DataError, TwinError) as error:
        sys.stderr.write(f"heat-twin: {error}\n")
        raise SystemExit(1) from None
