"""A layer is known again in another order, format and precision, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from gis.fingerprints import NO_SKETCH, SKETCH_SIZE, share_found, sketch_of

RNG = np.random.default_rng(1)
LARGE = RNG.uniform((125.0, 43.0), (126.0, 44.0), (100_000, 2))


@pytest.mark.parametrize("count", [1, 7, 300, 5_000, 100_000])
def test_order_duplicates_and_the_ninth_decimal_do_not_matter(count: int) -> None:
    xy = LARGE[:count].round(7)
    again = np.concatenate((RNG.permutation(xy), xy[: count // 3])) + RNG.uniform(-1e-9, 1e-9, (count + count // 3, 2))
    assert share_found(sketch_of(xy), sketch_of(again)) == 1.0
    assert share_found(sketch_of(again), sketch_of(xy)) == 1.0


def test_a_sketch_is_a_few_hundred_hashes() -> None:
    assert 0.7 * SKETCH_SIZE / 2 < len(sketch_of(LARGE).hashes) < 1.3 * SKETCH_SIZE
    assert len(sketch_of(LARGE[:100]).hashes) == 100


def test_other_places_are_others() -> None:
    moved = LARGE + 2e-7
    assert share_found(sketch_of(moved), sketch_of(LARGE)) == 0.0
    assert share_found(sketch_of(LARGE[:50_000]), sketch_of(LARGE[50_000:])) == 0.0


def test_a_part_is_found_in_the_whole_as_far_as_the_sample_reaches() -> None:
    assert share_found(sketch_of(LARGE[:40_000]), sketch_of(LARGE)) == 1.0
    half = np.concatenate((LARGE[:20_000], LARGE[:20_000] + 1e-3))
    assert 0.3 < share_found(sketch_of(half), sketch_of(LARGE)) < 0.7
    # of a handful of vertices nothing is left at the level of a large layer: nothing is known, so nothing is claimed
    assert share_found(sketch_of(LARGE[:1]), sketch_of(LARGE)) in {0.0, 1.0}


def test_metres_are_known_to_the_centimetre() -> None:
    xy = RNG.uniform((4.2e7, 4.8e6), (4.25e7, 4.9e6), (1000, 2)).round(2)
    assert share_found(sketch_of(xy + 1e-4), sketch_of(xy)) == 1.0
    assert share_found(sketch_of(xy + 0.02), sketch_of(xy)) == 0.0


def test_nothing_has_no_sketch() -> None:
    assert len(sketch_of(np.full((5, 2), np.nan)).hashes) == 0
    assert share_found(NO_SKETCH, sketch_of(LARGE)) == 0.0
    assert share_found(sketch_of(LARGE), NO_SKETCH) == 0.0
