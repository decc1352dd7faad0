"""Checks by hand (人工核查): flagged values that persons judge, with a correction beside the original, and what companies answer.

A check is open until somebody has judged the value right (the flag was false) or wrong. On the way it may go to the company that
sends it: open, sent, answered, closed. A verdict `unsure` leaves it where it is. Every step is a line of its log with the seat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import asyncpg

from data.errors import Conflict, NotFound
from data.pool import Pool
from data.readings import from_ms
from data.statements import scope_parameters, sql
from twin.errors import OutsideScope
from twin.scope import Scope

Verdict: TypeAlias = Literal["right", "wrong", "unsure"]
"""Of the value: right = the flag was false."""
CheckState: TypeAlias = Literal["open", "sent", "answered", "closed"]
Key: TypeAlias = tuple[int, int]
"""City and number of a check."""
FETCH_AGAIN = "fetch_again"
"""Stands in place of a rule for a request to send a time again."""
MOST_OPEN = 1000
"""Open checks that rules may make in one city; what a broken rule flags must not bury the rest."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value that is to be checked: `point` empty = the whole frame, `value` None = missing, `rule` empty = of a person."""

    asset_id: int
    source_id: int
    point: str
    observed_ms: int
    value: float | None
    flag: int
    rule: str
    why_zh: str
    why_en: str
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """One check as stored; times with zone."""

    check_id: int
    asset_id: int
    asset_name: str
    kind: str
    company_id: int | None
    source: str
    point: str
    observed_at: datetime
    until_at: datetime | None
    value: float | None
    flag: int
    rule: str
    why_zh: str
    why_en: str
    times: int
    made_by: str
    made_at: datetime
    last_at: datetime
    state: CheckState
    verdict: Verdict | None
    verdict_by: str | None
    verdict_at: datetime | None
    corrected: float | None
    note: str
    sent_by: str | None
    sent_at: datetime | None
    answer: str
    suggested: float | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One line of the log of a check."""

    action: str
    seat: str
    note: str
    value: float | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that a person corrected; `value` is the original."""

    check_id: int
    source_id: int
    point: str
    observed_at: datetime
    value: float | None
    corrected: float
    verdict_by: str
    verdict_at: datetime
    note: str


# ---------------------------------------------------------------- made


async def ripen(pool: Pool, city_id: int, doubts: Sequence[Doubt], *, now_ms: int) -> int:
    """Make checks of values that rules have flagged for long; returns how many are new or came up again."""
    columns: list[list[Any]] = [
        [doubt.asset_id for doubt in doubts],
        [doubt.source_id for doubt in doubts],
        [doubt.point for doubt in doubts],
        [from_ms(doubt.observed_ms) for doubt in doubts],
        [doubt.value for doubt in doubts],
        [doubt.flag for doubt in doubts],
        [doubt.rule for doubt in doubts],
        [doubt.why_zh for doubt in doubts],
        [doubt.why_en for doubt in doubts],
        [from_ms(now_ms)] * len(doubts),
    ]
    return len(await pool.fetch(sql("quality_check_ripen"), city_id, *columns, MOST_OPEN))


async def add_check(
    pool: Pool, scope: Scope, city_id: int, doubt: Doubt, *, seat: str, note: str, send: bool = False
) -> StoredCheck:
    """Make a check in the name of a seat; with `send` it goes to the company at once.

    Raises
    ------
    Conflict
        When the same value, of the same rule, has an open check; or it is to be sent and nobody owns the asset.
    """
    until = None if doubt.until_ms is None else from_ms(doubt.until_ms)
    values = (
        doubt.asset_id,
        doubt.source_id,
        doubt.point,
        from_ms(doubt.observed_ms),
        until,
        doubt.value,
        doubt.flag,
        doubt.rule,
    )
    async with pool.acquire() as connection, connection.transaction():
        check_id = await connection.fetchval(sql("quality_check_add"), city_id, *values, doubt.why_zh, doubt.why_en, seat, note)
        if check_id is None:
            what = f"point {doubt.point!r}" if doubt.point else "the frame"
            raise Conflict(
                f"{what} of source {doubt.source_id} has an unfinished check under rule {doubt.rule!r}; judge that one"
            )
        await _log(connection, (city_id, check_id), "made", seat, note, value=doubt.value)
        if send:
            await _send(connection, scope, (city_id, check_id), seat, note)
    return await read_check(pool, scope, city_id, check_id)


# ---------------------------------------------------------------- read


async def list_checks(
    pool: Pool,
    scope: Scope,
    city_id: int,
    *,
    state: str | None,
    asset_id: int | None,
    company_id: int | None,
    rule: str | None,
    limit: int,
    offset: int,
) -> tuple[int, list[StoredCheck]]:
    """Return how many checks of visible assets there are, and a page: unfinished ones first, of those the worst."""
    rows = await _rows(pool, scope, city_id, state, asset_id, company_id, rule, None, limit, offset)
    return (int(rows[0]["total"]) if rows else 0), [_check(row) for row in rows]


async def read_check(pool: Pool, scope: Scope, city_id: int, check_id: int) -> StoredCheck:
    """Return one check.

    Raises
    ------
    NotFound
        When there is none about an asset that the caller sees.
    """
    return _check(await _one(pool, scope, city_id, check_id))


async def check_steps(pool: Pool, city_id: int, check_id: int) -> list[CheckStep]:
    """Return the log of a check, the oldest line first."""
    return [CheckStep(**dict(row)) for row in await pool.fetch(sql("quality_check_events"), city_id, check_id)]


async def judged_by_rule(pool: Pool, scope: Scope, city_id: int) -> dict[str, tuple[int, int]]:
    """Return by rule how many of its flags persons have judged, and how many of those were false."""
    rows = await pool.fetch(sql("quality_check_rates"), *scope_parameters(scope, city_id).as_tuple())
    return {row["rule"]: (row["judged"], row["false_flags"]) for row in rows}


async def open_by_company(pool: Pool, scope: Scope, city_id: int) -> dict[int, tuple[int, int]]:
    """Return by company (0 = none) how many checks are unfinished, and how many of those wait for its answer."""
    rows = await pool.fetch(sql("quality_check_open"), *scope_parameters(scope, city_id).as_tuple())
    return {row["company_id"]: (row["unfinished"], row["sent"]) for row in rows}


async def list_corrections(pool: Pool, city_id: int, asset_id: int, start_ms: int, end_ms: int) -> list[Correction]:
    """Return the corrections of an asset's readings between two times; the caller has asked whether the asset is visible."""
    rows = await pool.fetch(sql("quality_check_corrections"), city_id, asset_id, from_ms(start_ms), from_ms(end_ms))
    return [Correction(**dict(row)) for row in rows]


# ---------------------------------------------------------------- done


async def judge(
    pool: Pool, scope: Scope, city_id: int, check_id: int, verdict: Verdict, *, corrected: float | None, seat: str, note: str
) -> StoredCheck:
    """Judge a value; right and wrong close the check. A later verdict replaces it, and the log keeps both.

    Raises
    ------
    NotFound
        When the caller does not see the check.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _one(connection, scope, city_id, check_id)
        await connection.fetchval(sql("quality_check_lock"), city_id, check_id)
        await connection.execute(sql("quality_check_judge"), city_id, check_id, verdict, seat, corrected, note)
        await _log(connection, (city_id, check_id), verdict, seat, note, value=corrected)
    return await read_check(pool, scope, city_id, check_id)


async def send(pool: Pool, scope: Scope, city_id: int, check_id: int, *, seat: str, note: str) -> StoredCheck:
    """Send a check to the company that owns the asset.

    Raises
    ------
    NotFound
        When the caller does not see it.
    Conflict
        When it is closed or sent already, or nobody owns the asset.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _send(connection, scope, (city_id, check_id), seat, note)
    return await read_check(pool, scope, city_id, check_id)


async def _send(connection: asyncpg.Connection, scope: Scope, key: Key, seat: str, note: str) -> None:
    city_id, check_id = key
    row = await _one(connection, scope, city_id, check_id)
    state = await connection.fetchval(sql("quality_check_lock"), city_id, check_id)
    if state not in ("open", "answered"):
        raise Conflict(f"check {check_id} is {state}; only an open or answered one is sent")
    if row["company_id"] is None:
        raise Conflict(f"check {check_id} is about asset {row['asset_id']}, which no company owns: there is nobody to send it to")
    await connection.execute(sql("quality_check_send"), city_id, check_id, seat)
    await connection.execute(sql("quality_alarm_order"), city_id, check_id, row["company_id"])
    await _log(connection, (city_id, check_id), "sent", seat, note, value=None)


async def answer(
    pool: Pool, scope: Scope, city_id: int, check_id: int, *, suggested: float | None, seat: str, note: str
) -> StoredCheck:
    """Answer a check that was sent, in the name of the company.

    Raises
    ------
    NotFound, OutsideScope
        When the caller does not see it, or it is none of the company's own.
    Conflict
        When it was not sent.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await _one(connection, scope, city_id, check_id)
        if scope.company_ids is not None and row["company_id"] not in scope.company_ids:
            raise OutsideScope(f"check {check_id} is about asset {row['asset_id']}, which is none of this company's")
        state = await connection.fetchval(sql("quality_check_lock"), city_id, check_id)
        if state != "sent":
            raise Conflict(f"check {check_id} is {state}; only one that was sent is answered")
        await connection.execute(sql("quality_check_answer"), city_id, check_id, seat, note, suggested)
        await _log(connection, (city_id, check_id), "answered", seat, note, value=suggested)
    return await read_check(pool, scope, city_id, check_id)


async def _one(connection: Pool | asyncpg.Connection, scope: Scope, city_id: int, check_id: int) -> asyncpg.Record:
    rows = await _rows(connection, scope, city_id, None, None, None, None, check_id, 1, 0)
    if not rows:
        raise NotFound(f"there is no check {check_id} of data quality in city {city_id}")
    return rows[0]


async def _rows(connection: Pool | asyncpg.Connection, scope: Scope, city_id: int, *asked: Any) -> list[asyncpg.Record]:
    return list(await connection.fetch(sql("quality_check_list"), *scope_parameters(scope, city_id).as_tuple(), *asked))


async def _log(connection: asyncpg.Connection, key: Key, action: str, seat: str, note: str, *, value: float | None) -> None:
    await connection.execute(sql("quality_check_event_add"), *key, action, seat, note, value)


def _check(row: asyncpg.Record) -> StoredCheck:
    return StoredCheck(**{name: row[name] for name in StoredCheck.__slots__})
