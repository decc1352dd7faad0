"""The command `heat-twin`: the commands of `api.commands`, each imported when it is run."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from api.commands import COMMANDS
from api.errors import KNOWN_ERRORS
from api.kernel_cache import kernel_cache
from api.settings import read_settings


class CommandGroup(TyperGroup):
    """The commands by name, from `COMMANDS`.

    The list of them shows names and first lines only; the module of a command is imported when that command is run (or asked
    for its help): the geometry and network libraries of all rooms together take seconds.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = {name: TyperCommand(name, help=entry.summary) for name, entry in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the first word names, imported now, and the words after it."""
        name, shown, rest = super().resolve_command(ctx, args)
        return name, shown if name is None else load_command(name), rest


def load_command(name: str) -> Any:
    """Import the room of a command and return the command."""
    # a group of its own: `get_group` keeps the names also where a room has one command only
    room = typer.Typer(callback=_front)
    # modules stay: to look through them for garbage again and again while they load takes an eighth of the time
    gc.disable()
    try:
        import_module(COMMANDS[name].module).register(room)
    finally:
        gc.enable()
    return get_group(room).commands[name]


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


def build_app() -> typer.Typer:
    """Put the commands of all rooms together."""
    return typer.Typer(name="heat-twin", cls=CommandGroup, no_args_is_help=True, callback=_front, pretty_exceptions_enable=False)


def _keep_kernels() -> None:
    """Let numba keep compiled kernels under the var dir; it reads the name once, when it is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache(read_settings().var_dir / "numba")))


def main() -> None:
    """Run a command; an error that has a known cause is one line on stderr and exit code 1."""
    try:
        _keep_kernels()
        build_app()()
    except KNOWN_ERRORS as error:
        sys.stderr.write(f"heat-twin: {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
