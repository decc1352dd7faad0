"""Reads problems for a caller: counts by rule, a page of them, one with its shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from data.assets import Position, escape_like, grid_deg
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.checks import ACTIONS, RULES, SEVERITIES, Rule, worded
from twin.kinds import KINDS
from twin.registers import MASK, REGISTERS, row_kind
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """Which problems; None = any.

    Attributes
    ----------
    rules
        Keys of `twin.checks.RULES`.
    state, kind
        State of the problem; kind of its asset, or register of its row.
    area_id, company_id, asset_id
        District and owner of its asset; any asset that it names.
    bbox_wgs84
        West, south, east, north: problems placed inside.
    search
        Part of the name or code of its asset; case does not matter.
    """

    rules: tuple[str, ...] | None = None
    state: str | None = None
    kind: str | None = None
    area_id: int | None = None
    company_id: int | None = None
    asset_id: int | None = None
    bbox_wgs84: tuple[float, float, float, float] | None = None
    search: str | None = None

    def parameters(self, scope: Scope) -> tuple[object, ...]:
        """Return `$5 .. $13` of the statements."""
        rules = by_severity(RULES if self.rules is None else self.rules)
        bbox = None if self.bbox_wgs84 is None else list(self.bbox_wgs84)
        pattern = None if self.search is None else f"%{escape_like(self.search)}%"
        return (rules, self.state, self.kind, self.area_id, self.company_id, self.asset_id, bbox, pattern, hidden_kinds(scope))


@dataclass(frozen=True, slots=True)
class ProposedRepair:
    """What would mend a problem, in words."""

    action: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class ProblemItem:
    """One problem as the caller may read it."""

    problem_id: int
    rule: Rule
    state: str
    asset_ids: Sequence[int]
    asset_count: int
    kind: str
    register: str | None
    code: str
    name: str
    area_id: int | None
    company_id: int | None
    position_wgs84: Position | None
    message_zh: str
    message_en: str
    repair: ProposedRepair | None
    found_at: datetime
    gone_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    change_id: int | None


@dataclass(frozen=True, slots=True)
class ProblemShapes:
    """Shapes (GeoJSON objects) and values of the assets of a problem before and after its repair; None where there are none."""

    geometry_before: dict[str, Any] | None
    geometry_after: dict[str, Any] | None
    attributes_before: dict[str, Any] | None
    attributes_after: dict[str, Any] | None


def by_severity(rules: Mapping[str, Rule] | Sequence[str]) -> list[str]:
    """Return rules, the gravest first."""
    return sorted(rules, key=lambda name: (SEVERITIES.index(RULES[name].severity), list(RULES).index(name)))


def hidden_kinds(scope: Scope) -> list[str]:
    """Return the registers whose codes or names the scope may not read."""
    return [] if scope.personal else [name for name, register in REGISTERS.items() if register.personal & {"code", "name"}]


async def count_problems(pool: Pool, scope: Scope, city_id: int) -> dict[str, dict[str, int]]:
    """Return by rule and state how many problems the scope may see; every rule is there."""
    counts: dict[str, dict[str, int]] = {name: {} for name in RULES}
    for row in await pool.fetch(sql("problem_rules"), *scope_parameters(scope, city_id).as_tuple()):
        if row["rule"] in counts:
            counts[row["rule"]][row["state"]] = int(row["problems"])
    return counts


async def list_problems(
    pool: Pool, scope: Scope, city_id: int, wanted: ProblemFilter, *, limit: int, offset: int
) -> tuple[int, list[ProblemItem]]:
    """Return how many visible problems fit, and a page of them, the gravest rules first."""
    parameters = (*scope_parameters(scope, city_id).as_tuple(), *wanted.parameters(scope))
    rows = await pool.fetch(sql("problem_list"), *parameters, limit, offset, *grid_deg(scope))
    total = int(await pool.fetchval(sql("problem_total"), *parameters))
    return total, [_item(row, scope) for row in rows]


async def read_problem(pool: Pool, scope: Scope, city_id: int, problem_id: int) -> tuple[ProblemItem, ProblemShapes]:
    """Return one problem with the shapes and values that its repair would change.

    Raises
    ------
    NotFound
        When there is no such problem, or the scope does not hold all its assets.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    row = await pool.fetchrow(sql("problem_one"), *parameters, problem_id, *grid_deg(scope))
    if row is None or row["rule"] not in RULES:
        raise NotFound(f"there is no problem {problem_id} in city {city_id}")
    item = _item(row, scope)
    edits = orjson.loads(row["edits"]) if isinstance(row["edits"], str) else row["edits"]
    ids = [int(each["asset_id"]) for each in edits or []] or list(item.asset_ids[:1])
    shapes = await pool.fetch(sql("problem_shapes"), *parameters, ids, edits or [], *grid_deg(scope))
    return item, _shapes(shapes, repaired=edits is not None)


def _shapes(rows: Sequence[asyncpg.Record], *, repaired: bool) -> ProblemShapes:
    """Put the shapes of several assets together; unchanged shapes stay on both sides, retired ones only before."""
    before = [row["before"] for row in rows if row["before"] is not None]
    after = [row["after"] or row["before"] for row in rows if not row["retire"] and (row["after"] or row["before"])]
    old = {row["asset_id"]: dict(row["attributes"]) for row in rows}
    new = {row["asset_id"]: _merged(row["attributes"], row["changes"]) for row in rows if not row["retire"]}
    return ProblemShapes(
        _collection(before) if before else None,
        _collection(after) if repaired and after else None,
        _values(rows, old),
        _values(rows, new) if repaired else None,
    )


def _merged(attributes: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    merged = {**attributes, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def _values(rows: Sequence[asyncpg.Record], values: Mapping[int, dict[str, Any]]) -> dict[str, Any] | None:
    """Return the attributes of the one asset, or those of several by code."""
    if len(rows) == 1:
        return values.get(rows[0]["asset_id"])
    return {row["code"]: values[row["asset_id"]] for row in rows if row["asset_id"] in values} or None


def _collection(shapes: Sequence[str]) -> dict[str, Any]:
    """Return the one shape, or several as a collection."""
    geometries = [orjson.loads(text) for text in shapes]
    return geometries[0] if len(geometries) == 1 else {"type": "GeometryCollection", "geometries": geometries}


# ---------------------------------------------------------------- words


def _item(row: asyncpg.Record, scope: Scope) -> ProblemItem:
    rule = RULES[row["rule"]]
    code, name = _names(row, scope)
    values = {**_labelled(row["kind"], row["detail"]), "code": code, "name": name}
    return ProblemItem(
        problem_id=row["problem_id"],
        rule=rule,
        state=row["state"],
        asset_ids=row["asset_ids"],
        asset_count=row["asset_count"],
        kind=row["kind"],
        register=row["kind"] if row["kind"] in REGISTERS else None,
        code=code,
        name=name,
        area_id=row["area_id"],
        company_id=row["company_id"],
        position_wgs84=None if row["lon"] is None else (row["lon"], row["lat"]),
        message_zh=worded(rule.message_zh, values),
        message_en=worded(rule.message_en, values),
        repair=_repair(row["action"], row["repair_values"], row["kind"]),
        found_at=row["found_at"],
        gone_at=row["gone_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
        change_id=row["change_id"],
    )


def _names(row: asyncpg.Record, scope: Scope) -> tuple[str, str]:
    """Return code and name, masked where they are personal."""
    register = REGISTERS.get(row["kind"])
    hidden = frozenset() if register is None or scope.personal else register.personal
    code, name = (MASK if key in hidden and row[key] else row[key] for key in ("code", "name"))
    return code, name


def _labelled(kind: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """Add the Chinese label of the attribute that a problem is about."""
    values = dict(detail)
    if "attribute" in values and (kind in KINDS or kind in REGISTERS):
        attribute = row_kind(kind).attribute(str(values["attribute"]))
        values["label_zh"] = values["attribute"] if attribute is None else attribute.label_zh
    return values


def _repair(action: str | None, values: Mapping[str, Any] | None, kind: str) -> ProposedRepair | None:
    if action is None or action not in ACTIONS:
        return None
    words = _labelled(kind, values or {})
    words.setdefault("label_zh", words.get("attribute", ""))
    zh, en = ACTIONS[action]
    return ProposedRepair(action, worded(zh, words), worded(en, words))
