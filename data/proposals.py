"""Proposals (审核及批复): edits that wait until somebody who may decides: approved ones become changes, all stay on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
import orjson

from data.archive import Edit, apply_edits
from data.assets import grid_deg
from data.changes import content_of
from data.editing import Prepared, require_references
from data.errors import Conflict, NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.differences import Content, Difference, differences
from twin.edits import references_of
from twin.errors import NotPermitted, OutsideScope
from twin.kinds import kind_of
from twin.scope import Scope

State: TypeAlias = Literal["open", "approved", "rejected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal.

    Attributes
    ----------
    version, present_version
        Version of the asset that it was made for, and the present one.
    differences
        Against the version that it was made for.
    """

    proposal_id: int
    asset_id: int
    kind: str
    code: str
    version: int
    present_version: int
    retire: bool
    differences: tuple[Difference, ...]
    seat: str
    reason: str
    proposed_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    change_id: int | None


async def add_proposal(
    pool: Pool, scope: Scope, city_id: int, prepared: Prepared, *, seat: str, seat_id: int | None, reason: str
) -> Proposal:
    """Write a proposal and return it.

    Raises
    ------
    OutsideScope
        When the asset is none of the proposer's: a company proposes for what it owns, not for what nobody owns.
    """
    edit = prepared.edit
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("archive_lock"), city_id)
        if not await connection.fetchval(sql("proposal_own"), *scope_parameters(scope, city_id).as_tuple(), edit.asset_id):
            raise OutsideScope(f"this seat may not propose changes of asset {edit.asset_id}: it belongs to nobody it stands for")
        geometry = None if edit.geometry is None else edit.geometry.hex()
        patch = orjson.dumps(dict(edit.attributes)).decode()
        values = (edit.asset_id, prepared.version, edit.name, patch, geometry, edit.retire, seat, seat_id, reason)
        proposal_id = await connection.fetchval(sql("proposal_add"), city_id, *values)
    return await read_proposal(pool, scope, city_id, int(proposal_id))


async def list_proposals(
    pool: Pool, scope: Scope, city_id: int, *, state: State | None, asset_id: int | None, limit: int, offset: int
) -> tuple[int, list[Proposal]]:
    """Return how many proposals about visible assets there are, and a page of them, newest first."""
    rows = await _rows(pool, scope, city_id, state=state, asset_id=asset_id, proposal_id=None, limit=limit, offset=offset)
    contents = await _stored(pool, scope, city_id, rows)
    return (int(rows[0]["total"]) if rows else 0), [_proposal(row, contents) for row in rows]


async def read_proposal(pool: Pool, scope: Scope, city_id: int, proposal_id: int) -> Proposal:
    """Return one proposal.

    Raises
    ------
    NotFound
        When there is none about an asset that the caller sees.
    """
    row = await _row(pool, scope, city_id, proposal_id)
    return _proposal(row, await _stored(pool, scope, city_id, [row]))


async def approve(
    pool: Pool, scope: Scope, city_id: int, proposal_id: int, *, seat: str, seat_id: int | None, reason: str
) -> int:
    """Make an open proposal a change and return the id of the change.

    Raises
    ------
    NotFound, OutsideScope
        When the caller does not see the proposal, or may not change the asset.
    NotPermitted
        When the caller is who proposed it: a second pair of eyes is the point.
    BadEdit
        When the proposal names an asset that has gone since.
    Conflict
        When it is decided already, or the asset has changed since it was made.
    """
    row = await _row(pool, scope, city_id, proposal_id)
    if row["seat"] == seat and row["seat_id"] == seat_id:
        raise NotPermitted(f"proposal {proposal_id} is your own; another seat decides it (you may withdraw it)")
    await require_references(pool, city_id, references_of(kind_of(row["kind"]), row["attributes"]))
    geometry = None if row["ewkb"] is None else bytes.fromhex(row["ewkb"])
    edit = Edit(row["asset_id"], row["attributes"], row["name"], geometry, row["retire"])
    async with pool.acquire() as connection, connection.transaction():
        await _require_open(connection, city_id, proposal_id)
        change_id = await apply_edits(
            connection,
            city_id,
            [edit],
            seat=seat,
            reason=reason or row["reason"],
            origin="approval",
            source=f"proposal {proposal_id} by {row['seat']}: {row['reason']}",
            versions={row["asset_id"]: row["version"]},
            scope=scope,
        )
        await connection.execute(sql("proposal_decide"), city_id, proposal_id, "approved", seat, reason, change_id)
    return change_id


async def close(
    pool: Pool,
    scope: Scope,
    city_id: int,
    proposal_id: int,
    state: Literal["rejected", "withdrawn"],
    *,
    seat: str,
    seat_id: int | None,
    reason: str,
) -> None:
    """Reject an open proposal, or withdraw one's own.

    Raises
    ------
    NotFound
        When the caller does not see it.
    NotPermitted
        When it is withdrawn by another than who made it.
    Conflict
        When it is decided already.
    """
    row = await _row(pool, scope, city_id, proposal_id)
    if state == "withdrawn" and (row["seat"] != seat or row["seat_id"] != seat_id):
        raise NotPermitted(f"proposal {proposal_id} is of {row['seat']}, who alone may withdraw it; it can be rejected")
    async with pool.acquire() as connection, connection.transaction():
        await _require_open(connection, city_id, proposal_id)
        await connection.execute(sql("proposal_decide"), city_id, proposal_id, state, seat, reason, None)


async def _require_open(connection: asyncpg.Connection, city_id: int, proposal_id: int) -> None:
    state = await connection.fetchval(sql("proposal_lock"), city_id, proposal_id)
    if state != "open":
        raise Conflict(f"proposal {proposal_id} is {state} already")


async def _row(pool: Pool, scope: Scope, city_id: int, proposal_id: int) -> asyncpg.Record:
    rows = await _rows(pool, scope, city_id, state=None, asset_id=None, proposal_id=proposal_id, limit=1, offset=0)
    if not rows:
        raise NotFound(f"there is no proposal {proposal_id} in city {city_id}")
    return rows[0]


async def _rows(
    pool: Pool,
    scope: Scope,
    city_id: int,
    *,
    state: State | None,
    asset_id: int | None,
    proposal_id: int | None,
    limit: int,
    offset: int,
) -> list[asyncpg.Record]:
    parameters = scope_parameters(scope, city_id).as_tuple()
    page = (asset_id, proposal_id, limit, offset)
    return await pool.fetch(sql("proposal_list"), *parameters, state, *grid_deg(scope), *page)


async def _stored(pool: Pool, scope: Scope, city_id: int, rows: list[asyncpg.Record]) -> Mapping[tuple[int, int], asyncpg.Record]:
    """Return the versions that proposals were made for, by asset id and version."""
    ids, numbers = [row["asset_id"] for row in rows], [row["version"] for row in rows]
    parameters = scope_parameters(scope, city_id).as_tuple()
    found = await pool.fetch(sql("archive_contents"), *parameters, ids, numbers, *grid_deg(scope))
    return {(row["asset_id"], row["version"]): row for row in found}


def _proposal(row: asyncpg.Record, contents: Mapping[tuple[int, int], asyncpg.Record]) -> Proposal:
    stored = contents.get((row["asset_id"], row["version"]))
    before = None if stored is None else content_of(stored)
    return Proposal(
        **{name: row[name] for name in Proposal.__slots__ if name != "differences"},
        differences=differences(row["kind"], before, None if before is None else _wished(row, before)),
    )


def _wished(row: asyncpg.Record, before: Content) -> Content:
    merged = {name: value for name, value in {**before.attributes, **row["attributes"]}.items() if value is not None}
    same = row["geometry"] is None
    return Content(
        name=before.name if row["name"] is None else row["name"],
        source_key=before.source_key,
        attributes=merged,
        geometry=before.geometry if same else orjson.loads(row["geometry"]),
        geometry_key=before.geometry_key if same else row["geom_key"],
    )
