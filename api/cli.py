"""The command `heat-twin`: every module of `api.commands` adds its commands by `register(app)`."""

from __future__ import annotations

import os
import sys
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import Annotated

import typer

from api import commands
from api.errors import ApiError
from api.settings import read_settings
from data.errors import DataError
from gis.errors import GisError
from tiles.errors import TilesError
from topology.errors import TopologyError
from twin.errors import TwinError

KNOWN_ERRORS = (ApiError, DataError, TilesError, TwinError, TopologyError, GisError)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"heat-twin {metadata.version('heat-twin')}\n")
        raise typer.Exit


def _front(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Geospatial digital twin of a city's heating."""


def build_app(wanted: str = "") -> typer.Typer:
    """Put the commands of all rooms together.

    Parameters
    ----------
    wanted
        The first word of the command line. When a module has that name only this one is imported: the geometry libraries of
        the others take seconds.
    """
    app = typer.Typer(name="heat-twin", no_args_is_help=True, callback=_front, pretty_exceptions_enable=False)
    modules = sorted(found.name for found in iter_modules(commands.__path__))
    for module in [wanted] if wanted in modules else modules:
        import_module(f"{commands.__name__}.{module}").register(app)
    return app


def _keep_kernels() -> None:
    """Let numba keep compiled kernels under the var dir; it reads the name once, when it is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(read_settings().var_dir / "numba"))


def main() -> None:
    """Run a command; an error that has a known cause is one line on stderr and exit code 1."""
    try:
        _keep_kernels()
        build_app(sys.argv[1] if len(sys.argv) > 1 else "")()
    except KNOWN_ERRORS as error:
        sys.stderr.write(f"heat-twin: {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
