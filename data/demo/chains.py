"""Chains of pipe and what they become: nodes and trenches as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.demo.streets import Path

SPACING_M = 0.8
"""Between the axes of supply and return."""
TAPER_M = 1.5
"""Over which both sides leave a shared point."""
CROSSING_VALVE_M = 14.0
Cut = tuple[float, str]
"""Distance along a chain in metres and the kind of node there."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A line of pipe between two real nodes, before it is cut.

    Attributes
    ----------
    owner
        Index of the substation whose branch or secondary network it is part of; -1 for mains.
    """

    start: int
    end: int
    path: Path
    primary: bool
    owner: int
    cuts: tuple[Cut, ...] = ()
    transmission: bool = False


@dataclass(slots=True)
class NodeList:
    """Nodes in the order they are drawn: kind, position, the index of the thing they stand for; of inlets what they feed."""

    kinds: list[str] = field(default_factory=list)
    positions: list[NDArray[np.float64]] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    systems: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def add(self, kind: str, xy: NDArray[np.float64], reference: int = -1, *, system: int = 1, share: float = 1.0) -> int:
        """Append a node and return its number."""
        self.kinds.append(kind)
        self.positions.append(xy)
        self.references.append(reference)
        self.systems.append(system)
        self.shares.append(share)
        return len(self.kinds) - 1


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes and trenches as arrays.

    Attributes
    ----------
    node_kind
        plant, boiler_house, substation, building_inlet, tee, valve, tie_open, tie_closed, joint, compensator, accumulator,
        main_station.
    node_xy, node_offset
        Position of the trench's axis (N, 2) and the way from the return pipe's end to the supply pipe's (zero where both
        meet).
    node_reference
        Index of the source, substation, building, main station or accumulator.
    node_system, node_share
        Of inlets: number of the substation's system that comes in here, its share of the building's load.
    start, end, primary, owner
        Of each trench: node numbers, network level, index of the substation (-1: main).
    vertex_xy, vertex_offset, vertex_trench
        All vertices of all trenches in order, the way across from return to supply pipe, the trench of each.
    transmission
        Of each trench: whether it is a long-distance main; those are primary as well.
    """

    node_kind: NDArray[np.str_]
    node_xy: NDArray[np.float64]
    node_offset: NDArray[np.float64]
    node_reference: NDArray[np.int64]
    node_system: NDArray[np.int64]
    node_share: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    primary: NDArray[np.bool_]
    owner: NDArray[np.int64]
    vertex_xy: NDArray[np.float64]
    vertex_offset: NDArray[np.float64]
    vertex_trench: NDArray[np.int64]
    transmission: NDArray[np.bool_]

    def lengths_m(self) -> NDArray[np.float64]:
        """Return the length of each trench's axis."""
        step = np.hypot(*np.diff(self.vertex_xy, axis=0).T)
        same = np.diff(self.vertex_trench) == 0
        lengths = np.bincount(self.vertex_trench[1:][same], weights=step[same], minlength=len(self.start))
        return lengths.astype(np.float64)


def joints(begin: float, end: float, piece_m: float) -> tuple[Cut, ...]:
    """Cut a stretch into equal pieces no longer than `piece_m`; every second cut carries a compensator."""
    pieces = int(np.ceil((end - begin) / piece_m))
    at = np.linspace(begin, end, pieces + 1)[1:-1]
    return tuple((float(distance), "compensator" if place % 2 == 0 else "joint") for place, distance in enumerate(at))


def main_cuts(length: float, piece_m: float, *, valves: tuple[bool, bool], tie: str = "") -> tuple[Cut, ...]:
    """Return the cuts of a main: a valve near either end that wants one, a tie in the middle, joints between."""
    stops: list[Cut] = [(0.0, "")]
    if valves[0] and length > 3.0 * CROSSING_VALVE_M:
        stops.append((CROSSING_VALVE_M, "valve"))
    if tie:
        stops.append((length / 2.0, tie))
    if valves[1] and length > 3.0 * CROSSING_VALVE_M:
        stops.append((length - CROSSING_VALVE_M, "valve"))
    stops.append((length, ""))
    cuts = [cut for cut in stops if cut[1]]
    for (begin, _), (end, _) in pairwise(stops):
        cuts += joints(begin, end, piece_m)
    return tuple(sorted(cuts))


def cut_chains(nodes: NodeList, chains: list[Chain]) -> Network:
    """Cut the chains into trenches and put everything into arrays."""
    offsets = [np.zeros(2)] * len(nodes.kinds)
    rows: list[tuple[int, int, bool, int, bool]] = []
    vertices, sideways, of_trench = [], [], []
    for chain in chains:
        xy, offset, at = _vertices(chain)
        stops = [chain.start]
        for (_, kind), vertex in zip(chain.cuts, at[1:-1], strict=True):
            stops.append(nodes.add(kind, xy[vertex]))
            offsets.append(offset[vertex])
        stops.append(chain.end)
        for piece in range(len(stops) - 1):
            part = slice(at[piece], at[piece + 1] + 1)
            vertices.append(xy[part])
            sideways.append(offset[part])
            of_trench.append(np.full(len(xy[part]), len(rows)))
            rows.append((stops[piece], stops[piece + 1], chain.primary, chain.owner, chain.transmission))
    trenches = np.array(rows, dtype=np.int64)
    return Network(
        np.array(nodes.kinds),
        np.array(nodes.positions),
        np.array(offsets),
        np.array(nodes.references, dtype=np.int64),
        np.array(nodes.systems, dtype=np.int64),
        np.array(nodes.shares, dtype=np.float64),
        trenches[:, 0],
        trenches[:, 1],
        trenches[:, 2].astype(np.bool_),
        trenches[:, 3],
        np.concatenate(vertices),
        np.concatenate(sideways),
        np.concatenate(of_trench),
        trenches[:, 4].astype(np.bool_),
    )


def _vertices(chain: Chain) -> tuple[NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Return vertices of a chain, the way from return to supply pipe at each, and which vertices are ends and cuts.

    The sides run parallel and come together at both ends, over TAPER_M or a quarter of a short chain. The drawn
    direction has the supply on its right.
    """
    steps = np.diff(chain.path, axis=0)
    lengths = np.hypot(*steps.T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    total = along[-1]
    taper = min(TAPER_M, total / 4.0)
    wanted = np.unique(np.concatenate([along, [taper, total - taper], [cut[0] for cut in chain.cuts]]))
    xy = np.column_stack([np.interp(wanted, along, chain.path[:, 0]), np.interp(wanted, along, chain.path[:, 1])])
    unit = steps / lengths[:, None]
    before = unit[np.clip(np.searchsorted(along, wanted, "left") - 1, 0, len(unit) - 1)]
    after = unit[np.clip(np.searchsorted(along, wanted, "right") - 1, 0, len(unit) - 1)]
    normal = np.column_stack([(before + after)[:, 1], -(before + after)[:, 0]])
    # the mitre: the sum of two unit vectors is 2 cos(half the turn) long, the offset must be 1 / cos(half the turn)
    offset = SPACING_M * 2.0 * normal / (normal**2).sum(axis=1)[:, None]
    offset[[0, -1]] = 0.0
    xy[0], xy[-1] = chain.path[0], chain.path[-1]
    ends = np.searchsorted(wanted, [0.0, *(cut[0] for cut in chain.cuts), total])
    return xy, offset, [int(vertex) for vertex in ends]
