"""Makes an archive of tiles (PMTiles) for a rights class: a job, from one state of the database, marked with who had it made."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pmtiles.tile import TileType

from api.settings import Settings
from api.tile_archive_shelf import ArchiveRecord
from data.jobs import Job
from data.pool import Pool
from data.rasters import read_raster
from data.snapshots import Snapshot, open_snapshot
from data.tiles import TileCity, read_tile_city, read_version
from tiles.archives import ArchiveHead, ArchiveSize, ArchiveWriter, new_archive
from tiles.archiving import fill_with_pictures, fill_with_vector_tiles, picture_addresses
from tiles.datums import NOTES, datum_named, shifted_bounds
from tiles.errors import BadArchive
from tiles.held_tiles import Drawing, tiles_that_hold
from tiles.raster import MAXZOOM, MINZOOM, TileLook, raster_extent
from tiles.selections import Selection, selection_of
from tiles.vector import describe, require_visible
from twin.scope import Scope

KEPT: Final = timedelta(days=30)
"""How long an archive is good when nobody says."""
LONGEST: Final = timedelta(days=366)
_TELL_S: Final = 0.5
_TILES_BEGIN: Final = 0.05
_LEFT_OUT = ("tilejson", "tiles", "scheme", "bounds", "center", "minzoom", "maxzoom")


@dataclass(frozen=True, slots=True)
class ArchiveOrder:
    """What somebody wants in an archive: tilesets, or one raster layer; made by `order_of`.

    Attributes
    ----------
    city_id
        The city.
    selection
        Tilesets, datum, optional attributes; None for a raster layer.
    raster
        Name of a raster layer; None for tilesets.
    crs
        Datum of the tiles' grid.
    zooms
        First and last zoom; None = all there are.
    """

    city_id: int
    selection: Selection | None
    raster: str | None
    crs: str
    zooms: tuple[int, int] | None

    @property
    def name(self) -> str:
        """Of the tilesets or the raster layer."""
        return self.selection.name if self.selection is not None else str(self.raster)

    @property
    def parameters(self) -> dict[str, Any]:
        """The order as the ledger and the shelf hold it; two orders of the same are equal."""
        return {
            "tilesets": [] if self.selection is None else list(self.selection.names),
            "raster": self.raster,
            "crs": self.crs,
            "with": [] if self.selection is None else list(self.selection.wanted),
            "zooms": None if self.zooms is None else list(self.zooms),
        }


@dataclass(frozen=True, slots=True)
class ArchiveMark:
    """The watermark: whose archive it is, until when."""

    archive_id: str
    seat: str
    organisation: str
    rights_class: str
    made_at: datetime
    expires_at: datetime

    @property
    def metadata(self) -> dict[str, Any]:
        """The watermark as the metadata of the archive has it."""
        return {
            "watermark": {
                "archive_id": self.archive_id,
                "seat": self.seat,
                "organisation": self.organisation,
                "rights_class": self.rights_class,
                "made_at": _utc(self.made_at),
            },
            "expires_at": _utc(self.expires_at),
        }


class Stopped(Exception):
    """Raised inside a build when the program stops."""


def order_of(
    city_id: int,
    names: str | None,
    *,
    raster: str | None = None,
    crs: str = "wgs84",
    wanted: str = "",
    zooms: tuple[int | None, int | None] = (None, None),
) -> ArchiveOrder:
    """Read an order.

    Raises
    ------
    UnknownTileset, UnknownAttribute, UnknownDatum
        As `selection_of`.
    BadArchive
        When it names tilesets and a raster layer, or neither, or zooms that do not exist.
    """
    if (names is None) == (raster is None):
        raise BadArchive("an archive holds tilesets or one raster layer; name either")
    selection = None if names is None else selection_of(names, crs, wanted)
    least, most = (MINZOOM, MAXZOOM) if selection is None else (selection.minzoom, selection.maxzoom)
    first, last = zooms[0] if zooms[0] is not None else least, zooms[1] if zooms[1] is not None else most
    if not least <= first <= last <= most:
        raise BadArchive(f"zooms {first}-{last} do not fit; {names or raster} has {least}-{most}")
    return ArchiveOrder(city_id, selection, raster, datum_named(crs), None if zooms == (None, None) else (first, last))


def mark_of(scope: Scope, *, seat: str, organisation: str, made_at: datetime, expires_at: datetime | None) -> ArchiveMark:
    """Return the watermark of a new archive.

    Raises
    ------
    BadArchive
        When it would end in the past, after more than a year, or at a time without a zone.
    """
    until = made_at + KEPT if expires_at is None else expires_at
    if until.tzinfo is None:
        raise BadArchive(f"expires_at is {until.isoformat()}; it must name its zone, for instance 2026-12-31T16:00:00Z")
    if not made_at < until <= made_at + LONGEST:
        raise BadArchive(f"expires_at is {_utc(until)}; it must lie after now ({_utc(made_at)}) and within {LONGEST.days} days")
    return ArchiveMark(
        uuid.uuid4().hex[:16], seat, organisation, scope.rights_class, made_at, until.astimezone(UTC).replace(microsecond=0)
    )


async def check_order(pool: Pool, scope: Scope, order: ArchiveOrder) -> None:
    """Raise what the build would raise before it starts.

    Raises
    ------
    OutsideScope
        When the scope holds the city or a tileset not.
    NotFound
        When a tileset is not built, or there is no such raster layer.
    """
    scope.require_city(order.city_id)
    if order.selection is None:
        await read_raster(pool, order.city_id, order.name)
        return
    for tileset in order.selection.tilesets:
        require_visible(tileset, scope)
        await read_version(pool, order.city_id, tileset.name)


def build_archive(
    settings: Settings,
    scope: Scope,
    order: ArchiveOrder,
    mark: ArchiveMark,
    path: Path,
    *,
    task: Job,
    max_bytes: int | None = None,
    connections: int = 2,
    stopped: Callable[[], bool] = lambda: False,
    shown: Callable[[str, float], None] | None = None,
) -> ArchiveRecord:
    """Write an archive; whatever goes wrong, no file is left.

    Parameters
    ----------
    settings
        With `database_url` of a migrated PostGIS, and the var dir.
    scope, order, mark
        Who may see it, what it is, whose it is.
    path
        Of the file.
    task
        The running job: hears the progress, is asked whether somebody cancelled it.
    max_bytes
        Bound of the file.
    connections
        Of the database, each keeps a core busy.
    stopped
        True ends the work.
    shown
        Hears the progress too.

    Raises
    ------
    OutsideScope, NotFound
        As `check_order`.
    NoRoom
        When the file would be larger than its bound, or the disk is full.
    BadArchive
        When no tile holds anything.
    JobCancelled, Stopped
        When somebody cancelled the job, or the server stops.

    Cost: that of its tiles (docs/archives.md). It has an event loop of its own: call it in a thread.
    """
    build = _Build(settings, scope, order, mark, connections, _Telling(task, stopped, shown))
    size = asyncio.run(build.write(path, max_bytes))
    return ArchiveRecord(
        mark.archive_id, order.city_id, mark.rights_class, order.parameters, mark.made_at, mark.expires_at,
        mark.seat, mark.organisation, size.tiles, size.size_bytes, size.minzoom, size.maxzoom,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Build:
    """One archive in the making."""

    settings: Settings
    scope: Scope
    order: ArchiveOrder
    mark: ArchiveMark
    connections: int
    told: _Telling

    async def write(self, path: Path, max_bytes: int | None) -> ArchiveSize:
        """Write the file."""
        packed = self.order.selection is not None
        async with open_snapshot(self.settings.database_url, connections=self.connections) as snapshot:
            await check_order(snapshot, self.scope, self.order)
            city = await read_tile_city(snapshot, self.order.city_id)
            with new_archive(path, compress=packed, max_bytes=max_bytes) as writer:
                if self.order.selection is None:
                    return writer.finish(await self._pictures(writer, snapshot, city))
                return writer.finish(await self._vector_tiles(writer, snapshot, city, self.order.selection))

    async def _vector_tiles(self, writer: ArchiveWriter, snapshot: Snapshot, city: TileCity, selection: Selection) -> ArchiveHead:
        self.told.say(0.0, "list of tiles")
        drawing = Drawing(selection, self.scope, self.order.city_id)
        addresses = await tiles_that_hold(snapshot, drawing, zooms=self.order.zooms)
        at_once = self.connections
        await fill_with_vector_tiles(writer, snapshot, drawing, addresses, at_once=at_once, told=self.told.tiles)
        versions = [await read_version(snapshot, self.order.city_id, name) for name in selection.names]
        document = describe(selection, city, min(version.assets_version for version in versions), "")
        said = {key: value for key, value in document.items() if key not in _LEFT_OUT}
        bounds = document.get("bounds")
        return ArchiveHead({**said, "type": "overlay", **self._of(city)}, None if bounds is None else tuple(bounds), TileType.MVT)

    async def _pictures(self, writer: ArchiveWriter, snapshot: Snapshot, city: TileCity) -> ArchiveHead:
        layer = await read_raster(snapshot, self.order.city_id, self.order.name)
        path = self.settings.var_dir / layer.path
        look = TileLook(layer.style, datum=datum_named(self.order.crs))
        fill_with_pictures(writer, path, look, picture_addresses(path, look, self.order.zooms), told=self.told.tiles)
        said = {
            "name": layer.layer,
            "description": f"Raster layer {layer.layer}, style {layer.style}.",
            "attribution": " · ".join(filter(None, [layer.attribution, NOTES.get(look.datum)])),
            "crs": look.datum,
            "type": "baselayer",
            "style": layer.style,
        }
        bounds = shifted_bounds(raster_extent(path, look.style).bounds, look.datum)
        return ArchiveHead({**said, **self._of(city)}, bounds, TileType.PNG)

    def _of(self, city: TileCity) -> dict[str, Any]:
        named = {"city_id": self.order.city_id, "name_zh": city.name_zh, "name_en": city.name_en}
        return {"city": named, **self.mark.metadata}


class _Telling:
    """Tells the ledger how far a build is, twice a second, and ends it when it must end."""

    def __init__(self, task: Job, stopped: Callable[[], bool], shown: Callable[[str, float], None] | None) -> None:
        self._task = task
        self._shown = shown
        self._stopped = stopped
        self._last = 0.0

    def say(self, fraction: float, message: str) -> None:
        if self._stopped():
            raise Stopped("the program was asked to stop")
        self._task.progress(fraction, message)
        if self._shown is not None:
            self._shown(message, fraction)

    def tiles(self, done: int, total: int) -> None:
        if self._stopped() or time.monotonic() - self._last > _TELL_S:
            self._last = time.monotonic()
            self.say(_TILES_BEGIN + (1 - _TILES_BEGIN) * done / total, f"{done} of {total} tiles")


def noted(order: ArchiveOrder, mark: ArchiveMark) -> dict[str, Any]:
    """Return what the ledger holds of an archive that is to be made."""
    return {
        **order.parameters,
        "archive_id": mark.archive_id,
        "rights_class": mark.rights_class,
        "organisation": mark.organisation,
        "expires_at": _utc(mark.expires_at),
    }


def result_of(record: ArchiveRecord) -> dict[str, Any]:
    """Return what the ledger holds of an archive that was made."""
    return {
        "archive_id": record.archive_id,
        **record.order,
        "expires_at": _utc(record.expires_at),
        "tiles": record.tiles,
        "bytes": record.size_bytes,
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
