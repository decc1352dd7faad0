"""Arrays of edges and services."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of both sides in the order pipes, valves, exchangers, sources; arrays of shape (m,).

    Attributes
    ----------
    kind
        `codes.PIPE`, `VALVE`, `EXCHANGER` (primary to secondary, one a side), `SOURCE` (root to pipe, one a side).
    u, v
        Nodes; `u` of a source is -1 (the root). Pipes as drawn; exchangers from the primary to the secondary node, also on the
        return side: every direction is that of a way from the source, not of the water.
    row
        Row of the asset in the `AssetTable`.
    side
        `codes.SUPPLY` or `RETURN`.
    state, operability, origin
        One byte each: `codes.CLOSED`, `OPEN`, `UNKNOWN`; `codes.OPERABILITIES`; `codes.ORIGINS` (of the state of a valve).
    pair
        Edge of the other side; -1 = none.
    pipe_count
        Number of pipes; they come first, in the order of the table.
    """

    kind: NDArray[np.uint8]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    row: NDArray[np.int32]
    side: NDArray[np.uint8]
    state: NDArray[np.uint8]
    operability: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    pair: NDArray[np.int32]
    pipe_count: int


@dataclass(frozen=True, slots=True)
class Services:
    """Where buildings are fed, one row an inlet (or a building hung on its declared substation); shape (k,).

    Attributes
    ----------
    inlet_row, building_row
        Rows of the `AssetTable`; -1 = none.
    supply_node, return_node
        Nodes; -1 where that side is not drawn, which then is not asked for.
    """

    inlet_row: NDArray[np.int32]
    building_row: NDArray[np.int32]
    supply_node: NDArray[np.int32]
    return_node: NDArray[np.int32]
