"""Places a model in a city: a matrix for each height datum, from where it stands and which way it looks."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyproj
from numpy.typing import NDArray

from tiles.errors import BadModel
from tiles.tiles3d.foreign_tree import walk
from tiles.tiles3d.frame import Frame

Matrix: TypeAlias = NDArray[np.float64]
FARTHEST_M: Final = 50_000.0
"""Distance from the city beyond which a model is taken to be misplaced."""
_TO_LONLAT: Final = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a model stands.

    Attributes
    ----------
    lon_deg, lat_deg
        Of its origin, WGS-84.
    height_m
        Of its origin: above the ground, or with `is_altitude` above the sea.
    heading_deg
        Where its y axis looks, clockwise from north.
    scale
        Metres a unit of the model.
    is_altitude
        True when `height_m` counts from the sea (normal height).
    """

    lon_deg: float
    lat_deg: float
    height_m: float = 0.0
    heading_deg: float = 0.0
    scale: float = 1.0
    is_altitude: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """Heights at the place of a model.

    Attributes
    ----------
    ground_m
        Height of the ground above the sea; None where no raster tells it.
    geoid_m
        Height of the sea above the ellipsoid.
    """

    ground_m: float | None
    geoid_m: float = 0.0


def matrices(spot: Spot, ground: Ground, *, lowest_m: float) -> dict[str, Matrix]:
    """Return the matrix of each height datum, from the model to earth-centred coordinates.

    Parameters
    ----------
    spot
        Where the model stands.
    ground
        Heights there.
    lowest_m
        Lowest height of the model above its origin, which stands on the ground where no raster tells how high that is.
    """
    if spot.is_altitude:
        stands_m = -lowest_m if ground.ground_m is None else spot.height_m - ground.ground_m
        heights = {"ellipsoid": spot.height_m + ground.geoid_m, "ground": stands_m}
    else:
        heights = {"ellipsoid": (ground.ground_m or 0.0) + ground.geoid_m + spot.height_m, "ground": spot.height_m}
    return {datum: _matrix(spot, height_m) for datum, height_m in heights.items()}


def _matrix(spot: Spot, height_m: float) -> Matrix:
    frame = Frame.at(spot.lon_deg, spot.lat_deg)
    angle = np.radians(spot.heading_deg)
    turn = np.array([[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    matrix = np.eye(4)
    matrix[:3, :3] = frame.axes.T @ turn * spot.scale
    matrix[:3, 3] = frame.origin_ecef + frame.axes[2] * height_m
    return matrix


def lift(document: dict[str, Any], rise_m: float) -> dict[str, Any]:
    """Return an earth-centred tileset moved along the vertical of its middle; its regions move with it."""
    lifted = copy.deepcopy(document)
    west, south, east, north = extent(document["root"])
    up = Frame.at((west + east) / 2, (south + north) / 2).axes[2]
    move = np.eye(4)
    move[:3, 3] = up * rise_m
    for tile in walk(lifted["root"]):
        for volume in (tile.get("boundingVolume", {}), *(entry.get("boundingVolume", {}) for entry in tile.get("contents", []))):
            if "region" in volume:
                volume["region"] = [*volume["region"][:4], *(height + rise_m for height in volume["region"][4:])]
    lifted["root"]["transform"] = columns(move @ transform_of(lifted["root"]))
    return lifted


def placed(document: dict[str, Any], matrix: Matrix) -> dict[str, Any]:
    """Return a tileset whose root stands where a matrix puts it."""
    made = copy.deepcopy(document)
    made["root"]["transform"] = columns(matrix @ transform_of(made["root"]))
    return made


def transform_of(tile: dict[str, Any]) -> Matrix:
    """Return the matrix of a tile."""
    return np.array(tile["transform"], dtype=np.float64).reshape(4, 4).T if "transform" in tile else np.eye(4)


def columns(matrix: Matrix) -> list[float]:
    """Return a matrix as 3D Tiles writes it: 16 numbers by column."""
    return [float(value) for value in matrix.T.ravel()]


def corners_of(root: dict[str, Any]) -> NDArray[np.float64]:
    """Return the corners of a root's volume after its transform, shape (8, 3); a region's are earth-centred.

    Raises
    ------
    BadModel
        When its volume is of a kind that is not read.
    """
    volume, matrix = root["boundingVolume"], transform_of(root)
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    if "region" in volume:
        west, south, east, north, low, high = volume["region"]
        lon, lat = np.degrees(np.where(signs[:, 0] < 0, west, east)), np.degrees(np.where(signs[:, 1] < 0, south, north))
        found = _TO_LONLAT.transform(lon, lat, np.where(signs[:, 2] < 0, low, high), direction="INVERSE")
        return np.column_stack(found)
    if "box" in volume:
        box = np.array(volume["box"], dtype=np.float64).reshape(4, 3)
        corners = box[0] + signs @ box[1:]
    elif "sphere" in volume:
        corners = np.array(volume["sphere"][:3]) + signs * volume["sphere"][3]
    else:
        raise BadModel("the volume of its root tile is neither a box, a sphere nor a region")
    moved: NDArray[np.float64] = corners @ matrix[:3, :3].T + matrix[:3, 3]
    return moved


def is_on_earth(root: dict[str, Any]) -> bool:
    """Tell whether a tileset says where on the globe it is: its root lies within 100 km of the ellipsoid."""
    middle = corners_of(root).mean(axis=0)
    return "region" in root["boundingVolume"] or 6.25e6 < float(np.linalg.norm(middle)) < 6.5e6


def extent(root: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees of a root tile on the globe."""
    lon, lat, _ = _lonlat(root)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def lowest_height_m(root: dict[str, Any]) -> float:
    """Return the lowest height above the ellipsoid of a root tile on the globe."""
    if "region" in root["boundingVolume"]:
        return float(root["boundingVolume"]["region"][4])
    return float(_lonlat(root)[2].min())


def _lonlat(root: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, y, z = corners_of(root).T
    found: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] = _TO_LONLAT.transform(x, y, z)
    return found


def require_near(box: tuple[float, float, float, float], city: tuple[float, float, float, float] | None, name: str) -> None:
    """Refuse a model that lies far from the city, or is far larger than a place.

    Raises
    ------
    BadModel
        With the distance, or the size.
    """
    geodesic = pyproj.Geod(ellps="WGS84")
    across_m = geodesic.inv(box[0], box[1], box[2], box[3])[2]
    if not np.isfinite(across_m) or across_m > 2 * FARTHEST_M:
        raise BadModel(f"{name} is {across_m / 1000:.0f} km wide; is it in metres, and in the right reference system?")
    if city is None:
        return
    lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    near = min(max(lon, city[0]), city[2]), min(max(lat, city[1]), city[3])
    far_m = geodesic.inv(lon, lat, *near)[2]
    if far_m > FARTHEST_M:
        raise BadModel(
            f"{name} would stand at {lon:.4f}, {lat:.4f}, {far_m / 1000:.0f} km from the city; name its place with --lon and"
            " --lat, or its reference system with --crs"
        )
