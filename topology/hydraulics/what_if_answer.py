"""A what-if in words and figures, ready for JSON; pressures in MPa above the atmosphere."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from topology.codes import RETURN, SUPPLY
from topology.errors import NotSolvable
from topology.hydraulics.gates import SHORT_SHARE
from topology.hydraulics.pressure_line import PressureLine, head_net, pressure_line
from topology.hydraulics.results import Problem
from topology.hydraulics.what_if import HeatedZone, WhatIf

Figures: TypeAlias = dict[str, Any]
_MOST_IDS = 200


def what_if_figures(result: WhatIf) -> Figures:
    """Return everything that is told of a what-if; station and pipe ids are not filtered by anybody's rights.

    Keys: source_id, network_version, valve_version, converged, before, after (summaries), short_stations, topology_off,
    solver_off, off_before, agrees, problems, problems_before, flows_turned, flows_stopped, pressure_line, pressure_line_before.
    """
    after = _lines(result.after)
    return {
        "source_id": result.source_id,
        "network_version": result.network_version,
        "valve_version": result.valve_version,
        "converged": result.converged,
        "before": summary_of(result.before),
        "after": summary_of(result.after),
        "short_stations": _short(result),
        "topology_off": sorted(result.off_by_topology - result.off_before),
        "solver_off": sorted(result.off_by_solver - result.off_before),
        "off_before": sorted(result.off_before),
        "agrees": result.agrees,
        "problems": [problem_figures(each) for each in result.problems],
        "problems_before": [problem_figures(each) for zone in result.before for each in zone.problems],
        "flows_turned": list(result.flows_turned),
        "flows_stopped": list(result.flows_stopped),
        "pressure_line": after,
        "pressure_line_before": _lines(result.before, None if after is None else after["station_id"]),
    }


def problem_figures(problem: Problem) -> Figures:
    """Return a problem with the first of its assets."""
    return {
        "rule": problem.rule,
        "message": problem.message,
        "asset_ids": list(problem.asset_ids[:_MOST_IDS]),
        "assets": len(problem.asset_ids),
    }


def summary_of(zones: tuple[HeatedZone, ...]) -> Figures:
    """Return the figures of one state: what all its zones have together, and each source."""
    found = [each for each in zones if each.solved.result.converged]
    results = [each.solved.result for each in found]
    share = _joined([each.stations.flow_share for each in results])
    load = _joined([each.stations.load_mw for each in results])
    differential = _joined([each.stations.differential_mpa for each in results])
    ids = _joined([each.stations.asset_id for each in results])
    worst = int(np.argmin(differential)) if len(differential) else -1
    supply = _joined([each.nodes.pressure_mpa[each.nodes.side == SUPPLY] for each in results])
    back = _joined([each.nodes.pressure_mpa[each.nodes.side == RETURN] for each in results])
    return {
        "zones": len(zones),
        "converged": len(found) == len(zones),
        "stations": len(ids),
        "short_stations": int((share < SHORT_SHARE).sum()),
        "load_mw": number(load.sum(), 1),
        "served_share": number((share * load).sum() / load.sum(), 3) if load.sum() > 0 else None,
        "flow_m3_per_h": number(sum(feed.flow_m3_per_h for each in results for feed in each.feeds), 0),
        "worst_station_id": int(ids[worst]) if worst >= 0 else None,
        "least_differential_mpa": number(differential[worst], 3) if worst >= 0 else None,
        "median_differential_mpa": number(np.median(differential), 3) if worst >= 0 else None,
        "highest_supply_mpa": number(supply.max(initial=-math.inf), 3),
        "lowest_supply_mpa": number(supply.min(initial=math.inf), 3),
        "lowest_return_mpa": number(back.min(initial=math.inf), 3),
        "fastest_m_per_s": number(
            max((float(each.pipes.velocity_m_per_s.max(initial=0.0)) for each in results), default=math.nan), 2
        ),
        "supply_degc": number(results[0].operation.supply_degc, 1) if results else None,
        "return_degc": number(results[0].operation.return_degc, 1) if results else None,
        "coldest_station_degc": number(_least(_joined([each.temperatures.station_supply_degc for each in found])), 1),
        "heat_lost_mw": number(sum(each.temperatures.lost_mw for each in found), 2),
        "leak_kg_per_s": number(sum(each.leak_kg_per_s for each in results), 2),
        "sources": [_source(feed) for each in results for feed in each.feeds],
    }


def _source(feed: Any) -> Figures:
    return {
        "asset_id": feed.source_id,
        "supply_mpa": number(feed.supply_mpa, 3),
        "return_mpa": number(feed.return_mpa, 3),
        "flow_m3_per_h": number(feed.flow_m3_per_h, 0),
        "power_mw": number(feed.power_mw, 1),
    }


def _short(result: WhatIf) -> list[Figures]:
    before = result.stations_before
    short = result.short
    was = before["differential_mpa"].reindex(short.index)
    return [
        {
            "asset_id": asset_id,
            "differential_mpa": number(differential, 3),
            "differential_before_mpa": number(present, 3),
            "flow_share": number(share, 3),
            "load_mw": number(load, 3),
        }
        for asset_id, differential, present, share, load in zip(
            short.index.to_list(), short["differential_mpa"], was, short["flow_share"], short["load_mw"], strict=True
        )
    ]


def _lines(zones: tuple[HeatedZone, ...], station_id: int | None = None) -> Figures | None:
    """Return the line to a station, or to the worst one; None where no zone has it."""
    found = [each.solved for each in zones if each.solved.result.converged and len(each.solved.zone.station_id)]
    if station_id is not None:
        found = [each for each in found if station_id in each.zone.station_id]
    if not found:
        return None
    worst = min(found, key=lambda each: float(each.result.stations.differential_mpa.min()))
    try:
        return line_figures(pressure_line(head_net(worst), station_id))
    except NotSolvable:
        return None


def line_figures(line: PressureLine) -> Figures:
    """Return a pressure line as points; `axis_m` is the height of the pipe."""
    columns = {
        "distance_m": line.distance_m,
        "axis_m": line.axis_m,
        "supply_m": line.supply_m,
        "return_m": line.return_m,
        "static_m": line.static_m,
        "boiling_m": line.boiling_m,
    }
    points = [
        {name: number(values[place], 2) for name, values in columns.items()}
        | {"asset_id": int(line.asset_id[place]), "is_forward": bool(line.is_forward[place])}
        for place in range(len(line.distance_m))
    ]
    return {"source_id": line.source_id, "station_id": line.station_id, "points": points}


def number(value: float, digits: int) -> float | None:
    """Round for people; None where there is no number."""
    return round(float(value), digits) if math.isfinite(value) else None


def _joined(arrays: list[Any]) -> Any:
    return np.concatenate(arrays) if arrays else np.zeros(0)


def _least(values: Any) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if len(known) else math.nan
