"""Asks the tile tables which tiles hold something, without making them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from data.pool import Pool
from data.statements import scope_parameters, sql
from data.tiles import rounding_grid_m
from twin.scope import Scope

Reach: TypeAlias = tuple[int, int, float, float, float, float]
"""A tile's column and row, then west, south, east and north of where its rows may lie, in metres of EPSG:3857."""

_AT_A_TIME = 512


@dataclass(frozen=True, slots=True)
class HeldTiles:
    """Columns and rows of tiles with rows at their zoom (`held`), and with rows at theirs or a later one (`below`)."""

    held: Sequence[tuple[int, int]]
    below: Sequence[tuple[int, int]]


async def read_held(pool: Pool, tileset: str, scope: Scope, city_id: int, *, zoom: int, reaches: Sequence[Reach]) -> HeldTiles:
    """Return which of some tiles hold something that the scope may see.

    A held tile may still come out empty: where all that lies in it is smaller than a unit of the tile.

    Parameters
    ----------
    pool
        Of the process, or a snapshot.
    tileset
        Name of a vector tileset.
    scope
        Who asks.
    city_id
        The city.
    zoom, reaches
        Of the tiles to look at.

    Cost: about 0.1 ms a tile.
    """
    parameters = (*scope_parameters(scope, city_id).as_tuple(), zoom)
    grid = rounding_grid_m(scope) or 0.0
    chunks = [reaches[first : first + _AT_A_TIME] for first in range(0, len(reaches), _AT_A_TIME)]
    answers = await asyncio.gather(
        *(pool.fetch(sql(f"tile_held_{tileset}"), *parameters, *_columns(chunk, grid)) for chunk in chunks)
    )
    rows = [row for answer in answers for row in answer]
    return HeldTiles(
        [(row["x"], row["y"]) for row in rows if row["held"]], [(row["x"], row["y"]) for row in rows if row["below"]]
    )


def _columns(reaches: Sequence[Reach], grid_m: float) -> tuple[list[float], ...]:
    """Return the tiles as arrays, their reach wider by the grid to which the scope rounds."""
    x, y, west, south, east, north = (list(column) for column in zip(*reaches, strict=True))
    return (
        x,
        y,
        [value - grid_m for value in west],
        [value - grid_m for value in south],
        [value + grid_m for value in east],
        [value + grid_m for value in north],
    )
