"""Unwraps the tile formats of 3D Tiles 1.0: b3dm, i3dm, pnts and cmpt.

OGC 18-053r2, clause 10: a header, a feature table and a batch table (JSON and binary each), then a glTF. We write none of
them; files of others hold them.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

from tiles.errors import BadTileset3D
from tiles.tiles3d.gltf_file import Fetch, require

LEGACY: Final = (b"b3dm", b"i3dm", b"pnts", b"cmpt")
"""First four bytes of the formats."""
_COMPONENT_BYTES: Final = {
    **dict.fromkeys(("BYTE", "UNSIGNED_BYTE"), 1),
    **dict.fromkeys(("SHORT", "UNSIGNED_SHORT"), 2),
    **dict.fromkeys(("INT", "UNSIGNED_INT", "FLOAT"), 4),
    "DOUBLE": 8,
}
_LENGTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_POINT_BYTES: Final = {"POSITION": 12, "POSITION_QUANTIZED": 6, "RGBA": 4, "RGB": 3, "RGB565": 2, "NORMAL": 12}


@dataclass(frozen=True, slots=True)
class LegacyTile:
    """One unwrapped tile.

    Attributes
    ----------
    kind
        b3dm, i3dm or pnts.
    features, feature_bytes
        The feature table: JSON and binary.
    batches, batch_bytes
        The batch table: JSON and binary.
    gltf
        The glTF inside; None for points, and where it lies in another file.
    gltf_uri
        Address of a glTF in another file (i3dm); empty for none.
    """

    kind: str
    features: dict[str, Any]
    feature_bytes: bytes
    batches: dict[str, Any]
    batch_bytes: bytes
    gltf: bytes | None
    gltf_uri: str = ""

    @property
    def count(self) -> int:
        """Points, instances or batches, as the feature table says."""
        name = {"pnts": "POINTS_LENGTH", "i3dm": "INSTANCES_LENGTH", "b3dm": "BATCH_LENGTH"}[self.kind]
        value = self.features.get(name, 0 if self.kind == "b3dm" else None)
        require(isinstance(value, int) and value >= 0, f"{name} of the {self.kind} is {value}")
        return int(str(value))

    def model(self, fetch: Fetch) -> bytes | None:
        """Return the bytes of the glTF, also where it lies in another file; None for points."""
        return fetch(self.gltf_uri) if self.gltf_uri else self.gltf


def unwrap(content: bytes) -> list[LegacyTile]:
    """Return the tiles in a file of 3D Tiles 1.0; several where it is composite.

    Raises
    ------
    BadTileset3D
        When it is none of these formats, is cut off, or a table is shorter than its rows.
    """
    kind = content[:4]
    require(kind in LEGACY, f"{kind!r} is no format of 3D Tiles 1.0")
    require(len(content) >= 16, "the tile is cut off in its header")
    version, length, inside = struct.unpack_from("<III", content, 4)
    require(version == 1, f"the {kind.decode()} has version {version}, only 1 is read")
    require(length <= len(content), f"the header says {length} bytes, the file has {len(content)}")
    if kind != b"cmpt":
        return [_tile(kind.decode(), content[:length])]
    tiles, start = [], 16
    for _ in range(inside):
        require(start + 12 <= length, "the composite tile ends before its last tile")
        size = struct.unpack_from("<I", content, start + 8)[0]
        require(12 <= size <= length - start, f"a tile of {size} bytes does not fit into the composite tile")
        tiles.extend(unwrap(content[start : start + size]))
        start += size
    return tiles


def _tile(kind: str, content: bytes) -> LegacyTile:
    require(len(content) >= 32, "the tile is cut off in its header")
    sizes = struct.unpack_from("<IIII", content, 12)
    start = 32 if kind == "i3dm" else 28
    parts = []
    for size in sizes:
        require(start + size <= len(content), f"a table ends at {start + size}, the {kind} has {len(content)} bytes")
        parts.append(content[start : start + size])
        start += size
    rest, by_uri = content[start:], kind == "i3dm" and struct.unpack_from("<I", content, 28)[0] == 0
    uri = rest.rstrip(b"\0 ").decode(errors="replace") if by_uri else ""
    gltf = None if kind == "pnts" or by_uri else rest
    tile = LegacyTile(kind, _table(parts[0]), parts[1], _table(parts[2]), parts[3], gltf, uri)
    _check_rows(tile)
    return tile


def _table(content: bytes) -> dict[str, Any]:
    if not content.strip(b" \0"):
        return {}
    try:
        table = json.loads(content)
    except ValueError:
        raise BadTileset3D("a table of the tile is not JSON") from None
    require(isinstance(table, dict), "a table of the tile is not an object")
    return dict(table)


def _check_rows(tile: LegacyTile) -> None:
    count = tile.count
    if tile.kind == "pnts":
        drawn = "POSITION" in tile.features or "POSITION_QUANTIZED" in tile.features
        require(count > 0 and (drawn or "3DTILES_draco_point_compression" in tile.features.get("extensions", {})), "no points")
        for name, size in _POINT_BYTES.items():
            if name in tile.features and "extensions" not in tile.features:
                _check_end(name, tile.features[name], count * size, tile.feature_bytes)
    for name, column in tile.batches.items():
        if isinstance(column, list):
            require(len(column) == count, f"column {name} of the batch table has {len(column)} rows, not {count}")
        elif isinstance(column, dict) and "byteOffset" in column:
            known = column.get("componentType") in _COMPONENT_BYTES and column.get("type") in _LENGTHS
            require(known, f"column {name} of the batch table has no known type")
            size = _COMPONENT_BYTES[column["componentType"]] * _LENGTHS[column["type"]]
            _check_end(name, column, count * size, tile.batch_bytes)


def _check_end(name: str, column: dict[str, Any], size: int, data: bytes) -> None:
    end = int(column.get("byteOffset", 0)) + size
    require(end <= len(data), f"column {name} ends at {end}, its table has {len(data)} bytes")
