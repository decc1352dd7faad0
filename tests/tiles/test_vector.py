"""Vector tiles from PostGIS: what is in them at each zoom and for each Scope, read by two independent decoders."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import subprocess
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import mapbox_vector_tile
import numpy as np
import pytest

from data.pool import connect, open_pool
from data.rollout_refresh import refresh
from data.tile_tables import TILESETS as FILLED
from data.tile_tables import rebuild
from data.tiles import read_tile_city, read_version, rounding_grid_m
from tests.conftest import create_database, drop_database
from tests.handmade_town import (
    COMPANY_A,
    COMPANY_B,
    COVERS,
    DISTRICT_EAST,
    DISTRICT_WEST,
    LAT,
    TOWN,
    Row,
    insert_town,
    lonlat,
    tile_of,
)
from tiles.errors import BadTile, UnknownTileset
from tiles.tilesets import TILESETS, tileset_of
from tiles.vector import check_tile, make_tile, require_visible, tilejson
from twin.errors import OutsideScope
from twin.scope import EVERYTHING, Scope

T = TypeVar("T")
SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))


class Painter:
    """Makes tiles over one connection that stays open for the tests of a module."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self.url = url
        self.pool = self._runner.run(open_pool(url, size=1))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def make(self, tileset: str, zxy: tuple[int, int, int], scope: Scope = EVERYTHING, city_id: int = 1) -> bytes:
        return self.run(make_tile(self.pool, TILESETS[tileset], scope, city_id, zxy))

    def fill(self, rows: Sequence[Row], city_id: int) -> None:
        insert_town(self.url, rows, city_id=city_id)
        with connect(self.url) as connection:
            rebuild(connection, city_id, SEGMENTS)
            refresh(connection, city_id)

    def document(self, name: str) -> dict[str, Any]:
        """Return the TileJSON of city 1."""
        city = self.run(read_tile_city(self.pool, 1))
        return tilejson(TILESETS[name], city, self.run(read_version(self.pool, 1, name)), "http://x/{z}/{x}/{y}.mvt")

    def close(self) -> None:
        self.run(self.pool.close())
        self._runner.close()


@pytest.fixture(scope="module")
def town(server_url: str) -> Iterator[Painter]:
    """Yield the handmade town as city 1; tests add cities of their own."""
    url = create_database(server_url)
    painter = Painter(url)
    painter.fill([*TOWN, *COVERS], 1)
    yield painter
    painter.close()
    drop_database(url)


@pytest.fixture(scope="module")
def city(sample_url: str) -> Iterator[Painter]:
    """Yield the sample city."""
    painter = Painter(sample_url)
    yield painter
    painter.close()


@pytest.fixture(scope="module")
def dense(city: Painter) -> tuple[float, float]:
    """Return the place (lon, lat) of the building in the middle of the sample."""
    middle_building = """
        select st_x(p), st_y(p)
          from (select st_centroid(geom) as p from asset where kind = 'building') b
         order by p <-> (select st_centroid(st_collect(st_centroid(geom))) from asset where kind = 'building') limit 1
    """
    with connect(city.url) as connection:
        row = connection.execute(middle_building).fetchone()
    assert row is not None
    return row[0], row[1]


def middle(zoom: int, east_m: float = 0, north_m: float = 0) -> tuple[int, int, int]:
    """Return the tile that holds a place of the town."""
    lon, lat = map(float, lonlat(east_m, north_m).split())
    return (zoom, *tile_of(zoom, lon, lat))


def ids(tile: bytes, layer: str) -> set[int]:
    decoded = mapbox_vector_tile.decode(tile) if tile else {}
    return {feature["id"] for feature in decoded.get(layer, {"features": []})["features"]}


def properties(tile: bytes, layer: str) -> dict[int, dict[str, Any]]:
    return {feature["id"]: feature["properties"] for feature in mapbox_vector_tile.decode(tile)[layer]["features"]}


def shape(tile: bytes, asset_id: int) -> dict[str, Any]:
    features = mapbox_vector_tile.decode(tile)["building"]["features"]
    found: dict[str, Any] = next(feature["geometry"] for feature in features if feature["id"] == asset_id)
    return found


# ---------------------------------------------------------------- content by zoom


def test_low_zooms_carry_segments_without_the_secondary_network(town: Painter) -> None:
    assert properties(town.make("network", middle(10)), "pipe") == {
        20: {"level": 2, "medium": 1, "dn": 400, "class": 2},
        27: {"level": 2, "medium": 2, "dn": 200},
    }
    assert ids(town.make("network", middle(12)), "pipe") == {20, 24, 26, 27}


def test_points_appear_at_the_zoom_of_their_kind(town: Painter) -> None:
    assert ids(town.make("assets", middle(8)), "asset") == {13}
    assert ids(town.make("assets", middle(10)), "asset") == {10, 13}
    assert properties(town.make("assets", middle(15)), "asset") == {10: {"kind": 3, "name": "一号站"}, 11: {"kind": 7}}
    assert 12 in ids(town.make("assets", middle(16, 120, 40)), "asset")


def test_the_base_map_has_its_layers_in_drawing_order(town: Painter) -> None:
    tile = town.make("base", middle(13))
    assert list(mapbox_vector_tile.decode(tile)) == ["green", "water", "area", "road", "area_name"]
    assert properties(tile, "road") == {40: {"class": 3, "name": "人民大街"}, 41: {"class": 9}}
    assert properties(tile, "area")[1] == {"kind": 1, "name": "西区"}


def test_coverage_areas_tell_of_what_they_are_and_small_ones_lie_on_large_ones(town: Painter) -> None:
    tile = town.make("coverage", middle(12))
    assert properties(tile, "coverage") == {
        52: {"of_kind": 2, "of_id": COMPANY_A},
        50: {"of_kind": 3, "of_id": COMPANY_A},
        51: {"of_kind": 4, "of_id": 13, "name": "热电厂范围"},
        53: {},
    }
    assert list(properties(tile, "coverage")) == [52, 50, 51, 53]
    assert ids(town.make("coverage", middle(10)), "coverage") == {50, 51, 52}


def test_the_name_of_an_area_stands_in_one_tile_only(town: Painter) -> None:
    zoom = 14
    tiles = [town.make("base", middle(zoom, east, north)) for east in (-1400, 0, 1400) for north in (-1400, 0, 1400)]
    west = [tile for tile in dict.fromkeys(tiles) if 1 in ids(tile, "area")]
    assert len(west) > 1
    assert [1 in ids(tile, "area_name") for tile in west].count(True) == 1
    covers = [town.make("coverage", middle(zoom, east, north)) for east in (-1400, -900, 0) for north in (-800, 0, 900)]
    assert [51 in ids(tile, "coverage_name") for tile in dict.fromkeys(covers)].count(True) == 1
    assert all(50 not in ids(tile, "coverage_name") for tile in covers), "it has no name"


def test_a_building_with_a_hole_keeps_it(town: Painter) -> None:
    east, west = (town.make("buildings", middle(15, *place)) for place in ((120, 40), (-200, 60)))
    assert len(shape(east, 30)["coordinates"]) == 2
    assert shape(west, 31)["type"] == "MultiPolygon"


def test_a_feature_that_lies_only_in_the_margin_is_there(town: Painter) -> None:
    """A line just beyond the edge must be drawn, or its wide stroke is cut off at the seam."""
    zoom = 16
    x, y = tile_of(zoom)
    west = x / 2**zoom * 360 - 180
    degrees_a_unit = 360 / 2**zoom / 4096
    lat = f"{LAT}"
    beyond = [
        Row(90, "pipe", f"LINESTRING({west - 40 * degrees_a_unit} {lat}, {west - 30 * degrees_a_unit} {lat})"),
        Row(91, "pipe", f"LINESTRING({west - 200 * degrees_a_unit} {lat}, {west - 100 * degrees_a_unit} {lat})"),
    ]
    town.fill(beyond, 9)
    assert ids(town.make("network", (zoom, x, y), city_id=9), "pipe") == {90}


def test_two_cities_never_share_a_tile(town: Painter) -> None:
    town.fill([Row(500, "building", TOWN[-1].wkt)], 8)
    zxy = middle(15, 600, 200)
    assert ids(town.make("buildings", zxy, city_id=8), "building") == {500}
    assert 500 not in ids(town.make("buildings", zxy, city_id=1), "building")


def test_an_empty_tile_has_no_bytes(town: Painter) -> None:
    for name, tileset in TILESETS.items():
        assert town.make(name, (tileset.maxzoom, 0, 0)) == b""


# ---------------------------------------------------------------- Scope


def kept(scope: Scope, row: Row) -> bool:
    return (
        (scope.layers is None or row.kind in scope.layers)
        and (scope.areas is None or row.area_id in scope.areas)
        and (scope.company_ids is None or row.company_id is None or row.company_id in scope.company_ids)
    )


SCOPES = (
    Scope(areas=(DISTRICT_EAST,)),
    Scope(areas=(DISTRICT_WEST, DISTRICT_EAST)),
    Scope(company_ids=(COMPANY_A,)),
    Scope(company_ids=(COMPANY_B,), areas=(DISTRICT_EAST,)),
    Scope(layers=("pipe", "road")),
    Scope(areas=()),
)


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_a_restricted_tile_equals_the_tile_of_the_filtered_rows(town: Painter, scope: Scope) -> None:
    other = 100 + SCOPES.index(scope)
    town.fill([row for row in (*TOWN, *COVERS) if kept(scope, row)], other)
    # a district is in the rollout of its own seat, though it lies in no district: test_rollout_tiles.py
    for tileset, zoom in itertools.product(sorted(set(TILESETS) - {"rollout"}), (10, 13, 14, 15, 16)):
        if zoom >= TILESETS[tileset].minzoom:
            restricted = town.make(tileset, middle(zoom), scope)
            expected = town.make(tileset, middle(zoom), city_id=other)
            assert canonical(restricted) == canonical(expected), (tileset, zoom)


def canonical(tile: bytes) -> Any:
    """Return the features of a tile, without what links to rows that the filter took away."""
    decoded = mapbox_vector_tile.decode(tile) if tile else {}
    for layer in decoded.values():
        for feature in layer["features"]:
            feature["properties"].pop("substation_id", None)
            feature["properties"].pop("of_id", None)
        layer["features"].sort(key=lambda feature: (feature["id"], json.dumps(feature["geometry"])))
    return decoded


def test_rounding_equals_the_tile_of_rounded_rows(town: Painter) -> None:
    scope = Scope(precision_m=5.0)
    town.fill(TOWN, 7)
    with connect(town.url) as connection:
        for table in ("tile_pipe", "tile_pipe_zoom", "tile_point"):
            connection.execute(f"update {table} set geom = st_snaptogrid(geom, {rounding_grid_m(scope)}) where city_id = 7")
    for tileset, zoom in (("network", 12), ("network", 14), ("network", 16), ("assets", 16)):
        restricted = canonical(town.make(tileset, middle(zoom), scope))
        assert restricted == canonical(town.make(tileset, middle(zoom), city_id=7))
        assert restricted != canonical(town.make(tileset, middle(zoom)))


def test_the_rounding_grid_is_never_finer_on_the_ground_than_promised() -> None:
    grid = rounding_grid_m(Scope(precision_m=10.0))
    assert grid is not None
    assert grid * np.cos(np.radians(53.5)) >= 10.0


def test_a_seat_that_may_see_none_of_the_kinds_is_refused() -> None:
    with pytest.raises(OutsideScope, match="pipe"):
        require_visible(TILESETS["network"], Scope(layers=("building",)))
    require_visible(TILESETS["base"], Scope(layers=("road",)))


def test_another_city_is_refused(town: Painter) -> None:
    with pytest.raises(OutsideScope):
        town.make("network", middle(14), Scope(cities=(2,)))


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("zxy", "message"),
    [
        ((9, 0, 0), r"zoom 9 is outside 10\.\.16"),
        ((17, 0, 0), r"zoom 17 is outside 10\.\.16"),
        ((10, 1024, 0), "x and y go from 0 to 1023"),
        ((10, 0, -1), "x and y go from 0 to 1023"),
    ],
)
def test_a_bad_address_is_named_with_what_would_be_right(zxy: tuple[int, int, int], message: str) -> None:
    with pytest.raises(BadTile, match=message):
        check_tile(*zxy, minzoom=10, maxzoom=16, what="tileset 'network'")


def test_an_unknown_tileset_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownTileset, match="tilesets are base, network, buildings, assets"):
        tileset_of("pipes")


# ---------------------------------------------------------------- TileJSON


def test_filled_tilesets_are_those_described() -> None:
    assert set(FILLED) == set(TILESETS)


@pytest.mark.parametrize("name", list(TILESETS))
def test_tilejson_fits_its_schema(town: Painter, shared: Path, name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    path = shared / "data" / "ogc-conformance" / "tilejson" / "3.0.0" / "schema.json"
    if not path.exists():
        pytest.skip("the TileJSON schema is not among the shared data")
    jsonschema.validate(town.document(name), json.loads(path.read_text()))


# coverage areas are looked at in the handmade town: whether the sample has some is its own affair; it has no problems
@pytest.mark.parametrize("name", sorted(set(TILESETS) - {"coverage", "problems"}))
def test_every_attribute_and_code_in_the_tiles_is_documented(city: Painter, dense: tuple[float, float], name: str) -> None:
    layers = {layer["id"]: layer for layer in city.document(name)["vector_layers"]}
    seen = 0
    for zoom in range(TILESETS[name].minzoom, 17):
        tile = city.make(name, (zoom, *tile_of(zoom, *dense)))
        for layer, content in (mapbox_vector_tile.decode(tile) if tile else {}).items():
            for feature in content["features"]:
                seen += 1
                assert set(feature["properties"]) <= set(layers[layer]["fields"]), (layer, zoom)
                for attribute, codes in layers[layer]["codes"].items():
                    if attribute in feature["properties"]:
                        assert str(feature["properties"][attribute]) in codes
    assert seen > 10


# ---------------------------------------------------------------- the sample city


@pytest.mark.parametrize(
    ("tileset", "layer", "zoom"), [("buildings", "building", 14), ("network", "pipe", 15), ("network", "pipe", 12)]
)
def test_a_parent_contains_its_children_and_they_cover_it(
    city: Painter, dense: tuple[float, float], tileset: str, layer: str, zoom: int
) -> None:
    x, y = tile_of(zoom, *dense)
    parent = ids(city.make(tileset, (zoom, x, y)), layer)
    inner = [ids(city.make(tileset, (zoom + 1, 2 * x + i, 2 * y + j)), layer) for i in (0, 1) for j in (0, 1)]
    around = [ids(city.make(tileset, (zoom + 1, 2 * x + i, 2 * y + j)), layer) for i in range(-1, 3) for j in range(-1, 3)]
    assert parent
    assert set().union(*inner) - below_a_unit(city, zoom) <= parent <= set().union(*around)


def below_a_unit(city: Painter, zoom: int) -> set[int]:
    """Return the merged pipes that are shorter than a unit of a tile: at that zoom nothing is left of them."""
    unit_m = 2 * np.pi * 6_378_137 / 2**zoom / 4096
    with connect(city.url) as connection:
        short = "select segment_id from tile_pipe_zoom where zoom = %s and st_length(geom) < %s"
        return {row[0] for row in connection.execute(short, (zoom, unit_m)).fetchall()}


def test_no_tile_of_the_sample_is_too_heavy(city: Painter, dense: tuple[float, float]) -> None:
    for name, tileset in TILESETS.items():
        for zoom in range(tileset.minzoom, tileset.maxzoom + 1):
            assert len(city.make(name, (zoom, *tile_of(zoom, *dense)))) < 500_000, (name, zoom)


def test_gdal_reads_the_same_features(city: Painter, dense: tuple[float, float], tmp_path: Path) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo is not installed (gdal-bin)")
    for name, zoom in (("network", 15), ("base", 13), ("buildings", 15), ("assets", 15)):
        tile = city.make(name, (zoom, *tile_of(zoom, *dense)))
        path = tmp_path / f"{name}.mvt"
        path.write_bytes(tile)
        done = subprocess.run(["ogrinfo", "-ro", "-al", "-so", f"MVT:{path}"], capture_output=True, text=True, check=True)
        assert "ERROR" not in done.stderr
        counts = [int(line.split(":")[1]) for line in done.stdout.splitlines() if line.startswith("Feature Count")]
        decoded = mapbox_vector_tile.decode(tile)
        assert sorted(counts) == sorted(len(layer["features"]) for layer in decoded.values())
