"""Checks by hand (人工核查): the queue of doubtful values, verdicts, corrections, and work orders to companies."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.live_room import now_ms
from api.quality_check_answers import (
    QualityAnswerBody,
    QualityCheckBody,
    QualityCheckDetail,
    QualityCheckModel,
    QualityChecksAnswer,
    QualityCheckStep,
    QualityCompaniesAnswer,
    QualitySendBody,
    QualityVerdictBody,
)
from api.quality_companies import company_rows
from api.quality_doubts import doubt_of, require_correction
from api.routes.history import HistoryDep
from api.routes.quality import RoomDep
from data.quality_checks import StoredCheck, add_check, answer, check_steps, judge, list_checks, read_check, send
from data.sources import sources_of_asset

router = APIRouter(prefix="/quality", tags=["quality"])
CheckPath = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[3])]


@router.get("/checks")
async def get_checks(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    state: Annotated[
        Literal["unfinished", "open", "sent", "answered", "closed"] | None, Query(description="Default: all.", examples=["open"])
    ] = None,
    asset: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    rule: Annotated[str | None, Query(max_length=64, examples=["range"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> QualityChecksAnswer:
    """List values that are to be checked or were, the unfinished ones first."""
    caller.scope.require_layer("readings")
    total, found = await list_checks(
        pool, caller.scope, city, state=state, asset_id=asset, company_id=company_id, rule=rule, limit=limit, offset=offset
    )
    return QualityChecksAnswer(total=total, items=[_model(one) for one in found])


@router.get("/checks/{check_id}")
async def get_check(check_id: CheckPath, caller: CallerDep, city: CityDep, pool: PoolDep) -> QualityCheckDetail:
    """Return one check with its log."""
    caller.scope.require_layer("readings")
    found = await read_check(pool, caller.scope, city, check_id)
    steps = [QualityCheckStep(**asdict(step)) for step in await check_steps(pool, city, check_id)]
    return QualityCheckDetail(**_model(found).model_dump(), steps=steps)


@router.post("/checks")
async def post_check(
    body: QualityCheckBody, *, caller: CallerDep, city: CityDep, pool: PoolDep, history: HistoryDep
) -> QualityCheckModel:
    """Doubt a value by hand, or ask the company to send a time again; in the name of the caller's seat."""
    caller.scope.require_layer("readings")
    doubt = await doubt_of(history, caller.scope, city, body)
    return _model(await add_check(pool, caller.scope, city, doubt, seat=caller.seat, note=body.note, send=body.send))


@router.post("/checks/{check_id}/verdict")
async def post_verdict(
    check_id: CheckPath, body: QualityVerdictBody, *, caller: CallerDep, city: CityDep, pool: PoolDep
) -> QualityCheckModel:
    """Judge a value: right (the flag was false), wrong (with a correction, if one is known) or unsure. The reading stays."""
    caller.scope.require_layer("readings")
    if body.corrected is not None:
        if body.verdict != "wrong":
            raise BadRequest(
                f"corrected is {body.corrected:g}, but the verdict is {body.verdict!r}; only a wrong value is corrected"
            )
        found = await read_check(pool, caller.scope, city, check_id)
        require_correction(found, await sources_of_asset(pool, caller.scope, city, found.asset_id), body.corrected)
    done = judge(pool, caller.scope, city, check_id, body.verdict, corrected=body.corrected, seat=caller.seat, note=body.note)
    return _model(await done)


@router.post("/checks/{check_id}/send")
async def post_send(
    check_id: CheckPath, *, caller: CallerDep, city: CityDep, pool: PoolDep, body: QualitySendBody | None = None
) -> QualityCheckModel:
    """Send a check to the company that owns the asset, as a work order."""
    caller.scope.require_layer("readings")
    note = "" if body is None else body.note
    return _model(await send(pool, caller.scope, city, check_id, seat=caller.seat, note=note))


@router.post("/checks/{check_id}/answer")
async def post_answer(
    check_id: CheckPath, body: QualityAnswerBody, *, caller: CallerDep, city: CityDep, pool: PoolDep
) -> QualityCheckModel:
    """Answer a check in the name of the company; who sent it judges it afterwards."""
    caller.scope.require_layer("readings")
    done = answer(pool, caller.scope, city, check_id, suggested=body.suggested, seat=caller.seat, note=body.note)
    return _model(await done)


@router.get("/companies")
async def get_companies(caller: CallerDep, city: CityDep, pool: PoolDep, room: RoomDep) -> QualityCompaniesAnswer:
    """Tell which companies have stopped uploading or send invalid data, since when, and what is asked of them."""
    caller.scope.require_layer("readings")
    at_ms = now_ms()
    return QualityCompaniesAnswer(as_of_ms=at_ms, items=await company_rows(pool, room, caller.scope, city, now_ms=at_ms))


def _model(found: StoredCheck) -> QualityCheckModel:
    given = asdict(found)
    until = given.pop("until_at")
    given["observed_at"] = _ms(found.observed_at)
    return QualityCheckModel(**given, until=None if until is None else _ms(until))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
