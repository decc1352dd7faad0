"""Reads any glTF 2.0 file, binary or text, with its buffers: accessors, nodes and the box round what it draws.

For files that others wrote. What a file points to is fetched by a function of the caller, so that this module opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from tiles.errors import BadTileset3D

Fetch: TypeAlias = Callable[[str], bytes]
"""Gives the bytes of a relative address; raises `BadTileset3D` for one that may not be read."""
Corners: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Lowest and highest east, north, up, each of shape (3,)."""

COMPONENTS: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_LENGTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_Z_UP: Final = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""From glTF (y up) to 3D Tiles (z up)."""


def require(condition: bool, problem: str) -> None:
    """Raise `BadTileset3D` with the problem unless the condition holds."""
    if not condition:
        raise BadTileset3D(problem)


def no_other_files(uri: str) -> bytes:
    """Refuse whatever a file points to."""
    raise BadTileset3D(f"it points to {uri!r}, another file; put everything into one .glb")


@dataclass(frozen=True, slots=True)
class GltfFile:
    """A glTF document and its buffers, in their order.

    Attributes
    ----------
    document
        The JSON of the file.
    buffers
        Bytes of each buffer.
    """

    document: dict[str, Any]
    buffers: tuple[bytes, ...]

    def items(self, name: str) -> list[Any]:
        """Return a top-level list of the document; empty where there is none."""
        found = self.document.get(name, [])
        require(isinstance(found, list), f"{name} is not a list")
        return list(found)

    def item(self, name: str, number: Any) -> dict[str, Any]:
        """Return one object of a top-level list."""
        found = self.items(name)
        known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(found)
        require(known, f"it names {name} {number}, there are {len(found)}")
        require(isinstance(found[number], dict), f"{name} {number} is not an object")
        return dict(found[number])

    def view(self, number: Any) -> bytes:
        """Return the bytes of a buffer view.

        Raises
        ------
        BadTileset3D
            When it does not exist or ends beyond its buffer.
        """
        view = self.item("bufferViews", number)
        start, length, buffer = view.get("byteOffset", 0), view.get("byteLength", -1), view.get("buffer", -1)
        require(all(isinstance(value, int) for value in (start, length, buffer)), f"buffer view {number} has no length")
        require(0 <= buffer < len(self.buffers), f"buffer view {number} names buffer {buffer}, there are {len(self.buffers)}")
        data = self.buffers[buffer]
        require(start >= 0 and length >= 1, f"buffer view {number} is empty")
        require(start + length <= len(data), f"buffer view {number} ends at {start + length}, its buffer has {len(data)} bytes")
        return bytes(data[start : start + length])

    def accessor(self, number: Any) -> NDArray[Any]:
        """Return the values of an accessor as stored, shape (count, length); zeros where it has no buffer view.

        Raises
        ------
        BadTileset3D
            When its type is unknown or it ends beyond its view.
        """
        accessor = self.item("accessors", number)
        kind, length = COMPONENTS.get(accessor.get("componentType", 0)), _LENGTHS.get(accessor.get("type", ""))
        require(kind is not None and length is not None, f"accessor {number} has no known type")
        assert kind is not None and length is not None  # noqa: PT018
        count, offset, item = int(accessor.get("count", 0)), int(accessor.get("byteOffset", 0)), np.dtype(kind)
        require(count > 0 and offset >= 0, f"accessor {number} has no values")
        if "bufferView" not in accessor:
            return np.zeros((count, length), item)
        data = self.view(accessor["bufferView"])
        stride = int(self.item("bufferViews", accessor["bufferView"]).get("byteStride", item.itemsize * length))
        end = offset + stride * (count - 1) + item.itemsize * length
        require(end <= len(data), f"accessor {number} ends at {end}, its view has {len(data)} bytes")
        return np.ndarray((count, length), item, data, offset, (stride, item.itemsize))

    def primitives(self) -> Iterator[dict[str, Any]]:
        """Yield every primitive of every mesh."""
        for mesh in self.items("meshes"):
            require(isinstance(mesh, dict) and bool(mesh.get("primitives")), "a mesh has no primitives")
            yield from mesh["primitives"]

    def placed_meshes(self) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
        """Yield each mesh that the scene draws with its matrix (4 by 4, y up); instanced ones once an instance."""
        scenes = self.items("scenes")
        if scenes:
            roots = self.item("scenes", self.document.get("scene", 0)).get("nodes", [])
        else:
            below = {child for node in self.items("nodes") for child in node.get("children", [])}
            roots = [number for number in range(len(self.items("nodes"))) if number not in below]
        stack = [(number, np.eye(4), 0) for number in reversed(roots)]
        while stack:
            number, above, depth = stack.pop()
            require(depth <= len(self.items("nodes")), f"node {number} is below itself")
            node = self.item("nodes", number)
            matrix = above @ node_matrix(node)
            if "mesh" in node:
                mesh = self.item("meshes", node["mesh"])
                yield from ((mesh, matrix @ instance) for instance in self._instances(node))
            stack.extend((child, matrix, depth + 1) for child in reversed(node.get("children", [])))

    def _instances(self, node: dict[str, Any]) -> Iterator[NDArray[np.float64]]:
        given = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes", {})
        if not given:
            yield np.eye(4)
            return
        values = {name: self.accessor(number).astype(np.float64) for name, number in given.items()}
        for row in range(len(next(iter(values.values())))):
            parts = {name.lower(): value[row].tolist() for name, value in values.items() if not name.startswith("_")}
            yield node_matrix(parts)

    def corners_m(self) -> Corners:
        """Return the box round all that is drawn, z up.

        Raises
        ------
        BadTileset3D
            When nothing is drawn, or a position is not a number.
        """
        boxes = [
            _transformed(self._position_corners(primitive), _Z_UP @ matrix)
            for mesh, matrix in self.placed_meshes()
            for primitive in mesh.get("primitives", [])
        ]
        require(bool(boxes), "nothing in it is drawn: its scene has no mesh")
        low, high = np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)
        require(bool(np.isfinite([low, high]).all()), "a position is not a number")
        return low, high

    def _position_corners(self, primitive: dict[str, Any]) -> Corners:
        number = primitive.get("attributes", {}).get("POSITION")
        require(number is not None, "a primitive has no positions")
        accessor = self.item("accessors", number)
        if "bufferView" in accessor and "sparse" not in accessor:
            stored = self.accessor(number)
            require(stored.shape[1] == 3, f"accessor {number} holds no positions")
            low, high = stored.min(axis=0).astype(np.float64), stored.max(axis=0).astype(np.float64)
        else:  # compressed by an extension: only its limits can be read
            require("min" in accessor and "max" in accessor, f"accessor {number} of positions has no limits")
            low, high = np.array(accessor["min"], dtype=np.float64), np.array(accessor["max"], dtype=np.float64)
        if accessor.get("normalized"):
            largest = float(np.iinfo(np.dtype(COMPONENTS[accessor["componentType"]])).max)
            low, high = np.maximum(low / largest, -1.0), high / largest
        return low, high


def node_matrix(node: dict[str, Any]) -> NDArray[np.float64]:
    """Return the transform of a node, shape (4, 4), y up."""
    if "matrix" in node:
        require(len(node["matrix"]) == 16, "the matrix of a node has not 16 numbers")
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64)
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix


def _transformed(corners: Corners, matrix: NDArray[np.float64]) -> Corners:
    """Return the box round a box that is moved by a matrix."""
    pick = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    points = np.column_stack([np.array(corners)[pick[:, axis], axis] for axis in range(3)])
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    return moved.min(axis=0), moved.max(axis=0)


def read_gltf(content: bytes, fetch: Fetch = no_other_files) -> GltfFile:
    """Read a glTF file, binary (.glb) or text (.gltf).

    Parameters
    ----------
    content
        The bytes of the file.
    fetch
        Gives the bytes of what the buffers point to.

    Raises
    ------
    BadTileset3D
        When it is no glTF of version 2, is cut off, or a buffer is shorter than it says.
    """
    document, binary = _glb_chunks(content) if content[:4] == b"glTF" else (_json(content), None)
    asset = document.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    require(str(version).startswith("2."), f"it is glTF {version}, only 2.0 is read" if version else "it is no glTF file")
    file = GltfFile(document, ())
    buffers = [_buffer(number, buffer, binary, fetch) for number, buffer in enumerate(file.items("buffers"))]
    return GltfFile(document, tuple(buffers))


def _json(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (UnicodeDecodeError, ValueError):
        raise BadTileset3D("it is no glTF file: neither a glb nor JSON") from None
    require(isinstance(document, dict), "it is no glTF file")
    return dict(document)


def _glb_chunks(content: bytes) -> tuple[dict[str, Any], bytes | None]:
    require(len(content) >= 20, "the glb is cut off in its header")
    version, length = struct.unpack_from("<II", content, 4)
    require(version == 2, f"it is a glb of version {version}, only 2 is read")
    require(length == len(content), f"the header says {length} bytes, the file has {len(content)}")
    chunks: dict[bytes, bytes] = {}
    start = 12
    while start + 8 <= length:
        size, kind = struct.unpack_from("<I4s", content, start)
        require(start + 8 + size <= length, f"a chunk ends at {start + 8 + size}, the file has {length} bytes")
        chunks.setdefault(kind, content[start + 8 : start + 8 + size])
        start += 8 + size
    require(b"JSON" in chunks, "the glb has no JSON chunk")
    return _json(chunks[b"JSON"]), chunks.get(b"BIN\0")


def _buffer(number: int, buffer: dict[str, Any], binary: bytes | None, fetch: Fetch) -> bytes:
    length = int(buffer.get("byteLength", 0))
    if "uri" in buffer:
        data = read_uri(str(buffer["uri"]), fetch)
    else:
        data = binary if number == 0 and binary is not None else bytes(length)  # without bytes: filled by an extension
    require(length <= len(data), f"buffer {number} says {length} bytes, there are {len(data)}")
    return data[:length]


def read_uri(uri: str, fetch: Fetch) -> bytes:
    """Return the bytes of a `data:` address, or what `fetch` gives for another."""
    if not uri.startswith("data:"):
        return fetch(unquote(uri))
    head, _, body = uri.partition(",")
    try:
        return base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote(body).encode("latin-1")
    except (binascii.Error, UnicodeEncodeError):
        raise BadTileset3D("a data address is not base64") from None
