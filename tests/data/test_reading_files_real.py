"""Days of the real sets of the shared folder: brought in, and written out again digit for digit.

`make check-telemetry` does it with the whole files (`whole_readings.py`).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data.pool import connect
from tests.cities import TinyAsset, insert_city
from tests.data.real_readings import bring_in, danish_meter, differing, nis_means, nis_scada, some_rows, written_out


@pytest.mark.parametrize(
    ("station", "days"),
    [
        ("L8", "2021-05-2[5-7]|2021-10-(30|31)|2023-10-(29|30)|2024-03-31|2024-04-04"),
        ("L4", "2019-08-0[5-7]|2019-10-27|2020-10-25|2022-03-27|2024-03-31|2024-04-04"),
    ],
)
def test_a_substation_of_nis_comes_back_digit_for_digit(
    station: str, days: str, database_url: str, shared: Path, tmp_path: Path
) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    real = nis_scada(station)
    file, sent = some_rows(shared / "data" / real.file, tmp_path, re.compile(f"^({days})"))
    report = bring_in(database_url, tmp_path, real, file)
    assert (report.accepted, report.aside, report.conflicts) == (len(sent), 0, 0)
    assert bring_in(database_url, tmp_path, real, file).accepted == 0
    assert differing(real, sent[::-1], written_out(database_url, tmp_path, real)) == []


def test_means_with_more_digits_than_a_gauge_get_64_bit_slots(database_url: str, shared: Path, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    real = nis_means()
    file, sent = some_rows(shared / "data" / real.file, tmp_path, re.compile("^(2024-12-2[45]|2025-03-31)"))
    report = bring_in(database_url, tmp_path, real, file)
    assert report.accepted == len(sent)
    with connect(database_url) as connection:
        slots = {
            point["name"]: point["slot"] for (found,) in connection.execute("select points from frame_schema") for point in found
        }
    assert (slots["t_ref_degc"], slots["forecast_temp_degc"]) == ("total", "gauge")
    assert any("point t_ref_degc is a 64-bit slot" in remark for remark in report.remarks)
    assert differing(real, sent, written_out(database_url, tmp_path, real)) == []


def test_the_registers_of_a_danish_meter_come_back_digit_for_digit(database_url: str, shared: Path, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    real = danish_meter()
    file, sent = some_rows(shared / "data" / real.file, tmp_path, re.compile(",(2018-01-0|2020-12-3)"))
    assert bring_in(database_url, tmp_path, real, file).accepted == len(sent)
    assert differing(real, sent, written_out(database_url, tmp_path, real)) == []
