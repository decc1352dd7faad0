"""The class of each pipe by what its run of pipes ends at, whatever level the delivery declares.

Requirements TB-13 (platform requirements 2.15.2.2, GB/T 43097-2023 6.1.2) tell four classes by their ends:

| class | from | to |
|---|---|---|
| long-distance (长输管网) | heat source | main station: relay pump, relay energy or isolating station |
| primary (一级管网) | heat source or main station | substation |
| secondary (二级管网) | substation | building inlet |
| direct connection (直接连接管网) | heat source or main station | building inlet, without a substation between |

Method:

1. Ends within 5 cm of one side meet, of whatever declared level: a wrong level must not cut the run it is to be judged by.
2. Sources, main stations and substations end a run: pipes that meet at one belong to different runs.
3. In a run with a feeder (source or main station) a pipe is *primary* when some way without repetition from a feeder to a
   substation passes it; else *direct* when one to an inlet does; else *long-distance* when it lies between two feeders, one of
   them a main station; else *primary* when an accumulator hangs on it. What leads nowhere (a capped branch) is of the class of
   the run it hangs on.
4. A run without feeder is *secondary* when substations and inlets lie on it. Between substations alone it is *primary* (one is
   fed through the other). Anything else is not determined.

A main station is taken as a feeder of every run that ends at it. So a pipe that leads from a branch with substations on to a main
station counts as primary, not as long-distance: ends alone do not tell which way the water flows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.snapping import join_ends
from topology.build.joining import TOLERANCE_M
from topology.states.dominators import BlockTree, block_tree
from topology.tables import NetworkTables

UNDETERMINED, LONG_DISTANCE, PRIMARY, SECONDARY, DIRECT = 0, 1, 2, 3, 4
CLASSES: Final[Mapping[int, str]] = {
    UNDETERMINED: "",
    LONG_DISTANCE: "transmission",
    PRIMARY: "primary",
    SECONDARY: "secondary",
    DIRECT: "direct",
}
"""Code of `network_level` that each class is; `pipes.level` of `NetworkTables` counts the same way."""

MAIN_STATIONS: Final = ("relay_pump_station", "relay_energy_station", "isolating_station")

_SOURCE, _STATION, _SUBSTATION, _INLET, _STORE = 1, 2, 3, 4, 5
"""What a node is the end of."""
_ENDS_RUN: Final = (_SOURCE, _STATION, _SUBSTATION)
Nodes = NDArray[np.int32]


def derived_classes(tables: NetworkTables) -> NDArray[np.uint8]:
    """Return the class of each pipe: `LONG_DISTANCE`, `PRIMARY`, `SECONDARY`, `DIRECT` or `UNDETERMINED`, shape (pipes,).

    Notes
    -----
    Cost: 1.5 s for 194,000 pipes, nearly all of it in `gis.snapping.join_ends`.
    """
    pipes = len(tables.pipes)
    if not pipes:
        return np.zeros(0, np.uint8)
    u, v, role = _runs(tables)
    links = coo_array((np.ones(pipes, bool), (u, v)), shape=(len(role), len(role)))
    _, part = connected_components(links, directed=False)
    run = part[u]
    sources, stations, substations, inlets = (
        np.bincount(part[role == kind], minlength=part.max() + 1)[run] for kind in range(1, 5)
    )
    fed = sources + stations > 0
    result = np.zeros(pipes, np.uint8)
    result[~fed & (substations > 0) & (inlets > 0)] = SECONDARY
    result[~fed & (substations > 1) & (inlets == 0)] = PRIMARY
    return np.where(fed, _fed_classes(u, v, role, at_station=stations > 0), result).astype(np.uint8)


def differing(tables: NetworkTables, derived: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pipes declare another class than their ends give; where one of the two is unknown nothing differs."""
    declared = tables.pipes["level"].to_numpy()
    return np.asarray((derived != UNDETERMINED) & (declared != UNDETERMINED) & (declared != derived))


def _runs(tables: NetworkTables) -> tuple[Nodes, Nodes, NDArray[np.uint8]]:
    """Return the nodes of both ends of each pipe, with runs ended where they end, and what each node is the end of."""
    pipes = tables.pipes
    side = (pipes["side"].to_numpy() == 2).astype(np.int64)
    points = _end_points(tables)
    xy = [pipes[["start_lon", "start_lat"]], pipes[["end_lon", "end_lat"]]]
    xy += [frame[["lon", "lat"]] for _, frame in points for _ in range(2)]
    group = [side, side, *(np.full(len(frame), number) for _, frame in points for number in range(2))]
    node = _nodes(np.concatenate([part.to_numpy(np.float64) for part in xy]), np.concatenate(group))
    roles = np.zeros(node.max() + 1, np.uint8)
    roles[node[2 * len(pipes) :]] = np.concatenate([np.full(2 * len(frame), role, np.uint8) for role, frame in points])
    ends = node[: 2 * len(pipes)]
    role = roles[ends]
    # an end of its own for each pipe that meets a source, main station or substation
    ends = np.where(np.isin(role, _ENDS_RUN), len(roles) + np.arange(len(ends)), ends)
    used, ends = np.unique(ends, return_inverse=True)
    of_node = np.zeros(len(used), np.uint8)
    of_node[ends] = role
    return ends[: len(pipes)].astype(np.int32), ends[len(pipes) :].astype(np.int32), of_node


def _end_points(tables: NetworkTables) -> list[tuple[int, pd.DataFrame]]:
    """Return what runs end at; of two things at one place the later one counts."""
    stations = tables.stations[tables.stations["kind"].isin(MAIN_STATIONS)]
    stores = tables.stations[tables.stations["kind"] == "accumulator"]
    points = ((_STORE, stores), (_INLET, tables.inlets), (_SUBSTATION, tables.substations), (_SOURCE, tables.sources))
    return [*points, (_STATION, stations)]


def _nodes(xy: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join ends that have a position; each of the others is a node of its own."""
    located = np.isfinite(xy).all(axis=1)
    node = np.empty(len(xy), np.int64)
    node[located] = join_ends(xy[located], group[located], TOLERANCE_M)
    node[~located] = int(node[located].max(initial=-1)) + 1 + np.arange(np.count_nonzero(~located))
    return node


def _fed_classes(u: Nodes, v: Nodes, role: NDArray[np.uint8], *, at_station: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the class of each pipe in a run with a feeder; a root above all feeders opens the blocks."""
    feeder = np.flatnonzero((role == _SOURCE) | (role == _STATION)).astype(np.int32) + 1
    tree = block_tree(np.concatenate([np.zeros_like(feeder), u + 1]), np.concatenate([feeder, v + 1]), len(role) + 1)
    reached = tree.first[u + 1] >= 0
    # an edge lies in the block that its deeper end hangs in
    deeper = np.where(tree.first[u + 1] >= tree.first[v + 1], u + 1, v + 1)
    opens = np.where(reached, tree.head[deeper], 0)
    behind = {kind: reached & (_behind(tree, role == kind, opens) > 0) for kind in (_STORE, _INLET, _SUBSTATION)}
    result = np.where(behind[_STORE], PRIMARY, UNDETERMINED).astype(np.uint8)
    result[reached & at_station & (tree.parent[opens] == 0)] = LONG_DISTANCE
    result[behind[_INLET]] = DIRECT
    result[behind[_SUBSTATION]] = PRIMARY
    return _with_capped(tree, opens, result)


def _behind(tree: BlockTree, wanted: NDArray[np.bool_], opens: Nodes) -> NDArray[np.int64]:
    """Count wanted nodes behind the entry of each block."""
    first = tree.first[1:][wanted]
    total = np.concatenate([[0], np.cumsum(np.bincount(first[first >= 0], minlength=len(tree.first)))])
    counted: NDArray[np.int64] = total[tree.last[opens]] - total[tree.first[opens]]
    return counted


def _with_capped(tree: BlockTree, opens: Nodes, result: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give pipes that lead nowhere the class of the block that theirs hangs on; one pass for each block on the way."""
    of_block = np.zeros(len(tree.first), np.uint8)
    of_block[opens] = result
    above = tree.head[np.maximum(tree.parent, 0)]
    open_ = np.unique(opens[(result == UNDETERMINED) & (opens > 0)])
    while len(open_):
        of_block[open_] = of_block[above[open_]]
        filled = of_block[open_] != UNDETERMINED
        if not filled.any():
            break
        open_ = open_[~filled]
    return of_block[opens]
