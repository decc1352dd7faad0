"""3D Tiles when things break: a file that fails its check, a full disk, a killed build, a folder that others wrote into."""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiles.test_tiles3d import build_town, files, town
from tiles.errors import BadTileset3D, DamagedTileset, NoRoom
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.check import check_tileset, read_glb
from tiles.tiles3d.engine import Workers, build
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.layer import Content
from tiles.tiles3d.shelf import DATUMS, Published, is_whole, read_left_out, read_published, read_tileset, strangers

TOWN = town(1200)


def damaging(damage: Callable[[bytes], bytes]) -> Workers:
    """Return workers whose last content is damaged."""

    def workers(work: Any, tasks: Iterable[Any], /) -> Iterator[list[dict[str, tuple[str, Content]]]]:
        drawn = list(map(work, tasks))
        name, content = drawn[-1][-1]["ground"]
        drawn[-1][-1]["ground"] = (name, replace(content, data=damage(content.data)))
        yield from drawn

    return workers


def another_asset(data: bytes) -> bytes:
    ids = read_glb(data).asset_ids.astype("<u4").tobytes()
    return data.replace(ids, ids[:-4] + (99).to_bytes(4, "little"))


def served(folder: Path, before: Published) -> dict[str, bytes]:
    """Return the files that are served; they must be those of the build before."""
    assert read_published(folder) == before
    return files(folder / before.build)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda data: data[:-8], r"the header says \d+ bytes"),
        (lambda data: data.replace(b'"VEC3"', b'"VEC2"'), r"POSITION has \d+ by 2 numbers"),
        (lambda data: data.replace(b'"featureCount":', b'"featureC0unt":'), "declare None features"),
        (another_asset, r"it draws \d+ assets .* where \d+ assets"),
    ],
)
def test_a_build_that_fails_its_check_is_not_published(tmp_path: Path, damage: Callable[[bytes], bytes], told: str) -> None:
    before = build_town(tmp_path, town(300, seed=5))
    old = served(tmp_path, before)
    with pytest.raises(BadTileset3D, match=rf"^ground/c\d+-[0-9a-f]{{16}}\.glb fails its check: .*{told}"):
        build(tmp_path, BuildingFeatures.of(TOWN), LevelGround(), "test", workers=damaging(damage))
    assert served(tmp_path, before) == old
    after = build_town(tmp_path, TOWN)
    assert files(tmp_path / after.build) == files(tmp_path / "whole" / build_town(tmp_path / "whole", TOWN).build)


# ---------------------------------------------------------------- no room


def without_room(folder: Path, before: Published) -> str:
    """Build a larger town where there is no room for it; return what is said."""
    old = served(folder, before)
    with pytest.raises(NoRoom) as told:
        build_town(folder, TOWN)
    assert served(folder, before) == old
    assert sorted(path.name for path in folder.iterdir()) == [".lock", before.build, "current.json"]
    return str(told.value)


@pytest.mark.parametrize("limit_bytes", [3_000, 60_000])
def test_a_file_that_cannot_be_written_whole_ends_the_build_and_leaves_nothing(tmp_path: Path, limit_bytes: int) -> None:
    before = build_town(tmp_path, town(20, seed=5))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limits[1]))
    try:
        told = without_room(tmp_path, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "the 3D Tiles of 1200 buildings do not fit: File too large" in told
    assert build_town(tmp_path, TOWN).features_out == 1200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Give a file system of a size in kB; only root may make one."""
    place = tmp_path / "disk"
    place.mkdir()

    def sized(kilobytes: int) -> Path:
        again = ["-o", f"remount,size={kilobytes}k"] if place.is_mount() else ["-o", f"size={kilobytes}k"]
        done = subprocess.run(["mount", "-t", "tmpfs", *again, "tmpfs", place], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        return place

    yield sized
    if place.is_mount():
        subprocess.run(["umount", place], check=True)


def test_a_disk_that_fills_up_at_any_moment_keeps_what_is_served(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    whole = build_town(tmp_path / "roomy", TOWN)
    disk = small_disk(100_000) / "tiles"
    before = build_town(disk, town(20, seed=5))
    needed = sum(-(-len(data) // 4096) * 4 for data in files(tmp_path / "roomy" / whole.build).values())
    used = shutil.disk_usage(disk).used // 1024
    for share in (0.1, 0.5, 0.9, 0.97):
        small_disk(int(used + needed * share))
        assert "No space left on device" in without_room(disk, before)
    small_disk(100_000)
    after = build_town(disk, TOWN)
    assert files(disk / after.build) == files(tmp_path / "roomy" / whole.build)


# ---------------------------------------------------------------- killed


def build_for_ever(folder: Path) -> None:
    """Build one town after the other; both are known before the first is built."""
    towns = [town(1200), town(1100, seed=7)]
    number = 0
    while True:
        build_town(folder, towns[number % 2])
        number += 1


def test_a_build_that_is_killed_at_any_moment_leaves_a_whole_tileset_and_no_litter(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    build_town(tmp_path, TOWN)
    context = multiprocessing.get_context("fork")
    names = set()
    for _ in range(12):
        child = context.Process(target=build_for_ever, args=(tmp_path,))
        child.start()
        time.sleep(random.uniform(0.1, 0.5))
        child.kill()
        child.join()
        published = read_published(tmp_path)
        assert published is not None
        for datum in DATUMS:
            assert check_tileset(tmp_path / published.build / datum).features == published.features_out
        names.add(published.build)
    after = build_town(tmp_path, town(50))
    kept = {".lock", "current.json", after.build, after.previous}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert files(tmp_path / after.build) == files(tmp_path / "whole" / build_town(tmp_path / "whole", town(50)).build)


# ---------------------------------------------------------------- others in the folder


@pytest.mark.parametrize("pointer", [b"", b"{", b"[7]", b'{"build": 7}', b"\xff\xfe", b'{"build": "../../etc", "previous": ""}'])
def test_a_pointer_that_others_wrote_is_told_and_replaced(tmp_path: Path, pointer: bytes) -> None:
    before = build_town(tmp_path, town(50))
    good = (tmp_path / "current.json").read_bytes()
    text = json.loads(good) | json.loads(pointer) if pointer.startswith(b'{"build": ') else None
    (tmp_path / "current.json").write_bytes(pointer if text is None else json.dumps(text).encode())
    with pytest.raises(DamagedTileset, match=r"current\.json of the 3D Tiles .* `heat-twin tiles3d build`"):
        read_published(tmp_path)
    assert build_town(tmp_path, town(50)).build == before.build
    assert (tmp_path / "current.json").read_bytes() == good


def test_files_that_others_changed_are_told_and_drawn_again(tmp_path: Path) -> None:
    before = build_town(tmp_path, TOWN)
    good = files(tmp_path / before.build)
    contents = sorted((tmp_path / before.build / "ground").glob("*.glb"))
    contents[0].write_bytes(b"glTF")
    contents[1].unlink()
    for name in ("index.json", "left_out.json", "ground/tileset.json"):
        (tmp_path / before.build / name).write_text("[[" if name == "index.json" else "7")
    (tmp_path / "photo.jpg").write_bytes(b"of somebody")
    (tmp_path / before.build / "ground" / "notes.txt").write_text("of somebody")
    assert strangers(tmp_path, before) == [f"{before.build}/ground/notes.txt", "photo.jpg"]
    assert not is_whole(tmp_path, before)
    with pytest.raises(BadTileset3D, match=r"ground/tileset\.json"):
        check_tileset(tmp_path / before.build / "ground")
    with pytest.raises(DamagedTileset, match=r"tileset\.json"):
        read_tileset(tmp_path, before, "ground", "")
    with pytest.raises(DamagedTileset, match=r"left_out\.json"):
        read_left_out(tmp_path, before)
    after = build_town(tmp_path, TOWN)
    assert after.build == before.build
    assert is_whole(tmp_path, after)
    assert files(tmp_path / after.build) == good | {"ground/notes.txt": b"of somebody"}
    assert (tmp_path / "photo.jpg").read_bytes() == b"of somebody"
