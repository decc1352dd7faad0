"""Companies that stop uploading or send invalid data: one quality alarm each, and again only after they had come back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from api.live_room import now_ms
from api.quality_companies import uploads_of
from api.quality_room import QualityRoom
from api.watching import Watcher
from data.pool import Pool
from data.quality_alarms import Upload, note_uploads

LOOK_S: Final = 5.0
STEADY_S: Final = 60.0
"""How long an upload must be as it is before it counts: a company that flickers rings once."""
_RETRY_S: Final = 10.0
_LONGEST_STEP_S: Final = 30.0
"""A pause of the process is no upload that lasts."""


@dataclass
class Steady:
    """For how long each upload has been amiss (`on`) or right, and what has been said of it; a new process says all once more."""

    steady_s: float
    held: dict[Upload, tuple[bool, float]] = field(default_factory=dict)
    said: dict[Upload, bool] = field(default_factory=dict)

    def note(self, now_on: Mapping[Upload, bool], elapsed_s: float) -> tuple[list[Upload], list[Upload]]:
        """Take what is amiss now; return what is to be raised and what has come back."""
        changed: tuple[list[Upload], list[Upload]] = ([], [])
        for upload, on in now_on.items():
            before, seconds = self.held.get(upload, (on, -elapsed_s))
            seconds = seconds + elapsed_s if before == on else 0.0
            self.held[upload] = (on, seconds)
            if seconds >= self.steady_s and self.said.get(upload) != on:
                changed[0 if on else 1].append(upload)
        return changed

    def done(self, raised: Collection[Upload], back: Collection[Upload]) -> None:
        """Both are stored."""
        self.said.update(dict.fromkeys(raised, True) | dict.fromkeys(back, False))


class UploadRoom:
    """Watches the uploads of companies. One per process, as an async context manager.

    Parameters
    ----------
    steady_s
        Seconds for which an upload must be as it is before an alarm is raised or ended.
    """

    def __init__(self, pool: Pool, room: QualityRoom, *, steady_s: float = STEADY_S, every_s: float = LOOK_S) -> None:
        self._pool, self._room, self._steady_s = pool, room, steady_s
        self._cities: dict[int, Steady] = {}
        self._looked_s = time.monotonic()
        self._watcher = Watcher("watch the uploads of companies", self.look, every_s=every_s, retry_s=_RETRY_S)

    async def __aenter__(self) -> UploadRoom:
        self._watcher.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._watcher.stop()

    async def look(self) -> None:
        """Judge every company once. Cost: 10 ms for 230,000 sources, in a thread."""
        now_s = time.monotonic()
        elapsed_s, self._looked_s = min(now_s - self._looked_s, _LONGEST_STEP_S), now_s
        for city_id, known in list(self._room.cities.items()):
            steady = self._cities.setdefault(city_id, Steady(self._steady_s))
            uploads = await asyncio.to_thread(uploads_of, known, now_ms())
            raised, back = steady.note(uploads, elapsed_s)
            if raised or back:
                await note_uploads(self._pool, city_id, raised=raised, back=back)
                steady.done(raised, back)
