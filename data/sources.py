"""Sources and frame schemas in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from data.alarms import ensure_rule
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.alarms import DEFAULT_RULE
from twin.readings import Source
from twin.schemas import DEFAULT_SCHEMAS, FrameSchema, schema_from_json
from twin.scope import Scope

DEFAULT_PERIOD_S = 60


@dataclass(frozen=True, slots=True)
class StoredSchema:
    """A frame schema with its number in the city."""

    schema_id: int
    schema: FrameSchema


@dataclass(frozen=True, slots=True)
class SourceAsset:
    """What stands behind a source: asset, its name, and the substation that serves it."""

    source_id: int
    asset_id: int
    name: str
    substation_id: int | None


async def city_versions(pool: Pool) -> Mapping[int, int]:
    """Return the assets_version of every city."""
    return {row["city_id"]: row["assets_version"] for row in await pool.fetch(sql("source_city_versions"))}


async def list_schemas(pool: Pool | asyncpg.Connection, city_id: int) -> list[StoredSchema]:
    """Return all schemas of a city, oldest first."""
    rows = await pool.fetch(sql("source_schema_list"), city_id)
    return [StoredSchema(row["schema_id"], schema_from_json(row["code"], row["version"], row["points"])) for row in rows]


async def list_sources(pool: Pool, city_id: int) -> list[Source]:
    """Return all sources of existing assets."""
    schemas = {stored.schema_id: stored.schema for stored in await list_schemas(pool, city_id)}
    rows = await pool.fetch(sql("source_list"), city_id)
    return [Source(**dict(row), schema=schemas[row["schema_id"]]) for row in rows]


async def list_source_assets(pool: Pool, scope: Scope, city_id: int) -> list[SourceAsset]:
    """Return the visible assets behind the sources, with the substation that serves each."""
    rows = await pool.fetch(sql("source_of_assets"), *scope_parameters(scope, city_id).as_tuple())
    return [SourceAsset(**dict(row)) for row in rows]


async def ensure_sources(pool: Pool, city_id: int) -> None:
    """Register the shipped schemas, one source for each asset that reports, and the default alarm rule.

    Running it again adds only what is new: a source `<kind>:<code>` for each new substation, heat source, room sensor,
    weather station and air station. Sources and schemas that were registered by hand stay as they are.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        schema_ids = {code: await _ensure_schema(connection, city_id, schema) for code, schema in DEFAULT_SCHEMAS.items()}
        kinds = list(schema_ids)
        await connection.execute(sql("source_ensure"), city_id, kinds, [schema_ids[kind] for kind in kinds], DEFAULT_PERIOD_S)
        await ensure_rule(connection, city_id, DEFAULT_RULE)


async def _ensure_schema(connection: asyncpg.Connection, city_id: int, schema: FrameSchema) -> int:
    """Add a shipped schema where no version of its code has its points; return the newest version's number."""
    same_code = [stored for stored in await list_schemas(connection, city_id) if stored.schema.code == schema.code]
    if not any(stored.schema.points == schema.points for stored in same_code):
        return (await _add_schema(connection, city_id, schema)).schema_id
    return same_code[-1].schema_id


async def _add_schema(connection: asyncpg.Connection, city_id: int, schema: FrameSchema) -> StoredSchema:
    points = [point.as_json() for point in schema.points]
    row = await connection.fetchrow(sql("source_schema_add"), city_id, schema.code, points)
    return StoredSchema(row["schema_id"], FrameSchema(schema.code, row["version"], schema.points))


async def register_schema(pool: Pool, city_id: int, code: str, points: Sequence[Mapping[str, Any]]) -> StoredSchema:
    """Register a schema: a new version, or the newest one when its points are the same.

    Raises
    ------
    BadFrame
        When a point does not fit the catalogue of quantities.
    """
    wanted = schema_from_json(code, 0, points)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        same_code = [stored for stored in await list_schemas(connection, city_id) if stored.schema.code == code]
        if same_code and same_code[-1].schema.points == wanted.points:
            return same_code[-1]
        return await _add_schema(connection, city_id, wanted)


async def register_source(
    pool: Pool,
    scope: Scope,
    city_id: int,
    code: str,
    *,
    schema: str,
    period_s: int,
    asset_id: int | None = None,
    asset_kind: str | None = None,
    asset_code: str | None = None,
) -> int:
    """Register a source (or change the one of that code) and return its number.

    Parameters
    ----------
    schema
        `CODE` for its newest version, or `CODE/VERSION`.
    asset_id, asset_kind, asset_code
        The asset it reports on, by id or by natural key.

    Raises
    ------
    NotFound
        When there is no such asset for this seat, or no such schema.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    row = await pool.fetchrow(sql("source_asset"), *parameters, asset_id, asset_kind, asset_code)
    if row is None:
        wanted = f"asset {asset_id}" if asset_id is not None else f"{asset_kind} {asset_code!r}"
        raise NotFound(f"there is no {wanted} in city {city_id}")
    name, _, version = schema.partition("/")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        fitting = [
            stored
            for stored in await list_schemas(connection, city_id)
            if stored.schema.code == name and version in ("", str(stored.schema.version))
        ]
        if not fitting:
            raise NotFound(f"there is no frame schema {schema!r} in city {city_id}; register it by POST /schemas")
        return int(
            await connection.fetchval(sql("source_register"), city_id, code, row["asset_id"], fitting[-1].schema_id, period_s)
        )
