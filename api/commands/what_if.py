"""`heat-twin whatif`: try valves, pumps, leaks or the weather on one zone, without a server."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from api.database import open_connection
from api.errors import BadRequest
from api.settings import read_settings
from data.assets import find_asset_ids
from data.errors import NotFound
from data.hydraulics import read_hydraulic_tables
from data.network import first_city, read_network
from data.pool import Connection
from topology.hydraulics.scenario import Leak, Scenario
from topology.hydraulics.what_if import what_if
from topology.hydraulics.what_if_answer import what_if_figures


def register(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command("whatif")(run)


def run(
    *,
    source: Annotated[str | None, typer.Option(help="Code or asset id of the source whose zone it is.")] = None,
    asset: Annotated[str | None, typer.Option(help="Or of anything in the zone.")] = None,
    close: Annotated[list[str] | None, typer.Option(help="Valve to close; may be repeated.")] = None,
    open_: Annotated[list[str] | None, typer.Option("--open", help="Valve to open; may be repeated.")] = None,
    stop_pump: Annotated[list[str] | None, typer.Option(help="Relay pump station that stands; may be repeated.")] = None,
    stop_source: Annotated[list[str] | None, typer.Option(help="Plant or boiler house that stops; may be repeated.")] = None,
    leak: Annotated[list[str] | None, typer.Option(help="PIPE:KG_PER_S; may be repeated.")] = None,
    outdoor: Annotated[float | None, typer.Option(help="Outdoor temperature in degC; default: design load.")] = None,
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")] = False,
) -> None:
    """Solve a zone before and after a change; exit code 1 when the state after it makes no physical sense."""
    with open_connection(read_settings()) as connection:
        city_id = first_city(connection) if city is None else city

        def ids(texts: list[str] | None) -> tuple[int, ...]:
            return tuple(_asset_id(connection, city_id, text) for text in texts or ())

        scenario = Scenario(
            source_id=None if source is None else _asset_id(connection, city_id, source),
            asset_id=None if asset is None else _asset_id(connection, city_id, asset),
            close=ids(close),
            open=ids(open_),
            stop_pumps=ids(stop_pump),
            stop_sources=ids(stop_source),
            leaks=tuple(_leak(connection, city_id, text) for text in leak or ()),
            outdoor_degc=outdoor,
        )
        network, tables = read_network(connection, city_id), read_hydraulic_tables(connection, city_id)
    figures = what_if_figures(what_if(network, tables, scenario))
    sys.stdout.write((json.dumps(figures, ensure_ascii=False, indent=2) if as_json else _text(figures)) + "\n")
    if figures["problems"]:
        raise typer.Exit(1)


def _asset_id(connection: Connection, city_id: int, text: str) -> int:
    found = find_asset_ids(connection, city_id, text)
    if not found:
        raise NotFound(f"there is no asset with code or id {text!r} in city {city_id}")
    if len(found) > 1:
        raise NotFound(f"code {text!r} is not unique in city {city_id}; name one of the asset ids {', '.join(map(str, found))}")
    return found[0]


def _leak(connection: Connection, city_id: int, text: str) -> Leak:
    pipe, colon, flow = text.rpartition(":")
    try:
        kg_per_s = float(flow) if colon else 0.0
    except ValueError:
        kg_per_s = 0.0
    if not kg_per_s > 0.0:
        raise BadRequest(f"leak is {text!r}; it must be PIPE:KG_PER_S, for instance 812:5")
    return Leak(_asset_id(connection, city_id, pipe), kg_per_s)


def _text(figures: dict[str, Any]) -> str:
    before, after = figures["before"], figures["after"]
    rows = [name for name in before if name not in {"sources", "converged"}]
    lines = [f"{'zone of source ' + str(figures['source_id']):28}{'before':>12}{'after':>12}"]
    lines += [f"{name:28}{before[name]!s:>12}{after[name]!s:>12}" for name in rows]
    lines += [f"newly off {len(figures['topology_off'])}, solver and topology {'agree' if figures['agrees'] else 'DIFFER'}"]
    lines += [f"flow turned in {len(figures['flows_turned'])} pipes, stopped in {len(figures['flows_stopped'])}"]
    lines += [
        f"short: {each['asset_id']} gets {100 * each['flow_share']:.0f} % at {each['differential_mpa']} MPa"
        for each in figures["short_stations"][:20]
    ]
    lines += [f"{each['rule']}: {each['message']}" for each in figures["problems"]]
    return "\n".join(lines)
