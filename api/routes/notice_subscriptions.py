"""Subscriptions to notices: who is told about which alarms, and the steps that follow; a test of one step."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.dependencies import Caller, CallerDep, CityDep, PoolDep, SettingsDep
from api.notice_models import (
    StepEdit,
    SubscriptionEdit,
    SubscriptionModel,
    SubscriptionsAnswer,
    TestAnswer,
    TestBody,
    kept_secrets,
    parts_of,
    subscription_model,
)
from api.notice_room import NoticeRoom
from api.notices.addresses import is_mail
from api.routes.notices import NoticeRoomDep, own_seat
from api.settings import Settings
from data import notices
from data.errors import NotFound
from data.notices import NewMessage, StoredSubscription
from data.pool import Pool
from data.seats import find_seat
from twin.errors import BadNotice
from twin.kinds import kind_of
from twin.notices import Subscription, compose_test, subscription_from_json

router = APIRouter(prefix="/notices", tags=["notices"])

SubscriptionId = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[2])]
_OUTSIDE = frozenset({"webhook", "email"})


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who writes, and what a subscription is held against."""

    caller: Caller
    pool: Pool
    room: NoticeRoom
    settings: Settings


async def _desk(caller: CallerDep, pool: PoolDep, room: NoticeRoomDep, settings: SettingsDep) -> _Desk:
    return _Desk(caller, pool, room, settings)


DeskDep = Annotated[_Desk, Depends(_desk)]


@router.get("/subscriptions")
async def get_subscriptions(caller: CallerDep, city: CityDep, pool: PoolDep) -> SubscriptionsAnswer:
    """List the caller's subscriptions; for administrators those of all seats, the one for everybody among them."""
    everybody = "manage_seats" in caller.permissions
    found = await notices.list_subscriptions(pool, city, seat_id=None if everybody else own_seat(caller))
    return SubscriptionsAnswer(items=[subscription_model(one) for one in found])


@router.post("/subscriptions", status_code=201)
async def post_subscription(body: SubscriptionEdit, city: CityDep, desk: DeskDep) -> SubscriptionModel:
    """Subscribe, for the caller's seat; administrators for any seat."""
    seat_id = own_seat(desk.caller) if body.seat_id is None else body.seat_id
    read = await _read(body, seat_id, desk, before=None)
    return subscription_model(await notices.add_subscription(desk.pool, city, seat_id, read, seat=desk.caller.seat))


@router.put("/subscriptions/{subscription_id}")
async def put_subscription(
    subscription_id: SubscriptionId, body: SubscriptionEdit, city: CityDep, desk: DeskDep
) -> SubscriptionModel:
    """Write a subscription anew: an own one, or for administrators any."""
    before = await _require_own(desk.caller, city, desk.pool, subscription_id)
    if body.seat_id is not None and body.seat_id != before.seat_id:
        raise BadNotice(f"seat_id is {body.seat_id}; subscription {subscription_id} stays with seat {before.seat_id}")
    read = await _read(body, before.seat_id, desk, before=before.subscription)
    written = await notices.write_subscription(desk.pool, city, subscription_id, read, seat=desk.caller.seat)
    desk.room.changed(city)
    return subscription_model(written)


@router.delete("/subscriptions/{subscription_id}", status_code=204)
async def delete_subscription(subscription_id: SubscriptionId, caller: CallerDep, city: CityDep, pool: PoolDep) -> Response:
    """End a subscription: an own one, or for administrators any but the one for everybody, which can be switched off."""
    stored = await _require_own(caller, city, pool, subscription_id)
    if stored.seat_id is None:
        raise BadNotice("the subscription for everybody cannot be removed; switch it off with enabled = false")
    await notices.remove_subscription(pool, city, subscription_id)
    return Response(status_code=204)


@router.post("/test", status_code=202)
async def post_test(body: TestBody, city: CityDep, desk: DeskDep) -> TestAnswer:
    """Send a test by a channel that leaves the page; `/notices/deliveries` tells how it went."""
    if body.step.channel == "web":
        raise BadNotice("a web message needs no test: the sound has one on the page")
    caller = desk.caller
    wanted = body.step.model_copy(update={"after_min": 0.0})
    edit = SubscriptionEdit(name="test", steps=[wanted], seat_id=None, most_per_10_min=1, quality=False)
    read = await _read(edit, own_seat(caller), desk, before=None)
    step, at = read.steps[0], datetime.now(UTC)
    said = compose_test(caller.seat, at, zone=desk.room.zone(city), lang=body.lang)
    message = NewMessage(
        subscription_id=None,
        step=0,
        seat_id=step.seat_id or own_seat(caller),
        channel=step.channel,
        target=asdict(step) | {"lang": body.lang},
        dedup_key=f"{city}-test-{secrets.token_hex(8)}",
        level=0,
        alarms=(),
        title=said.title,
        body=said.body,
    )
    made = await notices.add_test(desk.pool, city, message, now=at)
    desk.room.changed(city)
    return TestAnswer(notice_id=made)


async def _require_own(caller: Caller, city: int, pool: Pool, subscription_id: int) -> StoredSubscription:
    stored = await notices.require_subscription(pool, city, subscription_id)
    if stored.seat_id != caller.seat_id and "manage_seats" not in caller.permissions:
        raise NotFound(f"city {city} has no subscription {subscription_id}")  # others' are nobody's business
    return stored


async def _read(body: SubscriptionEdit, seat_id: int | None, desk: _Desk, *, before: Subscription | None) -> Subscription:
    """Return the subscription that was written, checked, with its secrets sealed.

    Raises
    ------
    NotPermitted, NotFound, BadNotice, ChannelClosed, UnknownKind
        When the caller may not, or a part makes no sense or cannot be reached.
    """
    for kind in body.wanted.kinds:
        kind_of(kind)
    for seat in {seat_id, *(step.seat_id for step in body.steps)} - {desk.caller.seat_id, None}:
        desk.caller.require("manage_seats")
        if seat is not None and await find_seat(desk.pool, seat, demo_mode=desk.settings.demo_mode) is None:
            raise NotFound(f"there is no seat {seat}, or its person may not sign in")
    if any(step.channel in _OUTSIDE for step in body.steps):
        desk.caller.require("notify_outside")
    if seat_id is None and any(step.channel != "web" for step in body.steps):
        raise BadNotice("the subscription for everybody has web steps only; make one for a seat to send elsewhere")
    parts = parts_of(body)
    kept = kept_secrets(before)
    for edit, step in zip(body.steps, parts["steps"], strict=True):
        step["secret"] = _secret(edit, kept, desk.room)
    read = subscription_from_json(parts)
    for step in read.steps:
        if step.channel == "email" and not is_mail(step.to):
            raise BadNotice(f"{step.to[:100]!r} is no address of e-mail; one plain address is right, name@example.cn")
        desk.room.senders.require_open(step)
    return read


def _secret(edit: StepEdit, kept: dict[str, str], room: NoticeRoom) -> str:
    if edit.secret is None:
        return kept.get(edit.to, "")
    return room.senders.seal(edit.secret) if edit.secret else ""
