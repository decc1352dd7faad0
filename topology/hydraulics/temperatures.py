"""Temperatures along the pipes of a solved zone: water cools on its way, most where little flows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.hydraulics.drawing import Floats
from topology.hydraulics.gates import LARGEST_HEAT_GAP
from topology.hydraulics.pandapipes_net import HeatLoss, solve_temperatures, water_at
from topology.hydraulics.results import Operation, Problem
from topology.hydraulics.solve import SolvedZone

GROUND_DEGC = 5.0
"""Of the ground around the pipes in the heating season."""
_INSULATION_MM = 50.0
_INSULATION_W_PER_M_K = 0.033
"""Polyurethane foam at 50 degC, GB/T 29047."""
_GROUND_W_PER_M_K = 1.6
_DEPTH_M = 1.2
_LEAST_KG_PER_S = 0.001
_LEAST_M_PER_S = 0.005
"""Water slower than this stands: what the solver says of its temperature means nothing."""


@dataclass(frozen=True, eq=False)
class ZoneTemperatures:
    """Temperatures of a zone in degC; NaN where the water stands or the solver found none.

    Attributes
    ----------
    converged
        False: everything is NaN.
    node_degc
        Of each node.
    station_supply_degc
        What arrives at each station.
    station_heat_mw
        What each station takes at that temperature.
    source_return_degc
        What comes back to the first source.
    lost_mw
        What the pipes give to the ground.
    problems
        Gates that are not passed.
    """

    converged: bool
    node_degc: Floats
    station_supply_degc: Floats
    station_heat_mw: Floats
    source_return_degc: float
    lost_mw: float
    problems: tuple[Problem, ...]


def heat_loss_w_per_m_k(inner_diameter_mm: Floats) -> Floats:
    """Return what a metre of pre-insulated pipe in the ground loses for each kelvin: foam and ground in series.

    50 mm of foam, axis 1.2 m deep. Formula: CJJ/T 81, the same as EN 13941 for a single pipe.
    """
    bare = inner_diameter_mm / 1000.0
    coat = bare + 2.0 * _INSULATION_MM / 1000.0
    foam = np.log(coat / bare) / (2.0 * math.pi * _INSULATION_W_PER_M_K)
    ground = np.log(np.maximum(4.0 * _DEPTH_M / coat, 1.5)) / (2.0 * math.pi * _GROUND_W_PER_M_K)
    loss: Floats = 1.0 / (foam + ground)
    return loss


def zone_temperatures(solved: SolvedZone) -> ZoneTemperatures:
    """Solve the temperatures of a zone whose flows are known.

    Every source gives its supply temperature and every station sends its water back at the return temperature of the operation.

    Notes
    -----
    Cost: about one hydraulic solve.
    """
    zone, operation = solved.zone, solved.result.operation
    if not solved.result.converged or not (solved.station_kg_per_s > 0).any():
        return _nothing(solved)
    node = solve_temperatures(
        zone,
        station_kg_per_s=solved.station_kg_per_s,
        feed_kg_per_s=solved.feed_kg_per_s,
        temperature_degc=(operation.supply_degc, operation.return_degc),
        roughness_mm=operation.roughness_mm,
        local_share=operation.local_share,
        losses=solved.losses,
        flowing=np.abs(solved.solved.flow_kg_per_s) > _LEAST_KG_PER_S,
        heat=HeatLoss(heat_loss_w_per_m_k(zone.pipe_diameter_mm), GROUND_DEGC),
    )
    if node is None:
        return _nothing(solved)
    node = np.where(_moving(solved), node, np.nan)
    return _judged(solved, node, operation)


def _moving(solved: SolvedZone) -> NDArray[np.bool_]:
    """Tell at which nodes water flows."""
    zone = solved.zone
    fast = solved.result.pipes.velocity_m_per_s > _LEAST_M_PER_S
    moving = np.zeros(len(zone.node_side), bool)
    moving[zone.pipe_u[fast]] = moving[zone.pipe_v[fast]] = True
    return moving


def _judged(solved: SolvedZone, node: Floats, operation: Operation) -> ZoneTemperatures:
    zone = solved.zone
    water = water_at(operation.supply_degc, operation.return_degc)
    capacity = water.heat_capacity_j_per_kg_k / 1e6
    arrives = node[zone.station_supply]
    taken = np.where(solved.station_kg_per_s > 0, solved.station_kg_per_s * (arrives - operation.return_degc) * capacity, 0.0)
    mean = (node[zone.pipe_u] + node[zone.pipe_v]) / 2.0
    loss = heat_loss_w_per_m_k(zone.pipe_diameter_mm) * zone.pipe_length_m * (mean - GROUND_DEGC) / 1e6
    lost = float(np.nansum(loss))
    back = float(node[zone.feed_return[0]])
    found = ZoneTemperatures(True, node, arrives, taken, back, lost, ())
    given = float((solved.feed_kg_per_s * (operation.supply_degc - node[zone.feed_return])).sum() * capacity)
    problems = tuple(_problems(found, operation, solved, given_mw=given))
    return ZoneTemperatures(True, node, arrives, taken, back, lost, problems)


def _problems(found: ZoneTemperatures, operation: Operation, solved: SolvedZone, *, given_mw: float) -> Iterator[Problem]:
    known = np.isfinite(found.node_degc)
    wrong = known & ((found.node_degc > operation.supply_degc + 0.1) | (found.node_degc < GROUND_DEGC - 0.1))
    if wrong.any():
        zone = solved.zone
        ids = np.unique(zone.pipe_id[wrong[zone.pipe_u] | wrong[zone.pipe_v]])
        low, high = found.node_degc[wrong].min(), found.node_degc[wrong].max()
        yield Problem(
            "temperature_impossible", tuple(int(i) for i in ids), f"{int(wrong.sum())} nodes at {low:.0f} to {high:.0f} degC"
        )
    if not len(solved.losses.node):
        gap = given_mw - float(np.nansum(found.station_heat_mw)) - found.lost_mw
        if abs(gap) > LARGEST_HEAT_GAP * max(given_mw, 0.1):
            text = f"{given_mw:.1f} MW are given, {np.nansum(found.station_heat_mw):.1f} MW taken and {found.lost_mw:.1f} MW lost"
            yield Problem("heat_balance", (solved.zone.source_id,), text)


def _nothing(solved: SolvedZone) -> ZoneTemperatures:
    zone = solved.zone
    nodes, stations = np.full(len(zone.node_side), np.nan), np.full(len(zone.station_id), np.nan)
    asked = solved.result.converged and bool((solved.station_kg_per_s > 0).any())
    text = f"the solver found no temperatures for the zone of source {zone.source_id}"
    problems = (Problem("temperatures_not_converged", (zone.source_id,), text),) if asked else ()
    return ZoneTemperatures(False, nodes, stations, stations, math.nan, math.nan, problems)
