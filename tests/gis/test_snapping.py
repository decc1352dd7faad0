"""Joining ends, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Geod

from gis.snapping import join_ends, local_metres

CENTRE = np.array([125.32, 43.88])
DEG_PER_M = np.array([1 / 80_400.0, 1 / 111_100.0])


def _brute_force(metres: np.ndarray, group: np.ndarray, tolerance_m: float) -> np.ndarray:
    number = np.arange(len(metres))
    for i in range(len(metres)):
        for j in range(i):
            if group[i] == group[j] and np.hypot(*(metres[i] - metres[j])) <= tolerance_m:
                number[number == number[i]] = number[j]
    _, result = np.unique(number, return_inverse=True)
    order = {}
    return np.array([order.setdefault(value, len(order)) for value in result], dtype=np.int64)


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["supply", "return"])), max_size=40),
    st.sampled_from([0.0, 0.6, 1.1, 2.3]),
)
def test_ends_join_as_brute_force_joins_them(ends: list[tuple[int, int, str]], tolerance_m: float) -> None:
    grid = np.array([end[:2] for end in ends], dtype=np.float64).reshape(-1, 2)
    group = np.array([end[2] for end in ends])
    xy = CENTRE + grid * DEG_PER_M
    expected = _brute_force(local_metres(xy) if len(xy) else xy, group, tolerance_m + 1e-9)
    assert_array_equal(join_ends(xy, group, tolerance_m + (1e-9 if tolerance_m else 0.0)), expected)


def test_ends_of_different_groups_never_join() -> None:
    xy = np.tile(CENTRE, (3, 1))
    assert join_ends(xy, np.array(["supply", "return", "supply"]), 10.0).tolist() == [0, 1, 0]


def test_a_chain_of_near_ends_is_one_node() -> None:
    xy = CENTRE + np.arange(5)[:, None] * np.array([0.04, 0.0]) * DEG_PER_M
    assert join_ends(xy, np.zeros(5), 0.05).tolist() == [0] * 5
    assert join_ends(xy, np.zeros(5), 0.03).tolist() == [0, 1, 2, 3, 4]


def test_zero_tolerance_joins_equal_coordinates_only() -> None:
    xy = np.array([CENTRE, CENTRE + 1e-12, CENTRE])
    assert join_ends(xy, np.zeros(3), 0.0).tolist() == [0, 1, 0]


def test_no_ends_have_no_nodes() -> None:
    assert join_ends(np.zeros((0, 2)), np.zeros(0), 0.05).tolist() == []


def test_the_local_scale_is_that_of_the_ellipsoid() -> None:
    xy = CENTRE + np.array([[0.0, 0.0], [0.2, 0.15], [-0.2, -0.15]])
    metres = local_metres(xy)
    true_m = Geod(ellps="WGS84").inv(*xy[0], *xy[1])[2]
    assert_allclose(np.hypot(*(metres[1] - metres[0])), true_m, rtol=2e-3)


@pytest.mark.parametrize(
    ("xy", "group", "tolerance_m", "what"),
    [
        (np.zeros((2, 3)), np.zeros(2), 0.1, "shape"),
        (np.zeros((2, 2)), np.zeros(3), 0.1, "shape"),
        (np.array([[np.nan, 1.0]]), np.zeros(1), 0.1, "finite"),
        (np.zeros((2, 2)), np.zeros(2), -1.0, "tolerance_m"),
    ],
)
def test_what_makes_no_sense_is_refused(xy: np.ndarray, group: np.ndarray, tolerance_m: float, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        join_ends(xy, group, tolerance_m)
