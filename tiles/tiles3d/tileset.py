"""The tile tree: cells fixed in space, the far level above them, an explicit tileset.json.

A cell is a quarter of a quarter ... of the world in Web Mercator, named by its quadkey, so that an edit moves no cell: a feature
belongs to the cell its middle lies in. A cell with more features than a leaf holds is cut into four. What lies above the leaves
draws the largest features of all below it in their far form, and is replaced (`refine: REPLACE`) by its children. The
geometric error of such a tile is the size of the largest feature it does not draw, at least the error of the far form: metres
by which the picture is wrong while the children are not drawn (3D Tiles 1.1, OGC 22-025r4, 6.5.2).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from py3dtiles.tileset import Tile
from py3dtiles.tileset.bounding_volume_box import BoundingVolumeBox

_DEPTH = 22
"""Cells are cut down to 10 m; more features on one spot than a leaf holds are drawn together."""


@dataclass(slots=True)
class Node:
    """One tile.

    Attributes
    ----------
    quadkey
        Digits 0 (north-west) to 3 (south-east) of a Web Mercator cell; empty for the world.
    rows
        Features drawn here, rising.
    far
        Whether they are drawn in their far form.
    geometric_error_m
        0 for a leaf.
    children
        In the order of their quadkeys.
    """

    quadkey: str
    rows: NDArray[np.int64]
    far: bool
    geometric_error_m: float
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield the node and all below, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Capacity:
    """How a layer is cut: features of a leaf, features of a far tile (0: draws nothing), error of the far form in metres."""

    leaf: int
    far: int
    far_error_m: float


def cell_codes(lonlat_deg: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the smallest cell of each point, whose base-4 digits are its quadkey."""
    x = (lonlat_deg[:, 0] + 180) / 360
    y = 0.5 - np.arcsinh(np.tan(np.radians(np.clip(lonlat_deg[:, 1], -85.05, 85.05)))) / (2 * np.pi)
    cells = (np.clip([x, y], 0, 1 - 2.0**-40) * 2.0**_DEPTH).astype(np.int64)
    return _spread(cells[0]) | (_spread(cells[1]) << 1)


def _spread(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put a 0 before each binary digit."""
    spread = values.copy()
    for shift, mask in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F), (2, 0x3333333333333333), (1, 0x5555555555555555)):  # fmt: skip  # noqa: E501
        spread = (spread | (spread << shift)) & mask
    return spread


def build_tree(lonlat_deg: NDArray[np.float64], sizes_m: NDArray[np.float64], capacity: Capacity) -> Node:
    """Return the root over at least one feature.

    It depends on the places, sizes and order of the features only; one that changes touches its leaf and what is above.
    """
    codes = cell_codes(lonlat_deg)
    order = np.argsort(codes, kind="stable")
    return _Cutter(codes[order], order, sizes_m, capacity).node(0, len(order), 0)


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Features in the order of their cells."""

    codes: NDArray[np.int64]
    order: NDArray[np.int64]
    sizes_m: NDArray[np.float64]
    capacity: Capacity

    def node(self, start: int, end: int, depth: int) -> Node:
        """Return the smallest cell that holds features `start` to `end - 1`, at or below a depth."""
        depth = max(depth, self._common_depth(start, end))
        rows = np.sort(self.order[start:end])
        quadkey = "".join(str(int(self.codes[start]) >> 2 * (_DEPTH - 1 - level) & 3) for level in range(depth))
        if end - start <= self.capacity.leaf or depth >= _DEPTH:
            return Node(quadkey, rows, far=False, geometric_error_m=0.0)
        children = [self.node(first, last, depth + 1) for first, last in self._quarters(start, end, depth)]
        drawn, error = self._far(rows)
        error = max(error, *(child.geometric_error_m for child in children))
        return Node(quadkey, drawn, far=True, geometric_error_m=error, children=children)

    def _common_depth(self, start: int, end: int) -> int:
        differing = int(self.codes[start] ^ self.codes[end - 1])
        return _DEPTH - (differing.bit_length() + 1) // 2

    def _quarters(self, start: int, end: int, depth: int) -> Iterator[tuple[int, int]]:
        digits = self.codes[start:end] >> 2 * (_DEPTH - 1 - depth) & 3
        edges = start + np.searchsorted(digits, np.arange(5))
        return ((int(first), int(last)) for first, last in pairwise(edges) if last > first)

    def _far(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
        sizes = self.sizes_m[rows]
        largest = np.argsort(-sizes, kind="stable")
        shown, rest = largest[: self.capacity.far], largest[self.capacity.far :]
        missing = float(sizes[rest[0]]) if len(rest) else 0.0
        return np.sort(rows[shown]), max(missing, self.capacity.far_error_m)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The content of a node: its file name and the corners of its box in the frame of the tileset."""

    name: str
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]


def tileset_json(root: Node, drawn: Mapping[str, Drawn], transform: NDArray[np.float64], extras: Mapping[str, Any]) -> bytes:
    """Return the bytes of tileset.json.

    Parameters
    ----------
    root
        From `build_tree`.
    drawn
        Content by quadkey; a far tile may have none.
    transform
        From the frame to earth-centred coordinates, shape (4, 4).
    extras
        Written into `asset.extras`.
    """
    tile, low, high = _tile(root, drawn)
    tile.transform = transform
    document = {
        "asset": {"version": "1.1", "extras": {"generator": "heat twin", **extras}},
        "geometricError": max(float(np.linalg.norm(high - low)), root.geometric_error_m),
        "root": tile.to_dict(),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _tile(node: Node, drawn: Mapping[str, Drawn]) -> tuple[Tile, NDArray[np.float64], NDArray[np.float64]]:
    below = [_tile(child, drawn) for child in node.children]
    own = drawn.get(node.quadkey)
    boxes = [(low, high) for _, low, high in below] + ([] if own is None else [(own.low_m, own.high_m)])
    low, high = np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)
    tile = Tile(node.geometric_error_m, _volume(low, high), refine_mode="REPLACE", content_uri=None if own is None else own.name)
    tile.children = [child for child, _, _ in below]
    return tile, low, high


def _volume(low: NDArray[np.float64], high: NDArray[np.float64]) -> BoundingVolumeBox:
    centre, half = (low + high) / 2, (high - low) / 2 + 0.005
    return BoundingVolumeBox.from_list([round(float(v), 3) for v in [*centre, half[0], 0, 0, 0, half[1], 0, 0, 0, half[2]]])


def every_tile(tile: dict[str, Any], visit: Callable[[dict[str, Any]], None]) -> None:
    """Call `visit` with a tile of a parsed tileset.json and with all below it."""
    visit(tile)
    for child in tile.get("children", ()):
        every_tile(child, visit)
