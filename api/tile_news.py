"""What a server knows of its tiles without asking the database: which are built, how new they are, what has changed.

News come over the channel `heat_twin_tiles`, sent by triggers on the tile tables when a change is committed. What is built is
looked at every second over the same connection, which also tells whether it still lives. When it is lost, everything known is
forgotten, and until there is a new one a version is good for a second only.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final

from data.errors import DataError
from data.listening import listening
from data.pool import Pool
from data.tiles import TileVersion, read_tile_cities
from tiles.cells import Box, CellVersions

logger = logging.getLogger(__name__)

CHANNEL: Final = "heat_twin_tiles"
LOOK_S: Final = 1.0
"""How often it is looked which tilesets are built, and of which assets."""
_RETRY_S: Final = 1.0
_FIRST_S: Final = 5.0


class TileNews:
    """Listens while it is entered.

    Parameters
    ----------
    database_url
        For the connection that listens.
    pool
        For questions that cannot wait for the next look.
    forgotten
        Called when everything known was forgotten.
    """

    def __init__(self, database_url: str, pool: Pool, forgotten: Callable[[], None]) -> None:
        self._database_url = database_url
        self._pool = pool
        self._forgotten = forgotten
        self._cells = CellVersions()
        self._listening = False
        self._heard_once = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.built: Mapping[int, Mapping[str, TileVersion]] = {}
        """City to tileset to what is built; a city without tiles has none."""
        self.built_number = 0
        """Rises whenever `built` changes."""

    async def __aenter__(self) -> TileNews:
        self._task = asyncio.create_task(self._keep_listening(), name="listen for tile news")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard_once.wait(), _FIRST_S)
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def version(self, tile: Hashable, city_id: int, tilesets: Sequence[str], reach: Callable[[], Box]) -> int:
        """Return the version of a tile; see `CellVersions.version`. `reach` is called only when news came since the last time."""
        if not self._listening:
            return -int(time.monotonic() / LOOK_S)
        known = self._cells.known(tile)
        return self._cells.version(tile, city_id, tilesets, reach()) if known is None else known

    async def look(self) -> None:
        """Look now what is built."""
        self._note(await read_tile_cities(self._pool))

    def hear(self, payload: str) -> None:
        """Take one notice; one that cannot be read may mean anything, so everything is forgotten."""
        try:
            news: dict[str, Any] = json.loads(payload)
            boxes = None if news.get("all") else [_box(box) for box in news["boxes"]]
            self._cells.hear(int(news["city"]), str(news["tileset"]), boxes)
        except (ValueError, KeyError, TypeError, AttributeError):
            logger.warning("cannot read tile news %r", payload[:200])
            self._forget()

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except DataError as error:
                logger.warning("no tile news: %s", error)
            except Exception:
                logger.exception("no tile news")
            finally:
                self._listening = False
                self._forget()
            await asyncio.sleep(_RETRY_S)

    async def _listen(self) -> None:
        lost = asyncio.Event()
        async with listening(self._database_url, CHANNEL, self.hear, lost) as ear:
            self._note(await read_tile_cities(ear))
            # what was known before the connection listened may be old
            self._forget()
            self._listening = True
            self._heard_once.set()
            while not lost.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), LOOK_S)
                self._note(await read_tile_cities(ear))

    def _note(self, built: Mapping[int, Mapping[str, TileVersion]]) -> None:
        if built != self.built:
            self.built = built
            self.built_number += 1

    def _forget(self) -> None:
        self._cells.forget()
        self._forgotten()


def _box(numbers: Sequence[float]) -> Box:
    west, south, east, north = map(float, numbers)
    return west, south, east, north
