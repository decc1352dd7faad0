"""What persons do with an alarm; every action is a line of its log, in the name of the seat."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field

from api.alarm_models import AlarmModel, alarm_model
from api.dependencies import CallerDep, CityDep, PoolDep
from data.alarms import act_on_alarm
from twin.alarms.states import Action

router = APIRouter(tags=["alarms"])
AlarmId = Annotated[int, Path(examples=[7])]


class AlarmNoteBody(BaseModel):
    """What the person has to say."""

    note: str = Field("", max_length=2000, examples=["抢修队已出发"])


class AlarmReasonBody(BaseModel):
    """A reason that must be given."""

    note: str = Field(min_length=1, max_length=2000, examples=["现场检修"])


class ShelveBody(AlarmReasonBody):
    """A reason, and when the shelf ends: within seven days."""

    until: AwareDatetime = Field(examples=["2026-11-23T08:00:00+08:00"])


class VerdictBody(AlarmReasonBody):
    """Whether it was a false alarm (误报), and why."""

    false_alarm: bool


@router.post("/alarms/{alarm_id}/acknowledge")
async def post_acknowledge(
    alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: AlarmNoteBody | None = None
) -> AlarmModel:
    """Acknowledge an alarm in the name of the caller's seat; again changes nothing."""
    note = "" if body is None else body.note
    return alarm_model(await act_on_alarm(pool, caller.scope, city, alarm_id, "acknowledge", seat=caller.seat, note=note))


@router.post("/alarms/{alarm_id}/confirm")
async def post_confirm(
    alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: AlarmNoteBody | None = None
) -> AlarmModel:
    """Confirm that something was done about an acknowledged alarm; 409 for one that nobody has acknowledged."""
    note = "" if body is None else body.note
    return alarm_model(await act_on_alarm(pool, caller.scope, city, alarm_id, "confirm", seat=caller.seat, note=note))


@router.post("/alarms/{alarm_id}/comment")
async def post_comment(alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: AlarmReasonBody) -> AlarmModel:
    """Write a line into the log of an alarm."""
    return alarm_model(await act_on_alarm(pool, caller.scope, city, alarm_id, "comment", seat=caller.seat, note=body.note))


@router.post("/alarms/{alarm_id}/shelve")
async def post_shelve(alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: ShelveBody) -> AlarmModel:
    """Keep its rule at its source from ringing until a time, at most seven days away; alarms that come until then, too."""
    done = act_on_alarm(pool, caller.scope, city, alarm_id, "shelve", seat=caller.seat, note=body.note, until=body.until)
    return alarm_model(await done)


@router.post("/alarms/{alarm_id}/unshelve")
async def post_unshelve(
    alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: AlarmNoteBody | None = None
) -> AlarmModel:
    """Take an alarm from its shelf before its time."""
    note = "" if body is None else body.note
    return alarm_model(await act_on_alarm(pool, caller.scope, city, alarm_id, "unshelve", seat=caller.seat, note=note))


@router.post("/alarms/{alarm_id}/out-of-service")
async def post_out_of_service(
    alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: AlarmReasonBody
) -> AlarmModel:
    """Keep its rule at its source from ringing until somebody returns it to service: its device is under repair."""
    return alarm_model(await act_on_alarm(pool, caller.scope, city, alarm_id, "out_of_service", seat=caller.seat, note=body.note))


@router.post("/alarms/{alarm_id}/return-to-service")
async def post_return_to_service(
    alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: AlarmNoteBody | None = None
) -> AlarmModel:
    """Let it ring again."""
    note = "" if body is None else body.note
    done = act_on_alarm(pool, caller.scope, city, alarm_id, "return_to_service", seat=caller.seat, note=note)
    return alarm_model(await done)


@router.post("/alarms/{alarm_id}/verdict")
async def post_verdict(alarm_id: AlarmId, caller: CallerDep, city: CityDep, pool: PoolDep, body: VerdictBody) -> AlarmModel:
    """Judge whether it was a false alarm; the last verdict counts, all are in the log."""
    action: Action = "judge_false" if body.false_alarm else "judge_true"
    return alarm_model(await act_on_alarm(pool, caller.scope, city, alarm_id, action, seat=caller.seat, note=body.note))
