"""Writes one glb: triangles with a feature row per vertex and a property table of the features.

glTF 2.0 (ISO/IEC 12113) with EXT_mesh_features and EXT_structural_metadata, quantised (KHR_mesh_quantization) or in float32
round the middle of the tile. The feature row is the vertex attribute `_FEATURE_ID_0`; it points into the one property table,
whose UINT32 column `asset_id` names the asset (glTF attributes cannot hold 32-bit integers). glTF is y-up: (east, up, -north).
The same input gives the same bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiles.tiles3d.columns import DTYPES, Column, Table
from tiles.tiles3d.frame import extent
from tiles.tiles3d.mesh import Mesh

GENERATOR = "heat twin"
MAX_FEATURES = 65_535
_STEPS = 65_535
_UNSIGNED_SHORT, _UNSIGNED_INT, _BYTE, _FLOAT = 5123, 5125, 5120, 5126
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34_962, 34_963


@dataclass(frozen=True, slots=True)
class Look:
    """How a layer is written.

    Attributes
    ----------
    quantised
        Positions in 1/65535 of the longest side of the tile (1.5 cm over 1 km), else float32 round its middle.
    colour
        Red, green, blue of its one material, 0 to 1.
    """

    quantised: bool = True
    colour: tuple[float, float, float] = (0.3, 0.42, 0.58)


def _vertex_type(position: str, size: int) -> np.dtype[Any]:
    """Return one vertex; every part starts on 4 bytes, as glTF 3.6.2.4 demands."""
    return np.dtype(
        {
            "names": ["position", "feature", "normal"],
            "formats": [(position, 3), "<u2", ("i1", 3)],
            "offsets": [0, size, size + 4],
            "itemsize": size + 8,
        }
    )


_QUANTISED, _FLOATS = _vertex_type("<u2", 8), _vertex_type("<f4", 12)


class GlbBuffer:
    """The binary chunk while it grows; every view starts on 8 bytes, as EXT_structural_metadata demands."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []

    def add(self, content: bytes, **view: int) -> int:
        """Append a view and return its number."""
        self.data.extend(bytes(-len(self.data) % 8))
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content), **view})
        self.data.extend(content)
        return len(self.views) - 1


class Written(NamedTuple):
    """A glb and the corners of its box in the frame of the tileset (z up), as it was rounded."""

    data: bytes
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]


def write_glb(mesh: Mesh, table: Table, look: Look = Look()) -> Written:
    """Return a glb with its box.

    Parameters
    ----------
    mesh
        In the frame of the tileset; `owners` are rows of the table.
    table
        One row for each owner.
    look
        Precision and colour.
    """
    buffer = GlbBuffer()
    placed = _quantise(mesh) if look.quantised else _centre(mesh)
    vertices = placed.vertices
    vertex_view = buffer.add(vertices.tobytes(), byteStride=vertices.dtype.itemsize, target=_ARRAY_BUFFER)
    wide = len(vertices) > _STEPS
    index_view = buffer.add(mesh.triangles.astype("<u4" if wide else "<u2").tobytes(), target=_ELEMENT_ARRAY_BUFFER)
    document = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata", "KHR_mesh_quantization"],
        # normals are bytes, whatever the positions are
        "extensionsRequired": ["KHR_mesh_quantization"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, **placed.node}],
        "meshes": [{"primitives": [_primitive(len(table))]}],
        "materials": [material(table.class_name, look)],
        "accessors": [
            accessor(vertex_view, 0, placed.component, len(vertices), "VEC3") | placed.limits,
            accessor(vertex_view, placed.feature_offset, _UNSIGNED_SHORT, len(vertices), "SCALAR"),
            accessor(vertex_view, placed.feature_offset + 4, _BYTE, len(vertices), "VEC3") | {"normalized": True},
            accessor(index_view, 0, _UNSIGNED_INT if wide else _UNSIGNED_SHORT, mesh.triangles.size, "SCALAR"),
        ],
        "extensions": {"EXT_structural_metadata": metadata(buffer, table)},
    }
    return Written(pack_document(document, buffer), placed.low_m, placed.high_m)


def pack_document(document: dict[str, Any], buffer: GlbBuffer) -> bytes:
    """Return the .glb of a document and what was put into its one buffer."""
    whole = document | {"bufferViews": buffer.views, "buffers": [{"byteLength": len(buffer.data)}]}
    return pack_glb(whole, buffer.data)


def material(name: str, look: Look) -> dict[str, Any]:
    """Return the one material of a layer: matt, one colour (CC-03)."""
    shading = {"baseColorFactor": [*look.colour, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.9}
    return {"name": name, "pbrMetallicRoughness": shading}


@dataclass(frozen=True, slots=True)
class _Placed:
    """Vertices as they are written, the transform of their node, and their box in the frame (z up)."""

    vertices: NDArray[Any]
    node: dict[str, Any]
    limits: dict[str, Any]
    component: int
    feature_offset: int
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]


def _quantise(mesh: Mesh) -> _Placed:
    low_z_up, high_z_up = extent(mesh.positions_m)
    low = np.array([low_z_up[0], low_z_up[2], -high_z_up[1]])
    step = float(max((high_z_up - low_z_up).max(), 1e-3) / _STEPS)
    vertices = np.zeros(len(mesh.positions_m), dtype=_QUANTISED)
    positions = vertices["position"]
    positions[:, 0] = _rounded(mesh.positions_m[:, 0], low[0], step)
    positions[:, 1] = _rounded(mesh.positions_m[:, 2], low[1], step)
    positions[:, 2] = _rounded(-mesh.positions_m[:, 1], low[2], step)
    _complete(vertices, mesh)
    # rounding keeps the order, so the limits are those of the corners
    limits = {"min": [0, 0, 0], "max": _rounded((high_z_up - low_z_up)[[0, 2, 1]], 0.0, step).astype(int).tolist()}
    node = {"translation": low.tolist(), "scale": [step] * 3}
    return _Placed(vertices, node, limits, _UNSIGNED_SHORT, 8, low_z_up - step, high_z_up + step)


def _rounded(values: NDArray[np.float64], low: float, step: float) -> NDArray[np.float64]:
    steps: NDArray[np.float64] = np.rint((values - low) / step).clip(0, _STEPS)
    return steps


def _centre(mesh: Mesh) -> _Placed:
    low, high = extent(mesh.positions_m)
    middle = np.round((low + high) / 2, 3)
    vertices = np.zeros(len(mesh.positions_m), dtype=_FLOATS)
    positions = vertices["position"]
    positions[:, 0] = mesh.positions_m[:, 0] - middle[0]
    positions[:, 1] = mesh.positions_m[:, 2] - middle[2]
    positions[:, 2] = middle[1] - mesh.positions_m[:, 1]
    _complete(vertices, mesh)
    least, most = low - middle, high - middle
    corners = np.array([[least[0], least[2], -most[1]], [most[0], most[2], -least[1]]], dtype=np.float32).astype(float)
    limits = {"min": corners[0].tolist(), "max": corners[1].tolist()}
    node = {"translation": [float(middle[0]), float(middle[2]), -float(middle[1])]}
    return _Placed(vertices, node, limits, _FLOAT, 12, low - 1e-3, high + 1e-3)


def _complete(vertices: NDArray[Any], mesh: Mesh) -> None:
    vertices["feature"] = mesh.owners
    normals = vertices["normal"]
    normals[:, 0] = np.rint(mesh.normals[:, 0] * 127)
    normals[:, 1] = np.rint(mesh.normals[:, 2] * 127)
    normals[:, 2] = np.rint(mesh.normals[:, 1] * -127)


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


def accessor(view: int, offset: int, component: int, count: int, shape: str) -> dict[str, Any]:
    """Return an accessor of a buffer view."""
    return {"bufferView": view, "byteOffset": offset, "componentType": component, "count": count, "type": shape}


def metadata(buffer: GlbBuffer, table: Table) -> dict[str, Any]:
    """Put a table into a buffer and return its EXT_structural_metadata.

    A text column without any text is left out: a buffer view may not be empty.
    """
    properties = {column.name: put for column in table.columns if (put := _values(buffer, column)) is not None}
    schema = {column.name: column.schema() for column in table.columns}
    return {
        "schema": {"id": "heat_twin", "classes": {table.class_name: {"properties": schema}}},
        "propertyTables": [{"class": table.class_name, "count": len(table), "properties": properties}],
    }


def _values(buffer: GlbBuffer, column: Column) -> dict[str, int] | None:
    if column.kind != "STRING":
        return {"values": buffer.add(column.values.astype(DTYPES[column.kind]).tobytes())}
    encoded = [text.encode() for text in column.values.tolist()]
    if not any(encoded):
        return None
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in encoded])]).astype("<u4")
    return {"values": buffer.add(b"".join(encoded)), "stringOffsets": buffer.add(offsets.tobytes())}


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
