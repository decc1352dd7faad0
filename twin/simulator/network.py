"""The primary network as the simulator sees it: zones with their sources and stations, out of the last solve.

A solve gives pressures at the flows of the design. With other flows the friction between the source and a station goes with the
square of the zone's flow, and so does the lift of the relay pumps (affinity laws); heights and the pressures that the source
holds stay. So along any way on which the solve's heads fall (or rise) the simulated ones do too. Flows are those of the stations:
each zone's sources give together what its stations take, in the shares of the solve.

Stations without a solved zone form one zone more, fed in equal shares by the heat sources that no zone has; every pressure in it
is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.arrays import Float64Array, Int64Array
from twin.physics import flow_m3_per_h, heat_power_mw
from twin.simulator.chance import Keys, uniform

MPA_PER_M = 9.80665e-3 * 0.96
"""Pressure of a column of water of 90 degC."""
_UNSOLVED_SUPPLY_MPA, _UNSOLVED_RETURN_MPA = 1.05, 0.35


@dataclass(frozen=True, slots=True)
class ZoneFeed:
    """A source of a zone in the solve: its asset, the pressures it holds, its part of the zone's flow (any unit)."""

    asset_id: int
    supply_mpa: float
    return_mpa: float
    flow_m3_per_h: float


@dataclass(frozen=True)
class ZoneSolution:
    """The last solve of a zone; row i of the arrays belongs together, one a station.

    Attributes
    ----------
    source_id
        Who holds the pressure.
    supply_degc
        At the sources.
    feeds
        Everybody who gives.
    station_ids
        Asset ids.
    supply_mpa, return_mpa
        At the stations.
    supply_loss_m, return_loss_m
        Heads lost on the way from the holder and on the way back to it.
    flow_m3_per_h
        Through the stations.
    station_degc
        Of the water that arrives; NaN = unknown.
    """

    source_id: int
    supply_degc: float
    feeds: tuple[ZoneFeed, ...]
    station_ids: Int64Array
    supply_mpa: Float64Array
    return_mpa: Float64Array
    supply_loss_m: Float64Array
    return_loss_m: Float64Array
    flow_m3_per_h: Float64Array
    station_degc: Float64Array


@dataclass(frozen=True)
class PrimaryNetwork:
    """Stations and heat sources with their zones; the last zone is that of what was not solved.

    Attributes
    ----------
    zones
        How many, the unsolved one included.
    zone
        Of each station, shape (stations,).
    power_mw
        Design power of each station.
    meter_mw
        Of each station, at least what it would have without a solve: registers that start by it never turn back when one comes.
    supply_mpa, return_mpa
        At each station at the flows of the solve.
    supply_friction_mpa, return_friction_mpa
        What of it changes with the square of the zone's flow.
    design_flow_m3_per_h
        Of each zone.
    cooling_k
        How much colder than at the source the water arrives at each station, at design temperatures.
    heat_source_ids, heat_source_zone, heat_source_share, heat_source_mpa
        Who feeds; the share of its zone's flow; supply and return pressure, shape (sources, 2).
    """

    zones: int
    zone: Int64Array
    power_mw: Float64Array
    meter_mw: Float64Array
    supply_mpa: Float64Array
    return_mpa: Float64Array
    supply_friction_mpa: Float64Array
    return_friction_mpa: Float64Array
    design_flow_m3_per_h: Float64Array
    cooling_k: Float64Array
    heat_source_ids: Int64Array
    heat_source_zone: Int64Array
    heat_source_share: Float64Array
    heat_source_mpa: Float64Array


def build_network(
    station_ids: Int64Array,
    station_keys: Keys,
    heat_source_ids: Int64Array,
    solutions: Sequence[ZoneSolution],
    *,
    design_drop_k: float,
    seed: int,
) -> PrimaryNetwork:
    """Return the network of the stations and heat sources that report.

    Parameters
    ----------
    station_ids, station_keys
        By rising id.
    heat_source_ids
        By rising id.
    solutions
        Solved zones; stations and sources that do not report are left out.
    design_drop_k
        Temperature drop of the primary side at design load.
    seed
        Of what is drawn for stations without a zone.
    """
    count = len(station_ids)
    zone = np.full(count, len(solutions), np.int64)
    drop_k, drawn_mw = np.full(count, design_drop_k), uniform(station_keys, seed, "power", 1.5, 6.0)
    supply = uniform(station_keys, seed, "pressure", 0.75, 0.95)
    columns = {
        "flow": flow_m3_per_h(drawn_mw, drop_k),
        "supply": supply,
        "return": supply - 0.35,
        "supply_friction": np.zeros(count),
        "return_friction": np.zeros(count),
        "cooling": np.zeros(count),
    }
    for number, solution in enumerate(solutions):
        _put(columns, zone, number, station_ids, solution)
    feeds = _feeds(heat_source_ids, solutions)
    design = np.bincount(zone, columns["flow"], minlength=len(solutions) + 1)
    power_mw = heat_power_mw(columns["flow"], drop_k)
    return PrimaryNetwork(
        zones=len(solutions) + 1,
        zone=zone,
        power_mw=power_mw,
        meter_mw=np.maximum(power_mw, drawn_mw),
        supply_mpa=columns["supply"],
        return_mpa=columns["return"],
        supply_friction_mpa=columns["supply_friction"],
        return_friction_mpa=columns["return_friction"],
        design_flow_m3_per_h=np.maximum(design, 1e-9),
        cooling_k=columns["cooling"],
        heat_source_ids=heat_source_ids,
        heat_source_zone=feeds[0],
        heat_source_share=feeds[1],
        heat_source_mpa=feeds[2],
    )


def _put(columns: dict[str, Float64Array], zone: Int64Array, number: int, ids: Int64Array, solution: ZoneSolution) -> None:
    """Write what a solve says of its stations over what was drawn."""
    _, mine, theirs = np.intersect1d(ids, solution.station_ids, return_indices=True)
    flows = solution.flow_m3_per_h[theirs] > 0
    mine, theirs = mine[flows], theirs[flows]
    zone[mine] = number
    columns["flow"][mine] = solution.flow_m3_per_h[theirs]
    columns["supply"][mine], columns["return"][mine] = solution.supply_mpa[theirs], solution.return_mpa[theirs]
    columns["supply_friction"][mine] = MPA_PER_M * solution.supply_loss_m[theirs]
    columns["return_friction"][mine] = MPA_PER_M * solution.return_loss_m[theirs]
    columns["cooling"][mine] = np.maximum(solution.supply_degc - np.nan_to_num(solution.station_degc[theirs], nan=np.inf), 0.0)


def _feeds(ids: Int64Array, solutions: Sequence[ZoneSolution]) -> tuple[Int64Array, Float64Array, Float64Array]:
    """Return zone, share and pressures of each heat source; who feeds no solved zone feeds the rest."""
    zone = np.full(len(ids), len(solutions), np.int64)
    share = np.ones(len(ids))
    pressures = np.tile([_UNSOLVED_SUPPLY_MPA, _UNSOLVED_RETURN_MPA], (len(ids), 1))
    place = {asset_id: row for row, asset_id in enumerate(ids.tolist())}
    for number, solution in enumerate(solutions):
        for feed in solution.feeds:
            row = place.get(feed.asset_id)
            if row is not None:
                zone[row], share[row] = number, max(feed.flow_m3_per_h, 0.0)
                pressures[row] = feed.supply_mpa, feed.return_mpa
    total = np.bincount(zone, share, minlength=len(solutions) + 1)
    return zone, share / np.maximum(total[zone], 1e-9), pressures
