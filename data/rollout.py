"""Reads the figures of the clean-heating rollout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

OUTLINE_TOLERANCE_DEG = 0.0005
"""About 50 m: an overlay of a whole city needs no more."""


@dataclass(frozen=True, slots=True)
class DistrictRate:
    """One district in one month; `rate` and `target_rate` are shares 0..1, `rate` None where nothing is heated."""

    area_id: int
    name: str
    month: str
    rate: float | None
    target_rate: float
    heated_area_m2: float
    clean_area_m2: float
    geometry: dict[str, Any] | None


async def read_district_rates(pool: Pool, scope: Scope, city_id: int, month: str | None = None) -> Sequence[DistrictRate]:
    """Return the clean-heating rate of each visible district, with a simplified outline, by rising area id.

    Parameters
    ----------
    pool
        Pool of the process.
    scope
        Who asks; a seat of some areas sees those.
    city_id
        The city.
    month
        `YYYY-MM`; None = the newest.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city or the layer `rollout`.
    """
    scope.require_layer("rollout")
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("rollout_districts"), *parameters, month, OUTLINE_TOLERANCE_DEG)
    return [
        DistrictRate(**dict(row) | {"geometry": None if row["geometry"] is None else orjson.loads(row["geometry"])})
        for row in rows
    ]
