"""What has changed since a tile was made: versions of tiles, from news that name boxes of ground.

News are numbered. The version of a tile is the number of the last news that touches it, so a tile whose ground is left alone
keeps its version, and a cached answer that was made under it stays good. Nothing is asked of the database.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in metres of EPSG:3857."""

MAX_NEWS: Final = 512
"""Boxes remembered of one tileset of one city; older ones count as touching everything."""
MAX_TILES: Final = 50_000
"""Tiles whose version is remembered; forgetting one costs a look through the news."""


@dataclass(slots=True)
class _Log:
    """News of one tileset of one city: numbered boxes, and the last number that touches everything."""

    everything: int = 0
    boxes: deque[tuple[int, Box]] = field(default_factory=deque)


class CellVersions:
    """Versions of tiles, bounded in memory; single-threaded.

    Parameters
    ----------
    max_news, max_tiles
        Bounds.
    """

    def __init__(self, *, max_news: int = MAX_NEWS, max_tiles: int = MAX_TILES) -> None:
        self._max_news = max_news
        self._max_tiles = max_tiles
        self._logs: dict[tuple[int, str], _Log] = {}
        self._known: dict[Hashable, tuple[int, int]] = {}
        self._base = 0
        self.number = 0
        """Of the last news."""

    def hear(self, city_id: int, tileset: str, boxes: Sequence[Box] | None) -> None:
        """Note that rows of a tileset changed inside the boxes; None: anywhere."""
        self.number += 1
        log = self._logs.setdefault((city_id, tileset), _Log())
        if boxes is None:
            log.everything = self.number
            log.boxes.clear()
            return
        log.boxes.extend((self.number, box) for box in boxes)
        while len(log.boxes) > self._max_news:
            log.everything = log.boxes.popleft()[0]

    def forget(self) -> None:
        """Give every tile a new version: news may have been missed."""
        self.number += 1
        self._base = self.number
        self._logs.clear()
        self._known.clear()

    def known(self, tile: Hashable) -> int | None:
        """Return the version of a tile when no news came since it was asked for by `version`."""
        found = self._known.get(tile)
        return found[1] if found is not None and found[0] == self.number else None

    def version(self, tile: Hashable, city_id: int, tilesets: Sequence[str], reach: Box) -> int:
        """Return the number of the last news that touches a tile.

        Parameters
        ----------
        tile
            Names the tile; the same name always comes with the same city, tilesets and reach.
        city_id, tilesets
            What it draws.
        reach
            Where its rows may lie, the buffer and the rounding grid included.
        """
        checked, version = self._known.get(tile, (self._base, self._base))
        for name in tilesets:
            log = self._logs.get((city_id, name))
            if log is not None:
                version = max(version, _last_touch(log, reach, checked))
        if len(self._known) >= self._max_tiles:
            self._known.clear()
        self._known[tile] = (self.number, version)
        return version


def _last_touch(log: _Log, reach: Box, checked: int) -> int:
    """Return the number of the last news after `checked` that touches the reach, 0 when there is none."""
    west, south, east, north = reach
    for number, box in reversed(log.boxes):
        if number <= checked:
            break
        if box[0] <= east and box[2] >= west and box[1] <= north and box[3] >= south:
            return number
    return log.everything if log.everything > checked else 0
