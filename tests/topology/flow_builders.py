"""Zones by dice: trees of both sides with rings, two sources and pumps."""

from __future__ import annotations

import numpy as np

from topology.flow.friction import Floats
from topology.flow.solver import FlowSolver
from topology.hydraulics.zone import Zone

DEGC = (110.0, 60.0)
_KG_PER_S_PER_MW = 4.7


def ring_zone(seed: int, *, nodes: int = 60, rings: int, lifts: int = 0) -> Zone:
    """Return a zone whose return is its supply mirrored; node 0 is the plant, stations sit at every third node."""
    rng = np.random.default_rng(seed)
    tail = np.array([rng.integers(max(0, n - 4), n) for n in range(1, nodes)])
    head = np.arange(1, nodes)
    pairs = rng.choice(nodes, (rings, 2)) if rings else np.zeros((0, 2), np.int64)
    u, v = np.concatenate([tail, pairs[:, 0]]), np.concatenate([head, pairs[:, 1]])
    pumped = np.arange(1, 1 + 3 * lifts, 3)
    lift_u, lift_v = u[pumped], v[pumped]
    u, v = np.delete(u, pumped), np.delete(v, pumped)
    length, diameter = rng.uniform(20.0, 400.0, len(u)), rng.choice([200.0, 300.0, 400.0], len(u))
    height = rng.uniform(0.0, 20.0, nodes)
    station = np.arange(2, nodes, 3)
    load = rng.uniform(0.5, 4.0, len(station))
    second = nodes - 1
    return Zone(
        source_id=1,
        node_side=np.repeat(np.array([1, 2], np.uint8), nodes),
        node_height_m=np.tile(height, 2),
        pipe_id=np.arange(1000, 1000 + 2 * len(u)),
        pipe_u=np.concatenate([u, v + nodes]),
        pipe_v=np.concatenate([v, u + nodes]),
        pipe_length_m=np.tile(length, 2),
        pipe_diameter_mm=np.tile(diameter, 2),
        lift_id=np.arange(900, 900 + 2 * lifts),
        lift_u=np.concatenate([lift_u, lift_v + nodes]),
        lift_v=np.concatenate([lift_v, lift_u + nodes]),
        lift_mpa=np.full(2 * lifts, 0.1),
        station_id=np.arange(500, 500 + len(station)),
        station_supply=station,
        station_return=station + nodes,
        station_load_mw=load,
        feed_id=np.array([1, 2]),
        feed_supply=np.array([0, second]),
        feed_return=np.array([nodes, second + nodes]),
        feed_power_mw=np.array([100.0, 20.0]),
        feed_load_mw=np.array([0.85, 0.15]) * load.sum(),
        one_sided_ids=(),
        height_unknown=0,
        diameter_unknown=0,
    )


def flows_of(zone: Zone) -> tuple[Floats, Floats]:
    """Return the flows of stations and sources, kg/s."""
    return zone.station_load_mw * _KG_PER_S_PER_MW, zone.feed_load_mw * _KG_PER_S_PER_MW


def solver_of(zone: Zone, roughness_mm: float | Floats = 0.5) -> FlowSolver:
    """Return a solver as the product makes it."""
    return FlowSolver(zone, roughness_mm=roughness_mm, local_share=0.2, temperature_degc=DEGC)
