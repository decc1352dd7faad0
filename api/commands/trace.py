"""`heat-twin trace`: every question to the network without a server, with a sandbox of valves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import orjson
import typer
from numpy.typing import NDArray

from api.commands.network import asset_id_of
from api.database import open_connection
from api.settings import read_settings
from data.assets import find_asset_ids
from data.hydraulics import read_hydraulic_tables
from data.network import first_city, read_network
from data.pool import Connection
from topology.answers.chain import chain
from topology.answers.impact import figures, impact
from topology.answers.path import path
from topology.answers.supply import sources, supply_area
from topology.answers.trace import connected, downstream, upstream
from topology.assets import KINDS
from topology.cuts.capacity import read_capacity
from topology.cuts.isolation import isolate
from topology.network import Network

Name: TypeAlias = Literal[
    "impact", "isolation", "downstream", "upstream", "connected", "sources", "supply_area", "path", "declared"
]
Rows: TypeAlias = NDArray[np.int32]
Answer: TypeAlias = dict[str, Any]
_TRACES = {"downstream": downstream, "upstream": upstream, "connected": connected}


def register(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command()(trace)


def trace(
    asset: Annotated[str, typer.Argument(help="Code or asset id.")],
    *,
    question: Annotated[Name, typer.Option("--question", help="What to ask.")] = "impact",
    to: Annotated[str | None, typer.Option(help="Other end of a path: code or asset id.")] = None,
    close: Annotated[list[str] | None, typer.Option(help="Valve taken as closed for this answer; several allowed.")] = None,
    open_: Annotated[
        list[str] | None, typer.Option("--open", help="Valve taken as open for this answer; several allowed.")
    ] = None,
    stuck: Annotated[list[str] | None, typer.Option(help="Valve that cannot be closed; several allowed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of text.")] = False,
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
) -> None:
    """Ask the network: impact, isolation, downstream, upstream, connected, sources, supply_area, path, declared."""
    with open_connection(read_settings()) as connection:
        city_id = first_city(connection) if city is None else city
        network = read_network(connection, city_id)
        asset_id = _found(connection, network, asset)
        states = {_valve(connection, network, each): "closed" for each in close or []}
        states |= {_valve(connection, network, each): "open" for each in open_ or []}
        unusable = [_valve(connection, network, each) for each in stuck or []]
        end = None if to is None else _found(connection, network, to)
        capacity = read_capacity(network.assets, read_hydraulic_tables(connection, city_id)) if question == "isolation" else None
    if states:
        network = network.with_states(states, {}, valve_version=network.valve_version)
    if question == "path" and end is None:
        raise typer.BadParameter("a path needs its other end: --to CODE")
    answer = (
        _isolation(network, asset_id, unusable, capacity) if question == "isolation" else _ask(network, question, asset_id, end)
    )
    head = {
        "question": question,
        "asset_ids": [asset_id],
        "city_id": city_id,
        "network_version": network.network_version,
        "valve_version": network.valve_version,
        "sandbox": bool(states),
    }
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(head | answer, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    else:
        kind = KINDS[network.assets.kind[network.assets.rows_of(np.array([asset_id], np.int32))[0]]]
        first = f"{kind} {asset_id}, network version {network.network_version}, valve version {network.valve_version}"
        sys.stdout.write("\n".join([first + (", sandbox" if states else ""), *_lines(answer)]) + "\n")


def _found(connection: Connection, network: Network, text: str) -> int:
    return asset_id_of(find_asset_ids(connection, network.city_id, text), text, network.city_id)


def _valve(connection: Connection, network: Network, text: str) -> int:
    asset_id = _found(connection, network, text)
    row = int(network.assets.rows_of(np.array([asset_id], np.int32))[0])
    if row < 0 or KINDS[network.assets.kind[row]] != "valve":
        raise typer.BadParameter(f"{text} is no valve of the network of city {network.city_id}")
    return asset_id


def _ask(network: Network, question: Name, asset_id: int, to: int | None) -> Answer:
    if question in _TRACES:
        found = _TRACES[question](network, asset_id)
        return {"found": _list(network, found.rows), "method": found.method}
    if question == "sources":
        fed = sources(network, asset_id)
        return {name: [_feeding(network, each) for each in getattr(fed, name)] for name in ("now", "could")}
    if question == "supply_area":
        area = supply_area(network, [asset_id])
        parts = {
            "traced": area.traced,
            "declared": area.declared,
            "only_traced": area.only_traced,
            "only_declared": area.only_declared,
        }
        return {name: _list(network, rows) for name, rows in parts.items() if rows is not None}
    if question == "path" and to is not None:
        way = path(network, asset_id, to)
        passed = {name: network.assets.asset_id[getattr(way, name)] for name in ("pipes", "valves", "closed", "substations")}
        return {"to": to, "open": way.found, "length_m": round(way.length_m, 2), **passed}
    if question == "declared":
        return {"chain": [_link(network, link) for link in chain(network, asset_id)]}
    loss = impact(network, asset_id)
    lists = {name: _list(network, getattr(loss, name)) for name in ("reach", "lost", "degraded")}
    findings = [{"rule": item.rule, "message": item.message} for item in loss.findings]
    return {**lists, "methods": dict(loss.methods), "findings": findings}


def _isolation(network: Network, asset_id: int, stuck: list[int], capacity: Any) -> Answer:
    found = isolate(network, [asset_id], stuck=stuck, capacity=capacity)
    return {
        "segments": list(found.segments),
        "order": list(found.order),
        "valves": [
            {"asset_id": v.asset_id, "state": v.state, "operability": v.operability, "role": v.role} for v in found.valves
        ],
        "grown_through": list(found.grown_through),
        "drained_m3": None if found.drained_m3 is None else round(found.drained_m3, 2),
        "drained_pipe_length_m": round(found.drained_pipe_length_m, 1),
        "lost": _list(network, found.lost),
        "alternatives": [
            {
                "valves": list(each.valve_ids),
                "buildings": each.buildings,
                "heat_user_count": each.heat_user_count,
                "enough": each.enough,
            }
            for each in found.alternatives
        ],
        "findings": [{"rule": item.rule, "message": item.message} for item in found.remarks],
    }


def _list(network: Network, rows: Rows) -> Answer:
    part = figures(network.assets, rows)
    return {
        "asset_ids": part.asset_ids,
        "counts": dict(part.counts),
        "heat_user_count": part.heat_user_count,
        "heated_area_m2": round(part.heated_area_m2, 1),
        "heat_load_mw": round(part.heat_load_mw, 3),
        "pipe_length_m": round(part.pipe_length_m, 1),
    }


def _feeding(network: Network, each: Any) -> Answer:
    return {
        "asset_id": int(network.assets.asset_id[each.row]),
        "running": each.running,
        "length_m": round(each.length_m, 1),
        "valves_to_open": network.assets.asset_id[each.valves],
    }


def _link(network: Network, link: Any) -> Answer:
    return {
        "role": link.role,
        "declared": int(network.assets.asset_id[link.declared]) if link.declared >= 0 else None,
        "traced": network.assets.asset_id[list(link.traced)],
        "differs": link.differs,
    }


def _lines(answer: Answer) -> Iterator[str]:
    """Yield an answer as text: a line for each list with its figures, for each row of a table, for each value."""
    for name, value in answer.items():
        if isinstance(value, dict) and "counts" in value:
            counts = ", ".join(f"{number} {of}" for of, number in value["counts"].items()) or "nothing"
            users = f"{value['heat_user_count']} heat users, {value['heated_area_m2']:.0f} m2, {value['heat_load_mw']:.2f} MW"
            yield f"{name:14} {counts}; {users}"
        elif isinstance(value, dict):
            yield from (f"{name:14} {key}: {text}" for key, text in value.items())
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for row in value:
                yield f"{name:14} " + ", ".join(f"{key} {_short(text)}" for key, text in row.items())
        else:
            yield f"{name:14} {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray | list | tuple):
        return " ".join(map(str, value)) or "none"
    return "unknown" if value is None else str(value)
