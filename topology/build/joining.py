"""From positions to integer nodes: which pipe ends meet, which point assets sit on them, where valves split a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.snapping import join_ends
from topology.findings import Finding, finding
from topology.tables import NetworkTables

TOLERANCE_M = 0.05
"""Ends of one group nearer than this are one node."""
GROUPS = 4
"""Groups of ends that never join each other: primary supply, primary return, secondary supply, secondary return."""

_POINTS = ("valves", "substations", "sources", "inlets", "stations")


@dataclass(frozen=True, slots=True)
class Joined:
    """Nodes of the drawing.

    Attributes
    ----------
    u, v
        Node of the start and end of each pipe, shape (pipes,).
    at
        For each point table the node of every row in each group, shape (rows, 4); -1 where no pipe of that group ends.
    count
        Number of nodes.
    valve_u, valve_v, valve_row, valve_group
        The two nodes of each valve edge, the row in `tables.valves`, its group.
    """

    u: NDArray[np.int32]
    v: NDArray[np.int32]
    at: Mapping[str, NDArray[np.int32]]
    count: int
    valve_u: NDArray[np.int32]
    valve_v: NDArray[np.int32]
    valve_row: NDArray[np.int32]
    valve_group: NDArray[np.int32]


def group_of(level: NDArray[np.generic], side: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the group of pipes: transmission and primary are one class; an unknown side counts as supply."""
    group: NDArray[np.int64] = 2 * (np.asarray(level) == 3).astype(np.int64) + (np.asarray(side) == 2)
    return group


def join(tables: NetworkTables) -> tuple[Joined, list[Finding]]:
    """Number the nodes and split them at valves.

    A valve becomes an edge where exactly two ends of two different pipes of its group meet; otherwise it is reported and
    does not interrupt anything.

    Notes
    -----
    Cost: about 1 s for 170,000 pipes and 60,000 points, nearly all of it in `gis.snapping.join_ends`.
    """
    pipes = tables.pipes
    frames = {name: getattr(tables, name) for name in _POINTS}
    group = group_of(pipes["level"].to_numpy(), pipes["side"].to_numpy())
    xy = [_xy(pipes, "start_lon", "start_lat"), _xy(pipes, "end_lon", "end_lat")]
    xy += [np.repeat(_xy(frame, "lon", "lat"), GROUPS, axis=0) for frame in frames.values()]
    groups = [group, group] + [np.tile(np.arange(GROUPS), len(frame)) for frame in frames.values()]
    node, count = _with_pipes(_nodes(np.concatenate(xy), np.concatenate(groups)), 2 * len(pipes))
    u, v = node[: len(pipes)], node[len(pipes) : 2 * len(pipes)]
    at: dict[str, NDArray[np.int32]] = {}
    offset = 2 * len(pipes)
    for name, frame in frames.items():
        at[name] = node[offset : offset + GROUPS * len(frame)].reshape(-1, GROUPS)
        offset += GROUPS * len(frame)
    at["valves"] = _own_groups(tables.valves, at["valves"])
    return _split(tables, u, v, at, count)


def _xy(frame: pd.DataFrame, x: str, y: str) -> NDArray[np.float64]:
    return frame[[x, y]].to_numpy(dtype=np.float64)


def _nodes(xy: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.int32]:
    """Join ends that have a position; each of the others is a node of its own."""
    located = np.isfinite(xy).all(axis=1)
    node = np.empty(len(xy), np.int32)
    node[located] = join_ends(xy[located], group[located], TOLERANCE_M) if located.any() else 0
    used = int(node[located].max(initial=-1)) + 1
    node[~located] = used + np.arange(np.count_nonzero(~located))
    return node


def _with_pipes(node: NDArray[np.int32], ends: int) -> tuple[NDArray[np.int32], int]:
    """Number only the nodes of the first `ends` entries (pipe ends); every other node becomes -1."""
    used, pipe_node = np.unique(node[:ends], return_inverse=True)
    number = np.full(int(node.max(initial=-1)) + 1, -1, np.int32)
    number[used] = np.arange(len(used), dtype=np.int32)
    return np.concatenate([pipe_node.astype(np.int32), number[node[ends:]]]), len(used)


def _own_groups(valves: pd.DataFrame, at: NDArray[np.int32]) -> NDArray[np.int32]:
    """Keep only the groups that a valve's own level and side allow (0 = any)."""
    level, side = valves["level"].to_numpy(), valves["side"].to_numpy()
    groups = np.arange(GROUPS)
    level_fits = (level[:, None] == 0) | ((groups >= 2)[None, :] == (level == 3)[:, None])
    side_fits = (side[:, None] == 0) | ((groups % 2 == 1)[None, :] == (side == 2)[:, None])
    return np.where(level_fits & side_fits, at, -1).astype(np.int32)


def _split(
    tables: NetworkTables, u: NDArray[np.int32], v: NDArray[np.int32], at: dict[str, NDArray[np.int32]], count: int
) -> tuple[Joined, list[Finding]]:
    ends = np.concatenate([u, v])
    degree = np.bincount(ends, minlength=count)
    order = np.argsort(ends, kind="stable")
    start = np.concatenate([[0], np.cumsum(degree)])
    row, group = np.nonzero(at["valves"] >= 0)
    node = at["valves"][row, group]
    _, first_of_node = np.unique(node, return_index=True)
    alone = np.zeros(len(node), bool)
    alone[first_of_node] = True
    two = alone & (degree[node] == 2)
    one, other = order[start[node[two]]], order[start[node[two]] + 1]
    different = one % max(len(u), 1) != other % max(len(u), 1)
    two[np.flatnonzero(two)[~different]] = False
    other = other[different]
    fresh = count + np.arange(len(other), dtype=np.int32)
    ends = ends.copy()
    ends[other] = fresh
    joined = Joined(
        u=ends[: len(u)].astype(np.int32),
        v=ends[len(u) :].astype(np.int32),
        at=at,
        count=count + len(fresh),
        valve_u=node[two].astype(np.int32),
        valve_v=fresh,
        valve_row=row[two].astype(np.int32),
        valve_group=group[two].astype(np.int32),
    )
    return joined, _valve_findings(tables.valves, row, node, degree, two)


def _valve_findings(
    valves: pd.DataFrame,
    row: NDArray[np.intp],
    node: NDArray[np.int32],
    degree: NDArray[np.intp],
    split: NDArray[np.bool_],
) -> list[Finding]:
    interrupts = np.zeros(len(valves), bool)
    interrupts[row[split]] = True
    ends = np.zeros(len(valves), np.int64)
    np.maximum.at(ends, row, degree[node])
    found = []
    for i in np.flatnonzero(~interrupts):
        valve = valves.iloc[i]
        found.append(
            finding(
                "valve_not_between_two_pipes",
                [int(valve["asset_id"])],
                valve["lon"],
                valve["lat"],
                f"valve {valve['asset_id']} sits where {ends[i]} pipe ends of its side meet; a valve needs exactly two, "
                "from two pipes and without another valve, so this one interrupts nothing",
            )
        )
    return found
