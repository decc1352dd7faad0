"""Rules of data quality in the store, version by version, and what they cost by day, company and kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from data.errors import Conflict, NotFound
from data.pool import Pool
from data.readings import from_ms
from data.statements import scope_parameters, sql
from twin.quality_rules.model import MAX_RULES, QualityRule, rule_from_json
from twin.quality_rules.shipped import SHIPPED_RULES
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class StoredRule:
    """One version of a rule; `seat` is empty for one that ships."""

    rule: QualityRule
    seat: str
    note: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """Values of one company, district and kind: how many a rule flagged and what they cost; code "" = how many were checked."""

    company_id: int
    area_id: int
    kind: str
    code: str
    counted: int
    lost: float


@dataclass(frozen=True, slots=True)
class DayCount:
    """As `Count`, of one day and all districts that a scope holds."""

    day: date
    company_id: int
    kind: str
    code: str
    counted: int
    lost: float


async def seed_rules(pool: Pool, city_id: int) -> None:
    """Give a city the shipped rules that it has not got yet."""
    definitions = [rule.as_json() for rule in SHIPPED_RULES]
    await pool.execute(sql("quality_rule_seed"), city_id, [rule.code for rule in SHIPPED_RULES], definitions)


async def list_quality_rules(pool: Pool, city_id: int) -> list[StoredRule]:
    """Return the newest version of every rule, by code."""
    return [_stored(row) for row in await pool.fetch(sql("quality_rule_list"), city_id)]


async def rule_versions(pool: Pool, city_id: int, code: str) -> list[StoredRule]:
    """Return the versions of a rule, the newest first.

    Raises
    ------
    NotFound
        When the city has no such rule.
    """
    rows = await pool.fetch(sql("quality_rule_versions"), city_id, code)
    if not rows:
        raise NotFound(f"city {city_id} has no quality rule {code!r}")
    return [_stored(row) for row in rows]


async def write_rule(pool: Pool, city_id: int, rule: QualityRule, *, on_version: int, seat: str, note: str) -> StoredRule:
    """Write a new version of a rule.

    Parameters
    ----------
    on_version
        The version that was edited; 0 = the rule is new.

    Raises
    ------
    Conflict
        When another version is the newest by now, the code is taken, or the city has `MAX_RULES` rules.
    """
    if on_version == 0 and len(await list_quality_rules(pool, city_id)) >= MAX_RULES:
        raise Conflict(f"city {city_id} has {MAX_RULES} quality rules; switch off or edit one of them")
    version = await pool.fetchval(sql("quality_rule_add"), city_id, rule.code, on_version, rule.as_json(), seat, note)
    if version is None:
        wanted = "no rule has that code yet" if on_version == 0 else f"version {on_version} is the newest"
        raise Conflict(f"quality rule {rule.code!r} is written only where {wanted}: read it again")
    return (await rule_versions(pool, city_id, rule.code))[0]


def _stored(row: asyncpg.Record) -> StoredRule:
    rule = rule_from_json(row["definition"], version=row["version"])
    return StoredRule(rule, row["seat"], row["note"], row["written_at"])


async def add_counts(pool: Pool, city_id: int, slot_ms: int, counts: Sequence[Count]) -> bool:
    """Add the counts of a minute to the present day, unless another server has written that minute; tells whether it did."""
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(sql("quality_slot_take"), city_id, from_ms(slot_ms)) is None:
            return False
        columns = [[getattr(count, name) for count in counts] for name in Count.__slots__]
        await connection.execute(sql("quality_day_add"), city_id, *columns)
    return True


async def list_days(pool: Pool, scope: Scope, city_id: int, first: date, last: date) -> list[DayCount]:
    """Return the counts of some days that a scope may see, by day, company, kind and rule."""
    rows = await pool.fetch(sql("quality_day_list"), *scope_parameters(scope, city_id).as_tuple(), first, last)
    return [DayCount(**dict(row)) for row in rows]
