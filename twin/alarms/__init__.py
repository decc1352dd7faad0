"""Alarms: rules, their evaluation on whole arrays, the states of one alarm, and the rules that ship."""

from __future__ import annotations

from twin.alarms.defaults import DEFAULT_RULE, device_rule, points_without_limit, shipped_rules
from twin.alarms.engine import Changes, SteadyClock, evaluate
from twin.alarms.rules import SILENCE, Condition, Limits, ThresholdRule, check_against, condition_from_json, level_of

__all__ = [
    "DEFAULT_RULE",
    "SILENCE",
    "Changes",
    "Condition",
    "Limits",
    "SteadyClock",
    "ThresholdRule",
    "check_against",
    "condition_from_json",
    "device_rule",
    "evaluate",
    "level_of",
    "points_without_limit",
    "shipped_rules",
]
