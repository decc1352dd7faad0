"""The coarse outline of the mainland: neighbours stay where they are, border towns are inside."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gis.mainland import BOUNDS, OUTLINE, inside_mainland

OUTSIDE = {
    "Hong Kong": (114.17, 22.28),
    "Sheung Shui": (114.128, 22.502),
    "Macau": (113.545, 22.19),
    "Taipei": (121.56, 25.03),
    "Jinmen": (118.32, 24.43),
    "Seoul": (126.98, 37.57),
    "Pyongyang": (125.75, 39.03),
    "Sinuiju": (124.40, 40.09),
    "Vladivostok": (131.9, 43.12),
    "Blagoveshchensk": (127.53, 50.29),
    "Khabarovsk": (135.07, 48.48),
    "Ulaanbaatar": (106.9, 47.92),
    "Almaty": (76.9, 43.25),
    "Thimphu": (89.64, 27.47),
    "Kathmandu": (85.32, 27.7),
    "Hanoi": (105.85, 21.03),
}
INSIDE = {
    "Changchun": (125.32, 43.88),
    "Shanghai": (121.47, 31.23),
    "Lhasa": (91.11, 29.65),
    "Harbin": (126.64, 45.75),
    "Urumqi": (87.6, 43.8),
    "Dandong": (124.38, 40.13),
    "Heihe": (127.50, 50.245),
    "Hunchun": (130.36, 42.86),
    "Suifenhe": (131.15, 44.41),
    "Manzhouli": (117.45, 49.6),
    "Erenhot": (111.97, 43.65),
    "Alashankou": (82.57, 45.17),
    "Kashgar": (75.99, 39.47),
    "Shenzhen": (114.06, 22.54),
    "Zhuhai": (113.55, 22.225),
    "Sanya": (109.5, 18.25),
    "Xiamen": (118.09, 24.46),
    "Zhoushan": (122.2, 30.0),
}


@pytest.mark.parametrize("place", OUTSIDE)
def test_a_place_outside_is_outside(place: str) -> None:
    assert not inside_mainland(np.array([OUTSIDE[place]]))[0]


@pytest.mark.parametrize("place", INSIDE)
def test_a_place_inside_is_inside(place: str) -> None:
    assert inside_mainland(np.array([INSIDE[place]]))[0]


def test_nan_and_infinity_are_nowhere() -> None:
    assert not inside_mainland(np.array([[np.nan, 43.0], [125.0, np.nan], [np.inf, 43.0]])).any()


def test_the_bounds_hold_every_vertex() -> None:
    outline = np.array(OUTLINE)
    assert tuple(outline.min(axis=0)) == BOUNDS[:2]
    assert tuple(outline.max(axis=0)) == BOUNDS[2:]


@pytest.mark.parametrize(
    "box", [(125.0, 43.5, 126.0, 44.5), (113.4, 22.0, 114.4, 22.7), (126.0, 37.0, 127.0, 38.0), (100, 20, 130, 45)]
)
def test_the_box_of_a_layer_answers_as_its_points_do(box: tuple[float, float, float, float]) -> None:
    points = np.random.default_rng(1).uniform(box[:2], box[2:], (3_000, 2))
    alone = np.array([inside_mainland(points[i : i + 1])[0] for i in range(len(points))])
    assert_array_equal(inside_mainland(points), alone)
    # one place that is none takes the short way from the others, not their answer
    assert_array_equal(inside_mainland(np.concatenate((points, [[np.nan, 43.0]])))[:-1], alone)


def test_no_points_are_nowhere() -> None:
    assert inside_mainland(np.zeros((0, 2))).shape == (0,)
