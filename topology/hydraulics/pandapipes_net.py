"""The one place that speaks to pandapipes: bar, K, kg/s and km are made here and do not leave it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology.codes import SUPPLY
from topology.hydraulics.zone import Floats, Ints, Zone

GRAVITY_M_PER_S2 = 9.80665
BAR_PER_MPA = 10.0
KELVIN = 273.15
_REFERENCE_BAR = 1000.0
"""Held at both slacks: pressures are only differences until the operation is chosen, and pandapipes warns below zero."""
_TOLERANCES = ((1e-6, 1e-6, 40), (1e-5, 0.02, 100))
"""bar, kg/s, iterations. Rings in which nearly nothing flows swing between laminar and turbulent by some g/s for ever: then the
second row counts, and the gate on the mass balance judges what comes out."""
_OPEN_MM = 100.0
"""Bore of the stand-in for an open control valve; its loss coefficient makes the resistance."""


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
    station_kg_per_s
        What flows through each station; None where it was given for all.
    """

    converged: bool
    pressure_mpa: Floats
    flow_kg_per_s: Floats
    lift_flow_kg_per_s: Floats
    friction_factor: Floats
    imbalance_kg_per_s: float
    station_kg_per_s: Floats | None = None


@dataclass(frozen=True, eq=False)
class OpenStations:
    """Stations whose control valve is fully open: their flow follows from the differential.

    Attributes
    ----------
    mask
        Which stations.
    full_kg_per_s
        Flow of every station at `full_mpa`; the differential goes with its square.
    full_mpa
        Differential at which the open valve lets that flow through.
    """

    mask: NDArray[np.bool_]
    full_kg_per_s: Floats
    full_mpa: float


@dataclass(frozen=True, eq=False)
class Losses:
    """Water that leaves the pipes: nodes and kg/s."""

    node: Ints
    kg_per_s: Floats


@dataclass(frozen=True, eq=False)
class HeatLoss:
    """What each pipe loses for each metre and kelvin, and the temperature around it."""

    w_per_m_k: Floats
    ground_degc: float


NO_LOSSES = Losses(np.zeros(0, np.int64), np.zeros(0))


@lru_cache(maxsize=64)
def water_at(supply_degc: float, return_degc: float) -> Water:
    """Return the properties of water at both temperatures, out of pandapipes' tables."""
    fluid = _empty_net().fluid
    kelvin = [supply_degc + KELVIN, return_degc + KELVIN]
    density = [float(fluid.get_density(each)) for each in kelvin]
    capacity = float(fluid.get_heat_capacity((kelvin[0] + kelvin[1]) / 2.0))
    return Water((density[0], density[1]), capacity)


@lru_cache(maxsize=64)
def viscosity_pa_s(supply_degc: float, return_degc: float) -> tuple[float, float]:
    """Return the dynamic viscosity of water at both temperatures, out of the same tables."""
    fluid = _empty_net().fluid
    supply, back = (float(fluid.get_viscosity(each + KELVIN)) for each in (supply_degc, return_degc))
    return supply, back


def solve(
    zone: Zone,
    *,
    station_kg_per_s: Floats,
    feed_kg_per_s: Floats,
    temperature_degc: tuple[float, float],
    roughness_mm: float,
    local_share: float,
    held_mpa: tuple[float, float] | None = None,
    open_stations: OpenStations | None = None,
    losses: Losses = NO_LOSSES,
) -> Solved:
    """Solve both sides of a zone with given flows at stations and at every source but the first, which balances.

    Every station takes its flow from the supply and gives it to the return; a helper source does the reverse. The first source
    holds one pressure on each side. While all flows are given the sides are solved apart and the answer is unique; stations
    with an open valve join them. (The library's heat consumers and circulation pumps couple them as well, but a consumer short
    of pressure then pumps, and the pump does not converge with a leak in the net.)

    Parameters
    ----------
    station_kg_per_s, feed_kg_per_s
        Flow of each station and of each source; that of the first source, and of open stations, is not used.
    temperature_degc
        Of supply and return; it sets density and viscosity.
    roughness_mm
        Of the pipe wall.
    local_share
        Losses of bends, valves and compensators as a share of the friction of the straight pipe.
    held_mpa
        Pressures of supply and return at the first source; pressures then count from the atmosphere. None: from that source.
    open_stations
        Stations whose flow follows from the differential; needs `held_mpa`.
    losses
        Leaks; the first source makes up for them.

    Notes
    -----
    Friction after Swamee and Jain. Cost: 0.6 s for 4,000 nodes; the first call in a process loads the library for 2 s.
    """
    net = net_of_zone(zone, temperature_degc, roughness_mm, local_share)
    given = np.ones(len(zone.station_id), bool) if open_stations is None else ~open_stations.mask
    take_flows(net, zone, np.where(given, station_kg_per_s, 0.0), feed_kg_per_s, losses)
    if held_mpa is not None:
        net.ext_grid["p_bar"] = [_REFERENCE_BAR + each * BAR_PER_MPA for each in held_mpa]
    if open_stations is not None and open_stations.mask.any():
        _open(net, zone, open_stations, temperature_degc)
    if not _run(net):
        return _nothing(zone)
    pressure = (net.res_junction["p_bar"].to_numpy(float) - _REFERENCE_BAR) / BAR_PER_MPA
    flow = net.res_pipe["mdot_from_kg_per_s"].to_numpy(float)
    lift = net.res_pump["mdot_from_kg_per_s"].to_numpy(float) if len(zone.lift_id) else np.zeros(0)
    through = np.where(given, station_kg_per_s, 0.0)
    if not given.all():
        through[~given] = net.res_valve["mdot_from_kg_per_s"].to_numpy(float)
    taken = _taken(zone, through, feed_kg_per_s, net.res_ext_grid["mdot_kg_per_s"].to_numpy(float))
    np.add.at(taken, losses.node, losses.kg_per_s)
    factor = net.res_pipe["lambda"].to_numpy(float)
    return Solved(True, pressure, flow, lift, factor, _imbalance(zone, flow, lift, taken), through)


def solve_temperatures(
    zone: Zone,
    *,
    station_kg_per_s: Floats,
    feed_kg_per_s: Floats,
    temperature_degc: tuple[float, float],
    roughness_mm: float,
    local_share: float,
    losses: Losses,
    flowing: NDArray[np.bool_],
    heat: HeatLoss,
) -> Floats | None:
    """Return the temperature of each node in degC where all flows are known; None when the solver finds none.

    Stations take water from the supply and give it back to the return at its temperature, helper sources the reverse; each
    gives through a short stub whose end has that temperature. (The library's heat consumers do not carry heat to a return that
    is held by a pressure.) Pipes in which nothing is `flowing` are taken out first: with them the library finds no temperatures,
    or says that their water has 20 degC. Nodes at such pipes only are NaN.
    """
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    net = net_of_zone(zone, temperature_degc, roughness_mm, local_share)
    net.ext_grid["type"] = ["pt", "p"]
    # the pipes are longer by their local losses, their surface is not
    net.pipe["u_w_per_m2k"] = heat.w_per_m_k / (np.pi * zone.pipe_diameter_mm / 1000.0) / (1.0 + local_share)
    net.pipe["text_k"] = heat.ground_degc + KELVIN
    touched = np.zeros(len(zone.node_side), bool)
    touched[zone.pipe_u[flowing]] = touched[zone.pipe_v[flowing]] = True
    touched[net.ext_grid["junction"].to_numpy()] = True
    net.pipe["in_service"] = flowing
    net.junction["in_service"] = touched
    if len(zone.lift_id):
        net.pump["in_service"] = touched[zone.lift_u] & touched[zone.lift_v]
    on = station_kg_per_s > 0
    for takes, gives, flow, degc in (
        (zone.station_supply[on], zone.station_return[on], station_kg_per_s[on], temperature_degc[1]),
        (zone.feed_return[1:], zone.feed_supply[1:], feed_kg_per_s[1:], temperature_degc[0]),
    ):
        if len(flow):
            pandapipes.create_sinks(net, takes, mdot_kg_per_s=flow)
            _give(net, gives, flow, degc + KELVIN, heights=zone.node_height_m[gives])
    if len(losses.node):
        pandapipes.create_sinks(net, losses.node, mdot_kg_per_s=losses.kg_per_s)
    if not _run(net, mode="sequential"):
        return None
    found: Floats = np.where(touched, net.res_junction["t_k"].to_numpy(float)[: len(touched)] - KELVIN, np.nan)
    return found


def _give(net: Any, nodes: Ints, flow: Floats, kelvin: float, *, heights: Floats) -> None:
    """Let water of a temperature in at nodes, each through a stub of 10 m without loss."""
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    stubs = pandapipes.create_junctions(net, len(nodes), pn_bar=_REFERENCE_BAR, tfluid_k=kelvin, height_m=heights)
    wide = np.clip(1000.0 * np.sqrt(flow / 1000.0), 50.0, 2000.0)  # about 1.3 m/s
    pandapipes.create_pipes_from_parameters(net, stubs, nodes, length_km=0.01, inner_diameter_mm=wide, k_mm=0.5, text_k=kelvin)
    pandapipes.create_sources(net, stubs, mdot_kg_per_s=flow)
    pandapipes.create_ext_grids(net, stubs, p_bar=None, t_k=kelvin, type="t")


def take_flows(net: Any, zone: Zone, station: Floats, feed: Floats, losses: Losses) -> None:
    """Add sinks and sources for given flows; those of nothing are left out."""
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    takes, gives = zone.station_supply[station > 0], zone.station_return[station > 0]
    pandapipes.create_sinks(net, takes, mdot_kg_per_s=station[station > 0])
    pandapipes.create_sources(net, gives, mdot_kg_per_s=station[station > 0])
    if len(zone.feed_id) > 1:
        pandapipes.create_sources(net, zone.feed_supply[1:], mdot_kg_per_s=feed[1:])
        pandapipes.create_sinks(net, zone.feed_return[1:], mdot_kg_per_s=feed[1:])
    if len(losses.node):
        pandapipes.create_sinks(net, losses.node, mdot_kg_per_s=losses.kg_per_s)


def _open(net: Any, zone: Zone, stations: OpenStations, temperature_degc: tuple[float, float]) -> None:
    """Join supply and return at open stations by a valve with the loss coefficient dp = zeta x rho / 2 x v2 asks for.

    The library takes the density at the mean of both ends' temperatures.
    """
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    density = float(net.fluid.get_density(sum(temperature_degc) / 2.0 + KELVIN))
    area = np.pi / 4.0 * (_OPEN_MM / 1000.0) ** 2
    full = stations.full_kg_per_s[stations.mask]
    zeta = 2.0 * density * area**2 * stations.full_mpa * 1e6 / full**2
    ends = zone.station_supply[stations.mask], zone.station_return[stations.mask]
    pandapipes.create_valves(net, *ends, "ju", inner_diameter_mm=_OPEN_MM, loss_coefficient=zeta)


def _empty_net() -> Any:
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    return pandapipes.create_empty_network(fluid="water", add_stdtypes=False)


def net_of_zone(zone: Zone, temperature_degc: tuple[float, float], roughness_mm: float, local_share: float) -> Any:
    """Return the net of a zone without its flows: junctions, pipes, lifts, and the reference of each side."""
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
    _lift(net, zone)
    ends = [int(zone.feed_supply[0]), int(zone.feed_return[0])]
    pandapipes.create_ext_grids(net, ends, p_bar=_REFERENCE_BAR, t_k=kelvin[ends])
    return net


def _lift(net: Any, zone: Zone) -> None:
    """Add relay pumps; those of one head are rows like the first of them, for the library makes one at a time and slowly."""
    import pandapipes  # noqa: PLC0415 - takes seconds to load

    heads, kind = np.unique(zone.lift_mpa, return_inverse=True)
    if not len(heads):
        return
    for place, head in enumerate(heads):
        coefficients = [0.0, head * BAR_PER_MPA]
        pandapipes.create_pump_from_parameters(net, 0, 1, f"lift {place}", poly_coefficents=coefficients)
    rows = net.pump.iloc[kind].reset_index(drop=True)
    ends = {"from_junction": zone.lift_u.astype(np.uint32), "to_junction": zone.lift_v.astype(np.uint32)}
    net["pump"] = rows.assign(**ends)


def _run(net: Any, *, mode: str = "hydraulics") -> bool:
    """Solve; False where Newton's method finds nothing."""
    level = logging.getLogger("pandapipes").level
    logging.getLogger("pandapipes").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its numerics; what comes out is judged by the gates
            return any(_converges(net, mode, *each) for each in _TOLERANCES)
    finally:
        logging.getLogger("pandapipes").setLevel(level)


def _converges(net: Any, mode: str, tolerance_bar: float, tolerance_kg_per_s: float, iterations: int) -> bool:
    import pandapipes  # noqa: PLC0415 - takes seconds to load, and only this question needs it
    from pandapipes.pf.pipeflow_setup import PipeflowNotConverged  # noqa: PLC0415

    # compiled it is not faster at these sizes (0.60 against 0.63 s for 4,000 nodes), and compiling takes 9 s in every process
    limits = {
        "use_numba": False,
        "max_iter_hyd": iterations,
        "max_iter_therm": iterations,
        "tol_p": tolerance_bar,
        "tol_m": tolerance_kg_per_s,
    }
    try:
        pandapipes.pipeflow(net, mode=mode, friction_model="swamee-jain", **limits)
    except PipeflowNotConverged:
        return False
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
