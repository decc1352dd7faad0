"""`heat-twin causes`: which places explain a set of alarms, without a server."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from api.cause_files import Versions, cause_folder, read_footprints
from api.cause_worker import prepare_city
from api.database import open_connection, open_database
from api.errors import BadRequest
from api.settings import read_settings
from data.network import first_city, read_network
from topology.causes.root_cause import Cause, CauseEngine, Diagnosis
from topology.network import Network

_SHOWN = 8


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("causes")(_causes)


def _causes(
    asset_ids: Annotated[list[int] | None, typer.Argument(help="Assets that ring; without any they are read from stdin.")] = None,
    silent: Annotated[Path | None, typer.Option(help="File with the ids of sensors that work and do not ring.")] = None,
    city: Annotated[int | None, typer.Option(help="City id; default: the lowest one.")] = None,
    prepare: Annotated[bool, typer.Option("--prepare", help="Solve the network first where that was not done yet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell which places explain alarms, best first. Exit code 1 when no shared cause is found."""
    settings = read_settings()
    alarmed = asset_ids or _ids(sys.stdin.read(), "stdin")
    quiet = _ids(silent.read_text(encoding="utf-8"), str(silent)) if silent is not None else None
    with open_connection(settings) as connection:
        city_id = first_city(connection) if city is None else city
        network = read_network(connection, city_id)
    if prepare:
        with open_database(settings) as opened:
            prepare_city(opened, city_id)
    versions = Versions(city_id, network.network_version, network.valve_version)
    footprints = read_footprints(cause_folder(settings.var_dir), versions)
    found = CauseEngine(network, footprints).diagnose(alarmed, _others(network, alarmed) if quiet is None else quiet)
    sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False) + "\n" if as_json else _text(found, footprints is not None))
    if not found.causes:
        raise typer.Exit(1)


def _ids(text: str, where: str) -> list[int]:
    try:
        return [int(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise BadRequest(f"{where} must hold asset ids separated by blanks, commas or lines: {error}") from None


def _others(network: Network, alarmed: list[int]) -> list[int]:
    """Where nobody says which sensors there are, every other substation counts as one that is silent."""
    stations = network.assets.asset_id[np.unique(network.state.links.row[network.state.fed.works])]
    return sorted(set(stations.tolist()) - set(alarmed))


def _text(found: Diagnosis, prepared: bool) -> str:
    lines = [] if prepared else ["the network is not solved for this state (--prepare): segments of rings cannot be told"]
    for number, cause in enumerate(found.causes, 1):
        lines += _lines(number, cause)
    for name, ids in (("stray", found.stray), ("not fed", found.not_fed), ("not in the network", found.unknown)):
        if ids:
            lines.append(f"{name}: {_some(ids)}")
    return "\n".join(lines or ["no alarm"]) + "\n"


def _lines(number: int, cause: Cause) -> list[str]:
    place = "" if cause.position is None else f" at {cause.position[0]:.6f}, {cause.position[1]:.6f}"
    lines = [
        f"{number}. {cause.kind} ({cause.hypothesis}){place}: {cause.confidence:.0%}, {cause.length_m:.0f} m of trench",
        f"   segments {_some(cause.segment_ids)}" if cause.segment_ids else f"   assets {_some(cause.asset_ids)}",
        f"   explains {len(cause.explained)} alarms, hit rate {cause.hit_rate:.0%}; no sensor: {cause.unmeasured_below}",
    ]
    if cause.silent_below:
        lines.append(f"   silent, go and look: {_some(cause.silent_below)}")
    if cause.runner_up is not None:
        lines.append(
            f"   next best: {_some(cause.runner_up.segment_ids or cause.runner_up.asset_ids)}, {cause.runner_up.distance:.1f}"
        )
    return lines


def _some(ids: tuple[int, ...]) -> str:
    shown = " ".join(str(each) for each in ids[:_SHOWN])
    return shown + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
