"""Checks 3D Tiles on disk: what gltf-validator does not look at.

The validator knows glTF but not EXT_mesh_features and EXT_structural_metadata; this module checks that feature rows exist,
columns have the length of the table, string offsets rise inside their values, volumes hold what they should and errors fall.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.errors import BadTileset3D

_COMPONENTS = {5120: "i1", 5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_LENGTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TOLERANCE_M = 0.02


@dataclass(frozen=True, slots=True)
class GlbContent:
    """A glb as read back.

    Attributes
    ----------
    positions_m
        East, north, up (z-up again, node transform applied), shape (vertices, 3).
    features
        Feature row of each vertex.
    triangles
        Vertex numbers, shape (triangles, 3).
    asset_ids, heights_m, names
        The property table.
    """

    positions_m: NDArray[np.float64]
    features: NDArray[np.int64]
    triangles: NDArray[np.int64]
    asset_ids: NDArray[np.int64]
    heights_m: NDArray[np.float64]
    names: tuple[str, ...]


def read_glb(content: bytes) -> GlbContent:
    """Read a glb of this writer and check its metadata.

    Raises
    ------
    BadTileset3D
        When feature rows, columns, offsets or counts do not agree; the message says which.
    """
    document, binary = _chunks(content)
    primitive = document["meshes"][0]["primitives"][0]
    attributes = primitive["attributes"]
    positions = _positions(document, binary, attributes["POSITION"])
    features = _accessor(document, binary, attributes["_FEATURE_ID_0"]).astype(np.int64).ravel()
    triangles = _accessor(document, binary, primitive["indices"]).astype(np.int64).reshape(-1, 3)
    metadata = document["extensions"]["EXT_structural_metadata"]
    table = metadata["propertyTables"][0]
    declared = primitive["extensions"]["EXT_mesh_features"]["featureIds"][0]["featureCount"]
    count = int(table["count"])
    _require(declared == count, f"the mesh declares {declared} features, the property table has {count} rows")
    used = np.unique(features)
    _require(len(features) == len(positions), "not every vertex has a feature row")
    _require(np.array_equal(used, np.arange(count)), f"feature rows {used.min()}..{used.max()} do not cover 0..{count - 1}")
    _require(triangles.max() < len(positions), "an index points beyond the vertices")
    _require(bool((features[triangles] == features[triangles[:, :1]]).all()), "a triangle joins two features")
    return GlbContent(positions, features, triangles, *_columns(document, binary, table))


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise BadTileset3D(problem)


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, length = struct.unpack_from("<4sII", content)
    _require(magic == b"glTF" and version == 2, "this is not a glb of version 2")
    _require(length == len(content), f"the header says {length} bytes, the file has {len(content)}")
    text_length = struct.unpack_from("<I", content, 12)[0]
    binary_start = 20 + text_length
    binary_length = struct.unpack_from("<I", content, binary_start)[0]
    return json.loads(content[20:binary_start]), content[binary_start + 8 : binary_start + 8 + binary_length]


def _view(document: dict[str, Any], binary: bytes, number: int) -> bytes:
    view = document["bufferViews"][number]
    start = view.get("byteOffset", 0)
    _require(start % 8 == 0, f"buffer view {number} starts at {start}, not on 8 bytes")
    _require(start + view["byteLength"] <= len(binary), f"buffer view {number} ends beyond the buffer")
    return binary[start : start + view["byteLength"]]


def _accessor(document: dict[str, Any], binary: bytes, number: int) -> NDArray[Any]:
    accessor = document["accessors"][number]
    kind, length = np.dtype(_COMPONENTS[accessor["componentType"]]), _LENGTHS[accessor["type"]]
    view = document["bufferViews"][accessor["bufferView"]]
    stride = view.get("byteStride", kind.itemsize * length)
    data = _view(document, binary, accessor["bufferView"])
    offset, count = accessor.get("byteOffset", 0), accessor["count"]
    _require(offset + stride * (count - 1) + kind.itemsize * length <= len(data), f"accessor {number} ends beyond its view")
    return np.ndarray((count, length), kind, data, offset, (stride, kind.itemsize))


def _positions(document: dict[str, Any], binary: bytes, number: int) -> NDArray[np.float64]:
    node = document["nodes"][0]
    y_up = _accessor(document, binary, number) * np.array(node["scale"]) + np.array(node["translation"])
    z_up: NDArray[np.float64] = y_up[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    return z_up


def _columns(
    document: dict[str, Any], binary: bytes, table: dict[str, Any]
) -> tuple[NDArray[np.int64], NDArray[np.float64], tuple[str, ...]]:
    count, properties = int(table["count"]), table["properties"]
    asset_ids = np.frombuffer(_view(document, binary, properties["asset_id"]["values"]), "<u4").astype(np.int64)
    heights = np.frombuffer(_view(document, binary, properties["height"]["values"]), "<f4").astype(np.float64)
    _require(len(asset_ids) == count, f"column asset_id has {len(asset_ids)} rows, the table {count}")
    _require(len(heights) == count, f"column height has {len(heights)} rows, the table {count}")
    _require(len(np.unique(asset_ids)) == count, "an asset_id stands twice in the table")
    if "name" not in properties:
        return asset_ids, heights, ("",) * count
    values = _view(document, binary, properties["name"]["values"])
    offsets = np.frombuffer(_view(document, binary, properties["name"]["stringOffsets"]), "<u4")
    _require(len(offsets) == count + 1, f"column name has {len(offsets)} offsets, the table {count} rows")
    _require(bool((np.diff(offsets.astype(np.int64)) >= 0).all()), "string offsets of column name fall")
    _require(int(offsets[-1]) == len(values), f"string offsets end at {offsets[-1]}, the values have {len(values)} bytes")
    names = tuple(values[start:end].decode() for start, end in pairwise(offsets))
    return asset_ids, heights, names


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a tileset holds: tiles, features, triangles and every asset id once, rising."""

    tiles: int
    features: int
    triangles: int
    asset_ids: NDArray[np.int64]


def check_tileset(folder: Path) -> CheckReport:
    """Walk a tileset on disk and check every tile.

    Raises
    ------
    BadTileset3D
        When a file is missing, a volume does not hold its content or its children, an error rises from parent to child,
        or an asset is drawn twice.
    """
    document = json.loads((folder / "tileset.json").read_bytes())
    contents: list[GlbContent] = []
    _check_tile(document["root"], folder, float(document["geometricError"]), None, contents)
    asset_ids = np.sort(np.concatenate([content.asset_ids for content in contents]))
    _require(len(np.unique(asset_ids)) == len(asset_ids), "an asset is drawn in two tiles")
    return CheckReport(len(contents), len(asset_ids), sum(len(content.triangles) for content in contents), asset_ids)


def _check_tile(
    tile: dict[str, Any],
    folder: Path,
    parent_error: float,
    parent: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    contents: list[GlbContent],
) -> None:
    uri, error, box = tile["content"]["uri"], float(tile["geometricError"]), _corners(tile["boundingVolume"]["box"])
    _require(0 <= error <= parent_error, f"geometric error {error} of {uri} is above its parent's {parent_error}")
    _require(parent is None or _inside(box, parent), f"the volume of {uri} leaves its parent's")
    _require((folder / uri).is_file(), f"content {uri} does not exist")
    content = read_glb((folder / uri).read_bytes())
    extent = (content.positions_m.min(axis=0), content.positions_m.max(axis=0))
    _require(_inside(extent, box), f"the content of {uri} leaves its volume")
    contents.append(content)
    for child in tile.get("children", ()):
        _check_tile(child, folder, error, box, contents)


def _corners(box: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centre, half = np.array(box[:3]), np.array([box[3], box[7], box[11]])
    return centre - half, centre + half


def _inside(
    inner: tuple[NDArray[np.float64], NDArray[np.float64]], outer: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> bool:
    return bool((inner[0] >= outer[0] - _TOLERANCE_M).all() and (inner[1] <= outer[1] + _TOLERANCE_M).all())
