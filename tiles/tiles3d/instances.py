"""Writes a glb of instances: one small mesh a model, its places in EXT_mesh_gpu_instancing, their rows in EXT_instance_features.

Every instance carries its feature row; all rows are those of the one property table of the glb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.tiles3d.columns import Table
from tiles.tiles3d.glb import GENERATOR, GlbBuffer, Look, Written, accessor, material, metadata, pack_document
from tiles.tiles3d.mesh import Mesh

_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34_962, 34_963
_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""From east, north, up to the axes of glTF."""


@dataclass(frozen=True, slots=True)
class Instances:
    """Where models stand; one a feature row.

    Attributes
    ----------
    models
        Names of the models, by row.
    positions_m
        East, north, up in the frame of the tileset, shape (n, 3).
    turns
        Rotation from the model's axes to the frame, shape (n, 3, 3).
    scales
        Stretch along the model's x, y, z, shape (n, 3).
    """

    models: NDArray[np.str_]
    positions_m: NDArray[np.float64]
    turns: NDArray[np.float64]
    scales: NDArray[np.float64]


def write_instances(instances: Instances, shapes: Mapping[str, Mesh], table: Table, look: Look) -> Written:
    """Return a glb with its box.

    Parameters
    ----------
    instances
        At least one; in the order of the table.
    shapes
        Mesh of each model.
    table
        One row an instance.
    look
        Its colour.
    """
    buffer = GlbBuffer()
    middle = np.round((instances.positions_m.min(axis=0) + instances.positions_m.max(axis=0)) / 2, 3)
    used = sorted(set(instances.models.tolist()))
    writer = _Writer(buffer, [], [], [])
    for name in used:
        writer.add(shapes[name], instances, np.flatnonzero(instances.models == name), middle)
    nodes = [{"children": list(range(1, len(used) + 1)), "translation": (_Y_UP @ middle).tolist()}, *writer.nodes]
    extensions = ["EXT_instance_features", "EXT_mesh_gpu_instancing", "EXT_structural_metadata"]
    document = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "extensionsUsed": extensions,
        "extensionsRequired": ["EXT_mesh_gpu_instancing"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": writer.meshes,
        "materials": [material(table.class_name, look)],
        "accessors": writer.accessors,
        "extensions": {"EXT_structural_metadata": metadata(buffer, table)},
    }
    reach = _reach(instances, shapes)
    low, high = (instances.positions_m - reach).min(axis=0), (instances.positions_m + reach).max(axis=0)
    return Written(pack_document(document, buffer), low - 1e-3, high + 1e-3)


def _reach(instances: Instances, shapes: Mapping[str, Mesh]) -> NDArray[np.float64]:
    """Return how far each instance reaches from its place, shape (n, 1)."""
    radius = {name: float(np.linalg.norm(shape.positions_m, axis=1).max()) for name, shape in shapes.items()}
    models = np.array([radius[name] for name in instances.models.tolist()])
    reach: NDArray[np.float64] = (models * instances.scales.max(axis=1))[:, None]
    return reach


@dataclass(frozen=True, slots=True)
class _Writer:
    """The parts of a glTF document while they grow."""

    buffer: GlbBuffer
    accessors: list[dict[str, Any]]
    meshes: list[dict[str, Any]]
    nodes: list[dict[str, Any]]

    def add(self, shape: Mesh, instances: Instances, rows: NDArray[np.int64], middle: NDArray[np.float64]) -> None:
        """Add a model and its instances."""
        positions = self._vertices(shape.positions_m, limits=True)
        attributes = {"POSITION": positions, "NORMAL": self._vertices(shape.normals)}
        view = self.buffer.add(shape.triangles.astype("<u2").tobytes(), target=_ELEMENT_ARRAY_BUFFER)
        indices = self._accessor(view, _UNSIGNED_SHORT, shape.triangles.size, "SCALAR")
        self.meshes.append({"primitives": [{"attributes": attributes, "indices": indices, "material": 0, "mode": 4}]})
        places = {
            "TRANSLATION": self._floats((instances.positions_m[rows] - middle) @ _Y_UP.T, "VEC3"),
            "ROTATION": self._floats(_quaternions(_Y_UP @ instances.turns[rows] @ _Y_UP.T), "VEC4"),
            "SCALE": self._floats(instances.scales[rows][:, [0, 2, 1]], "VEC3"),
            "_FEATURE_ID_0": self._floats(rows.astype(float)[:, None], "SCALAR"),
        }
        features = {"featureIds": [{"featureCount": len(rows), "attribute": 0, "propertyTable": 0}]}
        extensions = {"EXT_mesh_gpu_instancing": {"attributes": places}, "EXT_instance_features": features}
        self.nodes.append({"mesh": len(self.meshes) - 1, "extensions": extensions})

    def _vertices(self, vectors: NDArray[np.float64], *, limits: bool = False) -> int:
        data = (vectors @ _Y_UP.T).astype("<f4")
        number = self._accessor(self.buffer.add(data.tobytes(), target=_ARRAY_BUFFER), _FLOAT, len(data), "VEC3")
        if limits:
            self.accessors[number] |= {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()}
        return number

    def _floats(self, values: NDArray[np.float64], shape: str) -> int:
        return self._accessor(self.buffer.add(values.astype("<f4").tobytes()), _FLOAT, len(values), shape)

    def _accessor(self, view: int, component: int, count: int, shape: str) -> int:
        self.accessors.append(accessor(view, 0, component, count, shape))
        return len(self.accessors) - 1


def _quaternions(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x, y, z, w of rotation matrices of shape (n, 3, 3); the largest of the four is worked out first."""
    m = turns
    squares = np.column_stack(
        [
            1 + m[:, 0, 0] - m[:, 1, 1] - m[:, 2, 2],
            1 - m[:, 0, 0] + m[:, 1, 1] - m[:, 2, 2],
            1 - m[:, 0, 0] - m[:, 1, 1] + m[:, 2, 2],
            1 + m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2],
        ]
    )
    sums = [m[:, 1, 0] + m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0], m[:, 2, 1] + m[:, 1, 2]]
    lefts = [m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]]
    rows = np.stack(
        [
            np.column_stack([squares[:, 0], sums[0], sums[1], lefts[0]]),
            np.column_stack([sums[0], squares[:, 1], sums[2], lefts[1]]),
            np.column_stack([sums[1], sums[2], squares[:, 2], lefts[2]]),
            np.column_stack([lefts[0], lefts[1], lefts[2], squares[:, 3]]),
        ],
        axis=1,
    )
    best = rows[np.arange(len(m)), squares.argmax(axis=1)]
    quaternions: NDArray[np.float64] = best / np.linalg.norm(best, axis=1)[:, None]
    return quaternions
