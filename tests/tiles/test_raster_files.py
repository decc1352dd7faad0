"""Files that somebody brings, made by GDAL's command line: what becomes a layer, and what is refused with which words."""

from __future__ import annotations

import math
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from gis.gcj02 import bd09_from_wgs84, gcj02_from_wgs84
from tests.handmade_town import tile_of
from tiles.archiving import picture_addresses
from tiles.errors import BadRaster
from tiles.raster import TileLook, raster_extent, render_tile, transparent_tile
from tiles.raster_files import Reading, add_file, bounds_wgs84, check_cog

WEST, SOUTH, CELL = 125.3, 43.86, 0.000005
SIDE = 400
DOT = (150, 230)
"""Row and column of the bright dot's middle."""


def gdal(program: str, *arguments: object) -> None:
    subprocess.run([program, "-q", *map(str, arguments)], check=True, capture_output=True)


def dot_lonlat() -> np.ndarray:
    return np.array([[WEST + (DOT[1] + 0.5) * CELL, SOUTH + (SIDE - DOT[0] - 0.5) * CELL]])


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a text grid of 200 m with one bright dot of nine cells."""
    cells = np.full((SIDE, SIDE), 40)
    cells[DOT[0] - 1 : DOT[0] + 2, DOT[1] - 1 : DOT[1] + 2] = 240
    path = tmp_path_factory.mktemp("grid") / "dot.asc"
    head = f"ncols {SIDE}\nnrows {SIDE}\nxllcorner {WEST}\nyllcorner {SOUTH}\ncellsize {CELL}\n"
    path.write_text(head + "\n".join(" ".join(map(str, row)) for row in cells.tolist()) + "\n")
    return path


@pytest.fixture(scope="module")
def dot(grid: Path) -> Path:
    path = grid.with_name("dot.tif")
    gdal("gdal_translate", "-ot", "Byte", "-a_srs", "EPSG:4326", grid, path)
    return path


def brightest(png: bytes) -> tuple[float, float]:
    """Return column and row of the middle of what is bright."""
    with Image.open(BytesIO(png)) as image:
        grey = np.asarray(image)[..., 0].astype(float)
    row, column = np.nonzero(grey > 150)
    return float(column.mean() + 0.5), float(row.mean() + 0.5)


def place_in_tile(lonlat: np.ndarray, z: int, size: int) -> tuple[tuple[int, int], float, float]:
    lon, lat = lonlat[0]
    x, y = (lon + 180) / 360 * 2**z, (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return (int(x), int(y)), (x % 1) * size, (y % 1) * size


# ---------------------------------------------------------------- datums


@pytest.mark.parametrize("size", [256, 512])
@pytest.mark.parametrize(("datum", "moved"), [("gcj02", gcj02_from_wgs84), ("bd09", bd09_from_wgs84), ("wgs84", np.asarray)])
def test_tiles_of_other_datums_show_a_place_where_its_converted_position_lies(
    dot: Path, tmp_path: Path, datum: str, moved, size: int
) -> None:
    layer = tmp_path / add_file(dot, tmp_path, 1, "dot", "colour")
    tile, column, row = place_in_tile(moved(dot_lonlat()), 18, size)
    found = brightest(render_tile(layer, TileLook("colour", size, datum), (18, *tile)))
    assert np.hypot(found[0] - column, found[1] - row) < size / 256


@pytest.mark.parametrize(("datum", "moved"), [("gcj02", gcj02_from_wgs84), ("bd09", bd09_from_wgs84)])
def test_imagery_in_a_shifted_datum_is_brought_to_wgs84(dot: Path, tmp_path: Path, datum: str, moved) -> None:
    layer = tmp_path / add_file(dot, tmp_path, 1, "dot", "colour", reading=Reading(datum=datum))
    with rasterio.open(layer) as dataset:
        bright = np.argwhere((dataset.read(1) > 150) & (dataset.dataset_mask() > 0)).mean(axis=0)
        x, y = dataset.transform @ (bright[1] + 0.5, bright[0] + 0.5)
    lon, lat = math.degrees(x / 6_378_137), math.degrees(math.atan(math.sinh(y / 6_378_137)))
    off_m = (moved(np.array([[lon, lat]])) - dot_lonlat()) * 111_320
    assert np.hypot(*off_m[0]) < 0.5


# ---------------------------------------------------------------- what a file lacks


def test_a_file_without_a_reference_system_is_placed_by_the_one_that_is_named(grid: Path, tmp_path: Path) -> None:
    gdal("gdal_translate", "-ot", "Byte", grid, tmp_path / "bare.tif")
    with pytest.raises(BadRaster, match="--crs EPSG:4551"):
        add_file(tmp_path / "bare.tif", tmp_path, 1, "bare", "colour")
    layer = tmp_path / add_file(tmp_path / "bare.tif", tmp_path, 1, "bare", "colour", reading=Reading("EPSG:4326"))
    assert bounds_wgs84(layer) == pytest.approx((WEST, SOUTH, WEST + SIDE * CELL, SOUTH + SIDE * CELL))
    assert check_cog(layer) == []
    for crs in ("EPSG:99999", "heaven", "/vsicurl/http://127.0.0.1:9/x"):
        with pytest.raises(BadRaster, match="is not a reference system"):
            add_file(tmp_path / "bare.tif", tmp_path, 1, "bare", "colour", reading=Reading(crs))


def test_a_picture_with_a_world_file_lies_where_that_says(grid: Path, tmp_path: Path) -> None:
    gdal("gdal_translate", "-of", "PNG", "-ot", "Byte", "-co", "WORLDFILE=YES", grid, tmp_path / "photo.png")
    (world,) = tmp_path.glob("photo.w*")
    world.rename(tmp_path / "kept")
    with pytest.raises(BadRaster, match="where it lies"):
        add_file(tmp_path / "photo.png", tmp_path, 1, "photo", "colour", reading=Reading("EPSG:4326"))
    (tmp_path / "kept").rename(tmp_path / "photo.pgw")
    layer = tmp_path / add_file(tmp_path / "photo.png", tmp_path, 1, "photo", "colour", reading=Reading("EPSG:4326"))
    assert bounds_wgs84(layer) == pytest.approx((WEST, SOUTH, WEST + SIDE * CELL, SOUTH + SIDE * CELL))


def test_control_points_place_a_file_and_points_that_contradict_each_other_are_refused(grid: Path, tmp_path: Path) -> None:
    east, north = WEST + SIDE * CELL, SOUTH + SIDE * CELL
    corners = [(0, 0, WEST, north), (SIDE, 0, east, north), (0, SIDE, WEST, SOUTH), (SIDE, SIDE, east, SOUTH)]
    for name, more in (("good.tif", []), ("bad.tif", [(200, 200, WEST + 0.0011, SOUTH + 0.0013)])):
        points = [text for corner in corners + more for text in ("-gcp", *corner)]
        gdal("gdal_translate", "-ot", "Byte", "-a_srs", "EPSG:4326", *points, grid, tmp_path / name)
    layer = tmp_path / add_file(tmp_path / "good.tif", tmp_path, 1, "gcp", "colour")
    assert bounds_wgs84(layer) == pytest.approx((WEST, SOUTH, east, north), abs=3 * CELL)
    with pytest.raises(BadRaster, match=r"off by up to .* pixels.*gdalwarp"):
        add_file(tmp_path / "bad.tif", tmp_path, 1, "gcp", "colour")


def test_sixteen_bits_are_stretched_and_no_data_stays_transparent(grid: Path, tmp_path: Path) -> None:
    gdal("gdal_translate", "-ot", "UInt16", "-scale", 0, 255, 0, 60000, "-a_srs", "EPSG:4326", grid, tmp_path / "deep.tif")
    layer = tmp_path / add_file(tmp_path / "deep.tif", tmp_path, 1, "deep", "colour")
    with rasterio.open(layer) as dataset:
        assert dataset.dtypes == ("uint8",)
        assert dataset.read(1).max() == 255
        assert (dataset.dataset_mask() == 255).all()
    # 40 of 255 of the text grid
    layer = tmp_path / add_file(tmp_path / "deep.tif", tmp_path, 1, "deep", "colour", reading=Reading(nodata=9412))
    with rasterio.open(layer) as dataset:
        assert (dataset.dataset_mask() > 0).sum() == 9


def test_a_palette_is_drawn_out_and_lossy_pictures_stay_lossy(tmp_path: Path, shared: Path) -> None:
    fixtures = shared / "data" / "raster-fixtures"
    part = ("-srcwin", 2000, 2000, 600, 600)
    gdal("gdal_translate", *part, fixtures / "cog_cmap.tif", tmp_path / "palette.tif")
    gdal("gdal_translate", *part, "-expand", "rgba", fixtures / "cog_cmap.tif", tmp_path / "expanded.tif")
    layer = tmp_path / add_file(tmp_path / "palette.tif", tmp_path, 1, "cover", "colour")
    with rasterio.open(layer) as ours, rasterio.open(tmp_path / "expanded.tif") as theirs:
        np.testing.assert_array_equal(ours.read((1, 2, 3)), theirs.read((1, 2, 3)))
        np.testing.assert_array_equal(ours.dataset_mask() > 0, theirs.read(4) > 0)
    jpeg = ("-co", "COMPRESS=JPEG", "-co", "PHOTOMETRIC=YCBCR", "-co", "TILED=YES")
    gdal("gdal_translate", *jpeg, fixtures / "sentinel2_TCI.tif", tmp_path / "lossy.tif")
    layer = tmp_path / add_file(tmp_path / "lossy.tif", tmp_path, 1, "photo", "colour")
    with rasterio.open(layer) as dataset:
        assert dataset.compression.value == "JPEG"
    with pytest.raises(BadRaster, match="is a picture, not heights"):
        add_file(tmp_path / "lossy.tif", tmp_path, 1, "photo", "hillshade")


# ---------------------------------------------------------------- hostile files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text.tif", "no raster"),
        ("empty.tif", ""),
        ("vrt.tif", '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
                    '<SourceFilename>/vsicurl/http://127.0.0.1:9/x.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'),
        ("wms.xml", '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:9/${z}</ServerUrl></Service></GDAL_WMS>'),
    ],
)  # fmt: skip
def test_what_only_points_elsewhere_is_never_followed(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadRaster, match="is no GeoTIFF"):
        add_file(tmp_path / name, tmp_path, 1, "photo", "colour")
    assert not (tmp_path / "raster").exists()


def test_a_truncated_file_is_refused_and_leaves_nothing_behind(dot: Path, tmp_path: Path) -> None:
    # the directory first, so that the file opens and fails on its pixels
    gdal("gdal_translate", "-of", "COG", dot, tmp_path / "whole.tif")
    whole = (tmp_path / "whole.tif").read_bytes()
    for share in (0.1, 0.6, 0.95):
        (tmp_path / "cut.tif").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(BadRaster, match=r"cut\.tif") as caught:
            add_file(tmp_path / "cut.tif", tmp_path, 1, "photo", "colour", reading=Reading(nodata=3))
        assert str(tmp_path) not in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.suffix in {".part", ".tmp"}] == []


def test_a_small_file_of_giant_size_is_refused_before_a_pixel_is_read(tmp_path: Path) -> None:
    sparse = ("-of", "GTiff", "-bands", 3, "-a_srs", "EPSG:3857", "-co", "SPARSE_OK=TRUE", "-co", "TILED=YES")
    gdal("gdal_create", *sparse, "-outsize", 60000, 60000, "-a_ullr", 0, 60000, 60000, 0, tmp_path / "bomb.tif")
    with pytest.raises(BadRaster, match="would unpack to"):
        add_file(tmp_path / "bomb.tif", tmp_path, 1, "photo", "colour")
    options = (*sparse, "-co", "BIGTIFF=YES", "-co", "BLOCKXSIZE=4096", "-co", "BLOCKYSIZE=4096")
    gdal("gdal_create", *options, "-outsize", 400000, 400000, "-a_ullr", 0, 4e5, 4e5, 0, tmp_path / "world.tif")
    with pytest.raises(BadRaster, match="too large"):
        add_file(tmp_path / "world.tif", tmp_path, 1, "photo", "colour")


def test_a_file_that_does_not_touch_the_city_is_refused_with_both_places(dot: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRaster, match=r"125\.3000, 43\.8600.*the city at 10\.0000.*--crs"):
        add_file(dot, tmp_path, 1, "photo", "colour", near=(10.0, 50.0, 10.5, 50.5))
    add_file(dot, tmp_path, 1, "photo", "colour", near=(125.0, 43.0, 126.0, 44.0))


# ---------------------------------------------------------------- archives and pictures


def test_the_tiles_of_an_archive_hold_all_that_show_something(dot: Path, tmp_path: Path) -> None:
    layer = tmp_path / add_file(dot, tmp_path, 1, "dot", "colour")
    look = TileLook("colour", form="webp")
    asked = picture_addresses(layer, look, (15, 17))
    around = {
        (z, x + right, y + down)
        for z in range(15, 18)
        for x, y in [tile_of(z, WEST, SOUTH)]
        for right in range(-2, 6)
        for down in range(-6, 3)
    }
    shown = {zxy for zxy in around if render_tile(layer, look, zxy) != transparent_tile(256, "webp")}
    assert shown
    assert shown <= set(asked) <= around


def test_pictures_come_in_both_formats_and_sizes(dot: Path, tmp_path: Path) -> None:
    layer = tmp_path / add_file(dot, tmp_path, 1, "dot", "colour")
    x, y = tile_of(17, WEST + 0.001, SOUTH + 0.001)
    for form, size in (("png", 256), ("png", 512), ("webp", 256), ("webp", 512)):
        with Image.open(BytesIO(render_tile(layer, TileLook("colour", size, form=form), (17, x, y)))) as image:
            assert (image.format, image.size) == (form.upper(), (size, size))
    assert raster_extent(layer, "colour").maxzoom == 18
