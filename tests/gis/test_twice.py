"""Undoing a conversion that was made once too often."""

from __future__ import annotations

import numpy as np
import pytest

from gis.datums import from_wgs84, parse_datum, to_wgs84
from gis.errors import UnknownDatum

PLACES = np.random.default_rng(1).uniform((105.0, 28.0), (115.0, 38.0), (2000, 2))
MM_PER_DEGREE = 1.1132e8


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_a_double_conversion_is_undone_to_a_millionth_of_a_millimetre(name: str) -> None:
    once = parse_datum(name)
    twice = to_wgs84(to_wgs84(from_wgs84(PLACES, once), once), once)
    assert np.abs(twice - PLACES).max() * MM_PER_DEGREE > 100_000
    assert np.abs(to_wgs84(twice, parse_datum(f"twice({name})")) - PLACES).max() * MM_PER_DEGREE < 1e-4


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_undoing_is_itself_undone(name: str) -> None:
    datum = parse_datum(f" Twice( {name.upper()} ) ")
    assert np.abs(from_wgs84(to_wgs84(PLACES, datum), datum) - PLACES).max() * MM_PER_DEGREE < 1e-4
    assert datum.unit == "degree"


def test_only_shifted_systems_are_converted_twice() -> None:
    with pytest.raises(UnknownDatum, match=r"twice\(gcj02\)"):
        parse_datum("twice(wgs84)")
