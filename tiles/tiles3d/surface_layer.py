"""Buildings with surveyed surfaces, drawn by them; the others as their layer draws them.

Wraps the layer of buildings: cells, rows and columns are its own, only the triangles of surveyed buildings are others. From afar
all look alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.layer import Ground, MeshBatch
from tiles.tiles3d.mesh import Mesh
from tiles.tiles3d.surfaces import Surfaces, base_heights_m, surface_mesh


class SurveyedFeatures:
    """Features of a city's buildings, some with surfaces; see `layer.Features`.

    Parameters
    ----------
    inner
        All buildings.
    asset_ids, shapes_z
        Those with surfaces, and their multipolygons: longitude, latitude, metres above the sea. One that is not among the
        buildings is left off.
    """

    shaped_by_ground = False

    def __init__(self, inner: BuildingFeatures, asset_ids: NDArray[np.uint32], shapes_z: NDArray[Any]) -> None:
        shapes = np.full(len(inner.asset_ids), None, dtype=object)
        rows = np.searchsorted(inner.asset_ids, asset_ids)
        known = rows < len(inner.asset_ids)
        known[known] = inner.asset_ids[rows[known]] == asset_ids[known]
        shapes[rows[known]] = shapes_z[known]
        self._wrap(inner, shapes)

    def _wrap(self, inner: BuildingFeatures, shapes: NDArray[Any]) -> None:
        self._inner, self._shapes = inner, shapes
        self.name, self.asset_ids, self.left_out = inner.name, inner.asset_ids, inner.left_out
        self.leaf_capacity, self.far_capacity, self.far_error_m = inner.leaf_capacity, inner.far_capacity, inner.far_error_m
        self.sizes_m = inner.sizes_m

    @property
    def _surveyed(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.array([shape is not None for shape in self._shapes], dtype=bool))

    @property
    def bounds_wgs84(self) -> NDArray[np.float64]:
        """See `layer.Features`; surfaces may reach over the outline."""
        bounds = np.array(self._inner.bounds_wgs84)
        rows = self._surveyed
        if len(rows):
            own = shapely.bounds(self._shapes[rows])
            bounds[rows] = np.column_stack([np.minimum(bounds[rows, :2], own[:, :2]), np.maximum(bounds[rows, 2:], own[:, 2:])])
        return bounds

    @property
    def digests(self) -> NDArray[Any]:
        """See `layer.Features`."""
        digests = np.array(self._inner.digests)
        for row in self._surveyed:
            shape = shapely.to_wkb(self._shapes[row], output_dimension=3)
            made = hashlib.blake2b(digests[row].tobytes() + shape, digest_size=16).digest()
            digests[row] = np.frombuffer(made, "V16")[0]
        return digests

    def take(self, rows: NDArray[np.int64]) -> SurveyedFeatures:
        """See `layer.Features`."""
        taken = SurveyedFeatures.__new__(SurveyedFeatures)
        taken._wrap(self._inner.take(rows), self._shapes[rows])
        return taken

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> MeshBatch:
        """See `layer.Features`."""
        batch = self._inner.batch(frame, ground, far=far)
        rows = self._surveyed
        if far or not len(rows):
            return batch
        parts, part_row = shapely.get_parts(self._shapes[rows], return_index=True)
        surfaces = Surfaces(parts, rows[part_row])
        base_m = base_heights_m(surfaces, len(self._shapes))
        drawn = surface_mesh(surfaces, frame, base_m=np.nan_to_num(base_m))
        lifts_m = (base_m + ground.geoid_height_m)[drawn.owners]
        return replace(batch, mesh=_replaced(batch.mesh, replace(drawn, lifts_m=lifts_m)))


def _replaced(mesh: Mesh, other: Mesh) -> Mesh:
    """Return a mesh in which the solids of another one take the place of its own of the same owners."""
    theirs = np.unique(other.owners[other.triangles[:, 0]])
    kept = ~np.isin(mesh.owners, theirs)
    renumbered = np.cumsum(kept) - 1
    triangles = renumbered[mesh.triangles[kept[mesh.triangles[:, 0]]]]
    owners = np.concatenate([mesh.owners[kept], other.owners])
    order = np.argsort(owners, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    joined = place[np.concatenate([triangles, other.triangles + int(kept.sum())])]
    sorted_owners = owners[order]
    lifts = [np.zeros(len(part.owners)) if part.lifts_m is None else part.lifts_m for part in (mesh, other)]
    return Mesh(
        np.concatenate([mesh.positions_m[kept], other.positions_m])[order],
        np.concatenate([mesh.normals[kept], other.normals])[order],
        sorted_owners,
        joined[np.argsort(sorted_owners[joined[:, 0]], kind="stable")],
        np.concatenate([lifts[0][kept], lifts[1]])[order],
    )
