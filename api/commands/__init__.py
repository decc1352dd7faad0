"""Commands of the command line, one module per room; each has a `register(app)` and its lines in `COMMANDS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """A command or group: the module whose `register(app)` adds it, and the first line of its help."""

    module: str
    summary: str


COMMANDS: Final[Mapping[str, Entry]] = {
    "causes": Entry(
        "api.commands.causes", "Tell which places explain alarms, best first. Exit code 1 when no shared cause is found."
    ),
    "check": Entry(
        "api.commands.checking",
        "Check a city and bring its problems up to date; exit code 1 when there are errors, or answers are not met.",
    ),
    "demo": Entry("api.commands.demo", "Write a synthetic city as files in Chinese datums and load it."),
    "export": Entry(
        "api.commands.export", "Write a layer to a file in any datum, with its entry of the ledger of conversions beside it."
    ),
    "import": Entry("api.commands.importing", "Import a delivery, whole or not at all; the same delivery again changes nothing."),
    "openapi": Entry("api.commands.openapi", "Write the OpenAPI document of the server."),
    "plans": Entry(
        "api.commands.plans",
        "List the plans of a city, one a line: number, state, period, crew, valves, who loses heat, title.",
    ),
    "serve": Entry(
        "api.commands.serve", "Serve the viewer and the API until Ctrl-C; starts the private database when it is not running."
    ),
    "simulate": Entry("api.commands.simulate", "Send readings of a simulated city by POST /readings or a broker until Ctrl-C."),
    "trace": Entry(
        "api.commands.trace",
        "Ask the network: impact, isolation, downstream, upstream, connected, sources, supply_area, path, declared.",
    ),
    "whatif": Entry(
        "api.commands.what_if",
        "Solve a zone before and after a change; exit code 1 when the state after it makes no physical sense.",
    ),
    "datum": Entry("api.commands.datum", "Datums of files."),
    "db": Entry("api.commands.db", "The private PostGIS under the var dir."),
    "network": Entry("api.commands.network", "The heat network as a whole."),
    "readings": Entry("api.commands.readings", "Readings: their archive, their files, how long they are kept."),
    "seats": Entry("api.commands.seats", "Persons, programs and their keys."),
    "tiles": Entry("api.commands.tiles", "Vector tiles."),
    "tiles3d": Entry("api.commands.tiles", "3D Tiles."),
    "raster": Entry("api.commands.raster", "Raster layers."),
    "scene": Entry("api.commands.tiles", "Scenes for deck.gl."),
}
"""All commands in the order of `heat-twin --help`; the lines are those of their own help, here so that the list imports none."""
