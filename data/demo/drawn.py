"""The drawn network as its own codes tell it: which pipe ends share a node, who feeds whom. No position is compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from data.demo.desk import Desk

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pipes and the nodes at which they end; arrays of shape (pipes,) unless said otherwise.

    Attributes
    ----------
    code, side, pair_code
        Of the pipes.
    secondary
        Whether the pipe belongs to a secondary network.
    ends
        Node of the start and the end, shape (pipes, 2); the sides and levels have nodes of their own.
    end_codes
        Codes of the start and the end, shape (pipes, 2).
    degree
        Number of pipe ends at each node, shape (nodes,).
    length_m
        Length.
    mate
        Pipe of the other side; -1 = none.
    order, first
        Places of all ends ordered by node, and where each node's begin: an end is `pipe + pipes * which`.
    tree
        Positions of all pipe ends.
    """

    code: NDArray[np.object_]
    side: NDArray[np.object_]
    pair_code: NDArray[np.object_]
    secondary: NDArray[np.bool_]
    ends: Integers
    end_codes: NDArray[np.object_]
    degree: Integers
    length_m: NDArray[np.float64]
    mate: Integers
    order: Integers
    first: Integers
    tree: cKDTree

    def pipes_at(self, node: int) -> Integers:
        """Return the pipes that end at a node."""
        found: Integers = self.order[self.first[node] : self.first[node + 1]] % len(self.code)
        return found

    def is_clear(self, xy: NDArray[np.float64], metres: float = 0.15) -> bool:
        """Tell whether no pipe ends near a position."""
        return bool(self.tree.query(xy)[0] > metres)

    def beyond(self, pipe: int, which: int, most: int) -> list[int]:
        """Return the pipes that hang on a pipe's other end, itself first; empty when they are more than `most`."""
        part, seen, nodes = [pipe], {pipe}, [int(self.ends[pipe, 1 - which])]
        while nodes and len(part) <= most:
            for other in self.pipes_at(nodes.pop()).tolist():
                if other not in seen:
                    seen.add(other)
                    part.append(other)
                    nodes += self.ends[other].tolist()
        return part if len(part) <= most else []


def read_drawn(desk: Desk) -> Drawn:
    """Number the nodes of the pipes that lie on the desk."""
    frame = desk.frame("pipe")
    side, level = frame["side"].to_numpy(object), frame["network_level"].to_numpy(object)
    secondary = np.asarray(level == "secondary")
    codes = np.column_stack([frame["start_code"].to_numpy(object), frame["end_code"].to_numpy(object)])
    group = pd.Series(side).astype(str) + np.where(secondary, "2", "1")
    keys = pd.concat([group + pd.Series(codes[:, which]).astype(str) for which in (0, 1)], ignore_index=True)
    node = pd.factorize(keys)[0].astype(np.int64)
    degree = np.bincount(node)
    shapes = frame.geometry.to_numpy()
    xy = shapely.get_coordinates(shapely.get_point(np.concatenate([shapes, shapes]), np.repeat([0, -1], len(shapes))))
    return Drawn(
        code=frame["code"].to_numpy(object),
        side=side,
        pair_code=frame["pair_code"].to_numpy(object),
        secondary=secondary,
        ends=node.reshape(2, -1).T,
        end_codes=codes,
        degree=degree,
        length_m=shapely.length(shapes),
        mate=_mates(side, frame["pair_code"]),
        order=np.argsort(node, kind="stable"),
        first=np.concatenate([[0], np.cumsum(degree)]),
        tree=cKDTree(xy),
    )


def _mates(side: NDArray[np.object_], pair_code: pd.Series) -> Integers:
    place = pd.Series(np.arange(len(side)), index=pair_code.to_numpy())
    supply, back = place[side == "supply"], place[side == "return"]
    both = pd.concat([supply.rename("supply"), back.rename("back")], axis=1, join="inner")
    mates = np.full(len(side), -1, np.int64)
    mates[both["supply"]], mates[both["back"]] = both["back"], both["supply"]
    return mates


class PrimaryParts:
    """What hangs together on the primary network of one side while closed valves stay closed, and which sources run in it.

    It remembers the cuts that were made, so that several together part nothing either.
    """

    def __init__(self, desk: Desk, drawn: Drawn, side: str) -> None:
        self._pipes = np.flatnonzero(~drawn.secondary & (drawn.side == side))
        valves, sources = desk.frame("valve"), desk.frame("plant")
        closed = set(valves["code"][valves["normal_state"] == "closed"])
        ends = drawn.ends[self._pipes].copy()
        shut = pd.DataFrame(drawn.end_codes[self._pipes]).isin(closed).to_numpy()
        self._free = len(drawn.degree)
        ends[shut] = self._free + np.arange(np.count_nonzero(shut))
        self._free += int(np.count_nonzero(shut))
        self._ends = ends
        self._place = pd.Series(np.arange(len(self._pipes)), index=self._pipes)
        running = sources["code"][sources["running"].astype(str) == "true"]
        self._codes = pd.DataFrame({"code": drawn.end_codes[self._pipes].ravel(), "node": ends.ravel()}).drop_duplicates("code")
        self._sources = self._codes[self._codes["code"].isin(set(running))]
        self._there = np.ones(len(ends), bool)
        self._unfed = self._count_unfed(ends, self._there)

    def sources_of(self, codes: Iterable[str]) -> dict[str, set[str]]:
        """Return, for things on the primary network, the running sources of their part."""
        label = self._labels(self._ends)
        of: dict[int, set[str]] = {}
        for code, node in self._sources.itertuples(index=False):
            of.setdefault(int(label[node]), set()).add(code)
        here = self._codes[self._codes["code"].isin(set(codes))]
        return {code: of.get(int(label[node]), set()) for code, node in here.itertuples(index=False)}

    def try_cut(self, pipe: int, *, whole: bool = False) -> bool:
        """Take the end of a pipe off its node, or take the whole pipe out, when no further part loses its sources by that."""
        ends, there = self._ends.copy(), self._there.copy()
        place = int(self._place[pipe])
        there[place] = not whole
        ends[place, 1] = self._free
        if self._count_unfed(ends, there) > self._unfed:
            return False
        self._ends, self._there, self._free = ends, there, self._free + 1
        return True

    def _count_unfed(self, ends: Integers, there: NDArray[np.bool_]) -> int:
        label = self._labels(ends[there])
        fed = np.zeros(label.max() + 1, bool)
        fed[label[self._sources["node"]]] = True
        return int(np.count_nonzero(~fed[label[ends[there, 0]]]))

    def _labels(self, ends: Integers) -> Integers:
        count = self._free + 1
        graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
        labels: Integers = connected_components(graph, directed=False)[1].astype(np.int64)
        return labels
