"""What a rule of data quality is (数据质量规则), and how it is read from JSON.

boundary 边界值        outside `low` and `high`; without both, outside the range of the frame schema
jump 跳变              changed quicker than `rise_per_min`, `fall_per_min`; 0: a register that goes back
related 关联计算       a formula (`expression`) between points does not hold
format 格式            a form that the point cannot have: `whole` numbers, `allowed` values
completeness 完整性    missing though sent before, or (`mandatory`) though the source must send it
timeliness 及时性      came more than `periods` late, or `ahead_s` before its time; nothing has come for `periods`
flat 不变              has not moved for `minutes`; 0 counts only with `zero`
duplicate 重复         the whole frame was the same `frames` times
unit 单位              out of range, but would fit times one of `factors` or plus one of `offsets`
sentinel 占位值        one of `values`, by which devices say "no value"
balance 平衡           heat sources give out `loss` more, or `gain` less, than the substations of the same water take in; the
                       first of its two points is the sources', the second the substations'
neighbour 邻点         `difference` from the median of its district, of the city where fewer than `least` report
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias, get_args

from twin.errors import BadQualityRule
from twin.points.model import FrameSchema
from twin.quality import Quality
from twin.quality_rules.expression import Expression, read_expression

RuleKind: TypeAlias = Literal[
    "sentinel",
    "unit",
    "format",
    "boundary",
    "completeness",
    "duplicate",
    "flat",
    "jump",
    "related",
    "balance",
    "neighbour",
    "timeliness",
]
Parameter: TypeAlias = float | bool | str | tuple[float, ...]
RULE_KINDS: tuple[RuleKind, ...] = get_args(RuleKind)
"""In the order in which they explain a value: of several rules of one severity the first one is the reason."""
MAX_RULES: Final = 200
_MAX_LIST: Final = 50
_MAX_NAMES: Final = 100
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PATTERN = re.compile(r"!?[a-z0-9_*]{1,100}")
_LARGEST: Final = 1e12

_NUMBERS: Final[Mapping[RuleKind, Mapping[str, tuple[float, float]]]] = {
    "boundary": {"low": (-_LARGEST, _LARGEST), "high": (-_LARGEST, _LARGEST)},
    "jump": {"rise_per_min": (0, _LARGEST), "fall_per_min": (0, _LARGEST)},
    "flat": {"minutes": (1, 100_000)},
    "duplicate": {"frames": (2, 100_000)},
    "timeliness": {"periods": (1, 10_000), "ahead_s": (0, 86_400)},
    "neighbour": {"difference": (0, _LARGEST), "least": (3, 1000)},
    "balance": {"loss": (0, 1), "gain": (0, 10)},
}
_LISTS: Final[Mapping[RuleKind, Sequence[str]]] = {
    "format": ("allowed",),
    "unit": ("factors", "offsets"),
    "sentinel": ("values",),
}
_SWITCHES: Final[Mapping[RuleKind, Sequence[str]]] = {"format": ("whole",), "completeness": ("mandatory",), "flat": ("zero",)}
_NEEDED: Final[Mapping[RuleKind, tuple[Sequence[str], ...]]] = {
    # of each group at least one
    "jump": (("rise_per_min", "fall_per_min"),),
    "flat": (("minutes",),),
    "duplicate": (("frames",),),
    "timeliness": (("periods", "ahead_s"),),
    "neighbour": (("difference",), ("least",)),
    "balance": (("loss",), ("gain",)),
    "format": (("whole", "allowed"),),
    "unit": (("factors", "offsets"),),
    "sentinel": (("values",),),
    "related": (("expression",),),
}


@dataclass(frozen=True)
class QualityRule:
    """One rule.

    Attributes
    ----------
    code
        Its name for programs; stays when the rule is edited.
    kind
        What is tested.
    name_zh, name_en
        Its names for people.
    severity
        Flag that it gives: 3 = suspect, 4 = fail.
    schemas
        Codes of the frame schemas whose sources it looks at; none = all that have its points.
    points
        Names or patterns (`*_temperature_degc`); one that begins with `!` takes away. None = all; of a formula those it names.
    parameters
        By the table at the head of the module.
    enabled
        Whether it flags anything.
    version
        Rises with every edit.
    """

    code: str
    kind: RuleKind
    name_zh: str
    name_en: str
    severity: int
    schemas: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    enabled: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def expression(self) -> Expression | None:
        """The formula; None where the kind has none."""
        text = self.parameters.get("expression")
        return read_expression(text) if isinstance(text, str) else None

    def number(self, name: str) -> float | None:
        """Return a parameter that is a number; None where it is not given."""
        value = self.parameters.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a parameter that is a list of numbers; empty where it is not given."""
        value = self.parameters.get(name)
        return value if isinstance(value, tuple) else ()

    def columns(self, schema: FrameSchema) -> tuple[int, ...]:
        """Return the columns of a schema that the rule may flag; none where it does not look at it."""
        if self.schemas and schema.code not in self.schemas:
            return ()
        expression = self.expression
        if expression is not None and not set(expression.names) <= {point.name for point in schema.points}:
            return ()
        wanted = self.points or (expression.names if expression is not None else ("*",))
        return tuple(column for column, point in enumerate(schema.points) if _chosen(point.name, wanted))

    def as_json(self) -> dict[str, Any]:
        """Return what is stored and sent."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in self.parameters.items()}
        return {
            "code": self.code,
            "kind": self.kind,
            "name_zh": self.name_zh,
            "name_en": self.name_en,
            "severity": self.severity,
            "schemas": list(self.schemas),
            "points": list(self.points),
            "parameters": plain,
            "enabled": self.enabled,
        }


def _chosen(name: str, patterns: Sequence[str]) -> bool:
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return any(fnmatchcase(name, one) for one in wanted) and not any(fnmatchcase(name, one) for one in unwanted)


def rule_from_json(data: Mapping[str, Any], *, version: int = 1) -> QualityRule:
    """Read a rule as stored or sent.

    Raises
    ------
    BadQualityRule
        When anything about it does not fit; the message names it, its value and what would be right.
    """
    parameters = data.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise BadQualityRule("parameters must be an object of names and values")
    return QualityRule(
        code=str(data.get("code")),
        kind=data.get("kind"),  # type: ignore[arg-type]  # checked by the rule itself
        name_zh=str(data.get("name_zh") or ""),
        name_en=str(data.get("name_en") or ""),
        severity=data.get("severity", int(Quality.SUSPECT)),
        schemas=tuple(map(str, data.get("schemas") or ())),
        points=tuple(map(str, data.get("points") or ())),
        parameters={str(name): tuple(value) if isinstance(value, list) else value for name, value in parameters.items()},
        enabled=bool(data.get("enabled", True)),
        version=version,
    )


def require_points(rule: QualityRule, schemas: Sequence[FrameSchema]) -> None:
    """Raise `BadQualityRule` when a rule would look at nothing: a schema or point that is not there.

    Parameters
    ----------
    schemas
        Those of the city, in all versions.
    """
    codes = {schema.code for schema in schemas}
    strange = [code for code in rule.schemas if code not in codes]
    if strange:
        raise BadQualityRule(f"rule {rule.code!r} names schemas {', '.join(strange)}; there are {', '.join(sorted(codes))}")
    looked_at = [schema for schema in schemas if not rule.schemas or schema.code in rule.schemas]
    known = {point.name for schema in looked_at for point in schema.points}
    names = rule.expression.names if rule.expression is not None else ()
    plain = [pattern for pattern in rule.points if "*" not in pattern and not pattern.startswith("!")]
    unknown = [name for name in (*names, *plain) if name not in known]
    if unknown:
        raise BadQualityRule(f"rule {rule.code!r} names points {', '.join(unknown)}, which no schema that it looks at has")
    if not any(rule.columns(schema) for schema in looked_at):
        raise BadQualityRule(f"rule {rule.code!r} looks at nothing: no one schema has all its points")


# ---------------------------------------------------------------- checks


def _check(rule: QualityRule) -> None:
    if not _CODE.fullmatch(rule.code):
        raise BadQualityRule(f"code is {rule.code[:80]!r}; it must be small letters, digits and _, at most 64, a letter first")
    if rule.kind not in RULE_KINDS:
        raise BadQualityRule(f"kind of rule {rule.code!r} is {rule.kind!r}; it must be one of {', '.join(RULE_KINDS)}")
    if rule.severity not in (int(Quality.SUSPECT), int(Quality.FAIL)):
        raise BadQualityRule(f"severity of rule {rule.code!r} is {rule.severity!r}; it must be 3 (suspect) or 4 (fail)")
    for name in ("schemas", "points"):
        texts: tuple[str, ...] = getattr(rule, name)
        if len(texts) > _MAX_NAMES or not all(_PATTERN.fullmatch(text) for text in texts):
            raise BadQualityRule(
                f"{name} of rule {rule.code!r} must be at most {_MAX_NAMES} names of small letters, digits, _ and *"
            )
    _check_parameters(rule)


def _check_parameters(rule: QualityRule) -> None:
    numbers, lists = _NUMBERS.get(rule.kind, {}), _LISTS.get(rule.kind, ())
    switches = _SWITCHES.get(rule.kind, ())
    texts = ("expression",) if rule.kind == "related" else ()
    for name, value in rule.parameters.items():
        if name not in (*numbers, *lists, *switches, *texts):
            allowed = ", ".join((*numbers, *lists, *switches, *texts)) or "none"
            raise BadQualityRule(f"rule {rule.code!r} of kind {rule.kind} has parameter {name[:80]!r}; it may have {allowed}")
        if name in numbers:
            _check_number(rule, name, value, numbers[name])
        elif name in lists:
            _check_list(rule, name, value)
        elif not isinstance(value, bool if name in switches else str):
            wanted = "true or false" if name in switches else "a formula"
            raise BadQualityRule(f"{name} of rule {rule.code!r} is {str(value)[:80]!r}; it must be {wanted}")
    for group in _NEEDED.get(rule.kind, ()):
        if not any(name in rule.parameters for name in group):
            raise BadQualityRule(f"rule {rule.code!r} of kind {rule.kind} needs parameter {' or '.join(group)}")
    if rule.kind == "balance" and (len(rule.points) != 2 or any("*" in name or "!" in name for name in rule.points)):
        raise BadQualityRule(f"rule {rule.code!r} of kind balance needs two points: the heat sources' and the substations'")
    low, high = rule.number("low"), rule.number("high")
    if low is not None and high is not None and low >= high:
        raise BadQualityRule(f"rule {rule.code!r} has low {low:g} and high {high:g}; low must be below high")
    assert rule.expression is None or rule.expression.names  # a formula that cannot be read is refused here


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_number(rule: QualityRule, name: str, value: object, limits: tuple[float, float]) -> None:
    least, most = limits
    if not _is_number(value) or not least <= value <= most:  # type: ignore[operator]  # it is a number here
        raise BadQualityRule(f"{name} of rule {rule.code!r} is {str(value)[:80]!r}; it must be a number of {least:g} to {most:g}")


def _check_list(rule: QualityRule, name: str, value: object) -> None:
    if not isinstance(value, tuple) or not 1 <= len(value) <= _MAX_LIST or not all(map(_is_number, value)):
        raise BadQualityRule(f"{name} of rule {rule.code!r} must be a list of 1 to {_MAX_LIST} numbers")
