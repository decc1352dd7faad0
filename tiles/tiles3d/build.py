"""Builds a city's buildings as 3D Tiles on disk, and publishes them in one step.

    VAR/tiles3d/{city}/buildings/{rights}/{build}/{ellipsoid|ground}/tileset.json, r-....glb, r0-....glb
    VAR/tiles3d/{city}/buildings/{rights}/current.json       names the build that is served

A build is made in a temporary folder, renamed to the digest of its content and then named by `current.json`, which is
replaced in one step: a reader sees the old build or the new one. The build before stays, for viewers that hold its tree.
`rights` is `all` or the mark of a restricted Scope.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from data.buildings import Buildings
from tiles.errors import UnknownTileset
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.glb import PropertyTable, write_glb
from tiles.tiles3d.mesh import Mesh, extrude
from tiles.tiles3d.tileset import Node, Solids, build_tree, tileset_json
from twin.scope import Scope

FORMAT = 1
"""Rises when the same buildings give other bytes."""
DATUMS = {
    "ellipsoid": "metres above the ellipsoid (ground heights of the raster layer, taken as ellipsoidal)",
    "ground": "metres above the ground, which is 0 everywhere",
}
_CONTENT = re.compile(r"r[0-3]{0,24}-[0-9a-f]{12}\.glb")

GroundOf: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Ground height in metres at lon/lat points of shape (n, 2); NaN where unknown."""


@dataclass(frozen=True, slots=True)
class Published:
    """The build that is served.

    Attributes
    ----------
    build
        Folder name: digest of the content.
    previous
        The build before; empty for none.
    made_from
        What it was made from: assets version, ground raster, format.
    building_count
        Solids in it; 0 means that nothing is served.
    left_out
        Asset ids of buildings without any area to draw.
    """

    build: str
    previous: str
    made_from: str
    building_count: int
    left_out: tuple[int, ...] = ()


def rights_of(scope: Scope) -> str:
    """Return the folder of a Scope: `all`, or a mark of what it restricts."""
    if scope.areas is None and scope.company_ids is None and scope.precision_m is None:
        return "all"
    text = json.dumps([scope.areas, scope.company_ids, scope.precision_m])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def buildings_folder(var_dir: Path, city_id: int, rights: str = "all") -> Path:
    """Name the folder of a city's buildings. Nothing is created."""
    return var_dir / "tiles3d" / str(city_id) / "buildings" / rights


def made_from(assets_version: int, ground: str) -> str:
    """Name what a build is made from; `ground` is the path of the ground raster, empty for none."""
    return f"format {FORMAT}, assets {assets_version}, ground {ground or 'none'}"


def read_published(folder: Path) -> Published | None:
    """Return what is served from a folder of `buildings_folder`; None when nothing was built."""
    try:
        found = json.loads((folder / "current.json").read_text())
        return Published(**found | {"left_out": tuple(found["left_out"])})
    except FileNotFoundError:
        return None


def build_buildings(folder: Path, buildings: Buildings, source: str, *, ground_of: GroundOf | None = None) -> Published:
    """Build and publish both datums.

    Parameters
    ----------
    folder
        From `buildings_folder`.
    buildings
        What to draw.
    source
        From `made_from`.
    ground_of
        Heights for the `ellipsoid` datum; None = 0. A building stands on the lowest ground under its outline.

    Cost: about 3 s and 300 MB for 50,000 buildings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not len(buildings):
        return _publish(folder, None, source, 0, ())
    temporary = Path(tempfile.mkdtemp(prefix=".build-", dir=folder))
    try:
        frame = _frame(buildings)
        grounds = {"ellipsoid": _bases(buildings, ground_of), "ground": np.zeros(len(buildings))}
        for datum, base_m in grounds.items():
            mesh = extrude(buildings.footprints_wgs84, frame, base_m=base_m, height_m=buildings.heights_m)
            drawn = _write_datum(temporary / datum, mesh, buildings, frame, DATUMS[datum])
        temporary.chmod(0o755)
        left_out = np.delete(buildings.asset_ids, drawn).tolist()
        return _publish(folder, temporary, source, len(drawn), tuple(left_out))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _frame(buildings: Buildings) -> Frame:
    west, south, east, north = shapely.total_bounds(buildings.footprints_wgs84)
    return Frame.at(round((west + east) / 2, 6), round((south + north) / 2, 6))


def _bases(buildings: Buildings, ground_of: GroundOf | None) -> NDArray[np.float64]:
    if ground_of is None:
        return np.zeros(len(buildings))
    points, owner = shapely.get_coordinates(buildings.footprints_wgs84, return_index=True)
    heights = ground_of(points)
    lowest = np.full(len(buildings), np.inf)
    np.fmin.at(lowest, owner, heights)
    return np.where(np.isfinite(lowest), lowest, 0.0)


def _write_datum(folder: Path, mesh: Mesh, buildings: Buildings, frame: Frame, heights: str) -> NDArray[np.int64]:
    """Write the files of one datum and return the rows of the buildings that have something to draw."""
    folder.mkdir()
    drawn, first = np.unique(mesh.owners, return_index=True)
    solids = Solids(np.minimum.reduceat(mesh.positions_m, first), np.maximum.reduceat(mesh.positions_m, first))
    root = build_tree(solids)
    uris = {node.path: _write_content(folder, node, mesh, buildings, drawn) for node in root.walk()}
    (folder / "tileset.json").write_bytes(tileset_json(root, uris, frame.transform(), heights=heights))
    return drawn


def _write_content(folder: Path, node: Node, mesh: Mesh, buildings: Buildings, drawn: NDArray[np.int64]) -> str:
    rows = drawn[node.owners]
    table = PropertyTable(buildings.asset_ids[rows], buildings.heights_m[rows], [buildings.names[row] for row in rows])
    content = write_glb(mesh.subset(rows), table)
    name = f"{node.path}-{hashlib.sha256(content).hexdigest()[:12]}.glb"
    (folder / name).write_bytes(content)
    return name


def _publish(folder: Path, temporary: Path | None, source: str, count: int, left_out: tuple[int, ...]) -> Published:
    before = read_published(folder)
    build = "" if temporary is None else _digest(temporary)
    if temporary is not None and not (folder / build).exists():
        temporary.rename(folder / build)
    previous = "" if before is None else before.previous if before.build == build else before.build
    published = Published(build, previous, source, count, left_out)
    pointer = folder / f".current-{os.getpid()}.json"
    pointer.write_text(json.dumps(asdict(published)))
    pointer.replace(folder / "current.json")
    _sweep(folder, {build, previous})
    return published


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:24]


def _sweep(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith(".") and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def read_tileset(folder: Path, published: Published, datum: str, query: str) -> bytes:
    """Return tileset.json with `query` after every content address (`?city=1`).

    Raises
    ------
    UnknownTileset
        When there is no such datum.
    """
    document = json.loads((folder / published.build / _known(datum) / "tileset.json").read_bytes())
    _add_query(document["root"], query)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _add_query(tile: dict[str, Any], query: str) -> None:
    tile["content"]["uri"] += query
    for child in tile.get("children", ()):
        _add_query(child, query)


def _known(datum: str) -> str:
    if datum not in DATUMS:
        raise UnknownTileset(f"{datum!r} is not a height datum; there are {' and '.join(DATUMS)}")
    return datum


def read_content(folder: Path, published: Published, datum: str, name: str) -> bytes:
    """Return a content file of the served build or of the one before.

    Raises
    ------
    UnknownTileset
        When the name is not that of a content file, or there is no such file.
    """
    if _CONTENT.fullmatch(name) is None:
        raise UnknownTileset(f"{name!r} is not a content file of this tileset")
    for build in filter(None, (published.build, published.previous)):
        path = folder / build / _known(datum) / name
        if path.exists():
            return path.read_bytes()
    raise UnknownTileset(f"content {name!r} is not part of the tileset; read tileset.json again")
