"""Gates of physical sense: a state that the solver found is not yet one that can be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from topology.codes import SUPPLY
from topology.hydraulics.pandapipes_net import Solved
from topology.hydraulics.results import Problem, ZoneHydraulics
from topology.hydraulics.zone import Zone

RULES: Mapping[str, str] = {
    "no_station": "no substation is connected with the source on both sides",
    "one_sided_station": "substations that the source reaches on one side only",
    "not_converged": "the solver found no state",
    "not_a_number": "a pressure or a flow is not a number",
    "mass_balance": "what flows into a node does not flow out again",
    "differential_too_small": "substations whose supply is less than the least differential above their return",
    "pressure_too_high": "a pressure above what the pipes are made for",
    "boiling": "the supply is nearer to boiling than the margin",
    "return_too_low": "the return is below the least pressure, air may be drawn in",
    "source_overloaded": "the source has to give more heat than it can",
    "source_backwards": "the other sources give more than the zone takes, water would run back into the source",
    "short_of_flow": "substations whose flow had to be cut because their differential does not carry it",
    "too_fast": "water faster than pipes are laid out for",
    "leak_without_pressure": "a leak at a place without pressure; nothing runs out there",
    "make_up_too_large": "more water is lost than a make-up plant gives in an emergency",
    "colder_than_design": "colder than the heating was designed for; the supply cannot get warmer",
    "temperatures_not_converged": "the solver found no temperatures",
    "temperature_impossible": "a temperature above the supply of the source or below the ground",
    "heat_balance": "heat given, heat taken and heat lost do not add up",
    "disagrees_with_topology": "the solve and the flood of the network do not name the same substations as cut off",
}
"""Gates of physical sense: what a solved zone is held against."""

LEAST_DIFFERENTIAL_MPA = 0.05
"""Below it a substation's control valve and exchanger get no design flow."""
LEAST_RETURN_MPA = 0.05
"""CJJ 34-2010 7.4.2: nowhere in the return of a hot-water network below 50 kPa."""
BOILING_MARGIN_MPA = 0.03
"""CJJ 34-2010 7.4.1: the supply stays 30-50 kPa above the pressure at which the water boils."""
LARGEST_IMBALANCE = 1e-4
"""Share of the source's flow that may go astray in a node."""
SHORT_SHARE = 0.995
"""Below this share of its flow a substation counts as short."""
FASTEST_M_PER_S = 3.5
"""CJJ 34-2010 7.3: upper limit of the velocity in primary networks."""
LARGEST_HEAT_GAP = 0.02
"""Share of the heat given that may go astray: the loss of standing pipes is not counted."""
EMERGENCY_MAKE_UP = 0.04
"""CJJ 34-2010: make-up of a closed network, 2 % of the circulation, 4 % in an emergency."""
_ATMOSPHERE_MPA = 0.101325


def boiling_mpa(temperature_degc: float) -> float:
    """Return the pressure above the atmosphere at which water boils (Antoine, 99 to 374 degC, within 1 %)."""
    return math.pow(10.0, 8.14019 - 1810.94 / (244.485 + temperature_degc)) * 133.322e-6 - _ATMOSPHERE_MPA


def problems(zone: Zone, solved: Solved, result: ZoneHydraulics) -> Iterator[Problem]:
    """Hold a result against the gates."""
    if zone.one_sided_ids:
        count = len(zone.one_sided_ids)
        yield Problem(
            "one_sided_station", zone.one_sided_ids, f"{count} substations are reached on one side only; nothing flows there"
        )
    if not len(zone.station_id):
        yield Problem("no_station", (zone.source_id,), f"no substation is connected with source {zone.source_id} on both sides")
    if not solved.converged:
        yield Problem("not_converged", (zone.source_id,), f"the solver found no state for the zone of source {zone.source_id}")
        return
    pressure, flow = result.nodes.pressure_mpa, result.pipes.flow_m3_per_h
    if not (np.isfinite(pressure).all() and np.isfinite(flow).all()):
        count = int((~np.isfinite(pressure)).sum() + (~np.isfinite(flow)).sum())
        yield Problem("not_a_number", (zone.source_id,), f"{count} pressures and flows are not numbers")
    total = float(zone.station_load_mw.sum())
    through = max(float(np.abs(solved.flow_kg_per_s).max(initial=0.0)), 1e-3)
    if not solved.imbalance_kg_per_s <= LARGEST_IMBALANCE * through:
        yield Problem("mass_balance", (zone.source_id,), f"{solved.imbalance_kg_per_s:.4f} kg/s are lost or made in a node")
    own, power = result.feeds[0].power_mw, zone.feed_power_mw[0]
    if own > power:
        text = f"source {zone.source_id} has to give {own:.0f} of {total:.0f} MW and can give {power:.0f} MW"
        yield Problem("source_overloaded", (zone.source_id,), text)
    yield from _flow_problems(result)
    yield from _pressure_problems(zone, result)


def _flow_problems(result: ZoneHydraulics) -> Iterator[Problem]:
    if result.feeds[0].flow_m3_per_h < -0.01:
        text = f"{-result.feeds[0].flow_m3_per_h:.0f} m3/h would run back into source {result.source_id}"
        yield Problem("source_backwards", (result.source_id,), text)
    share = result.stations.flow_share
    short = result.stations.asset_id[share < SHORT_SHARE]
    if len(short):
        text = f"{len(short)} substations do not get their flow, the worst {100 * share.min():.0f} % of it"
        yield Problem("short_of_flow", tuple(int(i) for i in short), text)
    fast = result.pipes.velocity_m_per_s > FASTEST_M_PER_S
    if fast.any():
        text = f"{int(fast.sum())} pipes above {FASTEST_M_PER_S} m/s, up to {result.pipes.velocity_m_per_s.max():.1f} m/s"
        yield Problem("too_fast", tuple(int(i) for i in np.unique(result.pipes.asset_id[fast])), text)


def _pressure_problems(zone: Zone, result: ZoneHydraulics) -> Iterator[Problem]:
    pressure, operation = result.nodes.pressure_mpa, result.operation
    differential = result.stations.differential_mpa
    # those that are short are told by their flow, and where nothing is wanted nothing is missing
    served = (result.stations.flow_share >= SHORT_SHARE) & (result.stations.load_mw > 0)
    short = result.stations.asset_id[~(differential >= LEAST_DIFFERENTIAL_MPA - 5e-4) & served]
    if len(short):
        text = f"{len(short)} substations get less than {LEAST_DIFFERENTIAL_MPA} MPa, the worst {differential.min():.3f} MPa"
        yield Problem("differential_too_small", tuple(int(i) for i in short), text)
    for rule, wrong, side, limit, text in (
        ("pressure_too_high", pressure > operation.limit_mpa, None, operation.limit_mpa, "above {:.2f} MPa, up to {:.2f} MPa"),
        (
            "boiling",
            pressure < boiling_mpa(operation.supply_degc) + BOILING_MARGIN_MPA - 1e-9,
            True,
            boiling_mpa(operation.supply_degc) + BOILING_MARGIN_MPA,
            "below {:.2f} MPa, down to {:.2f} MPa",
        ),
        ("return_too_low", pressure < LEAST_RETURN_MPA - 1e-9, False, LEAST_RETURN_MPA, "below {:.2f} MPa, down to {:.2f} MPa"),
    ):
        bad = wrong if side is None else wrong & ((zone.node_side == SUPPLY) == side)
        if bad.any():
            ids = np.unique(zone.pipe_id[bad[zone.pipe_u] | bad[zone.pipe_v]])
            worst = pressure[bad].max() if side is None else pressure[bad].min()
            yield Problem(rule, tuple(int(i) for i in ids), f"{int(bad.sum())} nodes are " + text.format(limit, worst))
