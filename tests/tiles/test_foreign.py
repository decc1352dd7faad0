"""Models of other makers become tilesets that stand where they should, in both height datums; bad ones leave nothing behind."""

from __future__ import annotations

import errno
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
from PIL import Image
from py3dtiles.tileset import TileSet

from tests.conftest import ROOT
from tests.tiles.gltf_writing import cube
from tests.tiles.test_3dtiles_samples import legacy, needs_samples, small
from tiles.errors import BadModel, BadTileset3D, NoRoom, UnknownTileset
from tiles.tiles3d import foreign
from tiles.tiles3d.archive3tz import INDEX, Archive, Folder, write_3tz
from tiles.tiles3d.foreign import Model, Wish, build_model, check_name, model_content, model_files, model_tileset, spot_in_crs
from tiles.tiles3d.foreign_tree import read_tree
from tiles.tiles3d.gltf_file import read_gltf
from tiles.tiles3d.placing import Ground, matrices, transform_of

LON, LAT = 125.32, 43.88
CITY = (125.1, 43.7, 125.5, 44.0)
RASTER = Ground(212.0, 10.0)
TO_LONLAT = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
HERE = Wish(LON, LAT)


def build(file: Path, var: Path, wish: Wish = HERE, *, ground: Ground = RASTER, city: Any = CITY) -> Model:
    return build_model(file, var / "models3d" / "1" / "plant", var, wish, ground_at=lambda _lon, _lat: ground, city=city)


def drawn(var: Path, model: Model, datum: str) -> np.ndarray:
    """Return longitude, latitude and height of the corners of the box round each content, as the files on disk say."""
    folder = var / model.folder
    corners: list[np.ndarray] = []

    def walk(tile: dict[str, Any], above: np.ndarray) -> None:
        matrix = above @ transform_of(tile)
        for content in [tile["content"]] if "content" in tile else tile.get("contents", []):
            low, high = read_gltf((folder / content["uri"]).read_bytes()).corners_m()
            pick = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
            points = np.where(pick, high, low)
            corners.append(points @ matrix[:3, :3].T + matrix[:3, 3])
        for child in tile.get("children", []):
            walk(child, matrix)

    walk(json.loads((folder / f"{datum}.json").read_bytes())["root"], np.eye(4))
    return np.column_stack(TO_LONLAT.transform(*np.concatenate(corners).T))


def metres_from_origin(lonlat: np.ndarray) -> np.ndarray:
    """Return east and north of points from the place of the test."""
    azimuth, _, length = pyproj.Geod(ellps="WGS84").inv(np.full(len(lonlat), LON), np.full(len(lonlat), LAT), *lonlat[:, :2].T)
    return np.column_stack([length * np.sin(np.radians(azimuth)), length * np.cos(np.radians(azimuth))])


@pytest.fixture
def glb(tmp_path: Path) -> Path:
    path = tmp_path / "pump.glb"
    path.write_bytes(cube(2.0).glb())
    return path


def test_a_gltf_stands_where_it_is_put(glb: Path, tmp_path: Path) -> None:
    """The cube of 2 m reaches from its origin to the east, to the south (glTF looks there) and up."""
    model = build(glb, tmp_path)
    for datum, base_m in (("ground", 0.0), ("ellipsoid", 222.0)):
        found = drawn(tmp_path, model, datum)
        np.testing.assert_allclose([found[:, 2].min(), found[:, 2].max()], [base_m, base_m + 2], atol=1e-3)
        east_north = metres_from_origin(found)
        np.testing.assert_allclose(east_north.min(axis=0), [0, -2], atol=1e-3)
        np.testing.assert_allclose(east_north.max(axis=0), [2, 0], atol=1e-3)
    assert model.box == pytest.approx((LON, LAT, LON, LAT), abs=1e-4)


def test_heading_scale_and_height_are_followed(glb: Path, tmp_path: Path) -> None:
    model = build(glb, tmp_path, Wish(LON, LAT, height_m=5.0, heading_deg=90.0, scale=0.5))
    found = drawn(tmp_path, model, "ground")
    np.testing.assert_allclose([found[:, 2].min(), found[:, 2].max()], [5, 6], atol=1e-3)
    # what looked north looks east: (x, y) becomes (y, -x)
    east_north = metres_from_origin(found)
    np.testing.assert_allclose([east_north.min(axis=0), east_north.max(axis=0)], [[-1, -1], [0, 0]], atol=1e-3)


def test_an_altitude_counts_from_the_sea(glb: Path, tmp_path: Path) -> None:
    model = build(glb, tmp_path, Wish(LON, LAT, altitude_m=215.0))
    assert drawn(tmp_path, model, "ground")[:, 2].min() == pytest.approx(3.0, abs=1e-3)
    assert drawn(tmp_path, model, "ellipsoid")[:, 2].min() == pytest.approx(225.0, abs=1e-3)


def test_the_same_file_gives_the_same_bytes(glb: Path, tmp_path: Path) -> None:
    assert build(glb, tmp_path).folder == build(glb, tmp_path).folder
    assert build(glb, tmp_path, Wish(LON, LAT, height_m=1)).folder != build(glb, tmp_path).folder


def picture() -> bytes:
    """Return a PNG of one pixel."""
    written = io.BytesIO()
    Image.new("RGB", (1, 1), (200, 30, 30)).save(written, "PNG")
    return written.getvalue()


def test_a_text_gltf_takes_its_buffer_and_its_picture_with_it(tmp_path: Path) -> None:
    writer = cube()
    writer.document |= {"images": [{"uri": "skin%20one.png"}], "textures": [{"source": 0}]}
    writer.document["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    (tmp_path / "pump.gltf").write_bytes(writer.text(buffer_uri="pump.bin"))
    with pytest.raises(BadModel, match=r"pump\.gltf: pump\.bin does not exist"):
        build(tmp_path / "pump.gltf", tmp_path)
    (tmp_path / "pump.bin").write_bytes(bytes(writer.data))
    (tmp_path / "skin one.png").write_bytes(picture())
    model = build(tmp_path / "pump.gltf", tmp_path)
    name = next(path.name for path in (tmp_path / model.folder).glob("m-*"))
    packed = read_gltf(model_content(tmp_path / model.folder, name))
    assert "uri" not in json.dumps(packed.document)
    assert packed.view(packed.document["images"][0]["bufferView"]) == picture()
    validate([tmp_path / model.folder / name])


@pytest.mark.parametrize(
    ("write", "wish", "problem"),
    [
        (lambda path: path.write_bytes(b"solid stl"), HERE, "neither a glb nor JSON"),
        (lambda path: path.write_bytes(cube().glb()[:-8]), HERE, "the header says"),
        (
            lambda path: path.write_bytes(cube().glb()),
            Wish(),
            "does not say where it stands; name its place with --lon and --lat",
        ),
        (lambda path: path.write_bytes(cube().glb()), Wish(LON), "--lon and --lat belong together"),
        (lambda path: path.write_bytes(cube().glb()), Wish(LON, 91), "--lat is 91; it must lie between -90 and 90"),
        (lambda path: path.write_bytes(cube().glb()), Wish(LON, LAT, scale=0), "--scale is 0"),
        (lambda path: path.write_bytes(cube().glb()), Wish(LON, LAT, height_m=1, altitude_m=1), "give one of them"),
        (lambda path: path.write_bytes(cube().glb()), Wish(8.0, 51.0), "km from the city"),
        (lambda path: path.write_bytes(cube(1e6).glb()), HERE, "km wide; is it in metres"),
        (lambda path: path.write_bytes(cube(np.nan).glb()), HERE, "a position is not a number"),
        (lambda path: None, HERE, "there is no"),
    ],
)
def test_a_bad_gltf_is_named_and_leaves_nothing(
    tmp_path: Path, write: Callable[[Path], object], wish: Wish, problem: str
) -> None:
    path = tmp_path / "pump.glb"
    write(path)
    with pytest.raises(BadModel, match=problem.replace("(", r"\(")):
        build(path, tmp_path, wish)
    assert not (tmp_path / "models3d" / "1" / "plant").exists()


def test_a_full_disk_leaves_nothing(glb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "ground.json":
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NoRoom, match=r"no room for pump\.glb; nothing of it was kept"):
        build(glb, tmp_path)
    assert not (tmp_path / "models3d" / "1" / "plant").exists()


def test_a_model_that_is_too_large_is_refused(glb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "LARGEST_MODEL", 100)
    with pytest.raises(NoRoom, match="the model has more than"):
        build(glb, tmp_path)


@pytest.mark.parametrize("name", ["Buildings", "a", "../x", "a b", "1a", "x" * 41])
def test_a_name_must_fit_an_address(name: str) -> None:
    with pytest.raises(BadModel, match="is no name of a model"):
        check_name(name)
    with pytest.raises(BadModel, match="tileset of heat twin itself"):
        check_name("buildings")


# ready tilesets


def on_earth(folder: Path, height_m: float = 222.0) -> Path:
    """Write a tileset of a cube that says where on the globe it is: at the place of the test."""
    folder.mkdir(exist_ok=True)
    tileset = json.loads((small(folder) / "tileset.json").read_text())
    x, y, z = TO_LONLAT.transform(LON, LAT, height_m, direction="INVERSE")
    lon, lat = np.radians([LON, LAT])
    east = [-np.sin(lon), np.cos(lon), 0]
    north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
    up = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    tileset["root"]["transform"] = [*east, 0, *north, 0, *up, 0, x, y, z, 1]
    (folder / "tileset.json").write_text(json.dumps(tileset))
    return folder


def test_a_tileset_that_knows_its_place_keeps_it(tmp_path: Path) -> None:
    model = build(on_earth(tmp_path / "set"), tmp_path, Wish())
    assert drawn(tmp_path, model, "ellipsoid")[:, 2].min() == pytest.approx(222.0, abs=1e-3)
    # 212 m of ground and 10 m of geoid below it: it stands on the ground
    assert drawn(tmp_path, model, "ground")[:, 2].min() == pytest.approx(0.0, abs=1e-3)
    np.testing.assert_allclose(metres_from_origin(drawn(tmp_path, model, "ground")).max(axis=0), [2, 0], atol=1e-2)
    with pytest.raises(BadModel, match="says itself where on the globe it is"):
        build(tmp_path / "set", tmp_path, HERE)
    with pytest.raises(BadModel, match="km from the city"):
        build(tmp_path / "set", tmp_path, Wish(), city=(8.0, 50.0, 9.0, 51.0))


def test_a_region_moves_with_the_model(tmp_path: Path) -> None:
    folder = on_earth(tmp_path / "set", height_m=330.0)
    tileset = json.loads((folder / "tileset.json").read_text())
    lon, lat = np.radians([LON, LAT])
    tileset["root"]["boundingVolume"] = {"region": [lon - 1e-6, lat - 1e-6, lon + 1e-6, lat + 1e-6, 330.0, 332.0]}
    (folder / "tileset.json").write_text(json.dumps(tileset))
    model = build(folder, tmp_path, Wish(), ground=Ground(None))
    root = json.loads((tmp_path / model.folder / "ground.json").read_bytes())["root"]
    assert root["boundingVolume"]["region"][4:] == pytest.approx([0.0, 2.0])
    assert "no ground raster here: its lowest point stands on the ground" in model.facts["notes"]
    assert drawn(tmp_path, model, "ground")[:, 2].min() == pytest.approx(0.0, abs=1e-3)


@needs_samples
def test_published_samples_are_placed_and_py3dtiles_reads_them(tmp_path: Path) -> None:
    samples = ROOT.parent / "shared" / "data" / "3dtiles-samples" / "1.1"
    for name in ("MetadataGranularities", "SparseImplicitOctree"):
        model = build(samples / name, tmp_path)
        folder = tmp_path / model.folder
        shutil.copy(folder / "ground.json", folder / "tileset.json")
        tileset = TileSet.from_file(folder / "tileset.json")
        tiles = [tileset.root_tile, *tileset.root_tile.get_all_children()]
        assert len(tiles) == model.facts["tiles"]
        # it reads one content a tile
        assert all(tile.get_or_fetch_content(tileset.root_uri) is not None for tile in tiles if tile.content_uri)


def test_points_and_formats_of_3d_tiles_1_0_are_kept_as_they_are(tmp_path: Path) -> None:
    folder = on_earth(tmp_path / "set")
    points = legacy(b"pnts", {"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}}, np.ones(6, "<f4").tobytes())
    (folder / "a.glb").write_bytes(points)
    model = build(folder, tmp_path, Wish())
    assert model.facts["points"] == 2
    assert model_content(tmp_path / model.folder, next((tmp_path / model.folder).glob("*.pnts")).name) == points


# one-file archives


def test_an_archive_comes_back_as_it_went(tmp_path: Path) -> None:
    model = build(on_earth(tmp_path / "set"), tmp_path, Wish())
    first, second = tmp_path / "one.3tz", tmp_path / "two.3tz"
    files = model_files(tmp_path / model.folder, "ellipsoid")
    write_3tz(first, files)
    again = build(first, tmp_path, Wish())
    write_3tz(second, model_files(tmp_path / again.folder, "ellipsoid"))
    assert again.folder == model.folder
    assert second.read_bytes() == first.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*sorted(files), INDEX]
        assert {name: archive.read(name) for name in files} == {name: path.read_bytes() for name, path in files.items()}


def test_another_program_finds_the_files_by_the_index(tmp_path: Path) -> None:
    """As the format says: by halving, with the hash read as two little-endian numbers, and the name in the local header."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    archive = tmp_path / "one.3tz"
    folder = on_earth(tmp_path / "set")
    files = {f"deep/{number}.glb": folder / "a.glb" for number in range(40)} | {"tileset.json": folder / "tileset.json"}
    write_3tz(archive, files)
    rows = zipfile.ZipFile(archive)
    with rows:
        index = rows.read(INDEX)
    program = """
      const fs = require('fs'), crypto = require('crypto');
      const data = fs.readFileSync(process.argv[1]), index = Buffer.from(process.argv[2], 'hex');
      const key = (at) => [index.readBigUInt64LE(at), index.readBigUInt64LE(at + 8)];
      const less = (a, b) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
      const found = process.argv.slice(3).map((name) => {
        const hash = crypto.createHash('md5').update(name).digest();
        const wanted = [hash.readBigUInt64LE(0), hash.readBigUInt64LE(8)];
        let low = 0, high = index.length / 24;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (less(key(middle * 24), wanted)) low = middle + 1; else high = middle;
        }
        const at = Number(index.readBigUInt64LE(low * 24 + 16));
        return data.toString('utf8', at + 30, at + 30 + data.readUInt16LE(at + 26));
      });
      console.log(JSON.stringify(found));
    """
    done = subprocess.run(["node", "-e", program, archive, index.hex(), *files], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == list(files)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda data: data[: len(data) // 2], "cannot be read as a zip"),
        (lambda data: b"not a zip", "cannot be read as a zip"),
    ],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes], problem: str) -> None:
    path = tmp_path / "one.3tz"
    folder = on_earth(tmp_path / "set")
    write_3tz(path, {"tileset.json": folder / "tileset.json", "a.glb": folder / "a.glb"})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadModel, match=problem):
        build(path, tmp_path, Wish())


def test_an_index_that_lies_is_found(tmp_path: Path) -> None:
    path, folder = tmp_path / "one.3tz", on_earth(tmp_path / "set")
    write_3tz(path, {"tileset.json": folder / "tileset.json", "a.glb": folder / "a.glb"})
    with zipfile.ZipFile(path) as archive:
        index = bytearray(archive.read(INDEX))
        contents = {name: archive.read(name) for name in archive.namelist() if name != INDEX}
    for change, problem in (
        (lambda: index.__setitem__(16, index[16] ^ 1), "it starts at"),
        (lambda: index.__setitem__(slice(None), index[24:] + index[:24]), "is not sorted"),
        (lambda: index.__setitem__(slice(None), index[:24]), "lacks"),
        (lambda: index.append(0), "not 24 a file"),
    ):
        before = bytes(index)
        change()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
            archive.writestr(INDEX, bytes(index))
        with pytest.raises(BadTileset3D, match=problem):
            Archive(path)
        index[:] = before


# point clouds


def cloud(path: Path, count: int = 60_000, *, epsg: int | None = 25833, compress: bool = False) -> Path:
    """Write a LAS file of a house of 20 by 10 m, 6 m high, on ground 190 m above the sea, coloured by height."""
    laspy = pytest.importorskip("laspy")
    header = laspy.LasHeader(point_format=7, version="1.4")
    header.offsets, header.scales = [499_000, 5_665_000, 0], [0.001] * 3
    if epsg is not None:
        header.add_crs(pyproj.CRS.from_epsg(epsg))
    file = laspy.LasData(header)
    random = np.random.default_rng(1)
    file.x, file.y = 499_500 + random.uniform(0, 20, count), 5_666_000 + random.uniform(0, 10, count)
    file.z = 190 + random.uniform(0, 6, count)
    file.red = (np.asarray(file.z) - 190) / 6 * 65_535
    file.green = np.full(count, 128 << 8)
    file.write(path, do_compress=compress)
    return path


GOERLITZ = (14.9, 51.1, 15.1, 51.2)


def test_a_point_cloud_becomes_tiles_with_every_point_once(tmp_path: Path) -> None:
    plain = build(cloud(tmp_path / "a.las"), tmp_path, Wish(), ground=Ground(190.0, 41.0), city=GOERLITZ)
    assert plain.facts["points"] == 60_000
    assert plain.facts["tiles"] > 2
    packed = build(cloud(tmp_path / "a.laz", compress=True), tmp_path, Wish(), ground=Ground(190.0, 41.0), city=GOERLITZ)
    assert packed.folder == plain.folder
    for datum, low in (("ground", 0.0), ("ellipsoid", 231.0)):
        heights = drawn(tmp_path, plain, datum)[:, 2]
        np.testing.assert_allclose([heights.min(), heights.max()], [low, low + 6], atol=0.02)
    east, north = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:25833", always_xy=True).transform(
        *drawn(tmp_path, plain, "ground")[:, :2].T
    )
    np.testing.assert_allclose([east.min(), east.max()], [499_500, 499_520], atol=0.02)
    np.testing.assert_allclose([north.min(), north.max()], [5_666_000, 5_666_010], atol=0.02)
    folder = tmp_path / plain.folder
    contents = [read_gltf(path.read_bytes()) for path in folder.glob("m-*.glb")]
    assert sum(len(content.accessor(0)) for content in contents) == 60_000
    # the reddest points are the highest ones
    content = contents[0]
    heights, colours = content.accessor(0)[:, 1], content.accessor(1)
    assert np.corrcoef(heights, colours[:, 0])[0, 1] > 0.99
    assert set(np.unique(colours[:, 1])) == {128}
    validate(sorted(folder.glob("m-*.glb")))
    errors = read_tree(Folder(_as_tileset(folder)), lambda _name, _data: None)
    assert errors.report.contents == plain.facts["contents"]


def _as_tileset(folder: Path) -> Path:
    shutil.copy(folder / "ground.json", folder / "tileset.json")
    return folder


@pytest.mark.parametrize(
    ("write", "wish", "problem"),
    [
        (partial(cloud, epsg=None), Wish(), "does not say in which reference system it is; name it with --crs"),
        (partial(cloud, count=0), Wish(), "has no points"),
        (cloud, Wish(crs="EPSG:99999"), "EPSG:99999 is no reference system"),
        (cloud, Wish(crs="EPSG:4547"), "km from the city"),
        (lambda path: path.write_bytes(b"LASF but not really"), Wish(), "cannot be read as LAS"),
    ],
)
def test_a_bad_point_cloud_is_named(tmp_path: Path, write: Callable[[Path], object], wish: Wish, problem: str) -> None:
    write(tmp_path / "a.las")
    with pytest.raises(BadModel, match=problem):
        build(tmp_path / "a.las", tmp_path, wish, city=GOERLITZ)
    assert not (tmp_path / "models3d" / "1" / "plant").exists()


def test_the_crs_may_be_named(tmp_path: Path) -> None:
    wish = Wish(crs="EPSG:25833")
    model = build(cloud(tmp_path / "a.las", 100, epsg=None), tmp_path, wish, ground=Ground(190.0), city=GOERLITZ)
    assert model.box == pytest.approx((14.9928, 51.1465, 14.9932, 51.1467), abs=2e-3)


@pytest.mark.parametrize(("extra", "module"), [("las", "laspy"), ("ifc", "ifcopenshell")])
def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str, module: str) -> None:
    (tmp_path / f"a.{extra}").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadModel, match=rf"needs the extra `{extra}`: pip install 'heat-twin\[{extra}\]'"):
        build(tmp_path / f"a.{extra}", tmp_path)


# building models


def ifc(path: Path, *, walls: int = 3, latitude: tuple[int, ...] | None = None) -> Path:
    """Write an IFC model: walls of 5 by 0.2 m, 3 m high, 6 m apart."""
    pytest.importorskip("ifcopenshell")
    from ifcopenshell.api import aggregate, context, geometry, project, root, spatial, unit  # noqa: PLC0415 - an extra

    file = project.create_file()
    top = root.create_entity(file, ifc_class="IfcProject", name="plant")
    unit.assign_unit(file, length={"is_metric": True, "raw": "METERS"})
    model = context.add_context(file, context_type="Model")
    body = context.add_context(file, context_type="Model", context_identifier="Body", target_view="MODEL_VIEW", parent=model)
    site = root.create_entity(file, ifc_class="IfcSite", name="site")
    if latitude is not None:
        site.RefLatitude, site.RefLongitude = latitude, (125, 19, 12, 0)
    house = root.create_entity(file, ifc_class="IfcBuilding", name="换热站")
    aggregate.assign_object(file, products=[site], relating_object=top)
    aggregate.assign_object(file, products=[house], relating_object=site)
    for number in range(walls):
        wall = root.create_entity(file, ifc_class="IfcWall", name=f"wall {number}")
        place = np.eye(4)
        place[0, 3] = number * 6
        geometry.edit_object_placement(file, product=wall, matrix=place)
        shape = geometry.add_wall_representation(file, context=body, length=5, height=3, thickness=0.2)
        geometry.assign_representation(file, product=wall, representation=shape)
        spatial.assign_container(file, products=[wall], relating_structure=house)
    file.write(str(path))
    return path


def test_an_ifc_model_stands_where_its_site_says(tmp_path: Path) -> None:
    model = build(ifc(tmp_path / "a.ifc", latitude=(43, 52, 48, 0)), tmp_path, Wish())
    assert model.facts["triangles"] == 36
    assert model.facts["notes"] == ["placed by the IfcSite of the file"]
    found = drawn(tmp_path, model, "ground")
    np.testing.assert_allclose([found[:, 2].min(), found[:, 2].max()], [0, 3], atol=1e-3)
    # 43 degrees 52 minutes 48 seconds are those of the test; the walls reach 17 m to the east
    east_north = metres_from_origin(found)
    np.testing.assert_allclose([east_north[:, 0].min(), east_north[:, 0].max()], [0, 17], atol=1e-2)
    validate(sorted((tmp_path / model.folder).glob("m-*.glb")))


def test_coordinates_of_a_projected_system_place_a_model() -> None:
    """Grid north is 1.6 degrees off north here, so the model is turned; its sizes stay metres on the ground."""
    box = {"box": [0, 0, 1.5, 50, 0, 0, 0, 50, 0, 0, 0, 1.5]}
    east, north = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4550", always_xy=True).transform(LON, LAT)
    root = {"boundingVolume": box, "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, east, north, 212.0, 1]}
    spot = spot_in_crs(root, "EPSG:4550", "a.ifc")
    assert (spot.lon_deg, spot.lat_deg) == pytest.approx((LON, LAT), abs=1e-9)
    matrix = matrices(spot, RASTER, lowest_m=212.0)["ground"] @ transform_of(root)
    corner = (matrix @ [50, 50, 0, 1])[:3]
    lon, lat, height_m = TO_LONLAT.transform(*corner)
    assert height_m == pytest.approx(0.0, abs=1e-2)
    there = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4550", always_xy=True).transform(lon, lat)
    assert there == pytest.approx((east + 50, north + 50), abs=0.03)
    with pytest.raises(BadModel, match="needs a projected system"):
        spot_in_crs(root, "EPSG:4490", "a.ifc")


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (lambda path: path.write_text("ISO-10303-21; nothing"), "cannot be read as IFC"),
        (partial(ifc, walls=0), "has no geometry: none of its 2 objects has a shape"),
    ],
)
def test_a_bad_ifc_model_is_named(tmp_path: Path, write: Callable[[Path], object], problem: str) -> None:
    write(tmp_path / "a.ifc")
    with pytest.raises(BadModel, match=problem):
        build(tmp_path / "a.ifc", tmp_path)
    assert not (tmp_path / "models3d" / "1" / "plant").exists()


# serving


def test_addresses_get_the_query_and_no_name_leads_out(glb: Path, tmp_path: Path) -> None:
    model = build(glb, tmp_path)
    folder = tmp_path / model.folder
    uri = json.loads(model_tileset(folder, "ground", "?city=1"))["root"]["content"]["uri"]
    assert uri.endswith(".glb?city=1")
    assert model_content(folder, uri.removesuffix("?city=1")) == glb.read_bytes()
    for name in ("../ground.json", "ground.json", "m-000000000000.glb", "/etc/passwd"):
        with pytest.raises(UnknownTileset):
            model_content(folder, name)
    with pytest.raises(UnknownTileset, match="'sea' is not a height datum"):
        model_tileset(folder, "sea")


_VALIDATE = """
const validator = require(process.argv[1]), fs = require('fs');
(async () => {
  for (const name of process.argv.slice(2)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(name)), {maxIssues: 20});
    if (report.issues.numErrors) { console.error(name, JSON.stringify(report.issues.messages)); process.exitCode = 1; }
  }
})();
"""


def validate(files: list[Path]) -> None:
    """Hold glTF files against gltf-validator, where it is installed."""
    validator = ROOT / "web" / "node_modules" / "gltf-validator" / "index.js"
    if shutil.which("node") is None or not validator.exists():
        return
    assert files
    done = subprocess.run(["node", "-e", _VALIDATE, validator, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
