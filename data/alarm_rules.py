"""Alarm rules in the store: those that ship, edits with their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from data.errors import NotFound
from data.pool import Pool
from data.sources import list_schemas
from data.statements import scope_parameters, sql
from twin.alarms import Limits, ThresholdRule, check_against, condition_from_json, device_rule, level_of
from twin.errors import BadRule
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with who edited it last (empty: nobody, it ships) and when."""

    rule: ThresholdRule
    seat: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One edit of a rule: the rule as it was from then on."""

    version: int
    seat: str
    note: str
    changed_at: datetime
    rule: Mapping[str, Any]


async def list_rules(pool: Pool, city_id: int) -> list[ThresholdRule]:
    """Return the enabled rules of a city."""
    return [_stored(row).rule for row in await pool.fetch(sql("alarm_rule_list"), city_id, True, None)]


async def all_rules(pool: Pool, city_id: int, *, code: str | None = None) -> list[StoredRule]:
    """Return all rules of a city, or the one of a code."""
    return [_stored(row) for row in await pool.fetch(sql("alarm_rule_list"), city_id, False, code)]


async def rule_versions(pool: Pool, city_id: int, code: str) -> list[RuleVersion]:
    """Return the edits of a rule, newest first; none for one that is as it shipped."""
    return [RuleVersion(**dict(row)) for row in await pool.fetch(sql("alarm_rule_versions"), city_id, code)]


async def rules_changed(pool: Pool) -> Mapping[int, int]:
    """Return a number for each city that rises with every edit of its rules."""
    return {row["city_id"]: row["version"] for row in await pool.fetch(sql("alarm_rule_changed"))}


async def store_rule(pool: Pool, city_id: int, rule: ThresholdRule, *, seat: str, note: str) -> StoredRule:
    """Write a rule (by its code) in the name of a seat; returns it with its new version.

    Open alarms of a rule that is switched off, or that watches another point now, close.

    Raises
    ------
    BadRule
        When no source of the city can feed it, or it could never clear.
    """
    schemas = [stored.schema for stored in await list_schemas(pool, city_id) if stored.schema.code == rule.schema_code]
    if not schemas:
        raise BadRule(f"rule {rule.code!r} watches frames of {rule.schema_code!r}; there is no such schema in city {city_id}")
    check_against(rule, max(schemas, key=lambda schema: schema.version))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("alarm_rule_lock"), city_id)
        await connection.fetchrow(sql("alarm_rule_store"), city_id, rule.code, rule.as_json(), seat, note)
    found = await all_rules(pool, city_id, code=rule.code)
    return found[0]


async def list_limits(pool: Pool, city_id: int) -> Limits:
    """Return the limits of single sources: those that somebody set, and thresholds of measuring devices."""
    found: dict[tuple[int, int], dict[int, float]] = {}
    for row in await pool.fetch(sql("alarm_limits"), city_id):
        if row["limit_value"] is not None:
            found.setdefault((row["rule_id"], row["place"]), {})[row["source_id"]] = row["limit_value"]
    return found


@dataclass(frozen=True, slots=True)
class SiteLimit:
    """The limit that a rule has at one source, in place of its own; None as `limit_value` gives the rule's own back."""

    place: int
    limit_value: float | None
    seat: str
    note: str
    changed_at: datetime
    source: str
    asset_id: int
    asset_name: str


async def site_limits(pool: Pool, scope: Scope, city_id: int, code: str) -> list[SiteLimit]:
    """Return the limits that persons set for a rule at single sources of visible assets."""
    scope.require_layer("alarms")
    rows = await pool.fetch(sql("alarm_limit_list"), *scope_parameters(scope, city_id).as_tuple(), code)
    return [SiteLimit(**dict(row)) for row in rows]


async def store_limit(
    pool: Pool, scope: Scope, city_id: int, code: str, source: str, *, place: int, limit: float | None, seat: str, note: str
) -> None:
    """Set the limit of one condition of a rule at one source; None gives the rule's own back.

    Raises
    ------
    NotFound
        When the city has no such rule, or no such source that the seat may see.
    BadRule
        When the rule does not watch the source, has no such condition, or could never clear with this limit.
    """
    scope.require_layer("alarms")
    rule = (await require_rule(pool, city_id, code)).rule
    row = await pool.fetchrow(sql("alarm_limit_source"), *scope_parameters(scope, city_id).as_tuple(), source)
    if row is None:
        raise NotFound(f"there is no source {source!r} in city {city_id}")
    if row["schema_code"] != rule.schema_code:
        raise BadRule(f"rule {code!r} watches frames of {rule.schema_code!r}; {source!r} sends {row['schema_code']!r}")
    if limit is not None:
        schemas = [stored.schema for stored in await list_schemas(pool, city_id) if stored.schema.code == rule.schema_code]
        check_against(rule.with_limit(place, limit), max(schemas, key=lambda schema: schema.version))
    await pool.execute(sql("alarm_limit_store"), city_id, code, row["source_id"], place, limit, seat, note)


async def ensure_device_rules(pool: Pool, city_id: int) -> None:
    """Add a rule for each point, side and level that has thresholds of measuring devices: one for all devices of a kind."""
    points = {
        (stored.schema.code, point.name): point for stored in await list_schemas(pool, city_id) for point in stored.schema.points
    }
    rules = [
        device_rule(row["schema_code"], points[row["schema_code"], row["point"]], row["side"], level_of(row["level"]))
        for row in await pool.fetch(sql("alarm_device_sides"), city_id)
        if (row["schema_code"], row["point"]) in points
    ]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("alarm_rule_lock"), city_id)
        given = [{"place": place, **rule.as_json()} for place, rule in enumerate(rules)]
        await connection.execute(sql("alarm_rule_ensure"), city_id, given)


async def require_rule(pool: Pool, city_id: int, code: str) -> StoredRule:
    """Return the rule of a code.

    Raises
    ------
    NotFound
        When the city has none of that code.
    """
    found = await all_rules(pool, city_id, code=code)
    if not found:
        raise NotFound(f"there is no alarm rule {code!r} in city {city_id}")
    return found[0]


def _stored(row: asyncpg.Record) -> StoredRule:
    values = dict(row)
    seat, changed_at = values.pop("seat"), values.pop("changed_at")
    values["level"] = level_of(values["level"])
    values["also"] = tuple(condition_from_json(each) for each in values["also"])
    return StoredRule(ThresholdRule(**values), seat, changed_at)
