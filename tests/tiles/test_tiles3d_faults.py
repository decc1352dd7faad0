"""3D Tiles when things break: a file that fails its check, a full disk, a killed build, a folder that others wrote into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tiles.test_tiles3d import build_town, files, town
from tiles.errors import BadTileset3D
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.check import read_glb
from tiles.tiles3d.engine import Workers, build
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.layer import Content
from tiles.tiles3d.shelf import Published, read_published

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
