"""Repairs of what is wrong with the drawn network, each only where one answer is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from data.checks.context import Context, Repair, edit, set_value
from data.checks.network_rules import END_NAMES, key_of
from data.statements import sql
from topology.build.feeders import exchanger_zones, feeders_of, primary_zones, service_zones, source_zones
from topology.build.near_ends import Move, near_joins, valve_moves
from topology.findings import Finding

Repairs: TypeAlias = dict[tuple[str, str], Repair]

_PART_RULES = ("part_without_source", "part_not_fed")
_OPPOSITE = {1: "return", 2: "supply"}


def propose_network_repairs(context: Context) -> None:
    """Give the problems of the network the repairs that are certain.

    Cost: two k-d trees over all pipe ends, and a statement for the shapes of what moves.
    """
    findings: dict[str, list[Finding]] = defaultdict(list)
    for item in context.network.findings:
        findings[item.rule].append(item)
    repairs: Repairs = {}
    if findings["loose_end"] or findings["inlet_off_network"]:
        repairs |= _joins(context, findings)
    if findings["valve_not_between_two_pipes"]:
        repairs |= _valves(context)
    repairs |= _doubles(context, findings["duplicate_pipe"])
    repairs |= _sides(context, [*findings["pipe_without_side"], *findings["pair_of_one_side"]])
    repairs |= _declared(context, findings)
    context.propose(repairs)


def shapes_of(context: Context, moves: Sequence[Move]) -> dict[int, str]:
    """Return the shape after each move (EWKB as hexadecimal digits), by its place; moves that no shape allows are left out."""
    columns = {
        "moved_ids": [move.asset_id for move in moves],
        "moved_ends": [move.end for move in moves],
        "target_ids": [move.target_id for move in moves],
        "target_ends": [move.target_end for move in moves],
    }
    rows = context.connection.execute(sql("check_move_shapes"), {"city_id": context.city_id, **columns}).fetchall()
    return {int(place) - 1: str(shape) for place, shape in rows}


def move_repair(context: Context, action: str, move: Move, shape: str) -> Repair:
    """Return the repair of one move."""
    values = {"metres": round(move.metres, 3), "target": str(context.codes.get(move.target_id, move.target_id))}
    return {"action": action, "values": values, "edits": [edit(move.asset_id, geometry=shape)]}


def _joins(context: Context, findings: Mapping[str, Sequence[Finding]]) -> Repairs:
    """Snap loose ends, move inlets; a part that one such move joins to the rest gets the same repair."""
    anchors = context.read("check_anchors")[["lon", "lat"]].to_numpy(np.float64)
    moves = near_joins(context.tables, context.joined, anchors)
    shapes = shapes_of(context, moves)
    repairs: Repairs = {}
    joins: dict[int, list[Repair]] = defaultdict(list)
    for place, move in enumerate(moves):
        if place not in shapes:
            continue
        repair = move_repair(context, "move_inlet" if move.end < 0 else "snap_ends", move, shapes[place])
        for pipe_id, end in move.mends:
            repairs["loose_end", f"{pipe_id}:{END_NAMES[end]}"] = repair
        for asset_id in {move.asset_id, move.target_id}:
            joins[asset_id].append(repair)
        if move.end < 0:
            repairs["inlet_off_network", str(move.asset_id)] = repair
            repairs |= _of_building(context, move.asset_id, repair)
    for item in (each for rule in _PART_RULES for each in findings.get(rule, ())):
        found = [repair for asset_id in item.asset_ids for repair in joins.get(asset_id, ())]
        if found and all(repair["edits"] == found[0]["edits"] for repair in found):
            repairs[item.rule, key_of(item.asset_ids)] = found[0]
    return repairs


def _of_building(context: Context, inlet_id: int, repair: Repair) -> Repairs:
    inlets = context.tables.inlets
    building = inlets["building_id"].to_numpy()[inlets["asset_id"].to_numpy() == inlet_id]
    return {("building_without_inlet", str(each)): repair for each in building.tolist() if each}


def _valves(context: Context) -> Repairs:
    moves = valve_moves(context.tables, context.joined)
    shapes = shapes_of(context, moves)
    return {
        ("valve_not_between_two_pipes", str(move.asset_id)): move_repair(context, "move_valve", move, shapes[place])
        for place, move in enumerate(moves)
        if place in shapes
    }


def _doubles(context: Context, findings: Sequence[Finding]) -> Repairs:
    """Retire the one pipe of several that has no pair: the others have."""
    pipes = context.tables.pipes
    size = pipes["pair_id"].map(pipes["pair_id"].value_counts()).where(pipes["pair_id"] > 0, 1)
    alone = set(pipes["asset_id"][size == 1].tolist())
    repairs: Repairs = {}
    for item in findings:
        single = [asset_id for asset_id in item.asset_ids if asset_id in alone]
        if len(single) == len(item.asset_ids) - 1:
            values = {"target": ", ".join(str(context.codes.get(each, each)) for each in single)}
            repair = {"action": "retire", "values": values, "edits": [edit(each, retire=True) for each in single]}
            repairs["duplicate_pipe", key_of(item.asset_ids)] = repair
            repairs |= {("pair_missing", str(each)): repair for each in single}
    return repairs


def _sides(context: Context, findings: Sequence[Finding]) -> Repairs:
    """Take the side that the other pipe of the pair leaves over, or the one that only one of the two contradicts in its name."""
    if not findings:
        return {}
    pipes = context.tables.pipes.set_index("asset_id")[["side", "pair_id"]]
    pairs = pipes[pipes["pair_id"].isin(pipes["pair_id"].loc[[i for item in findings for i in item.asset_ids]])]
    named = _named_sides(context, [int(i) for i in pairs.index])
    right: dict[int, tuple[int, str]] = {}
    for pair_id, group in pairs.groupby("pair_id"):
        wanted = (
            _wrong_side(dict(zip(group.index.tolist(), group["side"].tolist(), strict=True)), named)
            if pair_id and len(group) == 2
            else None
        )
        if wanted is not None:
            right[int(str(pair_id))] = wanted
    repairs: Repairs = {}
    for item in findings:
        found = right.get(int(pipes["pair_id"].loc[item.asset_ids[0]]))
        if found is not None:
            repairs[item.rule, key_of(item.asset_ids)] = set_value(found[0], "side", found[1])
    return repairs


def _wrong_side(sides: Mapping[int, int], named: Mapping[int, int]) -> tuple[int, str] | None:
    """Return which pipe of a pair is of which side instead; None when that is not certain."""
    (one, side), (other, beside) = sides.items()
    if side == 0 and beside in _OPPOSITE:
        return one, _OPPOSITE[beside]
    if beside == 0 and side in _OPPOSITE:
        return other, _OPPOSITE[side]
    wrong = [pipe for pipe in (one, other) if named.get(pipe, 0) not in {0, sides[pipe]}]
    if side == beside and len(wrong) == 1 and side in _OPPOSITE:
        return wrong[0], _OPPOSITE[side]
    return None


def _named_sides(context: Context, ids: Sequence[int]) -> dict[int, int]:
    """Return the side (1 supply, 2 return) that the name of a pipe tells."""
    rows = context.connection.execute(sql("check_pipe_names"), {"city_id": context.city_id, "ids": list(ids)}).fetchall()
    return {int(asset_id): int(side) for asset_id, side in rows}


def _declared(context: Context, findings: Mapping[str, Sequence[Finding]]) -> Repairs:
    """Take who feeds in the drawing as declared, where it is one."""
    repairs: Repairs = {}
    for rule, attribute in (("declared_substation_differs", "substation_code"), ("declared_source_differs", "source_code")):
        for item in findings.get(rule, ()):
            if len(item.instead) == 1 and item.instead[0] in context.codes.index:
                code = str(context.codes[item.instead[0]])
                repairs[rule, key_of(item.asset_ids)] = set_value(item.asset_ids[0], attribute, code)
    return repairs


def propose_traced_references(context: Context) -> None:
    """Name who feeds in the drawing where a building, an inlet or a substation names nobody that exists."""
    rows = context.connection.execute(sql("check_unknown_feeders"), {"city_id": context.city_id}).fetchall()
    wanted: dict[tuple[str, str], list[int]] = defaultdict(list)
    for asset_id, kind, attribute in rows:
        wanted[str(kind), str(attribute)].append(int(asset_id))
    repairs: Repairs = {}
    for (kind, attribute), ids in wanted.items():
        for asset_id, feeder in _traced(context, kind, ids).items():
            key = f"{asset_id}:{attribute}"
            repairs["reference_unknown", key] = set_value(asset_id, attribute, str(context.codes[feeder]))
    context.propose(repairs)


def _traced(context: Context, kind: str, ids: Sequence[int]) -> dict[int, int]:
    """Return for assets of one kind the one asset that feeds them in the drawing."""
    network = context.network
    rows = network.assets.rows_of(np.array(ids, np.int64))
    rows = rows[rows >= 0]
    if kind == "substation":
        found = feeders_of(rows, primary_zones(network.state), source_zones(network.edges, network.state))
    else:
        of = network.services.building_row if kind == "building" else network.services.inlet_row
        fed = service_zones(network.segments, network.state, network.services, of)
        found = feeders_of(rows, fed, exchanger_zones(network.state))
    asset_id = network.assets.asset_id
    return {int(asset_id[row]): int(asset_id[feeders[0]]) for row, feeders in found.items() if len(feeders) == 1}
