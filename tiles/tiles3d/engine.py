"""Builds a layer as 3D Tiles: puts features into cells, draws what is not drawn yet, publishes in one step.

A content file is named by the digest of all that it is drawn from (features, frame, ground, format). So the same input gives the
same bytes, an edit draws only the files whose features it touches, and a build that was killed goes on where it stopped: every
file that exists under its name, in the served build or in the work folder, is taken as it is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tiles.errors import NoRoom
from tiles.tiles3d.check import check_file, check_tree
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.layer import Content, Features, Ground, LeftOut
from tiles.tiles3d.shelf import DATUMS, Published, building, clear_unnamed, publish, read_published
from tiles.tiles3d.tileset import Capacity, Drawn, Node, build_tree, tileset_json

FORMAT = 4
"""Rises when the same features give other bytes."""
_BATCH = 8_000
"""Features that are drawn at once: memory follows it, not the city."""
_FRAME_GRID_DEG = 0.1
_WHOLE = "whole.jsonl"
"""Lists the files in the work folder that were written to their end."""

Progress: TypeAlias = Callable[[float], None]
"""Called with the done share, 0 to 1; what it raises ends the build."""


def no_progress(fraction: float) -> None:
    """Tell nobody."""


def made_from(assets_version: int, ground: str) -> str:
    """Name what a build is made from; `ground` is the token of its ground."""
    return f"format {FORMAT}, assets {assets_version}, ground {ground}"


@dataclass(frozen=True, slots=True)
class Task:
    """Tiles to draw: their features one tile after the other, and for each how many they are and its files by datum."""

    features: Features
    frame: Frame
    ground: Ground
    far: bool
    wanted: tuple[tuple[int, dict[str, str]], ...]


def draw(task: Task) -> list[dict[str, tuple[str, Content]]]:
    """Return for each tile of a task its contents by datum, with their names."""
    batch = task.features.batch(task.frame, task.ground, far=task.far)
    drawn = []
    first = 0
    for count, names in task.wanted:
        last = first + count
        contents = {d: (name, batch.content(first, last, lifted=d == "ellipsoid")) for d, name in names.items()}
        drawn.append(contents)
        first = last
    return drawn


class Workers(Protocol):
    """Who runs tasks: yields the answers in the order of the tasks."""

    def __call__(
        self, work: Callable[[Task], list[dict[str, tuple[str, Content]]]], tasks: Iterable[Task], /
    ) -> Iterable[list[dict[str, tuple[str, Content]]]]:
        """Run `work` on every task."""


inline: Workers = map
"""This process, one task after the other."""


Check: TypeAlias = Callable[[Path, NDArray[np.uint32]], None]
"""Called with a content file that lies on the disk and the assets that it must draw; raises when it does not."""


def unchecked(path: Path, asset_ids: NDArray[np.uint32]) -> None:
    """Take what was written as it is: for measuring what drawing alone costs."""


def build(
    folder: Path,
    features: Features,
    ground: Ground,
    source: str,
    *,
    progress: Progress = no_progress,
    workers: Workers = inline,
    check: Check = check_file,
) -> Published:
    """Build both datums of a layer and publish them.

    Parameters
    ----------
    folder
        From `shelf.tileset_folder`.
    features
        What to draw.
    ground
        Heights for the `ellipsoid` datum.
    source
        From `made_from`.
    workers
        Who draws: this process, or many (`workers.py`). The files are the same.
    check
        Looks at every new content file before anything is published.

    Raises
    ------
    BadTileset3D
        When a new file or the tree fails its check; what is served stays, and the next build draws that file again.
    NoRoom
        When the disk has no room; what is served stays.
    """
    with building(folder) as work:
        try:
            return _Build(folder, work, features, ground, source, check=check).run(progress, workers)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise
            shutil.rmtree(work, ignore_errors=True)
            clear_unnamed(folder)
            raise NoRoom(_no_room(folder, features, error)) from error


def _no_room(folder: Path, features: Features, error: OSError) -> str:
    free_mb = shutil.disk_usage(folder).free / 1e6
    return (
        f"the 3D Tiles of {len(features.asset_ids)} {features.name} do not fit: {error.strerror}, {free_mb:.0f} MB are free in"
        " the var dir; about 1.5 MB a thousand features are needed for a new build beside the served one, which stays. Make room"
        " and run `heat-twin tiles3d build` again"
    )


@dataclass(frozen=True, slots=True)
class _File:
    """A content file: the digest in its name, its box, triangles, features and bytes."""

    name: str
    low_m: list[float]
    high_m: list[float]
    triangles: int
    size_bytes: int

    @property
    def told(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def drawn(self) -> Drawn:
        return Drawn(self.name, np.array(self.low_m), np.array(self.high_m))


class _Build:
    """One build of one layer."""

    def __init__(self, folder: Path, work: Path, features: Features, ground: Ground, source: str, *, check: Check) -> None:
        self.check = check
        self.folder, self.work, self.features, self.ground, self.source = folder, work, features, ground, source
        self.frame = _frame(features.bounds_wgs84) if len(features.asset_ids) else Frame.at(0, 0)
        self.known = _known_files(folder)
        place = f"{FORMAT} {features.name} {self.frame.origin_ecef.tolist()}"
        lifted = f"{place} {ground.token}"
        self.settings = {"ground": lifted if features.shaped_by_ground else place, "ellipsoid": lifted}

    def run(self, progress: Progress, workers: Workers) -> Published:
        features = self.features
        count = len(features.asset_ids)
        left_out = sorted(features.left_out, key=lambda one: (one.asset_id, one.reason))
        facts: dict[str, Any] = {
            "made_from": self.source,
            "features_in": count + len({one.asset_id for one in left_out}),
            "features_out": count,
            "left_out": _counts(left_out),
        }
        if not count:
            return publish(self.folder, None, Published("", "", **facts))
        root = build_tree(_middles(features.bounds_wgs84), features.sizes_m, _capacity(features))
        files = self._draw([node for node in root.walk() if len(node.rows)], progress, workers)
        made = self._assemble(root, files, left_out)
        for datum in DATUMS:
            check_tree(made / datum)
        ground = files["ground"].values()
        size = sum(file.size_bytes for file in ground) + (made / "ground" / "tileset.json").stat().st_size
        bounds = features.bounds_wgs84
        bbox = (*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist())
        triangles = sum(file.triangles for file in ground)
        shown = Published("", "", **facts, bbox_wgs84=bbox, tiles=len(ground), triangles=triangles, size_bytes=size)
        return publish(self.folder, made, shown)

    def _draw(self, nodes: Sequence[Node], progress: Progress, workers: Workers) -> dict[str, dict[str, _File]]:
        """Return the content files of every datum by quadkey; what is not there yet is drawn."""
        files: dict[str, dict[str, _File]] = {datum: {} for datum in DATUMS}
        missing = []
        for node in nodes:
            names = self._names(node)
            for datum, name in names.items():
                if (file := self.known.get(f"{datum}/{name}")) is not None:
                    files[datum][node.quadkey] = file
            wanted = {datum: name for datum, name in names.items() if node.quadkey not in files[datum]}
            if wanted:
                missing.append((node, wanted))
        for datum in files:
            (self.work / datum).mkdir(exist_ok=True)
        groups = list(_batches(missing))
        total = sum(len(node.rows) for node, _ in missing)
        done = 0
        drawn = zip(groups, workers(draw, map(self._task, groups)), strict=True)
        for group, written in zip(groups, self._written(drawn), strict=True):
            for (node, _), made in zip(group, written, strict=True):
                for datum, file in made.items():
                    files[datum][node.quadkey] = file
                done += len(node.rows)
            progress(done / total)
        return files

    def _written(
        self, drawn: Iterable[tuple[Sequence[tuple[Node, dict[str, str]]], list[dict[str, tuple[str, Content]]]]]
    ) -> Iterator[list[dict[str, _File]]]:
        """Let a thread write and check what is drawn while the next is drawn."""
        with ThreadPoolExecutor(1) as writer:
            before: Future[list[dict[str, _File]]] | None = None
            for group, contents in drawn:
                now = writer.submit(self._write, [node for node, _ in group], contents)
                if before is not None:
                    yield before.result()
                before = now
            if before is not None:
                yield before.result()

    def _task(self, group: Sequence[tuple[Node, dict[str, str]]]) -> Task:
        rows = np.concatenate([node.rows for node, _ in group])
        wanted = tuple((len(node.rows), names) for node, names in group)
        return Task(self.features.take(rows), self.frame, self.ground, group[0][0].far, wanted)

    def _names(self, node: Node) -> dict[str, str]:
        """Return the file name of a node in every datum: the digest of all that it is drawn from."""
        features = hashlib.sha256(self.features.digests[node.rows].tobytes() + bytes([node.far]))
        names = {}
        for datum in DATUMS:
            digest = features.copy()
            digest.update(self.settings[datum].encode())
            names[datum] = f"c{node.quadkey}-{digest.hexdigest()[:16]}.glb"
        return names

    def _write(self, nodes: Sequence[Node], contents: Sequence[dict[str, tuple[str, Content]]]) -> list[dict[str, _File]]:
        """Write files and read them back, then note them in the list of what is whole."""
        files = [
            {datum: self._write_one(datum, name, content) for datum, (name, content) in by_datum.items()} for by_datum in contents
        ]
        for node, by_datum in zip(nodes, files, strict=True):
            for datum, file in by_datum.items():
                self.check(self.work / datum / file.name, self.features.asset_ids[node.rows])
        whole = {f"{datum}/{file.name}": file.told for by_datum in files for datum, file in by_datum.items()}
        with (self.work / _WHOLE).open("a") as listed:
            listed.write(json.dumps(whole) + "\n")
        return files

    def _write_one(self, datum: str, name: str, content: Content) -> _File:
        target = f"{self.work}/{datum}/{name}"
        with open(f"{target}.part", "wb") as part:  # noqa: PTH123 - by the hundred: half the time of paths as objects
            part.write(content.data)
        os.replace(f"{target}.part", target)  # noqa: PTH105
        return _File(name, content.low_m.tolist(), content.high_m.tolist(), content.triangles, len(content.data))

    def _assemble(self, root: Node, files: dict[str, dict[str, _File]], left_out: Sequence[LeftOut]) -> Path:
        """Make the folder of the build: links to the content files, and its documents."""
        made = self.folder / ".made"
        shutil.rmtree(made, ignore_errors=True)
        before = read_served(self.folder)
        for datum, drawn in files.items():
            (made / datum).mkdir(parents=True)
            for file in drawn.values():
                _link([self.work / datum / file.name, *(before / datum / file.name for before in before)], made / datum)
            extras = {
                "geoid_height_m": self.ground.geoid_height_m,
                "heights": _told(datum, self.ground),
                "tileset": self.features.name,
            }
            content = {quadkey: file.drawn for quadkey, file in drawn.items()}
            document = tileset_json(root, content, self.frame.matrix(), extras)
            (made / datum / "tileset.json").write_bytes(document)
        index = {f"{datum}/{file.name}": file.told for datum, drawn in files.items() for file in drawn.values()}
        (made / "index.json").write_text(json.dumps(index, sort_keys=True))
        (made / "left_out.json").write_text(json.dumps([asdict(one) for one in left_out], sort_keys=True, ensure_ascii=False))
        return made


def read_served(folder: Path) -> list[Path]:
    """Return the folder of the served build, if there is one that can be read."""
    try:
        published = read_published(folder)
    except Exception:
        return []
    return [folder / published.build] if published is not None and published.build else []


def _told(datum: str, ground: Ground) -> str:
    return DATUMS[datum] if datum == "ground" else f"{DATUMS[datum]}; ground: {ground.token}"


def _known_files(folder: Path) -> dict[str, _File]:
    """Return the content files that need not be drawn again: those of the served build and those of an interrupted one."""
    known: dict[str, _File] = {}
    for build_folder in read_served(folder):
        for path, found in _read_index(build_folder / "index.json").items():
            _keep_if_whole(known, build_folder / path, path, found)
    for path, found in _read_whole(folder / ".work" / _WHOLE):
        _keep_if_whole(known, folder / ".work" / path, path, found)
    return known


def _read_whole(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the files that an interrupted build had written; its last line may be half a line."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        try:
            yield from json.loads(line).items()
        except (ValueError, AttributeError):
            continue


def _read_index(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep_if_whole(known: dict[str, _File], path: Path, name: str, found: dict[str, Any]) -> None:
    try:
        if found and path.stat().st_size == found["size_bytes"]:
            known[name] = _File(**found)
    except (OSError, KeyError, TypeError):
        return


def _link(candidates: Sequence[Path], folder: Path) -> None:
    source = next(path for path in candidates if path.exists())
    target = folder / source.name
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        shutil.copyfile(source, target)


def _batches(nodes: Sequence[tuple[Node, dict[str, str]]]) -> Iterator[list[tuple[Node, dict[str, str]]]]:
    """Group nodes of one form, so that a group has about `_BATCH` features."""
    for far in (False, True):
        group: list[tuple[Node, dict[str, str]]] = []
        size = 0
        for named in nodes:
            if named[0].far != far:
                continue
            group.append(named)
            size += len(named[0].rows)
            if size >= _BATCH:
                yield group
                group, size = [], 0
        if group:
            yield group


def _middles(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    middles: NDArray[np.float64] = (bounds[:, :2] + bounds[:, 2:]) / 2
    return middles


def _frame(bounds: NDArray[np.float64]) -> Frame:
    """Return the frame at the middle of the extent on a coarse grid, so that an edit seldom moves it."""
    middle = (bounds[:, :2].min(axis=0) + bounds[:, 2:].max(axis=0)) / 2
    lon, lat = np.round(np.round(middle / _FRAME_GRID_DEG) * _FRAME_GRID_DEG, 6)
    return Frame.at(float(lon), float(lat))


def _capacity(features: Features) -> Capacity:
    return Capacity(features.leaf_capacity, features.far_capacity, features.far_error_m)


def _counts(left_out: Sequence[LeftOut]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in left_out:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    return dict(sorted(counts.items()))
