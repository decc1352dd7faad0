"""Vertices where points lie on lines, so that both stay together through a conversion."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from gis.datums import Datum, convert_frame, from_wgs84, parse_datum, to_wgs84
from gis.geometry import coordinates_of, geodesic_length_m, with_coordinates
from gis.noding import LONGEST_M, node_lines

GK = parse_datum("gk(cgcs2000,3,126,plain)")
GCJ02 = parse_datum("gcj02")
ORIGIN = from_wgs84(np.array([[125.32, 43.85]]), GK)[0]
NO_POINTS = np.zeros((0, 2))
METRES = 111_320.0


def _lines(*coordinates: list[tuple[float, ...]]) -> NDArray[np.object_]:
    return np.array([shapely.LineString(line) for line in coordinates], dtype=object)


def _gap_mm(line: shapely.Geometry, point: NDArray[np.float64]) -> float:
    scale = METRES * np.array([np.cos(np.radians(point[1])), 1.0])
    flat = shapely.LineString(shapely.get_coordinates(line) * scale)
    return 1000 * flat.distance(shapely.Point(point * scale))


@pytest.mark.parametrize("datum", [GK, GCJ02], ids=lambda datum: datum.text)
def test_a_valve_stays_on_its_kilometre_of_pipe(datum: Datum) -> None:
    ends = np.array([[125.30, 43.85], [125.3115, 43.8545]])
    ends = from_wgs84(ends, datum)
    valve = ends[0] + 0.5 * (ends[1] - ends[0])
    pipe = np.array([shapely.LineString(ends)], dtype=object)
    (bare,) = with_coordinates(pipe, to_wgs84(coordinates_of(pipe), datum))
    noded = node_lines(pipe, valve[None], datum.unit).geometry
    (joined,) = with_coordinates(noded, to_wgs84(coordinates_of(noded), datum))
    (there,) = to_wgs84(valve[None], datum)
    assert _gap_mm(bare, there) > 10
    assert _gap_mm(joined, there) < 1e-6
    # not nearly, but to the bit: the valve is a vertex of the pipe
    assert (coordinates_of(np.array([joined], dtype=object)) == there).all(axis=1).any()


@pytest.mark.parametrize("datum", [GK, GCJ02], ids=lambda datum: datum.text)
def test_as_many_ends_are_joined_after_the_conversion_as_before(datum: Datum) -> None:
    rng = np.random.default_rng(2)
    nodes = rng.uniform((125.25, 43.80), (125.40, 43.90), (300, 2))
    pairs = rng.integers(0, len(nodes), (600, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    source = from_wgs84(nodes, datum)
    middle = source[pairs[:200]].mean(axis=1)
    tees = np.stack((middle, source[pairs[200:400, 0]]), axis=1)  # pipes that begin in the middle of another
    lines = np.concatenate((shapely.linestrings(source[pairs]), shapely.linestrings(tees)))
    noded = node_lines(lines, NO_POINTS, datum.unit).geometry
    after = with_coordinates(noded, to_wgs84(coordinates_of(noded), datum))
    bare = with_coordinates(lines, to_wgs84(coordinates_of(lines), datum))

    def ends_on_vertices(geometries: NDArray[np.object_]) -> int:
        vertices, counts = np.unique(coordinates_of(geometries), axis=0, return_counts=True)
        shared = {tuple(place) for place in vertices[counts > 1].tolist()}
        ends = np.concatenate([shapely.get_coordinates(shapely.get_point(geometries, end)) for end in (0, -1)])
        return sum(tuple(end) in shared for end in ends.tolist())

    assert ends_on_vertices(after) == ends_on_vertices(noded) == ends_on_vertices(bare) + 200


def test_long_pieces_are_cut_alike_in_both_directions() -> None:
    there = [(ORIGIN[0], ORIGIN[1], 200.0), (ORIGIN[0] + 730.1, ORIGIN[1] + 99.7, 204.0)]
    one, other = node_lines(_lines(there, there[::-1]), NO_POINTS, "metre").geometry
    forth, back = (shapely.get_coordinates(line, include_z=True) for line in (one, other))
    assert len(forth) == 5
    assert (forth[:, :2] == back[::-1, :2]).all()
    np.testing.assert_allclose(forth[:, 2], [200, 201, 202, 203, 204])
    assert geodesic_length_m(np.array([shapely.LineString([(125.3, 43.8), (125.31, 43.8)])], dtype=object))[0] > 4 * LONGEST_M


def test_short_pieces_without_points_are_the_objects_that_came_in() -> None:
    lines = _lines([(0, 0), (150, 0)], [(0, 0), (0, 10), (5, 10)])
    noded = node_lines(lines, np.array([[75.0, 0.5], [0.0, 0.0]]), "metre")
    assert noded.geometry is lines
    assert (noded.at_points, noded.between) == (0, 0)


def test_a_point_is_put_on_the_nearest_piece_and_heights_lie_between() -> None:
    line = _lines([(0, 0, 1), (100, 0, 3), (100, 100, 7)])
    noded = node_lines(line, np.array([[25.0, 0.01], [100.0, 50.0], [100.0, 0.005]]), "metre")
    xyz = shapely.get_coordinates(noded.geometry[0], include_z=True)
    np.testing.assert_allclose(xyz, [(0, 0, 1), (25, 0.01, 1.5), (100, 0, 3), (100, 50, 5), (100, 100, 7)])
    assert noded.at_points == 2


def test_lines_of_several_parts_and_other_things_pass() -> None:
    several = shapely.MultiLineString([[(0, 0), (10, 0)], [(20, 0), (30, 0)]])
    things = np.array([several, None, shapely.Point(5, 0), shapely.LineString(), shapely.box(0, 0, 1, 1)], dtype=object)
    noded = node_lines(things, np.array([[5.0, 0.0], [25.0, 0.0], [15.0, 0.0]]), "metre").geometry
    assert noded[0].wkt == "MULTILINESTRING ((0 0, 5 0, 10 0), (20 0, 25 0, 30 0))"
    assert noded[1] is None
    assert all(noded[place] is things[place] for place in (2, 3, 4))


def test_coordinates_that_are_no_numbers_are_left_to_others() -> None:
    with np.errstate(invalid="ignore"):
        lines = _lines([(0, 0), (float("nan"), 5)], [(0, 0), (float("inf"), 5)], [(0, 0), (100, 0)])
    noded = node_lines(lines, np.array([[50.0, 0.0], [np.nan, 1.0], [np.inf, 0.0]]), "metre")
    assert noded.at_points == 1
    assert shapely.get_num_coordinates(noded.geometry).tolist() == [2, 2, 3]


def test_the_frame_keeps_its_rows_through_noding_and_conversion() -> None:
    line = _lines([tuple(ORIGIN), tuple(np.add(ORIGIN, (900.0, 0.0)))])
    noded = node_lines(line, NO_POINTS, "metre").geometry
    converted, record = convert_frame(geopandas.GeoDataFrame({"a": [1]}, geometry=noded), GK)
    assert record.vertex_count == 6
    assert converted["a"].tolist() == [1]
