"""Which alarms a place upstream can explain at all: heat, water or pressure that is missing.

What is too hot, smokes, leaks inside a house or has fallen silent is an alarm of its own, and stays beside every incident. So is
the pressure of a secondary circuit, which its own pumps and make-up keep.
"""

from __future__ import annotations

from typing import Final

from twin.alarms.rules import SILENCE, Condition, ThresholdRule

_MISSING: Final = ("_degc", "_mpa", "_m3_per_h", "_t_per_h", "_mw")
"""Endings of the points that fall when something upstream fails."""
_OWN_CIRCUIT: Final = ("secondary_supply_pressure", "secondary_return_pressure", "constant_pressure", "outdoor_")


def explainable(rule: ThresholdRule) -> bool:
    """Tell whether something that failed upstream can make a rule ring: each of its conditions says that too little arrives."""
    return all(_lacks(condition) for condition in rule.conditions)


def _lacks(condition: Condition) -> bool:
    """Tell whether a condition holds when too little arrives."""
    point = condition.point
    fits = point != SILENCE and point.endswith(_MISSING) and not point.startswith(_OWN_CIRCUIT)
    return fits and condition.below is not None
