"""The registry: names, conversions both ways, what is refused, the record of a layer."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS, Geod, Transformer

from gis.datum_list import list_datums
from gis.datum_names import epsg_of
from gis.datums import convert_frame, describe, frame_from_wgs84, from_wgs84, parse_datum, to_wgs84
from gis.errors import ConversionRefused, DatumNeedsParameters, UnknownDatum
from gis.geometry import coordinates_of
from gis.parameters import SevenParameters, Similarity

CHANGCHUN = np.array([[125.32, 43.88], [125.41, 43.79]])
GRID = Similarity("gk(cgcs2000,3,126,plain)", dx_m=393_476.0, dy_m=4_807_729.0, rotation_deg=0.75, scale=1.000012, source="test")
SEVEN = SevenParameters(12.0, -110.0, -60.0, 0.3, -0.2, 0.5, 1.5, accuracy_m=2.0, source="test")
PARAMETERS = {"city": GRID, "xian80": SEVEN, "beijing54": SEVEN}
NAMES = (
    *(
        "wgs84",
        "cgcs2000",
        "gcj02",
        "bd09",
        "bd09mc",
        "gk(cgcs2000,3,126,plain)",
        "gk(cgcs2000,3,126,prefix)",
        "gk(cgcs2000,6,123,prefix)",
    ),
    *("gk(xian80,3,126,plain)", "gk(beijing54,6,123,prefix)", "xian80", "local(city)", "epsg:4490", "epsg:32651", "epsg:4549"),
)
EXACT_DEG = 1e-11
HELMERT_DEG = 3e-8  # heights are held, so the way back is right to some millimetres only


def _metres(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([Geod(ellps="WGS84").inv(*start, *end)[2] for start, end in zip(a, b, strict=True)])


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_is_the_identity(name: str) -> None:
    datum = parse_datum(name, PARAMETERS)
    tolerance = HELMERT_DEG if "80" in name or "54" in name.replace("4549", "") else EXACT_DEG
    assert_allclose(to_wgs84(from_wgs84(CHANGCHUN, datum), datum), CHANGCHUN, atol=tolerance, rtol=0)


@given(st.floats(123.0, 128.0), st.floats(42.0, 46.0), st.sampled_from(NAMES))
def test_there_and_back_holds_around_changchun(lon: float, lat: float, name: str) -> None:
    datum = parse_datum(name, PARAMETERS)
    point = np.array([[lon, lat]])
    assert_allclose(to_wgs84(from_wgs84(point, datum), datum), point, atol=HELMERT_DEG, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_vertex_converts_to_the_same_bits_alone_and_in_its_layer(name: str) -> None:
    datum = parse_datum(name, PARAMETERS)
    points = from_wgs84(np.random.default_rng(3).uniform((125.0, 43.5), (125.6, 44.1), (200, 2)), datum)
    alone = np.concatenate([to_wgs84(points[i : i + 1], datum) for i in range(len(points))])
    assert_array_equal(alone, to_wgs84(points, datum))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gk(cgcs2000,3,126,plain)", 4551),
        ("gk(cgcs2000,3,126,prefix)", 4530),
        ("gk(cgcs2000,6,123,prefix)", 4499),
        ("gk(cgcs2000,6,123,plain)", 4510),
        ("gk(cgcs2000,3,75,plain)", 4534),
        ("gk(cgcs2000,3,135,prefix)", 4533),
    ],
)
def test_a_gauss_krueger_name_means_its_epsg_code(name: str, code: int) -> None:
    points = np.array([[126.4, 43.5]]) if "126" in name or "123" in name else np.array([[float(name.split(",")[2]) + 0.4, 43.5]])
    expected = Transformer.from_crs(4490, code, always_xy=True).transform(*points[0])
    assert_allclose(from_wgs84(points, parse_datum(name))[0], expected, atol=1e-6, rtol=0)


def test_a_prefix_is_the_zone_in_front_of_the_easting() -> None:
    plain = from_wgs84(CHANGCHUN, parse_datum("gk(cgcs2000,3,126,plain)"))
    prefix = from_wgs84(CHANGCHUN, parse_datum("gk(cgcs2000,3,126,prefix)"))
    assert_allclose(prefix - plain, [[42_000_000.0, 0.0]] * 2, atol=1e-6)


def test_dhdn_gets_its_datum_shift() -> None:
    datum = parse_datum("epsg:31467")
    shifted = to_wgs84(np.array([[3417430.413, 5369324.541]]), datum)
    unshifted = Transformer.from_crs(31467, 4314, always_xy=True).transform(3417430.413, 5369324.541)
    assert 80.0 < _metres(shifted, np.array([unshifted]))[0] < 250.0
    assert "DHDN to WGS 84" in describe(datum)[0]
    assert describe(datum)[1] == 3.0


def test_cgcs2000_is_a_named_identity_of_decimetres() -> None:
    text, accuracy_m = describe(parse_datum("cgcs2000"))
    assert "identity" in text
    assert "decimetres" in text
    assert accuracy_m == 0.5
    assert_array_equal(to_wgs84(CHANGCHUN, parse_datum("cgcs2000")), CHANGCHUN)


@pytest.mark.parametrize("name", ["xian80", "beijing54", "gk(xian80,3,126,plain)", "gk(beijing54,3,126,prefix)"])
def test_an_old_datum_refuses_without_parameters(name: str) -> None:
    with pytest.raises(DatumNeedsParameters, match=r"\[datums\.(xian80|beijing54)\]"):
        to_wgs84(CHANGCHUN, parse_datum(name))


def test_seven_parameters_move_the_point_as_proj_does() -> None:
    point = np.array([[125.32, 43.88]])
    pipeline = Transformer.from_crs(
        "+proj=longlat +ellps=krass +towgs84=12,-110,-60,0.3,-0.2,0.5,1.5 +no_defs", "EPSG:4326", always_xy=True
    )
    ours = to_wgs84(point, parse_datum("beijing54", PARAMETERS))
    assert _metres(ours, np.array([pipeline.transform(125.32, 43.88)]))[0] < 0.01


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("epsg:4610", "ballpark"),
        ("epsg:2366", "ballpark"),
        ("epsg:4555", "ballpark"),
        ("epsg:4214", "Tarim"),
        ("epsg:2414", "Pearl River"),
        ("epsg:31467", "West Germany"),
    ],
)
def test_an_operation_that_is_not_fit_for_the_place_is_refused(code: str, why: str) -> None:
    zone = {"epsg:2366": 42_500_000.0, "epsg:2414": 38_500_000.0, "epsg:31467": 3_500_000.0}
    points = np.array([[zone[code], 4_800_000.0]]) if code in zone else CHANGCHUN
    with pytest.raises(ConversionRefused, match=why):
        to_wgs84(points, parse_datum(code))
    with pytest.raises(ConversionRefused, match=why):
        from_wgs84(CHANGCHUN, parse_datum(code))


def test_the_tarim_parameters_are_taken_in_the_tarim_basin_only() -> None:
    datum = parse_datum("epsg:4214")
    tarim = np.array([[82.5, 40.1], [82.6, 40.2]])
    assert _metres(to_wgs84(tarim, datum), tarim).min() > 20.0
    assert "Beijing 1954 to WGS 84" in describe(datum)[0]
    with pytest.raises(ConversionRefused, match=r"Tarim.*to 125\.4"):
        to_wgs84(np.concatenate((tarim, CHANGCHUN)), datum)  # one point outside is enough


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("epsg:2366", "gk(xian80,3,126,prefix)"),
        ("epsg:2387", "gk(xian80,3,126,plain)"),
        ("epsg:2335", "gk(xian80,6,123,prefix)"),
        ("epsg:2418", "gk(beijing54,3,126,prefix)"),
        ("epsg:2439", "gk(beijing54,3,126,plain)"),
        ("epsg:21461", "gk(beijing54,6,123,plain)"),
        ("epsg:4610", "xian80"),
        ("epsg:4530", "gk(cgcs2000,3,126,prefix)"),
        ("epsg:4551", "gk(cgcs2000,3,126,plain)"),
        ("epsg:4510", "gk(cgcs2000,6,123,plain)"),
        ("epsg:4490", "cgcs2000"),
    ],
)
def test_a_code_that_has_a_name_converts_like_it(code: str, name: str) -> None:
    by_code, by_name = parse_datum(code, PARAMETERS), parse_datum(name, PARAMETERS)
    assert by_code.text == code
    assert epsg_of(by_name) == int(code.removeprefix("epsg:"))
    assert_array_equal(from_wgs84(CHANGCHUN, by_code), from_wgs84(CHANGCHUN, by_name))
    own = Transformer.from_crs(CRS(int(code[5:])).geodetic_crs, int(code[5:]), always_xy=True)
    # the plain projection, without a datum shift, tells zone and false easting apart
    assert np.abs(np.array(own.transform(*CHANGCHUN.T)).T - from_wgs84(CHANGCHUN, by_code)).max() < 200.0


def test_seven_parameters_may_belong_to_a_local_system() -> None:
    local = SevenParameters(12.0, -110.0, -60.0, 0.3, -0.2, 0.5, 1.5, source="east", grid="gk(xian80,3,126,plain)")
    datum = parse_datum("local(east)", {"east": local})
    assert datum.unit == "metre"
    metres = from_wgs84(CHANGCHUN, parse_datum("gk(xian80,3,126,plain)", PARAMETERS))
    assert_array_equal(to_wgs84(metres, datum), to_wgs84(metres, parse_datum("gk(xian80,3,126,plain)", PARAMETERS)))
    assert "local(east)" in describe(datum)[0]
    assert "(east)" in describe(datum)[0]
    with pytest.raises(UnknownDatum, match="old datum"):
        parse_datum("local(east)", {"east": SevenParameters(1.0, 2.0, 3.0, grid="gk(cgcs2000,3,126,plain)")})


def test_four_parameters_are_a_rotation_scale_and_shift() -> None:
    datum = parse_datum("local(city)", PARAMETERS)
    grid = from_wgs84(to_wgs84(np.array([[0.0, 0.0], [1000.0, 0.0]]), datum), parse_datum(GRID.base))
    assert_allclose(grid[0], [GRID.dx_m, GRID.dy_m], atol=1e-5)
    step = grid[1] - grid[0]
    assert_allclose(np.hypot(*step), 1000.012, atol=1e-5)
    assert_allclose(np.degrees(np.arctan2(step[1], step[0])), 0.75, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("mars", "known are"),
        ("gk(cgcs2000,4,126,plain)", "3 or 6"),
        ("gk(cgcs2000,3,125,plain)", "central meridian"),
        ("gk(cgcs2000,6,126,plain)", "central meridian"),
        ("gk(cgcs2000,3,126,zone)", "plain"),
        ("gk(wgs84,3,126,plain)", "must be cgcs2000"),
        ("epsg:999999", "not a known"),
    ],
)
def test_an_impossible_name_says_what_would_be_right(text: str, what: str) -> None:
    with pytest.raises(UnknownDatum, match=what):
        parse_datum(text)


def test_case_and_blanks_do_not_matter() -> None:
    assert parse_datum(" GK( CGCS2000, 3, 126, Plain )") == parse_datum("gk(cgcs2000,3,126,plain)")
    assert parse_datum("GCJ02").text == "gcj02"


def test_a_local_grid_needs_parameters_over_a_gauss_krueger_grid() -> None:
    with pytest.raises(DatumNeedsParameters, match=r"\[datums\.city\]"):
        parse_datum("local(city)")
    with pytest.raises(UnknownDatum, match="Gauss-Krueger"):
        parse_datum("local(city)", {"city": Similarity("gcj02", 0.0, 0.0)})


CHANGCHUN_RING = shapely.Polygon([(125.3, 43.8), (125.4, 43.8), (125.4, 43.9)])
AWKWARD = [
    shapely.Point(125.32, 43.88),
    None,
    shapely.Point(),
    shapely.LineString([(125.3, 43.8, 201.5), (125.31, 43.81, np.nan)]),
    shapely.Polygon([(125.3, 43.8), (125.4, 43.8), (125.4, 43.9)], [[(125.35, 43.82), (125.37, 43.82), (125.37, 43.84)]]),
    shapely.MultiPoint([(125.3, 43.8, 1.0), (125.4, 43.9, 2.0)]),
    shapely.GeometryCollection([shapely.Point(125.3, 43.8), shapely.LineString([(125.3, 43.8), (125.4, 43.9)])]),
]


@pytest.mark.parametrize("name", ["wgs84", "gcj02", "bd09", "bd09mc", "gk(cgcs2000,3,126,plain)"])
def test_a_layer_keeps_heights_gaps_and_types(name: str) -> None:
    datum = parse_datum(name)
    wgs84 = np.array(AWKWARD, dtype=object)
    delivered = shapely.transform(wgs84, lambda xy: from_wgs84(xy, datum))
    # shapely.transform drops heights, so they are put back by hand: the frame under test must keep them
    delivered[3] = shapely.LineString(
        [(*xy, z) for xy, z in zip(shapely.get_coordinates(delivered[3]), (201.5, np.nan), strict=True)]
    )
    delivered[5] = shapely.MultiPoint([(*xy, z) for xy, z in zip(shapely.get_coordinates(delivered[5]), (1.0, 2.0), strict=True)])
    frame, record = convert_frame(geopandas.GeoDataFrame({"n": range(len(wgs84))}, geometry=delivered), datum)
    result = frame.geometry.to_numpy()
    assert frame.crs.to_epsg() == 4326
    assert [None if g is None else g.geom_type for g in result] == [None if g is None else g.geom_type for g in AWKWARD]
    assert result[2].is_empty
    assert_array_equal(shapely.has_z(result), shapely.has_z(wgs84))
    assert_array_equal(shapely.get_coordinates(result[3], include_z=True)[:, 2], [201.5, np.nan])
    assert_allclose(coordinates_of(result), coordinates_of(wgs84), atol=EXACT_DEG, rtol=0)
    assert record.vertex_count == len(coordinates_of(wgs84))
    assert record.round_trip_max_m < 1e-6
    assert (record.input_sha256 == record.output_sha256) == (name == "wgs84")


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_goes_to_a_datum_and_comes_back(name: str) -> None:
    datum = parse_datum(name, PARAMETERS)
    solid = shapely.LineString([(125.3, 43.8, 201.5), (125.31, 43.81, np.nan)])
    wgs84 = geopandas.GeoDataFrame({"n": range(4)}, geometry=[solid, None, shapely.Point(), CHANGCHUN_RING], crs=4326)
    there, record = frame_from_wgs84(wgs84, datum)
    back, record_back = convert_frame(there, datum)
    code = epsg_of(datum)
    assert there.crs is None if code is None else there.crs.to_epsg() == code
    assert_array_equal(shapely.get_coordinates(there.geometry[0], include_z=True)[:, 2], [201.5, np.nan])
    assert there.geometry[1] is None
    assert there.geometry[2].is_empty
    assert there["n"].tolist() == [0, 1, 2, 3]
    assert (record.datum, record.direction, record_back.direction) == (datum.text, "from_wgs84", "to_wgs84")
    assert record.operation == f"inverse of: {record_back.operation}"
    assert record.vertex_count == record_back.vertex_count == 6
    assert record.output_sha256 == record_back.input_sha256
    assert record.output_bounds == record_back.input_bounds
    assert record.input_bounds == pytest.approx((125.3, 43.8, 125.4, 43.9))
    assert record.round_trip_max_m < 0.005
    assert_allclose(coordinates_of(back.geometry.to_numpy()), coordinates_of(wgs84.geometry.to_numpy()), atol=HELMERT_DEG, rtol=0)


@pytest.mark.parametrize("says", [None, 4326, 4551])
def test_a_layer_keeps_its_columns_and_loses_what_it_says_about_itself(says: int | None) -> None:
    frame = geopandas.GeoDataFrame({"a": [1], "shape": [shapely.Point(125.32, 43.88)], "b": [2]}, geometry="shape", crs=says)
    kept = frame.copy()
    converted, _ = convert_frame(frame, parse_datum("gcj02"))
    assert list(converted.columns) == ["a", "shape", "b"]
    assert converted.geometry.name == "shape"
    assert converted.crs.to_epsg() == 4326
    back, _ = frame_from_wgs84(converted, parse_datum("gcj02"))
    assert back.crs is None
    assert list(back.columns) == ["a", "shape", "b"]
    assert frame.equals(kept)
    assert frame.crs == kept.crs


def test_a_layer_that_is_not_in_wgs84_is_not_taken_for_it() -> None:
    frame = geopandas.GeoDataFrame(geometry=[shapely.Point(5e5, 4.8e6)], crs=4551)
    with pytest.raises(ConversionRefused, match="not in WGS-84"):
        frame_from_wgs84(frame, parse_datum("gcj02"))


def test_a_ring_with_an_infinite_vertex_is_kept_whatever_the_datum() -> None:
    ring = shapely.Polygon([(np.inf, 43.8), (125.4, 43.8), (125.4, 43.9)])
    for name in NAMES:
        if "epsg:32651" not in name:
            frame, record = convert_frame(geopandas.GeoDataFrame(geometry=[ring]), parse_datum(name, PARAMETERS))
            assert record.vertex_count == 4
            assert not np.isfinite(shapely.get_coordinates(frame.geometry[0])[0]).all()


def test_a_layer_without_vertices_has_no_round_trip() -> None:
    _, record = convert_frame(geopandas.GeoDataFrame(geometry=[None, shapely.Point()]), parse_datum("gcj02"))
    assert record.vertex_count == 0
    assert record.round_trip_max_m is None


def test_the_list_names_what_can_be_written_and_says_how_good_it_is() -> None:
    rows = {row.name: row for row in list_datums()}
    for name, row in rows.items():
        datum = parse_datum(name.replace("NAME", "city").replace("epsg:N", "epsg:4326"), PARAMETERS)
        assert datum.unit == row.unit
        assert row.operation
        assert row.note_en
        assert any("一" <= letter <= "鿿" for letter in row.note_zh)
        assert row.accuracy_m is None or row.accuracy_m == describe(datum)[1]
    assert {"wgs84", "cgcs2000", "gcj02", "bd09", "bd09mc", "xian80", "beijing54", "epsg:N", "local(NAME)"} < set(rows)
    assert rows["cgcs2000"].accuracy_m == 0.5
    assert "6 fixed rounds" in rows["gcj02"].operation


@pytest.mark.parametrize(("name", "before_m", "after_m"), [("双阳区", 411.0, 99.0), ("九台区", 349.0, 110.0)])
def test_district_outlines_of_a_web_map_move_onto_those_of_tianditu(
    shared: Path, name: str, before_m: float, after_m: float
) -> None:
    delivered = geopandas.read_file(shared / "data/admin-changchun-gcj02/220100_districts.geojson")
    delivered = delivered.set_crs(None, allow_override=True)[delivered["name"] == name]
    trusted = geopandas.read_file(shared / "data/admin-cn-tianditu/changchun_districts.geojson")
    outline = trusted.geometry[trusted["district_name"] == name].to_crs(4551).iloc[0].boundary
    converted, _ = convert_frame(delivered, parse_datum("gcj02"))
    for frame, expected_m in ((delivered.set_crs(4326), before_m), (converted, after_m)):
        vertices = shapely.points(coordinates_of(frame.to_crs(4551).geometry.to_numpy()))
        assert np.median(shapely.distance(vertices, outline)) == pytest.approx(expected_m, abs=3.0)
