"""The notice room: turns what is raised into messages, sends them, and keeps on until somebody answers.

Three things happen beside requests. **Looking**: alarms raised since the last look become items of every subscription that wants
them, one a step; items whose time has come become messages, many alarms in one. One server at a time does this for a city.
**Sending**: messages that leave the page are taken in hand and handed to their channel, with growing pauses when that fails;
any server sends, each message one at a time. **Forgetting**: what is older than thirty days goes.

Who is told is decided when a message is made and again at every try, with the Scope that the seat has then.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final

import asyncpg

from api.errors import ChannelClosed, NotDelivered
from api.live_room import LiveRoom
from api.notice_quality import quality_lines, quality_text, tell_quality
from api.notices.messages import Outgoing, text_line
from api.notices.senders import Senders
from api.settings import Settings
from api.watching import Watcher
from data import notices
from data.notices import Delivery, DueAlarm, Item, NewMessage, StoredSubscription, Waiting
from data.pool import Pool
from data.seats import find_seat
from twin.errors import OutsideScope
from twin.notices import DEFAULT_SUBSCRIPTION, Step, compose, held_until, pause_s, send_at
from twin.notices.model import Lang
from twin.scope import EVERYTHING, Scope
from twin.seats import scope_of

logger = logging.getLogger(__name__)

LOOK_S: Final = 0.25
"""How often it is asked, in memory, whether alarms have moved."""
FULL_LOOK_S: Final = 2.0
"""How often the store is asked all the same: escalations fall due without an alarm moving."""
LEASE_S: Final = 60.0
"""How long a try may take; then the message is free for another one."""
AT_ONCE: Final = 16
CITIES_S: Final = 30.0
KEPT: Final = timedelta(days=30)
_RETRY_S: Final = 5.0
_FORGET_S: Final = 3600.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _CityWatch:
    """What is known of one city between two looks."""

    zone: str
    alarm_seq: int = -1
    looked_s: float = float("-inf")
    busy: bool = False
    mark: notices.LogMark | None = None
    taken: set[int] = field(default_factory=set)
    last_web: int = 0


class NoticeRoom:
    """Notification of all cities. One per process, as `app.state.notices`; an async context manager.

    Parameters
    ----------
    settings
        Mail server, hosts that may be reached, var dir, demo mode.
    pool, live
        The store, and whether alarms have moved.
    clock
        The time; tests give their own.
    """

    def __init__(self, settings: Settings, pool: Pool, live: LiveRoom, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self._settings, self._pool, self._live, self._clock = settings, pool, live, clock
        self.senders = Senders(settings, pool)
        self._cities: dict[int, _CityWatch] = {}
        self._cities_s = float("-inf")
        self._looking = Watcher("look for notices", self._look_if_moved, every_s=LOOK_S, retry_s=_RETRY_S)
        self._sending = Watcher("send notices", self.send, every_s=1.0, retry_s=_RETRY_S)
        self._forgetting = Watcher("forget old notices", self.forget, every_s=_FORGET_S, retry_s=_FORGET_S)

    async def __aenter__(self) -> NoticeRoom:
        await self._find_cities()  # before the first reading: what it raises is told
        for watcher in (self._looking, self._sending, self._forgetting):
            watcher.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for watcher in (self._looking, self._sending, self._forgetting):
            await watcher.stop()
        await self.senders.close()

    def last_web(self, city_id: int) -> int:
        """Return the number of the last web message of a city that this server knows of."""
        known = self._cities.get(city_id)
        return 0 if known is None else known.last_web

    def zone(self, city_id: int) -> str:
        """Return the time zone of a city."""
        known = self._cities.get(city_id)
        return "UTC" if known is None else known.zone

    def changed(self, city_id: int) -> None:
        """Look at the store at once: something was written on behalf of a request."""
        known = self._cities.get(city_id)
        if known is not None:
            known.looked_s = float("-inf")
        self._looking.wake()
        self._sending.wake()

    async def forget(self) -> None:
        """Forget what is older than thirty days."""
        await notices.forget(self._pool, self._clock() - KEPT)

    # ------------------------------------------------------------ looking

    async def _find_cities(self) -> None:
        await notices.start_cities(self._pool, DEFAULT_SUBSCRIPTION)
        for city_id, zone in (await notices.list_zones(self._pool)).items():
            if city_id not in self._cities:
                self._cities[city_id] = _CityWatch(zone, last_web=await notices.last_web(self._pool, city_id))
        self._cities_s = time.monotonic()

    async def _look_if_moved(self) -> None:
        if time.monotonic() - self._cities_s > CITIES_S or self._live.cities.keys() - self._cities.keys():
            await self._find_cities()
        for city_id, known in list(self._cities.items()):
            live = self._live.cities.get(city_id)
            seq = -1 if live is None else live.alarm_seq
            waited = time.monotonic() - known.looked_s
            if seq != known.alarm_seq or waited >= FULL_LOOK_S or (known.busy and waited >= LOOK_S):
                known.alarm_seq, known.looked_s = seq, time.monotonic()
                await self._look_at(city_id, known)

    async def look(self) -> None:
        """Look at every city once."""
        await self._find_cities()
        for city_id, known in list(self._cities.items()):
            await self._look_at(city_id, known)

    async def _look_at(self, city_id: int, known: _CityWatch) -> None:
        now, made = self._clock(), 0
        async with self._pool.acquire() as connection, connection.transaction():
            if await notices.try_lock(connection, city_id):
                await self._take_news(connection, city_id, known, now)
                made = await self._make_messages(connection, city_id, known, now)
                made += await tell_quality(connection, city_id, self._scope, zone=known.zone, now=now)
        known.last_web = await notices.last_web(self._pool, city_id)
        if made:
            self._sending.wake()

    async def _take_news(self, connection: asyncpg.Connection, city_id: int, known: _CityWatch, now: datetime) -> None:
        """Store items for what was raised. The cursor follows when no transaction can put a line before it any more."""
        mark = await notices.read_mark(connection, city_id)
        if mark is None:
            return
        if mark.last > mark.cursor:
            news = await notices.read_news(connection, city_id, since=mark.cursor)
            fresh = [one for one in news if one.transition_id not in known.taken]
            if fresh:
                subscriptions = await notices.list_subscriptions(connection, city_id)
                await notices.add_items(connection, city_id, _items(subscriptions, fresh, now))
                known.busy = True
            known.taken.update(one.transition_id for one in fresh)
        if known.mark is None or mark.oldest >= known.mark.next:
            if known.mark is not None and known.mark.last > mark.cursor:
                await notices.move_cursor(connection, city_id, known.mark.last)
                known.taken = {number for number in known.taken if number > known.mark.last}
            known.mark = mark

    async def _make_messages(self, connection: asyncpg.Connection, city_id: int, known: _CityWatch, now: datetime) -> int:
        waiting = await notices.list_waiting(connection, city_id, now)
        known.busy = bool(waiting)
        if not waiting:
            return 0
        stored = {one.subscription_id: one for one in await notices.list_subscriptions(connection, city_id)}
        made = 0
        for one in waiting:
            made += await self._make_message(connection, city_id, stored.get(one.subscription_id), one, now)
        return made

    async def _make_message(  # what one look knows
        self, connection: asyncpg.Connection, city_id: int, stored: StoredSubscription | None, waiting: Waiting, now: datetime
    ) -> bool:
        """Make one message of the alarms that wait for one step, unless more are waited for; tells whether it did."""
        step = None if stored is None else _step(stored, waiting.step)
        scope = None if stored is None or step is None else await self._scope(connection, city_id, step.seat_id or stored.seat_id)
        bound = 1 if stored is None else stored.subscription.most_per_10_min
        if scope is not None and send_at(waiting.since, waiting.sent, most_per_10_min=bound) > now:
            return False
        due = await notices.list_due(
            connection,
            scope or EVERYTHING,
            city_id,
            subscription_id=waiting.subscription_id,
            step=waiting.step,
            now=now,
        )
        if stored is None or step is None or scope is None:
            why = dict.fromkeys((alarm.alarm_id for alarm in due), "switched off" if step is None else "no such seat")
            await notices.drop_items(connection, city_id, waiting.subscription_id, waiting.step, why)
            return False
        told, dropped, held = _sort(due, stored, waiting.step, now=now, zone=self.zone(city_id))
        await notices.drop_items(connection, city_id, waiting.subscription_id, waiting.step, dropped)
        await notices.hold_items(connection, city_id, waiting.subscription_id, waiting.step, held)
        if not told:
            return False
        message = NewMessage(
            subscription_id=waiting.subscription_id,
            step=waiting.step,
            seat_id=step.seat_id or stored.seat_id,
            channel=step.channel,
            target=asdict(step) | {"lang": stored.subscription.lang},
            dedup_key=f"{city_id}-{waiting.subscription_id}-{waiting.step}-{told[0].alarm_id}",
            level=min(alarm.level for alarm in told),
            alarms=tuple(alarm.alarm_id for alarm in told),
        )
        await notices.add_message(connection, city_id, message, now=now)
        return True

    async def _scope(self, connection: Pool | asyncpg.Connection, city_id: int, seat_id: int | None) -> Scope | None:
        """Return what a seat may see of a city's alarms now; None = nothing, or there is no such seat."""
        if seat_id is None:
            return EVERYTHING
        seat = await find_seat(connection, seat_id, demo_mode=self._settings.demo_mode)
        if seat is None:
            return None
        scope = scope_of(seat.seat.organisation, seat.seat.role)
        try:
            scope.require_city(city_id)
            scope.require_layer("alarms")
        except OutsideScope:
            return None
        return scope

    # ------------------------------------------------------------ sending

    async def send(self) -> None:
        """Send what is to be sent now."""
        while deliveries := await notices.claim(self._pool, self._clock(), lease_s=LEASE_S, limit=AT_ONCE):
            await asyncio.gather(*(self._deliver(each) for each in deliveries))

    async def _deliver(self, delivery: Delivery) -> None:
        message = None
        try:
            message = await self._outgoing(delivery)
            await self.senders.send(delivery, message)
        except (NotDelivered, ChannelClosed) as error:
            await self._failed(delivery, message, str(error), final=getattr(error, "final", True))
        except Exception as error:
            logger.exception("notice %d by %s", delivery.notice_id, delivery.channel)
            await self._failed(delivery, message, f"{type(error).__name__}: see the server's log", final=False)
        else:
            said = (message.title, message.body)
            await notices.finish(self._pool, delivery, "sent", title=said[0], body=said[1], sent_at=self._clock())

    async def _failed(self, delivery: Delivery, message: Outgoing | None, why: str, *, final: bool) -> None:
        pause = None if final else pause_s(delivery.attempts)
        logger.warning("notice %d by %s, try %d: %s", delivery.notice_id, delivery.channel, delivery.attempts, why)
        await notices.finish(
            self._pool,
            delivery,
            "given_up" if pause is None else "queued",
            title=delivery.title if message is None else message.title,
            body=delivery.body if message is None else message.body,
            error=why,
            next_try_at=None if pause is None else self._clock() + timedelta(seconds=pause),
        )

    async def _outgoing(self, delivery: Delivery) -> Outgoing:
        """Return the message as the seat may see it now.

        Raises
        ------
        NotDelivered
            When the seat is gone or sees none of its alarms any more, or somebody answered before a later try.
        """
        lang: Lang = delivery.target.get("lang", "zh")
        plain = (delivery.dedup_key, delivery.city_id, delivery.level, delivery.step, delivery.made_at)
        scope = await self._scope(self._pool, delivery.city_id, delivery.seat_id)
        if scope is None:
            raise NotDelivered(f"seat {delivery.seat_id} is gone, or may not see alarms of this city", final=True)
        if delivery.kind == "quality":
            about = await quality_lines(self._pool, scope, delivery.city_id, delivery.quality_alarms)
            if not about:
                raise NotDelivered(f"seat {delivery.seat_id} may see none of its quality alarms any more", final=True)
            said = quality_text(about, zone=self.zone(delivery.city_id), lang=lang)
            return Outgoing(*plain, said.title, said.body, lang=lang, quality=tuple(about))
        if not delivery.alarms:
            return Outgoing(*plain, delivery.title, delivery.body, lang=lang)
        lines = await notices.list_lines(self._pool, scope, delivery.city_id, delivery.alarms)
        if not lines:
            raise NotDelivered(f"seat {delivery.seat_id} may see none of its alarms any more", final=True)
        if delivery.attempts > 1 and delivery.step > 0 and all(line.acknowledged or not line.active for line in lines):
            raise NotDelivered("somebody acknowledged, or it was over, before it could be sent", final=True)
        after_min = float(delivery.target.get("after_min", 0.0))
        told = [text_line(line, lang) for line in lines]
        text = compose(told, zone=self.zone(delivery.city_id), lang=lang, after_min=after_min)
        return Outgoing(*plain, text.title, text.body, tuple(lines), lang)


def _step(stored: StoredSubscription, number: int) -> Step | None:
    steps = stored.subscription.steps
    return steps[number] if stored.subscription.enabled and number < len(steps) else None


def _items(subscriptions: list[StoredSubscription], news: list[notices.News], now: datetime) -> list[Item]:
    return [
        Item(stored.subscription_id, one.facts.alarm_id, number, one.facts.level, now + timedelta(minutes=step.after_min))
        for stored in subscriptions
        if stored.subscription.enabled
        for one in news
        if stored.subscription.wanted.holds(one.facts)
        for number, step in enumerate(stored.subscription.steps)
        if step.takes(one.facts, stored.subscription.wanted)
    ]


def _sort(
    due: list[DueAlarm], stored: StoredSubscription, step: int, *, now: datetime, zone: str
) -> tuple[list[DueAlarm], Mapping[int, str], Mapping[int, datetime]]:
    """Tell apart which alarms are told, which never (and why), and which later (and when)."""
    told, dropped, held = [], {}, {}
    for alarm in due:
        until = held_until(now, zone, stored.subscription.quiet, alarm.level)
        why = _why_not(alarm, escalation=step > 0)
        if why:
            dropped[alarm.alarm_id] = why
        elif until is not None:
            held[alarm.alarm_id] = until
        else:
            told.append(alarm)
    return told, dropped, held


def _why_not(alarm: DueAlarm, *, escalation: bool) -> str:
    if not alarm.visible:
        return "not visible"
    if alarm.acknowledged:
        return "acknowledged"
    if alarm.quiet:
        return "quiet"
    return "over" if escalation and not alarm.active else ""
