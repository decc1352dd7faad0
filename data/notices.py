"""Notification in the store: subscriptions, what waits to be told, messages and their deliveries, what seats have seen.

What is to be told follows from the log of alarms: a cursor goes along it, and every alarm that somebody wants becomes one item
for each step of the subscription, with a time. Items whose time has come become one message, the outbox of senders. Both
happen in transactions of their own under a lock of the city: a killed server loses nothing and tells nothing twice, except a
message that was under way, which comes again with the same key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.notices import AlarmFacts, Subscription, subscription_from_json
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """A subscription as it is stored; `seat_id` None = it is for every seat without a web subscription of its own."""

    subscription_id: int
    seat_id: int | None
    subscription: Subscription
    seat: str
    person: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """An alarm that was raised, with the number of its line in the log."""

    transition_id: int
    facts: AlarmFacts


@dataclass(frozen=True, slots=True)
class LogMark:
    """How far the log goes, and which transactions may still write before that.

    Every line up to `last` is to be seen by whoever looks when `oldest` has reached the `next` of this mark: numbers are taken
    before a transaction commits, so a smaller one may come later than a greater one.
    """

    cursor: int
    last: int
    oldest: int
    next: int


@dataclass(frozen=True, slots=True)
class Item:
    """One alarm that a step of a subscription will tell."""

    subscription_id: int
    alarm_id: int
    step: int
    level: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step with alarms whose time has come, since when, and its messages of the last ten minutes: when, how many alarms."""

    subscription_id: int
    step: int
    since: datetime
    sent: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class DueAlarm:
    """An alarm whose time has come, as it is now."""

    alarm_id: int
    level: int
    visible: bool
    active: bool
    acknowledged: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be stored; `target` is the step with its address, `seat_id` whose eyes count."""

    subscription_id: int | None
    step: int
    seat_id: int | None
    channel: str
    target: Mapping[str, Any]
    dedup_key: str
    level: int
    alarms: tuple[int, ...]
    title: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a sender has in hand."""

    city_id: int
    notice_id: int
    subscription_id: int | None
    step: int
    seat_id: int | None
    channel: str
    target: dict[str, Any]
    dedup_key: str
    level: int
    alarms: list[int]
    title: str
    body: str
    attempts: int
    made_at: datetime
    kind: str
    quality_alarms: list[int]


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """One alarm of a message, as a scope sees it."""

    alarm_id: int
    asset_id: int
    asset_name: str
    asset_kind: str
    rule_code: str
    rule_zh: str
    rule_en: str
    point: str
    per_h: bool
    level: int
    value: float
    limit_value: float
    raised_at: datetime
    active: bool
    acknowledged: bool
    advice_zh: str
    advice_en: str
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Popup:
    """A message that pops up on a screen: the worst of its alarms, and how many there are."""

    notice_id: int
    made_at: datetime
    after_min: float
    alarms: list[int]
    total: int
    level: int


@dataclass(frozen=True, slots=True)
class Told:
    """A message that a seat was sent; `alarms` are those it may see, the worst ones first and not all."""

    notice_id: int
    step: int
    channel: str
    after_min: float
    state: str
    made_at: datetime
    sent_at: datetime | None
    alarms: list[int] | None
    total: int
    level: int
    seen: bool
    kind: str
    quality_alarms: list[int]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message by a channel that leaves the page, and how its delivery went."""

    notice_id: int
    subscription_id: int | None
    step: int
    seat_id: int | None
    channel: str
    target: dict[str, Any]
    dedup_key: str
    level: int
    alarms: list[int]
    title: str
    body: str
    state: str
    attempts: int
    next_try_at: datetime
    error: str
    made_at: datetime
    sent_at: datetime | None
    subscription: str
    total: int


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """What a rule says to screens and persons: whether it pops up, and what to do (处置建议)."""

    code: str
    name_zh: str
    name_en: str
    level: int
    enabled: bool
    popup: bool
    advice_zh: str
    advice_en: str
    seat: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PushEndpoint:
    """A browser that takes web push for a seat."""

    endpoint_id: int
    endpoint: str
    p256dh: str
    auth: str
    added_at: datetime


# ---------------------------------------------------------------- subscriptions


async def list_subscriptions(
    pool: Pool | asyncpg.Connection, city_id: int, *, seat_id: int | None = None
) -> list[StoredSubscription]:
    """Return the subscriptions of a city, or those of one seat."""
    return [_subscription(row) for row in await pool.fetch(sql("notice_subscription_list"), city_id, seat_id, None)]


async def require_subscription(pool: Pool, city_id: int, subscription_id: int) -> StoredSubscription:
    """Return one subscription.

    Raises
    ------
    NotFound
        When the city has none of that number.
    """
    row = await pool.fetchrow(sql("notice_subscription_list"), city_id, None, subscription_id)
    if row is None:
        raise NotFound(f"city {city_id} has no subscription {subscription_id}")
    return _subscription(row)


async def add_subscription(
    pool: Pool, city_id: int, seat_id: int, subscription: Subscription, *, seat: str
) -> StoredSubscription:
    """Store a new subscription of a seat, in the name of the seat that writes it."""
    number = await pool.fetchval(sql("notice_subscription_add"), city_id, seat_id, subscription.as_json(), seat)
    return await require_subscription(pool, city_id, number)


async def write_subscription(
    pool: Pool, city_id: int, subscription_id: int, subscription: Subscription, *, seat: str
) -> StoredSubscription:
    """Store a subscription anew; what waits for it already keeps its time."""
    await pool.fetchval(sql("notice_subscription_write"), city_id, subscription_id, subscription.as_json(), seat)
    return await require_subscription(pool, city_id, subscription_id)


async def remove_subscription(pool: Pool, city_id: int, subscription_id: int) -> None:
    """Remove a subscription and what waits for it; its messages stay."""
    await pool.fetchval(sql("notice_subscription_remove"), city_id, subscription_id)


def _subscription(row: asyncpg.Record) -> StoredSubscription:
    read = subscription_from_json(row["definition"])
    return StoredSubscription(row["subscription_id"], row["seat_id"], read, row["seat"], row["person"], row["changed_at"])


# ---------------------------------------------------------------- from the log to messages


async def start_cities(pool: Pool, everybody: Subscription) -> None:
    """Begin to watch every city that is not watched yet, with a subscription for everybody: alarms from now on are told."""
    await pool.execute(sql("notice_start"), everybody.as_json())


async def list_zones(pool: Pool) -> dict[int, str]:
    """Return the time zone of every city."""
    return {row["city_id"]: row["zone"] for row in await pool.fetch(sql("notice_zones"))}


async def try_lock(connection: asyncpg.Connection, city_id: int) -> bool:
    """Take the lock of a city until the transaction ends; False = another server has it."""
    taken: bool = await connection.fetchval(sql("notice_lock"), city_id)
    return taken


async def read_mark(connection: asyncpg.Connection, city_id: int) -> LogMark | None:
    """Return how far the log goes now; None = the city is not watched."""
    row = await connection.fetchrow(sql("notice_mark"), city_id)
    return None if row is None else LogMark(**dict(row))


async def read_news(connection: asyncpg.Connection, city_id: int, *, since: int) -> list[News]:
    """Return the alarms raised after a line of the log, as everybody would see them: who is told is bound by a Scope later."""
    found = []
    for row in await connection.fetch(sql("notice_news"), city_id, since):
        given = dict(row)
        found.append(News(given.pop("transition_id"), AlarmFacts(**given)))
    return found


async def add_items(connection: asyncpg.Connection, city_id: int, items: Sequence[Item]) -> None:
    """Store what is to be told; what is stored already stays as it is."""
    columns = [[getattr(item, name) for item in items] for name in ("subscription_id", "alarm_id", "step", "level", "due_at")]
    await connection.execute(sql("notice_item_add"), city_id, *columns)


async def move_cursor(connection: asyncpg.Connection, city_id: int, transition_id: int) -> None:
    """All lines up to that one have been looked at, and none of them can come any more."""
    await connection.execute(sql("notice_cursor_move"), city_id, transition_id)


async def list_waiting(connection: asyncpg.Connection, city_id: int, now: datetime) -> list[Waiting]:
    """Return the steps with alarms whose time has come."""
    rows = await connection.fetch(sql("notice_waiting"), city_id, now)
    return [
        Waiting(row["subscription_id"], row["step"], row["since"], tuple(zip(row["made_at"], row["counts"], strict=True)))
        for row in rows
    ]


async def list_due(
    connection: asyncpg.Connection, scope: Scope, city_id: int, *, subscription_id: int, step: int, now: datetime
) -> list[DueAlarm]:
    """Return the alarms of a step whose time has come; `visible` is what the scope sees."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await connection.fetch(sql("notice_due"), *parameters, subscription_id, step, now)
    return [DueAlarm(**dict(row)) for row in rows]


async def drop_items(
    connection: asyncpg.Connection, city_id: int, subscription_id: int, step: int, why: Mapping[int, str]
) -> None:
    """Tell of some alarms never, for a reason each."""
    await connection.execute(sql("notice_item_drop"), city_id, subscription_id, step, list(why), list(why.values()))


async def hold_items(
    connection: asyncpg.Connection, city_id: int, subscription_id: int, step: int, until: Mapping[int, datetime]
) -> None:
    """Tell of some alarms later."""
    await connection.execute(sql("notice_item_hold"), city_id, subscription_id, step, list(until), list(until.values()))


async def add_message(connection: asyncpg.Connection, city_id: int, message: NewMessage, *, now: datetime) -> int:
    """Store a message and mark its alarms as told; a web message is sent by being stored. Returns its number."""
    number: int = await connection.fetchval(
        sql("notice_add"),
        city_id,
        message.subscription_id,
        message.step,
        message.seat_id,
        message.channel,
        dict(message.target),
        message.dedup_key,
        message.level,
        list(message.alarms),
        message.title,
        message.body,
        now,
    )
    if message.subscription_id is not None:
        await connection.execute(
            sql("notice_item_tell"), city_id, message.subscription_id, message.step, list(message.alarms), number
        )
    return number


async def add_test(pool: Pool, city_id: int, message: NewMessage, *, now: datetime) -> int:
    """Store a message without alarms; returns its number."""
    async with pool.acquire() as connection, connection.transaction():
        return await add_message(connection, city_id, message, now=now)


# ---------------------------------------------------------------- deliveries


async def claim(pool: Pool, now: datetime, *, lease_s: float, limit: int = 16) -> list[Delivery]:
    """Take messages in hand that are to be sent now; each comes back after `lease_s` unless `finish` is called."""
    return [Delivery(**dict(row)) for row in await pool.fetch(sql("notice_claim"), now, lease_s, limit)]


async def finish(
    pool: Pool,
    delivery: Delivery,
    state: str,
    *,
    title: str,
    body: str,
    error: str = "",
    next_try_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> None:
    """Say how a try went; of no effect when another sender has taken the message over."""
    key = (delivery.city_id, delivery.notice_id, delivery.attempts)
    await pool.execute(sql("notice_done"), *key, state, error, title, body, next_try_at, sent_at)


async def list_lines(pool: Pool, scope: Scope, city_id: int, alarms: Sequence[int]) -> list[AlarmLine]:
    """Return what a message says of some alarms: those that the scope sees, the worst first."""
    if not scope.allows_layer("alarms"):
        return []
    rows = await pool.fetch(sql("notice_lines"), *scope_parameters(scope, city_id).as_tuple(), list(alarms))
    return [AlarmLine(**dict(row)) for row in rows]


async def list_deliveries(
    pool: Pool, city_id: int, seat_id: int | None, *, everybody: bool, state: str | None, limit: int, offset: int
) -> list[DeliveryRow]:
    """Return messages by webhook, e-mail and push, the newest first: those of a seat, or all."""
    rows = await pool.fetch(sql("notice_list"), city_id, seat_id, everybody, state, limit, offset)
    return [DeliveryRow(**dict(row)) for row in rows]


async def forget(pool: Pool, before: datetime) -> None:
    """Forget messages, marks and items older than a time, except what still waits."""
    await pool.execute(sql("notice_forget"), before)


# ---------------------------------------------------------------- screens


async def last_web(pool: Pool, city_id: int) -> int:
    """Return the number of the last web message of a city; 0 = there is none."""
    number: int = await pool.fetchval(sql("notice_last"), city_id)
    return number


async def list_popups(
    pool: Pool, scope: Scope, city_id: int, seat_id: int | None, *, since: int, most_alarms: int
) -> list[Popup]:
    """Return web messages of the last 24 hours after a number that still matter to a seat, oldest first."""
    scope.require_layer("alarms")
    rows = await pool.fetch(sql("notice_popups"), *scope_parameters(scope, city_id).as_tuple(), since, seat_id, most_alarms)
    return [Popup(**dict(row)) for row in rows]


async def list_told(
    pool: Pool, scope: Scope, city_id: int, seat_id: int | None, *, before: int | None, limit: int, most_alarms: int
) -> list[Told]:
    """Return what a seat was told, the newest first."""
    scope.require_layer("alarms")
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("notice_told"), *parameters, seat_id, before, limit, most_alarms)
    return [Told(**dict(row)) for row in rows]


async def see(pool: Pool, city_id: int, notice_id: int, seat_id: int, *, alarms: Sequence[int] | None, again: bool) -> list[int]:
    """Mark alarms of a web message as seen by a seat; unless `again`, they never pop up for it any more. Returns which.

    Raises
    ------
    NotFound
        When there is no such message for this seat, or it holds none of the alarms.
    """
    rows = await pool.fetch(sql("notice_see"), city_id, notice_id, seat_id, None if alarms is None else list(alarms), again)
    if not rows:
        raise NotFound(f"there is no message {notice_id} for seat {seat_id} in city {city_id} that holds what was named")
    return [row["alarm_id"] for row in rows]


# ---------------------------------------------------------------- rules and devices


async def list_notice_rules(pool: Pool, city_id: int, code: str | None = None) -> list[NoticeRule]:
    """Return what the alarm rules of a city say to screens and persons."""
    return [NoticeRule(**dict(row)) for row in await pool.fetch(sql("notice_rule_list"), city_id, code)]


async def write_notice_rule(
    pool: Pool, city_id: int, code: str, *, popup: bool, advice_zh: str, advice_en: str, seat: str
) -> NoticeRule:
    """Store whether a rule pops up and what it advises.

    Raises
    ------
    NotFound
        When the city has no such rule.
    """
    if await pool.fetchval(sql("notice_rule_write"), city_id, code, popup, advice_zh, advice_en, seat) is None:
        raise NotFound(f"city {city_id} has no alarm rule {code!r}")
    return (await list_notice_rules(pool, city_id, code))[0]


async def add_push(pool: Pool, seat_id: int, *, endpoint: str, p256dh: str, auth: str) -> None:
    """Store a browser that takes web push; one that another seat had goes over to this one."""
    await pool.execute(sql("push_add"), seat_id, endpoint, p256dh, auth)


async def list_push(pool: Pool, seat_id: int) -> list[PushEndpoint]:
    """Return the browsers of a seat."""
    return [PushEndpoint(**dict(row)) for row in await pool.fetch(sql("push_list"), seat_id)]


async def remove_push(pool: Pool, seat_id: int, endpoint: str) -> bool:
    """Forget a browser; tells whether the seat had it."""
    return await pool.fetchval(sql("push_remove"), seat_id, endpoint) is not None
