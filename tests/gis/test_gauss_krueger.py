"""Gauss-Krueger against PROJ, and what is no place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Transformer

from gis.gauss_krueger import degrees_of, metres_of

PLANE_M = 2e-8
ANGLE_DEG = 2e-13


@pytest.mark.parametrize("reach_deg", [1.5, 10.0, 30.0])
def test_both_ways_agree_with_proj(reach_deg: float) -> None:
    lonlat = np.random.default_rng(1).uniform((126.0 - reach_deg, -80.0), (126.0 + reach_deg, 80.0), (50_000, 2))
    proj = Transformer.from_crs(4490, 4551, always_xy=True)
    metres = np.column_stack(proj.transform(lonlat[:, 0], lonlat[:, 1]))
    assert_allclose(metres_of(lonlat, 126.0, 500_000.0), metres, atol=PLANE_M, rtol=0)
    degrees = np.column_stack(proj.transform(metres[:, 0], metres[:, 1], direction="INVERSE"))
    assert_allclose(degrees_of(metres, 126.0, 500_000.0), degrees, atol=ANGLE_DEG, rtol=0)


def test_the_length_of_the_meridian_is_that_of_the_ellipsoid() -> None:
    # quarter of a meridian of GRS80, H. Moritz, "Geodetic Reference System 1980": 10 001 965.7293 m
    assert_allclose(metres_of(np.array([[126.0, 90.0]]), 126.0, 0.0), [[0.0, 10_001_965.7293]], atol=1e-4)


def test_what_is_no_place_is_infinite_and_nan_stays_nan() -> None:
    nowhere = np.array([[42_500_000.0, 4_800_000.0], [500_000.0, 1.1e7], [np.inf, 0.0], [5e9, 4e9]])
    assert np.isinf(degrees_of(nowhere, 126.0, 500_000.0)).all()
    assert np.isinf(metres_of(np.array([[2.35, 48.85], [126.0, 91.0], [np.inf, 43.0]]), 126.0, 500_000.0)).all()
    assert np.isnan(degrees_of(np.array([[np.nan, 4.8e6]]), 126.0, 500_000.0)).any()
    assert_array_equal(degrees_of(np.array([[500_000.0, 0.0]]), 126.0, 500_000.0), [[126.0, 0.0]])
