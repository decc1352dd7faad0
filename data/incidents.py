"""Incidents in the store: what the program folds, what persons do, and all of it as it was at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from data.alarms import RULES_SEAT, tell_alarms
from data.errors import Conflict, NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.incidents.flood import SPAN
from twin.incidents.states import WORDS, IncidentAction, IncidentState, act
from twin.incidents.statistics import Stop
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class Evidence:
    """One open alarm, for the search for causes and not for a caller's eyes.

    Attributes
    ----------
    passed_over
        Out of service, judged false, or taken out of its incident by a person: it says nothing about the network.
    incident_id
        Incident that holds it.
    """

    alarm_id: int
    rule_id: int
    asset_id: int
    level: int
    raised_at: datetime
    incident_id: int | None
    passed_over: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the search says of an incident, with who is without heat; fields are the columns of `incident_answer`."""

    kind: str
    hypothesis: str
    segment_ids: list[int]
    tied_ids: list[int]
    asset_ids: list[int]
    silent_below: list[int]
    lon: float | None
    lat: float | None
    length_m: float
    explained: int
    hit_rate: float
    score: float
    confidence: float
    prepared: bool
    network_version: int
    valve_version: int
    station_ids: list[int]
    building_ids: list[int]
    building_area_m2: list[float]
    building_users: list[int]
    building_load_mw: list[float]
    estates: list[dict[str, Any]]
    leak: dict[str, Any] | None = None

    def parameters(self) -> tuple[Any, ...]:
        """Return the values in the order of the statement."""
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents; None = any.

    Attributes
    ----------
    at
        As they were then.
    states
        Any of them.
    area_id, company_id, kind
        District, owner and kind of one of the alarmed assets.
    since, until
        Begun from and before.
    """

    at: datetime
    incident_id: int | None = None
    states: tuple[str, ...] | None = None
    level: int | None = None
    area_id: int | None = None
    company_id: int | None = None
    kind: str | None = None
    hypothesis: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    drill: bool | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log of an incident."""

    log_id: int
    word: str
    state: str
    seat: str
    happened_at: datetime
    note: str


# ------------------------------------------------------------ the program


async def take_watch(pool: Pool, city_id: int, holder: str, *, hold_s: float) -> bool:
    """Take or keep the right to fold the alarms of a city; False while another server has it."""
    return await pool.fetchrow(sql("incident_watch_take"), city_id, holder, hold_s) is not None


async def read_evidence(pool: Pool, city_id: int) -> list[Evidence]:
    """Return all open alarms of a city."""
    return [Evidence(**dict(row)) for row in await pool.fetch(sql("incident_evidence"), city_id)]


async def read_standing(pool: Pool, city_id: int) -> list[Mapping[str, Any]]:
    """Return the incidents of a city that are not closed, with their causes and the assets that rang for them."""
    return [dict(row) for row in await pool.fetch(sql("incident_standing"), city_id)]


async def close_old(pool: Pool, city_id: int) -> None:
    """Close the incidents that have been restored for a day."""
    await pool.execute(sql("incident_close_old"), city_id, RULES_SEAT)


async def count_raised(pool: Pool, city_id: int, now: datetime) -> tuple[int, datetime | None]:
    """Return how many alarms were raised in the last ten minutes, and since when the city is in a flood."""
    row = await pool.fetchrow(sql("incident_flood_count"), city_id, now - SPAN)
    assert row is not None  # it counts
    return row["raised"], row["since"]


async def put_flood(pool: Pool, city_id: int, since: datetime | None) -> None:
    """Remember since when a city is in a flood of alarms; None = it is over."""
    await pool.execute(sql("incident_watch_flood"), city_id, since)


@dataclass(frozen=True, slots=True)
class Opening:
    """A new incident."""

    alarms: frozenset[int]
    started_at: datetime
    peak: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Writing:
    """What one look writes.

    Attributes
    ----------
    joined, left
        Alarms by incident; what moves is in both.
    opened
        New incidents; `merged` names them -1, -2, ... in this order.
    restored, returned
        Incidents by number.
    merged
        Incident and the one that has its alarms now.
    answers
        New answers of standing incidents.
    peaks
        Most assets at once and area without heat, by incident.
    """

    joined: Mapping[int, frozenset[int]]
    left: Mapping[int, frozenset[int]]
    opened: Sequence[Opening]
    restored: Iterable[int]
    returned: Iterable[int]
    merged: Mapping[int, int]
    answers: Mapping[int, Answer]
    peaks: Mapping[int, tuple[int, float]]


async def write_look(pool: Pool, city_id: int, holder: str, writing: Writing, *, hold_s: float) -> list[int]:
    """Write what a look decided, all or nothing; returns the numbers of the new incidents.

    Raises
    ------
    Conflict
        When another server folds the alarms of this city by now, or a person has moved an alarm meanwhile.
    """
    try:
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchrow(sql("incident_watch_take"), city_id, holder, hold_s) is None:
                raise Conflict(f"another server folds the alarms of city {city_id}")
            opened = await _write(connection, city_id, writing)
            await tell_alarms(connection, city_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"an alarm of city {city_id} is in another incident by now: {error}") from error
    return opened


async def _write(connection: asyncpg.Connection, city_id: int, writing: Writing) -> list[int]:
    for incident_id, alarms in writing.left.items():
        await connection.execute(sql("incident_leave"), city_id, incident_id, list(alarms), False, RULES_SEAT)
    for incident_id, alarms in writing.joined.items():
        await connection.execute(sql("incident_join"), city_id, incident_id, list(alarms), RULES_SEAT)
    opened = [await _open(connection, city_id, each) for each in writing.opened]
    for incident_id, answer in writing.answers.items():
        await connection.execute(sql("incident_answer_add"), city_id, incident_id, RULES_SEAT, *answer.parameters())
    for incident_id, (peak, area) in writing.peaks.items():
        await connection.execute(sql("incident_peak"), city_id, incident_id, peak, area)
    for incident_id in writing.returned:
        await _move(connection, city_id, incident_id, "open", "reopened")
    for incident_id in writing.restored:
        at = await connection.fetchval(sql("incident_last_clear"), city_id, incident_id)
        await _move(connection, city_id, incident_id, "restored", "restored", at=at)
    for incident_id, into in writing.merged.items():
        to = into if into > 0 else opened[-1 - into]
        await _move(connection, city_id, incident_id, "closed", "merged", into=to, note=str(to))
    return opened


async def _open(connection: asyncpg.Connection, city_id: int, opening: Opening) -> int:
    incident_id: int = await connection.fetchval(sql("incident_open"), city_id, opening.started_at, opening.peak)
    await connection.execute(sql("incident_join"), city_id, incident_id, list(opening.alarms), RULES_SEAT)
    await connection.execute(sql("incident_answer_add"), city_id, incident_id, RULES_SEAT, *opening.answer.parameters())
    area = sum(opening.answer.building_area_m2)
    await connection.execute(sql("incident_peak"), city_id, incident_id, opening.peak, area)
    await connection.execute(sql("incident_log_add"), city_id, incident_id, "opened", "open", RULES_SEAT, "")
    return incident_id


async def _move(
    connection: asyncpg.Connection,
    city_id: int,
    incident_id: int,
    state: IncidentState,
    word: str,
    *,
    at: datetime | None = None,
    into: int | None = None,
    note: str = "",
) -> None:
    await connection.execute(sql("incident_put_state"), city_id, incident_id, state, at, into, False)
    await connection.execute(sql("incident_log_add"), city_id, incident_id, word, state, RULES_SEAT, note)


# ------------------------------------------------------------ callers


async def list_incidents(
    pool: Pool, scope: Scope, city_id: int, wanted: IncidentFilter, *, limit: int = 200, offset: int = 0
) -> tuple[list[Mapping[str, Any]], int]:
    """Return the incidents of which a scope sees an alarm, as they were at a time, and how many fit in all."""
    scope.require_layer("alarms")
    where = (wanted.at, wanted.incident_id, None if wanted.states is None else list(wanted.states), wanted.level)
    assets = (wanted.area_id, wanted.company_id, wanted.kind, wanted.hypothesis)
    more = (wanted.since, wanted.until, wanted.drill, limit, offset)
    rows = await pool.fetch(sql("incident_list"), *scope_parameters(scope, city_id).as_tuple(), *where, *assets, *more)
    return [dict(row) for row in rows], rows[0]["total"] if rows else 0


async def count_incidents(pool: Pool, city_id: int, at: datetime, states: tuple[str, ...] | None) -> int:
    """Return how many incidents there were in some states at a time, whoever may see them."""
    found: int = await pool.fetchval(sql("incident_count"), city_id, at, None if states is None else list(states))
    return found


async def require_incident(
    pool: Pool, scope: Scope, city_id: int, incident_id: int, *, at: datetime | None = None
) -> Mapping[str, Any]:
    """Return one incident as it was at a time (None = now).

    Raises
    ------
    NotFound
        When there is (or was) no such incident, or not for this seat.
    """
    found, _ = await list_incidents(pool, scope, city_id, IncidentFilter(at or datetime.now(UTC), incident_id))
    if not found:
        raise NotFound(f"there is no incident {incident_id} in city {city_id}")
    return found[0]


async def list_log(pool: Pool, city_id: int, incident_id: int, *, at: datetime | None = None) -> list[LogLine]:
    """Return the log of an incident that the caller may see, oldest first."""
    rows = await pool.fetch(sql("incident_log_list"), city_id, incident_id, at or datetime.now(UTC))
    return [LogLine(**dict(row)) for row in rows]


async def act_on_incident(
    pool: Pool, scope: Scope, city_id: int, incident_id: int, action: IncidentAction, *, seat: str, note: str = ""
) -> None:
    """Do something with an incident in the name of a seat. Alarms that still ring when it is closed ring for themselves again.

    Raises
    ------
    NotFound
        When there is no such incident, or not for this seat.
    BadIncidentAction
        When it is not in a state for it, or the note is missing.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _act(connection, scope, city_id, incident_id, action, seat=seat, note=note)
        await tell_alarms(connection, city_id)


async def _act(
    connection: asyncpg.Connection,
    scope: Scope,
    city_id: int,
    incident_id: int,
    action: IncidentAction,
    *,
    seat: str,
    note: str,
) -> None:
    scope.require_layer("alarms")
    row = await connection.fetchrow(sql("incident_lock"), *scope_parameters(scope, city_id).as_tuple(), incident_id)
    if row is None:
        raise NotFound(f"there is no incident {incident_id} in city {city_id}")
    before: IncidentState = row["state"]
    after = act(before, action, note=note, merged=row["merged_into"] is not None)
    dismissed = action == "dismiss" or (row["dismissed"] and action != "reopen")
    if after != before or dismissed != row["dismissed"]:
        await connection.execute(sql("incident_put_state"), city_id, incident_id, after, None, row["merged_into"], dismissed)
    await connection.execute(sql("incident_log_add"), city_id, incident_id, WORDS[action], after, seat, note)
    if after == "closed" and before != after:
        ringing = [each["alarm_id"] for each in await connection.fetch(sql("incident_ringing"), city_id, incident_id)]
        await connection.execute(sql("incident_leave"), city_id, incident_id, ringing, dismissed, seat)


async def split_alarm(pool: Pool, scope: Scope, city_id: int, incident_id: int, alarm_id: int, *, seat: str, note: str) -> None:
    """Take an alarm out of an incident for good, in the name of a seat.

    Raises
    ------
    NotFound
        When there is no such incident, or it does not hold the alarm, or not for this seat.
    BadIncidentAction
        When the incident is closed, or the note is missing.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _act(connection, scope, city_id, incident_id, "split", seat=seat, note=f"{alarm_id} {note}" if note.strip() else "")
        seen = await connection.fetchrow(sql("alarm_lock"), *scope_parameters(scope, city_id).as_tuple(), alarm_id)
        done = (
            None
            if seen is None
            else await connection.execute(sql("incident_leave"), city_id, incident_id, [alarm_id], True, seat)
        )
        if done is None or done.endswith(" 0"):
            raise NotFound(f"incident {incident_id} holds no alarm {alarm_id}")
        await tell_alarms(connection, city_id)


async def set_cause(pool: Pool, scope: Scope, city_id: int, incident_id: int, answer: Answer, *, seat: str, note: str) -> None:
    """Let a person's cause stand for an incident; the search does not change it any more.

    Raises
    ------
    NotFound
        When there is no such incident, or not for this seat.
    BadIncidentAction
        When the incident is closed, or the note is missing.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _act(connection, scope, city_id, incident_id, "cause", seat=seat, note=note)
        await connection.execute(sql("incident_answer_add"), city_id, incident_id, seat, *answer.parameters())
        await connection.execute(sql("incident_fix"), city_id, incident_id, sum(answer.building_area_m2))
        await tell_alarms(connection, city_id)


async def open_assets(pool: Pool, city_id: int, incident_id: int) -> list[int]:
    """Return the assets whose alarms an incident holds, open or not."""
    return [row["asset_id"] for row in await pool.fetch(sql("incident_assets"), city_id, incident_id)]


@dataclass(frozen=True, slots=True)
class StoppedHeat:
    """A fault with the buildings that it stopped."""

    stop: Stop
    building_ids: Sequence[int]
    building_area_m2: Sequence[float]


async def list_stops(pool: Pool, city_id: int, since: datetime, until: datetime, now: datetime) -> list[StoppedHeat]:
    """Return the faults that began within a period; drills and what was dismissed or merged are none."""
    rows = await pool.fetch(sql("incident_stops"), city_id, since, until, now)
    return [
        StoppedHeat(
            Stop(sum(row["building_area_m2"]), row["started_at"], row["restored_at"]),
            row["building_ids"],
            row["building_area_m2"],
        )
        for row in rows
    ]


async def put_leak(pool: Pool, city_id: int, incident_id: int, leak: Mapping[str, Any]) -> None:
    """Add to the newest answer of an incident where its leak is likely."""
    await pool.execute(sql("incident_leak"), city_id, incident_id, dict(leak))
