"""What a store of history answers; PostgreSQL with Parquet and ClickHouse answer the same, by one suite of tests.

| call | answers | shape |
|---|---|---|
| `append` | what became of each frame, after the commit | a list of `Result` a batch |
| `latest` | the newest frame of each source | one `Frames` a schema |
| `curve` | one source over time, frames or buckets | a `Curve`, n times x points |
| `rollup` | buckets of many sources of one schema | `Rollups`, n buckets x points |
| `export` | all frames of some sources, in pieces | `Frames` of one schema and one UTC day each |

Equal for all stores: the key of a frame is `(city, source, observed_at)`; the first frame of a key stays, the same one again is a
duplicate, another one a conflict and kept aside. Times are epoch milliseconds, `start_ms` counts and `end_ms` does not. NaN is
missing. Gauges are 32-bit and totals 64-bit numbers: a value comes back to the bit. Buckets up to an hour lie on UTC, longer ones
on the days of `zone`; a bucket is whole even where the asked time cuts it. Only values with flag 1 or 2 enter least, greatest,
mean and last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from twin.frames import Frames
from twin.history import Curve
from twin.readings import Batch, Result
from twin.rollups import Rollups
from twin.schemas import FrameSchema, Point

Schemas: TypeAlias = Mapping[int, FrameSchema]
SchemaLookup: TypeAlias = Callable[[int], Awaitable[Schemas]]
"""Returns the frame schemas of a city by number; a schema never changes, new ones come."""


class History(Protocol):
    """A store of reading frames."""

    async def append(self, city_id: int, batches: Sequence[Batch], *, received_ms: int) -> list[list[Result]]:
        """Store frames and say of each what became of it: accepted, duplicate or conflict.

        Parameters
        ----------
        batches
            Of one schema each. The first of two frames with the same key wins.
        received_ms
            Time of arrival.
        """

    async def latest(self, city_id: int, source_ids: Sequence[int]) -> list[Frames]:
        """Return the newest frame of each source that has one."""

    async def curve(
        self,
        city_id: int,
        source_id: int,
        points: Sequence[Point],
        start_ms: int,
        end_ms: int,
        *,
        every_s: int = 0,
        zone: str = "UTC",
        limit: int | None = None,
    ) -> Curve:
        """Return one source over time.

        Parameters
        ----------
        points
            By name and slot; frames of a schema without such a point are missing there.
        every_s
            0 = single frames; else the length of a bucket, 60 s or a multiple.
        zone
            IANA zone whose days longer buckets follow.
        limit
            Most frames; of single frames only.
        """

    async def rollup(
        self,
        city_id: int,
        schema_id: int,
        start_ms: int,
        end_ms: int,
        every_s: int,
        *,
        zone: str = "UTC",
        source_ids: Sequence[int] | None = None,
    ) -> Rollups:
        """Return the buckets of the sources of one schema, by source and time; None = all sources."""

    def export(self, city_id: int, source_ids: Sequence[int], start_ms: int, end_ms: int) -> AsyncIterator[Frames]:
        """Yield all frames of some sources: day after day (UTC), one schema at a time, by source and time."""
