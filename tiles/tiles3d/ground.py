"""Heights of the ground that solids stand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiles.raster import sample_heights


@dataclass(frozen=True, slots=True)
class RasterGround:
    """The ground raster of a city.

    Attributes
    ----------
    path
        Where the raster lies.
    token
        Its name, which changes with its content.
    geoid_height_m
        Added to its heights: from the national height datum to the ellipsoid.
    known
        Whether heights over the sea can be told from heights over the ground.
    """

    path: Path
    token: str
    geoid_height_m: float = 0.0
    known: bool = True

    def at(self, lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return metres above the ellipsoid, NaN outside the raster."""
        return sample_heights(self.path, lonlat_deg) + self.geoid_height_m


@dataclass(frozen=True, slots=True)
class LevelGround:
    """Ground of one height everywhere: a city without a ground raster."""

    height_m: float = 0.0
    known: bool = False

    @property
    def token(self) -> str:
        """See `layer.Ground.token`."""
        return f"level at {self.height_m:g} m"

    @property
    def geoid_height_m(self) -> float:
        """See `layer.Ground.geoid_height_m`; the ground is taken for height 0."""
        return self.height_m

    def at(self, lonlat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `layer.Ground.at`."""
        return np.full(len(lonlat_deg), self.height_m)
