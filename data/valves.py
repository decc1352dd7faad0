"""Operates valves (阀门) and heat sources (热源), keeps every operation, and tells the states of any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

import asyncpg

from data.assets import Position, grid_deg
from data.errors import Conflict, NotFound
from data.network import StateOrigin, ValveState
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

Operability: TypeAlias = Literal["usable", "stuck", "no_access", "tagged_out"]
ReportedOperability: TypeAlias = Literal["usable", "stuck", "no_access", "tagged_out", "as_drawn"]
"""`as_drawn` takes a report back: what the drawing says counts again."""
OPERABILITIES: tuple[Operability, ...] = get_args(Operability)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one valve was brought to.

    Attributes
    ----------
    asset_id
        The valve.
    state
        State that it has now.
    operability
        Whether it can be operated, as seen on the spot; None = nothing new about that.
    """

    asset_id: int
    state: ValveState
    operability: ReportedOperability | None = None


@dataclass(frozen=True, slots=True)
class Operated:
    """One operation as recorded.

    Attributes
    ----------
    state_before, before_at, before_seat
        State until then, when and by whom it was recorded; None where nobody had recorded one (the normal state).
    operability
        What counts now: reported, else as drawn.
    changed_at, valve_version
        When, and the version of the city's states that it made.
    """

    asset_id: int
    code: str
    name: str
    state: ValveState
    state_before: ValveState
    before_at: datetime | None
    before_seat: str | None
    operability: Operability
    changed_at: datetime
    valve_version: int

    @property
    def changed(self) -> bool:
        """False when the valve was in that state already; it is recorded all the same."""
        return self.state != self.state_before

    @property
    def message(self) -> str:
        """What happened, for people."""
        named = f"valve {self.asset_id} ({self.name or self.code})"
        if self.changed:
            return f"{named} is {self.state}; it was {self.state_before}"
        if self.before_at is None:
            return f"{named} was {self.state} already: its normal state; recorded all the same"
        return f"{named} was {self.state} already, recorded {self.before_at.isoformat()} by {self.before_seat}; recorded again"


@dataclass(frozen=True, slots=True)
class SourceOperated:
    """A source as recorded; `running_before` is what counted until then."""

    asset_id: int
    name: str
    running: bool
    running_before: bool
    changed_at: datetime
    valve_version: int


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Whether a source runs; `origin`, `seat`, `changed_at` are None where nobody has said anything (its normal state)."""

    asset_id: int
    kind: str
    code: str
    name: str
    running: bool
    normally_running: bool
    origin: StateOrigin | None
    seat: str | None
    note: str | None
    changed_at: datetime | None
    position: Position | None


@dataclass(frozen=True, slots=True)
class OffNormal:
    """A valve that is not in its normal state (异位阀门).

    Attributes
    ----------
    seat, note, changed_at
        Of the last record.
    since_at
        Since when it has been in this state.
    """

    asset_id: int
    code: str
    name: str
    normal_state: ValveState
    state: ValveState
    origin: StateOrigin
    operability: Operability
    seat: str
    note: str
    changed_at: datetime
    since_at: datetime
    position: Position | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One record of a valve; `operability` is None while the drawing counted."""

    operation_id: int
    state: ValveState
    operability: Operability | None
    origin: StateOrigin
    seat: str
    note: str
    changed_at: datetime
    valve_version: int


@dataclass(frozen=True, slots=True)
class ValveDetail:
    """A valve as it is now."""

    asset_id: int
    code: str
    name: str
    normal_state: ValveState | None
    state: ValveState
    operability: Operability
    drawn_operability: Operability | None


# ---------------------------------------------------------------- operating


async def set_valve_states(
    pool: Pool,
    scope: Scope,
    city_id: int,
    operations: Sequence[Operation],
    *,
    origin: StateOrigin,
    seat: str,
    note: str = "",
    expected_valve_version: int | None = None,
) -> list[Operated]:
    """Record the states of valves, in their order, all or none; the city's version rises by one.

    The same state again is recorded too: that somebody looked is worth keeping.

    Parameters
    ----------
    expected_valve_version
        Version that the caller decided on; None = any.

    Raises
    ------
    NotFound
        When a valve does not exist, or the scope does not hold it; nothing is written then.
    Conflict
        When a valve is named twice, or the states are not at the version expected.
    """
    async with pool.acquire() as connection, connection.transaction():
        return await operate(
            connection,
            scope,
            city_id,
            operations,
            origin=origin,
            seat=seat,
            note=note,
            expected_valve_version=expected_valve_version,
        )


async def operate(
    connection: asyncpg.Connection,
    scope: Scope,
    city_id: int,
    operations: Sequence[Operation],
    *,
    origin: StateOrigin,
    seat: str,
    note: str = "",
    expected_valve_version: int | None = None,
) -> list[Operated]:
    """Record states within the transaction that is open on a connection; else as `set_valve_states`."""
    ids = [each.asset_id for each in operations]
    _require_once(ids)
    parameters = scope_parameters(scope, city_id).as_tuple()
    await _lock(connection, city_id, expected_valve_version)
    rows = await connection.fetch(
        sql("valve_operate"),
        *parameters,
        ids,
        [each.state for each in operations],
        [each.operability for each in operations],
        origin,
        seat,
        note,
    )
    missing = sorted(set(ids) - {row["asset_id"] for row in rows})
    if missing:
        raise NotFound(f"there is no valve {', '.join(map(str, missing[:10]))} in city {city_id}")
    return [_operated(row) for row in rows]


def _require_once(ids: Sequence[int]) -> None:
    twice = sorted({asset_id for asset_id in ids if ids.count(asset_id) > 1})
    if twice:
        raise Conflict(f"valve {twice[0]} is named {ids.count(twice[0])} times; an operation names each valve once")


async def _lock(connection: asyncpg.Connection, city_id: int, expected: int | None) -> None:
    present = await connection.fetchval(sql("state_lock"), city_id)
    if expected is not None and present is not None and present != expected:
        raise Conflict(
            f"the valve states of city {city_id} are at version {present}, not {expected}: something was operated meanwhile; "
            "look again and decide anew"
        )


def _operated(row: asyncpg.Record) -> Operated:
    return Operated(
        asset_id=row["asset_id"],
        code=row["code"],
        name=row["name"],
        state=row["state"],
        state_before=row["state_before"],
        before_at=row["before_at"],
        before_seat=row["before_seat"],
        operability=row["operability_now"],
        changed_at=row["changed_at"],
        valve_version=row["valve_version"],
    )


async def set_valve_state(
    pool: Pool, scope: Scope, city_id: int, asset_id: int, *, state: ValveState, origin: StateOrigin, seat: str, note: str = ""
) -> int:
    """Record the state of one valve and return the new version of the city's states; raises as `set_valve_states`."""
    done = await set_valve_states(pool, scope, city_id, [Operation(asset_id, state)], origin=origin, seat=seat, note=note)
    return done[0].valve_version


async def set_source_state(
    pool: Pool,
    scope: Scope,
    city_id: int,
    asset_id: int,
    *,
    running: bool,
    origin: StateOrigin,
    seat: str,
    note: str = "",
    expected_valve_version: int | None = None,
) -> SourceOperated:
    """Record that a plant or boiler house runs or stands still; the city's version of states rises by one.

    Raises
    ------
    NotFound
        When there is no such source, or the scope does not hold it.
    Conflict
        When the states are not at the version expected.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    async with pool.acquire() as connection, connection.transaction():
        await _lock(connection, city_id, expected_valve_version)
        row = await connection.fetchrow(sql("source_operate"), *parameters, asset_id, running, origin, seat, note)
        if row is None:
            raise NotFound(f"there is no plant or boiler house {asset_id} in city {city_id}")
    return SourceOperated(asset_id, row["name"], running, row["running_before"], row["changed_at"], row["valve_version"])


# ---------------------------------------------------------------- reading


async def states_at(pool: Pool, city_id: int, at: datetime) -> tuple[dict[int, ValveState], dict[int, bool]]:
    """Return the state of every valve, and whether each source ran, at a time (with zone).

    Before the first record of a valve or source its normal state counts. The valves and sources are those of the present drawing.

    Notes
    -----
    Cost: reads the history up to that time once, in the order of its index.
    """
    valves = await pool.fetch(sql("valve_states_at"), city_id, at)
    sources = await pool.fetch(sql("source_states_at"), city_id, at)
    return {row["asset_id"]: row["state"] for row in valves}, {row["asset_id"]: row["running"] for row in sources}


async def list_sources(pool: Pool, scope: Scope, city_id: int) -> list[SourceStatus]:
    """Return the visible plants and boiler houses, running or not."""
    rows = await pool.fetch(sql("source_states"), *scope_parameters(scope, city_id).as_tuple(), *grid_deg(scope))
    return [SourceStatus(**_values(row, SourceStatus), position=_position(row)) for row in rows]


async def list_off_normal(pool: Pool, scope: Scope, city_id: int, *, limit: int, offset: int) -> tuple[int, list[OffNormal]]:
    """Return how many visible valves are not in their normal state, and a page of them, the last operated first."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("valve_off_normal"), *parameters, *grid_deg(scope), limit, offset)
    # past the last page the window has no row to stand in
    total = int(rows[0]["total"]) if rows else await _total_off_normal(pool, scope, city_id, offset)
    return total, [OffNormal(**_values(row, OffNormal), position=_position(row)) for row in rows]


async def _total_off_normal(pool: Pool, scope: Scope, city_id: int, offset: int) -> int:
    return 0 if offset == 0 else (await list_off_normal(pool, scope, city_id, limit=1, offset=0))[0]


async def read_valve(pool: Pool, scope: Scope, city_id: int, asset_id: int) -> ValveDetail:
    """Return a valve as it is now.

    Raises
    ------
    NotFound
        When there is no such valve, or the scope does not hold it.
    """
    row = await pool.fetchrow(sql("valve_one"), *scope_parameters(scope, city_id).as_tuple(), asset_id)
    if row is None:
        raise NotFound(f"there is no valve {asset_id} in city {city_id}")
    return ValveDetail(**dict(row))


async def valve_history(
    pool: Pool, scope: Scope, city_id: int, asset_id: int, *, limit: int, offset: int
) -> tuple[int, list[HistoryEntry]]:
    """Return how often a valve was recorded, and a page of the records, the last first.

    Raises
    ------
    NotFound
        When there is no such valve, or the scope does not hold it.
    """
    await read_valve(pool, scope, city_id, asset_id)
    rows = await pool.fetch(sql("valve_history"), city_id, asset_id, limit, offset)
    if not rows and offset:
        return (await valve_history(pool, scope, city_id, asset_id, limit=1, offset=0))[0], []
    return (int(rows[0]["total"]) if rows else 0), [HistoryEntry(**_values(row, HistoryEntry)) for row in rows]


def _values(row: asyncpg.Record, kind: Any) -> dict[str, Any]:
    return {name: row[name] for name in kind.__slots__ if name in row.keys()}  # noqa: SIM118 - a record holds values, not names


def _position(row: asyncpg.Record) -> Position | None:
    return None if row["lon"] is None else (row["lon"], row["lat"])
