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
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tiles.errors import DamagedTileset, UnknownTileset
from tiles.tiles3d.tileset import every_tile

_LOG = logging.getLogger(__name__)
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
    DamagedTileset
        When `current.json` is not one of ours.
    """
    path = folder / "current.json"
    try:
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and "build" in found and found.keys() != _FIELDS:
            return None
        named = [found["build"], found["previous"]]
        if any(name and _BUILD.fullmatch(name) is None for name in named):
            raise ValueError(f"{named} are no builds")
        return Published(**found | {"bbox_wgs84": tuple(found["bbox_wgs84"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise _damaged(folder, path.name, f"does not say what is served ({error})") from None


def _damaged(folder: Path, name: str, problem: str) -> DamagedTileset:
    """Return the error for people; where the file lies is for the log only."""
    _LOG.error("%s in %s %s; `heat-twin tiles3d build` mends it", name, folder, problem)
    told = f"{name} of the 3D Tiles {folder.parent.name!r} {problem}"
    return DamagedTileset(f"{told}; build them again with `heat-twin tiles3d build`")


def is_whole(folder: Path, published: Published) -> bool:
    """Return whether every file of the served build is there with its size; what is in them `check_tileset` reads."""
    if not published.build:
        return True
    build = folder / published.build
    try:
        index = json.loads((build / "index.json").read_bytes())
        sizes = all((build / path).stat().st_size == found["size_bytes"] for path, found in index.items())
        return sizes and (build / "left_out.json").is_file() and all((build / d / "tileset.json").is_file() for d in DATUMS)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Hold a folder for one builder and yield its work folder; other builders of the same tileset wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear_unnamed(folder)
        work = folder / ".work"
        work.mkdir(exist_ok=True)
        yield work


def clear_unnamed(folder: Path) -> None:
    """Remove what killed builds left behind, except the content files of `.work`, with which the next one goes on."""
    shutil.rmtree(folder / ".made", ignore_errors=True)
    for pointer in folder.glob(".current-*.json"):
        pointer.unlink(missing_ok=True)
    try:
        served = read_published(folder)
    except DamagedTileset:
        return
    if served is not None:
        _sweep_builds(folder, {served.build, served.previous})


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
    except DamagedTileset:
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
        same_size = target.is_file() and target.stat().st_size == path.stat().st_size
        if path.is_file() and (path.suffix == ".json" or not same_size):
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
    _sweep_builds(folder, kept)
    shutil.rmtree(folder / ".work", ignore_errors=True)


def _sweep_builds(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.is_dir() and _BUILD.fullmatch(path.name) and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def read_tileset(folder: Path, published: Published, datum: str, query: str) -> bytes:
    """Return tileset.json with `query` after every content address (`?city=1`).

    Raises
    ------
    UnknownTileset
        When there is no such datum.
    DamagedTileset
        When somebody changed the file.
    """

    def add_query(tile: dict[str, Any]) -> None:
        if "content" in tile:
            tile["content"]["uri"] += query

    document = _read_json(folder, f"{published.build}/{_known(datum)}/tileset.json", dict)
    try:
        every_tile(document["root"], add_query)
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, "tileset.json", f"is no tile tree ({error!r})") from None
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
    served = folder / published.build / _known(datum)
    try:
        found = {path.name: path for path in served.iterdir() if path.name == "tileset.json" or _CONTENT.fullmatch(path.name)}
    except OSError as error:
        raise _damaged(folder, f"{published.build}/{datum}", f"cannot be read ({type(error).__name__})") from None
    if "tileset.json" not in found:
        raise _damaged(folder, f"{published.build}/{datum}", "has no tileset.json")
    return found


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
    """Return the features that the served build does not draw, each with its reason.

    Raises
    ------
    DamagedTileset
        When somebody changed the file.
    """
    if not published.build:
        return []
    found: list[dict[str, Any]] = _read_json(folder, f"{published.build}/left_out.json", list)
    return found


def _read_json(folder: Path, name: str, kind: type) -> Any:
    try:
        found = json.loads((folder / name).read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(folder, name, f"cannot be read ({type(error).__name__})") from None
    if not isinstance(found, kind):
        raise _damaged(folder, name, "is not what a build writes")
    return found
