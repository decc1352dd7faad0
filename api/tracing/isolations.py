"""Isolation (关阀分析) and criticality as answers: names, positions, and what the caller may see of them."""

from __future__ import annotations

import asyncio

import numpy as np

from api.tracing.asking import Asked
from api.tracing.findings import Answer
from api.tracing.found import Found, findings_shown, sets_shown
from api.tracing.lists import Rows, listed, named_visible, seen_rows
from data.assets import AssetItem, read_items
from topology.answers.impact import figures
from topology.codes import OPERABILITIES, STATES
from topology.cuts.alternatives import Alternative
from topology.cuts.isolation import Isolation, ValveToOperate, isolate
from topology.cuts.passages import Bound
from topology.cuts.sandbox import lost_in_all
from topology.findings import Finding

METHOD = (
    "the segments of the broken assets and of their pairs, grown through every open valve that cannot be closed; lost by what "
    "hangs below the cut; alternatives are closed valves between lost and fed parts, by what they give back (docs/isolation.md)"
)

_STATES = {code: name for name, code in STATES.items()}
_OPERABILITIES = {code: name for name, code in OPERABILITIES.items()}


async def isolation(asked: Asked) -> Found:
    """Answer which valves to close, what drains, who loses heat, and what gives it back."""
    question = asked.question
    found = await asyncio.to_thread(
        isolate, asked.network, question.asset_ids, stuck=question.stuck, capacity=asked.facts.capacity
    )
    opened = {each for part in found.alternatives for each in part.valve_ids}
    valves = {valve.asset_id for valve in found.valves} | opened | set(found.possible)
    items = {item.asset_id: item for item in await read_items(asked.pool, asked.scope, found.city_id, sorted(valves))}
    return await asyncio.to_thread(_found, asked, found, items)


def _found(asked: Asked, found: Isolation, items: dict[int, AssetItem]) -> Found:
    hidden = {valve.asset_id for valve in found.valves} - set(items)
    body = {
        "segments": list(found.segments),
        "valves": [_valve(items[valve.asset_id], valve) for valve in found.valves if valve.asset_id in items],
        "valves_outside_scope": len(hidden),
        "order": [asset_id for asset_id in found.order if asset_id in items],
        "grown_through": [asset_id for asset_id in found.grown_through if asset_id in items],
        "shut_at": _seen_ids(asked, found.shut_at),
        "sources_inside": _seen_ids(asked, found.sources_inside),
        "drained_m3": None if found.drained_m3 is None else round(found.drained_m3, 2),
        "drained_pipe_length_m": round(found.drained_pipe_length_m, 1),
        "drained_unknown_m": round(found.drained_unknown_m, 1),
        "lost": listed(asked, found.lost),
        "lost_with_sandbox": _with_sandbox(asked, found),
        "alternatives": [_alternative(asked, each, items) for each in found.alternatives],
        "possible": [_valve_to_open(asked, items[asset_id]) for asset_id in found.possible if asset_id in items],
        "method": METHOD,
        "findings": findings_shown(asked, [Finding(each.rule, each.asset_ids, None, each.message) for each in found.remarks]),
    }
    closing = np.array([valve.asset_id for valve in found.valves], np.int32)
    rows = asked.network.assets.rows_of(closing)
    return Found(body, sets_shown(asked, valves=rows, shut=_pipes_of(asked, found.segments), lost=found.lost))


def _with_sandbox(asked: Asked, found: Isolation) -> Answer | None:
    """Return what the sandbox and the isolation take off together, against the state without the sandbox."""
    if asked.unsupposed is None:
        return None
    return listed(asked, lost_in_all(asked.unsupposed, asked.network, found.lost))


def _pipes_of(asked: Asked, segments: tuple[int, ...]) -> Rows:
    return np.flatnonzero(np.isin(asked.facts.segment_id, segments)).astype(np.int32) if segments else np.zeros(0, np.int32)


def _seen_ids(asked: Asked, asset_ids: tuple[int, ...]) -> list[int]:
    rows = seen_rows(asked, asked.network.assets.rows_of(np.array(asset_ids, np.int32)))
    return [int(i) for i in asked.network.assets.asset_id[rows]]


def _valve(item: AssetItem, valve: ValveToOperate) -> Answer:
    return {
        "asset_id": valve.asset_id,
        "code": item.code,
        "name": item.name,
        "side": valve.side,
        "state": valve.state,
        "operability": valve.operability,
        "role": valve.role,
        "position": item.position_wgs84,
    }


def _alternative(asked: Asked, each: Alternative, items: dict[int, AssetItem]) -> Answer:
    back = figures(asked.network.assets, each.gives_back, asked.visible)
    return {
        "valves": [_valve_to_open(asked, items[asset_id]) for asset_id in each.valve_ids if asset_id in items],
        "valves_outside_scope": sum(asset_id not in items for asset_id in each.valve_ids),
        "gives_back": {
            "buildings": back.counts.get("building", 0),
            "heat_user_count": back.heat_user_count,
            "heated_area_m2": round(back.heated_area_m2, 1),
            "heat_load_mw": round(back.heat_load_mw, 4),
        },
        "capacity": {"running_mw": _mw(each.running_mw), "load_mw": _mw(each.load_mw), "enough": each.enough},
        "bound": None if each.bound is None else _bound(asked, each.bound),
    }


def _bound(asked: Asked, bound: Bound) -> Answer:
    stations = np.array(bound.station_rows, np.int32)
    return {
        "by": "stations" if len(stations) else "sources",
        "stations": named_visible(asked, stations),
        "available_mw": _mw(bound.power_mw),
        "load_mw": _mw(bound.load_mw),
    }


def _mw(power: float | None) -> float | None:
    return None if power is None else round(power, 3)


def _valve_to_open(asked: Asked, item: AssetItem) -> Answer:
    network = asked.network
    row = network.assets.rows_of(np.array([item.asset_id], np.int32))[0]
    edge = int(np.flatnonzero(network.edges.row == row)[0])
    return {
        "asset_id": item.asset_id,
        "code": item.code,
        "name": item.name,
        "state": _STATES[int(network.edges.state[edge])],
        "operability": _OPERABILITIES[int(network.edges.operability[edge])],
        "position": item.position_wgs84,
    }
