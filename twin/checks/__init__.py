"""The catalogue of checks: every rule with its group, severity, words and the repairs that may be proposed.

One place says what a rule means. The engine (`data.checks`) finds problems, the API lists them, the viewer shows them with these
words. A rule is added here and gets a statement or a function in `data.checks`; `docs/checks.md` tells how.
"""

from __future__ import annotations

from collections.abc import Mapping

from twin.checks import attributes, duplicates, geometry, network, place, relations, rollout
from twin.checks.model import ACTIONS, GROUP_NAMES_ZH, GROUPS, SEVERITIES, STATES, Group, Rule, Severity, State, worded

__all__ = ["ACTIONS", "GROUPS", "GROUP_NAMES_ZH", "RULES", "SEVERITIES", "STATES", "Group", "Rule", "Severity", "State", "worded"]

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for module in (geometry, duplicates, place, attributes, relations, rollout, network)
    for rule in sorted(module.RULES, key=lambda rule: rule.group)
}
"""All rules by name."""
