"""Starts and ends plans: operates their valves, and puts them back.

Starting operates the valves in their order and notes what they were; ending puts them back in the opposite order, except those
that another running plan holds, that somebody has operated meanwhile, or that cannot be operated any more. A plan with a valve
that cannot be brought to its state does not start. Each step is one transaction: all of it is written, or nothing. Every
operation stands in the history of its valve with the number of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import asyncpg

from data.errors import Conflict
from data.network import ValveState
from data.plans import STATE_OF, PlanValve, plan_valve, present_row, read_plan, record_event, require_state
from data.pool import Pool
from data.statements import sql
from data.valves import Operated, Operation, operate
from twin.errors import NotPermitted
from twin.scope import Scope

Ending: TypeAlias = Literal["finished", "cancelled"]
_STEP: Mapping[str, str] = {"started": "开始", "finished": "结束", "cancelled": "取消"}


@dataclass(frozen=True, slots=True)
class LeftAsIs:
    """A valve that was not put back, and why."""

    asset_id: int
    message: str


@dataclass(frozen=True, slots=True)
class _Restoring:
    """What ending a plan does: valves to operate, valves left, states that other plans put back later."""

    operations: list[Operation] = field(default_factory=list)
    left: list[LeftAsIs] = field(default_factory=list)
    handed_over: list[tuple[int, int, ValveState]] = field(default_factory=list)


async def start_plan(pool: Pool, scope: Scope, city_id: int, plan_id: int, *, seat: str, note: str = "") -> None:
    """Operate the valves of a plan in their order, under one version of the states, and let it run.

    Raises
    ------
    Conflict
        When it is not waiting, another running plan holds one of its valves in the opposite state, or a valve cannot be operated
        (stuck, no access, tagged out); nothing was operated then.
    NotFound
        When a valve has gone since, or the caller may not operate it.
    """
    await read_plan(pool, scope, city_id, plan_id)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("plan_lock"), city_id)
        require_state(await present_row(connection, city_id, plan_id), ("planned",), "started")
        valves = await _valves(connection, city_id, plan_id)
        for holder in await _holders(connection, city_id, plan_id, valves):
            mine = next(valve.action for valve in valves if valve.asset_id == holder["asset_id"])
            if holder["action"] != mine:
                raise Conflict(
                    f"plan {holder['plan_id']} runs and holds valve {holder['asset_id']} {STATE_OF[holder['action']]}; "
                    f"plan {plan_id} would {mine} it: finish that plan first"
                )
        _require_operable(plan_id, valves)
        operations = [Operation(valve.asset_id, STATE_OF[valve.action]) for valve in valves]
        done = await _operate(connection, scope, city_id, operations, plan_id, seat=seat, note=note, event="started")
        before = ([each.asset_id for each in done], [each.state_before for each in done])
        await connection.execute(sql("plan_before"), city_id, plan_id, *before)
        version = await connection.fetchval(sql("plan_turn"), city_id, plan_id, "running")
        content = {"states_before": dict(zip(map(str, before[0]), before[1], strict=True))}
        await record_event(connection, city_id, plan_id, version, "started", seat=seat, note=note, content=content)


async def end_plan(
    pool: Pool,
    scope: Scope,
    city_id: int,
    plan_id: int,
    ending: Ending,
    *,
    seat: str,
    note: str = "",
    may_operate: bool = True,
) -> tuple[LeftAsIs, ...]:
    """Finish a running plan, or cancel one that waits or runs; valves that it operated are put back, the last first.

    Returns
    -------
    Valves that were left as they are: another running plan holds them (and puts them back when it ends), somebody has operated
    them since, or they cannot be operated any more.

    Raises
    ------
    NotPermitted
        When it runs and the caller may not operate its valves (`may_operate`).
    Conflict
        When it has ended already, or is to be finished without having been started.
    """
    await read_plan(pool, scope, city_id, plan_id)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("plan_lock"), city_id)
        present = await present_row(connection, city_id, plan_id)
        require_state(present, ("running",) if ending == "finished" else ("planned", "running"), ending)
        restoring = _Restoring()
        if present["state"] == "running":
            if not may_operate:
                raise NotPermitted(f"plan {plan_id} runs: who ends it must be permitted to switch valves")
            # read again under the lock: another plan that ended may have handed a state over
            restoring = await _restoring(connection, city_id, plan_id, await _valves(connection, city_id, plan_id))
            await _operate(connection, scope, city_id, restoring.operations, plan_id, seat=seat, note=note, event=ending)
            for other_id, asset_id, state in restoring.handed_over:
                await connection.execute(sql("plan_before"), city_id, other_id, [asset_id], [state])
        version = await connection.fetchval(sql("plan_turn"), city_id, plan_id, ending)
        content = {"left_as_is": [{"asset_id": each.asset_id, "message": each.message} for each in restoring.left]}
        await record_event(connection, city_id, plan_id, version, ending, seat=seat, note=note, content=content)
    return tuple(restoring.left)


def _require_operable(plan_id: int, valves: Sequence[PlanValve]) -> None:
    texts = [text for valve in valves if (text := valve.obstacle(STATE_OF[valve.action])) is not None]
    if texts:
        raise Conflict(f"plan {plan_id} cannot start: {'; '.join(texts)}; report the valve as usable, or take it out of the plan")


async def _valves(connection: asyncpg.Connection, city_id: int, plan_id: int) -> list[PlanValve]:
    """Read the valves of a plan; none of them is operated by anybody else from here to the end of the transaction."""
    await connection.execute(sql("state_lock"), city_id)
    rows = await connection.fetch(sql("plan_valves"), city_id, [plan_id], None, None)
    return [plan_valve(row) for row in rows]


async def _restoring(connection: asyncpg.Connection, city_id: int, plan_id: int, valves: Sequence[PlanValve]) -> _Restoring:
    found = _Restoring()
    ids = [valve.asset_id for valve in valves]
    present = {row["asset_id"]: row for row in await connection.fetch(sql("plan_valve_states"), city_id, ids)}
    holders = {row["asset_id"]: row for row in await _holders(connection, city_id, plan_id, valves)}
    for valve in reversed(valves):
        state, row, holder = STATE_OF[valve.action], present.get(valve.asset_id), holders.get(valve.asset_id)
        if row is None:
            found.left.append(LeftAsIs(valve.asset_id, f"valve {valve.asset_id} is no longer among the assets"))
        elif holder is not None:
            text = f"plan {holder['plan_id']} runs and holds valve {valve.asset_id} {STATE_OF[holder['action']]}"
            found.left.append(LeftAsIs(valve.asset_id, f"{text}; it puts it back when it ends"))
            if holder["state_before"] == state and valve.state_before is not None:
                found.handed_over.append((holder["plan_id"], valve.asset_id, valve.state_before))
        elif row["state"] != state:
            text = f"valve {valve.asset_id} is {row['state']}, not {state} any more: operated {row['changed_at'].isoformat()}"
            found.left.append(LeftAsIs(valve.asset_id, f"{text} by {row['seat']}"))
        elif valve.state_before is not None and (obstacle := valve.obstacle(valve.state_before)) is not None:
            found.left.append(LeftAsIs(valve.asset_id, obstacle))
        elif valve.state_before is not None:
            found.operations.append(Operation(valve.asset_id, valve.state_before))
    return found


async def _holders(
    connection: asyncpg.Connection, city_id: int, plan_id: int, valves: Sequence[PlanValve]
) -> list[asyncpg.Record]:
    ids = [valve.asset_id for valve in valves]
    rows: list[asyncpg.Record] = await connection.fetch(sql("plan_holders"), city_id, plan_id, ids)
    return rows


async def _operate(
    connection: asyncpg.Connection,
    scope: Scope,
    city_id: int,
    operations: Sequence[Operation],
    plan_id: int,
    *,
    seat: str,
    note: str,
    event: str,
) -> list[Operated]:
    if not operations:
        return []
    text = f"检修计划 {plan_id} {_STEP[event]}" + (f": {note}" if note else "")
    return await operate(connection, scope, city_id, operations, origin="reported", seat=seat, note=text)
