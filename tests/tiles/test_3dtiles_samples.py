"""Tilesets of other makers: all published samples are read, and each kind of damage to a tileset is named."""

from __future__ import annotations

import json
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tiles.gltf_writing import cube
from tiles.errors import BadTileset3D
from tiles.tiles3d.archive3tz import Folder, inside
from tiles.tiles3d.foreign_tree import ForeignTree, contents_of, read_tree, walk

SAMPLES = ROOT.parent / "shared" / "data" / "3dtiles-samples"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples of CesiumGS are not beside the checkout")
QUADTREE = SAMPLES / "1.1" / "SparseImplicitQuadtree"


def read(folder: Path, keep: Callable[[str, bytes], None] = lambda _name, _data: None) -> ForeignTree:
    return read_tree(Folder(folder), keep)


@needs_samples
def test_every_sample_is_read() -> None:
    """Tiles and contents as the samples' own pages draw and count them."""
    found = {}
    for path in sorted(SAMPLES.rglob("tileset.json")):
        tree = read(path.parent)
        named = "".join(sorted(tree.report.formats))
        found[str(path.parent.relative_to(SAMPLES))] = (tree.report.tiles, tree.report.contents, named)
    boxes = {f"1.1/BoundingBoxTests/{name}" for name in found if "BoundingBox" in name}
    assert len(boxes) == 6
    assert {found[name] for name in found if "BoundingBox" in name} == {(1, 1, "glb")}
    others = {name: counts for name, counts in found.items() if "BoundingBox" not in name}
    assert others == {
        "1.0/TilesetWithTreeBillboards": (2, 2, "i3dm"),
        "1.1/MetadataGranularities": (5, 20, "glb"),
        "1.1/MultipleContents": (1, 2, "glb"),
        "1.1/SparseImplicitOctree": (58, len(list((SAMPLES / "1.1/SparseImplicitOctree/content").iterdir())), "glb"),
        "1.1/SparseImplicitQuadtree": (63, len(list((QUADTREE / "content").iterdir())), "glb"),
        "1.1/TilesetWithFullMetadata": (1, 0, ""),
        "glTF/EXT_mesh_features/FeatureIdAttribute": (1, 1, "glb"),
        "glTF/EXT_mesh_features/FeatureIdTexture": (1, 1, "glb"),
        "glTF/EXT_structural_metadata/SimplePropertyTexture": (1, 1, "glb"),
    }


@needs_samples
def test_implicit_tiling_is_written_out_where_its_contents_lie() -> None:
    kept: dict[str, bytes] = {}
    tree = read(QUADTREE, kept.__setitem__)
    assert tree.report.written_out == tree.report.tiles
    assert "implicitTiling" not in json.dumps(tree.document)
    by_bytes = {path.read_bytes(): path.name for path in (QUADTREE / "content").iterdir()}
    for tile in walk(tree.document["root"]):
        for content in contents_of(tile):
            level, x, y = (int(number) for number in re.findall(r"\d+", by_bytes[kept[content["uri"]]]))
            box = tile["boundingVolume"]["box"]
            # the root of the sample is 1 by 1 with a corner at 0
            assert box[0] == pytest.approx((x + 0.5) / 2**level)
            assert box[1] == pytest.approx((y + 0.5) / 2**level)


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "tileset.json"
    document = json.loads(path.read_text())
    change(document)
    path.chmod(0o644)
    path.write_text(json.dumps(document))


def small(tmp_path: Path) -> Path:
    """Write a tileset of a root and one child."""
    tmp_path.joinpath("a.glb").write_bytes(cube().glb())
    child = {"boundingVolume": {"box": [1, -1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]}, "geometricError": 0, "content": {"uri": "a.glb"}}
    root = {"boundingVolume": {"sphere": [1, -1, 1, 2]}, "geometricError": 5, "refine": "ADD", "children": [child]}
    tmp_path.joinpath("tileset.json").write_text(json.dumps({"asset": {"version": "1.1"}, "geometricError": 9, "root": root}))
    return tmp_path


def child_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["root"]["children"][0]
    return found


DAMAGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda d: d["asset"].update({"version": "2.0"}), "no tileset of 3D Tiles 1.0 or 1.1"),
    (lambda d: d.pop("root"), "has no root tile"),
    (lambda d: child_of(d).update({"geometricError": 6}), "geometric error 6.0 of a tile is above its parent's 5.0"),
    (lambda d: child_of(d).update({"geometricError": -1}), "geometric error of a tile is -1"),
    (lambda d: child_of(d).update({"geometricError": "big"}), "geometric error of a tile is 'big'"),
    (lambda d: child_of(d).pop("boundingVolume"), "a tile has no bounding volume"),
    (lambda d: child_of(d)["boundingVolume"].update({"box": [1, 2, 3]}), "a box of a tile has not 12 numbers"),
    (lambda d: child_of(d).update({"boundingVolume": {"region": [-9, 0, 1, 1, 0, 5]}}), "is none on the globe"),
    (lambda d: child_of(d)["boundingVolume"]["box"].__setitem__(0, 9), "m out of its bounding volume"),
    (lambda d: child_of(d).update({"transform": [0.0] * 16}), "cannot be inverted"),
    (lambda d: child_of(d)["content"].update({"uri": "b.glb"}), "b.glb does not exist"),
    (lambda d: child_of(d)["content"].update({"uri": "../a.glb"}), "outside of the tileset"),
    (lambda d: child_of(d)["content"].update({"uri": "https://example.org/a.glb"}), "outside of the tileset"),
    (lambda d: child_of(d)["content"].pop("uri"), "a content has no address"),
    (lambda d: child_of(d).update({"metadata": {"class": "part"}}), "a tile is of class 'part'; there are none"),
    (lambda d: child_of(d).update({"children": 3}), "not built as its format says"),
]


@pytest.mark.parametrize(("damage", "problem"), DAMAGES, ids=[problem for _, problem in DAMAGES])
def test_every_damage_to_a_tree_is_named(tmp_path: Path, damage: Callable[[dict[str, Any]], object], problem: str) -> None:
    folder = small(tmp_path)
    assert read(folder).report.contents == 1
    changed(folder, damage)
    with pytest.raises(BadTileset3D, match=re.escape(problem)):
        read(folder)


def test_a_tileset_inside_a_tileset_becomes_a_branch(tmp_path: Path) -> None:
    folder = small(tmp_path)
    inner = folder / "inner"
    shutil.copytree(folder, inner)
    changed(folder, lambda d: child_of(d)["content"].update({"uri": "inner/tileset.json"}))
    changed(folder, lambda d: child_of(d).update({"geometricError": 5}))
    changed(inner, lambda d: d.update({"geometricError": 5}))
    tree = read(folder)
    assert (tree.report.nested, tree.report.tiles, tree.report.contents) == (1, 4, 1)
    assert [len(contents_of(tile)) for tile in walk(tree.document["root"])] == [0, 0, 0, 1]


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = small(tmp_path / "model" if (tmp_path / "model").mkdir() is None else tmp_path)
    (tmp_path / "secret.glb").write_bytes(cube().glb())
    (folder / "a.glb").unlink()
    (folder / "a.glb").symlink_to(tmp_path / "secret.glb")
    with pytest.raises(BadTileset3D, match="lies outside of the folder"):
        read(folder)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "https://example.org/x", "//example.org/x", "..\\x"])
def test_no_address_leads_out_of_a_tileset(name: str) -> None:
    with pytest.raises(BadTileset3D, match="outside of the tileset"):
        inside(name)


def legacy(
    kind: bytes, features: dict[str, Any], binary: bytes = b"", batches: dict[str, Any] | None = None, gltf: bytes = b""
) -> bytes:
    """Write a b3dm or pnts by hand."""
    parts = [json.dumps(features).encode(), binary, json.dumps(batches).encode() if batches else b"", b""]
    parts = [part + (b" " if number % 2 == 0 else b"\0") * (-len(part) % 8) for number, part in enumerate(parts)]
    body = b"".join(parts) + gltf
    return struct.pack("<4sIIIIII", kind, 1, 28 + len(body), *(len(part) for part in parts)) + body


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (legacy(b"b3dm", {"BATCH_LENGTH": 2}, batches={"code": ["a", "b"]}, gltf=cube().glb()), None),
        (legacy(b"b3dm", {"BATCH_LENGTH": 2}, batches={"code": ["a"]}, gltf=cube().glb()), "has 1 rows, not 2"),
        (legacy(b"b3dm", {"BATCH_LENGTH": 2}, gltf=b"nothing"), "no glTF file"),
        (legacy(b"pnts", {"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}}, bytes(24)), None),
        (legacy(b"pnts", {"POINTS_LENGTH": 3, "POSITION": {"byteOffset": 0}}, bytes(24)), "ends at 36, its table has 24 bytes"),
        (legacy(b"pnts", {"POSITION": {"byteOffset": 0}}, bytes(24)), "POINTS_LENGTH of the pnts is None"),
        (legacy(b"pnts", {"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}}, bytes(24))[:40], "the header says"),
        (legacy(b"vctr", {}), "neither a glb nor JSON"),
    ],
)
def test_formats_of_3d_tiles_1_0_are_unwrapped(tmp_path: Path, content: bytes, problem: str | None) -> None:
    folder = small(tmp_path)
    (folder / "a.glb").write_bytes(content)
    if problem is None:
        assert sum(read(folder).report.formats.values()) == 1
        composite = struct.pack("<4sIII", b"cmpt", 1, 16 + 2 * len(content), 2) + content * 2
        (folder / "a.glb").write_bytes(composite)
        assert read(folder).report.formats == {"cmpt": 1}
    else:
        with pytest.raises(BadTileset3D, match=re.escape(problem)):
            read(folder)


@needs_samples
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda data: b"subX" + data[4:], "neither binary nor JSON"),
        (lambda data: data[:30], "its header says"),
        (lambda data: re.sub(rb'"bitstream"\s*:\s*\d', b'"bitstream": 9', data, count=1), "it names bit stream 9"),
    ],
)
def test_a_damaged_subtree_is_named(tmp_path: Path, damage: Callable[[bytes], bytes], problem: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(QUADTREE, folder)
    path = next((folder / "subtrees").glob("0*"))
    damaged = damage(path.read_bytes())
    path.parent.chmod(0o755)
    path.unlink()
    path.write_bytes(damaged)
    with pytest.raises(BadTileset3D, match=re.escape(problem)):
        read(folder)
