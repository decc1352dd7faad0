"""Buildings as solids: what is drawn how high, what is left out and why, and a real city of every kind of outline."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from data.buildings import Buildings
from tests.conftest import SHARED
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.building_rules import drawable
from tiles.tiles3d.check import check_tileset, read_glb
from tiles.tiles3d.engine import build
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.mesh import Mesh, boxes, extrude
from tiles.tiles3d.shelf import read_left_out

LON, LAT = 125.32, 43.88
FRAME = Frame.at(LON, LAT)
M_LON, M_LAT = 80_280.0, 111_100.0
NAN = math.nan


def outline(*xy_m: tuple[float, float]) -> Polygon:
    return Polygon([(LON + x / M_LON, LAT + y / M_LAT) for x, y in xy_m])


SQUARE = outline((0, 0), (20, 0), (20, 10), (0, 10))


def judged(shape: Any = SQUARE, height_m: float = 12.0, storeys: float = NAN, source: str = "") -> tuple[Any, Any]:
    """Return the solids and what is left out of a sound building and one that is looked at."""
    buildings = Buildings.of([SQUARE, shape], [9.0, height_m])
    sources = buildings.height_sources.copy()
    sources[1] = source
    codes = np.array(["LD000001", "LD000002"], dtype=object)
    return drawable(replace(buildings, storeys=np.array([NAN, storeys]), height_sources=sources, codes=codes))


@pytest.mark.parametrize(
    ("stated_m", "storeys", "source", "height_m", "height_source"),
    [
        (12.0, 3, "", 12.0, 1),
        (12.0, NAN, "storeys", 12.0, 2),
        (12.0, NAN, "default", 12.0, 3),
        (NAN, 7, "", 21.0, 2),
        (0.0, 7, "attribute", 21.0, 2),
        (NAN, NAN, "", 9.0, 3),
        (NAN, 0, "", 9.0, 3),
        (632.0, 127, "attribute", 632.0, 1),
    ],
)
def test_a_height_is_the_given_one_else_of_storeys_else_the_default(
    stated_m: float, storeys: float, source: str, height_m: float, height_source: int
) -> None:
    solids, left_out = judged(height_m=stated_m, storeys=storeys, source=source)
    assert left_out == ()
    assert (solids.heights_m[1], solids.height_sources[1]) == (height_m, height_source)


BOW_TIE = outline((0, 0), (20, 10), (20, 0), (0, 10))
BAD = {
    "no geometry": ({"shape": None}, "no_outline", "no geometry"),
    "a point": ({"shape": Point(LON, LAT)}, "no_outline", "a Point"),
    "a line": ({"shape": LineString([(LON, LAT), (LON, LAT + 1e-4)])}, "no_outline", "a LineString"),
    "a collection": ({"shape": GeometryCollection([SQUARE])}, "no_outline", "a GeometryCollection"),
    "an empty polygon": ({"shape": Polygon()}, "no_outline", "an empty polygon"),
    "an infinite corner": ({"shape": Polygon([(LON, LAT), (math.inf, LAT), (LON, LAT + 1)])}, "bad_coordinates", "inf 43.88"),
    "metres for degrees": ({"shape": box(500_000, 4_000_000, 500_020, 4_000_010)}, "bad_coordinates", "500020 4e+06"),
    "a corner at 0, 0": ({"shape": Polygon([(LON, LAT), (LON + 1e-4, LAT), (0, 0)])}, "outline_too_large", "m across"),
    "a bow tie": ({"shape": BOW_TIE}, "self_crossing", "0 m2 would become 100 m2"),
    "a line of three corners": ({"shape": outline((0, 0), (10, 0), (20, 0))}, "zero_area", "0 m2"),
    "a hair": ({"shape": outline((0, 0), (30, 0), (30, 0.001))}, "zero_area", "0.015 m2"),
    "negative": ({"height_m": -6.0}, "height_negative", "-6 m"),
    "zero": ({"height_m": 0.0}, "height_zero", "0 m, no storeys"),
    "3 km": ({"height_m": 3000.0}, "height_impossible", "3000 m"),
    "no number of storeys": ({"height_m": NAN, "storeys": 3000}, "storeys_impossible", "3000 storeys"),
    "storeys below ground": ({"height_m": NAN, "storeys": -2}, "storeys_impossible", "-2 storeys"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_drawn_is_left_out_with_its_reason_and_the_rest_is_drawn(name: str) -> None:
    given, reason, value = BAD[name]
    solids, (left_out,) = judged(**given)
    assert solids.buildings.asset_ids.tolist() == [1]
    assert (left_out.asset_id, left_out.code, left_out.reason) == (2, "LD000002", reason)
    assert value in left_out.value
    assert left_out.wanted


def test_an_outline_that_crosses_itself_a_little_is_drawn_repaired_and_told(caplog: pytest.LogCaptureFixture) -> None:
    # the last corner lies a hand beyond the first wall
    slip = outline((0, 0), (20, 0), (20, 10), (0, 10), (0, -0.1), (0.1, 0.1))
    assert not slip.is_valid
    solids, left_out = judged(slip)
    assert (left_out, solids.mended.tolist()) == ((), [False, True])
    assert shapely.is_valid(solids.footprints_wgs84).all()
    BuildingFeatures.of(Buildings.of([SQUARE, slip], [9.0, 9.0]))
    assert "outlines of 1 buildings cross themselves, drawn repaired: [2]" in caplog.text


def test_left_out_buildings_are_counted_and_listed_with_the_tileset(tmp_path: Path) -> None:
    shapes = [SQUARE, BOW_TIE, None, outline((40, 0), (60, 0), (60, 10))]
    published = build(tmp_path, BuildingFeatures.of(Buildings.of(shapes, [9.0, 9.0, 9.0, -3.0])), LevelGround(), "test")
    assert (published.features_in, published.features_out) == (4, 1)
    assert published.left_out == {"height_negative": 1, "no_outline": 1, "self_crossing": 1}
    assert [one["asset_id"] for one in read_left_out(tmp_path, published)] == [2, 3, 4]


# ---------------------------------------------------------------- solids

L_SHAPE = outline((0, 60), (30, 60), (30, 70), (10, 70), (10, 90), (0, 90))
HEXAGON = outline(*((100 + 12 * math.cos(math.pi * n / 3), 12 * math.sin(math.pi * n / 3)) for n in range(6)))
WITH_MIDDLE = outline((200, 0), (210, 0), (220, 0), (220, 10), (220, 20), (200, 20))
COURTYARD = SQUARE.buffer(0.001).difference(SQUARE.buffer(0.0001))
TWO_PARTS = MultiPolygon([outline((60, 0), (80, 0), (80, 10), (60, 10)), outline((90, 0), (90, 10), (100, 10), (100, 0))])
SHAPES = np.array([L_SHAPE, HEXAGON, WITH_MIDDLE, COURTYARD, TWO_PARTS, shapely.reverse(HEXAGON), SQUARE], dtype=object)


def drawn(shapes: np.ndarray, raised: Any = extrude) -> Mesh:
    count = len(shapes)
    found: Mesh = raised(shapes, FRAME, lift_m=np.arange(count, dtype=float), height_m=np.full(count, 10.0))
    return found


def roof_areas_m2(mesh: Mesh, count: int) -> np.ndarray:
    roof = mesh.triangles[mesh.normals[mesh.triangles[:, 0], 2] == 1]
    a, b, c = (mesh.positions_m[roof[:, corner], :2] for corner in range(3))
    doubled = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    assert (doubled > 0).all()
    return np.bincount(mesh.owners[roof[:, 0]], doubled / 2, minlength=count)


def flat_areas_m2(shapes: np.ndarray) -> np.ndarray:
    local = shapely.transform(shapes, lambda points: FRAME.local(points, np.zeros(len(points)))[:, :2])
    areas: np.ndarray = shapely.area(local)
    return areas


def test_roofs_of_every_shape_have_the_area_of_their_outline() -> None:
    np.testing.assert_allclose(roof_areas_m2(drawn(SHAPES), len(SHAPES)), flat_areas_m2(SHAPES), rtol=1e-9)


@pytest.mark.parametrize("raised", [extrude, boxes])
def test_a_solid_is_the_same_to_the_last_bit_whatever_it_is_drawn_with(raised: Any) -> None:
    random = np.random.default_rng(4)
    places = random.uniform(-0.05, 0.05, (400, 2))
    town = np.array(
        [shapely.transform(SHAPES[n % len(SHAPES)], lambda xy, n=n: xy + places[n]) for n in range(400)], dtype=object
    )
    whole = drawn(town, raised)
    for _ in range(40):
        rows = random.integers(0, 400, random.integers(1, 6))
        few = raised(town[rows], FRAME, lift_m=rows.astype(float), height_m=np.full(len(rows), 10.0))
        for place, row in enumerate(rows.tolist()):
            one, alone = few.part(place, place + 1), whole.part(row, row + 1)
            assert one.positions_m.tobytes() == alone.positions_m.tobytes()
            assert one.normals.tobytes() == alone.normals.tobytes()
            assert one.triangles.tolist() == alone.triangles.tolist()
            assert one.lifts_m is not None
            assert set(one.lifts_m.tolist()) == {float(row)}


def test_a_box_from_afar_holds_its_building_and_turns_with_its_walls() -> None:
    turned = np.array([shapely.transform(shape, _turn) for shape in SHAPES], dtype=object)
    mesh = drawn(turned, boxes)
    polygons = shapely.get_num_geometries(turned)
    np.testing.assert_array_equal(np.bincount(mesh.owners), 20 * polygons)
    areas, outlines = roof_areas_m2(mesh, len(turned)), flat_areas_m2(turned)
    assert (areas >= outlines * (1 - 1e-9)).all()
    # a rectangle is its own box, the box of an L is as large as the L with its corner filled
    np.testing.assert_allclose(areas[[0, 4, 6]], [900, outlines[4], outlines[6]], rtol=5e-3)


def _turn(lonlat: np.ndarray) -> np.ndarray:
    x, y = (lonlat - [LON, LAT]).T * [[M_LON], [M_LAT]]
    cos, sin = math.cos(0.5), math.sin(0.5)
    return np.column_stack([LON + (x * cos - y * sin) / M_LON, LAT + (x * sin + y * cos) / M_LAT])


def test_a_building_carries_its_code_type_estate_and_substation(tmp_path: Path) -> None:
    of = Buildings.of([SQUARE], [NAN])
    one = np.array([1], dtype=np.uint32)
    told = {"codes": "LD000001", "names": "一号楼", "kinds": "居住建筑"}
    buildings = replace(
        of, estate_ids=one * 77, substation_ids=one * 2**31, **{k: np.array([v], dtype=object) for k, v in told.items()}
    )
    published = build(tmp_path, BuildingFeatures.of(buildings), LevelGround(), "test")
    content = next((tmp_path / published.build / "ground").glob("*.glb")).read_bytes()
    columns = {name: values.tolist() for name, values in read_glb(content).columns.items()}
    assert columns == {
        "asset_id": [1],
        "height": [9.0],
        "code": ["LD000001"],
        "name": ["一号楼"],
        "kind": ["居住建筑"],
        "height_source": [3],
        "estate": [77],
        "substation": [2**31],
    }
    assert b"where the height is from: 1 given, 2 3 m a storey, 3 unknown, 9 m taken" in content


def ragged(seed: int) -> Polygon:
    """Return a star of random rays; some on a coarse grid, some with corners that lie on a straight wall."""
    random = np.random.default_rng(seed)
    angles, reach = np.sort(random.uniform(0, 2 * np.pi, random.integers(4, 40))), random.uniform(2, 60, 40)
    star = outline(*((r * math.cos(a), r * math.sin(a)) for a, r in zip(angles, reach, strict=False)))
    if not star.is_valid:
        return SQUARE
    found = [star, shapely.set_precision(star, 2e-5), shapely.segmentize(star, 1e-4)][seed % 3]
    return found if isinstance(found, Polygon) and found.area > 0 else SQUARE


def test_roofs_of_ragged_outlines_cover_them_once() -> None:
    shapes = np.array([ragged(seed) for seed in range(600)])
    mesh = extrude(shapes, FRAME, lift_m=np.zeros(600), height_m=np.full(600, 5.0))
    roof = mesh.triangles[mesh.normals[mesh.triangles[:, 0], 2] == 1]
    a, b, c = (mesh.positions_m[roof[:, corner], :2] for corner in range(3))
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert areas.min() > 0
    in_metres = shapely.transform(shapes, lambda lonlat: FRAME.local(lonlat, np.zeros(len(lonlat)))[:, :2])
    np.testing.assert_allclose(np.bincount(mesh.owners[roof[:, 0]], areas), shapely.area(in_metres), atol=1e-6)
    assert len(set(map(shapely.to_wkt, shapes))) > 400


# ---------------------------------------------------------------- a real city


@pytest.fixture(scope="module")
def shanghai() -> Buildings:
    path = SHARED / "data" / "city-shanghai-osm" / "buildings.geojson"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    features = json.loads(path.read_text())["features"]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    heights = [NAN if (height := feature["properties"]["height"]) is None else height for feature in features]
    return Buildings.of(shapes, heights)


def test_shanghai_is_drawn_but_for_what_has_no_height(shanghai: Buildings, tmp_path: Path) -> None:
    features = BuildingFeatures.of(shanghai)
    published = build(tmp_path, features, LevelGround(12.0), "shanghai")
    assert published.features_in == len(shanghai) == 1450
    assert published.left_out == {"height_zero": 4}
    for datum in ("ground", "ellipsoid"):
        report = check_tileset(tmp_path / published.build / datum)
        assert report.features == published.features_out == 1446
    np.testing.assert_array_equal(report.asset_ids, features.asset_ids)


def test_buildings_without_ground_under_them_are_told_and_stand_on_0(caplog: pytest.LogCaptureFixture) -> None:
    class HalfGround:
        token, geoid_height_m, known = "half", 0.0, True

        def at(self, lonlat_deg: np.ndarray) -> np.ndarray:
            return np.where(lonlat_deg[:, 0] < LON, 200.0, np.nan)

    shapes = [outline((x, 0), (x + 20, 0), (x + 20, 10), (x, 10)) for x in (-300, 100, -200, 200, 300)]
    features = BuildingFeatures.of(Buildings.of(shapes, [9.0] * 5))
    east = features.asset_ids[features.bounds_wgs84[:, 0] >= LON]
    batch = features.batch(FRAME, HalfGround(), far=False)
    assert f"ground_missing: {len(east)} buildings stand on 0" in caplog.text
    assert str(int(east[0])) in caplog.text
    stands_on_0 = features.asset_ids[np.unique(batch.mesh.owners[np.abs(batch.mesh.lifts_m) < 1e-6])]
    assert stands_on_0.tolist() == east.tolist()
