"""What live fields are made of: where the sources of a kind stand, and what they had read at a past time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.assets import grid_deg
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.frames import decode_payloads
from twin.live import STALE_PERIODS
from twin.quality import Quality
from twin.readings import Source
from twin.scope import Scope

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SourcePlaces:
    """Sources that a Scope sees, by rising source_id; arrays of shape (n,), `lonlat` (n, 2) rounded as the Scope asks.

    `household` numbers the households that the sources stand in; a source that names none is one of its own.
    """

    source_ids: NDArray[np.int32]
    asset_ids: NDArray[np.int64]
    names: tuple[str, ...]
    lonlat: Floats
    household: NDArray[np.int64]


async def source_places(pool: Pool, scope: Scope, city_id: int, kind: str) -> SourcePlaces:
    """Return where the sources of one kind of asset stand.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.
    """
    rows = await pool.fetch(sql("field_places"), *scope_parameters(scope, city_id).as_tuple(), kind, *grid_deg(scope))
    named = np.array([row["household"] for row in rows], object)
    return SourcePlaces(
        np.array([row["source_id"] for row in rows], np.int32),
        np.array([row["asset_id"] for row in rows], np.int64),
        tuple(row["name"] for row in rows),
        np.array([(row["lon"], row["lat"]) for row in rows], np.float64).reshape(-1, 2),
        np.unique(named, return_inverse=True)[1].astype(np.int64),
    )


async def values_at(
    pool: Pool, city_id: int, sources: list[Source], *, point: str, at: datetime, source_ids: NDArray[np.int32]
) -> tuple[Floats, NDArray[np.int64]]:
    """Return what sources had read at a time and when they read it; NaN where nothing good and fresh was there.

    Parameters
    ----------
    sources
        All sources of the city whose schemas have the point.
    point
        A gauge of their schemas.
    source_ids
        Rising; which values are wanted.
    """
    values, observed = np.full(len(source_ids), np.nan), np.zeros(len(source_ids), np.int64)
    schemas = {source.schema_id: source.schema for source in sources}
    longest_s = STALE_PERIODS * max((source.period_s for source in sources), default=0)
    for row in await pool.fetch(sql("field_values_at"), city_id, list(schemas), at, float(longest_s)):
        schema, place = schemas.get(row["schema_id"]), int(np.searchsorted(source_ids, row["source_id"]))
        column = None if schema is None else schema.column(point)
        if schema is None or column is None or place >= len(source_ids) or source_ids[place] != row["source_id"]:
            continue
        own, quality = decode_payloads(schema, row["payload"])
        if quality[0, column] <= Quality.NOT_EVALUATED:
            values[place], observed[place] = own[0, column], row["observed_ms"]
    return values, observed
