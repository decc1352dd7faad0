"""Bands of heating faults against the table of the standard."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.faults import BANDS, fault, fault_band


@pytest.mark.parametrize(
    ("area_m2", "band", "limit_h"),
    [
        (1.0, "to_1_million_m2", 12),
        (1e6, "to_1_million_m2", 12),
        (1e6 + 1, "1_to_5_million_m2", 24),
        (5e6, "1_to_5_million_m2", 24),
        (5e6 + 1, "5_to_10_million_m2", 24),
        (1e7 - 1, "5_to_10_million_m2", 24),
        (1e7, "from_10_million_m2", 24),
        (3e7, "from_10_million_m2", 24),
    ],
)
def test_an_area_falls_into_the_band_of_the_standard(area_m2: float, band: str, limit_h: float) -> None:
    found = fault_band(area_m2)
    assert found is not None
    assert (found.band, found.restore_within_h) == (band, limit_h)


def test_labels_and_rows_are_those_of_the_table(shared: Path) -> None:
    with (shared / "domain" / "gbt43097-statistics.csv").open(encoding="utf-8") as file:
        rows = {int(row[2]): row[3] for row in csv.reader(file) if row[1] == "heating_fault"}
    for band in BANDS:
        limit = f"{band.restore_within_h:.0f}h内"
        assert rows[band.row_restored] == f"{band.label_zh},{limit}恢复的"
        assert rows[band.row_not_restored] == f"{band.label_zh},{limit}无法恢复的"


@given(st.floats(1.0, 1e9), st.floats(0.0, 1e4))
def test_area_hours_are_area_times_hours(area_m2: float, repair_h: float) -> None:
    found = fault(area_m2, repair_h=repair_h)
    assert found.stopped_area_hours_m2_h == area_m2 * repair_h
    assert found.band is not None
    in_time = repair_h <= found.band.restore_within_h
    assert found.row == (found.band.row_restored if in_time else found.band.row_not_restored)


def test_nothing_cut_off_is_no_fault() -> None:
    none = fault(0.0)
    assert (none.band, none.row, none.stopped_area_hours_m2_h) == (None, None, 0.0)
    assert fault(2e6).repair_h == 24
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="affected area"):
            fault_band(wrong)
