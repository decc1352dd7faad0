"""Raster tiles: light on slopes, edges that meet, transparency where nothing is, files that do not fit."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_bounds
from rio_tiler.io import Reader

from tests.handmade_town import tile_of
from tiles.errors import BadRaster
from tiles.raster import TileLook, hillshade, render_tile, sample_heights, transparent_tile
from tiles.raster_files import add_file, bounds_wgs84

WEST, SOUTH, EAST, NORTH = 125.30, 43.86, 125.34, 43.90
NODATA = -9999.0


def hills(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return 210 + 12 * np.sin((lon - WEST) * 900) * np.cos((lat - SOUTH) * 700)


def write(path: Path, heights: np.ndarray, *, crs: str | None = "EPSG:4326", dtype: str = "float32") -> Path:
    rows, columns = heights.shape
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": 1,
        "dtype": dtype,
        "crs": crs,
        "transform": from_bounds(WEST, SOUTH, EAST, NORTH, columns, rows),
        "nodata": NODATA if dtype == "float32" else None,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(heights.astype(dtype), 1)
    return path


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cloud-optimised raster of hills with a hole in its north-east corner."""
    folder = tmp_path_factory.mktemp("raster")
    lon = np.linspace(WEST, EAST, 801)[:-1] + (EAST - WEST) / 1600
    lat = np.linspace(NORTH, SOUTH, 801)[:-1] - (NORTH - SOUTH) / 1600
    heights = hills(*np.meshgrid(lon, lat))
    heights[:200, 600:] = NODATA
    return folder / add_file(write(folder / "in.tif", heights), folder, 1, "ground", "hillshade")


def pixels(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as image:
        return np.asarray(image)


def test_slopes_towards_the_light_are_brighter_than_flat_ground_and_slopes_away_darker() -> None:
    column, row = np.meshgrid(np.arange(9.0), np.arange(9.0))
    flat = hillshade(np.zeros((9, 9)), 10.0)[4, 4]
    # light comes from the north-west: ground that falls towards the north-west is lit
    lit, dark = hillshade(column + row, 10.0)[4, 4], hillshade(-column - row, 10.0)[4, 4]
    assert flat == round(255 * np.sin(np.radians(45)))
    assert dark < flat < lit


def test_the_rim_of_the_known_ground_is_no_cliff() -> None:
    heights = np.full((9, 9), 200.0)
    heights[:, 6:] = np.nan
    shade = hillshade(heights, 10.0)
    assert (shade[:, :6] == round(255 * np.sin(np.radians(45)))).all()


def test_the_file_is_cloud_optimised_and_keeps_its_heights(ground: Path) -> None:
    with rasterio.open(ground) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.overviews(1)
        assert dataset.nodata == NODATA
    assert bounds_wgs84(ground) == pytest.approx((WEST, SOUTH, EAST, NORTH))


def test_adding_the_same_file_again_converts_nothing(ground: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "a.tif", np.full((64, 64), 200.0))
    first = tmp_path / add_file(source, tmp_path, 1, "ground", "hillshade")
    before = first.stat().st_mtime_ns
    assert tmp_path / add_file(source, tmp_path, 1, "ground", "hillshade") == first
    assert first.stat().st_mtime_ns == before
    assert list(first.parent.iterdir()) == [first]


@pytest.mark.parametrize("z", [15, 16, 17])
def test_neighbouring_tiles_are_the_two_halves_of_one_picture(ground: Path, z: int) -> None:
    x, y = tile_of(z, 125.312, 43.875)
    left, right = (pixels(render_tile(ground, TileLook("hillshade"), (z, x + step, y))).astype(int) for step in (0, 1))
    side = 40_075_016.685578488 / 2**z
    west, north = x * side - 20_037_508.342789244, 20_037_508.342789244 - y * side
    with Reader(str(ground)) as reader:
        area = (west, north - side, west + 2 * side, north)
        whole = reader.part(area, dst_crs="EPSG:3857", bounds_crs="EPSG:3857", width=512, height=256, buffer=2,
                            resampling_method="bilinear", reproject_method="bilinear")  # fmt: skip
    pixel_m = side / 256 * np.cos(np.arctan(np.sinh(np.pi * (1 - 2 * (y + 0.5) / 2**z))))
    expected = hillshade(whole.array[0].filled(np.nan), pixel_m)[2:-2, 2:-2].astype(int)
    both = np.concatenate([left, right], axis=1)
    seen = both[..., 1] > 0
    seen[:, :254], seen[:, 258:] = False, False
    assert seen.sum() > 200
    assert np.abs(both[..., 0] - expected)[seen].max() <= 2


def test_ground_without_data_and_outside_is_transparent(ground: Path) -> None:
    whole = pixels(render_tile(ground, TileLook("hillshade"), (13, *tile_of(13, 125.32, 43.88))))
    assert 0 < (whole[..., 1] == 0).mean() < 1
    far = render_tile(ground, TileLook("hillshade"), (13, 100, 100))
    assert far == transparent_tile()
    assert not pixels(far)[..., 1].any()


def test_terrain_tiles_hold_the_heights(ground: Path) -> None:
    rgb = pixels(render_tile(ground, TileLook("terrain"), (16, *tile_of(16, 125.312, 43.875)))).astype(np.int64)
    heights = -10_000 + (rgb[..., 0] * 65_536 + rgb[..., 1] * 256 + rgb[..., 2]) / 10
    valid = rgb[..., 3] > 0
    assert valid.any()
    assert 195 < heights[valid].min() < heights[valid].max() < 225


def test_heights_at_points_follow_the_raster(ground: Path) -> None:
    points = np.column_stack([np.random.default_rng(1).uniform(a, b, 200) for a, b in ((WEST, EAST), (SOUTH, 43.885))])
    np.testing.assert_allclose(sample_heights(ground, points), hills(points[:, 0], points[:, 1]), atol=0.05)
    assert np.isnan(sample_heights(ground, np.array([[125.0, 43.88], [EAST - 0.001, NORTH - 0.001]]))).all()
    # the part that is read is another one for each point, its height is the same to the last bit
    alone = np.concatenate([sample_heights(ground, point[None]) for point in points])
    assert alone.tobytes() == sample_heights(ground, points).tobytes()


def test_files_that_do_not_fit_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(BadRaster, match="no coordinate"):
        add_file(write(tmp_path / "nocrs.tif", np.ones((8, 8)), crs=None), tmp_path, 1, "ground", "hillshade")
    write(tmp_path / "float.tif", np.ones((8, 8)))
    with pytest.raises(BadRaster, match="styles are hillshade"):
        add_file(tmp_path / "float.tif", tmp_path, 1, "ground", "pretty")
    with pytest.raises(BadRaster, match=r"layer name '\.\./x'"):
        add_file(tmp_path / "float.tif", tmp_path, 1, "../x", "hillshade")
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(BadRaster, match=r"cannot read raster text\.tif"):
        add_file(tmp_path / "text.tif", tmp_path, 1, "ground", "hillshade")
    with pytest.raises(BadRaster, match="No such file"):
        add_file(tmp_path / "absent.tif", tmp_path, 1, "ground", "hillshade")
