"""Tiles in GCJ-02 and BD-09: where control points land in them, that neighbours meet, what the affine maps leave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import mapbox_vector_tile
import numpy as np
import pytest
from numpy.typing import NDArray

from data.pool import connect, open_pool
from data.tile_tables import rebuild
from data.tiles import rounding_grid_m
from gis.errors import UnknownDatum
from gis.gcj02 import bd09_from_wgs84, gcj02_from_wgs84
from gis.mainland import inside_mainland
from tests.conftest import create_database, drop_database
from tests.handmade_town import TOWN, Row, insert_town, tile_of
from tiles.datums import TileDatum, datum_named, reach_of, shifted_bounds, tile_map
from tiles.mercator import tile_box
from tiles.selections import Selection
from tiles.tilesets import TILESETS
from tiles.vector import draw_tile
from twin.scope import EVERYTHING, Scope

FORWARD = {"gcj02": gcj02_from_wgs84, "bd09": bd09_from_wgs84}
PIXEL_OF_Z18_M = 2 * np.pi * 6_378_137 / 2**18 / 256
SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))
ZXY = tuple[int, int, int]
Floats = NDArray[np.float64]


def control_points() -> Floats:
    """Return places all over the mainland, among them some on the kink of the formula at 105 E."""
    rng = np.random.default_rng(20261122)
    scattered = np.column_stack([rng.uniform(74, 134.5, 120), rng.uniform(18.5, 53, 120)])
    kink = np.column_stack([np.full(6, 105.0), np.linspace(25, 41, 6)])
    return np.vstack([kink, scattered[inside_mainland(scattered)][:54]])


class Painter:
    """Draws tiles of a database over one connection that stays open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._runner = asyncio.Runner()
        self._pool = self._runner.run(open_pool(url, size=1))

    def draw(self, tileset: str, zxy: ZXY, datum: TileDatum, scope: Scope = EVERYTHING, city_id: int = 1) -> bytes:
        return self._runner.run(draw_tile(self._pool, Selection((TILESETS[tileset],), datum), scope, city_id, zxy))

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()


@pytest.fixture(scope="module")
def painter(server_url: str) -> Iterator[Painter]:
    """Yield the handmade town as city 1, the same with rounded copies as city 2, and the control points as city 3."""
    url = create_database(server_url)
    plants = [Row(100 + i, "plant", f"POINT({lon} {lat})") for i, (lon, lat) in enumerate(control_points())]
    for city_id, rows in ((1, TOWN), (2, TOWN), (3, plants)):
        insert_town(url, rows, city_id=city_id)
        with connect(url) as connection:
            rebuild(connection, city_id, SEGMENTS)
    one = Painter(url)
    yield one
    one.close()
    drop_database(url)


def metres(lonlat: Floats) -> Floats:
    """Return Web Mercator metres by the textbook formula."""
    lon, lat = np.radians(np.atleast_2d(lonlat)).T
    return np.column_stack([lon, np.log(np.tan(np.pi / 4 + lat / 2))]) * 6_378_137


def in_metres(zxy: ZXY, unit: tuple[float, float]) -> Floats:
    """Return where a unit of a decoded tile lies (mapbox_vector_tile turns y up)."""
    west, south, east, north = tile_box(*zxy)
    return np.array([west + unit[0] / 4096 * (east - west), south + unit[1] / 4096 * (north - south)])


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize(("zoom", "limit_m"), [(16, PIXEL_OF_Z18_M), (14, 2 * PIXEL_OF_Z18_M)])
def test_control_points_land_where_the_published_formula_says(
    painter: Painter, datum: TileDatum, zoom: int, limit_m: float
) -> None:
    places = FORWARD[datum](control_points())
    for number, (place, expected) in enumerate(zip(places, metres(places), strict=True)):
        zxy = (zoom, *tile_of(zoom, *place))
        layer = mapbox_vector_tile.decode(painter.draw("assets", zxy, datum, city_id=3))["asset"]
        point = next(one["geometry"]["coordinates"] for one in layer["features"] if one["id"] == 100 + number)
        assert np.abs(in_metres(zxy, point) - expected).max() < limit_m


@pytest.mark.parametrize("zoom", [8, 10, 12, 14])
def test_the_affine_maps_stay_below_a_pixel_of_their_tiles(zoom: int) -> None:
    for place in control_points():
        zxy = (zoom, *tile_of(zoom, *gcj02_from_wgs84(place[None])[0]))
        moved = tile_map("gcj02", *zxy)
        assert moved is not None
        a, b, d, e, right_m, up_m = moved.numbers[:6]
        x, y = metres(place)[0]
        west, _, east, _ = tile_box(*zxy)
        there = np.array([a * x + b * y + right_m, d * x + e * y + up_m])
        assert np.hypot(*(there - metres(gcj02_from_wgs84(place[None]))[0])) < (east - west) / 512


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_line_leaves_a_tile_where_it_enters_the_next(painter: Painter, datum: TileDatum) -> None:
    zoom = 16
    left, right = (edge_crossing(painter, datum, zoom, side) for side in (0, 1))
    assert abs(left - right) <= 1


def edge_crossing(painter: Painter, datum: TileDatum, zoom: int, side: int) -> float:
    """Return the height (units) at which pipe 27, which runs from west to east, crosses an edge, as one of its two tiles says."""
    place = FORWARD[datum](np.array([[125.32, 43.88 - 400 / 111_100]]))[0]
    x, y = tile_of(zoom, *place)
    zxy = (zoom, x + side, y)
    features = mapbox_vector_tile.decode(painter.draw("network", zxy, datum))["pipe"]["features"]
    line = np.array(next(one["geometry"]["coordinates"] for one in features if one["id"] == 27), dtype=float)
    line = line[np.argsort(line[:, 0])]
    return float(np.interp(0 if side else 4096, line[:, 0], line[:, 1]))


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_every_layer_has_the_same_features_in_every_datum(painter: Painter, datum: TileDatum) -> None:
    for tileset in ("base", "network", "buildings", "assets"):
        assert around(painter, tileset, "wgs84") == around(painter, tileset, datum)


def around(painter: Painter, tileset: str, datum: TileDatum) -> set[tuple[str, int]]:
    """Return layer and id of every feature in the tiles of z14 around the town."""
    place = np.array([[125.32, 43.88]])
    x, y = tile_of(14, *(FORWARD[datum](place) if datum in FORWARD else place)[0])
    tiles = [painter.draw(tileset, (14, x + right, y + down), datum) for right in (-1, 0, 1) for down in (-1, 0, 1)]
    layers = [item for tile in tiles if tile for item in mapbox_vector_tile.decode(tile).items()]
    return {(name, one["id"]) for name, layer in layers for one in layer["features"]}


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_rounding_comes_before_the_shift(painter: Painter, datum: TileDatum) -> None:
    scope = Scope(precision_m=5.0)
    with connect(painter.url) as connection:
        for table in ("tile_pipe", "tile_pipe_zoom", "tile_point"):
            connection.execute(f"update {table} set geom = st_snaptogrid(geom, {rounding_grid_m(scope)}) where city_id = 2")
    place = FORWARD[datum](np.array([[125.3203, 43.8801]]))[0]
    for tileset, zoom in (("network", 14), ("network", 16), ("assets", 16)):
        zxy = (zoom, *tile_of(zoom, *place))
        restricted = painter.draw(tileset, zxy, datum, scope)
        assert features(restricted) == features(painter.draw(tileset, zxy, datum, city_id=2))
        assert features(restricted) != features(painter.draw(tileset, zxy, datum))


def features(tile: bytes) -> list[tuple[str, int, str]]:
    decoded = mapbox_vector_tile.decode(tile)
    return sorted((name, one["id"], str(one["geometry"])) for name, layer in decoded.items() for one in layer["features"])


def test_polygons_with_holes_keep_them_in_bd09(painter: Painter) -> None:
    place = bd09_from_wgs84(np.array([[125.3217, 43.8805]]))[0]
    layer = mapbox_vector_tile.decode(painter.draw("buildings", (15, *tile_of(15, *place)), "bd09"))["building"]
    ring = next(one["geometry"] for one in layer["features"] if one["id"] == 30)
    assert (ring["type"], len(ring["coordinates"])) == ("Polygon", 2)


def test_outside_the_mainland_nothing_is_moved() -> None:
    assert tile_map("gcj02", 14, *tile_of(14, 126.98, 37.57)) is None
    assert tile_map("bd09", 14, *tile_of(14, 0.0, 0.0)) is None


def test_the_reach_holds_what_the_map_takes_into_the_tile() -> None:
    place = np.array([125.32, 43.88])
    west, south, east, north = reach_of("gcj02", 16, *tile_of(16, *gcj02_from_wgs84(place[None])[0]))
    x, y = metres(place)[0]
    assert west < x < east
    assert south < y < north


def test_bounds_move_with_their_datum() -> None:
    west, south, east, north = shifted_bounds((125.0, 43.5, 125.5, 44.0), "gcj02")
    corners = gcj02_from_wgs84(np.array([[125.0, 43.5], [125.5, 44.0]]))
    assert west <= corners[0, 0]
    assert south <= corners[0, 1]
    assert east >= corners[1, 0]
    assert north >= corners[1, 1]


def test_an_unknown_datum_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownDatum, match="wgs84, gcj02, bd09"):
        datum_named("mars")
