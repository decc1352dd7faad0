"""Quality alarms (数据质量告警): what a rule flags for long, work orders to companies, companies that stop uploading.

They are a kind of their own beside the alarms of operation: no rule of the desk raises them, no incident holds them, no figure
of alarms counts them. One of a value has its state from the check by hand that it became (`data/quality_checks.py`), in whose
transaction it is raised; one of an upload is open until the upload comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import asyncpg

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

QualityAlarmKind: TypeAlias = Literal["value", "doubt", "upload_stopped", "upload_invalid"]
Upload: TypeAlias = tuple[int, str]
"""A company and `upload_stopped` or `upload_invalid`."""


@dataclass(frozen=True, slots=True)
class QualityAlarm:
    """One quality alarm as a scope sees it; `check_id` None = of an upload."""

    quality_alarm_id: int
    kind: QualityAlarmKind
    company_id: int | None
    company_name: str
    asset_id: int
    asset_name: str
    asset_kind: str
    check_id: int | None
    point: str
    rule: str
    why_zh: str
    why_en: str
    raised_at: datetime
    over_at: datetime | None
    state: str
    verdict: str | None


@dataclass(frozen=True, slots=True)
class QualityAlarmTotal:
    """What was raised under one company, kind or day, and how far it has come."""

    key: str
    name: str
    raised: int
    open: int
    sent: int
    answered: int
    closed: int
    false_flags: int


async def list_quality_alarms(
    pool: Pool | asyncpg.Connection,
    scope: Scope,
    city_id: int,
    *,
    state: str | None = None,
    company_id: int | None = None,
    kind: str | None = None,
    ids: Sequence[int] | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[int, list[QualityAlarm]]:
    """Return how many quality alarms a scope sees, and a page: unfinished ones first, of those the newest."""
    if not scope.allows_layer("readings"):
        return 0, []
    given = None if ids is None else list(ids)
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("quality_alarm_list"), *parameters, state, company_id, kind, given, limit, offset)
    found = [QualityAlarm(**{name: row[name] for name in QualityAlarm.__slots__}) for row in rows]
    return (int(rows[0]["total"]) if rows else 0), found


async def count_quality_alarms(
    pool: Pool, scope: Scope, city_id: int, *, by: str, first: date | None, last: date | None, company_id: int | None
) -> list[QualityAlarmTotal]:
    """Count what was raised on some days (None = today), by company, kind of asset, kind of alarm or day of the city."""
    scope.require_layer("readings")
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("quality_alarm_totals"), *parameters, by, first, last, company_id)
    return [QualityAlarmTotal(**dict(row)) for row in rows]


async def note_uploads(pool: Pool, city_id: int, *, raised: Collection[Upload], back: Collection[Upload]) -> tuple[int, int]:
    """Raise an alarm of each upload that has none open, and end those that came back; returns how many of both."""
    columns: list[list[Any]] = [[one[part] for one in uploads] for uploads in (raised, back) for part in (0, 1)]
    row = await pool.fetchrow(sql("quality_alarm_uploads"), city_id, *columns)
    return (0, 0) if row is None else (row["raised"], row["back"])


async def list_untold(
    connection: asyncpg.Connection, city_id: int, now: datetime, *, pause_s: float
) -> dict[int | None, list[int]]:
    """Return the alarms that nobody has been told of, by company; not of one that had a message less than `pause_s` ago."""
    found: dict[int | None, list[int]] = {}
    for row in await connection.fetch(sql("quality_alarm_untold"), city_id, now, pause_s):
        found.setdefault(row["company_id"], []).append(row["quality_alarm_id"])
    return found


async def mark_told(connection: asyncpg.Connection, city_id: int, ids: Sequence[int], now: datetime) -> None:
    """Say that messages about some alarms are stored."""
    await connection.execute(sql("quality_alarm_told"), city_id, list(ids), now)


@dataclass(frozen=True, slots=True)
class QualityNotice:
    """A message about quality alarms; `seat_id` None = for the screens of the company's seats."""

    subscription_id: int | None
    seat_id: int | None
    channel: str
    target: dict[str, Any]
    dedup_key: str
    company_id: int | None
    alarms: tuple[int, ...]


async def add_quality_notice(
    connection: asyncpg.Connection, city_id: int, notice: QualityNotice, *, now: datetime, not_before: datetime
) -> None:
    """Store a message; one that leaves the page is sent from `not_before` on."""
    await connection.execute(
        sql("notice_quality_add"),
        city_id,
        notice.subscription_id,
        notice.seat_id,
        notice.channel,
        notice.target,
        notice.dedup_key,
        not_before,
        now,
        notice.company_id,
        list(notice.alarms),
    )


@dataclass(frozen=True, slots=True)
class QualityPopup:
    """A message about quality alarms for a screen."""

    notice_id: int
    made_at: datetime
    level: int
    quality_alarms: list[int]


async def list_quality_popups(pool: Pool, scope: Scope, city_id: int, seat_id: int | None, *, since: int) -> list[QualityPopup]:
    """Return messages of the last day to a seat or its company, after a number, that have an unfinished alarm, oldest first."""
    companies = [] if scope.company_ids is None else list(scope.company_ids)
    rows = await pool.fetch(sql("notice_texts"), city_id, since, seat_id, companies)
    return [QualityPopup(**dict(row)) for row in rows]


async def read_quality_notice(pool: Pool, scope: Scope, city_id: int, notice_id: int, seat_id: int) -> bool:
    """Mark a message about quality alarms as read by a seat; False = there is none for it."""
    companies = [] if scope.company_ids is None else list(scope.company_ids)
    return await pool.fetchval(sql("notice_read_add"), city_id, notice_id, seat_id, companies) is not None
