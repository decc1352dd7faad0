"""Reads a 3D tileset of any maker: checks the tree and every content, and gives back one explicit tree with flat names.

3D Tiles 1.0 and 1.1: multiple contents, tilesets inside tilesets, implicit tiling, b3dm, i3dm, pnts and cmpt, glTF with its
metadata. Nothing is drawn here; what comes out is what our own route can serve.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tiles.errors import BadTileset3D
from tiles.tiles3d.archive3tz import Files, beside
from tiles.tiles3d.gltf_file import Corners, Fetch, require
from tiles.tiles3d.gltf_pack import packed
from tiles.tiles3d.legacy_tiles import LEGACY, unwrap
from tiles.tiles3d.metadata_check import check_metadata, read_schema
from tiles.tiles3d.metadata_values import check_entity
from tiles.tiles3d.subtrees import MOST_TILES, Implicit

Keep: TypeAlias = Callable[[str, bytes], None]
"""Takes a content file: its flat name and its bytes. The same file may come twice."""
_DEEPEST: Final = 64
_MOST_NESTED: Final = 8
_VOLUMES: Final = {"box": 12, "region": 6, "sphere": 4}
_ROOM: Final = 0.05
"""Share of its volume's size by which a content may leave it: writers round."""


@dataclass(slots=True)
class TreeReport:
    """What a tileset holds.

    Attributes
    ----------
    tiles, contents
        Counts; a content that is drawn twice counts twice.
    formats
        Contents by format: glb, b3dm, i3dm, pnts.
    content_bytes
        Bytes of all contents as kept.
    rows
        Rows of property tables.
    points
        Points of point clouds.
    written_out
        Tiles that implicit tiling stood for.
    nested
        Tilesets inside of it.
    triangles
        Of all glTF, as far as they are not compressed.
    """

    tiles: int = 0
    contents: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    content_bytes: int = 0
    rows: int = 0
    points: int = 0
    written_out: int = 0
    nested: int = 0
    triangles: int = 0


@dataclass(frozen=True, slots=True)
class ForeignTree:
    """A tileset as read: its document with an explicit tree and flat content names, and what it holds."""

    document: dict[str, Any]
    report: TreeReport


def read_tree(files: Files, keep: Keep, *, entry: str = "tileset.json") -> ForeignTree:
    """Read and check a tileset.

    Parameters
    ----------
    files
        Where it lies.
    keep
        Takes every content file.
    entry
        Name of its document.

    Raises
    ------
    BadTileset3D
        With the first fault; the message names the file and what is wrong with it.
    """
    reader = _Reader(files, keep)
    document = reader.document(entry)
    root = reader.tileset(document, entry, 0)
    kept = {name: value for name, value in document.items() if name not in ("root", "schemaUri", "extensionsRequired")}
    return ForeignTree({**kept, "root": root}, reader.report)


@dataclass(slots=True)
class _Reader:
    files: Files
    keep: Keep
    report: TreeReport = field(default_factory=TreeReport)

    def document(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads(self.files.read(name))
        except (ValueError, UnicodeDecodeError):
            raise BadTileset3D(f"{name} is not JSON") from None
        version = document.get("asset", {}).get("version") if isinstance(document, dict) else None
        require(version in ("0.0", "1.0", "1.1"), f"{name} is no tileset of 3D Tiles 1.0 or 1.1 (asset.version {version!r})")
        require(isinstance(document.get("root"), dict), f"{name} has no root tile")
        if "schemaUri" in document:
            document["schema"] = json.loads(self._fetch_from(name)(str(document["schemaUri"])))
        return dict(document)

    def tileset(self, document: dict[str, Any], name: str, nesting: int) -> dict[str, Any]:
        """Return the checked root tile of a document."""
        require(nesting <= _MOST_NESTED, f"{name} is a tileset inside {nesting} others")
        with _named(name):
            schema = read_schema(document.get("schema", {}))
            for entity in (document, *document.get("groups", [])):
                if "metadata" in entity or "class" in entity:
                    check_entity(schema, entity.get("metadata", entity), name)
            error = _error(document, name)
        return _Branch(self, name, nesting, schema).tile(document["root"], error, 0)

    def _fetch_from(self, name: str) -> Fetch:
        return lambda uri: self.files.read(beside(name, uri))

    def content(self, name: str, nesting: int) -> tuple[str, dict[str, Any] | None, Corners | None]:
        """Keep a content file; return its flat name, or the root tile of a tileset, and the box round what it draws."""
        data = self.files.read(name)
        with _named(name):
            start = data[:4]
            if data.lstrip()[:1] == b"{" and b'"root"' in data and "root" in json.loads(data):
                self.report.nested += 1
                return "", self.tileset(self.document(name), name, nesting + 1), None
            if start in LEGACY:
                return self._keep(f".{start.decode()}", self._legacy(data, name), None)
            whole, file = packed(data, self._fetch_from(name))
            self.report.rows += sum(table.count for table in check_metadata(file).tables)
            for primitive in file.primitives():
                self.report.triangles += _triangles(file.items("accessors"), primitive)
            return self._keep(".glb", whole, file.corners_m())

    def _legacy(self, data: bytes, name: str) -> bytes:
        for tile in unwrap(data):
            require(not tile.gltf_uri, f"its model {tile.gltf_uri!r} is another file; put it into the i3dm")
            if tile.kind == "pnts":
                self.report.points += tile.count
                continue
            _, file = packed(tile.model(self._fetch_from(name)) or b"", self._fetch_from(name))
            check_metadata(file)
            file.corners_m()
        return data

    def _keep(self, ending: str, data: bytes, corners: Corners | None) -> tuple[str, None, Corners | None]:
        name = f"m-{hashlib.sha256(data).hexdigest()[:12]}{ending}"
        self.keep(name, data)
        self.report.contents += 1
        self.report.formats[ending[1:]] += 1
        self.report.content_bytes += len(data)
        return name, None, corners


def _triangles(accessors: list[dict[str, Any]], primitive: dict[str, Any]) -> int:
    number = primitive.get("indices", primitive.get("attributes", {}).get("POSITION"))
    if primitive.get("mode", 4) != 4 or number is None:
        return 0
    return int(accessors[number].get("count", 0)) // 3


class _named:  # noqa: N801
    """Puts the name of a file before its faults; a document of another shape than 3D Tiles says is a fault of it too."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Begin to read the file."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        """Translate what was raised."""
        if isinstance(error, BadTileset3D) and not str(error).startswith("in "):
            raise BadTileset3D(f"in {self._name}: {error}") from None
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError | IndexError | RecursionError):
            raise BadTileset3D(f"in {self._name}: it is not built as its format says ({type(error).__name__}: {error})") from None


@dataclass(frozen=True, slots=True)
class _Branch:
    """The tiles of one document."""

    reader: _Reader
    name: str
    nesting: int
    schema: Any

    def tile(self, given: dict[str, Any], parent_error: float, depth: int) -> dict[str, Any]:
        """Return one tile and all below, checked."""
        with _named(self.name):
            require(depth <= _DEEPEST, f"the tree is deeper than {_DEEPEST} tiles")
            error = _error(given, "a tile")
            require(error <= parent_error, f"the geometric error {error} of a tile is above its parent's {parent_error}")
            _check_volume(given.get("boundingVolume"))
            if "metadata" in given:
                check_entity(self.schema, given["metadata"], "a tile")
            if "implicitTiling" in given:
                given = self._written_out(given)
            self._count()
            made = {name: copy.copy(value) for name, value in given.items() if name not in ("content", "contents", "children")}
            if "transform" in made:
                _matrix(made["transform"])
            nested = self._contents(given, made)
            children = [self.tile(child, error, depth + 1) for child in given.get("children", [])]
            return made | ({"children": children + nested} if children or nested else {})

    def _count(self) -> None:
        self.reader.report.tiles += 1
        require(self.reader.report.tiles <= MOST_TILES, f"the tree has more than {MOST_TILES} tiles")

    def _written_out(self, given: dict[str, Any]) -> dict[str, Any]:
        before = Implicit.of(given["implicitTiling"]).expand(given, self.reader._fetch_from(self.name))
        self.reader.report.written_out += sum(1 for _ in walk(before))
        return before

    def _contents(self, given: dict[str, Any], made: dict[str, Any]) -> list[dict[str, Any]]:
        """Put the tile's contents into `made` under their flat names; return the tilesets among them."""
        entries = [given["content"]] if "content" in given else list(given.get("contents", []))
        shown, nested = [], []
        for entry in entries:
            if "metadata" in entry:
                check_entity(self.schema, entry["metadata"], "a content")
            uri = entry.get("uri", entry.get("url"))  # the second name is that of 3D Tiles 0.0
            require(isinstance(uri, str) and bool(uri), "a content has no address")
            name = beside(self.name, str(uri))
            flat, root, corners = self.reader.content(name, self.nesting)
            if root is not None:
                nested.append(root)
                continue
            volume = entry.get("boundingVolume", given["boundingVolume"])
            if corners is not None:
                _check_inside(corners, volume, name)
            shown.append({key: value for key, value in entry.items() if key != "url"} | {"uri": flat})
        if shown:
            made |= {"content": shown[0]} if len(shown) == 1 else {"contents": shown}
        return nested


def walk(tile: dict[str, Any]) -> Any:
    """Yield a tile and all below, parents first."""
    stack = [tile]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(reversed(found.get("children", [])))


def contents_of(tile: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the contents of a tile, however many."""
    return [tile["content"]] if "content" in tile else list(tile.get("contents", []))


def _error(given: dict[str, Any], what: str) -> float:
    value = given.get("geometricError")
    good = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value) and value >= 0
    require(good, f"the geometric error of {what} is {value!r}")
    return float(str(value))


def _matrix(given: list[float]) -> NDArray[np.float64]:
    matrix = np.array(given, dtype=np.float64)
    good = matrix.shape == (16,) and bool(np.isfinite(matrix).all())
    require(good and abs(float(np.linalg.det(matrix.reshape(4, 4)))) > 1e-12, "the transform of a tile cannot be inverted")
    return matrix.reshape(4, 4).T


def _check_volume(volume: Any) -> None:
    require(isinstance(volume, dict) and bool(volume), "a tile has no bounding volume")
    name = next((name for name in _VOLUMES if name in volume), None)
    require(name is not None or bool(volume.get("extensions")), f"a tile has an unknown bounding volume: {', '.join(volume)}")
    if name is None:
        return
    numbers = np.array(volume[name], dtype=np.float64)
    good = numbers.shape == (_VOLUMES[name],) and bool(np.isfinite(numbers).all())
    require(good, f"a {name} of a tile has not {_VOLUMES[name]} numbers")
    if name == "region":
        west, south, east, north, low, high = numbers
        inside_globe = max(abs(west), abs(east)) <= np.pi + 1e-9 and -np.pi / 2 - 1e-9 <= south <= north <= np.pi / 2 + 1e-9
        require(bool(inside_globe) and low <= high, f"the region {numbers.tolist()} of a tile is none on the globe (radians)")
    if name == "sphere":
        require(numbers[3] >= 0, "the sphere of a tile has a radius below 0")


def _check_inside(corners: Corners, volume: dict[str, Any], name: str) -> None:
    """Hold what a glTF draws against its box or sphere; a region is on the globe and is not compared."""
    low, high = corners
    if "box" in volume:
        box = np.array(volume["box"], dtype=np.float64).reshape(4, 3)
        reach = np.abs(box[1:]).sum(axis=0)  # of an oriented box: the upright box round it
        beyond = float(np.max([box[0] - reach - low, high - box[0] - reach]))
        size = float(np.linalg.norm(reach)) * 2
    elif "sphere" in volume:
        centre, radius = np.array(volume["sphere"][:3]), float(volume["sphere"][3])
        beyond = float(np.max(np.maximum(np.abs(low - centre), np.abs(high - centre)))) - radius
        size = 2 * radius
    else:
        return
    require(beyond <= _ROOM * size + 0.02, f"what {name} draws reaches {beyond:.2f} m out of its bounding volume")
