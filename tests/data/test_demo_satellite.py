"""The rendered picture of the demo city: it shows what was drawn, where it was drawn, the same each time."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from rasterio.windows import Window

from data.demo import tables
from data.demo.city import draw_city
from data.demo.delivery import geojson_layer, in_datum
from data.demo.satellite import Grid, lay_grid, render, scenery_of, write_satellite
from data.demo.sizes import size_of
from data.demo.tables import DemoCity
from gis.datums import parse_datum

MOST_PIXELS = 160_000_000


@pytest.fixture(scope="module")
def city() -> DemoCity:
    return draw_city(size_of("sample", "rings"), 3, "220104")


def layers(city: DemoCity) -> list:
    frames = {"road": tables.roads, "water": tables.water, "green": tables.green, "estate": tables.estates,
              "building": tables.buildings}  # fmt: skip
    drawn = [geojson_layer(Path(), kind, kind, table(city)) for kind, table in frames.items()]
    return [*drawn, geojson_layer(Path(), "halls", "building", tables.halls(city))]


@pytest.fixture(scope="module")
def picture(city: DemoCity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("satellite") / "satellite.tif"
    write_satellite(path, layers(city), city.ground, seed=3, most_pixels=MOST_PIXELS, report=lambda share: None)
    return path


def inside(path: Path, frame: geopandas.GeoDataFrame) -> np.ndarray:
    """Return the pixels of shapes (metres of the quarter), placed by another way than the picture's own: PROJ."""
    shapes = in_datum(frame, parse_datum("wgs84")).set_crs(4326).to_crs(3857).geometry
    with rasterio.open(path) as dataset:
        mask = rasterize(list(shapes), out_shape=dataset.shape, transform=dataset.transform) > 0
        return dataset.read()[:, mask]


def test_the_picture_covers_the_city_at_less_than_four_metres_a_pixel(picture: Path, city: DemoCity) -> None:
    bounds = in_datum(tables.buildings(city), parse_datum("wgs84")).set_crs(4326).to_crs(3857).total_bounds
    with rasterio.open(picture) as dataset:
        assert dataset.crs.to_epsg() == 3857
        assert 2.0 < dataset.res[0] * np.cos(np.radians(43.85)) + 1.0 < 4.0
        low, high = np.array(dataset.bounds[:2]), np.array(dataset.bounds[2:])
    assert (low < bounds[:2]).all()
    assert (high > bounds[2:]).all()


def test_water_roads_and_fields_look_as_they_do(picture: Path, city: DemoCity) -> None:
    ice, road = (inside(picture, table(city)).mean(axis=1) for table in (tables.water, tables.roads))
    with rasterio.open(picture) as dataset:
        field = dataset.read(window=Window(0, 0, 200, 200)).reshape(3, -1).mean(axis=1)
    assert ice[2] > ice[0] + 10  # blue above red
    assert ice.sum() > road.sum()
    assert np.ptp(road) < 25  # grey
    assert field[0] > field[2] + 20  # earth


def test_shadows_lie_north_of_high_buildings(picture: Path, city: DemoCity) -> None:
    high = tables.buildings(city).query("height_m > 40")
    side = {}
    for name, north_m in (("north", 30.0), ("south", -30.0)):
        strips = high.set_geometry(high.geometry.centroid.translate(0.0, north_m).buffer(4.0))
        side[name] = inside(picture, strips).mean()
    assert side["north"] < 0.85 * side["south"]


def test_windows_of_any_cut_fit_each_other(city: DemoCity) -> None:
    grid = Grid(13_946_000.0, 5_443_500.0, 2.388657133911758, 1.72, 900, 900)
    scenery = scenery_of(layers(city), grid, city.ground, 3)
    whole = render(scenery, grid, Window(0, 0, 700, 700), 3)
    part = render(scenery, grid, Window(330, 250, 150, 200), 3)
    np.testing.assert_allclose(part.astype(int), whole[250:450, 330:480].astype(int), atol=1)  # float32 rounds


def test_far_towns_are_left_out_and_pixels_grow_with_the_place() -> None:
    rng = np.random.default_rng(1)
    near = rng.uniform(-2_000, 2_000, (500, 2)) + np.array([13_950_000, 5_440_000])
    town = rng.uniform(-500, 500, (40, 2)) + np.array([14_000_000, 5_500_000])
    grid = lay_grid(np.vstack([near, town]), MOST_PIXELS)
    assert grid.west + grid.width * grid.size_m < 13_960_000
    wide = lay_grid(rng.uniform(-25_000, 25_000, (4000, 2)) + np.array([13_950_000, 5_440_000]), MOST_PIXELS)
    assert wide.width * wide.height <= MOST_PIXELS
    assert wide.size_m > grid.size_m
