"""Plans (检修计划): work that shuts something: when, which crew, which valves in which order, who loses heat.

A plan is `planned`, then `running`, then `finished`; `cancelled` ends it from either of the first two (`data.plan_steps`). Every
step is an event with its seat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import asyncpg

from data.assets import Position, grid_deg
from data.errors import Conflict, NotFound
from data.network import ValveState
from data.pool import Pool
from data.statements import scope_parameters, sql
from data.valves import Operability
from twin.scope import Scope

PlanState: TypeAlias = Literal["planned", "running", "finished", "cancelled"]
Action: TypeAlias = Literal["close", "open"]
STATE_OF: Mapping[Action, ValveState] = {"close": "closed", "open": "open"}
_MOST_ACTIVE = 10_000
_CANNOT: Mapping[Operability, str] = {"stuck": "is stuck", "no_access": "cannot be reached", "tagged_out": "is tagged out"}


@dataclass(frozen=True, slots=True)
class PlanValve:
    """A valve of a plan: `order` from 1, what it was when the plan was started, its present state and operability."""

    asset_id: int
    code: str
    name: str
    order: int
    action: Action
    state_before: ValveState | None
    state: ValveState
    operability: Operability
    position: Position | None

    def obstacle(self, wanted: ValveState) -> str | None:
        """Return why the valve cannot be brought to a state; None where it can, or stands there already."""
        if self.operability == "usable" or self.state == wanted:
            return None
        named = f"valve {self.asset_id} ({self.name or self.code})"
        return f"{named} {_CANNOT[self.operability]} and is {self.state}: it cannot be brought to {wanted}"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A valve that cannot be operated as a plan wants, and why."""

    asset_id: int
    message: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Who loses heat, as computed on one state of the network.

    Attributes
    ----------
    building_ids
        Rising.
    figures
        `buildings`, `heat_user_count`, `heated_area_m2`, `heat_load_mw` of all of them.
    network_version, valve_version
        The state.
    """

    building_ids: Sequence[int]
    figures: Mapping[str, float]
    network_version: int
    valve_version: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a plan says, as wished; `valves` are valve and action in the order of operation."""

    title: str
    asset_ids: Sequence[int]
    valves: Sequence[tuple[int, Action]]
    planned_from_at: datetime
    planned_to_at: datetime
    crew: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan as stored; `lost` as computed when it was saved or last changed."""

    plan_id: int
    version: int
    title: str
    asset_ids: tuple[int, ...]
    valves: tuple[PlanValve, ...]
    planned_from_at: datetime
    planned_to_at: datetime
    crew: str
    note: str
    state: PlanState
    seat: str
    made_at: datetime
    lost: Lost

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Valves that the next step cannot operate now: the start of a plan that waits, the end of one that runs."""
        wanted: dict[int, ValveState | None] = {}
        if self.state == "planned":
            wanted = {valve.asset_id: STATE_OF[valve.action] for valve in self.valves}
        elif self.state == "running":
            wanted = {valve.asset_id: valve.state_before for valve in self.valves}
        found = ((valve, wanted.get(valve.asset_id)) for valve in self.valves)
        texts = ((valve.asset_id, valve.obstacle(state)) for valve, state in found if state is not None)
        return tuple(Obstacle(asset_id, text) for asset_id, text in texts if text is not None)

    def overlaps(self, other: Plan, now: datetime) -> bool:
        """Tell whether two plans meet in time; a running one lasts until now at least."""
        (start, end), (other_start, other_end) = (
            _period(each.state, each.planned_from_at, each.planned_to_at, now) for each in (self, other)
        )
        return start < other_end and other_start < end


@dataclass(frozen=True, slots=True)
class PlanEvent:
    """One step of a plan; `content` says what it held from then on, or which valves were left as they are."""

    version: int
    event: Literal["saved", "changed", "started", "finished", "cancelled"]
    seat: str
    note: str
    content: Mapping[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plans; None = any. `from_at` and `to_at` are a period that the plan must meet."""

    states: Sequence[PlanState] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


def _period(state: PlanState, start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    return (min(start, now), max(end, now)) if state == "running" else (start, end)


# ---------------------------------------------------------------- reading


async def list_plans(
    pool: Pool, scope: Scope, city_id: int, wanted: PlanFilter, *, limit: int, offset: int
) -> tuple[int, list[Plan]]:
    """Return how many visible plans fit, and a page of them, the earliest first.

    A plan is visible to who sees all of its assets and valves.
    """
    rows = await _rows(pool, scope, city_id, wanted, plan_id=None, limit=limit, offset=offset)
    if not rows and offset:
        first = await _rows(pool, scope, city_id, wanted, plan_id=None, limit=1, offset=0)
        return (int(first[0]["total"]) if first else 0), []
    return (int(rows[0]["total"]) if rows else 0), await _plans(pool, scope, city_id, rows)


async def read_plan(pool: Pool, scope: Scope, city_id: int, plan_id: int) -> Plan:
    """Return one plan.

    Raises
    ------
    NotFound
        When there is none, or the caller does not see all of its assets.
    """
    rows = await _rows(pool, scope, city_id, PlanFilter(), plan_id=plan_id, limit=1, offset=0)
    if not rows:
        raise NotFound(f"there is no plan {plan_id} in city {city_id}")
    return (await _plans(pool, scope, city_id, rows))[0]


async def active_plans(pool: Pool, scope: Scope, city_id: int) -> list[Plan]:
    """Return the visible plans that wait or run."""
    wanted = PlanFilter(states=("planned", "running"))
    return (await list_plans(pool, scope, city_id, wanted, limit=_MOST_ACTIVE, offset=0))[1]


async def active_periods(pool: Pool, city_id: int, now: datetime) -> dict[int, tuple[datetime, datetime]]:
    """Return the periods of all plans that wait or run, by number, also of those that a caller does not see."""
    rows = await pool.fetch(sql("plan_active"), city_id)
    return {row["plan_id"]: _period(row["state"], row["planned_from_at"], row["planned_to_at"], now) for row in rows}


async def plan_events(pool: Pool, city_id: int, plan_id: int) -> list[PlanEvent]:
    """Return the steps of a plan in their order; who may see the plan has been asked before."""
    return [PlanEvent(**row) for row in await pool.fetch(sql("plan_events"), city_id, plan_id)]


async def _rows(
    pool: Pool, scope: Scope, city_id: int, wanted: PlanFilter, *, plan_id: int | None, limit: int, offset: int
) -> list[asyncpg.Record]:
    states = None if wanted.states is None else list(wanted.states)
    parameters = scope_parameters(scope, city_id).as_tuple()
    return await pool.fetch(sql("plan_list"), *parameters, states, wanted.from_at, wanted.to_at, plan_id, limit, offset)


async def _plans(pool: Pool, scope: Scope, city_id: int, rows: list[asyncpg.Record]) -> list[Plan]:
    ids = [row["plan_id"] for row in rows]
    found: dict[int, list[PlanValve]] = {plan_id: [] for plan_id in ids}
    for row in await pool.fetch(sql("plan_valves"), city_id, ids, *grid_deg(scope)):
        found[row["plan_id"]].append(plan_valve(row))
    return [_plan(row, tuple(found[row["plan_id"]])) for row in rows]


def plan_valve(row: asyncpg.Record) -> PlanValve:
    """Return a row of the statement `plan_valves`."""
    return PlanValve(
        asset_id=row["asset_id"],
        code=row["code"],
        name=row["name"],
        order=row["order_no"],
        action=row["action"],
        state_before=row["state_before"],
        state=row["state"],
        operability=row["operability"],
        position=None if row["lon"] is None else (row["lon"], row["lat"]),
    )


def _plan(row: asyncpg.Record, valves: tuple[PlanValve, ...]) -> Plan:
    return Plan(
        plan_id=row["plan_id"],
        version=row["version"],
        title=row["title"],
        asset_ids=tuple(row["asset_ids"]),
        valves=valves,
        planned_from_at=row["planned_from_at"],
        planned_to_at=row["planned_to_at"],
        crew=row["crew"],
        note=row["note"],
        state=row["state"],
        seat=row["seat"],
        made_at=row["made_at"],
        lost=Lost(row["lost_ids"], row["lost"], row["network_version"], row["valve_version"]),
    )


# ---------------------------------------------------------------- writing


async def require_named(pool: Pool, scope: Scope, city_id: int, draft: Draft) -> None:
    """Check that everything a plan names exists and is visible, and that its valves are valves, each named once.

    Raises
    ------
    NotFound, Conflict
        When not; the message names the asset.
    """
    valve_ids = [asset_id for asset_id, _ in draft.valves]
    twice = sorted({asset_id for asset_id in valve_ids if valve_ids.count(asset_id) > 1})
    if twice:
        raise Conflict(f"valve {twice[0]} is named {valve_ids.count(twice[0])} times; a plan operates each valve once")
    wanted = sorted({*draft.asset_ids, *valve_ids})
    rows = await pool.fetch(sql("plan_assets"), *scope_parameters(scope, city_id).as_tuple(), wanted)
    kinds = {row["asset_id"]: row["kind"] for row in rows}
    for asset_id in wanted:
        if asset_id not in kinds:
            raise NotFound(f"there is no asset {asset_id} in city {city_id}")
    for asset_id in valve_ids:
        if kinds[asset_id] != "valve":
            raise NotFound(f"there is no valve {asset_id} in city {city_id}: that is a {kinds[asset_id]}")


async def add_plan(pool: Pool, city_id: int, draft: Draft, lost: Lost, *, seat: str) -> int:
    """Save a plan, whose parts `require_named` has checked, and return its number."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("plan_lock"), city_id)
        period = (draft.planned_from_at, draft.planned_to_at)
        texts = (draft.crew, draft.note, seat)
        ids = list(draft.asset_ids)
        plan_id = int(await connection.fetchval(sql("plan_insert"), city_id, draft.title, ids, *period, *texts, *_stored(lost)))
        await _write_valves(connection, city_id, plan_id, draft)
        await record_event(connection, city_id, plan_id, 1, "saved", seat=seat, note="", content=_content(draft, lost))
    return plan_id


async def change_plan(
    pool: Pool, city_id: int, plan_id: int, draft: Draft, lost: Lost, *, seat: str, expected_version: int | None
) -> None:
    """Write a plan anew that has not been started.

    Raises
    ------
    Conflict
        When it runs or has ended, or is not at the version expected.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("plan_lock"), city_id)
        present = await present_row(connection, city_id, plan_id)
        require_state(present, ("planned",), "changed")
        if expected_version is not None and present["version"] != expected_version:
            raise Conflict(f"plan {plan_id} is at version {present['version']}, not {expected_version}: it was changed meanwhile")
        values = (draft.title, list(draft.asset_ids), draft.planned_from_at, draft.planned_to_at, draft.crew, draft.note)
        version = await connection.fetchval(sql("plan_update"), city_id, plan_id, *values, *_stored(lost))
        await connection.execute(sql("plan_valves_clear"), city_id, plan_id)
        await _write_valves(connection, city_id, plan_id, draft)
        await record_event(connection, city_id, plan_id, version, "changed", seat=seat, note="", content=_content(draft, lost))


async def present_row(connection: asyncpg.Connection, city_id: int, plan_id: int) -> asyncpg.Record:
    """Return state and version of a plan; its city's plans are locked by then.

    Raises
    ------
    NotFound
        When there is none.
    """
    row = await connection.fetchrow(sql("plan_present"), city_id, plan_id)
    if row is None:
        raise NotFound(f"there is no plan {plan_id} in city {city_id}")
    return row


def require_state(row: asyncpg.Record, states: Sequence[PlanState], what: str) -> None:
    """Raise `Conflict` unless a plan is in one of the states in which this can be done."""
    if row["state"] not in states:
        raise Conflict(f"plan {row['plan_id']} is {row['state']}; only one that is {' or '.join(states)} can be {what}")


async def record_event(
    connection: asyncpg.Connection,
    city_id: int,
    plan_id: int,
    version: int,
    event: str,
    *,
    seat: str,
    note: str,
    content: Mapping[str, Any],
) -> None:
    """Write a step of a plan down."""
    await connection.execute(sql("plan_event_insert"), city_id, plan_id, version, event, seat, note, dict(content))


async def _write_valves(connection: asyncpg.Connection, city_id: int, plan_id: int, draft: Draft) -> None:
    ids = [asset_id for asset_id, _ in draft.valves]
    await connection.execute(sql("plan_valves_insert"), city_id, plan_id, ids, [action for _, action in draft.valves])


def _stored(lost: Lost) -> tuple[int, int, Mapping[str, float], list[int]]:
    return lost.network_version, lost.valve_version, dict(lost.figures), list(lost.building_ids)


def _content(draft: Draft, lost: Lost) -> Mapping[str, Any]:
    return {
        "title": draft.title,
        "asset_ids": list(draft.asset_ids),
        "valves": [{"asset_id": asset_id, "action": action} for asset_id, action in draft.valves],
        "planned_from_at": draft.planned_from_at.isoformat(),
        "planned_to_at": draft.planned_to_at.isoformat(),
        "crew": draft.crew,
        "note": draft.note,
        "lost": dict(lost.figures),
    }
