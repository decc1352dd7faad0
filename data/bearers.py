"""Reads which solids of the 3D view bear the colours of assets that have no solid of their own."""

from __future__ import annotations

from dataclasses import dataclass

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

BESIDE_DEG = 0.00003
"""About 3 m: supply and return pipe lie this far from the axis that a branch is drawn along."""


@dataclass(frozen=True, slots=True)
class Bearers:
    """Pairs by rising asset id: `asset_ids[i]` is shown by the solid `solid_ids[i]`.

    Attributes
    ----------
    asset_ids
        Heat inlets, plants, boiler houses, substations and clean-heating devices inside a building; plant branches, which stand
        once for each of their pipes.
    solid_ids
        The building or pipe that shows them.
    """

    asset_ids: list[int]
    solid_ids: list[int]


async def read_bearers(pool: Pool, scope: Scope, city_id: int) -> Bearers:
    """Return the pairs of which the scope holds both sides.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = [
        *await pool.fetch(sql("scene_bearers"), *parameters),
        *await pool.fetch(sql("scene_branch_pipes"), *parameters, BESIDE_DEG),
    ]
    rows.sort(key=lambda row: (row["asset_id"], row["solid_id"]))
    return Bearers([row["asset_id"] for row in rows], [row["solid_id"] for row in rows])
