"""3D Tiles of buildings: solids are closed where they should be, files are valid, two readers agree, builds are repeatable."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from py3dtiles.tileset import TileSet
from shapely.geometry import MultiPolygon, Polygon

from data.buildings import Buildings
from tests.conftest import ROOT
from tiles.errors import BadTileset3D, UnknownTileset
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.check import check_tileset, read_glb
from tiles.tiles3d.columns import Column, Table, texts
from tiles.tiles3d.engine import build
from tiles.tiles3d.frame import Frame, to_ecef
from tiles.tiles3d.glb import Look, write_glb
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.mesh import extrude
from tiles.tiles3d.shelf import Published, read_content, read_published, read_tileset
from tiles.tiles3d.tileset import Capacity, build_tree

LON, LAT = 125.32, 43.88
FRAME = Frame.at(LON, LAT)
M_LON, M_LAT = 80_280.0, 111_100.0


def place(xy_m: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(LON + x / M_LON, LAT + y / M_LAT) for x, y in xy_m]


def rectangle(x: float, y: float, width: float, depth: float) -> list[tuple[float, float]]:
    return place([(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)])


COURTYARD = Polygon(rectangle(0, 0, 40, 30), [rectangle(10, 10, 15, 10)])
TWO_PARTS = MultiPolygon([Polygon(rectangle(60, 0, 10, 10)), Polygon(rectangle(80, 0, 10, 10)[::-1])])
L_SHAPE = Polygon(place([(0, 60), (30, 60), (30, 70), (10, 70), (10, 90), (0, 90)]))
SHAPES = np.array([COURTYARD, TWO_PARTS, L_SHAPE])


def town(count: int, seed: int = 1) -> Buildings:
    """Return a seeded town of rectangles and courtyards."""
    random = np.random.default_rng(seed)
    x, y = random.uniform(-2000, 2000, (2, count))
    width, depth = random.uniform(8, 60, (2, count))
    shapes = [
        Polygon(
            rectangle(*box), [rectangle(box[0] + box[2] / 4, box[1] + box[3] / 4, box[2] / 2, box[3] / 2)] if n % 5 == 0 else []
        )
        for n, box in enumerate(zip(x, y, width, depth, strict=True))
    ]
    names = texts([f"{n}号楼" if n % 3 == 0 else "" for n in range(count)])
    ids = (np.arange(count) * 7 + 2**25).astype(np.uint32)
    return replace(Buildings.of(shapes, random.uniform(3, 90, count)), asset_ids=ids, names=names)


def volume_m3(positions: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (positions[triangles[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_local_frame_agrees_with_proj() -> None:
    pyproj = pytest.importorskip("pyproj")
    to_xyz = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    lonlat = np.array([[125.3, 43.9], [121.47, 31.2], [8.0, 48.5]])
    height = np.array([0.0, 212.5, -3.0])
    expected = np.column_stack(to_xyz.transform(lonlat[:, 0], lonlat[:, 1], height))
    np.testing.assert_allclose(to_ecef(lonlat, height), expected, atol=1e-6)


@pytest.mark.parametrize("number", range(3))
def test_a_solid_has_the_volume_of_its_footprint_and_faces_outward(number: int) -> None:
    shape = SHAPES[number : number + 1]
    mesh = extrude(shape, FRAME, lift_m=np.array([0.0]), height_m=np.array([10.0]))
    # the floor is not drawn; at height 0 of the frame it would add nothing to the volume
    area_m2 = shapely.area(shapely.transform(shape, lambda xy: (xy - [LON, LAT]) * [M_LON, M_LAT]))[0]
    assert volume_m3(mesh.positions_m, mesh.triangles) == pytest.approx(area_m2 * 10, rel=2e-3)
    a, b, c = (mesh.positions_m[mesh.triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    assert (np.einsum("ij,ij->i", faces, mesh.normals[mesh.triangles[:, 0]]) > 0).all()


def test_the_roof_keeps_the_hole_open() -> None:
    mesh = extrude(np.array([COURTYARD]), FRAME, lift_m=np.zeros(1), height_m=np.array([10.0]))
    roof = mesh.triangles[mesh.normals[mesh.triangles[:, 0], 2] == 1]
    a, b, c = (mesh.positions_m[roof[:, corner], :2] for corner in range(3))
    ab, ac = b - a, c - a
    assert np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]).sum() / 2 == pytest.approx(40 * 30 - 15 * 10, rel=2e-3)


def test_a_part_is_the_mesh_of_those_solids_alone() -> None:
    heights = np.array([5.0, 6.0, 7.0])
    whole = extrude(SHAPES, FRAME, lift_m=np.array([0.0, 1.0, 2.0]), height_m=heights)
    part = whole.part(1, 3)
    alone = extrude(SHAPES[1:], FRAME, lift_m=np.array([1.0, 2.0]), height_m=heights[1:])
    for name in ("positions_m", "normals", "owners", "triangles", "lifts_m"):
        np.testing.assert_array_equal(getattr(part, name), getattr(alone, name))


def test_a_lifted_mesh_stands_where_its_heights_say() -> None:
    heights = np.array([5.0, 6.0, 7.0])
    lifted = extrude(SHAPES, FRAME, lift_m=np.full(3, 200.0), height_m=heights).lifted(FRAME)
    points, owner = shapely.get_coordinates(SHAPES[0], return_index=True)
    feet = FRAME.local(points, np.full(len(points), 200.0))
    mine = lifted.positions_m[lifted.owners == 0]
    nearest = np.linalg.norm(mine[:, None] - feet[None], axis=2).min(axis=0)
    assert owner.max() == 0
    assert nearest.max() < 1e-4


def table(ids: list[int], names: list[str]) -> Table:
    return Table(
        "building",
        (
            Column("asset_id", "UINT32", np.array(ids, dtype=np.uint32), "id of the asset"),
            Column("height", "FLOAT32", np.full(len(ids), 9.0), "metres"),
            Column("source", "UINT8", np.ones(len(ids)), "where from", {1: "given"}),
            Column("name", "STRING", texts(names), "as imported"),
        ),
    )


@pytest.mark.parametrize("quantised", [True, False])
def test_a_glb_reads_back_with_its_rows(quantised: bool) -> None:
    mesh = extrude(SHAPES, FRAME, lift_m=np.full(3, 200.0), height_m=np.array([5.0, 6.0, 7.0])).lifted(FRAME)
    data, low, high = write_glb(mesh, table([7, 2**31, 2**32 - 1], ["甲楼", "", "丙"]), Look(quantised=quantised))
    content = read_glb(data)
    assert content.asset_ids.tolist() == [7, 2**31, 2**32 - 1]
    assert content.columns["name"].tolist() == ["甲楼", "", "丙"]
    assert content.columns["source"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(content.positions_m, mesh.positions_m, atol=0.002 if quantised else 1e-5)
    np.testing.assert_array_equal(content.features, mesh.owners)
    assert (content.positions_m >= low).all()
    assert (content.positions_m <= high).all()
    assert b"where from: 1 given" in data


def test_a_table_without_names_has_no_name_column() -> None:
    mesh = extrude(SHAPES, FRAME, lift_m=np.zeros(3), height_m=np.full(3, 9.0))
    content = write_glb(mesh, table([0, 1, 2], ["", "", ""])).data
    assert b"stringOffsets" not in content
    assert "name" not in read_glb(content).columns


def test_the_check_finds_a_feature_row_that_does_not_exist() -> None:
    mesh = extrude(SHAPES, FRAME, lift_m=np.zeros(3), height_m=np.full(3, 9.0))
    good = write_glb(mesh, table([0, 1, 2], ["a", "b", "c"])).data
    with pytest.raises(BadTileset3D, match="declares 3 features"):
        read_glb(good.replace(b'"count":3,"properties"', b'"count":4,"properties"'))
    document = json.loads(good[20 : good.index(b"BIN\0") - 4])
    rows = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["_FEATURE_ID_0"]]
    rows_start = good.index(b"BIN\0") + 4 + document["bufferViews"][rows["bufferView"]]["byteOffset"]
    damaged = bytearray(good)
    damaged[rows_start] = 9  # feature row of the first vertex
    with pytest.raises(BadTileset3D, match="do not cover"):
        read_glb(bytes(damaged))


CAPACITY = Capacity(leaf=100, far=40, far_error_m=5.0)


def test_the_tree_draws_every_feature_in_one_leaf_with_falling_errors() -> None:
    random = np.random.default_rng(3)
    places = random.uniform([125.2, 43.8], [125.4, 43.9], (5000, 2))
    sizes = random.uniform(1, 50, 5000)
    root = build_tree(places, sizes, CAPACITY)
    leaves = [node for node in root.walk() if not node.children]
    assert np.array_equal(np.sort(np.concatenate([leaf.rows for leaf in leaves])), np.arange(5000))
    assert all(len(leaf.rows) <= 100 and leaf.geometric_error_m == 0 and not leaf.far for leaf in leaves)
    for node in root.walk():
        for child in node.children:
            assert child.quadkey.startswith(node.quadkey)
            assert child.geometric_error_m <= node.geometric_error_m
        if node.children:
            below = np.concatenate([leaf.rows for leaf in node.walk() if not leaf.children])
            shown = sizes[node.rows]
            missing = np.delete(sizes, np.setdiff1d(np.arange(5000), np.setdiff1d(below, node.rows)))
            assert len(shown) == 40
            assert shown.min() >= missing.max()
            assert node.geometric_error_m >= missing.max()


def test_a_quadkey_is_that_of_web_mercator() -> None:
    root = build_tree(np.array([[125.32, 43.88]]), np.ones(1), CAPACITY)
    x, y = (125.32 + 180) / 360, 0.5 - np.arcsinh(np.tan(np.radians(43.88))) / (2 * np.pi)
    expected = "".join(str((int(x * 2**z) & 1) + 2 * (int(y * 2**z) & 1)) for z in range(1, 23))
    assert root.quadkey == expected


def test_features_on_one_spot_end_the_tree() -> None:
    root = build_tree(np.tile([125.32, 43.88], (300, 1)), np.ones(300), CAPACITY)
    assert (len(root.rows), root.children) == (300, [])


class Slope:
    """Ground that rises to the east, 200 m at the middle."""

    token = "slope"
    geoid_height_m = 0.0
    known = True

    def at(self, lonlat_deg: np.ndarray) -> np.ndarray:
        heights: np.ndarray = 200 + (lonlat_deg[:, 0] - LON) * M_LON / 100
        return heights


def build_town(folder: Path, buildings: Buildings, source: str = "test") -> Published:
    return build(folder, BuildingFeatures.of(buildings), LevelGround(), source)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Buildings, Published]:
    folder = tmp_path_factory.mktemp("tiles3d")
    buildings = town(2500)
    return folder, buildings, build(folder, BuildingFeatures.of(buildings), Slope(), "test 1")


@pytest.mark.parametrize("datum", ["ellipsoid", "ground"])
def test_a_city_passes_the_check_and_py3dtiles_reads_it(city: tuple[Path, Buildings, Published], datum: str) -> None:
    folder, buildings, published = city
    report = check_tileset(folder / published.build / datum)
    assert report.asset_ids.tolist() == buildings.asset_ids.tolist()
    assert report.tiles > 5
    tileset = TileSet.from_file(folder / published.build / datum / "tileset.json")
    tiles = [tileset.root_tile, *tileset.root_tile.get_all_children()]
    assert len(tiles) == report.tiles
    for tile in tiles:
        content = tile.get_or_fetch_content(tileset.root_uri)
        assert content is not None
    assert (
        json.loads((folder / published.build / datum / "tileset.json").read_bytes())["asset"]["extras"]["geoid_height_m"] == 0.0
    )
    # an independent reader agrees where the city is
    np.testing.assert_allclose(np.array(tileset.root_tile.transform)[:3, 3], FRAME.origin_ecef, atol=10_000)


def test_ground_heights_are_zero_on_flat_maps_and_follow_the_raster_elsewhere(city: tuple[Path, Buildings, Published]) -> None:
    folder, _, published = city
    for datum, low, high in (("ground", -2, 2), ("ellipsoid", 178, 190)):
        contents = (folder / published.build / datum).glob("*.glb")
        points = np.concatenate([read_glb(path.read_bytes()).positions_m for path in contents])
        # the frame is flat, the earth is not
        heights = points[:, 2] + (points[:, :2] ** 2).sum(axis=1) / (2 * 6.38e6)
        assert low < heights.min() < high


def test_the_same_buildings_give_the_same_bytes(city: tuple[Path, Buildings, Published], tmp_path: Path) -> None:
    folder, buildings, published = city
    again = build(tmp_path, BuildingFeatures.of(buildings), Slope(), "test 1")
    assert again == published
    assert files(tmp_path / again.build) == files(folder / published.build)


def edited(buildings: Buildings, seed: int) -> Buildings:
    """Return the town after one edit: a height, a place, a removal or a new building."""
    random = np.random.default_rng(seed)
    row = int(random.integers(len(buildings)))
    heights, outlines = buildings.heights_m.copy(), buildings.outlines_wkb.copy()
    keep = np.ones(len(buildings), dtype=bool)
    what = seed % 3
    if what == 0:
        heights[row] += 7
    elif what == 1:
        outlines[row] = shapely.to_wkb(shapely.transform(shapely.from_wkb(outlines[row]), lambda xy: xy + 0.004))
    else:
        keep[row] = False
    return replace(buildings, heights_m=heights, outlines_wkb=outlines).take(keep)


def test_an_edit_draws_few_files_and_gives_what_a_whole_build_gives(tmp_path: Path) -> None:
    buildings = town(2500)
    before = build_town(tmp_path / "kept", buildings)
    for seed in range(6):
        old = files(tmp_path / "kept" / before.build)
        buildings = edited(buildings, seed)
        after = build_town(tmp_path / "kept", buildings)
        whole = build_town(tmp_path / f"whole{seed}", buildings)
        new = files(tmp_path / "kept" / after.build)
        assert new == files(tmp_path / f"whole{seed}" / whole.build)
        drawn = [name for name in new if name.endswith(".glb") and name.startswith("ground/") and name not in old]
        assert 1 <= len(drawn) <= (5 if seed % 3 == 0 else after.tiles - 3)
        before = after


def test_an_interrupted_build_goes_on_where_it_stopped(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(fraction: float) -> None:
        raise Stop

    buildings = town(2500)
    before = build_town(tmp_path / "killed", town(300, seed=5))
    with pytest.raises(Stop):
        build(tmp_path / "killed", BuildingFeatures.of(buildings), LevelGround(), "test", progress=stop)
    assert read_published(tmp_path / "killed") == before
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "killed" / ".work" / "ground").glob("*.glb")}
    assert kept
    after = build_town(tmp_path / "killed", buildings)
    whole = build_town(tmp_path / "whole", buildings)
    assert files(tmp_path / "killed" / after.build) == files(tmp_path / "whole" / whole.build)
    served = tmp_path / "killed" / after.build / "ground"
    assert {name: (served / name).stat().st_mtime_ns for name in kept} == kept


def test_half_a_file_of_an_interrupted_build_is_drawn_again(tmp_path: Path) -> None:
    published = build_town(tmp_path, town(50))
    content = next((tmp_path / published.build / "ground").glob("*.glb"))
    content.write_bytes(content.read_bytes()[:-8])
    again = build_town(tmp_path, town(50))
    assert again.build == published.build
    # the folder of the same build is kept as it was only where it is whole
    check_tileset(tmp_path / again.build / "ground")


def test_a_new_build_is_published_in_one_step_and_the_old_content_stays_for_open_viewers(tmp_path: Path) -> None:
    first = build_town(tmp_path, town(50), "one")
    name = json.loads(read_tileset(tmp_path, first, "ground", ""))["root"]["content"]["uri"]
    second = build_town(tmp_path, town(60, seed=2), "two")
    assert read_published(tmp_path) == second
    assert second.previous == first.build != second.build
    assert read_content(tmp_path, second, "ground", name)
    (tmp_path / "notes of somebody").mkdir()
    third = build_town(tmp_path, town(70, seed=3), "three")
    with pytest.raises(UnknownTileset, match=r"read tileset\.json again"):
        read_content(tmp_path, third, "ground", name)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([".lock", second.build, third.build, "current.json", "notes of somebody"])


def test_a_damaged_pointer_is_told_and_replaced_by_the_next_build(tmp_path: Path) -> None:
    first = build_town(tmp_path, town(50))
    (tmp_path / "current.json").write_text('{"build": "00", "previous": "", "made_from": "format 1", "building_count": 50}')
    assert read_published(tmp_path) is None  # of an earlier release: built anew
    (tmp_path / "current.json").write_text("[7]")
    with pytest.raises(BadTileset3D, match="build them again with"):
        read_published(tmp_path)
    assert build_town(tmp_path, town(50)).build == first.build


def test_a_city_without_buildings_publishes_nothing(tmp_path: Path) -> None:
    empty = Buildings.of([], [])
    published = build_town(tmp_path, empty)
    assert (published.build, published.features_out) == ("", 0)


@pytest.mark.parametrize("name", ["../current.json", "c-0.glb/../../x", "tileset.json", "c-000000000000000g.glb", "/etc/passwd"])
def test_no_name_leads_out_of_the_build(city: tuple[Path, Buildings, Published], name: str) -> None:
    folder, _, published = city
    with pytest.raises(UnknownTileset):
        read_content(folder, published, "ground", name)


_VALIDATE = """
const validator = require(process.argv[1]);
const fs = require('fs');
(async () => {
  let errors = 0, warnings = 0, files = 0;
  for (const name of process.argv.slice(2)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(name)), {maxIssues: 20});
    errors += report.issues.numErrors; warnings += report.issues.numWarnings; files += 1;
    if (report.issues.numErrors) console.error(name, JSON.stringify(report.issues.messages));
  }
  console.log(JSON.stringify({files, errors, warnings}));
})();
"""


def test_gltf_validator_finds_no_error(city: tuple[Path, Buildings, Published]) -> None:
    validator = ROOT / "web" / "node_modules" / "gltf-validator" / "index.js"
    if shutil.which("node") is None or not validator.exists():
        pytest.skip("gltf-validator is not installed (npm ci in web/)")
    folder, _, published = city
    files = sorted((folder / published.build).rglob("*.glb"))
    done = subprocess.run(["node", "-e", _VALIDATE, validator, *files], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"files": len(files), "errors": 0, "warnings": 0}, done.stderr
