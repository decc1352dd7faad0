"""The catalogue of checks: whole, in two languages, documented."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from topology.findings import RULES as FINDINGS
from twin.checks import ACTIONS, GROUP_NAMES_ZH, GROUPS, RULES, SEVERITIES, Rule, worded

DOCS = Path(__file__).resolve().parents[2] / "docs" / "checks.md"
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_is_worded_in_both_languages_with_the_same_values(rule: Rule) -> None:
    assert rule.group in GROUPS
    assert rule.severity in SEVERITIES
    for text in (rule.label_zh, rule.meaning_zh):
        assert CHINESE.search(text)
    for text in (rule.label_en, rule.meaning_en, rule.message_en):
        assert text
        assert not CHINESE.search(text)
    assert set(rule.repairs) <= set(ACTIONS)
    if rule.group != "network":
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (rule.message_zh, rule.message_en)]
        assert {*names[0]} - {"label_zh"} == {*names[1]} - {"attribute"}


def test_every_finding_of_the_network_is_a_rule() -> None:
    # not_fed is the answer to a question about one asset, no finding of a whole network
    assert set(FINDINGS) - {"not_fed"} <= {name for name, rule in RULES.items() if rule.group == "network"}


def test_every_rule_and_group_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"| `{rule.name}` | {rule.severity} | {rule.label_zh} |" in text
    assert all(f"### {group} {GROUP_NAMES_ZH[group]}" in text for group in GROUPS)


def test_a_value_that_is_missing_is_a_question_mark() -> None:
    assert worded("{code}: {value!r}", {"code": "A"}) == "A: '?'"
