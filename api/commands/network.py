"""`heat-twin trace` and `heat-twin network check`: questions to the network without a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from api.serving import open_connection
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
from topology.hydraulic_summary import summary
from topology.hydraulics import solve_zone
from topology.impact import figures, impact
from topology.network import Network

CityOption = Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")]

network_app = typer.Typer(help="The heat network as a whole.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(trace)
    app.add_typer(network_app, name="network")


def trace(asset: Annotated[str, typer.Argument(help="Code or asset id.")], city: CityOption = None) -> None:
    """Tell what an alarm on an asset cuts off."""
    network, asset_id = _network(city, asset)
    found = impact(network, asset_id)
    kind = KINDS[network.assets.kind[network.assets.rows_of(np.array([asset_id]))[0]]]
    lines = [f"{kind} {asset_id}, network version {found.network_version}, valve version {found.valve_version}"]
    for name in ("reach", "lost", "degraded"):
        part = figures(network.assets, getattr(found, name))
        counts = ", ".join(f"{number} {of}" for of, number in part.counts.items()) or "nothing"
        lines += [
            f"{name:9} {counts}; {part.heat_user_count} heat users, {part.heated_area_m2:.0f} m2, {part.heat_load_mw:.2f} MW",
            f"          {found.methods[name]}",
        ]
    lines += [f"finding   {item.rule}: {item.message}" for item in found.findings]
    sys.stdout.write("\n".join(lines) + "\n")


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
        wanted = [] if source is None else [_asset_id(find_asset_ids(connection, city_id, source), source, city_id)]
    zones = [summary(solve_zone(network, tables, each), tables) for each in wanted or _running_plants(network)]
    text = json.dumps(zones, ensure_ascii=False, indent=2) if as_json else "\n".join(map(_zone_text, zones))
    sys.stdout.write(text + "\n")
    if any(zone["problems"] for zone in zones):
        raise typer.Exit(1)


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
        asset_id = 0 if asset is None else _asset_id(find_asset_ids(connection, city_id, asset), asset, city_id)
        return read_network(connection, city_id), asset_id


def _asset_id(found: list[int], asset: str, city_id: int) -> int:
    if not found:
        raise NotFound(f"there is no asset with code or id {asset!r} in city {city_id}")
    if len(found) > 1:
        raise NotFound(f"code {asset!r} is not unique in city {city_id}; name one of the asset ids {', '.join(map(str, found))}")
    return found[0]
