"""Systems of a substation: which storeys of a building each of them feeds.

Water at the height of a tower would burst the radiators of its first floor, so a substation feeds the storeys above a
limit by a network of their own: low, high and topmost zone (低区, 高区, 超高区) are its systems 1, 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence

ZONE_STOREYS = (18, 30)
"""Storeys up to which the first and the second system of a substation reach where it has a further one."""
TOPMOST_SHARE = 0.4
"""Share of buildings above the second zone from which a substation has a third system."""
SYSTEM_SHIFT_M = 1.8
"""Between the trenches of two systems that run side by side."""
INLET_SHIFT_M = 2.2
"""Between the inlets of two systems of a building, along its wall."""


def count_systems(storeys: Sequence[int]) -> int:
    """Return how many systems the substation of buildings with these storeys has."""
    if max(storeys) <= ZONE_STOREYS[0]:
        return 1
    topmost = sum(each > ZONE_STOREYS[1] for each in storeys)
    return 3 if topmost >= TOPMOST_SHARE * len(storeys) else 2


def share_of(storeys: int, system: int, systems: int) -> float:
    """Return the share of a building's storeys that one of its substation's systems feeds; 0 = does not reach it."""
    limits = (0, *ZONE_STOREYS[: systems - 1], storeys)
    low, high = (min(limit, storeys) for limit in limits[system - 1 : system + 1])
    return (high - low) / storeys
