"""The compiled loops: equal to plain numpy after the published text, and the same bits for a vertex wherever it stands."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_allclose, assert_array_equal

from gis import gauss_krueger, kernels
from gis.kernels import in_threads, shift_bd09, shift_gcj02
from tests.gis import published_formulas as published

ORACLE_DEG = 1e-13  # a few units in the last place of a longitude; measured: 3e-14, BD-09 6e-14
CHINA = ((73.0, 18.0), (135.0, 53.5))
CITY = ((124.9, 43.5), (126.1, 44.3))


def _gcj02(xy: np.ndarray) -> np.ndarray:
    return in_threads(shift_gcj02, xy, 1.0, 1)


def _gcj02_inverse(xy: np.ndarray) -> np.ndarray:
    return in_threads(shift_gcj02, xy, -1.0, 6)


def _bd09(xy: np.ndarray) -> np.ndarray:
    return in_threads(shift_bd09, xy, 1.0, 1)


def _bd09_inverse(xy: np.ndarray) -> np.ndarray:
    return in_threads(shift_bd09, xy, -1.0, 8)


def _metres(xy: np.ndarray) -> np.ndarray:
    return gauss_krueger.metres_of(xy, 126.0, 500_000.0)


def _degrees(xy: np.ndarray) -> np.ndarray:
    # numbers of a city read as metres would all lie in one place
    return gauss_krueger.degrees_of((xy - 125.0) * 1e5, 126.0, 500_000.0)


ALL = (_gcj02, _gcj02_inverse, _bd09, _bd09_inverse, _metres, _degrees)


@pytest.mark.parametrize("box", [CHINA, CITY])
def test_the_loops_agree_with_the_published_text(box) -> None:
    points = np.random.default_rng(1).uniform(*box, (200_000, 2))
    assert_allclose(_gcj02(points), published.gcj02_from_wgs84(points), atol=ORACLE_DEG, rtol=0)
    assert_allclose(_bd09(points), published.bd09_from_gcj02(points), atol=ORACLE_DEG, rtol=0)
    few = points[:20_000]
    assert_allclose(_gcj02_inverse(few), published.undone(published.gcj02_from_wgs84, few, 6), atol=ORACLE_DEG, rtol=0)
    assert_allclose(_bd09_inverse(few), published.undone(published.bd09_from_gcj02, few, 8), atol=ORACLE_DEG, rtol=0)


def test_six_rounds_come_back_in_the_whole_box_of_china() -> None:
    points = np.random.default_rng(2).uniform(*CHINA, (400_000, 2))
    assert np.abs(_gcj02(_gcj02_inverse(points)) - points).max() < ORACLE_DEG
    assert np.abs(_bd09(_bd09_inverse(points)) - points).max() < ORACLE_DEG


@pytest.mark.parametrize("convert", ALL)
def test_a_vertex_gets_the_same_bits_alone_in_any_layer_and_in_any_order(convert) -> None:
    random = np.random.default_rng(3)
    points = random.uniform(*CITY, (5_003, 2))
    whole = convert(points)
    assert_array_equal(np.concatenate([convert(points[i : i + 1]) for i in range(3_000)]), whole[:3_000])
    for length in (2, 3, 5, 7, 8, 1_023, 1_024, 1_025, 4_999):  # rests of the processor's lanes and of the loop's blocks
        assert_array_equal(convert(points[:length]), whole[:length])
        assert_array_equal(convert(points[3 : 3 + length]), whole[3 : 3 + length])
    order = random.permutation(len(points))
    assert_array_equal(convert(points[order]), whole[order])
    assert_array_equal(convert(np.asfortranarray(points)), whole)
    wide = np.zeros((len(points), 5))
    wide[:, 1:4:2] = points
    assert_array_equal(convert(wide[:, 1:4:2]), whole)


@pytest.mark.parametrize("convert", ALL)
@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_the_number_of_threads_changes_no_bit(convert, threads: int, monkeypatch) -> None:
    points = np.random.default_rng(4).uniform(*CITY, (2_500, 2))
    alone = convert(points)
    monkeypatch.setattr(kernels, "_ROWS_PER_THREAD", 300)
    monkeypatch.setattr(kernels.os, "cpu_count", lambda: threads)
    assert_array_equal(convert(points), alone)


def test_callers_in_many_threads_do_not_meet() -> None:
    points = np.random.default_rng(5).uniform(*CITY, (120_000, 2))
    expected = _gcj02_inverse(points)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(_gcj02_inverse, [points] * 8):
            assert_array_equal(result, expected)


@pytest.mark.parametrize("kernel", [shift_gcj02, shift_bd09, kernels.to_gauss_krueger, kernels.from_gauss_krueger])
def test_no_instruction_rounds_once_where_two_operations_stand(kernel) -> None:
    for convert in ALL:
        convert(np.zeros((1, 2)))
    assert not kernel.targetoptions.get("fastmath", False)
    # numba shows the instructions only of what it has compiled itself, not of what it keeps on disk
    fresh = njit(nogil=True, error_model="numpy")(kernel.py_func)
    fresh.compile(kernel.signatures[0])
    assembly = "".join(fresh.inspect_asm().values())
    assert assembly
    # fused multiply-add of x86 and ARM: a lane that has it and a rest that has not would differ
    assert not re.findall(r"\bvf(?:n)?m(?:add|sub)\w*|\bfml[as]\b|\bf(?:n)?m(?:add|sub)\b", assembly)


def test_nan_stays_nan_and_the_argument_is_not_changed() -> None:
    points = np.array([[np.nan, 43.0], [125.0, np.nan], [125.0, 43.0]])
    kept = points.copy()
    for convert in (_gcj02_inverse, _bd09_inverse):
        assert_array_equal(np.isnan(convert(points)).any(axis=1), [True, True, False])
    assert_array_equal(points, kept)


def test_no_layout_of_the_argument_compiles_a_loop_anew() -> None:
    points = np.array([[125.3, 43.8], [125.4, 43.9]])
    expected = _gcj02(points)
    signatures = len(shift_gcj02.signatures)
    sealed = points.copy()
    sealed.flags.writeable = False
    for other in (sealed, np.asfortranarray(points), np.repeat(points, 2, axis=0)[::2], points.astype(">f8")):
        assert_array_equal(_gcj02(other), expected)
    assert len(shift_gcj02.signatures) == signatures


def test_no_vertices_are_no_trouble() -> None:
    assert [convert(np.zeros((0, 2))).shape for convert in ALL] == [(0, 2)] * len(ALL)


@pytest.mark.parametrize(("scale", "expected"), [(0.0, 5.0), (100.0, 400.0)])
def test_the_farthest_distance_skips_what_is_not_finite(scale: float, expected: float) -> None:
    before = np.array([[0.0, 60.0], [0.0, 60.0], [np.nan, 60.0], [np.inf, 60.0]])
    after = np.array([[3.0, 64.0], [3.0, 60.0], [9.0, 99.0], [np.inf, 60.0]])
    assert kernels.farthest_m(before, after, scale) == pytest.approx(np.hypot(150.0, expected) if scale else expected)
    assert kernels.farthest_m(before[2:], after[2:], scale) == -1.0
