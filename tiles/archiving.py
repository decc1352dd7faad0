"""Fills an archive with the tiles of a city: vector tiles by the statements of the server, pictures by its renderer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from data.pool import Pool
from tiles.archives import ArchiveWriter
from tiles.datums import shifted_bounds
from tiles.held_tiles import Address, Drawing, along_the_curve
from tiles.mercator import HALF_WORLD_M, metres_of
from tiles.raster import TileLook, raster_extent, render_tile, transparent_tile
from tiles.vector import draw_tile

Told: TypeAlias = Callable[[int, int], None]
"""Called with the tiles done and the tiles in all; what it raises ends the work."""

_TELL_EVERY: Final = 64
_LAST_PICTURE_ZOOM: Final = 16


async def fill_with_vector_tiles(
    writer: ArchiveWriter,
    pool: Pool,
    drawing: Drawing,
    addresses: Sequence[Address],
    *,
    at_once: int,
    told: Told,
) -> None:
    """Add every vector tile that is not empty, in the order of its address.

    Parameters
    ----------
    writer
        Of the archive.
    pool
        A snapshot: an edit meanwhile must not show in half of the tiles.
    drawing
        What is drawn.
    addresses
        From `tiles.held_tiles.tiles_that_hold`.
    at_once
        Statements under way; while a tile is packed the database makes the next ones.
    told
        Hears the progress.

    Cost: that of `draw_tile`, and gzip (0.3 to 2 ms a tile). Memory: `at_once` tiles.
    """

    async def make(address: Address) -> bytes:
        return await draw_tile(pool, drawing.selection, drawing.scope, drawing.city_id, address)

    done = 0
    async for address, body in _in_order(addresses, make, at_once):
        if body:
            writer.add(address, body)
        done += 1
        if done % _TELL_EVERY == 0:
            told(done, len(addresses))


async def _in_order(
    addresses: Sequence[Address], make: Callable[[Address], Awaitable[bytes]], at_once: int
) -> AsyncIterator[tuple[Address, bytes]]:
    """Yield each address with what is made of it, in their order, `at_once` under way."""
    waiting: deque[tuple[Address, asyncio.Task[bytes]]] = deque()
    left = iter(addresses)
    try:
        while True:
            for address in islice(left, at_once + 1 - len(waiting)):
                waiting.append((address, asyncio.ensure_future(make(address))))
            if not waiting:
                return
            address, task = waiting[0]
            body = await task
            waiting.popleft()
            yield address, body
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


def picture_addresses(path: Path, look: TileLook, zooms: tuple[int, int] | None = None) -> list[Address]:
    """Return the tiles over which a raster layer lies, along the Hilbert curve zoom by zoom.

    Parameters
    ----------
    path, look
        As `tiles.raster.render_tile`.
    zooms
        First and last zoom; default: as far as the file has something new to show, z16 at most.
    """
    extent = raster_extent(path, look.style)
    first, last = zooms or (extent.minzoom, min(extent.maxzoom, _LAST_PICTURE_ZOOM))
    west, south, east, north = shifted_bounds(extent.bounds, look.datum)
    corners = metres_of(np.array([[west, north], [east, south]])) * [1, -1]
    found = []
    for zoom in range(first, last + 1):
        cells = (((corners + HALF_WORLD_M) / (2 * HALF_WORLD_M) * 2**zoom).clip(0, 2**zoom - 1)).astype(int).tolist()
        columns, rows = range(cells[0][0], cells[1][0] + 1), range(cells[0][1], cells[1][1] + 1)
        found += [(zoom, x, y) for x in columns for y in rows]
    return along_the_curve(found)


def fill_with_pictures(writer: ArchiveWriter, path: Path, look: TileLook, addresses: Sequence[Address], *, told: Told) -> None:
    """Add every tile of a raster layer that is not wholly transparent.

    Cost: 10 ms of processor a tile; memory of one.
    """
    nothing = transparent_tile(look.pixels, look.form)
    for done, address in enumerate(addresses, start=1):
        body = render_tile(path, look, address)
        if body != nothing:
            writer.add(address, body)
        if done % _TELL_EVERY == 0:
            told(done, len(addresses))
