"""How a pipe lies: diameters, covers and heights of axes, and what stands in for what nobody recorded."""

from __future__ import annotations

import numpy as np
import pytest

from twin.laying import COVER_M, OVERHEAD_M, axis_heights_m, default_cover_m, outer_diameters_m

NAN = np.nan


def test_a_given_diameter_and_insulation_are_kept() -> None:
    assert outer_diameters_m(np.array([200.0]), np.array([219.0]), np.array([50.0]))[0] == pytest.approx(0.319)


def test_an_unknown_diameter_is_that_of_its_dn() -> None:
    found = outer_diameters_m(np.array([200.0, 210.0, 1400.0]), np.full(3, NAN), np.array([45.0, 45.0, 80.0]))
    assert found.tolist() == pytest.approx([0.309, 0.363, 1.58])


def test_the_diameter_alone_tells_the_insulation() -> None:
    assert outer_diameters_m(np.array([NAN]), np.array([219.0]), np.array([NAN]))[0] > 0.219


def test_nothing_known_is_no_diameter() -> None:
    assert np.isnan(outer_diameters_m(np.array([NAN]), np.array([NAN]), np.array([NAN])))[0]


def test_larger_pipes_lie_no_shallower() -> None:
    covers = default_cover_m(np.array([25.0, 149.0, 150.0, 350.0, 600.0, 1400.0]))
    assert (np.diff(covers) >= 0).all()
    assert covers[0] == COVER_M[0]
    assert covers[-1] == COVER_M[-1]
    assert default_cover_m(np.array([NAN]))[0] == COVER_M[0]


def test_heights_are_those_of_the_axis() -> None:
    heights = axis_heights_m(np.full(4, 1.0), np.full(4, 0.4), np.array(["1", "5", "6", ""]))
    assert heights.tolist() == pytest.approx([-1.2, 0.2, OVERHEAD_M + 0.2, -1.2])
