"""Declared areas against served buildings, and ground derived from footprints."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.coverage import REACH_M, Comparison, alike, building_grounds, buildings_inside, compare, grown_together, joined

OBJECTS = np.array([10, 20, 30], np.int32)
POINTS = shapely.points([[0, 0], [1, 0], [10, 0], [11, 0], [50, 0]])
BUILDINGS = np.array([101, 102, 103, 104, 105], np.int32)
AREA_M2 = np.array([100.0, 300.0, 200.0, 400.0, 500.0])


def compared(areas: list[shapely.Geometry | None], servers: list[int], *, placed: list[bool] | None = None) -> Comparison:
    shapes = np.array(areas, dtype=object)
    points = np.where(placed or [True] * 5, POINTS, None)
    return compare(
        OBJECTS,
        ~shapely.is_missing(shapes),
        buildings_inside(points, shapes),
        BUILDINGS,
        server_ids=np.array(servers, np.int32),
        heated_area_m2=AREA_M2,
        placed=~shapely.is_missing(points),
    )


def test_areas_that_hold_exactly_what_is_served_agree() -> None:
    found = compared([shapely.box(-1, -1, 2, 1), shapely.box(9, -1, 12, 1), None], [10, 10, 20, 20, 30])
    assert list(found.state) == ["agrees", "agrees", "derived"]
    np.testing.assert_array_equal(found.agreement, [1.0, 1.0, np.nan])
    assert found.served_count.tolist() == [2, 2, 1]
    assert found.heated_area_m2.tolist() == [400.0, 600.0, 500.0]


def test_served_outside_inside_by_another_and_inside_by_nobody_are_told_apart() -> None:
    # 10 serves 101 and 103; its area holds 101, 102 (of 20) and 105 (of nobody)
    area = shapely.union(shapely.box(-1, -1, 2, 1), shapely.box(49, -1, 51, 1))
    found = compared([area, None, None], [10, 20, 10, 20, 0])
    assert [ids.tolist() for ids in (found.outside[0], found.foreign[0], found.unserved[0])] == [[103], [102], [105]]
    assert found.state[0] == "differs"
    # 100 of 100 + 300 + 500 inside + 200 outside
    assert found.agreement[0] == pytest.approx(100 / 1100)
    assert found.inside_count[0] == 1


def test_an_area_that_serves_nobody_is_unserved_and_one_without_both_is_none() -> None:
    found = compared([shapely.box(-1, -1, 2, 1), None, None], [20, 20, 20, 20, 20])
    assert list(found.state) == ["unserved", "derived", "none"]
    assert found.agreement[0] == 0.0


def test_an_area_that_holds_nothing_has_nothing_to_compare() -> None:
    found = compared([shapely.box(900, 900, 901, 901), None, None], [20, 20, 20, 20, 20])
    assert np.isnan(found.agreement[0])


def test_a_building_without_a_place_is_served_and_neither_inside_nor_outside() -> None:
    found = compared([shapely.box(-1, -1, 2, 1), None, None], [10, 10, 10, 0, 0], placed=[True, True, False, True, True])
    assert found.state[0] == "agrees"
    assert found.served_count[0] == 3
    assert found.agreement[0] == 1.0


def test_without_heated_areas_buildings_are_counted() -> None:
    found = compare(
        OBJECTS[:1],
        np.array([True]),
        buildings_inside(POINTS, np.array([shapely.box(-1, -1, 2, 1)], dtype=object)),
        BUILDINGS,
        server_ids=np.array([10, 0, 10, 0, 0], np.int32),
        heated_area_m2=np.zeros(5),
        placed=np.ones(5, bool),
    )
    assert found.agreement[0] == pytest.approx(1 / 3)


def test_without_objects_nothing_is_compared() -> None:
    empty = np.zeros(0, dtype=object)
    found = compare(
        np.zeros(0, np.int32),
        np.zeros(0, bool),
        buildings_inside(POINTS, empty),
        BUILDINGS,
        server_ids=np.array([10] * 5, np.int32),
        heated_area_m2=AREA_M2,
        placed=np.ones(5, bool),
    )
    assert list(found.state) == []


# ---------------------------------------------------------------- ground


def blocks(places: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return footprints of 20 m by 10 m that do not overlap, and their middles."""
    corners = np.array(sorted(set(places)), dtype=float) * [40.0, 25.0]
    shapes = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + 20.0, corners[:, 1] + 10.0)
    return shapes, corners + np.array([10.0, 5.0])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25), st.integers(1, 4))
def test_grounds_hold_their_buildings_are_valid_and_do_not_overlap(places: list[tuple[int, int]], groups: int) -> None:
    shapes, middles = blocks(places)
    servers = (np.arange(len(shapes)) % groups + 1).astype(np.int32)
    grounds = grown_together(building_grounds(shapes, middles), servers, np.arange(1, groups + 1, dtype=np.int32))
    there = ~shapely.is_missing(grounds)
    assert shapely.is_valid(grounds[there]).all()
    for number, ground in enumerate(grounds, 1):
        if ground is None:
            assert not (servers == number).any()
            continue
        inside = shapely.covers(ground, shapely.points(middles))
        assert inside.tolist() == (servers == number).tolist()
        # simplified by half a metre at most, on a grid of centimetres
        own = shapely.union_all(shapes[servers == number])
        assert shapely.covers(shapely.buffer(ground, 0.6), own)
        assert shapely.covers(shapely.buffer(own, REACH_M + 0.6), ground)
    for one in range(groups):
        for two in range(one):
            if grounds[one] is not None and grounds[two] is not None:
                shared = shapely.intersection(grounds[one], grounds[two]).area
                assert shared <= 0.6 * min(grounds[one].length, grounds[two].length)


def test_the_same_buildings_give_the_same_ground_whatever_their_order() -> None:
    shapes, middles = blocks([(0, 0), (1, 0), (2, 1), (5, 5)])
    servers = np.array([1, 1, 2, 2], np.int32)
    order = np.array([2, 0, 3, 1])
    one = grown_together(building_grounds(shapes, middles), servers, np.array([1, 2], np.int32))
    two = grown_together(building_grounds(shapes[order], middles[order]), servers[order], np.array([1, 2], np.int32))
    assert shapely.equals(one, two).all()


def test_two_footprints_at_one_place_and_a_broken_one_have_ground() -> None:
    box, bow = shapely.box(0, 0, 20, 10), shapely.from_wkt("POLYGON((100 0, 120 10, 120 0, 100 10, 100 0))")
    middles = np.array([[10.0, 5.0], [10.0, 5.0], [104.0, 5.0]])
    grounds = building_grounds(np.array([box, box, bow], dtype=object), middles)
    assert shapely.is_valid(grounds).all()
    assert (shapely.area(grounds) > 200).all()


def test_no_building_has_no_ground() -> None:
    assert len(building_grounds(np.zeros(0, dtype=object), np.zeros((0, 2)))) == 0
    assert grown_together(np.zeros(0, dtype=object), np.zeros(0, np.int32), OBJECTS).tolist() == [None, None, None]


def test_grounds_that_grew_together_in_parts_are_joined_without_cracks() -> None:
    shapes, middles = blocks([(x, y) for x in range(6) for y in range(6)])
    grounds = building_grounds(shapes, middles)
    whole = grown_together(grounds, np.ones(36, np.int32), np.array([1], np.int32))[0]
    number = alike(np.repeat([7, 8, 9], 12).astype(np.int32), np.ones(36, np.int32))
    assert number.tolist() == [1] * 12 + [2] * 12 + [3] * 12
    pieces = grown_together(grounds, number, np.array([1, 2, 3], np.int32))
    [found] = joined(pieces, np.ones(3, np.int32), np.array([1], np.int32))
    assert shapely.is_valid(found)
    assert found.geom_type == "Polygon"
    assert len(found.interiors) == 0
    assert shapely.symmetric_difference(found, whole).area < 0.6 * whole.length
