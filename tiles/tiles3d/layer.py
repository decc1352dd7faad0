"""What a layer of 3D Tiles hands to the engine: features with places, sizes and digests, and their pictures in batches.

The engine (`engine.py`) knows nothing of buildings or pipes: it puts features into cells, asks for the picture of cells whose
digest it has not drawn yet, and publishes. A layer knows nothing of files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tiles.tiles3d.columns import Table
from tiles.tiles3d.frame import Frame, extent
from tiles.tiles3d.glb import Look, Parts
from tiles.tiles3d.mesh import Mesh


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A feature that is not drawn, and why.

    Attributes
    ----------
    asset_id, code
        Which.
    reason
        Short name of the rule, for counts (`zero_area`).
    value
        What was found, as text.
    wanted
        What would be right.
    """

    asset_id: int
    code: str
    reason: str
    value: str
    wanted: str


class Ground(Protocol):
    """Height of the ground."""

    @property
    def token(self) -> str:
        """What the heights are made from; the same text means the same heights."""

    @property
    def known(self) -> bool:
        """Whether heights over the sea can be told from heights over the ground."""

    @property
    def geoid_height_m(self) -> float:
        """Metres from the ellipsoid up to height 0 of the national datum."""

    def at(self, lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return metres above the ellipsoid at points of shape (n, 2); NaN where unknown."""


@dataclass(frozen=True, slots=True)
class Content:
    """A content file.

    Attributes
    ----------
    data
        Its bytes.
    low_m, high_m
        Corners of its box in the frame of the tileset, shape (3,).
    triangles
        How many it draws.
    """

    data: bytes
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    triangles: int


class Batch(Protocol):
    """The pictures of some features, in the order they were asked for."""

    def content(self, first: int, last: int, *, lifted: bool) -> Content:
        """Return the content of features `first` to `last - 1` of the batch.

        `lifted` puts them onto the ground's height above the ellipsoid; else the ground is 0.
        """


class Features(Protocol):
    """All features of a layer, by rising asset id; arrays of one length.

    Attributes
    ----------
    name
        Of the tileset: `buildings`.
    asset_ids
        uint32.
    bounds_wgs84
        west, south, east, north in degrees, shape (n, 4).
    sizes_m
        How much each matters from afar; the far level shows the largest.
    digests
        16 bytes a feature (dtype `V16`), of all that its picture and its row depend on except the ground.
    left_out
        What cannot be drawn.
    leaf_capacity, far_capacity
        Features of a leaf, features of a tile of the far level (0: far levels draw nothing).
    far_error_m
        By how much the far picture of a feature is wrong.
    """

    name: str
    asset_ids: NDArray[np.uint32]
    left_out: tuple[LeftOut, ...]
    leaf_capacity: int
    far_capacity: int
    far_error_m: float

    @property
    def bounds_wgs84(self) -> NDArray[np.float64]:
        """See above."""

    @property
    def sizes_m(self) -> NDArray[np.float64]:
        """See above."""

    @property
    def digests(self) -> NDArray[Any]:
        """See above."""

    @property
    def shaped_by_ground(self) -> bool:
        """Whether even what is drawn over a ground of 0 depends on the height of the ground."""

    def take(self, rows: NDArray[np.int64]) -> Features:
        """Return some features, in the order given: what a worker is sent."""

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> Batch:
        """Return the pictures of all features here, in their order; one looks the same whatever it is drawn with."""


@dataclass(frozen=True, slots=True)
class MeshBatch:
    """A batch of triangles.

    Attributes
    ----------
    mesh
        `owners` are 0, 1, ... in the order of the rows asked for; every row has triangles.
    table
        One row an owner.
    frame
        Of the tileset.
    look
        How the glb is written.
    """

    mesh: Mesh
    table: Table
    frame: Frame
    look: Look
    _last: dict[tuple[int, int], tuple[Mesh, Parts, NDArray[np.float64] | None]] = field(default_factory=dict)

    def content(self, first: int, last: int, *, lifted: bool) -> Content:
        """See `Batch.content`; what both datums have in common is kept until other features are asked for."""
        if (first, last) not in self._last:
            part = self.mesh.part(first, last)
            self._last.clear()
            up = self.frame.verticals(np.mean(extent(part.positions_m), axis=0)[None])[0] if self.look.quantised else None
            self._last[first, last] = part, Parts.of(part, self.table.part(first, last), self.look), up
        mesh, parts, up = self._last[first, last]
        positions = mesh.lifted(self.frame).positions_m if lifted else mesh.positions_m
        data, low, high = parts.placed(positions, up)
        return Content(data, low, high, len(mesh.triangles))
