"""Writes changes of assets: edits, retirements, restored versions, changes taken back. Nothing that was there is lost.

Every change is one transaction and one row of `archive_change`: who, when, why, from what. A touched asset's current version is
closed and the next one written; a retired asset has no current version. The row hash is the one an import computes, and a
version that an edit wrote carries the hash of what was last delivered, so that the same delivery again leaves the edit alone
(`data/imports/asset_store.py`).

Owner, district and pair of the touched assets are found anew, as are those of the rows of registers that hang on them; when a
district is touched, those of everything. Tiles show the change as soon as it is committed (`data/tile_edits.py`).

Cost: a dozen small statements, 50 ms for one asset of 600,000 on a busy machine, 3 s for 5,000 pipes. A
district that moves costs a look at the ground that it lost or gained.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

import asyncpg
import orjson

from data.errors import Conflict, NotFound
from data.imports.asset_store import NETWORK_KINDS
from data.statements import sql
from data.tile_edits import follow_edit
from twin.errors import OutsideScope
from twin.scope import Scope

Origin: TypeAlias = Literal["edit", "repair", "restore", "approval"]

_EDITS_AT_ONCE: Final = 20_000
"""Edits that one statement takes; a change may hold any number."""
_NETWORK_KINDS: Final = sorted(NETWORK_KINDS)


@dataclass(frozen=True, slots=True)
class Edit:
    """What shall become of one asset; what is not said stays as it is.

    Attributes
    ----------
    asset_id
        A current asset.
    attributes
        Merged into the asset's; None removes a key.
    name
        New name.
    geometry
        EWKB with SRID 4326.
    retire
        True: the asset is no longer there; its versions stay.
    """

    asset_id: int
    attributes: Mapping[str, object | None] = field(default_factory=dict)
    name: str | None = None
    geometry: bytes | None = None
    retire: bool = False

    def as_json(self) -> dict[str, object]:
        """Return what `archive_take_edits.sql` reads."""
        return {
            "asset_id": self.asset_id,
            "name": self.name,
            "attributes": dict(self.attributes),
            "geom": None if self.geometry is None else self.geometry.hex(),
            "retire": self.retire,
        }


@dataclass(frozen=True, slots=True)
class _Change:
    """A change while its transaction is open."""

    connection: asyncpg.Connection
    city_id: int
    change_id: int
    made_at: datetime


async def apply_edits(
    connection: asyncpg.Connection,
    city_id: int,
    edits: Sequence[Edit],
    *,
    seat: str,
    reason: str,
    origin: Origin,
    source: str = "",
    versions: Mapping[int, int] | None = None,
    scope: Scope | None = None,
) -> int:
    """Write edits as one change and return its id.

    Values are not checked against the catalogue here (`twin.edits` does); edits that leave an asset as it is are left out.

    Parameters
    ----------
    connection
        Outside a transaction, or inside the caller's (then the caller commits).
    city_id
        The city.
    edits
        At most one for an asset.
    seat, reason, origin, source
        Who, why, how, and where the new content comes from; kept with the change.
    versions
        Versions by asset id that the editor has seen: an asset that has moved on since refuses the whole change.
    scope
        What the editor may change: assets that it holds before and after; None = all. Assets without an owner are none of a
        company's.

    Raises
    ------
    NotFound
        When an asset does not exist or is retired.
    Conflict
        When an asset has changed since the version seen, is named twice, or nothing would change; or while an import of the city
        is being written.
    OutsideScope
        When an asset is, or would come to lie, outside the Scope.
    """
    ids = [edit.asset_id for edit in edits]
    if len(set(ids)) < len(ids):
        twice = next(asset_id for asset_id in ids if ids.count(asset_id) > 1)
        raise Conflict(f"asset {twice} is named more than once in one change")
    async with _changing(connection, city_id) as change:
        for first in range(0, len(edits), _EDITS_AT_ONCE):
            part = [edit.as_json() for edit in edits[first : first + _EDITS_AT_ONCE]]
            text = orjson.dumps(part, option=orjson.OPT_SERIALIZE_NUMPY).decode()
            await connection.execute(sql("archive_take_edits"), city_id, text)
        await _require_current(change, ids)
        await _require_versions(change, versions or {})
        await _write(change, seat=seat, reason=reason, origin=origin, source=source, scope=scope)
    return change.change_id


async def restore_version(
    connection: asyncpg.Connection,
    city_id: int,
    asset_id: int,
    version: int,
    *,
    seat: str,
    reason: str,
    seen: int | None = None,
    scope: Scope | None = None,
) -> int:
    """Make an asset what one of its versions was, as a new version, and return the id of the change.

    A retired asset comes back. `seen` is the version that the editor has seen.

    Raises
    ------
    NotFound
        When there is no such version.
    Conflict, OutsideScope
        As `apply_edits`.
    """
    async with _changing(connection, city_id) as change:
        await connection.execute(sql("archive_take_version"), city_id, asset_id, version)
        if not await _staged(change):
            raise NotFound(f"asset {asset_id} of city {city_id} has no version {version}")
        if seen is not None:
            await _require_versions(change, {asset_id: seen})
        source = f"version {version}"
        await _write(change, seat=seat, reason=reason, origin="restore", source=source, scope=scope)
    return change.change_id


async def revert_change(
    connection: asyncpg.Connection, city_id: int, change_id: int, *, seat: str, reason: str, scope: Scope | None = None
) -> int:
    """Take a change back by a new one, and return its id: every touched asset is what it was before.

    What the change had brought is retired, what it had retired comes back. Rows of registers have no such way back.

    Raises
    ------
    NotFound
        When there is no such change.
    Conflict
        When assets have changed since (the message names them), or rows of registers were part of the change.
    OutsideScope
        When the change touched an asset outside the Scope.
    """
    async with _changing(connection, city_id) as change:
        await connection.execute(sql("archive_patience"))
        await _require_revertible(change, change_id)
        await connection.execute(sql("archive_take_back"), city_id, change_id)
        source = f"before change {change_id}"
        await _write(change, seat=seat, reason=reason, origin="restore", source=source, scope=scope, reverts=change_id)
    return change.change_id


@asynccontextmanager
async def _changing(connection: asyncpg.Connection, city_id: int) -> AsyncIterator[_Change]:
    """Open a transaction in which this is the only change of the city, with the table that touched assets are staged in."""
    async with connection.transaction():
        if not await connection.fetchval(sql("archive_no_import"), city_id):
            raise Conflict(f"an import of city {city_id} is being written; change it when that has ended (GET /jobs)")
        await connection.execute(sql("archive_lock"), city_id)
        await connection.execute(sql("archive_unstage"))
        await connection.execute(sql("archive_stage"))
        begun = await connection.fetchrow(sql("archive_begin"), city_id)
        assert begun is not None  # an aggregate has a row
        yield _Change(connection, city_id, begun["change_id"], begun["made_at"])
        await connection.execute(sql("archive_unstage"))


async def _staged(change: _Change) -> int:
    return int(await change.connection.fetchval(sql("archive_staged")))


async def _require_current(change: _Change, ids: Sequence[int]) -> None:
    missing = await change.connection.fetchval(sql("archive_missing"), list(ids))
    if missing is not None:
        raise NotFound(f"there is no current asset {missing} in city {change.city_id}; it does not exist or is retired")


async def _require_versions(change: _Change, versions: Mapping[int, int]) -> None:
    """Raise `Conflict` naming who changed an asset, and when, after the version that the editor has seen."""
    rows = await change.connection.fetch(sql("archive_moved_on"), change.city_id, list(versions.keys()), list(versions.values()))
    if rows:
        row = rows[0]
        who = f"{row['seat']} changed it at {row['made_at']:%Y-%m-%d %H:%M:%S} UTC" if row["seat"] else "it was changed"
        raise Conflict(
            f"{row['kind']} {row['code']} (asset {row['asset_id']}) is at version {row['version']}, not {row['seen']}: {who}"
            f" ({row['reason'] or 'no reason given'}); read it again and decide"
        )


async def _require_revertible(change: _Change, change_id: int) -> None:
    connection, city_id = change.connection, change.city_id
    counts = await connection.fetchval(sql("archive_counts"), city_id, change_id)
    if counts is None:
        raise NotFound(f"there is no change {change_id} in city {city_id}")
    rows = orjson.loads(counts)
    if registers := rows.get("register_added", 0) + rows.get("register_changed", 0):
        raise Conflict(f"change {change_id} also wrote {registers} rows of registers, which cannot be put back")
    found = await connection.fetchrow(sql("archive_touched"), city_id, change_id)
    assert found is not None
    if not found["touched"]:
        raise Conflict(f"change {change_id} touched no asset")
    if found["later"]:
        named = ", ".join(found["named"]) + (" ..." if found["later"] > len(found["named"]) else "")
        raise Conflict(f"change {change_id} cannot be taken back: {found['later']} of its assets have changed since: {named}")


async def _write(
    change: _Change, *, seat: str, reason: str, origin: str, source: str, scope: Scope | None, reverts: int | None = None
) -> None:
    """Write what is staged: links, Scope, versions, links of others, the change itself."""
    connection, city_id = change.connection, change.city_id
    for name in ("archive_fit", "archive_drop_equal", "archive_analyze"):
        await connection.execute(sql(name))
    summary = await connection.fetchrow(sql("archive_summary"), _NETWORK_KINDS)
    assert summary is not None
    if not summary["rows"]:
        raise Conflict("nothing would change: the assets are so already")
    await _link(change, summary)
    await _require_inside(change, scope)
    await connection.execute(sql("archive_close"), city_id, change.made_at, change.change_id)
    await connection.execute(sql("archive_write"), city_id, change.made_at, change.change_id)
    moved = await _link_others(change, districts=summary["districts"])
    await follow_edit(connection, city_id, moved)
    record = (change.change_id, change.made_at, seat, reason, origin, source, reverts)
    await connection.execute(sql("archive_record"), city_id, *record)
    await connection.execute(sql("archive_bump"), city_id, summary["network"])


async def _link(change: _Change, summary: asyncpg.Record) -> None:
    """Find owner and district of what is staged; the districts are cut into pieces only when somebody asks where something is."""
    await change.connection.execute(sql("archive_own"), change.city_id)
    if summary["relocate"] or summary["districts"]:
        await change.connection.execute(sql("archive_areas"), change.city_id)
        await change.connection.execute(sql("archive_areas_index"))
        await change.connection.execute(sql("archive_locate"))


async def _require_inside(change: _Change, scope: Scope | None) -> None:
    if scope is None:
        return
    lists = (None if ids is None else list(ids) for ids in (scope.layers, scope.areas, scope.company_ids))
    outside = await change.connection.fetch(sql("archive_outside"), *lists)
    if outside:
        named = ", ".join(f"{row['kind']} {row['code']}" for row in outside)
        raise OutsideScope(f"this seat may not change, or move out of its reach: {named}")


async def _link_others(change: _Change, *, districts: bool) -> list[int]:
    """Link anew what hangs on the written rows: members of pairs, rows of registers, and everything when a district moved.

    Returns the assets that lie in another district because that one moved.
    """
    await change.connection.execute(sql("archive_pairs"), change.city_id)
    moved = []
    if districts:
        moved = [row["asset_id"] for row in await change.connection.fetch(sql("archive_relink_area"), change.city_id)]
    relinked = await change.connection.fetchval(sql("archive_relinked"))
    if relinked or districts:
        await change.connection.execute(sql("archive_relink_rows"), change.city_id, districts)
    return moved
