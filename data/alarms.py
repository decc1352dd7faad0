"""Alarms in the store: rules, open alarms, transitions with the seat that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from data.errors import NotFound
from data.pool import Pool
from data.readings import from_ms
from data.statements import scope_parameters, sql
from twin.alarms import ThresholdRule
from twin.live import AlarmChange
from twin.scope import Scope
from twin.status import AlarmLevel

RULES_SEAT = "rules"
"""Stands in the transition log for the program itself."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as listed."""

    alarm_id: int
    asset_id: int
    asset_name: str
    asset_kind: str
    rule_code: str
    rule_name_zh: str
    rule_name_en: str
    schema_code: str
    point: str
    level: int
    value: float
    limit_value: float
    active: bool
    acknowledged: bool
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    position_wgs84: tuple[float, float] | None


async def list_rules(pool: Pool, city_id: int) -> list[ThresholdRule]:
    """Return the enabled rules of a city."""
    rows = await pool.fetch(sql("alarm_rule_list"), city_id)
    return [ThresholdRule(**{**dict(row), "level": AlarmLevel(row["level"])}) for row in rows]


async def ensure_rule(connection: asyncpg.Connection, city_id: int, rule: ThresholdRule) -> None:
    """Add a rule unless one of its code exists."""
    await connection.execute(
        sql("alarm_rule_ensure"),
        city_id,
        rule.code,
        rule.name_zh,
        rule.name_en,
        rule.schema_code,
        rule.point,
        rule.above,
        rule.below,
        rule.deadband,
        rule.level.value,
    )


async def store_changes(connection: asyncpg.Connection, city_id: int, changes: Sequence[AlarmChange]) -> None:
    """Store alarms that open and close, inside the transaction that stores the frames which did it.

    Parameters
    ----------
    changes
        Of one round: no alarm comes twice.
    """
    raised = [change for change in changes if change.raised]
    cleared = [change for change in changes if not change.raised]
    if raised:
        await connection.execute(
            sql("alarm_raise"),
            city_id,
            [change.rule.rule_id for change in raised],
            [change.source.asset_id for change in raised],
            [change.source.source_id for change in raised],
            [change.rule.level.value for change in raised],
            [change.value for change in raised],
            [change.rule.limit for change in raised],
            [from_ms(change.observed_ms) for change in raised],
            RULES_SEAT,
        )
    if cleared:
        await connection.execute(
            sql("alarm_clear"),
            city_id,
            [change.rule.rule_id for change in cleared],
            [change.source.source_id for change in cleared],
            [from_ms(change.observed_ms) for change in cleared],
            RULES_SEAT,
        )


async def list_active(pool: Pool, city_id: int) -> list[tuple[int, int]]:
    """Return (rule_id, source_id) of the open alarms of a city."""
    rows = await pool.fetch(sql("alarm_active"), city_id)
    return [(row["rule_id"], row["source_id"]) for row in rows]


async def open_since(pool: Pool, city_id: int) -> dict[int, datetime]:
    """Return since when each asset of a city has an open alarm; for the search for causes, not for a caller's eyes."""
    return {row["asset_id"]: row["raised_at"] for row in await pool.fetch(sql("alarm_open_since"), city_id)}


async def list_alarms(
    pool: Pool, scope: Scope, city_id: int, *, active: bool | None = True, alarm_id: int | None = None, limit: int = 1000
) -> list[Alarm]:
    """Return the visible alarms, open ones first, then by level and time.

    Parameters
    ----------
    active
        True = open ones, False = closed ones, None = both.
    alarm_id
        Only this one.
    limit
        At most so many.
    """
    scope.require_layer("alarms")
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("alarm_list"), *parameters, active, alarm_id, limit)
    return [_alarm(row) for row in rows]


async def list_alarms_at(pool: Pool, scope: Scope, city_id: int, at: datetime, *, limit: int = 1000) -> list[Alarm]:
    """Return the visible alarms that were open at a past time, as they were then; by level and time."""
    scope.require_layer("alarms")
    rows = await pool.fetch(sql("replay_alarm_list"), *scope_parameters(scope, city_id).as_tuple(), at, limit)
    return [_alarm(row) for row in rows]


def _alarm(row: asyncpg.Record) -> Alarm:
    values = dict(row)
    lon, lat = values.pop("lon"), values.pop("lat")
    return Alarm(**values, position_wgs84=None if lon is None else (lon, lat))


async def acknowledge_alarm(pool: Pool, scope: Scope, city_id: int, alarm_id: int, *, seat: str, note: str = "") -> Alarm:
    """Acknowledge an alarm in the name of a seat; the first acknowledgement stands.

    Raises
    ------
    NotFound
        When there is no such alarm, or not for this seat.
    """
    if not await list_alarms(pool, scope, city_id, active=None, alarm_id=alarm_id):
        raise NotFound(f"there is no alarm {alarm_id} in city {city_id}")
    await pool.execute(sql("alarm_acknowledge"), city_id, alarm_id, seat, note)
    return (await list_alarms(pool, scope, city_id, active=None, alarm_id=alarm_id))[0]
