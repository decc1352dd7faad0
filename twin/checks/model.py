"""What a rule of the checks is, and what a repair can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Group: TypeAlias = Literal["geometry", "duplicates", "place", "attributes", "codes", "relations", "network", "coverage"]
Severity: TypeAlias = Literal["error", "warning", "notice"]
State: TypeAlias = Literal["open", "accepted", "dismissed", "reverted", "gone"]

GROUPS: tuple[Group, ...] = get_args(Group)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
STATES: tuple[State, ...] = get_args(State)

GROUP_NAMES_ZH: Mapping[Group, str] = {
    "geometry": "几何",
    "duplicates": "重复",
    "place": "位置",
    "attributes": "属性",
    "codes": "编码",
    "relations": "关联关系",
    "network": "管网",
    "coverage": "供热范围",
}

ACTIONS: Mapping[str, tuple[str, str]] = {
    "snap_ends": ("将管线端点移动{metres}米，与{target}相接", "move the end of the pipe by {metres} m onto {target}"),
    "move_valve": ("将阀门移动{metres}米，置于两段管线的接点", "move the valve by {metres} m onto the node of two pipes"),
    "move_inlet": ("将热力入口移动{metres}米，与管线{target}相接", "move the inlet by {metres} m onto the end of pipe {target}"),
    "retire": ("停用重复对象{target}", "retire {target}, which repeats another"),
    "make_valid": ("修复图形，使其有效", "make the shape valid"),
    "remove_vertices": ("删除重复顶点", "remove the repeated vertices"),
    "set_value": ("将“{label_zh}”改为{value}", "set {attribute} to {value}"),
    "undo_conversion": (
        "撤销多余的坐标转换，整层移回{metres}米",
        "undo the conversion made once too often: move the layer back by {metres} m",
    ),
}
"""What a repair does, in Chinese and English; the values come with each repair."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the checks.

    Attributes
    ----------
    name
        Key of the rule; problems carry it and it never changes.
    group
        What it is about.
    severity
        `error`: an answer of the twin is wrong because of it; `warning`: something is not as declared or not plausible; `notice`:
        worth knowing.
    label_zh, label_en
        Short name.
    meaning_zh, meaning_en
        What is wrong when it is broken, as one sentence; what callers read who may not see all the assets concerned.
    message_zh, message_en
        Message of one problem; `{code}` is the code of the asset or row, other names are keys of the problem's detail.
    repairs
        Actions (keys of `ACTIONS`) that may be proposed.
    source
        Standard and clause; empty where the rule is our own.
    """

    name: str
    group: Group
    severity: Severity
    label_zh: str
    label_en: str
    meaning_zh: str
    meaning_en: str
    message_zh: str
    message_en: str
    repairs: tuple[str, ...] = ()
    source: str = ""

    @property
    def repairable(self) -> bool:
        """Tell whether repairs are proposed for problems of this rule (each still only where it is certain)."""
        return bool(self.repairs)


class _Values(dict[str, object]):
    """Values of a message; a name that has none is shown as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def worded(template: str, values: Mapping[str, object]) -> str:
    """Return a template with its names filled in.

    >>> worded("{storeys} storeys", {"storeys": -6})
    '-6 storeys'
    """
    return template.format_map(_Values(values))
