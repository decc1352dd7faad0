"""Notification (告警推送): the stream of pop-ups, what a seat was told, deliveries, channels, what rules say."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from api.dependencies import Caller, CallerDep, CityDep, PoolDep, SettingsDep
from api.errors import BadRequest
from api.listening import EventStream, Listening
from api.notice_models import (
    DeliveriesAnswer,
    NoticeChannels,
    NoticeRuleBody,
    NoticeRuleModel,
    NoticeRulesAnswer,
    PopupsAnswer,
    PushBody,
    PushEndBody,
    SeenAnswer,
    SeenBody,
    ToldAnswer,
    delivery_model,
    rule_model,
    told_models,
)
from api.notice_news import read_popups, stream_popups
from api.notice_room import NoticeRoom
from api.notices.addresses import require_reachable
from api.notices.push import check_keys
from data import notices
from data.errors import NotFound
from data.quality_alarms import read_quality_notice

router = APIRouter(prefix="/notices", tags=["notices"])

NoticeId = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[5])]
RuleCode = Annotated[str, Path(max_length=200, examples=["secondary_supply_temperature_low"])]
_MOST_ALARMS = 20


def notice_room(request: Request) -> NoticeRoom:
    """Return the notice room of the process."""
    room: NoticeRoom = request.app.state.notices
    return room


NoticeRoomDep = Annotated[NoticeRoom, Depends(notice_room)]


def own_seat(caller: Caller) -> int:
    """Return the caller's seat.

    Raises
    ------
    BadRequest
        When the caller has none of its own.
    """
    if caller.seat_id is None:
        raise BadRequest("this caller has no seat of its own, so there is nobody to notify")
    return caller.seat_id


@router.get("")
async def get_notices(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    room: NoticeRoomDep,
    *,
    before: Annotated[int | None, Query(description="Only older ones than this.", ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ToldAnswer:
    """Tell what the caller's seat was told, by every channel, the newest first."""
    seat = caller.seat_id
    found = await notices.list_told(pool, caller.scope, city, seat, before=before, limit=limit, most_alarms=_MOST_ALARMS)
    return ToldAnswer(items=await told_models(pool, caller.scope, city, found, zone=room.zone(city)))


@router.get("/stream", response_class=EventStream)
async def get_stream(
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    room: NoticeRoomDep,
    *,
    last_event_id: Annotated[str, Header(description="Number of the last event that came; sent by browsers.")] = "",
) -> EventStream:
    """Tell what pops up: server-sent events, first `open` with what is still to be answered, then `notice` as it comes."""
    caller.scope.require_layer("alarms")
    known = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19
    since = int(last_event_id) if known else None
    events = stream_popups(room, pool, caller.scope, city, caller.seat_id, since=since, listening=Listening(request))
    return EventStream(events)


@router.get("/popups")
async def get_popups(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    room: NoticeRoomDep,
    *,
    since: Annotated[int, Query(description="Only messages after this number.", ge=0, le=2**63 - 1)] = 0,
) -> PopupsAnswer:
    """Tell what the stream tells, for programs that ask now and then: messages of the last day that are still to be answered."""
    zone = room.zone(city)
    return PopupsAnswer(items=await read_popups(pool, caller.scope, city, caller.seat_id, since=since, zone=zone))


@router.post("/{notice_id}/seen")
async def post_seen(
    notice_id: NoticeId, caller: CallerDep, city: CityDep, pool: PoolDep, body: SeenBody | None = None
) -> SeenAnswer:
    """Mark a pop-up as seen by the caller's seat; unless `again`, it or its alarms never pop up there any more."""
    said = SeenBody(alarms=None, again=False) if body is None else body
    caller.scope.require_layer("alarms")
    seat = own_seat(caller)
    if not said.again and await read_quality_notice(pool, caller.scope, city, notice_id, seat):
        return SeenAnswer(alarms=[])
    marked = await notices.see(pool, city, notice_id, seat, alarms=said.alarms, again=said.again)
    return SeenAnswer(alarms=sorted(marked))


@router.get("/deliveries")
async def get_deliveries(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    state: Annotated[Literal["queued", "sending", "sent", "given_up"] | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DeliveriesAnswer:
    """List messages by webhook, e-mail and push with their failures: the caller's, and for administrators all."""
    everybody = "manage_seats" in caller.permissions
    rows = await notices.list_deliveries(pool, city, caller.seat_id, everybody=everybody, state=state, limit=limit, offset=offset)
    return DeliveriesAnswer(items=[delivery_model(row) for row in rows], total=rows[0].total if rows else 0)


@router.get("/channels")
async def get_channels(caller: CallerDep, pool: PoolDep, settings: SettingsDep, room: NoticeRoomDep) -> NoticeChannels:
    """Tell which channels are set up, and the key that a browser needs for web push."""
    browsers = [] if caller.seat_id is None else await notices.list_push(pool, caller.seat_id)
    return NoticeChannels(
        hosts=list(settings.notice_hosts),
        email=bool(settings.smtp_host),
        push=bool(settings.notice_hosts),
        push_key=room.senders.pusher.public_key,
        browsers=len(browsers),
        outside="notify_outside" in caller.permissions,
    )


@router.put("/push", status_code=204)
async def put_push(body: PushBody, caller: CallerDep, pool: PoolDep, settings: SettingsDep) -> Response:
    """Register the browser of the caller for web push."""
    require_reachable(body.endpoint, settings.notice_hosts)
    check_keys(body.keys.p256dh, body.keys.auth)
    await notices.add_push(pool, own_seat(caller), endpoint=body.endpoint, p256dh=body.keys.p256dh, auth=body.keys.auth)
    return Response(status_code=204)


@router.delete("/push", status_code=204)
async def delete_push(body: PushEndBody, caller: CallerDep, pool: PoolDep) -> Response:
    """Forget a browser of the caller."""
    if not await notices.remove_push(pool, own_seat(caller), body.endpoint):
        raise NotFound("this seat has no such browser")
    return Response(status_code=204)


@router.get("/rules")
async def get_notice_rules(caller: CallerDep, city: CityDep, pool: PoolDep) -> NoticeRulesAnswer:
    """List whether each alarm rule pops up, and what it advises."""
    caller.scope.require_layer("alarms")
    return NoticeRulesAnswer(items=[rule_model(rule) for rule in await notices.list_notice_rules(pool, city)])


@router.put("/rules/{code}")
async def put_notice_rule(
    code: RuleCode, body: NoticeRuleBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> NoticeRuleModel:
    """Write whether an alarm rule pops up, and its advice, in the name of the caller's seat."""
    written = await notices.write_notice_rule(
        pool, city, code, popup=body.popup, advice_zh=body.advice_zh, advice_en=body.advice_en, seat=caller.seat
    )
    return rule_model(written)
