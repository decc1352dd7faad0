"""Friction of water in pipes after Darcy, Weisbach, Swamee and Jain, with its derivative: compiled by numba."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_REYNOLDS = 100.0
"""Below it the loss is a straight line: Swamee and Jain's formula has a pole near 7. It is some mPa per metre there."""
JOINT_MPA_PER_KG_PER_S = 1e-9
"""Resistance of a pump's connection: 1 Pa at 1,000 kg/s, so that a pump in a ring has a derivative."""


class Friction(NamedTuple):
    """Coefficients of each edge: loss = `factor` x lambda(Re) x flow x |flow|, Re = `reynolds` x |flow|, in MPa and kg/s.

    `factor` 0 is a pump's connection. `rough` is the wall's roughness over 3.7 diameters. `reynolds` 0 is an open valve: its loss
    is `factor` x flow x |flow|, and a straight line below `rough` kg/s.
    """

    factor: Floats
    reynolds: Floats
    rough: Floats


def pipe_friction(
    *, length_m: Floats, diameter_m: Floats, roughness_m: Floats, density_kg_per_m3: Floats, viscosity_pa_s: Floats
) -> Friction:
    """Return the coefficients of straight pipes."""
    area = math.pi / 4.0 * diameter_m**2
    factor = 1e-6 * length_m / diameter_m / (2.0 * density_kg_per_m3 * area**2)
    return Friction(factor, diameter_m / (viscosity_pa_s * area), roughness_m / (3.7 * diameter_m))


@njit(cache=True)  # type: ignore[untyped-decorator]
def swamee_jain(reynolds: float, rough: float) -> tuple[float, float]:
    """Return Darcy's factor and its derivative by the Reynolds number (Swamee and Jain 1976)."""
    inside = rough + 5.74 * reynolds**-0.9
    lg = math.log10(inside)
    factor = 0.25 / (lg * lg)
    slope = -0.5 / (lg * lg * lg) / (inside * math.log(10.0)) * (-0.9 * 5.74 * reynolds**-1.9)
    return factor, slope


@njit(cache=True)  # type: ignore[untyped-decorator]
def edge_loss(friction: Friction, edge: int, flow: float) -> tuple[float, float]:
    """Return the pressure that an edge loses in the direction of the flow's sign, MPa, and its derivative by the flow."""
    factor, reynolds, rough = friction.factor[edge], friction.reynolds[edge], friction.rough[edge]
    if factor == 0.0:
        return JOINT_MPA_PER_KG_PER_S * flow, JOINT_MPA_PER_KG_PER_S
    size = abs(flow)
    if reynolds == 0.0:
        return (factor * rough * flow, factor * rough) if size < rough else (factor * size * flow, 2.0 * factor * size)
    number = reynolds * size
    if number < LEAST_REYNOLDS:
        darcy, _ = swamee_jain(LEAST_REYNOLDS, rough)
        slope = factor * darcy * LEAST_REYNOLDS / reynolds
        return slope * flow, slope
    darcy, by_number = swamee_jain(number, rough)
    return factor * darcy * size * flow, factor * size * (2.0 * darcy + by_number * number)


@njit(cache=True)  # type: ignore[untyped-decorator]
def edge_losses(friction: Friction, flow: Floats) -> tuple[Floats, Floats]:
    """Return `edge_loss` of the first edges, one flow each."""
    loss, slope = np.empty(flow.size), np.empty(flow.size)
    for e in range(flow.size):
        loss[e], slope[e] = edge_loss(friction, e, flow[e])
    return loss, slope


@njit(cache=True)  # type: ignore[untyped-decorator]
def darcy_factors(friction: Friction, flow: Floats) -> Floats:
    """Return Darcy's factor of the first edges as `edge_loss` uses it; 0 where nothing flows."""
    out = np.zeros(flow.size)
    for e in range(flow.size):
        number = friction.reynolds[e] * abs(flow[e])
        if number > 0.0:
            darcy, _ = swamee_jain(max(number, LEAST_REYNOLDS), friction.rough[e])
            out[e] = darcy * max(1.0, LEAST_REYNOLDS / number)
    return out
