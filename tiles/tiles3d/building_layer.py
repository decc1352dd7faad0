"""Buildings as a layer of 3D Tiles: footprints extruded to their heights; boxes along their walls from afar."""

from __future__ import annotations

import hashlib
import logging
from functools import cached_property
from operator import itemgetter
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from data.buildings import Buildings
from data.tile_tables import DEFAULT_HEIGHT_M, STOREY_M
from tiles.tiles3d.building_rules import DEFAULT, GIVEN, OF_STOREYS, Solids, drawable, sizes_m
from tiles.tiles3d.columns import Column, Table
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.glb import Look
from tiles.tiles3d.layer import Ground, LeftOut, MeshBatch
from tiles.tiles3d.mesh import Footprints, boxes, extrude

_LOG = logging.getLogger(__name__)
_LOOK = Look(quantised=True, colour=(0.3, 0.42, 0.58))
_HEIGHT_SOURCES = {GIVEN: "given", OF_STOREYS: f"{STOREY_M:g} m a storey", DEFAULT: f"unknown, {DEFAULT_HEIGHT_M:g} m taken"}
_PLAIN = {b"\1\3\0\0\0", b"\1\6\0\0\0"}
"""How little-endian WKB of a polygon and a multipolygon without heights begins."""
_NAMED = 20
"""Ids that a log line names."""


class BuildingFeatures:
    """Features of a city's buildings; see `layer.Features`."""

    name = "buildings"
    leaf_capacity = 500
    far_capacity = 300
    far_error_m = 12.0
    shaped_by_ground = False

    def __init__(self, solids: Solids, left_out: tuple[LeftOut, ...] = ()) -> None:
        self._solids = solids
        self.left_out = left_out
        self.asset_ids = solids.buildings.asset_ids
        self.bounds_wgs84 = solids.bounds_wgs84

    @classmethod
    def of(cls, buildings: Buildings) -> Self:
        """Return what can be drawn of a city's buildings."""
        solids, left_out = drawable(buildings)
        if (mended := solids.buildings.asset_ids[solids.mended]).size:
            _LOG.warning("outlines of %d buildings cross themselves, drawn repaired: %s", mended.size, mended[:_NAMED].tolist())
        return cls(solids, left_out)

    @cached_property
    def sizes_m(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        return sizes_m(self._solids)

    @cached_property
    def digests(self) -> NDArray[Any]:
        """See `layer.Features`."""
        b = self._solids.buildings
        numbers = np.column_stack([b.asset_ids, b.estate_ids, b.substation_ids, self._solids.height_sources]).astype("<f8")
        fixed = np.column_stack([numbers, self._solids.heights_m]).astype("<f8").tobytes()
        size = len(fixed) // max(len(b), 1)
        told = zip(range(0, len(fixed), max(size, 1)), b.codes, b.names, b.kinds, b.outlines_wkb, strict=True)
        made = (
            hashlib.blake2b(fixed[at : at + size] + f"{code}\0{name}\0{kind}\0".encode() + outline, digest_size=16).digest()
            for at, code, name, kind, outline in told
        )
        return np.frombuffer(b"".join(made), dtype="V16")

    def take(self, rows: NDArray[np.int64]) -> BuildingFeatures:
        """See `layer.Features`."""
        return BuildingFeatures(self._solids.take(rows))

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> MeshBatch:
        """See `layer.Features`."""
        footprints = self._solids.footprints_wgs84
        raised = boxes if far else extrude
        bases = _bases(footprints, ground)
        if not far and (floating := self.asset_ids[np.isnan(bases)]).size:
            _LOG.warning(
                "ground_missing: %d buildings stand on 0, the ground raster has no height under them: %s",
                floating.size,
                floating[:_NAMED].tolist(),
            )
        mesh = raised(self._outlines(), frame, lift_m=np.nan_to_num(bases), height_m=self._solids.heights_m)
        return MeshBatch(mesh, self._table(far=far), frame, _LOOK)

    def _outlines(self) -> Footprints:
        """Return the outlines as they were read, where that is WKB of plain polygons and they were not repaired."""
        outlines: list[bytes] = self._solids.buildings.outlines_wkb.tolist()
        if not set(map(itemgetter(slice(5)), outlines)) <= _PLAIN:
            return self._solids.footprints_wgs84
        for row in np.flatnonzero(self._solids.mended).tolist():
            outlines[row] = shapely.to_wkb(self._solids.footprints_wgs84[row], output_dimension=2, byte_order=1)
        return outlines

    def _table(self, *, far: bool) -> Table:
        b, solids = self._solids.buildings, self._solids
        near = [
            Column("code", "STRING", b.codes, "code of the asset"),
            Column("name", "STRING", b.names, "name as imported"),
            Column("kind", "STRING", b.kinds, "building type, a value of the code list building_type"),
            Column("height_source", "UINT8", solids.height_sources, "where the height is from", _HEIGHT_SOURCES),
            Column("estate", "UINT32", b.estate_ids, "asset id of its estate, 0 for none"),
            Column("substation", "UINT32", b.substation_ids, "asset id of the substation that feeds it, 0 for none"),
        ]
        columns = [
            Column("asset_id", "UINT32", b.asset_ids, "id of the asset in its city"),
            Column("height", "FLOAT32", solids.heights_m, "height above the ground in metres"),
        ]
        return Table("building", tuple(columns if far else columns + near))


def _bases(footprints: NDArray[Any], ground: Ground) -> NDArray[np.float64]:
    """Return the lowest ground under each outline, NaN where it is not known."""
    points, owner = shapely.get_coordinates(footprints, return_index=True)
    heights = ground.at(points)
    first = np.searchsorted(owner, np.arange(len(footprints)))
    lowest: NDArray[np.float64] = np.fmin.reduceat(heights, first) if len(first) else np.empty(0)
    return np.where(np.isfinite(lowest), lowest, np.nan)
