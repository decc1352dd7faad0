"""The tile tree: a quadtree that shows the largest solids first, as an explicit tileset.json.

Each node draws its largest solids and leaves the rest to its quarters, which are added (`refine: ADD`). The geometric error
of a node is the size of the largest solid it leaves out, so it falls from parent to child and means what 3D Tiles 1.1
(OGC 22-025r4, 6.5.2) says: metres by which the picture is wrong while the children are not drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

CAPACITY = 500
"""Solids a tile draws."""
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Solids:
    """What the tree needs of each solid: its box in the frame of the tileset.

    Attributes
    ----------
    low_m, high_m
        East, north, up of opposite corners, shape (n, 3).
    """

    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]

    @property
    def sizes_m(self) -> NDArray[np.float64]:
        """Diagonal of each box."""
        sizes: NDArray[np.float64] = np.linalg.norm(self.high_m - self.low_m, axis=1)
        return sizes


@dataclass(slots=True)
class Node:
    """One tile.

    Attributes
    ----------
    path
        `r`, then the quarter of each level (0 south-west, 1 south-east, 2 north-west, 3 north-east).
    owners
        Rows of the solids drawn here, rising.
    geometric_error_m
        Size of the largest solid left to the children; 0 for a leaf.
    low_m, high_m
        Corners of the box round the solids of the node and of all below.
    children
        In the order of their paths.
    """

    path: str
    owners: NDArray[np.int64]
    geometric_error_m: float
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield the node and all below, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def build_tree(solids: Solids, *, capacity: int = CAPACITY) -> Node:
    """Return the root of the tree of at least one solid.

    The tree depends on the boxes and their order only.
    """
    by_size = np.argsort(-solids.sizes_m, kind="stable")
    middles = (solids.low_m[:, :2] + solids.high_m[:, :2]) / 2
    low, high = middles.min(axis=0), middles.max(axis=0)
    half = max(float((high - low).max()) / 2, 1.0)
    return _node("r", by_size, (low + high) / 2, half, solids=solids, middles=middles, capacity=capacity)


def _node(
    path: str,
    by_size: NDArray[np.int64],
    centre: NDArray[np.float64],
    half: float,
    *,
    solids: Solids,
    middles: NDArray[np.float64],
    capacity: int,
) -> Node:
    shown, rest = by_size[:capacity], by_size[capacity:]
    if len(path) > _MAX_DEPTH:  # solids on one spot cannot be parted
        shown, rest = by_size, by_size[:0]
    error = float(solids.sizes_m[rest].max()) if len(rest) else 0.0
    box = (solids.low_m[by_size].min(axis=0), solids.high_m[by_size].max(axis=0))
    node = Node(path, np.sort(shown), error, *box)
    quarter = (middles[rest, 0] >= centre[0]) + 2 * (middles[rest, 1] >= centre[1])
    for number in np.unique(quarter):
        offset = half / 2 * np.array([1 if number & 1 else -1, 1 if number & 2 else -1])
        part = rest[quarter == number]
        child = _node(f"{path}{number}", part, centre + offset, half / 2, solids=solids, middles=middles, capacity=capacity)
        node.children.append(child)
    return node


def tileset_json(root: Node, uris: dict[str, str], transform: list[float], *, heights: str) -> bytes:
    """Return the bytes of tileset.json.

    Parameters
    ----------
    root
        From `build_tree`.
    uris
        Path of each node to the relative address of its content.
    transform
        From the frame to earth-centred coordinates, 16 numbers by column.
    heights
        What height 0 is; written into `asset.extras`.
    """
    tree = _tile(root, uris)
    largest = float(np.linalg.norm(root.high_m - root.low_m))
    document = {
        "asset": {"version": "1.1", "extras": {"generator": "heat twin", "heights": heights}},
        "geometricError": max(largest, root.geometric_error_m),
        "root": tree | {"transform": transform},
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _tile(node: Node, uris: dict[str, str]) -> dict[str, Any]:
    tile: dict[str, Any] = {
        "boundingVolume": {"box": _box(node)},
        "geometricError": node.geometric_error_m,
        "refine": "ADD",
        "content": {"uri": uris[node.path]},
    }
    if node.children:
        tile["children"] = [_tile(child, uris) for child in node.children]
    return tile


def _box(node: Node) -> list[float]:
    """Return centre and half axes; a centimetre wider than the solids, which are rounded when quantised."""
    centre, half = (node.low_m + node.high_m) / 2, (node.high_m - node.low_m) / 2 + 0.01
    return [round(float(value), 4) for value in [*centre, half[0], 0, 0, 0, half[1], 0, 0, 0, half[2]]]
