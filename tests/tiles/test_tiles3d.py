"""3D Tiles of buildings: solids are closed where they should be, files are valid, two readers agree, builds are repeatable."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import shapely
from py3dtiles.tileset import TileSet
from shapely.geometry import MultiPolygon, Polygon

from data.buildings import Buildings
from tests.conftest import ROOT
from tiles.errors import BadTileset3D, UnknownTileset
from tiles.tiles3d.build import Published, build_buildings, read_content, read_published, read_tileset
from tiles.tiles3d.check import check_tileset, read_glb
from tiles.tiles3d.frame import Frame, to_ecef
from tiles.tiles3d.glb import PropertyTable, write_glb
from tiles.tiles3d.mesh import extrude
from tiles.tiles3d.tileset import Solids, build_tree

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
    names = tuple(f"{n}号楼" if n % 3 == 0 else "" for n in range(count))
    ids = (np.arange(count) * 7 + 2**25).astype(np.uint32)
    return Buildings(ids, names, random.uniform(3, 90, count), np.array(shapes, dtype=object))


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
    mesh = extrude(shape, FRAME, base_m=np.array([0.0]), height_m=np.array([10.0]))
    # the floor is not drawn; at height 0 of the frame it would add nothing to the volume
    area_m2 = shapely.area(shapely.transform(shape, lambda xy: (xy - [LON, LAT]) * [M_LON, M_LAT]))[0]
    assert volume_m3(mesh.positions_m, mesh.triangles) == pytest.approx(area_m2 * 10, rel=2e-3)
    a, b, c = (mesh.positions_m[mesh.triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    assert (np.einsum("ij,ij->i", faces, mesh.normals[mesh.triangles[:, 0]]) > 0).all()


def test_the_roof_keeps_the_hole_open() -> None:
    mesh = extrude(np.array([COURTYARD]), FRAME, base_m=np.zeros(1), height_m=np.array([10.0]))
    roof = mesh.triangles[mesh.normals[mesh.triangles[:, 0], 2] == 1]
    a, b, c = (mesh.positions_m[roof[:, corner], :2] for corner in range(3))
    ab, ac = b - a, c - a
    assert np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]).sum() / 2 == pytest.approx(40 * 30 - 15 * 10, rel=2e-3)


def test_a_subset_is_the_mesh_of_those_solids_alone() -> None:
    heights = np.array([5.0, 6.0, 7.0])
    whole = extrude(SHAPES, FRAME, base_m=np.zeros(3), height_m=heights)
    part = whole.subset(np.array([0, 2]))
    alone = extrude(SHAPES[[0, 2]], FRAME, base_m=np.zeros(2), height_m=heights[[0, 2]])
    np.testing.assert_array_equal(part.positions_m, alone.positions_m)
    np.testing.assert_array_equal(part.owners, alone.owners)
    np.testing.assert_array_equal(part.triangles, alone.triangles)


def test_a_glb_reads_back_with_its_rows() -> None:
    mesh = extrude(SHAPES, FRAME, base_m=np.full(3, 200.0), height_m=np.array([5.0, 6.0, 7.0]))
    table = PropertyTable(np.array([7, 2**31, 2**32 - 1], dtype=np.uint32), np.array([5.0, 6.0, 7.0]), ["甲楼", "", "丙"])
    content = read_glb(write_glb(mesh, table))
    assert content.asset_ids.tolist() == [7, 2**31, 2**32 - 1]
    assert content.names == ("甲楼", "", "丙")
    np.testing.assert_allclose(content.positions_m, mesh.positions_m, atol=0.002)
    np.testing.assert_array_equal(content.features, mesh.owners)


def test_a_table_without_names_has_no_name_column() -> None:
    mesh = extrude(SHAPES, FRAME, base_m=np.zeros(3), height_m=np.full(3, 9.0))
    content = write_glb(mesh, PropertyTable(np.arange(3, dtype=np.uint32), np.full(3, 9.0), ["", "", ""]))
    assert b"stringOffsets" not in content
    assert read_glb(content).names == ("", "", "")


def test_the_check_finds_a_feature_row_that_does_not_exist() -> None:
    mesh = extrude(SHAPES, FRAME, base_m=np.zeros(3), height_m=np.full(3, 9.0))
    good = write_glb(mesh, PropertyTable(np.arange(3, dtype=np.uint32), np.full(3, 9.0), ["a", "b", "c"]))
    with pytest.raises(BadTileset3D, match="declares 3 features"):
        read_glb(good.replace(b'"count":3,"properties"', b'"count":4,"properties"'))
    vertices_start = good.index(b"BIN\0") + 4
    damaged = bytearray(good)
    damaged[vertices_start + 8] = 9  # feature row of the first vertex
    with pytest.raises(BadTileset3D, match="do not cover"):
        read_glb(bytes(damaged))


def test_the_tree_draws_every_solid_once_with_falling_errors() -> None:
    random = np.random.default_rng(3)
    low = random.uniform(-1000, 1000, (5000, 3))
    solids = Solids(low, low + random.uniform(1, 50, (5000, 3)))
    root = build_tree(solids, capacity=100)
    nodes = list(root.walk())
    assert np.array_equal(np.sort(np.concatenate([node.owners for node in nodes])), np.arange(5000))
    for node in nodes:
        assert len(node.owners) <= 100
        left = [solids.sizes_m[below.owners].max() for child in node.children for below in child.walk()]
        assert node.geometric_error_m == max(left, default=0.0)


def test_solids_on_one_spot_end_the_tree() -> None:
    solids = Solids(np.zeros((300, 3)), np.ones((300, 3)))
    assert sum(len(node.owners) for node in build_tree(solids, capacity=10).walk()) == 300


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Buildings, Published]:
    folder = tmp_path_factory.mktemp("tiles3d")
    buildings = town(2500)
    slope = build_buildings(folder, buildings, "test 1", ground_of=lambda lonlat: 200 + (lonlat[:, 0] - LON) * M_LON / 100)
    return folder, buildings, slope


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
    # an independent reader agrees where the city is
    np.testing.assert_allclose(np.array(tileset.root_tile.transform)[:3, 3], FRAME.origin_ecef, atol=500)


def test_ground_heights_are_zero_on_flat_maps_and_follow_the_raster_elsewhere(city: tuple[Path, Buildings, Published]) -> None:
    folder, _, published = city
    for datum, low, high in (("ground", -2, 2), ("ellipsoid", 178, 190)):
        path = next((folder / published.build / datum).glob("r-*.glb"))
        assert low < read_glb(path.read_bytes()).positions_m[:, 2].min() < high


def test_the_same_buildings_give_the_same_bytes(city: tuple[Path, Buildings, Published], tmp_path: Path) -> None:
    _, buildings, published = city
    again = build_buildings(tmp_path, buildings, "test 1", ground_of=lambda lonlat: 200 + (lonlat[:, 0] - LON) * M_LON / 100)
    assert again.build == published.build


def test_a_new_build_is_published_in_one_step_and_the_old_content_stays_for_open_viewers(tmp_path: Path) -> None:
    first = build_buildings(tmp_path, town(50), "one")
    name = json.loads(read_tileset(tmp_path, first, "ground", ""))["root"]["content"]["uri"]
    second = build_buildings(tmp_path, town(60, seed=2), "two")
    assert read_published(tmp_path) == second
    assert second.previous == first.build != second.build
    assert read_content(tmp_path, second, "ground", name)
    third = build_buildings(tmp_path, town(70, seed=3), "three")
    with pytest.raises(UnknownTileset, match=r"read tileset\.json again"):
        read_content(tmp_path, third, "ground", name)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([second.build, third.build, "current.json"])


def test_a_city_without_buildings_publishes_nothing(tmp_path: Path) -> None:
    empty = Buildings(np.empty(0, np.uint32), (), np.empty(0), np.empty(0, dtype=object))
    assert build_buildings(tmp_path, empty, "none").building_count == 0


@pytest.mark.parametrize("name", ["../current.json", "r-0.glb/../../x", "tileset.json", "r-00000000000g.glb", "/etc/passwd"])
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
