"""Implicit tiling written out: subtree files become explicit tiles.

3D Tiles 1.1, 7.5: a subtree holds bits for tiles, contents and child subtrees in Morton order. Viewers read the whole tree
anyhow, and an explicit tree is what our route serves; tilesets of others are therefore written out when they are brought in.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiles.errors import BadTileset3D
from tiles.tiles3d.gltf_file import Fetch, read_uri, require

MOST_TILES: Final = 200_000
"""Tiles of a tree that somebody brings."""
_MOST_LEVELS: Final = 16


@dataclass(frozen=True, slots=True)
class Place:
    """One tile of the implicit grid."""

    level: int
    x: int
    y: int
    z: int

    def uri(self, template: str) -> str:
        """Return a template address with the tile's numbers in it."""
        for name in ("level", "x", "y", "z"):
            template = template.replace(f"{{{name}}}", str(getattr(self, name)))
        return template

    def to(self, below: Place) -> tuple[int, int, int]:
        """Return where a tile below lies among those of its level, counted from this one."""
        depth = below.level - self.level
        return below.x - (self.x << depth), below.y - (self.y << depth), below.z - (self.z << depth)


@dataclass(frozen=True, slots=True)
class _Subtree:
    """Availability of one subtree: bits by level and Morton number."""

    tiles: NDArray[np.bool_]
    contents: tuple[NDArray[np.bool_], ...]
    children: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Implicit:
    """The implicit tiling of one tile.

    Attributes
    ----------
    dimensions
        2 (QUADTREE) or 3 (OCTREE).
    subtree_levels
        Levels of one subtree file.
    subtree_uri
        Template address of subtree files.
    """

    dimensions: int
    subtree_levels: int
    subtree_uri: str

    @classmethod
    def of(cls, given: dict[str, Any]) -> Implicit:
        """Check `implicitTiling` of a tile."""
        scheme, levels = given.get("subdivisionScheme"), given.get("subtreeLevels")
        require(scheme in ("QUADTREE", "OCTREE"), f"its implicit tiling has the unknown scheme {scheme!r}")
        require(isinstance(levels, int) and 1 <= levels <= _MOST_LEVELS, f"its subtrees have {levels} levels")
        uri = given.get("subtrees", {}).get("uri")
        require(isinstance(uri, str), "its implicit tiling does not say where its subtrees are")
        return cls(2 if scheme == "QUADTREE" else 3, int(str(levels)), str(uri))

    def expand(self, tile: dict[str, Any], fetch: Fetch) -> dict[str, Any]:
        """Return the tile as the root of an explicit tree; its box and its error are halved from level to level."""
        contents = tile.get("contents", [tile["content"]] if "content" in tile else [])
        kept = {name: value for name, value in tile.items() if name not in ("content", "contents", "implicitTiling")}
        root = Place(0, 0, 0, 0)
        made = _Expansion(self, contents, fetch).tile(root, root, kept, None)
        require(made is not None, "its implicit tiling has no tile at all")
        return made or {}


@dataclass(slots=True)
class _Expansion:
    """An implicit tiling while it is written out.

    `contents` are the entries with template addresses, `made` counts the tiles.
    """

    implicit: Implicit
    contents: list[dict[str, Any]]
    fetch: Fetch
    made: int = 0

    def tile(self, root: Place, place: Place, tile: dict[str, Any], subtree: _Subtree | None) -> dict[str, Any] | None:
        """Return the tile at a place of the subtree at `root`, with all below; None where there is none."""
        found = self._read(root) if subtree is None else subtree
        depth, dimensions = place.level - root.level, self.implicit.dimensions
        number = _morton(root.to(place), dimensions)
        if depth == self.implicit.subtree_levels:
            return self.tile(place, place, tile, None) if found.children[number] else None
        bit = (2 ** (dimensions * depth) - 1) // (2**dimensions - 1) + number
        if not found.tiles[bit]:
            return None
        self.made += 1
        require(self.made <= MOST_TILES, f"its implicit tiling has more than {MOST_TILES} tiles")
        below = (self._child(root, place, tile, found, part) for part in range(2**dimensions))
        children = [child for child in below if child is not None]
        return tile | self._shown(place, found, bit) | ({"children": children} if children else {})

    def _shown(self, place: Place, subtree: _Subtree, bit: int) -> dict[str, Any]:
        given = zip(self.contents, subtree.contents, strict=True)
        shown = [entry | {"uri": place.uri(entry["uri"])} for entry, bits in given if bits[bit]]
        return {} if not shown else {"content": shown[0]} if len(shown) == 1 else {"contents": shown}

    def _child(self, root: Place, place: Place, tile: dict[str, Any], subtree: _Subtree, part: int) -> dict[str, Any] | None:
        step = (part & 1, part >> 1 & 1, part >> 2 & 1)
        below = Place(place.level + 1, 2 * place.x + step[0], 2 * place.y + step[1], 2 * place.z + step[2])
        volume = _part_of(tile["boundingVolume"], step, self.implicit.dimensions)
        child = {"boundingVolume": volume, "geometricError": tile["geometricError"] / 2, "refine": tile.get("refine", "ADD")}
        return self.tile(root, below, child, subtree)

    def _read(self, root: Place) -> _Subtree:
        uri = root.uri(self.implicit.subtree_uri)
        try:
            return self._decode(self.fetch(uri))
        except BadTileset3D as error:
            raise BadTileset3D(f"subtree {uri}: {error}") from None

    def _decode(self, data: bytes) -> _Subtree:
        document, binary = _parts(data)
        buffers = [read_uri(entry["uri"], self.fetch) if "uri" in entry else binary for entry in document.get("buffers", [])]
        levels, fan = self.implicit.subtree_levels, 2**self.implicit.dimensions
        tiles = (fan**levels - 1) // (fan - 1)
        given = document.get("contentAvailability", [{"constant": 0}] * len(self.contents))
        require(len(given) == len(self.contents), f"it has {len(given)} lists of contents, the tile has {len(self.contents)}")
        return _Subtree(
            _bits(document, buffers, document.get("tileAvailability", {}), tiles),
            tuple(_bits(document, buffers, entry, tiles) for entry in given),
            _bits(document, buffers, document.get("childSubtreeAvailability", {}), fan**levels),
        )


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    if data[:4] != b"subt":
        try:
            return dict(json.loads(data)), b""
        except ValueError:
            raise BadTileset3D("it is neither binary nor JSON") from None
    require(len(data) >= 24, "it is cut off in its header")
    version, text, binary = struct.unpack_from("<IQQ", data, 4)
    require(version == 1, f"it has version {version}, only 1 is read")
    require(24 + text + binary <= len(data), f"its header says {24 + text + binary} bytes, it has {len(data)}")
    return dict(json.loads(data[24 : 24 + text])), data[24 + text : 24 + text + binary]


def _bits(document: dict[str, Any], buffers: list[bytes], entry: dict[str, Any], count: int) -> NDArray[np.bool_]:
    if "constant" in entry:
        return np.full(count, bool(entry["constant"]))
    number = entry.get("bitstream", entry.get("bufferView"))  # the second name is that of drafts
    views = document.get("bufferViews", [])
    require(isinstance(number, int) and 0 <= number < len(views), f"it names bit stream {number}, there are {len(views)}")
    view = views[number]
    data = buffers[view["buffer"]][view.get("byteOffset", 0) :][: view["byteLength"]]
    require(len(data) * 8 >= count, f"bit stream {number} has {len(data) * 8} bits, {count} are needed")
    found = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[:count].astype(bool)
    said = entry.get("availableCount")
    require(said is None or said == int(found.sum()), f"bit stream {number} says {said} set bits, it has {int(found.sum())}")
    return found


def _morton(numbers: tuple[int, int, int], dimensions: int) -> int:
    return sum(
        (numbers[axis] >> bit & 1) << (bit * dimensions + axis) for axis in range(dimensions) for bit in range(_MOST_LEVELS)
    )


def _part_of(volume: dict[str, Any], step: tuple[int, ...], dimensions: int) -> dict[str, Any]:
    """Return one half of a volume along each axis that is divided."""
    if "box" in volume:
        box = np.array(volume["box"], dtype=np.float64).reshape(4, 3)
        for axis in range(dimensions):
            box[axis + 1] /= 2
            box[0] += box[axis + 1] * (2 * step[axis] - 1)
        return {"box": box.ravel().tolist()}
    require("region" in volume, "only a box or a region can be divided by implicit tiling")
    region = np.array(volume["region"], dtype=np.float64)
    for axis, (low, high) in zip(range(dimensions), ((0, 2), (1, 3), (4, 5)), strict=False):
        middle = (region[low] + region[high]) / 2
        region[low if step[axis] else high] = middle
    return {"region": region.tolist()}
