"""Where builds of 3D Tiles lie, which one is served, and how the next one takes its place.

    VAR/tiles3d/{city}/{tileset}/{rights}/{build}/{ellipsoid|ground}/tileset.json, c{quadkey}-{hash}.glb
    VAR/tiles3d/{city}/{tileset}/{rights}/{build}/left_out.json, index.json
    VAR/tiles3d/{city}/{tileset}/{rights}/current.json       names the build that is served
    VAR/tiles3d/{city}/{tileset}/{rights}/.work/             files of a build that is being made, or was interrupted

A build is named by the digest of its content; `current.json` is replaced in one step, after all else is on the disk: a reader
sees the old build or the new one. The build before stays, for viewers that hold its tree. `rights` is `all` or the mark of a
restricted Scope. Nothing that was not put here by this module is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tiles.errors import BadTileset3D, UnknownTileset
from tiles.tiles3d.tileset import every_tile

DATUMS = {
    "ellipsoid": "metres above the WGS-84 ellipsoid",
    "ground": "metres above the ground, which is 0 everywhere",
}
_CONTENT = re.compile(r"c[0-3]{0,24}-[0-9a-f]{16}\.glb")
_BUILD = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Published:
    """The build that is served.

    Attributes
    ----------
    build
        Folder name: digest of the content; empty when there is nothing to draw.
    previous
        The build before; empty for none.
    made_from
        What it was made from: assets version, ground, format.
    features_in, features_out
        Features of the layer, features that are drawn.
    left_out
        How many are not drawn, by reason.
    bbox_wgs84
        west, south, east, north in degrees; empty for none.
    tiles, triangles, size_bytes
        Content files, triangles and bytes of one datum (`ground`), tileset.json included.
    """

    build: str
    previous: str
    made_from: str
    features_in: int
    features_out: int
    left_out: dict[str, int] = field(default_factory=dict)
    bbox_wgs84: tuple[float, ...] = ()
    tiles: int = 0
    triangles: int = 0
    size_bytes: int = 0


_FIELDS = {each.name for each in fields(Published)}
EVERYBODY = "all"
"""Folder of what an unrestricted Scope sees."""


def tileset_folder(var_dir: Path, city_id: int, tileset: str, rights: str = EVERYBODY) -> Path:
    """Name the folder of a city's tileset. Nothing is created."""
    return var_dir / "tiles3d" / str(city_id) / tileset / rights


def read_published(folder: Path) -> Published | None:
    """Return what is served from a folder of `tileset_folder`; None when nothing was built, or by another format.

    Raises
    ------
    BadTileset3D
        When `current.json` is not one of ours.
    """
    path = folder / "current.json"
    try:
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and "build" in found and found.keys() != _FIELDS:
            return None
        return Published(**found | {"bbox_wgs84": tuple(found["bbox_wgs84"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadTileset3D(
            f"{path} does not say what is served ({error}); remove that file and build again with `heat-twin tiles3d build`"
        ) from None


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Hold a folder for one builder and yield its work folder; other builders of the same tileset wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        work = folder / ".work"
        work.mkdir(exist_ok=True)
        yield work


def publish(folder: Path, made: Path | None, published: Published) -> Published:
    """Put a finished build in its place and name it in `current.json`.

    Parameters
    ----------
    folder
        From `tileset_folder`.
    made
        Folder of the build, in the folder; None when there is nothing to draw.
    published
        Without `build` and `previous`, which are filled in here.
    """
    before = _before(folder)
    build = "" if made is None else build_digest(made)
    if made is not None:
        _sync(made)
        if (folder / build).exists():
            _mend(folder / build, made)
        else:
            made.rename(folder / build)
    previous = "" if before is None else before.previous if before.build == build else before.build
    whole = Published(**asdict(published) | {"build": build, "previous": previous})
    pointer = folder / f".current-{os.getpid()}.json"
    with pointer.open("w") as file:
        json.dump(asdict(whole), file, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(folder / "current.json")
    _sweep(folder, {build, previous})
    return whole


def _before(folder: Path) -> Published | None:
    try:
        return read_published(folder)
    except BadTileset3D:
        return None


def _sync(made: Path) -> None:
    """Bring the names and files of a build to the disk before it is named."""
    for path in [*made.rglob("*.json"), made]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _mend(served: Path, made: Path) -> None:
    """Put whole files in the place of those that somebody damaged, and drop the rest of the same build."""
    for path in made.rglob("*"):
        target = served / path.relative_to(made)
        if path.is_file() and (not target.exists() or target.stat().st_size != path.stat().st_size):
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
    shutil.rmtree(made)


def build_digest(made: Path) -> str:
    """Return the digest of a build: its content names (which are digests of what is in them) and its documents."""
    digest = hashlib.sha256()
    for path in sorted(made.rglob("*")):
        if path.is_file():
            content = path.read_bytes() if path.suffix == ".json" else b""
            digest.update(f"{path.relative_to(made).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()[:24]


def _sweep(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.is_dir() and _BUILD.fullmatch(path.name) and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder / ".work", ignore_errors=True)


def read_tileset(folder: Path, published: Published, datum: str, query: str) -> bytes:
    """Return tileset.json with `query` after every content address (`?city=1`).

    Raises
    ------
    UnknownTileset
        When there is no such datum.
    """
    document = json.loads((folder / published.build / _known(datum) / "tileset.json").read_bytes())

    def add_query(tile: dict[str, Any]) -> None:
        if "content" in tile:
            tile["content"]["uri"] += query

    every_tile(document["root"], add_query)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


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


def published_files(folder: Path, published: Published, datum: str) -> dict[str, Path]:
    """Return the files of the served build in one datum by the names that they have in an archive.

    Raises
    ------
    UnknownTileset
        When there is no such datum.
    """
    return {path.name: path for path in (folder / published.build / _known(datum)).iterdir() if path.is_file()}


def strangers(folder: Path, published: Published) -> list[str]:
    """Return what lies in the folder of a tileset, or in that of its served build, and was not put there by this module."""
    memory = f"{folder.parent.name}.npz"  # what a layer remembers of its features
    ours = {published.build, published.previous, memory, "current.json", ".lock", ".work", ".made"}
    beside = [path.name for path in folder.iterdir() if path.name not in ours]
    inside = [
        path.relative_to(folder).as_posix()
        for path in (folder / published.build).glob("*/*")
        if path.parent.name not in DATUMS or (path.name != "tileset.json" and _CONTENT.fullmatch(path.name) is None)
    ]
    return sorted(beside + inside)


def read_left_out(folder: Path, published: Published) -> list[dict[str, Any]]:
    """Return the features that the served build does not draw, each with its reason."""
    if not published.build:
        return []
    found: list[dict[str, Any]] = json.loads((folder / published.build / "left_out.json").read_bytes())
    return found
