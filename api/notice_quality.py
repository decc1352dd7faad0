"""Messages about quality alarms: to the screens of the company's seats, and to subscriptions that ask for them.

A company's alarms come as one message, the next one a minute later: nothing about data quality is urgent by the second. What a
message says is put together when it is shown or sent, of those alarms that its reader may see then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

import asyncpg

from data.notices import StoredSubscription, list_subscriptions
from data.pool import Pool
from data.quality_alarms import (
    QualityAlarm,
    QualityNotice,
    add_quality_notice,
    list_quality_alarms,
    list_untold,
    mark_told,
)
from twin.notices import Message, held_until
from twin.notices.model import Lang
from twin.notices.quality import QualityLine, compose_quality
from twin.scope import Scope

PAUSE_S: Final = 60.0
LEVEL: Final = 3
"""What quiet hours and steps take a quality alarm for: the least urgent level."""
_MOST: Final = 2000
ScopeOf = Callable[[asyncpg.Connection, int, int | None], Awaitable[Scope | None]]
"""What a seat may see of a city now; None = nothing."""


async def tell_quality(connection: asyncpg.Connection, city_id: int, scope_of: ScopeOf, *, zone: str, now: datetime) -> int:
    """Make messages of quality alarms that nobody has been told of; returns of how many companies. Under the city's lock."""
    untold = await list_untold(connection, city_id, now, pause_s=PAUSE_S)
    if not untold:
        return 0
    wanted = [one for one in await list_subscriptions(connection, city_id) if _asks(one)]
    for company_id, ids in untold.items():
        if company_id is not None:
            key = f"{city_id}-quality-{ids[-1]}-{round(now.timestamp() * 1000)}"
            screens = QualityNotice(None, None, "web", {"after_min": 0.0}, key, company_id, tuple(ids))
            await add_quality_notice(connection, city_id, screens, now=now, not_before=now)
        for stored in wanted:
            if stored.subscription.wanted.companies and company_id not in stored.subscription.wanted.companies:
                continue
            await _tell_subscription(connection, city_id, stored, scope_of, (company_id, ids), zone=zone, now=now)
        await mark_told(connection, city_id, ids, now)
    return len(untold)


def _asks(stored: StoredSubscription) -> bool:
    return stored.subscription.enabled and stored.subscription.quality and stored.seat_id is not None


async def _tell_subscription(
    connection: asyncpg.Connection,
    city_id: int,
    stored: StoredSubscription,
    scope_of: ScopeOf,
    told: tuple[int | None, Sequence[int]],
    *,
    zone: str,
    now: datetime,
) -> None:
    """Tell a subscription by its first step, unless its seat may see none of the alarms."""
    step, (company_id, ids) = stored.subscription.steps[0], told
    seat_id = step.seat_id or stored.seat_id
    scope = await scope_of(connection, city_id, seat_id)
    if scope is None or not (await list_quality_alarms(connection, scope, city_id, ids=ids, limit=1))[0]:
        return
    notice = QualityNotice(
        stored.subscription_id,
        seat_id,
        step.channel,
        asdict(step) | {"lang": stored.subscription.lang},
        f"{city_id}-{stored.subscription_id}-quality-{ids[-1]}-{round(now.timestamp() * 1000)}",
        company_id,
        tuple(ids),
    )
    until = held_until(now, zone, stored.subscription.quiet, LEVEL)
    await add_quality_notice(connection, city_id, notice, now=now, not_before=until or now)


async def quality_lines(pool: Pool, scope: Scope, city_id: int, ids: Sequence[int]) -> list[QualityAlarm]:
    """Return the alarms of a message that a scope sees, unfinished ones first."""
    if not ids:
        return []
    return (await list_quality_alarms(pool, scope, city_id, ids=ids, limit=_MOST))[1]


def quality_text(alarms: Sequence[QualityAlarm], *, zone: str, lang: Lang) -> Message:
    """Return what a message says of some alarms, at least one."""
    lines = [
        QualityLine(one.kind, one.company_name, one.asset_name, one.point, one.why_zh, one.why_en, one.state, one.raised_at)
        for one in alarms
    ]
    return compose_quality(lines, zone=zone, lang=lang)
