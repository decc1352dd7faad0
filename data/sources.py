"""Sources and frame schemas in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from data.errors import Conflict, NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.alarms import shipped_rules
from twin.points.reporting import DEVICE_SCHEMAS, SCHEMA_OF_KIND
from twin.readings import Source
from twin.schemas import SHIPPED_SCHEMAS, FrameSchema, schema_from_json
from twin.scope import Scope


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
    """Return all sources of existing assets.

    Cost: 2 s of a processor for the 285,000 of a city, half of it in the database.
    """
    rows, schemas = await pool.fetch(sql("source_list"), city_id), _by_number(await list_schemas(pool, city_id))
    # a second of work for the interpreter: not on the event loop
    return await asyncio.to_thread(_sources, rows, schemas)


async def sources_of_asset(
    pool: Pool,
    scope: Scope,
    city_id: int,
    asset_id: int,
    *,
    schemas: Callable[..., Awaitable[Mapping[int, FrameSchema]]] | None = None,
) -> list[Source]:
    """Return the sources that report on one asset; none when the scope does not hold it.

    Parameters
    ----------
    schemas
        Returns the schemas of the city, those of the given numbers among them; None = they are read.

    Notes
    -----
    Cost: a millisecond; reading all schemas of a city takes 15.
    """
    rows = await pool.fetch(sql("source_of_asset"), *scope_parameters(scope, city_id).as_tuple(), asset_id)
    if not rows:
        return []
    if schemas is None:
        return _sources(rows, _by_number(await list_schemas(pool, city_id)))
    return _sources(rows, await schemas(*{row["schema_id"] for row in rows}))


def _by_number(stored: Sequence[StoredSchema]) -> dict[int, FrameSchema]:
    return {each.schema_id: each.schema for each in stored}


def _sources(rows: Sequence[asyncpg.Record], schemas: Mapping[int, FrameSchema]) -> list[Source]:
    """Make sources of rows whose columns stand in the order of `Source`, without its schema."""
    return [
        Source(source_id, code, asset_id, kind, company_id, area_id, schema_id, schemas[schema_id], period_s)
        for source_id, code, asset_id, kind, company_id, area_id, schema_id, period_s in rows
    ]


async def list_source_assets(pool: Pool, scope: Scope, city_id: int) -> list[SourceAsset]:
    """Return the visible assets behind the sources, with the substation that serves each.

    Cost: as `list_sources`; ask `sources_of_asset` for those of one asset.
    """
    rows = await pool.fetch(sql("source_of_assets"), *scope_parameters(scope, city_id).as_tuple())
    return [SourceAsset(*row) for row in rows]


async def ensure_sources(pool: Pool, city_id: int) -> None:
    """Register the shipped schemas, one source for each asset that reports, and the shipped alarm rules.

    Running it again adds only what is new: a source `<kind>:<code>` for each new asset of the kinds in
    `twin.schemas.SCHEMA_OF_KIND`; a clean-heating device reports by the schema of its energy. Sources that the program made
    move to the newest shipped version of their schema. Sources and schemas that were registered by hand stay as they are.

    Cost for the 285,000 sources of a city: 9 s the first time, then 1 s, all in the database.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("archive_patience"))  # the first time of a city is 285,000 sources
        await connection.execute(sql("source_plans"))
        await connection.execute(sql("source_lock"), city_id)
        shipped = await _ensure_schemas(connection, city_id)
        newest = {stored.schema.code: stored for stored in shipped}
        kinds = [(kind, newest[code]) for kind, code in SCHEMA_OF_KIND.items()]
        words = [(word, newest[code]) for word, code in DEVICE_SCHEMAS]
        await connection.execute(
            sql("source_ensure"),
            city_id,
            [kind for kind, _ in kinds],
            [stored.schema_id for _, stored in kinds],
            [stored.schema.period_s for _, stored in kinds],
            [word for word, _ in words],
            [stored.schema_id for _, stored in words],
        )
        numbers = [(stored.schema_id, newest[stored.schema.code].schema_id) for stored in shipped]
        moves = [(older, newer) for older, newer in numbers if older != newer]
        await connection.execute(sql("source_move"), city_id, [older for older, _ in moves], [newer for _, newer in moves])
        rules = [{"place": place, **rule.as_json()} for place, rule in enumerate(shipped_rules())]
        await connection.execute(sql("alarm_rule_ensure"), city_id, rules)


async def _ensure_schemas(connection: asyncpg.Connection, city_id: int) -> list[StoredSchema]:
    """Add the shipped schemas that the city lacks, and return all of them with their numbers, earlier versions first.

    A stored version of the same code and layout is that schema, whatever its number; its labels, periods and clauses are
    brought up to date. A new one keeps the version that it ships with, unless a schema of that name took it.
    """
    known = {(stored.schema.code, stored.schema.layout): stored for stored in await list_schemas(connection, city_id)}
    missing = [schema for schema in SHIPPED_SCHEMAS if (schema.code, schema.layout) not in known]
    if missing:
        await connection.execute(sql("source_schemas_add"), city_id, [_as_row(schema) for schema in missing])
    older = [
        (known[key].schema_id, schema)
        for schema in SHIPPED_SCHEMAS
        if (key := (schema.code, schema.layout)) in known and known[key].schema.points != schema.points
    ]
    if older:
        rows = [{"schema_id": schema_id, "points": _points(schema)} for schema_id, schema in older]
        await connection.execute(sql("source_schemas_relabel"), city_id, rows)
    if missing or older:
        known = {(stored.schema.code, stored.schema.layout): stored for stored in await list_schemas(connection, city_id)}
    return [known[schema.code, schema.layout] for schema in SHIPPED_SCHEMAS]


def _as_row(schema: FrameSchema) -> dict[str, Any]:
    return {"code": schema.code, "version": schema.version, "points": _points(schema)}


def _points(schema: FrameSchema) -> list[dict[str, Any]]:
    return [point.as_json() for point in schema.points]


async def _add_schema(connection: asyncpg.Connection, city_id: int, schema: FrameSchema) -> StoredSchema:
    row = await connection.fetchrow(sql("source_schema_add"), city_id, schema.code, _points(schema))
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
    seat: str,
    asset_id: int | None = None,
    asset_kind: str | None = None,
    asset_code: str | None = None,
) -> int:
    """Register a source (or change the one of that code) and return its number. The program leaves it alone from then on.

    Parameters
    ----------
    schema
        `CODE` for its newest version, or `CODE/VERSION`.
    seat
        Who registers it, for the records.
    asset_id, asset_kind, asset_code
        The asset it reports on, by id or by natural key.

    Raises
    ------
    NotFound
        When there is no such asset for this seat, or no such schema.
    Conflict
        When the code belongs to a source of an asset outside the scope.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        row = await connection.fetchrow(sql("source_asset"), *parameters, asset_id, asset_kind, asset_code)
        if row is None:
            wanted = f"asset {asset_id}" if asset_id is not None else f"{asset_kind} {asset_code!r}"
            raise NotFound(f"there is no {wanted} in city {city_id}")
        if await connection.fetchval(sql("source_foreign"), *parameters, code):
            raise Conflict(f"source {code!r} reports on an asset that this seat may not see; take another code")
        stored = await find_schema(connection, city_id, schema)
        register = sql("source_register")
        return int(await connection.fetchval(register, city_id, code, row["asset_id"], stored.schema_id, period_s, seat))


async def find_schema(connection: Pool | asyncpg.Connection, city_id: int, name: str) -> StoredSchema:
    """Return the schema `CODE` (its newest version) or `CODE/VERSION`.

    Raises
    ------
    NotFound
        When the city has none of that name.
    """
    code, _, version = name.partition("/")
    fitting = [
        stored
        for stored in await list_schemas(connection, city_id)
        if stored.schema.code == code and version in ("", str(stored.schema.version))
    ]
    if not fitting:
        raise NotFound(f"there is no frame schema {name!r} in city {city_id}; register it by POST /schemas")
    return max(fitting, key=lambda stored: stored.schema.version)
