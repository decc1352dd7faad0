"""Rewrites the tile rows of edited assets in the transaction of the edit, so that the next tile shows it.

The same statements as a rebuild (`data/tile_tables.py`), for the touched assets only: stage, drop what differs, add what is
missing. Touched are also the other pipe of a pair and the merged rows of the segments. What the network says of a pipe
(segment, class by its ends, source, criticality) stays as the last rebuild found it until the next one.

Cost: 15 ms for one pipe of 150,000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import asyncpg

from data.statements import sql
from data.tile_tables import (
    AREA_MINZOOM,
    ASSET_TABLES,
    POINT_MINZOOM,
    fill_parameters,
    put_statements,
    zoom_parameters,
    zoom_statement,
)

_NAMED = re.compile(r"%\((?P<name>[a-z_]+)\)s")
_KINDS: Mapping[str, frozenset[str]] = {
    "tile_pipe": frozenset({"pipe", "gas_pipe"}),
    "tile_building": frozenset({"building"}),
    "tile_point": frozenset(POINT_MINZOOM),
    "tile_base": frozenset({*AREA_MINZOOM, "road", "water", "green"}),
    "tile_coverage": frozenset({"coverage_area", "licence_area", "no_burn_zone"}),
}
"""Kinds of assets that each tile table may hold."""


async def follow_edit(connection: asyncpg.Connection, city_id: int, moved_ids: Sequence[int]) -> None:
    """Rewrite the tile rows of what a change has touched; inside its transaction, after its assets are written and linked.

    Parameters
    ----------
    connection
        With the staged rows of the change (`archive_row`).
    city_id
        The city.
    moved_ids
        Assets that lie in another district now, because that one moved.
    """
    touched = await connection.fetch(sql("tile_touched"), city_id, list(moved_ids))
    await connection.execute(sql("tile_stage"))
    await _run(connection, sql("tile_lock"), {"city_id": city_id})
    for table in ASSET_TABLES:
        asset_ids = sorted(row["asset_id"] for row in touched if row["kind"] in _KINDS[table])
        if asset_ids:
            await _rewrite(connection, city_id, table, asset_ids)


async def _rewrite(connection: asyncpg.Connection, city_id: int, table: str, asset_ids: Sequence[int]) -> None:
    await _run(connection, sql(table.replace("tile_", "tile_fill_")), fill_parameters(table, city_id, asset_ids))
    assets = {"city_id": city_id, "asset_ids": list(asset_ids)}
    statement, values = numbered(sql("tile_segments"), assets)
    segments = await connection.fetchval(statement, *values) if table == "tile_pipe" else []
    for statement in put_statements(table):
        await _run(connection, statement, assets)
    if segments:
        await _run(connection, zoom_statement("tile_pipe"), zoom_parameters(city_id, segments))
        for name in ("tile_drop_zoom", "tile_add_zoom"):
            await _run(connection, sql(name), {"city_id": city_id, "segment_ids": segments})


async def _run(connection: asyncpg.Connection, statement: str, parameters: Mapping[str, object]) -> None:
    text, values = numbered(statement, parameters)
    await connection.execute(text, *values)


def numbered(statement: str, parameters: Mapping[str, object]) -> tuple[str, list[object]]:
    """Turn a statement for psycopg (`%(name)s`) into one for asyncpg (`$1`), with the parameters that it names in order."""
    text, names = _numbered(statement)
    return text, [parameters[name] for name in names]


@cache
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    names = tuple(dict.fromkeys(match["name"] for match in _NAMED.finditer(statement)))
    return _NAMED.sub(lambda match: f"${names.index(match['name']) + 1}", statement), names
