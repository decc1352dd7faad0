"""The one place that speaks to pandapipes: bar, K, kg/s and km are made here and do not leave it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology.codes import SUPPLY
from topology.hydraulic_zone import Floats, Zone

GRAVITY_M_PER_S2 = 9.80665
BAR_PER_MPA = 10.0
KELVIN = 273.15
_REFERENCE_BAR = 1000.0
"""Held at both slacks: pressures are only differences until the operation is chosen, and pandapipes warns below zero."""
_ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class Water:
    """Density of the water in kg/m3 on each side (index 0 supply, 1 return), and the mean heat capacity in J/(kg K)."""

    density_kg_per_m3: tuple[float, float]
    heat_capacity_j_per_kg_k: float


@dataclass(frozen=True, eq=False)
class Solved:
    """What pandapipes answers, in the units of this house.

    Attributes
    ----------
    converged
        False: every array is NaN.
    pressure_mpa
        Of each node, above that of the source's node of the same side.
    flow_kg_per_s
        Of each pipe, positive from `u` to `v`.
    lift_flow_kg_per_s
        Of each relay pump, positive in the pumping direction.
    friction_factor
        Darcy's, of each pipe.
    imbalance_kg_per_s
        Largest over the nodes of what flows in minus what flows out.
    """

    converged: bool
    pressure_mpa: Floats
    flow_kg_per_s: Floats
    lift_flow_kg_per_s: Floats
    friction_factor: Floats
    imbalance_kg_per_s: float


def water_at(supply_degc: float, return_degc: float) -> Water:
    """Return the properties of water at both temperatures, out of pandapipes' tables."""
    fluid = _empty_net().fluid
    kelvin = [supply_degc + KELVIN, return_degc + KELVIN]
    density = [float(fluid.get_density(each)) for each in kelvin]
    capacity = float(fluid.get_heat_capacity((kelvin[0] + kelvin[1]) / 2.0))
    return Water((density[0], density[1]), capacity)


def solve(
    zone: Zone,
    *,
    station_kg_per_s: Floats,
    feed_kg_per_s: Floats,
    temperature_degc: tuple[float, float],
    roughness_mm: float,
    local_share: float,
) -> Solved:
    """Solve both sides of a zone with given flows at stations and at every source but the first, which balances.

    Every station takes its flow from the supply and gives it to the return; a helper source does the reverse. The first source
    holds one pressure on each side, so the sides are solved apart and the answer is unique. (The library's heat consumers and
    circulation pumps couple them: a consumer short of pressure then pumps, and some nets do not converge.)

    Parameters
    ----------
    station_kg_per_s, feed_kg_per_s
        Flow of each station and of each source; that of the first source is not used.
    temperature_degc
        Of supply and return; it sets density and viscosity.
    roughness_mm
        Of the pipe wall.
    local_share
        Losses of bends, valves and compensators as a share of the friction of the straight pipe.

    Notes
    -----
    Friction after Swamee and Jain. Cost: 0.3 s for 5,000 nodes; the first call in a process compiles for some seconds.
    """
    import pandapipes  # noqa: PLC0415 - takes seconds to load, and only this question needs it

    net = _net(zone, temperature_degc, roughness_mm, local_share)
    pandapipes.create_sinks(net, zone.station_supply, mdot_kg_per_s=station_kg_per_s)
    pandapipes.create_sources(net, zone.station_return, mdot_kg_per_s=station_kg_per_s)
    if len(zone.feed_id) > 1:
        pandapipes.create_sources(net, zone.feed_supply[1:], mdot_kg_per_s=feed_kg_per_s[1:])
        pandapipes.create_sinks(net, zone.feed_return[1:], mdot_kg_per_s=feed_kg_per_s[1:])
    if not _run(net):
        return _nothing(zone)
    pressure = (net.res_junction["p_bar"].to_numpy(float) - _REFERENCE_BAR) / BAR_PER_MPA
    flow = net.res_pipe["mdot_from_kg_per_s"].to_numpy(float)
    lift = net.res_pump["mdot_from_kg_per_s"].to_numpy(float) if len(zone.lift_id) else np.zeros(0)
    taken = _taken(zone, station_kg_per_s, feed_kg_per_s, net.res_ext_grid["mdot_kg_per_s"].to_numpy(float))
    return Solved(True, pressure, flow, lift, net.res_pipe["lambda"].to_numpy(float), _imbalance(zone, flow, lift, taken))


def _empty_net() -> Any:
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    return pandapipes.create_empty_network(fluid="water")


def _net(zone: Zone, temperature_degc: tuple[float, float], roughness_mm: float, local_share: float) -> Any:
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    net = _empty_net()
    kelvin = np.where(zone.node_side == SUPPLY, temperature_degc[0], temperature_degc[1]) + KELVIN
    pandapipes.create_junctions(net, len(zone.node_side), pn_bar=_REFERENCE_BAR, tfluid_k=kelvin, height_m=zone.node_height_m)
    pandapipes.create_pipes_from_parameters(
        net,
        zone.pipe_u,
        zone.pipe_v,
        length_km=np.maximum(zone.pipe_length_m, 0.01) * (1.0 + local_share) / 1000.0,
        inner_diameter_mm=zone.pipe_diameter_mm,
        k_mm=roughness_mm,
    )
    for place, (u, v, lift) in enumerate(zip(zone.lift_u, zone.lift_v, zone.lift_mpa, strict=True)):
        coefficients = [0.0, lift * BAR_PER_MPA]
        pandapipes.create_pump_from_parameters(net, int(u), int(v), f"lift {place}", poly_coefficents=coefficients)
    ends = [int(zone.feed_supply[0]), int(zone.feed_return[0])]
    pandapipes.create_ext_grids(net, ends, p_bar=_REFERENCE_BAR, t_k=kelvin[ends])
    return net


def _run(net: Any) -> bool:
    """Solve; False where Newton's method finds nothing."""
    import pandapipes  # noqa: PLC0415 - takes seconds to load
    from pandapipes.pf.pipeflow_setup import PipeflowNotConverged  # noqa: PLC0415

    level = logging.getLogger("pandapipes").level
    logging.getLogger("pandapipes").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its numerics; what comes out is judged by the gates
            pandapipes.pipeflow(net, friction_model="swamee-jain", max_iter_hyd=_ITERATIONS, tol_p=1e-6, tol_m=1e-6)
    except PipeflowNotConverged:
        return False
    finally:
        logging.getLogger("pandapipes").setLevel(level)
    return bool(net.converged)


def _nothing(zone: Zone) -> Solved:
    nodes, pipes, lifts = (np.full(len(of), np.nan) for of in (zone.node_side, zone.pipe_id, zone.lift_id))
    return Solved(False, nodes, pipes, lifts, pipes, float("nan"))


def _taken(zone: Zone, station: Floats, feed: Floats, slack: NDArray[np.float64]) -> Floats:
    """Return what leaves the pipes at each node; a slack's flow is positive where it takes."""
    taken = np.zeros(len(zone.node_side))
    np.add.at(taken, zone.station_supply, station)
    np.add.at(taken, zone.station_return, -station)
    np.add.at(taken, zone.feed_supply[1:], -feed[1:])
    np.add.at(taken, zone.feed_return[1:], feed[1:])
    np.add.at(taken, [zone.feed_supply[0], zone.feed_return[0]], slack)
    return taken


def _imbalance(zone: Zone, flow: Floats, lift: Floats, taken: Floats) -> float:
    total = -taken
    np.add.at(total, zone.pipe_v, flow)
    np.subtract.at(total, zone.pipe_u, flow)
    np.add.at(total, zone.lift_v, lift)
    np.subtract.at(total, zone.lift_u, lift)
    return float(np.abs(total).max(initial=0.0))
