"""Writes one glb: triangles with a feature row per vertex and a property table of the features.

glTF 2.0 (ISO/IEC 12113) with EXT_mesh_features and EXT_structural_metadata, quantised (KHR_mesh_quantization) or in float32
round the middle of the tile. The feature row is the vertex attribute `_FEATURE_ID_0`; it points into the one property table,
whose UINT32 column `asset_id` names the asset (glTF attributes cannot hold 32-bit integers). glTF is y-up: (east, up, -north).
Positions, rows and normals lie in views of their own, which packs a sixth smaller than one vertex after the other. The same input
gives the same bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tiles.tiles3d.columns import DTYPES, Column, ColumnKind, Table
from tiles.tiles3d.frame import extent
from tiles.tiles3d.mesh import Mesh

GENERATOR = "heat twin"
MAX_FEATURES = 65_535
_STEPS = 65_535
_UNSIGNED_SHORT, _UNSIGNED_INT, _BYTE, _FLOAT = 5123, 5125, 5120, 5126
_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""From east, north, up to the axes of glTF."""
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


class GlbBuffer:
    """The binary chunk while it grows; every view starts on 8 bytes, as EXT_structural_metadata demands."""

    def __init__(self, data: bytearray | None = None, views: list[dict[str, Any]] | None = None) -> None:
        self.data = bytearray() if data is None else data
        self.views = [] if views is None else views

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


@dataclass(frozen=True, slots=True)
class Parts:
    """All of a glb but where its vertices lie: what the glbs of both height datums have in common.

    Attributes
    ----------
    written
        Members of the glTF document as JSON, without what follows.
    accessors
        All but the first, which is that of the positions.
    buffer
        Indices, feature rows, normals and the property table.
    look
        Precision and colour.
    """

    written: dict[str, str]
    accessors: list[dict[str, Any]]
    buffer: GlbBuffer
    look: Look

    @classmethod
    def of(cls, mesh: Mesh, table: Table, look: Look) -> Parts:
        """Return the parts of a mesh; see `write_glb`."""
        count = len(mesh.owners)
        buffer = GlbBuffer()
        wide = count > _STEPS
        indices = buffer.add(mesh.triangles.astype("<u4" if wide else "<u2").tobytes(), target=_ELEMENT_ARRAY_BUFFER)
        rows, normals = np.zeros((count, 2), dtype="<u2"), np.zeros((count, 4), dtype="i1")
        _pack_rows(mesh.owners, mesh.normals, rows, normals)
        row_view, normal_view = (buffer.add(part.tobytes(), byteStride=4, target=_ARRAY_BUFFER) for part in (rows, normals))
        document = {
            "asset": {"version": "2.0", "generator": GENERATOR},
            "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata", "KHR_mesh_quantization"],
            # normals are bytes, whatever the positions are
            "extensionsRequired": ["KHR_mesh_quantization"],
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "meshes": [{"primitives": [_primitive(len(table))]}],
            "materials": [material(table.class_name, look)],
        }
        accessors = [
            accessor(row_view, 0, _UNSIGNED_SHORT, count, "SCALAR"),
            accessor(normal_view, 0, _BYTE, count, "VEC3") | {"normalized": True},
            accessor(indices, 0, _UNSIGNED_INT if wide else _UNSIGNED_SHORT, mesh.triangles.size, "SCALAR"),
        ]
        written = {name: _json(part) for name, part in document.items()}
        tables, schema = _json(_property_tables(buffer, table)), _schema_json(table.class_name, _told(table))
        written["extensions"] = f'{{"EXT_structural_metadata":{{"propertyTables":{tables},"schema":{schema}}}}}'
        return cls(written, accessors, buffer, look)

    def placed(self, positions_m: NDArray[np.float64], up: NDArray[np.float64] | None = None) -> Written:
        """Return the glb with its vertices at places of the tileset's frame; see `write_glb`."""
        placed = _quantised(positions_m, up) if self.look.quantised else _centred(positions_m)
        buffer = GlbBuffer(bytearray(self.buffer.data), list(self.buffer.views))
        view = buffer.add(placed.vertices.tobytes(), byteStride=placed.vertices.strides[0], target=_ARRAY_BUFFER)
        positions = accessor(view, 0, placed.component, len(positions_m), "VEC3") | placed.limits
        own = {
            "accessors": [positions, *self.accessors],
            "nodes": [{"mesh": 0, **placed.node}],
            "bufferViews": buffer.views,
            "buffers": [{"byteLength": len(buffer.data)}],
        }
        written = self.written | {name: _json(part) for name, part in own.items()}
        text = ",".join(f'"{name}":{written[name]}' for name in sorted(written))
        return Written(_pack(f"{{{text}}}", buffer.data), placed.low_m, placed.high_m)


def write_glb(mesh: Mesh, table: Table, look: Look = Look(), up: NDArray[np.float64] | None = None) -> Written:
    """Return a glb with its box.

    Parameters
    ----------
    mesh
        In the frame of the tileset; `owners` are rows of the table.
    table
        One row for each owner.
    look
        Precision and colour.
    up
        Vertical at the middle of the mesh, a unit vector of the frame: quantised positions are counted along it, so that the
        foot and the top of a wall have the same numbers across, which packs better. None = that of the frame. Normals are
        written as they are: over a city the two differ by less than the step of a byte (0.45 degrees).
    """
    return Parts.of(mesh, table, look).placed(mesh.positions_m, up)


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
    """Positions as they are written, the transform of their node, and their box in the frame (z up)."""

    vertices: NDArray[Any]
    node: dict[str, Any]
    limits: dict[str, Any]
    component: int
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]


def _quantised(positions_m: NDArray[np.float64], up: NDArray[np.float64] | None) -> _Placed:
    low, high = extent(positions_m)
    middle = (low + high) / 2
    turn = np.array([0.0, 0.0, 0.0, 1.0]) if up is None else np.array([-up[1], up[0], 0.0, 1.0 + up[2]])
    turn /= np.linalg.norm(turn)
    axes = _Y_UP @ _matrix(turn).T
    vertices = np.zeros((len(positions_m), 4), dtype="<u2")  # every vertex starts on 4 bytes, as glTF 3.6.2.4 demands
    least, most = np.empty(3), np.zeros(3, dtype=np.int64)
    step = float(_pack_steps(positions_m, middle, axes, vertices, least, most))
    node = {
        "translation": (_Y_UP @ (middle + axes.T @ least)).tolist(),
        "rotation": [turn[0], turn[2], -turn[1], turn[3]],
        "scale": [step] * 3,
    }
    if up is None:
        del node["rotation"]
    limits = {"min": [0, 0, 0], "max": most.tolist()}
    return _Placed(vertices, node, limits, _UNSIGNED_SHORT, low - step, high + step)


def _matrix(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation of a unit quaternion (x, y, z, w)."""
    x, y, z, w = turn
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _centred(positions_m: NDArray[np.float64]) -> _Placed:
    low, high = extent(positions_m)
    middle = np.round((low + high) / 2, 3)
    vertices = np.empty((len(positions_m), 3), dtype="<f4")
    _pack_floats(positions_m, middle, vertices)
    least, most = low - middle, high - middle
    corners = np.array([[least[0], least[2], -most[1]], [most[0], most[2], -least[1]]], dtype=np.float32).astype(float)
    limits = {"min": corners[0].tolist(), "max": corners[1].tolist()}
    node = {"translation": [float(middle[0]), float(middle[2]), -float(middle[1])]}
    return _Placed(vertices, node, limits, _FLOAT, low - 1e-3, high + 1e-3)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _pack_steps(  # noqa: PLR0917 - arrays
    points: NDArray[np.float64],
    middle: NDArray[np.float64],
    axes: NDArray[np.float64],
    packed: NDArray[np.uint16],
    low: NDArray[np.float64],
    most: NDArray[np.int64],
) -> float:
    """Write points in steps along axes from their lowest corner; fill in that corner and the largest numbers, return the step."""
    high = np.full(3, -np.inf)
    low[:] = np.inf
    for row in range(len(points)):
        x, y, z = points[row, 0] - middle[0], points[row, 1] - middle[1], points[row, 2] - middle[2]
        for axis in range(3):
            value = axes[axis, 0] * x + axes[axis, 1] * y + axes[axis, 2] * z
            low[axis], high[axis] = min(low[axis], value), max(high[axis], value)
    widest = max(high[0] - low[0], high[1] - low[1], high[2] - low[2])
    step: float = max(widest, 1e-3) / _STEPS
    for row in range(len(points)):
        x, y, z = points[row, 0] - middle[0], points[row, 1] - middle[1], points[row, 2] - middle[2]
        for axis in range(3):
            value = axes[axis, 0] * x + axes[axis, 1] * y + axes[axis, 2] * z
            steps = int(np.rint((value - low[axis]) / step))
            packed[row, axis] = steps
            most[axis] = max(most[axis], steps)
    return step


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _pack_floats(points: NDArray[np.float64], middle: NDArray[np.float64], packed: NDArray[np.float32]) -> None:
    """Write points round a middle, y up."""
    for row in range(len(points)):
        packed[row, 0] = points[row, 0] - middle[0]
        packed[row, 1] = points[row, 2] - middle[2]
        packed[row, 2] = middle[1] - points[row, 1]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _pack_rows(
    owners: NDArray[np.int64], normals: NDArray[np.float64], rows: NDArray[np.uint16], packed: NDArray[np.int8]
) -> None:
    """Write the feature row and the normal (y up, in 1/127) of each vertex."""
    for row in range(len(owners)):
        rows[row, 0] = owners[row]
        packed[row, 0] = np.rint(normals[row, 0] * 127)
        packed[row, 1] = np.rint(normals[row, 2] * 127)
        packed[row, 2] = np.rint(normals[row, 1] * -127)


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
    return {"schema": _schema(table.class_name, _told(table)), "propertyTables": _property_tables(buffer, table)}


_Told: TypeAlias = tuple[tuple[str, ColumnKind, str], ...]
"""Name, kind and description of each column."""


def _told(table: Table) -> _Told:
    return tuple((column.name, column.kind, column.told) for column in table.columns)


def _schema(class_name: str, told: _Told) -> dict[str, Any]:
    properties = {name: Column(name, kind, np.empty(0), description).schema() for name, kind, description in told}
    return {"id": "heat_twin", "classes": {class_name: {"properties": properties}}}


@lru_cache(maxsize=32)
def _schema_json(class_name: str, told: _Told) -> str:
    return _json(_schema(class_name, told))


def _property_tables(buffer: GlbBuffer, table: Table) -> list[dict[str, Any]]:
    properties = {column.name: put for column in table.columns if (put := _values(buffer, column)) is not None}
    return [{"class": table.class_name, "count": len(table), "properties": properties}]


def _values(buffer: GlbBuffer, column: Column) -> dict[str, int] | None:
    if column.kind != "STRING":
        return {"values": buffer.add(column.values.astype(DTYPES[column.kind]).tobytes())}
    texts = column.values.tolist()
    together = "".join(texts)
    if not together:
        return None
    encoded = together.encode()
    if len(encoded) != len(together):
        texts = [text.encode() for text in texts]
    offsets = np.zeros(len(texts) + 1, dtype="<u4")
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=offsets[1:])
    return {"values": buffer.add(encoded), "stringOffsets": buffer.add(offsets.tobytes())}


def _json(part: Any) -> str:
    """Return JSON with sorted keys, so that the same document gives the same bytes."""
    return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pack_glb(document: dict[str, Any], binary: bytearray) -> bytes:
    """Return a .glb of a document and its one buffer; keys are sorted, so that the same document gives the same bytes."""
    return _pack(_json(document), binary)


def _pack(document: str, binary: bytearray) -> bytes:
    text = document.encode()
    text += b" " * (-len(text) % 4)
    padding = bytes(-len(binary) % 4)
    size = len(binary) + len(padding)
    headers = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + size), struct.pack("<I4s", size, b"BIN\0")
    return b"".join([headers[0], struct.pack("<I4s", len(text), b"JSON"), text, headers[1], binary, padding])
