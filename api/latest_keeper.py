"""Keeps the latest state of all cities and what the store says of it in step: restores it, follows other servers, writes it down.

The ledger of commits (`data.latest`) is read once a second. This server passes over its own commits; those of another one are
looked up and become live here too, and so does a commit of this server whose answer was lost with the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from data.alarms import list_active
from data.latest import follow_commits, pack_checkpoint, read_commits, restore_latest, store_checkpoint
from data.pool import Pool
from twin.live import LatestFrames, LiveCity
from twin.schemas import FrameSchema

FOLLOW_S: Final = 1.0
"""How often the ledger is read."""
CHECKPOINT_S: Final = 60.0
"""How often the latest state is written down."""
LEDGER_S: Final = 120.0
"""How long a commit stays in the ledger at least: other servers read it there."""
_LOST_S: Final = LEDGER_S / 2
"""A server that could not read the ledger for so long reads everything anew."""
_HISTORY_DAYS: Final = 3
_NO_TRANSACTION: Final = 2**62


class LatestKeeper:
    """What this process knows of the ledger. Its methods are called under the lock of the live room, except `write`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._horizon = 0
        self._known: dict[int, int] = {}
        self._looked_s = time.monotonic()
        self.checkpoint_s = time.monotonic()

    async def begin(self) -> None:
        """Follow the ledger from here on; call it before the first city is restored."""
        self._horizon, _ = await read_commits(self._pool, _NO_TRANSACTION, ())
        self._looked_s = time.monotonic()

    async def restore(self, city: LiveCity) -> int:
        """Fill an empty city from the store; returns the number of sources with a frame."""
        heard = await restore_latest(self._pool, city, since=datetime.now(UTC) - timedelta(days=_HISTORY_DAYS))
        city.set_alarms(await list_active(self._pool, city.city_id))
        return heard

    def remember(self, commits: Iterable[tuple[int, int]]) -> None:
        """Pass over these own (commit_id, transaction): live state has them."""
        self._known.update(commits)

    async def follow(self, cities: Mapping[int, LiveCity]) -> set[int]:
        """Bring cities up to what has been committed elsewhere; returns those that moved."""
        horizon, commits = await read_commits(self._pool, self._horizon, list(self._known))
        for city_id in {commit.city_id for commit in commits} & set(cities):
            mine = [commit for commit in commits if commit.city_id == city_id]
            await follow_commits(self._pool, cities[city_id], mine)
            if any(commit.alarms for commit in mine):
                cities[city_id].set_alarms(await list_active(self._pool, city_id))
        self._horizon = horizon
        self.remember((commit.commit_id, commit.transaction) for commit in commits)
        self._known = {number: transaction for number, transaction in self._known.items() if transaction >= horizon}
        self._looked_s = time.monotonic()
        return {commit.city_id for commit in commits}

    @property
    def lost(self) -> bool:
        """True when the ledger was not read for so long that other servers' commits may be gone from it."""
        return time.monotonic() - self._looked_s > _LOST_S

    def copy(self, cities: Mapping[int, LiveCity]) -> Checkpoint:
        """Return the present state, to be written without the lock. Cost: a copy of the arrays, 10 ms a city."""
        self.checkpoint_s = time.monotonic()
        frames = {
            (city_id, schema_id): (city.blocks[schema_id].sources[0].schema, heard)
            for city_id, city in cities.items()
            for schema_id, heard in city.heard().items()
        }
        return Checkpoint(frames, self._horizon, list(self._known))

    async def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; the ledger rows that it covers go."""
        parts = await asyncio.to_thread(checkpoint.parts)
        before = datetime.now(UTC) - timedelta(seconds=LEDGER_S)
        await store_checkpoint(self._pool, parts, horizon=checkpoint.horizon, known=checkpoint.known, before=before)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The latest frames of all cities at one moment by (city_id, schema_id), and the commits that are in it."""

    frames: Mapping[tuple[int, int], tuple[FrameSchema, LatestFrames]]
    horizon: int
    known: Sequence[int]

    def parts(self) -> dict[tuple[int, int], list[bytes]]:
        """Return the bytes to store, by (city_id, schema_id)."""
        return {key: pack_checkpoint(schema, frames) for key, (schema, frames) in self.frames.items()}
