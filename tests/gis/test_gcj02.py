"""GCJ-02 and BD-09 against published vectors, and as exact inverses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from gis import gcj02
from gis.mainland import inside_mainland

PUBLISHED_DEG = 1e-6
GCOORD_DEG = 1e-7  # its values have seven digits
GCOORD_WGS84_DEG = 1e-5  # gcoord's own forward step is off up to 7.3e-6 degrees against the published formula
SINGLE_STEP_DEG = 3e-7  # here the single step misses by 5e-7, 6 cm; it may be 3 m
MACHINE_DEG = 1e-12
ANYWHERE_DEG = 1e-11  # on the meridian of 105 E the formula's square root has no slope, and rounds gain less
NEIGHBOURS = {
    "Hong Kong": (114.17, 22.28),
    "Macau": (113.545, 22.19),
    "Taipei": (121.56, 25.03),
    "Seoul": (126.98, 37.57),
    "Vladivostok": (131.9, 43.12),
    "Ulaanbaatar": (106.9, 47.92),
    "Hanoi": (105.85, 21.03),
}
INLAND = st.tuples(st.floats(101.0, 118.5), st.floats(26.0, 40.0))


def _cities(shared: Path, system: str) -> np.ndarray:
    entries = json.loads((shared / "data/crs-vectors-china/gcoord_cities.json").read_text(encoding="utf-8"))
    return np.array([entry["coords"][system] for entry in entries])


def _vectors(shared: Path) -> dict[str, object]:
    return json.loads((shared / "data/crs-vectors-china/point_vectors.json").read_text(encoding="utf-8"))


def test_the_forward_formula_gives_the_published_points_of_eviltransform(shared: Path) -> None:
    for item in _vectors(shared)["eviltransform"]:
        assert_allclose(gcj02.gcj02_from_wgs84(np.array([item["wgs84"]])), [item["gcj02"]], atol=PUBLISHED_DEG, rtol=0)


def test_every_formula_gives_the_published_points_of_coordtransform(shared: Path) -> None:
    vectors = _vectors(shared)["coordtransform"]
    forward, to_bd09, from_bd09 = (vectors[name] for name in ("wgs84_to_gcj02", "gcj02_to_bd09", "bd09_to_gcj02"))
    assert_allclose(gcj02.gcj02_from_wgs84(np.array([forward["in"]])), [forward["out"]], atol=1e-9, rtol=0)
    assert_allclose(gcj02.bd09_from_gcj02(np.array([to_bd09["in"]])), [to_bd09["out"]], atol=1e-9, rtol=0)
    # the published inverse is the closed form, up to 181 mm off
    assert_allclose(gcj02.gcj02_from_bd09(np.array([from_bd09["in"]])), [from_bd09["out"]], atol=2e-6, rtol=0)


def test_an_iterated_inverse_comes_back_where_the_single_step_does_not(shared: Path) -> None:
    item = _vectors(shared)["coordtransform"]["gcj02_to_wgs84_single_step"]
    start = np.array([item["in"]])
    ours, single = gcj02.wgs84_from_gcj02(start), np.array([item["out"]])
    assert np.abs(gcj02.gcj02_from_wgs84(ours) - start).max() < MACHINE_DEG
    assert np.abs(gcj02.gcj02_from_wgs84(single) - start).max() > SINGLE_STEP_DEG
    # the published value is the offset at the wrong end, and nothing else
    assert_allclose(single, 2.0 * start - gcj02.gcj02_from_wgs84(start), atol=1e-9, rtol=0)


def test_528_cities_agree_with_gcoord(shared: Path) -> None:
    wgs84, gcj, bd = (_cities(shared, system) for system in ("WGS84", "GCJ02", "BD09"))
    inside = inside_mainland(wgs84)
    assert inside.mean() > 0.99
    assert_allclose(gcj02.gcj02_from_wgs84(wgs84)[inside], gcj[inside], atol=GCOORD_WGS84_DEG, rtol=0)
    assert_allclose(gcj02.wgs84_from_gcj02(gcj)[inside], wgs84[inside], atol=GCOORD_WGS84_DEG, rtol=0)
    assert_allclose(gcj02.bd09_from_wgs84(wgs84)[inside], bd[inside], atol=GCOORD_WGS84_DEG, rtol=0)
    assert_allclose(gcj02.wgs84_from_bd09(bd)[inside], wgs84[inside], atol=GCOORD_WGS84_DEG, rtol=0)
    assert_allclose(gcj02.bd09_from_gcj02(gcj), bd, atol=GCOORD_DEG, rtol=0)
    assert_allclose(gcj02.gcj02_from_bd09(bd), gcj, atol=GCOORD_DEG, rtol=0)


@given(INLAND)
def test_gcj02_there_and_back_is_exact(point: tuple[float, float]) -> None:
    wgs84 = np.array([point])
    assert_allclose(gcj02.wgs84_from_gcj02(gcj02.gcj02_from_wgs84(wgs84)), wgs84, atol=ANYWHERE_DEG, rtol=0)
    assert_allclose(gcj02.gcj02_from_wgs84(gcj02.wgs84_from_gcj02(wgs84)), wgs84, atol=ANYWHERE_DEG, rtol=0)


@given(INLAND)
def test_bd09_there_and_back_is_exact(point: tuple[float, float]) -> None:
    wgs84 = np.array([point])
    assert_allclose(gcj02.wgs84_from_bd09(gcj02.bd09_from_wgs84(wgs84)), wgs84, atol=ANYWHERE_DEG, rtol=0)
    assert_allclose(gcj02.gcj02_from_bd09(gcj02.bd09_from_gcj02(wgs84)), wgs84, atol=ANYWHERE_DEG, rtol=0)


@given(INLAND)
def test_the_shift_is_some_hundred_metres(point: tuple[float, float]) -> None:
    step = (gcj02.gcj02_from_wgs84(np.array([point])) - np.array([point]))[0] * 111_320.0
    assert 50.0 < np.hypot(step[0] * np.cos(np.radians(point[1])), step[1]) < 1000.0


@pytest.mark.parametrize(
    "convert", [gcj02.wgs84_from_gcj02, gcj02.gcj02_from_wgs84, gcj02.wgs84_from_bd09, gcj02.bd09_from_wgs84]
)
def test_a_vertex_converts_to_the_same_bits_alone_and_in_any_layer(convert) -> None:
    points = np.random.default_rng(5).uniform((124.0, 43.0), (127.0, 45.0), (3000, 2))
    whole = convert(points)
    alone = np.concatenate([convert(points[i : i + 1]) for i in range(300)])
    assert_array_equal(alone, whole[:300])
    assert_array_equal(convert(points[::-1])[::-1], whole)
    for size in (2, 3, 7, 1000, 2999):
        assert_array_equal(convert(points[:size]), whole[:size])


@pytest.mark.parametrize(
    "convert", [gcj02.wgs84_from_gcj02, gcj02.gcj02_from_wgs84, gcj02.wgs84_from_bd09, gcj02.bd09_from_wgs84]
)
def test_what_is_no_place_in_china_stays(convert) -> None:
    points = np.array([[2.35, 48.85], [np.nan, 43.0], [125.0, np.inf], [1e9, -1e9], [-70.0, -33.0], *NEIGHBOURS.values()])
    assert_array_equal(convert(points), points)
    # alone, and beside a city that is moved
    city = np.array([[125.32, 43.88]])
    assert_array_equal(convert(np.concatenate((city, points)))[1:], points)
    assert (convert(city) != city).all()


def test_the_argument_is_not_changed() -> None:
    points = np.array([[125.32, 43.88]])
    gcj02.wgs84_from_gcj02(points)
    gcj02.gcj02_from_wgs84(points)
    assert_array_equal(points, [[125.32, 43.88]])
