"""Lengths, repair and coordinates of awkward geometries."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Geod

from gis.geometry import coordinates_of, geodesic_length_m, geometry_sha256, repair, with_coordinates

LINE = shapely.LineString([(125.3, 43.8), (125.31, 43.81), (125.33, 43.8)])
RING = shapely.Polygon([(125.3, 43.8), (125.4, 43.8), (125.4, 43.9)], [[(125.35, 43.82), (125.37, 43.82), (125.37, 43.84)]])
BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


def test_lengths_are_those_of_pyproj_one_by_one() -> None:
    geod = Geod(ellps="WGS84")
    many = [LINE, None, shapely.LineString(), shapely.MultiLineString([LINE, LINE.reverse()]), shapely.Point(1, 2), RING, LINE]
    one = geod.geometry_length(LINE)
    rings = geod.geometry_length(RING.exterior) + geod.geometry_length(RING.interiors[0])
    expected = [one, 0.0, 0.0, 2 * one, 0.0, rings, one]
    assert_allclose(geodesic_length_m(np.array(many, dtype=object)), expected, rtol=1e-12)


def test_a_single_piece_has_its_length() -> None:
    piece = shapely.LineString([(125.3, 43.8), (125.31, 43.81)])
    expected = Geod(ellps="WGS84").geometry_length(piece)
    assert_allclose(geodesic_length_m(np.array([piece], dtype=object)), [expected])


def test_no_geometries_have_no_lengths() -> None:
    assert geodesic_length_m(np.array([], dtype=object)).shape == (0,)
    assert_array_equal(geodesic_length_m(np.array([None, None], dtype=object)), [0.0, 0.0])


def test_heights_do_not_count_in_lengths() -> None:
    high = shapely.force_3d(LINE, 200.0)
    assert_allclose(geodesic_length_m(np.array([high], dtype=object)), geodesic_length_m(np.array([LINE], dtype=object)))


def test_a_bow_tie_becomes_two_triangles_and_the_reason_is_told() -> None:
    repaired, reasons = repair(np.array([BOW_TIE, RING, None, LINE], dtype=object))
    assert repaired[0].is_valid
    assert repaired[0].geom_type == "MultiPolygon"
    assert repaired[0].area == 2.0
    assert "Self-intersection" in reasons[0]
    assert repaired[1] is RING
    assert reasons[1:].tolist() == ["", "", ""]


def test_a_repaired_polygon_keeps_no_loose_lines() -> None:
    spike = shapely.Polygon([(0, 0), (2, 0), (2, 2), (1, 2), (1, 5), (1, 2), (0, 2)])
    repaired, _ = repair(np.array([spike], dtype=object))
    assert repaired[0].geom_type == "Polygon"
    assert repaired[0].area == 4.0


def test_coordinates_go_out_and_in_without_touching_the_original() -> None:
    mixed = np.array([shapely.Point(1, 2, 9.0), shapely.LineString([(0, 0), (1, 1)]), None, shapely.Point()], dtype=object)
    moved = with_coordinates(mixed, coordinates_of(mixed) + 10.0)
    assert shapely.to_wkt(moved[0], output_dimension=3) == "POINT Z (11 12 9)"
    assert_array_equal(coordinates_of(moved[1:2]), [[10, 10], [11, 11]])
    assert moved[2] is None
    assert moved[3].is_empty
    assert_array_equal(coordinates_of(mixed)[0], [1, 2])


def test_the_hash_tells_none_from_empty_and_height_from_none() -> None:
    values = [[None], [shapely.Point()], [shapely.Point(1, 2)], [shapely.Point(1, 2, 3)], [shapely.Point(1, 2), None]]
    hashes = {geometry_sha256(np.array(value, dtype=object)) for value in values}
    assert len(hashes) == len(values)


def test_new_coordinates_agree_with_those_that_shapely_sets_one_by_one() -> None:
    random = np.random.default_rng(1)
    many = [
        *shapely.points(random.uniform(0, 9, (20, 2))),
        *shapely.linestrings(random.uniform(0, 9, (20, 4, 2))),
        shapely.LineString([(0, 0), (1, 1), (2, 0)]),
        *shapely.box(*random.uniform(0, 9, (4, 20))),
        *(RING, BOW_TIE, shapely.LinearRing([(0, 0), (1, 0), (1, 1)]), shapely.Point(np.nan, 3.0), shapely.Polygon()),
        *(shapely.MultiPolygon([RING, BOW_TIE]), shapely.GeometryCollection([LINE, shapely.Point(1, 2)]), shapely.LineString()),
    ]
    geometries = np.array(many, dtype=object)[random.permutation(len(many))]
    xy = coordinates_of(geometries) + 100.0
    expected = shapely.set_coordinates(geometries.copy(), xy)
    made = with_coordinates(geometries, xy)
    assert_array_equal(shapely.to_wkb(made), shapely.to_wkb(expected))
    assert_array_equal(shapely.get_type_id(made), shapely.get_type_id(expected))


def test_heights_stay_when_measures_are_there_too() -> None:
    measured = shapely.from_wkt(["LINESTRING ZM (1 2 3 4, 5 6 7 8)", "POINT Z (1 2 9)"])
    moved = with_coordinates(measured, coordinates_of(measured) + 10.0)
    assert_array_equal(shapely.get_coordinates(moved, include_z=True), [[11, 12, 3], [15, 16, 7], [11, 12, 9]])


def test_the_hash_tells_the_same_vertices_in_another_order_of_parts_and_rings() -> None:
    outer, inner = RING.exterior, RING.interiors[0]
    line = shapely.get_coordinates(LINE)
    values = [
        [RING],
        [shapely.Polygon(inner, [outer])],
        [shapely.MultiPolygon([RING])],
        [shapely.MultiLineString([outer, inner])],
        [shapely.Polygon(outer), shapely.Polygon(inner)],
        [shapely.LineString(outer), shapely.LineString(inner)],
        [LINE],
        [shapely.MultiPoint(line)],
        list(shapely.points(line)),
        [shapely.GeometryCollection([LINE])],
        [shapely.GeometryCollection([shapely.GeometryCollection([LINE])])],
        [shapely.force_3d(LINE, 0.0)],
        [shapely.force_3d(LINE, 1.0)],
    ]
    hashes = {geometry_sha256(np.array(value, dtype=object)) for value in values}
    assert len(hashes) == len(values)
    assert geometry_sha256(np.array([RING, LINE], dtype=object)) == geometry_sha256(np.array([shapely.from_wkb(RING.wkb), LINE]))
