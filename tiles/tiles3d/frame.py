"""Earth-centred coordinates and the local frame (east, north, up) of a tileset.

WGS-84 ellipsoid; formulas of EPSG Guidance Note 7-2, 4.1.1 and 4.1.3. Vectorised; exact over any distance, so that one
frame serves a whole city.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

_A = 6_378_137.0
_F = 1 / 298.257223563
_E2 = _F * (2 - _F)


def to_ecef(lonlat_deg: NDArray[np.float64], height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return earth-centred x, y, z in metres, shape (n, 3).

    Parameters
    ----------
    lonlat_deg
        WGS-84, shape (n, 2).
    height_m
        Above the ellipsoid, shape (n,).
    """
    lon, lat = np.radians(lonlat_deg).T
    radius = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    flat = (radius + height_m) * np.cos(lat)
    return np.column_stack([flat * np.cos(lon), flat * np.sin(lon), (radius * (1 - _E2) + height_m) * np.sin(lat)])


@dataclass(frozen=True, slots=True)
class Frame:
    """East, north, up at one place of the ellipsoid.

    Attributes
    ----------
    origin_ecef
        Earth-centred position of the origin, shape (3,).
    axes
        Rows east, north, up, shape (3, 3).
    """

    origin_ecef: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def at(cls, lon_deg: float, lat_deg: float) -> Frame:
        """Return the frame whose origin lies on the ellipsoid at that place."""
        lon, lat = np.radians([lon_deg, lat_deg])
        east = [-np.sin(lon), np.cos(lon), 0.0]
        north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
        up = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
        origin = to_ecef(np.array([[lon_deg, lat_deg]]), np.zeros(1))[0]
        return cls(origin, np.array([east, north, up]))

    def local(self, lonlat_deg: NDArray[np.float64], height_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return east, north, up in metres, shape (n, 3)."""
        return _times(to_ecef(lonlat_deg, height_m) - self.origin_ecef, self.axes)

    def verticals(self, positions_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the upward unit vectors at points within a few hundred metres of the ellipsoid, shape (n, 3).

        The normal of the ellipsoid through the point; off the surface its direction is wrong by height * e2 / a: 1e-7 at 100 m.
        """
        x, y, z = (_times(positions_m, self.axes.T) + self.origin_ecef).T
        z = z / (1 - _E2)
        return _times(np.column_stack([x, y, z]) / np.sqrt(x * x + y * y + z * z)[:, None], self.axes)

    def raised(self, positions_m: NDArray[np.float64], heights_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points moved up along their own verticals, shape (n, 3)."""
        raised = np.empty((len(positions_m), 3))
        _raise(positions_m, heights_m, self.origin_ecef, self.axes, raised)
        return raised

    def matrix(self) -> NDArray[np.float64]:
        """Return the matrix from the frame to earth-centred coordinates, shape (4, 4)."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes.T
        matrix[:3, 3] = self.origin_ecef
        return matrix


def _times(vectors: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the products of vectors, shape (n, 3), with the rows of a matrix.

    A product of matrices would be another one in the last bit with another number of vectors; a solid must look the same
    whatever it is drawn with.
    """
    x, y, z = vectors.T
    return np.column_stack([x * row[0] + y * row[1] + z * row[2] for row in rows])


def extent(positions_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest corner of points of shape (n, 3), n > 0."""
    low, high = positions_m[0].copy(), positions_m[0].copy()
    _extend(positions_m, low, high)
    return low, high


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _extend(points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Widen a box; `min(axis=0)` of numpy takes ten times as long on three columns."""
    for row in range(len(points)):
        for axis in range(3):
            value = points[row, axis]
            low[axis] = min(low[axis], value)
            high[axis] = max(high[axis], value)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _raise(
    points: NDArray[np.float64],
    heights: NDArray[np.float64],
    origin: NDArray[np.float64],
    axes: NDArray[np.float64],
    raised: NDArray[np.float64],
) -> None:
    """Move points along the normal of the ellipsoid through them; see `Frame.verticals`."""
    for row in range(len(points)):
        x, y, z = points[row, 0], points[row, 1], points[row, 2]
        nx = x * axes[0, 0] + y * axes[1, 0] + z * axes[2, 0] + origin[0]
        ny = x * axes[0, 1] + y * axes[1, 1] + z * axes[2, 1] + origin[1]
        nz = (x * axes[0, 2] + y * axes[1, 2] + z * axes[2, 2] + origin[2]) / (1 - _E2)
        up = heights[row] / np.sqrt(nx * nx + ny * ny + nz * nz)
        for axis in range(3):
            raised[row, axis] = points[row, axis] + up * (nx * axes[axis, 0] + ny * axes[axis, 1] + nz * axes[axis, 2])
