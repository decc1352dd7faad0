"""What a drawing nearly joins: ends that miss each other by a little, inlets beside their service, valves beside their node.

Each proposal is certain in this sense: within reach there is exactly one thing that the end can have been meant to meet. It is
sought first among what meets nothing either, only then among nodes that are complete without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.snapping import local_metres
from topology.build.checks import loose_ends
from topology.build.joining import GROUPS, TOLERANCE_M, Joined, group_of
from topology.tables import NetworkTables

REACH_M: Final = 2.05
"""How far an end, inlet or valve may be off the node that it is meant for."""
EXACT_M: Final = 0.001
"""Ends of one node further apart than this leave a gap in the drawing."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Move:
    """One thing to be moved onto another.

    Attributes
    ----------
    asset_id, end
        What moves: an end of a pipe (0 start, 1 end) or a point asset (-1).
    target_id, target_end
        Onto what, likewise.
    metres
        How far.
    mends
        Pipe ends (asset id, end) that meet something then.
    """

    asset_id: int
    end: int
    target_id: int
    target_end: int
    metres: float
    mends: tuple[tuple[int, int], ...] = ()


class Ends:
    """All pipe ends of a drawing in local metres; end `i` of pipe row `r` is number `r + pipes * i`."""

    def __init__(self, tables: NetworkTables, joined: Joined) -> None:
        pipes = tables.pipes
        self.count = len(pipes)
        self.pipe_id: Rows = np.tile(pipes["asset_id"].to_numpy(np.int64), 2)
        self.end: Rows = np.repeat([0, 1], self.count)
        self.node = np.concatenate([joined.u, joined.v])
        self.group = np.tile(group_of(pipes["level"].to_numpy(), pipes["side"].to_numpy()), 2)
        self.degree = np.bincount(self.node, minlength=joined.count)
        loose = loose_ends(tables, joined)
        self.loose: NDArray[np.bool_] = np.concatenate([loose[:, 0], loose[:, 1]])
        lonlat = np.concatenate([_xy(pipes, "start_lon", "start_lat"), _xy(pipes, "end_lon", "end_lat")])
        self._points = {name: _xy(getattr(tables, name), "lon", "lat") for name in ("inlets", "valves")}
        every = np.concatenate([lonlat, *self._points.values()])
        located = np.isfinite(every).all(axis=1)
        metres = np.full(every.shape, np.nan)
        if located.any():
            metres[located] = local_metres(every[located])
        bounds = np.cumsum([2 * self.count, len(tables.inlets)])
        self.xy, self.inlet_xy, self.valve_xy = np.split(metres, bounds)
        self.known = np.flatnonzero(np.isfinite(self.xy).all(axis=1))
        self._tree = cKDTree(self._keyed(self.xy[self.known], self.group[self.known])) if len(self.known) else None

    @staticmethod
    def _keyed(xy: Floats, group: NDArray[np.integer]) -> Floats:
        # groups lie further apart than the reach, so one tree serves all
        return np.column_stack([xy, group * (4.0 * REACH_M)])

    def near(self, xy: Floats, group: NDArray[np.integer]) -> list[Rows]:
        """Return for positions (n, 2) the numbers of the ends of their group within reach."""
        if self._tree is None or not len(xy):
            return [np.zeros(0, np.int64) for _ in range(len(xy))]
        found = self._tree.query_ball_point(self._keyed(xy, group), REACH_M)
        return [self.known[np.sort(np.asarray(each, dtype=np.int64))] for each in found]


def _xy(frame: pd.DataFrame, x: str, y: str) -> Floats:
    return frame[[x, y]].to_numpy(dtype=np.float64)


def near_joins(tables: NetworkTables, joined: Joined, anchors: Floats) -> list[Move]:
    """Return the moves that give loose ends and unmet inlets what they miss.

    Parameters
    ----------
    tables, joined
        The drawing.
    anchors
        Positions (n, 2) in degrees of pipe points and chambers: of two loose ends the one at such a point stays.

    Notes
    -----
    Cost: one k-d tree over all ends (0.5 s for 400,000) and some microseconds for each loose end.
    """
    ends = Ends(tables, joined)
    moved_inlets = list(_inlet_moves(tables, joined, ends))
    mended = {each for move in moved_inlets for each in move.mends}
    loose = np.flatnonzero(ends.loose)
    open_ = [int(i) for i in loose if (int(ends.pipe_id[i]), int(ends.end[i])) not in mended]
    at_anchor = _at_anchor(ends, np.array(open_, np.int64), anchors, tables)
    return [*moved_inlets, *_end_moves(tables, joined, ends, open_, at_anchor)]


def _inlet_moves(tables: NetworkTables, joined: Joined, ends: Ends) -> Iterator[Move]:
    """Move inlets that no pipe meets onto loose secondary ends within reach, when these are at one place."""
    unmet = np.flatnonzero((joined.at["inlets"] < 0).all(axis=1) & np.isfinite(ends.inlet_xy).all(axis=1))
    near = [ends.near(ends.inlet_xy[unmet], np.full(len(unmet), group)) for group in (2, 3)]
    for row, supply, back in zip(unmet.tolist(), *near, strict=True):
        found = np.concatenate([supply, back])
        found = found[ends.loose[found]]
        if not len(found) or np.ptp(ends.xy[found], axis=0).max() > TOLERANCE_M:
            continue
        metres = float(np.hypot(*(ends.xy[found[0]] - ends.inlet_xy[row])))
        mends = tuple((int(ends.pipe_id[i]), int(ends.end[i])) for i in found)
        inlet_id = int(tables.inlets["asset_id"].iloc[row])
        yield Move(inlet_id, -1, *mends[0], metres, mends)


def _at_anchor(ends: Ends, numbers: Rows, anchors: Floats, tables: NetworkTables) -> dict[int, bool]:
    """Tell for some ends whether a pipe point or chamber is where they are."""
    if not len(anchors) or not len(numbers):
        return dict.fromkeys(numbers.tolist(), False)
    pipes = tables.pipes
    lonlat = np.concatenate([_xy(pipes, "start_lon", "start_lat"), _xy(pipes, "end_lon", "end_lat")])[numbers]
    metres = local_metres(np.concatenate([lonlat, anchors]))
    distance, _ = cKDTree(metres[len(numbers) :]).query(metres[: len(numbers)])
    return dict(zip(numbers.tolist(), (distance < TOLERANCE_M).tolist(), strict=True))


def _end_moves(tables: NetworkTables, joined: Joined, ends: Ends, open_: list[int], at_anchor: dict[int, bool]) -> Iterator[Move]:
    numbers = np.array(open_, np.int64)
    near_ends = ends.near(ends.xy[numbers], ends.group[numbers])
    near_inlets = _near_inlets(joined, ends, numbers)
    for number, found, inlets in zip(open_, near_ends, near_inlets, strict=True):
        others = found[(ends.node[found] != ends.node[number]) & (ends.pipe_id[found] != ends.pipe_id[number])]
        others = others[np.unique(ends.node[others], return_index=True)[1]]
        unmet = others[ends.loose[others]]
        me = (int(ends.pipe_id[number]), int(ends.end[number]))
        if len(unmet) + len(inlets) == 1:
            if len(inlets):
                metres = float(np.hypot(*(ends.xy[number] - ends.inlet_xy[inlets[0]])))
                yield Move(*me, int(tables.inlets["asset_id"].iloc[inlets[0]]), -1, metres, (me,))
            else:
                yield _between(ends, number, int(unmet[0]), at_anchor)
        elif len(unmet) + len(inlets) == 0 and len(others) == 1:
            metres = float(np.hypot(*(ends.xy[number] - ends.xy[others[0]])))
            yield Move(*me, int(ends.pipe_id[others[0]]), int(ends.end[others[0]]), metres, (me,))


def _between(ends: Ends, one: int, other: int, at_anchor: dict[int, bool]) -> Move:
    """Join two loose ends: the one at a pipe point stays, else that of the older pipe."""
    stays, moves = sorted((one, other), key=lambda i: (not at_anchor.get(i, False), int(ends.pipe_id[i])))
    metres = float(np.hypot(*(ends.xy[stays] - ends.xy[moves])))
    target = (int(ends.pipe_id[stays]), int(ends.end[stays]))
    mover = (int(ends.pipe_id[moves]), int(ends.end[moves]))
    return Move(*mover, *target, metres, (mover, target))


def _near_inlets(joined: Joined, ends: Ends, numbers: Rows) -> list[Rows]:
    """Return for some ends the inlets within reach that lack a pipe of their group and have one of another."""
    placed = np.flatnonzero(np.isfinite(ends.inlet_xy).all(axis=1))
    if not len(placed) or not len(numbers):
        return [np.zeros(0, np.int64) for _ in numbers]
    at = joined.at["inlets"]
    found = cKDTree(ends.inlet_xy[placed]).query_ball_point(ends.xy[numbers], REACH_M)
    rows = [placed[np.sort(np.asarray(each, dtype=np.int64))] for each in found]
    return [
        near[(at[near, group] < 0) & (at[near] >= 0).any(axis=1)] for near, group in zip(rows, ends.group[numbers], strict=True)
    ]


def valve_moves(tables: NetworkTables, joined: Joined) -> list[Move]:
    """Return the moves of valves that interrupt nothing onto the one node of two pipe ends within reach.

    Notes
    -----
    Cost: as `near_joins`.
    """
    ends = Ends(tables, joined)
    valves = tables.valves
    idle = np.ones(len(valves), bool)
    idle[joined.valve_row] = False
    free = (ends.degree[ends.node] == 2) & ~ends.loose
    level, side = valves["level"].to_numpy(), valves["side"].to_numpy()
    moves = []
    for row in np.flatnonzero(idle & np.isfinite(ends.valve_xy).all(axis=1)).tolist():
        fits = [
            g for g in range(GROUPS) if level[row] in {0, 3 if g >= 2 else 1, 3 if g >= 2 else 2} and side[row] in {0, g % 2 + 1}
        ]
        near = np.concatenate(ends.near(np.repeat(ends.valve_xy[[row]], len(fits), axis=0), np.array(fits, np.int64)))
        near = near[free[near]]
        near = near[np.unique(ends.node[near], return_index=True)[1]]
        if len(near) == 1:
            metres = float(np.hypot(*(ends.xy[near[0]] - ends.valve_xy[row])))
            moves.append(Move(int(valves["asset_id"].iloc[row]), -1, int(ends.pipe_id[near[0]]), int(ends.end[near[0]]), metres))
    return moves


def gaps(tables: NetworkTables, joined: Joined) -> list[Move]:
    """Return the moves that bring ends of one node, which the tolerance joins, to one place: that of the oldest pipe."""
    ends = Ends(tables, joined)
    known = ends.known[np.lexsort((ends.pipe_id[ends.known], ends.node[ends.known]))]
    node = ends.node[known]
    first = np.concatenate([[True], np.diff(node) != 0]) if len(node) else np.zeros(0, bool)
    reference = known[np.flatnonzero(first)[np.cumsum(first) - 1]] if len(node) else known
    metres = np.hypot(*(ends.xy[known] - ends.xy[reference]).T)
    apart = np.flatnonzero(metres > EXACT_M)
    return [
        Move(
            *(int(ends.pipe_id[known[i]]), int(ends.end[known[i]])),
            *(int(ends.pipe_id[reference[i]]), int(ends.end[reference[i]])),
            float(metres[i]),
        )
        for i in apart.tolist()
    ]
