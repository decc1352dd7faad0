"""Flags that last or come back become checks: values that a person judges (`data/quality_checks.py`)."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Final

import numpy as np

from api.live_room import now_ms
from api.quality_room import CityQuality, QualityRoom
from api.quality_views import flag_model, present_rows
from api.watching import Watcher
from data.pool import Pool
from data.quality_checks import Doubt, ripen
from twin.quality import Quality
from twin.quality_rules.checks import INTAKE, NO_RULE
from twin.quality_rules.live import Watch

NOTE_S: Final = 5.0
_RETRY_S: Final = 10.0
_LONGEST_STEP_S: Final = 30.0
"""A pause of the process is no flag that lasts."""
MOST_AT_ONCE: Final = 20
"""Checks that one rule makes at one look: what a broken rule flags must not bury the rest."""
_WHOLE_FRAME: Final = ("timeliness", "duplicate")
"""Kinds that flag all values of a frame: one check, not sixty."""


class LastingRoom:
    """Brings up what is flagged for long. One per process, as an async context manager.

    Parameters
    ----------
    after_s
        Seconds of a flag after which its value becomes a check; 0 = at once.
    """

    def __init__(self, pool: Pool, room: QualityRoom, *, after_s: float) -> None:
        self._pool, self._room, self._after_s = pool, room, after_s
        self._noted_s = time.monotonic()
        self._watcher = Watcher("bring up readings that are flagged for long", self.look, every_s=NOTE_S, retry_s=_RETRY_S)

    async def __aenter__(self) -> LastingRoom:
        self._watcher.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._watcher.stop()

    async def look(self) -> None:
        """Count how long values have been flagged, and bring up what is ripe."""
        now_s = time.monotonic()
        elapsed_s, self._noted_s = min(now_s - self._noted_s, _LONGEST_STEP_S), now_s
        for city_id, known in list(self._room.cities.items()):
            await asyncio.to_thread(_note, known, elapsed_s)
            doubts, taken = await asyncio.to_thread(ripe_doubts, known, self._after_s)
            if doubts:
                await ripen(self._pool, city_id, doubts, now_ms=now_ms())
            for schema_id, row, column in taken:
                known.watches[schema_id].brought_up[row, column] = True


def _note(known: CityQuality, elapsed_s: float) -> None:
    for watch in list(known.watches.values()):
        watch.note(elapsed_s)


def ripe_doubts(known: CityQuality, after_s: float) -> tuple[list[Doubt], list[tuple[int, int, int]]]:
    """Return what is to be brought up, and the values (schema, row, column) that it stands for.

    A balance is brought up at its heat source only; a formula only where no value of the frame is failed or missing.
    """
    doubts: dict[tuple[int, str, str], Doubt] = {}
    taken: list[tuple[int, int, int]] = []
    made: dict[str, int] = {}
    for schema_id, watch in list(known.watches.items()):
        rows, columns = watch.ripe(after_s)
        for number in np.unique(watch.by[rows, columns]).tolist():
            mine = watch.by[rows, columns] == number
            code = known.code_of(schema_id, number)
            check = None if number == INTAKE else watch.checks[number - 1]
            whole = check is not None and check.rule.kind in _WHOLE_FRAME
            related = check is not None and check.rule.kind == "related"
            balance = check is not None and check.rule.kind == "balance"
            for row, column in zip(rows[mine].tolist(), columns[mine].tolist(), strict=True):
                source = known.block(schema_id).sources[row]
                if (balance and source.kind == "substation") or (related and _has_cause(watch, row)):
                    continue
                point = "" if whole else watch.schema.points[column].name
                key = (source.source_id, point, code)
                if key not in doubts:
                    if made.get(code, 0) >= MOST_AT_ONCE:
                        break
                    made[code] = made.get(code, 0) + 1
                    mark = flag_model(source, watch, present_rows(watch, np.array([row])), check, (0, column))
                    value = None if whole else mark.value
                    doubts[key] = Doubt(
                        source.asset_id,
                        source.source_id,
                        point,
                        mark.observed_at,
                        value,
                        mark.flag,
                        code,
                        mark.why_zh,
                        mark.why_en,
                    )
                taken.append((schema_id, row, column))
    return list(doubts.values()), taken


def _has_cause(watch: Watch, row: int) -> bool:
    """Tell whether a value of the frame is failed or missing: what a formula says of the others then follows from it."""
    return bool((watch.flags[row][watch.by[row] != NO_RULE] > Quality.SUSPECT).any())
