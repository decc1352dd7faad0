"""Registering sources and schemas in bulk, taking sources out of use, and paging through them.

One request is one transaction; what does not fit is told entry by entry and the rest is written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from data.pool import Pool
from data.sources import StoredSchema, list_schemas
from data.statements import scope_parameters, sql
from twin.errors import TwinError
from twin.schemas import FrameSchema, schema_from_json
from twin.scope import Scope

PAGE = 5_000
"""Sources that are read at once when all are asked for."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source to register: its code, `CODE` or `CODE/VERSION` of its schema, and its asset by id or by kind and code."""

    code: str
    schema: str
    period_s: int
    asset_id: int | None = None
    asset_kind: str | None = None
    asset_code: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry.

    Attributes
    ----------
    result
        `registered`, `changed` or `unchanged`; `retired`; else why not: `no_asset`, `no_schema`, `taken` (the code belongs to a
        source outside the scope), `twice` (the code came before in the same request), `unknown_source`.
    message
        What would be right, when it was refused.
    """

    result: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which sources are wanted; None = all. `q` is part of a code or of an asset's name."""

    kind: str | None = None
    asset_id: int | None = None
    company_id: int | None = None
    q: str | None = None
    code: str | None = None
    retired: bool = False


async def register_sources(pool: Pool, scope: Scope, city_id: int, entries: Sequence[SourceEntry], *, seat: str) -> list[Outcome]:
    """Register sources, or change those of known codes, in one transaction. Three statements, however many entries.

    Parameters
    ----------
    seat
        Who registers them, for the records.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        schemas = _by_name(await list_schemas(connection, city_id))
        assets = await _assets(connection, parameters, entries)
        rows = await connection.fetch(sql("registry_known"), *parameters, [entry.code for entry in entries])
        known = {row["code"]: row for row in rows}
        outcomes, wanted = _judge(entries, schemas, assets, known, city_id)
        if wanted:
            columns = [list(column) for column in zip(*wanted, strict=True)]
            await connection.execute(sql("registry_write"), city_id, *columns, seat)
    return outcomes


async def _assets(
    connection: asyncpg.Connection, parameters: tuple[Any, ...], entries: Sequence[SourceEntry]
) -> Mapping[int, int]:
    """Return the visible asset of each entry by its place."""
    columns = [
        [entry.asset_id for entry in entries],
        [entry.asset_kind for entry in entries],
        [entry.asset_code for entry in entries],
    ]
    rows = await connection.fetch(sql("registry_assets"), *parameters, *columns)
    return {row["place"] - 1: row["asset_id"] for row in rows}


def _by_name(stored: Sequence[StoredSchema]) -> Mapping[str, int]:
    """Return the numbers of schemas by `CODE` (the newest version) and `CODE/VERSION`."""
    found: dict[str, int] = {}
    for each in sorted(stored, key=lambda one: one.schema.version):
        found[f"{each.schema.code}/{each.schema.version}"] = found[each.schema.code] = each.schema_id
    return found


def _judge(
    entries: Sequence[SourceEntry],
    schemas: Mapping[str, int],
    assets: Mapping[int, int],
    known: Mapping[str, asyncpg.Record],
    city_id: int,
) -> tuple[list[Outcome], list[tuple[str, int, int, int]]]:
    """Return what becomes of each entry, and code, asset, schema and period of those to write."""
    outcomes: list[Outcome] = []
    wanted: list[tuple[str, int, int, int]] = []
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        asset_id, schema_id, row = assets.get(place), schemas.get(entry.schema), known.get(entry.code)
        if entry.code in seen:
            outcomes.append(Outcome("twice", f"code {entry.code!r} came before in the same request"))
        elif asset_id is None:
            named = f"asset {entry.asset_id}" if entry.asset_id is not None else f"{entry.asset_kind} {entry.asset_code!r}"
            outcomes.append(Outcome("no_asset", f"there is no {named} in city {city_id}"))
        elif schema_id is None:
            message = f"there is no frame schema {entry.schema!r} in city {city_id}; register it by POST /schemas"
            outcomes.append(Outcome("no_schema", message))
        elif row is not None and row["foreign_to_scope"]:
            message = f"source {entry.code!r} reports on an asset that this seat may not see; take another code"
            outcomes.append(Outcome("taken", message))
        elif row is not None and _same(row, asset_id, schema_id, entry.period_s):
            outcomes.append(Outcome("unchanged"))
        else:
            outcomes.append(Outcome("registered" if row is None else "changed"))
            wanted.append((entry.code, asset_id, schema_id, entry.period_s))
        seen.add(entry.code)
    return outcomes, wanted


def _same(row: asyncpg.Record, asset_id: int, schema_id: int, period_s: int) -> bool:
    return not row["retired"] and (row["asset_id"], row["schema_id"], row["period_s"]) == (asset_id, schema_id, period_s)


async def retire_sources(pool: Pool, scope: Scope, city_id: int, codes: Sequence[str], *, seat: str) -> list[Outcome]:
    """Take sources out of use: their frames are refused from now on, their history stays. Registering one again undoes it."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("registry_retire"), *parameters, list(codes), seat)
    retired = {row["code"] for row in rows}
    return [
        Outcome("retired") if code in retired else Outcome("unknown_source", f"there is no source {code!r} in city {city_id}")
        for code in codes
    ]


async def register_schemas(
    pool: Pool, city_id: int, entries: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
) -> list[StoredSchema | TwinError]:
    """Register schemas (code and points) in one transaction: a new version each, or the newest one when it has these points.

    Returns
    -------
    The error in the place of an entry that does not fit the catalogue of quantities.
    """
    found: list[StoredSchema | TwinError] = []
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        newest = {one.schema.code: one for one in sorted(await list_schemas(connection, city_id), key=_version)}
        for code, points in entries:
            try:
                wanted = schema_from_json(code, 0, points)
            except TwinError as error:
                found.append(error)
                continue
            same = newest.get(code)
            if same is None or same.schema.points != wanted.points:
                stored = [point.as_json() for point in wanted.points]
                row = await connection.fetchrow(sql("source_schema_add"), city_id, code, stored)
                newest[code] = StoredSchema(row["schema_id"], FrameSchema(code, row["version"], wanted.points))
            found.append(newest[code])
    return found


def _version(stored: StoredSchema) -> int:
    return stored.schema.version


async def list_page(
    pool: Pool, scope: Scope, city_id: int, wanted: SourceFilter, *, after: int = 0, limit: int = PAGE
) -> list[dict[str, Any]]:
    """Return the next visible sources after a number, by rising number. Cost: a millisecond for each 100."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    filters = (wanted.kind, wanted.asset_id, wanted.company_id, wanted.q, wanted.code, wanted.retired)
    return [dict(row) for row in await pool.fetch(sql("registry_page"), *parameters, after, limit, *filters)]


async def every_page(pool: Pool, scope: Scope, city_id: int, wanted: SourceFilter) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield all visible sources, page by page: memory does not grow with their number."""
    after = 0
    while page := await list_page(pool, scope, city_id, wanted, after=after):
        yield page
        if len(page) < PAGE:
            return
        after = page[-1]["source_id"]
