"""Reads what styles need of a city: the assets that colourings of pipes name, and where the network is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

_STATEMENTS: Final[Mapping[str, str]] = {"company_id": "legend_owners", "source_id": "legend_feeders"}
"""Attributes of pipes that hold an asset_id, and the statement that finds what they can hold."""


async def read_named(pool: Pool, scope: Scope, city_id: int, attribute: str) -> list[tuple[int, str]]:
    """Return asset_id and name of the assets that an attribute of visible pipes holds, as far as the Scope holds them.

    Those with the longest network come first. An asset without a name is called by its id. Cost: under 1 ms for the sample, some
    ms for a city (merged rows are read).
    """
    rows = await pool.fetch(sql(_STATEMENTS[attribute]), *scope_parameters(scope, city_id).as_tuple())
    return [(row["asset_id"], row["name"] or str(row["asset_id"])) for row in rows]


async def read_network_centre(pool: Pool, scope: Scope, city_id: int) -> tuple[float, float] | None:
    """Return longitude and latitude (WGS-84) of the middle of the visible pipes, by their length; None without any.

    The extent of a city reaches out to its districts, and the middle of that may hold nothing.
    """
    row = await pool.fetchrow(sql("style_centre"), *scope_parameters(scope, city_id).as_tuple())
    return None if row is None else (row["lon"], row["lat"])
