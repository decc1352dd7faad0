"""Archives of tiles: order one (PMTiles), see how far it is, read it by ranges."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any, Literal, TypeAlias, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.answers import PRIVATE, matches
from api.auth.gate import require_same_origin
from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.tile_archive_room import ArchiveRoom
from api.tile_archive_shelf import ArchiveRecord
from api.tile_archives import ArchiveOrder, order_of
from data.errors import Conflict, NotFound
from data.pool import Pool
from data.tile_archives import ArchiveJob, read_archive_job
from tiles.archives import MEDIA_TYPE, SUFFIX

router = APIRouter(tags=["archives"])

_AGAIN_S = 60.0
"""An order that failed is not tried again by an address before that."""
_COME_AGAIN_S = 2
State: TypeAlias = Literal["queued", "running", "failed", "cancelled", "ready", "expired"]


async def get_room(request: Request) -> ArchiveRoom:
    """Return the room of archives of the process."""
    room: ArchiveRoom = request.app.state.archives
    return room


RoomDep = Annotated[ArchiveRoom, Depends(get_room)]
IdPath = Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["0a1b2c3d4e5f6071"])]
ExpiresQuery = Annotated[
    AwareDatetime | None,
    Query(description="When the archive ends, with its zone (RFC 3339). Default of a new one: in 30 days; at most 366."),
]


class ArchiveOrderModel(BaseModel):
    """What an archive shall hold: tilesets, or one raster layer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"tilesets": ["base", "network"], "with": ["laying"], "expires_at": "2027-01-31T16:00:00Z"},
                {"raster": "ground", "maxzoom": 13},
            ]
        },
    )

    tilesets: list[str] = Field(default=[], max_length=20, description="Names of vector tilesets; their layers share a tile.")
    raster: str | None = Field(default=None, max_length=60, description="Name of a raster layer, in place of tilesets.")
    crs: str = Field(default="wgs84", max_length=20, description="Datum of the tiles: wgs84, gcj02 or bd09.")
    wanted: list[str] = Field(default=[], alias="with", max_length=20, description="Optional attributes; `all` for all.")
    minzoom: int | None = Field(default=None, ge=0, le=22)
    maxzoom: int | None = Field(default=None, ge=0, le=22)
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends; default: in 30 days; at most 366.")


class ArchiveModel(BaseModel):
    """An archive of tiles, or the job that makes it."""

    archive_id: str = Field(examples=["0a1b2c3d4e5f6071"])
    state: State
    job_id: int | None = Field(description="Its job in the ledger, while it is being made or was not.")
    progress: float = Field(description="0..1", examples=[0.4])
    message: str = Field(description="What the job does now.", examples=["4096 of 17000 tiles"])
    error: str | None = Field(description="Why it failed.")
    tilesets: list[str]
    raster: str | None
    crs: str
    wanted: list[str] = Field(serialization_alias="with")
    seat: str = Field(description="Who had it made; the watermark names it.")
    made_at: datetime
    expires_at: datetime
    tiles: int | None = Field(description="Tiles that are not empty.")
    size_bytes: int | None
    minzoom: int | None
    maxzoom: int | None
    url: str = Field(
        description="Address of the file.", examples=["http://127.0.0.1:8000/archives/0a1b2c3d4e5f6071.pmtiles?city=1"]
    )


_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": ArchiveModel, "description": "It is being made; `Location` tells how far it is."},
    507: {"description": "There is no room for it (`HEAT_TWIN_ARCHIVE_MB`)."},
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {}}, "description": "The whole file."},
    206: {"content": {MEDIA_TYPE: {}}, "description": "The range that `Range` names."},
    304: {"description": "Unchanged."},
    410: {"description": "Its time is over; it is deleted."},
    416: {"description": "The range lies beyond the file."},
}


@router.post("/archives", status_code=202, responses=_ACCEPTED, response_model=ArchiveModel)
async def order_archive(
    *, request: Request, caller: CallerDep, pool: PoolDep, city: CityDep, order: ArchiveOrderModel
) -> Response:
    """Order an archive of what the caller may see; it is made in the background, one at a time."""
    wanted = order_of(
        city,
        ",".join(order.tilesets) or None,
        raster=order.raster,
        crs=order.crs,
        wanted=",".join(order.wanted),
        zooms=(order.minzoom, order.maxzoom),
    )
    return await _begin(request, caller, pool, wanted, order.expires_at)


@router.get("/archives")
async def archives(request: Request, caller: CallerDep, room: RoomDep, city: CityDep) -> list[ArchiveModel]:
    """List the archives of the caller's rights class, newest first; those being made are in the ledger of jobs."""
    return [_shown(request, record) for record in room.shelf.records(city, caller.scope.rights_class)]


@router.get("/archives/{archive_id}.pmtiles", response_class=FileResponse, responses=_FILE)
async def archive_file(*, request: Request, caller: CallerDep, room: RoomDep, city: CityDep, archive_id: IdPath) -> Response:
    """Return an archive, whole or by ranges."""
    return await _file(request, caller, room, _known(room, caller, city, archive_id))


@router.get("/archives/{archive_id}")
async def archive(
    *, request: Request, caller: CallerDep, pool: PoolDep, room: RoomDep, city: CityDep, archive_id: IdPath
) -> ArchiveModel:
    """Tell what an archive is, or how far its job is."""
    record = room.shelf.find(city, caller.scope.rights_class, archive_id)
    if record is not None:
        return _shown(request, record)
    job = await read_archive_job(pool, city, caller.scope.rights_class, archive_id=archive_id)
    if job is None or job.state == "done":
        # on the shelf since the look at it, a moment ago; or deleted
        return _shown(request, _known(room, caller, city, archive_id))
    return _shown_job(request, city, job)


@router.delete("/archives/{archive_id}", status_code=204)
async def delete_archive(*, caller: CallerDep, room: RoomDep, city: CityDep, archive_id: IdPath) -> None:
    """Delete an archive: whoever had it made may, and who manages jobs."""
    record = _known(room, caller, city, archive_id)
    if record.seat != caller.seat:
        caller.require("manage_jobs")
    await room.remove(caller, record)


@router.get("/tiles/{tileset}.pmtiles", response_class=FileResponse, responses=_ACCEPTED | _FILE)
async def tileset_archive(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    room: RoomDep,
    city: CityDep,
    tileset: Annotated[
        str, Path(max_length=300, description="One tileset, or several joined by commas.", examples=["base,network"])
    ],
    crs: Annotated[str, Query(max_length=20, description="Datum of the tiles: wgs84, gcj02 or bd09.")] = "wgs84",
    wanted: Annotated[str, Query(alias="with", max_length=300, description="Optional attributes, or `all`.")] = "",
    expires_at: ExpiresQuery = None,
) -> Response:
    """Return the newest archive of tilesets (that ends then, if a time is given); 202 while it is made, which this starts."""
    order = order_of(city, tileset, crs=crs, wanted=wanted)
    until = None if expires_at is None else expires_at.astimezone(UTC).replace(microsecond=0)
    now = datetime.now(UTC)
    fitting = [
        record
        for record in room.shelf.records(city, caller.scope.rights_class)
        if record.order == order.parameters and (record.expires_at == until if until is not None else record.expires_at > now)
    ]
    if fitting:
        return await _file(request, caller, room, fitting[0])
    ends = {} if until is None else {"expires_at": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    job = await read_archive_job(pool, city, caller.scope.rights_class, order=order.parameters | ends)
    if job is not None and job.under_way:
        return _accepted(request, city, job)
    if job is not None and job.state == "failed" and _seconds_since(job, now) < _AGAIN_S:
        raise Conflict(f"job {job.job_id} could not make this archive: {job.error}")
    # a page of another site can send this request, but not with a wish to change something
    require_same_origin(request.headers)
    return await _begin(request, caller, pool, order, until)


for _path, _answer in (("/archives/{archive_id}.pmtiles", archive_file), ("/tiles/{tileset}.pmtiles", tileset_archive)):
    router.add_api_route(_path, _answer, methods=["HEAD"], include_in_schema=False, response_class=FileResponse)


async def _begin(request: Request, caller: Caller, pool: Pool, order: ArchiveOrder, expires_at: datetime | None) -> Response:
    room = await get_room(request)
    mark = await room.start(caller, order, expires_at)
    job = await read_archive_job(pool, order.city_id, mark.rights_class, archive_id=mark.archive_id)
    assert job is not None  # it was written a moment ago
    return _accepted(request, order.city_id, job)


def _accepted(request: Request, city: int, job: ArchiveJob) -> Response:
    shown = _shown_job(request, city, job)
    headers = {"Location": f"{request.base_url}archives/{shown.archive_id}?city={city}", "Retry-After": str(_COME_AGAIN_S)}
    return JSONResponse(shown.model_dump(mode="json", by_alias=True), 202, headers | {"Cache-Control": "no-store"})


async def _file(request: Request, caller: Caller, room: ArchiveRoom, record: ArchiveRecord) -> Response:
    stat: os.stat_result = room.shelf.open_file(record, datetime.now(UTC))
    headers = {
        "ETag": record.etag,
        "Cache-Control": PRIVATE,
        "Vary": "Cookie, X-App-Id",
        "Expires": format_datetime(record.expires_at, usegmt=True),
        "Content-Location": _address(request, record.city_id, record.archive_id),
        # its tiles are packed already, and a range of a packed file is not a packed range
        "Content-Encoding": "identity",
    }
    if matches(request, record.etag):
        return Response(status_code=304, headers=headers)
    if request.method != "HEAD":
        await room.note(caller, record, whole="range" not in request.headers)
    name = "-".join([*(record.order["tilesets"] or [record.order["raster"]]), record.archive_id]) + SUFFIX
    return FileResponse(room.shelf.path(record), headers=headers, media_type=MEDIA_TYPE, filename=name, stat_result=stat)


def _known(room: ArchiveRoom, caller: Caller, city: int, archive_id: str) -> ArchiveRecord:
    record = room.shelf.find(city, caller.scope.rights_class, archive_id)
    if record is None:
        raise _unknown(archive_id)
    return record


def _unknown(archive_id: str) -> NotFound:
    return NotFound(f"there is no archive {archive_id} of what this seat may see; GET /archives lists them")


def _seconds_since(job: ArchiveJob, now: datetime) -> float:
    return 0.0 if job.finished_at is None else (now - job.finished_at).total_seconds()


def _address(request: Request, city: int, archive_id: str) -> str:
    return f"{request.base_url}archives/{archive_id}{SUFFIX}?city={city}"


def _shown(request: Request, record: ArchiveRecord) -> ArchiveModel:
    ready = record.expires_at > datetime.now(UTC)
    return ArchiveModel(
        archive_id=record.archive_id,
        state="ready" if ready else "expired",
        job_id=None,
        progress=1.0,
        message="",
        error=None,
        **_ordered(record.order),
        seat=record.seat,
        made_at=record.made_at,
        expires_at=record.expires_at,
        tiles=record.tiles,
        size_bytes=record.size_bytes,
        minzoom=record.minzoom,
        maxzoom=record.maxzoom,
        url=_address(request, record.city_id, record.archive_id),
    )


def _shown_job(request: Request, city: int, job: ArchiveJob) -> ArchiveModel:
    told = job.parameters
    archive_id = str(told["archive_id"])
    zooms = told["zooms"] or (None, None)
    return ArchiveModel(
        archive_id=archive_id,
        state="failed" if job.lost else cast(State, job.state),
        job_id=job.job_id,
        progress=job.progress,
        message=job.message,
        error="nobody began it within a minute" if job.lost else job.error,
        **_ordered(told),
        seat=job.seat,
        made_at=job.created_at,
        expires_at=told["expires_at"],
        tiles=None,
        size_bytes=None,
        minzoom=zooms[0],
        maxzoom=zooms[1],
        url=_address(request, city, archive_id),
    )


def _ordered(order: Mapping[str, Any]) -> dict[str, Any]:
    return {"tilesets": order["tilesets"], "raster": order["raster"], "crs": order["crs"], "wanted": order["with"]}
