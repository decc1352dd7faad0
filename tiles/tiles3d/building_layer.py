"""Buildings as a layer of 3D Tiles: footprints extruded to their heights; oriented prisms from afar."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.buildings import Buildings
from tiles.tiles3d.columns import Column, Table, texts
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.glb import Look
from tiles.tiles3d.layer import Ground, LeftOut, MeshBatch
from tiles.tiles3d.mesh import extrude

_M2_PER_DEG2 = 111_320.0**2 * 0.7
_LEAST_M2 = 0.1
_LOOK = Look(quantised=True, colour=(0.3, 0.42, 0.58))


class BuildingFeatures:
    """Features of a city's buildings; see `layer.Features`."""

    name = "buildings"
    leaf_capacity = 500
    far_capacity = 1000
    far_error_m = 12.0

    def __init__(self, buildings: Buildings, left_out: tuple[LeftOut, ...] = ()) -> None:
        self._buildings = buildings
        self.left_out = left_out
        self.asset_ids = buildings.asset_ids

    @classmethod
    def of(cls, buildings: Buildings) -> BuildingFeatures:
        """Return the buildings that can be drawn; the others are left out with their reason."""
        flat = shapely.area(buildings.footprints_wgs84) * _M2_PER_DEG2 < _LEAST_M2
        wanted = f"an outline of at least {_LEAST_M2} m2"
        left_out = tuple(LeftOut(int(one), "", "zero_area", "0 m2", wanted) for one in buildings.asset_ids[flat])
        whole = cls(buildings, left_out)
        kept = whole.take(np.flatnonzero(~flat))
        kept.left_out = left_out
        return kept

    @cached_property
    def bounds_wgs84(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        bounds: NDArray[np.float64] = shapely.bounds(self._buildings.footprints_wgs84)
        return bounds

    @cached_property
    def sizes_m(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        bounds = self.bounds_wgs84
        spans = (bounds[:, 2:] - bounds[:, :2]) * 111_320.0
        spans[:, 0] *= np.cos(np.radians(bounds[:, 1]))
        sizes: NDArray[np.float64] = np.sqrt((spans**2).sum(axis=1) + self._buildings.heights_m**2)
        return sizes

    @cached_property
    def digests(self) -> NDArray[Any]:
        """See `layer.Features`."""
        b = self._buildings
        outlines = shapely.to_wkb(b.footprints_wgs84)
        rows = zip(b.asset_ids.tolist(), b.heights_m.tolist(), b.names, outlines, strict=True)
        made = (hashlib.blake2b(repr(row).encode(), digest_size=16).digest() for row in rows)
        return np.frombuffer(b"".join(made), dtype="V16")

    def take(self, rows: NDArray[np.int64]) -> BuildingFeatures:
        """See `layer.Features`."""
        b = self._buildings
        names = tuple(b.names[row] for row in rows.tolist())
        return BuildingFeatures(Buildings(b.asset_ids[rows], names, b.heights_m[rows], b.footprints_wgs84[rows]))

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> MeshBatch:
        """See `layer.Features`."""
        b = self._buildings
        shapes = shapely.oriented_envelope(b.footprints_wgs84) if far else b.footprints_wgs84
        mesh = extrude(shapes, frame, lift_m=_bases(b.footprints_wgs84, ground), height_m=b.heights_m)
        return MeshBatch(mesh, self._table(far=far), frame, _LOOK)

    def _table(self, *, far: bool) -> Table:
        b = self._buildings
        columns = [
            Column("asset_id", "UINT32", b.asset_ids, "id of the asset in its city"),
            Column("height", "FLOAT32", b.heights_m, "height in metres"),
        ]
        if not far:
            columns.append(Column("name", "STRING", texts(b.names), "name as imported"))
        return Table("building", tuple(columns))


def _bases(footprints: NDArray[Any], ground: Ground) -> NDArray[np.float64]:
    """Return the lowest ground under each outline, 0 where it is not known."""
    points, owner = shapely.get_coordinates(footprints, return_index=True)
    lowest = np.full(len(footprints), np.inf)
    np.fmin.at(lowest, owner, ground.at(points))
    return np.where(np.isfinite(lowest), lowest, 0.0)
