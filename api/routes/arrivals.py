"""Arrivals (数据上报): who reports, how late, how complete; unregistered senders, refusals, and frames kept aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.arrival_answers import (
    ArrivalRow,
    ArrivalsAnswer,
    ArrivingSource,
    ArrivingSourcesAnswer,
    Conflict,
    ConflictPoint,
    ConflictsAnswer,
    CoursePoint,
    GroupBy,
    RefusedFrames,
    RefusedFramesAnswer,
    UnregisteredAnswer,
    UnregisteredSource,
)
from api.arrival_files import HEAD, ROW_COLUMNS, SOURCE_COLUMNS, cell_of, table_file
from api.arrival_sources import SourceFilter, SourceLine, SourceOrder, SourceState, list_source_lines, silent_parts
from api.arrival_totals import Part, Window, course, grouped, seen, window_parts
from api.arrivals_room import ArrivalsRoom, hour_of, now_ms
from api.customer_lists import MEDIA
from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from data.arrivals import ConflictingFrame, asset_codes, asset_names, list_conflicts, list_refusals, list_unregistered, zone_of
from data.customers import ListFormat
from data.pool import Pool
from data.sources import list_schemas
from twin.arrivals import GROUP_ROW, HOUR_MS, Figures, figures_of
from twin.frames import decode_payloads
from twin.kinds import KINDS
from twin.schemas import FrameSchema

router = APIRouter(tags=["arrivals"])

_MOST_DAYS = 400
_DAY_MS = 24 * HOUR_MS
FormPath = Annotated[ListFormat, Path(description="Of the file.", examples=["csv"])]
ByQuery = Annotated[GroupBy, Query(description="What a line of the table is about.", examples=["company"])]
LimitQuery = Annotated[int, Query(ge=1, le=1000, description="Rows of a page.")]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000, description="Rows before the page.")]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The table as a file.", "content": {media: {} for media in MEDIA.values()}}
}


# ---------------------------------------------------------------- what is asked


def arrivals_room(request: Request) -> ArrivalsRoom:
    """Return the arrivals room of the process."""
    room: ArrivalsRoom = request.app.state.arrivals
    return room


RoomDep = Annotated[ArrivalsRoom, Depends(arrivals_room)]


def window_of(
    caller: CallerDep,
    city: CityDep,
    from_: Annotated[int | None, Query(alias="from", description="Epoch milliseconds; default: 24 h before `to`.")] = None,
    to: Annotated[int | None, Query(description="Epoch milliseconds; default: now, with the running hour.")] = None,
) -> Window:
    """Return the hours that somebody asks for, whole ones.

    Raises
    ------
    BadRequest
        When they are none, or more than `_MOST_DAYS` days.
    """
    caller.scope.require_layer("readings")
    if from_ is not None and to is not None and from_ >= to:
        raise BadRequest(f"from is {from_}, to is {to}; from must lie before to")
    at_ms = now_ms()
    running = hour_of(at_ms) + HOUR_MS
    end = running if to is None else min(-(-to // HOUR_MS) * HOUR_MS, running)
    start = end - _DAY_MS if from_ is None else hour_of(from_)
    if not 0 <= start < end or end - start > _MOST_DAYS * _DAY_MS:
        raise BadRequest(f"from is {from_}, to is {to}; from must lie before to and before now, at most {_MOST_DAYS} days")
    return Window(city, start, end, at_ms)


WindowDep = Annotated[Window, Depends(window_of)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about which time, and what answers."""

    caller: Caller
    pool: Pool
    room: ArrivalsRoom
    window: Window


async def get_asked(caller: CallerDep, pool: PoolDep, room: RoomDep, window: WindowDep) -> Asked:
    """Put together what a question needs."""
    return Asked(caller, pool, room, window)


AskedDep = Annotated[Asked, Depends(get_asked)]


async def _senders(pool: Pool, caller: Caller, city: int) -> list[str] | None:
    """Return whose refusals a seat may see: everybody's, or its own and those of its companies' brokers."""
    scope = caller.scope
    if scope.company_ids is None and scope.areas is None and scope.layers is None:
        return None
    codes = await asset_codes(pool, scope, city, scope.company_ids or ())
    return [caller.seat, *(f"mqtt:{code}" for code in codes)]


# ---------------------------------------------------------------- figures by group


@router.get("/arrivals")
async def get_arrivals(asked: AskedDep, by: ByQuery = "company") -> ArrivalsAnswer:
    """Tell how much of what is expected has come, how late and how good, by company, kind, district or schema."""
    pool, room, caller, window = asked.pool, asked.room, asked.caller, asked.window
    parts = await _parts(asked)
    items, total = await _table(asked, parts, by)
    await room.write_strangers()
    senders = await _senders(pool, caller, window.city_id)
    unregistered, _ = await list_unregistered(pool, window.city_id, senders=senders, holding=None, limit=1, offset=0)
    refused = await list_refusals(pool, window.city_id, window.start_ms, window.end_ms, senders=senders)
    return ArrivalsAnswer(
        from_ms=window.start_ms,
        to_ms=window.end_ms,
        as_of_ms=window.at_ms,
        since_ms=await room.since(window.city_id),
        recounting=room.recounting,
        by=by,
        total=total,
        items=items,
        course=[_course_point(*point) for point in course(parts)],
        unregistered=unregistered,
        refused=sum(item.frames for item in refused),
    )


@router.get("/arrivals.csv", response_class=Response, responses=_FILES)
async def get_arrivals_csv(asked: AskedDep, by: ByQuery = "company") -> Response:
    """Write the table of companies, kinds, districts or schemas out as CSV."""
    return await _table_file(asked, by, "csv")


@router.get("/arrivals.xlsx", response_class=Response, responses=_FILES)
async def get_arrivals_xlsx(asked: AskedDep, by: ByQuery = "company") -> Response:
    """Write the table of companies, kinds, districts or schemas out as XLSX."""
    return await _table_file(asked, by, "xlsx")


async def _table_file(asked: Asked, by: GroupBy, form: ListFormat) -> Response:
    items, total = await _table(asked, await _parts(asked), by)
    rows = [[cell_of(getattr(item, name)) for name in ROW_COLUMNS] for item in (*items, total)]
    return table_file(f"arrivals_{by}", form, [HEAD[name] for name in ROW_COLUMNS], rows)


async def _parts(asked: Asked) -> list[Part]:
    zone = ZoneInfo(await zone_of(asked.pool, asked.window.city_id))
    return seen(await window_parts(asked.room, asked.window, zone), asked.caller.scope)


async def _table(asked: Asked, parts: Sequence[Part], by: GroupBy) -> tuple[list[ArrivalRow], ArrivalRow]:
    pool, room, caller, window = asked.pool, asked.room, asked.caller, asked.window
    city = room.live.require_city(window.city_id)
    codes = {stored.schema_id: stored.schema.code for stored in await list_schemas(pool, window.city_id)}

    def key_of(part: Part, key: np.void) -> int | str | None:
        if by == "kind":
            return str(key["kind"].decode())
        if by == "schema":
            return codes.get(part.schema_id, str(part.schema_id))
        return int(key["company_id" if by == "company" else "area_id"]) or None

    quiet = seen(silent_parts(room, city, window.at_ms), caller.scope)
    figures, silent = grouped(parts, key_of), grouped(quiet, key_of)
    keys = list(dict.fromkeys([*figures, *silent]))
    names = await asset_names(pool, caller.scope, window.city_id, [key for key in keys if isinstance(key, int)])
    nothing = figures_of(np.zeros(0, GROUP_ROW))
    rows = [_row(key, _name(key, by, names), figures.get(key, nothing), silent.get(key)) for key in keys]
    rows.sort(key=lambda row: (row.arrival_rate is None, row.arrival_rate, row.name))
    everything = _all_of(parts)
    return rows, _row(None, "合计", everything, _all_of(quiet))


def _all_of(parts: Sequence[Part]) -> Figures:
    found = list(grouped(parts, lambda _part, _key: None).values())
    return found[0] if found else figures_of(np.zeros(0, GROUP_ROW))


def _name(key: object, by: GroupBy, names: Mapping[int, str]) -> str:
    if key is None:
        return "无企业" if by == "company" else "无区划"
    if isinstance(key, int):
        return names.get(key, str(key))
    return KINDS[str(key)].name_zh if str(key) in KINDS else str(key)


def _figures(figures: Figures) -> dict[str, Any]:
    plain = ("sources", "expected", "received", "in_time", "accepted", "late", "duplicate", "conflict", "values", "bad_values")
    rates = ("arrival_rate", "in_time_rate", "good_rate")
    shares = {"delay_p50_s": 0.5, "delay_p95_s": 0.95, "delay_p99_s": 0.99}
    found = {name: getattr(figures, name) for name in plain}
    found |= {name: _rounded(getattr(figures, name), 5) for name in rates}
    return found | {name: _rounded(figures.delay_percentile_s(share), 1) for name, share in shares.items()}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _row(key: Any, name: str, figures: Figures, silent: Figures | None) -> ArrivalRow:
    found = _figures(figures)
    if silent is not None:
        found["sources"] = silent.sources
    never, quiet = (silent.conflict, silent.late) if silent is not None else (0, 0)
    return ArrivalRow(key=key, name=name, never=never, silent=quiet, **found)


def _course_point(start: int, length: int, figures: Figures) -> CoursePoint:
    found = _figures(figures)
    return CoursePoint(at_ms=start, length_ms=length, **{name: found[name] for name in CoursePoint.model_fields if name in found})


# ---------------------------------------------------------------- single sources


def source_filter(
    *,
    state: Annotated[
        SourceState | Literal["any"] | None,
        Query(description="never, silent, late, incomplete, skewed; any = one of these; default: all sources."),
    ] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    area_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    kind: Annotated[str | None, Query(max_length=48, examples=["substation"])] = None,
    schema: Annotated[str | None, Query(max_length=80, description="CODE or CODE/VERSION.", examples=["substation"])] = None,
    q: Annotated[str | None, Query(max_length=200, description="Only codes with this text in them.")] = None,
) -> SourceFilter:
    """Return which sources somebody asks for."""
    return SourceFilter(state, company_id, area_id, kind, schema, q)


FilterDep = Annotated[SourceFilter, Depends(source_filter)]
OrderQuery = Annotated[
    SourceOrder, Query(description="arrival_rate: lowest first; last: silent longest first; delay, late: largest first; code.")
]


@router.get("/arrivals/sources")
async def get_sources(
    *,
    asked: AskedDep,
    wanted: FilterDep,
    order: OrderQuery = "arrival_rate",
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> ArrivingSourcesAnswer:
    """List sources with what they have sent: those that are silent, late, incomplete, or whose clocks are wrong."""
    scope, window = asked.caller.scope, asked.window
    total, lines = await list_source_lines(asked.room, scope, window, wanted, order=order, limit=limit, offset=offset)
    items = await _source_models(asked, lines)
    return ArrivingSourcesAnswer(from_ms=window.start_ms, to_ms=window.end_ms, as_of_ms=window.at_ms, total=total, items=items)


@router.get("/arrivals/sources.{form}", response_class=Response, responses=_FILES)
async def get_sources_file(form: FormPath, asked: AskedDep, wanted: FilterDep, order: OrderQuery = "arrival_rate") -> Response:
    """Write the list of sources out as CSV or XLSX."""
    scope, window = asked.caller.scope, asked.window
    _, lines = await list_source_lines(asked.room, scope, window, wanted, order=order, limit=None, offset=0)
    models = await _source_models(asked, lines)
    head = [HEAD[name] for name in SOURCE_COLUMNS]
    rows = [[cell_of(getattr(model, name)) for name in SOURCE_COLUMNS] for model in models]
    return table_file("arrivals_sources", form, head, rows)


async def _source_models(asked: Asked, lines: Sequence[SourceLine]) -> list[ArrivingSource]:
    ids = {line.source.asset_id for line in lines} | {line.source.company_id for line in lines if line.source.company_id}
    names = await asset_names(asked.pool, asked.caller.scope, asked.window.city_id, sorted(ids))
    return [_source_model(line, names) for line in lines]


def _source_model(line: SourceLine, names: Mapping[int, str]) -> ArrivingSource:
    source, rows, accepted = line.source, line.rows, int(line.rows["accepted"])
    rate = min(line.received / line.expected, 1.0) if line.expected > 0 else None
    return ArrivingSource(
        code=source.code,
        asset_id=source.asset_id,
        asset_name=names.get(source.asset_id, source.code),
        kind=source.kind,
        schema=f"{source.schema.code}/{source.schema.version}",
        period_s=source.period_s,
        company_id=source.company_id,
        company_name=None if source.company_id is None else names.get(source.company_id),
        states=list(line.states),
        observed_at=line.observed_ms,
        received_at=line.received_ms,
        expected=round(line.expected),
        received=round(line.received),
        arrival_rate=_rounded(rate, 5),
        accepted=accepted,
        **{name: int(rows[name]) for name in ("late", "duplicate", "conflict", "bad_values")},
        delay_min_s=int(rows["delay_min_s"]) if accepted else None,
        delay_mean_s=round(float(rows["delay_sum_s"]) / accepted, 1) if accepted else None,
        delay_max_s=int(rows["delay_max_s"]) if accepted else None,
    )


# ---------------------------------------------------------------- strangers and refusals


@router.get("/arrivals/unregistered")
async def get_unregistered(
    *,
    caller: CallerDep,
    pool: PoolDep,
    room: RoomDep,
    city: CityDep,
    q: Annotated[str | None, Query(max_length=200, description="Only codes with this text in them.")] = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> UnregisteredAnswer:
    """List codes that are sent but that no source has: the newest 10,000; of a restricted seat those it sent itself."""
    caller.scope.require_layer("readings")
    await room.write_strangers()
    senders = await _senders(pool, caller, city)
    total, found = await list_unregistered(pool, city, senders=senders, holding=q, limit=limit, offset=offset)
    return UnregisteredAnswer(total=total, items=[UnregisteredSource(**_fields(item)) for item in found])


def _fields(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


@router.get("/arrivals/refusals")
async def get_refusals(asked: AskedDep) -> RefusedFramesAnswer:
    """Tell how many frames of whom were refused for which reason; a restricted seat sees its own."""
    pool, caller, window = asked.pool, asked.caller, asked.window
    await asked.room.write_strangers()
    senders = await _senders(pool, caller, window.city_id)
    found = await list_refusals(pool, window.city_id, window.start_ms, window.end_ms, senders=senders)
    by_result: dict[str, int] = {}
    for item in found:
        by_result[item.result] = by_result.get(item.result, 0) + item.frames
    return RefusedFramesAnswer(
        from_ms=window.start_ms,
        to_ms=window.end_ms,
        total=sum(by_result.values()),
        by_result=by_result,
        items=[RefusedFrames(**_fields(item)) for item in found[:1000]],
    )


# ---------------------------------------------------------------- conflicts


@router.get("/readings/conflicts")
async def get_conflicts(
    *,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only frames about this asset.")] = None,
    source: Annotated[str | None, Query(max_length=200, description="Only frames of this source.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: OffsetQuery = 0,
) -> ConflictsAnswer:
    """List frames that were kept aside because another frame of the same source and time is stored, with both values."""
    caller.scope.require_layer("readings")
    total, frames = await list_conflicts(pool, caller.scope, city, asset_id=asset_id, source=source, limit=limit, offset=offset)
    schemas = {stored.schema_id: stored.schema for stored in await list_schemas(pool, city)}
    return ConflictsAnswer(total=total, items=[_conflict(frame, schemas) for frame in frames])


def _conflict(frame: ConflictingFrame, schemas: Mapping[int, FrameSchema]) -> Conflict:
    schema = schemas[frame.schema_id]
    stored = None if frame.stored_schema_id is None else schemas[frame.stored_schema_id]
    return Conflict(
        conflict_id=frame.conflict_id,
        source=frame.source_code,
        asset_id=frame.asset_id,
        asset_name=frame.asset_name or frame.source_code,
        kind=frame.kind,
        observed_at=frame.observed_ms,
        received_at=frame.received_ms,
        schema=f"{schema.code}/{schema.version}",
        stored_received_at=frame.stored_received_ms,
        stored_schema=None if stored is None else f"{stored.code}/{stored.version}",
        points=_differing(_points(schema, frame.payload), {} if stored is None else _points(stored, frame.stored_payload)),
    )


def _points(schema: FrameSchema, payload: bytes | None) -> dict[str, tuple[str, float | None, int]]:
    """Return unit, value and flag of each point of a frame; gauges with the digits that were sent."""
    if payload is None:
        return {}
    values, quality = decode_payloads(schema, payload)
    gauges = set(np.asarray(schema.gauge_columns).tolist())
    found = {}
    for column, point in enumerate(schema.points):
        value = values[0, column]
        number = float(str(np.float32(value))) if column in gauges else float(value)
        found[point.name] = (point.unit, None if np.isnan(value) else number, int(quality[0, column]))
    return found


def _differing(
    sent: Mapping[str, tuple[str, float | None, int]], stored: Mapping[str, tuple[str, float | None, int]]
) -> list[ConflictPoint]:
    points = []
    for name in dict.fromkeys([*sent, *stored]):
        new, old = sent.get(name), stored.get(name)
        if new != old:
            unit = (new or old or ("", None, 0))[0]
            points.append(
                ConflictPoint(
                    name=name,
                    unit=unit,
                    stored=None if old is None else old[1],
                    stored_quality=None if old is None else old[2],
                    sent=None if new is None else new[1],
                    sent_quality=None if new is None else new[2],
                )
            )
    return points
