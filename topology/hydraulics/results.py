"""What the hydraulic solver is told about the operation of a zone, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.hydraulics.drawing import Floats, Ints


@dataclass(frozen=True, slots=True)
class Operation:
    """How the zone is run, and what is taken for granted about its pipes. Pressures are above the atmosphere.

    Attributes
    ----------
    supply_degc, return_degc
        Temperatures on the primary side; their difference makes heat to flow.
    supply_mpa, return_mpa
        Held at the source; None = the lowest that serves every substation and keeps every node above the least pressure.
    worst_differential_mpa
        What the worst substation shall get where `supply_mpa` is None.
    usual_return_mpa
        Where `return_mpa` is None it is not below this.
    roughness_mm
        Of the pipe wall; CJJ 34-2010 7.3: 0.5 mm for hot water.
    local_share
        Losses of bends, valves and compensators as a share of the friction of the straight pipe.
    limit_mpa
        Class of the pipes: 1.6, or 2.5 with long transmission mains.
    load_share
        Load of every substation as a share of its design load; the heating curve sets it (`topology.hydraulics.heating_curve`).
    """

    supply_degc: float = 110.0
    return_degc: float = 60.0
    supply_mpa: float | None = None
    return_mpa: float | None = None
    worst_differential_mpa: float = 0.10
    usual_return_mpa: float = 0.30
    roughness_mm: float = 0.5
    local_share: float = 0.2
    limit_mpa: float = 2.5
    load_share: float = 1.0


NORMAL = Operation()
"""At design load, pressures as low as they can be."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of the zone: asset id, pressures at its nodes, what it gives."""

    source_id: int
    supply_mpa: float
    return_mpa: float
    flow_m3_per_h: float
    power_mw: float


@dataclass(frozen=True, eq=False)
class NodePressures:
    """Per node: side (`codes.SUPPLY`, `RETURN`), height of the axis, pressure, and head (height plus pressure) in metres."""

    side: NDArray[np.uint8]
    height_m: Floats
    pressure_mpa: Floats
    head_m: Floats


@dataclass(frozen=True, eq=False)
class PipeFlows:
    """Per pipe: asset id, nodes, flow (positive as drawn), velocity, friction of the straight pipe."""

    asset_id: Ints
    u: Ints
    v: Ints
    flow_m3_per_h: Floats
    velocity_m_per_s: Floats
    friction_pa_per_m: Floats


@dataclass(frozen=True, eq=False)
class StationPressures:
    """Per consumer: asset id, load, primary flow, pressures of both sides; the differential is what its primary side may lose.

    `flow_share` is the flow as a share of what the load needs: below 1 the station is short. Consumers are substations, and
    isolating and relay energy stations for the part towards the plant.
    """

    asset_id: Ints
    load_mw: Floats
    flow_m3_per_h: Floats
    supply_mpa: Floats
    return_mpa: Floats
    flow_share: Floats

    @property
    def differential_mpa(self) -> Floats:
        """Supply minus return."""
        return self.supply_mpa - self.return_mpa


@dataclass(frozen=True, eq=False)
class Lifts:
    """Per relay pump and side: asset id, pressures before and behind it, flow in pumping direction."""

    asset_id: Ints
    inlet_mpa: Floats
    outlet_mpa: Floats
    flow_m3_per_h: Floats


@dataclass(frozen=True, slots=True)
class Problem:
    """What makes no physical sense: key of `gates.RULES`, the assets concerned, the worst value in words."""

    rule: str
    asset_ids: tuple[int, ...]
    message: str


@dataclass(frozen=True, eq=False)
class ZoneHydraulics:
    """Pressures and flows of one zone at one state of the valves.

    Attributes
    ----------
    source_id
        The source that holds the pressure.
    network_version, valve_version
        What it was solved for.
    operation
        As solved: `supply_mpa` and `return_mpa` are numbers, unless nothing converged.
    converged
        False: all pressures and flows are NaN.
    feeds
        Sources of the zone, `source_id` first.
    nodes, pipes, stations, lifts
        See there; pipes and stations count in the order of their asset ids.
    problems
        Gates that are not passed.
    leak_kg_per_s
        Water that leaves the pipes and that the first source makes up for.
    height_unknown, diameter_unknown
        How many nodes and pipes got a stand-in.
    """

    source_id: int
    network_version: int
    valve_version: int
    operation: Operation
    converged: bool
    feeds: tuple[Feed, ...]
    nodes: NodePressures
    pipes: PipeFlows
    stations: StationPressures
    lifts: Lifts
    problems: tuple[Problem, ...]
    height_unknown: int
    diameter_unknown: int
    leak_kg_per_s: float = 0.0

    @property
    def worst_station_id(self) -> int:
        """Asset id of the substation with the smallest differential; 0 where there is none."""
        differential = self.stations.differential_mpa
        return int(self.stations.asset_id[np.argmin(differential)]) if self.converged and len(differential) else 0
