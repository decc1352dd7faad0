"""Writes small glTF files by hand, so that what reads them is held against another writer than ours."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype="<f4")
CUBE_FACES = np.array(
    [
        *([0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]),
        *([2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]),
    ],
    dtype="<u2",
)


class GltfWriter:
    """Collects buffer views of a document."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.document: dict[str, Any] = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": []}

    def view(self, content: bytes) -> int:
        self.data += bytes(-len(self.data) % 8)
        self.document["bufferViews"].append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)})
        self.data += content
        return len(self.document["bufferViews"]) - 1

    def accessor(self, values: np.ndarray, kind: str) -> int:
        component = {"u1": 5121, "u2": 5123, "f4": 5126}[values.dtype.str[1:]]
        entry = {"bufferView": self.view(values.tobytes()), "componentType": component, "type": kind}
        entry |= {"count": values.size if kind == "SCALAR" else len(values)}
        if kind == "VEC3":
            entry |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        self.document["accessors"].append(entry)
        return len(self.document["accessors"]) - 1

    def glb(self) -> bytes:
        document = self.document | {"buffers": [{"byteLength": len(self.data)}]}
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        body = bytes(self.data) + bytes(-len(self.data) % 4)
        head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(body))
        return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body

    def text(self, *, buffer_uri: str | None = None) -> bytes:
        """Return a .gltf whose buffer lies in another file, or in a data address."""
        uri = buffer_uri or "data:application/octet-stream;base64," + base64.b64encode(bytes(self.data)).decode()
        return json.dumps(self.document | {"buffers": [{"byteLength": len(self.data), "uri": uri}]}).encode()


def cube(size_m: float = 2.0, *, node: dict[str, Any] | None = None, features: np.ndarray | None = None) -> GltfWriter:
    """Return a cube with a corner at the origin (y up); with feature rows of its eight corners where given."""
    writer = GltfWriter()
    attributes = {"POSITION": writer.accessor(CUBE * np.float32(size_m), "VEC3")}
    primitive: dict[str, Any] = {"attributes": attributes, "indices": writer.accessor(CUBE_FACES, "SCALAR")}
    if features is not None:
        attributes["_FEATURE_ID_0"] = writer.accessor(features.astype("<u2"), "SCALAR")
        entry = {"featureCount": len(np.unique(features)), "attribute": 0, "propertyTable": 0}
        primitive["extensions"] = {"EXT_mesh_features": {"featureIds": [entry]}}
    writer.document |= {"scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0} | (node or {})]}
    writer.document["meshes"] = [{"primitives": [primitive]}]
    return writer
