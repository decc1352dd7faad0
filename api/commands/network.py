"""`heat-twin trace` and `heat-twin network check`: questions to the network without a server."""

from __future__ import annotations

import sys
from typing import Annotated

import numpy as np
import typer

from api.settings import read_settings
from data.assets import find_asset_ids
from data.cluster import private_cluster
from data.errors import NotFound
from data.network import first_city, read_network
from data.pool import connect
from topology.assets import KINDS
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
def check(city: CityOption = None) -> None:
    """List what is wrong with the network; exit code 1 when something is."""
    network, _ = _network(city, None)
    for item in network.findings:
        where = "" if item.position is None else f" at {item.position[0]:.6f},{item.position[1]:.6f}"
        sys.stdout.write(f"{item.rule}{where}: {item.message}\n")
    sys.stdout.write(f"{len(network.findings)} findings in network version {network.network_version}\n")
    if network.findings:
        raise typer.Exit(1)


def _database_url() -> str:
    settings = read_settings()
    return settings.database_url or private_cluster(settings.var_dir).url


def _network(city: int | None, asset: str | None) -> tuple[Network, int]:
    with connect(_database_url()) as connection:
        city_id = first_city(connection) if city is None else city
        asset_id = 0 if asset is None else _asset_id(find_asset_ids(connection, city_id, asset), asset, city_id)
        return read_network(connection, city_id), asset_id


def _asset_id(found: list[int], asset: str, city_id: int) -> int:
    if not found:
        raise NotFound(f"there is no asset with code or id {asset!r} in city {city_id}")
    if len(found) > 1:
        raise NotFound(f"code {asset!r} is not unique in city {city_id}; name one of the asset ids {', '.join(map(str, found))}")
    return found[0]
