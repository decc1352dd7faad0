"""Readings at any zoom of time: frames as they came, buckets out of roll-ups, files."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from api.answers import PRIVATE
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.errors import BadRequest
from api.exports import one_of_few, spool_folder
from api.reading_extras import CorrectionModel, Extras, FilledModel, extras_of, require_extras, with_corrections
from api.readings_exports import ReadingsOrder, sources_to_export, write_readings
from data.errors import NotFound
from data.history.files import MEDIA, FileFormat, curve_table, table_bytes
from data.history.levels import LEVELS_S, fitting_every_s
from data.history.postgres import PostgresHistory
from twin.filling import FillMethod
from twin.history import Curve, PointCurve
from twin.readings import Source
from twin.schemas import Point

router = APIRouter(tags=["readings"])

MAX_FRAMES = 20_000
"""Frames or buckets of one source in one answer."""
USUAL_POINTS = 1_000
_DAY_MS = 86_400_000
_LATEST_MS = 4_102_444_800_000


class SeriesPoint(BaseModel):
    """One point over the times of its series; null = none."""

    name: str
    unit: str
    slot: str = Field(description="gauge, or total = register.")
    values: list[float | None] = Field(description="As reported; of buckets the mean of a gauge, the last value of a total.")
    quality: list[int] = Field(description="QARTOD flags; of buckets the worst one.")
    min: list[float | None] | None = Field(None, description="Of buckets of a gauge: the least value with flag 1 or 2.")
    max: list[float | None] | None = Field(None, description="Of buckets of a gauge: the greatest value with flag 1 or 2.")
    count: list[int] | None = Field(None, description="Of buckets: values with flag 1 or 2.")
    increase: list[float | None] | None = Field(
        None, description="Of buckets of a total: risen since the last value before; null where it went back."
    )
    filled: FilledModel | None = Field(None, description="With `fill`: values that stand in for missing and failed ones.")
    corrections: list[CorrectionModel] | None = Field(None, description="Readings that a person has corrected, if any.")


class SeriesModel(BaseModel):
    """History of one source."""

    source: str
    every_s: int = Field(description="Length of the buckets in seconds; 0 = the frames themselves.")
    observed_at: list[int] = Field(description="Epoch milliseconds: times of the frames, or where the buckets begin.")
    frames: list[int] | None = Field(None, description="Of buckets: frames in each.")
    points: list[SeriesPoint]
    truncated: bool = Field(description="True when there are more frames than asked for; the oldest are here.")


class HistoryAnswer(BaseModel):
    """Readings of one asset."""

    asset_id: int
    series: list[SeriesModel]


async def get_history(request: Request) -> PostgresHistory:
    """Return the history of the process."""
    history: PostgresHistory = request.app.state.history
    return history


HistoryDep = Annotated[PostgresHistory, Depends(get_history)]
FromQuery = Annotated[int | None, Query(alias="from", description="Epoch milliseconds; default: 24 h before `to`.")]
ToQuery = Annotated[int | None, Query(description="Epoch milliseconds, not included; default: now.")]
PointsQuery = Annotated[str | None, Query(max_length=20_000, description="Names separated by commas; default: all.")]
Beside = Mapping[str, dict[str, Any]]
Every = Literal["auto", "raw", "60", "600", "3600", "86400"]
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {media: {} for media in MEDIA.values()}}}


@router.get("/assets/{asset_id}/readings", response_model=HistoryAnswer, responses=_FILES)
async def get_readings(
    request: Request,
    asset_id: Annotated[int, Path(ge=1, le=2**31 - 1, examples=[12])],
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    history: HistoryDep,
    from_: FromQuery = None,
    to: ToQuery = None,
    points: PointsQuery = None,
    every: Annotated[
        Every | None,
        Query(description="Length of buckets in seconds; raw = frames as they came (default); auto = what `max` points allow."),
    ] = None,
    most: Annotated[
        int | None, Query(alias="max", ge=3, le=MAX_FRAMES, description="Most points of a series; without `every` means auto.")
    ] = None,
    file_format: Annotated[
        Literal["json", "csv", "arrow", "parquet"] | None, Query(alias="format", description="Default: json, or as Accept asks.")
    ] = None,
    fill: Annotated[
        FillMethod | None, Query(description="Fill missing and failed values by this method, beside the readings; default: not.")
    ] = None,
    fill_gap_s: Annotated[int, Query(ge=1, le=7 * 86_400, description="Longest hole that is filled, in seconds.")] = 3600,
    corrected: Annotated[
        bool, Query(description="Put corrections by hand in the place of the originals; only of single frames.")
    ] = False,
) -> Response:
    """Return the readings of an asset at any zoom of time, with their quality flags and corrections by hand."""
    caller.scope.require_layer("readings")
    start_ms, end_ms = span_of(from_, to)
    sources = await history.sources_of_asset(caller.scope, city, asset_id)
    if not sources:
        raise NotFound(f"no source reports on asset {asset_id} in city {city}")
    wanted = _named(points)
    require_points(wanted, sources)
    lengths = [_every_s(every, most, end_ms - start_ms, source.period_s) for source in sources]
    zone = await history.zone(city) if any(lengths) else "UTC"
    wanted_format, extras = file_format or _accepted(request), Extras(fill, fill_gap_s, corrected)
    require_extras(extras, lengths, wanted_format, span_ms=end_ms - start_ms)
    series: list[tuple[Source, Curve, Beside]] = []
    for source, every_s in zip(sources, lengths, strict=True):
        shown = points_of(source, wanted)
        limit = most if most is not None and every_s == 0 else MAX_FRAMES
        curve = await history.curve(city, source.source_id, shown, start_ms, end_ms, every_s=every_s, zone=zone, limit=limit)
        beside: Beside = {}
        if wanted_format == "json":
            beside = await extras_of(history, pool, city, source=source, curve=curve, span=(start_ms, end_ms), extras=extras)
        series.append((source, with_corrections(curve, beside) if corrected else curve, beside))
    return await asyncio.to_thread(_answer, asset_id, series, wanted_format)


def span_of(from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    """Return the asked time; the last 24 hours where nothing is asked.

    Raises
    ------
    BadRequest
        When it is empty or not in epoch milliseconds.
    """
    end = time.time_ns() // 1_000_000 + 1000 if to_ms is None else to_ms
    start = end - _DAY_MS if from_ms is None else from_ms
    if not (start >= -_LATEST_MS and end <= _LATEST_MS):
        raise BadRequest(f"from is {from_ms}, to is {to_ms}; both must be epoch milliseconds")
    if start >= end:
        raise BadRequest(f"from is {from_ms}, to is {to_ms}; from must lie before to")
    return max(start, 0), max(end, 1)


def _named(points: str | None) -> list[str] | None:
    return None if points is None else [name.strip() for name in points.split(",") if name.strip()]


def require_points(wanted: Sequence[str] | None, sources: Sequence[Source]) -> None:
    """Raise `BadRequest` when a name is no point of the sources."""
    known = sorted({point.name for source in sources for point in source.schema.points})
    unknown = [name for name in wanted or [] if name not in known]
    if unknown:
        raise BadRequest(f"points names {', '.join(unknown)}; the asset has {', '.join(known)}")


def points_of(source: Source, wanted: Sequence[str] | None) -> list[Point]:
    """Return the wanted points that the schema of a source has, in its order."""
    return [point for point in source.schema.points if wanted is None or point.name in wanted]


def _every_s(every: Every | None, most: int | None, span_ms: int, period_s: int) -> int:
    """Return the length of the buckets; 0 = frames."""
    if every == "raw" or (every is None and most is None):
        return 0
    if every in {None, "auto"}:
        return fitting_every_s(span_ms, most or USUAL_POINTS, period_s)
    every_s, room = int(str(every)), most or MAX_FRAMES
    assert every_s in LEVELS_S
    if span_ms > 1000 * every_s * room:
        raise BadRequest(
            f"every is {every_s} s and the time has {span_ms // 1000} s, more than {room} points; ask for every=auto"
        )
    return every_s


def _accepted(request: Request) -> str:
    accept = request.headers.get("accept", "")
    return "csv" if "text/csv" in accept else "json"


def _answer(asset_id: int, series: Sequence[tuple[Source, Curve, Beside]], file_format: str) -> Response:
    headers = {"Cache-Control": PRIVATE, "Vary": "Accept"}
    if file_format == "json":
        body = {"asset_id": asset_id, "series": [_series(source.code, curve, beside) for source, curve, beside in series]}
        data = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        return Response(data, media_type="application/json", headers=headers)
    tables = [curve_table(source.code, curve) for source, curve, _ in series]
    headers["Content-Disposition"] = f'attachment; filename="readings-{asset_id}.{file_format}"'
    return Response(table_bytes(tables, file_format), media_type=MEDIA[file_format], headers=headers)


def _series(code: str, curve: Curve, beside: Beside) -> dict[str, Any]:
    found: dict[str, Any] = {"source": code, "every_s": curve.every_s, "observed_at": curve.at_ms}
    if curve.frames is not None:
        found["frames"] = np.ascontiguousarray(curve.frames)
    return {
        **found,
        "points": [_point(each) | beside.get(each.point.name, {}) for each in curve.points],
        "truncated": curve.truncated,
    }


def _point(curve: PointCurve) -> dict[str, Any]:
    """Return a point as orjson prints it: 32-bit numbers by their own shortest digits, NaN as null."""
    parts = {"min": curve.least, "max": curve.greatest, "count": curve.good, "increase": curve.rise}
    arrays = {"values": curve.values, "quality": curve.quality, **{k: v for k, v in parts.items() if v is not None}}
    named: dict[str, Any] = {"name": curve.point.name, "unit": curve.point.unit, "slot": curve.point.slot}
    return named | {name: np.ascontiguousarray(array) for name, array in arrays.items()}


@router.get("/readings/export", response_class=FileResponse, responses=_FILES)
async def get_readings_export(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    settings: SettingsDep,
    history: HistoryDep,
    from_: FromQuery = None,
    to: ToQuery = None,
    points: PointsQuery = None,
    assets: Annotated[str | None, Query(max_length=20_000, description="Ids of assets, separated by commas.")] = None,
    kinds: Annotated[str | None, Query(max_length=2_000, description="Kinds of assets, separated by commas.")] = None,
    file_format: Annotated[FileFormat, Query(alias="format")] = "csv",
) -> FileResponse:
    """Write the frames of several assets or kinds to one file, as far as the caller may see them; a job notes who asked."""
    caller.scope.require_layer("readings")
    start_ms, end_ms = span_of(from_, to)
    if assets is None and kinds is None:
        raise BadRequest("name the assets by assets=ID,ID or by kinds=KIND,KIND")
    sources = await sources_to_export(pool, caller.scope, city, _ids(assets), _named(kinds))
    wanted = _named(points)
    require_points(wanted, sources)
    columns = list({point.name: point for source in sources for point in points_of(source, wanted)}.values())
    order = ReadingsOrder(city, sources, columns, start_ms, end_ms, file_format)
    with one_of_few():
        folder = await asyncio.to_thread(spool_folder, settings)
        try:
            path, rows = await write_readings(settings, history, order, seat=caller.seat, folder=folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    headers = {"Cache-Control": PRIVATE, "X-Export-Rows": str(rows)}
    cleaning = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type=MEDIA[file_format], filename=path.name, headers=headers, background=cleaning)


def _ids(text: str | None) -> list[int] | None:
    names = _named(text)
    if names is None:
        return None
    wrong = [name for name in names if not name.isdecimal() or not 1 <= int(name) < 2**31]
    if wrong:
        raise BadRequest(f"assets names {', '.join(wrong[:5])}; it must be ids of assets separated by commas")
    return [int(name) for name in names]
