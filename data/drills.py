"""Drills (演练): alarms of their own, in tables of their own, so that nothing real can count or tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from data.alarm_rules import require_rule
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.errors import BadDrill
from twin.scope import Scope

LONGEST: Final = timedelta(hours=24)
"""A drill ends by itself within a day: one that is forgotten must not hide what is real."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill; `running`: not ended by a person, and its end has not come."""

    drill_id: int
    name: str
    seat: str
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    running: bool


@dataclass(frozen=True, slots=True)
class DrillAlarm:
    """One alarm of a drill: a rule that rings at an asset because somebody wanted it to."""

    drill_alarm_id: int
    drill_id: int
    asset_id: int
    asset_name: str
    asset_kind: str
    rule_code: str
    rule_name_zh: str
    rule_name_en: str
    level: int
    seat: str
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cleared_at: datetime | None
    position_wgs84: tuple[float, float] | None


async def list_drills(pool: Pool, scope: Scope, city_id: int, *, running: bool = False) -> list[Drill]:
    """Return drills of a city, the newest first, at most 50; or only the one that runs."""
    scope.require_city(city_id)
    return [Drill(**dict(row)) for row in await pool.fetch(sql("drill_list"), city_id, running, None)]


async def require_drill(pool: Pool, scope: Scope, city_id: int, drill_id: int) -> Drill:
    """Return one drill.

    Raises
    ------
    NotFound
        When the city has none of that number.
    """
    scope.require_city(city_id)
    row = await pool.fetchrow(sql("drill_list"), city_id, False, drill_id)
    if row is None:
        raise NotFound(f"there is no drill {drill_id} in city {city_id}")
    return Drill(**dict(row))


async def require_running(pool: Pool, scope: Scope, city_id: int, drill_id: int) -> Drill:
    """Return one drill that runs.

    Raises
    ------
    NotFound
        When the city has none of that number.
    BadDrill
        When it is over.
    """
    drill = await require_drill(pool, scope, city_id, drill_id)
    if not drill.running:
        raise BadDrill(f"drill {drill_id} is over since {drill.ended_at or drill.ends_at}; begin another one")
    return drill


async def start_drill(pool: Pool, scope: Scope, city_id: int, name: str, *, ends_at: datetime, seat: str) -> Drill:
    """Begin a drill in the name of a seat.

    Raises
    ------
    BadDrill
        When its end is not within 24 hours from now, or another one runs.
    """
    scope.require_layer("alarms")
    scope.require_city(city_id)
    now = datetime.now(UTC)
    if not now < ends_at <= now + LONGEST:
        raise BadDrill(f"ends_at is {ends_at}; a drill ends within {LONGEST.total_seconds() / 3600:g} hours from now")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("drill_lock"), city_id)
        drill_id = await connection.fetchval(sql("drill_start"), city_id, name, seat, ends_at)
    if drill_id is None:
        raise BadDrill("another drill runs in this city; end it first")
    return await require_drill(pool, scope, city_id, drill_id)


async def end_drill(pool: Pool, scope: Scope, city_id: int, drill_id: int, *, seat: str) -> Drill:
    """End a drill in the name of a seat before its time; one that is over stays as it is.

    Raises
    ------
    NotFound
        When the city has none of that number.
    """
    scope.require_layer("alarms")
    await require_drill(pool, scope, city_id, drill_id)
    await pool.execute(sql("drill_end"), city_id, drill_id, seat)
    return await require_drill(pool, scope, city_id, drill_id)


async def list_drill_alarms(pool: Pool, scope: Scope, city_id: int, drill_id: int) -> list[DrillAlarm]:
    """Return the alarms of a drill at visible assets: open ones first, then by level; at most 1,000."""
    scope.require_layer("alarms")
    found = []
    for row in await pool.fetch(sql("drill_alarm_list"), *scope_parameters(scope, city_id).as_tuple(), drill_id):
        values = dict(row)
        lon, lat = values.pop("lon"), values.pop("lat")
        found.append(DrillAlarm(**values, position_wgs84=None if lon is None else (lon, lat)))
    return found


async def raise_drill_alarm(
    pool: Pool, scope: Scope, city_id: int, drill_id: int, *, asset_id: int, rule_code: str, seat: str
) -> int:
    """Let a rule ring at an asset within a drill; returns the number of the alarm.

    Raises
    ------
    NotFound
        When there is no such drill or rule, or no such asset for this seat.
    BadDrill
        When the drill is over.
    """
    scope.require_layer("alarms")
    await require_running(pool, scope, city_id, drill_id)
    await require_rule(pool, city_id, rule_code)
    parameters = scope_parameters(scope, city_id).as_tuple()
    number: int | None = await pool.fetchval(sql("drill_alarm_raise"), *parameters, drill_id, asset_id, rule_code, seat)
    if number is None:
        raise NotFound(f"there is no asset {asset_id} in city {city_id}")
    return number


async def step_drill_alarm(
    pool: Pool, scope: Scope, city_id: int, drill_id: int, drill_alarm_id: int, *, acknowledge: bool, seat: str
) -> None:
    """Acknowledge an alarm of a drill, or let it end.

    Raises
    ------
    NotFound
        When there is no such drill or alarm, or not for this seat.
    BadDrill
        When the drill is over.
    """
    scope.require_layer("alarms")
    await require_running(pool, scope, city_id, drill_id)
    parameters = (*scope_parameters(scope, city_id).as_tuple(), drill_id, drill_alarm_id, seat, acknowledge)
    if await pool.fetchval(sql("drill_alarm_step"), *parameters) is None:
        raise NotFound(f"there is no alarm {drill_alarm_id} in drill {drill_id}")
