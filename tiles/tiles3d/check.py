"""Checks 3D Tiles on disk: what gltf-validator does not look at.

The validator knows glTF but not EXT_mesh_features and EXT_structural_metadata; this module checks that feature rows exist,
columns have the length of the table, string offsets rise inside their values, volumes hold what they should and errors fall.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tiles.errors import BadTileset3D
from tiles.tiles3d.columns import DTYPES
from tiles.tiles3d.gltf_file import GltfFile, node_matrix, read_gltf
from tiles.tiles3d.metadata_check import TableFound, check_metadata

_COMPONENTS = {5120: "i1", 5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_LENGTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TOLERANCE_M = 0.02
_FAULTS: Final = (
    "",
    "a vertex is of a feature row that the property table does not have",
    "a position is not a number",
    "an index points beyond the vertices",
    "a triangle joins two features",
)
_UNREADABLE: Final = (KeyError, ValueError, IndexError, TypeError, AttributeError, ArithmeticError, struct.error)
"""What damaged JSON makes of a reader that expects the fields of its own writer."""


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
    columns
        The property table by name; texts as str. A text column that the file leaves out is not here.
    """

    positions_m: NDArray[np.float64]
    features: NDArray[np.int64]
    triangles: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    @property
    def asset_ids(self) -> NDArray[np.int64]:
        """Column `asset_id`."""
        return self.columns["asset_id"].astype(np.int64)


def read_glb(content: bytes) -> GlbContent:
    """Read a glb of this writer and check its metadata.

    Raises
    ------
    BadTileset3D
        When feature rows, columns, offsets or counts do not agree; the message says which.
    """
    document, binary = _chunks(content)
    metadata = document["extensions"]["EXT_structural_metadata"]
    count = int(metadata["propertyTables"][0]["count"])
    instanced = "EXT_mesh_gpu_instancing" in document["extensionsUsed"]
    parts = _instances(document, binary) if instanced else [_mesh(document, binary, count)]
    starts = np.cumsum([0, *(len(positions) for positions, _, _ in parts[:-1])])
    positions = np.concatenate([part[0] for part in parts])
    features = np.concatenate([part[1] for part in parts])
    triangles = np.concatenate([part[2] + start for part, start in zip(parts, starts, strict=True)])
    _require(len(features) == len(positions), "not every vertex has a feature row")
    covered = features.min() >= 0 and features.max() == count - 1 and bool(np.bincount(features).all())
    _require(covered, f"feature rows {features.min()}..{features.max()} do not cover 0..{count - 1}")
    _require(triangles.max() < len(positions), "an index points beyond the vertices")
    _require(bool((features[triangles] == features[triangles[:, :1]]).all()), "a triangle joins two features")
    return GlbContent(positions, features, triangles, _columns(document, binary, metadata))


_Part: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]
"""Positions (z up), feature row of each vertex, triangles."""


def _mesh(document: dict[str, Any], binary: bytes, count: int) -> _Part:
    primitive = document["meshes"][0]["primitives"][0]
    declared = primitive["extensions"]["EXT_mesh_features"]["featureIds"][0]["featureCount"]
    _require(declared == count, f"the mesh declares {declared} features, the property table has {count} rows")
    attributes = primitive["attributes"]
    positions = _positions(document, binary, attributes["POSITION"])
    features = _accessor(document, binary, attributes["_FEATURE_ID_0"]).astype(np.int64).ravel()
    return positions, features, _accessor(document, binary, primitive["indices"]).astype(np.int64).reshape(-1, 3)


def _instances(document: dict[str, Any], binary: bytes) -> list[_Part]:
    """Return every instance as triangles of its own."""
    middle = np.array(document["nodes"][0]["translation"])
    parts = []
    for node in document["nodes"][1:]:
        primitive = document["meshes"][node["mesh"]]["primitives"][0]
        shape = _accessor(document, binary, primitive["attributes"]["POSITION"]).astype(np.float64)
        triangles = _accessor(document, binary, primitive["indices"]).astype(np.int64).reshape(-1, 3)
        places = node["extensions"]["EXT_mesh_gpu_instancing"]["attributes"]
        moves, turns, scales, rows = (
            _accessor(document, binary, places[name]).astype(np.float64)
            for name in ("TRANSLATION", "ROTATION", "SCALE", "_FEATURE_ID_0")
        )
        declared = node["extensions"]["EXT_instance_features"]["featureIds"][0]["featureCount"]
        _require(declared == len(rows), f"a model declares {declared} features and has {len(rows)} instances")
        _require(bool(np.allclose(np.linalg.norm(turns, axis=1), 1, atol=1e-5)), "a rotation is no unit quaternion")
        y_up = _turned(shape[None] * scales[:, None], turns) + moves[:, None] + middle
        each = len(shape)
        faces = (triangles[None] + each * np.arange(len(rows))[:, None, None]).reshape(-1, 3)
        z_up = y_up.reshape(-1, 3)[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
        parts.append((z_up, np.repeat(rows.astype(np.int64).ravel(), each), faces))
    return parts


def _turned(vectors: NDArray[np.float64], quaternions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn vectors of shape (n, k, 3) by unit quaternions x, y, z, w of shape (n, 4)."""
    x, y, z, w = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    turned: NDArray[np.float64] = vectors @ np.array(rows).transpose(2, 1, 0)
    return turned


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
    scaled = _accessor(document, binary, number) * np.array(node.get("scale", [1.0] * 3))
    y_up = _turned(scaled[None], np.array([node.get("rotation", [0.0, 0.0, 0.0, 1.0])]))[0] + np.array(node["translation"])
    z_up: NDArray[np.float64] = y_up[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    return z_up


def _columns(document: dict[str, Any], binary: bytes, metadata: dict[str, Any]) -> dict[str, NDArray[Any]]:
    table = metadata["propertyTables"][0]
    properties = metadata["schema"]["classes"][table["class"]]["properties"]
    count = int(table["count"])
    _require("asset_id" in table["properties"], "the property table has no column asset_id")
    for name, definition in properties.items():
        _require(name in table["properties"] or not definition.get("required"), f"required column {name} is missing")
    columns = {}
    for name, found in table["properties"].items():
        data = _view(document, binary, found["values"])
        offsets = _view(document, binary, found["stringOffsets"]) if "stringOffsets" in found else b""
        columns[name] = _column(name, properties[name], data, offsets, count)
    return columns


def _column(name: str, definition: dict[str, Any], data: bytes, offsets_data: bytes, count: int) -> NDArray[Any]:
    if definition["type"] != "STRING":
        values = np.frombuffer(data, DTYPES[definition["componentType"]])
        _require(len(values) == count, f"column {name} has {len(values)} rows, the table {count}")
        return values
    offsets = np.frombuffer(offsets_data, "<u4")
    _require(len(offsets) == count + 1, f"column {name} has {len(offsets)} offsets, the table {count} rows")
    _require(bool((np.diff(offsets.astype(np.int64)) >= 0).all()), f"string offsets of column {name} fall")
    _require(int(offsets[-1]) == len(data), f"string offsets of {name} end at {offsets[-1]}, the values have {len(data)} bytes")
    return np.array([data[start:end].decode() for start, end in pairwise(offsets)] or [""], dtype=object)[:count]


@dataclass(frozen=True, slots=True)
class ContentFound:
    """What a content file draws.

    Attributes
    ----------
    asset_ids
        In the order of the property table.
    low_m, high_m
        Box in the frame of the tileset, z up.
    triangles
        Triangles; of instances each counts.
    """

    asset_ids: NDArray[np.int64]
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    triangles: int


def check_file(path: Path, asset_ids: NDArray[np.uint32]) -> None:
    """Read a content file back from the disk and check it.

    Parameters
    ----------
    path
        A glb of a layer.
    asset_ids
        What it must draw, in the order of its rows.

    Raises
    ------
    BadTileset3D
        When it is not whole, contradicts itself or draws something else; the message names the file.
    """
    try:
        found = check_content(path.read_bytes())
        same = np.array_equal(found.asset_ids, asset_ids)
        _require(same, f"it draws {_some(found.asset_ids)}, where {_some(asset_ids)} are wanted")
    except BadTileset3D as error:
        raise BadTileset3D(f"{path.parent.name}/{path.name} fails its check: {error}") from None


def _some(ids: NDArray[Any]) -> str:
    return f"{len(ids)} assets ({', '.join(map(str, ids[:3].tolist()))}, ...)"


def check_content(content: bytes) -> ContentFound:
    """Check a content file of a layer.

    Raises
    ------
    BadTileset3D
        With the first fault.
    """
    try:
        file = read_gltf(content)
        report = check_metadata(file)
        _require(len(report.tables) == 1, f"it has {len(report.tables)} property tables, a layer writes one")
        return _found(file, report.tables[0], content)
    except _UNREADABLE as error:
        raise BadTileset3D(f"it cannot be read: {type(error).__name__} {error}") from None


def _found(file: GltfFile, table: TableFound, content: bytes) -> ContentFound:
    _require("asset_id" in table.columns, "its property table has no column asset_id")
    ids = np.array(table.columns["asset_id"], dtype=np.int64)
    _require(len(np.unique(ids)) == len(ids), "it draws an asset twice")
    if "EXT_mesh_gpu_instancing" in file.document.get("extensionsUsed", ()):
        whole = read_glb(content)
        points = whole.positions_m
        return ContentFound(ids, points.min(axis=0), points.max(axis=0), len(whole.triangles))
    return _surveyed(file, table, ids)


def _surveyed(file: GltfFile, table: TableFound, ids: NDArray[np.int64]) -> ContentFound:
    primitive = file.item("meshes", 0)["primitives"][0]
    declared = primitive["extensions"]["EXT_mesh_features"]["featureIds"][0]["featureCount"]
    _require(declared == table.count, f"the mesh declares {declared} features, the property table has {table.count} rows")
    given = primitive["attributes"]
    vertices = {name: file.accessor(number) for name, number in given.items()}
    positions, rows = vertices["POSITION"], vertices["_FEATURE_ID_0"].ravel()
    for name, length in (("POSITION", 3), ("NORMAL", 3), ("_FEATURE_ID_0", 1)):
        shape = vertices[name].shape
        _require(shape == (len(positions), length), f"{name} has {shape[0]} by {shape[1]} numbers for {len(positions)} vertices")
    triangles = file.accessor(primitive["indices"]).reshape(-1, 3)
    matrix = node_matrix(file.item("nodes", 0))[[0, 2, 1]] * [[1.0], [-1.0], [1.0]]  # z up
    used = np.zeros(table.count, dtype=np.bool_)
    box = np.array([[np.inf] * 3, [-np.inf] * 3])
    fault = _survey(np.ascontiguousarray(positions), np.ascontiguousarray(rows), triangles, matrix, used, box)
    _require(fault == 0, _FAULTS[fault])
    _require(bool(used.all()), f"feature row {int(np.argmin(used))} has no vertex")
    return ContentFound(ids, box[0], box[1], len(triangles))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _survey(  # noqa: PLR0917 - arrays
    positions: NDArray[Any],
    rows: NDArray[Any],
    triangles: NDArray[Any],
    matrix: NDArray[np.float64],
    used: NDArray[np.bool_],
    box: NDArray[np.float64],
) -> int:
    """Fill which rows have vertices and the box; return the number of the first fault in `_FAULTS`, 0 for none."""
    for vertex in range(len(positions)):
        if rows[vertex] >= len(used):
            return 1
        used[rows[vertex]] = True
        x, y, z = positions[vertex, 0], positions[vertex, 1], positions[vertex, 2]
        for axis in range(3):
            value = matrix[axis, 0] * x + matrix[axis, 1] * y + matrix[axis, 2] * z + matrix[axis, 3]
            if not np.isfinite(value):
                return 2
            box[0, axis], box[1, axis] = min(box[0, axis], value), max(box[1, axis], value)
    for face in range(len(triangles)):
        for corner in range(3):
            if triangles[face, corner] >= len(rows):
                return 3
            if rows[triangles[face, corner]] != rows[triangles[face, 0]]:
                return 4
    return 0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a tileset holds: content files, features, triangles and every asset id once, rising."""

    tiles: int
    features: int
    triangles: int
    asset_ids: NDArray[np.int64]


@dataclass(slots=True)
class _Walk:
    """What a walk over a tileset has seen: tiles with contents, triangles, and the assets of the leaves."""

    folder: Path
    contents: bool = True
    tiles: int = 0
    triangles: int = 0
    leaves: list[NDArray[np.int64]] = field(default_factory=list)


def check_tileset(folder: Path) -> CheckReport:
    """Walk a tileset on disk and check every tile.

    Raises
    ------
    BadTileset3D
        When a file is missing, a volume does not hold its content or its children, an error rises from parent to child,
        an asset is drawn in two leaves, or one of the far level is in no leaf.
    """
    walk = _walked(folder, contents=True)
    drawn = np.sort(np.concatenate(walk.leaves))
    _require(len(np.unique(drawn)) == len(drawn), "an asset is drawn in two leaves")
    return CheckReport(walk.tiles, len(drawn), walk.triangles, drawn)


def check_tree(folder: Path) -> None:
    """Check the tree of a tileset on disk, but not what is in its content files: `check_file` looks at those that are new.

    Raises
    ------
    BadTileset3D
        As `check_tileset`.
    """
    _walked(folder, contents=False)


def _walked(folder: Path, *, contents: bool) -> _Walk:
    path = folder / "tileset.json"
    walk = _Walk(folder, contents)
    try:
        document = json.loads(path.read_bytes())
        _check_tile(document["root"], walk, float(document["geometricError"]), None)
    except FileNotFoundError:
        raise BadTileset3D(f"{folder.name}/tileset.json does not exist") from None
    except _UNREADABLE as error:
        raise BadTileset3D(f"{folder.name}/tileset.json cannot be read: {type(error).__name__} {error}") from None
    return walk


def _check_tile(
    tile: dict[str, Any], walk: _Walk, parent_error: float, parent: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> NDArray[np.int64]:
    """Check a tile and all below; return the assets that its leaves draw."""
    error, box = float(tile["geometricError"]), _corners(tile["boundingVolume"]["box"])
    uri = tile.get("content", {}).get("uri", "a tile without content")
    _require(0 <= error <= parent_error, f"geometric error {error} of {uri} is above its parent's {parent_error}")
    _require(parent is None or _inside(box, parent), f"the volume of {uri} leaves its parent's")
    own = _check_content(walk, uri, box) if "content" in tile else np.empty(0, dtype=np.int64)
    children = tile.get("children", ())
    if not children:
        walk.leaves.append(own)
        return own
    _require(tile["refine"] == "REPLACE", f"{uri} adds to its children what they draw as well")
    below = np.concatenate([_check_tile(child, walk, error, box) for child in children])
    _require(bool(np.isin(own, below).all()), f"{uri} draws from afar what no leaf below it draws")
    return below


def _check_content(walk: _Walk, uri: str, box: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.int64]:
    _require((walk.folder / uri).is_file(), f"content {uri} does not exist")
    if not walk.contents:
        return np.empty(0, dtype=np.int64)
    try:
        found = check_content((walk.folder / uri).read_bytes())
        _require(_inside((found.low_m, found.high_m), box), "what it draws leaves its volume")
    except BadTileset3D as error:
        raise BadTileset3D(f"{walk.folder.name}/{uri}: {error}") from None
    walk.tiles += 1
    walk.triangles += found.triangles
    return found.asset_ids


def _corners(box: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centre, half = np.array(box[:3]), np.array([box[3], box[7], box[11]])
    return centre - half, centre + half


def _inside(
    inner: tuple[NDArray[np.float64], NDArray[np.float64]], outer: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> bool:
    return bool((inner[0] >= outer[0] - _TOLERANCE_M).all() and (inner[1] <= outer[1] + _TOLERANCE_M).all())
