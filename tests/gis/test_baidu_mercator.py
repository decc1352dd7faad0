"""Baidu's metres against published points, and as an exact inverse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gis.baidu_mercator import bd09_from_metres, metres_from_bd09
from gis.datums import from_wgs84, parse_datum, to_wgs84

ROUNDED_M = 0.012  # the published degrees have seven digits, 1.1 cm
ROUNDED_DEG = 1e-7


def test_528_cities_agree_with_gcoord_both_ways(shared: Path) -> None:
    cities = json.loads((shared / "data/crs-vectors-china/gcoord_cities.json").read_text(encoding="utf-8"))
    degrees, metres = (np.array([city["coords"][name] for city in cities]) for name in ("BD09", "BD09MC"))
    assert_allclose(metres_from_bd09(degrees), metres, atol=ROUNDED_M, rtol=0)
    assert_allclose(bd09_from_metres(metres), degrees, atol=ROUNDED_DEG, rtol=0)


def test_there_and_back_is_exact_in_every_band() -> None:
    degrees = np.random.default_rng(1).uniform((-179.0, -74.9), (179.0, 74.9), (100_000, 2))
    assert np.abs(bd09_from_metres(metres_from_bd09(degrees)) - degrees).max() < 1e-12 * 180.0


def test_north_of_a_seam_follows_its_own_band() -> None:
    seam = np.array([[125.3, 45.0 - 1e-9], [125.3, 45.0]])
    metres = metres_from_bd09(seam)
    assert 0.3 < metres[1, 1] - metres[0, 1] < 0.5  # the published polynomials do not meet at 45 degrees
    assert_allclose(bd09_from_metres(metres), seam, atol=1e-12, rtol=0)
    assert bd09_from_metres(metres.mean(axis=0, keepdims=True))[0, 1] == pytest.approx(45.0, abs=1e-5)


def test_the_poles_are_no_place_on_the_map() -> None:
    assert np.isinf(metres_from_bd09(np.array([[125.0, 76.0], [125.0, -76.0]]))).all()
    assert np.isinf(bd09_from_metres(np.array([[1.3e7, 1.3e7]]))).all()
    assert np.isnan(metres_from_bd09(np.array([[125.0, np.nan]]))[0, 1])


def test_baidu_metres_are_a_datum_of_the_registry() -> None:
    datum = parse_datum("BD09MC")
    place = np.array([[125.32, 43.88], [125.41, 43.79]])
    metres = from_wgs84(place, datum)
    assert datum.unit == "metre"
    assert_allclose(metres, metres_from_bd09(from_wgs84(place, parse_datum("bd09"))), atol=0, rtol=0)
    assert_allclose(to_wgs84(metres, datum), place, atol=1e-12, rtol=0)
    assert_array_equal(to_wgs84(metres[:1], datum), to_wgs84(metres, datum)[:1])
