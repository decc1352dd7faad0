"""The 300 tiles of `make bench-tiles`, and clients that ask for them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

import numpy as np

from data.pool import Connection

ZoomXY: TypeAlias = tuple[int, int, int]
COUNTS = {10: 2, 11: 4, 12: 11, 13: 29, 14: 60, 15: 100, 16: 94}
"""Tiles by zoom: about what a screen asks that looks at a city and goes in."""
_SEED = 1
_PLACES = """
select floor((st_x(p.point) + 20037508.342789244) / m)::int as x,
       floor((20037508.342789244 - st_y(p.point)) / m)::int as y, count(*) as pipes
  from (select st_lineinterpolatepoint(st_geometryn(geom, 1), 0.5) as point from tile_pipe where city_id = %s and trench) p,
       (select 40075016.685578488 / (2 ^ %s::int) as m) w
 group by 1, 2
 order by 1, 2
"""


def choose_tiles(connection: Connection, city_id: int) -> list[ZoomXY]:
    """Return 300 tiles, in a mixed order that is the same in every run on the same city.

    People look where the network is: a tile is as likely as it has pipes.
    """
    rng = np.random.default_rng(_SEED)
    chosen: list[ZoomXY] = []
    for zoom, count in COUNTS.items():
        places = connection.execute(_PLACES, (city_id, zoom)).fetchall()
        pipes = np.array([place[2] for place in places], dtype=float)
        rows = rng.choice(len(places), min(count, len(places)), replace=False, p=pipes / pipes.sum())
        chosen += [(zoom, *places[row][:2]) for row in sorted(rows.tolist())]
    return [chosen[place] for place in rng.permutation(len(chosen)).tolist()]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client got: seconds of every answer and bytes of all."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    wall_s: float = 0.0


async def ask_http(address: str, paths: Sequence[str], *, connections: int, headers: str = "") -> Asked:
    """Ask each path once over keep-alive connections, each of which asks its next as soon as it has its answer.

    The client speaks HTTP/1.1 by hand, so that it takes little of the machine.
    """
    place = urlsplit(address)
    turn = iter(paths)
    asked = Asked()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 20)
        for path in turn:
            started = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{headers}\r\n".encode())
            size = await _answer(reader, path)
            asked.seconds.append(time.perf_counter() - started)
            asked.sizes.append(size)
        writer.close()
        await writer.wait_closed()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(connections)))
    return Asked(asked.seconds, asked.sizes, time.perf_counter() - started)


async def _answer(reader: asyncio.StreamReader, path: str) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = head.split(" ", 2)[1]
    if status not in {"200", "204"}:
        raise SystemExit(f"tiles: {path} answered {status}")
    if "transfer-encoding: chunked" in head:
        return await _chunks(reader)
    length = next((line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")), "0")
    return len(await reader.readexactly(int(length)))


async def _chunks(reader: asyncio.StreamReader) -> int:
    total = 0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readexactly(2)
    return total


async def ask_each(tiles: Sequence[ZoomXY], make: Callable[[ZoomXY], Awaitable[bytes]], *, at_once: int) -> Asked:
    """Make each tile once, so many at a time."""
    turn = iter(tiles)
    asked = Asked()

    async def worker() -> None:
        for zxy in turn:
            started = time.perf_counter()
            asked.sizes.append(len(await make(zxy)))
            asked.seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*itertools.starmap(worker, [()] * at_once))
    return Asked(asked.seconds, asked.sizes, time.perf_counter() - started)
