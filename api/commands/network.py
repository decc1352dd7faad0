"""`heat-twin network`: check the network, solve its zones, write it into a file; without a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from api.database import open_connection
from api.network_exports import NetworkFormat, NetworkOrder, write_from
from api.settings import read_settings
from data.assets import find_asset_ids
from data.demo.answers import read_answers
from data.demo.score import as_text, score_import, score_network
from data.demo.stored import codes_of, last_problems
from data.errors import NotFound
from data.hydraulics import read_hydraulic_tables
from data.network import first_city, read_network
from topology.assets import KINDS
from topology.codes import OPEN, SOURCE
from topology.hydraulics.solve import solve_zone
from topology.hydraulics.summary import summary
from topology.network import Network

CityOption = Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")]

network_app = typer.Typer(help="The heat network as a whole.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(network_app, name="network")


@network_app.command()
def check(
    city: CityOption = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Answer sheet of a demo city: score this check and its import.")
    ] = None,
) -> None:
    """List what is wrong with the network; exit code 1 when something is, or with answers when they are not met."""
    network, _ = _network(city, None)
    if answers is not None:
        _score(network, answers)
        return
    for item in network.findings:
        where = "" if item.position is None else f" at {item.position[0]:.6f},{item.position[1]:.6f}"
        sys.stdout.write(f"{item.rule}{where}: {item.message}\n")
    sys.stdout.write(f"{len(network.findings)} findings in network version {network.network_version}\n")
    if network.findings:
        raise typer.Exit(1)


def _score(network: Network, path: Path) -> None:
    answers = read_answers(path)
    with open_connection(read_settings()) as connection:
        problems = last_problems(connection, network.city_id)
        named = [asset_id for item in network.findings for asset_id in item.asset_ids]
        codes = codes_of(connection, network.city_id, named)
    scores = [*score_import(answers, problems), *score_network(answers, network.findings, codes)]
    sys.stdout.write(as_text(scores))
    if any(score.missed or score.false for score in scores):
        raise typer.Exit(1)


@network_app.command()
def solve(
    source: Annotated[
        str | None, typer.Option(help="Code or asset id of a source or isolating station; default: every running plant.")
    ] = None,
    city: CityOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON list instead of text.")] = False,
) -> None:
    """Solve pressures and flows of the primary network; exit code 1 when one makes no physical sense."""
    with open_connection(read_settings()) as connection:
        city_id = first_city(connection) if city is None else city
        network = read_network(connection, city_id)
        tables = read_hydraulic_tables(connection, city_id)
        wanted = [] if source is None else [asset_id_of(find_asset_ids(connection, city_id, source), source, city_id)]
    zones = [summary(solve_zone(network, tables, each), tables) for each in wanted or _running_plants(network)]
    text = json.dumps(zones, ensure_ascii=False, indent=2) if as_json else "\n".join(map(_zone_text, zones))
    sys.stdout.write(text + "\n")
    if any(zone["problems"] for zone in zones):
        raise typer.Exit(1)


@network_app.command("export")
def export_(
    out: Annotated[Path, typer.Argument(help="File to write.", dir_okay=False)],
    file_format: Annotated[
        NetworkFormat, typer.Option("--format", help="graphml: for graph tools; json: the zone of a source for pandapipes.")
    ] = "graphml",
    *,
    whole: Annotated[bool, typer.Option("--whole", help="graphml: the whole drawing instead of the graph of segments.")] = False,
    source: Annotated[
        str | None, typer.Option(help="json: code or asset id of a running source; default: the first running plant.")
    ] = None,
    city: CityOption = None,
) -> None:
    """Write the network of a city into a file, in its present state."""
    settings = read_settings()
    with open_connection(settings) as connection:
        city_id = first_city(connection) if city is None else city
        source_id = None if source is None else asset_id_of(find_asset_ids(connection, city_id, source), source, city_id)
        write_from(connection, NetworkOrder(city_id, file_format, whole, source_id), out)
    sys.stdout.write(f"{out}: {out.stat().st_size} bytes\n")


def _running_plants(network: Network) -> list[int]:
    """Return the running plants; where there is none, the running boiler houses."""
    edges = network.edges
    rows = np.unique(edges.row[(edges.kind == SOURCE) & (edges.state == OPEN)])
    plants = rows[network.assets.kind[rows] == KINDS.index("plant")]
    return [int(each) for each in network.assets.asset_id[plants if len(plants) else rows]]


def _zone_text(zone: dict[str, Any]) -> str:
    lines = [
        f"source {zone['source_id']}: {zone['nodes']} nodes, {zone['pipes']} pipes, {zone['stations']} stations, "
        f"{zone['load_mw']} MW, {zone['sources']} sources, {'converged' if zone['converged'] else 'NOT CONVERGED'}"
    ]
    if zone["converged"]:
        lines += [
            f"  {name:34}{zone[name]}" for name in zone if name.endswith(("_mpa", "_m", "_s", "_id")) and name != "source_id"
        ]
    return "\n".join([*lines, *(f"  {each['rule']}: {each['message']}" for each in zone["problems"])])


def _network(city: int | None, asset: str | None) -> tuple[Network, int]:
    with open_connection(read_settings()) as connection:
        city_id = first_city(connection) if city is None else city
        asset_id = 0 if asset is None else asset_id_of(find_asset_ids(connection, city_id, asset), asset, city_id)
        return read_network(connection, city_id), asset_id


def asset_id_of(found: list[int], asset: str, city_id: int) -> int:
    """Return the one asset that a code or id means.

    Raises
    ------
    NotFound
        When there is none, or several have that code.
    """
    if not found:
        raise NotFound(f"there is no asset with code or id {asset!r} in city {city_id}")
    if len(found) > 1:
        raise NotFound(f"code {asset!r} is not unique in city {city_id}; name one of the asset ids {', '.join(map(str, found))}")
    return found[0]
