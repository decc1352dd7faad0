"""The real sets of the shared folder whole, digit for digit: `make check-telemetry`; the suite has days of them.

Each file is one source on a thousand days, and a day is a file of the archive: a minute or two each.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cities import TinyAsset, insert_city
from tests.data.real_readings import RealSet, bring_in, danish_meter, differing, nis_means, nis_scada, rows_of, written_out


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("real", [nis_scada("L4"), nis_scada("L8"), nis_means(), danish_meter()], ids=lambda real: real.file)
def test_a_whole_file_comes_back_digit_for_digit(real: RealSet, database_url: str, shared: Path, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    file = shared / "data" / real.file
    sent = list(rows_of(file))
    started = time.process_time()
    report = bring_in(database_url, tmp_path, real, file)
    imported = time.process_time()
    shown = written_out(database_url, tmp_path, real)
    print(f"\n{report}\nimport {imported - started:.1f} s, export {time.process_time() - imported:.1f} s of processor")  # noqa: T201
    # of an hour that clocks left out: told with its line
    aside = {int(row["line"]) - 2 for row in rows_of(tmp_path / "aside.csv")} if report.aside else set()
    taken = [row for place, row in enumerate(sent) if place not in aside]
    assert (report.rows, report.aside, report.accepted) == (len(sent), len(aside), len(taken))
    in_order = taken[::-1] if taken[0][real.time] > taken[-1][real.time] else taken
    assert differing(real, in_order, shown) == []
