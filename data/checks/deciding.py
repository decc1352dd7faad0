"""Decides about problems: accepts repairs, dismisses, takes back. Who, when and why are kept, and the archive keeps what was.

A repair holds the versions of the assets it was made for. One whose asset has changed since is refused by name; the next run of
the checks looks at the asset as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from data.archive import Edit, apply_edits, restore_version, revert_change
from data.errors import Conflict, NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.checks import RULES
from twin.scope import Scope

_SOURCE: Final = "check {rule}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting a rule did: repairs written, repairs refused (out of date, or at odds with another), the change."""

    accepted: int
    refused: int
    change_id: int | None


async def accept(pool: Pool, scope: Scope, city_id: int, problem_id: int, *, seat: str, reason: str) -> int:
    """Write the repair of one problem and return the id of the change.

    Raises
    ------
    NotFound
        When there is no such problem, or the scope does not hold all its assets.
    Conflict
        When it has no repair, waits for none, or an asset has changed since (the message names it).
    OutsideScope
        When the repair would change an asset that is not the caller's.
    """
    async with pool.acquire() as connection, connection.transaction():
        problem = await _locked(connection, scope, city_id, problem_id)
        if not problem["present"]:
            raise Conflict(f"problem {problem_id} is {problem['state']}; there is nothing to repair")
        if problem["repair"] is None:
            raise Conflict(f"problem {problem_id} ({problem['rule']}) has no proposed repair; edit the asset instead")
        edits, versions = _edits(problem["repair"])
        source = _SOURCE.format(rule=problem["rule"])
        change_id = await apply_edits(
            connection, city_id, edits, seat=seat, reason=reason, origin="repair", source=source, versions=versions, scope=scope
        )
        await _record(connection, city_id, [problem_id], "accepted", present=False, seat=seat, reason=reason, change_id=change_id)
    return change_id


async def accept_rule(
    pool: Pool,
    scope: Scope,
    city_id: int,
    rule: str,
    *,
    area_id: int | None = None,
    company_id: int | None = None,
    seat: str,
    reason: str,
) -> Accepted:
    """Write the repairs of all problems of a rule (of a district, of an owner) that wait, as one change.

    Raises
    ------
    NotFound
        When there is no such rule.

    Notes
    -----
    Cost: that of one change of so many assets; 10,000 repairs in some seconds.
    """
    if rule not in RULES:
        raise NotFound(f"there is no rule {rule!r}; rules are {', '.join(RULES)}")
    parameters = scope_parameters(scope, city_id).as_tuple()
    async with pool.acquire() as connection, connection.transaction():
        waiting = await connection.fetch(sql("problem_repairable"), *parameters, rule, area_id, company_id)
        ids = [row["problem_id"] for row in waiting]
        rows = await connection.fetch(sql("problem_visible"), *parameters, ids)
        chosen, edits = await _fitting(connection, parameters, rows)
        change_id = None
        if edits:
            change_id = await apply_edits(
                connection,
                city_id,
                edits,
                seat=seat,
                reason=reason,
                origin="repair",
                source=_SOURCE.format(rule=rule),
                scope=scope,
            )
            await _record(connection, city_id, chosen, "accepted", present=False, seat=seat, reason=reason, change_id=change_id)
    return Accepted(len(chosen), len(rows) - len(chosen), change_id)


async def dismiss(pool: Pool, scope: Scope, city_id: int, problem_id: int, *, seat: str, reason: str) -> None:
    """Mark a problem as none, with the reason; a later run that finds it again leaves it dismissed.

    Raises
    ------
    NotFound, Conflict
        As `accept`.
    """
    async with pool.acquire() as connection, connection.transaction():
        problem = await _locked(connection, scope, city_id, problem_id)
        if not problem["present"]:
            raise Conflict(f"problem {problem_id} is {problem['state']}; there is nothing to dismiss")
        await _record(connection, city_id, [problem_id], "dismissed", present=True, seat=seat, reason=reason, change_id=None)


async def revert(pool: Pool, scope: Scope, city_id: int, problem_id: int, *, seat: str, reason: str) -> int | None:
    """Take a decision back; returns the change that put the assets back, None when a dismissal was taken back.

    A repair that was written alone is taken back with its change; of one that was written with others only its own assets are.

    Raises
    ------
    NotFound
        As `accept`.
    Conflict
        When nothing was decided, or an asset has changed since (the message names it).
    OutsideScope
        As `accept`.
    """
    async with pool.acquire() as connection, connection.transaction():
        problem = await _locked(connection, scope, city_id, problem_id)
        if problem["state"] not in {"accepted", "dismissed"}:
            raise Conflict(f"problem {problem_id} is {problem['state']}; only an accepted or dismissed one can be taken back")
        change_id = None
        if problem["state"] == "accepted":
            change_id = await _take_back(connection, scope, city_id, problem, seat=seat, reason=reason)
        await _record(connection, city_id, [problem_id], "reverted", present=True, seat=seat, reason=reason, change_id=change_id)
    return change_id


async def _locked(connection: asyncpg.Connection, scope: Scope, city_id: int, problem_id: int) -> asyncpg.Record:
    parameters = scope_parameters(scope, city_id).as_tuple()
    row = await connection.fetchrow(sql("problem_visible"), *parameters, [problem_id])
    if row is None:
        raise NotFound(f"there is no problem {problem_id} in city {city_id}")
    return row


async def _fitting(
    connection: asyncpg.Connection, parameters: tuple[object, ...], rows: Sequence[asyncpg.Record]
) -> tuple[list[int], list[Edit]]:
    """Return the problems whose repairs are up to date and agree with those before them, and their edits, each asset once."""
    repairs = [(row["problem_id"], *_edits(row["repair"])) for row in rows]
    wanted = sorted({edit.asset_id for _, edits, _ in repairs for edit in edits})
    found = await connection.fetch(sql("problem_versions"), *parameters, wanted)
    current = {row["asset_id"]: row["version"] for row in found}
    taken: dict[int, Edit] = {}
    chosen = []
    for problem_id, edits, versions in repairs:
        if all(current.get(asset_id) == version for asset_id, version in versions.items()) and _agree(taken, edits):
            chosen.append(problem_id)
            taken.update((edit.asset_id, edit) for edit in edits)
    return chosen, list(taken.values())


def _agree(taken: Mapping[int, Edit], edits: Sequence[Edit]) -> bool:
    """Tell whether no asset is to become something else than an earlier repair makes of it."""
    return all(taken.get(edit.asset_id, edit) == edit for edit in edits)


def _edits(repair: Mapping[str, Any]) -> tuple[list[Edit], dict[int, int]]:
    """Return the edits of a stored repair, and the versions of the assets it was made for."""
    edits = [
        Edit(
            asset_id=int(each["asset_id"]),
            attributes=each.get("attributes") or {},
            geometry=bytes.fromhex(each["geometry"]) if each.get("geometry") else None,
            retire=bool(each.get("retire", False)),
        )
        for each in repair["edits"]
    ]
    return edits, {int(asset_id): int(version) for asset_id, version in repair.get("versions", {}).items()}


async def _take_back(
    connection: asyncpg.Connection, scope: Scope, city_id: int, problem: asyncpg.Record, *, seat: str, reason: str
) -> int:
    change_id = problem["change_id"]
    if await connection.fetchval(sql("problem_sharing"), city_id, change_id) == 1:
        return await revert_change(connection, city_id, change_id, seat=seat, reason=reason, scope=scope)
    ids = [int(each["asset_id"]) for each in problem["repair"]["edits"]]
    last = None
    for row in await connection.fetch(sql("problem_before"), city_id, change_id, ids):
        if row["last"] != row["touched"]:
            raise Conflict(f"asset {row['asset_id']} has changed since change {change_id}; it cannot be put back")
        last = await restore_version(
            connection, city_id, row["asset_id"], row["before"], seat=seat, reason=reason, seen=None, scope=scope
        )
    if last is None:
        raise Conflict(f"change {change_id} touched none of the assets of problem {problem['problem_id']}")
    return last


async def _record(
    connection: asyncpg.Connection,
    city_id: int,
    problem_ids: Sequence[int],
    decision: str,
    *,
    present: bool,
    seat: str,
    reason: str,
    change_id: int | None,
) -> None:
    """Write the decision to the problems and to the list of decisions."""
    await connection.execute(
        sql("problem_decide"), city_id, list(problem_ids), decision, seat, reason, change_id, present, decision
    )
    await connection.execute(sql("problem_touch"), city_id)
