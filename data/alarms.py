"""Alarms in the store: what opens and closes with its frames, what persons do, and the log of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import asyncpg

from data.errors import NotFound
from data.latest import add_commit
from data.pool import Pool
from data.readings import from_ms
from data.statements import scope_parameters, sql
from twin.alarms.states import TRANSITIONS, Action, AlarmState, act
from twin.live import AlarmChange
from twin.scope import Scope

RULES_SEAT = "rules"
"""Stands in the transition log for the program itself."""
AlarmFilterState: TypeAlias = Literal[
    "active", "cleared", "unacknowledged", "unconfirmed", "shelved", "suppressed", "out_of_service"
]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as listed; states as in `twin.alarms.states.AlarmState`.

    Attributes
    ----------
    standing
        Open for more than 24 hours.
    chattering
        Its rule has rung three times at its source within the last hour.
    current_value, highest_value
        Latest good value while it is open, and the furthest beyond the limit; None = no other than the one that raised it.
    pop_up, advice
        Those of its rule.
    incident_id
        Incident that holds it; None = it stands for itself.
    """

    alarm_id: int
    asset_id: int
    asset_name: str
    asset_kind: str
    area_id: int | None
    company_id: int | None
    rule_code: str
    rule_name_zh: str
    rule_name_en: str
    point: str
    schema_code: str
    per_h: bool
    source_id: int
    level: int
    value: float
    limit_value: float
    active: bool
    acknowledged: bool
    confirmed: bool
    shelved_until: datetime | None
    suppressed: bool
    out_of_service: bool
    false_alarm: bool | None
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    standing: bool
    chattering: bool
    current_value: float | None
    highest_value: float | None
    pop_up: bool
    advice: str
    incident_id: int | None
    position_wgs84: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """Which alarms; None = any.

    Attributes
    ----------
    area_id, company_id
        District and owner of the asset.
    folded
        True: held by an incident; False: by none.
    """

    state: AlarmFilterState | None = None
    alarm_id: int | None = None
    level: int | None = None
    area_id: int | None = None
    company_id: int | None = None
    kind: str | None = None
    rule_code: str | None = None
    asset_id: int | None = None
    incident_id: int | None = None
    folded: bool | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the log of an alarm: what happened, by whom, when, and what was said."""

    transition_id: int
    transition: str
    seat: str
    happened_at: datetime
    note: str


async def store_changes(connection: asyncpg.Connection, city_id: int, changes: Sequence[AlarmChange]) -> list[tuple[int, int]]:
    """Store alarms that open and close, inside the transaction that stores the frames which did it.

    Parameters
    ----------
    changes
        Of one round: no alarm comes twice.

    Returns
    -------
    (rule_id, source_id) of the alarms that open on a shelf or out of service.
    """
    raised = [change for change in changes if change.raised]
    cleared = [change for change in changes if not change.raised]
    quiet: list[tuple[int, int]] = []
    if raised:
        rows = await connection.fetch(
            sql("alarm_raise"),
            city_id,
            [change.rule.rule_id for change in raised],
            [change.source.asset_id for change in raised],
            [change.source.source_id for change in raised],
            [change.rule.level.value for change in raised],
            [change.value for change in raised],
            [change.limit for change in raised],
            [from_ms(change.observed_ms) for change in raised],
            RULES_SEAT,
        )
        quiet = [(row["rule_id"], row["source_id"]) for row in rows]
    if cleared:
        await connection.execute(
            sql("alarm_clear"),
            city_id,
            [change.rule.rule_id for change in cleared],
            [change.source.source_id for change in cleared],
            [from_ms(change.observed_ms) for change in cleared],
            RULES_SEAT,
        )
    return quiet


async def store_pass(pool: Pool, city_id: int, changes: Sequence[AlarmChange], *, now_ms: int) -> list[tuple[int, int]]:
    """Store what the clock decided, with a row of the ledger for other servers; returns what `store_changes` does."""
    async with pool.acquire() as connection, connection.transaction():
        quiet = await store_changes(connection, city_id, changes)
        await add_commit(connection, city_id, [], received_ms=now_ms, alarms=len(changes))
    return quiet


async def store_values(pool: Pool, city_id: int, values: Sequence[tuple[int, int, float, int]]) -> None:
    """Note the latest values of open alarms (`LiveCity.alarm_values`); the furthest beyond the limit stays."""
    if values:
        rules, sources, numbers, times = (list(column) for column in zip(*values, strict=True))
        await pool.execute(sql("alarm_values"), city_id, rules, sources, numbers, [from_ms(each) for each in times])


async def end_shelves(pool: Pool) -> None:
    """Take alarms whose time is over from their shelf; servers hear of it by the ledger."""
    async with pool.acquire() as connection, connection.transaction():
        for row in await connection.fetch(sql("alarm_unshelve"), RULES_SEAT):
            await tell_alarms(connection, row["city_id"])


async def list_active(pool: Pool, city_id: int) -> list[tuple[int, int, bool]]:
    """Return (rule_id, source_id, kept from ringing) of the open alarms of a city."""
    rows = await pool.fetch(sql("alarm_active"), city_id)
    return [(row["rule_id"], row["source_id"], row["quiet"]) for row in rows]


async def open_since(pool: Pool, city_id: int) -> dict[int, datetime]:
    """Return since when each asset of a city has an open alarm; for the search for causes, not for a caller's eyes."""
    return {row["asset_id"]: row["raised_at"] for row in await pool.fetch(sql("alarm_open_since"), city_id)}


async def list_alarms(
    pool: Pool, scope: Scope, city_id: int, wanted: AlarmFilter, *, limit: int = 1000, offset: int = 0
) -> tuple[list[Alarm], int]:
    """Return visible alarms, open ones first, then by level and time, and how many there are in all.

    Parameters
    ----------
    limit, offset
        At most so many, after so many.
    """
    scope.require_layer("alarms")
    parameters = (*scope_parameters(scope, city_id).as_tuple(), wanted.state, wanted.alarm_id, limit, offset)
    where = (wanted.level, wanted.area_id, wanted.company_id, wanted.kind, wanted.rule_code, wanted.asset_id)
    by_incident = (wanted.incident_id, wanted.folded)
    rows = await pool.fetch_planned(sql("alarm_list"), *parameters, *where, *by_incident)
    return [_alarm(row) for row in rows], rows[0]["total"] if rows else 0


async def list_alarms_at(pool: Pool, scope: Scope, city_id: int, at: datetime, *, limit: int = 1000) -> tuple[list[Alarm], int]:
    """Return the visible alarms that were open at a past time, as they were then, by level and time, and how many in all."""
    scope.require_layer("alarms")
    rows = await pool.fetch(sql("replay_alarm_list"), *scope_parameters(scope, city_id).as_tuple(), at, limit)
    return [_alarm(row) for row in rows], rows[0]["total"] if rows else 0


def _alarm(row: asyncpg.Record) -> Alarm:
    values = dict(row)
    del values["total"]
    lon, lat = values.pop("lon"), values.pop("lat")
    return Alarm(**values, position_wgs84=None if lon is None else (lon, lat))


async def require_alarm(pool: Pool, scope: Scope, city_id: int, alarm_id: int) -> Alarm:
    """Return one alarm.

    Raises
    ------
    NotFound
        When there is no such alarm, or not for this seat.
    """
    found, _ = await list_alarms(pool, scope, city_id, AlarmFilter(alarm_id=alarm_id))
    if not found:
        raise NotFound(f"there is no alarm {alarm_id} in city {city_id}")
    return found[0]


async def act_on_alarm(
    pool: Pool,
    scope: Scope,
    city_id: int,
    alarm_id: int,
    action: Action,
    *,
    seat: str,
    note: str = "",
    until: datetime | None = None,
) -> Alarm:
    """Do something with an alarm in the name of a seat; what changes nothing is not logged, and the first seat stands.

    Parameters
    ----------
    until
        End of the shelf, for `shelve`.

    Raises
    ------
    NotFound
        When there is no such alarm, or not for this seat.
    BadAlarmAction
        When the alarm is not in a state for it, or the reason or the end is missing.
    """
    scope.require_layer("alarms")
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(sql("alarm_lock"), *scope_parameters(scope, city_id).as_tuple(), alarm_id)
        if row is None:
            raise NotFound(f"there is no alarm {alarm_id} in city {city_id}")
        after = act(AlarmState(**dict(row)), action, now=datetime.now(UTC), until=until, note=note)
        if after is not None:
            states = (after.acknowledged, after.confirmed, after.shelved_until, after.suppressed, after.out_of_service)
            said = f"{until.isoformat()} {note}" if until is not None else note
            words = (TRANSITIONS[action], seat, said)
            await connection.execute(sql("alarm_act"), city_id, alarm_id, *states, after.false_alarm, *words)
            await tell_alarms(connection, city_id)
    return await require_alarm(pool, scope, city_id, alarm_id)


async def tell_alarms(connection: asyncpg.Connection, city_id: int) -> None:
    """Write a row of the ledger, so that every server looks at the open alarms again."""
    await add_commit(connection, city_id, [], received_ms=int(datetime.now(UTC).timestamp() * 1000), alarms=1)


async def list_transitions(pool: Pool, scope: Scope, city_id: int, alarm_id: int) -> list[Transition]:
    """Return the log of one alarm, oldest first.

    Raises
    ------
    NotFound
        When there is no such alarm, or not for this seat.
    """
    scope.require_layer("alarms")
    rows = await pool.fetch(sql("alarm_transition_list"), *scope_parameters(scope, city_id).as_tuple(), alarm_id)
    if not rows:
        await require_alarm(pool, scope, city_id, alarm_id)
    return [Transition(**dict(row)) for row in rows]


async def last_transition(pool: Pool, city_id: int) -> int:
    """Return the number of the last line of a city's log; 0 = it is empty."""
    number: int = await pool.fetchval(sql("alarm_news_last"), city_id)
    return number


async def list_news(pool: Pool, scope: Scope, city_id: int, *, since: int, limit: int = 500) -> list[dict[str, Any]]:
    """Return what has happened to visible alarms after a line of the log, oldest first."""
    scope.require_layer("alarms")
    rows = await pool.fetch(sql("alarm_news"), *scope_parameters(scope, city_id).as_tuple(), since, limit)
    return [dict(row) for row in rows]


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """One device alarm (设备报警) of CJ/T 545: first, current and highest value with time and level.

    Attributes
    ----------
    device_code, item, part, point_bsm, facility_type
        Of the measuring device whose values the rule watches; None where no device is registered.
    derived
        False = measured value (实测值), True = derived by analysis (分析值).
    """

    alarm_id: int
    alarm_code: str
    alarm_name: str
    asset_id: int
    asset_kind: str
    asset_code: str
    asset_name: str
    source: str | None
    schema_code: str
    point: str
    per_h: bool
    device_code: str | None
    item: str | None
    part: str | None
    point_bsm: str | None
    facility_type: str | None
    level: int
    first_value: float
    first_at: datetime
    current_value: float
    current_at: datetime
    highest_value: float
    highest_at: datetime
    highest_level: int
    ended_at: datetime | None
    derived: bool


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: raised within `since` to `until`; only open ones; of one asset (None = any)."""

    since: datetime
    until: datetime
    active: bool = False
    asset_id: int | None = None


async def list_records(
    pool: Pool, scope: Scope, city_id: int, wanted: RecordFilter, *, limit: int, offset: int
) -> list[AlarmRecord]:
    """Return records of device alarms that a scope sees, newest first."""
    scope.require_layer("alarms")
    parameters = (*scope_parameters(scope, city_id).as_tuple(), wanted.since, wanted.until, wanted.active, wanted.asset_id)
    return [AlarmRecord(**dict(row)) for row in await pool.fetch(sql("alarm_records"), *parameters, limit, offset)]


@dataclass(frozen=True, slots=True)
class AlarmKpis:
    """Own figures of the alarms raised in a period: `figures` by name, `rules` by rule, `windows` = the worst 10 minutes."""

    figures: Mapping[str, float | None]
    rules: list[Mapping[str, Any]]
    windows: list[Mapping[str, Any]]


async def alarm_kpis(pool: Pool, scope: Scope, city_id: int, since: datetime, until: datetime) -> AlarmKpis:
    """Return the figures of the alarms that a scope sees, raised in a period. Cost: one pass over its alarms."""
    scope.require_layer("alarms")
    (row,) = await pool.fetch_planned(sql("alarm_kpis"), *scope_parameters(scope, city_id).as_tuple(), since, until)
    figures = dict(row)
    rules, begins, counts = (figures.pop(name) for name in ("rules", "windows_at", "windows_raised"))
    windows: list[Mapping[str, Any]] = [{"begins_at": at, "raised": raised} for at, raised in zip(begins, counts, strict=True)]
    return AlarmKpis(figures, rules, windows)


AlarmGroup: TypeAlias = Literal["month", "day", "level", "kind", "area", "company", "rule"]


@dataclass(frozen=True, slots=True)
class AlarmTotal:
    """Alarms of a period of one group; `key` as text (None = no district or owner), `handled` = acknowledged."""

    key: str | None
    name: str | None
    raised: int
    open: int
    handled: int
    judged: int
    false_alarms: int


async def alarm_totals(
    pool: Pool, scope: Scope, city_id: int, since: datetime, until: datetime, *, by: AlarmGroup, zone: str
) -> list[AlarmTotal]:
    """Count the alarms that a scope sees, raised in a period, by month or day of the city, level, kind and more."""
    scope.require_layer("alarms")
    rows = await pool.fetch_planned(sql("alarm_totals"), *scope_parameters(scope, city_id).as_tuple(), since, until, by, zone)
    return [AlarmTotal(**dict(row)) for row in rows]
