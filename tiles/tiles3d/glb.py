"""Writes one glb: quantised triangles with a feature row per vertex and a property table of the features.

glTF 2.0 (ISO/IEC 12113) with KHR_mesh_quantization, EXT_mesh_features and EXT_structural_metadata. The feature row is the
vertex attribute `_FEATURE_ID_0`; it points into the one property table, whose UINT32 column `asset_id` names the asset
(glTF attributes cannot hold 32-bit integers). glTF is y-up: (east, up, -north). The same input gives the same bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.tiles3d.mesh import Mesh

GENERATOR = "heat twin"
MAX_FEATURES = 65_535
_STEPS = 65_535
_UNSIGNED_SHORT, _UNSIGNED_INT, _BYTE = 5123, 5125, 5120
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34_962, 34_963
_VERTEX = np.dtype(
    {
        "names": ["position", "feature", "normal"],
        "formats": [("<u2", 3), "<u2", ("i1", 3)],
        "offsets": [0, 8, 12],
        "itemsize": 16,
    }
)
"""One vertex; every part starts on 4 bytes, as glTF 3.6.2.4 demands."""


@dataclass(frozen=True, slots=True)
class PropertyTable:
    """Rows of the features of a glb, in the order of their feature rows.

    Attributes
    ----------
    asset_ids
        One an asset, UINT32.
    heights_m
        Heights, FLOAT32.
    names
        Empty text for none.
    """

    asset_ids: NDArray[np.uint32]
    heights_m: NDArray[np.float64]
    names: Sequence[str]


@dataclass(slots=True)
class _Buffer:
    """The binary chunk while it grows; every view starts on 8 bytes, as EXT_structural_metadata demands."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)

    def add(self, content: bytes, **view: int) -> int:
        self.data.extend(bytes(-len(self.data) % 8))
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content), **view})
        self.data.extend(content)
        return len(self.views) - 1


def write_glb(mesh: Mesh, table: PropertyTable, *, class_name: str = "building") -> bytes:
    """Return the bytes of a glb.

    Parameters
    ----------
    mesh
        In the frame of the tileset; `owners` are rows of the table.
    table
        One row for each owner.
    class_name
        Name of the metadata class.

    Notes
    -----
    Positions are rounded to 1/65535 of the longest side of the tile: 1.5 cm over 1 km.
    """
    buffer = _Buffer()
    origin, step, vertices = _quantise(mesh)
    vertex_view = buffer.add(vertices.tobytes(), byteStride=_VERTEX.itemsize, target=_ARRAY_BUFFER)
    wide = len(vertices) > _STEPS
    indices = mesh.triangles.astype("<u4" if wide else "<u2")
    index_view = buffer.add(indices.tobytes(), target=_ELEMENT_ARRAY_BUFFER)
    position = vertices["position"]
    document = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata", "KHR_mesh_quantization"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": origin, "scale": [step] * 3}],
        "meshes": [{"primitives": [_primitive(len(table.asset_ids))]}],
        "materials": [_MATERIAL],
        "accessors": [
            _accessor(vertex_view, 0, _UNSIGNED_SHORT, len(vertices), "VEC3")
            | {"min": position.min(axis=0).tolist(), "max": position.max(axis=0).tolist()},
            _accessor(vertex_view, 8, _UNSIGNED_SHORT, len(vertices), "SCALAR"),
            _accessor(vertex_view, 12, _BYTE, len(vertices), "VEC3") | {"normalized": True},
            _accessor(index_view, 0, _UNSIGNED_INT if wide else _UNSIGNED_SHORT, indices.size, "SCALAR"),
        ],
        "extensions": {"EXT_structural_metadata": _metadata(buffer, table, class_name)},
    }
    return pack_glb(document | {"bufferViews": buffer.views, "buffers": [{"byteLength": len(buffer.data)}]}, buffer.data)


_MATERIAL = {
    "name": "building",
    "pbrMetallicRoughness": {"baseColorFactor": [0.3, 0.42, 0.58, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.9},
}


def _quantise(mesh: Mesh) -> tuple[list[float], float, NDArray[Any]]:
    """Return the origin (y-up), the step in metres and the vertices in integers."""
    y_up = mesh.positions_m[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
    low = y_up.min(axis=0)
    step = float(max((y_up.max(axis=0) - low).max(), 1e-3) / _STEPS)
    vertices = np.zeros(len(y_up), dtype=_VERTEX)
    vertices["position"] = np.rint((y_up - low) / step).clip(0, _STEPS)
    vertices["feature"] = mesh.owners
    vertices["normal"] = np.rint(mesh.normals[:, [0, 2, 1]] * [127, 127, -127])
    return low.tolist(), step, vertices


def _primitive(feature_count: int) -> dict[str, Any]:
    return {
        "attributes": {"POSITION": 0, "_FEATURE_ID_0": 1, "NORMAL": 2},
        "indices": 3,
        "material": 0,
        "mode": 4,
        "extensions": {
            "EXT_mesh_features": {"featureIds": [{"featureCount": feature_count, "attribute": 0, "propertyTable": 0}]}
        },
    }


def _accessor(view: int, offset: int, component: int, count: int, shape: str) -> dict[str, Any]:
    return {"bufferView": view, "byteOffset": offset, "componentType": component, "count": count, "type": shape}


def _metadata(buffer: _Buffer, table: PropertyTable, class_name: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "asset_id": {"values": buffer.add(table.asset_ids.astype("<u4").tobytes())},
        "height": {"values": buffer.add(table.heights_m.astype("<f4").tobytes())},
    }
    names = [name.encode() for name in table.names]
    if any(names):  # a buffer view may not be empty, so a table without any name has no such column
        offsets = np.concatenate([[0], np.cumsum([len(name) for name in names])]).astype("<u4")
        values = buffer.add(b"".join(names))
        properties["name"] = {"values": values, "stringOffsets": buffer.add(offsets.tobytes())}
    return {
        "schema": {"id": "heat_twin", "classes": {class_name: {"properties": _PROPERTIES}}},
        "propertyTables": [{"class": class_name, "count": len(table.asset_ids), "properties": properties}],
    }


_PROPERTIES: dict[str, Any] = {
    "asset_id": {"type": "SCALAR", "componentType": "UINT32", "required": True, "description": "id of the asset in its city"},
    "height": {"type": "SCALAR", "componentType": "FLOAT32", "required": True, "description": "height in metres"},
    "name": {"type": "STRING", "description": "name as imported"},
}


def pack_glb(document: dict[str, Any], binary: bytearray) -> bytes:
    """Return a .glb of a document and its one buffer; keys are sorted, so that the same document gives the same bytes."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    body = bytes(binary) + bytes(-len(binary) % 4)
    length = 12 + 8 + len(text) + 8 + len(body)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, length),
            *(struct.pack("<I4s", len(text), b"JSON"), text),
            *(struct.pack("<I4s", len(body), b"BIN\0"), body),
        ]
    )
