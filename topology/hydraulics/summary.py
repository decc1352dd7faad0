"""A solved zone in two dozen figures: what a heating engineer looks at first."""

from __future__ import annotations

from typing import Any

import numpy as np

from topology.codes import RETURN, SUPPLY
from topology.hydraulics.solve import ZoneHydraulics
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Floats


def summary(zone: ZoneHydraulics, tables: HydraulicTables) -> dict[str, Any]:
    """Return the figures of a zone, ready for JSON; pressures in MPa above the atmosphere.

    Lists are least, median, largest. `static_height_m` is least and largest height of the axis. A transmission main is told from
    the other pipes, which have other limits.
    """
    figures: dict[str, Any] = {
        "source_id": zone.source_id,
        "network_version": zone.network_version,
        "valve_version": zone.valve_version,
        "converged": zone.converged,
        "nodes": len(zone.nodes.side),
        "pipes": len(zone.pipes.asset_id),
        "stations": len(zone.stations.asset_id),
        "load_mw": round(float(zone.stations.load_mw.sum()), 1),
        "sources": len(zone.feeds),
        "relay_pumps": len(zone.lifts.asset_id),
        "nodes_without_height": zone.height_unknown,
        "pipes_without_diameter": zone.diameter_unknown,
        "problems": [
            {"rule": each.rule, "message": each.message, "asset_ids": list(each.asset_ids[:20])} for each in zone.problems
        ],
    }
    return figures | (_pressures(zone) | _pipes(zone, tables) if zone.converged else {})


def _pressures(zone: ZoneHydraulics) -> dict[str, Any]:
    own, nodes = zone.feeds[0], zone.nodes
    return {
        "source_supply_mpa": round(own.supply_mpa, 3),
        "source_return_mpa": round(own.return_mpa, 3),
        "source_power_mw": round(own.power_mw, 1),
        "station_differential_mpa": _spread(zone.stations.differential_mpa),
        "supply_mpa": _spread(nodes.pressure_mpa[nodes.side == SUPPLY]),
        "return_mpa": _spread(nodes.pressure_mpa[nodes.side == RETURN]),
        "station_supply_mpa": _spread(zone.stations.supply_mpa),
        "station_return_mpa": _spread(zone.stations.return_mpa),
        "static_height_m": [round(float(nodes.height_m.min()), 1), round(float(nodes.height_m.max()), 1)],
        "worst_station_id": zone.worst_station_id,
    }


def _pipes(zone: ZoneHydraulics, tables: HydraulicTables) -> dict[str, Any]:
    level = tables.pipes.drop_duplicates("asset_id").set_index("asset_id")["level"].reindex(zone.pipes.asset_id).to_numpy()
    figures: dict[str, Any] = {}
    for name, mine in (("transmission", level == 1), ("primary", level != 1)):
        if mine.any():
            figures[f"{name}_friction_pa_per_m"] = _spread(zone.pipes.friction_pa_per_m[mine], 1)
            figures[f"{name}_largest_velocity_m_per_s"] = round(float(zone.pipes.velocity_m_per_s[mine].max()), 2)
    figures["steepest_pipe_id"] = int(zone.pipes.asset_id[np.argmax(zone.pipes.friction_pa_per_m)])
    return figures


def _spread(values: Floats, digits: int = 3) -> list[float]:
    return [round(float(each), digits) for each in np.quantile(values, [0.0, 0.5, 1.0])] if len(values) else []
