"""The questions: each puts `Asked` to the topology and gives `Found`, an answer's body with the sets that are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import numpy as np

from api.errors import BadRequest
from api.tracing.asking import Asked, QuestionName
from api.tracing.consequences import consequences
from api.tracing.found import Found, findings_shown, sets_shown
from api.tracing.isolations import isolation
from api.tracing.lists import Answer, Rows, listed, named, named_visible, seen_rows
from data.consumers import read_branch, read_branch_pipes
from topology.answers.chain import DECLARED as CHAIN_DECLARED
from topology.answers.chain import TRACED as CHAIN_TRACED
from topology.answers.chain import chain
from topology.answers.impact import impact_of, row_of, union
from topology.answers.path import PATH, path
from topology.answers.supply import AFTER_OPENING, DECLARED, SOURCES, TRACED, Feeding, sources, supply_area, with_buildings
from topology.answers.trace import Trace, connected, downstream, findings_of, upstream
from topology.assets import KIND_CODE
from topology.findings import Finding


async def find(asked: Asked) -> Found:
    """Answer a question.

    Raises
    ------
    NotTraceable
        When the network cannot tell: an asset that no pipe meets, a path from an asset to itself.
    BadRequest
        When the question is about one asset and several are named, or a path has no end.
    """
    if asked.question.name in _ONE and len(asked.question.asset_ids) != 1:
        count = len(asked.question.asset_ids)
        raise BadRequest(f"{asked.question.name} is a question about one asset; asset_ids names {count}")
    return await _QUESTIONS[asked.question.name](asked)


# ---------------------------------------------------------------- impact


async def _impact(asked: Asked) -> Found:
    found = impact_of(asked.network, asked.question.asset_ids)
    lost, degraded = listed(asked, found.lost), listed(asked, found.degraded)
    # in the tree-like parts of a network everything that is reached is lost, on rings often nothing
    reach = degraded if found.degraded.size else lost
    if found.lost.size and found.degraded.size:
        reach = listed(asked, found.reach)
    body = {
        "reach": reach,
        "lost": lost,
        "degraded": degraded,
        **consequences(asked, found.lost),
        "methods": dict(found.methods),
        "findings": findings_shown(asked, found.findings),
    }
    return Found(body, sets_shown(asked, lost=found.lost, degraded=found.degraded))


# ---------------------------------------------------------------- traces


def _trace(trace: Callable[[Any, int], Trace]) -> Callable[[Asked], Awaitable[Found]]:
    async def answer(asked: Asked) -> Found:
        return await asyncio.to_thread(_traced, asked, trace)

    return answer


def _traced(asked: Asked, trace: Callable[[Any, int], Trace]) -> Found:
    each = [trace(asked.network, asset_id) for asset_id in asked.question.asset_ids]
    rows = each[0].rows if len(each) == 1 else union(asked.network.assets, [part.rows for part in each])
    findings = [item for part in each for item in findings_of(asked.network, part.asset_id, part.rows)]
    body = {"found": listed(asked, rows), "method": each[0].method, "findings": findings_shown(asked, findings)}
    return Found(body, sets_shown(asked, found=rows))


# ---------------------------------------------------------------- sources, path


async def _sources(asked: Asked) -> Found:
    return await asyncio.to_thread(_feeding, asked)


def _feeding(asked: Asked) -> Found:
    asset_id = asked.question.asset_ids[0]
    found = sources(asked.network, asset_id)
    rows = {name: np.array([each.row for each in getattr(found, name)], np.int32) for name in ("now", "could")}
    body = {
        "now": _feedings(asked, found.now),
        "could": _feedings(asked, found.could),
        "outside_scope": sum(len(part) - len(seen_rows(asked, part)) for part in rows.values()),
        "methods": {"now": SOURCES, "could": AFTER_OPENING},
        "findings": findings_shown(asked, findings_of(asked.network, asset_id, rows["now"])),
    }
    return Found(body, sets_shown(asked, **rows))


def _feedings(asked: Asked, found: tuple[Feeding, ...]) -> list[Answer]:
    return [
        {
            **named(asked, each.row),
            "running": each.running,
            "length_m": round(each.length_m, 1),
            "valves_to_open": [item["asset_id"] for item in named_visible(asked, each.valves)],
            "substation": _one(named_visible(asked, np.array([each.substation], np.int32)[each.substation < 0 :])),
        }
        for each in found
        if asked.visible is None or asked.visible[each.row]
    ]


def _one(items: list[Answer]) -> Answer | None:
    return items[0] if items else None


async def _path(asked: Asked) -> Found:
    return await asyncio.to_thread(_way, asked)


def _way(asked: Asked) -> Found:
    if asked.question.to is None:
        raise BadRequest("a path needs its other end: name an asset id in `to`")
    found = path(asked.network, asked.question.asset_ids[0], asked.question.to)
    assets, seen = asked.network.assets, seen_rows(asked, found.rows)
    body = {
        "to": asked.question.to,
        "found": found.found,
        "side": ("supply", "return")[found.side - 1],
        "length_m": round(found.length_m, 2),
        "passed": assets.asset_id[seen],
        "pipes": assets.asset_id[seen_rows(asked, found.pipes)],
        "valves": assets.asset_id[seen_rows(asked, found.valves)],
        "closed_valves": assets.asset_id[seen_rows(asked, found.closed)],
        "substations": named_visible(asked, found.substations),
        "outside_scope": len(found.rows) - len(seen),
        "method": PATH,
        "findings": findings_shown(asked, found.findings),
    }
    return Found(body, (("path", assets.asset_id[seen]),))


# ---------------------------------------------------------------- supply area, declared chain


async def _supply_area(asked: Asked) -> Found:
    """Of a branch: traced from the pipes along it, declared by the substations that name it."""
    network, asset_ids = asked.network, asked.question.asset_ids
    branches = [asset_id for asset_id in asset_ids if network.assets.rows_of(np.array([asset_id], np.int32))[0] < 0]
    if not branches:
        return await asyncio.to_thread(_area, asked, asset_ids, None, ())
    if len(asset_ids) > 1:
        raise BadRequest("the supply area of a plant branch is asked for alone; name no other asset with it")
    pipes = await read_branch_pipes(asked.pool, asked.scope, network.city_id, branches[0])
    mine = np.array(pipes, np.int64)
    mine = mine[network.assets.rows_of(mine) >= 0] if mine.size else mine
    of = np.flatnonzero(asked.facts.consumers.branch_id == branches[0]).astype(np.int32)
    message = f"no main runs along branch {branches[0]}, so nothing can be traced from it"
    findings = () if mine.size else (Finding("branch_without_pipes", (branches[0],), None, message),)
    return await asyncio.to_thread(_area, asked, tuple(mine.tolist()), with_buildings(network, of), findings)


def _area(asked: Asked, asset_ids: tuple[int, ...], declared: Rows | None, findings: tuple[Finding, ...]) -> Found:
    network = asked.network
    area = supply_area(network, asset_ids, declared)
    said = area.declared
    if not findings:
        findings = tuple(
            item for asset_id in asked.question.asset_ids for item in _findings_if_known(asked, asset_id, area.traced)
        )
    body = {
        "traced": listed(asked, area.traced),
        "declared": None if said is None else listed(asked, said),
        "only_traced": listed(asked, area.only_traced),
        "only_declared": listed(asked, area.only_declared),
        "pipes": network.assets.asset_id[seen_rows(asked, _pipes(asked, asset_ids))],
        "methods": {"traced": TRACED, "declared": DECLARED},
        "findings": findings_shown(asked, findings),
    }
    return Found(body, sets_shown(asked, only_traced=area.only_traced, only_declared=area.only_declared, traced=area.traced))


def _pipes(asked: Asked, asset_ids: tuple[int, ...]) -> Rows:
    """Return the pipes that the trace begins with."""
    rows = asked.network.assets.rows_of(np.array(asset_ids, np.int32))
    found: Rows = rows[asked.network.assets.kind[rows] == KIND_CODE["pipe"]] if rows.size else rows
    return found


def _findings_if_known(asked: Asked, asset_id: int, rows: Rows) -> tuple[Finding, ...]:
    known = asked.network.assets.rows_of(np.array([asset_id], np.int32))[0] >= 0
    return findings_of(asked.network, asset_id, rows) if known else ()


async def _declared(asked: Asked) -> Found:
    asset_id = asked.question.asset_ids[0]
    if asked.network.assets.rows_of(np.array([asset_id], np.int32))[0] < 0:
        return await _declared_branch(asked, asset_id)
    return await asyncio.to_thread(_chain, asked)


async def _declared_branch(asked: Asked, branch_id: int) -> Found:
    branch = await read_branch(asked.pool, asked.scope, asked.network.city_id, branch_id)
    links = [{"role": "branch", "asset_id": branch_id, "kind": "plant_branch", "name": branch.name}]
    if branch.plant_id is not None:
        links.append({"role": "source", "asset_id": branch.plant_id, "kind": "plant", "name": branch.plant_name})
    if branch.company_id is not None:
        links.append({"role": "company", "asset_id": branch.company_id, "kind": "company", "name": branch.company_name})
    methods = {"declared": CHAIN_DECLARED, "traced": CHAIN_TRACED}
    return Found({"declared": links, "traced": [], "differences": [], "methods": methods, "findings": []}, ())


def _chain(asked: Asked) -> Found:
    network, asset_id = asked.network, asked.question.asset_ids[0]
    links = chain(network, asset_id)
    declared = [
        {"role": link.role, **item}
        for link in links
        if link.declared >= 0
        for item in named_visible(asked, np.array([link.declared]))
    ]
    traced = [{"role": link.role, **item} for link in links for item in named_visible(asked, np.array(link.traced, np.int32))]
    differences = [
        {
            "role": link.role,
            "declared": int(network.assets.asset_id[link.declared]),
            "traced": [item["asset_id"] for item in named_visible(asked, np.array(link.traced, np.int32))],
        }
        for link in links
        if link.differs and (asked.visible is None or asked.visible[link.declared])
    ]
    rows = np.array([row for link in links for row in (link.declared, *link.traced) if row >= 0], np.int32)
    body = {
        "declared": declared + _owners(asked, [link.declared for link in links], row_of(network, asset_id)),
        "traced": traced,
        "differences": differences,
        "methods": {"declared": CHAIN_DECLARED, "traced": CHAIN_TRACED},
        "findings": findings_shown(asked, findings_of(network, asset_id, rows)),
    }
    return Found(body, sets_shown(asked, chain=np.unique(rows)))


def _owners(asked: Asked, declared: list[int], row: int) -> list[Answer]:
    """Return the declared branch of the chain's substation, and the company of the asset."""
    facts, network = asked.facts.consumers, asked.network
    branches = facts.branches.place_of(np.unique([facts.branch_id[each] for each in declared if each >= 0]))
    own = int(facts.companies.place_of(network.assets.company_id[[row]])[0])
    company = np.array([facts.company[row] if facts.company[row] >= 0 else own])
    roles = (("branch", "plant_branch", facts.branches, branches), ("company", "company", facts.companies, company))
    return [
        {"role": role, "asset_id": int(of.asset_id[place]), "kind": kind, "name": of.name[place]}
        for role, kind, of, places in roles
        for place in places.tolist()
        if place >= 0 and ((visible := of.visible(asked.scope, kind)) is None or visible[place])
    ]


_QUESTIONS: Mapping[QuestionName, Callable[[Asked], Awaitable[Found]]] = {
    "impact": _impact,
    "isolation": isolation,
    "downstream": _trace(downstream),
    "upstream": _trace(upstream),
    "connected": _trace(connected),
    "sources": _sources,
    "supply_area": _supply_area,
    "path": _path,
    "declared": _declared,
}
_ONE = frozenset(("sources", "path", "declared"))
