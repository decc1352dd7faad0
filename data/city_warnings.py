"""Warnings (预警) in the store: issued, handled and lifted by persons, and their statistics by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

import asyncpg

from data.arrivals import zone_of
from data.assets import Position, grid_deg
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.city_warnings import WarningDraft, WarningState, require_step
from twin.errors import BadWarning
from twin.scope import Scope

WarningFilterState: TypeAlias = Literal["open", "01", "02", "03"]


@dataclass(frozen=True, slots=True)
class StoredWarning:
    """A warning as stored; texts are those of `twin.city_warnings.WarningDraft`. `drill_id`: of that drill; None = real."""

    warning_id: int
    name: str
    type: str
    level: int
    state: str
    asset_id: int | None
    asset_kind: str | None
    asset_name: str | None
    address: str
    model: str
    origin_id: int | None
    content: str
    analysis: str
    advice: str
    drill_id: int | None
    happened_at: datetime
    issued_at: datetime
    issued_by: str
    handled_at: datetime | None
    handled_by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    position_wgs84: Position | None


@dataclass(frozen=True, slots=True)
class WarningFilter:
    """Which warnings; None = any. `kind`: of the object; `drill_id`: those of a drill instead of the real ones."""

    state: WarningFilterState | None = None
    kind: str | None = None
    type: str | None = None
    model: str | None = None
    level: int | None = None
    warning_id: int | None = None
    drill_id: int | None = None


async def list_warnings(
    pool: Pool, scope: Scope, city_id: int, wanted: WarningFilter, *, limit: int = 100, offset: int = 0
) -> tuple[list[StoredWarning], int]:
    """Return visible warnings, open ones first, then by level and time, and how many there are in all."""
    scope.require_layer("alarms")
    where = (wanted.state, wanted.kind, wanted.type, wanted.model, wanted.level, wanted.warning_id, wanted.drill_id)
    parameters = (*scope_parameters(scope, city_id).as_tuple(), *where, limit, offset, *grid_deg(scope))
    rows = await pool.fetch(sql("warning_list"), *parameters)
    return [_warning(row) for row in rows], rows[0]["total"] if rows else 0


def _warning(row: asyncpg.Record) -> StoredWarning:
    values = dict(row)
    del values["total"]
    lon, lat = values.pop("lon"), values.pop("lat")
    return StoredWarning(**values, position_wgs84=None if lon is None else (lon, lat))


async def require_warning(pool: Pool, scope: Scope, city_id: int, warning_id: int) -> StoredWarning:
    """Return one warning, of a drill or real.

    Raises
    ------
    NotFound
        When there is no such warning, or not for this seat.
    """
    drill_id = await pool.fetchval(sql("warning_drill"), city_id, warning_id)
    found, _ = await list_warnings(pool, scope, city_id, WarningFilter(warning_id=warning_id, drill_id=drill_id))
    if not found:
        raise NotFound(f"there is no warning {warning_id} in city {city_id}")
    return found[0]


async def issue_warning(
    pool: Pool,
    scope: Scope,
    city_id: int,
    draft: WarningDraft,
    *,
    seat: str,
    happened_at: datetime | None = None,
    drill_id: int | None = None,
) -> StoredWarning:
    """Issue a warning in the name of a seat. Without an asset, its address names one of the city.

    Raises
    ------
    NotFound
        When the seat does not see the asset.
    BadWarning
        When the address names nothing that the seat sees and no position is given.
    """
    scope.require_layer("alarms")
    draft = await _placed(pool, scope, city_id, draft)
    lon, lat = draft.position_wgs84 or (None, None)
    given: Mapping[str, Any] = asdict(draft) | {"lon": lon, "lat": lat, "area_id": scope.areas[0] if scope.areas else None}
    given = {**given, "happened_at": None if happened_at is None else happened_at.isoformat()}
    warning_id = await pool.fetchval(sql("warning_issue"), city_id, given, drill_id, seat)
    return await require_warning(pool, scope, city_id, warning_id)


async def _placed(pool: Pool, scope: Scope, city_id: int, draft: WarningDraft) -> WarningDraft:
    """Return the draft with the asset that it is about: the one it names, else the one that its address names."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    if draft.asset_id is not None:
        if await pool.fetchval(sql("warning_asset"), *parameters, draft.asset_id) is None:
            raise NotFound(f"there is no asset {draft.asset_id} in city {city_id}")
        return draft
    asset_id = await pool.fetchval(sql("warning_place"), *parameters, draft.address)
    if asset_id is None and draft.position_wgs84 is None:
        raise BadWarning(
            f"address {draft.address!r} names no estate, building or station that the seat sees; give asset_id or position"
        )
    return replace(draft, asset_id=asset_id)


async def step_warning(
    pool: Pool, scope: Scope, city_id: int, warning_id: int, wanted: WarningState, *, seat: str, note: str
) -> StoredWarning:
    """Take a warning to its next state in the name of a seat.

    Raises
    ------
    NotFound
        When there is no such warning, or not for this seat.
    BadWarning
        When its state does not allow it, or the note is empty.
    """
    scope.require_layer("alarms")
    if not note.strip():
        raise BadWarning("say in note what is done, or why it is lifted")
    async with pool.acquire() as connection, connection.transaction():
        state = await connection.fetchval(sql("warning_lock"), *scope_parameters(scope, city_id).as_tuple(), warning_id)
        if state is None:
            raise NotFound(f"there is no warning {warning_id} in city {city_id}")
        require_step(state, wanted)
        await connection.execute(sql("warning_step"), city_id, warning_id, wanted, seat, note)
    return await require_warning(pool, scope, city_id, warning_id)


@dataclass(frozen=True, slots=True)
class WarningEvent:
    """One line of the log of a warning."""

    event: str
    seat: str
    happened_at: datetime
    note: str


async def warning_events(pool: Pool, scope: Scope, city_id: int, warning_id: int) -> list[WarningEvent]:
    """Return the log of one warning, oldest first.

    Raises
    ------
    NotFound
        When there is no such warning, or not for this seat.
    """
    await require_warning(pool, scope, city_id, warning_id)
    return [WarningEvent(**dict(row)) for row in await pool.fetch(sql("warning_events"), city_id, warning_id)]


@dataclass(frozen=True, slots=True)
class WarningMonth:
    """Warnings of one month of the city (`2026-11`), type and level: all that were issued, and those in each later state."""

    month: str
    type: str
    level: int
    issued: int
    handling: int
    lifted: int


async def warning_months(pool: Pool, scope: Scope, city_id: int, since: datetime, until: datetime) -> list[WarningMonth]:
    """Return real warnings that a scope sees by month, type and level; those of drills are not counted."""
    scope.require_layer("alarms")
    zone = await zone_of(pool, city_id)
    rows = await pool.fetch(sql("warning_months"), *scope_parameters(scope, city_id).as_tuple(), zone, since, until)
    return [WarningMonth(**dict(row)) for row in rows]
