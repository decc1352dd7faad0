"""Models that others made become tilesets of the city: glTF, IFC, LAS and ready 3D Tiles.

    VAR/models3d/{city}/{name}/{build}/ellipsoid.json, ground.json, m-....glb

Every model is read whole and checked before anything of it can be served: a build is written into a temporary folder, renamed to
the digest of its content, and named by a row of the store (`data/models3d.py`). A fault leaves nothing behind. They lie beside
`tiles3d/`, not in it: that folder can be built anew from the store, a model cannot.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyproj

from tiles.errors import BadModel, BadTileset3D, NoRoom, UnknownTileset
from tiles.tiles3d.archive3tz import LARGEST_FILE, Archive, Files, Folder
from tiles.tiles3d.foreign_tree import ForeignTree, Keep, contents_of, read_tree, walk
from tiles.tiles3d.gltf_pack import packed
from tiles.tiles3d.metadata_check import check_metadata
from tiles.tiles3d.placing import (
    Ground,
    Spot,
    corners_of,
    extent,
    is_on_earth,
    lift,
    lowest_height_m,
    matrices,
    placed,
    require_near,
)
from tiles.tiles3d.points import box_of, cloud_tree, read_cloud

DATUMS: Final = ("ellipsoid", "ground")
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{1,39}")
"""What a model may be called."""
OWN_TILESETS: Final = ("buildings", "pipes", "fittings", "stations", "models")
"""Names that models may not take."""
LARGEST_MODEL: Final = 4_000_000_000
"""Bytes of all contents of one model."""
_CONTENT: Final = re.compile(r"m-[0-9a-f]{12}\.(glb|b3dm|i3dm|pnts|cmpt)")
_IFC_SECONDS: Final = 3600
GroundAt: TypeAlias = Callable[[float, float], Ground]
"""Heights at a place, given as longitude and latitude."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a model placed; None: as the file says.

    Attributes
    ----------
    lon_deg, lat_deg
        Of the model's origin.
    height_m
        Of the origin above the ground.
    altitude_m
        Of the origin above the sea, instead of `height_m`.
    heading_deg
        Where the y axis looks, clockwise from north.
    scale
        Metres a unit.
    crs
        Reference system of the file's coordinates (LAS, IFC).
    """

    lon_deg: float | None = None
    lat_deg: float | None = None
    height_m: float | None = None
    altitude_m: float | None = None
    heading_deg: float = 0.0
    scale: float = 1.0
    crs: str | None = None

    def check(self) -> None:
        """Refuse numbers that are no place.

        Raises
        ------
        BadModel
            With the option and its value.
        """
        if (self.lon_deg is None) != (self.lat_deg is None):
            raise BadModel("--lon and --lat belong together; one of them is missing")
        if self.height_m is not None and self.altitude_m is not None:
            raise BadModel("--height counts from the ground and --altitude from the sea; give one of them")
        limits: dict[str, tuple[float | None, float, float]] = {
            "lon": (self.lon_deg, -180, 180),
            "lat": (self.lat_deg, -90, 90),
            "heading": (self.heading_deg, -360, 360),
            "height": (self.height_m, -1000, 10_000),
            "altitude": (self.altitude_m, -1000, 10_000),
            "scale": (self.scale, 1e-6, 1e6),
        }
        for name, (value, low, high) in limits.items():
            if value is not None and not low <= value <= high:
                raise BadModel(f"--{name} is {value}; it must lie between {low} and {high}")

    def spot(self) -> Spot | None:
        """Return the place that is wished; None when the file has to tell it."""
        if self.lon_deg is None or self.lat_deg is None:
            return None
        height_m = self.altitude_m if self.altitude_m is not None else self.height_m or 0.0
        return Spot(self.lon_deg, self.lat_deg, height_m, self.heading_deg, self.scale, self.altitude_m is not None)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that was checked and lies on disk.

    Attributes
    ----------
    kind
        gltf, ifc, las or tileset.
    folder
        Relative to the var dir.
    sha256
        Of the file that was brought (of a folder: of its content).
    box
        West, south, east, north in degrees.
    facts
        Counts for people: tiles, contents, bytes, triangles, points, rows, and what was noted.
    """

    kind: str
    folder: str
    sha256: str
    box: tuple[float, float, float, float]
    facts: dict[str, Any]


@dataclass(slots=True)
class _Found:
    """A model as read: its document, and its place where the file tells one."""

    document: dict[str, Any]
    spot: Spot | None
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Refuse a name that an address or a folder cannot have, or that is one of our own tilesets.

    Raises
    ------
    BadModel
        With the name and what would be right.
    """
    if NAME.fullmatch(name) is None:
        raise BadModel(f"{name!r} is no name of a model; it is 2 to 40 of a-z, 0-9, - and _, and begins with a letter")
    if name in OWN_TILESETS:
        raise BadModel(f"{name!r} is a tileset of heat twin itself; choose another name")


def build_model(
    file: Path,
    folder: Path,
    var_dir: Path,
    wish: Wish,
    *,
    ground_at: GroundAt,
    city: tuple[float, float, float, float] | None,
) -> Model:
    """Read, check and place a model, and write it below a folder; nothing is left of one with a fault.

    Parameters
    ----------
    file
        A .glb, .gltf, .ifc, .las, .laz, .3tz, or a folder with a tileset.json.
    folder
        From `model_folder`.
    var_dir
        What `Model.folder` is relative to.
    wish
        How it shall be placed.
    ground_at
        Heights at a place.
    city
        West, south, east, north of the city; None = unknown.

    Raises
    ------
    BadModel
        When it cannot be read, is not valid, says not where it stands, or stands far from the city.
    NoRoom
        When the disk is full, or the model too large.
    """
    wish.check()
    kind = kind_of(file)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".build-", dir=folder))
    try:
        found = _read(kind, file, wish, _keeper(temporary))
        documents, box = _placements(found, wish, ground_at, city, file.name)
        for datum, document in documents.items():
            (temporary / f"{datum}.json").write_bytes(_json(document))
        temporary.chmod(0o755)
        build = _digest(temporary)
        if not (folder / build).exists():
            temporary.rename(folder / build)
    except BadTileset3D as error:
        raise BadModel(f"{file.name}: {error}") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(f"the disk has no room for {file.name}; nothing of it was kept") from None
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    facts = found.facts | {"notes": found.notes}
    return Model(kind, str((folder / build).relative_to(var_dir)), digest_of(file), box, facts)


def model_folder(var_dir: Path, city_id: int, name: str) -> Path:
    """Name the folder of a model. Nothing is created."""
    return var_dir / "models3d" / str(city_id) / name


def kind_of(file: Path) -> str:
    """Return what a file is by its name: gltf, ifc, las or tileset.

    Raises
    ------
    BadModel
        When it does not exist or is none of these.
    """
    if not file.exists():
        raise BadModel(f"there is no {file}")
    if file.is_dir():
        if not (file / "tileset.json").is_file():
            raise BadModel(f"the folder {file.name} has no tileset.json")
        return "tileset"
    kinds = {".glb": "gltf", ".gltf": "gltf", ".ifc": "ifc", ".las": "las", ".laz": "las", ".3tz": "tileset"}
    kind = "tileset" if file.name == "tileset.json" else kinds.get(file.suffix.lower())
    if kind is None:
        raise BadModel(f"{file.name} is no model that is read; it must end in {', '.join(kinds)} or be a tileset.json")
    return kind


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file; of a folder, of its names and contents."""
    if file.is_dir():
        return _digest(file, length=64)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _keeper(folder: Path) -> Keep:
    written = 0

    def keep(name: str, content: bytes) -> None:
        nonlocal written
        if not (folder / name).exists():
            written += len(content)
            if written > LARGEST_MODEL:
                raise NoRoom(f"the model has more than {LARGEST_MODEL / 1e9:.0f} GB")
            (folder / name).write_bytes(content)

    return keep


def _read(kind: str, file: Path, wish: Wish, keep: Keep) -> _Found:
    if kind == "gltf":
        return _read_gltf(file, keep)
    if kind == "las":
        return _read_las(file, wish, keep)
    if kind == "ifc":
        return _read_ifc(file, wish, keep)
    files: Files = Archive(file) if file.suffix.lower() == ".3tz" else Folder(file if file.is_dir() else file.parent)
    return _of_tree(read_tree(files, keep))


def _of_tree(tree: ForeignTree) -> _Found:
    report = asdict(tree.report)
    if not tree.report.contents:
        raise BadModel("there is nothing in it to draw")
    return _Found(tree.document, None, facts=report | {"formats": dict(tree.report.formats)})


def _read_gltf(file: Path, keep: Keep) -> _Found:
    if file.stat().st_size > LARGEST_FILE:
        raise BadModel(f"{file.name} has {file.stat().st_size} bytes, more than {LARGEST_FILE}")
    content, gltf = packed(file.read_bytes(), Folder(file.parent).read)
    check_metadata(gltf)
    low, high = gltf.corners_m()
    name = f"m-{hashlib.sha256(content).hexdigest()[:12]}.glb"
    keep(name, content)
    root = {"boundingVolume": {"box": box_of(low, high)}, "geometricError": 0, "refine": "ADD", "content": {"uri": name}}
    size = float(np.linalg.norm(high - low))
    document = {"asset": {"version": "1.1"}, "geometricError": size, "root": root}
    return _Found(document, None, facts={"tiles": 1, "contents": 1, "content_bytes": len(content), "formats": {"glb": 1}})


def _read_las(file: Path, wish: Wish, keep: Keep) -> _Found:
    cloud = read_cloud(file, wish.crs)
    root = cloud_tree(cloud, keep)
    notes = ["heights are taken as metres above the sea"]
    if len(cloud.points_m) < cloud.in_file:
        notes.append(f"{len(cloud.points_m)} of {cloud.in_file} points kept")
    tiles = sum(1 for _ in walk(root))
    facts = {"tiles": tiles, "contents": tiles, "points": len(cloud.points_m), "formats": {"glb": tiles}}
    size = float(np.linalg.norm(np.ptp(cloud.points_m, axis=0)))
    document = {"asset": {"version": "1.1"}, "geometricError": size, "root": root}
    return _Found(document, Spot(cloud.lon_deg, cloud.lat_deg, is_altitude=True), notes, facts)


# IFC, by py3dtiles


def _read_ifc(file: Path, wish: Wish, keep: Keep) -> _Found:
    site = _ifc_site(file)
    with tempfile.TemporaryDirectory(prefix="heat-twin-ifc-") as scratch:
        out = Path(scratch) / "out"
        _convert_ifc(file, out)
        found = _of_tree(read_tree(Folder(out), keep))
    found.document["asset"] = {"version": "1.1"}  # the converter's own carries the time of the run
    if wish.crs is not None:
        found.spot = spot_in_crs(found.document["root"], wish.crs, file.name)
        found.notes.append("heights are taken as metres above the sea")
    elif site is not None:
        found.spot = site
        found.notes.append("placed by the IfcSite of the file")
    return found


def _ifc_site(file: Path) -> Spot | None:
    """Look into an IFC file before it is converted; return the place of its IfcSite where it names one."""
    try:
        import ifcopenshell  # noqa: PLC0415 - an extra: only who brings building models needs it
    except ImportError:
        raise BadModel(f"{file.name} is an IFC model, which needs the extra `ifc`: pip install 'heat-twin[ifc]'") from None
    try:
        model = ifcopenshell.open(str(file))
        projects, products = len(model.by_type("IfcProject")), model.by_type("IfcProduct")
    except (RuntimeError, OSError, ValueError, AttributeError, ifcopenshell.Error) as error:
        raise BadModel(f"{file.name} cannot be read as IFC: {str(error).splitlines()[0] if str(error) else error!r}") from None
    if projects != 1:
        raise BadModel(f"{file.name} has {projects} IfcProject; there must be one")
    if not any(product.Representation is not None for product in products):
        raise BadModel(f"{file.name} has no geometry: none of its {len(products)} objects has a shape")
    for site in model.by_type("IfcSite"):
        if site.RefLatitude and site.RefLongitude:
            return Spot(_degrees(site.RefLongitude), _degrees(site.RefLatitude))
    return None


def _degrees(parts: tuple[int, ...]) -> float:
    """Return IfcCompoundPlaneAngleMeasure (degrees, minutes, seconds, millionths of seconds; all of one sign) in degrees."""
    return float(sum(part / unit for part, unit in zip(parts, (1, 60, 3600, 3600e6), strict=False)))


def _convert_ifc(file: Path, out: Path) -> None:
    """Let py3dtiles convert, in a process of its own: it starts processes, prints, and ends the program on errors."""
    program = "import sys; from py3dtiles.command_line import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "convert", str(file), "--out", str(out), "--jobs", "1", "--spec-version", "1.1"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_IFC_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BadModel(f"{file.name} took more than {_IFC_SECONDS} s to convert") from None
    if done.returncode or not (out / "tileset.json").exists():
        last = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()][-1:]
        raise BadModel(f"py3dtiles cannot convert {file.name}: {last[0] if last else 'no reason given'}")


def spot_in_crs(root: dict[str, Any], crs: str, name: str) -> Spot:
    """Return the place of a model whose own coordinates are those of a projected system, and take them out of its root.

    Raises
    ------
    BadModel
        When there is no such system, it is not a projected one, or does not reach there.
    """
    try:
        system = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise BadModel(f"{crs} is no reference system; name it as EPSG:4547") from None
    if not system.is_projected:
        raise BadModel(f"{crs} is {system.name}; a model in metres needs a projected system")
    east, north, _ = np.array(corners_of(root)).mean(axis=0)
    lon, lat = pyproj.Transformer.from_crs(system.to_2d(), "EPSG:4326", always_xy=True).transform(east, north)
    if not (np.isfinite(lon) and np.isfinite(lat)):
        raise BadModel(f"{name} lies at {east:.0f}, {north:.0f}, which {system.name} does not reach")
    moved = placed({"root": root}, _shift(-east, -north))["root"]
    root["transform"] = moved["transform"]
    convergence = pyproj.Proj(system.to_2d()).get_factors(lon, lat).meridian_convergence
    return Spot(float(lon), float(lat), heading_deg=float(convergence), is_altitude=True)


def _shift(east_m: float, north_m: float) -> Any:
    matrix = np.eye(4)
    matrix[:2, 3] = east_m, north_m
    return matrix


# placing


def _placements(
    found: _Found, wish: Wish, ground_at: GroundAt, city: tuple[float, float, float, float] | None, name: str
) -> tuple[dict[str, dict[str, Any]], tuple[float, float, float, float]]:
    """Return the document of each datum, and the ground it covers."""
    root = found.document["root"]
    spot = wish.spot() or found.spot
    if spot is None and is_on_earth(root):
        return _lifted(found, ground_at, city, name)
    if spot is None:
        raise BadModel(f"{name} does not say where it stands; name its place with --lon and --lat")
    if "region" in root["boundingVolume"] or (wish.spot() is not None and is_on_earth(root)):
        raise BadModel(f"{name} says itself where on the globe it is; leave --lon and --lat off")
    ground = ground_at(spot.lon_deg, spot.lat_deg)
    if ground.ground_m is None:
        found.notes.append("no ground raster here: the ground is taken as 0")
    lowest_m = float(corners_of(root)[:, 2].min())
    by_datum = matrices(spot, ground, lowest_m=lowest_m)
    # the runtime scales the errors of tiles by their transform, but not that of the tileset
    document = found.document | {"geometricError": found.document["geometricError"] * spot.scale}
    documents = {datum: placed(document, matrix) for datum, matrix in by_datum.items()}
    box = extent(documents["ellipsoid"]["root"])
    require_near(box, city, name)
    return documents, box


def _lifted(
    found: _Found, ground_at: GroundAt, city: tuple[float, float, float, float] | None, name: str
) -> tuple[dict[str, dict[str, Any]], tuple[float, float, float, float]]:
    box = extent(found.document["root"])
    require_near(box, city, name)
    ground = ground_at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    base_m = lowest_height_m(found.document["root"]) if ground.ground_m is None else ground.ground_m + ground.geoid_m
    if ground.ground_m is None:
        found.notes.append("no ground raster here: its lowest point stands on the ground")
    return {"ellipsoid": found.document, "ground": lift(found.document, -base_m)}, box


# what is on disk


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(folder: Path, *, length: int = 24) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:length]


def remove_model(folder: Path) -> None:
    """Remove all builds of a model."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep_model(folder: Path, kept: str) -> None:
    """Remove the builds of a model but one."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != kept:
            shutil.rmtree(path, ignore_errors=True)


def model_tileset(folder: Path, datum: str, query: str = "") -> bytes:
    """Return the tileset.json of a model with `query` after every content address.

    Raises
    ------
    UnknownTileset
        When there is no such datum, or the files of the model are gone.
    """
    path = folder / f"{_known(datum)}.json"
    if not path.is_file():
        raise UnknownTileset("the files of this model are gone; add it again")
    document = json.loads(path.read_bytes())
    for tile in walk(document["root"]):
        for content in contents_of(tile):
            content["uri"] += query
    return _json(document)


def model_content(folder: Path, name: str) -> bytes:
    """Return a content file of a model.

    Raises
    ------
    UnknownTileset
        When it has none of that name.
    """
    if _CONTENT.fullmatch(name) is None or not (folder / name).is_file():
        raise UnknownTileset(f"{name!r} is not a content file of this tileset; read tileset.json again")
    return (folder / name).read_bytes()


def model_files(folder: Path, datum: str) -> dict[str, Path]:
    """Return the files of a model in one datum by the names that they have in an archive."""
    contents = {path.name: path for path in folder.iterdir() if _CONTENT.fullmatch(path.name)}
    return {"tileset.json": folder / f"{_known(datum)}.json", **contents}


def _known(datum: str) -> str:
    if datum not in DATUMS:
        raise UnknownTileset(f"{datum!r} is not a height datum; there are {' and '.join(DATUMS)}")
    return datum
