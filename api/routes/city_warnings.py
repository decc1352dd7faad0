"""Warnings (预警): issued, handled and lifted by persons; the list, the log, and statistics by month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from data import city_warnings
from data.drills import require_running
from twin.city_warnings import HANDLING, LIFTED, Model, WarningDraft
from twin.code_lists import WARNING_TYPE

router = APIRouter(tags=["warnings"])
WarningId = Annotated[int, Path(ge=1, le=2**62, examples=[4])]
MAX_PERIOD = timedelta(days=3660)


class WarningModel(BaseModel):
    """One warning (预警明细); level 1 is the highest."""

    warning_id: int = Field(examples=[4])
    name: str = Field(examples=["人民大街一级网疑似泄漏"])
    type: str = Field(description="预警类型 01 to 12.", examples=["04"])
    type_zh: str = Field(examples=["泄漏"])
    type_en: str = Field(examples=["leak"])
    level: int = Field(examples=[2])
    state: str = Field(description="01 issued, 02 being handled, 03 lifted.", examples=["01"])
    asset_id: int | None = Field(examples=[12])
    asset_kind: str | None = Field(examples=["substation"])
    asset_name: str | None
    address: str
    model: str = Field(description="What found it.", examples=["by_hand"])
    origin_id: int | None = Field(description="Number of the alarm or incident.")
    content: str
    analysis: str
    advice: str
    drill_id: int | None = Field(description="Of this drill (演练); null = real.")
    happened_at: datetime
    issued_at: datetime
    issued_by: str
    handled_at: datetime | None
    handled_by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class WarningsAnswer(BaseModel):
    """Warnings, open ones first, then by level and time."""

    items: list[WarningModel]
    total: int = Field(description="How many there are on all pages; 0 beyond the last one.", examples=[1])


class WarningBody(BaseModel):
    """A warning to issue. It needs a place: an asset, or an address that names one, or an address with a position."""

    name: str = Field(min_length=1, max_length=100, examples=["人民大街一级网疑似泄漏"])
    type: str = Field(max_length=2, examples=["04"])
    level: int = Field(examples=[2])
    content: str = Field(min_length=1, max_length=1000, examples=["补水量升高，请注意路面"])
    asset_id: int | None = Field(None, ge=1, le=2**31 - 1, examples=[12])
    address: str = Field("", max_length=200, examples=["人民大街 100 号"])
    position: tuple[float, float] | None = Field(None, description="longitude, latitude in WGS-84 degrees")
    model: Model = "by_hand"
    origin_id: int | None = Field(None, ge=1, le=2**62, description="Number of the alarm or incident that it comes from.")
    analysis: str = Field("", max_length=1000)
    advice: str = Field("", max_length=1000, examples=["绕行"])
    happened_at: AwareDatetime | None = Field(None, description="When the problem was found; default: now.")
    drill_id: int | None = Field(None, ge=1, le=2**62, description="Of a drill that runs; null = real.")


class WarningNoteBody(BaseModel):
    """What is done, or why it is lifted."""

    note: str = Field(min_length=1, max_length=1000, examples=["抢修完成，恢复供热"])


class WarningEventModel(BaseModel):
    """One line of the log of a warning."""

    event: str = Field(description="issued, handling, lifted", examples=["lifted"])
    seat: str
    happened_at: datetime
    note: str


class WarningEventsAnswer(BaseModel):
    """The log of one warning, oldest first."""

    items: list[WarningEventModel]


class WarningMonthModel(BaseModel):
    """Warnings of one month, type and level (预警统计)."""

    month: str = Field(examples=["2026-11"])
    type: str = Field(examples=["04"])
    type_zh: str = Field(examples=["泄漏"])
    type_en: str = Field(examples=["leak"])
    level: int = Field(examples=[2])
    issued: int = Field(description="All that were issued.", examples=[3])
    handling: int = Field(description="Of them being handled now.", examples=[1])
    lifted: int = Field(description="Of them lifted.", examples=[2])


class WarningMonthsAnswer(BaseModel):
    """Warnings by month; those of drills are not counted."""

    items: list[WarningMonthModel]


@router.get("/warnings")
async def get_warnings(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    *,
    state: Annotated[
        city_warnings.WarningFilterState | Literal["all"], Query(description="open = issued or being handled.")
    ] = "open",
    kind: Annotated[str | None, Query(description="Kind of the object.", max_length=100, examples=["substation"])] = None,
    type_: Annotated[
        str | None, Query(alias="type", description="Kind of problem, 01 to 12.", pattern="^(0[1-9]|1[0-2])$")
    ] = None,
    model: Annotated[Model | None, Query(description="What found it.")] = None,
    level: Annotated[int | None, Query(ge=1, le=4)] = None,
    drill: Annotated[int | None, Query(ge=1, le=2**62, description="Those of a drill instead of the real ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> WarningsAnswer:
    """List the warnings that the caller may see, by state, object, kind of problem, and what found it."""
    wanted = city_warnings.WarningFilter(None if state == "all" else state, kind, type_, model, level, None, drill)
    found, total = await city_warnings.list_warnings(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return WarningsAnswer(items=[_model(each) for each in found], total=total)


@router.post("/warnings")
async def post_warning(caller: CallerDep, city: CityDep, pool: PoolDep, body: WarningBody) -> WarningModel:
    """Issue a warning in the name of the caller's seat."""
    if body.position is not None and not (-180 <= body.position[0] <= 180 and -90 <= body.position[1] <= 90):
        raise BadRequest(f"position is {body.position}; it must be longitude, latitude in degrees")
    if body.drill_id is not None:
        await require_running(pool, caller.scope, city, body.drill_id)
    given = body.model_dump(exclude={"position", "happened_at", "drill_id"})
    draft = WarningDraft(**given, position_wgs84=body.position)
    done = city_warnings.issue_warning(
        pool, caller.scope, city, draft, seat=caller.seat, happened_at=body.happened_at, drill_id=body.drill_id
    )
    return _model(await done)


@router.get("/warnings/statistics")
async def get_months(
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    since: Annotated[AwareDatetime | None, Query(description="Default: a year before `until`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
) -> WarningMonthsAnswer:
    """Count warnings by month of the city, type and level."""
    end = until or datetime.now(UTC)
    start = since or end - timedelta(days=366)
    if not timedelta(0) < end - start <= MAX_PERIOD:
        raise BadRequest(f"since {start} to until {end} is no period of up to {MAX_PERIOD.days} days")
    found = await city_warnings.warning_months(pool, caller.scope, city, start, end)
    return WarningMonthsAnswer(
        items=[
            WarningMonthModel(
                month=each.month,
                level=each.level,
                issued=each.issued,
                handling=each.handling,
                lifted=each.lifted,
                **_type(each.type),
            )
            for each in found
        ]
    )


@router.get("/warnings/{warning_id}/events")
async def get_events(warning_id: WarningId, caller: CallerDep, city: CityDep, pool: PoolDep) -> WarningEventsAnswer:
    """Tell who issued, handled and lifted a warning, when, and what was said."""
    found = await city_warnings.warning_events(pool, caller.scope, city, warning_id)
    return WarningEventsAnswer(items=[WarningEventModel.model_validate(each, from_attributes=True) for each in found])


@router.post("/warnings/{warning_id}/handle")
async def post_handle(
    warning_id: WarningId, caller: CallerDep, city: CityDep, pool: PoolDep, body: WarningNoteBody
) -> WarningModel:
    """Take a warning into handling (处置)."""
    return _model(
        await city_warnings.step_warning(pool, caller.scope, city, warning_id, HANDLING, seat=caller.seat, note=body.note)
    )


@router.post("/warnings/{warning_id}/lift")
async def post_lift(
    warning_id: WarningId, caller: CallerDep, city: CityDep, pool: PoolDep, body: WarningNoteBody
) -> WarningModel:
    """Lift a warning (解除); only a person does."""
    return _model(
        await city_warnings.step_warning(pool, caller.scope, city, warning_id, LIFTED, seat=caller.seat, note=body.note)
    )


def _type(code: str) -> dict[str, Any]:
    zh, en = WARNING_TYPE.codes[code].split(" ", 1)
    return {"type": code, "type_zh": zh, "type_en": en}


def _model(found: city_warnings.StoredWarning) -> WarningModel:
    names = WarningModel.model_fields.keys() - {"position", "type", "type_zh", "type_en"}
    values: dict[str, Any] = {name: getattr(found, name) for name in names} | _type(found.type)
    return WarningModel(**values, position=found.position_wgs84)
