"""Point clouds (LAS, LAZ) become tiles: a quadtree that adds points, each node an even sample of what lies below it.

py3dtiles converts such files too, but what 12.1 writes for 3D Tiles 1.1 is not valid glTF (colours of three bytes, not aligned)
and its first tile leaves its volume, so points are written here. The same file gives the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyproj
from numpy.typing import NDArray

from tiles.errors import BadModel
from tiles.tiles3d.foreign_tree import Keep
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.glb import pack_glb

MOST_POINTS: Final = 20_000_000
"""Points that are kept; of a larger cloud every second, third, ... is taken, and the report says so."""
TILE_POINTS: Final = 25_000
_CHUNK: Final = 1_000_000
_DEEPEST: Final = 16
_GREY: Final = 200
_POINT: Final = np.dtype([("position", "<f4", 3), ("colour", "u1", 4)])


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points in the frame of their middle.

    Attributes
    ----------
    lon_deg, lat_deg
        Where the frame lies, on the ellipsoid.
    points_m
        East, north, up; the height of the frame is that of the file, shape (n, 3).
    colours
        Red, green, blue, shape (n, 3).
    in_file
        Points of the file.
    """

    lon_deg: float
    lat_deg: float
    points_m: NDArray[np.float64]
    colours: NDArray[np.uint8]
    in_file: int


def read_cloud(path: Path, crs: str | None = None) -> Cloud:
    """Read a LAS or LAZ file.

    Parameters
    ----------
    path
        The file.
    crs
        Reference system where the file names none, or names a wrong one: EPSG:4547.

    Raises
    ------
    BadModel
        When the extra `las` is not installed, the file cannot be read, has no points or no reference system.

    Cost: about 3 s and 100 bytes a point at a million points.
    """
    laspy = _laspy(path)
    try:
        with laspy.open(path) as file:
            count = int(file.header.point_count)
            if count == 0:
                raise BadModel(f"{path.name} has no points")
            system = _system(path, crs, file.header)
            step = -(-count // MOST_POINTS)
            chunks = [_chunk(chunk, step) for chunk in file.chunk_iterator(_CHUNK - _CHUNK % step or step)]
    except (laspy.errors.LaspyException, OSError, ValueError, EOFError, RuntimeError) as error:
        raise BadModel(f"{path.name} cannot be read as LAS: {str(error).splitlines()[0] if str(error) else error!r}") from None
    stored = np.concatenate([chunk[0] for chunk in chunks])
    return _placed(path, stored, np.concatenate([chunk[1] for chunk in chunks]), system, count)


def _laspy(path: Path) -> Any:
    try:
        import laspy  # noqa: PLC0415 - an extra: only who brings point clouds needs it
        import lazrs  # noqa: F401, PLC0415
    except ImportError:
        raise BadModel(f"{path.name} is a point cloud, which needs the extra `las`: pip install 'heat-twin[las]'") from None
    return laspy


def _system(path: Path, crs: str | None, header: Any) -> pyproj.CRS:
    try:
        system = pyproj.CRS.from_user_input(crs) if crs is not None else header.parse_crs()
    except pyproj.exceptions.CRSError:
        raise BadModel(f"{crs or 'what the file names'} is no reference system; name it as EPSG:4547") from None
    if system is None:
        raise BadModel(f"{path.name} does not say in which reference system it is; name it with --crs EPSG:4547")
    if system.is_geocentric or not (system.is_projected or system.is_geographic or system.is_compound):
        raise BadModel(f"{path.name} is in {system.name}; point clouds are read in projected or geographic systems")
    return system


def _chunk(points: Any, step: int) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
    xyz = np.column_stack([np.asarray(points[axis], dtype=np.float64) for axis in ("x", "y", "z")])[::step]
    if "red" not in points.point_format.dimension_names:
        return xyz, np.full((len(xyz), 3), _GREY << 8, np.uint16)
    rgb = np.column_stack([np.asarray(points[name], dtype=np.uint16) for name in ("red", "green", "blue")])
    return xyz, rgb[::step]


def _placed(path: Path, stored: NDArray[np.float64], rgb: NDArray[np.uint16], system: pyproj.CRS, count: int) -> Cloud:
    to_wgs84 = pyproj.Transformer.from_crs(system.to_2d(), "EPSG:4326", always_xy=True)
    lon, lat = to_wgs84.transform(stored[:, 0], stored[:, 1])
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and np.isfinite(stored[:, 2]).all()):
        raise BadModel(f"{path.name} has points that {system.name} does not reach; is that its reference system?")
    middle = [round(float((axis.min() + axis.max()) / 2), 6) for axis in (lon, lat)]
    height_m = stored[:, 2] * _metres(system)
    points = Frame.at(*middle).local(np.column_stack([lon, lat]), height_m)
    colours = (rgb if rgb.max() < 256 else rgb >> 8).astype(np.uint8)
    return Cloud(middle[0], middle[1], points, colours, count)


def _metres(system: pyproj.CRS) -> float:
    """Return metres a unit of height; where the system names no vertical unit, that of a projected one's plane."""
    axes = system.axis_info
    if len(axes) == 3:
        return float(axes[2].unit_conversion_factor)
    return float(axes[0].unit_conversion_factor) if system.is_projected else 1.0


def cloud_tree(cloud: Cloud, keep: Keep) -> dict[str, Any]:
    """Return the root tile of a cloud; its contents go to `keep`."""
    order = np.random.default_rng(1).permutation(len(cloud.points_m))
    low, high = cloud.points_m.min(axis=0), cloud.points_m.max(axis=0)
    half = max(float((high - low)[:2].max()) / 2, 1.0)
    return _tile(cloud, order, (low[:2] + high[:2]) / 2, half, keep=keep, depth=0, largest=np.inf)


def _tile(
    cloud: Cloud,
    order: NDArray[np.int64],
    centre: NDArray[np.float64],
    half: float,
    *,
    keep: Keep,
    depth: int,
    largest: float,
) -> dict[str, Any]:
    shown, rest = order[:TILE_POINTS], order[TILE_POINTS:]
    if depth == _DEEPEST:
        shown, rest = order, order[:0]
    points = cloud.points_m[order]
    box = (points.min(axis=0), points.max(axis=0))
    # the distance between the points shown: what the picture lacks while the children are not drawn
    error = min(float(2 * half / np.sqrt(len(shown))), largest) if len(rest) else 0.0
    tile = {"boundingVolume": {"box": box_of(*box)}, "geometricError": error, "refine": "ADD"}
    tile["content"] = {"uri": _write(cloud, np.sort(shown), keep)}
    quarter = (cloud.points_m[rest, 0] >= centre[0]) + 2 * (cloud.points_m[rest, 1] >= centre[1])
    children = []
    for number in np.unique(quarter):
        offset = half / 2 * np.array([1 if number & 1 else -1, 1 if number & 2 else -1])
        part = rest[quarter == number]
        children.append(_tile(cloud, part, centre + offset, half / 2, keep=keep, depth=depth + 1, largest=error))
    return tile | ({"children": children} if children else {})


def box_of(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[float]:
    """Return the twelve numbers of a box, a centimetre wider than its corners."""
    centre, half = (low + high) / 2, (high - low) / 2 + 0.01
    return [round(float(value), 4) for value in [*centre, half[0], 0, 0, 0, half[1], 0, 0, 0, half[2]]]


def _write(cloud: Cloud, rows: NDArray[np.int64], keep: Keep) -> str:
    middle = np.round(cloud.points_m[rows].mean(axis=0), 3)
    vertices = np.zeros(len(rows), _POINT)
    y_up = (cloud.points_m[rows] - middle)[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
    vertices["position"] = y_up
    vertices["colour"] = np.column_stack([cloud.colours[rows], np.full(len(rows), 255, np.uint8)])
    stored = vertices["position"]
    accessor = {"bufferView": 0, "count": len(rows)}
    document = {
        "asset": {"version": "2.0", "generator": "heat twin"},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": [float(middle[0]), float(middle[2]), -float(middle[1])]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 1}, "material": 0, "mode": 0}]}],
        "materials": [{"extensions": {"KHR_materials_unlit": {}}}],
        "accessors": [
            accessor
            | {"byteOffset": 0, "componentType": 5126, "type": "VEC3"}
            | {"min": stored.min(axis=0).tolist(), "max": stored.max(axis=0).tolist()},
            accessor | {"byteOffset": 12, "componentType": 5121, "type": "VEC4", "normalized": True},
        ],
        "bufferViews": [{"buffer": 0, "byteLength": vertices.nbytes, "byteStride": _POINT.itemsize, "target": 34_962}],
        "buffers": [{"byteLength": vertices.nbytes}],
    }
    content = pack_glb(document, bytearray(vertices.tobytes()))
    name = f"m-{hashlib.sha256(content).hexdigest()[:12]}.glb"
    keep(name, content)
    return name
