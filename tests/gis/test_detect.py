"""Swapped axes and layers that lie elsewhere: found on evidence, never guessed."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.testing import assert_array_equal

from gis.datums import from_wgs84, parse_datum
from gis.detect import find_swapped_axes, hint_for, outside

EXTENT = (125.0, 43.5, 125.8, 44.2)
CITY = np.random.default_rng(1).uniform((125.1, 43.6), (125.7, 44.1), (50, 2))
GERMANY = CITY - (117.4, -4.8)


@pytest.mark.parametrize("name", ["wgs84", "gcj02", "gk(cgcs2000,3,126,plain)", "gk(cgcs2000,3,126,prefix)", "epsg:32651"])
def test_swapped_axes_are_found_by_the_extent(name: str) -> None:
    datum = parse_datum(name)
    xy = from_wgs84(CITY, datum)
    assert find_swapped_axes(xy, datum, EXTENT) == ""
    assert "100% when turned round" in find_swapped_axes(xy[:, ::-1], datum, EXTENT)


def test_without_extent_only_what_cannot_be_is_found() -> None:
    wgs84, gk = parse_datum("wgs84"), parse_datum("gk(cgcs2000,3,126,plain)")
    assert "no latitudes" in find_swapped_axes(CITY[:, ::-1], wgs84, None)
    assert "northings" in find_swapped_axes(from_wgs84(CITY, gk)[:, ::-1], gk, None)
    assert find_swapped_axes(CITY, wgs84, None) == ""
    assert find_swapped_axes(from_wgs84(CITY, gk), gk, None) == ""
    # 48 N 7 E turned round is a place in the sea, but a possible one: no evidence, no finding
    assert find_swapped_axes(GERMANY[:, ::-1], wgs84, None) == ""


def test_a_few_strays_do_not_turn_a_layer_round() -> None:
    mixed = np.concatenate((CITY, CITY[:5, ::-1]))
    assert find_swapped_axes(mixed, parse_datum("wgs84"), EXTENT) == ""
    assert find_swapped_axes(np.concatenate((CITY, CITY[:, ::-1])), parse_datum("wgs84"), EXTENT) == ""


def test_no_points_prove_nothing() -> None:
    assert find_swapped_axes(np.zeros((0, 2)), parse_datum("wgs84"), EXTENT) == ""
    assert find_swapped_axes(np.full((3, 2), np.nan), parse_datum("wgs84"), EXTENT) == ""


def test_only_what_lies_wholly_outside_is_outside() -> None:
    geometries = [
        shapely.Point(125.3, 43.8),
        shapely.Point(126.5, 43.8),
        shapely.LineString([(125.3, 43.8), (127.0, 43.8)]),
        shapely.Point(125.81, 43.8),
        shapely.Point(),
        None,
    ]
    assert_array_equal(outside(np.array(geometries, dtype=object), EXTENT), [False, True, False, False, False, False])


@pytest.mark.parametrize(
    ("name", "points", "says"),
    [
        ("gk(cgcs2000,3,126,plain)", [[42_445_349.0, 4_860_713.0]], "prefix"),
        ("gk(cgcs2000,3,129,plain)", [[445_349.0, 4_860_713.0]], "central meridian"),
        ("wgs84", [[445_349.0, 4_860_713.0]], "metres"),
        ("wgs84", [[2.3, 48.8]], ""),
    ],
)
def test_a_hint_says_what_may_be_wrong(name: str, points: list[list[float]], says: str) -> None:
    hint = hint_for(np.array(points), parse_datum(name))
    assert says in hint
    assert bool(hint) == bool(says)
